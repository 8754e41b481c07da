/* SPDX-License-Identifier: Apache-2.0
 * What is exported is read back with the same bits: every form, every protocol of pickles; names, shapes, texts. */
#include "scratch.h"

#include "files/codec/door/pickle_write.h"
#include "files/codec/door/weights.h"
#include "files/codec/door/weights_write.h"
#include "networks/model/door/family.h"
#include "run/door/checkpoint.h"
#include "gantry/export.h"
#include "job/door/job.h"
#include "runner/export/door/export.h"
#include "gantry/kernels.h"
#include "gantry/network.h"

static const char recipe[] =
    "[data]\ncond = 1\n[recipe]\nbatch = 4\n[networks]\ncbase = 128\ncmax = 8\nmap-layers = 3\nz-dim = 8\nw-dim = 6\n"
    "g-arch = resnet\nd-arch = skip\n"
    "[transfer]\nfreezed = 2\n[shape]\ndata-height = 16\ndata-width = 16\ndata-channels = 3\nlabel-dim = 3\n"
    "nonlinearity = relu\nmap-nonlinearity = lrelu\nd-nonlinearity = lrelu\nd-last-nonlinearity = swish\n"
    "d-map-nonlinearity = elu\nfilter = 1,2\nd-filter = 1,8,28,56,70,56,28,8,1\n";
static const char *const class_names[] = {"disc", "a \"quoted\" name", "\xc3\xa9toile \xe2\x98\x86"};

static gt_job *job;
static gt_model *model;
static struct {
    const char *name;
    const gt_net *net;
    float *block;
} networks[3];

/* A checkpoint of freshly initialised networks, each with numbers of its own. */
static int begin(void **state) {
    if (make_scratch(state)) return -1;
    job = gt_job_from_recipe_text(recipe, "a test");
    model = job ? gt_model_new(job) : NULL;
    gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){
        .model = "stylegan2", .kernel_set = gt_kernel_set_arithmetic(NULL), .dataset = "", .recipe = recipe});
    if (!model || !c) return -1;
    networks[0].name = "G_ema", networks[0].net = model->nets[0], networks[0].block = model->ema_block;
    networks[1].name = "G", networks[1].net = model->nets[0], networks[1].block = model->blocks[0];
    networks[2].name = "D", networks[2].net = model->nets[1], networks[2].block = model->blocks[1];
    for (int k = 0; k < 3; k++) {
        const gt_net *net = networks[k].net;
        float *file = calloc(net->block_floats, sizeof *file);
        if (!file) return -1;
        gt_net_init(net, networks[k].block, 7 + (uint64_t)k);
        for (int i = 0; i < net->n_tensors; i++) {
            const gt_tensor *t = &net->tensors[i];
            char path[256];
            snprintf(path, sizeof path, "/networks/%s/%s", networks[k].name, t->name);
            gt_tensor_to_file(t, networks[k].block + t->offset, file);
            gt_checkpoint_tensor(c, path, &t->file_shape, file);
        }
        free(file);
    }
    gt_checkpoint_put_data(c, &(gt_checkpoint_data){.has_range = true,
                                                    .range = {0.1, 500},
                                                    .channels = "R,G,nir",
                                                    .class_names = 3,
                                                    .class_name = class_names});
    gt_status st = gt_checkpoint_write(c, at("c.h5"));
    gt_checkpoint_free(c);
    return st;
}

static int end(void **state) {
    gt_model_free(model);
    gt_job_free(job);
    return remove_scratch(state);
}

static void export_as(const char *name, bool all, int protocol) {
    gt_export_request r = {.out = strdup(at(name)), .all = all, .protocol = protocol};
    r.checkpoint = at("c.h5");
    assert_ok(gt_export_check(&r));
    assert_ok(gt_export(&r, NULL));
    free((char *)r.out);
}

