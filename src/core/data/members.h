/* SPDX-License-Identifier: Apache-2.0
 * The files of an archive: names as paths in UTF-8, the pictures among them, their masks, dataset.json. What sources of
 * archives share. */
#ifndef GANTRY_DATA_MEMBERS_H
#define GANTRY_DATA_MEMBERS_H

#include "data/sift.h"

#define GT_NO_MEMBER UINT32_MAX
enum { GT_NOTES_BELOW = 16 };

/* The first bytes of a member, at most GT_SIFT_HEAD. */
typedef gt_status gt_member_peek(void *arg, uint32_t place, void *head, size_t *n);

typedef struct gt_members {
    gt_source *source;    /* gets the names of the pictures and their number */
    const char *encoding; /* of names that are not UTF-8, for a message */
    bool streamed; /* in any order, and of members of one name the last one counts; else the order stays, and a name
                      twice is an error */
    gt_member_peek *peek; /* for members whose names do not tell what they are */
    void *arg;

    uint32_t *place; /* of item i, as gt_members_add() was given it */
    uint32_t *mask;  /* the same of the item's mask; NULL: there are no masks */
    uint32_t notes;  /* of dataset.json; GT_NO_MEMBER: there is none */
    uint32_t leaves; /* of samples.sha256; GT_NO_MEMBER: there is none */

    gt_name_list below; /* other files dataset.json, in folders; the first few */
    uint32_t place_below[GT_NOTES_BELOW];
    gt_sift sift;
    size_t room;
    int64_t converted;
    bool tidied; /* two members may have got one name */
} gt_members;

/* Adds a member by its name in UTF-8; `converted`: it was not UTF-8 in the archive. *taken: it is a picture or
 * dataset.json. */
gt_status gt_members_add(gt_members *m, const char *name, bool converted, uint32_t place, bool *taken);
/* All are there: sorts masks out, notes what was passed over and how names were read. Returns `st` if `st` is an error.
 */
gt_status gt_members_end(gt_members *m, gt_status st);
void gt_members_free(gt_members *m);

#endif
