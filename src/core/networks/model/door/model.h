/* SPDX-License-Identifier: Apache-2.0
 * What the training loop knows of a model: the networks, the phases (each phase is one optimiser update of one
 * network), and how the inputs of a phase are filled. A family of models (family.h) fills in such tables.
 *
 * Before the first step phase->build() makes a graph for each size of slice (gt_slices in dist.h). Most jobs have one
 * size; a job whose slices do not divide the batch has two, and the short last batch of an epoch may add more.
 *
 * One step of the loop, for each phase that is due (step % interval == 0), in table order:
 *     phase->prepare(phase, exec)                 update inputs (pl_mean, ...)
 *     gt_exec_prepare(exec)                       hoisted nodes
 *     for each group of slices this rank owns (gt_group in dist.h):
 *         for each of its slices: gt_exec_at(exec, slice); phase->fill(phase, exec, slice)
 *         gt_exec_run(exec)                       groups of one stretch: abreast, from sum to sum (gt_slice_sum in
 *                                                 graph.h)
 *     gradients: tree sum over slices / slices -> optimiser of networks[phase->net]
 *     states:    tree sum over slices / slices -> their places (w_avg, pl_mean), each slice by its weight
 *     stats:     collected over slices, reduced in the same order
 *
 * Slices of unequal size. A phase's loss is the mean over a slice's samples; where slices may differ in size (the
 * family has no `group`) its graph multiplies that by the input GT_SLICE_WEIGHT, which is size x slices / batch, so
 * that the sum over slices divided by their number is the mean over the batch. gt_mean_loss() computes the mean and the
 * product. Families whose samples belong together in groups have equal slices and need no weight. */
#ifndef GANTRY_NETWORKS_MODEL_DOOR_MODEL_H
#define GANTRY_NETWORKS_MODEL_DOOR_MODEL_H

#include "files/codec/door/pickle_write.h"
#include "data/door/sampler.h"
#include "gantry/model.h"
#include "graph/door/graph.h"
#include "networks/model/door/optimizer.h"
#include "networks/nets/door/nets.h"

#define GT_SLICE_WEIGHT "slice_weight" /* an input [] of a phase's graph, which the training loop writes */

struct gt_pickler; /* files/codec/door/pickle_write.h */

/* Slot i < 4: parameters of network i; GT_SLOT_GRAD: gradient block of the phase's network; GT_SLOT_PREPARED: what
 * follows from parameters alone (gt_prepared). */
enum { GT_WHOLE_BATCH = -1 };
enum { GT_MAX_NETS = 4, GT_MAX_PHASES = 8, GT_MAPS_MAX = 16, GT_SLOT_GRAD = 8, GT_SLOT_PREPARED = 9 };

/* One slice of one step: `n` samples with indices sample0 .. sample0+n-1 within the step's batch. */
typedef struct gt_slice_input {
    int n;
    uint64_t seed;
    uint32_t step, sample0;
    int batch;            /* samples of the whole batch */
    int64_t shown;        /* images in all steps before this one */
    const float *images;  /* [n,H,W,C] in [-1,1] */
    const float *labels;  /* [n,label_dim] of these images; NULL: none */
    const uint8_t *masks; /* [n,H,W] of these images, where the model is trained on masks; else NULL */
    float augment_p;
    /* Label of a dataset item: for labels of generated images. Writes label_dim floats. */
    void (*label_of)(void *arg, int64_t item, float *label);
    void *label_arg;
    int64_t items; /* in the dataset */
    /* Image [H,W,C] and label of any sample of the step's batch: read anew from the dataset. */
    gt_status (*sample_of)(void *arg, uint32_t step, uint32_t sample, float *image, float *label);
    void *sample_arg;
} gt_slice_input;

typedef struct gt_stat {
    const char *name;    /* as logged: "Loss/scores/fake" */
    const char *output;  /* graph output of any size, one value per sample */
    int column, columns; /* columns > 0: this one of an output [samples,columns]; 0: all of the output */
    bool counts;         /* ones and zeros, of which the log has the number of ones since the tick before */
} gt_stat;

typedef struct gt_shown {     /* a statistic on the line of a tick */
    const char *stat, *label; /* "Loss/G/loss", "loss G" */
} gt_shown;

typedef struct gt_state { /* a value that a phase renews: every slice computes one, the tree mean is kept */
    const char *output;   /* graph output */
    float *place;         /* `size` floats, in a network's block or in the model */
    size_t size;
} gt_state;

struct gt_phase {
    const char *name; /* "G_main": used in logs, random streams, profiles */
    int net;          /* the network whose parameters it trains */
    int interval;
    /* The phase for slices of n samples, n <= model->slice_size: a graph whose outputs "grad of NET.TENSOR" go to
     * GT_SLOT_GRAD at the tensor's offset (gt_put_gradients). The graph becomes the caller's. NULL: see gt_message().
     */
    gt_graph *(*build)(gt_phase *p, int n);
    gt_status (*prepare)(gt_phase *p, gt_exec *e); /* NULL: nothing to write */
    gt_status (*fill)(gt_phase *p, gt_exec *e, const gt_slice_input *s);
    bool images_in_place; /* the slice's images are read straight into the graph's input "images" */
    /* > 0: the phase is cut on its own, into so many slices of a sample, without images of the data. It sums over all
     * of them, once at most and soon: where a rank has several groups, each runs up to the sum, and again when the sum
     * is known, so that they are not in memory together. 0: the phase is cut as the batch is. */
    int own_slices;
    int n_stats, n_states;
    const gt_stat *stats;
    const gt_state *states;
    gt_model *model;
    const void *own; /* what else the family knows of the phase */
};

