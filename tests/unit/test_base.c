/* SPDX-License-Identifier: Apache-2.0
 * Elementary functions against libm's float64, checksums against published values, the pool, the log file. */
#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/door/file.h"
#include "base/door/hash.h"
#include "base/door/log.h"
#include "base/door/mathfn.h"
#include "base/door/numbers.h"
#include "base/door/memory.h"
#include "base/door/pool.h"
#include "gantry/status.h"

#include "base/door/mathfn_inline.h"
#include "base/door/text.h"
#include "worse.h"

static double reference_sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double reference_softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

/* Error in units of the last place of the float nearest to the true value; never finer than a subnormal's step. */
static double ulps(float got, double want) {
    double unit = want == 0 ? 0x1p-149 : fmax(ldexp(1, ilogb(want) - 23), 0x1p-149);
    return fabs(got - want) / unit;
}

static void float_functions_are_accurate(void **state) {
    (void)state;
    static const struct {
        const char *name;
        float (*ours)(float);
        double (*theirs)(double);
        double from, to, ulps, absolute; /* one of the two bounds must hold */
    } table[] = {
        {"exp", gt_inline_expf, exp, -104, 88.72, 2, 0},
        {"log", gt_inline_logf, log, 1e-40, 10, 2, 0},
        {"log of large", gt_inline_logf, log, 10, 3e38, 2, 0},
        {"sin", gt_inline_sinf, sin, -1e4, 1e4, 2, 1e-7},
        {"cos", gt_inline_cosf, cos, -1e4, 1e4, 2, 1e-7},
        {"tanh", gt_inline_tanhf, tanh, -12, 12, 4, 0},
        {"tanh near 0", gt_inline_tanhf, tanh, -1e-3, 1e-3, 4, 0},
        {"sigmoid", gt_inline_sigmoidf, reference_sigmoid, -87, 87, 4, 0},
        {"softplus", gt_inline_softplusf, reference_softplus, -87, 87, 4, 0},
    };
    enum { POINTS = 200001 };
    for (size_t f = 0; f < sizeof table / sizeof *table; f++) {
        double worst = 0, at = 0;
        for (int i = 0; i < POINTS; i++) {
            float x = (float)(table[f].from + (table[f].to - table[f].from) * i / (POINTS - 1.0));
            double want = table[f].theirs(x), got = table[f].ours(x);
            double e = ulps((float)got, want);
            if (!(fabs(got - want) <= table[f].absolute) && !(e <= worst)) worst = worse(worst, e), at = x;
        }
        if (!(worst <= table[f].ulps)) fail_msg("%s: %.2f ulp at %.9g", table[f].name, worst, at);
    }
}

static void float_functions_at_the_edges(void **state) {
    (void)state;
    assert_true(gt_inline_expf(0) == 1 && gt_inline_expf(INFINITY) == INFINITY && gt_inline_expf(-INFINITY) == 0 &&
                isnan(gt_inline_expf(NAN)));
    assert_true(gt_inline_expf(89) == INFINITY && gt_inline_expf(1e30f) == INFINITY && gt_inline_expf(-1e30f) == 0);
    assert_true(gt_inline_logf(1) == 0 && gt_inline_logf(0) == -INFINITY && gt_inline_logf(INFINITY) == INFINITY);
    assert_true(isnan(gt_inline_logf(-1)) && isnan(gt_inline_logf(-INFINITY)) && isnan(gt_inline_logf(NAN)));
    assert_true(gt_inline_sinf(0) == 0 && gt_inline_cosf(0) == 1 && isnan(gt_inline_sinf(NAN)) &&
                isnan(gt_inline_cosf(NAN)));
    assert_true(gt_inline_tanhf(0) == 0 && gt_inline_tanhf(INFINITY) == 1 && gt_inline_tanhf(-INFINITY) == -1 &&
                isnan(gt_inline_tanhf(NAN)));
    assert_true(gt_inline_sigmoidf(0) == 0.5f && gt_inline_sigmoidf(INFINITY) == 1 &&
                gt_inline_sigmoidf(-INFINITY) == 0 && isnan(gt_inline_sigmoidf(NAN)));
    assert_true(gt_inline_softplusf(INFINITY) == INFINITY && gt_inline_softplusf(-INFINITY) == 0 &&
                isnan(gt_inline_softplusf(NAN)));
    assert_true(gt_inline_softplusf(1000) == 1000 && gt_inline_softplusf(-1000) == 0);
}

