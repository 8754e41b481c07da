/* SPDX-License-Identifier: Apache-2.0
 * The BLAS this program was linked with. */
#include "kernels/blas.h"

#include <cblas.h>

const char *gt_blas_description(void) { return openblas_get_config(); }
