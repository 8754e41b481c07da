/* SPDX-License-Identifier: Apache-2.0
 * The inside of the room: the option table of jobs, as it is put together, rules of families, files that gantry export
 * has written. */
#ifndef GANTRY_JOB_INTERNAL_H
#define GANTRY_JOB_INTERNAL_H

#include "networks/model/door/import.h"
#include "gantry/job.h"

/* A row whose `choices` is one of these texts gets the names of all models, or of all optimisers. */
extern const char gt_any_model[], gt_any_optimizer[];

/* Whether all rows of the table of options, and their texts, have found room and place: else a mistake in the sources.
 */
bool gt_job_table_is_whole(void);

/* The options of all families, and those of GANs. */
const gt_option *gt_common_options(int *n);
const gt_option *gt_gan_rows(int *n);

/* GT_USAGE: an option of augmentation was given that has no meaning with this --aug. Options that have none become
 * moot. */
gt_status gt_gan_check(gt_job *job);
/* Gives job->gan what follows from the options. */
void gt_gan_resolve(gt_job *job);

/* Where the struct of a family's own options begins in the memory of a job, in bytes. `family` NULL: the size of a
 * whole job. */
size_t gt_job_own_offset(const gt_family *family);

/* The value that counts in a resolved job, not "auto" but what it stands for (gt_family.stands_for); NULL: as
 * gt_options_effective(). */
const char *gt_job_stands_for(const gt_job *job, const gt_option *row);

/* Is the name one of "a|b|c"? */
bool gt_names_have(const char *names, const char *name);

/* Sets job->family, job->kind and job->own by job->model. */
void gt_job_find_family(gt_job *job);

/* ---- files that gantry export has written (exported.c): beside tensors they hold what Gantry needs to make the model
 * again: the recipe, the kernels, names of classes ---- */

/* As gt_family.import, for models of all families. */
gt_status gt_exported_import(gt_imported *m);
/* What a file of gantry export says of the data beside the networks: names of classes, the range ... */
gt_status gt_exported_keep_data(gt_imported *m);

#endif
