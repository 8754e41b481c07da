/* SPDX-License-Identifier: Apache-2.0
 * The loss of the autoencoder family. */
#include "features/autoencoder/loss.h"

#include <math.h>

#include "base/door/mathfn.h"
#include "graph/door/ops.h"

gt_node *gt_autoencoder_per_image(gt_graph *g, gt_node *x, bool mean) {
    if (!x) return NULL;
    int64_t n = gt_dim(x, 0);
    gt_node *flat = gt_reshape(g, x, GT_SHAPE(n, -1));
    return gt_reshape(g, mean ? gt_mean(g, flat, GT_AXIS(1)) : gt_sum(g, flat, GT_AXIS(1)), GT_SHAPE(n));
}

/* ((x - mean)^2 / variance + log variance + log 2 pi) / 2: -log of a normal density. */
static gt_node *normal_terms(gt_graph *g, gt_node *squares, gt_node *log_variance) {
    gt_node *scaled = gt_mul(g, squares, gt_exp_op(g, gt_neg(g, log_variance)));
    return gt_scale(g, gt_shift(g, gt_add(g, scaled, log_variance), (float)gt_ln(2 * M_PI)), 0.5f);
}

/* The cross-entropy from the number before the sigmoid: softplus(l) - x l, which no rounding makes infinite. */
gt_node *gt_autoencoder_pixel_terms(const gt_autoencoder *a, gt_graph *g, gt_decoder_output decoded, gt_node *pixels) {
    if (!decoded.pixels || !pixels) return NULL;
    bool bce = a->options->recon == GT_RECON_BCE;
    int64_t n = gt_dim(pixels, 0), draws = gt_dim(decoded.pixels, 0) / n;
    gt_node *made = bce ? decoded.pixels : gt_autoencoder_pixels(g, a->job, decoded),
            *log_variance = decoded.log_variance;
    if (draws > 1) {
        made = gt_reshape(g, made, GT_SHAPE(n, draws, -1));
        pixels = gt_reshape(g, pixels, GT_SHAPE(n, 1, -1));
        if (log_variance) log_variance = gt_reshape(g, log_variance, GT_SHAPE(n, draws, -1));
    }
    if (bce) return gt_sub(g, gt_softplus(g, made), gt_mul(g, pixels, made));
    gt_node *squares = gt_square(g, gt_sub(g, made, pixels));
    return log_variance ? normal_terms(g, squares, log_variance) : squares;
}

gt_node *gt_autoencoder_pixel_loss(const gt_autoencoder *a, gt_graph *g, gt_decoder_output decoded, gt_node *pixels) {
    return gt_autoencoder_per_image(g, gt_autoencoder_pixel_terms(a, g, decoded, pixels), false);
}

gt_node *gt_autoencoder_drawn_loss(const gt_autoencoder *a, gt_graph *g, gt_decoder_output decoded, gt_node *pixels,
                                   int64_t draws, bool mean) {
    gt_node *loss = gt_autoencoder_per_image(g, gt_autoencoder_pixel_terms(a, g, decoded, pixels), mean);
    return mean || draws == 1 ? loss : gt_scale(g, loss, (float)(1.0 / (double)draws));
}

gt_node *gt_autoencoder_kl(gt_graph *g, const gt_encoding *e) {
    if (e->logits) { /* from the uniform distribution over codes: sum q (log q + log K) */
        gt_node *log_q = gt_log_softmax(g, e->logits);
        gt_node *terms = gt_mul(g, gt_exp_op(g, log_q), gt_shift(g, log_q, (float)gt_ln((double)gt_dim(e->logits, 2))));
        return gt_reshape(g, gt_sum(g, terms, GT_AXIS(2)), GT_SHAPE(gt_dim(e->logits, 0), gt_dim(e->logits, 1)));
    }
    if (!e->log_variance) return NULL;
    gt_node *terms = gt_sub(g, gt_shift(g, e->log_variance, 1),
                            gt_add(g, gt_square(g, e->mean), gt_exp_op(g, e->log_variance)));
    return gt_scale(g, terms, -0.5f);
}

