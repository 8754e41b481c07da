/* SPDX-License-Identifier: Apache-2.0
 * Notes of WebP, in its chunk XMP, and of JPEG, in a segment APP1. */
#include <string.h>

#include "base/door/numbers.h"
#include "files/codec/door/raw_picture.h"
#include "files/codec/notes.h"

/* ---- WebP ---- */

enum { RIFF = 12, TAG = 8, FRAME = 16 };

/* Chunks from `at` to the end; `inside`: those of a frame. */
static gt_status walk(gt_picture_said *f, const uint8_t *bytes, size_t at, size_t end, bool inside) {
    static const char plain[] = "VP8XVP8LVP8 ALPHANIM";
    int pictures = 0;
    gt_status st = GT_OK;
    while (end - at >= TAG && !st) {
        const uint8_t *type = bytes + at, *content = type + TAG;
        size_t n = gt_le32(type + 4);
        if (n > end - at - TAG) return gt_fail(GT_FORMAT, "truncated: a chunk of %zu bytes ends behind the file", n);
        bool known = false;
        for (size_t i = 0; i + 4 < sizeof plain; i += 4) known |= !memcmp(type, plain + i, 4);
        f->lossy |= !memcmp(type, "VP8 ", 4);
        f->animated |= !memcmp(type, "ANIM", 4) || !memcmp(type, "ANMF", 4);
        f->frames += !memcmp(type, "ANMF", 4);
        pictures += !memcmp(type, "VP8 ", 4) || !memcmp(type, "VP8L", 4);
        if (pictures > 1) notes_beyond(f, "it has a second picture");
        bool odd = n & 1;
        if (odd && (n == end - at - TAG || content[n])) notes_beyond(f, "it is not padded as Gantry does");
        if (f->before_xmp) notes_beyond(f, "it has more than Gantry writes (a chunk behind the XMP)");
        if (!memcmp(type, "XMP ", 4) && !inside) st = notes_keep(f, &f->xmp, content, n), f->before_xmp = at;
        else if (!memcmp(type, "ANMF", 4) && !inside && n >= FRAME)
            st = walk(f, bytes, at + TAG + FRAME, at + TAG + n, true);
        else if (!known) notes_beyond(f, "it has more than Gantry writes (a chunk %.4s)", (const char *)type);
        at += TAG + n + (odd && n < end - at - TAG);
    }
    if (!st && at != end) notes_beyond(f, "it has more than Gantry writes (%zu bytes behind its end)", end - at);
    return st;
}

gt_status notes_of_webp(gt_picture_said *f, const uint8_t *bytes, size_t n) {
    f->kind = GT_PICTURE_SAID_WEBP;
    if (n < RIFF || memcmp(bytes + 8, "WEBP", 4)) return gt_fail(GT_FORMAT, "not a WebP picture");
    size_t end = (size_t)gt_le32(bytes + 4) + 8;
    if (end > n || end < RIFF) return gt_fail(GT_FORMAT, "truncated: %zu bytes", n);
    if (end < n) notes_beyond(f, "it has more than Gantry writes (%zu bytes behind its end)", n - end);
    return walk(f, bytes, RIFF, end, false);
}

/* ---- JPEG ---- */

enum { APP1 = 0xe1, APP2 = 0xe2, START_OF_SCAN = 0xda };

static gt_status read_segment(gt_picture_said *f, int marker, const uint8_t *content, size_t n) {
    static const char xmp[] = "http://ns.adobe.com/xap/1.0/", exif[6] = "Exif\0";
    if (marker == APP2 && n > 12 && !memcmp(content, "ICC_PROFILE", 12)) notes_beyond(f, "it has a colour profile");
    if (marker != APP1) return GT_OK;
    if (n > sizeof xmp && !memcmp(content, xmp, sizeof xmp))
        return notes_keep(f, &f->xmp, content + sizeof xmp, n - sizeof xmp);
    if (n > sizeof exif && !memcmp(content, exif, sizeof exif) &&
        gt_exif_orientation(content + sizeof exif, n - sizeof exif) > 1)
        notes_beyond(f, "it is turned (EXIF)");
    return GT_OK;
}

gt_status notes_of_jpeg(gt_picture_said *f, const uint8_t *bytes, size_t n) {
    f->kind = GT_PICTURE_SAID_JPEG;
    f->lossy = true;
    for (size_t at = 2; n - at >= 4 && bytes[at] == 0xff;) {
        int marker = bytes[at + 1];
        size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (marker == START_OF_SCAN) return GT_OK;
        if (length < 2 || length > n - at - 2) break;
        gt_status st = read_segment(f, marker, bytes + at + 4, length - 2);
        if (st) return st;
        at += 2 + length;
    }
    return gt_fail(GT_FORMAT, "damaged or truncated: its segments end before the pixels");
}
