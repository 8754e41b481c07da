/* SPDX-License-Identifier: Apache-2.0
 * What outputs of commands may replace (gantry/outfile.h): every option that names one, beside every kind of file that
 * may lie there. */
#define _GNU_SOURCE
#include "converting.h"

#include <fnmatch.h>

#include "base/door/file.h"
#include "command/door/cli.h"
#include "files/codec/door/npy.h"
#include "files/codec/door/weights_write.h"
#include "files/h5/door/arrays.h"
#include "gantry/picture.h"

/* ---- what may lie there ---- */

static void put_text(const char *path, const char *text) { put(path, text, strlen(text)); }

static void put_npz(const char *path, const char *text, const char *first, const char *second) {
    static const float zeros[16];
    const gt_weight_out arrays[] = {{first, 4, {1, 2, 2, 1}, 4, .data = zeros}, {second, 2, {2, 2}, 4, .data = zeros}};
    const gt_weight_text texts[] = {{text, "x"}};
    const gt_weights_out w = {.n = second ? 2 : 1, .n_texts = text ? 1 : 0, .weights = arrays, .texts = texts};
    assert_int_equal(gt_npz_write(path, &w), GT_OK);
}

static void put_h5(const char *path, const char *array) {
    static const double numbers[4];
    assert_int_equal(gt_arrays_write(path, &(gt_array){array, GT_NUMBER_DOUBLE, 2, {2, 2}, numbers}, 1), GT_OK);
}

static void put_npy(const char *path, int channels) {
    static const float zeros[64];
    assert_int_equal(gt_npy_write(path, zeros, 4, 4, channels), GT_OK);
}

static void lay_idx(const char *path) { put(path, "\0\0\x08\x03\0\0\0\x01\0\0\0\x01\0\0\0\x01x", 17); }
static void lay_gzip(const char *path) { put(path, "\x1f\x8b\x08\0\0\0\0\0", 8); }
static void lay_bytes_npy(const char *path) {
    static const char head[] = "\x93NUMPY\x01\0v\0{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 2, 1), }";
    put(path, head, sizeof head - 1);
}
static void lay_csv(const char *path) { put_text(path, "path,label\na.png,0\n"); }
static void lay_text(const char *path) { put_text(path, "notes\n"); }
static void lay_job(const char *path) { put_text(path, "[data]\ndata = pictures.zip\n"); }
static void lay_json(const char *path) { put_text(path, "{\"labels\": null}\n"); }
static void lay_checkpoint(const char *path) { put_text(path, "Gantry checkpoint\nnot whole\n"); }
static void lay_noise(const char *path) { put(path, "\x01\x02\x03\x04", 4); }
static void lay_cut_npz(const char *path) { put(path, "PK\3\4 no archive", 15); }
static void lay_pickle(const char *path) { put(path, "\x80\x04}\x94.", 5); }
static void lay_images_npz(const char *path) { put_npz(path, NULL, "images", NULL); }
static void lay_more_npz(const char *path) { put_npz(path, "mu", "sigma", "images"); }
static void lay_images_h5(const char *path) { put_h5(path, "images"); }
static void lay_zip(const char *path) {
    packed("synth:shapes:n=2,size=8", at("set.zip"), (gt_convert_request){0});
    assert_int_equal(rename(at("set.zip"), path), 0);
}
static void lay_set_h5(const char *path) {
    packed("synth:shapes:n=2,size=8", at("set.h5"), (gt_convert_request){0});
    assert_int_equal(rename(at("set.h5"), path), 0);
}

