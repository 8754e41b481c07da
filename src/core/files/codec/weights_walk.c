/* SPDX-License-Identifier: Apache-2.0
 * Tensors and facts in the values of a pickle: tables and lists, modules of stylegan2-ada-pytorch
 * (docs/networks.md#pickled-modules), tensors of torch, arrays of numpy, networks of TensorFlow. Values may refer
 * to each other in any way, also to themselves: depth, names and the number of visits are bounded. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/sha256.h"
#include "files/codec/weights_internal.h"

enum { DEPTH_MOST = 64, VISITS_MOST = 1 << 20, NAME_MOST = GT_WEIGHT_NAME_MAX + 1, NAMES_MOST = 1 << 26 };

#define NUMPY_NAMES                                                                                              \
    "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct", "numpy.core.multiarray.scalar", \
        "numpy._core.multiarray.scalar", "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer",    \
        "numpy.ndarray", "numpy.dtype", "_codecs.encode", "builtins.bytes", "__builtin__.bytes"

const char *const gt_weights_network_names[] = {"torch_utils.persistence._reconstruct_persistent_obj",
                                                "collections.OrderedDict",
                                                "torch._utils._rebuild_parameter",
                                                "torch._utils._rebuild_tensor_v2",
                                                "torch.storage._load_from_bytes",
                                                "dnnlib.util.EasyDict",
                                                "builtins.set",
                                                "__builtin__.set",
                                                "torch.nn.modules.container.ModuleDict",
                                                "dnnlib.tflib.network.Network",
                                                NUMPY_NAMES,
                                                NULL};

const char *const gt_weights_torch_names[] = {"collections.OrderedDict",
                                              "torch._utils._rebuild_tensor_v2",
                                              "torch._utils._rebuild_tensor",
                                              "torch._utils._rebuild_parameter",
                                              "torch.nn.parameter.Parameter",
                                              "torch.Size",
                                              "torch.device",
                                              "torch.FloatStorage",
                                              "torch.DoubleStorage",
                                              "torch.HalfStorage",
                                              "torch.BFloat16Storage",
                                              "torch.LongStorage",
                                              "torch.IntStorage",
                                              "torch.ShortStorage",
                                              "torch.CharStorage",
                                              "torch.ByteStorage",
                                              "torch.BoolStorage",
                                              "torch_utils.persistence._reconstruct_persistent_obj",
                                              "torch.nn.modules.container.ModuleDict",
                                              "builtins.set",
                                              "__builtin__.set",
                                              NUMPY_NAMES,
                                              NULL};

typedef gt_weights_walk walk;

static gt_status take_value(walk *k, const gt_pickle *v);

static gt_status broken(const walk *k, const char *what) {
    return gt_fail(GT_FORMAT, "'%.60s%s': %s", k->name, k->length > 60 ? "..." : "", what);
}

/* ---- names ---- */

/* Puts `key` (texts, bytes, integers) behind the name, after `between`; false: no such key, it stands for nothing. */
static gt_status enter_name(walk *k, const char *between, const gt_pickle *key, size_t *before) {
    char number[24];
    const char *text = key->bytes;
    size_t n = key->n, gap = k->length ? strlen(between) : 0;
    if (key->kind == GT_PICKLE_INTEGER) {
        n = (size_t)snprintf(number, sizeof number, "%lld", (long long)key->integer);
        text = number;
    }
    *before = k->length;
    bool good = text && n < NAME_MOST && k->length + gap + n < NAME_MOST;
    for (size_t i = 0; i < n && good; i++) good = !iscntrl((unsigned char)text[i]);
    if (!good) return broken(k, "a name in it is too long, or damaged");
    if ((k->name_bytes += n) > NAMES_MOST) return broken(k, "it refers to its values too often");
    memcpy(k->name + k->length, between, gap);
    memcpy(k->name + k->length + gap, text, n);
    k->length += gap + n;
    k->name[k->length] = 0;
    return GT_OK;
}

static void leave_name(walk *k, size_t before) { k->name[k->length = before] = 0; }

