/* SPDX-License-Identifier: Apache-2.0
 * The dataset tool as a library: what goes in comes out of every kind of destination; what cannot be used is listed,
 * stops the making or is left out; archives beyond 4 GB. */
#include "converting.h"

#include <fcntl.h>
#include <sys/resource.h>

/* Item i of the one is item i of the other, labels included. */
static void same_items(const char *a, const char *b, int64_t count) {
    gt_dataset *x = opened(a, NULL), *y = opened(b, NULL);
    const gt_dataset_info *p = gt_dataset_get_info(x), *q = gt_dataset_get_info(y);
    assert_int_equal(p->count, count);
    assert_int_equal(q->count, count);
    assert_int_equal(p->image_bytes, q->image_bytes);
    assert_true(p->type == q->type && p->channels == q->channels && p->label_width == q->label_width &&
                p->class_names == q->class_names);
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
            packed(source, dest, (gt_convert_request){.compress = compress});
            same_items(source, dest, 40);
            assert_false(exists("0set.zip.part") || exists("0set.zip.progress") || exists("1set.h5.part") ||
                         exists("1set.h5.progress"));
            packed(source, at("deep.h5"),
                   (gt_convert_request){.compress = compress, .transform = {.depth = GT_DEPTH_F32, .channels = 4}});
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
    gt_convert_result result;
    assert_int_equal(pack(source, at("0new/folder/set"), (gt_convert_request){.compress = true}, &result),
                     GT_USAGE); /* not empty any more */
    assert_message("is not what this command makes (00000/img00000000.png differs)");
}

/* Of pictures of 8 x 8 pixels. */
static void subset_is_that_of_training(const char *source, int amount, uint32_t seed) {
    packed(source, at("sub.zip"), (gt_convert_request){.choice = GT_CONVERT_SUBSET, .amount = amount, .seed = seed});
    gt_dataset *ds = opened(source, &(gt_dataset_options){.subset = amount, .subset_seed = seed}),
               *sub = opened(at("sub.zip"), NULL);
    uint8_t x[8 * 8 * 3], y[8 * 8 * 3];
    assert_int_equal(gt_dataset_get_info(sub)->count, amount);
    for (int i = 0; i < amount; i++) {
        assert_int_equal(gt_dataset_read(ds, i, x), GT_OK);
        assert_int_equal(gt_dataset_read(sub, i, y), GT_OK);
        assert_memory_equal(x, y, sizeof x);
        assert_int_equal(gt_dataset_class(ds, i), gt_dataset_class(sub, i));
    }
    gt_dataset_close(ds);
    gt_dataset_close(sub);
}

/* Datasets list their pictures by code points, by which "a-b/1.png" comes before "a/1.png". */
static void subsets_of_folders(void **state) {
    (void)state;
    char path[600];
    mkdir(at("order"), 0777);
    for (int k = 0; k < 10; k++) {
        snprintf(path, sizeof path, "%s/order/%s", scratch, k % 2 ? "a" : "a-b");
        mkdir(path, 0777);
        snprintf(path + strlen(path), 16, "/%d.png", k / 2);
        put_picture(path, k, 8, 8, 3);
    }
    snprintf(path, sizeof path, "%s", at("order"));
    for (int amount = 1; amount < 10; amount++) subset_is_that_of_training(path, amount, 0);
}

static void choices_are_seeded_and_whole(void **state) {
    (void)state;
    const char *source = "synth:shapes:n=50,size=8,classes=5", *parts[2];
    char a[600], b[600];
    subset_is_that_of_training(source, 12, 3);
    snprintf(a, sizeof a, "%s", at("a.zip"));
    snprintf(b, sizeof b, "%s", at("b.zip"));
    packed(source, a, (gt_convert_request){.choice = GT_CONVERT_SPLIT, .split = {0, 0.7}, .seed = 5});
    packed(source, b, (gt_convert_request){.choice = GT_CONVERT_SPLIT, .split = {0.7, 1}, .seed = 5});
    parts[0] = a, parts[1] = b;
    gt_convert_result result;
    assert_int_equal(pack(NULL, at("both.zip"), (gt_convert_request){.n_sources = 2, .sources = parts}, &result),
                     GT_OK);
    assert_int_equal(result.kept, 50);
    assert_int_equal(result.duplicates, 0); /* the parts have nothing in common */
    assert_int_equal(result.classes, 5);
    for (int i = 0; i < 5; i++) assert_int_equal(result.of_class[i], 10);
    gt_convert_result_free(&result);
}