static void lay_png(const char *path) {
    static const uint8_t pixels[4];
    assert_int_equal(gt_png_write(path, pixels, 2, 2, 1), GT_OK);
}
static void lay_svg(const char *path) { put_text(path, "<?xml version=\"1.0\"?>\n<svg xmlns=\"x\"></svg>\n"); }
static void lay_webp(const char *path) {
    put(path, "RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\0\0\0\0\0\0\0\0\0\0", 34);
}
static void lay_moving(const char *path) { put(path, "RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\0\0\0\0\0\0", 30); }
static void lay_mp4(const char *path) {
    put(path,
        "\0\0\0\x18"
        "ftypisom\0\0\0\0",
        16);
}
static void lay_page(const char *path) {
    put_text(path, "<!doctype html>\n<html><body><h1>mine</h1><p>Gantry training report</p></body></html>\n");
}
static void lay_foreign_page(const char *path) {
    put_text(path, "<!doctype html>\n<html><body><h1>Gantry</h1><p>my notes on it</p></body></html>\n");
}
static void lay_table(const char *path) { put_text(path, "item,error,file,above\n0,0.5,\"a.png\",0\n"); }
static void lay_confusion(const char *path) { put_text(path, "class,cat,dog\ncat,3,1\ndog,0,4\n"); }
static void lay_findings(const char *path) { put_text(path, "bad: 0 (cannot be read)\nodd: 0 (unlike the others)\n"); }
static void lay_statistics(const char *path) { put_npz(path, NULL, "mu", "sigma"); }
static void lay_network(const char *path) { put_npz(path, "gantry.model", "conv.weight", NULL); }
static void lay_safetensors(const char *path) {
    gt_weights_out w = {.n_texts = 1, .texts = &(gt_weight_text){"gantry.model", "x"}};
    assert_int_equal(gt_safetensors_write(path, &w), GT_OK);
}
static void lay_foreign_safetensors(const char *path) {
    gt_weights_out w = {.n_texts = 1, .texts = &(gt_weight_text){"format", "pt"}};
    assert_int_equal(gt_safetensors_write(path, &w), GT_OK);
}
static void lay_onnx(const char *path) { put(path, "\x08\x08\x12\x06gantry", 10); }
static void lay_foreign_onnx(const char *path) { put(path, "\x08\x08\x12\x07pytorch", 11); }
static void lay_pkl(const char *path) {
    put_text(path, "\x80\x02}(X\x01Gctorch_utils.persistence\nX\x0cgantry.modelX\x09stylegan2u.");
}
static void lay_foreign_pkl(const char *path) { put_text(path, "\x80\x02}(X\x01Gctorch_utils.persistence\nu."); }
static void lay_points(const char *path) { put_text(path, "x,y,component\n0,0.5,1\n"); }
static void lay_arrays(const char *path) { put_h5(path, "points"); }
static void lay_styles(const char *path) { put_npz(path, NULL, "w", NULL); }
static void lay_npy(const char *path) { put_npy(path, 3); }
static void lay_empty(const char *path) { put(path, "", 0); }

static const struct {
    const char *what;
    void (*lay)(const char *path);
    gt_outfile_kind kind;
} things[] = {
    {"a ZIP of pictures", lay_zip, GT_OUTFILE_OTHER},
    {"an HDF5 dataset", lay_set_h5, GT_OUTFILE_OTHER},
    {"HDF5 images", lay_images_h5, GT_OUTFILE_OTHER},
    {"an .npz of pictures", lay_images_npz, GT_OUTFILE_OTHER},
    {"an .npz of moments and pictures", lay_more_npz, GT_OUTFILE_OTHER},
    {"an .npy of pictures", lay_bytes_npy, GT_OUTFILE_OTHER},
    {"a file of MNIST", lay_idx, GT_OUTFILE_OTHER},
    {"a packed file", lay_gzip, GT_OUTFILE_OTHER},
    {"a CSV of labels", lay_csv, GT_OUTFILE_OTHER},
    {"a checkpoint", lay_checkpoint, GT_OUTFILE_OTHER},
    {"a text", lay_text, GT_OUTFILE_OTHER},
    {"a job", lay_job, GT_OUTFILE_OTHER},
    {"a JSON text", lay_json, GT_OUTFILE_OTHER},
    {"noise", lay_noise, GT_OUTFILE_OTHER},
    {"a damaged archive", lay_cut_npz, GT_OUTFILE_OTHER},
    {"a pickle", lay_pickle, GT_OUTFILE_OTHER},
    {"a PNG", lay_png, GT_OUTFILE_PICTURE},
    {"an SVG", lay_svg, GT_OUTFILE_PICTURE},
    {"a WebP", lay_webp, GT_OUTFILE_PICTURE},
    {"an animated WebP", lay_moving, GT_OUTFILE_FILM},
    {"an MP4", lay_mp4, GT_OUTFILE_FILM},
    {"a page", lay_page, GT_OUTFILE_PAGE},
    {"another program's page", lay_foreign_page, GT_OUTFILE_OTHER},
    {"a table", lay_table, GT_OUTFILE_TABLE},
    {"a confusion table", lay_confusion, GT_OUTFILE_TABLE},
    {"findings", lay_findings, GT_OUTFILE_TABLE},
    {"statistics", lay_statistics, GT_OUTFILE_STATISTICS},
    {"a network as .npz", lay_network, GT_OUTFILE_NETWORK},
    {"a network as .safetensors", lay_safetensors, GT_OUTFILE_NETWORK},
    {"a network as .onnx", lay_onnx, GT_OUTFILE_NETWORK},
    {"a network as .pkl", lay_pkl, GT_OUTFILE_NETWORK},
    {"another program's .safetensors", lay_foreign_safetensors, GT_OUTFILE_OTHER},
    {"another program's .onnx", lay_foreign_onnx, GT_OUTFILE_OTHER},
    {"another program's .pkl", lay_foreign_pkl, GT_OUTFILE_OTHER},
    {"points of a mixture", lay_points, GT_OUTFILE_POINTS},
    {"arrays", lay_arrays, GT_OUTFILE_ARRAYS},
    {"styles", lay_styles, GT_OUTFILE_ARRAYS},
    {"an .npy of floats", lay_npy, GT_OUTFILE_ARRAYS},
    {"an empty file", lay_empty, GT_OUTFILE_NOTHING},
};
enum { THINGS = sizeof things / sizeof *things };

