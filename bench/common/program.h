/* SPDX-License-Identifier: Apache-2.0
 * The frame of a benchmark program: its options (--json, --long, --help and its own as --key=value), the conditions it
 * prints (machine, kernel set, settings of BLAS and OpenMP), its results as text while it runs or as one JSON document
 * at its end.
 *
 * OpenBLAS reads its settings when it is loaded: a program that finds one that forces an older core starts itself anew
 * without it, and says so. */
#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include "common/results.h"
#include "gantry/dist.h"
#include "gantry/option.h"
#include "gantry/outfile.h"
#include "gantry/pool.h"

typedef struct bench_common { /* the first member of every program's options */
    bool json, careful;
} bench_common;

/* How a row of a program's options begins (GT_ROW), and the rows that several programs have. */
#define BENCH_ROW(struct_, name, field, value, text) GT_ROW(struct_, name, field, value, text), .class = GT_COMMAND
#define BENCH_OPTIONS                                                                      \
    {BENCH_ROW(bench_common, "json", json, "0", "One JSON document instead of tables")}, { \
        BENCH_ROW(bench_common, "long", careful, "0", "Measure longer, and everything")    \
    }
/* In the row of a file that is written (gantry/outfile.h), and the row beside it. */
#define BENCH_WRITES(pattern, of_kind)            \
    .path = true, .writes = &(const gt_outfile) { \
        .files = (const gt_outfile_name[]) {      \
            {pattern, of_kind}, { 0 }             \
        }                                         \
    }
#define BENCH_OVERWRITE(struct_) \
    { BENCH_ROW(struct_, "overwrite", overwrite, "0", "Replace whatever exists at the place of an output file") }
#define BENCH_THREADS(struct_) \
    { BENCH_ROW(struct_, "threads", threads, "1", "Number of threads of each rank"), .min = 1, .max = 4096 }

typedef struct bench {
    const bench_common *common;
    gt_results *results;
    gt_comm *comm; /* NULL: a program that knows no ranks */
} bench;

typedef struct bench_program {
    const char *name, *help;
    const gt_option *rows;
    int n_rows;
    void *fields;
    gt_status (*run)(bench *b);
    /* instead of run, of a program that measures nothing: the words of the command line */
    gt_status (*files)(char **files, int n);
    bool ranks;             /* runs under mpirun too */
    const int64_t *threads; /* with ranks: the field that says how many; NULL: 1 */
} bench_program;

/* The whole life of a program: returns its exit status. */
int bench_main(const bench_program *p, int argc, char **argv);
/* main() of a program with `rows` and `options`; the arguments are the other members of its bench_program. */
#define BENCH_MAIN(...)                                                                                                \
    int main(int argc, char **argv) {                                                                                  \
        const bench_program p = {.rows = rows, .n_rows = sizeof rows / sizeof *rows, .fields = &options, __VA_ARGS__}; \
        return bench_main(&p, argc, argv);                                                                             \
    }

/* Runs `work` with a new folder for files, which work leaves empty and which is gone afterwards. */
gt_status bench_in_folder(bench *b, gt_status (*work)(bench *b, const char *folder));

/* A line of /proc/self/status in bytes: "VmRSS" what the process holds, "VmHWM" the most since it began, or since the
 * mark was set anew to what is held now. NaN: not known. */
double bench_status_bytes(const char *name);
void bench_reset_high_water(void);

/* From the least to the largest; without NaN. */
void bench_sort(double *values, int n);

/* FMA peak of this pool's threads in flops per second, measured now and added to the conditions. */
double bench_peak(bench *b, gt_pool *pool);

#endif
