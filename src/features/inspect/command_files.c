/* SPDX-License-Identifier: Apache-2.0
 * gantry inspect, of what runs write: checkpoints, metric logs, whole runs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "features/inspect/command.h"
#include "run/door/reductions.h"
#include "gantry/file.h"
#include "gantry/network.h"
#include "gantry/rundir.h"
#include "gantry/runlog.h"
#include "gantry/text.h"

/* ---- checkpoints ---- */

enum { NOTE_COLUMN = 52 /* where the description of a number begins */ };

/* Entries share a group when their path to the last slash is the same; they come in the order they were written. */
static void print_groups(const gt_checkpoint_file *f, const char *under) {
    int64_t numbers = 0, tensors = 0;
    for (int i = gt_checkpoint_first(f, under), next; i >= 0; i = next) {
        const gt_checkpoint_entry *e = gt_checkpoint_at(f, i);
        int group = (int)(e->name - e->path) - 1;
        tensors++;
        numbers += (int64_t)e->size;
        next = gt_checkpoint_next(f, under, i);
        const gt_checkpoint_entry *n = next >= 0 ? gt_checkpoint_at(f, next) : NULL;
        if (n && n->name - n->path - 1 == group && !strncmp(n->path, e->path, (size_t)group)) continue;
        gt_print("  %-28.*s %5lld tensors %12lld numbers\n", group, e->path, (long long)tensors, (long long)numbers);
        numbers = tensors = 0;
    }
}

/* The value of a scalar or of a short text, else the shape. Memory that is short is the only error. */
static gt_status print_state(gt_checkpoint_file *f, const gt_checkpoint_entry *e) {
    int64_t whole = 0;
    double real = 0;
    float value = 0;
    char text[512] = "";
    gt_status st = GT_FORMAT;
    if (e->type == GT_NUMBER_TEXT) st = gt_checkpoint_get_text(f, e->path, text, sizeof text);
    else if (e->type == GT_NUMBER_INT64 && !(st = gt_checkpoint_get_int(f, e->path, &whole)))
        snprintf(text, sizeof text, "%lld", (long long)whole);
    else if (e->type == GT_NUMBER_DOUBLE && !(st = gt_checkpoint_get_double(f, e->path, &real)))
        snprintf(text, sizeof text, "%.9g", real);
    else if (e->type == GT_NUMBER_FLOAT && e->size == 1 && !(st = gt_checkpoint_read(f, e->path, &value, 1)))
        snprintf(text, sizeof text, "%.9g", (double)value);
    if (st == GT_NOMEM) return st;
    const char *unit = gt_checkpoint_note(f, e->path, "unit"), *what = gt_checkpoint_note(f, e->path, "description");
    if (!unit || !what) return GT_NOMEM;
    int n = gt_print("  %-28s %s %.40s", e->name, st ? gt_shape_text(&e->shape, text) : text, unit);
    if (*what) gt_print("%*s %.400s", n < NOTE_COLUMN ? NOTE_COLUMN - n : 0, "", what);
    gt_print("\n");
    return GT_OK;
}

static gt_status print_entries(gt_checkpoint_file *f) {
    static const gt_named groups[] = {
        {"/mixture", "mixture"}, {"/going_on", "the mixture to resume from"}, {"/state", "state"}, {0}};
    gt_status st = GT_OK;
    for (const gt_named *g = groups; g->name; g++) {
        int first = gt_checkpoint_first(f, g->name);
        if (first >= 0 && !st) gt_print("%s\n", g->text);
        for (int i = first; i >= 0 && !st; i = gt_checkpoint_next(f, g->name, i))
            st = print_state(f, gt_checkpoint_at(f, i));
    }
    return st;
}

static void print_recipe(const char *title, const char *line) {
    gt_print("%s\n", title);
    while (*line) {
        int n = (int)strcspn(line, "\n");
        if (n) gt_print("  %.*s\n", n, line);
        line += n + (line[n] == '\n');
    }
}

/* Of what it was trained on, as far as it says. */
static gt_status print_data(const gt_checkpoint_file *f) {
    gt_checkpoint_data d = {0};
    GT_ARENA gt_arena *a = gt_arena_new();
    gt_status st = a ? gt_checkpoint_get_data(f, a, &d) : GT_NOMEM;
    if (!st && *d.pictures) gt_print("pictures     %s\n", d.pictures);
    if (!st && d.samples != GT_U8) gt_print("samples      %s\n", gt_sample_type(d.samples));
    if (!st && d.has_range) gt_print("range        %g .. %g\n", d.range[0], d.range[1]);
    if (!st && d.channels) gt_print("channels     %s\n", d.channels);
    for (int i = 0; i < d.class_names && !st; i++) gt_print("%-12s %d %s\n", i ? "" : "classes", i, d.class_name[i]);
    return st;
}

