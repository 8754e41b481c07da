/* SPDX-License-Identifier: Apache-2.0
 * gantry doctor: are the machines fit for training (features/doctor/doctor.h)? Under mpirun or srun all hosts are
 * examined. */
#include "features/doctor/doctor.h"

#include "command/door/cli.h"
#include "gantry/log.h"
#include "gantry/stop.h"

typedef struct doctor_fields {
    const char *data, *outdir, *hashes;
    gt_checkup *before;
} doctor_fields;

#define FIELDS doctor_fields

static const gt_option rows[] = {
    {CLI_OPTION(data, "", "Dataset on the file system to measure"), .path = true, .with = "!--hashes"},
    {CLI_OPTION(outdir, "runs", "Folder for runs on the file system to measure"), .placeholder = "DIR", .path = true,
     .with = "!--hashes"},
    {CLI_OPTION(hashes, "", "Instead, train small jobs and compare the hashes of their networks"), .placeholder = "JOB",
     .bare = "all", .check = gt_checkup_check_hashes,
     .detail = "Built by gcc, every processor with fused multiply-adds and every number of ranks up to 4 gives the "
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
    if (*f->hashes) {
        gt_stop_install(s->comm, "this step");
        gt_status st = gt_checkup_hashes_all(s->comm, cli_kernels(), f->hashes, stdout);
        gt_stop_restore();
        return st;
    }
    return gt_checkup_examine_all(
        f->before, s->comm, &(gt_checkup_options){.kernels = cli_kernels(), .data = f->data, .dir = f->outdir}, stdout);
}

static gt_status begin_checkup(gt_arena *a, void **begun) { return (*begun = gt_checkup_new(a)) ? GT_OK : GT_NOMEM; }

static gt_status end_checkup_all(void *begun, gt_comm *comm, const char *data, const char *dir, double checkpoint) {
    const gt_checkup_options o = {.kernels = cli_kernels(), .data = data, .dir = dir, .checkpoint = checkpoint};
    return gt_checkup_examine_all(begun, comm, &o, stdout);
}

const cli_command cli_doctor = {
    .name = "doctor",
    .examination = &(const cli_examination){begin_checkup, end_checkup_all},
    .arguments = "[--key=value ...]",
    .help = "Check whether the machines are set up for speed, and advise",
    .detail = "Under mpirun or srun, it checks all hosts, their clocks and the network between them. With --data and "
              "--outdir it measures the file systems.",
    .failed = "something is broken, or a hash differs",
    CLI_EXAMPLES({"This machine, and where the data are", "gantry doctor --data=pictures.zip --outdir=runs"},
                 {"All hosts of a job, and the network between them", "gantry run --hosts=node1,node2 doctor"},
                 {"Does this machine compute the same as every other machine?", "gantry doctor --hashes"}),
    CLI_ROWS(rows),
    .ranks = true,
    .prepare = examine_before,
    .run = examine,
};
