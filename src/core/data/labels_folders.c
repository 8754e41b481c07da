/* SPDX-License-Identifier: Apache-2.0
 * Folders as classes. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/door/source.h"
#include "base/door/text.h"

/* ---- levels ---- */

/* The folder of this level (from 0 on) in a name, *n bytes; NULL: the item lies in none. */
static const char *folder_at(const char *name, int level, size_t *n) {
    for (;; level--) {
        const char *slash = strchr(name, '/');
        if (!slash) return NULL;
        *n = (size_t)(slash - name);
        if (!level) return name;
        name = slash + 1;
    }
}

/* Do the items that lie in a folder of this level all lie in the same one, and do some lie in folders of it? */
static bool is_passage(const gt_source *s, int level) {
    char buffer[GT_ITEM_NAME_BYTES], one[GT_ITEM_NAME_BYTES] = "";
    size_t n, below;
    bool deeper = false;
    for (int64_t i = 0; i < s->count; i++) {
        const char *name = gt_source_name(s, i, buffer), *folder = folder_at(name, level, &n);
        if (!folder) continue;
        if (!*one) snprintf(one, sizeof one, "%.*s", (int)n, folder);
        if (strlen(one) != n || memcmp(one, folder, n)) return false;
        deeper |= folder_at(name, level + 1, &below) != NULL;
    }
    return deeper;
}

/* ---- names ---- */

/* The name of a folder as a class is called: in UTF-8. To be freed. */
static gt_status name_of(const char *folder, size_t n, char **name, size_t *length, int64_t *converted) {
    const char *from;
    gt_status st = gt_text_to_utf8(folder, n, name, length, &from);
    if (!st && from) ++*converted;
    return st;
}

/* Two whole numbers of any length by their values. */
static int by_value(const char *a, const char *b) {
    bool below = *a == '-', other = *b == '-';
    if (below != other) return below ? -1 : 1;
    a += below, b += below;
    a += strspn(a, "0"), b += strspn(b, "0");
    size_t n = strlen(a), m = strlen(b);
    int order = n != m ? (n < m ? -1 : 1) : strcmp(a, b);
    return below ? -order : order;
}

static bool is_number(const char *name) {
    name += *name == '-';
    return *name && !name[strspn(name, "0123456789")];
}

typedef struct named {
    char *name;
    int sorted; /* its place among the names by code points */
} named;

static int by_number(const void *a, const void *b) {
    const named *x = a, *y = b;
    int order = by_value(x->name, y->name);
    return order ? order : x->sorted - y->sorted;
}

/* Where all names are whole numbers, 2 comes before 10. */
static gt_status sort_as_numbers(gt_source_info *n, int64_t count) {
    bool numbers = n->class_names > 1;
    for (int k = 0; k < n->class_names && numbers; k++) numbers = is_number(n->class_name[k]);
    if (!numbers) return GT_OK;
    GT_FREED named *list = malloc((size_t)n->class_names * sizeof *list);
    GT_FREED int *class = malloc((size_t)n->class_names * sizeof *class);
    if (list && class) {
        for (int k = 0; k < n->class_names; k++) list[k] = (named){n->class_name[k], k};
        qsort(list, (size_t)n->class_names, sizeof *list, by_number);
        for (int k = 0; k < n->class_names; k++) n->class_name[k] = list[k].name, class[list[k].sorted] = k;
        for (int64_t i = 0; i < count; i++)
            if (n->classes[i] >= 0) n->classes[i] = class[n->classes[i]];
    }
    return list && class ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %d classes", n->class_names);
}

/* Each folder once, by code points; then the class of each item. */
static gt_status name_classes(gt_source *s, int level) {
    gt_source_info *n = &s->info;
    char buffer[GT_ITEM_NAME_BYTES];
    gt_status st = gt_notes_new_classes(n, s->count);
    int64_t converted = 0;
    for (int fill = 0; fill < 2; fill++) {
        converted = 0;
        for (int64_t i = 0; i < s->count && !st; i++) {
            size_t length, bytes;
            GT_FREED char *name = NULL;
            const char *folder = folder_at(gt_source_name(s, i, buffer), level, &bytes);
            if (!folder || (st = name_of(folder, bytes, &name, &length, &converted))) continue;
            if (fill) n->classes[i] = gt_notes_find_class(n, name, length);
            else st = gt_notes_sort_in_class(n, name, length);
        }
    }
    if (!st && n->class_names == 0) {
        if (!level) return gt_fail(GT_USAGE, "--labels=folders: no picture lies in a subfolder");
        return gt_fail(GT_USAGE, "--labels=folders:%d: no picture lies in a folder of this level", level + 1);
    }
    if (!st && converted)
        st = gt_notes_say(n, "the names of folders of %" PRId64 " picture%s not in UTF-8, and read as Latin-1",
                          converted, converted == 1 ? " are" : "s are");
    return st ? st : sort_as_numbers(n, s->count);
}

/* ---- parts of a set in place of classes ---- */

