/* SPDX-License-Identifier: Apache-2.0
 * StyleGAN2: published names and shapes, image sizes, Freeze-D, and the training phases of the model - their gradients
 * against differences, what is written into them, what comes out. Values are held against the reference by the golden
 * program. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"
#include "base/door/memory.h"
#include "networks/model/door/family.h"
#include "networks/model/door/model.h"
#include "gantry/pool.h"
#include "features/stylegan2/stylegan2.h"
#include "kernels/door/conv.h"
#include "features/stylegan2/loss.h"

/* ---- names and shapes ---- */

static void expect_tensors(gt_net *n, const char *const *expected, int count) {
    if (!n) fail_msg("%s", gt_message());
    for (int i = 0; i < n->n_tensors && i < count; i++) {
        char line[256], shape[96];
        const gt_tensor *t = &n->tensors[i];
        snprintf(line, sizeof line, "%s %s%s", t->name, gt_shape_text(&t->file_shape, shape),
                 t->trainable ? "" : " buffer");
        assert_string_equal(line, expected[i]);
    }
    assert_int_equal(n->n_tensors, count);
    gt_net_free(n);
}

static gt_generator_config small_generator(int height, int width) {
    gt_generator_config c = {gt_mapping_defaults(), gt_synthesis_defaults()};
    c.mapping.z_dim = 6;
    c.mapping.c_dim = 3;
    c.mapping.num_layers = 2;
    c.synthesis.w_dim = 10;
    c.synthesis.height = height;
    c.synthesis.width = width;
    c.synthesis.channel_base = 40;
    c.synthesis.channel_max = 7;
    return c;
}

static gt_discriminator_config small_discriminator(int height, int width) {
    gt_discriminator_config c = gt_discriminator_defaults();
    c.c_dim = 3;
    c.height = height;
    c.width = width;
    c.channel_base = 40;
    c.channel_max = 7;
    c.mapping.num_layers = 2;
    return c;
}

static void generator_has_the_published_tensors(void **state) {
    (void)state;
    static const char *const skip[] = {
        "synthesis.b4.const 7x4x4",
        "synthesis.b4.resample_filter 4x4 buffer",
        "synthesis.b4.conv1.weight 7x7x3x3",
        "synthesis.b4.conv1.noise_strength scalar",
        "synthesis.b4.conv1.bias 7",
        "synthesis.b4.conv1.resample_filter 4x4 buffer",
        "synthesis.b4.conv1.noise_const 4x4 buffer",
        "synthesis.b4.conv1.affine.weight 7x10",
        "synthesis.b4.conv1.affine.bias 7",
        "synthesis.b4.torgb.weight 3x7x1x1",
        "synthesis.b4.torgb.bias 3",
        "synthesis.b4.torgb.affine.weight 7x10",
        "synthesis.b4.torgb.affine.bias 7",
        "synthesis.b8.resample_filter 4x4 buffer",
        "synthesis.b8.conv0.weight 5x7x3x3",
        "synthesis.b8.conv0.noise_strength scalar",
        "synthesis.b8.conv0.bias 5",
        "synthesis.b8.conv0.resample_filter 4x4 buffer",
        "synthesis.b8.conv0.noise_const 8x8 buffer",
        "synthesis.b8.conv0.affine.weight 7x10",
        "synthesis.b8.conv0.affine.bias 7",
        "synthesis.b8.conv1.weight 5x5x3x3",
        "synthesis.b8.conv1.noise_strength scalar",
        "synthesis.b8.conv1.bias 5",
        "synthesis.b8.conv1.resample_filter 4x4 buffer",
        "synthesis.b8.conv1.noise_const 8x8 buffer",
        "synthesis.b8.conv1.affine.weight 5x10",
        "synthesis.b8.conv1.affine.bias 5",
        "synthesis.b8.torgb.weight 3x5x1x1",
        "synthesis.b8.torgb.bias 3",
        "synthesis.b8.torgb.affine.weight 5x10",
        "synthesis.b8.torgb.affine.bias 5",
        "mapping.w_avg 10 buffer",
        "mapping.embed.weight 10x3",
        "mapping.embed.bias 10",
        "mapping.fc0.weight 10x16",
        "mapping.fc0.bias 10",
        "mapping.fc1.weight 10x10",
        "mapping.fc1.bias 10",
    };
    gt_generator_config c = small_generator(8, 8);
    expect_tensors(gt_generator_net("G", &c), skip, sizeof skip / sizeof *skip);

    c.synthesis.architecture = GT_ARCH_RESNET;
    gt_net *n = gt_generator_net("G", &c);
    assert_null(gt_net_find(n, "synthesis.b4.torgb.weight"));
    assert_non_null(gt_net_find(n, "synthesis.b8.torgb.weight"));
    assert_non_null(gt_net_find(n, "synthesis.b8.skip.weight"));
    assert_null(gt_net_find(n, "synthesis.b8.skip.bias"));
    gt_net_free(n);
}

