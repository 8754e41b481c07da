/* SPDX-License-Identifier: Apache-2.0
 * What the files of projection share (features/project/project.h): what is the same for all targets of a rank, and the
 * state of one target. */
#ifndef GANTRY_FEATURES_PROJECT_STEP_H
#define GANTRY_FEATURES_PROJECT_STEP_H

#include "gantry/generate.h"
#include "gantry/hash.h"
#include "gantry/picture.h"
#include "features/project/project.h"
#include "gantry/runner.h"
#include "runner/generator/door/origin.h"
#include "features/project/distance.h"
#include "gantry/trained.h"

enum { GT_PROJECT_MOST_NOISE = 64, GT_PROJECT_FRAMES = 100 /* of a film, at most */ };

typedef struct gt_noise_map {
    const char *input; /* of the graph: "noise/b8.conv0" */
    size_t size, offset;
} gt_noise_map;

/* ---- what all targets share ---- */

typedef struct gt_projector {
    const gt_project_request *request;
    gt_trained net;
    gt_generator_options generating;
    gt_generator *generator; /* of the results: from styles, with its own noise maps */
    gt_origin origin;        /* of their pictures */
    gt_lpips *lpips;
    gt_distance distance;
    gt_runner *step;
    int rows;            /* of w: num_ws, or 1 that all layers share */
    size_t w_floats;     /* rows x w_dim */
    size_t floats;       /* of what is moved: w, then the noise maps, each from a multiple of 16 on; zeros between */
    int n_noise, n_maps; /* n_maps: of the distance */
    gt_noise_map noise[GT_PROJECT_MOST_NOISE];
    size_t target_floats; /* of all maps of a target */
    float *label;         /* [label_dim]; NULL: the generator takes none */
    float *w_avg;         /* [w_dim] */
    double w_std;
    float *grad, *target; /* [floats], [target_floats] */
    int64_t frames;       /* steps whose w is kept */
    gt_hash128 network;   /* of the parameters in use */
} gt_projector;

/* GT_USAGE: a network without styles, no label for a conditional one, ... */
gt_status gt_projector_open(gt_projector *p, const gt_project_request *r);
void gt_projector_close(gt_projector *p);

/* The graph of a step: its outputs "dist" and "reg", and the gradient of dist + 1e5 reg. step_graph.c */
gt_status gt_projector_build(gt_projector *p);
/* The maps of a target [H,W,C] in -1..1, into p->target. */
gt_status gt_projector_aim(gt_projector *p, const float *image);
/* Mean and deviation of w over 10000 latents: p->w_avg, p->w_std. start.c */
gt_status gt_projector_measure(gt_projector *p);

/* Frame i is taken after this many steps. */
int64_t gt_project_frame(const gt_projector *p, int64_t i);

/* ---- one target ---- */

typedef struct gt_projection {
    const char *name, *dir; /* of the target; where its results go */
    float *image;           /* [H,W,C] in -1..1 */
    int64_t step;           /* steps done */
    float *params, *moments[2];
    float *curve;           /* [steps,2]: dist, loss */
    float *path;            /* [frames,rows,w_dim] */
    gt_hash128 fingerprint; /* of all that decides the result */
} gt_projection;

gt_status gt_projection_new(const gt_projector *p, gt_projection *t); /* the state before the first step */
void gt_projection_free(gt_projection *t);
/* One step of Adam. GT_NONFINITE: the distance is not a number. */
gt_status gt_projection_step(gt_projector *p, gt_projection *t);

/* The state as a file: state_file.c. Reading: *found false where there is none. GT_USAGE: the state is that of
 * another projection. */
gt_status gt_projection_write(const gt_projector *p, const gt_projection *t);
gt_status gt_projection_read(const gt_projector *p, gt_projection *t, bool *found);
gt_status gt_projection_forget(const gt_projection *t); /* removes the file */

/* ---- targets: targets.c ---- */

typedef struct gt_target {
    const char *name; /* without folder and ending; no two targets have the same */
    const char *file; /* a picture; NULL: an item of a source */
    int source;
    int64_t item;
    bool left_out; /* it cannot be used */
} gt_target;

typedef struct gt_targets {
    gt_arena *arena; /* of all but the list */
    int64_t n;
    gt_target *list;
    int n_sources;
    struct gt_source **sources;
    gt_hash128 names; /* of all of them, to compare ranks */
} gt_targets;

gt_status gt_targets_open(gt_targets *t, const gt_project_request *r);
void gt_targets_close(gt_targets *t);
/* Target i as the generator's pictures are: cropped to a square (or the proportions of the network) in the middle,
 * Lanczos-resized, with its channels. *image [H,W,C] in -1..1 is malloc'ed. `say`: what is done to the picture is said.
 */
gt_status gt_targets_read(const gt_targets *t, int64_t i, const gt_trained *net, bool say, float **image);

/* ---- results: results.c ---- */

gt_status gt_projection_results(gt_projector *p, const gt_projection *t);
/* Of a target; `standard` is its path where the request names none. The number of frames is still missing. */
gt_film_of gt_projection_film(const gt_project_request *r, const gt_model *m, const char *standard);

#endif
