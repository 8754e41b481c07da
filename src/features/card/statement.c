/* SPDX-License-Identifier: Apache-2.0
 * Statements of in-toto with SLSA's provenance, of what a ledger says: see features/card/statement.h. Forms:
 * github.com/in-toto/attestation, spec/v1; slsa.dev/spec/v1.0/provenance. docs/verify.md says what our fields mean. */
#define _GNU_SOURCE
#include "features/card/statement.h"

#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/sha256.h"
#include "runner/contents/door/contents.h"
#include "gantry/export.h"
#include "gantry/log.h"
#include "gantry/version.h"
#include "runner/record/door/envelope.h"
#include "run/door/checkpoint_internal.h"
#include "run/door/ledger.h"

typedef struct work {
    const gt_statement_options *o;
    gt_ledger_lines *ledger;
    const gt_ledger_line *head, *chain, *data, *first, *end;
    json_t *subjects;
    bool failed; /* memory was short */
} work;

/* ---- members: a value NULL is memory that is short ---- */

static void put(work *w, json_t *to, const char *key, json_t *value) {
    w->failed |= json_is_array(to) ? json_array_append_new(to, value) : json_object_set_new(to, key, value);
}

static void put_text(work *w, json_t *to, const char *key, const char *text) { put(w, to, key, json_string(text)); }

static json_t *put_new(work *w, json_t *to, const char *key, json_t *value) {
    put(w, to, key, value);
    return w->failed ? NULL : value;
}

static void put_hash(work *w, json_t *to, const char *key, const gt_sha256 *hash) {
    char hex[GT_SHA256_TEXT];
    put_text(w, to, key, gt_sha256_text(hash, hex));
}

/* {"name": NAME, "digest": {KEY: HASH}} */
static json_t *put_resource(work *w, json_t *list, const char *name, const char *key, const gt_sha256 *hash) {
    json_t *one = put_new(w, list, NULL, json_object());
    put_text(w, one, "name", name);
    put_hash(w, put_new(w, one, "digest", json_object()), key, hash);
    return one;
}

static void put_time(work *w, json_t *to, const char *key, const gt_ledger_line *line) {
    char text[32];
    time_t when = line && line->time > 0 && line->time < 1e11 ? (time_t)line->time : 0;
    struct tm parts;
    if (when && gmtime_r(&when, &parts) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts))
        put_text(w, to, key, text);
}

/* ---- the ledger ---- */

static gt_status read_ledger(work *w) {
    const char *run = w->o->run;
    w->ledger = gt_ledger_read(run);
    gt_status st = w->ledger ? gt_ledger_check(w->ledger, run, NULL) : gt_failure();
    if (!st) st = gt_ledger_check_end(w->ledger, run);
    if (st) return st;
    w->head = gt_ledger_head(w->ledger);
    for (int i = 0; i < w->ledger->n; i++) {
        const gt_ledger_line *t = &w->ledger->line[i];
        if (t->event == GT_LEDGER_START && !w->first) w->first = t;
        if (t->event == GT_LEDGER_DATA) w->data = t;
        if (t->event == GT_LEDGER_END) w->end = t;
        if (t->event == GT_LEDGER_START) w->end = NULL;
    }
    w->chain = w->head && w->head->chain ? &w->ledger->line[w->head->chain - 1] : NULL;
    return w->chain ? GT_OK
                    : gt_fail(GT_FAILED,
                              "'%s' has no chain of hashes in its " GT_LEDGER_NAME
                              ": there is nothing that a statement could rest on",
                              run);
}

static bool is_kept(const gt_ledger_line *t) { return t->event == GT_LEDGER_CHECKPOINT && !t->superseded; }

static const gt_ledger_line *line_of_checkpoint(const work *w, const char *name) {
    for (int i = w->ledger->n - 1; i >= 0; i--) {
        const gt_ledger_line *t = &w->ledger->line[i];
        if (is_kept(t) && !strcmp(t->name, name)) return t;
    }
    return NULL;
}

/* ---- subjects ---- */

/* Behind all links. */
static gt_status check_folder(const work *w, const char *path) {
    GT_FREED char *file = realpath(path, NULL), *run = realpath(w->o->run, NULL);
    char *slash = file ? strrchr(file, '/') : NULL;
    if (slash) *slash = 0;
    return slash && run && !strcmp(file, run)
               ? GT_OK
               : gt_fail(GT_FAILED, "'%s' does not lie in '%s', but leads to another folder: nothing is said of it",
                         path, w->o->run);
}

/* The checkpoint of this line, if it lies in the run as the ledger names it, and if the export's name, where that says
 * a number of images, does not say another. To be freed; NULL: it does not. */
