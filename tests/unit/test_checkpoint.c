/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints: what is put in comes out, equal states give equal files, damage of any kind is found, and writing in the
 * background keeps the right ones whatever the disk does. */
#include "scratch.h"
#include "without.h"

#include <fcntl.h>
#include <hdf5.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "graph/door/graph.h"
#include "run/door/checkpoint.h"
#include "gantry/text.h"
#include "gantry/log.h"
#include "run/door/checkpoint_internal.h" /* to make a file of a format to come */
#include "run/door/state_row.h"

enum { WEIGHTS = 2 * 3 * 4 };

static void fill(float *w, float first) {
    for (int i = 0; i < WEIGHTS; i++) w[i] = first + 0.37f * (float)i;
}

static gt_checkpoint *make(float first) {
    float w[WEIGHTS];
    fill(w, first);
    gt_checkpoint *c = gt_checkpoint_begin(
        &(gt_checkpoint_about){"stylegan2", "avx2", "00112233445566778899aabbccddeeff", "[gantry]\nbatch = 8\n"});
    assert_non_null(c);
    gt_checkpoint_tensor(c, "/networks/G/synthesis.b8.conv0.weight", &GT_SHAPE(2, 3, 4), w);
    gt_checkpoint_tensor(c, "/networks/G/mapping.w_avg", &GT_SHAPE(24), w);
    gt_checkpoint_tensor(c, "/networks/G/synthesis.b8.conv0.noise_strength", &GT_SCALAR, w + 3);
    gt_checkpoint_tensor(c, "/networks/G_ema/mapping.w_avg", &GT_SHAPE(24), w);
    gt_checkpoint_tensor(c, "/optimizers/G/m/mapping.w_avg", &GT_SHAPE(24), w);
    gt_checkpoint_int(c, "/state/images", 200000);
    gt_checkpoint_int(c, "/state/seed", INT64_MIN);
    gt_checkpoint_double(c, "/state/augment_p", 0.1 + 0.2);
    gt_checkpoint_text(c, "/state/note", "");
    return c;
}

static void store(const char *name, float first) {
    gt_checkpoint *c = make(first);
    assert_ok(gt_checkpoint_write(c, at(name)));
    gt_checkpoint_free(c);
}

static void round_trip(void **state) {
    (void)state;
    store("a.h5", 1.5f);
    gt_status st;
    gt_checkpoint_file *f = gt_checkpoint_open(at("a.h5"), &st);
    assert_ok(st);
    assert_int_equal(gt_checkpoint_format(f), GT_CHECKPOINT_FORMAT);
    const gt_checkpoint_about *about = gt_checkpoint_info(f);
    assert_string_equal(about->model, "stylegan2");
    assert_string_equal(about->kernel_set, "avx2");
    assert_string_equal(about->dataset, "00112233445566778899aabbccddeeff");
    assert_string_equal(about->recipe, "[gantry]\nbatch = 8\n");
    static const char *const in_order[] = {"synthesis.b8.conv0.weight", "mapping.w_avg",
                                           "synthesis.b8.conv0.noise_strength"};
    int n = 0;
    for (int i = gt_checkpoint_first(f, "/networks/G"); i >= 0; i = gt_checkpoint_next(f, "/networks/G", i)) {
        assert_true(n < 3); /* G_ema is another network */
        assert_string_equal(gt_checkpoint_at(f, i)->name, in_order[n++]);
    }
    assert_int_equal(n, 3);
    const gt_checkpoint_entry *e = gt_checkpoint_find(f, "/networks/G/synthesis.b8.conv0.weight");
    assert_non_null(e);
    assert_true(e->type == GT_NUMBER_FLOAT && e->size == WEIGHTS && gt_shape_equal(&e->shape, &GT_SHAPE(2, 3, 4)));
    float w[WEIGHTS], expected[WEIGHTS], strength;
    fill(expected, 1.5f);
    assert_ok(gt_checkpoint_read(f, e->path, w, WEIGHTS));
    assert_memory_equal(w, expected, sizeof w);
    assert_ok(gt_checkpoint_read(f, "/networks/G/synthesis.b8.conv0.noise_strength", &strength, 1));
    assert_memory_equal(&strength, expected + 3, sizeof strength);
    int64_t i;
    double p;
    char note[4] = "xxx";
    assert_ok(gt_checkpoint_get_int(f, "/state/seed", &i));
    assert_true(i == INT64_MIN);
    assert_ok(gt_checkpoint_get_double(f, "/state/augment_p", &p));
    assert_true(p == 0.1 + 0.2);
    assert_ok(gt_checkpoint_get_text(f, "/state/note", note, sizeof note));
    assert_string_equal(note, "");
    assert_int_equal(gt_checkpoint_get_int(f, "/state/augment_p", &i), GT_FORMAT);
    assert_message("is a float64, not an integer");
    assert_int_equal(gt_checkpoint_get_int(f, "/state/none", &i), GT_FORMAT);
    assert_message("has no '/state/none'");
    assert_int_equal(gt_checkpoint_read(f, "/networks/G/mapping.w_avg", w, 23), GT_FORMAT);
    assert_message("24 elements, but 23");
    gt_checkpoint_close(f);
}