static void discriminator_has_the_published_tensors(void **state) {
    (void)state;
    static const char *const resnet[] = {
        "b8.resample_filter 4x4 buffer",
        "b8.fromrgb.weight 5x3x1x1",
        "b8.fromrgb.bias 5",
        "b8.fromrgb.resample_filter 4x4 buffer",
        "b8.conv0.weight 5x5x3x3",
        "b8.conv0.bias 5",
        "b8.conv0.resample_filter 4x4 buffer",
        "b8.conv1.weight 7x5x3x3",
        "b8.conv1.bias 7",
        "b8.conv1.resample_filter 4x4 buffer",
        "b8.skip.weight 7x5x1x1",
        "b8.skip.resample_filter 4x4 buffer",
        "mapping.embed.weight 7x3",
        "mapping.embed.bias 7",
        "mapping.fc0.weight 7x7",
        "mapping.fc0.bias 7",
        "mapping.fc1.weight 7x7",
        "mapping.fc1.bias 7",
        "b4.conv.weight 7x8x3x3",
        "b4.conv.bias 7",
        "b4.conv.resample_filter 4x4 buffer",
        "b4.fc.weight 7x112",
        "b4.fc.bias 7",
        "b4.out.weight 7x7",
        "b4.out.bias 7",
    };
    gt_discriminator_config c = small_discriminator(8, 8);
    expect_tensors(gt_discriminator_net("D", &c), resnet, sizeof resnet / sizeof *resnet);
}

static void frozen_layers_are_buffers_counted_from_the_image(void **state) {
    (void)state;
    static const char *const order[] = {"b16.fromrgb", "b16.conv0", "b16.conv1", "b16.skip",
                                        "b8.conv0",    "b8.conv1",  "b8.skip",   "b4.conv"};
    gt_discriminator_config c = small_discriminator(16, 16);
    for (c.freeze_layers = 0; c.freeze_layers <= 8; c.freeze_layers++) {
        gt_net *n = gt_discriminator_net("D", &c);
        for (int i = 0; i < 8; i++) {
            char name[64];
            snprintf(name, sizeof name, "%s.weight", order[i]);
            /* the epilogue never freezes */
            assert_int_equal(gt_net_find(n, name)->trainable, i >= c.freeze_layers || i == 7);
        }
        gt_net_free(n);
    }
}

static void images_need_not_be_square(void **state) {
    (void)state;
    static const struct {
        int height, width, num_ws, first_height, first_width;
    } sizes[] = {{28, 28, 6, 7, 7}, {16, 32, 8, 2, 4}, {24, 16, 6, 6, 4}, {1024, 1024, 18, 4, 4}, {48, 64, 10, 3, 4}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        gt_synthesis_config c = gt_synthesis_defaults();
        c.height = sizes[i].height, c.width = sizes[i].width, c.channel_max = 2;
        assert_int_equal(gt_synthesis_num_ws(&c), sizes[i].num_ws);
        gt_net *n = gt_net_new("G");
        assert_int_equal(gt_synthesis_declare(n, "", &c), GT_OK);
        assert_true(gt_shape_equal(&gt_net_find(n, "b4.const")->file_shape,
                                   &GT_SHAPE(2, sizes[i].first_height, sizes[i].first_width)));
        gt_net_free(n);
    }
    gt_synthesis_config c = gt_synthesis_defaults();
    c.height = 30, c.width = 32;
    gt_net *n = gt_net_new("G");
    assert_int_equal(gt_synthesis_declare(n, "", &c), GT_USAGE);
    assert_non_null(strstr(gt_message(), "is 32 x 32"));
    c.height = c.width = 4;
    assert_int_equal(gt_synthesis_declare(n, "", &c), GT_USAGE);
    c.height = c.width = 32, c.channel_base = 16;
    assert_int_equal(gt_synthesis_declare(n, "", &c), GT_USAGE);
    gt_net_free(n);
}

