/* SPDX-License-Identifier: Apache-2.0
 * The prior of codes: it is a distribution, no logit knows a code that comes later, and codes that are drawn one after
 * the other have that distribution. Its values and derivatives are in tests/golden/job_vq_prior.h5. */
#include <math.h>
#include <stdlib.h>

#include "expect.h"
#include "base/door/random.h"
#include "features/autoencoder/loss.h"
#include "features/autoencoder/prior.h"

enum { CLASSES = 3, CODES = 3, ALL = 81 /* maps of 2x2 tokens */ };

/* Jobs of maps of these sizes, with larger first weights than in training, so that codes are far from equally likely.
 */
static gt_model *prior_of(int rows, int columns, int labels) {
    static gt_job job;
    static gt_autoencoder_options own;
    own = (gt_autoencoder_options){.body = GT_BODY_CONV,
                                   .latent = GT_LATENT_VQ,
                                   .prior = true,
                                   .widths = 0.05,
                                   .recon = GT_RECON_MSE,
                                   .codes = CODES,
                                   .code_dim = 2,
                                   .prior_width = 6,
                                   .prior_layers = 3};
    job = (gt_job){.own = &own,
                   .height = 4 * rows,
                   .width = 4 * columns,
                   .channels = 1,
                   .label_dim = labels,
                   .z_dim = 1,
                   .batch = 8,
                   .slices = 1,
                   .lrate = 1e-3,
                   .optimizer = ""};
    gt_model *m = gt_family_make(&gt_family_autoencoder, &job);
    if (!m) fail_msg("%s", gt_message());
    gt_model_init(m);
    for (size_t i = 0; i < m->nets[0]->trainable_floats; i++) m->blocks[0][i] *= 2;
    return m;
}

/* A graph of the prior's functions, run once. */
typedef struct run {
    gt_graph *graph;
    gt_exec *exec;
} run;

static const gt_job *job_of(const gt_model *m) { return ((const gt_autoencoder *)m->own)->job; }

static run begin(gt_model *m, gt_graph *g) {
    run r = {g, g ? gt_exec_new(g, &(gt_exec_options){0}) : NULL};
    if (!r.exec) fail_msg("%s", gt_message());
    gt_exec_bind(r.exec, 0, m->blocks[0]);
    return r;
}

static void end(run r) {
    gt_exec_free(r.exec);
    gt_graph_free(r.graph);
}

/* Label i of the n ones is class i mod CLASSES. */
static void put_labels(run r, int n) {
    float *c = gt_exec_input(r.exec, "c");
    for (int i = 0; c && i < n; i++)
        for (int k = 0; k < CLASSES; k++) c[i * CLASSES + k] = k == i % CLASSES;
}

/* Inputs "codes" [n,tokens,CODES] and "c", output "logits" of that shape. */
static run logits_of(gt_model *m, int n, int tokens) {
    gt_graph *g = gt_graph_new("logits", NULL);
    gt_node *codes = gt_input(g, "codes", GT_SHAPE(n, tokens, CODES)),
            *labels = m->label_dim ? gt_input(g, "c", GT_SHAPE(n, m->label_dim)) : NULL;
    gt_output(g, "logits", gt_prior_logits((gt_bound_net){g, m->nets[0], 0}, job_of(m), codes, labels));
    return begin(m, g);
}

static run drawn_of(gt_model *m, int n, int tokens) {
    gt_graph *g = gt_graph_new("drawn", NULL);
    gt_node *noise = gt_input(g, "noise", GT_SHAPE(n, tokens, CODES)),
            *labels = m->label_dim ? gt_input(g, "c", GT_SHAPE(n, m->label_dim)) : NULL;
    gt_output(g, "drawn", gt_prior_draw((gt_bound_net){g, m->nets[0], 0}, job_of(m), noise, labels));
    return begin(m, g);
}

