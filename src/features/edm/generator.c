/* SPDX-License-Identifier: Apache-2.0
 * The generator of a denoiser: a graph of one evaluation, which runs in a loop (gt_graph_repeat) along the course from
 * noise to pictures (sampling.h). With guidance each evaluation is two turns, with labels and conditions and without.
 * The latent is a picture: noise in the channels that are made, and the conditions, which stay as they are. */
#include <math.h>
#include <string.h>

#include "graph/door/ops.h"
#include "base/door/random.h"
#include "features/edm/edm.h"

typedef struct way { /* what the loop reads */
    gt_sampling sampling;
    gt_solver sampler;
    float guidance; /* 1: none */
    bool starts;    /* from pictures */
    bool regression;
    bool drops_labels, drops_conditions; /* the evaluation without, as it was in training */
    int n, labels;
    size_t floats, all;         /* that are made: of a picture, of all */
    size_t pixels, made, given; /* pixels of all pictures; channels: those that are made, and conditions */
} way;

typedef struct place { /* where a run is */
    gt_course course;
    float *labels, *conditions; /* as they were given */
    float *with_labels;         /* the network's result with them */
    float *x;                   /* room for what is made of all pictures */
} place;

static size_t state_bytes(const way *w) {
    return sizeof(place) + 3 * w->all * sizeof(double) +
           (2 * w->all + w->pixels * w->given + (size_t)(w->n * w->labels)) * sizeof(float);
}

static place *place_in(void *state, const way *w) {
    place *p = state;
    double *doubles = (double *)(void *)(p + 1);
    p->course.sampling = &w->sampling;
    p->course.size = w->all;
    p->course.x = doubles;
    p->course.start = doubles + w->all;
    p->course.slope = doubles + 2 * w->all;
    p->with_labels = (float *)(doubles + 3 * w->all);
    p->x = p->with_labels + w->all;
    p->conditions = p->x + w->all;
    p->labels = p->conditions + w->pixels * w->given;
    return p;
}

/* `n` channels of each pixel, from the channels of others of so many: what is made of pictures, or the conditions. */
static void copy_channels(const way *w, size_t n, const float *from, size_t of, float *to, size_t among) {
    for (size_t i = 0; i < w->pixels; i++, from += of, to += among) memcpy(to, from, n * sizeof *to);
}

static float *take(const way *w, const float *pictures, place *p) {
    copy_channels(w, w->made, pictures, w->made + w->given, p->x, w->made);
    return p->x;
}

static void put(const way *w, const place *p, float *pictures) {
    copy_channels(w, w->made, p->x, w->made, pictures, w->made + w->given);
}

static void put_conditions(const way *w, const place *p, float *pictures) {
    copy_channels(w, w->given, p->conditions, w->given, pictures + w->made, w->made + w->given);
}

/* Fresh noise of a picture depends on the picture's number and on the step. */
typedef struct churning {
    const way *w;
    const gt_exec_env *env;
} churning;

static void draw_churn(void *arg, int step, float *to, size_t n) {
    const churning *c = arg;
    gt_exec_env none = {0};
    const gt_exec_env *env = c->env ? c->env : &none;
    (void)n;
    for (int i = 0; i < c->w->n; i++) {
        gt_key key = {env->seed, gt_stream("churn"), (uint32_t)step,
                      gt_draw_number(env, 0, (uint32_t)c->w->n, (uint32_t)i)};
        gt_random_normal(key, to + (size_t)i * c->w->floats, c->w->floats);
    }
}

/* What the network is asked next: x and the level, with labels and conditions or, `plainly`, without. */
static void ask(const way *w, place *p, gt_exec *e, const gt_exec_env *env, bool plainly) {
    float *pictures = gt_exec_input(e, "z"), *level = gt_exec_input(e, "level"), *c = gt_exec_input(e, "c");
    if (plainly) gt_course_input(&p->course, p->x);
    else gt_course_next(&p->course, p->x, draw_churn, &(churning){w, env});
    if (plainly && w->drops_conditions) memset(pictures, 0, w->pixels * (w->made + w->given) * sizeof *pictures);
    else put_conditions(w, p, pictures);
    put(w, p, pictures);
    for (int i = 0; i < w->n; i++) level[i] = (float)p->course.at;
    for (int i = 0; i < w->n * w->labels; i++) c[i] = plainly && w->drops_labels ? 0 : p->labels[i];
}

static void begin(const way *w, place *p, gt_exec *e) {
    const float *z = gt_exec_input(e, "z"), *labels = gt_exec_input(e, "c");
    float *start = p->with_labels; /* nothing else is there yet */
    if (w->labels) memcpy(p->labels, labels, (size_t)(w->n * w->labels) * sizeof *labels);
    copy_channels(w, w->given, z + w->made, w->made + w->given, p->conditions, w->given);
    if (w->starts) memcpy(start, take(w, gt_exec_input(e, "start"), p), w->all * sizeof *start);
    take(w, z, p);
    if (w->regression) memset(p->x, 0, w->all * sizeof *p->x);
    gt_course_begin(&p->course, p->x, w->starts ? start : NULL);
}

