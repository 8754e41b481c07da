/* SPDX-License-Identifier: Apache-2.0
 * gantry latent: which dimensions are shown, and what the decoder makes of latents along them. */
#include <stdlib.h>

#include "cli/decoding.h"
#include "cli/latent.h"
#include "gantry/mathfn.h"

enum { MOST_SHOWN = 16, MOST_GIVEN = 64, MOST_VALUES = 64, SCALE_VALUES = 9 };

/* ---- dimensions ---- */

typedef struct ranked {
    double divergence;
    int dim;
} ranked;

static int order(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->divergence != y->divergence) return x->divergence > y->divergence ? -1 : 1;
    return (x->dim > y->dim) - (x->dim < y->dim);
}

static void measure(const cli_encoding *e, int d, ranked *all) {
    int64_t n = e->info->count;
    for (int64_t i = 0; i < n * d; i++) {
        double m = e->all.latent[i], v = e->all.log_variance[i];
        all[i % d].divergence += (m * m + gt_exp(v) - v - 1) / 2 / (double)n;
    }
}

static gt_status read_dims(const cli_session *s, int d, int64_t **list, int64_t *n) {
    const char *text = ((const latent_fields *)s->fields)->dims;
    *n = 0;
    gt_status st = *text ? gt_parse_range_list(s->arena, "--dims", text, MOST_GIVEN, list, n) : GT_OK;
    for (int64_t i = 0; i < *n && d && !st; i++)
        if ((*list)[i] >= d) st = gt_fail(GT_USAGE, "--dims=%s: the latents have the dimensions 0 to %d", text, d - 1);
    return st;
}

gt_status latent_choose_dims(const cli_session *s, const cli_encoding *e, int d, latent_dims *out) {
    int64_t *list = NULL, given;
    gt_status st = read_dims(s, d, &list, &given);
    int n = given ? (int)given : d < MOST_SHOWN ? d : MOST_SHOWN;
    bool known = e && e->all.log_variance;
    ranked *all = gt_arena_array(s->arena, (size_t)d, sizeof *all);
    int *dim = gt_arena_array(s->arena, (size_t)n, sizeof *dim);
    double *divergence = gt_arena_array(s->arena, (size_t)n, sizeof *divergence);
    if (st || !all || !dim || !divergence) return st ? st : GT_NOMEM;
    for (int k = 0; k < d; k++) all[k].dim = k;
    if (known) measure(e, d, all);
    if (!given) qsort(all, (size_t)d, sizeof *all, order);
    for (int k = 0; k < n; k++) {
        const ranked *r = &all[given ? (int)list[k] : k];
        dim[k] = r->dim;
        divergence[k] = r->divergence;
    }
    *out = (latent_dims){n, dim, known ? divergence : NULL};
    return GT_OK;
}

void latent_tell_dims(const latent_dims *dims, int d) {
    if (d == 1) return;
    printf("dimensions in the pictures%s:", dims->divergence ? ", with their divergence from N(0,1)" : "");
    for (int k = 0; k < dims->n; k++) {
        printf("%s %d", k ? "," : "", dims->dim[k]);
        if (dims->divergence) printf(" (%.3g)", dims->divergence[k]);
    }
    printf("%s\n", dims->n < d ? "; --dims chooses others" : "");
}

/* ---- values ---- */

/* Of --scale, evenly from one end to the other, or of --traverse. */
static gt_status read_values(const cli_session *s, const float **values, int *n) {
    const latent_fields *f = s->fields;
    if (f->scale > 0) {
        float *even = gt_arena_array(s->arena, SCALE_VALUES, sizeof *even);
        for (int i = 0; even && i < SCALE_VALUES; i++) even[i] = (float)(f->scale * (2.0 * i / (SCALE_VALUES - 1) - 1));
        *values = even;
        *n = SCALE_VALUES;
        return even ? GT_OK : GT_NOMEM;
    }
    gt_status st = cli_read_numbers(s->arena, "--traverse", f->traverse, values, n);
    return !st && *n > MOST_VALUES ? gt_fail(GT_USAGE, "--traverse takes at most %d numbers", MOST_VALUES) : st;
}

