/* SPDX-License-Identifier: Apache-2.0
 * The dataset tool: pictures of any source (source.h) through a transform (transform.h) into a dataset.
 *
 *     const char *sources[] = {"photos"};
 *     gt_convert_request r = {.n_sources = 1, .sources = sources, .dest = "photos.zip", .transform = {...}};
 *     gt_convert_result result;
 *     gt_status st = gt_convert_all(comm, &r, &result);
 *
 * First a scan: the head of every picture says what would become of it. What most pictures become is the dataset's
 * shape; those that cannot be read, become something else, or lack a label that import.labels or labels_csv asks for
 * are listed. Then the work, which finds what only decoding can find: damaged pictures, and duplicates (equal samples
 * and shape). All ranks and threads take part in both; the result is the same bit for bit for any number of them.
 *
 * Destinations:
 *   FILE.zip   the interchange format: 00000/img00000000.png, numbered by the item's place in the source, stored; PNG
 *              uncompressed unless `compress`; then samples.sha256, the hash of each sample
 *              (runner/contents/door/contents.h), and dataset.json. Zip64 where it must be. No times: equal input,
 *              equal bytes
 *   FILE.h5    `images` [N,H,W,C] in chunks of one image, `labels`, `samples.sha256` [N,32], attributes as in
 *              dataset.h; `compress`: deflated
 *   FOLDER     the files of FILE.zip; must not lie in a source
 * A name with another suffix (out.tar, out.zipp) is refused; `out.tar/`, and an existing folder of such a name, are
 * folders. A suffix without a letter (photos-1.5) is part of the name.
 *
 * The result appears under its name when it is whole. Until then it is DEST.part, with DEST.progress beside it. The
 * same request resumes from there after a run was ended. When anything differs - options, names, labels, or the source,
 * as far as gt_source_stamp and gt_source_item_stamp tell - the images that were made are not dropped without `restart`
 * or `overwrite`: GT_USAGE; nor are those of an older program that this one cannot read. Files of these names that were
 * not written by such a run are never replaced: GT_USAGE.
 *
 * A file, or a folder that is not empty, that is at DEST already is compared with what the request makes, image by
 * image, and nothing is written. All the same: GT_OK, with result->unchanged. Else GT_USAGE at the first difference,
 * and DEST stays as it is; with `overwrite` DEST is replaced when the new dataset is whole. A file or folder that
 * appears there during the work is not replaced without `overwrite` either. A folder that holds anything but the files
 * of a dataset, a link to a folder and a source are never replaced.
 *
 * Float samples beyond the range that stands for black and white (samples of any kind where a range was declared) give
 * a line of the log with the smallest and the largest of all. */
#ifndef GANTRY_FEATURES_DATASET_DATASET_TOOL_H
#define GANTRY_FEATURES_DATASET_DATASET_TOOL_H

#include "gantry/dist.h"
#include "gantry/source.h"
#include "gantry/transform.h"

typedef enum gt_convert_choice {
    GT_CONVERT_ALL,
    /* `amount` items, those that training with --subset=amount --seed=seed would take of the source, in the order of
     * training; where that is all of them, in the order of the source */
    GT_CONVERT_SUBSET,
    GT_CONVERT_SPLIT, /* one part of the shuffled items: from split[0] to split[1], of 0..1 */
} gt_convert_choice;

typedef struct gt_convert_request {
    int n_sources; /* more than one: one after the other */
    const char *const *sources;
    gt_source_options import;
    const char *dest;
    bool folder;            /* dest is a folder whatever its suffix; a '/' at its end says so, too */
    gt_transform transform; /* a range that the sources have, or has_range, takes the place of its own */
    bool has_range;         /* samples of all sources that stand for black and white, whatever the sources say; the
                               result says so, too, unless transform.depth brings the samples to its usual range */
    double range[2];        /* both finite, the smaller one first */
    int64_t max_images;     /* of the source's items only the first so many; 0: all */
    gt_convert_choice choice;
    int64_t amount; /* of a subset with import.classes or `each`: 0: all that are left */
    int64_t each;   /* of a subset: so many images of each class, by the seed; 0: `amount` alone counts */
    double split[2];
    uint32_t seed;
    bool compress;
    bool skip;            /* pictures that cannot be used are left out; else nothing is made when there are any */
    bool skip_duplicates; /* of equal pictures only the first is taken */
    bool restart;         /* do not resume what an earlier run left: drop it, whatever it was to become */
    bool overwrite;       /* replace what is at dest, or was begun there by another command */
    const char *command;  /* that asks for this, for advice: the same with more options; NULL: unknown */
    const char *report;   /* PATH: all remarks as text there and as JSON in PATH.json; NULL: none */
    bool report_append;   /* the remarks are added to the report that is there, of the destinations before */
    bool scan_only;       /* remarks, and no dataset */
} gt_convert_request;

typedef struct gt_convert_result {
    int64_t items, kept, dropped, bad, odd, unlabelled, duplicates; /* items of the source, and what became of them */
    int height, width, channels;
    gt_sample type;
    bool unchanged;    /* dest was there already, and the same; nothing was written */
    double bytes;      /* of the result */
    int classes;       /* 0: no labels, or vectors */
    int64_t *of_class; /* [classes] images of each, malloc'ed */
    char **class_name; /* [classes], malloc'ed with its texts; NULL: not known */
    char *passed;      /* gt_source_info.passed of all sources, malloc'ed; NULL: nothing */
} gt_convert_result;

/* All ranks call. *result is filled in on rank 0, as far as things got. GT_FORMAT: some pictures cannot be used (they
 * are listed in the log), or the source is damaged; GT_USAGE: options, sizes or channels that do not fit. */
gt_status gt_convert_all(gt_comm *comm, const gt_convert_request *request, gt_convert_result *result);
void gt_convert_result_free(gt_convert_result *result);

/* What gt_convert_all refuses before it reads anything (GT_USAGE), for callers with several requests of which none
 * should be carried out then. */
gt_status gt_convert_check(const gt_convert_request *request);

#endif
