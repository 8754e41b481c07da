/* SPDX-License-Identifier: Apache-2.0
 * Images from a checkpoint: latents of seeds, conversion to bytes, and that an image depends on its seed alone. */
#include "scratch.h"

#include <math.h>
#include <sys/resource.h>

#include "files/codec/door/sample.h"
#include "data/door/dataset.h"
#include "gantry/job.h"
#include "networks/model/door/family.h"
#include "run/door/checkpoint.h"
#include "gantry/generate.h"
#include "gantry/picture.h"
#include "gantry/train.h"
#include "gantry/kernels.h"

static char checkpoint[96];

static const char recipe[] =
    "[data]\ncond = 1\n[recipe]\nbatch = 4\n[networks]\ncbase = 128\ncmax = 8\nmap-layers = 1\nz-dim = 8\nw-dim = 8\n"
    "[shape]\ndata-height = 16\ndata-width = 16\ndata-channels = 3\nlabel-dim = 2\n";

/* A checkpoint of freshly initialised networks. */
static int begin(void **state) {
    if (make_scratch(state)) return -1;
    snprintf(checkpoint, sizeof checkpoint, "%s/c.h5", scratch);
    gt_job *job = gt_job_from_recipe_text(recipe, "a test");
    gt_model *m = job ? gt_model_new(job) : NULL;
    gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){
        .model = "stylegan2", .kernel_set = gt_kernel_set_arithmetic(NULL), .dataset = "", .recipe = recipe});
    if (!m || !c) return -1;
    const gt_net *net = m->nets[m->ema_of];
    gt_net_init(net, m->ema_block, 7);
    float *file = calloc(net->block_floats, sizeof *file);
    for (int i = 0; i < net->n_tensors; i++) {
        const gt_tensor *t = &net->tensors[i];
        char path[256];
        snprintf(path, sizeof path, "/networks/%s_ema/%s", net->name, t->name);
        gt_tensor_to_file(t, m->ema_block + t->offset, file);
        gt_checkpoint_tensor(c, path, &t->file_shape, file);
    }
    gt_status st = gt_checkpoint_write(c, checkpoint);
    gt_checkpoint_free(c);
    free(file);
    gt_model_free(m);
    gt_job_free(job);
    return st;
}

/* As somebody who means harm would write it: a checkpoint of a few kilobytes whose recipe claims networks of gigabytes.
 */
static void networks_are_measured_by_the_file(void **state) {
    (void)state;
    static const char *const recipes[] = {
        "[networks]\ncbase = 16777216\ncmax = 2048\n[shape]\ndata-height = 64\ndata-width = 64\ndata-channels = 3\n",
        "[recipe]\nmodel = dcgan\n[networks]\ncbase = 16777216\ncmax = 4096\n[shape]\ndata-height = 64\ndata-width = "
        "64\ndata-channels = 3\n",
        "[recipe]\nmodel = digits\n[networks]\nz-dim = 16384\n[shape]\ndata-height = 4096\ndata-width = "
        "4096\ndata-channels = 3\n",
    };
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){
            .model = "x", .kernel_set = gt_kernel_set_arithmetic(NULL), .dataset = "", .recipe = recipes[i]});
        gt_checkpoint_tensor(c, "/networks/G_ema/mapping.w_avg", &GT_SHAPE(2), (float[]){1, 2});
        assert_int_equal(gt_checkpoint_write(c, at("huge.h5")), GT_OK);
        gt_checkpoint_free(c);
        struct rusage before, after;
        getrusage(RUSAGE_SELF, &before);
        assert_null(
            gt_generator_open(at("huge.h5"), &(gt_generator_options){.noise_mode = GT_NOISE_CONST, .truncation = 1}));
        getrusage(RUSAGE_SELF, &after);
        assert_message("huge.h5");
        /* each of the networks has more than 512 MB; a sanitizer keeps what is freed */
        assert_true(after.ru_maxrss - before.ru_maxrss < 192 << 10);
    }
}

static void latents_are_those_of_the_reference(void **state) {
    (void)state;
    float z[3];
    gt_seed_latent(0, 3, z);
    /* numpy.random.RandomState(0).randn(3) */
    static const double expected[] = {1.764052345967664, 0.4001572083672233, 0.9787379841057392};
    for (int i = 0; i < 3; i++) assert_true(z[i] == (float)expected[i]);
}

