/* SPDX-License-Identifier: Apache-2.0
 * Notes of pictures, by the kind of the file: see door/notes.h. */
#include "files/codec/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void notes_beyond(gt_picture_said *f, const char *format, ...) {
    if (*f->beyond) return;
    va_list ap;
    va_start(ap, format);
    vsnprintf(f->beyond, sizeof f->beyond, format, ap);
    va_end(ap);
}

gt_status notes_keep(gt_picture_said *f, char **to, const void *bytes, size_t n) {
    if (n > GT_NOTES_MOST || memchr(bytes, 0, n)) {
        notes_beyond(f, "it has a note of %zu bytes, which no program of Gantry writes", n);
        return GT_OK;
    }
    if (*to) {
        notes_beyond(f, "it has more than Gantry writes (a second text)");
        return GT_OK;
    }
    *to = malloc(n + 1);
    if (!*to) return gt_fail(GT_NOMEM, "out of memory for the notes of a picture");
    memcpy(*to, bytes, n);
    (*to)[n] = 0;
    return GT_OK;
}

typedef struct kind {
    const char *start;
    size_t n, at; /* length, and place in the file */
    gt_status (*read)(gt_picture_said *f, const uint8_t *bytes, size_t n);
} kind;

static const kind kinds[] = {
    {"\211PNG\r\n\032\n", 8, 0, notes_of_png},
    {"RIFF", 4, 0, notes_of_webp},
    {"\377\330\377", 3, 0, notes_of_jpeg},
    {"ftyp", 4, 4, notes_of_mp4},
    {"II*\0", 4, 0, notes_of_tiff},
    {"MM\0*", 4, 0, notes_of_tiff},
};

gt_status gt_picture_said_read(gt_picture_said *out, const void *bytes, size_t n) {
    *out = (gt_picture_said){0};
    gt_status st = GT_FORMAT;
    size_t i = 0, count = sizeof kinds / sizeof *kinds;
    while (i < count &&
           (n < kinds[i].at + kinds[i].n || memcmp((const char *)bytes + kinds[i].at, kinds[i].start, kinds[i].n)))
        i++;
    st = i < count ? kinds[i].read(out, bytes, n)
                   : gt_fail(GT_FORMAT, "it is not a PNG, WebP, JPEG, TIFF or MP4: of other forms no record is read");
    if (st) gt_picture_said_free(out);
    return st;
}

void gt_picture_said_free(gt_picture_said *f) {
    free(f->text);
    free(f->xmp);
    *f = (gt_picture_said){0};
}
