/* SPDX-License-Identifier: Apache-2.0
 * Dimension scales in new files, as "HDF5 Dimension Scale Specification", section 4, has them: a set names the scale of
 * each axis (DIMENSION_LIST), and a scale the sets that have it (REFERENCE_LIST). */
#include <stdlib.h>

#include "files/h5/door/h5.h"
#include "files/h5/h5_room.h"

typedef struct user { /* of a scale */
    hobj_ref_t set;
    unsigned axis;
} user;

static bool write_attribute(const gt_h5_file *f, const char *of, const char *name, hid_t type, hsize_t n,
                            const void *data) {
    hid_t space = H5Screate_simple(1, &n, NULL);
    hid_t attribute = H5Acreate_by_name(f->id, of, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool fine = attribute >= 0 && H5Awrite(attribute, type, data) >= 0;
    h5_release(space, attribute, -1);
    return fine;
}

static bool list_scales(const gt_h5_file *f, const gt_h5_axes *of, const hobj_ref_t *scale) {
    hvl_t lists[GT_H5_MOST_DIMS];
    hid_t type = H5Tvlen_create(H5T_STD_REF_OBJ);
    for (int i = 0; i < of->n; i++) lists[i] = (hvl_t){1, (void *)&scale[of->scale[i]]};
    bool fine = write_attribute(f, of->set, "DIMENSION_LIST", type, (hsize_t)of->n, lists);
    h5_release(type, -1, -1);
    return fine;
}

static bool list_users(const gt_h5_file *f, const char *scale, int n, const user *users) {
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof *users);
    H5Tinsert(type, "dataset", HOFFSET(user, set), H5T_STD_REF_OBJ);
    H5Tinsert(type, "dimension", HOFFSET(user, axis), H5T_NATIVE_UINT);
    bool fine = !n || write_attribute(f, scale, "REFERENCE_LIST", type, (hsize_t)n, users);
    h5_release(type, -1, -1);
    return fine;
}

/* A set has a scale once at most. */
static int users_of(const gt_h5_axes *of, int sets, int scale, const hobj_ref_t *set, user *users) {
    int n = 0;
    for (int k = 0; k < sets; k++)
        for (int i = 0; i < of[k].n; i++)
            if (of[k].scale[i] == scale) {
                users[n++] = (user){set[k], (unsigned)i};
                break;
            }
    return n;
}

gt_status gt_h5_attach(gt_h5_file *f, int scales, const char *const *scale, int sets, const gt_h5_axes *of) {
    GT_FREED hobj_ref_t *of_scale = calloc((size_t)scales + 1, sizeof *of_scale);
    GT_FREED hobj_ref_t *of_set = calloc((size_t)sets + 1, sizeof *of_set);
    GT_FREED user *users = calloc((size_t)sets + 1, sizeof *users);
    if (!users || !of_scale || !of_set) return gt_fail(GT_NOMEM, "out of memory for an HDF5 file");
    bool fine = true;
    for (int i = 0; i < scales && fine; i++) fine = H5Rcreate(&of_scale[i], f->id, scale[i], H5R_OBJECT, -1) >= 0;
    for (int k = 0; k < sets && fine; k++)
        fine = H5Rcreate(&of_set[k], f->id, of[k].set, H5R_OBJECT, -1) >= 0 && list_scales(f, &of[k], of_scale);
    for (int i = 0; i < scales && fine; i++)
        fine = list_users(f, scale[i], users_of(of, sets, i, of_set, users), users);
    return fine ? GT_OK : gt_h5_fail(GT_FAILED, "the axes cannot be written");
}
