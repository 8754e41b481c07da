/* SPDX-License-Identifier: Apache-2.0
 * The metric log: lines, cutting back, disks that fill up, h5py reading along, TensorBoard's file with its checksums.
 */
#include "scratch.h"
#include "without.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/door/lines.h"
#include "run/stats_line.h"
#include "base/door/hash.h"
#include "base/door/log.h"
#include "run/door/rundir.h"
#include "run/door/runlog.h"

static void tick(gt_runlog *l, int64_t images, int n) {
    const gt_stat_value values[] = {
        {"Loss/scores/fake", 64, -0.1 * (double)images, 0.25},
        {"Progress/kimg", 1, (double)images / 1000, 0},
        {"Loss/D/reg", 32, NAN, INFINITY},
    };
    gt_runlog_tick(l, images, values, n);
}

static gt_runlog *open_log(int64_t images) {
    gt_runlog *l = gt_runlog_open(scratch, images, NULL);
    if (!l) fail_msg("%s", gt_message());
    return l;
}

static void assert_images(int n, const int64_t *images) {
    gt_stats *s = gt_stats_read(at("stats.jsonl"));
    assert_non_null(s);
    assert_int_equal(s->ticks, n);
    assert_int_equal(s->bad.n, 0);
    for (int i = 0; i < n; i++) assert_true(s->images[i] == images[i]);
    gt_stats_free(s);
}

/* A tick that is on the disk before it is whole: the whole line takes its place. */
static void early_ticks(void **state) {
    (void)state;
    const gt_stat_value part[] = {{"Progress/kimg", 1, 2, 0}};
    gt_runlog *l = open_log(0);
    tick(l, 1000, 2);
    gt_runlog_tick_early(l, 2000, part, 1);
    assert_images(2, (int64_t[]){1000, 2000});
    assert_true(isnan(gt_runlog_at(l, 2000, "Loss/scores/fake")));
    tick(l, 2000, 2);
    assert_images(2, (int64_t[]){1000, 2000});
    assert_true(gt_runlog_at(l, 2000, "Loss/scores/fake") == -200);
    tick(l, 3000, 2);
    gt_runlog_tick_early(l, 4000, part, 1);
    gt_runlog_close(l);
    assert_images(4, (int64_t[]){1000, 2000, 3000, 4000});
    gt_runlog_close(open_log(4000));
    assert_images(4, (int64_t[]){1000, 2000, 3000, 4000});
}

/* Pictures that are drawn after a tick: its line, and no other, gets their values. */
static void amended_ticks(void **state) {
    (void)state;
    gt_stat_value all[] = {{"Progress/kimg", 1, 2, 0}, {"Fakes/swd", 1, 7, 0}, {"Fakes/spread", 1, 0.5, 0}};
    gt_runlog *l = open_log(0);
    gt_runlog_amend(l, 0, all, 3, all + 1, 2); /* there is no tick */
    tick(l, 1000, 2);
    gt_runlog_tick(l, 2000, all, 2);
    all[1].mean = 5;
    gt_runlog_amend(l, 2000, all, 3, all + 1, 2);
    assert_images(2, (int64_t[]){1000, 2000});
    assert_true(gt_runlog_at(l, 2000, "Fakes/swd") == 5 && gt_runlog_at(l, 2000, "Progress/kimg") == 2);
    tick(l, 3000, 2);
    gt_runlog_close(l);
    assert_images(3, (int64_t[]){1000, 2000, 3000});
    l = open_log(3000);
    assert_true(gt_runlog_at(l, 2000, "Fakes/spread") == 0.5 && isnan(gt_runlog_at(l, 1000, "Fakes/swd")));
    gt_runlog_amend(l, 3000, all, 3, all + 1, 2); /* no tick since it was opened */
    assert_true(isnan(gt_runlog_at(l, 3000, "Fakes/swd")));
    gt_runlog_close(l);
}

static bool have_h5py(void) {
    static int have = -1;
    if (have < 0) have = have_tool("/usr/bin/python3 -c 'import h5py'", "python3-h5py");
    return have;
}

