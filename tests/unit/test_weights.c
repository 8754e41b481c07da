/* SPDX-License-Identifier: Apache-2.0
 * Weights of other programs: every protocol, layout and type as tests/tools/foreign_weights.py writes them, and files
 * that are damaged or not what they seem. tests/golden/containers has files of torch.save. */
#include "foreign_files.h"

#include <time.h>
#include <zlib.h>

#include "files/codec/door/weights.h"
#include "base/door/file.h"

static int make_foreign(void **state) { return make_foreign_files("foreign_weights.py", state); }

static gt_weights *open_weights(const char *name) {
    gt_status st;
    gt_weights *w = gt_weights_open(at(name), &st);
    assert_ok(st);
    assert_non_null(w);
    assert_string_equal(gt_weights_path(w), at(name));
    return w;
}

static void refuse(const char *path, const char *part) {
    gt_status st;
    gt_weights *w = gt_weights_open(path, &st);
    if (w) fail_msg("'%s' is read", path);
    assert_int_equal(st, GT_FORMAT);
    assert_message(path);
    assert_message(part);
}

/* ---- what the files hold ---- */

static gt_status keep_bytes(void *arg, const void *bytes, size_t n) {
    gt_buffer_add(arg, bytes, n);
    return GT_OK;
}

/* The bytes as they are, in the order of the numbers; one is as large as the file's type says. */
static void check_bytes(const gt_weights *w, size_t i, const float *numbers) {
    const gt_weight *t = gt_weights_at(w, i);
    gt_buffer b = {0};
    assert_ok(gt_weights_pour(w, i, keep_bytes, &b));
    assert_int_equal(b.n, t->size * gt_weight_type_bytes(t->type));
    for (size_t k = 0; k < t->size && t->type == GT_WEIGHT_I64; k++)
        assert_true((float)((const int64_t *)(const void *)b.data)[k] == numbers[k]);
    if (t->type == GT_WEIGHT_F32 && t->size) assert_memory_equal(b.data, numbers, b.n);
    gt_buffer_free(&b);
}

static void check_numbers(const gt_weights *w, size_t i) {
    const gt_weight *t = gt_weights_at(w, i);
    float *numbers = calloc(t->size + 1, sizeof *numbers);
    assert_non_null(numbers);
    assert_ok(gt_weights_read(w, i, numbers));
    uint64_t first = crc32(0, (const void *)t->name, (unsigned)strlen(t->name));
    for (size_t k = 0; k < t->size; k++) {
        uint64_t expected = (first + 37 * k) % 101;
        if (t->type == GT_WEIGHT_BOOL) expected %= 2;
        if (numbers[k] != (float)expected)
            fail_msg("'%s'[%zu] is %g, not %d", t->name, k, (double)numbers[k], (int)expected);
    }
    check_bytes(w, i, numbers);
    free(numbers);
}

static void check_all_numbers(const gt_weights *w, size_t count) {
    assert_int_equal(gt_weights_count(w), count);
    for (size_t i = 0; i < count; i++) {
        size_t found = count;
        assert_ptr_equal(gt_weights_find(w, gt_weights_at(w, i)->name, &found), gt_weights_at(w, i));
        assert_int_equal(found, i);
        check_numbers(w, i);
    }
    assert_null(gt_weights_find(w, "there is none", NULL));
    assert_null(gt_weights_fact(w, "there is none"));
}

static void check_shape(const gt_weights *w, const char *name, gt_weight_type type, int n, const int64_t *dims) {
    const gt_weight *t = gt_weights_find(w, name, NULL);
    if (!t) fail_msg("no tensor '%s'", name);
    assert_int_equal(t->type, type);
    assert_int_equal(t->n_dims, n);
    for (int i = 0; i < n; i++) assert_int_equal(t->dims[i], dims[i]);
}
#define CHECK_SHAPE(w, name, type, ...)                                                          \
    check_shape(w, name, type, (int)(sizeof((int64_t[]){0, __VA_ARGS__}) / sizeof(int64_t)) - 1, \
                (const int64_t[]){0, __VA_ARGS__} + 1)

