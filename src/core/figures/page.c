/* SPDX-License-Identifier: Apache-2.0
 * Pages of cairo: see figures/door/plot.h. */
#include "figures/door/plot.h"

#include <cairo-svg.h>
#include <stdlib.h>
#include <string.h>

static cairo_status_t add_bytes(void *buffer, const unsigned char *data, unsigned n) {
    gt_buffer_add(buffer, data, n);
    return ((gt_buffer *)buffer)->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

cairo_t *page_begin(page *p, bool png, int width, int height) {
    *p = (page){.png = png};
    p->surface = png ? cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)
                     : cairo_svg_surface_create_for_stream(add_bytes, &p->bytes, width, height);
    p->cairo = cairo_create(p->surface);
    cairo_set_source_rgb(p->cairo, 1, 1, 1);
    cairo_paint(p->cairo);
    cairo_select_font_face(p->cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    return p->cairo;
}

void page_drop(page *p) {
    cairo_destroy(p->cairo);
    cairo_surface_destroy(p->surface);
    gt_buffer_free(&p->bytes);
}

gt_status page_write(page *p, const char *path) {
    cairo_status_t status = cairo_status(p->cairo);
    cairo_destroy(p->cairo);
    if (!status && p->png) status = cairo_surface_write_to_png_stream(p->surface, add_bytes, &p->bytes);
    cairo_surface_finish(p->surface);
    if (!status) status = cairo_surface_status(p->surface);
    cairo_surface_destroy(p->surface);
    if (!status) return gt_buffer_write(&p->bytes, path);
    gt_buffer_free(&p->bytes);
    return gt_fail(GT_FAILED, "%s: the picture cannot be made: %s", path, cairo_status_to_string(status));
}

gt_status page_pixels(page *p, uint8_t **pixels) {
    cairo_status_t status = cairo_status(p->cairo);
    cairo_destroy(p->cairo);
    cairo_surface_flush(p->surface);
    size_t width = (size_t)cairo_image_surface_get_width(p->surface),
           height = (size_t)cairo_image_surface_get_height(p->surface),
           stride = (size_t)cairo_image_surface_get_stride(p->surface);
    const uint8_t *data = cairo_image_surface_get_data(p->surface);
    uint8_t *to = *pixels = status || !data ? NULL : malloc(width * height * 3);
    for (size_t y = 0; y < height && to; y++)
        for (size_t x = 0; x < width; x++) {
            uint32_t rgb; /* 0x00RRGGBB in the order of this machine */
            memcpy(&rgb, data + y * stride + 4 * x, sizeof rgb);
            *to++ = (uint8_t)(rgb >> 16);
            *to++ = (uint8_t)(rgb >> 8);
            *to++ = (uint8_t)rgb;
        }
    cairo_surface_destroy(p->surface);
    if (*pixels) return GT_OK;
    return gt_fail(status ? GT_FAILED : GT_NOMEM, "a picture cannot be made: %s",
                   status ? cairo_status_to_string(status) : "out of memory");
}
