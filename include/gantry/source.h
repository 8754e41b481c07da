/* SPDX-License-Identifier: Apache-2.0
 * Sources of pictures: what `gantry dataset` reads, and, where all pictures have one shape, what networks are trained
 * on (dataset.h). The pictures of a source may have any shapes, and a picture that cannot be read is an error of that
 * picture and not of the source.
 *
 *     gt_source *source;
 *     gt_status st = gt_source_open(&source, "photos/", &(gt_source_options){.labels = GT_SOURCE_LABELS_FOLDERS});
 *     if (st) return st;
 *     const gt_source_info *info = gt_source_get_info(source);
 *     for (int64_t i = 0; i < info->count; i++) {
 *         gt_picture p;
 *         if (gt_source_read(source, i, &p)) ... gt_message() says which entry of which file, and why ...
 *         gt_picture_free(&p);
 *     }
 *     gt_source_close(source);
 *
 * What can be opened, and the order of items:
 *   FOLDER                   picture files, recursively, by path components or code points; dataset.json at its root
 *   FOLDER_lmdb, FILE        LMDB (LSUN), a folder with a data.mdb or one file, in key order; pictures become 8-bit
 *                            RGB; of keys SIZE-NUMBER those of the largest size, or of options.array
 *   FOLDER, FILE.tfrecords   TFRecords of the StyleGAN tools; of NAME-rXX.tfrecords the largest level; NAME-rXX.labels
 *   FILE.zip                 picture files by the code points of their names; dataset.json
 *   FILE.h5                  HDF5 (see dataset.h)
 *   synth:NAME[:KEY=VALUE,...]   made on the fly (see dataset.h)
 *   FILE.tar, .tar.zst, .7z, .rar ...   archives by libarchive, by their bytes: as a ZIP; options.again_and_again
 *   FILE.zip/FOLDER          what lies in a folder of an archive alone
 *   cifar-10-python.tar.gz   data_batch_1 .. 5; cifar-100-python.tar.gz: train, fine labels. In the files' order. Also
 *                            the folder that it holds, by any name and under any names of files, or a folder above it
 *                            without pictures; and the same of the binary version by its names
 *   *-images-idx3-ubyte.gz   MNIST and its like (also unpacked); options.mnist_border. Labels: *-labels-idx1-ubyte
 *                            beside it. A folder of these: those of training
 *   FILE.npy, FILE.npz       one array [N,H,W], [N,H,W,C] or [N,C,H,W] of numbers (see below)
 *   FILE.csv                 lines PATH,LABEL[,LABEL...]; paths lie in the folder of the CSV or below, in file order
 *
 * Labels (classes or vectors, see dataset.h) are the source's own, unless the options say otherwise. As in the
 * reference tool an item may have none: gt_source_info.unlabelled counts those. Names in dataset.json and in tables are
 * those of items, or fit them without folders in front or endings (data/naming.h). Tables have lines of fields between
 * commas, semicolons, tabs or blanks, or of JSON (data/label_file.h). A first line that names no picture is a header.
 * One column of whole numbers (1 or 1.0): classes. One column of which any is not a number: names of classes, numbered
 * in the order of their code points. Else vectors, one number per column. A line with nothing, or blanks alone, where
 * its label should stand has none. NPZ: images are `images`, `x_train`, `data`, `arr_0` or the only array of 3 or 4
 * dimensions; labels are `labels`, `y_train`, `y` or `arr_1`. In all arrays, HDF5's too: texts are names of classes,
 * integers and booleans classes ([N], [N,1], one-hot [N,L]), floats classes where they are [N] and all whole; the rest
 * are vectors.
 *
 * Arrays, also those of HDF5: four axes are [N,C,H,W] where the second is at most 4 and the others are larger, or where
 * the last is more than 16 (HDF5: 256); else [N,H,W,C]. [N,784] and [N,3072] are MNIST's and CIFAR's pictures. Whole
 * numbers become 8-bit or 16-bit samples where these hold them, else float32; booleans 0 and 1 with the range 0 .. 1
 * (gantry dataset writes them as 0 and 255).
 *
 * All are read at random and by several threads, HDF5 by one. Of pictures of 32 x 32, from files in memory, an array,
 * CIFAR and MNIST give more images a second than a ZIP of PNGs (about 150,000 a core), LMDB of PNGs as many, folders,
 * CSV and HDF5 half as many, TFRecords a tenth (they are under checksums). Test sets are not taken along (test_batch of
 * CIFAR-10, test of CIFAR-100; MNIST has them in files of their own).
 *
 * Masks give the class of every pixel, for segmentation. In a folder or a ZIP the mask of the picture PATH/NAME.jpg is
 * masks/PATH/NAME.png; where one picture has a mask, each must have one (a folder `masks` without such files is one of
 * pictures). In HDF5 masks are `masks` [N,H,W] uint8. 255 is not a class: the pixel does not count. Masks are 8-bit
 * grey PNGs whose values are the classes. dataset.json may name the classes: "mask_classes": ["ground", "disc", ...];
 * of HDF5 the attribute class_names of `masks` does. synth:scenes has masks.
 *
 * Memory: less than 100 bytes an item and nothing of the pictures. What must be unpacked as a whole goes through an
 * unnamed file in $TMPDIR (or /tmp).
 * Threads: every function but open and close from any thread, several at a time, unless info.main_thread_only.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_SOURCE_H
#define GANTRY_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/choices.h"
#include "gantry/file.h"
#include "gantry/picture.h"
#include "gantry/status.h"

typedef struct gt_source gt_source;

typedef enum gt_label_kind { GT_LABELS_NONE, GT_LABELS_CLASSES, GT_LABELS_VECTORS } gt_label_kind;

typedef enum gt_source_labels {
    GT_SOURCE_LABELS_OWN,     /* dataset.json, label file, CSV: what the source brings */
    GT_SOURCE_LABELS_FOLDERS, /* the folder in an item's name is its class (folders and archives) */
    GT_SOURCE_LABELS_NONE,
} gt_source_labels;

