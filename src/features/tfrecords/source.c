/* SPDX-License-Identifier: Apache-2.0
 * TFRecords as the StyleGAN tools write them: NAME-r02.tfrecords .. NAME-r10.tfrecords hold the same images at sizes 4
 * to 1024, NAME-rxx.labels (a .npy array of one-hot rows) their labels. Of several files the one of the largest images
 * counts.
 *
 * A record is its length (8 bytes), the checksum of the length (4), the data, the checksum of the data (4); a checksum
 * is a CRC-32C that is rotated, plus a constant. The data are a protobuf message tensorflow.Example: a map of features,
 * of which `shape` ([C,H,W]) and `data` (the samples, bytes) matter.
 *
 * No C library of Debian reads TFRecords. protobuf-c would read the message, with a compiler more to build with and a
 * copy of every picture; the three kinds of fields that occur are 60 lines. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/numbers.h"
#include "files/codec/door/raw_picture.h"
#include "data/door/source.h"
#include "base/door/memory.h"

enum { LENGTH_BYTES = 12, CHECKSUM_BYTES = 4, RECORD_MOST = GT_PICTURE_MAX_BYTES, LABELS_MOST = 1 << 30 };

static const char ending[] = ".tfrecords";

typedef struct tfrecords {
    uint64_t *at; /* of record i: the beginning of its data; [count + 1], the last one for the end */
    size_t room;
} tfrecords;

static bool is_file(const char *name) {
    size_t n = strlen(name), m = sizeof ending - 1;
    return n > m && !strcmp(name + n - m, ending);
}

/* The record files directly in a folder. */
static gt_status list_files(gt_name_list *l, const char *folder) {
    DIR *dir = opendir(folder);
    if (!dir) return gt_fail(GT_FAILED, "cannot be listed: %s", strerror(errno));
    gt_status st = GT_OK;
    for (struct dirent *e; !st && (e = readdir(dir));)
        if (is_file(e->d_name)) st = gt_names_add(l, e->d_name, strlen(e->d_name));
    closedir(dir);
    gt_names_sort(l, gt_by_code_points);
    return st;
}

static bool claims_tfrecords(const gt_spec *spec) {
    if (spec->is_file) return is_file(spec->text);
    gt_name_list l = {0};
    bool mine = spec->is_folder && !list_files(&l, spec->text) && l.count > 0;
    gt_names_free(&l);
    return mine;
}

/* ---- records ---- */

static uint32_t checksum(const void *data, size_t n) {
    uint32_t crc = gt_crc32c(0, data, n);
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

/* The length of the record that begins at `at`. */
static gt_status record_length(const gt_temp_file *file, uint64_t at, int64_t number, uint64_t *length) {
    uint8_t head[LENGTH_BYTES];
    if (gt_read_at(file->fd, at, head, sizeof head)) return gt_fail(GT_FORMAT, "truncated in record %" PRId64, number);
    *length = gt_le64(head);
    if (checksum(head, 8) != gt_le32(head + 8))
        return gt_fail(GT_FORMAT, "damaged: the length of record %" PRId64 " fails its checksum", number);
    uint64_t left = file->size - at - LENGTH_BYTES;
    if (left < CHECKSUM_BYTES || *length > left - CHECKSUM_BYTES)
        return gt_fail(GT_FORMAT, "truncated in record %" PRId64, number);
    if (*length > RECORD_MOST)
        return gt_fail(GT_FORMAT, "record %" PRId64 " has %" PRIu64 " bytes; at most %d are read", number, *length,
                       RECORD_MOST);
    return GT_OK;
}

static gt_status index_records(gt_source *s) {
    tfrecords *t = s->state;
    int64_t *count = &s->count;
    gt_status st = GT_OK;
    uint64_t at = 0, length = 0;
    for (*count = 0; !st; ++*count) {
        if ((st = gt_grow(&t->at, &t->room, (size_t)*count + 1, sizeof *t->at, "a list of records"))) break;
        t->at[*count] = at + LENGTH_BYTES;
        if (at == s->file.size) break;
        st = record_length(&s->file, at, *count, &length);
        at += LENGTH_BYTES + length + CHECKSUM_BYTES;
    }
    return st;
}

/* ---- the message ---- */

typedef struct field {
    uint64_t number, wire, integer; /* wire 0: integer */
    const uint8_t *bytes;           /* wire 2 */
    size_t n;
} field;

static bool take_varint(const uint8_t **p, const uint8_t *end, uint64_t *v) {
    *v = 0;
    for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
        uint8_t c = *(*p)++;
        *v |= (uint64_t)(c & 0x7f) << shift;
        if (!(c & 0x80)) return true;
    }
    return false;
}

