/* SPDX-License-Identifier: Apache-2.0
 * Ends what target_avx2.h or target_avx512.h begins. With gcc that lasts to the end of the source. */
#ifdef __clang__
#pragma clang attribute pop
#endif
