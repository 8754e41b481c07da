/* SPDX-License-Identifier: Apache-2.0
 * What the entries of a checkpoint mean: the one table of their attributes `description` and `unit`. */
#include <fnmatch.h>
#include <stddef.h>

#include "run/checkpoint_internal.h"

/* Groups of tensors are described, single tensors are not: there are thousands of them. */
static const checkpoint_note table[] = {
    {"/recipe", "", "The keys of the job that decide the result, as lines of a job file"},

    {"/networks", "",
     "Networks by name. Tensors are float32, with the names and shapes of the published networks (convolutions: out, "
     "in, height, width)"},
    {"/networks/*_ema", "", "Running average of the network's parameters over training, by which images are made"},
    {"/networks/*", "", "Parameters and buffers of a network after the latest step"},
    {"/optimizers", "", "What the optimizers remember, network by network, in the shapes of the parameters"},
    {"/optimizers/*", "", "What the optimizer remembers of this network"},
    {"/optimizers/*/exp_avg", "", "Running mean of the gradients"},
    {"/optimizers/*/exp_avg_sq", "", "Running mean of the squared gradients"},
    {"/optimizers/*/square_avg", "", "Running mean of the squared gradients"},
    {"/optimizers/*/momentum", "", "Running sum of the gradients (momentum)"},

    {"/state", "", "Counters and numbers from which training resumes"},
    {"/state/step", "steps", "Steps that were done"},
    {"/state/images", "images", "Real images that the networks were trained on"},
    {"/state/seed", "", "Seed of all random numbers of the run"},
    {"/state/reseed", "", "How often the random numbers were changed after a return to an earlier step"},
    {"/state/damaged", "", "Numbers of the damaged pictures that steps have met (--on-error=skip)"},
    {"/state/damaged_pictures", "pictures", "How many they are"},
    {"/state/replaced", "images", "Images that were trained on in their places"},
    {"/state/*_updates", "updates", "Updates of this network by its optimizer"},
    {"/state/ada_p", "probability", "How often each augmentation is applied"},
    {"/state/ada_r", "", "r_t, the mean sign of D's scores of real images, at the latest adjustment of p"},
    {"/state/ada_sum", "", "Sum of the signs since then"},
    {"/state/ada_count", "images", "Number of the signs since then"},
    {"/state/ada_updates_above", "adjustments", "Adjustments in a row that have left p above 0.8"},
    {"/state/plateau", "",
     "Schedule plateau: factor of the learning rate, smallest loss of an epoch, epochs since then, sum and number of "
     "the losses of this epoch"},
    {"/state/pl_mean", "", "Running mean of path lengths, which path length regularisation aims at"},
    {"/state/divergence", "nats", "Divergence of each dimension of the latent at the latest step"},

    {"/data", "", "The images that the networks were trained on"},
    {"/data/pictures", "", "Fingerprint of the images, whatever files they lie in"},
    {"/data/readable", "", "The same without those that could not be read"},
    {"/data/unread", "", "Which could not, of the images that were looked at: four a digit"},
    {"/data/samples", "", "What the numbers of the images are, where they are not uint8"},
    {"/data/range", "", "The samples that become -1 and 1"},
    {"/data/channels", "", "Names of the channels"},
    {"/data/labels", "", "\"vectors\" where the labels are not classes"},
    {"/data/class_names", "", "Names of the classes 0, 1, ..., as a JSON array"},

    {"/mixture", "", "The best Gaussian mixture so far"},
    {"/going_on", "", "The Gaussian mixture of the restart that was stopped"},
    {"/*/weights", "share", "Weights of the components; their sum is 1"},
    {"/*/means", "", "Means of the components: [component, dimension]"},
    {"/*/covariances", "", "Covariances of the components, in the form that `covariance` in /recipe names"},
    {"/*/curve", "nats", "Mean log-likelihood of a point after each iteration"},
    {"/state/points", "points", "Points that the mixture was fitted to"},
    {"/state/dimensions", "", "Numbers of a point"},
    {"/state/height", "pixels", "Height of the images that the points are; 0: the points are not images"},
    {"/state/width", "pixels", "Width of those images"},
    {"/state/channels", "", "Channels of those images"},
    {"/state/finished", "", "1: all restarts are over"},
    {"/state/log_likelihood", "nats", "Mean log-likelihood of a point by the best mixture"},
    {"/state/best_restart", "", "Number of the restart that found the best mixture, from 0"},
    {"/state/converged", "", "1: the best mixture came to rest before its iterations were used up"},
    {"/state/curve_length", "iterations", "Iterations of the best restart"},
    {"/state/restart", "", "Number of the restart that is next or goes on, from 0"},
    {"/state/started", "", "1: /going_on holds a mixture"},
    {"/state/iteration", "iterations", "Iterations of the restart that goes on"},

    {"/projection", "", "State of gantry project: latents and noise that are optimised, in one list"},
    {"/projection/params", "", "Their values"},
    {"/projection/exp_avg", "", "Running mean of their gradients"},
    {"/projection/exp_avg_sq", "", "Running mean of their squared gradients"},
    {"/projection/curve", "", "Distance and loss after each step"},
    {"/projection/path", "", "Latents of the frames of the film"},
};

const checkpoint_note *checkpoint_note_of(const char *path) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!fnmatch(table[i].path, path, FNM_PATHNAME)) return &table[i];
    return NULL;
}
