/* SPDX-License-Identifier: Apache-2.0
 * The frame of a benchmark program: see program.h. */
#include "common/program.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/machine.h"
#include "base/door/pool.h"
#include "gantry/dist.h"
#include "kernels/door/kernels.h"
#include "gantry/log.h"
#include "gantry/program.h"
#include "gantry/version.h"
#include "kernels.h"

extern char **environ;

static const char unset_record[] = "GT_BENCH_UNSET"; /* what was unset before this process began, for its report */

static void start_without_forcing_settings(char **argv) {
    char record[512] = "";
    for (const char *const *name = gt_forcing_settings; *name; name++) {
        const char *value = getenv(*name);
        size_t used = strlen(record);
        if (value) snprintf(record + used, sizeof record - used, "%s%s=%s", used ? " " : "", *name, value);
        unsetenv(*name);
    }
    if (!*record || setenv(unset_record, record, 1)) return;
    gt_program_again(argv); /* otherwise the settings stay in force, unknown to getenv() */
    fprintf(stderr, "cannot restart without %s: unset it yourself\n", record);
    exit(1);
}

static void print_help(const bench_program *p) {
    printf("usage: gantry bench %s [--key=value ...]\n%s\n", p->name, p->help);
    for (int i = 0; i < p->n_rows; i++) {
        const gt_option *o = &p->rows[i];
        printf("  --%-20s %s%s%s%s%s\n", o->key, o->help, o->choices ? ": " : "", o->choices ? o->choices : "",
               o->type != GT_OPTION_BOOL && o->standard && *o->standard ? "; " : "",
               o->type != GT_OPTION_BOOL && o->standard ? o->standard : "");
    }
}

/* Words that are not options stay in argv[0..*words), when the program takes files. */
static gt_status read_arguments(const bench_program *p, gt_options *o, int argc, char **argv, bool *help, int *words) {
    for (int i = 1; i < argc; i++) {
        char *word = argv[i], *equals = strchr(word, '=');
        if ((*help = !strcmp(word, "--help"))) return GT_OK;
        if (strncmp(word, "--", 2)) {
            if (!p->files) return gt_fail(GT_USAGE, "'%s': options begin with --", word);
            argv[(*words)++] = word;
            continue;
        }
        char *key = gt_arena_printf(o->arena, "%.*s", equals ? (int)(equals - word - 2) : (int)strlen(word) - 2,
                                    word + 2);
        gt_status st = key ? gt_options_set(o, key, equals ? equals + 1 : NULL, NULL) : GT_NOMEM;
        if (st) return st;
    }
    return GT_OK;
}

/* Does NAME=VALUE belong to BLAS, OpenMP or this program? */
static bool setting_matters(const char *entry) {
    static const char *const prefixes[] = {"OPENBLAS_", "OMP_", "GOMP_", "GT_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (!strncmp(entry, prefixes[i], strlen(prefixes[i]))) return true;
    return false;
}

static void say_conditions(gt_results *r) {
    gt_machine m;
    char text[512];
    gt_machine_look(&m);
    gt_machine_text(&m, text, sizeof text);
    gt_results_say(r, "gantry", "%s", GT_VERSION);
    gt_results_say(r, "machine", "%s", text);
    gt_results_say(r, "kernels", "%s, %s", bench_kernels()->instructions,
                   gt_kernel_set_with_conv(bench_kernels(), "auto")->id);
    if (getenv(unset_record))
        gt_results_say(r, "unset", "%s, which forces other kernels than this CPU's", getenv(unset_record));
    for (char **e = environ; *e; e++)
        if (setting_matters(*e) && strncmp(*e, unset_record, strlen(unset_record)))
            gt_results_say(r, "environment", "%s", *e);
}

static gt_status join(const bench_program *p, bench *b) {
    if (!p->ranks) return GT_OK;
    gt_comm_end_by(_exit);
    b->comm = gt_comm_start_all(p->threads ? (int)*p->threads : 1, NULL);
    if (!b->comm) return GT_FAILED;
    gt_log_setup(b->comm->rank, b->comm->ranks, GT_WARNING);
    if (b->comm->rank == 0) gt_results_say(b->results, "ranks", "%s", b->comm->description);
    return GT_OK;
}

static gt_status run(const bench_program *p, bool first_rank) {
    bench b = {.common = p->fields, .results = gt_results_new(p->name)};
    if (!b.results) return GT_NOMEM;
    if (first_rank && !b.common->json) b.results->live = stdout;
    if (b.results->live) printf("== %s\n", p->name);
    say_conditions(b.results);
    gt_status st = join(p, &b);
    if (!st) st = p->run(&b);
    if (!st && b.results->lost)
        st = gt_fail(GT_FAILED, "there is no room for table '%s': results have up to %d tables of %d columns",
                     b.results->lost, GT_RESULTS_TABLES, GT_RESULTS_COLUMNS);
    if (!st && first_rank && b.common->json) {
        char *json = gt_results_json(b.results);
        if (json) puts(json);
        else st = gt_fail(GT_NOMEM, "out of memory for the results");
        free(json);
    }
    if (st && first_rank) fprintf(stderr, "%s: %s\n", p->name, gt_message());
    gt_results_free(b.results);
    gt_comm_stop_all(b.comm);
    return st;
}

gt_status bench_in_folder(bench *b, gt_status (*work)(bench *b, const char *folder)) {
    char folder[256];
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/gantry-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(folder)) return gt_fail(GT_FAILED, "%s: no folder for the archives can be made", folder);
    gt_status st = work(b, folder);
    rmdir(folder);
    return st;
}

