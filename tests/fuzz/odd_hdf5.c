/* SPDX-License-Identifier: Apache-2.0
 * HDF5 files that are sound, which bits at random hardly ever are, but of odd contents: other types, sizes, layouts,
 * links and attributes than a reader hopes for. An input is a program: the first byte chooses the reader, the others
 * say what is put into the file, one thing after the other. */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/results.h"
#include "dataset_use.h"
#include "run/door/checkpoint.h"
#include "gantry/runlog.h"
#include "files/h5/door/h5.h"
#include "points_use.h"
#include "run/door/checkpoint_internal.h"

/* What a byte of a program means, wherever one of these is asked for: a name, a length, ... */
static const char *const names[] = {"images", "labels",        "timestamp", "recipe", "networks",
                                    "G_ema",  "mapping.w_avg", "state",     "note",   "Loss",
                                    "000-x",  "table00",       "rate",      "other",  "points"};
static const char *const attribute_names[] = {"range", "class_names", "channels", "format",
                                              "bench", "name",        "title",    "digits",
                                              "model", "kernel_set",  "dataset",  "condition00"};
static const char *const texts[] = {"",           "gantry benchmark results 1", "R,G,B", "stylegan2", "avx2",
                                    "what: said", "[recipe]\nbatch = 8\n",      "0"};
static const hsize_t lengths[] = {
    0, 1, 2, 3, 4, 5, 16, 256, 65536, 1 << 24, (hsize_t)1 << 31, (hsize_t)1 << 40, UINT64_MAX - 1};
enum {
    COUNT_OF_NAMES = sizeof names / sizeof *names,
    COUNT_OF_ATTRIBUTES = sizeof attribute_names / sizeof *attribute_names,
    COUNT_OF_TEXTS = sizeof texts / sizeof *texts,
    COUNT_OF_LENGTHS = sizeof lengths / sizeof *lengths
};
enum { SET, ATTRIBUTE, GROUP, UP, LINK, STEPS }; /* a step of a program */
enum { U8, U16, F32, F64, I64, I32_BIG, TEXT, LONG_TEXT, FREE_TEXT, VALUES, OPAQUE, TYPES };
enum { CONTIGUOUS, CHUNKED, PACKED, COMPACT, EXTERNAL, LAYOUTS };
enum { SOFT, HARD, OUTSIDE, LINKS };
enum { AS_DATASET, AS_CHECKPOINT, AS_METRICS, AS_RESULTS, AS_POINTS, READERS };
enum { MOST_STEPS = 24, MOST_RANK = 5, MOST_WRITTEN = 1 << 14, MOST_ATTRIBUTE = 1 << 18 };

typedef struct program {
    const uint8_t *at, *end;
} program;

static unsigned next(program *p, unsigned below) { return (p->at < p->end ? *p->at++ : 0) % below; }

static hid_t text_type(size_t bytes) {
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes);
    return type;
}

static hid_t make_type(unsigned kind) {
    switch (kind) {
    case U8: return H5Tcopy(H5T_STD_U8LE);
    case U16: return H5Tcopy(H5T_STD_U16BE);
    case F32: return H5Tcopy(H5T_IEEE_F32LE);
    case F64: return H5Tcopy(H5T_IEEE_F64LE);
    case I64: return H5Tcopy(H5T_STD_I64LE);
    case I32_BIG: return H5Tcopy(H5T_STD_I32BE);
    case TEXT: return text_type(32);
    case LONG_TEXT: return text_type(70000);
    case FREE_TEXT: return text_type(H5T_VARIABLE);
    case OPAQUE: return H5Tcreate(H5T_OPAQUE, 3);
    default: {
        hid_t type = H5Tcreate(H5T_COMPOUND, 24);
        H5Tinsert(type, "mean", 0, H5T_IEEE_F64LE);
        H5Tinsert(type, "std", 8, H5T_IEEE_F32LE);
        H5Tinsert(type, "num", 16, H5T_STD_I64LE);
        return type;
    }
    }
}

