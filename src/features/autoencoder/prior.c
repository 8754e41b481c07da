/* SPDX-License-Identifier: Apache-2.0
 * The network of the prior of codes: of whole maps for training, and token by token for drawing. */
#include "features/autoencoder/prior.h"

#include <math.h>

enum { MOST_LAYERS = 64 }; /* as the option's row has it */

typedef struct prior {
    gt_bound_net b;
    int64_t n, rows, columns, codes;
    int channels, layers;
    gt_node *labels; /* [n,label_dim]; NULL: none */
} prior;

static prior prior_of(gt_bound_net b, const gt_job *j, gt_node *tokens, gt_node *labels) {
    const gt_autoencoder_options *o = j->own;
    return (prior){.b = b,
                   .n = tokens ? gt_dim(tokens, 0) : 1,
                   .rows = j->height / 4,
                   .columns = j->width / 4,
                   .codes = o->codes,
                   .channels = (int)o->prior_width,
                   .layers = (int)o->prior_layers,
                   .labels = labels};
}

/* ---- tensors ---- */

static void declare_linear(gt_declarer *d, gt_text layer, int64_t in, int64_t out, bool bias) {
    float bound = (float)(1 / sqrt((double)in));
    gt_declare(d, (gt_tensor){.file_shape = GT_SHAPE(out, in), .trainable = true, .decays = true, .init_bound = bound},
               layer.s, ".weight");
    if (bias)
        gt_declare(d, (gt_tensor){.file_shape = GT_SHAPE(out), .trainable = true, .init_bound = bound}, layer.s,
                   ".bias");
}

void gt_prior_declare(gt_declarer *d, const gt_job *job) {
    const gt_autoencoder_options *o = job->own;
    int64_t c = o->prior_width;
    declare_linear(d, gt_text_of("prior.embed"), o->codes, c, false);
    for (int i = 0; i < o->prior_layers; i++) {
        declare_linear(d, gt_text_of("prior.%d.vertical", i), (i ? 6 : 3) * c, 2 * c, true);
        declare_linear(d, gt_text_of("prior.%d.down", i), 2 * c, 2 * c, false);
        declare_linear(d, gt_text_of("prior.%d.across", i), (i ? 2 : 1) * c, 2 * c, true);
        declare_linear(d, gt_text_of("prior.%d.out", i), c, c, true);
        if (job->label_dim) declare_linear(d, gt_text_of("prior.%d.label", i), job->label_dim, 4 * c, false);
    }
    declare_linear(d, gt_text_of("prior.head.0"), c, c, true);
    declare_linear(d, gt_text_of("prior.head.1"), c, o->codes, true);
}

/* ---- layers, on maps [n,rows,columns,channels] of any size ---- */

/* The same product at each place: x [...,in] -> [...,out]. */
static gt_node *linear(const prior *p, gt_text layer, gt_node *x, bool bias) {
    gt_graph *g = p->b.graph;
    gt_node *w = gt_leaf(p->b, layer.s, ".weight");
    if (!x || !w) return NULL;
    gt_shape s = *gt_node_shape(x);
    gt_node *y = gt_matmul(g, gt_reshape(g, x, GT_SHAPE(-1, s.d[3])), w, .transpose_b = true);
    if (bias) y = gt_add(g, y, gt_leaf(p->b, layer.s, ".bias"));
    return gt_reshape(g, y, GT_SHAPE(s.d[0], s.d[1], s.d[2], gt_dim(w, 0)));
}

/* At each place what x has `up` rows above and `left` columns to the left, by one at most; zeros outside. */
static gt_node *moved(const prior *p, gt_node *x, int up, int left) {
    if (x && gt_dim(x, up ? 1 : 2) == 1) return gt_scale(p->b.graph, x, 0); /* all of it is outside */
    return gt_pad(p->b.graph, x, (int64_t[][2]){{0, 0}, {up, -up}, {left, -left}, {0, 0}});
}

static gt_node *gate(const prior *p, gt_node *x) {
    gt_graph *g = p->b.graph;
    return gt_mul(g, gt_tanh_op(g, gt_slice(g, x, 3, 0, p->channels)),
                  gt_sigmoid(g, gt_slice(g, x, 3, p->channels, 2 * p->channels)));
}

/* What the label adds to a stack: 0 vertical, 1 horizontal. */
static gt_node *with_label(const prior *p, int layer, int stack, gt_node *x) {
    gt_graph *g = p->b.graph;
    int two = 2 * p->channels;
    if (!p->labels) return x;
    gt_node *all = gt_matmul(g, p->labels, gt_leaf(p->b, gt_text_of("prior.%d.label", layer).s, ".weight"),
                             .transpose_b = true);
    gt_node *own = gt_slice(g, all, 1, stack * two, (stack + 1) * two);
    return gt_add(g, x, gt_reshape(g, own, GT_SHAPE(p->n, 1, 1, two)));
}

/* before(v) of a map or a row, from the vertical stack one row above and (NULL in the first layer) its own. */
static gt_node *vertical(const prior *p, int layer, gt_node *above, gt_node *own) {
    gt_node *taps[6] = {moved(p, above, 0, 1), above, moved(p, above, 0, -1)};
    if (own) taps[3] = moved(p, own, 0, 1), taps[4] = own, taps[5] = moved(p, own, 0, -1);
    gt_node *x = gt_concat(p->b.graph, own ? 6 : 3, taps, 3);
    return with_label(p, layer, 0, linear(p, gt_text_of("prior.%d.vertical", layer), x, true));
}

/* v, where own is NULL in the first layer. */
static gt_node *vertical_after(const prior *p, gt_node *before, gt_node *own) {
    gt_node *v = gate(p, before);
    return own ? gt_add(p->b.graph, v, own) : v;
}

