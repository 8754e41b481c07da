/* SPDX-License-Identifier: Apache-2.0
 * Makes pictures of gantry mix again, of their records. */
#include <stdio.h>
#include <string.h>

#include "dist/door/dist.h"
#include "features/mix/mix.h"
#include "runner/record/door/maker.h"
#include "runner/generator/door/origin.h"

enum { MOST_SEEDS = 1024 };

static gt_status read_seeds(const gt_again *a, gt_arena *arena, bool sheet, gt_mix_request *q) {
    const gt_record *r = a->record;
    int64_t most = a->most < MOST_SEEDS ? a->most : MOST_SEEDS, *one = gt_arena_array(arena, 2, sizeof *one);
    gt_status st = one ? GT_OK : GT_NOMEM;
    if (!st && sheet) st = gt_record_get_ranges(r, "row_seeds", most, arena, &q->rows, &q->n_rows);
    if (!st && sheet) st = gt_record_get_ranges(r, "column_seeds", most, arena, &q->columns, &q->n_columns);
    if (st || sheet) return st;
    one[0] = one[1] = -1;
    st = gt_record_get_int(r, "row_seed", 0, UINT32_MAX, &one[0]);
    if (!st) st = gt_record_get_int(r, "column_seed", 0, UINT32_MAX, &one[1]);
    q->rows = one, q->columns = one + 1;
    q->n_rows = one[0] >= 0, q->n_columns = one[1] >= 0;
    return st;
}

static gt_status read_makes(const gt_again *a, int *sheet) {
    static const char *const names[] = {"picture", "sheet"};
    *sheet = -1;
    gt_status st = gt_record_get_choice(a->record, "makes", names, 2, sheet);
    return !st && (*sheet < 0 || a->seeds) ? gt_fail(GT_FORMAT, "its record is not one of a mixture") : st;
}

static gt_status read_request(const gt_again *a, gt_arena *arena, gt_mix_request *q) {
    int sheet;
    *q = (gt_mix_request){.checkpoint = a->network, .outdir = a->folder, .styles = "", .again = a, .stop = a->stop};
    gt_status st = gt_origin_options(a->record, &q->options);
    q->options.pool = a->pool;
    if (!st) st = gt_origin_condition(a->record, arena, &q->condition);
    if (!st) st = read_makes(a, &sheet);
    if (!st) st = gt_record_get_text(a->record, "styles", &q->styles);
    if (!st && *q->styles) st = gt_layers_check(q->styles);
    if (!st) st = read_seeds(a, arena, sheet, q);
    if (!st && (!q->n_rows || !q->n_columns)) st = gt_fail(GT_FORMAT, "its record lacks the seeds of rows or columns");
    if (!st && sheet && (q->n_rows + 1) * (q->n_columns + 1) > a->most)
        st = gt_fail(GT_FORMAT, "its record has more cells than the picture has pixels");
    return st ? st : gt_given_edits(a, &q->edit);
}

static gt_status make_all(gt_comm *comm, const gt_again *a) {
    GT_ARENA gt_arena *arena = gt_arena_new();
    gt_mix_request q;
    int64_t replaced;
    gt_status st = gt_comm_agree_all(comm, arena ? read_request(a, arena, &q) : GT_NOMEM);
    return st ? st : gt_mix_all(comm, &q, &replaced);
}

static gt_status path_of(const gt_again *a, int64_t i, char *path, size_t bytes) {
    int64_t row = -1, column = -1, class = -1;
    char suffix[32] = "";
    (void)i;
    gt_status st = gt_record_get_int(a->record, "row_seed", 0, UINT32_MAX, &row);
    if (!st) st = gt_record_get_int(a->record, "column_seed", 0, UINT32_MAX, &column);
    if (!st) st = gt_record_get_int(a->record, "class", 0, INT32_MAX, &class);
    if (class >= 0) snprintf(suffix, sizeof suffix, "-class%lld", (long long)class);
    if (row < 0) snprintf(path, bytes, "%s/grid.png", a->folder);
    else snprintf(path, bytes, "%s/%lld-%lld%s.png", a->folder, (long long)row, (long long)column, suffix);
    return st;
}

static void say(const gt_record *r, char *text, size_t bytes) {
    char rows[GT_ORIGIN_LIST], columns[GT_ORIGIN_LIST], styles[GT_ORIGIN_LIST];
    int64_t row = -1, column = -1;
    gt_origin_list(r, "styles", styles);
    gt_record_get_int(r, "row_seed", 0, UINT32_MAX, &row);
    gt_record_get_int(r, "column_seed", 0, UINT32_MAX, &column);
    if (*gt_origin_list(r, "row_seeds", rows) && *gt_origin_list(r, "column_seeds", columns))
        snprintf(text, bytes, "rows of seeds %s, with layers %s of seeds %s", rows, styles, columns);
    else snprintf(text, bytes, "seed %lld, with layers %s of seed %lld", (long long)row, styles, (long long)column);
}

const gt_maker gt_maker_mix = {"mix", make_all, path_of, say};
