/* SPDX-License-Identifier: Apache-2.0
 * Lines of separated values: see csv.h. */
#define _GNU_SOURCE
#include "data/door/csv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "data/door/source.h"
#include "base/door/memory.h"

gt_status gt_csv_open(gt_csv *c, const char *path) {
    int fd;
    uint64_t bytes;
    *c = (gt_csv){.separator = ',', .first_line = 1};
    gt_status st = gt_source_part_file(path, &fd, &bytes);
    if (st || (c->file = fdopen(fd, "r"))) return st;
    close(fd);
    return gt_fail(GT_NOMEM, "out of memory");
}

gt_status gt_csv_open_text(gt_csv *c, char *text, size_t n) {
    *c = (gt_csv){.separator = ',', .first_line = 1, .memory = text};
    if ((c->file = fmemopen(text, n, "r"))) return GT_OK;
    gt_csv_close(c);
    return gt_fail(GT_NOMEM, "out of memory for lines of text");
}

void gt_csv_close(gt_csv *c) {
    if (c->file) fclose(c->file);
    free(c->memory);
    free(c->text);
    free(c->field);
    *c = (gt_csv){0};
}

void gt_csv_rewind(gt_csv *c) {
    rewind(c->file);
    c->line = c->first_line - 1;
}

static gt_status add_field(gt_csv *c, char *field) {
    if (c->fields == GT_CSV_FIELDS_MAX)
        return gt_fail(GT_FORMAT, "line %" PRId64 ": more than %d fields", c->line, GT_CSV_FIELDS_MAX);
    gt_status st = gt_grow(&c->field, &c->field_room, c->fields + 1, sizeof *c->field, "a line of many fields");
    if (!st) c->field[c->fields++] = field;
    return st;
}

/* Blanks around a field belong to nothing, where they do not separate fields themselves. */
static char *past_margin(const gt_csv *c, char *p) { return c->separator == ' ' ? p : p + strspn(p, " "); }

static void cut_margin(char *field) {
    size_t n = strlen(field);
    while (n > 0 && field[n - 1] == ' ') field[--n] = 0;
}

/* Takes the quotes of one field away, in place; `*next` is what follows its separator, NULL at the end of the line. */
static gt_status unquote_field(const gt_csv *c, char *field, char **next) {
    char *from = field + 1, *to = field;
    while (*from && (*from != '"' || from[1] == '"')) {
        from += *from == '"';
        *to++ = *from++;
    }
    if (*from != '"') return gt_fail(GT_FORMAT, "line %" PRId64 ": a quote is not closed", c->line);
    char *behind = past_margin(c, from + 1);
    if (*behind && *behind != c->separator)
        return gt_fail(GT_FORMAT, "line %" PRId64 ": text after a closing quote", c->line);
    *next = *behind ? behind + 1 : NULL;
    *to = 0;
    size_t marks = strspn(field, "'");
    if (marks && field[marks] && strchr(GT_CSV_FORMULA, field[marks])) memmove(field, field + 1, (size_t)(to - field));
    return GT_OK;
}

void gt_csv_detect(gt_csv *c) { c->detects = true; }

static void detect_separator(gt_csv *c) {
    static const char separators[] = ",;\t";
    size_t count[sizeof separators] = {0}, most = 0;
    bool quoted = false;
    for (const char *p = c->text; *p; p++) {
        const char *at = strchr(separators, *p);
        quoted ^= *p == '"';
        if (at && !quoted) count[at - separators]++;
    }
    for (size_t i = 1; separators[i]; i++)
        if (count[i] > count[most]) most = i;
    /* numbers with decimal commas */
    if (!most && count[1] && !c->text[strspn(c->text, "0123456789+-.eE,; ")]) most = 1;
    c->separator = separators[most];
    c->detects = false;
}

static char *past_blanks(char *p) { return p + strspn(p, " \t"); }

