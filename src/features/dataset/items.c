/* SPDX-License-Identifier: Apache-2.0
 * The list of items: one source or several, all of it or a seeded choice. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/door/source.h"
#include "features/dataset/tool.h"
#include "gantry/log.h"
#include "data/door/sampler.h"

bool gt_items_same_names(const gt_source_info *a, const gt_source_info *b) {
    if (a->class_names != b->class_names) return false;
    for (int i = 0; i < a->class_names; i++)
        if (strcmp(a->class_name[i], b->class_name[i])) return false;
    return true;
}

bool gt_items_same_mask_names(const gt_source_info *a, const gt_source_info *b) {
    if (a->masks != b->masks || a->mask_classes != b->mask_classes) return false;
    for (int i = 0; i < a->mask_classes; i++)
        if (strcmp(a->mask_name[i], b->mask_name[i])) return false;
    return true;
}

/* The names of channels that say more than the pictures do: what datasets call those of pictures with alpha, a folder
 * of the same pictures does not. */
static const char *telling_names(const gt_source_info *info) {
    const char *names = info->channel_names ? info->channel_names : "";
    return !strcmp(names, "R,G,B,A") || !strcmp(names, "grey,A") ? "" : names;
}

/* Classes without names are numbers: class 3 is the one that is the third where they have names. *named: the source
 * whose names are those of all. */
static gt_status join_names(gt_source_info *all, const gt_source_info *more, const char *source, const char **named) {
    int classes = more->label_width > all->label_width ? more->label_width : all->label_width;
    int names = all->class_names ? all->class_names : more->class_names;
    if (all->class_names && more->class_names)
        return gt_items_same_names(all, more) ? GT_OK
                                              : gt_fail(GT_USAGE,
                                                        "'%s' and '%s' have different class names, so class numbers "
                                                        "differ in meaning; --labels=none leaves the labels out",
                                                        *named, source);
    if (!names) return GT_OK;
    const char *numbered = all->class_names ? source : *named;
    if (!all->class_names) *named = source;
    if (classes > names)
        return gt_fail(GT_USAGE,
                       "'%s' has %d classes without names, and '%s' has %d names, so class numbers differ in meaning; "
                       "--labels=none leaves the labels out",
                       numbered, classes, *named, names);
    gt_info("the classes of '%s' have no names: they are assumed to have the class numbers of '%s'", numbered, *named);
    all->class_names = names;
    if (!all->class_name) all->class_name = more->class_name;
    return GT_OK;
}

/* What a further source says must agree with those before it. */
static gt_status join_source(gt_items *items, const gt_source_info *more, const char *source, const char *first,
                             const char **named) {
    gt_source_info *all = &items->info;
    if (all->label_kind != more->label_kind ||
        (all->label_kind == GT_LABELS_VECTORS && all->label_width != more->label_width))
        return gt_fail(GT_USAGE,
                       "'%s' and '%s' have labels of different kinds (none, classes, or vectors of one length); "
                       "--labels=none leaves the labels out",
                       first, source);
    gt_status st = join_names(all, more, source, named);
    if (st) return st;
    if (!gt_items_same_mask_names(all, more))
        return gt_fail(GT_USAGE,
                       all->masks != more->masks ? "only one of '%s' and '%s' has masks"
                                                 : "the masks of '%s' and '%s' have different class names",
                       first, source);
    bool ranges = all->has_range == more->has_range &&
                  (!all->has_range || !memcmp(all->range, more->range, sizeof all->range));
    if (!ranges)
        return gt_fail(GT_USAGE,
                       "'%s' and '%s' have samples with different ranges; --range=LO,HI declares one range for all",
                       first, source);
    if (strcmp(telling_names(all), telling_names(more)))
        return gt_fail(GT_USAGE, "'%s' and '%s' have different channel names", first, source);
    if (more->label_width > all->label_width) all->label_width = more->label_width;
    all->unlabelled += more->unlabelled;
    return GT_OK;
}

static gt_status choose_range(gt_items *items, int64_t n, int64_t from, int64_t to, uint32_t seed) {
    items->count = to - from;
    return gt_subset(&items->chosen, n, from, to, seed);
}

/* A folder's pictures come by path components, as the reference tool takes them; training counts them by code points,
 * and so takes the choice from them. Of other sources both have one order. */
static gt_status take_as_training_counts(gt_items *items, int64_t n) {
    const gt_source *s = items->sources[0];
    GT_FREED uint32_t *index = gt_item_index(s);
    if (!index) return gt_fail(GT_NOMEM, "out of memory for a choice from %" PRId64 " images", n);
    int64_t first = 0; /* of the first n items by code points */
    for (int64_t i = 0; i < s->count; i++)
        if (index[i] < n) index[first++] = index[i];
    for (int64_t i = 0; i < items->count; i++) items->chosen[i] = index[items->chosen[i]];
    return GT_OK;
}

