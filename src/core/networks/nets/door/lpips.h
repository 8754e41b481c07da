/* SPDX-License-Identifier: Apache-2.0
 * LPIPS with a VGG16, version 0.1 (Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual
 * Metric", equation 1): a distance of images. The channels of five layers of a VGG16 are made unit vectors, pixel by
 * pixel, and the squared differences of two images, weighed by learned weights of the channels, are averaged over
 * pixels and summed over layers.
 *
 * Here an image becomes five maps whose squared Euclidean distance from the maps of another image is LPIPS:
 *     sqrt(w_k[c] / (H_k W_k)) a_k[c] / (|a_k| + 1e-10)
 *
 *     gt_lpips *l = gt_lpips_open("vgg16-397923af.pth", "vgg.pth", &status);
 *     gt_lpips_maps(l, graph, 2, images, maps);
 *     gt_exec_bind(exec, 2, gt_lpips_block(l)); */
#ifndef GANTRY_NETWORKS_NETS_DOOR_LPIPS_H
#define GANTRY_NETWORKS_NETS_DOOR_LPIPS_H

#include "graph/door/graph.h"
#include "gantry/hash.h"

enum {
    GT_LPIPS_MAPS = 5,
    GT_LPIPS_MIN = 16, /* pixels of the shorter side */
};

typedef struct gt_lpips gt_lpips;

/* Reads a tensor of VGG16 ("features.0.weight" [64,3,3,3], torchvision's names) or of the weights of channels
 * ("lin0.model.1.weight" [1,64,1,1]) into `out`, row-major. */
typedef gt_status gt_lpips_read(void *arg, const char *tensor, const gt_shape *shape, float *out);

/* NULL: see gt_message(). GT_FORMAT: a weight is not finite, or one of the channels is negative. */
gt_lpips *gt_lpips_new(gt_lpips_read *read, void *arg, gt_status *status);
/* From the files of torchvision's VGG16 (vgg16-397923af.pth) and of the weights of channels (vgg.pth of LPIPS 0.1), in
 * any container of files/codec/door/weights.h. */
gt_lpips *gt_lpips_open(const char *vgg, const char *channels, gt_status *status);
void gt_lpips_free(gt_lpips *l); /* NULL is fine */
float *gt_lpips_block(const gt_lpips *l);
gt_hash128 gt_lpips_hash(const gt_lpips *l); /* of the weights */

/* Appends the maps of images [N,H,W,3] in [-1,1], of at least GT_LPIPS_MIN pixels a side. The parameters lie in
 * `slot`: gt_lpips_block(). */
void gt_lpips_maps(const gt_lpips *l, gt_graph *g, int slot, gt_node *images, gt_node *maps[GT_LPIPS_MAPS]);

#endif
