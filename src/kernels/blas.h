/* SPDX-License-Identifier: Apache-2.0
 * The BLAS this program was linked with. */
#ifndef GANTRY_KERNELS_BLAS_H
#define GANTRY_KERNELS_BLAS_H

/* "OpenBLAS 0.3.21 ... SkylakeX MAX_THREADS=64": version, options and the core it chose; static. */
const char *gt_blas_description(void);

#endif
