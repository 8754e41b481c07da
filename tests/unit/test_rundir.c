/* SPDX-License-Identifier: Apache-2.0
 * A run's directory: numbers, first checks, the stop file, and a lock that outlives kill -9 and keeps the living out.
 */
#define _GNU_SOURCE
#include "beating.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "base/door/file.h"
#include "gantry/log.h"
#include "base/door/program.h"
#include "run/door/rundir.h"

/* A process that cannot be looked at, as where /proc is mounted with hidepid=2; 0: none. It stands before libc's. */
static pid_t hidden;
static bool blind; /* a holder cannot look at itself */

FILE *fopen(const char *path, const char *mode) {
    char its[64];
    snprintf(its, sizeof its, "/proc/%ld/stat", (long)hidden);
    if (strcmp(path, its)) return ((__typeof__(&fopen))dlsym(RTLD_NEXT, "fopen"))(path, mode);
    errno = ENOENT;
    return NULL;
}

static void assert_new(const char *description, const char *name) {
    char *path = gt_rundir_new(at("runs"), description);
    assert_non_null(path);
    assert_string_equal(path, at(name));
    struct stat s;
    assert_true(stat(path, &s) == 0 && S_ISDIR(s.st_mode));
    free(path);
}

static void numbers(void **state) {
    (void)state;
    assert_new("cifar10-auto1", "runs/00000-cifar10-auto1");
    assert_new("a b/../c", "runs/00001-a_b_.._c");
    assert_int_equal(mkdir(at("runs/00041"), 0755), 0);
    put(at("runs/00099-file"), "", 0);                                   /* a file does not count */
    assert_int_equal(mkdir(at("runs/x77"), 0755), 0);                    /* nor does a number elsewhere */
    assert_int_equal(mkdir(at("runs/99999999999999999999-x"), 0755), 0); /* nor a name whose number is too large */
    assert_new("d", "runs/00042-d");
}

