/* SPDX-License-Identifier: Apache-2.0
 * The inside of the dataset tool. Items are numbered 0 .. count-1 in the order of the result. The calls: convert.c lets
 * all ranks scan (scan.c), then every rank makes images (worker.c) and rank 0 takes the images in order (writer.c),
 * puts them into the destination (dest_*.c) and notes its progress (progress_file.c). */
#ifndef GANTRY_FEATURES_DATASET_TOOL_H
#define GANTRY_FEATURES_DATASET_TOOL_H

#include <sys/stat.h>

#include "base/door/file.h"
#include "base/door/hash.h"
#include "base/door/sha256.h"
#include "data/door/written.h"
#include "features/dataset/dataset_tool.h"
#include "gantry/pool.h"
#include "files/h5/door/h5.h"

/* ---- items: what is to be converted (items.c) ---- */

typedef struct gt_items {
    int n;
    gt_source **sources;
    int64_t *first;  /* [n+1] number of a source's first item among those of all */
    int64_t *chosen; /* [count] numbers of the items taken; NULL: the first `count` */
    int64_t count;
    bool main_thread_only;
    gt_source_info info; /* of all together; count is not used */
    /* "folders" or the file that gives the labels; NULL: the source's own. Where some items have a label, one that has
     * none cannot be used. */
    const char *labels;
} gt_items;

/* The caller calls gt_items_close in any case. */
gt_status gt_items_open(gt_items *items, const gt_convert_request *r);
void gt_items_close(gt_items *items);
/* the source that item i comes from, and the item's number there */
gt_source *gt_items_at(const gt_items *items, int64_t i, int64_t *number);
const char *gt_items_name(const gt_items *items, int64_t i, char buffer[GT_ITEM_NAME_BYTES]);
/* Adds what the list says of its items and their sources, without the items' stamps. */
void gt_items_identify(const gt_items *items, gt_hasher *h);
bool gt_items_same_names(const gt_source_info *a, const gt_source_info *b); /* of classes */
bool gt_items_same_mask_names(const gt_source_info *a, const gt_source_info *b);
int gt_items_class(const gt_items *items, int64_t i);
const double *gt_items_vector(const gt_items *items, int64_t i);
/* Does the item lack a label that it needs? `text` gets the message. */
enum { GT_UNLABELLED_BYTES = 2 * GT_ITEM_NAME_BYTES };
bool gt_items_lacks_label(const gt_items *items, int64_t i, char text[GT_UNLABELLED_BYTES]);

/* ---- remarks on items (remarks.c), on rank 0 ---- */

typedef enum gt_remark {
    GT_REMARK_BAD,
    GT_REMARK_ODD,
    GT_REMARK_DUPLICATE,
    GT_REMARK_DROPPED,
    GT_REMARK_NOTE,
    GT_REMARK_UNLABELLED, /* numbers stand in DEST.progress: new kinds come last */
    GT_REMARKS
} gt_remark;

typedef struct gt_remarks gt_remarks;
/* logged: the first few of each kind also go to the log. NULL: out of memory, see gt_message() */
gt_remarks *gt_remarks_new(const gt_items *items, bool logged);
void gt_remarks_free(gt_remarks *r);
/* `text`: the reason, is copied. `quiet`: not to the log. */
gt_status gt_remarks_add(gt_remarks *r, gt_remark kind, int64_t item, const char *text, bool quiet);
int64_t gt_remarks_count(const gt_remarks *r, gt_remark kind);
/* "'NAME': reason" of the first one of this kind; NULL: there is none */
const char *gt_remarks_first(const gt_remarks *r, gt_remark kind);
/* Writes PATH (text) and PATH.json. `part`: the destination that the remarks belong to, where a report has those of
 * several destinations; NULL: one only. `more`: the remarks are appended to the report that is there. */
gt_status gt_remarks_write(const gt_remarks *r, const char *path, const char *part, bool more);

