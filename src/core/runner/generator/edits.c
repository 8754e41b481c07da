/* SPDX-License-Identifier: Apache-2.0
 * Steps along directions: see edits.h. */
#include "runner/generator/door/edits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/generator/door/directions.h"
#include "gantry/hash.h"
#include "gantry/log.h"
#include "gantry/memory.h"
#include "runner/generator/door/direction_file.h"
#include "runner/generator/door/generator.h"
#include "runner/generator/door/styles.h"
#include "runner/door/roles.h"

typedef struct edit {
    char name[GT_DIRECTION_NAME];
    double from, to; /* strengths */
    char layers[64]; /* "": all */
} edit;

struct gt_edits {
    gt_directions d;
    int n;
    edit *list;
    int *direction; /* [n] */
    bool *chosen;   /* [n,num_ws] */
};

/* ---- the text ---- */

static const char *read_strength(const char *text, double *x) {
    char *end;
    size_t n = strspn(text, "+-0123456789.eE");
    const char *dots = strstr(text, "..");
    if (dots && (size_t)(dots - text) < n) n = (size_t)(dots - text); /* strtod() would read "3." of "3..5" */
    char number[32];
    if (!n || n >= sizeof number) return NULL;
    memcpy(number, text, n);
    number[n] = 0;
    *x = strtod(number, &end);
    return !*end && fabs(*x) <= 1e6 ? text + n : NULL;
}

/* Reads the edit at the beginning of the text; where it ends; NULL: there is no edit. */
static const char *read_edit(const char *text, edit *e) {
    const char *colon = strchr(text, ':');
    size_t name = colon ? (size_t)(colon - text) : 0;
    *e = (edit){0};
    if (!name || name >= sizeof e->name) return NULL;
    memcpy(e->name, text, name);
    if (gt_direction_name_check(e->name) || !(text = read_strength(colon + 1, &e->from))) return NULL;
    e->to = e->from;
    if (!strncmp(text, "..", 2) && !(text = read_strength(text + 2, &e->to))) return NULL;
    size_t layers = *text == ',' ? strspn(text + 1, "0123456789-,") : 0;
    const char *end = text + 1 + layers;
    if (layers && *end && end[-1] == ',') layers--; /* the comma in front of the next name */
    if (layers >= sizeof e->layers) return NULL;
    if (layers) memcpy(e->layers, text + 1, layers), text += 1 + layers;
    if (*e->layers && gt_layers_check(e->layers)) return NULL;
    return text;
}

void gt_edits_put_moving(const char *edits, gt_buffer *out) {
    edit one;
    for (const char *at = edits, *end; at && (end = read_edit(at, &one)); at = *end == ',' ? end + 1 : NULL) {
        if (one.from == 0 && one.to == 0) continue;
        if (out->n) gt_buffer_add(out, ",", 1);
        gt_buffer_add(out, at, (size_t)(end - at));
    }
    gt_buffer_add(out, "", 1);
}

static gt_status read_all(const char *text, edit **list, int *n) {
    *n = 0;
    *list = malloc((strlen(text) / 2 + 1) * sizeof **list);
    if (!*list) return gt_fail(GT_NOMEM, "out of memory for edits");
    for (const char *at = text; at;) {
        at = read_edit(at, &(*list)[*n]);
        if (!at || (*at && *at != ','))
            return gt_fail(GT_USAGE, "must be names of directions with strengths, and optionally layers, as in d3:+2.5 "
                                     "or d3:2,0-3,glasses:-1");
        ++*n;
        at = *at ? at + 1 : NULL;
    }
    return GT_OK;
}

gt_status gt_edits_check(const char *text) {
    GT_FREED edit *list = NULL;
    int n;
    return read_all(text, &list, &n);
}

/* ---- what it means for this network ---- */

static gt_status unknown(const gt_edits *e, const char *file, const char *name) {
    char known[256];
    size_t used = 0;
    for (int i = 0; i < e->d.n && used + GT_DIRECTION_NAME + 8 < sizeof known; i++) {
        bool last = i + 1 < e->d.n && used + 2 * GT_DIRECTION_NAME + 8 >= sizeof known;
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s%s", i ? ", " : "", e->d.list[i].name,
                                 last ? " ..." : "");
    }
    return gt_fail(GT_USAGE, "'%s' has no direction '%s'; it has %s", file, name, known);
}