static gt_weights *open_weights(const char *name) {
    gt_status st;
    gt_weights *w = gt_weights_open(at(name), &st);
    assert_ok(st);
    return w;
}

/* The tensors of network k, under their names behind `prefix`, with all their bits. */
static int check_network(const gt_weights *w, int k, const char *prefix) {
    const gt_net *net = networks[k].net;
    for (int i = 0; i < net->n_tensors; i++) {
        const gt_tensor *t = &net->tensors[i];
        char name[256];
        size_t place;
        snprintf(name, sizeof name, "%s%s", prefix, t->name);
        const gt_weight *found = gt_weights_find(w, name, &place);
        if (!found) fail_msg("'%s' is not there", name);
        assert_int_equal(found->type, GT_WEIGHT_F32);
        assert_int_equal(found->n_dims, t->file_shape.n);
        assert_memory_equal(found->dims, t->file_shape.d, (size_t)t->file_shape.n * sizeof *found->dims);
        assert_int_equal(found->size, t->size);
        float *is = calloc(t->size, sizeof *is), *should = calloc(t->size, sizeof *should);
        assert_true(is && should);
        assert_ok(gt_weights_read(w, place, is));
        gt_tensor_to_file(t, networks[k].block + t->offset, should);
        assert_memory_equal(is, should, t->size * sizeof *is);
        free(is);
        free(should);
    }
    return net->n_tensors;
}

static const char *text_of(const gt_weights *w, const char *name) {
    const gt_fact *f = gt_weights_fact(w, name);
    if (!f || f->kind != GT_FACT_TEXT) fail_msg("'%s' is not text", name);
    return f->text;
}

static void check_class_names(const gt_weights *w) {
    gt_arena *a = gt_arena_new();
    const char *const *name;
    int n;
    assert_ok(gt_class_names_from_text(text_of(w, "gantry.class_names"), a, &name, &n));
    assert_int_equal(n, 3);
    for (int i = 0; i < n; i++) assert_string_equal(name[i], class_names[i]);
    gt_arena_free(a);
}

static void check_texts(const gt_weights *w) {
    assert_string_equal(text_of(w, "format"), "pt");
    assert_string_equal(text_of(w, "gantry.model"), "stylegan2");
    assert_string_equal(text_of(w, "gantry.channels"), "R,G,nir");
    assert_string_equal(text_of(w, "gantry.range"), "0.10000000000000001 500");
    gt_job *again = gt_job_from_recipe_text(text_of(w, "gantry.recipe"), "the file");
    assert_non_null(again);
    assert_int_equal(gt_job_compare(job, "before", again, "after", stderr), 0);
    gt_job_free(again);
    check_class_names(w);
}

static void tensors_and_texts(void **state) {
    (void)state;
    static const char *const forms[] = {"safetensors", "npz"};
    for (int i = 0; i < 2; i++) {
        char name[64];
        snprintf(name, sizeof name, "one.%s", forms[i]);
        export_as(name, false, 0);
        gt_weights *w = open_weights(name);
        assert_int_equal(gt_weights_count(w), check_network(w, 0, ""));
        assert_string_equal(text_of(w, "gantry.network"), "G_ema");
        check_texts(w);
        gt_weights_close(w);

        snprintf(name, sizeof name, "all.%s", forms[i]);
        export_as(name, true, 0);
        w = open_weights(name);
        int n = check_network(w, 0, "G_ema.") + check_network(w, 1, "G.") + check_network(w, 2, "D.");
        assert_int_equal(gt_weights_count(w), n);
        assert_string_equal(text_of(w, "gantry.networks"), "G_ema,G,D");
        check_texts(w);
        gt_weights_close(w);
    }
}

static double number_of(const gt_weights *w, const char *name) {
    const gt_fact *f = gt_weights_fact(w, name);
    if (!f || f->kind != GT_FACT_NUMBER) fail_msg("'%s' is not a number", name);
    return f->number;
}

