/* SPDX-License-Identifier: Apache-2.0
 * Files with a line of labels for each picture, as people have them: separated by commas, semicolons, tabs or blanks, a
 * table of attributes as CelebA's, lines of JSON; in UTF-8, UTF-16 or Latin-1. */
#ifndef GANTRY_DATA_LABEL_FILE_H
#define GANTRY_DATA_LABEL_FILE_H

#include "data/door/csv.h"
#include "data/door/source.h"

typedef struct gt_label_file {
    gt_csv csv;
    char *path;          /* of the file, without columns */
    const char *columns; /* those that are asked for, "" for all, as in "x,y" */
    const char *from;    /* the encoding, where that is not UTF-8; else NULL */
    gt_name_list head;   /* the fields of the first line, which may be a heading */
    bool heading;        /* it is one for sure */
    bool unnamed;        /* the heading does not name the first column, that of the names */
    size_t before;       /* lines in front of the heading */
    size_t name;         /* the field with the names of pictures, as the heading says */
} gt_label_file;

/* `spec`: FILE or FILE:COLUMN[,COLUMN...]. `named`: pictures have names. On failure nothing is to be closed. */
gt_status gt_label_file_open(gt_label_file *t, const char *spec, bool named);
void gt_label_file_close(gt_label_file *t);
/* Begins anew, behind the first `lines` lines from the heading on. */
gt_status gt_label_file_rewind(gt_label_file *t, size_t lines);

#endif
