/* SPDX-License-Identifier: Apache-2.0
 * gantry inspect: what a file holds. Which kind it is follows from its name and its first bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "features/inspect/command.h"
#include "base/door/file.h"
#include "data/door/fields_look.h"
#include "files/h5/door/arrays.h"
#include "features/inspect/file_view.h"
#include "gantry/arrays.h"
#include "gantry/file.h"
#include "gantry/network.h"
#include "gantry/source.h"

#define SHOWN_LOSSES(X) \
    X(LOSSES_PER_IMAGE, "per-image") X(LOSSES_BATCH_SUMS, "batch-sums") X(LOSSES_REDUCTIONS, "reductions")
typedef enum shown_losses { SHOWN_LOSSES(GT_CONSTANT) } shown_losses;

typedef struct inspect_fields {
    bool graph, check, time, overwrite;
    const char *phase, *model, *size, *sheet;
    shown_losses losses;
    gt_preview preview;
    int64_t threads, channels, classes;
    cli_assumed assumed;
} inspect_fields;

#define FIELDS inspect_fields

static const gt_option table[] = {
    {CLI_OPTION(graph, "0", "Show the graphs of a job, checkpoint or run"),
     .detail = "One table for each phase of training: node, shape, kernel, Mflop, MB, ms, and totals."},
    {CLI_OPTION(phase, "", "With --graph: only this phase, such as D_main"), .placeholder = "PHASE", .any = true,
     .with = "--graph"},
    {CLI_OPTION(time, "0", "With --graph: run each phase a few times, and show its time in ms"), .with = "--graph"},
    {CLI_OPTION(threads, "1", "With --time: number of threads"), .min = 1, .max = 4096, .with = "--time"},
    {CLI_OPTION(model, "", "Show the layers of a model of gantry train"), .placeholder = "NAME", .any = true,
     .detail = "A table for each network: layer, what it does, shape of its result for one image, parameters, Mflop (a "
               "multiply-add counts as two), kB; and totals. Layers that exist only in training are listed without a "
               "result."},
    {CLI_OPTION(size, "", "With --model: size of the images, such as 224x224"), .placeholder = "HxW",
     .check = cli_check_size, .with = "--model"},
    {CLI_OPTION(channels, "3", "With --model: number of channels of the images"), .min = 1, .max = 256,
     .with = "--model"},
    {CLI_OPTION(classes, "1000", "With --model: number of classes"), .min = 1, .max = 65536, .with = "--model"},
    {CLI_FURTHER(losses, "per-image", "For an autoencoder's run: batch-sums lists the losses of each tick"),
     GT_CHOICES(SHOWN_LOSSES), .late = true,
     .detail = "batch-sums: beside each mean over images, the mean over batches of the sum over a batch, as tutorials "
               "print it. reductions: the latest losses and their total, both converted to sums and means over the "
               "numbers of an image or a latent and over the batch, and as the run has them (--recon-pixels, "
               "--recon-batch, --kl-latent, --kl-batch)."},
    {CLI_OPTION(sheet, "", "For a dataset or a folder of pictures: write 64 pictures to this PNG"),
     .placeholder = "FILE", CLI_WRITES({"*.png", GT_OUTFILE_PICTURE}), .late = true},
    CLI_PREVIEW("For a picture, a dataset or a folder of pictures: show up to 64 pictures on the terminal"),
    {CLI_OPTION(check, "0", "Check an HDF5 file of another program; no output if it is sound"),
     .detail =
         "libhdf5 may crash on a damaged file, so gantry train runs this in a process of its own before it opens one."},
    CLI_OVERWRITE,
    CLI_ASSUMED,
    CLI_ASSUMED_OF_CLASSIFIERS,
};

/* By its first bytes; or by its name, so that a damaged one is called a damaged checkpoint. */
static bool is_checkpoint(const char *path, gt_file_kind kind) {
    char name[GT_NAME_BYTES];
    gt_path_name(path, name);
    return kind == GT_KIND_CHECKPOINT || !strncmp(name, "checkpoint-", 11);
}

