/* SPDX-License-Identifier: Apache-2.0
 * The chain of a run and its ledger: texts and lines as a stranger checks them, what is superseded, what must be met
 * again; and the root of a state, which is that of the file. */
#include "scratch.h"

#include <string.h>

#include "runner/contents/door/contents.h"
#include "run/door/chain.h"
#include "run/door/ledger.h"

static gt_sha256 sha(const char *text) {
    gt_sha256 h;
    assert_ok(gt_sha256_of(text, strlen(text), &h));
    return h;
}

/* ---- the chain ---- */

static void numbers_of_links(void **state) {
    (void)state;
    assert_int_equal(gt_chain_spacing(1, 1), 1024);
    assert_int_equal(gt_chain_spacing(131071, 16), 1024);
    assert_int_equal(gt_chain_spacing(131072, 16), 2048);
    assert_int_equal(gt_chain_spacing(25000000, 16), 1 << 18);
    assert_int_equal(gt_chain_spacing(1, 32), 2048);
    assert_int_equal(gt_chain_spacing(1, 33), 4096);
    assert_int_equal(gt_chain_spacing(1, 128), 8192);
    assert_true(gt_chain_is_due(1008, 1024, 16) && gt_chain_is_due(1020, 1036, 16));
    assert_false(gt_chain_is_due(1024, 1040, 16) || gt_chain_is_due(0, 16, 16));
    int links = 0;
    for (int64_t images = 0; images < 25000000; images += 32) links += gt_chain_is_due(images, images + 32, 32);
    assert_in_range(links, 300, 900); /* some hundreds */
}

static void texts_of_heads(void **state) {
    (void)state;
    const gt_sha256 s = sha("state"), d = sha("data");
    char hex[3][GT_SHA256_TEXT], text[600];
    gt_sha256 head, link, expected;
    assert_ok(gt_chain_begin_hash(1, 0, 0, "fma-9", &s, &d, "[gantry]\nseed = 3\n", &head));
    snprintf(text, sizeof text,
             "gantry chain 1\nstep 0\nimages 0\narithmetic fma-9\nstate %s\nrecipe 18\n[gantry]\nseed = 3\n",
             gt_sha256_text(&s, hex[0]));
    expected = sha(text);
    assert_true(gt_sha256_equal(&head, &expected));
    assert_ok(gt_chain_link_hash(&head, 64, 1024, "fma-9", &s, &d, &link));
    snprintf(text, sizeof text, "gantry link 1\nbefore %s\nstep 64\nimages 1024\narithmetic fma-9\nstate %s\ndata %s\n",
             gt_sha256_text(&head, hex[0]), gt_sha256_text(&s, hex[1]), gt_sha256_text(&d, hex[2]));
    expected = sha(text);
    assert_true(gt_sha256_equal(&link, &expected));
}

/* Form 2: a source, lengths and rollbacks. */
static void texts_of_what_changes_the_numbers(void **state) {
    (void)state;
    const gt_sha256 s = sha("state"), d = sha("data"), none = {0};
    char hex[3][GT_SHA256_TEXT], text[600];
    gt_sha256 head, expected;
    for (int transfers = 0; transfers < 2; transfers++) {
        assert_ok(gt_chain_begin_hash(2, 0, 0, "fma-9", &s, transfers ? &d : NULL, "x", &head));
        snprintf(text, sizeof text,
                 "gantry chain 2\nstep 0\nimages 0\narithmetic fma-9\nstate %s\nsource %s\nrecipe 1\nx",
                 gt_sha256_text(&s, hex[0]), gt_sha256_text(transfers ? &d : &none, hex[1]));
        expected = sha(text);
        assert_true(gt_sha256_equal(&head, &expected));
    }
    assert_ok(gt_chain_length_hash(&s, 64, 1024, 5000, &head));
    snprintf(text, sizeof text, "gantry length 1\nbefore %s\nstep 64\nimages 1024\ntotal 5000\n",
             gt_sha256_text(&s, hex[0]));
    expected = sha(text);
    assert_true(gt_sha256_equal(&head, &expected));
    const gt_ledger_line r = {
        .step = 200, .images = 3200, .to_step = 64, .to_images = 1024, .began = 3000, .reseed = 2, .message = "norms"};
    assert_ok(gt_chain_rollback_hash(&s, &d, &r, &head));
    snprintf(text, sizeof text,
             "gantry rollback 1\nbefore %s\nabandoned %s\nstep 200\nimages 3200\nto 64 1024\nbegan 3000\nreseed 2\n"
             "cause norms\n",
             gt_sha256_text(&s, hex[0]), gt_sha256_text(&d, hex[1]));
    expected = sha(text);
    assert_true(gt_sha256_equal(&head, &expected));
}

