/* SPDX-License-Identifier: Apache-2.0
 * synth:scenes: shapes on textured ground, with the class of every pixel (dataset.h describes the pictures). */
#include <math.h>
#include <string.h>

#include "base/door/mathfn_inline.h"
#include "data/synth.h"

enum { TRIES = 16, WAVES = 3, SHAPES = 4 };
/* places of random numbers: of the scene, of its ground, of shape k, of the tries to place shape k */
enum { COUNT, GROUND = 8, SHAPE = 64, PER_SHAPE = 16, PLACE = 256, PER_PLACE = 64 };
enum { KIND, EXTENT, TILT, HUE, SATURATION, VALUE, SHADE };

static const float furthest = 1.2f; /* no point of a shape is further from its centre, in extents */

typedef struct placed { /* a shape of a scene */
    int kind;
    float x, y, extent, sine, cosine; /* of the tilt, over the extent */
} placed;

typedef struct scene {
    int n;
    placed shape[SHAPES];
} scene;

static bool fits(const scene *c, float x, float y, float extent) {
    for (int k = 0; k < c->n; k++) {
        float dx = x - c->shape[k].x, dy = y - c->shape[k].y, apart = furthest * (extent + c->shape[k].extent);
        if (dx * dx + dy * dy < apart * apart) return false;
    }
    return true;
}

/* A shape for which no place is found is left out; the first one always has a place. */
static void place_shape(const gt_synth *s, uint32_t i, int k, scene *c) {
    size_t at = SHAPE + (size_t)k * PER_SHAPE, tries = PLACE + (size_t)k * PER_PLACE;
    float side = (float)s->size, extent = gt_synth_number(s, i, at + EXTENT, 0.14f, 0.24f) * side,
          tilt = gt_synth_number(s, i, at + TILT, -0.25f, 0.25f), edge = furthest * extent;
    for (size_t t = 0; t < TRIES; t++) {
        float x = gt_synth_number(s, i, tries + 2 * t, edge, side - edge),
              y = gt_synth_number(s, i, tries + 2 * t + 1, edge, side - edge);
        if (!fits(c, x, y, extent)) continue;
        c->shape[c->n++] = (placed){.kind = (int)gt_synth_number(s, i, at + KIND, 0, (float)s->classes),
                                    .x = x,
                                    .y = y,
                                    .extent = extent,
                                    .sine = gt_inline_sinf(tilt) / extent,
                                    .cosine = gt_inline_cosf(tilt) / extent};
        return;
    }
}

static scene scene_of(const gt_synth *s, uint32_t i) {
    scene c = {0};
    int wanted = 1 + (int)gt_synth_number(s, i, COUNT, 0, SHAPES);
    for (int k = 0; k < wanted; k++) place_shape(s, i, k, &c);
    return c;
}

/* In pixels, from the middle of a pixel to the edge of a shape. */
static float distance(const placed *p, int x, int y) {
    float dx = (float)x + 0.5f - p->x, dy = (float)y + 0.5f - p->y, reach = furthest * p->extent + 1;
    if (dx * dx + dy * dy > reach * reach) return reach;
    gt_point q = {p->cosine * dx + p->sine * dy, p->cosine * dy - p->sine * dx};
    return gt_shape_distance(p->kind, q) * p->extent;
}

/* Waves in three directions between two colours. */
static void draw_ground(const gt_synth *s, uint32_t i, float hue, uint8_t *pixels) {
    int size = (int)s->size;
    float low[3], high[3], wave[WAVES][3];
    for (int k = 0; k < WAVES; k++) { /* along x, along y, phase: 2 to 12 waves over the picture */
        float turn = gt_synth_number(s, i, GROUND + 8 + 3 * (size_t)k, 0, 6.2831853f),
              waves = gt_synth_number(s, i, GROUND + 9 + 3 * (size_t)k, 12.57f, 75.4f) / (float)size;
        wave[k][0] = waves * gt_inline_cosf(turn);
        wave[k][1] = waves * gt_inline_sinf(turn);
        wave[k][2] = gt_synth_number(s, i, GROUND + 10 + 3 * (size_t)k, 0, 6.2831853f);
    }
    gt_synth_colour(hue, gt_synth_number(s, i, GROUND, 0.1f, 0.5f), gt_synth_number(s, i, GROUND + 1, 0.2f, 0.5f), low);
    gt_synth_colour(hue + gt_synth_number(s, i, GROUND + 2, -0.1f, 0.1f), gt_synth_number(s, i, GROUND + 3, 0.1f, 0.5f),
                    gt_synth_number(s, i, GROUND + 4, 0.5f, 0.8f), high);
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++) {
            float part = 0.5f;
            for (int k = 0; k < WAVES; k++)
                part += gt_inline_sinf(wave[k][0] * (float)x + wave[k][1] * (float)y + wave[k][2]) / (2 * WAVES);
            for (int c = 0; c < 3; c++) *pixels++ = gt_synth_byte(low[c] + part * (high[c] - low[c]));
        }
}

static void draw_scene(const gt_synth *s, uint32_t i, void *picture) {
    uint8_t *pixels = picture;
    int size = (int)s->size;
    scene c = scene_of(s, i);
    float hue = gt_synth_number(s, i, GROUND + 5, 0, 1);
    draw_ground(s, i, hue, pixels);
    for (int k = 0; k < c.n; k++) {
        size_t at = SHAPE + (size_t)k * PER_SHAPE;
        float front[3];
        gt_synth_colour(hue + gt_synth_number(s, i, at + HUE, 0.2f, 0.8f),
                        gt_synth_number(s, i, at + SATURATION, 0.6f, 1), gt_synth_number(s, i, at + VALUE, 0.7f, 1),
                        front);
        uint8_t *to = pixels;
        for (int y = 0; y < size; y++)
            for (int x = 0; x < size; x++, to += 3) {
                float cover = fminf(fmaxf(0.5f - distance(&c.shape[k], x, y), 0), 1);
                for (int b = 0; b < 3 && cover > 0; b++) {
                    float ground = (float)to[b] / 255;
                    to[b] = gt_synth_byte(ground + cover * (front[b] - ground));
                }
            }
    }
}

static void draw_mask(const gt_synth *s, uint32_t i, uint8_t *classes) {
    int size = (int)s->size;
    scene c = scene_of(s, i);
    memset(classes, 0, (size_t)size * (size_t)size);
    for (int k = 0; k < c.n; k++)
        for (int at = 0; at < size * size; at++)
            if (distance(&c.shape[k], at % size, at / size) < 0) classes[at] = (uint8_t)(1 + c.shape[k].kind);
}

/* Pictures have no class; pixels have. */
static gt_status label_scenes(const gt_synth *s, gt_source_info *notes) {
    gt_status st = gt_masks_add_name(notes, "ground");
    for (uint64_t c = 0; c < s->classes && !st; c++) st = gt_masks_add_name(notes, gt_shape_name((int)c));
    return st;
}

const gt_synth_set gt_synth_scenes = {.name = "scenes",
                                      .version = 1,
                                      .n = 4096,
                                      .size = 64,
                                      .classes = GT_SYNTH_KINDS,
                                      .channels = 3,
                                      .draw = draw_scene,
                                      .label = label_scenes,
                                      .mask = draw_mask};
