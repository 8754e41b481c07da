/* SPDX-License-Identifier: Apache-2.0
 * Files of torch.save: ZIP archives, and the legacy streams of older versions; and the legacy streams that the pickles
 * of the reference implementation hold, one for each storage (spec 8.3). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "codec/weights_internal.h"

/* A table of names and sizes is never as large. */
enum { TABLE_MOST = 1 << 28, COUNT_BYTES = 8 };

#define TAKE_A_STATE_DICT "; take its state dict: torch.save(model.state_dict(), 'weights.pt')"

static bool same_bytes(const gt_pickle *a, const gt_pickle *b) {
    return a->n == b->n && a->bytes && b->bytes && !memcmp(a->bytes, b->bytes, a->n);
}

static bool is_text(const gt_pickle *v) {
    return v && (v->kind == GT_PICKLE_TEXT || v->kind == GT_PICKLE_BYTES) && v->bytes;
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
                is_word(id->item[0], "storage") && find_class(id->item[1], &out->type) && is_text(id->item[2]) &&
                id->item[4]->kind == GT_PICKLE_INTEGER && id->item[4]->integer >= 0;
    if (!good) return gt_fail(GT_FORMAT, "damaged: no storage where one is expected");
    out->key = id->item[2];
    out->count = (uint64_t)id->item[4]->integer;
    if (id->items == 6 && id->item[5]->kind != GT_PICKLE_NONE) out->view = id->item[5];
    size_t bytes;
    return gt_mul_overflows((size_t)out->count, gt_weight_type_bytes(out->type), &bytes)
               ? gt_fail(GT_FORMAT, "damaged: a storage of an absurd size")
               : GT_OK;
}

/* ---- ZIP archives ---- */

typedef struct archive {
    gt_weights *w;
    const char *folder;
} archive;

/* The storage's numbers are the entry "archive/data/KEY". */
static gt_status storage_in_zip(gt_weights_walk *k, gt_weight_storage *out, const gt_pickle *v) {
    gt_torch_id id;
    gt_status st = gt_torch_read_id(&id, v);
    if (st) return st;
    if (id.view || id.key->n > GT_PICKLE_KEPT) return gt_fail(GT_FORMAT, "damaged: no storage where one is expected");
    char name[2 * GT_PICKLE_KEPT];
    int n = snprintf(name, sizeof name, "%sdata/%.*s", (const char *)k->arg, (int)id.key->n, id.key->bytes);
    const gt_zip_entry *entry = n < (int)sizeof name ? gt_zip_find(k->w->zip, name, &out->entry) : NULL;
    if (!entry) return gt_fail(GT_FORMAT, "damaged: the archive has no entry '%.100s'", name);
    out->in_entry = true;
    out->type = id.type;
    out->n = id.count * gt_weight_type_bytes(id.type);
    return entry->size == out->n ? GT_OK
                                 : gt_fail(GT_FORMAT, "damaged: entry '%.100s' has %llu bytes instead of %llu", name,
                                           (unsigned long long)entry->size, (unsigned long long)out->n);
}

/* All of an entry, to be freed. */
static gt_status read_entry(gt_zip *z, const char *name, void **bytes, size_t *n) {
    size_t i;
    const gt_zip_entry *entry = gt_zip_find(z, name, &i);
    *bytes = NULL;
    if (!entry) return gt_fail(GT_FORMAT, "damaged: the archive has no entry '%.100s'", name);
    if (entry->size > TABLE_MOST) return gt_fail(GT_FORMAT, "entry '%.100s': too large", name);
    *n = (size_t)entry->size;
    *bytes = malloc(*n + 1);
    gt_status st = *bytes ? gt_zip_read(z, i, *bytes) : gt_fail(GT_NOMEM, "out of memory for an entry");
    return st ? gt_wrap(st, "entry '%.100s'", name) : GT_OK;
}

static bool has_entry(const archive *a, gt_arena *arena, const char *name, bool folder) {
    const char *full = gt_arena_printf(arena, "%s%s", a->folder, name);
    if (!full) return false;
    if (!folder) return gt_zip_find(a->w->zip, full, NULL) != NULL;
    for (size_t i = 0; i < gt_zip_count(a->w->zip); i++)
        if (!strncmp(gt_zip_at(a->w->zip, i)->name, full, strlen(full))) return true;
    return false;
}

