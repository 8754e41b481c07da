/* SPDX-License-Identifier: Apache-2.0
 * The table of series (series.h). */
#include "gantry/runlog.h"

#include <fnmatch.h>
#include <stddef.h>

static const gt_series table[] = {
    {"Progress/tick", "ticks", "Number of the tick; a tick is a line of the log"},
    {"Progress/kimg", "kimg", "Thousands of real images that the networks were trained on"},
    {"Progress/step", "steps", "Batches that the networks were trained on"},
    {"Progress/epoch", "epochs", "Passes over the images of the data"},
    {"Progress/augment", "probability",
     "How often each augmentation is applied (p). ADA raises p while D overfits; p near 1 means too few images"},
    {"Progress/rate_factor", "", "Learning rate by the schedule, as a share of --lrate"},
    {"Progress/damaged_pictures", "", "Pictures of the data that steps have found damaged (--on-error=skip)"},
    {"Progress/replaced_images", "images", "Images shown that took the places of these"},
    {"Progress/images_per_sec", "images/s", "Speed of training since the tick before"},
    {"Progress/ticks_since_best", "ticks", "Ticks since the best value, for --early-stopping"},
    {"Progress/stopped", "",
     "1: the run was stopped after this tick, and its pictures were drawn then. A run that resumes shows their metrics "
     "and decides nothing by them"},

    {"Loss/G/loss", "nats",
     "Loss of the generator. A steady level is good; a rise without an end means that D is too strong"},
    {"Loss/D/loss", "nats",
     "Loss of the discriminator, reals and fakes together. Near 1.39 (2 ln 2) D tells nothing, near 0 D is never "
     "wrong"},
    {"Loss/D/real", "nats", "Loss of D on real images"},
    {"Loss/D/fake", "nats", "Loss of D on generated images"},
    {"Loss/D/class", "nats", "Loss of D's classifier on labelled real images (--semi)"},
    {"Loss/D/penalty", "", "Gradient penalty of wgan-gp, times its weight: how far D's slope is from 1"},
    {"Loss/D/reg", "nats", "Penalty of the discriminator that is added to its loss: R1 times gamma / 2"},
    {"Loss/G/reg", "nats", "Penalty of the generator that is added to its loss: path length"},
    {"Loss/r1_penalty", "", "Squared length of the gradient of D's score by the pixels of real images"},
    {"Loss/pl_penalty", "", "Squared difference of path lengths from their running mean"},
    {"Loss/scores/real", "logits", "What D says of real images; above 0: real"},
    {"Loss/scores/fake", "logits",
     "What D says of generated images. The distance from the score of reals should level off"},
    {"Loss/signs/real", "",
     "r_t: mean sign of D's scores of real images, -1 to 1. ADA holds r_t at its target of 0.6; near 1: overfitting"},
    {"Loss/signs/fake", "", "Mean sign of D's scores of generated images; near -1 with r_t near 1: D is never wrong"},
    {"Accuracy/D/real", "share", "Real images that D takes for real; one half: D guesses"},
    {"Accuracy/D/fake", "share", "Generated images that D takes for generated; one half: D guesses"},
    {"Accuracy/real", "share", "Real images whose class D's classifier names rightly"},
    {"Accuracy/baseline", "share", "Real images whose class the baseline names rightly (--semi-baseline)"},
    {"Accuracy/?*_baseline", "share", "Images whose class the baseline of --semi-baseline names rightly"},
    {"Loss/baseline", "nats", "Cross-entropy of the baseline's classes of real images (--semi-baseline)"},
    {"Loss/?*_baseline", "nats", "Cross-entropy of the baseline's classes (--semi-baseline)"},

    {"Targets/flipped_?*", "images", "Images since the tick before that got the target of the other kind (--flip)"},
    {"Targets/?*", "", "Targets of real images, of generated ones, and of those of G's step (--smoothing, --flip)"},
    {"Latents/drawn", "", "Numbers of the latents that were drawn; std is their deviation"},

    {"Loss/reconstruction", "", "Difference of an image from its reconstruction, as --recon and --recon-pixels say"},
    {"Loss/KL", "nats", "What the latent says of an image (Kullback-Leibler divergence from the prior); 0: nothing"},
    {"Loss/commitment", "", "Distance of the encoder's output from the nearest codes"},
    {"Loss/total", "nats", "Sum of the losses with their weights; this sum is minimised"},
    {"Loss/test_reconstruction", "",
     "The reconstruction loss of test images, by one draw of each latent, the same at all ticks"},
    {"Loss/test_KL", "nats", "The divergence of test images"},
    {"Loss/test_ELBO", "nats", "Evidence lower bound of test images: what log p(x) is at least; more is better"},
    {"Loss/test_codes", "nats", "Loss/codes of test images"},
    {"KL/weight", "", "Weight of the divergence by --kl-warmup and --kl-cycles, mean over the tick"},
    {"KL/dimension_*", "nats",
     "Kullback-Leibler divergence of one dimension of the latent; 0: the dimension is unused"},
    {"Codes/perplexity", "codes", "How many codes are in use"},
    {"Loss/codes", "nats",
     "Negative log-likelihood of a code by the prior; equally likely codes have the logarithm of their number"},

    {"Loss/loss", "",
     "What diffusion models minimise: squared error of a number of the picture, weighted by its level of noise; of "
     "flows squared error of the velocity"},
    {"Loss/level?", "",
     "Loss/loss of a quarter of the levels that are drawn: 1, little noise, to 4, much; of flows 1, near noise, to 4, "
     "near the picture"},

    {"Loss/train_set", "nats", "Cross-entropy on all training images, without dropout and augmentation"},
    {"Accuracy/train_set", "share", "Rightly classified training images, without dropout and augmentation"},
    {"Loss/train", "nats", "Cross-entropy of the classifier over the tick, with dropout and augmentation"},
    {"Loss/validation", "nats",
     "Cross-entropy on images that are held back; a rise while Loss/train falls: overfitting"},
    {"Loss/test", "nats", "Cross-entropy on the test data"},
    {"Accuracy/train", "share", "Rightly classified images over the tick, with dropout and augmentation"},
    {"Accuracy/?*_top5", "share", "Images whose class is among the five likeliest"},
    {"Accuracy/?*", "share", "Rightly classified images, or pixels of a segmentation"},
    {"IoU/?*", "share", "Intersection over union of a class's pixels, mean of classes"},
    {"Dead/?*", "share", "Units of a layer that are zero for all images that were looked at"},

    {"Fakes/swd_avg", "",
     "Sliced Wasserstein distance of patches of generated images from those of real ones, times 1000; less is better"},
    {"Fakes/swd", "", "The same in runs of earlier versions, by another formula: the two do not compare"},
    {"Fakes/spread", "",
     "How much the images of a fixed set of latents differ from each other; a sharp fall: collapse"},
    {"Reals/spread", "", "How much real images differ from each other, to compare with Fakes/spread"},
    {"Metrics/?*", "", "A metric of --metrics, computed at checkpoints (docs/metrics.md)"},

    {"Timing/total_sec", "s", "Time of training so far, over all starts"},
    {"Timing/total_hours", "h", "Time of training so far, over all starts"},
    {"Timing/total_days", "days", "Time of training so far, over all starts"},
    {"Timing/sec_per_tick", "s", "Time since the tick before"},
    {"Timing/sec_per_kimg", "s", "Time for a thousand images"},
    {"Timing/wait_for_data_sec", "s", "How long rank 0 waited for images since the tick before"},
    {"Timing/communication_sec", "s", "Communication since the tick before, mean of the ranks"},
    {"Timing/wait_for_ranks_sec", "s", "Communication that computation did not hide, mean of the ranks"},
    {"Timing/communication_hidden_percent", "%", "Part of the communication that happened during computation"},
    {"Timing/checkpoint_mb_per_sec", "MB/s", "Speed at which the latest checkpoint was written"},
    {"Timing/metrics_sec", "s", "Time for the metrics of --metrics at the latest checkpoint"},
    {"Timing/?*", "ms",
     "Time of the latest step of this phase (an update of one network), forward and backward of all slices of rank 0"},
    {"Resources/cpu_mem_gb", "GiB", "Most memory so far of the rank that has most"},
    {"Ranks/slowest", "", "Time of the slowest rank for a slice, divided by the median of ranks"},
    {"Ranks/slowest_rank", "rank", "Which rank was the slowest"},
    {"Ranks/imbalance", "", "Work of the rank that has most, divided by the mean; 1: all ranks have the same"},
    {"Ranks/most_wait_for_data_sec", "s", "Longest wait of a rank for images since the tick before"},
    {"Norms/?*_grad", "", "Length of the gradient of a network in the latest step"},
    {"Trouble/?*", "ticks", "For how many ticks this warning's condition has lasted; 0: all is well"},
};

const gt_series *gt_series_at(int i) { return i >= 0 && (size_t)i < sizeof table / sizeof *table ? &table[i] : NULL; }

const gt_series *gt_series_of(const char *series) {
    const gt_series *s;
    for (int i = 0; (s = gt_series_at(i)); i++)
        if (!fnmatch(s->name, series, 0)) return s;
    return NULL;
}
