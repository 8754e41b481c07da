/* SPDX-License-Identifier: Apache-2.0
 * The shapes of synth:shapes and synth:scenes, as signed distances. */
#include <math.h>

#include "data/synth.h"

static const gt_point square[] = {{-0.8f, -0.8f}, {0.8f, -0.8f}, {0.8f, 0.8f}, {-0.8f, 0.8f}};
static const gt_point triangle[] = {{0, -1.1f}, {0.95f, 0.55f}, {-0.95f, 0.55f}};
static const gt_point diamond[] = {{0, -1.15f}, {0.65f, 0}, {0, 1.15f}, {-0.65f, 0}};
static const gt_point cross[] = {{-0.28f, -1},    {0.28f, -1},    {0.28f, -0.28f}, {1, -0.28f},
                                 {1, 0.28f},      {0.28f, 0.28f}, {0.28f, 1},      {-0.28f, 1},
                                 {-0.28f, 0.28f}, {-1, 0.28f},    {-1, -0.28f},    {-0.28f, -0.28f}};
static const gt_point star[] = {{0, -1.15f},          {0.2645f, -0.364f}, {1.0937f, -0.3554f}, {0.428f, 0.1391f},
                                {0.676f, 0.9304f},    {0, 0.45f},         {-0.676f, 0.9304f},  {-0.428f, 0.1391f},
                                {-1.0937f, -0.3554f}, {-0.2645f, -0.364f}};

static float to_polygon(const gt_point *corner, int corners, gt_point q) {
    float nearest = INFINITY;
    bool inside = false;
    for (int i = 0; i < corners; i++) {
        gt_point a = corner[i], b = corner[(i + 1) % corners], e = {b.x - a.x, b.y - a.y}, w = {q.x - a.x, q.y - a.y};
        float along = fminf(fmaxf((w.x * e.x + w.y * e.y) / (e.x * e.x + e.y * e.y), 0), 1);
        float dx = w.x - along * e.x, dy = w.y - along * e.y;
        nearest = fminf(nearest, dx * dx + dy * dy);
        if ((a.y > q.y) != (b.y > q.y) && w.x < w.y * e.x / e.y)
            inside = !inside; /* the edge crosses the ray to the right */
    }
    return inside ? -sqrtf(nearest) : sqrtf(nearest);
}

static float to_disc(gt_point q) { return sqrtf(q.x * q.x + q.y * q.y) - 0.9f; }

static float to_ring(gt_point q) { return fabsf(sqrtf(q.x * q.x + q.y * q.y) - 0.75f) - 0.22f; }

static float to_half_disc(gt_point q) {
    float y = q.y - 0.45f;
    return fmaxf(sqrtf(q.x * q.x + y * y) - 1.05f, y);
}

static const struct {
    const char *name;
    float (*distance)(gt_point q); /* NULL: a polygon */
    const gt_point *corner;
    int corners;
} kind[GT_SYNTH_KINDS] = {
    {"disc", to_disc, NULL, 0},
    {"ring", to_ring, NULL, 0},
    {"square", NULL, square, sizeof square / sizeof *square},
    {"triangle", NULL, triangle, sizeof triangle / sizeof *triangle},
    {"cross", NULL, cross, sizeof cross / sizeof *cross},
    {"half disc", to_half_disc, NULL, 0},
    {"star", NULL, star, sizeof star / sizeof *star},
    {"diamond", NULL, diamond, sizeof diamond / sizeof *diamond},
};

const char *gt_shape_name(int k) { return kind[k].name; }

float gt_shape_distance(int k, gt_point q) {
    return kind[k].distance ? kind[k].distance(q) : to_polygon(kind[k].corner, kind[k].corners, q);
}

void gt_synth_colour(float hue, float saturation, float value, float rgb[3]) {
    for (int c = 0; c < 3; c++) {
        float t = hue + (float)(3 - c) / 3;
        float ramp = fabsf(6 * (t - floorf(t)) - 3) - 1;
        rgb[c] = value * (1 - saturation * (1 - fminf(fmaxf(ramp, 0), 1)));
    }
}