/* ---- phases ---- */

enum { SLICE = 2, HEIGHT = 8, WIDTH = 16, ITEMS = 10 };

typedef struct training {
    gt_job job; /* first: the family's `make` is given its address */
    gt_stylegan2_options options;
    gt_generator_config generator;
    gt_discriminator_config discriminator;
} training;

static training small_training(void) {
    training t = {.generator = small_generator(HEIGHT, WIDTH),
                  .discriminator = small_discriminator(HEIGHT, WIDTH),
                  .options = {.gamma = 10, .pl_weight = 2, .style_mixing = 0.9},
                  .job = {.batch = SLICE,
                          .slices = 1,
                          .seed = 3,
                          .lrate = 0.002,
                          .z_dim = 6,
                          .label_dim = 3,
                          .height = HEIGHT,
                          .width = WIDTH,
                          .channels = 1,
                          .optimizer = "",
                          .gan.g_optimizer = "",
                          .gan.d_optimizer = ""}};
    t.generator.synthesis.channels = t.discriminator.channels = 1;
    t.discriminator.mbstd_group_size = 2;
    /* so that differences of its parameters are seen */
    t.generator.mapping.lr_multiplier = t.discriminator.mapping.lr_multiplier = 1;
    return t;
}

static void label_of(void *arg, int64_t item, float *label) {
    (void)arg;
    for (int i = 0; i < 3; i++) label[i] = (float)(item % 3 == i);
}

static gt_status make(gt_model *m, const gt_job *job) {
    const training *t = (const training *)job;
    gt_status st = gt_stylegan2_make(m, job, &t->generator, &t->discriminator);
    gt_stylegan2 *own = m->own;
    own->augment = gt_augment_off();
    own->augment.multiplier[GT_AUGMENT_ROTATE] = own->augment.multiplier[GT_AUGMENT_CONTRAST] = 1;
    return st;
}

static const gt_family family = {.name = "stylegan2", .make = make};

/* The model reads t. */
static gt_model *new_model(training *t) {
    t->job.own = &t->options;
    gt_model *m = gt_family_make(&family, &t->job);
    if (!m) fail_msg("%s", gt_message());
    gt_model_init(m);
    return m;
}

typedef struct bench { /* a model and one phase of it, ready to run */
    gt_model *m;
    gt_phase *p;
    gt_graph *g;
    gt_exec *e;
    float *grads;
    gt_slice_input slice;
} bench;

static gt_slice_input slice_of(uint32_t sample0) {
    static float images[SLICE * HEIGHT * WIDTH];
    static const float labels[SLICE * 3] = {0, 1, 0, 1, 0, 0};
    for (int i = 0; i < SLICE * HEIGHT * WIDTH; i++) images[i] = sinf(0.37f * (float)i);
    return (gt_slice_input){.n = SLICE,
                            .seed = 11,
                            .step = 5,
                            .sample0 = sample0,
                            .images = images,
                            .labels = labels,
                            .augment_p = 0.7f,
                            .label_of = label_of,
                            .items = ITEMS};
}

static bench open_phase_on(gt_pool *pool, gt_model *m, const char *name) {
    bench b = {.m = m, .slice = slice_of(4)};
    for (int i = 0; i < m->n_phases; i++)
        if (!strcmp(m->phases[i].name, name)) b.p = &m->phases[i];
    assert_non_null(b.p);
    b.g = b.p->build(b.p, SLICE);
    b.e = b.g ? gt_exec_new(b.g, &(gt_exec_options){.pool = pool}) : NULL;
    if (!b.e) fail_msg("%s", gt_message());
    b.grads = gt_block_alloc(m->nets[b.p->net]->block_floats * sizeof(float), "gradients");
    for (int i = 0; i < m->n_nets; i++) gt_exec_bind(b.e, i, m->blocks[i]);
    gt_exec_bind(b.e, GT_SLOT_GRAD, b.grads);
    return b;
}

