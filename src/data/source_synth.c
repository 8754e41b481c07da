/* SPDX-License-Identifier: Apache-2.0
 * synth:NAME[:key=value,...]: datasets made on the fly, for demonstrations, tests and comparisons. Their geometry is
 * documented in dataset.h. Every number of image i comes from Philox keyed by (seed, set, version, i). */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/source.h"
#include "base/mathfn_inline.h"
#include "gantry/random.h"

enum { IMAGES_MOST = 1 << 24, SIDE_LEAST = 8, SIDE_MOST = 4096, KINDS = 8 };

typedef struct synth synth;

typedef struct synth_set { /* one built-in set */
    const char *name;
    uint32_t version;          /* counts up whenever an image changes; part of the fingerprint */
    uint64_t n, size, classes; /* defaults; classes 0: the key is unknown to the set */
    int channels;
    void (*draw)(const synth *s, uint32_t i, uint8_t *pixels);
    gt_status (*label)(const synth *s, gt_source_info *notes);
} synth_set;

struct synth {
    const synth_set *set;
    uint64_t n, size, classes, seed;
    uint32_t stream;
};

/* Random number `position` of image i, in [low, high). */
static float draw_number(const synth *s, uint32_t i, size_t position, float low, float high) {
    gt_key key = {.seed = s->seed, .stream = s->stream, .step = s->set->version, .sample = i};
    float u = (float)gt_random_below(key, position, 1u << 24) * 0x1p-24f;
    return low + (high - low) * u;
}

static uint8_t to_byte(float x) { return (uint8_t)(x * 255.0f + 0.5f); }

/* ---- circles ---- */

static float radius_of(const synth *s, uint32_t i) {
    float unit = (float)s->size / 28;
    return draw_number(s, i, 0, 0.65f * unit, 10.2f * unit);
}

static void draw_circle(const synth *s, uint32_t i, uint8_t *pixels) {
    enum { RIGHT = 1, UP };
    int size = (int)s->size;
    float unit = (float)size / 28, half_line = 0.46f * unit, middle = 0.5f * (float)size, radius = radius_of(s, i);
    float x0 = middle + draw_number(s, i, RIGHT, 0, 0.65f * unit), y0 = middle - draw_number(s, i, UP, 0, 0.65f * unit);
    for (int y = 0; y < size; y++) {
        float dy = (float)y + 0.5f - y0;
        for (int x = 0; x < size; x++) {
            float dx = (float)x + 0.5f - x0, d = fabsf(sqrtf(dx * dx + dy * dy) - radius);
            float overlap = fminf(d + 0.5f, half_line) - fmaxf(d - 0.5f, -half_line);
            pixels[y * size + x] = to_byte(1 - fmaxf(overlap, 0));
        }
    }
}

static gt_status label_circles(const synth *s, gt_source_info *notes) {
    gt_status st = gt_notes_new_vectors(notes, (int64_t)s->n, 1);
    for (uint64_t i = 0; i < s->n && !st; i++) notes->vectors[i] = (double)radius_of(s, (uint32_t)i);
    return st;
}

/* ---- shapes: signed distances in a frame where a shape reaches to about 1, y down ---- */

typedef struct point {
    float x, y;
} point;

static const point square[] = {{-0.8f, -0.8f}, {0.8f, -0.8f}, {0.8f, 0.8f}, {-0.8f, 0.8f}};
static const point triangle[] = {{0, -1.1f}, {0.95f, 0.55f}, {-0.95f, 0.55f}};
static const point diamond[] = {{0, -1.15f}, {0.65f, 0}, {0, 1.15f}, {-0.65f, 0}};
static const point cross[] = {{-0.28f, -1}, {0.28f, -1}, {0.28f, -0.28f}, {1, -0.28f}, {1, 0.28f},   {0.28f, 0.28f},
                              {0.28f, 1},   {-0.28f, 1}, {-0.28f, 0.28f}, {-1, 0.28f}, {-1, -0.28f}, {-0.28f, -0.28f}};