/* A loop that the compiler makes into vector code gives the bits of single calls, NaN and infinities included. */
static void loops_give_the_same_bits(void **state) {
    (void)state;
    enum { N = 4099 };
    static float x[N], y[7][N];
    for (int i = 0; i < N; i++) x[i] = gt_float_of((uint32_t)i * 1048391u); /* all exponents and signs */
    for (int i = 0; i < N; i++) y[0][i] = gt_inline_expf(x[i]);
    for (int i = 0; i < N; i++) y[1][i] = gt_inline_logf(x[i]);
    for (int i = 0; i < N; i++) y[2][i] = gt_inline_sinf(x[i]);
    for (int i = 0; i < N; i++) y[3][i] = gt_inline_cosf(x[i]);
    for (int i = 0; i < N; i++) y[4][i] = gt_inline_tanhf(x[i]);
    for (int i = 0; i < N; i++) y[5][i] = gt_inline_sigmoidf(x[i]);
    for (int i = 0; i < N; i++) y[6][i] = gt_inline_softplusf(x[i]);
    float (*const single[7])(float) = {gt_inline_expf,  gt_inline_logf,     gt_inline_sinf,     gt_inline_cosf,
                                       gt_inline_tanhf, gt_inline_sigmoidf, gt_inline_softplusf};
    for (int f = 0; f < 7; f++)
        for (int i = 0; i < N; i++) {
            float want = single[f](x[i]);
            if (!(isnan(want) && isnan(y[f][i])) && gt_bits_of(want) != gt_bits_of(y[f][i]))
                fail_msg("function %d of %a: %a alone, %a in a loop", f, x[i], want, y[f][i]);
        }
}

static double relative_ulps(double got, double want) { return fabs(got - want) / ldexp(1, ilogb(want) - 52); }

static void double_functions_are_accurate(void **state) {
    (void)state;
    double worst_exp = 0, worst_log = 0, worst_pow = 0, worst_cos = 0;
    for (int i = 1; i < 100000; i++) {
        double x = i * 0.01379, e = -700 + i * 0.014, b = i / 100001.0;
        worst_exp = worse(worst_exp, relative_ulps(gt_exp(e), exp(e)));
        worst_log = worse(worst_log, relative_ulps(gt_ln(x), log(x)));
        worst_pow = worse(worst_pow, relative_ulps(gt_pow(b, 0.8), pow(b, 0.8)));
        worst_pow = worse(worst_pow, relative_ulps(gt_pow(0.99, i * 0.1), pow(0.99, i * 0.1)));
        long double t = (long double)i / (1 << 16), turned = cosl(3.14159265358979323846264338327950288L * t);
        worst_cos = worse(worst_cos, fabs(gt_cos_pi((double)t) - (double)turned) / 0x1p-53); /* of 1 */
    }
    if (worst_exp > 1 || worst_log > 1 || worst_pow > 1 || worst_cos > 2)
        fail_msg("exp %.3f, log %.3f, pow %.3f, cos %.3f ulp", worst_exp, worst_log, worst_pow, worst_cos);
    assert_true(gt_cos_pi(0) == 1 && gt_cos_pi(1) == -1 && gt_cos_pi(0.5) == 0 && gt_cos_pi(-1.5) == 0);
    assert_true(fabs(gt_cos_pi(1.0 / 3) - 0.5) < 2e-16 && gt_cos_pi(1e9 + 0.25) == gt_cos_pi(0.25));
    assert_true(gt_cos_pi(0.25) == M_SQRT1_2 && isnan(gt_cos_pi(INFINITY)) && isnan(gt_cos_pi(NAN)));
    assert_true(gt_exp(0) == 1 && gt_exp(710) == INFINITY && gt_exp(-746) == 0 && isnan(gt_exp(NAN)));
    double worst_sin = 0, worst_acos = 0;
    for (int i = -4000; i < 4000; i++) { /* acos(1) is 0, of which there are no ulps */
        double x = i / 1999.0, y = i / 4000.0;
        worst_sin = worse(worst_sin, fabs(gt_sin_pi(x) - (double)sinl(acosl(-1.0L) * (long double)x)) / 0x1p-53);
        worst_acos = worse(worst_acos, relative_ulps(gt_acos_pi(y), (double)(acosl((long double)y) / acosl(-1.0L))));
    }
    if (!(worst_sin < 2 && worst_acos < 4)) fail_msg("sin %g of 1, acos %g ulps", worst_sin, worst_acos);
    assert_true(gt_sin_pi(0) == 0 && gt_sin_pi(1) == 0 && gt_sin_pi(0.5) == 1 && gt_sin_pi(-1.5) == 1);
    assert_true(gt_sin_pi(-0.25) == -gt_sin_pi(0.25) && isnan(gt_sin_pi(INFINITY)) && gt_sin_pi(1e-300) > 3e-300);
    assert_true(gt_acos_pi(1) == 0 && gt_acos_pi(-1) == 1 && fabs(gt_acos_pi(0) - 0.5) < 2e-16 &&
                isnan(gt_acos_pi(1.5)));
    assert_true(gt_ln(1) == 0 && gt_ln(0) == -INFINITY && isnan(gt_ln(-1)) && gt_ln(INFINITY) == INFINITY);
    assert_true(gt_ln(0x1p-1074) == log(0x1p-1074));
    assert_true(gt_pow(2, 10) == 1024 && gt_pow(0.5, 1) == 0.5 && gt_pow(7, 0) == 1 && gt_pow(0.25, -0.5) == 2);
    assert_true(gt_pow(2, 5000) == INFINITY && gt_pow(2, -5000) == 0);
}

