/* SPDX-License-Identifier: Apache-2.0
 * gantry dataset: pictures of any source into a dataset; subset, split and merge; looking at datasets
 * (command_inspect.c). */
#include <libgen.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "data/door/fields_pack.h"
#include "features/dataset/command.h"
#include "gantry/arrays.h"
#include "gantry/dataset.h"
#include "features/dataset/dataset_tool.h"
#include "gantry/file.h"
#include "gantry/log.h"
#include "gantry/stop.h"
#include "gantry/text.h"

#define DUPLICATE_RULES(X) X(DUPLICATES_KEEP, "keep") X(DUPLICATES_SKIP, "skip")
typedef enum duplicate_rule { DUPLICATE_RULES(GT_CONSTANT) } duplicate_rule;

typedef struct dataset_fields {
    const char *source, *dest, *background, *labels, *parts, *grid, *range, *classes;
    gt_on_error on_error;
    duplicate_rule duplicates;
    int64_t width, height, channels, crops, windows, border, count, seed, threads;
    gt_convert_request request; /* what all of them ask for; some options are fields of the request itself */
} dataset_fields;

#define FIELDS dataset_fields

static const gt_outfile made = {.files = CLI_NAMES({"*", GT_OUTFILE_OWN}), .inside = CLI_NAMES({0})},
                        findings = {.files = CLI_NAMES({"*.txt", GT_OUTFILE_TABLE}, {"*.log", GT_OUTFILE_TABLE},
                                                       {"*.tsv", GT_OUTFILE_TABLE}, {"!(*.*)", GT_OUTFILE_TABLE})},
                        findings_json = {.files = CLI_NAMES({"*", GT_OUTFILE_TABLE})};

static bool is_colour(const char *text, unsigned *rgb) {
    int end = 0;
    *rgb = gt_is(text, "white") ? 0xffffff : 0;
    return *rgb || gt_is(text, "black") || (strlen(text) == 6 && sscanf(text, "%6x%n", rgb, &end) == 1 && end == 6);
}

static gt_status check_parts(const gt_option *o, const char *value) {
    if (!cli_check_numbers(o, value)) return GT_OK;
    return gt_fail(GT_USAGE, "one number between 0 and 1 for each destination is needed, such as 0.9,0.1 for two");
}

static gt_status check_background(const gt_option *o, const char *value) {
    unsigned rgb;
    (void)o;
    if (is_colour(value, &rgb)) return GT_OK;
    return gt_fail(GT_USAGE, "white, black or six hexadecimal digits such as 80c0ff");
}

/* What makes a dataset. */
#define MAKES "SOURCE DEST|subset|split|merge"

