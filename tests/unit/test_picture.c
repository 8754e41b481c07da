/* SPDX-License-Identifier: Apache-2.0
 * Decoding of pictures: files written by Pillow against Pillow's own reading of them (tests/tools/pictures.py), kinds
 * that Pillow does not write made by libtiff and byte by byte, colour profiles, and damage of every kind. */
#include "scratch.h"
#include "without.h"

#include <dirent.h>
#include <lcms2.h>
#include <png.h>
#include <sys/mman.h>
#include <tiffio.h>

#include "base/door/hash.h"
#include "files/codec/door/picture.h"
#include "files/codec/door/raw_picture.h"

static bool have_pillow(void) {
    static int have = -1;
    if (have < 0) have = have_tool("/usr/bin/python3 -c 'import PIL, numpy'", "python3-pil or numpy");
    return have;
}

static int make_pictures(void **state) {
    char command[256];
    if (make_scratch(state)) return -1;
    snprintf(command, sizeof command, "/usr/bin/python3 tests/tools/pictures.py %s", scratch);
    return have_pillow() ? system(command) : 0;
}

typedef struct file {
    void *bytes;
    size_t n;
} file;

static file load(const char *name) {
    file f;
    f.bytes = get(at(name), &f.n);
    return f;
}

static gt_picture decoded(const char *name) {
    file f = load(name);
    gt_picture p;
    if (gt_picture_decode(&p, f.bytes, f.n, 0)) fail_msg("'%s': %s", name, gt_message());
    free(f.bytes);
    return p;
}

static void compare_with_wanted(const char *name) {
    char wanted[300], type[4];
    snprintf(wanted, sizeof wanted, "%s.want", name);
    file w = load(wanted);
    int h, wide, c, alpha;
    assert_int_equal(sscanf(w.bytes, "%d %d %d %3s %d", &h, &wide, &c, type, &alpha), 5);
    const uint8_t *samples = memchr(w.bytes, '\n', w.n);
    samples++;

    gt_picture p = decoded(name);
    if (p.height != h || p.width != wide || p.channels != c || p.type != (type[1] == '8' ? GT_U8 : GT_U16) ||
        p.alpha != alpha)
        fail_msg("'%s': %d x %d x %d, type %d, alpha %d; wanted %d x %d x %d %s %d", name, p.height, p.width,
                 p.channels, p.type, p.alpha, h, wide, c, type, alpha);
    assert_int_equal((size_t)((uint8_t *)w.bytes + w.n - samples), gt_picture_bytes(&p));
    for (size_t i = 0; i < gt_picture_bytes(&p); i++)
        if (((uint8_t *)p.samples)[i] != samples[i])
            fail_msg("'%s': byte %zu is %u, not %u", name, i, ((uint8_t *)p.samples)[i], samples[i]);

    gt_picture_info head;
    file f = load(name);
    assert_ok(gt_picture_head(&head, f.bytes, f.n));
    for (size_t n = 1; n <= f.n; n++) { /* the beginning of it says the same, or that it does not tell */
        if (gt_picture_head(&head, f.bytes, n)) continue;
        if (head.height != h || head.width != wide)
            fail_msg("'%s': %zu bytes of it say %d x %d", name, n, head.width, head.height);
        if (head.channels != c || head.alpha != alpha)
            fail_msg("'%s': %zu bytes of it say %d channels, alpha %d", name, n, head.channels, head.alpha);
    }
    free(f.bytes);
    gt_picture_free(&p);
    free(w.bytes);
}

/* Calls `each` with the name of every picture that has a NAME.want; returns how many. */
static int for_all_pictures(void (*each)(const char *name)) {
    DIR *dir = opendir(scratch);
    int n = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        char *end = strstr(e->d_name, ".want");
        if (!end) continue;
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int)(end - e->d_name), e->d_name);
        each(name);
        n++;
    }
    closedir(dir);
    return n;
}

static void test_pillow(void **state) {
    (void)state;
    if (have_pillow()) assert_true(for_all_pictures(compare_with_wanted) >= 70);
}