static const gt_fact *fact(const gt_weights *w, const char *name, gt_fact_kind kind) {
    const gt_fact *f = gt_weights_fact(w, name);
    if (!f) fail_msg("the file does not say '%s'", name);
    assert_int_equal(f->kind, kind);
    return f;
}

static void check_number(const gt_weights *w, const char *name, double number) {
    if (fact(w, name, GT_FACT_NUMBER)->number != number) fail_msg("'%s' is not %g", name, number);
}

static void check_text(const gt_weights *w, const char *name, const char *text) {
    assert_string_equal(fact(w, name, GT_FACT_TEXT)->text, text);
}

static void networks_of_the_reference_implementation(void **state) {
    (void)state;
    for (int protocol = 2; protocol <= 5 && have_python(); protocol++) {
        char name[32];
        snprintf(name, sizeof name, "reference_p%d.pkl", protocol);
        gt_weights *w = open_weights(name);
        assert_int_equal(gt_weights_kind_of(w), GT_WEIGHTS_REFERENCE);
        check_all_numbers(w, 13);
        CHECK_SHAPE(w, "G_ema.synthesis.b4.conv1.weight", GT_WEIGHT_F32, 4, 3, 2, 5);
        CHECK_SHAPE(w, "G_ema.synthesis.b4.conv1.half", GT_WEIGHT_F16, 7);
        check_shape(w, "G.synthesis.b4.conv1.noise_strength", GT_WEIGHT_F32, 0, NULL);
        check_text(w, "training_set_kwargs.path", "data.zip");
        fact(w, "training_set_kwargs.max_size", GT_FACT_NONE);
        fact(w, "augment_pipe", GT_FACT_NONE);
        fact(w, "G_ema.absent", GT_FACT_NONE);
        fact(w, "G_ema.synthesis.b4.conv1.bias", GT_FACT_NONE);
        fact(w, "G_ema.synthesis.b4.conv1.conv_clamp", GT_FACT_NONE);
        check_text(w, "G_ema.class", "Generator");
        check_text(w, "G_ema.synthesis.b4.conv1.class", "SynthesisLayer");
        check_text(w, "D.class", "Discriminator");
        check_number(w, "G_ema.z_dim", 16);
        check_number(w, "G_ema._init_kwargs.synthesis_kwargs.channel_base", 64);
        check_number(w, "G_ema.synthesis.block_resolutions.1", 8);
        check_number(w, "G_ema.synthesis.b4.use_fp16", 1);
        check_number(w, "G_ema.synthesis.b4.conv1.weight_gain", 0.25);
        check_number(w, "G_ema.synthesis.b4.conv1.act_gain", 1.4142135623730951);
        check_number(w, "G_ema.mapping.num_layers", 2);
        assert_null(gt_weights_fact(w, "G_ema.module_src"));
        /* hashlib's, of the text in foreign_weights.py */
        check_text(w, "G_ema.source_sha256", "1e2dd954270ad5172475edba8a25e2967ddc306961e1a355275a9a0e63e8f4b2");
        check_text(w, "D.source_sha256", "1e2dd954270ad5172475edba8a25e2967ddc306961e1a355275a9a0e63e8f4b2");
        gt_weights_close(w);
    }
}

static void networks_of_tensorflow(void **state) {
    (void)state;
    for (int protocol = 2; protocol <= 5 && have_python(); protocol++) {
        char name[32];
        snprintf(name, sizeof name, "tensorflow_p%d.pkl", protocol);
        gt_weights *w = open_weights(name);
        assert_int_equal(gt_weights_kind_of(w), GT_WEIGHTS_TENSORFLOW);
        check_all_numbers(w, 18);
        CHECK_SHAPE(w, "Gs/mapping/Dense0/weight", GT_WEIGHT_F32, 6, 5);
        CHECK_SHAPE(w, "D/mapping/Dense0/bias", GT_WEIGHT_F64, 5);
        CHECK_SHAPE(w, "G/empty", GT_WEIGHT_F32, 0, 3);
        check_shape(w, "Gs/lod", GT_WEIGHT_F32, 0, NULL);
        check_number(w, "Gs.version", 4);
        check_number(w, "Gs.static_kwargs.resolution", 32);
        check_text(w, "D.static_kwargs.architecture", "skip");
        check_number(w, "Gs/mapping.version", 4);
        gt_weights_close(w);
    }
}