static char *checkpoint_of(const work *w, const gt_ledger_line *line, const char *export) {
    long long images;
    char name[GT_NAME_BYTES];
    gt_sha256 file;
    if (sscanf(export, "network-snapshot-%18lld.", &images) == 1) {
        gt_checkpoint_name(images, name);
        if (strcmp(name, line->name) != 0) return NULL;
    }
    char *path = gt_path_join(w->o->run, line->name);
    if (path && !access(path, R_OK) && !gt_sha256_of_file(path, &file) && gt_sha256_equal(&file, &line->file))
        return path;
    free(path);
    return NULL;
}

/* As gantry export writes the network in use, and then with all networks. */
static gt_status compare_export(const char *checkpoint, const char *out, const gt_sha256 *wanted, bool *same) {
    gt_sha256 file;
    gt_status st = GT_OK;
    for (int all = 0; all < 2 && !st && !*same; all++) {
        st = gt_export(&(gt_export_request){.checkpoint = checkpoint, .out = out, .all = all}, NULL);
        if (!st) st = gt_sha256_of_file(out, &file);
        *same = !st && gt_sha256_equal(&file, wanted);
        unlink(out);
    }
    return st == GT_NOMEM || st == GT_STOPPED ? st : GT_OK;
}

/* Of a file that the ledger does not name, such as an export, anybody may have put it there: it must be what a
 * checkpoint gives that the ledger names. */
static gt_status is_of_the_run(const work *w, const char *name, const gt_sha256 *file, bool *same) {
    char folder[GT_NAME_BYTES * 16] = "";
    const gt_ledger_lines *l = w->ledger;
    for (int i = 0; i < l->n; i++) *same |= is_kept(&l->line[i]) && gt_sha256_equal(&l->line[i].file, file);
    if (*same) return GT_OK;
    gt_status st = gt_temp_folder_make("card", folder, sizeof folder);
    GT_FREED char *out = st ? NULL : gt_path_join(folder, name);
    if (!st && !out) st = GT_NOMEM;
    for (int i = l->n - 1; i >= 0 && !st && !*same; i--) {
        GT_FREED char *checkpoint = is_kept(&l->line[i]) ? checkpoint_of(w, &l->line[i], name) : NULL;
        if (checkpoint) st = compare_export(checkpoint, out, file, same);
    }
    if (*folder) gt_temp_folder_remove(folder);
    return st;
}

static gt_status add_subject(work *w, const char *path, const char *name) {
    const gt_ledger_line *line = line_of_checkpoint(w, name);
    gt_sha256 file, root;
    gt_status st = check_folder(w, path);
    if (!st) st = gt_sha256_of_file(path, &file);
    bool known = line != NULL;
    if (!st && !known && checkpoint_number(name) < 0) st = is_of_the_run(w, name, &file, &known);
    if (st) return st;
    if (!known && checkpoint_number(name) < 0) {
        st = gt_fail(GT_FAILED,
                     "'%s' is not what gantry export makes of a kept checkpoint that the ledger of '%s' "
                     "names: nothing is said of it",
                     path, w->o->run);
        if (*w->o->file) return st;
        gt_warn("%s", gt_message());
        return GT_OK;
    }
    if (checkpoint_number(name) >= 0 && (!line || !gt_sha256_equal(&file, &line->file)))
        return gt_fail(GT_FAILED,
                       "'%s' is not the checkpoint that the ledger of '%s' names: nothing is said of it; "
                       "gantry audit tells more",
                       path, w->o->run);
    if (line) root = line->state;
    else if ((st = gt_contents_root_of_file(path, &root))) return st;
    json_t *one = put_resource(w, w->subjects, name, "sha256", &file);
    put_hash(w, put_new(w, one, "annotations", json_object()), GT_DIGEST_ROOT, &root);
    return GT_OK;
}

/* Checkpoints are added with their numbers, and names are in the order of the folder. */
static gt_status visit(void *arg, const char *path, const char *name) {
    bool wanted = checkpoint_number(name) >= 0 || !fnmatch("network-snapshot-+([0-9]).*", name, FNM_EXTMATCH);
    return wanted && !gt_is_directory(path) ? add_subject(arg, path, name) : GT_OK;
}

static gt_status add_subjects(work *w) {
    char name[GT_NAME_BYTES];
    w->subjects = json_array();
    char *file = *w->o->file ? gt_file_follow(w->o->file) : NULL; /* "last" is a link */
    if (*w->o->file && !file) return gt_fail(GT_FAILED, "'%s' cannot be read", w->o->file);
    if (file) gt_path_name(file, name);
    gt_status st = file ? add_subject(w, file, name) : gt_folder_each(w->o->run, visit, w);
    free(file);
    if (!st && !w->failed && !json_array_size(w->subjects))
        st = gt_fail(GT_FAILED, "'%s' has no checkpoint: there is no network to speak of", w->o->run);
    return st;
}

