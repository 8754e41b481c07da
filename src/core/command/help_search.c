/* SPDX-License-Identifier: Apache-2.0
 * gantry help WORD where no command and no option has that name: where the word stands in names of other programs,
 * commands, options, examples, the glossary and the headings of the documents. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "command/door/cli.h"
#include "base/door/words.h"

enum { COLUMNS = 80, WORDS = 8, WORD = 48, SHOWN = 8, SHORT = 3, SINGULAR = 5, INDENT = 2 };

typedef struct hit {
    const char *head, *says;
    bool near; /* head or says have the words; else only more than that has */
} hit;

typedef struct search {
    gt_arena *arena;
    char words[WORDS][WORD];
    int n_words;
    hit *hits; /* of a section */
    int n, room, all;
    FILE *f;
} search;

/* ---- what fits ---- */

/* Does a word of the text begin with this one? Short ones must be whole: "kl" is not "klein". */
static bool has_word(const char *text, const char *word) {
    size_t n = strlen(word);
    for (const char *at = text; at && (at = strcasestr(at, word)); at++) {
        bool begins = at == text || !isalnum((unsigned char)at[-1]);
        if (begins && (n > SHORT || !isalnum((unsigned char)at[n]))) return true;
    }
    return false;
}

static bool has_words(const search *s, const char *a, const char *b, const char *c) {
    for (int i = 0; i < s->n_words; i++)
        if (!has_word(a, s->words[i]) && !has_word(b, s->words[i]) && !has_word(c, s->words[i])) return false;
    return true;
}

/* "truncation_psi" is two words; the last letter of a plural does not count. */
static void take_words(search *s, const char *text) {
    static const char between[] = " _,=()";
    while (*(text += strspn(text, between)) && s->n_words < WORDS) {
        size_t n = strcspn(text, between);
        char *word = s->words[s->n_words++];
        snprintf(word, WORD, "%.*s", (int)n, text);
        text += n;
        n = strlen(word);
        if (n >= SINGULAR && word[n - 1] == 's' && word[n - 2] != 's') word[n - 1] = 0;
    }
}

static void offer(search *s, const char *head, const char *says, const char *more) {
    bool near = has_words(s, head, says, NULL);
    if (!near && !has_words(s, head, says, more)) return;
    if (gt_arena_grow(s->arena, &s->hits, s->n, &s->room, sizeof *s->hits)) s->hits[s->n++] = (hit){head, says, near};
}

static void print_hits(const search *s, bool near, int *left) {
    char first[1024], prefix[] = "      ";
    for (int i = 0; i < s->n; i++) {
        const hit *h = &s->hits[i];
        if (h->near != near || --*left < 0) continue;
        snprintf(first, sizeof first, "%*s%s: %s", INDENT, "", h->head, h->says);
        cli_print_wrapped(first + INDENT, "  ", prefix, COLUMNS, s->f);
    }
}

/* Prints what was offered, the nearest first, and forgets it. */
static void end_section(search *s, const char *title) {
    int left = SHOWN;
    if (s->n && s->f) {
        fprintf(s->f, "%s\n", title);
        print_hits(s, true, &left);
        print_hits(s, false, &left);
        if (left < 0) fprintf(s->f, "  and %d more\n", -left);
    }
    s->all += s->n;
    s->n = 0;
}

/* ---- where it is looked for ---- */

