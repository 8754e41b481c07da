/* SPDX-License-Identifier: Apache-2.0
 * What a kind of source must provide. A new kind is one file of src/features with one gt_source_kind, gt_source_NAME,
 * and a word in the list SOURCES of src/features/list.h. */
#ifndef GANTRY_DATA_DOOR_SOURCE_H
#define GANTRY_DATA_DOOR_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/door/file.h"
#include "base/door/hash.h"
#include "files/codec/door/npy.h"
#include "files/codec/door/picture.h"
#include "data/door/name_list.h"
#include "gantry/box.h"
#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/hash.h"
#include "gantry/memory.h"
#include "gantry/source.h"
#include "gantry/status.h"
#include "gantry/transform.h"

enum { GT_MNIST_BORDER = 2 }; /* what the reference tool adds */

/* How such pictures fit into a square, as options: " --transform=center-crop", or, where that would cut off ends or
 * leave transparency, " --pad ...". */
void gt_survey_fit(const gt_survey *o, struct gt_buffer *to);
/* Name of the first of the pictures that cannot be read, and why; there must be one. */
void gt_survey_why(const gt_source *s, const gt_survey *o, struct gt_buffer *to);

/* ---- classes by their names and numbers ---- */

typedef struct gt_class_names {
    const char *const *name; /* [names]; may be NULL where there are none */
    int names, classes;      /* numbers are below `classes` */
    bool names_first; /* of a text that is one class's name and another's number the name is meant: so it was when runs
                         began whose --classes are recorded */
} gt_class_names;

#define GT_CLASS_NAMED "name:"
/* The class that a text means: its name or its number. "#2" is a number and "name:2" a name, whatever classes are
 * called. *class is -1: there is none such. GT_USAGE: the text is the name of one class and the number of another, or
 * several classes have the name; messages begin with `option` ("--class"). */
gt_status gt_class_of_text(const gt_class_names *n, const char *option, const char *text, int *class);
const char *gt_class_nearest(const gt_class_names *n, const char *text); /* the name most like a text; NULL: none is */

/* The mask of item i, where the source has masks: [H,W] classes of 8 bits, GT_MASK_IGNORE where there is none, of the
 * size of the item's picture `shape`; for gt_picture_free. Threads as gt_source_read. GT_FORMAT: not of this size, a
 * class that is not among the masks' classes, or no 8-bit grey PNG. */
gt_status gt_source_mask(gt_source *s, int64_t i, const gt_picture *shape, gt_picture *out);

/* Size and kind of the item without its pixels. Of a picture file the beginning is read (of TIFF all); of an array
 * nothing is. */
gt_status gt_source_head(gt_source *s, int64_t i, gt_picture_info *out);

/* A stamp tells whether what is read has changed: of the source as a whole (main thread), and of item i where each item
 * has one; else zero. A file is known by its size and the time of its last change, so that it may be moved; an entry of
 * an archive by its size and checksum; a built-in set by its name and keys. */
gt_hash128 gt_source_stamp(const gt_source *s);
gt_hash128 gt_source_item_stamp(const gt_source *s, int64_t i);

enum {
    GT_CLASS_MAX = 65535,
    GT_VECTOR_MAX = 65536,
    GT_FILE_MAX = GT_PICTURE_MAX_BYTES + (64 << 20), /* bytes of one picture file */
    GT_NOTES_MAX = 512 << 20,                        /* bytes of dataset.json */
};
#define GT_NOTES_FILE "dataset.json"
/* Beside the samples that `gantry dataset` makes: the hash of each (data/door/parts.h), 32 bytes, in their order. */
#define GT_LEAVES_FILE "samples.sha256"
#define GT_LABELS_MISSING \
    "'%s': its dataset.json has no key \"labels\" (a list of [NAME, LABEL], or null): the images have no labels"

/* The functions of a source get the source. Messages of all of them give the reason alone, or what lies below the
 * source's name and the reason. All but `close` may be called by several threads at once, unless main_thread_only. */
typedef gt_status gt_read(const gt_source *s, int64_t i, gt_picture *out);
/* The first bytes of a picture file, at most `most` (malloc'ed, the caller frees them also after a failure). `whole`:
 * more than `most` are an error. */