static void unusable(void **state) {
    (void)state;
    put(at("file"), "x", 1);
    assert_null(gt_rundir_new(at("file/runs"), "d"));
    assert_message("cannot make the directory");
    assert_int_equal(gt_rundir_prepare(at("file"), 0), GT_FAILED);
    assert_ok(gt_rundir_prepare(at("deep/er/run/"), 1000));
    assert_ok(gt_rundir_prepare(at("deep/er/run"), 1000));
    assert_false(exists("deep/er/run/.probe"));
    assert_int_equal(gt_rundir_prepare(at("deep"), (size_t)1 << 60), GT_FAILED);
    assert_message("too full");
    assert_int_equal(gt_rundir_prepare("", 0), GT_USAGE);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    gt_status st = gt_rundir_prepare(at("deep"), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(st, GT_FAILED);
    assert_message("File too large");
    if (getuid() == 0) return; /* root may write anywhere */
    assert_int_equal(chmod(at("deep"), 0555), 0);
    assert_int_equal(gt_rundir_prepare(at("deep"), 0), GT_FAILED);
    assert_message("Permission denied");
}

static void small_files(void **state) {
    (void)state;
    assert_ok(gt_rundir_write(scratch, "job.ini", "[gantry]\nbatch = 8\n"));
    assert_ok(gt_rundir_write(scratch, "job.ini", "[gantry]\nbatch = 16\n"));
    char *text;
    assert_ok(gt_rundir_read(scratch, "job.ini", &text));
    assert_non_null(text);
    assert_string_equal(text, "[gantry]\nbatch = 16\n");
    free(text);
    assert_ok(gt_rundir_read(scratch, "none.ini", &text));
    assert_null(text);
    assert_int_equal(halves(), 0);
    assert_false(gt_rundir_stop(scratch));
    put(at("stop"), "", 0);
    assert_true(gt_rundir_stop(scratch));
    assert_false(exists("stop"));
    assert_false(gt_rundir_stop(scratch));
    put(at("checkpoint"), "", 0);
    assert_false(gt_rundir_stop(scratch));
    assert_true(gt_rundir_checkpoint(scratch));
    assert_false(exists("checkpoint") || gt_rundir_checkpoint(scratch));
}

static void assert_holds(const char *path, const char *text) {
    size_t n;
    char *found = get(path, &n);
    assert_string_equal(found, text);
    free(found);
}

static char link_target[512];
static const char *target_of(const char *link) {
    ssize_t n = readlink(at(link), link_target, sizeof link_target - 1);
    link_target[n > 0 ? n : 0] = 0;
    return link_target;
}

static void links_stay(void **state) {
    (void)state;
    assert_int_equal(mkdir(at("other"), 0777), 0);
    put(at("other/file"), "old", 3);
    assert_int_equal(symlink("other/file", at("link")), 0);
    assert_int_equal(symlink("link", at("second")), 0);
    assert_ok(gt_file_write(at("second"), "new", 3));
    assert_string_equal(target_of("second"), "link");
    assert_string_equal(target_of("link"), "other/file");
    assert_holds(at("other/file"), "new");
    assert_int_equal(symlink("other/later", at("dangling")), 0);
    assert_ok(gt_file_write(at("dangling"), "there", 5));
    assert_string_equal(target_of("dangling"), "other/later");
    assert_holds(at("other/later"), "there");
    assert_int_equal(symlink("round", at("round")), 0);
    assert_int_equal(gt_file_write(at("round"), "x", 1), GT_FAILED);
    assert_message("round");
    assert_int_equal(symlink("nowhere/file", at("lost")), 0);
    assert_int_equal(gt_file_write(at("lost"), "x", 1), GT_FAILED);
    assert_message("lost': No such file");
    assert_int_equal(halves(), 0);
}

static void pipes_and_devices_are_written_to(void **state) {
    (void)state;
    char got[8] = "";
    struct stat s;
    assert_int_equal(mkfifo(at("pipe"), 0666), 0);
    int reader = open(at("pipe"), O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_ok(gt_file_write(at("pipe"), "page", 4));
    assert_int_equal(read(reader, got, sizeof got), 4);
    assert_string_equal(got, "page");
    assert_int_equal(stat(at("pipe"), &s), 0);
    assert_true(S_ISFIFO(s.st_mode));
    close(reader);
    if (mknod(at("null"), S_IFCHR | 0666, makedev(1, 3)) == 0) { /* who may: root */
        int can = open(at("null"), O_WRONLY);                    /* ... and where devices are not forbidden */
        if (can >= 0) assert_ok(gt_file_write(at("null"), "page", 4));
        if (can >= 0) close(can);
        assert_int_equal(stat(at("null"), &s), 0);
        assert_true(S_ISCHR(s.st_mode));
    }
    assert_int_equal(halves(), 0);
}

/* What stdout writes to is added to, not replaced: others have it open. */
static void stdout_is_written_to(void **state) {
    (void)state;
    char link[4096]; /* as /dev/stdout is one; not that itself, which a fault would replace */
    snprintf(link, sizeof link, "%s", at("stdout"));
    assert_int_equal(symlink("/proc/self/fd/1", link), 0);
    put(at("out"), "before, ", 8);
    fflush(stdout);
    int saved = dup(STDOUT_FILENO), out = open(at("out"), O_WRONLY | O_APPEND);
    dup2(out, STDOUT_FILENO);
    gt_status st = gt_file_write(link, "then", 4);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(out);
    assert_ok(st);
    assert_holds(at("out"), "before, then");
}

static void neighbours_stay(void **state) {
    (void)state;
    char longest[256];
    memset(longest, 'n', 255);
    longest[255] = 0;
    put(at("a.html.part"), "mine", 4);
    assert_ok(gt_file_write(at("a.html"), "page", 4));
    assert_holds(at("a.html.part"), "mine");
    assert_ok(gt_file_write(at(longest), "fits", 4));
    assert_holds(at(longest), "fits");
    put(at("a.html.0123abcd.part"), "torn", 4);
    put(at("b.html.0123abcd.part"), "torn", 4);
    static const char *const mine[] = {"a.html.old.part", ".0123abcd.part", "a.0123ABCD.part", "a.part"};
    for (int i = 0; i < 4; i++) put(at(mine[i]), "mine", 4);
    gt_halves_clear(scratch);
    assert_false(exists("a.html.0123abcd.part") || exists("b.html.0123abcd.part"));
    for (int i = 0; i < 4; i++) assert_true(exists(mine[i]) && !unlink(at(mine[i])));
    assert_int_equal(halves(), 1);
}

/* In a process of its own: what is there is looked for once. */
static void write_in_another_process(const char *path) {
    int how;
    pid_t child = fork();
    if (!child) _exit(gt_file_write(path, "new", 3) != GT_OK);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
}

/* The next process that writes a file removes what a killed one left of it, and of it alone, and not what a living one
 * is writing. */
static void halves_of_the_dead_go(void **state) {
    (void)state;
    char longest[256];
    memset(longest, 'n', 255);
    longest[255] = 0;
    put(at("a.png.0123abcd.part"), "torn", 4);
    put(at("a.png.00000000.part"), "torn", 4);
    put(at("b.png.0123abcd.part"), "torn", 4); /* another file's */
    put(at("aa.png.0123abcd.part"), "torn", 4);
    put(at("a.png.part"), "mine", 4);
    assert_int_equal(symlink("a.png.part", at("a.png.11111111.part")), 0); /* nobody's half */
    char *part, *longer;
    /* this removes the first two */
    int living = gt_half_open(at("a.png"), &part), killed = gt_half_open(at(longest), &longer);
    assert_true(living >= 0 && killed >= 0 && part && longer);
    assert_false(exists("a.png.0123abcd.part") || exists("a.png.00000000.part"));
    close(killed);
    write_in_another_process(at("a.png"));
    assert_int_equal(access(part, F_OK), 0);
    write_in_another_process(at(longest));
    assert_int_equal(access(longer, F_OK), -1);
    close(living);
    write_in_another_process(at("a.png"));
    assert_int_equal(access(part, F_OK), -1);
    assert_true(exists("b.png.0123abcd.part") && exists("aa.png.0123abcd.part") && exists("a.png.part") &&
                exists("a.png.11111111.part"));
    write_in_another_process(at("b.png"));
    assert_false(exists("b.png.0123abcd.part"));
    free(part);
    free(longer);
}

/* A child that is in the middle of two files when the signal comes; `before`: what it does with signals then. */
static int end_amid_files(int number, void (*before)(int)) {
    char *part, *other;
    fflush(NULL);
    pid_t child = fork();
    if (!child) {
        signal(number, before);
        gt_program_tidy_by_signals();
        bool open = gt_half_open(at("a.png"), &part) >= 0 && gt_half_open(at("b.png"), &other) >= 0;
        put(at("done.png"), "whole", 5);
        if (!open || halves() != 2) _exit(1);
        raise(number);
        _exit(2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void signals_leave_no_halves(void **state) {
    (void)state;
    static const int ending[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU};
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        int status = end_amid_files(ending[i], SIG_DFL);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == ending[i]);
        assert_int_equal(halves(), 0);
        assert_true(exists("done.png"));
    }
    int status = end_amid_files(SIGHUP, SIG_IGN); /* nohup */
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
    assert_int_equal(halves(), 2);
    write_in_another_process(at("a.png"));
    write_in_another_process(at("b.png"));
    assert_int_equal(halves(), 0);
    /* a child that dies does not take the halves of its parent along */
    char *part;
    int fd = gt_half_open(at("c.png"), &part);
    gt_program_tidy_by_signals();
    if (!fork()) {
        char *own;
        gt_half_open(at("d.png"), &own);
        raise(SIGTERM);
        _exit(0);
    }
    wait(NULL);
    signal(SIGTERM, SIG_DFL);
    assert_int_equal(halves(), 1);
    gt_program_tidy();
    assert_int_equal(access(part, F_OK), -1);
    close(fd);
    free(part);
}

/* All write the same file, and one takes the others' halves for remains. */
static void several_write_one_file(void **state) {
    (void)state;
    enum { WRITERS = 4, TIMES = 200, BYTES = 3000 };
    char letters[BYTES];
    pid_t children[WRITERS];
    for (int k = 0; k < WRITERS; k++) {
        if ((children[k] = fork())) continue;
        memset(letters, 'a' + k, BYTES);
        int bad = 0;
        for (int i = 0; i < TIMES && !bad; i++) {
            bad = gt_file_write(at("page"), letters, BYTES) != GT_OK;
            if (k == 0 && i == TIMES / 2) gt_halves_clear(scratch);
        }
        if (bad) fprintf(stderr, "%s\n", gt_message());
        _exit(bad);
    }
    for (int k = 0; k < WRITERS; k++) {
        int how;
        assert_int_equal(waitpid(children[k], &how, 0), children[k]);
        assert_int_equal(how, 0);
    }
    size_t n;
    char *page = get(at("page"), &n);
    assert_int_equal(n, BYTES);
    assert_int_equal(strspn(page, (char[]){page[0], 0}), BYTES);
    free(page);
    assert_int_equal(halves(), 0);
}

/* ---- a folder that holds no run ---- */

/* A name of the pattern, with 7 where numbers stand. */
static void name_of(const char *pattern, char name[64]) {
    size_t n = 0;
    for (const char *p = pattern; *p;)
        if (!strncmp(p, "+([0-9])", 8)) name[n++] = '7', p += 8;
        else if (!strncmp(p, "[0-9a-f]", 8)) name[n++] = 'e', p += 8;
        else if (!strncmp(p, "?(", 2)) p += strcspn(p, ")") + 1;
        else name[n++] = *p == '*' ? 'x' : *p, p++;
    name[n] = 0;
}

static void lay_file(const char *path) { put(path, "\1\0mine", 6); }
static void lay_empty(const char *path) { put(path, "", 0); }
static void lay_link(const char *path) { assert_int_equal(symlink("../theirs", path), 0); }
static void lay_dangling(const char *path) { assert_int_equal(symlink("nowhere", path), 0); }
static void lay_folder(const char *path) { assert_int_equal(mkdir(path, 0777), 0); }

static void files_of_others_stay(void **state) {
    (void)state;
    void (*const lay[])(const char *) = {lay_file, lay_link, lay_dangling, lay_folder, lay_empty};
    enum { WAYS = sizeof lay / sizeof *lay };
    char name[64], path[512];
    const gt_run_file *r;
    put(at("theirs"), "\1\0theirs", 8);
    assert_int_equal(mkdir(at("begins"), 0777), 0);
    for (int i = 0, w = 0; (r = gt_run_file_at(i)); w = (w + 1) % WAYS, i += !w) {
        name_of(r->pattern, name);
        if (gt_run_file_of(name) != r) fail_msg("'%s' is a name of another row than %s", name, r->pattern);
        snprintf(path, sizeof path, "%s/begins/%s", scratch, name);
        lay[w](path);
        bool empty = lay[w] == lay_empty, taken = r->kind == GT_RUN_WRITES || (r->kind == GT_RUN_REQUEST && !empty);
        if (empty && !strcmp(name, "job.ini")) taken = false; /* a job of yours that says nothing */
        if (lay[w] == lay_folder) taken = false;              /* which nothing replaces */
        if (gt_rundir_check_new(at("begins"), false) != (taken ? GT_USAGE : GT_OK))
            fail_msg("%s (way %d) is %s", name, w, taken ? "replaced" : "refused");
        if (taken && !strstr(gt_message(), path)) fail_msg("%s: %s", name, gt_message());
        assert_ok(gt_rundir_check_new(at("begins"), true));
        assert_int_equal(remove(path), 0);
    }
    static const char *const free_names[] = {"notes.txt", "fakes-of-mine.png", "checkpoint-best.h5",
                                             "network-snapshot.txt"};
    for (size_t i = 0; i < sizeof free_names / sizeof *free_names; i++) {
        if (gt_run_file_of(free_names[i])) fail_msg("%s is not a name of a run", free_names[i]);
    }
    put(at("begins/job.ini"), "[data]\ndata = x\n", 16); /* of the user: welcome */
    assert_ok(gt_rundir_check_new(at("begins"), false));
    put(at("begins/log.txt"), "x", 1);
    assert_int_equal(gt_rundir_check_new(at("begins"), false), GT_USAGE);
    put(at("begins/checkpoint-000000008.h5"), "Gantry checkpoint\n", 18); /* with it the folder is a run's */
    assert_ok(gt_rundir_check_new(at("begins"), false));
}

/* All that the table says goes aside, and nothing else. */
static void all_goes_aside(void **state) {
    (void)state;
    char name[64], path[512], *aside;
    const gt_run_file *r;
    assert_int_equal(mkdir(at("again"), 0777), 0);
    for (int i = 0; (r = gt_run_file_at(i)); i++) {
        name_of(r->pattern, name);
        snprintf(path, sizeof path, "%s/again/%s", scratch, name);
        put(path, "x", 1);
    }
    assert_ok(gt_rundir_set_aside(at("again"), &aside));
    for (int i = 0; (r = gt_run_file_at(i)); i++) {
        name_of(r->pattern, name);
        snprintf(path, sizeof path, "%s/%s", r->kind == GT_RUN_WRITES ? aside : at("again"), name);
        if (access(path, F_OK)) fail_msg("%s is not where it belongs", name);
    }
    free(aside);
}

static void a_note_of_another_stays(void **state) {
    (void)state;
    setenv("SLURM_JOB_ID", "77", 1);
    assert_ok(gt_rundir_note_restart(scratch));
    assert_ok(gt_rundir_note_restart(scratch));
    put(at("restarted-by"), "my words", 8);
    assert_int_equal(gt_rundir_note_restart(scratch), GT_USAGE);
    assert_message("restarted-by' already exists");
    unsetenv("SLURM_JOB_ID");
}

/* ---- the lock ---- */

static const gt_lock_options quick = {.wait_s = 0.5, .still_s = 0.5, .beat_s = 0.1};

static gt_lock *take(const char *dir, const gt_lock_options *options) {
    gt_lock *l;
    gt_status st = gt_lock_take(&l, dir, options);
    assert_true(st ? !l : l != NULL);
    return l;
}

/* A process that takes the lock, says so through the pipe, and holds it until it is killed. */
static pid_t start_holder(void) {
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (blind) hidden = getpid();
        byte = take(scratch, &quick) ? 'y' : 'n';
        if (write(ready[1], &byte, 1) != 1) _exit(1);
        for (;;) pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(byte, 'y');
    return pid;
}

/* Dead, and not yet waited for: a zombie. */
static void make_zombie(pid_t pid) {
    siginfo_t how;
    kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &how, WEXITED | WNOWAIT), 0);
}

static unsigned beat_of_lock(void) {
    size_t n;
    unsigned beat;
    char *text = get(at("lock"), &n);
    assert_int_equal(sscanf(text, "beat %u", &beat), 1);
    free(text);
    return beat;
}

static void free_lock(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        gt_lock *l = take(scratch, &quick);
        assert_non_null(l);
        assert_true(exists("lock"));
        for (unsigned first = beat_of_lock(); beat_of_lock() == first;) usleep(10000);
        assert_false(gt_lock_lost(l));
        gt_lock_release(l);
        assert_false(exists("lock"));
    }
    assert_null(take(at("nowhere"), &quick));
    assert_message("nowhere/lock");
}

