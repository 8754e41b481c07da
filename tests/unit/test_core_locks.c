/* SPDX-License-Identifier: Apache-2.0
 * The file that all runs of a host lock, where somebody else has laid something in its place. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/stat.h>

#include "dist/comm.h"
#include "interpose.h"
#include "scratch.h"

static char place[512], victim[512];

static enum { NOTHING, OWN_FILE, LATE_FILE, LATE_LINK, LINK, HARD_LINK, PIPE, FULL_FILE } there;

/* What lies there when the program comes; `late`: only after it has looked once. */
static void lay(bool late) {
    if (late == (there == LATE_FILE || there == LATE_LINK)) switch (there) {
        case OWN_FILE: close(creat(place, 0666)); break;
        case LATE_FILE: close(creat(place, 0600)); break;
        case LATE_LINK:
        case LINK: assert_int_equal(symlink(victim, place), 0); break;
        case HARD_LINK: assert_int_equal(link(victim, place), 0); break;
        case PIPE: assert_int_equal(mkfifo(place, 0666), 0); break;
        case FULL_FILE: put(place, "something", 9); break;
        default: break;
        }
}

static bool looked;

static int open_here(const char *path, int flags, mode_t mode) {
    int (*really)(const char *, int, ...) = REAL(open);
    if (strcmp(path, "/dev/shm/gantry-cores")) return really(path, flags, mode);
    int fd = really(place, flags, mode);
    int error = errno;
    if (!looked) lay(true);
    looked = true;
    errno = error;
    return fd;
}

INTERPOSE_OPEN(open, return open_here(path, flags, mode))

static int mode_of(const char *path) {
    struct stat s;
    assert_int_equal(lstat(path, &s), 0);
    return s.st_mode & 0777;
}

static void rights_are_given_to_a_file_of_ours_alone(void **state) {
    (void)state;
    static const struct {
        int there;
        bool locks; /* the file is used */
        int mode;   /* of what lies there then; 0: of no concern */
    } rows[] = {{NOTHING, true, 0666}, {OWN_FILE, true, 0644},   {LATE_FILE, true, 0600}, {LATE_LINK, false, 0},
                {LINK, false, 0},      {HARD_LINK, false, 0600}, {PIPE, false, 0644},     {FULL_FILE, false, 0}};
    snprintf(place, sizeof place, "%s", at("cores"));
    snprintf(victim, sizeof victim, "%s", at("victim"));
    umask(022);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gt_comm_inside in = {.core_locks = -1};
        cpu_set_t mine;
        CPU_ZERO(&mine);
        CPU_SET(0, &mine);
        unlink(place), unlink(victim);
        close(creat(victim, 0600));
        there = rows[i].there, looked = false;
        lay(false);
        assert_true(gt_lock_cores_all(&in, &mine)); /* a file that is not ours keeps nobody from the cores */
        assert_int_equal(in.core_locks >= 0, rows[i].locks);
        if (rows[i].mode) assert_int_equal(mode_of(place), rows[i].mode);
        assert_int_equal(mode_of(victim), 0600);
        gt_unlock_cores(&in);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rights_are_given_to_a_file_of_ours_alone)};
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
