/* SPDX-License-Identifier: Apache-2.0
 * synth:NAME[:key=value,...]: datasets made on the fly, for demonstrations, tests and comparisons. Their geometry is
 * documented in dataset.h. Every number of image i comes from Philox keyed by (seed, set, version, i). */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/synth.h"
#include "base/door/mathfn_inline.h"

enum { IMAGES_MOST = 1 << 24, SIDE_LEAST = 8, SIDE_MOST = 4096, KINDS = GT_SYNTH_KINDS };

/* ---- circles ---- */

static float radius_of(const gt_synth *s, uint32_t i) {
    float unit = (float)s->size / 28;
    return gt_synth_number(s, i, 0, 0.65f * unit, 10.2f * unit);
}

static void draw_circle(const gt_synth *s, uint32_t i, void *to) {
    uint8_t *pixels = to;
    enum { RIGHT = 1, UP };
    int size = (int)s->size;
    float unit = (float)size / 28, half_line = 0.46f * unit, middle = 0.5f * (float)size, radius = radius_of(s, i);
    float x0 = middle + gt_synth_number(s, i, RIGHT, 0, 0.65f * unit),
          y0 = middle - gt_synth_number(s, i, UP, 0, 0.65f * unit);
    for (int y = 0; y < size; y++) {
        float dy = (float)y + 0.5f - y0;
        for (int x = 0; x < size; x++) {
            float dx = (float)x + 0.5f - x0, d = fabsf(sqrtf(dx * dx + dy * dy) - radius);
            float overlap = fminf(d + 0.5f, half_line) - fmaxf(d - 0.5f, -half_line);
            pixels[y * size + x] = gt_synth_byte(1 - fmaxf(overlap, 0));
        }
    }
}

static gt_status label_circles(const gt_synth *s, gt_source_info *notes) {
    gt_status st = gt_notes_new_vectors(notes, (int64_t)s->n, 1);
    if (!st && !(notes->label_names = strdup("radius"))) st = gt_fail(GT_NOMEM, "out of memory for the label's name");
    for (uint64_t i = 0; i < s->n && !st; i++) notes->vectors[i] = (double)radius_of(s, (uint32_t)i);
    return st;
}

/* ---- shapes ---- */

static void draw_shape(const gt_synth *s, uint32_t i, void *to) {
    uint8_t *pixels = to;
    enum { CENTRE_X, CENTRE_Y, EXTENT, TILT, HUE, SATURATION, VALUE, GROUND_HUE, GROUND_SATURATION, GROUND_VALUE };
    int size = (int)s->size, k = (int)(i % s->classes);
    float side = (float)size;
    float x0 = gt_synth_number(s, i, CENTRE_X, 0.42f, 0.58f) * side,
          y0 = gt_synth_number(s, i, CENTRE_Y, 0.42f, 0.58f) * side;
    float extent = gt_synth_number(s, i, EXTENT, 0.27f, 0.36f) * side,
          tilt = gt_synth_number(s, i, TILT, -0.25f, 0.25f);
    float sine = gt_inline_sinf(tilt) / extent, cosine = gt_inline_cosf(tilt) / extent;

    float front[3], ground[3], hue = gt_synth_number(s, i, HUE, 0, 1);
    gt_synth_colour(hue, gt_synth_number(s, i, SATURATION, 0.75f, 1), gt_synth_number(s, i, VALUE, 0.8f, 1), front);
    bool bright = 0.299f * front[0] + 0.587f * front[1] + 0.114f * front[2] > 0.5f; /* then the ground is dark */
    float value = gt_synth_number(s, i, GROUND_VALUE, 0, 0.25f) + (bright ? 0.1f : 0.75f);
    gt_synth_colour(hue + gt_synth_number(s, i, GROUND_HUE, 0.25f, 0.75f),
                    gt_synth_number(s, i, GROUND_SATURATION, 0.2f, 0.5f), value, ground);

    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            float dx = (float)x + 0.5f - x0, dy = (float)y + 0.5f - y0;
            gt_point q = {cosine * dx + sine * dy, cosine * dy - sine * dx};
            float d = gt_shape_distance(k, q);
            float cover = fminf(fmaxf(0.5f - d * extent, 0), 1);
            for (int c = 0; c < 3; c++) *pixels++ = gt_synth_byte(ground[c] + cover * (front[c] - ground[c]));
        }
    }
}

static gt_status label_shapes(const gt_synth *s, gt_source_info *notes) {
    gt_status st = gt_notes_new_classes(notes, (int64_t)s->n);
    for (uint64_t i = 0; i < s->n && !st; i++) notes->classes[i] = (int32_t)(i % s->classes);
    for (uint64_t c = 0; c < s->classes && !st; c++)
        st = gt_notes_add_class_name(notes, gt_shape_name((int)c), strlen(gt_shape_name((int)c)));
    return st;
}

/* ---- the sets and their grammar ---- */

static const gt_synth_set sets[] = {
    {.name = "circles",
     .version = 2,
     .n = 1000,
     .size = 28,
     .channels = 1,
     .draw = draw_circle,
     .label = label_circles},
    {.name = "shapes",
     .version = 1,
     .n = 4096,
     .size = 32,
     .classes = KINDS,
     .channels = 3,
     .draw = draw_shape,
     .label = label_shapes},
};
static const gt_synth_set *const all_sets[] = {&sets[0], &sets[1], &gt_synth_scenes, &gt_synth_fields};

