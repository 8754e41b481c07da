/* SPDX-License-Identifier: Apache-2.0
 * The command line: subcommands are rows of one table (commands.c makes it of features/list.h), their options rows of
 * option tables (gantry/option.h). A command prints results to stdout and messages to stderr. Exit status: 0 done, 1
 * failed, 2 bad usage, 3 it cannot be found out, 75 stopped before the end. */
#ifndef GANTRY_COMMAND_DOOR_CLI_H
#define GANTRY_COMMAND_DOOR_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/job.h"
#include "command/launch/door/launch.h"
#include "gantry/network.h"
#include "gantry/option.h"
#include "gantry/outfile.h"
#include "gantry/pool.h"
#include "gantry/preview.h"
#include "gantry/text.h"
#include "gantry/train.h"
#include "gantry/version.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_UNDECIDED = 3, CLI_STOPPED = 75 };

typedef struct cli_session cli_session;

/* What a command can do for others, which do not know it: they ask for the first row that has such a member. */

/* An examination of the machines, for `gantry train --dry-run=full`. */
typedef struct cli_examination {
    gt_status (*begin)(gt_arena *a, void **begun); /* before MPI is up */
    /* All ranks, with the job's data (""), the folder where the run goes, and the bytes of a checkpoint. */
    gt_status (*end_all)(void *begun, gt_comm *comm, const char *data, const char *dir, double checkpoint);
} cli_examination;

/* What `gantry inspect` shows of a dataset: some images also in the PNG `sheet` ("": no), and as a preview. */
typedef gt_status cli_data_view(const char *spec, const char *sheet, gt_preview preview);
/* ... and of a run: its state. *lost: nothing of the run can be read. */
typedef gt_status cli_run_view(const char *dir, bool *lost);

/* Why the job of this run, which is submitted, has not begun to train: GT_FAILED. */
typedef gt_status cli_not_begun(const char *dir);

/* A subcommand: a file that defines `const cli_command cli_NAME`, and a word in features/list.h. */
typedef struct cli_command {
    const char *name;
    const char *arguments; /* what stands behind the name in the usage line; NULL: nothing */
    const char *help;      /* one sentence, without its full stop */
    int place;             /* among those that a beginner needs, which `gantry` alone shows, from 1 on; 0: not there */
    const char *detail;    /* more sentences; NULL: none */
    const char *files;     /* what it writes, in sentences; NULL: it only prints */
    /* At least two, {what it is for, the command line}, and {0}: see CLI_EXAMPLES(). Tests read the command lines. */
    const gt_named *examples;
    const char *failed;          /* what exit status 1 means besides a failure; NULL: nothing */
    const char *undecided;       /* what exit status 3 means; NULL: it never ends with 3 */
    const char *stopped;         /* what exit status 75 means; NULL: it never ends with 75 */
    const gt_named *diagnostics; /* {message, what to do about it} and {0}; NULL: none */
    const gt_option *rows;       /* the command's options: see CLI_ROWS() */
    int n_rows;
    size_t fields;                        /* bytes of the struct that the options fill in */
    const gt_option *(*options)(int *n);  /* a table that is put together elsewhere; NULL: `rows` */
    gt_status (*prepare)(cli_session *s); /* runs before the ranks meet, without MPI; NULL: nothing does */
    /* The work. All ranks do it when they have met; of a command without `ranks` rank 0 alone, without MPI. */
    gt_status (*run)(cli_session *s);
    void (*finish)(cli_session *s); /* after both, also where they have failed; NULL: nothing is left to do */
    /* Instead of `prepare` and `run`: a command that reads its arguments itself. argv[0] is the name; returns the exit
     * status. */
    int (*main)(int argc, char **argv);
    void (*more)(FILE *f);       /* prints what else --help shows, at its end; NULL: nothing */
    const char *stopping;        /* said when gantry run asks it to stop, and it ends in order; NULL: it just ends */
    const char *stopping_action; /* only with this word among its arguments; NULL: always */
    const cli_examination *examination;       /* these: NULL, or what it does for others */
    const struct gt_latent_file *latent_file; /* for mixtures (runner/record/door/maker.h) */
    cli_data_view *data_view;
    cli_run_view *run_view;
    cli_not_begun *not_begun;
    bool takes_job; /* the options of jobs are options of the command, too: cli_split_with_job() */
    bool ranks;     /* several ranks share the work */
    bool pool;      /* `run` gets a pool of --threads threads */
    bool acts; /* what an option has an effect with also depends on words: `prepare` calls gt_options_check_effect() */
    /* Bit i: words[i] may differ from rank to rank; the ranks compare what the words name, not the words. */
    unsigned own_words;
} cli_command;