/* A Python program with PATH in `d` and h5py imported. */
static void python(const char *program) {
    char command[4096];
    snprintf(command, sizeof command, "/usr/bin/python3 -c 'import h5py, numpy as np\nd = \"%s/\"\n%s'", scratch,
             program);
    assert_int_equal(system(command), 0);
}

static void lines(void **state) {
    (void)state;
    gt_runlog *l = open_log(0);
    assert_true(gt_runlog_last(l, "Progress/kimg") == 0);
    tick(l, 1000, 2);
    tick(l, 2000, 3); /* a new series */
    tick(l, 3000, 1); /* and one that pauses */
    gt_runlog_close(l);
    size_t n;
    char *text = get(at("stats.jsonl"), &n);
    const char *first = "{\"Loss/scores/fake\": {\"num\": 64, \"mean\": -100, \"std\": 0.25}, \"Progress/kimg\": "
                        "{\"num\": 1, \"mean\": 1, \"std\": 0}, \"images\": 1000, \"timestamp\": ";
    assert_memory_equal(text, first, strlen(first));
    assert_non_null(strstr(text, "\"Loss/D/reg\": {\"num\": 32, \"mean\": NaN, \"std\": Infinity}"));
    free(text);
    gt_stats *s = gt_stats_read(at("stats.jsonl"));
    assert_true(s && s->ticks == 3 && s->n_series == 3 && s->bad.n == 0);
    const gt_stats_series *reg = gt_stats_find(s, "Loss/D/reg"), *fake = gt_stats_find(s, "Loss/scores/fake");
    assert_true(reg->values[0].num == 0 && isnan(reg->values[0].mean));
    assert_true(reg->values[1].num == 32 && isnan(reg->values[1].mean) && isinf(reg->values[1].std));
    assert_true(fake->values[2].mean == -0.1 * 3000);
    assert_null(gt_stats_find(s, "none"));
    gt_stats_free(s);
}

static void foreign_lines(void **state) {
    (void)state;
    static const char text[] =
        "{\"Loss/G/loss\": {\"num\": 1, \"mean\": 2.5, \"std\": 0.5}, \"Progress/kimg\": {\"num\": 1, \"mean\": 4.0, "
        "\"std\": 0.0}, \"timestamp\": 17.5}\n" /* the reference's */
        "\n"
        "{\"a\\\"b\\\\\": {\"std\": null, \"mean\": -Infinity, \"num\": 2, \"more\": 3}, \"images\": 5000}\n"
        "{\"images\": 1, }\n{\"images\": 1\n{}\n[1]\nnull\n{\"x\": {\"num\": 1}}\n{\"images\": -5}\n{\"images\": 1} "
        "x\n{\"a\": {}, \"images\": 1}\n{\"images\": \"1\"}\n"
        "{\"images\": 6000}"; /* no final newline */
    put(at("s"), text, sizeof text - 1);
    gt_stats *s = gt_stats_read(at("s"));
    assert_non_null(s);
    assert_int_equal(s->ticks, 3);
    assert_int_equal(s->bad.n, 10);
    assert_true(s->images[0] == 4000 && s->images[1] == 5000 && s->images[2] == 6000 && s->timestamp[0] == 17.5);
    assert_true(gt_stats_find(s, "a\"b\\")->values[1].num == 2 &&
                gt_stats_find(s, "a\"b\\")->values[1].mean == -INFINITY);
    gt_stats_free(s);
    s = gt_stats_read(at("none"));
    assert_true(s && s->ticks == 0);
    gt_stats_free(s);
    assert_null(gt_stats_read(scratch));
}

static void cut_back(void **state) {
    (void)state;
    gt_runlog *l = open_log(0);
    for (int64_t images = 1000; images <= 5000; images += 1000) tick(l, images, 2);
    gt_runlog_close(l);
    size_t n;
    char *text = get(at("stats.jsonl"), &n);
    put(at("stats.jsonl"), text, n - 20); /* kill -9 in the middle of the last line */
    free(text);
    l = open_log(3000);
    assert_images(3, (int64_t[]){1000, 2000, 3000});
    assert_true(gt_runlog_last(l, "Progress/kimg") == 3 && gt_runlog_last(l, "none") == 0);
    if (have_h5py())
        python("f = h5py.File(d + \"metrics.h5\", \"r\", swmr=True)\nassert f[\"images\"][:].tolist() == [1000, 2000, "
               "3000], f[\"images\"][:]");
    tick(l, 4000, 2);
    gt_runlog_close(l);
    assert_images(4, (int64_t[]){1000, 2000, 3000, 4000});
    l = open_log(0); /* killed before its first checkpoint: from the beginning */
    assert_images(0, NULL);
    gt_runlog_close(l);
}

