/* SPDX-License-Identifier: Apache-2.0
 * A program of somebody else's, with the shared library (tests/e2e/library.sh): calls that must fail, of which each
 * returns an error with a message, leaves signals as they are and descriptor 1 empty, and does not end the process.
 *
 *     library          all calls, in a folder that library.sh has filled
 *     library FILE     gt_h5_check(FILE): the message, and the status as the exit status */
#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gantry/arrays.h"
#include "gantry/dataset.h"
#include "gantry/export.h"
#include "gantry/features.h"
#include "gantry/generate.h"
#include "gantry/grid.h"
#include "gantry/job.h"
#include "gantry/kernels.h"
#include "gantry/metric.h"
#include "gantry/network.h"
#include "gantry/picture.h"
#include "gantry/runlog.h"
#include "gantry/runner.h"
#include "gantry/score.h"
#include "gantry/text.h"
#include "gantry/train.h"
#include "gantry/transform.h"
#include "gantry/trained.h"
#include "gantry/rundir.h"

static gt_comm *comm;

/* ---- calls, each with a text ---- */

static gt_status source(const char *spec) {
    gt_source *s = NULL;
    gt_status st = gt_source_open(&s, spec, &(gt_source_options){0});
    gt_source_close(s);
    return st;
}

static gt_status dataset(const char *spec) {
    gt_dataset *ds = NULL;
    gt_status st = gt_dataset_open(&ds, spec, NULL);
    gt_dataset_close(ds);
    return st;
}

static gt_status checkpoint(const char *path) {
    gt_status st = GT_OK;
    gt_checkpoint_close(gt_checkpoint_open(path, &st));
    return st;
}

static gt_status network(const char *path) {
    gt_status st = GT_OK;
    gt_checkpoint_close(gt_network_open(path, &(gt_network_options){0}, &st));
    return st;
}

static gt_status tensor(const char *name) {
    gt_status st = GT_OK;
    float number;
    gt_checkpoint_file *f = gt_checkpoint_open("run/last", &st);
    if (!st) st = gt_checkpoint_read(f, name, &number, 1);
    gt_checkpoint_close(f);
    return st;
}

static gt_status generator(const char *path) {
    gt_generator *g = gt_generator_open(path, &(gt_generator_options){.noise_mode = GT_NOISE_CONST, .truncation = 1});
    gt_generator_close(g);
    return g ? GT_OK : gt_failure();
}

static gt_status trained(const char *path) {
    gt_trained t = {0};
    gt_status st = gt_trained_open(&t, path, &(gt_network_options){0});
    gt_trained_close(&t);
    return st;
}

static gt_status role(const char *name) {
    gt_runner *r = gt_runner_open("run/last", &(gt_runner_options){.role = name, .request = gt_plain_request(1)});
    gt_runner_close(r);
    return r ? GT_OK : gt_failure();
}

static gt_status runner(const char *path) {
    gt_runner *r = gt_runner_open(path, &(gt_runner_options){.role = "generate", .request = gt_plain_request(1)});
    gt_runner_close(r);
    return r ? GT_OK : gt_failure();
}

static gt_status features(const char *path) {
    gt_status st = GT_OK;
    gt_features_close(gt_features_open(path, &(gt_features_options){0}, &st));
    return st;
}

static gt_status exported(const char *path) {
    gt_export_done done;
    return gt_export(&(gt_export_request){.checkpoint = path, .out = "out.npz"}, &done);
}

static gt_status exported_to(const char *out) {
    gt_export_done done;
    gt_export_request r = {.checkpoint = "run/last", .out = out};
    gt_status st = gt_export_check(&r);
    return st ? st : gt_export(&r, &done);
}

static gt_status stats(const char *path) {
    gt_stats *s = gt_stats_read(path);
    gt_stats_free(s);
    return s ? GT_OK : gt_failure();
}

static gt_status metrics_log(const char *path) {
    bool other = false;
    gt_stats *s = gt_metrics_read(path, &other);
    gt_stats_free(s);
    return s ? GT_OK : gt_failure();
}

static gt_status job_file(const char *path) {
    gt_job *job = gt_job_new();
    gt_status st = gt_job_read_file(job, path);
    gt_job_free(job);
    return st;
}

static gt_status job_text(const char *text) {
    gt_job *job = gt_job_new();
    gt_status st = gt_job_read_text(job, text, "a text");
    if (!st) st = gt_job_check(job);
    gt_job_free(job);
    return st;
}

