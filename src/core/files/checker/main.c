/* SPDX-License-Identifier: Apache-2.0
 * check-hdf5 FILE: the process in which files from elsewhere are walked through (gantry/arrays.h). A program of its
 * own, since it is started for each HDF5 file that is opened: gantry itself has ten times as many libraries to load. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gantry/arrays.h"
#include "gantry/program.h"
#include "gantry/text.h"

enum { LEAST_STACK = 2 << 20, USAGE = 2 };

/* HDF5 calls exit() when memory is short at certain places. */
static bool ended;

static void say_what_ended(void) {
    if (ended) return;
    gt_print_to(stderr, "libhdf5 gave up, probably because memory ran out\n");
    _exit(GT_H5_NO_MEMORY);
}

static int run(int argc, char **argv) {
    gt_h5_own_end();
    if (argc != 2) gt_print_to(stderr, "usage: check-hdf5 FILE (walks through an HDF5 file, within limits)\n");
    atexit(say_what_ended);
    int status = argc == 2 ? gt_h5_check_here(argv[1]) : USAGE;
    ended = true;
    return status;
}

int main(int argc, char **argv) {
    int status = gt_with_stack(LEAST_STACK, run, argc, argv);
    return status < 0 ? GT_H5_NO_MEMORY : status;
}
