/* SPDX-License-Identifier: Apache-2.0
 * Blocks for parameters, and sizes whose product may overflow, beside gantry/memory.h. */
#ifndef GANTRY_BASE_DOOR_MEMORY_H
#define GANTRY_BASE_DOOR_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/memory.h"
#include "gantry/status.h"

/* Room for `need` elements of `element` bytes in an array of malloc; `array` is the address of the pointer to it, *room
 * the number of elements that fit. GT_NOMEM, "out of memory for `what`": the array stays as it is. */
gt_status gt_grow(void *array, size_t *room, size_t need, size_t element, const char *what);

/* Zeroed memory aligned to 64 bytes (pages come untouched from the system); `what` names it in the message on failure.
 * Free with gt_block_free and the same size. */
void *gt_block_alloc(size_t bytes, const char *what);
void gt_block_free(void *p, size_t bytes);

static inline bool gt_mul_overflows(size_t a, size_t b, size_t *out) { return __builtin_mul_overflow(a, b, out); }
static inline bool gt_add_overflows(size_t a, size_t b, size_t *out) { return __builtin_add_overflow(a, b, out); }

#endif
