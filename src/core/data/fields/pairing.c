/* SPDX-License-Identifier: Apache-2.0
 * Which samples of several variables belong together: by their times, by the names of pictures, or by their places. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/fields/fields.h"

/* ---- the samples of a field ---- */

gt_status gt_field_join(gt_arena *a, gt_field *x) {
    bool timed = x->piece[0]->moment != NULL;
    x->first = gt_arena_array(a, (size_t)x->pieces + 1, sizeof *x->first);
    if (!x->first) return GT_NOMEM;
    for (int k = 0; k < x->pieces; k++) x->first[k + 1] = x->first[k] + x->piece[k]->count;
    x->count = x->first[x->pieces];
    if (x->count > INT32_MAX)
        return gt_fail(GT_FORMAT, "'%s' has %" PRId64 " samples, too many", gt_field_name(x), x->count);
    x->moment = timed ? gt_arena_array(a, (size_t)x->count, sizeof *x->moment) : NULL;
    if (timed && !x->moment) return GT_NOMEM;
    for (int k = 0; k < x->pieces && timed; k++) {
        const gt_variable *v = x->piece[k];
        if (!gt_calendars_agree(v->when.calendar, x->piece[0]->when.calendar))
            return gt_fail(GT_FORMAT, "'%s' has the calendar %s in '%s' and %s in '%s'", v->name,
                           gt_calendar_name(v->when.calendar), v->file, gt_calendar_name(x->piece[0]->when.calendar),
                           x->piece[0]->file);
        memcpy(x->moment + x->first[k], v->moment, (size_t)v->count * sizeof *v->moment);
    }
    return GT_OK;
}

static bool has_names(const gt_field *x) {
    const gt_source *s = gt_field_like(x)->pictures;
    return s && !gt_source_is_nameless(s);
}

/* ---- keys: what the samples of two fields have in common ---- */

typedef struct key {
    int64_t moment, sample;
    char *name; /* NULL: by moments */
} key;

static int compare_keys(const void *a, const void *b) {
    const key *x = a, *y = b;
    return x->name ? strcmp(x->name, y->name) : (x->moment > y->moment) - (x->moment < y->moment);
}

/* The name without its ending; also without the first folder where there is one, of the two sides of pairs that lie in
 * folders of one archive. */
static char *key_name(gt_arena *a, const gt_field *x, int64_t i) {
    char buffer[GT_ITEM_NAME_BYTES];
    const char *name = gt_source_name(gt_field_like(x)->pictures, i, buffer), *dot = strrchr(name, '.');
    return gt_arena_printf(a, "%.*s", (int)(dot && dot > strrchr(name, '/') ? (size_t)(dot - name) : strlen(name)),
                           name);
}

static gt_status sorted_keys(gt_arena *a, const gt_fields *f, const gt_field *x, bool names, key **out) {
    key *keys = *out = gt_arena_array(a, (size_t)x->count, sizeof *keys);
    char text[GT_MOMENT_BYTES];
    for (int64_t i = 0; keys && i < x->count; i++)
        keys[i] = (key){.sample = i, .moment = names ? 0 : x->moment[i], .name = names ? key_name(a, x, i) : NULL};
    if (!keys || gt_arena_failed(a)) return gt_fail(GT_NOMEM, "out of memory for pairs of samples");
    qsort(keys, (size_t)x->count, sizeof *keys, compare_keys);
    for (int64_t i = 1; i < x->count; i++)
        if (!compare_keys(&keys[i - 1], &keys[i]))
            return gt_fail(GT_FORMAT, "'%s' has two samples %s %s", gt_field_name(x), names ? "called" : "of",
                           names ? keys[i].name : gt_moment_text(f->calendar, keys[i].moment, text));
    return GT_OK;
}

/* "2001-01-01 to 2001-12-31" */
static void tell_range(const gt_fields *f, const key *keys, int64_t n, char *text, size_t room) {
    char from[GT_MOMENT_BYTES], to[GT_MOMENT_BYTES];
    if (keys->name) snprintf(text, room, "%.60s to %.60s", keys[0].name, keys[n - 1].name);
    else
        snprintf(text, room, "%s to %s", gt_moment_text(f->calendar, keys[0].moment, from),
                 gt_moment_text(f->calendar, keys[n - 1].moment, to));
}

/* The samples are those of the field before, of the same file: what there is to say was said. */
static bool is_like_before(const gt_field *first, const gt_field *x) {
    const gt_field *before = x - 1;
    if (x <= first + 1 || strcmp(gt_field_like(before)->file, gt_field_like(x)->file)) return false;
    if (before->count != x->count || !before->moment != !x->moment) return false;
    return !x->moment || !memcmp(before->moment, x->moment, (size_t)x->count * sizeof *x->moment);
}