static gt_status take_as(walk *k, const char *between, const gt_pickle *key, const gt_pickle *v) {
    size_t before;
    if (key->kind != GT_PICKLE_TEXT && key->kind != GT_PICKLE_BYTES && key->kind != GT_PICKLE_INTEGER) return GT_OK;
    bool empty = (v->kind == GT_PICKLE_LIST || v->kind == GT_PICKLE_DICT) && !v->items;
    gt_status st = enter_name(k, between, key, &before);
    if (!st) st = empty ? gt_weights_add_none(k->w, k->name) : take_value(k, v);
    if (!st) leave_name(k, before);
    return st;
}

/* ---- what pickles call ---- */

static const gt_pickle *argument(const gt_pickle *call, size_t i) {
    const gt_pickle *list = call->item[1];
    return list->kind == GT_PICKLE_LIST && i < list->items ? list->item[i] : NULL;
}

static bool get_size(const gt_pickle *v, uint64_t *out) {
    if (!v || v->kind != GT_PICKLE_INTEGER || v->integer < 0) return false;
    *out = (uint64_t)v->integer;
    return true;
}

/* (storage, offset, sizes, strides, ...) */
static gt_status take_tensor(walk *k, const gt_pickle *v) {
    gt_weight_item item = {0};
    const gt_pickle *storage = argument(v, 0), *sizes = argument(v, 2), *strides = argument(v, 3);
    if (!storage || !get_size(argument(v, 1), &item.offset) || !sizes || sizes->kind != GT_PICKLE_LIST || !strides ||
        strides->kind != GT_PICKLE_LIST || sizes->items != strides->items)
        return broken(k, "a damaged tensor");
    if (sizes->items > GT_WEIGHT_MOST_DIMS) return broken(k, "a tensor of too many dimensions");
    item.seen.n_dims = (int)sizes->items;
    for (size_t i = 0; i < sizes->items; i++) {
        uint64_t size;
        if (!get_size(sizes->item[i], &size) || !get_size(strides->item[i], &item.strides[i]))
            return broken(k, "a tensor with negative sizes or strides, or damaged ones");
        item.seen.dims[i] = (int64_t)size;
    }
    gt_status st = k->storage(k, &item.storage, storage);
    return st ? gt_wrap(st, "tensor '%s'", k->name) : gt_weights_add(k->w, k->name, &item);
}

static gt_status take_parameter(walk *k, const gt_pickle *v) {
    const gt_pickle *tensor = argument(v, 0);
    return tensor ? take_value(k, tensor) : broken(k, "a damaged parameter");
}

static gt_status take_number(walk *k, const gt_pickle *v) {
    double number;
    return gt_pickle_to_number(v, &number) ? gt_weights_add_number(k->w, k->name, number)
                                           : gt_weights_add_none(k->w, k->name);
}

static gt_status add_array(walk *k, const gt_pickle_array *a) {
    gt_weight_type type;
    if (!gt_weight_type_of_array(&a->array, &type)) return broken(k, "numbers of a type that Gantry does not read");
    gt_weight_item item = {
        .storage = {
            .type = type, .at = a->at, .n = a->array.elements * (size_t)a->array.size, .utf8 = a->utf8, .text = a->n}};
    if (a->utf8 ? a->n / 2 > item.storage.n || a->n < item.storage.n : a->n != item.storage.n)
        return broken(k, "an array with a size that does not fit its shape");
    gt_weight_set_shape(&item, &a->array);
    return gt_weights_add(k->w, k->name, &item);
}

static gt_status take_array(walk *k, const gt_pickle *v) {
    gt_pickle_array a;
    gt_status st = gt_pickle_to_array(&a, v);
    return st ? gt_wrap(st, "'%s'", k->name) : add_array(k, &a);
}

static gt_status add_text(walk *k, const char *key, const gt_pickle *v) {
    size_t before;
    gt_status st = enter_name(k, ".", &(gt_pickle){.kind = GT_PICKLE_TEXT, .bytes = key, .n = strlen(key)}, &before);
    if (!st) st = gt_weights_add_text(k->w, k->name, v->bytes, v->n);
    if (!st) leave_name(k, before);
    return st;
}

