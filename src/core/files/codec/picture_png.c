/* SPDX-License-Identifier: Apache-2.0
 * PNG of every kind: what the first bytes say, and reading. libpng reports errors by longjmp: everything that must
 * survive an error lives in struct reader, and the function that calls setjmp has no other state that is read
 * afterwards. */
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "files/codec/door/raw_picture.h"
#include "files/codec/door/codec.h"
#include "base/door/hash.h"

enum {
    SIGNATURE = 8,
    CHUNK_LIMIT = 8 << 20,
    REASON_BYTES = 160,
    CHUNK_BYTES = 12,
    DEFLATE_MOST = 1032, /* no deflate stream unpacks to more than this times its size */
};

/* ---- the first bytes ---- */

enum { GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGBA = 6 }; /* colour types of the format */

static int channels_of(int colour_type) {
    switch (colour_type) {
    case GREY:
    case PALETTE: return 1;
    case GREY_ALPHA: return 2;
    case RGB: return 3;
    case RGBA: return 4;
    default: return 0;
    }
}

static bool bits_allowed(int colour_type, int bits) {
    bool fraction = bits == 1 || bits == 2 || bits == 4;
    if (colour_type == GREY) return fraction || bits == 8 || bits == 16;
    if (colour_type == PALETTE) return fraction || bits == 8;
    return bits == 8 || bits == 16;
}

gt_status gt_png_head(const void *bytes, size_t n, gt_png_info *info) {
    static const uint8_t start[16] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
    const uint8_t *p = bytes;
    if (n == 0) return gt_fail(GT_FORMAT, "empty");
    if (memcmp(p, start, n < SIGNATURE ? n : SIGNATURE)) return gt_fail(GT_FORMAT, "not a PNG picture");
    if (n < GT_PNG_HEAD_BYTES) return gt_fail(GT_FORMAT, "truncated: %zu bytes", n);
    if (memcmp(p, start, sizeof start)) return gt_fail(GT_FORMAT, "damaged: a PNG must begin with its IHDR chunk");
    if (gt_crc32(0, p + 12, 17) != gt_be32(p + 29)) return gt_fail(GT_FORMAT, "damaged: CRC of chunk IHDR is wrong");

    uint32_t width = gt_be32(p + 16), height = gt_be32(p + 20);
    int bits = p[24], colour_type = p[25], channels = channels_of(colour_type);
    if (!channels || !bits_allowed(colour_type, bits) || p[26] != 0 || p[27] != 0 || p[28] > 1)
        return gt_fail(GT_FORMAT,
                       "damaged: no PNG has colour type %d with %d bits, compression %d, filter %d, interlace %d",
                       colour_type, bits, p[26], p[27], p[28]);
    uint64_t total = (uint64_t)width * height * (unsigned)channels * (bits == 16 ? 2 : 1);
    if (width == 0 || height == 0 || width > GT_PNG_MAX_SIDE || height > GT_PNG_MAX_SIDE || total > GT_PNG_MAX_BYTES)
        return gt_fail(GT_FORMAT, "claims %u x %u pixels; at most %d per side and %d MB per image are read", width,
                       height, GT_PNG_MAX_SIDE, GT_PNG_MAX_BYTES >> 20);
    *info = (gt_png_info){.height = (int)height,
                          .width = (int)width,
                          .channels = channels,
                          .bits = bits,
                          .palette = colour_type == PALETTE};
    return GT_OK;
}

static bool has_alpha(const gt_png_info *info) { return info->channels == 2 || info->channels == 4; }

typedef struct chunks { /* what those in front of the pixels say */
    bool transparency, animation;
    int orientation; /* -1: no chunk speaks of one */
} chunks;