/* ---- files of other programs ---- */

static char *text_of(const gt_checkpoint_file *f, const char *path) {
    const gt_checkpoint_entry *e = gt_checkpoint_find(f, path);
    char *text = e ? calloc(e->size + 1, 1) : NULL;
    if (text && gt_checkpoint_get_text(f, path, text, e->size + 1)) *text = 0;
    return text;
}

static void print_tensors(const gt_checkpoint_file *f) {
    for (int i = gt_checkpoint_first(f, "/networks"); i >= 0; i = gt_checkpoint_next(f, "/networks", i)) {
        const gt_checkpoint_entry *e = gt_checkpoint_at(f, i);
        char shape[96];
        gt_print("  %-52s %s\n", e->path + strlen("/networks/"), gt_shape_text(&e->shape, shape));
    }
}

/* Class, sizes, options, tensors. What the file does not say was logged when it was opened. */
static gt_status print_foreign(gt_checkpoint_file *f) {
    GT_FREED char *kind = text_of(f, GT_FILE_KIND), *classes = text_of(f, GT_FILE_CLASSES),
                  *options = text_of(f, GT_FILE_OPTIONS), *faults = text_of(f, GT_FILE_FAULTS);
    gt_status st = kind && options ? GT_OK : gt_fail(GT_NOMEM, "out of memory for texts");
    if (!st) {
        gt_print("network      %s\nkind         %s\nmodel        %s\n", gt_checkpoint_path(f), kind,
                 gt_checkpoint_info(f)->model);
        if (classes) gt_print("classes      %s\n", classes);
        for (const char *line = faults; line && *line; line += strcspn(line, "\n") + 1)
            gt_print("left out     %.*s\n", (int)strcspn(line, "\n"), line);
        st = print_data(f);
        gt_print("networks (with their buffers)\n");
        print_groups(f, "/networks");
    }
    if (!st) st = print_entries(f);
    if (!st) {
        print_recipe("options that the file determines", options);
        gt_print("tensors\n");
        print_tensors(f);
    }
    return st;
}

/* Of a file that was checked. */
static gt_status print_checkpoint(const gt_options *o, const char *path) {
    gt_status st;
    gt_network_options reading = cli_reading(o);
    gt_checkpoint_file *f = gt_network_open(path, &reading, &st);
    if (!f) return st;
    const gt_checkpoint_about *about = gt_checkpoint_info(f);
    if (!gt_checkpoint_format(f)) {
        st = print_foreign(f);
        gt_checkpoint_close(f);
        return st;
    }
    gt_print("checkpoint   %s (verified)\n", gt_checkpoint_path(f));
    const char *version = gt_checkpoint_note(f, "/", "gantry_version");
    if (!version) {
        gt_checkpoint_close(f);
        return GT_NOMEM;
    }
    if (*version) gt_print("written by   gantry %.40s\n", version);
    gt_print("format       %d\nmodel        %s\narithmetic   %s\ndataset      %s\n", gt_checkpoint_format(f),
             about->model, about->kernel_set, about->dataset);
    if (!(st = print_data(f))) {
        if (gt_checkpoint_first(f, "/networks") >= 0)
            gt_print("networks (with their buffers) and optimisers (of their parameters)\n");
        print_groups(f, "/networks");
        print_groups(f, "/optimizers");
        st = print_entries(f);
    }
    if (!st) print_recipe("recipe", about->recipe);
    gt_checkpoint_close(f);
    return st;
}

gt_status cli_inspect_checkpoint(const gt_options *o, const char *path) {
    GT_FREED char *file = NULL;
    gt_status st = cli_check_checkpoint(o, path, &file);
    if (!st) st = print_checkpoint(o, file);
    return st ? st : cli_print_layers(o, file);
}

/* ---- metric logs ---- */

/* Of autoencoders. */
static const char *const losses[] = {"Loss/reconstruction", "Loss/KL", "Loss/commitment"};
enum { LOSSES = sizeof losses / sizeof *losses };