/* Whatever is cut off or changed: an error with a reason or a picture, and never a crash (the sanitizers watch). */
static void damage(const char *name) {
    file f = load(name);
    gt_picture p;
    for (size_t n = 0; n < f.n; n += 1 + f.n / 23) {
        uint8_t *cut = malloc(n ? n : 1); /* exactly n bytes, so that reading beyond them is seen */
        memcpy(cut, f.bytes, n);
        if (!gt_picture_decode(&p, cut, n, 0)) gt_picture_free(&p);
        else if (!gt_message()[0] || p.samples) fail_msg("'%s' cut to %zu bytes: no reason", name, n);
        gt_picture_info head;
        gt_picture_head(&head, cut, n);
        free(cut);
    }
    for (unsigned k = 0; k < 60; k++) {
        size_t at_byte = (k * 2654435761u) % (k % 2 ? f.n : f.n < 100 ? f.n : 100);
        uint8_t *byte = (uint8_t *)f.bytes + at_byte, before = *byte;
        *byte = (uint8_t)(k % 3 ? before ^ 1u << k % 8 : 0xff);
        if (!gt_picture_decode(&p, f.bytes, f.n, 1 << 24)) gt_picture_free(&p);
        *byte = before;
    }
    free(f.bytes);
}

static void test_damaged(void **state) {
    (void)state;
    if (have_pillow()) for_all_pictures(damage);
}

/* A file without its last part is refused, not filled up; unless the first picture of an animation is whole. */
static void cut_short(const char *name) {
    if (!strcmp(name, "moving.gif")) return;
    file f = load(name);
    gt_picture p;
    if (!gt_picture_decode(&p, f.bytes, f.n * 3 / 5, 0)) fail_msg("'%s' was read from three fifths of it", name);
    assert_null(p.samples);
    free(f.bytes);
}

static void test_truncated(void **state) {
    (void)state;
    if (have_pillow()) for_all_pictures(cut_short);
}

static void refuse(const void *bytes, size_t n, const char *reason) {
    gt_picture p;
    gt_picture_info head;
    assert_int_equal(gt_picture_decode(&p, bytes, n, 0), GT_FORMAT);
    assert_message(reason);
    assert_null(p.samples);
    assert_int_equal(gt_picture_head(&head, bytes, n), GT_FORMAT);
}

static void test_refused(void **state) {
    (void)state;
    refuse("", 0, "empty");
    refuse("hello", 5, "not a picture");
    refuse("GIF89a....", 10, "truncated");
    refuse("\0\0\0\x18"
           "ftypheic",
           12, "(HEIC); convert it to PNG, as heif-convert");
    refuse("\0\0\0\x18"
           "ftypavif",
           12, "AVIF");
    refuse("\0\0\0\x18"
           "ftypqt  ",
           12, "a film, MP4 or MOV");
    refuse("P6 99999 99999 255\n", 19, "claims");
    refuse("P5 2 2 0\n....", 13, "largest value");
    refuse("P5 2 2 70000\n....", 17, "larger than 65535");
    refuse("BM", 2, "truncated");
    refuse("P1 2 2\n1 0 0 1", 14, "bitmap (P1)");
    refuse("P4 2 2\n\200\100", 9, "bitmap (P4)");
    gt_picture p;
    assert_int_equal(gt_picture_decode(&p, "P5 64 64 255\n", 13, 4000), GT_FORMAT);
    assert_message("claims");
    assert_int_equal(gt_picture_decode(&p, "P5 2 2 3\n\1\2\3\4", 13, 0), GT_FORMAT);
    assert_message("larger than 3");
}

