/* SPDX-License-Identifier: Apache-2.0
 * Who makes ensembles: see door/ensemble.h. */
#include "runner/generator/door/ensemble.h"

const gt_ensembles *gt_ensembles_find(void) {
    if (!gt_ensembles_found[0]) gt_fail(GT_USAGE, "--condition: this program makes no fields of conditions");
    return gt_ensembles_found[0];
}
