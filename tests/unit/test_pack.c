/* SPDX-License-Identifier: Apache-2.0
 * The dataset tool as a library: what goes in comes out of every kind of destination; what cannot be used is listed, stops the
 * making or is left out; progress on disk is believed as far as it is whole; archives beyond 4 GB. */
#include "data_files.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "files/dataset_h5.h"
#include "gantry/log.h"
#include "pack/pack.h"

static gt_comm *comm;

static gt_status pack(const char *source, const char *dest, gt_pack_request r, gt_pack_result *result) {
    r.n_sources = r.n_sources ? r.n_sources : 1;
    r.sources = r.sources ? r.sources : &source;
    r.dest = dest;
    gt_status st = gt_pack(comm, &r, result);
    return st;
}

static void packed(const char *source, const char *dest, gt_pack_request r) {
    gt_pack_result result;
    if (pack(source, dest, r, &result)) fail_msg("%s", gt_message());
    gt_pack_result_free(&result);
}

/* Item i of the one is item i of the other, labels included. */
static void same_items(const char *a, const char *b, int64_t count) {
    gt_dataset *x = opened(a, NULL), *y = opened(b, NULL);
    const gt_dataset_info *p = gt_dataset_get_info(x), *q = gt_dataset_get_info(y);
    assert_int_equal(p->count, count);
    assert_int_equal(q->count, count);
    assert_int_equal(p->image_bytes, q->image_bytes);
    assert_true(p->type == q->type && p->channels == q->channels && p->label_width == q->label_width && p->class_names == q->class_names);
    uint8_t *u = malloc(p->image_bytes), *v = malloc(q->image_bytes);
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(gt_dataset_read(x, i, u), GT_OK);
        assert_int_equal(gt_dataset_read(y, i, v), GT_OK);
        assert_memory_equal(u, v, p->image_bytes);
        assert_int_equal(gt_dataset_class(x, i), gt_dataset_class(y, i));
    }
    free(u);
    free(v);
    gt_dataset_close(x);
    gt_dataset_close(y);
}

static void every_destination_holds_it(void **state) {
    (void)state;
    static const char *const dests[] = {"set.zip", "set.h5", "new/folder/set/"};
    const char *source = "synth:shapes:n=40,size=16,classes=5";
    for (int compress = 0; compress < 2; compress++)
        for (int i = 0; i < 3; i++) {
            char dest[600], name[64];
            snprintf(name, sizeof name, "%d%s", compress, dests[i]);
            snprintf(dest, sizeof dest, "%s", at(name));
            packed(source, dest, (gt_pack_request){.compress = compress});
            same_items(source, dest, 40);
            assert_false(exists("0set.zip.part") || exists("0set.zip.progress") || exists("1set.h5.part") || exists("1set.h5.progress"));
            packed(source, at("deep.h5"), (gt_pack_request){.compress = compress, .transform = {.depth = GT_DEPTH_F32, .channels = 4}});
            gt_dataset *ds = opened(at("deep.h5"), NULL);
            assert_true(gt_dataset_get_info(ds)->type == GT_F32);
            assert_string_equal(gt_dataset_get_info(ds)->channel_names, "R,G,B,A");
            float pixel[16 * 16 * 4], plain[16 * 16 * 3];
            uint8_t bytes[16 * 16 * 3];
            assert_int_equal(gt_dataset_read(ds, 7, pixel), GT_OK);
            gt_dataset_close(ds);
            ds = opened(source, NULL);
            assert_int_equal(gt_dataset_read(ds, 7, bytes), GT_OK);
            gt_dataset_floats(gt_dataset_get_info(ds), bytes, 16 * 16 * 3, plain);
            for (int k = 0; k < 16 * 16 * 3; k++) assert_true(fabsf(plain[k] - pixel[k / 3 * 4 + k % 3]) < 1e-6f);
            gt_dataset_close(ds);
        }
    gt_pack_result result;
    assert_int_equal(pack(source, at("0new/folder/set"), (gt_pack_request){0}, &result), GT_USAGE); /* not empty any more */
    assert_message("must be empty");
}