static gt_status choose_subset(gt_items *items, const gt_convert_request *r, int64_t n) {
    gt_status st = choose_range(items, n, 0, r->amount, r->seed);
    bool folder = r->n_sources == 1 && !r->import.crops && !strcmp(items->info.source, "folder");
    return st || !folder ? st : take_as_training_counts(items, n);
}

/* ---- so many images of each class ---- */

static int by_number(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Leaves `wanted` of the n numbers of a list, by the seed, in their order. */
static gt_status keep_some(int64_t *list, int64_t n, int64_t wanted, uint32_t seed) {
    GT_FREED int64_t *kept = NULL;
    gt_status st = gt_subset(&kept, n, 0, wanted, seed);
    for (int64_t i = 0; i < wanted && !st; i++) list[i] = list[kept[i]]; /* kept[] is sorted: kept[i] >= i */
    return st;
}

/* Chooses among all items by r->each and r->amount. GT_USAGE: no classes, or too few images of one. */
static gt_status choose_each(gt_items *items, const gt_convert_request *r) {
    int64_t n = items->count, found = 0;
    int classes = items->info.label_width;
    if (items->info.label_kind != GT_LABELS_CLASSES)
        return gt_fail(GT_USAGE, "--each: '%s' has no classes", r->sources[0]);
    int64_t *list = malloc((size_t)n * sizeof *list);
    if (!list) return gt_fail(GT_NOMEM, "out of memory for a choice from %" PRId64 " images", n);
    for (int class = 0; class < classes; class ++) {
        int64_t begin = found;
        for (int64_t i = 0; i < n; i++)
            if (gt_items_class(items, i) == class) list[found++] = i;
        gt_status st = found - begin < r->each
                           ? gt_fail(GT_USAGE, "--each: there are %" PRId64 " images of class %d of the result",
                                     found - begin, class)
                           : keep_some(list + begin, found - begin, r->each, r->seed);
        if (st) {
            free(list);
            return st;
        }
        found = begin + r->each;
    }
    qsort(list, (size_t)found, sizeof *list, by_number);
    items->chosen = list;
    items->count = found;
    items->info.unlabelled = 0;
    if (!r->amount) return GT_OK;
    if (r->amount > found)
        return gt_fail(GT_USAGE, "--count=%" PRId64 ": there are %" PRId64 " images", r->amount, found);
    items->count = r->amount;
    return keep_some(list, found, r->amount, r->seed);
}

static gt_status choose_items(gt_items *items, const gt_convert_request *r, int64_t n) {
    items->count = n;
    switch (r->choice) {
    case GT_CONVERT_ALL: return GT_OK;
    case GT_CONVERT_SUBSET:
        if (r->each) return choose_each(items, r);
        if (!r->amount && r->import.classes) return GT_OK;
        if (r->amount < 1 || r->amount > n)
            return gt_fail(GT_USAGE, "--count=%" PRId64 ": there are %" PRId64 " images", r->amount, n);
        return r->amount == n ? GT_OK : choose_subset(items, r, n);
    case GT_CONVERT_SPLIT:
        return choose_range(items, n, (int64_t)((double)n * r->split[0] + 0.5),
                            (int64_t)((double)n * r->split[1] + 0.5), r->seed);
    }
    return GT_OK;
}

gt_status gt_items_open(gt_items *items, const gt_convert_request *r) {
    *items = (gt_items){.labels = r->import.labels_csv                           ? r->import.labels_csv
                                  : r->import.labels == GT_SOURCE_LABELS_FOLDERS ? "folders"
                                                                                 : NULL};
    items->sources = calloc((size_t)r->n_sources, sizeof *items->sources);
    items->first = calloc((size_t)r->n_sources + 1, sizeof *items->first);
    if (!items->sources || !items->first) return gt_fail(GT_NOMEM, "out of memory for a list of sources");
    const char *named = r->sources[0];
    for (int k = 0; k < r->n_sources; k++) {
        gt_status st = gt_source_open(&items->sources[k], r->sources[k], &r->import);
        if (st) return st;
        items->n++;
        gt_source_info info = *gt_source_get_info(items->sources[k]);
        gt_source_tell(&info, r->sources[k]);
        if (info.border)
            gt_info("'%s': a border of %d enlarges MNIST's 28 x 28 to %d x %d pixels (--mnist-border=0 keeps 28 x 28)",
                    r->sources[k], info.border, 28 + 2 * info.border, 28 + 2 * info.border);
        if (r->has_range) info.has_range = true, memcpy(info.range, r->range, sizeof info.range);
        if (info.label_kind == GT_LABELS_CLASSES && info.class_names > info.label_width)
            info.label_width = info.class_names;
        if (k == 0) items->info = info;
        else if ((st = join_source(items, &info, r->sources[k], r->sources[0], &named))) return st;
        items->main_thread_only |= info.main_thread_only;
        items->first[k + 1] = items->first[k] + info.count;
    }
    int64_t n = items->first[items->n];
    if (r->max_images && n > r->max_images) n = r->max_images;
    if (n == 0) return gt_fail(GT_FORMAT, "'%s' holds no pictures", r->sources[0]);
    if (n > INT32_MAX) return gt_fail(GT_USAGE, "%" PRId64 " images: at most %d fit into a dataset", n, INT32_MAX);
    gt_status st = choose_items(items, r, n);
    if (!st && items->count == 0) st = gt_fail(GT_USAGE, "'%s' would get none of the %" PRId64 " images", r->dest, n);
    return st;
}

void gt_items_close(gt_items *items) {
    for (int k = 0; k < items->n; k++) gt_source_close(items->sources[k]);
    free(items->sources);
    free(items->first);
    free(items->chosen);
    *items = (gt_items){0};
}

gt_source *gt_items_at(const gt_items *items, int64_t i, int64_t *number) {
    *number = items->chosen ? items->chosen[i] : i;
    int k = 0;
    while (*number >= items->first[k + 1]) k++;
    *number -= items->first[k];
    return items->sources[k];
}

const char *gt_items_name(const gt_items *items, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    int64_t number;
    gt_source *from = gt_items_at(items, i, &number);
    return gt_source_name(from, number, buffer);
}

static void identify_sources(const gt_items *items, gt_hasher *h) {
    const gt_source_info *info = &items->info;
    const char *channels = info->channel_names ? info->channel_names : "";
    double labels[5] = {info->label_kind, info->label_width, info->has_range, info->has_range ? info->range[0] : 0,
                        info->has_range ? info->range[1] : 0};
    for (int k = 0; k < items->n; k++) {
        gt_hash128 identity = gt_source_stamp(items->sources[k]);
        gt_hasher_add(h, &identity, sizeof identity);
        gt_hasher_add(h, &items->first[k + 1], sizeof items->first[k + 1]);
    }
    gt_hasher_add(h, labels, sizeof labels);
    gt_hasher_add(h, channels, strlen(channels) + 1);
    for (int i = 0; i < info->class_names; i++) gt_hasher_add(h, info->class_name[i], strlen(info->class_name[i]) + 1);
    if (info->masks) gt_hasher_add(h, "masks", 6);
    for (int i = 0; i < info->mask_classes; i++) gt_hasher_add(h, info->mask_name[i], strlen(info->mask_name[i]) + 1);
}

void gt_items_identify(const gt_items *items, gt_hasher *h) {
    char buffer[GT_ITEM_NAME_BYTES];
    identify_sources(items, h);
    for (int64_t i = 0; i < items->count; i++) {
        const char *name = gt_items_name(items, i, buffer);
        const double *vector = gt_items_vector(items, i);
        int64_t known[3] = {items->chosen ? items->chosen[i] : i, gt_items_class(items, i), vector != NULL};
        gt_hasher_add(h, name, strlen(name) + 1);
        gt_hasher_add(h, known, sizeof known);
        if (vector) gt_hasher_add(h, vector, (size_t)items->info.label_width * sizeof *vector);
    }
}

int gt_items_class(const gt_items *items, int64_t i) {
    int64_t number;
    gt_source *from = gt_items_at(items, i, &number);
    return gt_source_class(from, number);
}

const double *gt_items_vector(const gt_items *items, int64_t i) {
    int64_t number;
    gt_source *from = gt_items_at(items, i, &number);
    return gt_source_vector(from, number);
}

bool gt_items_lacks_label(const gt_items *items, int64_t i, char text[GT_UNLABELLED_BYTES]) {
    char name[GT_ITEM_NAME_BYTES];
    if (!items->info.unlabelled || gt_items_class(items, i) >= 0 || gt_items_vector(items, i)) return false;
    if (items->labels)
        snprintf(text, GT_UNLABELLED_BYTES, "'%s': --labels=%.4000s has no label for it", gt_items_name(items, i, name),
                 items->labels);
    else
        snprintf(text, GT_UNLABELLED_BYTES, "'%s': no label, while %" PRId64 " others have one",
                 gt_items_name(items, i, name), items->first[items->n] - items->info.unlabelled);
    return true;
}
