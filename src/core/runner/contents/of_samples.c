/* SPDX-License-Identifier: Apache-2.0
 * The items of a dataset, or a picture by itself: pixels, label, mask. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runner/contents/contents.h"
#include "files/codec/door/sample.h"
#include "data/door/source.h"

static gt_status pour_sample(const gt_contents *c, int64_t i, const gt_part_sink *to) {
    return gt_source_pour(c->state, i, to);
}

static gt_status describe_sample(const gt_contents *c, int64_t i, char *text, size_t room) {
    gt_source *s = c->state;
    gt_picture_info p;
    char name[GT_ITEM_NAME_BYTES];
    gt_status st = gt_source_head(s, i, &p);
    if (!st)
        snprintf(text, room, "%" PRId64 " %.4000s  %s [%d,%d,%d]", i, gt_source_name(s, i, name),
                 gt_weight_type_name(gt_part_type(gt_sample_of_bits(p.bits))), p.height, p.width, p.channels);
    return st;
}

static void close_source(void *state) { gt_source_close(state); }

gt_status contents_of_samples(gt_contents *c) {
    gt_source *s;
    gt_status st = gt_source_open(
        &s, c->path, &(gt_source_options){.lone_picture = true, .by_code_points = true, .every_label = true});
    if (st) return st;
    const gt_source_info *info = gt_source_get_info(s);
    c->kind = strcmp(info->source, "picture") ? "dataset" : "picture";
    c->state = s;
    c->close = close_source;
    c->count = info->count;
    c->pour = pour_sample;
    c->describe = describe_sample;
    c->main_thread_only = info->main_thread_only;
    return GT_OK;
}
