/* SPDX-License-Identifier: Apache-2.0
 * Names as they stand are looked up in the source's index. For the others every name gets a key, in which what means
 * nothing is equal; a way of reading leaves out folders in front, or the ending, and its keys are sorted. */
#include "data/naming.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/text.h"

enum { FOLDERS_MOST = 16 }; /* as many folders in front are tried */

typedef struct way {
    size_t name_folders, item_folders; /* bytes that are left out at the front of names, of items */
    bool base;                         /* of items all folders are left out */
    bool stem;                         /* endings of picture files are left out */
} way;

typedef struct key { /* of an item */
    const char *text;
    size_t n;
    uint32_t item;
} key;

struct gt_naming {
    gt_arena *arena; /* of all but index and keys */
    const gt_source *s;
    uint32_t *index;
    gt_name_list keys; /* of the items; none before gt_naming_fit() */
    key *plain;        /* [count] all of each key, sorted */
    key *sorted;       /* the same as `way` reads them */
    way way;
    bool fits;        /* `way` finds something */
    uint8_t *met;     /* [count] a name is that of the item as it stands */
    char *front;      /* what way.name_folders leaves out */
    uint32_t *stamps; /* [count] the number of the trial that has found the item */
};

gt_status gt_naming_new(gt_naming **out, const gt_source *s) {
    gt_arena *a = gt_arena_new();
    gt_naming *n = *out = a ? gt_arena_alloc(a, sizeof *n) : NULL;
    if (n) *n = (gt_naming){.arena = a, .s = s, .index = gt_item_index(s)};
    if (n && n->index) return GT_OK;
    gt_arena_free(a);
    *out = NULL;
    return gt_fail(GT_NOMEM, "out of memory for %" PRId64 " labels", s->count);
}

void gt_naming_free(gt_naming *n) {
    if (!n) return;
    gt_names_free(&n->keys);
    free(n->index);
    gt_arena_free(n->arena);
}

/* ---- keys ---- */

static gt_status make_key(const char *name, char **out) {
    gt_status st = gt_text_apart(name, out);
    if (!st) gt_name_tidy(*out, true);
    return st;
}

/* Bytes without the ending of a picture file. */
static size_t stem_of(const char *text, size_t n) {
    const char *dot = strrchr(text, '.');
    return dot && gt_picture_is_name(text) ? (size_t)(dot - text) : n;
}

static const char *behind_folders(const char *text) {
    const char *slash = strrchr(text, '/');
    return slash ? slash + 1 : text;
}

/* Bytes of the folders that all keys of a list begin with. */
static size_t common_folders(const gt_name_list *l) {
    const char *first = l->count ? gt_names_at(l, 0) : "";
    size_t n = (size_t)(behind_folders(first) - first);
    for (size_t i = 1; i < l->count && n; i++) {
        const char *other = gt_names_at(l, i);
        size_t same = 0;
        while (same < n && other[same] == first[same]) same++;
        for (n = same; n && first[n - 1] != '/';) n--;
    }
    return n;
}

static int compare_texts(const char *a, size_t n, const char *b, size_t m) {
    int order = memcmp(a, b, n < m ? n : m);
    return order ? order : (n > m) - (n < m);
}

static int compare_keys(const void *a, const void *b) {
    const key *x = a, *y = b;
    return compare_texts(x->text, x->n, y->text, y->n);
}

static void sort_keys(const gt_naming *n, const way *w, key *sorted) {
    size_t count = (size_t)n->s->count;
    for (size_t i = 0; i < count; i++) {
        const char *text = gt_names_at(&n->keys, i);
        text = w->base ? behind_folders(text) : text + w->item_folders;
        size_t length = strlen(text);
        sorted[i] = (key){text, w->stem ? stem_of(text, length) : length, (uint32_t)i};
    }
    qsort(sorted, count, sizeof *sorted, compare_keys);
}

/* The item of a key of so many bytes. */
static int64_t find_text(const gt_naming *n, const key *sorted, const char *text, size_t length) {
    size_t low = 0, high = (size_t)n->s->count, count = high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_texts(sorted[middle].text, sorted[middle].n, text, length) < 0) low = middle + 1;
        else high = middle;
    }
    key wanted = {text, length, 0};
    bool there = low < count && !compare_keys(&sorted[low], &wanted),
         twice = there && low + 1 < count && !compare_keys(&sorted[low + 1], &wanted);
    return there && !twice ? (int64_t)sorted[low].item : -1;
}

/* The item of a key behind the folders that are left out. What looks like an ending may belong to an id. */
static int64_t find_key(const gt_naming *n, const way *w, const char *text) {
    size_t length = strlen(text);
    int64_t item = find_text(n, n->sorted, text, length);
    if (item < 0 && w->stem) item = find_text(n, n->sorted, text, stem_of(text, length));
    return item < 0 || n->met[item] ? -1 : item;
}

static int64_t find_exactly(const gt_naming *n, const char *name) { return gt_item_find(n->s, n->index, name); }

int64_t gt_naming_find(gt_naming *n, const char *name) {
    int64_t item = find_exactly(n, name);
    GT_FREED char *text = NULL;
    if (item >= 0 || !n->keys.count || make_key(name, &text)) return item;
    size_t left_out = n->way.name_folders;
    item = find_text(n, n->plain, text, strlen(text));
    if (item < 0 && n->fits && (!left_out || !strncmp(text, n->front, left_out)))
        item = find_key(n, &n->way, text + left_out);
    return item;
}

/* ---- which way ---- */

typedef struct trial {
    gt_naming *n;
    const gt_name_list *names; /* as they stand */
    gt_name_list keys;         /* of the names that do not fit as they stand */
    uint32_t number;           /* of this trial */
    size_t wanted, most;       /* items that may be found; that the best way has found */
    const char *name;          /* of the best way an example */
    int64_t item;
} trial;

