/* SPDX-License-Identifier: Apache-2.0
 * Picture grids: chooses the samples that a grid shows, turns floats into pixels, and puts the images into one PNG
 * (docs/mathematics/seeds.md#grids). */
#define _GNU_SOURCE
#include "files/codec/door/grid.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/codec.h"
#include "base/door/hash.h"
#include "gantry/log.h"
#include "gantry/memory.h"
#include "base/door/random.h"

enum { MOST_SIDE = 1024, PNG_LEVEL = 6 };

gt_status gt_grid_parse(const char *text, gt_grid *g) {
    int end = 0;
    *g = (gt_grid){0};
    if (strcmp(text, "reference") == 0) {
        g->reference = true;
        return GT_OK;
    }
    if (sscanf(text, "%5dx%5d%n", &g->columns, &g->rows, &end) != 2 || text[end] || g->columns < 1 || g->rows < 1 ||
        g->columns > MOST_SIDE || g->rows > MOST_SIDE)
        return gt_fail(GT_USAGE, "must be columns and rows, such as 8x8 (at most %dx%d), or 'reference'", MOST_SIDE,
                       MOST_SIDE);
    return GT_OK;
}

static int clip(int x, int lo, int hi) { return x < lo ? lo : x > hi ? hi : x; }

void gt_grid_fit(gt_grid *g, int height, int width) {
    if (!g->reference) return;
    g->columns = clip(7680 / width, 7, 32);
    g->rows = clip(4320 / height, 4, 32);
}

/* ---- choice ---- */

/* An item and the hash of its label. Items with equal labels are one group. */
typedef struct member {
    gt_hash128 key;
    int64_t item;
} member;

typedef struct group {
    int64_t *items; /* within the list of all */
    int64_t n;
    const float *label;
} group;

static int by_key(const void *a, const void *b) {
    const member *x = a, *y = b;
    int order = memcmp(&x->key, &y->key, sizeof x->key);
    return order ? order : (x->item > y->item) - (x->item < y->item);
}

static bool begins_group(const member *members, int64_t i) {
    return i == 0 || memcmp(&members[i].key, &members[i - 1].key, sizeof members->key);
}

/* The order of tuples of the label's elements, last element first. */
static int by_label(const void *a, const void *b, void *dim) {
    const group *x = a, *y = b;
    for (int i = *(const int *)dim - 1; i >= 0; i--)
        if (x->label[i] != y->label[i]) return x->label[i] < y->label[i] ? -1 : 1;
    return 0;
}

static void fill_random(gt_mt19937 *r, int64_t *list, int64_t count, int64_t *items, int64_t cells) {
    for (int64_t i = 0; i < count; i++) list[i] = i;
    gt_mt_shuffle(r, list, (size_t)count);
    for (int64_t k = 0; k < cells; k++) items[k] = list[k % count];
}

/* Row y shows group y mod n; when a group comes again it goes on where it stopped. */
static void fill_groups(gt_mt19937 *r, const gt_grid *g, group *groups, int64_t n, int64_t *items) {
    for (int64_t i = 0; i < n; i++) gt_mt_shuffle(r, groups[i].items, (size_t)groups[i].n);
    for (int y = 0; y < g->rows; y++) {
        const group *of = &groups[y % n];
        int64_t start = y / n * g->columns;
        for (int x = 0; x < g->columns; x++) items[(int64_t)y * g->columns + x] = of->items[(start + x) % of->n];
    }
}

