/* SPDX-License-Identifier: Apache-2.0
 * What of a run can be checked without training: the lines of the ledger, the kept checkpoints, and the chain
 * (heads.c). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "features/audit/internal.h"
#include "runner/contents/door/contents.h"
#include "gantry/file.h"
#include "gantry/job.h"
#include "job/door/job.h"
#include "networks/model/door/family.h"
#include "run/door/checkpoint_internal.h"

static gt_status read_job(audit *a) {
    GT_FREED char *text = NULL;
    gt_status st = gt_rundir_read(a->o->run, "job.ini", &text);
    if (!st && !text) return gt_fail(GT_FAILED, "'%s' is not the folder of a run: there is no job.ini", a->o->run);
    if (!st) a->job = gt_arena_printf(a->arena, "%s", text);
    return st ? st : a->job ? GT_OK : GT_NOMEM;
}

/* A run that goes on has a line for each file that is listed before the ledger is read. */
static gt_status list_kept(audit *a) {
    checkpoint_place *kept;
    gt_status st = checkpoint_list(a->o->run, &kept, &a->n_kept);
    if (st) return st;
    a->kept = gt_arena_array(a->arena, (size_t)a->n_kept + 1, sizeof *a->kept);
    for (int i = 0; i < a->n_kept && a->kept; i++) {
        char name[40];
        gt_checkpoint_name(kept[i].images, name);
        a->kept[i] = (audit_place){.images = kept[i].images,
                                   .path = gt_arena_printf(a->arena, "%s/%s", a->o->run, name)};
    }
    free(kept);
    return a->kept && !gt_arena_failed(a->arena) ? GT_OK : GT_NOMEM;
}

