/* SPDX-License-Identifier: Apache-2.0
 * A CSV file of paths and labels; the pictures lie in its folder or below. */
#include <string.h>
#include <strings.h>

#include "data/csv.h"
#include "data/source.h"

static bool claims_csv(const gt_spec *spec) { return spec->is_file && !strcasecmp(spec->extension, ".csv"); }

static gt_status read_names(gt_name_list *names, const char *path) {
    gt_csv c;
    gt_status st = gt_csv_open(&c, path);
    if (!st) st = gt_csv_next(&c);
    if (!st && c.line == 1 && c.fields && !gt_picture_is_name(c.field[0])) st = gt_csv_next(&c); /* a header */
    while (!st && c.fields) {
        st = gt_names_add(names, c.field[0], strlen(c.field[0]));
        if (!st) st = gt_csv_next(&c);
    }
    gt_csv_close(&c);
    return st;
}

static gt_status open_csv(gt_source *s, const gt_source_options *options) {
    const char *spec = s->spec, *slash = strrchr(spec, '/');
    gt_status st = slash ? gt_source_of_files(s, spec, (size_t)(slash - spec) + 1) : gt_source_of_files(s, ".", 1);
    if (!st) st = read_names(&s->names, spec);
    s->count = (int64_t)s->names.count;
    return st || !gt_own_labels(options) ? st : gt_labels_of_csv(s, spec, false);
}

const gt_source_kind gt_source_csv = {
    .name = "csv", .looks = "FILE.csv of paths and labels", .claims = claims_csv, .open = open_csv};
