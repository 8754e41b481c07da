/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints that may come from elsewhere: what is walked in a process of its own is what is opened afterwards, on all ranks. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "gantry/checkpoint.h"
#include "gantry/dataset.h"

gt_status cli_check_checkpoint(const char *path, char **file) {
    gt_status st = gt_checkpoint_choose(path, file); /* first: damage is told as such */
    if (!st && *file) st = gt_dataset_check_foreign(*file, NULL);
    if (!st) return GT_OK;
    free(*file);
    *file = NULL;
    return st;
}

gt_status cli_choose_checkpoint(gt_arena *a, const char **path) {
    char *file;
    if (!cli_first_rank()) return GT_OK;
    gt_status st = cli_check_checkpoint(*path, &file);
    if (st || !file) return st; /* a run without any: opening it says so */
    *path = gt_arena_printf(a, "%s", file);
    free(file);
    return *path ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a file name");
}

gt_status cli_share_path(gt_comm *c, gt_arena *a, const char **path) {
    size_t bytes = strlen(*path) + 1;
    gt_comm_broadcast(c, &bytes, sizeof bytes, 0);
    char *text = gt_arena_alloc(a, bytes);
    gt_status st = gt_comm_agree(c, text ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a file name"));
    if (st) return st;
    if (c->rank == 0) memcpy(text, *path, bytes);
    gt_comm_broadcast(c, text, bytes, 0);
    *path = text;
    return GT_OK;
}
