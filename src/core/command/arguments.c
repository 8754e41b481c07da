/* SPDX-License-Identifier: Apache-2.0
 * From argv to options, and to the work. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command/door/cli.h"
#include "gantry/file.h"
#include "gantry/log.h"
#include "gantry/network.h"
#include "gantry/progress.h"
#include "base/door/words.h"

/* Is the next word the value of an option written without "="? A boolean takes only what cannot be anything else. */
static bool takes_next(const gt_option *row, const char *word) {
    if (!word || row->bare) return false;
    if (row->type != GT_OPTION_BOOL) return word[0] != '-' || word[1] != '-';
    return !strcmp(word, "0") || !strcmp(word, "1") || !strcasecmp(word, "true") || !strcasecmp(word, "false");
}

/* `row` NULL: the table has none. */
static void add_pair(gt_arena *a, const gt_option *row, const char *key, const char *value, cli_arguments *out) {
    out->keys[out->n_pairs] = row ? row->key : key;
    out->values[out->n_pairs++] = value && row && row->path ? gt_path_expand(a, value) : value;
}

/* "key=value": the key, and *value, NULL where no "=" follows. */
static const char *key_of(gt_arena *a, const char *word, const char **value) {
    size_t length = strcspn(word, "=");
    *value = word[length] ? word + length + 1 : NULL;
    const char *key = gt_arena_printf(a, "%.*s", (int)length, word);
    return key ? key : "";
}

/* Some programs write --max_images. */
static const char *with_hyphens(gt_arena *a, const char *key) {
    char *text = gt_arena_printf(a, "%s", key);
    for (char *c = text; c && *c; c++)
        if (*c == '_') *c = '-';
    return text ? text : "";
}

/* -q of all commands; -v of those with a level of messages. */
static bool takes_short(gt_arena *a, const gt_options *o, const char *word, cli_arguments *out) {
    static const struct {
        const char *word, *long_word, *key, *value;
    } rows[] = {
        {"-q", "--quiet", "log", "warning"}, {"-q", "--quiet", "progress", "0"}, {"-v", "--verbose", "log", "debug"}};
    bool found = false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const gt_option *row = gt_options_find(o, rows[i].key);
        if (!row || (strcmp(word, rows[i].word) && strcmp(word, rows[i].long_word))) continue;
        add_pair(a, row, rows[i].key, rows[i].value, out);
        found = true;
    }
    bool quiet = !found && (!strcmp(word, "-q") || !strcmp(word, "--quiet"));
    out->quiet |= quiet;
    return found || quiet;
}

/* --progress=0, of commands that show how far they are and have no such option in their table. */
static bool takes_progress(const char *key, const char *value, cli_arguments *out) {
    bool shown = value && !strcmp(value, "1");
    if (strcmp(key, "progress") || !value || (!shown && strcmp(value, "0"))) return false;
    out->no_progress = !shown;
    return true;
}

/* "-x" and, where another program has such an option and this command has not, "-p=short" and "-N2": the option with
 * its hyphen, a key that no table has; else NULL. "-data=x" is --data, and "-lr" is --lr. */
static const char *foreign_letter(gt_arena *a, const gt_options *o, const char *word) {
    const char letter[] = {'-', *word, 0};
    gt_word w;
    bool named = word[1] &&
                 (strchr(word + 2, '=') || gt_options_find(o, word) || gt_word_find(o, GT_WORD_UNKNOWN, word, &w));
    bool foreign = gt_word_find(o, GT_WORD_UNKNOWN, letter, &w) || (!word[1] && !gt_options_find(o, word));
    return *word == '-' || named || !foreign ? NULL : gt_arena_printf(a, "%s", letter);
}

/* "--key", "--key=value" or "-k" at argv[i], with the value that may follow. Returns the index of the last word used.
 */
