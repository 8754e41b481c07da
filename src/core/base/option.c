/* SPDX-License-Identifier: Apache-2.0
 * Values of options: from text, to text; and the key that a mistyped key was meant to be. */
#include "gantry/option.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/door/file.h"
#include "base/nearest.h"
#include "base/door/words.h"

enum { REAL_TEXT = 32 };

static void *field(const gt_options *o, const gt_option *row) { return (char *)o->fields + row->offset; }

const gt_option *gt_options_find(const gt_options *o, const char *key) {
    for (int i = 0; i < o->n; i++)
        if (!strcmp(o->rows[i].key, key)) return &o->rows[i];
    return NULL;
}

gt_option_state gt_options_state(const gt_options *o, const char *key) {
    const gt_option *row = gt_options_find(o, key);
    return row ? (gt_option_state)o->state[row - o->rows] : GT_OPTION_DEFAULT;
}

/* ---- the nearest key ---- */

const char *gt_options_nearest(const gt_options *o, const char *key) {
    const char *nearest = NULL;
    int best = gt_nearest_limit(key);
    for (int i = 0; i < o->n; i++) {
        const gt_option *row = &o->rows[i];
        if (row->class == GT_SHAPE) continue;
        if (gt_is_nearer(key, row->key, &best)) nearest = row->key;
    }
    return nearest;
}

/* ---- from text ---- */

/* "--batch=x" as typed, or "job.ini:3: batch=x": how every message about a value begins. */
static const char *place(char buffer[512], const gt_option *row, const char *value, const char *where) {
    snprintf(buffer, 512, "%s%s%s%s%.200s", where ? where : "", where ? ": " : "--", row->key, value ? "=" : "",
             value ? value : "");
    return buffer;
}

/* What the key and the value are followed by: "--kimg=0: must be at least 1". */
static gt_status check_range(const gt_option *row, double x) {
    bool any = row->min == 0 && row->max == 0;
    if (any || (x >= row->min && x <= row->max)) return GT_OK;
    char low[REAL_TEXT], high[REAL_TEXT];
    gt_real_text(row->min, low);
    gt_real_text(row->max, high);
    if (row->max <= 1) return gt_fail(GT_USAGE, "must be between %s and %s", low, high);
    if (x > row->max) return gt_fail(GT_USAGE, "must be at most %s", high);
    if (row->min == 0) return gt_fail(GT_USAGE, "must be non-negative");
    return gt_fail(GT_USAGE, "must be at least %s", low);
}

static gt_status read_bool(const char *value, bool *out) {
    static const char *const words[] = {"0", "1", "false", "true", "no", "yes", "off", "on"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        *out = i % 2;
        if (!strcasecmp(value, words[i])) return GT_OK;
    }
    return gt_fail(GT_USAGE, "must be 0 or 1, no or yes");
}

static gt_status no_number(const gt_option *row, const char *wanted) {
    return gt_fail(GT_USAGE, "must be %s%s%s%s", wanted, row->derived ? "; without the option it is chosen (" : "",
                   row->derived ? row->derived : "", row->derived ? ")" : "");
}

/* Is this all that follows a number: nothing, or the unit? */
static bool is_end(const gt_option *row, const char *rest) { return !*rest || (row->unit && gt_is(rest, row->unit)); }

static gt_status read_int(const gt_option *row, const char *value, int64_t *out) {
    char *end;
    errno = 0;
    long long x = strtoll(value, &end, 10);
    if (errno || end == value || !is_end(row, end)) return no_number(row, "a whole number");
    *out = x;
    return check_range(row, (double)x);
}

static gt_status read_real(const gt_option *row, const char *value, double *out) {
    char *end;
    *out = strtod(value, &end);
    if (end == value || !is_end(row, end) || !isfinite(*out)) return no_number(row, "a number");
    *out += 0.0; /* -0 is 0, and no other job */
    return check_range(row, *out);
}

/* The place of the value among the choices; less than 0: the value is none of them. */
static int choice_of(const gt_option *row, const char *value) {
    size_t n = strlen(value);
    const char *c = row->choices;
    for (int i = 0; *c; i++) {
        size_t length = strcspn(c, "|");
        if (n == length && !memcmp(c, value, n)) return i;
        c += length + (c[length] == '|');
    }
    return -1;
}

unsigned gt_options_choice(const gt_options *o, const char *key) {
    return *(const unsigned *)field(o, gt_options_find(o, key));
}

