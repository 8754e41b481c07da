/* SPDX-License-Identifier: Apache-2.0
 * The options that GANs have in common: rows, rules between them, and what follows from them. A new option is a row
 * here and a field of gt_gan_options (networks/model/door/gan.h). */
#include "job/internal.h"
#include "networks/model/door/family.h"

#define OPTION(field, value, text) GT_ROW(gt_job, #field, gan.field, value, text), .only = GT_GANS

static const gt_option options[] = {
    {OPTION(g_optimizer, NULL, "Optimiser of G"), .after = "optimizer", .group = "recipe", .derived = "optimizer",
     .choices = gt_any_optimizer},
    {OPTION(d_optimizer, NULL, "Optimiser of D"), .after = "instance-noise-kimg", .group = "dcgan",
     .other_group = "recipe", .derived = "optimizer", .choices = gt_any_optimizer},
    {OPTION(cbase, NULL, "Feature maps of a layer with R x R pixels: the smaller of cbase / R and cmax"),
     .group = "networks", .min = 1, .max = 1 << 24,
     .detail = "Halving cbase and cmax together makes a step about four times cheaper."},
    {OPTION(cmax, NULL, "Largest number of feature maps of any layer"), .min = 1, .max = 1 << 14},
    {OPTION(aug, NULL, "How the discriminator's images are augmented"), .group = "augmentation", .common = true,
     GT_CHOICES(GT_AUGS),
     .detail = "ada adapts the probability p of augmentations so that the discriminator does not overfit; fixed keeps "
               "p at --p; noaug has no augmentation."},
    {OPTION(augpipe, "bgc", "Kinds of augmentation"), GT_CHOICES(GT_AUGPIPES),
     .detail = "b: mirror, rotate by 90 degrees, shift (blit); g: scale, rotate, stretch (geom); c: brightness, "
               "contrast, hue (color); f: filter; n: noise; c: cutout. Not with aug=noaug."},
    {OPTION(p, NULL, "Probability of each augmentation, with --aug=fixed"), .derived = "required with aug=fixed",
     .max = 1},
    {OPTION(target, "0.6", "Mean sign of D's outputs on real images that ada aims at"), .max = 1,
     .detail = "A larger value means less augmentation. Only with aug=ada."},
    {OPTION(p_max, "0", "Upper limit of p with --aug=ada; 0: no limit"), .max = HUGE_VAL,
     .detail = "The published method has no limit. Above about 0.8, augmentations begin to show in the generated "
               "images; the run warns."},
    {OPTION(ada_kimg, NULL, "Thousands of images in which ada can move p from 0 to 1"),
     .derived = "500; 100 with --resume", GT_KIMG, .min = 0.001,
     .detail = "Give a smaller value for short runs. Only with aug=ada."},
    {OPTION(ada_interval, "4", "Number of steps between two adjustments of p"), .unit = "steps", .min = 1,
     .max = 1 << 20,
     .detail = "Only with aug=ada. --cfg=cpu of StyleGAN2 with a batch above 8: after 32 images, at least 1 step."},
};

const gt_option *gt_gan_rows(int *n) {
    *n = (int)(sizeof options / sizeof *options);
    return options;
}

/* Options that mean something only with certain values of --aug. */
static const struct {
    const char *key;
    gt_aug with; /* the value of --aug; GT_AUG_NO: any other */
} rules_of_aug[] = {
    {"p", GT_AUG_FIXED},      {"target", GT_AUG_ADA},       {"p-max", GT_AUG_ADA},
    {"ada-kimg", GT_AUG_ADA}, {"ada-interval", GT_AUG_ADA}, {"augpipe", GT_AUG_NO},
};

/* An option without meaning is a mistake, unless it stands in a job file and the command line chose another --aug over
 * it. */
gt_status gt_gan_check(gt_job *job) {
    static const char *const names[] = {GT_AUGS(GT_NAME)};
    if (!job->family->adversarial) job->gan.aug = GT_AUG_NO;
    gt_options o = job->options;
    bool overridden = gt_options_state(&o, "aug") == GT_OPTION_GIVEN;
    for (size_t i = 0; i < sizeof rules_of_aug / sizeof *rules_of_aug; i++) {
        const char *key = rules_of_aug[i].key;
        gt_aug with = rules_of_aug[i].with;
        if ((job->gan.aug == with) == (with != GT_AUG_NO)) continue;
        gt_option_state state = gt_options_state(&o, key);
        if (state == GT_OPTION_GIVEN || (state == GT_OPTION_FILED && !overridden)) {
            if (with != GT_AUG_NO)
                return gt_fail(GT_USAGE, "--%s can only be specified with --aug=%s", key, names[with]);
            return gt_fail(GT_USAGE, "--%s cannot be specified with --aug=noaug", key);
        }
        job->state[gt_options_find(&o, key) - o.rows] = GT_OPTION_MOOT;
    }
    if (job->gan.aug == GT_AUG_FIXED && !gt_job_given(job, "p"))
        return gt_fail(GT_USAGE, "--aug=fixed requires specifying --p");
    return GT_OK;
}

void gt_gan_resolve(gt_job *job) {
    gt_gan_options *gan = &job->gan;
    if (job->family->adversarial) gt_job_derive(job, "ada-kimg", job->resumes ? "100" : "500");
    gan->ada_target = gan->aug == GT_AUG_ADA ? gan->target : -1;
    gan->p_initial = gan->aug == GT_AUG_FIXED ? gan->p : 0;
    gan->augments = gan->ada_target >= 0 || gan->p_initial > 0;
}