static void living_holder(void **state) {
    (void)state;
    pid_t pid = start_holder();
    char text[64];
    assert_null(take(scratch, &quick));
    snprintf(text, sizeof text, "process %ld", (long)pid);
    assert_message(text);
    kill_and_wait(pid);
}

static void dead_holder(void **state) {
    (void)state;
    pid_t pid = start_holder();
    make_zombie(pid); /* which holds nothing */
    gt_lock *l = take(scratch, &(gt_lock_options){.wait_s = 60, .still_s = 60});
    assert_non_null(l);
    gt_lock_release(l);
    waitpid(pid, NULL, 0);
}

static void holder_ends_while_we_wait(void **state) {
    (void)state;
    pid_t pid = start_holder(), killer = fork();
    if (killer == 0) {
        usleep(200000); /* by now the other one waits; where it is late, it finds a holder that is gone */
        kill(pid, SIGKILL);
        _exit(0);
    }
    gt_lock *l = take(scratch, &(gt_lock_options){.wait_s = 60, .still_s = 60});
    assert_non_null(l);
    gt_lock_release(l);
    waitpid(pid, NULL, 0);
    waitpid(killer, NULL, 0);
}

/* Of a process that is there and cannot be looked at the beat tells. */
static void hidden_holder(void **state) {
    (void)state;
    hidden = start_holder();
    assert_null(take(scratch, &quick));
    assert_message("is running");
    make_zombie(hidden);
    gt_lock *l = take(scratch, &(gt_lock_options){.wait_s = 60, .still_s = 0.5});
    assert_non_null(l);
    gt_lock_release(l);
    kill_and_wait(hidden);
    hidden = start_holder();
    kill_and_wait(hidden); /* this one is gone, to be seen or not */
    l = take(scratch, &(gt_lock_options){.wait_s = 60, .still_s = 60});
    hidden = 0;
    assert_non_null(l);
    gt_lock_release(l);
}

