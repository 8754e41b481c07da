/* SPDX-License-Identifier: Apache-2.0
 * Which items the names in a file of labels mean. People write names in other ways than sources do: "./a.png",
 * backslashes, a folder in front, another ending or none, accents as marks of their own.
 *
 *     gt_naming *n;
 *     gt_status st = gt_naming_new(&n, source);             // names as they stand
 *     if (!st) st = gt_naming_fit(n, &names, file, &say);   // and the other ways that fit these names
 *     ... gt_naming_find(n, name) ...
 *     gt_naming_free(n); */
#ifndef GANTRY_DATA_NAMING_H
#define GANTRY_DATA_NAMING_H

#include "data/door/source.h"

typedef struct gt_naming gt_naming;

gt_status gt_naming_new(gt_naming **out, const gt_source *s); /* *out is NULL after a failure */
void gt_naming_free(gt_naming *n);                            /* NULL is fine */

/* Finds the item that a name means; -1: none, or more than one. */
int64_t gt_naming_find(gt_naming *n, const char *name);

/* From now on gt_naming_find() also finds names that mean an item only when they are read in another way: one way for
 * all of `names`, which are those of the whole file, and for items alone that none of the names is as it stands. The
 * way that finds the most items is taken, of several the one that changes the least; `say` gets a line on it. Folders
 * are left out only where all names, or all items, lie in them. `file`: for the line. Names in other characters alone
 * ("./a.png") are found in any case. */
gt_status gt_naming_fit(gt_naming *n, const gt_name_list *names, const char *file, gt_source_info *say);

#endif
