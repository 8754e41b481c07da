/* SPDX-License-Identifier: Apache-2.0
 * gantry search: random search of options of a job, by trials in processes of their own (cli/search.h). */
#include "cli/search.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/plural.h"
#include "gantry/dist.h"
#include "gantry/log.h"
#include "gantry/metric.h"
#include "gantry/runlog.h"
#include "h5/h5.h"

typedef struct search_fields {
    const char *run, *by, *max_time;
    int64_t trials, ranks_per_trial;
} search_fields;

#define FIELDS search_fields
static const gt_option table[] = {
    {CLI_OPTION(trials, "100", "Number of trials"), .min = 1, .max = 9999,
     .detail = "After each quarter of them every range becomes that of the best fifth so far."},
    {CLI_OPTION(by, "max:Accuracy/validation", "Series that trials are judged by, and whether small or large is good"),
     .placeholder = "[min:|max:]SERIES",
     .detail = "A series of stats.jsonl, as it is at the end of a trial. Without min: or max: accuracies and metrics "
               "are better when they are larger or as their kind says, all else when it is smaller."},
    {CLI_OPTION(run, "runs/search", "Folder of the search: begin the search, or resume it"), .placeholder = "DIR",
     .path = true},
    {CLI_SHOWN("ranks-per-trial", ranks_per_trial, "1", "Number of ranks of a trial, all on one host"), .min = 1,
     .max = 4096},
    {CLI_SHOWN("max-time", max_time, "", "Stop after this time: minutes, h:m:s or days-hours"), .placeholder = "TIME",
     .detail = "The exit status is 75, and the same command resumes."},
};
enum { OWN = sizeof table / sizeof *table };

/* ---- arguments ---- */

static gt_status take_range(search *s, const char *key, const char *text) {
    if (s->n_varied == GT_VARIED_MOST) return gt_fail(GT_USAGE, "more than %d ranges", GT_VARIED_MOST);
    for (int i = 0; i < s->n_varied; i++)
        if (!strcmp(s->varied[i].key, key)) return gt_fail(GT_USAGE, "%s has two ranges", key);
    return gt_varied_read(&s->varied[s->n_varied++], &s->job->options, key, text);
}

/* Options of this command are taken; those with a range vary; all others belong to every trial. */
static gt_status read_arguments(search *s, gt_options *own, int argc, char **argv, bool *help) {
    static const char *const senseless[] = {"restart", "outdir", "dry-run"};
    int n, kept = 0;
    const gt_option *training = gt_job_table(&n);
    gt_option *all = gt_arena_array(s->job->arena, (size_t)(OWN + n), sizeof *all);
    if (!all) return GT_NOMEM;
    memcpy(all, table, sizeof table);
    memcpy(all + OWN, training, (size_t)n * sizeof *all);
    cli_arguments *f = &s->fixed;
    gt_status st = cli_split(s->job->arena, all, OWN + n, argc, argv, true, f);
    *help = f->help;
    for (int i = 0; i < f->n_pairs && !st && !f->help; i++) {
        for (size_t k = 0; k < sizeof senseless / sizeof *senseless; k++)
            if (!strcmp(f->keys[i], senseless[k]))
                return gt_fail(GT_USAGE, "--%s has no meaning for a search; another --run begins another one",
                               f->keys[i]);
        if (gt_options_find(own, f->keys[i])) {
            st = gt_options_set(own, f->keys[i], f->values[i], NULL);
        } else if (gt_is_range(f->values[i])) {
            st = take_range(s, f->keys[i], f->values[i]);
        } else {
            f->keys[kept] = f->keys[i];
            f->values[kept++] = f->values[i];
        }
    }
    f->n_pairs = kept;
    return st;
}

/* The series, and whether its largest value is the best. */
static void choose_series(search *s, const char *by) {
    s->largest = !strncmp(by, "max:", 4);
    if (s->largest || !strncmp(by, "min:", 4)) by += 4;
    else s->largest = !strncmp(by, "Accuracy/", 9) || (gt_metric_find(by) && gt_metric_find(by)->more_is_better);
    s->series = by;
}

