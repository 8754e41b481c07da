/* SPDX-License-Identifier: Apache-2.0
 * The numbers of a state as rows of a table: the entry in checkpoints, what the entry says of itself, and where the
 * number lives in a struct. Writing, reading, handing out to ranks and the attributes of the entry follow from the row:
 *
 *     static const gt_state_row rows[] = {
 *         {"/state/images", "images", "Images so far", GT_STATE_IN(gt_engine, shown)},
 *         {"/state/reseed", "", "Rollbacks", GT_STATE_IN(gt_engine, reseed), .since = "0.1.0"},
 *     };
 *
 * A row that comes to a table later says since when. Its entry is there only where the number is not 0, so that
 * checkpoints of runs which do not use the number stay equal to those of earlier programs; a checkpoint without the
 * entry means 0. */
#ifndef GANTRY_RUN_DOOR_STATE_ROW_H
#define GANTRY_RUN_DOOR_STATE_ROW_H

#include "data/door/damage.h"
#include "run/door/checkpoint.h"

/* What the number is in memory, and in the file. */
typedef enum gt_state_type {
    GT_STATE_BOOL,     /* int64 */
    GT_STATE_INT,      /* int64, not negative */
    GT_STATE_UINT32,   /* int64 */
    GT_STATE_INT64,    /* int64 */
    GT_STATE_UINT64,   /* int64 */
    GT_STATE_FLOAT,    /* float64 */
    GT_STATE_DOUBLE,   /* float64 */
    GT_STATE_PICTURES, /* gt_damage: float64 [n], rising; nothing where n is 0 */
    GT_STATE_DOUBLES,  /* float64 [n] */
    GT_STATE_FLOATS,   /* float32 [n]; a scalar where n is 1 */
} gt_state_type;

typedef struct gt_state_row {
    const char *path, *unit, *description; /* "/state/images"; unit "": none */
    gt_state_type type;
    size_t offset;     /* of the number in `base` */
    size_t n;          /* of DOUBLES and FLOATS */
    const char *since; /* the version of the program that wrote the first such entry; NULL: all checkpoints have one */
    bool (*is_kept)(const void *base);  /* NULL: yes. Elsewhere there is no entry, and the number stays as it is */
    int64_t (*value)(const void *base); /* not NULL: an entry for readers alone, which is written and not read */
} gt_state_row;

/* Place and type of a field that is a single number, or a gt_damage: `GT_STATE_IN(gt_engine, step)`. */
/* clang-format off */
#define GT_STATE_IN(struct_, field) \
    .offset = offsetof(struct_, field), \
    .type = _Generic(((struct_ *)0)->field, bool: GT_STATE_BOOL, int: GT_STATE_INT, uint32_t: GT_STATE_UINT32, \
                     int64_t: GT_STATE_INT64, uint64_t: GT_STATE_UINT64, float: GT_STATE_FLOAT, \
                     double: GT_STATE_DOUBLE, gt_damage: GT_STATE_PICTURES)
/* clang-format on */

/* The first error sticks to `c`. */
void gt_state_row_write(gt_checkpoint *c, const gt_state_row *r, const void *base);
/* GT_FORMAT: the entry is missing, of another type or size, or not within the range of the number. */
gt_status gt_state_row_read(const gt_checkpoint_file *f, const gt_state_row *r, void *base);
/* Rank 0's number to all ranks. */
gt_status gt_state_row_hand_out_all(gt_comm *comm, const gt_state_row *r, void *base);

#endif
