/* SPDX-License-Identifier: Apache-2.0
 * Built-in sets: what their files share. A set is a synth_set, and a line in the list of source_synth.c. */
#ifndef GANTRY_DATA_SYNTH_H
#define GANTRY_DATA_SYNTH_H

#include "data/door/source.h"
#include "base/door/random.h"

enum { GT_SYNTH_KINDS = 8 }; /* of shapes */

typedef struct gt_synth gt_synth;

typedef struct gt_synth_set { /* one built-in set */
    const char *name;
    uint32_t version;          /* counts up whenever an image changes; part of the fingerprint */
    uint64_t n, size, classes; /* defaults; classes 0: the key is unknown to the set */
    int channels;
    gt_sample type;
    gt_status (*begin)(gt_synth *s, gt_arena *a); /* checks the keys, and makes s->own and s->scale; NULL: nothing */
    void (*draw)(const gt_synth *s, uint32_t i, void *pixels); /* [size,size,channels] of the type */
    gt_status (*label)(const gt_synth *s, gt_source_info *notes);
    void (*mask)(const gt_synth *s, uint32_t i, uint8_t *classes); /* NULL: there are no masks */
} gt_synth_set;

struct gt_synth {
    const gt_synth_set *set;
    uint64_t n, size, classes, seed;
    uint32_t stream;
    const void *own;                /* what the set has made ready */
    struct gt_channel_scale *scale; /* [channels] of fields; NULL: none */
};

/* Random number `position` of image i, in [low, high). */
static inline float gt_synth_number(const gt_synth *s, uint32_t i, size_t position, float low, float high) {
    gt_key key = {.seed = s->seed, .stream = s->stream, .step = s->set->version, .sample = i};
    float u = (float)gt_random_below(key, position, 1u << 24) * 0x1p-24f;
    return low + (high - low) * u;
}

static inline uint8_t gt_synth_byte(float x) { return (uint8_t)(x * 255.0f + 0.5f); }

/* ---- shapes (synth_shapes.c): signed distances in a frame where a shape reaches to about 1, y down ---- */

typedef struct gt_point {
    float x, y;
} gt_point;

const char *gt_shape_name(int kind);
float gt_shape_distance(int kind, gt_point q); /* negative inside */
/* Hue (any number, period 1), saturation and value in 0..1 to RGB in 0..1. */
void gt_synth_colour(float hue, float saturation, float value, float rgb[3]);

extern const gt_synth_set gt_synth_scenes; /* synth_scenes.c */
extern const gt_synth_set gt_synth_fields; /* synth_fields.c */

#endif
