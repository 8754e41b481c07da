/* SPDX-License-Identifier: Apache-2.0
 * Labels of foreign sources: dataset.json, folders as classes, rows of arrays. CSV files: labels_csv.c. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/import_source.h"
#include "data/label_text.h"
#include "data/name_list.h"
#include "gantry/memory.h"

void gt_source_labels_free(gt_reader_notes *n) {
    free(n->classes);
    free(n->vectors);
    for (int i = 0; i < n->class_names; i++) free(n->class_name[i]);
    free(n->class_name);
    *n = (gt_reader_notes){.channel_names = n->channel_names, .has_range = n->has_range, .range = {n->range[0], n->range[1]}};
}

void gt_reader_notes_free(gt_reader_notes *n) {
    gt_source_labels_free(n);
    free(n->channel_names);
    *n = (gt_reader_notes){0};
}

gt_status gt_source_new_classes(gt_reader *s) {
    free(s->notes.classes);
    s->notes.classes = calloc((size_t)s->count + 1, sizeof *s->notes.classes);
    if (!s->notes.classes) return gt_fail(GT_NOMEM, "out of memory for %" PRId64 " labels", s->count);
    for (int64_t i = 0; i < s->count; i++) s->notes.classes[i] = -1;
    s->notes.kind = GT_LABELS_CLASSES;
    return GT_OK;
}

gt_status gt_source_new_vectors(gt_reader *s, size_t width) {
    size_t n;
    if (width == 0 || width > GT_VECTOR_MOST) return gt_fail(GT_FORMAT, "labels of %zu numbers; 1 to %d are possible", width, GT_VECTOR_MOST);
    free(s->notes.vectors);
    s->notes.vectors = gt_mul_overflows((size_t)s->count, width, &n) ? NULL : calloc(n + 1, sizeof *s->notes.vectors);
    if (!s->notes.vectors) return gt_fail(GT_NOMEM, "out of memory for %" PRId64 " labels", s->count);
    for (size_t i = 0; i < n; i += width) s->notes.vectors[i] = NAN;
    s->notes.kind = GT_LABELS_VECTORS;
    s->notes.width = (int)width;
    return GT_OK;
}

gt_status gt_source_copy_class_names(gt_reader_notes *n, const char *const *names, int count) {
    if (n->class_name) return gt_fail(GT_FORMAT, "class names a second time; there are %d already", n->class_names);
    n->class_name = calloc((size_t)count + 1, sizeof *n->class_name);
    if (!n->class_name) return gt_fail(GT_NOMEM, "out of memory for class names");
    for (; n->class_names < count; n->class_names++)
        if (!(n->class_name[n->class_names] = strdup(names[n->class_names]))) return gt_fail(GT_NOMEM, "out of memory for class names");
    return GT_OK;
}

gt_status gt_source_check_labels(gt_reader *s) {
    gt_reader_notes *n = &s->notes;
    if (n->kind != GT_LABELS_CLASSES) return GT_OK;
    int32_t largest = -1;
    for (int64_t i = 0; i < s->count; i++) {
        if (n->classes[i] > GT_CLASS_MOST)
            return gt_fail(GT_FORMAT, "label %" PRId64 " is %" PRId32 "; classes are integers 0 .. %d", i, n->classes[i], GT_CLASS_MOST);
        if (n->classes[i] > largest) largest = n->classes[i];
    }
    n->width = 1 + largest;
    if (n->class_names && n->class_names < n->width)
        return gt_fail(GT_FORMAT, "class_names: %d names for %d classes", n->class_names, n->width);
    if (n->class_names > n->width) n->width = n->class_names;
    return GT_OK;
}

/* ---- dataset.json ---- */

struct labelling {
    gt_reader *source;
    uint32_t *index; /* of the items by name */
};

static const char *name_of(const void *state, int64_t i) {
    const gt_reader *s = state;
    return s->name(s->state, i, NULL); /* sources with a dataset.json keep their names */
}

