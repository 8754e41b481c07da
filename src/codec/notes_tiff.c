/* SPDX-License-Identifier: Apache-2.0
 * Notes of TIFF (not BigTIFF): the field 700 of the first page. */
#include <string.h>

#include "base/door/numbers.h"
#include "codec/notes.h"

enum { ORIENTATION = 274, COLOUR_PROFILE = 34675, XMP = 700, FIELD = 12 };

typedef struct tiff {
    const uint8_t *bytes;
    size_t n;
    bool big; /* the order of bytes */
} tiff;

static uint32_t number(const tiff *t, size_t at, int bytes) {
    uint32_t x = 0;
    for (int i = 0; i < bytes; i++) x = x << 8 | t->bytes[at + (size_t)(t->big ? i : bytes - 1 - i)];
    return x;
}

static gt_status read_field(gt_picture_said *f, const tiff *t, size_t at) {
    enum { BYTE = 1, UNDEFINED = 7, PAGES_BELOW = 330, LATER = 32768 };
    static const uint32_t harmless[] = {33432 /* copyright */, 33723 /* IPTC */};
    uint32_t tag = number(t, at, 2), type = number(t, at + 2, 2), count = number(t, at + 4, 4);
    if (tag == ORIENTATION && number(t, at + 8, 2) > 1) notes_beyond(f, "it is turned");
    if (tag == COLOUR_PROFILE) notes_beyond(f, "it has a colour profile");
    bool known = tag < LATER && tag != PAGES_BELOW; /* what others of the standard's fields do, libtiff does */
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) known |= tag == harmless[i];
    if (!known) notes_beyond(f, "it has a field %u", tag);
    if (tag != XMP || (type != BYTE && type != UNDEFINED)) return GT_OK;
    size_t place = count > 4 ? number(t, at + 8, 4) : at + 8;
    if (place > t->n || count > t->n - place) return gt_fail(GT_FORMAT, "damaged: its XMP ends behind the file");
    while (count && !t->bytes[place + count - 1]) count--; /* some programs fill up with zeros */
    return notes_keep(f, &f->xmp, t->bytes + place, count);
}

gt_status notes_of_tiff(gt_picture_said *f, const uint8_t *bytes, size_t n) {
    const tiff t = {bytes, n, *bytes == 'M'};
    size_t at = n < 8 ? n : number(&t, 4, 4);
    if (at > n || n - at < 2) return gt_fail(GT_FORMAT, "truncated: %zu bytes", n);
    size_t fields = number(&t, at, 2);
    at += 2;
    if ((n - at) / FIELD < fields || n - at - fields * FIELD < 4)
        return gt_fail(GT_FORMAT, "damaged: its first page ends behind the file");
    gt_status st = GT_OK;
    for (size_t i = 0; i < fields && !st; i++) st = read_field(f, &t, at + i * FIELD);
    if (number(&t, at + fields * FIELD, 4)) notes_beyond(f, "it has further pages");
    return st;
}
