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
#include "h5/h5.h"
#include "h5/hdf5_util.h"
#include "gantry/dataset.h"

enum { SECONDS = 10, PATIENCE = 60, ROWS = 64, CHUNKS = 16, RANK_MOST = 32, ATTRIBUTE_MOST = 64 << 20, ROW_MOST = 64 << 20 };
enum { NOT_STARTED = 127 }; /* the status of a program that the loader cannot load */
#define MEMORY_MOST ((rlim_t)4 << 30)

/* ---- the walk ---- */

/* Closes what is open of these. The reason of a failure stays: every call of libhdf5 forgets that of the last one. */
static void release(hid_t a, hid_t b, hid_t c) {
    const hid_t ids[] = {a, b, c};
    hid_t errors = H5Eget_current_stack();
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (ids[i] >= 0) H5Idec_ref(ids[i]);
    H5Eset_current_stack(errors); /* frees them too */
}

static herr_t no_memory(size_t bytes) {
    H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, H5E_RESOURCE, H5E_NOSPACE, "%zu bytes", bytes);
    return -1;
}

/* Reads the current selection of `space` (n points) of a dataset, or an attribute when space is < 0. */
static herr_t read_points(hid_t object, hid_t file_type, hid_t space, hsize_t n, size_t most) {
    hid_t type = H5Tget_native_type(file_type, H5T_DIR_DEFAULT);
    if (type < 0) return -1;
    herr_t result = 0;
    size_t size = H5Tget_size(type);
    if (n > 0 && size > 0 && n <= most / size) {
        hid_t block = H5Screate_simple(1, &n, NULL);
        void *memory = calloc((size_t)n, size);
        if (!memory) result = no_memory((size_t)n * size);
        else if (space < 0) result = H5Aread(object, type, memory);
        else result = H5Dread(object, type, block, space, H5P_DEFAULT, memory);
        if (result >= 0) H5Dvlen_reclaim(type, block, H5P_DEFAULT, memory);
        free(memory);
        release(block, -1, -1);
    }
    release(type, -1, -1);
    return result;
}

static herr_t walk_attribute(hid_t object, const char *name, const H5A_info_t *info, void *unused) {
    (void)info, (void)unused;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0) return -1;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    herr_t result = type < 0 || n < 0 ? -1 : read_points(attribute, type, -1, (hsize_t)n, ATTRIBUTE_MOST);
    release(space, type, attribute);
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
    hsize_t looks = dims[0] < ROWS ? dims[0] : ROWS, size = H5Tget_size(type), bytes;
    if (__builtin_mul_overflow(row, size, &bytes)) return 0;
    if (bytes > ROW_MOST / looks) looks = bytes < ROW_MOST ? ROW_MOST / bytes : 1; /* large pictures take long */
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
    release(plist, space, type);
    return result;
}

static herr_t walk_object(hid_t file, const char *name, const H5O_info_t *info, void *told) { /* told: gt_status */
    hid_t object = H5Oopen(file, name, H5P_DEFAULT);
    herr_t result = object < 0 ? -1 : H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, walk_attribute, NULL);
    if (result >= 0 && info->type == H5O_TYPE_DATASET) result = walk_dataset(object);
    if (result < 0) { /* now: closing the object clears the reason */
        *(gt_status *)told = gt_hdf5_fail(name);
    }
    if (object >= 0) H5Oclose(object);
    return result;
}

