/* SPDX-License-Identifier: Apache-2.0
 * The version of the sources, which the Makefile finds. */
#include "gantry/version.h"

const char *gt_git_id(void) { return GT_GIT_ID; } /* set by the Makefile */
