/* SPDX-License-Identifier: Apache-2.0
 * gantry study dimensions: what each dimension of an autoencoder's latent is for. */
#include <math.h>

#include "cli/study.h"
#include "gantry/figure.h"

static gt_status draw(const cli_session *s, const gt_dimension *of, int d, bool divergences) {
    int bars = 2 * d - 1; /* every other one is a gap */
    double *edges = gt_arena_array(s->arena, 2 * (size_t)d, sizeof *edges),
           *divergence = gt_arena_array(s->arena, 2 * (size_t)d, sizeof *divergence),
           *rise = gt_arena_array(s->arena, 2 * (size_t)d, sizeof *rise);
    if (!edges || !divergence || !rise) return GT_NOMEM;
    for (int k = 0; k < d; k++) {
        edges[2 * k] = k - 0.4, edges[2 * k + 1] = k + 0.4;
        divergence[2 * k] = of[k].divergence, rise[2 * k] = of[k].rise;
    }
    gt_panel panels[] = {{.title = "divergence from N(0,1)",
                          .x_label = "dimension of the latent",
                          .y_label = "KL in nats",
                          .bars = {bars, edges, divergence}},
                         {.title = "error without the dimension",
                          .x_label = "dimension of the latent",
                          .y_label = "rise of the error of an image",
                          .bars = {bars, edges, rise}}};
    return gt_figure_write(cli_out(s, "dimensions"), divergences ? panels : panels + 1, 1 + divergences, 2);
}

static gt_status write(const cli_session *s, const gt_dimension *of, int d, bool divergences, double error) {
    gt_buffer b = {0};
    gt_buffer_printf(&b, "dimension,mean,%sreconstruction\n", divergences ? "kl," : "");
    for (int k = 0; k < d; k++) {
        gt_buffer_printf(&b, "%d,%.9g,", k, of[k].mean);
        if (divergences) gt_buffer_printf(&b, "%.9g,", of[k].divergence);
        gt_buffer_printf(&b, "%.9g\n", of[k].rise);
    }
    gt_status st = study_write(s, "dimensions.csv", &b);
    if (!st) st = draw(s, of, d, divergences);
    if (!st)
        printf("error of an image, with all %d dimensions: %.6g\n%s, beside dimensions.svg and dimensions.csv\n", d,
               error, cli_out(s, "dimensions.png"));
    return st;
}

gt_status study_dimensions_all(cli_encoding *e, gt_latent_loss *l, int64_t images) {
    const cli_session *s = e->session;
    int d = e->model->latent_size;
    double error = 0;
    gt_dimension *of = gt_arena_array(s->arena, (size_t)d, sizeof *of);
    gt_status st = gt_comm_agree_all(e->comm, of ? GT_OK : GT_NOMEM);
    if (!st) st = gt_study_dimensions_all(e->comm, l, e->data, images, of, &error);
    if (st || e->comm->rank) return gt_comm_agree_all(e->comm, st);
    return gt_comm_agree_all(e->comm, write(s, of, d, isfinite(of->divergence), error));
}
