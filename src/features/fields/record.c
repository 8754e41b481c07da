/* SPDX-License-Identifier: Apache-2.0
 * Records of fields of conditions (docs/verify.md), and how the fields are made again. The conditions are known by what
 * the network reads of them: no file, and no name of one, is in the record. */
#include <stdio.h>
#include <string.h>

#include "base/door/sha256.h"
#include "ensemble.h"
#include "gantry/file.h"
#include "gantry/hash.h"
#include "gantry/source.h"
#include "runner/door/runner.h"
#include "runner/generator/door/origin.h"

/* The root of the tree over the samples: the moment of each, its label, and its channels [H,W,C] as the network reads
 * them. */
static gt_status hash_samples(gt_ensemble *e, gt_sha256 *root) {
    gt_merkle tree = {0};
    size_t floats = gt_model_floats(e->model), width = (size_t)e->model->label_dim,
           bytes = sizeof(int64_t) + (width + floats) * sizeof(float);
    char *leaf = gt_arena_alloc(e->arena, bytes);
    gt_status st = leaf ? GT_OK : GT_NOMEM;
    for (int64_t i = 0; i < e->samples && !st; i++) {
        gt_sha256 hash;
        int64_t moment = gt_dataset_moment(e->data, i, NULL);
        if (e->request->stop && e->request->stop()) st = gt_fail(GT_STOPPED, "stopped as it was asked to");
        if (st || (st = gt_ensemble_read(e, i))) break;
        memcpy(leaf, &moment, sizeof moment);
        if (width) gt_dataset_label(e->data, i, (float *)(leaf + sizeof moment));
        memcpy(leaf + sizeof moment + width * sizeof(float), e->picture, floats * sizeof(float));
        st = gt_merkle_leaf(leaf, bytes, &hash);
        if (!st) gt_merkle_add(&tree, &hash);
    }
    return st ? st : gt_merkle_root(&tree, root);
}

static const char *names(const gt_ensemble *e, int first, int end) {
    const char *list = "";
    for (int c = first; c < end && list; c++)
        list = gt_arena_printf(e->arena, "%s%s%s", list, c > first ? "," : "", e->scale[c].name);
    return list;
}

/* Whoever audits has given other data. */
static gt_status compare_data(const gt_again *again, const gt_sha256 *is) {
    const char *text = "";
    gt_sha256 named;
    gt_status st = gt_record_get_text(again->record, "condition_sha256", &text);
    if (st) return st;
    if (!gt_sha256_parse(text, &named)) return gt_fail(GT_FORMAT, "its record names no conditions");
    return gt_sha256_equal(&named, is)
               ? GT_OK
               : gt_fail(GT_UNDECIDED, "--condition: these are other data than those that it was made of, or are read "
                                       "in another way than its run reads them");
}

gt_status gt_fields_note_all(gt_ensemble *e, const gt_fields_file_is *file, gt_record_notes *notes) {
    const gt_ensemble_request *r = e->request;
    gt_origin o;
    gt_record_text text = {0};
    gt_sha256 data;
    *notes = (gt_record_notes){0};
    gt_status st = gt_origin_find_all(e->comm, &o,
                                      &(gt_origin_of){.command = "fields",
                                                      .checkpoint = r->checkpoint,
                                                      .model = e->model,
                                                      .recipe = gt_runner_recipe(e->runner),
                                                      .options = &r->options,
                                                      .again = r->again},
                                      r->record);
    if (st || o.level == GT_RECORD_NONE || e->comm->rank) return gt_comm_agree_all(e->comm, st);
    const char *targets = names(e, 0, e->targets), *conditions = names(e, e->targets, e->model->channels);
    st = targets && conditions ? hash_samples(e, &data) : GT_NOMEM;
    if (!st && r->again) st = compare_data(r->again, &data);
    if (!st) {
        gt_origin_put(&text, &o, file->sheet ? "sheet" : "array", file->height, file->width, file->channels,
                      file->bits);
        if (file->sheet) gt_record_put_int(&text, "columns", file->columns);
        if (file->sheet) gt_record_put_int(&text, "rows", e->samples);
        gt_record_put_text(&text, "variables", targets);
        gt_record_put_text(&text, "conditions", conditions);
        gt_record_put_sha256(&text, "condition_sha256", &data);
        if (e->truth) gt_record_put_bool(&text, "truth", true);
        gt_record_put_int(&text, "members", r->members);
        gt_record_put_int(&text, "samples", e->samples);
        gt_record_put_int(&text, "noise_seed", (int64_t)r->seed);
        st = gt_origin_end(&o, &text, notes);
    }
    return gt_comm_agree_all(e->comm, st);
}

