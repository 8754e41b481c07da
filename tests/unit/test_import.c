/* SPDX-License-Identifier: Apache-2.0
 * Foreign sources: folders and archives made here, LMDB by liblmdb, CIFAR, MNIST, TFRecords and numpy by
 * tests/tools/foreign.py, each read back sample by sample, and each damaged in its own way. */
#include "data_files.h"

#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <sys/resource.h>
#include <zlib.h>

#include "gantry/import.h"

static bool have_python(void) {
    static int have = -1;
    if (have < 0) have = system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") == 0;
    if (!have) print_message("numpy is not installed: skipped\n");
    return have;
}

static int make_foreign(void **state) {
    char command[256];
    if (make_scratch(state)) return -1;
    snprintf(command, sizeof command, "/usr/bin/python3 tests/tools/foreign.py %s", scratch);
    return have_python() ? system(command) : 0;
}

static gt_import *import(const char *spec, const gt_import_options *options) {
    gt_import *imp;
    if (gt_import_open(&imp, spec, options)) fail_msg("%s", gt_message());
    return imp;
}

static void check_import_refused(const char *spec, const gt_import_options *options, const char *const *words) {
    gt_import *imp;
    if (!gt_import_open(&imp, spec, options)) fail_msg("'%s' was opened", spec);
    assert_null(imp);
    for (; *words; words++) assert_message(*words);
}
#define import_refused(spec, options, ...) check_import_refused(spec, options, (const char *const[]){__VA_ARGS__, NULL})

static void check_item_refused(gt_import *imp, int64_t i, const char *const *words) {
    gt_picture p;
    if (!gt_import_read(imp, i, &p)) fail_msg("item %d was read", (int)i);
    assert_null(p.samples);
    for (; *words; words++) assert_message(*words);
}
#define item_refused(imp, i, ...) check_item_refused(imp, i, (const char *const[]){__VA_ARGS__, NULL})

static const char *name(const gt_import *imp, int64_t i) {
    static char buffer[GT_IMPORT_NAME_BYTES];
    return gt_import_name(imp, i, buffer);
}

static gt_picture item(gt_import *imp, int64_t i) {
    gt_picture p;
    gt_picture_info head;
    if (gt_import_read(imp, i, &p)) fail_msg("%s", gt_message());
    assert_ok(gt_import_head(imp, i, &head));
    assert_int_equal(head.height, p.height);
    assert_int_equal(head.width, p.width);
    assert_int_equal(head.channels, p.channels);
    return p;
}

/* Sample (y, x, c) of image i in what foreign.py writes. */
static int sample(int64_t i, int y, int x, int c) {
    return (int)((7 * i + 3 * y + 5 * x + 11 * c) % 251);
}

