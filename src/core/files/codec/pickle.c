/* SPDX-License-Identifier: Apache-2.0
 * The stack machine that reads pickles. Its values are data alone: nothing is called. The only libraries for pickles
 * are Python's own, which run what a file says. */
#include "files/codec/door/pickle.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/memory.h"
#include "base/door/numbers.h"

/* A byte of the input can make a value of a hundred, so that their number is bounded: by what files hold (half a
 * gigabyte of CIFAR's pictures come with a million values), and by the input's size, so that memory is at most thirty
 * megabytes and a dozen times that size. Lists of small numbers have two bytes a value, tables of tensors five. */
enum { VALUES_MOST = 1 << 22, VALUES_FREE = 1 << 18, BYTES_OF_VALUE = 8, MEMO_AHEAD = 1 << 16, NAME_MOST = 200 };
/* Pieces in which a file is read; a line with a name is shorter. */
enum { WINDOW_BYTES = 1 << 14, LINE_MOST = 1 << 12 };

typedef struct machine {
    gt_pickle_input *in;
    const uint8_t *at, *end; /* bytes of the input that are in memory */
    uint64_t end_at;         /* the place of `end` in the input */
    uint8_t *window;         /* [WINDOW_BYTES], of a file */
    gt_arena *arena;
    const char *const *allowed;
    gt_pickle **stack; /* NULL: a mark */
    size_t depth, stack_room;
    gt_pickle **memo;
    size_t memo_room, memo_next;
    size_t values, most; /* pushed so far, and marks set; how many there may be */
    bool has_protocol, done;
} machine;

static uint64_t place(const machine *m) { return m->end_at - (uint64_t)(m->end - m->at); }

static gt_status damaged(const machine *m, const char *what) {
    return gt_fail(GT_FORMAT, "damaged pickle: %s at byte %llu", what, (unsigned long long)place(m));
}

static gt_pickle *new_value(machine *m, gt_pickle_kind kind) {
    gt_pickle *v = gt_arena_alloc(m->arena, sizeof *v);
    if (v) v->kind = kind;
    else gt_fail(GT_NOMEM, "out of memory for a pickle");
    return v;
}

static gt_status count_values(machine *m, size_t n) {
    if (n > m->most - m->values)
        return gt_fail(GT_FORMAT, "a pickle of more than %zu values, too many for its size", m->most);
    m->values += n;
    return GT_OK;
}

/* Whatever takes memory - the stack with its marks, new values, items of collections - was pushed before. */
static gt_status push_slot(machine *m, gt_pickle *v) {
    gt_status st = count_values(m, 1);
    if (!st) st = gt_grow(&m->stack, &m->stack_room, m->depth + 1, sizeof *m->stack, "a pickle");
    if (!st) m->stack[m->depth++] = v;
    return st;
}

static gt_status push_value(machine *m, gt_pickle *v) { return v ? push_slot(m, v) : GT_NOMEM; }

static gt_pickle *top(const machine *m) { return m->depth ? m->stack[m->depth - 1] : NULL; }

/* NULL: there is none above the last mark. */
static gt_pickle *pop_value(machine *m) {
    gt_pickle *v = top(m);
    m->depth -= v != NULL;
    return v;
}

static gt_status add_items(machine *m, gt_pickle *v, gt_pickle **items, size_t n) {
    if (v->items + n > v->room) {
        size_t room = 2 * (v->items + n);
        gt_pickle **bigger = gt_arena_array(m->arena, room, sizeof *bigger);
        if (!bigger) return gt_fail(GT_NOMEM, "out of memory for a pickle");
        if (v->items) memcpy(bigger, v->item, v->items * sizeof *bigger);
        v->item = bigger;
        v->room = room;
    }
    if (n) memcpy(v->item + v->items, items, n * sizeof *items);
    v->items += n;
    return GT_OK;
}

/* ---- operands ---- */