/* Keeps of the items, samples of the first field, those that `x` has too; of[sample of the first] is that of `x`. */
static gt_status match(gt_arena *a, gt_fields *f, gt_field *x, bool names, bool *kept, int64_t *of,
                       gt_source_info *notes) {
    const gt_field *first = &f->field[0];
    key *ours, *theirs;
    int64_t found = 0;
    gt_status st = sorted_keys(a, f, first, names, &ours);
    if (!st) st = sorted_keys(a, f, x, names, &theirs);
    for (int64_t i = 0, k = 0; i < first->count && !st; i++) {
        while (k < x->count && compare_keys(&theirs[k], &ours[i]) < 0) k++;
        bool is = k < x->count && !compare_keys(&theirs[k], &ours[i]);
        kept[ours[i].sample] &= is;
        of[ours[i].sample] = is ? theirs[k].sample : -1;
        found += is;
    }
    if (st) return st;
    char range[2][160];
    tell_range(f, ours, first->count, range[0], sizeof range[0]);
    tell_range(f, theirs, x->count, range[1], sizeof range[1]);
    if (!found)
        return gt_fail(GT_FORMAT, "'%s' and '%s' have no %s in common: %s and %s", gt_field_name(first),
                       gt_field_name(x), names ? "names" : "times", range[0], range[1]);
    if (is_like_before(first, x) || (found == first->count && found == x->count)) return GT_OK;
    return gt_notes_say(notes,
                        "%" PRId64 " samples of '%s' (%s) and '%s' (%s) belong together; without a partner are %" PRId64
                        " and %" PRId64,
                        found, gt_field_name(first), range[0], gt_field_name(x), range[1], first->count - found,
                        x->count - found);
}

/* ---- all ---- */

static gt_status by_place(const gt_field *first, const gt_field *x, int64_t *of, gt_source_info *notes) {
    const gt_variable *a = gt_field_like(first), *b = gt_field_like(x);
    if (first->count != x->count)
        return gt_fail(GT_FORMAT,
                       "'%s' has %" PRId64 " samples and '%s' has %" PRId64
                       "; without times in both they must be as many",
                       a->name, first->count, b->name, x->count);
    for (int64_t i = 0; i < x->count; i++) of[i] = i;
    if (!first->moment == !x->moment) return GT_OK;
    return gt_notes_say(notes, "'%s' and '%s' are matched sample by sample, since '%s' has no times", a->name, b->name,
                        first->moment ? b->name : a->name);
}

static gt_status pair_field(gt_arena *a, gt_fields *f, gt_field *x, bool *kept, gt_source_info *notes) {
    const gt_field *first = &f->field[0];
    bool times = first->moment && x->moment, names = !times && has_names(first) && has_names(x);
    const gt_variable *u = gt_field_like(first), *v = gt_field_like(x);
    x->sample = gt_arena_array(f->arena, (size_t)first->count, sizeof *x->sample);
    if (!x->sample) return GT_NOMEM;
    if (times && !gt_calendars_agree(u->when.calendar, v->when.calendar))
        return gt_fail(GT_FORMAT, "'%s' has the calendar %s and '%s' %s: their times cannot be matched", u->name,
                       gt_calendar_name(u->when.calendar), v->name, gt_calendar_name(v->when.calendar));
    return times || names ? match(a, f, x, names, kept, x->sample, notes) : by_place(first, x, x->sample, notes);
}

gt_status gt_fields_pair(gt_fields *f, gt_source_info *notes) {
    GT_ARENA gt_arena *a = gt_arena_new();
    gt_status st = a ? GT_OK : GT_NOMEM;
    for (int i = 0; i < f->fields && !st; i++) st = gt_field_join(f->arena, &f->field[i]);
    gt_field *first = &f->field[0];
    GT_FREED bool *kept = st ? NULL : malloc((size_t)first->count);
    if (st || !kept) return st ? st : gt_fail(GT_NOMEM, "out of memory for pairs of samples");
    memset(kept, 1, (size_t)first->count);
    const gt_variable *v = gt_field_like(first);
    f->calendar = v->when.calendar;
    if (first->moment) f->place.time_units = v->time_units, f->place.calendar = gt_calendar_name(f->calendar);
    for (int i = 0; i < f->fields && !st; i++)
        if (f->field[i].role != GT_FIELD_STATIC) st = pair_field(a, f, &f->field[i], kept, notes);
    if (st) return st;
    for (int64_t k = 0; k < first->count; k++) { /* the samples that are left, in the order of the first field */
        if (!kept[k]) continue;
        for (int i = 0; i < f->fields; i++)
            if (f->field[i].sample) f->field[i].sample[f->items] = f->field[i].sample[k];
        f->items++;
    }
    return f->items ? GT_OK : gt_fail(GT_FORMAT, "no sample is there in all variables");
}
