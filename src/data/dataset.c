/* SPDX-License-Identifier: Apache-2.0
 * A dataset: a source whose pictures have one shape. Survey of the pictures, subset, mirror, labels, fingerprint. */
#include "gantry/dataset.h"

#include <endian.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "data/damage.h"
#include "data/source.h"
#include "gantry/log.h"
#include "gantry/progress.h"
#include "gantry/sampler.h"

enum { SHORT_HEAD = 1024, LOOKS = 256 };

struct gt_dataset {
    gt_source *source;
    gt_picture shape; /* of all pictures, without samples */
    gt_dataset_info info;
    char *name, *spec;  /* short, for runs; as it was given, for messages */
    int64_t *chosen;    /* stored images of a subset, in order; NULL: all */
    int64_t unmirrored; /* items before the mirrored ones */
    int64_t first;      /* the picture whose shape all have */
    bool fits;          /* pictures are changed to one shape */
    bool says_no_range; /* floats, and neither the source nor a transform says which of them are black and white */
    gt_fitting fit;
    char *fitted;           /* how, for the user */
    bool skips, uses_masks; /* damaged pictures; options.use_masks */
    gt_damage damage;       /* those that are known; under the lock */
    pthread_mutex_t lock;
};

/* ---- pictures of one shape ---- */

static gt_status check_names(const gt_source *s) {
    char buffer[GT_ITEM_NAME_BYTES];
    for (int64_t i = 0; i < s->count && s->files; i++) {
        const char *name = gt_source_name(s, i, buffer);
        if (gt_picture_is_unread_name(name))
            return gt_fail(GT_FORMAT, "'%s': '%s' is a picture of a kind that cannot be read; convert it to PNG",
                           s->spec, name);
    }
    return GT_OK;
}

/* The failure, and the command that makes a dataset of such pictures; without those that are damaged. */
static gt_status with_command(const gt_dataset *ds, gt_status st, bool damaged) {
    gt_survey found;
    gt_buffer command = {0};
    char said[1024];
    snprintf(said, sizeof said, "%s", gt_message());
    if (gt_survey_pictures(ds->source, &found) || found.unread == found.looked) return gt_fail(st, "%s", said);
    found.unread += damaged;
    gt_survey_command(&found, ds->spec, &command);
    if (!command.failed)
        gt_fail(st, "%s; a dataset of %s: %.*s%s", said, damaged ? "the others" : "them", (int)command.n,
                (const char *)command.data,
                damaged && !ds->skips ? "; gantry train and gantry metrics take --on-error=skip, too" : "");
    gt_buffer_free(&command);
    return st;
}

static gt_status compare_shape(const gt_dataset *ds, const gt_picture *found) {
    char is[GT_SHAPE_BYTES], wanted[GT_SHAPE_BYTES], name[GT_ITEM_NAME_BYTES];
    const gt_picture *s = &ds->shape;
    bool size = found->height == s->height && found->width == s->width, kind = found->type == s->type;
    bool colours = found->channels == s->channels && found->alpha == s->alpha;
    if (size && colours && kind) return GT_OK;
    return gt_fail(GT_FORMAT, "%s, while the first picture ('%s') has %s; all must be alike",
                   gt_picture_shape(found, is), gt_source_name(ds->source, ds->first, name),
                   gt_picture_shape(s, wanted));
}

/* Counts damaged pictures; those that are passed over are told where they are read. */
static gt_status survey_one(const gt_dataset *ds, int64_t i, int64_t *damaged) {
    gt_picture found;
    bool cut;
    gt_progress();
    gt_status st = gt_item_wrap(ds->source, i, gt_item_shape(ds->source, i, SHORT_HEAD, &found, &cut));
    *damaged += st == GT_FORMAT;
    if (st == GT_FORMAT && ds->skips) {
        int64_t all = ds->source->count;
        return *damaged <= gt_damage_most(all) ? GT_OK : gt_damage_too_many(ds->spec, *damaged, all);
    }
    return st ? st : gt_item_wrap(ds->source, i, compare_shape(ds, &found));
}

