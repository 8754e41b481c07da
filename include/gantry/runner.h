/* SPDX-License-Identifier: Apache-2.0
 * A trained network in one of its roles (gt_role in model.h), run over many items: pictures of a dataset, or what the
 * caller writes into the inputs. All that is done with trained networks and is a run over items goes through here.
 *
 *     gt_runner *r = gt_runner_open("runs/first", &(gt_runner_options){.role = GT_ROLE_CLASSIFIER, .pool = pool});
 *     gt_runner_run(r, &(gt_run_batch){.n = 3, .images = images});
 *     const float *logits = gt_runner_output(r, "logits");    // [3,label_dim], and what fills the batch
 *     gt_runner_close(r);
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_RUNNER_H
#define GANTRY_RUNNER_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/model.h"
#include "gantry/network.h"

struct gt_checkpoint_data;

typedef struct gt_runner gt_runner;

typedef struct gt_runner_options {
    const char *role,
        *otherwise;      /* `otherwise`: the role of a model that has no `role`; NULL: such a model is refused */
    const char *network; /* role NULL: the forward pass of this network; NULL: of that with a moving average, or of the
                          * first */
    gt_request request;  /* n: items of a batch, on which no result depends; of a forward pass n is needed */
    uint64_t seed;       /* of the graph's random numbers, which depend on seed, step and item alone */
    gt_pool *pool;       /* NULL: one thread */
    gt_network_options reading;
    /* For more than the role gives: `extend` gets the finished graph, and may add inputs, outputs and derivatives;
     * `bind` gets the execution, to bind the slots of the graph but slot 0. NULL: there is nothing to add, or to bind.
     */
    gt_status (*extend)(void *own, gt_model *m, gt_graph *g);
    void (*bind)(void *own, gt_exec *e);
    void *own;
} gt_runner_options;

/* The network of a checkpoint that has the role, ready to run, with its moving average if it has one; of a run's
 * directory the newest checkpoint is taken. NULL: see gt_message(); GT_USAGE: the model has no such role, and the
 * message says what its networks are for. */
gt_runner *gt_runner_open(const char *checkpoint, const gt_runner_options *o);
void gt_runner_close(gt_runner *r);

gt_model *gt_runner_model(const gt_runner *r);
const float *gt_runner_params(const gt_runner *r);
/* What the network was trained on, as far as its file says. */
const struct gt_checkpoint_data *gt_runner_data(const gt_runner *r);
int gt_runner_batch(const gt_runner *r);
float *gt_runner_input(gt_runner *r, const char *name);              /* of a batch; NULL: there is no such input */
const float *gt_runner_output(const gt_runner *r, const char *name); /* until the next run; NULL: there is none */
size_t gt_runner_floats(const gt_runner *r, const char *name);       /* of an output, for one item; 0: there is none */

typedef struct gt_run_batch {
    int n;               /* items, at most gt_runner_batch(); black pictures fill the batch */
    int64_t first;       /* the number of the first item, for random numbers */
    uint32_t step;       /* for more than one run of the same items with random numbers */
    const float *images; /* [n,H,W,C] in [-1,1]; NULL: the caller has written the inputs */
    const float *labels; /* [n,label_dim], of networks that take labels */
    /* Not NULL: the numbers of all items of the batch for random numbers, in place of first + i: [layers,batch]. Models
     * have as many layers as styles (num_ws), or one. */
    const uint32_t *numbers;
} gt_run_batch;

/* GT_USAGE: the network takes labels, or no images. */
gt_status gt_runner_run(gt_runner *r, const gt_run_batch *batch);

typedef struct gt_runner_pass {
    gt_dataset *data;
    int64_t count;     /* the first items of the data; 0: all */
    size_t bytes;      /* of the record of an item; 0: none are kept */
    const char *doing; /* "encoding": for messages and for the line that tells how far the work is */
    /* Writes the records of a batch from the outputs. It may run the batch again, with another step or other inputs. */
    gt_status (*record)(void *arg, gt_runner *r, const gt_run_batch *batch, void *records);
    void *arg;
} gt_runner_pass;

/* Runs the items of a dataset, whose batches are dealt to the ranks in turn: the records are the same on any number of
 * ranks. All ranks return the same status. *all: on rank 0 the records in the order of the items, which the caller
 * frees; else NULL. GT_USAGE: the pictures or labels of the data are not those that the model takes (gantry/runner.h).
 */
gt_status gt_runner_dataset_all(gt_comm *c, gt_runner *r, const gt_runner_pass *pass, void **all);

/* Have all ranks the same data before them? Each rank has opened the set under the name `spec`; hosts may have copies
 * on their own disks, and a copy may be old or incomplete. GT_FAILED on all ranks, with the name of a rank that
 * differs: with different data ranks would wait for each other for ever. */
gt_status gt_same_data_all(gt_comm *comm, gt_dataset *data, const char *spec);

#endif
