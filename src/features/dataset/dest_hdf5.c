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

#include "data/door/source.h"
#include "features/dataset/tool.h"
#include "files/codec/door/sample.h"
#include "files/codec/door/picture.h"
#include "base/door/progress.h"
#include "files/h5/door/h5.h"

enum { LEVEL = 6 };

static double hdf5_bytes(const gt_picture *shape, int64_t images) {
    enum { INDEX_BYTES = 80, LEAF = 32 }; /* INDEX_BYTES: of a chunk's place in the file's index, about */
    double image = (double)shape->height * shape->width * shape->channels * (double)gt_sample_bytes(shape->type);
    return (double)images * (image + INDEX_BYTES + LEAF) + 10000;
}

/* HDF5's shuffle filter: all first bytes of the samples, then all second bytes ... */
static void shuffle_bytes(const uint8_t *in, size_t samples, size_t width, uint8_t *out) {
    for (size_t b = 0; b < width; b++)
        for (size_t i = 0; i < samples; i++) out[b * samples + i] = in[i * width + b];
}

static gt_status encode_chunk(const gt_picture *p, bool compress, void **out, size_t *n) {
    size_t width = gt_sample_bytes(p->type), size = gt_picture_bytes(p);
    uLongf packed = compress ? compressBound(size) : size;
    GT_FREED uint8_t *shuffled = compress && width > 1 ? malloc(size) : NULL;
    *out = malloc(packed);
    bool good = *out && (shuffled || !compress || width == 1);
    if (good && shuffled) shuffle_bytes(p->samples, size / width, width, shuffled);
    if (good && compress) good = compress2(*out, &packed, shuffled ? shuffled : p->samples, size, LEVEL) == Z_OK;
    else if (good) memcpy(*out, p->samples, size);
    *n = packed;
    return good ? GT_OK : gt_fail(GT_NOMEM, "out of memory for an image of %zu bytes", size);
}

static gt_status decode_chunk(const gt_dest *d, const void *bytes, size_t n, bool mask, gt_picture *out) {
    gt_status st = mask ? gt_picture_new(out, d->shape.height, d->shape.width, 1, GT_U8)
                        : gt_picture_new(out, d->shape.height, d->shape.width, d->shape.channels, d->shape.type);
    if (st) return st;
    size_t width = gt_sample_bytes(out->type), size = gt_picture_bytes(out);
    uLongf got = size;
    uint8_t *shuffled = d->compress && width > 1 ? malloc(size) : out->samples;
    if (!shuffled) return gt_fail(GT_NOMEM, "out of memory for an image of %zu bytes", size);
    bool good = d->compress ? uncompress(shuffled, &got, bytes, n) == Z_OK && got == size : n == size;
    if (good && !d->compress) memcpy(out->samples, bytes, n);
    for (size_t b = 0; good && shuffled != out->samples && b < width; b++)
        for (size_t i = 0; i < size / width; i++)
            ((uint8_t *)out->samples)[i * width + b] = shuffled[b * (size / width) + i];
    if (shuffled != out->samples) free(shuffled);
    return good ? GT_OK : gt_fail(GT_FORMAT, "is damaged");
}

static gt_status read_back(gt_dest *d, const gt_entry *e, uint64_t *at, void *bytes) {
    size_t n = (size_t)e->size + e->mask_size;
    gt_status st = gt_read_at(d->fd, *at, bytes, n);
    *at += n;
    return st;
}

static gt_status begin_chunks(gt_dest *d) {
    uint64_t length = 0;
    for (size_t i = 0; i < d->n; i++) length += (uint64_t)d->entries[i].size + d->entries[i].mask_size;
    return gt_part_open(d, length);
}

static gt_status put_chunks(gt_dest *d, const gt_entry *e, const void *data) {
    return gt_part_append(d, data, (size_t)e->size + e->mask_size);
}

/* The file is made from the part, chunk by chunk: images, or masks. */
static gt_status write_chunks(gt_dest *d, gt_h5_file *f, const char *path, const gt_array *array, bool masks) {
    const gt_h5_storage how = {
        .chunk = 1, .shuffled = d->compress && array->type != GT_NUMBER_UINT8, .level = d->compress ? LEVEL : 0};
    int64_t set;
    uint64_t offset = 0, synced = 0; /* of the part; the file made from it is on the disk up to there */
    size_t most = 0;
    for (size_t i = 0; i < d->n; i++) {
        size_t n = masks ? d->entries[i].mask_size : d->entries[i].size;
        most = n > most ? n : most;
    }
    GT_FREED void *chunk = malloc(most + 1);
    gt_status st = chunk ? gt_h5_write_stored(f, array, &how, &set) : gt_fail(GT_NOMEM, "out of memory for an image");
    for (size_t i = 0; i < d->n && !st; i++) {
        const gt_entry *e = &d->entries[i];
        size_t n = masks ? e->mask_size : e->size, behind = masks ? 0 : e->mask_size;
        if (masks) offset += e->size;
        gt_progress();
        if (offset - synced >= GT_UNSYNCED_MAX) {
            synced = offset;
            int error = gt_part_sync_file(path);
            if (error) st = gt_fail(GT_FAILED, "cannot be synced: %s", strerror(error));
        }
        if (!st && (st = gt_read_at(d->fd, offset, chunk, n))) gt_wrap(st, "'%s' cannot be read back", d->part);
        if (!st && (st = gt_h5_write_chunk(set, (int64_t)i, chunk, n))) gt_wrap(st, "%s", array->name);
        if (!st) st = gt_h5_written(f);
        offset += n + behind;
    }
    return st;
}

