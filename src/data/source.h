/* SPDX-License-Identifier: Apache-2.0
 * What a kind of dataset must provide. A new kind is one file with one gt_stored_kind, and one line in dataset.c. */
#ifndef GANTRY_DATA_SOURCE_H
#define GANTRY_DATA_SOURCE_H

#include "gantry/dataset.h"

/* What comes with the images. All memory is malloc'ed and freed by gt_notes_free. */
typedef struct gt_notes {
    gt_label_kind kind;
    int width;        /* classes: 1 + the largest; vectors: their length; 0: none */
    int32_t *classes; /* [count] */
    float *vectors;   /* [count,width] */
    int class_names;
    char **class_name;
    char *channel_names;
    bool has_range;
    double range[2];
} gt_notes;

void gt_notes_free(gt_notes *n);

/* dataset.json for images with these names (sorted by strcmp). Messages do not name the file it comes from. */
gt_status gt_notes_parse(gt_notes *n, const char *text, size_t bytes, const char *const *names, int64_t count);

/* Its keys range, channels and class_names alone. */
struct json_t;
gt_status gt_notes_parse_meaning(gt_notes *n, const struct json_t *root);

/* Width of `count` class labels found elsewhere than in dataset.json, and their check; likewise for vectors of
 * n->width. */
gt_status gt_notes_check_classes(gt_notes *n, int64_t count);
gt_status gt_notes_check_vectors(const gt_notes *n, int64_t count);
gt_status gt_notes_check_names(const gt_notes *n); /* class names against the number of classes */
gt_status gt_notes_set_range(gt_notes *n, double low, double high);

enum { GT_CLASS_MOST = 65535, GT_VECTOR_MOST = 65536 };

typedef struct gt_stored {
    void *state;
    int64_t count;
    int height, width, channels;
    gt_sample type;
    bool main_thread_only;
    gt_notes notes;
    gt_status (*read)(void *state, int64_t i,
                      void *samples); /* any thread unless main_thread_only; messages name file and entry */
    /* Adds what tells its images from others; main thread. `most` > 0: where images would have to be read for it, of so many alone, spread over all. */
    gt_status (*fingerprint)(void *state, gt_hasher *h, int64_t most);
    void (*close)(void *state);                          /* NULL: nothing opened yet */
} gt_stored;

typedef struct gt_spec {
    const char *text;
    const char *extension; /* of the last part of the path, "" for none */
    bool is_folder, is_file;
} gt_spec;

typedef struct gt_stored_kind {
    const char *name;
    bool (*claims)(const gt_spec *spec);
    gt_status (*open)(gt_stored *s,
                      const char *spec); /* on failure what has been opened is closed by the caller through s->close */
} gt_stored_kind;

extern const gt_stored_kind gt_stored_zip, gt_stored_folder, gt_stored_hdf5, gt_stored_synth;

/* Do the first bytes of the file agree? (false: also when it cannot be read) */
bool gt_file_begins(const char *path, uint64_t offset, const void *bytes, size_t n);
bool gt_file_is_hdf5(const char *path);

/* The stored image behind an item, and whether it is to be mirrored. */
int64_t gt_dataset_stored(const gt_dataset *ds, int64_t item, bool *mirrored);
gt_status gt_dataset_read_stored(gt_dataset *ds, int64_t stored, void *samples);
/* Adds number, size, kind of samples, labels and, where they are not the usual ones, range and colours: all of a
 * fingerprint but the pictures. */
void gt_dataset_hash_shape(const gt_dataset *ds, gt_hasher *h);
void gt_mirror(void *samples, int height, int width, size_t pixel_bytes);

#endif
