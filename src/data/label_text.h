/* SPDX-License-Identifier: Apache-2.0
 * The text of a dataset.json, parsed in pieces: one label at a time, and the few other keys that mean something. A parsed value takes many
 * times the memory of its text ("[]," 3 bytes, 150 parsed), so a packed megabyte could become gigabytes; and the labels of millions of images
 * never stand in memory twice. Keys that mean nothing here are passed over unparsed. Messages name the line. */
#ifndef GANTRY_DATA_LABEL_TEXT_H
#define GANTRY_DATA_LABEL_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "gantry/status.h"

enum { GT_PIECE_MOST = 1 << 18 }; /* values in one label, or in all names of classes */

typedef struct gt_label_text {
    const char *text;
    size_t bytes;
    const char *labels; /* the value of "labels": a list; NULL: there are none */
    bool passed;        /* labels and class names are not wanted */
    json_t *meaning;    /* "class_names", "range" and "channels", those that are there */
} gt_label_text;

/* Finds the keys and parses those of t->meaning. `text` must outlive *t. GT_FORMAT: no JSON object, one of these keys twice,
 * or "labels" that are neither a list nor null. A byte-order mark may come first. On failure nothing is to be closed.
 * `labels` false: "labels" and "class_names" are keys that mean nothing. */
gt_status gt_label_text_open(gt_label_text *t, const char *text, size_t bytes, bool labels);
void gt_label_text_close(gt_label_text *t);

/* Calls use() with every element of the labels, and ends with the first failure. */
typedef gt_status (*gt_label_use)(void *arg, size_t number, const json_t *pair);
gt_status gt_label_text_each(const gt_label_text *t, gt_label_use use, void *arg);

#endif