static gt_status check_left(const machine *m, uint64_t n) {
    return m->in->end - place(m) < n
               ? gt_fail(GT_FORMAT, "truncated pickle: %llu bytes", (unsigned long long)m->in->end)
               : GT_OK;
}

/* Has the next n bytes, at most WINDOW_BYTES of a file, in memory. */
static gt_status look_ahead(machine *m, size_t n) {
    gt_status st = check_left(m, n);
    size_t left = (size_t)(m->end - m->at);
    if (st || left >= n) return st;
    uint64_t more = m->in->end - m->end_at;
    if (more > WINDOW_BYTES - left) more = WINDOW_BYTES - left;
    memmove(m->window, m->at, left);
    m->at = m->window;
    m->end = m->window + left;
    if ((st = gt_read_at(m->in->fd, m->end_at, m->window + left, (size_t)more))) return st;
    m->end += more;
    m->end_at += more;
    return GT_OK;
}

static gt_status take_bytes(machine *m, size_t n, const uint8_t **p) {
    gt_status st = look_ahead(m, n);
    if (st) return st;
    *p = m->at;
    m->at += n;
    return GT_OK;
}

static gt_status pass_over(machine *m, uint64_t n) {
    gt_status st = check_left(m, n);
    uint64_t left = (uint64_t)(m->end - m->at);
    if (st) return st;
    m->at += n < left ? n : left;
    if (n > left) m->end_at += n - left;
    return GT_OK;
}

static gt_status take_number(machine *m, size_t bytes, uint64_t *v) {
    const uint8_t *p = NULL;
    gt_status st = take_bytes(m, bytes, &p);
    *v = 0;
    for (size_t i = bytes; !st && i > 0; i--) *v = *v << 8 | p[i - 1];
    return st;
}

static gt_status take_line(machine *m, const char **line, size_t *n) {
    uint64_t left = m->in->end - place(m);
    gt_status st = m->window ? look_ahead(m, left < LINE_MOST ? (size_t)left : LINE_MOST) : GT_OK;
    if (st) return st;
    const uint8_t *end = memchr(m->at, '\n', (size_t)(m->end - m->at));
    if (!end) return damaged(m, "a line without an end");
    *line = (const char *)m->at;
    *n = (size_t)(end - m->at);
    m->at = end + 1;
    return GT_OK;
}

/* ---- values ---- */

static gt_status push_integer(machine *m, int64_t integer) {
    gt_pickle *v = new_value(m, GT_PICKLE_INTEGER);
    if (v) v->integer = integer;
    return push_value(m, v);
}

static gt_status set_bytes(machine *m, gt_pickle *v, uint64_t n) {
    const uint8_t *p = NULL;
    v->at = place(m);
    v->n = (size_t)n;
    if (m->window && n > GT_PICKLE_KEPT) return pass_over(m, n);
    gt_status st = take_bytes(m, v->n, &p);
    if (st) return st;
    char *copy = m->window ? gt_arena_alloc(m->arena, v->n + 1) : NULL;
    if (m->window && !copy) return gt_fail(GT_NOMEM, "out of memory for a pickle");
    v->bytes = copy ? memcpy(copy, p, v->n) : (const void *)p;
    return GT_OK;
}

/* `width` bytes of length, then the bytes themselves. */
static gt_status push_bytes(machine *m, gt_pickle_kind kind, size_t width) {
    uint64_t n;
    gt_status st = take_number(m, width, &n);
    if (!st && n > SIZE_MAX / 2) st = damaged(m, "an impossible length");
    gt_pickle *v = st ? NULL : new_value(m, kind);
    if (v) st = set_bytes(m, v, n);
    return st ? st : push_value(m, v);
}

