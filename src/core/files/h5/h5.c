/* SPDX-License-Identifier: Apache-2.0
 * Messages with the reason that libhdf5 gives; types and property lists of libhdf5. */
#include "files/h5/door/h5.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/door/library.h"
#include "files/h5/h5_room.h"

static bool own_end;

void gt_h5_own_end(void) { own_end = true; }

gt_status h5_begin(void) {
    gt_status st = gt_library_open("hdf5");
    if (st) return st;
    if (own_end) H5dont_atexit();          /* counts before anything else of libhdf5 */
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* libhdf5 prints no errors of its own */
    h5_lzf_register();
    return GT_OK;
}

typedef struct innermost {
    char text[256];
    bool no_memory; /* a damaged file may have asked for too much */
    bool disk;      /* the file could not be read, whatever is in it */
} innermost;

/* How near has this process come to ulimit -v? */
static bool was_near_limit(void) {
    enum { NEAR = 1 << 20 }; /* bytes: more than zlib asks for at a time */
    static const char key[] = "VmPeak:";
    struct rlimit most;
    char status[1024];
    if (getrlimit(RLIMIT_AS, &most) || most.rlim_cur == RLIM_INFINITY) return false;
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, status, sizeof status - 1) : -1;
    if (fd >= 0) close(fd);
    status[n > 0 ? n : 0] = 0;
    const char *peak = strstr(status, key); /* in kB */
    return peak && (strtoull(peak + sizeof key - 1, NULL, 10) << 10) + NEAR > most.rlim_cur;
}

/* libhdf5 says the same of data that zlib cannot unpack and of zlib without memory. */
static bool may_lack_memory(const char *reason) { return strstr(reason, "inflate") && was_near_limit(); }

static herr_t take_innermost(unsigned n, const H5E_error2_t *e, void *arg) {
    innermost *reason = arg;
    if (n) return 0;
    snprintf(reason->text, sizeof reason->text, "%s", e->desc ? e->desc : "unknown");
    reason->disk = e->maj_num == H5E_IO && e->min_num == H5E_READERROR;
    reason->no_memory = e->maj_num == H5E_RESOURCE && (e->min_num == H5E_NOSPACE || e->min_num == H5E_CANTALLOC);
    return 0;
}

gt_status gt_h5_fail(gt_status code, const char *format, ...) {
    innermost reason = {0};
    char message[1024];
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_innermost, &reason);
    va_list ap;
    va_start(ap, format);
    vsnprintf(message, sizeof message, format, ap);
    va_end(ap);
    if (reason.no_memory || may_lack_memory(reason.text)) code = GT_NOMEM;
    else if (reason.disk) code = GT_FAILED;
    return *reason.text ? gt_fail(code, "%s (HDF5: %s)", message, reason.text) : gt_fail(code, "%s", message);
}

void h5_release(hid_t a, hid_t b, hid_t c) {
    const hid_t ids[] = {a, b, c};
    hid_t errors = H5Eget_current_stack();
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (ids[i] > 0) H5Idec_ref(ids[i]);
    H5Eset_current_stack(errors); /* frees them too */
}

static hid_t statistic_type(hid_t number) {
    static const char *const members[] = {"num", "mean", "std"};
    hid_t type = H5Tcreate(H5T_COMPOUND, 3 * sizeof(double));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        H5Tinsert(type, members[i], i * sizeof(double), number);
    return type;
}

static hid_t text_type(size_t bytes, bool words) {
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes ? bytes : 1);
    if (words) H5Tset_strpad(type, H5T_STR_NULLPAD);
    else H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

hid_t h5_type(gt_number type, size_t bytes, bool in_file) {
    switch (type) {
    case GT_NUMBER_UINT8: return H5Tcopy(in_file ? H5T_STD_U8LE : H5T_NATIVE_UINT8);
    case GT_NUMBER_UINT16: return H5Tcopy(in_file ? H5T_STD_U16LE : H5T_NATIVE_UINT16);
    case GT_NUMBER_INT32: return H5Tcopy(in_file ? H5T_STD_I32LE : H5T_NATIVE_INT32);
    case GT_NUMBER_INT64: return H5Tcopy(in_file ? H5T_STD_I64LE : H5T_NATIVE_INT64);
    case GT_NUMBER_FLOAT: return H5Tcopy(in_file ? H5T_IEEE_F32LE : H5T_NATIVE_FLOAT);
    case GT_NUMBER_DOUBLE: return H5Tcopy(in_file ? H5T_IEEE_F64LE : H5T_NATIVE_DOUBLE);
    case GT_NUMBER_STATISTIC: return statistic_type(in_file ? H5T_IEEE_F64LE : H5T_NATIVE_DOUBLE);
    case GT_NUMBER_TEXT: return text_type(bytes, false);
    case GT_NUMBER_WORDS: return text_type(bytes, true);
    }
    return -1;
}

hid_t h5_untimed(hid_t class, bool ordered) {
    hid_t list = H5Pcreate(class);
    H5Pset_obj_track_times(list, false);
    if (ordered) H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    return list;
}