/* The shape of the first picture or, where damaged ones are passed over, of the first that is not damaged. */
static gt_status first_shape(gt_dataset *ds) {
    const gt_source *s = ds->source;
    int64_t most = ds->skips ? gt_damage_most(s->count) : 0;
    bool cut;
    gt_status st = GT_FORMAT;
    for (ds->first = 0; ds->first < s->count && ds->first <= most; ds->first++)
        if ((st = gt_item_wrap(s, ds->first, gt_item_shape(s, ds->first, 0, &ds->shape, &cut))) != GT_FORMAT) break;
    return st;
}

/* Takes the shape of the first picture and compares the heads of the others: up to a number that can be looked at, else
 * as many evenly spaced ones (the rest is compared when it is read). */
static gt_status survey_items(gt_dataset *ds) {
    const gt_source *s = ds->source;
    ds->shape = s->shape;
    if (s->shape.height) return GT_OK;
    gt_status st = check_names(s);
    int64_t looks = gt_source_looks(s), damaged = 0;
    if (!st && (st = first_shape(ds)) == GT_FORMAT) damaged = 1;
    for (int64_t k = 0; k < looks && !st; k++) st = survey_one(ds, gt_source_look(s, k, looks), &damaged);
    return st && st != GT_NOMEM && s->count > 1 ? with_command(ds, st, damaged > 0) : st;
}

/* As survey_items(), for pictures of any shapes. What nobody has looked at may have another shape, too. */
static gt_status survey_fit(gt_dataset *ds, const gt_transform *wanted, bool some) {
    gt_status st = gt_fitting_plan(&ds->fit, ds->source, wanted, some, &ds->shape, &ds->fitted);
    ds->fits = ds->fit.unlike || ds->fit.looks < ds->source->count;
    return st;
}

/* What the channels of pictures with alpha mean, where nobody says so. */
static gt_status name_channels(const gt_picture *shape, gt_source_info *notes) {
    if (notes->channel_names || !shape->alpha || (shape->channels != 2 && shape->channels != 4)) return GT_OK;
    notes->channel_names = strdup(shape->channels == 4 ? "R,G,B,A" : "grey,A");
    return notes->channel_names ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the names of channels");
}

/* ---- opening ---- */

/* The last part of the path without its extension; NAME of synth:NAME. */
static char *name_of(const char *text, const char *kind) {
    if (!strcmp(kind, gt_source_synth.name)) {
        const char *name = strchr(text, ':') + 1;
        return strndup(name, strcspn(name, ":"));
    }
    char *path = realpath(text,
                          NULL); /* so that '.' has a name; a link keeps its own unless it ends in a slash or dots */
    const char *last = strrchr(text, '/');
    last = last ? last + 1 : text;
    if (path && (!*last || !strcmp(last, ".") || !strcmp(last, ".."))) last = strrchr(path, '/') + 1;
    const char *dot = strrchr(last, '.');
    char *name = strndup(last, dot && dot > last ? (size_t)(dot - last) : strlen(last));
    free(path);
    return name;
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
    bool declared = n->has_range && !ds->fits; /* a transform brings samples to the usual range */
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
        .range = {declared ? n->range[0] : gt_sample_low(p->type), declared ? n->range[1] : gt_sample_high(p->type)},
        .says_no_range = ds->says_no_range,
        .main_thread_only = ds->source->main_thread_only,
        .skips_damaged = ds->skips,
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
                   " images have no label, the first is '%s'; --cond and --semi need all of them",
                   ds->spec, missing, s->count, gt_source_name(s, first, buffer));
}

