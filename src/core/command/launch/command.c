/* SPDX-License-Identifier: Apache-2.0
 * The command line of the launcher (command/launch/door/launch.h): mpirun's of Open MPI and of others, and srun's. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/door/machine.h"
#include "base/door/numbers.h"
#include "dist/door/dist.h"
#include "command/launch/door/launch.h"
#include "base/door/file.h"
#include "base/door/log.h"
#include "base/door/program.h"
#include "base/door/terminal.h"
#include "dist/door/stop.h"
#include "gantry/text.h"
#include "command/launch/ready.h"

typedef struct words {
    gt_arena *arena;
    const char **list; /* ends with NULL; as long as can be needed */
    int n;
    bool open_mpi, one_host, apart; /* as in gt_launch */
} words;

static void add_word(words *w, const char *word) { w->list[w->n++] = word; }

static void add_number(words *w, const char *option, int64_t value) {
    add_word(w, option);
    add_word(w, gt_arena_printf(w->arena, "%lld", (long long)value));
}

static void add_split(words *w, const char *text) {
    while (text && *(text += strspn(text, " \t\n"))) {
        int length = (int)strcspn(text, " \t\n");
        add_word(w, gt_arena_printf(w->arena, "%.*s", length, text));
        text += length;
    }
}

static bool prints_word(const char *command, const char *word) {
    char text[4096];
    gt_shell_output(command, text, sizeof text);
    return strstr(text, word) != NULL;
}

/* Open MPI's, by what it prints; 0: another MPI. */
static int version_of_open_mpi(const char *program) {
    char command[64], text[4096];
    snprintf(command, sizeof command, "%s --version 2>&1", program);
    gt_shell_output(command, text, sizeof text);
    const char *number = strstr(text, "(Open MPI) ");
    if (number) return atoi(number + strlen("(Open MPI) "));
    return strstr(text, "Open MPI") || strstr(text, "open-mpi") ? 4 : 0;
}

static bool is_in_path(const char *program) {
    char command[64];
    snprintf(command, sizeof command, "command -v %s", program);
    return prints_word(command, program);
}

static const char *pmi_of_srun(void) {
    const char *name = getenv("GANTRY_MPI");
    return name && *name ? name : "pmix";
}

static gt_status fail_without_launcher(const gt_launch_options *f, const char *why) {
    return gt_fail(GT_FAILED, "%s; for one rank with all cores as threads, give %s", why, f->alone);
}

static gt_status choose_launcher(gt_launch_options *f) {
    bool automatic = f->launcher == GT_LAUNCHER_AUTO, in_slurm = getenv("SLURM_JOB_ID") != NULL;
    if (automatic)
        f->launcher = in_slurm && is_in_path("srun") && prints_word("srun --mpi=list 2>&1", pmi_of_srun())
                          ? GT_LAUNCHER_SRUN
                          : GT_LAUNCHER_MPIRUN;
    if (f->launcher == GT_LAUNCHER_MPIRUN && !getenv("PATH")) /* a shell has one of its own, mpirun has not */
        return fail_without_launcher(f, "PATH is not set: mpirun needs PATH in the environment");
    if (f->launcher == GT_LAUNCHER_SRUN && !is_in_path("srun"))
        return gt_fail(GT_USAGE, "srun is not in PATH: it belongs to Slurm; give --launcher=mpirun");
    return GT_OK;
}

/* The mpirun of the MPI that this program has, for machines with several, as Debian names them. *version: of Open MPI,
 * else 0. */
