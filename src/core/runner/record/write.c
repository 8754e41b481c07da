/* SPDX-License-Identifier: Apache-2.0
 * Writes records: see door/record.h. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "gantry/version.h"
#include "runner/record/door/record.h"

/* ---- values ---- */

static void put_key(gt_buffer *b, const char *key) { gt_buffer_printf(b, "%s\"%s\":", b->n ? "," : "", key); }

/* All but ASCII becomes \uNNNN: then the text is the same in every encoding. */
static void put_quoted(gt_buffer *b, const char *text) {
    gt_buffer_add(b, "\"", 1);
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        int more = *p < 0xc0 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
        uint32_t code = more ? *p & (0x3fu >> more) : *p;
        for (p++; more && (*p & 0xc0) == 0x80; more--) code = code << 6 | (*p++ & 0x3f);
        if (more || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) code = '?';
        if (code == '"' || code == '\\') gt_buffer_printf(b, "\\%c", (int)code);
        else if (code >= 0x20 && code < 0x7f) gt_buffer_printf(b, "%c", (int)code);
        else if (code < 0x10000) gt_buffer_printf(b, "\\u%04x", code);
        else gt_buffer_printf(b, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
    }
    gt_buffer_add(b, "\"", 1);
}

void gt_record_put_text(gt_record_text *r, const char *key, const char *value) {
    put_key(&r->json, key);
    put_quoted(&r->json, value);
}

void gt_record_put_int(gt_record_text *r, const char *key, int64_t value) {
    put_key(&r->json, key);
    gt_buffer_printf(&r->json, "%" PRId64, value);
}

void gt_record_put_bool(gt_record_text *r, const char *key, bool value) {
    put_key(&r->json, key);
    gt_buffer_printf(&r->json, value ? "true" : "false");
}

static void put_number(gt_buffer *b, double value, bool single) {
    char text[40] = "0.0";
    for (int digits = 6; digits <= 17; digits++) { /* of a number with fewer %g prints fewer */
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value) break;
    }
    bool whole = !text[strcspn(text, ".e")]; /* numbers that are not counts have a point */
    gt_buffer_printf(b, "%s%s", text, whole ? ".0" : "");
}

void gt_record_put_float(gt_record_text *r, const char *key, float value) {
    put_key(&r->json, key);
    put_number(&r->json, (double)value, true);
}

void gt_record_put_double(gt_record_text *r, const char *key, double value) {
    put_key(&r->json, key);
    put_number(&r->json, value, false);
}

void gt_record_put_floats(gt_record_text *r, const char *key, const float *value, int n) {
    put_key(&r->json, key);
    for (int i = 0; i < n; i++) {
        gt_buffer_add(&r->json, i ? "," : "[", 1);
        put_number(&r->json, (double)value[i], true);
    }
    gt_buffer_printf(&r->json, n ? "]" : "[]");
}

void gt_record_put_sha256(gt_record_text *r, const char *key, const gt_sha256 *value) {
    char text[GT_SHA256_TEXT];
    gt_record_put_text(r, key, gt_sha256_text(value, text));
}

void gt_record_put_ranges(gt_record_text *r, const char *key, const int64_t *value, int64_t n) {
    put_key(&r->json, key);
    gt_buffer_add(&r->json, "\"", 1);
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && value[end] == value[end - 1] + 1;) end++;
        gt_buffer_printf(&r->json, "%s%" PRId64, i ? "," : "", value[i]);
        if (end > i + 1) gt_buffer_printf(&r->json, "-%" PRId64, value[end - 1]);
        if (r->json.n > 2 * GT_RECORD_BYTES) break; /* which is too large anyway */
    }
    gt_buffer_add(&r->json, "\"", 1);
}

void gt_record_put_all(gt_record_text *r, const gt_record_text *from) {
    if (from->json.n && r->json.n) gt_buffer_add(&r->json, ",", 1);
    gt_buffer_add(&r->json, from->json.data, from->json.n);
    r->json.failed |= from->json.failed;
}

void gt_record_free(gt_record_text *r) { gt_buffer_free(&r->json); }

/* ---- the end ---- */

gt_status gt_record_end(gt_record_text *r, gt_record_notes *out) {
    gt_buffer json = {0}, xmp = {0};
    *out = (gt_record_notes){0};
    gt_buffer_printf(&json, "{\"gantry_record\":%d,\"program\":\"gantry %s\",", GT_RECORD_FORM, GT_VERSION);
    gt_buffer_add(&json, r->json.data, r->json.n);
    gt_buffer_add(&json, "}", 2);
    if (!json.failed) gt_record_put_xmp(&xmp, json.data);
    gt_status st = json.failed || xmp.failed || r->json.failed
                       ? gt_fail(GT_NOMEM, "out of memory for the record of a picture")
                   : json.n > GT_RECORD_BYTES
                       ? gt_fail(GT_USAGE, "the record of a picture would have %zu bytes, and may have %d", json.n - 1,
                                 GT_RECORD_BYTES)
                       : GT_OK;
    gt_record_free(r);
    *out = (gt_record_notes){{json.data, xmp.data}, json.data, xmp.data};
    if (st) gt_record_notes_free(out);
    return st;
}

void gt_record_notes_free(gt_record_notes *n) {
    free(n->json);
    free(n->xmp);
    *n = (gt_record_notes){0};
}
