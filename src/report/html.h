/* SPDX-License-Identifier: Apache-2.0
 * Text within HTML and SVG. */
#ifndef GANTRY_REPORT_HTML_H
#define GANTRY_REPORT_HTML_H

#include <string.h>

#include "base/file.h"

/* Appends the text with its special characters escaped. */
static inline void html_text(gt_buffer *out, const char *text) {
    for (const char *p = text; *p;) {
        size_t plain = strcspn(p, "<>&\"'");
        gt_buffer_add(out, p, plain);
        p += plain;
        if (*p) gt_buffer_printf(out, "&#%d;", *p++);
    }
}

#endif
