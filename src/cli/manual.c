/* SPDX-License-Identifier: Apache-2.0
 * The reference job and the manual page, written from the tables: `make` compares or installs what these print. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

void cli_print_reference(FILE *f) {
    fputs("# Every key of a job file: what it means, which values it takes, and what it is when nobody sets it. A job "
          "file holds only the keys that\n"
          "# differ. Each can be overridden on the command line: gantry train JOB.ini --batch=64, or batch=64. Lines "
          "are key = value; groups may be\n"
          "# left out; comments begin with # or ;; a value that holds one of these characters stands in double quotes. "
          "Paths are relative to the\n"
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

/* ---- roff ---- */

/* Hyphens of options must stay ASCII, a dot or quote at the start of a line is a request, backslashes escape. */
static void put_roff(const char *text, FILE *f) {
    if (*text == '.' || *text == '\'') fputs("\\&", f);
    for (; *text; text++) {
        if (*text == '-') fputs("\\-", f);
        else if (*text == '\\') fputs("\\e", f);
        else fputc(*text, f);
    }
}

static void put_line(const char *text, FILE *f) {
    put_roff(text, f);
    fputc('\n', f);
}

static void put_option(const gt_option *o, FILE *f) {
    fputs(".TP\n.B \\-\\-", f);
    put_roff(o->key, f);
    if (o->letter) fprintf(f, ", \\-%c", o->letter);
    fputc('\n', f);
    char *text = NULL;
    size_t bytes;
    FILE *memory = open_memstream(&text, &bytes);
    if (!memory) return;
    cli_print_option(o, "", memory);
    fclose(memory);
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
        if (*line) put_line(line, f);
    free(text);
}

static void put_command(const cli_command *c, FILE *f) {
    fputs(".SS gantry ", f);
    put_roff(c->name, f);
    fputc(' ', f);
    put_line(c->arguments ? c->arguments : "", f);
    put_roff(c->help, f);
    fputs(".\n", f);
    if (c->detail) put_line(c->detail, f);
    int n = 0;
    const gt_option *rows = cli_options(c, &n);
    for (int i = 0; i < n; i++)
        if (rows[i].class != GT_SHAPE) put_option(&rows[i], f);
}

void cli_print_manual(FILE *f) {
    fprintf(f, ".\\\" Written by `gantry man` from the option tables.\n.TH GANTRY 1 \"\" \"gantry %s\"\n", GT_VERSION);
    fputs(
        ".SH NAME\ngantry \\- train image-generating networks on CPUs\n"
        ".SH SYNOPSIS\n.B gantry\n.I COMMAND\n[\\fIARGUMENTS\\fR]\n.br\n.B gantry run \\-n\n.I N\n.B train\n"
        "[\\fIJOB.ini\\fR] [\\fB\\-\\-\\fIkey\\fB=\\fIvalue\\fR ...]\n"
        ".SH DESCRIPTION\nGantry trains generative networks, StyleGAN2\\-ADA first, on workstations and clusters "
        "without GPUs. A run is a "
        "function of job, data\n"
        "and seed alone: its bits do not depend on the number of ranks and threads, nor on being stopped and resumed.\n"
        "Options are \\-\\-key=value or \\-\\-key value; booleans are \\-\\-key or \\-\\-key=0|1|true|false.\n"
        "Results are printed to the standard output, talk to the standard error.\n.SH COMMANDS\n",
        f);
    int n;
    const cli_command *const *c = cli_commands(&n);
    for (int i = 0; i < n; i++)
        if (!c[i]->hidden) put_command(c[i], f);
    fputs(".SH JOB FILES\nA job file holds lines of the form key = value under [group] banners; a key is an option's "
          "name. jobs/reference.ini "
          "lists all of them.\n"
          ".SH SIGNALS\nSIGUSR1, SIGTERM, SIGINT and SIGHUP (unless it was ignored at the start, as by nohup), or a "
          "file named stop in the run's directory, or the end of \\-\\-max\\-time, let a run write a checkpoint at the "
          "next step, "
          "and exit with status 75.\n"
          "SIGUSR2 lets it write a checkpoint and go on. A second SIGINT ends it at once. All this holds for gantry "
          "run, too. mpirun itself ends its ranks about a second after passing on SIGTERM or "
          "SIGINT; SIGUSR1 gives them time.\n"
          ".SH ENVIRONMENT\n.TP\n.B GT_ISA\n"
          "Instruction set of the kernels: portable, avx2 or avx512; by default the best that the CPU has. Results "
          "differ in their last bits "
          "between sets.\n"
          ".TP\n.B GT_CONV\nKernels of convolutions where the job says conv = auto: auto, direct or winograd. A run "
          "that goes on keeps those it began with.\n"
          ".TP\n.B GANTRY_TERMINAL\nThe standard error, though a pipe, ends at a terminal so many columns wide: what "
          "gantry run tells its ranks.\n"
          ".TP\n.B NO_COLOR\nNo colours on a terminal.\n"
          ".SH EXIT STATUS\n0: done. 1: failed. 2: bad usage. 75: stopped before its end; start it again to go on.\n"
          ".SH EXAMPLES\n.nf\ngantry run \\-n 2 train \\-\\-data=pictures.zip \\-\\-run=runs/first\n"
          "gantry generate runs/first \\-\\-seeds=0\\-63 \\-\\-grid=8x8 \\-\\-outdir=out\n"
          "gantry inspect pictures.zip\n.fi\n",
          f);
}

const cli_command cli_reference = {
    .name = "reference", .help = "Print jobs/reference.ini", .hidden = true, .print = cli_print_reference};
const cli_command cli_man = {.name = "man", .help = "Print the manual page", .hidden = true, .print = cli_print_manual};
