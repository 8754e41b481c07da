/* SPDX-License-Identifier: Apache-2.0
 * Fields as pictures: opening the variables, their grids, reading an item. */
#include "data/fields/fields.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const options[GT_FIELD_ROLES] = {"--data", "--condition", "--static"};

/* ---- variables ---- */

static gt_field *find_field(gt_fields *f, gt_field_role role, const char *name) {
    for (int i = 0; i < f->fields; i++)
        if (f->field[i].role == role && !strcmp(gt_field_name(&f->field[i]), name)) return &f->field[i];
    return NULL;
}

/* Another file of a variable has samples of other times. */
static gt_status add_piece(gt_fields *f, gt_field *x, gt_variable *v) {
    const gt_variable *first = x->pieces ? gt_field_like(x) : v;
    if (x->pieces && (!v->moment || !first->moment))
        return gt_fail(GT_USAGE,
                       "'%s' is given twice ('%s' and '%s'), and only variables with times can go on in another file",
                       v->name, first->file, v->file);
    if (v->height != first->height || v->width != first->width || v->channels != first->channels)
        return gt_fail(GT_FORMAT, "'%s': '%s' has %d x %d cells and %d levels, but %d x %d and %d in '%s'", v->file,
                       v->name, v->width, v->height, v->channels, first->width, first->height, first->channels,
                       first->file);
    if (strcmp(v->units, first->units))
        return gt_fail(GT_FORMAT, "'%s': '%s' is in '%s', but in '%s' in '%s'", v->file, v->name, v->units,
                       first->units, first->file);
    gt_status st = gt_axes_alike(v, first);
    if (st) return st;
    if (!gt_arena_grow(f->arena, &x->piece, x->pieces, &x->room, sizeof(gt_variable *))) return GT_NOMEM;
    x->piece[x->pieces++] = v;
    return GT_OK;
}

static gt_status add_variable(gt_fields *f, gt_field_role role, const gt_named_array *part) {
    gt_variable *v = gt_arena_alloc(f->arena, sizeof *v);
    if (!v) return GT_NOMEM;
    gt_status st = gt_variable_open(f->arena, part, v);
    gt_field *x = st ? NULL : find_field(f, role, v->name);
    if (!st && !x) {
        if (!gt_arena_grow(f->arena, &f->field, f->fields, &f->room, sizeof *f->field)) st = GT_NOMEM;
        else {
            x = &f->field[f->fields++];
            *x = (gt_field){.role = role};
        }
    }
    if (!st && !x->pieces) st = gt_variable_read_grid(f->arena, v);
    if (!st) st = add_piece(f, x, v);
    if (st) {
        gt_variable_close(v);
        if (x && !x->pieces) f->fields--;
    }
    return st;
}

gt_status gt_fields_add(gt_fields *f, gt_field_role role, const char *list) {
    gt_named_array part = {0};
    gt_status st = GT_OK;
    bool made = list && gt_synth_of_path(list);
    if (made) snprintf(part.file, sizeof part.file, "%s", list);
    if (made) st = add_variable(f, role, &part);
    else if (list)
        while (!st && gt_named_array_next(&list, &part, &st))
            if (!st) st = add_variable(f, role, &part);
    return st;
}

static gt_status add_list(gt_fields *f, gt_field_role role, const char *list) {
    gt_status st = gt_fields_add(f, role, list);
    return st ? gt_wrap(st, "%s", options[role]) : GT_OK;
}

/* ---- grids ---- */

static gt_status find_grid(gt_fields *f) {
    const gt_fields_request *r = f->request;
    f->height = r->height, f->width = r->width;
    for (int i = 0; i < f->fields && f->field[i].role == GT_FIELD_TARGET; i++) {
        const gt_variable *v = gt_field_like(&f->field[i]), *first = gt_field_like(&f->field[0]);
        if (v->height != first->height || v->width != first->width)
            return gt_fail(GT_FORMAT, "the targets '%s' and '%s' have different grids: %d x %d and %d x %d cells",
                           first->name, v->name, first->width, first->height, v->width, v->height);
        if (r->height && (v->height != r->height || v->width != r->width))
            return gt_fail(GT_USAGE, "'%s' has %d x %d cells, and the network was trained on %d x %d", v->name,
                           v->width, v->height, r->width, r->height);
        f->height = v->height, f->width = v->width;
    }
    return f->height > 0 && f->width > 0 ? GT_OK
                                         : gt_fail(GT_USAGE, "conditions without targets need the size of a grid");
}

