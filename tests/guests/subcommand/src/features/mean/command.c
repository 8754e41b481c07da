/* SPDX-License-Identifier: Apache-2.0
 * gantry mean: the mean of the pixels of a dataset. */
#include <stdlib.h>

#include "command/door/cli.h"
#include "gantry/dataset.h"
#include "gantry/text.h"

typedef struct mean_fields {
    int64_t images;
} mean_fields;

#define FIELDS mean_fields

static const gt_option table[] = {
    {CLI_OPTION(images, "16", "Number of images, from the first on"), .min = 1, .max = 4096}};

static gt_status print_mean(gt_dataset *data, int64_t n) {
    const gt_dataset_info *info = gt_dataset_get_info(data);
    size_t floats = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    void *samples = malloc(floats * sizeof(float));
    float *image = malloc(floats * sizeof *image);
    gt_status st = samples && image ? GT_OK : gt_fail(GT_NOMEM, "out of memory for an image");
    double sum = 0;
    if (n > info->count) n = info->count;
    for (int64_t i = 0; i < n && !st; i++) {
        st = gt_dataset_read(data, i, samples);
        if (!st) gt_dataset_floats(info, samples, floats, image);
        for (size_t k = 0; k < floats && !st; k++) sum += (double)image[k] / (double)floats;
    }
    if (!st) gt_print("mean of %lld images: %.6f\n", (long long)n, sum / (double)n);
    free(samples);
    free(image);
    return st;
}

static gt_status mean(cli_session *s) {
    const mean_fields *f = s->fields;
    gt_dataset *data = NULL;
    if (s->arguments.n_words != 1) return gt_fail(GT_USAGE, "which dataset?");
    gt_status st = cli_open_data(s, s->arguments.words[0], 0, &data);
    if (!st) st = print_mean(data, f->images);
    gt_dataset_close(data);
    return st;
}

const cli_command cli_mean = {
    .name = "mean",
    .arguments = "DATA [--key=value ...]",
    .help = "Tell the mean of the pixels of a dataset, from -1 to 1",
    CLI_EXAMPLES({"Of the first 16 images", "gantry mean test.zip"}, {"Of more", "gantry mean test.zip --images=100"}),
    CLI_ROWS(table),
    .own_words = 1,
    .run = mean,
};
