/* SPDX-License-Identifier: Apache-2.0
 * Images from a checkpoint.
 *
 *     gt_generator_options o = {.noise_mode = GT_NOISE_CONST, .truncation = 0.7f};
 *     gt_generator *g = gt_generator_open("runs/first", &o);
 *     gt_model_facts m = gt_model_look(gt_generator_model(g));       // z_dim, label_dim, height, width, channels
 *     int n = gt_generator_batch(g);
 *     for (int i = 0; i < n; i++) gt_seed_latent(seeds[i], m.z_dim, z + i * m.z_dim);
 *     gt_generator_run(g, z, labels, 0, images);                     // [n,H,W,C], nominally in [-1,1]
 *     gt_image_bytes(images, bytes, n * m.height * m.width * m.channels);
 *     gt_generator_close(g);
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_GENERATE_H
#define GANTRY_GENERATE_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/dist.h"
#include "gantry/grid.h"
#include "gantry/model.h"
#include "gantry/network.h"
#include "gantry/pool.h"
#include "gantry/record.h"
#include "gantry/sample.h"

typedef struct gt_generator gt_generator;

typedef struct gt_generator_options {
    gt_noise_mode noise_mode;
    float truncation;      /* psi; 1: none */
    int truncated_layers;  /* of styles, from the first on; 0: all of them */
    float temperature;     /* of models that draw codes; 0: 1. Of others it must be 0 */
    gt_steps_wanted steps; /* of models that make pictures in steps; of others zeros */
    const char *start;     /* of these: a picture to begin with, where steps.strength < 1; NULL: none */
    bool apart;            /* of models with styles: latents to styles, and styles to images */
    gt_pool *pool;         /* NULL: one thread */
    gt_network_options reading;
} gt_generator_options;

/* The moving average of the generator in a checkpoint, ready to run; of a run's directory the newest checkpoint is
 * taken. The generator computes with the arithmetic of the checkpoint if this CPU has it. NULL: see gt_message(). */
gt_generator *gt_generator_open(const char *checkpoint, const gt_generator_options *options);
void gt_generator_close(gt_generator *g); /* NULL is fine */
const gt_model *gt_generator_model(const gt_generator *g);
/* Images of a run: the number depends on the size of an image alone, so no image depends on how many are made. */
int gt_generator_batch(const gt_generator *g);
/* Length of the label that each image needs; 0: the generator takes no labels, even where D does (label_dim > 0). */
int gt_generator_labels(const gt_generator *g);
/* The numbers of the data that the model was trained on, as far as they are known, else 8-bit of 0 to 255 and false. */
bool gt_generator_samples(const gt_generator *g, gt_sample_format *samples);
const char *gt_generator_channels(const gt_generator *g); /* names of channels, "R,G,B"; NULL: not known */
/* How many classes have names, those from 0 on; *name: the names. */
int gt_generator_class_names(const gt_generator *g, const char *const **name);

/* z [batch,z_dim], labels [batch,label_dim] (NULL: the generator takes none) -> images [batch,H,W,C]. `first` numbers
 * the images for random noise. */
gt_status gt_generator_run(gt_generator *g, const float *z, const float *labels, uint32_t first, float *images);

/* Of a generator of a model with styles (num_ws > 0) that was opened with `apart`: the styles [batch,num_ws,w_dim] of
 * latents, truncated, and the images of styles. Both together make the images of gt_generator_run(), bit by bit. */
gt_status gt_generator_styles(gt_generator *g, const float *z, const float *labels, float *ws);
gt_status gt_generator_run_styles(gt_generator *g, const float *ws, uint32_t first, float *images);

/* What a conditional generator is asked for. */
typedef struct gt_condition {
    const char *class;  /* number or name of a class; NULL or "": none */
    const float *label; /* [label_dim] instead; NULL: none */
    int label_dim;
} gt_condition;
/* Writes the label [label_dim] of such images: one-hot of a class. A generator without labels takes any condition;
 * *ignored tells where there was one (may be NULL). GT_USAGE: no condition where one is needed, no such class (the
 * message names the nearest), a label of another length. */
gt_status gt_generator_label(const gt_generator *g, const gt_condition *c, float *label, bool *ignored);