static gt_status copy_axis(gt_arena *a, const gt_fields_axis *from, int64_t n, gt_fields_axis *to) {
    if (from->n != n || !from->values) return GT_OK;
    double *values = gt_arena_array(a, (size_t)n, sizeof *values);
    if (!values) return GT_NOMEM;
    memcpy(values, from->values, (size_t)n * sizeof *values);
    *to = *from;
    to->values = values;
    return GT_OK;
}

/* Of the training: what it points to belongs to the caller. */
static gt_status copy_grid(gt_fields *f, const gt_fields_place *from) {
    gt_arena *a = f->arena;
    int n = from->mapping ? from->mapping_notes.n : 0;
    gt_fields_note *note = gt_arena_array(a, (size_t)n + 1, sizeof *note);
    for (int i = 0; note && i < n; i++) {
        const gt_fields_note *of = &from->mapping_notes.note[i];
        note[i] = (gt_fields_note){gt_arena_printf(a, "%s", of->name), gt_arena_printf(a, "%s", of->text), of->numbers};
    }
    f->place.mapping = gt_arena_printf(a, "%s", from->mapping ? from->mapping : "");
    f->place.mapping_notes = (gt_fields_notes){n, note};
    gt_status st = gt_arena_failed(a) ? GT_NOMEM : GT_OK;
    for (int k = 0; k < 2 && !st; k++)
        st = copy_axis(a, &from->cells[k], (int64_t)f->height * f->width, &f->place.cells[k]);
    return st ? st : copy_axis(a, &from->seen, (int64_t)f->height * f->width, &f->place.seen);
}

/* The targets' place, else that of the targets in training, else that of a condition on the same grid. */
static gt_status find_place(gt_fields *f) {
    const gt_fields_place *fixed = f->request->fixed_place;
    gt_fields_place *p = &f->place;
    gt_status st = GT_OK;
    if (fixed) st = copy_axis(f->arena, &fixed->y, f->height, &p->y);
    if (fixed && !st) st = copy_axis(f->arena, &fixed->x, f->width, &p->x);
    if (fixed && !st) st = copy_grid(f, fixed);
    for (int i = 0; i < f->fields && !st; i++) {
        const gt_variable *v = gt_field_like(&f->field[i]);
        bool target = f->field[i].role == GT_FIELD_TARGET, here = v->height == f->height && v->width == f->width;
        if (target && (gt_axis_direction(&v->y) * gt_axis_direction(&p->y) < 0 ||
                       gt_axis_direction(&v->x) * gt_axis_direction(&p->x) < 0))
            return gt_fail(GT_USAGE, "'%s' has its rows or columns in another order than %s", v->name,
                           fixed ? "in the training" : "the targets before");
        if (!here || (!target && (p->y.values || p->x.values || p->cells[0].values))) continue;
        if (v->y.values) p->y = v->y;
        if (v->x.values) p->x = v->x;
        if (v->cells[0].values) memcpy(p->cells, v->cells, sizeof p->cells);
        if (*v->mapping) p->mapping = v->mapping, p->mapping_notes = v->mapping_notes;
    }
    return st;
}

static bool is_same_axis(const gt_fields_axis *a, const gt_fields_axis *b) {
    return a->n == b->n && !a->values == !b->values &&
           (!a->values || !memcmp(a->values, b->values, (size_t)a->n * sizeof *a->values));
}

/* Variables of one file on one grid: what is said of the first need not be said again. */
static bool is_beside(const gt_variable *before, const gt_variable *v) {
    return !strcmp(before->file, v->file) && is_same_axis(&before->y, &v->y) && is_same_axis(&before->x, &v->x);
}

