/* SPDX-License-Identifier: Apache-2.0
 * Random numbers as nodes: sample i of a slice has the numbers of (seed, stream, step, gt_draw_number(i)),
 * whoever computes it. */
#include "base/door/random.h"

#include "base/door/pool.h"
#include "graph/door/ops.h"
#include "graph/door/op.h"
#include "graph/ops/joined.h"

typedef struct random_attr {
    gt_shape shape;
    uint32_t stream;
    uint32_t layer;     /* of gt_draw_number() */
    uint32_t per_slice; /* rows of the first dimension that belong to a slice */
} random_attr;

static gt_status random_shape(gt_node *n) {
    const random_attr *attr = n->attr;
    if (attr->shape.n < 1) return gt_fail(GT_USAGE, "random numbers need a shape with samples as its first dimension");
    n->shape = attr->shape;
    return GT_OK;
}

typedef struct random_job {
    const gt_run *run;
    void (*draw)(gt_key k, float *out, size_t n);
    size_t per_sample;
} random_job;

static void random_tile(void *arg, int tile, int worker) {
    (void)worker;
    const random_job *job = arg;
    const gt_exec_env *env = job->run->env;
    const random_attr *attr = job->run->node->attr;
    uint32_t row = (uint32_t)tile, slice = row / attr->per_slice;
    uint32_t number = gt_draw_number(env, attr->layer, attr->per_slice, row % attr->per_slice);
    gt_key key = {env->seed, attr->stream, env->step, number + slice * env->slice_samples};
    job->draw(key, job->run->out + (size_t)tile * job->per_sample, job->per_sample);
}

static void draw(const gt_run *r, void (*fn)(gt_key, float *, size_t)) {
    const gt_shape *s = &r->node->shape;
    random_job job = {r, fn, (size_t)(gt_shape_size(s) / s->d[0])};
    gt_pool_run(r->pool, (int)s->d[0], random_tile, &job);
}

static void run_normal(const gt_run *r) { draw(r, gt_random_normal); }
static void run_uniform(const gt_run *r) { draw(r, gt_random_uniform); }

static void cost_of(const gt_node *n, double per_number, double *flops, double *bytes) {
    double size = (double)gt_shape_size(&n->shape);
    *flops = per_number * size;
    *bytes = size * sizeof(float);
}

/* Box-Muller: a logarithm, a root, a sine or cosine for each number, apart from Philox's integer work. */
static void cost_normal(const gt_node *n, double *flops, double *bytes) { cost_of(n, 50, flops, bytes); }
static void cost_uniform(const gt_node *n, double *flops, double *bytes) { cost_of(n, 1, flops, bytes); }

static gt_node *joined(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    (void)shared;
    random_attr attr = *(const random_attr *)n->attr;
    attr.shape = gt_joined_shape(&n->shape, slices);
    return gt_node_new(g, n->op, 0, in, &attr, sizeof attr);
}

const gt_op gt_op_random_normal = {.name = "random_normal",
                                   .shape = random_shape,
                                   .not_differentiable = true,
                                   .run = run_normal,
                                   .cost = cost_normal,
                                   .joined = joined,
                                   .impure = true};
const gt_op gt_op_random_uniform = {.name = "random_uniform",
                                    .shape = random_shape,
                                    .not_differentiable = true,
                                    .run = run_uniform,
                                    .cost = cost_uniform,
                                    .joined = joined,
                                    .impure = true};

static gt_node *random_node(gt_graph *g, const gt_op *op, const char *stream, int layer, gt_shape shape) {
    random_attr attr = {
        .stream = gt_stream(stream), .layer = (uint32_t)layer, .per_slice = shape.n > 0 ? (uint32_t)shape.d[0] : 0};
    gt_shape_store(&attr.shape, &shape);
    return gt_node_new(g, op, 0, NULL, &attr, sizeof attr);
}

gt_node *gt_random_normal_op(gt_graph *g, const char *stream, gt_shape shape) {
    return gt_random_normal_in(g, stream, 0, shape);
}
gt_node *gt_random_normal_in(gt_graph *g, const char *stream, int layer, gt_shape shape) {
    return random_node(g, &gt_op_random_normal, stream, layer, shape);
}
gt_node *gt_random_uniform_op(gt_graph *g, const char *stream, gt_shape shape) {
    return random_node(g, &gt_op_random_uniform, stream, 0, shape);
}
