/* SPDX-License-Identifier: Apache-2.0
 * Reads the ledger of a run (run/door/ledger.h), and says whether its lines belong together. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/library.h"
#include "run/ledger_internal.h"

/* ---- the fields ---- */

const char *const ledger_events[] = {GT_LEDGER_EVENTS(GT_NAME)};

#define OF(event) (1u << GT_LEDGER_##event)
#define AT(member) .offset = offsetof(gt_ledger_line, member)

const ledger_field ledger_fields[] = {
    {"name", LEDGER_TEXT, OF(CHECKPOINT), AT(name)},
    {"root", LEDGER_HASH, OF(DATA), AT(root)},
    {"step", LEDGER_WHOLE, OF(START) | OF(CHAIN) | OF(LENGTH) | OF(LINK) | OF(CHECKPOINT) | OF(ROLLBACK), AT(step)},
    {"images", LEDGER_WHOLE,
     OF(START) | OF(END) | OF(CHAIN) | OF(LENGTH) | OF(LINK) | OF(CHECKPOINT) | OF(ROLLBACK) | OF(REPLACED) |
         OF(SKIPPED),
     AT(images)},
    {"total", LEDGER_WHOLE, OF(START) | OF(LENGTH), AT(total)},
    {"checkpoint", LEDGER_TEXT, OF(START), AT(when)},
    {"facts", LEDGER_FACTS, OF(START), AT(facts)},
    {"from", LEDGER_WHOLE, OF(START), AT(from)},
    {"reseed", LEDGER_WHOLE, OF(START), AT(reseed)},
    {"arithmetic", LEDGER_TEXT, OF(START) | OF(CHAIN) | OF(LINK), AT(arithmetic)},
    {"reduce", LEDGER_TEXT, OF(START), AT(reduce)},
    {"tick", LEDGER_WHOLE, OF(START), AT(tick), .newer = true},
    {"ranks", LEDGER_WHOLE, OF(START), AT(ranks)},
    {"instructions", LEDGER_TEXT, OF(START), AT(instructions)},
    {"program", LEDGER_TEXT, OF(START), AT(program)},
    {"state", LEDGER_TEXT, OF(END), AT(ended)},
    {"state", LEDGER_HASH, OF(CHAIN) | OF(LINK) | OF(CHECKPOINT), AT(state)},
    {"recipe", LEDGER_HASH, OF(CHAIN), AT(recipe)},
    {"recipe_text", LEDGER_TEXT, OF(CHAIN), AT(recipe_text), .newer = true},
    {"form", LEDGER_WHOLE, OF(CHAIN), AT(form), .newer = true},
    {"source", LEDGER_SOURCE, OF(CHAIN), AT(source), .newer = true},
    {"head", LEDGER_HASH, OF(CHAIN) | OF(LENGTH) | OF(LINK), AT(head)},
    {"head", LEDGER_HEAD, OF(CHECKPOINT) | OF(RESTART), AT(head)},
    {"sha256", LEDGER_HASH, OF(CHECKPOINT), AT(file)},
    {"samples", LEDGER_WHOLE, OF(DATA), AT(samples)},
    {"how", LEDGER_TEXT, OF(DATA), AT(how)},
    {"to_step", LEDGER_WHOLE, OF(ROLLBACK), AT(to_step)},
    {"to_images", LEDGER_WHOLE, OF(ROLLBACK), AT(to_images)},
    {"message", LEDGER_TEXT, OF(END) | OF(ROLLBACK), AT(message)},
    {"began", LEDGER_WHOLE, OF(ROLLBACK), AT(began), .newer = true},
    {"reseed", LEDGER_WHOLE, OF(ROLLBACK), AT(reseed), .newer = true},
    {"head", LEDGER_HEAD, OF(ROLLBACK), AT(head), .newer = true},
    {"hash", LEDGER_TEXT, OF(END), AT(hash)},
    {"folder", LEDGER_TEXT, OF(RESTART), AT(folder)},
    {"pictures", LEDGER_PICTURES, OF(REPLACED), AT(pictures)},
    {"updates", LEDGER_WHOLE, OF(SKIPPED), AT(updates)},
    {0},
};

