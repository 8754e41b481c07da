/* SPDX-License-Identifier: Apache-2.0
 * DCGAN: tensors, sizes of images, batch normalisation, latents, gradients of both phases with every trick against
 * differences, which labels count. Values are held against PyTorch by the golden program. */
#include "kernels.h"
#include "check_op.h"

#include "base/door/memory.h"
#include "data/door/sampler.h"
#include "networks/model/door/family.h"
#include "networks/nets/door/norm.h"
#include "features/dcgan/loss.h"

/* ---- networks ---- */

enum { SLICE = 4, SIZE = 16, CLASSES = 3, ITEMS = 50, BATCH = 8 };

typedef struct small { /* a job and the family's options in it */
    gt_job job;
    gt_dcgan_options own;
} small;

static small small_training(void) {
    return (small){
        .job = {.height = SIZE,
                .width = SIZE,
                .channels = 3,
                .z_dim = 6,
                .gan.cbase = 64,
                .gan.cmax = 12,
                .bn = GT_BN_SLICE,
                .gan.aug = GT_AUG_NO,
                .test_data = "",
                .seed = 3,
                .batch = BATCH,
                .slices = BATCH / SLICE,
                .lrate = 2e-4,
                .optimizer = "",
                .gan.g_optimizer = "",
                .gan.d_optimizer = ""},
        .own = {.latent = GT_LATENT_IS_NORMAL,
                .d_batches = GT_D_BATCHES_SEPARATE,
                .smoothing = GT_SMOOTHING_NONE,
                .d_lrate = 2e-4,
                .g_activation = "lrelu",
                .labelled = 1},
    };
}

/* The job of s, which must live as long. */
static gt_job *job_of(small *s) {
    s->job.own = &s->own;
    return &s->job;
}

static void expect_tensors(gt_net *n, const char *const *expected, int count) {
    if (!n) fail_msg("%s", gt_message());
    assert_int_equal(n->n_tensors, count);
    for (int i = 0; i < count; i++) {
        char line[256], shape[96];
        const gt_tensor *t = &n->tensors[i];
        snprintf(line, sizeof line, "%s %s%s", t->name, gt_shape_text(&t->file_shape, shape),
                 t->trainable ? "" : " buffer");
        assert_string_equal(line, expected[i]);
    }
    gt_net_free(n);
}

static void networks_have_the_tensors_of_pytorch(void **state) {
    (void)state;
    static const char *const g[] = {"embed.weight 7x50",
                                    "b4.conv.weight 56x12x4x4",
                                    "b4.norm.weight 12",
                                    "b4.norm.bias 12",
                                    "b4.norm.running_mean 12 buffer",
                                    "b4.norm.running_var 12 buffer",
                                    "b8.conv.weight 12x8x4x4",
                                    "b8.norm.weight 8",
                                    "b8.norm.bias 8",
                                    "b8.norm.running_mean 8 buffer",
                                    "b8.norm.running_var 8 buffer",
                                    "b16.conv.weight 8x3x4x4"};
    static const char *const d[] = {"embed.weight 7x256", "b16.conv.weight 8x4x4x4", "b8.conv.weight 12x8x4x4",
                                    "b8.norm.weight 12",  "b8.norm.bias 12",         "out.conv.weight 1x12x4x4"};
    static const char *const classes[] = {
        "b16.conv.weight 8x3x4x4",        "b8.conv.weight 12x8x4x4",       "b8.norm.weight 12",       "b8.norm.bias 12",
        "b8.norm.running_mean 12 buffer", "b8.norm.running_var 12 buffer", "out.conv.weight 7x12x4x4"};
    small s = small_training();
    s.job.label_dim = 7;
    expect_tensors(gt_dcgan_generator_net(job_of(&s)), g, sizeof g / sizeof *g);
    expect_tensors(gt_dcgan_discriminator_net(&s.job), d, sizeof d / sizeof *d);
    s.job.label_dim = 0;
    s.own.g_depth = 1;
    static const char *const deep[] = {"b4.conv.weight 6x12x4x4",
                                       "b4.norm.weight 12",
                                       "b4.norm.bias 12",
                                       "b4.norm.running_mean 12 buffer",
                                       "b4.norm.running_var 12 buffer",
                                       "b4.1.conv.weight 12x12x3x3",
                                       "b4.1.norm.weight 12",
                                       "b4.1.norm.bias 12",
                                       "b4.1.norm.running_mean 12 buffer",
                                       "b4.1.norm.running_var 12 buffer",
                                       "b8.conv.weight 12x8x4x4",
                                       "b8.norm.weight 8",
                                       "b8.norm.bias 8",
                                       "b8.norm.running_mean 8 buffer",
                                       "b8.norm.running_var 8 buffer",
                                       "b8.1.conv.weight 8x8x3x3",
                                       "b8.1.norm.weight 8",
                                       "b8.1.norm.bias 8",
                                       "b8.1.norm.running_mean 8 buffer",
                                       "b8.1.norm.running_var 8 buffer",
                                       "b16.conv.weight 8x3x4x4"};
    expect_tensors(gt_dcgan_generator_net(&s.job), deep, sizeof deep / sizeof *deep);
    s.job.label_dim = 7;
    s.own.semi = true;
    expect_tensors(gt_dcgan_discriminator_net(&s.job), classes, sizeof classes / sizeof *classes);
}

