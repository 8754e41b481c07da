/* SPDX-License-Identifier: Apache-2.0
 * A picture file by itself, where the caller takes one (gt_source_options.lone_picture). */
#include <string.h>

#include "data/door/source.h"

static bool claims_picture(const gt_spec *spec) {
    return spec->lone_picture && spec->is_file &&
           (gt_picture_is_name(spec->text) || gt_kind_of_file(spec->text) == GT_KIND_PICTURE);
}

static gt_status open_picture(gt_source *s, const gt_source_options *options) {
    const char *slash = strrchr(s->spec, '/'), *name = slash ? slash + 1 : s->spec;
    const char *folder = slash == s->spec ? "/" : slash ? s->spec : ".";
    (void)options;
    gt_status st = gt_source_of_files(s, folder, slash && slash != s->spec ? (size_t)(slash - s->spec) : 1);
    if (!st) st = gt_names_add(&s->names, name, strlen(name));
    s->count = (int64_t)s->names.count;
    return st;
}

const gt_source_kind gt_source_picture = {.name = "picture", .claims = claims_picture, .open = open_picture};
