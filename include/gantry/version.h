/* SPDX-License-Identifier: Apache-2.0
 * The version of program and library. The Makefile reads it from this line for the pkg-config file.
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_VERSION_H
#define GANTRY_VERSION_H

#define GT_VERSION "1.1.0"
#define GT_RELEASE_DATE "2026-11-30" /* of this version: the date of the manual pages */

/* of the sources: "08324bbe74", with "-dirty" if they were changed; "unknown" outside of a repository */
const char *gt_git_id(void);

#endif
