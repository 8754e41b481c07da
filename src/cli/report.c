/* SPDX-License-Identifier: Apache-2.0
 * gantry report: curves and pictures of a run in one HTML file. */
#include "cli/cli.h"
#include "gantry/rundir.h"

typedef struct report_fields {
    const char *out;
} report_fields;

#define FIELDS report_fields

static const gt_option table[] = {
    {CLI_OPTION(out, "", "File to write; empty: report.html in the run"), .placeholder = "FILE", .path = true},
};

static gt_status report(cli_session *s) {
    const report_fields *f = s->fields;
    const char *dir = s->arguments.words[0];
    if (s->arguments.n_words != 1) return gt_fail(GT_USAGE, "one run's directory is needed");
    gt_status st = gt_report_write(dir, *f->out ? f->out : NULL);
    if (!st && *f->out) puts(f->out);
    if (!st && !*f->out) printf("%s/report.html\n", dir);
    return st;
}

const cli_command cli_report = {
    .name = "report",
    .arguments = "RUN [--key=value ...]",
    .help = "Write curves and pictures of a run into one HTML file",
    .files = "report.html in the run, or --out: one file that needs no other.",
    CLI_EXAMPLES({"The report of a run, also of one that is running", "gantry report runs/first"},
                 {"To another place", "gantry report runs/first --out=first.html"}),
    CLI_ROWS(table),
    .run = report,
};
