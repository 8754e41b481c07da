/* SPDX-License-Identifier: Apache-2.0
 * Pictures as they were found: what there is, and the command that makes a dataset of them. */
#include <stdio.h>
#include <stdlib.h>

#include "data/door/source.h"
#include "gantry/file.h"
#include "base/door/progress.h"

enum { SIDE_LEAST = 8, SIDE_MOST = 64, COLOURS_AND_ALPHA = 4, DECODED_PIXELS = 100000000 };

static int by_value(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static void add_size(gt_survey *o, const gt_picture_info *head) {
    int64_t pixels = (int64_t)head->height * head->width;
    if (!o->smallest[0] || pixels < (int64_t)o->smallest[0] * o->smallest[1])
        o->smallest[0] = head->width, o->smallest[1] = head->height;
    if (pixels > (int64_t)o->largest[0] * o->largest[1]) o->largest[0] = head->width, o->largest[1] = head->height;
    const int sides[2] = {head->width, head->height};
    for (int k = 0; k < 2; k++) {
        if (!o->least[k] || sides[k] < o->least[k]) o->least[k] = sides[k];
        if (sides[k] > o->most[k]) o->most[k] = sides[k];
    }
    o->pixels += pixels;
    o->oblong += head->width != head->height;
}

/* The largest of the sides that are trained on a CPU in hours which half of the pictures have. */
static int side_for(int *sides, int n) {
    int side = SIDE_MOST;
    qsort(sides, (size_t)n, sizeof *sides, by_value);
    while (n && side > SIDE_LEAST && side > sides[n / 2]) side /= 2;
    return side;
}

gt_status gt_survey_pictures(const gt_source *s, gt_survey *out) {
    int64_t looks = gt_source_looks(s);
    int *sides = calloc((size_t)looks + 1, sizeof *sides), n = 0;
    if (!sides) return gt_fail(GT_NOMEM, "out of memory for a look at %lld pictures", (long long)looks);
    *out = (gt_survey){.count = s->count, .looked = looks, .first_unread = -1, .plain = true};
    for (int64_t k = 0; k < looks; k++) {
        int64_t i = gt_source_look(s, k, looks);
        gt_picture_info head;
        gt_progress();
        if (gt_item_head(s, i, GT_PICTURE_HEAD_BYTES, &head)) {
            if (!out->unread++) out->first_unread = i;
            continue;
        }
        add_size(out, &head);
        sides[n++] = head.height < head.width ? head.height : head.width;
        out->transparent += head.alpha;
        bool grey = head.channels - head.alpha == 1;
        out->grey += grey;
        out->coloured |= !grey;
        out->plain &= head.channels <= COLOURS_AND_ALPHA;
    }
    out->folders = s->info.label_kind == GT_LABELS_NONE && gt_folders_sort(s);
    out->side = side_for(sides, n);
    free(sides);
    return GT_OK;
}

gt_status gt_survey_decode(gt_source *s, gt_survey *o) {
    int64_t step = 1 + o->pixels / DECODED_PIXELS;
    for (int64_t k = 0; k < o->looked; k += step) {
        int64_t i = gt_source_look(s, k, o->looked);
        gt_picture_info head;
        gt_picture p = {0};
        gt_progress();
        if (gt_item_head(s, i, GT_PICTURE_HEAD_BYTES, &head)) continue;
        gt_status st = gt_source_read(s, i, &p);
        gt_picture_free(&p);
        if (st == GT_NOMEM) return st;
        o->decoded += !st;
        o->unread += st != GT_OK;
        if (st && (o->first_unread < 0 || i < o->first_unread)) o->first_unread = i;
    }
    return GT_OK;
}

void gt_survey_why(const gt_source *s, const gt_survey *o, gt_buffer *to) {
    char name[GT_ITEM_NAME_BYTES];
    gt_picture p = {0};
    gt_status st = gt_item_read(s, o->first_unread, &p);
    gt_picture_free(&p);
    gt_buffer_printf(to, "'%s'%s%s", gt_source_name(s, o->first_unread, name), st ? ": " : "", st ? gt_message() : "");
}

void gt_survey_fit(const gt_survey *o, gt_buffer *to) {
    if (!o->transparent && !o->oblong) {
        gt_buffer_printf(to, " --transform=center-crop");
        return;
    }
    gt_buffer_printf(to, " --pad --background=white");
    if (o->plain && (o->transparent || o->coloured)) gt_buffer_printf(to, " --channels=%d", o->coloured ? 3 : 1);
}

void gt_survey_command(const gt_survey *o, const char *spec, gt_buffer *to) {
    size_t n = strlen(spec);
    while (n > 1 && spec[n - 1] == '/') n--;
    bool zip = n > 4 && !strncmp(spec + n - 4, ".zip", 4), csv = n > 4 && !strncmp(spec + n - 4, ".csv", 4);
    GT_FREED char *dest = malloc(n + sizeof "-small.zip");
    if (!dest) {
        to->failed = true;
        return;
    }
    sprintf(dest, "%.*s%s", (int)(zip || csv ? n - 4 : n), spec, zip ? "-small.zip" : ".zip");
    gt_buffer_printf(to, "gantry dataset ");
    gt_buffer_shell(to, spec);
    gt_buffer_printf(to, " ");
    gt_buffer_shell(to, dest);
    gt_buffer_printf(to, " --width=%d --height=%d", o->side, o->side);
    gt_survey_fit(o, to);
    gt_buffer_printf(to, "%s%s", o->unread ? " --on-error=skip" : "", o->folders ? " --labels=folders" : "");
}
