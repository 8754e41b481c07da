/* SPDX-License-Identifier: Apache-2.0
 * What cairo writes goes to memory, and from there whole into a file (base/file.h): cairo itself would write over the
 * old file piece by piece, and not say why it cannot. */
#ifndef GANTRY_FILES_CAIRO_BUFFER_H
#define GANTRY_FILES_CAIRO_BUFFER_H

#include <cairo.h>

#include "base/file.h"

/* A cairo_write_func_t; `buffer` is a gt_buffer. */
static inline cairo_status_t gt_cairo_add(void *buffer, const unsigned char *data, unsigned n) {
    gt_buffer_add(buffer, data, n);
    return ((gt_buffer *)buffer)->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

#endif
