/* SPDX-License-Identifier: Apache-2.0
 * The table of series (gantry/runlog.h). */
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
    {"Progress/rate_factor", "", "Learning rate of the schedule, as a share of --lrate"},
    {"Progress/damaged_pictures", "", "Pictures of the data that were found damaged (--on-error=skip)"},
    {"Progress/replaced_images", "images", "Images that replaced damaged ones in training"},
    {"Progress/skipped_updates", "updates",
     "Updates left out since the start of the command: gradients not finite (--nan=skip)"},
    {"Progress/images_per_sec", "images/s", "Speed of training since the previous tick"},
    {"Progress/ticks_since_best", "ticks", "Ticks since the best value, for --early-stopping"},
    {"Progress/stopped", "",
     "1: a stop cut this tick short, or drew pictures after it. Nothing is decided by such statistics and pictures; "
     "the next tick counts the steps of a short tick again"},

    {"Loss/G/loss", "nats",
     "Loss of the generator. A steady level is good; an endless rise means that D is too strong"},
    {"Loss/D/loss", "nats",
     "Loss of the discriminator, reals and fakes together. Near 1.39 (2 ln 2) D only guesses, near 0 D is never wrong"},
    {"Loss/D/real", "nats", "Loss of D on real images"},
    {"Loss/D/fake", "nats", "Loss of D on generated images"},
    {"Loss/D/class", "nats", "Loss of D's classifier on labelled real images (--semi)"},
    {"Loss/D/penalty", "", "Gradient penalty of wgan-gp, times its weight: how far D's slope is from 1"},
    {"Loss/D/reg", "nats", "Penalty of the discriminator that is added to its loss: R1 times gamma / 2"},
    {"Loss/G/reg", "nats", "Penalty of the generator that is added to its loss: path length"},
    {"Loss/r1_penalty", "", "Squared length of the gradient of D's score with respect to the pixels of real images"},
    {"Loss/pl_penalty", "", "Squared difference of path lengths from their running mean"},
    {"Loss/scores/real", "logits", "D's score of real images; above 0: real"},
    {"Loss/scores/fake", "logits",
     "D's score of generated images. The distance from the score of reals should level off"},
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

    {"Targets/flipped_?*", "images", "Images since the previous tick with swapped targets (--flip)"},
    {"Targets/?*", "",
     "Targets of real images, of generated images, and of the images in G's step (--smoothing, --flip)"},
    {"Latents/drawn", "", "Numbers of the drawn latents; std is their deviation"},

    {"Loss/reconstruction", "", "Difference between an image and its reconstruction, by --recon and --recon-pixels"},
    {"Loss/KL", "nats",
     "Information about the image in its latent (Kullback-Leibler divergence from the prior); 0: none"},
    {"Loss/commitment", "", "Distance of the encoder's output from the nearest codes"},
    {"Loss/total", "nats", "Weighted sum of the losses, which training minimises"},
    {"Loss/test_reconstruction", "",
     "The reconstruction loss of test images, with one draw per latent, the same draw at all ticks"},
    {"Loss/test_KL", "nats", "The divergence of test images"},
    {"Loss/test_ELBO", "nats", "Evidence lower bound of test images: a lower bound of log p(x); larger is better"},
    {"Loss/test_codes", "nats", "Loss/codes of test images"},
    {"KL/weight", "", "Weight of the divergence from --kl-warmup and --kl-cycles, mean over the tick"},
    {"KL/dimension_*", "nats",
     "Kullback-Leibler divergence of one dimension of the latent; 0: the dimension is unused"},
    {"Codes/perplexity", "codes", "How many codes are in use"},
    {"Loss/codes", "nats",
     "Negative log-likelihood of a code under the prior; for equally likely codes, the logarithm of their number"},

    {"Loss/loss", "",
     "Loss of diffusion models: squared error per number of the picture, weighted by the noise level; for flows, "
     "squared error of the velocity"},
    {"Loss/level?", "",
     "Loss/loss of a quarter of the drawn noise levels, from 1, little noise, to 4, much noise; for flows from 1, near "
     "noise, to 4, near the picture"},

    {"Loss/train_set", "nats", "Cross-entropy on all training images, without dropout and augmentation"},
    {"Accuracy/train_set", "share", "Rightly classified training images, without dropout and augmentation"},
    {"Loss/train", "nats", "Cross-entropy of the classifier over the tick, with dropout and augmentation"},
    {"Loss/validation", "nats", "Cross-entropy on held-out images; a rise while Loss/train falls: overfitting"},
    {"Loss/test", "nats", "Cross-entropy on the test data"},
    {"Accuracy/train", "share", "Rightly classified images over the tick, with dropout and augmentation"},
    {"Accuracy/?*_top5", "share", "Images whose class is among the five likeliest"},
    {"Accuracy/?*", "share", "Rightly classified images, or pixels of a segmentation"},
    {"IoU/?*", "share", "Intersection over union of a class's pixels, mean of classes"},
    {"Dead/?*", "share", "Units of a layer that are zero for all checked images"},

    {"Fakes/swd_avg", "",
     "Sliced Wasserstein distance between patches of generated and of real images, times 1000; smaller is better"},
    {"Fakes/swd", "", "The same in runs of earlier versions, by another formula: not comparable"},
    {"Fakes/spread", "",
     "How much the images of a fixed set of latents differ from each other; a sharp fall means collapse"},
    {"Reals/spread", "", "How much real images differ from each other, to compare with Fakes/spread"},
    {"Metrics/?*", "", "A metric of --metrics, computed at checkpoints (docs/metrics.md)"},

    {"Timing/total_sec", "s", "Time of training so far, over all starts"},
    {"Timing/total_hours", "h", "Time of training so far, over all starts"},
    {"Timing/total_days", "days", "Time of training so far, over all starts"},
    {"Timing/sec_per_tick", "s", "Time since the previous tick"},
    {"Timing/sec_per_kimg", "s", "Time for a thousand images"},
    {"Timing/wait_for_data_sec", "s",
     "Waiting for images since the previous tick, mean of the ranks (up to 1.1.0: of rank 0)"},
    {"Timing/communication_sec", "s", "Communication since the previous tick, mean of the ranks"},
    {"Timing/wait_for_ranks_sec", "s", "Communication not hidden by computation, mean of the ranks"},
    {"Timing/communication_hidden_percent", "%", "Part of the communication that happened during computation"},
    {"Timing/computing_sec", "s", "Time in graphs since the previous tick, without packing, mean of the ranks"},
    {"Timing/packing_sec", "s", "Time of packing weights for several ranks since the previous tick, mean of the ranks"},
    {"Timing/rest_sec", "s",
     "The rest of Timing/sec_per_tick: without computing, packing, waiting for ranks and images"},
    {"Timing/checkpoint_mb_per_sec", "MB/s", "Speed at which the latest checkpoint was written"},
    {"Timing/metrics_sec", "s", "Time for the metrics of --metrics at the latest checkpoint"},
    {"Timing/?*", "ms",
     "Time of the latest step of this phase (an update of one network), forward and backward of all slices of rank 0"},
    {"Resources/cpu_mem_gb", "GiB", "Largest memory use of any rank so far"},
    {"Ranks/slowest", "", "Time of the slowest rank for a slice, divided by the median of ranks"},
    {"Ranks/slowest_rank", "rank", "Number of the slowest rank"},
    {"Ranks/imbalance", "", "Work of the rank with the most work, divided by the mean; 1: all ranks have the same"},
    {"Ranks/most_wait_for_data_sec", "s", "Longest wait of a rank for images since the previous tick"},
    {"Norms/?*_grad", "", "Length of the gradient of a network in the latest step"},
    {"Trouble/?*", "ticks", "Number of ticks for which the condition of this warning has lasted; 0: no trouble"},
};

const gt_series *gt_series_at(int i) { return i >= 0 && (size_t)i < sizeof table / sizeof *table ? &table[i] : NULL; }

const gt_series *gt_series_of(const char *series) {
    const gt_series *s;
    for (int i = 0; (s = gt_series_at(i)); i++)
        if (!fnmatch(s->name, series, 0)) return s;
    return NULL;
}
