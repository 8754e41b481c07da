/* SPDX-License-Identifier: Apache-2.0
 * gantry inspect RUN --losses=batch-sums: the losses of an autoencoder's log per image, and summed over a batch. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "gantry/file.h"
#include "gantry/runlog.h"

static const char *const losses[] = {"Loss/reconstruction", "Loss/KL", "Loss/commitment"};
enum { LOSSES = sizeof losses / sizeof *losses };

/* A tick's mean over its batches of the sums over a batch is the sum over its images divided by its batches. */
static void print_tick(const gt_stats *s, int tick, double batches, const gt_stats_series *const series[LOSSES]) {
    printf("%10.3f %8.0f", (double)s->images[tick] / 1000, batches);
    for (int k = 0; k < LOSSES; k++) {
        if (!series[k]) continue;
        const gt_stat_value *v = &series[k]->values[tick];
        printf(" %14.6g %14.6g", v->mean, batches > 0 ? v->mean * v->num / batches : (double)NAN);
    }
    printf("\n");
}

gt_status cli_inspect_losses(const char *dir) {
    const gt_stats_series *series[LOSSES];
    char *path = gt_path_join(dir, "stats.jsonl");
    gt_stats *s = path ? gt_stats_read(path) : NULL;
    gt_status st = s ? GT_OK : gt_failure();
    const gt_stats_series *steps = s ? gt_stats_find(s, "Progress/step") : NULL;
    for (int k = 0; k < LOSSES; k++) series[k] = s ? gt_stats_find(s, losses[k]) : NULL;
    if (!st && (!series[0] || !steps))
        st = gt_fail(GT_USAGE,
                     "%s: --losses=batch-sums needs the log of an autoencoder's run, with Loss/reconstruction", dir);
    if (!st) printf("%10s %8s", "kimg", "batches");
    for (int k = 0; k < LOSSES && !st; k++)
        if (series[k]) printf(" %14s %14s", strchr(losses[k], '/') + 1, "sum per batch");
    if (!st) printf("\n");
    for (int i = 0; i < (s ? s->ticks : 0) && !st; i++)
        print_tick(s, i, steps->values[i].mean - (i ? steps->values[i - 1].mean : 0), series);
    gt_stats_free(s);
    free(path);
    return st;
}
