/* SPDX-License-Identifier: Apache-2.0
 * What a training run writes and remembers: the run's directory with its lock, logs, checkpoints and pictures, the best
 * checkpoint, the troubles, the live line. All of it is rank 0's; other ranks have an empty journal. Functions whose
 * name ends with _all are called by all ranks, the others by rank 0 alone, unless a comment says otherwise. */
#ifndef GANTRY_TRAIN_JOURNAL_JOURNAL_H
#define GANTRY_TRAIN_JOURNAL_JOURNAL_H

#include "data/door/dataset.h"
#include "runner/contents/door/contents.h"
#include "gantry/hash.h"
#include "gantry/grid.h"
#include "run/door/ledger.h"
#include "run/door/rundir.h"
#include "run/door/runlog.h"
#include "train/door/engine.h"
#include "train/door/values.h"

/* What --best says of a checkpoint that is made: JUDGED_LATER by values that come when the checkpoint is on the disk.
 */
typedef enum gt_standing { GT_NOT_THE_BEST, GT_THE_BEST, GT_JUDGED_LATER } gt_standing;

/* The time that late values have taken (late.c): in the whole run, and the latest; 0: none yet. */
typedef struct gt_late {
    double seconds, last;
} gt_late;

enum { GT_DECIDERS_MAX = 16 };

/* The columns of the lines of ticks. A column of the model or of a measurer is added when its value first comes. */
enum { GT_TICK_NAME = 24, GT_TICK_NAMES = 5 * GT_EVAL_SETS + 8 };
typedef struct gt_tick_heading {
    char name[GT_TICK_NAMES][GT_TICK_NAME];
    int n;
    int lines;        /* since the heading was printed; 0: it is to be printed */
    const char *left; /* what the last column counts to, "ETA"; NULL: no line yet */
} gt_tick_heading;

/* How fast training went during the last minutes, pictures and checkpoints included. */
typedef struct gt_pace {
    int steps; /* of this process */
    struct {
        double time;
        int64_t shown;
    } from[2]; /* the earlier one counts, until the later one is old enough */
} gt_pace;

/* A sheet of pictures that could not be written, as it is to be in the file. */
typedef struct gt_unwritten {
    char name[40];
    void *png;
    size_t bytes;
} gt_unwritten;
enum { GT_UNWRITTEN_MOST = 8 }; /* of more the oldest is given up */

typedef struct gt_journal {
    /* the data (same_pictures.c) */
    char fingerprint[33];  /* of the files */
    char pictures[33];     /* of the pictures in them (gt_data_look); "": unknown, since some cannot be read */
    char files_before[33]; /* of the files that the run was begun with, where they are others; "": the same files */
    gt_data_look look;
    bool leaves_stored; /* the hashes of the samples were there (data_root.c), and were not computed by this run */

    /* the directory */
    char *dir;
    bool made_dir, made_outdir; /* this process made them */
    bool anew;                  /* a run that is there is set aside first */
    gt_lock *lock;
    gt_runlog *log;
    gt_saver *saver;
    gt_ledger *ledger;
    gt_ledger_line started; /* of this process */
    gt_sha256 source;       /* of a run that begins with other networks: root of the contents of their file */
    bool has_source;
    bool checkpoint_failed; /* the latest could not be written: ticks try again */
    bool ledger_failing, pictures_failing, report_failing, export_failing;
    gt_unwritten unwritten[GT_UNWRITTEN_MOST]; /* the oldest first */
    int n_unwritten;
    unsigned owed; /* GT_OWES_..., see owed.c */
    bool broken;   /* the process before has failed, or there is no word of its end */

    /* ticks */
    int tick;
    double end;                   /* of --max-time, by gt_clock(); infinity: there is none */
    double start, seconds_before; /* clock at this process's first step; total of earlier processes */
    double tick_seconds;          /* of training since the latest tick: what is measured and written does not count */
    int64_t tick_shown;           /* images at that tick */
    gt_pace pace;
    gt_tick_heading heading;
    gt_values measured; /* by the measurers at the latest tick */
    gt_values logged;   /* all values of the latest tick, which the deciders (decider.h) read */
    gt_late late;
    bool said_missing; /* that values are missing, for want of memory */
    bool said_free;    /* that cores are free */

    void *deciding[GT_DECIDERS_MAX]; /* states of the deciders; NULL: not of this run */
} gt_journal;

