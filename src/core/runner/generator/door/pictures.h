/* SPDX-License-Identifier: Apache-2.0
 * What all commands do that make pictures with a generator, cell by cell: the ranks share the cells, and rank 0 writes
 * one file of all while more are made. A command adds its cells (latents, styles, labels) and the files of single ones,
 * in a struct of its own that begins with this one. */
#ifndef GANTRY_RUNNER_GENERATOR_DOOR_PICTURES_H
#define GANTRY_RUNNER_GENERATOR_DOOR_PICTURES_H

#include "networks/model/door/model.h"
#include "runner/door/in_order.h"
#include "runner/generator/door/collection.h"
#include "runner/generator/door/edits.h"
#include "runner/generator/door/film.h"
#include "runner/generator/door/generator.h"
#include "runner/generator/door/origin.h"

typedef struct gt_pictures {
    /* the caller's */
    gt_comm *comm;
    gt_origin_of of; /* all but the generator */
    gt_record_level record;
    int (*stop)(void);
    gt_collection *all; /* the file of all, or the film, of which a record is a frame: rank 0's; NULL: none */
    gt_film *film;
    gt_record_notes notes; /* of that file; rank 0's */
    /* opened */
    gt_generator *generator;
    const gt_model *model; /* the generator's */
    gt_arena *arena;
    int batch;
    float *z, *labels, *ws, *images; /* of a batch; ws only of a model with styles */
    char *pictures;                  /* of a batch: what is shown of the images, of 8 or 16 bits */
    gt_edits *edits;
    gt_origin origin;
    int64_t replaced; /* files that were there before, of all ranks */
} gt_pictures;

/* The generator, with the latents and the images of a batch. `apart`: from latents to styles, and from styles to
 * images. */
gt_status gt_pictures_open(gt_pictures *p, bool apart);
/* The edits, and what records say. `moving`: as for gt_edits_open_all(). All ranks return the same status. */
gt_status gt_pictures_origin_all(gt_pictures *p, bool moving);
/* Image i of the batch, as far as it is shown, as a PNG; `notes` are freed. */
gt_status gt_pictures_write(const gt_pictures *p, const char *path, gt_sample type, int64_t i, gt_record_notes *notes);
/* Makes all cells, and finishes the file of all. Of `how` count, doing, of and make are read, and batch (0: the
 * generator's); `arg` of make is p. Where `gathered`, what make adds goes into the file of all; to a film make adds the
 * size of each frame as uint64_t, then the frame. All ranks return the same status. */
gt_status gt_pictures_make_all(gt_pictures *p, const gt_in_order *how, bool gathered);
void gt_pictures_close(gt_pictures *p);

#endif