static gt_status find_mpirun(const gt_launch_options *f, const char **program, int *version) {
    static const char *const programs[] = {"mpirun", "mpirun.openmpi", "mpirun.mpich", "mpiexec.hydra"};
    char library[256], why[512] = "mpirun is not in PATH: install it (Debian: apt-get install openmpi-bin) or load the "
                                  "MPI module that this program was built with";
    gt_mpi_version(library, sizeof library);
    bool open_mpi = strstr(library, "Open MPI") != NULL;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (!is_in_path(programs[i])) continue;
        *program = programs[i];
        *version = version_of_open_mpi(programs[i]);
        if (open_mpi == (*version > 0)) return GT_OK;
        snprintf(why, sizeof why,
                 "no mpirun in PATH is from %s, which this program uses: with another one each rank would run alone",
                 library);
    }
    return fail_without_launcher(f, why);
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
static int64_t standard_ranks(const gt_launch_options *f, const gt_machine *m) {
    enum { CORES_OF_A_RANK = 8 };
    if (f->ranks || *f->hostfile || getenv("SLURM_JOB_ID")) return f->ranks;
    if (*f->hosts) return strchr(f->hosts, ':') ? 0 : count_hosts(f->hosts);
    int64_t largest = cores_here(m) / CORES_OF_A_RANK;
    return largest < 1 ? 1 : gt_smallest(largest, m->sockets);
}

/* Containers may forbid one process to read another's memory; Open MPI would complain of that with every message. */
static bool may_read_memory(void) {
    char from = 1, to = 0;
    struct iovec in = {&from, 1}, out = {&to, 1};
    return process_vm_readv(getpid(), &out, 1, &in, 1, 0) == 1;
}

/* Nothing says that there are other hosts: neither the user nor a batch system. */
static bool is_one_host(const gt_launch_options *f) {
    static const char *const signs[] = {"PBS_NODEFILE",      "LSB_JOBID",
                                        "PE_HOSTFILE",       "OMPI_MCA_orte_default_hostfile",
                                        "OMPI_MCA_hostfile", "PRTE_MCA_prte_default_hostfile"};
    const char *nodes = getenv("SLURM_JOB_NUM_NODES");
    if (*f->hosts || *f->hostfile || (getenv("SLURM_JOB_ID") && !(nodes && !strcmp(nodes, "1")))) return false;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (getenv(signs[i])) return false;
    return !strstr(f->options, "host");
}

/* What binds ranks to cores is the program itself, by threads (dist/affinity.c). */
static void add_open_mpi(words *w, const gt_launch_options *f, const gt_machine *m, int version) {
    bool hosts = *f->hosts || *f->hostfile;
    if (geteuid() == 0) add_word(w, "--allow-run-as-root");
    if (f->ranks) add_number(w, "-n", f->ranks);
    if (*f->hosts) add_word(w, "--host"), add_word(w, f->ranks ? with_slots(w, f->hosts, f->ranks) : f->hosts);
    if (*f->hostfile) add_word(w, "--hostfile"), add_word(w, f->hostfile);
    add_split(w, "--bind-to none");
    if (!hosts && !getenv("SLURM_JOB_ID") && f->ranks > cores_here(m)) add_word(w, "--oversubscribe");
    if (!may_read_memory()) add_split(w, "--mca btl_vader_single_copy_mechanism none");
    w->one_host = is_one_host(f);
    if (w->one_host && !is_in_path("ssh") &&
        !is_in_path("rsh")) /* no other host: mpirun asks for one, and calls none */
        add_split(w, "--mca plm_rsh_agent /bin/sh");
    if (w->one_host) add_split(w, launch_network_words(w->arena, version, f->options, &w->apart));
    if (hosts && gt_log_is_terminal()) add_split(w, "-x " GT_TERMINAL);
}

static void add_other_mpi(words *w, const gt_launch_options *f) {
    if (f->ranks) add_number(w, "-n", f->ranks);
    if (*f->hosts) add_word(w, "-hosts"), add_word(w, f->hosts);
    if (*f->hostfile) add_word(w, "-f"), add_word(w, f->hostfile);
}

static void add_srun(words *w, const gt_launch_options *f) {
    const char *cores = getenv("SLURM_CPUS_PER_TASK");
    add_word(w, "-K");
    add_word(w, gt_arena_printf(w->arena, "--mpi=%s", pmi_of_srun()));
    add_word(w, "--cpu-bind=cores");
    if (f->ranks) add_number(w, "-n", f->ranks);
    if (cores) add_word(w, "-c"), add_word(w, cores); /* since 22.05 srun does not take it from the job */
    if (*f->hosts) add_word(w, gt_arena_printf(w->arena, "--nodelist=%s", f->hosts));
}

