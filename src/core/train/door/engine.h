/* SPDX-License-Identifier: Apache-2.0
 * The numbers of a training run, on each rank: data, model, graphs, gradients, optimisers, and where the run is. What a
 * run writes is the journal's (journal.h).
 *
 *     gt_engine e;
 *     gt_engine_open_all(&e, comm, job);            // data, the resolved job
 *     gt_engine_build_all(&e);                      // after the kernel set is chosen
 *     gt_engine_start_loader_all(&e);
 *     while (!gt_engine_finished(&e)) gt_engine_step_all(&e);
 *     gt_engine_close_all(&e);
 */
#ifndef GANTRY_TRAIN_DOOR_ENGINE_H
#define GANTRY_TRAIN_DOOR_ENGINE_H

#include "base/door/file.h"
#include "data/door/damage.h"
#include "metrics/door/metric.h"
#include "networks/model/door/ada.h"
#include "gantry/checkpoint.h"
#include "gantry/dataset.h"
#include "dist/door/dist.h"
#include "data/door/loader.h"
#include "networks/model/door/family.h"
#include "networks/model/door/optimizer.h"
#include "networks/model/door/schedule.h"
#include "gantry/train.h"
#include "networks/nets/door/layers.h"
#include "run/door/chain.h"
#include "networks/model/door/net_checkpoint.h"
#include "run/door/state_row.h"
#include "train/door/stats.h"
#include "runner/door/trained.h"

enum { GT_LEARNT_HISTORY = GT_MAX_MOMENTS, GT_LEARNT };

/* How a network is trained. Each rank updates the ranges of parameters that it owns (gt_reducer_owned). Moments have
 * the size of the whole block, but a rank touches, and so holds in memory, only the ranges that it owns. */
typedef struct gt_learner {
    gt_reducer *reducer; /* of full batches; a short last batch has the same owned ranges */
    const gt_optimizer *optimizer;
    gt_optimizer_settings settings;
    float *moments[GT_LEARNT]; /* of the optimiser, then of historical averaging; NULL: not needed */
    bool by_tensor;            /* tensors differ in their rates or in their decay */
    uint64_t updates;          /* so far: the t of Adam */
} gt_learner;

static inline int gt_learner_moments(const gt_learner *l) {
    int n = 0;
    for (int k = 0; k < GT_LEARNT; k++) n += l->moments[k] != NULL;
    return n;
}

/* The name of a moment in checkpoints; NULL: the learner has no such moment. */
static inline const char *gt_learner_moment(const gt_learner *l, int k) {
    if (k == GT_LEARNT_HISTORY) return l->settings.history > 0 ? "history" : NULL;
    return k < l->optimizer->n_moments && gt_optimizer_needs(l->optimizer, &l->settings, k)
               ? l->optimizer->moment_names[k]
               : NULL;
}

/* Executions are made for each shape of group. */
typedef struct gt_exec_shape {
    int slices, samples, stretch;
    int copy;     /* groups of one stretch that run abreast need executions of their own: which of those of one form */
    bool abreast; /* at least once */
} gt_exec_shape;

/* A phase made ready for groups of one shape. */
typedef struct gt_execution {
    gt_graph *graph;
    gt_exec *exec;
    size_t stat_size[GT_MAX_STATS]; /* of one slice */
} gt_execution;

/* An execution that was made to learn how much memory it takes. */
typedef struct gt_tried {
    gt_execution execution;
    gt_exec_options options;
    int samples;
} gt_tried;

/* A batch as slices, and the groups of them that this rank computes. */
typedef struct gt_batch {
    gt_slices slices;
    int stretch;      /* slices that are summed over together (dist.h) */
    int first, count; /* this rank's slices */
    gt_work work;     /* this rank's */
    int *shape;       /* [work.n_groups] indices in e->shapes */
    gt_meetings *meetings;
    float *sums; /* of groups that run twice (gt_phase.own_slices) */
    gt_reducer *reducers[GT_MAX_NETS];
    gt_reducer_schedule *schedules[GT_MAX_PHASES];
} gt_batch;

