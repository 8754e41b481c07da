/* SPDX-License-Identifier: Apache-2.0
 * Reads records, which anybody may have written: see door/record.h. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/option.h"
#include "runner/record/door/record.h"

enum { MOST_KEYS = 64, MOST_NUMBERS = 4096, KEY_BYTES = 63 };

struct gt_record {
    json_t *json;
};

/* ---- JSON ---- */

static bool is_plain(const json_t *value) {
    if (!json_is_array(value)) return !json_is_object(value);
    size_t n = json_array_size(value);
    for (size_t i = 0; i < n; i++)
        if (!json_is_number(json_array_get(value, i))) return false;
    return n <= MOST_NUMBERS;
}

/* Not a sentence of somebody else's: no audit compares it. */
static bool is_program(const char *text) {
    static const char name[] = "gantry ";
    enum { NAME = sizeof name - 1, VERSION_BYTES = 40 };
    if (!text || strncmp(text, name, NAME)) return false;
    size_t n = strspn(text + NAME, "0123456789.abcdefghijklmnopqrstuvwxyz+~-");
    return n && n <= VERSION_BYTES && !text[NAME + n];
}

static gt_status check(json_t *json) {
    const char *key;
    json_t *value;
    if (!json_is_object(json)) return gt_fail(GT_FORMAT, "its record is not a JSON object");
    if (json_object_size(json) > MOST_KEYS)
        return gt_fail(GT_FORMAT, "its record has %zu keys, and may have %d", json_object_size(json), MOST_KEYS);
    json_object_foreach(json, key, value) {
        if (strlen(key) > KEY_BYTES || !is_plain(value))
            return gt_fail(GT_FORMAT, "its record has '%.63s', which is neither a text, a number nor a list of numbers",
                           key);
    }
    if (!json_is_integer(json_object_get(json, "gantry_record")))
        return gt_fail(GT_FORMAT, "it has no record of Gantry");
    if (!is_program(json_string_value(json_object_get(json, "program"))))
        return gt_fail(GT_FORMAT, "its record names no version of Gantry");
    json_int_t form = json_integer_value(json_object_get(json, "gantry_record"));
    if (form != GT_RECORD_FORM)
        return gt_fail(GT_FORMAT, "its record is of form %lld, and this version reads form %d", (long long)form,
                       GT_RECORD_FORM);
    return GT_OK;
}

gt_status gt_record_parse(gt_record **out, const char *json, size_t n) {
    json_error_t error;
    *out = NULL;
    if (n > GT_RECORD_BYTES) return gt_fail(GT_FORMAT, "its record has %zu bytes, and may have %d", n, GT_RECORD_BYTES);
    json_t *parsed = json_loadb(json, n, JSON_REJECT_DUPLICATES, &error);
    if (!parsed) return gt_fail(GT_FORMAT, "its record is not JSON: %.100s", error.text);
    gt_status st = check(parsed);
    gt_record *r = st ? NULL : malloc(sizeof *r);
    if (!st && !r) st = gt_fail(GT_NOMEM, "out of memory for the record of a picture");
    if (r) *r = (gt_record){parsed};
    else json_decref(parsed);
    *out = r;
    return st;
}

void gt_record_close(gt_record *r) {
    if (r) json_decref(r->json);
    free(r);
}

/* ---- values ---- */

bool gt_record_has(const gt_record *r, const char *key) { return json_object_get(r->json, key) != NULL; }

static gt_status wrong(const char *key, const char *what) {
    return gt_fail(GT_FORMAT, "its record has a '%s' that is not %s", key, what);
}

gt_status gt_record_get_int(const gt_record *r, const char *key, int64_t min, int64_t max, int64_t *out) {
    const json_t *v = json_object_get(r->json, key);
    if (!v) return GT_OK;
    json_int_t x = json_integer_value(v);
    if (!json_is_integer(v) || x < min || x > max)
        return gt_fail(GT_FORMAT, "its record has a '%s' that is not a whole number between %lld and %lld", key,
                       (long long)min, (long long)max);
    *out = x;
    return GT_OK;
}

gt_status gt_record_get_bool(const gt_record *r, const char *key, bool *out) {
    const json_t *v = json_object_get(r->json, key);
    if (v && !json_is_boolean(v)) return wrong(key, "true or false");
    if (v) *out = json_is_true(v);
    return GT_OK;
}

gt_status gt_record_get_double(const gt_record *r, const char *key, double min, double max, double *out) {
    const json_t *v = json_object_get(r->json, key);
    if (!v) return GT_OK;
    double x = json_number_value(v);
    if (!json_is_number(v) || !(x >= min && x <= max))
        return gt_fail(GT_FORMAT, "its record has a '%s' that is not a number between %g and %g", key, min, max);
    *out = x;
    return GT_OK;
}