static int take_option(gt_arena *a, const gt_options *o, char **argv, int i, cli_arguments *out) {
    const char *word = argv[i] + 1 + (argv[i][1] == '-'), *value, *key = key_of(a, word, &value);
    const gt_option *row = NULL;
    if (takes_short(a, o, argv[i], out)) return i;
    if (argv[i][1] != '-')
        for (int k = 0; k < o->n && !row; k++)
            if (o->rows[k].letter && o->rows[k].letter == word[0] && !word[1]) row = &o->rows[k];
    const char *foreign = row || argv[i][1] == '-' ? NULL : foreign_letter(a, o, word);
    if (foreign) {
        add_pair(a, NULL, foreign, value, out);
        return i;
    }
    if (!row) row = gt_options_find(o, key);
    if (!row) row = gt_options_find(o, with_hyphens(a, key));
    if (!row && takes_progress(key, value, out)) return i;
    if (!value && row && takes_next(row, argv[i + 1])) value = argv[++i];
    add_pair(a, row, key, value, out);
    return i;
}

gt_status cli_split(gt_arena *a, const gt_option *rows, int n, int argc, char **argv, bool pairs, cli_arguments *out) {
    *out = (cli_arguments){0};
    const char ***lists[] = {&out->keys, &out->values, &out->words};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        *lists[i] = gt_arena_array(a, 2 * (size_t)argc + 1, sizeof **lists[i]); /* -q is two pairs */
        if (!*lists[i]) return GT_NOMEM;
    }
    bool options_over = false;
    const gt_options o = {.rows = rows, .n = n};
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i], *key, *value;
        if (!options_over && !strcmp(word, "--")) {
            options_over = true;
        } else if (!options_over && (!strcmp(word, "--help") || !strcmp(word, "-h"))) {
            out->help = true;
        } else if (!options_over && word[0] == '-' && word[1]) {
            i = take_option(a, &o, argv, i, out);
        } else if (!options_over && pairs && strchr(word, '=')) {
            key = key_of(a, word, &value);
            add_pair(a, gt_options_find(&o, key), key, value, out);
        } else if (!(out->words[out->n_words++] = gt_path_expand(a, word))) {
            return GT_NOMEM;
        }
    }
    return gt_arena_failed(a) ? GT_NOMEM : GT_OK;
}

gt_status cli_check_known(const gt_option *rows, int n, const cli_arguments *arguments) {
    gt_options o = {.rows = rows, .n = n};
    for (int i = 0; i < arguments->n_pairs && !arguments->help; i++)
        if (!gt_options_find(&o, arguments->keys[i]))
            return gt_options_set(&o, arguments->keys[i], arguments->values[i], NULL);
    return GT_OK;
}

gt_status cli_apply(gt_options *o, const cli_arguments *arguments) {
    for (int i = 0; i < arguments->n_pairs; i++) {
        gt_status st = gt_options_set(o, arguments->keys[i], arguments->values[i], NULL);
        if (st) return st;
    }
    return GT_OK;
}

gt_network_options cli_reading(const gt_options *o) { return (gt_network_options){cli_kernels(), o}; }

const char *cli_value_of(const cli_arguments *arguments, const char *key) {
    const char *value = NULL;
    for (int i = 0; i < arguments->n_pairs; i++)
        if (!strcmp(arguments->keys[i], key)) value = arguments->values[i];
    return value;
}

/* ---- commands that take the options of jobs besides their own ---- */

gt_status cli_split_with_job(gt_options *own, int argc, char **argv, cli_arguments *of_job) {
    int n_job, rest = 0;
    const gt_option *of_jobs = gt_job_table(&n_job);
    gt_option *rows = gt_arena_array(own->arena, (size_t)(own->n + n_job), sizeof *rows);
    if (!rows) return GT_NOMEM;
    for (int i = 0; i < own->n + n_job; i++) rows[i] = i < own->n ? own->rows[i] : of_jobs[i - own->n];
    gt_options_reset(own);
    gt_status st = cli_split(own->arena, rows, own->n + n_job, argc, argv, false, of_job);
    if (!st) st = cli_check_known(rows, own->n + n_job, of_job);
    for (int i = 0; i < of_job->n_pairs && !st; i++) {
        const char *key = of_job->keys[i], *value = of_job->values[i];
        if (gt_options_find(own, key)) {
            st = gt_options_set(own, key, value, NULL);
            continue;
        }
        of_job->keys[rest] = key;
        of_job->values[rest++] = value;
    }
    of_job->n_pairs = rest;
    return st;
}

