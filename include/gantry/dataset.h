/* SPDX-License-Identifier: Apache-2.0
 * A dataset: images of one shape and kind of sample (sample.h), and optional labels.
 *
 *     gt_dataset *ds;
 *     gt_status st = gt_dataset_open(&ds, "cifar10.zip", &(gt_dataset_options){.use_labels = true, .mirror = true});
 *     if (st) return st;
 *     const gt_dataset_info *info = gt_dataset_get_info(ds);
 *     ... gt_dataset_read(ds, item, pixels) for item = 0 .. info->count - 1 ...
 *     gt_dataset_close(ds);
 *
 * Every source can be opened (source.h) whose pictures have one shape and kind of sample. As a dataset
 *   - a folder's pictures come in the order of the code points of their names;
 *   - MNIST's 28 x 28 pixels stay as they are;
 *   - a picture file of a kind that cannot be read is an error.
 * Pictures with alpha have the channels R,G,B,A or grey,A when nobody says otherwise.
 * FILE.h5: `images` [N,H,W,C] uint8, uint16 or float32 (finite), C up to 256, or other arrays (source.h); optional
 * `labels` [N] integers or whole numbers, or [N,L] floats; optional attributes of `images`: range (two numbers),
 * channels (text), label_names (text), class_names (list of text).
 *
 * dataset.json: {"labels": [[NAME, LABEL], ...] or null, "range": [lo, hi], "channels": "R,G,B", "class_names": [...],
 * "label_names": "x,y"}, each key optional. LABEL is a whole number 0..65535, such as 1 or 1.0, for every image
 * (classes; width = 1 + the largest), or a list of finite numbers of one length <= 65536 (vectors). Every image must be
 * listed, and not twice with different labels; further names are ignored. Labels are read and checked whether wanted or
 * not. Items of other sources (CSV) may lack a label: networks that need labels refuse these.
 *
 * synth:circles, keys n=1000, size=28 (8..4096), seed=0
 *   One channel, white ground (255), one black circle line near the middle. With u = size/28 the radius is uniform in
 *   [0.65u, 10.2u) pixels, the line 0.92u wide, the centre at size/2 (where pixel x covers x .. x+1) or up to 0.65u
 *   right of it and up to 0.65u above; a pixel whose centre lies at distance d from the line's middle is covered by the
 *   overlap of [d-1/2, d+1/2] and [-0.46u, 0.46u]. The label is a vector of width 1: the radius in pixels (label name
 *   "radius"). These are the measures of the circles in D. Voigt Godoy, "Understanding autoencoders with an example",
 *   2022, as far as its pictures tell. At size 28 the mean over images of the sum of squared pixels (white = 1) is
 *   784 - 2 pi 5.425 (2w - w^2 + w^3/3) = 741.3 with w = 0.92.
 * synth:shapes, keys n=4096, size=32 (8..4096), classes=8 (1..8), seed=0
 *   RGB, one anti-aliased shape of a clear colour on a ground of another; image i has class i mod classes: disc, ring,
 *   square, triangle, cross, half disc, star, diamond (the class names). Centre, size, tilt and colours are random.
 * synth:scenes, keys n=4096, size=64 (8..4096), classes=8 (1..8), seed=0
 *   RGB, one to four shapes of synth:shapes that do not overlap, on a ground of waves between two colours; each shape
 *   reaches 0.14 to 0.24 of the side from its centre. Masks: 0 ground, 1 disc, 2 ring, ... (pixels whose middle lies in
 *   the shape).
 * synth:fields, keys n=16384, size=32 (multiples of 4, 8 to 64), seed=0
 *   float32 with a condition (fields.h), normalised: the target `field`, a Gaussian random field on a torus with mean
 * 0, and the condition `coarse`, the means of its blocks of 4x4 pixels, each in all pixels of its block. The covariance
 * of two pixels (dy,dx) apart is C(dy,dx) = sum over k, l = 0 .. size-1 of P(k,l) cos(2 pi (k dy + l dx) / size), with
 *   P(k,l) proportional to (4 + k'^2 + l'^2)^(-3/2), k' = min(k, size - k), and C(0,0) = 1. With A the matrix of block
 *   means, the field that is given its means m is Gaussian: mean C A' (A C A')^-1 m, covariance C - C A' (A C A')^-1 A
 * C. Image i of any is a function of name, keys and i alone (Philox); n does not matter to it.
 *
 * Threads: images may be read from any thread, several at a time; those of an HDF5 file only from the main thread
 * (gt_dataset_info.main_thread_only). Labels and info: any thread, any time. All sources are read at random: what is
 * packed as a whole (CIFAR, MNIST, .npz) is unpacked into an unnamed file in $TMPDIR when it is opened.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_DATASET_H
#define GANTRY_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/fields.h"
#include "gantry/hash.h"
#include "gantry/pool.h"
#include "gantry/sample.h"
#include "gantry/source.h"
#include "gantry/status.h"
#include "gantry/transform.h"

typedef struct gt_dataset gt_dataset;

typedef struct gt_dataset_options {
    bool use_labels;     /* all items must have labels; false: label_width is 0 */
    bool labels_if_any;  /* in place of use_labels: labels are wanted where there are some */
    bool use_masks;      /* all items must have masks; their classes are counted where nobody says how many there are */
    const char *classes; /* only these classes, numbered anew (gt_source_options); NULL or "": all images */
    int network_classes;
    bool recorded_classes;
    const char *class_names; /* as in gt_source_options */
    /* Pictures of any shapes, also a picture file by itself: what this transform, which tells width, height and
     * channels, makes of them. Those that have the shape stay as they are. NULL: all must have one shape. */
    const gt_transform *fit;
    bool some; /* with `fit`: a picture that cannot be read is an error only where it is read */
    /* A picture whose bytes do not decode, or whose mask's do not, is not an error: the next one of its class takes its
     * place (gt_dataset_take). Only more than one, and more than 1 % of the images, are. */
    bool skip_damaged;
    bool mirror;    /* twice as many items: all images, then all again with left and right exchanged */
    int64_t subset; /* 0: all; else this many, drawn as the reference tool draws them (MT19937 shuffle, then sorted) */
    /* This part of the images (of the subset, where there is one), the first of the drawn order, is left out; or, with
     * `held_out_only`, nothing else is there. */
    double held_out;
    bool held_out_only;
    int64_t most; /* of the images that are then left only so many; 0: all */
    uint32_t subset_seed;
    /* The two samples of an array of floats (.npy, .npz) that stand for -1 and 1; NULL: -1 and 1. Other sources say it
     * themselves. */
    const double *float_range;
    const gt_fields_request *fields; /* targets, conditions and their values (fields.h); NULL: ordinary pictures */
} gt_dataset_options;

