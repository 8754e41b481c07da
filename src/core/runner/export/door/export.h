/* SPDX-License-Identifier: Apache-2.0
 * What a form of export is: a word in src/features/list.h and a file that defines gt_export_form_NAME. */
#ifndef GANTRY_RUNNER_EXPORT_DOOR_EXPORT_H
#define GANTRY_RUNNER_EXPORT_DOOR_EXPORT_H

#include "files/codec/door/weights_write.h"
#include "gantry/export.h"
#include "networks/model/door/model.h"
#include "networks/nets/door/layers.h"
#include "gantry/trained.h"

/* A network of the source. */
typedef struct gt_export_net {
    const char *name; /* "G_ema", "G", "D" */
    const gt_net *net;
    const float *block; /* parameters and buffers, in memory order: gt_tensor_to_file() */
} gt_export_net;

typedef struct gt_export_source {
    const gt_export_request *request;
    gt_trained *trained; /* params: those of the network in use */
    int n_nets;
    gt_export_net nets[GT_MAX_NETS + 1]; /* the first is the network in use; the others as in the model */
    gt_text inputs; /* what the network in the file wants: "pixels of 0 to 1"; "": nothing to say */
} gt_export_source;

typedef struct gt_export_form {
    const char *name; /* also the ending of files: "pkl" is that of "a.pkl" */
    const char *help; /* a few words: what reads such files */
    bool all;         /* takes all networks, whether or not they are asked for */
    bool one;         /* holds one network, or a part of it */
    /* May a model of this kind be written? NULL: any may. */
    bool (*fits)(const gt_model *m);
    const char *needs;                                 /* which models fit, for messages; NULL: nothing to say */
    gt_text (*inputs)(const gt_export_source *source); /* NULL: nothing to say */
    const char *(*readers)(const gt_model *m);         /* NULL: `help` names them */
    /* Writes the file source->request->out, whole or not at all (base/door/file.h). */
    gt_status (*write)(const gt_export_source *source);
} gt_export_form;

extern const gt_export_form *const gt_export_all_forms[]; /* in the order of help and messages, and NULL */

enum { GT_EXPORT_MOST_FORMS = 16 };
bool gt_export_is_form(const char *name); /* "pkl" */
/* The forms in a list such as "pkl,npz"; "none" and "": *n is 0. GT_USAGE: one is unknown, named twice, or no form of
 * the model `m`, where it is not NULL. */
gt_status gt_export_forms(const char *list, const gt_model *m, const gt_export_form *forms[GT_EXPORT_MOST_FORMS],
                          int *n);

enum { GT_EXPORT_TEXTS_MOST = 12 };
/* What is known of the data, as texts of w, which has room for GT_EXPORT_TEXTS_MOST: names of classes, the range ... */
gt_status gt_export_data_texts(const gt_checkpoint_data *d, gt_arena *a, gt_weights_out *w);
/* What Gantry needs to make the model again, as texts of w: the model's name, the recipe, names of classes ... */
gt_status gt_export_texts(const gt_export_source *s, gt_arena *a, gt_weights_out *w);

#endif