static hid_t make_layout(unsigned kind, int rank, const hsize_t *dims) {
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t chunk[MOST_RANK];
    for (int i = 0; i < rank; i++) chunk[i] = dims[i] < 4 ? dims[i] + !dims[i] : 4;
    if ((kind == CHUNKED || kind == PACKED) && rank) H5Pset_chunk(list, rank, chunk);
    if (kind == PACKED && rank) H5Pset_shuffle(list), H5Pset_deflate(list, 1);
    if (kind == COMPACT) H5Pset_layout(list, H5D_COMPACT);
    if (kind == EXTERNAL) H5Pset_external(list, fuzz_named("raw", names, 64), 0, H5F_UNLIMITED);
    return list;
}

/* Values for the whole of it, if they are few: the text that the program names, or numbers: small ones that count up,
 * or one with equal bytes. */
static void fill(program *p, hid_t object, hid_t type, hid_t space,
                 herr_t (*write)(hid_t object, hid_t type, const void *values)) {
    static union {
        uint8_t bytes[MOST_WRITTEN];
        const char *text[MOST_WRITTEN / sizeof(char *)];
    } values;
    hssize_t n = H5Sget_simple_extent_npoints(space);
    size_t size = H5Tget_size(type);
    if (n <= 0 || (size_t)n > sizeof values / size) return;
    const char *text = texts[next(p, COUNT_OF_TEXTS)];
    if (H5Tis_variable_str(type) > 0)
        for (hssize_t i = 0; i < n; i++) values.text[i] = text;
    else if (H5Tget_class(type) == H5T_STRING)
        for (hssize_t i = 0; i < n; i++) strncpy((char *)values.bytes + (size_t)i * size, text, size);
    else {
        unsigned first = next(p, 256);
        memset(values.bytes, first < 128 ? 0 : (int)first, (size_t)n * size);
        for (hssize_t i = 0; i < n && first < 128; i++) values.bytes[(size_t)i * size] = (uint8_t)(first + (unsigned)i);
    }
    write(object, type, &values);
}

static herr_t write_set(hid_t set, hid_t type, const void *values) {
    return H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
}

static hid_t make_space(program *p, hsize_t *dims, int *rank) {
    *rank = (int)next(p, MOST_RANK + 1);
    for (int i = 0; i < *rank; i++) dims[i] = lengths[next(p, COUNT_OF_LENGTHS)];
    return *rank ? H5Screate_simple(*rank, dims, NULL) : H5Screate(next(p, 4) ? H5S_SCALAR : H5S_NULL);
}

static hid_t add_set(program *p, hid_t where) {
    hsize_t dims[MOST_RANK];
    int rank;
    const char *name = names[next(p, COUNT_OF_NAMES)];
    hid_t type = make_type(next(p, TYPES)), space = make_space(p, dims, &rank),
          list = make_layout(next(p, LAYOUTS), rank, dims);
    hid_t set = space < 0 ? -1 : H5Dcreate2(where, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    if (set >= 0 && next(p, 4)) fill(p, set, type, space, write_set);
    H5Pclose(list);
    if (space >= 0) H5Sclose(space);
    H5Tclose(type);
    return set;
}

static void add_attribute(program *p, hid_t object) {
    hsize_t dims[MOST_RANK];
    int rank;
    const char *name = attribute_names[next(p, COUNT_OF_ATTRIBUTES)];
    hid_t type = make_type(next(p, TYPES)), space = make_space(p, dims, &rank);
    hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    hid_t attribute = n < 0 || (size_t)n > MOST_ATTRIBUTE / H5Tget_size(type)
                          ? -1
                          : H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0) {
        fill(p, attribute, type, space, H5Awrite);
        H5Aclose(attribute);
    }
    if (space >= 0) H5Sclose(space);
    H5Tclose(type);
}

static void add_link(program *p, hid_t file, hid_t where) {
    static const char *const ways[] = {"/", "/images", "/labels", "/other/images", "/networks/G_ema"};
    unsigned kind = next(p, LINKS);
    const char *name = names[next(p, COUNT_OF_NAMES)], *way = ways[next(p, sizeof ways / sizeof *ways)];
    if (kind == SOFT) H5Lcreate_soft(way, where, name, H5P_DEFAULT, H5P_DEFAULT);
    else if (kind == HARD) H5Lcreate_hard(file, way, where, name, H5P_DEFAULT, H5P_DEFAULT);
    else H5Lcreate_external("/dev/null", way, where, name, H5P_DEFAULT, H5P_DEFAULT);
}

