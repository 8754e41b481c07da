/* SPDX-License-Identifier: Apache-2.0
 * Inside of src/pack: what its parts tell each other. Items are numbered 0 .. count-1 in the order of the result. */
#ifndef GANTRY_PACK_PACK_H
#define GANTRY_PACK_PACK_H

#include <sys/stat.h>

#include "base/file.h"
#include "gantry/hash.h"
#include "gantry/memory.h"
#include "gantry/dataset_tool.h"

/* ---- items: what is to be packed (items.c) ---- */

typedef struct gt_items {
    int n;
    gt_source **imports;
    int64_t *first;  /* [n+1] number of an import's first item among those of all */
    int64_t *chosen; /* [count] numbers of the items taken; NULL: the first `count` */
    int64_t count;
    bool main_thread_only;
    gt_source_info info; /* of all together; count is not used */
    const char *labels;  /* "folders" or the CSV that was asked to tell them: an item that it has none for cannot be used; NULL: neither */
} gt_items;

gt_status gt_items_open(gt_items *items, const gt_pack_request *r); /* gt_items_close in any case */
void gt_items_close(gt_items *items);
gt_status gt_items_read(const gt_items *items, int64_t i, gt_picture *out);
gt_status gt_items_head(const gt_items *items, int64_t i, gt_picture_info *out);
const char *gt_items_name(const gt_items *items, int64_t i, char buffer[GT_ITEM_NAME_BYTES]);
gt_hash128 gt_items_stamp(const gt_items *items, int64_t i); /* see gt_source_item_stamp */
/* All that the list says of its items and where they come from, but not their stamps. */
void gt_items_identify(const gt_items *items, gt_hasher *h);
int gt_items_class(const gt_items *items, int64_t i);
const double *gt_items_vector(const gt_items *items, int64_t i);
bool gt_items_labelled(const gt_items *items, int64_t i);
/* Has an item not got the label that it needs? `text` says so. */
enum { GT_UNLABELLED_BYTES = 2 * GT_ITEM_NAME_BYTES };
bool gt_items_lacks_label(const gt_items *items, int64_t i, char text[GT_UNLABELLED_BYTES]);

/* ---- findings (findings.c), on rank 0 ---- */

typedef enum gt_finding { GT_FOUND_BAD, GT_FOUND_ODD, GT_FOUND_DUPLICATE, GT_FOUND_DROPPED, GT_FOUND_NOTE, GT_FINDINGS } gt_finding;

typedef struct gt_findings gt_findings;
gt_findings *gt_findings_new(const gt_items *items, bool logged); /* logged: the first few of a kind go to the log too. NULL: see gt_message() */
void gt_findings_free(gt_findings *r);
/* `text`: the reason. `quiet`: known from before, not to the log. */
gt_status gt_findings_add(gt_findings *r, gt_finding kind, int64_t item, const char *text, bool quiet);
int64_t gt_findings_count(const gt_findings *r, gt_finding kind);
const char *gt_findings_first(const gt_findings *r, gt_finding kind); /* "'NAME': reason", NULL: none; the report's */
/* PATH and PATH.json. `part`: the destination that they are of, for the findings of several to stand there; NULL: there is only one.
 * `more`: after those that stand there. */
gt_status gt_findings_write(const gt_findings *r, const char *path, const char *part, bool more);

/* ---- the scan (scan.c) ---- */

/* All ranks: *shape is what most items become; unusable ones are added to the report (rank 0). `items` is used from the
 * pool's threads unless it is main_thread_only. *digest (rank 0): of what all items became and of their stamps, whatever the
 * number of ranks. */
gt_status gt_pack_scan(gt_comm *comm, gt_pool *pool, const gt_items *items, const gt_transform *t, gt_findings *findings, gt_picture *shape,
                       gt_hash128 *digest);
bool gt_pack_same_shape(const gt_picture *a, const gt_picture *b);
/* "32 x 32 pixels, 8-bit RGB" */
const char *gt_pack_shape_text(const gt_picture *shape, char text[96]);
/* Why an item of another shape than most cannot be used. */
enum { GT_ODD_BYTES = GT_ITEM_NAME_BYTES + 300 };
const char *gt_pack_odd_text(const gt_items *items, int64_t i, const gt_picture *shape, const gt_picture *most, char text[GT_ODD_BYTES]);

/* ---- destinations: one file each ---- */

typedef struct gt_entry { /* one image of the result */
    uint32_t item, size, crc;
} gt_entry;

typedef struct gt_dest gt_dest;
typedef struct gt_journal gt_journal;

