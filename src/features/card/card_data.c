/* SPDX-License-Identifier: Apache-2.0
 * The data of a card: what the file and the run's record say of them, and, where the data are there and have the
 * fingerprint that the file names, their hash and the number of images of each class. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/progress.h"
#include "runner/contents/door/contents.h"
#include "data/door/dataset.h"
#include "job/door/job.h"
#include "networks/model/door/family.h"
#include "run/door/rundir.h"
#include "features/card/card.h"

/* ---- what was recorded ---- */

/* Of "PATH: 100 images 12x12x1, ...", where the path may hold anything: the last such words. */
static int64_t count_in(const char *fact) {
    int64_t found = -1, count;
    int end = 0;
    for (const char *at = fact; (at = strstr(at, ": ")); at++, end = 0)
        if (sscanf(at, ": %18" SCNd64 " image%n", &count, &end) == 1 && end) found = count;
    return found;
}

/* The images of an epoch, mirrored ones included. */
static gt_status put_count(gt_card *c, json_t *to, const char *run) {
    gt_starts *s = gt_starts_read(run);
    if (!s) return GT_NOMEM;
    for (const gt_start_fact *f = s->facts; f->name; f++)
        if (!strcmp(f->name, "data") && count_in(f->text) >= 0) card_put_int(c, to, "images", count_in(f->text));
    gt_starts_free(s);
    return GT_OK;
}

static gt_status put_recorded(gt_card *c, json_t *to, const card_of *of, const gt_checkpoint_data *d) {
    bool masks = false;
    card_put_text(c, to, "fingerprint", gt_checkpoint_info(of->file)->dataset);
    card_put_text(c, to, "fingerprint_of_pictures", d->pictures);
    card_put_text(c, to, "samples", gt_sample_type(d->samples));
    card_put_text(c, to, "channels", d->channels);
    if (d->has_range) {
        json_t *range = card_put_array(c, to, "range");
        for (int i = 0; i < 2; i++) card_put_real(c, range, NULL, d->range[i]);
    }
    if (of->job->family->needs_masks) masks = of->job->family->needs_masks(of->job);
    if (of->job->label_dim) card_put_text(c, to, "labels", masks ? "masks" : d->vectors ? "vectors" : "classes");
    if (d->class_names > 0) {
        json_t *names = card_put_array(c, to, "classes");
        for (int i = 0; i < d->class_names; i++)
            card_put_text(c, card_put_object(c, names, NULL), "name", d->class_name[i]);
    }
    const char *run = of->options->run;
    return run && *run ? put_count(c, to, run) : GT_OK;
}

/* ---- the data themselves ---- */

static bool is_same(gt_dataset *ds, const char *fingerprint, const gt_checkpoint_data *d, gt_pool *pool,
                    gt_status *st) {
    gt_hash128 hash;
    char hex[33];
    GT_FREED gt_data_look *look = calloc(1, sizeof *look);
    if (!look) {
        *st = gt_fail(GT_NOMEM, "out of memory for reading the data");
        return false;
    }
    *st = gt_dataset_fingerprint(ds, &hash);
    if (!*st) gt_hash_hex(hash, hex);
    bool same = !*st && !strcmp(hex, fingerprint);
    if (!*st && !same && *d->pictures) { /* the same pictures may lie in other files now */
        *st = gt_dataset_look(ds, pool, look);
        if (!*st) gt_hash_hex(look->pictures, hex);
        same = !*st && !strcmp(hex, d->pictures);
    }
    return same;
}

/* Of the images that training sees, without their mirror images. */
static gt_status count_classes(gt_card *c, const gt_dataset *ds) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    json_t *classes = (json_t *)card_get(c, "data", "classes");
    int n = info->stored_label_width;
    if (info->label_kind != GT_LABELS_CLASSES || n < 1 || info->masks) return GT_OK;
    GT_FREED int64_t *count = calloc((size_t)n, sizeof *count);
    if (!count) return gt_fail(GT_NOMEM, "out of memory for the numbers of %d classes", n);
    for (int64_t i = 0; i < info->count; i++) {
        int k = gt_dataset_class(ds, i);
        if (k >= 0 && k < n) count[k]++;
    }
    if (!classes) classes = card_put_array(c, json_object_get(c->all, "data"), "classes");
    for (int k = 0; k < n; k++) {
        json_t *row = json_array_get(classes, (size_t)k);
        if (!row) row = card_put_object(c, classes, NULL);
        card_put_int(c, row, "images", count[k]);
    }
    return GT_OK;
}

static gt_status put_hash(gt_card *c, json_t *to, const char *path, gt_pool *pool) {
    gt_contents *of;
    char text[GT_CONTENTS_HASH_BYTES];
    gt_status st = gt_contents_open(&of, path, NULL);
    if (st) return st;
    gt_tell_start("reading the data", gt_contents_parts_are(of), gt_contents_parts(of));
    st = gt_contents_read(of, pool, GT_CONTENTS_G1);
    gt_tell_end();
    if (!st) card_put_text(c, to, "hash", gt_contents_text(gt_contents_hash(of), text));
    if (!st) card_put_int(c, to, "stored", gt_contents_parts(of));
    gt_contents_close(of);
    return st;
}

/* *why: why there is no hash of them, if there is none. */
static gt_status look(gt_card *c, json_t *to, const card_of *of, const gt_checkpoint_data *d, gt_job *job,
                      const char **why) {
    gt_dataset *ds = NULL;
    gt_status st = gt_job_check_files(job);
    job->mirror = false;
    if (!st) st = gt_job_open_data(job, &ds);
    *why = st ? "the data cannot be opened at the path in the run" : NULL;
    if (st) return st;
    if (!is_same(ds, gt_checkpoint_info(of->file)->dataset, d, of->options->pool, &st) && !st)
        *why = "other data are there now";
    if (!st && !*why) st = count_classes(c, ds);
    gt_dataset_close(ds);
    return !st && !*why ? put_hash(c, to, job->data, of->options->pool) : st;
}

static gt_status put_now(gt_card *c, json_t *to, const card_of *of, const gt_checkpoint_data *d) {
    const gt_card_options *o = of->options;
    const char *why = "the file does not belong to a run that names its data";
    gt_job *job = gt_job_new();
    if (!job) return gt_failure();
    gt_status st = o->job && *o->job ? gt_job_read_text(job, o->job, "job.ini") : GT_OK;
    if (!st && o->data && *o->data) job->data = o->data;
    bool named = !st && *job->data;
    if (named) card_put_name(c, to, "name", job->data);
    if (!st && *job->test_data) card_put_name(c, to, "test_data", job->test_data);
    if (named && o->quick) why = "not read (--quick)";
    else if (named) st = look(c, to, of, d, job, &why);
    gt_job_free(job);
    if (st && (st == GT_NOMEM || (o->data && *o->data))) return st;
    if (st && !why) why = "the data cannot be read";
    if (st) gt_warn("no hash of the data: %s", gt_message());
    card_put_text(c, to, "no_hash", why);
    return GT_OK;
}

gt_status card_put_data(gt_card *c, const card_of *of) {
    gt_checkpoint_data d = {0};
    GT_ARENA gt_arena *a = gt_arena_new();
    json_t *to = card_put_object(c, c->all, "data");
    gt_status st = a ? gt_checkpoint_get_data(of->file, a, &d)
                     : gt_fail(GT_NOMEM, "out of memory for the data's facts");
    if (!st) card_put_text(c, to, "hub", of->options->dataset);
    if (!st) st = put_recorded(c, to, of, &d);
    return st ? st : put_now(c, to, of, &d);
}
