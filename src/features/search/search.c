/* SPDX-License-Identifier: Apache-2.0
 * A worker of a search: claims trials, trains them, and notes what became of them (search.h). */
#include "features/search/search.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/machine.h"
#include "base/door/clock.h"
#include "gantry/dist.h"
#include "gantry/dataset.h"
#include "gantry/job.h"
#include "gantry/log.h"
#include "metrics/door/metric.h"
#include "gantry/runlog.h"
#include "gantry/text.h"
#include "run/door/rundir.h"

/* ---- what is searched ---- */

gt_search *gt_search_new(gt_job *job) {
    gt_search *s = gt_arena_array(job->arena, 1, sizeof *s);
    if (!s) return NULL;
    s->job = job;
    s->worker = gt_mpi_launched_rank();
    return s;
}

gt_status gt_search_vary(gt_search *s, const char *key, const char *text) {
    if (s->n_varied == GT_VARIED_MAX) return gt_fail(GT_USAGE, "more than %d ranges", GT_VARIED_MAX);
    for (int i = 0; i < s->n_varied; i++)
        if (!strcmp(s->varied[i].key, key)) return gt_fail(GT_USAGE, "%s has two ranges", key);
    return gt_varied_read(&s->varied[s->n_varied++], &s->job->options, key, text);
}

gt_status gt_search_set_plan(gt_search *s, const gt_search_plan *plan) {
    const char *by = plan->by;
    s->plan = *plan;
    s->largest = !strncmp(by, "max:", 4);
    if (s->largest || !strncmp(by, "min:", 4)) by += 4;
    else
        s->largest = !strncmp(by, "Accuracy/", 9) ||
                     (gt_metric_of_series(by) && gt_metric_of_series(by)->more_is_better);
    s->series = gt_metric_series_now(by);
    if (!s->n_varied)
        return gt_fail(GT_USAGE, "no option varies: give an option a range, such as lrate=log:1e-6..1e-2");
    s->trial = gt_arena_array(s->job->arena, (size_t)plan->trials, sizeof *s->trial);
    return s->trial ? GT_OK : GT_NOMEM;
}

gt_status gt_search_check_job(gt_search *s) {
    gt_status st = GT_OK;
    s->seed = (uint64_t)s->job->seed;
    for (int i = 0; i < s->n_varied && !st; i++) { /* over what the job file says */
        gt_vary_span whole = gt_varied_whole(&s->varied[i]);
        gt_drawn d = gt_varied_draw(&s->varied[i], &whole, s->seed, 0);
        st = gt_job_set(s->job, s->varied[i].key, gt_drawn_text(&d), NULL);
    }
    if (!st && *s->job->run)
        st = gt_fail(GT_USAGE, "the job file names a run, but a search needs its own folder: give --run");
    if (!st) st = gt_job_check(s->job);
    if (!st && !strcmp(s->series, "Accuracy/validation") && !(s->job->validation > 0))
        st = gt_fail(GT_USAGE,
                     "--by=%s: no images are held out for it; give --validation=0.2, or another series of this job, "
                     "such as --by=min:Loss/train",
                     s->plan.by);
    return st;
}

/* As training opens them (train/measure/eval_data.h). */
void gt_search_count_judged(gt_search *s) {
    const gt_job *j = s->job;
    bool test = !strcmp(s->series, "Accuracy/test"), held_out = !strcmp(s->series, "Accuracy/validation");
    bool pixels = j->family->needs_masks && j->family->needs_masks(j);
    gt_dataset_options o = {
        .use_labels = true, .classes = j->classes, .class_names = j->class_names, .subset_seed = (uint32_t)j->seed};
    gt_dataset *data = NULL;
    if (held_out) o.held_out = j->validation, o.held_out_only = true, o.subset = j->subset;
    if (pixels || !(held_out || (test && *j->test_data))) return;
    if (!gt_dataset_open(&data, test ? j->test_data : j->data, &o)) s->judged = gt_dataset_get_info(data)->count;
    gt_dataset_close(data);
}