/* The job with some values of the ranges, as far as it can be checked before trials. */
static gt_status check_job(search *s, const search_fields *f) {
    gt_status st = cli_read_job(s->job, &s->fixed);
    s->seed = (uint64_t)s->job->seed;
    for (int i = 0; i < s->n_varied && !st; i++) { /* over what the job file says */
        gt_vary_span whole = gt_varied_whole(&s->varied[i]);
        gt_drawn d = gt_varied_draw(&s->varied[i], &whole, s->seed, 0);
        st = gt_job_set(s->job, s->varied[i].key, gt_drawn_text(&d), NULL);
    }
    if (!st && *s->job->run)
        st = gt_fail(GT_USAGE, "the job file names a run: the search has a folder of its own (--run)");
    if (!st) st = gt_job_check(s->job);
    if (!st && !strcmp(s->series, "Accuracy/validation") && !(s->job->validation > 0))
        st = gt_fail(GT_USAGE,
                     "--by=%s: no images are held out for it; give --validation=0.2, or a series that trials "
                     "of this job log, such as --by=min:Loss/train",
                     f->by);
    if (!st) st = cli_resolve_job(s->job);
    s->trials = (int)f->trials;
    s->ranks = f->ranks_per_trial;
    s->run = f->run;
    return st;
}

/* The threads of a trial's ranks, where several trials share a host. */
static int threads_of(const search *s) {
    const char *local = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    int64_t workers = local ? atoi(local) : gt_mpi_launched_ranks(), each;
    gt_machine m;
    if (cli_value_of(&s->fixed, "threads") || workers < 2) return 0;
    gt_machine_look(&m);
    each = m.allowed / (workers * s->ranks);
    return each < 1 ? 1 : (int)each;
}

/* ---- claims ---- */

typedef struct watch { /* of a trial that another worker holds */
    uint64_t token;
    unsigned long beat;
    double since; /* when the beat was first seen so */
} watch;

/* Is the trial free? A holder that cannot be looked at is dead when its beat has stood still for a while. */
static bool is_free(const char *dir, watch *w) {
    const double still = 30;
    gt_lock_seen seen = gt_lock_look(dir);
    if (!seen.held || seen.sure) return !seen.held;
    if (seen.token != w->token || seen.beat != w->beat || !(w->since > 0))
        *w = (watch){seen.token, seen.beat, gt_clock()};
    return gt_clock() - w->since > still;
}

typedef enum claim { CLAIMED, NOTHING_FREE, ALL_TAKEN, ALL_OVER } claim;

/* Takes the lock of an open trial that was killed so many times. */
static bool take_trial(search *s, watch *w, int trial, int killed, gt_lock **lock) {
    const gt_trial *t = &s->trial[trial];
    char dir[SEARCH_PATH];
    search_state_dir(s, trial, dir);
    if (t->state != GT_TRIAL_OPEN || t->killed != killed || !is_free(dir, w) || gt_make_directories(dir)) return false;
    /* should another worker be faster: its beat is longer than a beat's pause away from standing still */
    if (gt_lock_take(lock, dir, &(gt_lock_options){.wait_s = 0.01, .still_s = 12, .stop = NULL})) return false;
    search_look(s); /* it may have ended a moment ago */
    if (t->state == GT_TRIAL_OPEN) return true;
    gt_lock_release(*lock);
    *lock = NULL;
    return false;
}

/* Takes the lock of a trial that can be trained now. ALL_TAKEN: others train all that are left of the search. */
static claim claim_trial(search *s, watch *watches, int *trial, gt_lock **lock) {
    int open = 0, waits = 0;
    const int ready = gt_search_quarter_begin(s->n_spans, s->trials); /* whose ranges are known */
    for (int killed = 0; killed < SEARCH_TRIES; killed++)
        for (*trial = 0; *trial < ready; ++*trial)
            if (take_trial(s, &watches[*trial], *trial, killed, lock)) return CLAIMED;
    for (int t = 0; t < s->trials; t++) {
        open += s->trial[t].state == GT_TRIAL_OPEN;
        waits += s->trial[t].state == GT_TRIAL_OPEN && t >= ready;
    }
    return !open ? ALL_OVER : waits ? NOTHING_FREE : ALL_TAKEN;
}

/* ---- the work ---- */

enum {
    SIGNALLED = 128, /* and the number of the signal: the status of search_train(), as of shells and launchers */
    SIGNALS = 64
};