static bench open_phase(gt_model *m, const char *name) { return open_phase_on(NULL, m, name); }

static void close_phase(bench *b) {
    gt_exec_free(b->e);
    gt_graph_free(b->g);
    gt_block_free(b->grads, b->m->nets[b->p->net]->block_floats * sizeof(float));
}

static void run(bench *b) {
    gt_exec_env env = {.seed = b->slice.seed, .step = b->slice.step, .sample0 = b->slice.sample0};
    assert_int_equal(b->p->prepare(b->p, b->e), GT_OK);
    assert_int_equal(gt_exec_prepare(b->e, &env), GT_OK);
    assert_int_equal(b->p->fill(b->p, b->e, &b->slice), GT_OK);
    assert_int_equal(gt_exec_run(b->e, &env), GT_OK);
}

static double mean_of(bench *b, const char *output, int n) {
    run(b);
    const float *values = gt_exec_output(b->e, output);
    double sum = 0;
    for (int i = 0; i < n; i++) sum += values[i];
    return sum / n;
}

/* Along the gradient the loss changes by interval^-1 |gradient|: holds for all parameters of the phase at once, in
 * first and second order. */
static void gradients_agree_with_differences(void **state) {
    (void)state;
    static const struct {
        const char *phase, *loss;
        int samples;
        double step;
    } cases[] = {{"G_main", "Loss/G/loss", SLICE, 2e-3},
                 {"G_reg", "Loss/G/reg", SLICE / 2, 2e-3},
                 {"D_main", "Loss/D/loss", SLICE, 2e-3},
                 {"D_reg", "Loss/D/reg", SLICE, 2e-3}};
    training c = small_training();
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        gt_model *m = new_model(&c);
        bench b = open_phase(m, cases[k].phase);
        run(&b);
        size_t n = m->nets[b.p->net]->trainable_floats;
        float *block = m->blocks[b.p->net], *start = malloc(n * sizeof(float)), *slope = malloc(n * sizeof(float));
        memcpy(start, block, n * sizeof(float));
        memcpy(slope, b.grads, n * sizeof(float));
        double norm = 0;
        for (size_t i = 0; i < n; i++) norm += (double)slope[i] * slope[i];
        norm = sqrt(norm);
        assert_true(isfinite(norm) && norm > 0);
        double loss[2];
        for (int side = 0; side < 2; side++) {
            for (size_t i = 0; i < n; i++)
                block[i] = start[i] + (float)((side ? 1 : -1) * cases[k].step / norm * slope[i]);
            loss[side] = mean_of(&b, cases[k].loss, cases[k].samples);
        }
        double difference = b.p->interval * (loss[1] - loss[0]) / (2 * cases[k].step);
        if (!(fabs(difference - norm) <= 0.02 * norm))
            fail_msg("%s: %g by differences, %g by the graph", cases[k].phase, difference, norm);
        free(start);
        free(slope);
        close_phase(&b);
        gt_model_free(m);
    }
}

static void a_run_repeats_bit_for_bit_on_any_number_of_threads(void **state) {
    (void)state;
    training c = small_training();
    gt_model *m[2] = {new_model(&c), new_model(&c)};
    gt_pool *pool = gt_pool_new(3);
    for (int i = 0; i < m[0]->n_phases; i++) {
        bench a = open_phase(m[0], m[0]->phases[i].name), b = open_phase_on(pool, m[1], m[0]->phases[i].name);
        run(&a);
        run(&b);
        run(&b);
        const gt_net *net = m[0]->nets[a.p->net];
        assert_memory_equal(a.grads, b.grads, net->trainable_floats * sizeof(float));
        close_phase(&a);
        close_phase(&b);
    }
    gt_pool_free(pool);
    gt_model_free(m[0]);
    gt_model_free(m[1]);
}

