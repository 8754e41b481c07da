/* SPDX-License-Identifier: Apache-2.0
 * ZIP archives: the index, every entry, and the archive as a dataset. */
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "dataset_use.h"
#include "files/codec/door/codec.h"
#include "base/door/hash.h"

enum { MOST_UNPACKED = 16 << 20, HEIGHT = 4, WIDTH = 4 };

static void add(zip_t *z, const char *name, const void *bytes, size_t n, int method) {
    void *copy = malloc(n);
    memcpy(copy, bytes, n);
    zip_int64_t index = zip_file_add(z, name, zip_source_buffer(z, copy, n, 1), ZIP_FL_ENC_UTF_8);
    fuzz_check(index >= 0 && zip_set_file_compression(z, (zip_uint64_t)index, method, 0) == 0);
}

static void add_png(zip_t *z, const char *name, const uint8_t *pixels, int channels, int method) {
    void *png;
    size_t n;
    fuzz_check(!gt_png_encode(
        &(gt_picture){.height = HEIGHT, .width = WIDTH, .channels = channels, .samples = (void *)pixels}, 6, &png, &n));
    add(z, name, png, n, method);
    free(png);
}

static void seed(fuzz_put *put, void *arg, int pictures, const char *json, bool masks) {
    char name[32];
    const char *path = fuzz_scratch();
    int error;
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &error);
    fuzz_check(z);
    for (int i = 0; i < pictures; i++) {
        uint8_t pixels[HEIGHT * WIDTH * 3];
        for (size_t k = 0; k < sizeof pixels; k++) pixels[k] = (uint8_t)(31 * (size_t)i + 7 * k);
        snprintf(name, sizeof name, "img%d.png", i);
        add_png(z, name, pixels, 3, i % 2 ? ZIP_CM_DEFLATE : ZIP_CM_STORE);
        for (size_t k = 0; k < HEIGHT * WIDTH; k++) pixels[k] = k ? k % 3 : GT_MASK_IGNORE;
        snprintf(name, sizeof name, "masks/img%d.png", i);
        if (masks) add_png(z, name, pixels, 1, ZIP_CM_STORE);
    }
    zip_dir_add(z, "00000/", 0);
    if (json) add(z, "dataset.json", json, strlen(json), ZIP_CM_DEFLATE);
    fuzz_check(zip_close(z) == 0);
    fuzz_put_scratch(put, arg, path);
}

static void seeds(fuzz_put *put, void *arg) {
    seed(put, arg, 2, NULL, false);
    seed(put, arg, 2, "{\"labels\": null, \"mask_classes\": [\"a\", \"b\", \"c\"]}", true);
    seed(put, arg, 3, "{\"labels\": [[\"img0.png\", 1], [\"img1.png\", 0], [\"img2.png\", 3]]}", false);
    seed(put, arg, 1, "{\"labels\": [[\"img0.png\", [1, 2.5]]], \"range\": [0, 255]}", false);
    seed(put, arg, 0, "{}", false);
}

static void read_all(gt_zip *z) {
    for (size_t i = 0; i < gt_zip_count(z); i++) {
        const gt_zip_entry *e = gt_zip_at(z, i);
        size_t found;
        uint8_t head[8];
        fuzz_check(gt_zip_find(z, e->name, &found) == e && found == i);
        fuzz_check(i == 0 || strcmp(gt_zip_at(z, i - 1)->name, e->name) < 0);
        if (e->size > MOST_UNPACKED) continue;
        uint8_t *out = malloc(e->size + 1);
        fuzz_check(out);
        if (!gt_zip_read(z, i, out)) fuzz_check(gt_crc32(0, out, e->size) == e->crc);
        gt_status st = gt_zip_peek(z, i, head, sizeof head);
        (void)st;
        free(out);
    }
}

static void run(const uint8_t *bytes, size_t n) {
    const char *path = fuzz_file(bytes, n);
    gt_zip *z;
    if (gt_zip_open(&z, path)) return;
    read_all(z);
    gt_zip_close(z);
    fuzz_use_dataset(path);
}

const fuzz_target target = {.variants = 300, .seeds = seeds, .run = run};