typedef gt_status gt_load(const gt_source *s, int64_t i, size_t most, bool whole, void **bytes, size_t *n);

struct gt_source {
    gt_arena *arena;    /* for what lives as long as the source, and the source itself; while it is opened */
    void *state;        /* of the kind; in the arena */
    gt_temp_file file;  /* where the items lie, a temporary file or another one; closed with the source */
    gt_name_list names; /* of the items; none: see `name` */
    int64_t count;
    bool main_thread_only;

    /* The picture of an item as it is stored. *out is {0}, and becomes a picture for gt_picture_free; or *out is the
     * source's `shape` with the caller's memory for the samples. */
    gt_read *read;
    /* What the picture is like. `first`: how many bytes to try first, where the beginning of an item may tell it. */
    gt_status (*head)(const gt_source *s, int64_t i, size_t first, gt_picture_info *out);
    bool slow_heads; /* `head` reads all of an item */
    /* The mask of an item's picture as it is stored, for gt_picture_free; NULL: there are no masks. */
    gt_read *mask;

    gt_picture shape;   /* of all items, without samples, where that is known beforehand; else height 0 */
    const char *format; /* what heads call items of this shape */
    const char *array;  /* the array of a file that the items lie in, for messages; NULL: not said */
    gt_load *load;      /* for gt_loaded_picture and gt_loaded_head */
    bool files;         /* items are picture files, whose names say their kind */

    /* The name of an item where there is no list of names; NULL: its number in so many digits. */
    const char *(*name)(const gt_source *s, int64_t i, char buffer[GT_ITEM_NAME_BYTES]);
    int name_digits;

    /* of the file that all items come from, taken before the file is read; without meaning where each item has one */
    gt_hash128 stamp;
    gt_hash128 (*item_stamp)(const gt_source *s, int64_t i); /* NULL: `stamp` is all that is known */
    /* Adds to a hash what tells the pictures of the source from others; main thread. `most` > 0: where pictures would
     * have to be read for it, of so many alone, evenly spaced. NULL: the pixels of some are what tells (dataset.c). */
    gt_status (*fingerprint)(const gt_source *s, gt_hasher *h, int64_t most);
    /* The bytes of samples.sha256, at most `most` (malloc'ed); *bytes NULL: there is no such file. Main thread. NULL:
     * there is none, or the items and labels are not those that lie beside it. */
    gt_status (*leaves)(const gt_source *s, size_t most, void **bytes, size_t *n);
    void (*close)(void *state); /* closes what the state holds; NULL: nothing */

    gt_source_info info; /* its count is filled in by gt_source_open; its memory is malloc'ed */
    char *spec;          /* without slashes at its end */
    char *path, *inside; /* in the arena, as `spec`; of "FILE.zip/train": "FILE.zip" and "train/", below which alone
                            items lie; else `path` is `spec`, and `inside` NULL */
};

typedef struct gt_spec {   /* what somebody names as a source */
    const char *text;      /* the path of a file or folder, without what lies in the file */
    const char *extension; /* of the last part of the path, "" for none */
    bool is_folder, is_file;
    bool lone_picture; /* gt_source_options */
} gt_spec;

typedef struct gt_source_kind {
    const char *name;
    const char *looks; /* how such a source is named, for messages */
    bool has_folders;  /* in a file: "FILE/train" is a source */
    bool (*claims)(const gt_spec *spec);
    bool named, shaped; /* options.array, and options.layout and .shape, have a meaning */
    size_t state_bytes; /* of s->state, which `open` finds zeroed; 0: none */
    void (*close)(void *state);
    /* s->spec is the name, s->stamp that of the file. On failure the caller closes the source. Labels are read where
     * gt_own_labels(options); range and names of channels always. */
    gt_status (*open)(gt_source *s, const gt_source_options *options);
} gt_source_kind;

extern const gt_source_kind gt_source_synth, gt_source_hdf5;
/* All kinds; NULL ends the list. The first that claims a source has it: a folder that ends in _lmdb before folders at
 * large. */
