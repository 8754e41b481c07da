/* SPDX-License-Identifier: Apache-2.0
 * gantry predict --fully-convolutional: maps of scores of pictures that are larger than those of the training. */
#include <stdlib.h>

#include "features/predict/command_pixels.h"
#include "gantry/file.h"
#include "gantry/runner.h"
#include "features/predict/prediction_view.h"
#include "gantry/rundir.h"
#include "gantry/text.h"

static gt_status write_maps(const cli_session *s, const gt_score_maps *maps, gt_dataset *data, int64_t images) {
    const char *outdir = gt_options_effective(&s->options, gt_options_find(&s->options, "outdir"));
    gt_status st = gt_rundir_prepare(outdir, (size_t)maps->count * (size_t)maps->height * (size_t)maps->width * 4);
    if (!st) st = gt_score_maps_write(maps, data, images, outdir);
    if (!st)
        gt_print("%lld map%s of %dx%d places: %s\n", (long long)maps->count, gt_plural(maps->count), maps->height,
                 maps->width, cli_out(s, "predictions.h5"));
    return st;
}

static bool is_picture(const char *path) {
    gt_file_kind kind = gt_kind_of_file(path);
    return kind == GT_KIND_PICTURE || (kind != GT_KIND_FOLDER && gt_picture_is_name(path));
}

/* A picture file by itself is a dataset of one picture. */
static gt_status open_data(const cli_session *s, const char *path, int network_classes, gt_dataset **out) {
    const gt_transform none = {0};
    const char *classes = gt_options_effective(&s->options, gt_options_find(&s->options, "classes"));
    gt_options_use(&s->options, "classes");
    const gt_dataset_options alone = {.classes = classes, .network_classes = network_classes, .fit = &none};
    if (!is_picture(path)) return cli_open_data(s, path, network_classes, out);
    return gt_dataset_open(out, path, &alone);
}

gt_status cli_predict_maps_all(cli_session *s, int64_t images) {
    const char **words = s->arguments.words;
    gt_dataset *data = NULL;
    gt_score_maps maps = {0};
    int classes;
    if (s->arguments.n_words != 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    gt_network_options reading = cli_reading(&s->options);
    gt_status st = cli_share_path_all(s->comm, s->arena, &words[0]);
    if (!st) st = cli_network_classes(s, words[0], &classes);
    if (!st) st = open_data(s, words[1], classes, &data);
    st = gt_comm_agree_all(s->comm, st);
    if (!st) st = gt_same_data_all(s->comm, data, words[1]);
    if (!st) st = gt_class_maps_all(s->comm, words[0], data, s->pool, &reading, &maps);
    if (!st) st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : write_maps(s, &maps, data, images));
    free(maps.probability);
    gt_dataset_close(data);
    return st;
}