static void checksums(void **state) {
    (void)state;
    assert_int_equal(gt_crc32(0, "123456789", 9), 0xcbf43926u); /* the check values of the CRC catalogue */
    assert_int_equal(gt_crc32c(0, "123456789", 9), 0xe3069283u);
    assert_int_equal(gt_crc32c(gt_crc32c(0, "1234", 4), "56789", 5), 0xe3069283u);
    char hex[33];
    gt_hash_hex(gt_hash("", 0), hex);
    assert_string_equal(hex, "99aa06d3014798d86001c324468d497f"); /* xxh128sum of nothing */
    char data[3000];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (char)(i * 7);
    gt_hasher *h = gt_hasher_new();
    gt_hasher_add(h, data, 1234);
    gt_hasher_add(h, data + 1234, sizeof data - 1234);
    gt_hash128 pieces = gt_hasher_end(h), whole = gt_hash(data, sizeof data);
    assert_true(pieces.high == whole.high && pieces.low == whole.low);
}

enum { TILES = 97 };

typedef struct tally {
    atomic_int runs[TILES];
    atomic_int busy[20]; /* per worker index: must never exceed one */
    atomic_bool clash;
} tally;

static void count_tile(void *arg, int tile, int worker) {
    tally *t = arg;
    if (atomic_fetch_add(&t->busy[worker], 1) != 0) atomic_store(&t->clash, true);
    atomic_fetch_add(&t->runs[tile], 1);
    atomic_fetch_sub(&t->busy[worker], 1);
}

static void pool_runs_each_tile_once(void **state) {
    (void)state;
    for (int threads = 1; threads <= 20; threads = 2 * threads + (threads == 2)) {
        gt_pool *p = gt_pool_new(threads);
        assert_non_null(p);
        assert_int_equal(gt_pool_threads(p), threads);
        static tally t;
        for (int i = 0; i < TILES; i++) atomic_store(&t.runs[i], 0);
        int want[TILES] = {0};
        for (int round = 0; round < 3000; round++) {
            int tiles = round * 31 % (TILES + 1);
            gt_pool_run(p, tiles, count_tile, &t);
            for (int i = 0; i < tiles; i++) want[i]++;
            /* done when it returns */
            for (int i = 0; i < TILES; i += 16) assert_int_equal(atomic_load(&t.runs[i]), want[i]);
            if (round % 1000 == 0) usleep(3000); /* let them fall asleep */
        }
        for (int i = 0; i < TILES; i++) assert_int_equal(atomic_load(&t.runs[i]), want[i]);
        assert_false(atomic_load(&t.clash));
        gt_pool_free(p);
    }
    static tally alone;
    gt_pool_run(NULL, 3, count_tile, &alone);
    assert_int_equal(atomic_load(&alone.runs[2]), 1);
    assert_null(gt_pool_new(0));
    assert_non_null(strstr(gt_message(), "0 threads"));
}