/* The middles of a grid that begins at the other end are in the order of the targets' grid. */
static gt_status fit_field(gt_fields *f, gt_field *x, gt_source_info *notes) {
    const gt_variable *v = gt_field_like(x);
    const gt_fields_place *p = &f->place;
    bool told = x > f->field && is_beside(gt_field_like(x - 1), v);
    x->resized = v->height != f->height || v->width != f->width;
    x->flip_y = gt_axis_direction(&v->y) * gt_axis_direction(&p->y) < 0;
    x->flip_x = gt_axis_direction(&v->x) * gt_axis_direction(&p->x) < 0;
    bool target = f->field[0].role == GT_FIELD_TARGET;
    const char *of = !target ? "the grid" : gt_arena_printf(f->arena, "the targets '%s'", gt_field_name(&f->field[0]));
    gt_status st = of ? gt_axes_fit(v, p, of, told ? NULL : notes) : GT_NOMEM;
    if (!st) st = gt_cells_plan(f->arena, &x->y, v->height, f->height, f->resize);
    if (!st) st = gt_cells_plan(f->arena, &x->x, v->width, f->width, f->resize);
    if (!st && x->flip_y && !told)
        st = gt_notes_say(notes, "'%s' has its rows in the other order than the targets' %s: they are turned", v->name,
                          p->y.name);
    if (!st && x->flip_x && !told)
        st = gt_notes_say(notes, "'%s' has its columns in the other order than the targets' %s; they are turned",
                          v->name, p->x.name);
    return st;
}

static gt_status check_role(const gt_field *x) {
    const gt_variable *v = gt_field_like(x);
    if (x->role == GT_FIELD_STATIC && v->count != 1)
        return gt_fail(GT_USAGE, "--static: '%s' has %lld samples, a static field is one for all; --condition takes it",
                       v->name, (long long)v->count);
    if (x->role != GT_FIELD_STATIC && v->constant)
        return gt_fail(GT_USAGE, "%s: '%s' has no axis of samples%s", options[x->role], v->name,
                       x->role == GT_FIELD_CONDITION ? "; --static takes it" : "");
    return GT_OK;
}

/* ---- reading ---- */

static void flip(const gt_field *x, int height, int width, float *values) {
    size_t w = (size_t)width, h = (size_t)height;
    for (size_t r = 0; r < h && x->flip_x; r++)
        for (size_t a = 0, b = w - 1; a < b; a++, b--) {
            float swap = values[r * w + a];
            values[r * w + a] = values[r * w + b], values[r * w + b] = swap;
        }
    for (size_t a = 0, b = h - 1; a < b && x->flip_y; a++, b--)
        for (size_t c = 0; c < w; c++) {
            float swap = values[a * w + c];
            values[a * w + c] = values[b * w + c], values[b * w + c] = swap;
        }
}

size_t gt_field_scratch(const gt_fields *f, const gt_field *x) {
    const gt_variable *v = gt_field_like(x);
    size_t given = (size_t)v->height * (size_t)v->width;
    return (size_t)v->height * (size_t)f->width * sizeof(double) + given * (size_t)v->channels * sizeof(float);
}

gt_status gt_field_read(const gt_fields *f, const gt_field *x, int64_t item, void *scratch, float *out) {
    const gt_variable *v = gt_field_like(x);
    size_t given = (size_t)v->height * (size_t)v->width, pixels = (size_t)f->height * (size_t)f->width;
    double *lines = scratch;
    float *values = x->resized ? (float *)(lines + (size_t)v->height * (size_t)f->width) : out;
    int64_t sample = x->sample ? x->sample[item] : 0;
    int piece = 0;
    while (piece + 1 < x->pieces && sample >= x->first[piece + 1]) piece++;
    gt_status st = gt_variable_read(x->piece[piece], sample - x->first[piece], values);
    for (int k = 0; k < v->channels && !st; k++) {
        flip(x, v->height, v->width, values + (size_t)k * given);
        if (x->resized) gt_cells_apply(&x->y, &x->x, values + (size_t)k * given, lines, out + (size_t)k * pixels);
    }
    return st;
}

/* Missing values are 0 as the network sees them, the mean. */
static void put_channel(const gt_fields *f, int c, const float *values, float *out) {
    size_t pixels = (size_t)f->height * (size_t)f->width, stride = (size_t)f->channels;
    const gt_channel_scale *s = &f->scale[c];
    for (size_t k = 0; k < pixels; k++) {
        float v = values[k];
        bool there = !isnan(v) && gt_value_transform_do(s->transform, &v);
        out[k * stride] = there ? (float)(((double)v - s->mean) / s->deviation) : 0;
    }
}

