/* SPDX-License-Identifier: Apache-2.0
 * A denoiser as a model of the training loop: one network, one phase. */
#include <math.h>
#include <string.h>

#include "networks/model/door/family.h"
#include "features/edm/edm.h"

/* ---- the phase ---- */

static gt_graph *build_phase(gt_phase *p, int n) {
    const gt_edm *own = p->model->own;
    if (own->denoiser.precond == GT_PRECOND_VP || own->denoiser.precond == GT_PRECOND_VE) {
        gt_fail(GT_USAGE,
                "--precond=%s: Gantry makes pictures with such networks of EDM's program but does not train them; to "
                "train their tensors further, give --precond=edm",
                gt_precond_names[own->options->precond]);
        return NULL;
    }
    gt_graph *g = gt_graph_new(p->name, p->model->kernels);
    if (!g) return NULL;
    gt_edm_phase(own, p->model->nets[0], g, n);
    return gt_whole_graph(g, "phase ", p->name);
}

static void write_augmented(gt_exec *e, const gt_edm *own, const gt_slice_input *s) {
    const gt_unet_shape *u = &own->denoiser.unet;
    int channels = (int)own->job->channels;
    gt_shape shape = GT_SHAPE(s->n, u->height, u->width, channels);
    gt_augment_source source = gt_augment_random(s->seed, GT_EDM_AUGMENT, s->step, s->sample0);
    size_t each = (size_t)(u->height * u->width * channels);
    float *pictures = gt_exec_input(e, "images"), *numbers = gt_exec_input(e, GT_EDM_NUMBERS);
    for (int i = 0; i < s->n; i++) {
        gt_told told = gt_told_draw(&own->pipe, &source, i, &shape);
        gt_told_move(&told, s->images + (size_t)i * each, u->height, u->width, channels, pictures + (size_t)i * each);
        memcpy(numbers + i * u->augment, told.numbers, (size_t)u->augment * sizeof *numbers);
        gt_augment_put(&own->config, e, GT_EDM_AUGMENT, &told.params, i, shape);
    }
}

static gt_status fill(gt_phase *p, gt_exec *e, const gt_slice_input *s) {
    const gt_model *m = p->model;
    const gt_edm *own = m->own;
    if (own->denoiser.unet.augment) write_augmented(e, own, s);
    else gt_gan_write(e, "images", s->images, (size_t)s->n * gt_model_floats(m));
    if (m->label_dim) gt_gan_write(e, "c", s->labels, (size_t)s->n * (size_t)m->label_dim);
    if (own->stages.n) *gt_exec_input(e, GT_EDM_GAP) = (float)gt_stages_gap(&own->stages, s->shown);
    return GT_OK;
}

enum { GT_STATS = 1 + GT_EDM_BINS }; /* regression has no levels to tell apart */

static gt_status add_phase(gt_model *m) {
    static const gt_stat stats[] = {{.name = "Loss/loss", .output = "Loss/loss"},
                                    {"Loss/level1", "Loss/levels", 0, GT_EDM_BINS, false},
                                    {"Loss/level2", "Loss/levels", 1, GT_EDM_BINS, false},
                                    {"Loss/level3", "Loss/levels", 2, GT_EDM_BINS, false},
                                    {"Loss/level4", "Loss/levels", 3, GT_EDM_BINS, false}};
    m->phases[m->n_phases++] = (gt_phase){.name = "F_main",
                                          .interval = 1,
                                          .build = build_phase,
                                          .fill = fill,
                                          .stats = stats,
                                          .n_stats = gt_edm_regresses(((const gt_edm *)m->own)->job) ? 1 : GT_STATS,
                                          .model = m};
    return GT_OK;
}

/* ---- the model ---- */

static gt_levels_rule rule_of(const gt_edm_options *o, bool regression) {
    if (regression) return (gt_levels_rule){.regression = true};
    if (o->precond != GT_PRECOND_FLOW) return (gt_levels_rule){.mean = o->p_mean, .std = o->p_std, .huber = o->huber};
    return (gt_levels_rule){.mean = o->time_mean, .std = o->time_std, .uniform = o->times == GT_TIMES_UNIFORM};
}

static gt_stages stages_of(const gt_job *job) {
    const gt_edm_options *o = job->own;
    if (!gt_edm_tunes(job)) return (gt_stages){0};
    return (gt_stages){o->stages, (int64_t)fmax(1, round(1000 * o->stage_kimg)), o->stage_factor};
}

static gt_graph *build_denoiser(gt_model *m, const gt_request *r) {
    const gt_edm *own = m->own;
    const gt_unet_shape *s = &own->denoiser.unet;
    gt_graph *g = gt_graph_new("denoiser", m->kernels);
    if (!g) return NULL;
    gt_forward f = {.graph = g, .bound = {g, m->nets[0], 0}};
    gt_unet_inputs in = {.labels = s->labels ? gt_input(g, "c", GT_SHAPE(r->n, s->labels)) : NULL};
    gt_node *x = gt_input(g, "x", GT_SHAPE(r->n, s->height, s->width, m->channels)),
            *level = gt_input(g, "level", GT_SHAPE(r->n));
    gt_output(g, "denoised", gt_edm_denoise_all(&f, &own->denoiser, x, level, &in));
    return gt_whole_graph(g, "the ", "denoiser");
}

gt_status gt_edm_make(gt_model *m, const gt_job *job) {
    static const gt_shown shown[] = {{"Loss/loss", "loss"},
                                     {"Loss/level1", "level 1"},
                                     {"Loss/level2", "2"},
                                     {"Loss/level3", "3"},
                                     {"Loss/level4", "4"}};
    const gt_edm_options *o = job->own;
    gt_denoiser denoiser;
    gt_edm *own = m->own = gt_arena_alloc(m->arena, sizeof *own);
    gt_status st = own ? gt_edm_denoiser(job, &denoiser) : GT_NOMEM;
    if (st) return st;
    *own = (gt_edm){.job = job,
                    .options = o,
                    .denoiser = denoiser,
                    .rule = rule_of(o, gt_edm_regresses(job)),
                    .stages = stages_of(job),
                    .pipe = gt_told_standard(o->augment)};
    own->config = gt_told_config(&own->pipe, (int)job->colours);
    m->epoch_end = GT_EPOCH_RUNS_ON;
    m->shown = shown;
    m->n_shown = own->rule.regression ? 1 : GT_STATS;
    m->loss_stat = "Loss/loss";
    m->in_steps = true;
    m->usual_steps = (gt_steps_wanted){
        .sampler = o->sampler, .steps = (int)o->sampler_steps, .guided = true, .guidance = o->guidance};
    m->reference = gt_edm_reference(m, job->ema_kimg > 0);
    gt_model_add_role(m, (gt_role){.name = m->conditions ? GT_ROLE_CONDITIONAL : GT_ROLE_GENERATOR,
                                   .build = gt_edm_generator,
                                   .inputs = {"z", "c"},
                                   .outputs = {"image"}});
    gt_model_add_role(m, (gt_role){.name = GT_ROLE_DENOISER,
                                   .build = build_denoiser,
                                   .inputs = {"x", "level", "c"},
                                   .outputs = {"denoised"}});
    st = gt_model_add_network(m, gt_unet_net("F", &own->denoiser.unet),
                              gt_job_learning(job, "", job->lrate, 0.9, 0.999, 0.9));
    if (!st && job->ema_kimg > 0) st = gt_model_average(m, 0);
    return st ? st : add_phase(m);
}
