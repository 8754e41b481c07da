/* SPDX-License-Identifier: Apache-2.0
 * The StyleGAN2 that a resolved job describes. */
#include "gantry/stylegan2.h"
#include "train/model_list.h"

gt_model *gt_stylegan2_of_job(const gt_job *j) {
    gt_stylegan2_train_config c = gt_stylegan2_train_defaults();
    gt_mapping_config *m = &c.generator.mapping;
    gt_synthesis_config *s = &c.generator.synthesis;
    gt_discriminator_config *d = &c.discriminator;
    m->z_dim = (int)j->z_dim;
    m->num_layers = (int)j->map_layers;
    s->w_dim = (int)j->w_dim;
    s->architecture = j->g_arch;
    d->architecture = j->d_arch;
    m->c_dim = d->c_dim = (int)j->label_dim;
    s->height = d->height = (int)j->height;
    s->width = d->width = (int)j->width;
    s->channels = d->channels = (int)j->channels;
    s->channel_base = d->channel_base = (int)j->cbase;
    s->channel_max = d->channel_max = (int)j->cmax;
    s->conv_clamp = d->conv_clamp = (float)j->clamp;
    d->mbstd_group_size = (int)j->mbstd;
    d->freeze_layers = (int)j->freezed;
    c.seed = (uint64_t)j->seed;
    c.slice_size = (int)(j->batch / j->slices);
    c.lr = j->lrate;
    c.r1_gamma = j->gamma;
    c.pl_weight = j->pl_weight;
    c.style_mixing = j->style_mixing;
    if (j->augments && gt_augment_preset(j->augpipe, &c.augment)) return NULL;
    c.augment.colours = (int)j->colours;
    gt_augment_drop_colour(&c.augment, (int)j->channels);
    return gt_stylegan2_model_new(&c);
}

int gt_stylegan2_group(const gt_job *j) { return (int)j->mbstd; }