/* ---- sessions ---- */

bool cli_begin(cli_session *s, const cli_command *c, int argc, char **argv, int *status) {
    int n = 0;
    const gt_option *rows = cli_options(c, &n);
    *s = (cli_session){.arena = gt_arena_new()};
    s->settings.arena = s->arena;
    uint8_t *state = s->arena ? gt_arena_array(s->arena, (size_t)n + 1, 1) : NULL;
    bool *used = state ? gt_arena_array(s->arena, (size_t)n + 1, sizeof *used) : NULL;
    s->fields = used ? gt_arena_alloc(s->arena, c->fields + 1) : NULL;
    gt_status st = s->fields ? GT_OK : GT_NOMEM;
    bool with_job = c->takes_job && !c->main;
    s->options = (gt_options){
        .rows = rows, .n = n, .fields = s->fields, .state = state, .arena = s->arena, .used = used};
    if (!st && with_job) st = cli_split_with_job(&s->options, argc, argv, &s->arguments);
    else if (!st) st = cli_split(s->arena, rows, n, argc, argv, false, &s->arguments);
    if (!st && !s->arguments.help) {
        if (!with_job) gt_options_reset(&s->options);
        if (!with_job) st = cli_apply(&s->options, &s->arguments);
        if (!st && !c->acts) st = gt_options_check_effect(&s->options, NULL);
        if (!st) st = cli_note_settings(&s->settings, c, &s->options, &s->arguments);
        if (!st) return true;
    }
    *status = cli_end_early(c, &s->arguments, &s->settings, st);
    cli_end(s);
    return false;
}

const char *cli_out(const cli_session *s, const char *name) {
    const gt_options *o = &s->options;
    return gt_arena_printf(s->arena, "%s/%s", gt_options_effective(o, gt_options_find(o, "outdir")), name);
}

void cli_warn_unused(const cli_session *s) {
    const gt_option *row;
    for (int i = 0; cli_first_rank() && (row = gt_options_unused(&s->options, &i));)
        gt_warn("--%s had no effect here; gantry help %s explains it", row->key, row->key);
}

void cli_end(cli_session *s) { gt_arena_free(s->arena); }

static int64_t threads_of(const cli_session *s) {
    const gt_option *row = gt_options_find(&s->options, "threads");
    return row ? *(const int64_t *)((const char *)s->fields + row->offset) : 0;
}

static gt_status meet(cli_session *s, bool pool, gt_status st) {
    s->comm = cli_meet_all(&s->settings, (int)threads_of(s), &st);
    if (st) return st;
    gt_log_setup(s->comm->rank, s->comm->ranks, s->arguments.quiet ? GT_WARNING : GT_INFO);
    if (!pool) return GT_OK;
    s->pool = gt_pool_new(s->comm->threads);
    return gt_comm_agree_all(s->comm, s->pool ? GT_OK : GT_FAILED);
}

int cli_perform(const cli_command *c, int argc, char **argv) {
    cli_session s;
    int status;
    if (c->main) return c->main(argc, argv);
    if (!c->ranks && cli_others_work(c->name)) return CLI_DONE;
    if (!cli_begin(&s, c, argc, argv, &status)) return status;
    gt_log_setup(0, 1, s.arguments.quiet ? GT_WARNING : GT_INFO);
    gt_tell_allow(!s.arguments.quiet && !s.arguments.no_progress);
    if (c->ranks && cli_first_rank()) gt_tell_start("starting", NULL, 0);
    gt_status st = cli_note_inputs(&s);
    if (!st) st = cli_check_output_names(&s.options);
    if (!st && c->prepare) st = c->prepare(&s);
    if (!st) st = cli_check_outputs(&s.options);
    if (c->ranks) st = meet(&s, c->pool, st);
    if (!st) st = c->run(&s);
    if (!st) cli_warn_unused(&s);
    if (c->finish) c->finish(&s);
    gt_pool_free(s.pool);
    status = cli_leave(c->name, st, s.comm);
    cli_end(&s);
    return status;
}
