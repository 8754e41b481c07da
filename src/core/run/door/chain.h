/* SPDX-License-Identifier: Apache-2.0
 * The chain of a run: hashes, each of which covers the one before, of the state at numbers of images that follow from
 * the recipe alone. Whoever has the chain and computes the run again must meet each link.
 *
 * A head is SHA-256 of a text, so that it can be checked by hand with sha256sum. Before the first link, at the step
 * where the chain begins (0, or where the run of an older program resumes):
 *     "gantry chain 2\nstep N\nimages N\narithmetic ID\nstate HEX\nsource HEX\nrecipe BYTES\n", the recipe's text
 * after a link:
 *     "gantry link 1\nbefore HEX\nstep N\nimages N\narithmetic ID\nstate HEX\ndata HEX\n"
 * where the learning rate depends on the length of the run, before its first step and where a start changes the length:
 *     "gantry length 1\nbefore HEX\nstep N\nimages N\ntotal N\n"
 * after a rollback, where `before` is the head of the checkpoint that the run went back to, `abandoned` the one that
 * the run had, and `to` the step and images of the checkpoint:
 *     "gantry rollback 1\nbefore HEX\nabandoned HEX\nstep N\nimages N\nto N N\nbegan N\nreseed N\ncause TEXT\n"
 *
 * HEX: 64 digits; state: the root of gt_checkpoint_root(); source: of a transfer the root of the contents of the file
 * that the networks come from (runner/contents/door/contents.h), else 64 zeros; data: the root of the data's samples;
 * ID: "fma-9".
 *
 * All that changes the numbers is in a head; starts, stops, ranks and times are not, so that a run in ten pieces has
 * the head of the run in one piece. Chains of 1.0.0 have form 1, which they keep: they begin with
 *     "gantry chain 1\nstep N\nimages N\narithmetic ID\nstate HEX\nrecipe BYTES\n"
 * and have links alone: neither sources, lengths nor rollbacks are in their heads. */
#ifndef GANTRY_RUN_DOOR_CHAIN_H
#define GANTRY_RUN_DOOR_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/door/sha256.h"
#include "run/door/checkpoint.h"

enum { GT_CHAIN_FORM = 2 }; /* of chains that begin now */

/* Where a chain stands: the group /chain of checkpoints. */
typedef struct gt_chain {
    bool begun;           /* false: there is no chain yet, and the rest is zeros */
    gt_sha256 head;       /* of the latest link, length or rollback, or of the beginning */
    int64_t links;        /* so far */
    int64_t step, images; /* of the latest link, or of the beginning */
    int64_t form;         /* 1 or 2 */
    int64_t total;        /* form 2: the latest length in images that is in the head; 0: none */
    bool has_data;        /* the root of the data is known: from the first link on */
    gt_sha256 data;
} gt_chain;

/* Images between two links, where a step ends at so many images: at least 1024, at least 64 batches rounded up to a
 * power of two, and at least a 64th of the images rounded down to a power of two. */
int64_t gt_chain_spacing(int64_t images, int64_t batch);
/* Is there a link at the end of a step from `before` images to `images`? */
bool gt_chain_is_due(int64_t before, int64_t images, int64_t batch);

/* `source`: NULL: there is none. Of form 1 it does not count. */
gt_status gt_chain_begin_hash(int64_t form, int64_t step, int64_t images, const char *arithmetic,
                              const gt_sha256 *state, const gt_sha256 *source, const char *recipe, gt_sha256 *head);
gt_status gt_chain_link_hash(const gt_sha256 *before, int64_t step, int64_t images, const char *arithmetic,
                             const gt_sha256 *state, const gt_sha256 *data, gt_sha256 *head);
gt_status gt_chain_length_hash(const gt_sha256 *before, int64_t step, int64_t images, int64_t total, gt_sha256 *head);

/* `line`: of the rollback, whose own head does not count. */
struct gt_ledger_line;
gt_status gt_chain_rollback_hash(const gt_sha256 *before, const gt_sha256 *abandoned, const struct gt_ledger_line *line,
                                 gt_sha256 *head);

/* /chain of a checkpoint; a file without the group has no chain. GT_FORMAT: the group is there, and not right. */
gt_status gt_chain_read(const gt_checkpoint_file *f, gt_chain *c);
void gt_chain_write(const gt_chain *c, gt_checkpoint *to); /* nothing where there is no chain; errors stick to `to` */

#endif
