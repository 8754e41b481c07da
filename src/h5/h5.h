/* SPDX-License-Identifier: Apache-2.0
 * HDF5 files: this room alone calls libhdf5. Everything in a file is named by its path ("networks/G/w_avg"); a leading
 * slash is allowed. What is read from a file is checked before libhdf5 and before memory is taken for it (h5_guard.h):
 * files from elsewhere may be damaged or hostile. Links into other files are never followed. Messages name the path
 * within the file; those of open, create and save the file itself too. Where libhdf5 lacks memory the status is
 * GT_NOMEM, as nothing is known about the file then. Main thread only. */
#ifndef GANTRY_H5_H
#define GANTRY_H5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/arrays.h"
#include "gantry/memory.h"
#include "gantry/status.h"

/* At the program's end libhdf5 closes nothing that an error has left open: the file may be half made. To be called
 * before all else. */
void gt_h5_own_end(void);

/* ---- the check of files from elsewhere ---- */

/* libhdf5 can crash on a damaged file. So a file from elsewhere is first walked in a process of its own, with limits of
 * memory and time: `program command PATH`. That process calls gt_h5_check_here(PATH) and ends with the status which it
 * returns. A program that reads files from elsewhere must name the checking program here, once, at its start: BEFORE
 * THAT gt_h5_check() CHECKS NOTHING AND PASSES EVERY FILE. The two texts are not copied. */
void gt_h5_check_by(const char *program, const char *command);
/* To be called before MPI_Init. A file that is no HDF5 file passes; so does every file where gt_h5_check_by() was not
 * called. GT_FORMAT: the walk failed, died or took too long. GT_NOMEM: memory is too short for the walk. */
gt_status gt_h5_check(const char *path);
enum { GT_H5_NO_MEMORY = 71 }; /* the exit status for want of memory */
int gt_h5_check_here(const char *path);
/* Opens every object and attribute, walks the index of every set and reads samples of its contents. May crash on a
 * damaged file: that is what it is for. */
gt_status gt_h5_walk(const char *path);
/* Does it begin as an HDF5 file, behind a user block or not? */
bool gt_h5_is(const char *path);

/* ---- files ---- */

typedef struct gt_h5_file { /* must stay where it is while the file is open */
    int64_t id;             /* 0: not open */
    void *data;             /* a file in memory */
    size_t bytes, capacity;
    bool borrowed; /* the data are the caller's */
    bool no_memory;
    bool unordered; /* groups that are made from now on do not record in which order their members were made */
    int error;      /* errno of the first write to the disk that failed */
} gt_h5_file;

/* For reading, also while another process writes the file (SWMR), without file locks. GT_FAILED: no regular file. */
gt_status gt_h5_open(gt_h5_file *f, const char *path);
/* The bytes stay the caller's, and must stay as long as the file is open. */
gt_status gt_h5_open_memory(gt_h5_file *f, const void *bytes, size_t n);
/* A new file in memory. Equal contents give equal bytes: no times are written, and the format is that of HDF5 1.8,
 * whatever is installed. */
gt_status gt_h5_create_memory(gt_h5_file *f);
/* A new file on the disk. With `grows` in the latest format and unordered, for gt_h5_grow(). A disk that fails shows in
 * gt_h5_finish() and gt_h5_written(). */
gt_status gt_h5_create(gt_h5_file *f, const char *path, bool grows);
/* From now on other processes may read the file while it is appended to (SWMR). No new sets after that. */
gt_status gt_h5_grow(gt_h5_file *f);
gt_status gt_h5_written(const gt_h5_file *f); /* what could not be brought to the disk so far */
/* Closes a new file. Of a file in memory the `bytes` at `data` are its contents until gt_h5_close(). */
gt_status gt_h5_finish(gt_h5_file *f);
/* Finishes a file in memory, and writes it to `path`, whole or not at all. */
gt_status gt_h5_save(gt_h5_file *f, const char *path);
/* Closes the file and everything that was opened in it; frees its data. Harmless on a closed file. */
void gt_h5_close(gt_h5_file *f);

/* ---- writing ---- */

