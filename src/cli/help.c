/* SPDX-License-Identifier: Apache-2.0
 * Help on the terminal, made from the tables. */
#include <string.h>

#include "cli/cli.h"

enum { COLUMNS = 80, HELP_COLUMN = 24 };

void cli_print_overview(FILE *f) {
    int n;
    const cli_command *const *c = cli_commands(&n);
    fputs("usage: gantry COMMAND [ARGUMENTS]\n"
          "Trains image-generating networks on CPUs, from a workstation to a cluster (gantry run).\n\n",
          f);
    for (int i = 0; i < n; i++)
        if (!c[i]->hidden) fprintf(f, "  %-10s %s\n", c[i]->name, c[i]->help);
    fputs("\n`gantry COMMAND --help` shows a command's options, `gantry help KEY` explains a key.\n"
          "Try it: gantry train --data=synth:shapes --cond --kimg=1 --cbase=2048 --cmax=64\n"
          "Exit status: 0 done, 1 failed, 2 bad usage, 75 stopped early (start again to go on).\n",
          f);
}

/* What stands for the values of a type, and what the values are. */
static const gt_named values[] = {
    [GT_OPTION_BOOL] = {"", "0 or 1"},
    [GT_OPTION_INT] = {"=N", "whole number"},
    [GT_OPTION_REAL] = {"=X", "number"},
    [GT_OPTION_TEXT] = {"=TEXT", "text"},
};

/* "--batch=N" */
static void option_head(const gt_option *o, char *out, size_t bytes) {
    snprintf(out, bytes, "--%s%s", o->key, o->choices ? "=NAME" : values[o->type].name);
}

/* "(a|b|c)" on a line of its own; of many choices the first ones and "...". */
static void print_choices(const char *text, FILE *f) {
    int n = (int)strlen(text), room = COLUMNS - HELP_COLUMN;
    bool all = n <= room;
    if (!all)
        for (n = room - 4; n > 1 && text[n - 1] != '|';) n--;
    fprintf(f, "\n%*s%.*s%s", HELP_COLUMN, "", n, text, all ? "" : "...)");
}

/* The help, and the choices or the default after it; choices without room there get a line of their own. */
static void print_common(const gt_option *o, FILE *f) {
    char head[64], tail[256] = "";
    option_head(o, head, sizeof head);
    if (o->letter) snprintf(head + strlen(head), sizeof head - strlen(head), ", -%c", o->letter);
    if (o->choices) snprintf(tail, sizeof tail, "(%s)", o->choices);
    else if (o->type != GT_OPTION_BOOL && o->standard && *o->standard) snprintf(tail, sizeof tail, "(%s)", o->standard);
    fprintf(f, "  %-*s %s", HELP_COLUMN - 3, head, o->help);
    if (*tail && HELP_COLUMN + strlen(o->help) + 1 + strlen(tail) <= COLUMNS) fprintf(f, " %s", tail);
    else if (o->choices) print_choices(tail, f);
    fputc('\n', f);
}

/* Does the family have the option? NULL: do all families? */
static bool has(const gt_family *family, const gt_option *row) {
    return family ? gt_family_has(family, row) : row->only == NULL;
}

/* The other keys, wrapped. */
static void print_further(const gt_option *rows, int n, const gt_family *family, FILE *f) {
    int column = 0, n_job;
    const char *note = rows == gt_job_table(&n_job) ? ", jobs/reference.ini all of them" : "";
    for (int i = 0; i < n; i++) {
        if (rows[i].common || !has(family, &rows[i]) || rows[i].class == GT_SHAPE) continue;
        int length = (int)strlen(rows[i].key);
        if (!column)
            fprintf(f, "Further keys (`gantry help KEY` explains each%s%s):\n", note,
                    *note && !family ? ",\n`gantry train --help --model=NAME` lists those of a model" : "");
        if (!column || column + 1 + length > COLUMNS) {
            fputs(column ? "\n " : " ", f);
            column = 1;
        }
        fprintf(f, " %s", rows[i].key);
        column += 1 + length;
    }
    if (column) fputc('\n', f);
}