static void log_file_takes_lines(void **state) {
    (void)state;
    char path[] = "/tmp/gantry-test-log-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_true(gt_log_open(path));
    gt_log_setup(0, 2, GT_WARNING); /* what is printed; the file takes all */
    gt_log(GT_DEBUG, "a detail");
    gt_info("number %d", 7);
    gt_log_setup(1, 2, GT_INFO);
    gt_info("not from rank 1");
    gt_log_live("nothing on a pipe");
    gt_log_setup(0, 1, GT_INFO);
    gt_log_close();
    FILE *f = fopen(path, "r");
    char line[256] = "", more[256];
    assert_non_null(fgets(line, sizeof line, f));
    assert_non_null(strstr(line, "a detail\n"));
    assert_non_null(fgets(line, sizeof line, f));
    assert_non_null(strstr(line, "number 7\n"));
    assert_null(fgets(more, sizeof more, f));
    fclose(f);
    unlink(path);
    char below[sizeof path + 8]; /* in a folder that is not there */
    snprintf(below, sizeof below, "%s/log.txt", path);
    assert_false(gt_log_open(below));
    assert_non_null(strstr(gt_message(), below));
}

static void memory_is_checked(void **state) {
    (void)state;
    gt_arena *a = gt_arena_new();
    assert_null(gt_arena_array(a, SIZE_MAX / 2, 3));
    char *p = gt_arena_alloc(a, 100000);
    assert_true(p && (uintptr_t)p % 16 == 0 && p[99999] == 0);
    assert_string_equal(gt_arena_printf(a, "%s.%d", "b", 8), "b.8");
    gt_arena_free(a);
    float *block = gt_block_alloc(4000, "a test");
    assert_true(block && (uintptr_t)block % 64 == 0 && block[999] == 0);
    gt_block_free(block, 4000);
}

static void messages_are_wrapped(void **state) {
    (void)state;
    assert_int_equal(gt_fail(GT_USAGE, "--batch=%d", 3), GT_USAGE);
    assert_int_equal(gt_wrap(GT_USAGE, "job '%s'", "x"), GT_USAGE);
    assert_string_equal(gt_message(), "job 'x': --batch=3");
    gt_fail(GT_FAILED, "<%s>", gt_message()); /* its own argument */
    assert_string_equal(gt_message(), "<job 'x': --batch=3>");
}

static void bytes_that_are_no_text_are_replaced(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},
        {"run", "run"},
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"caf\xe9", "caf?"},
        {"\xe9t\xe9", "?t?"},
        {"\xe2\x82", "??"},
        {"\x80\xff\xf8", "???"},
        {"\xe2\x82\xc3\xa9", "??\xc3\xa9"},
        {"\xc0\xaf", "??"},
        {"\xe0\x80\xaf", "???"},
        {"\xf0\x80\x80\xaf", "????"} /* too long */,
        {"\xed\xa0\x80", "???"} /* half of a pair */,
        {"\xf4\x90\x80\x80", "????"} /* beyond the last */,
        {"\xef\xbf\xbe \xef\xb7\x90", "??? ???"} /* never a character */,
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char text[32];
        snprintf(text, sizeof text, "%s", pairs[i][0]);
        gt_utf8_clean(text);
        assert_string_equal(text, pairs[i][1]);
    }
}

