/* SPDX-License-Identifier: Apache-2.0
 * A look at some of the pictures of a dataset: their pixels as a fingerprint that does not depend on the files they lie
 * in, and the least and the greatest sample beside the range that is declared. */
#include <endian.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/door/source.h"
#include "data/door/dataset.h"
#include "files/codec/door/sample.h"
#include "base/door/pool.h"
#include "gantry/file.h"
#include "gantry/log.h"
#include "base/door/progress.h"

enum { WHY_BYTES = 400 };

typedef struct seen { /* of one picture */
    gt_hash128 hash;
    float least, most;
    char *why; /* it cannot be read; NULL: it can */
    bool failed, uniform;
} seen;

typedef struct looking {
    gt_dataset *ds;
    const gt_dataset_info *info;
    int64_t looks;
    void **samples; /* [threads] */
    seen *seen;     /* [looks] */
} looking;

#define FIND_ENDS(type)                       \
    do {                                      \
        const type *x = samples;              \
        type low = x[0], high = x[0];         \
        for (size_t i = 1; i < n; i++) {      \
            low = x[i] < low ? x[i] : low;    \
            high = x[i] > high ? x[i] : high; \
        }                                     \
        *least = (float)low;                  \
        *most = (float)high;                  \
    } while (0)

void gt_sample_ends(gt_sample type, const void *samples, size_t n, float *least, float *most) {
    if (type == GT_U8) FIND_ENDS(uint8_t);
    else if (type == GT_U16) FIND_ENDS(uint16_t);
    else FIND_ENDS(float);
}

static void look_at(void *arg, int tile, int worker) {
    looking *l = arg;
    seen *s = &l->seen[tile];
    int64_t i = (int64_t)((__int128)tile * l->info->stored / l->looks);
    size_t mask = gt_mask_bytes(l->info);
    uint8_t *samples = l->samples[worker];
    gt_progress();
    if (gt_dataset_read_stored(l->ds, i, samples, mask ? samples + l->info->image_bytes : NULL, NULL)) {
        s->failed = true;
        s->why = strndup(gt_message(), WHY_BYTES - 1);
        return;
    }
    s->hash = gt_hash(l->samples[worker], l->info->image_bytes + mask);
    gt_sample_ends(l->info->type, l->samples[worker], l->info->image_bytes / gt_sample_bytes(l->info->type), &s->least,
                   &s->most);
    size_t pixel = gt_sample_bytes(l->info->type) * (size_t)l->info->channels; /* each pixel is like the one before */
    s->uniform = !memcmp(samples, samples + pixel, l->info->image_bytes - pixel);
}

static const char digits[] = "0123456789abcdef";

static int digit_of(const char *unread, int64_t k) {
    const char *at = strlen(unread) > (size_t)(k / 4) ? strchr(digits, unread[k / 4]) : NULL;
    return at ? (int)(at - digits) : 0;
}

static bool is_unread(const char *unread, int64_t k) { return digit_of(unread, k) >> k % 4 & 1; }

/* The pictures one after the other, whichever thread read them, but for these. */
static gt_status hash_looks(const gt_dataset *ds, const gt_data_look *l, const char *unread, gt_hash128 *out) {
    gt_hasher *h = gt_hasher_new();
    if (!h) return gt_fail(GT_NOMEM, "out of memory for a fingerprint");
    gt_dataset_hash_shape(ds, h);
    for (int64_t k = 0; k < l->looks; k++) {
        uint64_t words[2] = {htole64(l->image[k].high), htole64(l->image[k].low)};
        if (!is_unread(unread, k)) gt_hasher_add(h, words, sizeof words);
    }
    *out = gt_hasher_end(h);
    return GT_OK;
}

gt_status gt_look_without(const gt_dataset *ds, const gt_data_look *look, const char *unread, gt_hash128 *out,
                          bool *comparable) {
    *comparable = true;
    for (int64_t k = 0; k < look->looks; k++) *comparable &= is_unread(unread, k) || !is_unread(look->unread, k);
    return hash_looks(ds, look, unread, out);
}

static gt_status sum_up(const looking *l, gt_data_look *out) {
    memset(out->unread, '0', (size_t)(l->looks + 3) / 4);
    const seen *first = NULL;
    for (int64_t k = 0; k < l->looks; k++) {
        const seen *s = &l->seen[k];
        out->image[k] = s->hash;
        if (s->failed && !out->unreadable++)
            snprintf(out->why, sizeof out->why, "%s", s->why ? s->why : "out of memory");
        if (s->failed) out->unread[k / 4] = digits[digit_of(out->unread, k) | 1 << k % 4];
        if (s->failed) continue;
        if (!first) first = s;
        out->equal += !memcmp(&s->hash, &first->hash, sizeof s->hash);
        out->uniform += s->uniform;
        out->least = fmin(out->least, (double)s->least);
        out->most = fmax(out->most, (double)s->most);
    }
    return hash_looks(l->ds, out, out->unread, &out->pictures);
}