static const gt_option table[] = {
    {CLI_FURTHER(source, "", "The same as SOURCE"), .with = "SOURCE DEST", .path = true},
    {CLI_FURTHER(dest, "", "The same as DEST"), .with = "SOURCE DEST", .path = true, .writes = &made,
     .detail = "FILE.zip, FILE.h5 or FILE.hdf5 is a file; a name without a suffix is a folder. Any other suffix is "
               "refused unless '/' follows it: data.v2/ is a folder. The same command resumes an unfinished DEST. A "
               "finished DEST is compared with what the command makes: if both are the same, nothing is written; "
               "otherwise the command is refused (--overwrite)."},
    {CLI_OPTION(width, "0", "Width of the images; 0: as they are"), .with = MAKES, .max = 32768, .unit = "pixels"},
    {CLI_OPTION(height, "0", "Height of the images; 0: as they are"), .with = MAKES, .max = 32768, .unit = "pixels"},
    {CLI_SHOWN("transform", request.transform.crop, "none", "Cropping of pictures before they are resized"),
     .with = MAKES, GT_CHOICES(GT_CROPS),
     .detail = "center-crop takes the largest square in the middle. center-crop-wide takes the middle rows in the "
               "proportion of --width to --height, and adds black above and below."},
    {CLI_SHOWN("resize-filter", request.transform.filter, "lanczos", "Filter of resizing, as in Pillow"), .with = MAKES,
     GT_CHOICES(GT_FILTERS)},
    {CLI_ROW("pad", request.transform.pad, "0",
             "Fit images into width x height without stretching, and fill the rest with the background"),
     .with = MAKES},
    {CLI_FURTHER(crops, "0", "Cut each picture into a grid of squares with this side; 0: do not cut"), .with = MAKES,
     .max = 32768, .unit = "pixels", .detail = "The last row and the last column are aligned to the border."},
    {CLI_FURTHER(windows, "0", "Number of windows to cut out of each picture by its mask, for gantry detect; 0: none"),
     .with = MAKES, .max = 4096,
     .detail = "Half of the windows lie around an object and have its class; the others lie beside objects and have "
               "class 0, the ground. --width and --height give all windows one size. An object is a connected region "
               "of pixels of one class."},
    {CLI_ROW("mnist-border", border, "2", "Black added on each side of MNIST's 28 x 28 pixels"), .with = MAKES,
     .max = 1024, .unit = "pixels",
     .detail = "2 gives 32 x 32, as dataset_tool.py of stylegan2-ada-pytorch does; this holds for all actions, also "
               "for subset, split and merge. 0 keeps 28 x 28, as in training on the file itself. Files in MNIST's "
               "format (IDX) with images of another size are not changed."},
    {CLI_FURTHER(channels, "0", "Number of channels: 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; 0: as they are"),
     .with = MAKES, .max = 4},
    {CLI_FURTHER(background, "", "Lay transparent images over this colour: white, black or RRGGBB"), .with = MAKES,
     .placeholder = "COLOUR", .check = check_background,
     .detail =
         "Without this option, alpha stays a channel if all pictures have alpha or if --channels=4 is given; otherwise "
         "transparent images are laid over white. --pad fills with the same colour (black without this option)."},
    {CLI_ROW("depth", request.transform.depth, "keep", "Kind of sample: 8-bit, 16-bit or float32"), .with = MAKES,
     GT_CHOICES(GT_DEPTHS), .detail = "All values but keep also scale the samples to the usual range of that kind."},
    {CLI_FURTHER(range, "", "The samples of SOURCE that stand for black and white, as in -1,1"), .with = MAKES,
     .placeholder = "LO,HI", .check = cli_check_range,
     .detail = "Mostly for float32 samples, whose usual range is -1,1. It overrides the range that the source "
               "declares. The samples are not changed, and DEST declares the same range (the attribute range of an "
               "HDF5 file, \"range\" in dataset.json), unless --depth scales them to the usual range of its kind."},
    {CLI_ROW("max-images", request.max_images, "0", "Number of pictures to take, from the first one on; 0: all"),
     .with = MAKES, .max = 2147483647},
    {CLI_OPTION(labels, "own",
                "Labels: own, folders (a class per folder), none, FILE[:COLUMN], FILE.npy, FILE.h5:NAME"),
     .with = MAKES, .placeholder = "own|folders|none|FILE", .path = true,
     .detail =
         "own: the source's dataset.json, label file or columns; if there are none, the dataset has no labels. "
         "folders: the folders of the first level that has several; folders:1 the first level, folders:2 the second. "
         "FILE: lines NAME,LABEL or NAME,NUMBER,NUMBER,... (also between semicolons, tabs or blanks), metadata.jsonl, "
         "CelebA's attributes; FILE:COLUMN or FILE:COLUMN,COLUMN takes columns by the names in the first line. "
         "Pictures without names (.npy, MNIST, HDF5) have their number from 0 as NAME; or FILE has one label per line. "
         "FILE.npy, and FILE.h5:NAME, an array in an HDF5 file (FILE.h5: the only one with as many rows): [N] or "
         "[N,L], a row for each picture without a name. If some pictures have labels, pictures without one cannot be "
         "used (--on-error). The range and the channel names in a dataset.json are always used."},
    {CLI_ROW("array", request.import.array, "",
             "Which array of a .npz or HDF5 file, as in train_images; which size in an LMDB"),
     .with = MAKES, .placeholder = "NAME", .any = true,
     .detail =
         "The labels are the array with the same name but labels instead of images, or y instead of x, if it exists."},
    {CLI_ROW("layout", request.import.layout, "auto",
             "Position of the channels in an array: last (nhwc) or first (nchw)"),
     .with = MAKES, GT_CHOICES(GT_ARRAY_LAYOUTS),
     .detail = "auto: first if the second of four axes is at most 4 and the others are larger, otherwise last; if this "
               "is not obvious, a message names the choice."},
    {CLI_ROW("shape", request.import.shape, "",
             "Shape of the picture in each row of an array, as in 28x28, 32x32x3 or 3x32x32"),
     .with = MAKES, .placeholder = "HxWxC", .any = true,
     .detail =
         "Height and width, with the channels after or before them. Rows of 784 and of 3072 numbers need no --shape."},
    {CLI_ROW("coarse", request.import.coarse, "0", "Take the 20 coarse classes of CIFAR-100"), .with = MAKES},
    {CLI_SHOWN("compress", request.compress, "0", "Compress PNG or HDF5: smaller files, slower to read"),
     .with = MAKES},
    {CLI_SHOWN("on-error", on_error, "stop",
               "If pictures cannot be used: make nothing (stop), or leave them out (skip)"),
     .with = MAKES, GT_CHOICES(GT_ON_ERRORS)},
    {CLI_FURTHER(duplicates, "keep", "Equal pictures: keep and list all of them (keep), or take only the first (skip)"),
     .with = MAKES, GT_CHOICES(DUPLICATE_RULES)},
    {CLI_ROW("report", request.report, "", "Write all findings to this file, and as JSON to FILE.json"), .with = MAKES,
     .placeholder = "FILE", .path = true, .writes = &findings,
     .detail = "For split, the file lists the findings of all parts with the part's name; items are numbered within "
               "the part."},
    {CLI_SHOWN("scan", request.scan_only, "0", "Only check SOURCE and list what is wrong"), .with = MAKES},
    {CLI_ROW("restart", request.restart, "0", "Start over: drop what an earlier command left unfinished"),
     .with = MAKES, .detail = "A finished DEST is kept: see --overwrite."},
    {CLI_ROW("overwrite", request.overwrite, "0", "Replace DEST if it holds something else, finished or not"),
     .with = MAKES "|inspect",
     .detail = "The old DEST is kept until the new one is complete. A folder is replaced only if all files in it "
               "belong to a dataset. This option also lets --report and --grid replace files of another kind."},
    {CLI_FURTHER(count, "0", "For subset: number of images"), .with = "subset", .max = 2147483647},
    {CLI_FURTHER(classes, "", "Only images of these classes, as in cat,dog or 0-7,9"), .with = MAKES,
     .placeholder = "CLASSES", .any = true,
     .detail =
         "Names, numbers and ranges of numbers. If a class has a number as its name, #2 means the number and name:2 "
         "the name. The classes become 0, 1, ... of DEST, in the given order. Pictures without a label are left out."},
    {CLI_ROW("class-names", request.import.class_names, "",
             "Names of the classes 0, 1, ..., as in cat,dog, or a text file with a name per line"),
     .with = MAKES, .placeholder = "NAMES", .path = true,
     .detail = "They replace the names in SOURCE (files of MNIST have none)."},
    {CLI_ROW("each", request.each, "0", "For subset: number of images of each class"), .with = "subset",
     .max = 2147483647},
    {CLI_FURTHER(parts, "", "For split: sizes of the parts, as in 0.9,0.1; without this option equal parts"),
     .placeholder = "LIST", .check = check_parts, .with = "split"},
    {CLI_FURTHER(seed, "0", "For subset and split: seed of the random choice"), .with = "subset|split",
     .max = 4294967295},
    {CLI_FURTHER(grid, "", "For inspect: write a grid of images to this PNG"), .with = "inspect", .placeholder = "FILE",
     CLI_WRITES({"*.png", GT_OUTFILE_PICTURE})},
    CLI_THREADS,
};