/* ---- begin.c ---- */
/* Looks at the data. */
gt_status gt_journal_open_all(gt_engine *e, gt_journal *j);
void gt_journal_end(gt_engine *e, gt_journal *j); /* any rank */
bool gt_run_begins_anew(const gt_job *job);       /* record.c: with --restart, unless Slurm has started that again */
/* A new run, or the run in the job's directory gone on with: builds the engine. *done: the run was finished already. */
gt_status gt_run_begin_all(gt_engine *e, gt_journal *j, bool *done);
/* log.txt and metric log, cut back to e->shown; again after a rollback */
gt_status gt_journal_open_logs(gt_engine *e, gt_journal *j);
/* All that reads the ticks before, when the state and the logs are there: the tick, deciders, measurers. Says where the
 * run is finished by its ticks. */
gt_status gt_journal_take_past_all(gt_engine *e, gt_journal *j);

/* ---- same_pictures.c ---- */
/* Are the data those of the checkpoint? Other files are accepted if their pictures are the same, as far as a look at
 * some of the pictures tells. Where *same is false, the reason is on stderr. */
gt_status gt_journal_same_pictures(gt_engine *e, gt_journal *j, const gt_checkpoint_file *f, bool *same);
/* Warns of all that is odd about the data. Call after the log is open. */
gt_status gt_journal_warn_data(const gt_engine *e, const gt_journal *j);
/* Warns where networks come from data of another range or other channels. */
gt_status gt_engine_compare_meaning(const gt_engine *e, const gt_checkpoint_file *source);
void gt_engine_name_classes(const gt_engine *e, gt_checkpoint_data *d); /* those that the networks know; vectors */
void gt_journal_put_data(const gt_engine *e, const gt_journal *j, gt_checkpoint *c);

/* ---- data_root.c ---- */
/* The root of the tree over the SHA-256 of all stored samples (runner/contents/door/contents.h), on all ranks, which
 * share the work: what `gantry hash --sha256` prints of the data, where the job has no --classes and --class-names.
 * Subset, split and mirror images do not count. A picture that does not decode counts by its label alone: the run
 * passes over it (--on-error=skip), stops where a step needs it, or does not need it. The hashes of the samples that
 * lie in the dataset (`gantry dataset` writes them), or that this run has kept, are used, and j->leaves_stored says so;
 * else they are computed. They are kept in the folder of the run (GT_RUN_LEAVES); a failure to keep them is a warning.
 * `j` NULL: everything is computed, and nothing kept. */
gt_status gt_data_root_all(gt_engine *e, gt_journal *j, gt_sha256 *root);

/* ---- state.c ---- */
/* Begins to write a checkpoint of this moment. A checkpoint that cannot be made is a warning, and the next tick tries
 * again. GT_FAILED: the ledger has another state of this step (gt_ledger_compare). */
gt_status gt_save_all(gt_engine *e, gt_journal *j, gt_standing standing);

/* Writes a checkpoint of this moment, without /chain, under another name: no run's (train/door/replay.h). */
gt_status gt_engine_write_all(gt_engine *e, const gt_journal *j, const char *path);

/* A checkpoint was written, or could not be written: updates all that depends on it. */
void gt_journal_saved(const gt_engine *e, gt_journal *j, gt_saver_state news);

/* ---- chain.c ---- the chain of the run, and what the ledger is told (run/door/ledger.h) */
/* Appends a line. A failure is a warning, and the line is written with the next one. */
void gt_journal_note(gt_journal *j, const gt_ledger_line *line, bool sync);
/* A line of this moment: step, images, arithmetic and head. */
gt_ledger_line gt_chain_line(const gt_engine *e, gt_ledger_event event);
/* A start, before its first step: makes the root of the state, fills in j->started, and asks of a run that resumes
 * whether the ledger knows the state that was loaded. */
