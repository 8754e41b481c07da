/* SPDX-License-Identifier: Apache-2.0
 * PGM and PPM (P2, P3, P5, P6), as netpbm's manual describes them. Not by netpbm's library: an error there ends the
 * process, or jumps by one buffer for all threads. */
#include <math.h>

#include "base/door/numbers.h"
#include "files/codec/door/raw_picture.h"
#include "files/codec/door/sample.h"

enum { MAXVAL_MOST = 65535 };

typedef struct pnm {
    const uint8_t *at, *end;
    bool ascii;
    unsigned channels, width, height, maxval;
    gt_sample type;
} pnm;

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* A decimal number of at most `most`, behind white space and comments, which go from '#' to the end of the line. */
static gt_status read_number(pnm *p, unsigned most, unsigned *value) {
    bool comment = false;
    for (; p->at < p->end && (comment || is_space(*p->at) || *p->at == '#'); p->at++)
        comment = *p->at == '#' || (comment && *p->at != '\n' && *p->at != '\r');
    if (p->at == p->end) return gt_fail(GT_FORMAT, "truncated");
    if (*p->at < '0' || *p->at > '9') return gt_fail(GT_FORMAT, "damaged: a number is missing");
    for (*value = 0; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
        *value = *value * 10 + (*p->at - '0');
        if (*value > most) return gt_fail(GT_FORMAT, "damaged: a number is larger than %u", most);
    }
    return GT_OK;
}

static gt_status read_head(pnm *p, const uint8_t *bytes, size_t n) {
    unsigned kind = bytes[1] - '0';
    if (n < 3 || !(is_space(bytes[2]) || bytes[2] == '#')) return gt_fail(GT_FORMAT, "damaged: a number is missing");
    *p = (pnm){.at = bytes + 2, .end = bytes + n, .ascii = kind <= 3, .channels = kind % 3 == 0 ? 3 : 1};
    if (kind % 3 == 1) return gt_fail(GT_FORMAT, "a bitmap (P%u), which Gantry does not read; convert it to PNG", kind);
    gt_status st = read_number(p, GT_PICTURE_MAX_SIDE, &p->width);
    if (!st) st = read_number(p, GT_PICTURE_MAX_SIDE, &p->height);
    if (!st) st = read_number(p, MAXVAL_MOST, &p->maxval);
    if (st) return st;
    if (p->maxval == 0) return gt_fail(GT_FORMAT, "damaged: its largest value is 0");
    if (p->at < p->end) p->at++; /* the one character of white space before binary samples */
    p->type = p->maxval > 255 ? GT_U16 : GT_U8;
    return GT_OK;
}

static gt_status head(gt_picture_info *out, const uint8_t *bytes, size_t n) {
    pnm p;
    gt_status st = read_head(&p, bytes, n);
    return st ? st : gt_head_fill(out, p.height, p.width, p.channels, p.type, 32 - __builtin_clz(p.maxval));
}

static gt_status decode_pnm(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    pnm p;
    gt_status st = read_head(&p, bytes, n);
    if (!st) st = gt_raw_new(raw, p.height, p.width, p.channels, p.type);
    if (st) return st;
    size_t samples = (size_t)p.height * p.width * p.channels, size = gt_sample_bytes(p.type);
    if (!p.ascii && (size_t)(p.end - p.at) / size < samples) return gt_fail(GT_FORMAT, "truncated");
    unsigned top = p.type == GT_U16 ? 65535 : 255;
    for (size_t i = 0; i < samples; i++) {
        unsigned v = 0;
        if (p.ascii) st = read_number(&p, p.maxval, &v);
        else v = size == 2 ? gt_be16(p.at + 2 * i) : p.at[i];
        if (st) return st;
        if (v > p.maxval) return gt_fail(GT_FORMAT, "damaged: a sample is larger than %u", p.maxval);
        /* spread over the type's range, halves to even: as Pillow does it */
        if (p.maxval != top) v = (unsigned)rint((double)v / p.maxval * top);
        if (size == 2) ((uint16_t *)raw->picture.samples)[i] = (uint16_t)v;
        else ((uint8_t *)raw->picture.samples)[i] = (uint8_t)v;
    }
    return GT_OK;
}

const gt_picture_kind gt_kind_pnm = {.head = head, .decode = decode_pnm};