/* ---- from options to a request ---- */

static void read_background(const char *text, gt_transform *t) {
    unsigned rgb;
    if (!*text) return;
    is_colour(text, &rgb);
    for (int c = 0; c < 3; c++) t->background[c] = (rgb >> (16 - 8 * c) & 255) / 255.0;
    t->alpha = GT_ALPHA_FLATTEN;
}

static void read_labels(const char *text, gt_source_options *o) {
    const char *level = text + sizeof "folders:" - 1, *end = "";
    bool levels = !strncmp(text, "folders:", sizeof "folders:" - 1);
    if (levels) o->folder_level = gt_class_number(level, &end);
    if (levels && (o->folder_level < 1 || *end)) o->folder_level = -1; /* is refused */
    if (levels || gt_is(text, "folders")) o->labels = GT_SOURCE_LABELS_FOLDERS;
    else if (gt_is(text, "none")) o->labels = GT_SOURCE_LABELS_NONE;
    else if (!gt_is(text, "own")) o->labels_csv = text;
}

static void read_request(const gt_options *o) {
    dataset_fields *f = o->fields;
    gt_convert_request *r = &f->request;
    gt_transform *t = &r->transform;
    r->import.crops = (int)f->crops;
    r->import.windows = (int)f->windows;
    r->import.mnist_border = (int)f->border;
    t->width = (int)f->width;
    t->height = (int)f->height;
    t->channels = (int)f->channels;
    r->seed = (uint32_t)f->seed;
    r->skip = f->on_error == GT_ON_ERROR_SKIP;
    r->skip_duplicates = f->duplicates == DUPLICATES_SKIP;
    if (!*r->report) r->report = NULL;
    r->import.classes = *f->classes ? f->classes : NULL;
    read_labels(f->labels, &r->import);
    r->has_range = *f->range;
    if (r->has_range) cli_read_range(f->range, r->range);
    read_background(f->background, t);
}

