/* SPDX-License-Identifier: Apache-2.0
 * Makes pictures of gantry generate again, of their records. */
#include <stdio.h>
#include <string.h>

#include "base/door/sha256.h"
#include "dist/door/dist.h"
#include "gantry/file.h"
#include "runner/generator/door/generator.h"
#include "runner/record/door/maker.h"
#include "runner/generator/door/origin.h"

enum { PATH_ROOM = 4200, MOST_SEEDS = 1 << 24 };

typedef enum makes { PICTURE, SHEET, ARRAY } makes;
static const char *const all_makes[] = {"picture", "sheet", "array"};

static gt_status read_makes(const gt_record *r, int *out) {
    *out = -1;
    gt_status st = gt_record_get_choice(r, "makes", all_makes, sizeof all_makes / sizeof *all_makes, out);
    return st || *out >= 0 ? st : gt_fail(GT_FORMAT, "its record lacks 'makes'");
}

static gt_status read_place(const gt_again *a, gt_arena *arena, makes what, gt_generate_request *q) {
    const gt_record *r = a->record;
    int64_t columns = 0, rows = 0, most = gt_record_has(r, "row") ? 1 : a->most;
    bool unclamped = false;
    static const char *const arrays[] = {"images", "w", "z"};
    int space = GT_IMAGES;
    int64_t bits = 8;
    gt_status st = gt_record_get_int(r, "columns", 1, most, &columns);
    if (!st) st = gt_record_get_int(r, "rows", 1, columns ? most / columns : 1, &rows);
    if (!st) st = gt_record_get_int(r, "per_class", 1, most, &q->per_class);
    if (!st) st = gt_record_get_int(r, "bits", 8, 32, &bits);
    if (!st) st = gt_record_get_bool(r, "unclamped", &unclamped);
    if (!st) st = gt_record_get_choice(r, "array", arrays, 3, &space);
    if (!st && what != PICTURE)
        st = gt_record_get_ranges(r, "seeds", most < MOST_SEEDS ? most : MOST_SEEDS, arena, &q->seeds, &q->n);
    if (!st && what == SHEET && !rows) st = gt_fail(GT_FORMAT, "its record lacks columns and rows");
    q->grid = (gt_grid){(int)columns, (int)rows, false};
    q->as_float = unclamped;
    q->bytes = bits == 8 && space == GT_IMAGES;
    q->space = (gt_generate_space)space;
    return st;
}

static gt_status read_request(const gt_again *a, gt_arena *arena, makes what, gt_generate_request *q) {
    const gt_record *r = a->record;
    *q = (gt_generate_request){.checkpoint = a->network,
                               .n = a->n,
                               .seeds = a->seeds,
                               .single = what == PICTURE,
                               .outdir = a->folder,
                               .again = a,
                               .stop = a->stop};
    gt_status st = gt_origin_options(r, &q->options);
    q->options.pool = a->pool;
    if (!st) st = gt_origin_condition(r, arena, &q->condition);
    if (!st) st = read_place(a, arena, what, q);
    if (!st && (gt_ends_with(a->ending, ".npz") || gt_ends_with(a->ending, ".nc")))
        st = gt_fail(GT_UNDECIDED, "its record is of 'generate', which writes no %s", a->ending);
    if (!st && what != PICTURE) q->out = gt_arena_printf(arena, "%s/all%s", a->folder, a->ending);
    if (!st) st = gt_given_styles(a, &q->projected_w);
    if (!st) st = gt_given_edits(a, &q->edit);
    if (!st) st = gt_given_start(a, &q->options);
    if (!st) st = gt_given_mixture(a, &q->latents_file);
    if (!st && !*q->projected_w && !q->per_class && !q->seeds) st = gt_fail(GT_FORMAT, "its record has no seed");
    return st;
}

static gt_status make_all(gt_comm *comm, const gt_again *a) {
    GT_ARENA gt_arena *arena = gt_arena_new();
    gt_generate_request q;
    int what = PICTURE;
    gt_status st = arena ? read_makes(a->record, &what) : GT_NOMEM;
    if (!st) st = read_request(a, arena, (makes)what, &q);
    const gt_latent_file *mixtures = a->given.mixtures;
    if ((st = gt_comm_agree_all(comm, st))) return st;
    if (q.latents_file) st = mixtures->open_all(comm, arena, q.latents_file, &q.latents_arg);
    if (q.latents_file) q.latents = mixtures->latents;
    if (!st) st = gt_generate_all(comm, &q, NULL);
    if (q.latents_arg) mixtures->close(q.latents_arg);
    bool given = *q.projected_w && (st == GT_FORMAT || st == GT_USAGE); /* the file may be the reason, not the record */
    return given ? gt_wrap(GT_UNDECIDED, "with the styles of --latents") : st;
}

static gt_status path_of(const gt_again *a, int64_t i, char *path, size_t bytes) {
    char name[GT_GENERATED_NAME];
    int what;
    int64_t row = 0;
    gt_status st = read_makes(a->record, &what);
    if (!st) st = gt_record_get_int(a->record, "row", 0, MOST_SEEDS, &row);
    if (st) return st;
    if (what == PICTURE)
        snprintf(path, bytes, "%s/%s.png", a->folder, gt_generated_name(!a->seeds, a->seeds ? a->seeds[i] : row, name));
    else snprintf(path, bytes, "%s/all%s", a->folder, a->ending);
    return GT_OK;
}

static void say(const gt_record *r, char *text, size_t bytes) {
    int64_t seed = -1, row = -1, per_class = 0;
    char seeds[GT_ORIGIN_LIST];
    gt_record_get_int(r, "seed", 0, INT64_MAX, &seed);
    gt_record_get_int(r, "row", 0, INT64_MAX, &row);
    gt_record_get_int(r, "per_class", 0, INT64_MAX, &per_class);
    if (seed >= 0) snprintf(text, bytes, "seed %lld", (long long)seed);
    else if (row >= 0) snprintf(text, bytes, "row %lld of the styles", (long long)row);
    else if (*gt_origin_list(r, "seeds", seeds)) snprintf(text, bytes, "seeds %s", seeds);
    else if (per_class) snprintf(text, bytes, "%lld seeds of each class", (long long)per_class);
    else snprintf(text, bytes, "all rows of the styles");
}

const gt_maker gt_maker_generate = {"generate", make_all, path_of, say};
