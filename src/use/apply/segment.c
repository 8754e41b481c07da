/* SPDX-License-Identifier: Apache-2.0
 * Segmenting pictures: see segment.h. */
#include "gantry/segment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "gantry/items.h"
#include "gantry/mathfn.h"
#include "gantry/network.h"
#include "use/runner/each_item.h"
#include "use/runner/trained.h"
#include "use/runner/wrong_model.h"

enum { BATCH = 8 }; /* a fixed number: no logit depends on how many pictures there are */

struct gt_segmenting {
    gt_trained trained;
    int classes;
    size_t pixels; /* of a picture */
};

/* room NULL: with an arena of its own. */
static gt_segmenting *open_segmenter(gt_segmenting *s, gt_pool *pool, size_t *room) {
    gt_model *m = s->trained.model;
    gt_status st = m->build_segmenter ? GT_OK : gt_wrong_model(m, "does not segment pictures");
    s->classes = m->label_dim;
    s->pixels = (size_t)m->height * (size_t)m->width;
    gt_graph *g = st ? NULL : m->build_segmenter(m, BATCH);
    if (!st) st = room ? gt_trained_build_beside(&s->trained, g, pool, room) : gt_trained_build(&s->trained, g, pool);
    if (!st) return s;
    gt_segmenting_close(s);
    return NULL;
}

static gt_segmenting *new_segmenting(void) {
    gt_segmenting *s = calloc(1, sizeof *s);
    if (!s) gt_fail(GT_NOMEM, "out of memory for a network that segments");
    return s;
}

gt_segmenting *gt_segmenting_open(const char *checkpoint, gt_pool *pool, const gt_kernel_set *kernels) {
    gt_segmenting *s = new_segmenting();
    if (s && !gt_trained_open(&s->trained, checkpoint, kernels)) return open_segmenter(s, pool, NULL);
    free(s);
    return NULL;
}

gt_status gt_segmenting_is_for(const char *checkpoint, bool *segments) {
    gt_status st;
    *segments = false;
    gt_checkpoint_file *f = gt_network_open(checkpoint, &st);
    if (!f) return st;
    gt_job *job = gt_job_from_recipe_text(gt_checkpoint_info(f)->recipe, gt_checkpoint_path(f));
    if (job) *segments = job->family->needs_masks && job->family->needs_masks(job);
    gt_job_free(job);
    gt_checkpoint_close(f);
    return GT_OK; /* what is wrong with the recipe is told when the model is made */
}

gt_segmenting *gt_segmenting_new(gt_model *m, const float *params, gt_pool *pool, size_t *room) {
    gt_segmenting *s = new_segmenting();
    if (s) s->trained = (gt_trained){.model = m, .params = params};
    return s ? open_segmenter(s, pool, room) : NULL;
}

void gt_segmenting_use_arena(gt_segmenting *s, void *memory) {
    if (s) gt_exec_use_arena(s->trained.exec, memory);
}

void gt_segmenting_close(gt_segmenting *s) {
    if (s) gt_trained_close(&s->trained);
    free(s);
}

const gt_model *gt_segmenting_model(const gt_segmenting *s) { return s->trained.model; }

gt_status gt_segmenting_prepare(gt_segmenting *s) { return gt_exec_prepare(s->trained.exec, &(gt_exec_env){0}); }

/* ---- a picture ---- */

typedef struct record { /* of a picture; the classes of its pixels follow where they are wanted */
    double loss;        /* sum over the pixels that count */
    int64_t counted;
} record;

typedef struct judging {
    gt_segmenting *with;
    gt_dataset *data;
    uint8_t *mask;      /* of a picture; NULL: masks are not read */
    uint8_t *class;     /* of a picture */
    int64_t *confusion; /* of this rank's pictures */
    size_t bytes;       /* of a record */
} judging;

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

static gt_status judge(judging *j, int64_t item, const float *logits, record *out) {
    int classes = j->with->classes;
    gt_storage_begin("reading", "masks");
    gt_status st = j->mask ? gt_dataset_mask(j->data, item, j->mask) : GT_OK;
    gt_storage_end();
    for (size_t p = 0; p < j->with->pixels && !st; p++, logits += classes) {
        int best = j->class[p] = (uint8_t)best_of(logits, classes), truth = j->mask ? j->mask[p] : GT_MASK_IGNORE;
        if (truth >= classes) continue;
        out->loss += cross_entropy(logits, classes, best, truth);
        out->counted++;
        j->confusion[truth * classes + best]++;
    }
    return st;
}

