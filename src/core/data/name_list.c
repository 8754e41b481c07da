/* SPDX-License-Identifier: Apache-2.0
 * Lists of names, and their orders: see name_list.h. */
#define _GNU_SOURCE
#include "data/door/name_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/memory.h"

gt_status gt_names_add(gt_name_list *l, const char *name, size_t length) {
    gt_status st = gt_grow(&l->text, &l->room, l->bytes + length + 1, 1, "a list of names");
    if (!st) st = gt_grow(&l->at, &l->count_room, l->count + 1, sizeof *l->at, "a list of names");
    if (st) return st;
    memcpy(l->text + l->bytes, name, length);
    l->text[l->bytes + length] = 0;
    l->at[l->count++] = l->bytes;
    l->bytes += length + 1;
    return GT_OK;
}

void gt_names_free(gt_name_list *l) {
    free(l->text);
    free(l->at);
    *l = (gt_name_list){0};
}

size_t gt_name_tidy(char *name, bool backslashes) {
    char *to = name;
    for (char *c = name; *c && backslashes; c++)
        if (*c == '\\') *c = '/';
    for (const char *part = name, *next; *part; part = next) {
        size_t n = strcspn(part, "/");
        next = part + n + (part[n] != 0);
        if (!n || (n == 1 && *part == '.')) continue;
        if (to != name) *to++ = '/';
        memmove(to, part, n);
        to += n;
    }
    *to = 0;
    return (size_t)(to - name);
}

int gt_by_code_points(const char *a, const char *b) { return strcmp(a, b); }

/* The end of a name comes before the end of a component, and both before every character. */
static int rank(char c) { return c == 0 ? 0 : c == '/' ? 1 : 1 + (unsigned char)c; }

int gt_by_components(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return rank(*a) - rank(*b);
}

struct sorting {
    const gt_name_list *list;
    gt_name_order order;
};

static int compare_places(const void *a, const void *b, void *context) {
    const struct sorting *s = context;
    return s->order(s->list->text + *(const uint64_t *)a, s->list->text + *(const uint64_t *)b);
}

void gt_names_sort(gt_name_list *l, gt_name_order order) {
    struct sorting s = {l, order};
    if (l->count) qsort_r(l->at, l->count, sizeof *l->at, compare_places, &s);
}

bool gt_names_begin_with(const gt_name_list *l, const char *text, size_t n) {
    for (size_t i = 0; i < l->count; i++)
        if (strncmp(gt_names_at(l, i), text, n)) return false;
    return true;
}
