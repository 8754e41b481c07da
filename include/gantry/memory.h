/* SPDX-License-Identifier: Apache-2.0
 * Memory: arenas for many small objects that are freed together, aligned blocks for numbers, and checked arithmetic for
 * every size that comes from a file or a user. */
#ifndef GANTRY_MEMORY_H
#define GANTRY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

typedef struct gt_arena gt_arena;

gt_arena *gt_arena_new(void);                                 /* NULL: out of memory */
void gt_arena_free(gt_arena *a);                              /* frees all memory of the arena; NULL is fine */
void *gt_arena_alloc(gt_arena *a, size_t bytes);              /* zeroed, 16-byte aligned; NULL: out of memory */
void *gt_arena_array(gt_arena *a, size_t count, size_t size); /* the same for count elements, with an overflow check */
bool gt_arena_failed(const gt_arena *a);                      /* has an allocation of the arena failed? */
/* Room for one more element in an array of `used` elements that lives in the arena; `array` is the address of the
 * pointer to the array. false: out of memory. */
bool gt_arena_grow(gt_arena *a, void *array, int used, int *room, size_t element);
char *gt_arena_printf(gt_arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

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