static gt_status segment_batch(void *arg, int64_t first, int n, const float *images, void *records) {
    judging *j = arg;
    gt_exec *x = j->with->trained.exec;
    memcpy(gt_exec_input(x, "images"), images, BATCH * gt_model_floats(j->with->trained.model) * sizeof *images);
    gt_status st = gt_exec_run(x, &(gt_exec_env){0});
    const float *logits = st ? NULL : gt_exec_output(x, "logits");
    for (int i = 0; i < n && !st; i++) {
        record r = {0};
        char *to = (char *)records + (size_t)i * j->bytes;
        st = judge(j, first + i, logits + (size_t)i * j->with->pixels * (size_t)j->with->classes, &r);
        memcpy(to, &r, sizeof r);
        if (j->bytes > sizeof r) memcpy(to + sizeof r, j->class, j->with->pixels);
    }
    return st;
}

/* ---- a dataset ---- */

static void sum_up(const judging *j, const char *records, int64_t n, gt_segment_scores *s) {
    int64_t pictures = 0, right = 0, known = 0;
    int classes = s->classes;
    for (int64_t i = 0; i < n; i++, records += j->bytes) {
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
static gt_status conclude(const judging *j, const int64_t *tables, int ranks, const char *records,
                          gt_segment_scores *scores, uint8_t **classes) {
    size_t table = (size_t)j->with->classes * (size_t)j->with->classes, pixels = j->with->pixels;
    int64_t n = gt_dataset_get_info(j->data)->count;
    if (scores) {
        *scores = (gt_segment_scores){.classes = j->with->classes,
                                      .iou = calloc((size_t)j->with->classes, sizeof(double)),
                                      .confusion = calloc(table, sizeof(int64_t))};
        if (!scores->iou || !scores->confusion) return gt_fail(GT_NOMEM, "out of memory for a table of classes");
        for (size_t i = 0; i < table * (size_t)ranks; i++) scores->confusion[i % table] += tables[i];
        sum_up(j, records, n, scores);
    }
    if (classes) {
        *classes = malloc((size_t)n * pixels + 1);
        if (!*classes) return gt_fail(GT_NOMEM, "out of memory for the classes of %lld pictures", (long long)n);
        for (int64_t i = 0; i < n; i++)
            memcpy(*classes + (size_t)i * pixels, records + (size_t)i * j->bytes + sizeof(record), pixels);
    }
    return GT_OK;
}

static gt_status check(const judging *j, const gt_segment_scores *scores) {
    const gt_dataset_info *info = gt_dataset_get_info(j->data);
    if (scores && !info->masks) return gt_fail(GT_USAGE, "'%s' has no masks", info->name);
    return gt_model_takes(j->with->trained.model, j->data);
}

gt_status gt_segment_dataset_all(gt_comm *comm, gt_segmenting *with, gt_dataset *ds, gt_segment_scores *scores,
                                 uint8_t **classes) {
    size_t table = (size_t)with->classes * (size_t)with->classes;
    judging j = {.with = with, .data = ds, .bytes = sizeof(record) + (classes ? with->pixels : 0)};
    int64_t *tables = comm->rank ? NULL : calloc(table * (size_t)comm->ranks, sizeof *tables);
    void *records = NULL;
    if (scores) *scores = (gt_segment_scores){0};
    if (classes) *classes = NULL;
    gt_status st = check(&j, scores);
    j.confusion = calloc(table, sizeof *j.confusion);
    j.class = malloc(with->pixels);
    j.mask = scores ? malloc(with->pixels) : NULL;
    if (!st && (!j.confusion || !j.class || (scores && !j.mask) || (!tables && !comm->rank)))
        st = gt_fail(GT_NOMEM, "out of memory for the classes of pixels");
    st = gt_comm_agree_all(comm, st);
    gt_each_item each = {.comm = comm,
                         .data = ds,
                         .count = gt_dataset_get_info(ds)->count,
                         .batch = BATCH,
                         .bytes = j.bytes,
                         .doing = "segmenting",
                         .make = segment_batch,
                         .arg = &j};
    if (!st) st = gt_each_item_all(&each, &records);
    if (!st) gt_comm_gather_all(comm, j.confusion, table * sizeof *j.confusion, tables);
    if (!st && !comm->rank) st = conclude(&j, tables, comm->ranks, records, scores, classes);
    free(j.confusion);
    free(j.class);
    free(j.mask);
    free(tables);
    free(records);
    return gt_comm_agree_all(comm, st);
}

void gt_segment_free(gt_segment_scores *s) {
    free(s->iou);
    free(s->confusion);
    *s = (gt_segment_scores){0};
}