/* `width` bytes of length, then an integer of that many bytes. */
static gt_status push_long(machine *m, size_t width) {
    uint64_t n, v = 0;
    gt_status st = take_number(m, width, &n);
    if (!st && n > 8) {
        gt_pickle *large = new_value(m, GT_PICKLE_LONG);
        if (large) st = set_bytes(m, large, n);
        return st ? st : push_value(m, large);
    }
    if (!st) st = take_number(m, (size_t)n, &v);
    if (st) return st;
    if (n > 0 && n < 8 && v >> (8 * n - 1)) v |= ~0ull << 8 * n; /* its sign */
    return push_integer(m, (int64_t)v);
}

static gt_status push_decimal(machine *m) {
    const char *line = NULL;
    size_t n = 0;
    char text[32], *end;
    gt_status st = take_line(m, &line, &n);
    if (st) return st;
    if (n == 0 || n >= sizeof text) return damaged(m, "not an integer");
    memcpy(text, line, n);
    text[n] = 0;
    long long v = strtoll(text, &end, 10);
    if (*end && strcmp(end, "L")) return damaged(m, "not an integer");
    return push_integer(m, v);
}

static gt_status push_real(machine *m) {
    const uint8_t *p = NULL;
    gt_status st = take_bytes(m, 8, &p);
    if (st) return st;
    uint64_t bits = (uint64_t)gt_be32(p) << 32 | gt_be32(p + 4);
    gt_pickle *v = new_value(m, GT_PICKLE_REAL);
    if (v) memcpy(&v->real, &bits, 8);
    return push_value(m, v);
}

static gt_status refuse_protocol(const char *protocol) {
    return gt_fail(GT_FORMAT, "a pickle of protocol %s: save the file again with protocol 2, 3, 4 or 5", protocol);
}

static gt_status push_name(machine *m, const char *module, size_t module_n, const char *name, size_t name_n) {
    char *full = gt_arena_printf(m->arena, "%.*s.%.*s", (int)(module_n < NAME_MOST ? module_n : NAME_MOST), module,
                                 (int)(name_n < NAME_MOST ? name_n : NAME_MOST), name);
    if (!full) return GT_NOMEM;
    bool known = false;
    for (const char *const *a = m->allowed; *a && !known; a++) known = !strcmp(*a, full);
    for (char *c = full; *c && !known; c++)
        if (iscntrl((unsigned char)*c)) *c = '?';
    if (!m->has_protocol && !strcmp(full, "copy_reg._reconstructor")) return refuse_protocol("0 or 1"); /* any object */
    if (!known)
        return gt_fail(GT_FORMAT, "a pickle that calls '%s': refused, since Gantry reads only plain data", full);
    gt_pickle *v = new_value(m, GT_PICKLE_NAME);
    if (v) v->bytes = full, v->n = strlen(full);
    return push_value(m, v);
}

static gt_status push_global(machine *m) {
    const char *module = NULL, *name = NULL;
    size_t module_n = 0, name_n = 0;
    gt_status st = take_line(m, &module, &module_n);
    if (!st) st = take_line(m, &name, &name_n);
    return st ? st : push_name(m, module, module_n, name, name_n);
}

static gt_status push_stack_global(machine *m) {
    gt_pickle *name = pop_value(m), *module = pop_value(m);
    if (!name || !module || name->kind != GT_PICKLE_TEXT || module->kind != GT_PICKLE_TEXT || !name->bytes ||
        !module->bytes)
        return damaged(m, "not a name");
    return push_name(m, module->bytes, module->n, name->bytes, name->n);
}

/* What calls of these make is data of that kind. */
static const struct {
    const char *name;
    gt_pickle_kind kind;
} constructors[] = {
    {"collections.OrderedDict", GT_PICKLE_DICT},
    {"dnnlib.util.EasyDict", GT_PICKLE_DICT},
    {"builtins.set", GT_PICKLE_LIST},
    {"__builtin__.set", GT_PICKLE_LIST},
    {"builtins.frozenset", GT_PICKLE_LIST},
    {"__builtin__.frozenset", GT_PICKLE_LIST},
    {"torch.Size", GT_PICKLE_LIST},
    {"builtins.bytes", GT_PICKLE_BYTES},
    {"__builtin__.bytes", GT_PICKLE_BYTES},
};

