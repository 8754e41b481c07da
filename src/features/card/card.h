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
 * hash of the file's contents (runner/contents/door/contents.h), and that of the data, if the data are there and have
 * the fingerprint that the file names. The same files give the same bytes. No path and no name of a host is in a card,
 * but for what the texts of the recipe say.
 *
 * RUN/audit.json, where another command has put it, gives the line on the audit: {"line": TEXT, "hashes": ["g1:...",
 * ...]}. The line stands in the card, as text that is cut off at 1000 bytes, if the hash of the file and those of all
 * checkpoints in the folder are among the hashes; else the card says that the note is of other checkpoints. Under
 * "Audit", and in the JSON as "own_words", stand the parts that are words of the run and were not checked.
 *
 * Of a file that does not say how many images it has seen nothing is taken from the folder in which it lies.
 *
 * Nothing that is read is trusted: texts are shown as gt_format() shows them. Main thread only. */
#ifndef GANTRY_FEATURES_CARD_CARD_H
#define GANTRY_FEATURES_CARD_CARD_H

#include <jansson.h>
#include <stdbool.h>

#include "gantry/file.h"
#include "gantry/network.h"
#include "gantry/pool.h"
#include "gantry/status.h"
#include "job/door/job.h"
#include "run/door/runlog.h"

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

/* ---- for the files of this feature ----
 * A card is one JSON object, which card_text.c writes down. Each function puts what it finds into the object. Memory
 * that is short makes a value NULL: jansson then takes nothing, and c->failed says so at the end. */

struct gt_card {
    json_t *all;
    char *sheet;
    bool failed;
};

/* Puts a member unless the value is NULL, which is memory that is short. */
void card_put(gt_card *c, json_t *to, const char *key, json_t *value);
/* A text as it is shown; "" and NULL put nothing. */
void card_put_text(gt_card *c, json_t *to, const char *key, const char *text);
void card_put_int(gt_card *c, json_t *to, const char *key, int64_t value);
/* NaN puts nothing. */
void card_put_real(gt_card *c, json_t *to, const char *key, double value);
/* The text of a path without folders, or the whole of "synth:...". */
void card_put_name(gt_card *c, json_t *to, const char *key, const char *path);
/* A new member. */
json_t *card_put_object(gt_card *c, json_t *to, const char *key);
json_t *card_put_array(gt_card *c, json_t *to, const char *key);

/* The member of a member: "training", "hours". NULL: there is none. */
const json_t *card_get(const gt_card *c, const char *part, const char *key);
const char *card_text(const json_t *text); /* "" where there is no text */

typedef struct card_of {
    const gt_card_options *options;
    const gt_checkpoint_file *file;
    const gt_job *job; /* of the file's recipe */
    const char *file_name;
    int64_t images; /* the checkpoint's number of images; -1: it is not known */
} card_of;

/* card_run.c: how it was trained, its sheet, its audit. */
gt_status card_put_run(gt_card *c, const card_of *of);
/* card_data.c */
gt_status card_put_data(gt_card *c, const card_of *of);
/* card_scores.c */
gt_status card_put_scores(gt_card *c, const card_of *of);

/* The tick of so many images in the log; -1: there is none. */
int card_tick(const gt_stats *s, int64_t images);

#endif