static gt_status choose(gt_edits *e, const char *file, bool moving) {
    gt_status st = GT_OK;
    e->direction = calloc((size_t)e->n, sizeof *e->direction);
    e->chosen = calloc((size_t)e->n, (size_t)e->d.num_ws);
    if (!e->direction || !e->chosen) return gt_fail(GT_NOMEM, "out of memory for edits");
    for (int i = 0; i < e->n && !st; i++) {
        const edit *one = &e->list[i];
        bool *chosen = e->chosen + i * e->d.num_ws;
        if ((e->direction[i] = gt_direction_find(&e->d, one->name)) < 0) return unknown(e, file, one->name);
        if (one->from != one->to && !moving)
            return gt_fail(GT_USAGE, "%s: a range of strengths is only for films (gantry walk); give one number",
                           one->name);
        memset(chosen, 1, (size_t)e->d.num_ws);
        if (*one->layers && (st = gt_layers_read(one->layers, e->d.num_ws, chosen)))
            return gt_fail(st, "%s: the network has %d layers of styles, 0 to %d", one->name, e->d.num_ws,
                           e->d.num_ws - 1);
    }
    return st;
}

static void say_other_network(const gt_directions *d, const char *file, const gt_generator *g) {
    char here[33];
    gt_hash_hex(gt_generator_hash(g), here);
    if (*d->network && strcmp(d->network, here))
        gt_warn("'%s' belongs to another network or another checkpoint of this run: directions are valid only for "
                "their network and for networks trained further from it",
                file);
}

static gt_status read_file(gt_edits *e, const gt_edit_wish *wish, const gt_generator *g) {
    const gt_model *m = gt_generator_model(g);
    gt_status st = gt_directions_read(&e->d, wish->file, m->num_ws, m->w_dim);
    if (st == GT_FAILED && !wish->named)
        return gt_fail(st,
                       "'%s' cannot be read: create it with gantry directions, or name another with --directions=FILE",
                       wish->file);
    if (!st) say_other_network(&e->d, wish->file, g);
    return st;
}

gt_status gt_edits_open_all(gt_comm *comm, gt_edits **out, const gt_edit_wish *wish, const gt_generator *g,
                            bool moving) {
    *out = NULL;
    if (!wish->edits || !*wish->edits) return GT_OK;
    gt_edits *e = calloc(1, sizeof *e);
    gt_status st = e ? GT_OK : gt_fail(GT_NOMEM, "out of memory for edits");
    if (!st && !gt_role_needed(gt_generator_model(g), GT_ROLE_MAPPING)) st = GT_USAGE;
    if (!st) st = read_all(wish->edits, &e->list, &e->n);
    if (!st && !comm->rank) st = read_file(e, wish, g);
    st = gt_comm_agree_all(comm, st);
    if (!st) st = gt_directions_share_all(comm, &e->d);
    if (!st) st = gt_comm_agree_all(comm, choose(e, comm->rank ? "" : wish->file, moving));
    if (st) gt_edits_free(e);
    else *out = e;
    return st ? gt_wrap(st, "--edit") : GT_OK;
}

void gt_edits_free(gt_edits *e) {
    if (!e) return;
    gt_directions_free(&e->d);
    free(e->list);
    free(e->direction);
    free(e->chosen);
    free(e);
}

bool gt_edits_moving(const gt_edits *e) {
    for (int i = 0; e && i < e->n; i++)
        if (e->list[i].from != e->list[i].to) return true;
    return false;
}

void gt_edits_apply(const gt_edits *e, double t, int64_t n, float *ws) {
    if (!e) return;
    size_t dim = (size_t)e->d.w_dim, layers = (size_t)e->d.num_ws;
    for (int k = 0; k < e->n; k++) {
        const edit *one = &e->list[k];
        const float *step = e->d.steps + (size_t)e->direction[k] * layers * dim;
        float strength = (float)(one->from == one->to ? one->from : one->from + t * (one->to - one->from));
        for (size_t i = 0; i < (size_t)n * layers; i++) {
            const float *add = step + i % layers * dim;
            float *to = ws + i * dim;
            for (size_t j = 0; j < dim && e->chosen[(size_t)k * layers + i % layers]; j++) to[j] += strength * add[j];
        }
    }
}