/* ---- made again ---- */

/* A small file orders no more fields than it has room for: arrays are not packed. Cells of a picture were counted. */
static gt_status check_work(const gt_again *a, int64_t fields) {
    int64_t height = 1, width = 1, columns = 0, rows = 0;
    gt_status st = gt_record_get_int(a->record, "height", 1, INT32_MAX, &height);
    if (!st) st = gt_record_get_int(a->record, "width", 1, INT32_MAX, &width);
    if (!st) st = gt_record_get_int(a->record, "columns", 1, INT32_MAX, &columns);
    if (!st) st = gt_record_get_int(a->record, "rows", 1, INT32_MAX, &rows);
    int64_t most = gt_ends_with(a->ending, ".png") ? columns * rows
                                                   : a->bytes / (int64_t)sizeof(float) / height / width;
    return st || fields <= most
               ? st
               : gt_fail(GT_UNDECIDED, "its record orders %lld fields, and it has room for %lld: nothing was made",
                         (long long)fields, (long long)most);
}

static gt_status read_request(const gt_again *a, gt_ensemble_request *q) {
    enum { MOST_MEMBERS = 1 << 16 };
    const gt_record *r = a->record;
    int64_t seed = 0;
    bool truth = false;
    *q = (gt_ensemble_request){.checkpoint = a->network,
                               .condition = a->given.condition,
                               .targets = "",
                               .statics = a->given.statics,
                               .job = a->given.job,
                               .again = a,
                               .stop = a->stop};
    gt_status st = gt_origin_options(r, &q->options);
    q->options.pool = a->pool;
    if (!st) st = gt_record_get_int(r, "members", 1, MOST_MEMBERS, &q->members);
    if (!st) st = gt_record_get_int(r, "samples", 1, INT32_MAX, &q->samples);
    if (!st) st = gt_record_get_int(r, "noise_seed", 0, INT64_MAX, &seed);
    if (!st) st = gt_record_get_bool(r, "truth", &truth);
    q->seed = (uint64_t)seed;
    if (!st && (!q->members || !q->samples)) st = gt_fail(GT_FORMAT, "its record lacks 'members' or 'samples'");
    if (!st) st = check_work(a, q->members * q->samples);
    if (!st && !*q->condition)
        st = gt_fail(GT_UNDECIDED, "it was made of conditions: --condition=DATA is needed, as for gantry generate");
    truth &= !gt_synth_of_path(q->condition); /* which has its own */
    if (!st && truth && !*a->given.truth)
        st = gt_fail(GT_UNDECIDED, "it was made with the truth beside the conditions: --data=DATA is needed");
    if (truth) q->targets = a->given.truth;
    return st;
}

static gt_status path_of(const gt_again *a, int64_t i, char *path, size_t bytes) {
    (void)i;
    int n = snprintf(path, bytes, "%s/all%s", a->folder, a->ending);
    return n > 0 && (size_t)n < bytes ? GT_OK : gt_fail(GT_USAGE, "'%s': the path is too long", a->folder);
}

static gt_status make_all(gt_comm *comm, const gt_again *a) {
    char out[4200];
    gt_ensemble_request q;
    int64_t made;
    gt_status st = read_request(a, &q);
    if (!st) st = path_of(a, 0, out, sizeof out);
    q.out = out;
    st = gt_comm_agree_all(comm, st);
    return st ? st : gt_fields_generate_all(comm, &q, &made);
}

static void say(const gt_record *r, char *text, size_t bytes) {
    int64_t members = 0, samples = 0, seed = 0;
    char variables[GT_ORIGIN_LIST];
    gt_record_get_int(r, "members", 0, INT64_MAX, &members);
    gt_record_get_int(r, "samples", 0, INT64_MAX, &samples);
    gt_record_get_int(r, "noise_seed", 0, INT64_MAX, &seed);
    gt_origin_list(r, "variables", variables);
    for (char *p = variables; *p; p++) /* the words of whoever wrote the network's file end where the quotes do */
        if (*p == '\'' || (unsigned char)*p < ' ' || *p == 0x7f) *p = '?';
    snprintf(text, bytes, "%lld sample%s of --condition, '%s' in %lld member%s of seed %lld", (long long)samples,
             samples == 1 ? "" : "s", variables, (long long)members, members == 1 ? "" : "s", (long long)seed);
}

const gt_maker gt_maker_fields = {"fields", make_all, path_of, say};
