/* SPDX-License-Identifier: Apache-2.0
 * What the entries of a checkpoint mean: their attributes `description` and `unit`. Those of the numbers under /state
 * stand in the rows by which they are written (state_row.h). */
#include <fnmatch.h>
#include <stddef.h>

#include "run/door/checkpoint_internal.h"

/* Groups of tensors are described, single tensors are not: there are thousands of them. */
static const checkpoint_note table[] = {
    {"/recipe", "", "The keys of the job that decide the result, as lines of a job file"},

    {"/networks", "",
     "Networks by name. Tensors are float32, with the names and shapes of the published networks (convolutions: out, "
     "in, height, width)"},
    {"/networks/*_ema", "", "Running average of the network's parameters over training, by which images are made"},
    {"/networks/*", "", "Parameters and buffers of a network after the latest step"},
    {"/optimizers", "", "State of the optimizers for each network, in the shapes of the parameters"},
    {"/optimizers/*", "", "State of the optimizer for this network"},
    {"/optimizers/*/exp_avg", "", "Running mean of the gradients"},
    {"/optimizers/*/exp_avg_sq", "", "Running mean of the squared gradients"},
    {"/optimizers/*/square_avg", "", "Running mean of the squared gradients"},
    {"/optimizers/*/momentum", "", "Running sum of the gradients (momentum)"},

    {"/state", "", "Counters and numbers from which training resumes"},

    {"/data", "", "The images that the networks were trained on"},
    {"/data/pictures", "", "Fingerprint of the images, whatever files they lie in"},
    {"/data/readable", "", "The same without the images that could not be read"},
    {"/data/unread", "", "Which of the checked images could not be read, four per digit"},
    {"/data/samples", "", "Type of the images' numbers, if not uint8"},
    {"/data/range", "", "The samples that become -1 and 1"},
    {"/data/channels", "", "Names of the channels"},
    {"/data/fields", "", "The channels of fields: targets, then conditions"},
    {"/data/fields/names", "", "Their names, as a JSON array"},
    {"/data/fields/units", "", "Their units, as a JSON array"},
    {"/data/fields/standard_names", "", "Their names in the CF conventions, as a JSON array"},
    {"/data/fields/scale", "", "Mean, deviation, transform (0 none, 1 log1p, 2 sqrt), height and width in its file"},
    {"/data/fields/conditions", "channels", "How many of the channels are conditions"},
    {"/data/fields/[yx]", "", "Coordinates of the targets' grid"},
    {"/data/fields/[yx]_about", "", "Name, units, standard_name and long_name of these, as a JSON array"},
    {"/data/labels", "", "\"vectors\" if the labels are not classes"},
    {"/data/class_names", "", "Names of the classes 0, 1, ..., as a JSON array"},

    {"/chain", "", "Where the chain of hashes of the run's states stands (gantry audit)"},
    {"/chain/head", "", "SHA-256 after the latest link, or of the beginning"},
    {"/chain/data", "", "Root of the data's samples (SHA-256); empty before the first link"},
    {"/chain/links", "links", "Links so far"},
    {"/chain/step", "steps", "Step of the latest link, or of the beginning"},
    {"/chain/images", "images", "Images at that step"},
    {"/chain/form", "", "Form of the chain; without this entry it is 1"},
    {"/chain/total", "images", "Length of the run in the chain, where the learning rate depends on it; 0: none"},

    {"/mixture", "", "The best Gaussian mixture so far"},
    {"/going_on", "", "The Gaussian mixture of the restart that was stopped"},
    {"/*/weights", "share", "Weights of the components; their sum is 1"},
    {"/*/means", "", "Means of the components: [component, dimension]"},
    {"/*/covariances", "", "Covariances of the components, in the form that `covariance` in /recipe names"},
    {"/*/curve", "nats", "Mean log-likelihood of a point after each iteration"},

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
