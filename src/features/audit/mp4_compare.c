/* SPDX-License-Identifier: Apache-2.0
 * Compares an MP4 film with the one that was made and packed again: see pictures.h. Frames are compared as ffmpeg
 * unpacks them, of both films: packing loses something. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "features/audit/pictures.h"
#include "files/codec/door/picture.h"
#include "base/door/numbers.h"
#include "base/door/text.h"
#include "runner/generator/door/film.h"

enum { PART = 1 << 16 };

typedef struct frames {
    char path[GT_CONTENTS_NAME_BYTES];
    FILE *file;
    uint8_t part[PART];
    size_t n;
} frames;

static gt_status unpack(const char *film, struct gt_ffmpeg *ffmpeg, const gt_record_found *found, const char *folder,
                        const char *name, int64_t most, frames *f) {
    if (snprintf(f->path, sizeof f->path, "%s/%s.ppm", folder, name) >= (int)sizeof f->path)
        return gt_fail(GT_USAGE, "'%s': the path is too long", folder);
    gt_status st = gt_ffmpeg_unpack(ffmpeg, film, found->height, found->width, f->path, most);
    if (!st && !(f->file = fopen(f->path, "rb"))) st = gt_fail(GT_FAILED, "ffmpeg unpacks no frame of it");
    return st;
}

static void close_frames(frames *f) {
    if (f->file) fclose(f->file);
    if (*f->path) unlink(f->path);
}

static int64_t bytes_of(const frames *f) {
    fseeko(f->file, 0, SEEK_END);
    int64_t n = ftello(f->file);
    rewind(f->file);
    return n;
}

/* All pictures of a film have the head of the first one. */
static bool same_head(const frames *a, const frames *b) {
    enum { LINES = 3, MOST = 48 };
    int lines = 0;
    for (size_t i = 0; i < MOST && i < a->n && i < b->n && lines < LINES; i++) {
        if (a->part[i] != b->part[i]) return false;
        lines += a->part[i] == '\n';
    }
    return lines == LINES;
}

static void compare_frames(frames *a, frames *b, audit_pixels *out) {
    bool begins = true;
    do {
        a->n = fread(a->part, 1, PART, a->file);
        b->n = fread(b->part, 1, PART, b->file);
        if (a->n != b->n || (begins && !same_head(a, b))) {
            gt_format(out->words, sizeof out->words, "its frames have another size or number");
            return;
        }
        begins = false;
        for (size_t i = 0; i < a->n; i++) {
            out->differ += a->part[i] != b->part[i];
            out->most = gt_largest(out->most, abs(a->part[i] - b->part[i]));
        }
    } while (a->n == PART);
}

gt_status audit_mp4_compare(const char *path, const gt_record_found *found, const char *made,
                            struct gt_ffmpeg *const unpackers[2], const char *folder, audit_pixels *out) {
    *out = (audit_pixels){.cell = -1, .frame = -1, .range = 255};
    frames *f = calloc(2, sizeof *f);
    gt_status st = f ? audit_same_files(path, made, &out->bytes) : gt_fail(GT_NOMEM, "out of memory for two films");
    if (!st && !out->bytes) {
        st = unpack(made, unpackers[0], found, folder, "made", (int64_t)1 << 50, &f[0]);
        if (!st) st = unpack(path, unpackers[1], found, folder, "said", bytes_of(&f[0]) + 1, &f[1]);
        if (!st) compare_frames(&f[0], &f[1], out);
        if (st && st != GT_NOMEM) {
            gt_format(out->words, sizeof out->words, "%s", gt_message());
            st = GT_OK;
        }
    }
    for (int i = 0; i < 2 && f; i++) close_frames(&f[i]);
    free(f);
    return st;
}
