/* SPDX-License-Identifier: Apache-2.0
 * swd and fwd: distances of sets of pictures that need no network. */
#include <math.h>
#include <string.h>

#include "golden.h"
#include "features/score/distances/transforms.h"
#include "features/score/distances/sliced.h"
#include "features/score/distances/wavelet_distance.h"

static double *doubles_of(gold *f, const float *x, size_t n) {
    double *to = gt_arena_array(f->arena, n, sizeof *to);
    for (size_t i = 0; i < n; i++) to[i] = (double)x[i];
    return to;
}

/* ---- swd ---- */

static int32_t *places(gold *f, const char *path, size_t n) {
    gt_shape shape = {0};
    const float *values = gold_read(f, path, GOLD_PLAIN, &shape);
    int32_t *to = gt_arena_array(f->arena, n, sizeof *to);
    if (values && (size_t)gt_shape_size(&shape) != n) gold_fail(f, "%s: not %zu values", path, n);
    for (size_t i = 0; i < n && !f->failed; i++) to[i] = (int32_t)values[i];
    return to;
}

static gt_patches *patches_of(gold *f, const char *set, int level) {
    gt_shape shape = {0};
    const uint8_t *pictures = gold_pictures(f, set, GOLD_IMAGE, &shape);
    int each = (int)gold_attribute(f, "", "patches_per_image"), c = (int)shape.d[3];
    size_t n = (size_t)(shape.d[0] * each);
    int32_t *x = places(f, gold_path(f, "level%d/x_%s", level, set), n),
            *y = places(f, gold_path(f, "level%d/y_%s", level, set), n);
    if (f->failed) return NULL;
    double mean[3], std[3];
    gt_patches *p = gt_patches_new(gold_team(), shape.d[0], (int)shape.d[1], (int)shape.d[2], c, level, each, 0);
    if (!p || gt_patches_add(p, pictures, shape.d[0], x, y) || gt_patches_finish_all(p, mean, std)) {
        gold_fail(f, "%s: %s", set, gt_message());
        return p;
    }
    const gt_rows *rows = gt_patches_rows(p);
    double *sums = gt_arena_array(f->arena, (size_t)rows->d, sizeof *sums);
    for (int64_t i = 0; i < rows->count * rows->d; i++) sums[i % rows->d] += (double)rows->x[i];
    gold_check_doubles(f, gold_path(f, "level%d/mean_%s", level, set), GOLD_PLAIN, mean, (size_t)c);
    gold_check_doubles(f, gold_path(f, "level%d/std_%s", level, set), GOLD_PLAIN, std, (size_t)c);
    gold_check_doubles(f, gold_path(f, "level%d/desc_%s_first8", level, set), GOLD_PLAIN,
                       doubles_of(f, rows->x, (size_t)(8 * rows->d)), (size_t)(8 * rows->d));
    gold_check_doubles(f, gold_path(f, "level%d/desc_%s_colsum", level, set), GOLD_PLAIN, sums, (size_t)rows->d);
    return p;
}

/* The file's directions [repeats,d,n] as rows. */
static float *directions_of(gold *f, const char *path, int64_t *n) {
    gt_shape shape = {0};
    const float *values = gold_read(f, path, GOLD_PLAIN, &shape);
    if (!values || shape.n != 3) return NULL;
    int64_t d = shape.d[1], each = shape.d[2];
    float *to = gt_arena_array(f->arena, (size_t)gt_shape_size(&shape), sizeof *to);
    *n = shape.d[0] * each;
    for (int64_t i = 0; i < *n; i++)
        for (int64_t k = 0; k < d; k++) to[i * d + k] = values[(i / each * d + k) * each + i % each];
    return to;
}

/* Repeats are of equal size: the mean of their means is the mean. */
static double sliced(gold *f, const gt_patches *a, const gt_patches *b, const float *directions, int64_t n) {
    double *each = gt_arena_array(f->arena, (size_t)n, sizeof *each), sum = 0;
    if (gt_sliced_distance_all(gold_team(), gt_patches_rows(a), gt_patches_rows(b), directions, n, each))
        gold_fail(f, "%s", gt_message());
    for (int64_t i = 0; i < n; i++) sum += each[i];
    return 1000 * sum / (double)n;
}