/* How a set is stored that is not stored in one piece. */
typedef struct gt_h5_storage {
    int64_t chunk; /* rows of a chunk */
    bool grows;    /* rows can be appended */
    bool shuffled; /* the first bytes of all samples, then the second bytes, ... */
    int level;     /* deflated by zlib at this level; 0: not */
} gt_h5_storage;

/* The groups above an object are made where they are missing; unless the file is unordered they record the order in
 * which their members were made. */
gt_status gt_h5_group(gt_h5_file *f, const char *path);
gt_status gt_h5_write(gt_h5_file *f, const gt_array *a);
/* The set stays open until the file is closed. Without data nothing is written into it yet. */
gt_status gt_h5_write_stored(gt_h5_file *f, const gt_array *a, const gt_h5_storage *how, int64_t *set);
/* `bytes` as the chunk that begins with this row: what the filters make of it. */
gt_status gt_h5_write_chunk(int64_t set, int64_t row, const void *bytes, size_t n);
/* One more row at the end of a one-dimensional set that has `rows` of them. */
gt_status gt_h5_append(int64_t set, int64_t rows, gt_number type, const void *row);
/* An attribute of the object `of`, "/" for the file itself. */
gt_status gt_h5_attribute(gt_h5_file *f, const char *of, const gt_array *a);
gt_status gt_h5_attribute_text(gt_h5_file *f, const char *of, const char *name, const char *text);

/* ---- reading ---- */

enum { GT_H5_MOST_DIMS = 32 };
typedef enum gt_h5_kind { GT_H5_OTHER, GT_H5_INTEGER, GT_H5_FLOAT, GT_H5_TEXT, GT_H5_STATISTIC } gt_h5_kind;

/* An open set. */
typedef struct gt_h5_set {
    gt_h5_kind kind; /* GT_H5_TEXT: of fixed length */
    bool is_signed;
    size_t bytes;                        /* of an element */
    int n_dims;                          /* 0: a single element */
    int64_t dims[GT_H5_MOST_DIMS], rows; /* rows: dims[0], or 1 */
    uint64_t row_elements, elements;
    uint64_t stored;          /* bytes */
    uint64_t chunks, written; /* chunks there should be, and that were written; 0: it is not in chunks */
} gt_h5_set;

/* there is something of this name, a link into another file included */
bool gt_h5_has(const gt_h5_file *f, const char *path);
/* The file is large enough for all the set claims. GT_FORMAT: not so, no such set, or it lies in another file. */
gt_status gt_h5_set_open(gt_h5_set **out, const gt_h5_file *f, const char *path);
/* Rows first .. first + n - 1, converted to `type`; the texts of sets of texts have the length that they have in the
 * file. GT_FORMAT: damaged. */
gt_status gt_h5_set_read(gt_h5_set *s, int64_t first, int64_t n, gt_number type, void *out);
/* The stored bytes of the chunk that begins with this row, if they are n bytes that all filters made. False also when
 * they cannot be read. */
bool gt_h5_set_chunk(gt_h5_set *s, int64_t row, void *out, size_t n);
void gt_h5_set_close(gt_h5_set *s); /* NULL is fine */

typedef gt_status gt_h5_visit(void *arg, const char *path);
/* All sets of the file, along its own links alone, by name or in the order in which they were made (where the file
 * knows that). `path` begins with a slash. Stops at the first error. GT_FORMAT: too many, too deep. */
gt_status gt_h5_each(const gt_h5_file *f, bool by_name, gt_h5_visit *visit, void *arg);

/* An attribute that is a text or a list of them, at most `most`; each is cut off at 64 KB. *count 0: there is none
 * such. *text and its elements are malloc'ed, on failure too. */
gt_status gt_h5_texts(const gt_h5_file *f, const char *of, const char *name, size_t most, char ***text, int *count);
/* One text, into the arena; NULL: there is none such, or memory is short, and then the arena has failed. */
char *gt_h5_text(gt_arena *a, const gt_h5_file *f, const char *of, const char *name);
/* An attribute of n numbers; *there false: there is none of this name. */
gt_status gt_h5_numbers(const gt_h5_file *f, const char *of, const char *name, int n, double *out, bool *there);

#endif
