/* SPDX-License-Identifier: Apache-2.0
 * HDF5 files: this room alone calls libhdf5. Groups and sets of numbers are named by their path ("networks/G/w_avg"); a
 * leading slash is allowed. Files from elsewhere may be damaged or hostile, so the room checks what a file says before
 * libhdf5 reads numbers and before memory is taken for them (h5_guard.h). Links into other files are never followed.
 * Messages name the path within the file; messages of open, create and save name the file too. Where libhdf5 lacks
 * memory the status is GT_NOMEM, since nothing is known about the file then. Main thread only. */
#ifndef GANTRY_FILES_H5_DOOR_H5_H
#define GANTRY_FILES_H5_DOOR_H5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files/h5/door/arrays.h"
#include "gantry/memory.h"
#include "gantry/status.h"

/* ---- files ---- */

typedef struct gt_h5_file { /* must not be moved while the file is open */
    int64_t id;             /* of libhdf5; 0: not open */
    void *data;             /* the contents of a file in memory; NULL: a file on the disk */
    size_t bytes, capacity; /* of the data */
    bool borrowed;          /* the data are the caller's */
    bool no_memory;         /* the data could not grow */
    bool unordered;         /* groups that are made from now on do not record in which order their members were made */
    int error;              /* errno of the first read or write of a new file that failed; 0: none did */
} gt_h5_file;

/* Opens a file for reading, also while another process writes the file (SWMR), without file locks. GT_FORMAT: damaged,
 * no HDF5 file, or no regular file. GT_FAILED: the file cannot be opened. */
gt_status gt_h5_open(gt_h5_file *f, const char *path);
/* Opens the n bytes of a file for reading. They stay the caller's, who keeps them until the file is closed. */
gt_status gt_h5_open_memory(gt_h5_file *f, const void *bytes, size_t n);
/* A new file in memory. Equal contents give equal bytes: no times are written, and the format is that of HDF5 1.8,
 * whatever is installed. */
gt_status gt_h5_create_memory(gt_h5_file *f);
/* A new file on the disk; with `grows` one for gt_h5_grow(): in the latest format, and unordered. gt_h5_finish() and
 * gt_h5_written() tell whether the disk failed; no other function does. */
gt_status gt_h5_create(gt_h5_file *f, const char *path, bool grows);
/* From now on other processes may read the file while rows are appended (SWMR); no sets can be made any more. */
gt_status gt_h5_grow(gt_h5_file *f);
gt_status gt_h5_written(
    const gt_h5_file *f); /* GT_FAILED: the disk failed, so the file is to be closed and made anew */
/* Closes a new file. Of a file in memory the `bytes` at `data` are its contents until gt_h5_close(). */
gt_status gt_h5_finish(gt_h5_file *f);
/* Finishes a file in memory, and writes it to `path`, whole or not at all. */
gt_status gt_h5_save(gt_h5_file *f, const char *path);
/* Closes the file and everything that was opened in it; frees its data. Harmless on a closed file. */
void gt_h5_close(gt_h5_file *f);

/* ---- writing ---- */

enum { GT_H5_MOST_DIMS = 32 };

/* How a set is stored. {0}: in one piece. */
typedef struct gt_h5_storage {
    int64_t chunk; /* rows of a chunk; 0: no chunks, and nothing of the following */
    bool grows;    /* rows can be appended */
    bool shuffled; /* the first bytes of all samples, then the second bytes, ... */
    int level;     /* deflated by zlib at this level; 0: not */
} gt_h5_storage;

/* Makes a group, unless the group is there. The group above it must be there. */
gt_status gt_h5_group(gt_h5_file *f, const char *path);
/* Makes a set of the array's name with the array's data. Groups above the set are made where they are missing. */
gt_status gt_h5_write(gt_h5_file *f, const gt_array *a);
/* The same; *set stays open until the file is closed. Where a->data is NULL nothing is written into the set yet. */
gt_status gt_h5_write_stored(gt_h5_file *f, const gt_array *a, const gt_h5_storage *how, int64_t *set);
/* The chunk that begins with this row, as the filters would make it: n bytes. */
gt_status gt_h5_write_chunk(int64_t set, int64_t row, const void *bytes, size_t n);
/* Rows first .. first + n - 1 of a set that has them. */
gt_status gt_h5_write_rows(int64_t set, int64_t first, int64_t n, gt_number type, const void *rows);
/* Appends a row to a one-dimensional set that has `rows` rows. */
gt_status gt_h5_append(int64_t set, int64_t rows, gt_number type, const void *row);
/* Makes an attribute of the object `of`; "/": the file itself. */
gt_status gt_h5_attribute(gt_h5_file *f, const char *of, const gt_array *a);
/* A text that is no longer than this fits into an attribute. */
enum { GT_H5_LONGEST_ATTRIBUTE = 60000 };
gt_status gt_h5_attribute_text(gt_h5_file *f, const char *of, const char *name, const char *text);

