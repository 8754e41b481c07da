/* SPDX-License-Identifier: Apache-2.0
 * What of a run can be checked without training: the lines of the ledger, the kept checkpoints, and the chain, whose
 * heads are computed again from recipe, states and data. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/internal.h"
#include "gantry/contents.h"
#include "gantry/file.h"
#include "gantry/job.h"
#include "job/door/job.h"
#include "model/door/family.h"
#include "run/door/checkpoint_internal.h"

static gt_status read_job(audit *a) {
    char *text = NULL;
    gt_status st = gt_rundir_read(a->o->run, "job.ini", &text);
    if (!st && !text) return gt_fail(GT_FAILED, "'%s' is not the folder of a run: there is no job.ini", a->o->run);
    if (!st) a->job = gt_arena_printf(a->arena, "%s", text);
    free(text);
    return st ? st : a->job ? GT_OK : GT_NOMEM;
}

gt_status audit_open(audit *a) {
    gt_status st = read_job(a);
    if (st) return st;
    a->ledger = gt_ledger_read(a->o->run);
    if (!a->ledger) return gt_failure();
    for (int i = 0; i < a->ledger->n; i++) {
        const gt_ledger_line *t = &a->ledger->line[i];
        if (t->event == GT_LEDGER_CHAIN && !t->superseded) a->chain = t;
        if (t->event == GT_LEDGER_DATA) a->data = t;
    }
    if (!a->chain)
        return gt_fail(GT_UNDECIDED,
                       "%s has no chain of hashes in %s/" GT_LEDGER_NAME ": it was trained by an older version of this "
                       "program, or has no step yet",
                       a->o->run, a->o->run);
    return GT_OK;
}

/* ---- a kept checkpoint ---- */

static gt_status differs(const gt_ledger_line *line, const char *path, const char *what, const gt_sha256 *is,
                         const gt_sha256 *says) {
    char a[GT_SHA256_TEXT], b[GT_SHA256_TEXT];
    return gt_fail(GT_FAILED, "%s: %s is %s, and line %" PRId64 " of the ledger says %s", path, what,
                   gt_sha256_text(is, a), line->number, gt_sha256_text(says, b));
}

static gt_status check_file(const gt_ledger_line *line, const char *path) {
    gt_sha256 hash;
    gt_status st = gt_sha256_of_file(path, &hash);
    if (st || gt_sha256_equal(&hash, &line->file)) return st;
    return differs(line, path, "the SHA-256 of the file", &hash, &line->file);
}

static gt_status check_state(const gt_ledger_line *line, const char *path) {
    gt_contents *c;
    gt_status st = gt_contents_open(&c, path, NULL);
    if (st) return st;
    st = gt_contents_read(c, NULL, GT_CONTENTS_SHA256);
    if (!st) {
        const gt_sha256 root = gt_contents_root(c);
        if (!gt_sha256_equal(&root, &line->state))
            st = differs(line, path, "the hash of the state", &root, &line->state);
    }
    gt_contents_close(c);
    return st;
}

static gt_status check_numbers(const gt_checkpoint_file *f, const audit_place *p) {
    int64_t step = 0, images = 0;
    gt_status st = gt_checkpoint_get_int(f, "/state/step", &step);
    if (!st) st = gt_checkpoint_get_int(f, "/state/images", &images);
    if (st || (step == p->line->step && images == p->images && images == p->line->images)) return st;
    return gt_fail(GT_FAILED,
                   "%s: the state is that of step %" PRId64 ", %" PRId64 " images, and line %" PRId64
                   " of the ledger says step %" PRId64 ", %" PRId64 " images",
                   p->path, step, images, p->line->number, p->line->step, p->line->images);
}

/* What the file says of its past is what the ledger says. A run of an older program has no chain there yet. */
static gt_status check_chain_of_file(const gt_checkpoint_file *f, const audit_place *p) {
    gt_chain chain;
    gt_status st = gt_chain_read(f, &chain);
    if (st || p->line->event != GT_LEDGER_CHECKPOINT) return st;
    if (!chain.begun && !p->line->has_head) return GT_OK;
    return chain.begun && gt_sha256_equal(&chain.head, &p->line->head)
               ? GT_OK
               : differs(p->line, p->path, "the head of its chain", &chain.head, &p->line->head);
}

