/* SPDX-License-Identifier: Apache-2.0
 * The report of a run. */
#ifndef GANTRY_FEATURES_REPORT_REPORT_H
#define GANTRY_FEATURES_REPORT_REPORT_H

#include <stdbool.h>

#include "gantry/status.h"
#include "base/door/file.h"
#include "run/door/rundir.h"
#include "gantry/runlog.h"

/* Curves from stats.jsonl and the newest pictures in one self-contained file, DIR/report.html (`path` NULL) or
 * another. GT_FAILED: no run's directory, there is neither a tick nor a job. */
gt_status gt_report_write(const char *dir, const char *path);
/* The same in short on stdout: state, main curves in characters, and, where stdout is a terminal with colours, the
 * newest sheet of pictures. */
gt_status gt_report_print(const char *dir);

/* ---- the parts of report.html, each appended to the page; `dir` is the directory of the run ---- */

typedef struct report_run {
    const char *dir, *name;
    gt_stats *stats;
} report_run;

enum { REPORT_MOST_BYTES = 4500 << 10 /* of a page, after which curves are left out */ };

/* ---- chart.c: a line chart as a figure of a page ---- */
enum { CHART_LINES = 5, CHART_MOST_LINES = 16 /* that the style of the page can tell apart */, CHART_POINTS = 400 };

typedef struct chart_line {
    const gt_stats *stats;
    int log; /* its place among those of chart_places() */
    const char *label;
    const char *series;    /* its name; NULL: there is no such line */
    double (*map)(double); /* of the means; NULL: as they are */
} chart_line;

typedef struct chart {
    const char *title, *note; /* `note`: what the chart means, in one line; "": what the table of series says */
    int n;                    /* at most CHART_MOST_LINES */
    const chart_line *lines;
    int points;    /* of a line, at most CHART_POINTS: means of stretches of ticks */
    int columns;   /* of a terminal; 0: the chart is drawn on a page */
    bool coloured; /* ... which has colours; without them each line is a chart */
} chart;

/* Appends what the script needs to draw the curves of all charts over another axis: for each log the places of the
 * points of its curves on all axes that all logs know. To be called before the charts of these logs, with their number
 * of points. */
void chart_places(gt_buffer *out, const gt_stats *const *stats, int n, int points);

/* Appends the chart, unless none of its lines has a finite value, or one has a value beyond 1e300. The line of a metric
 * of generated pictures bridges the ticks without pictures. */
void chart_draw(gt_buffer *out, const chart *c);
/* The same in characters, for a terminal of c->columns (chart_text.c). */
void chart_print(gt_buffer *out, const chart *c);

/* ---- report.c ---- */
/* What the run in `dir` has logged, to be freed also after an error. GT_FAILED: it is not a run's directory. */
gt_status report_read(const char *dir, gt_stats **stats, gt_starts **starts);
double report_last(const gt_stats *s, const char *name); /* a series' value at the newest tick; NaN: there is none */
void report_begin(gt_buffer *out, const char *title, const char *kind); /* up to the heading and what is under it */
void report_end(gt_buffer *out);

/* ---- report_charts.c ---- */
double report_per_second(double seconds_per_kimg);
/* One run: series that belong together share a chart. Several, at most CHART_MOST_LINES: a chart is a series, a line a
 * run. */
void report_charts(gt_buffer *out, const report_run *runs, int n);
/* The charts that tell most about a run (losses, accuracies, metrics), for a terminal. */
void report_main_charts(gt_buffer *out, const report_run *run, int columns, bool coloured);

/* ---- report_facts.c ---- */
/* In which state the run is, how far the run came, and whether it is young. */
void report_state(gt_buffer *out, const char *dir, const gt_starts *starts, const gt_stats *s);
enum { REPORT_YOUNG = 120 };
/* Has the run too few ticks, or too little of its images, for a judgement? Then the text says so: "3m 20s, 4 ticks: too
 * early to judge ...". */
bool report_is_young(const gt_stats *s, const gt_starts *starts, bool finished, char text[REPORT_YOUNG]);
/* Commands: those that the run itself has said at its end, or how a run that was broken off resumes.
 * False: memory was too short. */
bool report_next_each(const char *dir, const gt_starts *starts, gt_log_next *next, void *arg);
void report_next(gt_buffer *out, const char *dir, const gt_starts *starts); /* as a table */
void report_facts(gt_buffer *out, const gt_starts *starts);                 /* what was run */
void report_warnings(gt_buffer *out, const char *dir);                      /* of log.txt, with their times */
void report_metrics(gt_buffer *out, const char *dir, const gt_stats *s);    /* last and best values of --metrics */
void report_files(gt_buffer *out, const char *dir);                         /* links to the files of the directory */

/* ---- report_pictures.c ---- */
void report_pictures(gt_buffer *out, const char *dir);
char *report_newest_path(const char *dir); /* of that picture, to be freed; NULL: the run has none */
/* The newest picture of a run as a figure under this title, at most so many bytes: what the network generates or, of an
 * autoencoder, reconstructs. False: the run has none, and nothing is put. */
bool report_newest(gt_buffer *out, const char *dir, const char *title, size_t most);

/* ---- compare_html.c ---- */
/* Whether the values that the runs, at most CHART_MOST_LINES, have of this series of --metrics are of one recipe. */
bool report_same_recipe(const report_run *runs, int n, const char *series);

#endif
