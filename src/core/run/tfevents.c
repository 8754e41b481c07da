/* SPDX-License-Identifier: Apache-2.0
 * Writes TensorBoard's event files (tfevents.h): the messages Event, Summary, Summary.Value, Summary.Image, SessionLog,
 * SummaryMetadata and TensorProto of protocol buffers. Their field numbers stand below. */
#include "run/tfevents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gantry/text.h"
#include "base/door/hash.h"
#include "base/door/progress.h"
#include "run/door/appender.h"

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
       VALUE_TENSOR = 8,
       VALUE_METADATA = 9,
       METADATA_PLUGIN = 1,
       PLUGIN_NAME = 1,
       TENSOR_TYPE = 1,
       TENSOR_SHAPE = 2,
       TENSOR_STRING = 8,
       SHAPE_DIM = 2,
       DIM_SIZE = 1,
       IMAGE_HEIGHT = 1,
       IMAGE_WIDTH = 2,
       IMAGE_COLORSPACE = 3,
       IMAGE_ENCODED = 4,
       SESSION_STATUS = 1,
       SESSION_START = 1,
       TYPE_STRING = 7,
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

/* Adds the event as a record, and frees it. False: out of memory; the records before it stay. */
static bool add_record(gt_buffer *out, gt_buffer *event) {
    GT_BUFFER gt_buffer length = {0};
    size_t before = out->n;
    put_little_endian(&length, event->n, 8);
    put_checked(out, length.data, length.n);
    put_checked(out, event->data, event->n);
    bool whole = !out->failed && !length.failed && !event->failed;
    if (!whole) {
        out->n = before;
        out->failed = false;
    }
    gt_buffer_free(event);
    return whole;
}

static gt_buffer begin_event(double time, int64_t step) {
    gt_buffer b = {0};
    uint64_t bits;
    memcpy(&bits, &time, sizeof bits);
    put_fixed(&b, EVENT_WALL_TIME, bits, 8);
    if (step) put_int(&b, EVENT_STEP, step);
    return b;
}

/* The job as Markdown that shows every line as it is. */
static void put_job(gt_buffer *value, const char *job) {
    gt_buffer text = {0}, plugin = {0}, metadata = {0}, dim = {0}, shape = {0}, tensor = {0};
    static const char tag[] = "job/text_summary", kind[] = "text";
    for (const char *line = job; *line;) {
        int n = (int)strcspn(line, "\n");
        gt_buffer_printf(&text, "    %.*s\n", n, line);
        line += n + (line[n] == '\n');
    }
    put_bytes(&plugin, PLUGIN_NAME, kind, sizeof kind - 1);
    put_message(&metadata, METADATA_PLUGIN, &plugin);
    put_int(&dim, DIM_SIZE, 1);
    put_message(&shape, SHAPE_DIM, &dim);
    put_int(&tensor, TENSOR_TYPE, TYPE_STRING);
    put_message(&tensor, TENSOR_SHAPE, &shape);
    put_message(&tensor, TENSOR_STRING, &text);
    put_bytes(value, VALUE_TAG, tag, sizeof tag - 1);
    put_message(value, VALUE_TENSOR, &tensor);
    put_message(value, VALUE_METADATA, &metadata);
}

static int64_t step_of(const tfevents *t, int64_t images) { return t->by_images ? images : images / 1000; }

/* What a file begins with. */
static bool add_head(gt_buffer *out, const tfevents *t, double time) {
    static const char version[] = "brain.Event:2";
    int64_t step = step_of(t, t->images);
    gt_buffer b = begin_event(time, 0), session = {0}, value = {0}, summary = {0};
    put_bytes(&b, EVENT_FILE_VERSION, version, sizeof version - 1);
    bool whole = add_record(out, &b);
    b = begin_event(time, step + 1); /* "start" at a step: whatever is at that step or later is void */
    put_int(&session, SESSION_STATUS, SESSION_START);
    put_message(&b, EVENT_SESSION_LOG, &session);
    whole &= add_record(out, &b);
    if (!t->job) return whole;
    b = begin_event(time, step);
    put_job(&value, t->job);
    put_message(&summary, SUMMARY_VALUE, &value);
    put_message(&b, EVENT_SUMMARY, &summary);
    return add_record(out, &b) && whole;
}

/* ---- the file ---- */

