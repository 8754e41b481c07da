/* SPDX-License-Identifier: Apache-2.0
 * HDF5 datasets: `images` [N,H,W,C] and `labels` (dataset.h). libhdf5 is not for several threads: main thread only. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "h5/hdf5_util.h"
#include "data/source.h"
#include "h5/h5_chunks.h"
#include "h5/h5_texts.h"
#include "gantry/codec.h"
#include "gantry/memory.h"
#include "gantry/picture.h"

enum { CACHE_LEAST = 1 << 20, CACHE_MOST = 64 << 20, CHUNK_MOST = 1 << 30, TEXT_MOST = 64 * 1024, PROBES = 256 };
#define LABEL_BYTES_MOST ((size_t)1 << 30)

typedef struct h5set {
    char *path;
    hid_t file, images, space, block; /* block: memory space of one image */
    hsize_t dims[4];                  /* N, H, W, C */
    gt_sample type;
    h5_chunks *chunks; /* of the images; NULL: nothing to be looked at */
} h5set;

static bool claims(const gt_spec *spec) {
    return spec->is_file && (!strcasecmp(spec->extension, ".h5") || !strcasecmp(spec->extension, ".hdf5") ||
                             gt_file_is_hdf5(spec->text));
}

static void close_set(void *state) {
    h5set *d = state;
    h5_chunks_close(d->chunks);
    if (d->block >= 0) H5Sclose(d->block);
    if (d->space >= 0) H5Sclose(d->space);
    if (d->images >= 0) H5Dclose(d->images);
    if (d->file >= 0) H5Fclose(d->file);
    free(d->path);
    free(d);
}

static hid_t memory_type(gt_sample type) { return type == GT_U8 ? H5T_NATIVE_UINT8 : type == GT_U16 ? H5T_NATIVE_UINT16 : H5T_NATIVE_FLOAT; }

