/* SPDX-License-Identifier: Apache-2.0
 * Jobs: published recipes, rules between options, job files and recipe texts, comparison, names of runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features/dcgan/dcgan.h"
#include "networks/model/door/family.h"
#include "job/door/job.h"
#include "features/stylegan2/loss.h"

static const gt_stylegan2_options *own(const gt_job *job) { return job->own; }

/* A job with these settings, "key=value" each, of the recipe auto if they name none; checked and resolved for images of
 * size x size. */
static gt_job *job_with(int64_t size, int n, const char *const settings[]) {
    gt_job *job = gt_job_new();
    assert_non_null(job);
    assert_int_equal(gt_job_set(job, "data", "set.zip", NULL), GT_OK);
    if (!n || strncmp(settings[0], "model=", 6)) assert_int_equal(gt_job_set(job, "cfg", "auto", NULL), GT_OK);
    for (int i = 0; i < n; i++) {
        char key[64];
        const char *equals = strchr(settings[i], '=');
        snprintf(key, sizeof key, "%.*s", (int)(equals - settings[i]), settings[i]);
        if (gt_job_set(job, key, equals + 1, NULL)) fail_msg("%s", gt_message());
    }
    if (gt_job_check(job) || gt_job_resolve(job, size, size, 3, 10, 1000)) {
        gt_job_free(job);
        return NULL;
    }
    return job;
}
#define JOB(size, ...)                                                                  \
    job_with(size, sizeof((const char *const[]){"", __VA_ARGS__}) / sizeof(char *) - 1, \
             &((const char *const[]){"", __VA_ARGS__})[1])

#define assert_refused(job, text)                                                             \
    do {                                                                                      \
        gt_job *refused = (job);                                                              \
        assert_null(refused);                                                                 \
        if (!strstr(gt_message(), text)) fail_msg("'%s' is not in '%s'", text, gt_message()); \
    } while (0)

