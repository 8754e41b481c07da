/* SPDX-License-Identifier: Apache-2.0
 * Gradients against central differences: see gradcheck.h. */
#include "features/gradcheck/gradcheck.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/memory.h"
#include "base/door/progress.h"
#include "base/door/random.h"
#include "graph/door/graph.h"
#include "networks/model/door/family.h"

/* Steps that are tried, each a quarter of the one before; the first is so many times the rms of the tensor. */
enum { STEPS = 8, NOISE_LINES = 6, NOISE_POINTS = 13 };
static const double first_step = 4;
/* Differences of two steps may disagree by this part of the derivative, besides the noise. */
static const double smooth = 3e-3;
/* A derivative of which this part may be noise is lost. */
static const double lost_part = 0.1;
/* Nothing is concluded from so many standard deviations of the noise: thousands of elements may be looked at. */
static const double sure = 4;
/* The standard deviation of a derivative by try_step(), for a noise and a step of 1: see gradcheck.h. */
static const double richardson_noise = 1.9003;

typedef struct checking {
    gt_phase *phase;
    const gt_slice_input *slice;
    const gt_gradcheck_options *options;
    const gt_net *net;
    float *block; /* the network's parameters */
    float *gradient;
    gt_graph *with_gradients, *loss_alone;
    gt_exec *exec, *loss;
    gt_loss_terms terms;
    double noise; /* of the loss */
    double value; /* the loss itself */
} checking;

static const char *const ones[] = {GT_SLICE_WEIGHT, NULL};

static void bind(const checking *c, gt_exec *e) {
    const gt_model *m = c->phase->model;
    for (int i = 0; i < m->n_nets; i++) gt_exec_bind(e, i, m->blocks[i]);
    gt_exec_bind(e, GT_SLOT_GRAD, c->gradient);
}

/* Decisions stay as they are at the base. */
static void write_held(const checking *c) {
    for (int i = 0; i < c->terms.n_held; i++) {
        const char *name = c->terms.held[i];
        float *to = gt_exec_input(c->loss, name);
        if (to) memcpy(to, gt_exec_output(c->exec, name), gt_exec_output_size(c->exec, name) * sizeof *to);
    }
}

static gt_status run_phase(const checking *c, gt_exec *e, bool held) {
    gt_exec_env env = {.seed = c->slice->seed, .step = c->slice->step, .sample0 = c->slice->sample0};
    gt_status st = c->phase->prepare ? c->phase->prepare(c->phase, e) : GT_OK;
    if (held) write_held(c);
    if (!st) st = gt_exec_prepare(e, &env);
    if (!st) st = c->phase->fill(c->phase, e, c->slice);
    float *weight = st ? NULL : gt_exec_input(e, GT_SLICE_WEIGHT);
    if (weight) *weight = 1;
    if (held) write_held(c);
    return st ? st : gt_exec_run(e, &env);
}

static gt_status loss_of(const checking *c, double *loss) {
    gt_status st = run_phase(c, c->loss, true);
    *loss = 0;
    for (int i = 0; i < c->terms.n && !st; i++) {
        const float *x = gt_exec_output(c->loss, c->terms.output[i]);
        size_t n = gt_exec_output_size(c->loss, c->terms.output[i]);
        double sum = 0;
        for (size_t k = 0; k < n; k++) sum += (double)x[k];
        *loss += c->terms.factor[i] * sum;
    }
    gt_progress();
    return st;
}

static gt_status open_all(checking *c, gt_pool *pool) {
    int n = c->slice->n;
    gt_exec_options o = {.pool = pool};
    c->gradient = gt_block_alloc(c->net->block_floats * sizeof *c->gradient, "a gradient");
    c->with_gradients = c->phase->build(c->phase, n);
    c->loss_alone = c->with_gradients ? c->phase->build(c->phase, n) : NULL;
    if (!c->gradient || !c->loss_alone) return GT_FAILED;
    gt_status st = gt_loss_alone(c->with_gradients, c->loss_alone, ones, &c->terms);
    if (st) return st;
    c->exec = gt_exec_new(c->with_gradients, &o);
    c->loss = c->exec ? gt_exec_new(c->terms.graph, &o) : NULL;
    if (!c->loss) return GT_FAILED;
    bind(c, c->exec);
    bind(c, c->loss);
    st = run_phase(c, c->exec, false);
    return st ? st : loss_of(c, &c->value);
}

