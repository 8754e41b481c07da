/* SPDX-License-Identifier: Apache-2.0
 * Notes of PNG: chunks iTXt and tEXt. What other chunks do to the picture that people see is told as well: an
 * animation, a colour key, other colours. */
#include <string.h>

#include "base/door/numbers.h"
#include "codec/notes.h"

enum { SIGNATURE = 8, CHUNK_BYTES = 12 };

typedef struct chunk {
    const uint8_t *type, *content;
    size_t n;
} chunk;

static bool is(const chunk *c, const char *type) { return !memcmp(c->type, type, 4); }

/* What follows a keyword and its zero byte; NULL: another keyword. */
static const uint8_t *behind(const chunk *c, const char *keyword) {
    size_t n = strlen(keyword) + 1;
    return c->n >= n && !memcmp(c->content, keyword, n) ? c->content + n : NULL;
}

static gt_status read_text(gt_picture_said *f, const chunk *c) {
    const uint8_t *end = c->content + c->n, *text = behind(c, GT_NOTES_KEY), *xmp = behind(c, "XML:com.adobe.xmp");
    const uint8_t *at = text ? text : xmp;
    if (!at) return GT_OK;
    if (is(c, "iTXt")) { /* compressed, method, language, translated keyword */
        if (end - at < 4 || at[0]) return notes_beyond(f, "its note is compressed"), GT_OK;
        at += 2;
        for (int i = 0; i < 2 && at; i++) {
            at = memchr(at, 0, (size_t)(end - at));
            if (at) at++;
        }
        if (!at) return notes_beyond(f, "its note is damaged"), GT_OK;
    }
    return notes_keep(f, text ? &f->text : &f->xmp, at, (size_t)(end - at));
}

/* The colours of sRGB, as other programs write them. */
static bool says_srgb(const chunk *c) {
    static const uint32_t usual[] = {31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000};
    if (is(c, "sRGB")) return true;
    if (is(c, "gAMA")) return c->n == 4 && gt_be32(c->content) / 10 == 4545;
    if (!is(c, "cHRM") || c->n != sizeof usual) return false;
    for (size_t i = 0; i < 8; i++)
        if (gt_be32(c->content + 4 * i) != usual[i]) return false;
    return true;
}

static bool is_harmless(const chunk *c, bool palette) {
    static const char names[] = "IHDRIDATIENDtIMEsBITbKGDzTXt";
    for (size_t i = 0; i + 4 < sizeof names; i += 4)
        if (is(c, (const char[]){names[i], names[i + 1], names[i + 2], names[i + 3], 0})) return true;
    if (is(c, "PLTE")) return palette;
    if (is(c, "pHYs")) return c->n == 9 && !memcmp(c->content, c->content + 4, 4); /* square pixels */
    return says_srgb(c);
}

gt_status notes_of_png(gt_picture_said *f, const uint8_t *bytes, size_t n) {
    enum { COLOUR_TYPE = 25, HEAD = 33, PALETTE = 3 };
    if (n < HEAD) return gt_fail(GT_FORMAT, "truncated: %zu bytes", n);
    for (size_t at = SIGNATURE; n - at >= CHUNK_BYTES;) {
        chunk c = {bytes + at + 4, bytes + at + 8, gt_be32(bytes + at)};
        if (c.n > n - at - CHUNK_BYTES) break;
        at += CHUNK_BYTES + c.n;
        gt_status st = GT_OK;
        if (is(&c, "iTXt") || is(&c, "tEXt")) st = read_text(f, &c);
        else if (!is_harmless(&c, bytes[COLOUR_TYPE] == PALETTE))
            notes_beyond(f, "it has a chunk %.4s", (const char *)c.type);
        if (st) return st;
        if (!is(&c, "IEND")) continue;
        if (at < n) notes_beyond(f, "%zu bytes stand behind its end", n - at);
        return GT_OK;
    }
    return gt_fail(GT_FORMAT, "truncated: %zu bytes", n);
}