static gt_status add_launcher(words *w, gt_launch_options *f, const gt_machine *m) {
    gt_status st = choose_launcher(f);
    if (st) return st;
    if (f->launcher == GT_LAUNCHER_SRUN) {
        add_word(w, "srun");
        if (*f->hostfile)
            return gt_fail(GT_USAGE,
                           "--hostfile is for mpirun: with srun, choose hosts of the allocation with --hosts");
        if (!getenv("SLURM_JOB_ID"))
            return gt_fail(GT_USAGE, "srun starts ranks in an allocation: salloc or sbatch first (or gantry submit)");
        add_srun(w, f);
    } else {
        int version = 0;
        const char *program = NULL;
        st = find_mpirun(f, &program, &version);
        if (st) return st;
        add_word(w, program);
        w->open_mpi = version > 0;
        if (w->open_mpi) add_open_mpi(w, f, m, version);
        else add_other_mpi(w, f);
    }
    add_split(w, f->options);
    return GT_OK;
}

/* As a shell reads it again. */
static void put_line(const gt_launch *l, gt_buffer *to) {
    for (int i = 0; i < l->n; i++) {
        if (i) gt_buffer_add(to, " ", 1);
        gt_buffer_shell(to, l->words[i]);
    }
}

void gt_launch_print(const gt_launch *l, FILE *f) {
    GT_BUFFER gt_buffer line = {0};
    put_line(l, &line);
    if (!line.failed) gt_print_to(f, "%.*s\n", (int)line.n, line.data);
}

static int count_words(const char *const *list) {
    int n = 0;
    while (list[n]) n++;
    return n;
}

gt_status gt_launch_plan(gt_arena *a, const gt_launch_options *o, gt_launch *out) {
    enum { OF_LAUNCHER = 32 }; /* words, at most */
    gt_launch_options f = *o;
    gt_machine machine;
    char program[GT_PROGRAM_PATH_BYTES];
    size_t room = (size_t)count_words(f.command) + OF_LAUNCHER + strlen(f.options);
    words w = {.arena = a, .list = gt_arena_array(a, room, sizeof *w.list)};
    if (!w.list) return GT_NOMEM;
    unsetenv(GT_TERMINAL); /* of a launcher around this one */
    gt_machine_look(&machine);
    gt_program_path(program);
    f.ranks = standard_ranks(&f, &machine);
    bool alone = f.ranks == 1 && !*f.hosts && !*f.options && f.launcher == GT_LAUNCHER_AUTO && !getenv("SLURM_JOB_ID");
    bool here = alone || f.needs_one;
    if (access(program, X_OK))
        return gt_fail(GT_FAILED, "'%s', the running program, was removed or replaced: start it again", program);
    gt_status st = here ? GT_OK : gt_mpi_check_limits();
    if (!st && !here) st = add_launcher(&w, &f, &machine);
    if (st) return st;
    add_word(&w, gt_arena_printf(a, "%s", program));
    for (int i = 0; f.command[i]; i++) add_word(&w, f.command[i]);
    *out = (gt_launch){.words = w.list,
                       .n = w.n,
                       .here = here,
                       .open_mpi = w.open_mpi,
                       .one_host = w.one_host,
                       .apart = w.apart,
                       .hostfile = here ? "" : f.hostfile};
    return gt_arena_failed(a) ? GT_NOMEM : GT_OK;
}

void gt_launch_succeeded(void) {
    const char *path = getenv("GANTRY_LAUNCHES");
    if (gt_mpi_launched_rank()) return;
    if (path && *path) unlink(path);
    if (gt_mpi_launched()) gt_tell_starter();
}

/* ---- shells ---- */

void gt_shell_print(const char *word, FILE *f) {
    GT_BUFFER gt_buffer quoted = {0};
    gt_buffer_quote(&quoted, word);
    fwrite(quoted.data, 1, quoted.n, f);
}

void gt_shell_output(const char *command, char *text, size_t bytes) {
    FILE *f = popen(command, "re");
    size_t n = f ? fread(text, 1, bytes - 1, f) : 0;
    if (f) pclose(f);
    text[n] = 0;
}
