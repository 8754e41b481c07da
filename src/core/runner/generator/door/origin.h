/* SPDX-License-Identifier: Apache-2.0
 * What records (runner/record/door/record.h) say of how the pictures of a generator came about: gt_origin_find_all()
 * once a command, then for each picture gt_origin_put(), what it has by itself (a label, a seed), and gt_origin_end().
 */
#ifndef GANTRY_RUNNER_GENERATOR_DOOR_ORIGIN_H
#define GANTRY_RUNNER_GENERATOR_DOOR_ORIGIN_H

#include "gantry/file.h"
#include "gantry/generate.h"
#include "gantry/hash.h"
#include "runner/record/door/maker.h"
#include "runner/record/door/record.h"

typedef struct gt_origin_of {
    const char *command;
    const char *checkpoint;        /* as the generator was opened */
    const gt_generator *generator; /* NULL: a model without one, with this recipe in its file */
    const gt_model *model;
    const char *recipe;
    const gt_generator_options *options;
    const gt_edit_wish *edit; /* NULL: none */
    const char *latents;      /* a file of latents, or a mixture, that seeds alone do not tell; NULL: none */
    bool styles;              /* pictures of styles that are given: truncation has no effect */
    gt_generate_space space;  /* of arrays: noise has no effect on styles, and hardly anything on latents */
    const gt_again *again;    /* the order of an audit; NULL: pictures are new */
} gt_origin_of;

typedef struct gt_origin {
    gt_origin_of of;
    gt_record_level level; /* GT_RECORD_NONE also where the network has no hash */
    char network[GT_NAME_BYTES];
    gt_record_network hashes;
    gt_sha256 directions, start, latents;
} gt_origin;

/* All ranks; all return the same status. Rank 0 reads files, and warns where there can be no record. What `of` points
 * to must last. */
gt_status gt_origin_find_all(gt_comm *comm, gt_origin *o, const gt_origin_of *of, gt_record_level level);

/* `makes`: "picture", "sheet", "array", "film", "frame". */
void gt_origin_put(gt_record_text *r, const gt_origin *o, const char *makes, int64_t height, int64_t width,
                   int channels, int bits);
/* The class or the vector that such a label is; nothing of a generator without labels. */
void gt_origin_put_label(gt_record_text *r, const gt_origin *o, const float *label);
/* gt_record_end(); a record that is too large is left out with a warning. GT_FORMAT: pictures of the audit's record
 * would have another size than it says. */
gt_status gt_origin_end(const gt_origin *o, gt_record_text *r, gt_record_notes *notes);

/* What an option of the generator was, out of a record. The arena holds what is pointed to. */
gt_status gt_origin_options(const gt_record *r, gt_generator_options *o);
gt_status gt_origin_condition(const gt_record *r, gt_arena *a, gt_condition *c);
/* Appends what differs from the usual, for people: behind "seed 7" ", class 3 'cat', truncation 0.7". */
void gt_origin_say(const gt_record *r, char *text, size_t bytes);
/* The text of this key, "" without one; "..." in place of what is longer than a sentence has room for. */
enum { GT_ORIGIN_LIST = 208 };
const char *gt_origin_list(const gt_record *r, const char *key, char text[GT_ORIGIN_LIST]);

/* ---- given.c: files that a record names by their hash, and that the user of an audit gives ---- */

/* GT_UNDECIDED: the file is missing, or (but for styles) another one. */

/* The file of styles; "": the record names none. Whether it has the hash is seen from the record of what is made of it.
 */
gt_status gt_given_styles(const gt_again *a, const char **file);
gt_status gt_given_edits(const gt_again *a, gt_edit_wish *out); /* and the file of their directions */
/* The picture to begin with, and its strength. */
gt_status gt_given_start(const gt_again *a, gt_generator_options *o);
gt_status gt_given_mixture(const gt_again *a, const char **file); /* NULL: the record names none */

#endif
