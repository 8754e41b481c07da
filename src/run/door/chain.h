/* SPDX-License-Identifier: Apache-2.0
 * The chain of a run: hashes, each of which covers the one before, of the state at numbers of images that follow from
 * the recipe alone. Whoever has the chain and computes the run again must meet each link.
 *
 * A head is SHA-256 of a text, so that it can be checked by hand with sha256sum. Before the first link, at the step
 * where the chain begins (0, or where the run of an older program resumes):
 *     "gantry chain 1\nstep N\nimages N\narithmetic ID\nstate HEX\nrecipe BYTES\n" and the text of the recipe
 * after a link:
 *     "gantry link 1\nbefore HEX\nstep N\nimages N\narithmetic ID\nstate HEX\ndata HEX\n"
 * HEX: 64 digits; state: the root of gt_checkpoint_root(); data: the root of the data's samples; ID: "fma-9". */
#ifndef GANTRY_RUN_DOOR_CHAIN_H
#define GANTRY_RUN_DOOR_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/door/sha256.h"
#include "run/door/checkpoint.h"

/* Where a chain stands: the group /chain of checkpoints. */
typedef struct gt_chain {
    bool begun;           /* false: there is no chain yet, and the rest is zeros */
    gt_sha256 head;       /* of the latest link, or of the beginning */
    int64_t links;        /* so far */
    int64_t step, images; /* of the latest link, or of the beginning */
    bool has_data;        /* the root of the data is known: from the first link on */
    gt_sha256 data;
} gt_chain;

/* Images between two links, where a step ends at so many images: at least 1024, at least 64 batches rounded up to a
 * power of two, and at least a 64th of the images rounded down to a power of two. */
int64_t gt_chain_spacing(int64_t images, int64_t batch);
/* Is there a link at the end of a step from `before` images to `images`? */
bool gt_chain_is_due(int64_t before, int64_t images, int64_t batch);

gt_status gt_chain_begin_hash(int64_t step, int64_t images, const char *arithmetic, const gt_sha256 *state,
                              const char *recipe, gt_sha256 *head);
gt_status gt_chain_link_hash(const gt_sha256 *before, int64_t step, int64_t images, const char *arithmetic,
                             const gt_sha256 *state, const gt_sha256 *data, gt_sha256 *head);

/* /chain of a checkpoint; a file without the group has no chain. GT_FORMAT: the group is there, and not right. */
gt_status gt_chain_read(const gt_checkpoint_file *f, gt_chain *c);
void gt_chain_write(const gt_chain *c, gt_checkpoint *to); /* nothing where there is no chain; errors stick to `to` */

#endif
