/* SPDX-License-Identifier: Apache-2.0
 * The tables of words of other programs, for the files of this room (gantry/words.h). */
#ifndef GANTRY_BASE_WORDS_H
#define GANTRY_BASE_WORDS_H

#include "gantry/words.h"

typedef struct gt_word_table {
    const gt_word *rows; /* the first one that fits counts */
    int n;
} gt_word_table;
extern const gt_word_table gt_words[GT_WORD_OF_MODEL + 1];

#endif