static const char *choice_text(const gt_options *o, const gt_option *row, unsigned value) {
    const char *c = row->choices;
    for (value -= (unsigned)row->min; value && *c; value--) c += strcspn(c, "|"), c += *c == '|';
    return gt_arena_printf(o->arena, "%.*s", (int)strcspn(c, "|"), c);
}

/* The choices, and which of them may have been meant. */
static gt_status none_of(const gt_option *row, const char *value) {
    char nearest[64] = "", choice[64];
    int best = gt_nearest_limit(value);
    for (const char *c = row->choices; *c;) {
        size_t length = strcspn(c, "|");
        snprintf(choice, sizeof choice, "%.*s", (int)length, c);
        if (gt_is_nearer(value, choice, &best)) memcpy(nearest, choice, sizeof choice);
        c += length + (c[length] == '|');
    }
    return gt_fail(GT_USAGE, "must be one of %s%s%s%s", row->choices, *nearest ? "; did you mean " : "", nearest,
                   *nearest ? "?" : "");
}

static gt_status read_choice(const gt_option *row, const char *value, unsigned *out) {
    int i = choice_of(row, value);
    if (i < 0) return none_of(row, value);
    *out = (unsigned)i + (unsigned)row->min;
    return GT_OK;
}

/* "a, b" of a file with the lines a and b, or "a," and b. Comments, which a # begins, and empty lines are left out. */
static gt_status read_lines(gt_arena *a, const char *path, const char **out) {
    enum { BYTES_MOST = 1 << 16 };
    GT_FREED void *bytes = NULL;
    size_t n;
    const char *expanded = gt_path_expand(a, path);
    gt_status st = expanded ? gt_file_read(expanded, BYTES_MOST, &bytes, &n) : GT_NOMEM;
    if (st) return st;
    char *text = gt_arena_alloc(a, 2 * n + 1), *end = text, *rest = bytes, *line;
    if (text && strlen(bytes) != n) st = gt_fail(GT_USAGE, "'%s' has a zero byte, so it is not a text", path);
    while (text && !st && (line = strsep(&rest, "\n"))) {
        line[strcspn(line, "#")] = 0;
        for (char *c = line; *c; c++)
            if (isspace((unsigned char)*c)) *c = ' ';
        line += strspn(line, " ");
        if (!*line) continue;
        end += sprintf(end, "%s%s", end > text ? ", " : "", line);
        while (end > text && strchr(" ,", end[-1])) *--end = 0;
    }
    *out = text;
    return text ? st : GT_NOMEM;
}

static gt_status store_text(gt_options *o, const gt_option *row, const char *value) {
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c < ' ')
            return gt_fail(GT_USAGE, "must not contain line breaks or other control characters");
    const char *text = row->path ? gt_path_expand(o->arena, value) : value;
    const char *copy = text ? gt_arena_printf(o->arena, "%s", text) : NULL;
    if (!copy) return GT_NOMEM;
    *(const char **)field(o, row) = copy;
    return GT_OK;
}

/* An empty text is a slip of the command line, such as --out=$OUT without OUT; in files it is what nobody gives. */
static gt_status check_value(const gt_option *row, const char *value, bool typed) {
    bool empty = row->type == GT_OPTION_TEXT && !*value && !row->choices, unset = row->standard && !*row->standard;
    if (empty && typed && !row->empty) return gt_fail(GT_USAGE, "a value is needed");
    return row->check && !(empty && unset) ? row->check(row, value) : GT_OK;
}

/* `typed`: on the command line. */
static gt_status read_value(gt_options *o, const gt_option *row, const char *value, bool typed) {
    gt_status st = GT_OK;
    if (row->lines && *value == '@' && !o->shapes) st = read_lines(o->arena, value + 1, &value);
    if (st) return st;
    switch (row->type) {
    case GT_OPTION_BOOL: st = read_bool(value, field(o, row)); break;
    case GT_OPTION_INT: st = read_int(row, value, field(o, row)); break;
    case GT_OPTION_REAL: st = read_real(row, value, field(o, row)); break;
    case GT_OPTION_ENUM: st = read_choice(row, value, field(o, row)); break;
    case GT_OPTION_TEXT:
        if (row->choices && choice_of(row, value) < 0) st = none_of(row, value);
        break;
    }
    if (!st) st = check_value(row, value, typed);
    if (!st && row->type == GT_OPTION_TEXT) st = store_text(o, row, value);
    return st;
}

