/* SPDX-License-Identifier: Apache-2.0
 * The chain of a run: its texts, its numbers of images, and its group in checkpoints (run/door/chain.h). */
#include "run/door/chain.h"

#include <inttypes.h>
#include <string.h>

#include "base/door/file.h"
#include "run/door/ledger.h"

/* ---- where links are ---- */

/* The largest power of two up to n, which is at least 1. */
static int64_t power_below(int64_t n) { return (int64_t)1 << (63 - __builtin_clzll((uint64_t)n)); }

int64_t gt_chain_spacing(int64_t images, int64_t batch) {
    enum { LEAST = 1024, BATCHES = 64, PARTS = 64 };
    const int64_t most = INT64_MAX / 4;
    int64_t of_batch = batch > most / BATCHES ? most : BATCHES * (batch < 1 ? 1 : batch);
    int64_t spacing = power_below(of_batch), share = images < PARTS ? 1 : power_below(images) / PARTS;
    if (spacing < of_batch) spacing *= 2;
    if (spacing < LEAST) spacing = LEAST;
    return spacing > share ? spacing : share;
}

bool gt_chain_is_due(int64_t before, int64_t images, int64_t batch) {
    int64_t spacing = gt_chain_spacing(images, batch);
    return images / spacing > before / spacing;
}

/* ---- heads ---- */

static void print_hash(gt_buffer *text, const char *name, const gt_sha256 *hash) {
    char hex[GT_SHA256_TEXT];
    gt_buffer_printf(text, "%s %s\n", name, gt_sha256_text(hash, hex));
}

static void print_step(gt_buffer *text, int64_t step, int64_t images) {
    gt_buffer_printf(text, "step %" PRId64 "\nimages %" PRId64 "\n", step, images);
}

/* What the texts of the beginning and of a link say after their first lines. */
static void print_place(gt_buffer *text, int64_t step, int64_t images, const char *arithmetic, const gt_sha256 *state) {
    print_step(text, step, images);
    gt_buffer_printf(text, "arithmetic %s\n", arithmetic);
    print_hash(text, "state", state);
}

static gt_status hash_of(gt_buffer *text, gt_sha256 *head) {
    gt_status st = text->failed ? gt_fail(GT_NOMEM, "out of memory for a link of the chain")
                                : gt_sha256_of(text->data, text->n, head);
    gt_buffer_free(text);
    return st;
}

gt_status gt_chain_begin_hash(int64_t form, int64_t step, int64_t images, const char *arithmetic,
                              const gt_sha256 *state, const gt_sha256 *source, const char *recipe, gt_sha256 *head) {
    static const gt_sha256 none;
    gt_buffer text = {0};
    gt_buffer_printf(&text, "gantry chain %" PRId64 "\n", form);
    print_place(&text, step, images, arithmetic, state);
    if (form > 1) print_hash(&text, "source", source ? source : &none);
    gt_buffer_printf(&text, "recipe %zu\n", strlen(recipe));
    gt_buffer_add(&text, recipe, strlen(recipe));
    return hash_of(&text, head);
}

gt_status gt_chain_link_hash(const gt_sha256 *before, int64_t step, int64_t images, const char *arithmetic,
                             const gt_sha256 *state, const gt_sha256 *data, gt_sha256 *head) {
    gt_buffer text = {0};
    gt_buffer_printf(&text, "gantry link 1\n");
    print_hash(&text, "before", before);
    print_place(&text, step, images, arithmetic, state);
    print_hash(&text, "data", data);
    return hash_of(&text, head);
}

gt_status gt_chain_length_hash(const gt_sha256 *before, int64_t step, int64_t images, int64_t total, gt_sha256 *head) {
    gt_buffer text = {0};
    gt_buffer_printf(&text, "gantry length 1\n");
    print_hash(&text, "before", before);
    print_step(&text, step, images);
    gt_buffer_printf(&text, "total %" PRId64 "\n", total);
    return hash_of(&text, head);
}

