/* SPDX-License-Identifier: Apache-2.0
 * Roles of models: in every model of every family each row says what its graph reads and gives, and the first row of a
 * network is its forward pass; what models log is explained. What is measured of them and of their data. */
#include <string.h>

#include "scratch.h"
#include "features/study/activations.h"
#include "gantry/job.h"
#include "graph/door/ops.h"
#include "gantry/runlog.h"
#include "gantry/runner.h"
#include "networks/model/door/family.h"
#include "networks/model/door/model.h"
#include "runner/apply/door/classify.h"
#include "runner/door/items.h"
#include "runner/door/roles.h"
#include "runner/door/runner.h"

enum { N = 4, CLASSES = 4 };

/* A small job of a model; NULL: the model adds to another one's networks, or takes no pictures of this size. */
static gt_job *small_job(const char *model, bool cond) {
    const char *given[][2] = {{"model", model}, {"data", "synth:shapes"},   {"batch", "8"},  {"slices", "4"},
                              {"width", "0.1"}, {"cond", cond ? "1" : "0"}, {"cbase", "256"}};
    const gt_family_model *row;
    const gt_family *family = gt_family_of(model, &row);
    gt_job *job = gt_job_new();
    assert_non_null(job);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        const gt_option *option = gt_options_find(&job->options, given[i][0]);
        if (gt_family_has(family, option) && gt_model_has(family, row, option))
            gt_job_set(job, given[i][0], given[i][1], NULL);
    }
    if (!gt_job_check(job) && !gt_job_resolve(job, 64, 64, 3, CLASSES, 64)) return job;
    gt_job_free(job);
    return NULL;
}

static bool is_listed(const char *const *names, const char *name) {
    for (; *names; names++)
        if (!strcmp(*names, name)) return true;
    return false;
}

static int count_names(const char *const *names) {
    int n = 0;
    while (names[n]) n++;
    return n;
}

static void check_outputs(const gt_model *m, const gt_role *r, const gt_graph *g) {
    const char *name;
    int n = 0;
    for (; gt_graph_output(g, n, &name); n++) {
        bool known = *r->outputs ? is_listed(r->outputs, name) : !strncmp(name, "active/", 7);
        if (!known) fail_msg("the %s of '%s' has an output '%s', which its row does not list", r->name, m->name, name);
    }
    if (*r->outputs && n != count_names(r->outputs))
        fail_msg("the %s of '%s' has %d outputs, its row lists %d", r->name, m->name, n, count_names(r->outputs));
}

static void check_inputs(const gt_model *m, const gt_role *r, const gt_graph *g) {
    static const char *const all[] = {"images", "c", "z", "ws", "truncation"};
    gt_exec *e = gt_exec_new((gt_graph *)g, &(gt_exec_options){0});
    assert_non_null(e);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        bool listed = is_listed(r->inputs, all[i]), reads = gt_exec_has_input(e, all[i]);
        if (!strcmp(all[i], "c") && !m->label_dim) listed = false;
        if (!strcmp(all[i], "c") && m->unlabelled_generator) continue;
        if (listed != reads)
            fail_msg("the %s of '%s' %s '%s', its row says otherwise", r->name, m->name,
                     reads ? "reads" : "does not read", all[i]);
    }
    gt_exec_free(e);
}

static void check_role(gt_model *m, const gt_role *r) {
    gt_request request = gt_plain_request(N);
    request.height = m->height;
    request.width = m->width;
    gt_graph *g = gt_model_build(m, r->name, &request);
    if (!g) fail_msg("the %s of '%s': %s", r->name, m->name, gt_message());
    assert_in_range(r->network, 0, m->n_nets - 1);
    assert_true(gt_model_batch(m, r) > 0);
    check_outputs(m, r, g);
    check_inputs(m, r, g);
    gt_graph_free(g);
}

