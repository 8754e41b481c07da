/* SPDX-License-Identifier: Apache-2.0
 * Opens files of weights by their kind, and looks tensors and facts up. */
#define _GNU_SOURCE
#include "files/codec/door/weights.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/memory.h"
#include "files/codec/weights_internal.h"

/* More of either is not a network, but a file that repeats itself by references. */
enum { ITEMS_MOST = 1 << 16, FACTS_MOST = 1 << 18 };

/* ---- tensors and facts that readers find ---- */

gt_status gt_weights_check_name(const char *name) {
    for (const char *c = name; *c; c++)
        if (iscntrl((unsigned char)*c)) return gt_fail(GT_FORMAT, "damaged: a name with control characters");
    return strlen(name) > GT_WEIGHT_NAME_MAX ? gt_fail(GT_FORMAT, "damaged: a name of %zu bytes", strlen(name)) : GT_OK;
}

gt_status gt_weights_add(gt_weights *w, const char *name, gt_weight_item *item) {
    gt_status st = gt_weights_check_name(name);
    if (st) return st;
    gt_weight *t = &item->seen;
    uint64_t numbers = item->storage.n / gt_weight_type_bytes(item->storage.type), last = 0;
    t->size = 1;
    t->type = item->storage.type;
    bool bad = t->n_dims < 0 || t->n_dims > GT_WEIGHT_MOST_DIMS;
    if (bad) return gt_fail(GT_FORMAT, "tensor '%s': more than %d dimensions", name, GT_WEIGHT_MOST_DIMS);
    for (int i = 0; i < t->n_dims && !bad; i++)
        bad = t->dims[i] < 0 || gt_mul_overflows(t->size, (size_t)t->dims[i], &t->size);
    for (int i = 0; i < t->n_dims && !bad; i++) {
        uint64_t reach;
        bad = t->size && (__builtin_mul_overflow((uint64_t)t->dims[i] - 1, item->strides[i], &reach) ||
                          __builtin_add_overflow(last, reach, &last));
    }
    if (bad || t->size > SIZE_MAX / sizeof(double))
        return gt_fail(GT_FORMAT, "tensor '%s': damaged: impossible sizes", name);
    if (t->size && (last >= numbers || item->offset > numbers - 1 - last))
        return gt_fail(GT_FORMAT, "tensor '%s': damaged: it reaches beyond its %llu numbers", name,
                       (unsigned long long)numbers);
    if (t->size > numbers && t->size > GT_WEIGHT_REPEATED_MAX)
        return gt_fail(GT_FORMAT, "tensor '%s': %zu elements from only %llu numbers", name, t->size,
                       (unsigned long long)numbers);
    if (w->n_items == ITEMS_MOST) return gt_fail(GT_FORMAT, "more than %d tensors", ITEMS_MOST);
    st = gt_grow(&w->items, &w->items_room, w->n_items + 1, sizeof *w->items, "tensors");
    if (st) return st;
    item->last = last;
    t->name = gt_arena_printf(w->arena, "%s", name);
    if (!t->name) return gt_fail(GT_NOMEM, "out of memory for a name");
    w->items[w->n_items++] = *item;
    return GT_OK;
}

void gt_weight_set_row_major(gt_weight_item *item) {
    uint64_t stride = 1;
    for (int i = item->seen.n_dims - 1; i >= 0; i--) {
        item->strides[i] = stride;
        if (__builtin_mul_overflow(stride, (uint64_t)item->seen.dims[i], &stride)) stride = UINT64_MAX;
    }
}

void gt_weight_set_shape(gt_weight_item *item, const gt_npy *array) {
    gt_weight_item turned = {.seen.n_dims = array->dimensions};
    int n = item->seen.n_dims = array->dimensions;
    for (int i = 0; i < n; i++) {
        item->seen.dims[i] = (int64_t)array->shape[i];
        turned.seen.dims[i] = (int64_t)array->shape[n - 1 - i];
    }
    gt_weight_set_row_major(array->fortran ? &turned : item);
    for (int i = 0; i < n && array->fortran; i++) item->strides[i] = turned.strides[n - 1 - i];
}

bool gt_weight_type_of_array(const gt_npy *array, gt_weight_type *out) {
    static const struct {
        char type;
        int size;
        gt_weight_type is;
    } types[] = {{'f', 4, GT_WEIGHT_F32}, {'f', 8, GT_WEIGHT_F64}, {'f', 2, GT_WEIGHT_F16}, {'i', 8, GT_WEIGHT_I64},
                 {'i', 4, GT_WEIGHT_I32}, {'i', 2, GT_WEIGHT_I16}, {'i', 1, GT_WEIGHT_I8},  {'u', 8, GT_WEIGHT_U64},
                 {'u', 4, GT_WEIGHT_U32}, {'u', 2, GT_WEIGHT_U16}, {'u', 1, GT_WEIGHT_U8},  {'b', 1, GT_WEIGHT_BOOL}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == array->type && types[i].size == array->size) return *out = types[i].is, true;
    return false;
}