static void check_formula(gt_import *imp, int64_t i, int height, int width, int channels, int pad) {
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

/* ---- folders and archives ---- */

static void put_text(const char *path, const char *text) {
    put(path, text, strlen(text));
}

/* A folder of pictures whose order by components differs from that by code points. */
static const char *make_folder(void) {
    static const char *const files[] = {"a-b/0.png", "a/1.PNG", "a/sub/2.png", "b.png", "a/readme.txt"};
    const char *dir = at("folder");
    mkdir(dir, 0777);
    mkdir(at("folder/a-b"), 0777);
    mkdir(at("folder/a"), 0777);
    mkdir(at("folder/a/sub"), 0777);
    for (int i = 0; i < 5; i++) {
        char path[64];
        snprintf(path, sizeof path, "folder/%s", files[i]);
        put_picture(at(path), i, 4, 5 + i, 3);
    }
    return at("folder");
}

static void test_folder(void **state) {
    (void)state;
    const char *dir = make_folder();
    put_text(at("folder/dataset.json"), "{\"labels\": [[\"b.png\", 3], [\"a/1.PNG\", 0], [\"nobody.png\", 9], [\"a-b/0.png\", null]], \"channels\": \"R,G,B\"}");
    gt_import *imp = import(dir, NULL);
    const gt_import_info *info = gt_import_get_info(imp);
    assert_string_equal(info->source, "folder");
    assert_int_equal(info->count, 4);
    static const char *const order[] = {"a/1.PNG", "a/sub/2.png", "a-b/0.png", "b.png"};
    for (int i = 0; i < 4; i++) assert_string_equal(name(imp, i), order[i]);
    assert_int_equal(info->label_kind, GT_LABELS_CLASSES);
    assert_int_equal(info->label_width, 4);
    assert_int_equal(info->unlabelled, 2);
    assert_int_equal(gt_import_class(imp, 0), 0);
    assert_int_equal(gt_import_class(imp, 1), -1);
    assert_int_equal(gt_import_class(imp, 3), 3);
    assert_string_equal(info->channel_names, "R,G,B");
    gt_picture p = item(imp, 1);
    uint8_t expected[4 * 7 * 3];
    paint(2, 4, 7, 3, expected);
    assert_memory_equal(p.samples, expected, sizeof expected);
    gt_picture_free(&p);
    gt_import_close(imp);

    imp = import(dir, &(gt_import_options){.labels = GT_IMPORT_FOLDERS});
    info = gt_import_get_info(imp);
    assert_int_equal(info->class_names, 2);
    assert_string_equal(info->class_name[0], "a");
    assert_string_equal(info->class_name[1], "a-b");
    static const int classes[] = {0, 0, 1, -1};
    for (int i = 0; i < 4; i++) assert_int_equal(gt_import_class(imp, i), classes[i]);
    gt_import_close(imp);

    imp = import(dir, &(gt_import_options){.labels = GT_IMPORT_NONE});
    assert_int_equal(gt_import_get_info(imp)->label_kind, GT_LABELS_NONE);
    gt_import_close(imp);
    put_text(at("folder/dataset.json"), "{\"labels\": [[\"b.png\", 3], [\"a/1.PNG\", [1]]]}");
    import_refused(dir, NULL, "folder", "dataset.json", "a/1.PNG", "list");
    unlink(at("folder/dataset.json"));
}

static void test_bad_items(void **state) {
    (void)state;
    mkdir(at("bad"), 0777);
    put_text(at("bad/empty.png"), "");
    put_text(at("bad/liar.jpg"), "hello");
    put_text(at("bad/x.gif"), "GIF89a");
    assert_int_equal(mkfifo(at("bad/pipe.png"), 0600), 0);
    assert_int_equal(symlink("/nowhere", at("bad/dead.png")), 0);
    put_picture(at("bad/good.png"), 1, 3, 3, 1);
    gt_import *imp = import(at("bad"), NULL);
    assert_int_equal(gt_import_get_info(imp)->count, 6);
    item_refused(imp, 0, "bad", "dead.png", "No such file");
    item_refused(imp, 1, "empty.png", "empty");
    gt_picture p = item(imp, 2);
    gt_picture_free(&p);
    item_refused(imp, 3, "liar.jpg", "no picture");
    item_refused(imp, 4, "pipe.png", "not a regular file");
    item_refused(imp, 5, "x.gif", "GIF");
    gt_import_close(imp);
    import_refused(at("nowhere"), NULL, "nowhere", "No such file");
    mkdir(at("none"), 0777);
    import_refused(at("none"), NULL, "no pictures");
}

static void test_zip(void **state) {
    (void)state;
    zip_t *z = begin_zip(at("z.zip"));
    add_picture(z, "b/1.png", 1, 4, 4, 3);
    add_picture(z, "a/0.png", 0, 4, 4, 1);
    add_picture(z, "../out.png", 2, 4, 4, 3);
    const char *json = "{\"labels\": [[\"b/1.png\", [0.1, 2]], [\"a/0.png\", [1e-3, 4]], [\"../out.png\", [5, 6]]]}";
    add_entry(z, "dataset.json", json, strlen(json), ZIP_CM_DEFLATE);
    end_zip(z);
    gt_import *imp = import(at("z.zip"), NULL);
    const gt_import_info *info = gt_import_get_info(imp);
    assert_int_equal(info->count, 3);
    assert_int_equal(info->label_kind, GT_LABELS_VECTORS);
    assert_int_equal(info->label_width, 2);
    assert_string_equal(name(imp, 1), "a/0.png");
    assert_true(gt_import_vector(imp, 2)[0] == 0.1 && gt_import_vector(imp, 1)[0] == 1e-3);
    item_refused(imp, 0, "z.zip", "../out.png", "leads out");
    gt_picture p = item(imp, 2);
    assert_int_equal(p.channels, 3);
    gt_picture_free(&p);
    gt_import_close(imp);
}

static long peak_memory(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

/* Zeros without end in a few bytes: refused without being unpacked, as the memory shows. */
static void test_zip_bomb(void **state) {
    (void)state;
    enum { BOMB = 200 << 20 };
    zip_t *z = begin_zip(at("bomb.zip"));
    int fd = open(at("zeros"), O_RDWR | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, BOMB), 0);
    assert_true(zip_file_add(z, "bomb.png", zip_source_file(z, at("zeros"), 0, BOMB), 0) >= 0);
    end_zip(z);
    close(fd);
    gt_import *imp = import(at("bomb.zip"), NULL);
    gt_picture_info head;
    long before = peak_memory();
    item_refused(imp, 0, "bomb.zip", "bomb.png", "no picture");
    assert_int_equal(gt_import_head(imp, 0, &head), GT_FORMAT);
    assert_true(peak_memory() - before < BOMB / 1024 / 4);
    gt_import_close(imp);
}

static void test_csv(void **state) {
    (void)state;
    make_folder();
    put_text(at("folder/list.csv"), "\xef\xbb\xbfpath,kind\r\na/1.PNG,dog\r\n\"a-b/0.png\",\"a \"\"cat\"\"\"\n\n../bad/good.png,dog\n/etc/x.png,dog\nb.png,dog\n");
    gt_import *imp = import(at("folder/list.csv"), NULL);
    const gt_import_info *info = gt_import_get_info(imp);
    assert_int_equal(info->count, 5);
    assert_int_equal(info->class_names, 2);
    assert_string_equal(info->class_name[0], "a \"cat\"");
    assert_int_equal(gt_import_class(imp, 0), 1);
    assert_int_equal(gt_import_class(imp, 1), 0);
    gt_picture p = item(imp, 1);
    assert_int_equal(p.width, 5);
    gt_picture_free(&p);
    item_refused(imp, 2, "list.csv", "../bad/good.png", "leads out");
    item_refused(imp, 3, "/etc/x.png", "absolute");
    gt_import_close(imp);

    put_text(at("folder/list.csv"), "a/1.PNG,1.5,2\nb.png,-3,4e2\n");
    imp = import(at("folder/list.csv"), NULL);
    assert_int_equal(gt_import_get_info(imp)->label_width, 2);
    assert_true(gt_import_vector(imp, 1)[1] == 400 && gt_import_vector(imp, 0)[0] == 1.5);
    gt_import_close(imp);

    put_text(at("labels.csv"), "name,age\nb.png,7\na/1.PNG,30\n");
    imp = import(at("folder"), &(gt_import_options){.labels_csv = at("labels.csv")});
    assert_int_equal(gt_import_class(imp, 3), 7);
    assert_int_equal(gt_import_class(imp, 0), 30);
    assert_int_equal(gt_import_get_info(imp)->unlabelled, 2);
    gt_import_close(imp);
    put_text(at("folder/list.csv"), "a/1.PNG,1,2\nb.png,3\n");
    import_refused(at("folder/list.csv"), NULL, "list.csv", "line 2");
    put_text(at("folder/list.csv"), "a/1.PNG,\"1\nb.png,3\n");
    import_refused(at("folder/list.csv"), NULL, "line 1", "quote");
    put_text(at("labels.csv"), "x.png,1\n");
    import_refused(at("folder"), &(gt_import_options){.labels_csv = at("labels.csv")}, "labels.csv", "none of its names");
}

/* ---- CIFAR, MNIST ---- */

static void test_cifar10(void **state) {
    (void)state;
    static const char *const files[] = {"cifar-10-py2.tar.gz", "cifar-10-2.tar.gz", "cifar-10-3.tar.gz", "cifar-10-4.tar.gz", "cifar-10-5.tar.gz"};
    for (size_t f = 0; have_python() && f < sizeof files / sizeof *files; f++) {
        gt_import *imp = import(at(files[f]), NULL);
        const gt_import_info *info = gt_import_get_info(imp);
        assert_int_equal(info->count, 15);
        assert_int_equal(info->class_names, 10);
        assert_string_equal(info->class_name[9], "name9");
        assert_string_equal(name(imp, 4), "data_batch_2:00001");
        for (int i = 0; i < 15; i++) {
            check_formula(imp, i, 32, 32, 3, 0);
            assert_int_equal(gt_import_class(imp, i), i % 10);
        }
        gt_import_close(imp);
    }
}

static void test_cifar100(void **state) {
    (void)state;
    if (!have_python()) return;
    for (int coarse = 0; coarse < 2; coarse++) {
        gt_import *imp = import(at("cifar-100-python.tar.gz"), &(gt_import_options){.coarse = coarse});
        assert_int_equal(gt_import_get_info(imp)->count, 130);
        assert_string_equal(gt_import_get_info(imp)->class_name[3], coarse ? "coarse3" : "fine3");
        assert_int_equal(gt_import_class(imp, 129), coarse ? 9 : 29);
        check_formula(imp, 129, 32, 32, 3, 0);
        gt_import_close(imp);
    }
}

static void test_cifar_refused(void **state) {
    (void)state;
    if (!have_python()) return;
    import_refused(at("cifar-10-py2.tar.gz"), &(gt_import_options){.labels = GT_IMPORT_FOLDERS}, "no picture lies in a subfolder");
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

/* Pickles with a byte changed: read, or refused with a reason. The compressed stream is taken away so that the change gets
 * to the pickle. */
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
        gt_import *imp;
        if (!gt_import_open(&imp, at("changed.tar"), NULL)) gt_import_close(imp);
        else assert_true(gt_message()[0]);
    }
    free(whole);
}

