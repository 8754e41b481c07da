/* SPDX-License-Identifier: Apache-2.0
 * What a user should know of a source: how it was read, and what was taken of it. Sources collect lines, and whoever
 * opens them says when they are told: a command may open a source more than once. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "data/door/source.h"
#include "gantry/log.h"
#include "base/door/text.h"

gt_status gt_notes_say(gt_source_info *n, const char *format, ...) {
    enum { LINE = 1024 };
    char line[LINE];
    va_list ap;
    va_start(ap, format);
    gt_vformat(line, sizeof line, format, ap);
    va_end(ap);
    size_t before = n->said ? strlen(n->said) + 1 : 0, more = strlen(line) + 1;
    char *said = realloc(n->said, before + more);
    if (!said) return gt_fail(GT_NOMEM, "out of memory for notes on a source");
    if (before) said[before - 1] = '\n';
    memcpy(said + before, line, more);
    n->said = said;
    return GT_OK;
}

void gt_source_tell(const gt_source_info *info, const char *spec) {
    if (info->taken) gt_info("'%s': %s", spec, info->taken);
    for (const char *line = info->said, *end; line; line = *end ? end + 1 : NULL) {
        end = line + strcspn(line, "\n");
        gt_info("'%s': %.*s", spec, (int)(end - line), line);
    }
}
