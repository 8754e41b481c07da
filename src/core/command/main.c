/* SPDX-License-Identifier: Apache-2.0
 * gantry: one binary, a subcommand for each word of features/list.h. */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/door/cli.h"
#include "gantry/arrays.h"
#include "gantry/dist.h"
#include "gantry/kernels.h"
#include "command/launch/door/launch.h"
#include "gantry/program.h"
#include "base/door/words.h"

/* "-np 4 train", "--nproc_per_node=4 train": as options of run have it? */
static bool asks_ranks(const char *name) {
    gt_options o = {0};
    o.rows = cli_options(cli_find("run"), &o.n);
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(name + strspn(name, "-"), "="), name + strspn(name, "-"));
    gt_word found;
    const gt_word *w = gt_word_find(&o, GT_WORD_UNKNOWN, key, &found);
    return !strcmp(name, "-n") || !strcmp(key, "ranks") || (w && w->here && !strcmp(w->here, "ranks"));
}

/* GT_USAGE: the message, then the words with a blank before each. */
static gt_status fail_with_words(const char *message, char **words) {
    char text[256] = "";
    size_t n = 0;
    for (char **w = words; *w && n < sizeof text; w++) n += (size_t)snprintf(text + n, sizeof text - n, " %s", *w);
    return gt_fail(GT_USAGE, "%s%s%s", message, text, n < sizeof text ? "" : " ...");
}

/* "gantry --data x.zip" */
static gt_status fail_no_command(char **words) {
    char message[128];
    snprintf(message, sizeof message, "'%.60s': a command comes first, as in gantry train", *words);
    return fail_with_words(message, words);
}

static int unknown_command(char **words) {
    const char *name = *words;
    if (cli_called_here(name)) return cli_exit("", cli_fail_unknown(name));
    gt_option rows[] = {{.key = "--help"}, {.key = "--version"}};
    const char *near = *name == '-' ? gt_options_nearest(&(gt_options){.rows = rows, .n = 2}, name) : NULL;
    if (near) return cli_exit("", gt_fail(GT_USAGE, "unknown option %.60s; did you mean %s?", name, near));
    if (*name == '-' && asks_ranks(name))
        return cli_exit("", gt_fail(GT_USAGE, "'%.60s': ranks are started by run, as in gantry run -n 4 train", name));
    if (*name == '-') return cli_exit("", fail_no_command(words));
    return cli_exit("", cli_fail_unknown(name));
}

/* ---- processes of torchrun ---- */

#define OF_TORCHRUN "TORCHELASTIC_RUN_ID"

/* Has torchrun started this process, perhaps for accelerate? A script of torchrun's has the variable, too, and may call
 * any command: torchrun itself has no such variable. */
static bool is_of_torchrun(void) {
    char path[64], *entry = NULL;
    size_t room = 0;
    bool of_script = false;
    snprintf(path, sizeof path, "/proc/%ld/environ", (long)getppid());
    FILE *f = getenv(OF_TORCHRUN) ? fopen(path, "re") : NULL;
    if (!f) return false;
    while (!of_script && getdelim(&entry, &room, 0, f) > 0)
        of_script = !strncmp(entry, OF_TORCHRUN "=", sizeof OF_TORCHRUN);
    fclose(f);
    free(entry);
    return !of_script;
}

static int number_in(const char *variable) {
    const char *text = getenv(variable);
    return text ? atoi(text) : 0;
}

/* Its processes know nothing of each other: the first one says what to type. */
static int refuse_torchrun(char **words) {
    int processes = number_in("WORLD_SIZE"), rank = number_in("RANK");
    const cli_command *c = *words ? cli_find(*words) : NULL;
    bool ranks = processes > 1 && c && c->ranks;
    char message[128], run[32] = "";
    cli_let_first_speak(rank);
    if (rank > 0) return CLI_USAGE;
    if (ranks) snprintf(run, sizeof run, " run -n %d", processes);
    snprintf(message, sizeof message,
             "torchrun has started this process, but Gantry starts its ranks itself: type gantry%s", run);
    return cli_exit("", fail_with_words(message, words));
}

static int dispatch(int argc, char **argv) {
    if (is_of_torchrun()) return refuse_torchrun(argv + 1);
    if (argc < 2) {
        cli_wait_turn();
        cli_print_first(stderr);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) name = "help";
    if (!strcmp(name, "--version") || !strcmp(name, "-V")) name = "version";
    const cli_command *c = cli_find(name);
    return c ? cli_perform(c, argc - 1, argv + 1) : unknown_command(argv + 1);
}

/* Whoever started us with stdin, stdout or stderr closed: a file of a run would be opened in its place, and messages
 * written into it. */
static void fill_standard_files(void) {
    int fd = open("/dev/null", O_RDWR); /* the lowest number that is free */
    while (fd >= 0 && fd <= STDERR_FILENO) fd = dup(fd);
    if (fd >= 0) close(fd);
}

/* What glibc gives back to the system comes again as fresh pages, which are expensive on virtual machines; a graph that
 * is made ready takes and frees memory many times. glibc chooses these limits by itself once 32 MB were freed at once.
 */
static void keep_pages(void) {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

/* Where the machine has no fonts: those that came with the program (make tarball). */
static void find_letters(void) {
    char path[GT_PROGRAM_PATH_BYTES];
    if (access("/etc/fonts/fonts.conf", R_OK) && gt_shipped_find("fonts", ".conf", "fonts", path))
        setenv("FONTCONFIG_FILE", path, 0);
}

enum { LEAST_STACK = 2 << 20 }; /* commands and the libraries below them need some 200 KB */

/* HDF5 calls exit() when memory is short at certain places. */
static bool ended;

static void say_what_ended(void) {
    if (ended) return;
    fflush(stdout);
    gt_print_to(stderr, "error: gantry: a library exited, probably because memory ran out\n");
    _exit(CLI_FAILED);
}

static int run_command(int argc, char **argv) {
    gt_h5_own_end();
    signal(SIGCHLD, SIG_DFL); /* whoever started us ignores it, and we could not see how our processes end */
    gt_program_tidy_by_signals();
    atexit(say_what_ended);
    gt_status st = cli_read_kernels();
    int status = st ? cli_exit("", st) : dispatch(argc, argv);
    gt_launch_succeeded();
    int error = gt_print_flush(stdout);
    if (error) { /* a full disk behind `gantry ... > file` must not look like success */
        gt_print_to(stderr, "gantry: writing results: %s\n", strerror(error));
        status = status ? status : CLI_FAILED;
    }
    ended = true;
    return status;
}

int main(int argc, char **argv) {
    gt_program_is_gantry("/proc/self/exe");
    gt_comm_end_by(_exit);
    if (!gt_blas_without_threads()) gt_program_again(argv);
    keep_pages();
    find_letters();
    fill_standard_files();
    int status = gt_with_stack(LEAST_STACK, run_command, argc, argv);
    return status < 0 ? CLI_FAILED : status;
}
