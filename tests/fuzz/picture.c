/* SPDX-License-Identifier: Apache-2.0
 * Picture files of every kind that is read. */
#include "fuzz.h"

#include "files/codec/door/picture.h"
#include "picture_seeds.h"

enum { MOST_BYTES = 1 << 20 }; /* a search is to be quick */

static void run(const uint8_t *bytes, size_t n) {
    gt_picture_info head;
    gt_status st = gt_picture_head(&head, bytes, n);
    fuzz_check(st || (head.height > 0 && head.width > 0 && head.channels > 0 && head.bits > 0));
    gt_picture p;
    if (gt_picture_decode(&p, bytes, n, MOST_BYTES)) return;
    char text[48];
    gt_picture_describe(&p, text);
    fuzz_check(gt_picture_bytes(&p) <= MOST_BYTES && p.channels >= 1);
    volatile uint8_t sum = 0; /* every sample is there */
    for (size_t i = 0; i < gt_picture_bytes(&p); i++) sum = (uint8_t)(sum + ((uint8_t *)p.samples)[i]);
    gt_picture_free(&p);
}

const fuzz_target target = {.variants = 60, .seeds = picture_seeds, .run = run};
