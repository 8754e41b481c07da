/* SPDX-License-Identifier: Apache-2.0
 * Reads layers of styles (style_layers.h). */
#include "use/generate/style_layers.h"

#include <stdlib.h>
#include <string.h>

/* The number at *text, at most 999; -1: none. Moves past it. */
static int take(const char **text) {
    int n = 0, digits = 0;
    for (; **text >= '0' && **text <= '9' && digits < 3; ++*text, digits++) n = 10 * n + (**text - '0');
    return digits ? n : -1;
}

gt_status gt_layers_read(const char *text, int num_ws, bool *chosen) {
    bool good = *text != 0;
    memset(chosen, 0, (size_t)num_ws * sizeof *chosen);
    for (const char *t = text; good && *t;) {
        int first = take(&t), last = first;
        if (*t == '-') {
            t++;
            last = take(&t);
            if (last < 0) last = first < num_ws ? num_ws - 1 : first;
        }
        good = first >= 0 && last >= first && (*t == 0 || (*t == ',' && t[1]));
        if (good && last >= num_ws)
            return gt_fail(GT_USAGE, "--styles=%.60s: the network has %d layers of styles, 0 to %d", text, num_ws,
                           num_ws - 1);
        for (int i = first; good && i <= last; i++) chosen[i] = true;
        if (*t == ',') t++;
    }
    return good
               ? GT_OK
               : gt_fail(GT_USAGE, "--styles=%.60s: must be layers and ranges of them, such as 0-6, 8- or 0,2,5", text);
}