static gt_status hash_text(const walk *k, const gt_pickle *v, char hash[GT_SHA256_TEXT]) {
    GT_FREED char *copy = v->bytes ? NULL : malloc(v->n);
    gt_sha256 sum;
    if (!v->bytes && !copy) return gt_fail(GT_NOMEM, "out of memory for a text");
    gt_status st = copy ? gt_read_at(k->w->fd, v->at, copy, v->n) : GT_OK;
    if (!st) st = gt_sha256_of(copy ? copy : v->bytes, v->n, &sum);
    if (!st) gt_sha256_text(&sum, hash);
    return st;
}

/* The modules of a file share a few texts, each of which is hashed once. */
static gt_status add_source(walk *k, const gt_pickle *v) {
    enum { BYTES_MOST = 1 << 20 };
    int i = 0;
    size_t before;
    while (i < k->n_sources && k->sources[i].text != v) i++;
    bool hashed = v && v->kind == GT_PICKLE_TEXT && v->n <= BYTES_MOST && i < GT_WEIGHTS_SOURCES;
    gt_status st = hashed && i == k->n_sources ? hash_text(k, v, k->sources[i].hash) : GT_OK;
    if (!st && hashed && i == k->n_sources) k->sources[k->n_sources++].text = v;
    if (!st) st = enter_name(k, ".", &(gt_pickle){.kind = GT_PICKLE_TEXT, .bytes = "source_sha256", .n = 13}, &before);
    if (!st)
        st = hashed ? gt_weights_add_text(k->w, k->name, k->sources[i].hash, GT_SHA256_TEXT - 1)
                    : gt_weights_add_none(k->w, k->name);
    if (!st) leave_name(k, before);
    return st;
}

/* (meta,): the class, and its attributes. Tensors and modules bear their names alone. */
static gt_status take_module(walk *k, const gt_pickle *v) {
    const gt_pickle *meta = argument(v, 0), *class = gt_pickle_get(meta, "class_name"),
                    *state = gt_pickle_get(meta, "state");
    if (!class || class->kind != GT_PICKLE_TEXT || !class->bytes || !state || state->kind != GT_PICKLE_DICT)
        return broken(k, "a damaged module");
    gt_status st = add_text(k, "class", class);
    if (!st) st = add_source(k, gt_pickle_get(meta, "module_src"));
    for (size_t i = 0; i + 1 < state->items && !st; i += 2) {
        const gt_pickle *key = state->item[i], *value = state->item[i + 1];
        bool inner = gt_pickle_is(key, GT_PICKLE_TEXT, "_parameters") ||
                     gt_pickle_is(key, GT_PICKLE_TEXT, "_buffers") || gt_pickle_is(key, GT_PICKLE_TEXT, "_modules");
        st = inner ? take_value(k, value) : take_as(k, ".", key, value);
    }
    return st;
}

/* Modules by their names. */
static gt_status take_container(walk *k, const gt_pickle *v) {
    const gt_pickle *modules = v->item[2] ? gt_pickle_get(v->item[2], "_modules") : NULL;
    return modules ? take_value(k, modules) : broken(k, "a damaged table of modules");
}

/* A variable may be a scalar. */
static gt_status take_variable(walk *k, const gt_pickle *pair) {
    gt_pickle_array a;
    size_t before;
    if (pair->kind != GT_PICKLE_LIST || pair->items != 2) return broken(k, "a damaged list of variables");
    if (!gt_pickle_to_scalar(&a, pair->item[1])) return take_as(k, "/", pair->item[0], pair->item[1]);
    gt_status st = enter_name(k, "/", pair->item[0], &before);
    if (!st) st = add_array(k, &a);
    if (!st) leave_name(k, before);
    return st;
}

