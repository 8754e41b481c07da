/* SPDX-License-Identifier: Apache-2.0
 * Small pictures of every kind that is read, made by the libraries that write them. */
#ifndef TESTS_FUZZ_PICTURE_SEEDS_H
#define TESTS_FUZZ_PICTURE_SEEDS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <lcms2.h>
#include <png.h>
#include <tiffio.h>
#include <webp/encode.h>

#include "fuzz.h"
#include "files/codec/door/codec.h"
#include "networks/model/door/model.h"

enum { H = 9, W = 11 };

static uint8_t pixels[H * W * 4];

static void put_png(fuzz_put *put, void *arg) {
    for (int channels = 1; channels <= 4; channels++) {
        void *bytes;
        size_t n;
        fuzz_check(!gt_png_encode(&(gt_picture){.height = H, .width = W, .channels = channels, .samples = pixels}, 6,
                                  &bytes, &n));
        put(arg, bytes, n);
        free(bytes);
    }
}

/* A profile that moves colours: of a gamma that no picture has, and with the primaries of a wide gamut. free() it. */
static void *make_profile(bool grey, cmsUInt32Number *n) {
    static const cmsCIExyY white = {0.3127, 0.329, 1};
    static const cmsCIExyYTRIPLE primaries = {{0.7, 0.3, 1}, {0.2, 0.7, 1}, {0.15, 0.05, 1}};
    cmsToneCurve *tone = cmsBuildGamma(NULL, 1.5);
    cmsHPROFILE p = grey ? cmsCreateGrayProfile(&white, tone)
                         : cmsCreateRGBProfile(&white, &primaries, (cmsToneCurve *[3]){tone, tone, tone});
    *n = 0;
    fuzz_check(p && cmsSaveProfileToMem(p, NULL, n));
    void *bytes = malloc(*n);
    fuzz_check(bytes && cmsSaveProfileToMem(p, bytes, n));
    cmsCloseProfile(p);
    cmsFreeToneCurve(tone);
    return bytes;
}

typedef struct memory {
    uint8_t bytes[8192];
    size_t n;
} memory;

static void keep(png_structp png, png_bytep data, size_t n) {
    memory *m = png_get_io_ptr(png);
    fuzz_check(n <= sizeof m->bytes - m->n);
    memcpy(m->bytes + m->n, data, n);
    m->n += n;
}

/* What libpng writes and gt_png_encode() does not. */
static void put_libpng(fuzz_put *put, void *arg, int bits, int colours, bool interlaced, bool transparent,
                       bool profile) {
    static uint8_t rows[H * W * 4 * 2];
    static memory m;
    static const uint8_t exif[] = "MM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1\0\6\0\0\0\0\0\0";
    m.n = 0;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &m, keep, NULL);
    png_set_IHDR(png, info, W, H, bits, colours, interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (colours == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, (png_color[]){{0, 0, 0}, {255, 0, 9}, {3, 200, 7}, {9, 9, 99}}, 4);
    if (transparent)
        png_set_tRNS(png, info, (uint8_t[]){0, 255, 128, 7}, 4,
                     &(png_color_16){.gray = 1, .red = 3, .green = 3, .blue = 3});
    cmsUInt32Number n;
    void *icc = profile ? make_profile(!(colours & PNG_COLOR_MASK_COLOR), &n) : NULL;
    if (icc) png_set_iCCP(png, info, "x", PNG_COMPRESSION_TYPE_BASE, icc, n);
    if (profile) png_set_eXIf_1(png, info, sizeof exif - 1, (png_bytep)exif);
    png_write_info(png, info);
    size_t row = png_get_rowbytes(png, info);
    for (size_t i = 0; i < row * H; i++)
        rows[i] = colours == PNG_COLOR_TYPE_PALETTE ? (uint8_t)(i & (bits == 8 ? 3 : 0x33)) : (uint8_t)(5 * i);
    png_bytep at[H];
    for (int y = 0; y < H; y++) at[y] = rows + (size_t)y * row;
    png_write_image(png, at);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(icc);
    put(arg, m.bytes, m.n);
}