static void choices_are_seeded_and_whole(void **state) {
    (void)state;
    const char *source = "synth:shapes:n=50,size=8,classes=5", *parts[2];
    char a[600], b[600];
    packed(source, at("sub.zip"), (gt_pack_request){.choice = GT_PACK_SUBSET, .amount = 12, .seed = 3});
    gt_dataset *ds = opened(source, &(gt_dataset_options){.subset = 12, .subset_seed = 3}), *sub = opened(at("sub.zip"), NULL);
    uint8_t x[8 * 8 * 3], y[8 * 8 * 3];
    for (int i = 0; i < 12; i++) {
        assert_int_equal(gt_dataset_read(ds, i, x), GT_OK);
        assert_int_equal(gt_dataset_read(sub, i, y), GT_OK);
        assert_memory_equal(x, y, sizeof x);
    }
    gt_dataset_close(ds);
    gt_dataset_close(sub);
    snprintf(a, sizeof a, "%s", at("a.zip"));
    snprintf(b, sizeof b, "%s", at("b.zip"));
    packed(source, a, (gt_pack_request){.choice = GT_PACK_PART, .parts = {0, 0.7}, .seed = 5});
    packed(source, b, (gt_pack_request){.choice = GT_PACK_PART, .parts = {0.7, 1}, .seed = 5});
    parts[0] = a, parts[1] = b;
    gt_pack_result result;
    assert_int_equal(pack(NULL, at("both.zip"), (gt_pack_request){.n_sources = 2, .sources = parts}, &result), GT_OK);
    assert_int_equal(result.kept, 50);
    assert_int_equal(result.duplicates, 0); /* the parts have nothing in common */
    assert_int_equal(result.classes, 5);
    for (int i = 0; i < 5; i++) assert_int_equal(result.of_class[i], 10);
    gt_pack_result_free(&result);
}

/* ---- pictures that cannot be used ---- */

enum { GOOD = 24 };

/* GOOD pictures, one damaged beyond its head, one of another size, and one that is there twice. */
static const char *mixed_folder(void) {
    char path[600];
    mkdir(at("mixed"), 0777);
    for (int i = 0; i < GOOD; i++) {
        snprintf(path, sizeof path, "%s/mixed/%02d.png", scratch, i);
        put_picture(path, i, 8, 8, 3);
    }
    put_picture(at("mixed/10twice.png"), 3, 8, 8, 3);
    size_t n;
    uint8_t *bytes = get(at("mixed/20.png"), &n);
    bytes[n / 2] ^= 1;
    put(at("mixed/20damaged.png"), bytes, n);
    free(bytes);
    return at("mixed");
}

static void unusable_pictures(void **state) {
    (void)state;
    gt_pack_result result;
    char source[600];
    snprintf(source, sizeof source, "%s", mixed_folder());
    assert_int_equal(pack(source, at("stop.zip"), (gt_pack_request){.report = at("report")}, &result), GT_FORMAT);
    assert_message("20damaged.png");
    assert_true(result.bad == 1 && result.odd == 0 && result.duplicates == 1);
    assert_false(exists("stop.zip"));
    assert_true(exists("stop.zip.part") && exists("stop.zip.progress"));
    size_t n;
    char *text = get(at("report.json"), &n);
    assert_non_null(strstr(text, "20damaged.png"));
    assert_non_null(strstr(text, "equal to"));
    free(text);

    /* left out, it goes on from there; the bytes are those of a run that did so at once */
    assert_int_equal(pack(source, at("stop.zip"), (gt_pack_request){.skip = true}, &result), GT_OK);
    assert_true(result.kept == GOOD + 1 && result.bad == 1 && result.duplicates == 1);
    packed(source, at("once.zip"), (gt_pack_request){.skip = true});
    size_t m;
    uint8_t *a = get(at("stop.zip"), &n), *b = get(at("once.zip"), &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n);
    free(a);
    free(b);
    assert_int_equal(pack(source, at("single.zip"), (gt_pack_request){.skip = true, .skip_duplicates = true}, &result), GT_OK);
    assert_int_equal(result.kept, GOOD);

    put_picture(at("mixed/99odd.png"), 3, 16, 8, 3); /* known from heads: nothing is begun */
    assert_int_equal(pack(source, at("odd.zip"), (gt_pack_request){0}, &result), GT_FORMAT);
    assert_message("99odd.png");
    assert_message("8 x 16");
    assert_false(exists("odd.zip.part"));
    assert_int_equal(pack(source, at("odd.zip"), (gt_pack_request){.scan_only = true}, &result), GT_OK);
    assert_true(result.bad == 1 && result.odd == 1 && result.duplicates == 1);
    assert_int_equal(pack(source, at("odd.zip"), (gt_pack_request){.skip = true}, &result), GT_OK);
    assert_true(result.kept == GOOD + 1 && result.bad == 1 && result.odd == 1);
    assert_int_equal(pack(source, at("odd.zip"), (gt_pack_request){.transform = {.width = 7, .height = 30}, .skip = true}, &result), GT_FORMAT);
    assert_message("--width=8 --height=32");
    gt_status st = pack(source, at("f32.zip"), (gt_pack_request){.transform = {.depth = GT_DEPTH_F32}, .skip = true}, &result);
    assert_int_equal(st, GT_USAGE);
    assert_message(".h5");
}