/* Of TensorFlow: variables are a list of pairs, components a table of networks, the rest are facts. */
static gt_status take_network(walk *k, const gt_pickle *v) {
    const gt_pickle *state = v->item[2], *variables = gt_pickle_get(state, "variables"),
                    *components = gt_pickle_get(state, "components");
    if (!variables || variables->kind != GT_PICKLE_LIST || !components || components->kind != GT_PICKLE_DICT)
        return broken(k, "a damaged network of TensorFlow");
    gt_status st = GT_OK;
    for (size_t i = 0; i < variables->items && !st; i++) st = take_variable(k, variables->item[i]);
    for (size_t i = 0; i + 1 < components->items && !st; i += 2)
        st = take_as(k, "/", components->item[i], components->item[i + 1]);
    for (size_t i = 0; i + 1 < state->items && !st; i += 2)
        if (state->item[i + 1] != variables && state->item[i + 1] != components)
            st = take_as(k, ".", state->item[i], state->item[i + 1]);
    return st;
}

static gt_status take_call(walk *k, const gt_pickle *v) {
    static const struct {
        const char *name;
        gt_status (*take)(walk *k, const gt_pickle *v);
    } calls[] = {
        {"torch._utils._rebuild_tensor_v2", take_tensor},
        {"torch._utils._rebuild_tensor", take_tensor},
        {"torch._utils._rebuild_parameter", take_parameter},
        {"torch.nn.parameter.Parameter", take_parameter},
        {"torch_utils.persistence._reconstruct_persistent_obj", take_module},
        {"torch.nn.modules.container.ModuleDict", take_container},
        {"dnnlib.tflib.network.Network", take_network},
        {"numpy.core.multiarray.scalar", take_number},
        {"numpy._core.multiarray.scalar", take_number},
        {"numpy.core.multiarray._reconstruct", take_array},
        {"numpy._core.multiarray._reconstruct", take_array},
        {"numpy.core.numeric._frombuffer", take_array},
        {"numpy._core.numeric._frombuffer", take_array},
    };
    if (v->item[0]->kind != GT_PICKLE_NAME) return broken(k, "a call of something without a name");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (gt_pickle_is(v->item[0], GT_PICKLE_NAME, calls[i].name)) return calls[i].take(k, v);
    return gt_weights_add_none(k->w, k->name);
}

/* ---- values ---- */

static gt_status take_items(walk *k, const gt_pickle *v) {
    gt_status st = GT_OK;
    if (v->kind == GT_PICKLE_DICT)
        for (size_t i = 0; i + 1 < v->items && !st; i += 2) st = take_as(k, ".", v->item[i], v->item[i + 1]);
    else
        for (size_t i = 0; i < v->items && !st; i++)
            st = take_as(k, ".", &(gt_pickle){.kind = GT_PICKLE_INTEGER, .integer = (int64_t)i}, v->item[i]);
    return st;
}

static gt_status take_value(walk *k, const gt_pickle *v) {
    if (k->depth == DEPTH_MOST) return broken(k, "values nested without end, or too deep");
    if (k->visits++ == VISITS_MOST) return broken(k, "it refers to its values too often");
    gt_status st = GT_OK;
    k->depth++;
    switch (v->kind) {
    case GT_PICKLE_NONE: st = gt_weights_add_none(k->w, k->name); break;
    case GT_PICKLE_INTEGER: st = gt_weights_add_number(k->w, k->name, (double)v->integer); break;
    case GT_PICKLE_REAL: st = gt_weights_add_number(k->w, k->name, v->real); break;
    case GT_PICKLE_TEXT: st = v->bytes ? gt_weights_add_text(k->w, k->name, v->bytes, v->n) : GT_OK; break;
    case GT_PICKLE_LIST:
    case GT_PICKLE_DICT: st = take_items(k, v); break;
    case GT_PICKLE_CALL: st = take_call(k, v); break;
    case GT_PICKLE_ID: break;
    default: st = gt_weights_add_none(k->w, k->name); break; /* bytes, names and large integers say nothing */
    }
    k->depth--;
    return st;
}

gt_status gt_weights_take(gt_weights_walk *k, const char *name, const gt_pickle *v) {
    char text[NAME_MOST];
    k->name = text;
    k->length = (size_t)snprintf(text, sizeof text, "%s", name);
    gt_status st = take_value(k, v);
    k->name = NULL;
    return st;
}
