/* SPDX-License-Identifier: Apache-2.0
 * The dataset tool goes on: with what is the same alone; progress on disk is believed as far as it is whole; what
 * others left beside the destination is not touched, and what we left is not an obstacle. */
#define _GNU_SOURCE
#include "converting.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void age(const char *path, int hours) {
    struct timespec times[2] = {{.tv_sec = 1700000000 + 3600 * hours}, {.tv_sec = 1700000000 + 3600 * hours}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* An array of 20 pictures, as numpy saves it. */
static void put_array(const char *path, int first) {
    enum { HEAD = 128, PICTURES = 20, PIXELS = 8 * 8 * 3 };
    static uint8_t bytes[HEAD + PICTURES * PIXELS];
    memset(bytes, ' ', HEAD);
    memcpy(bytes, "\x93NUMPY\1\0\x76", 10);
    int n = snprintf((char *)bytes + 10, HEAD - 10,
                     "{'descr': '|u1', 'fortran_order': False, 'shape': (%d, 8, 8, 3), }", PICTURES);
    bytes[10 + n] = ' ';
    bytes[HEAD - 1] = '\n';
    for (int i = 0; i < PICTURES; i++) paint(first + i, 8, 8, 3, bytes + HEAD + i * PIXELS);
    put(path, bytes, sizeof bytes);
    age(path, first);
}

static void put_archive(const char *path, int first) {
    zip_t *z = begin_zip(path);
    for (int i = 0; i < 20; i++) {
        char entry[16];
        snprintf(entry, sizeof entry, "%02d.png", i);
        bytes b = picture(first + i, 8, 8, 3);
        add_entry(z, entry, b.data, b.n, ZIP_CM_STORE);
        free(b.data);
    }
    end_zip(z);
}

static void put_folder(const char *name, int first) {
    char path[600];
    mkdir(at(name), 0777);
    for (int i = 0; i < 20; i++) {
        snprintf(path, sizeof path, "%s/%s/%02d.png", scratch, name, i);
        uint8_t pixels[3 + 8 * 8 * 3 + 10]; /* a PPM: its size tells nothing of its samples */
        int n = snprintf((char *)pixels, sizeof pixels, "P6 8 8 255\n");
        paint(first + i, 8, 8, 3, pixels + n);
        put(path, pixels, (size_t)n + 8 * 8 * 3);
        age(path, first);
    }
}

/* The sources that a picture which cannot be read comes after: it ends the making when all else is made. */
static gt_convert_request before_damage(const char *source, gt_convert_request r) {
    static const char *sources[2];
    static char first[600], last[600];
    snprintf(first, sizeof first, "%s", source);
    snprintf(last, sizeof last, "%s/last", scratch);
    sources[0] = first, sources[1] = last;
    r.n_sources = 2, r.sources = sources;
    return r;
}

enum { WITHIN = 10 }; /* a byte of the time of the first entry of an archive, which no reader reads */

static void begin_making(const char *dest, const char *source, gt_convert_request r) {
    gt_convert_result result;
    unlink(dest);
    assert_int_equal(pack(NULL, dest, before_damage(source, r), &result), GT_FORMAT);
    assert_message("damaged.png");
    char part[600];
    snprintf(part, sizeof part, "%s.part", dest);
    size_t n;
    uint8_t *bytes = get(part, &n);
    assert_true(n > 20 * 8 * 8 * 3);
    bytes[WITHIN] ^= 1; /* it will tell whether the part is gone on with */
    put(part, bytes, n);
    free(bytes);
}

/* Does it go on with what was begun? If not it says so, and with --restart the result is what it is at once. */
static bool goes_on(const char *dest, const char *source, gt_convert_request r) {
    char fresh[600];
    gt_convert_result result;
    snprintf(fresh, sizeof fresh, "%s/fresh.zip", scratch);
    r = before_damage(source, r);
    r.skip = true;
    unlink(fresh);
    if (pack(NULL, dest, r, &result)) {
        assert_message("is unfinished");
        assert_message(" images were made with other options");
        assert_message("--restart");
        assert_true(access(dest, F_OK) != 0);
        r.restart = true;
    } else {
        assert_false(result.unchanged);
    }
    gt_convert_result_free(&result);
    for (int k = r.restart ? 0 : 1; k < 2; k++) {
        if (pack(NULL, k ? fresh : dest, r, &result)) fail_msg("%s", gt_message());
        gt_convert_result_free(&result);
    }
    size_t n, m;
    uint8_t *made = get(dest, &n), *wanted = get(fresh, &m);
    bool old = made[WITHIN] != wanted[WITHIN];
    assert_int_equal(n, m);
    made[WITHIN] = wanted[WITHIN];
    assert_memory_equal(made, wanted, n);
    free(made);
    free(wanted);
    return old;
}

static void make_damaged(void) {
    size_t n;
    mkdir(at("last"), 0777);
    put_picture(at("last/damaged.png"), 99, 8, 8, 3);
    uint8_t *bytes = get(at("last/damaged.png"), &n);
    bytes[n / 2] ^= 1;
    put(at("last/damaged.png"), bytes, n);
    free(bytes);
}

/* It goes on with the same alone, which may have moved; with what only looks the same it begins anew. */
static void what_is_read_decides_about_going_on(void **state) {
    (void)state;
    gt_convert_request plain = {.import = {.labels = GT_SOURCE_LABELS_NONE}};
    char dest[600];
    snprintf(dest, sizeof dest, "%s", at("on.zip"));
    make_damaged();

    begin_making(dest, "synth:shapes:n=20,size=8,seed=1", plain);
    assert_true(goes_on(dest, "synth:shapes:seed=1,size=8,n=20", plain));
    begin_making(dest, "synth:shapes:n=20,size=8,seed=1", plain);
    assert_false(goes_on(dest, "synth:shapes:n=20,size=8,seed=2", plain));

    put_array(at("a.npy"), 0);
    begin_making(dest, at("a.npy"), plain);
    assert_int_equal(rename(at("a.npy"), at("b.npy")), 0);
    assert_true(goes_on(dest, at("b.npy"), plain));
    begin_making(dest, at("b.npy"), plain);
    put_array(at("b.npy"), 40);
    assert_false(goes_on(dest, at("b.npy"), plain));

    packed("synth:shapes:n=20,size=8,seed=1", at("a.h5"), (gt_convert_request){0});
    packed("synth:shapes:n=20,size=8,seed=2", at("b.h5"), (gt_convert_request){0});
    age(at("a.h5"), 1), age(at("b.h5"), 2);
    begin_making(dest, at("a.h5"), plain);
    assert_true(goes_on(dest, at("a.h5"), plain));
    begin_making(dest, at("a.h5"), plain);
    assert_false(goes_on(dest, at("b.h5"), plain));

    put_folder("before", 0);
    begin_making(dest, at("before"), plain);
    assert_int_equal(rename(at("before"), at("after")), 0);
    assert_true(goes_on(dest, at("after"), plain));
    begin_making(dest, at("after"), plain);
    put_folder("after", 40);
    assert_false(goes_on(dest, at("after"), plain));

    put_archive(at("in.zip"), 0);
    begin_making(dest, at("in.zip"), plain);
    age(at("in.zip"), 3); /* as when it is copied to a local disk once more */
    assert_true(goes_on(dest, at("in.zip"), plain));
    begin_making(dest, at("in.zip"), plain);
    put_archive(at("in.zip"), 40);
    assert_false(goes_on(dest, at("in.zip"), plain));
}

static void options_decide_about_going_on(void **state) {
    (void)state;
    char dest[600], csv[600], labels[20 * 9 + 32];
    for (int i = 0; i < 20; i++) snprintf(labels + 9 * i, sizeof labels - 9 * (size_t)i, "%02d.png,1\n", i);
    strcat(labels, "damaged.png,0\n");
    snprintf(dest, sizeof dest, "%s", at("on.zip"));
    snprintf(csv, sizeof csv, "%s", at("labels.csv"));
    make_damaged();
    put_folder("labelled", 0);

    gt_convert_request labelled = {.import = {.labels_csv = csv}};
    put(csv, labels, strlen(labels));
    begin_making(dest, at("labelled"), labelled);
    assert_true(goes_on(dest, at("labelled"), labelled));
    begin_making(dest, at("labelled"), labelled);
    labels[7] = '2';
    put(csv, labels, strlen(labels));
    assert_false(goes_on(dest, at("labelled"), labelled));

    gt_convert_request squares = {.import = {.labels = GT_SOURCE_LABELS_NONE, .crops = 5},
                                  .transform = {.width = 8, .height = 8}},
                       larger = squares;
    larger.import.crops = 6; /* as many squares of every picture */
    begin_making(dest, at("labelled"), squares);
    assert_true(goes_on(dest, at("labelled"), squares));
    begin_making(dest, at("labelled"), squares);
    assert_false(goes_on(dest, at("labelled"), larger));
}

/* ---- progress on disk ---- */

static int64_t progress_by(const char *dest, gt_hash128 key, bool add, gt_progress_drop drop) {
    gt_progress_file *j;
    int64_t done;
    if (gt_progress_file_open(&j, dest, key, drop, &done)) fail_msg("%s", gt_message());
    for (int64_t i = 0; i < done; i++) {
        gt_outcome o;
        const char *text;
        assert_int_equal(gt_progress_file_next(j, &o, &text), GT_OK);
        assert_int_equal(o.size, 100);
        assert_string_equal(text, "why");
    }
    if (add) {
        assert_int_equal(gt_progress_file_add(j, &(gt_outcome){.size = 100}, "why"), GT_OK);
        assert_int_equal(gt_progress_file_sync(j), GT_OK);
        gt_progress_file *second;
        assert_int_equal(gt_progress_file_open(&second, dest, key, GT_DROP_ALL, &done), GT_FAILED);
        assert_message("another process");
    }
    gt_progress_file_close(j, false);
    return done;
}

static int64_t progress(const char *dest, gt_hash128 key, bool add) {
    return progress_by(dest, key, add, GT_DROP_NOTHING);
}

static void progress_is_believed_while_whole(void **state) {
    (void)state;
    gt_hash128 key = {1, 2}, other = {1, 3};
    char dest[600];
    snprintf(dest, sizeof dest, "%s", at("dest"));
    for (int i = 0; i < 3; i++) progress(dest, key, true);
    assert_int_equal(progress(dest, key, false), 3);
    size_t n;
    uint8_t *bytes = get(at("dest.progress"), &n);
    for (size_t cut = 1; cut < n; cut += 13) {
        put(at("dest.progress"), bytes, n - cut);
        size_t record = (n - 24) / 3;
        assert_int_equal(progress(dest, key, false), n - cut < 24 ? 0 : (n - cut - 24) / record);
    }
    bytes[n - 5] ^= 1;
    put(at("dest.progress"), bytes, n);
    assert_int_equal(progress(dest, key, false), 2);
    gt_progress_file *j;
    int64_t done;
    /* something else was asked for */
    assert_int_equal(gt_progress_file_open(&j, dest, other, GT_DROP_NOTHING, &done), GT_USAGE);
    assert_message("2 images were made");
    assert_int_equal(progress_by(dest, key, false, GT_DROP_OTHERS), 2);
    assert_int_equal(progress_by(dest, other, false, GT_DROP_OTHERS), 0);
    assert_int_equal(progress(dest, key, false), 0); /* nothing is lost any more */
    progress(dest, key, true);
    assert_int_equal(progress_by(dest, key, false, GT_DROP_ALL), 0);
    free(bytes);
}

/* As somebody who means harm would write it: whole records of images that there are not, or of a kind that there is
 * not. */
static void progress_from_elsewhere(void **state) {
    (void)state;
    gt_hash128 key = {1, 2};
    char dest[600];
    snprintf(dest, sizeof dest, "%s", at("foreign"));
    static const gt_outcome odd[] = {{.size = 100, .remark = 1 + GT_REMARKS},
                                     {.size = 100, .remark = 255},
                                     {.size = 100, .left_out = 1 + GT_REMARKS}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        gt_progress_file *j;
        int64_t done;
        progress(dest, key, true);
        assert_int_equal(gt_progress_file_open(&j, dest, key, GT_DROP_NOTHING, &done), GT_OK);
        assert_int_equal(gt_progress_file_add(j, &odd[i], "why"), GT_OK);
        assert_int_equal(gt_progress_file_sync(j), GT_OK);
        gt_progress_file_close(j, false);
        assert_int_equal(progress(dest, key, false), i + 1);
    }

    char source[600];
    snprintf(source, sizeof source, "%s", mixed_folder());
    unlink(at("mixed/99odd.png"));
    gt_convert_result result;
    assert_int_equal(pack(source, at("more.zip"), (gt_convert_request){0}, &result), GT_FORMAT);
    size_t n;
    uint8_t *bytes = get(at("more.zip.progress"), &n), *longer = malloc(16 * n);
    size_t records = n - 24, length = n;
    assert_true(records > 0);
    memcpy(longer, bytes, n);
    for (; length + records <= 16 * n; length += records) memcpy(longer + length, bytes + 24, records);
    put(at("more.zip.progress"), longer, length);
    assert_int_equal(pack(source, at("more.zip"), (gt_convert_request){.skip = true}, &result), GT_FORMAT);
    assert_message("more.zip.progress");
    assert_message("--restart");
    assert_int_equal(pack(source, at("more.zip"), (gt_convert_request){.skip = true, .restart = true}, &result), GT_OK);
    free(bytes);
    free(longer);
}

/* ---- what is not ours ---- */

static void refused_making(const char *dest, const char *in_the_way) {
    gt_convert_result result;
    char path[600];
    snprintf(path, sizeof path, "%s", at(in_the_way));
    for (int restart = 0; restart < 2; restart++) {
        gt_status st = pack("synth:shapes:n=5,size=8", at(dest), (gt_convert_request){.restart = restart}, &result);
        assert_int_equal(st, GT_USAGE);
        assert_message(path);
        assert_message("remove it, or choose another destination");
        assert_false(exists(dest));
    }
}

/* Files and folders that only have the names of parts are left alone. */
static void what_others_left_is_not_touched(void **state) {
    (void)state;
    static const char text[] = "years of work", *const files[][2] = {{"v.zip", "v.zip.part"},
                                                                     {"v.h5", "v.h5.part"},
                                                                     {"v.h5", "v.h5.part.h5"},
                                                                     {"v.zip", "v.zip.progress"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        put(at(files[i][1]), text, sizeof text);
        refused_making(files[i][0], files[i][1]);
        size_t n;
        char *left = get(at(files[i][1]), &n);
        assert_string_equal(left, text);
        free(left);
        unlink(at(files[i][1]));
    }
    /* else what stands there would be ours the next time */
    assert_false(exists("v.zip.progress") || exists("v.h5.progress"));
    mkdir(at("vault.part"), 0777);
    put(at("vault.part/work"), text, sizeof text);
    refused_making("vault", "vault.part");
    assert_true(exists("vault.part/work") && !exists("vault.progress"));

    mkdir(at("full"), 0777); /* refused for another reason: no mark stays that would make a part ours */
    put(at("full/work"), text, sizeof text);
    gt_convert_result result;
    assert_int_equal(pack("synth:shapes:n=5,size=8", at("full"), (gt_convert_request){0}, &result), GT_USAGE);
    assert_message("'work' in it is not part of a dataset");
    assert_int_equal(pack("synth:shapes:n=5,size=8", at("full"), (gt_convert_request){.overwrite = true}, &result),
                     GT_USAGE);
    assert_message("removes only datasets");
    assert_true(exists("full/work"));
    assert_false(exists("full.progress") || exists("full.part"));
}

/* Whatever a run that was killed left of its own, the next one goes on or begins anew by itself. */
static void what_we_left_is_no_obstacle(void **state) {
    (void)state;
    static const char *const dests[] = {"-own.zip", "-own.h5", "-own"};
    gt_convert_request plain = {.import = {.labels = GT_SOURCE_LABELS_NONE}},
                       again = {.skip = true, .import = {.labels = GT_SOURCE_LABELS_NONE}};
    gt_hash128 other = {5, 6};
    make_damaged();
    for (size_t i = 0; i < 3; i++)
        for (int kind = 0; kind < 6; kind++) {
            char dest[600], part[700], progress_file[700];
            gt_convert_result result;
            snprintf(dest, sizeof dest, "%s%d%s", at("left"), kind, dests[i]);
            snprintf(part, sizeof part, "%s.part", dest);
            snprintf(progress_file, sizeof progress_file, "%s.progress", dest);
            if (kind < 2) { /* before there was a part: no mark yet, half of it, all of it */
                put(progress_file, "GTPACK2", kind ? 4 : 0);
            } else if (kind == 2) {
                progress(dest, other, false);
            } else {
                assert_int_equal(pack(NULL, dest, before_damage("synth:shapes:n=20,size=8", plain), &result),
                                 GT_FORMAT);
                /* of another kind */
                if (kind == 3) progress_by(dest, other, false, GT_DROP_OTHERS);
                /* killed when it began anew */
                if (kind == 4) assert_int_equal(truncate(progress_file, 8), 0);
                /* ended between two steps of its end */
                if (kind == 5) assert_int_equal(rename(part, at("elsewhere")), 0);
            }
            if (pack(NULL, dest, before_damage("synth:shapes:n=20,size=8", again), &result))
                fail_msg("kind %d of %s: %s", kind, dest, gt_message());
            assert_int_equal(result.kept, 20);
            assert_true(access(part, F_OK) && access(progress_file, F_OK));
            gt_dataset_close(opened(dest, NULL));
            if (kind == 5 && i == 2) assert_int_equal(rename(at("elsewhere"), at("elsewhere.folder")), 0);
            else unlink(at("elsewhere"));
        }
}

/* Another process finishes between opening DEST.progress and locking it. */
static char finishes[600]; /* DEST; "": nobody does */

int flock(int fd, int operation) {
    if (*finishes && operation == (LOCK_EX | LOCK_NB)) {
        char path[620];
        snprintf(path, sizeof path, "%s.part", finishes);
        rename(path, finishes);
        snprintf(path, sizeof path, "%s.progress", finishes);
        unlink(path);
        *finishes = 0;
    }
    return (int)syscall(SYS_flock, fd, operation);
}

static void finished_by_another_process(void **state) {
    (void)state;
    gt_convert_request plain = {.import = {.labels = GT_SOURCE_LABELS_NONE}};
    gt_convert_result result;
    char dest[600];
    make_damaged();
    snprintf(dest, sizeof dest, "%s", at("raced.zip"));
    begin_making(dest, "synth:shapes:n=20,size=8", plain);
    plain.skip = plain.overwrite = true;
    snprintf(finishes, sizeof finishes, "%s", dest);
    assert_int_equal(pack(NULL, dest, before_damage("synth:shapes:n=20,size=8", plain), &result), GT_FAILED);
    assert_message("another process has just finished or stopped making");
    assert_true(exists("raced.zip") && !*finishes);
    assert_false(exists("raced.zip.part") || exists("raced.zip.progress"));
}

/* ---- replacing a folder ---- */

/* The names that datasets have, of any number of images, and no others. */
static void what_belongs_to_a_folder(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool belongs;
    } cases[] = {{"dataset.json", true},
                 {"00000/img00000000.png", true},
                 {"21474/img2147483647.png", true},
                 {"00000/img0000000.png", false},
                 {"00000/img00000000.jpg", false},
                 {"00000/img12345678901.png", false},
                 {"00000/dataset.json", false},
                 {"0000/img00000000.png", false},
                 {"img00000000.png", false},
                 {"000000/img00000000.png", false},
                 {"samples.sha256", true},
                 {"00000/samples.sha256", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char folder[64], path[128], *foreign;
        int64_t files;
        snprintf(folder, sizeof folder, "belongs%zu", i);
        mkdir(at(folder), 0777);
        snprintf(path, sizeof path, "%s/%s", folder, cases[i].name);
        *strrchr(path, '/') = 0;
        mkdir(at(path), 0777);
        path[strlen(path)] = '/';
        put(at(path), "x", 1);
        assert_int_equal(gt_existing_folder(at(folder), GT_FOLDER_REMOVE, &files, &foreign), 0);
        if ((foreign == NULL) != cases[i].belongs) fail_msg("'%s'", cases[i].name);
        assert_int_equal(exists(path), !cases[i].belongs); /* removed, or not touched */
        free(foreign);
    }
}

static bool dies_here; /* in a child: the moment after the two folders have changed places */

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    int result = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    if (dies_here) _exit(9);
    return result;
}

/* Killed between the change and the removal of the old one: DEST.part is the old one, which nobody may take for what
 * was made. */
static void killed_while_a_folder_is_replaced(void **state) {
    (void)state;
    const char *source = "synth:shapes:n=20,size=8,seed=1";
    char dest[600], fresh[600];
    snprintf(dest, sizeof dest, "%s", at("replaced"));
    snprintf(fresh, sizeof fresh, "%s", at("undisturbed"));
    packed("synth:shapes:n=20,size=8,seed=2", dest, (gt_convert_request){0});
    packed(source, fresh, (gt_convert_request){0});
    pid_t child = fork();
    if (!child) {
        gt_convert_result result;
        dies_here = true;
        pack(source, dest, (gt_convert_request){.overwrite = true}, &result);
        _exit(1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && (WEXITSTATUS(how) == 9 || WEXITSTATUS(how) == 1));
    if (WEXITSTATUS(how) == 1) return; /* a file system that cannot exchange names: nothing to be seen here */
    assert_true(exists("replaced.part") && exists("replaced.progress"));
    gt_convert_result result;
    if (pack(source, dest, (gt_convert_request){.overwrite = true}, &result)) fail_msg("%s", gt_message());
    gt_convert_result_free(&result);
    assert_false(exists("replaced.part") || exists("replaced.progress"));
    for (int i = 0; i < 20; i++) {
        char name[64];
        size_t n, m;
        snprintf(name, sizeof name, "replaced/00000/img%08d.png", i);
        uint8_t *made = get(at(name), &n);
        snprintf(name, sizeof name, "undisturbed/00000/img%08d.png", i);
        uint8_t *wanted = get(at(name), &m);
        assert_int_equal(n, m);
        assert_memory_equal(made, wanted, n);
        free(made);
        free(wanted);
    }
}

int main(void) {
    gt_log_setup(0, 1, GT_ERROR);
    comm = gt_comm_start_all(2, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_decides_about_going_on), cmocka_unit_test(options_decide_about_going_on),
        cmocka_unit_test(progress_is_believed_while_whole),    cmocka_unit_test(progress_from_elsewhere),
        cmocka_unit_test(what_others_left_is_not_touched),     cmocka_unit_test(what_we_left_is_no_obstacle),
        cmocka_unit_test(finished_by_another_process),         cmocka_unit_test(what_belongs_to_a_folder),
        cmocka_unit_test(killed_while_a_folder_is_replaced),
    };
    int failed = cmocka_run_group_tests_name("pack_again", tests, make_scratch, remove_scratch);
    gt_comm_stop_all(comm);
    return failed;
}
