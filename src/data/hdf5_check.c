/* SPDX-License-Identifier: Apache-2.0
 * The check of foreign HDF5 files: the walk itself, and the process of its own that it runs in. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "data/hdf5_util.h"
#include "data/source.h"

enum { SECONDS = 10, ROWS = 64, CHUNKS = 16, RANK_MOST = 32, ATTRIBUTE_MOST = 64 << 20, ROW_MOST = 64 << 20 };
#define MEMORY_MOST ((rlim_t)4 << 30)

/* ---- the walk ---- */

/* Reads the current selection of `space` (n points) of a dataset, or an attribute when space is < 0. */
static herr_t read_points(hid_t object, hid_t file_type, hid_t space, hsize_t n, size_t most) {
    hid_t type = H5Tget_native_type(file_type, H5T_DIR_DEFAULT);
    if (type < 0) return -1;
    herr_t result = 0;
    size_t size = H5Tget_size(type);
    if (n > 0 && size > 0 && n <= most / size) {
        hid_t block = H5Screate_simple(1, &n, NULL);
        void *memory = calloc((size_t)n, size);
        if (!memory) result = -1;
        else if (space < 0) result = H5Aread(object, type, memory);
        else result = H5Dread(object, type, block, space, H5P_DEFAULT, memory);
        if (result >= 0) H5Dvlen_reclaim(type, block, H5P_DEFAULT, memory);
        free(memory);
        H5Sclose(block);
    }
    H5Tclose(type);
    return result;
}

static herr_t walk_attribute(hid_t object, const char *name, const H5A_info_t *info, void *unused) {
    (void)info, (void)unused;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0) return -1;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    herr_t result = type < 0 || n < 0 ? -1 : read_points(attribute, type, -1, (hsize_t)n, ATTRIBUTE_MOST);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    H5Aclose(attribute);
    return result;
}

/* Some rows along the first axis. */
static herr_t walk_rows(hid_t dataset, hid_t type, hid_t space) {
    hsize_t dims[RANK_MOST] = {0}, start[RANK_MOST] = {0}, count[RANK_MOST] = {0}, row = 1;
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > RANK_MOST || H5Sget_simple_extent_dims(space, dims, NULL) < 0) return -1;
    if (rank == 0) return read_points(dataset, type, space, (hsize_t)H5Sget_simple_extent_npoints(space), ROW_MOST);
    for (int a = 1; a < rank; a++)
        if (__builtin_mul_overflow(row, dims[a], &row)) return 0; /* no row of this can be read at once */
    memcpy(count, dims, sizeof count);
    count[0] = 1;
    hsize_t looks = dims[0] < ROWS ? dims[0] : ROWS;
    for (hsize_t k = 0; k < looks; k++) {
        start[0] = looks == dims[0] ? k : dims[0] / looks * k;
        if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) < 0) return -1;
        if (read_points(dataset, type, space, row, ROW_MOST) < 0) return -1;
    }
    return 0;
}

static herr_t walk_chunks(hid_t dataset, hid_t space) {
    hsize_t chunks = 0;
    if (H5Dget_num_chunks(dataset, space, &chunks) < 0) return -1;
    hsize_t looks = chunks < CHUNKS ? chunks : CHUNKS;
    for (hsize_t k = 0; k < looks; k++) {
        hsize_t offset[RANK_MOST], size;
        unsigned filters;
        haddr_t address;
        if (H5Dget_chunk_info(dataset, space, chunks / looks * k, offset, &filters, &address, &size) < 0) return -1;
    }
    return 0;
}

static herr_t walk_dataset(hid_t dataset) {
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset), plist = H5Dget_create_plist(dataset);
    herr_t result = type < 0 || space < 0 || plist < 0 ? -1 : 0;
    if (result >= 0 && H5Pget_layout(plist) == H5D_CHUNKED) result = walk_chunks(dataset, space);
    if (result >= 0 && H5Sget_simple_extent_npoints(space) > 0) result = walk_rows(dataset, type, space);
    if (plist >= 0) H5Pclose(plist);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return result;
}

