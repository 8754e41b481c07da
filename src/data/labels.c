/* SPDX-License-Identifier: Apache-2.0
 * dataset.json and the rules that labels of every source obey. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/label_text.h"
#include "data/source.h"

void gt_notes_free(gt_notes *n) {
    free(n->classes);
    free(n->vectors);
    for (int i = 0; i < n->class_names; i++) free(n->class_name[i]);
    free(n->class_name);
    free(n->channel_names);
    *n = (gt_notes){0};
}

gt_status gt_notes_check_classes(gt_notes *n, int64_t count) {
    int32_t largest = 0;
    for (int64_t i = 0; i < count; i++) {
        if (n->classes[i] < 0 || n->classes[i] > GT_CLASS_MOST)
            return gt_fail(GT_FORMAT, "label %" PRId64 " is %" PRId32 "; classes are integers 0 .. %d", i,
                           n->classes[i], GT_CLASS_MOST);
        if (n->classes[i] > largest) largest = n->classes[i];
    }
    n->width = 1 + largest;
    return GT_OK;
}

gt_status gt_notes_check_vectors(const gt_notes *n, int64_t count) {
    for (int64_t i = 0; i < count * n->width; i++)
        if (!isfinite(n->vectors[i]))
            return gt_fail(GT_FORMAT, "label %" PRId64 ": number %" PRId64 " is not finite", i / n->width,
                           i % n->width);
    return GT_OK;
}

gt_status gt_notes_check_names(const gt_notes *n) {
    if (n->class_names && n->kind == GT_LABELS_CLASSES && n->class_names < n->width)
        return gt_fail(GT_FORMAT, "class_names: %d names for %d classes", n->class_names, n->width);
    return GT_OK;
}

gt_status gt_notes_set_range(gt_notes *n, double low, double high) {
    if (!isfinite(low) || !isfinite(high) || low >= high)
        return gt_fail(GT_FORMAT, "range: %g, %g is no range; two finite numbers, the smaller one first", low, high);
    n->has_range = true;
    n->range[0] = low;
    n->range[1] = high;
    return GT_OK;
}

struct labelling { /* of the images by the pairs of dataset.json */
    gt_notes *notes; /* where they go */
    const char *const *names;
    int64_t count;
    gt_label_kind kind;
    size_t width; /* of a vector */
    bool store;   /* there is room already */
    bool *seen;
};

static int by_name(const void *key, const void *element) {
    return strcmp(key, *(const char *const *)element);
}

/* Index of the image a pair speaks of; -1: of none. */
static gt_status find_image(const struct labelling *l, size_t number, const json_t *pair, int64_t *image) {
    const char *name = json_string_value(json_array_get(pair, 0));
    if (json_array_size(pair) != 2 || !name)
        return gt_fail(GT_FORMAT, "labels: element %zu is no pair [name, label]", number);
    const char *const *found = bsearch(name, l->names, (size_t)l->count, sizeof *l->names, by_name);
    *image = found ? found - l->names : -1;
    return GT_OK;
}

static gt_status check_vector(const struct labelling *l, const char *name, const json_t *label) {
    if (json_array_size(label) != l->width)
        return gt_fail(GT_FORMAT, "label of '%s' has %zu numbers, others have %zu", name, json_array_size(label),
                       l->width);
    for (size_t i = 0; i < l->width; i++) {
        const json_t *v = json_array_get(label, i);
        if (!json_is_number(v) || !isfinite((float)json_number_value(v)))
            return gt_fail(GT_FORMAT, "label of '%s': element %zu is no finite number", name, i);
    }
    return GT_OK;
}

/* The first label met decides what labels are. */
static gt_status check_label(struct labelling *l, int64_t image, const json_t *label) {
    const char *name = l->names[image];
    gt_label_kind kind = json_is_integer(label) ? GT_LABELS_CLASSES
                         : json_is_array(label) ? GT_LABELS_VECTORS
                                                : GT_LABELS_NONE;
    if (kind == GT_LABELS_NONE)
        return gt_fail(GT_FORMAT, "label of '%s' is neither an integer nor a list of numbers", name);
    if (l->kind == GT_LABELS_NONE) {
        l->kind = kind;
        l->width = json_array_size(label);
        if (kind == GT_LABELS_VECTORS && (l->width == 0 || l->width > GT_VECTOR_MOST))
            return gt_fail(GT_FORMAT, "label of '%s' has %zu numbers; 1 to %d are possible", name, l->width,
                           GT_VECTOR_MOST);
    }
    if (kind != l->kind)
        return gt_fail(GT_FORMAT, "label of '%s' is %s, others are not", name,
                       kind == GT_LABELS_CLASSES ? "an integer" : "a list");
    if (kind == GT_LABELS_VECTORS) return check_vector(l, name, label);
    json_int_t v = json_integer_value(label);
    if (v < 0 || v > GT_CLASS_MOST)
        return gt_fail(GT_FORMAT, "label of '%s' is %" JSON_INTEGER_FORMAT "; classes are integers 0 .. %d", name, v,
                       GT_CLASS_MOST);
    return GT_OK;
}

static void store_label(const struct labelling *l, int64_t image, const json_t *label) {
    gt_notes *n = l->notes;
    if (n->classes) n->classes[image] = (int32_t)json_integer_value(label);
    else
        for (size_t i = 0; i < l->width; i++)
            n->vectors[(size_t)image * l->width + i] = (float)json_number_value(json_array_get(label, i));
}

