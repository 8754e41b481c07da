/* SPDX-License-Identifier: Apache-2.0
 * The rest of a run's folder: the job against the recipe of the checkpoints, the links `best` and `last`, the hashes of
 * the samples. What nothing here can check is named. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "features/audit/internal.h"
#include "base/door/file.h"
#include "gantry/job.h"
#include "job/door/job.h"
#include "networks/model/door/family.h"
#include "run/door/checkpoint_internal.h"
#include "run/door/rundir.h"

/* ---- the job ---- */

/* As a run that goes on takes its recipe: what the job gives stays, and the rest is the recipe's. *differs: in words.
 */
static gt_status resolve(gt_job *job, const gt_job *recipe, const char *text, bool *differs) {
    GT_FREED char *differences = NULL;
    gt_status st = gt_job_adopt(job, text, "the recipe of the checkpoints", &differences);
    *differs = !st && differences;
    return st ? st : gt_job_resolve(job, recipe->height, recipe->width, recipe->channels, recipe->label_dim, 0);
}

/* A job that cannot be resolved, since it differs, differs. */
static gt_status check_job(const audit *a) {
    const char *value[2];
    bool differs = false;
    gt_job *job = gt_job_read_record(a->job, "job.ini"),
           *recipe = job ? gt_job_from_recipe_text(a->recipe, "the checkpoints") : NULL;
    gt_status st = recipe ? resolve(job, recipe, a->recipe, &differs) : gt_failure();
    const gt_option *row = differs ? gt_job_first_difference(job, recipe, value) : NULL;
    if (row)
        st = gt_fail(GT_FAILED, "%s/job.ini: %s = %.200s, and the recipe of the checkpoints has %s = %.200s", a->o->run,
                     row->key, value[0], row->key, value[1]);
    else if (st && st != GT_NOMEM) st = gt_wrap(GT_UNDECIDED, "%s/job.ini", a->o->run);
    if (job) gt_job_free(job);
    if (recipe) gt_job_free(recipe);
    return st;
}

/* ---- the hashes of the samples ---- */

static gt_status check_leaves(const audit *a, const char *path) {
    gt_merkle tree = {0};
    gt_sha256 leaf, root;
    int fd;
    off_t bytes;
    gt_status st = gt_file_open_regular(path, &fd, &bytes);
    for (off_t at = 0; !st && at + (off_t)sizeof leaf.byte <= bytes; at += (off_t)sizeof leaf.byte) {
        st = gt_read_at(fd, (uint64_t)at, leaf.byte, sizeof leaf.byte);
        if (!st) gt_merkle_add(&tree, &leaf);
    }
    if (fd >= 0) close(fd);
    if (!st) st = gt_merkle_root(&tree, &root);
    bool same = !st && bytes % (off_t)sizeof leaf.byte == 0 && gt_sha256_equal(&root, &a->data->root);
    return st || same ? st : gt_fail(GT_FAILED, "%s: these are not the hashes of the samples of the run's data", path);
}

/* ---- files that may be checkpoints ---- */

typedef struct folder {
    const audit *a;
    audit_list unchecked;
    bool words; /* what the run says of itself: logs, scores, pictures */
} folder;

static bool is_place(const audit *a, const char *name) {
    char own[GT_NAME_BYTES];
    for (int i = 0; i < a->n_places; i++) {
        if (!a->place[i].path) continue;
        gt_path_name(a->place[i].path, own);
        if (!strcmp(own, name)) return true;
    }
    return false;
}

/* *same: the file, or what a link leads to, has the bytes of a checkpoint that was checked. */
static gt_status is_checked(const audit *a, const char *path, bool *same) {
    struct stat mine, theirs;
    gt_sha256 x, y;
    bool hashed = false;
    gt_status st = GT_OK;
    *same = false;
    if (stat(path, &mine)) return GT_OK;
    for (int i = 0; i < a->n_places && !st && !*same; i++) {
        const audit_place *p = &a->place[i];
        if (!p->path || stat(p->path, &theirs) || mine.st_size != theirs.st_size) continue;
        *same = mine.st_dev == theirs.st_dev && mine.st_ino == theirs.st_ino;
        if (*same) return GT_OK;
        if (!hashed) st = gt_sha256_of_file(path, &x);
        hashed = true;
        if (!st) st = gt_sha256_of_file(p->path, &y);
        *same = !st && gt_sha256_equal(&x, &y);
    }
    return st;
}

