/* SPDX-License-Identifier: Apache-2.0
 * What was found wrong or noteworthy about items: to the log, and as a report in text and JSON. */
#define _GNU_SOURCE
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/log.h"
#include "pack/pack.h"

enum { LOGGED = 10 }; /* of each kind */

static const struct {
    const char *word, *heading;
} kinds[GT_FINDINGS] = {
    [GT_FOUND_BAD] = {"bad", "cannot be read"},
    [GT_FOUND_ODD] = {"odd", "unlike the others"},
    [GT_FOUND_DUPLICATE] = {"duplicate", "equal to an earlier one"},
    [GT_FOUND_DROPPED] = {"dropped", "left out by the transform"},
    [GT_FOUND_NOTE] = {"note", "to be known"},
};

typedef struct finding {
    int64_t item;
    gt_finding kind;
    char *text;
} finding;

struct gt_findings {
    const gt_items *items;
    finding *list;
    size_t n, room;
    int64_t count[GT_FINDINGS];
    bool logged;
};

gt_findings *gt_findings_new(const gt_items *items, bool logged) {
    gt_findings *r = calloc(1, sizeof *r);
    if (!r) gt_fail(GT_NOMEM, "out of memory for a report");
    else r->items = items, r->logged = logged;
    return r;
}

void gt_findings_free(gt_findings *r) {
    if (!r) return;
    for (size_t i = 0; i < r->n; i++) free(r->list[i].text);
    free(r->list);
    free(r);
}

gt_status gt_findings_add(gt_findings *r, gt_finding kind, int64_t item, const char *text, bool quiet) {
    if (r->n == r->room) {
        size_t room = r->room ? 2 * r->room : 64;
        finding *larger = realloc(r->list, room * sizeof *larger);
        if (!larger) return gt_fail(GT_NOMEM, "out of memory for a report of %zu lines", room);
        r->list = larger;
        r->room = room;
    }
    char *copy = strdup(text);
    if (!copy) return gt_fail(GT_NOMEM, "out of memory for a report");
    r->list[r->n++] = (finding){item, kind, copy};
    int64_t n = ++r->count[kind];
    if (quiet || !r->logged || kind == GT_FOUND_DROPPED) return GT_OK;
    if (n <= LOGGED) gt_log(kind == GT_FOUND_BAD || kind == GT_FOUND_ODD ? GT_WARNING : GT_INFO, "%s: %s", kinds[kind].word, text);
    if (n == LOGGED) gt_info("(further ones of this kind: see --report)");
    return GT_OK;
}

int64_t gt_findings_count(const gt_findings *r, gt_finding kind) { return r->count[kind]; }

const char *gt_findings_first(const gt_findings *r, gt_finding kind) {
    for (size_t i = 0; i < r->n; i++)
        if (r->list[i].kind == kind) return r->list[i].text;
    return NULL;
}

static gt_status write_text(const gt_findings *r, const char *path) {
    gt_buffer b = {0};
    for (int k = 0; k < GT_FINDINGS; k++) gt_buffer_printf(&b, "%s: %lld (%s)\n", kinds[k].word, (long long)r->count[k], kinds[k].heading);
    for (int k = 0; k < GT_FINDINGS; k++)
        for (size_t i = 0; i < r->n; i++)
            if ((int)r->list[i].kind == k) gt_buffer_printf(&b, "%s\titem %lld\t%s\n", kinds[k].word, (long long)r->list[i].item, r->list[i].text);
    gt_status st = b.failed ? gt_fail(GT_NOMEM, "out of memory for '%s'", path) : gt_file_write(path, b.data, b.n);
    gt_buffer_free(&b);
    return st;
}

/* A name or message as JSON, whatever its bytes are. */
static json_t *text_of(const char *text) {
    json_t *s = json_string(text);
    if (s) return s;
    char *clean = strdup(text); /* not UTF-8 */
    for (char *c = clean; c && *c; c++)
        if ((unsigned char)*c >= 0x80) *c = '?';
    s = clean ? json_string(clean) : NULL;
    free(clean);
    return s;
}

static gt_status write_json(const gt_findings *r, const char *path) {
    char *file = NULL, *text = NULL, buffer[GT_IMPORT_NAME_BYTES];
    json_t *root = json_object(), *counts = json_object(), *list = json_array();
    for (int k = 0; k < GT_FINDINGS; k++) json_object_set_new(counts, kinds[k].word, json_integer(r->count[k]));
    for (size_t i = 0; i < r->n; i++) {
        const finding *f = &r->list[i];
        json_t *o = json_object();
        json_object_set_new(o, "kind", json_string(kinds[f->kind].word));
        json_object_set_new(o, "item", json_integer(f->item));
        json_object_set_new(o, "name", text_of(gt_items_name(r->items, f->item, buffer)));
        json_object_set_new(o, "reason", text_of(f->text));
        json_array_append_new(list, o);
    }
    json_object_set_new(root, "items", json_integer(r->items->count));
    json_object_set_new(root, "counts", counts);
    json_object_set_new(root, "findings", list);
    text = json_dumps(root, JSON_INDENT(1));
    gt_status st = GT_OK;
    if (!text || asprintf(&file, "%s.json", path) < 0) st = gt_fail(GT_NOMEM, "out of memory for a report");
    if (!st) st = gt_file_write(file, text, strlen(text));
    free(file);
    free(text);
    json_decref(root);
    return st;
}

gt_status gt_findings_write(const gt_findings *r, const char *path) {
    gt_status st = write_text(r, path);
    return st ? st : write_json(r, path);
}