/* What a power cut may leave: blocks of zeros, at which text ends for C. */
static void zeros(void **state) {
    static const char text[] = "{\"images\": 1000, \"timestamp\": 1}\n{\"images\": 2000, \"timestamp\": "
                               "1}\0\0\0\0\n{\"images\": 3000, \"timestamp\": 1}\n";
    (void)state;
    put(at("stats.jsonl"), text, sizeof text - 1);
    gt_stats *s = gt_stats_read(at("stats.jsonl"));
    assert_true(s && s->bad.n == 1 && s->ticks == 2);
    gt_stats_free(s);
    gt_runlog *l = open_log(3000);
    tick(l, 4000, 2);
    gt_runlog_close(l);
    assert_images(3, (int64_t[]){1000, 3000, 4000});
}

/* Lines to be removed between lines to be kept. */
static void scattered(void **state) {
    enum { PAIRS = 50 };
    char text[PAIRS * 80];
    int n = 0;
    int64_t left[PAIRS];
    (void)state;
    for (int i = 0; i < PAIRS; i++) {
        left[i] = i;
        n += sprintf(text + n, "{\"place\": {\"mean\": %d}, \"images\": %d}\n%s\n", i, i,
                     i % 2 ? "{\"images\": 9000, \"timestamp\": 1}" : "rubbish");
    }
    put(at("stats.jsonl"), text, (size_t)n);
    gt_runlog *l = open_log(5000);
    assert_images(PAIRS, left);
    assert_true(gt_runlog_last(l, "place") == PAIRS - 1);
    gt_runlog_close(l);
}

/* The reader of lines, with so little room that each one is met in pieces. */
static void lines_in_pieces(void **state) {
    static const char text[] = "one\n\nseven77\neight888\n123456789012345678901234567890\nz\0ro\nabcdefg\nlast";
    static const struct {
        const char *text;
        int64_t start, end;
    } expected[] = {{"one", 0, 4},       {"", 4, 5},        {"seven77", 5, 13},  {"eight88", 13, 22},
                    {"1234567", 22, 53}, {"z\1ro", 53, 58}, {"abcdefg", 58, 66}, {"last", 66, 70}};
    enum { LINES = sizeof expected / sizeof *expected };
    (void)state;
    put(at("text"), text, sizeof text - 1);
    for (size_t longest = 7; longest < 100; longest += longest == 7 ? 92 : 1)
        for (int first = 0; first < LINES; first++) {
            gt_lines in;
            const char *path = at("text");
            gt_status st = gt_lines_open(&in, path, expected[first].start, longest);
            for (int i = first; i < LINES && !st; i++) {
                assert_true(gt_lines_next(&in));
                assert_true(in.start == expected[i].start && in.end == expected[i].end && in.whole == (i < LINES - 1));
                assert_memory_equal(in.text, expected[i].text, strlen(expected[i].text));
                if (longest == 7) assert_int_equal(strlen(in.text), strlen(expected[i].text));
            }
            assert_false(gt_lines_next(&in) || gt_lines_next(&in));
            assert_ok(gt_lines_close(&in, st));
        }
    gt_lines none;
    assert_int_equal(gt_lines_open(&none, at("nowhere"), 0, 0), GT_FAILED);
    assert_int_equal(gt_lines_close(&none, GT_FAILED), GT_FAILED);
    assert_int_equal(gt_lines_open(&none, scratch, 0, 0), GT_FORMAT);
    assert_int_equal(gt_lines_close(&none, GT_FORMAT), GT_FORMAT);
}