static void published_recipes_have_the_published_values(void **state) {
    (void)state;
    static const struct {
        const char *cfg;
        double kimg;
        int64_t batch, mbstd, groups_of, cbase;
        double lrate, gamma, ema, ramp;
        int64_t map;
        double pl, mixing;
        const char *d;
    } rows[] = {
        /* docs/mathematics/stylegan2-ada.md#recipes; stddev groups are cut from the images of a GPU of the reference */
        {"stylegan2", 25000, 32, 4, 4, 32768, 0.002, 10, 10, 0, 8, 2, 0.9, "resnet"},
        {"paper256", 25000, 64, 8, 8, 16384, 0.0025, 1, 20, 0, 8, 2, 0.9, "resnet"},
        {"paper512", 25000, 64, 8, 8, 32768, 0.0025, 0.5, 20, 0, 8, 2, 0.9, "resnet"},
        {"paper1024", 25000, 32, 4, 4, 32768, 0.002, 2, 10, 0, 8, 2, 0.9, "resnet"},
        {"cifar", 100000, 64, 32, 32, 32768, 0.0025, 0.01, 500, 0.05, 2, 0, 0, "orig"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char cfg[32];
        snprintf(cfg, sizeof cfg, "cfg=%s", rows[i].cfg);
        gt_job *j = JOB(256, cfg);
        assert_non_null(j);
        assert_true(j->kimg == rows[i].kimg && j->batch == rows[i].batch && own(j)->mbstd == rows[i].mbstd &&
                    j->slices == j->batch && own(j)->mbstd_batch == rows[i].groups_of &&
                    own(j)->pl_mean == GT_PL_MEAN_BATCH);
        assert_true(j->gan.cbase == rows[i].cbase && j->gan.cmax == 512 && j->lrate == rows[i].lrate &&
                    own(j)->gamma == rows[i].gamma);
        assert_true(j->ema_kimg == rows[i].ema && j->ema_ramp == rows[i].ramp && own(j)->map_layers == rows[i].map);
        assert_true(own(j)->pl_weight == rows[i].pl && own(j)->style_mixing == rows[i].mixing);
        assert_string_equal(gt_job_value(j, "d-arch"), rows[i].d);
        assert_true(!own(j)->fp32 && j->z_dim == 512 && own(j)->w_dim == 512 && j->gan.ada_kimg == 500 &&
                    j->gan.ada_interval == 4 && j->gan.target == 0.6);
        gt_job_free(j);
    }
}

static void auto_follows_the_size_of_the_images(void **state) {
    (void)state;
    static const struct {
        int64_t size, gpus, batch, mbstd, cbase;
        double lrate, gamma, ema;
    } rows[] = {
        /* by hand from the formulas of docs/mathematics/stylegan2-ada.md#recipes */
        {32, 1, 32, 4, 16384, 0.0025, 0.0002 * 1024 / 32, 10},
        {256, 1, 16, 4, 16384, 0.0025, 0.0002 * 65536 / 16, 5},
        {256, 8, 64, 4, 16384, 0.0025, 0.0002 * 65536 / 64, 20},
        {1024, 1, 4, 4, 32768, 0.002, 0.0002 * 1048576 / 4, 1.25},
        {1024, 2, 8, 4, 32768, 0.002, 0.0002 * 1048576 / 8, 2.5},
        {512, 8, 64, 4, 32768, 0.0025, 0.0002 * 262144 / 64, 20},
        /* 25, 50 and 5 images hold no whole groups */
        {160, 1, 24, 4, 16384, 0.0025, 0.0002 * 25600 / 24, 7.5},
        {160, 2, 48, 4, 16384, 0.0025, 0.0002 * 25600 / 48, 15},
        {768, 1, 4, 4, 32768, 0.0025, 0.0002 * 589824 / 4, 1.25},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char gpus[32];
        snprintf(gpus, sizeof gpus, "gpus=%d", (int)rows[i].gpus);
        gt_job *j = JOB(rows[i].size, gpus);
        assert_non_null(j);
        assert_true(j->batch == rows[i].batch && own(j)->mbstd == rows[i].mbstd && j->gan.cbase == rows[i].cbase &&
                    j->lrate == rows[i].lrate);
        assert_float_equal(own(j)->gamma, rows[i].gamma, 1e-12);
        assert_true(j->ema_kimg == rows[i].ema && j->ema_ramp == 0.05 && own(j)->map_layers == 2 && j->kimg == 25000);
        gt_job_free(j);
    }
}

/* Of the size and of colour alone: not of the number of pictures and classes, or of threads. */
static void cpu_follows_the_size_and_colour_of_the_images(void **state) {
    (void)state;
    static const struct {
        int64_t height, width;
        double gamma, kimg;
    } sizes[] = {{16, 16, 0.25, 400}, {32, 32, 1, 400}, {64, 64, 4, 800}, {64, 32, 2, 566}, {256, 256, 64, 3200}};
    static const int64_t channels[] = {1, 3}, images[] = {100, 60000}, classes[] = {0, 10};
    int n = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int k = 0; k < 8; k++, n++) {
            gt_job *j = gt_job_new();
            assert_int_equal(gt_job_set(j, "data", "set.zip", NULL) | gt_job_set(j, "cfg", "cpu", NULL), GT_OK);
            assert_int_equal(gt_job_set(j, "threads", k & 1 ? "1" : "64", NULL), GT_OK);
            assert_int_equal(gt_job_set(j, "cond", k & 1 ? "1" : "0", NULL), GT_OK);
            if (gt_job_check(j) || gt_job_resolve(j, sizes[s].height, sizes[s].width, channels[k >> 1 & 1],
                                                  classes[k & 1], images[k >> 2]))
                fail_msg("%s", gt_message());
            double gamma = sizes[s].gamma / (k & 2 ? 5 : 1);
            assert_true(own(j)->gamma == gamma && j->kimg == sizes[s].kimg);
            assert_true(j->batch == 8 && own(j)->mbstd == 8 && j->slices == 8 && own(j)->mbstd_batch == 8);
            assert_true(j->z_dim == 64 && own(j)->w_dim == 64);
            assert_true(j->gan.cbase == 2048 && j->gan.cmax == 64 && own(j)->map_layers == 2 && j->lrate == 0.0025);
            assert_true(own(j)->pl_weight == 0 && own(j)->style_mixing == 0 && j->ema_kimg == 2.5);
            assert_true(j->gan.aug == GT_AUG_ADA && j->gan.ada_kimg == 100 && own(j)->d_arch == GT_ARCH_ORIG);
            gt_job_free(j);
        }
    assert_int_equal(n, 40);
}

