/* SPDX-License-Identifier: Apache-2.0
 * Fields: NetCDF files of netCDF4-python beside what NumPy makes of them (python3-netcdf4), and what must hold without:
 * exact sums, calendars, grids. */
#include "data_files.h"
#include "without.h"

#include "base/door/exact.h"
#include "base/door/random.h"
#include "data/door/dataset.h"
#include "data/door/fields_file.h"
#include "data/fields/calendar.h"
#include "data/fields/fields.h"

/* ---- without files ---- */

static void sums_are_exact(void **state) {
    (void)state;
    static gt_exact_sum all, parts[2], squares;
    double hi, lo, mean, deviation;
    const double x[] = {
        1e300, 3, -1e300, 0x1p-1074, 1e16, -1, -1e16, 0x1p-1074, -5, 0x1.fffffffffffffp1023, -0x1.fffffffffffffp1023};
    int n = sizeof x / sizeof *x;
    for (int i = 0; i < n; i++) gt_exact_add(&all, x[i]), gt_exact_add(&parts[i % 2], x[n - 1 - i]);
    gt_exact_total(&all, &hi, &lo);
    assert_true(hi == -3 && lo == 0x1p-1073);
    for (int k = 0; k < GT_EXACT_PLACES; k++) parts[0].place[k] += parts[1].place[k];
    gt_exact_total(&parts[0], &hi, &lo);
    assert_true(hi == -3 && lo == 0x1p-1073);
    all = (gt_exact_sum){0};
    for (int i = 0; i < 1000; i++) { /* numbers that are far from 0: E[x^2] - E[x]^2 has lost its digits in float64 */
        float v = 1e6f + (float)(i % 2);
        gt_exact_add(&all, (double)v), gt_exact_add(&squares, (double)v * (double)v);
    }
    gt_exact_moments(&all, &squares, 1000, &mean, &deviation);
    assert_true(mean == 1e6 + 0.5 && fabs(deviation - 0.5) < 1e-15);
}