/* ---- results ---- */

static void print_result(const gt_convert_request *r, const gt_convert_result *result) {
    bool asked = r->import.labels_csv || r->import.labels == GT_SOURCE_LABELS_FOLDERS;
    char without[64] = "";
    if (asked || result->unlabelled)
        snprintf(without, sizeof without, ", %lld had no label", (long long)result->unlabelled);
    gt_print("%lld picture%s: %lld cannot be read, %lld unlike the others%s, %lld duplicate%s, %lld left out by the "
             "transform\n",
             (long long)result->items, gt_plural(result->items), (long long)result->bad, (long long)result->odd,
             without, (long long)result->duplicates, gt_plural(result->duplicates), (long long)result->dropped);
    if (result->passed) gt_print("skipped: %s\n", result->passed);
    if (r->scan_only) return;
    gt_print("%s: %lld image%s of %d x %d pixels, %d channel%s, %s, %.1f MB\n", r->dest, (long long)result->kept,
             gt_plural(result->kept), result->width, result->height, result->channels, gt_plural(result->channels),
             gt_sample_name(result->type), result->bytes / 1e6);
    if (result->duplicates && !r->skip_duplicates)
        gt_info("the duplicates are in the dataset (--duplicates=skip leaves them out)");
    char some[128];
    if (gt_classes_empty(result->of_class, result->classes, some, sizeof some))
        gt_warn("%s: number them without gaps", some);
    if (gt_classes_small(result->of_class, result->classes, some, sizeof some)) gt_warn("%s", some);
    cli_print_classes(result->of_class, result->classes, (const char *const *)result->class_name, result->classes);
    if (result->unchanged)
        gt_print("%s is already finished and is what this command makes: nothing was written\n", r->dest);
}

