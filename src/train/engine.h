/* SPDX-License-Identifier: Apache-2.0
 * The state of a training run on one rank, and the parts of the loop that work on it. loop.c shows how they follow each other. */
#ifndef GANTRY_TRAIN_TRAINER_H
#define GANTRY_TRAIN_TRAINER_H

#include "gantry/ada.h"
#include "gantry/checkpoint.h"
#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/grid.h"
#include "gantry/loader.h"
#include "gantry/metric.h"
#include "gantry/optimizer.h"
#include "gantry/rundir.h"
#include "gantry/runlog.h"
#include "gantry/train.h"
#include "train/stats.h"
#include "train/warnings.h"

/* What training adds to a network: its reduction, its optimiser and that optimiser's moments. Moments are whole blocks of which a rank
 * touches (and thereby holds in memory) only the parts it owns. */
typedef struct gt_learner {
    gt_reducer *reducer; /* of whole batches: which parts of the block this rank owns does not depend on how a batch is cut */
    const gt_optimizer *optimizer;
    gt_optimizer_settings settings;
    float *moments[GT_MAX_MOMENTS]; /* NULL: not needed */
    uint64_t updates; /* so far: the t of Adam */
} gt_learner;

static inline int gt_learner_moments(const gt_learner *l) {
    int n = 0;
    for (int k = 0; k < GT_MAX_MOMENTS; k++) n += l->moments[k] != NULL;
    return n;
}

/* What an execution computes: so many slices at once, of so many samples each. Models that sum over slices have all of a rank's executions
 * in memory together: the copy-th such one of a batch. */
typedef struct gt_variant {
    int slices, samples, copy;
} gt_variant;

enum { GT_MAX_CUTS = 2 };

/* A phase made ready for one variant. */
typedef struct gt_phase_exec {
    gt_graph *graph;
    gt_exec *exec;
    size_t stat_size[GT_MAX_STATS]; /* of one slice */
} gt_phase_exec;

typedef struct gt_phase_run {
    gt_phase *phase;
    gt_phase_exec *at;                 /* [t->n_variants], as t->variants; NULL: not yet */
    int stat[GT_MAX_STATS];            /* phase's statistic -> index in the table */
    double seconds;                    /* of the latest execution */
} gt_phase_run;

/* A batch as it is slices, and this rank's share of it. */
typedef struct gt_share {
    gt_slices slices;
    int first, count;                      /* this rank's slices */
    int n_groups;
    gt_group *groups;
    int *variant;                          /* [n_groups] indices in t->variants */
    gt_reducer *reducers[GT_MAX_NETS];
    gt_reducer_schedule *plans[GT_MAX_PHASES];
} gt_share;

enum { GT_MAX_LOGGED = GT_MAX_STATS + GT_MAX_PHASES + GT_MAX_NETS + GT_TROUBLES + GT_METRICS_MOST + 24 }; /* series of a tick */

/* What a rank measures of itself between ticks, for the log and the warnings. */
typedef struct gt_effort {
    double compute, wait_for_data;  /* seconds */
    double meetings;                /* seconds: of slices of other ranks, where the model sums over slices */
    double slices;                  /* executed */
    double square[GT_MAX_NETS];     /* of its parts of the latest gradient */
} gt_effort;

