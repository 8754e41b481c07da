/* SPDX-License-Identifier: Apache-2.0
 * The command line: subcommands are rows of one table (commands.c), their options rows of option tables
 * (gantry/option.h). Results go to stdout, talk to stderr; exit status 0 done, 1 failed, 2 bad usage, 75 stopped before
 * its end. */
#ifndef GANTRY_CLI_H
#define GANTRY_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "base/machine.h"
#include "gantry/dist.h"
#include "gantry/job.h"
#include "gantry/option.h"
#include "gantry/pool.h"
#include "gantry/version.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_STOPPED = 75 };

typedef struct cli_session cli_session;

/* A subcommand: a file that defines `const cli_command cli_NAME`, and its name in the list of commands.c. */
typedef struct cli_command {
    const char *name;
    const char *arguments; /* after the name, in the usage line; NULL: none */
    const char *help;      /* one line */
    const char *detail;    /* for the manual; NULL: nothing more */
    const gt_option *rows; /* its options: see CLI_ROWS() */
    int n_rows;
    size_t fields;                        /* bytes of the struct that they fill in */
    const gt_option *(*options)(int *n);  /* a table that is put together elsewhere; NULL: `rows` */
    gt_status (*prepare)(cli_session *s); /* before the ranks meet: no MPI yet; NULL: nothing */
    /* all ranks, when they have met; a command without `ranks`: rank 0 alone, without MPI */
    gt_status (*run)(cli_session *s);
    /* instead of both: reads its arguments itself; argv[0] is the name; returns the exit status */
    int (*main)(int argc, char **argv);
    void (*print)(FILE *f); /* instead of `run`: prints to stdout, whatever the arguments are */
    bool hidden;            /* not for people: not in --help */
    bool ranks;             /* several ranks share the work */
    bool pool;              /* `run` gets a pool of --threads threads */
    /* bit i: words[i] may be another on each rank; what the words name is compared instead */
    unsigned own_words;
} cli_command;

/* How the rows of a command's options begin (GT_ROW); FIELDS is the struct that they fill in. Of a CLI_FURTHER --help
 * shows the key alone. */
#define CLI_FURTHER(name, field, value, text) GT_ROW(FIELDS, name, field, value, text), .class = GT_COMMAND
#define CLI_OPTION(name, field, value, text) .common = true, CLI_FURTHER(name, field, value, text)
#define CLI_THREADS                                                                                          \
    {                                                                                                        \
        CLI_OPTION("threads", threads, NULL, "Threads per rank"),                                            \
            .by_rank = true, .min = 1, .max = 4096, .derived = "the host's cores shared out among its ranks" \
    }
#define CLI_ROWS(table) .rows = table, .n_rows = sizeof table / sizeof *table, .fields = sizeof(FIELDS)

/* The kernels that the environment asks for (GT_ISA, GT_CONV), for whatever no checkpoint decides; NULL before they are
 * read, at the start. GT_USAGE: the environment asks for what there is not. */
gt_status cli_read_kernels(void);
const gt_kernel_set *cli_kernels(void);

const cli_command *const *cli_commands(int *n);
const cli_command *cli_find(const char *name); /* NULL: no such command */
const gt_option *cli_options(const cli_command *c, int *n);
int cli_perform(const cli_command *c, int argc, char **argv); /* returns the exit status */

gt_status cli_fail_unknown(const char *name);     /* GT_USAGE, with the command that is most like a mistyped one */
void cli_print_quoted(const char *word, FILE *f); /* one word for a shell, between single quotes */
/* What a shell command prints, as far as there is room for it; "" where the command cannot be started. */
void cli_output_of(const char *command, char *text, size_t bytes);

/* ---- arguments ---- */

typedef struct cli_arguments {
    const char **keys, **values; /* of --key=value, --key value and --flag (value NULL), in order */
    int n_pairs;
    const char **words; /* everything else */
    int n_words;
    bool help; /* --help or -h was among them */
} cli_arguments;

/* Split argv[1..]. Options are looked up only to see whether the next word is their value. `pairs`: words of the form
 * key=value are options too. A leading ~ is expanded in words and in values of options that are paths (base/tilde.h).
 */
gt_status cli_split(gt_arena *a, const gt_option *rows, int n, int argc, char **argv, bool pairs, cli_arguments *out);
const char *cli_value_of(const cli_arguments *arguments, const char *key); /* the last one given; NULL: none */
gt_status cli_apply(gt_options *o, const cli_arguments *arguments);

/* "0.5,-1" -> *n finite numbers in the arena; `what` names the option in messages. */
gt_status cli_read_numbers(gt_arena *a, const char *what, const char *text, const float **numbers, int *n);

/* What all ranks of a command must have been given alike: the command, its words, its options. */
typedef struct cli_settings {
    gt_arena *arena;
    gt_setting *list;
    int n;
} cli_settings;
/* As they are now; `o` may be NULL. */
gt_status cli_note_settings(cli_settings *out, const cli_command *c, const gt_options *o,
                            const cli_arguments *arguments);

/* The ranks of a command come together. *st is what this rank has found so far, a mistake of usage perhaps: then, and
 * where ranks were given other commands, *st is the same failure on all ranks. NULL: this rank is alone with its
 * failure, or there are no ranks to be had. cli_leave() is the end. */
