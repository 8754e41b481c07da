/* SPDX-License-Identifier: Apache-2.0
 * gantry report: curves and pictures of a run in one HTML file. */
#include "cli/cli.h"
#include "gantry/rundir.h"

typedef struct report_fields {
    const char *out;
} report_fields;

static const gt_option table[] = {
    {.key = "out", .type = GT_OPTION_TEXT, .path = true, .class = GT_COMMAND, .offset = offsetof(report_fields, out), .group = "report", .standard = "",
     .common = true, .help = "File to write; by default report.html in the run"},
};

const gt_option *cli_report_options(int *n) {
    *n = sizeof table / sizeof *table;
    return table;
}

int cli_report(int argc, char **argv) {
    if (cli_others_work("report")) return CLI_DONE;
    report_fields fields;
    cli_session s;
    int status;
    if (!cli_begin(&s, "report", argc, argv, &fields, &status)) return status;
    gt_status st;
    if (s.arguments.n_words != 1) {
        st = gt_fail(GT_USAGE, "one run's directory is needed");
    } else {
        const char *dir = s.arguments.words[0];
        st = gt_report_write(dir, *fields.out ? fields.out : NULL);
        if (!st && *fields.out) puts(fields.out);
        if (!st && !*fields.out) printf("%s/report.html\n", dir);
    }
    status = cli_exit("report", st);
    cli_end(&s);
    return status;
}