static double swd_level(gold *f, int level) {
    int64_t n = 0;
    const float *directions = directions_of(f, gold_path(f, "level%d/directions", level), &n);
    gt_patches *a = patches_of(f, "a", level), *b = patches_of(f, "b", level);
    double apart = 0;
    if (!f->failed) {
        double same = sliced(f, a, a, directions, n);
        apart = sliced(f, a, b, directions, n);
        gold_check_doubles(f, gold_path(f, "level%d/swd_x1e3", level), GOLD_PLAIN, &apart, 1);
        gold_check_doubles(f, gold_path(f, "level%d/swd_same_x1e3", level), GOLD_PLAIN, &same, 1);
    }
    gt_patches_free(a);
    gt_patches_free(b);
    return apart;
}

/* The levels of the first picture. */
static void swd_pyramid(gold *f, int levels) {
    gt_shape shape = {0};
    const float *pictures = gold_read(f, "a", GOLD_IMAGE, &shape);
    if (!pictures) return;
    int h = (int)shape.d[1], w = (int)shape.d[2], c = (int)shape.d[3];
    size_t n = (size_t)h * (size_t)w * (size_t)c;
    float *fine = gt_arena_array(f->arena, n, sizeof *fine), *line = gt_arena_array(f->arena, n, sizeof *line);
    memcpy(fine, pictures, n * sizeof *fine);
    for (int l = 0; l < levels; l++, h /= 2, w /= 2) {
        float *coarse = gt_arena_array(f->arena, n, sizeof *coarse);
        n = (size_t)h * (size_t)w * (size_t)c;
        if (l + 1 < levels) {
            gt_pyramid_shrink(fine, h, w, c, line, coarse);
            gt_pyramid_subtract(fine, h, w, c, coarse, line);
        }
        gold_check_doubles(f, gold_path(f, "level%d/pyramid_a0", l), GOLD_CHW, doubles_of(f, fine, n), n);
        fine = coarse;
    }
}

void gold_swd(gold *f) {
    int levels = (int)gold_attribute(f, "", "levels");
    gt_shape shape = {0};
    double sum = 0;
    if (!gold_read(f, "a", GOLD_IMAGE, &shape)) return;
    if (gt_patches_levels((int)shape.d[1], (int)shape.d[2]) != levels) gold_fail(f, "%d levels are other ones", levels);
    swd_pyramid(f, levels);
    for (int l = 0; l < levels && !f->failed; l++) sum += swd_level(f, l);
    sum /= levels;
    if (!f->failed) gold_check_doubles(f, "swd_avg_x1e3", GOLD_PLAIN, &sum, 1);
}

/* ---- fwd ---- */

/* Element (i,j) of the covariance with divisor n - 1. */
static double covariance(const gt_gaussian *g, int64_t i, int64_t j) {
    double n = (double)g->count, sum = 0;
    if (g->covariance) return g->covariance[i * g->d + j] * n / (n - 1);
    for (int64_t k = 0; k < g->count; k++) sum += g->rows[k * g->d + i] * g->rows[k * g->d + j];
    return sum / (n - 1);
}

static void check_nodes(gold *f, const char *name, const char *set, const gt_packets *p) {
    enum { CORNER = 16 };
    int nodes = gt_packets_nodes(p);
    int64_t d = gt_packets_node(p, 0)->d;
    double *mean = gt_arena_array(f->arena, (size_t)(nodes * d), sizeof *mean),
           *trace = gt_arena_array(f->arena, (size_t)nodes, sizeof *trace),
           *norm = gt_arena_array(f->arena, (size_t)nodes, sizeof *norm), corner[CORNER * CORNER];
    for (int node = 0; node < nodes; node++) {
        const gt_gaussian *g = gt_packets_node(p, node);
        memcpy(mean + node * d, g->mean, (size_t)d * sizeof *mean);
        for (int64_t i = 0; i < d; i++) {
            trace[node] += covariance(g, i, i);
            for (int64_t j = 0; j < d; j++) norm[node] += covariance(g, i, j) * covariance(g, i, j);
        }
        norm[node] = sqrt(norm[node]);
    }
    for (int64_t i = 0; i < CORNER; i++)
        for (int64_t j = 0; j < CORNER; j++) corner[i * CORNER + j] = covariance(gt_packets_node(p, 0), i, j);
    gold_check_doubles(f, gold_path(f, "%s/mean_%s", name, set), GOLD_PLAIN, mean, (size_t)(nodes * d));
    gold_check_doubles(f, gold_path(f, "%s/cov_trace_%s", name, set), GOLD_PLAIN, trace, (size_t)nodes);
    gold_check_doubles(f, gold_path(f, "%s/cov_fro_%s", name, set), GOLD_PLAIN, norm, (size_t)nodes);
    gold_check_doubles(f, gold_path(f, "%s/cov0_%s", name, set), GOLD_PLAIN, corner, CORNER * CORNER);
}