typedef struct gt_dest_kind {
    const char *name;
    const char *suffix[2];                                                                        /* of its files; none: a folder */
    gt_status (*check)(const gt_picture *shape);                                                  /* can it hold such images? NULL: any */
    double (*bytes)(const gt_picture *shape, int64_t images);                                     /* of the result, uncompressed */
    gt_status (*encode)(const gt_picture *p, bool compress, void **bytes, size_t *n);             /* malloc'ed; any thread */
    gt_status (*begin)(gt_dest *d);                                                               /* d->n entries are there already */
    gt_status (*put)(gt_dest *d, const gt_entry *e, const void *bytes);
    gt_status (*sync)(gt_dest *d);                                                                /* what was put is on the disk */
    gt_status (*finish)(gt_dest *d);                                                              /* whole, under its name */
} gt_dest_kind;

extern const gt_dest_kind gt_dest_zip, gt_dest_hdf5, gt_dest_folder;
const gt_dest_kind *gt_dest_kind_of(const gt_pack_request *r); /* of a scan: the folder */

struct gt_dest {
    const gt_dest_kind *kind;
    const char *path;
    char *part; /* DEST.part */
    gt_journal *journal; /* speaks of it */
    const gt_items *items;
    gt_picture shape;
    const gt_transform *transform;
    bool compress;
    bool replaces;     /* what stands at `path` when this one is whole */
    bool standing;     /* nothing is made: what stands at `path` is compared with what would be (standing.c) */
    void *other;       /* of the kind, while comparing */
    gt_entry *entries; /* of the images put so far */
    size_t n, room;
    int fd;            /* of the part, or of what stands there; -1: closed */
    uint64_t offset;   /* its length, with what waits; or how far what stands there is the same */
    gt_buffer waiting; /* to be appended to it */
    uint64_t unsynced; /* bytes of it since the last sync */
    bool broken;       /* some of that could not be: nothing after it counts */
};

gt_status gt_dest_open(gt_dest *d); /* the part, cut to the entries that are there already (put without bytes) */
gt_status gt_dest_put(gt_dest *d, const gt_entry *e, const void *bytes);
void gt_dest_close(gt_dest *d);

/* ---- what stands at the destination already (standing.c) ---- */

/* *stands: something is there that is to be compared, or with r->overwrite replaced. GT_USAGE: something that can be
 * neither, or that at a glance is not what this request makes. Looks at no image. */
gt_status gt_dest_look(const gt_pack_request *r, bool *stands);
/* GT_USAGE: what stands there is not the same, as `what` (NULL: image number d->n) differs. */
gt_status gt_dest_differs(const gt_dest *d, const char *what);
/* GT_USAGE: something came to be there while it was made. */
gt_status gt_dest_taken(const char *path);
/* The next bytes of the file d->fd. */
gt_status gt_standing_bytes(gt_dest *d, const void *bytes, size_t n);
gt_status gt_standing_end(gt_dest *d); /* does the file end here? */
/* A file of the folder d->fd. */
gt_status gt_standing_file(gt_dest *d, const char *name, const void *bytes, size_t n);
/* Is all of a folder what a dataset's folder holds? *files of them, or *foreign (malloc'ed) names the first thing that
 * is not. 0 or errno. GLANCE: only at its root. REMOVE: then they go, dataset.json last, unless anything is foreign. */
typedef enum gt_standing_how { GT_FOLDER_GLANCE, GT_FOLDER_WALK, GT_FOLDER_REMOVE } gt_standing_how;
int gt_standing_folder(const char *path, gt_standing_how how, int64_t *files, char **foreign);
/* The folder's files and itself, unless anything is foreign; 0 or errno. */
int gt_standing_remove(const char *path);
/* GT_USAGE: the folder, which is to be replaced, holds something else somewhere. */
gt_status gt_standing_replaceable(const gt_pack_request *r);

/* ---- an HDF5 file that stands there (standing_hdf5.c), main thread ---- */

gt_status gt_standing_hdf5_open(gt_dest *d);
gt_status gt_standing_hdf5_chunk(gt_dest *d, const void *bytes, size_t n); /* of image number d->n */
gt_status gt_standing_hdf5_end(gt_dest *d);                                /* number of images, labels, attributes */
void gt_standing_hdf5_close(gt_dest *d);

/* ---- for destinations (names.c, part.c) ---- */