static gt_status check_checkpoint(audit *a, audit_place *p) {
    gt_status st = p->line->event == GT_LEDGER_CHECKPOINT ? check_file(p->line, p->path) : GT_OK;
    gt_checkpoint_file *f = st ? NULL : gt_checkpoint_open(p->path, &st);
    if (st) return st;
    p->recipe = gt_arena_printf(a->arena, "%s", gt_checkpoint_info(f)->recipe);
    p->arithmetic = gt_arena_printf(a->arena, "%s", gt_checkpoint_info(f)->kernel_set);
    if (!p->recipe || !p->arithmetic) st = GT_NOMEM;
    if (!st && !a->recipe) a->recipe = p->recipe;
    if (!st) st = audit_compare_recipes(p->recipe, p->path, a->recipe, "the checkpoint before");
    if (!st) st = audit_check_attributes(f);
    if (!st) st = check_numbers(f, p);
    if (!st) st = check_chain_of_file(f, p);
    gt_checkpoint_close(f);
    if (!st) st = check_state(p->line, p->path);
    a->found->checkpoints += !st;
    return st;
}

/* ---- all of them ---- */

/* The line that says what the checkpoint of so many images is; NULL: it is older than the chain. */
static gt_status line_of(const audit *a, int64_t images, const char *path, const gt_ledger_line **line) {
    *line = NULL;
    for (int i = a->ledger->n - 1; i >= 0 && !*line; i--) {
        const gt_ledger_line *t = &a->ledger->line[i];
        if (t->event == GT_LEDGER_CHECKPOINT && !t->superseded && t->images == images) *line = t;
    }
    if (!*line && images == a->chain->images) *line = a->chain;
    if (*line || images < a->chain->images) return GT_OK;
    return gt_fail(GT_FAILED, "%s: no line of the ledger is of this checkpoint", path);
}

static void add_place(audit *a, audit_place p) { a->place[a->n_places++] = p; }

static gt_status check_kept(audit *a, const checkpoint_place *kept, int n) {
    gt_status st = GT_OK;
    for (int i = n - 1; i >= 0 && !st; i--) { /* the oldest first */
        char name[40];
        gt_checkpoint_name(kept[i].images, name);
        audit_place p = {.images = kept[i].images, .path = gt_arena_printf(a->arena, "%s/%s", a->o->run, name)};
        st = p.path ? line_of(a, p.images, p.path, &p.line) : GT_NOMEM;
        if (st || !p.line || p.images < a->chain->images) continue;
        p.step = p.line->step;
        st = check_checkpoint(a, &p);
        if (!st) add_place(a, p);
    }
    return st;
}

static const gt_ledger_line *last_link(const audit *a) {
    const gt_ledger_line *last = NULL;
    for (int i = 0; i < a->ledger->n; i++) {
        const gt_ledger_line *t = &a->ledger->line[i];
        if (t->event == GT_LEDGER_LINK && !t->superseded && t->chain == a->chain->number) last = t;
    }
    return last;
}

static gt_status check_checkpoints(audit *a) {
    checkpoint_place *kept;
    int n;
    gt_status st = checkpoint_list(a->o->run, &kept, &n);
    if (st) return st;
    a->place = gt_arena_array(a->arena, (size_t)n + 2, sizeof *a->place);
    if (!a->place) st = GT_NOMEM;
    if (!st && !a->chain->step) add_place(a, (audit_place){.arithmetic = a->chain->arithmetic});
    if (!st) st = check_kept(a, kept, n);
    free(kept);
    const gt_ledger_line *last = st ? NULL : last_link(a);
    if (last && a->n_places && last->images > a->place[a->n_places - 1].images)
        add_place(
            a, (audit_place){.step = last->step, .images = last->images, .line = last, .arithmetic = last->arithmetic});
    if (!st && !a->recipe)
        return gt_fail(GT_UNDECIDED, "%s has no checkpoint of its chain: nothing can be compared", a->o->run);
    return st;
}

/* ---- the chain ---- */

static gt_status bad_line(const audit *a, const gt_ledger_line *line, const char *what) {
    return gt_fail(GT_FAILED, "%s/" GT_LEDGER_NAME ":%" PRId64 ": %s", a->o->run, line->number, what);
}

