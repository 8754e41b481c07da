/* SPDX-License-Identifier: Apache-2.0
 * What a training run writes and remembers: the run's directory with its lock, logs, checkpoints and pictures, the best
 * checkpoint, the troubles, the live line. All of it is rank 0's; other ranks have an empty journal. Functions whose
 * name ends with _all are called by all ranks, the others by rank 0 alone, unless a comment says otherwise. */
#ifndef GANTRY_TRAIN_JOURNAL_H
#define GANTRY_TRAIN_JOURNAL_H

#include "gantry/grid.h"
#include "gantry/metric.h"
#include "gantry/rundir.h"
#include "gantry/runlog.h"
#include "gantry/score.h"
#include "metrics/score.h"
#include "run/starts.h"
#include "train/engine.h"
#include "train/warnings.h"

/* Metrics of a checkpoint (--metrics). */
enum { GT_SCORED_MOST = 64 * GT_SCORES_MOST };
typedef struct gt_scored {
    char series[80]; /* "Metrics/fid10k" */
    double value;
} gt_scored;

/* series of a tick */
enum {
    GT_MAX_LOGGED = GT_MAX_STATS + GT_MAX_PHASES + GT_MAX_NETS + GT_WARNINGS_MOST + GT_METRICS_MOST + 3 * GT_JUDGED +
                    GT_MOST_RECTIFIED + GT_SCORED_MOST + 27
};

/* Of a classifier's pictures that are not trained on: loss, accuracy, ... of each part. */
enum { GT_EVALUATED_MOST = 5 * GT_JUDGED };
typedef struct gt_evaluated {
    char series[40];
    char label[24]; /* on the line of a tick; "": not there */
    double value;
} gt_evaluated;

/* --early-stopping: how long the watched series has not improved. A function of the logged ticks alone. */
/* Of a metric, evaluations count, not ticks. */
typedef struct gt_patience {
    int64_t shown;   /* at the latest tick */
    double best;     /* of the series so far; NaN: none */
    int64_t best_at; /* images */
    int ticks;       /* by images, or evaluations, since then */
} gt_patience;

#define GT_NORM_SERIES "Norms/%.20s_grad" /* of a network */

/* The columns of the lines of ticks: those of the model and of what it is judged by come as they are seen. */
enum { GT_TICK_NAME = 24, GT_TICK_NAMES = GT_EVALUATED_MOST + 8 };
typedef struct gt_tick_heading {
    char name[GT_TICK_NAMES][GT_TICK_NAME];
    int n;
    int lines; /* since the heading was printed; 0: it is to be printed */
} gt_tick_heading;

/* How fast training went during the last minutes, pictures and checkpoints included. */
typedef struct gt_pace {
    int steps; /* of this process */
    struct {
        double time;
        int64_t shown;
    } from[2]; /* the earlier one counts, until the later one is old enough */
} gt_pace;

typedef struct gt_journal {
    /* the data (same_pictures.c) */
    char fingerprint[33];  /* of the files */
    char pictures[33];     /* of the pictures in them (gt_data_look); "": unknown, since some cannot be read */
    char files_before[33]; /* of the files that the run was begun with, where they are others; "": the same files */
    gt_data_look look;

    /* the directory */
    char *dir;
    bool made_dir, made_outdir; /* this process made them */
    bool anew;                  /* a run that is there is set aside first */
    gt_lock *lock;
    gt_runlog *log;
    gt_saver *saver;
    bool checkpoint_failed; /* the latest could not be written: ticks try again */
    bool pictures_failing, report_failing, export_failing;

    /* ticks */
    int tick;
    double start, seconds_before; /* clock at this process's first step; total of earlier processes */
    double tick_start;            /* clock */
    int64_t tick_shown;           /* images */
    gt_pace pace;
    gt_tick_heading heading;
    gt_stat_value logged[GT_MAX_LOGGED]; /* series of the latest tick */
    int n_logged;
    char phase_series[GT_MAX_PHASES][64], norm_series[GT_MAX_NETS][32]; /* names of some of them */
    gt_metrics *metrics; /* of the newest pictures since the last tick, which logs them */
    gt_watch watch;
    gt_evaluated evaluated[GT_EVALUATED_MOST]; /* since the last tick, which logs them */
    int n_evaluated;

    /* metrics (scores.c) */
    gt_scored scored[GT_SCORED_MOST]; /* the latest that have a value */
    int n_scored;
    bool scores_are_new;                /* the next tick logs them */
    double scores_seconds, scores_last; /* that metrics have taken in the whole run; the latest; 0: none yet */
    bool said_too_many;                 /* values */
    struct gt_score_lines *score_lines; /* of metric-NAME.jsonl, until they are written; NULL: there were none yet */
    bool scores_failing;                /* to be written */

    gt_patience patience;
    int64_t *confusion;    /* [classes,classes] of the latest evaluation; NULL: none */
    const char *confusing; /* the part that it is of: "validation", "test" */

    /* --best */
    double best, best_before; /* of the checkpoints so far, and of those before the latest best one; NaN: none */
    bool best_pending;        /* the checkpoint that is being written is to be the best */
    bool unjudged;            /* the checkpoint that is made next: its metrics are computed when it is on the disk */
    char best_recipe[GT_SCORE_RECIPE],
        recipe[GT_SCORE_RECIPE]; /* of the best value, of the latest; "": unknown, or no metric */
    bool said_no_best;
} gt_journal;