static const point star[] = {{0, -1.15f},          {0.2645f, -0.364f}, {1.0937f, -0.3554f}, {0.428f, 0.1391f},
                             {0.676f, 0.9304f},    {0, 0.45f},         {-0.676f, 0.9304f},  {-0.428f, 0.1391f},
                             {-1.0937f, -0.3554f}, {-0.2645f, -0.364f}};

static float to_polygon(const point *corner, int corners, point q) {
    float nearest = INFINITY;
    bool inside = false;
    for (int i = 0; i < corners; i++) {
        point a = corner[i], b = corner[(i + 1) % corners], e = {b.x - a.x, b.y - a.y}, w = {q.x - a.x, q.y - a.y};
        float along = fminf(fmaxf((w.x * e.x + w.y * e.y) / (e.x * e.x + e.y * e.y), 0), 1);
        float dx = w.x - along * e.x, dy = w.y - along * e.y;
        nearest = fminf(nearest, dx * dx + dy * dy);
        if ((a.y > q.y) != (b.y > q.y) && w.x < w.y * e.x / e.y)
            inside = !inside; /* the edge crosses the ray to the right */
    }
    return inside ? -sqrtf(nearest) : sqrtf(nearest);
}

static float to_disc(point q) { return sqrtf(q.x * q.x + q.y * q.y) - 0.9f; }

static float to_ring(point q) { return fabsf(sqrtf(q.x * q.x + q.y * q.y) - 0.75f) - 0.22f; }

static float to_half_disc(point q) {
    float y = q.y - 0.45f;
    return fmaxf(sqrtf(q.x * q.x + y * y) - 1.05f, y);
}

static const struct {
    const char *name;
    float (*distance)(point q); /* NULL: a polygon */
    const point *corner;
    int corners;
} kind[KINDS] = {
    {"disc", to_disc, NULL, 0},
    {"ring", to_ring, NULL, 0},
    {"square", NULL, square, sizeof square / sizeof *square},
    {"triangle", NULL, triangle, sizeof triangle / sizeof *triangle},
    {"cross", NULL, cross, sizeof cross / sizeof *cross},
    {"half disc", to_half_disc, NULL, 0},
    {"star", NULL, star, sizeof star / sizeof *star},
    {"diamond", NULL, diamond, sizeof diamond / sizeof *diamond},
};

/* Hue (any number, period 1), saturation and value in 0..1 to RGB in 0..1. */
static void colour(float hue, float saturation, float value, float rgb[3]) {
    for (int c = 0; c < 3; c++) {
        float t = hue + (float)(3 - c) / 3;
        float ramp = fabsf(6 * (t - floorf(t)) - 3) - 1;
        rgb[c] = value * (1 - saturation * (1 - fminf(fmaxf(ramp, 0), 1)));
    }
}

static void draw_shape(const synth *s, uint32_t i, uint8_t *pixels) {
    enum { CENTRE_X, CENTRE_Y, EXTENT, TILT, HUE, SATURATION, VALUE, GROUND_HUE, GROUND_SATURATION, GROUND_VALUE };
    int size = (int)s->size, k = (int)(i % s->classes);
    float side = (float)size;
    float x0 = draw_number(s, i, CENTRE_X, 0.42f, 0.58f) * side, y0 = draw_number(s, i, CENTRE_Y, 0.42f, 0.58f) * side;
    float extent = draw_number(s, i, EXTENT, 0.27f, 0.36f) * side, tilt = draw_number(s, i, TILT, -0.25f, 0.25f);
    float sine = gt_inline_sinf(tilt) / extent, cosine = gt_inline_cosf(tilt) / extent;

    float front[3], ground[3], hue = draw_number(s, i, HUE, 0, 1);
    colour(hue, draw_number(s, i, SATURATION, 0.75f, 1), draw_number(s, i, VALUE, 0.8f, 1), front);
    bool bright = 0.299f * front[0] + 0.587f * front[1] + 0.114f * front[2] > 0.5f; /* then the ground is dark */
    float value = draw_number(s, i, GROUND_VALUE, 0, 0.25f) + (bright ? 0.1f : 0.75f);
    colour(hue + draw_number(s, i, GROUND_HUE, 0.25f, 0.75f), draw_number(s, i, GROUND_SATURATION, 0.2f, 0.5f), value,
           ground);

    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            float dx = (float)x + 0.5f - x0, dy = (float)y + 0.5f - y0;
            point q = {cosine * dx + sine * dy, cosine * dy - sine * dx};
            float d = kind[k].distance ? kind[k].distance(q) : to_polygon(kind[k].corner, kind[k].corners, q);
            float cover = fminf(fmaxf(0.5f - d * extent, 0), 1);
            for (int c = 0; c < 3; c++) *pixels++ = to_byte(ground[c] + cover * (front[c] - ground[c]));
        }
    }
}