typedef struct gt_engine_phase {
    gt_phase *phase;
    gt_batch own;             /* of a phase that is cut on its own; else without slices */
    gt_execution *executions; /* [e->n_shapes], in the order of e->shapes; those of its groups are made */
    int first;                /* the shape of the first group */
    int stat[GT_MAX_STATS];   /* statistic of the phase -> index in e->stats */
    double seconds;           /* of the latest step with this phase, */
    double preparing;         /* and of these this rank's part of what is prepared for several ranks */
} gt_engine_phase;

/* What a rank measures between two ticks. */
typedef struct gt_measures {
    /* seconds; packing: part of compute; slice_sums: of sums over slices in the middle of executions */
    double compute, packing, wait_for_data, slice_sums;
    double slices; /* executed */
} gt_measures;

/* Pictures that a network is evaluated on (eval_data.h); GT_EVAL_TRAIN: some that it is trained on. */
enum { GT_EVAL_TRAIN_SET, GT_EVAL_TRAIN, GT_EVAL_VALIDATION, GT_EVAL_TEST, GT_EVAL_SETS };

enum { GT_MEASURERS_MAX = 16 };

/* Pictures of the data that are damaged, as far as steps have met them (look_ahead.c); the same on all ranks. */
typedef struct gt_run_damage {
    gt_damage so_far, next;          /* in the steps before; in the next step */
    int64_t replaced, next_replaced; /* samples that were other pictures, which took the places of these */
    gt_status status;                /* not GT_OK: the next step cannot be made, */
    char why[2048];                  /* for this reason */
} gt_run_damage;

typedef struct gt_engine {
    gt_job *job;
    gt_comm *comm;
    gt_pool *pool;
    gt_dataset *data;
    const gt_dataset_info *info;
    gt_hash128 fingerprint; /* of the data's files; on rank 0 */
    gt_loader *loader;
    gt_model *model;
    gt_learner learners[GT_MAX_NETS];
    gt_engine_phase phases[GT_MAX_PHASES];

    gt_steps steps;
    gt_schedule schedule; /* of the learning rates */
    bool plateau_is_on;   /* the schedule is that one */
    int n_batches, n_shapes;
    gt_batch batches[2];                 /* a full batch; the short last batch of an epoch */
    gt_exec_shape *shapes;               /* of all groups of this rank */
    gt_tried tried[GT_MAX_PHASES];       /* to choose them; what fits becomes a phase's */
    float *images, *labels;              /* of one slice */
    uint8_t *masks;                      /* of one slice; NULL: the model takes none */
    int drawn;                           /* images that the generator makes at once */
    gt_graph *generator_graph;           /* they, from the moving average */
    gt_exec *generator;                  /* NULL: the model generates nothing */
    gt_dataset *eval_data[GT_EVAL_SETS]; /* NULL: not wanted */
    void *measuring[GT_MEASURERS_MAX];   /* states of the measurers (measurer.h); NULL: not of this run */
    size_t measurer_bytes;               /* their memory beside the arena, where it is worth counting */
    const char *left_out;                /* what does not come late in this run, and why; NULL: nothing is left out */
    struct gt_sheet_metrics *sheets;     /* on rank 0: the metrics of the pictures that the run shows (sheets.c) */
    bool goes_on;                        /* the job has taken over what a run has recorded (record.c) ... */
    bool has_recipe;                     /* ... in a checkpoint, */
    gt_checkpoint_file *recorded;        /* which rank 0 keeps open until graphs are made; NULL: another has it */
    char *differences;                   /* of what was given to that, as a table; NULL: there are none */
    bool resumed;                        /* a run that is there, not a new one */
    const char *choice;                  /* how its ranks and threads were chosen; "": nobody chose them */
    void *arena;                         /* of all executions: they take turns */
    size_t arena_bytes;
    /* What is the same for the ranks of a host (in_common.c): the blocks of the networks, what follows from them, and
     * decoded pictures. NULL: each rank has its own. */
    gt_neighbours *blocks_with, *prepared_with, *pictures_with;
    gt_prepared *prepared;
    float *slice_states;            /* [slices of this rank, floats of a phase's states], for the phase with the most */
    gt_stat_moments *slice_moments; /* [slices of this rank, statistics of the phase] */

    /* Where the run is. A checkpoint holds this, the networks and the moments: rows of state.c. */
    uint32_t step;
    int64_t shown; /* images */
    gt_ada ada;
    gt_plateau plateau; /* of the schedule */
    gt_run_damage damage;
    gt_chain chain;
    /* rollbacks before this state, in all processes: they change the seed of all that is drawn in steps */
    int64_t reseed;

    /* Sees the sum of each phase's gradients, clipped, before the update; all ranks (train/audit/trace.c). NULL: nobody
     * does */
    void (*trace_all)(struct gt_engine *e, const gt_phase *p, gt_reducer *r, void *arg);
    void *trace_arg;

    bool stopped_early;       /* --early-stopping: the run is finished */
    int64_t left_out_updates; /* by --nan=skip, since chain.c has asked */
    bool averaged;            /* an update of this step has moved the moving average of the parameters */
    bool said_nonfinite;
    int64_t skipped_updates; /* by --nan=skip, since this start; on rank 0 */
    gt_stat_table stats;
    gt_measures measures;
} gt_engine;