static gt_status put_vector(gt_reader *s, int64_t item, const char *name, const json_t *label) {
    size_t width = json_array_size(label);
    gt_status st = s->notes.vectors ? GT_OK : gt_source_new_vectors(s, width);
    if (st) return gt_wrap(st, "label of '%s'", name);
    if (width != (size_t)s->notes.width)
        return gt_fail(GT_FORMAT, "label of '%s' has %zu numbers, others have %d", name, width, s->notes.width);
    for (size_t k = 0; k < width; k++) {
        const json_t *v = json_array_get(label, k);
        if (!json_is_number(v) || !isfinite((float)json_number_value(v)))
            return gt_fail(GT_FORMAT, "label of '%s': element %zu is no finite number", name, k);
        s->notes.vectors[(size_t)item * width + k] = json_number_value(v);
    }
    return GT_OK;
}

static gt_status put_class(gt_reader *s, int64_t item, const char *name, const json_t *label) {
    json_int_t v = json_integer_value(label);
    if (v < 0 || v > GT_CLASS_MOST)
        return gt_fail(GT_FORMAT, "label of '%s' is %" JSON_INTEGER_FORMAT "; classes are integers 0 .. %d", name, v, GT_CLASS_MOST);
    gt_status st = s->notes.classes ? GT_OK : gt_source_new_classes(s);
    if (!st) s->notes.classes[item] = (int32_t)v;
    return st;
}

static gt_status put_pair(void *arg, size_t number, const json_t *pair) {
    const struct labelling *l = arg;
    gt_reader *s = l->source;
    const char *name = json_string_value(json_array_get(pair, 0));
    const json_t *label = json_array_get(pair, 1);
    if (json_array_size(pair) != 2 || !name) return gt_fail(GT_FORMAT, "labels: element %zu is no pair [name, label]", number);
    int64_t item = gt_names_find(l->index, name_of, s, s->count, name);
    if (item < 0 || json_is_null(label)) return GT_OK;
    if (!json_is_integer(label) && !json_is_array(label))
        return gt_fail(GT_FORMAT, "label of '%s' is neither an integer nor a list of numbers", name);
    if (json_is_integer(label) ? s->notes.vectors != NULL : s->notes.classes != NULL)
        return gt_fail(GT_FORMAT, "label of '%s' is %s, others are not", name, json_is_integer(label) ? "an integer" : "a list");
    return json_is_integer(label) ? put_class(s, item, name, label) : put_vector(s, item, name, label);
}

static gt_status parse_labels(gt_reader *s, const gt_label_text *text) {
    if (!text->labels) return GT_OK;
    struct labelling l = {.source = s, .index = gt_names_index(name_of, s, s->count)};
    if (!l.index) return gt_fail(GT_NOMEM, "out of memory for %" PRId64 " labels", s->count);
    gt_status st = gt_label_text_each(text, put_pair, &l);
    free(l.index);
    return st;
}

/* Range, channel and class names have the same keys and rules as in any dataset. */
static void take_meaning(gt_reader_notes *n, gt_notes *found) {
    n->class_names = found->class_names;
    n->class_name = found->class_name;
    n->channel_names = found->channel_names;
    n->has_range = found->has_range;
    memcpy(n->range, found->range, sizeof n->range);
}

gt_status gt_source_json(gt_reader *s, const char *text, size_t bytes, bool labels) {
    gt_label_text t;
    gt_status st = gt_label_text_open(&t, text, bytes, labels);
    if (st) return st;
    gt_notes meaning = {0};
    st = parse_labels(s, &t);
    if (!st) st = gt_notes_parse_meaning(&meaning, t.meaning);
    if (st) gt_notes_free(&meaning);
    else take_meaning(&s->notes, &meaning);
    gt_label_text_close(&t);
    return st;
}

/* ---- folders as classes ---- */

/* Bytes of the first folder in a name; 0: it lies in none. */
static size_t folder_of(const char *name) {
    const char *slash = strchr(name, '/');
    return slash ? (size_t)(slash - name) : 0;
}

