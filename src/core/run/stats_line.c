/* SPDX-License-Identifier: Apache-2.0
 * Writes and reads a line of stats.jsonl (stats_line.h).
 *
 * The reader is written here. JSON proper has no NaN, which the reference writes, and Python reads. And jansson does
 * not tell a lack of memory from a damaged line: a run that resumes would then remove good lines. */
#include "run/stats_line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/option.h"
#include "run/door/runlog.h"

/* ---- writing ---- */

static void print_number(gt_buffer *out, const char *before, double x) {
    char text[32];
    gt_buffer_printf(out, "%s%s", before,
                     isnan(x)   ? "NaN"
                     : isinf(x) ? x > 0 ? "Infinity" : "-Infinity"
                                : gt_real_text(x, text));
}

static void print_name(gt_buffer *out, const char *name) {
    gt_buffer_add(out, "\"", 1);
    for (const char *p = name; *p; p++) {
        if (*p == '"' || *p == '\\') gt_buffer_add(out, "\\", 1);
        gt_buffer_add(out, (unsigned char)*p < ' ' ? " " : p, 1);
    }
    gt_buffer_add(out, "\": ", 3);
}

void stats_line_print(gt_buffer *out, int64_t images, double timestamp, const gt_stat_value *values, int n) {
    gt_buffer_add(out, "{", 1);
    for (int i = 0; i < n; i++) {
        print_name(out, values[i].name);
        print_number(out, "{\"num\": ", values[i].num);
        print_number(out, ", \"mean\": ", values[i].mean);
        print_number(out, ", \"std\": ", values[i].std);
        gt_buffer_printf(out, "}, ");
    }
    gt_buffer_printf(out, "\"images\": %lld, \"timestamp\": %.6f}\n", (long long)images, timestamp);
}

/* ---- reading ---- */

static char *skip(char *p) { return p + strspn(p, " \t\r"); }

/* At the opening quote: the name, ended in place; *p moves past the closing quote. NULL: no name. */
static char *parse_name(char **p) {
    if (**p != '"') return NULL;
    char *name = *p + 1, *to = name, *from = name;
    while (*from && *from != '"') {
        if (*from == '\\' && !strchr("\"\\/", *++from)) return NULL; /* names have no other escapes */
        if (!*from) return NULL;
        *to++ = *from++;
    }
    if (!*from) return NULL;
    *p = from + 1;
    *to = 0;
    return name;
}

/* strtod knows NaN and Infinity, but also hexadecimal: no harm. null is NaN. */
static bool parse_number(char **p, double *x) {
    char *end;
    if (strncmp(*p, "null", 4) == 0) {
        *x = NAN;
        *p += 4;
        return true;
    }
    *x = strtod(*p, &end);
    bool got = end != *p;
    *p = end;
    return got;
}

/* After the opening brace: numbers by name, up to the closing brace. Names other than the three are skipped. */
static bool parse_value(char **p, gt_stat_value *v) {
    const struct {
        const char *name;
        double *to;
    } fields[] = {{"num", &v->num}, {"mean", &v->mean}, {"std", &v->std}};
    for (;;) {
        *p = skip(*p);
        char *name = parse_name(p);
        double x;
        if (!name || *(*p = skip(*p)) != ':') return false;
        *p = skip(*p + 1);
        if (!parse_number(p, &x)) return false;
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            if (strcmp(name, fields[i].name) == 0) *fields[i].to = x;
        *p = skip(*p);
        if (**p == '}') break;
        if (**p != ',') return false;
        ++*p;
    }
    ++*p;
    return true;
}

bool stats_line_parse(char *text, stats_line *line) {
    char *p = skip(text);
    double images = -1, kimg = -1;
    line->images = -1;
    line->timestamp = 0;
    line->memory.n = 0;
    if (*p++ != '{') return false;
    for (;;) {
        p = skip(p);
        gt_stat_value v = {.name = parse_name(&p), .num = NAN, .mean = NAN, .std = NAN};
        if (!v.name || *(p = skip(p)) != ':') return false;
        p = skip(p + 1);
        if (*p == '{') {
            p++;
            if (!parse_value(&p, &v)) return false;
            gt_buffer_add(&line->memory, &v, sizeof v);
            if (strcmp(v.name, "Progress/kimg") == 0) kimg = v.mean;
        } else {
            double x;
            if (!parse_number(&p, &x)) return false;
            if (strcmp(v.name, "images") == 0) images = x;
            if (strcmp(v.name, "timestamp") == 0) line->timestamp = x;
        }
        p = skip(p);
        if (*p == '}') break;
        if (*p++ != ',') return false;
    }
    if (*skip(p + 1)) return false;
    if (!(images >= 0)) images = kimg * 1000;
    if (!(images >= 0 && images < 9e18)) return false;
    line->images = llrint(images);
    line->values = (const gt_stat_value *)line->memory.data;
    line->n = (int)(line->memory.n / sizeof *line->values);
    return !line->memory.failed;
}

double gt_stat_mean(const gt_stat_value *values, int n, const char *name) {
    while (n-- > 0)
        if (strcmp(values[n].name, name) == 0) return values[n].mean;
    return NAN;
}
