/* SPDX-License-Identifier: Apache-2.0
 * Words of other programs (stylegan2-ada-pytorch, stylegan3, EDM, examples of PyTorch and Keras, sbatch): what an
 * option or a command of theirs is called here, and what it is where Gantry has none. */
#ifndef GANTRY_BASE_DOOR_WORDS_H
#define GANTRY_BASE_DOOR_WORDS_H

#include "gantry/option.h"

enum { GT_WORD_BYTES = 512 };

typedef struct gt_word {
    const char *word; /* as there, in small letters and with hyphens; "-p": an option of one letter */
    const char *at;   /* holds in tables with this key ("seeds": what makes pictures); NULL: in those with `here` */
    const char *here; /* the key that does it, of the same table; NULL: none does */
    const char *says; /* what else is to be said; NULL: nothing */
    char line[GT_WORD_BYTES]; /* where the texts are */
} gt_word;

typedef enum gt_word_kind {
    GT_WORD_OF_COMMAND, /* what `says` names is the command, or what else it is here; options do not matter */
    GT_WORD_UNKNOWN,    /* no option of Gantry where it holds */
    GT_WORD_OF_VALUE,   /* an option of Gantry with another meaning, seen by a value that it does not take; or one value
                           of it, "model=ddpm" */
    GT_WORD_OF_MODEL,   /* an option of other models than that of the job, whose family has `at` and `here` */
} gt_word_kind;

/* docs/glossary.md, and lines of "PAGE: HEADING" of the documents. */
extern const char gt_glossary[], gt_headings[];

/* The first row of a word where the table of options is `o`, which is put into *w; NULL: there is none. Case, and _ for
 * -, do not matter. */
const gt_word *gt_word_find(const gt_options *o, gt_word_kind kind, const char *word, gt_word *w);
/* What follows a message: "; in Gantry it is --lrate", ": ..." `dashes` are those of keys: "--", in job files "". */
void gt_word_text(const gt_word *w, gt_word_kind kind, const char *dashes, char text[GT_WORD_BYTES]);

#endif
