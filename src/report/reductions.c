/* SPDX-License-Identifier: Apache-2.0
 * How an autoencoder's run reduces its losses, and its log in the unit of all runs: sums over an image. What the log
 * does not have, job.ini and the record of the starts say. */
#include <stdlib.h>
#include <string.h>

#include "gantry/rundir.h"
#include "gantry/text.h"
#include "report/compare.h"

/* The value behind "key = " in the text of a job; NULL: there is no such line. */
static const char *value_in(const char *job, const char *key) {
    size_t n = strlen(key);
    for (const char *line = job; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, key, n) && !strncmp(line + n, " = ", 3)) return line + n + 3;
    }
    return NULL;
}

static bool is_value(const char *job, const char *key, const char *value) {
    const char *found = value_in(job, key);
    size_t n = strlen(value);
    return found && !strncmp(found, value, n) && (!found[n] || found[n] == '\n');
}

static double number_in(const char *job, const char *key, double otherwise) {
    const char *found = value_in(job, key);
    return found ? strtod(found, NULL) : otherwise;
}

/* Of "PATH: 100 images 12x12x1, ...", where the path may hold anything: the last such words. */
static bool read_size(const char *fact, int size[3]) {
    bool found = false;
    for (const char *at = fact; (at = strstr(at, ": ")); at++) {
        long long count;
        found |= sscanf(at, ": %18lld image%*[s ]%6dx%6dx%6d", &count, &size[0], &size[1], &size[2]) == 4;
    }
    return found;
}

static bool find_size(const char *dir, int size[3]) {
    gt_starts *s = gt_starts_read(dir);
    bool found = false;
    for (const gt_start_fact *f = s ? s->facts : NULL; f && f->name && !found; f++)
        found = !strcmp(f->name, "data") && read_size(f->text, size);
    gt_starts_free(s);
    return found;
}

gt_status gt_reductions_read(const char *dir, gt_reductions *out) {
    enum { POOLED = 4 };
    char *job;
    int size[3] = {0};
    *out = (gt_reductions){.recon = ""};
    gt_status st = gt_rundir_read(dir, "job.ini", &job);
    if (st || !job) return st;
    if (value_in(job, "recon-pixels")) {
        bool known = find_size(dir, size), codes = is_value(job, "model", "gumbel");
        *out = (gt_reductions){.any = true,
                               .recon = is_value(job, "recon", "bce") ? "bce" : "mse",
                               .mean_pixels = is_value(job, "recon-pixels", "mean"),
                               .mean_batch = is_value(job, "recon-batch", "mean"),
                               .mean_latent = is_value(job, "kl-latent", "mean"),
                               .mean_kl_batch = is_value(job, "kl-batch", "mean"),
                               .pixels = known ? (double)size[0] * size[1] * size[2] : 0,
                               .latent = !codes  ? number_in(job, "z-dim", 0)
                                         : known ? (double)(size[0] / POOLED) * (size[1] / POOLED)
                                                 : 0,
                               .factor = number_in(job, "factor", 1),
                               .beta = number_in(job, "beta", 1),
                               .commitment = number_in(job, "commitment", 0)};
    }
    free(job);
    return GT_OK;
}

/* ---- the unit of a comparison ---- */

static void scale_series(gt_stats *s, const char *end, double factor) {
    for (int i = 0; i < s->n_series; i++) {
        gt_stats_series *series = &s->series[i];
        size_t n = strlen(series->name), m = strlen(end);
        if (strncmp(series->name, "Loss/", 5) || n < m || strcmp(series->name + n - m, end)) continue;
        if (series->name[n - m - 1] != '/' && series->name[n - m - 1] != '_') continue;
        for (int k = 0; k < s->ticks; k++) series->values[k].mean *= factor, series->values[k].std *= factor;
    }
}

void compare_unify(gt_stats *s, const gt_reductions *r) {
    if (r->mean_pixels && r->pixels > 0) scale_series(s, "reconstruction", r->pixels);
    if (r->mean_latent && r->latent > 0) scale_series(s, "KL", r->latent);
}

typedef struct words {
    gt_buffer text;
    int n;
} words;

static void add_name(words *w, const char *name) {
    enum { SHOWN = 4 };
    if (w->n++ < SHOWN) gt_buffer_printf(&w->text, "%s%s", w->n > 1 ? ", " : "", name);
    else if (w->n == SHOWN + 1) gt_buffer_printf(&w->text, ", ...");
}

/* A sentence in three parts, with names between them. */
static void say(compare_tell *tell, void *arg, const char *const parts[3], words *first, words *second) {
    gt_buffer sentence = {0};
    gt_buffer_add(&first->text, "", 1);
    gt_buffer_add(&second->text, "", 1);
    if (first->text.failed || second->text.failed) return;
    gt_buffer_printf(&sentence, "%s%s%s%s%s", parts[0], first->text.data, parts[1], second->text.data, parts[2]);
    gt_buffer_add(&sentence, "", 1);
    if (!sentence.failed) tell(arg, sentence.data);
    gt_buffer_free(&sentence);
}

void compare_tell_units(gt_stats *const *stats, const char *const *dirs, int n, compare_tell *tell, void *arg) {
    words means = {.n = 0}, unknown = {.n = 0}, squares = {.n = 0}, entropies = {.n = 0}, none = {.n = 0};
    char name[GT_NAME_BYTES];
    for (int i = 0; i < n; i++) {
        gt_reductions r;
        if (!gt_stats_find(stats[i], "Loss/reconstruction") || gt_reductions_read(dirs[i], &r) || !r.any) continue;
        compare_name(dirs, n, i, name);
        bool pixels = r.mean_pixels, latent = r.mean_latent && gt_stats_find(stats[i], "Loss/KL");
        bool dark = (pixels && !(r.pixels > 0)) || (latent && !(r.latent > 0));
        if (pixels || latent) add_name(dark ? &unknown : &means, name);
        add_name(*r.recon == 'b' ? &entropies : &squares, name);
    }
    static const char *const
        turned[] = {"Reconstruction and KL are sums over the pixels and the latent of an image; the log of ",
                    " has means", ""},
        *const lost[] = {"Reconstruction or KL of ", " is a mean: the folder does not say of how many pixels", ""},
        *const unlike[] = {"Reconstruction is squared error of ", ", and cross-entropy of ", ": they do not compare"};
    if (means.n) say(tell, arg, turned, &means, &none);
    if (unknown.n) say(tell, arg, lost, &unknown, &none);
    if (squares.n && entropies.n) say(tell, arg, unlike, &squares, &entropies);
    gt_buffer_free(&means.text), gt_buffer_free(&unknown.text);
    gt_buffer_free(&squares.text), gt_buffer_free(&entropies.text), gt_buffer_free(&none.text);
}