static gt_pickle_kind constructed(const gt_pickle *what) {
    for (size_t i = 0; i < sizeof constructors / sizeof *constructors; i++)
        if (gt_pickle_is(what, GT_PICKLE_NAME, constructors[i].name)) return constructors[i].kind;
    return GT_PICKLE_CALL;
}

static gt_status add_pairs(machine *m, gt_pickle *v, const gt_pickle *pairs) {
    gt_status st = count_values(m, 2 * pairs->items);
    if (st) return st;
    v->room = 2 * pairs->items;
    v->item = gt_arena_array(m->arena, v->room, sizeof *v->item);
    if (!v->item) return gt_fail(GT_NOMEM, "out of memory for a pickle");
    for (size_t i = 0; i < pairs->items && !st; i++) {
        const gt_pickle *pair = pairs->item[i];
        st = pair->kind == GT_PICKLE_LIST && pair->items == 2 ? add_items(m, v, pair->item, 2)
                                                              : damaged(m, "an item of a dict that is not a pair");
    }
    return st;
}

/* From nothing; a list also from a list, a dict from a list of pairs (Python 2). */
static gt_status push_constructed(machine *m, gt_pickle_kind kind, const gt_pickle *arguments) {
    gt_pickle *v = new_value(m, kind), *from = arguments->items ? arguments->item[0] : NULL;
    if (arguments->kind != GT_PICKLE_LIST || arguments->items > 1 ||
        (from && (from->kind != GT_PICKLE_LIST || kind == GT_PICKLE_BYTES)))
        return damaged(m, "a collection of something else");
    if (kind == GT_PICKLE_LIST && from) return push_value(m, from);
    if (v && kind == GT_PICKLE_BYTES) v->bytes = "";
    gt_status st = v && from ? add_pairs(m, v, from) : GT_OK;
    return st ? st : push_value(m, v);
}

static gt_status push_call(machine *m) {
    gt_pickle *arguments = pop_value(m), *what = pop_value(m);
    if (!arguments || !what) return damaged(m, "a call of nothing");
    gt_pickle_kind kind = constructed(what);
    if (kind != GT_PICKLE_CALL) return push_constructed(m, kind, arguments);
    gt_pickle *v = new_value(m, GT_PICKLE_CALL);
    gt_status st = v ? add_items(m, v, (gt_pickle *[]){what, arguments, NULL}, 3) : GT_NOMEM;
    return st ? st : push_value(m, v);
}

/* Attributes of a dict (an OrderedDict has them) are nobody's concern. */
static gt_status set_state(machine *m) {
    gt_pickle *state = pop_value(m), *v = top(m);
    if (!state || !v || (v->kind != GT_PICKLE_CALL && v->kind != GT_PICKLE_DICT))
        return damaged(m, "a state of nothing");
    if (v->kind == GT_PICKLE_CALL) v->item[2] = state;
    return GT_OK;
}

static gt_status push_id(machine *m) {
    gt_pickle *id = pop_value(m), *v = new_value(m, GT_PICKLE_ID);
    if (!id) return damaged(m, "an id of nothing");
    if (!m->in->ids) return gt_fail(GT_FORMAT, "a pickle with a persistent id, which is not plain data");
    gt_status st = v ? add_items(m, v, &id, 1) : GT_NOMEM;
    if (!st) st = add_items(m, m->in->ids, &v, 1);
    return st ? st : push_value(m, v);
}

/* A call of protocol 0. Its name comes first, so that the message says what would be called. */
static gt_status refuse_instance(machine *m) {
    gt_status st = push_global(m);
    return st ? st : gt_fail(GT_FORMAT, "a pickle with opcode 'i', which is not plain data");
}

/* ---- collections ---- */

