/* SPDX-License-Identifier: Apache-2.0
 * Files that a record names by their hash: see door/origin.h. */
#include "runner/generator/door/origin.h"

#include <string.h>

#include "base/door/sha256.h"
#include "gantry/memory.h"

gt_status gt_given_styles(const gt_again *a, const char **file) {
    *file = "";
    if (!gt_record_has(a->record, "styles_sha256")) return GT_OK;
    if (a->seeds) return gt_fail(GT_FORMAT, "its record has a seed and styles");
    if (!*a->latents)
        return gt_fail(GT_UNDECIDED,
                       "it is made of styles in a file, such as projected_w.npz: --latents=FILE is needed");
    *file = a->latents;
    return GT_OK;
}

gt_status gt_given_edits(const gt_again *a, gt_edit_wish *out) {
    const char *edits = NULL, *hash = NULL;
    gt_sha256 named, file;
    *out = (gt_edit_wish){0};
    gt_status st = gt_record_get_text(a->record, "edit", &edits);
    if (!st) st = gt_record_get_text(a->record, "directions_sha256", &hash);
    if (st || !edits) return st;
    if (!hash || !gt_sha256_parse(hash, &named)) return gt_fail(GT_FORMAT, "its record has an edit without directions");
    if (gt_edits_check(edits)) return gt_fail(GT_FORMAT, "its record has an edit that cannot be read");
    if (!*a->directions) return gt_fail(GT_UNDECIDED, "it was edited along directions: --directions=FILE is needed");
    if ((st = gt_sha256_of_file(a->directions, &file))) return st;
    if (!gt_sha256_equal(&named, &file))
        return gt_fail(GT_UNDECIDED, "'%s' has other directions than those that it was edited along", a->directions);
    *out = (gt_edit_wish){.edits = edits, .file = a->directions, .named = true};
    return GT_OK;
}

gt_status gt_given_nothing_else(const gt_record *r) {
    if (gt_record_has(r, "start_sha256"))
        return gt_fail(GT_UNDECIDED, "it began with another picture, and such pictures are not made again");
    if (gt_record_has(r, "latents_sha256"))
        return gt_fail(GT_UNDECIDED, "its latents are of a mixture, and such pictures are not made again");
    return GT_OK;
}
