/* SPDX-License-Identifier: Apache-2.0
 * gantry --help, gantry help all and gantry COMMAND --help, made from the tables. */
#include <string.h>

#include "command/door/cli.h"

enum { COLUMNS = 80, HELP_COLUMN = 26, TAIL_BYTES = 512 };

static const char usage[] = "usage: gantry COMMAND [ARGUMENTS]\n"
                            "Trains image-generating networks on CPUs, from a workstation to a cluster.\n",
                  try_it[] = "Try it: gantry train --data=synth:shapes --cond --kimg=1 --cbase=2048 --cmax=64\n";

static void print_command(const cli_command *c, FILE *f) { fprintf(f, "  %-12s %s\n", c->name, c->help); }

void cli_print_first(FILE *f) {
    enum { PLACES = 9 };
    fputs(usage, f);
    for (int place = 1; place <= PLACES; place++)
        if (cli_first_command(place)) print_command(cli_first_command(place), f);
    fputs("gantry help all: all commands. gantry COMMAND --help: options, files, examples.\n", f);
    fputs(try_it, f);
}

void cli_print_overview(FILE *f) {
    int n;
    const char *group = NULL;
    const cli_command *const *c = cli_commands(&n);
    fputs(usage, f);
    for (int i = 0; i < n; i++) {
        if (group != cli_group_of(c[i])) fprintf(f, "%s\n", group = cli_group_of(c[i]));
        print_command(c[i], f);
    }
    fputs("gantry COMMAND --help: options, files, examples. gantry help WORD: what it is.\n", f);
    fputs(try_it, f);
    fputs("Exit status: 0 done, 1 failed, 2 wrong usage, 75 stopped: start again to resume.\n", f);
}

/* ---- options ---- */

const char *cli_option_head(const gt_option *o, char *text, size_t bytes) {
    char room[32];
    const char *value = gt_option_placeholder(o, room);
    bool open = o->bare != NULL; /* the key alone has a meaning, too */
    int n = snprintf(text, bytes, "--%s%s%s%s%s", o->key, open ? "[" : "", *value ? "=" : "", value, open ? "]" : "");
    if (o->letter) snprintf(text + n, bytes - (size_t)n, ", -%c", o->letter);
    return text;
}

/* "ada, fixed, noaug"; of many choices the first ones. */
static void add_choices(const gt_option *o, char *out, size_t bytes) {
    enum { MOST = 100 };
    bool all = strlen(o->choices) <= MOST;
    size_t n = 0;
    for (const char *c = o->choices; *c && (all || c < o->choices + MOST);) {
        int length = (int)strcspn(c, "|");
        n += (size_t)snprintf(out + n, bytes - n, "%s%.*s", n ? ", " : "", length, c);
        c += length + (c[length] == '|');
    }
    if (!all) snprintf(out + n, bytes - n, ", ... all: gantry help %s", o->key);
}

/* What is shown: the options of a command (`family` NULL), or those of a job of this model. */
typedef struct view {
    const gt_option *rows;
    int n;
    const gt_family *family;
    const gt_family_model *model;
} view;

static bool begins(const char *text, const char *name, int length) {
    int n = (int)strlen(name);
    return n < length && !strncmp(text, name, (size_t)n) && text[n] == ' ';
}

