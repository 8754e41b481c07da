/* SPDX-License-Identifier: Apache-2.0
 * gantry man: the manual pages gantry(1) and gantry-COMMAND(1), written from the tables. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/door/cli.h"

/* ---- roff ---- */

/* Hyphens and quotes must stay ASCII, a dot or quote at the start of a line is a request, backslashes escape. */
static void put_roff(const char *text, FILE *f) {
    static const gt_named escapes[] = {{"-", "\\-"},   {"\\", "\\e"},   {"'", "\\(aq"},
                                       {"`", "\\(ga"}, {"^", "\\(ha"},  {"~", "\\(ti"},
                                       {"|", "|\\:"},  {"\"", "\\(dq"}, {0}};
    if (*text == '.') fputs("\\&", f);
    for (; *text; text++) {
        const gt_named *e = escapes;
        while (e->name && *e->name != *text) e++;
        if (e->name) fputs(e->text, f);
        else fputc(*text, f);
    }
}

static void put_line(const char *text, FILE *f) {
    put_roff(text, f);
    fputc('\n', f);
}

/* A text of many sentences, in lines. */
static void put_text(const char *text, FILE *f) {
    GT_FREED char *lines = NULL;
    size_t bytes;
    FILE *memory = open_memstream(&lines, &bytes);
    if (!memory) return;
    cli_print_wrapped(text, "", "", 100, memory);
    fclose(memory);
    for (char *rest = lines, *line; (line = strsep(&rest, "\n"));)
        if (*line) put_line(line, f);
}

/* .TH of gantry (`name` "") or gantry-NAME. */
static void put_title(const char *name, FILE *f) {
    fprintf(f, ".\\\" Written by `gantry man%s%s` from the option tables.\n.TH GANTRY", *name ? " " : "", name);
    if (*name) fputs("\\-", f);
    for (const char *c = name; *c; c++) fputc(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, f);
    fprintf(f, " 1 %s \"Gantry %s\" \"Gantry manual\"\n.nh\n.ad l\n", GT_RELEASE_DATE, GT_VERSION);
}

static void put_option(const gt_option *o, FILE *f) {
    char room[32], *text = NULL;
    const char *value = gt_option_placeholder(o, room);
    size_t bytes;
    fputs(".TP\n\\fB\\-\\-", f);
    put_roff(o->key, f);
    fputs("\\fR", f);
    if (*value) {
        fprintf(f, "%s=\\fI", o->bare ? "[" : "");
        put_roff(value, f);
        fprintf(f, "\\fR%s", o->bare ? "]" : "");
    }
    if (o->letter) fprintf(f, ", \\fB\\-%c\\fR", o->letter);
    fputc('\n', f);
    FILE *memory = open_memstream(&text, &bytes);
    if (!memory) return;
    cli_print_option(o, "", memory);
    fclose(memory);
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        if (!strncmp(line, "Value: ", 7) || !strncmp(line, "Models: ", 8)) fputs(".br\n", f);
        if (*line) put_line(line, f);
    }
    free(text);
}

static void put_examples(const gt_named *e, FILE *f) {
    fputs(".SH EXAMPLES\n", f);
    for (; e->name; e++) {
        fputs(".PP\n", f);
        put_roff(e->name, f);
        fputs(":\n.PP\n.RS 4\n.nf\n", f);
        put_line(e->text, f);
        fputs(".fi\n.RE\n", f);
    }
}

/* ---- gantry-COMMAND(1) ---- */

static void put_options(const gt_option *rows, int n, const char *group, FILE *f) {
    for (int i = 0; i < n; i++)
        if (rows[i].class != GT_SHAPE && (!group || !strcmp(rows[i].group, group))) put_option(&rows[i], f);
}

static void put_job_options(const gt_option *rows, int n, FILE *f) {
    put_text("Each option may also be written key=value, or as a line of JOB.ini. Options that only some models have "
             "name these models.",
             f);
    for (const gt_named *g = gt_job_groups(); g->name; g++) {
        fputs(".SS ", f);
        put_line(g->text, f);
        put_options(rows, n, g->name, f);
    }
}

static void put_see_also(const cli_command *c, FILE *f) {
    int n;
    const cli_command *const *all = cli_commands(&n);
    fputs(".SH SEE ALSO\n.BR gantry (1)", f);
    for (int i = 0; i < n; i++) {
        if (all[i] == c) continue;
        if (c && cli_group_of(all[i]) != cli_group_of(c)) continue;
        fputs(",\n.BR gantry\\-", f);
        put_roff(all[i]->name, f);
        fputs(" (1)", f);
    }
    fputc('\n', f);
}

