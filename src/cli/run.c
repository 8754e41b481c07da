/* SPDX-License-Identifier: Apache-2.0
 * gantry run: a command on several ranks. Here the launcher's command line is made; run_launch.c starts it. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/run_launch.h"
#include "gantry/dist.h"
#include "gantry/log.h"
#include "gantry/program.h"

typedef struct run_fields {
    int64_t ranks;
    const char *hosts, *hostfile, *launcher, *options;
    bool dry_run;
    bool open_mpi; /* no option: the launcher is Open MPI's mpirun */
} run_fields;

#define FIELDS run_fields
static const gt_option table[] = {
    {CLI_OPTION(ranks, NULL, "Number of ranks"), .derived = "in a Slurm allocation its tasks, else one a socket",
     .min = 1, .max = 1 << 20, .letter = 'n',
     .detail = "By default, in a Slurm allocation, as many as it has tasks; with --hosts one on each; otherwise one "
               "for each socket, but none with fewer than 8 "
               "cores. A rank's threads use its share of the cores (--threads)."},
    {CLI_OPTION(hosts, "", "Hosts to run on: NAME or NAME:RANKS, with commas"), .placeholder = "LIST",
     .detail = "Where no number stands after a name the ranks are shared out evenly. Each host must have the program "
               "and the files under the same paths."},
    {CLI_OPTION(hostfile, "", "File of hosts, as mpirun reads it"), .placeholder = "FILE", .path = true},
    {CLI_OPTION(launcher, "auto", "Program that starts the ranks"), .choices = "auto|mpirun|srun",
     .detail = "auto: srun in a Slurm allocation where it speaks PMIx (or what the environment's GANTRY_MPI names), "
               "else mpirun."},
    {CLI_SHOWN("launch-options", options, "", "Further options for mpirun or srun, in quotes"), .placeholder = "WORDS"},
    {CLI_SHOWN("dry-run", dry_run, "0", "Only print the launcher's command")},
};
enum { N_ROWS = sizeof table / sizeof *table };

/* ---- the launcher's command ---- */

typedef struct words {
    gt_arena *arena;
    const char **list; /* ends with NULL; as long as can be needed */
    int n;
} words;

static void add(words *w, const char *word) { w->list[w->n++] = word; }

static void add_number(words *w, const char *option, int64_t value) {
    add(w, option);
    add(w, gt_arena_printf(w->arena, "%lld", (long long)value));
}

static void add_split(words *w, const char *text) {
    while (*(text += strspn(text, " \t\n"))) {
        int length = (int)strcspn(text, " \t\n");
        add(w, gt_arena_printf(w->arena, "%.*s", length, text));
        text += length;
    }
}

static bool says(const char *command, const char *word) {
    char text[4096];
    cli_output_of(command, text, sizeof text);
    return strstr(text, word) != NULL;
}

static bool is_in_path(const char *program) {
    char command[64];
    snprintf(command, sizeof command, "command -v %s", program);
    return says(command, program);
}

static const char *pmi_of_srun(void) {
    const char *name = getenv("GANTRY_MPI");
    return name && *name ? name : "pmix";
}

static gt_status choose_launcher(run_fields *f) {
    bool automatic = !strcmp(f->launcher, "auto"), in_slurm = getenv("SLURM_JOB_ID") != NULL;
    if (automatic)
        f->launcher = in_slurm && is_in_path("srun") && says("srun --mpi=list 2>&1", pmi_of_srun()) ? "srun" : "mpirun";
    if (is_in_path(f->launcher)) return GT_OK;
    if (!strcmp(f->launcher, "srun"))
        return gt_fail(GT_USAGE, "srun is not in PATH: it belongs to Slurm; --launcher=mpirun does without");
    return gt_fail(GT_FAILED, "mpirun is not in PATH: install it (Debian: apt-get install openmpi-bin) or load the MPI "
                              "module that this program was built with; "
                              "one rank, with all cores as its threads, needs none: the same command without `run`");
}

static int count_hosts(const char *list) {
    int n = *list != 0;
    for (; *list; list++) n += *list == ',';
    return n;
}

/* "a,b:2" -> "a:2,b:2" for four ranks: Open MPI takes a name for one rank. */
static const char *with_slots(words *w, const char *list, int64_t ranks) {
    int hosts = count_hosts(list);
    int64_t each = (ranks + hosts - 1) / hosts;
    const char *out = "";
    while (*list && out) {
        int length = (int)strcspn(list, ",");
        bool has = memchr(list, ':', (size_t)length) != NULL;
        out = gt_arena_printf(w->arena, "%s%s%.*s", out, *out ? "," : "", length, list);
        if (out && !has) out = gt_arena_printf(w->arena, "%s:%lld", out, (long long)each);
        list += length;
        list += *list == ',';
    }
    return out;
}