/* By the rule of bench/quality/batches, as far as it was measured; a rate that is given keeps its decay. */
static void cpu_follows_a_larger_batch(void **state) {
    (void)state;
    static const struct {
        const char *batch, *lrate;
        double rate, beta2, ema;
        int64_t interval;
    } rows[] = {{"4", NULL, 0.0025, 0, 2.5, 4},
                {"8", NULL, 0.0025, 0, 2.5, 4},
                {"16", NULL, 0.00353553, 0.9801, 5, 2},
                {"32", NULL, 0.005, 0.960596, 10, 1},
                {"64", NULL, 0.00707107, 0.922745, 20, 1},
                {"128", NULL, 0.00707107, 0.922745, 20, 1},
                {"32", "0.001", 0.001, 0, 10, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gt_job *j = gt_job_new();
        assert_int_equal(gt_job_set(j, "data", "set.zip", NULL) | gt_job_set(j, "batch", rows[i].batch, NULL), GT_OK);
        if (rows[i].lrate) assert_int_equal(gt_job_set(j, "lrate", rows[i].lrate, NULL), GT_OK);
        if (gt_job_check(j) || gt_job_resolve(j, 32, 32, 3, 0, 1000)) fail_msg("%s", gt_message());
        assert_true(j->lrate == rows[i].rate && j->beta2 == rows[i].beta2 && j->ema_kimg == rows[i].ema);
        assert_true(j->gan.ada_interval == rows[i].interval && own(j)->gamma == 0.2 && own(j)->mbstd == 8);
        gt_job_free(j);
    }
}

/* --gpus is for auto: a command of the reference's, which has no --cfg, is refused with what to add. */
static void the_default_recipe_is_cpu(void **state) {
    (void)state;
    gt_job *j = gt_job_new();
    assert_int_equal(gt_job_set(j, "data", "set.zip", NULL), GT_OK);
    if (gt_job_check(j) || gt_job_resolve(j, 32, 32, 3, 0, 1000)) fail_msg("%s", gt_message());
    assert_string_equal(j->cfg, "cpu");
    assert_true(j->batch == 8 && j->kimg == 400);
    gt_job_free(j);
    assert_refused(JOB(32, "cfg=cpu", "gpus=4"), "--gpus=4 is for the recipe auto, but --cfg is cpu: add --cfg=auto");
}

/* What stddev groups are cut from, and which path lengths have one mean, follows from the recorded values alone: jobs
 * of earlier versions have slices, and neither of the two. */
static void slices_say_what_is_taken_together(void **state) {
    (void)state;
    static const struct {
        const char *batch, *mbstd, *slices; /* NULL: nobody says so */
        int64_t cut, groups_of;
        const char *mean;
    } rows[] = {
        {"batch=32", "mbstd=4", NULL, 16, 4, "batch"},          {"batch=64", "mbstd=4", NULL, 32, 8, "batch"},
        {"batch=40", "mbstd=4", NULL, 20, 8, "batch"},          {"batch=8", "mbstd=32", NULL, 8, 8, "batch"},
        {"batch=11", "mbstd=1", NULL, 11, 11, "batch"},         {"batch=32", "mbstd=4", "slices=8", 8, 4, "slice"},
        {"batch=64", "mbstd=32", "slices=2", 2, 32, "slice"},   {"batch=8", "mbstd=8", "slices=1", 1, 8, "slice"},
        {"batch=8", "mbstd=8", "slices=8", 8, 8, "slice"},      {"batch=64", "mbstd=32", "slices=32", 32, 64, "slice"},
        {"batch=24", "mbstd=4", "slices=4", 4, 24, "slice"},    {"batch=32", "mbstd=4", "slices=32", 32, 4, "slice"},
        {"batch=64", "mbstd=32", "slices=64", 64, 32, "slice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gt_job *j = rows[i].slices ? JOB(32, rows[i].batch, rows[i].mbstd, rows[i].slices)
                                   : JOB(32, rows[i].batch, rows[i].mbstd);
        if (!j) fail_msg("row %zu: %s", i, gt_message());
        assert_int_equal(j->slices, rows[i].cut);
        assert_int_equal(own(j)->mbstd_batch, rows[i].groups_of);
        assert_string_equal(gt_job_value(j, "pl-mean"), rows[i].mean);
        gt_job_free(j);
    }
    gt_job *j = JOB(32, "batch=32", "mbstd=4", "slices=8", "mbstd-batch=16", "pl-mean=batch");
    assert_true(j && own(j)->mbstd_batch == 16 && own(j)->pl_mean == GT_PL_MEAN_BATCH);
    gt_job_free(j);
}

static void a_given_value_changes_nothing_else(void **state) {
    (void)state;
    gt_job *j = JOB(256, "batch=32", "gamma=3", "fp32=1", "steps=5");
    assert_true(j->batch == 32 && own(j)->gamma == 3 && j->ema_kimg == 5 && own(j)->mbstd == 4 && j->slices == 32);
    assert_true(own(j)->fp32 && own(j)->mbstd_batch == 4);
    assert_int_equal(j->total_images, 160); /* 5 steps are less than 25000 kimg */
    gt_job_free(j);
    j = JOB(32, "cfg=cifar", "batch=8"); /* groups of min(32, 8) */
    assert_true(own(j)->mbstd_batch == 8 && own(j)->mbstd == 32);
    gt_job_free(j);
}

/* The clamp of a model's convolutions; < 0: none. */
static float clamp_of(gt_job *j) {
    gt_model *m = gt_model_bare(j);
    if (!m) fail_msg("%s", gt_message());
    const gt_stylegan2 *made = m->own;
    float clamp = made->discriminator.conv_clamp;
    assert_true(clamp == made->synthesis.conv_clamp);
    gt_model_free(m);
    gt_job_free(j);
    return clamp;
}

static void activations_are_clamped_unless_fp32_is_asked_for(void **state) {
    (void)state;
    assert_true(clamp_of(JOB(16, "cbase=64", "cfg=paper256")) == 256);
    assert_true(clamp_of(JOB(16, "cbase=64")) == 256);
    assert_true(clamp_of(JOB(16, "cbase=64", "fp32=1")) < 0);
}

/* Who gives no optimiser has the recipe text of before there was a choice. */
static void every_network_takes_any_optimizer(void **state) {
    (void)state;
    static const struct {
        const char *model, *option;
        const char *optimizer[2]; /* of the networks */
        bool written;             /* beyond what DCGAN's recipes always had */
    } cases[] = {
        {"model=stylegan2", "seed=0", {"adam", "adam"}, false},
        {"model=stylegan2", "optimizer=sgd", {"sgd", "sgd"}, true},
        {"model=stylegan2", "g-optimizer=sgd", {"sgd", "adam"}, true},
        {"model=stylegan2", "d-optimizer=sgd", {"adam", "sgd"}, true},
        {"model=dcgan", "seed=0", {"adam", "adam"}, false},
        {"model=dcgan", "optimizer=sgd", {"sgd", "sgd"}, true},
        {"model=dcgan", "g-optimizer=sgd", {"sgd", "adam"}, true},
        {"model=dcgan", "d-optimizer=sgd", {"adam", "sgd"}, false},
        {"model=vae", "seed=0", {"adam"}, false},
        {"model=vae", "optimizer=sgd", {"sgd"}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gt_job *j = strcmp(cases[i].model, "model=vae") ? JOB(16, cases[i].model, "cbase=64", cases[i].option)
                                                        : JOB(16, cases[i].model, "widths=0.01", cases[i].option);
        if (!j) fail_msg("%s", gt_message());
        gt_model *m = gt_model_bare(j);
        if (!m) fail_msg("%s", gt_message());
        for (int net = 0; net < m->n_nets; net++) {
            const gt_learning *l = &m->learning[net];
            assert_string_equal(l->optimizer, cases[i].optimizer[net]);
            bool sgd = !strcmp(l->optimizer, "sgd");
            if (!strcmp(cases[i].model, "model=stylegan2")) { /* of sgd lazy regularisation scales the rate alone */
                assert_true(l->settings.lr < j->lrate);
                assert_true(sgd ? l->settings.beta2 == 0.99 : l->settings.beta2 > 0.99);
            }
        }
        char *text = gt_job_to_recipe_text(j);
        bool dcgan = !strcmp(cases[i].model, "model=dcgan");
        assert_int_equal(strstr(text, "\noptimizer") || strstr(text, "\ng-optimizer") ||
                             (!dcgan && strstr(text, "\nd-optimizer")),
                         cases[i].written);
        assert_int_equal(dcgan, dcgan && strstr(text, "\nd-optimizer ="));
        assert_int_equal(dcgan, strstr(text, "[dcgan]") != NULL);
        gt_job *again = gt_job_from_recipe_text(text, "recipe");
        if (!again) fail_msg("%s", gt_message());
        assert_int_equal(gt_job_compare(j, "a", again, "b", NULL), 0);
        gt_job_free(again);
        free(text);
        gt_model_free(m);
        gt_job_free(j);
    }
    static const char *const groups[] = {"recipe", "dcgan"}; /* both are read */
    for (int i = 0; i < 2; i++) {
        gt_job *j = gt_job_new();
        char text[64];
        snprintf(text, sizeof text, "[%s]\nd-optimizer = sgd\n", groups[i]);
        assert_int_equal(gt_job_read_text(j, text, "job"), GT_OK);
        assert_string_equal(j->gan.d_optimizer, "sgd");
        gt_job_free(j);
    }
    gt_job *j = JOB(16, "model=dcgan", "d-optimizer=sgd");
    const gt_dcgan_options *o = j->own;
    assert_true(o->d_lrate == 0.02 && j->lrate == 2e-4);
    gt_job_free(j);
}

static void total_images_do_not_suffer_from_rounding(void **state) {
    (void)state;
    for (int n = 1; n < 3000; n++) {
        char kimg[32];
        snprintf(kimg, sizeof kimg, "kimg=%d.%03d", n / 1000, n % 1000);
        gt_job *j = JOB(32, kimg);
        assert_int_equal(j->total_images, n);
        gt_job_free(j);
    }
}

static void transfer_changes_ada_speed_and_ramp(void **state) {
    (void)state;
    gt_job *j = JOB(32, "resume=runs/other");
    assert_true(j->resumes && j->gan.ada_kimg == 100 && j->ema_ramp == 0);
    gt_job_free(j);
    j = JOB(32, "resume=runs/other", "ada-kimg=7", "ema-ramp=0.1");
    assert_true(j->gan.ada_kimg == 7 && j->ema_ramp == 0.1);
    gt_job_free(j);
    j = JOB(32, "resume=noresume");
    assert_true(!j->resumes && j->gan.ada_kimg == 500 && j->ema_ramp == 0.05);
    gt_job_free(j);
}

static void augmentation_is_derived_from_its_options(void **state) {
    (void)state;
    gt_job *j = JOB(32, "aug=noaug");
    assert_true(!j->gan.augments && j->gan.ada_target < 0);
    gt_job_free(j);
    j = JOB(32, "aug=fixed", "p=0.25");
    assert_true(j->gan.augments && j->gan.ada_target < 0 && j->gan.p_initial == 0.25);
    gt_job_free(j);
    j = JOB(32, "target=0.5");
    assert_true(j->gan.augments && j->gan.ada_target == 0.5 && j->gan.p_initial == 0);
    gt_job_free(j);
}

static void what_does_not_fit_together_is_refused_in_the_words_of_the_field(void **state) {
    (void)state;
    assert_refused(JOB(32, "aug=fixed"), "--aug=fixed requires specifying --p");
    assert_refused(JOB(32, "p=0.5"), "--p can only be specified with --aug=fixed");
    assert_refused(JOB(32, "aug=noaug", "target=0.5"), "--target can only be specified with --aug=ada");
    assert_refused(JOB(32, "aug=noaug", "augpipe=bg"), "--augpipe cannot be specified with --aug=noaug");
    assert_refused(JOB(32, "batch=9", "gpus=2"),
                   "--batch=9 is not divisible by --gpus=2: the nearest that fits is 8 or 10");
    assert_refused(JOB(32, "subset=1001"), "--subset must be between 1 and 1000");
    assert_refused(JOB(32, "run=a", "outdir=b"), "--run and --outdir");
    assert_refused(JOB(32, "batch=40", "mbstd=32"), "batches that fit are 32 and 64, or use --mbstd=8");
    assert_refused(JOB(32, "batch=64", "mbstd=32", "slices=65"),
                   "--slices=65: more slices than the images of --batch=64");
    assert_refused(JOB(32, "batch=32", "mbstd=4", "slices=3"), "nearest that fit: 2 and 4");
    assert_refused(JOB(32, "batch=24", "mbstd=4", "slices=9"), "nearest that fit: 6 and 12");
    assert_refused(JOB(32, "batch=32", "mbstd=4", "mbstd-batch=6"), "--mbstd-batch=6: must divide --batch=32");
    assert_refused(JOB(32, "batch=32", "mbstd=4", "mbstd-batch=4", "slices=4"), "and of a slice, of 8 images");
    static const char *const of_metrics[] = {"metrics-count=5", "metrics-share=0.5", "detector=a.h5", "inception=a.pkl",
                                             "vgg16=a.pth",     "lpips=a.pth",       "resize=half"};
    for (size_t i = 0; i < sizeof of_metrics / sizeof *of_metrics; i++) {
        char message[64];
        snprintf(message, sizeof message, "--%.*s is only for runs with --metrics", (int)strcspn(of_metrics[i], "="),
                 of_metrics[i]);
        assert_refused(JOB(32, of_metrics[i]), message);
    }
    gt_job *job = gt_job_new();
    assert_int_equal(gt_job_check(job), GT_USAGE);
    assert_non_null(strstr(gt_message(), "--data is required"));
    assert_int_equal(gt_job_set(job, "cond", NULL, NULL), GT_OK);
    assert_int_equal(gt_job_resolve(job, 32, 32, 3, 0, 10), GT_USAGE);
    assert_non_null(strstr(gt_message(), "requires labels"));
    gt_job_free(job);
}

static void labels_count_only_with_cond(void **state) {
    (void)state;
    gt_job *j = JOB(32, "cond=0");
    assert_int_equal(j->label_dim, 0);
    gt_job_free(j);
    j = JOB(32, "cond=true");
    assert_int_equal(j->label_dim, 10);
    gt_job_free(j);
}

/* ---- texts ---- */

static void recipe_text_comes_back_the_same_and_holds_no_place_or_time(void **state) {
    (void)state;
    gt_job *j = JOB(64, "cond=1", "gamma=0.1", "threads=3", "run=some/dir", "kimg=2", "subset=500", "aug=fixed",
                    "p=0.3", "keep=9");
    char *text = gt_job_to_recipe_text(j);
    static const char *const absent[] = {"set.zip", "some/dir", "threads", "kimg = 2", "keep", "target", "ada-kimg"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        if (strstr(text, absent[i])) fail_msg("'%s' is in the recipe", absent[i]);
    gt_job *back = gt_job_from_recipe_text(text, "a test");
    if (!back) fail_msg("%s", gt_message());
    assert_true(back->resolved && back->height == 64 && back->width == 64 && back->channels == 3 &&
                back->label_dim == 10);
    assert_true(own(back)->gamma == 0.1 && back->slices == j->slices && back->gan.p_initial == 0.3);
    char *again = gt_job_to_recipe_text(back);
    assert_string_equal(text, again);
    assert_int_equal(gt_job_compare(j, "a", back, "b", NULL), 0);
    free(text);
    free(again);
    gt_job_free(back);
    gt_job_free(j);
}

static void resolved_dump_repeats_the_run(void **state) {
    (void)state;
    gt_job *j = JOB(128, "data=a path; with #signs.zip", "lrate=0.0012345678901234567", "log=warning");
    char *text = gt_job_to_text(j);
    gt_job *back = gt_job_new();
    if (gt_job_read_text(back, text, "job.ini") || gt_job_check(back) || gt_job_resolve(back, 128, 128, 3, 10, 1000))
        fail_msg("%s", gt_message());
    assert_string_equal(back->data, "a path; with #signs.zip");
    assert_true(back->lrate == j->lrate);
    char *again = gt_job_to_text(back);
    assert_string_equal(text, again);
    free(text);
    free(again);
    gt_job_free(back);
    gt_job_free(j);
}

static void comparison_lists_recipe_options_only(void **state) {
    (void)state;
    gt_job *a = JOB(32, "gamma=1", "seed=3"),
           *b = JOB(32, "gamma=2", "aug=noaug", "seed=3", "threads=2", "kimg=9", "snap=2", "data=elsewhere.zip");
    char *table = NULL;
    size_t n;
    FILE *f = open_memstream(&table, &n);
    int differences = gt_job_compare(a, "the run", b, "now", f);
    fclose(f);
    static const char *const named[] = {"gamma", "aug", "target", "the run", "now"};
    static const char *const unnamed[] = {"threads", "kimg=", "snap", "seed", "elsewhere"};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) assert_non_null(strstr(table, named[i]));
    for (size_t i = 0; i < sizeof unnamed / sizeof *unnamed; i++) assert_null(strstr(table, unnamed[i]));
    /* gamma, aug, and what aug=noaug makes moot: augpipe target p-max ada-kimg ada-interval */
    assert_int_equal(differences, 7);
    free(table);
    gt_job_free(a);
    gt_job_free(b);
}

static void job_files_name_file_and_line(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"[recipe]\nbatch = 8\ngama = 3\n", "x.ini:3: unknown key 'gama'; did you mean gamma?"},
        {"\n\nbatch = eight\n", "x.ini:3: batch=eight: must be a whole number"},
        {"[recipe]\nbatch = 8\nbatch = 9\n", "x.ini:3: key 'batch' was already given in line 2"},
        {"[data]\nbatch = 8\n", "x.ini:2: key 'batch' belongs to the group [recipe], not [data]"},
        {"[recepie]\n", "x.ini:1: unknown group"},
        {"batch\n", "x.ini:1: 'batch' is neither"},
        {"data-height = 3\n", "x.ini:1: data-height=3: comes from the data"},
        {"gamma = -1\n", "x.ini:1: gamma=-1: must be non-negative"},
        {"cfg = paper\n", "x.ini:1: cfg=paper: must be one of auto|stylegan2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gt_job *j = gt_job_new();
        assert_int_equal(gt_job_read_text(j, rows[i].text, "x.ini"), GT_USAGE);
        if (!strstr(gt_message(), rows[i].message)) fail_msg("'%s' is not in '%s'", rows[i].message, gt_message());
        gt_job_free(j);
    }
    gt_job *j = gt_job_new();
    assert_int_equal(
        gt_job_read_text(
            j, "# all fine\n[recipe] ; group\n  batch = 8 # eight\n\tgamma=.5\r\n[data]\ndata = \"a b.zip\"", "x.ini"),
        GT_OK);
    assert_true(j->batch == 8 && own(j)->gamma == 0.5);
    assert_string_equal(j->data, "a b.zip");
    assert_int_equal(gt_job_read_file(j, "no/such/job.ini"), GT_USAGE);
    assert_non_null(strstr(gt_message(), "no/such/job.ini"));
    gt_job_free(j);

    gt_job *marked = gt_job_new(); /* a byte-order mark */
    assert_int_equal(gt_job_read_text(marked, "\xEF\xBB\xBF[recipe]\nbatch = 8\n", "m.ini"), GT_OK);
    assert_int_equal(marked->batch, 8);
    gt_job_free(marked);
}

static void zero_has_no_sign(void **state) {
    (void)state;
    gt_job *zero = JOB(32, "gamma=0", "p=0", "aug=fixed"), *minus = JOB(32, "gamma=-0", "p=-0.0", "aug=fixed");
    char *one = gt_job_to_recipe_text(zero), *other = gt_job_to_recipe_text(minus);
    assert_string_equal(one, other);
    free(one);
    free(other);
    gt_job_free(zero);
    gt_job_free(minus);
}

static void the_command_line_may_make_a_file_s_options_moot(void **state) {
    (void)state;
    gt_job *j = gt_job_new();
    assert_int_equal(gt_job_read_text(j, "data = x\naug = ada\nada-kimg = 50\n", "x.ini"), GT_OK);
    assert_int_equal(gt_job_set(j, "aug", "noaug", NULL), GT_OK);
    assert_int_equal(gt_job_check(j), GT_OK);
    gt_job_free(j);
    j = gt_job_new();
    assert_int_equal(gt_job_read_text(j, "data = x\naug = noaug\nada-kimg = 50\n", "x.ini"), GT_OK);
    assert_int_equal(gt_job_check(j), GT_USAGE);
    gt_job_free(j);
}

static void descriptions_are_those_of_the_reference(void **state) {
    (void)state;
    gt_job *j = JOB(32, "data=dir/emoji32.zip");
    assert_string_equal(gt_job_description(j), "emoji32-auto1");
    gt_job_free(j);
    j = JOB(32, "data=/a/b/set.v2/", "cond=1", "mirror=1", "subset=100", "cfg=cifar", "gamma=0.25", "kimg=5",
            "batch=64", "aug=fixed", "p=0.2", "augpipe=bg", "resume=x.h5", "freezed=3");
    assert_string_equal(gt_job_description(j),
                        "set-cond-subset100-mirror-cifar-gamma0.25-kimg5-batch64-fixed-p0.2-bg-resumecustom-freezed3");
    gt_job_free(j);
    j = JOB(32, "data=/a/b/.hidden"); /* its name, not an extension */
    assert_string_equal(gt_job_description(j), ".hidden-auto1");
    gt_job_free(j);
    j = JOB(32, "data=synth:shapes:n=9", "gpus=2", "target=0.7", "resume=noresume");
    assert_string_equal(gt_job_description(j), "shapes-auto2-target0.7-noresume");
    gt_job_free(j);
}

static void the_jobs_that_are_shipped_can_be_read(void **state) {
    (void)state;
    static const char *const names[] = {"auto", "stylegan2", "paper256", "paper512", "paper1024", "cifar", "demo"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        snprintf(path, sizeof path, "jobs/%s.ini", names[i]);
        gt_job *j = gt_job_new();
        if (gt_job_read_file(j, path)) fail_msg("%s", gt_message());
        if (!*j->data) gt_job_set(j, "data", "set.zip", NULL);
        if (gt_job_check(j) || gt_job_resolve(j, 256, 256, 3, 10, 1000)) fail_msg("%s: %s", path, gt_message());
        if (strcmp(names[i], "demo")) assert_string_equal(j->cfg, names[i]);
        gt_job_free(j);
    }
}

static void dcgan_has_the_published_values(void **state) {
    (void)state;
    gt_job *j = gt_job_new();
    gt_job_set(j, "data", "x", NULL);
    gt_job_set(j, "model", "dcgan", NULL);
    assert_int_equal(gt_job_check(j), GT_OK);
    assert_int_equal(gt_job_resolve(j, 64, 64, 3, 10, 1000), GT_OK);
    assert_int_equal(j->batch, 128);
    assert_true(j->slices == 16 && j->bn == GT_BN_BATCH);
    assert_int_equal(j->z_dim, 100);
    assert_int_equal(j->gan.cbase / 32, 64); /* feature maps at half the size */
    assert_int_equal(j->label_dim, 0);
    assert_true(j->lrate == 2e-4 && ((gt_dcgan_options *)j->own)->d_lrate == 2e-4 && j->ema_kimg == 5 &&
                !j->gan.augments);
    gt_job_free(j);
    static const struct {
        const char *key, *value;
        int64_t slices;
    } cuts[] = {{"bn", "slice", 8}, /* of 16: of fewer samples statistics mean little */
                {"bn", "none", 16}};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        gt_job *cut = gt_job_new();
        gt_job_set(cut, "data", "x", NULL);
        gt_job_set(cut, "model", "dcgan", NULL);
        gt_job_set(cut, cuts[i].key, cuts[i].value, NULL);
        assert_int_equal(gt_job_check(cut), GT_OK);
        assert_int_equal(gt_job_resolve(cut, 64, 64, 3, 10, 1000), GT_OK);
        assert_int_equal(cut->slices, cuts[i].slices);
        gt_job_free(cut);
    }

    static const char *const names[] = {"dcgan", "dcgan-tricks"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        snprintf(path, sizeof path, "jobs/%s.ini", names[i]);
        j = gt_job_new();
        if (gt_job_read_file(j, path) || gt_job_check(j) || gt_job_resolve(j, 64, 64, 3, 0, 1000))
            fail_msg("%s: %s", path, gt_message());
        gt_job_free(j);
    }
    static const struct {
        const char *key, *value, *said;
    } wrong[] = {{"semi", "1", "labels"},
                 {"labelled", "0.5", "--semi"},
                 {"gamma", "1", "has no meaning"},
                 {"latent", "binary", "latent"},
                 {"flip", "0.7", "between"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        j = gt_job_new();
        gt_job_set(j, "data", "x", NULL);
        gt_job_set(j, "model", "dcgan", NULL);
        bool refused = gt_job_set(j, wrong[i].key, wrong[i].value, NULL) || gt_job_check(j) ||
                       gt_job_resolve(j, 64, 64, 3, 0, 1000);
        if (!refused || !strstr(gt_message(), wrong[i].said))
            fail_msg("--%s=%s: %s", wrong[i].key, wrong[i].value, gt_message());
        gt_job_free(j);
    }
}

/* What a run's job.ini says of its length, gone on with by its directory and these two of the command line (NULL: not
 * given). */
static gt_job *vae_gone_on_with(const char *filed, const char *epochs, const char *kimg) {
    gt_job *j = gt_job_new();
    gt_status st = gt_job_read_text(j, filed, "job.ini");
    if (!st && epochs) st = gt_job_set(j, "epochs", epochs, NULL);
    if (!st && kimg) st = gt_job_set(j, "kimg", kimg, NULL);
    if (st || gt_job_check(j) || gt_job_resolve(j, 12, 12, 1, 0, 100)) fail_msg("%s", gt_message());
    return j;
}

static void of_epochs_and_kimg_the_command_line_s_counts(void **state) {
    (void)state;
    static const char by_epochs[] = "data = x\nmodel = vae\nepochs = 1\nkimg = 0.1\n",
                      by_kimg[] = "data = x\nmodel = vae\nkimg = 0.1\n";
    static const struct {
        const char *filed, *epochs, *kimg;
        int64_t images;
        const char *says, *says_not; /* of the length; NULL: nothing */
    } rows[] = {
        {by_epochs, NULL, NULL, 100, "epochs = 1\n", NULL},
        {by_epochs, "3", NULL, 300, "epochs = 3\n", NULL},
        {by_epochs, NULL, "0.25", 250, "kimg = 0.25\n", "\nepochs"},
        {by_epochs, "3", "0.25", 250, "kimg = 0.25\n", "\nepochs"},
        {by_kimg, "3", NULL, 300, "epochs = 3\n", NULL},
        {by_kimg, NULL, NULL, 100, "kimg = 0.1\n", "\nepochs"},
        {"data = x\nmodel = vae\n", NULL, NULL, 3000, "epochs = 30\n", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gt_job *j = vae_gone_on_with(rows[i].filed, rows[i].epochs, rows[i].kimg);
        assert_int_equal(j->total_images, rows[i].images);
        char *text = gt_job_to_text(j);
        if (!strstr(text, rows[i].says) || (rows[i].says_not && strstr(text, rows[i].says_not)))
            fail_msg("row %zu: %s", i, text);
        gt_job *again = vae_gone_on_with(text, NULL, NULL);
        assert_int_equal(again->total_images, rows[i].images);
        gt_job_free(again);
        free(text);
        gt_job_free(j);
    }
}

static gt_job *with_input(const char *normalize) {
    gt_job *j = gt_job_new();
    assert_int_equal(gt_job_set(j, "model", "mlp", NULL), GT_OK);
    assert_int_equal(gt_job_set(j, "data", "synth:shapes:n=9,size=8,classes=2", NULL), GT_OK);
    assert_int_equal(gt_job_set(j, "normalize", normalize, NULL), GT_OK);
    if (gt_job_resolve(j, 8, 8, 1, 2, 9)) fail_msg("%s", gt_message());
    return j;
}

/* What a network was trained on: numbers are compared, not their texts. */
static void an_input_is_the_same_by_its_numbers(void **state) {
    (void)state;
    gt_job *from = with_input("0.5:0.25");
    static const char *const same[] = {"0.50:0.25", "5e-1:0.25", "0.5:.250"}, *const other[] = {"0.5:0.26",
                                                                                                "0.51:0.25"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        gt_job *j = with_input(same[i]);
        if (gt_job_check_input(j, from, "network.h5", stdout)) fail_msg("%s", gt_message());
        gt_job_free(j);
    }
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        gt_job *j = with_input(other[i]);
        assert_int_equal(gt_job_check_input(j, from, "network.h5", stdout), GT_USAGE);
        assert_non_null(strstr(gt_message(), "the network of network.h5 was trained with --normalize=0.5:0.25"));
        gt_job_free(j);
    }
    gt_job_free(from);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_recipes_have_the_published_values),
        cmocka_unit_test(auto_follows_the_size_of_the_images),
        cmocka_unit_test(cpu_follows_the_size_and_colour_of_the_images),
        cmocka_unit_test(cpu_follows_a_larger_batch),
        cmocka_unit_test(the_default_recipe_is_cpu),
        cmocka_unit_test(slices_say_what_is_taken_together),
        cmocka_unit_test(a_given_value_changes_nothing_else),
        cmocka_unit_test(activations_are_clamped_unless_fp32_is_asked_for),
        cmocka_unit_test(every_network_takes_any_optimizer),
        cmocka_unit_test(total_images_do_not_suffer_from_rounding),
        cmocka_unit_test(transfer_changes_ada_speed_and_ramp),
        cmocka_unit_test(augmentation_is_derived_from_its_options),
        cmocka_unit_test(what_does_not_fit_together_is_refused_in_the_words_of_the_field),
        cmocka_unit_test(labels_count_only_with_cond),
        cmocka_unit_test(recipe_text_comes_back_the_same_and_holds_no_place_or_time),
        cmocka_unit_test(resolved_dump_repeats_the_run),
        cmocka_unit_test(comparison_lists_recipe_options_only),
        cmocka_unit_test(job_files_name_file_and_line),
        cmocka_unit_test(zero_has_no_sign),
        cmocka_unit_test(the_command_line_may_make_a_file_s_options_moot),
        cmocka_unit_test(descriptions_are_those_of_the_reference),
        cmocka_unit_test(an_input_is_the_same_by_its_numbers),
        cmocka_unit_test(the_jobs_that_are_shipped_can_be_read),
        cmocka_unit_test(dcgan_has_the_published_values),
        cmocka_unit_test(of_epochs_and_kimg_the_command_line_s_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
