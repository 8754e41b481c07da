/* SPDX-License-Identifier: Apache-2.0
 * Augmentation: presets, the parameters drawn for a sample, and the part of the graph with its first and second
 * derivatives. Values of whole pipelines are held against recorded ones by the golden tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernels.h"
#include "augment_draws.h"
#include "linear_op.h"

static gt_augment_config preset(const char *name) {
    static const char *const names[] = {GT_AUGPIPES(GT_NAME)};
    for (int i = 0; i <= GT_AUGPIPE_BGCFNC; i++)
        if (!strcmp(name, names[i])) return gt_augment_preset((gt_augpipe)i);
    fail_msg("%s", name);
    return gt_augment_off();
}

static gt_augment_params draw(const gt_augment_config *c, const gt_augment_source *s, int sample, float p,
                              gt_shape shape) {
    return gt_augment_parameters(c, s, sample, p, &shape);
}

static const gt_shape images = {4, {8, 32, 24, 3}};

static void presets_say_which(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int kinds;
    } list[] = {{"blit", 3}, {"geom", 4}, {"color", 5}, {"filter", 1}, {"noise", 1},  {"cutout", 1},
                {"bg", 7},   {"bgc", 12}, {"bgcf", 13}, {"bgcfn", 14}, {"bgcfnc", 15}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        gt_augment_config c = preset(list[i].name);
        int kinds = 0;
        for (int k = 0; k < GT_AUGMENT_KINDS; k++) kinds += c.multiplier[k] == 1;
        assert_int_equal(kinds, list[i].kinds);
        assert_true(gt_augment_any(&c));
    }
    gt_augment_config c = gt_augment_off();
    assert_false(gt_augment_any(&c));
    assert_true(preset("geom").strength[GT_AUGMENT_SCALE] == 0.2f);
}

/* With p = 0 no gate opens: every transform is the identity. */
static void nothing_happens_without_p(void **state) {
    (void)state;
    gt_augment_config c = preset("bgcfnc");
    gt_augment_source s = gt_augment_random(1, "aug/test", 5, 0);
    for (int i = 0; i < 20; i++) {
        gt_augment_params a = draw(&c, &s, i, 0, images);
        for (int j = 0; j < 6; j++) assert_true(a.matrix[j / 3][j % 3] == (j % 4 == 0));
        for (int j = 0; j < 12; j++) assert_true(fabsf(a.color[j / 4][j % 4] - (j % 5 == 0)) < 1e-6f);
        for (int j = 0; j < GT_AUGMENT_TAPS; j++) assert_true(fabsf(a.taps[j] - (j == GT_AUGMENT_TAPS / 2)) < 1e-6f);
        assert_true(a.sigma == 0 && a.cutout == 0);
    }
}

/* A sample's numbers depend neither on the slice it is in nor on which other transforms are on; they do on all of the
 * key. */
static void samples_stand_alone(void **state) {
    (void)state;
    gt_augment_config all = preset("bgcfnc"), geom = preset("geom"), bg = preset("bg");
    gt_augment_source whole = gt_augment_random(3, "aug/test", 7, 0), part = gt_augment_random(3, "aug/test", 7, 4);
    gt_augment_source others[] = {gt_augment_random(4, "aug/test", 7, 0), gt_augment_random(3, "aug/tess", 7, 0),
                                  gt_augment_random(3, "aug/test", 8, 0), gt_augment_random(3, "aug/test", 7, 1)};
    for (int i = 0; i < 4; i++) {
        gt_augment_params a = draw(&all, &whole, 4 + i, 0.9f, images), b = draw(&all, &part, i, 0.9f, images);
        assert_memory_equal(&a, &b, sizeof a);
        a = draw(&all, &whole, i, 1, images);
        b = draw(&bg, &whole, i, 1, images);
        assert_memory_equal(a.matrix, b.matrix, sizeof a.matrix);
        b = draw(&geom, &whole, i, 1, images);
        assert_memory_not_equal(a.matrix, b.matrix, sizeof a.matrix);
        for (int k = 0; k < 4; k++) {
            b = draw(&all, &others[k], i, 1, images);
            assert_memory_not_equal(a.matrix, b.matrix, sizeof a.matrix);
        }
    }
}

static double determinant(const gt_augment_params *a) {
    return (double)a->matrix[0][0] * (double)a->matrix[1][1] - (double)a->matrix[0][1] * (double)a->matrix[1][0];
}