/* Does the line have no fields? */
static bool is_passed_over(const gt_csv *c) {
    const char *p = past_blanks(c->text);
    return c->separator == ' ' && (!*p || *p == '#');
}

static gt_status split_line(gt_csv *c) {
    gt_status st = GT_OK;
    if (c->detects) detect_separator(c);
    bool blanks = c->separator == ' ';
    for (char *p = blanks ? past_blanks(c->text) : c->text; p && !st;) {
        char *field = p = past_margin(c, p);
        if (*p == '"') {
            st = unquote_field(c, field, &p);
        } else {
            p = blanks ? strpbrk(p, " \t") : strchr(p, c->separator);
            if (p) *p++ = 0;
            cut_margin(field);
        }
        if (!st) st = add_field(c, field);
        if (p && blanks && !*(p = past_blanks(p))) p = NULL;
    }
    return st;
}

/* The next line with its end, *n bytes and a zero behind them; none at the end of the file. What is not text is refused
 * as soon as that shows: a file may be one line without end. */
static gt_status read_line(gt_csv *c, size_t *n) {
    int byte = 0;
    c->line++;
    for (*n = 0; byte != '\n' && (byte = getc_unlocked(c->file)) != EOF;) {
        if (byte == 0 || *n == GT_CSV_LINE_MAX)
            return gt_fail(GT_FORMAT, "line %" PRId64 ": not a line of text", c->line);
        gt_status st = gt_grow(&c->text, &c->room, *n + 2, 1, "a long line");
        if (st) return st;
        c->text[(*n)++] = (char)byte;
    }
    if (ferror(c->file)) return gt_fail(GT_FAILED, "cannot be read: %s", strerror(errno));
    if (*n) c->text[*n] = 0;
    return GT_OK;
}

/* The next line that is not empty, without its end; *n == 0: there is none. */
static gt_status read_text(gt_csv *c, size_t *n) {
    do {
        gt_status st = read_line(c, n);
        if (st || *n == 0) return st;
        while (*n > 0 && (c->text[*n - 1] == '\n' || c->text[*n - 1] == '\r')) c->text[--*n] = 0;
        size_t mark = c->line == c->first_line ? gt_text_mark(c->text, *n) : 0;
        if (mark) memmove(c->text, c->text + mark, (*n -= mark) + 1);
    } while (*n == 0 || is_passed_over(c));
    return GT_OK;
}

gt_status gt_csv_line(gt_csv *c, bool *there) {
    size_t n;
    gt_status st = read_text(c, &n);
    *there = !st && n;
    return st;
}

gt_status gt_csv_next(gt_csv *c) {
    c->fields = 0;
    size_t n;
    gt_status st = read_text(c, &n);
    return st || n == 0 ? st : split_line(c);
}

/* Several words, of which one at least is a number. A comma may stand within a number alone, where it is refused with
 * its reason. */
static bool has_blanks_between(char *text, bool tabs) {
    bool number = false, commas = strchr(text, ',') != NULL;
    int words = 0;
    if (strchr(text, ';') || (!tabs && strchr(text, '\t'))) return false;
    for (char *p = past_blanks(text); *p; p = past_blanks(p), words++) {
        char *end;
        size_t n = strcspn(p, " \t");
        if (commas && (p[0] == ',' || p[n - 1] == ',' || p[strspn(p, "0123456789+-.eE, ")])) return false;
        strtod(p, &end);
        number |= commas || end == p + n;
        p += n;
    }
    return number && words > 1;
}

/* The first line may be a heading, so the second one decides. */
gt_status gt_csv_take_blanks(gt_csv *c, bool *are) {
    char before = c->separator;
    size_t n = 1;
    gt_status st = GT_OK;
    *are = false;
    c->separator = ' ';
    for (int line = 0; line < 2 && n && !st; line++)
        if (!(st = read_text(c, &n)) && n) *are = has_blanks_between(c->text, *are);
    if (!*are) c->separator = before;
    gt_csv_rewind(c);
    return st;
}
