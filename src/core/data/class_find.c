/* SPDX-License-Identifier: Apache-2.0
 * What a text means as a class: one rule for all options that name classes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/door/source.h"
#include "gantry/option.h"

int gt_class_number(const char *text, const char **end) {
    char *behind;
    *end = text;
    if (*text < '0' || *text > '9') return -1;
    unsigned long number = strtoul(text, &behind, 10);
    *end = behind;
    return number <= GT_CLASS_MAX ? (int)number : -1;
}

/* How many classes have this name; *class: the first of them. */
static int find_name(const gt_class_names *n, const char *text, int *class) {
    int found = 0;
    for (int i = n->names; i-- > 0;)
        if (!strcmp(n->name[i], text)) *class = i, found++;
    return found;
}

gt_status gt_class_of_text(const gt_class_names *n, const char *option, const char *text, int *class) {
    const char *end;
    int named = -1, found = find_name(n, text, &named), number = gt_class_number(text, &end);
    if (*end || number >= n->classes) number = -1;
    if (!found && *text == '#') {
        number = gt_class_number(text + 1, &end);
        if (*end || number >= n->classes) number = -1;
    } else if (!found && !strncmp(text, GT_CLASS_NAMED, sizeof GT_CLASS_NAMED - 1)) {
        found = find_name(n, text + sizeof GT_CLASS_NAMED - 1, &named);
    }
    *class = found ? named : number;
    if (found > 1)
        return gt_fail(GT_USAGE, "%s: %d classes have the name '%.60s'; choose one by its number, as in #%d", option,
                       found, text, named);
    if (!found || number < 0 || number == named || n->names_first) return GT_OK;
    char other[64] = "without a name";
    if (number < n->names) snprintf(other, sizeof other, "'%.60s'", n->name[number]);
    return gt_fail(GT_USAGE, "%s: class %d is called '%.60s', and class %d %s: write #%d or %s%.60s", option, named,
                   text, number, other, number, GT_CLASS_NAMED, text);
}

const char *gt_class_nearest(const gt_class_names *n, const char *text) {
    GT_FREED gt_option *rows = calloc((size_t)n->names + 1, sizeof *rows);
    for (int i = 0; rows && i < n->names; i++) rows[i].key = n->name[i];
    return rows ? gt_options_nearest(&(gt_options){.rows = rows, .n = n->names}, text) : NULL;
}
