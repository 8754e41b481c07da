/* SPDX-License-Identifier: Apache-2.0
 * Records of pictures: JSON objects of at most GT_RECORD_BYTES, without objects inside; docs/verify.md has the table of
 * their keys. A record stands beside the pixels (files/codec/door/notes.h): in PNG as a text, and everywhere in XMP,
 * which also says that the picture is the work of a trained network (IPTC's DigitalSourceType). It has no times, hosts,
 * users and paths: equal pictures of equal options are equal files. Values are put one by one into a gt_record_text,
 * and gt_record_end() makes of it what writers of pictures take. */
#ifndef GANTRY_RUNNER_RECORD_DOOR_RECORD_H
#define GANTRY_RUNNER_RECORD_DOOR_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files/codec/door/notes.h"
#include "gantry/file.h"
#include "gantry/hash.h"
#include "gantry/memory.h"
#include "gantry/record.h"
#include "gantry/status.h"

enum { GT_RECORD_BYTES = 60000, GT_RECORD_FORM = 1 };

/* ---- writing ---- */

/* Values in the order in which they are put. An allocation that fails is found at the end. */
typedef struct gt_record_text {
    gt_buffer json;
} gt_record_text;

void gt_record_put_text(gt_record_text *r, const char *key, const char *value);
void gt_record_put_int(gt_record_text *r, const char *key, int64_t value);
void gt_record_put_bool(gt_record_text *r, const char *key, bool value);
/* The shortest text that reads as the same float, or the same double. */
void gt_record_put_float(gt_record_text *r, const char *key, float value);
void gt_record_put_double(gt_record_text *r, const char *key, double value);
void gt_record_put_floats(gt_record_text *r, const char *key, const float *value, int n);
void gt_record_put_sha256(gt_record_text *r, const char *key, const gt_sha256 *value);
/* "0-3,7": as gt_parse_range_list() reads them. */
void gt_record_put_ranges(gt_record_text *r, const char *key, const int64_t *value, int64_t n);
void gt_record_put_all(gt_record_text *r, const gt_record_text *from); /* the values of another record */
void gt_record_free(gt_record_text *r);

/* What writers of pictures take; all of it NULL: there is no record. */
typedef struct gt_record_notes {
    gt_picture_notes notes;
    char *json, *xmp;
} gt_record_notes;

/* The record, which is freed. GT_USAGE: it would be larger than GT_RECORD_BYTES. On failure *out is {0}. */
gt_status gt_record_end(gt_record_text *r, gt_record_notes *out);
void gt_record_notes_free(gt_record_notes *n);
void gt_record_put_xmp(gt_buffer *xmp, const char *json); /* the packet of this record, and a zero byte */

/* ---- reading: nothing is trusted ---- */

typedef struct gt_record gt_record;

/* GT_FORMAT: no record, too large, not of this form, or not JSON. On failure *out is NULL. */
gt_status gt_record_parse(gt_record **out, const char *json, size_t n);
void gt_record_close(gt_record *r); /* NULL is fine */
/* The record in a packet of XMP, to be freed; NULL and GT_OK: there is none. */
gt_status gt_record_of_xmp(const char *xmp, char **json);

/* The record of a picture's file: PNG, WebP, JPEG, TIFF, MP4, HDF5, or .npz. *json NULL and GT_OK: there is none.
 * GT_FORMAT: the file is damaged. HDF5 files from elsewhere have passed gt_h5_check(). Messages name no path. */
typedef struct gt_record_found {
    char *json; /* to be freed */
    bool array; /* of an HDF5 file or .npz: not a picture */
    /* Of a picture: see files/codec/door/notes.h. */
    gt_picture_said_kind kind;
    bool animated, lossy;
    int64_t frames;
    int height, width; /* of MP4 */
    char beyond[128];
} gt_record_found;
gt_status gt_record_find(const char *path, gt_record_found *out);

bool gt_record_has(const gt_record *r, const char *key);
/* A key that is not there leaves *out as it is. GT_FORMAT: not such a value, or not between the ends. */
gt_status gt_record_get_int(const gt_record *r, const char *key, int64_t min, int64_t max, int64_t *out);
gt_status gt_record_get_bool(const gt_record *r, const char *key, bool *out);
gt_status gt_record_get_double(const gt_record *r, const char *key, double min, double max, double *out);
gt_status gt_record_get_text(const gt_record *r, const char *key, const char **out);
gt_status gt_record_get_choice(const gt_record *r, const char *key, const char *const *names, int n, int *out);
/* Into the arena. At most `most` numbers. */
gt_status gt_record_get_floats(const gt_record *r, const char *key, int most, gt_arena *a, const float **out, int *n);
gt_status gt_record_get_ranges(const gt_record *r, const char *key, int64_t most, gt_arena *a, const int64_t **out,
                               int64_t *n);
/* All values but that of `except` (NULL: none) as one text, equal where they are; to be freed. NULL: out of memory. */
char *gt_record_others(const gt_record *r, const char *except);

/* What a record claims and the other, of the picture that was made of it, does not say: `key` is the first such key,
 * and `values` both values. `program` may differ, and so may `network`, a name. Both have the same
 * keys, but that a short one lacks `class_name`; where they are of different versions, keys that only one of them has
 * are listed in `unknown`. */
typedef struct gt_record_difference {
    char key[64], values[256];
    char unknown[256];
} gt_record_difference;
/* True: nothing differs. */
bool gt_record_compare(const gt_record *claimed, const gt_record *made, gt_record_difference *d);

/* ---- the network ---- */

typedef struct gt_record_network {
    gt_sha256 contents, recipe;
} gt_record_network;

/* SHA-256 of the contents of a network's file (gantry hash --sha256) and of its recipe, kept in the cache by inode and
 * times of the file. Not for an audit: whoever writes the cache could choose the hashes. */
gt_status gt_record_network_hash(const char *path, const char *recipe, gt_record_network *out);

#endif