/* The keys of the items. */
static gt_status make_keys(gt_naming *n) {
    char buffer[GT_ITEM_NAME_BYTES];
    gt_status st = GT_OK;
    for (int64_t i = 0; i < n->s->count && !st; i++) {
        GT_FREED char *text = NULL;
        if ((st = make_key(gt_source_name(n->s, i, buffer), &text))) break;
        st = gt_names_add(&n->keys, text, strlen(text));
    }
    if (!st) sort_keys(n, &(way){0}, n->plain);
    return st;
}

/* The keys of the names that do not fit as they stand, or in other characters. */
static gt_status collect_keys(trial *t, bool *any_fits) {
    gt_naming *n = t->n;
    gt_status st = GT_OK;
    t->wanted = (size_t)n->s->count;
    for (size_t i = 0; i < t->names->count && !st; i++) {
        const char *name = gt_names_at(t->names, i);
        int64_t item = find_exactly(n, name);
        GT_FREED char *text = NULL;
        if (item < 0) st = make_key(name, &text);
        if (item < 0 && !st) item = find_text(n, n->plain, text, strlen(text));
        if (item >= 0) {
            t->wanted -= !n->met[item];
            n->met[item] = 1;
            *any_fits = true;
        } else if (!st) {
            st = gt_names_add(&t->keys, text, strlen(text));
        }
    }
    return st;
}

/* n->sorted has the keys of this way. */
static void try_way(trial *t, const way *w) {
    gt_naming *n = t->n;
    size_t found = 0, first = 0;
    int64_t item = -1;
    t->number++;
    for (size_t i = 0; i < t->keys.count; i++) {
        int64_t at = find_key(n, w, gt_names_at(&t->keys, i) + w->name_folders);
        if (at < 0 || n->stamps[at] == t->number) continue;
        n->stamps[at] = t->number;
        if (!found++) first = i, item = at;
    }
    if (found <= t->most) return;
    t->most = found;
    t->name = gt_names_at(&t->keys, first);
    t->item = item;
    n->way = *w;
    n->fits = true;
}

/* Leaves out one folder after the other, of names or of items. */
static void try_folders(trial *t, bool stem, size_t of_names, size_t of_items) {
    const char *name = t->keys.count ? gt_names_at(&t->keys, 0) : "", *item = gt_names_at(&t->n->keys, 0);
    way w = {.stem = stem};
    sort_keys(t->n, &w, t->n->sorted);
    try_way(t, &w);
    for (int k = 0; k < FOLDERS_MOST && w.name_folders < of_names && t->most < t->wanted; k++) {
        w.name_folders += strcspn(name + w.name_folders, "/") + 1;
        try_way(t, &w);
    }
    w.name_folders = 0;
    for (int k = 0; k < FOLDERS_MOST && w.item_folders < of_items && t->most < t->wanted; k++) {
        w.item_folders += strcspn(item + w.item_folders, "/") + 1;
        sort_keys(t->n, &w, t->n->sorted);
        try_way(t, &w);
    }
}

static bool have_folders(const gt_name_list *l) {
    for (size_t i = 0; i < l->count; i++)
        if (strchr(gt_names_at(l, i), '/')) return true;
    return false;
}

static void try_ways(trial *t, bool any_fits) {
    bool plain = !any_fits && !have_folders(&t->keys);
    size_t of_names = any_fits ? 0 : common_folders(&t->keys), of_items = any_fits ? 0 : common_folders(&t->n->keys);
    for (int stem = 0; stem < 2 && t->most < t->wanted; stem++) {
        try_folders(t, stem, of_names, of_items);
        if (!plain || t->most >= t->wanted) continue;
        way w = {.stem = stem, .base = true};
        sort_keys(t->n, &w, t->n->sorted);
        try_way(t, &w);
    }
}

static gt_status describe(const trial *t, const char *file, gt_source_info *say) {
    const way *w = &t->n->way;
    char buffer[GT_ITEM_NAME_BYTES];
    bool folders = w->name_folders || w->item_folders || w->base;
    return gt_notes_say(say, "the names in '%.200s' match without %s%s%s: '%.200s' is '%.200s'", file,
                        folders ? "folders" : "", folders && w->stem ? " and " : "", w->stem ? "endings" : "", t->name,
                        gt_source_name(t->n->s, t->item, buffer));
}

gt_status gt_naming_fit(gt_naming *n, const gt_name_list *names, const char *file, gt_source_info *say) {
    trial t = {.n = n, .names = names};
    bool any_fits = false;
    size_t count = (size_t)n->s->count;
    if (!count || n->keys.count) return GT_OK;
    n->plain = gt_arena_array(n->arena, count, sizeof *n->plain);
    n->sorted = gt_arena_array(n->arena, count, sizeof *n->sorted);
    n->met = gt_arena_array(n->arena, count, sizeof *n->met);
    n->stamps = gt_arena_array(n->arena, count, sizeof *n->stamps);
    gt_status st = gt_arena_failed(n->arena) ? GT_NOMEM : make_keys(n);
    if (!st) st = collect_keys(&t, &any_fits);
    if (!st && t.keys.count && t.wanted) try_ways(&t, any_fits);
    if (!st && n->fits) {
        sort_keys(n, &n->way, n->sorted);
        n->front = gt_arena_printf(n->arena, "%.*s", (int)n->way.name_folders, gt_names_at(&t.keys, 0));
        st = n->front ? describe(&t, file, say) : GT_NOMEM;
    }
    gt_names_free(&t.keys);
    return st;
}
