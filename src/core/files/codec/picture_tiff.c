/* SPDX-License-Identifier: Apache-2.0
 * TIFF by libtiff: the first page, of strips or tiles (blocks), of interleaved or separate planes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "base/door/library.h"
#include "files/codec/door/raw_picture.h"
#include "files/codec/door/sample.h"
#include "gantry/memory.h"

enum { REASON_BYTES = 200 };

typedef struct reader {
    const uint8_t *bytes;
    uint64_t n, at;
    TIFF *tiff;
    gt_raw_picture *raw;
    uint32_t width, height;
    uint16_t channels, bits, format, photometric, orientation;
    int colours; /* channels as libtiff converts the samples to 8-bit colours; 0: the samples are read as stored */
    bool alpha, premultiplied, separate;
    bool beyond; /* more was to be read than there is */
    char reason[REASON_BYTES];
} reader;

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

static toff_t on_size(thandle_t handle) { return ((reader *)handle)->n; }

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
    return gt_fail(GT_FORMAT, "damaged or truncated: %s", r->reason[0] ? r->reason : "its structure is incomplete");
}

static gt_status open_tiff(reader *r) {
    gt_status st = gt_library_open("libtiff");
    if (st) return st;
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

static gt_status read_tags(reader *r) {
    uint16_t extras = 0, *extra = NULL;
    r->bits = short_tag(r, TIFFTAG_BITSPERSAMPLE);
    r->channels = short_tag(r, TIFFTAG_SAMPLESPERPIXEL);
    r->format = short_tag(r, TIFFTAG_SAMPLEFORMAT);
    r->separate = short_tag(r, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
    r->photometric = PHOTOMETRIC_MINISBLACK;
    TIFFGetField(r->tiff, TIFFTAG_PHOTOMETRIC, &r->photometric);
    r->orientation = ORIENTATION_TOPLEFT;
    TIFFGetField(r->tiff, TIFFTAG_ORIENTATION, &r->orientation);
    if (!TIFFGetField(r->tiff, TIFFTAG_IMAGEWIDTH, &r->width) ||
        !TIFFGetField(r->tiff, TIFFTAG_IMAGELENGTH, &r->height))
        return gt_fail(GT_FORMAT, "damaged: it has no size");
    TIFFGetFieldDefaulted(r->tiff, TIFFTAG_EXTRASAMPLES, &extras, &extra);
    bool room = r->channels == 2 || (r->channels == 4 && r->photometric != PHOTOMETRIC_SEPARATED);
    r->premultiplied = extras == 1 && room && extra[0] == EXTRASAMPLE_ASSOCALPHA;
    r->alpha = r->premultiplied || (extras == 1 && room && extra[0] == EXTRASAMPLE_UNASSALPHA);
    return GT_OK;
}

/* Is the file of a kind that is read? Sets r->colours. */
static bool choose_way(reader *r) {
    bool whole = r->format == SAMPLEFORMAT_UINT, real = r->format == SAMPLEFORMAT_IEEEFP, single = r->channels == 1;
    bool few = whole && single && (r->bits == 1 || r->bits == 2 || r->bits == 4), bytes = whole && r->bits == 8;
    bool stored = (whole && (r->bits == 8 || r->bits == 16)) || (real && (r->bits == 32 || r->bits == 64));
    if (r->premultiplied && !bytes) return false;
    switch (r->photometric) {
    case PHOTOMETRIC_MINISBLACK: r->colours = few; return few || stored;
    case PHOTOMETRIC_MINISWHITE: r->colours = r->bits <= 8; return few || (whole && stored && single);
    case PHOTOMETRIC_PALETTE: r->colours = 3; return few || (bytes && single);
    case PHOTOMETRIC_YCBCR:
        r->colours = 3;
        return bytes && r->channels == 3 && short_tag(r, TIFFTAG_COMPRESSION) == COMPRESSION_JPEG;
    case PHOTOMETRIC_RGB: return stored;
    case PHOTOMETRIC_SEPARATED: return bytes && r->channels == 4;
    default: return false;
    }
}

static gt_sample type_of(const reader *r) {
    return r->format == SAMPLEFORMAT_IEEEFP ? GT_F32 : r->bits == 16 ? GT_U16 : GT_U8;
}

static gt_status begin_tiff(reader *r) {
    gt_status st = open_tiff(r);
    if (!st) st = read_tags(r);
    if (!st && !choose_way(r))
        st = gt_fail(GT_FORMAT,
                     "a TIFF of %u channels of %u bits, format %u, photometric %u%s, which Gantry does not read",
                     r->channels, r->bits, r->format, r->photometric, r->premultiplied ? ", premultiplied" : "");
    return st ? st : gt_picture_check_size(r->height, r->width, r->colours ? 4 : r->channels, type_of(r), 0);
}

static gt_status head(gt_picture_info *out, const uint8_t *bytes, size_t n) {
    reader r = {.bytes = bytes, .n = n};
    gt_status st = begin_tiff(&r);
    /* libtiff takes indices whose palette it cannot reach for grey */
    if (!st && r.beyond && r.channels == 1 && r.photometric != PHOTOMETRIC_PALETTE) st = damaged(&r);
    if (!st)
        *out = (gt_picture_info){.height = (int)r.height,
                                 .width = (int)r.width,
                                 .channels = r.colours                                ? r.colours
                                             : r.photometric == PHOTOMETRIC_SEPARATED ? 3
                                                                                      : r.channels,
                                 .bits = r.bits,
                                 .alpha = r.alpha};
    if (!st) gt_turn_head(out, r.orientation);
    if (r.tiff) TIFFClose(r.tiff);
    return st;
}

/* By libtiff's own conversion to 8-bit RGBA, as stored: the orientation is applied later. */
static gt_status read_colours(reader *r) {
    gt_status st = gt_raw_new(r->raw, r->height, r->width, (unsigned)r->colours, GT_U8);
    size_t pixels = (size_t)r->height * r->width;
    GT_FREED uint32_t *rgba = st ? NULL : malloc(pixels * sizeof *rgba);
    if (!rgba) return st ? st : gt_fail(GT_NOMEM, "out of memory for reading a TIFF");
    if (!TIFFReadRGBAImageOriented(r->tiff, r->width, r->height, rgba, r->orientation, 1)) st = damaged(r);
    uint8_t *out = r->raw->picture.samples;
    for (size_t i = 0; i < pixels && !st; i++)
        for (int c = 0; c < r->colours; c++) *out++ = (uint8_t)(rgba[i] >> 8 * c);
    return st;
}

/* Strips or tiles. */
typedef struct blocks {
    bool tiled;
    uint32_t width, height;
    size_t stride; /* bytes of a row */
    uint64_t size;
    uint8_t *data; /* of one block */
} blocks;

static gt_status read_block(reader *r, const blocks *b, uint32_t x, uint32_t y, unsigned plane) {
    const gt_picture *p = &r->raw->picture;
    size_t sample = gt_sample_bytes(p->type), pixel = sample * r->channels, stride = b->stride;
    uint32_t rows = b->height < r->height - y ? b->height : r->height - y;
    uint32_t columns = b->width < r->width - x ? b->width : r->width - x;
    uint32_t number = b->tiled ? TIFFComputeTile(r->tiff, x, y, 0, (uint16_t)plane)
                               : TIFFComputeStrip(r->tiff, y, (uint16_t)plane);
    tmsize_t got = b->tiled ? TIFFReadEncodedTile(r->tiff, number, b->data, (tmsize_t)b->size)
                            : TIFFReadEncodedStrip(r->tiff, number, b->data, (tmsize_t)b->size);
    if (got < 0 || (size_t)got < stride * (b->tiled ? b->height : rows)) return damaged(r);
    if (r->bits == 64) {
        for (size_t i = 0; i < (size_t)got / 8; i++) {
            double wide;
            memcpy(&wide, b->data + 8 * i, 8);
            memcpy(b->data + 4 * i, &(float){(float)wide}, 4);
        }
        stride /= 2;
    }
    for (uint32_t row = 0; row < rows; row++) {
        const uint8_t *from = b->data + row * stride;
        uint8_t *to = (uint8_t *)p->samples + ((size_t)(y + row) * r->width + x) * pixel + plane * sample;
        if (!r->separate) memcpy(to, from, columns * pixel);
        else
            for (uint32_t k = 0; k < columns; k++) memcpy(to + k * pixel, from + k * sample, sample);
    }
    return GT_OK;
}

static gt_status read_stored(reader *r) {
    blocks b = {.tiled = TIFFIsTiled(r->tiff)};
    if (b.tiled) {
        TIFFGetField(r->tiff, TIFFTAG_TILEWIDTH, &b.width);
        TIFFGetField(r->tiff, TIFFTAG_TILELENGTH, &b.height);
    } else {
        TIFFGetFieldDefaulted(r->tiff, TIFFTAG_ROWSPERSTRIP, &b.height);
        b.width = r->width;
        if (b.height == 0 || b.height > r->height) b.height = r->height;
    }
    b.stride = b.tiled ? TIFFTileRowSize64(r->tiff) : TIFFScanlineSize64(r->tiff);
    b.size = b.tiled ? TIFFTileSize64(r->tiff) : TIFFStripSize64(r->tiff);
    if (!b.width || !b.height || b.size == 0 || b.size > GT_PICTURE_MAX_BYTES)
        return gt_fail(GT_FORMAT, "damaged: a block of %llu bytes", (unsigned long long)b.size);
    gt_status st = gt_raw_new(r->raw, r->height, r->width, r->channels, type_of(r));
    if (!st && !(b.data = malloc(b.size))) st = gt_fail(GT_NOMEM, "out of memory for reading a TIFF");
    for (unsigned plane = 0; plane < (r->separate ? r->channels : 1u); plane++)
        for (uint32_t y = 0; y < r->height; y += b.height)
            for (uint32_t x = 0; x < r->width && !st; x += b.width) st = read_block(r, &b, x, y, plane);
    free(b.data);
    return st;
}

/* White is 0. */
static void invert_inks(const gt_picture *p) {
    for (size_t i = 0; i < gt_picture_bytes(p); i++) ((uint8_t *)p->samples)[i] ^= 255;
}

/* 8-bit colours that were multiplied by their alpha, back to what they were. */
static void divide_alpha(const gt_picture *p) {
    int last = p->channels - 1;
    uint8_t *s = p->samples;
    for (size_t i = 0; i < (size_t)p->height * (size_t)p->width; i++, s += p->channels)
        for (int c = 0; c < last; c++) {
            unsigned v = s[last] ? (s[c] * 255u + s[last] / 2u) / s[last] : 0;
            s[c] = (uint8_t)(v < 255 ? v : 255);
        }
}

static gt_status decode_with(reader *r) {
    gt_status st = begin_tiff(r);
    if (!st) st = r->colours ? read_colours(r) : read_stored(r);
    if (st) return st;
    gt_raw_picture *raw = r->raw;
    uint32_t n = 0;
    void *profile = NULL;
    if (TIFFGetField(r->tiff, TIFFTAG_ICCPROFILE, &n, &profile)) gt_raw_keep_profile(raw, profile, n);
    if (!TIFFLastDirectory(r->tiff)) raw->picture.note = "only the first of its pages is read";
    raw->orientation = r->orientation;
    raw->cmyk = r->photometric == PHOTOMETRIC_SEPARATED;
    raw->picture.alpha = r->alpha;
    if (r->photometric == PHOTOMETRIC_MINISWHITE && !r->colours) invert_inks(&raw->picture);
    if (r->premultiplied) divide_alpha(&raw->picture);
    return GT_OK;
}

static gt_status decode_tiff(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    reader r = {.bytes = bytes, .n = n, .raw = raw};
    gt_status st = decode_with(&r);
    if (r.tiff) TIFFClose(r.tiff);
    return st;
}

const gt_picture_kind gt_kind_tiff = {.head = head, .decode = decode_tiff};