/* 1 + the largest class of all masks, where nobody names the classes. */
static gt_status count_mask_classes(gt_dataset *ds) {
    size_t pixels = (size_t)ds->shape.height * (size_t)ds->shape.width;
    int most = 0;
    if (!ds->source->mask) return gt_fail(GT_USAGE, "'%s' has no masks, and segmentation needs them", ds->spec);
    uint8_t *mask = malloc(pixels);
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
    free(mask);
    return st;
}

/* The one rule for 28 x 28 pixels: gantry dataset adds a border to them before it resizes them, and so do networks that
 * were trained on what it makes. Networks of 28 x 28 pixels were trained on the file as it is. */
static int border_of(const gt_transform *fit) {
    const int side = 28;
    return fit && (fit->width != side || fit->height != side) ? GT_MNIST_BORDER : 0;
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
    gt_dataset *ds = calloc(1, sizeof *ds);
    if (!ds || !(ds->spec = strdup(spec))) {
        free(ds);
        return gt_fail(GT_NOMEM, "out of memory for opening '%s'", spec);
    }
    pthread_mutex_init(&ds->lock, NULL);
    ds->skips = options->skip_damaged;
    ds->uses_masks = options->use_masks;
    gt_status st = gt_source_open(&ds->source, spec, &as_it_is);
    if (!st && !(ds->name = name_of(spec, ds->source->info.source)))
        st = gt_fail(GT_NOMEM, "out of memory for opening '%s'", spec);
    if (!st) st = options->fit ? survey_fit(ds, options->fit, options->some) : survey_items(ds);
    if (!st) st = name_channels(&ds->shape, &ds->source->info);
    ds->says_no_range = !st && ds->shape.type == GT_F32 && !ds->source->info.says_range && !ds->fits;
    if (ds->says_no_range && options->float_range)
        st = gt_notes_set_range(&ds->source->info, options->float_range[0], options->float_range[1]);
    if (!st && options->use_labels) st = check_labels(ds);
    if (!st) st = choose_subset(ds, options);
    if (st) {
        gt_dataset_close(ds);
        return st;
    }
    fill_info(ds, options);
    if (options->use_masks && (st = count_mask_classes(ds))) {
        gt_dataset_close(ds);
        return st;
    }
    *out = ds;
    return GT_OK;
}

void gt_dataset_close(gt_dataset *ds) {
    if (!ds) return;
    gt_source_close(ds->source);
    pthread_mutex_destroy(&ds->lock);
    gt_damage_free(&ds->damage);
    free(ds->chosen);
    free(ds->fitted);
    free(ds->name);
    free(ds->spec);
    free(ds);
}

const gt_dataset_info *gt_dataset_get_info(const gt_dataset *ds) { return &ds->info; }

int gt_class_names_differ(const char *const *a, int n_a, const char *const *b, int n_b) {
    for (int k = 0; k < n_a && k < n_b; k++)
        if (strcmp(a[k], b[k])) return k;
    return -1;
}

void gt_dataset_tell_classes(const gt_dataset *ds, const char *spec) {
    gt_source_tell(&ds->source->info, spec);
    if (ds->info.passed) gt_info("'%s': passed over: %s", spec, ds->info.passed);
}

void gt_dataset_tell_fit(const gt_dataset *ds, const char *spec) {
    int border = ds->source->info.border, side = 28 + 2 * border;
    if (border) gt_info("'%s': a border of %d makes %d x %d pixels of MNIST's 28 x 28", spec, border, side, side);
    if (ds->info.fitted) gt_info("'%s': %s", spec, ds->info.fitted);
}

int64_t gt_dataset_stored(const gt_dataset *ds, int64_t item, bool *mirrored) {
    *mirrored = item >= ds->unmirrored;
    if (*mirrored) item -= ds->unmirrored;
    return ds->chosen ? ds->chosen[item] : item;
}