typedef struct gt_h5_axes { /* of a set: the scale of each of its n axes, by its number */
    const char *set;
    int n, scale[GT_H5_MOST_DIMS];
} gt_h5_axes;
/* The sets have scales as their axes. Scales have CLASS and NAME as gt_h5_is_scale() finds them. */
gt_status gt_h5_attach(gt_h5_file *f, int scales, const char *const *scale, int sets, const gt_h5_axes *of);

/* ---- reading ---- */

typedef enum gt_h5_kind { GT_H5_OTHER, GT_H5_INTEGER, GT_H5_FLOAT, GT_H5_BOOL, GT_H5_TEXT, GT_H5_STATISTIC } gt_h5_kind;

/* An open set. */
typedef struct gt_h5_set {
    gt_h5_kind kind; /* GT_H5_TEXT: of fixed length; GT_H5_BOOL: FALSE and TRUE, as h5py writes them */
    bool is_signed;
    size_t bytes;                        /* of an element */
    int n_dims;                          /* 0: a single element */
    int64_t dims[GT_H5_MOST_DIMS], rows; /* rows: dims[0], or 1 */
    uint64_t row_elements, elements;
    bool varies;              /* GT_H5_OTHER: texts of variable length */
    uint64_t stored;          /* bytes of the file that hold the set */
    uint64_t chunks, written; /* how many chunks the set has, and how many of them were written; 0: no chunks */
} gt_h5_set;

/* Whether the file has an object of this name, or a link to one in another file. */
bool gt_h5_has(const gt_h5_file *f, const char *path);
/* Opens a set, for which the file is then known to be large enough. GT_FORMAT: the file is too small, there is no such
 * set, or the set lies in another file. On failure *out is NULL. */
gt_status gt_h5_set_open(gt_h5_set **out, const gt_h5_file *f, const char *path);
/* Rows first .. first + n - 1, converted to `type`. GT_NUMBER_TEXT: texts of set->bytes bytes, as in the file.
 * GT_FORMAT: damaged. */
gt_status gt_h5_set_read(gt_h5_set *s, int64_t first, int64_t n, gt_number type, void *out);
/* The texts of a set of GT_H5_TEXT, or whose texts vary: of each at most `most` bytes. The caller frees the
 * set->elements texts, also after a failure. */
gt_status gt_h5_set_texts(gt_h5_set *s, size_t most, char **text);
/* The same of the set `path`, which has n texts: each, cut off, into `room` bytes at to + i * stride. */
gt_status gt_h5_read_texts(const gt_h5_file *f, const char *path, size_t n, char *to, size_t stride, size_t room);
/* The stored bytes of the chunk that begins with this row. False: they are not n bytes, not all filters made them, or
 * they cannot be read. */
bool gt_h5_set_chunk(gt_h5_set *s, int64_t row, void *out, size_t n);
void gt_h5_set_close(gt_h5_set *s); /* NULL is fine */

typedef gt_status gt_h5_visit(void *arg, const char *path);
/* Visits all sets of the file, but for those behind links into other files: by name, or in the order in which they were
 * made where the file has recorded the order. `path` begins with a slash. Ends with the first error of a visit.
 * GT_FORMAT: too many links, or groups nested too deep. */
gt_status gt_h5_each(const gt_h5_file *f, bool by_name, gt_h5_visit *visit, void *arg);

/* Has the file `a`, of which nothing is trusted, nothing at its root but sets that are in `b`, too, and all objects of
 * it only attributes that `b` has, with the same contents? But for the attribute `except` of the file. Sets are not
 * compared. GT_UNDECIDED: it has something else (a link, a group, a type, an attribute, a block in front), and what. */
gt_status gt_h5_only(const gt_h5_file *a, const gt_h5_file *b, const char *except);

/* An attribute that is a list of texts, at most `most`; each text is cut off at 64 KB. *count 0: there is no attribute
 * of this name. The caller frees the *count texts and *text, also on failure. GT_FORMAT: no such list, or damaged. */
gt_status gt_h5_texts(const gt_h5_file *f, const char *of, const char *name, size_t most, char ***text, int *count);
/* An attribute that is one text, into the arena. *text NULL: there is no attribute of this name. GT_FORMAT: the
 * attribute is not text, or damaged. */
gt_status gt_h5_text(gt_arena *a, const gt_h5_file *f, const char *of, const char *name, char **text);
/* An attribute that is a list of numbers, at most `most`. *count 0: there is no attribute of this name. GT_FORMAT: no
 * such list, or damaged. */
gt_status gt_h5_numbers(const gt_h5_file *f, const char *of, const char *name, int most, double *out, int *count);
/* Visits the attributes of an object by name; `path` is the name. Ends with the first error of a visit. GT_FORMAT: they
 * cannot be read. */
gt_status gt_h5_each_attribute(const gt_h5_file *f, const char *of, gt_h5_visit *visit, void *arg);
/* Is the set a dimension scale, the coordinates of an axis of others? In NetCDF-4 files each dimension is one. */
bool gt_h5_is_scale(const gt_h5_file *f, const char *path);
/* The paths of the scales of the n axes of a set, in the arena; NULL: an axis has none. GT_FORMAT: damaged. */
gt_status gt_h5_scales(gt_arena *a, const gt_h5_file *f, const char *path, int n, const char **scale);

#endif
