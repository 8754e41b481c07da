/* SPDX-License-Identifier: Apache-2.0
 * GIF, both versions: the first picture of the file, on a canvas of the size that the file names. What the picture does
 * not cover is transparent where the picture has a transparent colour, else of the first colour of its table.
 *
 * giflib would unpack the indices alone: the canvas, the colours and the limits would stay here. */
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "files/codec/door/raw_picture.h"
#include "gantry/memory.h"

enum {
    HEADER = 13, /* signature, size of the canvas, table of colours */
    DESCRIPTOR = 10,
    CONTROL = 8, /* with its introducer, label, length and end */
    EXTENSION = 0x21,
    PICTURE = 0x2c,
    CONTROL_LABEL = 0xf9,
    HAS_TABLE = 0x80,
    INTERLACED = 0x40,
    TRANSPARENT = 1,
    CODES = 4096, /* the most that a table of LZW has */
    MOST_BITS = 12,
};

typedef struct gif {
    const uint8_t *bytes;
    size_t n, at;
    uint32_t canvas_width, canvas_height;
    uint32_t left, top, width, height; /* of the picture on the canvas */
    bool interlaced, transparent;
    unsigned clear;         /* the transparent colour */
    const uint8_t *palette; /* [colours] red, green, blue; NULL: colours are grey values */
    unsigned colours;
    bool grey;
} gif;

static gt_status fail_truncated(const gif *g) { return gt_fail(GT_FORMAT, "truncated: %zu bytes", g->n); }

/* The table that these flags announce, where there is one. */
static gt_status read_table(gif *g, unsigned flags) {
    if (!(flags & HAS_TABLE)) return GT_OK;
    unsigned colours = 2u << (flags & 7);
    if ((g->n - g->at) / 3 < colours) return fail_truncated(g);
    g->palette = g->bytes + g->at;
    g->colours = colours;
    g->at += 3 * (size_t)colours;
    return GT_OK;
}

/* Blocks of up to 255 bytes, and an empty one. */
static gt_status skip_blocks(gif *g) {
    while (g->at < g->n && g->bytes[g->at]) {
        if (g->bytes[g->at] >= g->n - g->at) return fail_truncated(g);
        g->at += 1u + g->bytes[g->at];
    }
    if (g->at >= g->n) return fail_truncated(g);
    g->at++;
    return GT_OK;
}

/* Goes to what announces the next picture; *found false: there is none. */
static gt_status find_picture(gif *g, bool *found) {
    gt_status st = GT_OK;
    while (!st && g->at < g->n && g->bytes[g->at] == EXTENSION) {
        const uint8_t *e = g->bytes + g->at;
        if (g->n - g->at < 2) return fail_truncated(g);
        if (e[1] == CONTROL_LABEL && g->n - g->at >= CONTROL && e[2] == CONTROL - 4) {
            g->transparent = e[3] & TRANSPARENT;
            g->clear = e[6];
        }
        g->at += 2;
        st = skip_blocks(g);
    }
    *found = g->at < g->n && g->bytes[g->at] == PICTURE;
    return st || g->at < g->n ? st : fail_truncated(g);
}

static void look_for_grey(gif *g) {
    g->grey = !g->transparent;
    for (unsigned i = 0; i < g->colours && g->grey; i++)
        for (unsigned c = 0; c < 3; c++) g->grey = g->grey && g->palette[3 * i + c] == i;
    if (!g->palette) g->colours = 256;
}

/* All in front of the pixels. */
static gt_status read_head(gif *g, const uint8_t *bytes, size_t n) {
    bool found;
    *g = (gif){.bytes = bytes, .n = n, .at = HEADER};
    if (n < HEADER) return fail_truncated(g);
    gt_status st = read_table(g, bytes[10]);
    if (!st) st = find_picture(g, &found);
    if (!st && !found) st = gt_fail(GT_FORMAT, "damaged: it contains no picture");
    if (!st && n - g->at < DESCRIPTOR) st = fail_truncated(g);
    if (st) return st;
    const uint8_t *d = bytes + g->at;
    g->left = gt_le16(d + 1), g->top = gt_le16(d + 3);
    g->width = gt_le16(d + 5), g->height = gt_le16(d + 7);
    g->canvas_width = (uint32_t)gt_largest(gt_le16(bytes + 6), g->left + g->width);
    g->canvas_height = (uint32_t)gt_largest(gt_le16(bytes + 8), g->top + g->height);
    g->interlaced = d[9] & INTERLACED;
    g->at += DESCRIPTOR;
    st = read_table(g, d[9]);
    if (!st) look_for_grey(g);
    return st;
}

static unsigned channels_of(const gif *g) { return g->grey ? 1 : 3 + g->transparent; }

/* ---- LZW ---- */

typedef struct code_reader {
    gif *g;
    unsigned bits, held, left; /* `left` bytes of the block */
} code_reader;

static int next_code(code_reader *r, unsigned width) {
    gif *g = r->g;
    while (r->held < width) {
        if (g->at >= g->n) return -1;
        if (!r->left && !(r->left = g->bytes[g->at++])) {
            g->at--; /* the empty block stays, for skip_blocks() */
            return -1;
        }
        if (g->at >= g->n) return -1;
        r->bits |= (unsigned)g->bytes[g->at++] << r->held;
        r->held += 8;
        r->left--;
    }
    unsigned code = r->bits & ((1u << width) - 1);
    r->bits >>= width;
    r->held -= width;
    return (int)code;
}

typedef struct dictionary { /* code c stands for what prefix[c] stands for, and suffix[c] */
    uint16_t prefix[CODES];
    uint8_t suffix[CODES], turned[CODES + 1];
} dictionary;