/* How the rows of a command's options begin (GT_ROW); FIELDS is the struct that the options fill in. --help shows
 * each CLI_SHOWN and CLI_OPTION before the others. The key of a CLI_OPTION and of a CLI_FURTHER is the name of the
 * field. */
#define CLI_ROW(name, field, value, text) GT_ROW(FIELDS, name, field, value, text), .class = GT_COMMAND
#define CLI_FURTHER(field, value, text) CLI_ROW(#field, field, value, text)
#define CLI_SHOWN(name, field, value, text) .common = true, CLI_ROW(name, field, value, text)
#define CLI_OPTION(field, value, text) CLI_SHOWN(#field, field, value, text)
#define CLI_THREADS                                                                                               \
    {                                                                                                             \
        CLI_OPTION(threads, NULL, "Number of threads per rank"),                                                  \
            .by_rank = true, .min = 1, .max = 4096, .derived = "an equal share of the host's cores for each rank" \
    }
/* In a row whose value names a file, or files in a folder, that the command writes: instead of `.path = true`, and a
 * row CLI_OVERWRITE beside it. Names and kinds as in gt_outfile_name, such as {"*.png", GT_OUTFILE_PICTURE}. */
#define CLI_NAMES(...) ((const gt_outfile_name[]){__VA_ARGS__, {0}})
#define CLI_WRITES(...) \
    .path = true, .writes = &(const gt_outfile) { .files = CLI_NAMES(__VA_ARGS__) }
#define CLI_FILLS(...) \
    .path = true, .placeholder = "DIR", .writes = &(const gt_outfile) { .inside = CLI_NAMES(__VA_ARGS__) }
/* Also files in folders in the folder: gt_outfile.folders. */
#define CLI_FILLS_FOLDERS(pattern, ...)                                 \
    .path = true, .placeholder = "DIR", .writes = &(const gt_outfile) { \
        .inside = CLI_NAMES(__VA_ARGS__), .folders = (pattern)          \
    }
#define CLI_FILMS(...)                                                                                  \
    .path = true, .writes = &(const gt_outfile) {                                                       \
        .files = CLI_NAMES(__VA_ARGS__), .inside = CLI_NAMES({"frame+([0-9]).png", GT_OUTFILE_PICTURE}) \
    }
#define CLI_FIGURE(stem) \
    {stem ".svg", GT_OUTFILE_PICTURE}, { stem ".png", GT_OUTFILE_PICTURE }
#define CLI_OVERWRITE                                                                                                  \
    {                                                                                                                  \
        CLI_FURTHER(overwrite, "0", "Replace whatever exists at the place of an output file"),                         \
            .detail = "Without this option, Gantry's pictures, films, pages, tables, arrays, statistics and exported " \
                      "networks are replaced only by a file of the same kind. Datasets and their pictures, "           \
                      "checkpoints, jobs, texts and the files that the command reads are replaced only with it. "      \
                      "Checkpoints in the folder of a run are never replaced."                                         \
    }
/* For commands that work on a dataset: cli_open_data() opens the dataset with the member `classes` of the command's
 * struct. */
#define CLI_CLASSES_WITH(conditions)                                                                                  \
    {                                                                                                                 \
        CLI_FURTHER(classes, "", "Only images of these classes, as in cat,dog or 0-7,9"),                             \
            .placeholder = "CLASSES", .any = true, .with = (conditions), .late = true,                                \
            .detail = "Names, numbers and ranges of numbers of the dataset's classes. They become classes 0, 1, ... " \
                      "in this order, as in training with --classes. If the network has another number of classes, "  \
                      "they keep their numbers."                                                                      \
    }
