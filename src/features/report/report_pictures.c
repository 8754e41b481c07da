/* SPDX-License-Identifier: Apache-2.0
 * The pictures of a report. All of them together have a limit, so that the page can be sent by mail: a picture that is
 * too large is made smaller, and of many pictures some are shown. The page says so. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files/codec/door/webp.h"
#include "files/codec/door/picture.h"
#include "gantry/grid.h"
#include "figures/door/html.h"
#include "features/report/report.h"
#include "run/door/pages.h"

enum {
    LARGEST_FILE = 16 << 20,
    LARGEST_SAMPLES = 96 << 20, /* of a picture that is made smaller */
    LARGE = 600 << 10,          /* bytes that a picture may have in the page, */
    FRAME = 200 << 10,          /* ... a picture of the strip, */
    STRIP = 1400 << 10,         /* ... and all pictures of the strip together */
    MOST_FRAMES = 24,
    SMALLER_WIDTH = 1600,
    QUALITY = 85,
    MOST_MADE_SMALLER = 4 /* of the strip: this takes time */
};

/* A picture of 8 bits whose pixels are means of `factor` x `factor` pixels. */
static gt_status shrink(gt_picture *out, const gt_picture *in, int factor) {
    int height = in->height / factor, width = in->width / factor, channels = in->channels;
    gt_status st = gt_picture_new(out, height, width, channels, GT_U8);
    const uint8_t *from = in->samples;
    uint8_t *to = out->samples;
    for (int y = 0; !st && y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < channels; c++) {
                int sum = 0;
                for (int i = 0; i < factor * factor; i++)
                    sum += from[(((size_t)(y * factor + i / factor)) * (size_t)in->width +
                                 (size_t)(x * factor + i % factor)) *
                                    (size_t)channels +
                                (size_t)c];
                *to++ = (uint8_t)((sum + factor * factor / 2) / (factor * factor));
            }
    return st;
}

/* Makes the file smaller than `most` bytes: fewer pixels, packed with losses. *factor: how many times smaller a side.
 */
static gt_status make_smaller(void **bytes, size_t *n, size_t most, int *factor) {
    gt_picture whole, small = {0};
    gt_status st = gt_picture_decode(&whole, *bytes, *n, LARGEST_SAMPLES);
    if (st) return st;
    if (whole.type != GT_U8 || (whole.channels != 1 && whole.channels != 3 && whole.channels != 4))
        st = gt_fail(GT_USAGE, "it is not a picture of 8 bits");
    int first = (whole.width + SMALLER_WIDTH - 1) / SMALLER_WIDTH;
    free(*bytes);
    *bytes = NULL;
    *n = most + 1;
    for (*factor = first > 1 ? first : 1; !st && *n > most; ++*factor) {
        free(*bytes);
        *bytes = NULL;
        st = *factor > whole.width || *factor > whole.height ? gt_fail(GT_USAGE, "it cannot be made small enough")
                                                             : shrink(&small, &whole, *factor);
        if (!st) st = gt_webp_encode(&small, &(gt_webp_options){.quality = QUALITY}, bytes, n);
        gt_picture_free(&small);
    }
    --*factor;
    gt_picture_free(&whole);
    return st;
}

/* Appends the picture as a figure, unless there is no such file. */
static void put_picture(gt_buffer *out, const char *dir, const char *name, const char *title, size_t most) {
    GT_FREED char *path = gt_path_join(dir, name);
    GT_FREED void *bytes = NULL;
    size_t n = 0;
    gt_status st = GT_OK;
    struct stat s;
    int factor = 0;
    if (path && stat(path, &s) == 0) {
        bool fits = s.st_size <= LARGEST_FILE;
        if (fits) st = gt_file_read(path, LARGEST_FILE, &bytes, &n);
        if (fits && !st && n > most) st = make_smaller(&bytes, &n, most, &factor);
        char note[160], how[64] = "";
        if (factor > 1) snprintf(how, sizeof how, ", made %d times smaller for this page", factor);
        else if (factor) snprintf(how, sizeof how, ", compressed for this page");
        snprintf(note, sizeof note, "%s%s", name, how);
        html_figure(out, title, note);
        if (!fits) {
            gt_buffer_printf(out, "<p>%.1f MB: too large for this page; see the file beside it.</p>",
                             (double)s.st_size / 1e6);
        } else if (!st) {
            gt_buffer_printf(out, "<img%s alt=\"", factor ? " class=\"smaller\"" : "");
            html_text(out, "", title, "\" src=\"data:image/");
            gt_buffer_printf(out, "%s;base64,", factor ? "webp" : "png");
            gt_buffer_base64(out, bytes, n);
            gt_buffer_printf(out, "\">");
        } else {
            html_text(out, "<p>Not shown: ", gt_message(), "</p>");
        }
        gt_buffer_printf(out, "</figure>\n");
    }
    out->failed |= !path || st == GT_NOMEM;
}

