/* SPDX-License-Identifier: Apache-2.0
 * The filter LZF, number 32000, with which h5py packs sets (compression='lzf') and which libhdf5 does not have. A
 * packed chunk is a list of runs. The first byte of a run tells its kind: below 32 that many bytes and one more follow
 * as they are; else its upper three bits and, where these are 7, the next byte are a length, and its lower five bits
 * and one more byte a distance back from where the unpacked bytes end. */
#include <stdlib.h>
#include <string.h>

#include "files/h5/h5_guard.h"

enum { LITERAL = 32, LONG = 7, SHORTEST = 2, CHUNK_AT = 2 /* the value that tells the bytes of a chunk */ };

size_t h5_lzf_unpack(const uint8_t *in, size_t n, uint8_t *out, size_t most) {
    size_t at = 0, made = 0;
    while (at < n) {
        size_t first = in[at++], length = first + 1, back = 0;
        if (first >= LITERAL) {
            length = first >> 5;
            if (length == LONG) length += at < n ? in[at++] : 0;
            length += SHORTEST;
            if (at == n) return 0;
            back = ((first & (LITERAL - 1)) << 8) + in[at++] + 1;
            if (back > made) return 0;
        } else if (length > n - at) {
            return 0;
        }
        if (length > most - made) return 0;
        for (size_t k = 0; k < length; k++) out[made + k] = back ? out[made + k - back] : in[at + k]; /* may overlap */
        made += length;
        if (!back) at += length;
    }
    return made;
}

/* H5Z_func_t; writing is not needed. 0: failed. */
static size_t filter_lzf(unsigned flags, size_t n_values, const unsigned *value, size_t n, size_t *room, void **bytes) {
    size_t most = n_values > CHUNK_AT ? value[CHUNK_AT] : 0;
    uint8_t *out = flags & H5Z_FLAG_REVERSE && most ? malloc(most) : NULL;
    size_t made = out ? h5_lzf_unpack(*bytes, n, out, most) : 0;
    if (!made) {
        free(out);
        return 0;
    }
    free(*bytes);
    *bytes = out;
    *room = most;
    return made;
}

void h5_lzf_register(void) {
    static const H5Z_class2_t lzf = {
        H5Z_CLASS_T_VERS, H5_FILTER_LZF, 0, 1, "lzf", NULL, NULL, filter_lzf,
    };
    if (H5Zfilter_avail(H5_FILTER_LZF) <= 0) H5Zregister(&lzf);
}
