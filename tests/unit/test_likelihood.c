/* SPDX-License-Identifier: Apache-2.0
 * Importance-weighted log-likelihood, where there is a closed form: with a linear decoder, x = c + A z + sigma noise is
 * a Gaussian with the covariance A A^T + sigma^2. All LeakyReLUs of the network here stay on their linear side, as
 * biases of LIFT keep them above 0; A has orthogonal columns, so that the posterior is a Gaussian with independent
 * dimensions, which the encoder can give exactly. The studies of latents (features/study/latent_loss.h) have a closed
 * form there, too. */
#include "scratch.h"

#include <math.h>

#include "features/likelihood/likelihood.h"
#include "features/autoencoder/loss.h"
#include "features/study/latent_loss.h"
#include "runner/door/runner.h"

enum { HEIGHT = 2, WIDTH = 3, D = HEIGHT * WIDTH, Z = 2, HIDDEN = 4 };

static const float LIFT = 8;
static const double factor = 2, variance = 0.25; /* 1 / (2 factor) */
static const double A[Z][D] = {{0.5, -0.5, 0.5, 0.5, 0, 0}, {0.3, 0.3, 0, 0, -0.6, 0.3}},
                    centre[D] = {0.2, 0.4, 0.5, 0.5, 0.7, 0.1};
static const double pixels[D] = {0.9, 0.1, 0.55, 0.7, 0.25, 0.3};

static float *tensor(gt_model *m, const char *name) { return m->blocks[0] + gt_net_find(m->nets[0], name)->offset; }

static double norm2(int z) {
    double sum = 0;
    for (int i = 0; i < D; i++) sum += A[z][i] * A[z][i];
    return sum;
}

/* A job of fully connected autoencoders, which lives as long as the program. */
static const gt_job *job_of(gt_latent_kind latent) {
    static gt_job job;
    static gt_autoencoder_options own;
    own = (gt_autoencoder_options){.body = GT_BODY_MLP,
                                   .latent = latent,
                                   .widths = HIDDEN / 2048.0,
                                   .recon = GT_RECON_MSE,
                                   .factor = factor,
                                   .beta = 1,
                                   .recon_pixels = GT_REDUCED_BY_SUM,
                                   .recon_batch = GT_REDUCED_BY_SUM,
                                   .kl_latent = GT_REDUCED_BY_SUM,
                                   .kl_batch = GT_REDUCED_BY_SUM};
    job = (gt_job){.own = &own,
                   .height = HEIGHT,
                   .width = WIDTH,
                   .channels = 1,
                   .z_dim = Z,
                   .batch = 8,
                   .slices = 1,
                   .lrate = 1e-3,
                   .optimizer = ""};
    return &job;
}

/* q(z|x) is the posterior, its variance times `wide`. */
static gt_model *linear_model(double wide) {
    gt_model *m = gt_family_make(&gt_family_autoencoder, job_of(GT_LATENT_NORMAL));
    assert_non_null(m);
    memset(m->blocks[0], 0, m->nets[0]->block_floats * sizeof(float));
    for (int i = 0; i < HIDDEN; i++) {
        tensor(m, "encoder.0.bias")[i] = tensor(m, "decoder.0.bias")[i] = LIFT;
        tensor(m, "encoder.1.weight")[i * HIDDEN + i] = tensor(m, "decoder.1.weight")[i * HIDDEN + i] = 1;
    }
    for (int i = 0; i < D; i++) tensor(m, "decoder.2.bias")[i] = (float)centre[i];
    for (int z = 0; z < Z; z++) {
        double gain = norm2(z) + variance;
        tensor(m, "decoder.0.weight")[z * Z + z] = 1;
        tensor(m, "latent.mean.0.weight")[z * HIDDEN + z] = 1;
        tensor(m, "latent.mean.0.bias")[z] = -LIFT;
        tensor(m, "latent.log_variance.0.bias")[z] = (float)log(wide * variance / gain);
        for (int i = 0; i < D; i++) {
            tensor(m, "encoder.0.weight")[z * D + i] = (float)(A[z][i] / gain);
            tensor(m, "encoder.0.bias")[z] -= (float)(A[z][i] * centre[i] / gain);
            tensor(m, "decoder.2.weight")[i * HIDDEN + z] = (float)A[z][i];
            tensor(m, "decoder.2.bias")[i] -= (float)(A[z][i] * LIFT);
        }
    }
    return m;
}

static double closed_form(void) {
    double d[D], rest = 0, sum = D * log(2 * M_PI) + (D - Z) * log(variance);
    for (int i = 0; i < D; i++) {
        d[i] = pixels[i] - centre[i];
        rest += d[i] * d[i];
    }
    for (int z = 0; z < Z; z++) {
        double along = 0;
        for (int i = 0; i < D; i++) along += A[z][i] * d[i];
        along = along * along / norm2(z);
        rest -= along;
        sum += along / (norm2(z) + variance) + log(norm2(z) + variance);
    }
    return -0.5 * (sum + rest / variance);
}

