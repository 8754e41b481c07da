/* SPDX-License-Identifier: Apache-2.0
 * gantry train by itself: how many ranks it starts. What the user says counts, then what the environment says; else the
 * training chooses (gantry/train.h), by trials that are made here. Under a launcher the ranks are there already, and in
 * an allocation of a batch system ranks are its launcher's: there one rank takes all cores as threads. */
#include <stdlib.h>
#include <string.h>

#include "features/train/command.h"
#include "gantry/dist.h"
#include "command/launch/door/launch.h"
#include "gantry/stop.h"

#define CHOICE "GANTRY_CHOICE" /* tells ranks why there are so many of them */

/* ---- what the user says ---- */

/* GANTRY_RANKS is for machines and scripts that start many runs: 1 there means no trials. */
static gt_status ranks_wanted(const gt_job *job, int *ranks) {
    const char *text = getenv("GANTRY_RANKS");
    char *end;
    *ranks = (int)gt_job_look(job).ranks;
    if (*ranks || !text || !*text) return GT_OK;
    long n = strtol(text, &end, 10);
    if (*end || n < 1 || n > 4096)
        return gt_fail(GT_USAGE, "GANTRY_RANKS='%s' in the environment must be a number of ranks", text);
    *ranks = (int)n;
    return GT_OK;
}

/* ---- allocations ---- */

static const char *batch_system(void) {
    static const struct {
        const char *variable, *name;
    } signs[] = {{"SLURM_JOB_ID", "Slurm"}, {"SLURM_JOBID", "Slurm"},   {"PBS_JOBID", "PBS"},
                 {"PBS_NODEFILE", "PBS"},   {"LSB_JOBID", "LSF"},       {"PE_HOSTFILE", "Grid Engine"},
                 {"FLUX_JOB_ID", "Flux"},   {"COBALT_JOBID", "Cobalt"}, {"OAR_JOB_ID", "OAR"}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (getenv(signs[i].variable)) return signs[i].name;
    return NULL;
}

/* ---- trials ---- */

/* How many words of argv from here on a trial has otherwise. */
static int about_speed(char **argv) {
    static const char *const keys[] = {
        "-n", "--dry-run", "--dry-run=", "--dry-run-seconds=", "--threads=", "--ranks=", "-q", "-v", "--max-time="};
    static const char *const with_value[] = {"--threads", "--ranks", "--dry-run-seconds", "--max-time"};
    for (size_t i = 0; i < sizeof with_value / sizeof *with_value; i++)
        if (!strcmp(*argv, with_value[i])) return argv[1] ? 2 : 1;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!strncmp(*argv, keys[i], strlen(keys[i])) && (strchr(keys[i], '=') || !(*argv)[strlen(keys[i])])) return 1;
    return 0;
}

static bool plan(gt_arena *a, int ranks, const char *const *words, gt_launch *out, char why[GT_WHY_BYTES]) {
    gt_launch_options o = {.ranks = ranks,
                           .hosts = "",
                           .hostfile = "",
                           .launcher = GT_LAUNCHER_MPIRUN,
                           .options = "",
                           .alone = "--ranks=1",
                           .command = words};
    if (ranks == 1) o.launcher = GT_LAUNCHER_AUTO; /* none */
    if (!gt_launch_plan(a, &o, out)) return true;
    snprintf(why, GT_WHY_BYTES, "%.*s", (int)strcspn(gt_message(), ":"), gt_message());
    return false;
}

static bool attempt(const gt_launch *l, double limit, gt_launch_said *said, char why[GT_WHY_BYTES]) {
    if (gt_launch_try(l, limit, gt_stop_requested, said)) {
        snprintf(why, GT_WHY_BYTES, "%s", gt_message());
        return false;
    }
    if (!said->status && !said->late) return true;
    gt_launch_why(l, said, why, GT_WHY_BYTES);
    return false;
}

/* The words of `options`, which are in the arena afterwards. */
static void add_words(gt_arena *a, const char *options, const char **words, int *n) {
    char *rest = gt_arena_printf(a, "%s", options), *word;
    while (rest && (word = strtok_r(rest, " ", &rest))) words[(*n)++] = word;
}