static void close_all(checking *c) {
    gt_exec_free(c->exec);
    gt_exec_free(c->loss);
    gt_graph_free(c->with_gradients);
    gt_graph_free(c->loss_alone);
    gt_block_free(c->gradient, c->net->block_floats * sizeof *c->gradient);
}

/* ---- noise ---- */

static double rms(const float *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return n ? sqrt(sum / (double)n) : 0;
}

static const double least_size = 1e-3; /* of a tensor's numbers */

static double size_of(const checking *c, const gt_tensor *t) {
    return fmax(rms(c->block + t->offset, t->size), least_size);
}

/* A line through the base on which each parameter moves by steps of at most 1e-4 of its tensor's size. */
static void draw_line(const checking *c, uint32_t number, const float *base, float *line) {
    for (int k = 0; k < c->net->n_tensors; k++) {
        const gt_tensor *t = &c->net->tensors[k];
        double step = 1e-4 * fmax(rms(base + t->offset, t->size), least_size);
        gt_key key = {.seed = 1, .stream = gt_stream(t->name), .sample = number};
        if (!t->trainable) continue;
        gt_random_uniform(key, line + t->offset, t->size);
        for (size_t i = 0; i < t->size; i++)
            line[t->offset + i] = (float)(step * (2 * (double)line[t->offset + i] - 1));
    }
}

/* The squares of the differences of fourth order along a line. */
static gt_status add_squares(checking *c, const float *base, const float *line, double *sum) {
    double f[NOISE_POINTS];
    gt_status st = GT_OK;
    for (int p = 0; p < NOISE_POINTS && !st; p++) {
        for (size_t i = 0; i < c->net->block_floats; i++)
            c->block[i] = base[i] + (float)(p - NOISE_POINTS / 2) * line[i];
        st = loss_of(c, &f[p]);
    }
    for (int order = 1; order <= 4 && !st; order++)
        for (int p = 0; p + order < NOISE_POINTS; p++) f[p] = f[p + 1] - f[p];
    for (int p = 0; p + 4 < NOISE_POINTS && !st; p++) *sum += f[p] * f[p];
    return st;
}

/* Neighbouring differences depend on each other: a line counts for three numbers or so, and one alone can be wrong by a
 * factor of two or more. */
static gt_status measure_noise(checking *c) {
    enum { VARIANCE = 70 /* 8! / (4! 4!) */ };
    size_t floats = c->net->block_floats;
    GT_FREED float *base = malloc(floats * sizeof *base), *line = calloc(floats, sizeof *line);
    double sum = 0;
    gt_status st = base && line ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the noise of a loss");
    if (!st) memcpy(base, c->block, floats * sizeof *base);
    for (uint32_t i = 0; i < NOISE_LINES && !st; i++) {
        draw_line(c, i, base, line);
        st = add_squares(c, base, line, &sum);
    }
    if (base && line) memcpy(c->block, base, floats * sizeof *base);
    c->noise = fmax(sqrt(sum / VARIANCE / (NOISE_LINES * (NOISE_POINTS - 4))), fabs(c->value) * 1e-9);
    return st;
}

/* ---- an element ---- */

typedef struct difference {
    double central, second; /* (f+ - f-) / 2h, and (f+ - 2 f + f-) / h */
} difference;

static gt_status differ(checking *c, float *w, double step, difference *d) {
    float base = *w, up = base + (float)step, down = base - (float)step;
    double f[2];
    *w = up;
    gt_status st = loss_of(c, &f[0]);
    *w = down;
    if (!st) st = loss_of(c, &f[1]);
    *w = base;
    double span = (double)up - (double)down;
    d->central = (f[0] - f[1]) / span;
    d->second = (f[0] - 2 * c->value + f[1]) / (span / 2);
    return st;
}

typedef struct found {
    double derivative, noise, step;
    bool smooth;
} found;

/* From steps h and h/2: the derivative by Richardson, and whether both fit a smooth function. The mean of the slopes to
 * both sides and the change of the slope are looked at: a kink in the middle shows in the second alone. */
