/* SPDX-License-Identifier: Apache-2.0
 * Do all ranks have the same program and the same settings? Rank 0 sends its settings to all ranks as text, and each
 * rank compares them with its own. The text begins with the version of the program, and the first message is the length
 * of the text: another version of the program must be able to read these two. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dist/comm.h"
#include "dist/door/dist.h"
#include "gantry/version.h"

enum { SHOWN = 4, VALUE_BYTES = 120 };

static void program_text(char *out, size_t bytes) {
    snprintf(out, bytes, "gantry %s (git %s)", GT_VERSION, gt_git_id());
}

/* The statement of a rank, strings one after the other: its host, its program, then name and value of each setting; '='
 * stands before a value that there is. */
static gt_status make_statement(gt_buffer *s, const char *host, const gt_setting *settings, int n) {
    char program[256];
    program_text(program, sizeof program);
    gt_buffer_printf(s, "%s%c%s%c", host, 0, program, 0);
    for (int i = 0; i < n; i++) {
        const char *value = settings[i].value;
        gt_buffer_printf(s, "%s%c%s%s%c", settings[i].name, 0, value ? "=" : "", value ? value : "", 0);
    }
    return s->failed ? gt_fail(GT_NOMEM, "out of memory for the settings of a run") : GT_OK;
}

/* The next string; NULL: that was all. */
static const char *next(const gt_buffer *s, size_t *at) {
    if (*at >= s->n) return NULL;
    const char *text = s->data + *at;
    *at += strnlen(text, s->n - *at) + 1;
    return text;
}

/* A list of differences, of which the first few are shown. */
typedef struct differences {
    int n;
    gt_buffer text;
} differences;

static void put_value(gt_buffer *out, const char *value) {
    if (!value) gt_buffer_printf(out, "left open");
    else gt_buffer_printf(out, strlen(value) > VALUE_BYTES ? "'%.*s...'" : "'%.*s'", VALUE_BYTES, value);
}

static void note(differences *d, const char *name, const char *mine, const char *first) {
    if (d->n++ >= SHOWN) return;
    gt_buffer_printf(&d->text, "%s%.60s is ", d->n > 1 ? "; " : "", name);
    put_value(&d->text, mine);
    gt_buffer_printf(&d->text, " here and ");
    put_value(&d->text, first);
    gt_buffer_printf(&d->text, " there");
}

/* From byte `at` on the statement has the settings of rank 0. Every rank of one program has settings of the same names,
 * but perhaps in another order. */
static void compare(const gt_buffer *first, size_t at, const gt_setting *settings, int n, differences *d) {
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

static gt_status settings_status(gt_comm *c, const gt_buffer *first, const gt_setting *settings, int n) {
    char program[256];
    size_t at = 0;
    differences d = {0};
    const char *host = next(first, &at), *theirs = next(first, &at);
    program_text(program, sizeof program);
    bool other_program = !host || !theirs || strcmp(theirs, program);
    if (!other_program) compare(first, at, settings, n, &d);
    int64_t ranks = gt_comm_sum_all(c, other_program || d.n > 0);
    if (d.n > SHOWN) gt_buffer_printf(&d.text, "; and %d more", d.n - SHOWN);
    char many[64] = "";
    if (ranks > 1) snprintf(many, sizeof many, " (%lld ranks differ from rank 0)", (long long)ranks);
    gt_status st = GT_OK;
    if (other_program)
        st = gt_fail(GT_FAILED, "this is %s, but rank 0 (%s) runs %s%s: all hosts need the same program", program,
                     host ? host : "?", theirs ? theirs : "another program", many);
    else if (d.n)
        st = gt_fail(
            GT_FAILED,
            "not the same job as on rank 0 (%s): %s%s. Start all ranks with the same command line and the same "
            "job file",
            host, d.text.data ? d.text.data : "", many);
    gt_buffer_free(&d.text);
    return st;
}

gt_status gt_comm_same_settings_all(gt_comm *c, const gt_setting *settings, int n) {
    if (c->ranks == 1) return GT_OK;
    GT_BUFFER gt_buffer first = {0};
    gt_status st = gt_comm_agree_all(c, c->rank == 0 ? make_statement(&first, c->host, settings, n) : GT_OK);
    uint64_t bytes = first.n;
    if (!st) {
        gt_comm_broadcast_all(c, &bytes, sizeof bytes, 0);
        if (c->rank) first.data = malloc(bytes + 1);
        if (!first.data) st = gt_fail(GT_NOMEM, "out of memory for the settings of a run");
        first.n = bytes;
        st = gt_comm_agree_all(c, st);
    }
    if (!st) {
        gt_comm_broadcast_all(c, first.data, first.n, 0);
        first.data[first.n] = 0; /* gt_buffer_printf() leaves room for this, too */
        st = gt_comm_agree_all(c, settings_status(c, &first, settings, n));
    }
    return st;
}
