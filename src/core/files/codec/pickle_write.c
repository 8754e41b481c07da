/* SPDX-License-Identifier: Apache-2.0
 * Writes Python pickles: see pickle_write.h. */
#include "files/codec/door/pickle_write.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

enum { FLUSH_BYTES = 1 << 16, FRAMES = 4 };

static void flush_bytes(gt_pickler *p) {
    if (p->buffer.failed) p->error = ENOMEM;
    if (p->fd < 0) return;
    if (!p->error) p->error = gt_write_all(p->fd, p->buffer.data, p->buffer.n);
    p->buffer.n = 0;
}

static void add_bytes(gt_pickler *p, const void *bytes, size_t n) {
    bool direct = n > FLUSH_BYTES && p->fd >= 0;
    if (direct) flush_bytes(p);
    if (direct && !p->error) p->error = gt_write_all(p->fd, bytes, n);
    if (!direct) gt_buffer_add(&p->buffer, bytes, n);
    if (p->buffer.n > FLUSH_BYTES) flush_bytes(p);
}

/* An opcode and the little-endian number behind it. */
static void put_number(gt_pickler *p, char op, uint64_t number, size_t bytes) {
    number = htole64(number);
    gt_put_op(p, op);
    add_bytes(p, &number, bytes);
}

void gt_pickler_begin(gt_pickler *p, int fd, int protocol) {
    *p = (gt_pickler){.fd = fd, .protocol = protocol};
    put_number(p, '\x80', (uint64_t)protocol, 1);
}

int gt_pickler_end(gt_pickler *p) {
    gt_put_op(p, '.');
    flush_bytes(p);
    if (p->fd >= 0) gt_buffer_free(&p->buffer);
    return p->error;
}

void gt_put_op(gt_pickler *p, char op) { add_bytes(p, &op, 1); }

void gt_put_open(gt_pickler *p, char op) {
    gt_put_op(p, op);
    gt_put_op(p, '(');
}

void gt_put_close(gt_pickler *p, char op) { gt_put_op(p, op); }

void gt_put_bool(gt_pickler *p, bool value) { gt_put_op(p, value ? '\x88' : '\x89'); }

void gt_put_int(gt_pickler *p, int64_t value) {
    if (value >= 0 && value < 256) put_number(p, 'K', (uint64_t)value, 1);
    else if (value >= 0 && value < 65536) put_number(p, 'M', (uint64_t)value, 2);
    else put_number(p, 'J', (uint64_t)value, 4);
}

void gt_put_real(gt_pickler *p, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = htobe64(bits);
    gt_put_op(p, 'G');
    add_bytes(p, &bits, sizeof bits);
}

void gt_put_text(gt_pickler *p, const char *text) {
    size_t n = strlen(text);
    if (p->protocol >= FRAMES && n < 256) put_number(p, '\x8c', n, 1);
    else put_number(p, 'X', n, 4);
    add_bytes(p, text, n);
}

/* True: the value was written before, and is looked up now. False: the caller writes it, then calls keep_text(). */
static bool looked_up(gt_pickler *p, const char *text) {
    for (int i = 0; i < p->n_shared; i++)
        if (!strcmp(p->shared[i], text)) {
            put_number(p, 'h', (uint64_t)i, 1);
            return true;
        }
    return false;
}

static void keep_text(gt_pickler *p, const char *text) {
    if (p->n_shared == GT_PICKLE_MOST_SHARED) return;
    if (p->protocol >= FRAMES) gt_put_op(p, '\x94'); /* at the next place of the memo, which nothing else uses */
    else put_number(p, 'q', (uint64_t)p->n_shared, 1);
    p->shared[p->n_shared++] = text;
}

void gt_put_shared(gt_pickler *p, const char *text) {
    if (looked_up(p, text)) return;
    gt_put_text(p, text);
    keep_text(p, text);
}

void gt_put_name(gt_pickler *p, const char *module_and_name) {
    if (looked_up(p, module_and_name)) return;
    size_t n = strcspn(module_and_name, " ");
    const char *name = module_and_name + n + 1;
    if (p->protocol >= FRAMES) {
        put_number(p, '\x8c', n, 1);
        add_bytes(p, module_and_name, n);
        gt_put_text(p, name);
        gt_put_op(p, '\x93');
    } else {
        gt_put_op(p, 'c');
        add_bytes(p, module_and_name, n);
        add_bytes(p, "\n", 1);
        add_bytes(p, name, strlen(name));
        add_bytes(p, "\n", 1);
    }
    keep_text(p, module_and_name);
}

void gt_put_ordered_dict(gt_pickler *p) {
    gt_put_name(p, "collections OrderedDict");
    add_bytes(p, ")R", 2);
}

void gt_put_easy_dict(gt_pickler *p) {
    gt_put_name(p, "dnnlib.util EasyDict");
    add_bytes(p, ")\x81", 2);
}

/* ---- tensors ---- */

/* What stands in front of the numbers in the stream of a storage: parts 1 to 5 of
 * docs/networks.md#storages-of-torch. */