/* The samples as they are stored. A picture of another shape is an error, and not damaged. */
static gt_status read_samples(const gt_dataset *ds, int64_t stored, void *samples, bool *damaged) {
    const gt_source *s = ds->source;
    bool in_place = s->shape.height && !ds->fits;
    gt_picture found = in_place ? s->shape : (gt_picture){0};
    if (in_place) found.samples = samples;
    gt_status st = ds->fits ? gt_fitting_read(&ds->fit, s, stored, &found) : s->read(s, stored, &found);
    *damaged = st == GT_FORMAT;
    if (!st && !ds->fits) st = compare_shape(ds, &found);
    if (!st && !in_place) memcpy(samples, found.samples, ds->info.image_bytes);
    if (!in_place) gt_picture_free(&found);
    return gt_item_wrap(s, stored, st);
}

gt_status gt_dataset_read_stored(gt_dataset *ds, int64_t stored, void *samples, uint8_t *mask, bool *damaged) {
    bool any, *found = damaged ? damaged : &any;
    gt_status st = read_samples(ds, stored, samples, found);
    if (st) return st;
    gt_picture read = ds->shape;
    read.samples = samples;
    if ((st = gt_check_finite(&read))) st = gt_wrap(st, "'%s': image %" PRId64, ds->spec, stored);
    if (!st && mask) st = gt_dataset_mask_stored(ds, stored, mask);
    *found = st == GT_FORMAT;
    return st;
}

gt_status gt_dataset_mask_stored(gt_dataset *ds, int64_t stored, uint8_t *classes) {
    gt_picture mask;
    gt_status st = ds->fits ? gt_fitting_mask(&ds->fit, ds->source, stored, &mask)
                            : gt_source_mask(ds->source, stored, &ds->shape, &mask);
    if (st) return st;
    memcpy(classes, mask.samples, (size_t)ds->shape.height * (size_t)ds->shape.width);
    gt_picture_free(&mask);
    return GT_OK;
}

void gt_mirror_mask(const gt_dataset_info *info, uint8_t *classes) {
    gt_dataset_info one = {.height = info->height, .width = info->width, .channels = 1, .type = GT_U8};
    gt_mirror(&one, classes);
}

static gt_status check_item(const gt_dataset *ds, int64_t item) {
    if (item >= 0 && item < ds->info.count) return GT_OK;
    return gt_fail(GT_USAGE, "item %" PRId64 " of '%s': there are %" PRId64, item, ds->spec, ds->info.count);
}

gt_status gt_dataset_mask(gt_dataset *ds, int64_t item, uint8_t *classes) {
    bool mirrored;
    gt_status st = check_item(ds, item);
    if (!st && ds->skips) { /* the mask of the picture that gt_dataset_read() gives */
        void *samples = malloc(ds->info.image_bytes);
        st = samples ? gt_dataset_take(ds, &item, samples, classes) : gt_fail(GT_NOMEM, "out of memory for a mask");
        free(samples);
        return st;
    }
    if (!st) st = gt_dataset_mask_stored(ds, gt_dataset_stored(ds, item, &mirrored), classes);
    if (!st && mirrored) gt_mirror_mask(&ds->info, classes);
    return st;
}

void gt_mirror(const gt_dataset_info *info, void *samples) {
    size_t pixel = (size_t)info->channels * gt_sample_bytes(info->type), width = (size_t)info->width;
    for (int y = 0; y < info->height; y++) {
        uint8_t *left = (uint8_t *)samples + (size_t)y * width * pixel, *right = left + (width - 1) * pixel;
        for (; left < right; left += pixel, right -= pixel) {
            for (size_t b = 0; b < pixel; b++) {
                uint8_t swap = left[b];
                left[b] = right[b];
                right[b] = swap;
            }
        }
    }
}

/* ---- damaged pictures, where others take their places ---- */

int64_t gt_dataset_damaged_most(const gt_dataset *ds) { return gt_damage_most(ds->unmirrored); }

/* The item of the same mirroring that comes next after `last` and is, or is not, of the class of `item`; `item` itself:
 * there is none before it. */