/* KEY=VALUE; each is wrong at once, or when the options are checked together. */
static gt_status option(const char *pair) {
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(pair, "="), pair);
    gt_job *job = gt_job_new();
    gt_status st = gt_job_set(job, "data", "synth:shapes:n=8,size=16", NULL);
    if (!st) st = gt_job_set(job, key, strchr(pair, '=') ? strchr(pair, '=') + 1 : NULL, NULL);
    if (!st) st = gt_job_check(job);
    if (!st) st = gt_job_resolve(job, 16, 16, 3, 0, 8);
    gt_job_free(job);
    return st;
}

/* HxWxC of the model stylegan2 */
static gt_status size(const char *text) {
    int h = 0, w = 0, c = 0;
    sscanf(text, "%dx%dx%d", &h, &w, &c);
    const gt_family_model *row;
    return gt_family_check_size(gt_family_of("stylegan2", &row), h, w, c);
}

static gt_status training(const char *data) {
    gt_job *job = gt_job_new();
    gt_status st = gt_job_set(job, "data", data, NULL);
    if (!st) st = gt_job_set(job, "run", "other", NULL);
    if (!st) st = gt_train_all(comm, job, NULL, NULL);
    gt_job_free(job);
    return st;
}

static gt_status training_into(const char *run) {
    gt_job *job = gt_job_new();
    gt_status st = gt_job_set(job, "data", "synth:shapes:n=8,size=16", NULL);
    if (!st) st = gt_job_set(job, "batch", "4", NULL);
    if (!st) st = gt_job_set(job, "steps", "1", NULL);
    if (!st) st = gt_job_set(job, "run", run, NULL);
    if (!st) st = gt_train_all(comm, job, NULL, NULL);
    gt_job_free(job);
    return st;
}

static gt_status grid(const char *text) {
    gt_grid g;
    return gt_grid_parse(text, &g);
}

static gt_status duration(const char *text) {
    double seconds;
    return gt_parse_duration(text, &seconds);
}

static gt_status ranges(const char *text) {
    gt_arena *a = gt_arena_new();
    int64_t *list, n;
    gt_status st = gt_parse_range_list(a, "--seeds", text, 100, &list, &n);
    gt_arena_free(a);
    return st;
}

static gt_status metric_list(const char *text) {
    gt_metric_request asked[GT_METRICS_MAX];
    int n;
    return gt_metrics_parse(text, 0, true, asked, &n);
}

static gt_status instructions(const char *name) {
    const gt_kernel_set *set;
    return gt_kernel_set_asked(name, NULL, &set);
}

static gt_status convolutions(const char *name) {
    const gt_kernel_set *set;
    return gt_kernel_set_asked(NULL, name, &set);
}

static gt_status png(const char *path) {
    const unsigned char pixel[3] = {1, 2, 3};
    return gt_png_write(path, pixel, 1, 1, 3);
}

static gt_status bytes_to(const char *path) {
    gt_buffer b = {0};
    gt_buffer_printf(&b, "bytes");
    gt_status st = gt_buffer_write(&b, path);
    gt_buffer_free(&b);
    return st;
}

static gt_status picture(const char *bytes) {
    gt_picture p = {0};
    gt_status st = gt_picture_decode(&p, bytes, strlen(bytes), 1 << 20);
    gt_picture_free(&p);
    return st;
}

static const int64_t seeds[] = {1, 2};

static gt_status generated(const char *path) {
    int64_t made;
    return gt_generate_all(
        comm,
        &(gt_generate_request){
            .checkpoint = path, .options = {.truncation = 1}, .n = 2, .seeds = seeds, .outdir = "out"},
        &made);
}

static gt_status generated_class(const char *class) {
    int64_t made;
    return gt_generate_all(comm,
                           &(gt_generate_request){.checkpoint = "run/last",
                                                  .options = {.truncation = 1},
                                                  .n = 2,
                                                  .seeds = seeds,
                                                  .outdir = "out",
                                                  .condition = {.class = class}},
                           &made);
}

static gt_status scored(const char *reals) {
    gt_metric_table table = {0};
    int64_t images;
    gt_scores_options o = {.options = {.metrics = "swd", .count = 4}, .reals = reals, .fakes = reals, .comm = comm};
    o.options.detector = o.options.inception = o.options.vgg16 = o.options.lpips = "";
    o.network = o.data = o.held_out = o.classes = o.range = o.run = o.job = o.save = o.save_fakes = o.nearest = "";
    gt_status st = gt_score_pictures_all(&o, &table, &images);
    gt_metric_table_free(&table);
    return st;
}