static int code_at(const float *one_hot) {
    int best = 0;
    for (int k = 1; k < CODES; k++)
        if (one_hot[k] > one_hot[best]) best = k;
    return best;
}

static void no_logit_knows_a_code_that_comes_later(void **state) {
    (void)state;
    enum { ROWS = 3, COLUMNS = 4, TOKENS = ROWS * COLUMNS, N = CLASSES };
    gt_model *m = prior_of(ROWS, COLUMNS, CLASSES);
    run r = logits_of(m, N, TOKENS);
    float codes[N * TOKENS * CODES] = {0}, before[N * TOKENS * CODES];
    for (int i = 0; i < N * TOKENS; i++) codes[i * CODES + i * i % CODES] = 1;
    put_labels(r, N);
    for (int changed = -1; changed < TOKENS; changed++) {
        float *in = gt_exec_input(r.exec, "codes");
        memcpy(in, codes, sizeof codes);
        for (int i = 0; i < N && changed >= 0; i++) {
            float *one = in + (i * TOKENS + changed) * CODES, first = one[0];
            for (int k = 0; k + 1 < CODES; k++) one[k] = one[k + 1];
            one[CODES - 1] = first;
        }
        assert_ok(gt_exec_run(r.exec, NULL));
        const float *logits = gt_exec_output(r.exec, "logits");
        if (changed < 0) memcpy(before, logits, sizeof before);
        for (int i = 0; i < N * TOKENS; i++) {
            bool same = !memcmp(logits + i * CODES, before + i * CODES, CODES * sizeof *logits);
            if (i % TOKENS <= changed && !same) fail_msg("token %d knows the code of %d", i % TOKENS, changed);
            if (changed >= 0 && i % TOKENS == changed + 1 && same)
                fail_msg("token %d does not know the code of %d", i % TOKENS, changed);
        }
    }
    /* labels change the first token's distribution, too */
    assert_memory_not_equal(before, before + TOKENS * CODES, CODES * sizeof *before);
    end(r);
    gt_model_free(m);
}

/* Codes of all 81 maps of 2x2 tokens, and the probability of each for a label. */
static void probabilities(gt_model *m, int label, double p[ALL]) {
    enum { TOKENS = 4 };
    run r = logits_of(m, ALL, TOKENS);
    float *codes = gt_exec_input(r.exec, "codes"), *c = gt_exec_input(r.exec, "c");
    memset(codes, 0, sizeof(float) * ALL * TOKENS * CODES);
    for (int map = 0; map < ALL; map++)
        for (int t = 0, rest = map; t < TOKENS; t++, rest /= CODES)
            codes[(map * TOKENS + t) * CODES + rest % CODES] = 1;
    for (int i = 0; i < ALL * CLASSES; i++) c[i] = i % CLASSES == label;
    float given[ALL * TOKENS * CODES];
    memcpy(given, codes, sizeof given);
    assert_ok(gt_exec_run(r.exec, NULL));
    const float *logits = gt_exec_output(r.exec, "logits");
    for (int map = 0; map < ALL; map++) {
        p[map] = 1;
        for (int t = 0; t < TOKENS; t++) {
            double sum = 0, own = 0;
            for (int k = 0; k < CODES; k++) {
                int at = (map * TOKENS + t) * CODES + k;
                double e = exp((double)logits[at]);
                sum += e;
                if (given[at] > 0) own = e;
            }
            p[map] *= own / sum;
        }
    }
    end(r);
}

static void probabilities_of_all_maps_sum_to_one(void **state) {
    (void)state;
    gt_model *m = prior_of(2, 2, CLASSES);
    for (int label = 0; label < CLASSES; label++) {
        double p[ALL], sum = 0;
        probabilities(m, label, p);
        for (int map = 0; map < ALL; map++) sum += p[map];
        assert_true(fabs(sum - 1) < 1e-5);
    }
    gt_model_free(m);
}