static bool is_stored(const struct labelling *l, int64_t image, const json_t *label) {
    const gt_notes *n = l->notes;
    if (n->classes) return n->classes[image] == (int32_t)json_integer_value(label);
    for (size_t i = 0; i < l->width; i++)
        if (n->vectors[(size_t)image * l->width + i] != (float)json_number_value(json_array_get(label, i))) return false;
    return true;
}

/* A label that is an image's: stored where there is room already, else checked. */
static gt_status take_pair(void *arg, size_t number, const json_t *pair) {
    struct labelling *l = arg;
    int64_t image = -1;
    gt_status st = find_image(l, number, pair, &image);
    if (st || image < 0) return st;
    const json_t *label = json_array_get(pair, 1);
    if (l->store && l->seen[image] && !is_stored(l, image, label))
        st = gt_fail(GT_FORMAT, "'%s' is there twice, with different labels", l->names[image]);
    else if (l->store) store_label(l, image, label);
    else st = check_label(l, image, label);
    l->seen[image] = true;
    return st;
}

/* Nothing is allocated for labels before every image is known to have one: then the text bounds their size. */
static gt_status check_labels(struct labelling *l, const gt_label_text *text) {
    gt_status st = gt_label_text_each(text, take_pair, l);
    if (st) return st;
    for (int64_t i = 0; i < l->count; i++)
        if (!l->seen[i])
            return gt_fail(GT_FORMAT, "no label for '%s'; every image must have one, or \"labels\" be null",
                           l->names[i]);
    return GT_OK;
}

static gt_status store_labels(struct labelling *l, const gt_label_text *text) {
    gt_notes *n = l->notes;
    n->kind = l->kind;
    if (l->kind == GT_LABELS_CLASSES) {
        n->classes = calloc((size_t)l->count, sizeof *n->classes);
    } else {
        n->width = (int)l->width;
        n->vectors = calloc((size_t)l->count * l->width, sizeof *n->vectors);
    }
    if (!n->classes && !n->vectors) return gt_fail(GT_NOMEM, "out of memory for %" PRId64 " labels", l->count);
    l->store = true;
    memset(l->seen, 0, (size_t)l->count * sizeof *l->seen); /* from here on: is stored */
    gt_status st = gt_label_text_each(text, take_pair, l);
    return !st && n->classes ? gt_notes_check_classes(n, l->count) : st;
}

static gt_status parse_labels(gt_notes *n, const gt_label_text *text, const char *const *names, int64_t count) {
    if (!text->labels) return GT_OK;
    struct labelling l = {.notes = n, .names = names, .count = count, .seen = calloc((size_t)count, sizeof *l.seen)};
    if (!l.seen) return gt_fail(GT_NOMEM, "out of memory for %" PRId64 " labels", count);
    gt_status st = check_labels(&l, text);
    if (!st) st = store_labels(&l, text);
    free(l.seen);
    return st;
}

static gt_status parse_class_names(gt_notes *n, const json_t *list) {
    if (!list || json_is_null(list)) return GT_OK;
    size_t size = json_array_size(list);
    if (!json_is_array(list) || size == 0 || size > GT_CLASS_MOST + 1)
        return gt_fail(GT_FORMAT, "class_names must be a list of 1 to %d names", GT_CLASS_MOST + 1);
    n->class_name = calloc(size, sizeof *n->class_name);
    if (!n->class_name) return gt_fail(GT_NOMEM, "out of memory for class names");
    for (size_t i = 0; i < size; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name) return gt_fail(GT_FORMAT, "class_names: element %zu is no text", i);
        if (!(n->class_name[i] = strdup(name))) return gt_fail(GT_NOMEM, "out of memory for class names");
        n->class_names++;
    }
    return gt_notes_check_names(n);
}

gt_status gt_notes_parse_meaning(gt_notes *n, const json_t *root) {
    gt_status st = parse_class_names(n, json_object_get(root, "class_names"));
    if (st) return st;
    const json_t *range = json_object_get(root, "range"), *channels = json_object_get(root, "channels");
    if (range && !json_is_null(range)) {
        const json_t *low = json_array_get(range, 0), *high = json_array_get(range, 1);
        if (json_array_size(range) != 2 || !json_is_number(low) || !json_is_number(high))
            return gt_fail(GT_FORMAT, "range must be a list of two numbers");
        st = gt_notes_set_range(n, json_number_value(low), json_number_value(high));
        if (st) return st;
    }
    if (channels && !json_is_null(channels)) {
        if (!json_is_string(channels)) return gt_fail(GT_FORMAT, "channels must be a text such as \"R,G,B\"");
        if (!(n->channel_names = strdup(json_string_value(channels))))
            return gt_fail(GT_NOMEM, "out of memory for channel names");
    }
    return GT_OK;
}

gt_status gt_notes_parse(gt_notes *n, const char *text, size_t bytes, const char *const *names, int64_t count) {
    gt_label_text t;
    gt_status st = gt_label_text_open(&t, text, bytes, true);
    if (st) return st;
    st = parse_labels(n, &t, names, count);
    if (!st) st = gt_notes_parse_meaning(n, t.meaning);
    gt_label_text_close(&t);
    return st;
}