/* The same of one that could not look at itself when it took the lock: no start time. */
static void holder_without_a_start_time(void **state) {
    (void)state;
    blind = true;
    pid_t pid = start_holder();
    blind = false;
    assert_null(take(scratch, &quick));
    assert_message("is running");
    kill_and_wait(pid);
}

static void holder_elsewhere(void **state) {
    (void)state;
    put_lock(scratch, ELSEWHERE, 7, 0);
    gt_lock *l = take(scratch, &quick);
    assert_non_null(l); /* its beat stood still */
    gt_lock_release(l);
    put_lock(scratch, ELSEWHERE, 0, 0);
    pid_t living = start_beating(scratch, ELSEWHERE, 0);
    assert_null(take(scratch, &(gt_lock_options){.still_s = 120}));
    assert_message("elsewhere");
    kill_and_wait(living);
}

/* Slurm has ended an earlier piece of this job, or it has lost the node, and the piece runs on: a lock whose beat moves
 * is never taken. */
static void holder_of_an_earlier_piece(void **state) {
    (void)state;
    static const char piece[] = ELSEWHERE "job 18\nrestart 1\n";
    gt_lock *l;
    size_t bytes;
    setenv("SLURM_JOB_ID", "18", 1);
    setenv("SLURM_RESTART_COUNT", "2", 1);
    put_lock(scratch, piece, 0, 0);
    pid_t living = start_beating(scratch, piece, 0);
    assert_int_equal(gt_lock_take(&l, scratch, &(gt_lock_options){.still_s = 120}), GT_FAILED);
    assert_message("job 18, which is running");
    kill_and_wait(living);
    put_lock(scratch, piece, 0, 0);
    assert_ok(gt_lock_take(&l, scratch, &quick));
    char *mine = get(at("lock"), &bytes);
    assert_non_null(strstr(mine, "job 18\nrestart 2\n"));
    free(mine);
    gt_lock_release(l);
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_RESTART_COUNT");
}