/* *done stays false where the labels are not classes. */
static gt_status choose_by_label(gt_arena *a, gt_mt19937 *r, const gt_grid *g, int64_t count, int dim,
                                 void (*label_of)(void *, int64_t, float *), void *arg, int64_t *list, int64_t *items,
                                 bool *done) {
    member *members = gt_arena_array(a, (size_t)count, sizeof *members);
    float *label = gt_arena_array(a, (size_t)dim, sizeof *label);
    if (!members || !label) return GT_NOMEM;
    for (int64_t i = 0; i < count; i++) {
        label_of(arg, i, label);
        for (int k = 0; k < dim; k++) label[k] += 0.0f; /* -0 is 0 */
        members[i] = (member){gt_hash(label, (size_t)dim * sizeof *label), i};
    }
    qsort(members, (size_t)count, sizeof *members, by_key);
    int64_t n = 0;
    for (int64_t i = 0; i < count; i++) {
        list[i] = members[i].item;
        n += begins_group(members, i);
    }
    /* hardly classes: a row would show few images again and again */
    if (!g->reference && n > 1 && count / n < g->columns) return GT_OK;
    group *groups = gt_arena_array(a, (size_t)n, sizeof *groups);
    float *labels = gt_arena_array(a, (size_t)n, (size_t)dim * sizeof *labels);
    if (!groups || !labels) return GT_NOMEM;
    group *of = groups - 1;
    for (int64_t i = 0; i < count; i++) {
        if (begins_group(members, i)) {
            float *own = labels + (size_t)(++of - groups) * (size_t)dim;
            label_of(arg, members[i].item, own);
            *of = (group){list + i, 0, own};
        }
        of->n++;
    }
    qsort_r(groups, (size_t)n, sizeof *groups, by_label, &dim);
    fill_groups(r, g, groups, n, items);
    *done = true;
    return GT_OK;
}

gt_status gt_grid_choose(const gt_grid *g, int64_t count, int label_dim,
                         void (*label_of)(void *arg, int64_t item, float *label), void *arg, int64_t *items) {
    if (count < 1) return gt_fail(GT_USAGE, "a picture grid needs at least one image");
    if (g->columns < 1 || g->rows < 1)
        return gt_fail(GT_USAGE, "a picture grid of %d columns and %d rows", g->columns, g->rows);
    GT_ARENA gt_arena *a = gt_arena_new();
    int64_t *list = a ? gt_arena_array(a, (size_t)count, sizeof *list) : NULL;
    gt_status st = list ? GT_OK : GT_NOMEM;
    bool done = false;
    gt_mt19937 r;
    gt_mt_seed(&r, 0);
    if (!st && label_dim > 0) st = choose_by_label(a, &r, g, count, label_dim, label_of, arg, list, items, &done);
    if (!st && !done) fill_random(&r, list, count, items, (int64_t)g->columns * g->rows);
    return st;
}

bool gt_grid_repeats(const int64_t *items, int64_t cell) {
    for (int64_t k = 0; k < cell; k++)
        if (items[k] == items[cell]) return true;
    return false;
}

void gt_grid_empty(const int64_t *items, int64_t cells, size_t floats, float *images) {
    for (int64_t k = 0; k < cells; k++)
        if (gt_grid_repeats(items, k)) memset(images + (size_t)k * floats, 0, floats * sizeof *images);
}

/* ---- pixels ---- */

void gt_grid_put(void *grid, int64_t cell, int64_t columns, size_t height, size_t line, const void *picture) {
    size_t whole = line * (size_t)columns;
    char *to = (char *)grid + (size_t)(cell / columns) * height * whole + (size_t)(cell % columns) * line;
    for (size_t y = 0; y < height; y++) memcpy(to + y * whole, (const char *)picture + y * line, line);
}

void gt_grid_pixels(const float *x, size_t n, float lo, float hi, uint8_t *out) {
    float scale = 255.0f / (hi - lo);
    for (size_t i = 0; i < n; i++) {
        float v = rintf((x[i] - lo) * scale);
        out[i] = v >= 255.0f ? 255 : v > 0.0f ? (uint8_t)v : 0;
    }
}

enum { WHITE = 240, GREY = 208, LEAST_SIDE = 16 };

static bool is_white(const uint8_t *pixel, int shown) {
    for (int c = 0; c < shown; c++)
        if (pixel[c] < WHITE) return false;
    return true;
}

/* n places, `step` bytes from one to the next: if most of them are white, the white ones become grey. */
static void draw_hairline(uint8_t *at, int n, size_t step, int shown) {
    int white = 0;
    for (int i = 0; i < n; i++) white += is_white(at + (size_t)i * step, shown);
    for (int i = 0; i < n && 2 * white > n; i++)
        if (is_white(at + (size_t)i * step, shown)) memset(at + (size_t)i * step, GREY, (size_t)shown);
}

