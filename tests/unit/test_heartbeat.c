/* SPDX-License-Identifier: Apache-2.0
 * Who gets on is not taken for dead, however long the others wait for it. Does the waiting on several ranks, by
 * tests/e2e/heartbeat.sh: there one rank's calls of the system are slow, so that what it does takes longer than a
 * silent rank is waited for. With arguments, where the folder is made and stays:
 *   hang FOLDER       rank 1 never gets its data
 *   die FOLDER RANK   this rank stands still at a tick, when all pictures of the tick are written */
#define _GNU_SOURCE
#include "data_files.h"

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

#include "features/dataset/dataset_tool.h"
#include "data/door/loader.h"
#include "gantry/job.h"
#include "gantry/log.h"
#include "base/door/progress.h"
#include "gantry/train.h"
#include "interpose.h"
#include "mixtures.h"
#include "networks/model/door/family.h"

enum { PICTURES = 96, BUSY_FACTOR = 10 };

/* ---- slow calls ---- */

static struct slowness {
    const char *call, *part; /* on files whose paths have this in them, */
    bool beside;             /* by threads beside the main one, else by that alone */
    int skipped, calls;      /* so many after so many */
    double seconds;          /* INFINITY: for ever */
} slow;

static pthread_t main_thread;

static void slow_down(int rank, struct slowness s) {
    if (comm->ranks > 1 && comm->rank == rank) slow = s;
}

/* What is announced, by gt_storage_begin(), of the files that the main thread handles from the first tick on. */
static struct watch {
    bool armed, on, announced;
    int ticks, calls;
    char unannounced[512]; /* a call that was not announced; "": none */
} watched;

static void note_storage(void *arg, const char *doing, const char *name) {
    (void)arg, (void)name;
    watched.announced = doing != NULL;
}

static void watch(const char *call, const char *path) {
    if (!watched.on || !pthread_equal(pthread_self(), main_thread) || strncmp(path, scratch, strlen(scratch))) return;
    watched.calls++;
    if (!watched.announced) snprintf(watched.unannounced, sizeof watched.unannounced, "%s %s", call, path);
}

static int dies = -1; /* rank */

/* Each tick asks for the memory in use, behind its pictures and before its logs. */
static void tick(void) {
    if (!pthread_equal(pthread_self(), main_thread)) return;
    watched.ticks++;
    while (comm && comm->rank == dies && watched.ticks == 4) pause();
    watched.on |= watched.armed;
    if (watched.on && watched.announced) snprintf(watched.unannounced, sizeof watched.unannounced, "not withdrawn");
}

static void dawdle(const char *call, const char *path) {
    watch(call, path);
    if (!slow.call || strcmp(call, slow.call) || !strstr(path, slow.part) ||
        slow.beside == !!pthread_equal(pthread_self(), main_thread))
        return;
    if (slow.skipped-- > 0 || slow.calls-- <= 0) return;
    while (slow.seconds == INFINITY) pause();
    nanosleep(&(struct timespec){(time_t)slow.seconds, (long)(1e9 * (slow.seconds - floor(slow.seconds)))}, NULL);
}

static void dawdle_on(const char *call, int fd) {
    char path[512];
    if ((slow.call || watched.on) && path_of_fd(fd, path, sizeof path)) dawdle(call, path);
}

INTERPOSE_OPEN(open, dawdle("open", path))
INTERPOSE_OPEN(open64, dawdle("open", path))
INTERPOSE_PWRITE(pwrite, off_t, dawdle_on("pwrite", fd))
INTERPOSE_PWRITE(pwrite64, off64_t, dawdle_on("pwrite", fd))
int unlink(const char *path) {
    dawdle("unlink", path);
    return REAL(unlink)(path);
}
int rename(const char *from, const char *to) {
    dawdle("rename", to);
    return REAL(rename)(from, to);
}
ssize_t write(int fd, const void *data, size_t n) {
    dawdle_on("write", fd);
    return REAL(write)(fd, data, n);
}
int fsync(int fd) {
    dawdle_on("fsync", fd);
    return REAL(fsync)(fd);
}
int fdatasync(int fd) {
    dawdle_on("fdatasync", fd);
    return REAL(fdatasync)(fd);
}
int getrusage(__rusage_who_t who, struct rusage *usage) {
    tick();
    return REAL(getrusage)(who, usage);
}

/* ---- the ranks ---- */

