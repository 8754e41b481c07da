/* SPDX-License-Identifier: Apache-2.0
 * Is a statement (features/card/statement.h) signed by a key, and are networks and a run what it says? */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features/audit/internal.h"
#include "features/audit/pictures.h"
#include "base/door/sha256.h"
#include "gantry/text.h"
#include "runner/record/door/envelope.h"

typedef struct work {
    const gt_audit_statement *o;
    json_t *all; /* the statement */
    bool *here;  /* [subjects] is there a file of this subject? */
    int met;
    audit_list others; /* networks of which it says nothing */
} work;

static const char *text_of(const json_t *from, const char *key) {
    const char *text = json_string_value(json_object_get(from, key));
    return text ? text : "";
}

static bool hash_of(const json_t *from, const char *set, const char *key, gt_sha256 *out) {
    return gt_sha256_parse(text_of(json_object_get(from, set), key), out);
}

/* ---- the signature ---- */

static gt_status open_envelope(const work *w, gt_envelope *e) {
    void *bytes;
    size_t n;
    gt_status st = gt_file_read(w->o->path, GT_ENVELOPE_BYTES, &bytes, &n);
    if (st) return st;
    st = gt_envelope_read(e, bytes, n);
    free(bytes);
    return st && st != GT_NOMEM ? gt_wrap(GT_FAILED, "'%s'", w->o->path) : st;
}

static gt_status check_signature(const work *w, const gt_envelope *e) {
    gt_key *key;
    gt_sha256 id;
    char hex[GT_SHA256_TEXT], name[AUDIT_NAME_BYTES], of[AUDIT_NAME_BYTES];
    bool right = false;
    gt_status st = gt_key_read_public(&key, w->o->key);
    if (!st) st = gt_key_id(key, &id);
    if (!st) st = gt_envelope_check(e, key, &right);
    gt_key_free(key);
    if (!st && !right)
        return gt_fail(GT_FAILED, "'%s' is not signed by the key in '%s', or was changed", w->o->path, w->o->key);
    if (!st)
        gt_print("%s is signed by the key in %s (SHA-256 %s)\n", audit_name(w->o->path, name),
                 audit_name(w->o->key, of), gt_sha256_text(&id, hex));
    return st;
}

/* ---- what it says ---- */

static const json_t *subjects(const work *w) { return json_object_get(w->all, "subject"); }

static gt_status read_statement(work *w, const gt_envelope *e) {
    json_error_t error;
    w->all = json_loadb(e->statement, e->n, JSON_REJECT_DUPLICATES, &error);
    if (!w->all) return gt_fail(GT_UNDECIDED, "what is signed is not JSON: %.100s", error.text);
    if (strcmp(text_of(w->all, "_type"), GT_STATEMENT_TYPE) ||
        strcmp(text_of(w->all, "predicateType"), GT_PROVENANCE_TYPE))
        return gt_fail(GT_UNDECIDED, "what is signed is not a statement of the types %s and %s", GT_STATEMENT_TYPE,
                       GT_PROVENANCE_TYPE);
    w->here = calloc(json_array_size(subjects(w)) + 1, sizeof *w->here);
    return w->here ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a statement");
}

/* ---- networks ---- */

static gt_status check_network(work *w, const char *path, const char *named, int64_t *came) {
    gt_sha256 file, said;
    char name[AUDIT_NAME_BYTES], subject[AUDIT_NAME_BYTES];
    gt_status st = gt_sha256_of_file(path, &file);
    bool found = false;
    for (size_t i = 0; i < json_array_size(subjects(w)) && !st && !found; i++) {
        const json_t *one = json_array_get(subjects(w), i);
        found = hash_of(one, "digest", "sha256", &said) && gt_sha256_equal(&file, &said);
        if (!found) continue;
        w->here[i] = true;
        *came = 1;
        w->met++;
        gt_print("%s is %s of the statement\n", audit_quoted(named, name), audit_quoted(text_of(one, "name"), subject));
    }
    if (!st && !found) audit_list_add(&w->others, "%s", audit_quoted(named, name));
    return st;
}