static int64_t next_item(const gt_dataset *ds, int64_t item, int64_t last, bool same_class) {
    int64_t n = ds->unmirrored, from = item >= n ? n : 0;
    int class = gt_dataset_class(ds, item);
    for (int64_t next = last - from + 1;; next++) {
        if (next == n) next = 0;
        if (next == item - from || (gt_dataset_class(ds, next) == class) == same_class) return next + from;
    }
}

/* What comes after `last` among the items that may take the place of `item`: those of its class, then the others. -1:
 * nothing more. */
static int64_t next_choice(const gt_dataset *ds, int64_t item, int64_t last) {
    bool same_class = gt_dataset_class(ds, last) == gt_dataset_class(ds, item);
    int64_t next = next_item(ds, item, last, same_class);
    if (next == item && same_class) next = next_item(ds, item, item, false);
    return next == item ? -1 : next;
}

gt_status gt_dataset_take_by(gt_dataset *ds, int64_t *item, const gt_taking *how) {
    int64_t most = gt_damage_most(ds->unmirrored), wanted = *item;
    bool damaged, mirrored;
    gt_status st = how->read(how->arg, *item, &damaged);
    for (int64_t k = 1; st && damaged && ds->skips; k++) {
        if ((st = how->found(how->arg, gt_dataset_stored(ds, *item, &mirrored)))) return st;
        int64_t next = next_choice(ds, wanted, *item);
        if (k > most || next < 0) return gt_damage_too_many(ds->spec, k, ds->unmirrored);
        *item = next;
        st = how->read(how->arg, next, &damaged);
    }
    return st;
}

bool gt_dataset_know_damaged(gt_dataset *ds, int64_t stored) {
    pthread_mutex_lock(&ds->lock);
    bool fresh = !gt_damage_has(&ds->damage, stored) && !gt_damage_add(&ds->damage, stored);
    pthread_mutex_unlock(&ds->lock);
    return fresh;
}

gt_status gt_dataset_join_damaged_all(gt_dataset *ds, gt_comm *comm, int64_t *n) {
    gt_status st = gt_damage_join_all(comm, &ds->damage); /* no thread reads meanwhile */
    *n = (int64_t)ds->damage.n;
    if (!st && *n > gt_damage_most(ds->unmirrored)) st = gt_damage_too_many(ds->spec, *n, ds->unmirrored);
    return st;
}

typedef struct taken { /* of gt_dataset_take() */
    gt_dataset *ds;
    void *samples;
    uint8_t *mask;
} taken;

static gt_status take_item(void *arg, int64_t item, bool *damaged) {
    const taken *t = arg;
    bool mirrored;
    gt_status st = gt_dataset_read_stored(t->ds, gt_dataset_stored(t->ds, item, &mirrored), t->samples, t->mask,
                                          damaged);
    if (!st && mirrored) gt_mirror(&t->ds->info, t->samples);
    if (!st && mirrored && t->mask) gt_mirror_mask(&t->ds->info, t->mask);
    return st;
}

static gt_status take_note(void *arg, int64_t stored) {
    gt_dataset *ds = ((const taken *)arg)->ds;
    bool fresh = gt_dataset_know_damaged(ds, stored);
    pthread_mutex_lock(&ds->lock);
    int64_t n = (int64_t)ds->damage.n;
    pthread_mutex_unlock(&ds->lock);
    if (fresh && gt_damage_tells(n)) gt_warn("%s: " GT_TAKES_ITS_PLACE, gt_message());
    return fresh && n > gt_damage_most(ds->unmirrored) ? gt_damage_too_many(ds->spec, n, ds->unmirrored) : GT_OK;
}