/* ---- sets with a range of their own ---- */

enum { SIDE = 8 };

static uint16_t twelve_bits(int k) { return (uint16_t)(k * 65); } /* 0 .. 4095 */

/* A folder of one grey 16-bit picture, the samples of which are twelve_bits, and a dataset.json. */
static const char *twelve_bit_folder(const char *name, const char *json) {
    uint16_t samples[SIDE * SIDE];
    char path[100];
    void *bytes;
    size_t n;
    for (int k = 0; k < SIDE * SIDE; k++) samples[k] = twelve_bits(k);
    if (gt_png_of_picture(
            &(gt_picture){.height = SIDE, .width = SIDE, .channels = 1, .type = GT_U16, .samples = samples}, false,
            &bytes, &n))
        fail_msg("%s", gt_message());
    mkdir(at(name), 0777);
    snprintf(path, sizeof path, "%s/0.png", name);
    put(at(path), bytes, n);
    snprintf(path, sizeof path, "%s/dataset.json", name);
    put(at(path), json, strlen(json));
    free(bytes);
    return at(name);
}

/* The set's only image and its range. */
static void first_image(const char *spec, void *samples, size_t bytes, double range[2]) {
    gt_dataset *ds = opened(spec, NULL);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    assert_int_equal(info->image_bytes, bytes);
    if (gt_dataset_read(ds, 0, samples)) fail_msg("%s", gt_message());
    memcpy(range, info->range, sizeof info->range);
    gt_dataset_close(ds);
}

static void a_set_keeps_its_range(void **state) {
    (void)state;
    const char *source = twelve_bit_folder("twelve", "{\"range\": [0, 4095]}");
    char dest[600];
    double range[2];
    uint8_t bytes[SIDE * SIDE];
    float floats[SIDE * SIDE];
    uint16_t wide[SIDE][2 * SIDE];

    snprintf(dest, sizeof dest, "%s", at("twelve_u8.zip"));
    packed(source, dest, (gt_convert_request){.transform = {.depth = GT_DEPTH_U8}});
    first_image(dest, bytes, sizeof bytes, range);
    for (int k = 0; k < SIDE * SIDE; k++) assert_true(fabs(bytes[k] - twelve_bits(k) / 4095.0 * 255) <= 0.5);
    assert_true(range[0] == 0 && range[1] == 255);

    snprintf(dest, sizeof dest, "%s", at("twelve_f32.h5"));
    packed(source, dest, (gt_convert_request){.transform = {.depth = GT_DEPTH_F32}});
    first_image(dest, floats, sizeof floats, range);
    for (int k = 0; k < SIDE * SIDE; k++)
        assert_true(fabs((double)floats[k] - (twelve_bits(k) / 4095.0 * 2 - 1)) < 1e-6);
    assert_true(range[0] == -1 && range[1] == 1);

    snprintf(dest, sizeof dest, "%s", at("twelve_wide.zip")); /* white is the range's */
    packed(
        source, dest,
        (gt_convert_request){
            .transform = {
                .width = 2 * SIDE, .height = SIDE, .pad = true, .background = {1, 1, 1}, .alpha = GT_ALPHA_FLATTEN}});
    first_image(dest, wide, sizeof wide, range);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < 2 * SIDE; x++) {
            bool inside = x >= SIDE / 2 && x < SIDE / 2 + SIDE;
            assert_int_equal(wide[y][x], inside ? twelve_bits(y * SIDE + x - SIDE / 2) : 4095);
        }
    assert_true(range[0] == 0 && range[1] == 4095);
}

/* RGB or RGBA pictures and a dataset.json (NULL: none) that names their channels. */
static void named_folder(char path[600], int number, int channels, const char *names) {
    char file[64], json[64];
    snprintf(file, sizeof file, "named%d", number);
    snprintf(path, 600, "%s", at(file));
    mkdir(path, 0777);
    snprintf(file, sizeof file, "named%d/0.png", number);
    put_picture(at(file), number, SIDE, SIDE, channels);
    if (!names) return;
    snprintf(file, sizeof file, "named%d/dataset.json", number);
    int n = snprintf(json, sizeof json, "{\"channels\": \"%s\"}", names);
    put(at(file), json, (size_t)n);
}