static void put_fakes(gt_buffer *out, const char *dir, const char *when, long long images, size_t most) {
    char name[40], title[80];
    gt_grid_fakes_name(images, name);
    snprintf(title, sizeof title, "%s %.6g kimg", when, (double)images / 1000);
    put_picture(out, dir, name, title, most);
}

/* ---- the strip: the pictures before the newest one ---- */

static size_t bytes_of(const char *dir, long long images) {
    char name[40];
    struct stat s;
    gt_grid_fakes_name(images, name);
    GT_FREED char *path = gt_path_join(dir, name);
    return path && stat(path, &s) == 0 ? (size_t)s.st_size : 0;
}

/* Number k of m pictures, evenly from the first to the last of n. */
static size_t pick(size_t k, size_t m, size_t n) { return m > 1 ? k * (n - 1) / (m - 1) : n - 1; }

/* How many of the n pictures fit. */
static size_t frames_that_fit(const char *dir, const long long *fakes, size_t n) {
    for (size_t m = n < MOST_FRAMES ? n : MOST_FRAMES; m > 1; m--) {
        size_t sum = 0, large = 0;
        for (size_t k = 0; k < m; k++) {
            size_t bytes = bytes_of(dir, fakes[pick(k, m, n)]);
            sum += bytes > FRAME ? FRAME : bytes;
            large += bytes > FRAME;
        }
        if (sum <= STRIP && large <= MOST_MADE_SMALLER) return m;
    }
    return n > 0;
}

static void put_strip(gt_buffer *out, const char *dir, const long long *fakes, size_t n) {
    size_t m = frames_that_fit(dir, fakes, n);
    gt_buffer_printf(out,
                     "<div class=\"strip\"><h3>Earlier in training</h3><p>%zu of %zu earlier pictures%s</p>"
                     "<button type=\"button\" hidden>Play</button><input type=\"range\" min=\"0\" max=\"%zu\" "
                     "value=\"%zu\" aria-label=\"Picture\" hidden>\n",
                     m, n, m < n ? "; all pictures are in the run's directory" : "", m - 1, m - 1);
    for (size_t k = 0; k < m; k++) {
        gt_buffer_printf(out, "<div class=\"frame\">");
        put_fakes(out, dir, "After", fakes[pick(k, m, n)], FRAME);
        gt_buffer_printf(out, "</div>\n");
    }
    gt_buffer_printf(out, "</div>\n");
}

/* Autoencoders: images beside their reconstructions. Returns the name of the newest, to be freed; NULL: none. */
static char *newest_reconstructions(gt_buffer *out, const char *dir) {
    struct dirent **entries;
    char *newest = NULL;
    int n = scandir(dir, &entries, NULL, alphasort);
    for (int i = n - 1; i >= 0 && !newest; i--) {
        if (fnmatch("reconstructions*.png", entries[i]->d_name, 0)) continue;
        newest = strdup(entries[i]->d_name);
        out->failed |= !newest;
    }
    for (int i = 0; i < n; i++) free(entries[i]);
    if (n >= 0) free(entries);
    return newest;
}

static void put_reconstructions(gt_buffer *out, const char *dir) {
    GT_FREED char *newest = newest_reconstructions(out, dir);
    if (newest) put_picture(out, dir, newest, "Images and their reconstructions", LARGE);
}

/* Its name, to be freed. */
static char *newest_name(gt_buffer *out, const char *dir) {
    size_t n;
    char name[40];
    long long *fakes = gt_grid_list_fakes(dir, &n);
    if (n) gt_grid_fakes_name(fakes[n - 1], name);
    free(fakes);
    if (!n) return newest_reconstructions(out, dir);
    char *copy = strdup(name);
    out->failed |= !copy;
    return copy;
}

bool report_newest(gt_buffer *out, const char *dir, const char *title, size_t most) {
    char *name = newest_name(out, dir);
    if (name) put_picture(out, dir, name, title, most < LARGE ? most : LARGE);
    free(name);
    return name != NULL;
}

char *report_newest_path(const char *dir) {
    char *name = newest_name(&(gt_buffer){0}, dir), *path = name ? gt_path_join(dir, name) : NULL;
    free(name);
    return path;
}

void report_pictures(gt_buffer *out, const char *dir) {
    size_t n;
    GT_FREED long long *fakes = gt_grid_list_fakes(dir, &n);
    gt_buffer_printf(out, "<h2 id=\"pictures\">Pictures</h2>\n<div class=\"pictures\">");
    if (n) put_fakes(out, dir, "Generated after", fakes[n - 1], LARGE);
    put_picture(out, dir, "reals.png", "Real", LARGE);
    put_reconstructions(out, dir);
    put_picture(out, dir, "confusion.png", "Confusion of classes on images that were not trained on", LARGE);
    for (const gt_run_picture *const *p = gt_run_pictures; *p; p++) {
        gt_buffer_printf(out, "<div class=\"drawn\">");
        put_picture(out, dir, (*p)->file.pattern, (*p)->title, LARGE);
        gt_buffer_printf(out, "</div>\n");
    }
    gt_buffer_printf(out, "</div>\n");
    if (n > 1) put_strip(out, dir, fakes, n - 1); /* the newest one stands above */
}
