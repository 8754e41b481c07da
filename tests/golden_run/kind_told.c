/* SPDX-License-Identifier: Apache-2.0
 * augment: pictures augmented with recorded draws, and the numbers that the network sees. */
#include "kind_told.h"

#include <string.h>

/* Whole numbers are drawn as a uniform number times their count; the middle of the interval stands for each. */
static void draw_recorded(const gt_augment_source *s, const gt_augment_draw *one, float *values) {
    const gold_told_case *c = s->own;
    static const char *const whole[] = {"xflip_value", "yflip_value", "lumaflip_value", "rotate_int_value"};
    gt_shape shape;
    const float *recorded = gold_read(c->f, gold_path(c->f, "%s/%s", c->draws, one->name), GOLD_PLAIN, &shape);
    for (int i = 0; i < one->n; i++) values[i] = recorded ? recorded[i * c->n + one->sample] : 0;
    for (int i = 0; i < 4; i++)
        if (!strcmp(one->name, whole[i])) *values = (*values + 0.5f) / (i == 3 ? 4 : 2);
}

void gold_told_read(gold_told_case *c, gold *f, json_t *settings, const char *draws, const gt_shape *images) {
    *c = (gold_told_case){.f = f, .draws = draws, .n = (int)images->d[0]};
    c->pipe.p = (float)gold_number(settings, "p", 1);
    for (int k = 0; k < GT_TOLD_KINDS; k++) c->pipe.multiplier[k] = (float)gold_number(settings, gt_told_names[k], 0);
    c->config = gt_told_config(&c->pipe, 0);
    c->source = (gt_augment_source){.draw = draw_recorded, .own = c};
    if (c->n > GOLD_TOLD_MAX) gold_fail(f, "%s: too many pictures", draws);
    for (int i = 0; i < c->n && i < GOLD_TOLD_MAX; i++) c->told[i] = gt_told_draw(&c->pipe, &c->source, i, images);
}

void gold_told_check_numbers(const gold_told_case *c, const char *path) {
    int each = gt_told_numbers(&c->pipe);
    float *all = gt_arena_array(c->f->arena, (size_t)(each * c->n), sizeof *all);
    for (int i = 0; i < c->n; i++) memcpy(all + i * each, c->told[i].numbers, (size_t)each * sizeof *all);
    gold_check(c->f, path, GOLD_PLAIN, all, (size_t)(each * c->n), 0);
}

float *gold_told_moved(const gold_told_case *c, const float *images, const gt_shape *s) {
    size_t each = (size_t)(s->d[1] * s->d[2] * s->d[3]);
    float *moved = gt_arena_array(c->f->arena, each * (size_t)c->n, sizeof *moved);
    for (int i = 0; moved && i < c->n; i++)
        gt_told_move(&c->told[i], images + (size_t)i * each, s->d[1], s->d[2], s->d[3], moved + (size_t)i * each);
    return moved;
}

void gold_told_write(const gold_told_case *c, gt_exec *e, const gt_shape *shape) {
    for (int i = 0; i < c->n; i++) gt_augment_put(&c->config, e, "aug", &c->told[i].params, i, *shape);
}

/* ---- a case ---- */

/* The adjoint of gold_told_moved. */
static float *moved_back(const gold_told_case *c, const float *gradient, const gt_shape *s) {
    int64_t h = s->d[1], w = s->d[2], channels = s->d[3];
    float *sum = gt_arena_array(c->f->arena, (size_t)gt_shape_size(s), sizeof *sum);
    for (int64_t i = 0; sum && i < gt_shape_size(s) / channels; i++) {
        int64_t x = i % w, y = i / w % h, n = i / (w * h);
        gt_told_source(&c->told[n], h, w, &y, &x);
        for (int64_t k = 0; k < channels; k++) sum[((n * h + y) * w + x) * channels + k] += gradient[i * channels + k];
    }
    return sum;
}

static void run_case(gold *f, const char *name, json_t *settings) {
    static gold_told_case c;
    const char *in = gold_path(f, "in/%s", gold_text(settings, "input", "img")),
               *gradient = gold_path(f, "%s/grad/img", name);
    gt_shape shape, v_shape;
    const float *images = gold_read(f, in, GOLD_IMAGE, &shape), *v = gold_read(f, "in/v", GOLD_IMAGE, &v_shape);
    if (!images || !v) return;
    gold_told_read(&c, f, settings, gold_path(f, "%s/in/draws", name), &shape);
    gold_told_check_numbers(&c, gold_path(f, "%s/out/labels", name));
    gt_graph *g = gt_graph_new(name, gt_kernel_set_best());
    gt_node *x = gt_input(g, "x", shape), *y = gt_augment(g, &c.config, "aug", x), *dy = gt_input(g, "v", shape), *dx;
    gt_output(g, "y", y);
    gt_grad(g, 1, &y, &dy, 1, &x, &dx);
    gt_output(g, "dx", dx);
    gt_exec *e = gt_exec_new(g, NULL);
    float *moved = gold_told_moved(&c, images, &shape);
    size_t n = (size_t)gt_shape_size(&shape);
    if (e && moved) {
        float *to = gt_exec_input(e, "x"), *to_v = gt_exec_input(e, "v");
        if (to) memcpy(to, moved, n * sizeof *to);
        /* Of grey pictures the first channel of v. */
        for (size_t i = 0; to_v && i < n; i++) to_v[i] = v[i * (size_t)(v_shape.d[3] / shape.d[3])];
        gold_told_write(&c, e, &shape);
        if (gt_exec_run(e, NULL)) gold_fail(f, "%s: %s", name, gt_message());
        gold_check(f, gold_path(f, "%s/out/img", name), GOLD_IMAGE, gt_exec_output(e, "y"), n, 0);
        if (gold_has(f, gradient))
            gold_check(f, gradient, GOLD_IMAGE, moved_back(&c, gt_exec_output(e, "dx"), &shape), n, 0);
    } else gold_fail(f, "%s: %s", name, gt_message());
    gt_exec_free(e);
    gt_graph_free(g);
}

void gold_told(gold *f) {
    const char *name;
    json_t *settings;
    f->limits[0] = f->limits[1] = 3e-5;
    json_object_foreach(gold_get(f->config, "cases"), name, settings) run_case(f, name, settings);
}