/* One folder for all of them. */
static int begin_all(void **state) {
    int failed = comm->rank ? 0 : *scratch ? mkdir(scratch, 0777) : make_scratch(state);
    gt_comm_broadcast_all(comm, scratch, sizeof scratch, 0);
    if (comm->rank) return 0;
    char path[512];
    mkdir(at("pictures"), 0777);
    for (int i = 0; i < PICTURES; i++) {
        snprintf(path, sizeof path, "%s/pictures/%02d.png", scratch, i);
        put_picture(path, i, 16, 16, 3);
    }
    return failed;
}

static int end_all(void **state) {
    gt_comm_barrier_all(comm);
    return comm->rank ? 0 : remove_scratch(state);
}

static int begin_one(void **state) {
    (void)state;
    gt_comm_barrier_all(comm);
    slow.call = NULL;
    gt_comm_heartbeat(comm, 60);
    gt_comm_busy(comm, "a test");
    return 0;
}

/* Pictures that are looked at so slowly that all of them take longer than a rank is waited for. */
static struct slowness slow_pictures(double limit, bool beside) {
    return (struct slowness){"open", "pictures/", beside, .calls = PICTURES,
                             .seconds = 1.5 * BUSY_FACTOR * limit / PICTURES};
}

/* The others are there already whenever this rank comes, so that it never waits itself. */
static void the_slowest_of_all_is_heard(void **state) {
    (void)state;
    const double limit = 0.5;
    gt_comm_heartbeat(comm, limit);
    gt_comm_doing(comm, 1, "rounds");
    for (int i = 0; i < 12 && comm->ranks > 1; i++) {
        if (!comm->rank) usleep((useconds_t)(1e6 * limit / 4));
        gt_comm_gather_all(comm, &i, sizeof i, (int[64]){0});
    }
}

/* ---- rank 0 alone ---- */

static void a_file_is_put_together(void **state) {
    (void)state;
    const double limit = 0.3;
    gt_convert_result result;
    gt_convert_request r = {.n_sources = 1, .sources = (const char *[]){at("pictures")}, .dest = at("made.h5")};
    gt_comm_heartbeat(comm, limit);
    struct slowness s = slow_pictures(limit, false);
    s.call = "pwrite";
    s.part = "made.h5.part.h5";
    slow_down(0, s);
    assert_ok(gt_convert_all(comm, &r, &result));
    assert_true(slow.calls <= 0);
    gt_convert_result_free(&result);
}

static void a_folder_is_looked_through(void **state) {
    (void)state;
    const double limit = 0.3;
    gt_dataset *ds = opened(at("pictures"), NULL);
    gt_hash128 hash;
    gt_comm_heartbeat(comm, limit);
    slow_down(0, slow_pictures(limit, false));
    assert_ok(gt_comm_agree_all(comm, comm->rank ? GT_OK : gt_dataset_fingerprint(ds, &hash)));
    assert_true(slow.calls <= 0);
    gt_dataset_close(ds);
}

/* The last time by rank 0: one call that takes longer than a rank at work may be silent. Before, so that each iteration
 * sends a beat. */
static gt_status save_slowly(void *arg, const gt_fit *f, bool now) {
    (void)f;
    const double *limit = arg;
    if (comm->ranks > 1 && !(now && comm->rank)) usleep((useconds_t)(1e6 * *limit * (now ? 2 : 0.1)));
    return now ? gt_comm_agree_all(comm, GT_OK) : GT_OK;
}

static void a_mixture_is_written(void **state) {
    (void)state;
    double limit = 1;
    gt_fit f;
    numbers points = lumps(2000, 3, 1);
    gt_mixture_recipe r = usual;
    r.restarts = 1;
    r.iterations = 3;
    gt_blocks *b = blocks_of(points, NULL);
    gt_comm_heartbeat(comm, limit);
    assert_ok(gt_fit_init(&f, &r, (gt_cloud_info){points.n, points.d, 0, 0, 0}));
    assert_ok(gt_mixture_fit(b, &f, &(gt_fit_hooks){.save = save_slowly, .arg = &limit}));
    gt_fit_free(&f);
    gt_blocks_free(b);
}

/* ---- training ---- */

static void a_step_is_long_in_coming(void **state) {
    (void)state;
    const double limit = 0.3;
    static float images[PICTURES * 16 * 16 * 3];
    gt_dataset *ds = opened(at("pictures"), NULL);
    gt_loader *l;
    gt_comm_heartbeat(comm, limit);
    slow_down(comm->ranks - 1, slow_pictures(limit, true));
    assert_ok(
        gt_loader_new(&l, ds, &(gt_loader_plan){.batch = PICTURES, .full = {1, &(gt_sample_range){0, PICTURES}}}));
    assert_ok(gt_comm_agree_all(comm, gt_loader_step(l, 0, 0, images, NULL)));
    slow.call = NULL; /* the steps after it are none of ours */
    gt_loader_free(l);
    gt_dataset_close(ds);
}