typedef struct gt_trainer {
    gt_job *job;
    gt_comm *comm;
    gt_pool *pool;
    gt_dataset *data;
    const gt_dataset_info *info;
    char fingerprint[33];         /* of the files; rank 0 has these three: */
    char pictures[33];            /* of what is in them (gt_data_look); "": unknown, since some cannot be read */
    char files_before[33];        /* of the files that the run was begun with, where they are others; "": the same */
    gt_data_look look;
    gt_loader *loader;
    gt_model *model;
    gt_learner learners[GT_MAX_NETS];
    gt_phase_run runs[GT_MAX_PHASES];

    gt_steps steps;
    int n_shares, n_variants;
    gt_share shares[GT_MAX_CUTS]; /* a batch; an epoch's short last batch */
    gt_variant *variants;         /* of this rank's groups; the first is that of the batch's first group here */
    float *images, *labels;       /* of one slice */
    gt_graph *generator_graph;    /* slice_size images from the moving average */
    gt_exec *generator;
    void *arena;                  /* shared by all graphs: they take turns (compute.c) */
    size_t arena_bytes;
    float *slice_states;          /* [this rank's slices][sum of the phase's state sizes], the phase with the most */
    float *state_means;
    gt_moments *slice_moments;    /* [this rank's slices][statistics of the phase] */

    /* where the run is: this, the networks and the moments are what a checkpoint holds */
    uint32_t step;
    int64_t shown;                /* images */
    gt_ada ada;

    bool averaged;                /* the moving average has had its share of this step */
    gt_stat_table stats;
    bool said_nonfinite;
    int tick;
    double start, seconds_before;   /* of this process's first step; total of earlier processes */
    double tick_start;
    int64_t tick_shown;
    /* of the run's directory: rank 0 */
    char *dir;
    bool made_dir, made_outdir;   /* they were not there before */
    bool anew;                    /* what is there is set aside first */
    gt_lock *lock;
    gt_runlog *log;
    gt_saver *saver;
    bool checkpoint_failed;       /* the latest could not be written: ticks try again */
    bool pictures_failing, report_failing;
    gt_stat_value logged[GT_MAX_LOGGED]; /* the latest tick's line */
    int n_logged;
    char phase_series[GT_MAX_PHASES][64]; /* names of some of them */
    gt_effort effort;             /* of this rank since the last tick */
    gt_metrics *metrics;          /* of the newest pictures since the last tick, which logs them. Rank 0 */
    char norm_series[GT_MAX_NETS][32];
    gt_watch watch;               /* rank 0 */
    int64_t reseed;               /* rollbacks behind this state, in all processes: they change the seed of everything drawn in steps */
    double best, best_before;     /* by --best, of the checkpoints so far, and of those before the latest best; NaN: none */
    bool best_pending;            /* the checkpoint being written is to be the best */
    bool said_no_best;
} gt_trainer;

/* ---- same_job.c ---- all ranks: GT_FAILED where they have not all resolved the same job */
gt_status gt_same_job_all(gt_comm *comm, gt_job *job);

/* ---- setup.c ---- all ranks together; on an error gt_trainer_close() ends what was begun */
gt_status gt_trainer_open(gt_trainer *t, gt_comm *comm, gt_job *job); /* data opened, job resolved, slices shared out */
gt_status gt_trainer_build(gt_trainer *t);                             /* model, graphs, memory (after the kernel set is chosen) */
gt_status gt_trainer_start_loader(gt_trainer *t);                      /* at t->step */
void gt_trainer_close(gt_trainer *t);
gt_ada_config gt_trainer_ada(const gt_trainer *t);
void gt_trainer_label_of(void *dataset, int64_t item, float *label);   /* gt_dataset_label where a callback is wanted */

bool gt_trainer_finished(const gt_trainer *t);

/* ---- share.c ---- */
gt_status gt_trainer_share_out(gt_trainer *t);           /* cuts, slices and groups: shares and variants */
size_t gt_trainer_most_slices(const gt_trainer *t);      /* that this rank has in a batch */
gt_status gt_phase_exec_make(gt_trainer *t, gt_phase_exec *x, gt_phase *p, gt_variant v);
void gt_phase_exec_free(gt_phase_exec *x);

/* ---- memory_use.c ---- */
gt_exec_options gt_trainer_exec_options(const gt_trainer *t, int at_once); /* of the phases' graphs, for so many slices at once */
gt_status gt_trainer_relax(gt_trainer *t);                             /* t->arena_bytes is known: none of them need be smaller */
void gt_trainer_warn_memory(gt_trainer *t);                            /* all ranks: does it fit into the hosts, and if not, what would? */
size_t gt_trainer_network_bytes(const gt_trainer *t);                  /* of this rank: parameters, moving average, moments, gradients */

/* ---- rollback.c ---- */
/* All ranks: what --on-trouble says about a trouble that has begun (as gt_trainer_tick() gives it). GT_OK: training goes on, from where t then is;
 * *back: it was set back, and what depends on t->shown is to be made anew. */
