/* SPDX-License-Identifier: Apache-2.0
 * A card (gantry/card.h) is one JSON object, which card_text.c writes down. Each function puts what it finds into the
 * object. Memory that is short makes a value NULL: jansson then takes nothing, and c->failed says so at the end. */
#ifndef GANTRY_VIEWS_CARD_H
#define GANTRY_VIEWS_CARD_H

#include <jansson.h>

#include "gantry/card.h"
#include "job/door/job.h"
#include "run/door/runlog.h"

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

/* The checkpoint's number of images; -1: it is not known. */
typedef struct card_of {
    const gt_card_options *options;
    const gt_checkpoint_file *file;
    const gt_job *job; /* of the file's recipe */
    const char *file_name;
    int64_t images;
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
