/* SPDX-License-Identifier: Apache-2.0
 * Pictures on a terminal (gantry/preview.h): what the terminal shows, and how large. */
#include "figures/door/preview.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/log.h"
#include "data/door/resize.h"

enum {
    COLUMNS = 80,    /* of a terminal that does not say how many it has */
    LEAST_ROWS = 40, /* into which a picture may be squeezed */
    CELL_WIDTH = 10, /* pixels of a character where the terminal does not say it, as of a VT340 */
    CELL_HEIGHT = 20,
    LARGEST = 64 << 20 /* bytes of a picture file, and of its samples eight times as many */
};

void gt_preview_ask(gt_preview wanted) {
    if (wanted == GT_PREVIEW_AUTO || wanted == GT_PREVIEW_SIXEL || wanted == GT_PREVIEW_KITTY) gt_terminal_ask();
}

gt_preview preview_kind(gt_preview wanted, const gt_terminal *t) {
    if (wanted != GT_PREVIEW_AUTO) return wanted;
    if (!t->is || !t->coloured) return GT_PREVIEW_NONE;
    return t->kitty ? GT_PREVIEW_KITTY : t->sixel ? GT_PREVIEW_SIXEL : GT_PREVIEW_BLOCKS;
}

/* ---- pixels ---- */

static int byte_of(const gt_picture *p, size_t i) {
    if (p->type == GT_U8) return ((const uint8_t *)p->samples)[i];
    if (p->type == GT_U16) return ((const uint16_t *)p->samples)[i] >> 8;
    float v = ((const float *)p->samples)[i] * 255;
    return v > 0 ? v < 255 ? (int)(v + 0.5f) : 255 : 0;
}

/* [height,width,3] of 8 bits, to be freed; grey of one or two channels, on black where it is transparent. */
static uint8_t *to_rgb(const gt_picture *p) {
    size_t n = (size_t)p->height * (size_t)p->width, channels = (size_t)p->channels;
    uint8_t *rgb = malloc(n * 3);
    int colours = p->channels - (p->alpha ? 1 : 0);
    for (size_t i = 0; rgb && i < n; i++) {
        int alpha = p->alpha ? byte_of(p, i * channels + channels - 1) : 255;
        for (size_t j = 0; j < 3; j++)
            rgb[3 * i + j] = (uint8_t)(byte_of(p, i * channels + (colours >= 3 ? j : 0)) * alpha / 255);
    }
    return rgb;
}

/* Small pictures are enlarged by a whole number, large ones made smaller. */
static void find_size(const gt_picture *p, int most_width, int most_height, int *height, int *width) {
    int up = most_width / p->width < most_height / p->height ? most_width / p->width : most_height / p->height;
    *width = p->width * up;
    *height = p->height * up;
    if (up) return;
    double scale = (double)most_width / p->width, other = (double)most_height / p->height;
    if (other < scale) scale = other;
    *width = (int)(p->width * scale + 0.5);
    *height = (int)(p->height * scale + 0.5);
    if (*width < 1) *width = 1;
    if (*height < 1) *height = 1;
}

static void enlarge(const uint8_t *in, const gt_picture *p, int up, uint8_t *out) {
    for (int y = 0; y < p->height * up; y++)
        for (int x = 0; x < p->width * up; x++, out += 3)
            memcpy(out, in + ((size_t)(y / up) * (size_t)p->width + (size_t)(x / up)) * 3, 3);
}

static gt_status scale(const gt_picture *p, const uint8_t *in, int height, int width, uint8_t *out) {
    if (width >= p->width && height >= p->height) {
        enlarge(in, p, width / p->width, out);
        return GT_OK;
    }
    gt_resizer r = {0};
    const gt_resize_job job = {.filter = GT_FILTER_BOX,
                               .in_height = p->height,
                               .in_width = p->width,
                               .height = height,
                               .width = width,
                               .channels = 3,
                               .in_stride = (size_t)p->width * 3};
    gt_status st = gt_resize(&r, &job, GT_U8, in, out);
    gt_resizer_free(&r);
    return st;
}

gt_status preview_put(gt_buffer *out, gt_preview kind, const gt_terminal *t, const gt_picture *p) {
    int columns = t->columns > 1 ? t->columns : COLUMNS, rows = t->rows - 2 > LEAST_ROWS ? t->rows - 2 : LEAST_ROWS;
    int cell_width = t->cell_width ? t->cell_width : CELL_WIDTH,
        cell_height = t->cell_height ? t->cell_height : CELL_HEIGHT, height, width;
    if (kind == GT_PREVIEW_BLOCKS) cell_width = 1, cell_height = 2;
    if (kind == GT_PREVIEW_NONE || kind == GT_PREVIEW_AUTO || p->height < 1 || p->width < 1) return GT_OK;
    find_size(p, columns * cell_width, rows * cell_height, &height, &width);
    GT_FREED uint8_t *rgb = to_rgb(p), *drawn = malloc((size_t)height * (size_t)width * 3);
    gt_status st = rgb && drawn ? scale(p, rgb, height, width, drawn) : GT_NOMEM;
    if (!st && kind == GT_PREVIEW_BLOCKS) preview_blocks(out, drawn, height, width, t->true_colour);
    if (!st && kind == GT_PREVIEW_SIXEL) preview_sixel(out, drawn, height, width);
    if (!st && kind == GT_PREVIEW_KITTY) preview_kitty(out, drawn, height, width);
    return st == GT_NOMEM || out->failed ? gt_fail(GT_NOMEM, "out of memory for a picture on the terminal") : st;
}

static gt_status put_bytes(gt_buffer *out, gt_preview kind, const gt_terminal *t, const void *bytes, size_t n) {
    gt_picture p;
    gt_status st = gt_picture_decode(&p, bytes, n, (size_t)LARGEST * 8);
    if (!st) st = preview_put(out, kind, t, &p);
    gt_picture_free(&p);
    return st;
}

gt_status preview_file(gt_buffer *out, gt_preview kind, const gt_terminal *t, const char *path) {
    GT_FREED void *bytes = NULL;
    size_t n;
    gt_status st = gt_file_read(path, LARGEST, &bytes, &n);
    return st ? st : put_bytes(out, kind, t, bytes, n);
}

/* ---- drawing ---- */

/* Of the file `path`; NULL: of the bytes. */
static gt_status draw(gt_preview wanted, const char *path, const void *bytes, size_t n, const char *title) {
    const gt_terminal t = gt_terminal_look();
    const gt_preview kind = preview_kind(wanted, &t);
    GT_BUFFER gt_buffer out = {0};
    if (!gt_log_is_first() || kind == GT_PREVIEW_NONE) return GT_OK;
    if (title) gt_buffer_format(&out, "%s\n", title); /* a name may have anything in it */
    gt_status st = path ? preview_file(&out, kind, &t, path) : put_bytes(&out, kind, &t, bytes, n);
    if (!st) gt_log_draw(out.data, out.n);
    return st;
}

gt_status gt_preview_bytes(gt_preview wanted, const void *bytes, size_t n, const char *title) {
    return draw(wanted, NULL, bytes, n, title);
}

gt_status gt_preview_file(gt_preview wanted, const char *path) { return draw(wanted, path, NULL, 0, path); }
