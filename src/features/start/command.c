/* SPDX-License-Identifier: Apache-2.0
 * gantry start: from a folder of pictures to a trained network, a sheet and a report, by other commands. What is done
 * is known by the files that are there. */
#define _GNU_SOURCE
#include "features/start/command.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/door/cli.h"
#include "gantry/arrays.h"
#include "gantry/checkpoint.h"
#include "gantry/file.h"
#include "gantry/program.h"
#include "gantry/progress.h"
#include "gantry/rundir.h"
#include "gantry/text.h"

typedef struct start_fields {
    const char *run;
    double minutes, kimg;
    bool yes, dry_run;
} start_fields;

#define FIELDS start_fields
static const gt_option table[] = {
    {CLI_OPTION(minutes, NULL, "Longest time of training"), .derived = "60, or less if fewer images are enough",
     .unit = "minutes", .min = 0.01, .max = 1e6,
     .detail = "The speed of this machine is measured first, and says how many images this time is enough for; on a "
               "machine that becomes slower, training stops when the time is over. Without this option, a training "
               "that begins with another network is given 25,000 images."},
    {CLI_OPTION(run, NULL, "Folder for the dataset, the run, the sheet and the report"), .placeholder = "DIR",
     .path = true, .derived = "runs/ and the name of FOLDER"},
    {CLI_OPTION(yes, "0", "Begin without asking"), .letter = 'y'},
    {CLI_SHOWN("dry-run", dry_run, "0", "Only show the plan and its commands; write nothing"), .letter = 'n'},
    {CLI_FURTHER(kimg, NULL, "Length of training, instead of what the plan finds"), .unit = "kimg", .min = 0.001,
     .max = 1e9, .derived = "what --minutes has time for",
     .detail = "Thousands of training images, as in gantry train. With --yes, no speed is measured then."},
};

enum { FAILED = 1, USUAL_MINUTES = 60, USUAL_KIMG = 25, MINUTE = 60, LONG_MINUTES = 5, LITTLE_KIMG = 12 };
static const double LEAST_KIMG = 0.1;

typedef struct beginning {
    cli_session *s;
    cli_start_plan plan;
    const char *last, *sheet, *report;
    double rate;    /* images/s, as measured; 0: unknown */
    double kimg;    /* 0: unknown */
    double limit;   /* seconds of training; 0: no limit */
    double shown;   /* kimg that the run has trained */
    double minutes; /* as given; 0: not given */
    bool late;      /* the time was over before the images were */
    bool data, begun, asked, trained;
} beginning;

/* ---- one command ---- */

static volatile sig_atomic_t stopped;
static volatile pid_t child;

/* At a terminal the command gets the signal itself; one that was sent to this process alone is passed on. SIGTERM has
 * the same effect as SIGINT but for a second one, which would end a training at once. */
static void on_signal(int number, siginfo_t *info, void *context) {
    (void)context;
    stopped = number;
    if (child > 0 && info->si_code <= 0) kill(child, SIGTERM);
}

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
enum { STOPPING = sizeof stopping / sizeof *stopping };

static struct sigaction before[STOPPING];

/* Also where a script's shell lets its background commands ignore SIGINT; but not SIGHUP under nohup. */
static void take_signals(void) {
    for (int i = 0; i < STOPPING; i++) {
        struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
        sigemptyset(&act.sa_mask);
        sigaction(stopping[i], &act, &before[i]);
        if (before[i].sa_handler == SIG_IGN && stopping[i] == SIGHUP) sigaction(stopping[i], &before[i], NULL);
    }
}

static void leave_signals(void) {
    for (int i = 0; i < STOPPING; i++) sigaction(stopping[i], &before[i], NULL);
}

