/* SPDX-License-Identifier: Apache-2.0
 * TIFF by libtiff: the first page, of strips or tiles ("blocks" below), of interleaved or separate planes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "codec/raw_picture.h"

enum { REASON_BYTES = 200 };

typedef struct reader {
    const uint8_t *bytes;
    uint64_t n, at;
    TIFF *tiff;
    gt_raw_picture *raw;
    uint32_t width, height;
    uint16_t channels, bits, format, planar, photometric, compression;
    bool alpha, premultiplied, tiled;
    bool beyond; /* more was to be read than there is */
    uint32_t block_width, block_height; /* of a tile or strip */
    char reason[REASON_BYTES];
} reader;

static bool begins(const uint8_t *bytes, size_t n) {
    return n >= 4 && (!memcmp(bytes, "II*\0", 4) || !memcmp(bytes, "MM\0*", 4) || !memcmp(bytes, "II+\0", 4) ||
                      !memcmp(bytes, "MM\0+", 4));
}

static tmsize_t on_read(thandle_t handle, void *out, tmsize_t wanted) {
    reader *r = handle;
    uint64_t left = r->at < r->n ? r->n - r->at : 0, n = (uint64_t)wanted < left ? (uint64_t)wanted : left;
    memcpy(out, r->bytes + r->at, n);
    r->at += n;
    r->beyond |= n < (uint64_t)wanted;
    return (tmsize_t)n;
}

static tmsize_t on_write(thandle_t handle, void *data, tmsize_t n) {
    (void)handle, (void)data, (void)n;
    return 0;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    reader *r = handle;
    r->at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? r->at + offset : r->n + offset;
    return r->at;
}

static int on_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle) {
    return ((reader *)handle)->n;
}

/* The first complaint is the cause, later ones follow from it. */
static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    reader *r = user;
    (void)tiff, (void)module;
    if (!r->reason[0]) vsnprintf(r->reason, sizeof r->reason, format, arguments);
    return 1;
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
    return 1;
}

static gt_status damaged(const reader *r) {
    return gt_fail(GT_FORMAT, "damaged or truncated: %s", r->reason[0] ? r->reason : "its structure is not whole");
}

static gt_status open_tiff(reader *r) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return gt_fail(GT_NOMEM, "out of memory for reading a TIFF");
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, r);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, r);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, GT_PICTURE_MAX_BYTES);
    r->tiff = TIFFClientOpenExt("TIFF", "rm", r, on_read, on_write, on_seek, on_close, on_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return r->tiff ? GT_OK : damaged(r);
}

static uint16_t short_tag(reader *r, uint32_t tag) {
    uint16_t v = 0;
    TIFFGetFieldDefaulted(r->tiff, tag, &v);
    return v;
}

static bool is_palette(const reader *r) {
    return r->photometric == PHOTOMETRIC_PALETTE;
}

static gt_status read_tags(reader *r) {
    uint16_t extras = 0, *extra = NULL;
    r->bits = short_tag(r, TIFFTAG_BITSPERSAMPLE);
    r->channels = short_tag(r, TIFFTAG_SAMPLESPERPIXEL);
    r->format = short_tag(r, TIFFTAG_SAMPLEFORMAT);
    r->planar = short_tag(r, TIFFTAG_PLANARCONFIG);
    r->compression = short_tag(r, TIFFTAG_COMPRESSION);
    r->photometric = PHOTOMETRIC_MINISBLACK;
    TIFFGetField(r->tiff, TIFFTAG_PHOTOMETRIC, &r->photometric);
    if (!TIFFGetField(r->tiff, TIFFTAG_IMAGEWIDTH, &r->width) || !TIFFGetField(r->tiff, TIFFTAG_IMAGELENGTH, &r->height))
        return gt_fail(GT_FORMAT, "damaged: no size");
    TIFFGetFieldDefaulted(r->tiff, TIFFTAG_EXTRASAMPLES, &extras, &extra);
    r->alpha = extras > 0 && (r->channels == 2 || r->channels == 4) && extras == 1 &&
               (extra[0] == EXTRASAMPLE_ASSOCALPHA || extra[0] == EXTRASAMPLE_UNASSALPHA);
    r->premultiplied = r->alpha && extra[0] == EXTRASAMPLE_ASSOCALPHA;
    r->tiled = TIFFIsTiled(r->tiff);
    r->block_width = r->width;
    r->block_height = r->height;
    if (r->tiled) {
        if (!TIFFGetField(r->tiff, TIFFTAG_TILEWIDTH, &r->block_width) ||
            !TIFFGetField(r->tiff, TIFFTAG_TILELENGTH, &r->block_height) || !r->block_width || !r->block_height)
            return gt_fail(GT_FORMAT, "damaged: no size of its tiles");
    } else {
        uint32_t rows = 0;
        TIFFGetFieldDefaulted(r->tiff, TIFFTAG_ROWSPERSTRIP, &rows);
        if (rows > 0 && rows < r->height) r->block_height = rows;
    }
    return GT_OK;
}

