/* SPDX-License-Identifier: Apache-2.0
 * Folders, ZIP archives, lists and datasets as sources: read back sample by sample, and each damaged in its own way. */
#include "imports.h"

#include <fcntl.h>

/* ---- folders and archives ---- */

static void put_text(const char *path, const char *text) { put(path, text, strlen(text)); }

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
    put_text(at("folder/dataset.json"), "{\"labels\": [[\"b.png\", 3], [\"a/1.PNG\", 0], [\"nobody.png\", 9], "
                                        "[\"a-b/0.png\", null]], \"channels\": \"R,G,B\"}");
    gt_source *imp = import(dir, NULL);
    const gt_source_info *info = gt_source_get_info(imp);
    assert_string_equal(info->source, "folder");
    assert_int_equal(info->count, 4);
    static const char *const order[] = {"a/1.PNG", "a/sub/2.png", "a-b/0.png", "b.png"};
    for (int i = 0; i < 4; i++) assert_string_equal(name(imp, i), order[i]);
    assert_int_equal(info->label_kind, GT_LABELS_CLASSES);
    assert_int_equal(info->label_width, 4);
    assert_int_equal(info->unlabelled, 2);
    assert_int_equal(gt_source_class(imp, 0), 0);
    assert_int_equal(gt_source_class(imp, 1), -1);
    assert_int_equal(gt_source_class(imp, 3), 3);
    assert_string_equal(info->channel_names, "R,G,B");
    gt_picture p = item(imp, 1);
    uint8_t expected[4 * 7 * 3];
    paint(2, 4, 7, 3, expected);
    assert_memory_equal(p.samples, expected, sizeof expected);
    gt_picture_free(&p);
    gt_source_close(imp);

    imp = import(dir, &(gt_source_options){.labels = GT_SOURCE_LABELS_FOLDERS});
    info = gt_source_get_info(imp);
    assert_int_equal(info->class_names, 2);
    assert_string_equal(info->class_name[0], "a");
    assert_string_equal(info->class_name[1], "a-b");
    static const int classes[] = {0, 0, 1, -1};
    for (int i = 0; i < 4; i++) assert_int_equal(gt_source_class(imp, i), classes[i]);
    gt_source_close(imp);

    imp = import(dir, &(gt_source_options){.labels = GT_SOURCE_LABELS_NONE});
    assert_int_equal(gt_source_get_info(imp)->label_kind, GT_LABELS_NONE);
    gt_source_close(imp);
    put_text(at("folder/dataset.json"), "{\"labels\": [[\"b.png\", 3], [\"a/1.PNG\", [1]]]}");
    import_refused(dir, NULL, "folder", "dataset.json", "a/1.PNG", "list");
    char *text = long_text("{\"labels\": [[\"b.png\", 3],", "[],", "[]]}", 16 << 20);
    put_text(at("folder/dataset.json"), text);
    free(text);
    long before = peak_memory();
    import_refused(dir, NULL, "dataset.json", "element 1");
    assert_true(peak_memory() - before < 64 << 10);
    unlink(at("folder/dataset.json"));
}

static void test_bad_items(void **state) {
    (void)state;
    mkdir(at("bad"), 0777);
    put_text(at("bad/empty.png"), "");
    put_text(at("bad/liar.jpg"), "hello");
    put_text(at("bad/x.gif"), "GIF89a");
    assert_int_equal(mkfifo(at("bad/pipe.png"), 0600), 0);
    assert_int_equal(symlink("nowhere", at("bad/dead.png")), 0);
    put_picture(at("bad/good.png"), 1, 3, 3, 1);
    gt_source *imp = import(at("bad"), NULL);
    assert_int_equal(gt_source_get_info(imp)->count, 6);
    item_refused(imp, 0, "bad", "dead.png", "No such file");
    item_refused(imp, 1, "empty.png", "empty");
    gt_picture p = item(imp, 2);
    gt_picture_free(&p);
    item_refused(imp, 3, "liar.jpg", "not a picture");
    item_refused(imp, 4, "pipe.png", "not a regular file");
    item_refused(imp, 5, "x.gif", "truncated");
    gt_source_close(imp);
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
    gt_source *imp = import(at("z.zip"), NULL);
    const gt_source_info *info = gt_source_get_info(imp);
    assert_int_equal(info->count, 3);
    assert_int_equal(info->label_kind, GT_LABELS_VECTORS);
    assert_int_equal(info->label_width, 2);
    assert_string_equal(name(imp, 1), "a/0.png");
    assert_true(gt_source_vector(imp, 2)[0] == 0.1 && gt_source_vector(imp, 1)[0] == 1e-3);
    gt_picture p = item(imp, 0); /* a name is a key, and never used as a path */
    gt_picture_free(&p);
    p = item(imp, 2);
    assert_int_equal(p.channels, 3);
    gt_picture_free(&p);
    gt_source_close(imp);
}

