/* SPDX-License-Identifier: Apache-2.0
 * A network as a table of named tensors in one flat block. */
#include "networks/nets/door/nets.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/door/memory.h"
#include "base/door/random.h"

enum { ALIGN_FLOATS = 16 };

typedef struct owned_net { /* what gt_net_new() really makes: the public part first */
    gt_net net;
    int capacity;
    bool sealed;
} owned_net;

gt_net *gt_net_new(const char *name) {
    gt_arena *arena = gt_arena_new();
    if (!arena) return NULL;
    owned_net *o = gt_arena_alloc(arena, sizeof *o);
    if (!o || !(o->net.name = gt_arena_printf(arena, "%s", name))) {
        gt_arena_free(arena);
        return NULL;
    }
    o->net.arena = arena;
    return &o->net;
}

void gt_net_free(gt_net *n) {
    if (n) gt_arena_free(n->arena);
}

/* The memory shape that belongs to a file shape; false: the layout does not fit the number of dimensions. */
static bool memory_shape(const gt_shape *file, gt_layout layout, gt_shape *memory) {
    const int64_t *d = file->d;
    switch (layout) {
    case GT_LAYOUT_PLAIN: *memory = *file; return true;
    case GT_LAYOUT_OIHW: *memory = GT_SHAPE(d[2], d[3], d[1], d[0]); return file->n == 4;
    case GT_LAYOUT_CHW: *memory = GT_SHAPE(d[1], d[2], d[0]); return file->n == 3;
    }
    return false;
}

static bool checked_size(const gt_shape *s, size_t *size) {
    if (s->n < 0 || s->n > GT_MAX_DIMS) return false;
    *size = 1;
    for (int i = 0; i < s->n; i++)
        if (s->d[i] < 1 || gt_mul_overflows(*size, (size_t)s->d[i], size)) return false;
    return *size <= SIZE_MAX / 64;
}

gt_status gt_net_declare(gt_net *n, const gt_tensor *t) {
    owned_net *o = (owned_net *)n;
    if (o->sealed)
        return gt_fail(GT_USAGE, "network %s: '%s' is declared after the layout was fixed", n->name, t->name);
    if (gt_net_find(n, t->name))
        return gt_fail(GT_USAGE, "network %s: tensor '%s' is declared twice", n->name, t->name);
    gt_tensor copy = *t;
    char text[96];
    if (!checked_size(&t->file_shape, &copy.size) || !memory_shape(&t->file_shape, t->layout, &copy.shape))
        return gt_fail(GT_USAGE, "network %s: tensor '%s' cannot have the shape %s", n->name, t->name,
                       gt_shape_text(&t->file_shape, text));
    if (!gt_arena_grow(n->arena, &n->tensors, n->n_tensors, &o->capacity, sizeof *n->tensors)) return GT_NOMEM;
    copy.name = gt_arena_printf(n->arena, "%s", t->name);
    if (!copy.name) return GT_NOMEM;
    if (t->init_values) {
        float *values = gt_arena_array(n->arena, copy.size, sizeof(float));
        if (!values) return GT_NOMEM;
        memcpy(values, t->init_values, copy.size * sizeof(float));
        copy.init_values = values;
    }
    n->tensors[n->n_tensors++] = copy;
    return GT_OK;
}

gt_status gt_net_seal(gt_net *n) {
    size_t at = 0;
    for (int buffers = 0; buffers < 2; buffers++) {
        for (int i = 0; i < n->n_tensors; i++) {
            gt_tensor *t = &n->tensors[i];
            if (t->trainable == (bool)buffers) continue;
            t->offset = at;
            if (gt_add_overflows(at, t->size + ALIGN_FLOATS - 1, &at) || at > SIZE_MAX / 64)
                return gt_fail(GT_USAGE, "network %s: its tensors exceed the address space at '%s'", n->name, t->name);
            at -= at % ALIGN_FLOATS;
        }
        if (!buffers) n->trainable_floats = at;
    }
    n->block_floats = at;
    ((owned_net *)n)->sealed = true;
    return GT_OK;
}

/* The tensor's name, or that of a layer which the tensor is part of. */
static bool is_named(const gt_tensor *t, const char *pattern) {
    char name[512];
    snprintf(name, sizeof name, "%s", t->name);
    for (char *end = name + strlen(name); end; end = strrchr(name, '.')) {
        *end = 0;
        if (!fnmatch(pattern, name, 0)) return true;
    }
    return false;
}

/* "conv1, conv2, fc": what stands before the first dot. */
static const char *outer_layers(const gt_net *n, char *text, size_t bytes) {
    size_t at = 0;
    const char *before = "";
    *text = 0;
    for (int i = 0; i < n->n_tensors && at + 48 < bytes; i++) {
        const char *name = n->tensors[i].name;
        size_t length = strcspn(name, ".");
        bool new = strncmp(name, before, length) || strcspn(before, ".") != length;
        if (new) at += (size_t)snprintf(text + at, bytes - at, "%s%.*s", *text ? ", " : "", (int)length, name);
        before = name;
    }
    return text;
}