/* What only some ticks have; and more than fits is refused. */
static void series_of_some_ticks(void **state) {
    enum { TICKS = 101 };
    (void)state;
    gt_runlog *l = open_log(0);
    for (int i = 0; i < TICKS; i++) {
        const gt_stat_value values[] = {{"a", 1, i, 0}, {"b", 1, -i, 0}, {"some", 2, i, 1}};
        gt_runlog_tick(l, 1000 * i, values, i % 10 == 5 ? 3 : 2);
    }
    gt_runlog_close(l);
    gt_stats *s = gt_stats_read_within(at("stats.jsonl"), 3 * TICKS);
    assert_true(s && s->n_series == 3 && s->ticks == TICKS && s->bad.n == 0);
    const gt_stat_value *a = gt_stats_find(s, "a")->values, *b = gt_stats_find(s, "b")->values,
                        *some = gt_stats_find(s, "some")->values;
    for (int i = 0; i < TICKS; i++) {
        assert_true(s->images[i] == 1000 * i && a[i].mean == (double)i && b[i].mean == -(double)i);
        assert_true(i % 10 == 5 ? some[i].num == 2 && some[i].mean == (double)i : some[i].num == 0);
    }
    gt_stats_free(s);
    assert_null(gt_stats_read_within(at("stats.jsonl"), 3 * TICKS - 1));
    assert_message("is too large to load");
    assert_null(gt_stats_read_within(at("stats.jsonl"), TICKS - 1));
    assert_message("too many");
}

typedef struct past {
    int ticks;
    double sum;
} past;

static void add(void *arg, int64_t images, const gt_stat_value *values, int n) {
    past *p = arg;
    assert_int_equal(images, 1000 * ++p->ticks);
    for (int i = 0; i < n; i++)
        if (!strcmp(values[i].name, "Progress/kimg")) p->sum += values[i].mean;
}

static void past_ticks(void **state) {
    (void)state;
    gt_runlog *l = open_log(0);
    for (int64_t images = 1000; images <= 5000; images += 1000) tick(l, images, images == 2000 ? 1 : 2);
    gt_runlog_close(l);
    l = open_log(4000);
    past p = {0};
    assert_ok(gt_runlog_each(l, add, &p));
    assert_true(p.ticks == 4 && p.sum == 1 + 3 + 4);
    assert_true(gt_runlog_at(l, 3000, "Progress/kimg") == 3 && isnan(gt_runlog_at(l, 2000, "Progress/kimg")) &&
                isnan(gt_runlog_at(l, 5000, "Progress/kimg")));
    gt_runlog_close(l);
}

/* ---- damage that is told ---- */

static char told[2048];

static void take_told(void *arg, const char *when, const char *text) {
    (void)arg, (void)when;
    size_t n = strlen(told);
    snprintf(told + n, sizeof told - n, "%s\n",
             text + (strncmp(text, scratch, strlen(scratch)) ? 0 : strlen(scratch) + 1));
}

/* What gt_logs_warn() says of the run in the scratch folder. */
static const char *told_of_run(void) {
    gt_stats *s = gt_stats_read(at("stats.jsonl"));
    gt_starts *starts = gt_starts_read(scratch);
    assert_true(s && starts && gt_log_open(at("log.txt")));
    gt_logs_warn(scratch, s, starts, 1);
    gt_logs_warn(scratch, s, starts, 1); /* once is enough */
    gt_log_close();
    told[0] = 0;
    gt_log_warnings_each(scratch, take_told, NULL);
    unlink(at("log.txt"));
    gt_stats_free(s);
    gt_starts_free(starts);
    return told;
}

