/* SPDX-License-Identifier: Apache-2.0
 * The root of the data of a run: see journal.h. Ranks compute the leaves of equal parts of the samples. Rank 0 takes
 * the leaves in order, so that memory for all of them is needed nowhere. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/numbers.h"
#include "base/door/progress.h"
#include "base/door/sha256.h"
#include "data/door/parts.h"
#include "data/door/source.h"
#include "gantry/log.h"
#include "run/door/rundir.h"
#include "train/journal/journal.h"

/* What rank 0 does with the leaves. */
typedef struct taking {
    gt_merkle tree;
    gt_growing_file file; /* fd -1: they are not kept */
} taking;

static void warn_of_file(taking *t) {
    gt_warn("%s; the hashes of the samples are not kept, and a run that resumes may compute them again", gt_message());
    gt_growing_close(&t->file);
}

static void open_file(taking *t, const gt_journal *j) {
    char path[4200];
    t->file.fd = -1;
    if (!j) return;
    snprintf(path, sizeof path, "%s/%s", j->dir, GT_RUN_LEAVES);
    if (gt_growing_open(&t->file, path)) warn_of_file(t);
}

static gt_status take_leaves(void *arg, const void *data, size_t bytes) {
    taking *t = arg;
    const gt_sha256 *leaf = data;
    for (size_t i = 0; i < bytes / sizeof *leaf; i++) gt_merkle_add(&t->tree, &leaf[i]);
    if (t->file.fd >= 0 && gt_growing_add(&t->file, data, bytes)) warn_of_file(t);
    gt_progress();
    return t->tree.status;
}

static gt_status end_taking(taking *t, gt_status st, gt_sha256 *root) {
    if (!st) st = gt_merkle_root(&t->tree, root);
    if (!st && t->file.fd >= 0 && gt_growing_finish(&t->file)) warn_of_file(t);
    gt_growing_close(&t->file);
    return st;
}

/* This rank's part: n leaves from `first` on. */
static gt_status hash_part(gt_engine *e, int64_t first, int64_t n, gt_sha256 **leaf) {
    enum { BLOCK = 256 };
    gt_source *s = gt_dataset_source(e->data);
    *leaf = calloc((size_t)n + 1, sizeof **leaf);
    gt_status st = *leaf ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the hashes of %lld samples", (long long)n);
    gt_tell_start("hashing the data", "images", n);
    gt_storage_begin("reading", "pictures");
    for (int64_t at = 0; at < n && !st; at += BLOCK) {
        int block = (int)gt_smallest(BLOCK, n - at);
        st = gt_source_leaves(s, e->pool, first + at, block, *leaf + at);
        gt_tell(at + block);
    }
    gt_storage_end();
    gt_tell_end();
    return st;
}

static gt_status compute_all(gt_engine *e, const gt_journal *j, gt_sha256 *root) {
    gt_comm *c = e->comm;
    int64_t all = e->info->stored, first = all * c->rank / c->ranks, end = all * (c->rank + 1) / c->ranks;
    taking t = {.file.fd = -1};
    GT_FREED gt_sha256 *leaf = NULL;
    gt_comm_doing(c, e->step, "hashing the data");
    gt_status st = gt_comm_agree_all(c, hash_part(e, first, end - first, &leaf));
    if (!st) {
        if (c->rank == 0) open_file(&t, j);
        st = gt_comm_funnel_all(c, leaf, (size_t)(end - first) * sizeof *leaf, take_leaves, &t);
        st = gt_comm_agree_all(c, c->rank ? st : end_taking(&t, st, root));
    }
    gt_comm_broadcast_all(c, root, sizeof *root, 0);
    return st;
}

/* ---- hashes that are there already; rank 0 ---- */

/* Those of the run's folder, where it goes on with the files that it began with. */
static gt_sha256 *kept_leaves(const gt_engine *e, const gt_journal *j) {
    char path[4200];
    void *bytes;
    size_t n, wanted = (size_t)e->info->stored * sizeof(gt_sha256);
    snprintf(path, sizeof path, "%s/%s", j->dir, GT_RUN_LEAVES);
    bool same = e->resumed && !*j->files_before;
    if (!same || access(path, F_OK) || gt_file_read(path, wanted, &bytes, &n)) return NULL;
    if (n == wanted) return bytes;
    free(bytes);
    return NULL;
}

/* Whoever has changed labels or pictures by hand has not changed their hashes: some of them are computed. */
static bool look_right(gt_engine *e, const gt_sha256 *leaf) {
    enum { LOOKS = 64 };
    int64_t all = e->info->stored, looks = gt_smallest(all, LOOKS);
    gt_sha256 h;
    for (int64_t k = 0; k < looks; k++) {
        int64_t i = k * all / looks;
        if (gt_source_leaves(gt_dataset_source(e->data), NULL, i, 1, &h) || !gt_sha256_equal(&h, &leaf[i]))
            return false;
    }
    return true;
}

/* NULL: there are none that can be used. *kept: they are the run's own. */
static gt_sha256 *find_leaves(gt_engine *e, const gt_journal *j, bool *kept) {
    gt_sha256 *leaf = kept_leaves(e, j);
    *kept = leaf != NULL;
    if (!leaf && gt_source_stored_leaves(gt_dataset_source(e->data), &leaf))
        gt_warn("%s: the hashes are computed", gt_message());
    if (!leaf || look_right(e, leaf)) return leaf;
    gt_warn("%s of '%s' does not belong to these images and labels: the hashes are computed",
            *kept ? GT_RUN_LEAVES : GT_LEAVES_FILE, *kept ? j->dir : e->job->data);
    free(leaf);
    return NULL;
}

static gt_status take_found(const gt_engine *e, const gt_journal *j, const gt_sha256 *leaf, bool kept,
                            gt_sha256 *root) {
    taking t = {.file.fd = -1};
    if (!kept) open_file(&t, j);
    return end_taking(&t, take_leaves(&t, leaf, (size_t)e->info->stored * sizeof *leaf), root);
}

gt_status gt_data_root_all(gt_engine *e, gt_journal *j, gt_sha256 *root) {
    gt_status st = GT_OK;
    bool kept = false;
    GT_FREED gt_sha256 *leaf = j && !e->comm->rank ? find_leaves(e, j, &kept) : NULL;
    int found = leaf != NULL;
    gt_comm_broadcast_all(e->comm, &found, sizeof found, 0);
    if (j) j->leaves_stored = found;
    if (!found) return compute_all(e, j, root);
    if (leaf) st = take_found(e, j, leaf, kept, root);
    st = gt_comm_agree_all(e->comm, st);
    gt_comm_broadcast_all(e->comm, root, sizeof *root, 0);
    return st;
}
