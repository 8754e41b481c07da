/* SPDX-License-Identifier: Apache-2.0
 * gantry help [COMMAND | KEY | WORD ...], and all that is known about one option. */
#include <stdlib.h>
#include <string.h>

#include "command/door/cli.h"

enum { COLUMNS = 80, MOST_COMMANDS = 64, MOST_KEYS = 1024, TOPIC = 256 };

static const char *kind_of(const gt_option *o) {
    static const char *const kinds[] = {
        [GT_OPTION_BOOL] = "0 or 1",
        [GT_OPTION_INT] = "whole number",
        [GT_OPTION_REAL] = "number",
        [GT_OPTION_TEXT] = "text",
    };
    return o->choices ? o->choices : o->path ? "path" : kinds[o->type];
}

const char *cli_option_values(const gt_option *o, char *text, size_t bytes) {
    char low[32], high[32] = "", range[80] = "";
    bool number = o->type == GT_OPTION_INT || o->type == GT_OPTION_REAL, any = o->min == 0 && o->max == 0;
    gt_real_text(o->min, low);
    if (!isinf(o->max)) gt_real_text(o->max, high);
    if (number && !any) snprintf(range, sizeof range, ", %s %s%s", low, *high ? "to " : "or more", high);
    snprintf(text, bytes, "%s%s%s%s%s", kind_of(o), range, o->unit ? " (" : "", o->unit ? o->unit : "",
             o->unit ? ")" : "");
    return text;
}

/* "dcgan, autoencoder (ae, vae, cvae, ...)": the families that have the option, with their models. */
static void print_models(const gt_option *o, char *out, size_t bytes) {
    size_t n = 0;
    char models[1024];
    for (const gt_family *const *f = gt_families(); *f; f++) {
        if (!gt_family_has(*f, o)) continue;
        gt_models_with(*f, o, models, sizeof models);
        n += (size_t)snprintf(out + n, bytes - n, "%s%s", n ? ", " : "", gt_family_name(*f));
        if (gt_family_models(*f)[1].name) n += (size_t)snprintf(out + n, bytes - n, " (%s)", models);
    }
}

void cli_print_option(const gt_option *o, const char *prefix, FILE *f) {
    char text[4096];
    snprintf(text, sizeof text, "%s.", o->help);
    cli_print_wrapped(text, prefix, prefix, COLUMNS, f);
    if (o->detail) cli_print_wrapped(o->detail, prefix, prefix, COLUMNS, f);
    fprintf(f, "%sValue: %s", prefix, cli_option_values(o, text, sizeof text));
    const char *standard = o->standard ? o->standard : o->derived;
    if (o->required) fputs(". Required.\n", f);
    else fprintf(f, ". Default: %s.\n", *standard ? standard : "none");
    if (!o->only) return;
    print_models(o, text, sizeof text);
    char line[4200];
    snprintf(line, sizeof line, "Models: %s.", text);
    cli_print_wrapped(line, prefix, prefix, COLUMNS, f);
}

/* ---- gantry help ---- */

/* What is printed about an option: the same text for several commands is printed once. */
typedef struct explained {
    char *text; /* NULL: out of memory */
    const cli_command *commands[MOST_COMMANDS];
    int n;
} explained;

static char *explain(const gt_option *o) {
    char *text = NULL, head[96];
    size_t bytes;
    FILE *f = open_memstream(&text, &bytes);
    if (!f) return NULL;
    fprintf(f, "%s\n", cli_option_head(o, head, sizeof head));
    cli_print_option(o, "  ", f);
    fclose(f);
    return text;
}

static void note(explained *list, int *n, const cli_command *c, const gt_option *o) {
    char *text = explain(o);
    int i = 0;
    while (i < *n && text && list[i].text && strcmp(list[i].text, text)) i++;
    if (i < *n) free(text);
    else list[(*n)++].text = text;
    list[i].commands[list[i].n++] = c;
}