/* ---- actions ---- */

typedef struct action {
    const char *name;
    int least; /* words after the name */
    const char *needed;
    gt_status (*run)(cli_session *s, dataset_fields *f, const char **words,
                     int n); /* all ranks; words after the name */
} action;

/* As it was given, for a shell. NULL: out of memory. */
static const char *command_of(const cli_session *s) {
    const cli_arguments *a = &s->arguments;
    GT_BUFFER gt_buffer line = {0};
    gt_buffer_printf(&line, "gantry dataset");
    for (int i = 0; i < a->n_words; i++) gt_buffer_printf(&line, " "), gt_buffer_shell(&line, a->words[i]);
    for (int i = 0; i < a->n_pairs; i++) {
        gt_buffer_printf(&line, " --%s%s", a->keys[i], a->values[i] ? "=" : "");
        if (a->values[i]) gt_buffer_shell(&line, a->values[i]);
    }
    return line.failed ? NULL : gt_arena_printf(s->arena, "%.*s", (int)line.n, (const char *)line.data);
}

/* One side alone would stretch pictures or squeeze them: a width of 64 and the height as it is. */
static gt_status check_sides(const cli_session *s) {
    static const char *const sides[] = {"width", "height"};
    const dataset_fields *f = s->fields;
    const int64_t given[] = {f->width, f->height};
    for (int i = 0; i < 2; i++) {
        if (!given[i] || gt_options_state(&s->options, sides[!i]) == GT_OPTION_GIVEN) continue;
        const char *command = command_of(s);
        if (!command) return GT_NOMEM;
        bool keeps = f->request.transform.crop == GT_CROP_NONE && !f->request.transform.pad && !f->crops && !f->windows;
        return gt_fail(GT_USAGE,
                       "--%s=%lld sets one side only: give both, as in %s --%s=%lld%s (--%s=0 keeps the other side)",
                       sides[i], (long long)given[i], command, sides[!i], (long long)given[i],
                       keeps ? " --transform=center-crop" : "", sides[!i]);
    }
    return GT_OK;
}

/* Options that fields have no use for. */
static gt_status check_field_options(const cli_session *s) {
    static const char *const used[] = {"source", "dest", "compress", "overwrite", "restart", "threads"};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        bool known = false;
        for (size_t k = 0; k < sizeof used / sizeof *used; k++) known |= gt_is(table[i].key, used[k]);
        if (!known && gt_options_state(&s->options, table[i].key) == GT_OPTION_GIVEN)
            return gt_fail(GT_USAGE,
                           "--%s is for pictures: variables of fields are written as they are (DEST.zip or a folder "
                           "makes pictures of them)",
                           table[i].key);
    }
    return GT_OK;
}

static gt_status pack(const gt_convert_request *r, const char *list, const char *dest, gt_fields_packed *made) {
    GT_FREED char *folder = strdup(dest);
    gt_status st = folder ? gt_make_directories(dirname(folder)) : GT_NOMEM;
    if (!st) st = gt_fields_pack(list, dest, r->compress, r->overwrite, made);
    if (st || !made->there || made->same) return st;
    return gt_fail(GT_USAGE,
                   "'%s' already exists and is not what this command makes: replace it with --overwrite, or choose "
                   "another destination",
                   dest);
}