gt_status gt_hdf5_walk(const char *path) {
    gt_status st = GT_OK, told = GT_OK;
    hid_t file = gt_hdf5_open(path);
    if (file < 0) {
        st = gt_hdf5_fail("damaged, truncated or no HDF5 file");
    } else if (H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_NATIVE, walk_object, &told, H5O_INFO_BASIC) < 0) {
        st = told ? told : gt_hdf5_fail("damaged");
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

/* Where less is allowed already, that stays. */
static void lower(pid_t child, __rlimit_resource_t what, rlim_t soft, rlim_t hard) {
    struct rlimit now;
    if (prlimit(child, what, NULL, &now)) return;
    now.rlim_max = now.rlim_max < hard ? now.rlim_max : hard;
    now.rlim_cur = now.rlim_cur < soft ? now.rlim_cur : soft;
    prlimit(child, what, &now, NULL);
}

/* The child has hardly begun to load when these arrive. Out of time it gets SIGXCPU, so that SIGKILL comes from
 * elsewhere. Time is the processor's: on a busy host a sound file takes long, too. */
static void limit(pid_t child) {
    lower(child, RLIMIT_CORE, 0, 0);
    lower(child, RLIMIT_CPU, SECONDS, SECONDS + 5);
    lower(child, RLIMIT_FSIZE, 0, 0);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow memory is larger than any limit */
    lower(child, RLIMIT_AS, MEMORY_MOST, MEMORY_MOST);
#endif
}

/* Does the user (ulimit -v, ulimit -d) or the job allow less memory than the check may take? Then that is what failed,
 * as far as one can tell; else the file asked for more than any sound one does. */
static bool little_memory(char *text, size_t room) {
    static const struct {
        __rlimit_resource_t what;
        const char *name;
    } limits[] = {{RLIMIT_AS, "ulimit -v"}, {RLIMIT_DATA, "ulimit -d"}};
    struct rlimit now;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        if (getrlimit(limits[i].what, &now) || now.rlim_cur >= MEMORY_MOST) continue;
        snprintf(text, room, "%s allows %llu MB", limits[i].name, (unsigned long long)now.rlim_cur >> 20);
        return true;
    }
    return false;
}

/* Keeps the first line of what the child says, until it ends or the time is up. */
static bool listen(int talk, char *line, size_t room) {
    double end = gt_clock() + PATIENCE;
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

/* What the end of the child says. */
static gt_status judge(const char *spec, const char *program, int how, const char *line) {
    char little[96];
    int status = WIFEXITED(how) ? WEXITSTATUS(how) : -1, death = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    bool short_of = little_memory(little, sizeof little);
    if (status == 0) return GT_OK;
    if (death == SIGXCPU)
        return gt_fail(GT_FORMAT, "'%s': damaged file: reading it takes more than %d seconds of the processor", spec, SECONDS);
    if (death == SIGKILL)
        return gt_fail(GT_NOMEM, "'%s' cannot be checked: the process that reads it was killed: memory is short, on this host or "
                       "in this job (or somebody killed it)", spec);
    if (death && short_of)
        return gt_fail(GT_NOMEM, "'%s' cannot be checked: the process that reads it died (%s): memory is short (%s), or the "
                       "file is damaged", spec, strsignal(death), little);
    if (death) return gt_fail(GT_FORMAT, "'%s': damaged file: libhdf5 dies of it (%s)", spec, strsignal(death));
    if (status == NOT_STARTED)
        return gt_fail(GT_FAILED, "'%s' cannot be checked: '%s' does not start: %s", spec, program, line);
    if (status == GT_CHECK_NO_MEMORY && short_of)
        return gt_fail(GT_NOMEM, "'%s' cannot be checked: memory is short (%s): %s", spec, little, line);
    if (status == GT_CHECK_NO_MEMORY)
        return gt_fail(GT_FORMAT, "'%s': damaged file, or memory is short: %s (up to %llu MB are tried)", spec, line,
                       (unsigned long long)MEMORY_MOST >> 20);
    return gt_fail(GT_FORMAT, "'%s': damaged file: %s", spec, *line ? line : "it cannot be read");
}

gt_status gt_dataset_check_foreign(const char *spec, const char *program) {
    struct stat s;
    if (stat(spec, &s) != 0 || !S_ISREG(s.st_mode) || !gt_file_is_hdf5(spec)) return GT_OK;
    if (!program) program = "/proc/self/exe";
    pid_t child;
    int talk = -1, how = 0;
    int error = start(program, spec, &child, &talk);
    if (error == EAGAIN || error == ENOMEM)
        return gt_fail(GT_NOMEM, "'%s' cannot be checked, no process can be started: %s (memory, or ulimit -u, is short)", spec,
                       strerror(error));
    if (error) return gt_fail(GT_FAILED, "'%s' cannot be checked: '%s' does not start: %s", spec, program, strerror(error));
    limit(child);
    char line[512] = "";
    bool ended = listen(talk, line, sizeof line);
    close(talk);
    if (!ended) kill(child, SIGKILL);
    while (waitpid(child, &how, 0) < 0 && errno == EINTR) continue;
    if (!ended)
        return gt_fail(GT_FAILED, "'%s' cannot be checked within %d seconds: this host is busy, its storage does not answer, or "
                       "the file is damaged", spec, PATIENCE);
    return judge(spec, program, how, line);
}