static void sets_that_are_merged_agree_on_channels(void **state) {
    (void)state;
    static const struct {
        int channels;
        const char *first, *second;
        bool fits;
    } cases[] = {{3, "R,G,B", "B,G,R", false},      {3, "B,G,R", NULL, false}, {3, NULL, "B,G,R", false},
                 {3, "B,G,R", "B,G,R", true},       {3, NULL, NULL, true},     {4, "R,G,B,A", NULL, true},
                 {4, "R,G,B,A", "R,G,B,nir", false}};
    char a[600], b[600];
    const char *sources[] = {a, b};
    gt_convert_result result;
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        named_folder(a, 2 * i, cases[i].channels, cases[i].first);
        named_folder(b, 2 * i + 1, cases[i].channels, cases[i].second);
        gt_status st = pack(NULL, at("named.zip"),
                            (gt_convert_request){.n_sources = 2, .sources = sources, .overwrite = true}, &result);
        assert_int_equal(st, cases[i].fits ? GT_OK : GT_USAGE);
        if (st) assert_message("different channel names");
        gt_convert_result_free(&result);
    }
}

/* Pictures made in the source's own folder would be found there the next time, as with a split's second part. */
static void not_in_the_source(void **state) {
    (void)state;
    static const char *const within[] = {"own/train",        "own",        "own/new/deeper/",
                                         "own/../own/train", "link/train", "own/sub"},
                             *const elsewhere[] = {"owner", "own/../beside", "own/set.zip"};
    const char *sources[2] = {"synth:shapes:n=5,size=8", NULL};
    char source[600], dest[600];
    gt_convert_result result;
    snprintf(source, sizeof source, "%s", at("own"));
    sources[1] = source;
    mkdir(source, 0777);
    mkdir(at("own/sub"), 0777);
    put_picture(at("own/1.png"), 1, 8, 8, 3);
    assert_int_equal(symlink(source, at("link")), 0);
    for (size_t i = 0; i < sizeof within / sizeof *within; i++) {
        snprintf(dest, sizeof dest, "%s", at(within[i]));
        assert_int_equal(pack(source, dest, (gt_convert_request){0}, &result), GT_USAGE);
        assert_message("is inside the source");
        assert_int_equal(
            pack(NULL, dest,
                 (gt_convert_request){.n_sources = 2, .sources = sources, .import.labels = GT_SOURCE_LABELS_NONE},
                 &result),
            GT_USAGE);
        assert_message(source);
    }
    assert_false(exists("own/train") || exists("own/new"));
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        snprintf(dest, sizeof dest, "%s", at(elsewhere[i]));
        packed(source, dest, (gt_convert_request){0});
    }
    assert_int_equal(pack(source, NULL, (gt_convert_request){.scan_only = true}, &result), GT_OK);
    gt_convert_result_free(&result);
}

/* ---- pictures that cannot be used ---- */

static void unusable_pictures(void **state) {
    (void)state;
    gt_convert_result result;
    char source[600];
    snprintf(source, sizeof source, "%s", mixed_folder());
    assert_int_equal(pack(source, at("stop.zip"), (gt_convert_request){.report = at("report")}, &result), GT_FORMAT);
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
    assert_int_equal(pack(source, at("stop.zip"), (gt_convert_request){.skip = true}, &result), GT_OK);
    assert_true(result.kept == GOOD + 1 && result.bad == 1 && result.duplicates == 1);
    packed(source, at("once.zip"), (gt_convert_request){.skip = true});
    size_t m;
    uint8_t *a = get(at("stop.zip"), &n), *b = get(at("once.zip"), &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n);
    free(a);
    free(b);
    assert_int_equal(
        pack(source, at("single.zip"), (gt_convert_request){.skip = true, .skip_duplicates = true}, &result), GT_OK);
    assert_int_equal(result.kept, GOOD);

    put_picture(at("mixed/99odd.png"), 3, 16, 8, 3); /* known from heads: nothing is begun */
    assert_int_equal(pack(source, at("odd.zip"), (gt_convert_request){0}, &result), GT_USAGE);
    assert_message("99odd.png");
    assert_message("8 x 16");
    assert_false(exists("odd.zip.part"));
    assert_int_equal(pack(source, at("odd.zip"), (gt_convert_request){.scan_only = true}, &result), GT_OK);
    assert_true(result.bad == 1 && result.odd == 1 && result.duplicates == 1);
    assert_int_equal(pack(source, at("odd.zip"), (gt_convert_request){.skip = true}, &result), GT_OK);
    assert_true(result.kept == GOOD + 1 && result.bad == 1 && result.odd == 1);
    /* any size: which networks can make it is theirs to say */
    assert_int_equal(pack(source, at("any.zip"),
                          (gt_convert_request){.transform = {.width = 7, .height = 30}, .skip = true}, &result),
                     GT_OK);
    assert_true(result.width == 7 && result.height == 30);
    gt_status st = pack(source, at("f32.zip"), (gt_convert_request){.transform = {.depth = GT_DEPTH_F32}, .skip = true},
                        &result);
    assert_int_equal(st, GT_USAGE);
    assert_message(".h5");
}

