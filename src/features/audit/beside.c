/* SPDX-License-Identifier: Apache-2.0
 * What a file says beside its tensors: is it what the run says? Compared is what the readers of this program take from
 * a file (gt_network_open), however the file stores it: recipe, model, arithmetic and facts about the data; of
 * checkpoints also the chain, and the attributes that other programs read. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "features/audit/internal.h"
#include "base/door/file.h"
#include "base/door/memory.h"
#include "base/door/text.h"
#include "files/codec/door/weights.h"
#include "gantry/job.h"
#include "gantry/network.h"
#include "files/h5/door/h5.h"
#include "job/door/job.h"
#include "networks/model/door/model.h"
#include "run/door/checkpoint_internal.h"

/* The file, what the run gives, and a kept checkpoint whose facts about the data count as well; NULL: there is none. */
typedef struct beside {
    const audit *a;
    gt_checkpoint_file *file, *made, *kept;
    gt_arena *arena;
    audit_list *others;
} beside;

/* ---- names ---- */

void audit_list_add(audit_list *l, const char *format, ...) {
    enum { SHOWN = 8 };
    size_t n = strlen(l->text);
    char one[200];
    va_list ap;
    if (l->n++ >= SHOWN) return;
    va_start(ap, format);
    gt_vformat(one, sizeof one, format, ap);
    va_end(ap);
    if (strlen(one) == sizeof one - 1) memcpy(one + sizeof one - 4, "...", 4);
    gt_utf8_clean(one);
    snprintf(l->text + n, sizeof l->text - n, "%s%s", l->n > 1 ? ", " : "", one);
    l->shown = l->n;
}

const char *audit_list_end(audit_list *l) {
    size_t n = strlen(l->text);
    if (l->n > l->shown)
        snprintf(l->text + n, sizeof l->text - n, " and %d other%s", l->n - l->shown, gt_plural(l->n - l->shown));
    l->shown = l->n;
    return l->text;
}

/* ---- recipes ---- */

gt_status audit_compare_recipes(const char *recipe, const char *name, const char *other, const char *other_name) {
    if (!strcmp(recipe, other)) return GT_OK;
    const char *value[2];
    gt_job *a = gt_job_from_recipe_text(recipe, name), *b = a ? gt_job_from_recipe_text(other, other_name) : NULL;
    gt_status st = b ? GT_OK : gt_failure() == GT_NOMEM ? GT_NOMEM : GT_FORMAT;
    const gt_option *row = st ? NULL : gt_job_first_difference(a, b, value);
    if (row)
        st = gt_fail(GT_FAILED, "%s has %s = %.200s, and %s has %s = %.200s", name, row->key, value[0], other_name,
                     row->key, value[1]);
    if (a) gt_job_free(a);
    if (b) gt_job_free(b);
    return st;
}

static gt_status compare_recipes(const beside *b) {
    const char *is = gt_checkpoint_info(b->file)->recipe, *should = gt_checkpoint_info(b->made)->recipe;
    if (strcmp(is, should)) audit_list_add(b->others, "%s", "the words of the recipe");
    return audit_compare_recipes(is, "its recipe", should, "the run");
}

/* ---- texts of the file as a whole ---- */

static gt_status compare_text(const char *what, const char *is, const char *should, const char *or_this) {
    if (!strcmp(is, should) || (or_this && !strcmp(is, or_this))) return GT_OK;
    return gt_fail(GT_FAILED, "its %s is '%.200s', and that of the run '%.200s'", what, is, should);
}

static gt_status compare_about(const beside *b) {
    const gt_checkpoint_about *is = gt_checkpoint_info(b->file), *should = gt_checkpoint_info(b->made),
                              *kept = b->kept ? gt_checkpoint_info(b->kept) : NULL;
    gt_status st = compare_text("model", is->model, should->model, NULL);
    if (!st) st = compare_text("arithmetic", is->kernel_set, should->kernel_set, NULL);
    return st ? st : compare_text("fingerprint of the data", is->dataset, should->dataset, kept ? kept->dataset : NULL);
}