/* Of "1; dcgan 2; autoencoder 3" what holds for the view's family, and of "from model" what the model says. */
static void find_default(const view *v, const gt_option *o, char *out, size_t bytes) {
    const char *text = o->standard ? o->standard : o->derived, *chosen = NULL;
    snprintf(out, bytes, "%s", text ? text : "");
    if (!v->family || o->standard || !text) return;
    const char *family = gt_family_name(v->family);
    int chosen_length = 0;
    bool own = false;
    for (const char *piece = text; *piece;) {
        const char *end = strstr(piece, "; ");
        int length = end ? (int)(end - piece) : (int)strlen(piece);
        bool others = false;
        for (const gt_family *const *f = gt_families(); *f; f++) others |= begins(piece, gt_family_name(*f), length);
        bool mine = begins(piece, family, length);
        if (mine || (!others && !own && !chosen)) {
            int skip = mine ? (int)strlen(family) + 1 : 0;
            chosen = piece + skip, chosen_length = length - skip, own = mine;
        }
        piece += length + (end ? 2 : 0);
    }
    if (chosen) snprintf(out, bytes, "%.*s", chosen_length, chosen);
    char key[64];
    snprintf(key, sizeof key, " %s=", o->key);
    const char *defaults = v->model->defaults, *at = defaults ? strstr(defaults, key + 1) : NULL;
    if (at && at != defaults) at = strstr(defaults, key), at = at ? at + 1 : NULL;
    if (at && gt_is(out, "from model"))
        snprintf(out, bytes, "%.*s", (int)strcspn(at + strlen(key) - 1, " "), at + strlen(key) - 1);
}

static void join(char *text, const char *what, const char *more) {
    size_t n = strlen(text);
    snprintf(text + n, TAIL_BYTES - n, "%s%s%s", n ? "; " : "", what, more);
}

/* " (pixels; a, b, c; default: a)", or nothing. */
static void describe_value(const view *v, const gt_option *o, char out[TAIL_BYTES + 8]) {
    char text[TAIL_BYTES] = "", choices[256] = "", standard[256];
    if (o->choices) add_choices(o, choices, sizeof choices);
    find_default(v, o, standard, sizeof standard);
    bool flag = o->type == GT_OPTION_BOOL;
    if (o->unit && o->placeholder && !strstr(o->help, o->unit) && !strstr(o->help, "housands of images"))
        join(text, "", o->unit); /* other units are placeholders */
    if (*choices) join(text, "", choices);
    if (o->required) join(text, "required", "");
    else if (*standard && !(flag && gt_is(standard, "0"))) join(text, "default: ", standard);
    out[0] = 0;
    if (*text) snprintf(out, TAIL_BYTES + 8, " (%s)", text);
}

static void print_option(const view *v, const gt_option *o, FILE *f) {
    char head[96], first[128], prefix[HELP_COLUMN + 1], tail[TAIL_BYTES + 8], text[2048];
    cli_option_head(o, head, sizeof head);
    describe_value(v, o, tail);
    snprintf(text, sizeof text, "%s%s", o->help, tail);
    snprintf(prefix, sizeof prefix, "%*s", HELP_COLUMN, "");
    snprintf(first, sizeof first, "  %-*s  ", HELP_COLUMN - 4, head);
    if (strlen(first) > HELP_COLUMN) {
        fprintf(f, "  %s\n", head);
        strcpy(first, prefix);
    }
    cli_print_wrapped(text, first, prefix, COLUMNS, f);
}

/* Is it among the options of the group, or (NULL) of all groups? */
static bool is_shown(const view *v, const gt_option *o, const char *group, bool common) {
    if (o->class == GT_SHAPE || (v->family && !gt_model_has(v->family, v->model, o))) return false;
    return o->common == common && (!group || !strcmp(o->group, group));
}

static bool are_there(const view *v, const char *group, bool common) {
    int i = 0;
    while (i < v->n && !is_shown(v, &v->rows[i], group, common)) i++;
    return i < v->n;
}

static void print_rows(const view *v, const char *group, bool common, FILE *f) {
    for (int i = 0; i < v->n; i++)
        if (is_shown(v, &v->rows[i], group, common)) print_option(v, &v->rows[i], f);
}

static void print_options(const view *v, FILE *f) {
    if (v->n) fputs("\nOptions (--key=value or --key value; a flag has no value and is off without it):\n", f);
    print_rows(v, NULL, true, f);
    if (are_there(v, NULL, true) && are_there(v, NULL, false)) fputs("\nFurther options:\n", f);
    print_rows(v, NULL, false, f);
}

