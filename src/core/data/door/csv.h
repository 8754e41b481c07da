/* SPDX-License-Identifier: Apache-2.0
 * Lines of comma-separated values (RFC 4180, or with another separator: fields may stand in double quotes; no line
 * breaks within them; blanks around a field are none of it), one at a time. An apostrophe with which gt_buffer_csv()
 * keeps a text from being a formula is taken away. */
#ifndef GANTRY_DATA_DOOR_CSV_H
#define GANTRY_DATA_DOOR_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gantry/status.h"

enum { GT_CSV_FIELDS_MAX = 65537, GT_CSV_LINE_MAX = 1 << 24 };

typedef struct gt_csv {
    FILE *file;
    char *memory;       /* the text of a file in memory */
    int64_t line;       /* the number of the line that gt_csv_next gave */
    int64_t first_line; /* the number of the first line: 1, unless somebody sets it and rewinds */
    char *text;         /* of that line */
    size_t room;
    char **field; /* its fields, unquoted, within `text` */
    size_t fields, field_room;
    /* of fields: a comma, unless gt_csv_detect() or gt_csv_take_blanks() says something else; of a blank there may be
     * several, and tabs */
    char separator;
    bool detects;
} gt_csv;

gt_status gt_csv_open(gt_csv *c, const char *path);
/* The same of n > 0 bytes that were malloc'ed, which belong to *c from now on, also after a failure. */
gt_status gt_csv_open_text(gt_csv *c, char *text, size_t n);
void gt_csv_close(gt_csv *c);
void gt_csv_rewind(gt_csv *c);

/* To be called before the first line is read: fields may be separated by semicolons or tabs as well. What stands most
 * often in the first line, quoted fields aside, is the separator of all lines; of numbers with decimal commas the
 * semicolon. */
void gt_csv_detect(gt_csv *c);
/* Instead, where the lines have numbers with nothing but blanks between them, as numpy.savetxt writes them: what
 * separates fields are blanks, and lines that begin with # are passed over. *are: it is so. */
gt_status gt_csv_take_blanks(gt_csv *c, bool *are);

/* The next line that is not empty as it stands, in c->text. */
gt_status gt_csv_line(gt_csv *c, bool *there);
/* The next line that is not empty; c->fields == 0: there is none. Messages name the line. */
gt_status gt_csv_next(gt_csv *c);

#endif
