/* SPDX-License-Identifier: Apache-2.0
 * What a foreign source must provide. A new one is one file with one gt_import_kind, and one line in import.c. */
#ifndef GANTRY_DATA_IMPORT_SOURCE_H
#define GANTRY_DATA_IMPORT_SOURCE_H

#include "data/source.h"
#include "gantry/import.h"

/* Labels of items. All memory is malloc'ed and freed by gt_import_notes_free. */
typedef struct gt_import_notes {
    gt_label_kind kind;
    int width;
    int32_t *classes; /* [count], -1: none */
    double *vectors;  /* [count,width]; the first number is NaN: none */
    int class_names;
    char **class_name;
    char *channel_names;
    bool has_range;
    double range[2];
} gt_import_notes;

void gt_import_notes_free(gt_import_notes *n);
void gt_import_labels_free(gt_import_notes *n); /* labels and class names alone */

typedef struct gt_import_source {
    void *state;
    int64_t count;
    bool main_thread_only;
    gt_import_notes notes;
    gt_status (*read)(void *state, int64_t i, gt_picture *out); /* messages: the reason alone */
    gt_status (*head)(void *state, int64_t i, gt_picture_info *out);
    gt_hash128 identity;                                 /* of the file that all items come from (gt_import_file_stamp); zero: each has a stamp */
    gt_hash128 (*stamp)(const void *state, int64_t i);   /* NULL: `identity` is all that is known */
    const char *(*name)(const void *state, int64_t i, char buffer[GT_IMPORT_NAME_BYTES]);
    void (*close)(void *state); /* NULL: nothing opened yet */
} gt_import_source;

typedef struct gt_import_kind {
    const char *name;
    bool (*claims)(const gt_spec *spec);
    /* On failure what has been opened is closed by the caller through s->close. Messages: the reason alone, or what is
     * below `spec` and the reason. Labels are read where options->labels is GT_IMPORT_OWN and options->labels_csv NULL;
     * range and names of channels always. */
    gt_status (*open)(gt_import_source *s, const char *spec, const gt_import_options *options);
} gt_import_kind;

extern const gt_import_kind gt_import_folder, gt_import_zip, gt_import_dataset, gt_import_lmdb, gt_import_tfrecords,
    gt_import_cifar, gt_import_mnist, gt_import_numpy, gt_import_csv;

/* Wraps *s, which reads whole pictures, into one that reads crops of them. */
gt_status gt_import_crops(gt_import_source *s, int side);

/* ---- labels (import_labels.c) ---- */

/* dataset.json: {"labels": [[NAME, LABEL], ...] or null, ...} as in dataset.h, but an item may lack a label. `labels` false: neither
 * labels nor class names are taken. */
gt_status gt_import_json(gt_import_source *s, const char *text, size_t bytes, bool labels);

/* The first folder of each name is its class. */
gt_status gt_import_folder_classes(gt_import_source *s);

/* Makes room for [count] labels without value. */
gt_status gt_import_new_classes(gt_import_source *s);
gt_status gt_import_new_vectors(gt_import_source *s, size_t width);

/* GT_FORMAT: there are names already. */
gt_status gt_import_copy_class_names(gt_import_notes *n, const char *const *names, int count);

/* Width of the classes, and the checks that hold for all labels. */
gt_status gt_import_check_labels(gt_import_source *s);

/* Labels from the lines NAME,LABEL[,LABEL...] of a CSV file. `item` says which item a line means (-1: none); NULL: line
 * number = item. */
typedef int64_t (*gt_csv_item)(const void *state, const char *name);
gt_status gt_import_csv_labels(gt_import_source *s, const char *path, gt_csv_item item, const void *state);
gt_status gt_import_csv_by_name(gt_import_source *s, const char *path); /* the same for items of these names */

/* An array's rows as labels: [n] classes, or [n,width] vectors; 0/1 rows with a single 1 are classes. */
gt_status gt_import_one_hot(gt_import_source *s, const double *rows, size_t width);

/* ---- what file-like sources share (import_files.c) ---- */

enum { GT_IMPORT_FILE_MOST = GT_PICTURE_MAX_BYTES + (64 << 20) }; /* bytes of one picture file */

/* Of the file FOLDER/NAME; a name that is absolute or has a part '..' is refused. */
gt_status gt_import_read_file(gt_picture *out, const char *folder, const char *name, const gt_picture_options *options);
gt_status gt_import_head_file(gt_picture_info *out, const char *folder, const char *name);
gt_status gt_import_check_name(const char *name);

/* What tells a file from another one, or from itself after a change, wherever it lies: size and time; zero: it is not there. To be
 * asked before the file is read, so that a change in between is noticed the next time. */
gt_hash128 gt_import_file_stamp(const char *path);
gt_hash128 gt_import_file_stamp_in(const char *folder, const char *name); /* of a name that would be read */

/* The array item as picture head. */
void gt_import_array_head(gt_picture_info *out, const char *format, const gt_picture *shape);

#endif