/* The k-th slice of a batch: like slice_of(), with images of its own. */
static gt_slice_input slice_number(int k) {
    enum { PIXELS = SLICE * HEIGHT * WIDTH };
    static float images[PIXELS];
    gt_slice_input s = slice_of((uint32_t)(k * SLICE));
    for (int i = 0; i < PIXELS; i++) images[i] = sinf(0.37f * (float)(i + k * PIXELS));
    s.images = images;
    return s;
}

/* Gradients, states and statistics of each of `slices` run one by one: gradients summed by the tree, the others one
 * after the other. */
static void check_at_once(gt_model *m, const char *name, int slices, gt_pool *pool) {
    bench one = open_phase(m, name), all = open_phase_on(pool, m, name);
    gt_exec_free(all.e);
    all.e = gt_exec_new(all.g, &(gt_exec_options){.pool = pool, .slices = slices});
    if (!all.e) fail_msg("%s", gt_message());
    for (int i = 0; i < m->n_nets; i++) gt_exec_bind(all.e, i, m->blocks[i]);
    gt_exec_bind(all.e, GT_SLOT_GRAD, all.grads);
    gt_exec_env env = {.seed = all.slice.seed, .step = all.slice.step, .slice_samples = SLICE};
    assert_int_equal(all.p->prepare(all.p, all.e), GT_OK);
    assert_int_equal(gt_exec_prepare(all.e, &env), GT_OK);
    for (int k = 0; k < slices; k++) {
        gt_slice_input s = slice_number(k);
        gt_exec_at(all.e, k);
        assert_int_equal(all.p->fill(all.p, all.e, &s), GT_OK);
    }
    assert_int_equal(gt_exec_run(all.e, &env), GT_OK);

    size_t n = m->nets[one.p->net]->trainable_floats;
    float *sums = calloc((size_t)slices * n, sizeof *sums);
    for (int k = 0; k < slices; k++) {
        one.slice = slice_number(k);
        run(&one);
        memcpy(sums + (size_t)k * n, one.grads, n * sizeof *sums);
        gt_exec_at(all.e, k);
        for (int i = 0; i < one.p->n_stats + one.p->n_states; i++) {
            const char *output = i < one.p->n_stats ? one.p->stats[i].output : one.p->states[i - one.p->n_stats].output;
            size_t size = gt_exec_output_size(one.e, output);
            assert_int_equal(gt_exec_output_size(all.e, output), size);
            if (memcmp(gt_exec_output(one.e, output), gt_exec_output(all.e, output), size * sizeof(float)))
                fail_msg("%s: %s of slice %d of %d", name, output, k, slices);
        }
    }
    for (int width = 1; width < slices; width *= 2)
        for (int left = 0; left + width < slices; left += 2 * width)
            for (size_t i = 0; i < n; i++) sums[(size_t)left * n + i] += sums[(size_t)(left + width) * n + i];
    for (int i = 0; i < m->nets[one.p->net]->n_tensors; i++) {
        const gt_tensor *t = &m->nets[one.p->net]->tensors[i];
        if (t->trainable && memcmp(sums + t->offset, all.grads + t->offset, t->size * sizeof *sums))
            fail_msg("%s: gradient of %s over %d slices", name, t->name, slices);
    }
    free(sums);
    close_phase(&one);
    close_phase(&all);
}

static void several_slices_at_once_change_no_bit(void **state) {
    (void)state;
    training c = small_training();
    gt_model *m = new_model(&c);
    for (int i = 0; i < GT_AUGMENT_KINDS; i++) ((gt_stylegan2 *)m->own)->augment.multiplier[i] = 1;
    /* or biases and noise strengths were zero */
    for (size_t i = 0; i < m->nets[0]->block_floats; i++) m->blocks[0][i] += 0.01f * sinf((float)i);
    gt_pool *pool = gt_pool_new(2);
    for (int i = 0; i < m->n_phases; i++)
        for (int slices = 2; slices <= 5; slices++) {
            /* one sample's results do not depend on how many there are: of both */
            m->kernels = gt_kernel_set_with_conv(m->kernels, slices % 2 ? "winograd" : "direct");
            check_at_once(m, m->phases[i].name, slices, slices == 5 ? pool : NULL);
        }
    gt_pool_free(pool);
    gt_model_free(m);
}

