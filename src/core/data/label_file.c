/* SPDX-License-Identifier: Apache-2.0
 * How a file of labels is written shows in its first lines. Lines of JSON become lines of fields. */
#define _GNU_SOURCE
#include "data/label_file.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/memory.h"
#include "gantry/option.h"
#include "base/door/text.h"

enum { FILE_MOST = 1 << 30, LOOKS = 3 };

/* ---- lines of JSON ---- */

typedef struct record_list {
    gt_buffer text;    /* the lines of fields */
    gt_name_list keys; /* of the first record: the columns */
    int64_t line;
} record_list;

/* As gt_csv reads it: nothing breaks the line. */
static void add_field(gt_buffer *b, const char *text) {
    gt_buffer_printf(b, "\"");
    for (const char *p = text; *p; p++) {
        char c = *p == '\n' || *p == '\r' ? ' ' : *p;
        gt_buffer_add(b, &c, 1);
        if (c == '"') gt_buffer_add(b, &c, 1);
    }
    gt_buffer_printf(b, "\"");
}

static bool is_list(const json_t *value) {
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!json_is_number(json_array_get(value, i))) return false;
    return json_array_size(value) > 0;
}

static bool is_single(const json_t *value) {
    return json_is_string(value) || json_is_number(value) || json_is_boolean(value) || json_is_null(value);
}

static void add_single(gt_buffer *b, const json_t *value) {
    char number[32];
    if (json_is_string(value)) add_field(b, json_string_value(value));
    else if (json_is_integer(value)) gt_buffer_printf(b, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value)) gt_buffer_printf(b, "%s", gt_real_text(json_real_value(value), number));
    else if (json_is_boolean(value)) gt_buffer_printf(b, "%d", json_is_true(value));
}

/* The first record says which columns there are: a list of numbers is several of one name. */
static gt_status add_head(record_list *r, const json_t *record) {
    const char *key;
    json_t *value;
    gt_status st = GT_OK;
    json_object_foreach((json_t *)(uintptr_t)record, key, value) {
        size_t columns = is_list(value) ? json_array_size(value) : is_single(value);
        for (size_t i = 0; i < columns && !st; i++) {
            gt_buffer_printf(&r->text, r->keys.count ? "," : "");
            add_field(&r->text, key);
            st = gt_names_add(&r->keys, key, strlen(key));
        }
    }
    if (!st && !r->keys.count) st = gt_fail(GT_FORMAT, "line 1: an object without a possible label");
    gt_buffer_printf(&r->text, "\n");
    return st;
}

/* How many columns have the name of column i. */
static size_t columns_of(const record_list *r, size_t i) {
    size_t n = 1;
    while (i + n < r->keys.count && !strcmp(gt_names_at(&r->keys, i), gt_names_at(&r->keys, i + n))) n++;
    return n;
}

static gt_status add_record(record_list *r, const json_t *record) {
    size_t of_list = 0;
    for (size_t i = 0; i < r->keys.count; i++) {
        const char *key = gt_names_at(&r->keys, i);
        of_list = i && !strcmp(key, gt_names_at(&r->keys, i - 1)) ? of_list + 1 : 0;
        const json_t *value = json_object_get(record, key);
        size_t there = json_is_array(value) ? json_array_size(value) : 1, columns = of_list ? there : columns_of(r, i);
        if (value && !json_is_null(value) && there != columns)
            return gt_fail(GT_FORMAT, "line %" PRId64 ": '%.60s' has %zu value%s, but %zu in the first line", r->line,
                           key, there, there == 1 ? "" : "s", columns);
        if (i) gt_buffer_printf(&r->text, ",");
        add_single(&r->text, json_is_array(value) ? json_array_get(value, of_list) : value);
    }
    gt_buffer_printf(&r->text, "\n");
    return GT_OK;
}

static gt_status take_record(record_list *r, const char *text, size_t n) {
    json_error_t error;
    json_t *record = json_loadb(text, n, 0, &error);
    gt_status st = GT_OK;
    if (!json_is_object(record))
        st = gt_fail(GT_FORMAT, "line %" PRId64 ": %s", r->line, record ? "an object {...} is needed" : error.text);
    if (!st && !r->keys.count) st = add_head(r, record);
    if (!st) st = add_record(r, record);
    json_decref(record);
    return st;
}

