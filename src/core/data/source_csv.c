/* SPDX-License-Identifier: Apache-2.0
 * A file of paths and labels; the pictures lie in its folder or below. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/label_file.h"

static bool claims_csv(const gt_spec *spec) { return spec->is_file && !strcasecmp(spec->extension, ".csv"); }

/* Characters of Latin-1 as the bytes that they were. */
static void to_latin1(char *text) {
    char *to = text;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool two = (*p & 0xfc) == 0xc0 && p[1];
        *to++ = (char)(two ? (p[0] & 3) << 6 | (p[1] & 0x3f) : *p);
        p += two;
    }
    *to = 0;
}

/* A name that is not there as it stands may have slashes of Windows, or bytes of Latin-1. */
static gt_status add_path(gt_source *s, const char *name, bool latin1) {
    GT_FREED char *other = strdup(name);
    if (!other) return gt_fail(GT_NOMEM, "out of memory for a list of pictures");
    bool slashes = strchr(name, '\\') != NULL;
    if ((slashes || latin1) && !gt_folder_has(s->state, name)) {
        gt_name_tidy(other, true);
        if (latin1 && !gt_folder_has(s->state, other)) to_latin1(other);
    }
    return gt_names_add(&s->names, other, strlen(other));
}

static gt_status read_names(gt_source *s, const char *path) {
    gt_label_file t;
    gt_status st = gt_label_file_open(&t, path, true);
    if (st) return st;
    size_t name = t.name;
    if (name && gt_picture_is_name(gt_names_at(&t.head, 0))) name = 0;
    bool heading = t.heading || (t.head.count && !gt_picture_is_name(gt_names_at(&t.head, name)));
    bool latin1 = t.from && !strcmp(t.from, "Latin-1");
    st = gt_label_file_rewind(&t, heading);
    while (!st && !(st = gt_csv_next(&t.csv)) && t.csv.fields > name) st = add_path(s, t.csv.field[name], latin1);
    gt_label_file_close(&t);
    return st;
}

/* A picture that is listed twice is two items, which must not contradict each other. */
static gt_status compare_labels(const gt_source *s) {
    const gt_source_info *n = &s->info;
    GT_FREED uint32_t *index = n->label_kind ? gt_item_index(s) : NULL;
    gt_status st = n->label_kind && !index ? gt_fail(GT_NOMEM, "out of memory for labels") : GT_OK;
    for (int64_t i = 1; i < s->count && index && !st; i++) {
        size_t a = index[i - 1], b = index[i], width = (size_t)n->label_width * sizeof *n->vectors;
        if (strcmp(gt_names_at(&s->names, a), gt_names_at(&s->names, b))) continue;
        bool same = n->label_kind == GT_LABELS_CLASSES ? n->classes[a] == n->classes[b]
                                                       : !memcmp(n->vectors + a * (size_t)n->label_width,
                                                                 n->vectors + b * (size_t)n->label_width, width);
        if (!same) st = gt_fail(GT_FORMAT, "'%s' occurs twice, with different labels", gt_names_at(&s->names, a));
    }
    return st;
}

static bool is_number(const char *text) {
    char *end;
    double x = strtod(text, &end);
    return end > text && !*end && isfinite(x);
}

/* Points, for mixtures, have numbers where pictures have paths. */
static gt_status refuse_points(const gt_source *s) {
    for (size_t i = 0; i < s->names.count; i++)
        if (!is_number(gt_names_at(&s->names, i)) || gt_folder_has(s->state, gt_names_at(&s->names, i))) return GT_OK;
    if (!s->names.count) return GT_OK;
    return gt_fail(GT_FORMAT, "numbers, not paths of pictures: pictures are needed; for points: gantry gmm fit %s",
                   s->spec);
}

static gt_status open_csv(gt_source *s, const gt_source_options *options) {
    const char *spec = s->spec, *slash = strrchr(spec, '/');
    gt_status st = slash ? gt_source_of_files(s, spec, (size_t)(slash - spec) + 1) : gt_source_of_files(s, ".", 1);
    if (!st) st = read_names(s, spec);
    if (!st) st = refuse_points(s);
    s->count = (int64_t)s->names.count;
    if (st || !gt_own_labels(options)) return st;
    st = gt_labels_of_csv(s, spec, false);
    return st ? st : compare_labels(s);
}

const gt_source_kind gt_source_csv = {
    .name = "csv", .looks = "FILE.csv of paths and labels", .claims = claims_csv, .open = open_csv};