static void test_mnist(void **state) {
    (void)state;
    if (!have_python()) return;
    gt_import *imp = import(at("train-images-idx3-ubyte.gz"), NULL);
    assert_int_equal(gt_import_get_info(imp)->count, 12);
    for (int i = 0; i < 12; i++) {
        check_formula(imp, i, 28, 28, 1, 2);
        assert_int_equal(gt_import_class(imp, i), i % 10);
    }
    gt_import_close(imp);
    imp = import(at("odd-images-idx3-ubyte.gz"), NULL);
    check_formula(imp, 4, 10, 12, 1, 0);
    gt_import_close(imp);

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
    gt_import *imp = import(make_lmdb(N), NULL);
    assert_int_equal(gt_import_get_info(imp)->count, N);
    uint8_t expected[50 * 60 * 3];
    for (int i = 0; i < N; i++) {
        char key[48];
        snprintf(key, sizeof key, "%040d", i);
        assert_string_equal(name(imp, i), key);
        if (i % 5 == 4) {
            item_refused(imp, i, "some_lmdb", key, "no picture");
            continue;
        }
        gt_picture p = item(imp, i);
        assert_int_equal(p.channels, 3);
        paint(i, p.height, p.width, i % 3 ? 3 : 1, expected);
        for (int k = 0; k < p.height * p.width * 3; k++) assert_int_equal(((uint8_t *)p.samples)[k], expected[i % 3 ? k : k / 3]);
        gt_picture_free(&p);
    }
    gt_import_close(imp);
}