extern const gt_source_kind *const gt_source_kinds[];

/* Are the labels that the source brings wanted? */
static inline bool gt_own_labels(const gt_source_options *o) {
    return o->labels == GT_SOURCE_LABELS_OWN && !o->labels_csv;
}

/* A source of nothing with its arena, for gt_source_close(); NULL: out of memory. */
gt_source *gt_source_new(const char *spec);

/* ---- reading (source.c) ---- */

/* The two kinds of sources that most are: arrays, whose items have s->shape, and picture files. Others set s->read and
 * s->head themselves. */
void gt_source_of_arrays(gt_source *s, const char *format, gt_read *read);
void gt_source_of_pictures(gt_source *s, gt_load *load);
/* For `read` of arrays: memory for the samples, unless the caller has brought some. */
gt_status gt_array_room(const gt_source *s, gt_picture *out);

/* Read an item into an empty picture, or its head. Messages give the reason alone. */
gt_status gt_item_read(const gt_source *s, int64_t i, gt_picture *out);
gt_status gt_item_head(const gt_source *s, int64_t i, size_t first, gt_picture_info *out);
/* Of how many items the heads are looked at where all of them are wanted: fewer, evenly spaced, of very many or where a
 * head is as slow as its picture. Item k of so many. */
static inline int64_t gt_source_looks(const gt_source *s) {
    int64_t most = s->slow_heads ? 256 : 65536;
    return s->count < most ? s->count : most;
}
static inline int64_t gt_source_look(const gt_source *s, int64_t k, int64_t looks) {
    return (int64_t)((__int128)k * s->count / looks);
}
/* The shape of an item: from its head where the first bytes (at least `first`; 0: the head is not asked) tell it, else
 * by reading the item. *cut: see gt_picture_info. */
gt_status gt_item_shape(const gt_source *s, int64_t i, size_t first, gt_picture *shape, bool *cut);
/* GT_FORMAT: samples of floats of a picture of the source are not finite. */
gt_status gt_check_finite(const gt_source *s, const gt_picture *p);
/* GT_OK, or the message with source and item in front. */
gt_status gt_item_wrap(const gt_source *s, int64_t i, gt_status st);

/* An index for looking items up by their names: their numbers in the order of code points; free() it. NULL: out of
 * memory. */
uint32_t *gt_item_index(const gt_source *s);
int64_t gt_item_find(const gt_source *s, const uint32_t *index, const char *name); /* -1: none */

/* The picture of an item, and its head, by s->load. */
gt_status gt_loaded_picture(const gt_source *s, int64_t i, gt_picture *out);
gt_status gt_loaded_head(const gt_source *s, int64_t i, size_t first, gt_picture_info *out);

/* Closes what the items come from; notes and spec stay. */
void gt_source_close_items(gt_source *s);

/* ---- sources around sources (around.c) ---- */

typedef struct gt_around gt_around;
typedef int64_t gt_around_item(const gt_around *a, int64_t i); /* the item inside that item i comes from */
struct gt_around {                                             /* what their states begin with */
    gt_source inner;
    gt_around_item *item;
    void (*close)(void *state);
};
/* Puts a source around *s: zeroed memory of so many bytes, which begins with a gt_around, is the new state. Pictures,
 * heads, masks, names, stamps and the fingerprint go through to the source inside, for the caller to replace. `item`
 * NULL: each item comes from that of the same number. `close` NULL: the state holds nothing but memory of the arena. */
gt_status gt_source_surround(gt_source *s, size_t state_bytes, gt_around_item *item, void (*close)(void *state));

/* Puts a part of `from` - so many rows and columns from row `top` and column `left` on - into the middle of `to`, which
 * has samples of the same kind and as many channels. */
void gt_picture_paste(const gt_picture *from, int top, int left, int height, int width, gt_picture *to);
enum { GT_SHAPE_BYTES = 96 };
const char *gt_picture_shape(const gt_picture *shape, char text[GT_SHAPE_BYTES]); /* "32 x 32 pixels, 8-bit RGB" */

