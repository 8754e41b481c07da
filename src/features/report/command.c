/* SPDX-License-Identifier: Apache-2.0
 * gantry report: curves and pictures of a run in one HTML file. */
#include "command/door/cli.h"
#include "features/report/report.h"

typedef struct report_fields {
    const char *out;
    bool terminal, overwrite;
} report_fields;

#define FIELDS report_fields

static const gt_option table[] = {
    {CLI_OPTION(out, "", "File to write; empty: report.html in the run"), .placeholder = "FILE",
     CLI_WRITES({"*.html", GT_OUTFILE_PAGE}, {"*.htm", GT_OUTFILE_PAGE}), .with = "!--terminal"},
    {CLI_OPTION(terminal, "0", "Show main curves and the newest pictures here; write no page"),
     .detail = "Curves are drawn with characters of UTF-8. The pictures come where the output is a terminal, and not "
               "with NO_COLOR or TERM=dumb."},
    CLI_OVERWRITE,
};

/* The run's own report, where no other is named. */
static gt_status prepare(cli_session *s) {
    const report_fields *f = s->fields;
    if (s->arguments.n_words != 1) return gt_fail(GT_USAGE, "one run's directory is needed");
    if (*f->out || f->terminal) return GT_OK;
    const char *own = gt_arena_printf(s->arena, "%s/report.html", s->arguments.words[0]);
    return own ? cli_check_output(&s->options, own, gt_options_find(&s->options, "out")->writes) : GT_NOMEM;
}

static gt_status report(cli_session *s) {
    const report_fields *f = s->fields;
    const char *dir = s->arguments.words[0];
    if (f->terminal) return gt_report_print(dir);
    gt_status st = gt_report_write(dir, *f->out ? f->out : NULL);
    if (!st && *f->out) gt_print("%s\n", f->out);
    if (!st && !*f->out) gt_print("%s/report.html\n", dir);
    return st;
}

const cli_command cli_report = {
    .name = "report",
    .place = 5,
    .arguments = "RUN [--key=value ...]",
    .help = "Write curves and pictures of a run into one HTML file",
    .files = "report.html in the run, or --out: one self-contained file.",
    CLI_EXAMPLES({"The report of a run, even while it is running", "gantry report runs/first"},
                 {"On the terminal, without a browser", "gantry report runs/first --terminal"},
                 {"To another place", "gantry report runs/first --out=first.html"}),
    CLI_ROWS(table),
    .prepare = prepare,
    .run = report,
};