/* Most pictures are of the size that most have, in whatever order they come; of two sizes that are as frequent the
 * first one is meant. */
static void most_pictures_have_a_size(void **state) {
    (void)state;
    static const char *const orders[] = {"ABABA", "BABAA", "AABBBA", "CABCABCC", "BACBACBA", "ACBCACBC", "BBAACCC"};
    for (size_t k = 0; k < sizeof orders / sizeof *orders; k++) {
        int n = (int)strlen(orders[k]), count[3] = {0}, most = orders[k][0] - 'A';
        char folder[600], path[700];
        gt_convert_result result;
        snprintf(folder, sizeof folder, "%s/sizes%zu", scratch, k);
        mkdir(folder, 0777);
        for (int i = 0; i < n; i++) {
            int size = orders[k][i] - 'A';
            count[size]++;
            snprintf(path, sizeof path, "%s/%d.png", folder, i);
            put_picture(path, i, 4 + size, 4, 3);
        }
        for (int i = 1; i < n; i++)
            if (count[orders[k][i] - 'A'] > count[most]) most = orders[k][i] - 'A';
        gt_status st = pack(folder, NULL, (gt_convert_request){.scan_only = true, .skip = true}, &result);
        if (st || result.height != 4 + most || result.odd != n - count[most])
            fail_msg("%s: status %d, height %d, %d of another size", orders[k], st, result.height, (int)result.odd);
        gt_convert_result_free(&result);
    }
}

/* Where some pictures have a label, one that has none cannot be used: whether labels were asked for, or are the
 * source's own. */
static void pictures_without_labels(void **state) {
    (void)state;
    char source[600], csv[600], path[700], lines[256] = "", json[512] = "{\"labels\": [";
    snprintf(source, sizeof source, "%s", at("stray"));
    snprintf(csv, sizeof csv, "%s", at("stray.csv"));
    mkdir(source, 0777);
    mkdir(at("stray/cat"), 0777);
    mkdir(at("stray/dog"), 0777);
    put_picture(at("stray/stray.png"), 99, 8, 8, 3);
    for (int i = 0; i < 8; i++) {
        const char *folder = i % 2 ? "dog" : "cat";
        snprintf(path, sizeof path, "%s/%s/%d.png", source, folder, i);
        put_picture(path, i, 8, 8, 3);
        snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s/%d.png,%d\n", folder, i, i % 2);
        snprintf(json + strlen(json), sizeof json - strlen(json), "%s[\"%s/%d.png\", %d]", i ? ", " : "", folder, i,
                 i % 2);
    }
    put(csv, lines, strlen(lines));
    gt_convert_result result;
    strcat(json, "]}");
    gt_source_options wanted[3] = {
        {.labels = GT_SOURCE_LABELS_FOLDERS}, {.labels_csv = csv}, {.labels = GT_SOURCE_LABELS_OWN}};
    static const char *const words[3] = {"--labels=folders", "stray.csv", "no label, while 8 others have one"};
    for (int k = 0; k < 3; k++) {
        if (k == 2) put(at("stray/dataset.json"), json, strlen(json));
        assert_int_equal(pack(source, at("stray.zip"), (gt_convert_request){.import = wanted[k]}, &result), GT_USAGE);
        assert_message("1 of 9 pictures");
        assert_message("'stray.png': ");
        assert_message(words[k]);
        assert_message("--labels=none");
        assert_false(exists("stray.zip") || exists("stray.zip.part"));
        assert_int_equal(pack(source, NULL, (gt_convert_request){.import = wanted[k], .scan_only = true}, &result),
                         GT_OK);
        assert_true(result.unlabelled == 1 && result.odd == 0);
        assert_int_equal(
            pack(source, at("stray.zip"), (gt_convert_request){.import = wanted[k], .skip = true}, &result), GT_OK);
        assert_true(result.kept == 8 && result.unlabelled == 1 && result.classes == 2 && result.of_class[1] == 4);
        gt_convert_result_free(&result);
        unlink(at("stray.zip"));
    }
    packed(source, at("stray.zip"),
           (gt_convert_request){.import = {.labels = GT_SOURCE_LABELS_NONE}, .report = at("stray.report")});
    size_t n;
    char *text = get(at("stray.report"), &n);
    assert_null(strstr(text, "stray.png"));
    free(text);
}

