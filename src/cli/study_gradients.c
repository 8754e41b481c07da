/* SPDX-License-Identifier: Apache-2.0
 * gantry study gradient-variance: score-function estimates of a gradient against reparametrised ones. */
#include <math.h>

#include "cli/study.h"
#include "gantry/figure.h"
#include "gantry/text.h"

static const char *const estimates[] = {[GT_SCORE_FUNCTION] = "score function", [GT_REPARAMETRISED] = "reparametrised"},
                         *const derivatives[] = {
                             [GT_BY_MEAN] = "by the means", [GT_BY_LOG_VARIANCE] = "by the log-variances"};

static gt_status draw(const cli_session *s, const gt_gradient_study *g) {
    double l[GT_GRADIENT_LEVELS];
    gt_curve curves[GT_DERIVATIVES][GT_ESTIMATES];
    gt_panel panels[GT_DERIVATIVES];
    for (int i = 0; i < g->levels; i++) l[i] = exp2(i);
    for (int k = 0; k < GT_DERIVATIVES; k++) {
        for (int c = 0; c < GT_ESTIMATES; c++)
            curves[k][c] = (gt_curve){.label = estimates[c], .n = g->levels, .x = l, .y = g->variance[c][k]};
        panels[k] = (gt_panel){.title = derivatives[k],
                               .x_label = "samples L of an estimate",
                               .y_label = "variance of the gradient",
                               .x_scale = GT_LOG_2,
                               .y_scale = GT_LOG_10,
                               .n_curves = GT_ESTIMATES,
                               .curves = curves[k]};
    }
    return gt_figure_write(cli_out(s, "gradient-variance"), panels, GT_DERIVATIVES, 1);
}

static gt_status write(const cli_session *s, const gt_gradient_study *g, int64_t images) {
    gt_buffer b = {0};
    gt_buffer_printf(&b, "samples,score_mean,reparametrised_mean,score_log_variance,reparametrised_log_variance\n");
    for (int i = 0; i < g->levels; i++) {
        gt_buffer_printf(&b, "%d", 1 << i);
        for (int k = 0; k < GT_DERIVATIVES; k++)
            for (int c = 0; c < GT_ESTIMATES; c++) gt_buffer_printf(&b, ",%.9g", g->variance[c][k][i]);
        gt_buffer_printf(&b, "\n");
    }
    gt_status st = study_write(s, "gradient-variance.csv", &b);
    if (!st) st = draw(s, g);
    if (st) return st;
    printf("%lld image%s; variance of the gradient, summed over the latent, with one sample:\n", (long long)images,
           gt_plural(images));
    for (int k = 0; k < GT_DERIVATIVES; k++)
        printf("  %-22s score function %.6g, reparametrised %.6g: %.4g times as large\n", derivatives[k],
               g->variance[GT_SCORE_FUNCTION][k][0], g->variance[GT_REPARAMETRISED][k][0],
               g->variance[GT_SCORE_FUNCTION][k][0] / g->variance[GT_REPARAMETRISED][k][0]);
    printf("%s, beside gradient-variance.svg and gradient-variance.csv\n", cli_out(s, "gradient-variance.png"));
    return GT_OK;
}

gt_status study_gradients_all(cli_encoding *e, gt_latent_loss *l, int64_t images) {
    const study_fields *f = e->session->fields;
    gt_gradient_study g;
    gt_status st = gt_study_gradients_all(e->comm, l, e->data, images, (int)f->samples, (uint64_t)f->seed, &g);
    if (!st && !e->comm->rank) st = write(e->session, &g, images);
    return gt_comm_agree_all(e->comm, st);
}
