/* SPDX-License-Identifier: Apache-2.0
 * What a file of another program holds beside what is read: see import.h. A network without some of its tensors, or
 * with another value of its constructor, computes something else, which nobody would see. */
#include <ctype.h>
#include <string.h>

#include "networks/nets/door/layers.h"
#include "files/codec/door/weights.h"
#include "networks/model/door/import.h"
#include "networks/model/door/model.h"

static const char *prefix_of(const gt_imported *m, const char *network) {
    const char *prefix = m->prefix ? m->prefix(m, network) : "";
    return prefix ? prefix : "";
}

static bool begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

/* Of all networks, up to NULL. NULL: out of memory. */
static const char **prefixes_of(const gt_imported *m) {
    size_t n = 0;
    while (m->networks[n]) n++;
    const char **all = gt_arena_array(m->arena, n + 1, sizeof *all);
    for (size_t i = 0; all && i < n; i++) all[i] = prefix_of(m, m->networks[i]);
    return gt_arena_failed(m->arena) ? NULL : all;
}

static bool begins_as_one(const char *name, const char *const *prefixes) {
    while (*prefixes && !begins(name, *prefixes)) prefixes++;
    return *prefixes != NULL;
}

static bool has_effect(const gt_imported *m, const char *tensor) {
    return !m->without_effect || !m->without_effect(m, tensor);
}

gt_status gt_import_check_network(const gt_imported *m, const char *network, const bool *known) {
    const char *prefix = prefix_of(m, network);
    if (gt_arena_failed(m->arena)) return GT_NOMEM;
    for (size_t i = 0; i < gt_weights_count(m->from); i++) {
        const char *name = gt_weights_at(m->from, i)->name;
        if (known[i] || !begins(name, prefix) || !has_effect(m, name)) continue;
        return gt_fail(GT_FORMAT,
                       "the tensor '%s' belongs to no layer of %s that Gantry knows: without it the network would give "
                       "other results",
                       name, network);
    }
    return GT_OK;
}

/* ---- beside the networks ---- */

/* The first word of a name, unless the list has it. */
static void add_word(char *list, size_t bytes, const char *name) {
    size_t n = strcspn(name, "./"), length = strlen(list);
    for (const char *at = list; *at; at += strspn(at, ", ")) {
        size_t word = strcspn(at, ",");
        if (word == n && !strncmp(at, name, n)) return;
        at += word;
    }
    if (length + n + 8 < bytes) snprintf(list + length, bytes - length, "%s%.*s", length ? ", " : "", (int)n, name);
    else if (length >= 3 && strcmp(list + length - 3, "...")) strcpy(list + length, ", ...");
}

gt_status gt_import_check_beside(gt_imported *m) {
    enum { BYTES = 300 };
    char words[BYTES] = "";
    const gt_weights *w = m->from;
    const char **prefixes = prefixes_of(m);
    if (!prefixes) return GT_NOMEM;
    bool torch = gt_weights_kind_of(w) == GT_WEIGHTS_TORCH; /* states of a training hold much else */
    for (size_t i = 0; i < gt_weights_count(w); i++) {
        const char *name = gt_weights_at(w, i)->name;
        if (begins_as_one(name, prefixes) || !has_effect(m, name)) continue;
        if (!torch)
            return gt_fail(GT_FORMAT, "the tensor '%s' belongs to no network that Gantry knows in such files", name);
        add_word(words, sizeof words, name);
    }
    for (size_t i = 0; torch && i < gt_weights_facts(w); i++) {
        const char *name = gt_weights_fact_at(w, i)->name;
        if (!begins_as_one(name, prefixes) && has_effect(m, name)) add_word(words, sizeof words, name);
    }
    if (*words) gt_import_say(m, "data beside the network are not read: %s", words);
    return GT_OK;
}

/* ---- values ---- */

static bool is_known(const char *known, const char *name, size_t n) {
    for (; *known; known += strcspn(known, " "), known += *known == ' ')
        if (strcspn(known, " ") == n && !strncmp(known, name, n)) return true;
    return false;
}

static bool is_number(const char *word, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isdigit((unsigned char)word[i])) return false;
    return n > 0;
}

static gt_status is_unknown(const char *name) {
    return gt_fail(GT_FORMAT, "the value '%s' is unknown: the network may give other results because of it", name);
}

static gt_status check_argument(const char *name, const char *known) {
    static const char mark[] = "._init_kwargs.";
    const char *word = strstr(name, mark);
    if (!word) return GT_OK;
    for (word += strlen(mark); *word; word += *word == '.') {
        size_t n = strcspn(word, ".");
        if (!is_number(word, n) && !is_known(known, word, n)) return is_unknown(name);
        word += n;
    }
    return GT_OK;
}

gt_status gt_import_check_modules(const gt_imported *m, const char *prefix, const char *classes, const char *known) {
    gt_status st = GT_OK;
    for (size_t i = 0; i < gt_weights_facts(m->from) && !st; i++) {
        const gt_fact *f = gt_weights_fact_at(m->from, i);
        if (!begins(f->name, prefix)) continue;
        bool class = f->kind == GT_FACT_TEXT && gt_ends_with(f->name, ".class");
        if (class && !is_known(classes, f->text, strlen(f->text)))
            return gt_fail(GT_FORMAT, "'%s' is '%.60s', a module that Gantry does not know", f->name, f->text);
        st = check_argument(f->name, known);
    }
    return st;
}

static bool is_listed(const gt_fact *f, const char *const *known) {
    while (f->kind == GT_FACT_TEXT && *known && !gt_is(f->text, *known)) known++;
    return f->kind == GT_FACT_TEXT && *known;
}

gt_status gt_import_check_source(gt_imported *m, const char *const *prefixes, const char *const *known) {
    enum { BYTES = 400 };
    static const char end[] = ".source_sha256";
    char classes[BYTES] = "";
    const char *hash = "unknown", *strict = gt_import_given(m, "strict");
    for (size_t i = 0; i < gt_weights_facts(m->from); i++) {
        const gt_fact *f = gt_weights_fact_at(m->from, i);
        if (!begins_as_one(f->name, prefixes) || !gt_ends_with(f->name, end) || is_listed(f, known)) continue;
        int module = (int)(strlen(f->name) - strlen(end));
        const gt_fact *class = gt_weights_fact(m->from, gt_text_of("%.*s.class", module, f->name).s);
        if (f->kind == GT_FACT_TEXT && !*classes) hash = f->text;
        if (class && class->kind == GT_FACT_TEXT) add_word(classes, sizeof classes, class->text);
    }
    if (!*classes) return GT_OK;
    m->warning = gt_arena_printf(m->arena,
                                 "the source text of its networks (SHA-256 %.64s) is not a published one, so these "
                                 "classes may compute something else than in Gantry: %s",
                                 hash, classes);
    if (!m->warning) return GT_NOMEM;
    return strict && gt_is(strict, "1") ? gt_fail(GT_FORMAT, "%s; --strict refuses such a file", m->warning) : GT_OK;
}

gt_status gt_import_check_values(const gt_imported *m, const char *prefix, const char *known) {
    for (size_t i = 0; i < gt_weights_facts(m->from); i++) {
        const char *name = gt_weights_fact_at(m->from, i)->name, *word = name + strlen(prefix);
        if (!begins(name, prefix) || begins(name, "gantry.") || gt_weights_find(m->from, name, NULL)) continue;
        if (!is_known(known, word, strcspn(word, ".["))) return is_unknown(name);
    }
    return GT_OK;
}

const char gt_import_metadata[] = "format";
