/* SPDX-License-Identifier: Apache-2.0
 * One pass over all items: missing values, means and deviations; and the transform of values, both ways. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/exact.h"
#include "base/door/mathfn.h"
#include "base/door/progress.h"
#include "data/fields/fields.h"

/* ---- transforms ---- */

/* ln(1 + x) without the digits that 1 + x loses. */
static double log1p_of(double x) {
    double u = 1 + x;
    return u == 1 ? x : gt_ln(u) * x / (u - 1);
}

static double expm1_of(double x) {
    double u = gt_exp(x);
    return fabs(x) < 1e-5 ? x + x * x / 2 : u - 1;
}

bool gt_value_transform_do(gt_value_transform t, float *v) {
    double x = (double)*v;
    if (t == GT_VALUES_PLAIN) return true;
    if (t == GT_VALUES_LOG1P ? !(x > -1) : !(x >= 0)) return false;
    *v = (float)(t == GT_VALUES_LOG1P ? log1p_of(x) : sqrt(x));
    return true;
}

void gt_channel_scale_undo(const gt_channel_scale *c, float *values, size_t n, size_t stride) {
    for (size_t i = 0; i < n * stride; i += stride) {
        double v = (double)values[i] * c->deviation + c->mean;
        if (c->transform == GT_VALUES_LOG1P) v = expm1_of(v);
        else if (c->transform == GT_VALUES_SQRT) v = v > 0 ? v * v : 0;
        values[i] = (float)v;
    }
}

/* ---- the pass ---- */

typedef struct tally { /* of a channel of values, in the order of the fields */
    gt_exact_sum sum[GT_VALUES_SQRT + 1], squares[GT_VALUES_SQRT + 1];
    int64_t n, missing, cells, outside[GT_VALUES_SQRT + 1];
} tally;

typedef struct pass {
    gt_fields *f;
    tally *tally;
    void *scratch;
    float *values;
    bool wanted[GT_VALUES_SQRT + 1]; /* transforms that may be asked for */
    bool *here;                      /* [height,width] of an item: all targets are there */
    double *seen;                    /* of any item that counts; NULL: nobody asks */
} pass;

static void see_targets(const pass *p, const float *values, size_t n) {
    for (size_t k = 0; k < n; k++) p->here[k] &= !isnan(values[k]);
}

static void add_values(const pass *p, tally *t, const float *values, size_t n, bool counts) {
    t->cells += (int64_t)n;
    for (size_t k = 0; k < n; k++) {
        if (isnan(values[k])) {
            t->missing++;
            continue;
        }
        t->n += counts;
        for (int how = 0; how <= GT_VALUES_SQRT; how++) {
            float v = values[k];
            if (!p->wanted[how]) continue;
            if (!gt_value_transform_do((gt_value_transform)how, &v)) {
                t->outside[how]++;
                continue;
            }
            if (!counts) continue;
            gt_exact_add(&t->sum[how], (double)v);
            gt_exact_add(&t->squares[how], (double)v * (double)v);
        }
    }
}

static gt_status add_item(const pass *p, int64_t i, bool counts) {
    const gt_fields *f = p->f;
    size_t pixels = (size_t)f->height * (size_t)f->width;
    gt_status st = GT_OK;
    memset(p->here, 1, pixels);
    for (int x = 0, k = 0; x < f->fields && !st; x++) {
        const gt_field *field = &f->field[x];
        int levels = gt_field_like(field)->channels;
        bool once = field->role == GT_FIELD_STATIC && i > 0;
        if (!once) st = gt_field_read(f, field, i, p->scratch, p->values);
        for (int l = 0; l < levels && !st && !once; l++)
            add_values(p, &p->tally[k + l], p->values + (size_t)l * pixels, pixels,
                       counts || field->role == GT_FIELD_STATIC);
        for (int l = 0; l < levels && !st && field->role == GT_FIELD_TARGET; l++)
            see_targets(p, p->values + (size_t)l * pixels, pixels);
        k += levels;
    }
    for (size_t k = 0; k < pixels && p->seen && counts && !st; k++) p->seen[k] += p->here[k] && !(p->seen[k] > 0);
    return st;
}

/* Where the values go: the first piece says in which file. */
static gt_status refuse_missing(const gt_fields *f, const tally *all) {
    for (int x = 0, k = 0; x < f->fields; x++)
        for (int l = 0; l < gt_field_like(&f->field[x])->channels; l++, k++)
            if (all[k].missing && f->missing == GT_MISSING_REFUSED)
                return gt_fail(
                    GT_FORMAT,
                    "'%s': '%s': %" PRId64 " of %" PRId64 " values are missing (NaN, _FillValue, missing_value); %s",
                    gt_field_like(&f->field[x])->file, gt_field_like(&f->field[x])->channel[l], all[k].missing,
                    all[k].cells,
                    f->request->fixed ? "fields are read as in the training, where --missing=mask was not given: only "
                                        "gantry train with that option makes a network that takes them"
                                      : "--missing=mask leaves them out");
    return GT_OK;
}

