/* SPDX-License-Identifier: Apache-2.0
 * containers: files of torch.save and safetensors, in the folder of the same name beside the golden file. A group for
 * each file holds the tensors that must be read from the file, bit for bit; the attributes of the group `refuse` name
 * the files that must be refused. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "files/codec/door/weights.h"
#include "golden.h"

static const char *container_path(gold *f, const char *name) {
    return gold_path(f, "%.*s/%s", (int)(strlen(f->path) - strlen(".h5")), f->path, name);
}

static bool same_numbers(const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) && !(isnan(a[i]) && isnan(b[i]))) return false;
    return true;
}

typedef struct container {
    gt_weights *w;
    const char *name;
    size_t count;
} container;

static void compare_tensor(gold *f, const char *name, void *arg) {
    container *c = arg;
    const char *path = gold_path(f, "%s/%s", c->name, name), *inner = gold_path(f, "state_dict.%s", name);
    size_t i;
    gt_shape shape;
    const gt_weight *t = gt_weights_find(c->w, name, &i);
    if (!t) t = gt_weights_find(c->w, inner, &i);
    const float *expected = gold_read(f, path, GOLD_PLAIN, &shape);
    c->count++;
    if (!t || !expected) {
        gold_fail(f, "%s: no such tensor", path);
        return;
    }
    bool fits = t->n_dims == shape.n;
    for (int k = 0; k < shape.n && fits; k++) fits = t->dims[k] == shape.d[k];
    float *ours = fits ? gt_arena_array(f->arena, t->size + 1, sizeof *ours) : NULL;
    if (!fits) gold_fail(f, "%s: another shape", path);
    else if (!ours || gt_weights_read(c->w, i, ours)) gold_fail(f, "%s: %s", path, gt_message());
    else gold_judge(f, path, same_numbers(ours, expected, t->size) ? 0 : INFINITY, 1);
}

static bool may_be_refused(gold *f, const char *name) {
    hid_t g = H5Gopen2(f->file, name, H5P_DEFAULT);
    const char *note = gold_text_attribute(f, g, "note");
    H5Gclose(g);
    return note && strstr(note, "may refuse");
}

static void compare_file(gold *f, const char *name, void *arg) {
    (void)arg;
    if (!strcmp(name, "refuse")) return;
    gt_status st;
    container c = {.name = name, .w = gt_weights_open(container_path(f, name), &st)};
    if (!c.w && st == GT_FORMAT && may_be_refused(f, name)) return;
    if (!c.w) {
        gold_fail(f, "%s", gt_message());
        return;
    }
    gold_each(f, name, compare_tensor, &c);
    if (c.count != gt_weights_count(c.w))
        gold_fail(f, "%s: %zu tensors, not %zu", name, gt_weights_count(c.w), c.count);
    gt_weights_close(c.w);
}

/* On opening, or where a tensor is read. */
static bool is_refused(gold *f, const char *path) {
    gt_status st;
    gt_weights *w = gt_weights_open(path, &st);
    for (size_t i = 0; w && !st && i < gt_weights_count(w); i++) {
        float *out = gt_arena_array(f->arena, gt_weights_at(w, i)->size + 1, sizeof *out);
        st = out ? gt_weights_read(w, i, out) : GT_NOMEM;
    }
    gt_weights_close(w);
    return st == GT_FORMAT;
}

static herr_t refuse_file(hid_t group, const char *name, const H5A_info_t *info, void *arg) {
    gold *f = arg;
    (void)info;
    const char *path = container_path(f, name), *why = gold_text_attribute(f, group, name);
    if (access(path, R_OK)) gold_fail(f, "%s is missing", path);
    else if (is_refused(f, path)) gold_judge(f, gold_path(f, "refuse/%s", name), 0, 1);
    else gold_fail(f, "%s was read (%s)", path, why ? why : "to be refused");
    return 0;
}

void gold_containers(gold *f) {
    gold_each(f, "", compare_file, NULL);
    if (!gold_has(f, "refuse")) return;
    hid_t g = H5Gopen2(f->file, "refuse", H5P_DEFAULT);
    H5Aiterate2(g, H5_INDEX_NAME, H5_ITER_INC, NULL, refuse_file, f);
    H5Gclose(g);
}