static void test_small_kinds(void **state) {
    (void)state;
    static const struct {
        const char *file;
        size_t n;
        const char *grey; /* 4 samples of 2 x 2 */
    } cases[] = {
        {"P2\n2 2 3 0 1\n2 3\n", 17, "\0\125\252\377"},
        {"P5\n#a\n2 #b\n2 15\n\0\1\2\17", 20, "\0\21\42\377"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gt_picture p;
        assert_ok(gt_picture_decode(&p, cases[i].file, cases[i].n, 0));
        assert_int_equal(p.channels, 1);
        assert_memory_equal(p.samples, cases[i].grey, 4);
        gt_picture_free(&p);
    }
}

/* Of three by two pixels the picture covers the second and third of the first row; a comment of one byte stands in
 * front of it, and a further picture follows. */
static void test_small_gif(void **state) {
    (void)state;
    static const char part[] = "GIF87a\3\0\2\0\x80\0\0\0\0\0\x9\x8\x7!\xfe\1x\0"
                               ",\1\0\0\0\2\0\1\0\0\2\2\x0c\x0a\0,\1\0\0\0\2\0\1\0\0\2\2\x0c\x0a\0;";
    static const char samples[] = "\0\0\0\x9\x8\x7\0\0\0\0\0\0\0\0\0\0\0\0";
    enum { CODE = 36 }; /* the first byte of the codes */
    gt_picture p;
    char bytes[sizeof part - 1];
    memcpy(bytes, part, sizeof bytes);
    assert_ok(gt_picture_decode(&p, bytes, sizeof bytes, 0));
    assert_int_equal(p.width, 3);
    assert_int_equal(p.height, 2);
    assert_int_equal(p.channels, 3);
    assert_memory_equal(p.samples, samples, 18);
    assert_non_null(strstr(p.note, "first picture of its animation"));
    gt_picture_free(&p);
    bytes[CODE] = 0x3c; /* a code that nothing made */
    assert_int_equal(gt_picture_decode(&p, bytes, sizeof bytes, 0), GT_FORMAT);
    assert_message("damaged");
}

static void test_animations(void **state) {
    (void)state;
    static const char *const moving[] = {"moving.gif", "moving.png", "moving.webp", "moving_alpha.webp"};
    static const char *const still[] = {"rows.gif", "optimized.png", "alpha.webp"};
    for (size_t i = 0; i < sizeof moving / sizeof *moving && have_pillow(); i++) {
        gt_picture p = decoded(moving[i]);
        if (!p.note || !strstr(p.note, "first picture of its animation")) fail_msg("'%s': not a word", moving[i]);
        gt_picture_free(&p);
    }
    for (size_t i = 0; i < sizeof still / sizeof *still && have_pillow(); i++) {
        gt_picture p = decoded(still[i]);
        if (p.note) fail_msg("'%s': %s", still[i], p.note);
        gt_picture_free(&p);
    }
}

/* Forms of BMP that hardly any program writes: run lengths, bit fields, 16 bits, OS/2. */
static void test_rare_bmp(void **state) {
    (void)state;
    static const struct {
        uint8_t header, bits, compression;
        const char *reason;
    } cases[] = {{40, 8, 1, "BMP of 8 bits with compression 1"},   {40, 4, 2, "BMP of 4 bits with compression 2"},
                 {40, 16, 0, "BMP of 16 bits with compression 0"}, {40, 16, 3, "BMP of 16 bits with compression 3"},
                 {56, 32, 3, "BMP of 32 bits with compression 3"}, {12, 24, 0, "BMP with a header of 12 bytes"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bmp[14 + 56 + 64] = {'B',
                                     'M',
                                     [10] = 70,
                                     [14] = cases[i].header,
                                     [18] = 2,
                                     [22] = 2,
                                     [26] = 1,
                                     [28] = cases[i].bits,
                                     [30] = cases[i].compression,
                                     [46] = 4};
        refuse(bmp, sizeof bmp, cases[i].reason);
    }
}

/* ---- TIFF as Pillow does not write it ---- */

enum { H = 37, W = 45 };

static double value(int y, int x, int c) { return (y * 131 + x * 17 + c * 71) % 251; }

typedef struct layout {
    int channels, bits, tile; /* tile 0: strips of 5 rows */
    bool separate, big_endian, real;
} layout;

static void put_value(uint8_t *to, const layout *l, double v) {
    if (l->real && l->bits == 64) memcpy(to, &v, 8);
    else if (l->real) memcpy(to, &(float){(float)v / 8}, 4);
    else if (l->bits == 16) memcpy(to, &(uint16_t){(uint16_t)(v * 257)}, 2);
    else *to = (uint8_t)v;
}

static void write_tiff(const char *path, const layout *l) {
    TIFF *t = TIFFOpen(path, l->big_endian ? "wb" : "wl");
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, W);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, H);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, l->bits);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, l->channels);
    TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, l->real ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, l->channels == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
    TIFFSetField(t, TIFFTAG_PLANARCONFIG, l->separate ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
    int bw = l->tile ? l->tile : W, bh = l->tile ? l->tile : 5, in = l->separate ? 1 : l->channels, bytes = l->bits / 8;
    if (l->tile) TIFFSetField(t, TIFFTAG_TILEWIDTH, bw), TIFFSetField(t, TIFFTAG_TILELENGTH, bh);
    else TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, bh);
    uint8_t *block = malloc((size_t)(bw * bh * in * bytes));
    uint32_t number = 0;
    for (int plane = 0; plane < (l->separate ? l->channels : 1); plane++)
        for (int y0 = 0; y0 < H; y0 += bh)
            for (int x0 = 0; x0 < W; x0 += bw) {
                for (int y = 0; y < bh; y++)
                    for (int x = 0; x < bw; x++)
                        for (int c = 0; c < in; c++)
                            put_value(block + ((y * bw + x) * in + c) * bytes, l, value(y0 + y, x0 + x, plane + c));
                int rows = l->tile || H - y0 > bh ? bh : H - y0;
                tmsize_t n = (tmsize_t)rows * bw * in * bytes;
                assert_true((l->tile ? TIFFWriteEncodedTile(t, number, block, n)
                                     : TIFFWriteEncodedStrip(t, number, block, n)) > 0);
                number++;
            }
    TIFFClose(t);
    free(block);
}

