/* SPDX-License-Identifier: Apache-2.0
 * Projection: styles w for which a generator makes a given picture, as nearly as it can. Karras et al., "Analyzing and
 * Improving the Image Quality of StyleGAN", section 5 and appendix D, with the numbers of
 * docs/mathematics/projection.md: Adam moves w and the generator's noise maps so that a distance of images becomes
 * small; w is disturbed by noise that fades, and a term keeps structure out of the noise maps.
 *
 * Random numbers are functions of (seed, stream, step), the same for every target: what is found for a target depends
 * neither on the other targets nor on ranks and threads. Streams: "project/noise/LAYER" (step 0) for the first noise
 * maps, "project/w" for the noise of w. */
#ifndef GANTRY_FEATURES_PROJECT_PROJECT_H
#define GANTRY_FEATURES_PROJECT_PROJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/dist.h"
#include "runner/generator/door/film.h"
#include "gantry/generate.h"

typedef struct gt_project_request {
    const char *checkpoint;
    int n_targets;
    const char *const *targets; /* picture files, or folders and archives of pictures (source.h), of which those that
                                 * cannot be used are left out with a warning */
    const char *outdir;         /* made if needed */
    bool plus;                  /* w+: each layer has its own w */
    bool overwrite;             /* where another projection was stopped in outdir, this one begins */
    int64_t steps;
    uint64_t seed;
    const char *vgg, *lpips; /* files of gt_lpips_open(); "": the distance of our own */
    gt_condition condition;  /* of conditional networks */
    bool film;
    const char *film_path;        /* of the only target's film (film.h); NULL or "": outdir/proj.webp */
    gt_ffmpeg *ffmpeg;            /* of a film_path .mp4, rank 0: ready */
    gt_record_level record;       /* what the projected picture says of itself (docs/verify.md) */
    const struct gt_again *again; /* the order of an audit (runner/record/door/maker.h); NULL: styles are new */
    double state_minutes;         /* how often the state is written; 0: only when stopped */
    gt_pool *pool;
    gt_network_options reading;
    int (*stop)(void);  /* not 0: the work is to stop; asked after each step */
    bool (*save)(void); /* should the state be written now? */
} gt_project_request;

/* All ranks; the targets are dealt to them in turn. Of a single target the results lie in outdir, of several in
 * outdir/NAME:
 *     projected_w.npz, .h5   'w' [1,num_ws,w_dim]; 'network': the generator's hash as a text; the .h5 has 'path'
 *                            [frames,rows,w_dim] and 'steps' [frames], too
 *     target.png, proj.png   what was looked for (cropped and resized) and what was found; beside.png: both
 *     proj.webp              the film: target | what the generator makes of w, at the steps of 'steps'
 *     curve.csv, curve.png   distance and loss of each step
 *     going-on.h5            during the work, and after a stop: the state
 * GT_USAGE: several targets, and a film_path, or no such film. GT_STOPPED: stop() said so; the same request resumes
 * with the same bits. */
gt_status gt_project_all(gt_comm *comm, const gt_project_request *request);

#endif
