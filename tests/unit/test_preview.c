/* SPDX-License-Identifier: Apache-2.0
 * Pictures as the bytes of terminals, what terminals answer, and curves of characters. */
#include "scratch.h"

#include "files/codec/door/picture.h"
#include "run/door/runlog.h"
#include "figures/door/preview.h"
#include "features/report/report.h"

static void assert_bytes(gt_buffer *got, const char *wanted) {
    gt_buffer_add(got, "", 1);
    assert_false(got->failed);
    assert_string_equal(got->data, wanted);
    gt_buffer_free(got);
}

/* Pixels by letters, rows one after the other: red, blue, else grey. */
static const uint8_t *pixels(const char *letters) {
    static uint8_t rgb[64][3];
    static const uint8_t red[] = {255, 0, 0}, blue[] = {0, 0, 255}, grey[] = {128, 128, 128};
    for (int i = 0; letters[i]; i++) memcpy(rgb[i], letters[i] == 'r' ? red : letters[i] == 'b' ? blue : grey, 3);
    return rgb[0];
}

static void blocks_are_two_pixels(void **state) {
    (void)state;
    gt_buffer out = {0};
    preview_blocks(&out, pixels("rrgrbgbbb"), 3, 3, true);
    assert_bytes(&out, "\033[38;2;255;0;0m\033[48;2;255;0;0m\u2580\033[48;2;0;0;255m\u2580"
                       "\033[38;2;128;128;128m\033[48;2;128;128;128m\u2580\033[0m\n"
                       "\033[38;2;0;0;255m\u2580\u2580\u2580\033[0m\n"); /* nothing below the last row */
    preview_blocks(&out, pixels("rgbb"), 2, 2, false);
    assert_bytes(&out, "\033[38;5;196m\033[48;5;21m\u2580\033[38;5;244m\u2580\033[0m\n");
}

static void sixels_are_bands_of_six(void **state) {
    (void)state;
    gt_buffer out = {0};
    preview_sixel(&out, pixels("rrrrb"), 1, 5);
    assert_bytes(&out, "\033P0;1;0q\"1;1;5;1#0;2;100;0;0#1;2;0;0;100#0!4@$#1!4?@-\033\\\n");
    preview_sixel(&out, pixels("rrrrrrb"), 7, 1);
    assert_bytes(&out, "\033P0;1;0q\"1;1;1;7#0;2;100;0;0#1;2;0;0;100#0~-#1@-\033\\\n");
}

/* Many colours become 256, each near those it stands for. */
static void palettes_are_near(void **state) {
    (void)state;
    enum { SIDE = 64, N = SIDE * SIDE };
    uint8_t *rgb = malloc(3 * N);
    palette *p = malloc(sizeof *p);
    double error = 0;
    assert_true(rgb && p);
    for (int i = 0; i < N; i++) {
        rgb[3 * i] = (uint8_t)(4 * (i % SIDE));
        rgb[3 * i + 1] = (uint8_t)(4 * (i / SIDE));
        rgb[3 * i + 2] = (uint8_t)(2 * (i % SIDE + i / SIDE));
    }
    palette_find(p, rgb, N);
    assert_int_equal(p->n, PALETTE_MOST);
    for (int i = 0; i < 3 * N; i++) error += abs(rgb[i] - p->colour[p->of[palette_key(rgb + i / 3 * 3)]][i % 3]);
    assert_true(error / (3 * N) < 5);
    palette_find(p, rgb, 1);
    assert_int_equal(p->n, 1);
    assert_memory_equal(p->colour[0], rgb, 3);
    free(rgb);
    free(p);
}

