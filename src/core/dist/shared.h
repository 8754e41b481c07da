/* SPDX-License-Identifier: Apache-2.0
 * Inside of src/core/dist: memory that the ranks of a host share.
 *
 * The memory is a file without a name (memfd_create): it does not lie in /dev/shm, so neither the size of that nor its
 * rights matter (containers give it 64 MB), and whatever ends the ranks, nothing is left of it. One rank makes it and
 * sends its descriptor to the others through sockets of the system (SCM_RIGHTS), which work where /proc/PID/fd is
 * closed to the others (namespaces of processes or users, Yama). All of it is reserved before anybody touches it:
 * memory that a host does not have is an error here, and no SIGBUS later. Each rank reserves its own part, so that the
 * part lies near the rank's cores. */
#ifndef GANTRY_DIST_SHARED_H
#define GANTRY_DIST_SHARED_H

#include "dist/comm.h"
#include "dist/door/dist.h"

typedef struct gt_shared {
    char *base; /* NULL: nothing is shared */
    size_t bytes;
    size_t *starts; /* [local_ranks] where the part of each rank of this host begins */
} gt_shared;

/* Every rank of this host brings the size of its part. Where a rank of the host fails, none of them shares anything,
 * and the failing one returns why; a rank that is alone on its host shares nothing either. The memory is zeroed, and
 * parts begin at pages. Collective over the ranks of a host, and all ranks must call it. */
gt_status gt_shared_open_all(gt_comm *c, size_t bytes, gt_shared *s);
void gt_shared_close(gt_shared *s);
static inline void *gt_shared_part(const gt_shared *s, int local_rank) { return s->base + s->starts[local_rank]; }

/* ---- neighbours.c: one copy for several ranks (gt_neighbours in dist.h) ---- */

/* Does the memory of this rank's neighbours hold these bytes? n may be NULL. */
bool gt_neighbours_hold(const gt_neighbours *n, const void *from, size_t bytes);
/* Where another rank of this host has what lies at `place` in the own memory: `place` itself for neighbours; NULL: that
 * rank brought another key. */
const void *gt_neighbours_copy(const gt_neighbours *n, int local_rank, const void *place);

#endif