#define CLI_CLASSES CLI_CLASSES_WITH(NULL)
/* For commands that read networks of StyleGAN2 or of classifiers: what a file of another program does not say, in the
 * member `assumed` of the command's struct (cli_reading). */
typedef struct cli_assumed {
    bool strict;
    double clamp, lrmul;
    const char *image_size, *normalize;
} cli_assumed;
#define CLI_ASSUMED                                                                               \
    {CLI_ROW("strict", assumed.strict, "0", GT_STRICT)},                                          \
        {CLI_ROW("clamp", assumed.clamp, NULL,                                                    \
                 "Clamp of StyleGAN2's activations, if the file does not give it; 0: none"),      \
         .derived = "256", .max = 1e30, .late = true},                                            \
    {                                                                                             \
        CLI_ROW("lrmul", assumed.lrmul, NULL,                                                     \
                "Learning rate multiplier of StyleGAN2's mapping, if the file does not give it"), \
            .derived = "0.01", .min = 1e-6, .max = 1e3, .late = true                              \
    }
#define CLI_ASSUMED_OF_CLASSIFIERS                                                                                   \
    {CLI_ROW("image-size", assumed.image_size, NULL, "Size of a classifier's images, if the file does not give it"), \
     .placeholder = "HxW", .derived = "224; 299 for inception-v3", .check = cli_check_size, .late = true},           \
    {                                                                                                                \
        CLI_ROW("normalize", assumed.normalize, NULL,                                                                \
                "Scaling of pixels as in train --normalize, if the file does not give it"),                          \
            .placeholder = "RULE", .derived = "as torchvision", .check = cli_check_as_job, .late = true              \
    }
/* For commands that make or read pictures, in the member `preview` of the command's struct. `prepare`, or who starts
 * the ranks, calls gt_preview_ask(). */
#define CLI_PREVIEW(text)                                                                                         \
    {                                                                                                             \
        CLI_FURTHER(preview, "none", text), GT_CHOICES(GT_PREVIEWS),                                              \
            .bare = "auto", .late = true,                                                                         \
            .detail = "auto: kitty's pictures, sixels or blocks, as the terminal answers; nothing without a "     \
                      "terminal, with NO_COLOR and with TERM=dumb. blocks: two pixels in a character, in 24-bit " \
                      "colours if COLORTERM is truecolor or 24bit, else in 256 colours."                          \
    }
/* Draws the picture file that the command has written, where --preview says so. */
gt_status cli_preview_file(const gt_options *o, const char *path);
#define CLI_ROWS(table) .rows = table, .n_rows = sizeof table / sizeof *table, .fields = sizeof(FIELDS)

#define CLI_EXAMPLES(...)            \
    .examples = (const gt_named[]) { \
        __VA_ARGS__, { 0 }           \
    }
/* For `stopped`. */
#define CLI_RESUMES "stopped before the end; the same command resumes"
#define CLI_STARTS_AGAIN "stopped before the end; finished files are kept"

/* Reads, once and at the start, which kernels the environment asks for (GT_ISA, GT_CONV). GT_USAGE: there are no such
 * kernels. */
gt_status cli_read_kernels(void);
/* The kernels for work of which no checkpoint says the kernels; NULL before cli_read_kernels(). */
const gt_kernel_set *cli_kernels(void);

const cli_command *const *cli_commands(int *n);
const cli_command *cli_first_command(int place); /* the one of this .place; NULL: there is none */
const char *cli_group_of(const cli_command *c);  /* the heading under which `gantry --help` shows it */
const cli_command *cli_find(const char *name);   /* NULL: no such command */
/* What a command does for others (above); NULL: none does. */
const cli_examination *cli_find_examination(void);
const struct gt_latent_file *cli_find_latent_file(void);
cli_data_view *cli_find_data_view(void);
cli_run_view *cli_find_run_view(void);
cli_not_begun *cli_find_not_begun(void);
const gt_option *cli_options(const cli_command *c, int *n);
int cli_perform(const cli_command *c, int argc, char **argv); /* returns the exit status */

