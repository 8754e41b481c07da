/* SPDX-License-Identifier: Apache-2.0
 * Labels, class names, range and names of channels: the rules for all sources. */
#include <ctype.h>
#include <endian.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/door/source.h"
#include "files/codec/door/sample.h"
#include "base/door/memory.h"
#include "base/door/text.h"

void gt_notes_drop_labels(gt_source_info *n) {
    free(n->classes);
    free(n->vectors);
    for (int i = 0; i < n->class_names; i++) free(n->class_name[i]);
    free(n->class_name);
    free(n->label_names);
    *n = (gt_source_info){.source = n->source,
                          .taken = n->taken,
                          .said = n->said,
                          .passed = n->passed,
                          .sifted = n->sifted,
                          .masks = n->masks,
                          .mask_classes = n->mask_classes,
                          .mask_name = n->mask_name,
                          .mask_room = n->mask_room,
                          .channel_names = n->channel_names,
                          .border = n->border,
                          .has_range = n->has_range,
                          .says_range = n->says_range,
                          .booleans = n->booleans,
                          .range = {n->range[0], n->range[1]}};
}

void gt_notes_free(gt_source_info *n) {
    gt_notes_drop_labels(n);
    free(n->taken);
    free(n->said);
    free(n->passed);
    free(n->sifted);
    n->taken = n->said = n->passed = n->sifted = NULL;
    gt_masks_free_names(n);
    free(n->channel_names);
}

gt_status gt_notes_new_classes(gt_source_info *n, int64_t count) {
    free(n->classes);
    n->classes = calloc((size_t)count + 1, sizeof *n->classes);
    if (!n->classes) return gt_fail(GT_NOMEM, "out of memory for %" PRId64 " labels", count);
    for (int64_t i = 0; i < count; i++) n->classes[i] = -1;
    n->label_kind = GT_LABELS_CLASSES;
    return GT_OK;
}

gt_status gt_notes_new_vectors(gt_source_info *n, int64_t count, size_t width) {
    size_t numbers;
    if (width == 0 || width > GT_VECTOR_MAX)
        return gt_fail(GT_FORMAT, "labels of %zu numbers; 1 to %d are possible", width, GT_VECTOR_MAX);
    free(n->vectors);
    n->vectors = gt_mul_overflows((size_t)count, width, &numbers) ? NULL : calloc(numbers + 1, sizeof *n->vectors);
    if (!n->vectors) return gt_fail(GT_NOMEM, "out of memory for %" PRId64 " labels", count);
    for (size_t i = 0; i < numbers; i += width) n->vectors[i] = NAN;
    n->label_kind = GT_LABELS_VECTORS;
    n->label_width = (int)width;
    return GT_OK;
}

gt_status gt_notes_add_class_name(gt_source_info *n, const char *name, size_t length) {
    if (n->class_names > GT_CLASS_MAX) return gt_fail(GT_FORMAT, "more than %d different classes", GT_CLASS_MAX + 1);
    gt_status st = gt_grow(&n->class_name, &n->class_room, (size_t)n->class_names + 1, sizeof *n->class_name,
                           "class names");
    if (st) return st;
    if (!(n->class_name[n->class_names] = strndup(name, length)))
        return gt_fail(GT_NOMEM, "out of memory for class names");
    n->class_names++;
    return GT_OK;
}

/* The place of a name among sorted ones, or where it would be. */
static int place_of(const gt_source_info *n, const char *name, size_t length, bool *there) {
    int low = 0, high = n->class_names;
    for (*there = false; low < high && !*there;) {
        int middle = (low + high) / 2;
        size_t other = strlen(n->class_name[middle]);
        int order = memcmp(name, n->class_name[middle], length < other ? length : other);
        if (order == 0) order = (length > other) - (length < other);
        *there = order == 0;
        if (order > 0) low = middle + 1;
        else high = middle;
    }
    return *there ? high : low;
}

int gt_notes_find_class(const gt_source_info *n, const char *name, size_t length) {
    bool there;
    int place = place_of(n, name, length, &there);
    return there ? place : -1;
}

gt_status gt_notes_sort_in_class(gt_source_info *n, const char *name, size_t length) {
    bool there;
    int place = place_of(n, name, length, &there);
    gt_status st = there ? GT_OK : gt_notes_add_class_name(n, name, length);
    if (st || there) return st;
    char *last = n->class_name[n->class_names - 1];
    memmove(n->class_name + place + 1, n->class_name + place, (size_t)(n->class_names - 1 - place) * sizeof last);
    n->class_name[place] = last;
    return GT_OK;
}