static void pickles(void **state) {
    (void)state;
    for (int protocol = 2; protocol <= 5; protocol++) {
        export_as("a.pkl", false, protocol);
        gt_weights *w = open_weights("a.pkl");
        assert_int_equal(gt_weights_kind_of(w), GT_WEIGHTS_REFERENCE);
        int n = check_network(w, 0, "G_ema.") + check_network(w, 1, "G.") + check_network(w, 2, "D.");
        assert_int_equal(gt_weights_count(w), n);
        assert_string_equal(text_of(w, "G_ema.class"), "Generator");
        assert_string_equal(text_of(w, "G_ema._init_kwargs.synthesis_kwargs.architecture"), "resnet");
        assert_string_equal(text_of(w, "D._init_kwargs.architecture"), "skip");
        assert_true(number_of(w, "G_ema._init_kwargs.mapping_kwargs.lr_multiplier") == 0.01);
        assert_true(number_of(w, "G_ema._init_kwargs.mapping_kwargs.w_avg_beta") == 0.995);
        assert_true(number_of(w, "D._init_kwargs.block_kwargs.freeze_layers") == 2);
        check_class_names(w);
        gt_weights_close(w);
    }
}

/* All networks, with all their bits. */
static void check_checkpoint(const gt_checkpoint_file *f) {
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < networks[k].net->n_tensors; i++) {
            const gt_tensor *t = &networks[k].net->tensors[i];
            char path[256];
            snprintf(path, sizeof path, "/networks/%s/%s", networks[k].name, t->name);
            float *is = calloc(t->size, sizeof *is), *should = calloc(t->size, sizeof *should);
            assert_true(is && should);
            assert_ok(gt_checkpoint_read(f, path, is, t->size));
            gt_tensor_to_file(t, networks[k].block + t->offset, should);
            assert_memory_equal(is, should, t->size * sizeof *is);
            free(is);
            free(should);
        }
}

/* A checkpoint for use alone: what the export holds is what the checkpoint held. */
static void checkpoints(void **state) {
    (void)state;
    export_as("all.h5", true, 0);
    gt_status st;
    gt_checkpoint_file *f = gt_checkpoint_open(at("all.h5"), &st);
    assert_ok(st);
    gt_arena *a = gt_arena_new();
    gt_checkpoint_data d;
    assert_ok(gt_checkpoint_get_data(f, a, &d));
    assert_true(d.has_range && d.range[0] == 0.1 && d.class_names == 3);
    check_checkpoint(f);
    gt_arena_free(a);
    gt_checkpoint_close(f);
}

/* Filters and activations are in no option: they are found in the pickle again, each where it belongs. */
static void there_and_back(void **state) {
    (void)state;
    static const char *const found[] = {
        "nonlinearity",       "map-nonlinearity", "d-nonlinearity", "d-last-nonlinearity",
        "d-map-nonlinearity", "filter",           "d-filter",       "mbstd"};
    export_as("a.pkl", false, 0);
    gt_status st;
    gt_checkpoint_file *f = gt_network_open(at("a.pkl"), NULL, &st);
    assert_ok(st);
    check_checkpoint(f);
    gt_job *again = gt_job_from_recipe_text(gt_checkpoint_info(f)->recipe, "a.pkl");
    assert_non_null(again);
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        const gt_option *row = gt_options_find(&job->options, found[i]);
        char before[256], after[256];
        snprintf(before, sizeof before, "%s = %s", found[i], gt_options_effective(&job->options, row));
        snprintf(after, sizeof after, "%s = %s", found[i], gt_options_effective(&again->options, row));
        assert_string_equal(before, after);
    }
    gt_job_free(again);
    gt_checkpoint_close(f);
}

/* ---- the writers by themselves ---- */