/* Moves what lies above the last mark to the end of `v`; NULL: of the value below the mark. */
static gt_status collect_items(machine *m, gt_pickle *v, gt_pickle_kind kind) {
    size_t from = m->depth;
    while (from > 0 && m->stack[from - 1]) from--;
    if (from == 0) return damaged(m, "no mark");
    size_t n = m->depth - from;
    gt_pickle **items = m->stack + from;
    m->depth = from - 1;
    if (!v) v = top(m);
    if (!v || v->kind != kind || (kind == GT_PICKLE_DICT && n % 2)) return damaged(m, "items for no collection");
    return add_items(m, v, items, n);
}

static gt_status collect_new(machine *m, gt_pickle_kind kind) {
    gt_pickle *v = new_value(m, kind);
    gt_status st = v ? collect_items(m, v, kind) : GT_NOMEM;
    return st ? st : push_value(m, v);
}

/* Moves the last n values to the end of `v`; NULL: of the value below them. */
static gt_status append_items(machine *m, gt_pickle *v, gt_pickle_kind kind, size_t n) {
    gt_pickle *items[3];
    for (size_t i = n; i > 0; i--)
        if (!(items[i - 1] = pop_value(m))) return damaged(m, "missing values");
    if (!v) v = top(m);
    if (!v || v->kind != kind) return damaged(m, "items for no collection");
    return add_items(m, v, items, n);
}

static gt_status tuple_of(machine *m, size_t n) {
    gt_pickle *v = new_value(m, GT_PICKLE_LIST);
    gt_status st = v ? append_items(m, v, GT_PICKLE_LIST, n) : GT_NOMEM;
    return st ? st : push_value(m, v);
}

/* ---- memo ---- */

static gt_status memo_put(machine *m, uint64_t index) {
    if (index >= m->values + MEMO_AHEAD || !top(m)) return damaged(m, "a memo of nothing");
    size_t before = m->memo_room;
    gt_status st = gt_grow(&m->memo, &m->memo_room, (size_t)index + 1, sizeof *m->memo, "a pickle");
    if (st) return st;
    memset(m->memo + before, 0, (m->memo_room - before) * sizeof *m->memo);
    m->memo[index] = top(m);
    m->memo_next++;
    return GT_OK;
}

static gt_status memo_get(machine *m, uint64_t index) {
    if (index >= m->memo_room || !m->memo[index]) return damaged(m, "a missing memo");
    return push_value(m, m->memo[index]);
}

static gt_status with_number(machine *m, size_t bytes, gt_status (*f)(machine *, uint64_t)) {
    uint64_t v;
    gt_status st = take_number(m, bytes, &v);
    return st ? st : f(m, v);
}

static gt_status push_unsigned(machine *m, uint64_t v) { return push_integer(m, (int64_t)v); }

static gt_status push_int32(machine *m, uint64_t v) { return push_integer(m, (int32_t)v); }

/* ---- opcodes ---- */