static double speed_of(const void *of, gt_split s, const char *options, double limit, char why[GT_WHY_BYTES]) {
    const cli_ranks_start *start = of;
    GT_ARENA gt_arena *a = gt_arena_new();
    int n = 0, k = 0;
    while (start->argv[n]) n++;
    const char **words = a ? gt_arena_array(a, (size_t)n + strlen(options) + 6, sizeof *words) : NULL;
    double rate = 0;
    if (words) {
        gt_launch launch;
        gt_launch_said said;
        for (int i = 0, left; i < n; i += left ? left : 1)
            if (!(left = about_speed(start->argv + i))) words[k++] = start->argv[i];
        add_words(a, options, words, &k);
        words[k++] = "--dry-run=speed";
        words[k++] = gt_arena_printf(a, "--threads=%d", s.threads);
        words[k++] = gt_arena_printf(a, "--dry-run-seconds=%.3f", limit / 2);
        words[k++] = "--log=error";
        words[k++] = "--progress=0";
        if (!gt_arena_failed(a) && plan(a, s.ranks, words, &launch, why) && attempt(&launch, limit, &said, why))
            rate = atof(said.out);
    }
    return rate;
}

/* So many ranks meet, and no more: a choice that is kept from an earlier run may be of another state of the machine. */
static bool works(const void *of, gt_split s, char why[GT_WHY_BYTES]) {
    const double limit = 20; /* seconds */
    static const char *const words[] = {"train", "--help", NULL};
    gt_launch launch;
    gt_launch_said said;
    GT_ARENA gt_arena *a = gt_arena_new();
    (void)of;
    return a && plan(a, s.ranks, words, &launch, why) && attempt(&launch, limit, &said, why);
}

/* ---- the start ---- */

static void make_starter(cli_ranks_start *s, const gt_options *o) {
    const char *system = batch_system();
    const gt_dry_run dry_run = gt_job_look(s->job).dry_run;
    bool measures = dry_run == GT_DRY_RUN_NO || dry_run == GT_DRY_RUN_FULL;
    if (!measures || gt_options_state(o, "threads") == GT_OPTION_GIVEN ||
        gt_options_state(o, "threads") == GT_OPTION_FILED)
        return;
    int cores = gt_cores_to_share(!system), all, held = gt_cores_held(&all);
    if (cores < 2 && (!held || all < 2 || system || dry_run != GT_DRY_RUN_NO)) return;
    s->starter = (gt_starter){
        .of = s, .cores = cores, .held = held, .all = all, .images_per_second = speed_of, .works = works};
    if (!system) return;
    s->starter.instead = gt_arena_printf(
        gt_job_arena(s->job),
        "one rank with %d threads: in an allocation of %s, start ranks with %s or with gantry run", cores, system,
        strcmp(system, "Slurm") ? "mpirun" : "srun");
}

gt_status cli_start_find(cli_ranks_start *s, gt_job *job, char **argv) {
    const char *choice = getenv(CHOICE);
    *s = (cli_ranks_start){.job = job, .argv = argv};
    gt_status st = ranks_wanted(job, &s->ranks);
    if (st) return st;
    if (!gt_mpi_launched()) {
        if (!s->ranks) make_starter(s, gt_options_of_job(job));
        return GT_OK;
    }
    int launched = gt_mpi_launched_ranks();
    const int64_t ranks = gt_job_look(job).ranks;
    if (ranks && ranks != launched)
        return gt_fail(GT_USAGE, "--ranks=%lld, but %d rank%s started: leave out --ranks or the launcher",
                       (long long)ranks, launched, launched == 1 ? " was" : "s were");
    s->ranks = 1;
    if (choice && launched > 1) snprintf(s->how.text, sizeof s->how.text, "%s", choice);
    unsetenv(CHOICE);
    return GT_OK;
}

int cli_start_ranks(const cli_ranks_start *s, int ranks, const char *choice) {
    GT_ARENA gt_arena *a = gt_arena_new();
    gt_launch launch;
    int status = CLI_DONE;
    gt_launch_stop stop = cli_launch_stop(s->argv);
    if (s->how.split.ranks * s->how.split.threads > s->starter.cores) gt_cores_unbind();
    gt_status st = a ? GT_OK : GT_NOMEM;
    if (!st)
        st = gt_launch_plan(a,
                            &(gt_launch_options){.ranks = ranks,
                                                 .hosts = "",
                                                 .hostfile = "",
                                                 .launcher = GT_LAUNCHER_MPIRUN,
                                                 .options = "",
                                                 .alone = "--ranks=1",
                                                 .command = (const char *const *)s->argv},
                            &launch);
    if (!st && *choice && setenv(CHOICE, choice, 1)) st = gt_fail(GT_NOMEM, "out of memory for the environment");
    if (!st) st = gt_launch_start(&launch, &stop, &status);
    if (st) status = cli_exit("train", st);
    return status;
}