void gt_grid_hairlines(uint8_t *row, int columns, int height, int width, int shown, bool last) {
    size_t pixel = (size_t)shown, line = (size_t)columns * (size_t)width * pixel;
    if (height < LEAST_SIDE || width < LEAST_SIDE) return;
    for (int c = 0; c < columns; c++) {
        uint8_t *cell = row + (size_t)c * (size_t)width * pixel;
        if (!last) draw_hairline(cell + (size_t)(height - 1) * line, width, pixel, shown);
        if (c + 1 < columns) draw_hairline(cell + (size_t)(width - 1) * pixel, height - !last, line, shown);
    }
}

int gt_grid_shown(int channels) { return channels >= 3 ? 3 : channels >= 1; }

gt_status gt_grid_check(int64_t columns, int64_t rows, int height, int width, int shown) {
    bool fits = columns >= 1 && rows >= 1 && height >= 1 && width >= 1 && shown >= 1 &&
                columns <= GT_PNG_MAX_SIDE / width && rows <= GT_PNG_MAX_SIDE / height;
    if (fits && columns * width * rows * height <= GT_PNG_MAX_BYTES / shown) return GT_OK;
    return gt_fail(GT_USAGE,
                   "%lldx%lld images of %dx%d pixels are too large for a PNG, which has at most %d pixels a side and "
                   "%d MiB of them",
                   (long long)columns, (long long)rows, width, height, GT_PNG_MAX_SIDE, GT_PNG_MAX_BYTES >> 20);
}

gt_status gt_grid_write(const char *path, const float *images, int columns, int rows, int height, int width,
                        int channels, float lo, float hi, gt_grid_png *picture) {
    int shown = gt_grid_shown(channels);
    gt_status st = gt_grid_check(columns, rows, height, width, shown);
    if (picture) *picture = (gt_grid_png){0};
    if (st) return st;
    size_t w = (size_t)columns * (size_t)width, h = (size_t)rows * (size_t)height, line = w * (size_t)shown,
           size = line * h;
    uint8_t *pixels = malloc(size), *row = malloc((size_t)width * (size_t)channels);
    void *png = NULL;
    size_t bytes = 0;
    st = pixels && row ? GT_OK : gt_fail(GT_NOMEM, "out of memory for '%s'", path ? path : "a picture");
    for (size_t y = 0; y < h && !st; y++)
        for (int c = 0; c < columns; c++) {
            size_t image = y / (size_t)height * (size_t)columns + (size_t)c, floats = (size_t)width * (size_t)channels;
            gt_grid_pixels(images + (image * (size_t)height + y % (size_t)height) * floats, floats, lo, hi, row);
            uint8_t *to = pixels + y * line + (size_t)c * (size_t)width * (size_t)shown;
            for (int x = 0; x < width; x++) memcpy(to + x * shown, row + x * channels, (size_t)shown);
        }
    for (int y = 0; y < rows && !st; y++)
        gt_grid_hairlines(pixels + (size_t)y * (size_t)height * line, columns, height, width, shown, y + 1 == rows);
    gt_picture p = {.height = (int)h, .width = (int)w, .channels = shown, .samples = pixels};
    if (!st) st = gt_png_encode(&p, PNG_LEVEL, &png, &bytes);
    if (!st && path) st = gt_file_write(path, png, bytes);
    free(row);
    free(pixels);
    if (picture) *picture = (gt_grid_png){png, bytes, (int)w, (int)h, shown};
    else free(png);
    return st;
}

static int by_number(const void *a, const void *b) {
    long long x = *(const long long *)a, y = *(const long long *)b;
    return (x > y) - (x < y);
}

long long *gt_grid_list_fakes(const char *dir, size_t *n) {
    gt_buffer found = {0};
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        char again[40];
        long long images;
        if (sscanf(e->d_name, "fakes%18lld", &images) != 1 || images < 0) continue;
        gt_grid_fakes_name(images, again);
        if (strcmp(again, e->d_name) == 0) gt_buffer_add(&found, &images, sizeof images);
    }
    if (d) closedir(d);
    if (found.failed) gt_warn("some pictures of '%s' are left out: out of memory", dir);
    *n = found.n / sizeof(long long);
    if (*n) qsort(found.data, *n, sizeof(long long), by_number);
    return (long long *)found.data;
}

void gt_grid_fakes_name(int64_t images, char name[40]) { snprintf(name, 40, "fakes%09lld.png", (long long)images); }