static void test_tiff_layouts(void **state) {
    (void)state;
    static const layout layouts[] = {
        {3, 8, 0, false, false, false},  {3, 8, 16, false, false, false}, {3, 8, 0, true, true, false},
        {3, 16, 32, true, true, false},  {3, 16, 0, false, true, false},  {1, 16, 16, false, false, false},
        {1, 32, 0, false, true, true},   {5, 32, 16, true, false, true},  {2, 64, 0, false, false, true},
        {7, 8, 16, false, false, false},
    };
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        const layout *l = &layouts[i];
        write_tiff(at("layout.tif"), l);
        gt_picture p = decoded("layout.tif");
        assert_int_equal(p.height, H);
        assert_int_equal(p.width, W);
        assert_int_equal(p.channels, l->channels);
        assert_int_equal(p.type, l->real ? GT_F32 : l->bits == 16 ? GT_U16 : GT_U8);
        for (int k = 0; k < H * W * l->channels; k++) {
            double v = value(k / l->channels / W, k / l->channels % W, k % l->channels);
            double is = p.type == GT_F32   ? ((float *)p.samples)[k]
                        : p.type == GT_U16 ? ((uint16_t *)p.samples)[k]
                                           : ((uint8_t *)p.samples)[k];
            double expected = p.type == GT_U16 ? v * 257 : l->real && l->bits == 32 ? v / 8 : v;
            if (is != expected) fail_msg("layout %zu, sample %d: %g, not %g", i, k, is, expected);
        }
        gt_picture_free(&p);
    }
}

/* Two grey pixels, 5 and 6; "a" appends a page. */
static void write_grey_tiff(const char *path, const char *mode, const void *profile, uint32_t profile_bytes) {
    TIFF *t = TIFFOpen(path, mode);
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, 2);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, 1);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    if (profile) TIFFSetField(t, TIFFTAG_ICCPROFILE, profile_bytes, profile);
    TIFFWriteEncodedStrip(t, 0, (void *)"\5\6", 2);
    TIFFClose(t);
}

static void test_tiff_pages(void **state) {
    (void)state;
    for (int pages = 1; pages <= 2; pages++) {
        write_grey_tiff(at("pages.tif"), pages == 1 ? "w" : "a", NULL, 0);
        gt_picture p = decoded("pages.tif");
        assert_memory_equal(p.samples, "\5\6", 2);
        if (pages == 1) assert_null(p.note);
        else assert_non_null(strstr(p.note, "first of its pages"));
        gt_picture_free(&p);
    }
}

/* ---- PNG with 16 bits in colour, and options ---- */

static int interlace = PNG_INTERLACE_ADAM7;

static void write_png(const char *path, int bits, int colour, const void *profile, size_t profile_bytes,
                      const uint8_t *row) {
    FILE *f = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, f);
    png_set_IHDR(png, info, 2, 1, bits, colour, interlace, 0, 0);
    if (profile) png_set_iCCP(png, info, "p", 0, profile, (png_uint_32)profile_bytes);
    if (colour == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, (png_color[]){{10, 20, 30}, {40, 50, 60}, {70, 80, 90}, {100, 110, 120}}, 4);
    png_set_interlace_handling(png);
    png_write_info(png, info);
    png_write_image(png, (png_bytep[]){(png_bytep)row});
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(f);
}