static gt_likelihood estimate(gt_model *m, const gt_likelihood_options *o) {
    gt_estimator *e = gt_estimator_new(m, m->blocks[0], o);
    if (!e) fail_msg("%s", gt_message());
    assert_true(fabs(gt_estimator_sigma(e) - sqrt(variance)) < 1e-12);
    float images[gt_estimator_batch(e) * D];
    memset(images, 0, sizeof images);
    for (int i = 0; i < D; i++) images[i] = (float)(2 * pixels[i] - 1);
    gt_likelihood l;
    assert_int_equal(gt_estimator_run(e, 0, 1, images, NULL, &l), GT_OK);
    gt_estimator_free(e);
    return l;
}

/* Then every weight is p(x), and nothing is left to chance but float32: numbers of size LIFT cancel, divided by 2
 * sigma^2. */
static void with_the_exact_posterior_one_sample_is_enough(void **state) {
    (void)state;
    gt_model *m = linear_model(1);
    gt_likelihood l = estimate(m, &(gt_likelihood_options){.samples = 1, .seed = 3});
    double tolerance = 8 * D * (double)LIFT * 6e-8 / (2 * variance);
    assert_true(fabs(l.log_likelihood - closed_form()) < tolerance);
    assert_true(l.bound == l.log_likelihood);
    gt_model_free(m);
}

/* With variances u = e v in place of v: E (p/q)^2 = u / sqrt(v (2u - v)) for each dimension, which gives the deviation
 * of the mean weight; log p - ELBO is KL(q||p(z|x)) = (e - 2) / 2 for each; log w varies by (e - 1)^2 / 2 for each. */
static void with_another_posterior_many_samples_come_close(void **state) {
    (void)state;
    enum { K = 4000 };
    const double e = M_E;
    gt_model *m = linear_model(e);
    gt_likelihood l = estimate(m, &(gt_likelihood_options){.samples = K, .seed = 5});
    double deviation = sqrt((pow(e / sqrt(2 * e - 1), Z) - 1) / K);
    assert_true(fabs(l.log_likelihood - closed_form()) < 4 * deviation);
    assert_true(fabs(l.log_likelihood - l.bound - Z * (e - 2) / 2) <
                4 * sqrt(Z * (e - 1) * (e - 1) / 2 / K) + 4 * deviation);
    gt_model_free(m);
}

static void threads_change_no_bit(void **state) {
    (void)state;
    gt_model *m = linear_model(2);
    gt_pool *pool = gt_pool_new(3);
    gt_likelihood one = estimate(m, &(gt_likelihood_options){.samples = 50}),
                  three = estimate(m, &(gt_likelihood_options){.samples = 50, .pool = pool});
    assert_memory_equal(&one, &three, sizeof one);
    gt_pool_free(pool);
    gt_model_free(m);
}

static void without_a_density_it_says_so(void **state) {
    (void)state;
    gt_model *m = gt_family_make(&gt_family_autoencoder, job_of(GT_LATENT_PLAIN));
    assert_non_null(m);
    assert_null(gt_estimator_new(m, m->blocks[0], &(gt_likelihood_options){.samples = 1}));
    assert_non_null(strstr(gt_message(), "no density"));
    gt_model_free(m);
}

/* ---- studies of latents ---- */

/* The loss of the image is rest + sum over z of n_z (z - t_z)^2, n = |A_z|^2, and q is N(m_z, s_z^2), z - t_z = a + s
 * eps. */
typedef struct parabola {
    double n[Z], a[Z], s[Z], mean[Z], rest;
} parabola;

static parabola parabola_of(double wide) {
    parabola p = {.rest = 0};
    for (int i = 0; i < D; i++) p.rest += (pixels[i] - centre[i]) * (pixels[i] - centre[i]);
    for (int z = 0; z < Z; z++) {
        double along = 0;
        for (int i = 0; i < D; i++) along += A[z][i] * (pixels[i] - centre[i]);
        p.n[z] = norm2(z);
        p.mean[z] = along / (p.n[z] + variance);
        p.a[z] = p.mean[z] - along / p.n[z];
        p.s[z] = sqrt(wide * variance / (p.n[z] + variance));
        p.rest -= along * along / p.n[z];
    }
    return p;
}

/* Variance and mean of one sample of an estimate by quadrature over both numbers eps, summed over the latent. */
static void quadrature(const parabola *p, int estimate, int derivative, double *out_variance, double *out_square) {
    const double step = 0.04, most = 8;
    double mean[Z] = {0}, square[Z] = {0}, eps[Z];
    for (eps[0] = -most; eps[0] < most; eps[0] += step)
        for (eps[1] = -most; eps[1] < most; eps[1] += step) {
            double f = p->rest, density = exp(-(eps[0] * eps[0] + eps[1] * eps[1]) / 2) / (2 * M_PI) * step * step;
            for (int z = 0; z < Z; z++) f += p->n[z] * (p->a[z] + p->s[z] * eps[z]) * (p->a[z] + p->s[z] * eps[z]);
            for (int z = 0; z < Z; z++) {
                double slope = 2 * p->n[z] * (p->a[z] + p->s[z] * eps[z]), x;
                if (estimate == GT_SCORE_FUNCTION)
                    x = derivative == GT_BY_MEAN ? f * eps[z] / p->s[z] : f * (eps[z] * eps[z] - 1) / 2;
                else x = derivative == GT_BY_MEAN ? slope : slope * eps[z] * p->s[z] / 2;
                mean[z] += density * x;
                square[z] += density * x * x;
            }
        }
    *out_variance = *out_square = 0;
    for (int z = 0; z < Z; z++) *out_variance += square[z] - mean[z] * mean[z], *out_square += mean[z] * mean[z];
}