/* How often gates open and how values spread, over 4000 samples: within four standard deviations of what is written. */
static void draws_are_distributed_as_written(void **state) {
    (void)state;
    enum { N = 4000 };
    gt_augment_config c = gt_augment_off(), rotate = gt_augment_off();
    c.multiplier[GT_AUGMENT_XFLIP] = c.multiplier[GT_AUGMENT_SCALE] = c.multiplier[GT_AUGMENT_NOISE] =
        c.multiplier[GT_AUGMENT_CUTOUT] = 1;
    rotate.multiplier[GT_AUGMENT_ROTATE] = 1;
    gt_augment_source s = gt_augment_random(11, "aug/test", 0, 0);
    double flips = 0, noisy = 0, cut = 0, turned = 0, squares = 0, centre = 0, sigma = 0;
    float p = 0.6f;
    for (int i = 0; i < N; i++) {
        gt_augment_params a = draw(&c, &s, i, p, images), r = draw(&rotate, &s, i, p, images);
        double scale = log2(fabs(determinant(&a))) / -2; /* log2 of s */
        flips += determinant(&a) < 0;
        squares += scale * scale;
        noisy += a.sigma > 0;
        sigma += (double)a.sigma;
        cut += a.cutout > 0;
        centre += (double)a.centre[0];
        turned += r.matrix[0][0] != 1;
        assert_true(fabs(determinant(&r) - 1) < 1e-5);
    }
    double bernoulli = 4 * sqrt(0.25 / N);
    assert_true(fabs(flips / N - 0.3) < bernoulli);
    assert_true(fabs(noisy / N - 0.6) < bernoulli);
    assert_true(fabs(cut / N - 0.6) < bernoulli);
    assert_true(fabs(turned / N - 0.6) < bernoulli); /* either rotation */
    assert_true(fabs(squares / N - 0.6 * 0.04) < 4 * 0.04 * sqrt((0.6 * 3 - 0.36) / N));
    assert_true(fabs(sigma / N - 0.6 * 0.1 * sqrt(2 / M_PI)) < 4 * 0.1 * sqrt(0.6 / N));
    assert_true(fabs(centre / N - 0.5) < 4 * sqrt(1 / 12.0 / N));
}

/* Whole pixels stay whole; a hue turns colours about grey and keeps grey; bands keep the power they are meant to keep.
 */
static void parameters_mean_what_they_say(void **state) {
    (void)state;
    gt_augment_config shift = gt_augment_off(), hue = gt_augment_off();
    shift.multiplier[GT_AUGMENT_XINT] = 1;
    hue.multiplier[GT_AUGMENT_HUE] = hue.multiplier[GT_AUGMENT_SATURATION] = 1;
    gt_augment_source s = gt_augment_random(2, "aug/test", 0, 0);
    for (int i = 0; i < 50; i++) {
        gt_augment_params a = draw(&shift, &s, i, 1, images), h = draw(&hue, &s, i, 1, images);
        assert_true(a.matrix[0][2] == rintf(a.matrix[0][2]) && fabsf(a.matrix[0][2]) <= 3); /* 24 / 8 */
        assert_true(a.matrix[1][2] == rintf(a.matrix[1][2]) && fabsf(a.matrix[1][2]) <= 4); /* 32 / 8 */
        for (int j = 0; j < 3; j++) assert_true(fabsf(h.color[j][0] + h.color[j][1] + h.color[j][2] - 1) < 1e-5f);
    }
    gt_augment_config c = preset("bgcfnc");
    gt_augment_source q = percentile_draws(&(float){0.75f});
    gt_augment_params a = draw(&c, &q, 0, 1, images);
    assert_true(fabsf(a.sigma - 0.1f * 0.8134199f) < 1e-6f); /* erfinv(0.75) */
    assert_true(a.cutout == 0.5f && a.centre[0] == 0.75f && a.centre[1] == 0.75f);
}

static void draw_recorded(const gt_augment_source *s, const gt_augment_draw *d, float *values) {
    const float *const *draws = s->own;
    memcpy(values, draws[d->call] + d->sample * d->n, sizeof(float) * (size_t)d->n);
}

/* Draws come in the reference's call order. */
static void recorded_draws(void **state) {
    (void)state;
    gt_augment_config c = gt_augment_off();
    c.multiplier[GT_AUGMENT_XFLIP] = c.multiplier[GT_AUGMENT_XFRAC] = c.multiplier[GT_AUGMENT_CUTOUT] = 1;
    static const float flip[2] = {0.9f, 0.9f}, flip_gate[2] = {0.1f, 0.6f}, frac[4] = {1, 2, -1, 0},
                       frac_gate[2] = {0.6f, 0.1f}, cut_gate[2] = {0, 1}, centre[4] = {0.25f, 0.5f, 0.75f, 1};
    const float *draws[] = {flip, flip_gate, frac, frac_gate, cut_gate, centre};
    gt_augment_source s = {.draw = draw_recorded, .own = draws};
    gt_augment_params a = draw(&c, &s, 0, 0.5f, images), b = draw(&c, &s, 1, 0.5f, images);
    assert_true(a.matrix[0][0] == -1 && a.matrix[0][2] == 0 && a.cutout == 0.5f && a.centre[1] == 0.5f);
    assert_true(b.matrix[0][0] == 1 && b.matrix[0][2] == 3 && b.matrix[1][2] == 0 && b.cutout == 0 &&
                b.centre[0] == 0.75f);
}