gt_status gt_dataset_take(gt_dataset *ds, int64_t *item, void *samples, uint8_t *mask) {
    gt_status st = check_item(ds, *item);
    bool looks = !mask && ds->skips && ds->uses_masks; /* a picture whose mask is damaged is left out, too */
    uint8_t *own = looks ? malloc(gt_mask_bytes(&ds->info)) : NULL;
    if (!st && looks && !own) st = gt_fail(GT_NOMEM, "out of memory for a mask");
    taken t = {ds, samples, looks ? own : mask};
    if (!st) st = gt_dataset_take_by(ds, item, &(gt_taking){take_item, take_note, &t});
    free(own);
    return st;
}

gt_status gt_dataset_read(gt_dataset *ds, int64_t item, void *samples) {
    return gt_dataset_take(ds, &item, samples, NULL);
}

static inline float meaning(double x, double low, float half) { return (float)(x - low) / half - 1; }

/* The same bits as meaning() where low is a whole number: the difference is exact. */
GT_CLONES static void floats_of_bytes(const uint8_t *bytes, size_t n, float low, float half, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = ((float)bytes[i] - low) / half - 1;
}

void gt_dataset_floats(const gt_dataset_info *info, const void *samples, size_t n, float *out) {
    enum { LEVELS = 256, EXACT = 1 << 20 };
    double low = info->range[0];
    float half = (float)((info->range[1] - low) / 2), level[LEVELS];
    switch (info->type) {
    case GT_U8:
        if (fabs(low) < EXACT && low == floor(low)) {
            floats_of_bytes(samples, n, (float)low, half, out);
            break;
        }
        for (int v = 0; v < LEVELS; v++) level[v] = meaning(v, low, half);
        for (size_t i = 0; i < n; i++) out[i] = level[((const uint8_t *)samples)[i]];
        break;
    case GT_U16:
        for (size_t i = 0; i < n; i++) out[i] = meaning(((const uint16_t *)samples)[i], low, half);
        break;
    case GT_F32:
        for (size_t i = 0; i < n; i++) out[i] = meaning((double)((const float *)samples)[i], low, half);
        break;
    }
}

int gt_dataset_colours(const gt_dataset_info *info) {
    static const struct {
        const char *names;
        int channels;
    } colours[] = {{"r,g,b", 3}, {"red,green,blue", 3}, {"grey", 1}, {"gray", 1}, {"l", 1}};
    if (!info->channel_names || info->channels == 1) return 0; /* one channel is grey, whatever it is of */
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (info->channels >= colours[i].channels && gt_names_begin(info->channel_names, colours[i].names))
            return info->channels == colours[i].channels ? 0 : colours[i].channels;
    return -1;
}

bool gt_dataset_alpha(const gt_dataset_info *info) { return gt_channels_alpha(info->channel_names, info->channels); }

void gt_dataset_label(const gt_dataset *ds, int64_t item, float *label) {
    bool mirrored;
    size_t width = (size_t)ds->info.label_width;
    if (width == 0) return;
    int64_t stored = gt_dataset_stored(ds, item, &mirrored);
    const gt_source_info *n = &ds->source->info;
    if (n->label_kind == GT_LABELS_VECTORS) {
        for (size_t k = 0; k < width; k++) label[k] = (float)n->vectors[(size_t)stored * width + k];
    } else {
        memset(label, 0, width * sizeof *label);
        if (n->classes[stored] >= 0) label[n->classes[stored]] = 1;
    }
}

const char *gt_label_name(const gt_dataset_info *info, int k, char name[64]) {
    const char *at = info->label_names ? info->label_names : "";
    for (int i = 0; i < k && *at; i++) {
        at += strcspn(at, ",");
        at += *at == ',';
    }
    size_t n = strcspn(at, ",");
    snprintf(name, 64, "%.*s", n < 63 ? (int)n : 63, at);
    return *name ? name : info->label_kind == GT_LABELS_CLASSES ? "class" : "label";
}

int gt_dataset_class_stored(const gt_dataset *ds, int64_t stored) { return gt_source_class(ds->source, stored); }

int gt_dataset_class(const gt_dataset *ds, int64_t item) {
    bool mirrored;
    return gt_source_class(ds->source, gt_dataset_stored(ds, item, &mirrored));
}