/* By the rule of all commands, before anything is measured. */
static gt_status check_outputs(const gt_options *o) {
    const gt_option *overwrite = gt_options_find(o, "overwrite");
    gt_status st = GT_OK;
    for (int i = 0; i < o->n && !st; i++) {
        const gt_option *row = &o->rows[i];
        const char *path = row->writes ? *(const char *const *)((const char *)o->fields + row->offset) : "";
        if (!*path) continue;
        st = gt_outfile_check_name(row->writes, path);
        if (st) gt_wrap(st, "--%s=%s", row->key, path);
        bool all = overwrite && *(const bool *)((const char *)o->fields + overwrite->offset);
        if (!st) st = gt_outfile_check(row->writes, path, all);
    }
    return st;
}

int bench_main(const bench_program *p, int argc, char **argv) {
    start_without_forcing_settings(argv);
    bool help = false, first_rank = gt_mpi_launched_rank() == 0;
    int words = 0;
    GT_ARENA gt_arena *a = gt_arena_new();
    uint8_t *state = a ? gt_arena_array(a, (size_t)p->n_rows, 1) : NULL;
    gt_status st = state ? GT_OK : gt_fail(GT_NOMEM, "out of memory");
    gt_options o = {.rows = p->rows, .n = p->n_rows, .fields = p->fields, .state = state, .arena = a};
    if (!st) gt_options_reset(&o);
    if (!st) st = read_arguments(p, &o, argc, argv, &help, &words);
    if (!st && !help) st = check_outputs(&o);
    if (!st && !help && p->files) st = p->files(argv, words);
    if (st && first_rank) fprintf(stderr, "%s: %s\n", p->name, gt_message());
    if (!st && help && first_rank) print_help(p);
    if (!st && !help && !p->files) st = run(p, first_rank);
    return st == GT_USAGE ? 2 : st ? 1 : 0;
}

double bench_peak(bench *b, gt_pool *pool) {
    double peak = gt_probe_fma(pool, bench_kernels());
    gt_results_say(b->results, "FMA peak", "%.1f Gflop/s, %d thread%s, measured in this run", peak / 1e9,
                   gt_pool_threads(pool), gt_pool_threads(pool) > 1 ? "s" : "");
    return peak;
}

double bench_status_bytes(const char *name) {
    FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    double bytes = NAN;
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, name, strlen(name))) bytes = 1024 * strtod(line + strlen(name) + 1, NULL);
    if (f) fclose(f);
    return bytes;
}

void bench_reset_high_water(void) {
    FILE *f = fopen("/proc/self/clear_refs", "we");
    if (!f) return;
    fputs("5", f);
    fclose(f);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_sort(double *values, int n) { qsort(values, (size_t)n, sizeof *values, by_size); }
