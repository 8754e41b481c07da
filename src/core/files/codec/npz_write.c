/* SPDX-License-Identifier: Apache-2.0
 * Writes .npz: a ZIP archive of stored .npy files, as numpy.savez() does. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/npz.h"
#include "files/codec/door/weights_write.h"

enum { CHARACTER_BYTES = 4 };

/* An archive on its way to a file. */
typedef struct archive {
    int fd, error;
    uint64_t offset, entries, indexed;
    gt_buffer index;
} archive;

static void append_bytes(archive *a, const void *data, size_t bytes) {
    if (!a->error) a->error = gt_write_all(a->fd, data, bytes);
    a->offset += bytes;
}

/* NAME.npy: the header of an array and its bytes. */
static void put_array(archive *a, const char *array, const char *type, int n_dims, const int64_t *dims,
                      const void *data, size_t bytes) {
    GT_BUFFER gt_buffer before = {0};
    gt_npz_record(&before, &a->index, &a->indexed, array, type, n_dims, dims, data, bytes);
    if (before.failed) a->error = ENOMEM;
    append_bytes(a, before.data, before.n);
    append_bytes(a, data, bytes);
    a->entries++;
}

/* UTF-8 as numpy's "<U": a number of four bytes for each character. Returns how many. */
static size_t decode_character(const char *text, uint32_t *out) {
    size_t n = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        int more = *p < 0xc0 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
        uint32_t code = more ? *p & (0x3fu >> more) : *p;
        for (p++; more-- && (*p & 0xc0) == 0x80; p++) code = code << 6 | (*p & 0x3f);
        out[n++] = htole32(code);
    }
    return n;
}

static void put_text(archive *a, const gt_weight_text *t) {
    char type[32];
    GT_FREED uint32_t *characters = calloc(strlen(t->text) + 1, CHARACTER_BYTES);
    if (!characters) {
        a->error = ENOMEM;
        return;
    }
    size_t n = decode_character(t->text, characters);
    if (!n) n = 1; /* numpy has no text of type U0; what is left is a zero, which it does not count */
    snprintf(type, sizeof type, "<U%zu", n);
    put_array(a, t->name, type, 0, NULL, characters, n * CHARACTER_BYTES);
}

static int fill_file(int fd, void *arg) {
    const gt_weights_out *w = arg;
    archive a = {.fd = fd};
    GT_FREED float *scratch = gt_weights_scratch(w);
    if (!scratch) return ENOMEM;
    for (int i = 0; i < w->n_texts && !a.error; i++) put_text(&a, &w->texts[i]);
    for (int i = 0; i < w->n && !a.error; i++) {
        const gt_weight_out *t = &w->weights[i];
        put_array(&a, t->name, "<f4", t->n_dims, t->dims, gt_weight_values(t, scratch), t->size * sizeof(float));
    }
    uint64_t start = a.offset, length = a.index.n;
    gt_zip_put_end(&a.index, a.entries, start, length);
    if (a.index.failed) a.error = ENOMEM;
    append_bytes(&a, a.index.data, a.index.n);
    gt_buffer_free(&a.index);
    return a.error;
}

gt_status gt_npz_write(const char *path, const gt_weights_out *w) {
    for (int i = 0; i < w->n; i++)
        if (w->weights[i].size >= (GT_ZIP_TOO_LARGE - GT_NPY_MADE_MAX) / sizeof(float))
            return gt_fail(GT_USAGE, "'%s': the tensor %s has 4 GB or more, too much for a .npz file", path,
                           w->weights[i].name);
    return gt_file_replace_by(path, fill_file, (void *)w, gt_weights_bytes(w));
}