static void bytes_are_truncated(void **state) {
    (void)state;
    static const float x[] = {-1, 1, 0, -2, 2, NAN, -0.9999f, 0.0117f};
    static const uint8_t expected[] = {0, 255, 128, 0, 255, 0, 0, 129}; /* trunc(clamp(x * 127.5 + 128)) */
    uint8_t out[8];
    gt_image_bytes(x, out, 8);
    assert_memory_equal(out, expected, sizeof out);
}

/* Numbers of a generator as files hold them, and as networks see them again. */
static void samples_of_files(void **state) {
    (void)state;
    const float x[] = {-1, 1, 0, -3, 7, -0.99f, 0.001f, INFINITY};
    enum { N = 8 };
    const gt_sample_format twelve = {GT_U16, {0, 4095}}, floats = {GT_F32, {-5, 15}}, odd = {GT_U8, {10.5, 900}};
    uint16_t deep[N];
    gt_samples_of_floats(&twelve, x, N, deep);
    assert_memory_equal(deep, ((uint16_t[]){0, 4095, 2048, 0, 4095, 20, 2050, 4095}), sizeof deep);
    uint8_t bytes[N];
    gt_samples_of_floats(&odd, x, N, bytes);
    assert_memory_equal(bytes, ((uint8_t[]){11, 255, 255, 11, 255, 15, 255, 255}), sizeof bytes);
    float real[N], seen[N], again[N];
    gt_samples_of_floats(&floats, x, N, real);
    assert_true(real[0] == -5 && real[1] == 15 && real[2] == 5 && real[3] == -5 && real[4] == 15 && real[7] == 15);
    memcpy(seen, x, sizeof seen);
    gt_floats_round(&floats, N, seen);
    gt_floats_of_samples(&floats, real, N, again);
    assert_memory_equal(seen, again, (N - 1) * sizeof *seen);
    assert_true(isinf(seen[7])); /* so that scores say so */
    /* what a file holds stays as it is */
    for (int v = 0; v < 65536; v++) {
        const gt_sample_format of[] = {{GT_U16, {0, 65535}}, {GT_U16, {1000, 64000}}, GT_SAMPLES_OF_8_BITS};
        for (int k = 0; k < 3; k++) {
            uint16_t sample = (uint16_t)v, back = 0;
            uint8_t byte = (uint8_t)v, byte_back = 0;
            gt_floats_of_samples(&of[k], k < 2 ? (void *)&sample : &byte, 1, seen);
            gt_samples_of_floats(&of[k], seen, 1, k < 2 ? (void *)&back : &byte_back);
            int wanted = k == 1 && v < 1000 ? 1000 : k == 1 && v > 64000 ? 64000 : v;
            assert_true(k < 2 ? back == wanted : byte_back == byte);
        }
    }
}

static gt_generate_request request_for(int64_t n, const int64_t *seeds, const char *outdir) {
    return (gt_generate_request){.checkpoint = checkpoint,
                                 .options = {.noise_mode = GT_NOISE_CONST, .truncation = 1},
                                 .n = n,
                                 .seeds = seeds,
                                 .condition = {.class = "1"},
                                 .outdir = outdir,
                                 .single = true};
}

static gt_comm *alone(void) {
    static gt_comm *comm;
    if (!comm) comm = gt_comm_start_all(1, NULL);
    assert_non_null(comm);
    return comm;
}

/* Pixels of DIR/NAME; free() them. */
static uint8_t *read_png(const char *where, const char *name, gt_picture *info) {
    char path[256];
    size_t n;
    snprintf(path, sizeof path, "%s/%s", where, name);
    void *bytes = get(path, &n);
    assert_ok(gt_picture_decode(info, bytes, n, 0));
    assert_int_equal(info->type, GT_U8);
    free(bytes);
    return info->samples;
}

