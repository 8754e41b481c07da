/* SPDX-License-Identifier: Apache-2.0
 * Runs beside each other as a table. */
#define _GNU_SOURCE
#include "features/report/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gantry/log.h"
#include "metrics/door/metric.h"
#include "gantry/rundir.h"
#include "run/door/runlog.h"
#include "gantry/text.h"

enum { QUARTER = 4 };

typedef struct column {
    const char *title, *series, *format;
    bool jumps;       /* so that the last value of the series says little */
    const char *less; /* a series that is subtracted; NULL: none */
} column;

static const column columns[] = {
    {"kimg", "Progress/kimg", "%.6g", false, NULL},
    {"loss G", "Loss/G/loss", "%.3f", true, NULL},
    {"loss D", "Loss/D/loss", "%.3f", true, NULL},
    {"D real", "Loss/D/real", "%.3f", true, NULL},
    {"D fake", "Loss/D/fake", "%.3f", true, NULL},
    {"right real", "Accuracy/D/real", "%.3f", true, NULL},
    {"right fake", "Accuracy/D/fake", "%.3f", true, NULL},
    {"sign real", "Loss/signs/real", "%.3f", true, NULL},
    {"accuracy", "Accuracy/real", "%.3f", true, NULL},
    {"reconstruction", "Loss/reconstruction", "%.4g", true, NULL},
    {"KL", "Loss/KL", "%.4g", true, NULL},
    {"loss", "Loss/train", "%.3f", true, NULL},
    {"train", "Accuracy/train", "%.3f", true, NULL},
    {"train set", "Accuracy/train_set", "%.3f", true, NULL},
    {"validation", "Accuracy/validation", "%.3f", true, NULL},
    {"test", "Accuracy/test", "%.3f", true, NULL},
    {"baseline", "Accuracy/test_baseline", "%.3f", true, NULL},
    {"gap", "Accuracy/train_set", "%.3f", true, "Accuracy/test"},
    {"augment p", "Progress/augment", "%.3f", false, NULL},
    {"seconds", "Timing/total_sec", "%.0f", false, NULL},
};
enum {
    COLUMNS = sizeof columns / sizeof *columns,
    MOST_SCORES = 64,
    MOST_COLUMNS = COLUMNS + GT_SHEET_MAX_VALUES + MOST_SCORES
};

/* Mean over the last `ticks` ticks that have a value; NaN: none has. */
static double mean_of_last(const gt_stats *s, const char *name, int ticks) {
    const gt_stats_series *series = gt_stats_find(s, name);
    double sum = 0;
    int n = 0;
    for (int i = s->ticks - 1; series && i >= 0 && n < ticks; i--) {
        if (!(series->values[i].num > 0) || isnan(series->values[i].mean)) continue;
        sum += series->values[i].mean;
        n++;
    }
    return n ? sum / n : NAN;
}

/* Logs of earlier versions have p of models that augment nothing. */
static bool augments_nothing(const gt_stats *s, const char *series) {
    const gt_stats_series *p = strcmp(series, "Progress/augment") ? NULL : gt_stats_find(s, series);
    bool nothing = p != NULL;
    for (int i = 0; i < s->ticks && nothing; i++) nothing = !(p->values[i].mean > 0);
    return nothing;
}

/* A column's cells, the title first; false: it is empty. */
static bool fill_column(gt_stats *const *stats, int n, const column *c, compare_cell *cells) {
    bool any = false;
    snprintf(cells[0].text, sizeof cells[0].text, "%s", c->title);
    for (int i = 0; i < n; i++) {
        int ticks = c->jumps ? (stats[i]->ticks + QUARTER - 1) / QUARTER : 1;
        double x = mean_of_last(stats[i], c->series, ticks) - (c->less ? mean_of_last(stats[i], c->less, ticks) : 0);
        char *text = cells[1 + i].text;
        if (augments_nothing(stats[i], c->series)) x = NAN;
        if (isnan(x)) strcpy(text, "-");
        else snprintf(text, sizeof cells[1 + i].text, c->format, x);
        any |= !isnan(x);
    }
    return any;
}

static bool is_mean(const char *title) {
    for (int i = 0; i < COLUMNS; i++)
        if (!strcmp(columns[i].title, title)) return columns[i].jumps;
    return false;
}

void compare_note(const compare_cell *cells, int n, int filled, char note[COMPARE_NOTE]) {
    int means = 0;
    size_t at = 0;
    *note = 0;
    for (int c = 0; c < filled && at < COMPARE_NOTE; c++) {
        const char *title = cells[c * (n + 1)].text;
        if (!is_mean(title)) continue;
        at += (size_t)snprintf(note + at, COMPARE_NOTE - at, "%s%s",
                               means++ ? ", " : "Means over the last quarter of the ticks: ", title);
    }
    if (means && at < COMPARE_NOTE) snprintf(note + at, COMPARE_NOTE - at, ". All other values are the latest ones.");
}