/* Labels belong to samples, the mixing cut to the batch; neither knows how the batch is cut. */
static void inputs_are_drawn_by_sample_and_batch(void **state) {
    (void)state;
    training c = small_training();
    c.options.style_mixing = 1;
    gt_model *m = new_model(&c);
    bench b = open_phase(m, "G_main");
    float labels[3][SLICE * 3];
    const uint32_t first[3] = {4, 5, 4};
    for (int k = 0; k < 3; k++) {
        b.slice = slice_of(first[k]);
        run(&b);
        assert_int_equal(b.p->fill(b.p, b.e, &b.slice), GT_OK);
        memcpy(labels[k], gt_exec_input(b.e, "gen_c"), sizeof labels[k]);
        for (int i = 0; i < SLICE; i++)
            assert_true(labels[k][3 * i] + labels[k][3 * i + 1] + labels[k][3 * i + 2] == 1);
    }
    assert_memory_equal(labels[0], labels[2], sizeof labels[0]);
    assert_memory_equal(labels[0] + 3, labels[1], 3 * sizeof(float)); /* sample 5 in both */

    int num_ws = gt_synthesis_num_ws(&c.generator.synthesis), seen[32] = {0};
    for (uint32_t step = 0; step < 200; step++) {
        float mask[2][32];
        for (uint32_t k = 0; k < 2; k++) {
            b.slice = slice_of(k * SLICE);
            b.slice.step = step;
            assert_int_equal(b.p->fill(b.p, b.e, &b.slice), GT_OK);
            memcpy(mask[k], gt_exec_input(b.e, "mix_mask"), (size_t)num_ws * sizeof(float));
        }
        assert_memory_equal(mask[0], mask[1], (size_t)num_ws * sizeof(float)); /* of both slices of the batch */
        int cut = 0;
        while (cut < num_ws && mask[0][cut] == 0) cut++;
        for (int i = cut; i < num_ws; i++) assert_true(mask[0][i] == 1);
        seen[cut]++;
    }
    for (int cut = 0; cut <= num_ws; cut++) assert_int_equal(seen[cut] > 0, cut >= 1 && cut < num_ws);
    close_phase(&b);
    gt_model_free(m);
}

static void states_are_renewed(void **state) {
    (void)state;
    training c = small_training();
    gt_model *m = new_model(&c);
    static const struct {
        const char *phase;
        int states;
    } expected[] = {{"G_main", 1}, {"G_reg", 2}, {"D_main", 1}, {"D_reg", 0}};
    for (size_t k = 0; k < 4; k++) {
        bench b = open_phase(m, expected[k].phase);
        assert_int_equal(b.p->n_states, expected[k].states);
        run(&b);
        for (int i = 0; i < b.p->n_states; i++) {
            const gt_state *s = &b.p->states[i];
            const float *value = gt_exec_output(b.e, s->output);
            /* both start at zero and are put there by the loop */
            assert_true(value[0] != 0 && isfinite(value[0]) && s->place[0] == 0);
        }
        for (int i = 0; i < b.p->n_stats; i++) assert_non_null(gt_exec_output(b.e, b.p->stats[i].output));
        close_phase(&b);
    }
    assert_string_equal(m->scalars[0].name, "pl_mean");
    gt_model_free(m);
}

static void expect_rates(const gt_model *m, double lr) {
    static const double interval[] = {4, 16};
    for (int net = 0; net < 2; net++) {
        double part = interval[net] / (interval[net] + 1);
        gt_optimizer_settings s = m->learning[net].settings;
        assert_true(fabs(s.lr - part * lr) < 1e-12 && s.beta1 == 0 && fabs(s.beta2 - pow(0.99, part)) < 1e-12);
    }
}

/* What regularisation without weight leaves is the rate: lazy regularisation slows the optimisers whether there is a
 * gradient or not (docs/mathematics/stylegan2-ada.md#lazy-regularisation). */
