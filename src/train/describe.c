/* SPDX-License-Identifier: Apache-2.0
 * What is run, in words: into the log, and into starts.jsonl for those who look at the run later. */
#include "gantry/augment.h"
#include "gantry/dist.h"
#include "gantry/kernels.h"
#include "gantry/log.h"
#include "gantry/text.h"
#include "gantry/version.h"
#include "train/journal.h"

/* Does the job's set of augmentations have some of colour, which these channels do without? */
static bool colour_is_off(const gt_job *j) {
    gt_augment_config c;
    if (!j->gan.augments || gt_augment_preset(j->gan.augpipe, &c)) return false;
    c.colours = (int)j->colours;
    return gt_augment_drop_colour(&c, (int)j->channels);
}

/* "G 1.23 M, D 0.98 M" */
static void parameters_text(const gt_model *m, char *text, size_t bytes) {
    size_t n = 0;
    *text = 0;
    for (int i = 0; i < m->n_nets && n < bytes; i++) {
        int64_t parameters = 0;
        for (int t = 0; t < m->nets[i]->n_tensors; t++)
            if (m->nets[i]->tensors[t].trainable) parameters += (int64_t)m->nets[i]->tensors[t].size;
        n += (size_t)snprintf(text + n, bytes - n, "%s%s %.3g million", i ? ", " : "", m->nets[i]->name,
                              (double)parameters / 1e6);
    }
}

void gt_journal_describe(const gt_engine *e, const gt_journal *j) {
    enum { PROGRAM, RANKS, DATA, BATCH, PARAMETERS, FACTS };
    const gt_job *job = e->job;
    char mpi[256], text[FACTS][4400];
    gt_mpi_version(mpi, sizeof mpi);
    snprintf(text[PROGRAM], sizeof *text, "gantry %s (git %s), %s, %s", GT_VERSION, gt_git_id(), mpi,
             gt_blas_description());
    snprintf(text[RANKS], sizeof *text, "%s; arithmetic %s, instructions %s", e->comm->description,
             gt_kernel_set_arithmetic(e->model->kernels), gt_kernel_set_instructions(e->model->kernels));
    snprintf(text[DATA], sizeof *text, "%s: %lld image%s %dx%dx%d, %s samples, %s", job->data,
             (long long)e->info->count, gt_plural(e->info->count), e->info->height, e->info->width, e->info->channels,
             gt_sample_name(e->info->type), job->label_dim ? "labels used" : "no labels used");
    snprintf(
        text[BATCH], sizeof *text,
        "%.6g kimg to train; batches of %lld image%s, in %d slice%s that ranks share; %.0f MB of memory a rank for a "
        "step",
        (double)job->total_images / 1000, (long long)job->batch, gt_plural(job->batch), e->batches[0].slices.count,
        gt_plural(e->batches[0].slices.count), (double)e->arena_bytes / 1e6);
    parameters_text(e->model, text[PARAMETERS], sizeof *text);
    gt_starts_begin(j->dir, e->shown, job->total_images,
                    (const gt_start_fact[]){{"data", text[DATA]},
                                            {"model", job->model},
                                            {"parameters", text[PARAMETERS]},
                                            {"batch", text[BATCH]},
                                            {"ranks", text[RANKS]},
                                            {"program", text[PROGRAM]},
                                            {0}});
    gt_info("%s", text[PROGRAM]);
    gt_info("%s", text[RANKS]);
    gt_info("data: %s", text[DATA]);
    if (!job->label_dim && e->info->stored_label_width > 0 && job->family->adversarial)
        gt_info("the data have labels, which are not used: --cond uses them");
    gt_dataset_tell_classes(e->data, job->data);
    if (colour_is_off(e->job))
        gt_info("colour augmentations are off: the %d channels%s%s have no colour meaning", e->info->channels,
                e->info->channel_names ? " " : "", e->info->channel_names ? e->info->channel_names : "");
    gt_info("%s", text[BATCH]);
}