static gt_packets *packets_of(gold *f, const char *path, const gt_packets_options *o) {
    gt_shape shape = {0};
    const uint8_t *pictures = gold_pictures(f, path, GOLD_IMAGE, &shape);
    if (!pictures) return NULL;
    gt_packets *p = gt_packets_new(gold_team(), shape.d[0], (int)shape.d[1], (int)shape.d[2], (int)shape.d[3], o);
    if (!p || gt_packets_add(p, pictures, shape.d[0]) || gt_packets_finish(p))
        gold_fail(f, "%s: %s", path, gt_message());
    return p;
}

static void check_first_picture(gold *f, const char *name, const gt_packets_options *o) {
    gt_shape shape = {0}, packets = {0};
    const double *x = gold_read_doubles(f, gold_path(f, "%s/a", name), GOLD_PLAIN, &shape);
    const char *path = gold_path(f, "%s/packets_image0", name);
    if (!x || !gold_read(f, path, GOLD_PLAIN, &packets)) return;
    int c = (int)shape.d[1], h = (int)shape.d[2], w = (int)shape.d[3];
    size_t room = gt_wavelet_spare(o->wavelet, o->level, c, h, w), pixels = (size_t)c * (size_t)h * (size_t)w;
    double *from = gt_arena_array(f->arena, pixels, sizeof *from), *to = gt_arena_array(f->arena, room, sizeof *to);
    for (size_t i = 0; i < pixels; i++) from[i] = x[i] / 255;
    gt_wavelet_packets(o->wavelet, o->level, c, h, w, from, to, gt_arena_array(f->arena, room, sizeof *to));
    gold_check_doubles(f, path, GOLD_PLAIN, to, (size_t)gt_shape_size(&packets));
}

static double distance(gold *f, const gt_packets *a, const gt_packets *b, double *each) {
    double value = 0;
    if (gt_packets_distance_all(a, b, &value, each)) gold_fail(f, "%s", gt_message());
    return value;
}

static void fwd_case(gold *f, const char *name, void *arg) {
    (void)arg;
    hid_t group = H5Gopen2(f->file, name, H5P_DEFAULT);
    const char *wavelet = gold_text_attribute(f, group, "wavelet");
    gt_packets_options o = {.wavelet = gt_wavelet_find(wavelet ? wavelet : ""),
                            .level = (int)gold_attribute(f, name, "level")};
    H5Gclose(group);
    if (!o.wavelet) gold_fail(f, "%s: no such wavelet", name);
    if (f->failed) return;
    gt_packets *a = packets_of(f, gold_path(f, "%s/a", name), &o), *b = packets_of(f, gold_path(f, "%s/b", name), &o);
    const char *log = gold_path(f, "%s/fwd_log", name);
    if (!f->failed) {
        double *each = gt_arena_array(f->arena, (size_t)gt_packets_nodes(a), sizeof *each),
               apart = distance(f, a, b, each), same = distance(f, a, a, NULL);
        check_first_picture(f, name, &o);
        check_nodes(f, name, "a", a);
        check_nodes(f, name, "b", b);
        gold_check_doubles(f, gold_path(f, "%s/frechet_packet", name), GOLD_PLAIN, each, (size_t)gt_packets_nodes(a));
        gold_check_doubles(f, gold_path(f, "%s/fwd", name), GOLD_PLAIN, &apart, 1);
        gold_check_doubles(f, gold_path(f, "%s/fwd_same", name), GOLD_PLAIN, &same, 1);
    }
    gt_packets_free(a);
    gt_packets_free(b);
    if (f->failed || !gold_has(f, log)) return;
    o.log = true;
    a = packets_of(f, gold_path(f, "%s/a", name), &o);
    b = packets_of(f, gold_path(f, "%s/b", name), &o);
    if (!f->failed) {
        double apart = distance(f, a, b, NULL);
        gold_check_doubles(f, log, GOLD_PLAIN, &apart, 1);
    }
    gt_packets_free(a);
    gt_packets_free(b);
}

void gold_fwd(gold *f) { gold_each(f, "", fwd_case, NULL); }