static void calendars(void **state) {
    (void)state;
    static const struct {
        const char *units, *calendar;
        double value;
        const char *is;
    } good[] = {
        {"days since 1970-01-01", "", 0, "1970-01-01"},
        {"days since 2000-02-28", "standard", 2, "2000-03-01"},
        {"days since 1900-02-28", "proleptic_gregorian", 1, "1900-03-01"},
        {"days since 2000-02-28", "noleap", 1, "2000-03-01"},
        {"days since 2000-02-28", "365_day", 366.5, "2001-03-01T12:00:00"},
        {"days since 2000-02-28", "360_day", 2, "2000-02-30"},
        {"days since 2000-02-28", "360_day", -58, "1999-12-30"},
        {"days since 1582-10-04", "gregorian", 1, "1582-10-15"},
        {"days since 1582-10-04", "proleptic_gregorian", 1, "1582-10-05"},
        {"days since 0001-01-01", "standard", 577737, "1582-10-15"},
        {"hours since 1850-1-1 06:00:00", "standard", 18, "1850-01-02"},
        {"minutes since 2000-01-01T00:30Z", "standard", 90, "2000-01-01T02:00:00"},
        {"seconds since 2000-01-01 00:00:00.0 +01:00", "standard", 3600, "2000-01-01"},
        {"days since 1969-12-31", "noleap", -365, "1968-12-31"},
    };
    static const char *const bad[][2] = {{"months since 2000-01-01", ""},     {"days", ""},
                                         {"days since yesterday", ""},        {"days since 2000-02-30", "standard"},
                                         {"days since 2001-02-29", ""},       {"days since 1582-10-10 25:70", ""},
                                         {"days since 2000-01-01", "julian"}, {"days since 2000-13-01", "360_day"}};
    gt_time_units u;
    char text[GT_MOMENT_BYTES];
    int64_t moment;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_ok(gt_time_units_read(&u, good[i].units, good[i].calendar));
        assert_ok(gt_time_read(&u, good[i].value, &moment));
        assert_string_equal(gt_moment_text(u.calendar, moment, text), good[i].is);
        assert_true(gt_time_of(&u, moment) == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(gt_time_units_read(&u, bad[i][0], bad[i][1]), GT_FORMAT);
    assert_ok(gt_time_units_read(&u, "days since 2000-01-01", NULL));
    assert_int_equal(gt_time_read(&u, NAN, &moment), GT_FORMAT);
    assert_int_equal(gt_time_read(&u, 1e300, &moment), GT_FORMAT);
}

static void grids(void **state) {
    (void)state;
    gt_arena *a = gt_arena_new();
    gt_cells c;
    const gt_cells one = {
        .in = 1, .out = 1, .taps = 1, .first = (int[]){0}, .count = (int[]){1}, .weight = (double[]){1}};
    const float up[] = {0, 4}, down[] = {1, 2, 3, 4, 5};
    double scratch[8];
    float out[8];
    assert_ok(gt_cells_plan(a, &c, 2, 4, GT_RESIZE_SMOOTH));
    gt_cells_apply(&one, &c, up, scratch, out);
    assert_memory_equal(out, ((float[]){0, 1, 3, 4}), 4 * sizeof *out);
    assert_ok(gt_cells_plan(a, &c, 5, 2, GT_RESIZE_SMOOTH)); /* the middle cell is shared */
    gt_cells_apply(&one, &c, down, scratch, out);
    assert_memory_equal(out, ((float[]){(float)((1 + 2 + 1.5) / 2.5), (float)((1.5 + 4 + 5) / 2.5)}), 2 * sizeof *out);
    assert_ok(gt_cells_plan(a, &c, 5, 2, GT_RESIZE_NEAREST));
    gt_cells_apply(&one, &c, down, scratch, out);
    assert_memory_equal(out, ((float[]){2, 4}), 2 * sizeof *out);
    assert_ok(gt_cells_plan(a, &c, 5, 5, GT_RESIZE_SMOOTH));
    gt_cells_apply(&one, &c, (float[]){1, NAN, 3, 4, 5}, scratch, out);
    assert_true(out[0] == 1 && isnan(out[1]) && out[2] == 3);
    gt_arena_free(a);
}

static void scales_are_undone(void **state) {
    (void)state;
    for (gt_value_transform t = 0; t <= GT_VALUES_SQRT; t++) {
        const gt_channel_scale c = {.mean = 0.5, .deviation = 2, .transform = t};
        float x[] = {0, 99, 1e-7f, 99, 1, 99, 1000, 99}, y[8];
        memcpy(y, x, sizeof y);
        for (int i = 0; i < 8; i += 2) {
            assert_true(gt_value_transform_do(t, &y[i]));
            y[i] = (float)(((double)y[i] - c.mean) / c.deviation);
        }
        gt_channel_scale_undo(&c, y, 4, 2);
        for (int i = 0; i < 8; i++) assert_true(fabsf(x[i] - y[i]) <= 1e-6f * (1 + x[i]));
    }
}

/* ---- NetCDF files ---- */

static bool made, can;

static bool have_files(void) {
    char command[512];
    if (made) return can;
    made = true;
    can = have_tool("/usr/bin/python3 -c 'import netCDF4'", "python3-netcdf4");
    snprintf(command, sizeof command, "/usr/bin/python3 tests/tools/fields.py %s", scratch);
    if (can) assert_int_equal(system(command), 0);
    return can;
}

/* "FILE.nc:a,OTHER.nc:b" in the scratch folder, four at a time. */
static const char *in(const char *list) {
    static char texts[4][1024];
    static int turn;
    char *t = texts[turn++ % 4], *to = t;
    for (const char *part = list; *part; part += strcspn(part, ","), part += *part == ',') {
        int n = (int)strcspn(part, ",");
        bool path = memchr(part, '.', (size_t)n) != NULL;
        to += sprintf(to, "%s%s%s%.*s", to > t ? "," : "", path ? scratch : "", path ? "/" : "", n, part);
    }
    return t;
}

static gt_dataset *fields_of(const char *data, const gt_fields_request *r) {
    gt_dataset *ds;
    assert_ok(gt_dataset_open(&ds, data, &(gt_dataset_options){.fields = r}));
    return ds;
}

static void refuses(const char *data, const gt_fields_request *r, const char *says) {
    gt_dataset *ds = NULL;
    gt_status st = gt_dataset_open(&ds, data, &(gt_dataset_options){.fields = r});
    if (!st || !strstr(gt_message(), says)) print_message("%s\n", gt_message());
    assert_true(st);
    assert_null(ds);
    assert_non_null(strstr(gt_message(), says));
}

enum { T = 10, H = 8, W = 12, C = 5, CELLS = H * W };

static void as_numpy_has_it(void **state) {
    (void)state;
    if (!have_files()) skip();
    const gt_fields_request r = {
        .condition = in("coarse.nc:ta_850,hus"), .statics = in("large.nc:topo"), .value_transform = "pr=log1p"};
    gt_dataset *ds = fields_of(in("fine.nc:pr"), &r);
    const gt_dataset_info *i = gt_dataset_get_info(ds);
    assert_int_equal(i->count, T);
    assert_true(i->height == H && i->width == W && i->channels == C && i->conditions == C - 1 &&
                i->mask_of_target == -1);
    assert_string_equal(i->channel_names, "pr,ta_850,hus_0,hus_1,topo");
    assert_string_equal(i->scale[0].units, "kg m-2 s-1");
    assert_string_equal(i->place->calendar, "standard");
    assert_true(i->place->y.n == H && i->place->y.values[0] == 2.5);
    size_t n;
    GT_FREED float *expected = get(at("expected"), &n);
    GT_FREED double *moments = get(at("moments"), &(size_t){0});
    assert_int_equal(n, T * CELLS * C * sizeof(float));
    for (int c = 0; c < C; c++) {
        assert_true(fabs(i->scale[c].mean - moments[2 * c]) <= 1e-6 * fabs(moments[2 * c]));
        assert_true(fabs(i->scale[c].deviation - moments[2 * c + 1]) <= 1e-6 * moments[2 * c + 1]);
    }
    float got[CELLS * C], floats[CELLS * C];
    for (int k = 0; k < T; k++) {
        assert_ok(gt_dataset_read(ds, k, got));
        for (int e = 0; e < CELLS * C; e++) assert_true(fabsf(got[e] - expected[k * CELLS * C + e]) < 1e-5f);
        double time;
        assert_int_equal(gt_dataset_moment(ds, k, &time), 951782400 + 86400 * k + 43200); /* 2000-02-29T12 */
        assert_true(time == k + 2.5);
    }
    gt_dataset_floats(i, got, CELLS * C, floats);
    assert_memory_equal(got, floats, sizeof got);
    gt_dataset_close(ds);
}

/* Those of a network, by name and in its order; without targets. */
static void channels_of_a_network(void **state) {
    (void)state;
    if (!have_files()) skip();
    gt_fields_request r = {.condition = in("coarse.nc:ta_850,hus")};
    gt_dataset *ds = fields_of(in("fine.nc:pr"), &r), *again;
    const gt_dataset_info *i = gt_dataset_get_info(ds);
    float was[CELLS * 4], is[CELLS * 3];
    assert_ok(gt_dataset_read(ds, 3, was));
    gt_fields_request use = {.condition = in("coarse.nc:hus,ta_850"),
                             .fixed = i->scale,
                             .n_fixed = i->channels,
                             .fixed_conditions = i->conditions,
                             .fixed_place = i->place,
                             .height = H,
                             .width = W};
    again = fields_of(NULL, &use);
    const gt_dataset_info *j = gt_dataset_get_info(again);
    assert_int_equal(j->count, 12);
    assert_true(j->channels == 3 && j->conditions == 3);
    assert_string_equal(j->channel_names, "ta_850,hus_0,hus_1");
    assert_ok(gt_dataset_read(again, 3, is));
    for (int k = 0; k < CELLS * 3; k++) assert_true(is[k] == was[k / 3 * 4 + 1 + k % 3]);
    gt_dataset_close(again);
    use.condition = in("coarse.nc:hus");
    refuses(NULL, &use, "trained on 'ta_850', which is not given");
    use.condition = in("coarse.nc:hus,ta_850,large.nc:topo");
    refuses(NULL, &use, "no axis of samples; --static takes it");
    use.condition = in("coarse.nc:hus,ta_850"), use.statics = in("large.nc:topo");
    refuses(NULL, &use, "'topo' is given, and the network was not trained on");
    use.statics = NULL, use.condition = in("celsius.nc:ta_850,coarse.nc:hus");
    refuses(NULL, &use, "has the units 'degC', and the network was trained on 'K'");
    use.condition = in("coarse.nc:hus,ta_850"), use.height = 16;
    refuses(in("fine.nc:pr"), &use, "trained on 12 x 16");
    gt_dataset_close(ds);
}

static void missing_values(void **state) {
    (void)state;
    if (!have_files()) skip();
    gt_fields_request r = {.condition = in("sea.nc:sst")};
    const char *data = in("holes.nc:pr");
    refuses(data, &r, "holes.nc': 'pr': 1 of 1152 values are missing");
    r.missing = GT_MISSING_MASK;
    gt_dataset *ds = fields_of(data, &r);
    const gt_dataset_info *i = gt_dataset_get_info(ds);
    assert_string_equal(i->channel_names, "pr,sst,mask_of_sst,mask_of_targets");
    assert_true(i->conditions == 3 && i->mask_of_target == 3);
    float x[CELLS * 4];
    assert_ok(gt_dataset_read(ds, 1, x));
    for (int k = 0; k < CELLS; k++) {
        bool hole = k == 2 * W + 3, sea = k / W > 2 || k % W > 5; /* cells that reach into the missing one */
        assert_true(x[4 * k + 3] == (hole ? 0 : 1) && (!hole || x[4 * k] == 0));
        assert_true(x[4 * k + 2] == (sea ? 1 : 0) && (sea || x[4 * k + 1] == 0));
    }
    /* the network has no such mask */
    gt_fields_request use = {.condition = r.condition,
                             .missing = GT_MISSING_MASK,
                             .fixed = (gt_channel_scale[]){i->scale[0], i->scale[1]},
                             .n_fixed = 2,
                             .fixed_conditions = 1};
    refuses(data, &use, "the network was trained on none that are");
    use.missing = GT_MISSING_REFUSED;
    refuses(data, &use, "where --missing=mask was not given");
    gt_dataset_close(ds);
    r.missing = GT_MISSING_REFUSED, r.condition = in("plain.npz:coarse");
    refuses(in("plain.npz:fine,holes.nc:pr"), &r, "missing");
    r.condition = in("sea.nc:sst");
    refuses(in("plain.npz:fine"), &r, "'sst': ");
}

static void other_files(void **state) {
    (void)state;
    if (!have_files()) skip();
    gt_fields_request r = {.condition = in("plain.npz:coarse"), .condition_resize = GT_RESIZE_NEAREST};
    gt_dataset *ds = fields_of(in("plain.npz:fine"), &r);
    assert_string_equal(gt_dataset_get_info(ds)->channel_names, "fine,coarse");
    assert_int_equal(gt_dataset_get_info(ds)->count, 12);
    gt_dataset_close(ds);
    r = (gt_fields_request){0}; /* two files of one variable, the later one first */
    ds = fields_of(in("y2001.nc:pr,y2000.nc:pr"), &r);
    assert_int_equal(gt_dataset_get_info(ds)->count, 6);
    double time;
    gt_dataset_moment(ds, 4, &time);
    assert_true(time == 1);
    gt_dataset_close(ds);
    r.condition = in("y2000.nc:pr");
    ds = fields_of(in("y2001.nc:pr,y2000.nc:pr"), &r);
    assert_int_equal(gt_dataset_get_info(ds)->count, 3);
    float x[CELLS * 2];
    assert_ok(gt_dataset_read(ds, 1, x));
    gt_channel_scale_undo(&gt_dataset_get_info(ds)->scale[0], x, CELLS, 2);
    gt_channel_scale_undo(&gt_dataset_get_info(ds)->scale[1], x + 1, CELLS, 2);
    for (int k = 0; k < CELLS; k++) assert_true(fabsf(x[2 * k] - x[2 * k + 1]) < 1e-4f);
    gt_dataset_close(ds);
}

/* Cells of another size may end half a cell elsewhere. */
static void nearly_the_same_place(void **state) {
    (void)state;
    if (!have_files()) skip();
    static const char *const good[] = {"half_on.nc:ta", "points.nc:ta"};
    for (int turn = 0; turn < 4; turn++) {
        const char *field = in(good[turn / 2]), *fine = in("fine.nc:pr");
        const gt_fields_request r = {.condition = turn % 2 ? fine : field};
        gt_dataset_close(fields_of(turn % 2 ? field : fine, &r));
    }
}

static void integers(void **state) {
    (void)state;
    if (!have_files()) skip();
    gt_fields_request r = {0};
    gt_dataset *ds = fields_of(in("integers.nc:bytes"), &r);
    float x[CELLS];
    assert_ok(gt_dataset_read(ds, 1, x));
    gt_channel_scale_undo(&gt_dataset_get_info(ds)->scale[0], x, CELLS, 1);
    for (int k = 0; k < CELLS; k++) assert_true(fabsf(x[k] - (float)((CELLS + k) % 200) / 2) < 1e-4f);
    gt_dataset_close(ds);
    refuses(in("integers.nc:gaps"), &r, "6 of 1152 values are missing");
    refuses(in("integers.nc:wide"), &r, "6 of 1152 values are missing");
}

/* What is said of one variable is said of the next one of the file, if that differs. */
static void said_of_each_variable(void **state) {
    (void)state;
    if (!have_files()) skip();
    static const struct {
        const char *condition, *says;
        int items;
    } all[] = {
        {"two_times.nc:tas,zg", "8 samples of 'pr'", 8},
        {"two_times.nc:tas,southward", "'southward' has its rows in the other order", T + 2},
        {"larger.nc:ta", "'ta' reaches from -40 to 80 on the axis lon, and the targets 'pr' from 0 to 60", T + 2},
    };
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        const gt_fields_request r = {.condition = in(all[k].condition)};
        gt_source *source;
        assert_ok(gt_fields_open(&source, in("fine.nc:pr"), &r));
        const gt_source_info *i = gt_source_get_info(source);
        assert_int_equal(i->count, all[k].items);
        assert_non_null(i->said);
        assert_non_null(strstr(i->said, all[k].says));
        gt_source_close(source);
    }
}