const char *gt_dataset_name(const gt_dataset *ds, int64_t item, char buffer[GT_ITEM_NAME_BYTES]) {
    bool mirrored;
    return gt_source_name(ds->source, gt_dataset_stored(ds, item, &mirrored), buffer);
}

/* ---- fingerprint ---- */

bool gt_dataset_usual_range(const gt_dataset_info *i) {
    return i->range[0] == gt_sample_low(i->type) && i->range[1] == gt_sample_high(i->type);
}

/* Pictures with alpha have names of channels whether somebody gave them or not. */
static bool usual_colours(const gt_dataset_info *i) {
    int colours = gt_dataset_colours(i);
    return colours == 0 || (colours == i->channels - 1 && gt_dataset_alpha(i));
}

/* What the networks are given of samples and channels. The usual adds nothing: checkpoints hold the number of what they
 * were trained on. */
static void hash_meaning(const gt_dataset_info *info, gt_hasher *h) {
    for (int k = 0; k < 2 && !gt_dataset_usual_range(info); k++) {
        uint64_t word;
        memcpy(&word, &info->range[k], sizeof word);
        word = htole64(word);
        gt_hasher_add(h, &word, sizeof word);
    }
    uint32_t colours = htole32((uint32_t)gt_dataset_colours(info));
    if (!usual_colours(info)) gt_hasher_add(h, &colours, sizeof colours);
}

void gt_dataset_hash_shape(const gt_dataset *ds, gt_hasher *h) {
    gt_source_hash(ds->source, &ds->shape, h);
    if (ds->source->mask) gt_hasher_add(h, "masks", 5);
    hash_meaning(&ds->info, h);
}

/* The pixels of evenly spaced pictures. */
static gt_status hash_pixels(gt_dataset *ds, gt_hasher *h, int64_t most) {
    int64_t all = ds->source->count, looks = all < most ? all : most;
    size_t mask = ds->source->mask ? (size_t)ds->shape.height * (size_t)ds->shape.width : 0;
    char *samples = malloc(ds->info.image_bytes + mask);
    gt_status st = samples ? GT_OK : gt_fail(GT_NOMEM, "out of memory for one image of '%s'", ds->spec);
    for (int64_t k = 0; k < looks && !st; k++) {
        gt_progress();
        bool damaged;
        st = read_samples(ds, k * all / looks, samples, &damaged);
        if (!st && mask) st = gt_dataset_mask_stored(ds, k * all / looks, (uint8_t *)samples + ds->info.image_bytes);
        if (!st) gt_hasher_add(h, samples, ds->info.image_bytes + mask);
        else if (ds->skips && st == GT_FORMAT) st = GT_OK;
    }
    free(samples);
    return st;
}

/* `most`: pictures that may be read for it; 0: as many as needed. */
static gt_status hash_source(gt_dataset *ds, int64_t most, gt_hash128 *out) {
    const gt_source *s = ds->source;
    gt_hasher *h = gt_hasher_new();
    if (!h) return gt_fail(GT_NOMEM, "out of memory for a fingerprint");
    gt_dataset_hash_shape(ds, h);
    gt_status st = s->fingerprint ? s->fingerprint(s, h, most) : hash_pixels(ds, h, most ? most : LOOKS);
    *out = gt_hasher_end(h);
    return st;
}

gt_status gt_dataset_fingerprint(gt_dataset *ds, gt_hash128 *out) { return hash_source(ds, 0, out); }

gt_status gt_dataset_whole_fingerprint(gt_dataset *ds, gt_hash128 *out) {
    return hash_source(ds, ds->source->fingerprint ? 0 : ds->source->count, out);
}

gt_status gt_dataset_quick_fingerprint(gt_dataset *ds, gt_hash128 *out) {
    enum { FEW = 16 };
    return hash_source(ds, FEW, out);
}
