/* SPDX-License-Identifier: Apache-2.0
 * A network of layers in a row, which the option --layers lists from the picture on:
 *
 *     --layers="conv 30 5, relu, pool 2, fc 100, relu, dropout .5"
 *
 * A layer is a word, its numbers, and settings by name; `words` below has all of them with their form. A last fully
 * connected layer, with an output for each class, follows by itself. Layers with tensors are counted by kind: conv1,
 * conv2, bn1, fc1, ... Windows do not reach over the border of the maps unless they are padded; channels, features and
 * windows have bounds, so that products of sizes stay in 64 bits. The text may come from anywhere.
 *
 * residual(F) is F(x) + x: He et al., "Deep Residual Learning for Image Recognition", eq. 1; where F changes channels
 * or sides, F(x) + W x, eq. 2, with a 1x1 convolution W without bias (their option B), shortcut1, shortcut2, ..., whose
 * stride is that of F's layers together. --shortcut=0: F(x) alone. */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gantry/option.h"
#include "features/classifier/classifier.h"
#include "features/classifier/networks.h"

enum { LAYERS_MOST = 256, NUMBERS = 2, UNITS_MOST = 1 << 16, WINDOW_MOST = 64, TOKEN = 40, DEPTH_MOST = 8 };
_Static_assert((int)LAYERS_MOST < (int)GT_FORWARD_WINDOWS, "the convolutional form has a window for each linear layer");

typedef struct layer layer;

typedef struct stack { /* the layers so far */
    gt_forward *forward;
    const gt_classifier_config *config;
    int convs, fcs, norms, dropouts, shortcuts;
    bool flat;      /* there are features, and maps no more */
    bool flattened; /* by the layer `flatten`, and the next fc has not come */
    bool counted;   /* the units of the latest layer with tensors are rectified */
} stack;

typedef gt_node *add_layer(stack *s, gt_node *x, const layer *l);

typedef struct number {
    const char *name; /* NULL: there is no such number */
    double min, max;
    bool whole, optional;
    bool sides; /* of a window, "3" or "3x5" */
} number;

typedef struct sides { /* rows and columns */
    int y, x;
} sides;

typedef struct word {
    const char *name, *form; /* as the layer is written */
    add_layer *add;
    number numbers[NUMBERS];
    const char *settings; /* "stride pad": those that the layer takes */
} word;

struct layer {
    const word *word;
    int place;        /* from 1 */
    const char *text; /* as written, `length` bytes */
    int length;
    double numbers[NUMBERS];
    sides size, stride, pad; /* of a window, in pixels */
    int inside;              /* of a block: the layers in it, which follow */
};

/* ---- mistakes ---- */

