/* SPDX-License-Identifier: Apache-2.0
 * Help, manual pages and documents that are made from the tables of commands and options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/door/cli.h"
#include "base/words.h"
#include "networks/model/door/family.h"

typedef struct printed {
    char *text;
    size_t bytes;
    FILE *f;
} printed;

static void open_text(printed *p) { p->f = open_memstream(&p->text, &p->bytes); }

static char *help_of(const cli_command *c, const char *model) {
    printed p;
    open_text(&p);
    cli_print_help(c, model, p.f);
    fclose(p.f);
    return p.text;
}

static char *page_of(const cli_command *c) {
    printed p;
    open_text(&p);
    if (c) cli_print_manual_of(c, p.f);
    else cli_print_manual(p.f);
    fclose(p.f);
    return p.text;
}

/* The commands that help shows, from the i-th on; NULL: no more. */
static const cli_command *shown(int *i) {
    int n;
    const cli_command *const *c = cli_commands(&n);
    return *i < n ? c[(*i)++] : NULL;
}

/* The number of lines; fails where one is longer than `most` columns. */
static int lines_of(const char *what, const char *text, int most) {
    int n = 0;
    for (const char *line = text; *line; n++) {
        int length = (int)strcspn(line, "\n");
        if (length > most) fail_msg("%s: '%.*s' has %d columns", what, length, line, length);
        line += length + (line[length] == '\n');
    }
    return n;
}

static bool has(const char *text, const char *format, const char *word) {
    char line[256];
    snprintf(line, sizeof line, format, word);
    return strstr(text, line) != NULL;
}

static void overview_names_every_command(void **state) {
    (void)state;
    printed p;
    open_text(&p);
    cli_print_overview(p.f);
    fclose(p.f);
    assert_true(lines_of("gantry help all", p.text, 80) <= 50);
    const cli_command *c;
    for (int i = 0; (c = shown(&i));)
        if (!has(p.text, "\n  %s ", c->name) || !has(p.text, "\n%s\n", cli_group_of(c)))
            fail_msg("gantry help all does not show %s", c->name);
    free(p.text);
    static const char *const first[] = {"start", "dataset", "train", "generate", "report", "help"};
    open_text(&p);
    cli_print_first(p.f);
    fclose(p.f);
    assert_int_equal(lines_of("gantry", p.text, 80), 2 + 6 + 2);
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (!has(p.text, "\n  %s ", first[i])) fail_msg("gantry alone does not show %s", first[i]);
    assert_true(has(p.text, "%s", "gantry help all: "));
    free(p.text);
}

static void every_help_is_whole(void **state) {
    (void)state;
    const cli_command *c;
    for (int i = 0; (c = shown(&i));) {
        char *text = help_of(c, NULL);
        lines_of(c->name, text, 80);
        int n = 0, examples = 0;
        const gt_option *o = cli_options(c, &n);
        for (const gt_named *e = c->examples; e && e->name; e++) examples++;
        if (examples < 2 || !has(text, "usage: gantry %s", c->name) || !has(text, "\n%s", "Examples:\n") ||
            !has(text, "\n%s", "Writes") || !has(text, "\n%s", "Exit status: 0 done, 1 failed"))
            fail_msg("the help of %s lacks something", c->name);
        for (int k = 0; k < n; k++)
            if (!o[k].only && o[k].class != GT_SHAPE && !has(text, "\n  --%s", o[k].key))
                fail_msg("gantry %s --help does not show --%s", c->name, o[k].key);
        free(text);
    }
}

/* "TEXT" says nothing, and what is read alone must be understood alone. */
static void options_are_said_plainly(void **state) {
    (void)state;
    static const char *const hanging[] = {"so many",   "so often", "so long", " a line.",
                                          "a class a", "go on",    "goes on", "reference tool"},
                             *const first[] = {"It ", "That ", "Its ", "And ", "Where to", "Required:"};
    const cli_command *c;
    for (int i = 0; (c = shown(&i));) {
        int n = 0;
        char room[32];
        const gt_option *o = cli_options(c, &n);
        for (; n-- > 0; o++) {
            const char *value = gt_option_placeholder(o, room);
            if (!strcmp(value, "TEXT") && o->class != GT_SHAPE) fail_msg("%s --%s has no placeholder", c->name, o->key);
            if (o->help[strlen(o->help) - 1] == '.') fail_msg("%s --%s: the help ends with a stop", c->name, o->key);
            for (size_t k = 0; k < sizeof hanging / sizeof *hanging; k++)
                if (strstr(o->help, hanging[k])) fail_msg("%s --%s: '%s'", c->name, o->key, o->help);
            for (size_t k = 0; k < sizeof first / sizeof *first; k++)
                if (!strncmp(o->help, first[k], strlen(first[k]))) fail_msg("%s --%s: '%s'", c->name, o->key, o->help);
        }
    }
}