/* "data:x.zip" for data=x.zip, and "no-mirror" for mirror=0: *row NULL where the key is neither; else what is meant. */
static const char *written_otherwise(const gt_options *o, const char *key, const gt_option **row) {
    char before[64];
    size_t n = strcspn(key, ":");
    bool no = !strncasecmp(key, "no-", 3) || !strncasecmp(key, "no_", 3);
    snprintf(before, sizeof before, "%.*s", (int)n, key);
    *row = key[n] ? gt_options_find(o, before) : no ? gt_options_find(o, key + 3) : NULL;
    if (*row && !key[n] && (*row)->type != GT_OPTION_BOOL) *row = NULL;
    return key[n] ? key + n + 1 : "0";
}

static gt_status unknown(const gt_options *o, const char *key, const char *where) {
    const char *dashes = where ? "" : "--", *near;
    gt_word found;
    const gt_word *word = gt_word_find(o, GT_WORD_UNKNOWN, key, &found);
    const gt_option *row;
    char hint[GT_WORD_BYTES] = "";
    const char *value = written_otherwise(o, key, &row);
    if (word) gt_word_text(word, GT_WORD_UNKNOWN, dashes, hint);
    else if (row) snprintf(hint, sizeof hint, "; did you mean %s%s=%.200s?", dashes, row->key, value);
    else if ((near = gt_options_nearest(o, key))) snprintf(hint, sizeof hint, "; did you mean %s%s?", dashes, near);
    if (where) return gt_fail(GT_USAGE, "%s: unknown key '%.64s'%s", where, key, hint);
    if (*key == '-') return gt_fail(GT_USAGE, "unknown option %.64s%s", key, hint);
    return gt_fail(GT_USAGE, "unknown option --%.64s%s", key, hint);
}

/* The failure, and what is meant by the key in other programs. */
static gt_status refused(const gt_options *o, const gt_option *row, const char *value, gt_status st) {
    char hint[GT_WORD_BYTES], said[1024], pair[128];
    snprintf(pair, sizeof pair, "%s=%s", row->key, value ? value : "");
    gt_word found;
    const gt_word *word = gt_word_find(o, GT_WORD_OF_VALUE, pair, &found);
    if (!word) word = gt_word_find(o, GT_WORD_OF_VALUE, row->key, &found);
    if (!word || st != GT_USAGE) return st;
    snprintf(said, sizeof said, "%s", gt_message());
    gt_word_text(word, GT_WORD_OF_VALUE, "--", hint);
    return gt_fail(st, "%s%s", said,
                   hint + (*said && said[strlen(said) - 1] == '?')); // "...? " before it, not "...?; "
}

/* A value that stands for none. */
static bool is_none(const char *value) { return !*value || !strcmp(value, "none") || !strcmp(value, "noresume"); }

gt_status gt_options_set(gt_options *o, const char *key, const char *value, const char *where) {
    const gt_option *row = gt_options_find(o, key);
    if (!row) return unknown(o, key, where);
    char begin[512];
    if (row->class == GT_SHAPE && !o->shapes)
        return gt_fail(GT_USAGE, "%s: comes from the data and cannot be set", place(begin, row, value, where));
    const char *bare = row->type == GT_OPTION_BOOL ? "1" : row->bare;
    if (!value && !bare) {
        char stands[32];
        bool shown = row->standard && !is_none(row->standard);
        gt_fail(GT_USAGE, "%s: a value is needed, as in %s%s=%s", place(begin, row, value, where), where ? "" : "--",
                key, shown ? row->standard : gt_option_placeholder(row, stands));
        return refused(o, row, value, GT_USAGE);
    }
    gt_status st = read_value(o, row, value ? value : bare, !where && !o->shapes);
    if (st) return gt_wrap(refused(o, row, value, st), "%s", place(begin, row, value, where));
    o->state[row - o->rows] = where ? GT_OPTION_FILED : GT_OPTION_GIVEN;
    return GT_OK;
}

static void reset(gt_options *o, const gt_option *row) {
    if (row->type == GT_OPTION_TEXT) *(const char **)field(o, row) = row->standard ? row->standard : "";
    else if (row->type == GT_OPTION_ENUM && !row->standard) *(unsigned *)field(o, row) = 0;
    else /* cannot fail: a test reads every default; 0 until derived, whatever the range */
        read_value(o, row, row->standard ? row->standard : "0", false);
    o->state[row - o->rows] = GT_OPTION_DEFAULT;
}