static gt_status check_archive(const archive *a, gt_arena *arena) {
    if (has_entry(a, arena, "constants.pkl", false) || has_entry(a, arena, "code/", true))
        return gt_fail(GT_FORMAT, "a program (TorchScript), which is not run" TAKE_A_STATE_DICT);
    if (!has_entry(a, arena, "byteorder", false)) return GT_OK;
    void *order = NULL;
    size_t n;
    const char *name = gt_arena_printf(arena, "%sbyteorder", a->folder);
    gt_status st = name ? read_entry(a->w->zip, name, &order, &n) : GT_NOMEM;
    if (!st && (n < 6 || memcmp(order, "little", 6)))
        st = gt_fail(GT_FORMAT,
                     "numbers in big-endian order, which are not read; save the file again on another machine");
    free(order);
    return st;
}

/* A tensor alone has a name, too. */
static gt_status take_root(gt_weights_walk *k, const gt_pickle *root) {
    return gt_weights_take(k, root->kind == GT_PICKLE_CALL ? "tensor" : "", root);
}

/* The object that was saved. Of a whole network the pickle calls the network's class. */
static gt_status read_object(gt_pickle **out, gt_arena *arena, gt_pickle_input *in, gt_pickle *ids) {
    in->ids = ids;
    gt_status st = gt_pickle_read_from(out, arena, in, gt_weights_torch_names);
    in->ids = NULL;
    return st && strstr(gt_message(), " calls ") ? gt_fail(st, "%s" TAKE_A_STATE_DICT, gt_message()) : st;
}

gt_status gt_weights_find_torch_zip(gt_weights *w, const char *folder) {
    gt_arena *arena = gt_arena_new();
    void *bytes = NULL;
    size_t n = 0;
    gt_pickle *root, ids = {.kind = GT_PICKLE_LIST};
    if (!arena) return gt_fail(GT_NOMEM, "out of memory for a pickle");
    gt_status st = check_archive(&(archive){w, folder}, arena);
    const char *name = gt_arena_printf(arena, "%sdata.pkl", folder);
    if (!st) st = name ? read_entry(w->zip, name, &bytes, &n) : GT_NOMEM;
    if (!st) st = read_object(&root, arena, &(gt_pickle_input){.bytes = bytes, .end = n}, &ids);
    if (!st) st = take_root(&(gt_weights_walk){.w = w, .storage = storage_in_zip, .arg = (void *)folder}, root);
    free(bytes);
    gt_arena_free(arena);
    return st;
}

/* ---- legacy streams ---- */

typedef struct legacy_storage {
    gt_torch_id id;
    uint64_t at; /* of its numbers; 0: not known yet */
} legacy_storage;

typedef struct legacy {
    legacy_storage *storages; /* by key */
    size_t n;
} legacy;

static bool is_magic(const gt_pickle *v) {
    static const uint8_t magic[] = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
    return v->kind == GT_PICKLE_LONG && v->n == sizeof magic && !memcmp(v->bytes, magic, sizeof magic);
}

/* The pickles between the magic number and the object: the version and what machine wrote the stream. */
static gt_status read_legacy_head(gt_arena *arena, gt_pickle_input *in) {
    gt_pickle *version, *machine;
    gt_status st = gt_pickle_read_from(&version, arena, in, gt_weights_torch_names);
    if (!st) st = gt_pickle_read_from(&machine, arena, in, gt_weights_torch_names);
    if (st) return st;
    if (version->kind != GT_PICKLE_INTEGER || version->integer != 1001)
        return gt_fail(GT_FORMAT, "a stream of torch.save of another version than 1001");
    const gt_pickle *little = gt_pickle_get(machine, "little_endian");
    return !little || little->kind != GT_PICKLE_INTEGER || little->integer != 1
               ? gt_fail(GT_FORMAT, "numbers in big-endian order, which are not read")
               : GT_OK;
}

static int compare_keys(const gt_pickle *a, const gt_pickle *b) {
    int c = memcmp(a->bytes, b->bytes, a->n < b->n ? a->n : b->n);
    return c ? c : a->n < b->n ? -1 : a->n > b->n;
}

static int by_key(const void *a, const void *b) {
    return compare_keys(((const legacy_storage *)a)->id.key, ((const legacy_storage *)b)->id.key);
}

static legacy_storage *find_storage(const legacy *l, const gt_pickle *key) {
    legacy_storage wanted = {.id = {.key = key}};
    return l->n ? bsearch(&wanted, l->storages, l->n, sizeof wanted, by_key) : NULL;
}