static void damaged_lock(void **state) {
    (void)state;
    static const char *const texts[] = {"", "be", "beat 1\nhost x\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put(at("lock"), texts[i], strlen(texts[i]));
        gt_lock *l = take(scratch, &quick);
        assert_non_null(l);
        gt_lock_release(l);
    }
    put(at("lock"), "\0\0\0", 3); /* of a power cut */
    gt_lock_release(take(scratch, &quick));
}

/* A person's file of that name: nobody waits for it, and it stays. */
static void no_lock(void **state) {
    (void)state;
    gt_lock *l;
    put(at("lock"), "my words\n", 9);
    assert_false(gt_lock_look(scratch).held);
    assert_int_equal(gt_lock_take(&l, scratch, &quick), GT_USAGE);
    assert_message("is not the lock of a run");
    assert_holds(at("lock"), "my words\n");
    unlink(at("lock"));
}

/* What cannot be read is not waited for without end. */
static void unreadable_lock(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(symlink(i ? "lock" : "nowhere", at("lock")), 0);
        assert_null(take(scratch, &(gt_lock_options){.wait_s = 0.2, .still_s = 0.2}));
        assert_message("cannot be read");
        unlink(at("lock"));
    }
}

static void recycled_pid(void **state) {
    (void)state;
    gt_lock *l = take(scratch, &quick);
    assert_non_null(l);
    size_t n;
    char *text = get(at("lock"), &n), *host = strstr(text, "host "), name[128], holder[192];
    assert_true(host && sscanf(host, "host %127s", name) == 1);
    gt_lock_release(l);
    snprintf(holder, sizeof holder, "host %s\npid %ld started 1\ntoken 00aa\n", name, (long)getpid());
    put_lock(scratch, holder, 3, 0); /* our number, another start time */
    l = take(scratch, &(gt_lock_options){.wait_s = 60, .still_s = 60});
    assert_non_null(l);
    gt_lock_release(l);
    free(text);
}