void gt_options_reset(gt_options *o) {
    for (int i = 0; i < o->n; i++) reset(o, &o->rows[i]);
}

void gt_options_forget(gt_options *o, const char *key) {
    const gt_option *row = gt_options_find(o, key);
    if (row) reset(o, row);
}

/* ---- what has an effect ---- */

/* Is the option on? */
static bool is_on(const gt_options *o, const gt_option *row) {
    const char *value = gt_options_effective(o, row);
    return value && !is_none(value) && strcmp(value, "0") != 0;
}

/* Does "--key", "--key=PATTERN" or "action" hold? */
static bool holds(const gt_options *o, const char *condition, const char *action) {
    if (strncmp(condition, "--", 2)) return action && !strcmp(condition, action);
    char key[64];
    size_t n = strcspn(condition + 2, "=");
    snprintf(key, sizeof key, "%.*s", (int)n, condition + 2);
    const gt_option *row = gt_options_find(o, key);
    if (!row) return false;
    if (!condition[2 + n]) return is_on(o, row);
    const char *value = gt_options_effective(o, row);
    return value && !fnmatch(condition + 2 + n + 1, value, 0);
}

/* `conditions` with words between them for a person. *met: one of them holds. */
static void read_conditions(const gt_options *o, const char *conditions, const char *action, char text[256],
                            bool *met) {
    int n = 0;
    *met = false;
    for (const char *c = conditions; *c;) {
        char one[64];
        size_t length = strcspn(c, "|");
        snprintf(one, sizeof one, "%.*s", (int)length, c);
        c += length + (c[length] == '|');
        *met |= holds(o, one, action);
        n += snprintf(text + n, n < 256 ? 256 - (size_t)n : 0, "%s%s", !n ? "" : *c ? ", " : " or ", one);
        if (n > 255) n = 255;
    }
}

/* Where the option has none, `text` has the conditions. */
static bool has_effect(const gt_options *o, const gt_option *row, const char *action, char text[256]) {
    bool met;
    if (!row->with) return true;
    bool without = *row->with == '!';
    read_conditions(o, row->with + without, action, text, &met);
    return met != without;
}

bool gt_options_have_effect(const gt_options *o, const gt_option *row) {
    char text[256];
    return has_effect(o, row, NULL, text);
}

gt_status gt_options_check_effect(const gt_options *o, const char *action) {
    for (int i = 0; i < o->n; i++) {
        const gt_option *row = &o->rows[i];
        char text[256];
        if (o->state[i] != GT_OPTION_GIVEN || has_effect(o, row, action, text)) continue;
        if (gt_arena_failed(o->arena)) return GT_NOMEM;
        if (*row->with == '!') return gt_fail(GT_USAGE, "--%s has no effect with %s", row->key, text);
        gt_word found; /* the key may be another program's, too */
        const gt_word *word = gt_word_find(o, GT_WORD_UNKNOWN, row->key, &found);
        char hint[GT_WORD_BYTES] = "";
        if (word) gt_word_text(word, GT_WORD_UNKNOWN, "--", hint);
        return gt_fail(GT_USAGE, "--%s goes with %s%s%s%s", row->key, text, action ? ", not with " : "",
                       action ? action : "", hint);
    }
    return GT_OK;
}

void gt_options_use(const gt_options *o, const char *key) {
    const gt_option *row = o->used ? gt_options_find(o, key) : NULL;
    if (row) o->used[row - o->rows] = true;
}

const gt_option *gt_options_unused(const gt_options *o, int *i) {
    for (; o->used && *i < o->n; ++*i)
        if (o->rows[*i].late && o->state[*i] == GT_OPTION_GIVEN && !o->used[*i]) return &o->rows[(*i)++];
    return NULL;
}

/* ---- to text ---- */

const char *gt_real_text(double x, char buffer[REAL_TEXT]) {
    for (int digits = 15; digits <= 17; digits++) { /* with fewer digits 10 would be 1e+01 */
        snprintf(buffer, REAL_TEXT, "%.*g", digits, x);
        if (strtod(buffer, NULL) == x) break;
    }
    return buffer;
}