/* The next field of a message; false: damaged. */
static bool take_field(const uint8_t **p, const uint8_t *end, field *f) {
    uint64_t key, n;
    if (!take_varint(p, end, &key)) return false;
    *f = (field){.number = key >> 3, .wire = key & 7};
    if (f->wire == 0) return take_varint(p, end, &f->integer);
    if (f->wire == 2 && !take_varint(p, end, &n)) return false;
    if (f->wire == 1) n = 8;
    else if (f->wire == 5) n = 4;
    else if (f->wire != 2) return false;
    if (n > (uint64_t)(end - *p)) return false;
    f->bytes = *p;
    f->n = (size_t)n;
    *p += n;
    return true;
}

typedef struct example {
    uint64_t shape[3]; /* C, H, W */
    size_t dimensions;
    const uint8_t *data;
    size_t n;
} example;

/* The numbers of a list, packed (wire 2) or one by one (wire 0). */
static bool read_shape(example *x, const uint8_t *p, size_t n) {
    const uint8_t *end = p + n;
    for (field f; p < end;) {
        if (!take_field(&p, end, &f) || f.number != 1) return false;
        const uint8_t *q = f.bytes;
        uint64_t v = f.integer;
        while (f.wire == 0 || q < f.bytes + f.n) {
            if ((f.wire == 2 && !take_varint(&q, f.bytes + f.n, &v)) || x->dimensions == 3) return false;
            x->shape[x->dimensions++] = v;
            if (f.wire == 0) break;
        }
    }
    return true;
}

/* Feature: bytes_list = 1, int64_list = 3; each list's values are its field 1. */
static bool read_feature(example *x, const char *key, size_t key_n, const uint8_t *p, size_t n) {
    const uint8_t *end = p + n;
    field f;
    if (!take_field(&p, end, &f)) return n == 0;
    if (key_n == 5 && !memcmp(key, "shape", 5) && f.number == 3 && f.wire == 2) return read_shape(x, f.bytes, f.n);
    if (key_n == 4 && !memcmp(key, "data", 4) && f.number == 1 && f.wire == 2) {
        const uint8_t *q = f.bytes;
        field value;
        if (!take_field(&q, f.bytes + f.n, &value) || value.number != 1 || value.wire != 2) return false;
        x->data = value.bytes;
        x->n = value.n;
    }
    return true;
}

/* An entry of the map: key = 1, value = 2. */
static bool read_entry(example *x, const uint8_t *p, size_t n) {
    field key = {0}, value = {0};
    for (const uint8_t *end = p + n; p < end;) {
        field f;
        if (!take_field(&p, end, &f)) return false;
        if (f.wire == 2 && f.number == 1) key = f;
        if (f.wire == 2 && f.number == 2) value = f;
    }
    return !key.bytes || !value.bytes || read_feature(x, (const char *)key.bytes, key.n, value.bytes, value.n);
}

