/* SPDX-License-Identifier: Apache-2.0
 * A white page on which cairo draws, written as a PNG or SVG file. */
#ifndef GANTRY_REPORT_PAGE_H
#define GANTRY_REPORT_PAGE_H

#include <cairo.h>
#include <stdbool.h>

#include "base/file.h"

typedef struct page {
    cairo_surface_t *surface;
    cairo_t *cairo;
    bool png;
    gt_buffer bytes; /* of the file */
} page;

/* Begins a page of so many points (PNG: pixels), with a font chosen; returns page->cairo. Errors show at page_write().
 */
cairo_t *page_begin(page *p, bool png, int width, int height);
void page_drop(page *p); /* ends the page; nothing is written */
/* Writes the page whole into a file (base/file.h: cairo itself would write over the old file piece by piece, and not
 * say why it cannot), and ends the page. */
gt_status page_write(page *p, const char *path);
/* The same for the pixels [height,width,3] of a PNG's page, to be freed; NULL on failure. */
gt_status page_pixels(page *p, uint8_t **pixels);

#endif