typedef struct gt_dataset_info {
    const char *name;   /* last part of the path without its extension; NAME of synth:NAME */
    const char *source; /* the kind: "zip", "folder", ... (gt_source_info) */
    int64_t count;      /* items: after subset and mirror */
    int64_t stored;     /* images in the source */
    int height, width, channels;
    gt_sample type;
    size_t image_bytes;           /* of one image's samples */
    gt_label_kind label_kind;     /* what the source holds, wanted or not */
    int stored_label_width;       /* classes: 1 + the largest; vectors: their length; 0: none */
    int label_width;              /* the same, or 0 when labels are not wanted: floats that gt_dataset_label writes */
    int64_t unlabelled;           /* stored images without a label where others have one */
    bool masks;                   /* the items have masks */
    int mask_classes;             /* of the masks; 0: neither named nor, without use_masks, counted */
    const char *const *mask_name; /* [mask_classes]; NULL: not given */
    bool labels_missing;          /* a dataset.json was to tell them, and has no key "labels" */
    const char *taken, *passed, *sifted; /* of the source, for the user: see gt_source_info */
    const char *fitted;                  /* which pictures options.fit has changed and how, for the user; NULL: none */
    const char *chosen_by;               /* "--validation": the options by which images are left out; NULL: none are */
    int class_names;                     /* number of names, 0: not given */
    const char *const *class_name;
    const char *channel_names; /* as given ("R,G,B"), NULL: not given */
    const char *label_names;   /* as given ("radius"), NULL: not given; see gt_label_name() */
    double range[2];           /* sample values that stand for -1 and 1; the usual ones (sample.h) when not given */
    bool says_no_range;        /* floats whose source does not say which of them are black and white */
    const char *booleans;      /* as in gt_source_info */
    bool main_thread_only;     /* gt_dataset_read only from the main thread */
    bool skips_damaged;        /* options.skip_damaged */
    /* Of fields (fields.h); all other datasets: NULL, 0, -1, NULL. The dataset owns them. */
    const gt_channel_scale *scale; /* [channels] */
    int conditions;                /* how many of the last channels are conditions */
    int mask_of_target;            /* the channel, 1 where targets are there and 0 where not; -1: there is none */
    const gt_fields_place *place;
} gt_dataset_info;