static gt_node *down(const prior *p, int layer, gt_node *before) {
    return linear(p, gt_text_of("prior.%d.down", layer), before, false);
}

/* h of a map or a token, from the horizontal stack one column to the left and (NULL in the first layer) its own. */
static gt_node *across(const prior *p, int layer, gt_node *left, gt_node *own, gt_node *from_above) {
    gt_graph *g = p->b.graph;
    gt_node *x = own ? gt_concat(g, 2, (gt_node *[]){left, own}, 3) : left;
    gt_node *before = gt_add(g, linear(p, gt_text_of("prior.%d.across", layer), x, true), from_above);
    gt_node *h = linear(p, gt_text_of("prior.%d.out", layer), gate(p, with_label(p, layer, 1, before)), true);
    return own ? gt_add(g, h, own) : h;
}

static gt_node *head(const prior *p, gt_node *h) {
    gt_graph *g = p->b.graph;
    h = linear(p, gt_text_of("prior.head.0"), gt_leaky_relu(g, h, 0), true);
    return linear(p, gt_text_of("prior.head.1"), gt_leaky_relu(g, h, 0), true);
}

static gt_node *embed(const prior *p, gt_node *codes) { return linear(p, gt_text_of("prior.embed"), codes, false); }

/* ---- of whole maps ---- */

gt_node *gt_prior_logits(gt_bound_net b, const gt_job *job, gt_node *codes, gt_node *labels) {
    prior p = prior_of(b, job, codes, labels);
    gt_node *v = embed(&p, gt_reshape(b.graph, codes, GT_SHAPE(p.n, p.rows, p.columns, p.codes))), *h = v;
    for (int i = 0; i < p.layers; i++) {
        gt_node *before = vertical(&p, i, moved(&p, v, 1, 0), i ? v : NULL);
        h = across(&p, i, moved(&p, h, 0, 1), i ? h : NULL, down(&p, i, before));
        v = vertical_after(&p, before, i ? v : NULL);
    }
    return gt_reshape(b.graph, head(&p, h), GT_SHAPE(p.n, p.rows * p.columns, p.codes));
}

/* ---- token by token ---- */

/* What each layer reads of the row above and of the token to the left; from_above: of this row, by layer. */
typedef struct drawing {
    prior p;
    gt_node *above[MOST_LAYERS], *left[MOST_LAYERS], *from_above[MOST_LAYERS];
    gt_node *no_row, *no_token; /* zeros outside the map */
    gt_node *noise;
} drawing;

static gt_node *zeros(const prior *p, int64_t columns) {
    gt_graph *g = p->b.graph;
    float *none = gt_arena_array(gt_graph_arena(g), (size_t)(p->n * columns * p->channels), sizeof *none);
    return none ? gt_constant(g, columns == 1 ? "no token" : "no row", GT_SHAPE(p->n, 1, columns, p->channels), none)
                : NULL;
}

/* The code of the token that has this number, one-hot [n,1,1,codes]; left[] becomes what the next token reads. */
static gt_node *draw_token(drawing *d, int64_t token) {
    const prior *p = &d->p;
    gt_graph *g = p->b.graph;
    int64_t column = token % p->columns;
    gt_node *h = NULL;
    for (int i = 0; i < p->layers; i++) {
        gt_node *next = across(p, i, column ? d->left[i] : d->no_token, h,
                               gt_slice(g, d->from_above[i], 2, column, column + 1));
        d->left[i] = h;
        h = next;
    }
    gt_node *noise = gt_reshape(g, gt_slice(g, d->noise, 1, token, token + 1), GT_SHAPE(p->n, 1, 1, p->codes));
    gt_node *code = gt_one_hot_max(g, gt_add(g, head(p, h), noise));
    d->left[0] = embed(p, code);
    return code;
}

/* The vertical stack of a row, of which above[] is the row above, and becomes this row but for its codes. */
static void look_up_the_rows_above(drawing *d, bool first) {
    const prior *p = &d->p;
    gt_node *v = NULL;
    for (int i = 0; i < p->layers; i++) {
        gt_node *before = vertical(p, i, first ? d->no_row : d->above[i], v), *next = vertical_after(p, before, v);
        d->from_above[i] = down(p, i, before);
        d->above[i] = v;
        v = next;
    }
}

gt_node *gt_prior_draw(gt_bound_net b, const gt_job *job, gt_node *noise, gt_node *labels) {
    drawing d = {.p = prior_of(b, job, noise, labels), .noise = noise};
    const prior *p = &d.p;
    int64_t tokens = p->rows * p->columns;
    gt_node **codes = gt_arena_array(gt_graph_arena(b.graph), (size_t)tokens, sizeof(gt_node *));
    gt_node **row = gt_arena_array(gt_graph_arena(b.graph), (size_t)p->columns, sizeof(gt_node *));
    d.no_row = zeros(p, p->columns);
    d.no_token = p->columns > 1 ? zeros(p, 1) : d.no_row;
    if (!noise || !codes || !row) return NULL;
    for (int64_t i = 0; i < tokens; i++) {
        int64_t column = i % p->columns;
        if (!column) look_up_the_rows_above(&d, !i);
        codes[i] = draw_token(&d, i);
        row[column] = d.left[0];
        if (column == p->columns - 1 && i < tokens - 1) d.above[0] = gt_concat(b.graph, (int)p->columns, row, 2);
    }
    return gt_reshape(b.graph, gt_concat(b.graph, (int)tokens, codes, 2), GT_SHAPE(p->n, tokens, p->codes));
}
