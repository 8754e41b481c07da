/* SPDX-License-Identifier: Apache-2.0
 * gantry compare: several runs as a table and in one picture. */
#include "gantry/compare.h"
#include "cli/cli.h"

typedef struct compare_fields {
    const char *out;
    int64_t columns;
} compare_fields;

#define FIELDS compare_fields

static const gt_option table[] = {
    {CLI_OPTION(out, "compare.png", "The picture: the newest fakes of each run"), .path = true},
    {CLI_OPTION(columns, "0", "Runs side by side in it; 0: about a square"), .max = 100},
};

static gt_status compare(cli_session *s) {
    const compare_fields *f = s->fields;
    const char *const *dirs = s->arguments.words;
    int n = s->arguments.n_words;
    gt_status st = n ? gt_compare_table(stdout, dirs, n) : gt_fail(GT_USAGE, "directories of runs are needed");
    if (!st) st = gt_compare_picture(f->out, dirs, n, (int)f->columns);
    if (!st) puts(f->out);
    return st;
}

const cli_command cli_compare = {
    .name = "compare",
    .arguments = "RUN ... [--key=value ...]",
    .help = "Several runs as a table, and their pictures side by side",
    .detail = "Losses are means over the last quarter of the ticks, all else is of the last tick. jobs/sweep.sh "
              "and slurm/sweep.sbatch end with it.",
    CLI_ROWS(table),
    .run = compare,
};