static gt_status parse_example(example *x, const uint8_t *p, size_t n) {
    *x = (example){0};
    bool good = true;
    for (const uint8_t *end = p + n; good && p < end;) {
        field features, entry;
        good = take_field(&p, end, &features);
        if (!good || features.number != 1 || features.wire != 2) continue;
        for (const uint8_t *q = features.bytes, *last = q + features.n; good && q < last;) {
            good = take_field(&q, last, &entry);
            if (good && entry.number == 1 && entry.wire == 2) good = read_entry(x, entry.bytes, entry.n);
        }
    }
    if (!good) return gt_fail(GT_FORMAT, "damaged: not a message of TensorFlow");
    if (x->dimensions != 3 || !x->data)
        return gt_fail(GT_FORMAT, "not a record of the StyleGAN tools: 'shape' (3 numbers) and 'data' are needed");
    gt_status st = gt_picture_check_size(x->shape[1], x->shape[2], x->shape[0], GT_U8, 0);
    if (!st && x->shape[0] * x->shape[1] * x->shape[2] != x->n)
        st = gt_fail(GT_FORMAT, "damaged: %zu bytes for %" PRIu64 " x %" PRIu64 " x %" PRIu64 " samples", x->n,
                     x->shape[0], x->shape[1], x->shape[2]);
    return st;
}

/* The bytes of the record whose data are those from `at` to `next` and what stands between two records, malloc'ed, and
 * what they mean. */
static gt_status load_record(int fd, uint64_t at, uint64_t next, uint8_t **bytes, example *x) {
    size_t n = (size_t)(next - at) - LENGTH_BYTES; /* with its checksum */
    *bytes = malloc(n);
    if (!*bytes) return gt_fail(GT_NOMEM, "out of memory for %zu bytes", n);
    gt_status st = gt_read_at(fd, at, *bytes, n);
    n -= CHECKSUM_BYTES;
    if (!st && checksum(*bytes, n) != gt_le32(*bytes + n))
        st = gt_fail(GT_FORMAT, "damaged: its data do not have their checksum");
    return st ? st : parse_example(x, *bytes, n);
}

static gt_status load_item(const gt_source *s, int64_t i, uint8_t **bytes, example *x) {
    const uint64_t *at = ((const tfrecords *)s->state)->at;
    return load_record(s->file.fd, at[i], at[i + 1], bytes, x);
}

/* ---- items ---- */

static gt_status read_item(const gt_source *s, int64_t i, gt_picture *out) {
    GT_FREED uint8_t *bytes = NULL;
    example x = {0};
    gt_status st = load_item(s, i, &bytes, &x);
    if (!st) st = gt_picture_new(out, (int)x.shape[1], (int)x.shape[2], (int)x.shape[0], GT_U8);
    size_t channels = (size_t)x.shape[0], plane = st ? 0 : (size_t)(x.shape[1] * x.shape[2]);
    for (size_t k = 0; k < plane; k++)
        for (size_t c = 0; c < channels; c++) ((uint8_t *)out->samples)[k * channels + c] = x.data[c * plane + k];
    return st;
}

static gt_status head_item(const gt_source *s, int64_t i, size_t first, gt_picture_info *out) {
    GT_FREED uint8_t *bytes = NULL;
    example x = {0};
    (void)first;
    gt_status st = load_item(s, i, &bytes, &x);
    if (!st)
        *out = (gt_picture_info){.format = "TFRecord",
                                 .height = (int)x.shape[1],
                                 .width = (int)x.shape[2],
                                 .channels = (int)x.shape[0],
                                 .bits = 8};
    return st;
}

static const char *name_item(const gt_source *s, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    (void)s;
    snprintf(buffer, GT_ITEM_NAME_BYTES, "record %" PRId64, i);
    return buffer;
}

static void close_tfrecords(void *state) {
    tfrecords *t = state;
    free(t->at);
}

/* ---- which file, which labels ---- */

/* Pixels of a file's first image; 0: it cannot be read. */
static uint64_t size_of(const char *path) {
    gt_temp_file file;
    uint64_t length = 0, size = 0;
    GT_FREED uint8_t *bytes = NULL;
    example x;
    if (!gt_source_file(path, &file.fd, &file.size) && !record_length(&file, 0, 0, &length) &&
        !load_record(file.fd, LENGTH_BYTES, 2 * LENGTH_BYTES + length + CHECKSUM_BYTES, &bytes, &x))
        size = x.shape[1] * x.shape[2];
    gt_temp_file_close(&file);
    return size;
}

