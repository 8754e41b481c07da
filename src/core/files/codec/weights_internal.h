/* SPDX-License-Identifier: Apache-2.0
 * What the readers of weights share. A reader of a format finds tensors and facts and adds them; weights.c looks them
 * up, and weights_read.c reads the numbers of a tensor. */
#ifndef GANTRY_FILES_CODEC_WEIGHTS_INTERNAL_H
#define GANTRY_FILES_CODEC_WEIGHTS_INTERNAL_H

#include "files/codec/door/pickle.h"
#include "files/codec/door/weights.h"
#include "files/codec/door/codec.h"
#include "gantry/hash.h"
#include "gantry/memory.h"

enum { GT_WEIGHT_NAME_MAX = 1023 }; /* bytes */

/* Where the numbers of a tensor, or of several tensors, lie one after the other, little-endian. */
typedef struct gt_weight_storage {
    gt_weight_type type;
    bool in_entry; /* of the ZIP, else in the file itself */
    size_t entry;
    uint64_t at, n; /* bytes of the file or of the entry */
    bool utf8;      /* the bytes are written as UTF-8 text of which each character is a byte (gt_pickle_latin1) */
    uint64_t text;  /* bytes of that text */
} gt_weight_storage;

typedef struct gt_weight_item {
    gt_weight seen;
    gt_weight_storage storage;
    uint64_t offset; /* of the first element, and strides: in elements */
    uint64_t strides[GT_WEIGHT_MOST_DIMS];
    uint64_t last; /* the largest place of an element, counted from the first one */
} gt_weight_item;

struct gt_weights {
    char *path;
    gt_weights_kind kind;
    int fd;
    uint64_t bytes;  /* of the file */
    gt_zip *zip;     /* or NULL */
    gt_arena *arena; /* of all that lives as long as this, and of this */
    gt_weight_item *items;
    size_t n_items, items_room;
    gt_fact *facts;
    size_t n_facts, facts_room;
    size_t *items_by_name, *facts_by_name;
};

/* GT_FORMAT: a name that messages and tables had better not show: with control characters, or too long. */
gt_status gt_weights_check_name(const char *name);

/* Adds a tensor: `item` with dims, storage, offset and strides. Copies the name. GT_FORMAT: more dimensions than are
 * read, a negative one, elements outside of the storage, too many tensors. Messages name the tensor. */
gt_status gt_weights_add(gt_weights *w, const char *name, gt_weight_item *item);
void gt_weight_set_row_major(gt_weight_item *item); /* strides of the dims */
/* Dims and strides of an array of numpy, in either order; its type (false: texts). */
void gt_weight_set_shape(gt_weight_item *item, const gt_npy *array);
bool gt_weight_type_of_array(const gt_npy *array, gt_weight_type *out);
/* text: n bytes, copied. */
gt_status gt_weights_add_number(gt_weights *w, const char *name, double number);
gt_status gt_weights_add_text(gt_weights *w, const char *name, const char *text, size_t n);
gt_status gt_weights_add_none(gt_weights *w, const char *name);

/* What finds the tensors and facts of a file of each kind. */
gt_status gt_weights_find_safetensors(gt_weights *w);
gt_status gt_weights_find_npz(gt_weights *w);
gt_status gt_weights_find_torch_zip(gt_weights *w, const char *folder); /* "archive/" */
gt_status gt_weights_find_pickle(gt_weights *w);

/* ---- values of pickles ---- */

/* The tensors and facts in the value of a pickle. `storage` finds what a tensor of torch calls its storage. */
typedef struct gt_weights_walk gt_weights_walk;
enum { GT_WEIGHTS_SOURCES = 8 };
struct gt_weights_walk {
    gt_weights *w;
    /* the storage that `v` names, with its type and all its bytes */
    gt_status (*storage)(gt_weights_walk *k, gt_weight_storage *out, const gt_pickle *v);
    void *arg;
    char *name; /* of the value that is looked at: at most GT_WEIGHT_NAME_MAX bytes */
    size_t length;
    int depth;
    size_t visits, name_bytes; /* so far */
    /* the texts of modules that were hashed; a file with more of them hides something */
    struct {
        const gt_pickle *text;
        char hash[GT_SHA256_TEXT];
    } sources[GT_WEIGHTS_SOURCES];
    int n_sources;
};
/* `name`: of the value itself, "" for none. */
gt_status gt_weights_take(gt_weights_walk *k, const char *name, const gt_pickle *v);
extern const char *const gt_weights_network_names[]; /* that pickles of networks may call */
extern const char *const gt_weights_torch_names[];   /* that files of torch.save may call */

/* A storage as torch.save writes it: ("storage", class, key, location, count). */
typedef struct gt_torch_id {
    const gt_pickle *key;
    gt_weight_type type;
    uint64_t count;
    const gt_pickle *view; /* NULL: none; else a part of another storage: (its key, offset, length) */
} gt_torch_id;
gt_status gt_torch_read_id(gt_torch_id *out, const gt_pickle *id);
bool gt_torch_is_key(const gt_pickle *v); /* a storage's name: digits */
/* The object that was saved; *ids: a list that gets its storages. */
gt_status gt_torch_read_object(gt_pickle **out, gt_arena *arena, gt_pickle_input *in, gt_pickle *ids);
gt_status gt_torch_take(gt_weights_walk *k, const gt_pickle *root); /* a tensor alone is called "tensor" */
bool gt_torch_is_magic(const gt_pickle *v);                         /* the number with which a legacy stream begins */
/* The storage that lies as a legacy stream in these bytes of a pickle. */
gt_status gt_torch_embedded(const gt_weights *w, gt_weight_storage *out, const gt_pickle *bytes);
/* The rest of a legacy stream behind its first pickle. */
gt_status gt_weights_find_torch_legacy(gt_weights *w, gt_pickle_input *in);

#endif