static int lay_all(void **state) {
    if (make_scratch(state)) return -1;
    comm = gt_comm_start_all(1, NULL);
    gt_log_setup(0, 1, GT_ERROR);
    mkdir(at("things"), 0777);
    mkdir(at("folder"), 0777);
    for (int i = 0; i < THINGS; i++) {
        char name[32];
        snprintf(name, sizeof name, "things/%d", i);
        things[i].lay(at(name));
    }
    return 0;
}

static int clear_all(void **state) {
    gt_comm_stop_all(comm);
    return remove_scratch(state);
}

/* ---- the table of options ---- */

/* A name that the pattern takes: the first of several words, a digit, x, and what may be left out. */
static const char *name_of(const char *pattern, char name[64]) {
    size_t n = 0;
    for (const char *p = pattern; *p && n < 60;)
        if (!strncmp(p, "+([0-9])", 8)) name[n++] = '7', p += 8;
        else if (!strncmp(p, "!(*.*)", 6)) name[n++] = 'x', p += 6;
        else if (!strncmp(p, "@(", 2))
            for (p += 2; *p && *p != '|'; p++) name[n++] = *p;
        else if (!strncmp(p, "?(", 2)) p += 2;
        else if (*p == '|') p += strcspn(p, ")") + 1;
        else if (*p == ')') p++;
        else if (*p == '*') name[n++] = 'x', p++;
        else name[n++] = *p++;
    name[n] = 0;
    if (fnmatch(pattern, name, FNM_EXTMATCH)) fail_msg("'%s' is not a name of %s", name, pattern);
    return name;
}

typedef struct output { /* of a row */
    const cli_command *command;
    const gt_option *row;
    const gt_outfile_name *name;
    bool folder;
} output;

static int for_each_output(void (*use)(const output *of)) {
    int n_commands, n, count = 0;
    const cli_command *const *c = cli_commands(&n_commands);
    for (int k = 0; k < n_commands; k++) {
        const gt_option *o = cli_options(c[k], &n);
        for (int i = 0; i < n; i++)
            for (int folder = 0; o[i].writes && folder < 2; folder++) {
                const gt_outfile_name *name = folder ? o[i].writes->inside : o[i].writes->files;
                for (; name && name->pattern; name++, count++) use(&(output){c[k], &o[i], name, folder});
            }
    }
    return count;
}

/* Options that name what is read, or the folder of a run or a search. */
static const char *const inputs[] = {
    "data",       "resume",    "run",       "detector",   "inception",
    "vgg16",      "lpips",     "vgg",       "mixture",    "projected-w",
    "directions", "with-w",    "without-w", "test-data",  "test-condition",
    "reals",      "fakes",     "network",   "target",     "start",
    "decoder",    "hostfile",  "source",    "labels",     "class-names",
    "held-out",   "reference", "compare",   "checkpoint", "latents",
    "key",        "sign",      "condition", "static",
};
/* New ones in it are numbered; of the doctor nothing stays in it. */
static const char *const folders_of_runs[] = {"train", "submit", "search", "doctor", "gradcheck", "inspect"};

