/* SPDX-License-Identifier: Apache-2.0
 * HDF5 helpers: see h5.h. */
#include "h5.h"

#include <stdarg.h>
#include <stdio.h>

void gt_h5_quiet(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

static herr_t innermost(unsigned n, const H5E_error2_t *e, void *text) {
    if (n == 0) snprintf(text, 256, "%s", e->desc ? e->desc : "unknown");
    return 0;
}

gt_status gt_h5_fail(gt_status code, const char *format, ...) {
    char reason[256] = "", message[1024];
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, reason);
    va_list ap;
    va_start(ap, format);
    vsnprintf(message, sizeof message, format, ap);
    va_end(ap);
    return reason[0] ? gt_fail(code, "%s (HDF5: %s)", message, reason) : gt_fail(code, "%s", message);
}

hid_t gt_h5_open(hid_t where, const char *name) {
    H5L_info_t link;
    bool hard = H5Lexists(where, name, H5P_DEFAULT) > 0 && H5Lget_info(where, name, &link, H5P_DEFAULT) >= 0 && link.type == H5L_TYPE_HARD;
    return hard ? H5Oopen(where, name, H5P_DEFAULT) : -1;
}

static bool lies_here(hid_t set) {
    hid_t list = H5Dget_create_plist(set);
    bool here = list >= 0 && H5Pget_external_count(list) == 0 && H5Pget_layout(list) != H5D_VIRTUAL;
    if (list >= 0) H5Pclose(list);
    return here;
}

bool gt_h5_holds(hid_t set) {
    enum { DEFLATE_MOST = 1032 }; /* to one */
    hid_t type = H5Dget_type(set), space = H5Dget_space(set), file = H5Iget_file_id(set);
    hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    size_t size = type < 0 ? 0 : H5Tget_size(type);
    hsize_t stored = H5Dget_storage_size(set), bytes = 0, all;
    bool holds = lies_here(set) && n >= 0 && size > 0 && file >= 0 && H5Fget_filesize(file, &bytes) >= 0 && !__builtin_mul_overflow((hsize_t)n, size, &all) &&
                 all / DEFLATE_MOST <= (stored < bytes ? stored : bytes);
    if (file >= 0) H5Fclose(file);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return holds;
}

hid_t gt_h5_untimed(hid_t class) {
    hid_t list = H5Pcreate(class);
    if (list < 0) return list;
    herr_t bad = H5Pset_obj_track_times(list, 0);
    if (class != H5P_DATASET_CREATE) bad |= H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    if (bad < 0) {
        H5Pclose(list);
        return -1;
    }
    return list;
}
