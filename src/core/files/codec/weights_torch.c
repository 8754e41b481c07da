/* SPDX-License-Identifier: Apache-2.0
 * Files of torch.save: what both forms name, and the ZIP archives. */
#include <stdio.h>
#include <string.h>

#include "files/codec/weights_internal.h"
#include "base/door/memory.h"

#define TAKE_A_STATE_DICT "; save its state dict instead: torch.save(model.state_dict(), 'weights.pt')"

/* A storage's name: digits. */
bool gt_torch_is_key(const gt_pickle *v) {
    enum { DIGITS_MOST = 40 };
    if (!v || (v->kind != GT_PICKLE_TEXT && v->kind != GT_PICKLE_BYTES) || v->n == 0 || v->n > DIGITS_MOST)
        return false;
    for (size_t i = 0; i < v->n; i++)
        if (v->bytes[i] < '0' || v->bytes[i] > '9') return false;
    return true;
}

static bool is_word(const gt_pickle *v, const char *word) {
    return gt_pickle_is(v, GT_PICKLE_TEXT, word) || gt_pickle_is(v, GT_PICKLE_BYTES, word);
}

static bool find_class(const gt_pickle *v, gt_weight_type *out) {
    static const struct {
        const char *name;
        gt_weight_type type;
    } classes[] = {{"torch.FloatStorage", GT_WEIGHT_F32}, {"torch.DoubleStorage", GT_WEIGHT_F64},
                   {"torch.HalfStorage", GT_WEIGHT_F16},  {"torch.BFloat16Storage", GT_WEIGHT_BF16},
                   {"torch.LongStorage", GT_WEIGHT_I64},  {"torch.IntStorage", GT_WEIGHT_I32},
                   {"torch.ShortStorage", GT_WEIGHT_I16}, {"torch.CharStorage", GT_WEIGHT_I8},
                   {"torch.ByteStorage", GT_WEIGHT_U8},   {"torch.BoolStorage", GT_WEIGHT_BOOL}};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (gt_pickle_is(v, GT_PICKLE_NAME, classes[i].name)) return *out = classes[i].type, true;
    return false;
}

/* ("storage", class, key, location, count[, view]) */
gt_status gt_torch_read_id(gt_torch_id *out, const gt_pickle *v) {
    const gt_pickle *id = v->kind == GT_PICKLE_ID ? v->item[0] : NULL;
    *out = (gt_torch_id){0};
    bool good = id && id->kind == GT_PICKLE_LIST && id->items >= 5 && id->items <= 6 &&
                is_word(id->item[0], "storage") && find_class(id->item[1], &out->type) &&
                gt_torch_is_key(id->item[2]) && id->item[4]->kind == GT_PICKLE_INTEGER && id->item[4]->integer >= 0;
    if (!good) return gt_fail(GT_FORMAT, "damaged: a storage is missing");
    out->key = id->item[2];
    out->count = (uint64_t)id->item[4]->integer;
    if (id->items == 6 && id->item[5]->kind != GT_PICKLE_NONE) out->view = id->item[5];
    size_t bytes;
    return gt_mul_overflows((size_t)out->count, gt_weight_type_bytes(out->type), &bytes)
               ? gt_fail(GT_FORMAT, "damaged: a storage of an impossible size")
               : GT_OK;
}

/* Of a whole network the pickle calls the network's class. */
gt_status gt_torch_read_object(gt_pickle **out, gt_arena *arena, gt_pickle_input *in, gt_pickle *ids) {
    in->ids = ids;
    gt_status st = gt_pickle_read_from(out, arena, in, gt_weights_torch_names);
    in->ids = NULL;
    return st && strstr(gt_message(), " calls ") ? gt_fail(st, "%s" TAKE_A_STATE_DICT, gt_message()) : st;
}

gt_status gt_torch_take(gt_weights_walk *k, const gt_pickle *root) {
    return gt_weights_take(k, root->kind == GT_PICKLE_CALL ? "tensor" : "", root);
}

/* ---- ZIP archives ---- */

enum { TABLE_MOST = 1 << 28 }; /* bytes of a pickle of names and sizes */