void cli_print_help(const cli_command *c, const char *model, FILE *f) {
    const gt_family_model *row;
    const gt_family *family = model ? gt_family_of(model, &row) : NULL;
    fprintf(f, "usage: gantry %s%s%s\n%s\n", c->name, c->arguments ? " " : "", c->arguments ? c->arguments : "",
            c->help);
    int n = 0;
    const gt_option *rows = cli_options(c, &n);
    for (int i = 0; i < n; i++)
        if (rows[i].common && has(family, &rows[i])) print_common(&rows[i], f);
    print_further(rows, n, family, f);
}

/* `text` in lines of at most `width`, each after `prefix`. */
static void print_wrapped(const char *text, const char *prefix, int width, FILE *f) {
    while (*text) {
        int n = (int)strlen(text), room = width - (int)strlen(prefix);
        if (n > room) {
            for (n = room; n > 0 && text[n] != ' ';) n--;
            if (n == 0) n = (int)strcspn(text, " ");
        }
        fprintf(f, "%s%.*s\n", prefix, n, text);
        text += n;
        while (*text == ' ') text++;
    }
}

static void print_range(const gt_option *o, FILE *f) {
    char low[32], high[32];
    gt_real_text(o->min, low);
    gt_real_text(o->max, high);
    if (o->min == 0 && o->max == 0) return;
    if (isinf(o->max)) fprintf(f, ", %s or more", low);
    else fprintf(f, ", %s to %s", low, high);
}

void cli_print_option(const gt_option *o, const char *prefix, FILE *f) {
    char help[512];
    snprintf(help, sizeof help, "%s.", o->help);
    print_wrapped(help, prefix, COLUMNS, f);
    if (o->detail) print_wrapped(o->detail, prefix, COLUMNS, f);
    fprintf(f, "%sValue: %s", prefix, o->choices ? o->choices : values[o->type].text);
    if (o->type == GT_OPTION_INT || o->type == GT_OPTION_REAL) print_range(o, f);
    if (o->unit) fprintf(f, " (%s)", o->unit);
    const char *standard = o->standard ? o->standard : o->derived;
    fprintf(f, ". Default: %s.\n", *standard ? standard : "none");
    const char *next = o->only ? strchr(o->only, '|') : NULL;
    if (o->only)
        fprintf(f, "%sModels: %.*s%s%s.\n", prefix, (int)strcspn(o->only, "|"), o->only, next ? ", " : "",
                next ? next + 1 : "");
}

/* ---- gantry help [COMMAND | KEY] ---- */

static const gt_option *find_anywhere(const char *key, const cli_command **command) {
    int n_commands;
    const cli_command *const *commands = cli_commands(&n_commands);
    for (int i = 0; i < n_commands; i++) {
        gt_options o = {0};
        o.rows = cli_options(commands[i], &o.n);
        *command = commands[i];
        const gt_option *row = gt_options_find(&o, key);
        if (row) return row;
    }
    return NULL;
}

static int help(int argc, char **argv) {
    const char *topic = argc > 1 ? argv[1] + strspn(argv[1], "-") : NULL;
    const cli_command *command = topic ? cli_find(topic) : NULL, *owner;
    const gt_option *option = topic && !command ? find_anywhere(topic, &owner) : NULL;
    char head[64];
    if (topic && !command && !option)
        return cli_exit("help", gt_fail(GT_USAGE, "'%.60s' is neither a command nor an option", topic));
    if (!cli_first_rank()) return CLI_DONE; /* of several ranks one prints */
    if (!topic) cli_print_overview(stdout);
    else if (!option) cli_print_help(command, NULL, stdout);
    else {
        option_head(option, head, sizeof head);
        printf("gantry %s %s\n", owner->name, head);
        cli_print_option(option, "  ", stdout);
    }
    return CLI_DONE;
}

const cli_command cli_help = {
    .name = "help",
    .arguments = "[COMMAND | KEY]",
    .help = "Explain a command or an option",
    .main = help,
};