static herr_t walk_object(hid_t file, const char *name, const H5O_info_t *info, void *told) {
    hid_t object = H5Oopen(file, name, H5P_DEFAULT);
    herr_t result = object < 0 ? -1 : H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, walk_attribute, NULL);
    if (result >= 0 && info->type == H5O_TYPE_DATASET) result = walk_dataset(object);
    if (result < 0) { /* now: closing the object clears the reason */
        gt_hdf5_fail(name);
        *(bool *)told = true;
    }
    if (object >= 0) H5Oclose(object);
    return result;
}

gt_status gt_hdf5_walk(const char *path) {
    gt_status st = GT_OK;
    bool told = false;
    hid_t file = gt_hdf5_open(path);
    if (file < 0) {
        st = gt_hdf5_fail("damaged, truncated or no HDF5 file");
    } else if (H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_NATIVE, walk_object, &told, H5O_INFO_BASIC) < 0) {
        st = told ? GT_FORMAT : gt_hdf5_fail("damaged");
    }
    if (file >= 0) H5Fclose(file);
    return st ? gt_wrap(st, "'%s'", path) : GT_OK;
}

/* ---- the process of its own ---- */

/* Starts `program inspect --check -- path`; what it says on stderr comes out of *talk. */
static int start(const char *program, const char *path, pid_t *child, int *talk) {
    extern char **environ;
    char *const arguments[] = {(char *)program, "inspect", "--check", "--", (char *)path, NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int error = posix_spawn(child, program, &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
    if (error) close(ends[0]);
    else *talk = ends[0];
    return error;
}

/* The child has hardly begun to load when these arrive. */
static void limit(pid_t child) {
    const struct rlimit no_core = {0, 0}, cpu = {SECONDS, SECONDS}, files = {0, 0};
    prlimit(child, RLIMIT_CORE, &no_core, NULL);
    prlimit(child, RLIMIT_CPU, &cpu, NULL);
    prlimit(child, RLIMIT_FSIZE, &files, NULL);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow memory is larger than any limit */
    const struct rlimit memory = {MEMORY_MOST, MEMORY_MOST};
    prlimit(child, RLIMIT_AS, &memory, NULL);
#endif
}

/* Keeps the first line of what the child says, until it ends or the time is up. */
static bool listen(int talk, char *line, size_t room) {
    double end = gt_clock() + SECONDS;
    size_t kept = 0;
    for (bool ended = false; !ended;) {
        char piece[512];
        double left = end - gt_clock();
        struct pollfd p = {.fd = talk, .events = POLLIN};
        int ready = left > 0 ? poll(&p, 1, (int)(1000 * left) + 1) : 0;
        if (ready == 0) return false;
        ssize_t n = ready < 0 ? -1 : read(talk, piece, sizeof piece);
        if (n < 0 && errno == EINTR) continue;
        ended = n <= 0;
        for (ssize_t i = 0; i < n && kept < room - 1; i++) line[kept++] = piece[i];
    }
    line[kept] = 0;
    line[strcspn(line, "\n")] = 0;
    return true;
}

gt_status gt_dataset_check_foreign(const char *spec, const char *program) {
    struct stat s;
    if (stat(spec, &s) != 0 || !S_ISREG(s.st_mode) || !gt_file_is_hdf5(spec)) return GT_OK;
    if (!program) program = "/proc/self/exe";
    pid_t child;
    int talk = -1, how = 0;
    int error = start(program, spec, &child, &talk);
    if (error)
        return gt_fail(GT_FAILED, "'%s' cannot be checked: '%s' does not start: %s", spec, program, strerror(error));
    limit(child);
    char line[512] = "";
    bool ended = listen(talk, line, sizeof line);
    close(talk);
    if (!ended) kill(child, SIGKILL);
    while (waitpid(child, &how, 0) < 0 && errno == EINTR) continue;
    if (!ended) return gt_fail(GT_FORMAT, "'%s': damaged file: reading it takes more than %d seconds", spec, SECONDS);
    if (WIFSIGNALED(how))
        return gt_fail(GT_FORMAT, "'%s': damaged file: libhdf5 dies of it (%s)", spec, strsignal(WTERMSIG(how)));
    if (WEXITSTATUS(how) != 0)
        return gt_fail(GT_FORMAT, "'%s': damaged file: %s", spec, *line ? line : "it cannot be read");
    return GT_OK;
}