static gt_status missing(const char *name) {
    return gt_fail(GT_FORMAT, "damaged: the archive has no entry '%.100s'", name);
}

/* The storage's numbers are the entry "archive/data/KEY". */
static gt_status storage_in_zip(gt_weights_walk *k, gt_weight_storage *out, const gt_pickle *v) {
    gt_torch_id id;
    char name[2 * GT_WEIGHT_NAME_MAX];
    gt_status st = gt_torch_read_id(&id, v);
    if (st) return st;
    if (id.view) return gt_fail(GT_FORMAT, "a storage inside another storage, which Gantry does not read");
    snprintf(name, sizeof name, "%sdata/%.*s", (const char *)k->arg, (int)id.key->n, id.key->bytes);
    const gt_zip_entry *entry = gt_zip_find(k->w->zip, name, &out->entry);
    if (!entry) return missing(name);
    out->in_entry = true;
    out->type = id.type;
    out->n = id.count * gt_weight_type_bytes(id.type);
    if (entry->size == out->n) return GT_OK;
    return gt_fail(GT_FORMAT, "damaged: entry '%.100s' has %llu bytes instead of %llu", name,
                   (unsigned long long)entry->size, (unsigned long long)out->n);
}

/* All of an entry. */
static gt_status read_entry(gt_arena *a, gt_zip *z, size_t i, void **bytes) {
    const gt_zip_entry *entry = gt_zip_at(z, i);
    if (entry->size > TABLE_MOST) return gt_fail(GT_FORMAT, "entry '%.100s': too large", entry->name);
    *bytes = gt_arena_alloc(a, (size_t)entry->size + 1);
    gt_status st = *bytes ? gt_zip_read(z, i, *bytes) : GT_NOMEM;
    return st ? gt_wrap(st, "entry '%.100s'", entry->name) : GT_OK;
}

static gt_status check_order(gt_zip *z, size_t i) {
    char order[6] = "";
    const gt_zip_entry *entry = gt_zip_at(z, i);
    gt_status st = entry->size == sizeof order ? gt_zip_read(z, i, order) : GT_OK;
    if (st) return gt_wrap(st, "entry '%.100s'", entry->name);
    if (!memcmp(order, "little", sizeof order)) return GT_OK;
    return gt_fail(GT_FORMAT,
                   "numbers in big-endian order, which Gantry does not read; save the file again on another machine");
}

/* Other entries than the pickle and the numbers. */
static gt_status check_entries(gt_zip *z, const char *folder) {
    size_t n = strlen(folder);
    gt_status st = gt_weights_check_name(folder);
    for (size_t i = 0; i < gt_zip_count(z) && !st; i++) {
        const char *name = gt_zip_at(z, i)->name;
        if (strncmp(name, folder, n)) continue;
        if (!strcmp(name + n, "constants.pkl") || !strncmp(name + n, "code/", 5))
            st = gt_fail(GT_FORMAT, "a program (TorchScript), which Gantry does not run; save its state dict instead: "
                                    "torch.save(torch.jit.load(FILE).state_dict(), 'weights.pt')");
        else if (!strcmp(name + n, "byteorder")) st = check_order(z, i);
    }
    return st;
}

gt_status gt_weights_find_torch_zip(gt_weights *w, const char *folder) {
    char name[2 * GT_WEIGHT_NAME_MAX];
    size_t i;
    void *bytes = NULL;
    gt_pickle *root, ids = {.kind = GT_PICKLE_LIST};
    gt_status st = check_entries(w->zip, folder);
    if (st) return st;
    snprintf(name, sizeof name, "%sdata.pkl", folder);
    const gt_zip_entry *entry = gt_zip_find(w->zip, name, &i);
    if (!entry) return missing(name);
    GT_ARENA gt_arena *arena = gt_arena_new();
    st = arena ? read_entry(arena, w->zip, i, &bytes) : GT_NOMEM;
    gt_pickle_input in = {.bytes = bytes, .end = entry->size};
    if (!st) st = gt_torch_read_object(&root, arena, &in, &ids);
    return st ? st : gt_torch_take(&(gt_weights_walk){.w = w, .storage = storage_in_zip, .arg = (void *)folder}, root);
}
