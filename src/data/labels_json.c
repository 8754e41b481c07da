/* SPDX-License-Identifier: Apache-2.0 */
#include "data/label_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

typedef struct piece { /* the text of a value */
    const char *at;
    size_t n, values;
} piece;

typedef struct cursor {
    const gt_label_text *text;
    const char *at, *end;
} cursor;

static gt_status wrong(const gt_label_text *t, const char *at, int lines, const char *what) {
    int64_t line = 1 + lines;
    for (const char *p = t->text; (p = memchr(p, '\n', (size_t)(at - p))); p++) line++;
    return gt_fail(GT_FORMAT, "line %" PRId64 ": %s", line, what);
}

static gt_status wrong_here(const cursor *c, const char *what) {
    return wrong(c->text, c->at, 0, what);
}

/* ---- where values begin and end: whether they are JSON shows when they are parsed ---- */

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

static void skip_blanks(cursor *c) {
    while (c->at < c->end && is_blank(*c->at)) c->at++;
}

static bool take(cursor *c, char byte) {
    skip_blanks(c);
    bool there = c->at < c->end && *c->at == byte;
    c->at += there;
    return there;
}

/* From a quote to behind the next one, or to the end of the text. */
static void skip_string(cursor *c) {
    for (c->at++; c->at < c->end && *c->at != '"'; c->at++)
        if (*c->at == '\\' && c->end - c->at > 1) c->at++;
    if (c->at < c->end) c->at++;
}

static gt_status take_value(cursor *c, piece *p) {
    skip_blanks(c);
    *p = (piece){.at = c->at, .values = 1};
    size_t depth = 0;
    while (c->at < c->end) {
        char byte = *c->at;
        bool opens = byte == '[' || byte == '{', closes = byte == ']' || byte == '}', comma = byte == ',';
        if (depth == 0 && (closes || comma || byte == ':' || is_blank(byte))) break;
        depth += opens;
        depth -= closes;
        p->values += opens || comma;
        if (byte == '"') skip_string(c);
        else c->at++;
        if (depth == 0 && (closes || byte == '"')) break;
    }
    p->n = (size_t)(c->at - p->at);
    if (depth) return wrong_here(c, "the text ends within a list or an object");
    return p->n ? GT_OK : wrong_here(c, "a value is expected");
}

static gt_status parse(const gt_label_text *t, const piece *p, json_t **value) {
    json_error_t error;
    *value = NULL;
    if (p->values > GT_PIECE_MOST) return wrong(t, p->at, 0, "more values in one than a label or the names of classes can have");
    *value = json_loadb(p->at, p->n, JSON_DECODE_ANY, &error);
    return *value ? GT_OK : wrong(t, p->at, error.line > 1 ? error.line - 1 : 0, error.text);
}

/* ---- the object ---- */

enum { LABELS, CLASS_NAMES, RANGE, CHANNELS, KEYS }; /* those that may be passed over first */
static const char *const keys[KEYS] = {"labels", "class_names", "range", "channels"};

static gt_status note(const cursor *c, piece found[KEYS], const char *key, const piece *value) {
    for (int k = c->text->passed ? RANGE : LABELS; k < KEYS; k++) {
        if (strcmp(key, keys[k])) continue;
        char twice[64];
        snprintf(twice, sizeof twice, "the key \"%s\" is there twice", key);
        if (found[k].n) return wrong_here(c, twice);
        found[k] = *value;
    }
    return GT_OK;
}

static gt_status take_member(cursor *c, piece found[KEYS]) {
    piece name, value;
    json_t *key;
    skip_blanks(c);
    if (c->at == c->end || *c->at != '"') return wrong_here(c, "a key is expected");
    gt_status st = take_value(c, &name);
    if (!st) st = parse(c->text, &name, &key);
    if (st) return st;
    st = take(c, ':') ? take_value(c, &value) : wrong_here(c, "':' is expected");
    if (!st) st = note(c, found, json_string_value(key), &value);
    json_decref(key);
    return st;
}

static gt_status find_keys(const gt_label_text *t, piece found[KEYS]) {
    cursor c = {.text = t, .at = t->text + gt_text_mark(t->text, t->bytes), .end = t->text + t->bytes};
    skip_blanks(&c);
    if (c.at == c.end) return wrong_here(&c, "the text is empty");
    if (!take(&c, '{')) return gt_fail(GT_FORMAT, "not an object with a key \"labels\"");
    bool empty = take(&c, '}');
    gt_status st = empty ? GT_OK : take_member(&c, found);
    while (!st && !empty && take(&c, ',')) st = take_member(&c, found);
    if (!st && !empty && !take(&c, '}')) st = wrong_here(&c, "',' or '}' is expected");
    skip_blanks(&c);
    return !st && c.at < c.end ? wrong_here(&c, "something stands behind the end of the object") : st;
}

static gt_status check_labels(gt_label_text *t, const piece *p) {
    if (!p->n || (p->n == 4 && !memcmp(p->at, "null", 4))) return GT_OK;
    if (*p->at != '[') return gt_fail(GT_FORMAT, "labels must be a list of [name, label] pairs, or null");
    t->labels = p->at;
    return GT_OK;
}

gt_status gt_label_text_open(gt_label_text *t, const char *text, size_t bytes, bool labels) {
    piece found[KEYS] = {0};
    *t = (gt_label_text){.text = text, .bytes = bytes, .passed = !labels};
    gt_status st = find_keys(t, found);
    if (!st) st = check_labels(t, &found[LABELS]);
    if (!st && !(t->meaning = json_object())) st = gt_fail(GT_NOMEM, "out of memory for labels");
    for (int k = CLASS_NAMES; k < KEYS && !st; k++) {
        json_t *value;
        if (!found[k].n || (st = parse(t, &found[k], &value))) continue;
        if (json_object_set_new(t->meaning, keys[k], value)) st = gt_fail(GT_NOMEM, "out of memory for labels");
    }
    if (st) gt_label_text_close(t);
    return st;
}

void gt_label_text_close(gt_label_text *t) {
    json_decref(t->meaning);
    *t = (gt_label_text){0};
}

gt_status gt_label_text_each(const gt_label_text *t, gt_label_use use, void *arg) {
    if (!t->labels) return GT_OK;
    cursor c = {.text = t, .at = t->labels + 1, .end = t->text + t->bytes};
    size_t number = 0;
    if (take(&c, ']')) return GT_OK;
    do {
        piece p;
        json_t *pair = NULL;
        gt_status st = take_value(&c, &p);
        if (!st) st = parse(t, &p, &pair);
        if (!st) st = use(arg, number++, pair);
        json_decref(pair);
        if (st) return st;
    } while (take(&c, ','));
    return take(&c, ']') ? GT_OK : wrong_here(&c, "',' or ']' is expected");
}