static void look_at_other_programs(search *s, const char *topic, const cli_command *const *c, int n) {
    const char *command = cli_called_here(topic), *last = "";
    char text[GT_WORD_BYTES], first[32];
    snprintf(first, sizeof first, "%.*s", command ? (int)strcspn(command, " ,") : 0, command ? command : "");
    const char *gantry = cli_find(first) ? "gantry " : "";
    if (command) offer(s, topic, gt_arena_printf(s->arena, "in Gantry it is %s%s", gantry, command), NULL);
    for (int i = 0; i < n; i++) {
        gt_options o = {0};
        gt_word found;
        o.rows = cli_options(c[i], &o.n);
        const gt_word *w = gt_word_find(&o, GT_WORD_UNKNOWN, topic, &found);
        if (!w) continue;
        gt_word_text(w, GT_WORD_UNKNOWN, "--", text);
        const char *says = gt_arena_printf(s->arena, "%s", text + strspn(text, ";: "));
        if (!says || !strcmp(says, last)) continue;
        offer(s, gt_arena_printf(s->arena, "--%s of gantry %s", w->word, c[i]->name), last = says, NULL);
    }
    end_section(s, "In other programs");
}

static void look_at_commands(search *s, const cli_command *const *c, int n) {
    for (int i = 0; i < n; i++) offer(s, gt_arena_printf(s->arena, "gantry %s", c[i]->name), c[i]->help, c[i]->detail);
    end_section(s, "Commands (gantry help COMMAND)");
}

static bool is_known(const search *s, const char *head) {
    for (int i = 0; i < s->n; i++)
        if (!strcmp(s->hits[i].head, head)) return true;
    return false;
}

/* The key of several commands is named once: gantry help KEY shows all. */
static void look_at_options(search *s, const cli_command *const *c, int n) {
    for (int i = 0; i < n; i++) {
        int rows;
        const gt_option *o = cli_options(c[i], &rows);
        for (int k = 0; k < rows; k++) {
            const char *head = gt_arena_printf(s->arena, "--%s", o[k].key);
            const char *more = gt_arena_printf(s->arena, "%s %s", o[k].choices ? o[k].choices : "",
                                               o[k].detail ? o[k].detail : "");
            if (head && o[k].class != GT_SHAPE && !is_known(s, head)) offer(s, head, o[k].help, more);
        }
    }
    end_section(s, "Options (gantry help KEY)");
}

static void look_at_examples(search *s, const cli_command *const *c, int n) {
    for (int i = 0; i < n; i++)
        for (const gt_named *e = c[i]->examples; e && e->name; e++) offer(s, e->name, e->text, NULL);
    end_section(s, "Examples");
}

/* Lines of `text`: "HEAD: SAYS", or rows "| HEAD | SAYS |" of a table. `heads`: the words stand in HEAD. */
static void look_at_lines(search *s, const char *text, bool table, bool heads, const char *title) {
    const char *between = table ? " | " : ": ";
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        int n = (int)strcspn(line, "\n"), mark = table ? 2 : 0;
        if (table && (n < 2 * mark || strncmp(line, "| ", 2) || !strncmp(line, "| ---", 5))) continue;
        char *row = gt_arena_printf(s->arena, "%.*s", n - 2 * mark, line + mark),
             *end = row ? strstr(row, between) : NULL;
        if (!end) continue;
        *end = 0;
        if (!heads || has_words(s, row, NULL, NULL)) offer(s, row, end + strlen(between), NULL);
    }
    end_section(s, title);
}

bool cli_find_term(const char *topic, FILE *f) {
    search s = {.arena = gt_arena_new(), .f = f};
    if (!s.arena) return false;
    take_words(&s, topic);
    look_at_lines(&s, gt_glossary, true, true, "Words (docs/glossary.md)");
    gt_arena_free(s.arena);
    return s.all > 0;
}

bool cli_find_words(const char *topic, FILE *f) {
    int n;
    const cli_command *const *c = cli_commands(&n);
    search s = {.arena = gt_arena_new(), .f = f};
    if (!s.arena) return false;
    take_words(&s, topic);
    if (s.n_words) {
        look_at_other_programs(&s, topic, c, n);
        look_at_lines(&s, gt_glossary, true, false, "Words (docs/glossary.md)");
        look_at_commands(&s, c, n);
        look_at_lines(&s, gt_headings, false, false, "Pages");
        look_at_options(&s, c, n);
        look_at_examples(&s, c, n);
    }
    gt_arena_free(s.arena);
    return s.all > 0;
}
