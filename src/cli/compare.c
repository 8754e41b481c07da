/* SPDX-License-Identifier: Apache-2.0
 * gantry compare: several runs as a table and in one picture. */
#include "gantry/compare.h"
#include "cli/cli.h"

typedef struct compare_fields {
    const char *out;
    int64_t columns;
} compare_fields;

#define FIELD(name) .class = GT_COMMAND, .group = "compare", .common = true, .offset = offsetof(compare_fields, name)

static const gt_option table[] = {
    {.key = "out", .type = GT_OPTION_TEXT, .path = true, FIELD(out), .standard = "compare.png", .help = "The picture: the newest fakes of each run"},
    {.key = "columns", .type = GT_OPTION_INT, FIELD(columns), .standard = "0", .max = 100, .help = "Runs side by side in it; 0: about a square"},
};

const gt_option *cli_compare_options(int *n) {
    *n = sizeof table / sizeof *table;
    return table;
}

int cli_compare(int argc, char **argv) {
    if (cli_others_work("compare")) return CLI_DONE;
    compare_fields fields;
    cli_session s;
    int status;
    if (!cli_begin(&s, "compare", argc, argv, &fields, &status)) return status;
    const char *const *dirs = s.arguments.words;
    int n = s.arguments.n_words;
    gt_status st = n ? gt_compare_table(stdout, dirs, n) : gt_fail(GT_USAGE, "directories of runs are needed");
    if (!st) st = gt_compare_picture(fields.out, dirs, n, (int)fields.columns);
    if (!st) puts(fields.out);
    status = cli_exit("compare", st);
    cli_end(&s);
    return status;
}
