/* SPDX-License-Identifier: Apache-2.0
 * dataset.json: labels of both kinds, the further keys, and every way of getting them wrong, through archives made
 * here. */
#include "data_files.h"
#include "sanitized.h"
#include "data/door/dataset.h"

static void classes_become_one_hot(void **state) {
    (void)state;
    gt_dataset *ds = opened(
        simple_zip(
            "classes.zip", 3,
            "{\"labels\": [[\"00000/img00000002.png\", 4], [\"elsewhere.png\", 9], [\"00000/img00000000.png\", 0],"
            " [\"00000/img00000001.png\", 2]], \"range\": [0, 200], \"channels\": \"R,G,B\","
            " \"class_names\": [\"a\", \"b\", \"c\", \"d\", \"e\"], \"more\": {}}"),
        NULL);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    assert_int_equal(info->label_kind, GT_LABELS_CLASSES);
    assert_int_equal(info->label_width, 5); /* names that are not images do not count */
    assert_int_equal(info->class_names, 5);
    assert_string_equal(info->class_name[4], "e");
    assert_string_equal(info->channel_names, "R,G,B");
    assert_true(info->range[0] == 0 && info->range[1] == 200);
    static const int want[] = {0, 2, 4};
    for (int i = 0; i < 3; i++) {
        float label[5];
        gt_dataset_label(ds, i, label);
        for (int c = 0; c < 5; c++) assert_true(label[c] == (c == want[i]));
        assert_int_equal(gt_dataset_class(ds, i), want[i]);
    }
    gt_dataset_close(ds);
}

static void vectors_are_used_as_they_are(void **state) {
    (void)state;
    const char *path = simple_zip(
        "vectors.zip", 2,
        "{\"labels\": [[\"00000/img00000001.png\", [1.5, -2]], [\"00000/img00000000.png\", [0, 1e-3]]],"
        " \"label_names\": \"radius,angle\"}");
    char name[64];
    gt_dataset *ds = opened(path, NULL);
    float label[2];
    assert_int_equal(gt_dataset_get_info(ds)->label_kind, GT_LABELS_VECTORS);
    assert_int_equal(gt_dataset_get_info(ds)->label_width, 2);
    assert_string_equal(gt_label_name(gt_dataset_get_info(ds), 0, name), "radius");
    assert_string_equal(gt_label_name(gt_dataset_get_info(ds), 1, name), "angle");
    assert_string_equal(gt_label_name(gt_dataset_get_info(ds), 2, name), "label"); /* has no name */
    gt_dataset_label(ds, 1, label);
    assert_true(label[0] == 1.5f && label[1] == -2.0f);
    gt_dataset_label(ds, 0, label);
    assert_true(label[0] == 0 && label[1] == 1e-3f);
    assert_int_equal(gt_dataset_class(ds, 0), -1);
    gt_dataset_close(ds);

    ds = opened(path, &(gt_dataset_options){.use_labels = false});
    assert_int_equal(gt_dataset_get_info(ds)->label_width, 0);
    assert_int_equal(gt_dataset_get_info(ds)->stored_label_width, 2);
    gt_dataset_label(ds, 0, NULL);
    gt_dataset_close(ds);
}

/* The images and classes of a part, and the classes' names, against what they must be; then the part's fingerprint. */
static gt_hash128 part(const char *path, const gt_dataset_options *o, const char *images, const char *classes,
                       const char *names) {
    gt_dataset *ds = opened(path, o);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    assert_int_equal(info->count, strlen(images));
    for (int i = 0; images[i]; i++) {
        uint8_t got[8 * 8 * 3], want[8 * 8 * 3];
        paint(images[i] - '0', 8, 8, 3, want);
        assert_int_equal(gt_dataset_read(ds, i, got), GT_OK);
        assert_memory_equal(got, want, sizeof want);
        assert_int_equal(gt_dataset_class(ds, i), classes[i] - '0');
    }
    assert_int_equal(info->class_names, strlen(names));
    for (int i = 0; names[i]; i++) assert_int_equal(info->class_name[i][0], names[i]);
    gt_hash128 h;
    assert_int_equal(gt_dataset_fingerprint(ds, &h), GT_OK);
    gt_dataset_close(ds);
    return h;
}