/* The colours of what a code stands for, from the last to the first, in d->turned; how many. */
static size_t unfold(dictionary *d, unsigned code, unsigned clear, size_t n) {
    for (; code >= clear; code = d->prefix[code]) d->turned[n++] = d->suffix[code];
    d->turned[n++] = (uint8_t)code;
    return n;
}

static gt_status unpack(gif *g, dictionary *d, uint8_t *out, size_t pixels) {
    static const char bad[] = "damaged: its pixels cannot be decoded";
    if (g->at >= g->n) return fail_truncated(g);
    unsigned least = g->bytes[g->at++], clear = 1u << (least & 15), next = clear + 2, width = least + 1;
    code_reader r = {.g = g};
    int before = -1;
    if (least < 1 || least > 8) return gt_fail(GT_FORMAT, bad);
    for (size_t done = 0; done < pixels;) {
        int code = next_code(&r, width);
        if (code < 0 || code == (int)clear + 1) return gt_fail(GT_FORMAT, "damaged or truncated: pixels are missing");
        if (code == (int)clear) {
            next = clear + 2, width = least + 1, before = -1;
            continue;
        }
        if (code > (before < 0 ? (int)clear - 1 : (int)next)) return gt_fail(GT_FORMAT, bad);
        /* a code that is only now being made: what came before, and its first colour once more */
        bool fresh = code == (int)next;
        size_t n = unfold(d, (unsigned)(fresh ? before : code), clear, fresh);
        uint8_t first = d->turned[n - 1];
        if (fresh) d->turned[0] = first;
        while (n && done < pixels) out[done++] = d->turned[--n];
        if (before >= 0 && next < CODES) {
            d->prefix[next] = (uint16_t)before, d->suffix[next] = first;
            next++;
            width += next == 1u << width && width < MOST_BITS;
        }
        before = code;
    }
    g->at += r.left;
    if (g->at > g->n) g->at = g->n;
    return GT_OK;
}

/* ---- pixels ---- */

static void put_colour(const gif *g, unsigned index, uint8_t *to) {
    unsigned channels = channels_of(g);
    for (unsigned c = 0; c < channels; c++)
        to[c] = c == 3 ? (index == g->clear ? 0 : 255) : g->palette ? g->palette[3 * index + c] : (uint8_t)index;
}

/* Of row k as it comes, the row of the picture. */
static uint32_t row_of(const gif *g, uint32_t k) {
    static const uint32_t first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    if (!g->interlaced) return k;
    for (int pass = 0; pass < 3; pass++) {
        uint32_t rows = g->height > first[pass] ? (g->height - first[pass] + step[pass] - 1) / step[pass] : 0;
        if (k < rows) return first[pass] + k * step[pass];
        k -= rows;
    }
    return first[3] + k * step[3];
}

static gt_status paint(const gif *g, const uint8_t *indices, uint8_t *samples) {
    size_t channels = channels_of(g), stride = channels * g->canvas_width;
    unsigned ground = g->transparent && g->clear < g->colours ? g->clear : 0;
    bool covered = g->width == g->canvas_width && g->height == g->canvas_height;
    for (size_t i = 0; i < (size_t)g->canvas_width * g->canvas_height && !covered; i++)
        put_colour(g, ground, samples + i * channels);
    for (uint32_t k = 0; k < g->height; k++) {
        uint8_t *to = samples + (g->top + row_of(g, k)) * stride + g->left * channels;
        for (uint32_t x = 0; x < g->width; x++, to += channels) {
            unsigned index = *indices++;
            if (index >= g->colours)
                return gt_fail(GT_FORMAT, "damaged: colour %u of a table of %u", index, g->colours);
            put_colour(g, index, to);
        }
    }
    return GT_OK;
}

/* Behind the pixels: does another picture follow? */
static bool is_animation(gif *g) {
    bool found;
    return !skip_blocks(g) && !find_picture(g, &found) && found;
}

static gt_status decode_gif(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    gif g;
    gt_status st = read_head(&g, bytes, n);
    size_t pixels = st ? 0 : (size_t)g.width * g.height;
    if (!st && !pixels) st = gt_fail(GT_FORMAT, "damaged: it has no pixels");
    if (!st && pixels / CODES > n) /* a code takes more than two bits */
        st = gt_fail(GT_FORMAT, "damaged or truncated: %zu bytes cannot hold the %u x %u pixels that it claims", n,
                     g.width, g.height);
    if (!st) st = gt_raw_new(raw, g.canvas_height, g.canvas_width, channels_of(&g), GT_U8);
    if (st) return st;
    raw->picture.alpha = g.transparent;
    GT_FREED uint8_t *indices = malloc(pixels);
    GT_FREED dictionary *d = malloc(sizeof *d);
    st = indices && d ? unpack(&g, d, indices, pixels) : gt_fail(GT_NOMEM, "out of memory for reading a GIF");
    if (!st) st = paint(&g, indices, raw->picture.samples);
    gif rest = g;
    if (!st && is_animation(&rest)) raw->picture.note = GT_FIRST_OF_ANIMATION;
    return st;
}

static gt_status head(gt_picture_info *out, const uint8_t *bytes, size_t n) {
    gif g;
    gt_status st = read_head(&g, bytes, n);
    if (!st) st = gt_head_fill(out, g.canvas_height, g.canvas_width, channels_of(&g), GT_U8, 8);
    if (!st) out->alpha = g.transparent;
    return st;
}

const gt_picture_kind gt_kind_gif = {.head = head, .decode = decode_gif};
