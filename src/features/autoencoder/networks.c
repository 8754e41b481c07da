/* SPDX-License-Identifier: Apache-2.0
 * Encoders and decoders of the autoencoder family, as tables of layers. */
#include "features/autoencoder/autoencoder.h"

#include <math.h>

#include "features/autoencoder/prior.h"
#include "networks/nets/door/sequence.h"

enum { MLP_WIDTH = 2048, DIGITS_ENCODER = 800, DIGITS_DECODER = 2000, DIGITS_MAPS = 20, CONV_TOP = 64, MAX_LAYERS = 8 };

static const float slope = 0.01f;

typedef struct layers {
    int n;
    gt_layer layer[MAX_LAYERS];
} layers;

static void push(layers *l, gt_layer layer) { l->layer[l->n++] = layer; }
static gt_layer linear(int out, const char *activation) {
    return (gt_layer){GT_LAYER_LINEAR, .out = out, .activation = activation, .slope = slope};
}

static gt_layer conv(int out, int stride, int pad, const char *activation) {
    return (gt_layer){GT_LAYER_CONV, .out = out, .kernel = 3, .stride = stride, .pad = pad, .activation = activation,
                      .slope = slope};
}

static gt_layer transposed(int out, int stride, const char *activation) {
    return (gt_layer){GT_LAYER_TRANSPOSED,      .out = out,    .kernel = 3,
                      .stride = stride,         .pad = 1,      .output_pad = stride - 1,
                      .activation = activation, .slope = slope};
}

static const gt_autoencoder_options *own(const gt_job *j) { return j->own; }

static bool has_variance(const gt_job *j) { return own(j)->recon == GT_RECON_NORMAL; }

/* A published width as this network has it. */
static int width_of(const gt_job *j, int published) {
    int width = (int)floor(published * own(j)->widths + 0.5);
    return width > 1 ? width : 1;
}

static void push_hidden(layers *l, const gt_job *j, gt_layer layer) {
    layer.out = width_of(j, layer.out);
    push(l, layer);
}

static layers encoder_layers(const gt_job *j) {
    layers l = {0};
    switch (own(j)->body) {
    case GT_BODY_MLP:
        push_hidden(&l, j, linear(MLP_WIDTH, "lrelu"));
        push_hidden(&l, j, linear(MLP_WIDTH, "lrelu"));
        break;
    case GT_BODY_CONV:
        push_hidden(&l, j, conv(32, 1, 1, "lrelu"));
        push_hidden(&l, j, conv(64, 2, 1, "lrelu"));
        push_hidden(&l, j, conv(64, 2, 1, "lrelu"));
        push_hidden(&l, j, conv(CONV_TOP, 1, 1, "lrelu"));
        break;
    case GT_BODY_DIGITS:
        push_hidden(&l, j, conv(DIGITS_MAPS, 1, 0, "relu"));
        push_hidden(&l, j, conv(DIGITS_MAPS, 1, 0, "relu"));
        push_hidden(&l, j, linear(DIGITS_ENCODER, "relu"));
        break;
    }
    return l;
}

/* Tokens of discrete latents stay a map of pixels through the convolutional body. */
static bool keeps_map(const gt_job *j) { return gt_latent_is_discrete(j) && own(j)->body == GT_BODY_CONV; }

static layers decoder_layers(const gt_job *j) {
    layers l = {0};
    gt_layer image = linear((int)(j->height * j->width * j->channels), NULL);
    image.becomes = GT_SHAPE(j->height, j->width, j->channels);
    switch (own(j)->body) {
    case GT_BODY_MLP:
        push_hidden(&l, j, linear(MLP_WIDTH, "lrelu"));
        push_hidden(&l, j, linear(MLP_WIDTH, "lrelu"));
        push(&l, image);
        break;
    case GT_BODY_CONV:
        if (!keeps_map(j)) {
            gt_layer map = linear((int)(width_of(j, CONV_TOP) * (j->height / 4) * (j->width / 4)), NULL);
            map.becomes = GT_SHAPE(j->height / 4, j->width / 4, width_of(j, CONV_TOP));
            push(&l, map);
        }
        push_hidden(&l, j, transposed(64, 1, "lrelu"));
        push_hidden(&l, j, transposed(64, 2, "lrelu"));
        push_hidden(&l, j, transposed(32, 2, "lrelu"));
        push(&l, transposed((int)j->channels, 1, NULL));
        break;
    case GT_BODY_DIGITS:
        push_hidden(&l, j, linear(DIGITS_DECODER, "relu"));
        push(&l, image);
        break;
    }
    return l;
}

int gt_autoencoder_tokens(const gt_job *j) { return (int)(keeps_map(j) ? j->height / 4 * (j->width / 4) : j->z_dim); }

/* The layer from the encoder's features to tokens of `width` numbers: 1x1 on a map, else one linear layer for all
 * tokens. */
