/* SPDX-License-Identifier: Apache-2.0
 * A source around another one: what both share, and what goes through to the source inside. */
#include "data/door/source.h"

static gt_status read_inner(const gt_source *s, int64_t i, gt_picture *out) {
    const gt_around *a = s->state;
    return a->inner.read(&a->inner, a->item(a, i), out);
}

static gt_status head_inner(const gt_source *s, int64_t i, size_t first, gt_picture_info *out) {
    const gt_around *a = s->state;
    return a->inner.head(&a->inner, a->item(a, i), first, out);
}

static gt_status mask_inner(const gt_source *s, int64_t i, gt_picture *out) {
    const gt_around *a = s->state;
    return a->inner.mask(&a->inner, a->item(a, i), out);
}

static const char *name_inner(const gt_source *s, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    const gt_around *a = s->state;
    return gt_source_name(&a->inner, a->item(a, i), buffer);
}

static gt_hash128 stamp_inner(const gt_source *s, int64_t i) {
    const gt_around *a = s->state;
    return gt_source_item_stamp(&a->inner, a->item(a, i));
}

static gt_status fingerprint_inner(const gt_source *s, gt_hasher *h, int64_t most) {
    const gt_around *a = s->state;
    return a->inner.fingerprint(&a->inner, h, most);
}

static void close_around(void *state) {
    gt_around *a = state;
    gt_source_close_items(&a->inner);
    if (a->close) a->close(state);
}

static int64_t same_item(const gt_around *a, int64_t i) {
    (void)a;
    return i;
}

gt_status gt_source_surround(gt_source *s, size_t state_bytes, gt_around_item *item, void (*close)(void *state)) {
    gt_around *a = gt_arena_alloc(s->arena, state_bytes);
    if (!a) return GT_NOMEM;
    *a = (gt_around){.inner = *s, .item = item ? item : same_item, .close = close};
    *s = (gt_source){.arena = s->arena,
                     .state = a,
                     .file = {.fd = -1},
                     .count = s->count,
                     .main_thread_only = s->main_thread_only,
                     .read = read_inner,
                     .head = head_inner,
                     .slow_heads = s->slow_heads,
                     .mask = s->mask ? mask_inner : NULL,
                     .shape = s->shape,
                     .format = s->format,
                     .files = s->files,
                     .name = item || !gt_source_is_nameless(s) ? name_inner : NULL, /* numbers stay numbers */
                     .name_digits = s->name_digits,
                     .stamp = s->stamp,
                     .item_stamp = s->item_stamp ? stamp_inner : NULL,
                     .fingerprint = s->fingerprint ? fingerprint_inner : NULL,
                     .close = close_around,
                     .info = s->info,
                     .spec = s->spec,
                     .path = s->path,
                     .inside = s->inside};
    return GT_OK;
}
