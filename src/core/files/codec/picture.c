/* SPDX-License-Identifier: Apache-2.0
 * Finds the kind of a picture file; functions for all kinds. */
#include "files/codec/door/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "files/codec/door/raw_picture.h"
#include "base/door/file.h"
#include "files/codec/door/sample.h"

/* How files begin; '?' stands for any byte. Of two that fit the first one counts. */
typedef struct kind_of_file {
    const char *name, *start;
    size_t n;
    const gt_picture_kind *kind; /* NULL: not read; the message names the kind */
    const char *remedy;          /* of what is not read */
} kind_of_file;
#define READ(name, start, kind) \
    { name, start, sizeof(start) - 1, &(kind), NULL }
#define UNREAD(name, start, remedy) \
    { name, start, sizeof(start) - 1, NULL, remedy }
#define TO_PNG "convert it to PNG"
#define HEIF_TO_PNG TO_PNG ", as heif-convert does"
static const kind_of_file kinds[] = {
    READ("PNG", "\211PNG\r\n\032\n", gt_kind_png),
    READ("JPEG", "\377\330\377", gt_kind_jpeg),
    READ("WebP", "RIFF????WEBP", gt_kind_webp),
    READ("TIFF", "II*\0", gt_kind_tiff),
    READ("TIFF", "MM\0*", gt_kind_tiff),
    READ("TIFF", "II+\0", gt_kind_tiff),
    READ("TIFF", "MM\0+", gt_kind_tiff),
    READ("BMP", "BM", gt_kind_bmp),
    READ("PNM", "P1", gt_kind_pnm),
    READ("PNM", "P2", gt_kind_pnm),
    READ("PNM", "P3", gt_kind_pnm),
    READ("PNM", "P4", gt_kind_pnm),
    READ("PNM", "P5", gt_kind_pnm),
    READ("PNM", "P6", gt_kind_pnm),
    READ("GIF", "GIF87a", gt_kind_gif),
    READ("GIF", "GIF89a", gt_kind_gif),
    UNREAD("JPEG 2000", "\0\0\0\14jP", TO_PNG),
    UNREAD("JPEG 2000", "\377\117\377\121", TO_PNG),
    UNREAD("Photoshop", "8BPS", TO_PNG),
    UNREAD("HEIC", "????ftyphei", HEIF_TO_PNG),
    UNREAD("HEIC", "????ftyphev", HEIF_TO_PNG),
    UNREAD("HEIC or HEIF", "????ftypmif", HEIF_TO_PNG),
    UNREAD("HEIC or HEIF", "????ftypmsf", HEIF_TO_PNG),
    UNREAD("AVIF", "????ftypavi", HEIF_TO_PNG),
    UNREAD("a film, MP4 or MOV", "????ftyp", "take pictures from it, as ffmpeg does"),
    UNREAD("JPEG XL", "\377\n", TO_PNG),
    UNREAD("HTML", "<!DOCTYPE", "this is a web page, not a picture"),
    UNREAD("HTML", "<html", "this is a web page, not a picture"),
    UNREAD("SVG", "<svg", TO_PNG),
};

static bool starts_so(const kind_of_file *k, const uint8_t *bytes, size_t n) {
    size_t i = 0;
    while (i < k->n && i < n && (k->start[i] == '?' || (uint8_t)k->start[i] == bytes[i])) i++;
    return i == k->n;
}

/* NULL: none that is known. */
static const kind_of_file *kind_of(const uint8_t *bytes, size_t n) {
    for (const kind_of_file *k = kinds; k < kinds + sizeof kinds / sizeof *kinds; k++)
        if (starts_so(k, bytes, n)) return k;
    return NULL;
}

/* GT_OK: files of this kind are read. */
static gt_status find_kind(const kind_of_file **kind, const uint8_t *bytes, size_t n) {
    if (n == 0) return gt_fail(GT_FORMAT, "empty");
    const kind_of_file *k = *kind = kind_of(bytes, n);
    if (!k && gt_kind_of_bytes(bytes, n, n) == GT_KIND_POINTER)
        return gt_fail(GT_FORMAT, "a pointer of Git LFS, not a picture: git lfs pull brings it");
    if (!k) return gt_fail(GT_FORMAT, "not a picture: it is not a PNG, JPEG, BMP, PPM, PGM, WebP, TIFF or GIF");
    if (k->kind) return GT_OK;
    return gt_fail(GT_FORMAT, "a file of a kind that Gantry does not read (%s); %s", k->name, k->remedy);
}

bool gt_picture_is_unread(const void *bytes, size_t n) {
    const kind_of_file *k = kind_of(bytes, n);
    return k && !k->kind;
}

gt_status gt_picture_recognise(const void *bytes, size_t n) {
    const kind_of_file *kind;
    return find_kind(&kind, bytes, n);
}

gt_status gt_picture_head(gt_picture_info *out, const void *bytes, size_t n) {
    const kind_of_file *kind;
    *out = (gt_picture_info){0};
    gt_status st = find_kind(&kind, bytes, n);
    if (!st) st = kind->kind->head(out, bytes, n);
    if (!st) out->format = kind->name;
    return st;
}

