/* SPDX-License-Identifier: Apache-2.0
 * Pictures whose bytes do not decode, where others take their places (gt_dataset_options.skip_damaged): which ones, and
 * how many there may be. */
#ifndef GANTRY_DATA_DOOR_DAMAGE_H
#define GANTRY_DATA_DOOR_DAMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/dataset.h"
#include "gantry/dist.h"

#define GT_TAKES_ITS_PLACE "left out, the next picture of its class takes its place (--on-error=skip)"

typedef struct gt_damage { /* {0}: none */
    int64_t *picture;      /* [n] numbers of stored images, ascending */
    size_t n, room;
} gt_damage;

bool gt_damage_has(const gt_damage *d, int64_t picture);
gt_status gt_damage_add(gt_damage *d, int64_t picture); /* once */
/* What any rank has, all ranks have. */
gt_status gt_damage_join_all(gt_comm *comm, gt_damage *d);
void gt_damage_free(gt_damage *d); /* empty again */

/* Of so many pictures a hundredth may be damaged, and one in any case. */
static inline int64_t gt_damage_most(int64_t pictures) { return pictures < 100 ? 1 : pictures / 100; }
/* Is the nth of them told? Of many only some are. */
static inline bool gt_damage_tells(int64_t n) { return n <= 8 || (n & (n - 1)) == 0; }
gt_status gt_damage_too_many(const char *spec, int64_t damaged, int64_t pictures); /* the error */

#endif
