/* SPDX-License-Identifier: Apache-2.0
 * The record of a picture: what it was made of, so that the picture can be made again and compared (docs/verify.md).
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_RECORD_H
#define GANTRY_RECORD_H

#include "gantry/choices.h"

/* short: without the name of the class. */
#define GT_RECORDS(X) X(GT_RECORD_FULL, "full") X(GT_RECORD_SHORT, "short") X(GT_RECORD_NONE, "none")
typedef enum gt_record_level { GT_RECORDS(GT_CONSTANT) } gt_record_level;

#endif
