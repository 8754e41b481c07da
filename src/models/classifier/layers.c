/* SPDX-License-Identifier: Apache-2.0
 * A network of layers in a row, which the option --layers lists from the picture on:
 *
 *     --layers="conv 30 5, relu, pool 2, fc 100, relu, dropout .5"
 *
 * A layer is a word, its numbers, and settings by name; `words` below has all of them with their form. A last fully
 * connected layer, with an output for each class, follows by itself. Layers with tensors are counted by kind: conv1,
 * conv2, bn1, fc1, ... Windows do not reach over the border of the maps unless they are padded; channels, features and
 * windows have bounds, so that products of sizes stay in 64 bits. The text may come from anywhere. */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gantry/option.h"
#include "models/classifier/networks.h"

enum { LAYERS_MOST = 256, NUMBERS = 2, SAME = -1, UNITS_MOST = 1 << 16, WINDOW_MOST = 64, TOKEN = 40 };
_Static_assert((int)LAYERS_MOST < (int)GT_FORWARD_WINDOWS, "the convolutional form has a window for each linear layer");

typedef struct layer layer;

typedef struct stack { /* the layers so far */
    gt_forward *forward;
    const gt_classifier_config *config;
    int convs, fcs, norms, dropouts;
    bool flat;      /* there are features, and maps no more */
    bool flattened; /* by the layer `flatten`, and the next fc has not come */
    bool counted;   /* the units of the latest layer with tensors are rectified */
} stack;

typedef gt_node *add_layer(stack *s, gt_node *x, const layer *l);

typedef struct number {
    const char *name; /* NULL: there is no such number */
    double min, max;
    bool whole, optional;
} number;

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
    int stride, pad; /* in pixels; SAME until the layer is read */
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
    misplaced(s,
              layer_error(l, "there are no maps any more; convolutions and poolings stand before the first fc, flatten "
                             "and globalpool"));
    return false;
}

static int size_of(const layer *l) { return (int)l->numbers[l->word->numbers[1].name ? 1 : 0]; }

/* Is there a place for the layer's window on the maps x? */
static bool window_fits(stack *s, const gt_node *x, const layer *l) {
    if (!has_maps(s, l) || !x) return false;
    long long height = gt_dim(x, 1), width = gt_dim(x, 2), pixels = size_of(l) - 2 * l->pad;
    if (!s->forward->declares || (height >= pixels && width >= pixels)) return true;
    misplaced(s,
              layer_error(l,
                          "the maps are %lldx%lld here, and the window must fit: a smaller window, fewer poolings or "
                          "strides before it, or pad same",
                          height, width));
    return false;
}

/* ---- layers ---- */

static gt_node *add_conv(stack *s, gt_node *x, const layer *l) {
    if (!window_fits(s, x, l)) return NULL;
    gt_forward_conv_shape shape = {.out = gt_classifier_wide(s->config, (int)l->numbers[0]),
                                   .size = size_of(l),
                                   .stride = l->stride,
                                   .pad = l->pad};
    s->counted = false;
    return gt_forward_conv(s->forward, gt_text_of("conv%d", ++s->convs).s, x, shape);
}

static gt_node *add_pool(stack *s, gt_node *x, const layer *l) {
    if (!window_fits(s, x, l)) return NULL;
    return gt_max_pool(s->forward->graph, x, .size = size_of(l), .stride = l->stride, .pad = l->pad);
}

