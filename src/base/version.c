/* SPDX-License-Identifier: Apache-2.0 */
#include "gantry/version.h"

const char *gt_git_id(void) { return GT_GIT_ID; } /* set by the Makefile */
