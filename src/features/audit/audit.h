/* SPDX-License-Identifier: Apache-2.0
 * Is a run what its ledger says? First what needs no training: the lines of the ledger are whole, each kept checkpoint
 * is the file that the ledger names, the chain follows from recipe, states and data, the data have their hash. Then
 * intervals between the links of the chain are drawn at random, and computed again from the kept checkpoint before:
 * each link on the way must be met.
 *
 *     gt_audit_found found;
 *     gt_status st = gt_audit_run_all(comm, &(gt_audit_options){.run = "runs/first", .minutes = 10}, &found);
 *     if (!st && comm->rank == 0) gt_audit_print(&found);
 *
 * One forged interval goes unseen with the probability found.unseen if its place is any image with the same
 * probability, and with found.worst where it is found least. Whoever knows the seed of the choice beforehand can forge
 * where nobody looks: by default the seed comes from the operating system. */
#ifndef GANTRY_FEATURES_AUDIT_AUDIT_H
#define GANTRY_FEATURES_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/dist.h"
#include "gantry/memory.h"
#include "gantry/pool.h"
#include "gantry/status.h"
#include "runner/record/door/maker.h"

typedef struct gt_audit_options {
    const char *run;  /* its folder */
    const char *data; /* where the data are now; "": where the run had them */
    double minutes;   /* for what is computed; 0: no limit */
    int64_t segments; /* how many intervals are drawn; 0: as many as fit into the minutes */
    bool all;         /* all of them, whatever it takes */
    /* One stretch alone, with the hashes of its gradients and states: a file to write, and one to compare with, of
     * another machine or build. The first line that differs is a failure, which names step, phase and tensor. "": none
     */
    const char *trace, *compare;
    bool has_seed;
    uint64_t seed;    /* of the choice */
    bool note;        /* leave RUN/audit.json for the model card (features/card/card.h) when all is right */
    int64_t pictures; /* that networks of the run made, as an audit of these has found; for the note */
} gt_audit_options;

enum { GT_AUDIT_HEAD = 65, GT_AUDIT_ARITHMETIC = 64 };

/* On rank 0. */
typedef struct gt_audit_found {
    char head[GT_AUDIT_HEAD]; /* of the chain, at so many images */
    int64_t head_images;
    char data[GT_AUDIT_HEAD]; /* root of the data; "": the chain has no link yet, which would name the data */
    bool data_met;            /* all samples were read, and have it */
    int64_t samples;
    char arithmetic[GT_AUDIT_ARITHMETIC];
    int64_t lines, links, checkpoints; /* that were checked; no lines: these checks have not come to their end */
    int64_t begin;                     /* images where the chain begins: before, nothing can be checked */
    bool late;                         /* it does not begin with the run: then what the run began with is not proven */
    int64_t form;      /* of the chain: 1 covers neither rollbacks nor the length of the run (run/door/chain.h) */
    bool open_end;     /* the last line has no hash of itself: a program before 1.1 wrote it */
    bool begins_right; /* the state where the run begins was made again, from recipe and seed, and is that of the chain
                        */
    char source[GT_AUDIT_HEAD]; /* of a transfer: root of the contents of the file with the networks; "": none is known
                                 */
    bool transfers;
    char arithmetics[256]; /* "fma-9", or, where it has changed, "fma-9, plain-9 from 3.072 kimg on" */
    bool arithmetic_changed;
    bool other_words;                         /* the recipe is not in the words that this version writes */
    int64_t starts, rollbacks, rollbacks_met; /* met: computed again, up to the trouble */
    char lengths[256], rolled_back[512];      /* "2 kimg, 4 kimg"; "norms at 3.2 kimg, back to 1.024 kimg" */
    int64_t images, replayed;                 /* of the run; of these computed again */
    int64_t links_met;
    int intervals, computed; /* between links; of these computed again up to their ends */
    uint64_t seed;
    int64_t draws;         /* that count; 0: none, or all was computed */
    double unseen, worst;  /* the probability that one forged interval goes unseen: any image alike; the worst place */
    double seconds, whole; /* of what was computed; an estimate for all of it */
    char note[256];        /* why the wanted note could not be written; "" */
    char unchecked[1200];  /* what lies in the folder and was not checked, by name; "" */
    char replaced[256];    /* numbers of pictures that could not be read, and whose places others took; "" */
} gt_audit_found;

