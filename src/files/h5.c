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