/* ---- a line ---- */

static bool read_whole(const json_t *value, int64_t *out) {
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= 0;
}

static bool read_hash(const json_t *value, gt_sha256 *out) {
    return json_is_string(value) && gt_sha256_parse(json_string_value(value), out);
}

/* Or none: "". */
static bool read_head(const json_t *value, bool *has, gt_sha256 *out) {
    *has = read_hash(value, out);
    return *has || (json_is_string(value) && !*json_string_value(value));
}

static bool read_text(const json_t *value, gt_arena *a, const char **out) {
    if (json_is_string(value)) *out = gt_arena_printf(a, "%s", json_string_value(value));
    return json_is_string(value) && *out;
}

static bool read_pictures(const json_t *value, gt_arena *a, gt_ledger_line *to) {
    size_t n = json_array_size(value);
    int64_t *list = gt_arena_array(a, n + 1, sizeof *list);
    if (!json_is_array(value) || !list || n > INT32_MAX) return false;
    for (size_t i = 0; i < n; i++)
        if (!read_whole(json_array_get(value, i), &list[i])) return false;
    to->pictures = list;
    to->n_pictures = (int)n;
    return true;
}

static bool read_facts(json_t *value, gt_arena *a, gt_ledger_line *to) {
    gt_start_fact *rows = gt_arena_array(a, json_object_size(value) + 1, sizeof *rows), *row = rows;
    const char *name;
    json_t *text;
    to->facts = rows;
    if (!rows) return false;
    json_object_foreach(value, name, text) {
        *row = (gt_start_fact){gt_arena_printf(a, "%s", name), ""};
        read_text(text, a, &row++->text);
    }
    return json_is_object(value);
}

static bool read_field(const ledger_field *f, json_t *value, gt_arena *a, gt_ledger_line *to) {
    void *at = (char *)to + f->offset;
    switch (f->kind) {
    case LEDGER_WHOLE: return read_whole(value, at);
    case LEDGER_TEXT: return read_text(value, a, at);
    case LEDGER_HASH: return read_hash(value, at);
    case LEDGER_HEAD: return read_head(value, &to->has_head, at);
    case LEDGER_SOURCE: return read_head(value, &to->has_source, at);
    case LEDGER_PICTURES: return read_pictures(value, a, to);
    case LEDGER_FACTS: return read_facts(value, a, to);
    }
    return false;
}

static gt_ledger_event event_of(const json_t *line) {
    const char *name = json_string_value(json_object_get(line, "event"));
    for (int i = 1; name && i < LEDGER_EVENTS; i++)
        if (!strcmp(name, ledger_events[i])) return (gt_ledger_event)i;
    return GT_LEDGER_OTHER;
}

/* An event that a later program may write is right. */
static void read_fields(const json_t *line, gt_arena *a, gt_ledger_line *to) {
    static const char *const kinds[] = {"number",          "text",         "SHA-256", "SHA-256", "SHA-256",
                                        "list of numbers", "list of texts"};
    to->event = event_of(line);
    to->time = json_number_value(json_object_get(line, "time"));
    to->numbered = read_whole(json_object_get(line, "line"), &to->says) &&
                   read_hash(json_object_get(line, "before"), &to->before);
    for (const ledger_field *f = ledger_fields; f->key && to->event; f++) {
        json_t *value = json_object_get(line, f->key);
        if (!(f->events & 1u << to->event) || (f->newer && !value)) continue;
        if (!read_field(f, value, a, to) && to->numbered && !*to->fault)
            to->fault = gt_arena_printf(a, "there is no %s '%s'", kinds[f->kind], f->key);
    }
}

