/* SPDX-License-Identifier: Apache-2.0
 * dataset.json.
 *
 * DESIGN
 * The text is parsed in pieces: one label at a time, and the few other keys that mean something. A parsed value takes
 * many times the memory of its text ("[]," 3 bytes, 150 parsed), so a packed megabyte could become gigabytes; and the
 * labels of millions of images never stand in memory twice. Keys that mean nothing here are passed over unparsed.
 * Messages name the line. The labels are gone through twice: nothing is allocated for them before all are known to be
 * labels, and every image to have one where that is asked for; then the text bounds their size. */
#define _GNU_SOURCE
#include "data/naming.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/text.h"

enum { PIECE_MOST = 1 << 18 }; /* values in one label, or in all names of classes */

typedef struct label_text {
    const char *text;
    size_t bytes;
    const char *labels; /* the value of "labels": a list; NULL: there are none */
    bool missing;       /* there is no key "labels", nor masks */
    bool passed;        /* labels and class names are not wanted */
    json_t *meaning;    /* "class_names", "range" and "channels", those that are there */
} label_text;

typedef struct piece { /* the text of a value */
    const char *at;
    size_t n, values;
} piece;

typedef struct cursor {
    const label_text *text;
    const char *at, *end;
} cursor;

static gt_status wrong(const label_text *t, const char *at, int lines, const char *what) {
    int64_t line = 1 + lines;
    for (const char *p = t->text; (p = memchr(p, '\n', (size_t)(at - p))); p++) line++;
    return gt_fail(GT_FORMAT, "line %" PRId64 ": %s", line, what);
}

static gt_status wrong_here(const cursor *c, const char *what) { return wrong(c->text, c->at, 0, what); }

/* ---- where values begin and end: whether they are JSON shows when they are parsed ---- */