static gt_status open_file(tfevents *t) {
    char host[65] = "host", name[160];
    double now = gt_unix_time();
    gethostname(host, sizeof host - 1);
    appender file = {.fd = -1};
    gt_status st = GT_FAILED;
    for (int i = 0; st; i++) { /* a run may resume twice within one second */
        snprintf(name, sizeof name, "events.out.tfevents.%010lld.%s.%ld.%d", (long long)now, host, (long)getpid(), i);
        char *path = gt_path_join(t->dir, name);
        st = path ? appender_open(&file, path, O_EXCL) : GT_NOMEM;
        bool again = st == GT_FAILED && errno == EEXIST;
        free(path);
        if (st && !again) return st;
        if (st) continue;
        bool whole = add_head(&file.pending, t, now);
        gt_buffer_add(&file.pending, t->file.pending.data, t->file.pending.n);
        if (!whole || file.pending.failed) {
            unlink(file.path);
            appender_close(&file);
            return gt_fail(GT_NOMEM, "out of memory for TensorBoard's events");
        }
        gt_buffer_free(&t->file.pending);
        t->file = file;
    }
    return GT_OK;
}

/* Makes the file where there is none yet. */
static gt_status make_file(tfevents *t) {
    if (t->file.fd >= 0) return GT_OK;
    gt_storage_begin("making", "events.out.tfevents.*");
    gt_status st = open_file(t);
    gt_storage_end();
    return st;
}

/* Writes and frees the event; keeps it for later when it cannot be written, as long as there is memory for that. */
static gt_status write_event(tfevents *t, gt_buffer *event) {
    size_t before = t->file.pending.n;
    if (!add_record(&t->file.pending, event))
        return gt_fail(GT_NOMEM, "out of memory for an event in '%s'", t->file.path ? t->file.path : t->dir);
    gt_status st = make_file(t);
    if (!st) st = appender_flush(&t->file, false);
    if (st && t->file.pending.n > MOST_PENDING) t->file.pending.n = before;
    return st;
}

gt_status tfevents_open(tfevents *t, const char *dir, int64_t images, bool by_images, const char *job) {
    *t = (tfevents){
        .file.fd = -1, .dir = strdup(dir), .job = job ? strdup(job) : NULL, .images = images, .by_images = by_images};
    return t->dir && (t->job || !job) ? GT_OK : gt_fail(GT_NOMEM, "out of memory for TensorBoard's events");
}

gt_status tfevents_flush(tfevents *t) {
    gt_status st = t->file.pending.n ? make_file(t) : GT_OK;
    return st ? st : appender_flush(&t->file, false);
}

void tfevents_end(tfevents *t, bool write) {
    if (write) tfevents_flush(t);
    appender_close(&t->file);
    free(t->dir);
    free(t->job);
    t->dir = t->job = NULL;
}

gt_status tfevents_scalars(tfevents *t, double time, int64_t images, const gt_stat_value *values, int n) {
    gt_buffer event = begin_event(time, step_of(t, images)), summary = {0};
    for (int i = 0; i < n; i++) {
        gt_buffer value = {0};
        put_bytes(&value, VALUE_TAG, values[i].name, strlen(values[i].name));
        uint32_t bits;
        memcpy(&bits, &(float){(float)values[i].mean}, sizeof bits);
        put_fixed(&value, VALUE_SIMPLE, bits, 4);
        put_message(&summary, SUMMARY_VALUE, &value);
    }
    put_message(&event, EVENT_SUMMARY, &summary);
    return write_event(t, &event);
}

gt_status tfevents_picture(tfevents *t, double time, int64_t images, const char *name, int width, int height,
                           int channels, const void *png, size_t bytes) {
    gt_buffer event = begin_event(time, step_of(t, images)), summary = {0}, value = {0}, image = {0};
    put_int(&image, IMAGE_HEIGHT, height);
    put_int(&image, IMAGE_WIDTH, width);
    put_int(&image, IMAGE_COLORSPACE, channels); /* 1 grey, 3 RGB, 4 RGBA */
    put_bytes(&image, IMAGE_ENCODED, png, bytes);
    put_bytes(&value, VALUE_TAG, name, strlen(name));
    put_message(&value, VALUE_IMAGE, &image);
    put_message(&summary, SUMMARY_VALUE, &value);
    put_message(&event, EVENT_SUMMARY, &summary);
    return write_event(t, &event);
}