/* ---- engine.c ---- After an error gt_engine_close_all() frees what there is. */
gt_status gt_engine_open_all(gt_engine *e, gt_comm *comm, gt_job *job); /* opens the data, resolves the job */
gt_status gt_exports_check(const gt_engine *e); /* exports.c: GT_USAGE: this model has no --export */
gt_status gt_engine_build_all(gt_engine *e);    /* model, graphs, memory */
/* at e->step, whose pictures can be read then; a loader from before is freed */
gt_status gt_engine_start_loader_all(gt_engine *e);
void gt_engine_close_all(gt_engine *e);
bool gt_engine_at_end(const gt_engine *e);                          /* of --kimg, --steps or --epochs */
bool gt_engine_finished(const gt_engine *e);                        /* there, or stopped early */
uint64_t gt_engine_seed(const gt_engine *e);                        /* of what is drawn in steps */
void gt_engine_label_of(void *dataset, int64_t item, float *label); /* gt_dataset_label() as a callback */

/* gt_slice_input.sample_of; the argument is the engine */
gt_status gt_engine_sample_of(void *engine, uint32_t step, uint32_t sample, float *image, float *label);

/* ---- step.c ---- */
gt_status gt_engine_step_all(gt_engine *e); /* all phases that are due, moving average, ADA; advances step and shown */
/* The inputs of a group's slices, in this step. `prepared`: gt_exec_prepare() need not be called again. */
gt_status gt_engine_fill_group(gt_engine *e, gt_phase *p, gt_exec *exec, const gt_batch *b, gt_group g, bool prepared);

/* ---- look_ahead.c ---- */
void gt_engine_await_data(
    gt_engine *e); /* a moment for this rank's pictures of the next step; says that it may be long */
/* This rank waits for its pictures of the next step. True: there are damaged ones, or pictures that cannot be read, and
 * all ranks must call gt_engine_meet_damage_all(). */
bool gt_engine_look_ahead(gt_engine *e);
void gt_engine_meet_damage_all(gt_engine *e); /* sets e->damage */
/* The failure, and what can be done about a picture that cannot be read; undecodable: since its bytes are damaged. */
gt_status gt_engine_advise(const gt_engine *e, gt_status st, bool undecodable);
gt_status gt_engine_check_data_all(gt_engine *e); /* both, of the step that comes next, and the error */
gt_status gt_engine_count_damage(gt_engine *e);   /* the next step is made */
void gt_engine_forget_damage(gt_engine *e);       /* at the end */
void gt_engine_no_damage_ahead(gt_engine *e);     /* another step comes next */