/* GT_USAGE, with the command that is most like a mistyped one, or that does what another program calls so. */
gt_status cli_fail_unknown(const char *name);
/* The command for what other programs call by this name; NULL: none. */
const char *cli_called_here(const char *typed);

/* ---- arguments ---- */

typedef struct cli_arguments {
    const char **keys, **values; /* of --key=value, --key value and --flag (value NULL), in order */
    int n_pairs;
    const char **words; /* everything else */
    int n_words;
    bool help; /* --help or -h was among them */
    /* -q and --progress=0 of commands without these options in their table */
    bool quiet, no_progress;
} cli_arguments;

/* Split argv[1..]. Options are looked up only to see whether the next word is their value. `pairs`: words of the form
 * key=value are options too. A leading ~ is expanded in words and in values of options that are paths (gantry/file.h).
 */
gt_status cli_split(gt_arena *a, const gt_option *rows, int n, int argc, char **argv, bool pairs, cli_arguments *out);
/* GT_USAGE: the first of the options that is none of these rows. For commands that share them out to several tables. */
gt_status cli_check_known(const gt_option *rows, int n, const cli_arguments *arguments);
const char *cli_value_of(const cli_arguments *arguments, const char *key); /* the last one given; NULL: none */
gt_status cli_apply(gt_options *o, const cli_arguments *arguments);
/* How a command with these options reads files of networks: with cli_kernels(), and with what the options say where
 * the files do not. */
gt_network_options cli_reading(const gt_options *o);

/* ---- values: the `check` of rows, and what such values say, when they were checked ---- */

/* Is the text n finite numbers with commas between them? */
bool cli_are_numbers(const char *text, int n, double *out);
/* "0.5,-1" -> *n finite numbers in the arena. */
gt_status cli_check_numbers(const gt_option *o, const char *value);
/* "0..1": two rising numbers. */
bool cli_read_ends(const char *text, double range[2]);
gt_status cli_check_ends(const gt_option *o, const char *value);
gt_status cli_read_numbers(gt_arena *a, const char *text, const float **numbers, int *n);
/* "-1,1": two rising numbers. */
gt_status cli_check_range(const gt_option *o, const char *value);
void cli_read_range(const char *text, double range[2]);
/* "224x224" or "224". */
gt_status cli_check_size(const gt_option *o, const char *value);
void cli_read_size(const char *text, int64_t *height, int64_t *width);
gt_status cli_check_grid(const gt_option *o, const char *value);     /* "8x4", or what the key alone stands for */
gt_status cli_check_duration(const gt_option *o, const char *value); /* gt_parse_duration() */
gt_status cli_check_styles(const gt_option *o, const char *value);   /* gt_layers_check() */
gt_status cli_check_edits(const gt_option *o, const char *value);    /* gt_edits_check() */
gt_status cli_check_as_job(const gt_option *o, const char *value);   /* as the option of jobs of the same key */

/* What all ranks of a command must have in common: the command, its words, its options. */
typedef struct cli_settings {
    gt_arena *arena;
    gt_setting *list;
    int n;
} cli_settings;
/* Writes the settings down as they are now; `o` may be NULL. */
gt_status cli_note_settings(cli_settings *out, const cli_command *c, const gt_options *o,
                            const cli_arguments *arguments);

/* All ranks call this to meet. *st is what this rank has found so far, perhaps a mistake of usage. Where a rank has
 * failed, or ranks were given other commands, *st becomes the same failure on all ranks. NULL: this rank is the only
 * one and has failed, or the ranks cannot meet. The ranks part in cli_leave(). */
gt_comm *cli_meet_all(const cli_settings *mine, int threads, gt_status *st);

/* Ends a command that shows its help, or fails (`st`), before its work begins; returns the exit status. All ranks call
 * this. */
int cli_end_early(const cli_command *c, const cli_arguments *arguments, cli_settings *mine, gt_status st);

