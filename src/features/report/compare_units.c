/* SPDX-License-Identifier: Apache-2.0
 * Logs of autoencoders in the unit of all runs: sums over an image. */
#include <string.h>

#include "run/door/reductions.h"
#include "features/report/compare.h"

/* What --recon makes the loss of an image. */
static const char *const losses[] = {
    [GT_RECON_MSE] = "squared error", [GT_RECON_BCE] = "cross-entropy", [GT_RECON_NORMAL] = "-log of a normal density"};
enum { LOSSES = sizeof losses / sizeof *losses };

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
static void say_kinds(compare_tell *tell, void *arg, words of[LOSSES]) {
    gt_buffer sentence = {0};
    int some = 0, said = 0;
    for (int i = 0; i < LOSSES; i++) some += of[i].n > 0;
    gt_buffer_printf(&sentence, "Reconstruction is ");
    for (int i = 0; i < LOSSES; i++) {
        gt_buffer_add(&of[i].text, "", 1);
        if (of[i].n && !of[i].text.failed)
            gt_buffer_printf(&sentence, "%s%s of %s",
                             !said++        ? ""
                             : said == some ? ", and "
                                            : ", ",
                             losses[i], of[i].text.data);
        gt_buffer_free(&of[i].text);
    }
    gt_buffer_printf(&sentence, ": not comparable");
    if (some > 1) tell_sentence(tell, arg, &sentence);
    else gt_buffer_free(&sentence);
}

void compare_tell_units(gt_stats *const *stats, const char *const *dirs, int n, compare_tell *tell, void *arg) {
    words means = {.n = 0}, unknown = {.n = 0}, of_kind[LOSSES] = {{.n = 0}};
    char name[GT_NAME_BYTES];
    for (int i = 0; i < n; i++) {
        gt_reductions r;
        if (!gt_stats_find(stats[i], "Loss/reconstruction") || gt_reductions_read(dirs[i], &r) || !r.any) continue;
        compare_name(dirs, n, i, name);
        bool pixels = r.mean_pixels, latent = r.mean_latent && gt_stats_find(stats[i], "Loss/KL");
        bool dark = (pixels && !(r.pixels > 0)) || (latent && !(r.latent > 0));
        if (pixels || latent) add_name(dark ? &unknown : &means, name);
        add_name(&of_kind[r.recon], name);
    }
    say(tell, arg, "Reconstruction and KL are sums over the pixels and the latent of an image; the log of ", &means,
        " has means");
    say(tell, arg, "Reconstruction or KL of ", &unknown,
        " is a mean, but the folder does not record the number of pixels");
    say_kinds(tell, arg, of_kind);
}
