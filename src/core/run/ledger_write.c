/* SPDX-License-Identifier: Apache-2.0
 * Appends to the ledger of a run (run/door/ledger.h). The thread that writes checkpoints adds lines too. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/text.h"
#include "run/ledger_internal.h"

/* ---- a line as JSON ---- */

/* The user's texts may have bytes that are not UTF-8; JSON cannot hold them. */
static json_t *text_of(const char *text) {
    GT_FREED char *clean = strdup(text ? text : "");
    if (clean) gt_utf8_clean(clean);
    json_t *j = clean ? json_string(clean) : NULL;
    return j;
}

static json_t *facts_of(const gt_start_fact *facts) {
    json_t *all = json_object();
    for (; facts && facts->name; facts++) json_object_set_new(all, facts->name, text_of(facts->text));
    return all;
}

static json_t *pictures_of(const gt_ledger_line *line) {
    json_t *all = json_array();
    for (int i = 0; i < line->n_pictures; i++) json_array_append_new(all, json_integer(line->pictures[i]));
    return all;
}

static json_t *hash_of(const gt_sha256 *hash) {
    char hex[GT_SHA256_TEXT];
    return json_string(gt_sha256_text(hash, hex));
}

static json_t *value_of(const ledger_field *f, const gt_ledger_line *line) {
    const void *at = (const char *)line + f->offset;
    switch (f->kind) {
    case LEDGER_WHOLE: return json_integer(*(const int64_t *)at);
    case LEDGER_TEXT: return text_of(*(const char *const *)at);
    case LEDGER_HASH: return hash_of(at);
    case LEDGER_HEAD: return line->has_head ? hash_of(at) : json_string("");
    case LEDGER_SOURCE: return line->has_source ? hash_of(at) : json_string("");
    case LEDGER_PICTURES: return pictures_of(line);
    case LEDGER_FACTS: return facts_of(line->facts);
    }
    return NULL;
}

/* Chains of 1.0.0 go on as they are: neither they nor rollbacks in them have what is newer. */
static bool is_said(const ledger_field *f, const gt_ledger_line *line) {
    bool is_new = line->event == GT_LEDGER_START      ? line->tick > 0
                  : line->event == GT_LEDGER_ROLLBACK ? line->has_head
                                                      : line->form > 0;
    return !f->newer || is_new;
}

/* The line with its own hash at its end (ledger.h). */
static char *with_self(const char *text) {
    gt_buffer whole = {0};
    gt_sha256 hash;
    char hex[GT_SHA256_TEXT];
    size_t n = strlen(text);
    if (gt_sha256_of(text, n, &hash)) return NULL;
    gt_buffer_add(&whole, text, n - 1);
    gt_buffer_printf(&whole, LEDGER_SELF "%s\"}", gt_sha256_text(&hash, hex));
    if (whole.failed) gt_buffer_free(&whole);
    return whole.data;
}

/* To be freed; NULL: out of memory. */
static char *print(const gt_ledger *l, const gt_ledger_line *line) {
    json_t *j = json_object();
    int failed = !j;
    failed |= json_object_set_new(j, "event", json_string(ledger_events[line->event]));
    failed |= json_object_set_new(j, "time", json_real(gt_unix_time()));
    failed |= json_object_set_new(j, "line", json_integer(l->lines + 1));
    failed |= json_object_set_new(j, "before", hash_of(&l->last));
    for (const ledger_field *f = ledger_fields; f->key; f++)
        if (f->events & 1u << line->event && is_said(f, line))
            failed |= json_object_set_new(j, f->key, value_of(f, line));
    char *text = failed ? NULL : json_dumps(j, JSON_COMPACT), *whole = text ? with_self(text) : NULL;
    json_decref(j);
    free(text);
    return whole;
}

/* ---- the file ---- */

/* What a power cut left of a line becomes one: the file is appended to alone. */
static gt_status open_file(gt_ledger *l, const char *path) {
    gt_status st = appender_open(&l->file, path, 0);
    if (!st && l->past->torn) gt_buffer_add(&l->file.pending, "\n", 1);
    return st;
}

gt_ledger *gt_ledger_open(const char *dir) {
    gt_ledger *l = calloc(1, sizeof *l);
    char *path = gt_path_join(dir, GT_LEDGER_NAME);
    if (!l || !path || pthread_mutex_init(&l->lock, NULL)) {
        free(l);
        free(path);
        gt_fail(GT_NOMEM, "out of memory for %s of '%s'", GT_LEDGER_NAME, dir);
        return NULL;
    }
    l->file.fd = -1;
    l->dir = strdup(dir);
    l->past = l->dir ? gt_ledger_read(dir) : NULL;
    gt_status st = l->past ? open_file(l, path) : GT_FAILED;
    free(path);
    if (st) {
        gt_ledger_close(l);
        return NULL;
    }
    if ((l->lines = l->past->n)) l->last = l->past->line[l->lines - 1].text;
    return l;
}

void gt_ledger_close(gt_ledger *l) {
    if (!l) return;
    appender_close(&l->file);
    pthread_mutex_destroy(&l->lock);
    gt_ledger_lines_free(l->past);
    free(l->dir);
    free(l);
}

const gt_ledger_lines *gt_ledger_past(const gt_ledger *l) { return l->past; }

static gt_status add(gt_ledger *l, const gt_ledger_line *line, bool sync) {
    GT_FREED char *text = print(l, line);
    gt_sha256 hash;
    gt_status st = text ? gt_sha256_of(text, strlen(text), &hash) : gt_fail(GT_NOMEM, "out of memory");
    if (!st) {
        gt_buffer_printf(&l->file.pending, "%s\n", text);
        l->last = hash;
        l->lines++;
        st = l->file.pending.failed ? gt_fail(GT_NOMEM, "out of memory") : appender_flush(&l->file, sync);
    }
    return st ? gt_wrap(st, GT_LEDGER_NAME) : GT_OK;
}

gt_status gt_ledger_add(gt_ledger *l, const gt_ledger_line *line, bool sync, int64_t *number) {
    pthread_mutex_lock(&l->lock);
    gt_status st = add(l, line, sync);
    if (number) *number = l->lines;
    ledger_note_now(l, line);
    pthread_mutex_unlock(&l->lock);
    return st;
}

gt_status gt_ledger_sync(gt_ledger *l) {
    pthread_mutex_lock(&l->lock);
    gt_status st = appender_flush(&l->file, true);
    pthread_mutex_unlock(&l->lock);
    return st ? gt_wrap(st, GT_LEDGER_NAME) : GT_OK;
}
