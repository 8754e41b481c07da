/* SPDX-License-Identifier: Apache-2.0
 * loss, loss_cond: each training phase from the same state - statistics, gradients, states. */
#include <string.h>

#include "phase.h"

typedef struct check {
    const char *group;
    gold_phase *phase;
} check;

/* A dataset of PHASE/out: a statistic, or a state which by now is in its place. */
static void check_output(gold *f, const char *name, void *arg) {
    const check *c = arg;
    gt_model *m = c->phase->phase->model;
    const char *path = gold_path(f, "%s/out/%s", c->group, name);
    const gt_tensor *average = gt_net_find(m->nets[0], "mapping.w_avg");
    size_t n = 1;
    const float *values;
    if (!strcmp(name, "w_avg") && average) values = m->blocks[0] + average->offset, n = average->size;
    else if (!strcmp(name, "pl_mean")) values = m->scalars[0].place;
    else values = gold_phase_stat(c->phase, name, &n);
    gold_check(f, path, GOLD_PLAIN, values, n, 0);
}

static void check_gradients(gold *f, const char *group, const gold_phase *p) {
    const gt_net *net = p->phase->model->nets[p->phase->net];
    for (int i = 0; i < net->n_tensors; i++) {
        const gt_tensor *t = &net->tensors[i];
        if (t->trainable)
            gold_check(f, gold_path(f, "%s/grad/%s", group, t->name), gold_order_of(t), p->grads + t->offset, t->size,
                       0);
    }
}

static const float *input(gold *f, const char *name, gold_order order) {
    const char *path = gold_path(f, "in/%s", name);
    return gold_has(f, path) ? gold_read(f, path, order, NULL) : NULL;
}

static void run_group(gold *f, const char *group, json_t *c) {
    const char *name = gold_text(c, "phase", group), *augment = gold_text(c, "augment", NULL);
    bool mixes = gold_get(c, "style_mixing_cutoff") != NULL;
    gold_training training = gold_training_of(f, f->config, gold_text(f->config, "noise_mode", "const"));
    static const char *const pipes[] = {GT_AUGPIPES(GT_NAME)};
    for (int i = 0; i <= GT_AUGPIPE_BGCFNC && augment; i++)
        if (!strcmp(augment, pipes[i])) training.augment = gt_augment_preset((gt_augpipe)i);
    training.options.style_mixing = mixes ? 1 : 0;
    training.reg_interval[0] = training.reg_interval[1] = gold_int(c, "gain", 1);
    gt_model *m = gold_model(f, &training);
    gold_phase p;
    if (m && gold_phase_open(f, &p, m, &training, name)) {
        *m->scalars[0].place = (float)gold_number(f->config, "pl_mean", 0);
        gold_inputs in = {.z = input(f, "gen_z", GOLD_PLAIN),
                          .z_mix = input(f, "mix_z", GOLD_PLAIN),
                          .gen_c = input(f, "gen_c", GOLD_PLAIN),
                          .images = input(f, "real_img", GOLD_IMAGE),
                          .real_c = input(f, "real_c", GOLD_PLAIN),
                          .pl_noise = input(f, "pl_randn", GOLD_IMAGE),
                          .mix_cutoff = gold_int(c, "style_mixing_cutoff", 0),
                          .percentile = (float)gold_number(c, "debug_percentile", 0)};
        gold_phase_run(f, &p, &in);
        gold_each(f, gold_path(f, "%s/out", group), check_output, &(check){group, &p});
        check_gradients(f, group, &p);
        gold_phase_close(&p);
    }
    gt_model_free(m);
}

void gold_loss(gold *f) {
    const char *group;
    json_t *c;
    json_object_foreach(gold_get(f->config, "phases"), group, c) run_group(f, group, c);
}