/* `where` is the group that things are put into, `object` the last thing that was put there: attributes are its. */
static void run_program(program *p, hid_t file) {
    hid_t where = H5Gopen2(file, "/", H5P_DEFAULT), object = H5Gopen2(file, "/", H5P_DEFAULT), made;
    for (int i = 0; i < MOST_STEPS && p->at < p->end; i++) {
        made = -1;
        switch (next(p, STEPS)) {
        case SET: made = add_set(p, where); break;
        case ATTRIBUTE: add_attribute(p, object); break;
        case LINK: add_link(p, file, where); break;
        case GROUP:
            made = H5Gcreate2(where, names[next(p, COUNT_OF_NAMES)], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
            if (made < 0) break;
            H5Oclose(where);
            where = H5Oopen(made, ".", H5P_DEFAULT);
            break;
        default: H5Oclose(where); where = H5Gopen2(file, "/", H5P_DEFAULT);
        }
        if (made < 0) continue;
        H5Oclose(object);
        object = made;
    }
    H5Oclose(object);
    H5Oclose(where);
}

/* ---- the readers ---- */

static void read_metrics(const char *path) {
    bool other;
    gt_stats_free(gt_metrics_read(path, &other));
}

static void read_results(const char *path) {
    gt_results *list[4];
    int n = gt_results_read_h5(path, list, 4);
    for (int i = 0; i < n; i++) {
        free(gt_results_json(list[i]));
        gt_results_free(list[i]);
    }
}

static void read_checkpoint(const void *image, size_t n) {
    uint8_t *file = malloc(CHECKPOINT_BLOCK + n);
    fuzz_check(file && !checkpoint_block_make((char *)file, GT_CHECKPOINT_FORMAT, image, n));
    memcpy(file + CHECKPOINT_BLOCK, image, n);
    gt_checkpoint_file *f = gt_checkpoint_open(fuzz_file(file, CHECKPOINT_BLOCK + n), NULL);
    for (int i = f ? gt_checkpoint_first(f, "") : -1; i >= 0; i = gt_checkpoint_next(f, "", i)) {
        const gt_checkpoint_entry *e = gt_checkpoint_at(f, i);
        char text[64];
        gt_status st = GT_OK;
        if (e->type == GT_NUMBER_TEXT) st = gt_checkpoint_get_text(f, e->path, text, sizeof text);
        if (e->type != GT_NUMBER_FLOAT || e->size > 1 << 24) continue;
        float *out = malloc((e->size + 1) * sizeof *out);
        fuzz_check(out);
        st = gt_checkpoint_read(f, e->path, out, e->size);
        (void)st;
        free(out);
    }
    gt_checkpoint_close(f);
    free(file);
}

static void run(const uint8_t *bytes, size_t n) {
    gt_h5_file f;
    fuzz_check(!gt_h5_create_memory(&f));
    program p = {bytes, bytes + n};
    unsigned reader = next(&p, READERS);
    run_program(&p, f.id);
    fuzz_check(H5Fget_obj_count(f.id, H5F_OBJ_ALL) == 1 && !gt_h5_finish(&f));
    if (reader == AS_DATASET) fuzz_use_dataset(fuzz_file(f.data, f.bytes));
    if (reader == AS_CHECKPOINT) read_checkpoint(f.data, f.bytes);
    if (reader == AS_METRICS) read_metrics(fuzz_file(f.data, f.bytes));
    if (reader == AS_POINTS) fuzz_use_points(fuzz_named("input.h5", f.data, f.bytes));
    if (reader == AS_RESULTS) read_results(fuzz_file(f.data, f.bytes));
    gt_h5_close(&f);
    fuzz_check(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL) == 0); /* whatever was read, nothing is left open */
}