const char *gt_options_effective(const gt_options *o, const gt_option *row) {
    gt_option_state state = o->state[row - o->rows];
    if (state == GT_OPTION_MOOT || (state == GT_OPTION_DEFAULT && row->derived)) return NULL;
    const void *p = field(o, row);
    char buffer[REAL_TEXT];
    switch (row->type) {
    case GT_OPTION_BOOL: return *(const bool *)p ? "1" : "0";
    case GT_OPTION_INT: return gt_arena_printf(o->arena, "%lld", (long long)*(const int64_t *)p);
    case GT_OPTION_REAL: return gt_arena_printf(o->arena, "%s", gt_real_text(*(const double *)p, buffer));
    case GT_OPTION_TEXT: return *(const char *const *)p;
    case GT_OPTION_ENUM:
        return state == GT_OPTION_DEFAULT && !row->standard ? "" : choice_text(o, row, *(const unsigned *)p);
    }
    return NULL;
}

gt_status gt_options_settings(const gt_options *o, gt_setting **settings, int *n) {
    gt_setting *s = gt_arena_array(o->arena, (size_t)o->n + 1, sizeof *s);
    *n = 0;
    for (int i = 0; i < o->n && s; i++) {
        if (o->rows[i].by_rank) continue;
        s[*n] = (gt_setting){gt_arena_printf(o->arena, "--%s", o->rows[i].key), gt_options_effective(o, &o->rows[i])};
        ++*n;
    }
    *settings = s;
    return gt_arena_failed(o->arena) ? GT_NOMEM : GT_OK;
}

const char *gt_option_placeholder(const gt_option *o, char text[32]) {
    if (o->type == GT_OPTION_BOOL) return "";
    if (o->placeholder) return o->placeholder;
    if (o->choices) return "NAME";
    if (o->path) return "PATH";
    if (!o->unit || strchr(o->unit, ' '))
        return o->type == GT_OPTION_INT ? "N" : o->type == GT_OPTION_REAL ? "X" : "TEXT";
    int n = 0;
    for (; o->unit[n] && n < 31; n++) text[n] = (char)toupper((unsigned char)o->unit[n]);
    text[n] = 0;
    return text;
}

/* ---- values with a grammar of their own ---- */

static bool read_u32(const char **text, int64_t *out) {
    if (**text < '0' || **text > '9') return false; /* strtoull would take a sign and blanks */
    char *end;
    errno = 0;
    unsigned long long x = strtoull(*text, &end, 10);
    if (errno || x > UINT32_MAX) return false;
    *text = end;
    *out = (int64_t)x;
    return true;
}

/* One item of the list, "7" or "0-63"; moves past it and the comma that follows. */
static bool read_range(const char **text, int64_t *first, int64_t *last) {
    if (!read_u32(text, first)) return false;
    *last = *first;
    if (**text == '-') {
        (*text)++;
        if (!read_u32(text, last) || *last < *first) return false;
    }
    if (**text == ',') return *++*text != 0;
    return **text == 0;
}

static gt_status fail_range(const char *at) {
    int64_t first, last;
    bool falls = read_u32(&at, &first) && *at++ == '-' && read_u32(&at, &last) && last < first;
    if (falls)
        return gt_fail(GT_USAGE, "the first number of a range must be the smaller one, such as %lld-%lld",
                       (long long)last, (long long)first);
    return gt_fail(GT_USAGE, "must be numbers and ranges from 0 to 4294967295, such as 0-63,77");
}

/* *total: so many numbers. */
static gt_status count_ranges(const char *text, int64_t *total) {
    int64_t first, last;
    *total = 0;
    for (const char *t = text; *t;) {
        const char *at = t;
        if (!read_range(&t, &first, &last)) return fail_range(at);
        if (__builtin_add_overflow(*total, last - first + 1, total)) return gt_fail(GT_USAGE, "too many numbers");
    }
    return *total ? GT_OK : gt_fail(GT_USAGE, "no number given; for example 0-63,77");
}

gt_status gt_option_check_ranges(const gt_option *o, const char *value) {
    int64_t total;
    (void)o;
    return count_ranges(value, &total);
}

gt_status gt_parse_range_list(gt_arena *a, const char *what, const char *text, int64_t most, int64_t **list,
                              int64_t *n) {
    int64_t first, last, total;
    gt_status st = count_ranges(text, &total);
    if (!st && total > most) st = gt_fail(GT_USAGE, "more than %lld numbers", (long long)most);
    if (st) return gt_wrap(st, "%s=%.100s", what, text);
    int64_t *out = gt_arena_array(a, (size_t)total, sizeof *out);
    if (!out) return GT_NOMEM;
    *n = 0;
    for (const char *t = text; *t && read_range(&t, &first, &last);)
        for (int64_t i = first; i <= last; i++) out[(*n)++] = i;
    *list = out;
    return GT_OK;
}