/* ---- the scan (scan.c) ---- */

/* All ranks call. *shape: what most items become. Items that cannot be used are added to the remarks (rank 0). The
 * threads of the pool read items unless items->main_thread_only. *digest (rank 0): a hash of all items' shapes and
 * stamps, the same for any number of ranks. Where t does not say what is to become of pictures of different kinds, it
 * does afterwards: t->depth GT_DEPTH_U8 where 8 and 16 bits are mixed, t->channels where grey, colour and transparent
 * pictures are. Says what is laid over a colour, and what is enlarged. *floats: some pictures are of floats. */
gt_status gt_scan_all(gt_comm *comm, gt_pool *pool, const gt_items *items, gt_transform *t, gt_remarks *remarks,
                      gt_picture *shape, gt_hash128 *digest, bool *floats);
bool gt_scan_same_shape(const gt_picture *a, const gt_picture *b);
/* Why an item of another shape than most cannot be used. */
enum { GT_ODD_BYTES = GT_ITEM_NAME_BYTES + 300 };
const char *gt_scan_odd_text(const gt_items *items, int64_t i, const gt_picture *shape, const gt_picture *most,
                             char text[GT_ODD_BYTES]);

/* ---- floats of which nobody says which are black and white (float_range.c) ---- */

/* All ranks call. *unit: there is a source of such, and no sample of it is negative, and none above 1; *others: there
 * is one that has such samples. All pictures are read for it, whichever are taken: parts of a split have one range. */
gt_status gt_floats_look_all(gt_comm *comm, gt_pool *pool, const gt_items *items, bool *unit, bool *others);

/* ---- destinations: one file each ---- */

typedef struct gt_entry { /* one image of the result */
    uint32_t item, size, crc;
    uint32_t mask_size, mask_crc; /* of the image's mask; 0: there is none */
    bool hashed;                  /* leaf is set; else the image is read back for it */
    gt_sha256 leaf;               /* the hash of the sample (data/door/parts.h) */
} gt_entry;

typedef struct gt_dest gt_dest;
typedef struct gt_progress_file gt_progress_file;

typedef struct gt_dest_kind {
    const char *name;
    /* how the names of such files end; none: the destination is a folder */
    const char *suffix[2];
    /* GT_USAGE: the destination cannot hold images of this shape. NULL: it holds all */
    gt_status (*check)(const gt_picture *shape);
    /* bytes of the uncompressed result */
    double (*bytes)(const gt_picture *shape, int64_t images);
    /* The bytes of an image, malloc'ed. Any thread. */
    gt_status (*encode)(const gt_picture *p, bool compress, void **bytes, size_t *n);
    /* Opens d->part, which holds d->n entries of an earlier run. */
    gt_status (*begin)(gt_dest *d);
    /* the image's bytes, then those of its mask */
    gt_status (*put)(gt_dest *d, const gt_entry *e, const void *bytes);
    /* Brings what was put to the disk. */
    gt_status (*sync)(gt_dest *d);
    /* The bytes of an entry of an earlier run, as `put` got them; *at is 0 for the first of them, and moves on. */
    gt_status (*read_back)(gt_dest *d, const gt_entry *e, uint64_t *at, void *bytes);
    /* What `encode` made of an image, or of a mask; for gt_picture_free. */
    gt_status (*decode)(const gt_dest *d, const void *bytes, size_t n, bool mask, gt_picture *out);
    /* Makes the result whole and gives it its name. */
    gt_status (*finish)(gt_dest *d);
} gt_dest_kind;

extern const gt_dest_kind gt_dest_zip, gt_dest_hdf5, gt_dest_folder;
const gt_dest_kind *gt_dest_kind_of(const gt_convert_request *r); /* of a scan: the folder */