static bool is_blank(char byte) { return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r'; }

static void skip_blanks(cursor *c) {
    while (c->at < c->end && is_blank(*c->at)) c->at++;
}

static bool take_byte(cursor *c, char byte) {
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
    if (depth) return wrong_here(c, "the text ends inside a list or an object");
    return p->n ? GT_OK : wrong_here(c, "a value is expected");
}

static gt_status parse_piece(const label_text *t, const piece *p, json_t **value) {
    json_error_t error;
    *value = NULL;
    if (p->values > PIECE_MOST)
        return wrong(t, p->at, 0, "more values in a list or object than a label or the names of classes can have");
    *value = json_loadb(p->at, p->n, JSON_DECODE_ANY, &error);
    return *value ? GT_OK : wrong(t, p->at, error.line > 1 ? error.line - 1 : 0, error.text);
}

/* ---- the object ---- */

enum {
    LABELS,
    CLASS_NAMES,
    RANGE,
    CHANNELS,
    MASK_CLASSES,
    LABEL_NAMES,
    KEYS
}; /* those that may be passed over first */
static const char *const keys[KEYS] = {"labels", "class_names", "range", "channels", "mask_classes", "label_names"};

static gt_status note_value(const cursor *c, piece found[KEYS], const char *key, const piece *value) {
    for (int k = c->text->passed ? RANGE : LABELS; k < KEYS; k++) {
        if (strcmp(key, keys[k])) continue;
        char twice[64];
        snprintf(twice, sizeof twice, "the key \"%s\" occurs twice", key);
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
    if (!st) st = parse_piece(c->text, &name, &key);
    if (st) return st;
    st = take_byte(c, ':') ? take_value(c, &value) : wrong_here(c, "':' is expected");
    if (!st) st = note_value(c, found, json_string_value(key), &value);
    json_decref(key);
    return st;
}

static gt_status find_keys(const label_text *t, piece found[KEYS]) {
    cursor c = {.text = t, .at = t->text, .end = t->text + t->bytes};
    skip_blanks(&c);
    if (c.at == c.end) return wrong_here(&c, "the text is empty");
    if (!take_byte(&c, '{')) return gt_fail(GT_FORMAT, "not an object with a key \"labels\"");
    bool empty = take_byte(&c, '}');
    gt_status st = empty ? GT_OK : take_member(&c, found);
    while (!st && !empty && take_byte(&c, ',')) st = take_member(&c, found);
    if (!st && !empty && !take_byte(&c, '}')) st = wrong_here(&c, "',' or '}' is expected");
    skip_blanks(&c);
    return !st && c.at < c.end ? wrong_here(&c, "there is text after the end of the object") : st;
}

static gt_status check_labels(label_text *t, const piece *p) {
    if (!p->n || (p->n == 4 && !memcmp(p->at, "null", 4))) return GT_OK;
    if (*p->at != '[') return gt_fail(GT_FORMAT, "labels must be a list of [name, label] pairs, or null");
    t->labels = p->at;
    return GT_OK;
}

/* Finds the keys and parses those of t->meaning. On failure nothing is to be closed. */
static gt_status open_text(label_text *t, const char *text, size_t bytes, bool labels) {
    piece found[KEYS] = {0};
    *t = (label_text){.text = text, .bytes = bytes, .passed = !labels};
    gt_status st = find_keys(t, found);
    t->missing = labels && !found[LABELS].n && !found[MASK_CLASSES].n;
    if (!st) st = check_labels(t, &found[LABELS]);
    if (!st && !(t->meaning = json_object())) st = gt_fail(GT_NOMEM, "out of memory for labels");
    for (int k = CLASS_NAMES; k < KEYS && !st; k++) {
        json_t *value;
        if (!found[k].n || (st = parse_piece(t, &found[k], &value))) continue;
        if (json_object_set_new(t->meaning, keys[k], value)) st = gt_fail(GT_NOMEM, "out of memory for labels");
    }
    if (st) json_decref(t->meaning);
    return st;
}

/* ---- labels ---- */

typedef enum form { NO_FORM, NUMBER, LIST, TEXT } form; /* of a label; the first one decides */

typedef enum task { CHECKING, COLLECTING, STORING } task;

typedef struct labelling { /* of the items by the pairs of dataset.json */
    gt_source *source;
    gt_naming *naming;
    bool every; /* each item has one label */
    form form;
    size_t width;   /* of a list */
    bool fraction;  /* some numbers are not whole */
    char *no_class; /* why a number is not a class, in words; NULL: all can be classes */
    task task;
    gt_name_list names;     /* of the pairs, once they are collected */
    bool *seen;             /* [count] of this pass */
    int64_t met, strangers; /* items with a label; labels of names that no item has */
    bool nulls;             /* some labels are null */
    char *stranger;         /* the first of these names; NULL: there is none */
} labelling;

static gt_status check_list(const labelling *l, const char *name, const json_t *label) {
    if (json_array_size(label) != l->width)
        return gt_fail(GT_FORMAT, "label of '%s' has %zu numbers, other labels have %zu", name, json_array_size(label),
                       l->width);
    for (size_t i = 0; i < l->width; i++) {
        const json_t *v = json_array_get(label, i);
        if (!json_is_number(v) || !isfinite((float)json_number_value(v)))
            return gt_fail(GT_FORMAT, "label of '%s': element %zu is not a finite number", name, i);
    }
    return GT_OK;
}

/* Whether numbers are classes shows at the end. */
static gt_status check_number(labelling *l, const char *name, const json_t *label) {
    double v = json_number_value(label);
    if (!isfinite((float)v)) return gt_fail(GT_FORMAT, "label of '%s' is not a finite number", name);
    l->fraction |= v != floor(v);
    if (gt_is_class(v) || l->no_class) return GT_OK;
    if (asprintf(&l->no_class, "label of '%s' is %.17g; classes are integers 0 .. %d", name, v, GT_CLASS_MAX) >= 0)
        return GT_OK;
    l->no_class = NULL;
    return gt_fail(GT_NOMEM, "out of memory for labels");
}

static gt_status check_label(labelling *l, const char *name, const json_t *label) {
    form is = json_is_number(label) ? NUMBER : json_is_array(label) ? LIST : json_is_string(label) ? TEXT : NO_FORM;
    if (is == NO_FORM)
        return gt_fail(GT_FORMAT, "label of '%s' is neither a number, nor a list of numbers, nor the name of a class",
                       name);
    if (l->form == NO_FORM) {
        l->form = is;
        l->width = is == LIST ? json_array_size(label) : 1;
        if (is == LIST && (l->width == 0 || l->width > GT_VECTOR_MAX))
            return gt_fail(GT_FORMAT, "label of '%s' has %zu numbers; 1 to %d are possible", name, l->width,
                           GT_VECTOR_MAX);
    }
    if (is != l->form)
        return gt_fail(GT_FORMAT, "label of '%s' is %s, other labels are not", name,
                       is == NUMBER ? "a number"
                       : is == LIST ? "a list"
                                    : "a text");
    if (is == LIST) return check_list(l, name, label);
    if (is == NUMBER) return check_number(l, name, label);
    return gt_notes_sort_in_class(&l->source->info, json_string_value(label), json_string_length(label));
}

/* False: another label was stored before. */
static bool store_label(const gt_source_info *n, size_t item, const json_t *label) {
    bool list = json_is_array(label), same = true;
    if (n->label_kind == GT_LABELS_CLASSES) {
        int32_t v = json_is_string(label) ? gt_notes_find_class(n, json_string_value(label), json_string_length(label))
                                          : (int32_t)json_number_value(label);
        same = n->classes[item] == v;
        n->classes[item] = v;
        return same;
    }
    for (size_t i = 0, width = (size_t)n->label_width; i < width; i++) {
        double *to = &n->vectors[item * width + i], v = json_number_value(list ? json_array_get(label, i) : label);
        same = same && (float)*to == (float)v;
        *to = v;
    }
    return same;
}

/* The first name that no picture has. */
static gt_status note_stranger(labelling *l, const char *name) {
    if (l->task != CHECKING || l->strangers++) return GT_OK;
    l->stranger = strdup(name);
    return l->stranger ? GT_OK : gt_fail(GT_NOMEM, "out of memory for labels");
}

/* A pair [name, label], the one of this number. */
static gt_status use_pair(labelling *l, size_t number, const json_t *pair) {
    const char *name = json_string_value(json_array_get(pair, 0));
    const json_t *label = json_array_get(pair, 1);
    if (json_array_size(pair) != 2 || !name)
        return gt_fail(GT_FORMAT, "labels: element %zu is not a pair [name, label]", number);
    if (json_is_null(label) && !l->every) return l->nulls = true, GT_OK;
    if (l->task == COLLECTING) return gt_names_add(&l->names, name, strlen(name));
    int64_t item = gt_naming_find(l->naming, name);
    if (item < 0) return note_stranger(l, name);
    bool again = l->seen[item];
    l->seen[item] = true;
    l->met += !again;
    if (l->task == CHECKING) return check_label(l, name, label);
    if (store_label(&l->source->info, (size_t)item, label) || !again) return GT_OK;
    return gt_fail(GT_FORMAT, "'%s' occurs twice, with different labels", name);
}

/* One pass over the labels; it ends with the first failure. */
static gt_status use_labels(labelling *l, const label_text *t, task task) {
    cursor c = {.text = t, .at = t->labels + 1, .end = t->text + t->bytes};
    size_t number = 0;
    l->task = task;
    l->met = 0;
    if (task == CHECKING) l->strangers = 0;
    memset(l->seen, 0, (size_t)l->source->count * sizeof *l->seen);
    if (take_byte(&c, ']')) return GT_OK;
    do {
        piece p;
        json_t *pair = NULL;
        gt_status st = take_value(&c, &p);
        if (!st) st = parse_piece(t, &p, &pair);
        if (!st) st = use_pair(l, number++, pair);
        json_decref(pair);
        if (st) return st;
    } while (take_byte(&c, ','));
    return take_byte(&c, ']') ? GT_OK : wrong_here(&c, "',' or ']' is expected");
}

/* Do the labels fit the items? */
static gt_status check_items(labelling *l) {
    char buffer[GT_ITEM_NAME_BYTES], example[300] = "";
    gt_source *s = l->source;
    if (l->stranger)
        snprintf(example, sizeof example, " (it has labels of other names, such as '%.200s')", l->stranger);
    for (int64_t i = 0; i < s->count && l->every; i++)
        if (!l->seen[i])
            return gt_fail(GT_FORMAT, "no label for '%s'; every image must have one, or \"labels\" be null%s",
                           gt_source_name(s, i, buffer), example);
    if (l->strangers && !l->met && s->count)
        return gt_fail(GT_FORMAT,
                       "none of its %" PRId64
                       " names is a picture's name: it has '%.200s', a picture is called '%.200s'",
                       l->strangers, l->stranger, gt_source_name(s, 0, buffer));
    if (l->nulls && l->form == NO_FORM)
        return gt_notes_say(&s->info, "no labels: all labels of '%s' are null", GT_NOTES_FILE);
    if (!l->strangers) return GT_OK;
    return gt_notes_say(&s->info, "'%s' has labels for %" PRId64 " name%s without a picture, such as '%.200s'",
                        GT_NOTES_FILE, l->strangers, gt_plural(l->strangers), l->stranger);
}

/* Names are read in other ways only where pictures would have no label otherwise. */
static gt_status check_all(labelling *l, const label_text *text) {
    gt_source_info *n = &l->source->info;
    gt_status st = use_labels(l, text, CHECKING);
    if (!st && l->strangers) {
        st = use_labels(l, text, COLLECTING);
        if (!st) st = gt_naming_fit(l->naming, &l->names, GT_NOTES_FILE, n);
        free(l->stranger);
        l->stranger = NULL;
        if (!st) st = use_labels(l, text, CHECKING);
    }
    if (!st) st = check_items(l);
    return !st && l->form == NUMBER && !l->fraction && l->no_class ? gt_fail(GT_FORMAT, "%s", l->no_class) : st;
}

static gt_status parse_labels(gt_source *s, const label_text *text, bool every) {
    labelling l = {.source = s, .every = every, .seen = calloc((size_t)s->count + 1, sizeof *l.seen)};
    gt_status st = l.seen ? gt_naming_new(&l.naming, s)
                          : gt_fail(GT_NOMEM, "out of memory for %" PRId64 " labels", s->count);
    if (!st) st = check_all(&l, text);
    bool vectors = l.form == LIST || (l.form == NUMBER && l.fraction);
    if (!st && l.form != NO_FORM)
        st = vectors ? gt_notes_new_vectors(&s->info, s->count, l.width) : gt_notes_new_classes(&s->info, s->count);
    if (!st && l.form != NO_FORM) st = use_labels(&l, text, STORING);
    gt_naming_free(l.naming);
    gt_names_free(&l.names);
    free(l.stranger);
    free(l.no_class);
    free(l.seen);
    return st;
}

/* ---- names, range, channels ---- */

static gt_status parse_class_names(gt_source_info *n, const json_t *list) {
    if (!list || json_is_null(list)) return GT_OK;
    size_t size = json_array_size(list);
    if (!json_is_array(list) || size == 0 || size > GT_CLASS_MAX + 1)
        return gt_fail(GT_FORMAT, "class_names must be a list of 1 to %d names", GT_CLASS_MAX + 1);
    gt_status st = GT_OK;
    for (size_t i = 0; i < size && !st; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        st = name ? gt_notes_add_class_name(n, name, strlen(name))
                  : gt_fail(GT_FORMAT, "class_names: element %zu is not text", i);
    }
    return st;
}

static gt_status parse_range(gt_source_info *n, const json_t *range) {
    if (!range || json_is_null(range)) return GT_OK;
    const json_t *low = json_array_get(range, 0), *high = json_array_get(range, 1);
    if (json_array_size(range) != 2 || !json_is_number(low) || !json_is_number(high))
        return gt_fail(GT_FORMAT, "range must be a list of two numbers");
    return gt_notes_set_range(n, json_number_value(low), json_number_value(high));
}

/* Names between commas: "channels", "label_names". */
static gt_status parse_names(const json_t *names, const char *key, const char *example, char **to) {
    if (!names || json_is_null(names)) return GT_OK;
    if (!json_is_string(names)) return gt_fail(GT_FORMAT, "%s must be a text such as \"%s\"", key, example);
    *to = strdup(json_string_value(names));
    return *to ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %s", key);
}

static gt_status parse_mask_classes(gt_source_info *n, const json_t *list) {
    if (!list || json_is_null(list)) return GT_OK;
    size_t size = json_array_size(list);
    if (!json_is_array(list) || size == 0) return gt_fail(GT_FORMAT, "mask_classes must be a list of names");
    gt_status st = GT_OK;
    for (size_t i = 0; i < size && !st; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        st = name ? gt_masks_add_name(n, name) : gt_fail(GT_FORMAT, "mask_classes: element %zu is not text", i);
    }
    return st;
}

static gt_status use_text(gt_source *s, const char *text, size_t bytes, const gt_source_options *options) {
    label_text t;
    gt_source_info *n = &s->info;
    gt_status st = open_text(&t, text, bytes, gt_own_labels(options));
    if (st) return st;
    n->labels_missing = t.missing;
    const json_t *names = json_object_get(t.meaning, "class_names");
    if (t.labels) st = parse_labels(s, &t, options->every_label);
    gt_source_info given = {0};
    if (!st) st = parse_class_names(&given, names);
    if (!st) st = gt_notes_take_class_names(n, s->count, &given);
    gt_notes_free(&given);
    if (!st) st = gt_notes_check(n, s->count, false);
    if (!st) st = parse_range(n, json_object_get(t.meaning, "range"));
    if (!st) st = parse_names(json_object_get(t.meaning, "channels"), "channels", "R,G,B", &n->channel_names);
    if (!st) st = parse_names(json_object_get(t.meaning, "label_names"), "label_names", "x,y", &n->label_names);
    if (!st) st = parse_mask_classes(n, json_object_get(t.meaning, "mask_classes"));
    json_decref(t.meaning);
    return st;
}

gt_status gt_labels_of_json(gt_source *s, const char *text, size_t bytes, const gt_source_options *options) {
    size_t mark = gt_text_mark(text, bytes);
    gt_status st = gt_check_no_page(text, bytes);
    if (st) return st;
    if (gt_text_is_utf8(text, bytes)) return use_text(s, text + mark, bytes - mark, options);
    GT_FREED char *utf8 = NULL;
    const char *from;
    st = gt_text_to_utf8(text, bytes, &utf8, &bytes, &from);
    if (st) return st;
    st = gt_notes_say(&s->info, "'%s' is read as %s, since it is not UTF-8", GT_NOTES_FILE, from);
    return st ? st : use_text(s, utf8, bytes, options);
}

bool gt_is_notes_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return !strcmp(slash ? slash + 1 : path, GT_NOTES_FILE);
}

gt_status gt_notes_say_unread(gt_source_info *n, const char *path) {
    return gt_notes_say(n, "'%.200s' is not read, because its folder does not hold all pictures", path);
}