/* By the names of Python's pickle.py, with an OP_ before. run_opcode() refuses every opcode that is not listed here. */
enum {
    /* the frame of a pickle (protocols 0 and 1 do not have PROTO), and a mark on the stack */
    OP_PROTO = 0x80,
    OP_FRAME = 0x95,
    OP_STOP = '.',
    OP_MARK = '(',
    /* None, booleans, numbers */
    OP_NONE = 'N',
    OP_NEWTRUE = 0x88,
    OP_NEWFALSE = 0x89,
    OP_INT = 'I',
    OP_BININT = 'J',
    OP_BININT1 = 'K',
    OP_BININT2 = 'M',
    OP_LONG = 'L',
    OP_LONG1 = 0x8a,
    OP_LONG4 = 0x8b,
    OP_BINFLOAT = 'G',
    /* bytes and texts; a STRING is Python 2's str, which is bytes */
    OP_BINSTRING = 'T',
    OP_SHORT_BINSTRING = 'U',
    OP_BINBYTES = 'B',
    OP_SHORT_BINBYTES = 'C',
    OP_BINBYTES8 = 0x8e,
    OP_BYTEARRAY8 = 0x96,
    OP_BINUNICODE = 'X',
    OP_SHORT_BINUNICODE = 0x8c,
    OP_BINUNICODE8 = 0x8d,
    /* collections */
    OP_EMPTY_LIST = ']',
    OP_EMPTY_TUPLE = ')',
    OP_EMPTY_SET = 0x8f,
    OP_EMPTY_DICT = '}',
    OP_LIST = 'l',
    OP_TUPLE = 't',
    OP_TUPLE1 = 0x85,
    OP_TUPLE2 = 0x86,
    OP_TUPLE3 = 0x87,
    OP_FROZENSET = 0x91,
    OP_DICT = 'd',
    OP_APPEND = 'a',
    OP_APPENDS = 'e',
    OP_ADDITEMS = 0x90,
    OP_SETITEM = 's',
    OP_SETITEMS = 'u',
    /* the memo */
    OP_BINPUT = 'q',
    OP_LONG_BINPUT = 'r',
    OP_MEMOIZE = 0x94,
    OP_BINGET = 'h',
    OP_LONG_BINGET = 'j',
    /* names, calls, persistent ids */
    OP_GLOBAL = 'c',
    OP_STACK_GLOBAL = 0x93,
    OP_REDUCE = 'R',
    OP_NEWOBJ = 0x81,
    OP_BUILD = 'b',
    OP_BINPERSID = 'Q',
    /* refused: opcodes of protocol 0, each followed by lines of text */
    OP_INST = 'i',
    OP_PUT = 'p',
    OP_GET = 'g',
    OP_STRING = 'S',
    OP_UNICODE = 'V',
    OP_FLOAT = 'F',
    OP_PERSID = 'P',
};

/* Reads one opcode and its operand, and does what the opcode says to the stack and the memo. */
static gt_status run_opcode(machine *m) {
    uint64_t opcode;
    gt_status st = take_number(m, 1, &opcode);
    if (st) return st;
    switch (opcode) {
    case OP_PROTO: m->has_protocol = true; return pass_over(m, 1);
    case OP_FRAME: return pass_over(m, 8);
    case OP_STOP: m->done = true; return GT_OK;
    case OP_MARK: return push_slot(m, NULL);
    case OP_NONE: return push_value(m, new_value(m, GT_PICKLE_NONE));
    case OP_NEWTRUE: return push_integer(m, 1);
    case OP_NEWFALSE: return push_integer(m, 0);
    case OP_BININT: return with_number(m, 4, push_int32);
    case OP_BININT1: return with_number(m, 1, push_unsigned);
    case OP_BININT2: return with_number(m, 2, push_unsigned);
    case OP_INT:
    case OP_LONG: return push_decimal(m);
    case OP_LONG1: return push_long(m, 1);
    case OP_LONG4: return push_long(m, 4);
    case OP_BINFLOAT: return push_real(m);
    case OP_SHORT_BINSTRING:
    case OP_SHORT_BINBYTES: return push_bytes(m, GT_PICKLE_BYTES, 1);
    case OP_BINSTRING:
    case OP_BINBYTES: return push_bytes(m, GT_PICKLE_BYTES, 4);
    case OP_BINBYTES8:
    case OP_BYTEARRAY8: return push_bytes(m, GT_PICKLE_BYTES, 8);
    case OP_SHORT_BINUNICODE: return push_bytes(m, GT_PICKLE_TEXT, 1);
    case OP_BINUNICODE: return push_bytes(m, GT_PICKLE_TEXT, 4);
    case OP_BINUNICODE8: return push_bytes(m, GT_PICKLE_TEXT, 8);
    case OP_EMPTY_LIST:
    case OP_EMPTY_TUPLE:
    case OP_EMPTY_SET: return push_value(m, new_value(m, GT_PICKLE_LIST));
    case OP_EMPTY_DICT: return push_value(m, new_value(m, GT_PICKLE_DICT));
    case OP_LIST:
    case OP_TUPLE:
    case OP_FROZENSET: return collect_new(m, GT_PICKLE_LIST);
    case OP_DICT: return collect_new(m, GT_PICKLE_DICT);
    case OP_TUPLE1:
    case OP_TUPLE2:
    case OP_TUPLE3: return tuple_of(m, (size_t)opcode - OP_TUPLE1 + 1);
    case OP_APPEND: return append_items(m, NULL, GT_PICKLE_LIST, 1);
    case OP_SETITEM: return append_items(m, NULL, GT_PICKLE_DICT, 2);
    case OP_APPENDS:
    case OP_ADDITEMS: return collect_items(m, NULL, GT_PICKLE_LIST);
    case OP_SETITEMS: return collect_items(m, NULL, GT_PICKLE_DICT);
    case OP_BINPUT: return with_number(m, 1, memo_put);
    case OP_LONG_BINPUT: return with_number(m, 4, memo_put);
    case OP_MEMOIZE: return memo_put(m, m->memo_next);
    case OP_BINGET: return with_number(m, 1, memo_get);
    case OP_LONG_BINGET: return with_number(m, 4, memo_get);
    case OP_GLOBAL: return push_global(m);
    case OP_STACK_GLOBAL: return push_stack_global(m);
    case OP_REDUCE:
    case OP_NEWOBJ: return push_call(m);
    case OP_BUILD: return set_state(m);
    case OP_BINPERSID: return push_id(m);
    case OP_INST: return refuse_instance(m);
    case OP_PUT:
    case OP_GET:
    case OP_STRING:
    case OP_UNICODE:
    case OP_FLOAT:
    case OP_PERSID:
        if (!m->has_protocol) return refuse_protocol("0");
        __attribute__((fallthrough));
    default: return gt_fail(GT_FORMAT, "a pickle with opcode 0x%02x, which is not plain data", (unsigned)opcode);
    }
}

