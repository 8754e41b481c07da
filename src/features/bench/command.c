/* SPDX-License-Identifier: Apache-2.0
 * gantry bench: the benchmark programs, each a program of its own beside this one (build/bench) or installed
 * (libexec/gantry). */
#include <string.h>
#include <unistd.h>

#include "command/door/cli.h"
#include "gantry/arrays.h"
#include "gantry/file.h"
#include "gantry/program.h"

static const struct {
    const char *name, *help;
} programs[] = {
    {"start", "processor time of commands, and of a training of one step"},
    {"peak", "FMA peak, bandwidth of a core; cost of sharing a node's work"},
    {"conv", "convolution layers of the recipes, by direction and kernel"},
    {"conv_onednn", "convolutions compared with oneDNN (needs libdnnl-dev)"},
    {"step", "training phases: images/s, sec/kimg, time by kind of op"},
    {"roofline", "each graph node of a step against the limits of this CPU"},
    {"memory", "memory of training steps: planned, touched, held"},
    {"dataset", "the dataset tool beside a loop in Python with Pillow"},
    {"loader", "decoded images/s per core; waiting in training"},
    {"reduce", "sums over ranks, the exact tree against MPI_Allreduce (mpirun)"},
    {"generate", "generated images/s"},
    {"gmm", "iterations of Gaussian mixtures beside scikit-learn"},
    {"features", "features of pictures by Inception, VGG16 and your own networks"},
    {"metrics", "distances of features: nearest rows, Frechet distance"},
    {"scaling", "training on more ranks and threads; --model: up to 1024 ranks"},
    {"report", "FILE ...: saved results (.json, .h5) as tables; --h5, --svg=FILE"},
};
enum { PROGRAMS = sizeof programs / sizeof *programs };

static void list_programs(FILE *f) {
    fputs("\nNAME is a program with its own --help:\n", f);
    for (int i = 0; i < PROGRAMS; i++) gt_print_to(f, "  %-12s %s\n", programs[i].name, programs[i].help);
}

/* A folder in which Gantry was built has the library beside it: a program that was linked before that was made would
 * measure what it was before a change. */
static gt_status check_age(const char *folder, const char *path) {
    char library[GT_PROGRAM_PATH_BYTES + 256];
    snprintf(library, sizeof library, "%s/libgantry.a", folder);
    if (!gt_file_is_older(path, library)) return GT_OK;
    return gt_fail(GT_FAILED, "%s is older than %s, and would measure an older build: make bench-programs", path,
                   library);
}

/* Becomes the program; returns only when it cannot. */
static gt_status become(const char *name, char **argv) {
    static const char *const places[] = {"bench", "../libexec/gantry"};
    char folder[GT_PROGRAM_PATH_BYTES], path[GT_PROGRAM_PATH_BYTES + 256];
    gt_program_folder(folder);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", folder, places[i], name);
        gt_status st = i ? GT_OK : check_age(folder, path);
        if (st) return st;
        if (!access(path, X_OK)) execv(path, argv);
    }
    return gt_fail(GT_FAILED,
                   "'%s' is not installed: no such program in %s/bench or %s/../libexec/gantry (make bench-programs "
                   "builds them, make install-bench installs them%s)",
                   name, folder, folder, strcmp(name, "conv_onednn") ? "" : "; this one needs libdnnl-dev");
}

/* Files of results may come from elsewhere. */
static gt_status check_words(int argc, char **argv) {
    gt_status st = GT_OK;
    for (int i = 1; i < argc && !st; i++)
        if (argv[i][0] != '-') st = gt_h5_check(argv[i]);
    return st;
}

static int bench(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "--help";
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
        cli_print_help(cli_find("bench"), NULL, stdout);
        return CLI_DONE;
    }
    for (int i = 0; i < PROGRAMS; i++) {
        if (strcmp(name, programs[i].name)) continue;
        gt_status st = check_words(argc - 1, argv + 1);
        return cli_exit("bench", st ? st : become(name, argv + 1));
    }
    return cli_exit("bench", gt_fail(GT_USAGE, "there is no benchmark '%.40s'", name));
}

const cli_command cli_bench = {
    .name = "bench",
    .arguments = "NAME [--json] [--long] [--key=value ...]",
    .help = "Measure this machine: arithmetic, steps, loading, scaling",
    .detail = "Each NAME is a separate program with its own --help; `gantry bench` lists them. Results go to the "
              "standard output as tables or as JSON. `gantry bench report FILE ...` prints saved JSON as tables, joins "
              "files into one HDF5 file and plots them.",
    .more = list_programs,
    CLI_EXAMPLES({"Images per second of training steps", "gantry bench step"},
                 {"The same as JSON, and later as tables",
                  "gantry bench step --json > step.json; gantry bench report step.json"}),
    .main = bench,
};
