/* SPDX-License-Identifier: Apache-2.0
 * Remarks on items that are wrong or noteworthy: written to the log, and as a report in text and JSON. */
#define _GNU_SOURCE
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features/dataset/tool.h"
#include "gantry/log.h"
#include "base/door/memory.h"
#include "base/door/text.h"

enum { LOGGED = 10 }; /* of each kind */

static const struct {
    const char *word, *heading;
} kinds[GT_REMARKS] = {
    [GT_REMARK_BAD] = {"bad", "cannot be read"},
    [GT_REMARK_ODD] = {"odd", "unlike the others"},
    [GT_REMARK_DUPLICATE] = {"duplicate", "equal to an earlier one"},
    [GT_REMARK_DROPPED] = {"dropped", "left out by the transform"},
    [GT_REMARK_NOTE] = {"note", "to be known"},
    [GT_REMARK_UNLABELLED] = {"unlabelled", "without a label"},
};

typedef struct remark {
    int64_t item;
    gt_remark kind;
    char *text;
} remark;

struct gt_remarks {
    const gt_items *items;
    remark *list;
    size_t n, room;
    int64_t count[GT_REMARKS];
    bool logged;
};

gt_remarks *gt_remarks_new(const gt_items *items, bool logged) {
    gt_remarks *r = calloc(1, sizeof *r);
    if (!r) gt_fail(GT_NOMEM, "out of memory for a report");
    else r->items = items, r->logged = logged;
    return r;
}

void gt_remarks_free(gt_remarks *r) {
    if (!r) return;
    for (size_t i = 0; i < r->n; i++) free(r->list[i].text);
    free(r->list);
    free(r);
}

gt_status gt_remarks_add(gt_remarks *r, gt_remark kind, int64_t item, const char *text, bool quiet) {
    gt_status st = gt_grow(&r->list, &r->room, r->n + 1, sizeof *r->list, "a report");
    size_t bytes = (size_t)gt_format(NULL, 0, "%s", text) + 1; /* names may be part of it */
    char *copy = st ? NULL : malloc(bytes);
    if (st) return st;
    if (!copy) return gt_fail(GT_NOMEM, "out of memory for a report");
    gt_format(copy, bytes, "%s", text);
    r->list[r->n++] = (remark){item, kind, copy};
    int64_t n = ++r->count[kind];
    if (quiet || !r->logged || kind == GT_REMARK_DROPPED) return GT_OK;
    bool unusable = kind == GT_REMARK_BAD || kind == GT_REMARK_ODD || kind == GT_REMARK_UNLABELLED;
    if (n <= LOGGED) gt_log(unusable ? GT_WARNING : GT_INFO, "%s: %s", kinds[kind].heading, text);
    if (n == LOGGED) gt_info("(more of this kind: --report=FILE lists all)");
    return GT_OK;
}

int64_t gt_remarks_count(const gt_remarks *r, gt_remark kind) { return r ? r->count[kind] : 0; }

const char *gt_remarks_first(const gt_remarks *r, gt_remark kind) {
    for (size_t i = 0; i < r->n; i++)
        if (r->list[i].kind == kind) return r->list[i].text;
    return NULL;
}

static gt_status read_text(gt_buffer *b, const char *path) {
    GT_FREED void *text = NULL;
    size_t n;
    gt_status st = gt_file_read(path, SIZE_MAX, &text, &n);
    if (st) return st;
    gt_buffer_add(b, text, n);
    return GT_OK;
}

static gt_status write_text(const gt_remarks *r, const char *path, const char *part, bool more) {
    GT_BUFFER gt_buffer b = {0};
    gt_status st = more ? read_text(&b, path) : GT_OK;
    if (part) gt_buffer_printf(&b, "%s:\n", part);
    for (int k = 0; k < GT_REMARKS; k++)
        gt_buffer_printf(&b, "%s: %lld (%s)\n", kinds[k].word, (long long)r->count[k], kinds[k].heading);
    for (int k = 0; k < GT_REMARKS; k++)
        for (size_t i = 0; i < r->n; i++)
            if ((int)r->list[i].kind == k)
                gt_buffer_printf(&b, "%s\titem %lld\t%s\n", kinds[k].word, (long long)r->list[i].item, r->list[i].text);
    if (!st) st = b.failed ? gt_fail(GT_NOMEM, "out of memory for '%s'", path) : gt_file_write(path, b.data, b.n);
    return st;
}

/* A name or message as JSON, whatever its bytes are. */
static json_t *text_of(const char *text) {
    json_t *s = json_string(text);
    if (s) return s;
    GT_FREED char *clean = strdup(text); /* not UTF-8 */
    if (clean) gt_utf8_clean(clean);
    s = clean ? json_string(clean) : NULL;
    return s;
}

/* What stands there already, or nothing. NULL: it cannot be read. */
static json_t *begin_json(const char *file, bool more) {
    if (more) return json_load_file(file, 0, NULL);
    return json_pack("{s:i,s:{},s:[]}", "items", 0, "counts", "findings");
}

static void count_more(json_t *object, const char *key, int64_t n) {
    json_object_set_new(object, key, json_integer(json_integer_value(json_object_get(object, key)) + n));
}

static void add_to_json(json_t *root, const gt_remarks *r, const char *part) {
    char buffer[GT_ITEM_NAME_BYTES];
    count_more(root, "items", r->items->count);
    for (int k = 0; k < GT_REMARKS; k++) count_more(json_object_get(root, "counts"), kinds[k].word, r->count[k]);
    for (size_t i = 0; i < r->n; i++) {
        const remark *f = &r->list[i];
        json_t *o = json_object();
        json_object_set_new(o, "kind", json_string(kinds[f->kind].word));
        if (part) json_object_set_new(o, "dest", text_of(part));
        json_object_set_new(o, "item", json_integer(f->item));
        json_object_set_new(o, "name", text_of(gt_items_name(r->items, f->item, buffer)));
        json_object_set_new(o, "reason", text_of(f->text));
        json_array_append_new(json_object_get(root, "findings"), o);
    }
}

static gt_status write_json(const gt_remarks *r, const char *path, const char *part, bool more) {
    GT_FREED char *file = NULL, *text = NULL;
    if (asprintf(&file, "%s.json", path) < 0) return gt_fail(GT_NOMEM, "out of memory for a report");
    json_t *root = begin_json(file, more);
    gt_status st = root   ? GT_OK
                   : more ? gt_fail(GT_FAILED, "'%s': the report of the earlier parts cannot be read", file)
                          : gt_fail(GT_NOMEM, "out of memory for a report");
    if (!st) {
        add_to_json(root, r, part);
        text = json_dumps(root, JSON_INDENT(1));
        st = text ? gt_file_write(file, text, strlen(text)) : gt_fail(GT_NOMEM, "out of memory for a report");
    }
    json_decref(root);
    return st;
}

gt_status gt_remarks_write(const gt_remarks *r, const char *path, const char *part, bool more) {
    gt_status st = write_text(r, path, part, more);
    return st ? st : write_json(r, path, part, more);
}