gt_status gt_net_freeze(gt_net *n, const char *patterns) {
    char pattern[256], layers[400];
    bool learns = false;
    for (const char *at = patterns, *end; at; at = *end ? end + 1 : NULL) {
        end = at + strcspn(at, ",");
        bool any = false;
        snprintf(pattern, sizeof pattern, "%.*s", (int)(end - at), at);
        for (int i = 0; i < n->n_tensors; i++) {
            if (!is_named(&n->tensors[i], pattern)) continue;
            any = n->tensors[i].frozen = true;
            n->tensors[i].trainable = false;
        }
        if (!any)
            return gt_fail(GT_USAGE, "--freeze: '%s' names no layer of the network (%s)", pattern,
                           outer_layers(n, layers, sizeof layers));
    }
    for (int i = 0; i < n->n_tensors; i++) learns |= n->tensors[i].trainable;
    if (!learns) return gt_fail(GT_USAGE, "--freeze: '%s' leaves nothing to train", patterns);
    return gt_net_seal(n);
}

const gt_tensor *gt_net_find(const gt_net *n, const char *name) {
    for (int i = 0; i < n->n_tensors; i++)
        if (!strcmp(n->tensors[i].name, name)) return &n->tensors[i];
    return NULL;
}

size_t gt_net_largest(const gt_net *n) {
    size_t largest = 0;
    for (int i = 0; i < n->n_tensors; i++)
        if (n->tensors[i].size > largest) largest = n->tensors[i].size;
    return largest;
}

/* Numbers are drawn in memory order: position i of the stream is element i of the tensor in memory. */
static void draw(const gt_net *n, const gt_tensor *t, float *out, uint64_t seed) {
    char stream[512];
    snprintf(stream, sizeof stream, "init/%s.%s", n->name, t->name);
    gt_key key = {.seed = seed, .stream = gt_stream(stream)};
    if (t->init_bound > 0) {
        gt_random_uniform(key, out, t->size);
        for (size_t i = 0; i < t->size; i++) out[i] = t->init_bound * (2 * out[i] - 1);
    } else {
        gt_random_normal(key, out, t->size);
        for (size_t i = 0; i < t->size; i++) out[i] = t->init_mean + t->init_std * out[i];
    }
}

void gt_net_init(const gt_net *n, float *block, uint64_t seed) {
    memset(block, 0, n->block_floats * sizeof(float));
    for (int i = 0; i < n->n_tensors; i++) {
        const gt_tensor *t = &n->tensors[i];
        float *out = block + t->offset;
        if (t->init_values) gt_tensor_from_file(t, t->init_values, out);
        else if (t->init_std != 0 || t->init_bound > 0) draw(n, t, out, seed);
        else
            for (size_t k = 0; k < t->size; k++) out[k] = t->init_mean;
    }
}

/* Every layout is a matrix transposition of the file's [rows, columns] into memory's [columns, rows]:
 * OIHW is first seen as [O, I, h*w], whose memory order is (h*w, I, O). */
typedef struct strides {
    size_t outer, middle, inner;          /* extents in file order */
    size_t to_outer, to_middle, to_inner; /* steps in memory */
} strides;

static strides tensor_strides(const gt_tensor *t) {
    const int64_t *d = t->file_shape.d;
    size_t a, b, c;
    switch (t->layout) {
    case GT_LAYOUT_OIHW:
        a = (size_t)d[0], b = (size_t)d[1], c = (size_t)(d[2] * d[3]);
        return (strides){a, b, c, 1, a, a * b};
    case GT_LAYOUT_CHW: a = (size_t)d[0], b = (size_t)d[1], c = (size_t)d[2]; return (strides){a, b, c, 1, a * c, a};
    default: return (strides){1, 1, t->size, 0, 0, 1};
    }
}

void gt_tensor_steps(const gt_tensor *t, int64_t steps[GT_MAX_DIMS]) {
    strides s = tensor_strides(t);
    const int n = t->file_shape.n,
              ordered = t->layout == GT_LAYOUT_PLAIN ? 0 : 2; /* axes that have a step of their own */
    int64_t step = (int64_t)s.to_inner;
    for (int i = n - 1; i >= ordered; i--) {
        steps[i] = step;
        step *= t->file_shape.d[i];
    }
    if (ordered) steps[0] = (int64_t)s.to_outer, steps[1] = (int64_t)s.to_middle;
}

void gt_tensor_to_file(const gt_tensor *t, const float *memory, float *file) {
    strides s = tensor_strides(t);
    for (size_t i = 0; i < s.outer; i++)
        for (size_t j = 0; j < s.middle; j++)
            for (size_t k = 0; k < s.inner; k++) *file++ = memory[i * s.to_outer + j * s.to_middle + k * s.to_inner];
}

void gt_tensor_from_file(const gt_tensor *t, const float *file, float *memory) {
    strides s = tensor_strides(t);
    for (size_t i = 0; i < s.outer; i++)
        for (size_t j = 0; j < s.middle; j++)
            for (size_t k = 0; k < s.inner; k++) memory[i * s.to_outer + j * s.to_middle + k * s.to_inner] = *file++;
}

gt_node *gt_net_leaf(gt_graph *g, const gt_net *n, int slot, const char *tensor_name) {
    const gt_tensor *t = gt_net_find(n, tensor_name);
    char name[512];
    snprintf(name, sizeof name, "%s.%s", n->name, tensor_name);
    /* A missing tensor becomes the graph's first fault: a shape no leaf can have. */
    return gt_param(g, name, t ? t->shape : GT_SHAPE(-1), slot, t ? t->offset : 0);
}