static void step(const gt_loop *loop, gt_exec *e, const gt_exec_env *env, int turn, void *state) {
    const way *w = loop->own;
    place *p = place_in(state, w);
    float *image = (float *)(uintptr_t)gt_exec_output(e, "image");
    bool guided = w->guidance != 1, plainly = guided && turn % 2;
    if (turn == 0) begin(w, p, e);
    else if (plainly) memcpy(p->with_labels, take(w, image, p), w->all * sizeof *image);
    else {
        float *made = take(w, image, p);
        for (size_t i = 0; guided && i < w->all; i++) made[i] += w->guidance * (p->with_labels[i] - made[i]);
        gt_course_take(&p->course, made);
    }
    if (turn < loop->turns) {
        ask(w, p, e, env, plainly);
        return;
    }
    for (size_t i = 0; i < w->all; i++) p->x[i] = (float)p->course.x[i];
    put(w, p, image);
    put_conditions(w, p, image);
}

/* What is asked for, else what the job says. */
static gt_status plan_course(const gt_edm *m, const gt_request *r, gt_arena *a, way *w) {
    const gt_edm_options *o = m->options;
    gt_solver sampler = r->steps.sampler != GT_SOLVER_OF_JOB ? r->steps.sampler : o->sampler;
    bool flow = m->denoiser.precond == GT_PRECOND_FLOW, stochastic = sampler == GT_SOLVER_STOCHASTIC,
         consistent = sampler == GT_SOLVER_CONSISTENCY;
    int steps = (int)(r->steps.steps ? r->steps.steps : r->draft ? o->sheet_steps : o->sampler_steps);
    double *levels = gt_arena_array(a, (size_t)steps + 1, sizeof *levels);
    double strength = r->steps.strength > 0 ? r->steps.strength : 1, guidance = o->guidance;
    if (r->steps.guided) guidance = r->steps.guidance;
    gt_status st = levels ? gt_edm_check_sampling(m->job, sampler, guidance) : GT_NOMEM;
    if (st) return st;
    if (w->regression && steps != 1)
        return gt_fail(GT_USAGE, "--steps=%d: a network trained with --loss=regression makes fields in one step",
                       steps);
    if (w->regression) levels[0] = m->denoiser.sigma_data, levels[1] = 0;
    else if (flow) gt_sampling_times(levels, steps);
    else
        gt_sampling_levels(levels, steps,
                           fmax(consistent ? o->sigma_mid : o->sigma_min, gt_denoiser_sigma_min(&m->denoiser)),
                           fmin(o->sigma_max, gt_denoiser_sigma_max(&m->denoiser)), o->sigma_rho);
    int first = (int)((1 - strength) * steps + 0.5);
    w->guidance = (float)guidance;
    w->starts = strength < 1;
    w->sampler = sampler;
    w->sampling = (gt_sampling){.flow = flow,
                                .steps = steps,
                                .levels = levels,
                                .first = first < steps ? first : steps - 1,
                                .second = sampler == GT_SOLVER_EULER || consistent ? 0
                                          : sampler == GT_SOLVER_MIDPOINT          ? 0.5
                                                                                   : 1,
                                .churn = stochastic ? o->churn : 0,
                                .churn_min = o->churn_min,
                                .churn_max = o->churn_max,
                                .churn_noise = o->churn_noise,
                                .consistent = consistent ? w->floats : 0};
    return GT_OK;
}

/* What changes pictures of the same network and latents. */
static const char *words_of(gt_graph *g, const way *w, int turns) {
    static const char *const names[] = {GT_SOLVERS(GT_NAME)};
    gt_arena *a = gt_graph_arena(g);
    return w->guidance == 1
               ? gt_arena_printf(a, "%d evaluations by %s", turns, names[w->sampler])
               : gt_arena_printf(a, "%d evaluations by %s, guidance %g", turns, names[w->sampler], (double)w->guidance);
}

gt_graph *gt_edm_generator(gt_model *m, const gt_request *r) {
    const gt_edm *own = m->own;
    const gt_unet_shape *s = &own->denoiser.unet;
    gt_graph *g = gt_graph_new("generator", m->kernels);
    way *w = g ? gt_arena_alloc(gt_graph_arena(g), sizeof *w) : NULL;
    if (w)
        *w = (way){.n = r->n,
                   .labels = s->labels,
                   .regression = own->rule.regression,
                   .drops_labels = own->options->label_dropout > 0,
                   .drops_conditions = own->options->condition_drop > 0,
                   .pixels = (size_t)r->n * (size_t)(s->height * s->width),
                   .made = (size_t)s->out,
                   .given = (size_t)(m->channels - s->out),
                   .floats = (size_t)(s->height * s->width * s->out)};
    if (w) w->all = (size_t)r->n * w->floats;
    if (!w || plan_course(own, r, gt_graph_arena(g), w)) {
        gt_graph_free(g);
        return NULL;
    }
    gt_forward f = {.graph = g, .bound = {g, m->nets[0], 0}};
    gt_node *z = gt_input(g, "z", GT_SHAPE(r->n, m->z_dim));
    gt_unet_inputs in = {.labels = s->labels ? gt_input(g, "c", GT_SHAPE(r->n, s->labels)) : NULL};
    gt_shape shape = GT_SHAPE(r->n, s->height, s->width, m->channels);
    gt_output(
        g, "image",
        gt_edm_denoise_all(&f, &own->denoiser, gt_reshape(g, z, shape), gt_input(g, "level", GT_SHAPE(r->n)), &in));
    if (w->starts) gt_output(g, "start", gt_input(g, "start", shape));
    int turns = gt_sampling_evaluations(&w->sampling) * (w->guidance != 1 ? 2 : 1);
    gt_graph_repeat(
        g, &(gt_loop){
               .turns = turns, .state_bytes = state_bytes(w), .step = step, .own = w, .words = words_of(g, w, turns)});
    return gt_whole_graph(g, "the ", "generator");
}
