/* SPDX-License-Identifier: Apache-2.0
 * gantry hash: a hash of what files hold, however they were written, and how two of them differ
 * (runner/contents/door/contents.h). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/door/cli.h"
#include "gantry/arrays.h"
#include "runner/contents/door/contents.h"
#include "gantry/file.h"
#include "gantry/log.h"
#include "gantry/progress.h"

typedef struct hash_fields {
    bool tensors, compare, sha256;
    int64_t threads;
} hash_fields;

#define FIELDS hash_fields

static const gt_option table[] = {
    {CLI_OPTION(tensors, "0", "Also print a line for each tensor, or for each sample of a dataset"),
     .detail = "The line has the hash, name, type and shape."},
    {CLI_OPTION(compare, "0", "Name the first tensor or sample that differs between two files, and by how much")},
    {CLI_OPTION(sha256, "0", "Print SHA-256, which cannot be forged"),
     .detail = "The root of a tree over tensors or samples. gantry audit compares it: docs/reproducibility.md."},
    {CLI_OPTION(threads, "1", "Number of threads that decode samples"), .min = 1, .max = 4096},
};

static bool wants_sha256(const cli_session *s) { return ((const hash_fields *)s->fields)->sha256; }

/* A file that may come from elsewhere is checked before it is opened. */
static gt_status open_checked(const cli_session *s, const char *path, gt_contents **out) {
    gt_network_options reading = cli_reading(&s->options);
    path = cli_find_network(s->arena, path);
    gt_file_kind kind = gt_kind_of_file(path);
    GT_FREED char *file = NULL;
    *out = NULL;
    bool ours = kind == GT_KIND_CHECKPOINT || (kind == GT_KIND_FOLDER && gt_checkpoint_any(path));
    gt_status st = ours ? cli_check_checkpoint(&s->options, path, &file) : gt_h5_check(path);
    return st ? st : gt_contents_open(out, file ? file : path, &reading);
}

/* Opens and reads; NULL: see gt_message(). */
static gt_contents *read_file(const cli_session *s, const char *path, gt_pool *pool, gt_status *st) {
    gt_contents *c;
    *st = open_checked(s, path, &c);
    if (*st) return NULL;
    gt_tell_start("reading", gt_contents_parts_are(c), gt_contents_parts(c));
    *st = gt_contents_read(c, pool, wants_sha256(s) ? GT_CONTENTS_SHA256 : GT_CONTENTS_G1);
    gt_tell_end();
    if (!*st) return c;
    gt_contents_close(c);
    return NULL;
}

enum { WHOLE = -1 };

/* Of part i, or of all. */
static void print_hash(const cli_session *s, const gt_contents *c, int64_t i, const char *kind, const char *name) {
    char text[GT_SHA256_TEXT];
    if (wants_sha256(s)) {
        gt_sha256 hash = i == WHOLE ? gt_contents_root(c) : gt_contents_leaf(c, i);
        gt_print("sha256:%s", gt_sha256_text(&hash, text));
    } else {
        gt_print("%s", gt_contents_text(i == WHOLE ? gt_contents_hash(c) : gt_contents_part_hash(c, i), text));
    }
    gt_print("  %s%s%s\n", kind, *kind && *name ? "  " : "", name);
}

static gt_status print_file(const cli_session *s, const char *path, gt_pool *pool) {
    gt_status st;
    gt_contents *c = read_file(s, path, pool, &st);
    char name[GT_CONTENTS_NAME_BYTES];
    if (!c) return st;
    print_hash(s, c, WHOLE, gt_contents_kind(c), gt_contents_path(c));
    for (int64_t i = 0; ((const hash_fields *)s->fields)->tensors && i < gt_contents_parts(c) && !st; i++)
        if (!(st = gt_contents_part_text(c, i, name))) print_hash(s, c, i, "", name);
    gt_contents_close(c);
    return st;
}

/* Goes on behind a file that cannot be read. */
static gt_status print_files(const cli_session *s, gt_pool *pool) {
    const cli_arguments *a = &s->arguments;
    int failed = 0;
    if (a->n_words == 1) return print_file(s, a->words[0], pool);
    for (int i = 0; i < a->n_words; i++) {
        gt_status st = print_file(s, a->words[i], pool);
        if (st == GT_NOMEM) return st;
        if (!st) continue;
        char text[GT_CONTENTS_NAME_BYTES];
        snprintf(text, sizeof text, "gantry hash: %s", gt_message());
        gt_print_flush(stdout);
        gt_log_print_error(text);
        failed++;
    }
    return failed ? gt_fail(GT_FAILED, "%d of %d files have no hash, see above", failed, a->n_words) : GT_OK;
}

static gt_status compare_files(const cli_session *s, gt_pool *pool) {
    const char **words = s->arguments.words;
    gt_contents *a, *b = NULL;
    GT_FREED gt_contents_difference *d = calloc(1, sizeof *d);
    gt_status st;
    a = read_file(s, words[0], pool, &st);
    if (!st) b = read_file(s, words[1], pool, &st);
    if (!st && !d) st = gt_fail(GT_NOMEM, "out of memory for a comparison");
    if (!st) st = gt_contents_compare(a, b, d);
    if (!st && !d->parts) print_hash(s, a, WHOLE, "equal", "");
    if (!st && d->parts) {
        gt_print("%s\n%s that differ: %" PRId64 " of %" PRId64 "\n", d->first, gt_contents_parts_are(a), d->parts,
                 d->all);
        gt_print_flush(stdout);
        st = gt_fail(GT_FAILED, "'%s' and '%s' differ", words[0], words[1]);
    }
    gt_contents_close(a);
    gt_contents_close(b);
    return st;
}

static gt_status hash_words(cli_session *s) {
    const hash_fields *f = s->fields;
    if (f->compare && s->arguments.n_words != 2) return gt_fail(GT_USAGE, "--compare takes two files");
    if (f->compare && f->tensors) return gt_fail(GT_USAGE, "--tensors or --compare: one of them");
    if (!s->arguments.n_words)
        return gt_fail(GT_USAGE, "a file is needed: a run, a checkpoint, a network, a dataset or a picture");
    gt_pool *pool = gt_pool_new((int)f->threads);
    if (!pool) return gt_failure();
    gt_status st = f->compare ? compare_files(s, pool) : print_files(s, pool);
    gt_pool_free(pool);
    return st;
}

const cli_command cli_hash = {
    .name = "hash",
    .arguments = "RUN | CHECKPOINT | NETWORK | DATASET | PICTURE ... [--key=value ...]",
    .help = "Print a hash of the contents of files, whatever their form",
    .detail = "A line for each file: hash, kind, name. For checkpoints and networks, the hash covers tensors (name, "
              "type, shape, values) and the state of training; for datasets, it covers decoded samples, labels and "
              "masks, so a dataset has the same hash as folder, ZIP, HDF5 and .npz; for pictures, it covers the "
              "pixels. Times, hosts, versions, names of items and the form of the file do not count. g1 before the "
              "hash is the version of the hash; docs/reproducibility.md defines it. A run stands for its newest "
              "checkpoint; its log and report show the hash.",
    .failed = "a file cannot be read, or --compare has found a difference",
    CLI_EXAMPLES({"Two runs: are they the same?", "gantry hash runs/a runs/b"},
                 {"A dataset before and after conversion", "gantry hash pictures pictures.zip"},
                 {"A hash that cannot be forged", "gantry hash --sha256 runs/a"},
                 {"The first tensor that differs, and by how much", "gantry hash --compare runs/a runs/b"}),
    CLI_ROWS(table),
    .run = hash_words,
};