static gt_status check_networks(work *w) {
    audit_list missing = {0};
    char name[AUDIT_NAME_BYTES];
    gt_status st = GT_OK;
    for (int i = 0; i < w->o->n && !st; i++) { /* of a folder, other arrays, such as metrics.h5, are not networks */
        const char *path = w->o->network[i];
        if (!w->o->folder || gt_kind_of_file(path) != GT_KIND_HDF5)
            st = check_network(w, path, w->o->name[i], &w->o->came[i]);
    }
    if (st) return st;
    for (size_t i = 0; i < json_array_size(subjects(w)) && w->o->folder; i++)
        if (!w->here[i])
            audit_list_add(&missing, "%s", audit_quoted(text_of(json_array_get(subjects(w), i), "name"), name));
    if (missing.n) gt_print("the statement is also of networks that are not here: %s\n", audit_list_end(&missing));
    if (w->others.n && (!w->met || !w->o->folder))
        return gt_fail(GT_FAILED, "the statement is of none of these networks: %s", audit_list_end(&w->others));
    return GT_OK;
}

/* ---- the run ---- */

static const json_t *part_of(const work *w, const char *part, const char *list, const char *name) {
    const json_t *predicate = json_object_get(w->all, "predicate"),
                 *all = json_object_get(json_object_get(predicate, part), list);
    for (size_t i = 0; i < json_array_size(all); i++)
        if (!strcmp(text_of(json_array_get(all, i), "name"), name)) return json_array_get(all, i);
    return NULL;
}

static const gt_ledger_line *line_of(const gt_ledger_lines *l, const gt_sha256 *head) {
    const gt_ledger_line *found = NULL;
    for (int i = 0; i < l->n; i++)
        if (l->line[i].has_head && gt_sha256_equal(&l->line[i].head, head)) found = &l->line[i];
    return found;
}

/* The run may have gone on since. Whether its ledger is true, its own audit says. */
static gt_status check_run(const work *w) {
    gt_sha256 head, root;
    const json_t *chain = part_of(w, "runDetails", "byproducts", GT_LEDGER_NAME),
                 *data = part_of(w, "buildDefinition", "resolvedDependencies", "data");
    if (!hash_of(chain, "digest", GT_DIGEST_HEAD, &head))
        return gt_fail(GT_UNDECIDED, "the statement has no head of a chain");
    gt_ledger_lines *l = gt_ledger_read(w->o->run);
    if (!l) return gt_failure();
    const gt_ledger_line *line = line_of(l, &head), *samples = NULL;
    for (int i = 0; i < l->n; i++)
        if (l->line[i].event == GT_LEDGER_DATA) samples = &l->line[i];
    gt_status st = GT_OK;
    char name[AUDIT_NAME_BYTES];
    if (!line)
        st = gt_fail(GT_FAILED, "'%s' is not the run of the statement: no line of its ledger has the head", w->o->run);
    else if (data &&
             (!hash_of(data, "digest", GT_DIGEST_ROOT, &root) || !samples || !gt_sha256_equal(&root, &samples->root)))
        st = gt_fail(GT_FAILED, "'%s' has other data than the statement names", w->o->run);
    else
        gt_print("%s has the head%s of the statement, at %.6g kimg\n", audit_quoted(w->o->run, name),
                 data ? " and the data" : "", (double)line->images / 1000);
    gt_ledger_lines_free(l);
    return st;
}

gt_status gt_audit_statement_check(const gt_audit_statement *o) {
    work w = {.o = o};
    gt_envelope e = {0};
    gt_status st = open_envelope(&w, &e);
    if (!st) st = check_signature(&w, &e);
    if (!st) st = read_statement(&w, &e);
    if (!st) st = check_networks(&w);
    if (!st && *o->run) st = check_run(&w);
    if (!st && !o->n && !o->folder)
        st = gt_fail(GT_UNDECIDED, "only the signature was checked: --network=FILE, RUN or FOLDER says of what");
    if (!st && w.others.n)
        st = gt_fail(GT_UNDECIDED, "the statement is not of all networks here: %s", audit_list_end(&w.others));
    else if (!st && !w.met && o->folder) st = gt_fail(GT_UNDECIDED, "no network here was compared");
    if (o->folder && *o->unread && (!st || st == GT_UNDECIDED))
        st = st ? gt_wrap(st, "cannot be opened, and was not compared: %s; also", o->unread)
                : gt_fail(GT_UNDECIDED, "cannot be opened, and was not compared: %s", o->unread);
    gt_envelope_free(&e);
    json_decref(w.all);
    free(w.here);
    return st;
}