static int value_of(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The chunks together are a PNG of these pixels. */
static void kitty_gets_a_png(void **state) {
    (void)state;
    enum { SIDE = 48, BYTES = 3 * SIDE * SIDE };
    uint8_t rgb[BYTES], png[4 * BYTES];
    uint32_t bits = 1, word = 0;
    int chunks = 0, n = 0, have = 0;
    gt_buffer out = {0};
    for (int i = 0; i < BYTES; i++) rgb[i] = (uint8_t)((bits = 1664525 * bits + 1013904223) >> 24);
    preview_kitty(&out, rgb, SIDE, SIDE);
    gt_buffer_add(&out, "", 1);
    assert_false(out.failed);
    for (const char *at = out.data; *at == '\033'; at = strstr(at, "\033\\") + 2, chunks++) {
        const char *head = chunks ? "\033_Gm=" : "\033_Ga=T,f=100,q=2,m=";
        assert_memory_equal(at, head, strlen(head));
        const char *text = strchr(at, ';') + 1, *end = strstr(text, "\033\\");
        bool last = end[2] == '\n';
        assert_int_equal(at[strlen(head)], last ? '0' : '1');
        assert_true(last ? end - text <= 4096 : end - text == 4096);
        for (; text < end; text++) {
            if (value_of(*text) < 0) continue;
            word = word << 6 | (uint32_t)value_of(*text);
            if ((have += 6) >= 8) png[n++] = (uint8_t)(word >> (have -= 8));
        }
    }
    gt_picture p;
    assert_true(chunks > 1);
    assert_ok(gt_picture_decode(&p, png, (size_t)n, 0));
    assert_int_equal(p.width, SIDE);
    assert_memory_equal(p.samples, rgb, BYTES);
    gt_picture_free(&p);
    gt_buffer_free(&out);
}

/* How many lines, and characters in the first one, the picture has as blocks. */
static void assert_size(int height, int width, int channels, const gt_terminal *t, int lines, int columns) {
    gt_picture p;
    gt_buffer out = {0};
    int got = 0, in_line = 0;
    assert_ok(gt_picture_new(&p, height, width, channels, GT_U8));
    memset(p.samples, 200, gt_picture_bytes(&p));
    assert_ok(preview_put(&out, GT_PREVIEW_BLOCKS, t, &p));
    gt_buffer_add(&out, "", 1);
    for (const char *c = out.data; *c; c++) {
        got += *c == '\n';
        in_line += !got && !strncmp(c, "\u2580", 3);
    }
    assert_int_equal(got, lines);
    assert_int_equal(in_line, columns);
    gt_picture_free(&p);
    gt_buffer_free(&out);
}

static void pictures_fit_the_terminal(void **state) {
    (void)state;
    const gt_terminal usual = {.columns = 80, .rows = 24}, unknown = {0}, large = {.columns = 200, .rows = 62};
    assert_size(512, 512, 3, &usual, 40, 80);   /* all columns; more lines than the screen has */
    assert_size(512, 512, 1, &unknown, 40, 80); /* of a terminal that says nothing */
    assert_size(512, 512, 3, &large, 60, 120);  /* a screen and no more */
    assert_size(28, 28, 1, &usual, 28, 56);     /* enlarged by a whole number */
    assert_size(16, 4096, 3, &usual, 1, 80);
    assert_size(4096, 1, 3, &usual, 40, 1);
}

static void kinds_follow_from_the_terminal(void **state) {
    (void)state;
    gt_terminal t = {0};
    assert_int_equal(preview_kind(GT_PREVIEW_AUTO, &t), GT_PREVIEW_NONE);
    assert_int_equal(preview_kind(GT_PREVIEW_BLOCKS, &t), GT_PREVIEW_BLOCKS);
    t.is = true;
    assert_int_equal(preview_kind(GT_PREVIEW_AUTO, &t), GT_PREVIEW_NONE); /* no colours */
    t.coloured = true;
    assert_int_equal(preview_kind(GT_PREVIEW_AUTO, &t), GT_PREVIEW_BLOCKS);
    t.sixel = true;
    assert_int_equal(preview_kind(GT_PREVIEW_AUTO, &t), GT_PREVIEW_SIXEL);
    t.kitty = true;
    assert_int_equal(preview_kind(GT_PREVIEW_AUTO, &t), GT_PREVIEW_KITTY);
    assert_int_equal(preview_kind(GT_PREVIEW_NONE, &t), GT_PREVIEW_NONE);
}

static bool answers(gt_terminal *t, const char *bytes) {
    *t = (gt_terminal){0};
    return gt_terminal_read_answers(t, bytes, strlen(bytes));
}

static void answers_are_read(void **state) {
    (void)state;
    gt_terminal t;
    char text[GT_TERMINAL_BYTES];
    assert_true(answers(&t, "\033[?62;4;22c") && t.sixel && !t.kitty && !t.cell_width);
    assert_true(answers(&t, "\033[?64;1;4c") && t.sixel);
    assert_true(answers(&t, "\033[?4;6c") && !t.sixel); /* the class of the terminal, a VT132 */
    assert_true(answers(&t, "\033[?62;44;14c") && !t.sixel);
    assert_true(answers(&t, "x\033_Gi=31;OK\033\\\033[6;20;10t\033[?62c") && t.kitty && t.cell_width == 10 &&
                t.cell_height == 20);
    assert_true(answers(&t, "\033_Gi=31;ENOTSUPPORTED:\033\\\033[?1;2c") && !t.kitty);
    assert_false(answers(&t, "\033_Gi=31;OK\033\\\033[?62;4"));
    assert_false(answers(&t, "\033[?62;4x"));
    assert_false(gt_terminal_read_answers(&t, "\0\0\033", 3));
    setenv(GT_TERMINAL, "100x30 9x18 kitty", 1);
    t = gt_terminal_look();
    assert_true(t.is && t.kitty && !t.sixel && t.columns == 100 && t.rows == 30 && t.cell_width == 9);
    assert_string_equal(gt_terminal_text(&t, text), "100x30 9x18 kitty");
    setenv(GT_TERMINAL, "80", 1); /* as earlier versions told it */
    t = gt_terminal_look();
    assert_true(t.is && t.columns == 80 && !t.rows && !t.cell_width);
    unsetenv(GT_TERMINAL);
}

/* A falling line, in characters of 2 x 4 dots; two ticks are two dots. */
static char *chart_of(int ticks) {
    gt_runlog *l = gt_runlog_open(scratch, 0, NULL);
    gt_buffer out = {0};
    assert_non_null(l);
    for (int i = 0; i < ticks; i++)
        gt_runlog_tick(l, 1000 * (i + 1), &(gt_stat_value){"Loss/train", 1, 8.0 - 8.0 * i / (ticks - 1), 0}, 1);
    gt_runlog_close(l);
    gt_stats *stats = gt_stats_read(at("stats.jsonl"));
    assert_non_null(stats);
    const report_run run = {scratch, "run", stats};
    report_main_charts(&out, &run, 10 + 2 + 20, false);
    gt_buffer_add(&out, "", 1);
    assert_false(out.failed);
    gt_stats_free(stats);
    assert_int_equal(unlink(at("stats.jsonl")), 0);
    return out.data;
}

static int characters(const char *text) {
    int n = 0;
    for (; *text; text++)
        n += !strncmp(text, "\xe2\xa0", 2) || !strncmp(text, "\xe2\xa1", 2) || !strncmp(text, "\xe2\xa2", 2) ||
             !strncmp(text, "\xe2\xa3", 2);
    return n;
}

static void curves_of_characters(void **state) {
    (void)state;
    char *text = chart_of(30);
    assert_non_null(strstr(text, "Loss (nats):  train 0\n         8 \u2524\u2811"));
    assert_non_null(strstr(text, "\n         0 \u2524"));
    assert_non_null(strstr(text, "\n            1            30 kimg\n"));
    assert_in_range(characters(text), 20, 27);
    free(text);
    text = chart_of(2);
    assert_int_equal(characters(text), 2);
    free(text);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_scratch, remove_scratch)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_two_pixels),     cmocka_unit_test(sixels_are_bands_of_six),
        cmocka_unit_test(palettes_are_near),         cmocka_unit_test(kitty_gets_a_png),
        cmocka_unit_test(pictures_fit_the_terminal), cmocka_unit_test(kinds_follow_from_the_terminal),
        cmocka_unit_test(answers_are_read),          TEST(curves_of_characters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
