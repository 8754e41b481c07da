/* SPDX-License-Identifier: Apache-2.0
 * augment_*: the augmentation pipe at percentiles and with recorded draws. */
#include <stdlib.h>
#include <string.h>

#include "../augment_draws.h"
#include "golden.h"

typedef struct pipe {
    gt_augment_config config;
    gt_augment_source source;
    float p;
    gt_shape images;
    const float *noise; /* [N,H,W,C]: the noise image; NULL: none */
} pipe;

/* A transform's kind by its name; GT_AUGMENT_KINDS: unknown. */
static int find_kind(const char *name) {
    int kind = 0;
    while (kind < GT_AUGMENT_KINDS && strcmp(gt_augment_table[kind].name, name)) kind++;
    return kind;
}

/* The transforms a case lists, with the file's strengths. */
static gt_augment_config pipe_config(gold *f, json_t *ops) {
    gt_augment_config c = gt_augment_off();
    json_t *defaults = gold_get(f->config, "defaults"), *bands = gold_get(defaults, "imgfilter_bands"), *op;
    size_t i;
    json_array_foreach(ops, i, op) {
        int kind = find_kind(json_string_value(op));
        if (kind == GT_AUGMENT_KINDS) {
            gold_fail(f, "unknown transform %s", json_string_value(op));
            continue;
        }
        c.multiplier[kind] = 1;
        const char *strength = gt_augment_table[kind].strength_name;
        if (strength) c.strength[kind] = (float)gold_number(defaults, strength, c.strength[kind]);
    }
    for (int b = 0; bands && b < GT_AUGMENT_BANDS; b++)
        c.band[b] = (float)json_number_value(json_array_get(bands, (size_t)b));
    return c;
}

static void write(gold *f, gt_exec *e, void *arg) {
    pipe *p = arg;
    gt_augment_fill(&p->config, e, "aug", &p->source, p->p, p->images);
    float *noise = gt_exec_input(e, "aug/noise_image");
    if (noise && p->noise) memcpy(noise, p->noise, (size_t)gt_shape_size(&p->images) * sizeof *noise);
    else if (noise) gold_fail(f, "augmentation: the file has no noise image");
}

static void run(gold *f, pipe *p, const char *in, const char *out) {
    gold_graph *g = gold_graph_new(f);
    gt_node *x = gold_in(g, gold_path(f, "%sin/img", in), GOLD_IMAGE),
            *v = gold_in(g, gold_path(f, "%sin/v", in), GOLD_IMAGE);
    if (x && v) {
        p->images = *gt_node_shape(x);
        gt_node *y = gt_augment(gold_nodes(g), &p->config, "aug", x);
        gold_out(g, y, gold_path(f, "%s/out/img", out), GOLD_IMAGE);
        gold_grad(g, y, v, x, gold_path(f, "%s/grad/img", out), GOLD_IMAGE);
        gold_before(g, write, p);
        gold_run(g);
    }
    gold_graph_free(g);
}

static void percentiles(gold *f, json_t *list) {
    pipe p = {.config = pipe_config(f, gold_get(f->config, "ops")), .p = (float)gold_number(f->config, "p", 1)};
    if (gold_has(f, "in/noise_draw")) p.noise = gold_read(f, "in/noise_draw", GOLD_IMAGE, NULL);
    p.config.given_noise = p.noise != NULL;
    const char *name;
    json_t *q;
    json_object_foreach(list, name, q) {
        float percentile = (float)json_number_value(q);
        p.source = percentile_draws(&percentile);
        run(f, &p, "", name);
    }
}

enum { MAX_DRAWS = 256 };

/* Recorded draws in the reference's call order: values[k] holds all samples' values of draw k, the noise image (NCHW)
 * among them. */
typedef struct draws {
    gold *file;
    const char *group;
    const float *values[MAX_DRAWS];
    const float *noise; /* the draw that is an image */
} draws;

/* "07_randn": draw number 7. */
static void read_draw(gold *f, const char *name, void *arg) {
    draws *d = arg;
    int i = atoi(name);
    gt_shape shape = {0};
    if (i < 0 || i >= MAX_DRAWS) return;
    d->values[i] = gold_read(f, gold_path(f, "%s/%s", d->group, name), GOLD_IMAGE, &shape);
    if (shape.n == 4 && shape.d[1] > 1 && shape.d[2] > 1) d->noise = d->values[i];
}

static void draw_recorded(const gt_augment_source *s, const gt_augment_draw *one, float *values) {
    const draws *d = s->own;
    const float *recorded = one->call < MAX_DRAWS ? d->values[one->call] : NULL;
    if (!recorded) gold_fail(d->file, "augmentation: draw %d of %s is missing", one->call, d->group);
    for (int i = 0; i < one->n; i++) values[i] = recorded ? recorded[one->sample * one->n + i] : 0;
}

static void recorded(gold *f, const char *name, json_t *c) {
    pipe p = {.config = pipe_config(f, gold_get(c, "ops")), .p = (float)gold_number(c, "p", 1)};
    p.config.given_noise = p.config.multiplier[GT_AUGMENT_NOISE] > 0;
    draws d = {.file = f, .group = gold_path(f, "%s/in/draws", name)};
    gold_each(f, d.group, read_draw, &d);
    p.source = (gt_augment_source){.draw = draw_recorded, .own = &d};
    p.noise = d.noise;
    run(f, &p, gold_path(f, "%s/", name), name);
}

void gold_augment(gold *f) {
    json_t *list = gold_get(f->config, "percentiles"), *c;
    if (list) {
        percentiles(f, list);
        return;
    }
    const char *name;
    json_object_foreach(gold_get(f->config, "cases"), name, c) recorded(f, name, c);
}