static void read_all(const char *spec) {
    gt_import *imp;
    gt_picture p;
    if (gt_import_open(&imp, spec, NULL)) {
        assert_true(gt_message()[0]);
        return;
    }
    int64_t n = gt_import_get_info(imp)->count;
    for (int64_t i = 0; i < n && i < 50; i++)
        if (!gt_import_read(imp, i, &p)) gt_picture_free(&p);
    gt_import_close(imp);
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

/* ---- TFRecords, numpy ---- */

static void test_tfrecords(void **state) {
    (void)state;
    if (!have_python()) return;
    gt_import *imp = import(at("records"), NULL);
    assert_int_equal(gt_import_get_info(imp)->count, 9);
    for (int i = 0; i < 9; i++) {
        check_formula(imp, i, 16, 16, 3, 0); /* the largest level */
        assert_int_equal(gt_import_class(imp, i), i);
    }
    gt_import_close(imp);
    imp = import(at("records/set-r02.tfrecords"), NULL);
    check_formula(imp, 8, 4, 4, 3, 0);
    assert_int_equal(gt_import_get_info(imp)->label_width, 9);
    gt_import_close(imp);

    size_t n;
    unsigned char *whole = get(at("records/set-r03.tfrecords"), &n);
    for (size_t place = 0; place < n; place++) {
        whole[place] ^= 4;
        put(at("x.tfrecords"), whole, n);
        whole[place] ^= 4;
        gt_import *damaged;
        bool refused = gt_import_open(&damaged, at("x.tfrecords"), NULL) != GT_OK;
        for (int i = 0; !refused && i < 9; i++) {
            gt_picture p;
            refused = gt_import_read(damaged, i, &p) != GT_OK;
            gt_picture_free(&p);
        }
        if (!refused) fail_msg("byte %zu was changed, and nothing noticed", place); /* everything is under a checksum */
        assert_message("x.tfrecords");
        gt_import_close(damaged);
        if (place > 600) place += 11;
    }
    put(at("x.tfrecords"), whole, n - 5);
    import_refused(at("x.tfrecords"), NULL, "truncated");
    free(whole);
}

static void test_numpy(void **state) {
    (void)state;
    if (!have_python()) return;
    gt_import *imp = import(at("hwc.npy"), NULL);
    for (int i = 0; i < 5; i++) check_formula(imp, i, 8, 6, 3, 0);
    gt_import_close(imp);
    imp = import(at("grey.npy"), NULL);
    check_formula(imp, 4, 8, 6, 1, 0);
    gt_import_close(imp);
    imp = import(at("chw16.npy"), NULL);
    gt_picture p = item(imp, 3);
    assert_int_equal(p.type, GT_U16);
    assert_int_equal(p.channels, 3);
    for (int k = 0; k < 20 * 24 * 3; k++) assert_int_equal(((uint16_t *)p.samples)[k], 257 * sample(3, k / 72, k / 3 % 24, k % 3));
    gt_picture_free(&p);
    gt_import_close(imp);
    imp = import(at("f64.npy"), NULL);
    p = item(imp, 2);
    assert_int_equal(p.type, GT_F32);
    for (int k = 0; k < 8 * 6 * 2; k++) assert_true(((float *)p.samples)[k] == (float)sample(2, k / 12, k / 2 % 6, k % 2) / 256);
    gt_picture_free(&p);
    gt_import_close(imp);
    imp = import(at("plain.npz"), NULL);
    assert_int_equal(gt_import_get_info(imp)->count, 11);
    check_formula(imp, 10, 8, 6, 3, 0);
    assert_int_equal(gt_import_class(imp, 10), 0);
    gt_import_close(imp);
    imp = import(at("packed.npz"), NULL);
    check_formula(imp, 10, 64, 64, 3, 0);
    assert_true(gt_import_vector(imp, 10)[1] == 21 / 8.0);
    gt_import_close(imp);

    import_refused(at("objects.npy"), NULL, "objects.npy", "pickled objects");
    import_refused(at("fortran.npy"), NULL, "Fortran");
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

/* ---- datasets, crops, threads ---- */

static void test_datasets(void **state) {
    (void)state;
    gt_import *imp = import("synth:shapes:n=20,size=16", NULL);
    gt_dataset *ds = opened("synth:shapes:n=20,size=16", NULL);
    assert_int_equal(gt_import_get_info(imp)->class_names, 8);
    uint8_t expected[16 * 16 * 3];
    gt_picture p = item(imp, 13);
    assert_ok(gt_dataset_read(ds, 13, expected));
    assert_memory_equal(p.samples, expected, sizeof expected);
    assert_int_equal(gt_import_class(imp, 13), 13 % 8);
    gt_picture_free(&p);
    gt_dataset_close(ds);
    gt_import_close(imp);
}

/* 10 x 7 pixels in squares of 4: x = 0 4 6, y = 0 3. */
static const char *make_large(void) {
    mkdir(at("large"), 0777);
    mkdir(at("large/k"), 0777);
    put_picture(at("large/k/a.png"), 3, 7, 10, 3);
    put_picture(at("large/k/small.png"), 4, 3, 10, 3);
    put_picture(at("large/z.png"), 5, 4, 4, 3);
    return at("large");
}

static void test_crops(void **state) {
    (void)state;
    gt_import *imp = import(make_large(), &(gt_import_options){.crops = 4, .labels = GT_IMPORT_FOLDERS});
    assert_int_equal(gt_import_get_info(imp)->count, 6 + 1 + 1);
    uint8_t whole[7 * 10 * 3];
    paint(3, 7, 10, 3, whole);
    static const int x0[] = {0, 4, 6}, y0[] = {0, 3};
    for (int k = 0; k < 6; k++) {
        gt_picture p = item(imp, k);
        for (int y = 0; y < 4; y++) assert_memory_equal((uint8_t *)p.samples + y * 12, whole + ((y0[k / 3] + y) * 10 + x0[k % 3]) * 3, 12);
        gt_picture_free(&p);
        assert_int_equal(gt_import_class(imp, k), 0);
    }
    assert_string_equal(name(imp, 5), "k/a.png#5");
    item_refused(imp, 6, "small.png#0", "smaller than a square");
    gt_picture p = item(imp, 7);
    gt_picture_free(&p);
    assert_int_equal(gt_import_class(imp, 7), -1);
    gt_import_close(imp);
}

static void *read_many(void *state) {
    gt_import *imp = state;
    int64_t n = gt_import_get_info(imp)->count;
    for (int k = 0; k < 200; k++) {
        gt_picture p;
        if (!gt_import_read(imp, (k * 7919) % n, &p)) gt_picture_free(&p);
    }
    return NULL;
}

static void test_threads(void **state) {
    (void)state;
    const gt_import_options options[] = {{.crops = 4}, {0}};
    for (int k = 0; k < 2; k++) {
        gt_import *imp = import(k ? make_lmdb(40) : make_large(), &options[k]);
        pthread_t threads[4];
        for (int t = 0; t < 4; t++) pthread_create(&threads[t], NULL, read_many, imp);
        for (int t = 0; t < 4; t++) pthread_join(threads[t], NULL);
        gt_import_close(imp);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder),       cmocka_unit_test(test_bad_items),     cmocka_unit_test(test_zip),
        cmocka_unit_test(test_zip_bomb), cmocka_unit_test(test_csv),          cmocka_unit_test(test_cifar10),       cmocka_unit_test(test_cifar100),
        cmocka_unit_test(test_cifar_refused), cmocka_unit_test(test_cifar_damaged), cmocka_unit_test(test_mnist),
        cmocka_unit_test(test_lmdb),         cmocka_unit_test(test_lmdb_damaged),  cmocka_unit_test(test_tfrecords),
        cmocka_unit_test(test_numpy),        cmocka_unit_test(test_datasets),      cmocka_unit_test(test_crops),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, make_foreign, remove_scratch);
}