/* ---- begin.c ---- */
/* Looks at the data. */
gt_status gt_journal_open_all(gt_engine *e, gt_journal *j);
void gt_journal_end(gt_journal *j); /* any rank */
/* A new run, or the run in the job's directory gone on with: builds the engine. *done: the run was finished already. */
gt_status gt_run_begin_all(gt_engine *e, gt_journal *j, bool *done);
/* log.txt and metric log, cut back to e->shown; again after a rollback */
gt_status gt_journal_open_logs(gt_engine *e, gt_journal *j);

/* ---- same_pictures.c ---- */
/* Are the data those of the checkpoint? Other files are accepted if their pictures are the same, as far as a look at
 * some of the pictures tells. Where *same is false, the reason is on stderr. */
gt_status gt_journal_same_pictures(gt_engine *e, gt_journal *j, const gt_checkpoint_file *f, bool *same);
/* Warns of all that is odd about the data. Call after the log is open. */
gt_status gt_journal_warn_data(const gt_engine *e, const gt_journal *j);
/* Warns where networks come from data of another range or other channels. */
gt_status gt_engine_compare_meaning(const gt_engine *e, const gt_checkpoint_file *source);
void gt_journal_put_data(const gt_engine *e, const gt_journal *j, gt_checkpoint *c);

/* ---- state.c ---- */
/* Begins to write a checkpoint of this moment. A checkpoint that cannot be made is a warning, and the next tick tries
 * again. */
void gt_save_all(gt_engine *e, gt_journal *j);

/* ---- best.c ---- */
/* After the model is open. GT_USAGE: --best names a statistic that cannot come; the message names those that can. */
gt_status gt_best_check(const gt_engine *e);
void gt_journal_best_begin(gt_engine *e, gt_journal *j); /* after the log is open */
/* any rank, before gt_best_check(): does --best name one of several values of a metric, "agreement1k_class3"? */
gt_status gt_best_resolve(const gt_engine *e);
/* The value of --best's statistic among those of a tick. A metric's value counts whatever number of pictures there was:
 * that of swd1k_avg was called swd200_avg by earlier versions where there were 200. NaN: there is none. */
double gt_best_value(const gt_job *job, const gt_stat_value *values, int n);
/* Notes the recipe of the value that judges. */
void gt_journal_best_recipe(const gt_engine *e, gt_journal *j, const gt_score_table *t);
/* any rank: does --best judge pictures? Then pictures are made with each checkpoint */
bool gt_best_of_pictures(const gt_job *job);
/* after a tick: is the checkpoint about to be made the best so far? */
bool gt_journal_best_now(const gt_engine *e, gt_journal *j);
/* The metrics of the latest checkpoint are known, where there are any: is it the best so far? */
void gt_journal_best_judge(gt_engine *e, gt_journal *j);
/* A run resumes whose log has the metrics of its checkpoint: was the checkpoint judged by them? */
void gt_journal_best_resume(gt_engine *e, gt_journal *j);
void gt_journal_best_lost(gt_journal *j); /* that checkpoint could not be written */
/* what became of the checkpoint that was being written */
void gt_journal_saved(const gt_engine *e, gt_journal *j, gt_saver_state news);

/* ---- exports.c ---- */
void gt_journal_export(const gt_engine *e, gt_journal *j); /* a checkpoint was written: --export */