/* "gantry generate, mix, walk --seeds=LIST" and the text. */
static void print_explained(const explained *e, bool first, FILE *f) {
    char line[1024];
    size_t used = 0;
    int head = (int)strcspn(e->text, "\n");
    for (int i = 0; i < e->n; i++)
        used += (size_t)snprintf(line + used, sizeof line - used, "%s %s", i ? "," : "gantry", e->commands[i]->name);
    snprintf(line + used, sizeof line - used, " %.*s", head, e->text);
    if (!first) fputc('\n', f);
    cli_print_wrapped(line, "", "       ", COLUMNS, f);
    fputs(e->text + head + 1, f);
}

/* Nobody sets what is found in the data. */
static const gt_option *option_of(const cli_command *c, const char *key) {
    gt_options o = {0};
    o.rows = cli_options(c, &o.n);
    const gt_option *row = gt_options_find(&o, key);
    return row && row->class != GT_SHAPE ? row : NULL;
}

/* Is there such an option? It is printed where `f` is given. */
static bool print_key(const char *key, FILE *f) {
    explained list[MOST_COMMANDS] = {0};
    int n = 0, n_commands;
    const cli_command *const *c = cli_commands(&n_commands);
    for (int i = 0; i < n_commands && i < MOST_COMMANDS; i++) {
        const gt_option *row = option_of(c[i], key);
        if (row) note(list, &n, c[i], row);
    }
    for (int i = 0; i < n; i++) {
        if (f && list[i].text) print_explained(&list[i], i == 0, f);
        free(list[i].text);
    }
    return n > 0;
}

/* Commands and options of all commands are what may be meant. */
static gt_status fail_unknown(const char *topic) {
    gt_option rows[MOST_KEYS];
    int n = 0, n_commands;
    const cli_command *const *c = cli_commands(&n_commands);
    for (int i = 0; i < n_commands; i++) {
        int n_rows;
        const gt_option *of = cli_options(c[i], &n_rows);
        if (n + n_rows >= MOST_KEYS) continue;
        rows[n++] = (gt_option){.key = c[i]->name};
        for (int k = 0; k < n_rows; k++) rows[n++] = of[k];
    }
    const char *near = gt_options_nearest(&(gt_options){.rows = rows, .n = n}, topic);
    return gt_fail(GT_USAGE, "'%.60s' is neither a command nor an option%s%s%s", topic, near ? "; did you mean " : "",
                   near ? near : "; gantry help all lists the commands", near ? "?" : "");
}

/* Several words are looked for together. */
static void join_words(int argc, char **argv, char topic[TOPIC]) {
    size_t n = 0;
    *topic = 0;
    for (int i = 1; i < argc && n < TOPIC; i++)
        n += (size_t)snprintf(topic + n, TOPIC - n, "%s%s", i > 1 ? " " : "", argv[i] + strspn(argv[i], "-"));
}

static int help(int argc, char **argv) {
    char topic[TOPIC];
    join_words(argc, argv, topic);
    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) strcpy(topic, "help");
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(topic, "="), topic);
    for (char *c = key; *c; c++)
        if (*c == '_') *c = '-';
    const cli_command *command = cli_find(topic);
    bool all = !strcmp(topic, "all");
    bool is_key = *topic && !command && print_key(key, NULL);
    if (*topic && !all && !command && !is_key && !cli_find_words(topic, NULL))
        return cli_exit("help", fail_unknown(topic));
    if (!cli_first_rank()) return CLI_DONE; /* of several ranks one prints */
    if (all) cli_print_overview(stdout);
    else if (!*topic) cli_print_first(stdout);
    else if (command) cli_print_help(command, NULL, stdout);
    else if (is_key) {
        if (cli_find_term(topic, stdout)) gt_print("\n"); /* film: of a walk, too */
        print_key(key, stdout);
    } else cli_find_words(topic, stdout);
    return CLI_DONE;
}

const cli_command cli_help = {
    .name = "help",
    .place = 6,
    .arguments = "[COMMAND | KEY | WORD ... | all]",
    .help = "Explain a command, or an option of any command, or find a word",
    .detail =
        "Any other word is searched for in the commands, options and examples, in the names that other programs "
        "use, in the glossary and in the headings of the documents; what the glossary says of an option's name comes "
        "before the option.",
    CLI_EXAMPLES({"All commands", "gantry help all"}, {"All options of gantry generate", "gantry help generate"},
                 {"The option --seeds of all commands", "gantry help seeds"},
                 {"Places where a word is used", "gantry help histogram"}),
    .main = help,
};