typedef struct gt_learning { /* how a network learns */
    const char *optimizer;   /* "adam": gt_optimizer_find() */
    gt_optimizer_settings settings;
} gt_learning;

typedef struct gt_scalar_state { /* model state beside the networks, kept in checkpoints under /state */
    const char *name, *unit;     /* "pl_mean"; unit "": none */
    const char *description;     /* a line of gantry inspect */
    float *place;
    size_t size;
} gt_scalar_state;

enum { GT_MAX_ROLES = 12, GT_ROLE_ENDS = 4 };

typedef struct gt_role {
    const char *name;
    int network; /* whose parameters lie in slot 0 of the graph */
    int batch;   /* items at a time: a fixed number, on which no result depends; 0: by the size of the images */
    gt_graph *(*build)(gt_model *m, const gt_request *r); /* n > 0. NULL: see gt_message() */
    /* Names; the graph has a "c" only where the model sees labels. No names of outputs: they are of the layers. */
    const char *inputs[GT_ROLE_ENDS + 1], *outputs[GT_ROLE_ENDS + 1];
} gt_role;

/* A model as a pickle that the program which published such models loads (docs/networks.md#written-modules). */
typedef struct gt_reference_part {
    const char *key, *network; /* "ema" "F_ema" */
} gt_reference_part;

typedef struct gt_reference_form {
    const char *readers;            /* programs that load it */
    const gt_reference_part *parts; /* in the order of the file; {NULL} ends the list */
    /* Puts network 0 (G) or 1 (D), with the parameters in `block`. */
    gt_status (*put)(const gt_model *m, int net, const float *block, struct gt_pickler *p);
    void (*put_rest)(const gt_model *m, struct gt_pickler *p); /* other keys, with values */
} gt_reference_form;

/* y = scale x weight [out,w_dim] w + bias, of the generator. */
enum { GT_STYLE_MAPS = 2 };
typedef struct gt_style_map {
    const gt_tensor *weight;
    double scale;
} gt_style_map;

struct gt_model {
    const char *name; /* of the family */
    gt_arena *arena;
    const gt_kernel_set *kernels; /* of all its graphs */
    int n_nets;
    gt_net *nets[GT_MAX_NETS];
    float *blocks[GT_MAX_NETS]; /* parameters and buffers of each network; owned by the model */
    uint64_t seed;              /* of their first parameters: gt_model_init() */
    int ema_of;                 /* index of the network that has a moving average (NAME_ema); -1: none */
    float *ema_block;
    /* the network's buffers are averaged with its parameters, not copied: running statistics fit the parameters then */
    bool average_buffers;
    int slice_size; /* samples of the largest slice */
    /* Samples in a row, whole slices, over which phases sum (gt_sum_over_slices): a rank has its slices of such a
     * stretch in memory together. GT_WHOLE_BATCH: all of a batch; 0: nothing is summed. */
    int stretch;
    gt_epoch_end epoch_end; /* what becomes of an epoch's last batch; StyleGAN2: GT_EPOCH_RUNS_ON */
    gt_learning learning[GT_MAX_NETS];
    int n_phases;
    gt_phase phases[GT_MAX_PHASES];
    int n_scalars;
    const gt_scalar_state *scalars;
    int z_dim, label_dim;
    bool masks;                /* the model is trained on masks of label_dim classes (segmentation) */
    bool unlabelled_generator; /* the generator takes no labels even if there are some: D alone learns from them */
    int height, width, channels;
    /* Of fields (gantry/fields.h): so many of the last channels are conditions or masks; the last one is the targets'
     * mask. */
    int conditions;
    bool target_mask;
    /* What the parameters of networks that read images take as pixels: "0 to 1, minus ..."; NULL: there are none.
     * Inputs of graphs are -1 to 1 in any case. */
    const char *pixels;
    /* A tensor whose shape hides that the network computes otherwise than the published one with such tensors; NULL:
     * there is none. See GT_SMALL_STEM in import.h. */
    const char *small_stem;
    int n_shown;
    const gt_shown *shown;
    /* name of the statistic that tells how well the model learns ("Loss/train"), for --schedule=plateau; NULL: none */
    const char *loss_stat;
    const char *ada_stat; /* name of the statistic whose mean steers ADA ("Loss/signs/real"); NULL: none */
    int num_ws, w_dim;    /* 0: the model has no styles */
    /* GT_FORMAT: styles cannot be truncated with these parameters of the generator. NULL: the model has no styles. */
    gt_status (*check_truncation)(const gt_model *m, const float *params);
    /* The maps by which layer `layer` of styles makes what modulates a convolution: maps[0 .. n - 1], n is returned. A
     * layer has at most GT_STYLE_MAPS. NULL: the model has no styles. */
    int (*style_maps)(const gt_model *m, int layer, gt_style_map *maps);
    bool draws_codes;            /* the generator draws codes one after the other, at a temperature */
    bool in_steps;               /* the generator makes pictures in steps, from noise */
    gt_steps_wanted usual_steps; /* of these: how, where nothing is asked for */
    int latent_size;             /* of models that encode */
    int n_roles;                 /* the first role of a network is its forward pass in use: gt_model_forward() */
    gt_role roles[GT_MAX_ROLES];
    const char *features_layer; /* "before fc2", "latent"; known once a graph of the role "features" was built */
    /* A network of D's form that is trained beside D, on the labels alone, to be compared with D; 0: none. */
    int baseline;
    const gt_reference_form *reference; /* NULL: the model has no such form */
    /* GANs whose D has blocks: appends them to a graph in which the parameters of network 1 lie in slot 1, and puts
     * what each returns for images [n,H,W,C] in [-1,1] into maps, the finest first. Returns how many, at most
     * GT_MAPS_MAX; 0 after a fault of the graph. NULL: the model has no such D. */
    int (*discriminator_maps)(gt_model *m, gt_graph *g, gt_node *images, gt_node **maps);
    /* Of the Gaussian that the loss means; 0: pixels are Bernoulli variables; < 0: each pixel has its own, which the
     * decoder gives, and the loss is -log p. */
    double pixel_variance;
    /* Writes a sentence about the model that the log shows after each tick; "": none. NULL: the model never has one. */
    void (*remark)(const gt_model *m, char *text, size_t bytes);
    void *own; /* the model's own data */
    /* Standard normal numbers, of which the generator's graph makes its latents, become these latents. NULL: they are
     * the latents. */
    void (*make_latents)(const gt_model *m, size_t n, float *z);
};

