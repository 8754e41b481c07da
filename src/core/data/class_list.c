/* SPDX-License-Identifier: Apache-2.0
 * Names of classes that the user gives: a list with commas, or a file with a line for each. */
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "data/door/source.h"
#include "base/door/text.h"

enum { FILE_MOST = 16 << 20 };

static gt_status add_name(gt_source_info *n, const char *name, size_t length) {
    if (!length) return gt_fail(GT_USAGE, "--class-names: class %d has no name", n->class_names);
    for (int i = 0; i < n->class_names; i++)
        if (strlen(n->class_name[i]) == length && !strncmp(n->class_name[i], name, length))
            return gt_fail(GT_USAGE, "--class-names: classes %d and %d are both '%.*s'", i, n->class_names, (int)length,
                           name);
    if (!gt_text_is_utf8(name, length))
        return gt_fail(GT_USAGE, "--class-names: '%.*s' is not UTF-8", (int)length, name);
    return gt_notes_add_class_name(n, name, length);
}

/* The last line may end without its newline. */
static gt_status add_names(gt_source_info *n, const char *text, const char *separators) {
    gt_status st = GT_OK;
    for (const char *end; !st && *text; text = end + (*end != 0)) {
        end = text + strcspn(text, separators);
        st = add_name(n, text, (size_t)(end - text) - (end > text && end[-1] == '\r'));
        if (!st && *end == ',' && !end[1]) st = add_name(n, end + 1, 0);
    }
    return st;
}

static gt_status add_file(gt_source_info *n, const char *path) {
    GT_FREED void *text = NULL;
    size_t bytes;
    gt_status st = gt_file_read(path, FILE_MOST, &text, &bytes);
    if (st) return gt_wrap(st, "--class-names");
    GT_FREED char *utf8 = NULL;
    const char *from;
    st = gt_check_no_page(text, bytes);
    if (!st) st = gt_text_to_utf8(text, bytes, &utf8, &bytes, &from);
    if (st) return gt_wrap(st, "--class-names: '%s'", path);
    if (from) st = gt_notes_say(n, "the names of classes in '%s' are read as %s, since they are not UTF-8", path, from);
    return st ? st : add_names(n, utf8, "\n");
}

/* A name that moves from one class to another is seldom meant: the numbers of the labels stay. */
static gt_status say_moved(gt_source_info *n, char *const *old, int olds) {
    for (int k = 0; k < olds && k < n->class_names; k++)
        for (int other = 0; other < olds && strcmp(old[k], n->class_name[k]); other++)
            if (!strcmp(old[other], n->class_name[k]))
                return gt_notes_say(n,
                                    "--class-names calls class %d '%.60s', but the labels call it '%.60s'; in the "
                                    "labels, '%.60s' is class %d",
                                    k, n->class_name[k], old[k], old[other], other);
    return GT_OK;
}

gt_status gt_source_name_classes(gt_source_info *n, const char *names) {
    if (n->label_kind != GT_LABELS_CLASSES)
        return gt_fail(GT_USAGE, "--class-names: the images have no classes%s",
                       n->label_kind ? ", their labels are vectors" : "");
    GT_FREED char **old = n->class_name;
    int olds = n->class_names;
    n->class_name = NULL, n->class_names = 0, n->class_room = 0;
    bool list = strchr(names, ',') != NULL;
    gt_status st = list ? add_names(n, names, ",") : add_file(n, names);
    if (!st) st = say_moved(n, old, olds);
    for (int i = 0; i < olds; i++) free(old[i]);
    if (st || n->class_names >= n->label_width) return st;
    return gt_fail(GT_USAGE, "--class-names: %d names for %d classes, which are numbered from 0", n->class_names,
                   n->label_width);
}