/* GT_FORMAT: the chunks are not all there. */
static gt_status walk_chunks(const uint8_t *bytes, size_t n, chunks *c) {
    *c = (chunks){.orientation = -1};
    for (size_t at = SIGNATURE; n - at >= CHUNK_BYTES;) {
        uint32_t length = gt_be32(bytes + at);
        const uint8_t *type = bytes + at + 4, *content = type + 4;
        if (!memcmp(type, "IDAT", 4)) return GT_OK;
        if (length > n - at - CHUNK_BYTES) break;
        if (!memcmp(type, "tRNS", 4)) c->transparency |= length > 0;
        if (!memcmp(type, "acTL", 4)) c->animation = true;
        /* II or MM: libpng takes no other */
        if (!memcmp(type, "eXIf", 4) && c->orientation < 0 && length > 1 && content[0] == content[1])
            c->orientation = gt_exif_orientation(content, length);
        at += CHUNK_BYTES + length;
    }
    return gt_fail(GT_FORMAT, "truncated: %zu bytes", n);
}

/* Has the file more than GT_PICTURE_HEAD_BYTES? */
static bool has_more(const uint8_t *bytes, size_t n) {
    return n > GT_PICTURE_HEAD_BYTES || (n == GT_PICTURE_HEAD_BYTES && memcmp(bytes + n - 8, "IEND", 4));
}

static gt_status head(gt_picture_info *out, const uint8_t *bytes, size_t n) {
    gt_png_info info = {0};
    chunks c;
    gt_status st = gt_png_head(bytes, n, &info);
    if (!st) st = walk_chunks(bytes, n, &c);
    if (st) return st;
    bool alpha = info.palette ? c.transparency : has_alpha(&info);
    *out = (gt_picture_info){.height = info.height,
                             .width = info.width,
                             .channels = info.palette ? 3 + alpha : info.channels,
                             .bits = info.bits,
                             .alpha = alpha,
                             .cut = info.height != info.width && c.orientation < 0 && has_more(bytes, n)};
    gt_turn_head(out, c.orientation);
    return GT_OK;
}

/* ---- reading ---- */

struct reader {
    const uint8_t *bytes;
    size_t left;
    png_structp png;
    png_infop info;
    gt_raw_picture *raw;
    gt_png_info found;
    gt_status status; /* of what failed outside libpng */
    char reason[REASON_BYTES];
};

/* The error pointer of every png_struct here is a reason[REASON_BYTES]. */
static void on_error(png_structp png, png_const_charp message) {
    snprintf(png_get_error_ptr(png), REASON_BYTES, "%s", message);
    longjmp(png_jmpbuf(png), 1);
}

/* Odd ancillary chunks are not a reason to refuse a picture; pixels that fail their checksum are. */
static void on_warning(png_structp png, png_const_charp message) {
    if (!strncmp(message, "IDAT", 4)) on_error(png, message);
}

static void on_read(png_structp png, png_bytep out, size_t n) {
    struct reader *r = png_get_io_ptr(png);
    if (n > r->left) png_error(png, "truncated");
    memcpy(out, r->bytes, n);
    r->bytes += n;
    r->left -= n;
}

static void set_up(struct reader *r) {
    static const png_byte unread[] = "tEXt\0zTXt\0iTXt\0sPLT\0hIST\0pCAL\0sCAL\0oFFs\0pHYs\0tIME\0sTER\0bKGD\0sBIT";
    png_set_read_fn(r->png, r, on_read);
    png_set_user_limits(r->png, GT_PNG_MAX_SIDE, GT_PNG_MAX_SIDE);
    png_set_chunk_malloc_max(r->png, CHUNK_LIMIT);
    png_set_crc_action(r->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, unread, (int)(sizeof unread / 5));
    png_set_benign_errors(r->png, 1);
}

/* The transformations, and the channels they lead to. */
static unsigned choose_samples(struct reader *r, gt_picture *flags) {
    bool transparency = png_get_valid(r->png, r->info, PNG_INFO_tRNS);
    if (r->found.palette) {
        png_set_palette_to_rgb(r->png);
        if (transparency) png_set_tRNS_to_alpha(r->png);
        flags->alpha = transparency;
        return transparency ? 4 : 3;
    }
    if (transparency) flags->note = "its colour key (tRNS) is ignored: the picture is opaque";
    if (r->found.bits < 8) png_set_expand_gray_1_2_4_to_8(r->png);
    if (r->found.bits == 16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) png_set_swap(r->png);
    flags->alpha = has_alpha(&r->found);
    return (unsigned)r->found.channels;
}