/* A link as the run makes it, to a checkpoint of this folder: one that is older than the chain, or has just come. */
static bool leads_to_checkpoint_here(const char *path) {
    char target[GT_NAME_BYTES];
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n <= 0) return false;
    target[n] = 0;
    return checkpoint_number(target) >= 0;
}

static gt_status check_link(folder *f, const char *path, const char *name) {
    gt_file_kind kind = gt_kind_of_file(path);
    if (leads_to_checkpoint_here(path) || kind == GT_KIND_MISSING) {
        audit_list_add(&f->unchecked, "%s%s", name, kind == GT_KIND_MISSING ? " (leads to no file)" : "");
        return GT_OK;
    }
    return gt_fail(GT_FAILED,
                   "%s is not a checkpoint of the run: it has other bytes than each checkpoint that the "
                   "ledger names",
                   path);
}

/* ---- all that lies there ---- */

/* Files of a run that are neither checked by name nor read as networks. */
static bool says_of_itself(const gt_run_file *row) {
    static const char *const networks[] = {"network-snapshot-", "checkpoint-", "bad-checkpoint-", "best", "last"};
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        if (!strncmp(row->pattern, networks[i], strlen(networks[i]))) return false;
    return row->kind == GT_RUN_WRITES;
}

static gt_status visit(void *arg, const char *path, const char *name) {
    folder *f = arg;
    const gt_run_file *row = gt_run_file_of(name);
    bool link = !strcmp(name, "last") || !strcmp(name, "best"), same = false;
    if (!strcmp(name, ".") || !strcmp(name, "..") || is_place(f->a, name)) return GT_OK;
    if (!strcmp(name, "job.ini") || !strcmp(name, GT_LEDGER_NAME) || !strcmp(name, AUDIT_NOTE)) return GT_OK;
    if (!strcmp(name, GT_RUN_LEAVES) && f->a->data) return check_leaves(f->a, path);
    if (row && says_of_itself(row)) {
        f->words = true;
        return GT_OK;
    }
    gt_status st = link || gt_kind_of_file(path) == GT_KIND_CHECKPOINT ? is_checked(f->a, path, &same) : GT_OK;
    if (st || same) return st;
    if (link) return check_link(f, path, name);
    bool other = !row || row->kind == GT_RUN_WRITES || gt_kind_of_file(path) == GT_KIND_FOLDER;
    if (other) audit_list_add(&f->unchecked, "%s", name);
    return GT_OK;
}

/* ---- pictures that others took the places of ---- */

static void list_replaced(audit *a) {
    audit_list list = {0};
    for (int i = 0; i < a->ledger->n; i++) {
        const gt_ledger_line *t = &a->ledger->line[i];
        for (int k = 0; t->event == GT_LEDGER_REPLACED && k < t->n_pictures; k++)
            audit_list_add(&list, "%" PRId64, t->pictures[k]);
    }
    snprintf(a->found->replaced, sizeof a->found->replaced, "%s", audit_list_end(&list));
}

gt_status audit_check_folder(audit *a) {
    folder f = {.a = a};
    bool nameless = false;
    gt_status st = check_job(a);
    if (!st) st = audit_check_facts(a, &nameless);
    if (nameless) audit_list_add(&f.unchecked, "other names of classes or channels than the data have, in checkpoints");
    if (!st) st = gt_folder_each(a->o->run, visit, &f);
    snprintf(a->found->unchecked, sizeof a->found->unchecked, "%s%s%s", audit_list_end(&f.unchecked),
             *f.unchecked.text && f.words ? "; " : "", f.words ? "logs, scores, charts and pictures" : "");
    list_replaced(a);
    return st;
}
