/* SPDX-License-Identifier: Apache-2.0
 * The attribute of FIR resampling. A node holds the taps as they are applied - correlation order, gain included, an
 * outer product as its two factors - so that equal filters compare equal. */
#ifndef GANTRY_GRAPH_OPS_UPFIRDN_H
#define GANTRY_GRAPH_OPS_UPFIRDN_H

#include "graph/op.h"

typedef struct gt_fir_attr {
    int32_t up_x, up_y, down_x, down_y;
    int32_t pad_x0, pad_x1, pad_y0, pad_y1;
    int32_t nx, ny, separable;
    float taps[]; /* separable: nx, then ny; else ny x nx */
} gt_fir_attr;

#endif
