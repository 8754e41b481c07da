/* SPDX-License-Identifier: Apache-2.0
 * What a foreign source must provide. A new one is one file with one gt_reader_kind, and one line in import.c. */
#ifndef GANTRY_DATA_IMPORT_SOURCE_H
#define GANTRY_DATA_IMPORT_SOURCE_H

#include "data/source.h"
#include "gantry/source.h"

/* Labels of items. All memory is malloc'ed and freed by gt_reader_notes_free. */
typedef struct gt_reader_notes {
    gt_label_kind kind;
    int width;
    int32_t *classes; /* [count], -1: none */
    double *vectors;  /* [count,width]; the first number is NaN: none */
    int class_names;
    char **class_name;
    char *channel_names;
    bool has_range;
    double range[2];
} gt_reader_notes;

void gt_reader_notes_free(gt_reader_notes *n);
void gt_source_labels_free(gt_reader_notes *n); /* labels and class names alone */

typedef struct gt_reader {
    void *state;
    int64_t count;
    bool main_thread_only;
    gt_reader_notes notes;
    gt_status (*read)(void *state, int64_t i, gt_picture *out); /* messages: the reason alone */
    gt_status (*head)(void *state, int64_t i, gt_picture_info *out);
    gt_hash128 identity;                                 /* of the file that all items come from (gt_source_file_stamp); zero: each has a stamp */
    gt_hash128 (*stamp)(const void *state, int64_t i);   /* NULL: `identity` is all that is known */
    const char *(*name)(const void *state, int64_t i, char buffer[GT_ITEM_NAME_BYTES]);
    void (*close)(void *state); /* NULL: nothing opened yet */
} gt_reader;

typedef struct gt_reader_kind {
    const char *name;
    bool (*claims)(const gt_spec *spec);
    /* On failure what has been opened is closed by the caller through s->close. Messages: the reason alone, or what is
     * below `spec` and the reason. Labels are read where options->labels is GT_SOURCE_LABELS_OWN and options->labels_csv NULL;
     * range and names of channels always. */
    gt_status (*open)(gt_reader *s, const char *spec, const gt_source_options *options);
} gt_reader_kind;

extern const gt_reader_kind gt_reader_folder, gt_reader_zip, gt_reader_dataset, gt_reader_lmdb, gt_reader_tfrecords,
    gt_reader_cifar, gt_reader_mnist, gt_reader_numpy, gt_reader_csv;

/* Wraps *s, which reads whole pictures, into one that reads crops of them. */
gt_status gt_source_crops(gt_reader *s, int side);

/* ---- labels (labels.c) ---- */

/* dataset.json: {"labels": [[NAME, LABEL], ...] or null, ...} as in dataset.h, but an item may lack a label. `labels` false: neither
 * labels nor class names are taken. */
gt_status gt_source_json(gt_reader *s, const char *text, size_t bytes, bool labels);

/* The first folder of each name is its class. */
gt_status gt_source_folder_classes(gt_reader *s);

/* Makes room for [count] labels without value. */
gt_status gt_source_new_classes(gt_reader *s);
gt_status gt_source_new_vectors(gt_reader *s, size_t width);

/* GT_FORMAT: there are names already. */
gt_status gt_source_copy_class_names(gt_reader_notes *n, const char *const *names, int count);

/* Width of the classes, and the checks that hold for all labels. */
gt_status gt_source_check_labels(gt_reader *s);

/* Labels from the lines NAME,LABEL[,LABEL...] of a CSV file. `item` says which item a line means (-1: none); NULL: line
 * number = item. */
typedef int64_t (*gt_csv_item)(const void *state, const char *name);
gt_status gt_source_csv_labels(gt_reader *s, const char *path, gt_csv_item item, const void *state);
gt_status gt_source_csv_by_name(gt_reader *s, const char *path); /* the same for items of these names */

/* An array's rows as labels: [n] classes, or [n,width] vectors; 0/1 rows with a single 1 are classes. */
gt_status gt_source_one_hot(gt_reader *s, const double *rows, size_t width);

/* ---- what file-like sources share (import_files.c) ---- */

enum { GT_FILE_MOST = GT_PICTURE_MAX_BYTES + (64 << 20) }; /* bytes of one picture file */

/* Of the file FOLDER/NAME; a name that is absolute or has a part '..' is refused. */
gt_status gt_source_read_file(gt_picture *out, const char *folder, const char *name, const gt_picture_options *options);
gt_status gt_source_head_file(gt_picture_info *out, const char *folder, const char *name);
gt_status gt_source_check_name(const char *name);

/* What tells a file from another one, or from itself after a change, wherever it lies: size and time; zero: it is not there. To be
 * asked before the file is read, so that a change in between is noticed the next time. */
gt_hash128 gt_source_file_stamp(const char *path);
gt_hash128 gt_source_file_stamp_in(const char *folder, const char *name); /* of a name that would be read */

/* The array item as picture head. */
void gt_source_array_head(gt_picture_info *out, const char *format, const gt_picture *shape);

#endif