gt_status gt_dataset_look(gt_dataset *ds, gt_pool *pool, gt_data_look *out) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    looking l = {.ds = ds, .info = info, .looks = info->stored < GT_LOOKS ? info->stored : GT_LOOKS};
    if (info->main_thread_only) pool = NULL;
    int threads = gt_pool_threads(pool);
    *out = (gt_data_look){.looks = l.looks, .least = INFINITY, .most = -INFINITY};
    l.seen = calloc((size_t)l.looks, sizeof *l.seen);
    l.samples = calloc((size_t)threads, sizeof *l.samples);
    bool got = l.seen && l.samples;
    for (int i = 0; i < threads && got; i++)
        got = (l.samples[i] = malloc(info->image_bytes + gt_mask_bytes(info))) != NULL;
    if (got) gt_pool_run(pool, (int)l.looks, look_at, &l);
    gt_status st = got ? sum_up(&l, out) : gt_fail(GT_NOMEM, "out of memory for a look at the images");
    for (int i = 0; i < threads && l.samples; i++) free(l.samples[i]);
    for (int64_t k = 0; k < l.looks && l.seen; k++) free(l.seen[k].why);
    free(l.samples);
    free(l.seen);
    return st;
}

bool gt_dataset_may_leave_range(const gt_dataset_info *i) { return i->type == GT_F32 || !gt_dataset_usual_range(i); }

/* A declared 0.1 is not exactly the float32 that samples can have. Normalised fields have no ends. */
bool gt_dataset_leaves_range(const gt_dataset_info *info, double least, double most) {
    if (info->scale) return false;
    return (float)least < (float)info->range[0] || (float)most > (float)info->range[1];
}

bool gt_samples_suggest(gt_sample type, double least, double most, double range[2]) {
    enum { DARK_BYTE = 32, DARK_WORD = 1 << 14, CLASSES = 16 };
    double bits = 2;
    range[0] = 0, range[1] = 1;
    if (type == GT_F32) return least >= 0 && most <= 1 && most > least;
    while (bits <= most) bits *= 2;
    range[1] = most < CLASSES ? most : bits - 1; /* classes of masks as they are; 12 bits as 12 bits */
    return most > 0 && most < (type == GT_U8 ? DARK_BYTE : DARK_WORD);
}

bool gt_dataset_suggests(const gt_dataset_info *info, double least, double most, double range[2]) {
    return gt_dataset_usual_range(info) && (info->type != GT_F32 || info->says_no_range) &&
           gt_samples_suggest(info->type, least, most, range);
}

gt_status gt_look_check_range(const gt_data_look *l, const gt_dataset_info *info, const char *spec) {
    double range[2];
    if (info->type != GT_F32 || l->looks == l->unreadable || !gt_dataset_suggests(info, l->least, l->most, range))
        return GT_OK;
    GT_BUFFER gt_buffer name = {0};
    gt_buffer_shell(&name, spec);
    gt_status st = gt_fail(
        GT_FORMAT,
        "'%s': floats without a declared range; in %" PRId64 " of %" PRId64
        " images, all samples are between 0 and 1. If 0 is black: gantry dataset %.*s DEST.h5 --range=0,1; if -1 is "
        "black: gantry dataset %.*s DEST.h5 --range=-1,1; then train on DEST.h5",
        spec, l->looks, info->stored, (int)name.n, (const char *)name.data, (int)name.n, (const char *)name.data);
    return st;
}

static void warn_of_other_range(const gt_data_look *l, const gt_dataset_info *info, const char *spec) {
    double range[2];
    char looked[80];
    if (!gt_dataset_suggests(info, l->least, l->most, range)) return;
    snprintf(looked, sizeof looked, " (of %" PRId64 " of %" PRId64 " checked images)", l->looks, info->stored);
    if (info->type == GT_F32)
        gt_warn("'%s': all samples are between 0 and 1%s, but -1 is black: if 0 is black, declare it with gantry "
                "dataset SRC DEST --range=0,1",
                spec, looked);
    else
        gt_warn("'%s': " GT_SAMPLES_FAR " (of gantry dataset SRC DEST)", spec, l->most, gt_sample_high(info->type),
                looked, range[0], range[1]);
}

