/* SPDX-License-Identifier: Apache-2.0
 * What ZIP archives and folders share: a sorted list of picture files, all of one shape, and a dataset.json beside them. */
#ifndef GANTRY_DATA_PICTURES_H
#define GANTRY_DATA_PICTURES_H

#include "data/source.h"
#include "gantry/codec.h"
#include "gantry/picture.h"

#define GT_NOTES_FILE "dataset.json"
enum { GT_NOTES_MOST = 512 << 20 }; /* bytes of dataset.json */

typedef struct gt_pictures {
    const char *path; /* of the archive or folder, for messages */
    int64_t count;
    const char **names; /* sorted by strcmp */
    gt_picture shape;   /* of all of them (no samples) */
    gt_status (*peek)(void *state, int64_t i, void *head, size_t most, size_t *n); /* the first n <= most bytes */
    gt_status (*load)(void *state, int64_t i, void **bytes, size_t *n);            /* malloc'ed */
    void *state; /* for peek and load; their messages name neither path nor picture */
} gt_pictures;

/* Is it a picture that can be read? GT_FORMAT: a picture of a kind that cannot. */
gt_status gt_pictures_accept(const char *name, bool *accepted);

/* Sets p->shape from the first picture and compares the headers of the others (all up to 65,536, else that many evenly
 * spaced: the rest is compared when read), and fills in what `s` needs to know. */
gt_status gt_pictures_survey(gt_pictures *p, gt_stored *s);

/* What the channels of pictures with alpha mean, when dataset.json does not say: to be called once the notes are read. */
gt_status gt_pictures_name_channels(const gt_pictures *p, gt_notes *notes);

gt_status gt_pictures_read(const gt_pictures *p, int64_t i, void *samples);

#endif
