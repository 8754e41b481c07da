/* SPDX-License-Identifier: Apache-2.0
 * Is a run what its ledger says? First what needs no training: the lines of the ledger are whole, each kept checkpoint
 * is the file that the ledger names, the chain follows from recipe, states and data, the data have their hash. Then
 * stretches of the run between kept checkpoints, chosen at random, are computed again and must meet each link of the
 * chain.
 *
 *     gt_audit_found found;
 *     gt_status st = gt_audit_run_all(comm, &(gt_audit_options){.run = "runs/first", .minutes = 10}, &found);
 *     if (!st && comm->rank == 0) gt_audit_print(&found);
 *
 * A forgery of one stretch that is placed at random, each image with the same probability, goes unseen with the
 * probability 1 - found.replayed / found.images. Whoever knows the seed of the choice beforehand can forge where nobody
 * looks: by default the seed comes from the operating system.
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_AUDIT_H
#define GANTRY_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/dist.h"
#include "gantry/pool.h"
#include "gantry/status.h"

typedef struct gt_audit_options {
    const char *run;  /* its folder */
    const char *data; /* where the data are now; "": where the run had them */
    double minutes;   /* for stretches; 0: no limit */
    int64_t segments; /* how many stretches; 0: as many as fit into the minutes */
    bool all;         /* all of them, whatever it takes */
    /* One stretch alone, with the hashes of its gradients and states: a file to write, and one to compare with, of
     * another machine or build. The first line that differs is a failure, which names step, phase and tensor. "": none
     */
    const char *trace, *compare;
    bool has_seed;
    uint64_t seed; /* of the choice */
    bool note;     /* leave RUN/audit.json for the model card (gantry/card.h) when all is right */
} gt_audit_options;

enum { GT_AUDIT_HEAD = 65, GT_AUDIT_ARITHMETIC = 64 };

/* On rank 0. */
typedef struct gt_audit_found {
    char head[GT_AUDIT_HEAD]; /* of the chain, at so many images */
    int64_t head_images;
    char data[GT_AUDIT_HEAD]; /* root of the data; "": the chain has no link yet, which would name the data */
    int64_t samples;
    char arithmetic[GT_AUDIT_ARITHMETIC];
    int64_t lines, links, checkpoints; /* that were checked; no lines: these checks have not come to their end */
    int64_t begin;                     /* images where the chain begins: before, nothing can be checked */
    int64_t images, replayed;          /* of the stretches; of these computed again */
    int64_t links_met;
    int stretches, computed; /* computed: whole or as far as the time was enough */
    uint64_t seed;
    double seconds, whole; /* of the stretches that were computed; an estimate for all of them */
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
/* The head of the run's chain, whose latest link or beginning is at so many images: read, not checked. GT_UNDECIDED:
 * the run has none. */
gt_status gt_audit_head(const char *run, char head[GT_AUDIT_HEAD], int64_t *images);

/* ---- a network of a run ---- */

typedef struct gt_audit_network {
    const char *network; /* what gantry export writes, a checkpoint, a picture of a seed, or a folder of these */
    const char *run, *data;
    /* of pictures: as they were generated */
    const char *class;
    double truncation;
    gt_pool *pool;
} gt_audit_network;

/* On rank 0. */
typedef struct gt_audit_made {
    int64_t images, pictures;
    bool computed;     /* the checkpoint was gone, and the run was computed again up to it */
    bool bytes;        /* equal byte by byte; else in all tensors, and in what readers take from the file beside them */
    bool pickle;       /* a form that has other programs run what stands in it */
    char others[1200]; /* of other bytes: in what the file differs all the same; "" */
    char unchecked[1200]; /* names of what lies beside the pictures; "" */
} gt_audit_made;

/* Is it what the run gives at one of its checkpoints? The step is that of the checkpoint, or of the name
 * (network-snapshot-000200000.pkl); else all kept checkpoints are tried. First the run is checked as in
 * gt_audit_run_all(), but for the data, and without stretches. GT_FAILED: it is not. GT_UNDECIDED: see there. */
gt_status gt_audit_network_all(gt_comm *comm, const gt_audit_network *o, gt_audit_made *made);
void gt_audit_print_made(const gt_audit_network *o, const gt_audit_made *made);

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