/* A text that begins a sentence here. */
static void put_status(const char *number, const char *text, FILE *f) {
    if (!text) return;
    const char first[] = {(char)toupper((unsigned char)*text), 0};
    fprintf(f, ".TP\n.B %s\n", number);
    put_roff(first, f);
    put_roff(text + 1, f);
    fputs(".\n", f);
}

void cli_print_manual_of(const cli_command *c, FILE *f) {
    int n = 0, n_job;
    const gt_option *rows = cli_options(c, &n);
    put_title(c->name, f);
    fputs(".SH NAME\ngantry\\-", f);
    put_roff(c->name, f);
    fputs(" \\- ", f);
    put_line(c->help, f);
    fputs(".SH SYNOPSIS\n.B gantry ", f);
    put_line(c->name, f);
    if (c->arguments) put_line(c->arguments, f);
    fputs(".SH DESCRIPTION\n", f);
    put_roff(c->help, f);
    fputs(".\n", f);
    if (c->detail) put_text(c->detail, f);
    if (c->takes_job) put_text("This command also has all options of gantry train.", f);
    if (n) fputs(".SH OPTIONS\n", f);
    if (n && rows == gt_job_table(&n_job)) put_job_options(rows, n, f);
    else put_options(rows, n, NULL, f);
    fputs(".SH FILES\n", f);
    put_text(c->files ? c->files : "None is written.", f);
    fputs(".SH EXIT STATUS\n.TP\n.B 0\nDone.\n.TP\n.B 1\nFailed", f);
    if (c->failed) fputs(", or ", f), put_roff(c->failed, f);
    fputs(".\n.TP\n.B 2\nWrong usage: a mistake in the command line or in the job file.\n", f);
    put_status("3", c->undecided, f);
    put_status("75", c->stopped, f);
    if (c->diagnostics) fputs(".SH DIAGNOSTICS\n", f);
    for (const gt_named *d = c->diagnostics; d && d->name; d++) {
        fputs(".TP\n.I ", f);
        put_line(d->name, f);
        put_text(d->text, f);
    }
    if (c->examples) put_examples(c->examples, f);
    put_see_also(c, f);
}

/* ---- gantry(1) ---- */

static void put_commands(FILE *f) {
    int n;
    const cli_command *const *c = cli_commands(&n);
    const char *group = NULL;
    for (int i = 0; i < n; i++) {
        if (group != cli_group_of(c[i])) fprintf(f, ".SS %s\n", group = cli_group_of(c[i]));
        fputs(".TP\n.BR gantry\\-", f);
        put_roff(c[i]->name, f);
        fputs(" (1)\n", f);
        put_roff(c[i]->help, f);
        fputs(".\n", f);
    }
}

static const gt_named sections[] = {
    {"JOB FILES", "A job file holds lines of the form key = value under [group] banners; a key is an option's name. "
                  "gantry reference prints a job file with all keys, explained. Options on the command line take "
                  "precedence over the job file."},
    {"SIGNALS",
     "A run writes a checkpoint at the next step and exits with status 75 on SIGUSR1, SIGTERM, SIGINT or SIGHUP "
     "(unless SIGHUP was ignored at the start, as by nohup), if a file named stop appears in the run's directory, or "
     "at the end of --max-time. On SIGUSR2, or if a file named checkpoint appears in the run's directory, the run "
     "writes a checkpoint and continues. A second SIGINT ends the run at once. All this also holds for gantry run. "
     "mpirun itself ends its ranks about a second after passing on SIGTERM or SIGINT; SIGUSR1 gives them time."},
    {0},
};

static const gt_named environment[] = {
    {"GT_ISA", "Instruction set of the kernels: portable, avx2 or avx512; by default the best that the CPU has. "
               "avx2 and avx512 have one arithmetic, portable has another: last bits differ."},
    {"GT_CONV", "Kernels of convolutions for jobs with conv = auto: auto, direct or winograd. A resumed run keeps the "
                "kernels that it began with."},
    {"GT_CACHE", "Folder in which gantry metrics keeps statistics of real pictures, and gantry train keeps the fastest "
                 "numbers of ranks and threads."},
    {"GANTRY_RANKS",
     "Number of ranks that gantry train starts by itself if --ranks is not given; 1: no ranks and no trials."},
    {"GANTRY_MPI", "Value of srun --mpi for the ranks of gantry run, if it is not pmix."},
    {"GANTRY_SITE", "File with the settings of a site, instead of slurm/site.env: see gantry-submit(1)."},
    {"GANTRY_TERMINAL", "Set by gantry run for its ranks: the standard error is a pipe that ends at a terminal with "
                        "this number of columns."},
    {"NO_COLOR", "No colours on a terminal."},
    {0},
};