/* Whatever labels are taken: what samples and channels mean is a matter of the set. Labels that are not taken need not
 * even be labels. */
static void test_meaning_without_labels(void **state) {
    (void)state;
    const char *json =
        "{\"labels\": \"none of ours\", \"class_names\": 3, \"range\": [0, 200], \"channels\": \"B,G,R\"}";
    zip_t *z = begin_zip(at("meant.zip"));
    add_picture(z, "a/0.png", 0, 4, 4, 3);
    add_entry(z, "dataset.json", json, strlen(json), ZIP_CM_STORE);
    end_zip(z);
    mkdir(at("meant"), 0777);
    mkdir(at("meant/a"), 0777);
    put_picture(at("meant/a/0.png"), 0, 4, 4, 3);
    put_text(at("meant/dataset.json"), json);
    char csv[400];
    snprintf(csv, sizeof csv, "%s", at("meant.csv"));
    put_text(csv, "a/0.png,cat\n");
    const gt_source_options ways[] = {
        {.labels = GT_SOURCE_LABELS_NONE}, {.labels = GT_SOURCE_LABELS_FOLDERS}, {.labels_csv = csv}};
    static const char *const class_name[] = {NULL, "a", "cat"};
    for (int i = 0; i < 6; i++) {
        gt_source *imp = import(at(i % 2 ? "meant" : "meant.zip"), &ways[i / 2]);
        const gt_source_info *info = gt_source_get_info(imp);
        assert_true(info->has_range && info->range[0] == 0 && info->range[1] == 200);
        assert_non_null(info->channel_names);
        assert_string_equal(info->channel_names, "B,G,R");
        assert_int_equal(info->class_names, class_name[i / 2] != NULL);
        if (class_name[i / 2]) assert_string_equal(info->class_name[0], class_name[i / 2]);
        assert_int_equal(gt_source_class(imp, 0), class_name[i / 2] ? 0 : -1);
        gt_source_close(imp);
    }
    import_refused(at("meant"), NULL, "dataset.json", "labels");
    put_text(at("meant/dataset.json"), "{\"labels\": null, \"range\": [2, 1]}");
    import_refused(at("meant"), &ways[0], "dataset.json", "range");
}

/* Zeros without end in a few bytes: refused without being unpacked, as the memory shows. */
/* What a head leaves open is found further behind. */
static void test_long_heads(void **state) {
    (void)state;
    mkdir(at("long"), 0777);
    zip_t *z = begin_zip(at("long.zip"));
    bytes b = palette_picture(1, 4, 6, 70000);
    put(at("long/a.png"), b.data, b.n);
    add_entry(z, "a.png", b.data, b.n, ZIP_CM_DEFLATE);
    end_zip(z);
    free(b.data);
    for (int k = 0; k < 2; k++) {
        gt_source *imp = import(at(k ? "long.zip" : "long"), NULL);
        gt_picture p = item(imp, 0);
        assert_int_equal(p.channels, 4);
        gt_picture_free(&p);
        gt_source_close(imp);
    }
}

static void test_zip_bomb(void **state) {
    (void)state;
    enum { BOMB = 200 << 20 };
    zip_t *z = begin_zip(at("bomb.zip"));
    int fd = open(at("zeros"), O_RDWR | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, BOMB), 0);
    assert_true(zip_file_add(z, "bomb.png", zip_source_file(z, at("zeros"), 0, BOMB), 0) >= 0);
    end_zip(z);
    close(fd);
    gt_source *imp = import(at("bomb.zip"), NULL);
    gt_picture_info head;
    long before = peak_memory();
    item_refused(imp, 0, "bomb.zip", "bomb.png", "not a picture");
    assert_int_equal(gt_source_head(imp, 0, &head), GT_FORMAT);
    assert_true(peak_memory() - before < BOMB / 1024 / 4);
    gt_source_close(imp);
}

