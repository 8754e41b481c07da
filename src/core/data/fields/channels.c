/* SPDX-License-Identifier: Apache-2.0
 * The channels of fields: their names, order and transforms, computed or those of a checkpoint. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/fields/fields.h"

#define MASK_OF "mask_of_"
#define TARGET_MASK MASK_OF "targets"

static const char *name_of(const gt_fields *f, const gt_field_channel *c) {
    return gt_field_like(&f->field[c->field])->channel[c->level];
}

static gt_status add_channel(gt_fields *f, gt_field_channel c, gt_channel_scale scale) {
    f->channel[f->channels] = c;
    f->scale[f->channels++] = scale;
    return gt_arena_failed(f->arena) ? GT_NOMEM : GT_OK;
}

static gt_channel_scale scale_of(const gt_fields *f, const gt_field_channel *c) {
    const gt_variable *v = gt_field_like(&f->field[c->field]);
    if (c->kind == GT_CHANNEL_TARGET_MASK) return (gt_channel_scale){.name = TARGET_MASK, .units = "", .deviation = 1};
    if (c->kind == GT_CHANNEL_MASK)
        return (gt_channel_scale){
            .name = gt_arena_printf(f->arena, MASK_OF "%s", name_of(f, c)), .units = "", .deviation = 1};
    return (gt_channel_scale){.name = name_of(f, c),
                              .units = v->units,
                              .deviation = 1,
                              .standard_name = v->standard_name,
                              .height = v->height,
                              .width = v->width};
}

static int values_of(const gt_fields *f) {
    int n = 0;
    for (int i = 0; i < f->fields; i++) n += gt_field_like(&f->field[i])->channels;
    return n;
}

/* ---- transforms ---- */

static const char *const transform_name[] = {
#define X(constant, name) name,
    GT_VALUE_TRANSFORMS(X)
#undef X
};

static gt_status read_transform(const char *text, size_t n, gt_value_transform *out) {
    for (size_t t = 0; t < sizeof transform_name / sizeof *transform_name; t++)
        if (strlen(transform_name[t]) == n && !strncmp(transform_name[t], text, n)) {
            *out = (gt_value_transform)t;
            return GT_OK;
        }
    return gt_fail(GT_USAGE, "--value-transform=%.*s: none, log1p and sqrt are possible", (int)n, text);
}

static bool is_called(const gt_fields *f, const gt_field_channel *c, const char *name, size_t n) {
    const char *of[] = {name_of(f, c), gt_field_name(&f->field[c->field])};
    return (strlen(of[0]) == n && !strncmp(of[0], name, n)) || (strlen(of[1]) == n && !strncmp(of[1], name, n));
}

/* "log1p", "pr=log1p,hus_700=sqrt" */
static gt_status set_transforms(gt_fields *f) {
    gt_status st = GT_OK;
    for (const char *at = f->transforms, *end; *at && !st; at = *end ? end + 1 : end) {
        end = at + strcspn(at, ",");
        const char *equals = memchr(at, '=', (size_t)(end - at)), *value = equals ? equals + 1 : at;
        gt_value_transform t = GT_VALUES_PLAIN;
        int found = 0;
        st = read_transform(value, (size_t)(end - value), &t);
        for (int c = 0; c < f->channels && !st; c++) {
            const gt_field_channel *ch = &f->channel[c];
            bool meant = ch->kind == GT_CHANNEL_VALUE && (equals ? is_called(f, ch, at, (size_t)(equals - at))
                                                                 : f->field[ch->field].role == GT_FIELD_TARGET);
            if (meant) f->scale[c].transform = t, found++;
        }
        if (!st && !found)
            st = gt_fail(GT_USAGE, "--value-transform: there is no variable '%.*s'",
                         (int)(equals ? equals - at : end - at), at);
    }
    return st;
}

/* ---- computed ---- */

static gt_status check_twice(const gt_fields *f) {
    for (int c = f->channels - f->conditions; c < f->channels; c++)
        for (int k = f->channels - f->conditions; k < c; k++)
            if (!strcmp(f->scale[c].name, f->scale[k].name))
                return gt_fail(GT_USAGE,
                               "two conditions are called '%s'; channels are told from each other by their names",
                               f->scale[c].name);
    return GT_OK;
}

/* `missing`: of the values in the order of the fields. */
static gt_status own_channels(gt_fields *f, const int64_t *missing) {
    gt_status st = GT_OK;
    bool target_mask = false;
    for (int i = 0, k = 0; i < f->fields && !st; i++) {
        bool target = f->field[i].role == GT_FIELD_TARGET;
        for (int l = 0; l < gt_field_like(&f->field[i])->channels && !st; l++, k++) {
            gt_field_channel c = {GT_CHANNEL_VALUE, i, l};
            st = add_channel(f, c, scale_of(f, &c));
            target_mask |= target && missing[k];
            f->conditions += !target;
        }
    }
    for (int k = 0, values = f->channels; k < values && !st; k++) {
        gt_field_channel c = f->channel[k];
        if (f->field[c.field].role == GT_FIELD_TARGET || !missing[k]) continue;
        c.kind = GT_CHANNEL_MASK;
        st = add_channel(f, c, scale_of(f, &c));
        f->conditions++;
    }
    if (!st && target_mask) {
        gt_field_channel c = {.kind = GT_CHANNEL_TARGET_MASK};
        f->mask_of_target = f->channels;
        st = add_channel(f, c, scale_of(f, &c));
        f->conditions++;
    }
    if (!st) st = check_twice(f);
    return st ? st : set_transforms(f);
}