/* The storages that a pickle names, each once. */
static gt_status list_storages(legacy *l, const gt_pickle *ids) {
    l->storages = calloc(ids->items + 1, sizeof *l->storages);
    if (!l->storages) return gt_fail(GT_NOMEM, "out of memory for storages");
    for (size_t i = 0; i < ids->items; i++) {
        gt_status st = gt_torch_read_id(&l->storages[i].id, ids->item[i]);
        if (st) return st;
    }
    if (ids->items) qsort(l->storages, ids->items, sizeof *l->storages, by_key);
    for (size_t i = 0; i < ids->items; i++) {
        legacy_storage *s = &l->storages[i], *last = l->n ? &l->storages[l->n - 1] : NULL;
        if (!last || by_key(last, s)) l->storages[l->n++] = *s;
        else if (last->id.type != s->id.type || last->id.count != s->id.count)
            return gt_fail(GT_FORMAT, "damaged: storage '%.*s' has two sizes", (int)(s->id.key->n % 64),
                           s->id.key->bytes);
    }
    return GT_OK;
}

/* Behind the pickles: for each key of the list the count and the numbers, up to the end of the file. */
static gt_status find_numbers(const gt_weights *w, legacy *l, const gt_pickle *keys, uint64_t at) {
    if (keys->kind != GT_PICKLE_LIST) return gt_fail(GT_FORMAT, "damaged: no list of storages");
    for (size_t i = 0; i < keys->items; i++) {
        legacy_storage *s = is_text(keys->item[i]) ? find_storage(l, keys->item[i]) : NULL;
        uint8_t count[COUNT_BYTES];
        if (!s || s->at) return gt_fail(GT_FORMAT, "damaged: a storage that no tensor has, or one twice");
        uint64_t n = s->id.count * gt_weight_type_bytes(s->id.type);
        gt_status st = gt_read_at(w->fd, at, count, sizeof count);
        if (st) return st;
        at += COUNT_BYTES;
        if (gt_le64(count) != s->id.count)
            return gt_fail(GT_FORMAT, "damaged: a storage of another size than its tensors say");
        if (n > w->bytes - at)
            return gt_fail(GT_FORMAT, "truncated: a storage of %llu bytes lies beyond the end of the file",
                           (unsigned long long)n);
        s->at = at;
        at += n;
    }
    return at == w->bytes ? GT_OK : gt_fail(GT_FORMAT, "damaged: bytes behind the last storage");
}

static gt_status storage_in_stream(gt_weights_walk *k, gt_weight_storage *out, const gt_pickle *v) {
    gt_torch_id id;
    gt_status st = gt_torch_read_id(&id, v);
    if (st) return st;
    const legacy_storage *s = find_storage(k->arg, id.key);
    if (!s || !s->at) return gt_fail(GT_FORMAT, "damaged: its storage is not in the file");
    if (id.view) return gt_fail(GT_FORMAT, "a storage that is a part of another storage, which is not read");
    *out = (gt_weight_storage){.type = id.type, .at = s->at, .n = id.count * gt_weight_type_bytes(id.type)};
    return GT_OK;
}

gt_status gt_weights_find_torch_legacy(gt_weights *w, gt_pickle_input *in) {
    gt_arena *arena = gt_arena_new();
    gt_pickle *root = NULL, *keys = NULL, ids = {.kind = GT_PICKLE_LIST};
    legacy l = {0};
    w->kind = GT_WEIGHTS_TORCH;
    gt_status st = arena ? read_legacy_head(arena, in) : gt_fail(GT_NOMEM, "out of memory for a pickle");
    if (!st) st = read_object(&root, arena, in, &ids);
    if (!st) st = gt_pickle_read_from(&keys, arena, in, gt_weights_torch_names);
    if (!st) st = list_storages(&l, &ids);
    if (!st) st = find_numbers(w, &l, keys, in->at);
    if (!st) st = take_root(&(gt_weights_walk){.w = w, .storage = storage_in_stream, .arg = &l}, root);
    free(l.storages);
    gt_arena_free(arena);
    return st;
}

/* ---- legacy streams in pickles ---- */

/* The stream's head: bytes of memory; *head: how many of them the pickles and the count take. */
static gt_status read_embedded_head(gt_torch_id *id, const char *bytes, size_t n, size_t *head) {
    gt_arena *arena = gt_arena_new();
    gt_pickle *magic, *root, *keys, ids = {.kind = GT_PICKLE_LIST};
    gt_pickle_input in = {.bytes = bytes, .end = n};
    gt_status st = arena ? gt_pickle_read_from(&magic, arena, &in, gt_weights_torch_names)
                         : gt_fail(GT_NOMEM, "out of memory for a pickle");
    if (!st && !is_magic(magic)) st = gt_fail(GT_FORMAT, "damaged: no stream of torch.save");
    if (!st) st = read_legacy_head(arena, &in);
    if (!st) st = read_object(&root, arena, &in, &ids);
    if (!st) st = gt_pickle_read_from(&keys, arena, &in, gt_weights_torch_names);
    if (!st) st = gt_torch_read_id(id, root);
    if (!st && (id->view || keys->kind != GT_PICKLE_LIST || keys->items != 1 || !is_text(keys->item[0]) ||
                !same_bytes(keys->item[0], id->key)))
        st = gt_fail(GT_FORMAT, "damaged: no stream of one storage");
    *head = (size_t)in.at + COUNT_BYTES;
    if (!st && (n - (size_t)in.at < COUNT_BYTES || gt_le64(bytes + in.at) != id->count))
        st = gt_fail(GT_FORMAT, "damaged: a storage of another size than its stream says");
    gt_arena_free(arena);
    return st;
}

