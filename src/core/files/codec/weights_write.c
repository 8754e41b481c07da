/* SPDX-License-Identifier: Apache-2.0
 * What the writers of weights_write.h share, and .safetensors: the length of a JSON header, the header, the tensors. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/weights_write.h"

const float *gt_weight_values(const gt_weight_out *w, float *scratch) {
    if (w->data) return w->data;
    w->values(w->arg, scratch);
    return scratch;
}

float *gt_weights_scratch(const gt_weights_out *w) {
    size_t most = 1;
    for (int i = 0; i < w->n; i++)
        if (!w->weights[i].data && w->weights[i].size > most) most = w->weights[i].size;
    return calloc(most, sizeof(float));
}

size_t gt_weights_bytes(const gt_weights_out *w) {
    size_t bytes = 0;
    for (int i = 0; i < w->n; i++) bytes += w->weights[i].size * sizeof(float);
    return bytes;
}

/* ---- .safetensors ---- */

enum { LENGTH_BYTES = 8 };

static void put_text(gt_buffer *b, const char *text) {
    json_t *value = json_string(text);
    GT_FREED char *json = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;
    if (json) gt_buffer_add(b, json, strlen(json));
    else b->failed = true;
    json_decref(value);
}

static void put_weight(gt_buffer *b, const gt_weight_out *w, uint64_t *at) {
    put_text(b, w->name);
    gt_buffer_printf(b, ":{\"dtype\":\"F32\",\"shape\":[");
    for (int k = 0; k < w->n_dims; k++) gt_buffer_printf(b, "%s%" PRId64, k ? "," : "", w->dims[k]);
    uint64_t end = *at + w->size * sizeof(float);
    gt_buffer_printf(b, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", *at, end);
    *at = end;
}

/* The length, and the header, filled up with spaces to a multiple of eight bytes. */
static void put_header(gt_buffer *b, const gt_weights_out *w) {
    uint64_t at = 0, length = 0;
    gt_buffer_add(b, &length, LENGTH_BYTES);
    gt_buffer_printf(b, "{\"__metadata__\":{");
    for (int i = 0; i < w->n_texts; i++) {
        if (i) gt_buffer_printf(b, ",");
        put_text(b, w->texts[i].name);
        gt_buffer_printf(b, ":");
        put_text(b, w->texts[i].text);
    }
    gt_buffer_printf(b, "}");
    for (int i = 0; i < w->n; i++) {
        gt_buffer_printf(b, ",");
        put_weight(b, &w->weights[i], &at);
    }
    gt_buffer_printf(b, "}");
    while (b->n % LENGTH_BYTES && !b->failed) gt_buffer_printf(b, " ");
    length = htole64(b->n - LENGTH_BYTES);
    if (!b->failed) memcpy(b->data, &length, sizeof length);
}

typedef struct writing {
    const gt_weights_out *w;
    gt_buffer header;
    float *scratch;
} writing;

static int fill_file(int fd, void *arg) {
    const writing *all = arg;
    int error = gt_write_all(fd, all->header.data, all->header.n);
    for (int i = 0; i < all->w->n && !error; i++) {
        const gt_weight_out *w = &all->w->weights[i];
        error = gt_write_all(fd, gt_weight_values(w, all->scratch), w->size * sizeof(float));
    }
    return error;
}

gt_status gt_safetensors_write(const char *path, const gt_weights_out *w) {
    writing all = {.w = w, .scratch = gt_weights_scratch(w)};
    put_header(&all.header, w);
    gt_status st = all.scratch && !all.header.failed
                       ? gt_file_replace_by(path, fill_file, &all, all.header.n + gt_weights_bytes(w))
                       : gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    gt_buffer_free(&all.header);
    free(all.scratch);
    return st;
}
