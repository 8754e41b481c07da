/* SPDX-License-Identifier: Apache-2.0
 * A source made of variables: gantry/fields.h. source.c opens and reads it, pairing.c finds the samples that belong
 * together, channels.c says what the channels are, moments.c measures them. */
#ifndef GANTRY_DATA_FIELDS_FIELDS_H
#define GANTRY_DATA_FIELDS_FIELDS_H

#include "data/fields/variable.h"
#include "gantry/dataset.h"
#include "gantry/memory.h"

/* ---- another grid (cells.c) ---- */

/* What the cells of one axis become: cell i is the sum of weight[i * taps + k] times cell first[i] + k. */
typedef struct gt_cells {
    int in, out, taps; /* taps 1 and in == out: nothing changes */
    int *first, *count;
    double *weight;
} gt_cells;

gt_status gt_cells_plan(gt_arena *a, gt_cells *c, int in, int out, gt_condition_resize how);
/* in[y->in, x->in] -> out[y->out, x->out]; NaN is missing, and so is what covers it. `scratch`: y->in * x->out. */
void gt_cells_apply(const gt_cells *y, const gt_cells *x, const float *in, double *scratch, float *out);

/* ---- where cells lie (axes.c) ---- */

/* -1, 0, 1: descending, not known, ascending. */
int gt_axis_direction(const gt_fields_axis *a);
/* GT_FORMAT: the files of one variable have other coordinates. Axes without coordinates are not compared. */
gt_status gt_axes_alike(const gt_variable *v, const gt_variable *first);
/* GT_FORMAT: rows and columns are exchanged, or v's cells do not cover the place, by more than half a cell of
 * the coarser one. `of`: whose place it is. Axes without coordinates or with different units are not compared. `notes`,
 * if not NULL, have a line on a v that reaches further. */
gt_status gt_axes_fit(const gt_variable *v, const gt_fields_place *p, const char *of, gt_source_info *notes);

/* ---- fields ---- */

typedef enum gt_field_role { GT_FIELD_TARGET, GT_FIELD_CONDITION, GT_FIELD_STATIC, GT_FIELD_ROLES } gt_field_role;

/* A variable, of which several files may hold samples of different times. */
typedef struct gt_field {
    gt_field_role role;
    gt_variable **piece;
    int pieces, room;
    int64_t *first, count; /* [pieces + 1] samples before a piece; of all pieces */
    int64_t *sample;       /* [items] its samples; NULL: the only one */
    int64_t *moment;       /* [count] of all pieces; NULL: there are no times */
    gt_cells y, x;
    bool resized, flip_y, flip_x;
} gt_field;

typedef enum gt_channel_kind { GT_CHANNEL_VALUE, GT_CHANNEL_MASK, GT_CHANNEL_TARGET_MASK } gt_channel_kind;

typedef struct gt_field_channel {
    gt_channel_kind kind;
    int field, level; /* of the value, or of the value whose mask it is */
} gt_field_channel;

typedef struct gt_fields {
    gt_arena *arena;
    gt_field *field;
    int fields, room;
    int height, width;
    int64_t items;
    gt_missing missing;
    gt_condition_resize resize;
    gt_field_channel *channel;
    gt_channel_scale *scale;
    int channels, conditions, mask_of_target;
    const gt_fields_request *request; /* until the channels are measured */
    char *transforms;                 /* request->value_transform */
    gt_fields_place place;
    gt_calendar calendar;
} gt_fields;

/* Opens the variables of a list and adds them; those of one name are one field. */
gt_status gt_fields_add(gt_fields *f, gt_field_role role, const char *list);
/* Numbers and moments of a field's samples, in all its pieces (pairing.c). */
gt_status gt_field_join(gt_arena *a, gt_field *x);
static inline const gt_variable *gt_field_like(const gt_field *f) { return f->piece[0]; }
static inline const char *gt_field_name(const gt_field *f) { return f->piece[0]->name; }

/* Opens what a source of fields has; *out is still without means. `spec` NULL: no targets. */
gt_status gt_fields_open(gt_source **out, const char *spec, const gt_fields_request *request);
/* Reads all items: counts missing values and finds means, of the items in `chosen` (ascending; NULL: all) alone, or
 * takes those of the request. From then on the source has its channels. */
gt_status gt_fields_measure(gt_source *s, const int64_t *chosen, int64_t n);
void gt_fields_about(const gt_source *s, gt_dataset_info *info);
int64_t gt_fields_moment(const gt_source *s, int64_t stored, double *time);

/* A field of item i on the grid, [levels,height,width], as its file has the values; `scratch`: gt_field_scratch(). */
size_t gt_field_scratch(const gt_fields *f, const gt_field *x);
gt_status gt_field_read(const gt_fields *f, const gt_field *x, int64_t item, void *scratch, float *out);

/* Which samples of the fields are the items (pairing.c). */
gt_status gt_fields_pair(gt_fields *f, gt_source_info *notes);
/* The channels and their transforms: of the request's `fixed`, or in the order of the fields with masks where values
 * are missing[channel of a value] (channels.c). */
gt_status gt_fields_name_channels(gt_fields *f, const int64_t *missing);
/* v becomes f(v). False: there is no such. */
bool gt_value_transform_do(gt_value_transform t, float *v);

#endif
