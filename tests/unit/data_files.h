/* SPDX-License-Identifier: Apache-2.0
 * What the data tests share: small pictures in files and in archives made by libzip. */
#ifndef TESTS_DATA_FILES_H
#define TESTS_DATA_FILES_H

#include "scratch.h"

#include <arpa/inet.h>
#include <math.h>
#include <sys/resource.h>
#include <zip.h>

#include "files/codec/door/codec.h"
#include "gantry/dataset.h"
#include "base/door/hash.h"

/* Samples of picture i: every one differs from its neighbours, and pictures differ. */
static inline void paint(int i, int height, int width, int channels, uint8_t *pixels) {
    for (int k = 0; k < height * width * channels; k++) pixels[k] = (uint8_t)(31 * i + 7 * k + k * k / 5);
}

typedef struct bytes {
    void *data;
    size_t n;
} bytes;

static inline bytes picture(int i, int height, int width, int channels) {
    bytes b;
    uint8_t *pixels = malloc((size_t)height * (size_t)width * (size_t)channels);
    paint(i, height, width, channels, pixels);
    assert_int_equal(
        gt_png_encode(&(gt_picture){.height = height, .width = width, .channels = channels, .samples = pixels}, 6,
                      &b.data, &b.n),
        GT_OK);
    free(pixels);
    return b;
}

static inline void put_picture(const char *path, int i, int height, int width, int channels) {
    bytes b = picture(i, height, width, channels);
    put(path, b.data, b.n);
    free(b.data);
}

enum { CHUNKS_AT = 33 }; /* behind the IHDR of a PNG */

/* One more chunk in a PNG, at that byte. */
static inline void add_chunk(bytes *b, size_t at_byte, const char *type, const void *data, size_t n) {
    uint8_t *p = realloc(b->data, b->n + n + 12);
    assert_non_null(p);
    memmove(p + at_byte + n + 12, p + at_byte, b->n - at_byte);
    memcpy(p + at_byte + 4, type, 4);
    if (n) memcpy(p + at_byte + 8, data, n);
    uint32_t length = htonl((uint32_t)n), crc = htonl(gt_crc32(0, p + at_byte + 4, n + 4));
    memcpy(p + at_byte, &length, 4);
    memcpy(p + at_byte + 8 + n, &crc, 4);
    b->data = p;
    b->n += n + 12;
}

/* n bytes that say nothing, in front of all there is. */
static inline void add_padding(bytes *b, size_t n) {
    char *data = calloc(1, n);
    memcpy(data, "note", 4);
    add_chunk(b, CHUNKS_AT, "tEXt", data, n);
    free(data);
}

/* Grey as a palette, the darker the more opaque, `padding` bytes in front of it. */
static inline bytes palette_picture(int i, int height, int width, size_t padding) {
    uint8_t palette[256 * 3], opaque[256];
    for (int k = 0; k < 256 * 3; k++) palette[k] = (uint8_t)(k / 3);
    for (int k = 0; k < 256; k++) opaque[k] = (uint8_t)(255 - k);
    bytes b = picture(i, height, width, 1);
    uint8_t *ihdr = b.data;
    ihdr[25] = 3; /* the colour type */
    uint32_t crc = htonl(gt_crc32(0, ihdr + 12, 17));
    memcpy(ihdr + 29, &crc, 4);
    add_chunk(&b, CHUNKS_AT, "tRNS", opaque, sizeof opaque);
    add_chunk(&b, CHUNKS_AT, "PLTE", palette, sizeof palette);
    add_padding(&b, padding);
    return b;
}

/* Where a PNG says how it is to be turned: at its beginning, or behind more than a look at its head takes. */
typedef enum turn { TURN_FRONT, TURN_FAR, TURNS } turn;

/* height x width as shown, lying on its side as stored. */
static inline bytes turned_picture(int i, int height, int width, turn how) {
    static const char exif[] = "MM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1\0\6\0\0\0\0\0\0";
    bytes b = picture(i, width, height, 3);
    add_chunk(&b, CHUNKS_AT, "eXIf", exif, sizeof exif - 1);
    if (how == TURN_FAR) add_padding(&b, 70000);
    return b;
}

/* An archive in the making; entries' bytes are copied. */
static inline zip_t *begin_zip(const char *path) {
    int error;
    unlink(path);
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &error);
    assert_non_null(z);
    return z;
}

static inline void add_entry(zip_t *z, const char *name, const void *data, size_t n, int method) {
    void *copy = n ? malloc(n) : NULL; /* libzip does not free what it holds of an empty entry */
    if (n) memcpy(copy, data, n);
    zip_int64_t index = zip_file_add(z, name, zip_source_buffer(z, copy, n, 1), ZIP_FL_ENC_UTF_8);
    assert_true(index >= 0);
    assert_int_equal(zip_set_file_compression(z, (zip_uint64_t)index, method, 0), 0);
}

static inline void add_picture(zip_t *z, const char *name, int i, int height, int width, int channels) {
    bytes b = picture(i, height, width, channels);
    add_entry(z, name, b.data, b.n, i % 2 ? ZIP_CM_DEFLATE : ZIP_CM_STORE);
    free(b.data);
}

static inline void end_zip(zip_t *z) { assert_int_equal(zip_close(z), 0); }

/* n pictures 00000/imgNNNNNNNN.png of 8 x 8 RGB and a dataset.json (NULL: none), in an order that is not sorted. */
static inline const char *simple_zip(const char *name, int n, const char *json) {
    const char *path = at(name);
    zip_t *z = begin_zip(path);
    if (json) add_entry(z, "dataset.json", json, strlen(json), ZIP_CM_DEFLATE);
    zip_dir_add(z, "00000/", 0);
    for (int i = n - 1; i >= 0; i--) {
        char entry[64];
        snprintf(entry, sizeof entry, "00000/img%08d.png", i);
        add_picture(z, entry, i, 8, 8, 3);
    }
    end_zip(z);
    return path;
}

/* The most memory this process ever had, in KiB: a test of what is not taken looks before and after. */
static inline long peak_memory(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

/* before, `unit` again and again, after: at least `bytes` of text; free() it. */
static inline char *long_text(const char *before, const char *unit, const char *after, size_t bytes) {
    size_t n = strlen(unit), used = strlen(before);
    char *text = malloc(used + bytes + n + strlen(after) + 1);
    assert_non_null(text);
    memcpy(text, before, used);
    for (; used < bytes; used += n) memcpy(text + used, unit, n);
    strcpy(text + used, after);
    return text;
}

/* Opening fails, and the message holds all the words (NULL ends them). */
static inline void check_refused(const char *spec, const gt_dataset_options *options, const char *const *words) {
    gt_dataset *ds;
    gt_status st = gt_dataset_open(&ds, spec, options);
    if (!st) fail_msg("'%s' was opened", spec);
    assert_null(ds);
    for (; *words; words++) assert_message(*words);
}
#define refused(spec, ...) check_refused(spec, NULL, (const char *const[]){__VA_ARGS__, NULL})

static inline gt_dataset *opened(const char *spec, const gt_dataset_options *options) {
    gt_dataset *ds;
    if (gt_dataset_open(&ds, spec, options)) fail_msg("%s", gt_message());
    return ds;
}

#endif
