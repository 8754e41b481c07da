/* SPDX-License-Identifier: Apache-2.0
 * The option table of jobs, put together once: the common options, those of all families, and the texts about them that
 * families and optimisers know. */
#include "job/internal.h"
#include "networks/model/door/family.h"

#include <pthread.h>
#include <stdarg.h>

const char gt_any_model[] = "", gt_any_optimizer[] = "";

enum { MAX_GROUPS = 32, TEXT_BYTES = 1 << 14 };

static gt_option table[GT_JOB_MAX_KEYS];
static gt_named groups[MAX_GROUPS];
static gt_option_class classes[MAX_GROUPS]; /* of the options of a group that name no class */
static int n_options, n_groups;
static char texts[TEXT_BYTES];
static size_t used;

static bool whole = true;

/* What is false would be a mistake in the rows of the tables; a test looks for it. */
static bool holds(bool what) {
    whole = whole && what;
    return what;
}

/* ---- texts ---- */

/* All texts lie in `texts`, one behind the other, for as long as the program runs. begin_text() begins a new one, which
 * is empty; add_text() goes on with it, until the next one begins. */
static char *begin_text(void) {
    used += holds(used + 1 < TEXT_BYTES);
    return &texts[used];
}

__attribute__((format(printf, 2, 3))) static void add_text(const char *text, const char *format, ...) {
    va_list args;
    if (!holds(text + strlen(text) == texts + used)) return; /* the last one */
    va_start(args, format);
    int n = vsnprintf(texts + used, TEXT_BYTES - used, format, args);
    va_end(args);
    used = holds(n >= 0 && used + (size_t)n < TEXT_BYTES) ? used + (size_t)n : TEXT_BYTES - 1;
}

/* Writes "|" before all names but the first one of the text. */
static void put_name(const char *text, const char *name) { add_text(text, "%s%s", *text ? "|" : "", name); }

static const char *names_of_models(void) {
    const char *text = begin_text();
    for (const gt_family *const *f = gt_families(); *f; f++)
        for (const gt_family_model *m = (*f)->models; m->name; m++) put_name(text, m->name);
    return text;
}

static const char *about_models(const char *more) {
    const char *text = begin_text();
    for (const gt_family *const *f = gt_families(); *f; f++)
        for (const gt_family_model *m = (*f)->models; m->name; m++) add_text(text, "%s: %s. ", m->name, m->text);
    add_text(text, "%s", more);
    return text;
}

static const char *names_of_optimizers(void) {
    const char *text = begin_text();
    for (const gt_optimizer *o = gt_optimizers; o->name; o++) put_name(text, o->name);
    return text;
}

/* The adversarial families and what follows GT_GANS in `only`: "|classifier". */
static const char *families_of(const char *only) {
    const char *text = begin_text();
    for (const gt_family *const *f = gt_families(); *f; f++)
        if ((*f)->adversarial) put_name(text, (*f)->name);
    add_text(text, "%s", only + strlen(GT_GANS));
    return text;
}

/* The value of `key` in a list "key=value key=value", and its length; NULL: none. */
static const char *value_in(const char *list, const char *key, int *length) {
    size_t n = strlen(key);
    for (const char *at = list; at && (at = strstr(at, key)); at += n) {
        if ((at > list && at[-1] != ' ') || at[n] != '=') continue;
        *length = (int)strcspn(at + n + 1, " ");
        return at + n + 1;
    }
    return NULL;
}

static void put_derived(const char *text, const gt_family *f, const char *key) {
    int length;
    const char *value = value_in(f->models->defaults, key, &length);
    for (const gt_named *d = f->derived; d && d->name; d++)
        if (!strcmp(d->name, key)) value = d->text, length = (int)strlen(value);
    if (value) add_text(text, "%s%s %.*s", *text ? "; " : "", f->name, length, value);
}

/* "all", "stylegan2 from cfg; dcgan 128": how a value is found that nobody gives. */
static const char *how_derived(const gt_option *row) {
    const char *text = begin_text();
    if (row->derived) add_text(text, "%s", row->derived);
    for (const gt_family *const *f = gt_families(); *f; f++) put_derived(text, *f, row->key);
    return text;
}

/* ---- rows ---- */

static int group_rank(const char *group) {
    int i = 0;
    while (i < n_groups && strcmp(groups[i].name, group)) i++;
    return i;
}