/* Replaces the text, which is freed. */
static gt_status convert_records(char **text, size_t *n, size_t mark) {
    record_list r = {.line = 0};
    gt_status st = GT_OK;
    for (const char *at = *text + mark, *end = *text + *n, *stop; at < end && !st; at = stop + 1) {
        stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        r.line++;
        const char *p = at;
        while (p < stop && isspace((unsigned char)*p)) p++;
        if (p < stop) st = take_record(&r, p, (size_t)(stop - p));
        else if (r.keys.count) gt_buffer_printf(&r.text, "\n"); /* lines keep their numbers */
    }
    gt_names_free(&r.keys);
    if (!st && r.text.failed) st = gt_fail(GT_NOMEM, "out of memory for lines of JSON");
    if (st) {
        gt_buffer_free(&r.text);
        return st;
    }
    free(*text);
    *text = r.text.data;
    *n = r.text.n;
    return GT_OK;
}

/* ---- lines of fields ---- */

/* The first word of a line, up to one of these bytes, is the name of a picture. */
static bool begins_with_picture(const char *line, const char *stops) {
    char name[GT_ITEM_NAME_BYTES];
    size_t n = strcspn(line, stops);
    if (!line[n] || n >= sizeof name) return false;
    memcpy(name, line, n);
    name[n] = 0;
    return gt_picture_is_name(name);
}

static bool is_whole(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isdigit((unsigned char)text[i])) return false;
    return n > 0;
}

/* Between fields of a line; 0: nothing tells it. A comma stands in names of classes, and blanks in names of pictures:
 * what follows a picture's name is a separator, else the first byte that can be one. */
static char separator_of(const char *line, bool named) {
    static const char *const possible[] = {",", ";", "\t", " \t"};
    if (!named) { /* NUMBER,LABEL, or a label alone, in which anything may stand */
        size_t digits = strspn(line, "0123456789");
        return digits && line[digits] && strchr(";\t", line[digits]) ? line[digits] : strchr(line, ',') ? ',' : 0;
    }
    if (*line == '"') {
        const char *quote = strchr(line + 1, '"');
        return quote && quote[1] && strchr(",;\t", quote[1]) ? quote[1] : 0;
    }
    for (size_t i = 0; i < sizeof possible / sizeof *possible; i++)
        if (begins_with_picture(line, possible[i])) return i == 3 ? ' ' : *possible[i];
    return line[strcspn(line, ",;\t")];
}

static size_t words_of(const char *line) {
    size_t n = 0;
    for (const char *p = line + strspn(line, " \t"); *p; p += strspn(p, " \t"), n++) p += strcspn(p, " \t");
    return n;
}

/* CelebA's: how many lines there are, the names of the attributes, then lines of a picture and its attributes. */
static bool is_attribute_table(char *const line[LOOKS]) {
    return line[2] && is_whole(line[0], strcspn(line[0], " \t")) && words_of(line[0]) == 1 &&
           begins_with_picture(line[2], " \t") && words_of(line[2]) == words_of(line[1]) + 1;
}

static gt_status find_layout(gt_label_file *t, bool named) {
    char *line[LOOKS] = {NULL}, separator = 0;
    bool there = true;
    gt_status st = GT_OK;
    for (int i = 0; i < LOOKS && there && !st; i++) {
        st = gt_csv_line(&t->csv, &there);
        if (!st && there && !(line[i] = strdup(t->csv.text))) st = gt_fail(GT_NOMEM, "out of memory for labels");
    }
    if (!st && named && is_attribute_table(line)) {
        t->before = 1;
        t->heading = t->unnamed = true;
        separator = ' ';
    }
    for (int i = 0; i < 2 && !separator && line[i]; i++) separator = separator_of(line[i], named);
    t->csv.separator = separator ? separator : ',';
    for (int i = 0; i < LOOKS; i++) free(line[i]);
    return st;
}

/* The columns that hold names of pictures are called so. The first one is taken where no heading says otherwise. */
static void find_names(gt_label_file *t) {
    static const char *const usual[] = {"file_name", "filename", "image_id", "image", "path", "file", "id"};
    for (size_t i = t->head.count; i-- > 0;)
        for (size_t k = 0; k < sizeof usual / sizeof *usual; k++)
            if (!strcasecmp(gt_names_at(&t->head, i), usual[k])) t->name = i;
    if (t->unnamed || t->head.count < 2) t->name = 0;
}