static void arrays_and_safetensors(void **state) {
    (void)state;
    static const char *const names[] = {"stored.npz", "deflated.npz", "plain.safetensors"};
    for (int i = 0; i < 3 && have_python(); i++) {
        gt_weights *w = open_weights(names[i]);
        assert_int_equal(gt_weights_kind_of(w), i < 2 ? GT_WEIGHTS_NPZ : GT_WEIGHTS_SAFETENSORS);
        check_all_numbers(w, 17);
        check_all_numbers(w, 17); /* once more: checksums are known by now */
        assert_string_equal(gt_weights_at(w, 0)->name, "of.f4");
        CHECK_SHAPE(w, "of.f2", GT_WEIGHT_F16, 2, 3);
        CHECK_SHAPE(w, "of.u8", GT_WEIGHT_U64, 2);
        CHECK_SHAPE(w, "of.b1", GT_WEIGHT_BOOL, 6);
        CHECK_SHAPE(w, "deep", GT_WEIGHT_F32, 1, 2, 1, 3, 1, 2);
        check_shape(w, "scalar", GT_WEIGHT_F32, 0, NULL);
        if (i < 2) {
            check_text(w, "title", "H\xc3\xa9llo \xf0\x9f\x98\x80");
            check_text(w, "word", "abc");
            fact(w, "scalar", GT_FACT_NUMBER);
        } else {
            check_text(w, "kind", "G_ema");
            check_text(w, "note", "quote \"");
        }
        assert_int_equal(gt_weights_facts(w), i < 2 ? 3 : 2);
        assert_non_null(gt_weights_fact_at(w, 0)->name);
        gt_weights_close(w);
    }
}

/* ---- what is refused ---- */

static void other_files(void **state) {
    (void)state;
    gt_status st;
    assert_null(gt_weights_open(at("none.pkl"), &st));
    assert_message("none.pkl");
    put(at("page.pkl"), "<!DOCTYPE html>\n<html>", 22);
    refuse(at("page.pkl"), "an HTML page: not weights of another program");
    put(at("pointer.pkl"), "version https://git-lfs.github.com/spec/v1\n", 43);
    refuse(at("pointer.pkl"), "git lfs pull");
    put(at("empty.pt"), "", 0);
    refuse(at("empty.pt"), "empty: not weights of another program");
    put(at("list.pkl"), "\x80\x04]\x94.", 5);
    refuse(at("list.pkl"), "a pickle without a network");
    if (!have_python()) return;
    refuse(at("script.pt"), "TorchScript), which Gantry does not run; save its state dict");
    refuse(at("calling.pt"), "calls 'posix.system'");
    refuse(at("calling.pt"), "save its state dict");
    refuse(at("texts.zip"), "neither a state dict of PyTorch nor NumPy arrays");
    refuse(at("objects.npz"), "entry 'a.npy': an array of pickled objects");
    refuse(at("swapped.npz"), "big-endian");
}

static void refuse_bytes(const void *bytes, size_t n, const char *part) {
    put(at("nasty.pkl"), bytes, n);
    refuse(at("nasty.pkl"), part);
}
#define REFUSE(text, part) refuse_bytes(text, sizeof(text) - 1, part)

/* The stream of torch.save in front of the object. */
#define LEGACY                                                                                                         \
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}U\x0dlittle_endian\x88s.\x80" \
    "\x02"