/* Makes *s, which reads whole pictures, a source of squares of these pictures (crops.c). */
gt_status gt_source_crops(gt_source *s, int side);
/* Makes *s a source of `each` windows of each of its pictures, labelled by what they show (windows.c). */
gt_status gt_source_windows(gt_source *s, int each);
/* Makes *s a source of these windows [count * each] in its arena: picture i has those from i * each on. The labels must
 * be those of the windows already. (crops.c) */
gt_status gt_source_cut(gt_source *s, int each, gt_box *windows);

/* Makes *s, where its pictures differ, a source of what the transform makes of each. *shape: what all of them become;
 * samples get the kind of the first item's, and the usual range. *said: what is changed and how, in the arena;
 * untouched where nothing is. `some`: items that cannot be read are passed over, as long as there are others. (fit.c)
 */
gt_status gt_source_fit(gt_source *s, const gt_transform *wanted, bool some, gt_picture *shape, char **said);
/* Makes *s a source of the items alone that have one of options->classes. (class_filter.c) */
gt_status gt_source_filter_classes(gt_source *s, const gt_source_options *options);

/* Adds number, size and kind of samples, and labels: what every fingerprint begins with. */
void gt_source_hash(const gt_source *s, const gt_picture *shape, gt_hasher *h);

/* ---- notes (labels.c) ---- */

