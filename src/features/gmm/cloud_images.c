/* SPDX-License-Identifier: Apache-2.0
 * The images of a dataset as points: pixels row by row, channels innermost, 0 and 1 for the ends of the dataset's
 * range. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/dataset.h"
#include "features/gmm/cloud.h"
#include "features/gmm/mixture.h"

typedef struct album {
    gt_dataset *data;
    const gt_dataset_info *info;
    size_t pixels;
    void *samples; /* of one image */
    float *image;
} album;

static gt_status read_points(void *state, int64_t first, int64_t n, double *points) {
    album *a = state;
    for (int64_t i = 0; i < n; i++) {
        gt_status st = gt_dataset_read(a->data, first + i, a->samples);
        if (st) return st;
        gt_dataset_floats(a->info, a->samples, a->pixels, a->image);
        for (size_t p = 0; p < a->pixels; p++) points[(size_t)i * a->pixels + p] = ((double)a->image[p] + 1) / 2;
    }
    return GT_OK;
}

static void close_album(void *state) {
    album *a = state;
    gt_dataset_close(a->data);
}

/* Classes of images have their numbers already. */
static gt_status read_labels(gt_cloud *c, const album *a) {
    int classes = a->info->stored_label_width;
    if (a->info->label_kind != GT_LABELS_CLASSES || classes < 1 || classes > GT_CLOUD_CLASSES_MAX) return GT_OK;
    int32_t *label = malloc((size_t)a->info->count * sizeof *label);
    c->labels.label = label;
    gt_status st = label ? GT_OK : gt_fail(GT_NOMEM, "out of memory for labels");
    for (int i = 0; i < classes && !st; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        const char *name = i < a->info->class_names ? a->info->class_name[i] : number;
        st = gt_names_add(&c->label_names, name, strlen(name));
    }
    for (int64_t i = 0; i < a->info->count && !st; i++) {
        int class = gt_dataset_class(a->data, i);
        label[i] = class < classes ? class : -1;
    }
    return st ? st : gt_cloud_end_labels(c, false);
}

gt_status gt_cloud_images(gt_cloud *c, const char *spec, const char *classes) {
    album *a = gt_arena_array(c->arena, 1, sizeof *a);
    if (!a) return GT_NOMEM;
    c->state = a;
    c->read = read_points;
    c->close = close_album;
    gt_status st = gt_dataset_open(&a->data, spec, &(gt_dataset_options){.classes = classes});
    if (st) return st;
    gt_dataset_tell_classes(a->data, spec);
    const gt_dataset_info *info = a->info = gt_dataset_get_info(a->data);
    a->pixels = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    a->samples = gt_arena_alloc(c->arena, info->image_bytes);
    a->image = gt_arena_array(c->arena, a->pixels, sizeof *a->image);
    if (!a->samples || !a->image) return GT_NOMEM;
    c->info = (gt_cloud_info){info->count, a->pixels < INT_MAX ? (int)a->pixels : INT_MAX, info->height, info->width,
                              info->channels};
    return read_labels(c, a);
}