static void pickles_that_call(void **state) {
    (void)state;
    REFUSE("\x80\x02"
           "cos\nsystem\nU\x04true\x85R.",
           "calls 'os.system': refused");
    REFUSE("\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x04true\x85R.", "calls 'posix.system'");
    REFUSE("\x80\x02(S'true'\nios\nsystem\n.", "opcode 0x53"); /* damaged: a file of protocol 2 has no such opcode */
    REFUSE("(dp0\nVG_ema\np1\nNs.", "a pickle of protocol 0: save the file again");
    REFUSE("ccollections\nOrderedDict\np0\n(tRp1\n.", "a pickle of protocol 0");
    REFUSE("\x80\x02(ios\nsystem\n.", "calls 'os.system'");
    REFUSE("\x80\x02"
           "c__builtin__\neval\nU\x01"
           "1\x85R.",
           "calls '__builtin__.eval'");
    REFUSE("\x80\x02"
           "cos\x1b[2J\nsystem\n)R.",
           "calls 'os?[2J.system'");
    REFUSE("\x80\x02(ccollections\nOrderedDict\no.", "opcode 0x6f");
    REFUSE("\x80\x02K\x01Q.", "a persistent id");
    REFUSE("cos\nsystem\n(S'true'\ntR.", "calls 'os.system'"); /* protocol 0 */
    REFUSE(LEGACY "ctorchvision.models.vgg\nVGG\n)R.", "calls 'torchvision.models.vgg.VGG'");
    REFUSE(LEGACY "ctorchvision.models.vgg\nVGG\n)R.", "save its state dict");
}

/* A reference pickle whose G_ema is `value`. */
static void refuse_value(const char *value, size_t n, const char *part) {
    char bytes[4096] = "\x80\x02}U\x05G_emaq\x00";
    size_t begin = 12;
    assert_true(begin + n + 2 < sizeof bytes);
    memcpy(bytes + begin, value, n);
    memcpy(bytes + begin + n, "s.", 2);
    refuse_bytes(bytes, begin + n + 2, part);
}
#define REFUSE_VALUE(text, part) refuse_value(text, sizeof(text) - 1, part)

#define MODULE "ctorch_utils.persistence\n_reconstruct_persistent_obj\n"
#define META \
    "U\x0a"  \
    "class_nameX\x01\x00\x00\x00NU\x05state}"

static void values_without_end(void **state) {
    (void)state;
    clock_t begin = clock();
    REFUSE_VALUE("]q\x01h\x01"
                 "a",
                 "values nested without end");                       /* a list that holds itself */
    REFUSE_VALUE("}q\x01U\x01kh\x01s", "values nested without end"); /* a table */
    REFUSE_VALUE(MODULE "}q\x01(" META "q\x02U\x08_modules}q\x03U\x01mh\x03ssu\x85R", "values nested without end");
    /* lists of two, 30 levels of references: a billion values */
    char bytes[4096], *p = bytes;
    p += sprintf(p, "]q\x02N"
                    "a");
    for (int i = 3; i < 33; i++) p += sprintf(p, "0]q%c(h%ch%ce", i, i - 1, i - 1);
    refuse_value(bytes, (size_t)(p - bytes), "opcode 0x30"); /* nothing is taken back from the stack */
    p = bytes;
    *p++ = ']';
    for (int i = 1; i < 33; i++) p += sprintf(p, "]q%c(h%ch%ce", i, i > 1 ? i - 1 : i, i > 1 ? i - 1 : i);
    for (int i = 0; i < 32; i++) *p++ = 'a';
    refuse_value(bytes, (size_t)(p - bytes), "values nested without end");
    p = bytes; /* the same without circles, and without anything that would be kept */
    p += sprintf(p, "](}NNsq\x01");
    for (int i = 2; i < 33; i++) p += sprintf(p, "]q%c(h%ch%ce", i, i - 1, i - 1);
    *p++ = 'e';
    refuse_value(bytes, (size_t)(p - bytes), "too often");
    char deep[256];
    memset(deep, ']', 100);
    memset(deep + 100, 'a', 99);
    refuse_value(deep, 199, "nested without end, or too deep");
    assert_true((double)(clock() - begin) < 20.0 * CLOCKS_PER_SEC);
}