static void become(const char *const *words, int to, pid_t parent, const sigset_t *mask) {
    const char *argv[CLI_LINE_WORDS + 2] = {"gantry"};
    memcpy(argv + 1, words, CLI_LINE_WORDS * sizeof *argv);
    int nowhere = to < 0 ? -1 : open("/dev/null", O_RDWR);
    if (to >= 0) dup2(to, STDOUT_FILENO);
    if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
    /* All of them go on from their files after any end: nothing is left that holds the run when this process is killed.
     */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(FAILED);
    leave_signals();
    sigprocmask(SIG_SETMASK, mask, NULL);
    gt_program_again((char **)argv);
    gt_print_to(stderr, "gantry start: gantry %s cannot be started: %s\n", words[0], strerror(errno));
    _exit(FAILED);
}

/* `to`: where its results go, and its messages nowhere; -1: they are shown. *status: its exit status, or 128 and its
 * signal. */
static gt_status run_command(const cli_line *l, int to, int *status) {
    sigset_t signals, mask;
    int ended = 0;
    sigemptyset(&signals);
    for (int i = 0; i < STOPPING; i++) sigaddset(&signals, stopping[i]);
    gt_print_flush(stdout);
    sigprocmask(SIG_BLOCK, &signals, &mask);
    pid_t self = getpid(), pid = stopped ? 0 : fork();
    if (!pid && !stopped) become(l->words, to, self, &mask);
    child = pid;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    while (pid > 0 && waitpid(pid, &ended, 0) < 0 && errno == EINTR) continue;
    child = 0;
    if (pid < 0) return gt_fail(GT_FAILED, "no process can be started for gantry %s: %s", l->words[0], strerror(errno));
    *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
    return GT_OK;
}

static void print_line(const char *title, const cli_line *l, const char *what) {
    GT_BUFFER gt_buffer text = {0};
    for (int i = 0; i < l->n; i++) {
        gt_buffer_printf(&text, " ");
        gt_buffer_shell(&text, l->words[i]);
    }
    if (!text.failed) gt_print("%sgantry%.*s%s%s\n", title, (int)text.n, text.data, *what ? "   " : "", what);
}

static gt_status go_on(const beginning *b) {
    GT_BUFFER gt_buffer source = {0};
    gt_buffer_shell(&source, b->plan.source);
    if (!source.failed)
        gt_print_to(stderr, "stopped: the same command goes on from here: gantry start %.*s\n", (int)source.n,
                    source.data);
    return GT_STOPPED;
}

/* A step that the user sees. *ended: 0, or 75 where it has stopped by itself. */
static gt_status take_step(const beginning *b, cli_line *l, int *ended) {
    if (b->s->arguments.quiet) cli_line_add(b->s->arena, l, "-q");
    if (b->s->arguments.no_progress) cli_line_add(b->s->arena, l, "--progress=0");
    gt_print("\n");
    print_line("step      ", l, "");
    gt_status st = run_command(l, -1, ended);
    if (st) return st;
    if (stopped) return go_on(b);
    if (!*ended || *ended == CLI_STOPPED) return GT_OK;
    return gt_fail(GT_FAILED,
                   "gantry %s has ended with status %d, for the reason above: the same command goes on from here",
                   l->words[0], *ended);
}

/* ---- what is done already ---- */

static bool is_there(const char *path) { return !access(path, F_OK); }

static double seconds_so_far(const char *run) {
    GT_FREED char *path = gt_path_join(run, "stats.jsonl");
    gt_stats *stats = path ? gt_stats_read(path) : NULL;
    const gt_stats_series *total = stats ? gt_stats_find(stats, "Timing/total_sec") : NULL;
    double seconds = 0;
    for (int t = 0; total && t < stats->ticks; t++)
        if (total->values[t].mean > seconds) seconds = total->values[t].mean;
    gt_stats_free(stats);
    return seconds;
}

