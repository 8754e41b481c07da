/* SPDX-License-Identifier: Apache-2.0
 * ensembles: scores of ensembles, beside NumPy's (tests/tools/known_law.py golden). A group is a case. */
#include <string.h>

#include "golden.h"
#include "features/fields/scores.h"

/* The draw by which gt_ensemble_scores_add() chooses cell `cell` of `cells`. */
static uint32_t draw_of(size_t cell, size_t cells) { return (uint32_t)((((uint64_t)cell << 32) + cells - 1) / cells); }

static void score_case(gold *f, const char *name, void *arg) {
    gt_shape shape;
    (void)arg;
    const float *members = gold_read(f, gold_path(f, "%s/in/members", name), GOLD_PLAIN, &shape),
                *truth = gold_read(f, gold_path(f, "%s/in/truth", name), GOLD_PLAIN, NULL),
                *cells = gold_read(f, gold_path(f, "%s/in/cells", name), GOLD_PLAIN, NULL), *mask = NULL;
    const char *masked = gold_path(f, "%s/in/mask", name);
    if (gold_has(f, masked)) mask = gold_read(f, masked, GOLD_PLAIN, NULL);
    if (!members || !truth || !cells) return;
    size_t m = (size_t)shape.d[1], field = (size_t)(shape.d[2] * shape.d[3]);
    gt_ensemble_scores *s = gt_ensemble_scores_new(f->arena, (int)m, (int)shape.d[2], (int)shape.d[3]);
    for (size_t i = 0; s && i < (size_t)shape.d[0]; i++) {
        size_t known = 0;
        for (size_t k = 0; k < field; k++) known += !mask || mask[i * field + k] > 0;
        gt_ensemble_scores_add(s, members + i * m * field, field, 1, truth + i * field, mask ? mask + i * field : NULL,
                               1, draw_of((size_t)cells[i], known));
    }
    for (const gt_ensemble_score *row = gt_ensemble_score_list; s && row->key; row++) {
        const char *path = gold_path(f, "%s/out/%s", name, row->key);
        double value = row->value(s);
        if (gold_has(f, path)) gold_check_doubles(f, path, GOLD_PLAIN, &value, 1);
        else if (value == value) gold_fail(f, "%s: a value that the file does not have", path);
    }
}

void gold_ensembles(gold *f) { gold_each(f, "", score_case, NULL); }
