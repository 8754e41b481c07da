/* SPDX-License-Identifier: Apache-2.0
 * gantry: one binary, one subcommand per row of commands.c. */
#include <string.h>

#include "cli/cli.h"
#include "kernels/isa.h"

static int unknown_command(const char *name) {
    const char *near = cli_nearest(name);
    fprintf(stderr, "gantry: unknown command '%.60s'%s%s%s\nsee gantry --help\n", name, near ? "; did you mean " : "", near ? near : "",
            near ? "?" : "");
    return CLI_USAGE;
}

static int dispatch(int argc, char **argv) {
    if (argc < 2) {
        cli_print_overview(stderr);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) name = "help";
    if (!strcmp(name, "--version")) name = "version";
    const cli_command *c = cli_find(name);
    return c ? c->run(argc - 1, argv + 1) : unknown_command(name);
}

int main(int argc, char **argv) {
    gt_status st = gt_isa_check_environment();
    int status = st ? cli_exit("", st) : dispatch(argc, argv);
    if (fflush(stdout) || ferror(stdout)) { /* a full disk behind `gantry ... > file` must not look like success */
        perror("gantry: writing results");
        status = status ? status : CLI_FAILED;
    }
    return status;
}
