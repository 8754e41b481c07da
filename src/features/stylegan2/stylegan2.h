/* SPDX-License-Identifier: Apache-2.0
 * StyleGAN2 (Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020) with the additions of
 * StyleGAN2-ADA: mapping, synthesis and discriminator as functions that append nodes, and the model that trains them.
 *
 * Each network comes as a pair: *_declare() adds its tensors to a gt_net, in the order and with the names of the
 * published state dict, each name after `prefix` ("synthesis.", "mapping.", or "" for a network by itself); the
 * function without suffix appends its nodes to a graph. Activations are [N,H,W,C], latents [N,z_dim], labels [N,c_dim],
 * styles [N,num_ws,w_dim].
 *
 * Images need not be square: with k = floor(log2(max(H,W)/4)) both sides are multiples of 2^k, the first block is
 * H/2^k x W/2^k, and blocks are named b4, b8, ... by level as if the image were square. The longer side has at least 8
 * pixels. Functions that take sizes refuse others (GT_USAGE) and name the nearest size that fits.
 *
 * Configurations have an output, an input, a layer and an activation that exists (gt_activation_find()): the options'
 * ranges see to that. */
#ifndef GANTRY_FEATURES_STYLEGAN2_STYLEGAN2_H
#define GANTRY_FEATURES_STYLEGAN2_STYLEGAN2_H

#include "gantry/choices.h"
#include "gantry/family.h"
#include "gantry/model.h"
#include "gantry/status.h"
#include "graph/door/graph.h"
#include "networks/model/door/model.h"

enum { GT_MAX_LEVELS = 16 };

#define GT_ARCHS(X) X(GT_ARCH_SKIP, "skip") X(GT_ARCH_RESNET, "resnet") X(GT_ARCH_ORIG, "orig")
typedef enum gt_arch { GT_ARCHS(GT_CONSTANT) } gt_arch;
extern const char *const gt_arch_names[]; /* by gt_arch */

#define GT_PL_MEANS(X) X(GT_PL_MEAN_OPEN, "") X(GT_PL_MEAN_BATCH, "batch") X(GT_PL_MEAN_SLICE, "slice")
typedef enum gt_pl_mean { GT_PL_MEANS(GT_CONSTANT) } gt_pl_mean;

/* The options of the family: features/stylegan2/options.c. */
typedef struct gt_stylegan2_options {
    int64_t gpus;  /* of the reference's recipe; not the number of ranks */
    int64_t mbstd; /* minibatch-stddev group; use min(mbstd, batch) */
    /* Images in a row, m of them, that stddev groups are cut from: image i of them belongs to group i mod (m / mbstd).
     * Where neither is given, m is the batch by the largest number up to 8 that leaves whole groups, and slices are
     * single images. Where slices are given, or a run of an earlier version has them: a slice that holds whole groups,
     * else the batch if slices hold equal parts of all its groups, else as if no slices were given. */
    int64_t mbstd_batch;
    double gamma;     /* R1 weight */
    double pl_weight; /* path length; 0: off */
    /* Lengths whose mean enters the running mean that a length is compared with. BATCH: of half a batch of images,
     * each a slice, whatever slices the batch has. SLICE: of half of each slice. SLICE where slices are given, or a
     * run of an earlier version has them, else BATCH. */
    gt_pl_mean pl_mean;
    double style_mixing; /* probability */
    int64_t map_layers, w_dim;
    gt_arch g_arch, d_arch;
    bool fp32;       /* no clamp */
    double clamp;    /* 0: as the recipes have it, 256 */
    double lrmul;    /* of the mapping network; 0: 0.01 */
    int64_t freezed; /* layers of D that stay as they are */
    /* What no option says: networks of other programs may have it (features/stylegan2/import.c). */
    struct {
        const char *nonlinearity, *filter;                    /* ""; lrelu, 1,3,3,1 */
        const char *map_nonlinearity, *d_nonlinearity;        /* "": as nonlinearity */
        const char *d_last_nonlinearity, *d_map_nonlinearity; /* "": as d_nonlinearity */
        const char *d_filter;                                 /* "": as filter */
        bool no_noise;
        int64_t embed, map_width; /* features of the label and of hidden layers; 0: w_dim */
        double w_avg_beta;        /* 0: 0.995 */
        int64_t d_cbase, d_cmax;  /* 0: as G's */
        double d_clamp, d_lrmul;  /* 0: as G's, 0.01; d_clamp -1: none */
        int64_t d_map_layers;     /* 0: 8; -1: none */
        int64_t cmap_dim;         /* 0: channels of the last block */
        int64_t mbstd_features;   /* 0: 1; -1: none */
    } found;
} gt_stylegan2_options;

extern const gt_family gt_family_stylegan2;

/* ---- mapping: docs/mathematics/stylegan2-ada.md#mapping-network ---- */

typedef struct gt_mapping_config {
    int z_dim, c_dim, w_dim; /* z_dim 0: labels alone; c_dim 0: no labels */
    int num_ws;              /* copies of w; 0: none, the result is [N,w_dim] */
    int num_layers;
    int embed_features, layer_features; /* 0: w_dim */
    const char *activation;
    float lr_multiplier;
    float w_avg_beta; /* < 0: no moving average. With num_ws 0 there is none either. */
} gt_mapping_config;

