/* SPDX-License-Identifier: Apache-2.0
 * Legacy streams of torch.save: files of versions before 1.6, and, in the pickles of the reference implementation, one
 * stream for each storage (docs/networks.md#storages-of-torch). */
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/numbers.h"
#include "files/codec/weights_internal.h"

enum { COUNT_BYTES = 8 }; /* in front of the numbers of a storage */

typedef struct legacy_storage {
    gt_torch_id id;
    uint64_t at; /* of its numbers; 0: not known yet */
} legacy_storage;

typedef struct legacy {
    legacy_storage *storages; /* by key */
    size_t n;
} legacy;

bool gt_torch_is_magic(const gt_pickle *v) {
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
               ? gt_fail(GT_FORMAT, "numbers in big-endian order, which Gantry does not read")
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
    if (keys->kind != GT_PICKLE_LIST) return gt_fail(GT_FORMAT, "damaged: the list of storages is missing");
    for (size_t i = 0; i < keys->items; i++) {
        legacy_storage *s = gt_torch_is_key(keys->item[i]) ? find_storage(l, keys->item[i]) : NULL;
        uint8_t count[COUNT_BYTES];
        if (!s || s->at) return gt_fail(GT_FORMAT, "damaged: a storage without a tensor, or a repeated storage");
        uint64_t n = s->id.count * gt_weight_type_bytes(s->id.type);
        gt_status st = gt_read_at(w->fd, at, count, sizeof count);
        if (st) return st;
        at += COUNT_BYTES;
        if (gt_le64(count) != s->id.count)
            return gt_fail(GT_FORMAT, "damaged: a storage with another size than its tensors");
        if (n > w->bytes - at)
            return gt_fail(GT_FORMAT, "truncated: a storage of %llu bytes lies beyond the end of the file",
                           (unsigned long long)n);
        s->at = at;
        at += n;
    }
    return at == w->bytes ? GT_OK : gt_fail(GT_FORMAT, "damaged: bytes after the last storage");
}

static gt_status storage_in_stream(gt_weights_walk *k, gt_weight_storage *out, const gt_pickle *v) {
    gt_torch_id id;
    gt_status st = gt_torch_read_id(&id, v);
    if (st) return st;
    const legacy_storage *s = find_storage(k->arg, id.key);
    if (!s || !s->at) return gt_fail(GT_FORMAT, "damaged: its storage is not in the file");
    if (id.view) return gt_fail(GT_FORMAT, "a storage inside another storage, which Gantry does not read");
    *out = (gt_weight_storage){.type = id.type, .at = s->at, .n = id.count * gt_weight_type_bytes(id.type)};
    return GT_OK;
}

gt_status gt_weights_find_torch_legacy(gt_weights *w, gt_pickle_input *in) {
    GT_ARENA gt_arena *arena = gt_arena_new();
    gt_pickle *root = NULL, *keys = NULL, ids = {.kind = GT_PICKLE_LIST};
    legacy l = {0};
    w->kind = GT_WEIGHTS_TORCH;
    gt_status st = arena ? read_legacy_head(arena, in) : gt_fail(GT_NOMEM, "out of memory for a pickle");
    if (!st) st = gt_torch_read_object(&root, arena, in, &ids);
    if (!st) st = gt_pickle_read_from(&keys, arena, in, gt_weights_torch_names);
    if (!st) st = list_storages(&l, &ids);
    if (!st) st = find_numbers(w, &l, keys, in->at);
    if (!st) st = gt_torch_take(&(gt_weights_walk){.w = w, .storage = storage_in_stream, .arg = &l}, root);
    free(l.storages);
    return st;
}

/* ---- legacy streams in pickles ---- */

/* The stream's head: bytes of memory; *head: how many of them the pickles and the count take. */
static gt_status read_embedded_head(gt_torch_id *id, const char *bytes, size_t n, size_t *head) {
    GT_ARENA gt_arena *arena = gt_arena_new();
    gt_pickle *magic, *root, *keys, ids = {.kind = GT_PICKLE_LIST};
    gt_pickle_input in = {.bytes = bytes, .end = n};
    gt_status st = arena ? gt_pickle_read_from(&magic, arena, &in, gt_weights_torch_names)
                         : gt_fail(GT_NOMEM, "out of memory for a pickle");
    if (!st && !gt_torch_is_magic(magic)) st = gt_fail(GT_FORMAT, "damaged: not a stream of torch.save");
    if (!st) st = read_legacy_head(arena, &in);
    if (!st) st = gt_torch_read_object(&root, arena, &in, &ids);
    if (!st) st = gt_pickle_read_from(&keys, arena, &in, gt_weights_torch_names);
    if (!st) st = gt_torch_read_id(id, root);
    if (!st && (id->view || keys->kind != GT_PICKLE_LIST || keys->items != 1 || !gt_torch_is_key(keys->item[0]) ||
                compare_keys(keys->item[0], id->key)))
        st = gt_fail(GT_FORMAT, "damaged: not a stream of one storage");
    *head = (size_t)in.at + COUNT_BYTES;
    if (!st && (n - (size_t)in.at < COUNT_BYTES || gt_le64(bytes + in.at) != id->count))
        st = gt_fail(GT_FORMAT, "damaged: a storage with another size than in its stream");
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
