/* SPDX-License-Identifier: Apache-2.0
 * Some classes of a labelled source alone: a source around the source, of the items that have these classes. */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "data/door/source.h"

/* ---- which classes ---- */

typedef struct choice {
    const gt_source_info *info;
    gt_class_names names;
    int all;           /* classes of the labels, or of their names where these are more */
    int n;             /* classes that are chosen */
    int *place;        /* [all] in the list; -1: the class is not chosen */
    int *class;        /* [all] the class at each of n places */
    gt_buffer unknown; /* texts that mean no class, for a message */
} choice;

static gt_status take_class(choice *c, const char *text) {
    int class;
    gt_status st = gt_class_of_text(&c->names, "--classes", text, &class);
    if (st) return st;
    if (class >= 0 && c->place[class] >= 0) return gt_fail(GT_USAGE, "--classes: '%s' is named twice", text);
    if (class >= 0) {
        c->class[c->n] = class;
        c->place[class] = c->n++;
        return GT_OK;
    }
    const char *near = gt_class_nearest(&c->names, text);
    gt_buffer_printf(&c->unknown, "%s'%s'", c->unknown.n ? ", nor " : "", text);
    if (near) gt_buffer_printf(&c->unknown, " (did you mean %.64s?)", near);
    return GT_OK;
}

/* A name, a number, or numbers such as 3-7 or #3-7. */
static gt_status take_word(choice *c, const char *word) {
    const char *digits = word + (*word == '#'), *end;
    int first = gt_class_number(digits, &end), last = first >= 0 && *end == '-' ? gt_class_number(end + 1, &end) : -1;
    bool range = last >= 0 && !*end;
    for (int i = 0; i < c->names.names && range; i++) range = strcmp(c->names.name[i], word) != 0;
    if (!range) return take_class(c, word);
    if (first > last) return gt_fail(GT_USAGE, "--classes=%s: the first number is larger than the last one", word);
    gt_status st = GT_OK;
    for (int k = first; k <= last && !st && !c->unknown.n; k++) {
        char number[16];
        snprintf(number, sizeof number, "%s%d", digits > word ? "#" : "", k);
        st = take_class(c, number);
    }
    return st;
}

/* "cat, dog and 8 more" */
static void print_names(gt_buffer *b, const gt_source_info *info, const int *class, int n) {
    enum { SHOWN = 10 };
    for (int i = 0; i < n && i < SHOWN; i++) {
        int k = class ? class[i] : i;
        gt_buffer_printf(b, i ? ", " : "");
        if (k < info->class_names) gt_buffer_printf(b, "%.40s", info->class_name[k]);
        else gt_buffer_printf(b, "%d", k);
    }
    if (n > SHOWN) gt_buffer_printf(b, " and %d more", n - SHOWN);
}

static gt_status refuse_unknown(choice *c) {
    GT_BUFFER gt_buffer names = {0};
    if (c->info->class_names) print_names(&names, c->info, NULL, c->all);
    return c->unknown.failed || names.failed
               ? gt_fail(GT_NOMEM, "out of memory for names of classes")
               : gt_fail(GT_USAGE, "--classes: there is no class %s (there are %d, numbered from 0%s%s)",
                         c->unknown.data, c->all, names.n ? ": " : "", names.n ? names.data : "");
}

static gt_status read_list(choice *c, const char *list) {
    char word[256];
    gt_status st = GT_OK;
    for (const char *at = list, *end; at && !st; at = *end ? end + 1 : NULL) {
        end = at + strcspn(at, ",");
        snprintf(word, sizeof word, "%.*s", (int)(end - at < 255 ? end - at : 255), at);
        st = take_word(c, word);
    }
    return !st && (c->unknown.n || c->unknown.failed) ? refuse_unknown(c) : st;
}

/* ---- the items that have them ---- */

typedef struct part {
    gt_around around;
    int64_t *item; /* [count] of the inner source */
} part;

static int64_t part_item(const gt_around *a, int64_t i) { return ((const part *)a)->item[i]; }

static gt_status part_fingerprint(const gt_source *s, gt_hasher *h, int64_t most) {
    const part *p = s->state;
    for (int64_t i = 0; i < s->count; i++) {
        uint64_t item = htole64((uint64_t)p->item[i]);
        gt_hasher_add(h, &item, sizeof item);
    }
    return p->around.inner.fingerprint(&p->around.inner, h, most);
}