/* ---- in_common.c ---- */
gt_status gt_engine_share_blocks_all(gt_engine *e); /* reducers are there, executions are not */
/* Before executions are made; and when they are: *remake where the values cannot be shared after all, and executions
 * must be made again without. */
gt_status gt_engine_begin_prepared_all(gt_engine *e);
gt_status gt_engine_share_prepared_all(gt_engine *e, bool *remake);
void gt_engine_close_in_common(gt_engine *e);         /* executions and reducers are gone, or not used any more */
size_t gt_engine_in_common_bytes(const gt_engine *e); /* this rank's part of it: equal parts, added up once a host */
/* Before a loader begins. Ranks that share blocks keep decoded pictures once; others keep their own, if all ranks of
 * the host together stay below the bound (GT_LOADER_CACHE). */
void gt_engine_share_pictures_all(gt_engine *e);
size_t gt_engine_most_picture_bytes(const gt_engine *e); /* for the loader: the bound for what it fills */
size_t gt_engine_picture_bytes(
    const gt_engine *e); /* this rank's part, also before a loader begins; 0: none are kept */
/* What this phase reads of changed parameters is prepared, by all neighbours: before its executions run. */
gt_status gt_engine_prepare_all(gt_engine *e, gt_engine_phase *p);
void gt_engine_changed(gt_engine *e, int net); /* its block; -1: all blocks */

/* ---- rehearse.c ---- */
/* What a step takes, from pieces of it: a group of slices of each phase, as far as it comes in its part of `limit`
 * seconds. The same on all ranks. Sums over ranks, updates and averages are not counted. */
typedef struct gt_rehearsal {
    double step;      /* seconds of a step with all phases, of the slowest rank */
    double per_image; /* the same per image, phases weighted by how often they run */
    double part;      /* of such a step that was made */
} gt_rehearsal;
gt_status gt_engine_rehearse_all(gt_engine *e, double limit, gt_rehearsal *out);

/* ---- rate.c ---- */
gt_status gt_engine_open_schedule(gt_engine *e);
void gt_engine_set_length(gt_engine *e, int64_t images); /* of the training: another one than the job's */
/* "cosine", "one-cycle": of a schedule that is as long as the training, so that a longer training has other rates from
 * its beginning on; NULL: of another one. */
const char *gt_engine_rate_ends(const gt_engine *e);
/* Rank 0, of a run that resumes: a line where the training was to be as long as `before` images and has become another
 * one, and the rate jumps by that. */
void gt_engine_say_jump(const gt_engine *e, int64_t before);
double gt_engine_rate(const gt_engine *e); /* what the learning rates are multiplied by in this step */
#define GT_RATE_SERIES "Progress/rate_factor"
/* counts in the loss that the plateau watches */
void gt_engine_watch(gt_engine *e, const gt_stat *s, const gt_stat_moments *all);

/* ---- clip.c ---- */
void gt_engine_clip_all(gt_engine *e, gt_reducer *reducer); /* by --clip */
/* Applies --nan to an update whose gradients are not finite: returns an error, or tells whether the update is made. The
 * result is the same on all ranks. */
gt_status gt_engine_handle_nonfinite(gt_engine *e, const gt_phase *p, gt_nonfinite bad, bool *update);

/* ---- batches.c ---- */
gt_status gt_engine_make_batches(gt_engine *e); /* batches and shapes */
/* What a phase computes in a step with batch `which`. */
gt_batch *gt_engine_batch(gt_engine *e, gt_engine_phase *p, int which);
/* Samples of an execution, but for stretches: enough that products over images of 4x4 have rows enough to pay for
 * reading their weights; at most so many where graphs are so small that the number of nodes counts. */
enum { GT_ENOUGH_SAMPLES = 16, GT_MOST_SAMPLES = 128 };
/* The batches and the phases' own cuts in whose slices network `net` gets gradients; returns how many, the full batch
 * first. */
