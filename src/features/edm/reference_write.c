/* SPDX-License-Identifier: Apache-2.0
 * A denoiser as a pickled module of EDM's program (docs/networks.md#edm). */
#include <stdlib.h>
#include <string.h>

#include "networks/model/door/module_write.h"
#include "features/edm/edm.h"

/* Instead of a source text: the reader's own classes, made by their constructors. */
static const char MODULE[] = "from training import networks\n" GT_MODULE_OF_ARGUMENTS
                             "class EDMPrecond(FromArguments, networks.EDMPrecond):\n"
                             "    pass\n"
                             "class VPPrecond(FromArguments, networks.VPPrecond):\n"
                             "    def __init__(self, *args, sigma_min, sigma_max, **kwargs):\n"
                             "        super().__init__(*args, **kwargs)\n"
                             "        self.sigma_min, self.sigma_max = sigma_min, sigma_max\n"
                             "class VEPrecond(FromArguments, networks.VEPrecond):\n"
                             "    pass\n";

static void put_levels(const gt_module_writer *w, const gt_denoiser *d) {
    gt_field_real(w->p, "sigma_min", gt_denoiser_sigma_min(d));
    gt_field_real(w->p, "sigma_max", gt_denoiser_sigma_max(d));
}

/* The constructor of VP computes the levels of the other values; they may have been set to others afterwards. */
static void put_common(const gt_module_writer *w, const gt_denoiser *d) {
    gt_field_int(w->p, "img_resolution", d->unet.height);
    gt_field_int(w->p, "img_channels", d->unet.in);
    gt_field_int(w->p, "label_dim", d->unet.labels);
    gt_field_bool(w->p, "use_fp16", false);
    if (d->precond == GT_PRECOND_EDM) gt_field_real(w->p, "sigma_data", d->sigma_data);
    put_levels(w, d);
    if (d->precond != GT_PRECOND_VP) return;
    const gt_vp_values *v = gt_denoiser_vp(d);
    gt_field_real(w->p, "beta_d", v->beta_d);
    gt_field_real(w->p, "beta_min", v->beta_min);
    gt_field_real(w->p, "epsilon_t", v->first_time);
    gt_field_real(w->p, "M", v->times);
}

/* Of the whole network, which hands them on to the U-Net. */
static void put_arguments(const gt_module_writer *w, const gt_denoiser *d, double label_dropout) {
    const gt_unet_shape *s = &d->unet;
    int heights[GT_UNET_LEVELS], n = 0;
    for (int i = 0; i < s->levels; i++)
        if (s->attention >> i & 1) heights[n++] = s->height >> i;
    put_common(w, d);
    gt_field_text(w->p, "model_type", "SongUNet");
    gt_field_text(w->p, "embedding_type", s->fourier ? "fourier" : "positional");
    gt_field_text(w->p, "encoder_type", gt_unet_path_names[s->encoder]);
    gt_field_text(w->p, "decoder_type", gt_unet_path_names[s->decoder]);
    gt_field_int(w->p, "channel_mult_noise", s->noise_mult);
    if (s->embedding_mult != 4) gt_field_int(w->p, "channel_mult_emb", s->embedding_mult);
    gt_field_filter(w->p, &s->filter);
    gt_field_int(w->p, "model_channels", s->channels);
    gt_field_ints(w->p, "channel_mult", s->levels, s->mult);
    gt_field_int(w->p, "num_blocks", s->blocks);
    gt_field_ints(w->p, "attn_resolutions", n, heights);
    gt_field_int(w->p, "augment_dim", s->augment);
    gt_field_real(w->p, "dropout", s->dropout);
    gt_field_real(w->p, "label_dropout", label_dropout);
}

static gt_status put_network(const gt_model *m, int net, const float *block, gt_pickler *p) {
    const gt_edm *own = m->own;
    gt_module_writer w = gt_module_writer_of(p, m->nets[net], block, MODULE);
    if (!w.values) return GT_NOMEM;
    static const char *const classes[] = {
        [GT_PRECOND_EDM] = "EDMPrecond", [GT_PRECOND_VP] = "VPPrecond", [GT_PRECOND_VE] = "VEPrecond"};
    gt_module_begin(&w, classes[own->denoiser.precond]);
    put_arguments(&w, &own->denoiser, own->options->label_dropout);
    gt_module_end(&w, "model.");
    free(w.values);
    return GT_OK;
}

static void put_rest(const gt_model *m, gt_pickler *p) {
    static const char *const unused[] = {"loss_fn", "augment_pipe", "dataset_kwargs"}; /* by what reads networks */
    (void)m;
    for (int i = 0; i < 3; i++) gt_field_none(p, unused[i]);
}

const gt_reference_form *gt_edm_reference(const gt_model *m, bool averaged) {
    static const gt_reference_part average[] = {{"ema", "F_ema"}, {NULL, NULL}}, last[] = {{"ema", "F"}, {NULL, NULL}};
    static const gt_reference_form forms[] = {{"EDM's program", last, put_network, put_rest},
                                              {"EDM's program", average, put_network, put_rest}};
    const gt_edm *own = m->own;
    bool samples_so = own->denoiser.precond != GT_PRECOND_FLOW && !own->stages.n &&
                      !m->conditions; /* as that program does */
    return samples_so && m->height == m->width ? &forms[averaged] : NULL;
}
