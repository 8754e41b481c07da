/* SPDX-License-Identifier: Apache-2.0
 * What the files of flat share: a network that is open. */
#ifndef GANTRY_FEATURES_FLAT_NETWORK_H
#define GANTRY_FEATURES_FLAT_NETWORK_H

#include "gantry/flat.h"
#include "gantry/pool.h"
#include "runner/door/runner.h"
#include "runner/door/trained.h"
#include "runner/generator/door/generator.h"

/* How a generator is asked to be. */
typedef struct gt_flat_way {
    double truncation, guidance;
    gt_noise_mode noise;
    int steps;
} gt_flat_way;

enum { GT_FLAT_NETWORKS = 32 }; /* of a model: as many as gt_trained.networks has bits */

struct gt_flat_network {
    gt_trained trained;
    gt_trained beside[GT_FLAT_NETWORKS]; /* the model's other networks; without a model: not asked for yet */
    gt_pool *pool;
    gt_network_options reading;
    char *file, hash[33];
    gt_flat_way way;
    gt_generator *generator;         /* of `way`; NULL: not asked for yet */
    float *z, *labels, *ws, *images; /* of a batch of it */
    gt_runner *encoder, *classifier; /* NULL: not asked for yet */
};

/* Network i of the model, with its parameters. NULL: the file does not have it. */
gt_trained *gt_flat_trained(gt_flat_network *n, int i);
/* In the role, with the parameters as they are; `o`: what else is asked. NULL: see gt_message(). */
gt_runner *gt_flat_runner(gt_flat_network *n, const char *role, gt_runner_options o);
/* After parameters have changed: what was made ready with them is made again when it is asked for. */
void gt_flat_forget(gt_flat_network *n);

#endif