enum { GT_MOST_BATCHES = 2 + GT_MAX_PHASES };
int gt_engine_batches_of(gt_engine *e, int net, gt_batch *out[GT_MOST_BATCHES]);
gt_exec *gt_engine_first(const gt_engine *e, int phase); /* the execution of its first group */
double gt_engine_runs(const gt_engine *e, int phase);    /* how many such groups the rank's slices are */
/* Arithmetic of an image of the batch in this phase: direct convolutions, a multiply-add counted as two. */
double gt_engine_phase_flops(const gt_engine *e, int phase);
size_t gt_engine_most_slices(const gt_engine *e); /* of this rank in a batch */
size_t gt_phase_states(const gt_phase *p);        /* floats of all its states */
gt_status gt_execution_make(gt_execution *x, gt_phase *p, int samples, const gt_exec_options *options);
void gt_execution_free(gt_execution *x);
/* Bytes of the largest phase for slices of so many samples. `kept`, if not NULL, holds the executions then, a phase
 * each, in place of others. */
gt_status gt_engine_largest_arena(const gt_engine *e, int samples, const gt_exec_options *options, gt_tried *kept,
                                  size_t *bytes);
/* Makes *x, or takes it from e->tried. */
gt_status gt_engine_take_execution(gt_engine *e, int phase, int samples, const gt_exec_options *options,
                                   gt_execution *x);
void gt_engine_forget_tried(gt_engine *e); /* what nobody took */

/* ---- memory_use.c ---- */
/* Of the phases' graphs, for groups of so many slices in stretches of so many; runs: how often each runs in a step. */
gt_exec_options gt_engine_exec_options(const gt_engine *e, int at_once, int stretch, int runs);
gt_status gt_engine_relax(gt_engine *e); /* e->arena_bytes is known: no execution need be smaller */
/* Warns of a job that does not fit into a host, and says what would. GT_NOMEM on rank 0: only the speed is wanted, and
 * that is not worth it. */
gt_status gt_engine_check_memory_all(gt_engine *e);
size_t gt_engine_network_bytes(const gt_engine *e); /* of this rank: parameters, moving average, moments, gradients */
size_t gt_engine_rank_bytes(const gt_engine *e);    /* these, graphs, measurers and decoded pictures */
size_t gt_engine_checkpoint_bytes(const gt_engine *e); /* about */

/* ---- state.c ---- */
/* A part of the state: the tensors of a network in a group of the checkpoint, or a number. */
typedef enum gt_state_held {
    GT_HELD_WHOLE,     /* by each rank, or once for the ranks of a host */
    GT_HELD_TO_GATHER, /* there is room for all of the block, and a rank's shards of it are up to date */
    GT_HELD_IN_SHARDS, /* a rank has its shards alone */
} gt_state_held;

typedef struct gt_state_part {
    gt_text path; /* "/networks/G_ema", "/optimizers/G/exp_avg", "/state/step" */
    /* tensors */
    const gt_net *net; /* NULL: a number */
    float *block;
    gt_state_held held;  /* IN_SHARDS: parameters alone, no buffers */
    gt_reducer *reducer; /* whose shards they are; NULL: GT_HELD_WHOLE */
    /* a number */
    gt_state_row number;
    void *base;
} gt_state_part;

/* Visits all of the state in the order in which it stands in checkpoints, the same on all ranks, until a visitor
 * returns an error, which is returned. Collective where the visitor is. */
typedef gt_status gt_state_visitor(void *arg, const gt_state_part *part);
gt_status gt_engine_each_part(const gt_engine *e, gt_state_visitor *visit, void *arg);
/* The root of the state at this moment (gt_checkpoint_root), on all ranks; the threads of rank 0 hash. */
gt_status gt_engine_root_all(gt_engine *e, gt_sha256 *root);
/* Rank 0 has the file, the others pass NULL. */
gt_status gt_engine_load_all(gt_engine *e, const gt_checkpoint_file *f);
/* Rank 0's state, but for what ranks hold in shards, to all ranks. */
gt_status gt_engine_hand_out_all(gt_engine *e);