/* Labels that were names have numbers of classes in another order. */
static gt_status renumber_classes(gt_source_info *n, int64_t count, const gt_source_info *given) {
    GT_FREED int32_t *number = calloc((size_t)n->class_names + 1, sizeof *number);
    gt_status st = number ? GT_OK : gt_fail(GT_NOMEM, "out of memory for class names");
    for (int i = 0; i < given->class_names && !st; i++) {
        int k = gt_notes_find_class(n, given->class_name[i], strlen(given->class_name[i]));
        if (k >= 0) number[k] = i + 1;
    }
    for (int k = 0; k < n->class_names && !st; k++)
        if (!number[k]) st = gt_fail(GT_FORMAT, "class_names: the label '%.200s' is missing", n->class_name[k]);
    for (int64_t i = 0; i < count && !st; i++)
        if (n->classes[i] >= 0) n->classes[i] = number[n->classes[i]] - 1;
    return st;
}

gt_status gt_notes_take_class_names(gt_source_info *n, int64_t count, gt_source_info *given) {
    if (!given->class_names) return GT_OK;
    gt_status st = n->class_names ? renumber_classes(n, count, given) : GT_OK;
    gt_source_info before = *n;
    if (st) return st;
    n->class_name = given->class_name, n->class_names = given->class_names, n->class_room = given->class_room;
    given->class_name = before.class_name, given->class_names = before.class_names,
    given->class_room = before.class_room;
    return GT_OK;
}

gt_status gt_notes_set_range(gt_source_info *n, double low, double high) {
    if (!isfinite(low) || !isfinite(high) || low >= high)
        return gt_fail(GT_FORMAT, "range: %g, %g is not a range; give two finite numbers, the smaller one first", low,
                       high);
    n->has_range = n->says_range = true;
    n->range[0] = low;
    n->range[1] = high;
    return GT_OK;
}

bool gt_notes_labelled(const gt_source_info *n, int64_t i) {
    return n->label_kind == GT_LABELS_CLASSES
               ? n->classes[i] >= 0
               : n->label_kind == GT_LABELS_VECTORS && !isnan(n->vectors[i * n->label_width]);
}

bool gt_label_is_none(const char *text) {
    static const char *const words[] = {"na", "n/a", "#n/a", "null", "none"};
    char *end;
    double v = strtod(text, &end);
    if (end != text && !end[strspn(end, " ")]) return !isfinite(v);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(text, words[i])) return true;
    return false;
}

gt_status gt_notes_say_none(gt_source_info *n, int64_t count, const char *example) {
    return gt_notes_say(n, "%" PRId64 " label%s such as '%.40s' among numbers: these images have no label", count,
                        gt_plural(count), example);
}

/* ---- names of classes that look the same ---- */

typedef struct look {
    char *text;
    int class;
} look;

static int compare_looks(const void *a, const void *b) {
    const look *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->class > y->class) - (x->class < y->class);
}

/* Without blanks around it, and accents whatever characters they are written in. To be freed. */
static gt_status look_of(const char *name, char **out) {
    gt_status st = gt_text_apart(name + strspn(name, " \t\r\n"), out);
    for (size_t n = st ? 0 : strlen(*out); n > 0 && strchr(" \t\r\n", (*out)[n - 1]);) (*out)[--n] = 0;
    return st;
}

gt_status gt_notes_say_alike(gt_source_info *n) {
    int names = n->class_names;
    GT_FREED look *list = names > 1 ? calloc((size_t)names, sizeof *list) : NULL;
    gt_status st = names > 1 && !list ? gt_fail(GT_NOMEM, "out of memory for class names") : GT_OK;
    int64_t alike = 0;
    const look *first = NULL;
    for (int k = 0; k < names && list && !st; k++) {
        list[k].class = k;
        st = look_of(n->class_name[k], &list[k].text);
    }
    if (list && !st) qsort(list, (size_t)names, sizeof *list, compare_looks);
    for (int k = 1; k < names && list && !st; k++) {
        if (strcmp(list[k - 1].text, list[k].text)) continue;
        if (!alike++) first = &list[k - 1];
    }
    if (alike) {
        const char *name = n->class_name[first->class], *other = n->class_name[first[1].class];
        st = gt_notes_say(n, "classes %d and %d are both called '%.60s'%s%s", first->class, first[1].class, name,
                          strcmp(name, other) ? ", with other characters or blanks" : "",
                          alike > 1 ? "; there are more such classes" : "");
    }
    for (int k = 0; k < names && list; k++) free(list[k].text);
    return st;
}