/* `options` NULL: all images, labels wanted where there are some, not mirrored. Messages name file, entry and reason.
 * GT_USAGE: a subset larger than the set, a wrong synth: key. */
gt_status gt_dataset_open(gt_dataset **out, const char *spec, const gt_dataset_options *options);
void gt_dataset_close(gt_dataset *ds); /* NULL is fine */
const gt_dataset_info *gt_dataset_get_info(const gt_dataset *ds);

/* Says in the log which classes were taken, where options.classes was given, and how the source was read (source.h).
 * `spec`: the name the user gave. */
void gt_dataset_tell_classes(const gt_dataset *ds, const char *spec);
void gt_dataset_tell_fit(const gt_dataset *ds, const char *spec); /* the same of options.fit */

/* Item 0 .. count-1 as [H,W,C] samples of info->type into `samples` (image_bytes). With options.skip_damaged what
 * gt_dataset_take() gives. */
gt_status gt_dataset_read(gt_dataset *ds, int64_t item, void *samples);

/* Bytes of the mask of an item; 0: there are no masks. */
static inline size_t gt_mask_bytes(const gt_dataset_info *info) {
    return info->masks ? (size_t)info->height * (size_t)info->width : 0;
}
/* The mask of an item, [H,W]: classes 0 .. mask_classes-1 and GT_MASK_IGNORE. */
gt_status gt_dataset_mask(gt_dataset *ds, int64_t item, uint8_t *classes);

/* n samples as the networks see them: range becomes -1 .. 1 (for the range 0..255 exactly x / 127.5 - 1 in float32). */
void gt_dataset_floats(const gt_dataset_info *info, const void *samples, size_t n, float *out);

/* The item's label as label_width floats (classes: one-hot; no label: zeros, or NaN for vectors); writes nothing when
 * label_width is 0. */
void gt_dataset_label(const gt_dataset *ds, int64_t item, float *label);

/* What tells the item's sample from others wherever it lies: its time in seconds since 1970-01-01 in its calendar, or
 * the number of the stored image where there are no times. *time: the same as the file has it, in place->time_units
 * (NaN: there are no times); may be NULL. */
int64_t gt_dataset_moment(const gt_dataset *ds, int64_t item, double *time);

/* The item's class, wanted or not; -1: it has none. */
int gt_dataset_class(const gt_dataset *ds, int64_t item);

/* XXH3-128 of what the source holds (subset, mirror and use_labels do not count) and, where they are not the usual
 * ones, of its range and which channels are colours: independent of path and time. Reads a part of every file of a
 * folder, nothing more of a ZIP or a synth set, and 256 evenly spaced images of other sources: one rank makes it and
 * tells the others. Main thread only. */
gt_status gt_dataset_fingerprint(gt_dataset *ds, gt_hash128 *out);

/* Has the dataset the usual range of its kind of samples? */
bool gt_dataset_usual_range(const gt_dataset_info *info);
/* Do samples with these ends look as if they had this range, where nobody says which they have? */
bool gt_dataset_suggests(const gt_dataset_info *info, double least, double most, double range[2]);
/* Looks at data of such a kind and warns (gt_look_warn). */
gt_status gt_dataset_warn_of_range(gt_dataset *ds, gt_pool *pool, const char *spec);
bool gt_dataset_leaves_range(const gt_dataset_info *info, double least, double most); /* do samples with these ends? */

/* Class numbers below the largest that no image has, by how many images each of n classes has. False, and no text:
 * there are none. */
bool gt_classes_empty(const int64_t *images, int n, char *text, size_t room);
/* The same of classes that have images, and too few to learn from: "2 of 10 classes have fewer than 10 images, ...". */
bool gt_classes_small(const int64_t *images, int n, char *text, size_t room);

#endif