/* The metrics of the table that some run has; returns how many cells of each row are then filled. */
static int fill_metrics(gt_stats *const *stats, int n, compare_cell *cells, int filled) {
    const gt_metric *m;
    for (int i = 0; (m = gt_metric_at(i)); i++)
        if (m->format)
            filled += fill_column(stats, n, &(column){m->label, m->series, m->format, false, NULL},
                                  cells + filled * (n + 1));
    return filled;
}

/* ---- metrics of --metrics: a column each, where all values have one recipe ---- */

typedef struct scores {
    const char *series[MOST_SCORES]; /* of all runs */
    int n;
} scores;

static void gather_scores(gt_stats *const *stats, int n, scores *all) {
    for (int i = 0; i < n; i++)
        for (int k = 0; k < stats[i]->n_series; k++) {
            const char *name = stats[i]->series[k].name;
            int at = 0;
            if (strncmp(name, GT_METRIC_SERIES, strlen(GT_METRIC_SERIES))) continue;
            while (at < all->n && strcmp(all->series[at], name)) at++;
            if (at == all->n && at < MOST_SCORES) all->series[all->n++] = name;
        }
}

bool compare_recipes(gt_stats *const *stats, const char *const *dirs, int n, const char *series,
                     compare_difference *d) {
    bool first = true;
    for (int i = 0; i < n; i++) {
        if (isnan(mean_of_last(stats[i], series, 1))) continue;
        d->run[!first] = i;
        gt_metric_recipe(dirs[i], series + strlen(GT_METRIC_SERIES), d->recipe[!first], COMPARE_RECIPE);
        if (!first && strcmp(d->recipe[0], d->recipe[1])) return false;
        first = false;
    }
    return true;
}

static int fill_scores(gt_stats *const *stats, const char *const *dirs, int n, compare_cell *cells, int filled) {
    scores all = {.n = 0};
    compare_difference d;
    gather_scores(stats, n, &all);
    for (int i = 0; i < all.n; i++)
        if (compare_recipes(stats, dirs, n, all.series[i], &d))
            filled += fill_column(
                stats, n, &(column){all.series[i] + strlen(GT_METRIC_SERIES), all.series[i], "%.5g", false, NULL},
                cells + filled * (n + 1));
    return filled;
}

void compare_each_difference(gt_stats *const *stats, const char *const *dirs, int n, compare_say *say, void *arg) {
    scores all = {.n = 0};
    compare_difference d;
    gather_scores(stats, n, &all);
    for (int i = 0; i < all.n; i++) {
        if (compare_recipes(stats, dirs, n, all.series[i], &d)) continue;
        d.score = all.series[i] + strlen(GT_METRIC_SERIES);
        for (int k = 0; k < 2; k++) {
            compare_name(dirs, n, d.run[k], d.name[k]);
            if (!*d.recipe[k]) snprintf(d.recipe[k], COMPARE_RECIPE, "unknown, there is no metric-*.jsonl");
        }
        say(arg, &d);
    }
}

static void say_difference(void *arg, const compare_difference *d) {
    gt_print_to(arg, "%s is not compared: its values have different recipes\n", d->score);
    for (int k = 0; k < 2; k++) gt_print_to(arg, "  %s: %s\n", d->name[k], d->recipe[k]);
}

static void say_units(void *arg, const char *sentence) { gt_print_to(arg, "%s.\n", sentence); }

static void print_row(FILE *f, const char *name, int name_width, const compare_cell *cells, int filled, int n,
                      int row) {
    gt_print_to(f, "%-*s", name_width, name);
    for (int c = 0; c < filled; c++) {
        int width = 0;
        for (int i = 0; i <= n; i++)
            width = (int)strlen(cells[c * (n + 1) + i].text) > width ? (int)strlen(cells[c * (n + 1) + i].text) : width;
        gt_print_to(f, "  %*s", width, cells[c * (n + 1) + row].text);
    }
    fputc('\n', f);
}

void compare_name(const char *const *dirs, int n, int run, char name[GT_NAME_BYTES]) {
    char other[GT_NAME_BYTES];
    gt_path_name(dirs[run], name);
    for (int i = 0; i < n; i++) {
        gt_path_name(dirs[i], other);
        const char *folder = strrchr(dirs[run], '/');
        if (i == run || strcmp(other, name) || !folder) continue;
        while (folder > dirs[run] && folder[-1] != '/') folder--;
        snprintf(name, GT_NAME_BYTES, "%.*s", GT_NAME_BYTES - 1, folder);
        return;
    }
}

