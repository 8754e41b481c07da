/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * An HDF5 file that is being written when its writer dies is lost. So the chunks of the images - one each, deflated by
 * the threads if wanted - are appended to DEST.part as they come, and the file is made from them at the end, chunk by
 * chunk. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/progress.h"
#include "data/dataset_h5.h"
#include "dataset_tool/tool.h"

enum { LEVEL = 6 };

static double bytes(const gt_picture *shape, int64_t images) {
    enum { INDEX_BYTES = 80 }; /* of a chunk's place in the file's index, about */
    double image = (double)shape->height * shape->width * shape->channels * (double)gt_sample_bytes(shape->type);
    return (double)images * (image + INDEX_BYTES) + 10000;
}

/* HDF5's shuffle filter: all first bytes of the samples, then all second bytes ... */
static void shuffle(const uint8_t *in, size_t samples, size_t width, uint8_t *out) {
    for (size_t b = 0; b < width; b++)
        for (size_t i = 0; i < samples; i++) out[b * samples + i] = in[i * width + b];
}

static gt_status encode(const gt_picture *p, bool compress, void **out, size_t *n) {
    size_t width = gt_sample_bytes(p->type), size = gt_picture_bytes(p);
    uLongf packed = compress ? compressBound(size) : size;
    uint8_t *shuffled = compress && width > 1 ? malloc(size) : NULL;
    *out = malloc(packed);
    bool good = *out && (shuffled || !compress || width == 1);
    if (good && shuffled) shuffle(p->samples, size / width, width, shuffled);
    if (good && compress) good = compress2(*out, &packed, shuffled ? shuffled : p->samples, size, LEVEL) == Z_OK;
    else if (good) memcpy(*out, p->samples, size);
    free(shuffled);
    *n = packed;
    return good ? GT_OK : gt_fail(GT_NOMEM, "out of memory for an image of %zu bytes", size);
}

static gt_status begin(gt_dest *d) {
    uint64_t length = 0;
    if (d->comparing) return gt_existing_hdf5_open(d);
    for (size_t i = 0; i < d->n; i++) length += d->entries[i].size;
    return gt_part_open(d, length);
}

static gt_status put(gt_dest *d, const gt_entry *e, const void *data) {
    return d->comparing ? gt_existing_hdf5_chunk(d, data, e->size) : gt_part_append(d, data, e->size);
}

typedef struct reading { /* of the part, from its beginning to its end */
    gt_dest *d;
    uint64_t offset, synced; /* the file made from it is on the disk up to there */
    uint8_t *buffer;
    const char *file;
} reading;

static gt_status sync_made(reading *r) {
    if (r->offset - r->synced < GT_UNSYNCED_MOST) return GT_OK;
    r->synced = r->offset;
    int error = gt_part_sync_file(r->file);
    return error ? gt_fail(GT_FAILED, "cannot be synced: %s", strerror(error)) : GT_OK;
}

static gt_status next_chunk(void *arg, size_t i, const void **data, size_t *n) {
    reading *r = arg;
    gt_status st = sync_made(r);
    if (st) return st;
    gt_progress();
    *n = r->d->entries[i].size;
    if (pread(r->d->fd, r->buffer, *n, (off_t)r->offset) != (ssize_t)*n)
        return gt_fail(GT_FAILED, "'%s' cannot be read back", r->d->part);
    r->offset += *n;
    *data = r->buffer;
    return GT_OK;
}

static gt_status fill_labels(const gt_dest *d, int32_t *classes, float *vectors) {
    size_t width = (size_t)d->items->info.label_width;
    for (size_t i = 0; i < d->n; i++) {
        uint32_t item = d->entries[i].item;
        if (classes) classes[i] = gt_items_class(d->items, item);
        for (size_t k = 0; vectors && k < width; k++)
            vectors[i * width + k] = (float)gt_items_vector(d->items, item)[k];
    }
    return GT_OK;
}

static gt_status write_file(gt_dest *d, const char *path, gt_h5_dataset *h) {
    const gt_source_info *info = &d->items->info;
    size_t most = 0;
    for (size_t i = 0; i < d->n; i++)
        if (d->entries[i].size > most) most = d->entries[i].size;
    reading r = {.d = d, .buffer = malloc(most + 1), .file = path};
    int32_t *classes = NULL;
    float *vectors = NULL;
    bool labelled = gt_dest_labelled(d);
    if (labelled && info->label_kind == GT_LABELS_CLASSES) classes = calloc(d->n + 1, sizeof *classes);
    else if (labelled) vectors = calloc(d->n * (size_t)info->label_width + 1, sizeof *vectors);
    gt_status st = r.buffer && (!labelled || classes || vectors) ? fill_labels(d, classes, vectors)
                                                                 : gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    h->classes = classes, h->vectors = vectors;
    h->label_width = info->label_width;
    h->class_names = labelled ? info->class_names : 0;
    h->class_name = info->class_name;
    h->next = next_chunk, h->arg = &r;
    if (!st) st = gt_h5_dataset_write(path, h);
    free(vectors);
    free(classes);
    free(r.buffer);
    return st;
}

static gt_status finish(gt_dest *d) {
    char *file;
    double range[2];
    if (d->comparing) return gt_existing_hdf5_end(d);
    if (asprintf(&file, "%s.h5", d->part) < 0) return gt_fail(GT_NOMEM, "out of memory for a file name");
    gt_h5_dataset h = {.count = d->n,
                       .height = d->shape.height,
                       .width = d->shape.width,
                       .channels = d->shape.channels,
                       .type = d->shape.type,
                       .deflated = d->compress,
                       .level = LEVEL,
                       .channel_names = gt_dest_channels(d),
                       .range = gt_dest_range(d, range) ? range : NULL};
    gt_status st = write_file(d, file, &h);
    if (!st) st = gt_part_finish(d, file);
    unlink(st ? file : d->part);
    free(file);
    return st;
}

const gt_dest_kind gt_dest_hdf5 = {.name = "hdf5",
                                   .suffix = {".h5", ".hdf5"},
                                   .bytes = bytes,
                                   .encode = encode,
                                   .begin = begin,
                                   .put = put,
                                   .sync = gt_part_sync,
                                   .finish = finish};