static void images_that_cannot_be_made_are_refused(void **state) {
    (void)state;
    static const struct {
        int height, width, channels;
        const char *said;
    } cases[] = {{8, 8, 3, "resize them to 16x16"},
                 {24, 24, 3, "resize them to 32x32"},
                 {32, 16, 3, "resize them to 32x32"},
                 {16, 16, 5, "5 channels"},
                 {1 << 20, 1 << 20, 3, "larger than 8192x8192"},
                 {256, 256, 1, "--cbase=64"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        small s = small_training();
        gt_job *j = job_of(&s);
        j->height = cases[i].height, j->width = cases[i].width, j->channels = cases[i].channels;
        gt_status st = gt_family_dcgan.check_size(j->height, j->width, j->channels);
        if (!st) st = gt_family_dcgan.check(j);
        assert_int_equal(st, GT_USAGE);
        if (!strstr(gt_message(), cases[i].said)) fail_msg("%s", gt_message());
    }
}

/* ---- batch normalisation ---- */

enum { CHANNELS = 3 };

static gt_net *norm_net(float *block, bool running) {
    gt_net *n = gt_net_new("N");
    gt_declarer d = {.net = n};
    gt_batch_norm_declare(&d, "norm", CHANNELS, running, 0.02f);
    assert_int_equal(d.status, GT_OK);
    assert_int_equal(gt_net_seal(n), GT_OK);
    assert_true(n->block_floats <= 64);
    gt_net_init(n, block, 1);
    return n;
}

static void norm_is_that_of_the_paper(void **state) {
    (void)state;
    enum { VALUES = 2 * 3 * 2 };
    float block[64], x[VALUES * CHANNELS];
    gt_net *n = norm_net(block, true);
    float *weight = block + gt_net_find(n, "norm.weight")->offset, *bias = block + gt_net_find(n, "norm.bias")->offset;
    float *mean = block + gt_net_find(n, "norm.running_mean")->offset,
          *variance = block + gt_net_find(n, "norm.running_var")->offset;
    assert_true(weight[0] != weight[1] && fabsf(weight[0] - 1) < 0.1f);
    assert_true(bias[0] == 0 && mean[0] == 0 && variance[0] == 1);
    for (int c = 0; c < CHANNELS; c++) bias[c] = (float)c, mean[c] = 0.5f, variance[c] = 2;
    gt_random_normal((gt_key){.seed = 5}, x, VALUES * CHANNELS);

    for (int by = GT_NORM_SLICE; by <= GT_NORM_RUNNING; by++) {
        if (by == GT_NORM_BATCH) continue; /* test_over_slices.c */
        gt_graph *g = gt_graph_new("norm", asked_kernels());
        gt_output(g, "y",
                  gt_batch_norm((gt_bound_net){g, n, 0}, "norm", gt_input(g, "x", GT_SHAPE(2, 3, 2, CHANNELS)),
                                (gt_norm_by)by, 1e-5f));
        gt_exec *e = gt_exec_new(g, &(gt_exec_options){0});
        if (!e) fail_msg("%s", gt_message());
        gt_exec_bind(e, 0, block);
        memcpy(gt_exec_input(e, "x"), x, sizeof x);
        gt_exec_prepare(e, &(gt_exec_env){0});
        assert_int_equal(gt_exec_run(e, &(gt_exec_env){0}), GT_OK);
        for (int c = 0; c < CHANNELS; c++) {
            double m = 0.5, v = 2;
            if (by == GT_NORM_SLICE) {
                m = v = 0;
                for (int i = 0; i < VALUES; i++) m += (double)x[i * CHANNELS + c] / VALUES;
                for (int i = 0; i < VALUES; i++) v += pow((double)x[i * CHANNELS + c] - m, 2) / VALUES;
                assert_float_equal(gt_exec_output(e, "norm.running_mean")[c], 0.9 * 0.5 + 0.1 * m, 1e-6);
                assert_float_equal(gt_exec_output(e, "norm.running_var")[c], 0.9 * 2 + 0.1 * v * VALUES / (VALUES - 1),
                                   1e-6);
            }
            for (int i = 0; i < VALUES; i++)
                assert_float_equal(gt_exec_output(e, "y")[i * CHANNELS + c],
                                   ((double)x[i * CHANNELS + c] - m) / sqrt(v + 1e-5) * (double)weight[c] + c, 2e-6);
        }
        if (by == GT_NORM_RUNNING) assert_null(gt_exec_output(e, "norm.running_mean")); /* nothing new */
        gt_exec_free(e);
        gt_graph_free(g);
    }
    gt_net_free(n);
}

static gt_net *checked_net;

static gt_node *normalised(gt_graph *g, gt_node *const *x) {
    return gt_batch_norm((gt_bound_net){g, checked_net, 0}, "norm", x[0], GT_NORM_SLICE, 1e-5f);
}

static void norm_is_differentiable_twice(void **state) {
    (void)state;
    float block[64];
    checked_net = norm_net(block, false);
    const check_case c = {"batch norm", normalised, 1, {GT_SHAPE(3, 2, 4, CHANNELS)}, 0, CHECK_RELAXED};
    check_graph k = check_build(&c, NULL);
    gt_exec_bind(k.e, 0, block);
    check_values p = check_point(&k);
    gt_exec_prepare(k.e, &(gt_exec_env){0});
    for (uint32_t i = 0; i < CHECK_DIRECTIONS; i++) check_direction_both(&k, &p, i);
    check_values_free(&p);
    check_end(&k);
    gt_net_free(checked_net);
}

/* ---- phases ---- */

static gt_model *new_model(small *s) {
    gt_model *m = gt_family_make(&gt_family_dcgan, job_of(s));
    if (!m) fail_msg("%s", gt_message());
    gt_model_init(m);
    return m;
}

static void label_of(void *arg, int64_t item, float *label) {
    (void)arg;
    for (int i = 0; i < CLASSES; i++) label[i] = (float)(item % CLASSES == i);
}

typedef struct bench { /* a model and one phase of it, ready to run */
    gt_model *m;
    gt_phase *p;
    gt_graph *g;
    gt_exec *e;
    float *grads;
    float images[SLICE * SIZE * SIZE * 3], labels[SLICE * CLASSES];
    gt_slice_input slice;
} bench;

static bench *open_phase(gt_model *m, int phase) {
    bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->m = m;
    b->p = &m->phases[phase];
    b->g = b->p->build(b->p, SLICE);
    b->e = b->g ? gt_exec_new(b->g, &(gt_exec_options){0}) : NULL;
    if (!b->e) fail_msg("%s", gt_message());
    b->grads = gt_block_alloc(m->nets[b->p->net]->block_floats * sizeof(float), "gradients");
    for (int i = 0; i < m->n_nets; i++) gt_exec_bind(b->e, i, m->blocks[i]);
    gt_exec_bind(b->e, GT_SLOT_GRAD, b->grads);
    for (int i = 0; i < SLICE * SIZE * SIZE * 3; i++) b->images[i] = sinf(0.37f * (float)i);
    for (int i = 0; i < SLICE; i++) label_of(NULL, i, b->labels + i * CLASSES);
    b->slice = (gt_slice_input){.n = SLICE,
                                .seed = 11,
                                .step = 5,
                                .sample0 = 4,
                                .batch = BATCH,
                                .shown = 5 * BATCH,
                                .images = b->images,
                                .labels = b->labels,
                                .augment_p = 0.7f,
                                .label_of = label_of,
                                .items = ITEMS};
    return b;
}

static void close_phase(bench *b) {
    gt_exec_free(b->e);
    gt_graph_free(b->g);
    gt_block_free(b->grads, b->m->nets[b->p->net]->block_floats * sizeof(float));
    free(b);
}

static void run(bench *b) {
    gt_exec_env env = {.seed = b->slice.seed, .step = b->slice.step, .sample0 = b->slice.sample0};
    float *weight = gt_exec_input(b->e, GT_SLICE_WEIGHT);
    *weight = 1;
    assert_int_equal(gt_exec_prepare(b->e, &env), GT_OK);
    assert_int_equal(b->p->fill(b->p, b->e, &b->slice), GT_OK);
    assert_int_equal(gt_exec_run(b->e, &env), GT_OK);
}

static double mean_of(const bench *b, const char *output) {
    const float *values = gt_exec_output(b->e, output);
    double sum = 0;
    size_t n = gt_exec_output_size(b->e, output);
    for (size_t i = 0; values && i < n; i++) sum += (double)values[i] / (double)n;
    return sum;
}

/* Along the gradient the loss changes by |gradient|. The step is as small as rounding of the loss (1e-7) lets it be:
 * kinks of LeakyReLU. */
static void expect_slope(gt_model *m, int phase, const char *what) {
    const double step = 1e-3;
    bench *b = open_phase(m, phase);
    run(b);
    size_t n = m->nets[b->p->net]->trainable_floats;
    float *block = m->blocks[b->p->net], *start = malloc(n * sizeof(float)), *slope = malloc(n * sizeof(float));
    memcpy(start, block, n * sizeof(float));
    memcpy(slope, b->grads, n * sizeof(float));
    double norm = 0, loss[2];
    for (size_t i = 0; i < n; i++) norm += (double)slope[i] * (double)slope[i];
    norm = sqrt(norm);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++) block[i] = start[i] + (float)((side ? 1 : -1) * step / norm * (double)slope[i]);
        run(b);
        if (b->p->net == GT_DCGAN_D)
            loss[side] = mean_of(b, "Loss/D/loss") + mean_of(b, "Loss/D/class") + mean_of(b, "Loss/D/penalty");
        else loss[side] = mean_of(b, b->p->net == GT_DCGAN_G ? "Loss/G/loss" : "Loss/baseline");
    }
    memcpy(block, start, n * sizeof(float));
    double difference = (loss[1] - loss[0]) / (2 * step);
    if (!(norm > 0 && fabs(difference - norm) < 0.02 * norm))
        fail_msg("%s, %s: %g by differences, %g by the graph", what, b->p->name, difference, norm);
    free(start);
    free(slope);
    close_phase(b);
}

