/* SPDX-License-Identifier: Apache-2.0
 * Python pickles, protocols 1 to 5, as inert data: nothing is imported, called or executed. What a pickle would call
 * becomes a node that says so, and a name that the caller does not expect ends the reading. Opcodes are those of
 * Python's pickletools. A pickle lies in memory, or in a file that is read in pieces: long bytes and texts of a file
 * are passed over, so that a file of many arrays is read quickly and takes little memory. */
#ifndef GANTRY_FILES_CODEC_DOOR_PICKLE_H
#define GANTRY_FILES_CODEC_DOOR_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files/codec/door/npy.h"
#include "gantry/memory.h"
#include "gantry/status.h"

typedef enum gt_pickle_kind {
    GT_PICKLE_NONE,
    GT_PICKLE_INTEGER, /* and booleans */
    GT_PICKLE_REAL,
    GT_PICKLE_BYTES, /* Python 2's str, bytes, bytearray */
    GT_PICKLE_TEXT,  /* UTF-8 */
    GT_PICKLE_LIST,  /* and tuples and sets: item[0 .. items) */
    GT_PICKLE_DICT,  /* item[0], item[2], ...: keys; item[1], item[3], ...: values */
    GT_PICKLE_NAME,  /* "module.name" in bytes */
    GT_PICKLE_LONG,  /* an integer beyond 64 bits: bytes, little-endian, two's complement */
    GT_PICKLE_ID,    /* a persistent id, item[0]: how a pickle names what lies outside of the pickle */
    /* item[0]: what would be called; item[1]: its arguments; item[2]: the state it would get, or NULL */
    GT_PICKLE_CALL,
} gt_pickle_kind;

typedef struct gt_pickle {
    gt_pickle_kind kind;
    union {
        int64_t integer;
        double real;
        uint64_t at; /* of bytes and texts: their place in the input */
    };
    const char *bytes; /* not terminated; NULL: more than GT_PICKLE_KEPT bytes of a file, to be read at `at` */
    size_t n;
    struct gt_pickle **item; /* [items], with memory for `room` */
    size_t items, room;
} gt_pickle;

/* Reads the pickle in bytes[0 .. n). Its values live in `arena` and point into `bytes`. `allowed`: the names that may
 * occur, "module.name", ended by NULL. Calls of collections.OrderedDict, dnnlib.util.EasyDict, set, frozenset, bytes
 * and torch.Size, where they are allowed, are the collections that these make; every other call is a GT_PICKLE_CALL. A
 * list may hold itself, so a walk over all values may never end. GT_FORMAT: damaged, truncated, a name that is not
 * allowed, an opcode beyond plain data, more values than a file of this size has, or than four million. */
gt_status gt_pickle_read(gt_pickle **out, gt_arena *arena, const void *bytes, size_t n, const char *const *allowed);

enum { GT_PICKLE_KEPT = 4096 };

/* Where a pickle lies: in memory, or in an open file, from byte `at` on; nothing is read from `end` on. */
typedef struct gt_pickle_input {
    const void *bytes; /* NULL: the file */
    int fd;
    uint64_t at, end;
    gt_pickle *ids; /* a list that gets each persistent id; NULL: a persistent id ends the reading */
} gt_pickle_input;

/* The same from such a place; `at` is then behind the pickle. Bytes of a file that are kept are copied to `arena`. */
gt_status gt_pickle_read_from(gt_pickle **out, gt_arena *arena, gt_pickle_input *in, const char *const *allowed);

/* Whether v is of this kind (bytes, text or name) and equals `text`. v may be NULL. */
bool gt_pickle_is(const gt_pickle *v, gt_pickle_kind kind, const char *text);
/* The value of a key; NULL: the key is not there, or `dict` is not a dict or NULL. */
gt_pickle *gt_pickle_get(const gt_pickle *dict, const char *key);

/* The names that pickled numpy arrays call: for `allowed`. */
extern const char *const gt_pickle_numpy_names[];

typedef struct gt_pickle_array {
    gt_npy array;
    const char *bytes; /* [n] in the pickle: the array, or */
    uint64_t at;       /* (as those of gt_pickle) */
    size_t n;
    bool utf8; /* UTF-8 text of which each character is a byte of the array: see gt_pickle_latin1 */
} gt_pickle_array;

/* GT_FORMAT: no array that npy.h reads, or the number of bytes is not that of the shape (utf8: impossible). */
gt_status gt_pickle_to_array(gt_pickle_array *out, const gt_pickle *v);

/* Sets bytes, at, n and utf8 from bytes as they are, or from text that encode(text, 'latin1') would turn into them
 * (Python 3 for protocols below 3); false: v is neither. */
bool gt_pickle_to_bytes(gt_pickle_array *out, const gt_pickle *v);

/* The same for a numpy scalar, which has no dimensions; the number of bytes is not looked at. false: v is not a scalar.
 */
bool gt_pickle_to_scalar(gt_pickle_array *out, const gt_pickle *v);

/* The integer v, which may be a numpy scalar; false: v is not an integer. */
bool gt_pickle_to_integer(const gt_pickle *v, int64_t *out);
bool gt_pickle_to_number(const gt_pickle *v, double *out); /* the same for any number */

/* Decodes UTF-8 text of the characters U+0000 to U+00FF: each becomes one byte of `out`, which holds `most`. *used:
 * bytes of the text that were decoded. Returns the number of bytes in `out`; less than `most` with text left: the next
 * character is another one, or damaged. */
size_t gt_pickle_latin1(const char *text, size_t n, void *out, size_t most, size_t *used);

#endif
