/* SPDX-License-Identifier: Apache-2.0
 * Every system call of the write paths fails, one after the other, in every way: no finished checkpoint is lost,
 * nothing wrong is read, what went wrong is named, and once the cause is gone all is as if nothing had been. */
#define _GNU_SOURCE
#include "faults.h"

#include <dirent.h>
#include <sys/mman.h>

#include "run/door/checkpoint.h"
#include "run/door/ledger.h"
#include "base/door/hash.h"
#include "gantry/log.h"
#include "run/door/rundir.h"
#include "run/door/runlog.h"

static const struct {
    const char *name;
    int error;
    bool stays; /* until it is disarmed: a disk that is full, an interrupt is never */
} kinds[] = {{"ENOSPC", ENOSPC, false},
             {"EIO", EIO, false},
             {"EINTR", EINTR, false},
             {"a short write", SHORT_WRITE, false},
             {"a full disk", ENOSPC, true}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static bool harmless(int kind) { return kinds[kind].error == EINTR || kinds[kind].error == SHORT_WRITE; }

/* ---- what is said goes to memory, where it can be looked at ---- */

static int stderr_before, said = -1;

static void begin_listening(void) {
    stderr_before = dup(STDERR_FILENO);
    said = memfd_create("said", MFD_CLOEXEC);
    dup2(said, STDERR_FILENO);
}

static const char *end_listening(void) {
    static char text[16384];
    dup2(stderr_before, STDERR_FILENO);
    close(stderr_before);
    ssize_t n = pread(said, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    close(said);
    return text;
}

/* "dir/metrics.h5.part", "dir/metrics.h5.1a2b3c4d.part" -> "metrics.h5"; a link's own temporary name likewise. */
static const char *base_of(const char *path) {
    static char base[512];
    const char *slash = strrchr(path, '/');
    snprintf(base, sizeof base, "%s", slash ? slash + 1 : path);
    char *end = strstr(base, ".part");
    if (end) *end = 0;
    if (end && end - base > 9 && end[-9] == '.' && strspn(end - 8, "0123456789abcdef") == 8) end[-9] = 0;
    if (!strncmp(base, "events.out", 10)) base[strcspn(base, ".")] = 0;
    return base;
}

/* The scenario for each call and each kind of fault until no call is left to fail. */
static void try_all(void (*prepare)(void), void (*act)(int kind), void (*check)(int kind, bool hit, const char *text)) {
    for (int kind = 0; kind < KINDS; kind++)
        for (long at = 0;; at++) {
            void *none;
            assert_int_equal(make_scratch(&none), 0);
            prepare();
            begin_listening();
            arm_fault(at, kinds[kind].error, kinds[kind].stays);
            act(kind);
            bool hit = disarm_fault();
            const char *text = end_listening();
            if (hit)
                print_message("  %s at call %ld: %s of %s\n", kinds[kind].name, at, fault.call,
                              fault.path + strlen(scratch));
            check(kind, hit, text);
            assert_int_equal(remove_scratch(&none), 0);
            if (!hit) break;
            assert_true(at < 1000);
        }
}

/* ---- checkpoints ---- */

static gt_checkpoint *make(int64_t images) {
    gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){"stylegan2", "avx2", "", "[gantry]\n"});
    float w[4000];
    for (size_t i = 0; i < 4000; i++) w[i] = (float)images + (float)i;
    gt_checkpoint_tensor(c, "/networks/G/w", &GT_SHAPE(4000), w);
    gt_checkpoint_int(c, "/state/images", images);
    return c;
}

static gt_saver *saver;
static gt_ledger *ledger;
static gt_saver_state outcome;
static char reason[1024];

static void save(int64_t images, bool best) {
    gt_saver_tell(saver, &(gt_ledger_line){.step = images / 4});
    assert_ok(gt_saver_start(saver, make(images), images, best));
    outcome = gt_saver_wait(saver);
    snprintf(reason, sizeof reason, "%s", gt_saver_outcome(saver)->message);
}

static int64_t images_in(const char *name) {
    gt_checkpoint_file *f = gt_checkpoint_open(at(name), NULL);
    int64_t images = -1;
    float w[4000];
    if (!f) return -1;
    assert_ok(gt_checkpoint_get_int(f, "/state/images", &images));
    assert_ok(gt_checkpoint_read(f, "/networks/G/w", w, 4000));
    for (size_t i = 0; i < 4000; i++) assert_true(w[i] == (float)images + (float)i);
    gt_checkpoint_close(f);
    return images;
}

static void two_checkpoints(void) {
    assert_non_null(ledger = gt_ledger_open(scratch));
    saver = gt_saver_new(scratch, &(gt_keep){.newest = 2}, ledger);
    save(100, true);
    save(200, false);
    assert_int_equal(outcome, GT_SAVER_WRITTEN);
}

static void third_checkpoint(int kind) {
    (void)kind;
    save(300, true);
}