static void print_series(const gt_stats_series *series, int ticks) {
    double least = INFINITY, most = -INFINITY, last = NAN;
    int n = 0;
    for (int t = 0; t < ticks; t++) {
        double x = series->values[t].mean;
        if (isnan(x)) continue;
        n++;
        last = x;
        if (x < least) least = x;
        if (x > most) most = x;
    }
    gt_print("  %-28s %6d %12.5g %12.5g %12.5g\n", series->name, n, last, least, most);
}

static void print_stats(const gt_stats *s) {
    gt_print("ticks        %d\n", s->ticks);
    if (s->bad.n) gt_print("damaged      %lld lines skipped\n", (long long)s->bad.n);
    if (s->ticks) {
        char text[GT_DATE_BYTES];
        gt_date_text(s->timestamp[s->ticks - 1], text);
        gt_print("last         %.3f kimg, %s\n", (double)s->images[s->ticks - 1] / 1000, *text ? text : "unknown");
    }
    if (s->n_series) gt_print("  %-28s %6s %12s %12s %12s\n", "series", "values", "last", "least", "most");
    for (int i = 0; i < s->n_series; i++) print_series(&s->series[i], s->ticks);
}

/* `dir`: of the run whose log it is, as a part of it; NULL: it is all that is shown. */
static gt_status inspect_log(const char *path, const char *dir, bool *other) {
    *other = false;
    gt_stats *s = gt_ends_with(path, ".jsonl") ? gt_stats_read(path) : gt_metrics_read(path, other);
    if (!s) return GT_FORMAT;
    gt_status st = GT_OK;
    if (!dir && gt_logs_are_lost(s, NULL))
        st = gt_fail(GT_FORMAT, "'%s' is not the log of a run, or is damaged: no line from line %lld on is a tick",
                     path, (long long)s->bad.first);
    if (!st && !dir) gt_log_warn_lines(path, &s->bad);
    if (!st) gt_print("metric log   %s\n", path);
    if (!st) print_stats(s);
    if (!st && dir && gt_stats_find(s, losses[0]))
        gt_print("  losses are means over images; for sums over batches: gantry inspect %s --losses=batch-sums\n", dir);
    gt_stats_free(s);
    return st;
}

gt_status cli_inspect_log(const char *path, bool *other) { return inspect_log(path, NULL, other); }

/* ---- losses of an autoencoder, per image and summed over a batch ---- */

/* Batches that a tick's means are of. Those of the second tick may be of the first one, too. */
static double batches_of(const gt_stats *s, const gt_stats_series *steps, const gt_stats_series *loss, int tick) {
    bool both = tick == 1 && loss->values[1].num > (double)(s->images[1] - s->images[0]);
    return steps->values[tick].mean - (tick && !both ? steps->values[tick - 1].mean : 0);
}

/* A tick's mean over its batches of the sums over a batch is the sum over its images divided by its batches. */
static void print_losses(const gt_stats *s, int tick, double batches, const gt_stats_series *const series[LOSSES]) {
    gt_print("%10.3f %8.0f", (double)s->images[tick] / 1000, batches);
    for (int k = 0; k < LOSSES; k++) {
        if (!series[k]) continue;
        const gt_stat_value *v = &series[k]->values[tick];
        gt_print(" %14.6g %14.6g", v->mean, batches > 0 ? v->mean * v->num / batches : (double)NAN);
    }
    gt_print("\n");
}

/* How both losses of a row are reduced. */
typedef struct reduced_by {
    bool mean_pixels, mean_batch, mean_latent, mean_kl_batch;
} reduced_by;

/* The latest tick's losses as sums over an image, and the total that a row makes of them. */
static void print_reduced(const gt_reductions *r, const double image[LOSSES], double batch, double beta,
                          reduced_by by) {
    enum { RECONSTRUCTION, KL, COMMITMENT };
    double latent = by.mean_latent ? r->latent : 1, of_kl = by.mean_kl_batch ? 1 : batch;
    double reconstruction = image[RECONSTRUCTION] / (by.mean_pixels ? r->pixels : 1) * (by.mean_batch ? 1 : batch),
           divergence = isnan(image[KL]) ? 0 : image[KL] / latent * of_kl,
           rest = isnan(image[COMMITMENT]) ? 0 : r->commitment * image[COMMITMENT] * of_kl;
    gt_print(" %16.6g %16.6g %16.6g\n", reconstruction, isnan(image[KL]) ? NAN : divergence,
             r->factor * reconstruction + beta * divergence + rest);
}

/* What the latest tick's losses would be if both were sums or means over the numbers of an image or a latent, and over
 * the batch; and what the run has. */