/* The last line that begins as this program's errors do, else the last one. */
static void why_failed(const search *s, int trial, int status, char *why, size_t room) {
    char *text = NULL, dir[SEARCH_PATH], *line, *rest;
    snprintf(why, room, "exit status %d", status);
    search_state_dir(s, trial, dir);
    if (gt_rundir_read(dir, "said", &text) || !text) return;
    bool found = false;
    for (rest = text; (line = strsep(&rest, "\n"));) {
        bool error = !strncmp(line, "gantry", 6) && strchr(line, ':') && strncmp(line, "gantry train: see", 17);
        if (!*line || (found && !error) || !strncmp(line, "see gantry", 10)) continue;
        found |= error;
        snprintf(why, room, "%s", line);
    }
    free(text);
}

/* The series at the end of the trial's run; NaN: there is none. */
static gt_status read_value(const search *s, int trial, double *value) {
    const char *path = search_path(s, trial, "%s/trials/%04d/stats.jsonl");
    gt_stats *stats = gt_stats_read(path);
    if (!stats) return GT_FAILED;
    const gt_stats_series *series = gt_stats_find(stats, s->series);
    *value = NAN;
    for (int i = 0; series && i < stats->ticks; i++)
        if (series->values[i].num > 0) *value = series->values[i].mean;
    gt_status st = GT_OK;
    if (!series && !search_count(s, GT_TRIAL_DONE))
        st = gt_fail(GT_USAGE, "--by: trials log no series '%s' (see %s, or gantry inspect on it)", s->series, path);
    gt_stats_free(stats);
    return st;
}

/* Not by its own error: it is tried again, in the end after all others. */
static gt_status note_killed(search *s, int trial, int signal) {
    char why[64];
    gt_status st = search_note_killed(s, trial, signal);
    bool last = s->trial[trial].state == GT_TRIAL_FAILED;
    snprintf(why, sizeof why, "ended by signal %d, %d of %d times%s", signal, s->trial[trial].killed, SEARCH_TRIES,
             last ? "" : "; it is tried again");
    if (!st) search_say_trial(s, trial, why);
    return st;
}

static gt_status train_one(search *s, int trial) {
    char why[512] = "";
    int status;
    double value = NAN;
    gt_status st = search_train(s, trial, &status);
    if (st) return st;
    if (status == CLI_STOPPED || (search_stopped() && status))
        return gt_fail(GT_STOPPED, "trial %d was stopped: the same command resumes it", trial + 1);
    if (status > SIGNALLED && status <= SIGNALLED + SIGNALS) return note_killed(s, trial, status - SIGNALLED);
    if (!status && (st = read_value(s, trial, &value))) return st;
    if (status) why_failed(s, trial, status, why, sizeof why);
    else if (!isfinite(value)) snprintf(why, sizeof why, "%s is not a number at its end", s->series);
    st = search_note(s, trial, *why ? GT_TRIAL_FAILED : GT_TRIAL_DONE, value, why);
    if (!st && !*why) unlink(search_path(s, trial, "%s/state/%04d/said"));
    if (!st) search_say_trial(s, trial, why);
    return st;
}

/* Trains what is free until the search is over. Of several workers the first one waits for the others. */
static gt_status work(search *s) {
    const double pause = 0.2, rarely = 30;
    watch *watches = calloc((size_t)s->trials, sizeof *watches);
    gt_status st = watches ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a search");
    double said = gt_clock();
    for (claim c = CLAIMED; !st;) {
        int trial, ranges = s->n_spans;
        gt_lock *lock = NULL;
        if ((st = search_look(s))) break;
        for (; ranges && ranges < s->n_spans && !s->worker; ranges++) search_say_range(s, ranges);
        c = claim_trial(s, watches, &trial, &lock);
        if (c == CLAIMED && !search_stopped()) st = train_one(s, trial);
        gt_lock_release(lock);
        if (c == ALL_OVER || (c == ALL_TAKEN && s->worker)) break;
        if (!st && search_stopped()) st = gt_fail(GT_STOPPED, "stopped");
        if (c == CLAIMED || st) continue;
        if (gt_clock() - said > rarely) gt_info("waiting for trials that other workers train");
        if (gt_clock() - said > rarely) said = gt_clock();
        gt_sleep(pause);
    }
    free(watches);
    return st;
}

/* A launcher ends all ranks when one ends with a status that is not 0: the first one goes last. */
static int leave(const search *s, gt_status st) {
    const double longest = 60;
    if (st != GT_STOPPED) return cli_exit("search", st);
    if (s->worker) return CLI_DONE;
    double end = gt_clock() + longest;
    for (int t = 0; t < s->trials && gt_mpi_launched_ranks() > 1; t++) {
        char dir[SEARCH_PATH];
        search_state_dir(s, t, dir);
        while (gt_clock() < end && gt_lock_look(dir).held) gt_sleep(0.1);
    }
    search_look((search *)s);
    gt_info("stopped after %d of %d trial%s; the same command resumes", s->trials - search_count(s, GT_TRIAL_OPEN),
            s->trials, gt_plural(s->trials));
    return CLI_STOPPED;
}

