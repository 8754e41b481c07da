/* SPDX-License-Identifier: Apache-2.0
 * gantry status: how runs are doing, on one screen. One run has a block of lines, several have a line each. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/door/cli.h"
#include "gantry/text.h"
#include "gantry/file.h"
#include "gantry/grid.h"
#include "gantry/rundir.h"
#include "gantry/runlog.h"
#include "gantry/metric.h"

typedef struct status_fields {
    bool watch;
    double every;
} status_fields;

#define FIELDS status_fields

static const gt_option table[] = {
    {CLI_OPTION(watch, "0", "Show the state repeatedly, until all runs have ended")},
    {CLI_OPTION(every, "5", "With --watch: time between two updates"), .unit = "seconds", .min = 0.1, .max = 86400,
     .with = "--watch"},
};

enum { TEXT = 400, RECENT = 5 /* ticks that the speed is taken of */ };

typedef struct now { /* a run at this moment */
    const char *dir;
    gt_starts *starts;
    gt_stats *stats;
    const char *state;     /* "": unknown, a run of an older version */
    bool lost;             /* nothing of it can be read */
    double kimg, total;    /* total 0: unknown */
    double rate, left;     /* images/s of the latest ticks; seconds; NaN: unknown */
    double seconds, quiet; /* of training so far; since the latest tick */
    int warnings;
    char newest[TEXT]; /* warning, with its time */
} now;

static double last_of(const now *r, const char *name) {
    const gt_stats_series *s = gt_stats_find(r->stats, name);
    for (int t = r->stats->ticks - 1; s && t >= 0; t--)
        if (isfinite(s->values[t].mean)) return s->values[t].mean;
    return NAN;
}

static void take_warning(void *arg, const char *when, const char *text) {
    now *r = arg;
    r->warnings++;
    snprintf(r->newest, TEXT, "%s %s", when, text);
}

/* Images per second, of the training alone: pictures and checkpoints do not count, and the first step does not, since
 * memory is touched in it for the first time. */
static double recent_rate(const now *r) {
    const gt_stats_series *s = gt_stats_find(r->stats, "Progress/images_per_sec");
    double sum = 0;
    int n = 0;
    for (int t = r->stats->ticks - 1; s && t > 0 && n < RECENT; t--)
        if (s->values[t].mean > 0) {
            sum += 1 / s->values[t].mean;
            n++;
        }
    return n ? n / sum : NAN;
}

static gt_status read_run(now *r, const char *dir, int runs, bool held) {
    char *path = gt_path_join(dir, "stats.jsonl");
    *r = (now){.dir = dir};
    r->starts = gt_starts_read(dir);
    r->stats = path ? gt_stats_read(path) : NULL;
    free(path);
    if (!r->starts || !r->stats) return GT_FAILED;
    r->lost = gt_logs_are_lost(r->stats, r->starts);
    gt_logs_warn(dir, r->stats, r->starts, runs);
    if (!r->lost && !r->starts->count && !r->stats->ticks && !gt_folder_has(dir, "job.ini"))
        return gt_rundir_is_submitted(dir) && cli_find_not_begun()
                   ? cli_find_not_begun()(dir)
                   : gt_fail(GT_FAILED,
                             "'%s' is not a run's directory: it has neither job.ini nor ticks in stats.jsonl", dir);
    int last = r->stats->ticks - 1;
    r->state = gt_starts_state_of(r->starts, held);
    double ticked = last >= 0 ? (double)r->stats->images[last] : 0;
    r->kimg = fmax(ticked, (double)r->starts->shown) / 1000; /* ticks may be lost */
    r->total = (double)r->starts->total / 1000;
    r->rate = recent_rate(r);
    r->left = r->total > 0 && r->rate > 0 ? fmax(0, 1000 * (r->total - r->kimg)) / r->rate : NAN;
    r->seconds = last_of(r, "Timing/total_sec");
    r->quiet = last >= 0 && r->stats->timestamp[last] > 0 ? gt_unix_time() - r->stats->timestamp[last] : NAN;
    gt_log_warnings_each(dir, take_warning, r);
    return GT_OK;
}

