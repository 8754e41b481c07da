/* SPDX-License-Identifier: Apache-2.0
 * Text within HTML and SVG. */
#ifndef GANTRY_REPORT_HTML_H
#define GANTRY_REPORT_HTML_H

#include <string.h>

#include "base/file.h"

/* Appends the text with its special characters escaped, between `before` and `after`, which are HTML. */
static inline void html_text(gt_buffer *out, const char *before, const char *text, const char *after) {
    gt_buffer_add(out, before, strlen(before));
    for (const char *p = text; *p;) {
        size_t plain = strcspn(p, "<>&\"'");
        gt_buffer_add(out, p, plain);
        p += plain;
        if (*p) gt_buffer_printf(out, "&#%d;", *p++);
    }
    gt_buffer_add(out, after, strlen(after));
}

/* Begins a figure, which the caller ends with "</figure>". */
static inline void html_figure(gt_buffer *out, const char *title, const char *note) {
    html_text(out, "<figure><figcaption><h3>", title, "</h3><p>");
    html_text(out, "", note, "</p></figcaption>");
}

#endif