static gt_sample type_of(const reader *r) {
    return r->format == SAMPLEFORMAT_IEEEFP ? GT_F32 : r->bits == 16 && !is_palette(r) ? GT_U16 : GT_U8;
}

static gt_status check_kind(const reader *r) {
    bool number = r->format == SAMPLEFORMAT_IEEEFP ? r->bits == 32 || r->bits == 64
                                                   : r->format == SAMPLEFORMAT_UINT && (r->bits == 8 || r->bits == 16);
    bool few = r->format == SAMPLEFORMAT_UINT && r->channels == 1 && (r->bits == 1 || r->bits == 2 || r->bits == 4);
    if (!number && !few)
        return gt_fail(GT_FORMAT, "a TIFF of %u-bit samples of format %u, which is not read", r->bits, r->format);
    switch (r->photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_RGB: break;
    case PHOTOMETRIC_PALETTE:
        if (r->channels == 1 && r->format == SAMPLEFORMAT_UINT && r->bits <= 8) break;
        return gt_fail(GT_FORMAT, "damaged: a palette for %u channels of %u bits", r->channels, r->bits);
    case PHOTOMETRIC_SEPARATED:
        if (r->channels == 4 && r->bits == 8 && r->format == SAMPLEFORMAT_UINT) break;
        return gt_fail(GT_FORMAT, "a TIFF of inks that are not 8-bit CMYK, which is not read");
    case PHOTOMETRIC_YCBCR:
        if (r->compression == COMPRESSION_JPEG && r->bits == 8 && r->channels == 3) break; /* fall through */
    default: return gt_fail(GT_FORMAT, "a TIFF of colours of kind %u, which is not read", r->photometric);
    }
    if (r->channels > GT_PICTURE_MAX_CHANNELS) return gt_fail(GT_FORMAT, "%u channels; at most %d are read", r->channels, GT_PICTURE_MAX_CHANNELS);
    return gt_picture_check_size(r->height, r->width, r->channels, type_of(r), 0);
}