gt_reconstruction gt_autoencoder_reconstruct(const gt_autoencoder *a, gt_bound_net b, gt_node *pixels,
                                             gt_node *labels) {
    const gt_job *c = a->job;
    gt_graph *g = b.graph;
    gt_reconstruction r = {.encoding = gt_autoencoder_encode(b, c, pixels, labels)};
    if (!gt_latent_is_discrete(c)) {
        r.latent = r.encoding.mean;
        r.decoded = gt_autoencoder_decode(b, c, r.latent, labels);
        return r;
    }
    gt_node *codes = gt_autoencoder_codes(b, c);
    gt_node *chosen = r.encoding.logits ? gt_one_hot_max(g, r.encoding.logits)
                                        : gt_autoencoder_nearest(g, r.encoding.vectors, codes);
    float *numbers = gt_arena_array(gt_graph_arena(g), (size_t)a->options->codes, sizeof *numbers);
    for (int i = 0; numbers && i < a->options->codes; i++) numbers[i] = (float)i;
    if (!chosen || !numbers) return r;
    gt_node *number = gt_sum(
        g, gt_mul(g, chosen, gt_constant(g, "numbers of codes", GT_SHAPE(1, 1, a->options->codes), numbers)),
        GT_AXIS(2));
    r.latent = gt_reshape(g, number, GT_SHAPE(gt_dim(chosen, 0), gt_dim(chosen, 1)));
    r.decoded = gt_autoencoder_decode(b, c, gt_autoencoder_look_up(g, chosen, codes), NULL);
    return r;
}

/* ---- latents with chance ---- */

/* x [n,...] as [n,1,...], which several draws share; with one draw as it is. */
static gt_node *shared_by_draws(gt_graph *g, gt_node *x, int64_t draws) {
    gt_shape s = *gt_node_shape(x);
    if (draws == 1) return x;
    return gt_reshape(g, x, s.n == 2 ? GT_SHAPE(s.d[0], 1, s.d[1]) : GT_SHAPE(s.d[0], 1, s.d[1], s.d[2]));
}

/* The shape of the numbers that `draws` samples of a latent of this shape need: [n,draws,...]. */
static gt_shape shape_of_draws(const gt_node *x, int64_t draws) {
    gt_shape s = *gt_node_shape(x);
    if (draws == 1) return s;
    return s.n == 2 ? GT_SHAPE(s.d[0], draws, s.d[1]) : GT_SHAPE(s.d[0], draws, s.d[1], s.d[2]);
}

/* [n,draws,...] as [n draws,...] */
static gt_node *one_by_one(gt_graph *g, gt_node *x, int64_t draws) {
    if (!x || draws == 1) return x;
    gt_shape s = *gt_node_shape(x);
    return gt_reshape(g, x, s.n == 3 ? GT_SHAPE(s.d[0] * draws, s.d[2]) : GT_SHAPE(s.d[0] * draws, s.d[2], s.d[3]));
}

gt_node *gt_autoencoder_sample_normal(gt_graph *g, const gt_encoding *e, const char *stream, int64_t draws) {
    if (!e->mean || !e->log_variance) return NULL;
    gt_node *eps = gt_random_normal_op(g, stream, shape_of_draws(e->mean, draws)),
            *log_variance = shared_by_draws(g, e->log_variance, draws);
    gt_node *z = gt_add(g, shared_by_draws(g, e->mean, draws),
                        gt_mul(g, eps, gt_exp_op(g, gt_scale(g, log_variance, 0.5f))));
    return one_by_one(g, z, draws);
}

/* Gumbel noise is -log(-log u); u is kept 2^-21 away from 0 and 1. */
gt_node *gt_autoencoder_gumbel(gt_graph *g, const char *stream, const gt_node *logits, int64_t draws) {
    const float edge = 0x1p-20f;
    if (!logits) return NULL;
    gt_node *u = gt_random_uniform_op(g, stream, shape_of_draws(logits, draws));
    u = gt_shift(g, gt_scale(g, u, 1 - edge), edge / 2);
    return gt_neg(g, gt_log_op(g, gt_neg(g, gt_log_op(g, u))));
}

static gt_node *sample_gumbel(gt_graph *g, const gt_encoding *e, int64_t draws) {
    if (!e->logits) return NULL;
    gt_node *noise = gt_autoencoder_gumbel(g, "gumbel/AE_main", e->logits, draws);
    gt_node *disturbed = gt_add(g, shared_by_draws(g, e->logits, draws), noise);
    return one_by_one(g, gt_softmax(g, gt_div(g, disturbed, gt_input(g, GT_AE_TEMPERATURE, GT_SCALAR))), draws);
}

