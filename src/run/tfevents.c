/* SPDX-License-Identifier: Apache-2.0
 * Writes TensorBoard's event files (tfevents.h): the messages Event, Summary, Summary.Value, Summary.Image and
 * SessionLog of protocol buffers. Their field numbers stand below. */
#include "run/tfevents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/appender.h"
#include "gantry/hash.h"

enum { /* field numbers */
       EVENT_WALL_TIME = 1,
       EVENT_STEP = 2,
       EVENT_FILE_VERSION = 3,
       EVENT_SUMMARY = 5,
       EVENT_SESSION_LOG = 7,
       SUMMARY_VALUE = 1,
       VALUE_TAG = 1,
       VALUE_SIMPLE = 2,
       VALUE_IMAGE = 4,
       IMAGE_HEIGHT = 1,
       IMAGE_WIDTH = 2,
       IMAGE_COLORSPACE = 3,
       IMAGE_ENCODED = 4,
       SESSION_STATUS = 1,
       SESSION_START = 1,
};
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

enum { MOST_PENDING = 64 << 20 }; /* bytes of events that wait for a disk with room */

/* ---- protocol buffers ---- */

static void put_varint(gt_buffer *b, uint64_t x) {
    for (; x >= 0x80; x >>= 7) gt_buffer_add(b, &(uint8_t){(uint8_t)(x | 0x80)}, 1);
    gt_buffer_add(b, &(uint8_t){(uint8_t)x}, 1);
}

static void put_little_endian(gt_buffer *b, uint64_t x, int bytes) {
    for (int i = 0; i < bytes; i++) gt_buffer_add(b, &(uint8_t){(uint8_t)(x >> (8 * i))}, 1);
}

static void put_key(gt_buffer *b, int field, int wire) { put_varint(b, (uint64_t)(field << 3 | wire)); }

static void put_int(gt_buffer *b, int field, int64_t x) {
    put_key(b, field, WIRE_VARINT);
    put_varint(b, (uint64_t)x);
}

static void put_fixed(gt_buffer *b, int field, uint64_t bits, int bytes) {
    put_key(b, field, bytes == 8 ? WIRE_64 : WIRE_32);
    put_little_endian(b, bits, bytes);
}

static void put_bytes(gt_buffer *b, int field, const void *data, size_t n) {
    put_key(b, field, WIRE_BYTES);
    put_varint(b, n);
    gt_buffer_add(b, data, n);
}

/* A message within a message. */
static void put_message(gt_buffer *b, int field, gt_buffer *inner) {
    b->failed |= inner->failed;
    put_bytes(b, field, inner->data, inner->n);
    gt_buffer_free(inner);
}

/* ---- records ---- */

static void put_checked(gt_buffer *b, const void *data, size_t n) {
    uint32_t crc = gt_crc32c(0, data, n);
    gt_buffer_add(b, data, n);
    put_little_endian(b, (crc >> 15 | crc << 17) + 0xa282ead8u, 4);
}

/* Writes and frees the event; keeps it for later when it cannot be written, as long as there is memory for that. */
static gt_status write_event(appender *file, gt_buffer *event) {
    gt_buffer length = {0}, *out = &file->pending;
    size_t before = out->n;
    put_little_endian(&length, event->n, 8);
    put_checked(out, length.data, length.n);
    put_checked(out, event->data, event->n);
    bool failed = out->failed || length.failed || event->failed;
    if (failed) { /* earlier ones stay */
        out->n = before;
        out->failed = false;
    }
    gt_buffer_free(event);
    gt_buffer_free(&length);
    gt_status st = appender_flush(file, false);
    if (st && out->n > MOST_PENDING) out->n = before;
    return failed ? gt_fail(GT_NOMEM, "out of memory for an event in '%s'", file->path) : st;
}

static gt_buffer begin_event(double time, int64_t step) {
    gt_buffer b = {0};
    uint64_t bits;
    memcpy(&bits, &time, sizeof bits);
    put_fixed(&b, EVENT_WALL_TIME, bits, 8);
    if (step) put_int(&b, EVENT_STEP, step);
    return b;
}

static gt_status write_head(appender *file, double time, int64_t images) {
    static const char version[] = "brain.Event:2";
    gt_buffer b = begin_event(time, 0), session = {0};
    put_bytes(&b, EVENT_FILE_VERSION, version, sizeof version - 1);
    gt_status st = write_event(file, &b);
    if (st) return st;
    b = begin_event(time, images + 1); /* "start" at a step: whatever is at that step or later is void */
    put_int(&session, SESSION_STATUS, SESSION_START);
    put_message(&b, EVENT_SESSION_LOG, &session);
    return write_event(file, &b);
}

/* ---- the file ---- */

gt_status tfevents_open(appender *file, const char *dir, int64_t images) {
    char host[65] = "host", name[160];
    double now = gt_unix_time();
    gethostname(host, sizeof host - 1);
    gt_status st;
    for (int i = 0;; i++) { /* a run may go on twice within one second */
        snprintf(name, sizeof name, "events.out.tfevents.%010lld.%s.%ld.%d", (long long)now, host, (long)getpid(), i);
        char *path = gt_path_join(dir, name);
        st = path ? appender_open(file, path, O_EXCL) : GT_NOMEM;
        bool again = st == GT_FAILED && errno == EEXIST;
        free(path);
        if (!again) break;
    }
    if (st || !(st = write_head(file, now, images))) return st;
    unlink(file->path);
    return st;
}

gt_status tfevents_scalars(appender *file, double time, int64_t images, const gt_stat_value *values, int n) {
    gt_buffer event = begin_event(time, images), summary = {0};
    for (int i = 0; i < n; i++) {
        gt_buffer value = {0};
        put_bytes(&value, VALUE_TAG, values[i].name, strlen(values[i].name));
        uint32_t bits;
        memcpy(&bits, &(float){(float)values[i].mean}, sizeof bits);
        put_fixed(&value, VALUE_SIMPLE, bits, 4);
        put_message(&summary, SUMMARY_VALUE, &value);
    }
    put_message(&event, EVENT_SUMMARY, &summary);
    return write_event(file, &event);
}

gt_status tfevents_picture(appender *file, double time, int64_t images, const char *name, int width, int height,
                           int channels, const void *png, size_t bytes) {
    gt_buffer event = begin_event(time, images), summary = {0}, value = {0}, image = {0};
    put_int(&image, IMAGE_HEIGHT, height);
    put_int(&image, IMAGE_WIDTH, width);
    put_int(&image, IMAGE_COLORSPACE, channels); /* 1 grey, 3 RGB, 4 RGBA */
    put_bytes(&image, IMAGE_ENCODED, png, bytes);
    put_bytes(&value, VALUE_TAG, name, strlen(name));
    put_message(&value, VALUE_IMAGE, &image);
    put_message(&summary, SUMMARY_VALUE, &value);
    put_message(&event, EVENT_SUMMARY, &summary);
    return write_event(file, &event);
}
