/* SPDX-License-Identifier: Apache-2.0
 * Words of other programs: see base/door/words.h. The rows are those of words.list, which says what stands in them. */
#include "base/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/door/embed.h"

/* The documents need not be where the program runs: it carries the glossary, and the headings, which the Makefile
 * gathers. */
EMBED(gt_glossary, "docs/glossary.md");
EMBED(gt_headings, GT_HEADINGS);
EMBED(gt_words, "src/core/base/words.list");

/* Do the names agree but for case, and - for _? Of an option of one letter the case counts. */
static bool same_name(const char *typed, const char *name) {
    if (*name == '-' || *typed == '-') return !strcmp(typed, name);
    while (*typed && (tolower((unsigned char)*typed) == *name || (*typed == '_' && *name == '-'))) typed++, name++;
    return !*typed && !*name;
}

static bool holds(const gt_options *o, const gt_word *w) {
    return (!w->at || gt_options_find(o, w->at)) && (!w->here || gt_options_find(o, w->here));
}

/* Cuts the line into its four fields; false: it is not a row. */
static bool cut(gt_word *w) {
    const char **fields[] = {&w->word, &w->at, &w->here, &w->says};
    enum { FIELDS = sizeof fields / sizeof *fields };
    static const char between[] = " | ";
    char *rest = w->line;
    for (int i = 0; i < FIELDS; i++) {
        char *end = i + 1 < FIELDS ? strstr(rest, between) : rest + strlen(rest);
        if (!end || *w->line == '#') return false;
        bool more = *end;
        *end = 0;
        *fields[i] = *rest && strcmp(rest, "-") ? rest : NULL;
        rest = end + (more ? strlen(between) : 0);
    }
    return w->word;
}

bool gt_word_next(const char **at, gt_word_kind *kind, gt_word *w) {
    static const char *const sections[] = {[GT_WORD_OF_COMMAND] = "[commands]",
                                           [GT_WORD_UNKNOWN] = "[unknown]",
                                           [GT_WORD_OF_VALUE] = "[of values]",
                                           [GT_WORD_OF_MODEL] = "[of models]"};
    while (**at) {
        size_t n = strcspn(*at, "\n");
        snprintf(w->line, sizeof w->line, "%.*s", (int)n, *at);
        *at += n + ((*at)[n] == '\n');
        for (int k = GT_WORD_OF_COMMAND; k <= GT_WORD_OF_MODEL; k++)
            if (!strcmp(w->line, sections[k])) *kind = (gt_word_kind)k;
        if (cut(w)) return true;
    }
    return false;
}

const gt_word *gt_word_find(const gt_options *o, gt_word_kind kind, const char *word, gt_word *w) {
    gt_word_kind of = GT_WORD_UNKNOWN;
    for (const char *at = gt_words; gt_word_next(&at, &of, w);)
        if (of == kind && same_name(word, w->word) && holds(o, w)) return w;
    return NULL;
}

void gt_word_text(const gt_word *w, gt_word_kind kind, const char *dashes, char text[GT_WORD_BYTES]) {
    const char *says = w->says ? w->says : "", *comma = w->says ? ", " : "";
    if (kind == GT_WORD_OF_VALUE || (kind == GT_WORD_OF_MODEL && !w->here)) snprintf(text, GT_WORD_BYTES, "; %s", says);
    else if (!w->here) snprintf(text, GT_WORD_BYTES, ": %s", says);
    else
        snprintf(text, GT_WORD_BYTES, "; %s it is %s%s%s%s", kind == GT_WORD_OF_MODEL ? "here" : "in Gantry", dashes,
                 w->here, comma, says);
}
