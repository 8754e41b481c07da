/* SPDX-License-Identifier: Apache-2.0
 * Which kind of picture it is, and what all kinds have in common. */
#include "gantry/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "codec/raw_picture.h"

static const gt_picture_kind *const kinds[] = {&gt_kind_png,  &gt_kind_jpeg, &gt_kind_webp,
                                               &gt_kind_tiff, &gt_kind_bmp,  &gt_kind_pnm};

/* Kinds that are not read, so that the message can name them. */
static const struct other {
    const char *name, *start;
    size_t offset, n;
} others[] = {
    {"GIF", "GIF8", 0, 4},
    {"JPEG 2000", "\0\0\0\14jP", 0, 6},
    {"JPEG 2000", "\377\117\377\121", 0, 4},
    {"Photoshop", "8BPS", 0, 4},
    {"HEIF or AVIF", "ftyp", 4, 4},
    {"JPEG XL", "\377\n", 0, 2},
    {"HTML", "<!DOCTYPE", 0, 9},
    {"HTML", "<html", 0, 5},
    {"SVG", "<svg", 0, 4},
};

static gt_status find_kind(const gt_picture_kind **kind, const uint8_t *bytes, size_t n) {
    if (n == 0) return gt_fail(GT_FORMAT, "empty");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i]->begins(bytes, n)) {
            *kind = kinds[i];
            return GT_OK;
        }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (n >= others[i].offset + others[i].n && !memcmp(bytes + others[i].offset, others[i].start, others[i].n))
            return gt_fail(GT_FORMAT, "a file of a kind that is not read (%s); convert it to PNG", others[i].name);
    return gt_fail(GT_FORMAT, "no picture: it begins like no PNG, JPEG, BMP, PPM, PGM, WebP or TIFF");
}

gt_status gt_picture_recognise(const void *bytes, size_t n) {
    const gt_picture_kind *kind;
    return find_kind(&kind, bytes, n);
}

gt_status gt_picture_head(gt_picture_info *out, const void *bytes, size_t n) {
    const gt_picture_kind *kind = NULL;
    *out = (gt_picture_info){0};
    gt_status st = find_kind(&kind, bytes, n);
    if (!st) st = kind->head(out, bytes, n);
    if (!st) out->format = kind->name;
    return st;
}

gt_status gt_picture_decode(gt_picture *out, const void *bytes, size_t n, size_t most_bytes) {
    const gt_picture_kind *kind = NULL;
    *out = (gt_picture){0};
    gt_status st = find_kind(&kind, bytes, n);
    if (st) return st;
    gt_raw_picture raw = {.most_bytes = most_bytes};
    st = kind->decode(&raw, bytes, n);
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

gt_status gt_picture_check_size(uint64_t height, uint64_t width, uint64_t channels, gt_sample type, size_t most_bytes) {
    if (most_bytes == 0 || most_bytes > GT_PICTURE_MAX_BYTES) most_bytes = GT_PICTURE_MAX_BYTES;
    if (height == 0 || width == 0 || channels == 0) return gt_fail(GT_FORMAT, "damaged: it has no pixels");
    if (channels > GT_PICTURE_MAX_CHANNELS)
        return gt_fail(GT_FORMAT, "%llu channels; at most %d are read", (unsigned long long)channels,
                       GT_PICTURE_MAX_CHANNELS);
    if (height > GT_PICTURE_MAX_SIDE || width > GT_PICTURE_MAX_SIDE ||
        height * width * channels * gt_sample_bytes(type) > most_bytes)
        return gt_fail(GT_FORMAT,
                       "claims %llu x %llu pixels, %llu channels; at most %d per side and %zu MB a picture are read",
                       (unsigned long long)width, (unsigned long long)height, (unsigned long long)channels,
                       GT_PICTURE_MAX_SIDE, most_bytes >> 20);
    return GT_OK;
}

static gt_status new_picture(gt_picture *out, uint64_t height, uint64_t width, unsigned channels, gt_sample type,
                             size_t most_bytes) {
    *out = (gt_picture){0};
    gt_status st = gt_picture_check_size(height, width, channels, type, most_bytes);
    if (st) return st;
    size_t bytes = (size_t)(height * width * channels * gt_sample_bytes(type));
    void *samples = malloc(bytes);
    if (!samples) return gt_fail(GT_NOMEM, "out of memory for a picture of %zu bytes", bytes);
    *out = (gt_picture){
        .height = (int)height, .width = (int)width, .channels = (int)channels, .type = type, .samples = samples};
    return GT_OK;
}

gt_status gt_picture_new(gt_picture *out, int height, int width, int channels, gt_sample type) {
    if (height < 0 || width < 0 || channels < 0) height = 0;
    return new_picture(out, (uint64_t)height, (uint64_t)width, (unsigned)channels, type, 0);
}

gt_status gt_raw_new(gt_raw_picture *raw, uint64_t height, uint64_t width, unsigned channels, gt_sample type) {
    return new_picture(&raw->picture, height, width, channels, type, raw->most_bytes);
}

void gt_raw_keep_profile(gt_raw_picture *raw, const void *profile, size_t n) {
    free(raw->profile);
    raw->profile_bytes = n;
    raw->profile = n ? malloc(n) : NULL;
    if (raw->profile) memcpy(raw->profile, profile, n);
}

const char *gt_picture_describe(const gt_picture *p, char text[48]) {
    static const char *const type[] = {"8-bit", "16-bit", "float32"};
    const char *layout = p->channels == 1                ? " grey"
                         : p->channels == 2 && p->alpha  ? " grey + alpha"
                         : p->channels == 3 && !p->alpha ? " RGB"
                         : p->channels == 4 && p->alpha  ? " RGBA"
                                                         : NULL;
    if (layout) snprintf(text, 48, "%s%s", type[p->type], layout);
    else snprintf(text, 48, "%s, %d channels", type[p->type], p->channels);
    return text;
}

bool gt_picture_is_name(const char *name) {
    static const char *const endings[] = {"png", "apng", "jpg", "jpeg", "jpe",  "jfif", "mpo",  "jp2",  "j2k",  "jpf",
                                          "jpx", "j2c",  "jpc", "bmp",  "dib",  "gif",  "tif",  "tiff", "webp", "tga",
                                          "ppm", "pgm",  "pbm", "pnm",  "pcx",  "ico",  "icns", "sgi",  "dds",  "psd",
                                          "rgb", "rgba", "bw",  "xbm",  "xpm",  "im",   "msp",  "cur",  "fli",  "flc",
                                          "dcx", "vda",  "icb", "vst",  "heic", "heif", "avif"};
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (!strcasecmp(dot + 1, endings[i])) return true;
    return false;
}
