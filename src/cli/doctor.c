/* SPDX-License-Identifier: Apache-2.0
 * gantry doctor: are the machines fit for training (gantry/doctor.h)? Under mpirun or srun all hosts are examined. */
#include "gantry/doctor.h"

#include "cli/cli.h"
#include "gantry/log.h"

typedef struct doctor_fields {
    const char *data, *outdir, *hashes;
    gt_checkup *before;
} doctor_fields;

#define FIELDS doctor_fields

static const gt_option rows[] = {
    {CLI_OPTION(data, "", "Dataset whose file system is measured"), .path = true, .with = "!--hashes"},
    {CLI_OPTION(outdir, "runs", "Folder for runs whose file system is measured"), .placeholder = "DIR", .path = true,
     .with = "!--hashes"},
    {CLI_OPTION(hashes, "", "Train small jobs instead, and compare hashes of their networks"), .placeholder = "JOB",
     .bare = "all", .check = gt_checkup_check_hashes,
     .detail = "Every processor with fused multiply-adds, every compiler and every number of ranks up to 4 gives the "
               "same hashes. --hashes alone trains all jobs, which takes some seconds."},
};

static gt_status examine_before(cli_session *s) {
    doctor_fields *f = s->fields;
    if (s->arguments.n_words) return gt_fail(GT_USAGE, "takes no arguments");
    f->before = gt_checkup_new(s->arena);
    return f->before ? GT_OK : GT_NOMEM;
}

static gt_status examine(cli_session *s) {
    const doctor_fields *f = s->fields;
    gt_log_setup(s->comm->rank, s->comm->ranks, GT_WARNING);
    if (*f->hashes) return gt_checkup_hashes_all(s->comm, cli_kernels(), f->hashes, stdout);
    return gt_checkup_examine_all(
        f->before, s->comm, &(gt_checkup_options){.kernels = cli_kernels(), .data = f->data, .dir = f->outdir}, stdout);
}

const cli_command cli_doctor = {
    .name = "doctor",
    .arguments = "[--key=value ...]",
    .help = "Tell whether the machines are set up for speed, and what to do",
    .detail = "Under mpirun or srun it looks at all hosts, at clocks, and at the network between them; with --data "
              "and --outdir at their file systems, which it measures.",
    .failed = "something is broken, or a hash is another one",
    CLI_EXAMPLES({"This machine, and where the data are", "gantry doctor --data=pictures.zip --outdir=runs"},
                 {"All hosts of a job, and the network between them", "gantry run --hosts=node1,node2 doctor"},
                 {"Does this machine compute what every other one does?", "gantry doctor --hashes"}),
    CLI_ROWS(rows),
    .ranks = true,
    .prepare = examine_before,
    .run = examine,
};
