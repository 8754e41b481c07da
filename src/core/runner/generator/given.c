/* SPDX-License-Identifier: Apache-2.0
 * Files that a record names by their hash: see door/origin.h. */
#include "runner/generator/door/origin.h"

#include <string.h>

#include "base/door/sha256.h"
#include "gantry/memory.h"

gt_status gt_given_styles(const gt_again *a, const char **file) {
    *file = "";
    if (!gt_record_has(a->record, "styles_sha256")) return GT_OK;
    if (a->seeds || gt_record_has(a->record, "latents_sha256"))
        return gt_fail(GT_FORMAT, "its record has styles, and a seed or a mixture, which has no effect on these");
    if (!*a->given.latents)
        return gt_fail(GT_UNDECIDED,
                       "it is made of styles in a file, such as projected_w.npz: --latents=FILE is needed");
    *file = a->given.latents;
    return GT_OK;
}

/* NULL: the record has no such key. */
static gt_status find(const gt_record *r, const char *key, const char *option, const char *given, const char **file) {
    const char *hash = NULL;
    gt_sha256 named, is;
    *file = NULL;
    gt_status st = gt_record_get_text(r, key, &hash);
    if (st || !hash) return st;
    if (!gt_sha256_parse(hash, &named)) return gt_fail(GT_FORMAT, "its record has a '%s' which is not a SHA-256", key);
    if (!*given) return gt_fail(GT_UNDECIDED, "it was made with a further file: %s=FILE is needed", option);
    if ((st = gt_sha256_of_file(given, &is))) return st == GT_NOMEM ? st : gt_wrap(GT_UNDECIDED, "%s", option);
    if (!gt_sha256_equal(&named, &is))
        return gt_fail(GT_UNDECIDED, "%s: '%s' is another file than the one that it was made with", option, given);
    *file = given;
    return GT_OK;
}

gt_status gt_given_edits(const gt_again *a, gt_edit_wish *out) {
    const char *edits = NULL, *file;
    *out = (gt_edit_wish){0};
    gt_status st = gt_record_get_text(a->record, "edit", &edits);
    if (st || !edits) return st;
    if (!gt_record_has(a->record, "directions_sha256"))
        return gt_fail(GT_FORMAT, "its record has an edit without directions");
    if (gt_edits_check(edits)) return gt_fail(GT_FORMAT, "its record has an edit that cannot be read");
    st = find(a->record, "directions_sha256", "--directions", a->given.directions, &file);
    *out = (gt_edit_wish){.edits = edits, .file = file, .named = true};
    return st;
}

gt_status gt_given_start(const gt_again *a, gt_generator_options *o) {
    gt_status st = gt_record_get_double(a->record, "strength", 0.01, 1, &o->steps.strength);
    if (!st) st = find(a->record, "start_sha256", "--start", a->given.start, &o->start);
    if (!st && (o->start != NULL) != (o->steps.strength > 0))
        st = gt_fail(GT_FORMAT, "its record has a picture to begin with without a strength, or a strength alone");
    return st;
}

gt_status gt_given_mixture(const gt_again *a, const char **file) {
    gt_status st = find(a->record, "latents_sha256", "--latents", a->given.latents, file);
    if (!st && *file && !a->given.mixtures) st = gt_fail(GT_UNDECIDED, "this program reads no mixtures");
    return st;
}
