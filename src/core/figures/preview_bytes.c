/* SPDX-License-Identifier: Apache-2.0
 * Half blocks, sixels and kitty's pictures: see preview.h. */
#include <stdlib.h>
#include <string.h>

#include "files/codec/door/codec.h"
#include "figures/door/preview.h"

/* ---- half blocks ---- */

/* The nearest of the 256 colours that are the same in all terminals: a cube of 6 x 6 x 6 and 24 greys. */
static int of_256(const uint8_t *rgb) {
    static const int levels[] = {0, 95, 135, 175, 215, 255};
    int place[3], grey = (rgb[0] + rgb[1] + rgb[2]) / 3, step = grey < 8 ? 0 : grey > 238 ? 23 : (grey - 3) / 10;
    int to_cube = 0, to_grey = 0;
    for (int j = 0; j < 3; j++) {
        place[j] = 0;
        for (int k = 1; k < 6; k++)
            if (abs(levels[k] - rgb[j]) < abs(levels[place[j]] - rgb[j])) place[j] = k;
        int a = levels[place[j]] - rgb[j], b = 8 + 10 * step - rgb[j];
        to_cube += a * a;
        to_grey += b * b;
    }
    return to_grey < to_cube ? 232 + step : 16 + 36 * place[0] + 6 * place[1] + place[2];
}

/* `ground`: 38 of the character, 48 of what is behind it. *before: the colour that is chosen; -1: none. */
static void choose_colour(gt_buffer *out, int ground, const uint8_t *rgb, bool true_colour, int *before) {
    int now = true_colour ? rgb[0] << 16 | rgb[1] << 8 | rgb[2] : of_256(rgb);
    if (now == *before) return;
    *before = now;
    if (true_colour) gt_buffer_printf(out, "\033[%d;2;%d;%d;%dm", ground, rgb[0], rgb[1], rgb[2]);
    else gt_buffer_printf(out, "\033[%d;5;%dm", ground, now);
}

void preview_blocks(gt_buffer *out, const uint8_t *rgb, int height, int width, bool true_colour) {
    for (int y = 0; y < height; y += 2) {
        int upper = -1, lower = -1;
        for (int x = 0; x < width; x++) {
            const uint8_t *p = rgb + ((size_t)y * (size_t)width + (size_t)x) * 3;
            choose_colour(out, 38, p, true_colour, &upper);
            if (y + 1 < height) choose_colour(out, 48, p + 3 * (size_t)width, true_colour, &lower);
            gt_buffer_printf(out, "\u2580");
        }
        gt_buffer_printf(out, "\033[0m\n");
    }
}

/* ---- sixels ---- */

static void put_run(gt_buffer *out, int bits, int n) {
    char c = (char)('?' + bits);
    if (n > 3) gt_buffer_printf(out, "!%d%c", n, c);
    else
        while (n-- > 0) gt_buffer_add(out, &c, 1);
}

/* One colour of a band of six rows: `bits` [width]. */
static void put_colour(gt_buffer *out, int colour, const uint8_t *bits, int width) {
    int run = 0;
    while (width && !bits[width - 1]) width--;
    gt_buffer_printf(out, "#%d", colour);
    for (int x = 0; x < width; x += run) {
        for (run = 1; x + run < width && bits[x + run] == bits[x];) run++;
        put_run(out, bits[x], run);
    }
}

/* bits [PALETTE_MOST,width] are zeros, also afterwards. */
static void put_band(gt_buffer *out, const palette *p, const uint8_t *rgb, int rows, int width, uint8_t *bits) {
    bool used[PALETTE_MOST] = {false}, any = false;
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < width; x++, rgb += 3) {
            int k = p->of[palette_key(rgb)];
            used[k] = true;
            bits[(size_t)k * (size_t)width + (size_t)x] |= (uint8_t)(1 << y);
        }
    for (int k = 0; k < p->n; k++) {
        if (!used[k]) continue;
        if (any) gt_buffer_printf(out, "$");
        any = true;
        put_colour(out, k, bits + (size_t)k * (size_t)width, width);
        memset(bits + (size_t)k * (size_t)width, 0, (size_t)width);
    }
    gt_buffer_printf(out, "-");
}

void preview_sixel(gt_buffer *out, const uint8_t *rgb, int height, int width) {
    enum { BAND = 6 };
    GT_FREED palette *p = malloc(sizeof *p);
    GT_FREED uint8_t *bits = calloc(PALETTE_MOST, (size_t)width);
    out->failed |= !p || !bits;
    if (p && bits) {
        palette_find(p, rgb, (size_t)height * (size_t)width);
        out->failed |= !p->n;
        gt_buffer_printf(out, "\033P0;1;0q\"1;1;%d;%d", width, height);
        for (int k = 0; k < p->n; k++) {
            const uint8_t *c = p->colour[k];
            gt_buffer_printf(out, "#%d;2;%d;%d;%d", k, (c[0] * 100 + 127) / 255, (c[1] * 100 + 127) / 255,
                             (c[2] * 100 + 127) / 255);
        }
        for (int y = 0; y < height; y += BAND)
            put_band(out, p, rgb + (size_t)y * (size_t)width * 3, height - y < BAND ? height - y : BAND, width, bits);
        gt_buffer_printf(out, "\033\\\n");
    }
}

/* ---- kitty ---- */

void preview_kitty(gt_buffer *out, const uint8_t *rgb, int height, int width) {
    enum { CHUNK = 4096, LEVEL = 6 };
    gt_picture p = {.height = height, .width = width, .channels = 3, .samples = (void *)rgb};
    GT_BUFFER gt_buffer text = {0};
    GT_FREED void *png = NULL;
    size_t n = 0;
    if (!gt_png_encode(&p, LEVEL, &png, &n)) gt_buffer_base64(&text, png, n);
    out->failed |= !png || text.failed;
    for (size_t at = 0; at < text.n && !text.failed; at += CHUNK) {
        bool last = text.n - at <= CHUNK;
        gt_buffer_printf(out, at ? "\033_Gm=%d;" : "\033_Ga=T,f=100,q=2,m=%d;", !last);
        gt_buffer_add(out, text.data + at, last ? text.n - at : CHUNK);
        gt_buffer_printf(out, "\033\\");
    }
    gt_buffer_printf(out, "\n");
}