struct gt_dest {
    const gt_dest_kind *kind;
    const char *path;
    char *part;                 /* DEST.part */
    gt_progress_file *progress; /* NULL: a scan or a comparison, nothing is written */
    const gt_items *items;
    gt_picture shape;
    const gt_transform *transform;
    bool compress;
    bool replaces;     /* a file or folder at `path` is replaced when this one is whole */
    bool leafless;     /* comparing: what is there has no hashes of the samples, as those of earlier programs */
    bool comparing;    /* nothing is written: what is at `path` is compared with what would be written (existing.c) */
    void *other;       /* what existing_hdf5.c keeps while an HDF5 file is compared */
    gt_entry *entries; /* of the images put so far */
    size_t n, room;
    int fd; /* of DEST.part, or of what is compared; -1: closed */
    /* length of DEST.part with `waiting`; or how many bytes of what is compared are the same so far */
    uint64_t offset;
    gt_buffer waiting; /* bytes that are not yet appended to DEST.part */
    uint64_t unsynced; /* bytes written into DEST.part since the last sync */
    bool broken;       /* a write failed: nothing is written after it */
};

/* Opens DEST.part, cut behind the entries of an earlier run, which were put without bytes. */
gt_status gt_dest_open(gt_dest *d);
gt_status gt_dest_put(gt_dest *d, const gt_entry *e, const void *bytes);
void gt_dest_close(gt_dest *d);

/* ---- a file or folder that is at the destination already (existing.c) ---- */

/* *exists: something is there that is to be compared, or with r->overwrite replaced. GT_USAGE: something is there that
 * can be neither, or that is of another kind of file than this request makes. Reads no image. */
gt_status gt_dest_exists(const gt_convert_request *r, bool *exists);
/* GT_USAGE with a message: what is there differs in `what` (NULL: image number d->n). */
gt_status gt_dest_differs(const gt_dest *d, const char *what);
/* GT_FAILED with a message: `path` and the reason for which a call failed. */
gt_status gt_dest_failed(const char *path, int error);
/* GT_USAGE with a message: something appeared at `path` while the dataset was made. */
gt_status gt_dest_taken(const char *path);
/* The next bytes of the file d->fd. */
gt_status gt_existing_bytes(gt_dest *d, const void *bytes, size_t n);
gt_status gt_existing_end(gt_dest *d); /* GT_USAGE: the file goes on behind d->offset */
/* A file of the folder d->fd. */
gt_status gt_existing_file(gt_dest *d, const char *name, const void *bytes, size_t n);
/* Does a folder hold the files of a dataset and nothing else? Returns 0 or errno. *files: how many files; *foreign
 * (malloc'ed): the first thing that belongs to no dataset, or NULL. ROOT looks only at what is directly in the folder;
 * folders count as files. REMOVE then removes the files, dataset.json last, unless anything is foreign. */
typedef enum gt_folder_walk { GT_FOLDER_ROOT, GT_FOLDER_WALK, GT_FOLDER_REMOVE } gt_folder_walk;
int gt_existing_folder(const char *path, gt_folder_walk how, int64_t *files, char **foreign);
/* Removes a folder and the files of a dataset in the folder, unless anything is foreign. Returns 0 or errno. */
int gt_existing_remove(const char *path);
/* GT_USAGE: the folder that is to be replaced holds something foreign. */
gt_status gt_existing_replaceable(const gt_convert_request *r);

/* ---- an HDF5 file that is there already (existing_hdf5.c), main thread ---- */

/* In place of gt_dest_hdf5: each image is compared with the one that stands there; at the end their number, labels and
 * attributes are. */
extern const gt_dest_kind gt_dest_compared_hdf5;
void gt_existing_hdf5_close(gt_dest *d);

/* ---- for destinations (dataset_json.c, part_file.c) ---- */

