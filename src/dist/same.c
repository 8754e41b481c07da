/* SPDX-License-Identifier: Apache-2.0
 * Do all ranks have the same program and the same settings? Rank 0's go to all as text, and each rank compares them
 * with its own. The text begins with the version of the program, and the first message is its length: another version
 * must be able to read as far as that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dist/comm.h"
#include "gantry/version.h"

enum { SHOWN = 4, VALUE_BYTES = 120, PART_BYTES = 400 };

/* Strings one after the other: rank 0's host, its program, then name and value of each setting; '=' stands before a
 * value that there is. */
typedef struct statement {
    char *text;
    size_t bytes;
} statement;

static void program_text(char *out, size_t bytes) {
    snprintf(out, bytes, "gantry %s (git %s)", GT_VERSION, gt_git_id());
}

static gt_status make_statement(statement *s, const char *host, const gt_setting *settings, int n) {
    char program[256];
    FILE *f = open_memstream(&s->text, &s->bytes);
    if (!f) return gt_fail(GT_NOMEM, "out of memory for the settings of a run");
    program_text(program, sizeof program);
    fprintf(f, "%s%c%s%c", host, 0, program, 0);
    for (int i = 0; i < n; i++) {
        const char *value = settings[i].value;
        fprintf(f, "%s%c%s%s%c", settings[i].name, 0, value ? "=" : "", value ? value : "", 0);
    }
    return fclose(f) ? gt_fail(GT_NOMEM, "out of memory for the settings of a run") : GT_OK;
}

/* The next string; NULL: that was all. */
static const char *next(const statement *s, size_t *at) {
    if (*at >= s->bytes) return NULL;
    const char *text = s->text + *at;
    *at += strnlen(text, s->bytes - *at) + 1;
    return text;
}

/* A list of differences, of which the first few are shown. */
typedef struct differences {
    int n;
    char text[SHOWN * PART_BYTES];
} differences;

static void put_value(char out[VALUE_BYTES + 16], const char *value) {
    if (!value) snprintf(out, VALUE_BYTES + 16, "left open");
    else snprintf(out, VALUE_BYTES + 16, strlen(value) > VALUE_BYTES ? "'%.*s...'" : "'%.*s'", VALUE_BYTES, value);
}

static void note(differences *d, const char *name, const char *mine, const char *first) {
    char here[VALUE_BYTES + 16], there[VALUE_BYTES + 16];
    if (d->n++ >= SHOWN) return;
    put_value(here, mine);
    put_value(there, first);
    size_t used = strlen(d->text);
    snprintf(d->text + used, sizeof d->text - used, "%s%.60s is %s here and %s there", d->n > 1 ? "; " : "", name, here,
             there);
}

/* From byte `at` on the statement has the settings of rank 0. Every rank of one program has settings of the same names,
 * but perhaps in another order. */
static void compare(const statement *first, size_t at, const gt_setting *settings, int n, differences *d) {
    const char *name;
    bool begins = true;
    for (size_t from = at; (name = next(first, &from)); begins = false) {
        const char *here = NULL, *value = next(first, &from);
        value = value && *value == '=' ? value + 1 : NULL;
        for (int i = 0; i < n; i++)
            if (!strcmp(settings[i].name, name)) here = settings[i].value;
        if (value && here ? !strcmp(value, here) : value == here) continue;
        note(d, name, here, value);
        if (begins) return;
    }
    for (int i = 0; i < n; i++) { /* settings that rank 0 does not have at all */
        size_t from = at;
        while ((name = next(first, &from)) && strcmp(name, settings[i].name)) next(first, &from);
        if (!name && settings[i].value) note(d, settings[i].name, settings[i].value, NULL);
    }
}

static gt_status judge(gt_comm *c, const statement *first, const gt_setting *settings, int n) {
    char program[256];
    size_t at = 0;
    differences d = {0};
    const char *host = next(first, &at), *theirs = next(first, &at);
    program_text(program, sizeof program);
    bool other_program = !host || !theirs || strcmp(theirs, program);
    if (!other_program) compare(first, at, settings, n, &d);
    int64_t ranks = gt_comm_sum_all(c, other_program || d.n > 0);
    char more[64] = "", many[64] = "";
    if (d.n > SHOWN) snprintf(more, sizeof more, "; and %d more", d.n - SHOWN);
    if (ranks > 1) snprintf(many, sizeof many, " (%lld ranks differ from rank 0)", (long long)ranks);
    if (other_program)
        return gt_fail(GT_FAILED, "this is %s, but rank 0 (%s) runs %s%s: all hosts need the same program", program,
                       host ? host : "?", theirs ? theirs : "another program", many);
    if (!d.n) return GT_OK;
    return gt_fail(
        GT_FAILED,
        "not the same job as on rank 0 (%s): %s%s%s. Start all ranks with the same command line and the same job file",
        host, d.text, more, many);
}

gt_status gt_comm_same_settings_all(gt_comm *c, const gt_setting *settings, int n) {
    if (c->ranks == 1) return GT_OK;
    statement first = {0};
    gt_status st = gt_comm_agree_all(c, c->rank == 0 ? make_statement(&first, c->host, settings, n) : GT_OK);
    uint64_t bytes = first.bytes;
    if (!st) {
        gt_comm_broadcast_all(c, &bytes, sizeof bytes, 0);
        if (c->rank) first.text = malloc(bytes + 1);
        if (!first.text) st = gt_fail(GT_NOMEM, "out of memory for the settings of a run");
        first.bytes = bytes;
        st = gt_comm_agree_all(c, st);
    }
    if (!st) {
        gt_comm_broadcast_all(c, first.text, first.bytes, 0);
        first.text[first.bytes] = 0; /* also what a stream has made has room for this */
        st = gt_comm_agree_all(c, judge(c, &first, settings, n));
    }
    free(first.text);
    return st;
}