/* Variables of NetCDF files; rank 0 writes them. */
static gt_status pack_fields(cli_session *s, const gt_convert_request *r, const char *list, const char *dest) {
    gt_fields_packed made = {0};
    gt_status st = r->choice == GT_CONVERT_ALL
                       ? check_field_options(s)
                       : gt_fail(GT_USAGE, "fields are divided by their times: cut the files before (cdo seldate, "
                                           "ncks), or train with --subset");
    if (!st && !s->comm->rank) st = pack(r, list, dest, &made);
    st = gt_comm_agree_all(s->comm, st);
    if (!st && !s->comm->rank)
        gt_print("%s: %d variable%s of %lld sample%s%s\n", dest, made.variables, gt_plural(made.variables),
                 (long long)made.samples, gt_plural(made.samples),
                 made.there ? "; the file is already finished: nothing was written" : "");
    return st;
}

/* "a.nc:pr,b.nc:pr" */
static const char *list_of(cli_session *s, const char *const *sources, int n) {
    const char *list = n ? *sources : "";
    for (int i = 1; i < n && list; i++) list = gt_arena_printf(s->arena, "%s,%s", list, sources[i]);
    return list;
}

/* The sources into `dest`. */
static gt_status convert(cli_session *s, dataset_fields *f, const char *const *sources, int n, const char *dest) {
    gt_convert_request *r = &f->request;
    gt_convert_result result;
    const char *list = list_of(s, sources, n);
    gt_status st = gt_comm_agree_all(s->comm, list ? GT_OK : GT_NOMEM);
    if (st) return st;
    bool file = gt_ends_with(dest, ".h5") || gt_ends_with(dest, ".hdf5") || gt_ends_with(dest, ".nc");
    bool fields = file && !s->comm->rank && gt_fields_are_packable(list);
    gt_comm_broadcast_all(s->comm, &fields, sizeof fields, 0);
    if (fields) return pack_fields(s, r, list, dest);
    r->n_sources = n;
    r->sources = sources;
    r->dest = dest;
    r->command = command_of(s);
    if (*dest) gt_stop_says(s->comm, "stopped: the same command resumes");
    st = gt_convert_all(s->comm, r, &result);
    if (!s->comm->rank && !st) print_result(r, &result);
    gt_convert_result_free(&result);
    return st;
}

static gt_status make_dataset(cli_session *s, dataset_fields *f, const char **words, int n) {
    const char *source = *f->source ? f->source : n > 0 ? words[0] : "";
    const char *dest = *f->dest ? f->dest : n > 1 ? words[1] : "";
    int given = (*f->source != 0) + (*f->dest != 0) + n;
    if (!*source || (!*dest && !f->request.scan_only) || given > 2)
        return gt_fail(GT_USAGE, "SOURCE and DEST are needed (or an action: inspect, verify, subset, split, merge)");
    return convert(s, f, &source, 1, dest);
}

static gt_status subset(cli_session *s, dataset_fields *f, const char **words, int n) {
    gt_convert_request *r = &f->request;
    if (n != 2 || (!f->count && !r->each && !r->import.classes))
        return gt_fail(GT_USAGE,
                       "gantry dataset subset SOURCE DEST --count=N or --each=N or --classes=A,B,... [--seed=N]");
    f->request.choice = GT_CONVERT_SUBSET;
    f->request.amount = f->count;
    return convert(s, f, words, 1, words[1]);
}

/* "0.9,0.1" -> 0, 0.9, 1; "" -> equal parts. They must make a whole. */
static gt_status read_parts(const char *text, int n, double *border) {
    for (int i = 0; i <= n; i++) border[i] = (double)i / n;
    if (!*text) return GT_OK;
    bool good = cli_are_numbers(text, n, border + 1);
    for (int i = 1; i <= n; i++) {
        if (!good || !(border[i] > 0 && border[i] < 1))
            return gt_fail(GT_USAGE,
                           "--parts=%s: one number between 0 and 1 for each of the %d destinations is needed, such as "
                           "0.9,0.1 for two",
                           text, n);
        border[i] += border[i - 1];
    }
    if (fabs(border[n] - 1) > 1e-6) return gt_fail(GT_USAGE, "--parts must add up to 1, not %g", border[n]);
    border[n] = 1;
    return GT_OK;
}