static void put_state(gt_checkpoint *c) {
    enum { LARGE = 700000 }; /* three blocks */
    float *large = calloc(LARGE, sizeof *large);
    assert_non_null(large);
    for (int i = 0; i < LARGE; i++) large[i] = (float)i / 7;
    gt_checkpoint_int(c, "/state/step", 7);
    gt_checkpoint_double(c, "/state/ada_p", 0.25);
    gt_checkpoint_doubles(c, "/state/list", &GT_SHAPE(2), (const double[]){1, -2});
    gt_checkpoint_text(c, "/state/note", "late");
    gt_checkpoint_tensor(c, "/networks/G/b.w", &GT_SHAPE(700, 1000), large);
    gt_checkpoint_tensor(c, "/networks/G/a.w", &(gt_shape){0}, large + 5);
    free(large);
}

static void root_of_a_state(void **state) {
    (void)state;
    const gt_chain chain = {.begun = true,
                            .head = sha("head"),
                            .links = 3,
                            .step = 192,
                            .images = 3072,
                            .form = 2,
                            .total = 9000,
                            .has_data = true,
                            .data = sha("data")};
    gt_sha256 written, alone, of_file;
    gt_pool *pool = gt_pool_new(2);
    gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){"dcgan", "fma-9", "", "x = 1\n"});
    gt_checkpoint *root = gt_checkpoint_begin_root(pool);
    assert_true(c && root);
    gt_checkpoint_want_root(c, NULL);
    put_state(c);
    put_state(root);
    gt_chain_write(&chain, c);
    assert_ok(gt_checkpoint_root(c, &written));
    assert_ok(gt_checkpoint_root(root, &alone));
    assert_ok(gt_checkpoint_write(c, at("c.h5")));
    gt_checkpoint_free(c);
    gt_checkpoint_free(root);
    gt_pool_free(pool);
    assert_true(gt_sha256_equal(&written, &alone));
    gt_contents *contents;
    assert_ok(gt_contents_open(&contents, at("c.h5"), NULL));
    assert_ok(gt_contents_read(contents, NULL, GT_CONTENTS_SHA256));
    of_file = gt_contents_root(contents);
    gt_contents_close(contents);
    assert_true(gt_sha256_equal(&written, &of_file));

    gt_chain read;
    gt_checkpoint_file *f = gt_checkpoint_open(at("c.h5"), NULL);
    assert_non_null(f);
    assert_ok(gt_chain_read(f, &read));
    gt_checkpoint_close(f);
    assert_true(read.begun && read.links == 3 && read.step == 192 && read.images == 3072 && read.has_data);
    assert_true(read.form == 2 && read.total == 9000);
    assert_true(gt_sha256_equal(&read.head, &chain.head) && gt_sha256_equal(&read.data, &chain.data));
}

/* ---- the ledger ---- */

static void add(gt_ledger *l, gt_ledger_line line) { assert_ok(gt_ledger_add(l, &line, false, NULL)); }

static gt_ledger_line start(int64_t images, int64_t reseed, const char *arithmetic) {
    return (gt_ledger_line){.event = GT_LEDGER_START,
                            .step = images / 8,
                            .images = images,
                            .reseed = reseed,
                            .arithmetic = arithmetic,
                            .reduce = "tree"};
}

static gt_ledger_line step(gt_ledger_event event, int64_t images, const char *name) {
    return (gt_ledger_line){.event = event,
                            .step = images / 8,
                            .images = images,
                            .arithmetic = "fma-9",
                            .name = name,
                            .state = sha(name),
                            .head = sha(name),
                            .has_head = true};
}

static gt_ledger *open_ledger(void) {
    gt_ledger *l = gt_ledger_open(scratch);
    assert_non_null(l);
    return l;
}

/* A run of three links, whose process was killed; one checkpoint was written late. */
static void first_process(void) {
    static const char old[] = "{\"event\": \"start\", \"time\": 1, \"images\": 0}\n{\"event\": \"st";
    put(at(GT_LEDGER_NAME), old, sizeof old - 1);
    gt_ledger *l = open_ledger();
    add(l, start(0, 0, "fma-9"));
    add(l, step(GT_LEDGER_CHAIN, 0, "begin"));
    add(l, step(GT_LEDGER_LINK, 1024, "a"));
    add(l, step(GT_LEDGER_LINK, 2048, "b"));
    add(l, step(GT_LEDGER_CHECKPOINT, 1800, "checkpoint-000001800.h5"));
    add(l, step(GT_LEDGER_LINK, 3072, "c"));
    gt_ledger_close(l);
}

static gt_ledger_lines *lines(void) {
    gt_ledger_lines *l = gt_ledger_read(scratch);
    assert_non_null(l);
    return l;
}

static gt_ledger *second_process(int64_t reseed, const char *arithmetic) {
    gt_ledger *l = open_ledger();
    gt_ledger_line now = start(1800, reseed, arithmetic);
    now.name = "checkpoint-000001800.h5";
    now.state = now.head = sha(now.name);
    now.has_head = true;
    assert_ok(gt_ledger_take_up(l, scratch, &now));
    assert_int_equal(now.from, 7);
    add(l, now);
    return l;
}

