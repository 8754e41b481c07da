/* SPDX-License-Identifier: Apache-2.0
 * A list of many names in little memory: each name takes its bytes, a zero byte and eight bytes more. */
#ifndef GANTRY_DATA_DOOR_NAME_LIST_H
#define GANTRY_DATA_DOOR_NAME_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

typedef struct gt_name_list { /* begin with {0} */
    char *text;
    size_t bytes, room;
    uint64_t *at;
    size_t count, count_room;
} gt_name_list;

gt_status gt_names_add(gt_name_list *l, const char *name, size_t length);
void gt_names_free(gt_name_list *l); /* *l becomes {0} */

/* Valid until the next gt_names_add. */
static inline const char *gt_names_at(const gt_name_list *l, size_t i) { return l->text + l->at[i]; }

/* Makes a name in an archive or a list a path with '/': empty parts and "." are taken away, and with `backslashes`
 * these are slashes, as tools of Windows write them. In place; returns the new length. */
size_t gt_name_tidy(char *name, bool backslashes);

typedef int (*gt_name_order)(const char *a, const char *b);
void gt_names_sort(gt_name_list *l, gt_name_order order);
int gt_by_code_points(const char *a, const char *b);
int gt_by_components(const char *a, const char *b); /* of paths: "a/x" before "a-b/x" */

/* Do all names begin with these n bytes? */
bool gt_names_begin_with(const gt_name_list *l, const char *text, size_t n);

#endif
