/* SPDX-License-Identifier: Apache-2.0
 * Memory of simulated ranks: hundreds of them, with blocks of hundreds of megabytes, on one machine. Nobody looks at
 * the numbers that messages bring. So all blocks of all ranks are one and the same, and that is some pages again and
 * again; only the control blocks (gt_control_block), at the beginning of a shared part, are memory of their own. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dist/shared.h"
#include "gantry/memory.h"
#include "simulated.h"

static const size_t kept = 1 << 20, folded = 64 << 20, page = 4096, largest = (size_t)8 << 30;
/* The ranks have no variables in common, but one address space: this place belongs to nothing else. */
static char *const common = (char *)0x500000000000;

static size_t whole_pages(size_t bytes) { return (bytes + page - 1) / page * page; }

static int fold_file(void) {
    static int fd = -1;
    if (fd < 0 && ((fd = memfd_create("folded", MFD_CLOEXEC)) < 0 || ftruncate(fd, (off_t)folded))) fd = -1;
    return fd;
}

static bool fold(char *to, size_t bytes, int flags) {
    for (size_t at = 0; at < bytes; at += folded) {
        size_t n = bytes - at < folded ? bytes - at : folded;
        if (mmap(to + at, n, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fold_file(), 0) != to + at) return false;
    }
    return true;
}

/* The first rank that wants a large block makes that of all. */
static bool have_common(void) {
    static bool known;
    if (known) return true;
    char *p = mmap(common, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return known = p != common || fold(common, largest, MAP_FIXED);
}

void *__wrap_gt_block_alloc(size_t bytes, const char *what);
void __wrap_gt_block_free(void *p, size_t bytes);

void *__wrap_gt_block_alloc(size_t bytes, const char *what) {
    void *p = bytes <= kept ? calloc(1, bytes) : bytes <= largest && have_common() ? common : NULL;
    if (!p) gt_fail(GT_NOMEM, "out of memory for %zu bytes of a simulated rank (%s)", bytes, what);
    return p;
}

void __wrap_gt_block_free(void *p, size_t bytes) {
    (void)bytes;
    if (p != common) free(p);
}

/* Memory of its own for the beginning of a part, the rest folded. */
static char *make_part(size_t bytes) {
    size_t room = whole_pages(bytes);
    char *p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p != MAP_FAILED && (room <= kept || fold(p + kept, room - kept, MAP_FIXED)) ? p : NULL;
}

/* The ranks of a host need only know where each other's parts lie. A rank that is alone on its host has such a
 * part, too. */
gt_status gt_shared_open_all(gt_comm *c, size_t bytes, gt_shared *s) {
    *s = (gt_shared){.bytes = bytes};
    char *own = make_part(bytes);
    s->starts = calloc((size_t)c->local_ranks, sizeof *s->starts);
    if (!own || !s->starts) return gt_fail(GT_NOMEM, "out of memory for simulated ranks");
    size_t at = (size_t)(own - (char *)page);
    MPI_Allgather(&at, 1, MPI_UINT64_T, s->starts, 1, MPI_UINT64_T, gt_inside(c)->node);
    s->base = (char *)page; /* where all memory begins */
    return GT_OK;
}

/* The end of the process frees the parts, which others may still read. */
void gt_shared_close(gt_shared *s) {
    free(s->starts);
    *s = (gt_shared){0};
}
