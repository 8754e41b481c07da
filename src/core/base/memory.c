/* SPDX-License-Identifier: Apache-2.0
 * Arenas, arrays that grow, and blocks (gantry/memory.h). */
#include "base/door/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef struct chunk {
    struct chunk *next;
    size_t used, size;
    max_align_t data[];
} chunk;

struct gt_arena {
    chunk *top;
    bool failed;
};

#ifndef GT_CHUNK_BYTES /* tests make each allocation of an arena one of malloc's */
#define GT_CHUNK_BYTES (64 * 1024)
#endif
enum { CHUNK_BYTES = GT_CHUNK_BYTES, ALIGN = 16, BLOCK_ALIGN = 64 };

gt_arena *gt_arena_new(void) {
    gt_arena *a = calloc(1, sizeof *a);
    if (!a) gt_fail(GT_NOMEM, "out of memory for an arena");
    return a;
}

void gt_arena_free(gt_arena *a) {
    if (!a) return;
    for (chunk *c = a->top, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(a);
}

bool gt_arena_failed(const gt_arena *a) { return a->failed; }

static void *refuse(gt_arena *a, size_t count, size_t size) {
    gt_fail(GT_NOMEM, "out of memory: an arena was asked for %zu times %zu bytes", count, size);
    a->failed = true;
    return NULL;
}

void *gt_arena_alloc(gt_arena *a, size_t bytes) {
    size_t need;
    if (gt_add_overflows(bytes, ALIGN - 1, &need)) return refuse(a, 1, bytes);
    need &= ~(size_t)(ALIGN - 1);
    if (!a->top || a->top->size - a->top->used < need) {
        size_t size = need > CHUNK_BYTES ? need : CHUNK_BYTES, all;
        chunk *c = gt_add_overflows(size, sizeof *c, &all) ? NULL : calloc(1, all);
        if (!c) return refuse(a, 1, size);
        c->size = size;
        c->next = a->top;
        a->top = c;
    }
    void *p = (char *)a->top->data + a->top->used;
    a->top->used += need;
    return p;
}

void *gt_arena_array(gt_arena *a, size_t count, size_t size) {
    size_t bytes;
    return gt_mul_overflows(count, size, &bytes) ? refuse(a, count, size) : gt_arena_alloc(a, bytes);
}

bool gt_arena_grow(gt_arena *a, void *array, int used, int *room, size_t element) {
    if (used < *room) return true;
    int more = *room ? 2 * *room : 16;
    void *grown = gt_arena_array(a, (size_t)more, element), *old;
    if (!grown) return false;
    memcpy(&old, array, sizeof old);
    if (used) memcpy(grown, old, (size_t)used * element);
    memcpy(array, &grown, sizeof grown);
    *room = more;
    return true;
}

gt_status gt_grow(void *array, size_t *room, size_t need, size_t element, const char *what) {
    if (need <= *room) return GT_OK;
    void *old, *grown = NULL;
    size_t more = *room + *room / 2 > need ? *room + *room / 2 : need + 64, bytes;
    memcpy(&old, array, sizeof old);
    if (!gt_mul_overflows(more, element, &bytes)) grown = realloc(old, bytes);
    if (!grown) return gt_fail(GT_NOMEM, "out of memory for %s", what);
    memcpy(array, &grown, sizeof grown);
    *room = more;
    return GT_OK;
}

char *gt_arena_printf(gt_arena *a, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    char *s = n < 0 ? NULL : gt_arena_alloc(a, (size_t)n + 1);
    if (!s) return NULL;
    va_start(ap, format);
    vsnprintf(s, (size_t)n + 1, format, ap);
    va_end(ap);
    return s;
}

/* Anonymous mappings: zero pages cost nothing until touched, so that a rank which owns a part of the optimiser's
 * moments holds only that part in memory. */
void *gt_block_alloc(size_t bytes, const char *what) {
    void *p = mmap(NULL, bytes ? bytes : BLOCK_ALIGN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        gt_fail(GT_NOMEM, "out of memory: %.1f MB for %s; fewer images per slice (--slices) or more ranks need less",
                (double)bytes / 1e6, what);
        return NULL;
    }
    if (bytes >= ((size_t)2 << 20)) madvise(p, bytes, MADV_HUGEPAGE);
    return p;
}

void gt_block_free(void *p, size_t bytes) {
    if (p) munmap(p, bytes ? bytes : BLOCK_ALIGN);
}