static void lines_and_what_is_superseded(void **state) {
    (void)state;
    first_process();
    gt_ledger_lines *l = lines();
    assert_int_equal(l->n, 8);
    assert_true(!l->line[0].numbered && l->line[1].event == GT_LEDGER_OTHER && l->line[2].numbered);
    assert_ok(gt_ledger_check(l, scratch, NULL));
    assert_int_equal(gt_ledger_at(l, GT_LEDGER_LINK, 384)->number, 8);
    gt_ledger_lines_free(l);
    gt_ledger_close(second_process(0, "fma-9"));
    l = lines();
    assert_ok(gt_ledger_check(l, scratch, NULL));
    assert_true(l->line[5].superseded && l->line[7].superseded);                           /* 2048, 3072 */
    assert_false(l->line[3].superseded || l->line[4].superseded || l->line[6].superseded); /* begin, 1024, 1800 */
    const gt_ledger_line *head = gt_ledger_head(l);
    const gt_sha256 a = sha("a");
    assert_true(head && gt_sha256_equal(&head->head, &a));
    gt_ledger_lines_free(l);
}

static void expect_met(int64_t images, const char *name, gt_status expected, gt_ledger *l) {
    gt_ledger_line line = step(GT_LEDGER_LINK, images, name);
    assert_int_equal(gt_ledger_compare(l, &line), expected);
}

static void what_is_computed_again(void **state) {
    (void)state;
    first_process();
    gt_ledger *l = second_process(0, "fma-9");
    expect_met(2048, "b", GT_OK, l);
    expect_met(4096, "new", GT_OK, l);
    expect_met(2048, "other", GT_FAILED, l);
    assert_message("the link at 2048 images had the state");
    assert_message("in line 6, and now, after the start of line 9, the state");
    add(l, (gt_ledger_line){.event = GT_LEDGER_ROLLBACK, .images = 2500, .to_images = 1800});
    expect_met(2048, "other", GT_OK, l); /* other random numbers */
    gt_ledger_close(l);

    first_process();
    l = second_process(0, "plain-9");
    expect_met(2048, "other", GT_OK, l);
    gt_ledger_close(l);

    /* the file was changed */
    l = open_ledger();
    gt_ledger_line now = start(1800, 0, "fma-9");
    now.name = "checkpoint-000001800.h5";
    now.state = sha("changed");
    assert_int_equal(gt_ledger_take_up(l, scratch, &now), GT_FAILED);
    assert_message("checkpoint-000001800.h5, from which the run would resume, has the state");
    gt_ledger_close(l);
}

static void lines_that_were_changed(void **state) {
    (void)state;
    first_process();
    size_t n;
    char *text = get(at(GT_LEDGER_NAME), &n);
    const gt_ledger_line *bad;
    char *images = strstr(text, "\"images\":1024");
    assert_non_null(images);
    images[12] = '5';
    put(at(GT_LEDGER_NAME), text, n);
    gt_ledger_lines *l = lines();
    assert_int_equal(gt_ledger_check(l, scratch, &bad), GT_FORMAT);
    assert_int_equal(bad->number, 5);
    assert_message("starts.jsonl:5: its `self` is not the SHA-256 of the line, which was changed");
    gt_ledger_lines_free(l);
    char *self = strstr(images, ",\"self\":");
    memcpy(self, ",\"was_", 6); /* the lines before it have one */
    put(at(GT_LEDGER_NAME), text, n);
    l = lines();
    assert_int_equal(gt_ledger_check(l, scratch, &bad), GT_FORMAT);
    assert_int_equal(bad->number, 5);
    assert_message("starts.jsonl:5: it has no hash of itself, as lines before it have");
    gt_ledger_lines_free(l);
    memcpy(self, ",\"self", 6);
    char *first = strstr(text, ",\"self\":");
    memcpy(first, ",\"was_", 6); /* the third, the first that has one: the line behind it says so */
    put(at(GT_LEDGER_NAME), text, n);
    l = lines();
    assert_int_equal(gt_ledger_check(l, scratch, &bad), GT_FORMAT);
    assert_int_equal(bad->number, 4);
    assert_message("its `before` is not the SHA-256 of the line before");
    gt_ledger_lines_free(l);
    memcpy(first, ",\"self", 6);
    images[12] = '4';
    char *begin = images, *end = strchr(images, '\n') + 1; /* without this line */
    while (begin[-1] != '\n') begin--;
    memmove(begin, end, (size_t)(text + n - end));
    put(at(GT_LEDGER_NAME), text, n - (size_t)(end - begin));
    l = lines();
    assert_int_equal(gt_ledger_check(l, scratch, &bad), GT_FORMAT);
    assert_int_equal(bad->number, 5);
    assert_message("starts.jsonl:5: it says that it is another line");
    gt_ledger_lines_free(l);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_links),
        cmocka_unit_test(texts_of_heads),
        cmocka_unit_test(texts_of_what_changes_the_numbers),
        cmocka_unit_test_setup_teardown(root_of_a_state, make_scratch, remove_scratch),
        cmocka_unit_test_setup_teardown(lines_and_what_is_superseded, make_scratch, remove_scratch),
        cmocka_unit_test_setup_teardown(what_is_computed_again, make_scratch, remove_scratch),
        cmocka_unit_test_setup_teardown(lines_that_were_changed, make_scratch, remove_scratch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
