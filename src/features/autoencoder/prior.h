/* SPDX-License-Identifier: Apache-2.0
 * The prior of codes: p(codes) = product over the tokens of the map, row by row, of p(code | all codes before), by a
 * gated PixelCNN (van den Oord et al., "Conditional Image Generation with PixelCNN Decoders", sections 2.2 to 2.4; as a
 * prior of codes "Neural Discrete Representation Learning", section 3.3). Its tensors are prior.* of the network "AE",
 * whose other tensors are those of the autoencoder that makes the codes, and stay as they are.
 *
 * C channels; each layer has two stacks. v[r,c], the vertical one, knows the codes of all rows above r; h[r,c], the
 * horizontal one, also those to the left of c. No weight is masked: a layer reads what it may know, and nothing else.
 *     before(v) = W_vertical [v[r-1,c-1..c+1], v[r,c-1..c+1]] + b + (label)     v = gate(before(v)) + v
 *     before(h) = W_across [h[r,c-1], h[r,c]] + b + W_down before(v) + (label)  h = W_out gate(before(h)) + b + h
 * with gate(a, b) = tanh(a) sigmoid(b). The first layer reads vectors of the codes (W_embed), of which v[r,.] and
 * h[r,c] are not to be known: they are left out, as are the sums with them. The logits are W_1 relu(W_0 relu(h) + b) +
 * b. */
#ifndef GANTRY_FEATURES_AUTOENCODER_PRIOR_H
#define GANTRY_FEATURES_AUTOENCODER_PRIOR_H

#include "features/autoencoder/autoencoder.h"
#include "networks/nets/door/layers.h"

/* Adds the tensors prior.* to the network. */
void gt_prior_declare(gt_declarer *d, const gt_job *job);
/* One-hot codes [N,tokens,codes] and labels [N,label_dim] (NULL: there are none) -> logits [N,tokens,codes], each of
 * which depends on the codes of the tokens before alone. */
gt_node *gt_prior_logits(gt_bound_net b, const gt_job *job, gt_node *codes, gt_node *labels);
/* Draws codes, one after the other: one-hot [N,tokens,codes], each the largest of logits + noise [N,tokens,codes]. With
 * noise from the Gumbel distribution these are draws from the prior. Every value of the network is computed once, so
 * that all tokens together cost as much as one pass of gt_prior_logits(). */
gt_node *gt_prior_draw(gt_bound_net b, const gt_job *job, gt_node *noise, gt_node *labels);

/* prior_model.c: the model m of a job, which gt_autoencoder_make() has begun and whose network is there, becomes one
 * that trains the prior and draws from it. */
gt_status gt_prior_make(gt_model *m, const gt_job *job);

#endif