static int orientation_of(struct reader *r) {
    png_bytep data;
    png_uint_32 n = 0;
    return png_get_eXIf_1(r->png, r->info, &n, &data) ? gt_exif_orientation(data, n) : 0;
}

/* False: r->status is set, or r->reason says why. */
static bool read_picture(struct reader *r) {
    if (setjmp(png_jmpbuf(r->png))) return false;
    set_up(r);
    png_read_info(r->png, r->info);
    gt_picture flags = {0}, *p = &r->raw->picture;
    unsigned channels = choose_samples(r, &flags);
    r->status = gt_raw_new(r->raw, (size_t)r->found.height, (size_t)r->found.width, channels,
                           r->found.bits == 16 ? GT_U16 : GT_U8);
    if (r->status) return false;
    p->alpha = flags.alpha;
    p->note = flags.note;
    r->raw->orientation = orientation_of(r);
    int passes = png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    size_t stride = gt_picture_bytes(p) / (size_t)r->found.height;
    if (png_get_rowbytes(r->png, r->info) != stride) png_error(r->png, "rows of an unexpected size");
    for (; passes > 0; passes--)
        for (size_t y = 0; y < (size_t)r->found.height; y++)
            png_read_row(r->png, (png_bytep)p->samples + y * stride, NULL);
    png_read_end(r->png, r->info);
    if (orientation_of(r) > 1 && !r->raw->orientation)
        p->note = "its EXIF orientation is ignored, because it comes after the pixels";
    png_charp name;
    png_bytep profile;
    int method;
    png_uint_32 n = 0;
    if (png_get_iCCP(r->png, r->info, &name, &method, &profile, &n)) gt_raw_keep_profile(r->raw, profile, n);
    return true;
}

/* The usual kind; false: libpng is to read it. */
static bool decode_plain(gt_raw_picture *raw, const uint8_t *bytes, size_t n, const gt_png_info *info) {
    bool good = !info->palette && info->bits >= 8 &&
                !gt_raw_new(raw, (size_t)info->height, (size_t)info->width, (size_t)info->channels,
                            info->bits == 16 ? GT_U16 : GT_U8) &&
                gt_png_plain(bytes, n, info, raw->picture.samples);
    if (good) raw->picture.alpha = has_alpha(info);
    else gt_picture_free(&raw->picture);
    return good;
}

static gt_status decode_still(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    struct reader r = {.bytes = bytes, .left = n, .raw = raw};
    gt_status st = gt_png_head(bytes, n, &r.found);
    uint64_t bits = (unsigned)(r.found.channels * r.found.bits);
    if (!st && (uint64_t)r.found.height * (uint64_t)r.found.width * bits / 8 / DEFLATE_MOST > n)
        st = gt_fail(GT_FORMAT, "damaged or truncated: %zu bytes cannot hold the %d x %d pixels that it claims", n,
                     r.found.width, r.found.height);
    if (st || decode_plain(raw, bytes, n, &r.found)) return st;
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r.reason, on_error, on_warning);
    r.info = r.png ? png_create_info_struct(r.png) : NULL;
    if (!r.info) st = gt_fail(GT_NOMEM, "out of memory for reading a PNG");
    else if (!read_picture(&r)) st = r.status ? r.status : gt_fail(GT_FORMAT, "damaged: %s", r.reason);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    return st;
}

static gt_status decode_png(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    chunks c;
    gt_status st = decode_still(raw, bytes, n);
    if (!st && !raw->picture.note && !walk_chunks(bytes, n, &c) && c.animation)
        raw->picture.note = GT_FIRST_OF_ANIMATION;
    return st;
}

const gt_picture_kind gt_kind_png = {.head = head, .decode = decode_png};