/* An attribute of the file, a text; "": there is none. */
static gt_status get_attribute(const beside *b, const gt_checkpoint_file *f, const char *name, const char **out) {
    char *text = NULL;
    gt_status st = gt_h5_text(b->arena, checkpoint_h5(f), "/", name, &text);
    *out = text ? text : "";
    return st;
}

/* The attribute class_names, which other programs read, has the names of /data/class_names: unless that would be too
 * long a text (src/core/run/checkpoint_data.c). */
static gt_status check_class_names(const gt_checkpoint_file *f, gt_arena *arena) {
    enum { MOST = 1 << 16, TOO_LONG = 1 << 18 };
    gt_checkpoint_data d;
    GT_FREED char **name = NULL;
    int n = 0;
    size_t bytes = 0;
    gt_status st = gt_checkpoint_get_data(f, arena, &d);
    if (!st) st = gt_h5_texts(checkpoint_h5(f), "/", "class_names", MOST, &name, &n);
    bool same = !st && (!n || n == d.class_names);
    for (int i = 0; i < n; i++) {
        bytes += strlen(name[i]);
        for (char *c = name[i]; *c; c++)
            if (iscntrl((unsigned char)*c)) *c = '?';
        same = same && !strcmp(name[i], d.class_name[i]);
        free(name[i]);
    }
    if (st || same || (!d.class_names && bytes >= TOO_LONG)) return st;
    return gt_fail(GT_FAILED, "its attribute 'class_names' is not its /data/class_names");
}

gt_status audit_check_attributes(const gt_checkpoint_file *f) {
    const gt_checkpoint_about *about = gt_checkpoint_info(f);
    beside b = {.arena = gt_arena_new()};
    const char *job;
    gt_job *of = gt_job_from_recipe_text(about->recipe, "the recipe");
    gt_model *m = of ? gt_model_bare(of) : NULL;
    gt_status st = b.arena && m ? GT_OK : gt_failure();
    if (!st) st = compare_text("model", about->model, m->name, NULL);
    if (!st) st = get_attribute(&b, f, "job", &job);
    if (!st && *job) st = audit_compare_recipes(job, "its attribute 'job'", about->recipe, "its /recipe");
    if (!st) st = check_class_names(f, b.arena);
    gt_model_free(m);
    if (of) gt_job_free(of);
    gt_arena_free(b.arena);
    return st ? gt_wrap(st, "%s", gt_checkpoint_path(f)) : GT_OK;
}

/* Another version of the program may have written the file again. */
static gt_status compare_version(const beside *b) {
    const char *is, *should;
    gt_status st = get_attribute(b, b->file, "gantry_version", &is);
    if (!st) st = get_attribute(b, b->made, "gantry_version", &should);
    if (!st && strcmp(is, should)) audit_list_add(b->others, "the version that is said to have written it (%s)", is);
    return st;
}

/* ---- entries ---- */

static gt_status read_entry(const gt_checkpoint_file *f, const gt_checkpoint_entry *e, void **out, size_t *bytes) {
    size_t each = e->type == GT_NUMBER_TEXT ? 1 : e->type == GT_NUMBER_FLOAT ? sizeof(float) : sizeof(double);
    size_t n = e->type == GT_NUMBER_TEXT ? e->size + 1 : e->size;
    if (gt_mul_overflows(n, each, bytes)) return gt_fail(GT_FORMAT, "'%s': an impossible size", e->path);
    if (!(*out = calloc(1, *bytes + 1))) return gt_fail(GT_NOMEM, "out of memory for '%s'", e->path);
    switch (e->type) {
    case GT_NUMBER_FLOAT: return gt_checkpoint_read(f, e->path, *out, e->size);
    case GT_NUMBER_DOUBLE: return gt_checkpoint_read_doubles(f, e->path, *out, e->size);
    case GT_NUMBER_TEXT: return gt_checkpoint_get_text(f, e->path, *out, *bytes);
    default: return gt_checkpoint_get_int(f, e->path, *out);
    }
}