static void phases_without_weight_are_left_out(void **state) {
    (void)state;
    training c = small_training();
    gt_model *whole = new_model(&c);
    expect_rates(whole, c.job.lrate);
    gt_model_free(whole);
    c.options.pl_weight = c.options.gamma = 0;
    gt_model *m = new_model(&c);
    assert_int_equal(m->n_phases, 2);
    assert_string_equal(m->phases[0].name, "G_main");
    assert_string_equal(m->phases[1].name, "D_main");
    expect_rates(m, c.job.lrate);
    gt_model_free(m);
    c.generator.synthesis.height = 9;
    assert_null(gt_family_make(&family, &c.job));
    assert_true(strlen(gt_message()) > 0);
}

static void generator_makes_images(void **state) {
    (void)state;
    enum { PIXELS = HEIGHT * WIDTH };
    training c = small_training();
    gt_model *m = new_model(&c);
    float image[2][3 * PIXELS];
    for (int truncated = 0; truncated < 2; truncated++) {
        gt_graph *g = gt_model_build(
            m, GT_ROLE_GENERATOR,
            &(gt_request){
                .n = 3, .noise_mode = GT_NOISE_CONST, .truncation = truncated ? 0 : 1, .truncation_cutoff = -1});
        gt_exec *e = gt_exec_new(g, NULL);
        gt_exec_bind(e, 0, m->ema_block);
        float *z = gt_exec_input(e, "z"), *labels = gt_exec_input(e, "c");
        for (int i = 0; z && i < 18; i++) z[i] = cosf((float)i);
        for (int i = 0; labels && i < 3; i++) label_of(NULL, i, labels + 3 * i);
        gt_exec_env env = {0};
        assert_int_equal(gt_exec_prepare(e, &env), GT_OK);
        assert_int_equal(gt_exec_run(e, &env), GT_OK);
        memcpy(image[truncated], gt_exec_output(e, "image"), sizeof image[truncated]);
        gt_exec_free(e);
        gt_graph_free(g);
    }
    assert_memory_not_equal(image[0], image[0] + PIXELS, PIXELS * sizeof(float));
    for (int i = 0; i < 2 * PIXELS; i++) /* psi 0: the average for every latent */
        if (!(fabsf(image[1][i] - image[1][i + PIXELS]) <= 1e-5f)) fail_msg("pixel %d differs", i);
    gt_model_free(m);
}

static void sizes_that_fit(void **state) {
    (void)state;
    static const struct {
        int height, width;
        const char *nearest; /* width x height; NULL: fits */
    } cases[] = {{32, 32, NULL},
                 {28, 28, NULL},
                 {8, 4, NULL},
                 {7, 7, "too small"},
                 {4, 4, "too small"},
                 {1 << 18, 1 << 18, "too large"},
                 {1024, 1024, NULL},
                 {96, 160, NULL},
                 {24, 32, NULL},
                 {30, 30, "is 32 x 32"},
                 {29, 29, "is 28 x 28"},
                 {33, 33, "is 32 x 32"},
                 {32, 20, "is 24 x 32"},
                 {100, 100, "is 96 x 96"},
                 {250, 256, "is 256 x 256"},
                 {3, 3, "8 to"},
                 {1, 1024, "x"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gt_status st = gt_family_stylegan2.check_size(cases[i].height, cases[i].width, 3);
        assert_int_equal(st, cases[i].nearest ? GT_USAGE : GT_OK);
        if (st && !strstr(gt_message(), cases[i].nearest)) fail_msg("%s", gt_message());
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generator_has_the_published_tensors),
        cmocka_unit_test(discriminator_has_the_published_tensors),
        cmocka_unit_test(frozen_layers_are_buffers_counted_from_the_image),
        cmocka_unit_test(images_need_not_be_square),
        cmocka_unit_test(sizes_that_fit),
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(a_run_repeats_bit_for_bit_on_any_number_of_threads),
        cmocka_unit_test(several_slices_at_once_change_no_bit),
        cmocka_unit_test(inputs_are_drawn_by_sample_and_batch),
        cmocka_unit_test(states_are_renewed),
        cmocka_unit_test(phases_without_weight_are_left_out),
        cmocka_unit_test(generator_makes_images),
    };
    return cmocka_run_group_tests_name("stylegan2", tests, NULL, NULL);
}
