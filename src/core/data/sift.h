/* SPDX-License-Identifier: Apache-2.0
 * Which files of a folder or an archive are pictures: one rule for all sources that list files.
 *
 *     gt_sift sift = {0};
 *     for each file: if (gt_sift_name(&sift, name) == GT_SIFT_UNSURE) gt_sift_look(&sift, name, head, n);
 *     st = gt_sift_end(&sift, s, st);                    // s->count is known; also after a failure
 *
 * A name with the ending of a picture is one. Files that systems leave (names that begin with a dot, __MACOSX,
 * Thumbs.db, desktop.ini) and files with the ending of something else are passed over unread. The bytes of the others
 * tell. What is passed over is counted. */
#ifndef GANTRY_DATA_SIFT_H
#define GANTRY_DATA_SIFT_H

#include "data/door/source.h"

enum { GT_SIFT_KINDS = 64, GT_SIFT_HEAD = 512, GT_SIFT_LISTED = 16 };

typedef struct gt_sift { /* begin with {0} */
    struct gt_sifted_kind {
        char name[24]; /* ".txt" */
        int64_t n;
    } kinds[GT_SIFT_KINDS];
    int n_kinds;
    gt_name_list by_bytes, linked,
        hidden; /* the first pictures without the name of one, links to folders, hidden names */
    int64_t pictures_by_bytes, hidden_files;
    char table[256]; /* the first name of a file that may have labels, "": there is none */
} gt_sift;

typedef enum gt_sifted { GT_SIFT_PICTURE, GT_SIFT_UNSURE, GT_SIFT_PASSED } gt_sifted;

/* Is the file or folder of this name, the last part of a path, passed over whatever it holds? Counts it then: `path`.
 */
bool gt_sift_hides(gt_sift *s, const char *name, const char *path);
/* The same for every part of a path in an archive. */
bool gt_sift_hides_path(gt_sift *s, const char *path);
/* What the ending of a name tells. */
gt_sifted gt_sift_name(gt_sift *s, const char *path);
/* The first bytes of a file, at most GT_SIFT_HEAD are needed: is it a picture? */
bool gt_sift_look(gt_sift *s, const char *path, const void *head, size_t n);
/* A file that cannot be looked at: "link that leads nowhere". */
void gt_sift_count(gt_sift *s, const char *kind);
void gt_sift_link(gt_sift *s, const char *path); /* a link to a folder, which is followed */
/* Tells the notes of the source what was passed over, and frees *s. Returns `st` if `st` is an error. GT_FORMAT:
 * source->count is 0; says what there is instead, and which tool converts it. */
gt_status gt_sift_end(gt_sift *s, gt_source *source, gt_status st);

/* Where there is no dataset.json: which of the files may have the labels. `in_archive`: where no table is read. */
gt_status gt_sift_say_table(const gt_sift *s, gt_source *source, bool in_archive);

/* The tool that makes pictures of files with this ending ("x.dcm"), for a message; NULL: none is known. */
const char *gt_sift_advice(const char *name);

#endif
