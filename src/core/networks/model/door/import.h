/* SPDX-License-Identifier: Apache-2.0
 * Networks in files of other programs (files/codec/door/weights.h), taken for networks of a family. The family says
 * which model and which recipe the file holds, and where each tensor of Gantry's networks lies in the file; what reads
 * and checks the tensors is common to all families (job/network.c). */
#ifndef GANTRY_NETWORKS_MODEL_DOOR_IMPORT_H
#define GANTRY_NETWORKS_MODEL_DOOR_IMPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "files/codec/door/weights.h"
#include "gantry/arrays.h"
#include "gantry/checkpoint.h"
#include "gantry/memory.h"
#include "gantry/option.h"
#include "gantry/status.h"
#include "networks/nets/door/nets.h"

struct gt_weights;

typedef enum gt_import_order {
    GT_IMPORT_AS_IS,      /* dimensions of 1 at the front do not count */
    GT_IMPORT_TRANSPOSED, /* in the file [in,out] */
    GT_IMPORT_HWIO,       /* in the file [height,width,in,out] */
} gt_import_order;

/* Where the values of a tensor are, and what becomes of them. */
typedef struct gt_import_place {
    const char *tensor;     /* in the file */
    gt_import_order order;  /* of the file's dimensions */
    bool flip;              /* kernels of convolutions are turned by 180 degrees */
    float add;              /* to each value */
    const float *otherwise; /* values where the file has no such tensor; NULL: the tensor is needed, or */
    bool optional;          /* begins as in a new network where the file does not have it */
    bool unread;            /* what the file has of it says nothing: `otherwise` are the values */
    const char *needed_for; /* values that are not finite numbers are a warning, which says this; NULL: an error */
} gt_import_place;

/* What else a checkpoint would have: a number of float64, or a text. */
typedef struct gt_import_kept {
    const char *path;  /* "/state/ada_p" */
    gt_number type;    /* GT_NUMBER_DOUBLE or GT_NUMBER_TEXT */
    size_t size;       /* numbers; bytes of the text */
    const void *value; /* lives in the arena */
} gt_import_kept;
enum { GT_IMPORT_KEPT_MAX = 12 };

/* Stands before the name of gt_model.small_stem in files for other programs, so that none of them takes the network for
 * the published one. */
#define GT_SMALL_STEM "small_stem."

typedef struct gt_imported gt_imported;
struct gt_imported {
    const struct gt_weights *from;
    gt_arena *arena;
    const char *model;           /* set by the family; NULL: the file holds none of the family's networks */
    const char *const *networks; /* of Gantry's, which the file holds: "G_ema"; ended by NULL. The first is in use */
    const char *faults;          /* lines on networks that are there and cannot be used; NULL: none */
    const char *warning;         /* of gt_import_check_source(); NULL: none */
    int batch;                   /* that the recipe has where the usual one does not fit; 0: the usual one */
    const char *kernel_set;      /* "": unknown */
    gt_import_kept kept[GT_IMPORT_KEPT_MAX];
    int n_kept;
    void *own; /* the family's */
    /* Where tensor t of a network is. */
    gt_import_place (*place)(const gt_imported *m, const char *network, const gt_tensor *t);
    /* What the names of a network's tensors begin with in the file. NULL: nothing. Every tensor with such a name is one
     * of the network's, or the file is refused, */
    const char *(*prefix)(const gt_imported *m, const char *network);
    /* unless a tensor of this name changes nothing of what networks make. NULL: there is none. */
    bool (*without_effect)(const gt_imported *m, const char *tensor);

    /* what the functions below collect */
    FILE *recipe, *said;
    const gt_options *given; /* options whose given values replace what a file does not say; NULL: there are none */
};

/* A line of the recipe. */
void gt_import_set(gt_imported *m, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The value that the user gives for an option; NULL: none. */
const char *gt_import_given(const gt_imported *m, const char *key);

/* Keeps numbers or a text, which are copied. */
gt_status gt_import_keep(gt_imported *m, const char *path, gt_number type, size_t size, const void *value);
gt_status gt_import_keep_text(gt_imported *m, const char *path, const char *text);
/* Leaves out a network, which is not the first, because of gt_message(): commands that need the network fail with this
 * message. GT_NOMEM. */
gt_status gt_import_fault(gt_imported *m, const char *network);
/* Adds a sentence on what the file does not say and what is taken instead. */
void gt_import_say(gt_imported *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- what is there beside what is read (import_rest.c) ---- */

/* GT_FORMAT: a tensor of the network has no use. known[i]: tensor i of the file has one. */
gt_status gt_import_check_network(const gt_imported *m, const char *network, const bool *known);
/* The same of tensors outside of all networks; of states of a training, which hold much else, it is said. */
gt_status gt_import_check_beside(gt_imported *m);
/* GT_FORMAT: a module "PREFIX..." of a pickle is of another class than these words, between which there are blanks, or
 * its constructor was told something whose name is not among the known ones. Tables in tables count. */
gt_status gt_import_check_modules(const gt_imported *m, const char *prefix, const char *classes, const char *known);
/* The text that defines the classes of the modules "PREFIX..." of a pickle, of these prefixes up to NULL, is a known
 * one (SHA-256, up to NULL); else the classes may compute something else than Gantry, and a warning names them: with
 * --strict GT_FORMAT. State dicts have no such text. */
gt_status gt_import_check_source(gt_imported *m, const char *const *prefixes, const char *const *known);
/* GT_FORMAT: a value "PREFIXname" beside the tensors is not among these words. Gantry's own values are known. */
gt_status gt_import_check_values(const gt_imported *m, const char *prefix, const char *known);
extern const char gt_import_metadata[]; /* values of any state dict that say nothing of the network */

/* ---- filters of up- and downsampling ---- */

typedef bool gt_filter_uses(const void *arg, const char *name);
/* The filter of the tensors "PREFIX....resample_filter" of which `uses` says that a layer reads them, by their names
 * without the prefix. *out stays as it is where there are none, or where the file's filter is the same. GT_FORMAT: a
 * tensor is not a filter, or two are not the same. */
gt_status gt_import_filter(const gt_imported *m, const char *prefix, gt_filter_uses *uses, const void *arg,
                           gt_resample_filter *out);
bool gt_same_filter(const gt_resample_filter *a, const gt_resample_filter *b); /* but for a factor */
/* A line of the recipe, "1,3,3,1", and what such a text stands for; "" leaves the filter as it is. */
void gt_import_set_filter(gt_imported *m, const char *key, const gt_resample_filter *f);
gt_status gt_filter_of_text(const char *key, const char *text, gt_resample_filter *f);

#endif