static gt_status label_shapes(const synth *s, gt_source_info *notes) {
    gt_status st = gt_notes_new_classes(notes, (int64_t)s->n);
    for (uint64_t i = 0; i < s->n && !st; i++) notes->classes[i] = (int32_t)(i % s->classes);
    for (uint64_t c = 0; c < s->classes && !st; c++)
        st = gt_notes_add_class_name(notes, kind[c].name, strlen(kind[c].name));
    return st;
}

/* ---- the sets and their grammar ---- */

static const synth_set sets[] = {
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

static gt_status find_set(const char *name, size_t length, const synth_set **set) {
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        if (strlen(sets[i].name) == length && !memcmp(sets[i].name, name, length)) {
            *set = &sets[i];
            return GT_OK;
        }
    }
    return gt_fail(GT_USAGE, "no such set; there are synth:circles and synth:shapes");
}

/* One key=value from *text on; moves *text behind it and its comma. */
static gt_status parse_key(synth *s, const char **text) {
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
        if (*end && !end[1]) return gt_fail(GT_USAGE, "a comma without a key=value behind it");
        return GT_OK;
    }
    return gt_fail(GT_USAGE, "'%.*s' is no key of synth:%s; write key=value with n, size, %sseed", (int)length, *text,
                   s->set->name, s->set->classes ? "classes, " : "");
}

static gt_status parse(synth *s, const char *spec) {
    const char *name = strchr(spec, ':') + 1, *colon = strchr(name, ':');
    gt_status st = find_set(name, colon ? (size_t)(colon - name) : strlen(name), &s->set);
    if (st) return st;
    s->n = s->set->n;
    s->size = s->set->size;
    s->classes = s->set->classes;
    s->stream = gt_stream(s->set->name);
    const char *text = colon ? colon + 1 : "";
    if (colon && !*text) return gt_fail(GT_USAGE, "a colon without a key=value behind it");
    while (!st && *text) st = parse_key(s, &text);
    return st;
}

static bool claims(const gt_spec *spec) { return !strncmp(spec->text, "synth:", 6); }

static gt_status draw(const gt_source *source, int64_t i, void *pixels) {
    const synth *s = source->state;
    s->set->draw(s, (uint32_t)i, pixels);
    return GT_OK;
}

static gt_status fingerprint(const gt_source *source, gt_hasher *h, int64_t most) {
    (void)most;
    const synth *s = source->state;
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
    gt_status st = fingerprint(source, h, 0);
    source->stamp = gt_hasher_end(h);
    return st;
}

static gt_status open_synth(gt_source *source, const gt_source_options *options) {
    (void)options;
    synth *s = source->state;
    source->samples = draw;
    source->fingerprint = fingerprint;
    source->format = gt_source_synth.name;
    source->name_digits = 8;
    gt_status st = parse(s, source->spec);
    if (st) return st;
    source->count = (int64_t)s->n;
    source->shape = (gt_picture){
        .height = (int)s->size, .width = (int)s->size, .channels = s->set->channels, .type = GT_U8};
    st = s->set->label(s, &source->info);
    if (!st) st = gt_notes_check(&source->info, source->count, true);
    return st ? st : stamp_set(source);
}

const gt_source_kind gt_source_synth = {
    .name = "synth", .looks = "synth:NAME", .claims = claims, .state_bytes = sizeof(synth), .open = open_synth};