static void help_of_train_has_the_options_of_the_model(void **state) {
    (void)state;
    static const struct {
        const char *model, *with, *without;
    } rows[] = {{NULL, "\n  --gamma=X", "\n  --smoothing"},
                {"dcgan", "\n  --smoothing=NAME", "\n  --gamma"},
                {"vae", "\n  --kl-warmup=THOUSANDS", "\n  --mbstd"},
                {"lenet", "\n  --epochs=EPOCHS", "\n  --cbase"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = help_of(cli_find("train"), rows[i].model);
        lines_of("gantry train --help", text, 80);
        assert_non_null(strstr(text, rows[i].with));
        assert_null(strstr(text, rows[i].without));
        /* what a newcomer needs comes before what is grouped */
        assert_true(strstr(text, "\n  --data=PATH") < strstr(text, "\n  --subset=IMAGES"));
        assert_non_null(strstr(text, "gantry train --model=NAME --help"));
        free(text);
    }
}

/* ---- examples ---- */

enum { WORDS = 40 };

/* The words of a command line as a shell reads them, up to "|", ">" and ";". */
static int split(char *line, char **words) {
    int n = 0;
    for (char *c = line; *c && !strchr("|>;", *c) && n < WORDS;) {
        char *out = words[n++] = c, quote = 0;
        for (; *c && (quote || *c != ' '); c++) {
            if (*c == quote) quote = 0;
            else if (!quote && (*c == '\'' || *c == '"')) quote = *c;
            else *out++ = *c;
        }
        if (quote) fail_msg("%s: a quote stays open", line);
        while (*c == ' ') c++;
        *out = 0;
    }
    return n;
}

static void set(gt_options *o, gt_job *job, const char *line, const char *key, const char *value) {
    gt_options *to = o->n && gt_options_find(o, key) ? o : &job->options;
    if (gt_options_set(to, key, value, NULL)) fail_msg("%s: %s", line, gt_message());
}

/* argv[0] is the command. */
static void read_command(const char *line, int argc, char **argv) {
    const cli_command *c = cli_find(argv[0]);
    if (!c) fail_msg("%s: there is no command %s", line, argv[0]);
    if (!strcmp(c->name, "bench") || !strcmp(c->name, "help")) return; /* programs of their own; a key */
    gt_job *job = gt_job_new();
    int n_own = 0, n_job, n = 0;
    bool trains = c->takes_job || c->options == gt_job_table, search = !strcmp(c->name, "search");
    const gt_option *own = cli_options(c, &n_own), *of_job = gt_job_table(&n_job);
    gt_option *all = calloc((size_t)n_own + (size_t)n_job + 1, sizeof *all);
    for (int i = 0; i < n_own; i++) all[n++] = own[i];
    for (int i = 0; i < n_job && trains && own != of_job; i++) all[n++] = of_job[i];
    gt_options o = {.rows = own, .n = own == of_job ? 0 : n_own, .arena = job->arena};
    o.fields = calloc(1, c->fields + 1);
    o.state = calloc(1, (size_t)n_own + 1);
    cli_arguments a;
    assert_int_equal(cli_split(job->arena, all, n, argc, argv, trains && !search, &a), GT_OK);
    for (int i = 0; i < a.n_pairs; i++) {
        if (!gt_options_find(&(gt_options){.rows = all, .n = n}, a.keys[i]))
            fail_msg("%s: gantry %s has no option --%s", line, c->name, a.keys[i]);
        set(&o, job, line, a.keys[i], a.values[i]);
    }
    for (int i = 0; i < a.n_words && search; i++) { /* KEY=RANGE */
        char key[64];
        snprintf(key, sizeof key, "%.*s", (int)strcspn(a.words[i], "="), a.words[i]);
        if (strchr(a.words[i], '=') && !gt_options_find(&job->options, key)) fail_msg("%s: no key %s", line, key);
    }
    free(o.fields);
    free(o.state);
    free(all);
    gt_job_free(job);
}

static void examples_can_be_read(void **state) {
    (void)state;
    const cli_command *c;
    for (int i = 0; (c = shown(&i));) {
        for (const gt_named *e = c->examples; e->name; e++) {
            char line[256], *words[WORDS + 1] = {0};
            snprintf(line, sizeof line, "%s", e->text);
            int n = split(line, words), at = 1;
            assert_string_equal(words[0], "gantry");
            if (n > 1 && words[1][0] == '-') continue; /* gantry -V */
            if (!strcmp(words[1], "run")) {
                for (at = 2; at < n && !cli_find(words[at]);) at++;
                read_command(e->text, at - 1, words + 1);
            }
            if (at >= n) fail_msg("%s: no command", e->text);
            read_command(e->text, n - at, words + at);
        }
    }
}

/* ---- pages ---- */

static void bold_key(const char *key, char *out, size_t bytes) {
    size_t n = (size_t)snprintf(out, bytes, "\\fB\\-\\-");
    for (; *key; key++) n += (size_t)snprintf(out + n, bytes - n, *key == '-' ? "\\-" : "%c", *key);
    snprintf(out + n, bytes - n, "\\fR");
}

static void every_page_is_whole(void **state) {
    (void)state;
    static const char *const sections[] = {"NAME",        "SYNOPSIS", "DESCRIPTION", "FILES",
                                           "EXIT STATUS", "EXAMPLES", "SEE ALSO"};
    const cli_command *c;
    for (int i = 0; (c = shown(&i));) {
        char *text = page_of(c), key[128];
        for (size_t k = 0; k < sizeof sections / sizeof *sections; k++)
            if (!has(text, "\n.SH %s\n", sections[k])) fail_msg("gantry-%s(1) has no %s", c->name, sections[k]);
        assert_true(has(text, " 1 %s \"Gantry " GT_VERSION "\"", GT_RELEASE_DATE));
        int n = 0;
        const gt_option *o = cli_options(c, &n);
        for (; n-- > 0; o++) {
            bold_key(o->key, key, sizeof key);
            if (o->class != GT_SHAPE && !strstr(text, key)) fail_msg("--%s is not in gantry-%s(1)", o->key, c->name);
        }
        free(text);
    }
    char *text = page_of(NULL);
    for (int i = 0; (c = shown(&i));)
        if (!has(text, "\n.BR gantry\\-%s (1)\n", c->name)) fail_msg("%s is not in gantry(1)", c->name);
    free(text);
}

static void documents_are_what_is_printed(void **state) {
    (void)state;
    static const struct {
        const char *file, *command;
        void (*print)(FILE *);
    } documents[] = {{"docs/options.md", "build/gantry reference --markdown > docs/options.md", cli_print_markdown},
                     {"docs/commands.md", "build/gantry reference --commands > docs/commands.md", cli_print_commands}};
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        printed p;
        open_text(&p);
        documents[i].print(p.f);
        fclose(p.f);
        char *file = calloc(1, p.bytes + 2);
        FILE *f = fopen(documents[i].file, "r");
        if (!f) fail_msg("cannot open %s", documents[i].file);
        size_t n = fread(file, 1, p.bytes + 1, f);
        fclose(f);
        if (n != p.bytes || strcmp(file, p.text))
            fail_msg("%s is not what the tables say: %s", documents[i].file, documents[i].command);
        free(file);
        free(p.text);
    }
}

