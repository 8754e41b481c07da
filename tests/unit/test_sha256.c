/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 and its trees, against the examples of FIPS 180-4, the test vectors of Certificate Transparency for RFC 6962,
 * and roots that Python's hashlib gives. */
#include <stdlib.h>
#include <string.h>

#include "base/door/sha256.h"
#include "expect.h"

static const char *text_of(const gt_sha256 *h) {
    static char text[GT_SHA256_TEXT];
    return gt_sha256_text(h, text);
}

static void known_texts(void **state) {
    (void)state;
    gt_sha256 h, again;
    assert_ok(gt_sha256_of("abc", 3, &h));
    assert_string_equal(text_of(&h), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(gt_sha256_parse(text_of(&h), &again) && gt_sha256_equal(&h, &again));
    again.byte[31] ^= 1;
    assert_false(gt_sha256_equal(&h, &again));
    assert_false(gt_sha256_parse("ba7816", &again));
    assert_false(gt_sha256_parse("BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", &again));
}

static void known_trees(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } leaves[] = {{"", 0},   {"\x00", 1}, {"\x10", 1},     {" !", 2},
                  {"01", 2}, {"@ABC", 4}, {"PQRSTUVW", 8}, {"`abcdefghijklmno", 16}};
    static const char *const roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    gt_merkle tree = {0};
    for (size_t i = 0; i <= sizeof leaves / sizeof *leaves; i++) {
        gt_sha256 root, leaf;
        assert_ok(gt_merkle_root(&tree, &root));
        assert_string_equal(text_of(&root), roots[i]);
        if (i == sizeof leaves / sizeof *leaves) break;
        assert_ok(gt_merkle_leaf(leaves[i].bytes, leaves[i].n, &leaf));
        gt_merkle_add(&tree, &leaf);
    }
}

/* However the bytes come. */
static void bytes_in_blocks(void **state) {
    (void)state;
    enum { BYTES = 3 * GT_SHA256_BLOCK + 5 };
    static const char expected[] = "2afdf3c0d8a238b23e374923b944ca757cd5bcd94fe2887204389b6800714865";
    uint8_t *data = malloc(BYTES);
    gt_merkle_stream *s = gt_merkle_stream_new();
    gt_pool *pool = gt_pool_new(3);
    gt_sha256 root;
    assert_true(data && s && pool);
    for (size_t i = 0; i < BYTES; i++) data[i] = (uint8_t)(i * 7 + i / 256);
    assert_ok(gt_merkle_of_bytes(NULL, data, BYTES, &root));
    assert_string_equal(text_of(&root), expected);
    assert_ok(gt_merkle_of_bytes(pool, data, BYTES, &root));
    assert_string_equal(text_of(&root), expected);
    for (size_t piece = 999983; piece < 5 * GT_SHA256_BLOCK; piece *= 5) {
        for (size_t at = 0; at < BYTES; at += piece)
            gt_merkle_stream_add(s, data + at, at + piece < BYTES ? piece : BYTES - at);
        assert_ok(gt_merkle_stream_take(s, &root));
        assert_string_equal(text_of(&root), expected);
    }
    assert_ok(gt_merkle_stream_take(s, &root)); /* nothing: as a tree without leaves */
    assert_string_equal(text_of(&root), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    gt_pool_free(pool);
    gt_merkle_stream_free(s);
    free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_texts), cmocka_unit_test(known_trees),
                                       cmocka_unit_test(bytes_in_blocks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