struct cli_session {
    gt_arena *arena;
    cli_arguments arguments;
    gt_options options;
    void *fields;          /* the command's struct: the options' values; other fields are zero at first */
    cli_settings settings; /* as they were given */
    gt_comm *comm;         /* the ranks of a command with `ranks`, when they have met; else NULL */
    gt_pool *pool;
};
/* Opens the dataset of a command with CLI_CLASSES; all images, with labels where they have some, when --classes is not
 * given. `network_classes`: as in gt_dataset_options. */
gt_status cli_open_data(const cli_session *s, const char *path, int network_classes, gt_dataset **out);
/* *n: how many classes a network knows; 0 where --classes is not given and nobody needs to know. */
gt_status cli_network_classes(const cli_session *s, const char *network, int *n);
/* Before the ranks meet: the run that a network's file lies in, and the text of its job.ini, both "" where it lies in
 * no run. The first rank looks; others are told by cli_share_path_all(). */
gt_status cli_find_run(const cli_session *s, const char *network, const char **run, const char **job);
/* OUTDIR/NAME, of a command with the option --outdir, in the session's arena; NULL: out of memory. */
const char *cli_out(const cli_session *s, const char *name);
/* When *status is not negative the command is over and returns it (help was shown, or a usage error). */
bool cli_begin(cli_session *s, const cli_command *c, int argc, char **argv, int *status);
/* After the work: a warning for each option that is `late` and had no effect. */
void cli_warn_unused(const cli_session *s);
void cli_end(cli_session *s);

/* Returns the exit status for a status; prints gt_message() to stderr after a failure. For ends without MPI: see
 * cli_wait_turn(). */
int cli_exit(const char *command, gt_status status);
/* The same for ranks that have met: rank 0 prints, and `comm` ends. `comm` NULL: as cli_exit(). */
int cli_leave(const char *command, gt_status status, gt_comm *comm);
bool cli_first_rank(void); /* read from the launcher's environment, without MPI; true without a launcher */
/* For a rank that fails without MPI. All ranks but the first wait a while, so that of a mistake that all have made the
 * first rank tells, and the launcher ends the others before they do. Returns the rank. */
int cli_wait_turn(void);
void cli_let_first_speak(int rank); /* the wait alone */
/* For a command without `ranks` of which mpirun has started several: true on all ranks but the first, which does the
 * work. */
bool cli_others_work(const char *command);

/* ---- what is written (gantry/outfile.h) ---- */

/* Notes the words and the options that name what is read: no output takes the place of such a file. To be called before
 * the checks. */
gt_status cli_note_inputs(const cli_session *s);
/* GT_USAGE: the ending of a name does not fit what the option writes. */
gt_status cli_check_output_names(const gt_options *o);
/* May all the outputs of the options be written, as their values are now? The first rank looks, before the ranks meet;
 * all ranks look again when a file takes its place. An option without a value writes nothing. */
gt_status cli_check_outputs(const gt_options *o);
/* The same for another path, which lasts as long as the work; `o` says whether --overwrite is given. */
gt_status cli_check_output(const gt_options *o, const char *path, const gt_outfile *output);
/* "3 files are replaced", the last line of a command that makes many files; 0: nothing. */
void cli_print_replaced(int64_t n);
/* The same for a picture beside the file `out`: *picture is "DIR/NAME.png" of DIR/NAME.ENDING. */
gt_status cli_picture_beside(cli_session *s, const char *out, const char **picture);

/* ---- documentation from the tables ---- */

