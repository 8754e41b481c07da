/* SPDX-License-Identifier: Apache-2.0
 * HDF5 datasets: what is written is read, attributes are understood, and what is wrong is refused by name; a damaged
 * file is found by the check in a process of its own, whatever it does to libhdf5. This program plays that one,
 * too. */
#define _GNU_SOURCE
#include "data_files.h"
#include "sanitized.h"

#include <hdf5.h>
#include <signal.h>
#include <sys/resource.h>
#include <zlib.h>

#include "base/door/file.h"
#include "data/door/dataset.h"
#include "data/door/loader.h"
#include "files/h5/h5_guard.h"

enum { N = 20, H = 8, W = 12, C = 3, IMAGE = H * W * C };

static hid_t begin(const char *path) {
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

/* `data` NULL: nothing is written. */
static hid_t add(hid_t file, const char *name, hid_t type, hid_t memory_type, int rank, const hsize_t *dims,
                 const hsize_t *chunk, const void *data) {
    hid_t space = H5Screate_simple(rank, dims, NULL), plist = H5Pcreate(H5P_DATASET_CREATE);
    if (chunk) {
        H5Pset_chunk(plist, rank, chunk);
        H5Pset_deflate(plist, 6);
    }
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    assert_true(dataset >= 0);
    if (data) assert_true(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Pclose(plist);
    H5Sclose(space);
    return dataset;
}

static void add_attribute(hid_t dataset, const char *name, hid_t type, hsize_t n, const void *data) {
    hid_t space = H5Screate_simple(1, &n, NULL),
          attribute = H5Acreate2(dataset, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(attribute >= 0 && H5Awrite(attribute, type, data) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
}

static const hsize_t image_dims[] = {N, H, W, C}, image_chunk[] = {3, H, W, C};

static hid_t add_images(hid_t file) {
    static uint8_t pixels[N][IMAGE];
    for (int i = 0; i < N; i++) paint(i, H, W, C, pixels[i]);
    return add(file, "images", H5T_STD_U8LE, H5T_NATIVE_UINT8, 4, image_dims, image_chunk, pixels);
}

static void end(hid_t file, hid_t dataset) {
    H5Dclose(dataset);
    H5Fclose(file);
}

static const char *labelled(const char *name) {
    const char *path = at(name);
    hid_t file = begin(path), images = add_images(file);
    int64_t classes[N];
    for (int i = 0; i < N; i++) classes[i] = i % 4;
    hsize_t n = N;
    H5Dclose(add(file, "labels", H5T_STD_I64BE, H5T_NATIVE_INT64, 1, &n, NULL, classes));
    double range[] = {0, 100};
    add_attribute(images, "range", H5T_NATIVE_DOUBLE, 2, range);
    hid_t fixed = H5Tcopy(H5T_C_S1), variable = H5Tcopy(H5T_C_S1);
    H5Tset_size(fixed, 5);
    H5Tset_size(variable, H5T_VARIABLE);
    add_attribute(images, "channels", fixed, 1, "R,G,B");
    const char *names[] = {"ant", "bee", "cat", "dog"};
    add_attribute(images, "class_names", variable, 4, names);
    H5Tclose(fixed);
    H5Tclose(variable);
    end(file, images);
    return path;
}

static void a_file_is_read(void **state) {
    (void)state;
    gt_dataset *ds = opened(labelled("set.h5"), NULL);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    assert_string_equal(info->source, "hdf5");
    assert_string_equal(info->name, "set");
    assert_true(info->main_thread_only);
    assert_int_equal(info->count, N);
    assert_int_equal(info->height, H);
    assert_int_equal(info->width, W);
    assert_int_equal(info->channels, C);
    assert_int_equal(info->label_width, 4);
    assert_string_equal(info->channel_names, "R,G,B");
    assert_int_equal(info->class_names, 4);
    assert_string_equal(info->class_name[3], "dog");
    assert_true(info->range[0] == 0 && info->range[1] == 100);
    for (int i = N - 1; i >= 0; i--) {
        uint8_t want[IMAGE], got[IMAGE];
        paint(i, H, W, C, want);
        if (gt_dataset_read(ds, i, got)) fail_msg("%s", gt_message());
        assert_memory_equal(got, want, IMAGE);
        assert_int_equal(gt_dataset_class(ds, i), i % 4);
    }
    gt_hash128 a, b;
    assert_int_equal(gt_dataset_fingerprint(ds, &a), GT_OK);
    gt_dataset_close(ds);
    ds = opened(labelled("again.hdf5"), NULL);
    assert_int_equal(gt_dataset_fingerprint(ds, &b), GT_OK);
    assert_true(a.high == b.high && a.low == b.low);
    gt_dataset_close(ds);
}

/* Both ways a loader treats an HDF5 set: whole in memory with a thread, and read by the main thread. */
static void a_loader_reads_it(void **state) {
    (void)state;
    static float images[2][4 * IMAGE], labels[2][4 * 4];
    gt_dataset *ds = opened(labelled("loader.h5"), NULL);
    for (int way = 0; way < 2; way++) {
        gt_loader_plan plan = {
            .batch = 8, .full = {1, (gt_sample_range[]){{4, 4}}}, .seed = 3, .cache_bytes = way ? GT_LOADER_CACHE : 0};
        gt_loader *l;
        assert_int_equal(gt_loader_new(&l, ds, &plan), GT_OK);
        for (int step = 0; step < 7; step++)
            assert_int_equal(gt_loader_step(l, (uint64_t)step, 0, images[way], labels[way]), GT_OK);
        gt_loader_free(l);
    }
    assert_memory_equal(images[0], images[1], sizeof images[0]);
    assert_memory_equal(labels[0], labels[1], sizeof labels[0]);
    for (int i = 0; i < 4 * IMAGE; i++) { /* range 0..100: a byte stands for x / 50 - 1 */
        float byte = (images[0][i] + 1) * 50;
        assert_true(fabsf(byte - roundf(byte)) < 1e-4f);
    }
    gt_dataset_close(ds);
}

/* Two loaders with one cache: each reads half of it, and a third, later, nothing. */
static void loaders_keep_it_once(void **state) {
    (void)state;
    static float images[4 * IMAGE], alone[4 * IMAGE], labels[4 * 4];
    gt_dataset *ds = opened(labelled("common.h5"), NULL);
    gt_loader_plan plan = {
        .batch = 8, .full = {1, (gt_sample_range[]){{4, 4}}}, .seed = 3, .cache_bytes = GT_LOADER_CACHE};
    size_t bytes = gt_loader_cache_bytes(gt_dataset_get_info(ds), false, plan.cache_bytes);
    assert_int_equal(bytes, N * (IMAGE + 1));
    assert_int_equal(gt_loader_cache_bytes(gt_dataset_get_info(ds), false, bytes - 1), 0);
    gt_loader *without, *both[2], *later;
    assert_int_equal(gt_loader_new(&without, ds, &plan), GT_OK);
    uint8_t *memory = calloc(bytes, 1);
    assert_non_null(memory);
    for (int i = 0; i < 2; i++) {
        plan.common = (gt_loader_common){memory, i, 2};
        assert_int_equal(gt_loader_new(&both[i], ds, &plan), GT_OK);
    }
    for (int i = 0; i < 2; i++) assert_int_equal(gt_loader_go(both[i]), GT_OK);
    for (uint64_t step = 0; step < 7; step++)
        for (int i = 0; i < 2; i++) {
            assert_int_equal(gt_loader_step(without, step, 0, alone, labels), GT_OK);
            assert_int_equal(gt_loader_step(both[i], step, 0, images, labels), GT_OK);
            assert_memory_equal(images, alone, sizeof images);
        }
    for (int i = 0; i < 2; i++) gt_loader_free(both[i]);
    memset(memory, 7, IMAGE); /* who comes later takes what is there */
    assert_int_equal(gt_loader_new(&later, ds, &plan), GT_OK);
    assert_int_equal(memory[0], 7);
    gt_loader_free(later); /* it has not begun */
    gt_loader_free(without);
    free(memory);
    gt_dataset_close(ds);
}

static void vectors_are_read(void **state) {
    (void)state;
    hid_t file = begin(at("vectors.h5")), images = add_images(file);
    double vectors[N][3];
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 3; k++) vectors[i][k] = i + 0.25 * k;
    hsize_t dims[] = {N, 3};
    H5Dclose(add(file, "labels", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, dims, NULL, vectors));
    end(file, images);
    gt_dataset *ds = opened(at("vectors.h5"), NULL);
    float label[3];
    assert_int_equal(gt_dataset_get_info(ds)->label_kind, GT_LABELS_VECTORS);
    gt_dataset_label(ds, 7, label);
    assert_true(label[0] == 7 && label[1] == 7.25f && label[2] == 7.5f);
    gt_dataset_close(ds);
}

/* As hexadecimal digits; images of four channels that have these names (NULL: none). */
static void fingerprint_with(const char *channels, char text[33]) {
    static uint8_t pixels[2][H][W][4];
    gt_hash128 h;
    paint(1, 2 * H, W, 4, (uint8_t *)pixels);
    hid_t file = begin(at("four.h5")),
          images = add(file, "images", H5T_STD_U8LE, H5T_NATIVE_UINT8, 4, (hsize_t[]){2, H, W, 4}, NULL, pixels);
    hid_t names = H5Tcopy(H5T_C_S1);
    if (channels) H5Tset_size(names, strlen(channels));
    if (channels) add_attribute(images, "channels", names, 1, channels);
    H5Tclose(names);
    end(file, images);
    gt_dataset *ds = opened(at("four.h5"), NULL);
    if (gt_dataset_fingerprint(ds, &h)) fail_msg("%s", gt_message());
    gt_hash_hex(h, text);
    gt_dataset_close(ds);
}

/* Pictures with alpha have its name whether somebody gave it or not: it counts as the usual one. */
static void names_of_channels_count(void **state) {
    (void)state;
    static const char usual[] = "f0dec05df1234e1c6d3d0ebdebf97c55";
    char text[33];
    fingerprint_with("R,G,B,A", text);
    assert_string_equal(text, usual);
    fingerprint_with(NULL, text);
    assert_string_equal(text, usual);
    fingerprint_with("R,G,B,x", text);
    assert_string_not_equal(text, usual);
}

/* 2 channels of 16 bits, 5 of float32: samples come as they are, and mean what the range says; colour where names say
 * so. */
static void every_sample_type_is_read(void **state) {
    (void)state;
    static uint16_t deep[N][H][W][2];
    static float real[N][H][W][5];
    for (size_t k = 0; k < sizeof deep / sizeof(uint16_t); k++) ((uint16_t *)deep)[k] = (uint16_t)(k * 7919);
    for (size_t k = 0; k < sizeof real / sizeof(float); k++) ((float *)real)[k] = sinf((float)k);
    hsize_t two[] = {N, H, W, 2}, five[] = {N, H, W, 5};
    hid_t file = begin(at("deep.h5"));
    end(file, add(file, "images", H5T_STD_U16BE, H5T_NATIVE_UINT16, 4, two, NULL, deep));
    file = begin(at("real.h5"));
    hid_t images = add(file, "images", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 4, five, NULL, real),
          names = H5Tcopy(H5T_C_S1);
    double range[] = {0, 4};
    add_attribute(images, "range", H5T_NATIVE_DOUBLE, 2, range);
    H5Tset_size(names, 10);
    add_attribute(images, "channels", names, 1, "r,g,b,x,y");
    H5Tclose(names);
    end(file, images);

    gt_dataset *ds = opened(at("deep.h5"), &(gt_dataset_options){.mirror = true});
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    uint16_t got[H][W][2];
    float floats[H * W * 5];
    assert_int_equal(info->type, GT_U16);
    assert_int_equal(info->image_bytes, sizeof got);
    assert_true(info->range[0] == 0 && info->range[1] == 65535);
    assert_int_equal(gt_dataset_read(ds, 3, got), GT_OK);
    assert_memory_equal(got, deep[3], sizeof got);
    assert_int_equal(gt_dataset_read(ds, N + 3, got), GT_OK);
    for (int x = 0; x < W; x++) assert_memory_equal(got[5][x], deep[3][5][W - 1 - x], 4);
    gt_dataset_floats(info, (uint16_t[]){0, 65535, 32768}, 3, floats);
    assert_true(floats[0] == -1 && floats[1] == 1 && fabsf(floats[2]) < 2e-5f);
    assert_int_equal(gt_dataset_colours(info), 0);
    gt_dataset_close(ds);

    ds = opened(at("real.h5"), NULL);
    info = gt_dataset_get_info(ds);
    float samples[H * W * 5];
    assert_int_equal(info->type, GT_F32);
    assert_int_equal(gt_dataset_read(ds, 7, samples), GT_OK);
    assert_memory_equal(samples, real[7], sizeof samples);
    gt_dataset_floats(info, samples, H * W * 5, floats);
    for (int k = 0; k < H * W * 5; k++) assert_true(fabsf(floats[k] - (samples[k] / 2 - 1)) < 1e-6f);
    assert_int_equal(gt_dataset_colours(info), 3);
    gt_dataset_close(ds);

    real[7][2][3][4] = NAN;
    file = begin(at("nan.h5"));
    end(file, add(file, "images", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 4, five, NULL, real));
    ds = opened(at("nan.h5"), NULL);
    assert_int_equal(gt_dataset_read(ds, 7, samples), GT_FORMAT);
    assert_message(at("nan.h5"));
    assert_message("image 7");
    assert_message("not finite");
    gt_dataset_close(ds);
}

static void refused_images(hid_t type, int rank, const hsize_t *dims, bool write, const char *word) {
    static const uint8_t zeros[1 << 20];
    hid_t file = begin(at("wrong.h5")),
          images = add(file, "images", type, type, rank, dims, NULL, write ? zeros : NULL);
    end(file, images);
    refused(at("wrong.h5"), "wrong.h5", "images", word);
}

static void wrong_images_are_named(void **state) {
    (void)state;
    hsize_t flat[] = {N, H * W * C}, many[] = {N, H, W, 300}, none[] = {0, H, W, C}, wide[] = {1, 4, 40000, 1},
            good[] = {N, H, W, C};
    refused_images(H5T_STD_U8LE, 2, flat, true, "--shape=HxW");
    refused_images(H5T_STD_U8LE, 4, many, true, "300 channels");
    refused_images(H5T_STD_U8LE, 4, none, true, "no images");
    refused_images(H5T_STD_U8LE, 4, wide, true, "at most");
    refused_images(H5T_STD_U8LE, 4, good, false, "never written");

    hsize_t absurd[] = {1 << 30, H, W, C}, chunk[] = {1, H, W, C};
    hid_t file = begin(at("sparse.h5")),
          images = add(file, "images", H5T_STD_U8LE, H5T_NATIVE_UINT8, 4, absurd, chunk, NULL);
    end(file, images);
    refused(at("sparse.h5"), "sparse.h5", "incomplete", "0 of its 1073741824 chunks");

    file = begin(at("other.h5"));
    H5Dclose(add(file, "pictures", H5T_STD_U8LE, H5T_NATIVE_UINT8, 4, good, NULL, NULL));
    H5Lcreate_external("/etc/passwd", "/x", file, "images", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    refused(at("other.h5"), "other.h5", "another file");
    file = begin(at("whole.h5"));
    end(file, add_images(file));
    gt_dataset *whole = NULL;
    assert_int_equal(gt_dataset_open(&whole, at("whole.h5"), NULL), GT_OK);
    gt_dataset_close(whole);
    file = begin(at("through.h5"));
    H5Lcreate_external(at("whole.h5"), "/", file, "way", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/way/images", file, "images", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    refused(at("through.h5"), "through.h5", "images");
    file = begin(at("bare.h5"));
    H5Fclose(file);
    refused(at("bare.h5"), "bare.h5", "no dataset 'images'");
}

/* Numbers of any type become the smallest samples that hold them. */
static void any_numbers_are_samples(void **state) {
    static double number[N][IMAGE]; /* small ones, but for two */
    static const struct {
        bool floats;
        int bytes;
        double low, high;
        gt_sample sample;
    } cases[] = {{false, 8, 0, 255, GT_U8},    {false, 4, 0, 256, GT_U16}, {false, 2, -1, 255, GT_F32},
                 {false, 8, 0, 65536, GT_F32}, {false, 1, 0, 127, GT_U8},  {true, 8, 0, 200, GT_F32},
                 {false, 4, 0, 65535, GT_U16}};
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        hid_t integers[] = {H5T_STD_I8BE, H5T_STD_I16BE, H5T_STD_I32BE, H5T_STD_I32BE, H5T_STD_I64BE},
              type = cases[k].floats ? H5T_IEEE_F64BE : integers[cases[k].bytes / 2];
        for (int i = 0; i < N * IMAGE; i++) number[i / IMAGE][i % IMAGE] = i % 7;
        number[3][5] = cases[k].low, number[4][6] = cases[k].high;
        hid_t file = begin(at("numbers.h5"));
        end(file, add(file, "images", type, H5T_NATIVE_DOUBLE, 4, image_dims, image_chunk, number));
        gt_dataset *ds = opened(at("numbers.h5"), NULL);
        assert_int_equal(gt_dataset_get_info(ds)->type, cases[k].sample);
        union {
            uint8_t bytes[IMAGE];
            uint16_t words[IMAGE];
            float floats[IMAGE];
        } got;
        if (gt_dataset_read(ds, 4, &got)) fail_msg("%s", gt_message());
        for (int i = 0; i < IMAGE; i++) {
            double v = cases[k].sample == GT_U8    ? got.bytes[i]
                       : cases[k].sample == GT_U16 ? got.words[i]
                                                   : (double)got.floats[i];
            assert_true(v == number[4][i]);
        }
        gt_dataset_close(ds);
    }
}

/* Packed bytes of LZF, sound ones and others. */
static void lzf_is_unpacked(void **state) {
    static const struct {
        const char *packed;
        size_t n, most;
        const char *text; /* NULL: refused */
    } cases[] = {{"\2abc", 4, 3, "abc"},       {"\2abc\x20\2", 6, 6, "abcabc"}, {"\0a\xe0\1\0", 5, 11, "aaaaaaaaaaa"},
                 {"\0a\xe0\1\0", 5, 10, NULL}, /* more than there is room for */
                 {"\2abc\x20\3", 6, 6, NULL},  /* before the beginning */
                 {"\2ab", 3, 3, NULL},         /* cut */
                 {"\0a\x20", 3, 8, NULL},      {"\0a\xe0\1", 4, 16, NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[16];
        size_t n = h5_lzf_unpack((const uint8_t *)cases[i].packed, cases[i].n, out, cases[i].most);
        assert_int_equal(n, cases[i].text ? strlen(cases[i].text) : 0);
        if (n) assert_memory_equal(out, cases[i].text, n);
    }
}

/* The second chunk of the images is replaced: by what becomes of `n` bytes, or by these as they are. libhdf5 would read
 * what lies behind them. */
static void refused_chunk(size_t n, bool packed) {
    static const uint8_t zeros[2 * 3 * IMAGE];
    static uint8_t stored[2 * 3 * IMAGE];
    const hsize_t second[] = {3, 0, 0, 0};
    uLongf size = sizeof stored;
    hid_t file = begin(at("chunk.h5")), images = add_images(file);
    assert_int_equal(compress2(stored, &size, zeros, n, 6), Z_OK);
    assert_true(
        H5Dwrite_chunk(images, H5P_DEFAULT, packed ? 0 : 1, second, packed ? size : n, packed ? stored : zeros) >= 0);
    end(file, images);
    gt_dataset *ds;
    uint8_t image[IMAGE];
    assert_int_equal(gt_dataset_open(&ds, at("chunk.h5"), NULL), GT_OK);
    for (int i = 0; i < N; i++) {
        bool whole = i < 3 || i > 5 || n == 3 * IMAGE;
        assert_int_equal(gt_dataset_read(ds, i, image), whole ? GT_OK : GT_FORMAT);
        if (!whole) assert_non_null(strstr(gt_message(), "a chunk is damaged"));
    }
    gt_dataset_close(ds);
}

static void short_chunks_are_refused(void **state) {
    (void)state;
    const size_t sizes[] = {0, 1, 3 * IMAGE - 1, 3 * IMAGE, 3 * IMAGE + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        refused_chunk(sizes[i], true);
        if (sizes[i]) refused_chunk(sizes[i], false);
    }
}

/* The heap of the texts, or its first object, which is the name of the first class, gets another size, which is so many
 * bytes from the heap's beginning. */
static void refused_heap(size_t place, uint64_t size, const char *word) {
    void *bytes;
    size_t n;
    assert_int_equal(gt_file_read(labelled("heap.h5"), 1 << 20, &bytes, &n), GT_OK);
    uint8_t *heap = memmem(bytes, n, "GCOL", 4);
    assert_non_null(heap);
    memcpy(heap + place, &size, sizeof size);
    assert_int_equal(gt_file_write(at("heap.h5"), bytes, n), GT_OK);
    free(bytes);
    refused(at("heap.h5"), "heap.h5", "class_names", word);
}

static void damaged_texts_are_refused(void **state) {
    (void)state;
    enum { HEAP = 8, OBJECT = 24 };
    const uint64_t objects[] = {0, 2, 5000, UINT64_MAX - 7, UINT64_MAX},
                   heaps[] = {0, 15, 16, 40, (uint64_t)1 << 25, UINT64_MAX};
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        refused_heap(OBJECT, objects[i], "one of its texts is damaged");
    for (size_t i = 0; i < sizeof heaps / sizeof *heaps; i++) refused_heap(HEAP, heaps[i], "text");
}

static void refused_labels(hid_t type, int rank, const hsize_t *dims, const void *data, const char *word) {
    hid_t file = begin(at("labels.h5")), images = add_images(file);
    H5Dclose(add(file, "labels", type, type, rank, dims, NULL, data));
    end(file, images);
    refused(at("labels.h5"), "labels.h5", "labels", word);
}

static void wrong_labels_are_named(void **state) {
    (void)state;
    hsize_t n = N, fewer = N - 1, grid[] = {N, 2}, none[] = {N, 0};
    int64_t classes[N] = {0};
    float floats[N][2] = {{0}};
    refused_labels(H5T_NATIVE_INT64, 1, &fewer, classes, "19 labels for 20 images");
    floats[2][0] = NAN; /* label 4 */
    refused_labels(H5T_NATIVE_FLOAT, 1, &n, floats, "label 4: number 0 (nan) is not finite");
    floats[2][0] = 3; /* whole numbers are classes */
    hid_t whole = begin(at("whole.h5")), of = add_images(whole);
    H5Dclose(add(whole, "labels", H5T_NATIVE_FLOAT, H5T_NATIVE_FLOAT, 1, &n, NULL, floats));
    end(whole, of);
    gt_dataset *ds = opened(at("whole.h5"), NULL);
    assert_true(gt_dataset_class(ds, 4) == 3 && gt_dataset_class(ds, 5) == 0);
    assert_int_equal(gt_dataset_get_info(ds)->label_width, 4);
    gt_dataset_close(ds);
    floats[2][0] = 0;
    refused_labels(H5T_NATIVE_INT64, 3, (hsize_t[]){N, 1, 2}, (int64_t[N][2]){{0}}, "[N] integers");
    hsize_t vectors[] = {N, 65536}, row[] = {1, 65536};
    hid_t sparse = begin(at("sparse.h5")), images = add_images(sparse);
    H5Dclose(add(sparse, "labels", H5T_NATIVE_FLOAT, H5T_NATIVE_FLOAT, 2, vectors, row, NULL));
    end(sparse, images);
    refused(at("sparse.h5"), "sparse.h5", "labels", "never written");
    refused_labels(H5T_NATIVE_FLOAT, 2, none, floats, "0 numbers");
    classes[3] = -1;
    refused_labels(H5T_NATIVE_INT64, 1, &n, classes, "label 3 is -1");
    classes[3] = (int64_t)1 << 40;
    refused_labels(H5T_NATIVE_INT64, 1, &n, classes, "0 .. 65535");
    floats[4][1] = NAN;
    refused_labels(H5T_NATIVE_FLOAT, 2, grid, floats, "label 4");
}

/* Processor time of the checks, which are processes of their own, and of this one. */
static double seconds(void) {
    double sum = 0;
    const int whose[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
    for (int i = 0; i < 2; i++) {
        struct rusage u;
        getrusage(whose[i], &u);
        sum += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
               1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
    }
    return sum;
}

/* What the check says when this program does it. */
static gt_status checked_by(const char *program, const char *path) {
    gt_h5_check_by(program, "check");
    gt_status st = gt_h5_check(path);
    gt_h5_check_by(NULL, NULL);
    return st;
}

/* Damaged chunks are those of the pictures in them. */
static gt_status read_all(const char *path) {
    gt_dataset *ds;
    gt_status st = gt_dataset_open(&ds, path, NULL);
    if (st) return st;
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    void *samples = malloc(info->image_bytes);
    for (int64_t i = 0; i < info->count && !st; i++) st = gt_dataset_read(ds, i, samples);
    free(samples);
    gt_dataset_close(ds);
    return st;
}

static void damage_is_found(void **state) {
    (void)state;
    uint8_t *whole;
    size_t n;
    whole = get(labelled("whole.h5"), &n);
    for (size_t cut = 0; cut < n; cut += 97) {
        put(at("cut.h5"), whole, cut);
        refused(at("cut.h5"), "cut.h5", cut < 1000 ? "cut.h5" : "eof = ");
    }
    /* through the check: whatever libhdf5 does of it, this process lives, and knows within seconds of
     * processor time */
    double start = seconds();
    int found = 0, trials = 0;
    for (size_t i = 8; i < n; i += n / 40, trials++) {
        for (size_t k = i; k < i + 16 && k < n; k++) whole[k] ^= 0xff;
        put(at("flip.h5"), whole, n);
        for (size_t k = i; k < i + 16 && k < n; k++) whole[k] ^= 0xff;
        gt_status st = gt_h5_check(at("flip.h5"));
        if (st) {
            assert_int_equal(st, GT_FORMAT);
            assert_non_null(strstr(gt_message(), "flip.h5': damaged file"));
        }
        found += st || read_all(at("flip.h5"));
    }
    assert_true(found >
                trials / 4); /* the rest changes pixels that were never compressed with a checksum, or free space */
    assert_true(seconds() - start < 30);
    put(at("whole.h5"), whole, n);
    if (gt_h5_check(at("whole.h5"))) fail_msg("%s", gt_message());
    free(whole);
}

static void the_check_survives_anything(void **state) {
    (void)state;
    labelled("good.h5");
    assert_int_equal(checked_by("/bin/true", at("good.h5")), GT_OK);
    assert_int_equal(checked_by("/bin/false", at("good.h5")), GT_FORMAT);
    assert_int_equal(checked_by("/none", at("good.h5")), GT_FAILED);
    assert_non_null(strstr(gt_message(), "/none"));
    signal(SIGCHLD, SIG_IGN); /* how it ended cannot be seen: not the same as that all is well */
    assert_int_equal(gt_h5_check(at("good.h5")), GT_FAILED);
    assert_non_null(strstr(gt_message(), "SIGCHLD"));
    signal(SIGCHLD, SIG_DFL);
    assert_int_equal(gt_h5_check(at("good.h5")), GT_OK);
    assert_int_equal(gt_h5_check("synth:shapes"), GT_OK);
    assert_int_equal(gt_h5_check(at("missing.h5")), GT_OK); /* opening it says so */
    size_t n, before = 4 << 20;                             /* wherever libhdf5 would find it */
    uint8_t *good = get(at("good.h5"), &n), *later = calloc(1, before + n);
    memcpy(later + before, good, n);
    put(at("later.h5"), later, before + n);
    free(later);
    free(good);
    assert_int_equal(checked_by("/bin/false", at("later.h5")), GT_FORMAT);
    const char *script = "#!/bin/sh\nkill -SEGV $$\n";
    put(at("dies"), script, strlen(script));
    chmod(at("dies"), 0755);
    assert_int_equal(checked_by(at("dies"), at("good.h5")), GT_FORMAT);
    assert_non_null(strstr(gt_message(), "Segmentation fault"));
}

/* Ends of the checking process that say nothing about the file, or not only. */
static void short_memory_is_no_damage(void **state) {
    (void)state;
    const struct {
        const char *does;
        bool limited; /* less than the check may take */
        gt_status status;
        const char *words;
    } cases[] = {
        {"kill -KILL $$", false, GT_NOMEM,
         "good.h5' cannot be checked: the process that reads it was killed, probably because"},
        {"echo no room >&2; exit 71", false, GT_FORMAT, "good.h5': damaged file, or memory is short: no room"},
        {"echo no room >&2; exit 71", true, GT_NOMEM,
         "good.h5' cannot be checked: memory is short (ulimit -v allows 3072 MB): no room"},
        {"kill -SEGV $$", true, GT_NOMEM,
         "crashed (Segmentation fault): memory is short (ulimit -v allows 3072 MB), or the file is damaged"},
        {"echo no library >&2; exit 127", false, GT_FAILED, "does not start: no library"},
        {"kill -XCPU $$", false, GT_FORMAT, "good.h5': damaged file: reading it takes more than 10 seconds"},
        {"exit 1", true, GT_FORMAT, "good.h5': damaged file: it cannot be read"},
        {"test $(ulimit -v) = 3145728", true, GT_OK, ""}, /* what is allowed already is not made more */
    };
    struct rlimit before, low;
    labelled("good.h5");
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    low = (struct rlimit){(rlim_t)3 << 30, before.rlim_max};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].limited && sanitized()) continue; /* shadow memory is larger than any limit */
        char script[128];
        snprintf(script, sizeof script, "#!/bin/sh\n%s\n", cases[i].does);
        put(at("ends"), script, strlen(script));
        chmod(at("ends"), 0755);
        assert_int_equal(setrlimit(RLIMIT_AS, cases[i].limited ? &low : &before), 0);
        gt_status st = checked_by(at("ends"), at("good.h5"));
        assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
        if (st != cases[i].status) fail_msg("'%s': status %d, %s", cases[i].does, st, st ? gt_message() : "");
        if (st && !strstr(gt_message(), cases[i].words)) fail_msg("'%s': %s", cases[i].does, gt_message());
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read),
        cmocka_unit_test(a_loader_reads_it),
        cmocka_unit_test(loaders_keep_it_once),
        cmocka_unit_test(vectors_are_read),
        cmocka_unit_test(names_of_channels_count),
        cmocka_unit_test(every_sample_type_is_read),
        cmocka_unit_test(wrong_images_are_named),
        cmocka_unit_test(any_numbers_are_samples),
        cmocka_unit_test(lzf_is_unpacked),
        cmocka_unit_test(short_chunks_are_refused),
        cmocka_unit_test(damaged_texts_are_refused),
        cmocka_unit_test(wrong_labels_are_named),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(the_check_survives_anything),
        cmocka_unit_test(short_memory_is_no_damage),
    };
    return cmocka_run_group_tests_name("dataset_hdf5", tests, make_scratch, remove_scratch);
}