static void damage_is_told(void **state) {
    (void)state;
    static const char event[] =
        "{\"event\":\"start\",\"time\":1,\"images\":0,\"total\":9,\"facts\":{}}\n{\"event\":\"end\","
        "\"time\":2,\"images\":9,\"state\":\"finished\",\"message\":\"\",\"hash\":\"\"}\n";
    gt_runlog *l = open_log(0);
    for (int64_t images = 1000; images <= 3000; images += 1000) tick(l, images, 2);
    gt_runlog_close(l);
    put(at("starts.jsonl"), event, sizeof event - 1);
    put(at("metric-fid1k.jsonl"), "{\"metric\": \"fid1k\"}\n", 20);
    assert_string_equal(told_of_run(), "");
    gt_starts *starts = gt_starts_read(scratch);
    assert_true(starts && starts->shown == 9);
    gt_starts_free(starts);

    size_t n;
    char *text = get(at("stats.jsonl"), &n);
    put(at("stats.jsonl"), text, n - 20); /* cut: sound, as long as somebody may be writing it */
    gt_lock *lock;
    assert_ok(gt_lock_take(&lock, scratch, NULL));
    assert_string_equal(told_of_run(), "");
    gt_lock_release(lock);
    assert_string_equal(told_of_run(), "stats.jsonl:3: a half-written line is skipped\n");
    put(at("stats.jsonl"), text, n); /* cut, and followed by another text */
    free(text);
    int fd = open(at("stats.jsonl"), O_WRONLY);
    assert_true(fd >= 0 && pwrite(fd, "\nx\n\xff", 4, (off_t)n - 20) == 4);
    close(fd);
    assert_ok(gt_lock_take(&lock, scratch, NULL));
    assert_string_equal(told_of_run(), "stats.jsonl:3: the first of 3 damaged lines, which are skipped\n");
    gt_lock_release(lock);

    put(at("stats.jsonl"), "", 0);
    put(at("starts.jsonl"), "\1\0\2\n{}\n", 7);
    assert_string_equal(told_of_run(), "starts.jsonl:1: the first of 2 damaged lines, which are skipped\n");
    put(at("starts.jsonl"), event, sizeof event - 1);
    put(at("metric-fid1k.jsonl"), "{\"metric\": \"fid1k\"}\n{\"met\n", 26);
    put(at("metrics.h5"), "\1\2\3", 3);
    assert_string_equal(told_of_run(), "metric-fid1k.jsonl:2: a damaged line is skipped\n"
                                       "metrics.h5 cannot be read; stats.jsonl has the same values\n");
}

/* A log may be of any size: here most of it is a hole, which is not a line of JSON. */
static void huge(void **state) {
    static const char first[] = "{\"images\": 1000, \"timestamp\": 1}\n",
                      last[] = "\n{\"place\": {\"mean\": 3}, \"images\": 3000}\n{\"images\": 5000, \"timestamp\": 5}\n";
    const off_t hole = (off_t)1100 << 20;
    (void)state;
    int fd = open(at("stats.jsonl"), O_WRONLY | O_CREAT, 0666);
    assert_true(fd >= 0 && pwrite(fd, first, sizeof first - 1, 0) > 0 && pwrite(fd, last, sizeof last - 1, hole) > 0);
    close(fd);
    assert_int_equal(symlink("stats.jsonl", at("log.txt")), 0);
    assert_ok(gt_log_cut_back(at("log.txt"), 0));
    gt_stats *s = gt_stats_read(at("stats.jsonl"));
    assert_true(s && s->ticks == 3 && s->bad.n == 1);
    gt_stats_free(s);
    gt_runlog *l = open_log(3000);
    assert_true(gt_runlog_last(l, "place") == 3);
    tick(l, 4000, 2);
    gt_runlog_close(l);
    assert_images(3, (int64_t[]){1000, 3000, 4000});
}

static void talk_cut_back(void **state) {
    static const char text[] =
        "2025-01-01 00:00:00 2 ranks on tick 9 kimg 9\n2025-01-01 00:00:01 tick 0    kimg 0.064     time 0s\n"
        "2025-01-01 00:00:02 tick 1    kimg 0.065     time 1s\n2025-01-01 00:00:03 warning: tick 7 kimg 8 was slow\n"
        "2025-01-01 00:00:04 tick 2    kimg 1234.567  time 9s\n2025-01-01 00:00:04                kimg  time\n"
        "2025-01-01 00:00:05 tick 3         0.064    9s\n2025-01-01 00:00:05 tick 4         0.065    9s\n"
        "2025-01-01 00:00:05+0100 tick 3    0.064    9s\n2025-01-01 00:00:05-0930 tick 4    0.065    9s\n"
        "2025-01-01 00:00:05 killed in the mid";
    static const char left[] =
        "2025-01-01 00:00:00 2 ranks on tick 9 kimg 9\n2025-01-01 00:00:01 tick 0    kimg 0.064     time 0s\n"
        "2025-01-01 00:00:03 warning: tick 7 kimg 8 was slow\n2025-01-01 00:00:04                kimg  time\n"
        "2025-01-01 00:00:05 tick 3         0.064    9s\n2025-01-01 00:00:05+0100 tick 3    0.064    9s\n"
        "2025-01-01 00:00:05 killed in the mid\n";
    (void)state;
    assert_int_equal(gt_log_cut_back(at("log.txt"), 64), GT_OK); /* there is none */
    put(at("log.txt"), text, sizeof text - 1);
    assert_int_equal(gt_log_cut_back(at("log.txt"), 64), GT_OK);
    size_t n;
    char *now = get(at("log.txt"), &n);
    assert_string_equal(now, left);
    free(now);
}