static bool is_in(const char *const *list, size_t n, const char *word) {
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i], word)) return true;
    return false;
}
#define IS_IN(list, word) is_in(list, sizeof list / sizeof *list, word)

static void every_path_says_what_is_written(void **state) {
    (void)state;
    int n_commands, n;
    const cli_command *const *c = cli_commands(&n_commands);
    for (int k = 0; k < n_commands; k++) {
        const gt_option *o = cli_options(c[k], &n);
        bool writes = false, overwrites = false;
        for (int i = 0; i < n; i++) {
            bool known = o[i].writes || IS_IN(inputs, o[i].key) ||
                         (!strcmp(o[i].key, "outdir") && IS_IN(folders_of_runs, c[k]->name));
            writes |= o[i].writes != NULL;
            overwrites |= !strcmp(o[i].key, "overwrite");
            if (o[i].path && !known)
                fail_msg("gantry %s --%s: a row of CLI_WRITES or CLI_FILLS says what is written, or the option is read "
                         "and belongs to the list of this test",
                         c[k]->name, o[i].key);
            if (o[i].writes && !o[i].path) fail_msg("gantry %s --%s names no path", c[k]->name, o[i].key);
        }
        if (writes && !overwrites) fail_msg("gantry %s writes files and has no --overwrite", c[k]->name);
    }
}

/* ---- what is replaced ---- */

static const gt_outfile table = {.files = CLI_NAMES({"*.csv", GT_OUTFILE_TABLE})};

static void check_output(const output *of) {
    char name[64], where[512];
    name_of(of->name->pattern, name);
    for (int i = 0; i < THINGS; i++) {
        char thing[32];
        snprintf(thing, sizeof thing, "things/%d", i);
        snprintf(where, sizeof where, "%s/folder/%s", scratch, name);
        assert_int_equal(rename(at(thing), where), 0);
        const char *place = of->folder ? at("folder") : where;
        bool own = of->name->kind == GT_OUTFILE_OWN || things[i].kind == GT_OUTFILE_NOTHING,
             free = own || (things[i].kind == of->name->kind && things[i].kind != GT_OUTFILE_OTHER);
        gt_status st = gt_outfile_check(of->row->writes, place, false),
                  forced = gt_outfile_check(of->row->writes, place, true),
                  again = gt_outfile_check_again(of->row->writes, place, where, false);
        if (st != (free ? GT_OK : GT_USAGE))
            fail_msg("gantry %s --%s (%s): %s is %s", of->command->name, of->row->key, name, things[i].what,
                     st ? "not replaced" : "replaced");
        if (forced) fail_msg("gantry %s --%s (%s): %s stays", of->command->name, of->row->key, name, things[i].what);
        bool unseen = !strncmp(things[i].what, "HDF5", 4) || !strncmp(things[i].what, "an HDF5", 7) ||
                      !strcmp(things[i].what, "a checkpoint") ||
                      !strcmp(things[i].what, "arrays"); /* was looked at before MPI was up */
        if (st != again && !unseen)
            fail_msg("%s: %s is %s at the end", name, things[i].what, again ? "kept" : "replaced");
        if (!free && (!strstr(gt_message(), "--overwrite") || !strstr(gt_message(), name)))
            fail_msg("%s: %s", name, gt_message());
        assert_int_equal(rename(where, at(thing)), 0);
    }
}

static void outputs_replace_their_own_kind_alone(void **state) {
    (void)state;
    assert_true(for_each_output(check_output) > 60);
}

static int n_of_h5; /* outputs that may have the name of a checkpoint */

static void check_run(const output *of) {
    static const char *const names[] = {"run/checkpoint-000000008.h5", "run/last", "run/bad-checkpoint-000000004.h5",
                                        "run/checkpoint-000000009.h5", "run/bad-checkpoint-000000009.h5"};
    if (of->folder || gt_outfile_check_name(of->row->writes, names[0])) return;
    n_of_h5++;
    for (int overwrite = 0; overwrite < 2; overwrite++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            const char *path = at(names[i]);
            assert_int_equal(gt_outfile_check(of->row->writes, path, overwrite), GT_USAGE);
            assert_non_null(strstr(gt_message(), "checkpoint in the folder of a run"));
            assert_int_equal(gt_outfile_check_again(of->row->writes, path, path, overwrite), GT_USAGE);
        }
}

