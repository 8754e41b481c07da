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

/* What --recon makes the loss of an image. */
static const struct {
    const char *recon, *name;
} kinds[] = {{"mse", "squared error"}, {"bce", "cross-entropy"}, {"normal", "-log of a normal density"}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int kind_in(const char *job) {
    for (int i = KINDS - 1; i > 0; i--)
        if (is_value(job, "recon", kinds[i].recon)) return i;
    return 0;
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
                               .recon = kinds[kind_in(job)].recon,
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

static void tell_sentence(compare_tell *tell, void *arg, gt_buffer *sentence) {
    gt_buffer_add(sentence, "", 1);
    if (!sentence->failed) tell(arg, sentence->data);
    gt_buffer_free(sentence);
}

/* `before`, the names and `after`; nothing where there are no names. */
static void say(compare_tell *tell, void *arg, const char *before, words *names, const char *after) {
    gt_buffer sentence = {0};
    gt_buffer_add(&names->text, "", 1);
    if (names->n && !names->text.failed) {
        gt_buffer_printf(&sentence, "%s%s%s", before, names->text.data, after);
        tell_sentence(tell, arg, &sentence);
    }
    gt_buffer_free(&names->text);
}

/* "Reconstruction is squared error of a, b, and cross-entropy of c: they do not compare" */
static void say_kinds(compare_tell *tell, void *arg, words of[KINDS]) {
    gt_buffer sentence = {0};
    int some = 0, said = 0;
    for (int i = 0; i < KINDS; i++) some += of[i].n > 0;
    gt_buffer_printf(&sentence, "Reconstruction is ");
    for (int i = 0; i < KINDS; i++) {
        gt_buffer_add(&of[i].text, "", 1);
        if (of[i].n && !of[i].text.failed)
            gt_buffer_printf(&sentence, "%s%s of %s",
                             !said++        ? ""
                             : said == some ? ", and "
                                            : ", ",
                             kinds[i].name, of[i].text.data);
        gt_buffer_free(&of[i].text);
    }
    gt_buffer_printf(&sentence, ": not comparable");
    if (some > 1) tell_sentence(tell, arg, &sentence);
    else gt_buffer_free(&sentence);
}

void compare_tell_units(gt_stats *const *stats, const char *const *dirs, int n, compare_tell *tell, void *arg) {
    words means = {.n = 0}, unknown = {.n = 0}, of_kind[KINDS] = {{.n = 0}};
    char name[GT_NAME_BYTES];
    for (int i = 0; i < n; i++) {
        gt_reductions r;
        if (!gt_stats_find(stats[i], "Loss/reconstruction") || gt_reductions_read(dirs[i], &r) || !r.any) continue;
        compare_name(dirs, n, i, name);
        bool pixels = r.mean_pixels, latent = r.mean_latent && gt_stats_find(stats[i], "Loss/KL");
        bool dark = (pixels && !(r.pixels > 0)) || (latent && !(r.latent > 0));
        if (pixels || latent) add_name(dark ? &unknown : &means, name);
        for (int k = 0; k < KINDS; k++)
            if (!strcmp(r.recon, kinds[k].recon)) add_name(&of_kind[k], name);
    }
    say(tell, arg, "Reconstruction and KL are sums over the pixels and the latent of an image; the log of ", &means,
        " has means");
    say(tell, arg, "Reconstruction or KL of ", &unknown,
        " is a mean, but the folder does not record the number of pixels");
    say_kinds(tell, arg, of_kind);
}
