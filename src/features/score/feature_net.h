/* SPDX-License-Identifier: Apache-2.0
 * Feature networks of published metrics, with the user's weights: Inception v3 in the variant of the FID, and VGG16.
 * Pictures of any size become features, the input of the network's last layer, and for the Inception Score
 * probabilities of classes.
 *
 *     gt_feature_net *d = gt_feature_net_open(gt_feature_net_find("inception"), "pt_inception-2015-12-05-6726825d.pth",
 *                                       &(gt_feature_net_options){.batch = 16, .pool = pool}, &st);
 *     st = gt_feature_net_run(d, &(gt_feature_net_pictures){bytes, n, height, width, channels}, features, NULL);
 *     gt_feature_net_close(d);
 *
 * The features of a picture do not depend on the pictures beside it. */
#ifndef GANTRY_FEATURES_SCORE_FEATURE_NET_H
#define GANTRY_FEATURES_SCORE_FEATURE_NET_H

#include "gantry/shape.h"
#include "gantry/hash.h"
#include "networks/nets/door/nets.h"
#include "gantry/choices.h"
#include "gantry/status.h"

typedef struct gt_feature_net_kind {
    const char *name;            /* "inception", "vgg16" */
    const char *text;            /* of recipes: "Inception v3 of the FID", "VGG16 torchvision" */
    const char *file, *address;  /* where weights come from */
    int side;                    /* pixels that pictures are resized to */
    int features;                /* 2048, 4096 */
    int classes;                 /* of the last layer */
    bool has_unbiased;           /* probabilities of the Inception Score */
    float mean[2][3], std[2][3]; /* of each rule: of the values 0 .. 255 */
    const char *mark, *last;     /* tensors by which a file is told: one of this network alone; the last layer */
    const void *net;             /* gt_classifier_net */
} gt_feature_net_kind;

const gt_feature_net_kind *gt_feature_net_find(const char *name); /* NULL: there is none of this name */
const gt_feature_net_kind *gt_feature_net_at(int i);              /* from 0; NULL: there are no more */

typedef struct gt_feature_net gt_feature_net;

typedef struct gt_feature_net_options {
    int batch; /* pictures at once: at least 1. Changes no bit */
    gt_pool *pool;
    const gt_kernel_set *kernels; /* NULL: the best */
    /* NULL, or called with the finished graph, for further outputs: values of layers (gantry/shape.h). */
    void (*extend)(void *arg, gt_graph *g);
    void *arg;
} gt_feature_net_options;

/* The tensors of the network, with the names and shapes of the file. NULL: see gt_message(). */
gt_net *gt_feature_net_declare(const gt_feature_net_kind *kind);

/* Reads a tensor, row-major in the file's order, into `out`. */
typedef gt_status gt_feature_net_read(void *arg, const char *tensor, const gt_shape *shape, float *out);

/* NULL: see gt_message(). */
gt_feature_net *gt_feature_net_new(const gt_feature_net_kind *kind, const gt_feature_net_options *o,
                                   gt_feature_net_read *read, void *arg, gt_status *status);
/* From a file of any container of files/codec/door/weights.h. GT_FORMAT: tensors are missing (the message lists them),
 * have other shapes, or do not belong to the network; counters of batches are passed over. */
gt_feature_net *gt_feature_net_open(const gt_feature_net_kind *kind, const char *path, const gt_feature_net_options *o,
                                    gt_status *status);
/* Which network's weights the file is made of, whole or not: *kind, NULL for none of these networks. Told by tensors:
 * those of Inception with a last layer of 1008 classes (or without one), and of VGG16 without normalisation with one of
 * 1000, in a file that gantry export has not written. Networks with other last layers are classifiers of the users. The
 * status is that of opening the file; GT_FORMAT also for a program of TorchScript, and the message then says which file
 * to take instead. */
gt_status gt_feature_net_tell(const char *path, const gt_feature_net_kind **kind);
void gt_feature_net_close(gt_feature_net *d);            /* NULL is fine */
size_t gt_feature_net_bytes(const gt_feature_net *d);    /* of memory: weights and graph */
gt_hash128 gt_feature_net_hash(const gt_feature_net *d); /* of the weights: part of a score's recipe */

typedef struct gt_feature_net_pictures {
    const uint8_t *bytes; /* [n,height,width,channels] */
    int64_t n;
    int height, width, channels; /* 1 or 3 channels */
    gt_resize_rule rule;
} gt_feature_net_pictures;

/* features [n,kind->features]; probabilities [n,kind->classes]: softmax of the last layer without its bias, as the
 * graph of 2015 was used. Either may be NULL. GT_USAGE: the network has no such probabilities, or takes no such
 * pictures. */
gt_status gt_feature_net_run(gt_feature_net *d, const gt_feature_net_pictures *p, float *features,
                             float *probabilities);
/* An output of the newest batch: "features", "logits", or one of the caller's. */
const float *gt_feature_net_value(const gt_feature_net *d, const char *output);
gt_exec *gt_feature_net_exec(const gt_feature_net *d);      /* for profiles */
const float *gt_feature_net_input(const gt_feature_net *d); /* [batch,side,side,3] of the newest batch */

/* ---- network_input.c ---- */

/* Pictures as the feature networks of published metrics take them: bilinear interpolation to a fixed size, without
 * smoothing when pictures shrink, and (value - mean) / std of each channel. There are two rules for where the new
 * pixels lie (gt_resize_rule). Scores by the two differ, so a score must say by which it is. */
const char *gt_resize_rule_name(gt_resize_rule rule);

/* Pictures [n,h,w,c], 0 .. 255, become out [n,side,side,3]. One channel is repeated; other numbers than 1 and 3 are
 * GT_USAGE. mean and std: of the values 0 .. 255. */
gt_status gt_network_input(gt_resize_rule rule, const uint8_t *pictures, int64_t n, int height, int width, int channels,
                           int side, const float mean[3], const float std[3], float *out);

#endif
