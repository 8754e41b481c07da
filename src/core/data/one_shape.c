/* SPDX-License-Identifier: Apache-2.0
 * Pictures that must have one shape: the shape of the first, and whether the others have it, too. */
#include <stdio.h>

#include "data/dataset_internal.h"
#include "base/door/progress.h"

enum { SHORT_HEAD = 1024 };

static gt_status check_names(const gt_source *s) {
    char buffer[GT_ITEM_NAME_BYTES];
    for (int64_t i = 0; i < s->count && s->files; i++) {
        const char *name = gt_source_name(s, i, buffer);
        if (gt_picture_is_unread_name(name))
            return gt_fail(GT_FORMAT, "'%s': '%s' is a picture of a kind that cannot be read; convert it to PNG",
                           s->spec, name);
    }
    return GT_OK;
}

/* The failure, and the command that makes a dataset of such pictures; without those that are damaged. */
static gt_status with_command(const gt_dataset *ds, gt_status st, bool damaged) {
    gt_survey found;
    GT_BUFFER gt_buffer command = {0};
    char said[1024];
    snprintf(said, sizeof said, "%s", gt_message());
    if (gt_survey_pictures(ds->source, &found) || found.unread == found.looked) return gt_fail(st, "%s", said);
    found.unread += damaged;
    gt_survey_command(&found, ds->spec, &command);
    if (!command.failed)
        gt_fail(st, "%s; to make a dataset of %s: %.*s%s", said, damaged ? "the others" : "them", (int)command.n,
                (const char *)command.data,
                damaged && !ds->skips ? "; gantry train and gantry metrics also take --on-error=skip" : "");
    return st;
}

gt_status gt_dataset_compare_shape(const gt_dataset *ds, const gt_picture *found) {
    char is[GT_SHAPE_BYTES], wanted[GT_SHAPE_BYTES], name[GT_ITEM_NAME_BYTES];
    const gt_picture *s = &ds->shape;
    bool size = found->height == s->height && found->width == s->width, kind = found->type == s->type;
    bool colours = found->channels == s->channels && found->alpha == s->alpha;
    if (size && colours && kind) return GT_OK;
    return gt_fail(GT_FORMAT, "%s, but the first picture ('%s') has %s; all must be alike", gt_picture_shape(found, is),
                   gt_source_name(ds->source, ds->first, name), gt_picture_shape(s, wanted));
}

/* Counts damaged pictures; those that are passed over are told where they are read. */
static gt_status survey_one(const gt_dataset *ds, int64_t i, int64_t *damaged) {
    gt_picture found;
    bool cut;
    gt_progress();
    gt_status st = gt_item_wrap(ds->source, i, gt_item_shape(ds->source, i, SHORT_HEAD, &found, &cut));
    *damaged += st == GT_FORMAT;
    if (st == GT_FORMAT && ds->skips) {
        int64_t all = ds->source->count;
        return *damaged <= gt_damage_most(all) ? GT_OK : gt_damage_too_many(ds->spec, *damaged, all);
    }
    return st ? st : gt_item_wrap(ds->source, i, gt_dataset_compare_shape(ds, &found));
}

/* The shape of the first picture or, where damaged ones are passed over, of the first that is not damaged. */
static gt_status first_shape(gt_dataset *ds) {
    const gt_source *s = ds->source;
    int64_t most = ds->skips ? gt_damage_most(s->count) : 0;
    bool cut;
    gt_status st = GT_FORMAT;
    for (ds->first = 0; ds->first < s->count && ds->first <= most; ds->first++)
        if ((st = gt_item_wrap(s, ds->first, gt_item_shape(s, ds->first, 0, &ds->shape, &cut))) != GT_FORMAT) break;
    return st;
}

gt_status gt_dataset_survey(gt_dataset *ds) {
    const gt_source *s = ds->source;
    ds->shape = s->shape;
    if (s->shape.height) return GT_OK;
    gt_status st = check_names(s);
    int64_t looks = gt_source_looks(s), damaged = 0;
    if (!st && (st = first_shape(ds)) == GT_FORMAT) damaged = 1;
    for (int64_t k = 0; k < looks && !st; k++) st = survey_one(ds, gt_source_look(s, k, looks), &damaged);
    return st && st != GT_NOMEM && s->count > 1 ? with_command(ds, st, damaged > 0) : st;
}