static int cores_here(const gt_machine *m) {
    int each = m->cores > 0 && m->processors > m->cores ? m->processors / m->cores : 1;
    return m->allowed / each > 0 ? m->allowed / each : 1;
}

/* 0: the launcher knows */
static int64_t standard_ranks(const run_fields *f, const gt_machine *m) {
    enum { CORES_OF_A_RANK = 8 };
    if (f->ranks || *f->hostfile || getenv("SLURM_JOB_ID")) return f->ranks;
    if (*f->hosts) return strchr(f->hosts, ':') ? 0 : count_hosts(f->hosts);
    int64_t most = cores_here(m) / CORES_OF_A_RANK;
    return most < 1 ? 1 : most < m->sockets ? most : m->sockets;
}

/* Containers may forbid one process to read another's memory; Open MPI would complain of that with every message. */
static bool may_read_memory(void) {
    char from = 1, to = 0;
    struct iovec in = {&from, 1}, out = {&to, 1};
    return process_vm_readv(getpid(), &out, 1, &in, 1, 0) == 1;
}

/* What binds ranks to cores is the program itself, by threads (dist/affinity.c). */
static void add_open_mpi(words *w, const run_fields *f, const gt_machine *m) {
    bool hosts = *f->hosts || *f->hostfile;
    if (geteuid() == 0) add(w, "--allow-run-as-root");
    if (f->ranks) add_number(w, "-n", f->ranks);
    if (*f->hosts) add(w, "--host"), add(w, f->ranks ? with_slots(w, f->hosts, f->ranks) : f->hosts);
    if (*f->hostfile) add(w, "--hostfile"), add(w, f->hostfile);
    add_split(w, "--bind-to none");
    if (!hosts && !getenv("SLURM_JOB_ID") && f->ranks > cores_here(m)) add(w, "--oversubscribe");
    if (!may_read_memory()) add_split(w, "--mca btl_vader_single_copy_mechanism none");
    if (hosts && gt_log_is_terminal()) add_split(w, "-x " GT_TERMINAL);
}

static void add_other_mpi(words *w, const run_fields *f) {
    if (f->ranks) add_number(w, "-n", f->ranks);
    if (*f->hosts) add(w, "-hosts"), add(w, f->hosts);
    if (*f->hostfile) add(w, "-f"), add(w, f->hostfile);
}

static void add_srun(words *w, const run_fields *f) {
    const char *cores = getenv("SLURM_CPUS_PER_TASK");
    add(w, "-K");
    add(w, gt_arena_printf(w->arena, "--mpi=%s", pmi_of_srun()));
    add(w, "--cpu-bind=cores");
    if (f->ranks) add_number(w, "-n", f->ranks);
    if (cores) add(w, "-c"), add(w, cores); /* since 22.05 srun does not take it from the job */
    if (*f->hosts) add(w, gt_arena_printf(w->arena, "--nodelist=%s", f->hosts));
}

static gt_status add_launcher(words *w, run_fields *f, const gt_machine *m) {
    gt_status st = choose_launcher(f);
    if (st) return st;
    add(w, f->launcher);
    if (!strcmp(f->launcher, "srun")) {
        if (*f->hostfile)
            return gt_fail(GT_USAGE, "--hostfile is mpirun's: srun takes --hosts among those of the allocation");
        if (!getenv("SLURM_JOB_ID"))
            return gt_fail(GT_USAGE, "srun starts ranks in an allocation: salloc or sbatch first (or gantry submit)");
        add_srun(w, f);
    } else {
        char library[256];
        gt_mpi_version(library, sizeof library);
        f->open_mpi = says("mpirun --version 2>&1", "Open MPI") || says("mpirun --version 2>&1", "open-mpi");
        if (!f->open_mpi && strstr(library, "Open MPI"))
            return gt_fail(GT_FAILED,
                           "the mpirun in PATH is not of %s, which this program uses: with another one each rank would "
                           "believe that it is alone",
                           library);
        if (f->open_mpi) add_open_mpi(w, f, m);
        else add_other_mpi(w, f);
    }
    add_split(w, f->options);
    return GT_OK;
}