/* What a checkpoint says of its data: nothing, all, and what nobody may believe. */
static void of_the_data(void **state) {
    (void)state;
    const struct {
        gt_checkpoint_data data;
        const char *fault, *channels;
    } cases[] = {
        {{.pictures = ""}, NULL, NULL},
        {{.pictures = "00112233445566778899aabbccddeeff",
          .has_range = true,
          .range = {100, 500},
          .channels = "R,G,B,nir"},
         NULL,
         "R,G,B,nir"},
        {{.pictures = "00112233445566778899aabbccddeeff"}, NULL, NULL},
        {{.channels = "a\033[2Jb\nc"}, NULL, "a?[2Jb?c"},
        {{.channels = ""}, NULL, ""},
        {{.class_names = 3, .class_name = (const char *[]){"disc", "a \"b\", c", "\xc3\xa9\n"}}, NULL, NULL},
        {{.pictures = "0011"}, "'/data/pictures' is not a fingerprint", NULL},
        {{.pictures = "00112233445566778899AABBCCDDEEFF"}, "'/data/pictures' is not a fingerprint", NULL},
        {{.has_range = true, .range = {1, 1}}, "'/data/range' is not a range: 1, 1", NULL},
        {{.has_range = true, .range = {NAN, 1}}, "'/data/range' is not a range", NULL},
        {{.has_range = true, .range = {0, INFINITY}}, "'/data/range' is not a range", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const gt_checkpoint_data *in = &cases[i].data;
        gt_checkpoint_data out;
        gt_checkpoint *c = make(1);
        gt_checkpoint_put_data(c, in);
        assert_ok(gt_checkpoint_write(c, at("data.h5")));
        gt_checkpoint_free(c);
        gt_status st;
        gt_checkpoint_file *f = gt_checkpoint_open(at("data.h5"), &st);
        assert_ok(st);
        gt_arena *a = gt_arena_new();
        st = gt_checkpoint_get_data(f, a, &out);
        if (cases[i].fault) {
            assert_int_equal(st, GT_FORMAT);
            assert_message(cases[i].fault);
        } else {
            assert_ok(st);
            assert_string_equal(out.pictures, in->pictures);
            assert_true(out.has_range == in->has_range && !memcmp(out.range, in->range, sizeof out.range));
            assert_true(!out.channels == !cases[i].channels);
            if (out.channels) assert_string_equal(out.channels, cases[i].channels);
            assert_int_equal(out.class_names, in->class_names);
            for (int k = 0; k < in->class_names; k++)
                assert_string_equal(out.class_name[k], k == 2 ? "\xc3\xa9?" : in->class_name[k]);
        }
        gt_arena_free(a);
        gt_checkpoint_close(f);
    }
    /* Other things of these names. */
    static const struct {
        const char *path, *text, *fault;
    } others[] = {{"/data/pictures", NULL, "'/data/pictures' is an integer, not a text"},
                  {"/data/class_names", "[\"disc\"", "no list of names of classes"},
                  {"/data/class_names", "{}", "no list of names of classes"},
                  {"/data/class_names", "[\"disc\",3]", "name 1 is not text"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        gt_checkpoint *c = make(1);
        if (others[i].text) gt_checkpoint_text(c, others[i].path, others[i].text);
        else gt_checkpoint_int(c, others[i].path, 3);
        assert_ok(gt_checkpoint_write(c, at("data.h5")));
        gt_checkpoint_free(c);
        gt_checkpoint_file *f = gt_checkpoint_open(at("data.h5"), NULL);
        gt_arena *a = gt_arena_new();
        gt_checkpoint_data out;
        assert_int_equal(gt_checkpoint_get_data(f, a, &out), GT_FORMAT);
        assert_message(others[i].fault);
        gt_arena_free(a);
        gt_checkpoint_close(f);
    }
}

static void equal_states_equal_bytes(void **state) {
    (void)state;
    store("a.h5", 1.5f);
    for (time_t now = time(NULL); time(NULL) == now;) usleep(1000); /* a time stamp would show */
    store("b.h5", 1.5f);
    store("c.h5", 1.25f);
    size_t na, nb;
    char *a = get(at("a.h5"), &na), *b = get(at("b.h5"), &nb), command[512];
    assert_int_equal(na, nb);
    assert_memory_equal(a, b, na);
    free(a);
    free(b);
    if (!have_tool("command -v h5diff", "h5diff (hdf5-tools)")) return;
    snprintf(command, sizeof command, "h5diff %s %s", at("a.h5"), at("b.h5"));
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "h5diff -q %s %s >/dev/null", at("a.h5"), at("c.h5"));
    assert_int_not_equal(system(command), 0);
}

/* Every bit of the file, one at a time. */
static void any_flipped_bit_is_found(void **state) {
    (void)state;
    store("a.h5", 1.5f);
    size_t n;
    char *data = get(at("a.h5"), &n);
    int fd = open(at("a.h5"), O_RDWR);
    assert_true(fd >= 0);
    for (size_t i = 0; i < n; i += i < 640 ? 1 : 53)
        for (int bit = 0; bit < 8; bit += i < 640 ? 1 : 5) {
            char damaged = (char)(data[i] ^ 1 << bit);
            gt_status st;
            assert_int_equal(pwrite(fd, &damaged, 1, (off_t)i), 1);
            assert_null(gt_checkpoint_open(at("a.h5"), &st));
            if (st != GT_FORMAT) fail_msg("byte %zu bit %d: status %d, %s", i, bit, st, gt_message());
            assert_int_equal(pwrite(fd, data + i, 1, (off_t)i), 1);
        }
    gt_checkpoint_file *f = gt_checkpoint_open(at("a.h5"), NULL);
    assert_non_null(f);
    gt_checkpoint_close(f);
    close(fd);
    free(data);
}

static void other_damage(void **state) {
    (void)state;
    store("a.h5", 1.5f);
    size_t n;
    char *data = get(at("a.h5"), &n);
    const struct {
        size_t bytes;
        const char *says;
    } cuts[] = {{0, "empty"},       {100, "truncated"},   {512, "truncated"},
                {513, "truncated"}, {n - 1, "truncated"}, {n + 1, "damaged"}};
    gt_status st;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        put(at("b.h5"), data, cuts[i].bytes);
        assert_null(gt_checkpoint_open(at("b.h5"), &st));
        assert_int_equal(st, GT_FORMAT);
        assert_message(cuts[i].says);
        assert_message("b.h5");
    }
    memset(data, 'x', n);
    put(at("b.h5"), data, n);
    assert_null(gt_checkpoint_open(at("b.h5"), &st));
    assert_message("not a Gantry checkpoint");
    assert_null(gt_checkpoint_open(at("none.h5"), &st));
    assert_int_equal(st, GT_FAILED);
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    assert_null(gt_checkpoint_open(at("fifo"), &st));
    assert_message("not a file");
    assert_null(gt_checkpoint_open(scratch, &st));
    assert_message("no checkpoint in");
    free(data);
}