static gt_status add_fact(gt_weights *w, const char *name, gt_fact fact) {
    if (w->n_facts == FACTS_MOST) return gt_fail(GT_FORMAT, "more than %d values beside the tensors", FACTS_MOST);
    gt_status st = gt_weights_check_name(name);
    if (!st) st = gt_grow(&w->facts, &w->facts_room, w->n_facts + 1, sizeof *w->facts, "facts");
    if (st) return st;
    fact.name = gt_arena_printf(w->arena, "%s", name);
    if (!fact.name) return gt_fail(GT_NOMEM, "out of memory for a name");
    w->facts[w->n_facts++] = fact;
    return GT_OK;
}

gt_status gt_weights_add_number(gt_weights *w, const char *name, double number) {
    return add_fact(w, name, (gt_fact){.kind = GT_FACT_NUMBER, .number = number});
}

gt_status gt_weights_add_none(gt_weights *w, const char *name) {
    return add_fact(w, name, (gt_fact){.kind = GT_FACT_NONE});
}

gt_status gt_weights_add_text(gt_weights *w, const char *name, const char *text, size_t n) {
    char *copy = n < SIZE_MAX ? gt_arena_alloc(w->arena, n + 1) : NULL;
    if (!copy) return gt_fail(GT_NOMEM, "out of memory for a text");
    if (n) memcpy(copy, text, n);
    return add_fact(w, name, (gt_fact){.kind = GT_FACT_TEXT, .text = copy});
}

/* ---- by name ---- */

static int compare_items(const void *a, const void *b, void *w) {
    size_t i = *(const size_t *)a, k = *(const size_t *)b;
    const gt_weight_item *items = ((gt_weights *)w)->items;
    int c = strcmp(items[i].seen.name, items[k].seen.name);
    return c ? c : i < k ? -1 : i > k;
}

static int compare_facts(const void *a, const void *b, void *w) {
    size_t i = *(const size_t *)a, k = *(const size_t *)b;
    const gt_fact *facts = ((gt_weights *)w)->facts;
    int c = strcmp(facts[i].name, facts[k].name);
    return c ? c : i < k ? -1 : i > k;
}

static size_t *order(size_t n, int (*compare)(const void *, const void *, void *), gt_weights *w) {
    size_t *by = gt_arena_array(w->arena, n + 1, sizeof *by);
    for (size_t i = 0; by && i < n; i++) by[i] = i;
    if (by) qsort_r(by, n, sizeof *by, compare, w);
    return by;
}

static gt_status sort_names(gt_weights *w) {
    w->items_by_name = order(w->n_items, compare_items, w);
    w->facts_by_name = order(w->n_facts, compare_facts, w);
    if (!w->items_by_name || !w->facts_by_name) return GT_NOMEM;
    for (size_t i = 1; i < w->n_items; i++) {
        const char *name = w->items[w->items_by_name[i]].seen.name;
        if (!strcmp(name, w->items[w->items_by_name[i - 1]].seen.name))
            return gt_fail(GT_FORMAT, "holds two tensors named '%s'", name);
    }
    return GT_OK;
}