/* ---- the graph ---- */

typedef struct pipe {
    gt_graph *g;
    gt_exec *e;
    gt_pool *pool;
    gt_shape shape;
    size_t n;
} pipe;

/* Outputs: y = augment(x); dx = A* v; and, of f(x) = sum of (A* (A x)^2)^2, its derivative in x ("second"). */
static pipe pipe_new(const gt_augment_config *c, gt_shape shape, int threads) {
    pipe p = {.g = gt_graph_new("augment", asked_kernels()),
              .pool = gt_pool_new(threads),
              .shape = shape,
              .n = (size_t)gt_shape_size(&shape)};
    gt_node *x = gt_input(p.g, "x", shape), *v = gt_input(p.g, "v", shape), *y = gt_augment(p.g, c, "aug/test", x), *dx,
            *inner, *second;
    assert_ok(gt_graph_status(p.g));
    assert_ok(gt_grad(p.g, 1, &y, &v, 1, &x, &dx));
    gt_node *s = gt_square(p.g, y);
    assert_ok(gt_grad(p.g, 1, &s, NULL, 1, &x, &inner));
    gt_node *f = gt_sum(p.g, gt_square(p.g, inner), GT_ALL_AXES);
    assert_ok(gt_grad(p.g, 1, &f, NULL, 1, &x, &second));
    assert_ok(gt_output(p.g, "y", y));
    assert_ok(gt_output(p.g, "dx", dx));
    assert_ok(gt_output(p.g, "f", f));
    assert_ok(gt_output(p.g, "second", second));
    p.e = exec_or_fail(p.g, p.pool);
    return p;
}

static void pipe_run(pipe *p, const gt_augment_config *c, const float *x, const float *v, uint32_t sample0) {
    gt_augment_source s = gt_augment_random(9, "aug/test", 1, sample0);
    memcpy(gt_exec_input(p->e, "x"), x, sizeof(float) * p->n);
    memcpy(gt_exec_input(p->e, "v"), v, sizeof(float) * p->n);
    assert_ok(gt_exec_prepare(p->e, NULL));
    gt_augment_fill(c, p->e, "aug/test", &s, 1, p->shape);
    assert_ok(gt_exec_run(p->e, &(gt_exec_env){.seed = 9, .step = 1, .sample0 = sample0}));
}

static float *result(pipe *p, const char *name, size_t n) {
    float *copy = malloc(sizeof(float) * n);
    assert_non_null(copy);
    memcpy(copy, gt_exec_output(p->e, name), sizeof(float) * n);
    return copy;
}

static void pipe_free(pipe *p) {
    gt_exec_free(p->e);
    gt_graph_free(p->g);
    gt_pool_free(p->pool);
}

/* y is affine in x: y(x) - y(0) against dx. f is a quartic: its derivative against central differences along a
 * direction. */
static void check_derivatives(const gt_augment_config *c, gt_shape shape) {
    pipe p = pipe_new(c, shape, 1);
    size_t n = p.n;
    float *x = normal_values("x", n), *v = normal_values("v", n), *d = normal_values("d", n),
          *moved = calloc(n, sizeof *moved);
    assert_non_null(moved);
    pipe_run(&p, c, moved, v, 0);
    float *y0 = result(&p, "y", n);
    pipe_run(&p, c, x, v, 0);
    float *y = result(&p, "y", n), *dx = result(&p, "dx", n), *second = result(&p, "second", n);
    double along = dot(y, v, n) - dot(y0, v, n);
    assert_true(fabs(along - dot(x, dx, n)) < 2e-6 * sqrt(dot(y, y, n) * dot(v, v, n)));
    double value[2];
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < n; i++) moved[i] = x[i] + (k ? -0.01f : 0.01f) * d[i];
        pipe_run(&p, c, moved, v, 0);
        value[k] = (double)gt_exec_output(p.e, "f")[0];
    }
    double slope = (value[0] - value[1]) / 0.02, want = dot(second, d, n);
    if (!(fabs(slope - want) < 5e-3 * sqrt(dot(second, second, n) * dot(d, d, n))))
        fail_msg("second derivative: %g along the direction, differences say %g", want, slope);
    float *all[] = {x, v, d, moved, y0, y, dx, second};
    for (int i = 0; i < 8; i++) free(all[i]);
    pipe_free(&p);
}