static gt_status read_image(void *state, int64_t i, void *samples) {
    h5set *d = state;
    hsize_t start[4] = {(hsize_t)i}, count[4] = {1, d->dims[1], d->dims[2], d->dims[3]};
    gt_status st = d->chunks ? h5_chunks_row(d->chunks, (hsize_t)i) : GT_OK;
    if (!st && (H5Sselect_hyperslab(d->space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
                H5Dread(d->images, memory_type(d->type), d->block, d->space, H5P_DEFAULT, samples) < 0))
        st = gt_hdf5_fail("cannot be read");
    return st ? gt_wrap(st, "'%s': image %" PRId64, d->path, i) : GT_OK;
}

static gt_status fingerprint(void *state, gt_hasher *h, int64_t most) {
    h5set *d = state;
    size_t bytes = (size_t)(d->dims[1] * d->dims[2] * d->dims[3]) * gt_sample_bytes(d->type);
    uint8_t *pixels = malloc(bytes);
    if (!pixels) return gt_fail(GT_NOMEM, "out of memory for one image of '%s'", d->path);
    hsize_t wanted = most && most < PROBES ? (hsize_t)most : PROBES, looks = d->dims[0] < wanted ? d->dims[0] : wanted;
    gt_status st = GT_OK;
    for (hsize_t k = 0; k < looks && !st; k++) {
        st = read_image(d, (int64_t)(k * d->dims[0] / looks), pixels);
        if (!st) gt_hasher_add(h, pixels, bytes);
    }
    free(pixels);
    return st;
}

/* Types that images can be of; others are named. */
static gt_status check_type(hid_t images, gt_sample *sample) {
    hid_t type = H5Dget_type(images);
    if (type < 0) return gt_hdf5_fail("images");
    H5T_class_t class = H5Tget_class(type);
    size_t bits = 8 * H5Tget_size(type);
    bool is_unsigned = class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE;
    H5Tclose(type);
    *sample = class == H5T_FLOAT ? GT_F32 : bits == 16 ? GT_U16 : GT_U8;
    if ((is_unsigned && (bits == 8 || bits == 16)) || (class == H5T_FLOAT && bits == 32)) return GT_OK;
    if (class != H5T_INTEGER && class != H5T_FLOAT) return gt_fail(GT_FORMAT, "images: neither integers nor floats");
    return gt_fail(GT_FORMAT, "images: %zu-bit %s samples; uint8, uint16 or float32 are needed: convert them", bits,
                   class == H5T_FLOAT ? "float"
                   : is_unsigned      ? "unsigned"
                                      : "signed");
}

static gt_status get_dims(const char *name, hid_t dataset, int rank, hsize_t *dims, int *found) {
    hid_t space = H5Dget_space(dataset);
    if (space < 0) return gt_hdf5_fail(name);
    *found = H5Sget_simple_extent_ndims(space);
    if (*found >= 1 && *found <= rank) H5Sget_simple_extent_dims(space, dims, NULL);
    H5Sclose(space);
    return GT_OK;
}

static gt_status check_dims(h5set *d) {
    int rank = 0;
    gt_status st = get_dims("images", d->images, 4, d->dims, &rank);
    if (st) return st;
    if (rank != 4) return gt_fail(GT_FORMAT, "images: %d axes; [N,H,W,C] is needed", rank);
    const hsize_t *n = d->dims;
    if (n[0] == 0) return gt_fail(GT_FORMAT, "images: holds no images");
    if (n[1] == 0 || n[2] == 0 || n[0] > INT32_MAX || n[1] > GT_PNG_MAX_SIDE || n[2] > GT_PNG_MAX_SIDE ||
        n[1] * n[2] * 3 > GT_PNG_MAX_BYTES || n[3] > GT_PNG_MAX_BYTES / (n[1] * n[2]))
        return gt_fail(
            GT_FORMAT,
            "images: claims %llu images of %llu x %llu pixels; at most %d per side and %d MB per image are read",
            (unsigned long long)n[0], (unsigned long long)n[2], (unsigned long long)n[1], GT_PNG_MAX_SIDE,
            GT_PNG_MAX_BYTES >> 20);
    if (n[3] < 1 || n[3] > GT_PICTURE_MAX_CHANNELS)
        return gt_fail(GT_FORMAT, "images: %llu channels; 1 to %d are possible, in the last axis of [N,H,W,C]",
                       (unsigned long long)n[3], GT_PICTURE_MAX_CHANNELS);
    return GT_OK;
}

static gt_status check_place(const char *name, hid_t plist) {
    if (H5Pget_external_count(plist) == 0 && H5Pget_layout(plist) != H5D_VIRTUAL) return GT_OK;
    return gt_fail(GT_FORMAT, "%s: lies in other files; copy it into one file (h5repack)", name);
}

/* Storage within this file, completely written, in chunks of bearable size. *cache: bytes of chunk cache that reading
 * in order needs. */
static gt_status check_storage(const h5set *d, size_t *cache) {
    hid_t plist = H5Dget_create_plist(d->images);
    if (plist < 0) return gt_hdf5_fail("images");
    H5D_layout_t layout = H5Pget_layout(plist);
    gt_status st = check_place("images", plist);
    hsize_t chunk[4] = {1, 1, 1, 1}, chunks = 1, bytes = 1, written = 0;
    int chunk_rank = layout == H5D_CHUNKED ? H5Pget_chunk(plist, 4, chunk) : 4;
    H5Pclose(plist);
    if (st) return st;
    if (chunk_rank != 4) return gt_fail(GT_FORMAT, "images: damaged chunk sizes");
    *cache = CACHE_LEAST;
    if (layout != H5D_CHUNKED) return GT_OK;
    for (int a = 0; a < 4; a++) {
        if (chunk[a] == 0 || bytes > CHUNK_MOST / chunk[a])
            return gt_fail(GT_FORMAT, "images: chunks of more than %d MB", CHUNK_MOST >> 20);
        bytes *= chunk[a];
        chunks *= (d->dims[a] + chunk[a] - 1) / chunk[a];
    }
    if (H5Dget_num_chunks(d->images, d->space, &written) < 0) return gt_hdf5_fail("images");
    if (written < chunks)
        return gt_fail(GT_FORMAT, "images: incomplete: %llu of its %llu chunks were written",
                       (unsigned long long)written, (unsigned long long)chunks);
    /* the chunks that one row of images touches are decompressed once, not once per image */
    size_t row = ((size_t)(chunk[0] * d->dims[1] * d->dims[2] * d->dims[3]) + (size_t)bytes) * gt_sample_bytes(d->type);
    *cache = row < CACHE_LEAST ? CACHE_LEAST : row > CACHE_MOST ? CACHE_MOST : row;
    return GT_OK;
}

static herr_t refuse_link(const char *group, const char *name, const char *file, const char *object, unsigned *flags, hid_t access, void *unused) {
    (void)group, (void)name, (void)file, (void)object, (void)flags, (void)access, (void)unused;
    return -1;
}

/* A soft link may lead to it; one into another file, on whatever way, does not. */
static hid_t open_set(hid_t file, const char *name, size_t cache) {
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    H5Pset_chunk_cache(access, 12421, cache, 1);
    H5Pset_elink_cb(access, refuse_link, NULL);
    hid_t set = H5Dopen2(file, name, access);
    gt_hdf5_close_list(access);
    return set;
}

static gt_status check_link(hid_t file, const char *name, bool *there) {
    H5L_info_t info;
    *there = H5Lexists(file, name, H5P_DEFAULT) > 0;
    if (*there && (H5Lget_info(file, name, &info, H5P_DEFAULT) < 0 || info.type == H5L_TYPE_EXTERNAL))
        return gt_fail(GT_FORMAT, "%s: lies in another file; copy it into one file (h5repack)", name);
    return GT_OK;
}

/* In this file, and as much of it as deflate, at its best, needs for so many bytes: a small file can claim much. */
static gt_status check_labels_storage(hid_t labels, uint64_t bytes) {
    enum { DEFLATE_MOST = 1032 };
    hid_t plist = H5Dget_create_plist(labels);
    if (plist < 0) return gt_hdf5_fail("labels");
    gt_status st = check_place("labels", plist);
    H5Pclose(plist);
    if (!st && bytes / DEFLATE_MOST > H5Dget_storage_size(labels)) st = gt_fail(GT_FORMAT, "labels: incomplete: most of them were never written");
    if (!st && (st = h5_chunks_whole(labels))) st = gt_wrap(st, "labels");
    return st;
}

/* [N] integers or [N,L] floats, N as many as images. */
static gt_status read_labels(const h5set *d, hid_t labels, gt_notes *notes) {
    hsize_t dims[2] = {0, 1};
    int rank = 0;
    gt_status st = get_dims("labels", labels, 2, dims, &rank);
    if (st) return st;
    hid_t type = H5Dget_type(labels);
    H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    if (type >= 0) H5Tclose(type);
    bool classes = rank == 1 && class == H5T_INTEGER, vectors = rank == 2 && class == H5T_FLOAT;
    if (!classes && !vectors)
        return gt_fail(GT_FORMAT, "labels: must be [N] integers (classes) or [N,L] floats (vectors)");
    if (dims[0] != d->dims[0])
        return gt_fail(GT_FORMAT, "labels: %llu labels for %llu images", (unsigned long long)dims[0],
                       (unsigned long long)d->dims[0]);
    if (dims[1] == 0 || dims[1] > GT_VECTOR_MOST || dims[0] * dims[1] > LABEL_BYTES_MOST / sizeof(float))
        return gt_fail(GT_FORMAT, "labels: %llu numbers per image; 1 to %d and at most %zu MB in all are possible",
                       (unsigned long long)dims[1], GT_VECTOR_MOST, LABEL_BYTES_MOST >> 20);
    if ((st = check_labels_storage(labels, dims[0] * dims[1]))) return st;
    void *numbers = calloc(dims[0] * dims[1], sizeof(float)); /* an int32 has the same size */
    if (!numbers) return gt_fail(GT_NOMEM, "out of memory for labels");
    notes->kind = classes ? GT_LABELS_CLASSES : GT_LABELS_VECTORS;
    if (classes) notes->classes = numbers;
    else notes->vectors = numbers;
    notes->width = (int)dims[1];
    /* numbers beyond 32 bits become the largest one, and are refused as that */
    if (H5Dread(labels, classes ? H5T_NATIVE_INT32 : H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) < 0)
        return gt_hdf5_fail("labels");
    st = classes ? gt_notes_check_classes(notes, (int64_t)dims[0]) : gt_notes_check_vectors(notes, (int64_t)dims[0]);
    return st ? gt_wrap(st, "labels") : GT_OK;
}

/* Reads `count` texts of an attribute's fixed or variable length into text[]; `type` is the attribute's. */
static gt_status read_texts(const char *name, hid_t attribute, hid_t type, size_t count, char **text) {
    size_t stride = H5Tget_size(type), bytes;
    if (H5Tis_variable_str(type) > 0) {
        gt_status st = h5_texts_read(attribute, count, TEXT_MOST, text);
        return st ? gt_wrap(st, "attribute %s", name) : GT_OK;
    }
    if (stride == 0 || stride > TEXT_MOST) return gt_fail(GT_FORMAT, "attribute %s: texts of %zu bytes", name, stride);
    if (gt_mul_overflows(count, stride, &bytes) || bytes > LABEL_BYTES_MOST) return gt_fail(GT_FORMAT, "attribute %s: too large", name);
    char *raw = calloc(1, bytes + 1);
    if (!raw) return gt_fail(GT_NOMEM, "out of memory for attribute %s", name);
    gt_status st = H5Aread(attribute, type, raw) < 0 ? gt_hdf5_fail(name) : GT_OK;
    for (size_t i = 0; i < count && !st; i++)
        if (!(text[i] = strndup(raw + i * stride, stride))) st = gt_fail(GT_NOMEM, "out of memory for attribute %s", name);
    free(raw);
    return st;
}

/* A text attribute of 1 to `most` elements; *count 0 when it is absent. *text and its elements are malloc'ed. */
static gt_status read_text_attribute(hid_t images, const char *name, size_t most, char ***text, int *count) {
    *count = 0;
    *text = NULL;
    if (H5Aexists(images, name) <= 0) return GT_OK;
    hid_t attribute = H5Aopen(images, name, H5P_DEFAULT);
    if (attribute < 0) return gt_hdf5_fail(name);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t n = space < 0 ? 0 : H5Sget_simple_extent_npoints(space);
    gt_status st = GT_OK;
    if (type < 0 || H5Tget_class(type) != H5T_STRING || n < 1 || (size_t)n > most)
        st = gt_fail(GT_FORMAT, "attribute %s: must be %s", name, most == 1 ? "a text" : "a list of texts");
    else if (!(*text = calloc((size_t)n, sizeof **text)))
        st = gt_fail(GT_NOMEM, "out of memory for attribute %s", name);
    else {
        *count = (int)n;
        st = read_texts(name, attribute, type, (size_t)n, *text);
    }
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    H5Aclose(attribute);
    return st;
}

static gt_status read_range(hid_t images, gt_notes *notes) {
    if (H5Aexists(images, "range") <= 0) return GT_OK;
    hid_t attribute = H5Aopen(images, "range", H5P_DEFAULT);
    if (attribute < 0) return gt_hdf5_fail("range");
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    double range[2];
    gt_status st;
    if ((class != H5T_FLOAT && class != H5T_INTEGER) || space < 0 || H5Sget_simple_extent_npoints(space) != 2)
        st = gt_fail(GT_FORMAT, "attribute range: must be two numbers");
    else if (H5Aread(attribute, H5T_NATIVE_DOUBLE, range) < 0) st = gt_hdf5_fail("range");
    else st = gt_notes_set_range(notes, range[0], range[1]);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    H5Aclose(attribute);
    return st;
}

static gt_status read_notes(const h5set *d, gt_notes *notes) {
    bool there;
    gt_status st = check_link(d->file, "labels", &there);
    if (!st && there) {
        hid_t labels = open_set(d->file, "labels", CACHE_LEAST);
        st = labels < 0 ? gt_hdf5_fail("labels") : read_labels(d, labels, notes);
        if (labels >= 0) H5Dclose(labels);
    }
    char **channels = NULL;
    int count = 0;
    if (!st) st = read_text_attribute(d->images, "channels", 1, &channels, &count);
    if (count) notes->channel_names = channels[0];
    free(channels);
    if (!st)
        st = read_text_attribute(d->images, "class_names", GT_CLASS_MOST + 1, &notes->class_name, &notes->class_names);
    if (!st) st = gt_notes_check_names(notes);
    return st ? st : read_range(d->images, notes);
}

static gt_status open_file(h5set *d, gt_stored *s) {
    bool there;
    d->file = gt_hdf5_open(d->path);
    if (d->file < 0) return gt_hdf5_fail("damaged, truncated or no HDF5 file");
    gt_status st = check_link(d->file, "images", &there);
    if (st) return st;
    if (!there) return gt_fail(GT_FORMAT, "holds no dataset 'images' [N,H,W,C]");
    if ((d->images = open_set(d->file, "images", CACHE_LEAST)) < 0) return gt_hdf5_fail("images");
    if ((d->space = H5Dget_space(d->images)) < 0) return gt_hdf5_fail("images");
    size_t cache = CACHE_LEAST;
    if ((st = check_dims(d)) || (st = check_type(d->images, &d->type)) || (st = check_storage(d, &cache))) return st;
    if (cache > CACHE_LEAST) { /* the cache is sized when a dataset is opened */
        H5Dclose(d->images);
        if ((d->images = open_set(d->file, "images", cache)) < 0) return gt_hdf5_fail("images");
    }
    if ((st = h5_chunks_open(&d->chunks, d->images))) return gt_wrap(st, "images");
    hsize_t block[4] = {1, d->dims[1], d->dims[2], d->dims[3]};
    if ((d->block = H5Screate_simple(4, block, NULL)) < 0) return gt_hdf5_fail("images");
    s->count = (int64_t)d->dims[0];
    s->height = (int)d->dims[1];
    s->width = (int)d->dims[2];
    s->channels = (int)d->dims[3];
    s->type = d->type;
    return read_notes(d, &s->notes);
}

static gt_status open_hdf5(gt_stored *s, const char *spec) {
    h5set *d = malloc(sizeof *d);
    if (!d) return gt_fail(GT_NOMEM, "out of memory for opening '%s'", spec);
    *d = (h5set){.path = strdup(spec), .file = -1, .images = -1, .space = -1, .block = -1};
    s->state = d;
    s->close = close_set;
    s->read = read_image;
    s->fingerprint = fingerprint;
    s->main_thread_only = true;
    gt_status st = d->path ? open_file(d, s) : gt_fail(GT_NOMEM, "out of memory");
    return st ? gt_wrap(st, "'%s'", spec) : GT_OK;
}

const gt_stored_kind gt_stored_hdf5 = {.name = "hdf5", .claims = claims, .open = open_hdf5};