/* A text is logged once, another each time that it is another; the ordinary function knows nothing of that. */
static void texts_logged_once(void **state) {
    (void)state;
    assert_true(gt_log_open(at("log.txt")));
    for (int i = 0; i < 6; i++) gt_log_once(GT_INFO, "half of %d", i / 2);
    for (int i = 0; i < 2; i++) gt_info("half of 0");
    gt_log_close();
    size_t n;
    char *now = get(at("log.txt"), &n);
    const char *const wanted[] = {"half of 0\n", "half of 1\n", "half of 2\n", "half of 0\n", "half of 0\n"};
    const char *line = now;
    for (int i = 0; i < 5; i++, line = strchr(line, '\n') + 1) {
        line += strlen("2025-01-01 00:00:00+0000 ");
        assert_memory_equal(line, wanted[i], strlen(wanted[i]));
    }
    assert_int_equal(*line, 0);
    free(now);
}

static void read_along(void **state) {
    (void)state;
    if (!have_h5py()) skip();
    gt_runlog *l = open_log(0);
    tick(l, 1000, 2);
    tick(l, 2000, 3);
    int to_reader[2], from_reader[2];
    assert_int_equal(pipe(to_reader) | pipe(from_reader), 0);
    pid_t reader = fork();
    if (reader == 0) { /* one reader that stays open while the log grows */
        dup2(to_reader[0], 0);
        dup2(from_reader[1], 1);
        char program[1024];
        snprintf(program, sizeof program,
                 "import h5py, numpy as np\n"
                 "f = h5py.File('%s/metrics.h5', 'r', swmr=True)\n"
                 "d, i = f['Loss/scores/fake'], f['images']\n"
                 "assert i[:].tolist() == [1000, 2000] and np.isnan(f['Loss/D/reg']['mean']).all() and "
                 "f['Loss/D/reg']['num'].tolist() == [0, 32]\n"
                 "print('r', end='', flush=True); input()\n"
                 "d.refresh(); i.refresh()\n"
                 "assert len(i) == 600 and i[599] == 600000 and d['mean'][599] == -0.1 * 600000, (len(i), i[:])\n"
                 "print('r', end='', flush=True)\n",
                 scratch);
        execl("/usr/bin/python3", "/usr/bin/python3", "-c", program, (char *)NULL);
        _exit(127);
    }
    char byte = 0;
    close(from_reader[1]);
    assert_int_equal(read(from_reader[0], &byte, 1), 1);
    for (int64_t images = 3000; images <= 600000; images += 1000) tick(l, images, 3); /* more than two chunks */
    assert_int_equal(write(to_reader[1], "\n", 1), 1);
    assert_int_equal(read(from_reader[0], &byte, 1), 1);
    int status;
    assert_int_equal(waitpid(reader, &status, 0), reader);
    assert_int_equal(status, 0);
    close(from_reader[0]);
    close(to_reader[0]);
    close(to_reader[1]);
    gt_runlog_close(l);
    python("f = h5py.File(d + \"metrics.h5\", \"r\")\nassert len(f[\"timestamp\"]) == 600 and "
           "(np.diff(f[\"timestamp\"][:]) >= 0).all()");
}

