/* SPDX-License-Identifier: Apache-2.0
 * Figures can be read: numbers along logarithmic axes do not overlap, and captions stay within their panel. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "without.h"

#include "expect.h"
#include "figures/door/plot.h"

enum { FROM = 60, TO = 404, DIGIT = 5 /* pixels at least, of a digit of size 11 */ };

static char numbers[1024]; /* "1 2 5 " */

/* The numbers along the x axis of a page, which are in `numbers` then: none touches the one before. Returns how many
 * there are. */
static int assert_apart(double lo, double hi, gt_axis_scale scale) {
    gt_buffer out = {0};
    axis x = {log10(lo), log10(hi), 1, FROM, TO, scale}, y = {0, 1, 0.5, 300, 0, GT_LINEAR};
    int n = 0;
    double before = -INFINITY;
    plot_marks(&(pen){.page = &out}, &x, &y);
    gt_buffer_add(&out, "", 1);
    *numbers = 0;
    for (const char *p = out.data; (p = strstr(p, "<text class=\"x\" x=\"")); n++) {
        char *end;
        double at = strtod(p + strlen("<text class=\"x\" x=\""), &end);
        const char *text = strchr(end, '>') + 1;
        double half = DIGIT * (double)strcspn(text, "<") / 2;
        if (at - half <= before) fail_msg("%.*s overlaps the number before", (int)strcspn(text, "<"), text);
        before = at + half;
        size_t used = strlen(numbers);
        snprintf(numbers + used, sizeof numbers - used, "%.*s ", (int)strcspn(text, "<"), text);
        p = text;
    }
    gt_buffer_free(&out);
    return n;
}

static void logarithmic_numbers_stand_apart(void **state) {
    (void)state;
    assert_int_equal(assert_apart(1, 99, GT_LOG_10), 6);
    assert_string_equal(numbers, "1 2 5 10 20 50 ");
    assert_int_equal(assert_apart(2.3, 7.5, GT_LOG_10), 4);
    assert_string_equal(numbers, "3 4 5 6 "); /* the unit has the place of 7 */
    for (int decades = 2; decades <= 60; decades++) {
        double hi = pow(10, decades - 30) * 0.9;
        assert_in_range(assert_apart(1e-30, hi, GT_LOG_10), 2, 12);
    }
    assert_in_range(assert_apart(1, 1e12, GT_LOG_2), 4, 12);
}

/* A narrow range far from 0: each number along the axis has its own text. */
static void linear_numbers_differ(void **state) {
    (void)state;
    gt_buffer out = {0};
    axis x = {1.6170001, 1.6170009, 2e-7, FROM, TO, GT_LINEAR}, y = {0, 1, 0.5, 300, 0, GT_LINEAR};
    char before[32] = "";
    int n = 0;
    plot_marks(&(pen){.page = &out}, &x, &y);
    gt_buffer_add(&out, "", 1);
    for (const char *p = out.data; (p = strstr(p, "<text class=\"x\"")); n++, p++) {
        char text[32];
        assert_int_equal(sscanf(strchr(p, '>') + 1, "%31[0-9.]", text), 1);
        assert_string_not_equal(text, before);
        strcpy(before, text);
    }
    assert_true(n >= 3);
    gt_buffer_free(&out);
}

/* Is each pixel of a column white? */
static bool is_white(const uint8_t *pixels, int height, int width, int column) {
    for (int y = 0; y < height; y++)
        for (int c = 0; c < 3; c++)
            if (pixels[((size_t)y * (size_t)width + (size_t)column) * 3 + (size_t)c] != 255) return false;
    return true;
}

static int height_with(const char *caption) {
    const double at[] = {0, 1};
    const gt_curve curve = {.n = 2, .x = at, .y = at};
    gt_panel panels[2] = {
        {.title = "1. trial 2: 0.4375", .x_label = caption, .n_curves = 1, .curves = &curve, .small = true},
        {.title = "2. trial 1: 0.25", .x_label = "lrate=1", .n_curves = 1, .curves = &curve, .small = true}};
    uint8_t *pixels;
    int height, width;
    assert_ok(gt_figure_pixels(panels, 2, 2, &pixels, &height, &width));
    assert_true(is_white(pixels, height, width, 0)); /* what is cut off reaches the border */
    assert_true(is_white(pixels, height, width, width / 2));
    free(pixels);
    return height;
}

static void captions_have_lines(void **state) {
    (void)state;
    int one = height_with("lrate=0.0001211");
    int two = height_with("lrate=1.626e-06 weight-decay=2.683e-07 dropout=0.4602 activation=relu");
    assert_true(two > one);
    assert_true(height_with("hidden=100,100,100,100,100,100,100,100,100,100,100,100,100,100,100,100,100,100,100") >
                one);
    assert_int_equal(height_with(""), one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithmic_numbers_stand_apart),
        cmocka_unit_test(linear_numbers_differ),
        cmocka_unit_test(captions_have_lines),
    };
    return test_status(cmocka_run_group_tests(tests, NULL, NULL));
}