gt_status gt_chain_rollback_hash(const gt_sha256 *before, const gt_sha256 *abandoned, const gt_ledger_line *r,
                                 gt_sha256 *head) {
    gt_buffer text = {0};
    gt_buffer_printf(&text, "gantry rollback 1\n");
    print_hash(&text, "before", before);
    print_hash(&text, "abandoned", abandoned);
    print_step(&text, r->step, r->images);
    gt_buffer_printf(&text, "to %" PRId64 " %" PRId64 "\nbegan %" PRId64 "\nreseed %" PRId64 "\ncause ", r->to_step,
                     r->to_images, r->began, r->reseed);
    gt_buffer_add(&text, r->message, strlen(r->message));
    gt_buffer_add(&text, "\n", 1);
    return hash_of(&text, head);
}

/* ---- in checkpoints ---- */

static const char HEAD[] = "/chain/head", DATA[] = "/chain/data", LINKS[] = "/chain/links", STEP[] = "/chain/step",
                  IMAGES[] = "/chain/images", FORM[] = "/chain/form",
                  TOTAL[] = "/chain/total"; /* the last two: form 2 */

/* Where `may_lack`, "" stands for no hash: *has is false then. */
static gt_status read_hash(const gt_checkpoint_file *f, const char *path, bool may_lack, gt_sha256 *out, bool *has) {
    char text[GT_SHA256_TEXT];
    gt_status st = gt_checkpoint_get_text(f, path, text, sizeof text);
    if (st) return st;
    *has = *text;
    if (may_lack && !*text) return GT_OK;
    return gt_sha256_parse(text, out)
               ? GT_OK
               : gt_fail(GT_FORMAT, "%s: %s is not a SHA-256 of 64 hexadecimal digits", gt_checkpoint_path(f), path);
}

gt_status gt_chain_read(const gt_checkpoint_file *f, gt_chain *c) {
    *c = (gt_chain){0};
    if (gt_checkpoint_first(f, "/chain") < 0) return GT_OK;
    gt_chain read = {.form = 1};
    gt_status st = read_hash(f, HEAD, false, &read.head, &read.begun);
    if (!st) st = read_hash(f, DATA, true, &read.data, &read.has_data);
    if (!st) st = gt_checkpoint_get_int(f, LINKS, &read.links);
    if (!st) st = gt_checkpoint_get_int(f, STEP, &read.step);
    if (!st) st = gt_checkpoint_get_int(f, IMAGES, &read.images);
    if (!st && gt_checkpoint_find(f, FORM)) st = gt_checkpoint_get_int(f, FORM, &read.form);
    if (!st && read.form > 1) st = gt_checkpoint_get_int(f, TOTAL, &read.total);
    if (!st && (read.links < 0 || read.step < 0 || read.images < 0 || (read.links > 0 && !read.has_data) ||
                read.form < 1 || read.form > GT_CHAIN_FORM || read.total < 0))
        st = gt_fail(GT_FORMAT, "%s: the values of /chain are impossible", gt_checkpoint_path(f));
    if (!st) *c = read;
    return st;
}

void gt_chain_write(const gt_chain *c, gt_checkpoint *to) {
    char hex[GT_SHA256_TEXT];
    if (!c->begun) return;
    gt_checkpoint_text(to, HEAD, gt_sha256_text(&c->head, hex));
    gt_checkpoint_text(to, DATA, c->has_data ? gt_sha256_text(&c->data, hex) : "");
    gt_checkpoint_int(to, LINKS, c->links);
    gt_checkpoint_int(to, STEP, c->step);
    gt_checkpoint_int(to, IMAGES, c->images);
    if (c->form < GT_CHAIN_FORM) return;
    gt_checkpoint_int(to, FORM, c->form);
    gt_checkpoint_int(to, TOTAL, c->total);
}
