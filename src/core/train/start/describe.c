/* SPDX-License-Identifier: Apache-2.0
 * What is run, in words, and the hash of what came of it: into the log, and into starts.jsonl for those who look at the
 * run later. */
#include <string.h>

#include "base/door/clock.h"
#include "base/door/machine.h"
#include "runner/contents/door/contents.h"
#include "gantry/file.h"
#include "base/door/progress.h"
#include "networks/nets/door/augment.h"
#include "dist/door/dist.h"
#include "gantry/kernels.h"
#include "gantry/log.h"
#include "gantry/text.h"
#include "gantry/version.h"
#include "train/journal/journal.h"

/* Does the job's set of augmentations have some of colour, which these channels do without? */
static bool colour_is_off(const gt_job *j) {
    if (!j->gan.augments) return false;
    gt_augment_config c = gt_augment_preset(j->gan.augpipe);
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

enum { PROCESSOR_BYTES = 160, TEXT_BYTES = 4400 };

/* Each once. */
static gt_status add_processor(void *arg, const void *data, size_t bytes) {
    char *list = arg;
    size_t n = strlen(list);
    if (!strstr(list, data) && n + bytes + 2 < TEXT_BYTES)
        snprintf(list + n, TEXT_BYTES - n, "%s%s", n ? "; " : "", (const char *)data);
    return GT_OK;
}

/* "AMD EPYC 7R13 Processor, avx2", of all ranks */
static void processors_text_all(const gt_engine *e, char list[TEXT_BYTES]) {
    char mine[PROCESSOR_BYTES] = "";
    gt_machine m;
    gt_machine_look(&m);
    snprintf(mine, sizeof mine, "%s, %s", m.cpu, gt_kernel_set_instructions(e->model->kernels));
    *list = 0;
    gt_comm_funnel_all(e->comm, mine, sizeof mine, add_processor, list);
}

/* "recipe cpu (the default): small networks, ...", and how long pictures are noise. */
static void tell_recipe(const gt_engine *e) {
    const gt_job *job = e->job;
    const gt_about *a = job->family->about;
    const char *name = *job->cfg ? job->cfg : job->model;
    while (a && a->name && !gt_is(a->name, name)) a++;
    if (*job->cfg)
        gt_info("recipe %s%s%s%s", job->cfg, gt_job_given(job, "cfg") || job->resumes ? "" : " (the default)",
                a && a->text ? ": " : "", a && a->text ? a->text : "");
    if (job->family->tell) job->family->tell(job);
    if (a && !job->resumes && (double)e->shown < 1000 * a->young_kimg)
        gt_info("young run: noise is expected before about %g kimg", a->young_kimg);
}

void gt_journal_describe_all(const gt_engine *e, gt_journal *j) {
    enum { PROGRAM, RANKS, PROCESSORS, DATA, BATCH, PARAMETERS, FACTS };
    const gt_job *job = e->job;
    char mpi[256], next[96], until[64], text[FACTS][TEXT_BYTES];
    processors_text_all(e, text[PROCESSORS]);
    if (e->comm->rank) return;
    gt_mpi_version(mpi, sizeof mpi);
    snprintf(text[PROGRAM], sizeof *text, "gantry %s (git %s), %s, %s", GT_VERSION, gt_git_id(), mpi,
             gt_blas_description());
    snprintf(text[RANKS], sizeof *text, "%s; arithmetic %s, instructions %s", e->comm->description,
             gt_kernel_set_arithmetic(e->model->kernels), gt_kernel_set_instructions(e->model->kernels));
    snprintf(text[DATA], sizeof *text, "%s: %lld image%s %dx%dx%d, %s samples, %s", job->data,
             (long long)e->info->count, gt_plural(e->info->count), e->info->height, e->info->width, e->info->channels,
             gt_sample_name(e->info->type), job->label_dim ? "labels used" : "no labels used");
    snprintf(text[BATCH], sizeof *text,
             "%.6g kimg to train; batches of %lld image%s, in %d slice%s that ranks share; %.0f MB of memory per rank",
             (double)job->total_images / 1000, (long long)job->batch, gt_plural(job->batch), e->batches[0].slices.count,
             gt_plural(e->batches[0].slices.count), (double)gt_engine_rank_bytes(e) / 1e6);
    parameters_text(e->model, text[PARAMETERS], sizeof *text);
    gt_next_checkpoint_text(e, next);
    gt_start_until_text(gt_unix_time() + j->end - gt_clock(), until);
    gt_start_fact facts[] = {{"data", text[DATA]},
                             {"model", job->model},
                             {"parameters", text[PARAMETERS]},
                             {"batch", text[BATCH]},
                             {"ranks", text[RANKS]},
                             {GT_START_PROCESSORS, text[PROCESSORS]},
                             {"program", text[PROGRAM]},
                             {0},
                             {0},
                             {0}},
                  *fact = facts + FACTS + 1;
    if (*e->choice) *fact++ = (gt_start_fact){"choice", e->choice};
    if (*until) *fact = (gt_start_fact){GT_START_UNTIL, until};
    gt_ledger_line line = j->started;
    line.total = job->total_images;
    line.when = next;
    line.program = text[PROGRAM];
    line.facts = facts;
    gt_journal_note(j, &line, true);
    gt_info("%s", text[PROGRAM]);
    gt_info("%s", text[RANKS]);
    if (*e->choice) gt_info("choice: %s", e->choice);
    gt_info("processors: %s", text[PROCESSORS]);
    gt_info("data: %s", text[DATA]);
    if (!job->label_dim && e->info->stored_label_width > 0 && job->family->adversarial)
        gt_info("the data have labels, which are not used: --cond uses them");
    gt_dataset_tell_classes(e->data, job->data);
    if (colour_is_off(e->job))
        gt_info("colour augmentations are off: the %d channels%s%s are not colours", e->info->channels,
                e->info->channel_names ? " " : "", e->info->channel_names ? e->info->channel_names : "");
    gt_info("%s", text[BATCH]);
    tell_recipe(e);
}

void gt_journal_hash(const gt_journal *j, char text[GT_CONTENTS_HASH_BYTES]) {
    char name[GT_NAME_BYTES];
    *text = 0;
    gt_tell_start("making the hash of the last checkpoint", NULL, 0);
    gt_storage_begin("reading", "the last checkpoint");
    gt_status st = gt_contents_hash_file(j->dir, name, text);
    gt_storage_end();
    gt_tell_end();
    if (st) gt_warn("no hash of the last checkpoint: %s", gt_message());
    else gt_info("hash of %s: %s", name, text);
}