static void check_png_kinds(void) {
    const uint8_t row16[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    write_png(at("x.png"), 16, PNG_COLOR_TYPE_RGB_ALPHA, NULL, 0, row16);
    gt_picture p = decoded("x.png");
    assert_int_equal(p.type, GT_U16);
    assert_true(p.alpha && p.channels == 4);
    for (int i = 0; i < 8; i++) assert_int_equal(((uint16_t *)p.samples)[i], 256 * row16[2 * i] + row16[2 * i + 1]);
    gt_picture_free(&p);

    write_png(at("x.png"), 2, PNG_COLOR_TYPE_PALETTE, NULL, 0, (uint8_t[]){0xd0}); /* 3, 1 */
    p = decoded("x.png");
    assert_memory_equal(p.samples, ((uint8_t[]){100, 110, 120, 40, 50, 60}), 6);
    gt_picture_free(&p);

    write_png(at("x.png"), 2, PNG_COLOR_TYPE_GRAY, NULL, 0, (uint8_t[]){0xd0});
    p = decoded("x.png");
    assert_memory_equal(p.samples, "\377\125", 2);
    gt_picture_free(&p);
}

static void test_png_kinds(void **state) {
    (void)state;
    for (interlace = PNG_INTERLACE_NONE; interlace <= PNG_INTERLACE_ADAM7; interlace++) check_png_kinds();
    interlace = PNG_INTERLACE_NONE;
}

/* An orientation counts in front of the pixels; one behind them is noted. */
/* A block that is cut within its only tag, or that says it has more tags: what lies behind it, which nobody may read,
 * does not count. */
static void test_cut_exif(void **state) {
    static const uint8_t exif[] = "II*\0\10\0\0\0\1\0\22\1\3\0\1\0\0\0\6\0\0\0";
    enum { BYTES = sizeof exif - 1, TAG = 10 };
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *end = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(end != MAP_FAILED);
    end += page;
    assert_int_equal(mprotect(end, page, PROT_NONE), 0);
    for (size_t n = 0; n <= BYTES; n++) {
        memcpy(end - n, exif, n);
        assert_int_equal(gt_exif_orientation(end - n, n), n == BYTES ? 6 : 0);
        if (n < TAG) continue;
        end[8 - (ptrdiff_t)n] = 9;                     /* tags */
        if (n >= TAG + 2) end[TAG - (ptrdiff_t)n] = 0; /* another tag than that */
        assert_int_equal(gt_exif_orientation(end - n, n), 0);
    }
    munmap(end - page, 2 * page);
}

static void test_png_exif(void **state) {
    (void)state;
    /* a quarter turn */
    static const uint8_t exif[] = "\0\0\0\32eXIfMM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1\0\6\0\0\0\0\0\0";
    write_png(at("x.png"), 8, PNG_COLOR_TYPE_RGB, NULL, 0, (uint8_t[]){1, 2, 3, 4, 5, 6});
    file f = load("x.png");
    enum { CHUNK = 8 + 26 + 4, SIGNATURE_AND_HEADER = 33, END = 12 };
    uint8_t chunk[CHUNK];
    memcpy(chunk, exif, CHUNK - 4);
    uint32_t crc = gt_crc32(0, chunk + 4, CHUNK - 8);
    for (int i = 0; i < 4; i++) chunk[CHUNK - 4 + i] = (uint8_t)(crc >> (24 - 8 * i));
    for (int behind = 0; behind < 2; behind++) {
        size_t place = behind ? f.n - END : SIGNATURE_AND_HEADER;
        uint8_t with[4096];
        memcpy(with, f.bytes, place);
        memcpy(with + place, chunk, CHUNK);
        memcpy(with + place + CHUNK, (uint8_t *)f.bytes + place, f.n - place);
        gt_picture p;
        gt_picture_info head;
        assert_ok(gt_picture_decode(&p, with, f.n + CHUNK, 0));
        assert_ok(gt_picture_head(&head, with, f.n + CHUNK));
        assert_int_equal(p.width, behind ? 2 : 1);
        assert_int_equal(head.width, p.width);
        assert_int_equal(head.height, p.height);
        assert_int_equal(p.note != NULL, behind);
        gt_picture_free(&p);
    }
    free(f.bytes);
}

/* A profile whose red and green are exchanged, so that what it does cannot be overlooked. */
static cmsHPROFILE exchanged(void) {
    cmsCIExyY d65 = {0.3127, 0.3290, 1};
    cmsCIExyYTRIPLE primaries = {{0.30, 0.60, 1}, {0.64, 0.33, 1}, {0.15, 0.06, 1}};
    cmsToneCurve *gamma = cmsBuildParametricToneCurve(NULL, 4,
                                                      (double[]){2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045});
    cmsHPROFILE p = cmsCreateRGBProfile(&d65, &primaries, (cmsToneCurve *[]){gamma, gamma, gamma});
    cmsFreeToneCurve(gamma);
    return p;
}

static void test_profiles(void **state) {
    (void)state;
    uint8_t profile[4096];
    cmsUInt32Number n = 0;
    cmsHPROFILE p = exchanged();
    assert_true(cmsSaveProfileToMem(p, NULL, &n) && n <= sizeof profile && cmsSaveProfileToMem(p, profile, &n));
    cmsCloseProfile(p);
    const uint8_t row[6] = {200, 50, 20, 10, 90, 255};
    write_png(at("p.png"), 8, PNG_COLOR_TYPE_RGB, profile, n, row);
    gt_picture pic = decoded("p.png");
    const uint8_t *s = pic.samples;
    for (int i = 0; i < 6; i += 3) { /* +-2: the profile's matrix and curves are stored in 16 bits */
        assert_in_range(s[i] + 2 - row[i + 1], 0, 4);
        assert_in_range(s[i + 1] + 2 - row[i], 0, 4);
        assert_in_range(s[i + 2] + 2 - row[i + 2], 0, 4);
    }
    assert_null(pic.note);
    gt_picture again = decoded("p.png"); /* by what is remembered of the profile */
    assert_memory_equal(again.samples, pic.samples, 6);
    gt_picture_free(&again);
    gt_picture_free(&pic);

    /* Alpha is not a colour; 16 bits are as good as 8. */
    const uint8_t with_alpha[16] = {200, 200, 50, 50, 20, 20, 7, 7, 10, 10, 90, 90, 255, 255, 250, 250};
    write_png(at("p.png"), 16, PNG_COLOR_TYPE_RGB_ALPHA, profile, n, with_alpha);
    pic = decoded("p.png");
    for (int i = 0; i < 8; i += 4) {
        const uint16_t *deep = (const uint16_t *)pic.samples + i;
        assert_in_range(deep[0] / 257 + 2 - with_alpha[2 * i + 2], 0, 4);
        assert_in_range(deep[1] / 257 + 2 - with_alpha[2 * i], 0, 4);
        assert_int_equal(deep[3], 257 * with_alpha[2 * i + 6]);
    }
    gt_picture_free(&pic);

    write_grey_tiff(at("p.tif"), "w", profile, n); /* libpng refuses such a profile itself, libtiff takes anything */
    pic = decoded("p.tif");
    assert_memory_equal(pic.samples, "\5\6", 2);
    assert_non_null(strstr(pic.note, "another kind"));
    gt_picture_free(&pic);
}

static void test_names(void **state) {
    (void)state;
    assert_true(gt_picture_is_name("a/b.JPeG") && gt_picture_is_name("x.png") && gt_picture_is_name("x.y.tiff"));
    assert_false(gt_picture_is_name("png") || gt_picture_is_name("a.png/b") || gt_picture_is_name("dataset.json"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_gif),   cmocka_unit_test(test_animations), cmocka_unit_test(test_pillow),
        cmocka_unit_test(test_truncated),   cmocka_unit_test(test_damaged),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_small_kinds), cmocka_unit_test(test_rare_bmp),   cmocka_unit_test(test_tiff_layouts),
        cmocka_unit_test(test_tiff_pages),  cmocka_unit_test(test_png_kinds),  cmocka_unit_test(test_png_exif),
        cmocka_unit_test(test_cut_exif),    cmocka_unit_test(test_profiles),   cmocka_unit_test(test_names),
    };
    return test_status(cmocka_run_group_tests(tests, make_pictures, remove_scratch));
}