/* ---- those of a checkpoint ---- */

/* The channel of this name among the targets, or among the others. */
static bool find_value(const gt_fields *f, bool target, const char *name, gt_field_channel *out) {
    for (int i = 0; i < f->fields; i++)
        for (int l = 0; l < gt_field_like(&f->field[i])->channels; l++) {
            *out = (gt_field_channel){GT_CHANNEL_VALUE, i, l};
            if ((f->field[i].role == GT_FIELD_TARGET) == target && !strcmp(name_of(f, out), name)) return true;
        }
    return false;
}

static gt_status check_like(const gt_fields *f, const gt_field_channel *c, const gt_channel_scale *s) {
    const gt_variable *v = gt_field_like(&f->field[c->field]);
    if (*s->units && *v->units && strcmp(s->units, v->units))
        return gt_fail(GT_USAGE, "'%s' has the units '%s', and the network was trained on '%s'", s->name, v->units,
                       s->units);
    if (s->height && (s->height != v->height || s->width != v->width))
        return gt_fail(GT_USAGE, "'%s' has %d x %d cells, and the network was trained on %d x %d", s->name, v->width,
                       v->height, s->width, s->height);
    return GT_OK;
}

static gt_status take_fixed(gt_fields *f, int k) {
    const gt_fields_request *r = f->request;
    gt_channel_scale s = r->fixed[k];
    bool target = k < r->n_fixed - r->fixed_conditions, targets = f->field[0].role == GT_FIELD_TARGET;
    size_t mask = sizeof MASK_OF - 1;
    gt_field_channel c = {.kind = GT_CHANNEL_TARGET_MASK};
    gt_status st = GT_OK;
    s.name = gt_arena_printf(f->arena, "%s", s.name);
    s.units = gt_arena_printf(f->arena, "%s", s.units);
    s.standard_name = gt_arena_printf(f->arena, "%s", s.standard_name ? s.standard_name : "");
    if (!s.standard_name || !s.name || !s.units) return GT_NOMEM;
    bool last = !target && !strcmp(s.name, TARGET_MASK);
    if ((target || last) && !targets) return GT_OK;
    if (last) f->mask_of_target = f->channels;
    else if (find_value(f, target, s.name, &c)) st = check_like(f, &c, &s);
    else if (!target && !strncmp(s.name, MASK_OF, mask) && find_value(f, false, s.name + mask, &c))
        c.kind = GT_CHANNEL_MASK;
    else {
        const char *near = NULL;
        GT_FREED const char **names = calloc((size_t)values_of(f) + 1, sizeof *names);
        int n = 0;
        for (int i = 0; names && i < f->fields; i++)
            for (int l = 0; l < gt_field_like(&f->field[i])->channels; l++)
                names[n++] = gt_field_like(&f->field[i])->channel[l];
        if (names) near = gt_class_nearest(&(gt_class_names){.name = names, .names = n}, s.name);
        return gt_fail(GT_USAGE, "the network was trained on '%s', which is not given%s%s", s.name,
                       near ? "; the nearest name is " : "", near ? near : "");
    }
    f->conditions += !target;
    return st ? st : add_channel(f, c, s);
}

static gt_status check_all_used(const gt_fields *f) {
    for (int i = 0; i < f->fields; i++)
        for (int l = 0; l < gt_field_like(&f->field[i])->channels; l++) {
            bool used = false;
            for (int c = 0; c < f->channels; c++)
                used |= f->channel[c].kind == GT_CHANNEL_VALUE && f->channel[c].field == i && f->channel[c].level == l;
            if (!used)
                return gt_fail(GT_USAGE, "'%s' is given, and the network was not trained on such a channel",
                               gt_field_like(&f->field[i])->channel[l]);
        }
    return GT_OK;
}

gt_status gt_fields_name_channels(gt_fields *f, const int64_t *missing) {
    const gt_fields_request *r = f->request;
    int most = 2 * values_of(f) + 1, all = most > r->n_fixed + 1 ? most : r->n_fixed + 1;
    f->channel = gt_arena_array(f->arena, (size_t)all, sizeof *f->channel);
    f->scale = gt_arena_array(f->arena, (size_t)all, sizeof *f->scale);
    if (!f->channel || !f->scale) return GT_NOMEM;
    if (!r->fixed) return own_channels(f, missing);
    gt_status st = GT_OK;
    for (int k = 0; k < r->n_fixed && !st; k++) st = take_fixed(f, k);
    return st ? st : check_all_used(f);
}
