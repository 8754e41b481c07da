/* SPDX-License-Identifier: Apache-2.0
 * gantry compare: several runs as a table, in one picture, on one page. */
#include "features/report/compare.h"

#include <stdlib.h>
#include <string.h>

#include "command/door/cli.h"
#include "gantry/file.h"

typedef struct compare_fields {
    const char *out, *html, *series, *range;
    gt_compare_axis x;
    gt_compare_panels panels;
    int64_t columns, smooth;
    bool overwrite;
} compare_fields;

#define FIELDS compare_fields

static const gt_option table[] = {
    {CLI_OPTION(out, "compare.png", "Picture to write: the newest images of each run, or curves"),
     .placeholder = "FILE", CLI_WRITES({"*.png", GT_OUTFILE_PICTURE}, {"*.svg", GT_OUTFILE_PICTURE}),
     .detail = "The ending tells PNG from SVG, which curves alone can be. A vertical axis is logarithmic if the values "
               "are above 0 and span three decades."},
    {CLI_OPTION(html, "", "Page to write instead: differing keys, values, pictures and curves"), .placeholder = "FILE",
     CLI_WRITES({"*.html", GT_OUTFILE_PAGE}, {"*.htm", GT_OUTFILE_PAGE}), .bare = "compare.html",
     .detail = "One self-contained file with links to the reports of the runs. --html alone writes compare.html. The "
               "picture is then written only if --out is given."},
    {CLI_OPTION(columns, "0", "Number of runs or panels side by side; 0: about a square"), .max = 100, .late = true},
    {CLI_OPTION(series, "", "Draw curves of these series, as in Loss/train,Accuracy/test"), .placeholder = "LIST",
     .any = true,
     .detail = "Names as in stats.jsonl. Runs with the same name in several folders (for example with other seeds) "
               "have the same colour. Empty: the newest pictures, or Loss/train if the runs have no pictures."},
    {CLI_OPTION(x, "kimg", "Horizontal axis of the curves"), GT_CHOICES(GT_COMPARE_AXES), .late = true,
     .detail =
         "An epoch is a pass over the data; hours are hours of training. The logs of older versions have no epochs."},
    {CLI_OPTION(smooth, "1", "Number of ticks over which each point of a curve is averaged"), .min = 1, .max = 10000,
     .late = true, .detail = "Weighted by a Kaiser window."},
    {CLI_OPTION(range, "", "Ends of the vertical axis of the curves, as in 0..1"), .placeholder = "LO..HI",
     .check = cli_check_ends, .late = true},
    {CLI_OPTION(panels, "series", "What each panel of curves shows"), GT_CHOICES(GT_COMPARE_PANELS), .late = true,
     .detail =
         "series: each curve is a run. run: each curve is a series. group: a panel holds the runs whose names agree up "
         "to the last dash, and the rest of the name labels the curve. For example, small-plain, small-norm, "
         "large-plain and large-norm make the panels small and large with the curves plain and norm."},
    CLI_OVERWRITE,
};

static gt_status draw_curves(const cli_session *s, const char *const *dirs, int n, const gt_compare_curves *c) {
    static const char *const keys[] = {"x", "smooth", "range", "panels", "columns"};
    gt_status st = gt_compare_draw(((const compare_fields *)s->fields)->out, dirs, n, c);
    for (size_t i = 0; !st && i < sizeof keys / sizeof *keys; i++) gt_options_use(&s->options, keys[i]);
    return st;
}

static gt_status draw_comparison(const cli_session *s, const char *const *dirs, int n) {
    const compare_fields *f = s->fields;
    gt_compare_curves c = {
        .series = f->series, .over = f->x, .smooth = (int)f->smooth, .panels = f->panels, .columns = (int)f->columns};
    if (*f->range) cli_read_ends(f->range, c.range);
    if (*f->series) return draw_curves(s, dirs, n, &c);
    c.series = "Loss/train";
    if (!gt_compare_has_pictures(dirs, n) && !draw_curves(s, dirs, n, &c)) return GT_OK;
    if (gt_ends_with(f->out, ".svg"))
        return gt_fail(GT_USAGE,
                       "--out=%s: an SVG has curves, not the runs' pictures: name series (--series=...) or a .png",
                       f->out);
    gt_options_use(&s->options, "columns");
    return gt_compare_picture(f->out, dirs, n, (int)f->columns);
}

/* Of page and picture only what is asked for. */
static gt_status prepare(cli_session *s) {
    compare_fields *f = s->fields;
    if (*f->html && gt_options_state(&s->options, "out") != GT_OPTION_GIVEN) f->out = "";
    return GT_OK;
}

static gt_status compare(cli_session *s) {
    const compare_fields *f = s->fields;
    const char **dirs = s->arguments.words;
    int n = gt_compare_sort_out(dirs, s->arguments.n_words);
    gt_status st = n ? gt_compare_table(stdout, dirs, n) : gt_fail(GT_USAGE, "directories of runs are needed");
    if (!st && *f->html) st = gt_compare_html(f->html, dirs, n);
    if (!st && *f->html) gt_print("%s\n", f->html);
    if (st || !*f->out) return st;
    st = draw_comparison(s, dirs, n);
    if (!st) gt_print("%s\n", f->out);
    return st;
}

const cli_command cli_compare = {
    .name = "compare",
    .arguments = "RUN ... [--key=value ...]",
    .help = "Compare runs: a table, and one picture of their images or curves",
    .detail = "Losses, accuracies and gap are means over the last quarter of the ticks; all other values are the "
              "latest ones. Anything that is not a run is left out with a message, so a pattern such as runs/* works. "
              "jobs/sweep.sh and slurm/sweep.sbatch end with this command.",
    .files = "--out: one picture; or --html: one page.",
    CLI_EXAMPLES({"The newest pictures of all runs", "gantry compare runs/*"},
                 {"Curves, smoothed over five ticks",
                  "gantry compare runs/a runs/b --series=Loss/train,Accuracy/test --smooth=5"},
                 {"Test accuracy over epochs", "gantry compare runs/a runs/b --series=Accuracy/test --x=epochs"},
                 {"A page with all of these", "gantry compare runs/* --html=runs/compare.html"}),
    CLI_ROWS(table),
    .prepare = prepare,
    .run = compare,
};
