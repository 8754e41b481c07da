/* SPDX-License-Identifier: Apache-2.0
 * gantry reference: what the tables say, as files of this repository that a test compares with it: jobs/reference.ini,
 * docs/options.md, docs/commands.md, tables of docs/series.md and docs/training.md. */
#include <stdlib.h>
#include <string.h>

#include "command/door/cli.h"
#include "gantry/file.h"
#include "gantry/rundir.h"
#include "gantry/runlog.h"

void cli_print_reference(FILE *f) {
    fputs("# Every key of a job file: meaning, values and default. A job file needs only the keys whose values differ "
          "from "
          "the defaults.\n"
          "# Each key can also be given on the command line: gantry train JOB.ini --batch=64, or batch=64. Lines are "
          "key = "
          "value; groups may\n"
          "# be left out; comments begin with # or ;; a value with one of these characters needs double quotes. Paths "
          "are "
          "relative to the\n"
          "# current directory. Written by `gantry reference`.\n",
          f);
    int n;
    const gt_option *rows = gt_job_table(&n);
    for (const gt_named *g = gt_job_groups(); g->name; g++) {
        fprintf(f, "\n# ==== %s ====\n[%s]\n", g->text, g->name);
        for (int i = 0; i < n; i++) {
            const gt_option *o = &rows[i];
            if (strcmp(o->group, g->name)) continue;
            fputc('\n', f);
            cli_print_option(o, "# ", f);
            bool known = o->standard && o->class != GT_COMMAND, set = known && gt_family_has(*gt_families(), o);
            fprintf(f, "%s%s =%s%s\n", set ? "" : "# ", o->key, known && *o->standard ? " " : "",
                    known ? o->standard : "");
        }
    }
}

/* ---- docs/options.md ---- */

/* A cell of a table: "|" would end it. */
static void put_cell(const char *text, FILE *f) {
    for (; *text; text++) fprintf(f, *text == '|' ? "\\%c" : "%c", *text);
}

/* "whole number, 1 to 4096"; of many choices the first ones. The placeholder says the unit. */
static void put_values(const gt_option *o, FILE *f) {
    enum { MOST = 60, ANY = 1000000000 /* nobody wants so much */ };
    char text[4096];
    gt_option row = *o;
    if (!o->unit || !strchr(o->unit, ' ') || o->placeholder) row.unit = NULL;
    if (o->type == GT_OPTION_REAL && o->max >= ANY) row.max = HUGE_VAL;
    cli_option_values(&row, text, sizeof text);
    if (!o->choices || strlen(text) <= MOST) {
        put_cell(text, f);
        return;
    }
    int n = MOST;
    while (text[n - 1] != '|') n--;
    text[n] = 0;
    put_cell(text, f);
    fputs("...", f);
}

static void put_row(const gt_option *o, FILE *f) {
    char head[96];
    const char *standard = o->standard ? o->standard : o->derived;
    fprintf(f, "| `%s` | ", cli_option_head(o, head, sizeof head));
    put_values(o, f);
    fputs(" | ", f);
    put_cell(o->required ? "required" : *standard ? standard : "none", f);
    fputs(" | ", f);
    put_cell(o->help, f);
    if (o->only && strcmp(o->only, o->group)) { /* a family's own options need no word */
        fputs("; only ", f);
        for (const char *c = o->only; *c; c++) fprintf(f, *c == '|' ? ", " : "%c", *c);
    }
    fputs(" |\n", f);
}

void cli_print_markdown(FILE *f) {
    fputs("# Options of training\n\n<!-- Written by `gantry reference --markdown`. -->\n", f);
    cli_print_wrapped("Each option is `--key=value` or `key=value` on the command line of `gantry train`, or a line "
                      "`key = value` of a "
                      "job file. `gantry help KEY` says more about an option, and `gantry train --model=NAME --help` "
                      "shows the options "
                      "of a model. [jobs/reference.ini](../jobs/reference.ini) is a job file with all of them and "
                      "their explanations; "
                      "the options of the other commands are in [commands.md](commands.md).",
                      "", "", 120, f);
    cli_print_wrapped("Defaults: `from cfg` is a value of the published recipe that `--cfg` names, `from model` a "
                      "value of the model that `--model` names; if families of models have different defaults, each "
                      "default follows the name of its family. `THOUSANDS` are thousands of images.",
                      "\n", "", 120, f);
    int n;
    const gt_option *rows = gt_job_table(&n);
    for (const gt_named *g = gt_job_groups(); g->name; g++) {
        const char *models = strstr(g->text, ": models "); /* of a family */
        fprintf(f, "\n## %.*s\n\nGroup `[%s]` of job files.", models ? (int)(models - g->text) : -1, g->text, g->name);
        if (models) fputc('\n', f), cli_print_wrapped(models + 2, "Its ", "", 120, f);
        fputs(models ? "\n" : "\n\n", f);
        fputs("| option | values | default | meaning |\n| --- | --- | --- | --- |\n", f);
        for (int i = 0; i < n; i++)
            if (!strcmp(rows[i].group, g->name)) put_row(&rows[i], f);
    }
}

