/* SPDX-License-Identifier: Apache-2.0
 * See kernel_set.h. */
#include "kernels/kernel_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/conv.h"
#include "kernels/isa.h"

const char *gt_kernel_set_id(void) {
    static _Thread_local char id[GT_KERNEL_SET_BYTES];
    const char *mode = gt_conv_mode();
    if (!strcmp(mode, "auto")) return gt_isa_id();
    snprintf(id, sizeof id, "%s-%s", gt_isa_id(), mode);
    return id;
}

gt_status gt_kernel_set_adopt(const char *id) {
    char isa[GT_KERNEL_SET_BYTES];
    snprintf(isa, sizeof isa, "%s", id);
    char *dash = strrchr(isa, '-');
    if (dash && !gt_conv_mode_set(dash + 1)) *dash = 0;
    else gt_conv_mode_set("auto");
    return gt_isa_set(isa);
}

gt_status gt_kernel_set_check_environment(void) {
    const char *mode = getenv("GT_CONV");
    if (mode && *mode && gt_conv_mode_set(mode)) return gt_wrap(GT_USAGE, "GT_CONV=%s", mode);
    return gt_isa_check_environment();
}