/* The lines are whole. Has the checkpoint of so many images one, with the hash of its file? */
static bool is_in_ledger(int64_t images) {
    gt_ledger_lines *l = gt_ledger_read(scratch);
    char name[40];
    gt_sha256 file;
    assert_non_null(l);
    assert_ok(gt_ledger_check(l, scratch, NULL));
    const gt_ledger_line *line = gt_ledger_at(l, GT_LEDGER_CHECKPOINT, images / 4);
    gt_checkpoint_name(images, name);
    if (line && exists(name)) assert_ok(gt_sha256_of_file(at(name), &file));
    if (line && exists(name)) assert_memory_equal(&line->file, &file, sizeof file);
    gt_ledger_lines_free(l);
    return line;
}

static void after_checkpoint(int kind, bool hit, const char *text) {
    gt_checkpoint_file *f = NULL;
    int64_t newest = -1;
    assert_int_equal(images_in("checkpoint-000000200.h5"), 200); /* finished before: never lost */
    assert_ok(gt_checkpoint_newest(scratch, &f));
    assert_ok(gt_checkpoint_get_int(f, "/state/images", &newest));
    gt_checkpoint_close(f);
    assert_int_equal(images_in("last"), newest == 300 && images_in("last") == 300 ? 300 : 200);
    assert_true(images_in("best") == 300 || images_in("best") == 100); /* never a link into nothing */
    if (outcome == GT_SAVER_WRITTEN) assert_int_equal(images_in("checkpoint-000000300.h5"), 300);
    else
        assert_true(newest == 200 || (newest == 300 && (strstr(reason, "directory cannot be synced") ||
                                                        strstr(reason, GT_LEDGER_NAME))));
    if (images_in("last") == 300) assert_true(is_in_ledger(300));
    if (!hit || harmless(kind)) {
        assert_int_equal(outcome, GT_SAVER_WRITTEN);
        assert_string_equal(reason, "");
        assert_string_equal(text, "");
    } else if (strcmp(fault.call, "close") || outcome == GT_SAVER_FAILED) {
        bool clearing = !strcmp(fault.call, "unlink"); /* of what was never there */
        if (!clearing && !strstr(reason, "checkpoint-000000300.h5") && !strstr(reason, base_of(fault.path)))
            fail_msg("the message '%s' does not name the file", reason);
        if (*reason && !strstr(text, "checkpoint-000000300.h5 was")) fail_msg("no warning but '%s'", text);
    }
    save(400, true); /* the cause is gone */
    assert_int_equal(outcome, GT_SAVER_WRITTEN);
    assert_int_equal(images_in("last"), 400);
    assert_int_equal(images_in("best"), 400);
    assert_true(is_in_ledger(400));
    gt_saver_free(saver);
    gt_ledger_close(ledger);
    gt_saver_free(gt_saver_new(scratch, &(gt_keep){.newest = 2}, NULL)); /* the next process clears halves away */
    assert_int_equal(halves(), 0);
}

static void a_checkpoint(void **state) {
    (void)state;
    try_all(two_checkpoints, third_checkpoint, after_checkpoint);
}

/* ---- the metric log ---- */

enum { TICKS = 5, FAULTY = 3 };
static gt_runlog *runlog;

static void tick(int i) {
    const gt_stat_value values[] = {{"Loss/G/loss", 8, 0.5 * i, 0.1}, {"Progress/tick", 1, i, 0}};
    gt_runlog_tick(runlog, 8 * i, values, 2);
}

static void first_tick(void) {
    runlog = gt_runlog_open(scratch, 0, NULL);
    assert_non_null(runlog);
    tick(1);
}

static void more_ticks(int kind) {
    (void)kind;
    for (int i = 2; i <= FAULTY; i++) tick(i);
}

/* Whole records, and how many. */
static int records_of_events(void) {
    int n = 0;
    DIR *d = opendir(scratch);
    for (struct dirent *e; (e = readdir(d));) {
        if (strncmp(e->d_name, "events.out", 10)) continue;
        size_t bytes, p = 0;
        uint8_t *file = get(at(e->d_name), &bytes);
        for (; p < bytes; n++) {
            uint64_t length;
            assert_true(bytes - p >= 16);
            memcpy(&length, file + p, 8);
            assert_true(length <= bytes - p - 16);
            uint32_t crc = gt_crc32c(0, file + p + 12, length), stored;
            memcpy(&stored, file + p + 12 + length, 4);
            assert_int_equal(stored, (crc >> 15 | crc << 17) + 0xa282ead8u);
            p += 16 + length;
        }
        free(file);
    }
    closedir(d);
    return n;
}

static void check_series(const gt_stats *s, int ticks) {
    assert_non_null(s);
    assert_int_equal(s->ticks, ticks);
    assert_int_equal(s->bad.n, 0);
    const gt_stats_series *loss = gt_stats_find(s, "Loss/G/loss");
    assert_non_null(loss);
    for (int i = 0; i < ticks; i++) assert_true(s->images[i] == 8 * (i + 1) && loss->values[i].mean == 0.5 * (i + 1));
}

