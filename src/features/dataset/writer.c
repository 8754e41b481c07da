/* SPDX-License-Identifier: Apache-2.0
 * What rank 0 does with the made items: see tool.h. */
#include "features/dataset/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/door/clock.h"
#include "gantry/log.h"
#include "gantry/progress.h"

/* Syncs take at most one second in SYNC_SHARE, and at least SYNC_LEAST seconds lie between two syncs. */
enum { SYNC_LEAST = 1, SYNC_SHARE = 20 };

/* ---- duplicates ---- */

static gt_status make_table(gt_equals *e, size_t n) {
    for (e->slots = 16; e->slots < n + n / 2; e->slots *= 2) {}
    e->hash = calloc(n, sizeof *e->hash);
    e->seen = calloc(e->slots, sizeof *e->seen);
    return e->hash && e->seen ? GT_OK : gt_fail(GT_NOMEM, "out of memory for finding duplicates among %zu images", n);
}

static void free_table(gt_equals *e) {
    free(e->hash);
    free(e->seen);
}

/* The earlier item with the same hash, -1: none; then this one is remembered. */
static int64_t find_equal(gt_equals *e, int64_t item, gt_hash128 h) {
    if (!h.high && !h.low) return -1;
    for (size_t at = h.low & (e->slots - 1);; at = (at + 1) & (e->slots - 1)) {
        if (!e->seen[at]) {
            e->seen[at] = (uint32_t)item + 1;
            e->hash[item] = h;
            return -1;
        }
        const gt_hash128 *other = &e->hash[e->seen[at] - 1];
        if (other->low == h.low && other->high == h.high) return e->seen[at] - 1;
    }
}

/* A kept item that equals an earlier one gets a remark, and is left out with --duplicates=skip. */
static int64_t note_equal(gt_writer *l, gt_outcome *o, char *text, size_t bytes) {
    char name[GT_ITEM_NAME_BYTES], other[GT_ITEM_NAME_BYTES];
    int64_t earlier = o->left_out ? -1 : find_equal(&l->read, l->done, o->hash);
    if (earlier < 0) return -1;
    snprintf(text, bytes, "'%s': equal to '%s'", gt_items_name(l->items, l->done, name),
             gt_items_name(l->items, earlier, other));
    o->remark = 1 + GT_REMARK_DUPLICATE;
    if (l->request->skip_duplicates) o->left_out = 1 + GT_REMARK_DUPLICATE;
    return earlier;
}

/* What the transform has made of pictures that were something: one colour, or images that nobody can tell apart.
 * `earlier`: an item whose picture was the same before; -1: none. */
static void note_made(gt_writer *l, const gt_outcome *o, int64_t earlier) {
    const gt_hash128 made = {.high = o->made[0] != 0,
                             .low = o->crc | (uint64_t)o->made[0] << 32 | (uint64_t)o->made[1] << 40 |
                                    (uint64_t)o->made[2] << 48};
    if (o->left_out || !o->made[0]) return;
    if (o->uniform && !l->uniform++) l->first_uniform = l->done;
    int64_t same = find_equal(&l->made, l->done, made);
    if (same < 0 || earlier >= 0 || l->alike++) return;
    l->first_alike = l->done;
    l->alike_to = same;
}

static void note_samples(gt_writer *l, const gt_outcome *o) {
    if (o->left_out || !o->looked) return;
    int type = GT_F32 + 1 - o->looked;
    if (!l->ends[type].looked || o->low < l->ends[type].low) l->ends[type].low = o->low;
    if (!l->ends[type].looked || o->high > l->ends[type].high) l->ends[type].high = o->high;
    l->ends[type].looked = true;
}

/* ---- opening ---- */

/* What an earlier run did with its items. */
static gt_status replay_outcomes(gt_writer *l, int64_t items) {
    gt_status st = GT_OK;
    if (items > l->items->count)
        st = gt_fail(GT_FORMAT, "'%s.progress' records %lld images, but there are %lld; start over with --restart",
                     l->request->dest, (long long)items, (long long)l->items->count);
    for (; l->done < items && !st; l->done++) {
        gt_outcome o;
        const char *text = NULL;
        st = gt_progress_file_next(l->dest.progress, &o, &text);
        if (!st && !o.left_out)
            st = gt_dest_put(&l->dest,
                             &(gt_entry){(uint32_t)l->done, o.size, o.crc, o.mask_size, o.mask_crc, .hashed = false},
                             NULL);
        if (!st) note_samples(l, &o);
        if (!st) note_made(l, &o, o.left_out ? -1 : find_equal(&l->read, l->done, o.hash));
        if (!st && o.remark && text) st = gt_remarks_add(l->remarks, (gt_remark)(o.remark - 1), l->done, text, true);
    }
    l->begun = l->done;
    return st;
}

/* Has a run begun to write? Also true when that is unknown. */
static bool part_is_there(const char *dest) {
    struct stat s;
    return gt_part_stat(dest, ".part", &s) != ENOENT;
}

static gt_status begin_comparing(gt_writer *l) {
    l->dest.comparing = true;
    if (l->dest.kind == &gt_dest_hdf5) l->dest.kind = &gt_dest_compared_hdf5;
    gt_info("'%s' already exists: comparing it with what this command makes", l->request->dest);
    if (l->dest.kind == &gt_dest_zip && (l->dest.fd = open(l->dest.path, O_RDONLY | O_CLOEXEC)) < 0)
        return gt_dest_failed(l->dest.path, errno);
    return gt_dest_open(&l->dest);
}