gt_status latent_check_options(cli_session *s) {
    const latent_fields *f = s->fields;
    const float *values;
    int64_t *list, n_dims;
    int n;
    if (f->scale > 0 && gt_options_state(&s->options, "traverse") == GT_OPTION_GIVEN)
        return gt_fail(GT_USAGE, "--scale=%g and --traverse=%s: only one of them", f->scale, f->traverse);
    gt_status st = read_dims(s, 0, &list, &n_dims);
    return st ? st : read_values(s, &values, &n);
}

/* ---- pictures ---- */

typedef const char *words[SHEET_LINES];

/* Rows of one dimension each, the others 0. */
gt_status latent_draw_traversal(const cli_session *s, const latent_dims *dims, gt_generator *g, const float *label) {
    const float *values;
    int n;
    size_t d = (size_t)gt_generator_model(g)->z_dim;
    gt_status st = read_values(s, &values, &n);
    if (st) return st;
    float *z = gt_arena_array(s->arena, (size_t)(dims->n * n), d * sizeof *z);
    words *under = gt_arena_array(s->arena, (size_t)(dims->n * n), sizeof *under);
    if (!z || !under) return GT_NOMEM;
    for (int i = 0; i < dims->n * n; i++) {
        int dim = dims->dim[i / n];
        z[(size_t)i * d + (size_t)dim] = values[i % n];
        under[i][0] = gt_arena_printf(s->arena, "z%d = %.4g", dim, (double)values[i % n]);
    }
    return cli_draw_decoded(g,
                            &(cli_decoded){.n = dims->n * n,
                                           .z = z,
                                           .columns = n,
                                           .title = "one dimension moved, the others 0",
                                           .words = under,
                                           .label = label},
                            cli_out(s, "traversal.png"));
}

/* Bilinear between the latents of four images, one in each corner. */
gt_status latent_draw_interpolation(const cli_encoding *e, const latent_dims *dims, gt_generator *g,
                                    const float *label) {
    const cli_session *s = e->session;
    int64_t n = ((const latent_fields *)s->fields)->interpolate, count = e->info->count, d = e->model->z_dim;
    float *z = gt_arena_array(s->arena, (size_t)(n * n), (size_t)d * sizeof *z);
    words *under = gt_arena_array(s->arena, (size_t)(n * n), sizeof *under);
    if (!z || !under) return GT_NOMEM;
    const float *corner[4];
    for (int k = 0; k < 4; k++) corner[k] = e->all.latent + count * k / 4 * d;
    for (int64_t y = 0; y < n; y++)
        for (int64_t x = 0; x < n; x++) {
            float u = (float)x / (float)(n - 1), v = (float)y / (float)(n - 1), *to = z + (y * n + x) * d;
            for (int64_t i = 0; i < d; i++)
                to[i] = (1 - v) * ((1 - u) * corner[0][i] + u * corner[1][i]) +
                        v * ((1 - u) * corner[2][i] + u * corner[3][i]);
            for (int k = 0; k < SHEET_LINES && k < dims->n; k++)
                under[y * n + x][k] = gt_arena_printf(s->arena, "z%d = %.2f", dims->dim[k], (double)to[dims->dim[k]]);
        }
    const char *title = gt_arena_printf(s->arena, "between images %lld, %lld, %lld and %lld of the data", 0LL,
                                        (long long)(count / 4), (long long)(count * 2 / 4), (long long)(count * 3 / 4));
    return cli_draw_decoded(
        g, &(cli_decoded){.n = n * n, .z = z, .label = label, .columns = (int)n, .title = title, .words = under},
        cli_out(s, "interpolation.png"));
}
