/* SPDX-License-Identifier: Apache-2.0
 * Animated WebP (webp.h): a head of fixed size, then a chunk for each frame. What the head says of the whole file is
 * written again at the end. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>

#include "base/door/file.h"
#include "base/door/library.h"
#include "base/door/numbers.h"
#include "files/codec/door/webp.h"

enum {
    TAG = 8, /* the name of a chunk and the bytes of its content */
    RIFF = 12,
    VP8X = 10,
    ANIM = 6,
    ANMF = 16, /* in front of the frame's own chunks */
    HEAD = RIFF + TAG + VP8X + TAG + ANIM,
    MOST_MILLISECONDS = (1 << 24) - 1,
    HAS_ALPHA = 0x10,
    IS_ANIMATED = 0x02,
    HAS_XMP = 0x04,
    REPLACES = 0x02, /* a frame takes the place of the one before, transparent pixels too */
};

struct gt_webp_film {
    gt_growing_file file;
    int height, width, loops;
    bool alpha;
    const char *xmp; /* NULL: none */
};

static uint8_t *put_number(uint8_t *p, uint64_t value, int bytes) { /* little-endian */
    for (int i = 0; i < bytes; i++) *p++ = (uint8_t)(value >> 8 * i);
    return p;
}

static uint8_t *put_tag(uint8_t *p, const char name[4], size_t bytes) {
    memcpy(p, name, 4);
    return put_number(p + 4, bytes, 4);
}

static void make_head(const gt_webp_film *f, uint8_t head[HEAD]) {
    uint8_t *p = put_tag(head, "RIFF", f->file.bytes > TAG ? f->file.bytes - TAG : 0);
    memcpy(p, "WEBP", 4);
    p = put_tag(p + 4, "VP8X", VP8X);
    p = put_number(p, IS_ANIMATED | (f->alpha ? HAS_ALPHA : 0) | (f->xmp ? HAS_XMP : 0), 4);
    p = put_number(p, (unsigned)f->width - 1, 3);
    p = put_number(p, (unsigned)f->height - 1, 3);
    p = put_tag(p, "ANIM", ANIM);
    p = put_number(p, 0, 4); /* the colour behind the film */
    put_number(p, (unsigned)f->loops, 2);
}

int gt_webp_film_milliseconds(int64_t i, double fps) {
    double from = rint(1000 * (double)i / fps), to = rint(1000 * (double)(i + 1) / fps);
    return to - from < 1 ? 1 : to - from > MOST_MILLISECONDS ? MOST_MILLISECONDS : (int)(to - from);
}

gt_status gt_webp_film_open(gt_webp_film **out, const char *path, int height, int width, int loops,
                            const gt_picture_notes *notes) {
    *out = NULL;
    gt_status st = gt_webp_check_size(height, width);
    if (st) return gt_wrap(st, "'%s'", path);
    gt_webp_film *f = malloc(sizeof *f);
    if (!f) return gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    *f = (gt_webp_film){.height = height, .width = width, .loops = loops, .xmp = notes ? notes->xmp : NULL};
    st = gt_growing_open(&f->file, path);
    uint8_t head[HEAD];
    make_head(f, head);
    if (!st) st = gt_growing_add(&f->file, head, sizeof head);
    if (st) gt_webp_film_close(f);
    else *out = f;
    return st;
}

/* The chunks of a still picture that are those of a frame: all but VP8X. */
static gt_status frame_of(const gt_webp_film *f, const uint8_t **bytes, size_t *n, bool *alpha) {
    WebPBitstreamFeatures about;
    gt_status st = gt_library_open("libwebp");
    if (st) return st;
    if (WebPGetFeatures(*bytes, *n, &about) != VP8_STATUS_OK || about.has_animation || *n < RIFF + TAG)
        return gt_fail(GT_FAILED, "'%s': a frame is not a WebP picture", f->file.path);
    if (about.width != f->width || about.height != f->height)
        return gt_fail(GT_FAILED, "'%s': a frame of %dx%d pixels in a film of %dx%d", f->file.path, about.width,
                       about.height, f->width, f->height);
    *alpha = about.has_alpha;
    size_t skip = RIFF + (memcmp(*bytes + RIFF, "VP8X", 4) ? 0 : TAG + VP8X);
    *bytes += skip;
    *n -= skip;
    return GT_OK;
}

gt_status gt_webp_film_add(gt_webp_film *f, const void *bytes, size_t n, int milliseconds) {
    const uint64_t most = UINT32_MAX - 10;
    const uint8_t *frame = bytes;
    bool alpha = false;
    gt_status st = frame_of(f, &frame, &n, &alpha);
    if (st) return st;
    if (n + f->file.bytes + TAG + ANMF > most)
        return gt_fail(GT_USAGE,
                       "'%s': the film is larger than WebP's limit of 4 GB: write fewer frames, a lower quality, or a "
                       "picture for each frame",
                       f->file.path);
    f->alpha |= alpha;
    uint8_t head[TAG + ANMF], *p = put_tag(head, "ANMF", ANMF + n);
    p = put_number(p, 0, 3); /* left */
    p = put_number(p, 0, 3); /* top */
    p = put_number(p, (unsigned)f->width - 1, 3);
    p = put_number(p, (unsigned)f->height - 1, 3);
    p = put_number(p, (unsigned)milliseconds, 3);
    put_number(p, REPLACES, 1);
    st = gt_growing_add(&f->file, head, sizeof head);
    return st ? st : gt_growing_add(&f->file, frame, n); /* chunks have even sizes: n is even */
}

/* Behind the frames. */
static gt_status add_xmp(gt_webp_film *f) {
    uint8_t head[TAG];
    size_t n = f->xmp ? strlen(f->xmp) : 0;
    if (!n) return GT_OK;
    put_tag(head, "XMP ", n);
    gt_status st = gt_growing_add(&f->file, head, sizeof head);
    if (!st) st = gt_growing_add(&f->file, f->xmp, n);
    return !st && n % 2 ? gt_growing_add(&f->file, "", 1) : st;
}

gt_status gt_webp_film_finish(gt_webp_film *f) {
    uint8_t head[HEAD];
    gt_status st = add_xmp(f);
    if (st) return st;
    make_head(f, head);
    st = gt_growing_put(&f->file, 0, head, sizeof head);
    return st ? st : gt_growing_finish(&f->file);
}

void gt_webp_film_close(gt_webp_film *f) {
    if (f) gt_growing_close(&f->file);
    free(f);
}