/* Adds a line to n->said: a sentence without a full stop, whose subject is the source. (said.c) */
gt_status gt_notes_say(gt_source_info *n, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gt_notes_free(gt_source_info *n);
void gt_notes_drop_labels(gt_source_info *n); /* and names of classes */
/* Make room for [count] labels without value, in place of the labels that are there. */
gt_status gt_notes_new_classes(gt_source_info *n, int64_t count);
gt_status gt_notes_new_vectors(gt_source_info *n, int64_t count, size_t width);
gt_status gt_notes_add_class_name(gt_source_info *n, const char *name, size_t length); /* of the next class */
/* For names of classes that come in any order: adds a name once, in the order of code points; finds the place of a
 * name, -1: not there. */
gt_status gt_notes_sort_in_class(gt_source_info *n, const char *name, size_t length);
int gt_notes_find_class(const gt_source_info *n, const char *name, size_t length);
/* Takes the class names of `given`, which gets those that were there. Where these are the labels' own, in the order of
 * code points, the classes are numbered anew. GT_FORMAT: one of them is not given. */
gt_status gt_notes_take_class_names(gt_source_info *n, int64_t count, gt_source_info *given);
gt_status gt_notes_set_range(gt_source_info *n, double low, double high);
/* Finds the width of classes, and checks what holds for all labels. `every`: each item has one. */
gt_status gt_notes_check(gt_source_info *n, int64_t count, bool every);
gt_status gt_notes_say_one_hot(gt_source_info *n, int64_t count); /* where labels are vectors that may be classes */
gt_status gt_notes_say_alike(gt_source_info *n);                  /* where names of classes look the same */
/* A text that says that there is no label, where other labels are numbers: NaN, infinity, "N/A", "None", "null". */
bool gt_label_is_none(const char *text);
gt_status gt_notes_say_none(gt_source_info *n, int64_t count, const char *example);
bool gt_notes_labelled(const gt_source_info *n, int64_t i);
/* Is the number a class? 1.0 is a class, as in the reference tool; 1.5, -1 and 65536 are not. */
static inline bool gt_is_class(double v) { return v >= 0 && v <= GT_CLASS_MAX && v == (double)(int32_t)v; }
/* Does the list of names of channels begin with these (in lower case)? Case and spaces do not count. */
bool gt_names_begin(const char *names, const char *with);
bool gt_channels_alpha(const char *names, int channels); /* is the last one alpha, by its name? NULL: no names */

/* The folder of each name is its class: that of this level, from 1 on; 0: of the first level that branches.
 * (labels_folders.c) */
gt_status gt_labels_of_folders(gt_source *s, int level);
/* Could that be: each item lies in a folder of this level, and there are several, most of them with several items and
 * not all called as the parts of a set are? */
bool gt_folders_sort(const gt_source *s);
/* Says so where the folders at the top are train, val and test. */
gt_status gt_labels_note_parts(gt_source *s);
/* Of the items in their order, from a .npy file; items have no names of their own. (source_numpy.c) */
gt_status gt_labels_of_npy(gt_source *s, const char *path);
/* Have the items no names but their numbers? */
static inline bool gt_source_is_nameless(const gt_source *s) { return !s->names.count && !s->name; }
/* The labels of an array whose head gt_labels_head() has read: [count] or [count,width] of numbers, [count] texts.
 * float_classes: one-hot rows are classes even of floats. (labels_array.c) */
gt_status gt_labels_of_array(gt_source_info *n, int64_t count, const gt_npy *a, const void *data, bool float_classes);
gt_status gt_labels_head(gt_npy *a, const void *bytes, size_t n); /* as gt_npy_head(), and texts */
/* The same of texts, wherever they lie: names of classes, or numbers where all of them are. A blank one stands for a
 * missing label. */
typedef gt_status gt_text_of_label(const void *arg, int64_t i, char **text); /* the caller frees it */
gt_status gt_labels_of_texts(gt_source_info *n, int64_t count, gt_text_of_label *text_at, const void *arg);

/* Gives the classes the names of gt_source_options.class_names. GT_USAGE: there are no classes, or more than names.
 * (class_list.c) */
gt_status gt_source_name_classes(gt_source_info *n, const char *names);

/* ---- masks (masks.c) ---- */

#define GT_MASK_FOLDER "masks/"
bool gt_mask_is_name(const char *name); /* does an item's name lie in the folder of masks? */
/* The name of a picture's mask, in `buffer`. */
const char *gt_mask_name(const char *picture, char buffer[GT_ITEM_NAME_BYTES]);
/* A mask of the bytes of a PNG file; messages give the reason alone. */
gt_status gt_mask_decode(const void *bytes, size_t n, gt_picture *out);
/* Looks whether what lies in the folder of masks are masks of the pictures. `name_of` gives the name of an entry,
 * `find` looks for the entry of a name. GT_FORMAT: some pictures have a mask, others have none. */
typedef const char *gt_masks_entry(const gt_source *s, int64_t entry, void *arg);
typedef bool gt_masks_find(const gt_source *s, const char *name, void *arg);
gt_status gt_masks_sort_out(gt_source *s, int64_t entries, gt_masks_entry *name_of, gt_masks_find *find, void *arg,
                            bool *masks);
gt_status gt_masks_add_name(gt_source_info *n, const char *name); /* of the next class */
void gt_masks_free_names(gt_source_info *n);
/* gt_source_mask() without the look at the item's number; the message gives the reason alone. */
gt_status gt_mask_read(const gt_source *s, int64_t i, const gt_picture *shape, gt_picture *out);
/* GT_OK, or the message with source and mask in front. */
gt_status gt_mask_wrap(const gt_source *s, int64_t i, gt_status st);

/* dataset.json (see dataset.h); gt_own_labels false: neither labels nor class names are taken. options->every_label:
 * each item has one label; else an item may have none. (labels_json.c) */
gt_status gt_labels_of_json(gt_source *s, const char *text, size_t bytes, const gt_source_options *options);

bool gt_is_notes_name(const char *path); /* dataset.json, in a folder or not */
/* A line on a file dataset.json that is of some pictures alone. */
gt_status gt_notes_say_unread(gt_source_info *n, const char *path);

/* The lines NAME,LABEL[,LABEL...] of a CSV file. `by_name`: for the items of these names; else line number = item.
 * Where items have no names of their own, NAME is the number of an item, from 0, or missing: a line of one label for
 * each item. (labels_csv.c) */
gt_status gt_labels_of_csv(gt_source *s, const char *path, bool by_name);

/* ---- files (source_files.c) ---- */

/* A regular file to read from; *fd is -1 unless GT_OK. Messages give the reason alone. */
gt_status gt_source_file(const char *path, int *fd, uint64_t *bytes);
/* The same of a file that belongs to a source, or has labels: what lies there may not be the file. */
gt_status gt_source_part_file(const char *path, int *fd, uint64_t *bytes);
/* GT_FORMAT: the first bytes are those of an HTML page, or of a pointer of Git LFS. 512 are enough. */
gt_status gt_check_no_page(const void *head, size_t n);
/* For `load`: memory for the first bytes, at most `most`, of `size`. */
gt_status gt_load_room(uint64_t size, size_t most, bool whole, void **bytes, size_t *n);
/* For `load`: the first bytes, at most `most`, of the `size` bytes that begin at `at` of a file. */
gt_status gt_load_part(int fd, uint64_t at, uint64_t size, size_t most, bool whole, void **bytes, size_t *n);

/* What tells a file from another one, or from itself after a change, wherever it lies: size and time; zero: it is not
 * there. To be asked before the file is read, so that a change in between is noticed the next time. */
gt_hash128 gt_file_stamp(const char *path);

/* Makes *s a source of picture files in a folder (the first `length` bytes of the text); s->names and s->count are for
 * the caller to fill in. */
gt_status gt_source_of_files(gt_source *s, const char *folder, size_t length);
/* The file of item i, and that of the item's mask, to read from; *fd is -1 unless GT_OK. */
gt_status gt_item_file(const gt_source *s, int64_t i, int *fd, uint64_t *bytes);
gt_status gt_mask_file(const gt_source *s, int64_t i, int *fd, uint64_t *bytes);
gt_status gt_mask_of_file(const gt_source *s, int64_t i, gt_picture *out); /* for s->mask */

/* ---- datasets (dataset*.c, fingerprint.c, look.c) ---- */

/* The least and the greatest of n >= 1 samples. */
void gt_sample_ends(gt_sample type, const void *samples, size_t n, float *least, float *most);

/* Do samples with these ends, of which nobody says what is black and white, look as if that were not the usual range of
 * their type? */
bool gt_samples_suggest(gt_sample type, double least, double most, double range[2]);
/* The largest sample, white, more words; the range. */
#define GT_SAMPLES_FAR \
    "the largest sample is %g, and %g is white%s: if the pictures are too dark, declare white with --range=%g,%g"

/* The stored image behind an item, and whether it is to be mirrored. */
int64_t gt_dataset_stored(const gt_dataset *ds, int64_t item, bool *mirrored);
int gt_dataset_class_stored(const gt_dataset *ds, int64_t stored); /* -1: it has none */
/* A stored image and, unless `mask` is NULL, its mask [H,W]. *damaged, unless NULL: that failed since bytes do not
 * decode, and not for any other reason. */
gt_status gt_dataset_read_stored(gt_dataset *ds, int64_t stored, void *samples, uint8_t *mask, bool *damaged);
/* gt_dataset_take() for who reads stored images in a way of their own (`read`: as gt_dataset_read_stored()) or notes
 * damaged ones differently. `found` is called with each damaged one; its error ends the search. */
typedef struct gt_taking {
    gt_status (*read)(void *arg, int64_t stored, void *samples, uint8_t *mask, bool *damaged);
    gt_status (*found)(void *arg, int64_t stored);
    void *arg;
} gt_taking;
gt_status gt_dataset_take_by(gt_dataset *ds, int64_t *item, void *samples, uint8_t *mask, const gt_taking *how);
int64_t gt_dataset_damaged_most(const gt_dataset *ds); /* so many damaged images are passed over */
/* A damaged image that somebody else has told of: it is known, and no warning. True: it was not known. */
bool gt_dataset_know_damaged(gt_dataset *ds, int64_t stored);
/* What any rank knows, all ranks know. *n: how many there are. GT_FORMAT: too many. */
gt_status gt_dataset_join_damaged_all(gt_dataset *ds, gt_comm *comm, int64_t *n);
/* Adds number, size, kind of samples, labels and, where they are not the usual ones, range and colours: all of a
 * fingerprint but the pictures. */
void gt_dataset_hash_shape(const gt_dataset *ds, gt_hasher *h);
/* The mask of a stored image, [H,W]. */
gt_status gt_dataset_mask_stored(gt_dataset *ds, int64_t stored, uint8_t *classes);

#endif