static void texts_of_other_encodings_become_utf8(void **state) {
    (void)state;
    static const struct {
        const char *text, *want, *from;
        size_t n;
    } cases[] = {
        {"", "", NULL, 0},
        {"caf\xc3\xa9", "caf\xc3\xa9", NULL, 5},
        {"\xef\xbb\xbf"
         "caf\xc3\xa9",
         "caf\xc3\xa9", NULL, 8},
        {"caf\xe9", "caf\xc3\xa9", "Latin-1", 4},
        {"\xe9t\xe9\xff", "\xc3\xa9t\xc3\xa9\xc3\xbf", "Latin-1", 4},
        {"\xff\xfe"
         "a\0\xe9\0\xac\x20",
         "a\xc3\xa9\xe2\x82\xac", "UTF-16", 8},
        {"\xfe\xff\0a\xd8\x3d\xde\x00", "a\xf0\x9f\x98\x80", "UTF-16", 8},
        {"\xff\xfe\xac\x20\xac\x20", "\xe2\x82\xac\xe2\x82\xac", "UTF-16", 6},
        {"\xef\xbf\xbe", "\xef\xbf\xbe", NULL, 3} /* no character, but UTF-8 */,
        {"\xff\xfe"
         "a",
         NULL, "UTF-16", 3} /* half a character */,
        {"\xff\xfe\x3d\xd8", NULL, "UTF-16", 4} /* half of a pair */,
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *out;
        size_t n;
        const char *from;
        gt_status st = gt_text_to_utf8(cases[i].text, cases[i].n, &out, &n, &from);
        assert_int_equal(st, cases[i].want ? GT_OK : GT_FORMAT);
        if (cases[i].want) {
            assert_string_equal(out, cases[i].want);
            assert_int_equal(n, strlen(out));
        }
        assert_true(cases[i].from ? from && !strcmp(from, cases[i].from) : !from);
        free(out);
    }
}

static void characters_are_taken_apart(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"img_0.png", "img_0.png"},
        {"\u00e9", "e\u0301"},
        {"e\u0301", "e\u0301"},
        {"caf\xe9", "cafe\u0301"}, /* Latin-1 */
        {"\u1ec7", "e\u0323\u0302"},
        {"\u1f82", "\u03b1\u0313\u0300\u0345"},
        {"\ud55c\uac00", "\u1112\u1161\u11ab\u1100\u1161"},
        {"\u304c\u00df\U0001f600", "\u304b\u3099\u00df\U0001f600"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *out;
        assert_int_equal(gt_text_apart(cases[i][0], &out), GT_OK);
        assert_string_equal(out, cases[i][1]);
        free(out);
    }
}

/* A terminal obeys nothing of what gt_format() makes of a name; the rest is as printf says. */
static void names_are_shown(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"Katze \xc3\xa9\xe2\x82\xac", "Katze \xc3\xa9\xe2\x82\xac"},
        {"a\x1b[31mb\n\t\r\x7f", "a\\x1b[31mb\\x0a\\x09\\x0d\\x7f"},
        {"\xc2\x9b"
         "1m\xc2\x80",
         "\\xc2\\x9b1m\\xc2\\x80"} /* controls of two bytes */,
        {"\xe2\x80\xae"
         "gnp\xe2\x81\xa6\xd8\x9c",
         "\\xe2\\x80\\xaegnp\\xe2\\x81\\xa6\\xd8\\x9c"} /* directions */,
        {"\xe2\x80\xa8\xe2\x80\xa9", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9"} /* ends of lines and paragraphs */,
        {"\x9b\xe9t\xe2\x82", "\\x9b\\xe9t\\xe2\\x82"} /* not UTF-8 */,
        {"100 %s", "100 %s"},
        {"\\x1b", "\\x1b"} /* what was shown once stays */,
    };
    char text[256], want[256];
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        int n = gt_format(text, sizeof text, "%s", pairs[i][0]);
        assert_string_equal(text, pairs[i][1]);
        assert_int_equal(n, strlen(text));
        gt_fail(GT_FORMAT, "%s", pairs[i][0]);
        assert_string_equal(gt_message(), pairs[i][1]);
        snprintf(want, sizeof want, "in '%s': %s", pairs[i][1], pairs[i][1]);
        gt_wrap(GT_FORMAT, "in '%s'", pairs[i][0]);
        assert_string_equal(gt_message(), want);
    }
