/* SPDX-License-Identifier: Apache-2.0
 * A dataset: a source whose pictures have one shape. Opening: shape, subset, labels, what the user is told. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/dataset_internal.h"
#include "data/fields/fields.h"
#include "files/codec/door/sample.h"
#include "gantry/log.h"
#include "base/door/progress.h"
#include "data/door/sampler.h"

/* ---- opening ---- */

/* What the channels of pictures with alpha mean, where nobody says so. */
static gt_status name_channels(const gt_picture *shape, gt_source_info *notes) {
    if (notes->channel_names || !shape->alpha || (shape->channels != 2 && shape->channels != 4)) return GT_OK;
    notes->channel_names = strdup(shape->channels == 4 ? "R,G,B,A" : "grey,A");
    return notes->channel_names ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the names of channels");
}

/* The last part of the path without its extension; NAME of synth:NAME. */
static char *name_of(gt_arena *a, const char *text, const char *kind) {
    if (!strcmp(kind, gt_source_synth.name)) {
        const char *name = strchr(text, ':') + 1;
        return gt_arena_printf(a, "%.*s", (int)strcspn(name, ":"), name);
    }
    GT_FREED char *path = realpath(
        text, NULL); /* so that '.' has a name; a link keeps its own unless it ends in a slash or dots */
    const char *last = strrchr(text, '/');
    last = last ? last + 1 : text;
    if (path && (!*last || !strcmp(last, ".") || !strcmp(last, ".."))) last = strrchr(path, '/') + 1;
    const char *dot = strrchr(last, '.');
    return gt_arena_printf(a, "%.*s", (int)(dot && dot > last ? (size_t)(dot - last) : strlen(last)), last);
}

/* Images of a shuffled list, sorted again: the subset is the choice of the reference tool, and of the subset those that
 * are held out come first. */
static gt_status choose_subset(gt_dataset *ds, const gt_dataset_options *o) {
    int64_t all = ds->source->count;
    if (o->subset < 0 || o->subset > all)
        return gt_fail(GT_USAGE, "--subset=%" PRId64 ": '%s' holds %" PRId64 " images", o->subset, ds->spec, all);
    int64_t used = o->subset ? o->subset : all, held_out = llround(o->held_out * (double)used);
    int64_t first = o->held_out_only ? 0 : held_out, n = o->held_out_only ? held_out : used - held_out;
    if (n < 1)
        return gt_fail(GT_USAGE, "--validation=%g of %" PRId64 " images of '%s' leaves none for %s", o->held_out, used,
                       ds->spec, o->held_out_only ? "validation" : "training");
    if (o->most && n > o->most) n = o->most;
    ds->unmirrored = n;
    if (n == all) return GT_OK;
    return gt_subset(&ds->chosen, all, first, first + n, o->subset_seed);
}

static void fill_info(gt_dataset *ds, const gt_dataset_options *options) {
    const gt_picture *p = &ds->shape;
    const gt_source_info *n = &ds->source->info;
    ds->info = (gt_dataset_info){
        .name = ds->name,
        .source = ds->source->info.source,
        .count = ds->unmirrored * (options->mirror ? 2 : 1),
        .stored = ds->source->count,
        .height = p->height,
        .width = p->width,
        .channels = p->channels,
        .type = p->type,
        .image_bytes = gt_picture_bytes(p),
        .label_kind = n->label_kind,
        .stored_label_width = n->label_width,
        .label_width = options->use_labels || options->labels_if_any ? n->label_width : 0,
        .unlabelled = ds->source->info.unlabelled,
        .masks = n->masks,
        .mask_classes = n->mask_classes,
        .mask_name = (const char *const *)n->mask_name,
        .labels_missing = n->labels_missing,
        .taken = n->taken,
        .passed = n->passed,
        .sifted = n->sifted,
        .fitted = ds->fitted,
        .chosen_by = !ds->chosen                                ? NULL
                     : options->held_out > 0 && options->subset ? "--validation and --subset"
                     : options->held_out > 0                    ? "--validation"
                                                                : "--subset",
        .class_names = n->class_names,
        .class_name = (const char *const *)n->class_name,
        .channel_names = n->channel_names,
        .label_names = n->label_names,
        .range = {n->has_range ? n->range[0] : gt_sample_low(p->type),
                  n->has_range ? n->range[1] : gt_sample_high(p->type)},
        .says_no_range = ds->says_no_range,
        .booleans = n->booleans,
        .main_thread_only = ds->source->main_thread_only,
        .skips_damaged = ds->skips,
        .conditions = n->conditions,
        .scale = n->scale,
        .mask_of_target = -1,
    };
}

static gt_status check_labels(const gt_dataset *ds) {
    char buffer[GT_ITEM_NAME_BYTES];
    const gt_source *s = ds->source;
    int64_t missing = s->info.unlabelled, first = 0;
    while (missing && gt_notes_labelled(&s->info, first)) first++;
    if (!missing) return GT_OK;
    return gt_fail(GT_FORMAT,
                   "'%s': %" PRId64 " of %" PRId64
                   " images have no label, the first is '%s'; --cond and --semi need a label for each image",
                   ds->spec, missing, s->count, gt_source_name(s, first, buffer));
}