static void some_classes_alone(void **state) {
    (void)state;
    static const char text[] = "{\"labels\": [[\"00000/img00000000.png\", 0], [\"00000/img00000001.png\", 2],"
                               " [\"00000/img00000002.png\", 1], [\"00000/img00000003.png\", 2],"
                               " [\"00000/img00000004.png\", 3]], \"class_names\": [\"ant\", \"bee\", \"cat\", \"7\"]}";
    const char *path = simple_zip("some.zip", 5, text);
    gt_hash128 all = part(path, NULL, "01234", "02123", "abc7"), cats;
    cats = part(path, &(gt_dataset_options){.classes = "2-2,ant"}, "013", "100", "ca");
    assert_false(all.low == cats.low && all.high == cats.high);
    gt_hash128 same = part(path, &(gt_dataset_options){.classes = "cat,0"}, "013", "100", "ca");
    assert_true(same.low == cats.low && same.high == cats.high);
    all = part(path, &(gt_dataset_options){.classes = "cat,bee"}, "123", "010", "cb");
    assert_false(all.low == cats.low && all.high == cats.high);
    part(path, &(gt_dataset_options){.classes = "7"}, "4", "0", "7"); /* a name comes before a number */
    part(path, &(gt_dataset_options){.classes = ""}, "01234", "02123", "abc7");
    /* a network of four classes is asked by their numbers; one of two by the new ones */
    part(path, &(gt_dataset_options){.classes = "cat,ant", .network_classes = 4}, "013", "022", "abc7");
    part(path, &(gt_dataset_options){.classes = "cat,ant", .network_classes = 2}, "013", "100", "ca");
    gt_dataset *ds = opened(path, &(gt_dataset_options){.classes = "1-2", .mirror = true, .use_labels = true});
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    assert_true(info->count == 6 && info->stored == 3 && info->label_width == 2);
    assert_string_equal(info->taken, "3 of 5 images, 2 of 4 classes (bee, cat), numbered 0 to 1");
    gt_dataset_close(ds);
    static const char *const bad[][3] = {{"cow,cta", "class 'cow', nor 'cta' (did you mean cat?)", "bee"},
                                         {"4", "no class '4' (there are 4, numbered from 0", "ant"},
                                         {"0-5", "no class '4'", "--classes"},
                                         {"cat,0-2", "'2' is named twice", "--classes"},
                                         {"2-0", "--classes=2-0", "larger"},
                                         {"0,", "no class ''", "--classes"},
                                         {"99999999999999999999", "no class '9", "--classes"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_refused(path, &(gt_dataset_options){.classes = bad[i][0]},
                      (const char *const[]){"some.zip", bad[i][1], bad[i][2], NULL});
    check_refused(simple_zip("none.zip", 2, "{}"), &(gt_dataset_options){.classes = "0"},
                  (const char *const[]){"no labels", "--labels=folders", NULL});
    check_refused("synth:circles:n=2", &(gt_dataset_options){.classes = "0"},
                  (const char *const[]){"vectors of 1 numbers", NULL});
}

static void no_labels_are_no_labels(void **state) {
    (void)state;
    static const char *const texts[] = {NULL, "{\"labels\": null}", "{}",
                                        " { \"a\\\"}\" : [ {} , \"]\" , -1 ] , \"labels\" : null } \n"};
    for (int i = 0; i < 4; i++) {
        gt_dataset *ds = opened(simple_zip("none.zip", 2, texts[i]), NULL);
        assert_true(gt_dataset_get_info(ds)->labels_missing == (i == 2));
        assert_int_equal(gt_dataset_get_info(ds)->label_kind, GT_LABELS_NONE);
        assert_int_equal(gt_dataset_get_info(ds)->label_width, 0);
        gt_dataset_close(ds);
    }
}

#define FIRST "[\"00000/img00000000.png\", "
#define SECOND "[\"00000/img00000001.png\", "

static void wrong_labels_are_named(void **state) {
    (void)state;
    static const struct {
        const char *text, *words[3];
    } cases[] = {
        {"", {"line 1"}},
        {"{\"labels\": [", {"line 1"}},
        {"[]", {"not an object"}},
        {"{\"labels\": 5}", {"list of [name, label] pairs"}},
        {"{\"labels\": []}", {"no label for", "img00000000.png"}},
        {"{\"labels\": [" FIRST "1]]}", {"no label for", "img00000001.png"}},
        {"{\"labels\": [" FIRST "1, 2], " SECOND "1]]}", {"element 0"}},
        {"{\"labels\": [" FIRST "1], [7, 1]]}", {"element 1"}},
        {"{\"labels\": [" FIRST "1], 7]}", {"element 1"}},
        {"{\"labels\": [" FIRST "1], " SECOND "true]]}", {"img00000001.png", "neither a number, nor a list"}},
        {"{\"labels\": [" FIRST "1], " SECOND "-1]]}", {"img00000001.png", "0 .. 65535"}},
        {"{\"labels\": [" FIRST "1], " SECOND "65536]]}", {"img00000001.png", "65536"}},
        {"{\"labels\": [" FIRST "1], " SECOND "[1]]]}", {"img00000001.png", "is a list"}},
        {"{\"labels\": [" FIRST "[1, 2]], " SECOND "[1]]]}", {"img00000001.png", "1 numbers, other labels have 2"}},
        {"{\"labels\": [" FIRST "[1, 2]], " SECOND "[1, \"x\"]]]}", {"img00000001.png", "element 1"}},
        {"{\"labels\": [" FIRST "[1, 2]], " SECOND "[1, 1e39]]]}", {"img00000001.png", "finite"}},
        {"{\"labels\": [" FIRST "[]], " SECOND "[]]]}", {"img00000000.png", "0 numbers"}},
        {"{\"labels\": [" FIRST "0], " SECOND "2]], \"class_names\": [\"a\", \"b\"]}", {"2 names for 3 classes"}},
        {"{\"class_names\": [1]}", {"class_names", "element 0"}},
        {"{\"class_names\": \"a\"}", {"class_names"}},
        {"{\"labels\": [" FIRST "1], " SECOND "1], " FIRST "2]]}", {"img00000000.png", "twice"}},
        {"{\"labels\": [" FIRST "[1, 2]], " SECOND "[1, 3]], " SECOND "[1, 2]]]}", {"img00000001.png", "twice"}},
        {"{\"labels\": [" FIRST "1], " SECOND "1]], \"labels\": null}", {"\"labels\"", "twice"}},
        {"{\"range\": [1]}", {"range"}},
        {"{\"range\": [1, 1]}", {"range"}},
        {"{\"channels\": 3}", {"channels"}},
        {"{\"labels\": null,\n \"range\": [1,\n x]}", {"line 3"}},
        {"{\"labels\": [\n" FIRST "1]\n" SECOND "1]]}", {"line 3", "','"}},
        {"{\"labels\": [" FIRST "1], " SECOND "1],]}", {"line 1"}},
        {"{\"labels\": [" FIRST "1], " SECOND "1]}}", {"line 1"}},
        {"{\"labels\": [" FIRST "1], " SECOND "1]]} {}", {"after the end"}},
        {"{\"labels\": null \"range\": null}", {"line 1", "','"}},
        {"{\"labels\": null, range: null}", {"a key"}},
        {"{\"labels\" null}", {"':'"}},
        {"{\"labels\": }", {"a value"}},
        {"{\"lab\\u0065ls\": 5}", {"list of [name, label] pairs"}},
        {"{\"channels\": \"R,G", {"line 1"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = simple_zip("wrong.zip", 2, cases[i].text);
        refused(path, "wrong.zip", "dataset.json", cases[i].words[0], cases[i].words[1] ? cases[i].words[1] : "",
                cases[i].words[2] ? cases[i].words[2] : "");
        check_refused(path, &(gt_dataset_options){.use_labels = false},
                      (const char *const[]){"dataset.json", NULL}); /* wanted or not */
    }
}

/* Text that packs to nothing and would take a hundred times its memory when parsed as a whole: a folder's dataset.json,
 * so that the text alone counts. Labels of images that are not there are no fault, and keys without a meaning are
 * passed over. The limit leaves room for what a sanitizer keeps of freed memory. */
static void long_texts_take_little_memory(void **state) {
    (void)state;
    enum { BYTES = 16 << 20 };
    const size_t bytes = sanitized() ? BYTES >> 4 : BYTES; /* with sanitizers memory counts for nothing */
    static const struct {
        const char *before, *unit, *after, *word; /* NULL: read */
    } cases[] = {
        {"{\"labels\": [", "[],", "[]]}", "element 0"},
        {"{\"labels\": [[\"a.png\", [", "[],", "1]]]}", "line 1: more values"},
        {"{\"class_names\":\n[", "\"\",", "\"\"]}", "line 2: more values"},
        {"{\"labels\": [[\"a.png\", 1]], \"more\": [", "[],", "0]}", NULL},
        {"{\"labels\": [[\"a.png\", 1],", "[\"\",2],", "[\"b\", 0]]}", NULL},
    };
    mkdir(at("long"), 0777);
    put_picture(at("long/a.png"), 1, 4, 4, 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = long_text(cases[i].before, cases[i].unit, cases[i].after, bytes);
        put(at("long/dataset.json"), text, strlen(text));
        free(text);
        long before = peak_memory();
        if (cases[i].word) refused(at("long"), "dataset.json", cases[i].word);
        else gt_dataset_close(opened(at("long"), NULL));
        if (peak_memory() - before > 24 * (BYTES >> 10))
            fail_msg("case %zu: %ld MB", i, (peak_memory() - before) >> 10);
    }
}

static void what_does_no_harm_is_read(void **state) {
    (void)state;
    gt_dataset *ds = opened(
        simple_zip("marked.zip", 2, "\xEF\xBB\xBF{\"labels\": [" FIRST "1.0], " SECOND "0], " FIRST "1]]}"), NULL);
    assert_int_equal(gt_dataset_get_info(ds)->label_kind, GT_LABELS_CLASSES);
    assert_int_equal(gt_dataset_class(ds, 0), 1);
    assert_int_equal(gt_dataset_class(ds, 1), 0);
    gt_dataset_close(ds);
    ds = opened(simple_zip("twice.zip", 2, "{\"labels\": [" FIRST "[1, 2]], " SECOND "[0, 1]], " FIRST "[1.0, 2e0]]]}"),
                NULL);
    assert_int_equal(gt_dataset_get_info(ds)->label_kind, GT_LABELS_VECTORS);
    gt_dataset_close(ds);
}

/* Where a number is not whole all are vectors; texts are names of classes; names of pictures may be written otherwise.
 */
static void labels_of_other_forms(void **state) {
    (void)state;
    float label[1];
    gt_dataset *ds = opened(simple_zip("halves.zip", 2, "{\"labels\": [" FIRST "1.5], " SECOND "-1]]}"), NULL);
    assert_true(gt_dataset_get_info(ds)->label_kind == GT_LABELS_VECTORS && gt_dataset_get_info(ds)->label_width == 1);
    gt_dataset_label(ds, 0, label);
    assert_true(label[0] == 1.5f);
    gt_dataset_label(ds, 1, label);
    assert_true(label[0] == -1.0f);
    gt_dataset_close(ds);
    static const char *const texts[] = {
        "{\"labels\": [" FIRST "\"dog\"], " SECOND "\"cat\"]]}",
        "{\"labels\": [" FIRST "\"dog\"], " SECOND "\"cat\"]], \"class_names\": [\"dog\", \"ant\", \"cat\"]}",
        "{\"labels\": [[\"\\\\mine\\\\00000\\\\img00000000.png\", \"dog\"], [\"/mine/00000/img00000001\", \"cat\"]]}",
        "{\"labels\": [[\"img00000000.webp\", \"dog\"], [\"img00000001\", \"cat\"]]}",
    };
    for (int i = 0; i < 4; i++) {
        ds = opened(simple_zip("names.zip", 2, texts[i]), NULL);
        const gt_dataset_info *info = gt_dataset_get_info(ds);
        assert_int_equal(info->class_names, i == 1 ? 3 : 2);
        for (int k = 0; k < 2; k++) assert_string_equal(info->class_name[gt_dataset_class(ds, k)], k ? "cat" : "dog");
        gt_dataset_close(ds);
    }
    refused(
        simple_zip("names.zip", 2, "{\"labels\": [" FIRST "\"dog\"], " SECOND "\"cat\"]], \"class_names\": [\"dog\"]}"),
        "names.zip", "class_names: the label 'cat'", "missing");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_become_one_hot),    cmocka_unit_test(vectors_are_used_as_they_are),
        cmocka_unit_test(some_classes_alone),        cmocka_unit_test(no_labels_are_no_labels),
        cmocka_unit_test(wrong_labels_are_named),    cmocka_unit_test(long_texts_take_little_memory),
        cmocka_unit_test(what_does_no_harm_is_read), cmocka_unit_test(labels_of_other_forms),
    };
    return cmocka_run_group_tests_name("labels", tests, make_scratch, remove_scratch);
}