static gt_status try_step(checking *c, float *w, double gradient, double step, found *out) {
    difference whole, half;
    gt_status st = differ(c, w, step, &whole);
    if (!st) st = differ(c, w, step / 2, &half);
    if (st) return st;
    out->step = step;
    out->derivative = (4 * half.central - whole.central) / 3;
    out->noise = richardson_noise * c->noise / step;
    double bound = smooth * fmax(fabs(out->derivative), fabs(gradient)), spread = sure * out->noise;
    double kink = fabs(whole.second - 2 * half.second) / 4;
    out->smooth = isfinite(out->derivative) && fabs(whole.central - half.central) <= bound + spread &&
                  kink <= bound + 2 * spread;
    return GT_OK;
}

/* A value that is not finite is not noise. */
static bool is_lost(const found *f, double gradient) {
    return isfinite(f->derivative) && sure * f->noise > lost_part * fmax(fabs(f->derivative), fabs(gradient));
}

/* Smaller and smaller steps from `step` on, until the function is smooth there. A step in whose noise the derivative is
 * lost ends the search. */
static gt_status compare_slope(checking *c, float *w, double gradient, double step, found *out) {
    gt_status st = GT_OK;
    for (int i = 0; i < STEPS && !st; i++, step /= 4) {
        found f;
        st = try_step(c, w, gradient, step, &f);
        if (!i || !isfinite(out->derivative) || !is_lost(&f, gradient)) *out = f;
        if (out->smooth || is_lost(&f, gradient)) break;
    }
    return st;
}

/* ---- a tensor ---- */

static bool is_among(const int64_t *chosen, int n, int64_t element) {
    for (int i = 0; i < n; i++)
        if (chosen[i] == element) return true;
    return false;
}

/* Values that are not finite come first. */
static float largeness(float gradient) { return isfinite(gradient) ? fabsf(gradient) : INFINITY; }

static int64_t largest_left(const float *gradient, int64_t size, const int64_t *chosen, int n) {
    int64_t best = -1;
    for (int64_t i = 0; i < size; i++)
        if ((best < 0 || largeness(gradient[i]) > largeness(gradient[best])) && !is_among(chosen, n, i)) best = i;
    return best;
}

/* The first half has the largest gradients, the others are drawn. Returns how many there are. */
static int choose_elements(const checking *c, const gt_tensor *t, int64_t *chosen) {
    int64_t size = (int64_t)t->size;
    int n = c->options->elements < size ? c->options->elements : (int)size;
    gt_key key = {.seed = 1, .stream = gt_stream(t->name), .step = 1};
    for (int i = 0; i < n; i++) {
        float u;
        key.sample = (uint32_t)i;
        gt_random_uniform(key, &u, 1);
        int64_t element = (int64_t)((double)u * (double)size);
        while (is_among(chosen, i, element)) element = (element + 1) % size;
        chosen[i] = i < (n + 1) / 2 ? largest_left(c->gradient + t->offset, size, chosen, i) : element;
    }
    return n;
}

/* The step that suits the tensor, by its element of largest gradient: noise and disagreement of steps are smallest. */
static gt_status choose_step(checking *c, const gt_tensor *t, int64_t element, double *step) {
    double best = INFINITY, h = first_step * size_of(c, t);
    gt_status st = GT_OK;
    *step = h;
    for (int i = 0; i < STEPS && !st; i++, h /= 4) {
        difference whole, half;
        st = differ(c, c->block + t->offset + element, h, &whole);
        if (!st) st = differ(c, c->block + t->offset + element, h / 2, &half);
        double error = fabs(whole.central - half.central) + richardson_noise * c->noise / h;
        if (!st && error < best) best = error, *step = h;
    }
    return st;
}

static void rate_element(gt_gradcheck_tensor *out, const found *f, double gradient, int64_t element) {
    double size = fmax(fabs(f->derivative), fabs(gradient));
    bool finite = isfinite(gradient) && isfinite(f->derivative);
    if (finite && is_lost(f, gradient)) {
        out->lost++;
        return;
    }
    if (finite && !f->smooth) {
        out->kinks++;
        return;
    }
    double apart = finite ? fabs(f->derivative - gradient) / size : INFINITY;
    double error = finite ? fmax(apart - sure * f->noise / size, 0) : INFINITY;
    if (out->checked++ && !gt_gradcheck_is_worse(error, apart, out)) return;
    out->error = error;
    out->apart = apart;
    out->worst_element = element;
    out->gradient = gradient;
    out->difference = f->derivative;
    out->may_be_noise = sure * f->noise;
}

