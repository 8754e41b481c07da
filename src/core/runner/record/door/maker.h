/* SPDX-License-Identifier: Apache-2.0
 * How pictures are made again of their records. A command that writes records has a maker, under its name; who checks
 * records has a list of makers, and knows no command. */
#ifndef GANTRY_RUNNER_RECORD_DOOR_MAKER_H
#define GANTRY_RUNNER_RECORD_DOOR_MAKER_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/dist.h"
#include "gantry/pool.h"
#include "runner/record/door/record.h"

/* Latents that a file makes of seeds, such as a mixture. */
typedef struct gt_latent_file {
    gt_status (*open_all)(gt_comm *comm, gt_arena *a, const char *path, void **opened);
    gt_status (*latents)(void *opened, int64_t n, const int64_t *seeds, int z_dim, float *z); /* gt_generate_request */
    void (*close)(void *opened);
} gt_latent_file;

/* Files of the user of an audit, of which records know hashes alone; "": none. Hashes are the maker's to compare. */
typedef struct gt_given {
    const char *latents; /* styles, or a mixture */
    const char *directions;
    const char *start, *target; /* pictures: that steps began with, and that was projected */
    /* data of fields, as gantry generate reads them; "": none. `job`: the text of a run's job.ini */
    const char *condition, *truth, *statics, *job;
    const gt_latent_file *mixtures; /* who reads them; NULL: nobody */
} gt_given;

/* A picture, or several that differ in their "seed" alone. The record is anybody's; nothing that it names is opened. */
typedef struct gt_again {
    const gt_record *record; /* of the first */
    int64_t n;
    const int64_t *seeds; /* [n]; NULL: n is 1, and the record has no seed */
    const char *network;  /* its file */
    gt_sha256 contents;   /* of that file, computed and compared for this audit */
    gt_given given;
    const char *folder;       /* what is made again is written there */
    const char *ending;       /* of its name, if there is a choice: ".webp" */
    struct gt_ffmpeg *ffmpeg; /* rank 0: for an .mp4 (runner/generator/door/film.h); NULL: it is not here */
    int64_t most;             /* images at most: the file has no room for more */
    int64_t bytes;            /* of the file */
    gt_pool *pool;
    int (*stop)(void);
} gt_again;

typedef struct gt_maker {
    const char *command; /* that the record names */
    /* All ranks; all return the same status. GT_FORMAT, GT_USAGE: no picture can have such a record, and why.
     * GT_UNDECIDED: something is missing. */
    gt_status (*make_all)(gt_comm *comm, const gt_again *a);
    /* The path of what was made for item i; rank 0. */
    gt_status (*path)(const gt_again *a, int64_t i, char *path, size_t bytes);
    /* "seed 7": what gt_origin_say() appends is not said here. */
    void (*say)(const gt_record *r, char *text, size_t bytes);
} gt_maker;

extern const gt_maker *const gt_makers[]; /* of all features, and NULL */

#endif
