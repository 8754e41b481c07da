/* SPDX-License-Identifier: Apache-2.0
 * The generator of a model that is open already, and what pictures show of its images. */
#ifndef GANTRY_RUNNER_GENERATOR_DOOR_GENERATOR_H
#define GANTRY_RUNNER_GENERATOR_DOOR_GENERATOR_H

#include <stdint.h>

#include "gantry/generate.h"
#include "gantry/hash.h"
#include "gantry/model.h"
#include "gantry/trained.h"

/* As gt_generator_open(), with the parameters of `t`, which stays the caller's and must outlive the generator. */
gt_generator *gt_generator_of(const gt_trained *t, const gt_generator_options *options);

/* gt_generator_label() for a condition from --class or --label: rank 0 warns where it is ignored. */
gt_status gt_generator_asked_label(const gt_generator *g, const gt_condition *c, float *label);
/* The same for each image of a batch: labels [gt_generator_batch(),label_dim]. */
gt_status gt_generator_asked_labels(const gt_generator *g, const gt_condition *c, float *labels);

/* In the next runs an image of the batch has the fresh noise that belongs to `number`: in one layer of styles, or in
 * GT_ALL_LAYERS, also of models without styles. */
enum { GT_ALL_LAYERS = -1 };
void gt_generator_number(gt_generator *g, int image, int layer, uint32_t number);
/* As gt_generator_run() and gt_generator_run_styles(), of images with such numbers. */
gt_status gt_generator_run_numbered(gt_generator *g, const float *z, const float *labels, float *images);
gt_status gt_generator_run_styles_numbered(gt_generator *g, const float *ws, float *images);

/* The class that such a label is: one-hot, of a network with classes; -1: none. */
int gt_generator_class_of(const gt_generator *g, const float *label);
/* As gt_generated_name() of a seed, with its class: "seed0007-class3"; class -1: without. */
const char *gt_generated_of_class(int64_t seed, int class, char name[GT_GENERATED_NAME]);
/* (*again)[n], in the arena: the seed stands before in the list; NULL: no seed does. Rank 0 says so. */
gt_status gt_seeds_repeated(gt_arena *a, const char *option, int64_t n, const int64_t *seeds, bool **again);

/* The recipe of the checkpoint, as it stands there; "": the generator is of a model that was open, without one. */
const char *gt_generator_recipe(const gt_generator *g);

/* Of the generator's parameters. Files of styles have its text (gt_hash_hex) under this name. */
gt_hash128 gt_generator_hash(const gt_generator *g);
#define GT_NETWORK_OF_STYLES "network"
enum { GT_STYLES_NETWORK = 33 };

/* Images as generators make them, as pictures that people look at. */

/* Channels of pictures of such a model's images: 4, 3 or 1. */
int gt_shown_channels(const gt_model *m);
/* n images [n,H,W,C] with values -1..1 as samples [n,H,W,shown]: the first channels. */
void gt_show_images(const gt_model *m, const gt_sample_format *f, int64_t n, const float *images, void *pictures);
/* Says so where pictures do not show all channels. `names`: of channels, or NULL; `more`: what does show them. */
void gt_shown_say(const gt_model *m, const char *names, const char *more);

#endif
