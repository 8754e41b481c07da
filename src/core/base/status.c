/* SPDX-License-Identifier: Apache-2.0
 * Keeps the message of each thread (gantry/status.h). */
#include "gantry/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/door/text.h"

enum { MESSAGE_BYTES = 2048 };

static _Thread_local char message[MESSAGE_BYTES];
static _Thread_local gt_status last = GT_FAILED;

gt_status gt_fail(gt_status code, const char *format, ...) {
    char fresh[MESSAGE_BYTES]; /* the arguments may point into the present message */
    va_list ap;
    va_start(ap, format);
    gt_vformat(fresh, sizeof fresh, format, ap);
    va_end(ap);
    snprintf(message, sizeof message, "%s", fresh);
    return last = code;
}

gt_status gt_wrap(gt_status code, const char *format, ...) {
    char context[MESSAGE_BYTES / 2];
    va_list ap;
    va_start(ap, format);
    gt_vformat(context, sizeof context, format, ap);
    va_end(ap);
    size_t n = strlen(context);
    bool said = !strncmp(message, context, n) && message[n] == ':'; /* a file is named by who opens it, too */
    return said ? (last = code) : gt_fail(code, "%s: %s", context, message);
}

gt_status gt_failure(void) { return last; }
const char *gt_message(void) { return message; }
