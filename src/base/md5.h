/* SPDX-License-Identifier: Apache-2.0
 * MD5 (RFC 1321): for names that other programs make of it, never for safety. */
#ifndef GANTRY_BASE_MD5_H
#define GANTRY_BASE_MD5_H

#include <stddef.h>

void gt_md5_hex(const void *data, size_t bytes, char out[33]); /* 32 hexadecimal digits */

#endif