static void checkpoints_of_runs_stay(void **state) {
    (void)state;
    mkdir(at("run"), 0777);
    lay_job(at("run/job.ini"));
    lay_checkpoint(at("run/checkpoint-000000008.h5"));
    lay_checkpoint(at("run/bad-checkpoint-000000004.h5"));
    assert_int_equal(symlink("checkpoint-000000008.h5", at("run/last")), 0);
    for_each_output(check_run);
    assert_true(n_of_h5 >= 2);
    assert_int_equal(gt_outfile_check_run(at("run/last")), GT_USAGE);
    assert_int_equal(gt_outfile_check_run(at("run/job.ini")), GT_OK);
    /* not there: it would be the run's newest checkpoint, with which training goes on */
    assert_int_equal(gt_outfile_check_run(at("run/checkpoint-000000009.h5")), GT_USAGE);
    assert_non_null(strstr(gt_message(), "would be a checkpoint in the folder of a run"));
    assert_int_equal(symlink("round", at("run/round")), 0);
    assert_int_equal(gt_outfile_check_run(at("run/round")), GT_OK);
    rename(at("run/checkpoint-000000008.h5"), at("folder/checkpoint-000000008.h5"));
    assert_int_equal(gt_outfile_check_run(at("folder/checkpoint-000000008.h5")), GT_OK); /* no run's folder */
}

static int n_of_pictures;

static void check_dataset_in(const output *of, const char *folder, bool link) {
    char name[64], where[640], in[512];
    snprintf(in, sizeof in, "%s/%s", scratch, folder);
    snprintf(where, sizeof where, "%s/%s", in, name_of(of->name->pattern, name));
    if (!link) lay_png(where);
    else assert_int_equal(symlink(at("set/00000/linked.png"), where), 0);
    const char *place = of->folder ? in : where;
    assert_int_equal(gt_outfile_check(of->row->writes, place, false), GT_USAGE);
    assert_non_null(strstr(gt_message(), "of the dataset in its folder: replace it with --overwrite"));
    assert_int_equal(gt_outfile_check_again(of->row->writes, place, where, false), GT_USAGE);
    assert_int_equal(gt_outfile_check(of->row->writes, place, true), GT_OK);
    remove(where);
}

static void check_dataset(const output *of) {
    if (of->name->kind != GT_OUTFILE_PICTURE) return;
    check_dataset_in(of, "set", false);
    check_dataset_in(of, "set/00000", false);
    check_dataset_in(of, "set/masks/00000", false);
    check_dataset_in(of, "links", true);
    n_of_pictures++;
}

/* A folder as gantry dataset makes it: pictures lie in 00000/, masks in masks/00000/. */
static void make_dataset(const char *root) {
    static const char *const folders[] = {"", "/00000", "/masks", "/masks/00000"};
    char path[512];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s%s", root, folders[i]);
        mkdir(path, 0777);
    }
    snprintf(path, sizeof path, "%s/dataset.json", root);
    put_text(path, "{\"labels\": null}");
}

static void pictures_of_a_dataset_stay(void **state) {
    (void)state;
    make_dataset(at("set"));
    mkdir(at("links"), 0777);
    lay_png(at("set/00000/linked.png"));
    for_each_output(check_dataset);
    assert_true(n_of_pictures > 10);
}

/* gantry predict writes masks/00000/img00000000.png, which is the true mask of a dataset in its --outdir. */
static void masks_of_a_dataset_stay(void **state) {
    (void)state;
    const gt_outfile *o = NULL;
    int n;
    const gt_option *rows = cli_options(cli_find("predict"), &n);
    for (int i = 0; i < n; i++)
        if (rows[i].writes) o = rows[i].writes;
    make_dataset(at("masked"));
    lay_png(at("masked/00000/img00000000.png"));
    assert_int_equal(gt_outfile_check(o, at("masked"), false), GT_OK); /* no masks yet */
    lay_png(at("masked/masks/00000/img00000000.png"));
    assert_int_equal(gt_outfile_check(o, at("masked"), false), GT_USAGE);
    assert_non_null(strstr(gt_message(), "masks/00000/img00000000.png' already exists"));
    assert_int_equal(gt_outfile_check(o, at("masked"), true), GT_OK);
    remove(at("masked/dataset.json"));
    assert_int_equal(gt_outfile_check(o, at("masked/"), false), GT_OK);
}