/* The numbers of drawn codes have the probabilities that the whole map's logits say: chi squared with 80 degrees of
 * freedom is 80 with a deviation of sqrt(160). */
static void draws_have_the_distribution(void **state) {
    (void)state;
    enum { N = 256, BATCHES = 32, TOKENS = 4, LABEL = 1, DRAWS = N * BATCHES };
    gt_model *m = prior_of(2, 2, CLASSES);
    assert_int_equal(m->z_dim, 2 * TOKENS * CODES);
    run r = begin(m, gt_model_build(m, GT_ROLE_GENERATOR, &(gt_request){.n = N, .truncation = 1}));
    double p[ALL], chi = 0, least = 1;
    int met[ALL] = {0};
    probabilities(m, LABEL, p);
    for (int batch = 0; batch < BATCHES; batch++) {
        float *c = gt_exec_input(r.exec, "c");
        for (int i = 0; i < N * CLASSES; i++) c[i] = i % CLASSES == LABEL;
        gt_random_normal((gt_key){.seed = 7, .stream = gt_stream("test"), .step = (uint32_t)batch},
                         gt_exec_input(r.exec, "z"), (size_t)(N * m->z_dim));
        assert_ok(gt_exec_run(r.exec, NULL));
        const float *codes = gt_exec_output(r.exec, "codes");
        for (int i = 0; i < N; i++) {
            int map = 0;
            for (int t = TOKENS - 1; t >= 0; t--) map = map * CODES + code_at(codes + (i * TOKENS + t) * CODES);
            met[map]++;
        }
    }
    for (int map = 0; map < ALL; map++) {
        double expected = p[map] * DRAWS;
        chi += (met[map] - expected) * (met[map] - expected) / expected;
        if (p[map] < least) least = p[map];
    }
    assert_true(least * DRAWS > 1); /* else the statistic has another distribution */
    assert_true(least < 0.3 / ALL); /* far from uniform: this could fail */
    if (!(chi < 80 + 4 * sqrt(160))) fail_msg("chi squared %g", chi);
    end(r);
    gt_model_free(m);
}

/* Each code that was drawn is the largest of the logits, which the whole map gives in one pass, and its noise. */
static void token_by_token_is_the_whole_map(void **state) {
    static const int sizes[][2] = {{3, 4}, {1, 5}, {5, 1}, {1, 1}};
    enum { N = 16, MOST = 12 };
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int rows = sizes[s][0], columns = sizes[s][1], tokens = rows * columns;
        gt_model *m = prior_of(rows, columns, s % 2 ? 0 : CLASSES);
        run d = drawn_of(m, N, tokens), r = logits_of(m, N, tokens);
        float noise[N * MOST * CODES];
        size_t n = (size_t)(N * tokens * CODES);
        gt_random_normal((gt_key){.seed = 3, .stream = gt_stream("test")}, noise, n);
        memcpy(gt_exec_input(d.exec, "noise"), noise, n * sizeof *noise);
        put_labels(d, N);
        assert_ok(gt_exec_run(d.exec, NULL));
        memcpy(gt_exec_input(r.exec, "codes"), gt_exec_output(d.exec, "drawn"), n * sizeof *noise);
        put_labels(r, N);
        assert_ok(gt_exec_run(r.exec, NULL));
        const float *drawn = gt_exec_output(d.exec, "drawn"), *logits = gt_exec_output(r.exec, "logits");
        for (int i = 0; i < N * tokens; i++) {
            int own = code_at(drawn + i * CODES);
            for (int k = 0; k < CODES; k++)
                if (logits[i * CODES + k] + noise[i * CODES + k] >
                    logits[i * CODES + own] + noise[i * CODES + own] + 1e-4f)
                    fail_msg("%dx%d tokens: %d of sample %d is not what was drawn", rows, columns, i % tokens,
                             i / tokens);
        }
        end(d);
        end(r);
        gt_model_free(m);
    }
}