gt_status gt_chain_take_up_all(gt_engine *e, gt_journal *j, gt_sha256 *state);
/* The chain begins at this state, unless it has begun; the length of the run enters, where it is another one. */
gt_status gt_chain_begin_all(gt_engine *e, gt_journal *j, const gt_sha256 *state);
/* A checkpoint from before was loaded, in place of a state whose head is `line->head`: the rollback enters the chain,
 * and the line, which has all but the heads, is noted. */
gt_status gt_chain_roll_back_all(gt_engine *e, gt_journal *j, gt_ledger_line *line);
void gt_chain_before_step(const gt_engine *e, gt_journal *j); /* tells the ledger of pictures that are replaced */
/* Behind a step that began at `before` images: a link, where one is due. */
gt_status gt_chain_after_step_all(gt_engine *e, gt_journal *j, int64_t before);
/* ---- best.c ---- a decider (decider.h) */
/* any rank, before the measurers open: does --best name one of several values of a metric, "agreement1k_class3"? */
gt_status gt_best_resolve(const gt_engine *e);
/* After the measurers have opened. GT_USAGE: --best names a statistic that cannot come; the message names those that
 * can. */
gt_status gt_best_check(const gt_engine *e);
/* The value of --best's statistic among those of a tick. A metric's value counts whatever number of pictures there was:
 * that of swd1k_avg was called swd200_avg by earlier versions where there were 200. NaN: there is none. */
double gt_best_value(const gt_job *job, const gt_stat_value *values, int n);
/* Has a tick of an earlier version the series that --best's has taken the place of? What was best by it begins anew. */
bool gt_best_was_another(const gt_job *job, const gt_stat_value *values, int n);
/* any rank: does --best judge pictures? Then pictures are made with each checkpoint */
bool gt_best_of_pictures(const gt_job *job);
void gt_best_lost(gt_journal *j); /* the checkpoint that was judged last cannot be made */
void gt_best_saved(const gt_engine *e, gt_journal *j, gt_saver_state news); /* of gt_journal_saved() */

/* ---- owed.c ---- what could not be written */
/* The sheets of pictures of a run that could not be made, or that an earlier process could not write. */
enum {
    GT_OWES_REALS = 1,
    GT_OWES_FAKES = 2,
    GT_OWES_RECONSTRUCTIONS = 4,
    GT_OWES_CONFUSION = 8,
    GT_OWES_OTHERS = 16 /* this bit and larger ones are owed.c's own */
};
/* A run resumes, whose files are open: true: an earlier process owes something that this one is to write.
 * `trained`: to its end; what its last process wrote may be missing then. */
bool gt_owed_look(gt_engine *e, gt_journal *j, bool trained);
/* Tries once more. Only an error that ends the run; what cannot be written stays owed. */
gt_status gt_owed_try_all(gt_engine *e, gt_journal *j);
/* At the end of the training: tries once more. GT_FAILED: something is still owed, and named. */
gt_status gt_owed_settle_all(gt_engine *e, gt_journal *j);
gt_status gt_owed_report(gt_journal *j); /* GT_FAILED: report.html is owed */

/* ---- exports.c ---- */
/* Brings the files of --export to what the checkpoints are; a failure is a warning. */
void gt_exports_try(const gt_engine *e, gt_journal *j);
void gt_exports_saved(const gt_engine *e, gt_journal *j, gt_saver_state news); /* of gt_journal_saved(): --export */

/* ---- next_commands.c ---- rank 0, at the end */
void gt_say_next(const gt_engine *e, const char *dir, bool finished);

