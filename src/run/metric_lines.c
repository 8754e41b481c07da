/* SPDX-License-Identifier: Apache-2.0
 * metric-NAME.jsonl of a run: cut back when the run goes on from an earlier state, and the recipes of values
 * (runlog.h).
 */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/lines.h"
#include "gantry/log.h"
#include "gantry/runlog.h"
#include "run/keep_lines.h"

/* Lines of other programs do not say how many images there were: they stay. */
static verdict judge_metric(char *text, bool whole, int64_t images, void *scratch) {
    (void)scratch;
    json_t *line = whole ? json_loads(text, JSON_ALLOW_NUL, NULL) : NULL;
    const json_t *said = json_object_get(line, "images");
    verdict v = !line ? BAD : json_is_integer(said) && json_integer_value(said) > images ? LATER : KEEP;
    json_decref(line);
    return v;
}

typedef gt_status each_file(void *arg, const char *path, const char *name);

static gt_status each_of(const char *dir, each_file *fn, void *arg) {
    DIR *d = opendir(dir);
    if (!d) return gt_fail(GT_FAILED, "cannot read the directory '%s': %s", dir, strerror(errno));
    gt_status st = GT_OK;
    for (struct dirent *e; !st && (e = readdir(d));) {
        if (fnmatch("metric-*.jsonl", e->d_name, 0)) continue;
        char *path = gt_path_join(dir, e->d_name);
        st = path ? fn(arg, path, e->d_name) : GT_NOMEM;
        free(path);
    }
    closedir(d);
    return st;
}

static gt_status cut_back(void *arg, const char *path, const char *name) {
    const int64_t *images = arg;
    int counts[VERDICTS] = {0};
    int64_t last;
    gt_status st = keep_lines(path, *images, judge_metric, NULL, counts, &last);
    if (counts[BAD]) gt_warn("%s: %d damaged or half-written lines removed", name, counts[BAD]);
    return st;
}

gt_status gt_metric_lines_cut_back(const char *dir, int64_t images) { return each_of(dir, cut_back, &images); }

/* ---- recipes ---- */

typedef struct wanted {
    const char *key;
    char *recipe;
    size_t bytes;
} wanted;

static gt_status find_recipe(void *arg, const char *path, const char *name) {
    const wanted *w = arg;
    gt_lines in;
    (void)name;
    gt_status st = gt_lines_open(&in, path, 0, 0);
    while (!st && gt_lines_next(&in)) {
        json_t *line = json_loads(in.text, JSON_ALLOW_NUL, NULL);
        const char *recipe = json_string_value(json_object_get(line, "recipe"));
        if (recipe && json_object_get(json_object_get(line, "results"), w->key))
            snprintf(w->recipe, w->bytes, "%s", recipe);
        json_decref(line);
    }
    gt_lines_close(&in, st);
    return GT_OK; /* what cannot be read has no recipes */
}

void gt_metric_recipe(const char *dir, const char *key, char *recipe, size_t bytes) {
    *recipe = 0;
    each_of(dir, find_recipe, &(wanted){key, recipe, bytes});
}
