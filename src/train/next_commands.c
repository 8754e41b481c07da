/* SPDX-License-Identifier: Apache-2.0
 * What can be done with a run that has ended, as commands to copy. */
#include "gantry/file.h"
#include "gantry/log.h"
#include "train/journal.h"

/* "  gantry WORD RUN MORE   what it does" */
static void say(const char *word, const char *dir, const char *more, const char *what) {
    enum { COMMAND = 72 };
    gt_buffer line = {0};
    gt_buffer_printf(&line, "gantry %s", word);
    gt_buffer_shell(&line, dir);
    gt_buffer_printf(&line, "%s", more);
    if (!line.failed) gt_info("  %-*.*s %s", COMMAND, (int)line.n, line.data, what);
    gt_buffer_free(&line);
}

static void say_of_networks(const gt_engine *e, const char *dir) {
    const gt_model *m = e->model;
    bool classes = m->label_dim && !m->unlabelled_generator && e->info->label_kind == GT_LABELS_CLASSES;
    if (gt_model_role(m, GT_ROLE_GENERATOR) && (classes || !m->label_dim || m->unlabelled_generator))
        say("generate ", dir,
            classes ? " --class=0 --seeds=0-31 --grid=8x4 --outdir=pictures"
                    : " --seeds=0-31 --grid=8x4 --outdir=pictures",
            "pictures");
    if (gt_model_role(m, GT_ROLE_ENCODER)) say("reconstruct ", dir, " DATA", "what is kept of pictures");
    if (gt_model_role(m, GT_ROLE_CLASSIFIER)) say("evaluate ", dir, " DATA", "how right it is on other data");
    if (gt_model_role(m, GT_ROLE_GENERATOR)) say("metrics ", dir, "", "scores of its pictures");
}

void gt_say_next(const gt_engine *e, const char *dir, bool finished) {
    const gt_job *j = e->job;
    char more[64];
    gt_info("next:");
    gt_info("  %s/report.html: curves and pictures, for a browser", dir);
    say_of_networks(e, dir);
    snprintf(more, sizeof more, " --kimg=%g", 2 * j->kimg);
    if (!finished) say("train --run=", dir, "", "the run resumes");
    else if (!j->steps && !e->stopped_early) say("train --run=", dir, more, "twice as long");
}