gt_status gt_writer_open(gt_writer *l, const gt_convert_request *r, const gt_items *items, gt_remarks *remarks,
                         const gt_picture *shape, gt_hash128 key) {
    *l = (gt_writer){.request = r, .items = items, .remarks = remarks, .checking = r->scan_only, .key = key};
    l->dest = (gt_dest){.kind = gt_dest_kind_of(r),
                        .path = r->dest,
                        .items = items,
                        .shape = *shape,
                        .transform = &r->transform,
                        .compress = r->compress,
                        .replaces = r->overwrite,
                        .fd = -1};
    l->next_sync = gt_clock() + SYNC_LEAST;
    int64_t done = 0;
    gt_status st = make_table(&l->read, (size_t)items->count);
    if (!st) st = make_table(&l->made, (size_t)items->count);
    if (st || r->scan_only) return st;
    bool exists;
    st = gt_dest_exists(r, &exists);
    if (st || (exists && !r->overwrite)) return st ? st : begin_comparing(l);
    if (exists && (st = gt_existing_replaceable(r))) return st;
    bool lost = !part_is_there(r->dest); /* it got its name just before that run was ended, or somebody took it away */
    st = gt_progress_file_open(&l->dest.progress, r->dest, key,
                               r->restart || lost ? GT_DROP_ALL
                               : r->overwrite     ? GT_DROP_OTHERS
                                                  : GT_DROP_NOTHING,
                               &done);
    if (!st) st = gt_dest_exists(r, &exists);
    if (!st && exists && !r->overwrite)
        st = gt_fail(GT_FAILED, "'%s' has just been finished by another process", r->dest);
    if (!st) st = replay_outcomes(l, done);
    if (!st) st = gt_dest_open(&l->dest);
    if (!st && l->begun)
        gt_info("resuming after %lld of %lld images from an earlier run", (long long)l->begun, (long long)items->count);
    return st;
}

/* ---- on the way ---- */

static gt_status sync_all(gt_writer *l) {
    double begin = gt_clock();
    gt_status st = l->dest.kind->sync(&l->dest);
    if (!st) st = gt_progress_file_sync(l->dest.progress);
    double end = gt_clock();
    l->next_sync = end + fmax(SYNC_LEAST, SYNC_SHARE * (end - begin));
    return st;
}

/* With --on-error=stop the first unusable picture ends the making: the rest is only looked at, for the list to be
 * whole. */
static gt_status take_item(gt_writer *l, const gt_made *made) {
    char text[2 * GT_ITEM_NAME_BYTES + 100];
    gt_outcome o = made->outcome;
    snprintf(text, sizeof text, "%s", made->text ? made->text : "");
    note_made(l, &o, note_equal(l, &o, text, sizeof text));
    note_samples(l, &o);
    gt_status st = o.remark ? gt_remarks_add(l->remarks, (gt_remark)(o.remark - 1), l->done, text, false) : GT_OK;
    bool unusable = o.left_out == 1 + GT_REMARK_BAD || o.left_out == 1 + GT_REMARK_ODD ||
                    o.left_out == 1 + GT_REMARK_UNLABELLED;
    if (!st && unusable && !l->request->skip && !l->checking) {
        l->checking = true;
        gt_info("checking the other pictures, to list all that cannot be used");
    }
    if (!st && !l->checking) {
        gt_entry e = {(uint32_t)l->done, o.size, o.crc, o.mask_size, o.mask_crc, true, made->leaf};
        if (!o.left_out) st = gt_dest_put(&l->dest, &e, made->image);
        if (o.left_out) o.size = o.mask_size = 0;
        if (!st && l->dest.progress) st = gt_progress_file_add(l->dest.progress, &o, o.remark ? text : NULL);
    }
    l->done++;
    return st;
}

gt_status gt_writer_take(void *writer, const void *made, size_t bytes) {
    gt_writer *l = writer;
    const char *at = made, *end = at + bytes;
    gt_made m;
    gt_status st = GT_OK;
    while (!st && gt_made_next(&at, end, &m)) st = take_item(l, &m);
    if (!st && l->dest.progress && !l->checking && gt_clock() > l->next_sync) st = sync_all(l);
    gt_tell(l->done);
    return st;
}

/* Making a dataset may take hours. What came to the destination meanwhile is somebody else's. */
static gt_status check_destination(const gt_convert_request *r) {
    bool exists;
    gt_status st = gt_dest_exists(r, &exists);
    if (!r->overwrite) return st || exists ? gt_dest_taken(r->dest) : GT_OK;
    return exists && !st ? gt_existing_replaceable(r) : st;
}

gt_status gt_writer_finish(gt_writer *l) {
    gt_tell_start("writing the result to disk", NULL, 0);
    gt_status st = l->dest.comparing ? GT_OK : sync_all(l);
    if (!st && !l->dest.comparing) st = check_destination(l->request);
    if (!st) st = l->dest.kind->finish(&l->dest);
    if (!st && l->dest.comparing) gt_progress_file_forget(l->request->dest, l->key);
    return st;
}

void gt_writer_close(gt_writer *l, bool finished) {
    gt_tell_end();
    /* what is whole so far is kept for the next time */
    if (l->dest.progress && !finished && l->dest.part && l->dest.fd >= 0) sync_all(l);
    gt_progress_file *progress = l->dest.progress;
    gt_dest_close(&l->dest);
    gt_progress_file_close(progress, finished || (progress && !part_is_there(l->request->dest)));
    free_table(&l->read);
    free_table(&l->made);
    *l = (gt_writer){0};
}
