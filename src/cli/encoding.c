/* SPDX-License-Identifier: Apache-2.0
 * The commands of autoencoders: what they share. */
#include "cli/encoding.h"

#include <stdlib.h>
#include <string.h>

#include "gantry/log.h"

static gt_status open_all(cli_encoding *e, const cli_session *s) {
    if (s->arguments.n_words != 2) return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    e->pool = gt_pool_new(e->comm->threads);
    if (!e->pool) return GT_FAILED;
    e->encoder = gt_encoder_open(s->arguments.words[0], e->pool);
    if (!e->encoder) return GT_FAILED;
    e->model = gt_encoder_model(e->encoder);
    gt_status st = gt_dataset_open(&e->data, s->arguments.words[1], NULL);
    if (!st) e->info = gt_dataset_get_info(e->data);
    return st;
}

int cli_run_encoding(cli_session *s, const char *command, int threads, bool whole, gt_status (*work)(cli_encoding *e, void *arg), void *arg) {
    cli_encoding e = {0};
    gt_status st = s->arguments.n_words == 2 ? gt_dataset_check_foreign(s->arguments.words[1], NULL) : GT_OK;
    if (!st) e.comm = gt_comm_start(threads, &st);
    if (e.comm) {
        gt_log_setup(e.comm->rank, e.comm->ranks, GT_INFO);
        st = gt_comm_agree(e.comm, open_all(&e, s));
        if (!st && whole) st = gt_encode_dataset(e.comm, e.encoder, e.data, &e.all);
        if (!st) st = gt_comm_agree(e.comm, e.comm->rank ? GT_OK : work(&e, arg));
    }
    gt_encoded_free(&e.all);
    gt_dataset_close(e.data);
    gt_encoder_close(e.encoder);
    gt_pool_free(e.pool);
    int status = cli_exit(command, st);
    gt_comm_stop(e.comm);
    cli_end(s);
    return status;
}

gt_status cli_encoding_images(cli_encoding *e, int64_t n, const int64_t *items, int stride, bool beside, float *cells) {
    const gt_model *m = e->model;
    int64_t batch = gt_encoder_batch(e->encoder);
    size_t pixels = (size_t)m->height * (size_t)m->width * (size_t)m->channels;
    if (e->info->height != m->height || e->info->width != m->width || e->info->channels != m->channels)
        return gt_fail(GT_USAGE, "the images are %dx%d with %d channels, the model was trained on %dx%d with %d", e->info->width, e->info->height, e->info->channels,
                       m->width, m->height, m->channels);
    void *samples = malloc(e->info->image_bytes);
    float *images = calloc((size_t)batch, pixels * sizeof *images);
    gt_status st = samples && images ? GT_OK : gt_fail(GT_NOMEM, "out of memory for pictures");
    for (int64_t first = 0; first < n && !st; first += batch) {
        int64_t count = n - first < batch ? n - first : batch;
        for (int64_t i = 0; i < count && !st; i++) {
            float *image = images + (size_t)i * pixels;
            st = gt_read_image(e->data, items[first + i], samples, image);
            memcpy(cells + (size_t)((first + i) * stride) * pixels, image, pixels * sizeof *cells);
        }
        gt_encoded out;
        if (st || !beside || (st = gt_encoder_run(e->encoder, images, &out))) continue;
        for (int64_t i = 0; i < count; i++)
            memcpy(cells + (size_t)((first + i) * stride + 1) * pixels, out.image + (size_t)i * pixels, pixels * sizeof *cells);
    }
    free(samples);
    free(images);
    return st;
}

const char *cli_path_in(gt_arena *a, const char *outdir, const char *name) { return gt_arena_printf(a, "%s/%s", outdir, name); }