static gt_status same_entry(const gt_checkpoint_file *f, const gt_checkpoint_entry *e, const gt_checkpoint_file *other,
                            bool *same) {
    const gt_checkpoint_entry *o = other ? gt_checkpoint_find(other, e->path) : NULL;
    GT_FREED void *x = NULL, *y = NULL;
    size_t n = 0, m = 0;
    *same = false;
    if (!o || o->type != e->type || o->size != e->size) return GT_OK;
    gt_status st = read_entry(f, e, &x, &n);
    if (!st) st = read_entry(other, o, &y, &m);
    *same = !st && n == m && !memcmp(x, y, n);
    return st;
}

/* All entries under a group of either file. */
static gt_status compare_entries(const beside *b, const char *under, const gt_checkpoint_file *kept) {
    const gt_checkpoint_file *of[] = {b->file, b->made};
    gt_status st = GT_OK;
    for (int k = 0; k < 2 && !st; k++)
        for (int i = gt_checkpoint_first(of[k], under); i >= 0 && !st; i = gt_checkpoint_next(of[k], under, i)) {
            const gt_checkpoint_entry *e = gt_checkpoint_at(of[k], i);
            bool same = false;
            st = same_entry(of[k], e, of[!k], &same);
            if (!st && !same && kept) st = same_entry(b->file, e, kept, &same);
            if (!st && !same) st = gt_fail(GT_FAILED, "its %s is not that of the run", e->path);
        }
    return st;
}

/* ---- the chain ---- */

/* Of a checkpoint that is gone the ledger alone has the head. What has no state is an export. */
static gt_status compare_head(const beside *b) {
    gt_chain chain;
    int64_t images = 0;
    gt_status st = gt_chain_read(b->file, &chain);
    if (!st && gt_checkpoint_find(b->file, "/state/images"))
        st = gt_checkpoint_get_int(b->file, "/state/images", &images);
    if (st || (!chain.begun && images <= b->a->chain->images)) return st;
    bool same = !chain.has_data || (b->a->data && gt_sha256_equal(&chain.data, &b->a->data->root)), found = false;
    for (int i = 0; i < b->a->ledger->n && !found; i++) {
        const gt_ledger_line *t = &b->a->ledger->line[i];
        found = !t->superseded && t->step == chain.step && t->images == chain.images &&
                gt_sha256_equal(&t->head, &chain.head);
    }
    return chain.begun && same && found ? GT_OK : gt_fail(GT_FAILED, "its /chain is not that of the run");
}

/* ---- a file of another program: what else it says ---- */

static bool same_fact(const gt_fact *a, const gt_fact *b) {
    if (!b || a->kind != b->kind) return false;
    return a->kind == GT_FACT_TEXT ? !strcmp(a->text, b->text) : a->kind == GT_FACT_NONE || a->number == b->number;
}

static void list_facts(const gt_weights *w, const gt_weights *made, audit_list *others) {
    for (size_t i = 0; i < gt_weights_facts(w); i++) {
        const gt_fact *f = gt_weights_fact_at(w, i);
        if (!same_fact(f, gt_weights_fact(made, f->name))) audit_list_add(others, "'%s'", f->name);
    }
    for (size_t i = 0; i < gt_weights_facts(made); i++) {
        const gt_fact *f = gt_weights_fact_at(made, i);
        if (!gt_weights_fact(w, f->name)) audit_list_add(others, "no '%s'", f->name);
    }
}

static gt_status list_members(const char *file, const char *made, audit_list *others) {
    gt_zip *a = NULL, *b = NULL;
    gt_status st = gt_zip_open(&a, file);
    if (!st) st = gt_zip_open(&b, made);
    for (size_t i = 0; !st && i < gt_zip_count(a); i++)
        if (!gt_zip_find(b, gt_zip_at(a, i)->name, NULL)) audit_list_add(others, "member '%s'", gt_zip_at(a, i)->name);
    gt_zip_close(a);
    gt_zip_close(b);
    return st;
}

/* All that a pickle says is what other programs make a network of, and run; another version of this program may have
 * said it in another way. */
