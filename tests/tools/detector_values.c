/* SPDX-License-Identifier: Apache-2.0
 * What scores are made of, for tests and comparisons with other programs:
 *     detector_values features DETECTOR DATA OUT [inception|vgg16|-] [tf1|half] [THREADS]
 *         the features of all images of DATA, [count,features] float32, and their classes, int32, behind them
 *     detector_values path NETWORK VGG LPIPS COUNT [z] [full] [crop]
 *         a perceptual path length
 * on all ranks; first lines: what the detector is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/dataset.h"
#include "runner/door/items.h"
#include "metrics/door/rows.h"
#include "features/score/feature_extractor.h"
#include "features/score/path_length.h"
#include "gantry/trained.h"

static gt_team team;

static void must(gt_status st) {
    st = gt_comm_agree_all(team.comm, st);
    if (!st) return;
    if (!team.comm->rank) fprintf(stderr, "%s\n", gt_message());
    gt_comm_stop_all(team.comm);
    exit(st == GT_USAGE ? 2 : 1);
}

static void write_all(const char *path, const void *x, size_t bytes, const char *mode) {
    FILE *f = fopen(path, mode);
    if (!f || fwrite(x, 1, bytes, f) != bytes || fclose(f)) perror(path), exit(1);
}

static int features(int argc, char **argv) {
    gt_dataset *ds = NULL;
    gt_status st;
    const char *kind = argc > 5 && strcmp(argv[5], "-") ? argv[5] : NULL;
    gt_extractor_options o = {.kind = kind, .pool = team.pool};
    if (argc > 6) o.resize = strcmp(argv[6], "half") ? GT_RESIZE_TF1 : GT_RESIZE_HALF;
    gt_extractor *d = gt_extractor_open(argv[2], &o, &st);
    must(st);
    must(gt_dataset_open(&ds, argv[3], NULL));
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    must(gt_extractor_takes(d, info->height, info->width, info->channels));
    int64_t width = gt_extractor_features(d), batch = gt_extractor_batch(d);
    gt_rows rows = gt_rows_share(info->count, width, team.comm);
    size_t pixels = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    float *x = malloc((size_t)(rows.own * width) * sizeof *x + 1),
          *images = malloc((size_t)batch * pixels * sizeof *images);
    int32_t *classes = calloc((size_t)rows.own + 1, sizeof *classes);
    for (int64_t i = 0; i < rows.own && !st; i += batch) { /* ranks may have different numbers of batches */
        int64_t items[batch], n = rows.own - i < batch ? rows.own - i : batch;
        for (int64_t k = 0; k < n; k++) items[k] = rows.first + i + k;
        st = gt_read_images(ds, n, items, images);
        if (!st)
            st = gt_extractor_run(d, (int)n, images, x + i * width, NULL, gt_extractor_classes(d) ? classes + i : NULL);
    }
    must(st);
    float *all = malloc((size_t)(rows.count * width) * sizeof *all);
    int32_t *all_classes = malloc((size_t)rows.count * sizeof *all_classes);
    gt_rows_gather_all(&team, &rows, x, (size_t)width * sizeof *x, all);
    gt_rows_gather_all(&team, &rows, classes, sizeof *classes, all_classes);
    if (!team.comm->rank) {
        char hex[33];
        gt_hash_hex(gt_extractor_hash(d), hex);
        printf("%s\n%s\n%lld features, %d classes\n", gt_extractor_recipe(d), hex, (long long)width,
               gt_extractor_classes(d));
        write_all(argv[4], all, (size_t)(rows.count * width) * sizeof *all, "wb");
        write_all(argv[4], all_classes, (size_t)rows.count * sizeof *all_classes, "ab");
    }
    free(x), free(images), free(classes), free(all), free(all_classes);
    gt_extractor_close(d);
    gt_dataset_close(ds);
    return 0;
}

static int path(int argc, char **argv) {
    gt_trained t;
    gt_status st;
    gt_path_options o = {.count = atoll(argv[5])};
    for (int i = 6; i < argc; i++) {
        o.in_z |= !strcmp(argv[i], "z");
        o.full |= !strcmp(argv[i], "full");
        o.crop |= !strcmp(argv[i], "crop");
    }
    must(gt_trained_open(&t, argv[2], NULL));
    gt_lpips *l = gt_lpips_open(argv[3], argv[4], &st);
    must(st);
    double value;
    must(gt_path_length_all(&team, &(gt_path_maker){.model = t.model, .params = t.params, .seed = 7, .images = 25500},
                            l, &o, &value));
    if (!team.comm->rank) printf("%.17g\n", value);
    gt_lpips_free(l);
    gt_trained_close(&t);
    return 0;
}

int main(int argc, char **argv) {
    bool of_features = argc > 4 && !strcmp(argv[1], "features"), of_path = argc > 5 && !strcmp(argv[1], "path");
    if (!of_features && !of_path) {
        fprintf(stderr, "usage: detector_values features|path ...: see the source\n");
        return 2;
    }
    int threads = of_features && argc > 7 ? atoi(argv[7]) : 1;
    team.comm = gt_comm_start_all(threads, NULL);
    if (!team.comm) return 1;
    team.pool = gt_pool_new(threads);
    int status = of_features ? features(argc, argv) : path(argc, argv);
    gt_pool_free(team.pool);
    gt_comm_stop_all(team.comm);
    return status;
}
