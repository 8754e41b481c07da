/* SPDX-License-Identifier: Apache-2.0
 * Which checkpoints stay: those of tables, and properties of random lists. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "run/door/checkpoint_internal.h"

enum { MOST = 64 };

typedef struct folder {
    checkpoint_place list[MOST]; /* the one with the most images first */
    int n;
} folder;

/* Writes one more, and removes what goes. */
static void save(folder *f, int64_t images, double bytes, const gt_keep *keep, int64_t best) {
    memmove(f->list + 1, f->list, (size_t)f->n * sizeof *f->list);
    f->list[0] = (checkpoint_place){.images = images, .bytes = bytes};
    f->n++;
    checkpoint_choose_removed(f->list, f->n, keep, images, (int64_t[2]){best, -1});
    int left = 0;
    for (int i = 0; i < f->n; i++)
        if (!f->list[i].goes) f->list[left++] = f->list[i];
    f->n = left;
}

/* Saves checkpoints of one byte at these images; those that are there at last, oldest first, are `expected`. */
static void assert_stay(const int *images, int n, const gt_keep *keep, int64_t best, const char *expected) {
    folder f = {.n = 0};
    char there[512] = "";
    for (int i = 0; i < n; i++) save(&f, images[i], 1, keep, best);
    for (int i = f.n - 1; i >= 0; i--)
        snprintf(there + strlen(there), sizeof there - strlen(there), "%s%lld", *there ? " " : "",
                 (long long)f.list[i].images);
    assert_string_equal(there, expected);
}

static void tables(void **state) {
    (void)state;
    static const int even[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
                     uneven[] = {5, 6, 50, 52, 60, 90};
    static const struct {
        gt_keep keep;
        int n;
        int64_t best;
        const char *expected;
    } rows[] = {
        {{.newest = 2}, 16, -1, "15 16"},
        {{.newest = 2, .audit = 100}, 6, -1, "1 2 3 4 5 6"},
        {{.newest = 2, .audit = 1}, 16, -1, "1 15 16"}, /* the oldest is the last to go */
        {{.newest = 2, .audit = 0.5}, 16, -1, "15 16"},
        {{.newest = 1, .audit = 4}, 5, -1, "1 2 3 4 5"},
        {{.newest = 1, .audit = 4}, 6, -1, "1 3 4 5 6"}, /* of those that are equally near the oldest */
        {{.newest = 1, .audit = 4}, 7, -1, "1 3 5 6 7"},
        {{.newest = 1, .audit = 4}, 8, -1, "1 3 5 7 8"},
        {{.newest = 1, .audit = 4}, 9, -1, "1 3 5 7 9"},
        {{.newest = 1, .audit = 4}, 16, -1, "1 5 10 14 16"},
        {{.newest = 2, .every = 4, .audit = 2}, 16, -1, "1 4 6 8 10 12 15 16"},     /* between those of every 4th */
        {{.newest = 2, .audit = 1}, 16, 6, "1 6 15 16"},                            /* the best does not count */
        {{.newest = 2, .audit = 9, .bytes = 5}, 9, -1, "1 3 5 8 9"},                /* the cap counts all ... */
        {{.newest = 3, .every = 4, .audit = 9, .bytes = 5}, 12, 6, "6 8 10 11 12"}, /* ... and takes spare ones first */
        {{.newest = 2, .audit = 9, .bytes = 1}, 12, 6, "6 11 12"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_stay(even, rows[i].n, &rows[i].keep, rows[i].best, rows[i].expected);
    assert_stay(uneven, 6, &(gt_keep){.newest = 1, .audit = 3}, -1, "5 6 50 90");
}

/* Damaged files of more images, which a run that went back passed over, are neither removed nor neighbours. */
static void files_ahead(void **state) {
    (void)state;
    checkpoint_place list[] = {{.images = 900},
                               {.images = 50, .bytes = 1},
                               {.images = 40, .bytes = 1},
                               {.images = 30, .bytes = 1},
                               {.images = 20, .bytes = 1},
                               {.images = 10, .bytes = 1}};
    checkpoint_choose_removed(list, 6, &(gt_keep){.newest = 1, .audit = 3}, 50, (int64_t[2]){-1, -1});
    for (int i = 0; i < 6; i++) assert_int_equal(list[i].goes, list[i].images == 20);
}

/* Of a run of any length: the bytes are kept to, the first checkpoint stays, and no stretch between neighbours is much
 * longer than the run by the number of checkpoints. */
static void evenly_over_any_run(void **state) {
    (void)state;
    uint32_t random = 1;
    for (int audit = 2; audit <= 40; audit++) {
        folder f = {.n = 0};
        int64_t images = 0;
        for (int i = 0; i < 400; i++) {
            random = random * 1664525u + 1013904223u;
            images += 100 + (audit % 2 ? random >> 26 : 0); /* by images, and by a clock */
            save(&f, images, 7, &(gt_keep){.newest = 3, .audit = 7 * audit + 3}, -1);
            assert_int_equal(f.n, i < audit + 3 ? i + 1 : audit + 3);
            assert_true(f.list[f.n - 1].images < 200);
            int64_t longest = 0;
            for (int k = 1; k < f.n; k++) longest = (int64_t)fmax(longest, f.list[k - 1].images - f.list[k].images);
            if (longest > 200 + 3 * images / audit)
                fail_msg("a stretch of %lld images of %lld, %d checkpoints", (long long)longest, (long long)images,
                         f.n);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables),
        cmocka_unit_test(files_ahead),
        cmocka_unit_test(evenly_over_any_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