/* Where the channels of an array lie. */
#define GT_ARRAY_LAYOUTS(X) X(GT_ARRAY_GUESS, "auto") X(GT_ARRAY_NHWC, "nhwc") X(GT_ARRAY_NCHW, "nchw")
typedef enum gt_array_layout { GT_ARRAY_LAYOUTS(GT_CONSTANT) } gt_array_layout;

typedef struct gt_source_options {
    gt_source_labels labels;
    /* Of folders: 1 the first one in a name, 2 the second, ... (below 0: an error); 0: of the first level where there
     * are several, else of the last one. Folders that are called train, val and test are then refused: they are parts
     * of a set. */
    int folder_level;
    /* Lines NAME,LABEL[,LABEL...] for the items' names, instead of the source's own; or NULL. Where items have no names
     * but their numbers (arrays, MNIST, HDF5, synth): also lines NUMBER,LABEL from 0, lines of a label alone for each
     * item, FILE.npy with a row for each, or FILE.h5:NAME, such a set of an HDF5 file (NAME may be left out where it is
     * `labels` or there is only one). FILE:COLUMN[,COLUMN...] takes columns by the names in the header. */
    const char *labels_csv;
    bool coarse;      /* CIFAR-100: the 20 coarse classes */
    int crops;        /* 0: whole pictures; else each picture becomes a regular grid of squares of this side, row by
                         row, the last row and column aligned to its border */
    int windows;      /* 0: whole pictures; else each picture, which must have a mask, becomes so many windows about its
                         objects and beside them, each with the class of its object, or 0 (windows.c) */
    int mnist_border; /* zeros added on each side of pictures of MNIST's 28 x 28 */
    /* Only the items of these classes: names, numbers and ranges of numbers, as in "cat,dog" and "0-7,9"; NULL or "":
     * all, also those without a label. The classes are numbered anew, 0, 1, ... in the order of this list. A network
     * that knows `network_classes` of them is asked by the numbers of its training: where these are not as many as the
     * list has (and not 0), the classes keep their numbers and names. */
    const char *classes;
    int network_classes;
    bool recorded_classes; /* `classes` was recorded by a run: see gt_class_names.names_first */
    /* Names of the classes 0, 1, ... in place of the source's own: "cat,dog", or a text file with a name per line. NULL
     * or "": the source's own. */
    const char *class_names;
    bool again_and_again; /* items are read more than once: an archive that must be unpacked as a whole is refused, with
                             the command that makes a dataset of it */
    /* Of files with several arrays the name of one of them (.npz, HDF5), or of several sizes one (LMDB); NULL or "":
     * the usual one. */
    const char *array;
    gt_array_layout layout;
    const char *shape; /* of each picture of an array, as in "28x28", "32x32x3" or "3x32x32"; NULL or "": by its axes */
    bool lone_picture; /* a picture file by itself is a source of one picture */
    /* a folder's pictures by the code points of their names, as networks are trained on them; else by path components
     */
    bool by_code_points;
    bool every_label; /* a dataset.json with labels must have one for each item; else an item may have none */
} gt_source_options;

/* The name of a built-in set and its options, what stands behind synth: in its path; NULL: the path is another. */
const char *gt_synth_of_path(const char *path);

enum { GT_MASK_IGNORE = 255, GT_MASK_CLASSES_MAX = 255 };