static const gt_named files[] = {
    {"RUN/", "The directory of a run: checkpoints, pictures, logs and report. See gantry-train(1)."},
    {"PREFIX/share/gantry/jobs/", "Job files to begin with; reference.ini explains all keys."},
    {"PREFIX/share/gantry/networks/", "Networks that come with Gantry. Commands take their names: gantry version lists "
                                      "them."},
    {"PREFIX/share/gantry/slurm/", "Scripts for Slurm, and site.env."},
    {0},
};

static const gt_named statuses[] = {
    {"0", "Done."},
    {"1", "Failed."},
    {"2", "Wrong usage: a mistake in the command line or in the job file."},
    {"3", "Not all could be found out here (gantry audit)."},
    {"75", "Stopped before the end; the same command resumes."},
    {0},
};

static const gt_named examples[] = {
    {"Train on two ranks; stop with Ctrl-C; resume with the same command",
     "gantry run -n 2 train auto --data=pictures.zip --run=runs/first"},
    {"64 images of the trained network in one picture",
     "gantry generate runs/first --seeds=0-63 --grid=8x8 --outdir=out"},
    {"What a dataset holds", "gantry inspect pictures.zip"},
    {0},
};

static void put_list(const char *title, const gt_named *list, FILE *f) {
    fprintf(f, ".SH %s\n", title);
    for (; list->name; list++) {
        fputs(".TP\n.B ", f);
        put_line(list->name, f);
        put_text(list->text, f);
    }
}

void cli_print_manual(FILE *f) {
    put_title("", f);
    fputs(".SH NAME\ngantry \\- train image-generating networks on CPUs\n"
          ".SH SYNOPSIS\n.B gantry\n.I COMMAND\n[\\fIARGUMENTS\\fR]\n.br\n.B gantry run \\-n\n.I N\n.B train\n"
          "[\\fIJOB.ini\\fR] [\\fB\\-\\-\\fIkey\\fB=\\fIvalue\\fR ...]\n.SH DESCRIPTION\n",
          f);
    put_text("Gantry trains generative networks, StyleGAN2-ADA first, on workstations and clusters without GPUs. A run "
             "depends only on job, data and seed: its bits are the same on any number of ranks and threads, and after "
             "stops and resumes.",
             f);
    fputs(".PP\n", f);
    put_text("Options are --key=value or --key value; a flag is --key, or --key=0|1|no|yes|off|on|false|true. In names "
             "of options, _ may replace -. Results are printed to the standard output, messages to the standard error.",
             f);
    fputs(".SH COMMANDS\n", f);
    put_commands(f);
    for (const gt_named *s = sections; s->name; s++) {
        fprintf(f, ".SH %s\n", s->name);
        put_text(s->text, f);
    }
    put_list("ENVIRONMENT", environment, f);
    put_list("FILES", files, f);
    put_list("EXIT STATUS", statuses, f);
    put_examples(examples, f);
    put_see_also(NULL, f);
}

/* ---- the command ---- */

static void print_page(const cli_command *c, FILE *f) {
    if (c) cli_print_manual_of(c, f);
    else cli_print_manual(f);
}

/* As man(1) shows a page; where it is missing, the text of --help. */
static void show(const cli_command *c) {
    fflush(stdout);
    FILE *f = system("command -v man >/dev/null 2>&1") ? NULL : popen("exec man -l -", "we");
    if (f) print_page(c, f);
    if (f && !pclose(f)) return;
    if (c) cli_print_help(c, NULL, stdout);
    else cli_print_overview(stdout);
}

static gt_status man(cli_session *s) {
    const cli_arguments *a = &s->arguments;
    if (a->n_words > 1) return gt_fail(GT_USAGE, "one command, as in gantry man %.60s", a->words[0]);
    const cli_command *c = a->n_words ? cli_find(a->words[0]) : NULL;
    if (a->n_words && !c) return cli_fail_unknown(a->words[0]);
    if (isatty(STDOUT_FILENO)) show(c);
    else print_page(c, stdout);
    return GT_OK;
}

const cli_command cli_man = {
    .name = "man",
    .arguments = "[COMMAND]",
    .help = "Show the manual page of Gantry, or of a command",
    .detail = "On a terminal man(1) shows the page; into a file or a pipe the command writes its roff. make install "
              "installs all pages.",
    CLI_EXAMPLES({"Read the page of a command", "gantry man train"}, {"The page gantry(1)", "gantry man > gantry.1"}),
    .run = man,
};
