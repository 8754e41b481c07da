/* SPDX-License-Identifier: Apache-2.0
 * What kept checkpoints say of the data, and no hash covers: the type of samples, their range, the names of channels
 * and of classes. The data themselves say these, where they are there. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "features/audit/internal.h"
#include "base/door/file.h"
#include "base/door/text.h"
#include "gantry/arrays.h"
#include "gantry/dataset.h"
#include "job/door/job.h"
#include "networks/model/door/family.h"
#include "run/door/checkpoint_internal.h"

typedef struct facts {
    audit *a;
    const gt_job *job; /* of the recipe */
    const gt_dataset_info *info;
    bool nameless; /* checkpoints have other names than the data */
} facts;

/* As a checkpoint is read: bytes that are not UTF-8 and control characters are question marks. */
static bool is_name(const char *read, const char *of_data) {
    GT_FREED char *clean = strdup(of_data);
    if (clean) gt_utf8_clean(clean);
    for (char *c = clean; c && *c; c++)
        if (iscntrl((unsigned char)*c)) *c = '?';
    return clean && !strcmp(read, clean);
}

static bool same_classes(const facts *f, const gt_checkpoint_data *d) {
    const gt_dataset_info *i = f->info;
    bool masks = f->job->family->needs_masks && f->job->family->needs_masks(f->job), same = true;
    const char *const *name = masks ? i->mask_name : i->class_name;
    int n = !masks ? i->class_names : i->mask_name ? i->mask_classes : 0;
    if (n > f->job->label_dim) n = (int)f->job->label_dim;
    if (n != d->class_names) return false;
    for (int k = 0; k < n && same; k++) same = is_name(d->class_name[k], name[k]);
    return same;
}

static bool same_channels(const facts *f, const gt_checkpoint_data *d) {
    const char *names = f->info->channel_names;
    return d->channels && names ? is_name(d->channels, names) : !d->channels && !names;
}

/* A run may go on with other names (--class-names) and with other files. So names must be those of the data in the
 * newest checkpoint alone, and only where the run's own files are there. */
static gt_status check_checkpoint(facts *f, const char *path, bool newest) {
    gt_checkpoint_data d;
    gt_status st;
    gt_checkpoint_file *file = gt_checkpoint_open(path, &st);
    if (!st) st = gt_checkpoint_get_data(file, f->a->arena, &d);
    gt_checkpoint_close(file);
    if (st) return st;
    bool ranged = !gt_dataset_usual_range(f->info), named = same_channels(f, &d) && same_classes(f, &d);
    f->nameless |= !named;
    const char *other = NULL;
    if (d.samples != f->info->type) other = "another type of samples";
    else if (d.has_range != ranged || (ranged && memcmp(d.range, f->info->range, sizeof d.range)))
        other = "another range of the samples";
    else if (!named && newest && !*f->a->o->data) other = "other names of classes or channels";
    return other ? gt_fail(GT_FAILED, "%s: its /data has %s than the data", path, other) : GT_OK;
}

static gt_status check_all(facts *f) {
    gt_status st = GT_OK;
    bool newest = true;
    for (int i = f->a->n_places - 1; i >= 0 && !st; i--) {
        if (!f->a->place[i].path) continue;
        st = check_checkpoint(f, f->a->place[i].path, newest);
        newest = false;
    }
    return st;
}

/* The job as the run had it, before its data are there. NULL: see gt_message(). */
static gt_job *job_of_run(const audit *a) {
    GT_FREED char *differences = NULL;
    gt_job *job = gt_job_read_record(a->job, "job.ini");
    gt_status st = job ? gt_job_adopt(job, a->recipe, "the recipe of the checkpoints", &differences) : gt_failure();
    if (!st && *a->o->data) st = gt_job_set(job, "data", a->o->data, NULL);
    if (!st) return job;
    if (job) gt_job_free(job);
    return NULL;
}

/* libhdf5 may crash on a file whose checksum somebody has made right. */
static gt_status check_kept(const char *run) {
    GT_FREED checkpoint_place *kept = NULL;
    int n;
    char name[40];
    gt_status st = gt_kind_of_file(run) == GT_KIND_FOLDER ? checkpoint_list(run, &kept, &n) : gt_h5_check(run);
    if (st || gt_kind_of_file(run) != GT_KIND_FOLDER) return st;
    for (int i = 0; i < n && !st; i++) {
        gt_checkpoint_name(kept[i].images, name);
        GT_FREED char *path = gt_path_join(run, name), *whole = NULL;
        st = path ? GT_OK : GT_NOMEM;
        if (!st && !gt_checkpoint_choose(path, &whole)) st = gt_h5_check(path); /* what is damaged is told later */
        if (st && path && access(path, F_OK)) st = GT_OK;                       /* a run that goes on has removed it */
    }
    return st;
}

static gt_status check_files(const char *run, const char *data) {
    GT_FREED char *text = NULL;
    gt_job *job = gt_job_new();
    gt_status st = job ? gt_rundir_read(run, "job.ini", &text) : gt_failure();
    bool read = !st && text && !gt_job_read_text(job, text, "job.ini");
    if (!st && *data) st = read ? gt_job_set(job, "data", data, NULL) : gt_h5_check(data);
    if (!st && read) st = gt_job_check_files(job); /* conditions, too, which --data does not name */
    if (job) gt_job_free(job);
    if (st == GT_FORMAT) return gt_wrap(GT_UNDECIDED, GT_REPLAY_NO_DATA);
    return st ? st : check_kept(run);
}

gt_status gt_audit_check_data(const char *run, const char *data) {
    char *folder;
    if (!gt_audit_bundle_is(run)) return check_files(run, data);
    gt_status st = gt_audit_bundle_open(run, &folder);
    if (!st) st = check_files(folder, data);
    gt_audit_bundle_close(folder);
    return st;
}

/* Data that are gone say nothing here: what needs them says so. */
gt_status audit_check_facts(audit *a, bool *nameless) {
    gt_dataset *data = NULL;
    gt_job *job = job_of_run(a), *recipe = job ? gt_job_from_recipe_text(a->recipe, "the checkpoints") : NULL;
    gt_status st = recipe ? GT_OK : gt_failure();
    facts f = {.a = a, .job = recipe};
    if (!st && !gt_job_open_data(job, &data)) {
        f.info = gt_dataset_get_info(data);
        st = check_all(&f);
    }
    *nameless = f.nameless;
    gt_dataset_close(data);
    if (job) gt_job_free(job);
    if (recipe) gt_job_free(recipe);
    return st;
}
