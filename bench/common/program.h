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

typedef struct bench_common { /* the first member of every program's options */
    bool json, careful;
} bench_common;

#define BENCH_FIELD(type, name) .class = GT_COMMAND, .offset = offsetof(type, name)
#define BENCH_OPTIONS                                                                               \
    {.key = "json",                                                                                 \
     .type = GT_OPTION_BOOL,                                                                        \
     BENCH_FIELD(bench_common, json),                                                               \
     .standard = "0",                                                                               \
     .help = "One JSON document instead of tables"},                                                \
    {                                                                                               \
        .key = "long", .type = GT_OPTION_BOOL, BENCH_FIELD(bench_common, careful), .standard = "0", \
        .help = "Measure longer, and everything"                                                    \
    }

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

/* Runs `work` with a new folder for files, which work leaves empty and which is gone afterwards. */
gt_status bench_in_folder(bench *b, gt_status (*work)(bench *b, const char *folder));

/* FMA peak of this pool's threads in flops per second, measured now and added to the conditions. */
double bench_peak(bench *b, gt_pool *pool);

#endif