/* The file of the largest images in a folder. */
static gt_status choose_file(char **chosen, gt_arena *a, const char *folder) {
    gt_name_list l = {0};
    gt_status st = list_files(&l, folder);
    uint64_t largest = 0;
    *chosen = NULL;
    for (size_t i = 0; i < l.count && !st; i++) {
        char *path = gt_arena_printf(a, "%s/%s", folder, gt_names_at(&l, i));
        if (!path) st = GT_NOMEM;
        uint64_t size = path ? size_of(path) : 0;
        if (path && (size > largest || !*chosen)) *chosen = path, largest = size;
    }
    gt_names_free(&l);
    if (!st && !*chosen) st = gt_fail(GT_FORMAT, "holds no *%s", ending);
    return st;
}

/* NAME-rxx.labels for NAME-r08.tfrecords, else NAME.labels; NULL: out of memory. */
static char *labels_path(gt_arena *a, const char *path) {
    size_t n = strlen(path) - (sizeof ending - 1);
    bool level = n > 4 && path[n - 4] == '-' && path[n - 3] == 'r';
    return gt_arena_printf(a, "%.*s%s.labels", (int)(level ? n - 4 : n), path, level ? "-rxx" : "");
}

static gt_status parse_labels(gt_source *s, const void *bytes, size_t n) {
    gt_npy a;
    gt_status st = gt_npy_head(&a, bytes, n);
    if (st) return st;
    if (a.dimensions != 2 || a.shape[0] != (size_t)s->count)
        return gt_fail(GT_FORMAT, "no array of %" PRId64 " rows", s->count);
    if (a.elements > (n - a.head) / (size_t)a.size) return gt_fail(GT_FORMAT, "truncated");
    /* without columns: how the tools say that there are no labels */
    if (!a.shape[1]) return GT_OK;
    /* the tools write classes as one-hot floats */
    return gt_labels_of_array(&s->info, s->count, &a, (const char *)bytes + a.head, true);
}

static gt_status read_labels(gt_source *s, const char *path) {
    GT_FREED void *bytes = NULL;
    size_t n;
    const char *file = labels_path(s->arena, path), *slash = file ? strrchr(file, '/') : NULL;
    if (!file) return GT_NOMEM;
    if (access(file, F_OK))
        return gt_notes_say(&s->info, "no labels: there is no '%.200s' beside it", slash ? slash + 1 : file);
    gt_status st = gt_file_read(file, LABELS_MOST, &bytes, &n);
    if (st) return st;
    st = gt_check_no_page(bytes, n);
    if (!st) st = parse_labels(s, bytes, n);
    return st ? gt_wrap(st, "labels in '%s'", file) : GT_OK;
}

static gt_status open_tfrecords(gt_source *s, const gt_source_options *options) {
    const char *spec = s->spec;
    s->read = read_item;
    s->head = head_item;
    s->slow_heads = true;
    s->name = name_item;
    char *path = s->spec;
    gt_status st = is_file(spec) ? GT_OK : choose_file(&path, s->arena, spec);
    if (!st) s->stamp = gt_file_stamp(path);
    if (!st && !(st = gt_source_file(path, &s->file.fd, &s->file.size))) st = index_records(s);
    if (st && path && !is_file(spec)) gt_wrap(st, "'%s'", path);
    return !st && gt_own_labels(options) ? read_labels(s, path) : st;
}

const gt_source_kind gt_source_tfrecords = {.name = "tfrecords",
                                            .looks = "FILE.tfrecords or a folder of these",
                                            .claims = claims_tfrecords,
                                            .state_bytes = sizeof(tfrecords),
                                            .close = close_tfrecords,
                                            .open = open_tfrecords};