static void newer_format(void **state) {
    (void)state;
    store("checkpoint-000000100.h5", 1.5f);
    store("checkpoint-000000200.h5", 1.5f);
    size_t n;
    char *data = get(at("checkpoint-000000200.h5"), &n);
    assert_ok(checkpoint_block_make(data, GT_CHECKPOINT_FORMAT + 1, data + CHECKPOINT_BLOCK, n - CHECKPOINT_BLOCK));
    put(at("checkpoint-000000200.h5"), data, n);
    gt_status st;
    assert_null(gt_checkpoint_open(at("checkpoint-000000200.h5"), &st));
    assert_int_equal(st, GT_FORMAT);
    assert_message("use a newer gantry");
    gt_checkpoint_file *f;
    assert_int_equal(gt_checkpoint_newest(scratch, &f), GT_FORMAT); /* never passed over */
    assert_null(f);
    free(data);
}

/* ---- as somebody who means harm would write them: the checksum is right ---- */

static void make_valid(const char *name) {
    size_t bytes;
    char *data = get(at(name), &bytes);
    assert_ok(checkpoint_block_make(data, GT_CHECKPOINT_FORMAT, data + CHECKPOINT_BLOCK, bytes - CHECKPOINT_BLOCK));
    put(at(name), data, bytes);
    free(data);
}

