/* SPDX-License-Identifier: Apache-2.0
 * Films of three kinds: see runner/generator/door/film.h. */
#include "runner/generator/door/film.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "files/codec/door/webp.h"
#include "files/codec/door/notes.h"
#include "gantry/grid.h"
#include "runner/generator/ffmpeg.h"

struct gt_film {
    const gt_film_of *of;
    gt_film_kind kind;
    int64_t frames; /* so far */
    gt_webp_film *webp;
};

gt_film_kind gt_film_kind_of(const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (gt_ends_with(path, ".webp")) return GT_FILM_WEBP;
    if (gt_ends_with(path, ".mp4")) return GT_FILM_MP4;
    return *path && (!strchr(name, '.') || gt_is_directory(path)) ? GT_FILM_FOLDER : GT_FILM_UNKNOWN;
}

gt_status gt_film_check(const gt_film_of *of) {
    switch (gt_film_kind_of(of->path)) {
    case GT_FILM_WEBP: return gt_webp_check_size(of->height, of->width);
    case GT_FILM_MP4:
    case GT_FILM_FOLDER: return gt_grid_check(1, 1, of->height, of->width, of->channels);
    default:
        return gt_fail(GT_USAGE,
                       "'%s': a film is FILE.webp, FILE.mp4, or a folder (FOLDER/) for a picture of each frame",
                       of->path);
    }
}

/* ---- frames ---- */

/* PPM knows RGB alone. */
static gt_status pack_ppm(const gt_film_of *of, const uint8_t *pixels, void **bytes, size_t *n) {
    char head[48];
    size_t count = (size_t)of->height * (size_t)of->width;
    size_t begin = (size_t)snprintf(head, sizeof head, "P6\n%d %d\n255\n", of->width, of->height);
    uint8_t *out = malloc(begin + 3 * count);
    if (!out) return gt_fail(GT_NOMEM, "out of memory for a frame");
    memcpy(out, head, begin);
    for (size_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            out[begin + 3 * i + (size_t)c] = pixels[i * (size_t)of->channels + (of->channels == 1 ? 0 : (size_t)c)];
    *bytes = out;
    *n = begin + 3 * count;
    return GT_OK;
}

gt_status gt_film_pack(const gt_film_of *of, const uint8_t *pixels, void **bytes, size_t *n) {
    enum { LEVEL = 6 };
    gt_picture p = {.height = of->height, .width = of->width, .channels = of->channels, .samples = (void *)pixels};
    *bytes = NULL;
    *n = 0;
    switch (gt_film_kind_of(of->path)) {
    case GT_FILM_WEBP:
        return gt_webp_encode(&p, &(gt_webp_options){.lossless = of->lossless, .quality = of->quality}, bytes, n);
    case GT_FILM_MP4: return pack_ppm(of, pixels, bytes, n);
    default: return gt_png_encode_noted(&p, LEVEL, of->notes, bytes, n);
    }
}

/* ---- the film ---- */

static char *frame_path(const gt_film_of *of, int64_t frame) {
    char name[32];
    snprintf(name, sizeof name, "frame%05lld.png", (long long)frame);
    return gt_path_join(of->path, name);
}

/* Nothing of an earlier, longer film would follow this one. What lies there is not removed: it may be all there is. */
static gt_status check_folder(const gt_film_of *of) {
    GT_FREED char *path = frame_path(of, of->frames);
    gt_status st = path ? GT_OK : GT_NOMEM;
    if (!st && of->frames && !access(path, F_OK))
        st = gt_fail(GT_USAGE,
                     "'%s' belongs to a longer film, whose end would follow this film of %lld frames: remove the "
                     "frames there, or choose another folder",
                     path, (long long)of->frames);
    return st;
}

static gt_status begin_film(gt_film *f) {
    const gt_film_of *of = f->of;
    if (f->kind == GT_FILM_WEBP) return gt_webp_film_open(&f->webp, of->path, of->height, of->width, 0, of->notes);
    if (f->kind == GT_FILM_MP4) return gt_ffmpeg_begin(of->ffmpeg, of->path, of->fps);
    gt_status st = check_folder(of);
    if (!st) st = gt_make_directories(of->path);
    if (!st) gt_halves_clear(of->path);
    return st;
}

gt_status gt_film_open(gt_film **out, const gt_film_of *of) {
    *out = NULL;
    gt_status st = gt_film_check(of);
    gt_film *f = st ? NULL : calloc(1, sizeof *f);
    if (!st && !f) st = gt_fail(GT_NOMEM, "out of memory for '%s'", of->path);
    if (st) return st;
    *f = (gt_film){.of = of, .kind = gt_film_kind_of(of->path)};
    st = begin_film(f);
    if (st) gt_film_close(f);
    else *out = f;
    return st;
}

static gt_status write_frame(const gt_film *f, const void *bytes, size_t n) {
    GT_FREED char *path = frame_path(f->of, f->frames);
    return path ? gt_file_write(path, bytes, n) : GT_NOMEM;
}

gt_status gt_film_add(gt_film *f, const void *bytes, size_t n) {
    gt_status st;
    if (f->kind == GT_FILM_WEBP)
        st = gt_webp_film_add(f->webp, bytes, n, gt_webp_film_milliseconds(f->frames, f->of->fps));
    else if (f->kind == GT_FILM_MP4) st = gt_ffmpeg_add(f->of->ffmpeg, bytes, n);
    else st = write_frame(f, bytes, n);
    f->frames++;
    return st;
}

gt_status gt_film_finish(gt_film *f) {
    if (f->kind == GT_FILM_WEBP) return gt_webp_film_finish(f->webp);
    const char *xmp = f->of->notes ? f->of->notes->xmp : NULL;
    return f->kind == GT_FILM_MP4 ? gt_ffmpeg_finish(f->of->ffmpeg, xmp) : GT_OK;
}

void gt_film_close(gt_film *f) {
    if (f) gt_webp_film_close(f->webp);
    free(f);
}