void gt_entry_mask_name(uint32_t item, char name[GT_ENTRY_NAME_BYTES]); /* "masks/00000/img00000000.png" */
/* dataset.json of the images put; gt_buffer_free it. */
gt_status gt_dest_json(const gt_dest *d, gt_buffer *text);
bool gt_dest_labelled(const gt_dest *d); /* the images that were put have labels */
/* what the channels mean; NULL: not known, or plain grey or RGB */
const char *gt_dest_channels(const gt_dest *d);
bool gt_dest_range(const gt_dest *d, double range[2]); /* false: the usual one */
/* *s: the file or folder beside DEST whose name ends in `ending`, ".part" or ".part.h5". Returns 0 or errno. */
int gt_part_stat(const char *dest, const char *ending, struct stat *s);
/* DEST.part of destinations that are one file. Bytes are written in large pieces; a sync writes all of them. finish:
 * syncs `file` and gives it its name. A file is also synced whenever GT_UNSYNCED_MAX bytes were written into it: no
 * sync may take so long that the other ranks take rank 0 for dead. */
#define GT_UNSYNCED_MAX ((uint64_t)1 << 30)
/* Where the run begins anew: removes what an earlier run of any kind left, which is ours (gt_progress_file_open). */
gt_status gt_part_clear(const gt_dest *d);
gt_status gt_part_open(gt_dest *d, uint64_t length);
gt_status gt_part_append(gt_dest *d, const void *bytes, size_t n);
gt_status gt_part_sync(gt_dest *d);
int gt_part_sync_file(const char *file); /* syncs a file; returns 0 or errno */
gt_status gt_part_finish(const gt_dest *d, const char *file);
/* Removes DEST.part, a file or a folder, and DEST.part.h5, which must be ours (gt_progress_file_open). Returns 0 or
 * errno. */
int gt_part_remove(const char *dest);
gt_status gt_png_of_picture(const gt_picture *p, bool compress, void **bytes, size_t *n);
gt_status gt_picture_of_png(const gt_dest *d, const void *bytes, size_t n, bool mask, gt_picture *out);

/* ---- the hashes of the samples (leaves.c) ---- */

/* Of an item, of which this image was made. `mask` without samples: there is none. Any thread. */
gt_status gt_item_leaf(const gt_items *items, int64_t item, const gt_picture *image, const gt_picture *mask,
                       gt_sha256 *out);
/* Adds those of the images put, in order: samples.sha256. */
gt_status gt_dest_leaves(gt_dest *d, gt_buffer *out);

/* ---- progress on disk (progress_file.c), on rank 0 ---- */

/* What became of one item: the bytes go into DEST.progress as they are. Earlier programs left `uniform` and `made`
 * zero. */
typedef struct gt_outcome {
    uint8_t left_out;   /* 0: the item is kept; else 1 + the gt_remark for which the item is left out */
    uint8_t remark;     /* kind of the text: 0 no text, else 1 + a gt_remark */
    uint16_t uniform;   /* 1: the image has one single colour */
    uint32_t size, crc; /* of the image; size 0: the item is left out */
    uint32_t mask_size; /* of the mask; 0: there is none */
    gt_hash128 hash;    /* of the samples and the shape as they were read; zero: the item was not read */
    uint8_t looked;     /* low and high are set, of samples of 1: float32, 2: 16 bits, 3: 8 bits */
    uint8_t made[3];    /* with crc the identity of the image; zero: unknown */
    float low, high;    /* the smallest and the largest sample as they were read */
    uint32_t mask_crc;
} gt_outcome;

/* Opens or makes DEST.progress and locks it; `key` tells what is being made. *done: how many items an earlier run has
 * dealt with; gt_progress_file_next gives their outcomes one after the other. Afterwards DEST.part and DEST.part.h5, if
 * they are there, are what an earlier run left. GT_USAGE: DEST.progress or they were not written by this program, or
 * belong to another key, with images that `drop` does not allow to drop; the files stay as they are. */
typedef enum gt_progress_drop { /* which earlier work may be dropped */
                                GT_DROP_NOTHING,
                                GT_DROP_ALL,
                                GT_DROP_OTHERS, /* what has another key */
} gt_progress_drop;
gt_status gt_progress_file_open(gt_progress_file **out, const char *dest, gt_hash128 key, gt_progress_drop drop,
                                int64_t *done);