/* metrics.h5, reports and docs/options.md have no other words for them. */
static void check_series(const gt_model *m) {
    for (int i = 0; i < m->n_phases; i++)
        for (int k = 0; k < m->phases[i].n_stats; k++)
            if (!gt_series_of(m->phases[i].stats[k].name))
                fail_msg("%s: the table of series does not know '%s'", m->name, m->phases[i].stats[k].name);
}

static int check_model(const char *name, bool cond) {
    gt_job *job = small_job(name, cond);
    if (!job) return 0;
    gt_model *m = gt_model_bare(job);
    if (!m) fail_msg("%s: %s", name, gt_message());
    for (int i = 0; i < m->n_roles; i++) check_role(m, &m->roles[i]);
    check_series(m);
    for (int net = 0; net < m->n_nets; net++) {
        gt_graph *g = gt_model_forward(m, net, N);
        assert_int_equal(g != NULL, net != m->baseline || !net);
        gt_graph_free(g);
    }
    gt_model_free(m);
    gt_job_free(job);
    return 1;
}

static void rows_say_what_graphs_read_and_give(void **state) {
    (void)state;
    int models = 0;
    for (const gt_family *const *f = gt_families(); *f; f++)
        for (const gt_family_model *m = (*f)->models; m->name; m++)
            for (int cond = 0; cond < 2; cond++) models += check_model(m->name, cond);
    assert_true(models >= 30); /* else nearly all jobs are refused, and this shows nothing */
}

static void a_missing_role_is_told_by_what_the_model_is_for(void **state) {
    (void)state;
    gt_job *job = small_job("lenet", false);
    assert_non_null(job);
    gt_model *m = gt_model_bare(job);
    assert_non_null(m);
    assert_non_null(gt_role_needed(m, GT_ROLE_CLASSIFIER));
    assert_null(gt_role_needed(m, GT_ROLE_ENCODER));
    assert_message("has no encoder, as autoencoders have: a classifier is for gantry predict");
    assert_null(gt_role_needed(m, "juggler"));
    assert_message("has no role juggler: a classifier is for");
    gt_model_free(m);
    gt_job_free(job);
}