/* Pictures are paired by their names, and targets keep their classes. */
static void pictures_by_name(void **state) {
    (void)state;
    static const char classes[] = "{\"labels\": [[\"a.png\", 0], [\"b.png\", 1], [\"c.png\", 2]]}";
    mkdir(at("large"), 0777), mkdir(at("small"), 0777), mkdir(at("other"), 0777);
    for (int i = 0; i < 3; i++) {
        char large[16], small[16];
        snprintf(large, sizeof large, "large/%c.png", 'a' + i);
        snprintf(small, sizeof small, "small/%c.png", 'b' + i);
        put_picture(at(large), i, H, W, 1);
        put_picture(at(small), i + 1, 4, 6, 3);
    }
    put_picture(at("other/x.png"), 0, 4, 6, 3);
    put(at("large/dataset.json"), classes, sizeof classes - 1);
    const gt_fields_request r = {.condition = at("small")}, none = {.condition = at("other")};
    gt_dataset *ds;
    char name[GT_ITEM_NAME_BYTES];
    assert_ok(gt_dataset_open(&ds, at("large"), &(gt_dataset_options){.fields = &r, .use_labels = true}));
    const gt_dataset_info *i = gt_dataset_get_info(ds);
    assert_true(i->count == 2 && i->channels == 4 && i->conditions == 3 && i->label_width == 3);
    assert_string_equal(i->channel_names, "large,small_0,small_1,small_2");
    assert_string_equal(gt_dataset_name(ds, 0, name), "b.png");
    assert_int_equal(gt_dataset_class(ds, 1), 2);
    float x[CELLS * 4];
    uint8_t pixels[CELLS];
    paint(1, H, W, 1, pixels);
    assert_ok(gt_dataset_read(ds, 0, x));
    gt_channel_scale_undo(&i->scale[0], x, CELLS, 4);
    for (int k = 0; k < CELLS; k++) assert_true(fabsf(x[4 * k] - pixels[k]) < 1e-3f);
    gt_dataset_close(ds);
    refuses(at("large"), &none, "'large' and 'other' have no names in common");
}