/* Programs for files that readers take: the numbers are places in the tables above. */
static void seeds(fuzz_put *put, void *arg) {
    enum {
        IMAGES,
        LABELS,
        TIMES,
        RECIPE,
        NETWORKS,
        G_EMA,
        W_AVG,
        STATE,
        NOTE,
        LOSS,
        DOCUMENT,
        TABLE,
        RATE,
        OTHER,
        POINTS
    };
    static const uint8_t dataset[] = {
        AS_DATASET, SET,       IMAGES, U8,  4, 2, 4, 4, 3,   CONTIGUOUS, 1,   0, 9, ATTRIBUTE, 2, FREE_TEXT, 0, 1,
        2,          ATTRIBUTE, 0,      F64, 1, 2, 0, 0, SET, LABELS,     I64, 1, 2, CHUNKED,   1, 0,         0};
    static const uint8_t packed[] = {AS_DATASET, SET, IMAGES, F32, 4, 2, 4, 4,      1, PACKED, 1, 0,
                                     0,          SET, LABELS, F32, 2, 2, 3, PACKED, 1, 0,      0};
    static const uint8_t metrics[] = {AS_METRICS, SET,   IMAGES, I64,    1, 2,       CHUNKED, 1, 0, 1,
                                      SET,        TIMES, F64,    1,      2, CHUNKED, 1,       0, 0, GROUP,
                                      LOSS,       SET,   NOTE,   VALUES, 1, 2,       CHUNKED, 1, 0, 0};
    static const uint8_t checkpoint[] = {AS_CHECKPOINT,
                                         ATTRIBUTE,
                                         8,
                                         TEXT,
                                         0,
                                         1,
                                         3,
                                         ATTRIBUTE,
                                         9,
                                         TEXT,
                                         0,
                                         1,
                                         4,
                                         ATTRIBUTE,
                                         10,
                                         TEXT,
                                         0,
                                         1,
                                         0,
                                         SET,
                                         RECIPE,
                                         TEXT,
                                         0,
                                         1,
                                         CONTIGUOUS,
                                         1,
                                         6,
                                         GROUP,
                                         NETWORKS,
                                         GROUP,
                                         G_EMA,
                                         SET,
                                         W_AVG,
                                         F32,
                                         2,
                                         2,
                                         3,
                                         CONTIGUOUS,
                                         1,
                                         0,
                                         0,
                                         UP,
                                         GROUP,
                                         STATE,
                                         SET,
                                         NOTE,
                                         I64,
                                         0,
                                         1,
                                         CONTIGUOUS,
                                         1,
                                         0,
                                         1};
    static const uint8_t results[] = {
        AS_RESULTS, ATTRIBUTE, 3,    TEXT, 0,          1, 1,     GROUP, DOCUMENT,  ATTRIBUTE, 4,    TEXT, 0, 1, 5,
        ATTRIBUTE,  11,        TEXT, 0,    1,          5, GROUP, TABLE, ATTRIBUTE, 5,         TEXT, 0,    1, 2, SET,
        RATE,       F64,       1,    2,    CONTIGUOUS, 1, 0,     0,     ATTRIBUTE, 7,         TEXT, 0,    1, 7};
    static const uint8_t points[] = {AS_POINTS, SET, POINTS, F32,  2, 4, 3,          PACKED, 1, 0,
                                     1,         SET, LOSS,   TEXT, 0, 1, CONTIGUOUS, 1,      3};
    static const uint8_t links[] = {AS_DATASET, SET,    IMAGES, U8,   4,       2,     4, 4,    3,    EXTERNAL, 0, LINK,
                                    SOFT,       LABELS, 1,      LINK, OUTSIDE, TIMES, 2, LINK, HARD, LOSS,     0};
    const struct {
        const uint8_t *bytes;
        size_t n;
    } all[] = {
        {dataset, sizeof dataset}, {packed, sizeof packed}, {metrics, sizeof metrics}, {checkpoint, sizeof checkpoint},
        {results, sizeof results}, {points, sizeof points}, {links, sizeof links}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) put(arg, all[i].bytes, all[i].n);
}

const fuzz_target target = {.variants = 60, .seeds = seeds, .run = run};