static gt_status check_classes(gt_source_info *n, int64_t count, bool every) {
    int32_t largest = -1;
    for (int64_t i = 0; i < count; i++) {
        int32_t v = n->classes[i];
        if (v > GT_CLASS_MAX || (every && v < 0))
            return gt_fail(GT_FORMAT, "label %" PRId64 " is %" PRId32 "; classes are integers 0 .. %d", i, v,
                           GT_CLASS_MAX);
        if (v > largest) largest = v;
    }
    n->label_width = 1 + largest;
    if (n->class_names && n->class_names < n->label_width)
        return gt_fail(GT_FORMAT, "class_names: %d names for %d classes", n->class_names, n->label_width);
    return GT_OK;
}

/* Vectors that may be meant as classes. */
gt_status gt_notes_say_one_hot(gt_source_info *n, int64_t count) {
    bool all = n->label_kind == GT_LABELS_VECTORS && n->label_width > 1;
    for (int64_t i = 0; i < count && all; i++) {
        double sum = 0, most = 0;
        for (int k = 0; k < n->label_width && all; k++) {
            double v = n->vectors[i * n->label_width + k];
            all = v == 0 || v == 1;
            sum += v;
            most = v > most ? v : most;
        }
        all = all && sum == 1 && most == 1;
    }
    if (!all || !count) return GT_OK;
    return gt_notes_say(n,
                        "the labels are one-hot, rows of %d numbers with a single 1: they are read as vectors; whole "
                        "numbers in an array would be read as classes",
                        n->label_width);
}

gt_status gt_notes_check(gt_source_info *n, int64_t count, bool every) {
    if (n->label_kind == GT_LABELS_CLASSES) return check_classes(n, count, every);
    for (int64_t i = 0; i < count && n->label_kind == GT_LABELS_VECTORS; i++)
        for (int64_t k = 0; k < n->label_width && (every || gt_notes_labelled(n, i)); k++)
            if (!isfinite((float)n->vectors[i * n->label_width + k]))
                return gt_fail(GT_FORMAT, "label %" PRId64 ": number %" PRId64 " is not finite", i, k);
    return GT_OK;
}

/* ---- what the channels mean ---- */

bool gt_names_begin(const char *names, const char *with) {
    for (; *with; names++) {
        if (*names == ' ') continue;
        if (tolower((unsigned char)*names) != *with) return false;
        with++;
    }
    names += strspn(names, " ");
    return !*names || *names == ',';
}

bool gt_channels_alpha(const char *names, int channels) {
    const char *last = names && channels > 1 ? strrchr(names, ',') : NULL;
    return last && (gt_names_begin(last + 1, "a") || gt_names_begin(last + 1, "alpha"));
}

/* ---- for fingerprints ---- */

/* Labels as 32-bit little-endian words, whatever the machine. */
static void hash_labels(const gt_source_info *n, int64_t count, gt_hasher *h) {
    int64_t words = n->label_kind == GT_LABELS_VECTORS   ? count * n->label_width
                    : n->label_kind == GT_LABELS_CLASSES ? count
                                                         : 0;
    for (int64_t i = 0; i < words; i++) {
        uint32_t word;
        float number = n->label_kind == GT_LABELS_VECTORS ? (float)n->vectors[i] : 0;
        memcpy(&word, n->label_kind == GT_LABELS_VECTORS ? (const void *)&number : &n->classes[i], sizeof word);
        word = htole32(word);
        gt_hasher_add(h, &word, sizeof word);
    }
}

void gt_source_hash(const gt_source *s, const gt_picture *shape, gt_hasher *h) {
    uint64_t words[7] = {htole64((uint64_t)s->count),
                         htole64((uint64_t)shape->height),
                         htole64((uint64_t)shape->width),
                         htole64((uint64_t)shape->channels),
                         htole64(8 * gt_sample_bytes(shape->type)),
                         htole64(s->info.label_kind),
                         htole64((uint64_t)s->info.label_width)};
    gt_hasher_add(h, words, sizeof words);
    hash_labels(&s->info, s->count, h);
}
