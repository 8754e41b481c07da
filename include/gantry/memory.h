/* SPDX-License-Identifier: Apache-2.0
 * Memory: arenas for many small objects that are freed together, aligned blocks for numbers, and checked arithmetic for
 * every size that comes from a file or a user.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_MEMORY_H
#define GANTRY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

/* Before the declaration of local pointers, each with a value: free(), or gt_arena_free(), is called with them where
 * their block ends, on every way out of it. */
#define GT_FREED __attribute__((cleanup(gt_free_local)))
#define GT_ARENA __attribute__((cleanup(gt_arena_free_local)))
static inline void gt_free_local(void *pointer) {
    void *p;
    memcpy(&p, pointer, sizeof p);
    free(p);
}
static inline void gt_arena_free_local(gt_arena **a) { gt_arena_free(*a); }

#endif