gt_status gt_pickle_read_from(gt_pickle **out, gt_arena *arena, gt_pickle_input *in, const char *const *allowed) {
    machine m = {.in = in, .arena = arena, .allowed = allowed, .end_at = in->at};
    uint64_t most = VALUES_FREE + (in->end - in->at) / BYTES_OF_VALUE;
    m.most = most < VALUES_MOST ? (size_t)most : VALUES_MOST;
    *out = NULL;
    if (in->bytes) {
        m.at = (const uint8_t *)in->bytes + in->at;
        m.end = (const uint8_t *)in->bytes + in->end;
        m.end_at = in->end;
    } else {
        m.at = m.end = m.window = malloc(WINDOW_BYTES);
        if (!m.window) return gt_fail(GT_NOMEM, "out of memory for a pickle");
    }
    gt_status st = GT_OK;
    while (!st && !m.done) st = run_opcode(&m);
    if (!st && (m.depth != 1 || !top(&m))) st = damaged(&m, "more or less than one value");
    if (!st) *out = m.stack[0];
    in->at = place(&m);
    free(m.window);
    free(m.stack);
    free(m.memo);
    return st;
}

gt_status gt_pickle_read(gt_pickle **out, gt_arena *arena, const void *bytes, size_t n, const char *const *allowed) {
    return gt_pickle_read_from(out, arena, &(gt_pickle_input){.bytes = bytes, .end = n}, allowed);
}

bool gt_pickle_is(const gt_pickle *v, gt_pickle_kind kind, const char *text) {
    return v && v->kind == kind && v->bytes && v->n == strlen(text) && !memcmp(v->bytes, text, v->n);
}

gt_pickle *gt_pickle_get(const gt_pickle *dict, const char *key) {
    if (!dict || dict->kind != GT_PICKLE_DICT) return NULL;
    for (size_t i = 0; i + 1 < dict->items; i += 2)
        if (gt_pickle_is(dict->item[i], GT_PICKLE_BYTES, key) || gt_pickle_is(dict->item[i], GT_PICKLE_TEXT, key))
            return dict->item[i + 1];
    return NULL;
}
