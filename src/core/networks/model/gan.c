/* SPDX-License-Identifier: Apache-2.0
 * What adversarial models share. */
#include "networks/model/door/gan.h"

#include <string.h>

#include "graph/door/ops.h"
#include "base/door/random.h"
#include "networks/nets/door/layers.h"

void gt_gan_write(gt_exec *e, const char *input, const float *values, size_t n) {
    float *to = gt_exec_input(e, input);
    if (to) memcpy(to, values, n * sizeof *values);
}

void gt_gan_write_labels(gt_exec *e, const gt_phase *p, const gt_slice_input *s, int n) {
    float *to = gt_exec_input(e, "gen_c");
    gt_key key = {.seed = s->seed, .stream = gt_stream(gt_text_of("gen_c/%s", p->name).s), .step = s->step};
    for (int i = 0; to && i < n; i++) {
        key.sample = s->sample0 + (uint32_t)i;
        s->label_of(s->label_arg, gt_random_below(key, 0, (uint32_t)s->items),
                    to + (size_t)i * (size_t)p->model->label_dim);
    }
}

void gt_gan_write_reals(gt_exec *e, const gt_phase *p, const gt_slice_input *s) {
    const gt_model *m = p->model;
    gt_gan_write(e, "images", s->images, (size_t)s->n * gt_model_floats(m));
    if (m->label_dim) gt_gan_write(e, "real_c", s->labels, (size_t)s->n * (size_t)m->label_dim);
}

/* ---- what D sees ---- */

gt_node *gt_gan_augment(gt_graph *g, const gt_augment_config *c, const char *phase, const char *which,
                        gt_node *images) {
    return gt_augment_any(c) ? gt_augment(g, c, gt_text_of("aug/%s/%s", phase, which).s, images) : images;
}

void gt_gan_write_augmentation(gt_exec *e, const gt_phase *p, const gt_slice_input *s, const gt_augment_config *c,
                               const char *which) {
    if (!gt_augment_any(c)) return;
    gt_text prefix = gt_text_of("aug/%s/%s", p->name, which);
    gt_augment_source source = gt_augment_random(s->seed, prefix.s, s->step, s->sample0);
    const gt_model *m = p->model;
    gt_augment_fill(c, e, prefix.s, &source, s->augment_p, GT_SHAPE(s->n, m->height, m->width, m->channels));
}

void gt_gan_report(gt_graph *g, const char *which, gt_node *scores) {
    gt_output(g, gt_text_of("Loss/scores/%s", which).s, scores);
    gt_output(g, gt_text_of("Loss/signs/%s", which).s, gt_sign(g, scores));
}

/* ---- making a model ---- */

gt_status gt_gan_add_phase(gt_model *m, gt_phase phase, const char *const *stats, const bool *counts) {
    gt_stat *list = gt_arena_array(m->arena, (size_t)phase.n_stats, sizeof *list);
    if (!list) return GT_NOMEM;
    for (int i = 0; i < phase.n_stats; i++)
        list[i] = (gt_stat){.name = stats[i], .output = stats[i], .counts = counts && counts[i]};
    phase.model = m;
    phase.stats = list;
    m->phases[m->n_phases++] = phase;
    return GT_OK;
}