/* ---- pictures.c ---- a picture that cannot be written is a warning */
gt_status gt_journal_open_metrics(gt_engine *e, gt_journal *j);
gt_status gt_journal_reals(gt_engine *e, gt_journal *j);
gt_status gt_fakes_all(gt_engine *e, gt_journal *j);
gt_status gt_journal_reconstructions(gt_engine *e, gt_journal *j);

/* ---- evaluation.c ---- */
gt_status gt_evaluate_all(gt_engine *e, gt_journal *j);
void gt_journal_confusion(const gt_engine *e, gt_journal *j); /* confusion.png of the latest evaluation */
/* A value that the next tick logs. `format`: "Loss/%s", of the part's name; label: what the line of the tick says
 * behind the part's name; "": the line does not show the value. */
void gt_journal_put_evaluated(gt_journal *j, int part, const char *format, const char *label, double value);
/* Takes over the confusion matrix of a part, malloc'ed. confusion.png shows the matrix of the test pictures, or else
 * the one of the validation pictures. */
void gt_journal_take_confusion(gt_journal *j, int part, int64_t *confusion);

/* ---- train.c ---- */
/* Is there a multiple of so many images between two counts of images, of which the second is the larger? */
bool gt_by_images(double kimg, int64_t last, int64_t shown);
/* Did the latest step end at a checkpoint that has metrics: one by images, or the end of the run? */
bool gt_metrics_were_due(const gt_engine *e);

/* ---- early_stop.c ---- */
void gt_journal_patience_begin(gt_engine *e, gt_journal *j);      /* after the log is open: as its ticks say */
void gt_journal_patience_tick(const gt_engine *e, gt_journal *j); /* the values of a tick are in j->logged */
bool gt_journal_patience_over(const gt_engine *e, const gt_journal *j);
/* Sets e->stopped_early on all ranks, and says so. Without --early-stopping nothing is sent. */
void gt_engine_stop_early_all(gt_engine *e, const gt_journal *j);

/* ---- segmentation.c ---- of models that are trained on masks */
gt_status gt_engine_open_shown(gt_engine *e); /* some of the images that are trained on, to be judged by */
gt_status gt_engine_judges_masks(const gt_engine *e, const gt_dataset_info *info, const char *path);
gt_status gt_engine_open_segmenting(gt_engine *e, const float *params);
gt_status gt_evaluate_masks_all(gt_engine *e, gt_journal *j);

/* ---- rate.c ---- */
void gt_plateau_all(gt_engine *e, const gt_journal *j); /* judges an epoch, after gt_evaluate_all */

/* ---- tick.c ---- */
/* Statistics to the logs, a line; the trouble that begins (gt_watch_tick), -1: none. `scores_follow`: metrics are about
 * to be computed, and gt_journal_tick_scored() then logs the tick. */
int gt_tick_all(gt_engine *e, gt_journal *j, bool scores_follow);
void gt_journal_tick_scored(gt_engine *e, gt_journal *j);
/* Pictures were drawn after the latest tick, since the run ends here: the tick gets their metrics, and
 * GT_LATE_PICTURES. */
void gt_journal_tick_pictured(gt_engine *e, gt_journal *j);
/* after the log is open: the warnings know what came before */
void gt_journal_watch_begin(gt_engine *e, gt_journal *j);

/* ---- tick_line.c ---- what a terminal shows of a run */
void gt_journal_pace(const gt_engine *e, gt_journal *j); /* after each step */
/* The line of a tick, under a heading now and then. `rate`: images/s since the last tick; `memory`: GB. */
void gt_journal_print_tick(const gt_engine *e, gt_journal *j, double rate, double memory);
void gt_journal_live(const gt_engine *e, const gt_journal *j);   /* the live line; cheap */
double gt_journal_rate(const gt_engine *e, const gt_journal *j); /* images/s since the last tick */
double gt_journal_seconds(const gt_journal *j);                  /* of training, earlier processes included */

/* ---- rollback.c ---- */
/* Applies --on-trouble to a trouble that has begun. GT_OK: training goes on from the step where e then is. *back: the
 * run was set back to an earlier step. */
gt_status gt_trouble_all(gt_engine *e, gt_journal *j, int trouble, bool *back);

/* ---- describe.c ---- */

/* Logs what is run, and begins starts.jsonl's next line. */
void gt_journal_describe(const gt_engine *e, const gt_journal *j);

#endif