/* ---- going on ---- */

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
    int n = snprintf((char *)bytes + 10, HEAD - 10, "{'descr': '|u1', 'fortran_order': False, 'shape': (%d, 8, 8, 3), }", PICTURES);
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
static gt_pack_request before_damage(const char *source, gt_pack_request r) {
    static const char *sources[2];
    static char first[600], last[600];
    snprintf(first, sizeof first, "%s", source);
    snprintf(last, sizeof last, "%s/last", scratch);
    sources[0] = first, sources[1] = last;
    r.n_sources = 2, r.sources = sources;
    return r;
}

enum { WITHIN = 100 }; /* a byte of the first image of an archive */

static void begin_making(const char *dest, const char *source, gt_pack_request r) {
    gt_pack_result result;
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

/* Does it go on with what was begun? If not the result is what it is at once. */
static bool goes_on(const char *dest, const char *source, gt_pack_request r) {
    char fresh[600];
    gt_pack_result result;
    snprintf(fresh, sizeof fresh, "%s/fresh.zip", scratch);
    r = before_damage(source, r);
    r.skip = true;
    if (pack(NULL, dest, r, &result) || pack(NULL, fresh, r, &result)) fail_msg("%s", gt_message());
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
    gt_pack_request plain = {.import = {.labels = GT_IMPORT_NONE}};
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

    packed("synth:shapes:n=20,size=8,seed=1", at("a.h5"), (gt_pack_request){0});
    packed("synth:shapes:n=20,size=8,seed=2", at("b.h5"), (gt_pack_request){0});
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
    static const char one[] = "00.png,1\ndamaged.png,0\n", two[] = "00.png,2\ndamaged.png,0\n";
    char dest[600], csv[600];
    snprintf(dest, sizeof dest, "%s", at("on.zip"));
    snprintf(csv, sizeof csv, "%s", at("labels.csv"));
    make_damaged();
    put_folder("labelled", 0);

    gt_pack_request labelled = {.import = {.labels_csv = csv}};
    put(csv, one, sizeof one - 1);
    begin_making(dest, at("labelled"), labelled);
    assert_true(goes_on(dest, at("labelled"), labelled));
    begin_making(dest, at("labelled"), labelled);
    put(csv, two, sizeof two - 1);
    assert_false(goes_on(dest, at("labelled"), labelled));

    gt_pack_request squares = {.import = {.labels = GT_IMPORT_NONE, .crops = 5}, .transform = {.width = 8, .height = 8}}, larger = squares;
    larger.import.crops = 6; /* as many squares of every picture */
    begin_making(dest, at("labelled"), squares);
    assert_true(goes_on(dest, at("labelled"), squares));
    begin_making(dest, at("labelled"), squares);
    assert_false(goes_on(dest, at("labelled"), larger));
}

/* ---- progress on disk ---- */

static int64_t progress(const char *dest, gt_hash128 key, bool add) {
    gt_journal *j;
    int64_t done;
    if (gt_journal_open(&j, dest, key, false, &done)) fail_msg("%s", gt_message());
    for (int64_t i = 0; i < done; i++) {
        gt_outcome o;
        char *text;
        assert_int_equal(gt_journal_next(j, &o, &text), GT_OK);
        assert_int_equal(o.size, 100);
        assert_string_equal(text, "why");
        free(text);
    }
    if (add) {
        assert_int_equal(gt_journal_add(j, &(gt_outcome){.size = 100}, "why"), GT_OK);
        assert_int_equal(gt_journal_sync(j), GT_OK);
        gt_journal *second;
        assert_int_equal(gt_journal_open(&second, dest, key, false, &done), GT_FAILED);
        assert_message("another process");
    }
    gt_journal_close(j, false);
    return done;
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
    assert_int_equal(progress(dest, other, false), 0); /* something else was asked for */
    assert_int_equal(progress(dest, key, false), 0);
    free(bytes);
}

/* As somebody who means harm would write it: whole records of images that there are not, or of a kind that there is not. */
static void progress_from_elsewhere(void **state) {
    (void)state;
    gt_hash128 key = {1, 2};
    char dest[600];
    snprintf(dest, sizeof dest, "%s", at("foreign"));
    static const gt_outcome odd[] = {{.size = 100, .remark = 1 + GT_FINDINGS}, {.size = 100, .remark = 255}, {.size = 100, .fate = 1 + GT_FINDINGS}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        gt_journal *j;
        int64_t done;
        progress(dest, key, true);
        assert_int_equal(gt_journal_open(&j, dest, key, false, &done), GT_OK);
        assert_int_equal(gt_journal_add(j, &odd[i], "why"), GT_OK);
        assert_int_equal(gt_journal_sync(j), GT_OK);
        gt_journal_close(j, false);
        assert_int_equal(progress(dest, key, false), i + 1);
    }

    char source[600];
    snprintf(source, sizeof source, "%s", mixed_folder());
    unlink(at("mixed/99odd.png"));
    gt_pack_result result;
    assert_int_equal(pack(source, at("more.zip"), (gt_pack_request){0}, &result), GT_FORMAT);
    size_t n;
    uint8_t *bytes = get(at("more.zip.progress"), &n), *longer = malloc(16 * n);
    size_t records = n - 24, length = n;
    assert_true(records > 0);
    memcpy(longer, bytes, n);
    for (; length + records <= 16 * n; length += records) memcpy(longer + length, bytes + 24, records);
    put(at("more.zip.progress"), longer, length);
    assert_int_equal(pack(source, at("more.zip"), (gt_pack_request){.skip = true}, &result), GT_FORMAT);
    assert_message("more.zip.progress");
    assert_message("--restart");
    assert_int_equal(pack(source, at("more.zip"), (gt_pack_request){.skip = true, .restart = true}, &result), GT_OK);
    free(bytes);
    free(longer);
}

/* ---- what is not ours ---- */

static void refused_making(const char *dest, const char *in_the_way) {
    gt_pack_result result;
    char path[600];
    snprintf(path, sizeof path, "%s", at(in_the_way));
    for (int restart = 0; restart < 2; restart++) {
        gt_status st = pack("synth:shapes:n=5,size=8", at(dest), (gt_pack_request){.restart = restart}, &result);
        assert_int_equal(st, GT_USAGE);
        assert_message(path);
        assert_message("remove it, or choose another destination");
        assert_false(exists(dest));
    }
}

/* Files and folders that only have the names of parts are left alone. */
static void what_others_left_is_not_touched(void **state) {
    (void)state;
    static const char text[] = "years of work", *const files[][2] = {{"v.zip", "v.zip.part"}, {"v.h5", "v.h5.part"}, {"v.h5", "v.h5.part.h5"}, {"v.zip", "v.zip.progress"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        put(at(files[i][1]), text, sizeof text);
        refused_making(files[i][0], files[i][1]);
        size_t n;
        char *left = get(at(files[i][1]), &n);
        assert_string_equal(left, text);
        free(left);
        unlink(at(files[i][1]));
    }
    assert_false(exists("v.zip.progress") || exists("v.h5.progress")); /* else what stands there would be ours the next time */
    mkdir(at("vault.part"), 0777);
    put(at("vault.part/work"), text, sizeof text);
    refused_making("vault", "vault.part");
    assert_true(exists("vault.part/work") && !exists("vault.progress"));

    mkdir(at("full"), 0777); /* refused for another reason: no mark stays that would make a part ours */
    put(at("full/work"), text, sizeof text);
    gt_pack_result result;
    assert_int_equal(pack("synth:shapes:n=5,size=8", at("full"), (gt_pack_request){0}, &result), GT_USAGE);
    assert_message("must be empty");
    assert_false(exists("full.progress") || exists("full.part"));
}

/* Whatever a run that was killed left of its own, the next one goes on or begins anew by itself. */
static void what_we_left_is_no_obstacle(void **state) {
    (void)state;
    static const char *const dests[] = {"own.zip", "own.h5", "own"};
    gt_pack_request plain = {.import = {.labels = GT_IMPORT_NONE}}, again = {.skip = true, .import = {.labels = GT_IMPORT_NONE}};
    gt_hash128 other = {5, 6};
    make_damaged();
    for (size_t i = 0; i < 3; i++)
        for (int kind = 0; kind < 6; kind++) {
            char dest[600], part[700], progress_file[700];
            gt_pack_result result;
            snprintf(dest, sizeof dest, "%s.%d%s", at("left"), kind, dests[i]);
            snprintf(part, sizeof part, "%s.part", dest);
            snprintf(progress_file, sizeof progress_file, "%s.progress", dest);
            if (kind < 2) { /* before there was a part: no mark yet, half of it, all of it */
                put(progress_file, "GTPACK1", kind ? 4 : 0);
            } else if (kind == 2) {
                progress(dest, other, false);
            } else {
                assert_int_equal(pack(NULL, dest, before_damage("synth:shapes:n=20,size=8", plain), &result), GT_FORMAT);
                if (kind == 3) progress(dest, other, false);                               /* of another kind */
                if (kind == 4) assert_int_equal(truncate(progress_file, 8), 0);            /* killed when it began anew */
                if (kind == 5) assert_int_equal(rename(part, at("elsewhere")), 0);         /* ended between two steps of its end */
            }
            if (pack(NULL, dest, before_damage("synth:shapes:n=20,size=8", again), &result)) fail_msg("kind %d of %s: %s", kind, dest, gt_message());
            assert_int_equal(result.kept, 20);
            assert_true(access(part, F_OK) && access(progress_file, F_OK));
            gt_dataset_close(opened(dest, NULL));
            if (kind == 5 && i == 2) assert_int_equal(rename(at("elsewhere"), at("elsewhere.folder")), 0);
            else unlink(at("elsewhere"));
        }
}

static gt_status same_chunk(void *arg, size_t i, const void **data, size_t *n) {
    (void)i;
    *data = arg;
    *n = 8 * 8;
    return GT_OK;
}

/* More names than an attribute of old HDF5 files holds. */
static void thousands_of_class_names(void **state) {
    (void)state;
    enum { NAMES = 3000, LENGTH = 60 };
    static char text[NAMES][LENGTH + 1];
    static const char *names[NAMES];
    uint8_t image[8 * 8] = {1, 2, 3};
    int32_t classes[2] = {0, NAMES - 1};
    for (int i = 0; i < NAMES; i++) {
        snprintf(text[i], sizeof text[i], "%0*d", LENGTH, i);
        names[i] = text[i];
    }
    gt_h5_dataset d = {.count = 2, .height = 8, .width = 8, .channels = 1, .classes = classes, .label_width = NAMES, .class_names = NAMES, .class_name = names,
                       .next = same_chunk, .arg = image};
    if (gt_h5_dataset_write(at("names.h5"), &d)) fail_msg("%s", gt_message());
    gt_dataset *ds = opened(at("names.h5"), NULL);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    assert_int_equal(info->class_names, NAMES);
    assert_string_equal(info->class_name[NAMES - 1], text[NAMES - 1]);
    assert_int_equal(gt_dataset_class(ds, 1), NAMES - 1);
    gt_dataset_close(ds);
}

/* A write that fails is not forgotten: nothing that came after it is ever taken for written. */
static void a_failed_write_sticks(void **state) {
    (void)state;
    enum { SIZE = 3 << 20 };
    gt_items items = {0};
    char *image = calloc(1, SIZE), path[600];
    snprintf(path, sizeof path, "%s", at("limited.zip"));
    gt_dest d = {.kind = &gt_dest_zip, .path = path, .items = &items, .transform = &(gt_transform){0}, .fd = -1};
    assert_int_equal(gt_dest_open(&d), GT_OK);
    assert_int_equal(gt_dest_put(&d, &(gt_entry){.size = SIZE}, image), GT_OK);
    assert_int_equal(d.kind->sync(&d), GT_OK);
    struct rlimit limit, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = SIZE + 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(gt_dest_put(&d, &(gt_entry){.item = 1, .size = SIZE}, image), GT_FAILED);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(d.n, 1);
    assert_int_equal(d.kind->sync(&d), GT_FAILED);
    gt_dest_close(&d);
    free(image);
}

/* Three entries of 3 GB, as holes: the index behind them needs zip64 for all but the first. */
static void archives_beyond_4_gb(void **state) {
    (void)state;
    enum { ENTRIES = 3 };
    const uint32_t size = 3u << 30;
    gt_items items = {0};
    gt_dest d = {.kind = &gt_dest_zip, .path = at("large.zip"), .items = &items, .transform = &(gt_transform){0}, .fd = -1};
    char path[600], part[700];
    snprintf(path, sizeof path, "%s", d.path);
    snprintf(part, sizeof part, "%s.part", path);
    d.path = path;
    for (uint32_t i = 0; i < ENTRIES; i++) assert_int_equal(gt_dest_put(&d, &(gt_entry){.item = i, .size = size, .crc = i}, NULL), GT_OK);
    int fd = open(part, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    if (ftruncate(fd, (off_t)ENTRIES * size + 1000)) skip();
    close(fd);
    assert_int_equal(gt_dest_open(&d), GT_OK);
    if (d.kind->finish(&d)) fail_msg("%s", gt_message());
    gt_dest_close(&d);
    gt_zip *z;
    if (gt_zip_open(&z, path)) fail_msg("%s", gt_message());
    assert_int_equal(gt_zip_count(z), ENTRIES + 1);
    size_t at_entry;
    char text[32] = "";
    assert_non_null(gt_zip_find(z, "dataset.json", &at_entry));
    assert_int_equal(gt_zip_read(z, at_entry, text), GT_OK);
    assert_string_equal(text, "{\"labels\": null}");
    for (uint32_t i = 0; i < ENTRIES; i++) assert_true(gt_zip_at(z, i)->size == size && gt_zip_at(z, i)->crc == i);
    gt_zip_close(z);
}

int main(void) {
    gt_log_setup(0, 1, GT_ERROR);
    comm = gt_comm_start(2, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_destination_holds_it),      cmocka_unit_test(choices_are_seeded_and_whole), cmocka_unit_test(unusable_pictures),
        cmocka_unit_test(what_is_read_decides_about_going_on), cmocka_unit_test(options_decide_about_going_on),
        cmocka_unit_test(progress_is_believed_while_whole), cmocka_unit_test(progress_from_elsewhere), cmocka_unit_test(a_failed_write_sticks),
        cmocka_unit_test(what_others_left_is_not_touched), cmocka_unit_test(what_we_left_is_no_obstacle), cmocka_unit_test(thousands_of_class_names),
        cmocka_unit_test(archives_beyond_4_gb),
    };
    int failed = cmocka_run_group_tests_name("pack", tests, make_scratch, remove_scratch);
    gt_comm_stop(comm);
    return failed;
}