/* Whatever kind it is of, and by whatever name. */
static void inputs_stay(void **state) {
    (void)state;
    char *paths[] = {strdup(at("read.csv")), strdup(at("missing"))};
    const gt_outfile within = {.inside = CLI_NAMES({"scores.csv", GT_OUTFILE_TABLE})};
    lay_table(paths[0]);
    mkdir(at("reads"), 0777);
    assert_int_equal(symlink("../read.csv", at("reads/scores.csv")), 0);
    assert_int_equal(gt_outfile_check(&table, paths[0], false), GT_OK);
    gt_outfile_read_from((const char *const *)paths, 2);
    assert_int_equal(gt_outfile_check(&table, paths[0], false), GT_USAGE);
    assert_non_null(strstr(gt_message(), "a text file, which this command reads: replace it with --overwrite"));
    assert_int_equal(gt_outfile_check(&within, at("reads"), false), GT_USAGE);
    assert_int_equal(gt_outfile_check_again(&within, at("reads"), at("reads/scores.csv"), false), GT_USAGE);
    assert_int_equal(gt_outfile_check(&table, paths[0], true), GT_OK);
    assert_int_equal(gt_outfile_check(&table, paths[1], false), GT_OK);
    gt_outfile_read_from(NULL, 0);
    assert_int_equal(gt_outfile_check(&table, paths[0], false), GT_OK);
    free(paths[0]);
    free(paths[1]);
}

/* Somebody's points may have a column of this name. */
static void points_are_no_table(void **state) {
    (void)state;
    lay_points(at("points.csv"));
    assert_int_equal(gt_outfile_check(&table, at("points.csv"), false), GT_USAGE);
}

/* ---- names ---- */

static void check_endings(const output *of) {
    if (of->folder || strchr("*!", of->name->pattern[1]) || !of->name->pattern[1]) return;
    const char *ending = of->name->pattern + 1;
    char name[64];
    name_of(of->name->pattern, name);
    assert_int_equal(gt_outfile_check_name(of->row->writes, name), GT_OK);
    assert_int_equal(gt_outfile_check_name(of->row->writes, "a.other"), GT_USAGE);
    if (*of->name->pattern == '*' && !strstr(gt_message(), ending))
        fail_msg("gantry %s --%s: no %s in '%s'", of->command->name, of->row->key, ending, gt_message());
    assert_int_equal(gt_outfile_check_name(of->row->writes, "/dev/null"), GT_OK);
}

static void endings_fit_what_is_written(void **state) {
    (void)state;
    for_each_output(check_endings);
}

/* ---- at the end of the work ---- */

static gt_status refuse(const char *path) {
    return gt_ends_with(path, "kept.txt") ? gt_fail(GT_USAGE, "'%s' stays", path) : GT_OK;
}

/* What came to be there during the work stays, and what was made does, too. */
static void what_came_meanwhile_stays(void **state) {
    (void)state;
    put_text(at("kept.txt"), "theirs");
    gt_file_guard_by(refuse);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gt_file_write(at("kept.txt"), i ? "more" : "ours", 4), GT_USAGE);
        assert_non_null(strstr(gt_message(), "kept.txt' stays"));
        assert_int_equal(strstr(gt_message(), "kept.txt.new") != NULL, !i);
        size_t n;
        char *theirs = get(at("kept.txt"), &n), *ours = get(at("kept.txt.new"), &n);
        assert_string_equal(theirs, "theirs");
        assert_string_equal(ours, "ours");
        free(theirs);
        free(ours);
    }
    assert_int_equal(gt_file_write(at("other.txt"), "x", 1), GT_OK);
    gt_file_guard_by(NULL);
    assert_int_equal(halves(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_says_what_is_written),
        cmocka_unit_test(outputs_replace_their_own_kind_alone),
        cmocka_unit_test(checkpoints_of_runs_stay),
        cmocka_unit_test(endings_fit_what_is_written),
        cmocka_unit_test(what_came_meanwhile_stays),
        cmocka_unit_test(pictures_of_a_dataset_stay),
        cmocka_unit_test(masks_of_a_dataset_stay),
        cmocka_unit_test(inputs_stay),
        cmocka_unit_test(points_are_no_table),
    };
    return cmocka_run_group_tests(tests, lay_all, clear_all);
}