/* How many different codes a batch uses, as it were: exp of the entropy of their frequencies. */
static void report_perplexity(gt_graph *g, gt_node *weights) {
    if (!weights) return;
    int64_t tokens = gt_dim(weights, 0) * gt_dim(weights, 1);
    gt_node *share = gt_scale(g, gt_sum(g, weights, GT_AXIS(0) | GT_AXIS(1)), (float)(1.0 / (double)tokens));
    gt_node *entropy = gt_neg(g, gt_sum(g, gt_mul(g, share, gt_log_op(g, gt_shift(g, share, 1e-10f))), GT_ALL_AXES));
    gt_output(g, "Codes/perplexity", gt_exp_op(g, entropy));
}

/* Running sums per image of tokens that chose a code, and of their vectors: code = sum / count. A code that has become
 * rare starts again as if it had been met as often as the average code, at a token of a slice (GT_AE_RESTART) chosen by
 * chance. */
static void renew_codes(const gt_autoencoder *a, gt_bound_net b, gt_node *vectors, gt_node *chosen) {
    gt_graph *g = b.graph;
    if (!vectors || !chosen) return;
    int64_t n = gt_dim(vectors, 0), tokens = gt_dim(vectors, 1), k = a->options->codes, d = a->options->code_dim;
    double average = (double)tokens / (double)k, rest = 1 - a->options->code_decay;
    gt_node *rows = gt_reshape(g, gt_stop_gradient(g, vectors), GT_SHAPE(n * tokens, d)),
            *choice = gt_reshape(g, chosen, GT_SHAPE(n * tokens, k));
    gt_node *count = gt_reshape(g, gt_net_leaf(g, b.net, b.slot, "latent.count"), GT_SHAPE(k, 1)),
            *sum = gt_net_leaf(g, b.net, b.slot, "latent.sum");
    gt_node *met = gt_scale(g, gt_reshape(g, gt_sum(g, choice, GT_AXIS(0)), GT_SHAPE(k, 1)), (float)(1.0 / (double)n));
    gt_node *met_sum = gt_scale(g, gt_matmul(g, choice, rows, .transpose_a = true), (float)(1.0 / (double)n));
    gt_node *new_count = gt_add(g, gt_scale(g, count, (float)a->options->code_decay), gt_scale(g, met, (float)rest));
    gt_node *new_sum = gt_add(g, gt_scale(g, sum, (float)a->options->code_decay), gt_scale(g, met_sum, (float)rest));

    /* A code that nothing chooses any more keeps its place when both sums are nearly gone, and is not 0/0. */
    const float gone = 1e-20f;
    gt_node *fading = gt_shift(g, gt_neg(g, new_count), gone);
    new_count = gt_select(g, fading, count, new_count);
    new_sum = gt_select(g, fading, sum, new_sum);

    gt_node *draw = gt_reshape(g, gt_random_uniform_op(g, "restart/AE_main", GT_SHAPE(n, tokens, k)),
                               GT_SHAPE(n * tokens, k));
    gt_node *pick = gt_one_hot_max(g, gt_permute(g, draw, (int[]){1, 0}));
    gt_node *candidate = gt_mul(g, gt_matmul(g, pick, rows), gt_input(g, GT_AE_RESTART, GT_SHAPE(k, 1)));
    /* > 0: rare, known to all slices alike */
    gt_node *rare = gt_shift(g, gt_neg(g, count), (float)(a->options->code_floor * average));
    gt_node *average_count = gt_shift(g, gt_scale(g, count, 0), (float)average);
    gt_output(g, "latent.count", gt_select(g, rare, average_count, new_count));
    gt_output(g, "latent.sum", gt_select(g, rare, gt_scale(g, candidate, (float)average), new_sum));
}

/* The quantised vectors as the decoder sees them, with the encoder's gradient; *commitment: |z - e|^2 of each token. */
static gt_node *quantise(const gt_autoencoder *a, gt_bound_net b, const gt_encoding *e, gt_node **commitment) {
    gt_graph *g = b.graph;
    gt_node *codes = gt_autoencoder_codes(b, a->job), *chosen = gt_autoencoder_nearest(g, e->vectors, codes);
    gt_node *nearest = gt_stop_gradient(g, gt_autoencoder_look_up(g, chosen, codes));
    *commitment = gt_square(g, gt_sub(g, e->vectors, nearest));
    report_perplexity(g, chosen);
    renew_codes(a, b, e->vectors, chosen);
    return gt_add(g, e->vectors, gt_stop_gradient(g, gt_sub(g, nearest, e->vectors)));
}

