/* SPDX-License-Identifier: Apache-2.0
 * Names of classes as one text: a JSON array. */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "run/door/checkpoint.h"
#include "base/door/text.h"

enum { CLASSES_MOST = 1 << 16 };

static bool append_name(json_t *list, const char *name) {
    GT_FREED char *clean = strdup(name);
    if (clean) gt_utf8_clean(clean);
    return clean && !json_array_append_new(list, json_string(clean));
}

char *gt_class_names_to_text(const char *const *name, int n) {
    json_t *list = json_array();
    bool whole = list != NULL;
    for (int i = 0; i < n && whole; i++) whole = append_name(list, name[i]);
    char *text = whole ? json_dumps(list, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(list);
    if (!text) gt_fail(GT_NOMEM, "out of memory for names of classes");
    return text;
}

static gt_status read_names(const json_t *list, gt_arena *a, const char *const **name, int *n) {
    size_t count = json_array_size(list);
    char **out = gt_arena_array(a, count + 1, sizeof *out);
    if (!out) return GT_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (!text) return gt_fail(GT_FORMAT, "name %zu is not text", i);
        if (!(out[i] = gt_arena_printf(a, "%s", text))) return GT_NOMEM;
        for (char *c = out[i]; *c; c++)
            if (iscntrl((unsigned char)*c)) *c = '?';
    }
    *name = (const char *const *)out;
    *n = (int)count;
    return GT_OK;
}

gt_status gt_class_names_from_text(const char *text, gt_arena *a, const char *const **name, int *n) {
    json_error_t error;
    json_t *list = json_loads(text, 0, &error);
    gt_status st = !json_is_array(list) || json_array_size(list) > CLASSES_MOST
                       ? gt_fail(GT_FORMAT, "no list of names of classes")
                       : read_names(list, a, name, n);
    json_decref(list);
    return st;
}