typedef struct gt_mapping_options {
    float truncation; /* psi: w <- w_avg + psi (w - w_avg); 1: none */
    gt_node *psi;     /* a scalar instead; NULL: none */
    int cutoff;       /* of the layers with a smaller index; < 0: all */
    gt_node **w_avg;  /* when not NULL: the renewed moving average [w_dim], without gradient */
} gt_mapping_options;

gt_mapping_config gt_mapping_defaults(void);
gt_status gt_mapping_declare(gt_net *n, const char *prefix, const gt_mapping_config *config);
gt_node *gt_mapping(gt_bound_net b, const char *prefix, const gt_mapping_config *config, gt_node *z, gt_node *labels,
                    const gt_mapping_options *o);

/* ---- synthesis: docs/mathematics/stylegan2-ada.md#synthesis-network ---- */

typedef struct gt_synthesis_config {
    int w_dim, height, width, channels;
    int channel_base, channel_max;
    gt_arch architecture;
    const char *activation;
    float conv_clamp; /* < 0: none */
    bool use_noise;
    gt_resample_filter resample_filter;
} gt_synthesis_config;

typedef struct gt_synthesis_options {
    gt_noise_mode noise;
    const char *stream; /* appended to the streams of random noise: "noise/b8.conv0" + stream; NULL: nothing */
    /* when not NULL: what block i returns goes to [i] (img: NULL where there is none yet) */
    gt_node **block_x, **block_img;
} gt_synthesis_options;

gt_synthesis_config gt_synthesis_defaults(void);
int gt_synthesis_num_ws(const gt_synthesis_config *config); /* 2 per level; 0: sizes that do not fit */
/* gt_model.style_maps of the layer `index`. */
int gt_synthesis_style_maps(const gt_net *n, const char *prefix, const gt_synthesis_config *config, int index,
                            gt_style_map *maps);
gt_status gt_synthesis_declare(gt_net *n, const char *prefix, const gt_synthesis_config *config);
gt_node *gt_synthesis(gt_bound_net b, const char *prefix, const gt_synthesis_config *config, gt_node *ws,
                      const gt_synthesis_options *o);

/* ---- discriminator: docs/mathematics/stylegan2-ada.md#discriminator ---- */

typedef struct gt_discriminator_config {
    int c_dim, height, width, channels;
    int channel_base, channel_max;
    gt_arch architecture;
    const char *activation;
    const char *last_activation; /* of the last block; NULL: as the others */
    float conv_clamp;            /* < 0: none */
    int cmap_dim;                /* < 0: the channels of the last block with labels, 0 without */
    int freeze_layers;           /* Freeze-D: that many layers, from the image on, are buffers */
    int mbstd_group_size;        /* 0: the whole slice */
    int mbstd_batch;             /* as gt_minibatch_stddev() has it */
    int mbstd_channels;          /* 0: no minibatch standard deviation */
    gt_mapping_config mapping;   /* num_layers, activation, lr_multiplier, embed_features, layer_features are used */
    gt_resample_filter resample_filter;
} gt_discriminator_config;

gt_discriminator_config gt_discriminator_defaults(void);
gt_status gt_discriminator_declare(gt_net *n, const char *prefix, const gt_discriminator_config *config);
/* Logits [N,1]. */
gt_node *gt_discriminator(gt_bound_net b, const char *prefix, const gt_discriminator_config *config, gt_node *image,
                          gt_node *labels);

/* What D's blocks before the last one return for images [N,H,W,C], the finest first: at most GT_MAX_LEVELS, put into
 * maps. Returns how many; after a fault of the graph 0. */
int gt_discriminator_maps(gt_bound_net b, const char *prefix, const gt_discriminator_config *config, gt_node *image,
                          gt_node **maps);

/* ---- a whole network: a sealed gt_net, or NULL with gt_message() ---- */

typedef struct gt_generator_config {
    gt_mapping_config mapping; /* w_dim and num_ws are taken from the synthesis part */
    gt_synthesis_config synthesis;
} gt_generator_config;

gt_net *gt_generator_net(const char *name, const gt_generator_config *config);
gt_net *gt_discriminator_net(const char *name, const gt_discriminator_config *config);
/* The mapping configuration that the generator really uses. */
gt_mapping_config gt_generator_mapping(const gt_generator_config *config);

/* ---- training: docs/mathematics/stylegan2-ada.md#losses-of-g-and-d ---- */

/* Networks G (0, with a moving average) and D (1), their parameters still zero (gt_model_init), and the phases G_main,
 * G_reg, D_main, D_reg. Graph inputs: "gen_c" and "real_c" (with labels), "images", "mix_mask" [1,num_ws,1] (style
 * mixing: 1 where the second latent rules), those of the augmentation under "aug/PHASE/fake" and "aug/PHASE/real", and
 * the update input "pl_mean"; fill() and prepare() write them. Statistics are outputs under their own names, "w_avg"
 * and "pl_mean" are the renewed states.
 *
 * The job says how the networks are trained. */
gt_status gt_stylegan2_make(gt_model *m, const gt_job *job, const gt_generator_config *generator,
                            const gt_discriminator_config *discriminator);

/* gt_family.without_labels */
gt_graph *gt_stylegan2_without_labels(gt_model *m, int net);

#endif