/* `turned` pictures shown 8 x 16 and `upright` ones of that size, and `odd` ones of 16 x 8. */
static const char *turned_zip(turn how, int turned, int upright, int odd) {
    char entry[32];
    zip_t *z = begin_zip(at("turned.zip"));
    for (int i = 0; i < turned + upright + odd; i++) {
        bytes b = i < turned             ? turned_picture(i, 16, 8, how)
                  : i < turned + upright ? picture(i, 16, 8, 3)
                                         : picture(i, 8, 16, 3);
        snprintf(entry, sizeof entry, "%s%02d.png",
                 i < turned             ? "turned"
                 : i < turned + upright ? "upright"
                                        : "wide",
                 i);
        add_entry(z, entry, b.data, b.n, ZIP_CM_STORE);
        free(b.data);
    }
    end_zip(z);
    return at("turned.zip");
}

/* Pictures that agree as shown make a dataset, whatever they are as stored. */
/* A PNG of 16 bits whose samples are those of paint(i) times 257. */
static void put_wide(const char *path, int i) {
    uint8_t narrow[8 * 8 * 3];
    uint16_t wide[8 * 8 * 3];
    bytes b;
    paint(i, 8, 8, 3, narrow);
    for (int k = 0; k < 8 * 8 * 3; k++) wide[k] = (uint16_t)(257 * narrow[k]);
    gt_picture p = {.height = 8, .width = 8, .channels = 3, .type = GT_U16, .samples = wide};
    assert_int_equal(gt_png_encode(&p, 6, &b.data, &b.n), GT_OK);
    put(path, b.data, b.n);
    free(b.data);
}

/* Pictures of 8 and 16 bits in one folder become pictures of 8 bits; a depth that is asked for counts. */
static void mixed_depths(void **state) {
    (void)state;
    char path[600];
    mkdir(at("depths"), 0777);
    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "%s/depths/%d.png", scratch, i);
        if (i == 2) put_picture(path, i, 8, 8, 3);
        else put_wide(path, i);
    }
    snprintf(path, sizeof path, "%s", at("depths"));
    packed(path, at("depths.zip"), (gt_convert_request){0});
    gt_dataset *ds = opened(at("depths.zip"), NULL);
    assert_int_equal(gt_dataset_get_info(ds)->type, GT_U8);
    for (int i = 0; i < 5; i++) {
        uint8_t got[8 * 8 * 3], want[8 * 8 * 3];
        paint(i, 8, 8, 3, want);
        assert_int_equal(gt_dataset_read(ds, i, got), GT_OK);
        assert_memory_equal(got, want, sizeof want);
    }
    assert_int_equal(gt_dataset_get_info(ds)->count, 5);
    gt_dataset_close(ds);
    packed(path, at("depths.zip"), (gt_convert_request){.transform = {.depth = GT_DEPTH_U16}});
    ds = opened(at("depths.zip"), NULL);
    assert_true(gt_dataset_get_info(ds)->type == GT_U16 && gt_dataset_get_info(ds)->count == 5);
    gt_dataset_close(ds);
    gt_convert_result result; /* one range cannot be right for both */
    gt_convert_request ranged = {.overwrite = true, .has_range = true, .range = {0, 200}};
    assert_int_equal(pack(path, at("depths.zip"), ranged, &result), GT_USAGE);
    assert_message("1 of 5 pictures");
}

static void nothing_but_damage(void **state) {
    (void)state;
    char path[600];
    mkdir(at("damage"), 0777);
    put(at("damage/0.png"), "no picture", 10);
    put(at("damage/1.png"), "no picture", 10);
    snprintf(path, sizeof path, "%s", at("damage"));
    gt_convert_result result;
    assert_int_equal(pack(path, at("damage.zip"), (gt_convert_request){0}, &result), GT_FORMAT);
    assert_message("none of the 2 pictures can be used");
    assert_message("0.png");
}