static void forget(now *r) {
    gt_starts_free(r->starts);
    gt_stats_free(r->stats);
}

static bool is_running(const now *r) { return !strcmp(r->state, "running"); }

static const char *state_of(const now *r) { return *r->state ? r->state : "unknown"; }

static double percent(const now *r) { return r->total > 0 ? fmin(100, 100 * r->kimg / r->total) : NAN; }

/* ---- one run ---- */

static void print_progress(const now *r) {
    char text[64], more[32];
    gt_print("%s: %s", r->dir, state_of(r));
    if (r->total > 0) gt_print(", %.1f%% (%.6g of %.6g kimg)", percent(r), r->kimg, r->total);
    else gt_print(", %.6g kimg", r->kimg);
    if (is_running(r) && *gt_starts_left_text(r->starts, r->left, text)) gt_print(", %s", text);
    gt_print("\n");
    if (*r->starts->message) gt_print("  reason       %s\n", r->starts->message);
    if (!isnan(r->rate))
        gt_print("  speed        %.4g images/s, %s so far\n", r->rate, gt_duration_text(r->seconds, text));
    if (!isnan(r->quiet))
        gt_print("  last tick    number %.0f, %s ago\n", last_of(r, "Progress/tick"), gt_duration_text(r->quiet, more));
}

/* The series that a tick's line shows, of any family. */
static void print_values(const now *r) {
    static const char *const shown[] = {
        "Loss/G/loss",     "Loss/D/loss",      "Loss/reconstruction", "Loss/KL",       "Loss/train",
        "Loss/validation", "Loss/test",        "Accuracy/train",      "Accuracy/test", "Accuracy/validation",
        "Loss/signs/real", "Progress/augment", "Fakes/swd_avg",       "Fakes/swd"};
    int column = 0;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        double x = last_of(r, shown[i]);
        char text[64];
        if (isnan(x)) continue;
        int n = snprintf(text, sizeof text, "%s %.4g", shown[i], x);
        if (!column || column + n > 76) column = gt_print(column ? "\n               " : "  values       ");
        column += gt_print("%s   ", text);
    }
    if (column) gt_print("\n");
    for (int i = 0; i < r->stats->n_series; i++) {
        const char *name = r->stats->series[i].name;
        if (!strncmp(name, GT_METRIC_SERIES, strlen(GT_METRIC_SERIES)))
            gt_print("  metric       %s %.5g\n", name + strlen(GT_METRIC_SERIES), last_of(r, name));
    }
}

static void print_age(const char *what, const char *dir, const char *name) {
    char *path = gt_path_join(dir, name), text[32];
    struct stat s;
    if (path && stat(path, &s) == 0)
        gt_print("  %-12s %s, %s ago\n", what, path, gt_duration_text(gt_unix_time() - (double)s.st_mtime, text));
    free(path);
}

/* What can be done now, as a command to copy. */
static void print_next(const now *r) {
    static const struct next {
        const char *state, *command, *what; /* the run's name follows the command; NULL: the command that resumes */
    } all[] = {
        {"running", "gantry report ", "curves and pictures so far"},
        {"stopped", NULL, "the run resumes"},
        {"interrupted", NULL, "the run resumes"},
        {"failed", NULL, "the run resumes, once the cause is removed"},
        {"finished", "gantry report ", "curves, pictures, what was trained"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(r->state, all[i].state)) continue;
        GT_BUFFER gt_buffer line = {0};
        gt_buffer_printf(&line, "%s", all[i].command ? all[i].command : "");
        if (all[i].command) gt_buffer_shell(&line, r->dir);
        else gt_rundir_resume_command(r->dir, &line);
        if (!line.failed) gt_print("  next         %.*s   %s\n", (int)line.n, line.data, all[i].what);
    }
}