/* Returns GT_USAGE. */
static gt_status layer_error(const layer *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static gt_status layer_error(const layer *l, const char *format, ...) {
    char why[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    return gt_fail(GT_USAGE, "layer %d \"%.*s\": %s", l->place, l->length < 60 ? l->length : 60, l->text, why);
}

/* A layer that does not go here: a fault of the declarations. Once they are right, layers fit. */
static gt_node *misplaced(stack *s, gt_status fault) {
    if (!s->forward->status) s->forward->status = gt_wrap(fault, "--layers");
    return NULL;
}

static bool has_maps(stack *s, const layer *l) {
    if (!s->flat) return true;
    misplaced(
        s, layer_error(
               l, "there are no maps left; put convolutions and poolings before the first fc, flatten and globalpool"));
    return false;
}

/* Is there a place for the layer's window on the maps x? */
static bool window_fits(stack *s, const gt_node *x, const layer *l) {
    if (!has_maps(s, l) || !x) return false;
    long long height = gt_dim(x, 1), width = gt_dim(x, 2);
    bool fits = height >= l->size.y - 2 * l->pad.y && width >= l->size.x - 2 * l->pad.x;
    if (!s->forward->declares || fits) return true;
    misplaced(s, layer_error(l,
                             "the maps are %lldx%lld here, and the window must fit: use a smaller window, fewer "
                             "poolings or strides before it, or pad same",
                             height, width));
    return false;
}

/* ---- layers ---- */

static gt_node *add_conv(stack *s, gt_node *x, const layer *l) {
    if (!window_fits(s, x, l)) return NULL;
    gt_forward_conv_shape shape = {.out = gt_classifier_wide(s->config, (int)l->numbers[0]),
                                   .size = l->size.y,
                                   .width = l->size.x,
                                   .stride = l->stride.y,
                                   .pad = l->pad.y,
                                   .pad_x = l->pad.x};
    s->counted = false;
    return gt_forward_conv(s->forward, gt_text_of("conv%d", ++s->convs).s, x, shape);
}

static gt_max_pool_attr window_of(const layer *l) {
    return (gt_max_pool_attr){.size = l->size.y,
                              .stride = l->stride.y,
                              .pad = l->pad.y,
                              .width = l->size.x,
                              .stride_x = l->stride.x,
                              .pad_x = l->pad.x};
}

static gt_node *add_pool(stack *s, gt_node *x, const layer *l) {
    return window_fits(s, x, l) ? gt_max_pool_with(s->forward->graph, x, window_of(l)) : NULL;
}

static gt_node *add_average_pool(stack *s, gt_node *x, const layer *l) {
    return window_fits(s, x, l) ? gt_forward_average_pool(s->forward, x, window_of(l), true) : NULL;
}

static gt_node *add_global_pool(stack *s, gt_node *x, const layer *l) {
    if (!has_maps(s, l)) return NULL;
    s->flat = true;
    return gt_forward_mean(s->forward, x);
}

/* The next fc flattens; until then only layers follow to which the order of values means nothing. */
static gt_node *add_flatten(stack *s, gt_node *x, const layer *l) {
    (void)l;
    s->flat = s->flattened = true;
    return x;
}

static gt_node *add_linear(stack *s, gt_node *x, int features) {
    s->flat = true;
    s->flattened = s->counted = false;
    return gt_forward_linear(s->forward, gt_text_of("fc%d", ++s->fcs).s, x, features);
}

static gt_node *add_fc(stack *s, gt_node *x, const layer *l) {
    return add_linear(s, x, gt_classifier_wide(s->config, (int)l->numbers[0]));
}

static gt_node *add_norm(stack *s, gt_node *x, const layer *l) {
    if (s->flattened) return misplaced(s, layer_error(l, "put it before flatten, or after the next fc"));
    s->counted = false;
    return gt_forward_norm(s->forward, gt_text_of("bn%d", ++s->norms).s, x);
}

static gt_node *add_dropout(stack *s, gt_node *x, const layer *l) {
    return gt_forward_dropout(s->forward, gt_text_of("drop%d", ++s->dropouts).s, x,
                              gt_classifier_dropout(s->config, l->numbers[0]));
}

/* Units are counted once for each layer with tensors, whose name they have. */
static gt_node *add_relu(stack *s, gt_node *x, const layer *l) {
    (void)l;
    bool counts = *s->forward->layer && !s->counted;
    s->counted = true;
    return counts ? gt_forward_relu(s->forward, x) : gt_leaky_relu(s->forward->graph, x, 0);
}

static gt_node *add_activation(stack *s, gt_node *x, const layer *l) {
    return gt_bias_act(s->forward->graph, x, NULL, l->word->name, (float)l->numbers[0], 1, -1);
}

/* ---- blocks ---- */

static gt_node *add_layers(stack *s, gt_node *x, const layer *layers, int n) {
    for (int i = 0; i < n && x; i += 1 + layers[i].inside) x = layers[i].word->add(s, x, &layers[i]);
    return x;
}

/* Of the layers of the block together. */
static sides stride_of(const layer *block) {
    sides all = {1, 1};
    const int bound = 1 << 20; /* larger than pictures */
    for (const layer *l = block + 1; l <= block + block->inside; l++) {
        if (l->stride.y && all.y < bound) all.y *= l->stride.y;
        if (l->stride.x && all.x < bound) all.x *= l->stride.x;
    }
    return all;
}

/* What x is beside y, the block's result. */
static gt_node *shortcut(stack *s, gt_node *x, const gt_node *y, const layer *l) {
    gt_forward *f = s->forward;
    gt_shape from = *gt_node_shape(x), to = *gt_node_shape(y);
    if (gt_shape_equal(&from, &to)) return x;
    sides stride = stride_of(l);
    int64_t rows = 1, columns = 1;
    if (from.n == 4) {
        rows = (from.d[1] - 1) / stride.y + 1, columns = (from.d[2] - 1) / stride.x + 1;
        if (f->declares && (stride.x != stride.y || rows != to.d[1] || columns != to.d[2]))
            return misplaced(
                s, layer_error(l,
                               "the maps are %lldx%lld before the block and %lldx%lld at its end, so no shortcut fits: "
                               "use windows of odd sides with pad same, and equal strides in rows and columns",
                               (long long)from.d[1], (long long)from.d[2], (long long)to.d[1], (long long)to.d[2]));
    }
    gt_forward_conv_shape one = {.out = (int)to.d[to.n - 1], .size = 1, .stride = stride.y, .no_bias = true};
    if (from.n == 2) x = gt_reshape(f->graph, x, GT_SHAPE(from.d[0], 1, 1, from.d[1]));
    x = gt_forward_conv(f, gt_text_of("shortcut%d", ++s->shortcuts).s, x, one);
    s->counted = false;
    return gt_reshape(f->graph, x, to); /* as it is; other sides, which sums would spread, are a fault */
}

static gt_node *add_residual(stack *s, gt_node *x, const layer *l) {
    bool flat = s->flat;
    if (s->flattened) return misplaced(s, layer_error(l, "put it before flatten, or after the next fc"));
    gt_node *y = add_layers(s, x, l + 1, l->inside);
    if (!x || !y) return NULL;
    if (s->flattened || s->flat != flat)
        return misplaced(
            s, layer_error(
                   l, "a block that begins with maps must end with maps: put fc, flatten and globalpool after it"));
    return s->config->shortcut ? gt_add(s->forward->graph, y, shortcut(s, x, y, l)) : y;
}

/* ---- words ---- */

#define SIZE \
    { "SIZE", 1, WINDOW_MOST, true, false, true }
static const word words[] = {
    {"conv",
     "conv CHANNELS SIZE [stride N] [pad SIZE|same|valid]",
     add_conv,
     {{"CHANNELS", 1, UNITS_MOST, true, false, false}, SIZE},
     "stride pad"},
    {"pool", "pool SIZE [stride SIZE] [pad SIZE|same|valid]", add_pool, {SIZE}, "stride pad"},
    {"avgpool", "avgpool SIZE [stride SIZE]", add_average_pool, {SIZE}, "stride"},
    {"globalpool", "globalpool", add_global_pool, {{0}}, ""},
    {"flatten", "flatten", add_flatten, {{0}}, ""},
    {"fc", "fc UNITS", add_fc, {{"UNITS", 1, UNITS_MOST, true, false, false}}, ""},
    {"bn", "bn", add_norm, {{0}}, ""},
    {"residual", "residual(LAYER, LAYER, ...)", add_residual, {{0}}, ""},
    {"dropout", "dropout RATE", add_dropout, {{"RATE", 0, 0.999, false, false, false}}, ""},
    {"relu", "relu", add_relu, {{0}}, ""},
    {"lrelu", "lrelu [SLOPE]", add_activation, {{"SLOPE", 0, 1, false, true, false}}, ""},
    {"elu", "elu", add_activation, {{0}}, ""},
    {"selu", "selu", add_activation, {{0}}, ""},
    {"softplus", "softplus", add_activation, {{0}}, ""},
    {"swish", "swish", add_activation, {{0}}, ""},
    {"sigmoid", "sigmoid", add_activation, {{0}}, ""},
    {"tanh", "tanh", add_activation, {{0}}, ""},
    {"softmax", "leave it out: the loss includes it", NULL, {{0}}, ""},
};
enum { WORDS = sizeof words / sizeof *words };
#undef SIZE

/* "conv, pool, ... and tanh" */
static const char *list_words(char *text, size_t bytes) {
    size_t at = 0;
    for (int i = 0; i < WORDS && at < bytes; i++)
        if (words[i].add) at += (size_t)snprintf(text + at, bytes - at, "%s%s", at ? ", " : "", words[i].name);
    return text;
}

static gt_status unknown_word(const layer *l, const char *name) {
    gt_option rows[WORDS];
    char list[256];
    for (int i = 0; i < WORDS; i++) rows[i] = (gt_option){.key = words[i].name};
    const char *near = gt_options_nearest(&(gt_options){.rows = rows, .n = WORDS}, name);
    return layer_error(l, "unknown word '%s'; %s%s%sthe words are %s", name, near ? "did you mean " : "",
                       near ? near : "", near ? "? " : "", list_words(list, sizeof list));
}

/* ---- reading ---- */

/* The next word of the layer; false: there is none. */
static bool next_token(const char **at, const char *end, char token[TOKEN]) {
    while (*at < end && isspace((unsigned char)**at)) ++*at;
    size_t n = 0;
    for (; *at < end && !isspace((unsigned char)**at); ++*at)
        if (n < TOKEN - 1) token[n++] = **at;
    token[n] = 0;
    return n > 0;
}

/* The number at the beginning of `text`, which ends there; false: there is none, or it is out of bounds. */
static bool find_number(const number *n, const char *text, const char *end, double *out) {
    char *behind;
    *out = strtod(text, &behind);
    return behind != text && behind == end && *out >= n->min && *out <= n->max && (!n->whole || *out == floor(*out));
}

static gt_status number_error(const layer *l, const number *n, const char *text) {
    return layer_error(l, "%s must be a %snumber from %g to %g, not '%s'", n->name, n->whole ? "whole " : "", n->min,
                       n->max, text);
}

static gt_status read_number(const layer *l, const number *n, const char *text, double *out) {
    return find_number(n, text, text + strlen(text), out) ? GT_OK : number_error(l, n, text);
}

/* "3", of both sides, or "3x5", rows and columns; the largest of each are `most`. */
static gt_status read_sides(const layer *l, const char *name, int least, sides most, const char *text, sides *out) {
    char both[TOKEN];
    snprintf(both, sizeof both, "%s", text);
    char *cross = strchr(both, 'x'); /* which strtod() might read as a number's */
    if (cross) *cross = 0;
    const char *column = cross ? cross + 1 : both;
    const number of_rows = {name, least, most.y, true, false, false},
                 of_columns = {name, least, most.x, true, false, false};
    double y, x;
    if (!find_number(&of_rows, both, both + strlen(both), &y)) return number_error(l, &of_rows, text);
    if (!find_number(&of_columns, column, column + strlen(column), &x)) return number_error(l, &of_columns, text);
    *out = (sides){(int)y, (int)x};
    return GT_OK;
}

/* "stride N", "pad N", "pad same", "pad valid", of which the name is read. Each window has a pixel of the maps. */
static gt_status read_setting(layer *l, const char *name, const char *value) {
    bool pools = l->word->add == add_pool;
    sides size = l->size, half = {size.y / 2, size.x / 2}, none = {0}, most = {WINDOW_MOST, WINDOW_MOST};
    if (!strcmp(name, "stride")) {
        gt_status st = read_sides(l, name, 1, most, value, &l->stride);
        if (st || l->word->add != add_conv || l->stride.y == l->stride.x) return st;
        return layer_error(l, "the stride of a convolution is one number, not '%s'", value);
    }
    if (!strcmp(value, "same") && (size.y % 2 == 0 || size.x % 2 == 0))
        return layer_error(l, "pad same needs a window of odd sides: with %d pixels the maps would grow or shrink",
                           size.y % 2 ? size.x : size.y);
    if (strcmp(value, "same") && strcmp(value, "valid"))
        return read_sides(l, name, 0, pools ? half : (sides){size.y - 1, size.x - 1}, value, &l->pad);
    l->pad = *value == 's' ? half : none;
    return GT_OK;
}

static gt_status read_layer(layer *l) {
    const char *at = l->text, *end = at + l->length;
    char token[TOKEN], value[TOKEN];
    next_token(&at, end, token);
    for (int i = 0; i < WORDS; i++)
        if (!strcasecmp(token, words[i].name)) l->word = &words[i];
    if (!l->word) return unknown_word(l, token);
    if (!l->word->add) return layer_error(l, "%s", l->word->form);
    bool more = next_token(&at, end, token);
    gt_status st = GT_OK;
    for (int i = 0; i < NUMBERS && l->word->numbers[i].name && !st; i++) {
        const number *n = &l->word->numbers[i];
        if (!more && n->optional) l->numbers[i] = -1; /* the layer's own */
        else if (!more) return layer_error(l, "%s is missing: %s", n->name, l->word->form);
        else if (n->sides) st = read_sides(l, n->name, 1, (sides){WINDOW_MOST, WINDOW_MOST}, token, &l->size);
        else st = read_number(l, n, token, &l->numbers[i]);
        more = more && next_token(&at, end, token);
    }
    if (!st && l->word->add == add_activation && !l->word->numbers[0].name) l->numbers[0] = -1;
    l->stride = l->word->add == add_conv ? (sides){1, 1} : l->size;
    for (; more && !st; more = next_token(&at, end, token)) {
        bool known = (!strcmp(token, "stride") || !strcmp(token, "pad")) && strstr(l->word->settings, token);
        if (!known) return layer_error(l, "'%s' is too much: %s", token, l->word->form);
        if (!next_token(&at, end, value)) return layer_error(l, "%s is followed by a value: %s", token, l->word->form);
        st = read_setting(l, token, value);
    }
    return st;
}

typedef struct list {
    layer layers[LAYERS_MOST]; /* a block's own stand behind the block */
    int n;
    layer *open[DEPTH_MOST]; /* blocks whose end has not come */
    int depth;
} list;

/* ")" */
static gt_status end_block(list *t) {
    if (!t->depth) return gt_fail(GT_USAGE, "a ')' without '(' after layer %d", t->n);
    layer *l = t->open[--t->depth];
    l->inside = (int)(t->layers + t->n - l) - 1;
    return l->inside ? GT_OK : layer_error(l, "the block is empty: %s", l->word->form);
}

/* A layer, or the beginning of a block with its "(", at *text, which moves behind it. */
static gt_status add_read(list *t, const char **text) {
    if (t->n == LAYERS_MOST) return gt_fail(GT_USAGE, "more than %d layers", LAYERS_MOST);
    layer *l = &t->layers[t->n++];
    *l = (layer){.place = t->n, .text = *text, .length = (int)strcspn(*text, ",()")};
    *text += l->length;
    while (l->length && isspace((unsigned char)l->text[l->length - 1])) l->length--;
    bool opens = **text == '(';
    gt_status st = read_layer(l);
    if (st) return st;
    if (opens != (l->word->add == add_residual))
        return layer_error(l, "a '(' %s: %s", opens ? "does not follow" : "is missing", l->word->form);
    if (!opens) return GT_OK;
    if (t->depth == DEPTH_MOST) return layer_error(l, "blocks in blocks are at most %d deep", DEPTH_MOST);
    t->open[t->depth++] = l;
    ++*text;
    return GT_OK;
}

/* The layers that the text lists. */
static gt_status read_layers(const char *text, list *t) {
    gt_status st = GT_OK;
    t->n = t->depth = 0;
    while (!st) {
        text += strspn(text, ", \t\r\n\v\f");
        if (!*text) break;
        bool ends = *text == ')';
        text += ends;
        st = ends ? end_block(t) : add_read(t, &text);
    }
    if (st || !t->depth) return st;
    return layer_error(t->open[t->depth - 1], "the block's ')' is missing: %s", t->open[t->depth - 1]->word->form);
}

/* Two linear layers with nothing between them are one: the list has the layer that comes by itself. */
static gt_status check_end(const list *t, int classes) {
    const layer *last = NULL;
    for (int i = 0; i < t->n; i += 1 + t->layers[i].inside) {
        add_layer *add = t->layers[i].word->add;
        if (add != add_dropout && add != add_flatten) last = &t->layers[i];
    }
    if (!last || last->word->add != add_fc) return GT_OK;
    return layer_error(
        last,
        "the layer to the %d classes follows by itself: leave this one out, or put an activation such as relu after it",
        classes);
}

gt_status gt_classifier_check_layers(const gt_option *o, const char *value) {
    list t;
    (void)o;
    return read_layers(value, &t);
}

static gt_node *forward(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                        gt_classifier_heads *heads) {
    (void)variant;
    (void)heads;
    list t;
    stack s = {.forward = f, .config = c};
    gt_classifier_begin(f, c, (gt_init){.rule = GT_INIT_HE});
    gt_status st = read_layers(c->layers, &t);
    if (!st) st = check_end(&t, c->classes);
    if (st) return misplaced(&s, st);
    x = add_layers(&s, x, t.layers, t.n);
    return x ? add_linear(&s, x, c->classes) : NULL;
}

const gt_classifier_net gt_classifier_layers = {forward, NULL, "layers shortcut " GT_CLASSIFIER_NORMALISED};
