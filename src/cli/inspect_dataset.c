/* SPDX-License-Identifier: Apache-2.0
 * gantry inspect, of a dataset: count, shape, labels, how often each class occurs, and what the pixels are like. */
#define _GNU_SOURCE
#include <ftw.h>
#include <math.h>

#include "cli/cli.h"
#include "gantry/dataset.h"
#include "gantry/family.h"
#include "gantry/job.h"
#include "gantry/text.h"

enum { MOST_COMPONENTS = 16, MOST_LOOKED_AT = 1000 };

typedef struct moments {
    double sum, squares, least, most;
    int64_t n;
} moments;

static void add(moments *m, double x) {
    if (!m->n || x < m->least) m->least = x;
    if (!m->n || x > m->most) m->most = x;
    m->sum += x;
    m->squares += x * x;
    m->n++;
}

static void print_moments(const char *name, int index, const moments *m) {
    double n = m->n ? (double)m->n : 1, mean = m->sum / n, variance = m->squares / n - mean * mean;
    printf("  %s %-4d min %-10.4g mean %-10.4g std %-10.4g max %.4g\n", name, index, m->least, mean,
           sqrt(variance > 0 ? variance : 0), m->most);
}

void cli_print_classes(const int64_t *count, int n, const char *const *names, int n_names) {
    enum { MOST = 64, BAR = 40 };
    int64_t most = 1;
    for (int i = 0; i < n; i++)
        if (count[i] > most) most = count[i];
    for (int i = 0; i < n && i < MOST; i++)
        printf("  class %-5d %8lld  %-*.*s %s\n", i, (long long)count[i], BAR, (int)(count[i] * BAR / most),
               "########################################", names && i < n_names && names[i] ? names[i] : "");
    if (n > MOST) printf("  ... and %d more classes\n", n - MOST);
}

static gt_status print_classes(gt_arena *a, const gt_dataset *ds, const gt_dataset_info *info) {
    int n = info->stored_label_width;
    char empty[128];
    int64_t *count = gt_arena_array(a, (size_t)n, sizeof *count);
    if (!count) return GT_NOMEM;
    for (int64_t i = 0; i < info->count; i++)
        if (gt_dataset_class(ds, i) >= 0) count[gt_dataset_class(ds, i)]++;
    if (gt_classes_empty(count, n, empty, sizeof empty)) printf("             %s: number them without gaps\n", empty);
    cli_print_classes(count, n, (const char *const *)info->class_name, info->class_names);
    return GT_OK;
}

static gt_status print_vectors(gt_arena *a, const gt_dataset *ds, const gt_dataset_info *info) {
    int n = info->stored_label_width;
    float *label = gt_arena_array(a, (size_t)n, sizeof *label);
    moments *m = gt_arena_array(a, (size_t)n, sizeof *m);
    if (!label || !m) return GT_NOMEM;
    for (int64_t i = 0; i < info->count; i++) {
        gt_dataset_label(ds, i, label);
        for (int k = 0; k < n && !isnan(label[0]); k++) add(&m[k], label[k]);
    }
    for (int k = 0; k < n && k < MOST_COMPONENTS; k++) print_moments("label", k, &m[k]);
    if (n > MOST_COMPONENTS) printf("  ... and %d more components\n", n - MOST_COMPONENTS);
    return GT_OK;
}

static gt_status print_labels(gt_arena *a, const gt_dataset *ds, const gt_dataset_info *info) {
    if (info->unlabelled)
        printf("unlabelled   %lld image%s\n", (long long)info->unlabelled, gt_plural(info->unlabelled));
    switch (info->label_kind) {
    case GT_LABELS_NONE: puts("labels       none"); return GT_OK;
    case GT_LABELS_CLASSES:
        printf("labels       %d classes\n", info->stored_label_width);
        return print_classes(a, ds, info);
    case GT_LABELS_VECTORS:
        printf("labels       vectors of %d numbers\n", info->stored_label_width);
        return print_vectors(a, ds, info);
    }
    return GT_OK;
}

/* The pixels of each class, in evenly spaced images. */
static gt_status print_masks(gt_arena *a, gt_dataset *ds, const gt_dataset_info *info) {
    int64_t looks = info->count < MOST_LOOKED_AT ? info->count : MOST_LOOKED_AT;
    int64_t *count = gt_arena_array(a, GT_MASK_IGNORE + 1, sizeof *count);
    size_t pixels = gt_mask_bytes(info);
    uint8_t *mask = gt_arena_alloc(a, pixels + 1);
    gt_status st = count && mask ? GT_OK : GT_NOMEM;
    for (int64_t i = 0; i < looks && !st && pixels; i++) {
        st = gt_dataset_mask(ds, info->count * i / looks, mask);
        for (size_t k = 0; k < pixels && !st; k++) count[mask[k]]++;
    }
    if (st || !pixels) return st;
    int n = GT_MASK_IGNORE;
    while (n > info->mask_classes && !count[n - 1]) n--;
    printf("masks        %d class%s, %s; pixels of %lld image%s, %.1f %% to be ignored\n", n, n == 1 ? "" : "es",
           info->mask_name ? "named" : "without names", (long long)looks, gt_plural(looks),
           100 * (double)count[GT_MASK_IGNORE] / ((double)looks * (double)pixels));
    cli_print_classes(count, n, info->mask_name, info->mask_name ? info->mask_classes : 0);
    return GT_OK;
}