static gt_status inspect_dataset(const gt_options *o, const char *path, const inspect_fields *f) {
    gt_options_use(o, "sheet");
    gt_options_use(o, "preview");
    cli_data_view *view = cli_find_data_view();
    return view ? view(path, f->sheet, f->preview) : gt_fail(GT_FAILED, "'%s': this program shows no datasets", path);
}

/* *fields: it is a file of fields, of which no picture is shown. */
static gt_status inspect_fields_file(const char *path, bool *fields) {
    bool hdf5 = gt_h5_is(path);
    gt_status st = hdf5 ? gt_h5_check(path) : GT_OK;
    *fields = !st && hdf5 && gt_fields_here(path);
    return *fields ? gt_fields_print(path) : st;
}

static gt_status inspect_hdf5(const gt_options *o, const char *path, const inspect_fields *f) {
    bool other = false;
    gt_status st = gt_h5_check(path);
    if (!st) st = cli_inspect_log(path, &other);
    return st && other ? inspect_dataset(o, path, f) : st;
}

/* Of an array of pictures what the dataset holds comes behind what the array holds. */
static gt_status inspect_array(const gt_options *o, const char *path, const inspect_fields *f) {
    bool pictures = false;
    gt_status st = *f->sheet ? GT_OK : gt_array_view_print(stdout, path, &pictures);
    return !st && (pictures || *f->sheet) ? inspect_dataset(o, path, f) : st;
}

static gt_status inspect_picture(const gt_options *o, const char *path, const inspect_fields *f) {
    gt_status st = gt_picture_view_print(stdout, path);
    gt_options_use(o, "preview");
    return st ? st : gt_preview_file(f->preview, path);
}

static gt_status inspect(const gt_options *o, const char *path, gt_file_kind kind, const inspect_fields *f) {
    bool other;
    gt_network_options reading = cli_reading(o);
    gt_named_array array;
    bool named = kind == GT_KIND_MISSING && gt_named_array_is(path, &array);
    if (named) {
        gt_status st = gt_h5_check(array.file);
        return st ? st : inspect_dataset(o, path, f);
    }
    if (kind == GT_KIND_MISSING && access(path, F_OK) && !gt_synth_of_path(path))
        return gt_fail(GT_FAILED, "'%s': %s; a dataset, a checkpoint, a run's directory or its log is needed", path,
                       strerror(errno));
    if (kind == GT_KIND_MISSING) return inspect_dataset(o, path, f);
    if (kind == GT_KIND_FOLDER)
        return gt_folder_has(path, "job.ini") || gt_folder_has(path, "stats.jsonl") ? cli_inspect_run(o, path)
                                                                                    : inspect_dataset(o, path, f);
    if (kind == GT_KIND_PICTURE) return inspect_picture(o, path, f);
    /* A pickle by itself is not a dataset, so the message says why it was refused as a network. */
    if (is_checkpoint(path, kind) || kind == GT_KIND_PICKLE || gt_network_is_foreign(path, &reading))
        return cli_inspect_checkpoint(o, path);
    if (gt_ends_with(path, ".jsonl")) return cli_inspect_log(path, &other);
    if (gt_ends_with(path, ".ini"))
        return gt_fail(GT_USAGE,
                       "'%s' is a job: --graph shows its graphs, gantry train %s --dry-run its time and memory", path,
                       path);
    if (kind == GT_KIND_NUMPY && gt_ends_with(path, ".npy")) return inspect_array(o, path, f);
    bool fields = false;
    gt_status st = *f->sheet ? GT_OK : inspect_fields_file(path, &fields);
    if (st || fields) return st;
    return gt_ends_with(path, ".h5") || gt_ends_with(path, ".hdf5") ? inspect_hdf5(o, path, f)
                                                                    : inspect_dataset(o, path, f);
}