#define SAME(...)                                                       \
    do {                                                                \
        int n = snprintf(want, sizeof want, __VA_ARGS__);               \
        assert_int_equal(gt_format(text, sizeof text, __VA_ARGS__), n); \
        assert_string_equal(text, want);                                \
    } while (0)
    SAME("%d%%\t%5i|%-5d|%05d|%+d|%.3d\n", -1, 2, 3, 4, 5, 6);
    SAME("%u %x %#X %o %ld %lld %llx %zu %jd %td", 4000000000u, 255u, 255u, 8u, -1L, -2LL, ~0ULL, (size_t)7,
         (intmax_t)-8, (ptrdiff_t)-9);
    SAME("%g %.3f %10.2e %-12a| %*.*f", 1e300, 2.5, -3.25, 0.1, 9, 2, 1.5);
    SAME("%s|%7s|%-7s|%.2s|%*s|%-*.*s|%c", "abc", "abc", "abc", "abc", -6, "abc", 5, 2, "abc", 'x');
    gt_format(text, sizeof text, "%-9s|%6s|%.*s", "\n", "\x1b", 2, "\xe2\x82\xac");
    assert_string_equal(text, "\\x0a     |  \\x1b|\\xe2\\x82");
    assert_int_equal(gt_format(text, 6, "%s", "a\nb\n"), 10);
    assert_string_equal(text, "a\\x0a");
    assert_int_equal(gt_format(NULL, 0, "%s", "\n"), 4);
}

/* Of CSV and of a shell: what is written, and what a reader makes of it. */
static void texts_are_quoted(void **state) {
    (void)state;
    static const char *const cells[][2] = {
        {"cat", "cat"},
        {"a,b", "\"a,b\""},
        {"a\"b", "\"a\"\"b\""},
        {"-1.5e3", "-1.5e3"},
        {"=1+1", "\"'=1+1\""},
        {"@SUM(A1)", "\"'@SUM(A1)\""},
        {"+a", "\"'+a\""},
        {"-a", "\"'-a\""},
        {"\t1", "\"'\t1\""},
        {"\r", "\"'\r\""},
        {"'=a", "\"''=a\""},
        {"'a", "'a"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        gt_buffer b = {0};
        gt_buffer_csv(&b, cells[i][0]);
        gt_buffer_add(&b, "", 1);
        assert_false(b.failed);
        assert_string_equal(b.data, cells[i][1]);
        gt_buffer_free(&b);
    }
    static const char *const words[][2] = {
        {"runs/a.b", "runs/a.b"},
        {"", "''"},
        {"it's", "'it'\\''s'"},
        {"\xc3\xa9 $", "'\xc3\xa9 $'"},
        {"a\x1b'\\\n", "$'a\\x1b\\'\\\\\\x0a'"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        gt_buffer b = {0};
        gt_buffer_shell(&b, words[i][0]);
        gt_buffer_add(&b, "", 1);
        assert_false(b.failed);
        assert_string_equal(b.data, words[i][1]);
        gt_buffer_free(&b);
    }
}

static void zero_and_infinity_are_near_to_themselves_alone(void **state) {
    static const double numbers[] = {0, -0.0, 1e-300, 1, 80, 1e300, INFINITY, -INFINITY, NAN, -1};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
            assert_int_equal(gt_near(numbers[i], numbers[k], 1e-6), numbers[i] == numbers[k]);
    assert_true(gt_near(100.00001, 100, 1e-6) && gt_near(-100.00001, -100, 1e-6));
    assert_false(gt_near(100.001, 100, 1e-6));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(float_functions_are_accurate),
        cmocka_unit_test(float_functions_at_the_edges),
        cmocka_unit_test(loops_give_the_same_bits),
        cmocka_unit_test(double_functions_are_accurate),
        cmocka_unit_test(checksums),
        cmocka_unit_test(pool_runs_each_tile_once),
        cmocka_unit_test(log_file_takes_lines),
        cmocka_unit_test(memory_is_checked),
        cmocka_unit_test(messages_are_wrapped),
        cmocka_unit_test(bytes_that_are_no_text_are_replaced),
        cmocka_unit_test(texts_of_other_encodings_become_utf8),
        cmocka_unit_test(characters_are_taken_apart),
        cmocka_unit_test(names_are_shown),
        cmocka_unit_test(texts_are_quoted),
        cmocka_unit_test(zero_and_infinity_are_near_to_themselves_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
