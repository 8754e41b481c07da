/* SPDX-License-Identifier: Apache-2.0
 * Records of pictures: in files of pictures, in XMP, and as JSON alone; envelopes of signed statements. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/codec.h"
#include "files/codec/door/notes.h"
#include "files/codec/door/webp.h"
#include "gantry/memory.h"
#include "runner/record/door/envelope.h"
#include "runner/record/door/record.h"
#include "runner/generator/door/origin.h"

static void fill(gt_record_text *r) {
    const int64_t seeds[] = {0, 1, 2, 9, 5};
    const float label[] = {0.5f, -1};
    gt_record_put_text(r, "network", "clip\"art\\64 \xc3\xa4 \xf0\x9f\x98\x80");
    gt_record_put_text(r, "command", "generate");
    gt_record_put_int(r, "height", 3);
    gt_record_put_float(r, "truncation", 0.7f);
    gt_record_put_double(r, "guidance", 1.5);
    gt_record_put_bool(r, "loop", true);
    gt_record_put_floats(r, "label", label, 2);
    gt_record_put_ranges(r, "seeds", seeds, 5);
    gt_record_put_text(r, "sampler", "heun");
}

#define SIXTEEN "AAAAAAAAAAAAAAAA"

static void put_tiff(fuzz_put *put, void *arg, const char *xmp) {
    enum { TAGS = 10, HEAD = 8, PIXEL = HEAD + 2 + 12 * TAGS + 4 };
    const struct {
        uint16_t tag, type;
        uint32_t n, value;
    } tags[TAGS] = {
        {256, 3, 1, 1},     {257, 3, 1, 1}, {258, 3, 1, 8}, {259, 3, 1, 1}, {262, 3, 1, 1},
        {273, 4, 1, PIXEL}, {277, 3, 1, 1}, {278, 3, 1, 1}, {279, 4, 1, 1}, {700, 1, (uint32_t)strlen(xmp), PIXEL + 1}};
    GT_BUFFER gt_buffer b = {0};
    gt_buffer_add(&b, "II*\0\x08\0\0\0\x0a\0", HEAD + 2);
    gt_buffer_add(&b, tags, sizeof tags);
    gt_buffer_add(&b, "\0\0\0\0\7", 5);
    gt_buffer_add(&b, xmp, strlen(xmp));
    fuzz_check(!b.failed);
    put(arg, b.data, b.n);
}

static void put_mp4(fuzz_put *put, void *arg, const char *xmp) {
    static const char boxes[] = "\0\0\0\x10"
                                "ftypisom\0\0\2\0"
                                "\0\0\0\x70moov\0\0\0\x68trak\0\0\0\x60mdia\0\0\0\x58minf\0\0\0\x50stbl"
                                "\0\0\0\x34stsd\0\0\0\0\0\0\0\1\0\0\0\x24" SIXTEEN "AAAAAAAAAAAA\0\4\0\4"
                                "\0\0\0\x14stsz\0\0\0\0\0\0\0\0\0\0\0\3";
    GT_BUFFER gt_buffer b = {0};
    gt_buffer_add(&b, boxes, sizeof boxes - 1);
    gt_mp4_put_xmp(&b, xmp);
    fuzz_check(!b.failed);
    put(arg, b.data, b.n);
}

static void seeds(fuzz_put *put, void *arg) {
    uint8_t pixels[3 * 3 * 3] = {7, 8, 9};
    gt_picture p = {.height = 3, .width = 3, .channels = 3, .samples = pixels};
    gt_record_text r = {0};
    gt_record_notes notes;
    void *bytes;
    size_t n;
    fill(&r);
    fuzz_check(!gt_record_end(&r, &notes));
    put(arg, notes.json, strlen(notes.json));
    put(arg, notes.xmp, strlen(notes.xmp));
    fuzz_check(!gt_png_encode_noted(&p, 6, &notes.notes, &bytes, &n));
    put(arg, bytes, n);
    free(bytes);
    fuzz_check(!gt_webp_encode(&p, &(gt_webp_options){.lossless = true, .notes = &notes.notes}, &bytes, &n));
    put(arg, bytes, n);
    free(bytes);
    put_tiff(put, arg, notes.xmp);
    put_mp4(put, arg, notes.xmp);
    gt_record_notes_free(&notes);
    const char envelope[] =
        "{\"payloadType\": \"application/vnd.in-toto+json\", \"payload\": \"e30=\", \"signatures\": "
        "[{\"keyid\": \"\", \"sig\": \"" SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN "AAAAAA==\"}]}";
    put(arg, envelope, sizeof envelope - 1);
}

/* All that a maker reads. */
static void read_record(const char *json) {
    gt_record *r;
    if (gt_record_parse(&r, json, strlen(json))) return;
    gt_arena *a = gt_arena_new();
    gt_generator_options o = {0};
    gt_condition c;
    const int64_t *list = NULL;
    int64_t n = 0;
    char text[512] = "", *others = gt_record_others(r, "seed");
    gt_record_difference d;
    fuzz_check(a && others && gt_record_compare(r, r, &d) && !*d.key && !*d.unknown);
    if (!gt_origin_options(r, &o)) fuzz_check(o.steps.steps >= 0 && o.steps.steps <= 10000);
    if (!gt_origin_condition(r, a, &c) && c.label) fuzz_check(c.label_dim > 0 && !c.class);
    if (!gt_record_get_ranges(r, "seeds", 100, a, &list, &n)) fuzz_check(n >= 0 && n <= 100);
    gt_origin_say(r, text, sizeof text);
    fuzz_check(strlen(text) < sizeof text);
    free(others);
    gt_arena_free(a);
    gt_record_close(r);
}

static void run(const uint8_t *bytes, size_t n) {
    gt_picture_said said;
    char *json = NULL, *text = malloc(n + 1);
    fuzz_check(text);
    memcpy(text, bytes, n);
    text[n] = 0;
    read_record(text);
    if (!gt_record_of_xmp(text, &json) && json) read_record(json);
    free(json);
    json = NULL;
    if (!gt_picture_said_read(&said, bytes, n)) {
        fuzz_check(!said.text || strlen(said.text) <= GT_NOTES_MOST);
        fuzz_check(said.frames >= 0 && said.height >= 0 && said.width >= 0 && said.before_xmp <= n);
        if (said.text) read_record(said.text);
        if (said.xmp && !gt_record_of_xmp(said.xmp, &json) && json) read_record(json);
        free(json);
        gt_picture_said_free(&said);
    }
    gt_envelope e;
    if (!gt_envelope_read(&e, text, n)) {
        fuzz_check(((const char *)e.statement)[e.n] == 0 && e.n_signatures >= 0);
        gt_envelope_free(&e);
    }
    gt_record_found found;
    if (!gt_record_find(fuzz_file(bytes, n), &found)) free(found.json);
    free(text);
}

const fuzz_target target = {.variants = 400, .seeds = seeds, .run = run};