/* A run ends where it has its images, or where its time was over. */
static gt_status look_at_run(beginning *b) {
    gt_starts *starts = gt_starts_read(b->plan.run);
    if (!starts) return gt_failure();
    const char *state = gt_starts_state_of(starts, false);
    bool late = gt_is(state, "stopped") && starts->until > 0 && starts->ended >= starts->until;
    b->trained = gt_is(state, "finished") || late;
    b->kimg = (double)starts->total / 1000;
    b->shown = (double)starts->shown / 1000;
    b->late = late;
    gt_starts_free(starts);
    return GT_OK;
}

static gt_status look_at_files(beginning *b) {
    gt_arena *a = b->s->arena;
    const char *part = gt_arena_printf(a, "%s.part", b->plan.data);
    if (!part) return GT_NOMEM;
    b->data = is_there(b->plan.data);
    b->begun = gt_folder_has(b->plan.run, "job.ini");
    b->asked = b->data || is_there(part);
    if (b->begun && !b->data)
        return gt_fail(GT_USAGE,
                       "'%s' is a run that gantry start has not begun, for it has no pictures.zip: --run=DIR names "
                       "another folder for this one",
                       b->plan.run);
    return b->begun ? look_at_run(b) : GT_OK;
}

/* ---- places ---- */

/* The last part of the path; of a file without its endings. */
static gt_status name_run(gt_arena *a, const char *source, const char **run) {
    char name[GT_NAME_BYTES], *whole = gt_is_directory(source) ? realpath(source, NULL) : NULL;
    gt_path_name(whole ? whole : source, name);
    if (!whole) name[1 + strcspn(name + 1, ".:")] = 0;
    free(whole);
    *run = gt_arena_printf(a, "runs/%s", name);
    return *run ? GT_OK : GT_NOMEM;
}

/* The nearest folder on the way to the path that is there. */
static char *nearest_folder(const char *path) {
    GT_FREED char *folder = strdup(path);
    while (folder && *folder && !is_there(folder)) {
        char *slash = strrchr(folder, '/');
        if (slash == folder) slash++;
        if (slash) *slash = 0;
        else *folder = 0;
    }
    return folder ? realpath(*folder ? folder : ".", NULL) : NULL;
}

static gt_status check_place(const cli_start_plan *p) {
    GT_FREED char *folder = nearest_folder(p->run), *source = realpath(p->source, NULL);
    size_t n = source ? strlen(source) : 0;
    gt_status st = folder ? GT_OK : gt_fail(GT_FAILED, "'%s': %s", p->run, strerror(errno));
    if (folder && source && !strncmp(folder, source, n) && (!folder[n] || folder[n] == '/'))
        st = gt_fail(GT_USAGE,
                     "'%s' would lie among the pictures of '%s': call this from another folder, or give --run=DIR",
                     p->run, p->source);
    else if (folder && access(folder, W_OK))
        st = gt_fail(GT_USAGE, "'%s' cannot be made, since '%s' cannot be written to (%s): give --run=DIR", p->run,
                     folder, strerror(errno));
    return st;
}

/* ---- the plan ---- */

static double number_behind(const char *text, const char *line, const char *word) {
    const char *at = strstr(text, line), *end = at ? at + 1 + strcspn(at + 1, "\n") : NULL;
    const char *number = at ? strstr(at, word) : NULL;
    return number && number < end ? strtod(number + strlen(word), NULL) : 0;
}

/* Images a second of this network, by a training that is only tried, on pictures of the same size. Where that does not
 * work nothing is known, and the training itself will say why. */
