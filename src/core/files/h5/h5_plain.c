/* SPDX-License-Identifier: Apache-2.0
 * Has a file anything beside its sets that another has not? See gt_h5_only() in h5.h. */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/h5/door/h5.h"

typedef struct look {
    const gt_h5_file *a, *b;
    const char *except, *of; /* `of`: the object whose attributes are compared */
    gt_status st;
} look;

static gt_status more(const char *what, const char *name) {
    return gt_fail(GT_UNDECIDED, "it has more than Gantry writes (%s %.100s)", what, name);
}

/* ---- attributes ---- */

enum { MOST_BYTES = 1 << 24 };

static bool same_kind(hid_t x, hid_t y) {
    hid_t type = H5Aget_type(x), other = H5Aget_type(y), space = H5Aget_space(x), space_b = H5Aget_space(y);
    bool same = type >= 0 && other >= 0 && H5Tequal(type, other) > 0 && H5Tget_class(type) != H5T_VLEN &&
                H5Tis_variable_str(type) <= 0 && H5Tget_class(type) != H5T_REFERENCE &&
                H5Tget_class(type) != H5T_COMPOUND && H5Sextent_equal(space, space_b) > 0;
    H5Tclose(type);
    H5Tclose(other);
    H5Sclose(space);
    H5Sclose(space_b);
    return same;
}

static bool same_bytes(hid_t x, hid_t y) {
    hsize_t n = H5Aget_storage_size(x);
    hid_t type = H5Aget_type(x);
    char *a = n <= MOST_BYTES ? calloc(2, n + 1) : NULL, *b = a ? a + n + 1 : NULL;
    bool same = a && H5Aget_storage_size(y) == n && H5Aread(x, type, a) >= 0 && H5Aread(y, type, b) >= 0 &&
                !memcmp(a, b, n);
    free(a);
    H5Tclose(type);
    return same;
}

static herr_t next_attribute(hid_t object, const char *name, const H5A_info_t *about, void *arg) {
    look *l = arg;
    (void)about;
    if (!strcmp(l->of, "/") && !strcmp(name, l->except)) return 0;
    bool there = H5Aexists_by_name(l->b->id, l->of, name, H5P_DEFAULT) > 0;
    hid_t x = there ? H5Aopen(object, name, H5P_DEFAULT) : -1;
    hid_t y = there ? H5Aopen_by_name(l->b->id, l->of, name, H5P_DEFAULT, H5P_DEFAULT) : -1;
    if (x < 0 || y < 0 || !same_kind(x, y) || !same_bytes(x, y)) l->st = more("another attribute", name);
    if (x >= 0) H5Aclose(x);
    if (y >= 0) H5Aclose(y);
    return l->st ? -1 : 0;
}

static void compare_attributes(look *l, hid_t object, const char *of) {
    l->of = of;
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, next_attribute, l) < 0 && !l->st)
        l->st = more("attributes that cannot be read, of", of);
}

/* ---- links ---- */

static herr_t next_link(hid_t root, const char *name, const H5L_info_t *link, void *arg) {
    look *l = arg;
    hid_t object = link->type == H5L_TYPE_HARD ? H5Oopen(root, name, H5P_DEFAULT) : -1;
    if (object < 0 || H5Iget_type(object) != H5I_DATASET || H5Lexists(l->b->id, name, H5P_DEFAULT) <= 0)
        l->st = more("an entry", name);
    else compare_attributes(l, object, name);
    if (object >= 0) H5Oclose(object);
    return l->st ? -1 : 0;
}

gt_status gt_h5_only(const gt_h5_file *a, const gt_h5_file *b, const char *except) {
    look l = {.a = a, .b = b, .except = except};
    hsize_t block = 0;
    hid_t made = H5Fget_create_plist(a->id), root = H5Gopen2(a->id, "/", H5P_DEFAULT);
    if (made < 0 || root < 0 || H5Pget_userblock(made, &block) < 0 || block) l.st = more("a block in front of", "it");
    if (!l.st && H5Literate(root, H5_INDEX_NAME, H5_ITER_INC, NULL, next_link, &l) < 0 && !l.st)
        l.st = more("entries that cannot be read, of", "/");
    if (!l.st) compare_attributes(&l, root, "/");
    H5Pclose(made);
    H5Gclose(root);
    return l.st;
}