static void put_mask(const gt_fields *f, const float *values, bool first, float *out) {
    size_t pixels = (size_t)f->height * (size_t)f->width, stride = (size_t)f->channels;
    for (size_t k = 0; k < pixels; k++) {
        float there = isnan(values[k]) ? 0 : 1;
        out[k * stride] = first ? there : fminf(out[k * stride], there);
    }
}

static void put_field(const gt_fields *f, int which, const float *values, float *out) {
    size_t pixels = (size_t)f->height * (size_t)f->width;
    const gt_field *x = &f->field[which];
    for (int c = 0; c < f->channels; c++) {
        const gt_field_channel *ch = &f->channel[c];
        if (ch->kind == GT_CHANNEL_TARGET_MASK && x->role == GT_FIELD_TARGET)
            for (int k = 0; k < gt_field_like(x)->channels; k++)
                put_mask(f, values + (size_t)k * pixels, which == 0 && k == 0, out + c);
        if (ch->kind == GT_CHANNEL_TARGET_MASK || ch->field != which) continue;
        if (ch->kind == GT_CHANNEL_MASK) put_mask(f, values + (size_t)ch->level * pixels, true, out + c);
        else put_channel(f, c, values + (size_t)ch->level * pixels, out + c);
    }
}

static gt_status read_item(const gt_source *s, int64_t i, gt_picture *out) {
    const gt_fields *f = s->state;
    size_t pixels = (size_t)f->height * (size_t)f->width, scratch = 0, levels = 0;
    gt_status st = gt_array_room(s, out);
    if (st) return st;
    for (int k = 0; k < f->fields; k++) {
        size_t n = gt_field_scratch(f, &f->field[k]), l = (size_t)gt_field_like(&f->field[k])->channels;
        scratch = n > scratch ? n : scratch, levels = l > levels ? l : levels;
    }
    GT_FREED void *room = malloc(scratch);
    GT_FREED float *values = malloc(levels * pixels * sizeof *values);
    if (!room || !values) return gt_fail(GT_NOMEM, "out of memory for fields");
    for (int k = 0; k < f->fields && !st; k++) {
        st = gt_field_read(f, &f->field[k], i, room, values);
        if (!st) put_field(f, k, values, out->samples);
    }
    return st;
}

/* ---- the source ---- */

static const char *name_item(const gt_source *s, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    const gt_fields *f = s->state;
    const gt_field *x = &f->field[0];
    char text[GT_MOMENT_BYTES];
    int64_t sample = x->sample ? x->sample[i] : 0;
    if (x->moment) snprintf(buffer, GT_ITEM_NAME_BYTES, "%s", gt_moment_text(f->calendar, x->moment[sample], text));
    else if (gt_field_like(x)->pictures) return gt_source_name(gt_field_like(x)->pictures, sample, buffer);
    else snprintf(buffer, GT_ITEM_NAME_BYTES, "%08lld", (long long)sample);
    return buffer;
}

static void close_fields(void *state) {
    gt_fields *f = state;
    for (int i = 0; i < f->fields; i++)
        for (int k = 0; k < f->field[i].pieces; k++) gt_variable_close(f->field[i].piece[k]);
}

static gt_status open_fields(gt_source *s, gt_fields *f, const char *spec) {
    const gt_fields_request *r = f->request;
    gt_status st = add_list(f, GT_FIELD_TARGET, spec);
    if (!st) st = add_list(f, GT_FIELD_CONDITION, r->condition);
    int samples = f->fields;
    if (!st && !samples) st = gt_fail(GT_USAGE, "there are neither targets nor conditions");
    if (!st) st = add_list(f, GT_FIELD_STATIC, r->statics);
    for (int i = 0; i < f->fields && !st; i++) st = check_role(&f->field[i]);
    if (!st) st = find_grid(f);
    if (!st) st = find_place(f);
    if (!st) st = gt_fields_pair(f, &s->info);
    for (int i = 0; i < f->fields && !st; i++) st = fit_field(f, &f->field[i], &s->info);
    return st;
}