/* *text lasts until the next call; NULL: none */
gt_status gt_progress_file_next(gt_progress_file *j, gt_outcome *o, const char **text);
gt_status gt_progress_file_add(gt_progress_file *j, const gt_outcome *o, const char *text);
/* writes what was added; to be called after DEST.part was synced */
gt_status gt_progress_file_sync(gt_progress_file *j);
/* removes all outcomes, on the disk too: DEST.part does not hold their images any more */
gt_status gt_progress_file_cut(gt_progress_file *j);
void gt_progress_file_close(gt_progress_file *j, bool finished); /* finished: the file is removed */
/* DEST is finished: removes what a run of this key that ended between its last steps left beside DEST. */
void gt_progress_file_forget(const char *dest, gt_hash128 key);

/* ---- the work of one rank (worker.c) ---- */

typedef struct gt_worker gt_worker;
gt_worker *gt_worker_new(gt_pool *pool, const gt_items *items, const gt_transform *t, const gt_picture *shape,
                         const gt_dest_kind *kind, bool compress);
void gt_worker_free(gt_worker *w);       /* NULL is fine */
int gt_worker_block(const gt_worker *w); /* items at a time that keep its threads busy and its memory small */
/* Makes the items first .. first+n-1; `out` is emptied and gets gt_outcome, leaf, length of text, text and image: see
 * gt_made_next. `check_only`: items are read and no images made. What is wrong with an item is its outcome, not a
 * failure. */
gt_status gt_worker_run(gt_worker *w, int64_t first, int n, bool check_only, gt_buffer *out);

typedef struct gt_made {
    gt_outcome outcome;
    gt_sha256 leaf;    /* where there is an image */
    const char *text;  /* NULL: none */
    const void *image; /* outcome.size bytes, then outcome.mask_size bytes; NULL: none */
} gt_made;
/* The next item in what gt_worker_run made; false: there are no more. Pointers lead into the buffer. */
bool gt_made_next(const char **at, const char *end, gt_made *made);

/* ---- writer.c ---- */

/* What rank 0 does with the made items, in order: remarks, duplicates, the destination, progress on disk. */

typedef struct gt_equals { /* items by their hashes */
    gt_hash128 *hash;      /* [items.count]; zero: unknown */
    uint32_t *seen;        /* hash table of 1 + item, 0: free */
    size_t slots;          /* of the table: a power of 2 */
} gt_equals;

typedef struct gt_writer {
    const gt_convert_request *request;
    const gt_items *items;
    gt_remarks *remarks;
    gt_dest dest;
    int64_t done;   /* items taken so far */
    int64_t begun;  /* items that an earlier run took */
    bool checking;  /* no images are made any more */
    gt_hash128 key; /* of what is made */
    struct {
        bool looked;        /* low and high are set */
        float low, high;    /* the smallest and the largest sample of kept pictures */
    } ends[GT_F32 + 1];     /* of each kind of sample */
    gt_equals read, made;   /* pictures as they were read, and the images made of them */
    int64_t uniform, alike; /* kept images of one colour; those that equal an earlier one, of another picture */
    int64_t first_uniform, first_alike, alike_to; /* items */
    double next_sync;
} gt_writer;

/* Opens the destination: resumes where an earlier run with the same key ended, or begins to compare what is there. The
 * caller calls gt_writer_close in any case. */
gt_status gt_writer_open(gt_writer *l, const gt_convert_request *r, const gt_items *items, gt_remarks *remarks,
                         const gt_picture *shape, gt_hash128 key);
/* Takes what a rank made (gt_worker_run): the items after l->done. */
gt_status gt_writer_take(void *writer, const void *made, size_t bytes);
gt_status gt_writer_finish(gt_writer *l); /* the result appears */
void gt_writer_close(gt_writer *l, bool finished);

#endif
