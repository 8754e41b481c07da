/* SPDX-License-Identifier: Apache-2.0
 * Picture files of every kind that is read. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <tiffio.h>
#include <webp/encode.h>

#include "gantry/codec.h"
#include "gantry/picture.h"

enum { H = 9, W = 11, MOST_BYTES = 1 << 20 }; /* a search is to be quick */

static uint8_t pixels[H * W * 4];

static void put_png(fuzz_put *put, void *arg) {
    for (int channels = 1; channels <= 4; channels++) {
        void *bytes;
        size_t n;
        fuzz_check(!gt_png_encode(pixels, H, W, channels, 6, &bytes, &n));
        put(arg, bytes, n);
        free(bytes);
    }
}

static void put_jpeg(fuzz_put *put, void *arg, int channels, bool progressive) {
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
    while (c.next_scanline < H) jpeg_write_scanlines(&c, &(JSAMPROW){pixels + c.next_scanline * W * (unsigned)channels}, 1);
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

static void put_tiff(fuzz_put *put, void *arg, int compression, int bits, bool tiles, int photometric) {
    const char *path = fuzz_scratch();
    int channels = photometric == PHOTOMETRIC_RGB ? 3 : 1;
    TIFF *t = TIFFOpen(path, "w");
    fuzz_check(t);
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, W);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, H);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, bits);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, channels);
    TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, bits == 32 ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, photometric);
    TIFFSetField(t, TIFFTAG_COMPRESSION, compression);
    TIFFSetField(t, TIFFTAG_ORIENTATION, ORIENTATION_RIGHTTOP);
    static uint16_t map[256];
    if (photometric == PHOTOMETRIC_PALETTE) TIFFSetField(t, TIFFTAG_COLORMAP, map, map, map);
    if (tiles) TIFFSetField(t, TIFFTAG_TILEWIDTH, 16), TIFFSetField(t, TIFFTAG_TILELENGTH, 16);
    static uint8_t block[16 * 16 * 4 * 3];
    memcpy(block, pixels, sizeof pixels);
    if (tiles) TIFFWriteEncodedTile(t, 0, block, (tmsize_t)(16 * 16 * channels * bits / 8));
    else TIFFWriteEncodedStrip(t, 0, block, (tmsize_t)((W * channels * bits + 7) / 8 * H));
    TIFFClose(t);
    fuzz_put_scratch(put, arg, path);
}

/* Headers of 40 bytes, a palette of four colours or masks, pixels or run lengths. */
static void put_bmp(fuzz_put *put, void *arg, uint8_t bits, uint8_t compression) {
    static const uint8_t runs[] = {3, 1, 0, 0, 0, 4, 1, 2, 3, 0, 0, 2, 1, 0, 2, 2, 0, 1};
    uint8_t bmp[70 + H * W * 4] = {'B', 'M', [10] = 70, [14] = 40, [18] = W, [22] = H, [26] = 1, [28] = bits, [30] = compression, [46] = bits == 1 ? 2 : 4};
    memcpy(bmp + 54, "\0\370\0\0\340\7\0\0\37\0\0\0\0\0\0\0", 16);
    for (int i = 0; i < H * W * 4; i++) bmp[70 + i] = pixels[i] & (bits == 4 ? 0x33 : bits == 8 ? 3 : 255); /* colours that are there */
    if (compression == 1 || compression == 2) memcpy(bmp + 70, runs, sizeof runs);
    put(arg, bmp, sizeof bmp);
}

static void put_text(fuzz_put *put, void *arg, const char *head) {
    char text[64 + sizeof pixels];
    int n = snprintf(text, sizeof text, "%s", head);
    memcpy(text + n, pixels, sizeof pixels);
    put(arg, text, (size_t)n + sizeof pixels);
}

static void seeds(fuzz_put *put, void *arg) {
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(5 * i + i * i / 7);
    put_png(put, arg);
    for (int channels = 1; channels <= 4; channels += channels == 1 ? 2 : 1) put_jpeg(put, arg, channels, false);
    put_jpeg(put, arg, 3, true);
    put_webp(put, arg);
    put_tiff(put, arg, COMPRESSION_NONE, 8, false, PHOTOMETRIC_RGB);
    put_tiff(put, arg, COMPRESSION_LZW, 16, true, PHOTOMETRIC_RGB);
    put_tiff(put, arg, COMPRESSION_ADOBE_DEFLATE, 32, false, PHOTOMETRIC_MINISBLACK);
    put_tiff(put, arg, COMPRESSION_PACKBITS, 8, false, PHOTOMETRIC_PALETTE);
    put_tiff(put, arg, COMPRESSION_CCITTFAX4, 1, false, PHOTOMETRIC_MINISWHITE);
    static const uint8_t bmps[][2] = {{1, 0}, {4, 0}, {8, 0}, {8, 1}, {4, 2}, {16, 0}, {16, 3}, {24, 0}, {32, 0}, {32, 3}};
    for (size_t i = 0; i < sizeof bmps / sizeof *bmps; i++) put_bmp(put, arg, bmps[i][0], bmps[i][1]);
    put_text(put, arg, "P6 11 9 255\n");
    put_text(put, arg, "P5 #\n11 9 300 ");
    put_text(put, arg, "P4 11 9 ");
    put(arg, "P3 2 2 9 1 2 3 4 5 6 7 8 9 1 2 3", 32);
    put(arg, "P1 2 2 1001", 11);
}

static void run(const uint8_t *bytes, size_t n) {
    const gt_picture_options options[] = {{.most_bytes = MOST_BYTES}, {.most_bytes = MOST_BYTES, .keep_orientation = true, .keep_profile = true, .palette_indices = true}};
    gt_picture_info head;
    gt_status st = gt_picture_head(&head, bytes, n);
    fuzz_check(st || (head.height > 0 && head.width > 0 && head.channels > 0 && head.bits > 0));
    for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
        gt_picture p;
        if (gt_picture_decode(&p, bytes, n, &options[k])) continue;
        char text[48];
        gt_picture_describe(&p, text);
        fuzz_check(gt_picture_bytes(&p) <= MOST_BYTES && p.channels >= 1);
        volatile uint8_t sum = 0; /* every sample is there */
        for (size_t i = 0; i < gt_picture_bytes(&p); i++) sum = (uint8_t)(sum + ((uint8_t *)p.samples)[i]);
        gt_picture_free(&p);
    }
}

const fuzz_target target = {.variants = 60, .seeds = seeds, .run = run};