static bool is_part(const char *name) {
    static const char *const names[] = {"train", "training", "val", "valid", "validation", "dev", "test", "testing"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcasecmp(name, names[i])) return true;
    return false;
}

gt_status gt_labels_note_parts(gt_source *s) {
    enum { PARTS = 16 };
    char part[PARTS][16];
    int parts = 0;
    for (size_t i = 0; i < s->names.count; i++) {
        size_t n;
        char name[16];
        int k = 0;
        const char *folder = folder_at(gt_names_at(&s->names, i), 0, &n);
        if (!folder || n >= sizeof name) return GT_OK;
        snprintf(name, sizeof name, "%.*s", (int)n, folder);
        while (k < parts && strcmp(part[k], name)) k++;
        if (k < parts) continue;
        if (!is_part(name) || parts == PARTS) return GT_OK;
        memcpy(part[parts++], name, sizeof name);
    }
    if (parts < 2) return GT_OK;
    return gt_notes_say(&s->info, "%s, %s%s become one set here; to use one part alone: %s/%s", part[0], part[1],
                        parts > 2 ? " and others" : "", s->spec, part[0]);
}

bool gt_folders_sort(const gt_source *s) {
    char buffer[GT_ITEM_NAME_BYTES], last[GT_ITEM_NAME_BYTES] = "";
    int level = 0;
    int64_t folders = 0;
    bool parts = true;
    while (is_passage(s, level)) level++;
    for (int64_t i = 0; i < s->count; i++) {
        size_t n;
        const char *folder = folder_at(gt_source_name(s, i, buffer), level, &n);
        if (!folder) return false;
        if (strlen(last) == n && !memcmp(last, folder, n)) continue;
        snprintf(last, sizeof last, "%.*s", (int)n, folder);
        parts &= is_part(last);
        folders++;
    }
    return folders > 1 && !parts && 2 * folders <= s->count;
}

static gt_status refuse_parts(const gt_source *s, int level) {
    const gt_source_info *n = &s->info;
    char buffer[GT_ITEM_NAME_BYTES], above[GT_ITEM_NAME_BYTES] = "";
    GT_BUFFER gt_buffer b = {0};
    bool deeper = false;
    for (int64_t i = 0; i < s->count; i++) {
        size_t bytes;
        const char *name = gt_source_name(s, i, buffer), *folder = folder_at(name, level, &bytes);
        if (!folder) continue;
        snprintf(above, sizeof above, "%.*s", (int)(folder - name), name);
        deeper |= folder_at(name, level + 1, &bytes) != NULL;
    }
    bool path = s->state &&
                (!strcmp(n->source, "folder") || !strcmp(n->source, "zip") || !strcmp(n->source, "archive"));
    for (int k = 0; k < n->class_names; k++) gt_buffer_printf(&b, "%s%s", k ? ", " : "", n->class_name[k]);
    gt_buffer_printf(&b, ": parts of a set, not classes");
    for (int k = 0; k < n->class_names && path; k++) {
        GT_BUFFER gt_buffer source = {0};
        gt_buffer_printf(&source, "%s/%s%s", s->spec, above, n->class_name[k]);
        gt_buffer_add(&source, "", 1);
        gt_buffer_printf(&b, "%s gantry dataset ", k ? "," : "; to make a dataset of each:");
        if (!source.failed) gt_buffer_shell(&b, source.data);
        gt_buffer_printf(&b, " %s.zip%s", n->class_name[k], deeper ? " --labels=folders" : "");
    }
    if (deeper)
        gt_buffer_printf(&b, "; to make one dataset of all, with the folders inside as classes: --labels=folders:%d",
                         level + 2);
    gt_buffer_printf(&b, "; --labels=folders:%d takes them as classes", level + 1);
    gt_buffer_add(&b, "", 1);
    return b.failed ? gt_fail(GT_NOMEM, "out of memory for a message") : gt_fail(GT_USAGE, "%s", b.data);
}

gt_status gt_labels_of_folders(gt_source *s, int wanted) {
    int level = wanted ? wanted - 1 : 0;
    if (wanted < 0)
        return gt_fail(
            GT_USAGE,
            "--labels: folders:1 makes classes of the folders of the first level, folders:2 of the second level");
    while (!wanted && is_passage(s, level)) level++;
    gt_status st = name_classes(s, level);
    bool parts = !wanted && s->info.class_names > 1;
    const char *part[2] = {NULL, NULL};
    for (int k = 0; k < s->info.class_names && !st; k++) {
        const char *name = s->info.class_name[k];
        if (!is_part(name)) parts = false;
        else if (!part[part[0] != NULL]) part[part[0] != NULL] = name;
    }
    if (st || parts) return st ? st : refuse_parts(s, level);
    if (!wanted && part[1])
        st = gt_notes_say(&s->info, "'%s' and '%s' become classes; if they are parts of a set, give each as a source",
                          part[0], part[1]);
    if (!wanted && level && !st)
        st = gt_notes_say(&s->info,
                          "the classes are the folders of level %d, since there is only one folder above them "
                          "(--labels=folders:1 uses that one)",
                          level + 1);
    return st;
}
