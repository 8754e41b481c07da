/* SPDX-License-Identifier: Apache-2.0
 * The scripts for clusters must tell a launch that failed from a training that failed: before each launch they leave a
 * file, which is removed by the program that was started. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"

void cli_started(void) {
    static const char key[] = "GANTRY_LAUNCHES";
    const char *path = getenv(key);
    if (path && *path && cli_first_rank()) unlink(path);
}