static gt_status split(cli_session *s, dataset_fields *f, const char **words, int n) {
    int parts = n - 1;
    const char **dest = words + 1;
    gt_convert_request *r = &f->request;
    double *border = gt_arena_array(s->arena, (size_t)parts + 2, sizeof *border);
    gt_status st = border ? read_parts(f->parts, parts, border) : GT_NOMEM;
    r->n_sources = 1;
    r->sources = words;
    r->choice = GT_CONVERT_SPLIT;
    for (int i = 0; i < parts && !st; i++) { /* all of them before the first one is made */
        r->dest = dest[i];
        st = gt_convert_check(r);
        for (int k = 0; k < i && !st; k++)
            if (!strcmp(dest[k], r->dest))
                st = gt_fail(GT_USAGE, "'%s' is named twice: each part needs its own destination", r->dest);
    }
    st = gt_comm_agree_all(s->comm, st);
    for (int i = 0; i < parts && !st; i++) {
        memcpy(r->split, &border[i], sizeof r->split);
        r->report_append = i > 0;
        st = convert(s, f, words, 1, dest[i]);
    }
    return st;
}

static gt_status merge(cli_session *s, dataset_fields *f, const char **words, int n) {
    return convert(s, f, words, n - 1, words[n - 1]);
}

static gt_status inspect(cli_session *s, dataset_fields *f, const char **words, int n) {
    gt_status st = GT_OK;
    for (int i = 0; i < n && !st && !s->comm->rank; i++) st = cli_dataset_inspect(words[i], f->grid, GT_PREVIEW_NONE);
    return gt_comm_agree_all(s->comm, st);
}

static gt_status verify(cli_session *s, dataset_fields *f, const char **words, int n) {
    gt_status st = GT_OK;
    (void)f;
    for (int i = 0; i < n && !st; i++) st = cli_dataset_verify_all(s->comm, words[i]);
    return st;
}

static const action actions[] = {
    {"inspect", 1, "DATASET", inspect},
    {"verify", 1, "DATASET", verify},
    {"subset", 2, "SOURCE DEST", subset},
    {"split", 3, "SOURCE DEST DEST ...", split},
    {"merge", 3, "SOURCE SOURCE ... DEST", merge},
};
static const action making = {"SOURCE DEST", 0, "", make_dataset};

static const action *action_of(const cli_arguments *a) {
    for (size_t i = 0; i < sizeof actions / sizeof *actions && a->n_words; i++)
        if (!strcmp(a->words[0], actions[i].name)) return &actions[i];
    return &making;
}

static gt_status run_dataset(cli_session *s) {
    const char **words = s->arguments.words;
    int n = s->arguments.n_words;
    const action *a = action_of(&s->arguments);
    if (a != &making) words++, n--;
    if (n < a->least) return gt_fail(GT_USAGE, "gantry dataset %s %s", a->name, a->needed);
    gt_status st = check_sides(s);
    if (st) return st;
    read_request(&s->options);
    return a->run(s, s->fields, words, n);
}

static gt_status check_standing(const char *dest) {
    gt_status st = gt_h5_check(dest);
    if (st != GT_FORMAT) return st; /* else it is not known what it is */
    char reason[512];
    snprintf(reason, sizeof reason, "%s", gt_message());
    return gt_fail(GT_USAGE,
                   "'%s' already exists and is not what this command makes (%s): replace it with --overwrite, or "
                   "choose another destination",
                   dest, reason);
}

/* Buffers of pictures come and go by the million: do not give their pages back to the system each time. */
static void keep_memory(void) {
#ifdef __GLIBC__
    enum { TRIM = 16 << 20, MAPPED = 1 << 20 };
    mallopt(M_TRIM_THRESHOLD, TRIM);
    mallopt(M_TOP_PAD, MAPPED);
    mallopt(M_MMAP_THRESHOLD, MAPPED);
#endif
}