gt_status audit_open(audit *a) {
    gt_status st = read_job(a);
    if (!st) st = list_kept(a);
    if (st) return st;
    a->ledger = gt_ledger_read(a->o->run);
    if (!a->ledger) return gt_failure();
    for (int i = 0; i < a->ledger->n; i++) {
        const gt_ledger_line *t = &a->ledger->line[i];
        if (t->event == GT_LEDGER_CHAIN && t->numbered) a->chain = t;
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
    gt_sha256 root;
    gt_status st = gt_contents_root_of_file(path, &root);
    if (st || gt_sha256_equal(&root, &line->state)) return st;
    return differs(line, path, "the hash of the state", &root, &line->state);
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
static gt_status check_chain_of_file(const audit *a, const gt_checkpoint_file *f, const audit_place *p) {
    gt_chain chain;
    gt_status st = gt_chain_read(f, &chain);
    if (st || p->line->event != GT_LEDGER_CHECKPOINT) return st;
    if (!chain.begun && !p->line->has_head) return GT_OK;
    bool other = chain.form != a->found->form ||
                 (chain.has_data && a->data && !gt_sha256_equal(&chain.data, &a->data->root));
    if (chain.begun && other)
        return gt_fail(GT_FAILED, "%s: /chain has another form, or other data, than the ledger", p->path);
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
    if (!st) st = audit_compare_recipes(p->recipe, p->path, a->recipe, "the beginning of the chain");
    if (!st) st = audit_check_attributes(f);
    if (!st) st = check_numbers(f, p);
    if (!st) st = check_chain_of_file(a, f, p);
    gt_checkpoint_close(f);
    if (!st) st = check_state(p->line, p->path);
    a->found->checkpoints += !st;
    return st;
}

/* ---- all of them ---- */

/* A run that was killed at the wrong moment has a file of which its ledger does not tell yet. */
static bool is_newer(const audit *a, int64_t images) {
    for (int i = 0; i < a->ledger->n; i++) {
        const gt_ledger_line *t = &a->ledger->line[i];
        bool later = t->event == GT_LEDGER_CHECKPOINT && !t->superseded && t->images >= images;
        if (later || (t->event == GT_LEDGER_END && t->number == a->ledger->n)) return false;
    }
    return true;
}

/* The line that says what the checkpoint of so many images is; NULL: it is older than the chain, or newer than the
 * ledger. */
static gt_status line_of(audit *a, int64_t images, const char *path, const gt_ledger_line **line) {
    *line = NULL;
    for (int i = a->ledger->n - 1; i >= 0 && !*line; i--) {
        const gt_ledger_line *t = &a->ledger->line[i];
        if (t->event == GT_LEDGER_CHECKPOINT && !t->superseded && t->images == images) *line = t;
    }
    if (!*line && images == a->chain->images) *line = a->chain;
    if (*line || images < a->chain->images) return GT_OK;
    if (is_newer(a, images)) {
        a->untold = path;
        return GT_OK;
    }
    return gt_fail(GT_FAILED, "%s: no line of the ledger is of this checkpoint", path);
}

static void add_place(audit *a, audit_place p) { a->place[a->n_places++] = p; }

static gt_status check_kept(audit *a) {
    gt_status st = GT_OK;
    for (int i = a->n_kept - 1; i >= 0 && !st; i--) { /* the oldest first */
        audit_place p = a->kept[i];
        if (access(p.path, F_OK)) continue; /* a run that goes on has removed it since */
        st = line_of(a, p.images, p.path, &p.line);
        if (st || !p.line || p.images < a->chain->images) continue;
        p.step = p.line->step;
        st = check_checkpoint(a, &p);
        if (!st) add_place(a, p);
        else if (access(p.path, F_OK)) st = GT_OK; /* or meanwhile */
    }
    return st;
}

/* Where the chain begins at a checkpoint of an older program, whose line says nothing of it. */
static gt_status check_begin_of_old(const audit *a) {
    for (int i = 0; i < a->n_places; i++) {
        const gt_ledger_line *t = a->place[i].line;
        if (t && t->images == a->chain->images && t->number < a->chain->number &&
            !gt_sha256_equal(&t->state, &a->chain->state))
            return differs(a->chain, a->place[i].path, "the hash of the state", &t->state, &a->chain->state);
    }
    return GT_OK;
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
    a->place = gt_arena_array(a->arena, (size_t)a->n_kept + 2, sizeof *a->place);
    gt_status st = a->place ? GT_OK : GT_NOMEM;
    if (!st && !a->chain->step) add_place(a, (audit_place){.arithmetic = a->chain->arithmetic});
    if (!st) st = check_kept(a);
    if (!st) st = check_begin_of_old(a);
    const gt_ledger_line *last = st ? NULL : last_link(a);
    if (last && a->n_places && last->images > a->place[a->n_places - 1].images)
        add_place(
            a, (audit_place){.step = last->step, .images = last->images, .line = last, .arithmetic = last->arithmetic});
    if (!st && a->n_places < 2)
        return gt_fail(GT_UNDECIDED, "%s has no checkpoint of its chain: nothing can be compared", a->o->run);
    return st;
}

/* ---- the recipe ---- */

/* Another version of the program that has gone on with the run may have the recipe in other words. */
static bool is_recipe_of_chain(const audit *a, const char *recipe) {
    gt_sha256 hash;
    return !gt_sha256_of(recipe, strlen(recipe), &hash) && gt_sha256_equal(&hash, &a->chain->recipe);
}

/* A chain of 1.0.0 has its recipe in the checkpoints alone. */
static gt_status find_recipe_of_old(audit *a) {
    gt_status st = GT_OK;
    for (int i = 0; i < a->n_kept && !st && !a->begun_with; i++) {
        gt_checkpoint_file *f = gt_checkpoint_open(a->kept[i].path, &st);
        a->recipe = f ? gt_arena_printf(a->arena, "%s", gt_checkpoint_info(f)->recipe) : NULL;
        gt_checkpoint_close(f);
        if (!st && !a->recipe) st = GT_NOMEM;
        if (!st && is_recipe_of_chain(a, a->recipe)) a->begun_with = a->recipe;
    }
    if (!st && !a->recipe)
        return gt_fail(GT_UNDECIDED, "%s has no checkpoint of its chain: nothing can be compared", a->o->run);
    return st;
}

/* A recipe has rows of options that decide numbers, and facts of the data; a program writes nothing else into it. */
static gt_status check_row(const gt_job *job, const char *row, int n) {
    char key[64];
    int length = (int)strcspn(row, " =\n");
    if (!n || *row == '[') return GT_OK;
    snprintf(key, sizeof key, "%.*s", length, row);
    const gt_option *option = gt_options_find(&job->options, key);
    if (option && (option->class == GT_RECIPE || option->class == GT_SHAPE)) return GT_OK;
    return gt_fail(GT_FAILED, "the recipe that the chain begins with has the line '%.*s', which is of no recipe", n,
                   row);
}

static gt_status check_rows(const audit *a, const gt_job *job) {
    gt_status st = GT_OK;
    for (const char *row = a->recipe; *row && !st;) {
        int n = (int)strcspn(row, "\n");
        st = check_row(job, row, n);
        row += n + (row[n] == '\n');
    }
    return st;
}

static gt_status read_recipe(audit *a) {
    const char *own = a->chain->recipe_text;
    if (*own) a->recipe = a->begun_with = own;
    gt_status st = *own ? GT_OK : find_recipe_of_old(a);
    if (st) return st;
    gt_job *job = gt_job_from_recipe_text(a->recipe, "the recipe of the chain");
    if (!job) return gt_fail(GT_FORMAT, "%s", gt_message()); /* nobody typed it */
    a->batch = job->batch;
    a->any_order = job->reduce == GT_REDUCE_ALLREDUCE;
    a->plateau = job->schedule == GT_SCHEDULE_PLATEAU;
    a->length_counts = (job->schedule == GT_SCHEDULE_COSINE || job->schedule == GT_SCHEDULE_ONE_CYCLE) &&
                       !(job->schedule_epochs > 0);
    st = check_rows(a, job);
    GT_FREED char *ours = gt_job_to_recipe_text(job);
    a->found->other_words = ours && strcmp(ours, a->recipe);
    gt_job_free(job);
    return st;
}

/* The run's own last word: the hash of the checkpoint with which it ended. */
static gt_status check_last_word(const audit *a) {
    const gt_ledger_line *end = a->ledger->n ? &a->ledger->line[a->ledger->n - 1] : NULL;
    const audit_place *p = NULL;
    char hash[GT_CONTENTS_HASH_BYTES];
    if (!end || end->event != GT_LEDGER_END || !*end->hash) return GT_OK;
    for (int i = 0; i < a->n_places; i++)
        if (a->place[i].path && a->place[i].images == end->images) p = &a->place[i];
    gt_status st = p ? gt_contents_hash_file(p->path, NULL, hash) : GT_OK;
    if (st || !p || !strcmp(hash, end->hash)) return st;
    return gt_fail(GT_FAILED, "%s: the hash is %s, and line %" PRId64 " of the ledger (the end of the run) says %s",
                   p->path, hash, end->number, end->hash);
}

/* ---- what the report lists ---- */

static void add_text(char *list, size_t room, const char *text) {
    size_t n = strlen(list);
    snprintf(list + n, room - n, "%s%s", n ? ", " : "", text);
}

/* Where rates depend on it, the length is that of the path; else that which each start has named. */
static void list_lengths(audit *a) {
    gt_audit_found *f = a->found;
    int64_t total = 0;
    char text[64];
    for (int i = 0; i < (a->length_counts ? a->n_turns : a->ledger->n); i++) {
        const gt_ledger_line *t = &a->ledger->line[i];
        int64_t one = a->length_counts ? a->turns[i].total : t->event == GT_LEDGER_START && t->numbered ? t->total : 0;
        if (!one || one == total) continue;
        total = one;
        a->n_lengths++;
        snprintf(text, sizeof text, "%.6g kimg", (double)total / 1000);
        add_text(f->lengths, sizeof f->lengths, text);
    }
}

/* As the links of the path and the kept checkpoints say, in their order. */
static void list_arithmetics(audit *a) {
    gt_audit_found *f = a->found;
    const char *now = a->chain->arithmetic;
    int64_t images = a->chain->images; /* up to there it was this one */
    char text[160];
    add_text(f->arithmetics, sizeof f->arithmetics, now);
    for (int i = a->chain->number; i < a->ledger->n; i++) {
        const gt_ledger_line *t = &a->ledger->line[i];
        const char *its = t->event == GT_LEDGER_LINK ? t->arithmetic : "";
        for (int k = 0; k < a->n_places && t->event == GT_LEDGER_CHECKPOINT; k++)
            if (a->place[k].line == t) its = a->place[k].arithmetic;
        if (t->superseded || !*its) continue;
        if (strcmp(its, now)) {
            snprintf(text, sizeof text, "%.40s from %.6g kimg on", its, (double)images / 1000);
            add_text(f->arithmetics, sizeof f->arithmetics, text);
            f->arithmetic_changed = true;
        }
        now = its;
        images = t->images;
    }
}

static void list_what_happened(audit *a) {
    gt_audit_found *f = a->found;
    char text[160];
    for (int i = 0; i < a->ledger->n; i++)
        f->starts += a->ledger->line[i].event == GT_LEDGER_START && a->ledger->line[i].numbered;
    f->rollbacks = a->n_back;
    for (int i = 0; i < a->n_back; i++) {
        const gt_ledger_line *t = a->back[i];
        snprintf(text, sizeof text, "%.40s at %.6g kimg, back to %.6g kimg", t->message, (double)t->images / 1000,
                 (double)t->to_images / 1000);
        add_text(f->rolled_back, sizeof f->rolled_back, text);
    }
    list_lengths(a);
    list_arithmetics(a);
}

gt_status audit_check(audit *a) {
    gt_status st = gt_ledger_check(a->ledger, a->o->run, NULL);
    if (!st) st = gt_ledger_check_end(a->ledger, a->o->run);
    a->found->begin = a->chain->images;
    a->found->late = a->chain->images > 0 || a->chain->step > 0;
    a->found->form = a->chain->form > 1 ? a->chain->form : 1;
    a->found->open_end = !a->ledger->line[a->ledger->n - 1].covers_itself;
    if (a->chain->has_source && a->chain->form > 1) gt_sha256_text(&a->chain->source, a->found->source);
    snprintf(a->found->arithmetic, sizeof a->found->arithmetic, "%s", a->chain->arithmetic);
    if (!st) st = read_recipe(a);
    if (!st) st = audit_check_heads(a);
    if (!st) st = check_checkpoints(a);
    if (!st) st = check_last_word(a);
    if (st) return st;
    list_what_happened(a);
    a->found->lines = a->ledger->n;
    if (a->data) {
        gt_sha256_text(&a->data->root, a->found->data);
        a->found->samples = a->data->samples;
    }
    return GT_OK;
}
