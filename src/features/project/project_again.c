/* SPDX-License-Identifier: Apache-2.0
 * Finds the styles of gantry project again, of their records and the target, which the user of the audit gives. */
#include <stdio.h>
#include <string.h>

#include "dist/door/dist.h"
#include "features/project/project.h"
#include "gantry/file.h"
#include "gantry/text.h"
#include "runner/generator/door/origin.h"
#include "runner/record/door/maker.h"

static gt_status read_kind(const gt_again *a) {
    const char *makes = "", *distance = "";
    gt_status st = gt_record_get_text(a->record, "makes", &makes);
    if (!st) st = gt_record_get_text(a->record, "distance", &distance);
    bool arrays = gt_ends_with(a->ending, ".npz") || gt_ends_with(a->ending, ".h5");
    if (!st && (strcmp(makes, "array") || !arrays || a->seeds))
        return gt_fail(GT_FORMAT, "its record is not one of styles that were found");
    if (!st && !strcmp(distance, "lpips"))
        return gt_fail(GT_UNDECIDED, "its styles were found with LPIPS, and such styles are not found again");
    return st || !strcmp(distance, "own") ? st : gt_fail(GT_FORMAT, "its record names no distance that is known");
}

static gt_status read_request(const gt_again *a, gt_arena *arena, const char **target, gt_project_request *q) {
    enum { MOST_STEPS = 10000 }; /* a small file could order days */
    static const char *const spaces[] = {"w", "w+"};
    int64_t seed = -1;
    int space = -1;
    *q = (gt_project_request){.checkpoint = a->network,
                              .n_targets = 1,
                              .targets = target,
                              .outdir = a->folder,
                              .vgg = "",
                              .lpips = "",
                              .overwrite = true,
                              .again = a,
                              .pool = a->pool,
                              .stop = a->stop};
    gt_status st = read_kind(a);
    if (!st) st = gt_record_get_int(a->record, "steps", 1, INT64_MAX, &q->steps);
    if (!st) st = gt_record_get_int(a->record, "noise_seed", 0, UINT32_MAX, &seed);
    if (!st) st = gt_record_get_choice(a->record, "space", spaces, 2, &space);
    if (!st) st = gt_origin_condition(a->record, arena, &q->condition);
    if (!st && (!q->steps || seed < 0 || space < 0)) st = gt_fail(GT_FORMAT, "its record lacks steps, seed or space");
    if (!st && q->steps > MOST_STEPS)
        st = gt_fail(GT_UNDECIDED, "its record orders %lld steps, and at most %d are made again: nothing was made",
                     (long long)q->steps, MOST_STEPS);
    if (!st && !**target) st = gt_fail(GT_UNDECIDED, "its styles were found for a picture: --target=PICTURE is needed");
    q->seed = (uint64_t)seed;
    q->plus = space == 1;
    return st;
}

static gt_status make_all(gt_comm *comm, const gt_again *a) {
    GT_ARENA gt_arena *arena = gt_arena_new();
    const char *target = a->given.target;
    gt_project_request q;
    gt_status st = gt_comm_agree_all(comm, arena ? read_request(a, arena, &target, &q) : GT_NOMEM);
    if (!st && (st = gt_project_all(comm, &q)) && st != GT_NOMEM && st != GT_STOPPED)
        st = gt_wrap(GT_UNDECIDED, "with the picture of --target"); /* which may be the reason, not the record */
    return st;
}

static gt_status path_of(const gt_again *a, int64_t i, char *path, size_t bytes) {
    (void)i;
    snprintf(path, bytes, "%s/projected_w%s", a->folder, a->ending);
    return GT_OK;
}

static void say(const gt_record *r, char *text, size_t bytes) {
    int64_t steps = 0;
    gt_record_get_int(r, "steps", 0, INT64_MAX, &steps);
    snprintf(text, bytes, "the picture of --target in %lld steps", (long long)steps);
}

const gt_maker gt_maker_project = {"project", make_all, path_of, say};
