/* SPDX-License-Identifier: Apache-2.0
 * Segmenting pictures: see segment.h. */
#include "gantry/segment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/door/dist.h"
#include "gantry/checkpoint.h"
#include "gantry/job.h"
#include "base/door/mathfn.h"
#include "gantry/network.h"
#include "base/door/progress.h"
#include "networks/model/door/family.h"

gt_status gt_is_segmenter(const char *checkpoint, const gt_network_options *o, bool *segments) {
    gt_status st;
    *segments = false;
    gt_checkpoint_file *f = gt_network_open(checkpoint, o, &st);
    if (!f) return st;
    gt_job *job = gt_job_from_recipe_text(gt_checkpoint_info(f)->recipe, gt_checkpoint_path(f));
    if (job) *segments = job->family->needs_masks && job->family->needs_masks(job);
    gt_job_free(job);
    gt_checkpoint_close(f);
    return GT_OK; /* what is wrong with the recipe is told when the model is made */
}

/* ---- a picture ---- */

typedef struct record { /* of a picture; the classes of its pixels follow where they are wanted */
    double loss;        /* sum over the pixels that count */
    int64_t counted;
} record;

typedef struct comparison { /* of the classes of pixels with those of masks */
    gt_dataset *data;
    int classes;
    size_t pixels;      /* of a picture */
    uint8_t *mask;      /* of a picture; NULL: masks are not read */
    uint8_t *class;     /* of a picture */
    int64_t *confusion; /* of this rank's pictures */
    size_t bytes;       /* of a record */
} comparison;

static int best_of(const float *logits, int classes) {
    int best = 0;
    for (int k = 1; k < classes; k++)
        if (logits[k] > logits[best]) best = k;
    return best;
}

static double cross_entropy(const float *logits, int classes, int best, int truth) {
    double sum = 0, most = (double)logits[best];
    for (int k = 0; k < classes; k++) sum += gt_exp((double)logits[k] - most);
    return gt_ln(sum) + most - (double)logits[truth];
}

static gt_status compare_picture(comparison *c, int64_t item, const float *logits, record *out) {
    int classes = c->classes;
    gt_storage_begin("reading", "masks");
    gt_status st = c->mask ? gt_dataset_mask(c->data, item, c->mask) : GT_OK;
    gt_storage_end();
    for (size_t p = 0; p < c->pixels && !st; p++, logits += classes) {
        int best = c->class[p] = (uint8_t)best_of(logits, classes), truth = c->mask ? c->mask[p] : GT_MASK_IGNORE;
        if (truth >= classes) continue;
        out->loss += cross_entropy(logits, classes, best, truth);
        out->counted++;
        c->confusion[truth * classes + best]++;
    }
    return st;
}

static gt_status record_pixels(void *arg, gt_runner *with, const gt_run_batch *b, void *records) {
    comparison *c = arg;
    const float *logits = gt_runner_output(with, "logits");
    gt_status st = GT_OK;
    for (int i = 0; i < b->n && !st; i++) {
        record r = {0};
        char *to = (char *)records + (size_t)i * c->bytes;
        st = compare_picture(c, b->first + i, logits + (size_t)i * c->pixels * (size_t)c->classes, &r);
        memcpy(to, &r, sizeof r);
        if (c->bytes > sizeof r) memcpy(to + sizeof r, c->class, c->pixels);
    }
    return st;
}

/* ---- a dataset ---- */

static void sum_up(const comparison *c, const char *records, int64_t n, gt_segment_scores *s) {
    int64_t pictures = 0, right = 0, known = 0;
    int classes = s->classes;
    for (int64_t i = 0; i < n; i++, records += c->bytes) {
        record r;
        memcpy(&r, records, sizeof r);
        if (!r.counted) continue;
        s->loss += r.loss / (double)r.counted;
        s->pixels += r.counted;
        pictures++;
    }
    if (pictures) s->loss /= (double)pictures;
    for (int k = 0; k < classes; k++) {
        int64_t both = s->confusion[(int64_t)k * classes + k], either = -both;
        for (int i = 0; i < classes; i++)
            either += s->confusion[(int64_t)k * classes + i] + s->confusion[(int64_t)i * classes + k];
        s->iou[k] = either ? (double)both / (double)either : NAN;
        if (either) s->mean_iou += s->iou[k], known++;
        right += both;
    }
    if (known) s->mean_iou /= (double)known;
    if (s->pixels) s->accuracy = (double)right / (double)s->pixels;
}

