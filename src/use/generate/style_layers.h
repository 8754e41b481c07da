/* SPDX-License-Identifier: Apache-2.0
 * Layers of styles as text: "0-6", "8-", "0,2,5-7". */
#ifndef GANTRY_USE_GENERATE_STYLE_LAYERS_H
#define GANTRY_USE_GENERATE_STYLE_LAYERS_H

#include <stdbool.h>

#include "gantry/status.h"

/* Sets chosen[num_ws]. GT_USAGE: no such text, or a layer that the network does not have; the message says --styles and
 * which layers there are. */
gt_status gt_layers_read(const char *text, int num_ws, bool *chosen);

#endif