static void an_image_depends_on_its_seed_alone(void **state) {
    (void)state;
    static const int64_t many[] = {3, 1, 4, 15, 9, 2, 6, 5, 35, 8, 97}, one[] = {97};
    char a[96], b[96];
    snprintf(a, sizeof a, "%s/many", scratch);
    snprintf(b, sizeof b, "%s/deep/er/one", scratch);
    gt_generate_request r = request_for(11, many, a), s = request_for(1, one, b);
    if (gt_generate_all(alone(), &r, NULL) || gt_generate_all(alone(), &s, NULL)) fail_msg("%s", gt_message());
    gt_picture info, other;
    uint8_t *x = read_png(a, "seed0097.png", &info), *y = read_png(b, "seed0097.png", &other),
            *z = read_png(a, "seed0003.png", &other);
    assert_true(info.height == 16 && info.width == 16 && info.channels == 3);
    assert_memory_equal(x, y, 16 * 16 * 3);
    assert_memory_not_equal(x, z, 16 * 16 * 3);
    free(x);
    free(y);
    free(z);
}

static void a_grid_holds_the_same_images(void **state) {
    (void)state;
    static const int64_t seeds[] = {10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
    char a[96];
    snprintf(a, sizeof a, "%s/grid", scratch);
    gt_generate_request r = request_for(10, seeds, a);
    r.gathered = true; /* about square: 4 columns, 3 rows */
    assert_int_equal(gt_generate_all(alone(), &r, NULL), GT_OK);
    gt_picture info, one;
    uint8_t *grid = read_png(a, "grid.png", &info), *image = read_png(a, "seed0016.png", &one);
    assert_true(info.width == 64 && info.height == 48);
    for (int y = 0; y < 16; y++)
        assert_memory_equal(grid + ((16 + y) * 64 + 2 * 16) * 3, image + y * 16 * 3,
                            16 * 3); /* cell 6: row 1, column 2 */
    /* the empty last cell */
    for (int x = 0; x < 16 * 3; x++) assert_int_equal(grid[(40 * 64 + 3 * 16) * 3 + x], 0);
    free(grid);
    free(image);
}

/* The folder would be made before the first image. */
static void a_grid_that_is_too_large_is_refused_before_the_work(void **state) {
    (void)state;
    static const int64_t seeds[] = {1};
    char a[96];
    snprintf(a, sizeof a, "%s/large", scratch);
    static const gt_grid large[] = {
        {2049, 1, false}, {1, 2049, false}, {1500, 1500, false} /* no side, but more bytes than a PNG may have */};
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        gt_generate_request r = request_for(1, seeds, a);
        r.gathered = true;
        r.grid = large[i];
        assert_int_equal(gt_generate_all(alone(), &r, NULL), GT_USAGE);
        assert_message("too large for a PNG");
        assert_int_not_equal(access(a, F_OK), 0);
    }
}

static void classes_are_checked(void **state) {
    (void)state;
    static const int64_t seeds[] = {1};
    gt_generate_request r = request_for(1, seeds, scratch);
    r.condition.class = "2";
    assert_int_equal(gt_generate_all(alone(), &r, NULL), GT_USAGE);
    r.condition.class = "";
    assert_int_equal(gt_generate_all(alone(), &r, NULL), GT_USAGE);
    assert_non_null(strstr(gt_message(), "the network is conditional: --class=0"));
    float label[] = {0.5f, 0.5f, 0};
    r.condition.label = label;
    r.condition.label_dim = 3;
    assert_int_equal(gt_generate_all(alone(), &r, NULL), GT_USAGE);
    r.condition.label_dim = 2;
    assert_int_equal(gt_generate_all(alone(), &r, NULL), GT_OK);
}

static void a_damaged_checkpoint_is_refused(void **state) {
    (void)state;
    const char *path = at("damaged.h5");
    size_t n;
    char *bytes = get(checkpoint, &n);
    bytes[n / 2] ^= 1;
    put(path, bytes, n);
    assert_null(gt_generator_open(path, &(gt_generator_options){.noise_mode = GT_NOISE_CONST, .truncation = 1}));
    assert_non_null(strstr(gt_message(), "damaged.h5"));
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latents_are_those_of_the_reference),
        cmocka_unit_test(bytes_are_truncated),
        cmocka_unit_test(samples_of_files),
        cmocka_unit_test(an_image_depends_on_its_seed_alone),
        cmocka_unit_test(a_grid_holds_the_same_images),
        cmocka_unit_test(a_grid_that_is_too_large_is_refused_before_the_work),
        cmocka_unit_test(classes_are_checked),
        cmocka_unit_test(a_damaged_checkpoint_is_refused),
        cmocka_unit_test(networks_are_measured_by_the_file),
    };
    return cmocka_run_group_tests(tests, begin, remove_scratch);
}