static gt_status check_begin(audit *a) {
    gt_sha256 recipe, head;
    gt_status st = gt_sha256_of(a->recipe, strlen(a->recipe), &recipe);
    if (!st && !gt_sha256_equal(&recipe, &a->chain->recipe))
        return bad_line(a, a->chain, "the chain begins with another recipe than the checkpoints have");
    if (!st)
        st = gt_chain_begin_hash(a->chain->step, a->chain->images, a->chain->arithmetic, &a->chain->state, a->recipe,
                                 &head);
    if (!st && !gt_sha256_equal(&head, &a->chain->head))
        st = bad_line(a, a->chain, "the head of the chain does not follow from recipe and state");
    return st;
}

/* Is there a link that should be there, after a link (or the beginning) at `before` images and before the end of the
 * step that ends at `images`? Steps are no longer than a batch. */
static bool lacks_link(const audit *a, int64_t before, int64_t images) {
    int64_t last = images - a->batch;
    return last > before && gt_chain_is_due(before, last, a->batch);
}

static gt_status check_link(audit *a, const gt_ledger_line *link, const gt_ledger_line *before) {
    gt_sha256 head;
    if (!a->data) return bad_line(a, link, "there is no line of the hash of the data before it");
    if (link->images <= before->images || link->step <= before->step)
        return bad_line(a, link, "the link does not come after the one before");
    if (lacks_link(a, before->images, link->images) || !gt_chain_is_due(before->images, link->images, a->batch))
        return bad_line(a, link, "a link before it is missing, or it is not where the recipe has one");
    gt_status st = gt_chain_link_hash(&before->head, link->step, link->images, link->arithmetic, &link->state,
                                      &a->data->root, &head);
    if (st || gt_sha256_equal(&head, &link->head)) return st;
    return bad_line(a, link, "the head of this link does not follow from the link before, its state and the data");
}

/* Each checkpoint has the head of the latest link before it. */
static gt_status check_heads(const audit *a, const gt_ledger_line *link, int64_t end) {
    for (int i = 0; i < a->n_places; i++) {
        const audit_place *p = &a->place[i];
        if (!p->line || p->line->event != GT_LEDGER_CHECKPOINT || p->images < link->images || p->images >= end)
            continue;
        if (!p->line->has_head || !gt_sha256_equal(&p->line->head, &link->head))
            return bad_line(a, p->line, "the head of this checkpoint is not that of the link before");
        if (lacks_link(a, link->images, p->images)) return bad_line(a, p->line, "a link before it is missing");
    }
    return GT_OK;
}

static gt_status check_links(audit *a) {
    const gt_ledger_line *before = a->chain;
    gt_status st = check_begin(a);
    for (int i = 0; i < a->ledger->n && !st; i++) {
        const gt_ledger_line *t = &a->ledger->line[i];
        if (t->event == GT_LEDGER_DATA && !gt_sha256_equal(&t->root, &a->data->root))
            return bad_line(a, t, "the data have another hash here than in a later line");
        if (t->event != GT_LEDGER_LINK || t->superseded || t->chain != a->chain->number) continue;
        st = check_link(a, t, before);
        if (!st) st = check_heads(a, before, t->images);
        before = t;
        a->found->links++;
    }
    if (!st) st = check_heads(a, before, INT64_MAX);
    gt_sha256_text(&before->head, a->found->head);
    a->found->head_images = before->images;
    return st;
}

static gt_status read_recipe(audit *a) {
    gt_job *job = gt_job_from_recipe_text(a->recipe, "the recipe of the checkpoints");
    if (!job) return gt_failure();
    a->batch = job->batch;
    a->any_order = job->reduce == GT_REDUCE_ALLREDUCE;
    gt_job_free(job);
    return GT_OK;
}

gt_status audit_check(audit *a) {
    gt_status st = gt_ledger_check(a->ledger, a->o->run, NULL);
    a->found->begin = a->chain->images;
    snprintf(a->found->arithmetic, sizeof a->found->arithmetic, "%s", a->chain->arithmetic);
    if (!st) st = check_checkpoints(a);
    if (!st) st = read_recipe(a);
    if (!st) st = check_links(a);
    if (st) return st;
    a->found->lines = a->ledger->n;
    if (a->data) {
        gt_sha256_text(&a->data->root, a->found->data);
        a->found->samples = a->data->samples;
    }
    return GT_OK;
}