typedef struct gt_source_info {
    const char *source; /* "folder", "zip", "hdf5", "synth", "lmdb", "tfrecords", "cifar", "mnist", "numpy", "csv",
                           "picture" */
    int64_t count;
    gt_label_kind label_kind;
    int label_width;    /* classes: 1 + the largest; vectors: their length; 0: none */
    int32_t *classes;   /* [count], -1: the item has no label */
    double *vectors;    /* [count,label_width]; the first number is NaN: the item has no label */
    int64_t unlabelled; /* items without a label where others have one */
    int class_names;    /* number of names, 0: not known */
    char **class_name;  /* [class_room] */
    size_t class_room;
    bool labels_missing; /* a dataset.json was to tell them, and has no key "labels" */
    char *taken;         /* what gt_source_options.classes took, for the user; NULL: all */
    char *said;          /* how the source was read where that is not plain, a line each, for the user; NULL: nothing */
    char *passed;        /* files that hold no picture: "3 .txt and 1 .mp4"; NULL: none */
    char *sifted;        /* pictures that their bytes alone tell, and hidden files: earlier versions passed over the
                            former and took some of the latter; for the user; NULL: none */
    bool masks;          /* the pictures have masks: the class of every pixel (gt_source_mask) */
    int mask_classes;    /* classes of the masks, as their names say; 0: nobody says */
    char **mask_name;    /* [mask_classes] */
    size_t mask_room;
    char *channel_names; /* NULL: not given */
    char *label_names;   /* "radius", "x,y": of a vector's numbers, or of the class; NULL: not given */
    bool has_range;      /* and it is not the usual one, of HDF5 */
    bool says_range;     /* also where it is the usual one */
    double range[2];
    const char *booleans; /* "pictures", or by the array's name "masks": of booleans, which are samples 0 and 1 with the
                             range 0 .. 1; NULL: the samples are others */
    int border;           /* pixels that were added on each side (mnist_border) */
    bool main_thread_only; /* gt_source_read and gt_source_head only from the main thread */
    /* Of fields (fields.h): so many of the last channels are conditions; their values were normalised by `scale`
     * [channels], which lives as long as the source. 0, NULL: the items are ordinary pictures. */
    int conditions;
    const struct gt_channel_scale *scale;
} gt_source_info;

/* ---- classes by their names and numbers ---- */

/* The number that a text begins with, -1: none, or too large; *end: what follows it. */
int gt_class_number(const char *text, const char **end);

enum { GT_ITEM_NAME_BYTES = 4200 };

/* `options` NULL: all zero, but GT_MNIST_BORDER. GT_FORMAT, GT_FAILED: it cannot be read at all; GT_USAGE: an option
 * that does not fit. Messages name the file. */
gt_status gt_source_open(gt_source **out, const char *spec, const gt_source_options *options);
void gt_source_close(gt_source *s); /* NULL is fine */
const gt_source_info *gt_source_get_info(const gt_source *s);
/* Logs what there is to say: info->taken and info->said. `spec`: the name the user gave. */
void gt_source_tell(const gt_source_info *info, const char *spec);

/* Item i as [H,W,C], for gt_picture_free; messages name file, entry and reason. */
gt_status gt_source_read(gt_source *s, int64_t i, gt_picture *out);

/* The item's name: path below the folder, entry of the archive, key; made up for items that have none. The text is in
 * `buffer` or lives as long as the source. */
const char *gt_source_name(const gt_source *s, int64_t i, char buffer[GT_ITEM_NAME_BYTES]);

/* What pictures of any kinds and sizes there are, by their heads; of very many an even choice is looked at. */
typedef struct gt_survey {
    int64_t count, looked;
    int64_t unread, first_unread; /* those that cannot be read, and the first of them; -1: none */
    int64_t grey, transparent;
    int smallest[2], largest[2]; /* width and height, by the number of pixels */
    int least[2], most[2];       /* width and height, each by itself */
    int side;                    /* of a dataset that suits them and a CPU */
    int64_t pixels;              /* of all that were looked at */
    int64_t oblong;              /* pictures that are not square */
    bool coloured;               /* some are not grey */
    bool plain;                  /* all can become grey or RGB */
    bool folders;                /* they have no labels, and the folders that they lie in can be their classes */
    int64_t decoded;             /* by gt_survey_decode(), beside those that it cannot read */
} gt_survey;
struct gt_buffer;
gt_status gt_survey_pictures(const gt_source *s, gt_survey *out);
/* Decodes as many pictures as take some seconds, evenly spaced: those whose heads alone are sound count as unread. */
gt_status gt_survey_decode(gt_source *s, gt_survey *o);
/* The command that makes a dataset of them. */
void gt_survey_command(const gt_survey *o, const char *spec, struct gt_buffer *to);

/* The item's class; -1: the item has no label, or labels are vectors. */
int gt_source_class(const gt_source *s, int64_t i);

/* The label_width numbers of the item's label (double, so that the numbers of a dataset.json come out as they went in);
 * NULL: the item has no label, or labels are classes. */
const double *gt_source_vector(const gt_source *s, int64_t i);

#endif
