/* SPDX-License-Identifier: Apache-2.0
 * Films of a walk through the images that a generator makes: from seed to seed, from class to class. */
#ifndef GANTRY_FEATURES_WALK_WALK_H
#define GANTRY_FEATURES_WALK_WALK_H

#include "runner/generator/door/film.h"
#include "gantry/generate.h"

#define GT_WALK_SPACES(X) X(GT_WALK_ANY, "any") X(GT_WALK_STYLES, "w") X(GT_WALK_LATENTS, "z")
typedef enum gt_walk_space { GT_WALK_SPACES(GT_CONSTANT) } gt_walk_space; /* ANY: styles if there are */

typedef struct gt_walk_request {
    const char *checkpoint;
    gt_generator_options options;
    /* The class may be several, "A,B": the label goes from each to the next. */
    gt_condition condition;
    int64_t n;
    const int64_t *seeds;
    int64_t frames;
    bool loop; /* the walk ends where it began */
    gt_walk_space space;
    gt_grid grid;           /* walks side by side, each of which begins at another seed; 0 columns: one walk */
    const char *styles;     /* the layers that move (see layers.h); the others stay at the walk's first seed; "": all */
    gt_edit_wish edit;      /* of all frames; strengths that change do so evenly, with `loop` there and back */
    gt_film_of film;        /* path, fps, lossless, quality, ffmpeg */
    int64_t from, count;    /* these frames alone are made, as a film of its own; count 0: all */
    gt_record_level record; /* what the film says of itself (docs/verify.md) */
    const struct gt_again *again; /* the order of an audit (runner/record/door/maker.h); NULL: the film is new */
    int (*stop)(void);            /* as in gt_generate_request */
} gt_walk_request;

/* Writes the film. The walk goes through all seeds at equal intervals, on a Catmull-Rom spline: of their styles, which
 * the mapping network makes with the label of the moment; or of their latents, kept at the seeds' distance from 0. All
 * ranks call this and return the same status; they share out the frames. GT_USAGE: nothing would move, a model without
 * styles where styles are asked for, more walks than seeds. */
gt_status gt_walk_all(gt_comm *comm, const gt_walk_request *request);

#endif