/* 1 + the largest class of all masks, where nobody names the classes. */
static gt_status count_mask_classes(gt_dataset *ds) {
    size_t pixels = (size_t)ds->shape.height * (size_t)ds->shape.width;
    int most = 0;
    if (!ds->source->mask) return gt_fail(GT_USAGE, "'%s' has no masks, which segmentation needs", ds->spec);
    GT_FREED uint8_t *mask = malloc(pixels);
    gt_status st = mask ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a mask");
    for (int64_t i = 0; i < ds->source->count && !st && !ds->info.mask_name; i++) {
        gt_progress();
        st = gt_dataset_mask_stored(ds, i, mask);
        if (st == GT_FORMAT && ds->skips) { /* told where it is read */
            st = GT_OK;
            continue;
        }
        for (size_t k = 0; k < pixels && !st; k++)
            if (mask[k] != GT_MASK_IGNORE && mask[k] >= most) most = mask[k] + 1;
    }
    if (!ds->info.mask_name) ds->info.mask_classes = most;
    return st;
}

/* The one rule for 28 x 28 pixels: gantry dataset adds a border to them before it resizes them, and so do networks that
 * were trained on what it makes. Networks of 28 x 28 pixels were trained on the file as it is. */
static int border_of(const gt_transform *fit) {
    const int side = 28;
    return fit && (fit->width != side || fit->height != side) ? GT_MNIST_BORDER : 0;
}

/* The rest of a dataset whose source is open. */
static gt_status complete(gt_dataset *ds, const gt_dataset_options *options) {
    gt_source *s = ds->source;
    if (!ds->spec || !(ds->name = name_of(s->arena, ds->spec, s->info.source))) return GT_NOMEM;
    gt_status st = options->fit ? gt_source_fit(s, options->fit, options->some, &ds->shape, &ds->fitted)
                                : gt_dataset_survey(ds);
    if (!st) st = name_channels(&ds->shape, &s->info);
    ds->says_no_range = !st && ds->shape.type == GT_F32 && !s->info.says_range;
    if (ds->says_no_range && options->float_range)
        st = gt_notes_set_range(&s->info, options->float_range[0], options->float_range[1]);
    if (!st && options->use_labels) st = check_labels(ds);
    if (!st) st = choose_subset(ds, options);
    if (!st && options->fields) {
        st = gt_fields_measure(s, ds->chosen, ds->unmirrored);
        ds->shape = s->shape;
    }
    if (st) return st;
    fill_info(ds, options);
    if (options->fields) gt_fields_about(s, &ds->info);
    return options->use_masks ? count_mask_classes(ds) : GT_OK;
}

gt_status gt_dataset_open(gt_dataset **out, const char *spec, const gt_dataset_options *options) {
    static const gt_dataset_options everything = {.labels_if_any = true};
    if (!options) options = &everything;
    const gt_source_options as_it_is = {.classes = options->classes,
                                        .network_classes = options->network_classes,
                                        .recorded_classes = options->recorded_classes,
                                        .class_names = options->class_names,
                                        .lone_picture = options->fit != NULL,
                                        .mnist_border = border_of(options->fit),
                                        .again_and_again = true,
                                        .by_code_points = true,
                                        .every_label = true};
    *out = NULL;
    gt_source *s;
    gt_status st = options->fields ? gt_fields_open(&s, spec, options->fields) : gt_source_open(&s, spec, &as_it_is);
    if (st) return st;
    if (!spec || !*spec) spec = s->spec;
    gt_dataset *ds = gt_arena_alloc(s->arena, sizeof *ds);
    if (!ds) {
        gt_source_close(s);
        return GT_NOMEM;
    }
    *ds = (gt_dataset){.source = s,
                       .spec = gt_arena_printf(s->arena, "%s", spec),
                       .skips = options->skip_damaged,
                       .uses_masks = options->use_masks};
    pthread_mutex_init(&ds->lock, NULL);
    if ((st = complete(ds, options))) gt_dataset_close(ds);
    else *out = ds;
    return st;
}

void gt_dataset_close(gt_dataset *ds) {
    if (!ds) return;
    pthread_mutex_destroy(&ds->lock);
    gt_damage_free(&ds->damage);
    free(ds->chosen);
    gt_source_close(ds->source); /* with the dataset, which lies in its arena */
}

int64_t gt_dataset_moment(const gt_dataset *ds, int64_t item, double *time) {
    bool mirrored;
    int64_t stored = gt_dataset_stored(ds, item, &mirrored);
    if (ds->info.place) return gt_fields_moment(ds->source, stored, time);
    if (time) *time = NAN;
    return stored;
}

gt_source *gt_dataset_source(gt_dataset *ds) { return ds->source; }

const gt_dataset_info *gt_dataset_get_info(const gt_dataset *ds) { return &ds->info; }

void gt_dataset_tell_classes(const gt_dataset *ds, const char *spec) {
    gt_source_tell(&ds->source->info, spec);
    if (ds->info.passed) gt_info("'%s': skipped: %s", spec, ds->info.passed);
}

void gt_dataset_tell_fit(const gt_dataset *ds, const char *spec) {
    int border = ds->source->info.border, side = 28 + 2 * border;
    if (border) gt_info("'%s': a border of %d enlarges MNIST's 28 x 28 to %d x %d pixels", spec, border, side, side);
    if (ds->info.fitted) gt_info("'%s': %s", spec, ds->info.fitted);
}
