/* SPDX-License-Identifier: Apache-2.0 */
#include "train/door/values.h"

#include <string.h>

void gt_values_clear(gt_values *v) {
    gt_arena_free(v->arena);
    *v = (gt_values){0};
}

static const char *copy(gt_values *v, const char *text) { return text ? gt_arena_printf(v->arena, "%s", text) : NULL; }

void gt_values_put_stat(gt_values *v, gt_stat_value value, const gt_value_note *note) {
    if (!v->arena) v->arena = gt_arena_new();
    if (!v->arena || !gt_arena_grow(v->arena, &v->of, v->n, &v->room, sizeof *v->of) ||
        !gt_arena_grow(v->arena, &v->note, v->n, &v->note_room, sizeof *v->note)) {
        v->failed = true;
        return;
    }
    value.name = copy(v, value.name);
    v->of[v->n] = value;
    v->note[v->n] = note ? (gt_value_note){copy(v, note->label), copy(v, note->recipe)} : (gt_value_note){0};
    v->failed |= gt_arena_failed(v->arena);
    if (value.name) v->n++;
}

void gt_values_put(gt_values *v, const char *series, double value) {
    gt_values_put_stat(v, (gt_stat_value){series, 1, value, 0}, NULL);
}

void gt_values_append(gt_values *v, const gt_values *more) {
    for (int i = 0; i < more->n; i++) gt_values_put_stat(v, more->of[i], &more->note[i]);
    v->failed |= more->failed;
}

static int index_of(const gt_values *v, const char *series) {
    for (int i = 0; i < v->n; i++)
        if (!strcmp(v->of[i].name, series)) return i;
    return -1;
}

const gt_stat_value *gt_values_find(const gt_values *v, const char *series) {
    int i = index_of(v, series);
    return i < 0 ? NULL : &v->of[i];
}

void gt_values_renew(gt_values *v, const gt_values *more) {
    for (int i = 0; i < more->n; i++) {
        int at = index_of(v, more->of[i].name);
        if (at < 0) gt_values_put_stat(v, more->of[i], &more->note[i]);
        else v->of[at] = (gt_stat_value){v->of[at].name, more->of[i].num, more->of[i].mean, more->of[i].std};
    }
    v->failed |= more->failed;
}