/* The hash of the line as it was before its last field was added. */
static gt_status read_self(const json_t *line, gt_arena *a, const char *text, size_t n, gt_ledger_line *to) {
    const size_t room = sizeof LEDGER_SELF - 1 + GT_SHA256_TEXT - 1 + 2; /* ...", the quote and the brace */
    gt_sha256 says, is;
    const json_t *self = json_object_get(line, "self");
    if (!self) return GT_OK;
    char *bare = n > room ? gt_arena_printf(a, "%.*s}", (int)(n - room), text) : NULL;
    bool at_end = bare && !memcmp(text + n - room, LEDGER_SELF, sizeof LEDGER_SELF - 1) && read_hash(self, &says);
    gt_status st = at_end ? gt_sha256_of(bare, n - room + 1, &is) : GT_OK;
    to->covers_itself = !st && at_end && gt_sha256_equal(&says, &is);
    if (!st && !to->covers_itself) to->fault = "its `self` is not the SHA-256 of the line, which was changed";
    return st;
}

static gt_status read_line(gt_ledger_lines *l, int *room, const char *text, size_t n) {
    if (!gt_arena_grow(l->arena, &l->line, l->n, room, sizeof *l->line)) return GT_NOMEM;
    gt_ledger_line *to = &l->line[l->n++];
    *to = (gt_ledger_line){.number = l->n, .fault = ""};
    for (const ledger_field *f = ledger_fields; f->key; f++)
        if (f->kind == LEDGER_TEXT) *(const char **)((char *)to + f->offset) = "";
    json_t *line = json_loadb(text, n, 0, NULL);
    if (json_is_object(line)) read_fields(line, l->arena, to);
    gt_status st = read_self(line, l->arena, text, n, to);
    to->damaged = n && !json_is_string(json_object_get(line, "event"));
    json_decref(line);
    return st ? st : gt_sha256_of(text, n, &to->text);
}

/* ---- what the lines are to each other ---- */

static bool has_images(gt_ledger_event e) {
    return e == GT_LEDGER_CHAIN || e == GT_LEDGER_LINK || e == GT_LEDGER_CHECKPOINT;
}

static void mark_superseded(gt_ledger_lines *l) {
    int64_t from = INT64_MAX, least[LEDGER_EVENTS];
    for (int i = 0; i < LEDGER_EVENTS; i++) least[i] = INT64_MAX;
    for (int i = l->n - 1; i >= 0; i--) {
        gt_ledger_line *t = &l->line[i];
        int64_t back = t->event == GT_LEDGER_START ? t->images : t->event == GT_LEDGER_ROLLBACK ? t->to_images : from;
        if (back < from) from = back;
        if (!has_images(t->event)) continue;
        t->superseded = t->images > from || t->images >= least[t->event];
        if (!t->superseded) least[t->event] = t->images;
    }
}

static void relate(gt_ledger_lines *l) {
    int64_t chain = 0, start = 0, reseeded = 0, length = 0;
    for (int i = 0; i < l->n; i++) {
        gt_ledger_line *t = &l->line[i];
        if (t->event == GT_LEDGER_CHAIN) chain = t->number, length = 0;
        if (t->event == GT_LEDGER_START) {
            start = t->number;
            reseeded = t->reseed;
            length = t->from > 0 && t->from < t->number ? l->line[t->from - 1].length : 0;
        }
        if (t->event == GT_LEDGER_ROLLBACK && reseeded < INT64_MAX) reseeded++;
        if (t->event == GT_LEDGER_LENGTH) length = t->total;
        t->chain = chain;
        t->start = start;
        t->reseeded = reseeded;
        t->length = length;
    }
    mark_superseded(l);
}

/* ---- the file ---- */

enum { LEDGER_MOST_LINES = 1000000, LEDGER_MOST_BYTES = 1 << 27 };

static gt_status read_all(gt_ledger_lines *l, const char *text, size_t n) {
    int room = 0;
    gt_status st = GT_OK;
    if (!n) return GT_OK; /* nor is there a text */
    for (const char *at = text, *end = text + n; at < end && !st;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
        st = read_line(l, &room, at, (size_t)(stop - at));
        l->torn = !newline;
        at = stop + 1;
        if (!st && l->n >= LEDGER_MOST_LINES && at < end)
            st = gt_fail(GT_FORMAT, "it has more than %d lines, and no run writes this number", LEDGER_MOST_LINES);
    }
    return st;
}