gt_status gt_picture_decode(gt_picture *out, const void *bytes, size_t n, size_t most_bytes) {
    const kind_of_file *kind;
    *out = (gt_picture){0};
    gt_status st = find_kind(&kind, bytes, n);
    if (st) return st;
    gt_raw_picture raw = {.most_bytes = most_bytes};
    st = kind->kind->decode(&raw, bytes, n);
    if (!st) st = gt_raw_colours(&raw);
    if (!st) st = gt_raw_turn(&raw);
    free(raw.profile);
    if (st) gt_picture_free(&raw.picture);
    else *out = raw.picture;
    return st;
}

void gt_picture_free(gt_picture *p) {
    free(p->samples);
    *p = (gt_picture){0};
}

size_t gt_picture_bytes(const gt_picture *p) {
    return (size_t)p->height * (size_t)p->width * (size_t)p->channels * gt_sample_bytes(p->type);
}

gt_status gt_picture_check_size(size_t height, size_t width, size_t channels, gt_sample type, size_t most_bytes) {
    if (most_bytes == 0 || most_bytes > GT_PICTURE_MAX_BYTES) most_bytes = GT_PICTURE_MAX_BYTES;
    if (height == 0 || width == 0 || channels == 0) return gt_fail(GT_FORMAT, "damaged: it has no pixels");
    if (channels > GT_PICTURE_MAX_CHANNELS)
        return gt_fail(GT_FORMAT, "%zu channels; at most %d are read", channels, GT_PICTURE_MAX_CHANNELS);
    if (height > GT_PICTURE_MAX_SIDE || width > GT_PICTURE_MAX_SIDE ||
        height * width * channels * gt_sample_bytes(type) > most_bytes)
        return gt_fail(GT_FORMAT,
                       "claims %zu x %zu pixels, %zu channels; at most %d per side and %zu MB a picture are read",
                       width, height, channels, GT_PICTURE_MAX_SIDE, most_bytes >> 20);
    return GT_OK;
}

gt_status gt_head_fill(gt_picture_info *out, size_t height, size_t width, size_t channels, gt_sample type, int bits) {
    *out = (gt_picture_info){.height = (int)height, .width = (int)width, .channels = (int)channels, .bits = bits};
    return gt_picture_check_size(height, width, channels, type, 0);
}

gt_status gt_raw_new(gt_raw_picture *raw, size_t height, size_t width, size_t channels, gt_sample type) {
    raw->picture = (gt_picture){0};
    gt_status st = gt_picture_check_size(height, width, channels, type, raw->most_bytes);
    if (st) return st;
    size_t bytes = height * width * channels * gt_sample_bytes(type);
    void *samples = malloc(bytes);
    if (!samples) return gt_fail(GT_NOMEM, "out of memory for a picture of %zu bytes", bytes);
    raw->picture = (gt_picture){
        .height = (int)height, .width = (int)width, .channels = (int)channels, .type = type, .samples = samples};
    return GT_OK;
}

gt_status gt_picture_new(gt_picture *out, int height, int width, int channels, gt_sample type) {
    gt_raw_picture raw = {0};
    if (height < 0 || width < 0 || channels < 0) height = 0;
    gt_status st = gt_raw_new(&raw, (size_t)height, (size_t)width, (size_t)channels, type);
    *out = raw.picture;
    return st;
}

void gt_raw_keep_profile(gt_raw_picture *raw, const void *profile, size_t n) {
    free(raw->profile);
    raw->profile_bytes = n;
    raw->profile = n ? malloc(n) : NULL;
    if (raw->profile) memcpy(raw->profile, profile, n);
}

const char *gt_picture_describe(const gt_picture *p, char text[48]) {
    const char *type = gt_sample_name(p->type), *layout = p->channels == 1                ? " grey"
                                                          : p->channels == 2 && p->alpha  ? " grey + alpha"
                                                          : p->channels == 3 && !p->alpha ? " RGB"
                                                          : p->channels == 4 && p->alpha  ? " RGBA"
                                                                                          : NULL;
    if (layout) snprintf(text, 48, "%s%s", type, layout);
    else snprintf(text, 48, "%s, %d channels", type, p->channels);
    return text;
}

enum { ENDINGS_READ = 15 }; /* how many of the endings are those of kinds that are read: the first ones */
static const char *const endings[] = {"png", "jpg",  "jpeg", "jpe", "jfif", "bmp",  "dib",  "webp", "tif", "tiff",
                                      "ppm", "pgm",  "pbm",  "pnm", "gif",  "apng", "mpo",  "jp2",  "j2k", "jpf",
                                      "jpx", "j2c",  "jpc",  "tga", "pcx",  "ico",  "icns", "sgi",  "dds", "psd",
                                      "rgb", "rgba", "bw",   "xbm", "xpm",  "im",   "msp",  "cur",  "fli", "flc",
                                      "dcx", "vda",  "icb",  "vst", "heic", "heif", "avif"};
enum { ENDINGS = sizeof endings / sizeof *endings };

static int ending_of(const char *name) {
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
    int i = 0;
    while (i < ENDINGS && !(dot && !strcasecmp(dot + 1, endings[i]))) i++;
    return i;
}

bool gt_picture_is_name(const char *name) { return ending_of(name) < ENDINGS; }

bool gt_picture_is_unread_name(const char *name) { return gt_picture_is_name(name) && ending_of(name) >= ENDINGS_READ; }
