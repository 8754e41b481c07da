/* SPDX-License-Identifier: Apache-2.0
 * MD5 of the test suite in RFC 1321, section A.5, and of texts around the length of a block. */
#include "expect.h"

#include <string.h>

#include "base/door/hash.h"

static void gives(const char *text, const char *digest) {
    char got[33];
    gt_md5_hex(text, strlen(text), got);
    assert_string_equal(got, digest);
}

static void the_test_suite_of_the_standard(void **unused) {
    (void)unused;
    gives("", "d41d8cd98f00b204e9800998ecf8427e");
    gives("a", "0cc175b9c0f1b6a831c399e269772661");
    gives("abc", "900150983cd24fb0d6963f7d28e17f72");
    gives("message digest", "f96b697d7cb7938d525a2f31aaf161d0");
    gives("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b");
    gives("12345678901234567890123456789012345678901234567890123456789012345678901234567890",
          "57edf4a22be3c955ac49da2e2107b67a");
}

static void texts_around_the_length_of_a_block(void **unused) {
    (void)unused;
    static const struct {
        int n;
        const char *digest;
    } known[] = {{55, "04364420e25c512fd958a70738aa8f72"},  {56, "668a72d5ba17f08e62dabcafad6db14b"},
                 {63, "7dc2ca208106a2f703567bdff99d8981"},  {64, "c1bb4f81d892b2d57947682aeb252456"},
                 {119, "ab347a5f68c8a443cfcddc633f12c24f"}, {128, "d69cb61a6ee87200676eb0d4b90edbcb"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char text[200];
        memset(text, 'x', sizeof text);
        text[known[i].n] = 0;
        gives(text, known[i].digest);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_test_suite_of_the_standard),
        cmocka_unit_test(texts_around_the_length_of_a_block),
    };
    return cmocka_run_group_tests_name("md5", tests, NULL, NULL);
}