/* `ticks`: each step ends one, and each second one has pictures and a checkpoint; else there is one at the end. */
static gt_status train(const char *run, double limit, bool ticks) {
    const char *const options[][2] = {{"cbase", "256"},
                                      {"cmax", "16"},
                                      {"map-layers", "2"},
                                      {"z-dim", "32"},
                                      {"w-dim", "32"},
                                      {"batch", "8"},
                                      {"mbstd", "2"},
                                      {"slices", "4"},
                                      {"steps", ticks ? "6" : "20"},
                                      {"tick", ticks ? "0.008" : "1000"},
                                      {"snap", "2"}};
    gt_job *job = gt_job_new();
    assert_non_null(job);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        assert_ok(gt_job_set(job, options[i][0], options[i][1], NULL));
    assert_ok(gt_job_set(job, "data", at("pictures"), NULL));
    assert_ok(gt_job_set(job, "run", at(run), NULL));
    gt_comm_heartbeat(comm, limit);
    gt_status st = gt_train_all(comm, job, NULL, NULL);
    gt_job_free(job);
    return st;
}

enum { LATER = 40 }; /* pictures of a rank that are read before its data stop to come */

static void data_do_not_come_for_a_while(void **state) {
    (void)state;
    const double limit = 1.5;
    slow_down(
        1, (struct slowness){"open", "pictures/", .beside = true, .skipped = LATER, .calls = 1, .seconds = 2 * limit});
    assert_ok(train("stalled", limit, false));
    assert_true(slow.calls <= 0);
}

static void the_folder_of_a_run_stands_still(void **state) {
    (void)state;
    const double limit = 1.5;
    slow_down(0, (struct slowness){"unlink", "/stop", .calls = 1, .seconds = 2 * limit});
    assert_ok(train("still", limit, false));
    assert_true(slow.calls <= 0);
}

/* A rank that stands still otherwise is not waited for so long. */
static void files_alone_are_announced(void **state) {
    (void)state;
    if (comm->ranks > 1) return; /* the hooks are those of the heartbeats */
    gt_on_progress((gt_progress_hooks){.storage = note_storage});
    watched = (struct watch){.armed = true};
    gt_status st = train("announced", 0, true);
    struct watch was = watched;
    watched = (struct watch){0};
    gt_on_progress((gt_progress_hooks){0});
    assert_ok(st);
    assert_string_equal(was.unannounced, "");
    assert_false(was.announced);
    assert_in_range(was.ticks, 6, 100);
    assert_in_range(was.calls, 50, 100000);
}

static int hang(const char *folder, const char *rank) {
    void *state = NULL;
    snprintf(scratch, sizeof scratch, "%s", folder);
    begin_all(&state);
    if (rank) dies = atoi(rank);
    else
        slow_down(1, (struct slowness){"open", "pictures/", .beside = true, .skipped = LATER, .calls = 1,
                                       .seconds = INFINITY});
    train("hanging", rank ? 2 : 0.5, rank);
    return 0;
}

int main(int argc, char **argv) {
    main_thread = pthread_self();
    comm = gt_comm_start_all(1, NULL);
    if (!comm) return printf("%s\n", gt_message()), 1;
    gt_log_setup(comm->rank, comm->ranks, GT_WARNING);
    if (argc == 3 && !strcmp(argv[1], "hang")) return hang(argv[2], NULL);
    if (argc == 4 && !strcmp(argv[1], "die")) return hang(argv[2], argv[3]);
    if (comm->ranks > 1) setenv("CMOCKA_TEST_ABORT", "1", 1); /* a rank that fails must not leave the others waiting */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_slowest_of_all_is_heard, begin_one),
        cmocka_unit_test_setup(a_file_is_put_together, begin_one),
        cmocka_unit_test_setup(a_folder_is_looked_through, begin_one),
        cmocka_unit_test_setup(a_mixture_is_written, begin_one),
        cmocka_unit_test_setup(a_step_is_long_in_coming, begin_one),
        cmocka_unit_test_setup(data_do_not_come_for_a_while, begin_one),
        cmocka_unit_test_setup(the_folder_of_a_run_stands_still, begin_one),
        cmocka_unit_test_setup(files_alone_are_announced, begin_one),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    int failed = cmocka_run_group_tests_name("heartbeat", tests, begin_all, end_all);
    gt_comm_stop_all(comm);
    return failed != 0;
}
