/* SPDX-License-Identifier: Apache-2.0
 * The subcommands, a row each, and what their exit statuses mean. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/words.h"
#include "command/door/cli.h"
#include "features/list.h"
#include "gantry/dist.h"
#include "gantry/file.h"
#include "gantry/log.h"
#include "gantry/progress.h"

/* clang-format off */
#define COMMAND(name, ...) extern const cli_command cli_##name;
#define GROUP(title, list) list(COMMAND)
GROUPS(GROUP)
#undef COMMAND

static const cli_command *const commands[] = {
#define COMMAND(name, ...) &cli_##name,
    GROUPS(GROUP)
#undef COMMAND
#undef GROUP
};

static const struct {
    const char *title;
    int commands;
} groups[] = {
#define COMMAND(name, ...) +1
#define GROUP(title, list) {title, 0 list(COMMAND)},
    GROUPS(GROUP)
};
/* clang-format on */

enum { N_COMMANDS = sizeof commands / sizeof *commands };

const cli_command *const *cli_commands(int *n) {
    *n = N_COMMANDS;
    return commands;
}

const cli_command *cli_first_command(int place) {
    int i = 0;
    while (i < N_COMMANDS && commands[i]->place != place) i++;
    return i < N_COMMANDS ? commands[i] : NULL;
}

const char *cli_group_of(const cli_command *c) {
    int at = 0, g = 0;
    while (commands[at] != c) at++;
    while (at >= groups[g].commands) at -= groups[g++].commands;
    return groups[g].title;
}

const cli_command *cli_find(const char *name) {
    for (int i = 0; i < N_COMMANDS; i++)
        if (!strcmp(commands[i]->name, name)) return commands[i];
    return NULL;
}

/* Of the first row that has one; NULL: no command has. */
#define FINDER(type, member)                                \
    type *cli_find_##member(void) {                         \
        int i = 0;                                          \
        while (i < N_COMMANDS && !commands[i]->member) i++; \
        return i < N_COMMANDS ? commands[i]->member : NULL; \
    }
FINDER(const cli_examination, examination)
FINDER(const struct gt_latent_file, latent_file)
FINDER(cli_data_view, data_view)
FINDER(cli_run_view, run_view)
FINDER(cli_not_begun, not_begun)

const gt_option *cli_options(const cli_command *c, int *n) {
    *n = c->n_rows;
    return c->options ? c->options(n) : c->rows;
}

bool cli_first_rank(void) { return gt_mpi_launched_rank() == 0; }

bool cli_others_work(const char *command) {
    int rank = gt_mpi_launched_rank();
    if (rank == 1) gt_print_to(stderr, "gantry %s: only rank 0 works; the other ranks have nothing to do\n", command);
    return rank > 0;
}

void cli_let_first_speak(int rank) {
    enum { FIRST_SPEAKS = 1500000, NEXT_SPEAKS = 100000, MOST = 20 };
    if (rank > 0) usleep(FIRST_SPEAKS + NEXT_SPEAKS * (unsigned)(rank < MOST ? rank : MOST));
}

int cli_wait_turn(void) {
    int rank = gt_mpi_launched_rank();
    cli_let_first_speak(rank);
    return rank;
}

static int code_of(gt_status status) {
    static const int codes[] = {
        [GT_OK] = CLI_DONE,         [GT_FAILED] = CLI_FAILED,       [GT_USAGE] = CLI_USAGE,
        [GT_FORMAT] = CLI_FAILED,   [GT_NOMEM] = CLI_FAILED,        [GT_NONFINITE] = CLI_FAILED,
        [GT_STOPPED] = CLI_STOPPED, [GT_UNDECIDED] = CLI_UNDECIDED,
    };
    return codes[status];
}

static bool is_failure(gt_status status) { return status && status != GT_STOPPED; }

static void say_status(const char *command, gt_status status, const char *who) {
    char text[4400];
    snprintf(text, sizeof text, "gantry%s%s: %s%s", *command ? " " : "", command, who, gt_message());
    gt_log_print_error(text);
    if (status == GT_USAGE) gt_print_to(stderr, "see gantry%s%s --help\n", *command ? " " : "", command);
}

int cli_exit(const char *command, gt_status status) {
    gt_tell_end();
    if (is_failure(status)) {
        int rank = cli_wait_turn();
        char who[32] = "";
        if (rank > 0) snprintf(who, sizeof who, "rank %d: ", rank);
        say_status(command, status, who);
    }
    return code_of(status);
}

/* `srun -K` kills all other tasks when one ends with a status that is not 0, and then returns the status of the killed
 * ones. So rank 0 alone says 75, when the others have gone. */
static int stopped(int rank) {
    enum { MICROSECONDS = 500000 };
    if (rank > 0) return CLI_DONE;
    usleep(MICROSECONDS);
    return CLI_STOPPED;
}

int cli_leave(const char *command, gt_status status, gt_comm *comm) {
    if (!comm) return cli_exit(command, status);
    gt_tell_end();
    int code = code_of(status), rank = comm->rank, ranks = comm->ranks;
    if (is_failure(status) && rank == 0) say_status(command, status, "");
    gt_comm_stop_all(comm);
    return code == CLI_STOPPED && ranks > 1 ? stopped(rank) : code;
}

/* "calc_metrics.py" is compared as "calc-metrics", and "train_ddp.py" as "train". */
static void plain_name(const char *typed, char *out, size_t bytes) {
    snprintf(out, bytes, "%s", typed);
    for (char *c = out; *c; c++)
        if (*c == '_') *c = '-';
    size_t n = strlen(out);
    bool program = n > 3 && !strcmp(out + n - 3, ".py");
    if (program) out[n - 3] = 0;
    if (program && !strncmp(out, "train-", 6)) out[5] = 0;
}

const char *cli_called_here(const char *typed) {
    static gt_word found; /* holds the text */
    char name[64];
    plain_name(typed, name, sizeof name);
    const gt_word *w = gt_word_find(NULL, GT_WORD_OF_COMMAND, name, &found);
    if (w && !strcmp(name, w->word)) return w->says;
    return cli_find(name) ? cli_find(name)->name : NULL; /* generate.py */
}

gt_status cli_fail_unknown(const char *name) {
    gt_option rows[N_COMMANDS];
    const char *here = cli_called_here(name);
    gt_file_kind kind = gt_kind_of_file(name);
    if (!here && kind != GT_KIND_MISSING)
        return gt_fail(GT_USAGE, "'%.200s' is %s, not a command; gantry inspect %.200s shows what it holds", name,
                       gt_kind_text(kind), name);
    if (cli_is_number(name))
        return gt_fail(GT_USAGE, "'%.60s': a number belongs to an option, as in gantry run -n %.60s train", name, name);
    if (here) return gt_fail(GT_USAGE, "unknown command '%.60s'; in Gantry it is %s", name, here);
    for (int i = 0; i < N_COMMANDS; i++) rows[i] = (gt_option){.key = commands[i]->name};
    const char *near = gt_options_nearest(&(gt_options){.rows = rows, .n = N_COMMANDS}, name);
    return gt_fail(GT_USAGE, "unknown command '%.60s'%s%s%s", name, near ? "; did you mean " : "", near ? near : "",
                   near ? "?" : "");
}

/* ---- kernels ---- */

/* What the environment says of kernels: read here, once, and nowhere else. */
static const gt_kernel_set *kernels;

gt_status cli_read_kernels(void) { return gt_kernel_set_asked(getenv("GT_ISA"), getenv("GT_CONV"), &kernels); }

const gt_kernel_set *cli_kernels(void) { return kernels; }