static void test_csv(void **state) {
    (void)state;
    make_folder();
    put_text(at("folder/list.csv"), "\xef\xbb\xbfpath,kind\r\na/1.PNG,dog\r\n\"a-b/0.png\",\"a "
                                    "\"\"cat\"\"\"\n\n../bad/good.png,dog\n/etc/x.png,dog\nb.png,dog\n");
    gt_source *imp = import(at("folder/list.csv"), NULL);
    const gt_source_info *info = gt_source_get_info(imp);
    assert_int_equal(info->count, 5);
    assert_int_equal(info->class_names, 2);
    assert_string_equal(info->class_name[0], "a \"cat\"");
    assert_int_equal(gt_source_class(imp, 0), 1);
    assert_int_equal(gt_source_class(imp, 1), 0);
    gt_picture p = item(imp, 1);
    assert_int_equal(p.width, 5);
    gt_picture_free(&p);
    item_refused(imp, 2, "list.csv", "../bad/good.png", "leads out");
    item_refused(imp, 3, "/etc/x.png", "absolute");
    gt_source_close(imp);

    put_text(at("folder/list.csv"), "a/1.PNG,1.5,2\nb.png,-3,4e2\n");
    imp = import(at("folder/list.csv"), NULL);
    assert_int_equal(gt_source_get_info(imp)->label_width, 2);
    assert_true(gt_source_vector(imp, 1)[1] == 400 && gt_source_vector(imp, 0)[0] == 1.5);
    gt_source_close(imp);

    put_text(at("labels.csv"), "name,age\nb.png,7\na/1.PNG,30\n");
    imp = import(at("folder"), &(gt_source_options){.labels_csv = at("labels.csv")});
    assert_int_equal(gt_source_class(imp, 3), 7);
    assert_int_equal(gt_source_class(imp, 0), 30);
    assert_int_equal(gt_source_get_info(imp)->unlabelled, 2);
    gt_source_close(imp);
    put_text(at("folder/list.csv"), "a/1.PNG,1,2\nb.png,3\n");
    import_refused(at("folder/list.csv"), NULL, "list.csv", "line 2");
    put_text(at("folder/list.csv"), "a/1.PNG,1,2\nb.png,3e38,4\na-b/0.png,1e39,2\n"); /* what no dataset could hold */
    import_refused(at("folder/list.csv"), NULL, "list.csv", "line 3", "finite");
    put_text(at("folder/list.csv"), "a/1.PNG,\"1\nb.png,3\n");
    import_refused(at("folder/list.csv"), NULL, "line 1", "quote");
    put_text(at("labels.csv"), "x.png,1\n");
    import_refused(at("folder"), &(gt_source_options){.labels_csv = at("labels.csv")}, "labels.csv",
                   "none of its names");
}

/* Nothing, quoted or not, or blanks alone where a label should stand: the picture has none. */
static void test_csv_missing_labels(void **state) {
    (void)state;
    static const char *const nothing[] = {"", "\"\"", " \t", "\"  \""};
    char text[200];
    make_folder();
    for (size_t k = 0; k < sizeof nothing / sizeof *nothing; k++) {
        snprintf(text, sizeof text, "a/1.PNG,dog\na-b/0.png,%s\nb.png,cat\n", nothing[k]); /* names of classes */
        put_text(at("folder/list.csv"), text);
        gt_source *imp = import(at("folder/list.csv"), NULL);
        const gt_source_info *info = gt_source_get_info(imp);
        assert_int_equal(info->class_names, 2);
        assert_int_equal(info->unlabelled, 1);
        assert_string_equal(info->class_name[0], "cat");
        assert_int_equal(gt_source_class(imp, 0), 1);
        assert_int_equal(gt_source_class(imp, 1), -1);
        gt_source_close(imp);

        /* numbers of classes stay numbers */
        snprintf(text, sizeof text, "a/1.PNG,3\na-b/0.png,%s\nb.png,1\n", nothing[k]);
        put_text(at("folder/list.csv"), text);
        imp = import(at("folder/list.csv"), NULL);
        info = gt_source_get_info(imp);
        assert_true(info->class_names == 0 && info->label_width == 4 && info->unlabelled == 1);
        assert_int_equal(gt_source_class(imp, 0), 3);
        assert_int_equal(gt_source_class(imp, 1), -1);
        gt_source_close(imp);

        /* vectors, by name */
        snprintf(text, sizeof text, "name,x,y\nb.png,%s,%s\na/1.PNG,1.5,2\n", nothing[k], nothing[k]);
        put_text(at("labels.csv"), text);
        imp = import(at("folder"), &(gt_source_options){.labels_csv = at("labels.csv")});
        assert_true(gt_source_get_info(imp)->label_kind == GT_LABELS_VECTORS &&
                    gt_source_get_info(imp)->unlabelled == 3);
        assert_null(gt_source_vector(imp, 3));
        assert_true(gt_source_vector(imp, 0)[1] == 2);
        gt_source_close(imp);

        snprintf(text, sizeof text, "a/1.PNG,1,2\nb.png,3,%s\n", nothing[k]); /* half a label is a mistake */
        put_text(at("folder/list.csv"), text);
        import_refused(at("folder/list.csv"), NULL, "list.csv", "line 2", "finite");

        snprintf(text, sizeof text, "a/1.PNG,%s\nb.png,%s\n", nothing[k], nothing[k]); /* no label at all */
        put_text(at("folder/list.csv"), text);
        imp = import(at("folder/list.csv"), NULL);
        assert_int_equal(gt_source_get_info(imp)->label_kind, GT_LABELS_NONE);
        gt_source_close(imp);
        import_refused(at("folder"), &(gt_source_options){.labels_csv = at("folder/list.csv")}, "list.csv",
                       "hold no labels");
    }
}

