/* SPDX-License-Identifier: Apache-2.0
 * A model card: what a network is, from which data and by which recipe it came, how good it is, for those who get the
 * network. As Markdown with the YAML front matter that model hubs read (README.md of a repository of models), or JSON.
 *
 *     gt_card *card;
 *     gt_buffer text = {0};
 *     gt_card_options options = {.file = "runs/first/last", .run = "runs/first"};
 *     gt_status st = gt_card_make(&options, &card);
 *     if (!st) gt_card_markdown(card, NULL, &text);
 *     if (!st) gt_card_free(card);
 *
 * Figures are read from the file and the folder of its run: the record of starts, stats.jsonl, metric-*.jsonl. What the
 * run has not recorded is left out. A value stands in the card only where it was measured on this file: scores by the
 * number of images and the file's name, values of the log at the tick of so many images. Two things are made anew: the
 * hash of the file's contents (gantry/contents.h), and that of the data, if the data are there and have the fingerprint
 * that the file names. The same files give the same bytes. No path and no name of a host is in a card, but for
 * what the texts of the recipe say.
 *
 * RUN/audit.json, where another command has put it, gives the line on the audit: {"line": TEXT, "hashes": ["g1:...",
 * ...]}. The line stands in the card, as text that is cut off at 1000 bytes, if the hash of the file and those of all
 * checkpoints in the folder are among the hashes; else the card says that the note is of other checkpoints. Under
 * "Audit", and in the JSON as "own_words", stand the parts that are words of the run and were not checked.
 *
 * Of a file that does not say how many images it has seen nothing is taken from the folder in which it lies.
 *
 * Nothing that is read is trusted: texts are shown as gt_format() shows them. Main thread only.
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_CARD_H
#define GANTRY_CARD_H

#include <stdbool.h>

#include "gantry/file.h"
#include "gantry/network.h"
#include "gantry/pool.h"
#include "gantry/status.h"

/* All texts may be "" or NULL, but for `file`. */
typedef struct gt_card_options {
    const char *file;           /* a checkpoint, or a network in a file of another program; gt_h5_check() was called */
    const char *run, *job;      /* the folder of its run, and the text of its job.ini; "": it lies in no run */
    const char *data;           /* where the data lie now; "": as the job says */
    const char *name, *license; /* "": the name of the run, or of the file; none is told */
    const char *dataset;        /* the data's name on the hub, "USER/NAME" */
    bool quick;                 /* the data are not looked at */
    gt_pool *pool;              /* of threads that decode samples; NULL: this one alone */
    const gt_network_options *reading; /* NULL: nothing is said */
} gt_card_options;

typedef struct gt_card gt_card;

/* On failure *out is NULL. */
gt_status gt_card_make(const gt_card_options *o, gt_card **out);
void gt_card_free(gt_card *c);            /* NULL is fine */
bool gt_card_has_sheet(const gt_card *c); /* the run drew one of this network */
gt_status gt_card_write_sheet(const gt_card *c, const char *path);
/* Append the text; a failure sticks in the buffer. `sheet`: the name of a picture that lies beside the card; NULL:
 * none. */
void gt_card_markdown(const gt_card *c, const char *sheet, gt_buffer *out);
void gt_card_json(const gt_card *c, const char *sheet, gt_buffer *out);

#endif
