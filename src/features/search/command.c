/* SPDX-License-Identifier: Apache-2.0
 * gantry search: random search of options of a job (features/search/search.h). */
#include "features/search/search.h"

#include <string.h>

#include "command/door/cli.h"
#include "gantry/dist.h"
#include "gantry/log.h"
#include "gantry/text.h"

typedef struct search_fields {
    const char *run, *by, *max_time;
    int64_t trials, ranks_per_trial;
} search_fields;

#define FIELDS search_fields
static const gt_option table[] = {
    {CLI_OPTION(trials, "100", "Number of trials"), .min = 1, .max = 9999,
     .detail = "After each quarter of the trials, every range shrinks to the range of the best fifth so far "
               "and of those that are as good; not if no trial is worse."},
    {CLI_OPTION(by, "max:Accuracy/validation",
                "Series that ranks the trials; min: small values are good, max: large ones"),
     .placeholder = "[min:|max:]SERIES", .any = true,
     .detail = "The value of this series of stats.jsonl at the end of a trial. Without min: or max:, larger accuracies "
               "are better, each metric has its own direction, and for all other series smaller is better."},
    {CLI_OPTION(run, "runs/search", "Folder of the search: begin the search, or resume it"), .placeholder = "DIR",
     .path = true},
    {CLI_SHOWN("ranks-per-trial", ranks_per_trial, "1", "Number of ranks of a trial, all on one host"), .min = 1,
     .max = 4096},
    {CLI_SHOWN("max-time", max_time, "", "Stop after this time: minutes, h:m:s or days-hours"), .placeholder = "TIME",
     .check = cli_check_duration, .detail = "The exit status is 75, and the same command resumes."},
};
enum { OWN = sizeof table / sizeof *table };

/* Options of this command are taken; those with a range vary; all others belong to every trial. */
static gt_status read_arguments(gt_search *s, gt_options *own, int argc, char **argv, cli_arguments *fixed) {
    static const char *const senseless[] = {"restart", "outdir", "dry-run"};
    int n, kept = 0;
    const gt_option *training = gt_job_table(&n);
    gt_option *all = gt_arena_array(own->arena, (size_t)(OWN + n), sizeof *all);
    if (!all) return GT_NOMEM;
    memcpy(all, table, sizeof table);
    memcpy(all + OWN, training, (size_t)n * sizeof *all);
    gt_status st = cli_split(own->arena, all, OWN + n, argc, argv, true, fixed);
    if (!st) st = cli_check_known(all, OWN + n, fixed);
    if (!st && fixed->n_words == 1) fixed->words[0] = cli_find_job_file(own->arena, fixed->words[0]);
    for (int i = 0; i < fixed->n_pairs && !st && !fixed->help; i++) {
        const char *key = fixed->keys[i], *value = fixed->values[i];
        for (size_t k = 0; k < sizeof senseless / sizeof *senseless; k++)
            if (!strcmp(key, senseless[k]))
                return gt_fail(GT_USAGE,
                               "--%s has no meaning for a search; to begin another search, give another --run", key);
        if (gt_options_find(own, key)) {
            st = gt_options_set(own, key, value, NULL);
        } else if (gt_is_range(value)) {
            st = gt_search_vary(s, key, value);
        } else {
            fixed->keys[kept] = key;
            fixed->values[kept++] = value;
        }
    }
    fixed->n_pairs = kept;
    return st;
}

static gt_status search_values(gt_search *s, gt_job *job, const search_fields *f, const cli_arguments *fixed) {
    double seconds = 0;
    gt_status st = gt_search_set_plan(s, &(gt_search_plan){.run = f->run,
                                                           .by = f->by,
                                                           .trials = (int)f->trials,
                                                           .ranks_per_trial = f->ranks_per_trial,
                                                           .job_file = fixed->n_words ? fixed->words[0] : NULL,
                                                           .keys = fixed->keys,
                                                           .values = fixed->values,
                                                           .n_fixed = fixed->n_pairs});
    if (!st && *f->max_time) st = gt_parse_duration(f->max_time, &seconds);
    if (!st) st = cli_read_job(job, fixed);
    if (!st) st = cli_check_job(job);
    if (!st) st = gt_search_check_job(s);
    if (!st) st = cli_check_later(job);
    if (!st) gt_search_count_judged(s);
    if (!st) st = gt_search_run(s, seconds);
    return st || gt_mpi_launched_rank() ? st : gt_search_print_best(s, stdout);
}

static int run_search(int argc, char **argv) {
    gt_job *job = gt_job_new();
    gt_search *s = job ? gt_search_new(job) : NULL;
    search_fields fields;
    uint8_t state[OWN];
    if (!s) return cli_exit("search", GT_NOMEM);
    gt_options own = {.rows = table, .n = OWN, .fields = &fields, .state = state, .arena = gt_job_arena(job)};
    cli_arguments fixed = {0};
    gt_job_set_kernels(job, cli_kernels());
    gt_options_reset(&own);
    gt_log_setup(gt_mpi_launched_rank(), gt_mpi_launched_ranks(), GT_INFO);
    gt_status st = read_arguments(s, &own, argc, argv, &fixed);
    int code;
    if (fixed.help && !st) {
        code = cli_end_early(cli_find("search"), &fixed, &(cli_settings){.arena = gt_job_arena(job)}, st);
    } else {
        if (!st) st = search_values(s, job, &fields, &fixed);
        if (st != GT_STOPPED) code = cli_exit("search", st);
        else code = gt_mpi_launched_rank() ? CLI_DONE : CLI_STOPPED; /* the launcher hears it from the first one */
    }
    gt_job_free(job);
    return code;
}

const cli_command cli_search = {
    .name = "search",
    .stopping = "stopping after this step of each trial, then checkpoints (Ctrl-C again: at once)",
    .arguments = "[JOB.ini] KEY=RANGE ... [--key=value ...]",
    .help = "Search for good values of a job's options by random trials",
    .detail =
        "A range is log:LO..HI, lin:LO..HI, int:LO..HI or choices a|b|c (in quotes). Each trial is gantry train "
        "with values from the ranges, in its own process and run (RUN/trials/0001), with the same result as by "
        "itself. gantry run -n 4 search trains four trials at a time; so do four tasks of a Slurm array "
        "(slurm/search.sbatch) in the same folder. A search that was stopped or killed resumes with the same "
        "command. A trial that was ended by a signal (kill -9, lack of memory) resumes from its checkpoint after "
        "the other trials, up to three times in all. RUN/search.csv has all trials, RUN/curves (.svg, .png) the twenty "
        "best, RUN/values (.svg, .png) the values against the series of --by.",
    .files =
        "In --run: trials/NNNN, a run for each trial; search.csv, all trials with their state: open, done, failed "
        "or killed (by signals, three times); curves (.svg, .png), the best twenty; values, the values against the "
        "series of --by.",
    .stopped = CLI_RESUMES,
    .takes_job = true,
    CLI_EXAMPLES({"Learning rate and weight decay of a small classifier",
                  "gantry search --model=lenet --data=digits.zip --epochs=3 lrate=log:1e-5..0.1"},
                 {"Four trials at a time; lists of choices need quotes",
                  "gantry run -n 4 search jobs/fashion.ini 'dropout=lin:0..0.5' --trials=40"}),
    CLI_ROWS(table),
    .main = run_search,
};