static void turned_pictures(void **state) {
    (void)state;
    gt_convert_result result;
    for (turn how = TURN_FRONT; how < TURNS; how++)
        for (int upright = 0; upright <= 3; upright += 3)
            for (int sized = 0; sized < 2; sized++) {
                gt_convert_request r = {.transform = {.width = sized ? 8 : 0, .height = sized ? 16 : 0}};
                if (pack(turned_zip(how, 5, upright, 0), at("shown.zip"), r, &result)) fail_msg("%s", gt_message());
                assert_true(result.kept == 5 + upright && result.bad == 0 && result.odd == 0);
                gt_dataset *ds = opened(at("shown.zip"), NULL);
                assert_true(gt_dataset_get_info(ds)->height == 16 && gt_dataset_get_info(ds)->width == 8);
                gt_dataset_close(ds);
                unlink(at("shown.zip"));
            }
    for (turn how = TURN_FRONT; how < TURNS; how++) {
        assert_int_equal(pack(turned_zip(how, 4, 1, 2), at("unlike.zip"), (gt_convert_request){0}, &result), GT_USAGE);
        assert_message("2 of 7");
        assert_message("wide05.png': becomes 16 x 8 pixels, 8-bit RGB; the most frequent shape is 8 x 16");
        assert_int_equal(pack(turned_zip(how, 1, 1, 4), at("unlike.zip"), (gt_convert_request){.skip = true}, &result),
                         GT_OK);
        assert_true(result.kept == 4 && result.odd == 2);
        gt_convert_result_free(&result);
        unlink(at("unlike.zip"));
    }
}

/* More names than an attribute of old HDF5 files holds. */
static void thousands_of_class_names(void **state) {
    (void)state;
    enum { NAMES = 3000, LENGTH = 60 };
    static char json[NAMES * (LENGTH + 5) + 100];
    char last[LENGTH + 1];
    size_t n = (size_t)sprintf(json, "{\"labels\": [[\"0.png\", 0], [\"1.png\", %d]], \"class_names\": [", NAMES - 1);
    for (int i = 0; i < NAMES; i++) n += (size_t)sprintf(json + n, "%s\"%0*d\"", i ? ", " : "", LENGTH, i);
    n += (size_t)sprintf(json + n, "]}");
    snprintf(last, sizeof last, "%0*d", LENGTH, NAMES - 1);
    mkdir(at("names"), 0777);
    put_picture(at("names/0.png"), 0, 8, 8, 1);
    put_picture(at("names/1.png"), 1, 8, 8, 1);
    put(at("names/dataset.json"), json, n);
    packed(at("names"), at("names.h5"), (gt_convert_request){0});
    gt_dataset *ds = opened(at("names.h5"), NULL);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    assert_int_equal(info->class_names, NAMES);
    assert_string_equal(info->class_name[NAMES - 1], last);
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
    gt_dest d = {
        .kind = &gt_dest_zip, .path = at("large.zip"), .items = &items, .transform = &(gt_transform){0}, .fd = -1};
    char path[600], part[700];
    snprintf(path, sizeof path, "%s", d.path);
    snprintf(part, sizeof part, "%s.part", path);
    d.path = path;
    for (uint32_t i = 0; i < ENTRIES; i++)
        assert_int_equal(gt_dest_put(&d, &(gt_entry){.item = i, .size = size, .crc = i, .hashed = true}, NULL), GT_OK);
    int fd = open(part, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    if (ftruncate(fd, (off_t)ENTRIES * size + 1000)) skip();
    close(fd);
    assert_int_equal(gt_dest_open(&d), GT_OK);
    if (d.kind->finish(&d)) fail_msg("%s", gt_message());
    gt_dest_close(&d);
    gt_zip *z;
    if (gt_zip_open(&z, path)) fail_msg("%s", gt_message());
    assert_int_equal(gt_zip_count(z), ENTRIES + 2);
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
    comm = gt_comm_start_all(2, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_destination_holds_it),
        cmocka_unit_test(subsets_of_folders),
        cmocka_unit_test(choices_are_seeded_and_whole),
        cmocka_unit_test(a_set_keeps_its_range),
        cmocka_unit_test(sets_that_are_merged_agree_on_channels),
        cmocka_unit_test(not_in_the_source),
        cmocka_unit_test(unusable_pictures),
        cmocka_unit_test(most_pictures_have_a_size),
        cmocka_unit_test(pictures_without_labels),
        cmocka_unit_test(mixed_depths),
        cmocka_unit_test(nothing_but_damage),
        cmocka_unit_test(turned_pictures),
        cmocka_unit_test(thousands_of_class_names),
        cmocka_unit_test(a_failed_write_sticks),
        cmocka_unit_test(archives_beyond_4_gb),
    };
    int failed = cmocka_run_group_tests_name("pack", tests, make_scratch, remove_scratch);
    gt_comm_stop_all(comm);
    return failed;
}