#define TENSOR(storage, offset, sizes, strides) \
    "ctorch._utils\n_rebuild_tensor_v2\n(" storage offset sizes strides "\x89}tR"
#define STORAGE(bytes, length)           \
    "ctorch.storage\n_load_from_bytes\n" \
    "C" length bytes "\x85R"

static void damaged_tensors(void **state) {
    (void)state;
    REFUSE_VALUE(TENSOR("N", "K\x00", "K\x01\x85", "K\x01\x85"), "'G_ema': damaged: a storage is missing");
    REFUSE_VALUE(TENSOR("N", "K\x00", "K\x01", "K\x01\x85"), "'G_ema': a damaged tensor");
    REFUSE_VALUE(TENSOR("N", "K\x00", "K\x01K\x01\x86", "K\x01\x85"), "a damaged tensor");
    REFUSE_VALUE(TENSOR("N", "J\xff\xff\xff\xff", "K\x01\x85", "K\x01\x85"), "a damaged tensor");
    REFUSE_VALUE(TENSOR("N", "K\x00", "K\x01\x85", "J\xff\xff\xff\xff\x85"), "negative sizes or strides");
    REFUSE_VALUE(TENSOR("N", "K\x00", "(KKKKKKKKKt", "(KKKKKKKKKt"), "damaged");
    REFUSE_VALUE(TENSOR(STORAGE("abc", "\x03"), "K\x00", "K\x01\x85", "K\x01\x85"), "damaged");
    REFUSE_VALUE(MODULE "}\x85R", "'G_ema': a damaged module");
    REFUSE_VALUE(MODULE ")R", "'G_ema': a damaged module");
    REFUSE_VALUE("cdnnlib.tflib.network\nNetwork\n)\x81", "'G_ema': a damaged network of TensorFlow");
    REFUSE_VALUE("}(U\x03"
                 "a\x00"
                 "bK\x01u",
                 "a name in it is too long, or damaged");
    REFUSE_VALUE("ctorch._utils\n_rebuild_parameter\n)R", "'G_ema': a damaged parameter");
}

/* Every beginning of a file is refused, and so is a file that is cut after it was opened. */
static void cut_files(void **state) {
    (void)state;
    static const char *const names[] = {"reference_p2.pkl", "reference_p4.pkl", "tensorflow_p3.pkl",
                                        "plain.safetensors", "stored.npz"};
    for (size_t i = 0; i < sizeof names / sizeof *names && have_python(); i++) {
        size_t n;
        char *bytes = get(at(names[i]), &n);
        for (size_t cut = 1; cut < n; cut += cut < 4000 ? 37 : n / 50) {
            gt_status st;
            put(at("cut.pkl"), bytes, n - cut);
            if (gt_weights_open(at("cut.pkl"), &st)) fail_msg("%s without its last %zu bytes is read", names[i], cut);
        }
        put(at("shrinks"), bytes, n);
        gt_weights *w = open_weights("shrinks");
        assert_int_equal(truncate(at("shrinks"), (off_t)(n / 100)), 0);
        bool fails = false;
        for (size_t k = 0; k < gt_weights_count(w); k++) {
            float *out = calloc(gt_weights_at(w, k)->size + 1, sizeof *out);
            fails |= gt_weights_read(w, k, out) != GT_OK;
            free(out);
        }
        assert_true(fails);
        assert_message("shrinks");
        gt_weights_close(w);
        free(bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_of_the_reference_implementation),
        cmocka_unit_test(networks_of_tensorflow),
        cmocka_unit_test(arrays_and_safetensors),
        cmocka_unit_test(other_files),
        cmocka_unit_test(pickles_that_call),
        cmocka_unit_test(values_without_end),
        cmocka_unit_test(damaged_tensors),
        cmocka_unit_test(cut_files),
    };
    return test_status(cmocka_run_group_tests(tests, make_foreign, remove_scratch));
}
