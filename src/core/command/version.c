/* SPDX-License-Identifier: Apache-2.0
 * gantry version: what this program is made of, for reports and run logs. */
#include "command/door/cli.h"
#include "gantry/dist.h"
#include "gantry/kernels.h"
#include "gantry/network.h"

static gt_status version(cli_session *s) {
    if (s->arguments.n_words) return gt_fail(GT_USAGE, "takes no arguments");
    char mpi[256], networks[256];
    gt_mpi_version(mpi, sizeof mpi);
    gt_print("gantry %s (git %s)\n", GT_VERSION, gt_git_id());
    gt_print("BLAS: %s\n", gt_blas_description());
    gt_print("MPI: %s\n", mpi);
    gt_print("arithmetic: %s (instructions: %s)\n", gt_kernel_set_arithmetic(cli_kernels()),
             gt_kernel_set_instructions(cli_kernels()));
    gt_shipped_names(GT_SHIPPED_NETWORKS, sizeof networks, networks);
    if (*networks) gt_print("networks that come with Gantry: %s\n", networks);
    return GT_OK;
}

const cli_command cli_version = {
    .name = "version",
    .help = "Show version, libraries, arithmetic, and its networks",
    CLI_EXAMPLES({"All", "gantry version"}, {"The first line of it", "gantry -V | head -n 1"}),
    .run = version,
};