static gt_status list_others(const char *file, const char *made, audit_list *others) {
    gt_status st = GT_OK;
    gt_weights *a = gt_weights_open(file, &st), *b = a ? gt_weights_open(made, &st) : NULL;
    if (b) list_facts(a, b, others);
    if (b && others->n && gt_weights_kind_of(a) == GT_WEIGHTS_REFERENCE)
        st = gt_fail(GT_UNDECIDED,
                     "other programs take from it what differs (%s): another version of this program may "
                     "have written it, or somebody else",
                     audit_list_end(others));
    gt_weights_close(a);
    gt_weights_close(b);
    return st || gt_kind_of_file(file) != GT_KIND_ZIP ? st : list_members(file, made, others);
}

/* ---- all of it ---- */

/* *same: of the first n bytes of two open files. */
static gt_status same_beginning(const int fd[2], uint64_t n, bool *same) {
    enum { PIECE = 1 << 16 };
    char piece[2][PIECE];
    gt_status st = GT_OK;
    *same = true;
    for (uint64_t at = 0; at < n && !st && *same; at += PIECE) {
        size_t bytes = n - at < PIECE ? (size_t)(n - at) : PIECE;
        for (int k = 0; k < 2 && !st; k++) st = gt_read_at(fd[k], at, piece[k], bytes);
        *same = !st && !memcmp(piece[0], piece[1], bytes);
    }
    return st;
}

/* A file that begins as what the run gives, and goes on. */
static gt_status list_bytes_behind(const char *file, const char *made, audit_list *others) {
    int fd[2] = {-1, -1};
    off_t bytes[2] = {0};
    bool begins = false;
    gt_status st = gt_file_open_regular(file, &fd[0], &bytes[0]);
    if (!st) st = gt_file_open_regular(made, &fd[1], &bytes[1]);
    if (!st && bytes[0] > bytes[1]) st = same_beginning(fd, (uint64_t)bytes[1], &begins);
    for (int k = 0; k < 2; k++)
        if (fd[k] >= 0) close(fd[k]);
    if (begins) audit_list_add(others, "%lld bytes behind its end", (long long)(bytes[0] - bytes[1]));
    return st;
}

static gt_status compare_checkpoints(const beside *b) {
    const char *is, *should;
    gt_status st = get_attribute(b, b->file, "job", &is);
    if (!st) st = get_attribute(b, b->made, "job", &should);
    if (!st && *is) st = audit_compare_recipes(is, "its attribute 'job'", should, "the run");
    if (!st) st = check_class_names(b->file, b->arena);
    if (!st) st = compare_version(b);
    if (st) return st;
    return b->kept ? compare_head(b) : compare_entries(b, "/chain", NULL);
}

static gt_status compare_opened(const beside *b) {
    gt_status st = compare_recipes(b);
    if (!st) st = compare_about(b);
    if (!st) st = compare_entries(b, "/data", b->kept);
    if (!st) st = compare_entries(b, GT_FILE_CLASSES, NULL);
    if (!st) st = compare_entries(b, GT_FILE_FAULTS, NULL);
    return st || !checkpoint_h5(b->file) ? st : compare_checkpoints(b);
}

gt_status audit_compare_beside(const audit *a, const char *file, const char *made, const char *kept,
                               audit_list *others) {
    beside b = {.a = a, .arena = gt_arena_new(), .others = others};
    gt_status st = b.arena ? GT_OK : GT_NOMEM;
    if (!st) b.file = gt_network_open(file, NULL, &st);
    if (!st) b.made = gt_network_open(made, NULL, &st);
    if (!st && kept) b.kept = gt_network_open(kept, NULL, &st);
    if (!st) st = compare_opened(&b);
    if (!st && !checkpoint_h5(b.file)) st = list_others(file, made, others);
    if (!st) st = list_bytes_behind(file, made, others);
    gt_checkpoint_close(b.file);
    gt_checkpoint_close(b.made);
    gt_checkpoint_close(b.kept);
    gt_arena_free(b.arena);
    return st;
}