/* The threads of a trial's ranks, where several trials share a host. */
static int threads_of_rank(const gt_search *s) {
    const char *local = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    int64_t workers = local ? atoi(local) : gt_mpi_launched_ranks(), each;
    gt_machine m;
    for (int i = 0; i < s->plan.n_fixed; i++)
        if (!strcmp(s->plan.keys[i], "threads") && s->plan.values[i]) return 0;
    if (workers < 2) return 0;
    gt_machine_look(&m);
    each = m.allowed / (workers * s->plan.ranks_per_trial);
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
static bool try_trial(gt_search *s, watch *w, int trial, int killed, gt_lock **lock) {
    const gt_trial *t = &s->trial[trial];
    char dir[GT_SEARCH_PATH_BYTES];
    gt_search_state_dir(s, trial, dir);
    if (t->state != GT_TRIAL_OPEN || t->killed != killed || !is_free(dir, w) || gt_make_directories(dir)) return false;
    /* should another worker be faster: its beat is longer than a beat's pause away from standing still */
    if (gt_lock_take(lock, dir, &(gt_lock_options){.wait_s = 0.01, .still_s = 12, .stop = NULL})) return false;
    gt_search_read_results(s); /* it may have ended a moment ago */
    if (t->state == GT_TRIAL_OPEN) return true;
    gt_lock_release(*lock);
    *lock = NULL;
    return false;
}

/* Takes the lock of a trial that can be trained now. ALL_TAKEN: others train all that are left of the search. */
static claim claim_trial(gt_search *s, watch *watches, int *trial, gt_lock **lock) {
    int open = 0, waits = 0;
    const int ready = gt_search_quarter_begin(s->n_spans, s->plan.trials); /* whose ranges are known */
    for (int killed = 0; killed < GT_SEARCH_TRIES; killed++)
        for (*trial = 0; *trial < ready; ++*trial)
            if (try_trial(s, &watches[*trial], *trial, killed, lock)) return CLAIMED;
    for (int t = 0; t < s->plan.trials; t++) {
        open += s->trial[t].state == GT_TRIAL_OPEN;
        waits += s->trial[t].state == GT_TRIAL_OPEN && t >= ready;
    }
    return !open ? ALL_OVER : waits ? NOTHING_FREE : ALL_TAKEN;
}

/* ---- the work ---- */

enum { SIGNALS = 64 }; /* their numbers are at most so large */

/* The last line that begins as this program's errors do, else the last one. */
static void find_cause(const gt_search *s, int trial, int status, char *why, size_t room) {
    char *text = NULL, dir[GT_SEARCH_PATH_BYTES], *line, *rest;
    snprintf(why, room, "exit status %d", status);
    gt_search_state_dir(s, trial, dir);
    if (gt_rundir_read(dir, "said", &text) || !text) return;
    bool found = false;
    for (rest = text; (line = strsep(&rest, "\n"));) {
        bool error = !strncmp(line, "error: ", 7);
        if (!*line || (found && !error) || !strncmp(line, "see gantry", 10)) continue;
        found |= error;
        snprintf(why, room, "%s", line);
    }
    free(text);
}

/* The series at the end of the trial's run; NaN: there is none. */
static gt_status read_value(const gt_search *s, int trial, double *value) {
    const char *path = gt_search_path(s, trial, "%s/trials/%04d/stats.jsonl");
    gt_stats *stats = gt_stats_read(path);
    if (!stats) return GT_FAILED;
    const gt_stats_series *series = gt_stats_find(stats, s->series);
    *value = NAN;
    for (int i = 0; series && i < stats->ticks; i++)
        if (series->values[i].num > 0) *value = series->values[i].mean;
    gt_status st = GT_OK;
    if (!series && !gt_search_count(s, GT_TRIAL_DONE))
        st = gt_fail(GT_USAGE, "--by: the trials have no series '%s' (see %s, or inspect it with gantry inspect)",
                     s->series, path);
    gt_stats_free(stats);
    return st;
}

/* Not by its own error: it is tried again, in the end after all others. */
static gt_status report_killed(gt_search *s, int trial, int signal) {
    char why[64];
    gt_status st = gt_search_note_killed(s, trial, signal);
    bool last = s->trial[trial].state == GT_TRIAL_FAILED;
    snprintf(why, sizeof why, "ended by signal %d, %d of %d times%s", signal, s->trial[trial].killed, GT_SEARCH_TRIES,
             last ? "" : "; it will be tried again");
    if (!st) gt_search_print_trial(s, trial, why);
    return st;
}

static gt_status train_claimed(gt_search *s, int trial) {
    char why[512] = "";
    int status;
    double value = NAN;
    gt_status st = gt_search_train_trial(s, trial, &status);
    if (st) return st;
    if (status == GT_TRIAL_STOPPED || (gt_search_stop_requested() && status))
        return gt_fail(GT_STOPPED, "trial %d was stopped: the same command resumes it", trial + 1);
    if (status > GT_TRIAL_SIGNALLED && status <= GT_TRIAL_SIGNALLED + SIGNALS)
        return report_killed(s, trial, status - GT_TRIAL_SIGNALLED);
    if (!status && (st = read_value(s, trial, &value))) return st;
    if (status) find_cause(s, trial, status, why, sizeof why);
    else if (!isfinite(value)) snprintf(why, sizeof why, "%s is not a number at its end", s->series);
    st = gt_search_note_result(s, trial, *why ? GT_TRIAL_FAILED : GT_TRIAL_DONE, value, why);
    if (!st && !*why) unlink(gt_search_path(s, trial, "%s/state/%04d/said"));
    if (!st) gt_search_print_trial(s, trial, why);
    return st;
}

/* Trains what is free until the search is over. Of several workers the first one waits for the others. */
static gt_status train_free_trials(gt_search *s) {
    const double pause = 0.2, rarely = 30;
    watch *watches = gt_arena_array(s->job->arena, (size_t)s->plan.trials, sizeof *watches);
    gt_status st = watches ? GT_OK : GT_NOMEM;
    double said = gt_clock();
    for (claim c = CLAIMED; !st;) {
        int trial, ranges = s->n_spans;
        gt_lock *lock = NULL;
        if ((st = gt_search_read_results(s))) break;
        for (; ranges && ranges < s->n_spans && !s->worker; ranges++) gt_search_print_range(s, ranges);
        c = claim_trial(s, watches, &trial, &lock);
        if (c == CLAIMED && !gt_search_stop_requested()) st = train_claimed(s, trial);
        gt_lock_release(lock);
        if (c == ALL_OVER || (c == ALL_TAKEN && s->worker)) break;
        if (!st && gt_search_stop_requested()) st = gt_fail(GT_STOPPED, "stopped");
        if (c == CLAIMED || st) continue;
        if (gt_clock() - said > rarely) gt_info("waiting for trials of other workers");
        if (gt_clock() - said > rarely) said = gt_clock();
        gt_sleep(pause);
    }
    return st;
}

/* A launcher ends all ranks when one ends with a status that is not 0: the first one goes last. */
static void wait_for_others(gt_search *s) {
    const double longest = 60;
    double end = gt_clock() + longest;
    for (int t = 0; t < s->plan.trials && gt_mpi_launched_ranks() > 1; t++) {
        char dir[GT_SEARCH_PATH_BYTES];
        gt_search_state_dir(s, t, dir);
        while (gt_clock() < end && gt_lock_look(dir).held) gt_sleep(0.1);
    }
    gt_search_read_results(s);
    gt_info("stopped after %d of %d trial%s; the same command resumes",
            s->plan.trials - gt_search_count(s, GT_TRIAL_OPEN), s->plan.trials, gt_plural(s->plan.trials));
}

gt_status gt_search_run(gt_search *s, double seconds) {
    gt_status st = gt_search_open(s);
    s->threads = st ? 0 : threads_of_rank(s);
    gt_search_handle_signals(seconds);
    if (!st) st = train_free_trials(s);
    if (!st && !s->worker) st = gt_search_write_csv(s);
    if (!st && !s->worker) st = gt_search_draw_pictures(s);
    if (st == GT_STOPPED && !s->worker) wait_for_others(s);
    return st;
}