static void temperature_makes_draws_surer(void **state) {
    (void)state;
    enum { N = 64, TOKENS = 4 };
    gt_model *m = prior_of(2, 2, 0);
    int same[2] = {0};
    for (int cold = 0; cold < 2; cold++) {
        run r = begin(m, gt_model_build(m, GT_ROLE_GENERATOR,
                                        &(gt_request){.n = N, .truncation = 1, .temperature = cold ? 0.001f : 0}));
        gt_random_normal((gt_key){.seed = 5, .stream = gt_stream("test")}, gt_exec_input(r.exec, "z"),
                         (size_t)(N * m->z_dim));
        assert_ok(gt_exec_run(r.exec, NULL));
        const float *codes = gt_exec_output(r.exec, "codes");
        for (int i = 1; i < N; i++)
            same[cold] += !memcmp(codes, codes + i * TOKENS * CODES, TOKENS * CODES * sizeof *codes);
        end(r);
    }
    assert_int_equal(same[1], N - 1); /* the likeliest codes */
    assert_true(same[0] < N / 2);
    assert_null(gt_model_build(m, GT_ROLE_GENERATOR, &(gt_request){.n = N, .truncation = 0.5f}));
    assert_message("--temperature=");
    gt_model_free(m);
}

/* What makes the codes is not trained. */
static void the_autoencoder_is_frozen(void **state) {
    (void)state;
    gt_model *m = prior_of(2, 2, 0);
    const gt_net *net = m->nets[0];
    for (int i = 0; i < net->n_tensors; i++) {
        bool of_prior = !strncmp(net->tensors[i].name, "prior.", 6);
        assert_int_equal(net->tensors[i].trainable, of_prior);
        assert_int_equal(net->tensors[i].frozen, !of_prior);
    }
    gt_model_free(m);
}

/* A latent is its mean plus its deviation times a normal number: of a variance of 4 twice the number. */
static void latents_are_drawn_with_their_deviation(void **state) {
    (void)state;
    enum { Z = 5, DRAWS = 3 };
    gt_graph *g = gt_graph_new("latents", NULL);
    assert_non_null(g);
    gt_node *mean = gt_input(g, "mean", GT_SHAPE(1, Z)), *zero = gt_scale(g, mean, 0);
    const gt_encoding unit = {.mean = zero, .log_variance = zero},
                      wide = {.mean = mean, .log_variance = gt_shift(g, zero, logf(4))};
    gt_output(g, "unit", gt_autoencoder_sample_normal(g, &unit, "eps", DRAWS));
    gt_output(g, "wide", gt_autoencoder_sample_normal(g, &wide, "eps", DRAWS));
    gt_exec *e = gt_exec_new(g, &(gt_exec_options){0});
    assert_non_null(e);
    for (int i = 0; i < Z; i++) gt_exec_input(e, "mean")[i] = (float)i;
    assert_ok(gt_exec_prepare(e, &(gt_exec_env){.seed = 3}));
    assert_ok(gt_exec_run(e, &(gt_exec_env){.seed = 3}));
    const float *x = gt_exec_output(e, "unit"), *y = gt_exec_output(e, "wide");
    double square = 0;
    for (int i = 0; i < DRAWS * Z; i++) {
        assert_float_equal(y[i], (float)(i % Z) + 2 * x[i], 1e-5);
        square += (double)x[i] * (double)x[i];
    }
    assert_true(square > 1); /* they are drawn */
    gt_exec_free(e);
    gt_graph_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_logit_knows_a_code_that_comes_later),
        cmocka_unit_test(probabilities_of_all_maps_sum_to_one),
        cmocka_unit_test(draws_have_the_distribution),
        cmocka_unit_test(token_by_token_is_the_whole_map),
        cmocka_unit_test(temperature_makes_draws_surer),
        cmocka_unit_test(the_autoencoder_is_frozen),
        cmocka_unit_test(latents_are_drawn_with_their_deviation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