/* Of channel c, whose values are number k in the order of the fields. */
static gt_status finish_channel(gt_fields *f, int c, tally *t) {
    gt_channel_scale *s = &f->scale[c];
    const gt_field_channel *ch = &f->channel[c];
    if (t->outside[s->transform])
        return gt_fail(
            GT_FORMAT, "'%s': %" PRId64 " of %" PRId64 " values are %s, which --value-transform=%s cannot take",
            s->name, t->outside[s->transform], t->cells, s->transform == GT_VALUES_SQRT ? "below 0" : "-1 or less",
            s->transform == GT_VALUES_SQRT ? "sqrt" : "log1p");
    if (f->request->fixed) {
        bool masked = f->field[ch->field].role == GT_FIELD_TARGET && f->mask_of_target >= 0;
        for (int k = 0; k < f->channels; k++)
            masked |= f->channel[k].kind == GT_CHANNEL_MASK && f->channel[k].field == ch->field &&
                      f->channel[k].level == ch->level;
        return !t->missing || masked ? GT_OK
                                     : gt_fail(GT_FORMAT,
                                               "'%s': %" PRId64 " of %" PRId64
                                               " values are missing, and the network was trained on none that are: "
                                               "train with --missing=mask on fields that lack such values",
                                               s->name, t->missing, t->cells);
    }
    if (!t->n) return gt_fail(GT_FORMAT, "'%s': all values are missing", s->name);
    gt_exact_moments(&t->sum[s->transform], &t->squares[s->transform], t->n, &s->mean, &s->deviation);
    if (!(s->deviation > 0)) s->deviation = 1;
    return GT_OK;
}

static gt_status finish(gt_source *s, gt_fields *f, tally *all, int values) {
    GT_FREED int64_t *missing = calloc((size_t)values + 1, sizeof *missing);
    if (!missing) return gt_fail(GT_NOMEM, "out of memory for means");
    for (int k = 0; k < values; k++) missing[k] = all[k].missing;
    gt_status st = refuse_missing(f, all);
    if (!st) st = gt_fields_name_channels(f, missing);
    for (int c = 0; c < f->channels && !st; c++) {
        const gt_field_channel *ch = &f->channel[c];
        int k = ch->level;
        for (int x = 0; x < ch->field; x++) k += gt_field_like(&f->field[x])->channels;
        if (ch->kind == GT_CHANNEL_VALUE) st = finish_channel(f, c, &all[k]);
        if (!st && ch->kind == GT_CHANNEL_VALUE && all[k].missing)
            st = gt_notes_say(&s->info, "'%s': %" PRId64 " of %" PRId64 " values are missing", f->scale[c].name,
                              all[k].missing, all[k].cells);
    }
    return st;
}

/* "pr,ta_850,..." for who asks for the channels of any dataset. */
static gt_status name_all(gt_source *s, const gt_fields *f) {
    gt_buffer text = {0};
    for (int c = 0; c < f->channels; c++) gt_buffer_printf(&text, "%s%s", c ? "," : "", f->scale[c].name);
    gt_buffer_add(&text, "", 1);
    s->info.channel_names = text.failed ? NULL : strdup((const char *)text.data);
    gt_buffer_free(&text);
    return s->info.channel_names ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the names of channels");
}

gt_status gt_fields_measure(gt_source *s, const int64_t *chosen, int64_t n) {
    gt_fields *f = s->state;
    int values = 0;
    size_t scratch = 0, levels = 0, pixels = (size_t)f->height * (size_t)f->width;
    for (int x = 0; x < f->fields; x++) {
        size_t room = gt_field_scratch(f, &f->field[x]), l = (size_t)gt_field_like(&f->field[x])->channels;
        scratch = room > scratch ? room : scratch, levels = l > levels ? l : levels;
        values += (int)l;
    }
    GT_FREED tally *all = calloc((size_t)values, sizeof *all);
    GT_FREED void *room = malloc(scratch);
    GT_FREED float *read = malloc(levels * pixels * sizeof *read);
    GT_FREED bool *here = malloc(pixels);
    bool first = !f->request->fixed && f->field->role == GT_FIELD_TARGET;
    pass p = {.f = f,
              .tally = all,
              .scratch = room,
              .values = read,
              .wanted = {true, strstr(f->transforms, "log1p") != NULL, strstr(f->transforms, "sqrt") != NULL},
              .here = here,
              .seen = first ? gt_arena_array(f->arena, pixels, sizeof(double)) : NULL};
    gt_status st = all && room && read && here && (p.seen || !first) ? GT_OK
                                                                     : gt_fail(GT_NOMEM, "out of memory for means");
    for (int k = 0; k < f->request->n_fixed && f->request->fixed; k++) p.wanted[f->request->fixed[k].transform] = true;
    int64_t next = 0;
    for (int64_t i = 0; i < s->count && !st; i++) {
        gt_progress();
        bool counts = !chosen || (next < n && chosen[next] == i);
        next += counts;
        st = add_item(&p, i, counts);
    }
    bool gaps = false;
    for (size_t k = 0; k < pixels && p.seen && !st; k++) gaps |= !(p.seen[k] > 0);
    if (gaps) f->place.seen = (gt_fields_axis){.n = (int64_t)pixels, .values = p.seen};
    if (!st) st = finish(s, f, all, values);
    if (!st) st = name_all(s, f);
    s->shape.channels = f->channels;
    s->info.conditions = f->conditions;
    s->info.scale = f->scale;
    if (!st && f->channels > 256) st = gt_fail(GT_USAGE, "%d channels; at most 256 are possible", f->channels);
    f->request = NULL;
    return st;
}