/* The model's row for a role; NULL: it has none. */
const gt_role *gt_model_role(const gt_model *m, const char *name);
/* GT_USAGE: steps are asked for, and the model makes pictures at once. */
gt_status gt_model_takes_steps(const gt_model *m, const gt_steps_wanted *steps);
/* The network that tells classes; -1: none does. Of models that are classifiers network 0. */
static inline int gt_model_classifier(const gt_model *m) {
    const gt_role *r = gt_model_role(m, GT_ROLE_CLASSIFIER);
    return r ? r->network : -1;
}

/* The next network, which becomes the model's. NULL is a fault met earlier, whose message is there. Its parameters are
 * zero, and no memory has been touched for them, until gt_model_init() draws them or a checkpoint brings them. */
gt_status gt_model_add_network(gt_model *m, gt_net *net, gt_learning learning);
/* Network `net` gets a moving average, which begins as the network. */
gt_status gt_model_average(gt_model *m, int net);
void gt_model_init(gt_model *m); /* first parameters of all networks; a moving average begins as its network */
void gt_model_add_role(gt_model *m, gt_role role);
/* The role in which the model makes pictures, of latents alone or of latents and conditions; NULL: it makes none. */
const gt_role *gt_model_maker(const gt_model *m);
/* Puts the conditions of a picture [H,W,C] into a latent [H,W,C]: the targets' channels stay, and a mask of targets
 * becomes 1. */
void gt_model_put_conditions(const gt_model *m, const float *picture, float *z);
/* Items at a time of a role. */
int gt_model_batch(const gt_model *m, const gt_role *role);
/* The graph of a role. NULL: see gt_message(). */
gt_graph *gt_model_build(gt_model *m, const char *role, const gt_request *r);
/* The forward pass of a network in use, for n samples. NULL: see gt_message(). */
gt_graph *gt_model_forward(gt_model *m, int net, int n);
/* The place of the network `name` ("D"); -1: the model has none, and the message says which it has. */
int gt_model_network(const gt_model *m, const char *name);

/* ---- for the builders of phases (networks/model/phase_graph.c) ---- */

/* The mean over a slice's samples of `loss` (its first dimension counts them; other dimensions are summed) times the
 * slice's weight. */
gt_node *gt_mean_loss(gt_graph *g, gt_node *loss);
/* Derivatives of the scalar `total` in the trainable tensors of a network whose parameters lie in `slot`, in their
 * order; NULL after a fault. */
gt_node **gt_gradients(gt_graph *g, const gt_net *net, int slot, gt_node *total);
/* The same of <y, dy>, in which dy counts as a constant, whatever it is computed from. The caller notes the
 * loss (gt_note_loss). */
gt_node **gt_gradients_along(gt_graph *g, const gt_net *net, int slot, gt_node *y, gt_node *dy);
/* Returns g if the graph has no fault. Else frees g, puts `what` and `name` before the message, and returns NULL. */
gt_graph *gt_whole_graph(gt_graph *g, const char *what, const char *name);
/* Makes the gradients a, or (b not NULL) the sums of a and b, the result of the phase. a may be NULL after a fault. */
void gt_put_gradients(gt_graph *g, const gt_net *net, gt_node **a, gt_node **b);

#endif