gt_ledger_lines *gt_ledger_read(const char *dir) {
    if (gt_library_open("libcrypto")) return NULL; /* of each line's hash */
    gt_ledger_lines *l = calloc(1, sizeof *l);
    GT_FREED char *path = gt_path_join(dir, GT_LEDGER_NAME);
    GT_FREED void *text = NULL;
    size_t n = 0;
    bool is_room = l && path && (l->arena = gt_arena_new());
    gt_status st = is_room ? GT_OK : GT_NOMEM;
    if (!st && !access(path, F_OK)) st = gt_file_read(path, LEDGER_MOST_BYTES, &text, &n);
    if (!st && (st = read_all(l, text, n))) gt_wrap(st, "%s", path);
    if (is_room && gt_arena_failed(l->arena)) st = GT_NOMEM;
    if (!st) relate(l);
    if (st == GT_NOMEM) gt_fail(GT_NOMEM, "out of memory for %s of '%s'", GT_LEDGER_NAME, dir);
    if (!st) return l;
    gt_ledger_lines_free(l);
    return NULL;
}

void gt_ledger_lines_free(gt_ledger_lines *l) {
    if (l) gt_arena_free(l->arena);
    free(l);
}

static const char *fault_of(const gt_ledger_lines *l, int i) {
    const gt_ledger_line *t = &l->line[i];
    static const gt_sha256 nothing;
    bool may_be_old = t->event == GT_LEDGER_OTHER || t->event == GT_LEDGER_START || t->event == GT_LEDGER_END;
    if (!t->numbered) return may_be_old ? "" : "it says neither its number nor the SHA-256 of the line before";
    if (t->says != t->number) return "it says that it is another line: lines were added or removed";
    if (!gt_sha256_equal(&t->before, i ? &l->line[i - 1].text : &nothing))
        return "its `before` is not the SHA-256 of the line before, which was changed";
    return t->fault;
}

static bool is_numbered(const gt_ledger_lines *l) {
    for (int i = 0; i < l->n; i++)
        if (l->line[i].numbered) return true;
    return false;
}

gt_status gt_ledger_check_end(const gt_ledger_lines *l, const char *dir) {
    const gt_ledger_line *last = l->n ? &l->line[l->n - 1] : NULL;
    if (!last || !is_numbered(l) || (last->numbered && !l->torn)) return GT_OK;
    return gt_fail(GT_FORMAT,
                   "%s/%s:%d: damaged: %s, and no line follows that would cover it (a power cut may do this; to resume "
                   "the run mends it)",
                   dir, GT_LEDGER_NAME, l->n,
                   l->torn ? "the last line is not whole"
                           : "the last line says neither its number nor the SHA-256 of the line before");
}

gt_status gt_ledger_check(const gt_ledger_lines *l, const char *dir, const gt_ledger_line **bad) {
    bool covered = false; /* by a program whose lines cover themselves */
    for (int i = 0; i < l->n; i++) {
        const char *fault = fault_of(l, i);
        if (!*fault && covered && l->line[i].numbered && !l->line[i].covers_itself)
            fault = "it has no hash of itself, as lines before it have";
        covered |= l->line[i].covers_itself;
        if (!*fault) continue;
        if (bad) *bad = &l->line[i];
        return gt_fail(GT_FORMAT, "%s/%s:%d: %s", dir, GT_LEDGER_NAME, i + 1, fault);
    }
    return GT_OK;
}

const gt_ledger_line *gt_ledger_at(const gt_ledger_lines *l, gt_ledger_event event, int64_t step) {
    for (int i = l->n - 1; i >= 0; i--)
        if (l->line[i].event == event && l->line[i].step == step && !l->line[i].superseded) return &l->line[i];
    return NULL;
}
