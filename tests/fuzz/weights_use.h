/* SPDX-License-Identifier: Apache-2.0
 * Files of weights, for the targets that read them: what is done with a file, and parts of pickles for seeds. */
#ifndef TESTS_FUZZ_WEIGHTS_USE_H
#define TESTS_FUZZ_WEIGHTS_USE_H

#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/door/file.h"
#include "base/door/numbers.h"
#include "files/codec/door/weights.h"
#include "fuzz.h"
#include "base/door/hash.h"

enum { FUZZ_MOST_ELEMENTS = 1 << 16 };

static inline void fuzz_use_weights(const uint8_t *bytes, size_t n) {
    gt_status st;
    gt_weights *w = gt_weights_open(fuzz_named("input.pkl", bytes, n), &st);
    fuzz_check(!w == !!st);
    for (size_t i = 0; w && i < gt_weights_count(w); i++) {
        const gt_weight *t = gt_weights_at(w, i);
        size_t found, size = 1;
        fuzz_check(t->n_dims >= 0 && t->n_dims <= GT_WEIGHT_MOST_DIMS);
        for (int k = 0; k < t->n_dims; k++) size *= (size_t)t->dims[k];
        fuzz_check(size == t->size && gt_weights_find(w, t->name, &found) == t && found == i);
        if (size > FUZZ_MOST_ELEMENTS) continue;
        float *out = malloc(size * sizeof *out + 1); /* of that size, so that AddressSanitizer sees one too many */
        fuzz_check(out);
        st = gt_weights_read(w, i, out);
        free(out);
    }
    for (size_t i = 0; w && i < gt_weights_facts(w); i++) {
        const gt_fact *f = gt_weights_fact_at(w, i);
        fuzz_check(f->kind != GT_FACT_TEXT || strlen(f->text) < n + 1);
        fuzz_check(gt_weights_fact(w, f->name) && !strcmp(gt_weights_fact(w, f->name)->name, f->name));
    }
    gt_weights_close(w);
}

/* ---- ZIP archives ---- */

/* The checksums of stored entries, in the index. */
static inline void fuzz_repair_zip(uint8_t *bytes, size_t n) {
    enum { CRC = 16, SIZE = 20, NAME = 28, LOCAL = 42, INDEX_BYTES = 46, LOCAL_NAME = 26, LOCAL_BYTES = 30 };
    for (size_t i = 0; i + INDEX_BYTES <= n; i++) {
        if (memcmp(bytes + i, "PK\1\2", 4)) continue;
        size_t local = gt_le32(bytes + i + LOCAL), size = gt_le32(bytes + i + SIZE);
        if (local > n || n - local < LOCAL_BYTES) continue;
        size_t begin = local + LOCAL_BYTES + gt_le16(bytes + local + LOCAL_NAME) + gt_le16(bytes + local + 28);
        if (begin > n || size > n - begin) continue;
        uint32_t crc = htole32(gt_crc32(0, bytes + begin, size));
        memcpy(bytes + i + CRC, &crc, sizeof crc);
    }
}

static inline void fuzz_add_entry(zip_t *z, const char *name, const void *bytes, size_t n, int method) {
    void *copy = malloc(n + 1);
    fuzz_check(copy);
    memcpy(copy, bytes, n);
    zip_int64_t index = zip_file_add(z, name, zip_source_buffer(z, copy, n, 1), ZIP_FL_ENC_UTF_8);
    fuzz_check(index >= 0 && zip_set_file_compression(z, (zip_uint64_t)index, method, 0) == 0);
}

/* ---- pickles ---- */

/* Parts of a pickle, one after the other; sizes below 256. */
#define P_TEXT(b, text) p_counted(b, "X", 4, text, sizeof(text) - 1)
#define P_RAW(b, bytes) gt_buffer_add(b, bytes, sizeof(bytes) - 1)

static inline void p_counted(gt_buffer *b, const char *opcode, size_t width, const void *bytes, size_t n) {
    uint64_t length = htole64(n);
    gt_buffer_add(b, opcode, 1);
    gt_buffer_add(b, &length, width);
    gt_buffer_add(b, bytes, n);
}

/* Text of which each character is a byte, and the call that makes bytes of it: protocol 2. */
static inline void p_encoded(gt_buffer *b, const uint8_t *bytes, size_t n) {
    gt_buffer text = {0};
    for (size_t i = 0; i < n; i++) {
        uint8_t two[2] = {(uint8_t)(0xc0 | bytes[i] >> 6), (uint8_t)(0x80 | (bytes[i] & 0x3f))};
        gt_buffer_add(&text, bytes[i] < 0x80 ? &bytes[i] : two, bytes[i] < 0x80 ? 1 : 2);
    }
    P_RAW(b, "c_codecs\nencode\n");
    p_counted(b, "X", 4, text.data, text.n);
    P_TEXT(b, "latin1");
    P_RAW(b, "\x86R");
    gt_buffer_free(&text);
}

/* The head of a stream of torch.save. */
static inline void p_legacy_head(gt_buffer *b) {
    P_RAW(b, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}(X\x0d\0\0\0little_"
             "endian\x88X\x10\0\0\0protocol_versionM\xe9\x03u.");
}

/* ("storage", class, key, "cpu", count, None) */
static inline void p_storage_id(gt_buffer *b, const char *class, char key, int count, bool view) {
    gt_buffer_printf(b, "(X\a%c%c%cstorageq%cctorch\n%sStorage\nX%c%c%c%c%cX\x03%c%c%ccpuK%c", 0, 0, 0, 1, class, 1, 0,
                     0, 0, key, 0, 0, 0, count);
    gt_buffer_add(b, view ? "NtQ" : "tQ", view ? 3 : 2);
}

static inline void p_numbers(gt_buffer *b, int count, size_t bytes) {
    uint64_t n = htole64((uint64_t)count);
    gt_buffer_add(b, &n, 8);
    for (size_t i = 0; i < (size_t)count * bytes; i++) gt_buffer_add(b, &(char){(char)(17 * i)}, 1);
}

#endif
