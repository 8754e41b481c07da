/* SPDX-License-Identifier: Apache-2.0
 * What training, metrics and converters ask of a dataset, beside gantry/dataset.h: names, numbers, fingerprints,
 * looks. */
#ifndef GANTRY_DATA_DOOR_DATASET_H
#define GANTRY_DATA_DOOR_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/dataset.h"
#include "gantry/hash.h"
#include "gantry/pool.h"
#include "gantry/sample.h"
#include "gantry/source.h"
#include "gantry/status.h"

/* The first class that two lists give other names, as far as both lists reach; -1: there is none. */
int gt_class_names_differ(const char *const *a, int n_a, const char *const *b, int n_b);

/* The same, with the mask unless `mask` is NULL. With options.skip_damaged *item becomes the item that was read: the
 * item itself, or, where that is damaged, the next one of its class (of any class, where its class has no other), a
 * function of the data alone. A damaged picture is a warning once. GT_FORMAT: there are more than 1 % of them. */
gt_status gt_dataset_take(gt_dataset *ds, int64_t *item, void *samples, uint8_t *mask);

gt_sample_format gt_dataset_format(const gt_dataset_info *info);
/* The other way: n numbers as a generator makes them become the samples that a file of this format holds. They are
 * clamped to the range and to what the type holds, and whole numbers are rounded to the nearest: with 8 bits of the
 * usual range trunc(clamp(x * 127.5 + 128, 0, 255)) (docs/mathematics/seeds.md#pixel-values). NaN becomes the least
 * sample; of floats NaN stays. */
void gt_samples_of_floats(const gt_sample_format *format, const float *x, size_t n, void *samples);
/* gt_dataset_floats() of samples of a format. */
void gt_floats_of_samples(const gt_sample_format *format, const void *samples, size_t n, float *out);

/* Both ways in place: pictures as a file of this format shows them. Numbers that are not finite stay. */
void gt_floats_round(const gt_sample_format *format, size_t n, float *x);

/* What colour means here: 0, all channels (1 is grey, 3 are RGB); n > 0, the first n of them (1 grey, 3 RGB); -1, none.
 * By the names of the channels, where they are given, else by their number. */
int gt_dataset_colours(const gt_dataset_info *info);
bool gt_dataset_alpha(const gt_dataset_info *info); /* is the last channel alpha, by its name (A or alpha)? */

/* The name of number k of a label, or of the class (k = 0), as the data give it, else "label" or "class". */
const char *gt_label_name(const gt_dataset_info *info, int k, char name[64]);

/* The item's name: see gt_source_name(). The mirror image of an item has the item's name. */
const char *gt_dataset_name(const gt_dataset *ds, int64_t item, char buffer[GT_ITEM_NAME_BYTES]);

/* What the dataset reads: all stored images, without subset, split and mirror images, but only those of
 * options.classes. It lives as long as the dataset. */
gt_source *gt_dataset_source(gt_dataset *ds);

/* As gt_dataset_fingerprint(), but of all images where that is of 256 of them: reads them all. */
gt_status gt_dataset_whole_fingerprint(gt_dataset *ds, gt_hash128 *out);
/* Another hash of the same, for which at most a few images are read: so cheap that every rank can make the hash, to see
 * whether all ranks have the same data before them. */
gt_status gt_dataset_quick_fingerprint(gt_dataset *ds, gt_hash128 *out);

enum { GT_LOOKS = 256 };

/* What some of the source's images are like (look.c): all up to 256, else 256 evenly spaced, subset or not. */
typedef struct gt_data_look {
    /* A hash of size, range, colours, labels, order and the pixels of these images, whatever files the images lie in:
     * the same for a ZIP, for the folder that the ZIP was unzipped into and for better compressed PNGs. Where images
     * are unreadable it is of the others. */
    gt_hash128 pictures;
    gt_hash128 image[GT_LOOKS];    /* [looks] of each; without meaning where it is unreadable */
    char unread[GT_LOOKS / 4 + 1]; /* which are: four images a hexadecimal digit, the first one the lowest bit */
    int64_t looks;                 /* images looked at */
    int64_t unreadable;            /* how many of these are damaged, or have samples that are not finite */
    char why[512];                 /* the reason for the first unreadable image */
    double least, most;            /* the least and the greatest sample of the readable images */
    int64_t uniform;               /* how many of these have one single colour */
    int64_t equal;                 /* how many of these are equal to the first of them, itself among them */
} gt_data_look;

/* Reads the images on the threads of `pool` (NULL: this thread alone). Main thread only. That an image cannot be read
 * is not an error here. */
gt_status gt_dataset_look(gt_dataset *ds, gt_pool *pool, gt_data_look *out);
/* The hash that a look would have made which could not read these images, as in `unread`. Not *comparable: this look
 * could not read others. */
gt_status gt_look_without(const gt_dataset *ds, const gt_data_look *look, const char *unread, gt_hash128 *out,
                          bool *comparable);
/* Warns of images that cannot be used and of samples outside the range, if there are some. `spec`: the name the user
 * gave. */
void gt_look_warn(const gt_data_look *look, const gt_dataset_info *info, const char *spec);
/* GT_FORMAT: floats of which nobody says what is black and white, and which do not look like the usual range. Who
 * begins to train on them would learn other pictures than are meant. */
gt_status gt_look_check_range(const gt_data_look *look, const gt_dataset_info *info, const char *spec);
/* Before a training: warns where the readable images are all equal, or where each is of one single colour. `images`:
 * how many the networks will be shown. */
void gt_look_warn_of_sameness(const gt_data_look *look, int64_t images, const char *spec);
bool gt_dataset_may_leave_range(const gt_dataset_info *info); /* can samples of this kind lie outside the range? */

/* What gt_classes_empty() and gt_classes_small() say of all items, as a warning; nothing for labels that are not
 * classes, or not wanted. Warns of labels_missing, too. */
gt_status gt_dataset_warn_classes(const gt_dataset *ds, const char *spec);

#endif