/* ---- what they came from ---- */

/* "1.0.0" of "gantry 1.0.0 (git ...)". */
static void put_program(work *w, json_t *list, const char *program) {
    char uri[96];
    size_t skip = strcspn(program, " "), n;
    const char *version = program[skip] ? program + skip + 1 : GT_VERSION;
    n = strspn(version, "0123456789.abcdefghijklmnopqrstuvwxyz-");
    snprintf(uri, sizeof uri, "pkg:generic/gantry@%.*s", (int)(n < 40 ? n : 40), version);
    json_t *one = put_new(w, list, NULL, json_object());
    put_text(w, one, "name", "program");
    put_text(w, one, "uri", uri);
    put_text(w, put_new(w, one, "annotations", json_object()), "gantry_program", program);
}

/* Each version once, in the order of the starts. */
static void put_programs(work *w, json_t *list) {
    const char *last = "";
    for (int i = 0; i < w->ledger->n; i++) {
        const gt_ledger_line *t = &w->ledger->line[i];
        const char *program = "";
        for (const gt_start_fact *f = t->facts; t->event == GT_LEDGER_START && f && f->name; f++)
            if (!strcmp(f->name, "program")) program = f->text;
        if (*program && strcmp(program, last)) put_program(w, list, program);
        if (*program) last = program;
    }
}

static void put_definition(work *w, json_t *to) {
    put_text(w, to, "buildType", "urn:gantry:train:1");
    json_t *outside = put_new(w, to, "externalParameters", json_object());
    if (w->chain->recipe_text && *w->chain->recipe_text) put_text(w, outside, "recipe", w->chain->recipe_text);
    put_hash(w, outside, "recipe_sha256", &w->chain->recipe);
    json_t *inside = put_new(w, to, "internalParameters", json_object());
    put_text(w, inside, "arithmetic", w->chain->arithmetic);
    json_t *from = put_new(w, to, "resolvedDependencies", json_array());
    if (w->data) {
        json_t *data = put_resource(w, from, "data", GT_DIGEST_ROOT, &w->data->root);
        put(w, put_new(w, data, "annotations", json_object()), "gantry_samples", json_integer(w->data->samples));
    }
    if (w->chain->has_source) put_resource(w, from, "source network", GT_DIGEST_ROOT, &w->chain->source);
    put_programs(w, from);
}

static void put_details(work *w, json_t *to) {
    put_text(w, put_new(w, to, "builder", json_object()), "id", "urn:gantry:local");
    json_t *metadata = put_new(w, to, "metadata", json_object());
    put_time(w, metadata, "startedOn", w->first);
    put_time(w, metadata, "finishedOn", w->end);
    json_t *list = put_new(w, to, "byproducts", json_array());
    json_t *notes = put_new(w, put_resource(w, list, GT_LEDGER_NAME, GT_DIGEST_HEAD, &w->head->head), "annotations",
                            json_object());
    bool back = w->head->event == GT_LEDGER_ROLLBACK;
    put(w, notes, "gantry_images", json_integer(back ? w->head->to_images : w->head->images));
    put(w, notes, "gantry_begin", json_integer(w->chain->images));
}

static char *put_all(work *w) {
    json_t *all = json_object(), *predicate;
    put_text(w, all, "_type", GT_STATEMENT_TYPE);
    put(w, all, "subject", json_incref(w->subjects));
    put_text(w, all, "predicateType", GT_PROVENANCE_TYPE);
    predicate = put_new(w, all, "predicate", json_object());
    put_definition(w, put_new(w, predicate, "buildDefinition", json_object()));
    put_details(w, put_new(w, predicate, "runDetails", json_object()));
    char *text = w->failed ? NULL : json_dumps(all, JSON_INDENT(1));
    json_decref(all);
    return text;
}

gt_status gt_statement_make(const gt_statement_options *o, gt_buffer *out) {
    work w = {.o = o};
    gt_key *key = NULL;
    gt_status st = *o->key ? gt_key_read_private(&key, o->key) : GT_OK;
    if (!st) st = read_ledger(&w);
    if (!st) st = add_subjects(&w);
    GT_FREED char *text = st ? NULL : put_all(&w);
    if (!st && !text) st = gt_fail(GT_NOMEM, "out of memory for a statement");
    if (!st && key) st = gt_envelope_put(out, text, key);
    else if (!st) gt_buffer_printf(out, "%s\n", text);
    json_decref(w.subjects);
    gt_ledger_lines_free(w.ledger);
    gt_key_free(key);
    return st;
}
