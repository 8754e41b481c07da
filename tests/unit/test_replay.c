/* SPDX-License-Identifier: Apache-2.0
 * Stretches of runs, computed again: they meet the checkpoints that the run has kept. */
#include "scratch.h"

#include "gantry/checkpoint.h"
#include "gantry/job.h"
#include "gantry/train.h"
#include "run/door/checkpoint.h"
#include "run/door/rundir.h"
#include "train/door/replay.h"

static gt_comm *comm;

static void check(gt_status st) {
    if (st) fail_msg("%s", gt_message());
}

typedef const char *pair[2];

/* Trains into the folder `name`. */
static void train(const char *name, const pair *options) {
    gt_job *job = gt_job_new();
    const pair all[] = {{"run", at(name)}, {"keep", "99"},         {"tick", "0.256"}, {"snap", "1"},
                        {"progress", "0"}, {"image-minutes", "0"}, {"log", "error"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) check(gt_job_set(job, all[i][0], all[i][1], NULL));
    for (; options[0][0]; options++) check(gt_job_set(job, options[0][0], options[0][1], NULL));
    gt_start start = {0};
    check(gt_train_all(comm, job, NULL, &start));
    gt_job_free(job);
}

static gt_replay *open_run(const char *name, const char *checkpoint, bool nothing) {
    char *job = NULL;
    gt_replay *r = NULL;
    check(gt_rundir_read(at(name), "job.ini", &job));
    gt_checkpoint_file *f = gt_checkpoint_open(checkpoint, NULL);
    assert_non_null(f);
    const gt_checkpoint_about *about = gt_checkpoint_info(f);
    check(gt_replay_open_all(
        comm,
        &(gt_replay_about){
            .job = job, .recipe = about->recipe, .arithmetic = about->kernel_set, .data = "", .nothing = nothing},
        &r));
    gt_checkpoint_close(f);
    free(job);
    return r;
}

typedef struct seen {
    gt_replay_point last;
    int looks;
} seen;

static bool look(void *arg, const gt_replay_point *p, bool link) {
    seen *s = arg;
    (void)link;
    s->last = *p;
    s->looks++;
    return true;
}

static const char *checkpoint_of(const char *name, int images) {
    static char path[2][512];
    static int turn;
    char file[40];
    gt_checkpoint_name(images, file);
    snprintf(path[turn ^= 1], sizeof path[0], "%s/%s", at(name), file);
    return path[turn];
}

/* From one checkpoint (0 images: from nothing) to another. */
static void meets(const char *name, int from, int to, const gt_replay_turn *turns, int n) {
    gt_replay_point begin, end;
    gt_replay *r = open_run(name, checkpoint_of(name, to), !from);
    seen s = {.looks = 0};
    check(gt_replay_begin_all(r, from ? checkpoint_of(name, from) : NULL, &begin));
    assert_int_equal(begin.images, from);
    check(gt_replay_run_all(r,
                            &(gt_replay_stretch){.images = to, .turns = turns, .n_turns = n, .look = look, .arg = &s}));
    assert_true(s.looks > 0);
    assert_int_equal(s.last.images, to);
    check(gt_replay_begin_all(r, checkpoint_of(name, to), &end));
    assert_int_equal(end.step, s.last.step);
    assert_memory_equal(&end.state, &s.last.state, sizeof end.state);
    assert_memory_not_equal(&begin.state, &end.state, sizeof end.state);
    gt_replay_close_all(r);
}

static void generator(void **state) {
    const pair options[] = {{"data", "synth:shapes:n=64,size=16,classes=4"},
                            {"cond", "1"},
                            {"batch", "16"},
                            {"slices", "2"},
                            {"cbase", "512"},
                            {"cmax", "16"},
                            {"kimg", "0.768"},
                            {"mbstd", "4"},
                            {"ada-kimg", "1"},
                            {"best", "Loss/D/loss"},
                            {0}};
    (void)state;
    train("gan", options);
    meets("gan", 256, 768, NULL, 0);
    meets("gan", 0, 256, NULL, 0);
}

/* The schedule judges the loss of held-out pictures. */
static void plateau(void **state) {
    const pair options[] = {{"model", "mlp"},
                            {"data", "synth:shapes:n=128,size=16,classes=4"},
                            {"validation", "0.25"},
                            {"schedule", "plateau"},
                            {"schedule-patience", "0"},
                            {"lrate", "0.01"},
                            {"batch", "16"},
                            {"kimg", "1.536"},
                            {"mirror", "0"},
                            {0}};
    (void)state;
    train("mlp", options);
    meets("mlp", 256, 1280, NULL, 0);
    meets("mlp", 0, 1536, NULL, 0);
}

/* A run from the networks of another one, with another length from the middle on. */
static void transfer(void **state) {
    const pair first[] = {{"model", "mlp"},
                          {"data", "synth:shapes:n=96,size=16,classes=4"},
                          {"batch", "16"},
                          {"kimg", "0.512"},
                          {"schedule", "cosine"},
                          {"resume", at("mlp")},
                          {0}},
               second[] = {{"kimg", "1.024"}, {0}};
    (void)state;
    train("longer", first);
    const pair again[] = {{"model", "mlp"},
                          {"data", "synth:shapes:n=96,size=16,classes=4"},
                          {second[0][0], second[0][1]},
                          {"resume", at("mlp")},
                          {0}};
    train("longer", again);
    const gt_replay_turn turns[] = {{.step = 0, .total = 512}, {.step = 32, .total = 1024}};
    meets("longer", 0, 1024, turns, 2);
    meets("longer", 768, 1024, turns, 2);
}

static int begin(void **state) {
    comm = gt_comm_start_all(2, NULL);
    return comm ? make_scratch(state) : -1;
}

static int end(void **state) {
    gt_comm_stop_all(comm);
    return remove_scratch(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generator),
        cmocka_unit_test(plateau),
        cmocka_unit_test(transfer),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
