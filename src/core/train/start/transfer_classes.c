/* SPDX-License-Identifier: Apache-2.0
 * The classes of a transfer. Numbers of classes follow from the order of folders or of a list, so
 * other data with as many classes have other numbers for the same names. */
#include <stdlib.h>
#include <string.h>

#include "data/door/source.h"
#include "gantry/job.h"
#include "run/door/checkpoint.h"
#include "train/journal/journal.h"
#include "train/door/engine.h"

/* ---- which class is which ---- */

typedef struct matching {
    gt_class_names here, there; /* names: 0, or as many as classes */
    int *from;                  /* as in gt_class_match */
    bool *paired;               /* class k was named in the option */
} matching;

static const char *name_of(const gt_class_names *n, int class, char number[16]) {
    snprintf(number, 16, "#%d", class);
    return class < n->names ? n->name[class] : number;
}

static bool all_have_names(const matching *m) { return m->here.names && m->there.names; }

static gt_status find_class(const gt_class_names *names, const char *text, const char *whose, int *class) {
    gt_status st = gt_class_of_text(names, "--resume-classes", text, class);
    if (st || *class >= 0) return st;
    const char *near = gt_class_nearest(names, text);
    return gt_fail(GT_USAGE, "--resume-classes: %s %s no class '%.60s'%s%.60s%s", whose,
                   names->names ? "has" : "has no names of classes, and", text, near ? " (did you mean " : "",
                   near ? near : "", near ? "?)" : "");
}

static gt_status take_pair(matching *m, char *pair) {
    char *new = strchr(pair, '=');
    int from = 0, to = 0;
    if (!new || new == pair || !new[1])
        return gt_fail(GT_USAGE, "--resume-classes: '%.60s' is not a pair OLD=NEW; names and numbers stand alone",
                       pair);
    *new ++ = 0;
    gt_status st = find_class(&m->there, pair, "the network", &from);
    if (!st) st = find_class(&m->here, new, "the data", &to);
    if (!st && m->paired[to]) st = gt_fail(GT_USAGE, "--resume-classes: '%.60s' of the data is paired twice", new);
    if (!st) m->from[to] = from, m->paired[to] = true;
    return st;
}

static gt_status take_pairs(matching *m, const char *list) {
    char *copy = strdup(list), *rest = copy, *pair;
    gt_status st = copy ? GT_OK : gt_fail(GT_NOMEM, "out of memory for names of classes");
    while (!st && (pair = strsep(&rest, ","))) st = take_pair(m, pair);
    free(copy);
    return st;
}

static int same_name(const gt_class_names *n, const char *name) {
    for (int k = 0; k < n->names; k++)
        if (!strcmp(n->name[k], name)) return k;
    return -1;
}

static void match_others(matching *m, bool by_name) {
    for (int k = 0; k < m->here.classes; k++)
        if (!m->paired[k]) m->from[k] = by_name ? same_name(&m->there, m->here.name[k]) : k;
}

/* ---- what is said ---- */

static void say_by_number(const matching *m, const char *how, const char *file, gt_buffer *said) {
    if (!*how) return;
    gt_buffer_format(said, "  classes are matched by their numbers: ");
    if (gt_is(how, "numbers")) gt_buffer_format(said, "--resume-classes=numbers\n");
    else gt_buffer_format(said, "%s has no names of classes\n", m->there.names ? "the data" : file);
}

static void say_by_name(const matching *m, gt_buffer *said) {
    enum { SHOWN = 10 };
    char number[16];
    int anew = 0, moved = 0, n = m->here.classes;
    for (int k = 0; k < n; k++) anew += m->from[k] < 0, moved += m->from[k] >= 0 && m->from[k] != k;
    if (moved)
        gt_buffer_format(said, "  classes are matched by their names: %d of %d have another number in the network\n",
                         moved, n);
    if (!anew) return;
    gt_buffer_format(
        said, "!%d of %d classes start with new values, since the network has no class of their name: ", anew, n);
    for (int k = 0, shown = 0; k < n && shown < SHOWN; k++)
        if (m->from[k] < 0) gt_buffer_format(said, "%s%.40s", shown++ ? ", " : "", name_of(&m->here, k, number));
    if (anew > SHOWN) gt_buffer_format(said, " and %d more", anew - SHOWN);
    gt_buffer_format(said, " (--resume-classes=OLD=NEW,... pairs renamed classes, --resume-classes=numbers takes all "
                           "by their numbers)\n");
}