/* Is there something, and has it no log of a run? A name that leads nowhere is a slip, and no pattern gives one. */
static bool is_other(const char *path) {
    GT_FREED char *log = gt_path_join(path, "stats.jsonl");
    return log && access(log, F_OK) && (errno == ENOENT || errno == ENOTDIR) && !access(path, F_OK);
}

int gt_compare_sort_out(const char **dirs, int n) {
    int others = 0, kept = 0;
    for (int i = 0; i < n; i++) others += is_other(dirs[i]);
    if (others == n) return n;
    for (int i = 0; i < n; i++) {
        if (!is_other(dirs[i])) dirs[kept++] = dirs[i];
        else gt_info("left out: '%s' is not a run's directory: it has no stats.jsonl", dirs[i]);
    }
    return kept;
}

/* Of a run that cannot be read the rest is compared; of none, nothing. */
static gt_status warn_of_damage(gt_stats *const *stats, const char *const *dirs, int n) {
    int lost = 0;
    for (int i = 0; i < n; i++) {
        gt_starts *starts = gt_starts_read(dirs[i]);
        if (!starts) return GT_NOMEM;
        gt_logs_warn(dirs[i], stats[i], starts, n);
        gt_starts_free(starts);
        lost += gt_logs_are_lost(stats[i], NULL);
    }
    if (lost < n) return GT_OK;
    return gt_fail(GT_FAILED, "'%s' cannot be compared: stats.jsonl is damaged, or not the log of a run", dirs[0]);
}

gt_status compare_read(gt_stats **stats, const char *const *dirs, int n) {
    for (int i = 0; i < n; i++) {
        char *path = gt_path_join(dirs[i], "stats.jsonl");
        if (!path) return gt_fail(GT_NOMEM, "out of memory comparing runs");
        int error = access(path, R_OK) ? errno : 0;
        stats[i] = error ? NULL : gt_stats_read(path);
        if (error && error != ENOENT && error != ENOTDIR)
            gt_fail(GT_FAILED, "cannot read '%s': %s", path, strerror(error));
        free(path);
        if (error == ENOENT || error == ENOTDIR)
            return gt_fail(GT_FAILED, "'%s' is not a run's directory: it has no stats.jsonl", dirs[i]);
        if (!stats[i]) return GT_FAILED;
        gt_reductions r;
        gt_status st = gt_reductions_read(dirs[i], &r);
        if (st) return st;
        compare_unify(stats[i], &r);
    }
    return warn_of_damage(stats, dirs, n);
}

compare_cell *compare_cells(gt_stats *const *stats, const char *const *dirs, int n, int *filled) {
    compare_cell *cells = calloc(((size_t)n + 1) * MOST_COLUMNS, sizeof *cells);
    *filled = 0;
    for (int c = 0; c < COLUMNS && cells; c++) {
        if (c == COLUMNS - 1) { /* before the time */
            *filled = fill_metrics(stats, n, cells, *filled);
            *filled = fill_scores(stats, dirs, n, cells, *filled);
        }
        *filled += fill_column(stats, n, &columns[c], cells + *filled * (n + 1));
    }
    return cells;
}

gt_status gt_compare_table(FILE *f, const char *const *dirs, int n) {
    GT_FREED gt_stats **stats = calloc((size_t)n + 1, sizeof *stats);
    gt_status st = stats ? compare_read(stats, dirs, n) : gt_fail(GT_NOMEM, "out of memory comparing runs");
    int filled, width = 3;
    char name[GT_NAME_BYTES];
    GT_FREED compare_cell *cells = st ? NULL : compare_cells(stats, dirs, n, &filled);
    if (!st && !cells) st = gt_fail(GT_NOMEM, "out of memory comparing runs");
    if (!st) {
        for (int i = 0; i < n; i++) {
            compare_name(dirs, n, i, name);
            width = (int)strlen(name) > width ? (int)strlen(name) : width;
        }
        print_row(f, "run", width, cells, filled, n, 0);
        for (int i = 0; i < n; i++) {
            compare_name(dirs, n, i, name);
            print_row(f, name, width, cells, filled, n, 1 + i);
        }
        char note[COMPARE_NOTE];
        compare_note(cells, n, filled, note);
        if (*note) gt_print_to(f, "%s\n", note);
        compare_tell_units(stats, dirs, n, say_units, f);
        compare_each_difference(stats, dirs, n, say_difference, f);
    }
    for (int i = 0; stats && i < n; i++) gt_stats_free(stats[i]);
    return st;
}