void gt_look_warn(const gt_data_look *l, const gt_dataset_info *info, const char *spec) {
    if (l->unreadable)
        gt_warn("%" PRId64 " of %" PRId64 " checked images cannot be used, the first one: %s", l->unreadable, l->looks,
                l->why);
    if (l->looks == l->unreadable) return;
    warn_of_other_range(l, info, spec);
    if (!gt_dataset_leaves_range(info, l->least, l->most)) return;
    gt_warn("'%s': the samples go from %.9g to %.9g (of %" PRId64 " of %" PRId64
            " checked images), outside the range %g .. %g %s which the networks see as -1 .. 1; gantry dataset SRC "
            "DEST --range=LO,HI writes a dataset with another range, such as --range=%.9g,%.9g",
            spec, l->least, l->most, l->looks, info->stored, info->range[0], info->range[1],
            gt_dataset_usual_range(info) ? "(the usual one, since none is declared)" : "(as declared)", l->least,
            l->most);
}

void gt_look_warn_of_sameness(const gt_data_look *l, int64_t images, const char *spec) {
    int64_t seen = l->looks - l->unreadable;
    char what[96] = "there is one image";
    if (images > 1) snprintf(what, sizeof what, "all %" PRId64 " checked images are equal", seen);
    if (images == 1 || (seen > 1 && l->equal == seen))
        gt_warn("'%s': %s: networks only memorise it (docs/few-pictures.md)", spec, what);
    if (seen && l->uniform == seen)
        gt_warn("'%s': each of the %" PRId64
                " checked images has only one colour: there is nothing to learn. gantry inspect --sheet shows the "
                "images; perhaps the range is wrong (docs/datasets.md)",
                spec, seen);
}

/* ---- classes without images: labels are numbers from 0 to the largest one, so a set with the classes 0, 1000 and 2000
 * has 2001 of them ---- */

bool gt_classes_empty(const int64_t *images, int n, char *text, size_t room) {
    int empty = 0, first = -1;
    for (int i = 0; i < n; i++) {
        if (images[i]) continue;
        if (!empty++) first = i;
    }
    if (empty) snprintf(text, room, "%d of %d classes have no image, such as class %d", empty, n, first);
    return empty > 0;
}

bool gt_classes_small(const int64_t *images, int n, char *text, size_t room) {
    enum { FEW = 10 };
    int small = 0, first = -1;
    for (int i = 0; i < n; i++) {
        if (!images[i] || images[i] >= FEW) continue;
        if (!small++) first = i;
    }
    if (small)
        snprintf(text, room, "%d of %d classes ha%s fewer than %d images, such as class %d (%" PRId64 ")", small, n,
                 small == 1 ? "s" : "ve", FEW, first, images[first]);
    return small > 0;
}

/* A class that the source has and the items do not: whoever chose the items took it away. */
static void warn_taken_away(const gt_dataset_info *info, const int64_t *used, const int64_t *all, const char *spec) {
    int n = 0, first = -1;
    for (int i = 0; i < info->label_width; i++) {
        if (used[i] || !all[i]) continue;
        if (!n++) first = i;
    }
    if (!n || !info->chosen_by) return;
    char images[32] = "the only image", more[64] = "", name[96] = "";
    if (all[first] > 1) snprintf(images, sizeof images, "all %" PRId64 " images", all[first]);
    if (n > 1) snprintf(more, sizeof more, ", and all images of %d further class%s", n - 1, n > 2 ? "es" : "");
    if (first < info->class_names) snprintf(name, sizeof name, " ('%.80s')", info->class_name[first]);
    gt_warn("'%s': %s took %s of class %d%s%s: the networks never see that class; add images of it, or leave out %s",
            spec, info->chosen_by, images, first, name, more, info->chosen_by);
}

gt_status gt_dataset_warn_classes(const gt_dataset *ds, const char *spec) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    int n = info->label_width;
    if (info->labels_missing) gt_warn(GT_LABELS_MISSING, spec);
    if (info->label_kind != GT_LABELS_CLASSES || !n) return GT_OK;
    int64_t *used = calloc(2 * (size_t)n, sizeof *used), *all = used + n;
    if (!used) return gt_fail(GT_NOMEM, "out of memory for %d classes", n);
    for (int64_t i = 0; i < info->count; i++) used[gt_dataset_class(ds, i)]++;
    for (int64_t i = 0; i < info->stored; i++) all[gt_dataset_class_stored(ds, i)]++;
    char text[128];
    if (gt_classes_empty(all, n, text, sizeof text))
        gt_warn("'%s': %s: the networks get all classes from 0 to the largest label; number the classes without gaps",
                spec, text);
    warn_taken_away(info, used, all, spec);
    free(used);
    return GT_OK;
}

gt_status gt_dataset_warn_of_range(gt_dataset *ds, gt_pool *pool, const char *spec) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    gt_data_look look;
    if (!gt_dataset_may_leave_range(info)) return GT_OK;
    gt_status st = gt_dataset_look(ds, pool, &look);
    if (!st) gt_look_warn(&look, info, spec);
    return st;
}
