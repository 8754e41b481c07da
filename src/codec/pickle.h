/* SPDX-License-Identifier: Apache-2.0
 * Python pickles, protocols 1 to 5, as inert data: nothing is imported, called or executed. What a pickle would call
 * becomes a node that says so, and a name that the caller does not expect ends the reading. Opcodes are those of
 * Python's pickletools. */
#ifndef GANTRY_CODEC_PICKLE_H
#define GANTRY_CODEC_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/memory.h"
#include "gantry/status.h"

typedef enum gt_pickle_kind {
    GT_PICKLE_NONE,
    GT_PICKLE_INTEGER, /* and booleans */
    GT_PICKLE_REAL,
    GT_PICKLE_BYTES, /* Python 2's str, bytes, bytearray */
    GT_PICKLE_TEXT,  /* UTF-8 */
    GT_PICKLE_LIST,  /* and tuples: item[0 .. items) */
    GT_PICKLE_DICT,  /* item[0], item[2], ...: keys; item[1], item[3], ...: values */
    GT_PICKLE_NAME,  /* "module.name" in bytes */
    /* item[0]: what would be called; item[1]: its arguments; item[2]: the state it would get, or NULL */
    GT_PICKLE_CALL,
} gt_pickle_kind;

typedef struct gt_pickle {
    gt_pickle_kind kind;
    int64_t integer;
    double real;
    const char *bytes; /* lie in the input; not terminated */
    size_t n;
    struct gt_pickle **item;
    size_t items, room;
} gt_pickle;

/* The pickle in bytes[0 .. n), whose values live in `arena` and point into `bytes`. `allowed`: names that may occur,
 * "module.name", ended by NULL. A list may hold itself: do not walk values blindly. GT_FORMAT: damaged, truncated, a
 * name that is not allowed, an opcode beyond plain data, more than four million values. */
gt_status gt_pickle_read(gt_pickle **out, gt_arena *arena, const void *bytes, size_t n, const char *const *allowed);

/* bytes, text or name that equals `text` */
bool gt_pickle_is(const gt_pickle *v, gt_pickle_kind kind, const char *text);
gt_pickle *gt_pickle_get(const gt_pickle *dict, const char *key); /* NULL: not there, or no dict */

/* What pickled numpy arrays call: for `allowed`. */
extern const char *const gt_pickle_numpy_names[];

typedef struct gt_pickle_array {
    char type; /* 'u', 'i', 'f', 'b' */
    int size;  /* bytes of an element */
    size_t shape[4];
    int dimensions;
    const char *bytes;
    size_t n;
    bool utf8; /* `bytes` are UTF-8 text of which every character is a byte of the array: gt_pickle_latin1 */
} gt_pickle_array;

/* GT_FORMAT: no array in C order of little-endian numbers, or its bytes do not fit its shape (unless utf8). */
gt_status gt_pickle_to_array(gt_pickle_array *out, const gt_pickle *v);

/* Integer v, also as a numpy scalar; false: it is none. */
bool gt_pickle_to_integer(const gt_pickle *v, int64_t *out);

/* Decodes text to bytes, at most `most` of them into `out`; *used: bytes of the text that were taken. Returns how many
 * came out; 0 with text left: not a byte's character. */
size_t gt_pickle_latin1(const char *text, size_t n, void *out, size_t most, size_t *used);

#endif