static gt_status inspect_file(const gt_options *o, const char *path, const inspect_fields *fields) {
    gt_file_kind kind = gt_kind_of_file(path);
    if (kind == GT_KIND_SPECIAL) /* a pipe would be waited for without end */
        return gt_fail(GT_FAILED,
                       "'%s' is neither a regular file nor a folder: save its contents to a file and inspect that file",
                       path);
    if (fields->check) return gt_h5_walk(path);
    if (fields->losses != LOSSES_PER_IMAGE) {
        gt_options_use(o, "losses");
        return cli_inspect_losses(path, fields->losses == LOSSES_REDUCTIONS);
    }
    if (fields->graph) return cli_inspect_graph(o, path, fields->phase, fields->time, (int)fields->threads);
    return inspect(o, path, kind, fields);
}

/* `last` of a run may point elsewhere, and its checkpoint be gone, before one look at the file follows another. */
static gt_status inspect_one(const gt_options *o, const char *path, const inspect_fields *fields) {
    GT_FREED char *file = NULL;
    bool plain = !fields->check && !fields->graph && fields->losses == LOSSES_PER_IMAGE;
    path = cli_find_network(o->arena, path);
    gt_status st = gt_checkpoint_settle(path, &file);
    return st ? st : plain && !gt_is(file, path) ? cli_inspect_checkpoint(o, path) : inspect_file(o, path, fields);
}

static bool asks_for_model(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (!strncmp(argv[i], "--model", 7) && (!argv[i][7] || argv[i][7] == '=')) return true;
    return false;
}

static int inspect_all(int argc, char **argv) {
    cli_session s;
    int status;
    if (asks_for_model(argc, argv)) return cli_others_work("inspect") ? CLI_DONE : cli_inspect_model(argc, argv);
    if (!cli_begin(&s, cli_find("inspect"), argc, argv, &status)) return status;
    const inspect_fields *fields = s.fields;
    if (!fields->check && cli_others_work("inspect")) { /* a check belongs to the rank that asked for it */
        cli_end(&s);
        return CLI_DONE;
    }
    gt_status st = cli_note_inputs(&s);
    if (!st) st = cli_check_output_names(&s.options);
    if (!st) st = cli_check_outputs(&s.options);
    if (!st) gt_preview_ask(fields->preview);
    if (!st && !s.arguments.n_words)
        st = gt_fail(GT_USAGE, "a file is needed: a dataset, checkpoint, metric log or run");
    for (int i = 0; i < s.arguments.n_words && !st; i++) {
        if (i) gt_print("\n");
        st = inspect_one(&s.options, s.arguments.words[i], fields);
    }
    if (!st) cli_warn_unused(&s);
    status = cli_exit("inspect", st);
    if (fields->check && st == GT_NOMEM) status = GT_H5_NO_MEMORY;
    cli_end(&s);
    return status;
}

const cli_command cli_inspect = {
    .name = "inspect",
    .arguments = "FILE ... | --model=NAME --size=HxW [--key=value ...]",
    .help = "Show a dataset, checkpoint, run, array, or the layers of a model",
    .detail = "With --graph, FILE is a job file, a checkpoint or a run, and the tables show the training graphs of its "
              "model.",
    .takes_job = true,
    CLI_EXAMPLES({"A run: state, job, files", "gantry inspect runs/first"},
                 {"A dataset", "gantry inspect pictures.zip"},
                 {"Variables, axes and times of a NetCDF file", "gantry inspect rain.nc"},
                 {"A picture or a dataset, shown on the terminal", "gantry inspect pictures.zip --preview"},
                 {"An array: range, mean, deviation, histogram", "gantry inspect z.npy"},
                 {"Layers of a model, with shapes and parameters",
                  "gantry inspect --model=resnet18 --size=224x224 --classes=10"},
                 {"What a training step computes", "gantry inspect runs/first --graph --phase=D_main"}),
    CLI_ROWS(table),
    .main = inspect_all,
};