/* Classes of targets that are pictures are those of the samples. */
static gt_status take_classes(gt_source *s, const gt_fields *f) {
    const gt_field *x = &f->field[0];
    const gt_variable *v = gt_field_like(x);
    const gt_source_info *from = v->pictures ? gt_source_get_info(v->pictures) : NULL;
    if (!from || x->role != GT_FIELD_TARGET || x->pieces > 1 || from->label_kind != GT_LABELS_CLASSES) return GT_OK;
    gt_status st = gt_notes_new_classes(&s->info, f->items);
    for (int64_t i = 0; i < f->items && !st; i++) s->info.classes[i] = from->classes[x->sample[i]];
    for (int k = 0; k < from->class_names && !st; k++)
        st = gt_notes_add_class_name(&s->info, from->class_name[k], strlen(from->class_name[k]));
    if (!st) st = gt_notes_check(&s->info, f->items, false);
    for (int64_t i = 0; i < f->items && !st; i++) s->info.unlabelled += s->info.classes[i] < 0;
    return st;
}

/* What tells the files from others. */
static gt_status stamp_of(const gt_fields *f, gt_hash128 *out) {
    gt_hasher *h = gt_hasher_new();
    if (!h) return gt_fail(GT_NOMEM, "out of memory for a stamp");
    for (int i = 0; i < f->fields; i++)
        for (int k = 0; k < f->field[i].pieces; k++) {
            const gt_variable *v = f->field[i].piece[k];
            gt_hasher_add(h, &v->stamp, sizeof v->stamp);
            gt_hasher_add(h, v->name, strlen(v->name) + 1);
        }
    *out = gt_hasher_end(h);
    return GT_OK;
}

gt_status gt_fields_open(gt_source **out, const char *spec, const gt_fields_request *r) {
    const char *text = spec && *spec ? spec : r->condition ? r->condition : "";
    *out = NULL;
    gt_source *s = gt_source_new(text);
    if (!s) return gt_fail(GT_NOMEM, "out of memory for opening '%s'", text);
    gt_fields *f = s->state = gt_arena_alloc(s->arena, sizeof *f);
    if (!f) {
        gt_source_close(s);
        return GT_NOMEM;
    }
    *f = (gt_fields){
        .arena = s->arena, .request = r, .missing = r->missing, .resize = r->condition_resize, .mask_of_target = -1};
    gt_source_of_arrays(s, "fields", read_item);
    s->close = close_fields;
    s->name = name_item;
    s->info.source = "fields";
    f->transforms = gt_arena_printf(s->arena, "%s", r->value_transform ? r->value_transform : "");
    gt_status st = f->transforms ? open_fields(s, f, spec) : GT_NOMEM;
    if (!st) st = stamp_of(f, &s->stamp);
    if (!st) st = take_classes(s, f);
    for (int i = 0; i < f->fields && !st; i++)
        for (int k = 0; k < f->field[i].pieces; k++) s->main_thread_only |= f->field[i].piece[k]->main_thread_only;
    if (st) {
        gt_source_close(s);
        return st;
    }
    s->count = s->info.count = f->items;
    s->info.main_thread_only = s->main_thread_only;
    s->shape = (gt_picture){.height = f->height, .width = f->width, .channels = 1, .type = GT_F32};
    *out = s;
    return gt_notes_set_range(&s->info, -1, 1);
}

void gt_fields_about(const gt_source *s, gt_dataset_info *info) {
    const gt_fields *f = s->state;
    info->mask_of_target = f->mask_of_target;
    info->place = &f->place;
}

int64_t gt_fields_moment(const gt_source *s, int64_t stored, double *time) {
    const gt_fields *f = s->state;
    const gt_field *x = &f->field[0];
    int64_t sample = x->sample ? x->sample[stored] : 0;
    int piece = 0;
    while (piece + 1 < x->pieces && sample >= x->first[piece + 1]) piece++;
    const gt_variable *v = x->piece[piece];
    if (time && !x->moment) *time = NAN;
    else if (time && !piece) *time = v->time[sample];
    else if (time) *time = gt_time_of(&x->piece[0]->when, x->moment[sample]); /* other files may count otherwise */
    return x->moment ? x->moment[sample] : stored;
}