static gt_node *add_average_pool(stack *s, gt_node *x, const layer *l) {
    return window_fits(s, x, l) ? gt_forward_average_pool(s->forward, x, size_of(l), l->stride, 0, true) : NULL;
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
    if (s->flattened) return misplaced(s, layer_error(l, "put it before flatten, or behind the next fc"));
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

/* ---- words ---- */

#define SIZE \
    { "SIZE", 1, WINDOW_MOST, true, false }
static const word words[] = {
    {"conv",
     "conv CHANNELS SIZE [stride N] [pad N|same|valid]",
     add_conv,
     {{"CHANNELS", 1, UNITS_MOST, true, false}, SIZE},
     "stride pad"},
    {"pool", "pool SIZE [stride N] [pad N|same|valid]", add_pool, {SIZE}, "stride pad"},
    {"avgpool", "avgpool SIZE [stride N]", add_average_pool, {SIZE}, "stride"},
    {"globalpool", "globalpool", add_global_pool, {{0}}, ""},
    {"flatten", "flatten", add_flatten, {{0}}, ""},
    {"fc", "fc UNITS", add_fc, {{"UNITS", 1, UNITS_MOST, true, false}}, ""},
    {"bn", "bn", add_norm, {{0}}, ""},
    {"dropout", "dropout RATE", add_dropout, {{"RATE", 0, 0.999, false, false}}, ""},
    {"relu", "relu", add_relu, {{0}}, ""},
    {"lrelu", "lrelu [SLOPE]", add_activation, {{"SLOPE", 0, 1, false, true}}, ""},
    {"elu", "elu", add_activation, {{0}}, ""},
    {"selu", "selu", add_activation, {{0}}, ""},
    {"softplus", "softplus", add_activation, {{0}}, ""},
    {"swish", "swish", add_activation, {{0}}, ""},
    {"sigmoid", "sigmoid", add_activation, {{0}}, ""},
    {"tanh", "tanh", add_activation, {{0}}, ""},
    {"softmax", "leave it out: the loss has it", NULL, {{0}}, ""},
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

static gt_status read_number(const layer *l, const number *n, const char *text, double *out) {
    char *end;
    *out = strtod(text, &end);
    bool fits = end != text && !*end && *out >= n->min && *out <= n->max && (!n->whole || *out == floor(*out));
    if (fits) return GT_OK;
    return layer_error(l, "%s must be a %snumber from %g to %g, not '%s'", n->name, n->whole ? "whole " : "", n->min,
                       n->max, text);
}

/* "stride N", "pad N", "pad same", "pad valid", of which the name is read. Each window has a pixel of the maps. */
static gt_status read_setting(layer *l, const char *name, const char *value) {
    bool pad = !strcmp(name, "pad");
    int size = size_of(l);
    bool pools = l->word->add == add_pool;
    number n = pad ? (number){"pad", 0, pools ? size / 2 : size - 1, true, false}
                   : (number){"stride", 1, WINDOW_MOST, true, false};
    double x = 0;
    if (pad && !strcmp(value, "same") && size % 2 == 0)
        return layer_error(l, "pad same needs a window of an odd size: with %d pixels the maps would grow or shrink",
                           size);
    bool named = pad && (!strcmp(value, "same") || !strcmp(value, "valid"));
    if (named) x = *value == 's' ? size / 2 : 0;
    gt_status st = named ? GT_OK : read_number(l, &n, value, &x);
    *(pad ? &l->pad : &l->stride) = (int)x;
    return st;
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
        else st = read_number(l, n, token, &l->numbers[i]);
        more = more && next_token(&at, end, token);
    }
    if (!st && l->word->add == add_activation && !l->word->numbers[0].name) l->numbers[0] = -1;
    l->stride = l->word->add == add_conv ? 1 : size_of(l);
    for (; more && !st; more = next_token(&at, end, token)) {
        bool known = (!strcmp(token, "stride") || !strcmp(token, "pad")) && strstr(l->word->settings, token);
        if (!known) return layer_error(l, "'%s' is too much: %s", token, l->word->form);
        if (!next_token(&at, end, value)) return layer_error(l, "%s is followed by a value: %s", token, l->word->form);
        st = read_setting(l, token, value);
    }
    return st;
}

/* The layers that the text lists, and their number. */
static gt_status read_layers(const char *text, layer layers[LAYERS_MOST], int *n) {
    gt_status st = GT_OK;
    *n = 0;
    while (*text && !st) {
        text += strspn(text, ", \t");
        int length = (int)strcspn(text, ",");
        if (!length) break;
        if (*n == LAYERS_MOST) return gt_fail(GT_USAGE, "more than %d layers", LAYERS_MOST);
        layer *l = &layers[*n];
        *l = (layer){.place = ++*n, .text = text, .length = length};
        while (isspace((unsigned char)text[l->length - 1])) l->length--;
        st = read_layer(l);
        text += length;
    }
    return st;
}

/* Two linear layers with nothing between them are one: the list has the layer that comes by itself. */
static gt_status check_end(const layer *layers, int n, int classes) {
    while (n && (layers[n - 1].word->add == add_dropout || layers[n - 1].word->add == add_flatten)) n--;
    if (!n || layers[n - 1].word->add != add_fc) return GT_OK;
    return layer_error(&layers[n - 1],
                       "the layer to the %d classes follows by itself: leave this one out, or put an activation "
                       "such as relu behind it",
                       classes);
}

gt_status gt_classifier_check_layers(const gt_option *o, const char *value) {
    layer layers[LAYERS_MOST];
    int n;
    (void)o;
    return read_layers(value, layers, &n);
}

static gt_node *forward(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                        gt_classifier_heads *heads) {
    (void)variant;
    (void)heads;
    layer layers[LAYERS_MOST];
    int n;
    stack s = {.forward = f, .config = c};
    gt_classifier_begin(f, c, (gt_init){.rule = GT_INIT_HE});
    gt_status st = read_layers(c->layers, layers, &n);
    if (!st) st = check_end(layers, n, c->classes);
    if (st) return misplaced(&s, st);
    for (int i = 0; i < n && x; i++) x = layers[i].word->add(&s, x, &layers[i]);
    return x ? add_linear(&s, x, c->classes) : NULL;
}

const gt_classifier_net gt_classifier_layers = {forward, NULL, "layers " GT_CLASSIFIER_NORMALISED};