/* Lines without end, in a file that takes no room: refused from what may be a line, as the memory shows. */
static void test_csv_without_lines(void **state) {
    (void)state;
    enum { LINE_MOST = 1 << 24, BYTES = 400 << 20 };
    char *line = malloc(LINE_MOST + 1);
    memset(line, 'x', LINE_MOST + 1);
    put(at("long.csv"), line, LINE_MOST + 1);
    import_refused(at("long.csv"), NULL, "long.csv", "line 1: not a line of text");
    free(line);
    put_text(at("zeros.csv"), "a.png,1\nb.png");
    assert_int_equal(truncate(at("zeros.csv"), BYTES), 0);
    long before = peak_memory();
    import_refused(at("zeros.csv"), NULL, "zeros.csv", "line 2: not a line of text");
    assert_true(peak_memory() - before < BYTES / 1024 / 4);
    put_text(at("folder/list.csv"), "a/1.PNG,1\n\r\n\nb.png,2");
    gt_source *imp = import(at("folder/list.csv"), NULL);
    assert_int_equal(gt_source_get_info(imp)->count, 2);
    assert_int_equal(gt_source_class(imp, 1), 2);
    gt_source_close(imp);
}

/* ---- datasets, crops, threads ---- */

static void test_datasets(void **state) {
    (void)state;
    gt_source *imp = import("synth:shapes:n=20,size=16", NULL);
    gt_dataset *ds = opened("synth:shapes:n=20,size=16", NULL);
    assert_int_equal(gt_source_get_info(imp)->class_names, 8);
    uint8_t expected[16 * 16 * 3];
    gt_picture p = item(imp, 13);
    assert_ok(gt_dataset_read(ds, 13, expected));
    assert_memory_equal(p.samples, expected, sizeof expected);
    assert_int_equal(gt_source_class(imp, 13), 13 % 8);
    gt_picture_free(&p);
    gt_dataset_close(ds);
    gt_source_close(imp);
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
    gt_source *imp = import(make_large(), &(gt_source_options){.crops = 4, .labels = GT_SOURCE_LABELS_FOLDERS});
    assert_int_equal(gt_source_get_info(imp)->count, 6 + 1 + 1);
    uint8_t whole[7 * 10 * 3];
    paint(3, 7, 10, 3, whole);
    static const int x0[] = {0, 4, 6}, y0[] = {0, 3};
    for (int k = 0; k < 6; k++) {
        gt_picture p = item(imp, k);
        for (int y = 0; y < 4; y++)
            assert_memory_equal((uint8_t *)p.samples + y * 12, whole + ((y0[k / 3] + y) * 10 + x0[k % 3]) * 3, 12);
        gt_picture_free(&p);
        assert_int_equal(gt_source_class(imp, k), 0);
    }
    assert_string_equal(name(imp, 5), "k/a.png#5");
    item_refused(imp, 6, "small.png#0", "smaller than a square");
    gt_picture p = item(imp, 7);
    gt_picture_free(&p);
    assert_int_equal(gt_source_class(imp, 7), -1);
    gt_source_close(imp);
}

static void test_threads(void **state) {
    (void)state;
    read_by_threads(import(make_large(), &(gt_source_options){.crops = 4}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_bad_items),
        cmocka_unit_test(test_zip),
        cmocka_unit_test(test_meaning_without_labels),
        cmocka_unit_test(test_long_heads),
        cmocka_unit_test(test_zip_bomb),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_csv_missing_labels),
        cmocka_unit_test(test_csv_without_lines),
        cmocka_unit_test(test_datasets),
        cmocka_unit_test(test_crops),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