static void gradients_agree_with_differences(void **state) {
    (void)state;
    small plain = small_training(), c;
    const char *names[] = {"plain", "mixed, smooth, flipped, noise, uniform", "conditional, augmented", "classes"};
    for (int i = 0; i < 4; i++) {
        c = plain;
        if (i == 1)
            c.own.d_batches = GT_D_BATCHES_MIXED, c.own.latent = GT_LATENT_IS_UNIFORM,
            c.own.smoothing = GT_SMOOTHING_TWO_SIDED, c.own.flip = 0.4, c.own.instance_noise = 0.1, c.own.g_depth = 1;
        if (i >= 2) c.job.label_dim = CLASSES;
        if (i == 2) c.own.g_activation = "relu";
        if (i == 3) c.own.semi = c.own.semi_baseline = true, c.own.smooth_classes = 0.2;
        gt_model *m = new_model(&c);
        float *multiplier = ((gt_dcgan *)m->own)->augment.multiplier;
        if (i == 2) multiplier[GT_AUGMENT_ROTATE] = multiplier[GT_AUGMENT_CONTRAST] = 1;
        for (int p = 0; p < m->n_phases; p++) expect_slope(m, p, names[i]);
        gt_model_free(m);
    }
}

/* The other losses; weights are five times larger, so that scores are not all close to 0. */
static void gradients_of_all_losses_agree_with_differences(void **state) {
    (void)state;
    static const char *const losses[] = {"lsgan", "hinge", "wgan-gp"};
    for (int i = 0; i < 4; i++) {
        small c = small_training();
        c.job.loss = i < 3 ? losses[i] : "bce";
        c.own.feature_matching = i == 3;
        /* the penalty jumps where a leaky ReLU meets its kink */
        if (i == 2) c.job.bn = GT_BN_NONE, c.job.label_dim = CLASSES, c.own.d_activation = "tanh";
        gt_model *m = new_model(&c);
        for (size_t k = 0; k < m->nets[GT_DCGAN_D]->trainable_floats; k++) m->blocks[GT_DCGAN_D][k] *= 5;
        for (int p = 0; p < m->n_phases; p++) expect_slope(m, p, i < 3 ? losses[i] : "features");
        gt_model_free(m);
    }
}