enum { GT_ENTRY_NAME_BYTES = 32 };
void gt_entry_name(uint32_t item, char name[GT_ENTRY_NAME_BYTES]); /* "00000/img00000000.png" */
/* dataset.json of the images put; gt_buffer_free it. */
gt_status gt_dest_notes(const gt_dest *d, gt_buffer *text);
bool gt_dest_labelled(const gt_dest *d);                        /* every image that was put has a label */
const char *gt_dest_channels(const gt_dest *d);               /* what the channels mean; NULL: not known, or plain grey or RGB */
bool gt_dest_range(const gt_dest *d, double range[2]);        /* false: the usual one */
int gt_part_look(const char *dest, const char *ending, struct stat *s); /* 0 or errno: what stands beside DEST as DEST.part or DEST.part.h5 */
/* The part file, for destinations that are one file: written in large pieces, all of it by a sync. publish: sync `file` and give it its name.
 * A file is also synced whenever GT_UNSYNCED_MOST bytes were written into it: however much of it memory would hold back, no sync may take so long
 * that the other ranks give rank 0 up. */
#define GT_UNSYNCED_MOST ((uint64_t)1 << 30)
gt_status gt_part_open(gt_dest *d, uint64_t length);
gt_status gt_part_append(gt_dest *d, const void *bytes, size_t n);
gt_status gt_part_sync(gt_dest *d);
int gt_part_settle(const char *file); /* 0 or errno: sync it */
gt_status gt_part_publish(const gt_dest *d, const char *file);
/* 0 or errno: DEST.part, file or folder, and DEST.part.h5, of which the journal said that they are ours. */
int gt_part_remove(const char *dest);
gt_status gt_png_of_picture(const gt_picture *p, bool compress, void **bytes, size_t *n);
gt_status gt_png_check(const gt_picture *shape);

/* ---- progress on disk (journal.c), on rank 0 ---- */

typedef struct gt_outcome { /* of one item, in order */
    uint8_t fate;           /* 0: kept; else 1 + a gt_finding */
    uint8_t remark;         /* what its text is: 0 none, else 1 + a gt_finding */
    uint32_t size, crc;     /* of a kept one */
    gt_hash128 hash;        /* of its samples and shape as read; zero: not read */
    uint8_t looked;         /* 1: at its samples: */
    float low, high;        /* the smallest and the largest as read */
} gt_outcome;

/* Takes DEST.progress for this run alone; `key` says what is being made. *done: items that an earlier run has dealt with;
 * gt_journal_next gives their outcomes, texts included, one after the other. Afterwards DEST.part and DEST.part.h5, if they are
 * there, are what an earlier run left. GT_USAGE: they, or DEST.progress, are somebody else's, or of another key with
 * images that count and are not to be dropped; they stay as they are. */
typedef enum gt_journal_drop { /* of what was begun */
    GT_DROP_NOTHING,
    GT_DROP_ALL,
    GT_DROP_OTHERS, /* what has another key */
} gt_journal_drop;
gt_status gt_journal_open(gt_journal **out, const char *dest, gt_hash128 key, gt_journal_drop drop, int64_t *done);
gt_status gt_journal_next(gt_journal *j, gt_outcome *o, const char **text); /* *text lasts until the next call; NULL: none */
gt_status gt_journal_add(gt_journal *j, const gt_outcome *o, const char *text);
gt_status gt_journal_sync(gt_journal *j);   /* after the part was synced: what was added counts from now on */
gt_status gt_journal_cut(gt_journal *j);    /* on the disk, too: of what it spoke nothing is in the part any more */
void gt_journal_close(gt_journal *j, bool finished); /* finished: the file goes away */
/* DEST is finished: what a run of this key, ended between its last steps, left beside it goes away. */
void gt_journal_forget(const char *dest, gt_hash128 key);

/* ---- the work of one rank (work.c) ---- */

typedef struct gt_worker gt_worker;
gt_worker *gt_worker_new(gt_pool *pool, const gt_items *items, const gt_transform *t, const gt_picture *shape, const gt_dest_kind *kind, bool compress);
void gt_worker_free(gt_worker *w); /* NULL is fine */
int gt_worker_block(const gt_worker *w); /* items at a time that keep its threads busy and its memory small */
/* Items first .. first+n-1 into `out` (emptied first) as gt_outcome, length of text, text, image: see gt_made_next.
 * `check_only`: they are read, and no images made. What is wrong with an item is its outcome, not a failure. */
gt_status gt_worker_run(gt_worker *w, int64_t first, int n, bool check_only, gt_buffer *out);

typedef struct gt_made {
    gt_outcome outcome;
    const char *text;  /* NULL: none */
    const void *image; /* outcome.size bytes; NULL: none */
} gt_made;
/* The next one in what gt_worker_run made; false: no more. Pointers lead into the buffer. */
bool gt_made_next(const char **at, const char *end, gt_made *made);

#endif
