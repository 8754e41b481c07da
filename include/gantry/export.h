/* SPDX-License-Identifier: Apache-2.0
 * Trained networks as files for other programs.
 *
 *     gt_export(&(gt_export_request){.checkpoint = "runs/first", .out = "first.safetensors"}, NULL);
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_EXPORT_H
#define GANTRY_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/network.h"
#include "gantry/status.h"

typedef struct gt_export_request {
    const char *checkpoint; /* or what else gt_trained_open() reads: the source */
    gt_network_options reading;
    const char *out;  /* the file to write */
    const char *form; /* "pkl" ...; NULL or "": by the ending of `out` */
    bool all;         /* all networks of the source; else the one in use, such as G_ema */
    int protocol;     /* of pickles: 2 to 5; 0: 4 */
    /* Of an ONNX model. part: "generator", "mapping", "encoder" ...; NULL or "": the first that the model has.
     * no_noise: else the noise is always the same. from_styles: its input is "ws" [N,num_ws,w_dim]. truncation_cutoff:
     * styles that truncation changes; 0: all */
    const char *part;
    bool no_noise, from_styles;
    int truncation_cutoff;
} gt_export_request;

/* What was written, for a line. */
typedef struct gt_export_done {
    const char *readers; /* programs: "NumPy" */
    char inputs[256];    /* what the network in the file wants: "pixels of 0 to 1"; "": nothing to say */
} gt_export_done;

/* The form of the request, "onnx"; NULL: see gt_message(). Only it decides which of the fields above count. */
const char *gt_export_form_name(const gt_export_request *r);
gt_status gt_export_check_form(const gt_option *o, const char *value); /* the `check` of an option that names one */
gt_status gt_export_check_list(const char *list);                      /* "pkl,npz", "none" */
/* GT_USAGE: the request is impossible: an unknown form, an `out` that is the source or a folder, ... No network is
 * read. */
gt_status gt_export_check(const gt_export_request *r);
/* Reads the networks and writes them to r->out, whole or not at all; *done may be NULL. GT_USAGE: also a form that the
 * model does not have, with the forms that the model has. The main thread calls this function. */
gt_status gt_export(const gt_export_request *r, gt_export_done *done);

#endif