static gt_status find_set(const char *name, size_t length, const gt_synth_set **set) {
    for (size_t i = 0; i < sizeof all_sets / sizeof *all_sets; i++) {
        if (strlen(all_sets[i]->name) == length && !memcmp(all_sets[i]->name, name, length)) {
            *set = all_sets[i];
            return GT_OK;
        }
    }
    return gt_fail(GT_USAGE, "no such set; there are synth:circles, synth:shapes, synth:scenes and synth:fields");
}

/* One key=value from *text on; moves *text behind it and its comma. */
static gt_status parse_key(gt_synth *s, const char **text) {
    const struct {
        const char *name;
        uint64_t *value, least, most;
    } keys[] = {
        {"n", &s->n, 1, IMAGES_MOST},
        {"size", &s->size, SIDE_LEAST, SIDE_MOST},
        {"seed", &s->seed, 0, UINT64_MAX},
        {"classes", &s->classes, 1, KINDS},
    };
    size_t known = sizeof keys / sizeof *keys - (s->set->classes ? 0 : 1), length = strcspn(*text, "=,");
    for (size_t i = 0; i < known; i++) {
        if (strlen(keys[i].name) != length || memcmp(keys[i].name, *text, length) || (*text)[length] != '=') continue;
        const char *digits = *text + length + 1;
        char *end;
        errno = 0;
        unsigned long long v = strtoull(digits, &end, 10);
        if (!isdigit((unsigned char)*digits) || errno || (*end && *end != ',') || v < keys[i].least || v > keys[i].most)
            return gt_fail(GT_USAGE, "%s must be an integer %llu .. %llu", keys[i].name,
                           (unsigned long long)keys[i].least, (unsigned long long)keys[i].most);
        *keys[i].value = v;
        *text = *end ? end + 1 : end;
        if (*end && !end[1]) return gt_fail(GT_USAGE, "a comma without a key=value after it");
        return GT_OK;
    }
    return gt_fail(GT_USAGE, "'%.*s' is not a key of synth:%s; write key=value with n, size, %sseed", (int)length,
                   *text, s->set->name, s->set->classes ? "classes, " : "");
}

static gt_status parse_spec(gt_synth *s, const char *spec) {
    const char *name = strchr(spec, ':') + 1, *colon = strchr(name, ':');
    gt_status st = find_set(name, colon ? (size_t)(colon - name) : strlen(name), &s->set);
    if (st) return st;
    s->n = s->set->n;
    s->size = s->set->size;
    s->classes = s->set->classes;
    s->stream = gt_stream(s->set->name);
    const char *text = colon ? colon + 1 : "";
    if (colon && !*text) return gt_fail(GT_USAGE, "a colon without a key=value after it");
    while (!st && *text) st = parse_key(s, &text);
    return st;
}

const char *gt_synth_of_path(const char *path) {
    static const char begin[] = "synth:";
    return strncmp(path, begin, sizeof begin - 1) ? NULL : path + sizeof begin - 1;
}

static bool claims_synth(const gt_spec *spec) { return gt_synth_of_path(spec->text) != NULL; }

static gt_status draw_item(const gt_source *source, int64_t i, gt_picture *out) {
    const gt_synth *s = source->state;
    gt_status st = gt_array_room(source, out);
    if (!st) s->set->draw(s, (uint32_t)i, out->samples);
    return st;
}

static gt_status draw_mask(const gt_source *source, int64_t i, gt_picture *out) {
    const gt_synth *s = source->state;
    gt_status st = gt_picture_new(out, (int)s->size, (int)s->size, 1, GT_U8);
    if (!st) s->set->mask(s, (uint32_t)i, out->samples);
    return st;
}

static gt_status synth_fingerprint(const gt_source *source, gt_hasher *h, int64_t most) {
    (void)most;
    const gt_synth *s = source->state;
    char text[160];
    int n = snprintf(text, sizeof text, "synth:%s:n=%llu,size=%llu,classes=%llu,seed=%llu;version=%u", s->set->name,
                     (unsigned long long)s->n, (unsigned long long)s->size, (unsigned long long)s->classes,
                     (unsigned long long)s->seed, s->set->version);
    gt_hasher_add(h, text, (size_t)n);
    return GT_OK;
}

/* The stamp of a set is its name, its keys and its labels. */
static gt_status stamp_set(gt_source *source) {
    gt_hasher *h = gt_hasher_new();
    if (!h) return gt_fail(GT_NOMEM, "out of memory for a fingerprint");
    gt_source_hash(source, &source->shape, h);
    gt_status st = synth_fingerprint(source, h, 0);
    source->stamp = gt_hasher_end(h);
    return st;
}

static gt_status open_synth(gt_source *source, const gt_source_options *options) {
    (void)options;
    gt_synth *s = source->state;
    gt_source_of_arrays(source, gt_source_synth.name, draw_item);
    source->fingerprint = synth_fingerprint;
    source->name_digits = 8;
    gt_status st = parse_spec(s, source->spec);
    if (st) return st;
    source->count = (int64_t)s->n;
    source->shape = (gt_picture){
        .height = (int)s->size, .width = (int)s->size, .channels = s->set->channels, .type = s->set->type};
    if (s->set->begin) st = s->set->begin(s, source->arena);
    if (st) return st;
    st = s->set->label(s, &source->info);
    if (s->set->mask) source->mask = draw_mask;
    if (!st) st = gt_notes_check(&source->info, source->count, true);
    return st ? st : stamp_set(source);
}

const gt_source_kind gt_source_synth = {.name = "synth",
                                        .looks = "synth:NAME",
                                        .claims = claims_synth,
                                        .state_bytes = sizeof(gt_synth),
                                        .open = open_synth};
