/* SPDX-License-Identifier: Apache-2.0
 * Networks that Gantry has exported, read again: see runner/export/tensors.c. */
#include "job/internal.h"

#include <stdio.h>
#include <string.h>

#include "files/codec/door/weights.h"
#include "networks/model/door/model.h"

static const char *text_of(const gt_imported *m, const char *name) {
    const gt_fact *f = gt_weights_fact(m->from, name);
    return f && f->kind == GT_FACT_TEXT ? f->text : NULL;
}

/* Of the network in use alone the names are bare. */
static const char *prefix_of(const gt_imported *m, const char *network) {
    return text_of(m, "gantry.network") ? "" : gt_arena_printf(m->arena, "%s.", network);
}

/* Files of older programs have no other names for small stems. */
static gt_import_place place_of(const gt_imported *m, const char *network, const gt_tensor *t) {
    const char *name = t->name, *before = prefix_of(m, network),
               *renamed = before ? gt_arena_printf(m->arena, "%s" GT_SMALL_STEM "%s", before, name) : NULL;
    if (renamed && gt_weights_find(m->from, renamed, NULL)) return (gt_import_place){.tensor = renamed};
    return (gt_import_place){.tensor = *before ? gt_arena_printf(m->arena, "%s%s", before, name) : name};
}

/* "G_ema,G,D" */
static gt_status split_names(gt_imported *m, const char *names) {
    enum { MOST = GT_MAX_NETS + 1 };
    const char **list = gt_arena_array(m->arena, MOST + 1, sizeof *list);
    int n = 0;
    for (; list && *names && n < MOST; names += *names == ',') {
        size_t length = strcspn(names, ",");
        list[n++] = gt_arena_printf(m->arena, "%.*s", (int)length, names);
        names += length;
    }
    m->networks = list;
    if (gt_arena_failed(m->arena)) return GT_NOMEM;
    return n && !*names ? GT_OK : gt_fail(GT_FORMAT, "it does not name its networks as gantry export does");
}

static gt_status keep_text(gt_imported *m, const char *path, const char *name) {
    const char *text = text_of(m, name);
    return text ? gt_import_keep_text(m, path, text) : GT_OK;
}

static gt_status keep_range(gt_imported *m) {
    const char *text = text_of(m, "gantry.range");
    double range[2];
    if (!text || sscanf(text, "%lf %lf", &range[0], &range[1]) != 2) return GT_OK;
    return gt_import_keep(m, "/data/range", GT_NUMBER_DOUBLE, 2, range);
}

gt_status gt_exported_keep_data(gt_imported *m) {
    gt_status st = keep_range(m);
    if (!st) st = keep_text(m, "/data/samples", "gantry.samples");
    if (!st) st = keep_text(m, "/data/channels", "gantry.channels");
    return st ? st : keep_text(m, "/data/class_names", "gantry.class_names");
}

gt_status gt_exported_import(gt_imported *m) {
    const char *recipe = text_of(m, "gantry.recipe"), *one = text_of(m, "gantry.network"),
               *several = text_of(m, "gantry.networks"), *kernels = text_of(m, "gantry.kernel_set");
    if (!recipe || (!one && !several)) return GT_OK;
    gt_status st = split_names(m, one ? one : several);
    if (!st) st = gt_exported_keep_data(m);
    if (!st) st = keep_text(m, "/data/pictures", "gantry.pictures");
    if (st) return st;
    fputs(recipe, m->recipe);
    m->model = "exported";
    m->kernel_set = kernels ? kernels : "";
    m->place = place_of;
    m->prefix = prefix_of;
    return GT_OK;
}
