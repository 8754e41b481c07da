/* SPDX-License-Identifier: Apache-2.0
 * What can be done with a run that has ended, as commands to copy. */
#include <stdlib.h>

#include "base/door/log.h"
#include "gantry/file.h"
#include "run/door/rundir.h"
#include "train/journal/journal.h"

static void say_of_encoder(const gt_model *m, const char *dir) {
    gt_log_command("reconstruct", dir, " DATA", "how well pictures are reconstructed");
    if (gt_model_role(m, GT_ROLE_LATENT_LOSS))
        gt_log_command("latent", dir, " DATA", "where pictures are in the latent space");
    gt_log_command("anomalies", dir, " DATA", "pictures unlike the training pictures");
    if (gt_model_role(m, GT_ROLE_DENSITY)) gt_log_command("likelihood", dir, " DATA", "how likely pictures are");
}

/* Layers before training are those of the job, which is all that this command takes of the run. */
static void say_of_classifier(const gt_model *m, const char *dir) {
    char *job = gt_path_join(dir, "job.ini"), more[96];
    snprintf(more, sizeof more, " --size=%dx%d --channels=%d --classes=%d", m->height, m->width, m->channels,
             m->label_dim);
    gt_log_command("look", dir, " DATA --filters", "its filters; --cam: what it looks at");
    if (job) gt_log_command("activations", job, more, "histograms of its layers before training");
    free(job);
}

static void say_of_networks(const gt_engine *e, const char *dir) {
    const gt_model *m = e->model;
    bool classes = m->label_dim && !m->unlabelled_generator && e->info->label_kind == GT_LABELS_CLASSES;
    if (gt_model_role(m, GT_ROLE_GENERATOR) && (classes || !m->label_dim || m->unlabelled_generator))
        gt_log_command("generate", dir,
                       classes ? " --class=0 --seeds=0-31 --grid=8x4 --outdir=pictures"
                               : " --seeds=0-31 --grid=8x4 --outdir=pictures",
                       "pictures");
    if (gt_model_role(m, GT_ROLE_CONDITIONAL)) {
        gt_log_command("generate", dir, " --condition=DATA --members=16 --out=ensemble.nc", "ensembles of fields");
        gt_log_command("metrics", dir, " --condition=DATA --members=16", "scores of such ensembles");
    }
    if (gt_model_role(m, GT_ROLE_ENCODER)) say_of_encoder(m, dir);
    if (gt_model_role(m, GT_ROLE_CLASSIFIER)) gt_log_command("evaluate", dir, " DATA", "its accuracy on other data");
    if (gt_model_classifier(m) == 0 && !m->masks) say_of_classifier(m, dir);
    if (gt_model_role(m, GT_ROLE_GENERATOR)) gt_log_command("metrics", dir, "", "scores of its pictures");
}

/* A schedule that has come to its end with the run would jump back: then the proposal is a run from the beginning. */
static void say_longer(const gt_engine *e, const char *dir) {
    const char *kind = gt_engine_rate_ends(e), *word = gt_rundir_is_submitted(dir) ? "submit" : "train";
    char *job = gt_path_join(dir, "job.ini"), what[128], other[4200];
    GT_BUFFER gt_buffer more = {0};
    snprintf(other, sizeof other, "%s-longer", dir);
    snprintf(what, sizeof what, "twice as long, from the beginning: --schedule=%s ends with the run", kind);
    if (kind) {
        gt_buffer_printf(&more, " --run=");
        gt_buffer_shell(&more, other);
    }
    gt_buffer_printf(&more, " --kimg=%g", 2 * e->job->kimg);
    gt_buffer_add(&more, "", 1);
    if (!more.failed && !kind) gt_log_command(gt_text_of("%s --run=", word).s, dir, more.data, "twice as long");
    if (!more.failed && kind && job) gt_log_command(word, job, more.data, what);
    free(job);
}

void gt_say_next(const gt_engine *e, const char *dir, bool finished) {
    const gt_job *j = e->job;
    gt_info(GT_NEXT);
    gt_info("  %s/report.html: curves and pictures, for a browser", dir);
    say_of_networks(e, dir);
    GT_BUFFER gt_buffer resume = {0};
    gt_rundir_resume_command(dir, &resume);
    if (finished && !j->steps && !e->stopped_early) say_longer(e, dir);
    else if (!finished && !resume.failed) gt_log_to_copy(resume.data, "the run resumes");
}
