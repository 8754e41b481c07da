/* SPDX-License-Identifier: Apache-2.0
 * Which arrays of a file with several are the images and their labels. */
#include <stdio.h>
#include <string.h>

#include "data/array.h"

enum { ROLE_NAMES = 4, LIST_MOST = 1024 };
enum { IMAGES, LABELS, ROLES };

static const char *const role_names[ROLES][ROLE_NAMES] = {
    {"images", "x_train", "data", "arr_0"},
    {"labels", "y_train", "y", "arr_1"},
};

/* What the labels of images of such a name are called. */
static const char *const pairs[][2] = {{"images", "labels"}, {"image", "label"}, {"data", "labels"},
                                       {"x", "y"},           {"X", "y"},         {"X", "Y"}};

static gt_status take_name(char to[GT_ARRAY_NAME_BYTES], const char *name) {
    int n = snprintf(to, GT_ARRAY_NAME_BYTES, "%s", name);
    return n < GT_ARRAY_NAME_BYTES ? GT_OK : gt_fail(GT_FORMAT, "an array's name is too long: '%.80s...'", name);
}

static void list_array(gt_array_choice *c, const char *name, int n_dims, const int64_t *dims) {
    if (c->list.n > LIST_MOST) return;
    char is[GT_DIMS_BYTES];
    gt_buffer_printf(&c->list, "%s%s %s", c->list.n ? ", " : "", name, gt_dims_text(n_dims, dims, is));
    if (c->list.n > LIST_MOST) gt_buffer_printf(&c->list, ", ...");
}

gt_status gt_array_consider(gt_array_choice *c, const char *name, int n_dims, const int64_t *dims) {
    bool label = false;
    gt_status st = gt_names_add(&c->names, name, strlen(name));
    list_array(c, name, n_dims, dims);
    for (int k = 0; k < ROLE_NAMES && !st; k++) {
        char *const to[ROLES] = {c->images, c->labels};
        label |= !strcmp(name, role_names[LABELS][k]);
        for (int r = 0; r < ROLES && !st; r++)
            if (!strcmp(name, role_names[r][k]) && (!c->rank[r] || k + 1 < c->rank[r])) {
                c->rank[r] = k + 1;
                st = take_name(to[r], name);
            }
    }
    /* One array does not play both roles, whatever its shape; and groups hold weights of networks as well. */
    if (st || label || n_dims < 3 || strchr(name, '/')) return st;
    c->by_shape++;
    if (c->rank[IMAGES]) return GT_OK;
    c->rank[IMAGES] = ROLE_NAMES + 1;
    return take_name(c->images, name);
}

static bool is_there(const gt_array_choice *c, const char *name) {
    for (size_t i = 0; i < c->names.count; i++)
        if (!strcmp(gt_names_at(&c->names, i), name)) return true;
    return false;
}

/* "train_labels" of "train_images", "y_test" of "x_test", if they are there. */
static void find_labels(gt_array_choice *c) {
    const char *slash = strrchr(c->images, '/'), *last = slash ? slash + 1 : c->images;
    *c->labels = 0;
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        size_t n = strlen(pairs[k][0]);
        for (const char *at = last; (at = strstr(at, pairs[k][0])); at += n) {
            bool word = (at == last || at[-1] == '_') && (!at[n] || at[n] == '_');
            char name[2 * GT_ARRAY_NAME_BYTES];
            snprintf(name, sizeof name, "%.*s%s%s", (int)(at - c->images), c->images, pairs[k][1], at + n);
            if (word && strlen(name) < sizeof c->labels && is_there(c, name)) {
                strcpy(c->labels, name);
                return;
            }
        }
    }
}

static const char *list_of(const gt_array_choice *c) { return c->list.n ? (const char *)c->list.data : ""; }

gt_status gt_array_choose(gt_array_choice *c, gt_source_info *notes) {
    gt_buffer_add(&c->list, "", 1);
    if (c->list.failed) return gt_fail(GT_NOMEM, "out of memory for a list of arrays");
    if (*c->wanted) {
        if (!is_there(c, c->wanted))
            return gt_fail(GT_USAGE, "--array=%s: there is no such array; the arrays are %s", c->wanted,
                           c->names.count ? list_of(c) : "none");
        gt_status st = take_name(c->images, c->wanted);
        if (!st) find_labels(c);
        return st || *c->labels ? st : gt_notes_say(notes, "there is no array of labels for '%s'", c->images);
    }
    if (!c->rank[IMAGES])
        return gt_fail(
            GT_FORMAT, "holds no array of images (named images, x_train, data or arr_0, or with 3 or 4 axes)%s%s",
            c->names.count ? "; choose one with gantry dataset --array=NAME: " : "", c->names.count ? list_of(c) : "");
    if (!*c->labels) find_labels(c);
    if (c->by_shape < 2) return GT_OK;
    if (c->rank[IMAGES] > ROLE_NAMES)
        return gt_fail(GT_FORMAT,
                       "holds %d arrays of images, and none is called images, x_train, data or arr_0; choose one with "
                       "gantry dataset --array=NAME: %s",
                       c->by_shape, list_of(c));
    return gt_notes_say(notes, "of %s, the array '%s' is used (another one: gantry dataset --array=NAME)", list_of(c),
                        c->images);
}

void gt_array_choice_free(gt_array_choice *c) {
    gt_names_free(&c->names);
    gt_buffer_free(&c->list);
}