/* BATCH SLICES RANKS */
static gt_status slices(const char *text) {
    int batch = 0, n = 0, ranks = 0;
    sscanf(text, "%d %d %d", &batch, &n, &ranks);
    return gt_slices_check_ranks(batch, n, ranks);
}

static gt_status recipe(const char *text) {
    gt_job *job = gt_job_from_recipe_text(text, "a recipe");
    gt_job_free(job);
    return job ? GT_OK : gt_failure();
}

/* ---- the table ---- */

typedef struct call {
    const char *name;
    gt_status (*does)(const char *with);
    const char *with;
} call;

#define FAILS(function, with) \
    { #function, function, with }
static const call calls[] = {
    /* files that are not there, or not what they claim to be */
    FAILS(gt_h5_check, "cut.h5"),
    FAILS(gt_h5_check, "noise.h5"),
    FAILS(gt_h5_walk, "missing.h5"),
    FAILS(gt_h5_walk, "text.h5"),
    FAILS(source, "missing.zip"),
    FAILS(source, "empty"),
    FAILS(source, "cut.zip"),
    FAILS(source, "text.h5"),
    FAILS(source, "synth:"),
    FAILS(source, "synth:nothing"),
    FAILS(source, "synth:shapes:n=-1"),
    FAILS(source, "synth:shapes:size=x"),
    FAILS(source, "http://localhost/pictures.zip"),
    FAILS(dataset, "missing"),
    FAILS(dataset, "cut.h5"),
    FAILS(dataset, "run/job.ini"),
    FAILS(dataset, "synth:shapes:n=8,size=16,colour=red"),
    FAILS(checkpoint, "missing.h5"),
    FAILS(checkpoint, "cut.h5"),
    FAILS(checkpoint, "noise.h5"),
    FAILS(checkpoint, "text.h5"),
    FAILS(checkpoint, "empty"),
    FAILS(checkpoint, "folder"),
    FAILS(network, "missing.pkl"),
    FAILS(network, "text.pkl"),
    FAILS(network, "text.safetensors"),
    FAILS(network, "cut.zip"),
    FAILS(tensor, "networks/nothing"),
    FAILS(tensor, "state"),
    FAILS(generator, "missing.h5"),
    FAILS(generator, "noise.h5"),
    FAILS(generator, "folder"),
    FAILS(trained, "missing.h5"),
    FAILS(trained, "cut.h5"),
    FAILS(runner, "missing.h5"),
    FAILS(runner, "text.pkl"),
    FAILS(role, "classify"),
    FAILS(role, "nothing"),
    FAILS(features, "missing.h5"),
    FAILS(features, "cut.h5"),
    FAILS(exported, "missing.h5"),
    FAILS(exported, "folder"),
    FAILS(exported_to, "out.unknown"),
    FAILS(exported_to, "empty/out.npz"),
    FAILS(stats, "folder"),
    FAILS(metrics_log, "missing.h5"),
    FAILS(metrics_log, "cut.h5"),
    FAILS(picture, "\x89PNG\r\n\x1a\nand no more"),
    FAILS(picture, "\xff\xd8\xff\xe0"),
    FAILS(picture, "words"),
    FAILS(png, "empty/out.png"),
    FAILS(png, "folder"),
    FAILS(bytes_to, "empty/out"),
    FAILS(bytes_to, "folder"),
    FAILS(generated, "missing.h5"),
    FAILS(generated, "cut.h5"),
    FAILS(generated_class, "7"),
    FAILS(generated_class, "nobody"),
    FAILS(scored, "missing"),
    FAILS(scored, "cut.zip"),
    FAILS(training, "missing.zip"),
    FAILS(training, "cut.h5"),
    FAILS(training_into, "empty"),
    FAILS(training_into, "empty/run"),
    /* words that mean nothing */
    FAILS(job_file, "missing.ini"),
    FAILS(job_file, "folder"),
    FAILS(job_file, "wrong.ini"),
    FAILS(job_text, "no key"),
    FAILS(job_text, "nothing = 3"),
    FAILS(job_text, "batch = many"),
    FAILS(recipe, "batch = x"),
    FAILS(option, "batch=0"),
    FAILS(option, "batch=-4"),
    FAILS(option, "batch=3.5"),
    FAILS(option, "bach=4"),
    FAILS(option, "model=nothing"),
    FAILS(option, "lrate=fast"),
    FAILS(option, "lrate=nan"),
    FAILS(option, "optimizer=nothing"),
    FAILS(option, "slices=3"),
    FAILS(option, "threads=-1"),
    FAILS(option, "seed=x"),
    FAILS(option, "aug=nothing"),
    FAILS(option, "target=2"),
    FAILS(option, "metrics=nothing"),
    FAILS(option, "max-time=soon"),
    FAILS(option, "grid=0x0"),
    FAILS(option, "log=loud"),
    FAILS(option, "resume"),
    FAILS(size, "17x16x3"),
    FAILS(size, "3x16x3"),
    FAILS(size, "-1x16x3"),
    FAILS(grid, "0x4"),
    FAILS(grid, "many"),
    FAILS(grid, "100000x100000"),
    FAILS(duration, "1:2:3:4"),
    FAILS(duration, "soon"),
    FAILS(ranges, "1-"),
    FAILS(ranges, "5-1"),
    FAILS(ranges, "0-1000"),
    FAILS(ranges, "99999999999"),
    FAILS(metric_list, "nothing"),
    FAILS(metric_list, "fid,fid"),
    FAILS(instructions, "avx1024"),
    FAILS(convolutions, "slow"),
    FAILS(gt_layers_check, "x"),
    FAILS(slices, "16 2 3"),
    FAILS(slices, "8 4 8"),
    FAILS(slices, "8 4 5"),
};
enum { CALLS = sizeof calls / sizeof *calls, SIGNALS = 65 };
static_assert(CALLS >= 100, "too few calls");

/* ---- what must stay ---- */

static void look_at_signals(struct sigaction now[SIGNALS]) {
    memset(now, 0, SIGNALS * sizeof *now);
    for (int i = 1; i < SIGNALS; i++) sigaction(i, NULL, &now[i]);
}

static bool same_signals(const struct sigaction a[SIGNALS], const struct sigaction b[SIGNALS]) {
    for (int i = 1; i < SIGNALS; i++)
        if (a[i].sa_handler != b[i].sa_handler || a[i].sa_flags != b[i].sa_flags) return false;
    return true;
}

static bool printed(int fd) {
    struct stat s;
    fflush(stdout);
    return fstat(fd, &s) || s.st_size > 0;
}

static int fault(const call *c, const char *what) {
    fprintf(stderr, "%s(%s): %s\n", c->name, c->with, what);
    return 1;
}

static int judge(const call *c, int out) {
    static struct sigaction before[SIGNALS], after[SIGNALS];
    int faults = 0;
    gt_fail(GT_OK, "%s", "");
    look_at_signals(before);
    gt_status st = c->does(c->with);
    look_at_signals(after);
    if (!st) faults += fault(c, "does not fail");
    if (st && !*gt_message()) faults += fault(c, "no message");
    if (st && *gt_message()) fprintf(stderr, "    %s(%s): %d, %s\n", c->name, c->with, st, gt_message());
    if (!same_signals(before, after)) faults += fault(c, "signals are handled otherwise");
    if (printed(out)) faults += fault(c, "prints");
    if (ftruncate(out, 0)) faults += fault(c, "the file behind descriptor 1");
    return faults;
}

int main(int argc, char **argv) {
    if (argc == 2) {
        gt_status st = gt_h5_check(argv[1]);
        fprintf(stderr, "%s\n", st ? gt_message() : "sound");
        return (int)st;
    }
    int out = open("printed", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0666), faults = 0;
    if (out < 0 || dup2(out, STDOUT_FILENO) < 0) return 1;
    comm = gt_comm_start_all(1, NULL);
    if (!comm) return 1;
    for (int i = 0; i < CALLS; i++) {
        for (int k = 0; k < i; k++)
            if (!strcmp(calls[i].name, calls[k].name) && !strcmp(calls[i].with, calls[k].with))
                faults += fault(&calls[i], "stands there twice");
        faults += judge(&calls[i], out);
    }
    gt_dataset *ds = NULL; /* what is right succeeds all the same */
    gt_status st = gt_dataset_open(&ds, "flat.zip", NULL);
    if (st || gt_h5_check("run/last") || generator("run/last")) {
        fprintf(stderr, "not even what is right: %s\n", gt_message());
        faults++;
    }
    gt_dataset_close(ds);
    gt_comm_stop_all(comm);
    fprintf(stderr, "%d calls, %d faults\n", (int)CALLS, faults);
    return faults != 0;
}