static int compare_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_folder(const void *key, const void *element) {
    const char *name = key, *folder = *(char *const *)element;
    size_t n = folder_of(name), m = strlen(folder);
    int order = memcmp(name, folder, n < m ? n : m);
    return order ? order : (n > m) - (n < m);
}

/* Adds the folder to the class names unless it was the last one added: items of a folder stand together in most orders. */
static gt_status add_folder(gt_reader_notes *n, const char *name, size_t length, size_t *room) {
    if (n->class_names && !strncmp(n->class_name[n->class_names - 1], name, length) && !n->class_name[n->class_names - 1][length]) return GT_OK;
    if ((size_t)n->class_names == *room) {
        size_t more = 2 * *room + 64;
        char **bigger = realloc(n->class_name, more * sizeof *bigger);
        if (!bigger) return gt_fail(GT_NOMEM, "out of memory for %zu class names", more);
        n->class_name = bigger;
        *room = more;
    }
    if (!(n->class_name[n->class_names] = strndup(name, length))) return gt_fail(GT_NOMEM, "out of memory for class names");
    n->class_names++;
    return GT_OK;
}

/* Sorts the names and keeps one of each. */
static void unify(gt_reader_notes *n) {
    qsort(n->class_name, (size_t)n->class_names, sizeof *n->class_name, compare_text);
    int kept = 0;
    for (int i = 0; i < n->class_names; i++) {
        if (kept && !strcmp(n->class_name[kept - 1], n->class_name[i])) free(n->class_name[i]);
        else n->class_name[kept++] = n->class_name[i];
    }
    n->class_names = kept;
}

gt_status gt_source_folder_classes(gt_reader *s) {
    gt_reader_notes *n = &s->notes;
    char buffer[GT_ITEM_NAME_BYTES];
    size_t room = 0;
    gt_source_labels_free(n);
    gt_status st = gt_source_new_classes(s);
    for (int64_t i = 0; i < s->count && !st; i++) {
        const char *name = s->name(s->state, i, buffer);
        size_t length = folder_of(name);
        if (length) st = add_folder(n, name, length, &room);
    }
    if (st) return st;
    if (n->class_names == 0) return gt_fail(GT_USAGE, "--labels=folders: no picture lies in a subfolder");
    unify(n);
    if (n->class_names > GT_CLASS_MOST + 1) return gt_fail(GT_FORMAT, "%d folders; at most %d can be classes", n->class_names, GT_CLASS_MOST + 1);
    for (int64_t i = 0; i < s->count; i++) {
        const char *name = s->name(s->state, i, buffer);
        char **found = folder_of(name) ? bsearch(name, n->class_name, (size_t)n->class_names, sizeof *n->class_name, compare_folder) : NULL;
        if (found) n->classes[i] = (int32_t)(found - n->class_name);
    }
    return GT_OK;
}

/* ---- rows of an array ---- */

/* The place of a row's only 1 among zeros; -1: it is another row. */
static int64_t hot(const double *row, size_t width) {
    int64_t place = -1;
    for (size_t k = 0; k < width; k++) {
        if (row[k] == 0) continue;
        if (row[k] != 1 || place >= 0) return -1;
        place = (int64_t)k;
    }
    return place;
}

gt_status gt_source_one_hot(gt_reader *s, const double *rows, size_t width) {
    bool all = width > 1;
    for (int64_t i = 0; all && i < s->count; i++) all = hot(rows + (size_t)i * width, width) >= 0;
    gt_status st = all ? gt_source_new_classes(s) : gt_source_new_vectors(s, width);
    if (st) return st;
    for (int64_t i = 0; i < s->count; i++) {
        if (all) {
            s->notes.classes[i] = (int32_t)hot(rows + (size_t)i * width, width);
            continue;
        }
        for (size_t k = 0; k < width; k++) {
            double v = rows[(size_t)i * width + k];
            if (!isfinite((float)v)) return gt_fail(GT_FORMAT, "label %" PRId64 ": number %zu (%g) is not finite in 32 bits", i, k, v);
            s->notes.vectors[(size_t)i * width + k] = v;
        }
    }
    return GT_OK;
}