static void derivatives(void **state) {
    (void)state;
    static const char *const names[] = {"bg", "color", "filter", "noise", "cutout", "bgcfnc"};
    for (int i = 0; i < 6; i++) {
        gt_augment_config c = preset(names[i]);
        check_derivatives(&c, GT_SHAPE(2, 8, 12, 3)); /* smaller than the filter reaches: mirrored again */
        check_derivatives(&c, GT_SHAPE(1, 16, 4, 1));
    }
}

/* The same images through one slice of four, through two of two, and with three threads: the same bits. */
static void slices_and_threads_change_no_bit(void **state) {
    (void)state;
    gt_augment_config c = preset("bgcfnc");
    pipe one = pipe_new(&c, GT_SHAPE(4, 8, 8, 3), 1), two = pipe_new(&c, GT_SHAPE(2, 8, 8, 3), 1),
         three = pipe_new(&c, GT_SHAPE(4, 8, 8, 3), 3);
    float *x = normal_values("x", one.n), *v = normal_values("v", one.n);
    pipe_run(&one, &c, x, v, 0);
    pipe_run(&three, &c, x, v, 0);
    static const char *const names[] = {"y", "dx", "second"};
    for (int k = 0; k < 3; k++)
        assert_memory_equal(gt_exec_output(one.e, names[k]), gt_exec_output(three.e, names[k]), sizeof(float) * one.n);
    for (int half = 0; half < 2; half++) {
        size_t at = (size_t)half * two.n;
        pipe_run(&two, &c, x + at, v + at, (uint32_t)(2 * half));
        for (int k = 0; k < 3; k++)
            assert_memory_equal(gt_exec_output(one.e, names[k]) + at, gt_exec_output(two.e, names[k]),
                                sizeof(float) * two.n);
    }
    free(x);
    free(v);
    pipe_free(&one);
    pipe_free(&two);
    pipe_free(&three);
}

/* Colour transforms of five channels whose first three are RGB: those as alone, the others as they were; without colour
 * they go. */
static void colour_acts_on_colours(void **state) {
    (void)state;
    gt_augment_config c = preset("color"), many = c;
    many.colours = 3;
    pipe rgb = pipe_new(&c, GT_SHAPE(2, 4, 4, 3), 1), five = pipe_new(&many, GT_SHAPE(2, 4, 4, 5), 1);
    float *x = normal_values("x", five.n), *three = malloc(sizeof(float) * rgb.n);
    assert_non_null(three);
    for (size_t i = 0; i < rgb.n; i++) three[i] = x[i / 3 * 5 + i % 3];
    pipe_run(&five, &many, x, x, 0);
    pipe_run(&rgb, &c, three, three, 0);
    const float *y = gt_exec_output(five.e, "y"), *want = gt_exec_output(rgb.e, "y");
    for (size_t i = 0; i < five.n; i++)
        assert_true(fabsf(y[i] - (i % 5 < 3 ? want[i / 5 * 3 + i % 5] : x[i])) <
                    1e-5f); /* sums of 5 instead of 3 terms */
    free(x);
    free(three);
    pipe_free(&rgb);
    pipe_free(&five);

    static const struct {
        int colours, channels, left;
    } cases[] = {{0, 1, 12}, {0, 3, 12}, {0, 2, 7}, {0, 5, 7}, {3, 4, 12}, {1, 2, 12}, {-1, 3, 7}, {3, 2, 7}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int left = 0;
        c = preset("bgc");
        c.colours = cases[i].colours;
        assert_int_equal(gt_augment_drop_colour(&c, cases[i].channels), cases[i].left == 7);
        for (int k = 0; k < GT_AUGMENT_KINDS; k++) left += c.multiplier[k] > 0;
        assert_int_equal(left, cases[i].left);
    }
}

static void faults_are_named(void **state) {
    (void)state;
    gt_augment_config c = preset("bgc");
    gt_graph *g = gt_graph_new("faults", asked_kernels());
    assert_null(gt_augment(g, &c, "aug/test", gt_input(g, "x", GT_SHAPE(2, 8, 8, 4))));
    assert_int_equal(gt_graph_status(g), GT_USAGE);
    assert_non_null(strstr(gt_message(), "1 or 3 channels"));
    gt_graph_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_say_which),
        cmocka_unit_test(nothing_happens_without_p),
        cmocka_unit_test(samples_stand_alone),
        cmocka_unit_test(draws_are_distributed_as_written),
        cmocka_unit_test(parameters_mean_what_they_say),
        cmocka_unit_test(recorded_draws),
        cmocka_unit_test(derivatives),
        cmocka_unit_test(slices_and_threads_change_no_bit),
        cmocka_unit_test(colour_acts_on_colours),
        cmocka_unit_test(faults_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