/* Those of what is trained on alone. */
static void means_of_a_subset(void **state) {
    (void)state;
    if (!have_files()) skip();
    const gt_fields_request r = {.condition = in("plain.npz:coarse")};
    gt_dataset *ds;
    double sum[2] = {0}, squares[2] = {0};
    assert_ok(gt_dataset_open(&ds, in("plain.npz:fine"), &(gt_dataset_options){.fields = &r, .subset = 5}));
    assert_int_equal(gt_dataset_get_info(ds)->count, 5);
    for (int i = 0; i < 5; i++) {
        float x[CELLS * 2];
        assert_ok(gt_dataset_read(ds, i, x));
        for (int k = 0; k < 2 * CELLS; k++) sum[k % 2] += (double)x[k], squares[k % 2] += (double)x[k] * (double)x[k];
    }
    for (int c = 0; c < 2; c++) assert_true(fabs(sum[c]) < 1e-3 && fabs(squares[c] / (5.0 * CELLS) - 1) < 1e-5);
    gt_dataset_close(ds);
}

static void refusals(void **state) {
    (void)state;
    if (!have_files()) skip();
    static const struct {
        const char *data, *condition, *transform, *says;
    } bad[] = {
        {"fine.nc:pr", "coarse.nc:ta_85", "", "did you mean 'ta_850'? There are hus, ta_850"},
        {"fine.nc:pr", "coarse.nc", "", "holds several variables; name them, as in FILE:NAME,NAME: hus, ta_850"},
        {"fine.nc:pr", "later.nc:ta_850", "",
         "no times in common: 2000-02-27T12:00:00 to 2000-03-09T12:00:00 and 2050-01-01 to 2050-01-12"},
        {"fine.nc:pr", "noleap.nc:ta_850", "", "times cannot be matched"},
        {"fine.nc:pr", "months.nc:ta_850", "", "are not days, hours, minutes or seconds since"},
        {"fine.nc:pr", "empty.nc:ta_850", "", "holds no samples"},
        {"plain.npz:fine", "y2000.nc:pr", "", "'fine' has 12 samples and 'pr' has 3"},
        {"fine.nc:pr,fine.nc:pr", "coarse.nc:ta_850", "", "has two samples of 2000-02-27T12:00:00"},
        {"fine.nc:pr", "coarse.nc:ta_850,later.nc:ta_850", "", "is in '', but in 'K'"},
        {"fine.nc:pr", "coarse.nc:time", "", "its axes must be"},
        {"fine.nc:pr", "nothing.nc:ta", "", "nothing.nc"},
        {"fine.nc:pr", "old.nc:pr", "", "nccopy -k nc4"},
        {"fine.nc:pr", "fine.nc:", "", "must be FILE:NAME"},
        {"y2000.nc:pr,moved.nc:pr", "coarse.nc:ta_850", "",
         "has its columns (lon) from 7.5 to 62.5, but from 2.5 to 57.5"},
        {"y2000.nc:pr,up_down.nc:pr", "coarse.nc:ta_850", "", "has its rows (lat) in the other order than in"},
        {"fine.nc:pr", "east.nc:ta", "",
         "from 22 to 82 on the axis lon, which do not cover the targets 'pr' from 0 to 60"},
        {"fine.nc:pr", "west.nc:ta", "", "from -360 to -300 on the axis lon"},
        {"fine.nc:pr", "lon_lat.nc:ta", "", "in the order lon, lat, and the targets 'pr' in the order lat, lon"},
        {"lon_lat.nc:ta", "coarse.nc:ta_850", "", "in the order lat, lon, and the targets 'ta' in the order lon, lat"},
        {"fine.nc:pr", "coarse.nc:ta_850", "pr=log", "none, log1p and sqrt"},
        {"fine.nc:pr", "coarse.nc:ta_850", "rain=log1p", "no variable 'rain'"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        const gt_fields_request r = {.condition = in(bad[k].condition), .value_transform = bad[k].transform};
        refuses(in(bad[k].data), &r, bad[k].says);
    }
}

/* ---- results ---- */

enum { SAMPLES = 2, MEMBERS = 3, TARGETS = 2 };

static void results_are_netcdf(void **state) {
    (void)state;
    static const gt_channel_scale targets[] = {
        {.name = "pr", .units = "kg m-2 s-1", .standard_name = "precipitation_flux"}, {.name = "tas", .units = "K"}};
    const double rows[] = {40, 20}, columns[] = {5, 15, 25}, times[] = {1.5, 2.5};
    const double east[] = {1, 2, 3, 4, 5, 6};
    const gt_fields_note notes[] = {{"grid_mapping_name", "rotated_latitude_longitude", false},
                                    {"towgs84", "0.5 -1 2e3", true}};
    const gt_fields_place place = {.y = {"lat", "degrees_north", "latitude", "", 2, rows},
                                   .x = {"x", "", "", "", 3, columns},
                                   .cells = {{"lon", "degrees_east", "longitude", "of cells", 6, east}},
                                   .mapping = "pole",
                                   .mapping_notes = {2, notes},
                                   .time_units = "days since 2000-02-28",
                                   .calendar = "360_day"};
    gt_fields_file_of of = {.path = at("pred.nc"),
                            .samples = SAMPLES,
                            .members = MEMBERS,
                            .height = 2,
                            .width = 3,
                            .targets = TARGETS,
                            .target = targets,
                            .place = &place,
                            .time = times,
                            .source = "a test"};
    for (int plain = 0; plain < 2; plain++) {
        gt_fields_file *f;
        float values[MEMBERS * 6 * TARGETS];
        assert_ok(gt_fields_file_open(&f, &of));
        assert_false(exists(plain ? "plain.nc" : "pred.nc"));
        for (int t = SAMPLES; t-- > 0;) {
            for (int i = 0; i < MEMBERS * 6 * TARGETS; i++) values[i] = i == 1 ? NAN : (float)(1000 * t + i);
            assert_ok(gt_fields_file_put(f, t, values));
        }
        assert_ok(gt_fields_file_finish(f));
        gt_fields_file_close(f);
        of.path = at("plain.nc"), of.place = NULL, of.time = NULL;
    }
    assert_int_equal(halves(), 0);
    of.target = (gt_channel_scale[]){{.name = "pr", .units = ""}, {.name = "pr", .units = ""}};
    gt_fields_file *other;
    assert_int_equal(gt_fields_file_open(&other, &of), GT_USAGE);
    of.target = (gt_channel_scale[]){{.name = "sample", .units = ""}, {.name = "x", .units = ""}}; /* as axes are */
    of.path = at("named.nc");
    assert_ok(gt_fields_file_open(&other, &of));
    assert_ok(gt_fields_file_finish(other));
    gt_fields_file_close(other);
    char command[512];
    bool all = have_tool("/usr/bin/python3 -c 'import netCDF4, xarray' && command -v ncdump",
                         "netcdf-bin, python3-netcdf4 or python3-xarray");
    if (!all) skip();
    snprintf(command, sizeof command, "/usr/bin/python3 tests/tools/read_fields.py %s", scratch);
    assert_int_equal(system(command), 0);
    gt_dataset *ds; /* and Gantry reads what it writes */
    assert_int_equal(gt_dataset_open(&ds, in("pred.nc:tas"),
                                     &(gt_dataset_options){.fields = &(gt_fields_request){.missing = GT_MISSING_MASK}}),
                     GT_OK);
    assert_string_equal(gt_dataset_get_info(ds)->channel_names, "tas_0,tas_1,tas_2,mask_of_targets");
    gt_dataset_close(ds);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_exact),
        cmocka_unit_test(calendars),
        cmocka_unit_test(grids),
        cmocka_unit_test(scales_are_undone),
        cmocka_unit_test(as_numpy_has_it),
        cmocka_unit_test(channels_of_a_network),
        cmocka_unit_test(missing_values),
        cmocka_unit_test(other_files),
        cmocka_unit_test(nearly_the_same_place),
        cmocka_unit_test(integers),
        cmocka_unit_test(said_of_each_variable),
        cmocka_unit_test(refusals),
        cmocka_unit_test(means_of_a_subset),
        cmocka_unit_test(pictures_by_name),
        cmocka_unit_test(results_are_netcdf),
    };
    return test_status(cmocka_run_group_tests_name("fields", tests, make_scratch, remove_scratch));
}