static gt_layer token_head(const gt_job *j) {
    int64_t width = own(j)->latent == GT_LATENT_GUMBEL ? own(j)->codes : own(j)->code_dim;
    if (keeps_map(j)) return (gt_layer){GT_LAYER_CONV, .out = (int)width, .kernel = 1, .stride = 1};
    return linear((int)(width * j->z_dim), NULL);
}

static void declare_codes(gt_declarer *d, const gt_job *j) {
    gt_shape table = GT_SHAPE(own(j)->codes, own(j)->code_dim);
    if (own(j)->latent == GT_LATENT_GUMBEL) {
        gt_declare(d, (gt_tensor){.file_shape = table, .trainable = true, .init_std = 1}, "latent.codes", "");
    } else { /* codes that were hardly met yet: the first step restarts them at encoded tokens, unless there are so many
                that this is their share */
        const float scarce = 1e-3f;
        gt_declare(d, (gt_tensor){.file_shape = GT_SHAPE(own(j)->codes), .init_mean = scarce}, "latent.count", "");
        gt_declare(d, (gt_tensor){.file_shape = table, .init_std = scarce}, "latent.sum", "");
    }
}

/* ---- labels ---- */

/* The shape of a sample beside its label: planes beside the channels of an image, or numbers behind numbers. */
static gt_shape shape_with_label(const gt_job *j, gt_shape sample) {
    if (!j->label_dim || own(j)->prior) return sample; /* labels are for the prior alone */
    if (own(j)->body == GT_BODY_MLP || sample.n == 1) return GT_SHAPE(gt_shape_size(&sample) + j->label_dim);
    sample.d[2] += j->label_dim;
    return sample;
}

static gt_node *with_labels(gt_graph *g, const gt_job *j, gt_node *x, gt_node *labels) {
    if (!labels || !x) return x;
    if (own(j)->body == GT_BODY_MLP) x = gt_flatten(g, x);
    if (x && gt_node_shape(x)->n == 4) {
        int64_t n = gt_dim(x, 0), h = gt_dim(x, 1), w = gt_dim(x, 2);
        labels = gt_broadcast(g, gt_reshape(g, labels, GT_SHAPE(n, 1, 1, j->label_dim)),
                              GT_SHAPE(n, h, w, j->label_dim));
        return gt_concat(g, 2, (gt_node *[]){x, labels}, 3);
    }
    return gt_concat(g, 2, (gt_node *[]){x, labels}, 1);
}

gt_node *gt_autoencoder_label_input(gt_graph *g, const gt_job *j, int n) {
    return j->label_dim ? gt_input(g, "c", GT_SHAPE(n, j->label_dim)) : NULL;
}

gt_node *gt_autoencoder_repeat(gt_graph *g, gt_node *labels, int64_t times) {
    if (!labels || times == 1) return labels;
    int64_t n = gt_dim(labels, 0), d = gt_dim(labels, 1);
    labels = gt_broadcast(g, gt_reshape(g, labels, GT_SHAPE(n, 1, d)), GT_SHAPE(n, times, d));
    return gt_reshape(g, labels, GT_SHAPE(n * times, d));
}

/* ---- the whole ---- */

gt_net *gt_autoencoder_net(const gt_job *j) {
    gt_net *net = gt_net_new("AE");
    if (!net) return NULL;
    gt_declarer d = {.net = net};
    layers encoder = encoder_layers(j), decoder = decoder_layers(j);
    gt_shape sample = shape_with_label(j, GT_SHAPE(j->height, j->width, j->channels));
    gt_sequence_declare(&d, "encoder", encoder.layer, encoder.n, &sample);
    gt_shape features = sample, head = sample;
    gt_layer token = token_head(j), plain = linear((int)j->z_dim, NULL);
    if (gt_latent_is_discrete(j)) {
        gt_sequence_declare(&d, "latent.tokens", &token, 1, &head);
        declare_codes(&d, j);
        sample = keeps_map(j) ? GT_SHAPE(j->height / 4, j->width / 4, own(j)->code_dim)
                              : GT_SHAPE((int64_t)j->z_dim * own(j)->code_dim);
    } else {
        gt_sequence_declare(&d, "latent.mean", &plain, 1, &sample);
        if (own(j)->latent == GT_LATENT_NORMAL) gt_sequence_declare(&d, "latent.log_variance", &plain, 1, &features);
        sample = shape_with_label(j, sample);
    }
    int last = decoder.n - 1;
    gt_sequence_declare(&d, "decoder", decoder.layer, last, &sample);
    features = sample;
    gt_sequence_declare_layer(&d, gt_text_of("decoder.%d", last).s, &decoder.layer[last], &sample);
    if (has_variance(j)) gt_sequence_declare_layer(&d, "decoder.log_variance", &decoder.layer[last], &features);
    if (own(j)->prior) gt_prior_declare(&d, j);
    net = gt_declared(&d);
    if (!net || !own(j)->prior || !gt_net_freeze(net, "encoder,latent,decoder")) return net;
    gt_net_free(net);
    return NULL;
}