/* ---- names of other programs ---- */

static void commands_of_others(void **state) {
    (void)state;
    static const gt_named commands[] = {{"projector", "project"},
                                        {"style_mixing.py", "mix"},
                                        {"calc-metrics", "metrics"},
                                        {"calc_metrics.py", "metrics"},
                                        {"dataset_tool.py", "dataset"},
                                        {"generate.py", "generate"},
                                        {0}};
    for (const gt_named *n = commands; n->name; n++) {
        char said[128];
        snprintf(said, sizeof said, "unknown command '%s'; in Gantry it is %s", n->name, n->text);
        assert_int_equal(cli_fail_unknown(n->name), GT_USAGE);
        assert_string_equal(gt_message(), said);
    }
    assert_int_equal(cli_fail_unknown("trian"), GT_USAGE);
    assert_string_equal(gt_message(), "unknown command 'trian'; did you mean train?");
}

/* The options of the i-th command, with those of jobs where it takes them. False: there are no more commands. */
static bool table_of(int i, gt_options *o) {
    static gt_option rows[2 * GT_JOB_MAX_KEYS];
    int n, n_own, n_job;
    const cli_command *const *c = cli_commands(&n);
    if (i == n) return false;
    const gt_option *own = cli_options(c[i], &n_own), *job = gt_job_table(&n_job);
    if (own == job || !c[i]->takes_job) n_job = 0;
    for (int k = 0; k < n_own + n_job; k++) rows[k] = k < n_own ? own[k] : job[k - n_own];
    *o = (gt_options){.rows = rows, .n = n_own + n_job};
    return true;
}