/* Labels of two numbers are for models of two; of three classes for models of three and more. */
static void labels_fit_the_model(void **state) {
    (void)state;
    static const struct {
        const char *labels;
        int width, fits; /* of a model from 1 to 4: a bit each */
    } rows[] = {{"[[\"a.pgm\", [0.5, 1]], [\"b.pgm\", [0, 0.25]]]", 2, 1 << 2},
                {"[[\"a.pgm\", 0], [\"b.pgm\", 2]]", 3, 1 << 3 | 1 << 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char json[128];
        gt_dataset *ds;
        int n = snprintf(json, sizeof json, "{\"labels\": %s}", rows[i].labels);
        put(at("a.pgm"), "P5 1 1 255\na", 12);
        put(at("b.pgm"), "P5 1 1 255\nb", 12);
        put(at("dataset.json"), json, (size_t)n);
        assert_ok(gt_dataset_open(&ds, scratch, NULL));
        assert_int_equal(gt_dataset_get_info(ds)->label_width, rows[i].width);
        for (int dim = 1; dim <= 4; dim++)
            assert_int_equal(gt_model_takes_labels(&(gt_model){.label_dim = dim}, ds),
                             rows[i].fits >> dim & 1 ? GT_OK : GT_USAGE);
        gt_dataset_close(ds);
    }
}

/* Of two pixels, black being 0 and white 1. */
static void moments_of_channels(void **state) {
    (void)state;
    gt_comm *comm = gt_comm_start_all(1, NULL);
    gt_dataset *ds;
    double mean, deviation;
    assert_non_null(comm);
    put(at("a.pgm"), "P5 1 1 255\n\63", 12);
    put(at("b.pgm"), "P5 1 1 255\n\314", 12);
    assert_ok(gt_dataset_open(&ds, scratch, NULL));
    assert_ok(gt_channel_moments_all(comm, ds, &mean, &deviation));
    assert_float_equal(mean, 0.5, 1e-6); /* of 0.2 and 0.8 */
    assert_float_equal(deviation, 0.3, 1e-6);
    gt_dataset_close(ds);
    gt_comm_stop_all(comm);
}

static void logits_of(const char *normalize, const float *pixels, float *logits) {
    enum { SIDE = 8, NUMBERS = SIDE * SIDE };
    gt_job *job = gt_job_new();
    assert_non_null(job);
    assert_ok(gt_job_set(job, "model", "mlp", NULL));
    assert_ok(gt_job_set(job, "normalize", normalize, NULL));
    assert_ok(gt_job_resolve(job, SIDE, SIDE, 1, 3, 0));
    gt_model *m = gt_model_new(job);
    assert_non_null(m);
    gt_runner *r = gt_runner_new(m, m->blocks[0], &(gt_runner_options){.role = GT_ROLE_CLASSIFIER}, NULL);
    assert_non_null(r);
    for (int i = 0; i < NUMBERS; i++) gt_runner_input(r, "images")[i] = 2 * pixels[i] - 1;
    assert_ok(gt_runner_run(r, &(gt_run_batch){.n = 1}));
    memcpy(logits, gt_runner_output(r, "logits"), 3 * sizeof *logits);
    gt_runner_close(r);
    gt_model_free(m);
    gt_job_free(job);
}

/* A network sees (pixel - MEAN) / STD of pixels from 0 to 1. */
static void pixels_are_normalised(void **state) {
    (void)state;
    float pixels[64], normalised[64], by_rule[3], by_hand[3];
    for (int i = 0; i < 64; i++) {
        pixels[i] = (float)(i % 17) / 16;
        normalised[i] = (pixels[i] - 0.5f) / 0.25f;
    }
    logits_of("0.5:0.25", pixels, by_rule);
    logits_of("unit", normalised, by_hand);
    for (int k = 0; k < 3; k++) assert_float_equal(by_rule[k], by_hand[k], 1e-5);
    assert_true(by_rule[0] != 0);
}

/* Without a range that of each layer's own values; all of them are counted either way. */
static void bins_of_activations(void **state) {
    (void)state;
    enum { BINS = 10 };
    gt_job *job = gt_job_new();
    gt_arena *a = gt_arena_new();
    assert_true(job && a);
    assert_ok(gt_job_set(job, "model", "mlp", NULL));
    assert_ok(gt_job_resolve(job, 8, 8, 1, 3, 0));
    gt_model *m = gt_model_new(job);
    assert_non_null(m);
    for (int given = 0; given < 2; given++) {
        gt_activations *all;
        int n;
        gt_activations_options o = {.inputs = 20, .bins = BINS, .seed = 1, .lo = 0, .hi = given ? 0.25 : 0};
        assert_ok(gt_activations_measure(m, &o, a, &all, &n));
        assert_true(n > 0);
        for (int i = 0; i < n; i++) {
            double sum = all[i].outside;
            for (int k = 0; k < BINS; k++) sum += all[i].shares[k];
            assert_float_equal(sum, 1, 1e-9);
            assert_true(all[i].edges[BINS] > all[i].edges[0] && all[i].std > 0);
            if (given) assert_true(all[i].edges[BINS] == 0.25 && all[i].outside > 0);
            else assert_true(all[i].outside == 0 && all[i].shares[BINS - 1] > 0);
        }
    }
    gt_model_free(m);
    gt_job_free(job);
    gt_arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_say_what_graphs_read_and_give),
        cmocka_unit_test(a_missing_role_is_told_by_what_the_model_is_for),
        cmocka_unit_test_setup_teardown(labels_fit_the_model, make_scratch, remove_scratch),
        cmocka_unit_test_setup_teardown(moments_of_channels, make_scratch, remove_scratch),
        cmocka_unit_test(bins_of_activations),
        cmocka_unit_test(pixels_are_normalised)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