gt_encoding gt_autoencoder_encode(gt_bound_net b, const gt_job *j, gt_node *pixels, gt_node *labels) {
    gt_encoding e = {0};
    layers l = encoder_layers(j);
    gt_layer token = token_head(j), plain = linear((int)j->z_dim, NULL);
    gt_node *features = gt_sequence(b, "encoder", l.layer, l.n, with_labels(b.graph, j, pixels, labels));
    if (!features) return e;
    if (!gt_latent_is_discrete(j)) {
        e.mean = gt_sequence(b, "latent.mean", &plain, 1, features);
        if (own(j)->latent == GT_LATENT_NORMAL)
            e.log_variance = gt_sequence(b, "latent.log_variance", &plain, 1, features);
        return e;
    }
    gt_node *tokens = gt_sequence(b, "latent.tokens", &token, 1, features);
    bool gumbel = own(j)->latent == GT_LATENT_GUMBEL;
    tokens = gt_reshape(
        b.graph, tokens,
        GT_SHAPE(gt_dim(pixels, 0), gt_autoencoder_tokens(j), gumbel ? own(j)->codes : own(j)->code_dim));
    *(gumbel ? &e.logits : &e.vectors) = tokens;
    return e;
}

gt_node *gt_autoencoder_codes(gt_bound_net b, const gt_job *j) {
    if (own(j)->latent == GT_LATENT_GUMBEL) return gt_leaf(b, "latent.codes", "");
    gt_node *count = gt_reshape(b.graph, gt_leaf(b, "latent.count", ""), GT_SHAPE(own(j)->codes, 1));
    return gt_div(b.graph, gt_leaf(b, "latent.sum", ""), count);
}

/* |v - e|^2 = |v|^2 - 2 v e + |e|^2, of which the first term is the same for all codes. */
gt_node *gt_autoencoder_nearest(gt_graph *g, gt_node *vectors, gt_node *codes) {
    if (!vectors || !codes) return NULL;
    int64_t n = gt_dim(vectors, 0), tokens = gt_dim(vectors, 1), d = gt_dim(vectors, 2), k = gt_dim(codes, 0);
    gt_node *dot = gt_matmul(g, gt_reshape(g, vectors, GT_SHAPE(n * tokens, d)), codes, .transpose_b = true);
    gt_node *length = gt_reshape(g, gt_sum(g, gt_square(g, codes), GT_AXIS(1)), GT_SHAPE(1, k));
    return gt_reshape(g, gt_one_hot_max(g, gt_sub(g, gt_scale(g, dot, 2), length)), GT_SHAPE(n, tokens, k));
}

gt_node *gt_autoencoder_look_up(gt_graph *g, gt_node *weights, gt_node *codes) {
    if (!weights || !codes) return NULL;
    int64_t n = gt_dim(weights, 0), tokens = gt_dim(weights, 1), k = gt_dim(weights, 2);
    gt_node *flat = gt_matmul(g, gt_reshape(g, weights, GT_SHAPE(n * tokens, k)), codes);
    return gt_reshape(g, flat, GT_SHAPE(n, tokens, gt_dim(codes, 1)));
}

gt_decoder_output gt_autoencoder_decode(gt_bound_net b, const gt_job *j, gt_node *latent, gt_node *labels) {
    layers l = decoder_layers(j);
    int last = l.n - 1;
    if (latent && gt_latent_is_discrete(j))
        latent = gt_reshape(b.graph, latent,
                            keeps_map(j) ? GT_SHAPE(gt_dim(latent, 0), j->height / 4, j->width / 4, own(j)->code_dim)
                                         : GT_SHAPE(gt_dim(latent, 0), -1));
    gt_node *x = gt_sequence(b, "decoder", l.layer, last, with_labels(b.graph, j, latent, labels));
    gt_decoder_output d = {.pixels = gt_sequence_layer(b, gt_text_of("decoder.%d", last).s, &l.layer[last], x)};
    if (!has_variance(j)) return d;
    x = gt_shift(b.graph, gt_sequence_layer(b, "decoder.log_variance", &l.layer[last], x), -GT_AE_LOG_VARIANCE);
    d.log_variance = gt_shift(b.graph, gt_softplus(b.graph, x), GT_AE_LOG_VARIANCE);
    return d;
}

gt_node *gt_autoencoder_pixels(gt_graph *g, const gt_job *j, gt_decoder_output d) {
    return own(j)->sigmoid || own(j)->recon == GT_RECON_BCE ? gt_sigmoid(g, d.pixels) : d.pixels;
}
