/* SPDX-License-Identifier: Apache-2.0
 * Fields that belong together: a dataset whose targets are to be made from conditions, such as rain on a fine grid from
 * temperature and humidity on a coarse one.
 *
 * A conditional dataset is an ordinary dataset (dataset.h) of float32 pictures. Its channels, in this order:
 *     targets ... | conditions ... statics ... masks of conditions ... mask of the targets
 * The last info->conditions channels are not targets. All variables have a name, and a level of a variable has the name
 * with the number of its place behind it: "ta_0", "ta_1". A variable of a file without names (a folder of pictures) is
 * called as the last part of the path, with its channel's name or number behind it where there are several.
 *
 * Values are normalised: v = (f(x) - mean) / deviation for each channel, f by gt_value_transform. Mean and deviation
 * (of the population; 1 where all values are equal) are those of the training data: of the stored items that the subset
 * has, in one pass with exact sums (base/door/exact.h), so that order and ranks do not matter. Masks stay 0 and 1 (mean
 * 0, deviation 1).
 *
 * Samples belong together by their time (an axis `time` of CF: "days since 2000-01-01", calendars standard, noleap,
 * 360_day), pictures in folders and archives by their names without ending, others by their place.
 *
 * A condition of another size is brought to the targets' grid, each axis by itself. With n cells that become m cells,
 * cell i of the result covers i n/m .. (i+1) n/m of the given cells:
 *     m < n   the mean of what it covers, by area
 *     m > n   linear between the middles of the two nearest cells, at x = (i + 1/2) n/m - 1/2; beyond the first and the
 *             last middle the value of that cell
 *     nearest the cell in which the middle (i + 1/2) n/m lies
 *
 * Missing values (NaN, _FillValue, missing_value, what lies outside valid_range) are an error, or with GT_MISSING_MASK:
 *   - A missing value of a condition or static field becomes the mean of the channel (0 as it is normalised), and a
 *     channel "mask_of_NAME" has 1 where the value is there and 0 where it is missing. Cells of a resized field that
 *     cover a missing cell are missing. The channel exists where the training data have such a value. Where they have
 *     none, later data must have none.
 *   - A missing value of a target becomes 0 likewise, and one last channel "mask_of_targets" has 0 where any target is
 *     missing. The loss leaves these cells out, and networks do not see this channel. */
#ifndef GANTRY_FIELDS_H
#define GANTRY_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/choices.h"
#include "gantry/status.h"

/* f(x): x; ln(1 + x), x > -1; the square root, x >= 0. */
#define GT_VALUE_TRANSFORMS(X) X(GT_VALUES_PLAIN, "none") X(GT_VALUES_LOG1P, "log1p") X(GT_VALUES_SQRT, "sqrt")
typedef enum gt_value_transform { GT_VALUE_TRANSFORMS(GT_CONSTANT) } gt_value_transform;

#define GT_MISSING_RULES(X) X(GT_MISSING_REFUSED, "refuse") X(GT_MISSING_MASK, "mask")
typedef enum gt_missing { GT_MISSING_RULES(GT_CONSTANT) } gt_missing;

#define GT_CONDITION_RESIZES(X) X(GT_RESIZE_SMOOTH, "smooth") X(GT_RESIZE_NEAREST, "nearest")
typedef enum gt_condition_resize { GT_CONDITION_RESIZES(GT_CONSTANT) } gt_condition_resize;

typedef struct gt_channel_scale {
    const char *name, *units; /* units "": not given */
    double mean, deviation;   /* of the transformed values; deviation > 0 */
    gt_value_transform transform;
    int height, width;         /* of the field in its file, before it was resized; 0: not known */
    const char *standard_name; /* of CF; NULL or "": not given */
} gt_channel_scale;

/* n normalised values, `stride` apart, become physical ones in place; the other way. sqrt: what lies
 * below the least possible value (f(x) < 0) becomes 0 before it is undone; log1p gives values down to -1. */
void gt_channel_scale_undo(const gt_channel_scale *c, float *values, size_t n, size_t stride);

/* Where and when the samples are, for files that are made of them; all NULL or 0 where it is not known. */
typedef struct gt_fields_axis {
    char name[64], units[128], standard_name[64], long_name[128];
    int64_t n;
    const double *values; /* [n] */
} gt_fields_axis;

/* An attribute of a variable, as text; of numbers: in "%.17g", with blanks between them, at most so many. */
enum { GT_FIELDS_NOTE_NUMBERS = 16 };
typedef struct gt_fields_note {
    const char *name, *text;
    bool numbers;
} gt_fields_note;

typedef struct gt_fields_notes {
    int n;
    const gt_fields_note *note;
} gt_fields_notes;

typedef struct gt_fields_place {
    gt_fields_axis y, x; /* of the targets' grid (of the condition's, if there are no targets and it has this size) */
    /* Latitudes and longitudes of the cells where the axes have none (CF 1.11, section 5.2), in any order: n is height
     * x width, values [height,width]; n 0: none. And the variable that says how the grid was mapped (section 5.6). */
    gt_fields_axis cells[2];
    gt_fields_axis seen; /* the same: 0 where no sample of the training had all targets, else 1; n 0: all cells had */
    const char *mapping; /* its name; NULL or "": there is none */
    gt_fields_notes mapping_notes;
    const char *time_units, *calendar;
} gt_fields_place;

/* Which fields, for gt_dataset_options.fields. The targets are gt_dataset_open()'s `spec`, "FILE:NAME[,NAME...]" as the
 * conditions: "FILE:NAME,NAME,FILE:NAME": a part with a colon begins a file, other parts are further variables of the
 * same file; a file or folder without a colon gives what it would as a dataset. Texts are the caller's and are not
 * kept. `spec` NULL or "": there are no targets; then the dataset has conditions alone, on the grid height x width,
 * without mask_of_targets (generate). */
typedef struct gt_fields_request {
    const char *condition, *statics; /* statics: one field for all samples, with or without an axis of length 1 */
    gt_missing missing;
    const char *value_transform; /* "log1p" for the targets, or "pr=log1p,hus_700=sqrt"; NULL or "": none */
    gt_condition_resize condition_resize;
    /* The channels of a checkpoint, all of them in its order; NULL: computed. Channels of the data are matched to them
     * by name and come in their order. GT_USAGE: one is missing, or there is one more, or its units are others. */
    const gt_channel_scale *fixed;
    int n_fixed, fixed_conditions;      /* as info->channels and info->conditions were */
    const gt_fields_place *fixed_place; /* of the targets in training; NULL: not known */
    int height, width; /* of the grid where there are no targets; where there are, and not 0, a check */
} gt_fields_request;

#endif
