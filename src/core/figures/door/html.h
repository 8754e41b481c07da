/* SPDX-License-Identifier: Apache-2.0
 * Text within HTML and SVG. */
#ifndef GANTRY_FIGURES_DOOR_HTML_H
#define GANTRY_FIGURES_DOOR_HTML_H

#include <string.h>

#include "base/door/file.h"

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

/* A link to a file, relative to the page: `to`/`name`, which may have any characters. `to` ends with a slash. */
static inline void html_link(gt_buffer *out, const char *to, const char *name, const char *text) {
    gt_buffer_printf(out, "<a href=\"");
    for (int part = 0; part < 2; part++)
        for (const char *p = part ? name : to; *p; p++)
            if (strchr("%#?\"<>&'", *p) || (unsigned char)*p <= ' ' || (unsigned char)*p > '~')
                gt_buffer_printf(out, "%%%02X", (unsigned char)*p);
            else gt_buffer_add(out, p, 1);
    html_text(out, "\">", text, "</a>");
}

/* Begins a figure, which the caller ends with "</figure>". */
static inline void html_figure(gt_buffer *out, const char *title, const char *note) {
    html_text(out, "<figure><figcaption><h3>", title, "</h3><p>");
    html_text(out, "", note, "</p></figcaption>");
}

#endif