/* The image twice as a dataset of float32, and the loss of its latents. */
typedef struct studied {
    gt_model *model;
    gt_runner *encoder;
    gt_latent_loss *loss;
    gt_dataset *data;
    gt_comm *comm;
} studied;

static studied begin_study(double wide) {
    static gt_comm *comm;
    char head[128] = "\x93NUMPY\x01";
    float twice[2 * D];
    if (!comm) comm = gt_comm_start_all(1, NULL);
    head[8] = 118;
    memset(head + 10, ' ', 118);
    snprintf(head + 10, 118, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, %d, %d), }", HEIGHT, WIDTH);
    head[10 + strlen(head + 10)] = ' ';
    head[127] = '\n';
    for (int i = 0; i < 2 * D; i++) twice[i] = (float)(2 * pixels[i % D] - 1);
    FILE *f = fopen(at("image.npy"), "wb");
    assert_non_null(f);
    fwrite(head, 1, sizeof head, f);
    fwrite(twice, 1, sizeof twice, f);
    fclose(f);
    studied s = {.model = linear_model(wide), .comm = comm};
    s.encoder = gt_runner_new(s.model, s.model->blocks[0],
                              &(gt_runner_options){.role = GT_ROLE_ENCODER, .request = {.n = 4}}, NULL);
    s.loss = s.encoder ? gt_latent_loss_new(s.encoder, NULL) : NULL;
    if (!s.loss) fail_msg("%s", gt_message());
    assert_ok(gt_dataset_open(&s.data, at("image.npy"), NULL));
    return s;
}

static void end_study(studied *s) {
    gt_dataset_close(s->data);
    gt_latent_loss_free(s->loss);
    gt_runner_close(s->encoder);
    gt_model_free(s->model);
}

/* Means of 2^17 samples of each of two images, within four deviations. Variances are of numbers with heavy
 * tails, up to the fourth power of eps. */
static void gradients_scatter_as_their_formulas_say(void **state) {
    (void)state;
    enum { SAMPLES = 1 << 17 };
    studied s = begin_study(2);
    gt_gradient_study g;
    assert_ok(gt_study_gradients_all(s.comm, s.loss, s.data, 2, SAMPLES, 7, &g));
    parabola p = parabola_of(2);
    assert_int_equal(g.levels, 14);
    for (int e = 0; e < GT_ESTIMATES; e++)
        for (int k = 0; k < GT_DERIVATIVES; k++) {
            double scatter, square;
            quadrature(&p, e, k, &scatter, &square);
            assert_true(fabs(g.variance[e][k][0] / scatter - 1) < 0.04);
            assert_true(fabs(g.variance[e][k][4] * 16 / scatter - 1) < 0.08);
            assert_true(fabs(sqrt(g.square[e][k]) - sqrt(square)) < 4 * sqrt(scatter / SAMPLES));
        }
    assert_true(g.variance[GT_SCORE_FUNCTION][0][0] > g.variance[GT_REPARAMETRISED][0][0]);
    end_study(&s);
}

/* Both images are the same: held at the mean over the images a dimension stays where it is, and nothing rises; where
 * the dimension moves, see the test at the command line. */
static void dimensions_diverge_as_the_formula_says(void **state) {
    (void)state;
    studied s = begin_study(2);
    gt_dimension of[Z];
    double error, whole;
    assert_ok(gt_study_dimensions_all(s.comm, s.loss, s.data, 2, of, &error));
    parabola p = parabola_of(2);
    whole = p.rest;
    for (int z = 0; z < Z; z++) {
        whole += p.n[z] * p.a[z] * p.a[z];
        double kl = (p.mean[z] * p.mean[z] + p.s[z] * p.s[z] - 1) / 2 - log(p.s[z]);
        assert_true(fabs(of[z].mean - p.mean[z]) < 1e-5 && fabs(of[z].divergence - kl) < 1e-5);
        assert_true(fabs(of[z].rise) < 1e-5);
    }
    assert_true(fabs(error - whole) < 1e-5);
    end_study(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_the_exact_posterior_one_sample_is_enough),
        cmocka_unit_test(with_another_posterior_many_samples_come_close),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(without_a_density_it_says_so),
        cmocka_unit_test(gradients_scatter_as_their_formulas_say),
        cmocka_unit_test(dimensions_diverge_as_the_formula_says),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