/* Rank 0: the sum of all ranks' tables, the pictures' classes. */
static gt_status conclude_comparison(const comparison *c, const int64_t *tables, int ranks, const char *records,
                                     gt_segment_scores *scores, uint8_t **classes) {
    size_t table = (size_t)c->classes * (size_t)c->classes, pixels = c->pixels;
    int64_t n = gt_dataset_get_info(c->data)->count;
    if (scores) {
        *scores = (gt_segment_scores){.classes = c->classes,
                                      .iou = calloc((size_t)c->classes, sizeof(double)),
                                      .confusion = calloc(table, sizeof(int64_t))};
        if (!scores->iou || !scores->confusion) return gt_fail(GT_NOMEM, "out of memory for a table of classes");
        for (size_t i = 0; i < table * (size_t)ranks; i++) scores->confusion[i % table] += tables[i];
        sum_up(c, records, n, scores);
    }
    if (classes) {
        *classes = malloc((size_t)n * pixels + 1);
        if (!*classes) return gt_fail(GT_NOMEM, "out of memory for the classes of %lld pictures", (long long)n);
        for (int64_t i = 0; i < n; i++)
            memcpy(*classes + (size_t)i * pixels, records + (size_t)i * c->bytes + sizeof(record), pixels);
    }
    return GT_OK;
}

static gt_status allocate_comparison(comparison *c, bool masks) {
    size_t table = (size_t)c->classes * (size_t)c->classes;
    const gt_dataset_info *info = gt_dataset_get_info(c->data);
    if (masks && !info->masks) return gt_fail(GT_USAGE, "'%s' has no masks", info->name);
    c->confusion = calloc(table, sizeof *c->confusion);
    c->class = malloc(c->pixels);
    c->mask = masks ? malloc(c->pixels) : NULL;
    if (c->confusion && c->class && (c->mask || !masks)) return GT_OK;
    return gt_fail(GT_NOMEM, "out of memory for the classes of pixels");
}

/* On rank 0 the tables of all ranks, one after the other. */
static gt_status gather_tables_all(gt_comm *comm, const comparison *c, int64_t **tables) {
    size_t table = (size_t)c->classes * (size_t)c->classes;
    *tables = comm->rank ? NULL : calloc(table * (size_t)comm->ranks, sizeof **tables);
    gt_status st = comm->rank || *tables ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the classes of pixels");
    st = gt_comm_agree_all(comm, st);
    if (!st) gt_comm_gather_all(comm, c->confusion, table * sizeof *c->confusion, *tables);
    return st;
}

gt_status gt_segment_dataset_all(gt_comm *comm, gt_runner *with, gt_dataset *ds, gt_segment_scores *scores,
                                 uint8_t **classes) {
    const gt_model *m = gt_runner_model(with);
    comparison c = {.data = ds, .classes = m->label_dim, .pixels = (size_t)m->height * (size_t)m->width};
    GT_FREED int64_t *tables = NULL;
    GT_FREED void *records = NULL;
    c.bytes = sizeof(record) + (classes ? c.pixels : 0);
    if (scores) *scores = (gt_segment_scores){0};
    if (classes) *classes = NULL;
    gt_status st = gt_comm_agree_all(comm, allocate_comparison(&c, scores != NULL));
    const gt_runner_pass pass = {
        .data = ds, .bytes = c.bytes, .doing = "segmenting", .record = record_pixels, .arg = &c};
    if (!st) st = gt_runner_dataset_all(comm, with, &pass, &records);
    if (!st) st = gather_tables_all(comm, &c, &tables);
    if (!st && !comm->rank) st = conclude_comparison(&c, tables, comm->ranks, records, scores, classes);
    free(c.confusion);
    free(c.class);
    free(c.mask);
    return gt_comm_agree_all(comm, st);
}

void gt_segment_free(gt_segment_scores *s) {
    free(s->iou);
    free(s->confusion);
    *s = (gt_segment_scores){0};
}