/* ---- record.c ---- */
/* Gives the job what the run that it goes on with has recorded, where nobody has given it (gt_job_adopt): before the
 * job is checked and the data are opened. */
gt_status gt_engine_adopt_all(gt_engine *e);
/* The job cannot be resolved (gt_message() says why), and what was given differs from what the run has recorded: that
 * is on stderr. Returns GT_USAGE. */
gt_status gt_engine_refuse_given(const gt_engine *e);
/* Rank 0's text to all ranks, to be freed; "": rank 0 has NULL. */
char *gt_share_text_all(gt_comm *c, const char *text, gt_status *st);

/* ---- transfer.c ---- */
/* Gives the job the sizes of the networks that --resume names, where nobody has given them: before it is resolved. A
 * run with a checkpoint has recorded them. */
gt_status gt_engine_inherit_all(gt_engine *e);
/* Takes over networks alone, as far as they fit; rank 0 has the file, the others pass NULL. `said` gets lines for
 * gt_engine_log_transfer(), which are logged here after an error. */
gt_status gt_engine_transfer_all(gt_engine *e, const gt_checkpoint_file *f, gt_buffer *said);
void gt_engine_log_transfer(const gt_buffer *said);
/* Rank 0, of a run that begins on so many different images: if they are few pictures in colour, the log names a network
 * that comes with Gantry and is for images of this size. */
void gt_engine_advise_network(const gt_engine *e, int64_t images);

/* ---- transfer_classes.c ---- */
/* Which of the classes that a run's first networks know each class of the run's data is (--resume-classes), and the
 * tensors that have a place for each class. */
typedef struct gt_class_match {
    int n;              /* classes of the data; 0: each class has its own number, and no word is due */
    int *from;          /* [n] class of the networks whose values class k begins with; -1: none */
    gt_model *one_more; /* the run's model for one more class: in its tensors, the axes of classes are longer by one */
} gt_class_match;

/* *m, for gt_class_match_free(), and lines for gt_engine_log_transfer() in `said`, which are due where a tensor has
 * values of classes. `theirs`: the job of the file, resolved. GT_USAGE: --resume-classes names a class that is not
 * there, or has no effect. */
gt_status gt_match_classes(const gt_engine *e, const gt_checkpoint_file *f, const gt_job *theirs, gt_class_match *m,
                           gt_buffer *said);
void gt_class_match_free(gt_class_match *m);

/* The shape of a tensor, in the order of files, for one more class; NULL: each class has its own number. */
const gt_shape *gt_class_match_shape(const gt_class_match *m, int net, int tensor);
/* `now`, the first values of a tensor of shape s, gets from `there` what belongs to the classes, and all that belongs
 * to no class. `more`: gt_class_match_shape(). Returns how many numbers were copied. */
size_t gt_class_match_copy(const gt_class_match *m, const gt_shape *s, const gt_shape *more, const float *there,
                           float *now);

/* ---- transfer_labels.c ---- */
/* The networks of a file that know labels, as those of a run without labels begin with them. */
typedef struct gt_label_drop { /* {0}: nothing is found */
    gt_trained trained;
    gt_graph *graph;
    gt_exec *exec;
} gt_label_drop;

/* `theirs`: the job of the file. */
bool gt_label_drop_is_due(const gt_job *job, const gt_job *theirs);
gt_status gt_label_drop_open(gt_label_drop *d, const gt_job *job, const gt_checkpoint_file *f);
/* From now on of network `net`, or of its average. A network that the file does not have has no values. */
gt_status gt_label_drop_compute(gt_label_drop *d, int net, bool averaged);
/* What the tensor begins with, in the order of files; NULL: with what the file has. */
const float *gt_label_drop_find(const gt_label_drop *d, const gt_tensor *t);
void gt_label_drop_close(gt_label_drop *d);

#endif