static gt_status check_tensor(checking *c, const gt_tensor *t, gt_gradcheck_tensor *out) {
    GT_FREED int64_t *chosen = malloc((size_t)c->options->elements * sizeof *chosen);
    gt_status st = chosen ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the elements of %s", t->name);
    *out = (gt_gradcheck_tensor){.name = t->name, .elements = st ? 0 : choose_elements(c, t, chosen)};
    if (!st) st = choose_step(c, t, *chosen, &out->step);
    out->noise = richardson_noise * c->noise / out->step;
    for (int i = 0; i < out->elements && !st; i++) {
        found f;
        size_t at = t->offset + (size_t)chosen[i];
        double gradient = (double)c->gradient[at];
        st = compare_slope(c, c->block + at, gradient, out->step, &f);
        if (!st) rate_element(out, &f, gradient, chosen[i]);
    }
    return st;
}

static gt_status copy_sample(void *arg, uint32_t step, uint32_t sample, float *image, float *label) {
    const gt_gradcheck_samples *s = arg;
    (void)step;
    size_t pixels = gt_model_floats(s->model), numbers = (size_t)s->model->label_dim, at = sample % (uint32_t)s->n;
    for (size_t i = 0; i < pixels; i++) image[i] = s->images[at * pixels + i];
    for (size_t i = 0; i < numbers; i++) label[i] = s->labels[at * numbers + i];
    return GT_OK;
}

static void label_of(void *data, int64_t item, float *label) { gt_dataset_label(data, item, label); }

static gt_slice_input slice_of(gt_gradcheck_samples *s) {
    return (gt_slice_input){.n = s->n,
                            .seed = (uint64_t)s->job->seed,
                            .images = s->images,
                            .labels = s->model->label_dim ? s->labels : NULL,
                            .masks = s->masks,
                            .batch = s->n,
                            .augment_p = s->job->gan.augments ? 0.5f : 0,
                            .label_of = label_of,
                            .label_arg = s->data,
                            .items = gt_dataset_get_info(s->data)->count,
                            .sample_of = copy_sample,
                            .sample_arg = s};
}

gt_status gt_gradcheck_phase(gt_phase *p, gt_gradcheck_samples *s, const gt_gradcheck_options *o, gt_arena *arena,
                             void (*each)(void *arg, const gt_gradcheck_tensor *t), void *arg, gt_gradcheck *of) {
    const gt_slice_input slice = slice_of(s);
    checking c = {
        .phase = p, .slice = &slice, .options = o, .net = p->model->nets[p->net], .block = p->model->blocks[p->net]};
    *of = (gt_gradcheck){.tensors = gt_arena_array(arena, (size_t)c.net->n_tensors, sizeof *of->tensors)};
    gt_status st = of->tensors ? open_all(&c, o->pool) : GT_NOMEM;
    if (!st && !isfinite(c.value)) st = gt_fail(GT_NONFINITE, "the loss of phase %s is not a finite number", p->name);
    if (!st) st = measure_noise(&c);
    of->loss = c.value;
    of->noise = c.noise;
    for (int i = 0; i < c.net->n_tensors && !st; i++) {
        const gt_tensor *t = &c.net->tensors[i];
        if (!t->trainable || !strstr(t->name, o->tensors)) continue;
        st = check_tensor(&c, t, &of->tensors[of->n]);
        if (!st && each) each(arg, &of->tensors[of->n]);
        if (!st) of->n++;
    }
    close_all(&c);
    return st;
}

void gt_gradcheck_move(gt_model *m) {
    for (int n = 0; n < m->n_nets; n++)
        for (int i = 0; i < m->nets[n]->n_tensors; i++) {
            const gt_tensor *t = &m->nets[n]->tensors[i];
            float *x = m->blocks[n] + t->offset, *noise = t->trainable ? malloc(t->size * sizeof *noise) : NULL;
            double size = rms(x, t->size), by = size > 0 ? 0.1 * size : 0.05;
            if (noise) gt_random_normal((gt_key){.seed = 1, .stream = gt_stream(t->name), .step = 2}, noise, t->size);
            for (size_t k = 0; noise && k < t->size; k++) x[k] += (float)by * noise[k];
            free(noise);
        }
}
