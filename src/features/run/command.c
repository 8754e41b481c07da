/* SPDX-License-Identifier: Apache-2.0
 * gantry run: a command on several ranks (command/launch/door/launch.h). */
#include "command/launch/door/launch.h"

#include <stdio.h>
#include <string.h>

#include "command/door/cli.h"
#include "command/door/generator_options.h"
#include "gantry/dist.h"
#include "gantry/job.h"

typedef struct run_fields {
    int64_t ranks;
    const char *hosts, *hostfile, *options;
    gt_launcher launcher;
    bool dry_run;
} run_fields;

#define FIELDS run_fields
/* Names, also as Slurm writes them: node[1-4]. */
static gt_status check_hosts(const gt_option *o, const char *value) {
    (void)o;
    if (*value && !value[strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_-,[]")])
        return GT_OK;
    return gt_fail(GT_USAGE, "must be names of hosts with commas between them, such as node1:2,node2:2");
}

static const gt_option table[] = {
    {CLI_OPTION(ranks, NULL, "Number of ranks"), .derived = "in a Slurm allocation its tasks, else one per socket",
     .min = 1, .max = 1 << 20, .letter = 'n',
     .detail = "By default: in a Slurm allocation, one rank per task; with --hosts, one per host; otherwise one per "
               "socket, but each rank has at least 8 cores. A rank's threads use its share of the cores (--threads)."},
    {CLI_OPTION(hosts, "", "Hosts to run on: NAME or NAME:RANKS, with commas"), .placeholder = "LIST",
     .check = check_hosts,
     .detail = "If no numbers follow the names, the ranks are spread evenly. Each host must have the program and the "
               "files under the same paths."},
    {CLI_OPTION(hostfile, "", "File of hosts, as mpirun reads it"), .placeholder = "FILE", .path = true},
    {CLI_OPTION(launcher, "auto", "Program that starts the ranks"), GT_CHOICES(GT_LAUNCHERS),
     .detail = "auto: srun in a Slurm allocation if srun supports PMIx (or the value of GANTRY_MPI in the "
               "environment), else mpirun."},
    {CLI_SHOWN("launch-options", options, "", "Further options for mpirun or srun, in quotes"), .placeholder = "WORDS",
     .any = true},
    {CLI_SHOWN("dry-run", dry_run, "0", "Only print the launcher's command")},
};
enum { N_ROWS = sizeof table / sizeof *table };

/* ---- the command that follows ---- */

/* Where it stands in argv: behind the options. */
static int find_command(int argc, char **argv) {
    const gt_options o = {.rows = table, .n = N_ROWS};
    int i = 1;
    while (i < argc && argv[i][0] == '-' && argv[i][1]) {
        const gt_option *row = argv[i][1] == '-' ? gt_options_find(&o, argv[i] + 2) : NULL;
        bool takes_next = !strcmp(argv[i], "-n") || (row && row->type != GT_OPTION_BOOL);
        i += takes_next ? 2 : 1;
    }
    return i < argc ? i : argc;
}

/* Is the word one of these options, "--data=x"? */
static bool is_of(const char *word, const gt_option *rows, int n) {
    char key[64];
    if (strncmp(word, "--", 2)) return false;
    snprintf(key, sizeof key, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    return gt_options_find(&(gt_options){.rows = rows, .n = n}, key) != NULL;
}

/* Options of training stand behind `train`. */
static gt_status check_own_options(char **argv, int at) {
    int n;
    const gt_option *job = gt_job_table(&n);
    for (int i = 1; i < at; i++)
        if (is_of(argv[i], job, n) && !is_of(argv[i], table, N_ROWS))
            return gt_fail(
                GT_USAGE, "%.60s belongs to the command: write it after the command, as in gantry run -n 4 train %.60s",
                argv[i], argv[i]);
    return GT_OK;
}

static gt_status check_command(int argc, char **argv, int at) {
    if (gt_mpi_launched())
        return gt_fail(
            GT_USAGE,
            "mpirun or srun has already started ranks (OMPI_COMM_WORLD_RANK, PMIX_RANK or PMI_RANK is set), and "
            "`gantry run` would start more: use either gantry run -n N COMMAND or mpirun -n N gantry COMMAND");
    if (at >= argc) return gt_fail(GT_USAGE, "which command shall run? gantry run -n 4 train ...");
    const char *name = argv[at];
    if (!strcmp(name, "run")) return gt_fail(GT_USAGE, "a command other than run is needed: gantry run -n 4 train ...");
    return cli_find(name) ? GT_OK : cli_fail_unknown(name);
}

static bool wants_help(char **argv) {
    for (; *argv; argv++)
        if (!strcmp(*argv, "--help") || !strcmp(*argv, "-h")) return true;
    return false;
}

/* How the words of the command want pictures on the terminal, which its ranks cannot ask; "auto" without a value. */
static gt_preview preview_of(char *const *command) {
    static const char *const names[] = {GT_PREVIEWS(GT_NAME)};
    gt_preview wanted = GT_PREVIEW_NONE;
    for (; *command; command++) {
        const char *word = *command + strspn(*command, "-");
        if (!strcmp(word, "preview")) wanted = GT_PREVIEW_AUTO;
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (!strncmp(word, "preview=", 8) && !strcmp(word + 8, names[k])) wanted = (gt_preview)k;
    }
    return wanted;
}

static gt_status launch(const run_fields *f, gt_arena *a, char **command, int *status) {
    gt_launch launch;
    if (*f->hosts && *f->hostfile) return gt_fail(GT_USAGE, "--hosts and --hostfile: only one of them");
    gt_status st = gt_launch_plan(a,
                                  &(gt_launch_options){.ranks = f->ranks,
                                                       .hosts = f->hosts,
                                                       .hostfile = f->hostfile,
                                                       .launcher = f->launcher,
                                                       .options = f->options,
                                                       .command = (const char *const *)command,
                                                       .alone = "the same command without `run`",
                                                       .needs_one = wants_help(command)},
                                  &launch);
    if (st) return st;
    if (f->dry_run) {
        gt_launch_print(&launch, stdout);
        return GT_OK;
    }
    gt_launch_stop stop = cli_launch_stop(command);
    if (!launch.here) gt_preview_ask(preview_of(command));
    return gt_launch_start(&launch, &stop, status);
}

static int run_ranks(int argc, char **argv) {
    cli_session s;
    int status, at = find_command(argc, argv);
    gt_status st = check_own_options(argv, at);
    if (st) return cli_exit("run", st);
    if (!cli_begin(&s, cli_find("run"), at, argv, &status)) return status;
    st = check_command(argc, argv, at);
    status = CLI_DONE;
    if (!st) st = launch(s.fields, s.arena, argv + at, &status);
    if (st) status = cli_exit("run", st);
    cli_end(&s);
    return status;
}

const cli_command cli_run = {
    .name = "run",
    .arguments = "[-n RANKS] [OPTIONS] COMMAND [ARGUMENTS OF COMMAND ...]",
    .help = "Run a command on several ranks, by mpirun or srun; Ctrl-C is safe",
    .detail = "Finds the launcher and passes the options it needs: ranks, hosts, more ranks than cores, root in a "
              "container. On Ctrl-C, SIGTERM or SIGHUP, training finishes its step, writes a checkpoint and ends with "
              "status 75; mpirun itself leaves no time for this. A second signal ends training at once. The exit "
              "status is the exit status of the ranks.",
    .files = "The files of the command.",
    .stopped = "stopped before the end, if the command has this status",
    CLI_EXAMPLES(
        {"Train on four ranks", "gantry run -n 4 train auto --data=pictures.zip --run=runs/first"},
        {"One rank for each socket of two hosts", "gantry run --hosts=node1:2,node2:2 train jobs/paper256.ini"},
        {"What would be started", "gantry run -n 2 --dry-run generate runs/first --seeds=0-99"}),
    CLI_ROWS(table),
    .main = run_ranks,
};