static void put_jpeg(fuzz_put *put, void *arg, int channels, bool progressive, bool profile) {
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long n = 0;
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &bytes, &n);
    c.image_height = H;
    c.image_width = W;
    c.input_components = channels;
    c.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&c);
    if (progressive) jpeg_simple_progression(&c);
    jpeg_start_compress(&c, TRUE);
    static const unsigned char exif[] = "Exif\0\0MM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1\0\6\0\0\0\0\0\0";
    jpeg_write_marker(&c, JPEG_APP0 + 1, exif, sizeof exif - 1);
    cmsUInt32Number icc_bytes;
    void *icc = profile ? make_profile(channels == 1, &icc_bytes) : NULL;
    if (icc) jpeg_write_icc_profile(&c, icc, icc_bytes);
    free(icc);
    while (c.next_scanline < H)
        jpeg_write_scanlines(&c, &(JSAMPROW){pixels + c.next_scanline * W * (unsigned)channels}, 1);
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    put(arg, bytes, n);
    free(bytes);
}

static void put_webp(fuzz_put *put, void *arg) {
    uint8_t *bytes;
    size_t n = WebPEncodeRGB(pixels, W, H, W * 3, 70, &bytes);
    put(arg, bytes, n);
    WebPFree(bytes);
    n = WebPEncodeLosslessRGBA(pixels, W, H, W * 4, &bytes);
    put(arg, bytes, n);
    WebPFree(bytes);
}

enum { PLAIN, PROFILE, ALPHA };

static void put_tiff(fuzz_put *put, void *arg, int compression, int bits, bool tiles, int photometric, int more) {
    const char *path = fuzz_scratch();
    int channels = photometric == PHOTOMETRIC_SEPARATED
                       ? 4
                       : (photometric == PHOTOMETRIC_RGB || photometric == PHOTOMETRIC_YCBCR ? 3 : 1) + (more == ALPHA);
    TIFF *t = TIFFOpen(path, "w");
    fuzz_check(t);
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, W);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, H);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, bits);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, channels);
    TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, bits >= 32 ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, photometric);
    TIFFSetField(t, TIFFTAG_COMPRESSION, compression);
    TIFFSetField(t, TIFFTAG_ORIENTATION, ORIENTATION_RIGHTTOP);
    static uint16_t map[256];
    if (photometric == PHOTOMETRIC_PALETTE) TIFFSetField(t, TIFFTAG_COLORMAP, map, map, map);
    if (more == ALPHA) TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, (uint16_t[]){EXTRASAMPLE_ASSOCALPHA});
    if (photometric == PHOTOMETRIC_YCBCR) TIFFSetField(t, TIFFTAG_YCBCRSUBSAMPLING, 1, 1);
    cmsUInt32Number icc_bytes;
    void *icc = more == PROFILE ? make_profile(channels == 1, &icc_bytes) : NULL;
    if (icc) TIFFSetField(t, TIFFTAG_ICCPROFILE, icc_bytes, icc);
    free(icc);
    if (tiles) TIFFSetField(t, TIFFTAG_TILEWIDTH, 16), TIFFSetField(t, TIFFTAG_TILELENGTH, 16);
    static uint8_t block[16 * 16 * 8 * 4];
    memcpy(block, pixels, sizeof pixels);
    if (tiles) TIFFWriteEncodedTile(t, 0, block, (tmsize_t)(16 * 16 * channels * bits / 8));
    else TIFFWriteEncodedStrip(t, 0, block, (tmsize_t)((W * channels * bits + 7) / 8 * H));
    TIFFClose(t);
    fuzz_put_scratch(put, arg, path);
}

/* Headers of 40 bytes, a palette of four colours or masks, pixels or run lengths. */
static void put_bmp(fuzz_put *put, void *arg, uint8_t bits, uint8_t compression) {
    static const uint8_t runs[] = {3, 1, 0, 0, 0, 4, 1, 2, 3, 0, 0, 2, 1, 0, 2, 2, 0, 1};
    uint8_t bmp[70 + H * W * 4] = {'B',      'M',      [10] = 70,   [14] = 40,          [18] = W,
                                   [22] = H, [26] = 1, [28] = bits, [30] = compression, [46] = bits == 1 ? 2 : 4};
    memcpy(bmp + 54, "\0\370\0\0\340\7\0\0\37\0\0\0\0\0\0\0", 16);
    /* colours that are there */
    for (int i = 0; i < H * W * 4; i++) bmp[70 + i] = pixels[i] & (bits == 4 ? 0x33 : bits == 8 ? 3 : 255);
    if (compression == 1 || compression == 2) memcpy(bmp + 70, runs, sizeof runs);
    put(arg, bmp, sizeof bmp);
}

static void put_text(fuzz_put *put, void *arg, const char *head) {
    char text[64 + sizeof pixels];
    int n = snprintf(text, sizeof text, "%s", head);
    memcpy(text + n, pixels, sizeof pixels);
    put(arg, text, (size_t)n + sizeof pixels);
}

