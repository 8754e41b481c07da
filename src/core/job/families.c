/* SPDX-License-Identifier: Apache-2.0
 * Families of models by name. And from a job to its model. */
#include "job/internal.h"
#include "job/door/job.h"
#include "kernels/door/kernels.h"
#include "networks/model/door/family.h"

const gt_family *const *gt_families(void) { return gt_all_families; }

const gt_family *gt_family_of(const char *model, const gt_family_model **row) {
    for (const gt_family *const *f = gt_families(); *f; f++)
        for (*row = (*f)->models; (*row)->name; ++*row)
            if (gt_is(model, (*row)->name)) return *f;
    return NULL;
}

void gt_job_find_family(gt_job *job) { /* the option table lets no other name pass */
    job->family = gt_family_of(job->model, &job->kind);
    job->own = (char *)job + gt_job_own_offset(job->family);
}

const char *gt_family_name(const gt_family *family) { return family->name; }

const gt_family_model *gt_family_models(const gt_family *family) { return family->models; }

gt_status gt_family_check_size(const gt_family *family, int64_t height, int64_t width, int64_t channels) {
    return family->check_size ? family->check_size(height, width, channels) : GT_OK;
}

bool gt_names_have(const char *names, const char *name) {
    size_t n = strlen(name);
    for (const char *at = names; n && (at = strstr(at, name)); at += n)
        if ((at == names || at[-1] == '|') && (at[n] == '|' || !at[n])) return true;
    return false;
}

bool gt_family_has(const gt_family *family, const gt_option *row) {
    return !row->only || gt_names_have(row->only, family->name);
}

bool gt_model_has(const gt_family *family, const gt_family_model *model, const gt_option *row) {
    return gt_family_has(family, row) && (!family->takes || family->takes(model, row->key));
}

void gt_models_with(const gt_family *family, const gt_option *row, char *text, size_t bytes) {
    enum { SOME = 8 };
    int with = 0, all = 0, shown = 0;
    for (const gt_family_model *m = family->models; m->name; m++, all++) with += gt_model_has(family, m, row);
    size_t n = 0;
    *text = 0;
    for (const gt_family_model *m = family->models; m->name && n < bytes; m++) {
        if (!gt_model_has(family, m, row)) continue;
        bool last = with == all && shown++ == SOME;
        n += (size_t)snprintf(text + n, bytes - n, "%s%s", n ? ", " : "", last ? "..." : m->name);
        if (last) break;
    }
}

gt_model *gt_model_bare(const gt_job *job) {
    gt_model *m = gt_family_make(job->family, job);
    if (!m) return NULL;
    m->kernels = job->kernels ? job->kernels : gt_kernel_set_best();
    if (job->conv != GT_CONV_AUTO) m->kernels = gt_kernel_set_with_conv(m->kernels, gt_conv_modes[job->conv]);
    return m;
}

gt_model *gt_model_new(const gt_job *job) {
    gt_model *m = gt_model_bare(job);
    if (m) gt_model_init(m);
    return m;
}

int gt_model_mbstd(const gt_job *job) { return job->family->group ? job->family->group(job) : 0; }