static void full_disk(void **state) {
    (void)state;
    struct rlimit before, small;
    gt_runlog *l = open_log(0);
    tick(l, 1000, 2);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    struct stat s;
    assert_int_equal(stat(at("stats.jsonl"), &s), 0);
    small.rlim_cur = (rlim_t)s.st_size + 50; /* room for a part of a line */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    tick(l, 2000, 2);
    tick(l, 3000, 3);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_images(1, (int64_t[]){1000}); /* whole lines only */
    tick(l, 4000, 3);
    assert_images(4, (int64_t[]){1000, 2000, 3000, 4000}); /* nothing was lost */
    if (have_h5py())
        python("f = h5py.File(d + \"metrics.h5\", \"r\", swmr=True)\nassert f[\"images\"][:].tolist() == [1000, 2000, "
               "3000, 4000]");
    gt_runlog_close(l);
}

static void awkward_names(void **state) {
    (void)state;
    gt_runlog *l = open_log(0);
    /* one name is a group of another */
    const gt_stat_value values[] = {{"Loss", 1, 1, 0}, {"Loss/G", 1, 2, 0}, {"", 1, 3, 0}};
    gt_runlog_tick(l, 1000, values, 3);
    gt_runlog_tick(l, 2000, values, 3);
    gt_runlog_close(l);
    gt_stats *s = gt_stats_read(at("stats.jsonl"));
    assert_true(s && s->ticks == 2 && s->n_series == 3); /* metrics.h5 cannot have them; the truth has */
    gt_stats_free(s);
}

static void unusable(void **state) {
    (void)state;
    assert_null(gt_runlog_open(at("none"), 0, NULL));
    assert_message("none/");
    assert_int_equal(mkdir(at("stats.jsonl"), 0755), 0);
    assert_null(gt_runlog_open(scratch, 0, NULL));
}

/* ---- TensorBoard ---- */

typedef struct bytes {
    const uint8_t *p, *end;
} bytes;

static uint64_t little_endian(const uint8_t *p, int n) {
    uint64_t x = 0;
    for (int i = n - 1; i >= 0; i--) x = x << 8 | p[i];
    return x;
}

static uint64_t varint(bytes *b) {
    uint64_t x = 0;
    for (int shift = 0;; shift += 7) {
        assert_true(b->p < b->end && shift < 64);
        x |= (uint64_t)(*b->p & 0x7f) << shift;
        if (!(*b->p++ & 0x80)) return x;
    }
}

/* The next field: its number; its value in *number or *inner. 0 at the end. */
static int field(bytes *b, uint64_t *number, bytes *inner) {
    if (b->p == b->end) return 0;
    uint64_t key = varint(b);
    int wire = (int)(key & 7), size = wire == 1 ? 8 : wire == 5 ? 4 : 0;
    if (wire == 0) *number = varint(b);
    if (size) {
        assert_true(b->end - b->p >= size);
        *number = little_endian(b->p, size);
        b->p += size;
    }
    if (wire == 2) {
        uint64_t n = varint(b);
        assert_true(n <= (uint64_t)(b->end - b->p));
        *inner = (bytes){b->p, b->p + n};
        b->p += n;
    }
    return (int)(key >> 3);
}

static void assert_masked(const uint8_t *data, size_t n, const uint8_t *stored) {
    uint32_t crc = gt_crc32c(0, data, n), masked = (uint32_t)(((crc >> 15) | (crc << 17)) + 0xa282ead8u);
    assert_int_equal(little_endian(stored, 4), masked);
}

static int event_files(char names[4][256]) {
    int n = 0;
    DIR *d = opendir(scratch);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        if (strncmp(e->d_name, "events.out.tfevents.", 20) == 0 && n < 4) snprintf(names[n++], 256, "%s", e->d_name);
    closedir(d);
    return n;
}

