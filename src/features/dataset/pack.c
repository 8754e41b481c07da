/* SPDX-License-Identifier: Apache-2.0
 * gantry dataset of fields: variables of NetCDF files as a file of their own. */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "features/dataset/command.h"

static bool is_source(const char *list, const char *dest) {
    GT_FREED char *place = realpath(dest, NULL);
    gt_named_array part = {0};
    gt_status st = GT_OK;
    bool is = false;
    while (place && !is && !st && gt_named_array_next(&list, &part, &st)) {
        GT_FREED char *source = realpath(part.file, NULL);
        is = source && !strcmp(source, place);
    }
    return is;
}

gt_status cli_dataset_pack(const char *list, const char *dest, bool compress, bool replace, gt_fields_packed *made) {
    if (is_source(list, dest))
        return gt_fail(GT_USAGE, "the destination '%s' is a source: choose another destination", dest);
    GT_FREED char *folder = strdup(dest);
    gt_status st = folder ? gt_make_directories(dirname(folder)) : GT_NOMEM;
    if (!st) st = gt_fields_pack(list, dest, compress, replace, made);
    if (st || !made->there || made->same) return st;
    return gt_fail(GT_USAGE,
                   "'%s' already exists and is not what this command makes: replace it with --overwrite, or choose "
                   "another destination",
                   dest);
}
