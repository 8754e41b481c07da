/* SPDX-License-Identifier: Apache-2.0
 * HDF5 helpers: see h5.h. */
#include "h5/h5.h"

#include <stdarg.h>
#include <stdio.h>

#include "h5/h5_chunks.h"

void gt_h5_own_end(void) { H5dont_atexit(); }

void gt_h5_quiet(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

static herr_t innermost(unsigned n, const H5E_error2_t *e, void *text) {
    if (n == 0) snprintf(text, 256, "%s", e->desc ? e->desc : "unknown");
    return 0;
}

static herr_t memory(unsigned n, const H5E_error2_t *e, void *short_of) {
    bool allocation = e->min_num == H5E_NOSPACE || e->min_num == H5E_CANTALLOC;
    if (n == 0) *(bool *)short_of = e->maj_num == H5E_RESOURCE && allocation;
    return 0;
}

bool gt_h5_no_memory(void) {
    bool short_of = false;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, memory, &short_of);
    return short_of;
}

gt_status gt_h5_fail(gt_status code, const char *format, ...) {
    char reason[256] = "", message[1024];
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, reason);
    va_list ap;
    va_start(ap, format);
    vsnprintf(message, sizeof message, format, ap);
    va_end(ap);
    if (gt_h5_no_memory()) code = GT_NOMEM;
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

gt_status gt_h5_holds(hid_t set) {
    enum { DEFLATE_MOST = 1032 }; /* to one */
    hid_t type = H5Dget_type(set), space = H5Dget_space(set), file = H5Iget_file_id(set);
    hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    size_t size = type < 0 ? 0 : H5Tget_size(type);
    hsize_t stored = H5Dget_storage_size(set), bytes = 0, all;
    bool holds = lies_here(set) && n >= 0 && size > 0 && file >= 0 && H5Fget_filesize(file, &bytes) >= 0 && !__builtin_mul_overflow((hsize_t)n, size, &all) &&
                 all / DEFLATE_MOST <= (stored < bytes ? stored : bytes);
    gt_status st = holds ? h5_chunks_whole(set) : gt_fail(GT_FORMAT, "the file does not hold all of it");
    if (file >= 0) H5Fclose(file);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return st;
}

char *gt_h5_text(gt_arena *a, hid_t object, const char *name, size_t most) {
    hid_t at = H5Aexists(object, name) > 0 ? H5Aopen(object, name, H5P_DEFAULT) : -1, type = at >= 0 ? H5Aget_type(at) : -1;
    hid_t space = at >= 0 ? H5Aget_space(at) : -1;
    size_t size = type >= 0 && H5Tget_class(type) == H5T_STRING && !H5Tis_variable_str(type) ? H5Tget_size(type) : 0;
    bool scalar = space >= 0 && H5Sget_simple_extent_type(space) == H5S_SCALAR;
    char *text = scalar && size && size <= most ? gt_arena_alloc(a, size + 1) : NULL;
    if (text && H5Aread(at, type, text) < 0) text = NULL;
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    if (at >= 0) H5Aclose(at);
    return text;
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