static void events(void **state) {
    (void)state;
    static const char png[] = "a picture";
    char names[4][256];
    assert_int_equal(gt_crc32c(0, "123456789", 9), 0xe3069283u);
    gt_runlog *l = gt_runlog_open(scratch, 0, &(gt_runlog_options){.job = "# a job\n\nbatch = 8"});
    assert_non_null(l);
    assert_int_equal(event_files(names), 0);
    tick(l, 1000, 2);
    gt_runlog_picture(l, 1000, "fakes", 64, 32, 3, png, sizeof png);
    gt_runlog_close(l);
    assert_int_equal(event_files(names), 1);
    size_t n;
    char *file = get(at(names[0]), &n);
    const uint8_t *p = (uint8_t *)file, *end = p + n;
    int records = 0, scalars = 0, pictures = 0, texts = 0, starts = 0, versions = 0;
    for (; p < end; records++) {
        assert_true(end - p >= 16);
        uint64_t size = little_endian(p, 8);
        assert_masked(p, 8, p + 8);
        assert_true(size <= (uint64_t)(end - p) - 16);
        assert_masked(p + 12, size, p + 12 + size);
        bytes event = {p + 12, p + 12 + size}, part = {0};
        uint64_t number = 0, step = 0;
        for (int f; (f = field(&event, &number, &part));) {
            if (f == 2) step = number;
            if (f == 3) versions += part.end - part.p == 13 && memcmp(part.p, "brain.Event:2", 13) == 0;
            if (f == 7) starts += step == 1;
            if (f != 5) continue;
            bytes value = {0};
            while (field(&part, &number, &value) == 1) {
                bytes inner = {0}, tag = {0};
                for (int v; (v = field(&value, &number, &inner));) {
                    if (v == 1) tag = inner;
                    if (v == 1)
                        assert_int_equal(step, inner.end - inner.p == 16 && inner.p[0] == 'j' ? 0 : 1); /* kimg */
                    if (v == 8) {
                        static const char text[] = "    # a job\n    \n    batch = 8\n";
                        bytes said = {0};
                        while (field(&inner, &number, &said) != 8) assert_true(inner.p < inner.end);
                        assert_int_equal(said.end - said.p, sizeof text - 1);
                        assert_memory_equal(said.p, text, sizeof text - 1);
                        texts++;
                    }
                    if (v == 2) {
                        uint32_t bits = (uint32_t)number;
                        float x;
                        memcpy(&x, &bits, 4);
                        bool fake = tag.end - tag.p == 16 && memcmp(tag.p, "Loss/scores/fake", 16) == 0;
                        assert_true(x == (fake ? -100.0f : 1.0f));
                        scalars++;
                    }
                    if (v == 4) {
                        const uint64_t expected[] = {0, 32, 64, 3};
                        bytes encoded = {0};
                        for (int i; (i = field(&inner, &number, &encoded));)
                            if (i < 4) assert_int_equal(number, expected[i]);
                        assert_int_equal(encoded.end - encoded.p, sizeof png);
                        assert_memory_equal(encoded.p, png, sizeof png);
                        pictures++;
                    }
                }
            }
        }
        p += 16 + size;
    }
    assert_int_equal(records, 5);
    assert_int_equal(texts, 1);
    assert_int_equal(versions, 1);
    assert_int_equal(starts, 1);
    assert_int_equal(scalars, 2);
    assert_int_equal(pictures, 1);
    free(file);
    gt_runlog_close(open_log(1000)); /* without events there is no file */
    assert_int_equal(event_files(names), 1);
    l = open_log(1000); /* resuming makes a new file, also within the same second */
    tick(l, 2000, 2);
    gt_runlog_close(l);
    assert_int_equal(event_files(names), 2);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_scratch, remove_scratch)
    const struct CMUnitTest tests[] = {
        TEST(lines),         TEST(early_ticks),       TEST(amended_ticks),
        TEST(foreign_lines), TEST(cut_back),          TEST(zeros),
        TEST(scattered),     TEST(lines_in_pieces),   TEST(series_of_some_ticks),
        TEST(past_ticks),    TEST(damage_is_told),    TEST(huge),
        TEST(talk_cut_back), TEST(texts_logged_once), TEST(read_along),
        TEST(full_disk),     TEST(awkward_names),     TEST(unusable),
        TEST(events),
    };
    /* warnings are expected; and where stderr is a file, they would count against a file-size limit */
    gt_log_setup(0, 1, GT_ERROR);
    return test_status(cmocka_run_group_tests(tests, NULL, NULL));
}
