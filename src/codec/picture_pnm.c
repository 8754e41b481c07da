/* SPDX-License-Identifier: Apache-2.0
 * PBM, PGM and PPM (P1 to P6), as netpbm's manual describes them. */
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/raw_picture.h"

enum { MAXVAL_MOST = 65535 };

typedef struct text {
    const uint8_t *at, *end;
} text;

static bool is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool begins(const uint8_t *bytes, size_t n) {
    return n >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' && (is_space(bytes[2]) || bytes[2] == '#');
}

/* White space and comments, which go from '#' to the end of the line. */
static void skip_space(text *t) {
    bool comment = false;
    for (; t->at < t->end && (comment || is_space(*t->at) || *t->at == '#'); t->at++)
        comment = *t->at == '#' || (comment && *t->at != '\n' && *t->at != '\r');
}

/* A decimal number of at most `most`. */
static gt_status read_number(text *t, unsigned most, unsigned *value) {
    skip_space(t);
    if (t->at == t->end) return gt_fail(GT_FORMAT, "truncated");
    if (*t->at < '0' || *t->at > '9') return gt_fail(GT_FORMAT, "damaged: no number where one is expected");
    for (*value = 0; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++) {
        *value = *value * 10 + (*t->at - '0');
        if (*value > most) return gt_fail(GT_FORMAT, "damaged: a number is larger than %u", most);
    }
    return GT_OK;
}

typedef struct pnm {
    bool ascii, bitmap;
    unsigned channels, width, height, maxval;
} pnm;

static gt_status read_head(pnm *p, text *t) {
    unsigned kind = t->at[1] - '0';
    *p = (pnm){.ascii = kind <= 3, .bitmap = kind == 1 || kind == 4, .channels = kind % 3 == 0 ? 3 : 1, .maxval = 1};
    t->at += 2;
    gt_status st = read_number(t, GT_PICTURE_MAX_SIDE, &p->width);
    if (!st) st = read_number(t, GT_PICTURE_MAX_SIDE, &p->height);
    if (!st && !p->bitmap) st = read_number(t, MAXVAL_MOST, &p->maxval);
    if (st) return st;
    if (p->maxval == 0) return gt_fail(GT_FORMAT, "damaged: its largest value is 0");
    if (t->at < t->end) t->at++; /* the one character of white space before binary samples */
    return gt_picture_check_size(p->height, p->width, p->channels, p->maxval > 255 ? GT_U16 : GT_U8, 0);
}

static gt_status head(gt_picture_info *out, const uint8_t *bytes, size_t n) {
    pnm p;
    text t = {bytes, bytes + n};
    gt_status st = read_head(&p, &t);
    if (st) return st;
    *out = (gt_picture_info){.height = (int)p.height, .width = (int)p.width, .channels = (int)p.channels, .bits = 1};
    while (p.maxval >> out->bits) out->bits++;
    return GT_OK;
}

/* Spread over the type's range, halves to even: as Pillow does it. */
static void store(gt_picture *out, size_t i, unsigned value, unsigned maxval) {
    unsigned top = out->type == GT_U16 ? 65535 : 255;
    unsigned v = maxval == top ? value : (unsigned)rint((double)value / maxval * top);
    if (out->type == GT_U16) ((uint16_t *)out->samples)[i] = (uint16_t)v;
    else ((uint8_t *)out->samples)[i] = (uint8_t)v;
}

/* Digits of a plain bitmap need no space between them. */
static gt_status read_digit(text *t, unsigned *value) {
    skip_space(t);
    if (t->at == t->end) return gt_fail(GT_FORMAT, "truncated");
    if (*t->at != '0' && *t->at != '1') return gt_fail(GT_FORMAT, "damaged: no 0 or 1 where one is expected");
    *value = *t->at++ - '0';
    return GT_OK;
}

static gt_status read_ascii(gt_picture *out, const pnm *p, text *t) {
    gt_status st = GT_OK;
    size_t samples = (size_t)p->height * p->width * p->channels;
    for (size_t i = 0; i < samples && !st; i++) {
        unsigned v = 0;
        st = p->bitmap ? read_digit(t, &v) : read_number(t, p->maxval, &v);
        if (!st) store(out, i, p->bitmap ? !v : v, p->maxval);
    }
    return st;
}

static gt_status read_bits(gt_picture *out, const pnm *p, const text *t) {
    size_t stride = (p->width + 7) / 8;
    if ((size_t)(t->end - t->at) / stride < p->height) return gt_fail(GT_FORMAT, "truncated");
    for (size_t y = 0; y < p->height; y++)
        for (size_t x = 0; x < p->width; x++)
            store(out, y * p->width + x, !(t->at[y * stride + x / 8] >> (7 - x % 8) & 1), 1);
    return GT_OK;
}

static gt_status read_binary(gt_picture *out, const pnm *p, const text *t) {
    size_t samples = (size_t)p->height * p->width * p->channels, bytes = out->type == GT_U16 ? 2 : 1;
    if ((size_t)(t->end - t->at) / bytes < samples) return gt_fail(GT_FORMAT, "truncated");
    for (size_t i = 0; i < samples; i++) {
        unsigned v = bytes == 2 ? gt_be16(t->at + 2 * i) : t->at[i];
        if (v > p->maxval) return gt_fail(GT_FORMAT, "damaged: a sample is larger than %u", p->maxval);
        store(out, i, v, p->maxval);
    }
    return GT_OK;
}

static gt_status decode(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    pnm p;
    text t = {bytes, bytes + n};
    gt_status st = read_head(&p, &t);
    if (!st) st = gt_raw_new(raw, p.height, p.width, p.channels, p.maxval > 255 ? GT_U16 : GT_U8);
    if (st) return st;
    if (p.ascii) return read_ascii(&raw->picture, &p, &t);
    return p.bitmap ? read_bits(&raw->picture, &p, &t) : read_binary(&raw->picture, &p, &t);
}

const gt_picture_kind gt_kind_pnm = {.name = "PNM", .begins = begins, .head = head, .decode = decode};