/* To be called on one rank before MPI_Init: the data of the run (`data` "": where its job.ini names them) may be a
 * damaged HDF5 file (gantry/arrays.h). GT_UNDECIDED: they are. */
gt_status gt_audit_check_data(const char *run, const char *data);

/* On all ranks, with equal options. GT_FAILED, GT_FORMAT: something differs, and the message names the first link, file
 * or line. GT_UNDECIDED: it cannot be checked, and the message says why; *found says what could be checked. */
gt_status gt_audit_run_all(gt_comm *comm, const gt_audit_options *o, gt_audit_found *found);
/* The lines that say what was checked, on stdout. */
void gt_audit_print(const gt_audit_found *found);
/* The head of the run's chain, which begins and is at so many images, and has so many links: read, not checked. Without
 * a link it covers neither data nor steps. GT_UNDECIDED: the run has none. */
gt_status gt_audit_head(const char *run, char head[GT_AUDIT_HEAD], int64_t *images, int64_t *begin, int64_t *links);

/* ---- a network of a run ---- */

typedef struct gt_audit_network {
    const char *network; /* what gantry export writes, a checkpoint, a picture of a seed, or a folder of these */
    const char *run, *data;
    /* of pictures: as they were generated */
    const char *class;
    double truncation;
    gt_pool *pool;
    struct audit_copies *copies; /* rank 0's, of the network or picture, to which those of a folder are added */
} gt_audit_network;

/* On rank 0. */
typedef struct gt_audit_made {
    int64_t images, pictures;
    bool computed;     /* the checkpoint was gone, and the run was computed again up to it */
    bool bytes;        /* equal byte by byte; else in all tensors, and in what readers take from the file beside them */
    bool pickle;       /* a form that has other programs run what stands in it */
    char others[1200]; /* of other bytes: in what the file differs all the same; "" */
    char unchecked[1200]; /* names of what lies beside the pictures; "" */
    char options[1200]; /* of the pictures, as their records say; "": all are the usual ones, or those of the command */
} gt_audit_made;

/* Is it what the run gives at one of its checkpoints? The step is that of the checkpoint, or of the name
 * (network-snapshot-000200000.pkl); else all kept checkpoints are tried. First the run is checked as in
 * gt_audit_run_all(), but for the data, and without stretches. GT_FAILED: it is not. GT_UNDECIDED: see there. */
gt_status gt_audit_network_all(gt_comm *comm, const gt_audit_network *o, gt_audit_made *made);
/* On rank 0. GT_UNDECIDED: something that lies in the folder, or a record, was not checked. */
gt_status gt_audit_print_made(const gt_audit_network *o, const gt_audit_made *made);

/* ---- pictures with a record (docs/verify.md) ---- */

/* Is it a file that may have a record: a picture, or an HDF5 file other than a checkpoint? */
bool gt_audit_is_picture(const char *path);
/* Files in the folder into the arena, in the order of their names: pictures, networks that can make some, or all that
 * may be networks, .npz and those of folders in it, too. *others (NULL: not wanted): names of what else lies there,
 * "a, b". */
typedef enum gt_audit_wanted { GT_AUDIT_PICTURES, GT_AUDIT_NETWORKS, GT_AUDIT_ALL_NETWORKS } gt_audit_wanted;
gt_status gt_audit_folder(gt_arena *a, const char *folder, gt_audit_wanted wanted, const char ***path, int *n,
                          const char **others);

enum { GT_AUDIT_FFMPEGS = 3 };