static gt_status begin(reader *r) {
    gt_status st = open_tiff(r);
    if (!st) st = read_tags(r);
    if (!st) st = check_kind(r);
    if (!st && r->compression == COMPRESSION_JPEG && r->photometric == PHOTOMETRIC_YCBCR)
        TIFFSetField(r->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    return st;
}

static int orientation_of(const reader *r) {
    uint16_t orientation = 0;
    return TIFFGetField(r->tiff, TIFFTAG_ORIENTATION, &orientation) && orientation <= 8 ? orientation : 0;
}

static gt_status head(gt_picture_info *out, const uint8_t *bytes, size_t n) {
    reader r = {.bytes = bytes, .n = n};
    gt_status st = begin(&r);
    /* libtiff takes indices whose palette it cannot reach for grey */
    if (!st && r.beyond && r.channels == 1 && !is_palette(&r)) st = damaged(&r);
    if (!st)
        *out = (gt_picture_info){.height = (int)r.height,
                                 .width = (int)r.width,
                                 .channels = is_palette(&r) || r.photometric == PHOTOMETRIC_SEPARATED ? 3 : r.channels,
                                 .bits = r.bits,
                                 .alpha = r.alpha};
    if (!st) gt_turn_head(out, orientation_of(&r));
    if (r.tiff) TIFFClose(r.tiff);
    return st;
}

/* Sample `k` of a row of a block, as it counts in the picture. */
static void put_sample(const reader *r, const uint8_t *row, size_t k, gt_picture *p, size_t to) {
    bool invert = r->photometric == PHOTOMETRIC_MINISWHITE;
    if (r->format == SAMPLEFORMAT_IEEEFP) {
        double wide;
        float f;
        if (r->bits == 64) memcpy(&wide, row + 8 * k, 8), f = (float)wide;
        else memcpy(&f, row + 4 * k, 4);
        ((float *)p->samples)[to] = f;
    } else if (r->bits == 16) {
        uint16_t v;
        memcpy(&v, row + 2 * k, 2);
        ((uint16_t *)p->samples)[to] = invert ? (uint16_t)(65535 - v) : v;
    } else {
        unsigned per_byte = 8u / r->bits, top = (1u << r->bits) - 1;
        unsigned v = row[k / per_byte] >> (per_byte - 1 - k % per_byte) * r->bits & top;
        if (!is_palette(r)) v = (invert ? top - v : v) * (255 / top);
        ((uint8_t *)p->samples)[to] = (uint8_t)v;
    }
}

/* The part of a block that lies in the picture; `plane`: the channel of separate planes, and 0. */
static void put_block(const reader *r, const uint8_t *data, size_t stride, uint32_t x0, uint32_t y0, unsigned plane, gt_picture *p) {
    bool separate = r->planar == PLANARCONFIG_SEPARATE;
    unsigned in_pixel = separate ? 1 : r->channels;
    uint32_t rows = r->block_height < r->height - y0 ? r->block_height : r->height - y0;
    uint32_t columns = r->block_width < r->width - x0 ? r->block_width : r->width - x0;
    bool as_is = !separate && (r->bits == 8 || r->bits == 16 || r->bits == 32) && r->photometric != PHOTOMETRIC_MINISWHITE;
    for (uint32_t y = 0; y < rows && as_is; y++)
        memcpy((uint8_t *)p->samples + ((size_t)(y0 + y) * r->width + x0) * r->channels * (r->bits / 8u), data + y * stride,
               (size_t)columns * r->channels * (r->bits / 8u));
    for (uint32_t y = 0; y < rows && !as_is; y++)
        for (uint32_t x = 0; x < columns; x++)
            for (unsigned c = 0; c < in_pixel; c++)
                put_sample(r, data + y * stride, (size_t)x * in_pixel + c, p,
                           ((size_t)(y0 + y) * r->width + x0 + x) * r->channels + plane + c);
}

static gt_status read_plane(reader *r, unsigned plane, uint8_t *block, tmsize_t size, gt_picture *p) {
    size_t stride = (size_t)(r->tiled ? TIFFTileRowSize64(r->tiff) : TIFFScanlineSize64(r->tiff));
    for (uint32_t y = 0; y < r->height; y += r->block_height)
        for (uint32_t x = 0; x < r->width; x += r->block_width) {
            uint32_t number = r->tiled ? TIFFComputeTile(r->tiff, x, y, 0, (uint16_t)plane)
                                       : TIFFComputeStrip(r->tiff, y, (uint16_t)plane);
            uint32_t rows = r->tiled || r->height - y > r->block_height ? r->block_height : r->height - y;
            tmsize_t got = r->tiled ? TIFFReadEncodedTile(r->tiff, number, block, size)
                                    : TIFFReadEncodedStrip(r->tiff, number, block, size);
            if (got < 0 || (size_t)got < stride * rows) return damaged(r);
            put_block(r, block, stride, x, y, plane, p);
        }
    return GT_OK;
}

static gt_status read_samples(reader *r) {
    gt_picture *p = &r->raw->picture;
    uint64_t size = r->tiled ? TIFFTileSize64(r->tiff) : TIFFStripSize64(r->tiff);
    if (size == 0 || size > GT_PICTURE_MAX_BYTES) return gt_fail(GT_FORMAT, "damaged: a block of %llu bytes", (unsigned long long)size);
    uint8_t *block = malloc(size);
    if (!block) return gt_fail(GT_NOMEM, "out of memory for reading a TIFF");
    gt_status st = GT_OK;
    for (unsigned plane = 0; plane < (r->planar == PLANARCONFIG_SEPARATE ? r->channels : 1u) && !st; plane++)
        st = read_plane(r, plane, block, (tmsize_t)size, p);
    free(block);
    return st;
}

/* Indices to colours. A palette that was written with 8-bit values, against the standard, is taken as that. */
static gt_status look_up(reader *r) {
    uint16_t *map[3];
    if (!TIFFGetField(r->tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2])) return gt_fail(GT_FORMAT, "damaged: no palette");
    bool wide = false;
    for (unsigned i = 0; i < 1u << r->bits; i++) wide = wide || map[0][i] > 255 || map[1][i] > 255 || map[2][i] > 255;
    gt_picture index = r->raw->picture;
    gt_status st = gt_raw_new(r->raw, r->height, r->width, 3, GT_U8);
    r->raw->picture.note = index.note;
    for (size_t i = 0; !st && i < gt_picture_bytes(&index); i++)
        for (int c = 0; c < 3; c++) {
            unsigned v = map[c][((uint8_t *)index.samples)[i]];
            ((uint8_t *)r->raw->picture.samples)[3 * i + (size_t)c] = (uint8_t)(wide ? v >> 8 : v);
        }
    gt_picture_free(&index);
    return st;
}