/* ---- pictures.c ---- a picture that cannot be written is a warning */
gt_status gt_sheet_grid(const gt_engine *e, gt_grid *grid); /* the grid of the job */
gt_status gt_journal_reals(gt_engine *e, gt_journal *j);
/* Does the clock ask for fakes? The latest ones came after `last` seconds of the run, it is `now`; they come `every` so
 * often (0: never), and soon at first, since whoever begins wants to see something. */
bool gt_sheet_is_due(double last, double now, double every);
/* measured: the measurers get the pictures; those that the clock asked for decide nothing, and are in no curve. */
gt_status gt_fakes_all(gt_engine *e, gt_journal *j, bool measured);
gt_status gt_journal_reconstructions(gt_engine *e, gt_journal *j);
/* Sheets that could not be written are tried once more; also before each new one. */
void gt_journal_write_again(gt_journal *j);
void gt_journal_forget_pictures(gt_journal *j);
void gt_reconstructions_name(int64_t images, char name[40]);

/* ---- train.c ---- */
/* Is there a multiple of so many images between two counts of images, of which the second is the larger? */
bool gt_by_images(double kimg, int64_t last, int64_t shown);
/* Do the images end the tick that follows the tick at `before`? If not, a stop, the clock or a wish does. */
bool gt_tick_is_whole(const gt_job *j, int64_t before, int64_t images);
int64_t gt_tick_images(const gt_job *j); /* from tick to tick */
/* How many checkpoints a run makes in all, those by the clock not counted. */
int64_t gt_checkpoints_by_images(const gt_job *j);
/* When the next checkpoint comes: "at 200 kimg or on 2026-11-27 at 21:15:03". */
void gt_next_checkpoint_text(const gt_engine *e, char text[96]);
/* Did the latest step end at a checkpoint that has late values: one by images, or the end of the run? */
bool gt_late_values_were_due(const gt_engine *e);

/* ---- tick.c ---- */
struct gt_tick;
/* j->logged becomes the values of this moment, with those of j->measured; rank 0 prints the line. A late tick has the
 * values of the tick before too, where this process has made that one. */
void gt_tick_gather_all(gt_engine *e, gt_journal *j, const struct gt_tick *t);
void gt_tick_end_interval(gt_engine *e); /* any rank: the statistics are those of this tick */
/* j->logged becomes the values of the training alone, which depend neither on the clock nor on ranks. Rank 0. */
void gt_tick_put_training(const gt_engine *e, gt_journal *j);
/* To the logs. `early`: a late tick follows, which then logs all of it. */
void gt_tick_log(gt_engine *e, gt_journal *j, bool early);
void gt_tick_end(const gt_engine *e, gt_journal *j); /* any rank: the next tick begins */
/* Pictures were drawn after the latest tick, since the run ends here: the tick gets their metrics, and
 * GT_LATE_PICTURES. */
void gt_tick_pictured(gt_engine *e, gt_journal *j);
/* After the log is open: the next tick's number, the statistics that no step has renewed yet, and those of a tick that
 * a stop has cut short, which the next tick has, too. */
void gt_tick_take_past(gt_engine *e, gt_journal *j);

/* ---- tick_line.c ---- what a terminal shows of a run */
void gt_journal_pace(const gt_engine *e, gt_journal *j); /* after each step */
/* The line of a tick, under a heading now and then. `rate`: images/s since the last tick; `memory`: GB. */
void gt_journal_print_tick(const gt_engine *e, gt_journal *j, double rate, double memory);
void gt_journal_live(const gt_engine *e, const gt_journal *j);   /* the live line; cheap */
double gt_journal_rate(const gt_engine *e, const gt_journal *j); /* images/s since the last tick */
double gt_journal_seconds(const gt_journal *j);                  /* of training, earlier processes included */

/* ---- describe.c ---- */

/* Logs what is run, and begins starts.jsonl's next line. */
void gt_journal_describe_all(const gt_engine *e, gt_journal *j);
/* Logs the hash of the newest checkpoint, which is on the disk. "": it cannot be read, which is a warning. */
void gt_journal_hash(const gt_journal *j, char text[GT_CONTENTS_HASH_BYTES]);

#endif
