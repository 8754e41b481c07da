/* SPDX-License-Identifier: Apache-2.0
 * What a family says of a file of another program: see import.h. */
#include "networks/model/door/import.h"
#include "base/door/text.h"

#include <stdarg.h>
#include <string.h>

void gt_import_set(gt_imported *m, const char *key, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(m->recipe, "%s = ", key);
    vfprintf(m->recipe, format, args);
    fputc('\n', m->recipe);
    va_end(args);
}

const char *gt_import_given(const gt_imported *m, const char *key) {
    if (!m->given || gt_options_state(m->given, key) != GT_OPTION_GIVEN) return NULL;
    gt_options_use(m->given, key);
    return gt_options_effective(m->given, gt_options_find(m->given, key));
}

gt_status gt_import_fault(gt_imported *m, const char *network) {
    m->faults = gt_arena_printf(m->arena, "%s%s: %s\n", m->faults ? m->faults : "", network, gt_message());
    return m->faults ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a message");
}

void gt_import_say(gt_imported *m, const char *format, ...) {
    va_list args;
    va_start(args, format);
    gt_vprint_to(m->said, format, args);
    fputc('\n', m->said);
    va_end(args);
}

gt_status gt_import_keep(gt_imported *m, const char *path, gt_number type, size_t size, const void *value) {
    size_t bytes = type == GT_NUMBER_DOUBLE ? size * sizeof(double) : size;
    void *copy = gt_arena_alloc(m->arena, bytes + 1);
    if (!copy || m->n_kept == GT_IMPORT_KEPT_MAX) return gt_fail(GT_NOMEM, "out of room for '%s'", path);
    memcpy(copy, value, bytes);
    m->kept[m->n_kept++] = (gt_import_kept){path, type, size, copy};
    return GT_OK;
}

gt_status gt_import_keep_text(gt_imported *m, const char *path, const char *text) {
    return gt_import_keep(m, path, GT_NUMBER_TEXT, strlen(text), text);
}