static void check_log(int ticks) {
    gt_stats *stats = gt_stats_read(at("stats.jsonl")), *metrics = gt_metrics_read(at("metrics.h5"), &(bool){false});
    check_series(stats, ticks);
    check_series(metrics, ticks);
    gt_stats_free(stats);
    gt_stats_free(metrics);
}

static void after_ticks(int kind, bool hit, const char *text) {
    static const char *const quiet[] = {"close", "fallocate", "unlink"}; /* calls whose failure may change nothing */
    if (!hit || (harmless(kind) && strcmp(fault.call, "open") && strcmp(fault.call, "fallocate")))
        assert_string_equal(text, "");
    bool may_be_quiet = !hit || harmless(kind);
    for (size_t i = 0; hit && i < sizeof quiet / sizeof *quiet; i++) may_be_quiet |= !strcmp(fault.call, quiet[i]);
    if (!may_be_quiet && !strstr(text, base_of(fault.path))) fail_msg("'%s' does not name '%s'", text, fault.path);
    for (int i = FAULTY + 1; i <= TICKS; i++) tick(i);
    gt_runlog_close(runlog);
    check_log(TICKS);
    assert_int_equal(records_of_events(), 2 + TICKS); /* version, start of a session */
}

static void a_log(void **state) {
    (void)state;
    try_all(first_tick, more_ticks, after_ticks);
}

/* Going on with a run: the log is cut back to two ticks, metrics.h5 built anew. */
static char failure[1024];

static void three_ticks(void) {
    first_tick();
    tick(2);
    tick(3);
    gt_runlog_close(runlog);
}

static void open_again(int kind) {
    (void)kind;
    runlog = gt_runlog_open(scratch, 16, NULL);
    snprintf(failure, sizeof failure, "%s", runlog ? "" : gt_message());
}

static void after_opening(int kind, bool hit, const char *text) {
    if (!runlog) { /* a run that cannot be logged does not begin: the message says why */
        assert_true(hit);
        if (!strstr(failure, base_of(fault.path)) && !kinds[kind].stays)
            fail_msg("'%s' does not name '%s'", failure, fault.path);
        assert_false(harmless(kind));
        assert_non_null(strstr(failure, scratch));
        runlog = gt_runlog_open(scratch, 16, NULL);
        assert_non_null(runlog);
    }
    (void)text;
    tick(3);
    tick(4);
    gt_runlog_close(runlog);
    check_log(4);
}

static void a_log_gone_on_with(void **state) {
    (void)state;
    try_all(three_ticks, open_again, after_opening);
}

/* ---- the lock, and small files ---- */

static gt_lock *lock;

static void nothing(void) {}

static void take_lock(int kind) {
    (void)kind;
    gt_status st = gt_lock_take(&lock, scratch, &(gt_lock_options){.still_s = 0.2, .wait_s = 0.2, .beat_s = 60});
    snprintf(failure, sizeof failure, "%s", st ? gt_message() : "");
}

static void after_taking(int kind, bool hit, const char *text) {
    (void)text;
    if (!lock) {
        assert_true(hit && !harmless(kind));
        if (!strstr(failure, "lock")) fail_msg("'%s' does not name the lock", failure);
        unlink(at("lock")); /* where even that failed, it names this process, which would have ended */
        take_lock(kind);
        assert_non_null(lock);
    }
    assert_false(gt_lock_lost(lock));
    assert_true(exists("lock"));
    gt_lock_release(lock);
    assert_false(exists("lock"));
}

static void a_lock(void **state) {
    (void)state;
    try_all(nothing, take_lock, after_taking);
}

static gt_status written;

static void old_job(void) { assert_ok(gt_rundir_write(scratch, "job.ini", "old")); }

static void write_job(int kind) {
    (void)kind;
    written = gt_rundir_write(scratch, "job.ini", "new and longer");
    snprintf(failure, sizeof failure, "%s", gt_message());
}

static void after_job(int kind, bool hit, const char *text) {
    (void)text;
    char *now;
    assert_ok(gt_rundir_read(scratch, "job.ini", &now));
    assert_non_null(now);
    if (!written) assert_string_equal(now, "new and longer");
    else {
        assert_true(hit && !harmless(kind) && strstr(failure, "job.ini"));
        if (!strstr(failure, "directory cannot be synced")) assert_string_equal(now, "old");
    }
    free(now);
}

static void a_small_file(void **state) {
    (void)state;
    try_all(old_job, write_job, after_job);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkpoint), cmocka_unit_test(a_log),        cmocka_unit_test(a_log_gone_on_with),
        cmocka_unit_test(a_lock),       cmocka_unit_test(a_small_file),
    };
    gt_log_setup(0, 1, GT_WARNING);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