/* Numbers by hand: hinge at scores beyond and within the margin; a gradient of length 5; means that differ. */
static void losses_have_the_published_values(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("losses", asked_kernels());
    const gt_dcgan_loss *hinge = gt_dcgan_loss_find("hinge"), *lsgan = gt_dcgan_loss_find("lsgan");
    gt_node *score = gt_input(g, "score", GT_SHAPE(3, 1));
    gt_output(g, "real", hinge->of(g, GT_DCGAN_REAL, score, NULL));
    gt_output(g, "fake", hinge->of(g, GT_DCGAN_FAKE, score, NULL));
    gt_output(g, "made", hinge->of(g, GT_DCGAN_MADE, score, NULL));
    gt_output(g, "square", lsgan->of(g, GT_DCGAN_REAL, score, NULL));
    gt_output(g, "penalty", gt_dcgan_gradient_penalty(g, gt_reshape(g, score, GT_SHAPE(1, 1, 1, 3))));
    gt_output(g, "match", gt_dcgan_match_features(g, score, gt_scale(g, score, 3), false));
    gt_exec *e = gt_exec_new(g, &(gt_exec_options){0});
    if (!e) fail_msg("%s", gt_message());
    memcpy(gt_exec_input(e, "score"), (float[]){-3, 0, 4}, 3 * sizeof(float));
    gt_exec_prepare(e, &(gt_exec_env){0});
    assert_int_equal(gt_exec_run(e, &(gt_exec_env){0}), GT_OK);
    static const struct {
        const char *output;
        float values[3];
        int n;
    } expected[] = {{"real", {4, 1, 0}, 3},         {"fake", {0, 1, 5}, 3}, {"made", {3, 0, -4}, 3},
                    {"square", {8, 0.5f, 4.5f}, 3}, {"penalty", {16}, 1},   {"match", {4.0f / 9}, 1}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        for (int k = 0; k < expected[i].n; k++)
            assert_float_equal(gt_exec_output(e, expected[i].output)[k], expected[i].values[k], 1e-5);
    gt_exec_free(e);
    gt_graph_free(g);
}

/* Smooth and flipped targets: softplus(l) - t l, so that loss and score give the target away. */
static void targets_are_as_the_trick_says(void **state) {
    (void)state;
    small c = small_training();
    c.own.smoothing = GT_SMOOTHING_TWO_SIDED;
    c.own.flip = 0.25;
    gt_model *m = new_model(&c);
    bench *b = open_phase(m, 0);
    enum { RUNS = 150 };
    int flipped = 0;
    for (int i = 0; i < RUNS; i++) {
        b->slice.step = (uint32_t)i;
        run(b);
        for (int k = 0; k < SLICE; k++) {
            double l = (double)gt_exec_output(b->e, "Loss/scores/real")[k],
                   loss = (double)gt_exec_output(b->e, "Loss/D/real")[k], t = (log1p(exp(l)) - loss) / l;
            if (fabs(l) < 0.01) continue; /* the target is not to be seen */
            bool real = t > 0.7 - 1e-3 && t<1.2 + 1e-3, fake = t> - 1e-3 && t < 0.3 + 1e-3;
            if (!real && !fake) fail_msg("target %g", t);
            flipped += fake;
        }
    }
    if (fabs(flipped / (double)(RUNS * SLICE) - c.own.flip) > 0.07)
        fail_msg("%d of %d targets are flipped", flipped, RUNS * SLICE); /* 4 standard deviations */
    close_phase(b);
    gt_model_free(m);
}

/* Whether a label counts depends on the item of the dataset alone. */
static void labels_count_by_item(void **state) {
    (void)state;
    small c = small_training();
    c.own.semi = true, c.job.label_dim = CLASSES;
    c.own.labelled = 0.4;
    gt_model *m = new_model(&c);
    bench *b = open_phase(m, 0);
    int known[ITEMS], labelled = 0;
    for (int i = 0; i < ITEMS; i++) known[i] = -1;
    gt_steps steps = {.items = ITEMS, .batch = BATCH, .end = GT_EPOCH_DROPPED};
    gt_sampler sampler = gt_sampler_make(3, ITEMS);
    for (uint32_t step = 0; step < 60; step++)
        for (uint32_t sample0 = 0; sample0 < BATCH; sample0 += SLICE) {
            b->slice.step = step, b->slice.sample0 = sample0;
            assert_int_equal(b->p->fill(b->p, b->e, &b->slice), GT_OK);
            for (uint32_t i = 0; i < SLICE; i++) {
                int64_t item = gt_sampler_item(&sampler, gt_steps_position(&steps, step) + sample0 + i);
                int counts = gt_exec_input(b->e, GT_DCGAN_LABELLED)[i] > 0;
                if (known[item] >= 0) assert_int_equal(counts, known[item]);
                known[item] = counts;
            }
        }
    for (int i = 0; i < ITEMS; i++) labelled += known[i] > 0;
    assert_in_range(labelled, 8, 32); /* of 50, expected 20 */
    close_phase(b);
    gt_model_free(m);
}

/* ---- generating ---- */

static void make_images(small *c, const float *z, float *images) {
    gt_model *m = new_model(c);
    gt_graph *g = gt_model_build(m, GT_ROLE_GENERATOR, &(gt_request){.n = SLICE, .truncation = 1});
    gt_exec *e = g ? gt_exec_new(g, &(gt_exec_options){0}) : NULL;
    if (!e) fail_msg("%s", gt_message());
    gt_exec_bind(e, 0, m->blocks[0]);
    memcpy(gt_exec_input(e, "z"), z, (size_t)(SLICE * 6) * sizeof *z);
    gt_exec_prepare(e, &(gt_exec_env){0});
    assert_int_equal(gt_exec_run(e, &(gt_exec_env){0}), GT_OK);
    memcpy(images, gt_exec_output(e, "image"), SLICE * SIZE * SIZE * 3 * sizeof *images);
    gt_exec_free(e);
    gt_graph_free(g);
    gt_model_free(m);
}

/* A normal latent means the uniform one at its place in the distribution. */
static void uniform_latents_follow_from_normal_ones(void **state) {
    (void)state;
    static float image[2][SLICE * SIZE * SIZE * 3];
    small c = small_training();
    float z[SLICE * 6], u[SLICE * 6];
    gt_random_normal((gt_key){.seed = 9}, z, SLICE * 6);
    z[0] = 0, z[1] = 6, z[2] = -6;
    for (int i = 0; i < SLICE * 6; i++) u[i] = (float)erf((double)z[i] / sqrt(2));
    make_images(&c, u, image[0]);
    c.own.latent = GT_LATENT_IS_UNIFORM;
    make_images(&c, z, image[1]);
    double least = 1, most = -1;
    for (int i = 0; i < SLICE * SIZE * SIZE * 3; i++) {
        assert_float_equal(image[0][i], image[1][i], 1e-6);
        least = fmin(least, (double)image[0][i]), most = fmax(most, (double)image[0][i]);
    }
    assert_true(most > least && most < 1 && least > -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_have_the_tensors_of_pytorch),
        cmocka_unit_test(images_that_cannot_be_made_are_refused),
        cmocka_unit_test(norm_is_that_of_the_paper),
        cmocka_unit_test(norm_is_differentiable_twice),
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(gradients_of_all_losses_agree_with_differences),
        cmocka_unit_test(losses_have_the_published_values),
        cmocka_unit_test(targets_are_as_the_trick_says),
        cmocka_unit_test(labels_count_by_item),
        cmocka_unit_test(uniform_latents_follow_from_normal_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