static void print_run(const now *r) {
    size_t n;
    print_progress(r);
    for (const gt_start_fact *f = r->starts->facts; f->name; f++)
        if (strcmp(f->name, "program")) gt_print("  %-12s %s\n", f->name, f->text);
    print_values(r);
    if (r->warnings) gt_print("  warnings     %d, the newest: %s\n", r->warnings, r->newest);
    GT_FREED long long *fakes = gt_grid_list_fakes(r->dir, &n);
    if (n) {
        char name[40];
        gt_grid_fakes_name(fakes[n - 1], name);
        print_age("picture", r->dir, name);
    }
    print_age("checkpoint", r->dir, "last");
    print_age("report", r->dir, "report.html");
    print_next(r);
}

/* ---- several ---- */

static void print_heading(int width) {
    gt_print("%-*s %-11s %6s %10s %10s %9s  %s\n", width, "run", "state", "done", "kimg", "images/s", "warnings",
             "left");
}

static void print_line(const now *r, int width) {
    char done[16] = "-", rate[16] = "-", left[64] = "";
    if (!isnan(percent(r))) snprintf(done, sizeof done, "%.0f%%", percent(r));
    if (!isnan(r->rate)) snprintf(rate, sizeof rate, "%.4g", r->rate);
    if (is_running(r)) gt_starts_left_text(r->starts, r->left, left);
    gt_print("%-*s %-11s %6s %10.6g %10s %9d  %s\n", width, r->dir, state_of(r), done, r->kimg, rate, r->warnings,
             *left ? left : "-");
}

/* *going: some run goes on. *lost: of how many nothing can be read. `look`: [n], of the looks before. */
static gt_status show_runs(const char *const *dirs, int n, gt_run_look *look, bool *going, int *lost) {
    gt_status st = GT_OK;
    int width = 3;
    gt_runs_look(dirs, n, look);
    *lost = 0;
    for (int i = 0; i < n; i++) width = (int)strlen(dirs[i]) > width ? (int)strlen(dirs[i]) : width;
    *going = false;
    for (int i = 0; i < n && !st; i++) {
        now r;
        st = read_run(&r, dirs[i], n, look[i].held);
        if (!st && n > 1 && i == 0) print_heading(width);
        if (!st && n > 1) print_line(&r, width);
        if (!st && n == 1 && !r.lost) print_run(&r);
        *lost += !st && r.lost;
        *going |= !st && is_running(&r);
        forget(&r);
    }
    gt_print_flush(stdout);
    return st;
}

static gt_status print_status(const char *dir, bool *lost) {
    bool going;
    int n;
    gt_run_look look = {0};
    gt_status st = show_runs(&dir, 1, &look, &going, &n);
    *lost = n;
    return st;
}

static gt_status status(cli_session *s) {
    const status_fields *f = s->fields;
    bool going;
    int n = s->arguments.n_words, lost;
    if (!n) return gt_fail(GT_USAGE, "directories of runs are needed, such as runs/*");
    gt_run_look *look = gt_arena_array(s->arena, (size_t)n, sizeof *look);
    if (!look) return GT_NOMEM;
    for (;;) {
        if (f->watch && isatty(STDOUT_FILENO)) fputs("\033[H\033[J", stdout);
        gt_status st = show_runs(s->arguments.words, n, look, &going, &lost);
        if (!st && lost == n)
            st = gt_fail(GT_FAILED, "'%s' cannot be read: stats.jsonl and starts.jsonl are damaged",
                         s->arguments.words[0]);
        if (st || !f->watch || !going) return st;
        usleep((useconds_t)(1e6 * f->every));
    }
}

const cli_command cli_status = {
    .name = "status",
    .run_view = print_status,
    .arguments = "RUN ... [--key=value ...]",
    .help = "Show state, progress, time left and warnings of runs",
    .detail = "A run is running, finished, stopped (the same command resumes), failed (with the reason), or "
              "interrupted: killed, or the machine went down. --watch ends when no run is left running.",
    CLI_EXAMPLES({"A run", "gantry status runs/first"},
                 {"All runs, until they have ended", "gantry status runs/* --watch --every=30"}),
    CLI_ROWS(table),
    .run = status,
};