gt_status gt_trainer_trouble(gt_trainer *t, int trouble, bool *back);
uint64_t gt_trainer_seed(const gt_trainer *t); /* of what is drawn in steps */

/* ---- compute.c ---- */
size_t gt_phase_states(const gt_phase *p); /* floats of all its states */
/* A phase of this rank's slices between gt_reducer_begin_all() and gt_reducer_finish_all(): gradients to the reducer, the rest to t->slice_states and
 * t->slice_moments. */
gt_status gt_trainer_compute(gt_trainer *t, gt_phase_run *run, const gt_share *share);

/* ---- step.c ---- */
gt_status gt_trainer_step(gt_trainer *t); /* all phases that are due, moving average, ADA; advances step and shown */

/* ---- state.c ---- */
size_t gt_trainer_checkpoint_bytes(const gt_trainer *t);               /* about */
void gt_trainer_save(gt_trainer *t);                                    /* all ranks: begins a checkpoint of this moment; where none can be made, it is said and tried again */
gt_status gt_trainer_load(gt_trainer *t, const gt_checkpoint_file *f);  /* rank 0 has the file, others pass NULL */
gt_status gt_trainer_transfer(gt_trainer *t, const gt_checkpoint_file *f);

/* ---- best.c ---- rank 0 */
void gt_trainer_best_begin(gt_trainer *t); /* after the log is open */
bool gt_trainer_best_of_pictures(const gt_job *job); /* is it by what pictures are like? Then each needs its own */
bool gt_trainer_best_now(gt_trainer *t);   /* is the checkpoint about to be made the best so far? After the tick that it ends */
void gt_trainer_best_lost(gt_trainer *t);  /* ... it is not */
void gt_trainer_saved(gt_trainer *t, gt_saver_state news); /* what became of the checkpoint: it may not be the best one after all, or must be tried again */

/* ---- pictures.c ---- all ranks; that a picture cannot be written is a warning */
gt_status gt_trainer_open_metrics(gt_trainer *t);
gt_status gt_trainer_reals(gt_trainer *t);
gt_status gt_trainer_fakes(gt_trainer *t);
/* The job's grid and the items of the data in its cells (free them), the same on all ranks. */
gt_status gt_trainer_grid(const gt_trainer *t, gt_grid *grid, int64_t **items);
/* Rank 0: pictures [cells,H,W,C] with values lo..hi into the run's directory and its logs, as one of a series. */
void gt_trainer_write_grid(gt_trainer *t, const char *name, const char *series, const gt_grid *grid, const float *images, float lo, float hi);

/* ---- reconstructions.c ---- models that encode; rank 0 alone works */
gt_status gt_trainer_reconstructions(gt_trainer *t);

/* ---- begin.c ---- */
/* A new run, or the run in the job's directory gone on with. *done: the run was finished already, and nothing is to do. */
gt_status gt_trainer_begin(gt_trainer *t, bool *done);
gt_status gt_trainer_open_logs(gt_trainer *t); /* rank 0: log.txt and metric log, cut back to t->shown; again after the run was set back */

/* ---- same_pictures.c ---- rank 0 */
gt_status gt_trainer_look(gt_trainer *t); /* at some of the images */
/* Are the data those of the checkpoint? Other files with, as far as one looks, the same pictures will do. Not *same:
 * why, on stderr. */
gt_status gt_trainer_same_pictures(gt_trainer *t, const gt_checkpoint_file *f, bool *same);
gt_status gt_trainer_warn_data(const gt_trainer *t); /* of all that is odd about the data: once the log is open */
/* Warns where networks come from data of another range or other channels. */
gt_status gt_trainer_compare_meaning(const gt_trainer *t, const gt_checkpoint_file *source);
void gt_trainer_put_data(const gt_trainer *t, gt_checkpoint *c);

/* ---- tick.c ---- rank 0 */
/* All ranks: statistics to the logs, a line. *trouble: the kind of trouble that begins (gt_watch_tick), -1: none. */
gt_status gt_trainer_tick(gt_trainer *t, int *trouble);
void gt_trainer_watch_begin(gt_trainer *t); /* after the log is open: the warnings know what came before */
void gt_trainer_live(gt_trainer *t);       /* the live line */

#endif