/* A checkpoint, to be changed by libhdf5. */
static hid_t spoil(const char *name) {
    store(name, 1.5f);
    hid_t file = H5Fopen(at(name), H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

static void refused(const char *name, const char *says) {
    gt_status st;
    make_valid(name);
    assert_null(gt_checkpoint_open(at(name), &st));
    assert_int_equal(st, GT_FORMAT);
    assert_message(name);
    assert_message(says);
}

static hid_t make_group(hid_t where, const char *name) {
    hid_t group = H5Gcreate2(where, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(group >= 0);
    return group;
}

static void also(hid_t where, const char *name, const char *other) {
    assert_true(H5Lcreate_hard(where, name, where, other, H5P_DEFAULT, H5P_DEFAULT) >= 0);
}

/* A name that is a list of names. */
static void lists_for_names(void **state) {
    (void)state;
    enum { NAMES = 900 }; /* as much as an attribute of this format holds */
    static const char names[NAMES][64];
    hid_t file = spoil("list.h5"), type = H5Tcopy(H5T_C_S1);
    hsize_t n = NAMES;
    H5Tset_size(type, 64);
    hid_t space = H5Screate_simple(1, &n, NULL);
    assert_true(H5Adelete(file, "model") >= 0);
    hid_t attribute = H5Acreate2(file, "model", type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(attribute >= 0 && H5Awrite(attribute, type, names) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    H5Fclose(file);
    refused("list.h5", "model");
}

/* Groups nested so deep, each with two links to the next, are 2^LEVELS paths. */
static void two_ways_to_each_group(void **state) {
    (void)state;
    enum { LEVELS = 18 };
    hid_t file = spoil("ways.h5"), group = make_group(file, "0");
    for (int i = 0; i < LEVELS; i++) {
        hid_t next = make_group(group, "a");
        also(group, "a", "b");
        H5Gclose(group);
        group = next;
    }
    H5Gclose(group);
    H5Fclose(file);
    refused("ways.h5", "too many entries");
}

static void a_group_in_itself(void **state) {
    (void)state;
    hid_t file = spoil("ring.h5"), group = make_group(file, "0");
    also(file, "/0", "/0/0");
    H5Gclose(group);
    H5Fclose(file);
    refused("ring.h5", "nested too deep");
}

/* Time grows with the number of names, not with its square. */
static void a_group_of_many_names(void **state) {
    (void)state;
    enum { NAMES = 6000 };
    hid_t file = spoil("names.h5"), group = make_group(file, "0"), one = make_group(group, "x");
    for (int i = 0; i < NAMES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        also(group, "x", name);
    }
    H5Gclose(one);
    H5Gclose(group);
    H5Fclose(file);
    make_valid("names.h5");
    double start = gt_clock_of(CLOCK_PROCESS_CPUTIME_ID);
    gt_checkpoint_file *f = gt_checkpoint_open(at("names.h5"), NULL);
    assert_non_null(f); /* of what it does not know, nothing is amiss */
    gt_checkpoint_close(f);
    assert_true(gt_clock_of(CLOCK_PROCESS_CPUTIME_ID) - start < 10);
}

static void one_tensor_under_many_names(void **state) {
    (void)state;
    enum { NAMES = 100, FLOATS = 4000 };
    static const float w[FLOATS];
    gt_checkpoint *c = make(1.5f);
    gt_checkpoint_tensor(c, "/networks/G/w", &GT_SHAPE(FLOATS), w);
    assert_ok(gt_checkpoint_write(c, at("often.h5")));
    gt_checkpoint_free(c);
    hid_t file = H5Fopen(at("often.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    for (int i = 0; i < NAMES; i++) {
        char name[32];
        snprintf(name, sizeof name, "/networks/G/%d", i);
        also(file, "/networks/G/w", name);
    }
    H5Fclose(file);
    refused("often.h5", "hold more");
}

static void names_without_end(void **state) {
    (void)state;
    char name[500];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    hid_t file = spoil("long.h5"), one = make_group(file, name), two = make_group(one, name),
          three = make_group(two, name);
    H5Gclose(three);
    H5Gclose(two);
    H5Gclose(one);
    H5Fclose(file);
    refused("long.h5", "characters");
}

/* libhdf5 looks for the beginning of its part at 0, 512, 1024, 2048, ...: in a file that is not where it is in the part
 * behind the block. */
static void data_further_on(void **state) {
    (void)state;
    enum { GAP = 1024 };
    store("a.h5", 1.5f);
    size_t n;
    char *data = get(at("a.h5"), &n), *moved = calloc(1, n + GAP);
    memcpy(moved + CHECKPOINT_BLOCK + GAP, data + CHECKPOINT_BLOCK, n - CHECKPOINT_BLOCK);
    put(at("further.h5"), moved, n + GAP);
    refused("further.h5", "does not begin");
    free(moved);
    free(data);
}

/* ---- which one ---- */

static void assert_chosen(const char *path, const char *expected) {
    char *file;
    assert_ok(gt_checkpoint_choose(path, &file));
    assert_string_equal(file, expected);
    free(file);
}

/* What is open stays, until the file is another, or no longer the newest. */
static void newest_that_is_open(void **state) {
    (void)state;
    gt_checkpoint_file *f = NULL, *before;
    float w[WEIGHTS];
    assert_ok(gt_checkpoint_newest_still(scratch, &f));
    assert_null(f);
    store("checkpoint-000000100.h5", 1);
    assert_ok(gt_checkpoint_newest_still(scratch, &f));
    assert_non_null(before = f);
    assert_ok(gt_checkpoint_newest_still(scratch, &f));
    assert_ptr_equal(f, before);
    store("checkpoint-000000100.h5", 7); /* of the same size, in place of the other */
    assert_ok(gt_checkpoint_newest_still(scratch, &f));
    assert_ok(gt_checkpoint_read(f, "/networks/G/mapping.w_avg", w, WEIGHTS));
    assert_true(w[0] == 7);
    store("checkpoint-000000200.h5", 2);
    assert_ok(gt_checkpoint_newest_still(scratch, &f));
    assert_string_equal(gt_checkpoint_path(f), at("checkpoint-000000200.h5"));
    unlink(at("checkpoint-000000200.h5"));
    assert_ok(gt_checkpoint_newest_still(scratch, &f));
    assert_string_equal(gt_checkpoint_path(f), at("checkpoint-000000100.h5"));
    gt_checkpoint_close(f);
}

static void newest_that_verifies(void **state) {
    (void)state;
    gt_checkpoint_file *f;
    char *file;
    assert_ok(gt_checkpoint_newest(scratch, &f));
    assert_null(f);
    assert_ok(gt_checkpoint_choose(scratch, &file));
    assert_null(file);
    store("checkpoint-000000100.h5", 1);
    store("checkpoint-000000200.h5", 2);
    store("checkpoint-1000000000.h5", 3); /* ten digits: more than 999,999,999 images */
    put(at("checkpoint-000000300.h5.part"), "half", 4);
    put(at("checkpoint-000000300.h5.1a2b3c4d.part"), "half", 4);
    put(at("checkpoint-0000300.h5"), "foreign", 7);
    assert_ok(gt_checkpoint_newest(scratch, &f));
    assert_string_equal(gt_checkpoint_path(f), at("checkpoint-1000000000.h5"));
    gt_checkpoint_close(f);
    assert_chosen(scratch, at("checkpoint-1000000000.h5"));
    assert_chosen(at("checkpoint-000000100.h5"), at("checkpoint-000000100.h5"));
    assert_int_equal(truncate(at("checkpoint-1000000000.h5"), 700), 0);
    assert_int_equal(truncate(at("checkpoint-000000200.h5"), 0), 0);
    f = gt_checkpoint_open(scratch, NULL);
    assert_non_null(f);
    assert_string_equal(gt_checkpoint_path(f), at("checkpoint-000000100.h5"));
    gt_checkpoint_close(f);
    assert_chosen(scratch, at("checkpoint-000000100.h5"));
    assert_int_equal(truncate(at("checkpoint-000000100.h5"), 600), 0);
    assert_int_equal(gt_checkpoint_newest(scratch, &f), GT_FORMAT);
    assert_message("none of the 3 checkpoints");
    assert_int_equal(gt_checkpoint_choose(scratch, &file), GT_FORMAT);
    assert_null(file);
    assert_message("none of the 3 checkpoints");
}

static void first_error_sticks(void **state) {
    (void)state;
    gt_checkpoint *c = make(1);
    assert_int_not_equal(gt_checkpoint_int(c, "/state/images", 1), GT_OK); /* twice */
    assert_message("/state/images");
    assert_int_not_equal(gt_checkpoint_int(c, "/state/fine", 1), GT_OK);
    assert_int_not_equal(gt_checkpoint_write(c, at("a.h5")), GT_OK);
    assert_message("/state/images");
    assert_false(exists("a.h5"));
    gt_checkpoint_free(c);
    gt_checkpoint_free(make(2)); /* abandoned */
}

static void save_one(gt_saver *s, int64_t images, bool best, gt_saver_state expected) {
    assert_ok(gt_saver_start(s, make((float)images), images, best));
    assert_int_equal(gt_saver_wait(s), expected);
    assert_int_equal(gt_saver_poll(s), GT_SAVER_IDLE);
    assert_true(gt_saver_outcome(s)->images == images);
}

static void save(gt_saver *s, int64_t images, gt_saver_state expected) { save_one(s, images, false, expected); }

static void assert_link(const char *link, const char *target) {
    char text[64] = "";
    assert_true(readlink(at(link), text, sizeof text - 1) > 0);
    assert_string_equal(text, target);
}

static void saver_keeps_the_newest(void **state) {
    (void)state;
    put(at("checkpoint-000000050.h5.1a2b3c4d.part"), "half", 4);
    put(at("report.html.00000000.part"), "half", 4);
    put(at("mine.part"), "not ours", 8);
    gt_saver *s = gt_saver_new(scratch, &(gt_keep){.newest = 2}, NULL);
    assert_int_equal(halves(), 1);
    assert_true(exists("mine.part"));
    assert_int_equal(unlink(at("mine.part")), 0);
    store("checkpoint-000009000.h5", 9);
    assert_int_equal(truncate(at("checkpoint-000009000.h5"), 800), 0); /* a damaged one, passed over */
    assert_int_equal(gt_checkpoint_best(scratch), -1);
    save_one(s, 100, true, GT_SAVER_WRITTEN);
    assert_int_equal(gt_checkpoint_best(scratch), 100);
    for (int64_t images = 200; images <= 500; images += 100) save(s, images, GT_SAVER_WRITTEN);
    assert_true(exists("checkpoint-000000100.h5")); /* best */
    assert_false(exists("checkpoint-000000200.h5"));
    assert_false(exists("checkpoint-000000300.h5"));
    assert_true(exists("checkpoint-000000400.h5"));
    assert_true(exists("checkpoint-000000500.h5"));
    assert_link("last", "checkpoint-000000500.h5");
    assert_link("best", "checkpoint-000000100.h5");
    save(s, 9000, GT_SAVER_WRITTEN); /* takes the damaged one's place */
    gt_saver_free(s);
    gt_checkpoint_file *f = gt_checkpoint_open(at("last"), NULL);
    assert_non_null(f);
    gt_checkpoint_close(f);
}

/* The numbers in hundreds of the checkpoints that are there, oldest first. */
static void assert_kept(const char *expected) {
    char there[256] = "";
    for (int i = 1; i <= 40; i++) {
        char name[40];
        gt_checkpoint_name(100 * i, name);
        if (exists(name)) snprintf(there + strlen(there), sizeof there - strlen(there), "%s%d", *there ? " " : "", i);
    }
    assert_string_equal(there, expected);
}

static void milestones_and_a_cap(void **state) {
    (void)state;
    gt_saver *s = gt_saver_new(scratch, &(gt_keep){.newest = 2, .every = 400}, NULL);
    for (int64_t i = 1; i <= 11; i++) save_one(s, 100 * i, i == 6, GT_SAVER_WRITTEN);
    assert_kept("1 4 6 8 10 11"); /* the first of each interval, the best, the two newest */
    gt_saver_free(s);
    struct stat one;
    assert_int_equal(stat(at("checkpoint-000000100.h5"), &one), 0);
    s = gt_saver_new(scratch, &(gt_keep){.newest = 3, .every = 400, .bytes = 4.5 * (double)one.st_size}, NULL);
    save(s, 1200, GT_SAVER_WRITTEN);
    assert_kept("6 10 11 12"); /* 1, 4 and 8 were too many */
    gt_saver_free(s);
    s = gt_saver_new(scratch, &(gt_keep){.newest = 3, .bytes = 1}, NULL);
    save(s, 1300, GT_SAVER_WRITTEN);
    assert_kept("6 12 13"); /* less than this never stays */
    gt_saver_free(s);
}

static void set_aside(void **state) {
    (void)state;
    gt_saver *s = gt_saver_new(scratch, &(gt_keep){.newest = 9}, NULL);
    for (int64_t i = 1; i <= 5; i++) save_one(s, 100 * i, i == 4, GT_SAVER_WRITTEN);
    gt_saver_free(s);
    int n = 9;
    assert_int_equal(gt_checkpoint_set_aside(scratch, 100, &n), GT_FAILED);
    assert_message("no checkpoint of less than 100 images");
    assert_kept("1 2 3 4 5");
    assert_ok(gt_checkpoint_set_aside(scratch, 300, &n));
    assert_int_equal(n, 3);
    assert_kept("1 2");
    assert_true(exists("bad-checkpoint-000000300.h5") && exists("bad-checkpoint-000000500.h5"));
    assert_link("last", "checkpoint-000000200.h5");
    assert_link("best", "checkpoint-000000200.h5");
    assert_ok(gt_checkpoint_set_aside(scratch, 300, &n));
    assert_int_equal(n, 0);
}

/* Until a checkpoint is judged, no older one goes. */
static void judged_later(void **state) {
    (void)state;
    gt_saver *s = gt_saver_new(scratch, &(gt_keep){.newest = 1}, NULL);
    save_one(s, 100, true, GT_SAVER_WRITTEN);
    gt_saver_hold(s, true);
    save(s, 200, GT_SAVER_WRITTEN);
    save(s, 300, GT_SAVER_WRITTEN);
    assert_true(exists("checkpoint-000000100.h5") && exists("checkpoint-000000200.h5"));
    assert_link("best", "checkpoint-000000100.h5");
    gt_saver_decide(s, 300, 300);
    assert_link("best", "checkpoint-000000300.h5");
    assert_false(exists("checkpoint-000000100.h5") || exists("checkpoint-000000200.h5"));
    save(s, 400, GT_SAVER_WRITTEN); /* the hold is over */
    save(s, 500, GT_SAVER_WRITTEN);
    assert_false(exists("checkpoint-000000400.h5"));
    gt_saver_free(s);
}

static void saver_is_in_the_background(void **state) {
    (void)state;
    gt_saver *s = gt_saver_new(scratch, &(gt_keep){.newest = 3}, NULL);
    /* each waits for the one before */
    for (int64_t images = 1; images <= 5; images++) assert_ok(gt_saver_start(s, make(1), images, false));
    while (gt_saver_poll(s) == GT_SAVER_BUSY) usleep(1000);
    assert_true(exists("checkpoint-000000005.h5"));
    gt_saver_free(s);
}

static void full_disk(void **state) {
    (void)state;
    struct rlimit before, small;
    gt_saver *s = gt_saver_new(scratch, &(gt_keep){.newest = 1}, NULL);
    save(s, 100, GT_SAVER_WRITTEN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 4000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0); /* SIGXFSZ is not ignored here: it must not come */
    save(s, 200, GT_SAVER_FAILED);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(gt_saver_outcome(s)->message, "File too large"));
    assert_false(exists("checkpoint-000000200.h5"));
    assert_int_equal(halves(), 0);
    assert_link("last", "checkpoint-000000100.h5");
    save(s, 300, GT_SAVER_WRITTEN);
    assert_false(exists("checkpoint-000000100.h5"));
    gt_saver_free(s);
}

static void directory_gone(void **state) {
    (void)state;
    gt_saver *s = gt_saver_new(at("nowhere"), &(gt_keep){.newest = 1}, NULL);
    save(s, 200, GT_SAVER_FAILED);
    assert_int_equal(mkdir(at("nowhere"), 0755), 0);
    save(s, 300, GT_SAVER_WRITTEN);
    gt_saver_free(s);
}

/* ---- numbers of a state ---- */

typedef struct numbers {
    bool on;
    int places;
    uint32_t step;
    int64_t shown, later;
    uint64_t updates;
    float p;
    double r, all[3];
    gt_damage damaged;
} numbers;

static bool is_on(const void *n) { return ((const numbers *)n)->on; }
static int64_t twice(const void *n) { return 2 * (((const numbers *)n)->shown / 2); }

static const gt_state_row rows[] = {
    {"/state/on", "", "A switch", GT_STATE_IN(numbers, on)},
    {"/state/places", "pixels", "Places", GT_STATE_IN(numbers, places)},
    {"/state/step", "", "Steps", GT_STATE_IN(numbers, step)},
    {"/state/shown", "images", "Images", GT_STATE_IN(numbers, shown)},
    {"/state/twice", "images", "Twice half as many", .value = twice},
    {"/state/updates", "", "Updates", GT_STATE_IN(numbers, updates)},
    {"/state/p", "", "A float", GT_STATE_IN(numbers, p)},
    {"/state/r", "", "A double", GT_STATE_IN(numbers, r)},
    {"/state/all", "", "Where the switch is on", GT_STATE_DOUBLES, offsetof(numbers, all), 3, .is_kept = is_on},
    {"/state/later", "", "A later number", GT_STATE_IN(numbers, later), .since = "1.0.0"},
    {"/state/damaged", "", "A later list", GT_STATE_IN(numbers, damaged), .since = "1.0.0"},
};
enum { ROWS = sizeof rows / sizeof *rows };

static gt_checkpoint_file *stored(const numbers *n) {
    gt_status st;
    gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){"stylegan2", "", "", ""});
    for (int i = 0; i < ROWS; i++) gt_state_row_write(c, &rows[i], n);
    assert_ok(gt_checkpoint_write(c, at("rows.h5")));
    gt_checkpoint_free(c);
    gt_checkpoint_file *f = gt_checkpoint_open(at("rows.h5"), &st);
    assert_ok(st);
    return f;
}

static gt_status read_rows(const gt_checkpoint_file *f, numbers *n) {
    gt_status st = GT_OK;
    for (int i = 0; i < ROWS && !st; i++) st = gt_state_row_read(f, &rows[i], n);
    return st;
}

static void state_rows(void **state) {
    (void)state;
    numbers n = {true, 3, UINT32_MAX, INT64_MIN, 0, INT64_MAX, 0.1f, 0.2, {1, 2, 3}, {0}}, back = {.on = true};
    gt_checkpoint_file *f = stored(&n);
    assert_null(gt_checkpoint_find(f, "/state/later")); /* 0: as in files of before, which mean 0 */
    assert_null(gt_checkpoint_find(f, "/state/damaged"));
    assert_string_equal(gt_checkpoint_note(f, "/state/places", "unit"), "pixels");
    assert_string_equal(gt_checkpoint_note(f, "/state/all", "description"), "Where the switch is on");
    back.later = 7;
    assert_ok(gt_damage_add(&back.damaged, 5));
    assert_ok(read_rows(f, &back));
    gt_checkpoint_close(f);
    assert_int_equal(back.later + (int64_t)back.damaged.n, 0);
    assert_true(back.on && back.places == n.places && back.step == n.step && back.shown == n.shown);
    assert_true(back.updates == n.updates && back.p == n.p && back.r == n.r);
    assert_memory_equal(back.all, n.all, sizeof n.all);

    n.on = false;
    n.shown = 4;
    n.later = -1;
    assert_ok(gt_damage_add(&n.damaged, 9));
    assert_ok(gt_damage_add(&n.damaged, 2));
    f = stored(&n);
    assert_null(gt_checkpoint_find(f, "/state/all"));
    int64_t told;
    assert_ok(gt_checkpoint_get_int(f, "/state/twice", &told));
    assert_int_equal(told, 4);
    assert_ok(read_rows(f, &back));
    gt_checkpoint_close(f);
    assert_true(!back.on && back.later == -1 && back.damaged.n == 2 && back.damaged.picture[1] == 9);
    gt_damage_free(&n.damaged);
    gt_damage_free(&back.damaged);
}

/* Numbers that the fields cannot hold, and lists that do not rise. */
static void impossible_state_rows(void **state) {
    (void)state;
    static const struct {
        int row;
        int64_t value;
    } bad[] = {{1, -1}, {1, (int64_t)INT32_MAX + 1}, {2, -1}, {2, (int64_t)UINT32_MAX + 1}, {5, -1}};
    static const double lists[][2] = {{3, 3}, {3, 2}, {-1, 2}, {0, NAN}, {0, 1e300}};
    numbers n = {0};
    gt_status st;
    for (size_t i = 0; i < 2 * 5; i++) {
        gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){"stylegan2", "", "", ""});
        const gt_state_row *r = i < 5 ? &rows[bad[i].row] : &rows[ROWS - 1];
        if (i < 5) gt_checkpoint_int(c, r->path, bad[i].value);
        else gt_checkpoint_doubles(c, r->path, &GT_SHAPE(2), lists[i - 5]);
        assert_ok(gt_checkpoint_write(c, at("rows.h5")));
        gt_checkpoint_free(c);
        gt_checkpoint_file *f = gt_checkpoint_open(at("rows.h5"), &st);
        assert_ok(st);
        assert_int_equal(gt_state_row_read(f, r, &n), GT_FORMAT);
        assert_message(r->path);
        gt_checkpoint_close(f);
    }
    gt_damage_free(&n.damaged);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_scratch, remove_scratch)
    const struct CMUnitTest tests[] = {
        TEST(round_trip),
        TEST(of_the_data),
        TEST(equal_states_equal_bytes),
        TEST(any_flipped_bit_is_found),
        TEST(other_damage),
        TEST(state_rows),
        TEST(impossible_state_rows),
        TEST(newer_format),
        TEST(lists_for_names),
        TEST(two_ways_to_each_group),
        TEST(a_group_in_itself),
        TEST(a_group_of_many_names),
        TEST(one_tensor_under_many_names),
        TEST(names_without_end),
        TEST(data_further_on),
        TEST(newest_that_is_open),
        TEST(newest_that_verifies),
        TEST(first_error_sticks),
        TEST(saver_keeps_the_newest),
        TEST(milestones_and_a_cap),
        TEST(set_aside),
        TEST(judged_later),
        TEST(saver_is_in_the_background),
        TEST(full_disk),
        TEST(directory_gone),
    };
    /* warnings are expected; and where stderr is a file, they would count against a file-size limit */
    gt_log_setup(0, 1, GT_ERROR);
    return test_status(cmocka_run_group_tests(tests, NULL, NULL));
}
