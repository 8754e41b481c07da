/* SPDX-License-Identifier: Apache-2.0
 * The subcommands, a row each, and what their exit statuses mean. */
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "dist/mpi_version.h"
#include "gantry/log.h"

/* In the order of `gantry --help`. */
#define COMMANDS(X) \
    X(train)        \
    X(run)          \
    X(search)       \
    X(submit)       \
    X(dataset)      \
    X(generate)     \
    X(mix)          \
    X(walk)         \
    X(project)      \
    X(metrics)      \
    X(export)       \
    X(convert)      \
    X(reconstruct)  \
    X(latent)       \
    X(anomalies)    \
    X(study)        \
    X(predict)      \
    X(evaluate)     \
    X(look)         \
    X(detect)       \
    X(gmm)          \
    X(likelihood)   \
    X(inspect)      \
    X(activations)  \
    X(gradcheck)    \
    X(status)       \
    X(report)       \
    X(compare)      \
    X(bench)        \
    X(doctor)       \
    X(help)         \
    X(version)      \
    X(reference)    \
    X(man)          \
    X(check_hdf5)

#define X(name) extern const cli_command cli_##name;
COMMANDS(X)
#undef X

static const cli_command *const commands[] = {
#define X(name) &cli_##name,
    COMMANDS(X)
#undef X
};

enum { N_COMMANDS = sizeof commands / sizeof *commands };

const cli_command *const *cli_commands(int *n) {
    *n = N_COMMANDS;
    return commands;
}

const cli_command *cli_find(const char *name) {
    for (int i = 0; i < N_COMMANDS; i++)
        if (!strcmp(commands[i]->name, name)) return commands[i];
    return NULL;
}

const gt_option *cli_options(const cli_command *c, int *n) {
    *n = c->n_rows;
    return c->options ? c->options(n) : c->rows;
}

bool cli_first_rank(void) { return gt_mpi_launched_rank() == 0; }

bool cli_others_work(const char *command) {
    int rank = gt_mpi_launched_rank();
    if (rank == 1) fprintf(stderr, "gantry %s: rank 0 does this alone, the other ranks have nothing to do\n", command);
    return rank > 0;
}

int cli_wait_turn(void) {
    enum { FIRST_SPEAKS = 1500000, NEXT_SPEAKS = 100000, MOST = 20 };
    int rank = gt_mpi_launched_rank();
    if (rank > 0) usleep(FIRST_SPEAKS + NEXT_SPEAKS * (unsigned)(rank < MOST ? rank : MOST));
    return rank;
}

static int code_of(gt_status status) {
    static const int codes[] = {
        [GT_OK] = CLI_DONE,      [GT_FAILED] = CLI_FAILED,    [GT_USAGE] = CLI_USAGE,     [GT_FORMAT] = CLI_FAILED,
        [GT_NOMEM] = CLI_FAILED, [GT_NONFINITE] = CLI_FAILED, [GT_STOPPED] = CLI_STOPPED,
    };
    return codes[status];
}

static bool is_failure(gt_status status) { return status && status != GT_STOPPED; }

static void say(const char *command, gt_status status, const char *who) {
    char text[4400];
    snprintf(text, sizeof text, "gantry%s%s: %s%s", *command ? " " : "", command, who, gt_message());
    gt_log_print_error(text);
    if (status == GT_USAGE) fprintf(stderr, "see gantry%s%s --help\n", *command ? " " : "", command);
}

int cli_exit(const char *command, gt_status status) {
    if (is_failure(status)) {
        int rank = cli_wait_turn();
        char who[32] = "";
        if (rank > 0) snprintf(who, sizeof who, "rank %d: ", rank);
        say(command, status, who);
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
    int code = code_of(status), rank = comm->rank, ranks = comm->ranks;
    if (is_failure(status) && rank == 0) say(command, status, "");
    gt_comm_stop_all(comm);
    return code == CLI_STOPPED && ranks > 1 ? stopped(rank) : code;
}

gt_status cli_fail_unknown(const char *name) {
    gt_option rows[N_COMMANDS];
    for (int i = 0; i < N_COMMANDS; i++) rows[i] = (gt_option){.key = commands[i]->name};
    const char *near = gt_options_nearest(&(gt_options){.rows = rows, .n = N_COMMANDS}, name);
    return gt_fail(GT_USAGE, "unknown command '%.60s'%s%s%s", name, near ? "; did you mean " : "", near ? near : "",
                   near ? "?" : "");
}

void cli_print_quoted(const char *word, FILE *f) {
    fputc('\'', f);
    for (; *word; word++) fprintf(f, *word == '\'' ? "'\\''" : "%c", *word);
    fputc('\'', f);
}

void cli_output_of(const char *command, char *text, size_t bytes) {
    FILE *f = popen(command, "re");
    size_t n = f ? fread(text, 1, bytes - 1, f) : 0;
    if (f) pclose(f);
    text[n] = 0;
}