/* The options of a job, the common ones first, the others by group. */
static void print_job(const view *v, FILE *f) {
    char title[512];
    fprintf(f,
            "\nOptions of --model=%s (others: gantry train --model=NAME --help).\n"
            "Each is --key=value, key=value, or a line of JOB.ini:\n",
            v->model->name);
    print_rows(v, NULL, true, f);
    for (const gt_named *g = gt_job_groups(); g->name; g++) {
        if (!are_there(v, g->name, false)) continue;
        fputc('\n', f);
        snprintf(title, sizeof title, "%s:", g->text);
        cli_print_wrapped(title, "", "  ", COLUMNS, f);
        print_rows(v, g->name, false, f);
    }
}

/* ---- a command ---- */

void cli_print_wrapped(const char *text, const char *first, const char *prefix, int width, FILE *f) {
    for (const char *before = first; *text; before = prefix) {
        int n = (int)strlen(text), room = width - (int)strlen(before);
        if (n > room) {
            for (n = room; n > 0 && text[n] != ' ';) n--;
            if (n == 0) n = (int)strcspn(text, " ");
        }
        fprintf(f, "%s%.*s\n", before, n, text);
        text += n;
        while (*text == ' ') text++;
    }
}

/* "Exit status: 0 done, ..." without a line's end. */
static void put_exit_status(const cli_command *c, FILE *f) {
    fputs("0 done, 1 failed", f);
    if (c->failed) fprintf(f, " (or %s)", c->failed);
    fputs(", 2 wrong usage", f);
    if (c->undecided) fprintf(f, ", 3 %s", c->undecided);
    if (c->stopped) fprintf(f, ", 75 %s", c->stopped);
}

static void print_exit_status(const cli_command *c, FILE *f) {
    char text[512] = "Exit status: ";
    FILE *memory = fmemopen(text + strlen(text), sizeof text - strlen(text), "w");
    if (!memory) return;
    put_exit_status(c, memory);
    fputc('.', memory);
    fclose(memory);
    cli_print_wrapped(text, "", "  ", COLUMNS, f);
}

void cli_print_help(const cli_command *c, const char *model, FILE *f) {
    int n_job;
    char text[512];
    view v = {0};
    v.rows = cli_options(c, &v.n);
    if (v.rows == gt_job_table(&n_job)) {
        v.family = model ? gt_family_of(model, &v.model) : NULL;
        if (!v.family) v.family = gt_families()[0], v.model = gt_family_models(v.family);
    }
    snprintf(text, sizeof text, "gantry %s %s", c->name, c->arguments ? c->arguments : "");
    cli_print_wrapped(text, "usage: ", "       ", COLUMNS, f);
    snprintf(text, sizeof text, "%s.", c->help);
    cli_print_wrapped(text, "", "", COLUMNS, f);
    if (c->examples) fputs("\nExamples:\n", f);
    for (const gt_named *e = c->examples; e && e->name; e++) fprintf(f, "  %s:\n    %s\n", e->name, e->text);
    fputs(c->files ? "\nWrites:\n" : "\nWrites no files, only what it prints.\n", f);
    if (c->files) cli_print_wrapped(c->files, "  ", "  ", COLUMNS, f);
    if (v.family) print_job(&v, f);
    else print_options(&v, f);
    if (c->takes_job) fputs("\nAnd all options of `gantry train`: see gantry train --help.\n", f);
    if (c->more) c->more(f);
    fputc('\n', f);
    if (!c->main || v.n) fputs("Also -q (only warnings and errors) and --progress=0 (no line of progress).\n", f);
    print_exit_status(c, f);
    snprintf(text, sizeof text, "`gantry help KEY` says more about an option, `gantry man %s` about all of them.",
             c->name);
    if (v.n) cli_print_wrapped(text, "", "", COLUMNS, f);
}