void cli_print_first(FILE *f);    /* gantry alone: the commands that a beginner needs */
void cli_print_overview(FILE *f); /* gantry help all */
/* Prints where all words of the topic stand together; `f` NULL: do they anywhere? */
bool cli_find_words(const char *topic, FILE *f);
/* Prints the rows of the glossary whose first column has these words; `f` NULL: are there any? */
bool cli_find_term(const char *topic, FILE *f);
/* gantry COMMAND --help. `model`: whose options the help of train shows; NULL: those of the standard model. */
void cli_print_help(const cli_command *c, const char *model, FILE *f);
/* "--batch=IMAGES"; of an option with a letter "--ranks=N, -n". */
const char *cli_option_head(const gt_option *o, char *text, size_t bytes);
/* "whole number, 1 to 4096 (pixels)", "ada|fixed|noaug" */
const char *cli_option_values(const gt_option *o, char *text, size_t bytes);
/* Prints all that the row says about an option, each line behind `prefix`. */
void cli_print_option(const gt_option *o, const char *prefix, FILE *f);
/* Prints the text in lines of at most `width` columns, the first behind `first`, the others behind `prefix`. */
void cli_print_wrapped(const char *text, const char *first, const char *prefix, int width, FILE *f);
void cli_print_reference(FILE *f);                       /* jobs/reference.ini */
void cli_print_markdown(FILE *f);                        /* docs/options.md */
void cli_print_commands(FILE *f);                        /* docs/commands.md */
void cli_print_manual(FILE *f);                          /* gantry.1 */
void cli_print_manual_of(const cli_command *c, FILE *f); /* gantry-COMMAND.1 */

/* ---- jobs ---- */

/* Reads the job that the arguments of `gantry train` describe, from the job file (or the run's own) and the options. */
gt_status cli_read_job(gt_job *job, const cli_arguments *arguments);
/* Checks the job as far as that needs neither data nor the record of a run that it goes on with. */
gt_status cli_check_job(gt_job *job);
/* Splits the arguments of a command that takes the options of jobs besides its own: `own` gets its values, and *of_job
 * the words and what is meant for the job. A command without `main` finds that in the session's arguments. */
gt_status cli_split_with_job(gt_options *own, int argc, char **argv, cli_arguments *of_job);
/* Resolves the job with the shape of its data, which are opened as training would open them. */
gt_status cli_resolve_job(gt_job *job);
/* For commands that let others train the job: resolves it, and reads the networks that it names, so that no training
 * ends at its start. */
gt_status cli_check_later(gt_job *job);

/* ---- ranks.c ---- */

/* What is said, and what signals do, when this command of several ranks is asked to stop. */
struct gt_launch_stop cli_launch_stop(char *const *command);

/* ---- checkpoints that may come from elsewhere: before MPI ---- */

/* Chooses the file that is to be opened for `path`, a checkpoint or a run, and checks that file in a process of its own
 * (gt_h5_check). `o`: of the command. *file is to be freed; NULL with GT_OK: the run has no checkpoint. */
gt_status cli_check_checkpoint(const gt_options *o, const char *path, char **file);
/* The same on the first rank: the file's name takes the place of *path. On other ranks nothing happens. */
gt_status cli_choose_checkpoint(const gt_options *o, const char **path);
/* On the first rank: sets the job's resume_file to the file that --resume stands for. A run that has checkpoints of its
 * own needs no such file. */
gt_status cli_check_resume(gt_job *job);
/* The same for a detector: of a run or a checkpoint the file, checked; files of weights stay as they are. */
gt_status cli_choose_detector(const gt_options *o, const char **path);
/* On the first rank: checks the detector of the job's metrics. For a resumed run a damaged detector is not an
 * error: the run goes on without metrics, and the job's no_metrics has the reason. */
gt_status cli_check_detector(gt_job *job);
/* The job file that a word names: the file itself, or one of the jobs that come with the program ("fashion"). */
const char *cli_find_job_file(gt_arena *a, const char *word);
/* The path that a word names: the word, or the file of a network that comes with the program ("clipart64"). For
 * commands that look at the file's kind; gt_network_open() and gt_network_choose() find such networks by themselves. */
const char *cli_find_network(gt_arena *a, const char *word);
/* Is `path` a job file? GT_USAGE for a dataset, a checkpoint or a run, with the option that takes it. */
gt_status cli_check_job_file(const char *path);
bool cli_is_number(const char *word); /* digits and nothing else */
/* All ranks, with MPI: *path becomes the first rank's path, so that all ranks open the file which that rank chose. */
gt_status cli_share_path_all(gt_comm *c, gt_arena *a, const char **path);

#endif