/* As a shell reads it again. */
static void print_command(const words *w) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,+@%";
    for (int i = 0; i < w->n; i++) {
        const char *word = w->list[i];
        if (i) putchar(' ');
        if (*word && !word[strspn(word, plain)]) fputs(word, stdout);
        else cli_print_quoted(word, stdout);
    }
    putchar('\n');
}

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

static gt_status check_command(int argc, char **argv, int at) {
    if (gt_mpi_launched())
        return gt_fail(GT_USAGE, "mpirun or srun has started this already (OMPI_COMM_WORLD_RANK, PMIX_RANK or PMI_RANK "
                                 "is set): `gantry run` starts ranks itself; "
                                 "use one of them, gantry run -n N COMMAND or mpirun -n N gantry COMMAND");
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

/* The ranks write to pipes: environment variables give them the terminal at the other end and its width. Not under
 * srun, which passes on whole lines only. */
static void tell_of_terminal(bool pipes) {
    struct winsize size = {0};
    char columns[16];
    if (!pipes || !gt_log_is_terminal()) return;
    ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    snprintf(columns, sizeof columns, "%d", (int)size.ws_col);
    setenv(GT_TERMINAL, columns, 1);
}

static int run(run_fields *f, words *w, int argc, char **argv, int at) {
    gt_machine machine;
    char program[GT_PROGRAM_PATH_BYTES];
    gt_machine_look(&machine);
    unsetenv(GT_TERMINAL); /* of a launcher around this one */
    gt_program_path(program);
    f->ranks = standard_ranks(f, &machine);
    bool alone = f->ranks == 1 && !*f->hosts && !*f->options && !strcmp(f->launcher, "auto") && !getenv("SLURM_JOB_ID");
    bool here = alone || wants_help(argv + at);
    gt_status st = access(program, X_OK)
                       ? gt_fail(GT_FAILED, "'%s', the program that runs here, was removed or replaced: start it again",
                                 program)
                       : GT_OK;
    if (!st && !here) st = add_launcher(w, f, &machine);
    add(w, program);
    for (int i = at; i < argc; i++) add(w, argv[i]);
    if (!st && gt_arena_failed(w->arena)) st = GT_NOMEM;
    if (st) return cli_exit("run", st);
    if (f->dry_run) {
        print_command(w);
        return CLI_DONE;
    }
    tell_of_terminal(!here && !strcmp(f->launcher, "mpirun"));
    if (here) {
        gt_program_again((char **)w->list);
        return cli_exit("run", gt_fail(GT_FAILED, "%s cannot be started", program));
    }
    return cli_launch(w->list, argv + at, f->open_mpi);
}

static int run_ranks(int argc, char **argv) {
    cli_session s;
    int status, at = find_command(argc, argv);
    if (!cli_begin(&s, cli_find("run"), at, argv, &status)) return status;
    run_fields *f = s.fields;
    gt_status st = check_command(argc, argv, at);
    enum { OF_LAUNCHER = 32 }; /* words, at most */
    words w = {.arena = s.arena};
    w.list = gt_arena_array(s.arena, (size_t)argc + OF_LAUNCHER + strlen(f->options), sizeof *w.list);
    if (!st && !w.list) st = GT_NOMEM;
    if (!st && *f->hosts && *f->hostfile) st = gt_fail(GT_USAGE, "--hosts or --hostfile, not both");
    status = st ? cli_exit("run", st) : run(f, &w, argc, argv, at);
    cli_end(&s);
    return status;
}

const cli_command cli_run = {
    .name = "run",
    .arguments = "[-n RANKS] [OPTIONS] COMMAND [ARGUMENTS OF COMMAND ...]",
    .help = "Run a command on several ranks, by mpirun or srun; Ctrl-C is safe",
    .detail = "Finds the launcher and gives it what it needs: ranks, hosts, more ranks than cores, root in a "
              "container. Ctrl-C, SIGTERM and SIGHUP let training finish its step, write a checkpoint and end with "
              "status 75, which mpirun itself leaves no time for; the second one ends it at once. The exit status "
              "is that of the ranks.",
    .files = "What the command writes.",
    .stopped = "stopped before the end, where the command can say so",
    CLI_EXAMPLES(
        {"Train on four ranks", "gantry run -n 4 train --data=pictures.zip --run=runs/first"},
        {"One rank for each socket of two hosts", "gantry run --hosts=node1:2,node2:2 train jobs/paper256.ini"},
        {"What would be started", "gantry run -n 2 --dry-run generate runs/first --seeds=0-99"}),
    CLI_ROWS(table),
    .main = run_ranks,
};
