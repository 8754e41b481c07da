/* SPDX-License-Identifier: Apache-2.0
 * Foreign sources other than picture files, each with the file of labels beside it. An input begins with HEAD bytes:
 * under which names it is opened, with which options, and how long the labels are, which come next; the rest is the
 * source. */
#include "fuzz.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/hash.h"
#include "data/door/source.h"

enum { CSV, NPY, NPZ, IDX, TFRECORDS, TAR, LMDB, ZIP, FOLDER, LEVELS, KINDS };
static const struct {
    const char *opened, *source, *labels;
} names[KINDS] = {
    [CSV] = {"x.csv", "x.csv", "a.png"}, /* not its labels, but what its lines name */
    [NPY] = {"x.npy", "x.npy", "labels.csv"},
    [NPZ] = {"x.npz", "x.npz", "labels.csv"},
    [IDX] = {"x-images-idx3-ubyte", "x-images-idx3-ubyte", "x-labels-idx1-ubyte"},
    [TFRECORDS] = {"x.tfrecords", "x.tfrecords", "x.labels"},
    [TAR] = {"x.tar", "x.tar", "labels.csv"},
    [LMDB] = {"x_lmdb", "x_lmdb/data.mdb", "labels.csv"},
    [ZIP] = {"x.zip", "x.zip", "labels.csv"},
    [FOLDER] = {"x", "x/a.png", "x/dataset.json"},
    [LEVELS] = {"x_levels", "x_levels/x-r02.tfrecords", "x_levels/x-rxx.labels"},
};
enum { CROPS = 1, COARSE = 2, FOLDERS = 4, NO_LABELS = 8, LABELS_CSV = 16 }; /* options */
enum { KIND, OPTIONS, LABEL_BYTES, HEAD = 4 };
enum { ITEMS_MOST = 64, PAGE = 512 };

typedef struct seed {
    fuzz_put *put;
    void *arg;
} seed;

static void put_with(const seed *s, int kind, int options, const char *labels, size_t label_bytes, const void *bytes,
                     size_t n) {
    uint8_t *input = malloc(HEAD + label_bytes + n);
    fuzz_check(input);
    memcpy(input, (uint8_t[HEAD]){(uint8_t)kind, (uint8_t)options, (uint8_t)label_bytes, (uint8_t)(label_bytes >> 8)},
           HEAD);
    memcpy(input + HEAD, labels, label_bytes);
    memcpy(input + HEAD + label_bytes, bytes, n);
    s->put(s->arg, input, HEAD + label_bytes + n);
    free(input);
}

static void put_beside(const seed *s, int kind, int options, const char *labels, const void *bytes, size_t n) {
    put_with(s, kind, options, labels, strlen(labels), bytes, n);
}
static void put_as(const seed *s, int kind, const void *bytes, size_t n) { put_beside(s, kind, 0, "", bytes, n); }

