/* SPDX-License-Identifier: Apache-2.0
 * The rows of words of other programs, one after the other, for the files of this room (base/door/words.h). */
#ifndef GANTRY_BASE_WORDS_H
#define GANTRY_BASE_WORDS_H

#include "base/door/words.h"

extern const char gt_words[]; /* the text of words.list */
/* The next row of it, from *at on, and its kind, which stays from row to row; false: there is no more. */
bool gt_word_next(const char **at, gt_word_kind *kind, gt_word *w);

#endif
