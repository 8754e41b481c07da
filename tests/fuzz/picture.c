/* SPDX-License-Identifier: Apache-2.0
 * Picture files of every kind, by their first bytes: their heads, and all of them in each way of decoding. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jpeglib.h>
#include <tiffio.h>
#include <webp/encode.h>

#include "base/file.h"
#include "fuzz.h"
#include "gantry/codec.h"
#include "gantry/hash.h"
#include "gantry/picture.h"

enum { H = 6, W = 8, C = 3, MOST_BYTES = 1 << 22, MOST_FILE = 1 << 20 };

static void paint(uint8_t pixels[H * W * C]) {
    for (int i = 0; i < H * W * C; i++) pixels[i] = (uint8_t)(7 * i + i * i / 5);
}

static void put_jpeg(fuzz_put *put, void *arg, uint8_t *pixels, bool progressive) {
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr e;
    unsigned char *bytes = NULL;
    unsigned long n = 0;
    c.err = jpeg_std_error(&e);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &bytes, &n);
    c.image_width = W;
    c.image_height = H;
    c.input_components = C;
    c.in_color_space = JCS_RGB;
    jpeg_set_defaults(&c);
    if (progressive) jpeg_simple_progression(&c);
    jpeg_start_compress(&c, TRUE);
    for (int y = 0; y < H; y++) jpeg_write_scanlines(&c, &(JSAMPROW){pixels + y * W * C}, 1);
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    put(arg, bytes, n);
    free(bytes);
}

static void put_webp(fuzz_put *put, void *arg, const uint8_t *pixels, bool lossless) {
    uint8_t *bytes;
    size_t n = lossless ? WebPEncodeLosslessRGB(pixels, W, H, W * C, &bytes) : WebPEncodeRGB(pixels, W, H, W * C, 70, &bytes);
    fuzz_check(n > 0);
    put(arg, bytes, n);
    WebPFree(bytes);
}

static void put_tiff(fuzz_put *put, void *arg, uint8_t *pixels, int compression, bool big_endian) {
    char path[] = "/tmp/gantry-fuzz-XXXXXX";
    int fd = mkstemp(path);
    TIFF *t = fd < 0 ? NULL : TIFFOpen(path, big_endian ? "wb" : "wl");
    fuzz_check(t);
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, W);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, H);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, C);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
    TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(t, TIFFTAG_COMPRESSION, compression);
    TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 2);
    for (int y = 0; y < H; y++) fuzz_check(TIFFWriteScanline(t, pixels + y * W * C, (uint32_t)y, 0) == 1);
    TIFFClose(t);
    void *bytes;
    size_t n;
    fuzz_check(!gt_file_read(path, MOST_FILE, &bytes, &n));
    put(arg, bytes, n);
    free(bytes);
    close(fd);
    unlink(path);
}

static void put_bmp(fuzz_put *put, void *arg, const uint8_t *pixels) {
    uint8_t b[54 + H * W * C] = {'B', 'M', sizeof b, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, W, 0, 0, 0, H, 0, 0, 0, 1, 0, 24};
    memcpy(b + 54, pixels, H * W * C);
    put(arg, b, sizeof b);
    b[30] = 1; /* run lengths */
    put(arg, b, sizeof b);
}

static void seeds(fuzz_put *put, void *arg) {
    uint8_t pixels[H * W * C];
    char pnm[64 + H * W * C];
    paint(pixels);
    for (int i = 0; i < 2; i++) put_jpeg(put, arg, pixels, i);
    for (int i = 0; i < 2; i++) put_webp(put, arg, pixels, i);
    put_tiff(put, arg, pixels, COMPRESSION_NONE, false);
    put_tiff(put, arg, pixels, COMPRESSION_LZW, true);
    put_tiff(put, arg, pixels, COMPRESSION_ADOBE_DEFLATE, false);
    put_bmp(put, arg, pixels);
    int n = snprintf(pnm, sizeof pnm, "P6\n# picture\n%d %d\n255\n", W, H);
    memcpy(pnm + n, pixels, sizeof pixels);
    put(arg, pnm, (size_t)n + sizeof pixels);
    put(arg, "P1 3 2 1 0 1 0 1 0\n", 19);
    put(arg, "P2 2 2 65535 1 2 3 65535\n", 25);
    void *png;
    size_t bytes;
    fuzz_check(!gt_png_encode(pixels, H, W, C, 6, &png, &bytes));
    put(arg, png, bytes);
    free(png);
}

static void run(const uint8_t *bytes, size_t n) {
    static const gt_picture_options ways[] = {{.most_bytes = MOST_BYTES},
                                              {.most_bytes = MOST_BYTES, .keep_orientation = true, .keep_profile = true, .palette_indices = true}};
    gt_picture_info info;
    char text[48];
    if (!gt_picture_head(&info, bytes, n)) fuzz_check(info.height > 0 && info.width > 0 && info.channels > 0 && info.format);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        gt_picture p;
        if (!gt_picture_decode(&p, bytes, n, &ways[i])) {
            fuzz_check(gt_picture_bytes(&p) > 0 && gt_picture_bytes(&p) <= MOST_BYTES);
            gt_crc32(0, p.samples, gt_picture_bytes(&p)); /* all of them are there */
            gt_picture_describe(&p, text);
        }
        gt_picture_free(&p);
    }
}

const fuzz_target target = {.variants = 200, .seeds = seeds, .run = run};