static size_t make_npy(uint8_t *out, const char *type, const char *shape, size_t bytes) {
    memcpy(out, "\x93NUMPY\1\0\166\0", 10);
    int n = snprintf((char *)out + 10, 119, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
    memset(out + 10 + n, ' ', (size_t)(118 - n));
    out[127] = '\n';
    for (size_t i = 0; i < bytes; i++) out[128 + i] = (uint8_t)i;
    return 128 + bytes;
}

/* Files of one archive, as libarchive writes them. */
static void put_archive(const seed *s, int kind, int options, const char *labels, const char *const *entries,
                        const void *const *bytes, const size_t *n, int count) {
    static uint8_t packed[1 << 16];
    size_t used = 0;
    struct archive *a = archive_write_new();
    if (kind == TAR) archive_write_set_format_ustar(a);
    else archive_write_set_format_zip(a);
    if (kind == TAR) archive_write_add_filter_gzip(a);
    fuzz_check(archive_write_open_memory(a, packed, sizeof packed, &used) == ARCHIVE_OK);
    for (int i = 0; i < count; i++) {
        struct archive_entry *e = archive_entry_new();
        archive_entry_set_pathname(e, entries[i]);
        archive_entry_set_size(e, (la_int64_t)n[i]);
        archive_entry_set_filetype(e, AE_IFREG);
        fuzz_check(archive_write_header(a, e) == ARCHIVE_OK &&
                   archive_write_data(a, bytes[i], n[i]) == (la_ssize_t)n[i]);
        archive_entry_free(e);
    }
    archive_write_free(a);
    put_beside(s, kind, options, labels, packed, used);
}

/* A train batch of one image, pickled as Python 2 does it, with a list of one label. */
static size_t make_pickle(uint8_t *out) {
    static const char head[] =
        "\x80\2}q\1(U\13fine_labelsq\2]q\3K\7aU\4dataq\4cnumpy.core.multiarray\n_"
        "reconstruct\nq\5cnumpy\nndarray\nq\6K\0\x85q\7"
        "U\1bq\10\x87q\11Rq\12(K\1K\1M\0\14\x86q\13cnumpy\ndtype\nq\14U\2u1q\15K\0K\1\x87q\16Rq\17(K\3U\1|"
        "q\20NNNJ\377\377\377\377J\377\377\377\377K\0tq\21b\x89T\0\14\0\0";
    size_t n = sizeof head - 1;
    memcpy(out, head, n);
    memset(out + n, 'x', 3072);
    memcpy(out + n + 3072, "tq\22bu.", 6);
    return n + 3072 + 6;
}

static uint32_t checksum(const void *data, size_t n) {
    uint32_t crc = gt_crc32c(0, data, n);
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

static void put_tfrecord(const seed *s) {
    static const uint8_t example[] = "\12\46"
                                     "\12\20"
                                     "\12\5shape"
                                     "\22\7"
                                     "\32\5"
                                     "\12\3\1\2\3"
                                     "\12\22"
                                     "\12\4data"
                                     "\22\12"
                                     "\12\10"
                                     "\12\6abcdef";
    uint8_t out[128] = {sizeof example - 1};
    uint32_t sum = checksum(out, 8);
    memcpy(out + 8, &sum, 4);
    memcpy(out + 12, example, sizeof example - 1);
    sum = checksum(example, sizeof example - 1);
    memcpy(out + 12 + sizeof example - 1, &sum, 4);
    uint8_t labels[256];
    size_t n = 12 + sizeof example - 1 + 4, label_bytes = make_npy(labels, "<f4", "1, 2", 8);
    memcpy(labels + 128, "\0\0\0\0\0\0\x80?", 8);
    put_with(s, TFRECORDS, 0, (const char *)labels, label_bytes, out, n);
    put_with(s, LEVELS, 0, (const char *)labels, label_bytes, out, n);
}

/* Two meta pages and a leaf with one value, which is a PGM. */
static void put_lmdb(const seed *s) {
    static const uint8_t meta[] = {0xde, 0xc0, 0xef, 0xbe, 1}, node[] = "\16\0\0\0\0\0\3\0keyP5 2 2 255\nabcd";
    static uint8_t file[3 * PAGE];
    for (int k = 0; k < 2; k++) {
        uint8_t *page = file + k * PAGE;
        page[0] = (uint8_t)k;
        page[10] = 8;
        memcpy(page + 16, meta, sizeof meta);
        page[41] = PAGE >> 8;
        page[128] = 2;
        page[144] = (uint8_t)k;
    }
    uint8_t *leaf = file + 2 * PAGE;
    leaf[0] = 2;
    leaf[10] = 2;
    leaf[12] = 18;
    leaf[16] = 64;
    memcpy(leaf + 64, node, sizeof node - 1);
    leaf[64] = 17;
    put_as(s, LMDB, file, sizeof file);
}

static void seeds(fuzz_put *put, void *arg) {
    const seed s = {put, arg};
    static const char *const tables[] = {"path,label\na.png,3\n\"b.png\",4\n", "a.png,cat\nb.png,\"d\"\"og\"\n",
                                         "a.png,1.5,2\nb.png,3,-4e3\n"};
    static const char picture[] = "P5 2 2 255\nabcd", bitmap[] = "P4 2 2 ab";
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        put_with(&s, CSV, 0, picture, sizeof picture - 1, tables[i], strlen(tables[i]));
    put_beside(&s, FOLDER, 0, "{\"labels\": [[\"a.png\", 1]]}", picture, sizeof picture - 1);
    put_beside(&s, FOLDER, 0, "{\"labels\": [[\"a.png\", [1.5]]], \"channels\": \"grey\"}", picture,
               sizeof picture - 1);
    put_beside(&s, FOLDER, LABELS_CSV | CROPS, "a.png,3\n", picture, sizeof picture - 1);
    uint8_t a[4096], b[4096];
    put_as(&s, NPY, a, make_npy(a, "|u1", "2, 3, 4", 24));
    put_beside(&s, NPY, CROPS, "", a, make_npy(a, "<f8", "2, 3, 2, 2", 192));
    put_as(&s, NPY, a, make_npy(a, "<u2", "1, 3, 17, 18", 1836));
    size_t n[2] = {make_npy(a, "|u1", "2, 3, 4", 24), make_npy(b, "<i8", "2,", 16)};
    memset(b + 128, 0, 16);
    put_archive(&s, NPZ, 0, "", (const char *const[]){"images.npy", "labels.npy"}, (const void *const[]){a, b}, n, 2);
    static const char digits[] = "\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\3abcdefghijkl";
    put_with(&s, IDX, 0, "\0\0\10\1\0\0\0\2\1\7", 10, digits, sizeof digits - 1);
    put_beside(&s, IDX, LABELS_CSV, "00000,a\n00001,b\n", digits, sizeof digits - 1);
    n[0] = make_pickle(a);
    put_archive(&s, TAR, 0, "", (const char *const[]){"cifar-100-python/train"}, (const void *const[]){a}, n, 1);
    put_archive(
        &s, TAR, NO_LABELS, "",
        (const char *const[]){"x/data_batch_1", "x/data_batch_2", "x/data_batch_3", "x/data_batch_4", "x/data_batch_5"},
        (const void *const[]){a, a, a, a, a}, (const size_t[]){n[0], n[0], n[0], n[0], n[0]}, 5);
    static const char names_of_classes[] = "\x80\2}U\20fine_label_names]U\3cat"
                                           "as.";
    n[0] = make_pickle(a), n[1] = sizeof names_of_classes - 1;
    put_archive(&s, TAR, 0, "", (const char *const[]){"cifar-100-python/train", "cifar-100-python/meta"},
                (const void *const[]){a, names_of_classes}, n, 2);
    put_archive(&s, TAR, 0, "", (const char *const[]){"x/train", "x/meta", "x/batches.meta"},
                (const void *const[]){a, names_of_classes, names_of_classes}, (const size_t[]){n[0], n[1], n[1]}, 3);
    put_archive(&s, TAR, 0, "", (const char *const[]){"x/train", "x/data_batch_2"}, (const void *const[]){a, a},
                (const size_t[]){n[0], n[0]}, 2);
    n[0] = sizeof picture - 1, n[1] = sizeof bitmap - 1;
    put_archive(&s, ZIP, FOLDERS, "", (const char *const[]){"a/x.png", "b/y.png"},
                (const void *const[]){picture, bitmap}, n, 2);
    put_archive(&s, ZIP, LABELS_CSV, "x.png,0.5,2\n", (const char *const[]){"x.png"}, (const void *const[]){picture}, n,
                1);
    static const char json[] = "{\"labels\": [[\"x.png\", 2]], \"class_names\": [\"a\", \"b\", \"c\"]}";
    n[1] = sizeof json - 1;
    put_archive(&s, ZIP, 0, "", (const char *const[]){"x.png", "dataset.json"}, (const void *const[]){picture, json}, n,
                2);
    put_tfrecord(&s);
    put_lmdb(&s);
}

static void use(gt_source *imp) {
    const gt_source_info *info = gt_source_get_info(imp);
    char buffer[GT_ITEM_NAME_BYTES];
    fuzz_check(info->count > 0 && info->label_width >= 0);
    for (int64_t i = 0; i < info->count && i < ITEMS_MOST; i++) {
        gt_picture p;
        gt_picture_info head;
        gt_status st = gt_source_head(imp, i, &head);
        fuzz_check(strlen(gt_source_name(imp, i, buffer)) < GT_ITEM_NAME_BYTES &&
                   gt_source_class(imp, i) < (info->label_width ? info->label_width : 1));
        if (!st && (size_t)head.height * (size_t)head.width * (size_t)head.channels < 1 << 24 &&
            !gt_source_read(imp, i, &p))
            gt_picture_free(&p);
    }
}

static void run(const uint8_t *bytes, size_t n) {
    char opened[640], labels[640];
    if (n < HEAD) return;
    int kind = bytes[KIND] % KINDS, options = bytes[OPTIONS];
    size_t label_bytes = (size_t)(bytes[LABEL_BYTES] | bytes[LABEL_BYTES + 1] << 8);
    if (label_bytes > n - HEAD) label_bytes = n - HEAD;
    static const char *const folders[] = {"x", "x_lmdb", "x_levels"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(labels, sizeof labels, "%s/%s", fuzz_folder(), folders[i]);
        mkdir(labels, 0700);
    }
    snprintf(opened, sizeof opened, "%s/%s", fuzz_folder(), names[kind].opened);
    snprintf(labels, sizeof labels, "%s/%s", fuzz_folder(), names[kind].labels);
    if (label_bytes) fuzz_named(names[kind].labels, bytes + HEAD, label_bytes);
    else unlink(labels);
    fuzz_named(names[kind].source, bytes + HEAD + label_bytes, n - HEAD - label_bytes);
    gt_source *imp;
    const gt_source_options with = {.crops = options & CROPS ? 2 : 0,
                                    .mnist_border = GT_MNIST_BORDER,
                                    .coarse = options & COARSE,
                                    .labels_csv = options & LABELS_CSV && label_bytes ? labels : NULL,
                                    .labels = options & NO_LABELS ? GT_SOURCE_LABELS_NONE
                                              : options & FOLDERS ? GT_SOURCE_LABELS_FOLDERS
                                                                  : GT_SOURCE_LABELS_OWN};
    if (gt_source_open(&imp, opened, &with)) return;
    use(imp);
    gt_source_close(imp);
}

const fuzz_target target = {.variants = 150, .seeds = seeds, .run = run};
