/* SPDX-License-Identifier: Apache-2.0
 * The dataset tool: pictures of any source (source.h) through a transform (transform.h) into a dataset.
 *
 *     gt_pack_request r = {.n_sources = 1, .sources = &"photos", .dest = "photos.zip", .transform = {...}};
 *     gt_status st = gt_pack(comm, &r, &result);
 *
 * First a scan: the head of every picture says what would become of it. What most pictures become is the dataset's
 * shape; those that cannot be read, become something else, or lack a label that import.labels or labels_csv asks for are listed. Then the work, which finds what only decoding
 * can find: damaged pictures, and duplicates (equal samples and shape). All ranks and threads share both; the result
 * depends on their number in no bit.
 *
 * Destinations:
 *   FILE.zip   the interchange format: 00000/img00000000.png, numbered by the item's place in the source, stored; PNG
 *              uncompressed unless `compress`; dataset.json last. Zip64 where it must be. No times: equal input, equal bytes
 *   FILE.h5    `images` [N,H,W,C] in chunks of one image, `labels`, attributes as in dataset.h; `compress`: deflated
 *   FOLDER     the files of FILE.zip; must not lie in a source
 * A name with another suffix (out.tar, out.zipp) is refused; `out.tar/`, and a folder of such a name that is there, are
 * folders. A suffix without a letter (photos-1.5) is none.
 *
 * The result appears under its name when it is whole. Until then it is DEST.part, with DEST.progress beside it; a run that
 * was ended goes on from there when it is asked for the same again. When anything differs - options, names, labels, or what
 * is read, as far as gt_source_stamp and gt_source_item_stamp tell - images that were made are not dropped without
 * `restart` or `overwrite`: GT_USAGE; nor are those of an older program that this one cannot read. Files of these names
 * that no such run made are never written over: GT_USAGE.
 *
 * A file, or a folder with anything in it, that stands at DEST already is compared with what the request makes, image by
 * image, and nothing is written. All the same: GT_OK, with result->stood. Else GT_USAGE at the first difference, and DEST
 * stays as it is; with `overwrite` it is replaced when the new one is whole. What comes to be there meanwhile is not
 * replaced without `overwrite` either. A folder that holds anything but the files of a dataset, a link to a folder and
 * a source are never replaced.
 *
 * Float samples beyond the range that stands for black and white (samples of any kind where a range was declared) are
 * told in the log with the smallest and the largest of all. */
#ifndef GANTRY_PACK_H
#define GANTRY_PACK_H

#include "gantry/dist.h"
#include "gantry/source.h"
#include "gantry/transform.h"

typedef enum gt_pack_choice {
    GT_PACK_ALL,
    GT_PACK_SUBSET, /* `amount` items, those that training with --subset=amount --seed=seed would take of the source, in its order */
    GT_PACK_PART,   /* one part of the shuffled items: from parts[0] to parts[1], of 0..1 */
} gt_pack_choice;

typedef struct gt_pack_request {
    int n_sources; /* more than one: one after the other */
    const char *const *sources;
    gt_source_options import;
    const char *dest;
    bool folder;  /* dest is a folder whatever its suffix; a '/' at its end says so, too */
    gt_transform transform; /* a range that the sources have, or has_range, takes the place of its own */
    bool has_range;         /* samples of all sources that stand for black and white, whatever the sources say; the
                               result says so, too, unless transform.depth brings the samples to its usual range */
    double range[2];        /* both finite, the smaller one first */
    int64_t max_images; /* of the source's items only the first so many; 0: all */
    gt_pack_choice choice;
    int64_t amount;
    double parts[2];
    uint32_t seed;
    bool compress;
    bool skip;            /* pictures that cannot be used are left out; else nothing is made when there are any */
    bool skip_duplicates; /* of equal pictures only the first is taken */
    bool restart;         /* do not go on with what an earlier run left: drop it, whatever it was to become */
    bool overwrite;       /* replace what stands at dest, or was begun there by another command */
    const char *report;   /* PATH: all findings as text there and as JSON in PATH.json; NULL: none */
    bool report_more;     /* they are added to what stands there, of the parts before */
    bool scan_only;       /* findings, and no dataset */
} gt_pack_request;

typedef struct gt_pack_result {
    int64_t items, kept, dropped, bad, odd, duplicates; /* items of the source, and what became of them */
    int height, width, channels;
    gt_sample type;
    bool stood;         /* it was there already, and the same; nothing was written */
    double bytes;       /* of the result */
    int classes;        /* 0: its labels are none, or vectors */
    int64_t *of_class;  /* [classes] images of each, malloc'ed */
    char **class_name;  /* [classes], malloc'ed with its texts; NULL: not known */
} gt_pack_result;

/* All ranks. *result is filled in on rank 0, as far as things got. GT_FORMAT: some pictures cannot be used (they are
 * listed in the log), or the source is damaged; GT_USAGE: options, sizes or channels that do not fit. */
gt_status gt_pack(gt_comm *comm, const gt_pack_request *request, gt_pack_result *result);
void gt_pack_result_free(gt_pack_result *result);

/* What gt_pack refuses before it reads anything (GT_USAGE), for callers with several requests of which none should be carried out then. */
gt_status gt_pack_check(const gt_pack_request *request);

#endif