static void insert_row(const gt_option *row) {
    int at = n_options;
    if (!holds(n_options < GT_JOB_MAX_KEYS)) return;
    while (at > 0 && (row->after ? strcmp(table[at - 1].key, row->after) != 0
                                 : group_rank(table[at - 1].group) > group_rank(row->group)))
        at--;
    if (!holds(at > 0 || !row->after)) return;
    memmove(&table[at + 1], &table[at], (size_t)(n_options++ - at) * sizeof *table);
    table[at] = *row;
}

/* The key of a row that names a field: "tick_minutes" is --tick-minutes. */
static const char *key_of(const char *field) {
    char *key = begin_text();
    add_text(key, "%s", field);
    for (char *c = key; (c = strchr(c, '_'));) *c = '-';
    return key;
}

/* The common options that stand behind another one or not, or those of a family. */
static void add_rows(const gt_option *rows, int n, const gt_family *family, bool after) {
    const char *group = family ? family->name : NULL;
    for (int i = 0; i < n; i++) {
        gt_option row = rows[i];
        if (row.group) group = row.group;
        row.group = group;
        row.key = key_of(row.key);
        if (!row.class) row.class = classes[group_rank(group)];
        if (family) {
            row.offset += gt_job_own_offset(family);
            row.only = family->name;
        } else if ((row.after != NULL) != after) continue;
        else if (!row.standard) row.derived = how_derived(&row);
        insert_row(&row);
    }
}

static void add_group(const char *name, const char *title, gt_option_class class) {
    if (!holds(n_groups + 1 < MAX_GROUPS)) return;
    classes[n_groups] = class;
    groups[n_groups++] = (gt_named){name, title};
}

/* "Autoencoders: models ae, vae" */
static const char *title_of(const gt_family *f) {
    const char *text = begin_text(), *separator = ": models ";
    add_text(text, "%s", f->title);
    for (const gt_family_model *m = f->models; f->models[1].name && m->name; m++, separator = ", ")
        add_text(text, "%s%s", separator, m->name);
    return text;
}

static void build_table(void) {
    add_group("data", "What to train on", GT_RECIPE);
    add_group("recipe", "How to train. Values \"from cfg\" come from the published recipe", GT_RECIPE);
    add_group("networks", "The networks", GT_RECIPE);
    for (const gt_family *const *f = gt_families(); *f; f++)
        if ((*f)->title) add_group((*f)->name, title_of(*f), GT_RECIPE);
    add_group("augmentation", "Augmentation of the discriminator's images", GT_RECIPE);
    add_group("transfer", "Starting from other networks", GT_RECIPE);
    add_group("execution", "How the work is done; changes no bit of the results", GT_EXECUTION);
    add_group("output", "What is written, and when; changes no bit of the results", GT_OUTPUT);

    int n, n_gan;
    const gt_option *common = gt_common_options(&n), *gan = gt_gan_rows(&n_gan);
    add_rows(gan, n_gan, NULL, false);
    add_rows(common, n, NULL, false);
    for (const gt_family *const *f = gt_families(); *f; f++) add_rows((*f)->options, (*f)->n_options, *f, false);
    add_rows(common, n, NULL, true);
    add_rows(gan, n_gan, NULL, true);

    const char *optimizers = names_of_optimizers();
    for (gt_option *row = table; row < table + n_options; row++) {
        if (row->only && !strncmp(row->only, GT_GANS, strlen(GT_GANS))) row->only = families_of(row->only);
        if (row->choices == gt_any_optimizer) row->choices = optimizers;
        if (row->choices == gt_any_model) {
            row->choices = names_of_models();
            row->standard = (*gt_families())->models->name;
            row->derived = NULL;
            row->detail = about_models(row->detail);
        }
    }
}

static void build_once(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, build_table);
}

const gt_option *gt_job_table(int *n) {
    build_once();
    *n = n_options;
    return table;
}

bool gt_job_table_is_whole(void) {
    build_once();
    return whole;
}

const gt_named *gt_job_groups(void) {
    build_once();
    return groups;
}

size_t gt_job_own_offset(const gt_family *family) {
    const size_t unit = sizeof(max_align_t);
    size_t at = (sizeof(gt_job) + unit - 1) / unit;
    for (const gt_family *const *f = gt_families(); *f && *f != family; f++) at += ((*f)->own_bytes + unit - 1) / unit;
    return at * unit;
}