typedef struct gt_audit_pictures {
    struct audit_copies *copies; /* rank 0's, as are all names here (features/audit/pictures.h) */
    int n;
    const char **path, *const *name; /* [n] copies, of which HDF5 files have passed gt_h5_check(); what they are of */
    /* [n,GT_AUDIT_FFMPEGS] for each .mp4, or NULL (runner/generator/door/film.h): one packs, two unpack */
    struct gt_ffmpeg **ffmpeg;
    const char **refused; /* [n] why a file is not opened; NULL: it is */
    int n_networks;
    /* [n_networks] where they come from: names, and copies; of a folder the same pointers, and those that pictures came
     * from are copied and replaced. None: the networks that come with Gantry */
    const char **network, *const *network_name;
    int64_t *came;      /* [n_networks] gets, on rank 0, how many came from each; NULL: not wanted */
    gt_given given;     /* on all ranks */
    const char *others; /* what lies beside the pictures and is not checked, to be printed; NULL or "": nothing */
    gt_pool *pool;
    int (*stop)(void); /* not 0: the work is given up; NULL: never */
} gt_audit_pictures;

/* All ranks. Makes each picture again of its record, compares bit by bit, and prints a line for each on rank 0. GT_OK:
 * all are what their records say. GT_FAILED: one is not. GT_UNDECIDED: none is another, but one could not be checked.
 */
gt_status gt_audit_pictures_all(gt_comm *comm, const gt_audit_pictures *o);

/* After that, where the networks are files of a run's folder: are those that pictures came from the run's? Kept
 * checkpoints are what gt_audit_run_all() looks at, and others are made again as in gt_audit_network_all(). All ranks.
 */
gt_status gt_audit_pictures_run_all(gt_comm *comm, const gt_audit_pictures *o, const char *run, const char *data);

/* Pictures whose record is gone: tries n seeds, of networks with classes each with each class, of those networks, or
 * where there are none of the networks that come with Gantry. Prints for each picture what makes it, or the nearest.
 * All ranks. GT_UNDECIDED: one was not found. */
gt_status gt_audit_find_all(gt_comm *comm, const gt_audit_pictures *o, int64_t n, const int64_t *seeds);

/* ---- statements (features/card/statement.h) ---- */

typedef struct gt_audit_statement {
    const char *path, *key;             /* of the signed statement; PEM of a public key */
    int n;                              /* networks that are compared; HDF5 files have passed gt_h5_check() */
    const char **network, *const *name; /* [n] as in gt_audit_pictures */
    bool folder;                        /* they are all that lies there: the statement need not be of each */
    int64_t *came;                      /* [n] set to 1 where the statement is of it */
    const char *unread;                 /* of a folder: names of networks that cannot be opened, "a, b"; "" */
    const char *run;                    /* whose ledger is compared; "": none. Its own audit is to follow */
} gt_audit_statement;

/* Rank 0. Prints what is right. GT_FAILED: the signature is not that of the key, or a network or the run is another.
 * GT_UNDECIDED: no network was compared, or not all of a folder. */
gt_status gt_audit_statement_check(const gt_audit_statement *o);

/* ---- bundles ---- */

/* What an audit of a run needs besides the data, in one ZIP archive, to be published or sent to somebody:
 *
 *   starts.jsonl       the ledger
 *   job.ini            the job
 *   data.sha256        the hashes of the samples, where the run keeps them
 *   checkpoint-N.h5    one checkpoint
 *
 * Entries are stored and have no times, so equal files give equal bytes. An entry has less than 4 GB. Nothing in a
 * bundle that is read is trusted: other names are refused, and so are entries that unpack to more bytes than the
 * archive has. Rank 0. */

/* Writes the bundle of the run in the folder `run` to `path`. `checkpoint`: a file; NULL: the newest of the run that
 * verifies. GT_FAILED: a file is missing or cannot be read. */
gt_status gt_audit_bundle_write(const char *run, const char *checkpoint, const char *path);
/* Is it an archive with a ledger? False also where it cannot be read. */
bool gt_audit_bundle_is(const char *path);
/* Unpacks a bundle into a new folder in $TMPDIR or /tmp, which is then like that of a run. GT_FORMAT: the file is not a
 * bundle, or damaged. On failure *folder is NULL, and nothing is left. */
gt_status gt_audit_bundle_open(const char *path, char **folder);
void gt_audit_bundle_close(char *folder); /* removes the folder and frees its name; NULL is fine */

#endif