static void odd_tensors_and_texts(void **state) {
    (void)state;
    static const float values[24] = {1, -0.0f, 1e-45f, 3e38f};
    const gt_weight_out weights[] = {
        {.name = "scalar", .size = 1, .data = values},
        {.name = "row", .n_dims = 1, .dims = {24}, .size = 24, .data = values},
        {.name = "box", .n_dims = 4, .dims = {2, 3, 1, 4}, .size = 24, .data = values},
        {.name = "none", .n_dims = 2, .dims = {0, 7}, .size = 0, .data = values},
    };
    const gt_weight_text texts[] = {
        {"empty", ""}, {"line", "a\nb\t\"c\" \\ \x01"}, {"word", "\xc3\xa9\xe2\x98\x86\xf0\x9f\x98\x80z"}};
    const gt_weights_out w = {.n = 4, .n_texts = 3, .weights = weights, .texts = texts};
    assert_ok(gt_safetensors_write(at("odd.safetensors"), &w));
    assert_ok(gt_npz_write(at("odd.npz"), &w));
    for (int i = 0; i < 2; i++) {
        gt_weights *r = open_weights(i ? "odd.npz" : "odd.safetensors");
        assert_int_equal(gt_weights_count(r), 4);
        for (int k = 0; k < 4; k++) {
            size_t place;
            float out[24];
            const gt_weight *t = gt_weights_find(r, weights[k].name, &place);
            assert_true(t && t->n_dims == weights[k].n_dims && t->size == weights[k].size);
            assert_memory_equal(t->dims, weights[k].dims, (size_t)t->n_dims * sizeof *t->dims);
            assert_ok(gt_weights_read(r, place, out));
            assert_memory_equal(out, values, t->size * sizeof *out);
        }
        for (int k = 0; k < 3; k++) assert_string_equal(text_of(r, texts[k].name), texts[k].text);
        gt_weights_close(r);
    }
}

static void pickled_numbers(void **state) {
    (void)state;
    gt_pickler p;
    gt_pickler_begin(&p, -1, 2);
    gt_put_op(&p, '(');
    gt_put_int(&p, -1);
    gt_put_int(&p, 255);
    gt_put_int(&p, 256);
    gt_put_int(&p, 65536);
    gt_put_real(&p, -0.5);
    gt_put_shared(&p, "ab");
    gt_put_shared(&p, "ab");
    gt_put_op(&p, 't');
    assert_int_equal(gt_pickler_end(&p), 0);
    static const char expected[] = "\x80\x02(J\xff\xff\xff\xffK\xffM\x00\x01J\x00\x00\x01\x00G\xbf\xe0\x00\x00\x00\x00"
                                   "\x00\x00X\x02\x00\x00\x00"
                                   "abq\x00h\x00t.";
    assert_int_equal(p.buffer.n, sizeof expected - 1);
    assert_memory_equal(p.buffer.data, expected, sizeof expected - 1);
    gt_buffer_free(&p.buffer);
}

static void lists_of_forms(void **state) {
    (void)state;
    static const struct {
        const char *list, *refused; /* NULL: it is taken */
        int n;
    } rows[] = {{"none", NULL, 0},
                {"npz", NULL, 1},
                {"npz,h5,pkl", NULL, 3},
                {"npz,h5,npz", "--export: 'npz' occurs twice", 0},
                {"npz,gif", "gif", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const gt_export_form *forms[GT_EXPORT_MOST_FORMS];
        int n;
        gt_status st = gt_export_forms(rows[i].list, NULL, forms, &n);
        assert_int_equal(st, rows[i].refused ? GT_USAGE : GT_OK);
        if (rows[i].refused) assert_message(rows[i].refused);
        else assert_int_equal(n, rows[i].n);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_and_texts),     cmocka_unit_test(pickles),         cmocka_unit_test(checkpoints),
        cmocka_unit_test(odd_tensors_and_texts), cmocka_unit_test(pickled_numbers), cmocka_unit_test(there_and_back),
        cmocka_unit_test(lists_of_forms),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