static gt_status measure(beginning *b) {
    cli_line l = {0};
    gt_arena *a = b->s->arena;
    static char text[1 << 16];
    int status = 0;
    cli_start_add_network(a, &b->plan, gt_arena_printf(a, "synth:shapes:n=256,size=%d", b->plan.side), &l);
    cli_line_add(a, &l, "--dry-run");
    if (gt_arena_failed(a)) return GT_NOMEM;
    FILE *f = tmpfile();
    if (!f) return GT_OK;
    take_signals();
    gt_tell_start("measuring this machine", NULL, 0);
    gt_status st = run_command(&l, fileno(f), &status);
    gt_tell_end();
    leave_signals();
    rewind(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    if (!st && stopped) return go_on(b);
    double alone = number_behind(text, "\nmeasured", "  "), shared = number_behind(text, "\nfaster", ":");
    /* `gantry train` tries several ranks by itself where a run is long. */
    bool tries = b->minutes >= LONG_MINUTES;
    if (!st && !status) b->rate = tries && shared > alone ? shared : alone;
    return st;
}

/* How long is trained: what is asked for; else what the time is enough for. */
static void choose_length(beginning *b) {
    /* The rest of the time is for the start, the pictures and checkpoints on the way, and a machine that is not always
     * as fast. */
    static const double trained_part = 0.85;
    const start_fields *f = b->s->fields;
    bool says_minutes = f->minutes > 0, says_kimg = f->kimg > 0;
    double minutes = says_minutes ? f->minutes : USUAL_MINUTES, most = b->rate * MINUTE * minutes * trained_part / 1000;
    b->limit = says_minutes || !says_kimg ? MINUTE * minutes : 0;
    if (b->begun) return;
    /* From another network few pictures are best after so many images; later there are more copies of them
     * (docs/few-pictures.md). */
    bool enough = b->plan.network && !says_minutes && !(most > 0 && most < USUAL_KIMG);
    b->kimg = says_kimg ? f->kimg : enough ? USUAL_KIMG : most;
    if (b->kimg > 10) b->kimg = floor(b->kimg);
    if (!says_kimg && b->kimg > 0 && b->kimg < LEAST_KIMG) b->kimg = LEAST_KIMG;
}

static void print_plan(const beginning *b) {
    char text[32];
    cli_start_print(&b->plan);
    gt_print("training  ");
    if (b->begun) {
        gt_print("%s: %s, %.4g kimg\n", b->trained ? "is done" : "goes on", b->plan.run, b->kimg);
        return;
    }
    gt_print("%s%s%s, ", b->plan.network ? "begins with the network " : "from nothing",
             b->plan.network ? b->plan.network : "", b->plan.cond ? ", with classes" : "");
    if (b->kimg > 0) gt_print("%.4g kimg (thousand images)", b->kimg);
    else gt_print("as long as %s", gt_duration_text(b->limit, text));
    if (b->rate > 0) gt_print(", about %s on this machine", gt_duration_text(1000 * b->kimg / b->rate, text));
    if (b->limit > 0 && b->kimg > 0) gt_print(", at most %s", gt_duration_text(b->limit, text));
    gt_print(": %s\n", b->plan.run);
}

static gt_status ask_user(bool *go) {
    char answer[16] = "";
    gt_print_flush(stdout);
    gt_print_to(stderr, "Begin? [y/N] ");
    *go = fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y');
    return GT_OK;
}

/* ---- the steps ---- */

static void make_dataset_line(const beginning *b, cli_line *l) { cli_start_add_dataset(b->s->arena, &b->plan, l); }

/* A run that has begun knows its job. */
static void make_train_line(const beginning *b, cli_line *l) {
    gt_arena *a = b->s->arena;
    double left = b->limit > 0 && b->begun ? fmax(1, b->limit - seconds_so_far(b->plan.run)) : b->limit;
    if (b->begun) cli_line_add(a, l, "train");
    else cli_start_add_network(a, &b->plan, b->plan.data, l);
    if (!b->begun && b->kimg > 0) cli_line_add(a, l, "--kimg=%.4g", b->kimg);
    cli_line_add(a, l, "--run=%s", b->plan.run);
    long seconds = (long)ceil(left);
    if (left > 0)
        cli_line_add(a, l, "--max-time=%ld:%02ld:%02ld", seconds / 3600, seconds / MINUTE % MINUTE, seconds % MINUTE);
}

static void make_sheet_line(const beginning *b, cli_line *l) {
    gt_arena *a = b->s->arena;
    cli_line_add(a, l, "generate");
    cli_line_add(a, l, "%s", b->plan.run);
    if (b->plan.cond) { /* a row for each class */
        cli_line_add(a, l, "--per-class=8");
    } else {
        cli_line_add(a, l, "--seeds=0-63");
        cli_line_add(a, l, "--grid=8x8");
    }
    cli_line_add(a, l, "--out=%s", b->sheet);
}

static void make_report_line(const beginning *b, cli_line *l) {
    cli_line_add(b->s->arena, l, "report");
    cli_line_add(b->s->arena, l, "%s", b->plan.run);
}

static bool is_newer(const char *path, const char *than) {
    return is_there(path) && is_there(than) && !gt_file_is_older(path, than);
}

static bool has_dataset(const beginning *b) { return b->data; }
static bool has_trained(const beginning *b) { return b->trained; }
static bool has_sheet(const beginning *b) { return is_newer(b->sheet, b->last); }
static bool has_report(const beginning *b) { return is_newer(b->report, b->sheet); }

static const struct step {
    bool (*done)(const beginning *b);
    void (*line)(const beginning *b, cli_line *l);
} steps[] = {
    {has_dataset, make_dataset_line},
    {has_trained, make_train_line},
    {has_sheet, make_sheet_line},
    {has_report, make_report_line},
};
enum { STEPS = sizeof steps / sizeof *steps };

static gt_status take_steps(beginning *b) {
    gt_status st = GT_OK;
    for (int i = 0; i < STEPS && !st; i++) {
        cli_line l = {0};
        int ended = 0;
        if (steps[i].done(b)) continue;
        steps[i].line(b, &l);
        if (gt_arena_failed(b->s->arena)) return GT_NOMEM;
        st = take_step(b, &l, &ended);
        if (!st) st = look_at_files(b);
        if (!st && ended && !steps[i].done(b)) return go_on(b);
    }
    return st;
}

static void print_lines(const beginning *b) {
    for (int i = 0; i < STEPS; i++) {
        cli_line l = {0};
        if (steps[i].done(b)) continue;
        steps[i].line(b, &l);
        print_line("  ", &l, "");
    }
}

static void print_next(const beginning *b) {
    gt_arena *a = b->s->arena;
    const char *run = b->plan.run;
    cli_line further = {0}, film = {0}, copies = {0};
    cli_line_add(a, &further, "train");
    cli_line_add(a, &further, "--run=%s", run);
    if (!b->late) cli_line_add(a, &further, "--kimg=%.4g", 2 * b->kimg);
    cli_line_add(a, &film, "walk");
    cli_line_add(a, &film, "%s", run);
    if (b->plan.cond) cli_line_add(a, &film, "--class=0");
    cli_line_add(a, &film, "--seeds=0-7");
    cli_line_add(a, &film, "--seconds=16");
    cli_line_add(a, &film, "--loop");
    cli_line_add(a, &film, "--out=%s/film.webp", run);
    cli_line_add(a, &copies, "metrics");
    cli_line_add(a, &copies, "%s", run);
    cli_line_add(a, &copies, "--metrics=authenticity");
    cli_line_add(a, &copies, "--count=1000");
    cli_line_add(a, &copies, "--nearest=%s/nearest.png", run);
    gt_print("\ntrained   %.4g of %.4g kimg%s", b->shown, b->kimg, b->late ? ", when the time was over" : "");
    if (b->shown < LITTLE_KIMG && b->plan.network)
        gt_print("; so few change little: the sheet still shows what %s draws, and the first command below trains on",
                 b->plan.network);
    else if (b->shown < LITTLE_KIMG) gt_print("; after so few all are blots: the first command below trains on");
    gt_print("\n");
    gt_print(
        "look at   %s   pictures that the network makes\n          %s   curves and settings, for a browser\nnext\n",
        b->sheet, b->report);
    print_line("  ", &further, b->late ? "trains the rest" : "trains on, twice as long");
    print_line("  ", &film, "a film from picture to picture");
    print_line("  ", &copies, "are they copies of yours?");
}

/* ---- the command ---- */

static gt_status check_source(const char *source) {
    if (!gt_checkpoint_any(source) && !gt_folder_has(source, "job.ini")) return gt_h5_check(source);
    return gt_fail(GT_USAGE, "'%s' is a run, not a folder of pictures: gantry train --run=%s goes on with it", source,
                   source);
}

static gt_status make_plan(beginning *b) {
    const start_fields *f = b->s->fields;
    cli_start_plan *p = &b->plan;
    gt_arena *a = b->s->arena;
    b->minutes = f->minutes;
    gt_status st = check_source(p->source);
    if (!st && f->run && *f->run) p->run = f->run;
    else if (!st) st = name_run(a, p->source, &p->run);
    if (st) return st;
    p->data = gt_arena_printf(a, "%s/pictures.zip", p->run);
    b->last = gt_arena_printf(a, "%s/last", p->run);
    b->sheet = gt_arena_printf(a, "%s/sheet.png", p->run);
    b->report = gt_arena_printf(a, "%s/report.html", p->run);
    if (gt_arena_failed(a)) return GT_NOMEM;
    if (!st) st = cli_start_look(a, p);
    if (!st) st = check_place(p);
    if (!st) st = look_at_files(b);
    bool nobody_asks = f->yes && f->kimg > 0;
    if (!st && !f->yes && !f->dry_run && !b->asked && !isatty(STDIN_FILENO))
        st = gt_fail(GT_USAGE, "there is no terminal for the question: --yes begins, --dry-run only shows the plan");
    if (!st && !b->begun && !nobody_asks) st = measure(b);
    if (!st) choose_length(b);
    return st;
}

static gt_status begin(beginning *b) {
    const start_fields *f = b->s->fields;
    bool go = f->yes;
    gt_status st = make_plan(b);
    if (st) return st;
    print_plan(b);
    if (f->dry_run) print_lines(b);
    if (f->dry_run) return GT_OK;
    if (b->asked) go = true; /* who has begun has answered */
    if (!go) st = ask_user(&go);
    if (st || !go) return st;
    st = gt_rundir_prepare(b->plan.run, 1 << 20);
    take_signals();
    if (!st) st = take_steps(b);
    leave_signals();
    if (!st) print_next(b);
    return st;
}

static gt_status start(cli_session *s) {
    if (s->arguments.n_words != 1)
        return gt_fail(GT_USAGE, "one folder of pictures is needed, as in gantry start photos");
    beginning *b = gt_arena_alloc(s->arena, sizeof *b);
    if (!b) return GT_NOMEM;
    b->s = s;
    b->plan.source = s->arguments.words[0];
    return begin(b);
}

const cli_command cli_start = {
    .name = "start",
    .place = 1,
    .arguments = "FOLDER [--key=value ...]",
    .help = "From a folder of pictures to a trained network, in one command",
    .detail = "Looks at the pictures, shows a plan and asks; then makes a dataset, trains, draws a sheet and writes a "
              "report, by other commands, which are printed and can be typed as well. A few pictures begin with a "
              "network that comes with the program. The same command goes on where it was stopped. FOLDER may also be "
              "an archive or another SOURCE of gantry dataset.",
    .files = "In the folder of the run: pictures.zip, the dataset; the files of gantry train; sheet.png; report.html.",
    .stopped = CLI_RESUMES,
    CLI_EXAMPLES({"Shows what it would do, asks, and does it", "gantry start photos"},
                 {"Half an hour, without a question", "gantry start photos --minutes=30 --yes"},
                 {"Only the plan and its commands", "gantry start photos --dry-run"}),
    CLI_ROWS(table),
    .run = start,
};
