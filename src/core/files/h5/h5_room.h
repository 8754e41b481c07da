/* SPDX-License-Identifier: Apache-2.0
 * Functions that the files of this room share. */
#ifndef H5_ROOM_H
#define H5_ROOM_H

#include <hdf5.h>
#include <stdbool.h>

#include "gantry/arrays.h"
#include "gantry/status.h"

/* Makes libhdf5 ready; comes before anything else of it. */
gt_status h5_begin(void);
/* gt_fail with libhdf5's innermost reason for the failure of its latest call appended to the message; GT_NOMEM instead
 * of `code` where that is want of memory. */
gt_status gt_h5_fail(gt_status code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Closes those of the three objects that are open; they are not files. libhdf5 keeps the reason of its last failure,
 * which any other call would make it forget. */
void h5_release(hid_t a, hid_t b, hid_t c);
/* The type of numbers in memory or in a file; the caller releases it. `bytes`: of each text. */
hid_t h5_type(gt_number type, size_t bytes, bool in_file);
/* A property list of `class` for objects that keep no times. `ordered`: they record in which order their members were
 * made. */
hid_t h5_untimed(hid_t class, bool ordered);

/* An access list of `class` with which no link leads into another file. */
hid_t h5_own_links(hid_t class);

enum { H5_TEXT_PLACE = 16 }; /* bytes of a text of variable length, which lies elsewhere in the file */
/* The n texts of an attribute or a set of the type H5T_STRING, H5T_VARIABLE, in a file that was opened by name; of each
 * text at most `most` bytes. They are malloc'ed, also those before one that fails, which stays NULL with all behind it.
 * Such texts lie in heaps of the file; libhdf5 believes what a file says of their lengths, reads behind the heap and
 * writes behind its own memory, so they are read without libhdf5. */
gt_status h5_texts_read(hid_t of, size_t n, size_t most, char **text);
/* The same of n lists of references to objects: the address of the first of each; 0: the list is empty. */
gt_status h5_references_read(hid_t of, size_t n, uint64_t *address);

/* New files that are made with this access list are written by h5_sink.c, without file locks. *error gets errno of the
 * first read or write that failed, and must not be moved while the file is open. libhdf5 does not survive a write that
 * fails: such a file can be flushed no more, nor closed, and the process dies at its end. So libhdf5 gets the answer
 * that all is well; after the first error nothing reaches the file, which is to be closed and made anew. */
void h5_sink_use(hid_t access, int *error);

/* What the check of a file may take (gt_h5_check_here): seconds of the processor, of waiting, and bytes of memory. */
enum { H5_CHECK_SECONDS = 10, H5_CHECK_PATIENCE = 60 };
#define H5_CHECK_MEMORY ((rlim_t)4 << 30)

void h5_lzf_register(void); /* libhdf5 unpacks LZF from then on */

#endif