/* ---- the whole ---- */

/* Names as checkpoints keep them, on both sides. */
static gt_status take_names(const gt_checkpoint_data *d, gt_arena *a, gt_class_names *out) {
    if (d->class_names < out->classes) return GT_OK;
    GT_FREED char *text = gt_class_names_to_text(d->class_name, out->classes);
    return text ? gt_class_names_from_text(text, a, &out->name, &out->names) : GT_NOMEM;
}

static gt_status match_all(matching *m, const char *how, const char *file, gt_buffer *said) {
    bool pairs = *how && !gt_is(how, "names") && !gt_is(how, "numbers");
    bool by_name = *how && !gt_is(how, "numbers") && all_have_names(m);
    gt_status st = pairs ? take_pairs(m, how) : GT_OK;
    if (st) return st;
    match_others(m, by_name);
    if (by_name) say_by_name(m, said);
    else say_by_number(m, how, file, said);
    return GT_OK;
}

static gt_status no_effect(const gt_job *job, const char *why) {
    if (!gt_job_given(job, "resume-classes")) return GT_OK;
    return gt_fail(GT_USAGE, "--resume-classes has no effect: %s", why);
}

gt_status gt_match_classes(const gt_engine *e, const gt_checkpoint_file *f, const gt_job *theirs, gt_class_match *out,
                           gt_buffer *said) {
    gt_arena *a = e->job->arena;
    int n = (int)e->job->label_dim;
    gt_checkpoint_data there, here = {0};
    gt_status st = gt_checkpoint_get_data(f, a, &there);
    *out = (gt_class_match){0};
    if (st) return st;
    gt_engine_name_classes(e, &here);
    if (gt_label_drop_is_due(e->job, theirs)) return GT_OK;
    if (!n || n != theirs->label_dim) return no_effect(e->job, "the networks are not for as many classes as the data");
    if (here.vectors || there.vectors) return no_effect(e->job, "the labels are vectors");
    matching m = {.here.classes = n, .there.classes = n};
    m.from = gt_arena_array(a, (size_t)n, sizeof *m.from);
    m.paired = gt_arena_array(a, (size_t)n, sizeof *m.paired);
    if (!m.from || !m.paired) return GT_NOMEM;
    if (!(st = take_names(&here, a, &m.here))) st = take_names(&there, a, &m.there);
    if (!st) st = match_all(&m, e->job->resume_classes, gt_checkpoint_path(f), said);
    bool own = !said->n;
    for (int k = 0; k < n && !st; k++) own &= m.from[k] == k;
    if (st || own) return st;
    gt_job *more = gt_arena_alloc(a, sizeof *more);
    if (!more) return GT_NOMEM;
    *more = *e->job;
    more->label_dim++;
    *out = (gt_class_match){.n = n, .from = m.from, .one_more = gt_model_new(more)};
    return out->one_more ? GT_OK : gt_failure();
}

void gt_class_match_free(gt_class_match *m) { gt_model_free(m->one_more); }

/* ---- tensors ---- */

const gt_shape *gt_class_match_shape(const gt_class_match *m, int net, int tensor) {
    return m->n ? &m->one_more->nets[net]->tensors[tensor].file_shape : NULL;
}

/* Classes are the last of their axis, behind the channels of pictures or a latent. -1: the element is of a class that
 * begins anew. */
static int64_t source_of(const gt_class_match *m, const gt_shape *s, const gt_shape *more, int64_t element) {
    int64_t from = 0, stride = 1;
    for (int axis = s->n - 1; axis >= 0; axis--) {
        int64_t at = element % s->d[axis], first = s->d[axis] - m->n;
        element /= s->d[axis];
        if (more->d[axis] > s->d[axis] && at >= first) {
            int class = m->from[at - first];
            if (class < 0) return -1;
            at = first + class;
        }
        from += at * stride;
        stride *= s->d[axis];
    }
    return from;
}

size_t gt_class_match_copy(const gt_class_match *m, const gt_shape *s, const gt_shape *more, const float *there,
                           float *now) {
    size_t copied = 0, size = (size_t)gt_shape_size(s);
    for (size_t i = 0; i < size; i++) {
        int64_t from = source_of(m, s, more, (int64_t)i);
        if (from < 0) continue;
        now[i] = there[from];
        copied++;
    }
    return copied;
}
