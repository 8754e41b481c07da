/* SPDX-License-Identifier: Apache-2.0
 * Facts about MPI: the library, the components that carry messages, and what launchers tell a process. */
#include "dist/door/dist.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/door/library.h"

void gt_mpi_version(char *out, size_t bytes) {
    char library[MPI_MAX_LIBRARY_VERSION_STRING] = "unknown";
    int length, major = MPI_VERSION, minor = MPI_SUBVERSION;
#ifdef OMPI_MAJOR_VERSION
    if (!gt_library_is_open("ompi")) { /* then what this program was built with */
        snprintf(out, bytes, "Open MPI v%d.%d.%d, MPI %d.%d", OMPI_MAJOR_VERSION, OMPI_MINOR_VERSION,
                 OMPI_RELEASE_VERSION, major, minor);
        return;
    }
#endif
    MPI_Get_library_version(library, &length); /* this and the next are allowed before MPI_Init */
    MPI_Get_version(&major, &minor);
    library[strcspn(library, ",\n")] = 0;
    snprintf(out, bytes, "%s, MPI %d.%d", library, major, minor);
}

/* Open MPI unloads components that it does not use: those that are mapped carry the messages. */
bool gt_mpi_transport(char *out, size_t bytes) {
    static const char *const kinds[] = {"pml", "mtl", "btl"};
    size_t at = 0;
    out[0] = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        char line[1024], wanted[16], before[64] = "";
        bool first = true;
        FILE *f = fopen("/proc/self/maps", "re");
        snprintf(wanted, sizeof wanted, "/mca_%s_", kinds[k]);
        while (f && fgets(line, sizeof line, f) && at < bytes) {
            char *name = strstr(line, wanted), *end = name ? strstr(name, ".so") : NULL;
            if (!end) continue;
            *end = 0;
            name += strlen(wanted);
            /* a file is mapped in several pieces */
            if (!strcmp(name, before) || strlen(name) >= sizeof before) continue;
            strcpy(before, name);
            at += (size_t)snprintf(out + at, bytes - at, "%s%s%s%s", first && at ? ", " : "", first ? kinds[k] : "",
                                   " ", name);
            first = false;
        }
        if (f) fclose(f);
    }
    return at > 0;
}

/* What launchers say. A rank counts only beside the number of ranks and what the launcher needs itself: a variable left
 * over in a shell starts nothing. */
static const struct {
    const char *rank, *ranks, *proof;
} launchers[] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMIX_NAMESPACE"},
    {"PMIX_RANK", "SLURM_STEP_NUM_TASKS", "PMIX_NAMESPACE"},
    {"PMI_RANK", "PMI_SIZE", "PMI_FD"},
    {"MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", "PMI_FD"},
};

static int launched(int *ranks, const char **by) {
    *by = "";
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        const char *rank = getenv(launchers[i].rank), *size = getenv(launchers[i].ranks);
        if (!rank || !size || !getenv(launchers[i].proof)) continue;
        int r = atoi(rank), n = atoi(size);
        if (r < 0 || r >= n) continue;
        *ranks = n;
        *by = launchers[i].ranks;
        return r;
    }
    *ranks = 1;
    return 0;
}

bool gt_mpi_launched(void) { return getenv("PMIX_RANK") || getenv("PMI_RANK") || getenv("OMPI_COMM_WORLD_RANK"); }

int gt_mpi_launched_rank(void) {
    int ranks;
    const char *by;
    return launched(&ranks, &by);
}

/* The memory by which ranks of a host begin to talk is a file in /dev/shm; mpirun makes one of nearly this size. */
gt_status gt_mpi_check_limits(void) {
    const rlim_t shared = (4 << 20) + 4096; /* bytes */
    struct rlimit files;
    if (getrlimit(RLIMIT_FSIZE, &files) || files.rlim_cur >= shared) return GT_OK;
    return gt_fail(GT_FAILED,
                   "files are limited to %.4g MB here (ulimit -f), but Open MPI needs files of a little more than 4.2 "
                   "MB: set ulimit -f unlimited, or use one rank with more threads",
                   (double)files.rlim_cur / 1e6);
}

int gt_mpi_launched_ranks(void) {
    int ranks;
    const char *by;
    launched(&ranks, &by);
    return ranks;
}

gt_mpi_launch gt_mpi_launch_look(void) {
    gt_mpi_launch l;
    launched(&l.ranks, &l.by);
    l.hydra = !strcmp(l.by, "PMI_SIZE") && getenv("HYDI_CONTROL_FD");
    return l;
}

/* Processes that Open MPI joins alone make and remove one folder for their messages, and one may fail for what another
 * removes: where it is certain that they are alone, they do not begin. */
gt_status gt_mpi_check_launcher(gt_mpi_launch before, bool joined, int ranks) {
    char library[256];
    if (ranks > 1 || before.ranks == 1) return GT_OK;
    gt_mpi_version(library, sizeof library);
    bool open_mpi = !strncmp(library, "Open MPI", strlen("Open MPI"));
    if (!joined && !(open_mpi && before.hydra)) return GT_OK;
    return gt_fail(
        GT_USAGE,
        "%s=%d: a launcher of another MPI started %d separate programs that cannot communicate; this program "
        "has %s: start it with %s",
        before.by, before.ranks, before.ranks, library,
        open_mpi ? "gantry run, Open MPI's mpirun, or srun --mpi=pmix" : "the mpirun of that MPI");
}

gt_status gt_mpi_open_files(int elsewhere) {
    const rlim_t own = 100, enough = 1 << 16; /* some programs go through all numbers below the limit */
    const rlim_t needed = own + (rlim_t)elsewhere;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files)) return GT_OK;
    rlim_t wanted = needed > enough ? needed : enough;
    if (wanted > files.rlim_max) wanted = files.rlim_max;
    if (files.rlim_cur < wanted) {
        struct rlimit more = {.rlim_cur = wanted, .rlim_max = files.rlim_max};
        if (!setrlimit(RLIMIT_NOFILE, &more)) files = more;
    }
    if (files.rlim_cur >= needed) return GT_OK;
    char others[64] = "";
    if (elsewhere) snprintf(others, sizeof others, ", one for each of %d ranks on other hosts among them", elsewhere);
    return gt_fail(GT_FAILED,
                   "a process may have %llu open files here (ulimit -n), but a rank needs up to %llu%s: raise the hard "
                   "limit, or use fewer ranks with more threads",
                   (unsigned long long)files.rlim_cur, (unsigned long long)needed, others);
}