/* The first of `by` whose name is not before `name`. */
static size_t first_of(const gt_weights *w, const size_t *by, size_t n, const char *name, bool fact) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *there = fact ? w->facts[by[middle]].name : w->items[by[middle]].seen.name;
        if (strcmp(there, name) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

const gt_weight *gt_weights_find(const gt_weights *w, const char *name, size_t *i) {
    size_t k = first_of(w, w->items_by_name, w->n_items, name, false);
    if (k == w->n_items || strcmp(w->items[w->items_by_name[k]].seen.name, name)) return NULL;
    if (i) *i = w->items_by_name[k];
    return &w->items[w->items_by_name[k]].seen;
}

const gt_fact *gt_weights_fact(const gt_weights *w, const char *name) {
    size_t k = first_of(w, w->facts_by_name, w->n_facts, name, true);
    const gt_fact *fact = k < w->n_facts ? &w->facts[w->facts_by_name[k]] : NULL;
    return fact && !strcmp(fact->name, name) ? fact : NULL;
}

gt_weights_kind gt_weights_kind_of(const gt_weights *w) { return w->kind; }

const char *gt_weights_path(const gt_weights *w) { return w->path; }

size_t gt_weights_count(const gt_weights *w) { return w->n_items; }

const gt_weight *gt_weights_at(const gt_weights *w, size_t i) { return &w->items[i].seen; }

size_t gt_weights_facts(const gt_weights *w) { return w->n_facts; }

const gt_fact *gt_weights_fact_at(const gt_weights *w, size_t i) { return &w->facts[i]; }

/* ---- opening ---- */

/* The folder of torch.save's archive, "archive/"; NULL: there is none. */
static char *torch_folder(gt_weights *w) {
    for (size_t i = 0; i < gt_zip_count(w->zip); i++) {
        const char *name = gt_zip_at(w->zip, i)->name, *slash = strchr(name, '/');
        if (slash && !strcmp(slash, "/data.pkl"))
            return gt_arena_printf(w->arena, "%.*s", (int)(slash - name) + 1, name);
    }
    return NULL;
}

bool gt_weights_is_program(const char *path) {
    gt_zip *z = NULL;
    bool is = false;
    if (gt_kind_of_file(path) != GT_KIND_TORCH && gt_kind_of_file(path) != GT_KIND_ZIP) return false;
    if (gt_zip_open(&z, path)) return false;
    for (size_t i = 0; i < gt_zip_count(z) && !is; i++) {
        const char *slash = strchr(gt_zip_at(z, i)->name, '/');
        is = slash && (!strcmp(slash, "/constants.pkl") || !strncmp(slash, "/code/", 6));
    }
    gt_zip_close(z);
    return is;
}

static gt_status find_in_zip(gt_weights *w) {
    gt_status st = gt_zip_open(&w->zip, w->path);
    if (st) return st;
    const char *folder = torch_folder(w);
    bool arrays = false;
    if (gt_arena_failed(w->arena)) return GT_NOMEM;
    for (size_t i = 0; i < gt_zip_count(w->zip) && !arrays; i++)
        arrays = gt_ends_with(gt_zip_at(w->zip, i)->name, ".npy");
    w->kind = folder ? GT_WEIGHTS_TORCH : GT_WEIGHTS_NPZ;
    st = folder   ? gt_weights_find_torch_zip(w, folder)
         : arrays ? gt_weights_find_npz(w)
                  : gt_fail(GT_FORMAT, "a ZIP archive with neither a state dict of PyTorch nor NumPy arrays");
    return st ? gt_wrap(st, "'%s'", w->path) : GT_OK;
}

static gt_status find_all(gt_weights *w) {
    enum { HEAD_BYTES = 512, LENGTH_BYTES = 8 };
    uint8_t head[HEAD_BYTES];
    size_t n = w->bytes < HEAD_BYTES ? (size_t)w->bytes : HEAD_BYTES;
    gt_status st = gt_read_at(w->fd, 0, head, n);
    if (st) return gt_wrap(st, "'%s'", w->path);
    gt_file_kind kind = gt_kind_of_bytes(head, n, (size_t)w->bytes);
    if (kind == GT_KIND_ZIP || (kind == GT_KIND_TORCH && head[0] == 'P')) return find_in_zip(w);
    if (kind == GT_KIND_REFERENCE || kind == GT_KIND_PICKLE || kind == GT_KIND_TORCH) st = gt_weights_find_pickle(w);
    else if (kind == GT_KIND_SAFETENSORS || (n > LENGTH_BYTES && head[LENGTH_BYTES] == '{'))
        st = gt_weights_find_safetensors(w);
    else if (n > 23 && !memcmp(head, "version https://git-lfs", 23))
        st = gt_fail(GT_FORMAT, "a pointer of Git LFS instead of the file; fetch the file with git lfs pull");
    else
        st = gt_fail(GT_FORMAT,
                     "%s%snot weights of another program: Gantry reads .safetensors, .npz, a state dict of torch.save, "
                     "or a pickled network of the reference implementation",
                     gt_kind_text(kind), *gt_kind_text(kind) ? ": " : "");
    return st ? gt_wrap(st, "'%s'", w->path) : GT_OK;
}

gt_weights *gt_weights_open(const char *path, gt_status *status) {
    gt_arena *arena = gt_arena_new();
    gt_weights *w = arena ? gt_arena_alloc(arena, sizeof *w) : NULL;
    off_t bytes = 0;
    if (w) *w = (gt_weights){.fd = -1, .path = gt_arena_printf(arena, "%s", path), .arena = arena};
    if (!w || !w->path) {
        gt_arena_free(arena);
        *status = gt_fail(GT_NOMEM, "out of memory for opening '%s'", path);
        return NULL;
    }
    *status = gt_file_open_regular(path, &w->fd, &bytes);
    if (!*status) {
        w->bytes = (uint64_t)bytes;
        *status = find_all(w);
    }
    if (!*status && (*status = sort_names(w))) gt_wrap(*status, "'%s'", path);
    if (!*status) return w;
    gt_weights_close(w);
    return NULL;
}

void gt_weights_close(gt_weights *w) {
    if (!w) return;
    if (w->fd >= 0) close(w->fd);
    gt_zip_close(w->zip);
    free(w->items);
    free(w->facts);
    gt_arena_free(w->arena);
}