gt_status gt_torch_embedded(const gt_weights *w, gt_weight_storage *out, const gt_pickle *v) {
    enum { HEAD_MOST = 2048 }; /* the pickles have about 230 bytes */
    char text[HEAD_MOST], decoded[HEAD_MOST];
    gt_pickle_array bytes = {0};
    gt_torch_id id;
    if (!v || !gt_pickle_to_bytes(&bytes, v)) return gt_fail(GT_FORMAT, "damaged: a storage without bytes");
    size_t n = bytes.n < HEAD_MOST ? bytes.n : HEAD_MOST, head, used;
    gt_status st = gt_read_at(w->fd, bytes.at, text, n);
    size_t have = st || !bytes.utf8 ? n : gt_pickle_latin1(text, n, decoded, HEAD_MOST, &used);
    if (!st) st = read_embedded_head(&id, bytes.utf8 ? decoded : text, have, &head);
    if (st) return st;
    used = head;
    if (bytes.utf8) gt_pickle_latin1(text, n, decoded, head, &used);
    uint64_t left = bytes.n - used;
    *out = (gt_weight_storage){.type = id.type,
                               .at = bytes.at + used,
                               .n = id.count * gt_weight_type_bytes(id.type),
                               .utf8 = bytes.utf8,
                               .text = left};
    bool fits = bytes.utf8 ? out->n >= left / 2 && out->n <= left : out->n == left;
    return fits ? GT_OK
                : gt_fail(GT_FORMAT, "damaged: a storage of %llu numbers in %llu bytes", (unsigned long long)id.count,
                          (unsigned long long)left);
}

static gt_status storage_in_pickle(gt_weights_walk *k, gt_weight_storage *out, const gt_pickle *v) {
    if (v->kind != GT_PICKLE_CALL || !gt_pickle_is(v->item[0], GT_PICKLE_NAME, "torch.storage._load_from_bytes") ||
        v->item[1]->kind != GT_PICKLE_LIST || v->item[1]->items != 1)
        return gt_fail(GT_FORMAT, "damaged: no storage where one is expected");
    return gt_torch_embedded(k->w, out, v->item[1]->item[0]);
}

/* ---- pickles ---- */

static bool is_network(const gt_pickle *v) {
    return v->kind == GT_PICKLE_CALL && gt_pickle_is(v->item[0], GT_PICKLE_NAME, "dnnlib.tflib.network.Network");
}

static gt_status take_networks(gt_weights *w, const gt_pickle *root) {
    static const char *const names[] = {"G", "D", "Gs"};
    gt_weights_walk k = {.w = w, .storage = storage_in_pickle};
    if (root->kind == GT_PICKLE_DICT && gt_pickle_get(root, "G_ema")) {
        w->kind = GT_WEIGHTS_REFERENCE;
        return gt_weights_take(&k, "", root);
    }
    if (root->kind != GT_PICKLE_LIST || root->items != 3 || !is_network(root->item[2]))
        return gt_fail(GT_FORMAT, "a pickle without a network: the reference implementation's are tables with G, D and "
                                  "G_ema, its predecessor's the networks G, D, Gs");
    w->kind = GT_WEIGHTS_TENSORFLOW;
    gt_status st = GT_OK;
    for (size_t i = 0; i < 3 && !st; i++)
        st = is_network(root->item[i]) ? gt_weights_take(&k, names[i], root->item[i])
                                       : gt_fail(GT_FORMAT, "damaged: '%s' is no network", names[i]);
    return st;
}

gt_status gt_weights_find_pickle(gt_weights *w) {
    gt_arena *arena = gt_arena_new();
    gt_pickle *root;
    gt_pickle_input in = {.fd = w->fd, .end = w->bytes};
    gt_status st = arena ? gt_pickle_read_from(&root, arena, &in, gt_weights_network_names)
                         : gt_fail(GT_NOMEM, "out of memory for a pickle");
    if (!st) st = is_magic(root) ? gt_weights_find_torch_legacy(w, &in) : take_networks(w, root);
    gt_arena_free(arena);
    return st;
}