/* The latent of a seed, as in the programs of StyleGAN2-ADA (docs/mathematics/seeds.md#latents-of-seeds). */
void gt_seed_latent(uint32_t seed, int z_dim, float *z);
/* trunc(clamp(x * 127.5 + 128, 0, 255)): docs/mathematics/seeds.md#pixel-values. */
void gt_image_bytes(const float *x, uint8_t *out, size_t n);

/* Steps along directions, which are added to styles after truncation (runner/generator/door/direction_file.h). */
typedef struct gt_edit_wish {
    const char *edits; /* "d3:+2.5,0-3,glasses:-1": see runner/generator/door/edits.h; NULL or "": none */
    const char *file;  /* of directions; rank 0 reads it */
    bool named;        /* by the user */
} gt_edit_wish;
/* GT_USAGE: the text says no edits. */
gt_status gt_edits_check(const char *text);

#define GT_GENERATE_SPACES(X) X(GT_IMAGES, "image") X(GT_STYLES, "w") X(GT_LATENTS, "z")
typedef enum gt_generate_space { GT_GENERATE_SPACES(GT_CONSTANT) } gt_generate_space;

/* What a file of all results is, by the ending of its name. */
typedef enum gt_collection_kind {
    GT_COLLECTION_UNKNOWN,
    GT_COLLECTION_PICTURE,
    GT_COLLECTION_ARRAY,
    GT_COLLECTION_DATASET /* of pictures with their numbers and channels, as an array has them */
} gt_collection_kind;
gt_collection_kind gt_collection_kind_of(const char *path);

enum { GT_GENERATED_NAME = 48 };

typedef struct gt_generated {      /* on rank 0 */
    int64_t replaced;              /* files that were there before */
    char first[GT_GENERATED_NAME]; /* the name of the first single picture, without its ending */
} gt_generated;

typedef struct gt_generate_request {
    const char *checkpoint;
    gt_generator_options options;
    int64_t n;
    const int64_t *seeds;
    /* [n,z_dim]; NULL: gt_seed_latent of each */
    gt_status (*latents)(void *arg, int64_t n, const int64_t *seeds, int z_dim, float *z);
    void *latents_arg;
    const char *latents_file; /* that `latents` makes them of; NULL: none */
    const char *projected_w;  /* a file of styles instead of seeds (features/project/project.h); NULL or "": none */
    gt_edit_wish edit;
    gt_condition condition;
    const char *outdir; /* made if needed */
    bool single;        /* seed0000.png ... or proj00.png ... */
    bool class_in_name; /* of a network with classes: seed0000-class3.png ... */
    bool gathered;      /* all in grid.png */
    bool npy;           /* seed0000.npy ...: all channels as float32 [H,W,C], nominally in [-1,1] */
    const char *out;    /* all in this file, whose name ends in .png, .webp, .npy, .h5 or .zip; NULL or "": none */
    /* > 0: so many images of each class of a conditional network, class by class, of the seeds 0 and so on; n, seeds
     * and condition are not read. Labels and the names of classes are in a file .h5 or .zip. */
    int64_t per_class;
    gt_grid grid; /* how they lie in grid.png, or in `out`; 0 columns: about square */
    /* Arrays of images, and files of single ones, hold numbers as the data do, of 16 bits or (arrays alone) float32,
     * clamped to their range; all else is 8-bit. */
    bool as_float;                /* arrays are float32 in the range of the data, not clamped */
    bool bytes;                   /* all is 8-bit */
    gt_generate_space space;      /* what goes into an array */
    gt_record_level record;       /* what pictures say of themselves (docs/verify.md) */
    const struct gt_again *again; /* the order of an audit (runner/record/door/maker.h); NULL: pictures are new */
    int (*stop)(void);            /* not 0: the work is given up; NULL: never */
    gt_generated *told;           /* what becomes known of the files; NULL: nobody asks */
} gt_generate_request;

/* All ranks make and write the images together. All ranks return the same status. GT_STOPPED: `stop` said so; images
 * with files of their own stay, a file of all of them does not come to be. *made (may be NULL): how many. */
gt_status gt_generate_all(gt_comm *comm, const gt_generate_request *request, int64_t *made);

/* The name, without its ending, of the single picture of a seed ("seed0007"), or of projected styles ("proj07"). */
const char *gt_generated_name(bool projected, int64_t number, char name[GT_GENERATED_NAME]);

/* GT_USAGE: no list of layers of styles, such as "0-6", "8-" or "0,2,5-7". */
gt_status gt_layers_check(const char *text);

#endif
