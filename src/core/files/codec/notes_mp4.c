/* SPDX-License-Identifier: Apache-2.0
 * Notes of MP4 (ISO/IEC 14496-12): XMP in a box `uuid`, which this program writes behind all others (XMP specification,
 * part 3). */
#include <string.h>

#include "base/door/file.h"
#include "base/door/numbers.h"
#include "files/codec/notes.h"

enum { HEAD = 8, LARGE_HEAD = 16, ID = 16 };

static const uint8_t xmp_id[ID] = {0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8,
                                   0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac};

void gt_mp4_put_xmp(gt_buffer *out, const char *xmp) {
    uint32_t n = HEAD + ID + (uint32_t)strlen(xmp);
    const uint8_t head[HEAD] = {
        (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, 'u', 'u', 'i', 'd'};
    gt_buffer_add(out, head, sizeof head);
    gt_buffer_add(out, xmp_id, sizeof xmp_id);
    gt_buffer_add(out, xmp, strlen(xmp));
}

static bool is_known(const uint8_t *type) {
    static const char known[] = "ftypmoovmdatfree";
    for (size_t i = 0; i + 4 < sizeof known; i += 4)
        if (!memcmp(type, known + i, 4)) return true;
    return false;
}

/* A box in boxes, each the first of its type; lengths of 32 bits alone. NULL: there is none of so many bytes. */
static const uint8_t *find_box(const uint8_t *box, size_t n, const char *way, size_t least) {
    for (size_t at = HEAD; n - at >= HEAD;) {
        size_t size = gt_be32(box + at);
        if (size < HEAD || size > n - at) return NULL;
        bool found = !memcmp(box + at + 4, way, 4);
        if (found && !*(way += 4)) return size >= least ? box + at : NULL;
        if (found) n = at + size;
        at += found ? HEAD : size;
    }
    return NULL;
}

/* What a movie says of its first track: how many samples there are, and the size of the first kind of them. */
static void read_movie(gt_picture_said *f, const uint8_t *box, size_t n) {
    enum { COUNT = 16, WIDTH = 48, HEIGHT = 50 };
    const uint8_t *sizes = find_box(box, n, "trakmdiaminfstblstsz", COUNT + 4),
                  *kinds = find_box(box, n, "trakmdiaminfstblstsd", HEIGHT + 2);
    if (sizes) f->frames = gt_be32(sizes + COUNT);
    if (kinds) f->width = (int)gt_be16(kinds + WIDTH), f->height = (int)gt_be16(kinds + HEIGHT);
}

gt_status notes_of_mp4(gt_picture_said *f, const uint8_t *bytes, size_t n) {
    f->kind = GT_PICTURE_SAID_MP4;
    f->lossy = f->animated = true;
    size_t at = 0, head, size;
    for (; n - at >= HEAD; at += size) {
        const uint8_t *box = bytes + at, *type = box + 4;
        size = gt_be32(box);
        head = size == 1 ? LARGE_HEAD : HEAD;
        if (size == 1 && n - at >= LARGE_HEAD)
            size = (size_t)((uint64_t)gt_be32(box + HEAD) << 32 | gt_be32(box + HEAD + 4));
        if (size < head || size > n - at)
            return gt_fail(GT_FORMAT, "truncated, or of a form that Gantry does not write");
        if (f->before_xmp) notes_beyond(f, "it has more than Gantry writes (a box behind the XMP)");
        bool xmp = !memcmp(type, "uuid", 4) && size >= head + ID && !memcmp(box + head, xmp_id, ID);
        gt_status st = xmp ? notes_keep(f, &f->xmp, box + head + ID, size - head - ID) : GT_OK;
        if (st) return st;
        if (xmp) f->before_xmp = at;
        else if (!memcmp(type, "moov", 4) && head == HEAD) read_movie(f, box, size);
        else if (!is_known(type)) notes_beyond(f, "it has more than Gantry writes (a box %.4s)", (const char *)type);
    }
    if (at != n) notes_beyond(f, "it has more than Gantry writes (%zu bytes behind its end)", n - at);
    return GT_OK;
}