/* The same findings as JSON lie beside them. */
static gt_status check_findings(cli_session *s, const char *report) {
    const char *json = gt_arena_printf(s->arena, "%s.json", report);
    return json ? cli_check_output(&s->options, json, &findings_json) : GT_NOMEM;
}

/* HDF5 files from elsewhere, before MPI is up: sources, and what stands where something is to be made and is not
 * replaced unread. */
static gt_status check_foreign(cli_session *s) {
    const dataset_fields *f = s->fields;
    keep_memory();
    const char **words = s->arguments.words, *action = action_of(&s->arguments)->name;
    gt_status st = gt_options_check_effect(&s->options, action);
    if (st || !cli_first_rank()) return st;
    bool looks = gt_is(action, "inspect") || gt_is(action, "verify");
    if (*f->source) st = gt_h5_check(f->source);
    if (!st && f->request.report && *f->request.report) st = check_findings(s, f->request.report);
    if (!st && *f->dest && !f->request.overwrite) st = check_standing(f->dest);
    for (int i = 0; i < s->arguments.n_words && !st; i++) {
        bool last = i == s->arguments.n_words - 1 && i > 0,
             dest = !looks && (last || (i > 1 && gt_is(action, "split")));
        st = dest ? gt_outfile_check_run(words[i]) : gt_h5_check(words[i]);
        if (!st && dest && !f->request.overwrite) st = check_standing(words[i]);
    }
    return st;
}

const cli_command cli_dataset = {
    .name = "dataset",
    .place = 2,
    .data_view = cli_dataset_inspect,
    .arguments = "SOURCE DEST | ACTION ... [--key=value ...]",
    .help = "Make a dataset of pictures from any source, or look at one",
    .detail = "SOURCE: a folder, ZIP or archive (tar, 7-Zip, RAR) of pictures, or a folder in one (FILE.zip/train), "
              "HDF5, LMDB (NAME_lmdb), CIFAR, MNIST, TFRecords, .npy, .npz, a CSV of paths and labels, synth:NAME. "
              "DEST: FILE.zip, FILE.h5 or a folder. Fields (FILE.nc:NAME,NAME) go into FILE.nc or FILE.h5 with names, "
              "units, times and coordinates. ACTION: inspect DATASET ..., verify DATASET ..., subset SOURCE "
              "DEST with --count, --each or --classes, split SOURCE DEST DEST ..., merge SOURCE SOURCE ... DEST. An "
              "unfinished dataset is resumed. Unlike dataset_tool.py of stylegan2-ada-pytorch, gantry dataset takes "
              "RGBA, 16-bit and float pictures and every size that the networks can make.",
    .files = "DEST: pictures and labels, in the ZIP format of stylegan2-ada-pytorch (PNGs and dataset.json), as HDF5, "
             "or as a folder. With --report also a list of findings.",
    .stopped = CLI_RESUMES,
    CLI_EXAMPLES({"Pictures of 128 x 128, cropped to squares",
                  "gantry dataset photos p.zip --width=128 --height=128 --transform=center-crop"},
                 {"Each folder is a class", "gantry dataset photos photos.zip --labels=folders"},
                 {"Only list pictures that cannot be used", "gantry dataset photos --scan"},
                 {"A tenth for tests", "gantry dataset split photos.zip train.zip test.zip --parts=0.9,0.1"},
                 {"What is in a dataset, with a picture of it", "gantry dataset inspect photos.zip --grid=photos.png"}),
    .diagnostics = (const gt_named[]){{"... already exists and is not what this command makes",
                                       "DEST holds something else: give another name, or add --overwrite."},
                                      {"... cannot be used",
                                       "Each such picture is listed with its reason; --on-error=skip leaves them out."},
                                      {0}},
    CLI_ROWS(table),
    .ranks = true,
    .prepare = check_foreign,
    .run = run_dataset,
    .acts = true,
};