/* Each option that the text names is one of the table or, where it speaks of a command, of any. */
static void check_named(const gt_options *o, const gt_word *w) {
    const char *of_sbatch = strstr(w->says, " -- ");
    for (const char *at = w->says; (at = strstr(at, "--")); at++) {
        char key[64];
        gt_options any;
        snprintf(key, sizeof key, "%.*s", (int)strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-123456789"), at + 2);
        bool known = !*key || (at > w->says && at[-1] == '-') || (of_sbatch && at > of_sbatch) ||
                     gt_options_find(o, key) || !strcmp(key, "quiet") || !strcmp(key, "help");
        for (int i = 0; !known && strstr(w->says, "gantry ") && table_of(i, &any); i++)
            known = gt_options_find(&any, key) != NULL;
        if (!known) fail_msg("of %s: '%s': there is no --%s", w->word, w->says, key);
    }
}

static bool same_row(const gt_word *a, const gt_word *b) {
    const char *const as[] = {a->word, a->at, a->here, a->says}, *const bs[] = {b->word, b->at, b->here, b->says};
    for (int i = 0; i < 4; i++)
        if (!as[i] != !bs[i] || (as[i] && strcmp(as[i], bs[i]))) return false;
    return true;
}

/* Where the row is the one that answers, it names an option that is there. */
static bool answers(const gt_options *o, gt_word_kind kind, const gt_word *w) {
    char said[GT_WORD_BYTES], key[64];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(w->word, "="), w->word);
    bool known = gt_options_find(o, key) != NULL;
    gt_word first;
    if (known != (kind != GT_WORD_UNKNOWN) || !gt_word_find(o, kind, w->word, &first) || !same_row(&first, w))
        return false;
    assert_true(w->here || w->says);
    if (w->here && !gt_options_find(o, w->here)) fail_msg("of %s: there is no --%s", w->word, w->here);
    gt_word_text(w, kind, "--", said);
    if (w->says && !strstr(said, w->says)) fail_msg("of %s: '%s' is cut", w->word, said);
    if (w->says) check_named(o, w);
    if (kind != GT_WORD_UNKNOWN) return true;
    gt_options copy = *o;
    assert_int_equal(gt_options_set(&copy, w->word, "1", NULL), GT_USAGE);
    if (!strstr(gt_message(), said)) fail_msg("of %s: %s", w->word, gt_message());
    return true;
}

/* And each line of the file is a row, a comment or a section: none is too long or short of a field. */
static void each_word_of_others_is_answered(void **state) {
    (void)state;
    int unreached = 0, rows = 0, lines = 0;
    gt_word w;
    gt_word_kind kind = GT_WORD_UNKNOWN;
    for (const char *at = gt_words; gt_word_next(&at, &kind, &w); rows++) {
        const char *command = kind == GT_WORD_OF_COMMAND ? cli_called_here(w.word) : NULL;
        bool any = command && !strcmp(command, w.says);
        gt_options o;
        for (int i = 0; kind != GT_WORD_OF_COMMAND && table_of(i, &o); i++) {
            gt_option *copy = calloc((size_t)o.n + 1, sizeof *copy); /* check_named() makes other tables */
            memcpy(copy, o.rows, (size_t)o.n * sizeof *copy);
            o.rows = copy;
            any |= answers(&o, kind, &w);
            free(copy);
        }
        if (!any) print_error("the row of '%s' (%s) is never reached\n", w.word, w.here ? w.here : w.says);
        unreached += !any;
    }
    for (const char *at = gt_words; *at; at += strcspn(at, "\n") + 1) lines += !strchr("#[\n", *at);
    assert_int_equal(rows, lines);
    assert_int_equal(kind, GT_WORD_OF_MODEL);
    assert_int_equal(unreached, 0);
}

static void spelling_of_words_does_not_matter(void **state) {
    (void)state;
    static const gt_named keys[] = {{"lr", "lrate"},        {"learning_rate", "lrate"}, {"num-workers", "threads"},
                                    {"batchSize", "batch"}, {"pretrained", "resume"},   {0}};
    gt_job *job = gt_job_new();
    for (const gt_named *n = keys; n->name; n++) {
        char said[128];
        snprintf(said, sizeof said, "unknown option --%s; in Gantry it is --%s", n->name, n->text);
        assert_int_equal(gt_options_set(&job->options, n->name, "1", NULL), GT_USAGE);
        assert_string_equal(gt_message(), said);
        snprintf(said, sizeof said, "job.ini:3: unknown key '%s'; in Gantry it is %s", n->name, n->text);
        assert_int_equal(gt_options_set(&job->options, n->name, "1", "job.ini:3"), GT_USAGE);
        assert_string_equal(gt_message(), said);
    }
    gt_job_free(job);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overview_names_every_command),
        cmocka_unit_test(every_help_is_whole),
        cmocka_unit_test(options_are_said_plainly),
        cmocka_unit_test(help_of_train_has_the_options_of_the_model),
        cmocka_unit_test(examples_can_be_read),
        cmocka_unit_test(every_page_is_whole),
        cmocka_unit_test(documents_are_what_is_printed),
        cmocka_unit_test(commands_of_others),
        cmocka_unit_test(each_word_of_others_is_answered),
        cmocka_unit_test(spelling_of_words_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