gt_status gt_record_get_text(const gt_record *r, const char *key, const char **out) {
    const json_t *v = json_object_get(r->json, key);
    if (v && !json_is_string(v)) return wrong(key, "a text");
    if (v) *out = json_string_value(v);
    return GT_OK;
}

gt_status gt_record_get_choice(const gt_record *r, const char *key, const char *const *names, int n, int *out) {
    const char *text = NULL;
    gt_status st = gt_record_get_text(r, key, &text);
    if (st || !text) return st;
    for (int i = 0; i < n; i++)
        if (!strcmp(text, names[i])) {
            *out = i;
            return GT_OK;
        }
    return gt_fail(GT_FORMAT, "its record has the '%s' \"%.40s\", which this version does not know", key, text);
}

gt_status gt_record_get_floats(const gt_record *r, const char *key, int most, gt_arena *a, const float **out, int *n) {
    const json_t *v = json_object_get(r->json, key);
    if (!v) return GT_OK;
    size_t count = json_array_size(v);
    if (!json_is_array(v) || !count || count > (size_t)most)
        return wrong(key, "a list of as many numbers as it may have");
    float *x = gt_arena_array(a, count, sizeof *x);
    if (!x) return gt_fail(GT_NOMEM, "out of memory for the record of a picture");
    for (size_t i = 0; i < count; i++) {
        x[i] = (float)json_number_value(json_array_get(v, i));
        if (!isfinite(x[i])) return wrong(key, "a list of numbers");
    }
    *out = x;
    *n = (int)count;
    return GT_OK;
}

gt_status gt_record_get_ranges(const gt_record *r, const char *key, int64_t most, gt_arena *a, const int64_t **out,
                               int64_t *n) {
    const char *text = NULL;
    int64_t *list;
    gt_status st = gt_record_get_text(r, key, &text);
    if (st || !text) return st;
    st = gt_parse_range_list(a, key, text, most, &list, n);
    if (st) return st == GT_NOMEM ? st : gt_fail(GT_FORMAT, "its record: %s", gt_message());
    *out = list;
    return GT_OK;
}

char *gt_record_others(const gt_record *r, const char *except) {
    json_t *copy = json_copy(r->json);
    if (copy && except) json_object_del(copy, except);
    char *text = copy ? json_dumps(copy, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
    json_decref(copy);
    return text;
}

/* ---- comparison ---- */

static void describe(char *out, size_t room, const json_t *claimed, const json_t *made) {
    GT_FREED char *a = json_dumps(claimed, JSON_ENCODE_ANY), *b = json_dumps(made, JSON_ENCODE_ANY);
    snprintf(out, room, "%.100s, and not %.100s", b ? b : "?", a ? a : "?");
}

/* Were both written by the same version? */
static bool same_program(const gt_record *a, const gt_record *b) {
    return json_equal(json_object_get(a->json, "program"), json_object_get(b->json, "program"));
}

static void differs(gt_record_difference *d, const char *key, const char *what) {
    if (*d->key) return;
    snprintf(d->key, sizeof d->key, "%.63s", key);
    snprintf(d->values, sizeof d->values, "%s", what);
}

/* Keys that one record has and the other has not: of one version that is a false record, else it cannot be checked. */
static void compare_keys(const gt_record *a, const gt_record *b, bool same, const char *what, gt_record_difference *d) {
    const char *key;
    json_t *value;
    json_object_foreach(a->json, key, value) {
        size_t n = strlen(d->unknown);
        if (gt_record_has(b, key)) continue;
        if (same) differs(d, key, what);
        else snprintf(d->unknown + n, sizeof d->unknown - n, "%s%.63s", n ? ", " : "", key);
    }
}

static bool is_one_of(const char *key, const char *const *keys, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!strcmp(key, keys[i])) return true;
    return false;
}

bool gt_record_compare(const gt_record *claimed, const gt_record *made, gt_record_difference *d) {
    static const char *const free_to_differ[] = {"program", "network"};
    const char *key;
    json_t *value;
    *d = (gt_record_difference){0};
    bool same = same_program(claimed, made);
    json_object_foreach(claimed->json, key, value) {
        const json_t *other = json_object_get(made->json, key);
        if (!other || *d->key || is_one_of(key, free_to_differ, 2) || json_equal(value, other)) continue;
        snprintf(d->key, sizeof d->key, "%.63s", key);
        describe(d->values, sizeof d->values, value, other);
    }
    compare_keys(claimed, made, same, "not among what it was made with", d);
    json_t *all = json_copy(made->json);
    if (!gt_record_has(claimed, "class_name")) json_object_del(all, "class_name"); /* a short record */
    compare_keys(&(gt_record){all}, claimed, same, "missing", d);
    json_decref(all);
    return !*d->key && !*d->unknown;
}