static gt_buffer storage_head(size_t n) {
    static const struct {
        const char *name;
        int value;
    } sizes[] = {{"short", 2}, {"int", 4}, {"long", 4}};
    gt_pickler magic, version, system, storage, keys;
    gt_pickler_begin(&magic, -1, 2);
    add_bytes(&magic, "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12);
    gt_pickler_begin(&version, -1, 2);
    gt_put_int(&version, 1001);
    gt_pickler_begin(&system, -1, 2);
    gt_put_open(&system, '}');
    gt_put_text(&system, "protocol_version");
    gt_put_int(&system, 1001);
    gt_put_text(&system, "little_endian");
    gt_put_bool(&system, true);
    gt_put_text(&system, "type_sizes");
    gt_put_open(&system, '}');
    for (int i = 0; i < 3; i++) {
        gt_put_text(&system, sizes[i].name);
        gt_put_int(&system, sizes[i].value);
    }
    gt_put_close(&system, 'u');
    gt_put_close(&system, 'u');
    gt_pickler_begin(&storage, -1, 2);
    gt_put_op(&storage, '(');
    gt_put_text(&storage, "storage");
    gt_put_name(&storage, "torch FloatStorage");
    gt_put_text(&storage, "0");
    gt_put_text(&storage, "cpu");
    gt_put_int(&storage, (int64_t)n);
    add_bytes(&storage, "NtQ", 3); /* no view; the tuple; a persistent object */
    gt_pickler_begin(&keys, -1, 2);
    gt_put_open(&keys, ']');
    gt_put_text(&keys, "0");
    gt_put_close(&keys, 'e');
    gt_pickler *parts[] = {&magic, &version, &system, &storage, &keys};
    gt_buffer all = {0};
    for (int i = 0; i < 5; i++) {
        gt_pickler_end(parts[i]);
        gt_buffer_add(&all, parts[i]->buffer.data, parts[i]->buffer.n);
        all.failed |= parts[i]->buffer.failed;
        gt_buffer_free(&parts[i]->buffer);
    }
    uint64_t count = htole64(n);
    gt_buffer_add(&all, &count, sizeof count);
    return all;
}

/* Protocol 2 has no bytes: they are a text of the characters U+0000 to U+00FF, which Python encodes. */
static void put_latin1(gt_pickler *p, const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint8_t two[] = {(uint8_t)(0xc0 | bytes[i] >> 6), (uint8_t)(0x80 | (bytes[i] & 0x3f))};
        add_bytes(p, bytes[i] < 0x80 ? &bytes[i] : two, bytes[i] < 0x80 ? 1 : 2);
    }
}

static size_t latin1_bytes(const uint8_t *bytes, size_t n) {
    size_t all = n;
    for (size_t i = 0; i < n; i++) all += bytes[i] >> 7;
    return all;
}

/* The bytes a and b, one behind the other, as one value. */
static void put_bytes(gt_pickler *p, const gt_buffer *a, const void *b, size_t b_bytes) {
    size_t n = a->n + b_bytes;
    const uint8_t *head = (const uint8_t *)a->data;
    if (p->protocol == 2) {
        gt_put_name(p, "_codecs encode");
        size_t bytes = latin1_bytes(head, a->n) + latin1_bytes(b, b_bytes);
        if (bytes > UINT32_MAX) p->error = EFBIG;
        put_number(p, 'X', bytes, 4);
        put_latin1(p, head, a->n);
        put_latin1(p, b, b_bytes);
        gt_put_text(p, "latin1");
        add_bytes(p, "\x86R", 2);
        return;
    }
    if (n < 256) put_number(p, 'C', n, 1);
    else if (n <= UINT32_MAX) put_number(p, 'B', n, 4);
    else if (p->protocol >= FRAMES) put_number(p, '\x8e', n, 8);
    else p->error = EFBIG;
    add_bytes(p, head, a->n);
    add_bytes(p, b, b_bytes);
}

static void put_sizes(gt_pickler *p, int n, const int64_t *sizes) {
    gt_put_op(p, '(');
    for (int i = 0; i < n; i++) gt_put_int(p, sizes[i]);
    gt_put_op(p, 't');
}

void gt_put_tensor(gt_pickler *p, const float *data, int n_dims, const int64_t *dims) {
    enum { MOST_DIMS = 8 };
    int64_t strides[MOST_DIMS];
    size_t n = 1;
    for (int i = n_dims - 1; i >= 0; i--) {
        strides[i] = (int64_t)n;
        n *= (size_t)dims[i];
    }
    if (n > INT32_MAX) p->error = EFBIG; /* sizes and strides are numbers of 32 bits here */
    gt_buffer head = storage_head(n);
    if (head.failed) p->error = ENOMEM;
    gt_put_name(p, "torch._utils _rebuild_tensor_v2");
    gt_put_op(p, '(');
    gt_put_name(p, "torch.storage _load_from_bytes");
    put_bytes(p, &head, data, n * sizeof *data);
    add_bytes(p, "\x85R", 2);
    gt_put_int(p, 0);
    put_sizes(p, n_dims, dims);
    put_sizes(p, n_dims, strides);
    gt_put_bool(p, false);
    gt_put_ordered_dict(p); /* hooks */
    add_bytes(p, "tR", 2);
    gt_buffer_free(&head);
}