static gt_status write_images(gt_dest *d, gt_h5_file *f, const char *path) {
    const gt_picture *p = &d->shape;
    const gt_array images = {
        "images", gt_sample_number(p->type), 4, {(int64_t)d->n, p->height, p->width, p->channels}, NULL};
    return write_chunks(d, f, path, &images, false);
}

static gt_status write_labels(const gt_dest *d, gt_h5_file *f) {
    const gt_source_info *info = &d->items->info;
    bool classes = info->label_kind == GT_LABELS_CLASSES;
    size_t width = classes ? 1 : (size_t)info->label_width;
    GT_FREED int32_t *class = calloc(d->n * width + 1, sizeof *class);
    float *vector = (float *)class;
    if (!class) return gt_fail(GT_NOMEM, "out of memory for %zu labels", d->n);
    for (size_t i = 0; i < d->n; i++) {
        uint32_t item = d->entries[i].item;
        if (classes) class[i] = gt_items_class(d->items, item);
        for (size_t k = 0; !classes && k < width; k++)
            vector[i * width + k] = (float)gt_items_vector(d->items, item)[k];
    }
    gt_array labels = {"labels", GT_NUMBER_INT32, 1, {(int64_t)d->n, (int64_t)width}, class};
    if (!classes) labels.type = GT_NUMBER_FLOAT, labels.n_dims = 2;
    return gt_h5_write(f, &labels);
}

static gt_status write_masks(gt_dest *d, gt_h5_file *f, const char *path) {
    const gt_source_info *info = &d->items->info;
    const gt_array masks = {"masks", GT_NUMBER_UINT8, 3, {(int64_t)d->n, d->shape.height, d->shape.width}, NULL};
    if (!info->masks) return GT_OK;
    gt_status st = write_chunks(d, f, path, &masks, true);
    return st || !info->mask_classes
               ? st
               : gt_dest_h5_names(f, "masks", (const char *const *)info->mask_name, info->mask_classes);
}

static gt_status write_leaves(gt_dest *d, gt_h5_file *f) {
    GT_BUFFER gt_buffer leaves = {0};
    gt_status st = gt_dest_leaves(d, &leaves);
    if (!st)
        st = gt_h5_write(
            f,
            &(gt_array){GT_LEAVES_FILE, GT_NUMBER_UINT8, 2, {(int64_t)d->n, (int64_t)sizeof(gt_sha256)}, leaves.data});
    return st;
}

/* In this order, as the file's bytes follow from it: equal contents give equal bytes. */
static gt_status write_file(gt_dest *d, const char *path) {
    gt_h5_file f;
    double range[2];
    const char *channels = gt_dest_channels(d);
    gt_status st = gt_h5_create(&f, path, false);
    if (!st) st = write_images(d, &f, path);
    if (!st && gt_dest_range(d, range))
        st = gt_h5_attribute(&f, "images", &(gt_array){"range", GT_NUMBER_DOUBLE, 1, {2}, range});
    if (!st && channels) st = gt_h5_attribute_text(&f, "images", "channels", channels);
    bool labelled = gt_dest_labelled(d);
    if (!st && labelled && d->items->info.class_names)
        st = gt_dest_h5_names(&f, "images", (const char *const *)d->items->info.class_name, d->items->info.class_names);
    if (!st && labelled) st = write_labels(d, &f);
    if (!st) st = write_masks(d, &f, path);
    if (!st) st = write_leaves(d, &f);
    if (!st) st = gt_h5_finish(&f);
    gt_h5_close(&f);
    return st ? gt_wrap(st, "'%s'", path) : GT_OK;
}

static gt_status finish_hdf5(gt_dest *d) {
    GT_FREED char *file = NULL;
    if (asprintf(&file, "%s.h5", d->part) < 0) return gt_fail(GT_NOMEM, "out of memory for a file name");
    gt_status st = write_file(d, file);
    if (!st) st = gt_part_finish(d, file);
    unlink(st ? file : d->part);
    return st;
}

const gt_dest_kind gt_dest_hdf5 = {.name = "hdf5",
                                   .suffix = {".h5", ".hdf5"},
                                   .bytes = hdf5_bytes,
                                   .encode = encode_chunk,
                                   .begin = begin_chunks,
                                   .put = put_chunks,
                                   .sync = gt_part_sync,
                                   .read_back = read_back,
                                   .decode = decode_chunk,
                                   .finish = finish_hdf5};
