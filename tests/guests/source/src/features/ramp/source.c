/* SPDX-License-Identifier: Apache-2.0
 * A guest: a source of pictures. FILE.ramp holds a number; so many grey pictures of 16x16, brighter and brighter, in
 * two classes. */
#include <stdio.h>
#include <string.h>

#include "data/door/source.h"

enum { SIDE = 16, LONGEST = 1 << 20 };

typedef struct ramp {
    int64_t count;
} ramp;

static bool claims(const gt_spec *spec) { return spec->is_file && !strcmp(spec->extension, ".ramp"); }

static gt_status draw(const gt_source *s, int64_t i, gt_picture *out) {
    const ramp *r = s->state;
    gt_status st = gt_array_room(s, out);
    if (!st) memset(out->samples, (int)(255 * i / r->count), SIDE * SIDE);
    return st;
}

static gt_status open_ramp(gt_source *s, const gt_source_options *options) {
    FILE *f = fopen(s->spec, "re");
    int n = 0;
    bool good = f && fscanf(f, "%d", &n) == 1 && n > 0 && n < LONGEST;
    if (f) fclose(f);
    if (!good) return gt_fail(GT_FORMAT, "no number of pictures in it");
    ramp *r = s->state;
    r->count = s->count = n;
    s->shape = (gt_picture){.height = SIDE, .width = SIDE, .channels = 1, .type = GT_U8};
    gt_source_of_arrays(s, "ramp", draw);
    s->name_digits = 6;
    gt_status st = gt_own_labels(options) ? gt_notes_new_classes(&s->info, n) : GT_OK;
    for (int i = 0; i < n && !st && gt_own_labels(options); i++) s->info.classes[i] = 2 * i / n;
    return st;
}

const gt_source_kind gt_source_ramp = {
    .name = "ramp", .looks = "FILE.ramp", .claims = claims, .state_bytes = sizeof(ramp), .open = open_ramp};