gt_comm *cli_meet_all(const cli_settings *mine, int threads, gt_status *st);

/* The end of a command that shows its help, or fails (`st`), before its work begins; returns the exit status. Several
 * ranks do so together. */
int cli_end_early(const cli_command *c, const cli_arguments *arguments, cli_settings *mine, gt_status st);

struct cli_session {
    gt_arena *arena;
    cli_arguments arguments;
    gt_options options;
    void *fields;          /* the command's struct: what the options say; more of it is zero, and free for use */
    cli_settings settings; /* as they were given */
    gt_comm *comm;         /* of a command with ranks, when they have met */
    gt_pool *pool;
};
/* When *status is not negative the command is over and returns it (help was shown, or a usage error). */
bool cli_begin(cli_session *s, const cli_command *c, int argc, char **argv, int *status);
void cli_end(cli_session *s);

/* The exit status for a status; says gt_message() on stderr when there is something to say. Without MPI: see
 * cli_wait_turn(). */
int cli_exit(const char *command, gt_status status);
/* The same at the end of work that ranks share and that can be stopped: rank 0 speaks. Ends `comm`; NULL: as
 * cli_exit(). */
int cli_leave(const char *command, gt_status status, gt_comm *comm);
bool cli_first_rank(void); /* as told by the launcher's environment, before MPI is up; true without a launcher */
/* For a rank that ends with a failure without MPI: when the first one has the same mistake it speaks first, and the
 * launcher ends the others before they do. Returns the rank. */
int cli_wait_turn(void);
/* The ranks are up, or the program ends by itself: the launch is no failure. See slurm/lib.sh. */
void cli_started(void);
/* For commands that are not parallel, when mpirun starts several of them: true on all ranks but the first, which is to
 * do the work. */
bool cli_others_work(const char *command);

/* ---- documentation from the tables ---- */

void cli_print_overview(FILE *f); /* gantry --help */
/* gantry COMMAND --help: fits a screen of 24 lines of 80. `model`: the family of models whose keys train's help shows;
 * NULL: the first one. */
void cli_print_help(const cli_command *c, const char *model, FILE *f);
/* all that is known about it, each line after `prefix` */
void cli_print_option(const gt_option *o, const char *prefix, FILE *f);
void cli_print_reference(FILE *f); /* jobs/reference.ini */
void cli_print_manual(FILE *f);    /* gantry.1 */
void cli_print_version(FILE *f);

/* ---- jobs ---- */

/* The job that the arguments of `gantry train` describe: from the job file, or the run's own, and the options; checked
 * as far as it can be without the data. */
gt_status cli_read_job(gt_job *job, const cli_arguments *arguments);
/* The rest of it, from the data as the training would open them. */
gt_status cli_resolve_job(gt_job *job);

/* ---- checkpoints that may come from elsewhere: before MPI ---- */

/* A checkpoint, or a run with some, that is about to be opened: *file, to be freed, is the file that is then to be
 * opened; walked in a process of its own first, as datasets are (gt_h5_check). NULL and GT_OK: a directory without
 * checkpoints. */
gt_status cli_check_checkpoint(const char *path, char **file);
/* The same on the first rank, others do nothing: the file takes the place of *path. */
gt_status cli_choose_checkpoint(gt_arena *a, const char **path);
/* The first rank: what --resume of a job stands for becomes its resume_file. One that is not there is missed only if
 * the run has no checkpoint of its own. */
gt_status cli_check_resume(gt_job *job);
/* The word that stands for a job file: a dataset, checkpoint or run in its place is told which option it belongs to. */
gt_status cli_check_job_file(const char *path);
/* All ranks, with MPI: *path becomes the first rank's, so that they open what it has chosen. */
gt_status cli_share_path_all(gt_comm *c, gt_arena *a, const char **path);

/* ---- gantry doctor, also at the end of a dry run ---- */

typedef struct cli_checkup { /* what is to be seen before MPI is up */
    gt_machine machine;
    /* the first line of its version; "": there is none. Asked for then, since nothing forks while MPI is up */
    char mpirun[256];
} cli_checkup;
void cli_doctor_before(cli_checkup *k);
/* All ranks: prints to stdout on rank 0. `data`: a dataset, or ""; `dir`: where runs go; `checkpoint`: bytes of one, 0
 * when not known. GT_FAILED: something is broken. */
gt_status cli_doctor_examine_all(const cli_checkup *k, gt_comm *comm, const char *data, const char *dir,
                                 double checkpoint);

/* ---- gantry inspect: one file per kind of thing ---- */

gt_status cli_inspect_dataset(const char *spec);
/* How often each class occurs, a line each; names may be NULL or fewer. */
void cli_print_classes(const int64_t *count, int n, const char *const *names, int n_names);
gt_status cli_inspect_checkpoint(const char *path);
/* stats.jsonl or metrics.h5; *other: an HDF5 file of another kind */
gt_status cli_inspect_log(const char *path, bool *other);
gt_status cli_inspect_run(const char *dir);
/* The training graphs of a job file, checkpoint or run as tables; `phase` "": all; `timed`: with measured times. */
gt_status cli_inspect_graph(const char *path, const char *phase, bool timed, int threads);

#endif