/* A taker that was killed before its file replaced a dead holder's. */
static void unfinished_taker(void **state) {
    (void)state;
    pid_t pid = start_holder();
    kill_and_wait(pid);
    put(at("lock.0123abcd.part"), "beat 00", 7);
    gt_lock *l = take(scratch, &quick);
    assert_non_null(l);
    assert_true(exists("lock") && halves() == 0);
    gt_lock_release(l);
}

static void lost(void **state) {
    (void)state;
    gt_lock *l = take(scratch, &quick);
    assert_non_null(l);
    assert_int_equal(unlink(at("lock")), 0);
    put_lock(scratch, ELSEWHERE, 1, 0);
    for (int i = 0; i < 6000 && !gt_lock_lost(l); i++) usleep(10000); /* a minute: machines may be busy */
    assert_true(gt_lock_lost(l));
    assert_int_equal(gt_lock_fail_lost(l), GT_FAILED);
    assert_message("elsewhere/boot/ns");
    assert_message("took over the directory");
    assert_int_equal(unlink(at("lock")), 0);
    gt_lock_fail_lost(l);
    assert_message("lock' was removed");
    char other[300];
    snprintf(other, sizeof other, "%s.renamed", scratch);
    assert_int_equal(rename(scratch, other), 0);
    gt_lock_fail_lost(l);
    assert_message("the directory '");
    assert_message("was removed or renamed");
    assert_int_equal(rename(other, scratch), 0);
    put_lock(scratch, ELSEWHERE, 1, 0);
    gt_lock_release(l);
    assert_true(exists("lock")); /* it is somebody else's */
}

