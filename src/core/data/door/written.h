/* SPDX-License-Identifier: Apache-2.0
 * What all datasets that Gantry writes have in common, those of gantry dataset and those of generated pictures: names
 * of entries, parts of dataset.json, names of classes in HDF5. */
#ifndef GANTRY_DATA_DOOR_WRITTEN_H
#define GANTRY_DATA_DOOR_WRITTEN_H

#include <stdint.h>

#include "base/door/file.h"
#include "gantry/picture.h"

enum { GT_ENTRY_NAME_BYTES = 32 };
void gt_entry_name(uint32_t item, char name[GT_ENTRY_NAME_BYTES]); /* "00000/img00000000.png" */
gt_status gt_png_check(const gt_picture *shape);                   /* GT_USAGE: PNG cannot hold such pictures */

/* Parts of dataset.json, `, "KEY": VALUE`; names of classes: GT_FORMAT: not UTF-8. And names of classes in an HDF5
 * file, as an attribute of the set. */
void gt_dest_json_range(gt_buffer *text, const double range[2]);
void gt_dest_json_text(gt_buffer *text, const char *key, const char *value);
gt_status gt_dest_json_names(gt_buffer *text, const char *key, const char *const *name, int n);
struct gt_h5_file;
gt_status gt_dest_h5_names(struct gt_h5_file *f, const char *set, const char *const *name, int names);

#endif