static gt_status print_reductions(const gt_stats *s, const char *dir, double batches,
                                  const gt_stats_series *const series[LOSSES]) {
    static const char *const names[] = {"sum", "mean"};
    gt_reductions r;
    gt_status st = gt_reductions_read(dir, &r);
    if (st) return st;
    if (!r.any || !(r.pixels > 0))
        return gt_fail(GT_FAILED, "%s: job.ini and starts.jsonl do not record how the losses are reduced", dir);
    int last = s->ticks - 1;
    const gt_stats_series *weight = gt_stats_find(s, "KL/weight");
    double batch = series[0]->values[last].num / batches, beta = weight ? weight->values[last].mean : r.beta,
           image[LOSSES];
    if (!(r.latent > 0)) r.latent = 1; /* without a divergence nothing is made of it */
    const double numbers[LOSSES] = {r.mean_pixels ? r.pixels : 1, r.mean_latent ? r.latent : 1, 1};
    for (int k = 0; k < LOSSES; k++) image[k] = series[k] ? series[k]->values[last].mean * numbers[k] : (double)NAN;
    gt_print("%.6g kimg: %.4g numbers an image, %.4g a latent, %.4g images a batch; total = %g x reconstruction + %g x "
             "KL%s\n",
             (double)s->images[last] / 1000, r.pixels, r.latent, batch, r.factor, beta,
             series[LOSSES - 1] ? " + commitment" : "");
    gt_print("%-24s %-12s %16s %16s %16s\n", "over pixels and latent", "over batch", "reconstruction", "KL", "total");
    for (int k = 0; k < 4; k++) {
        bool numbers_mean = k / 2, batch_mean = k % 2;
        gt_print("%-24s %-12s", names[numbers_mean], names[batch_mean]);
        print_reduced(&r, image, batch, beta, (reduced_by){numbers_mean, batch_mean, numbers_mean, batch_mean});
    }
    gt_print("%-37s", "as this run is trained");
    print_reduced(&r, image, batch, beta, (reduced_by){r.mean_pixels, r.mean_batch, r.mean_latent, r.mean_kl_batch});
    return GT_OK;
}

gt_status cli_inspect_losses(const char *dir, bool reductions) {
    const gt_stats_series *series[LOSSES];
    GT_FREED char *path = gt_path_join(dir, "stats.jsonl");
    gt_stats *s = path ? gt_stats_read(path) : NULL;
    gt_status st = s ? GT_OK : gt_failure();
    const gt_stats_series *steps = s ? gt_stats_find(s, "Progress/step") : NULL;
    for (int k = 0; k < LOSSES; k++) series[k] = s ? gt_stats_find(s, losses[k]) : NULL;
    if (!st && (!series[0] || !steps))
        st = gt_fail(GT_USAGE, "%s: --losses needs the log of an autoencoder's run, with Loss/reconstruction", dir);
    if (!st && reductions) st = print_reductions(s, dir, batches_of(s, steps, series[0], s->ticks - 1), series);
    bool lists = !st && !reductions;
    if (lists) gt_print("%10s %8s", "kimg", "batches");
    for (int k = 0; k < LOSSES && lists; k++)
        if (series[k]) gt_print(" %14s %14s", strchr(losses[k], '/') + 1, "sum per batch");
    if (lists) gt_print("\n");
    for (int i = 0; i < (s ? s->ticks : 0) && lists; i++)
        print_losses(s, i, batches_of(s, steps, series[0], i), series);
    gt_stats_free(s);
    return st;
}

/* ---- runs ---- */

gt_status cli_inspect_run(const gt_options *o, const char *dir) {
    char *job = NULL, *path = gt_path_join(dir, "stats.jsonl"), *file = NULL;
    bool other, lost = true;
    cli_run_view *view = cli_find_run_view();
    gt_status st = view ? view(dir, &lost) : GT_OK;
    if (!st) st = gt_rundir_read(dir, "job.ini", &job);
    if (job) gt_print("\n"), gt_print_lines(job), gt_print("\n");
    lost &= !job;
    free(job);
    if (!st) st = path ? inspect_log(path, dir, &other) : GT_NOMEM;
    free(path);
    if (!st) st = cli_check_checkpoint(o, dir, &file);
    if (!st && !file && lost) st = gt_fail(GT_FAILED, "'%s' cannot be read: its logs are damaged", dir);
    if (!st) gt_print("%s\n", file ? "" : "no checkpoint yet");
    if (!st && file) st = print_checkpoint(o, file);
    if (!st && file) st = cli_print_layers(o, file);
    free(file);
    return st;
}