/* Of 3 x 2 pixels, a comment in front; then with a transparent colour, rows in four turns and a second picture. */
static void put_gif(fuzz_put *put, void *arg) {
    static const char plain[] = "GIF87a\3\0\2\0\x80\0\0\0\0\0\x9\x8\x7!\xfe\1x\0"
                                ",\1\0\0\0\2\0\1\0\0\2\2\x0c\x0a\0;";
    static const char moving[] = "GIF89a\2\0\1\0\0\0\0!\xf9\4\1\0\0\1\0"
                                 ",\0\0\0\0\2\0\1\0\xc0\0\0\0\x9\x8\x7\2\2\x0c\x0a\0,\0\0\0\0\2\0\1\0\0\2\2\x0c\x0a\0;";
    put(arg, plain, sizeof plain - 1);
    put(arg, moving, sizeof moving - 1);
}

static void picture_seeds(fuzz_put *put, void *arg) {
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(5 * i + i * i / 7);
    put_png(put, arg);
    for (int channels = 1; channels <= 4; channels += channels == 1 ? 2 : 1) put_jpeg(put, arg, channels, false, false);
    put_jpeg(put, arg, 3, true, false);
    put_jpeg(put, arg, 3, false, true);
    put_jpeg(put, arg, 1, false, true);
    put_libpng(put, arg, 4, PNG_COLOR_TYPE_PALETTE, false, true, false);
    put_libpng(put, arg, 8, PNG_COLOR_TYPE_PALETTE, true, false, true);
    put_libpng(put, arg, 16, PNG_COLOR_TYPE_RGB_ALPHA, true, false, true);
    put_libpng(put, arg, 8, PNG_COLOR_TYPE_RGB, false, true, true);
    put_libpng(put, arg, 1, PNG_COLOR_TYPE_GRAY, false, true, false);
    put_libpng(put, arg, 16, PNG_COLOR_TYPE_GRAY, false, false, true);
    put_webp(put, arg);
    put_gif(put, arg);
    put_tiff(put, arg, COMPRESSION_NONE, 8, false, PHOTOMETRIC_RGB, PLAIN);
    put_tiff(put, arg, COMPRESSION_LZW, 16, true, PHOTOMETRIC_RGB, PLAIN);
    put_tiff(put, arg, COMPRESSION_ADOBE_DEFLATE, 32, false, PHOTOMETRIC_MINISBLACK, PLAIN);
    put_tiff(put, arg, COMPRESSION_PACKBITS, 8, false, PHOTOMETRIC_PALETTE, PLAIN);
    put_tiff(put, arg, COMPRESSION_CCITTFAX4, 1, false, PHOTOMETRIC_MINISWHITE, PLAIN);
    put_tiff(put, arg, COMPRESSION_NONE, 16, false, PHOTOMETRIC_MINISWHITE, PLAIN);
    put_tiff(put, arg, COMPRESSION_NONE, 64, false, PHOTOMETRIC_MINISBLACK, PLAIN);
    put_tiff(put, arg, COMPRESSION_LZW, 8, false, PHOTOMETRIC_RGB, PROFILE);
    put_tiff(put, arg, COMPRESSION_LZW, 16, false, PHOTOMETRIC_MINISBLACK, PROFILE);
    for (int bits = 8; bits <= 32; bits *= 2) put_tiff(put, arg, COMPRESSION_NONE, bits, false, PHOTOMETRIC_RGB, ALPHA);
    put_tiff(put, arg, COMPRESSION_LZW, 8, false, PHOTOMETRIC_SEPARATED, PLAIN);
    put_tiff(put, arg, COMPRESSION_JPEG, 8, true, PHOTOMETRIC_YCBCR, PLAIN);
    static const uint8_t bmps[][2] = {{1, 0},  {4, 0},  {8, 0},  {8, 1},  {4, 2},
                                      {16, 0}, {16, 3}, {24, 0}, {32, 0}, {32, 3}};
    for (size_t i = 0; i < sizeof bmps / sizeof *bmps; i++) put_bmp(put, arg, bmps[i][0], bmps[i][1]);
    put_text(put, arg, "P6 11 9 255\n");
    put_text(put, arg, "P5 #\n11 9 65535 ");
    put_text(put, arg, "P4 11 9 ");
    put(arg, "P3 2 2 9 1 2 3 4 5 6 7 8 9 1 2 3", 32);
    put(arg, "P1 2 2 1001", 11);
}

#endif