static double sample_of(gt_sample type, const void *samples, size_t i) {
    return type == GT_U8    ? ((const uint8_t *)samples)[i]
           : type == GT_U16 ? ((const uint16_t *)samples)[i]
                            : (double)((const float *)samples)[i];
}

/* The ends of all channels, where somebody declares what they should be. */
static void print_ends(const gt_dataset_info *info, const moments *m) {
    double least = m[0].least, most = m[0].most;
    for (int c = 1; c < info->channels; c++) {
        least = fmin(least, m[c].least);
        most = fmax(most, m[c].most);
    }
    printf("samples      %g .. %g, range %g .. %g%s\n", least, most, info->range[0], info->range[1],
           gt_dataset_usual_range(info) ? " (usual)" : " (declared)");
    if (gt_dataset_leaves_range(info, least, most))
        printf("             outside the range, which becomes -1 .. 1: gantry dataset SRC DEST --range=LO,HI declares "
               "another, "
               "such as --range=%.9g,%.9g\n",
               least, most);
}

/* Of evenly spaced images. */
static gt_status print_pixels(gt_arena *a, gt_dataset *ds, const gt_dataset_info *info) {
    int channels = info->channels;
    size_t size = (size_t)info->height * (size_t)info->width * (size_t)channels;
    int64_t looks = info->count < MOST_LOOKED_AT ? info->count : MOST_LOOKED_AT;
    void *samples = gt_arena_alloc(a, info->image_bytes);
    moments *m = gt_arena_array(a, (size_t)channels, sizeof *m);
    gt_status st = samples && m ? GT_OK : GT_NOMEM;
    for (int64_t i = 0; i < looks && !st; i++) {
        st = gt_dataset_read(ds, info->count * i / looks, samples);
        for (size_t k = 0; k < size && !st; k++) add(&m[k % (size_t)channels], sample_of(info->type, samples, k));
    }
    if (!st) printf("pixels       of %lld image%s\n", (long long)looks, gt_plural(looks));
    for (int c = 0; c < channels && !st; c++) print_moments("channel", c, &m[c]);
    if (!st) print_ends(info, m);
    return st;
}

static double bytes_on_disk;

static int add_bytes(const char *path, const struct stat *s, int kind, struct FTW *where) {
    (void)path, (void)where;
    if (kind == FTW_F) bytes_on_disk += (double)s->st_size;
    return 0;
}

/* Of a file, or of all files of a folder. */
static void print_bytes(const char *spec) {
    enum { OPEN_FOLDERS = 8 };
    bytes_on_disk = 0;
    if (!nftw(spec, add_bytes, OPEN_FOLDERS, FTW_PHYS)) printf("on disk      %.1f MB\n", bytes_on_disk / 1e6);
}

gt_status cli_inspect_dataset(const char *spec) {
    gt_dataset *ds;
    gt_status st = gt_dataset_open(&ds, spec, NULL);
    if (st) return st;
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    gt_hash128 hash;
    char hex[33];
    printf("dataset      %s (%s)\n", spec, info->source);
    printf("images       %lld\n", (long long)info->count);
    printf("size         %dx%d, %s, %d channel%s%s%s%s, range %g .. %g\n", info->width, info->height,
           gt_sample_name(info->type), info->channels, info->channels > 1 ? "s" : "", info->channel_names ? " (" : "",
           info->channel_names ? info->channel_names : "", info->channel_names ? ")" : "", info->range[0],
           info->range[1]);
    for (const gt_family *const *f = gt_families(); *f; f++)
        if ((*f)->check_size && (*f)->check_size(info->height, info->width, info->channels))
            printf("             not for --model=%s: %s\n", (*f)->models->name, gt_message());
    gt_arena *a = gt_arena_new();
    st = a ? print_labels(a, ds, info) : GT_NOMEM;
    if (!st) st = print_masks(a, ds, info);
    if (!st) st = print_pixels(a, ds, info);
    gt_arena_free(a);
    if (!st) print_bytes(spec);
    if (!st) st = gt_dataset_fingerprint(ds, &hash);
    if (!st) {
        gt_hash_hex(hash, hex);
        printf("fingerprint  %s\n", hex);
    }
    gt_dataset_close(ds);
    return st;
}