static gt_status read_head(gt_label_file *t) {
    gt_status st = gt_label_file_rewind(t, 0);
    if (!st) st = gt_csv_next(&t->csv);
    if (!st && t->unnamed) st = gt_names_add(&t->head, "", 0);
    for (size_t i = 0; i < t->csv.fields && !st; i++)
        st = gt_names_add(&t->head, t->csv.field[i], strlen(t->csv.field[i]));
    return st ? st : gt_label_file_rewind(t, 0);
}

/* ---- files ---- */

/* A name of a file may hold colons, too. */
static gt_status split_spec(gt_label_file *t, const char *spec) {
    const char *colon = access(spec, F_OK) ? strchr(spec, ':') : NULL;
    t->path = strdup(spec);
    t->columns = "";
    for (; t->path && colon; colon = strchr(colon + 1, ':')) {
        t->path[colon - spec] = 0;
        if (!access(t->path, F_OK)) {
            t->columns = colon + 1;
            break;
        }
        t->path[colon - spec] = ':';
    }
    return t->path ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a file name");
}

/* Reads up to a zero byte, which no text has but UTF-16: what is not text may be large. */
static gt_status read_bytes(int fd, uint64_t size, char **text, size_t *n) {
    enum { PIECE = 1 << 20 };
    size_t room = 0;
    bool wide = false, zero = false;
    gt_status st = size > FILE_MOST
                       ? gt_fail(GT_FORMAT, "%llu bytes; at most %d are read", (unsigned long long)size, FILE_MOST)
                       : GT_OK;
    for (*n = 0; *n < size && !zero && !st;) {
        size_t more = size - *n < PIECE ? (size_t)(size - *n) : PIECE;
        st = gt_grow(text, &room, *n + more + 1, 1, "a file of labels");
        if (!st) st = gt_read_at(fd, *n, *text + *n, more);
        if (!st && !*n) wide = more > 1 && (!memcmp(*text, "\xff\xfe", 2) || !memcmp(*text, "\xfe\xff", 2));
        const char *at = st || wide ? NULL : memchr(*text + *n, 0, more);
        zero = at != NULL;
        *n += zero ? (size_t)(at - (*text + *n)) : more;
    }
    int64_t line = 1;
    for (const char *p = *text; zero && (p = memchr(p, '\n', (size_t)(*text + *n - p))); p++) line++;
    if (zero) st = gt_fail(GT_FORMAT, "line %" PRId64 ": not a line of text", line);
    if (!st && *text) (*text)[*n] = 0;
    return st;
}

static gt_status read_file(gt_label_file *t, char **text, size_t *n) {
    int fd;
    uint64_t size = 0;
    char *utf8;
    gt_status st = gt_source_part_file(t->path, &fd, &size);
    if (!st) st = read_bytes(fd, size, text, n);
    if (fd >= 0) close(fd);
    if (!st && !*n) st = gt_fail(GT_FORMAT, "the file is empty");
    if (st || gt_text_is_utf8(*text, *n)) return st;
    st = gt_text_to_utf8(*text, *n, &utf8, n, &t->from);
    if (st) return st;
    free(*text);
    *text = utf8;
    return *n ? GT_OK : gt_fail(GT_FORMAT, "the file is empty");
}

gt_status gt_label_file_open(gt_label_file *t, const char *spec, bool named) {
    char *text = NULL;
    size_t n = 0;
    *t = (gt_label_file){.name = 0};
    gt_status st = split_spec(t, spec);
    if (!st) st = read_file(t, &text, &n);
    size_t mark = st ? 0 : gt_text_mark(text, n);
    bool records = !st && text[mark + strspn(text + mark, " \t\r\n")] == '{';
    if (records) st = convert_records(&text, &n, mark);
    if (st) free(text);
    else st = gt_csv_open_text(&t->csv, text, n);
    if (!st && records) t->heading = true, t->csv.first_line = 0;
    if (!st && !records) st = find_layout(t, named);
    t->heading |= *t->columns != 0;
    if (!st) st = read_head(t);
    if (!st) find_names(t);
    if (st) gt_label_file_close(t);
    return st;
}

void gt_label_file_close(gt_label_file *t) {
    gt_csv_close(&t->csv);
    gt_names_free(&t->head);
    free(t->path);
    *t = (gt_label_file){.name = 0};
}

gt_status gt_label_file_rewind(gt_label_file *t, size_t lines) {
    bool there = true;
    gt_status st = GT_OK;
    gt_csv_rewind(&t->csv);
    for (size_t i = 0; i < t->before + lines && there && !st; i++) st = gt_csv_line(&t->csv, &there);
    return st;
}
