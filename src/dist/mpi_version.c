/* SPDX-License-Identifier: Apache-2.0
 * What is known of MPI without starting it. */
#include "dist/mpi_version.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gt_mpi_version(char *out, size_t bytes) {
    char library[MPI_MAX_LIBRARY_VERSION_STRING] = "unknown";
    int length, major = 0, minor = 0;
    MPI_Get_library_version(library, &length); /* this and the next are allowed before MPI_Init */
    MPI_Get_version(&major, &minor);
    library[strcspn(library, ",\n")] = 0;
    snprintf(out, bytes, "%s, MPI %d.%d", library, major, minor);
}

int gt_mpi_launched_rank(void) {
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value) return atoi(value);
    }
    return 0;
}