/* Colours that were multiplied by their alpha, back to what they were. */
static void divide_alpha(gt_picture *p) {
    int last = p->channels - 1;
    for (size_t i = 0; i < (size_t)p->height * (size_t)p->width; i++)
        for (int c = 0; c < last; c++) {
            size_t at = i * (size_t)p->channels;
            if (p->type == GT_U8) {
                uint8_t *s = (uint8_t *)p->samples + at;
                unsigned v = s[last] ? (s[c] * 255u + s[last] / 2u) / s[last] : 0;
                s[c] = (uint8_t)(v < 255 ? v : 255);
            } else if (p->type == GT_U16) {
                uint16_t *s = (uint16_t *)p->samples + at;
                uint64_t v = s[last] ? (s[c] * 65535ull + s[last] / 2u) / s[last] : 0;
                s[c] = (uint16_t)(v < 65535 ? v : 65535);
            } else {
                float *s = (float *)p->samples + at;
                s[c] = s[last] > 0 ? s[c] / s[last] : 0;
            }
        }
}

static void keep_metadata(reader *r) {
    uint32_t n = 0;
    void *profile = NULL;
    if (TIFFGetField(r->tiff, TIFFTAG_ICCPROFILE, &n, &profile)) gt_raw_keep_profile(r->raw, profile, n);
    if (!TIFFLastDirectory(r->tiff)) r->raw->picture.note = "only the first of its pages is read";
    r->raw->orientation = orientation_of(r);
}

static gt_status decode_with(reader *r) {
    gt_status st = begin(r);
    if (!st) st = gt_raw_new(r->raw, r->height, r->width, r->channels, type_of(r));
    if (!st) st = read_samples(r);
    if (st) return st;
    keep_metadata(r);
    r->raw->cmyk = r->photometric == PHOTOMETRIC_SEPARATED;
    r->raw->picture.alpha = r->alpha && !r->raw->cmyk;
    if (r->premultiplied && r->raw->picture.alpha) divide_alpha(&r->raw->picture);
    return is_palette(r) && !r->raw->options.palette_indices ? look_up(r) : GT_OK;
}

static gt_status decode(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    reader r = {.bytes = bytes, .n = n, .raw = raw};
    gt_status st = decode_with(&r);
    if (r.tiff) TIFFClose(r.tiff);
    return st;
}

const gt_picture_kind gt_kind_tiff = {.name = "TIFF", .begins = begins, .head = head, .decode = decode};
