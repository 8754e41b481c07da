/* SPDX-License-Identifier: Apache-2.0
 * Foreign containers: LMDB by liblmdb, CIFAR, MNIST, TFRecords and numpy by tests/tools/foreign.py, each read back
 * sample by sample, and each damaged in its own way. */
#define _GNU_SOURCE
#include "imports.h"
#include "foreign_files.h"

#include <archive.h>
#include <archive_entry.h>
#include <lmdb.h>
#include <zlib.h>

static int make_foreign(void **state) { return make_foreign_files("foreign.py", state); }

/* Sample (y, x, c) of image i in what foreign.py writes. */
static int sample(int64_t i, int y, int x, int c) { return (int)((7 * i + 3 * y + 5 * x + 11 * c) % 251); }

static void check_formula(gt_source *imp, int64_t i, int height, int width, int channels, int pad) {
    gt_picture p = item(imp, i);
    assert_int_equal(p.height, height + 2 * pad);
    assert_int_equal(p.width, width + 2 * pad);
    assert_int_equal(p.channels, channels);
    assert_int_equal(p.type, GT_U8);
    const uint8_t *s = p.samples;
    for (int y = -pad; y < height + pad; y++)
        for (int x = -pad; x < width + pad; x++)
            for (int c = 0; c < channels; c++, s++) {
                int expected = y < 0 || x < 0 || y >= height || x >= width ? 0 : sample(i, y, x, c);
                if (*s != expected) fail_msg("image %d, y %d, x %d, c %d: %d, not %d", (int)i, y, x, c, *s, expected);
            }
    gt_picture_free(&p);
}

/* ---- CIFAR, MNIST ---- */

static void test_cifar10(void **state) {
    (void)state;
    static const char *const files[] = {"cifar-10-py2.tar.gz", "cifar-10-2.tar.gz", "cifar-10-3.tar.gz",
                                        "cifar-10-4.tar.gz", "cifar-10-5.tar.gz"};
    for (size_t f = 0; have_python() && f < sizeof files / sizeof *files; f++) {
        gt_source *imp = import(at(files[f]), NULL);
        const gt_source_info *info = gt_source_get_info(imp);
        assert_int_equal(info->count, 15);
        assert_int_equal(info->class_names, 10);
        assert_string_equal(info->class_name[9], "name9");
        assert_string_equal(name(imp, 4), "data_batch_2:00001");
        for (int i = 0; i < 15; i++) {
            check_formula(imp, i, 32, 32, 3, 0);
            assert_int_equal(gt_source_class(imp, i), i % 10);
        }
        gt_source_close(imp);
    }
}

static void test_cifar100(void **state) {
    (void)state;
    if (!have_python()) return;
    for (int coarse = 0; coarse < 2; coarse++) {
        gt_source *imp = import(at("cifar-100-python.tar.gz"), &(gt_source_options){.coarse = coarse});
        assert_int_equal(gt_source_get_info(imp)->count, 130);
        assert_string_equal(gt_source_get_info(imp)->class_name[3], coarse ? "coarse3" : "fine3");
        assert_int_equal(gt_source_class(imp, 129), coarse ? 9 : 29);
        check_formula(imp, 129, 32, 32, 3, 0);
        gt_source_close(imp);
    }
}

static void test_cifar_refused(void **state) {
    (void)state;
    if (!have_python()) return;
    import_refused(at("cifar-10-py2.tar.gz"), &(gt_source_options){.labels = GT_SOURCE_LABELS_FOLDERS},
                   "no picture lies in a subfolder");
    import_refused(at("cifar-10-evil.tar.gz"), NULL, "cifar-10-evil.tar.gz", "data_batch_1", "calls", "system");
    assert_false(exists("pwned"));
    size_t n;
    char *whole = get(at("cifar-10-py2.tar.gz"), &n);
    for (size_t cut = 0; cut < n; cut += n / 17) {
        put(at("cut.tar.gz"), whole, cut);
        import_refused(at("cut.tar.gz"), NULL, "cut.tar.gz");
    }
    free(whole);
}

typedef struct packed_file {
    const char *name;
    const void *bytes;
    size_t n;
} packed_file;