/* Many at once after a crash: exactly one gets it. */
static void race(void **state) {
    (void)state;
    enum { RACERS = 6 };
    pid_t dead = start_holder(), racer[RACERS];
    kill_and_wait(dead);
    int results[2];
    assert_int_equal(pipe(results), 0);
    for (int i = 0; i < RACERS; i++)
        if ((racer[i] = fork()) == 0) {
            char got = take(scratch, &quick) ? 'y' : 'n';
            if (write(results[1], &got, 1) != 1) _exit(1);
            for (;;) pause();
        }
    int winners = 0;
    for (int i = 0; i < RACERS; i++) {
        char got;
        assert_int_equal(read(results[0], &got, 1), 1);
        winners += got == 'y';
    }
    for (int i = 0; i < RACERS; i++) kill_and_wait(racer[i]);
    assert_int_equal(winners, 1);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_scratch, remove_scratch)
    const struct CMUnitTest tests[] = {
        TEST(numbers),
        TEST(unusable),
        TEST(small_files),
        TEST(links_stay),
        TEST(pipes_and_devices_are_written_to),
        TEST(stdout_is_written_to),
        TEST(neighbours_stay),
        TEST(halves_of_the_dead_go),
        TEST(signals_leave_no_halves),
        TEST(several_write_one_file),
        TEST(files_of_others_stay),
        TEST(all_goes_aside),
        TEST(a_note_of_another_stays),
        TEST(free_lock),
        TEST(living_holder),
        TEST(dead_holder),
        TEST(holder_ends_while_we_wait),
        TEST(holder_elsewhere),
        TEST(holder_of_an_earlier_piece),
        TEST(damaged_lock),
        TEST(no_lock),
        TEST(unreadable_lock),
        TEST(recycled_pid),
        TEST(hidden_holder),
        TEST(holder_without_a_start_time),
        TEST(unfinished_taker),
        TEST(lost),
        TEST(race),
    };
    gt_log_setup(0, 1, GT_ERROR); /* waiting is expected */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