/* ---- the whole ---- */

/* A term of the loss: per sample, times its weight; with the sum over the batch in place of the mean, times the batch's
 * size. */
static gt_node *term(gt_graph *g, gt_node *loss, double weight, gt_node *varying, gt_node *batch, bool mean_batch) {
    loss = gt_scale(g, loss, (float)weight);
    if (varying) loss = gt_mul(g, loss, varying);
    return mean_batch ? loss : gt_mul(g, loss, batch);
}

void gt_autoencoder_loss(const gt_autoencoder *a, gt_graph *g, int n) {
    const gt_autoencoder_options *o = a->options;
    const gt_job *c = a->job;
    gt_bound_net b = {g, a->net, 0};
    gt_node *images = gt_input(g, "images", GT_SHAPE(n, c->height, c->width, c->channels));
    gt_node *pixels = gt_scale(g, gt_shift(g, images, 1), 0.5f);
    gt_scope_push(g, "AE");
    gt_node *labels = gt_autoencoder_label_input(g, c, n);
    gt_encoding e = gt_autoencoder_encode(b, c, pixels, labels);
    gt_node *latent = e.mean, *commitment = NULL;
    int64_t draws = gt_autoencoder_draws(o);
    if (o->latent == GT_LATENT_NORMAL) latent = gt_autoencoder_sample_normal(g, &e, "eps/AE_main", draws);
    if (o->latent == GT_LATENT_VQ) latent = quantise(a, b, &e, &commitment);
    if (o->latent == GT_LATENT_GUMBEL) {
        gt_node *weights = sample_gumbel(g, &e, draws);
        report_perplexity(g, gt_one_hot_max(g, e.logits));
        latent = gt_autoencoder_look_up(g, weights, gt_autoencoder_codes(b, c));
    }
    gt_decoder_output decoded = gt_autoencoder_decode(b, c, latent, gt_autoencoder_repeat(g, labels, draws));
    gt_node *divergence = gt_autoencoder_kl(g, &e);
    gt_scope_pop(g);

    bool mean_batch = o->recon_batch == GT_REDUCED_BY_MEAN, mean_kl = o->kl_batch == GT_REDUCED_BY_MEAN,
         mean_latent = o->kl_latent == GT_REDUCED_BY_MEAN;
    gt_node *batch = mean_batch && mean_kl ? NULL : gt_input(g, GT_AE_BATCH, GT_SCALAR);
    gt_node *pixel_loss = gt_autoencoder_drawn_loss(a, g, decoded, pixels, draws,
                                                    o->recon_pixels == GT_REDUCED_BY_MEAN);
    gt_node *total = term(g, pixel_loss, o->factor, NULL, batch, mean_batch);
    gt_output(g, "Loss/reconstruction", pixel_loss);
    if (divergence) {
        gt_node *loss = gt_autoencoder_per_image(g, divergence, mean_latent);
        gt_node *beta = gt_input(g, GT_AE_BETA, GT_SCALAR);
        total = gt_add(g, total, term(g, loss, 1, beta, batch, mean_kl));
        gt_output(g, "Loss/KL", loss);
        if (o->kl_warmup > 0) gt_output(g, "KL/weight", beta);
        if (e.log_variance) {
            gt_output(g, GT_AE_DIVERGENCES, divergence);
            gt_output(g, "divergence", gt_reshape(g, gt_mean(g, divergence, GT_AXIS(0)), GT_SHAPE(c->z_dim)));
        }
    }
    if (commitment) {
        gt_node *loss = gt_autoencoder_per_image(g, commitment, mean_latent);
        total = gt_add(g, total, term(g, loss, o->commitment, NULL, batch, mean_kl));
        gt_output(g, "Loss/commitment", loss);
    }
    gt_output(g, "Loss/total", total);
    gt_put_gradients(g, a->net, gt_gradients(g, a->net, 0, gt_mean_loss(g, total)), NULL);
}