/* A packed tar; a ZIP where the name is that of an .npz: unlike libzip's it may hold a name twice. */
static const char *make_archive(const char *file, const packed_file *members, int count) {
    struct archive *a = archive_write_new();
    if (strstr(file, ".npz")) {
        archive_write_set_format_zip(a);
    } else {
        archive_write_set_format_ustar(a);
        archive_write_add_filter_gzip(a);
        archive_write_set_filter_option(a, NULL, "compression-level", "1");
    }
    assert_int_equal(archive_write_open_filename(a, at(file)), ARCHIVE_OK);
    for (int i = 0; i < count; i++) {
        struct archive_entry *e = archive_entry_new();
        archive_entry_set_pathname(e, members[i].name);
        archive_entry_set_size(e, (la_int64_t)members[i].n);
        archive_entry_set_filetype(e, AE_IFREG);
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        assert_int_equal(archive_write_data(a, members[i].bytes, members[i].n), members[i].n);
        archive_entry_free(e);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return at(file);
}

/* A pickled batch of one black image and its label, whose array is of `type`. */
static packed_file make_batch(const char *name, const char type[2]) {
    static const char head[] =
        "\x80\2}(U\13fine_labels]K\0aU\4datacnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85U\1btR"
        "(K\1K\1M\0\14\x86"
        "cnumpy\ndtype\nU\2u1K\0K\1\x87R(K\3U\1|NNNJ\377\377\377\377J\377\377\377\377K\0tb\x89T\0\14\0\0";
    static char out[4][sizeof head + 3072 + 3];
    static int turn;
    char *p = out[turn++ % 4];
    memset(p, 0, sizeof out[0]);
    memcpy(p, head, sizeof head - 1);
    memcpy((char *)memmem(p, sizeof head, "U\2u1", 4) + 2, type, 2);
    memcpy(p + sizeof head - 1 + 3072, "tbu.", 4);
    return (packed_file){name, p, sizeof head - 1 + 3072 + 4};
}

/* A pickled list of n names. */
static packed_file make_names(const char *name, int n) {
    static const char head[] = "\x80\2}U\20fine_label_names](", end[] = "es.";
    static char out[2][1 << 16];
    static int turn;
    char *p = out[turn++ % 2];
    size_t used = sizeof head - 1;
    memcpy(p, head, used);
    for (int i = 0; i < n; i++, used += 4) memcpy(p + used, "U\2ab", 4);
    memcpy(p + used, end, sizeof end - 1);
    return (packed_file){name, p, used + sizeof end - 1};
}

/* Of each place in the archive there may be one file, under whichever of its names. */
static void test_cifar_twice(void **state) {
    (void)state;
    const packed_file train = make_batch("x/train", "u1"), few = make_names("x/meta", 2),
                      many = make_names("x/batches.meta", 10000);
    gt_source *imp = import(make_archive("once.tar.gz", (const packed_file[]){train, few}, 2), NULL);
    assert_int_equal(gt_source_get_info(imp)->class_names, 2);
    gt_source_close(imp);
    import_refused(make_archive("two.tar.gz", (const packed_file[]){train, few, few}, 3), NULL, "two.tar.gz",
                   "more than one file 'meta'");
    import_refused(make_archive("two.tar.gz", (const packed_file[]){train, many, few}, 3), NULL,
                   "both 'train' and 'batches.meta'");
    import_refused(make_archive("two.tar.gz", (const packed_file[]){train, train}, 2), NULL,
                   "more than one file 'train'");
    import_refused(make_archive("two.tar.gz", (const packed_file[]){train, make_batch("y/data_batch_1", "u1")}, 2),
                   NULL, "both 'train' and 'data_batch_1'");
    import_refused(make_archive("two.tar.gz", (const packed_file[]){train, make_batch("y/data_batch_2", "u1")}, 2),
                   NULL, "both 'train' and 'data_batch_2'");
    import_refused(make_archive("two.tar.gz", (const packed_file[]){make_batch("y/data_batch_5", "u1"), train}, 2),
                   NULL, "both 'data_batch_5' and 'train'");
}

/* A few bytes that unpack to very many values of a pickle: empty tuples, marks, one value again and again, lists in
 * lists. */
static void test_cifar_bomb(void **state) {
    (void)state;
    enum { BOMB = 12 << 20 };
    char *bomb = malloc(BOMB);
    assert_non_null(bomb);
    for (int k = 0; k < 4; k++) {
        for (size_t i = 0; i < BOMB; i++) bomb[i] = k < 2 ? ")("[k] : k == 2 ? "\0h"[i % 2] : "]]a"[i % 3];
        if (k == 2) memcpy(bomb, "]q", 2);
        long before = peak_memory();
        import_refused(make_archive("bomb.tar.gz", &(packed_file){"x/train", bomb, BOMB}, 1), NULL, "bomb.tar.gz",
                       "'train'", "values, too many for its size");
        if (peak_memory() - before > 300 << 10) fail_msg("bomb %d: %ld MB", k, (peak_memory() - before) >> 10);
    }
    free(bomb);
}

/* Types of numbers that numpy does not have: a zero byte is none of the letters. */
static void test_cifar_types(void **state) {
    (void)state;
    static const char types[][2] = {{'u', 0}, {0, '1'}, {'u', '3'}, {'x', '1'}};
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        import_refused(make_archive("type.tar.gz", (const packed_file[]){make_batch("x/train", types[k])}, 1), NULL,
                       "'train'", "of another type than plain numbers");
}

/* Pickles with a byte changed: read, or refused with a reason. The compressed stream is taken away so that the change
 * gets to the pickle. */
static void test_cifar_damaged(void **state) {
    (void)state;
    if (!have_python()) return;
    char command[256];
    snprintf(command, sizeof command, "gzip -dc %s > %s", at("cifar-10-py2.tar.gz"), at("plain.tar"));
    assert_int_equal(system(command), 0);
    size_t n;
    unsigned char *whole = get(at("plain.tar"), &n);
    for (unsigned k = 0; k < 300; k++) {
        size_t place = 1536 + 512 * (k % 3) + (k * 2654435761u) % 700;
        if (place >= n) continue;
        unsigned char before = whole[place];
        whole[place] ^= (unsigned char)(1 + k % 255);
        put(at("changed.tar"), whole, n);
        whole[place] = before;
        gt_source *imp;
        if (!gt_source_open(&imp, at("changed.tar"), NULL)) gt_source_close(imp);
        else assert_true(gt_message()[0]);
    }
    free(whole);
}

static void test_mnist(void **state) {
    (void)state;
    if (!have_python()) return;
    gt_source *imp = import(at("train-images-idx3-ubyte.gz"), NULL);
    assert_int_equal(gt_source_get_info(imp)->count, 12);
    for (int i = 0; i < 12; i++) {
        check_formula(imp, i, 28, 28, 1, 2);
        assert_int_equal(gt_source_class(imp, i), i % 10);
    }
    gt_source_close(imp);
    imp = import(at("odd-images-idx3-ubyte.gz"), NULL);
    check_formula(imp, 4, 10, 12, 1, 0);
    gt_source_close(imp);

    size_t n;
    char *whole = get(at("odd-images-idx3-ubyte.gz"), &n);
    for (size_t cut = 0; cut < n; cut += n / 9) {
        put(at("cut-images-idx3-ubyte.gz"), whole, cut);
        import_refused(at("cut-images-idx3-ubyte.gz"), NULL, "cut-images");
    }
    free(whole);
    put(at("bomb-images-idx3-ubyte"), "\0\0\10\3\377\377\377\377\0\0\20\0\0\0\20\0", 16);
    import_refused(at("bomb-images-idx3-ubyte"), NULL, "cannot be packed");
    put(at("odd-labels-idx1-ubyte.gz"), "\0\0\10\1\0\0\0\4\1\2\3\4", 12);
    import_refused(at("odd-images-idx3-ubyte.gz"), NULL, "odd-labels", "4 labels for 5");
}

/* ---- LMDB ---- */

static const char *make_lmdb(int n) {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    mkdir(at("some_lmdb"), 0777);
    unlink(at("some_lmdb/data.mdb"));
    assert_int_equal(mdb_env_create(&env), 0);
    mdb_env_set_mapsize(env, 1 << 26);
    assert_int_equal(mdb_env_open(env, at("some_lmdb"), MDB_NOLOCK | MDB_NOSYNC, 0644), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
    for (int k = 0; k < n; k++) {
        int i = (int)(((unsigned)k * 7919u) % (unsigned)n); /* not in order */
        char key[48];
        snprintf(key, sizeof key, "%040d", i);
        bytes b = i % 5 == 4 ? (bytes){strdup("no picture"), 10} : i % 3 ? picture(i, 6, 9, 3) : picture(i, 50, 60, 1);
        assert_int_equal(mdb_put(txn, dbi, &(MDB_val){strlen(key), key}, &(MDB_val){b.n, b.data}, 0), 0);
        free(b.data);
    }
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    return at("some_lmdb");
}

static void test_lmdb(void **state) {
    (void)state;
    enum { N = 700 }; /* three levels of pages */
    gt_source *imp = import(make_lmdb(N), NULL);
    assert_int_equal(gt_source_get_info(imp)->count, N);
    uint8_t expected[50 * 60 * 3];
    for (int i = 0; i < N; i++) {
        char key[48];
        snprintf(key, sizeof key, "%040d", i);
        assert_string_equal(name(imp, i), key);
        if (i % 5 == 4) {
            item_refused(imp, i, "some_lmdb", key, "not a picture");
            continue;
        }
        gt_picture p = item(imp, i);
        assert_int_equal(p.channels, 3);
        paint(i, p.height, p.width, i % 3 ? 3 : 1, expected);
        for (int k = 0; k < p.height * p.width * 3; k++)
            assert_int_equal(((uint8_t *)p.samples)[k], expected[i % 3 ? k : k / 3]);
        gt_picture_free(&p);
    }
    gt_source_close(imp);
}

static void read_all(const char *spec) {
    gt_source *imp;
    gt_picture p;
    if (gt_source_open(&imp, spec, NULL)) {
        assert_true(gt_message()[0]);
        return;
    }
    int64_t n = gt_source_get_info(imp)->count;
    for (int64_t i = 0; i < n && i < 50; i++)
        if (!gt_source_read(imp, i, &p)) gt_picture_free(&p);
    gt_source_close(imp);
}

/* liblmdb itself would crash on most of these. */
static void test_lmdb_damaged(void **state) {
    (void)state;
    make_lmdb(60);
    mkdir(at("hurt_lmdb"), 0777);
    size_t n;
    unsigned char *whole = get(at("some_lmdb/data.mdb"), &n);
    for (size_t cut = 0; cut < n; cut += 1777) {
        put(at("hurt_lmdb/data.mdb"), whole, cut);
        import_refused(at("hurt_lmdb"), NULL, "hurt_lmdb", "data.mdb");
        if (cut > 8192) break;
    }
    for (unsigned k = 0; k < 400; k++) {
        size_t place = k < 200 ? k * 40 % 8400 : (k * 2654435761u) % n;
        unsigned char before = whole[place];
        whole[place] ^= (unsigned char)(1 + k % 255);
        put(at("hurt_lmdb/data.mdb"), whole, n);
        whole[place] = before;
        read_all(at("hurt_lmdb"));
    }
    free(whole);
}

/* Pages whose table of offsets names one node again and again, or nodes within the table: few bytes would become many
 * pictures. */
static void test_lmdb_repeats(void **state) {
    (void)state;
    enum { PAGE = 4096 };
    static uint8_t file[3 * PAGE];
    for (int k = 0; k < 2; k++) {
        uint8_t *page = file + k * PAGE;
        page[0] = (uint8_t)k;
        page[10] = 8;
        memcpy(page + 16, "\xde\xc0\xef\xbe\1", 5);
        page[41] = PAGE >> 8;
        page[128] = 2;
        page[144] = (uint8_t)k;
    }
    uint8_t *leaf = file + 2 * PAGE;
    leaf[0] = leaf[10] = 2;
    memcpy(leaf + 2048, "\17\0\0\0\0\0\3\0keyP5 2 2 255\nabcd", 26);
    mkdir(at("own_lmdb"), 0777);
    static const struct {
        int nodes;
        uint16_t at;
        const char *reason; /* NULL: read */
    } cases[] = {{1, 2048, NULL},
                 {200, 2048, "larger than their page"},
                 {1016, 2048, "larger than their page"},
                 {1016, 2046, "beyond its page"},
                 {1, 16, "beyond its page"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        for (int i = 0; i < cases[k].nodes; i++) memcpy(leaf + 16 + 2 * i, &cases[k].at, 2);
        memcpy(leaf + 12, &(uint16_t){(uint16_t)(16 + 2 * cases[k].nodes)}, 2);
        put(at("own_lmdb/data.mdb"), file, sizeof file);
        if (cases[k].reason) import_refused(at("own_lmdb"), NULL, "own_lmdb", cases[k].reason);
        else gt_source_close(import(at("own_lmdb"), NULL));
    }
}

/* ---- TFRecords, numpy ---- */

static void test_tfrecords(void **state) {
    (void)state;
    if (!have_python()) return;
    gt_source *imp = import(at("records"), NULL);
    assert_int_equal(gt_source_get_info(imp)->count, 9);
    for (int i = 0; i < 9; i++) {
        check_formula(imp, i, 16, 16, 3, 0); /* the largest level */
        assert_int_equal(gt_source_class(imp, i), i);
    }
    gt_source_close(imp);
    imp = import(at("records/set-r02.tfrecords"), NULL);
    check_formula(imp, 8, 4, 4, 3, 0);
    assert_int_equal(gt_source_get_info(imp)->label_width, 9);
    gt_source_close(imp);

    size_t n;
    unsigned char *whole = get(at("records/set-r03.tfrecords"), &n);
    for (size_t place = 0; place < n; place++) {
        whole[place] ^= 4;
        put(at("x.tfrecords"), whole, n);
        whole[place] ^= 4;
        gt_source *damaged;
        bool refused = gt_source_open(&damaged, at("x.tfrecords"), NULL) != GT_OK;
        for (int i = 0; !refused && i < 9; i++) {
            gt_picture p;
            refused = gt_source_read(damaged, i, &p) != GT_OK;
            gt_picture_free(&p);
        }
        if (!refused) fail_msg("byte %zu was changed, and nothing noticed", place); /* everything is under a checksum */
        assert_message("x.tfrecords");
        gt_source_close(damaged);
        if (place > 600) place += 11;
    }
    put(at("x.tfrecords"), whole, n - 5);
    import_refused(at("x.tfrecords"), NULL, "truncated");
    free(whole);
}

static void test_numpy(void **state) {
    (void)state;
    if (!have_python()) return;
    gt_source *imp = import(at("hwc.npy"), NULL);
    for (int i = 0; i < 5; i++) check_formula(imp, i, 8, 6, 3, 0);
    gt_source_close(imp);
    imp = import(at("grey.npy"), NULL);
    check_formula(imp, 4, 8, 6, 1, 0);
    gt_source_close(imp);
    imp = import(at("chw16.npy"), NULL);
    gt_picture p = item(imp, 3);
    assert_int_equal(p.type, GT_U16);
    assert_int_equal(p.channels, 3);
    for (int k = 0; k < 20 * 24 * 3; k++)
        assert_int_equal(((uint16_t *)p.samples)[k], 257 * sample(3, k / 72, k / 3 % 24, k % 3));
    gt_picture_free(&p);
    gt_source_close(imp);
    imp = import(at("f64.npy"), NULL);
    p = item(imp, 2);
    assert_int_equal(p.type, GT_F32);
    for (int k = 0; k < 8 * 6 * 2; k++)
        assert_true(((float *)p.samples)[k] == (float)sample(2, k / 12, k / 2 % 6, k % 2) / 256);
    gt_picture_free(&p);
    gt_source_close(imp);
    imp = import(at("plain.npz"), NULL);
    assert_int_equal(gt_source_get_info(imp)->count, 11);
    check_formula(imp, 10, 8, 6, 3, 0);
    assert_int_equal(gt_source_class(imp, 10), 0);
    gt_source_close(imp);
    imp = import(at("packed.npz"), NULL);
    check_formula(imp, 10, 64, 64, 3, 0);
    assert_true(gt_source_vector(imp, 10)[1] == 21 / 8.0);
    gt_source_close(imp);

    import_refused(at("objects.npy"), NULL, "objects.npy", "pickled objects");
    imp = import(at("fortran.npy"), NULL);
    for (int i = 0; i < 5; i++) check_formula(imp, i, 8, 6, 3, 0);
    gt_source_close(imp);
    size_t n;
    char *whole = get(at("hwc.npy"), &n);
    put(at("cut.npy"), whole, n - 1);
    import_refused(at("cut.npy"), NULL, "truncated");
    free(whole);
    whole = get(at("packed.npz"), &n);
    for (size_t cut = 0; cut < n; cut += n / 13) {
        put(at("cut.npz"), whole, cut);
        import_refused(at("cut.npz"), NULL, "cut.npz");
    }
    free(whole);
}

/* A .npy of `bytes` of data in out[]; returns its length. */
static size_t make_npy(char *out, const char *type, const char *shape, const void *data, size_t bytes) {
    memcpy(out, "\x93NUMPY\1\0\166\0", 10);
    int n = snprintf(out + 10, 118, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
    memset(out + 10 + n, ' ', (size_t)(117 - n));
    out[127] = '\n';
    memcpy(out + 128, data, bytes);
    return 128 + bytes;
}

static const char *make_npz(const char *first, const char *second, const char *shape, double label) {
    char images[256], labels[256];
    size_t images_n = make_npy(images, "|u1", shape, "abcdefgh", 8),
           labels_n = make_npy(labels, "<f8", "2, 1", (double[]){1, label}, 16);
    zip_t *z = begin_zip(at("own.npz"));
    add_entry(z, first, images, images_n, ZIP_CM_DEFLATE);
    if (second) add_entry(z, second, labels, labels_n, ZIP_CM_STORE);
    end_zip(z);
    return at("own.npz");
}

static void test_npz_refused(void **state) {
    (void)state;
    gt_source *imp = import(make_npz("anything.npy", "labels.npy", "2, 2, 2", 3e38), NULL);
    assert_true(gt_source_vector(imp, 1)[0] == 3e38);
    gt_source_close(imp);
    import_refused(make_npz("anything.npy", "labels.npy", "2, 2, 2", 1e39), NULL, "own.npz", "'labels'", "label 1",
                   "1e+39", "not finite");
}

/* Each role is played by one array, and no array plays two. */
static void test_npz_roles(void **state) {
    (void)state;
    char file[2][256];
    const packed_file images = {"images.npy", file[0], make_npy(file[0], "|u1", "2, 2, 2", "abcdefgh", 8)},
                      labels = {"y.npy", file[1], make_npy(file[1], "|u1", "2,", "\1\2", 2)};
    gt_source *imp = import(make_archive("own.npz", (const packed_file[]){images, labels}, 2), NULL);
    assert_int_equal(gt_source_class(imp, 1), 2);
    gt_source_close(imp);
    import_refused(make_npz("labels.npy", NULL, "2, 2, 2", 0), NULL, "own.npz", "holds no array of images");
    import_refused(make_archive("twice.npz", (const packed_file[]){images, labels, images}, 3), NULL, "twice.npz",
                   "'images'", "two arrays of this name");
    import_refused(make_archive("twice.npz", (const packed_file[]){labels, images, labels}, 3), NULL, "twice.npz",
                   "'y'", "two arrays of this name");
}

static void put_text(const char *path, const char *text) { put(path, text, strlen(text)); }

/* The classes of six pictures of an array, as one number of six digits; 9: none. */
static int classes_by(const char *labels) {
    char images[256];
    put(at("six.npy"), images, make_npy(images, "|u1", "6, 2, 2", "abcdefghijklmnopqrstuvwx", 24));
    gt_source *imp = import(at("six.npy"), &(gt_source_options){.labels_csv = labels});
    int digits = 0;
    assert_int_equal(gt_source_get_info(imp)->label_kind, GT_LABELS_CLASSES);
    for (int i = 0; i < 6; i++) digits = 10 * digits + (gt_source_class(imp, i) < 0 ? 9 : gt_source_class(imp, i));
    gt_source_close(imp);
    return digits;
}

static const char *put_rows(const char *name, const char *type, const char *shape, const void *data, size_t bytes) {
    char array[512];
    put(at(name), array, make_npy(array, type, shape, data, bytes));
    return at(name);
}

/* What has no names of its own is labelled by row. */
static void test_labels_by_row(void **state) {
    (void)state;
    double rows[6] = {1, 0, 2, 2, 1, 0};
    assert_int_equal(classes_by(put_rows("i1.npy", "|i1", "6,", "\1\0\2\2\1\0", 6)), 102210);
    assert_int_equal(classes_by(put_rows("f8.npy", "<f8", "6,", rows, sizeof rows)), 102210); /* whole numbers */
    rows[3] = 2.5;
    gt_source *imp = import(at("six.npy"),
                            &(gt_source_options){.labels_csv = put_rows("half.npy", "<f8", "6,", rows, 48)});
    assert_true(gt_source_vector(imp, 3)[0] == 2.5);
    gt_source_close(imp);
    static const struct {
        const char *text;
        int digits;
    } csv[] = {{"1\n0\n2.0\n2\n1\n0\n", 102210},
               {"kind\ndog\ncat\ndog\ndog\ncat\ncat\n", 101100},
               {"row,kind\n5,1\n0,0\n1,1.0\n2,3\n3,0\n4,\n", 13091},
               {"00002,dog\n1,cat\n77,dog\n", 901999}};
    for (size_t i = 0; i < sizeof csv / sizeof *csv; i++) {
        put_text(at("rows.csv"), csv[i].text);
        assert_int_equal(classes_by(at("rows.csv")), csv[i].digits);
    }
    import_refused(at("six.npy"), &(gt_source_options){.labels_csv = put_rows("5.npy", "|i1", "5,", "12345", 5)},
                   "5.npy", "must be [6]");
    put_text(at("rows.csv"), "1\n0\n2\n");
    import_refused(at("six.npy"), &(gt_source_options){.labels_csv = at("rows.csv")}, "rows.csv", "3 lines",
                   "6 images");
    put_text(at("rows.csv"), "a.png,1\nb.png,2\n");
    import_refused(at("six.npy"), &(gt_source_options){.labels_csv = at("rows.csv")}, "rows.csv", "NUMBER,LABEL");
    put(at("rows.npy"), "no array", 8);
    import_refused(at("six.npy"), &(gt_source_options){.labels_csv = at("rows.npy")}, "rows.npy");
    zip_t *z = begin_zip(at("named.zip"));
    bytes png = picture(1, 8, 8, 3);
    add_entry(z, "a.png", png.data, png.n, ZIP_CM_STORE);
    end_zip(z);
    free(png.data);
    import_refused(at("named.zip"), &(gt_source_options){.labels_csv = at("f8.npy")}, "f8.npy", "NAME,LABEL");
}

static void test_lmdb_threads(void **state) {
    (void)state;
    read_by_threads(import(make_lmdb(40), NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cifar10),       cmocka_unit_test(test_cifar100),
        cmocka_unit_test(test_cifar_refused), cmocka_unit_test(test_cifar_twice),
        cmocka_unit_test(test_cifar_bomb),    cmocka_unit_test(test_cifar_types),
        cmocka_unit_test(test_cifar_damaged), cmocka_unit_test(test_mnist),
        cmocka_unit_test(test_lmdb),          cmocka_unit_test(test_lmdb_damaged),
        cmocka_unit_test(test_lmdb_repeats),  cmocka_unit_test(test_tfrecords),
        cmocka_unit_test(test_numpy),         cmocka_unit_test(test_npz_refused),
        cmocka_unit_test(test_npz_roles),     cmocka_unit_test(test_lmdb_threads),
        cmocka_unit_test(test_labels_by_row),
    };
    return test_status(cmocka_run_group_tests(tests, make_foreign, remove_scratch));
}
