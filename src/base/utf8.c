/* SPDX-License-Identifier: Apache-2.0
 * Replaces bytes that are not UTF-8 (utf8.h). */
#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>

static bool is_character(uint32_t code) {
    bool surrogate = code >= 0xd800 && code <= 0xdfff,
         unused = (code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef);
    return code <= 0x10ffff && !surrogate && !unused;
}

/* Bytes of the character that text (not "") begins with; 0: it begins with none. */
static int length_of(const unsigned char *text) {
    /* in fewer bytes: none, though it could be read as one */
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int n = text[0] < 0x80 ? 1 : text[0] < 0xc0 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : text[0] < 0xf8 ? 4 : 0;
    if (n < 2) return n;
    uint32_t code = text[0] & (0xffu >> (n + 1));
    for (int i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0; /* the zero at the end of the text, too */
        code = code << 6 | (text[i] & 0x3f);
    }
    return code >= least[n] && is_character(code) ? n : 0;
}

void gt_utf8_clean(char *text) {
    while (*text) {
        int n = length_of((const unsigned char *)text);
        if (!n) *text = '?';
        text += n ? n : 1;
    }
}
