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

static bool list_scales(const gt_h5_file *f, const char *set, int n, const hobj_ref_t *scale) {
    hvl_t lists[GT_H5_MOST_DIMS];
    hid_t type = H5Tvlen_create(H5T_STD_REF_OBJ);
    for (int i = 0; i < n; i++) lists[i] = (hvl_t){1, (void *)&scale[i]};
    bool fine = write_attribute(f, set, "DIMENSION_LIST", type, (hsize_t)n, lists);
    h5_release(type, -1, -1);
    return fine;
}

static bool list_users(const gt_h5_file *f, const char *scale, int n, const user *users) {
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof *users);
    H5Tinsert(type, "dataset", HOFFSET(user, set), H5T_STD_REF_OBJ);
    H5Tinsert(type, "dimension", HOFFSET(user, axis), H5T_NATIVE_UINT);
    bool fine = write_attribute(f, scale, "REFERENCE_LIST", type, (hsize_t)n, users);
    h5_release(type, -1, -1);
    return fine;
}

gt_status gt_h5_attach(gt_h5_file *f, int n, const char *const *scale, int sets, const char *const *set) {
    hobj_ref_t of_scale[GT_H5_MOST_DIMS];
    GT_FREED user *users = calloc((size_t)sets + 1, sizeof *users);
    if (!users) return gt_fail(GT_NOMEM, "out of memory for an HDF5 file");
    bool fine = n <= GT_H5_MOST_DIMS;
    for (int i = 0; i < n && fine; i++) fine = H5Rcreate(&of_scale[i], f->id, scale[i], H5R_OBJECT, -1) >= 0;
    for (int k = 0; k < sets && fine; k++)
        fine = H5Rcreate(&users[k].set, f->id, set[k], H5R_OBJECT, -1) >= 0 && list_scales(f, set[k], n, of_scale);
    for (int i = 0; i < n && fine; i++) {
        for (int k = 0; k < sets; k++) users[k].axis = (unsigned)i;
        fine = list_users(f, scale[i], sets, users);
    }
    return fine ? GT_OK : gt_h5_fail(GT_FAILED, "the axes cannot be written");
}