static gt_status finish(search *s) {
    int failed = search_count(s, GT_TRIAL_FAILED);
    gt_status st = search_write_csv(s);
    if (!st) st = search_draw_pictures(s);
    if (st) return st;
    search_print_best(s, stdout);
    if (failed == s->trials)
        return gt_fail(GT_FAILED, "all %d trial%s failed: what the first one said is in %s", failed, gt_plural(failed),
                       search_path(s, 0, "%s/state/%04d/said"));
    return GT_OK;
}

static int search_all(int argc, char **argv) {
    search *s = calloc(1, sizeof *s);
    gt_job *job = gt_job_new();
    search_fields fields;
    uint8_t state[OWN];
    bool help = false;
    if (!s || !job) return cli_exit("search", gt_fail(GT_NOMEM, "out of memory for a search"));
    gt_options own = {.rows = table, .n = OWN, .fields = &fields, .state = state, .arena = job->arena};
    cli_settings settings = {.arena = job->arena};
    double seconds = 0;
    s->job = job;
    job->kernels = cli_kernels();
    gt_options_reset(&own);
    s->worker = gt_mpi_launched_rank();
    gt_log_setup(s->worker, gt_mpi_launched_ranks(), GT_INFO);
    gt_status st = read_arguments(s, &own, argc, argv, &help);
    int code;
    if (help && !st) {
        code = cli_end_early(cli_find("search"), &s->fixed, &settings, st);
    } else {
        choose_series(s, st ? "" : fields.by);
        if (!st && !s->n_varied)
            st = gt_fail(GT_USAGE, "nothing varies: give an option a range, such as lrate=log:1e-6..1e-2");
        if (!st && *fields.max_time && (st = gt_parse_duration(fields.max_time, &seconds)))
            gt_wrap(st, "--max-time=%s", fields.max_time);
        s->job_file = s->fixed.n_words ? s->fixed.words[0] : NULL;
        if (!st) st = check_job(s, &fields);
        if (!st && !(s->trial = gt_arena_array(job->arena, (size_t)s->trials, sizeof *s->trial))) st = GT_NOMEM;
        if (!st) st = search_open(s);
        s->threads = st ? 0 : threads_of(s);
        search_handle_signals(seconds);
        if (!st) st = work(s);
        if (!st && !s->worker) st = finish(s);
        code = leave(s, st);
    }
    gt_job_free(job);
    free(s);
    return code;
}

const cli_command cli_search = {
    .name = "search",
    .arguments = "[JOB.ini] KEY=RANGE ... [--key=value ...]",
    .help = "Search for good values of a job's options by random trials",
    .detail = "A range is log:LO..HI, lin:LO..HI, int:LO..HI or choices a|b|c (in quotes). Each trial is gantry train "
              "with values of the ranges, in a process and a run of its own (RUN/trials/0001), and gives what it gives "
              "alone. gantry run -n 4 search trains four trials at a time; so do tasks of a Slurm array "
              "(slurm/search.sbatch) in the same folder. A search that was stopped or killed resumes with the same "
              "command. A trial that a signal ended (kill -9, memory that is short) is tried again, from its "
              "checkpoint and after the others, three times in all. RUN/search.csv has all trials, RUN/curves.png the "
              "twenty best, RUN/values.png the values "
              "against what trials are judged by.",
    .files =
        "In --run: trials/NNNN, a run for each trial; search.csv, all trials, each open, done, failed or killed (by "
        "a signal: three times, unless the search goes on); curves.png, the best twenty; "
        "values.png, the values beside what the trials are judged by.",
    .stopped = CLI_RESUMES,
    .takes_job = true,
    CLI_EXAMPLES({"Learning rate and weight decay of a small classifier",
                  "gantry search --model=lenet --data=digits.zip --epochs=3 lrate=log:1e-5..0.1"},
                 {"Four trials at a time; a list of choices stands in quotes",
                  "gantry run -n 4 search jobs/fashion.ini 'dropout=lin:0..0.5' --trials=40"}),
    CLI_ROWS(table),
    .main = search_all,
};
