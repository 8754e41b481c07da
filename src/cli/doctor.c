/* SPDX-License-Identifier: Apache-2.0
 * gantry doctor: are the machines, and what the environment says about them, fit for training? A line for each thing
 * looked at, and what to do where something is slow or broken. Under mpirun or srun it looks at all hosts. */
#include "cli/doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/log.h"
#include "gantry/progress.h"

void doctor_tell(doctor *d, doctor_state s, const char *what, const char *advice, const char *format, ...) {
    static const char *const words[] = {"ok", "warning", "BROKEN"};
    char text[1024];
    d->found[s]++;
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    gt_buffer_printf(&d->said, "%-8s %-12s %s\n", words[s], what, text);
    if (advice && s != FINE) gt_buffer_printf(&d->said, "%-8s %-12s -> %s\n", "", "", advice);
}

/* What each host's first rank said, host by host. */
static gt_status print_hosts(doctor *d) {
    enum { MOST = 16 << 10 };
    typedef struct host {
        char name[GT_HOST_BYTES];
        int found[BROKEN + 1];
        bool speaks;
        char said[MOST];
    } host;
    gt_comm *c = d->comm;
    host *mine = calloc(1, sizeof *mine), *all = c->rank ? NULL : calloc((size_t)c->ranks, sizeof *all);
    gt_status st = gt_comm_agree_all(
        c, mine && (c->rank || all) ? GT_OK : gt_fail(GT_NOMEM, "out of memory for what %d ranks say", c->ranks));
    if (!st) {
        memcpy(mine->name, c->host, sizeof mine->name);
        memcpy(mine->found, d->found, sizeof mine->found);
        mine->speaks = c->local_rank == 0;
        snprintf(mine->said, sizeof mine->said, "%s", d->said.data ? d->said.data : "");
        gt_comm_gather_all(c, mine, sizeof *mine, all);
    }
    for (int r = 0; r < c->ranks && !st && c->rank == 0; r++) {
        if (!all[r].speaks) continue;
        if (c->hosts > 1) printf("-- %s\n", all[r].name);
        fputs(all[r].said, stdout);
        for (int s = FINE; r && s <= BROKEN; s++) d->found[s] += all[r].found[s];
    }
    free(mine);
    free(all);
    d->said.n = 0;
    if (d->said.data) d->said.data[0] = 0;
    return st;
}

static gt_status examine(doctor *d) {
    gt_comm *c = d->comm;
    gt_tell_start("looking at the machine", NULL, 0);
    if (c->local_rank == 0) doctor_machine(d);
    gt_tell_end();
    gt_status st = print_hosts(d);
    if (st) return st;
    if (c->hosts > 1 && c->rank == 0) puts("-- all together");
    fflush(stdout);
    gt_tell_start("looking at ranks and files", NULL, 0);
    doctor_ranks(d);
    doctor_files(d);
    gt_tell_end();
    int broken = c->rank == 0 ? d->found[BROKEN] : 0;
    if (c->rank == 0) {
        fputs(d->said.data ? d->said.data : "", stdout);
        printf("%d ok, %d warning%s, %d broken\n", d->found[FINE], d->found[WARNING], d->found[WARNING] == 1 ? "" : "s",
               d->found[BROKEN]);
    }
    gt_comm_broadcast_all(c, &broken, sizeof broken, 0);
    return broken ? gt_fail(GT_FAILED, "%d broken; see above", broken) : GT_OK;
}

void cli_doctor_before(cli_checkup *k) {
    gt_machine_look(&k->machine); /* before this process is bound to cores */
    cli_output_of("mpirun --version 2>/dev/null", k->mpirun, sizeof k->mpirun);
    k->mpirun[strcspn(k->mpirun, "\n")] = 0;
}

gt_status cli_doctor_examine_all(const cli_checkup *k, gt_comm *comm, const char *data, const char *dir,
                                 double checkpoint) {
    doctor d = {.before = k,
                .comm = comm,
                .pool = gt_pool_new(comm->threads),
                .data = data,
                .dir = dir,
                .checkpoint = checkpoint};
    gt_status st = gt_comm_agree_all(comm, d.pool ? GT_OK : GT_FAILED);
    if (!st) st = examine(&d);
    gt_pool_free(d.pool);
    gt_buffer_free(&d.said);
    return st;
}

typedef struct doctor_fields {
    const char *data, *outdir;
    cli_checkup before;
} doctor_fields;

#define FIELDS doctor_fields

static const gt_option rows[] = {
    {CLI_OPTION(data, "", "Dataset whose file system is measured"), .path = true},
    {CLI_OPTION(outdir, "runs", "Folder for runs whose file system is measured"), .placeholder = "DIR", .path = true},
};

static gt_status look_before(cli_session *s) {
    doctor_fields *f = s->fields;
    if (s->arguments.n_words) return gt_fail(GT_USAGE, "takes no arguments");
    cli_doctor_before(&f->before);
    return GT_OK;
}

static gt_status look(cli_session *s) {
    const doctor_fields *f = s->fields;
    gt_log_setup(s->comm->rank, s->comm->ranks, GT_WARNING);
    return cli_doctor_examine_all(&f->before, s->comm, f->data, f->outdir, 0);
}

const cli_command cli_doctor = {
    .name = "doctor",
    .arguments = "[--key=value ...]",
    .help = "Tell whether the machines are set up for speed, and what to do",
    .detail = "Under mpirun or srun it looks at all hosts, at clocks, and at the network between them; with --data "
              "and --outdir at their file systems, which it measures.",
    .failed = "something is broken",
    CLI_EXAMPLES({"This machine, and where the data are", "gantry doctor --data=pictures.zip --outdir=runs"},
                 {"All hosts of a job, and the network between them", "gantry run --hosts=node1,node2 doctor"}),
    CLI_ROWS(rows),
    .ranks = true,
    .prepare = look_before,
    .run = look,
};