/* The names of the chosen classes in their new order. */
static gt_status rename_classes(gt_source_info *n, const choice *c) {
    GT_FREED char **old = n->class_name;
    int names = n->class_names;
    n->class_name = NULL;
    n->class_names = 0;
    n->class_room = 0;
    gt_status st = GT_OK;
    for (int i = 0; i < c->n && names && !st; i++)
        st = gt_notes_add_class_name(n, old[c->class[i]], strlen(old[c->class[i]]));
    for (int i = 0; i < names; i++) free(old[i]);
    return st;
}

static gt_status describe_classes(gt_source_info *n, const choice *c, bool anew, int64_t taken, int64_t all) {
    gt_buffer b = {0};
    gt_buffer_printf(&b, "%" PRId64 " of %" PRId64 " images, %d of %d classes (", taken, all, c->n, c->all);
    print_names(&b, n, c->class, c->n);
    if (!anew) gt_buffer_printf(&b, "), which keep their numbers");
    else gt_buffer_printf(&b, c->n > 1 ? "), numbered 0 to %d" : "), numbered 0", c->n - 1);
    gt_buffer_add(&b, "", 1);
    if (!b.failed) n->taken = b.data;
    else gt_buffer_free(&b);
    return b.failed ? gt_fail(GT_NOMEM, "out of memory for names of classes") : GT_OK;
}

/* Keeps the labels of the chosen items; *count: how many these are. */
static int64_t *choose_items(gt_source *s, const choice *c, bool anew, int64_t all, int64_t *count) {
    gt_source_info *n = &s->info;
    int64_t *item = gt_arena_array(s->arena, (size_t)all + 1, sizeof *item);
    *count = 0;
    for (int64_t i = 0; item && i < all; i++) {
        int32_t class = n->classes[i];
        if (class < 0 || c->place[class] < 0) continue;
        n->classes[*count] = anew ? c->place[class] : class;
        item[(*count)++] = i;
    }
    return item;
}

static gt_status filter_items(gt_source *s, choice *c, bool anew) {
    gt_source_info *n = &s->info;
    int64_t count, all = s->count, *item = choose_items(s, c, anew, all, &count);
    if (!item) return GT_NOMEM;
    gt_status st = count ? describe_classes(n, c, anew, count, all)
                         : gt_fail(GT_USAGE, "--classes: none of the %" PRId64 " images has one of these classes", all);
    if (!st && anew) {
        n->label_width = c->n;
        st = rename_classes(n, c);
    }
    if (!st) st = gt_source_surround(s, sizeof(part), part_item, NULL);
    if (st) return st;
    ((part *)s->state)->item = item;
    s->count = count;
    if (s->fingerprint) s->fingerprint = part_fingerprint;
    return GT_OK;
}

gt_status gt_source_filter_classes(gt_source *s, const gt_source_options *options) {
    const gt_source_info *n = &s->info;
    int known = options->network_classes;
    if (n->label_kind == GT_LABELS_NONE)
        return gt_fail(GT_USAGE,
                       "--classes: the images have no labels; gantry dataset SOURCE DEST --labels=folders (or "
                       "FILE.csv) makes a dataset that has labels");
    if (n->label_kind == GT_LABELS_VECTORS)
        return gt_fail(GT_USAGE, "--classes: the images have no classes, their labels are vectors of %d numbers",
                       n->label_width);
    choice c = {.info = n, .all = n->class_names > n->label_width ? n->class_names : n->label_width};
    c.names = (gt_class_names){.name = (const char *const *)n->class_name,
                               .names = n->class_names,
                               .classes = c.all,
                               .names_first = options->recorded_classes};
    c.place = gt_arena_array(s->arena, (size_t)c.all, sizeof *c.place);
    c.class = gt_arena_array(s->arena, (size_t)c.all, sizeof *c.class);
    gt_status st = c.place && c.class ? GT_OK : GT_NOMEM;
    for (int i = 0; i < c.all && !st; i++) c.place[i] = -1;
    if (!st) st = read_list(&c, options->classes);
    if (!st) st = filter_items(s, &c, !known || known == c.n);
    gt_buffer_free(&c.unknown);
    return st;
}