/* ---- docs/commands.md ---- */

void cli_print_commands(FILE *f) {
    int n;
    const cli_command *const *c = cli_commands(&n);
    fputs("# Commands\n\n<!-- Written by `gantry reference --commands`. -->\n"
          "What `gantry COMMAND --help` prints, for each command. For `gantry train`, it shows the options of the "
          "standard model;\n[options.md](options.md) has the options of all models.\n\n```text\n",
          f);
    cli_print_overview(f);
    fputs("```\n", f);
    for (int i = 0; i < n; i++) {
        fprintf(f, "\n## gantry %s\n\n```text\n", c[i]->name);
        cli_print_help(c[i], NULL, f);
        fputs("```\n", f);
    }
}

/* ---- the series of a log ---- */

// Patterns are shown as readers write them, "Norms/?*_grad" as "Norms/*_grad".
static void print_pattern(const char *name, FILE *f) {
    for (; *name; name++)
        if (*name != '?') fputc(*name, f);
}

/* A table of docs/series.md. */
static void print_series(FILE *f) {
    fputs("| series | unit | meaning |\n| --- | --- | --- |\n", f);
    const gt_series *s;
    for (int i = 0; (s = gt_series_at(i)); i++) {
        if (gt_series_of(s->name) != s) continue; /* an earlier row has these */
        fputs("| `", f);
        print_pattern(s->name, f);
        fprintf(f, "` | %s | %s |\n", s->unit, s->help);
    }
}

/* ---- the files of a run ---- */

/* "fakes+([0-9]).png" is shown as "fakes*.png"; what a file is called while it is written is left out. */
static void print_file_name(const char *pattern, FILE *f) {
    static const gt_named shown[] = {{"+([0-9])", "*"}, {"?(.part)", ""}, {0}};
    while (*pattern) {
        const gt_named *s = shown;
        while (s->name && strncmp(pattern, s->name, strlen(s->name))) s++;
        if (s->name) fputs(s->text, f);
        else fputc(*pattern, f);
        pattern += s->name ? strlen(s->name) : 1;
    }
}

/* A table of docs/training.md. */
static void print_files(FILE *f) {
    fputs("| file | what it is | `--restart` |\n| --- | --- | --- |\n", f);
    const gt_run_file *r;
    for (int i = 0; (r = gt_run_file_at(i)); i++) {
        if (gt_ends_with(r->pattern, ".part")) continue;
        fputs("| `", f);
        print_file_name(r->pattern, f);
        fprintf(f, "` | %s | %s |\n", r->help, r->kind == GT_RUN_WRITES ? "sets it aside" : "keeps it");
    }
}

/* ---- the command ---- */

typedef struct reference_fields {
    bool markdown, commands, series, files;
} reference_fields;

#define FIELDS reference_fields
static const gt_option table[] = {
    {CLI_OPTION(markdown, "0", "The options of training as tables: docs/options.md")},
    {CLI_OPTION(commands, "0", "The help of all commands: docs/commands.md")},
    {CLI_OPTION(series, "0", "The series of a run's log as a table: docs/series.md")},
    {CLI_OPTION(files, "0", "The files in the folder of a run as a table: docs/training.md")},
};

static gt_status reference(cli_session *s) {
    const reference_fields *o = s->fields;
    if (s->arguments.n_words) return gt_fail(GT_USAGE, "takes no arguments");
    if (o->markdown + o->commands + o->series + o->files > 1)
        return gt_fail(GT_USAGE, "one of --markdown, --commands, --series and --files, not several");
    (o->markdown   ? cli_print_markdown
     : o->commands ? cli_print_commands
     : o->series   ? print_series
     : o->files    ? print_files
                   : cli_print_reference)(stdout);
    return GT_OK;
}

const cli_command cli_reference = {
    .name = "reference",
    .arguments = "[--markdown | --commands | --series | --files]",
    .help = "Print a job file with all options of training, explained",
    CLI_EXAMPLES({"A job file to copy from", "gantry reference > all.ini"},
                 {"The same options as tables", "gantry reference --markdown > options.md"}),
    CLI_ROWS(table),
    .run = reference,
};
