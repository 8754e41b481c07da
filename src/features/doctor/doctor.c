/* SPDX-License-Identifier: Apache-2.0
 * Examines the machines of a run (features/doctor/doctor.h): the first rank of each host its machine, all ranks
 * together the network and the files. */
#include "features/doctor/doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "dist/door/dist.h"
#include "command/launch/door/launch.h"
#include "gantry/progress.h"
#include "base/door/text.h"

void doctor_add(doctor *d, doctor_state s, const char *what, const char *advice, const char *format, ...) {
    static const char *const words[] = {"ok", "warning", "BROKEN"};
    char text[1024];
    d->found[s]++;
    va_list ap;
    va_start(ap, format);
    gt_vformat(text, sizeof text, format, ap);
    va_end(ap);
    gt_buffer_printf(&d->said, "%-8s %-12s %s\n", words[s], what, text);
    if (advice && s != FINE) gt_buffer_printf(&d->said, "%-8s %-12s -> %s\n", "", "", advice);
}

/* What each host's first rank said, host by host. */
static gt_status print_hosts(doctor *d, FILE *f) {
    enum { LONGEST = 16 << 10 };
    typedef struct host {
        char name[GT_HOST_BYTES];
        int found[BROKEN + 1];
        bool first; /* of its host */
        char said[LONGEST];
    } host;
    gt_comm *c = d->comm;
    GT_FREED host *mine = calloc(1, sizeof *mine), *all = c->rank ? NULL : calloc((size_t)c->ranks, sizeof *all);
    gt_status st = gt_comm_agree_all(
        c,
        mine && (c->rank || all) ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the messages of %d ranks", c->ranks));
    if (!st) {
        memcpy(mine->name, c->host, sizeof mine->name);
        memcpy(mine->found, d->found, sizeof mine->found);
        mine->first = c->local_rank == 0;
        snprintf(mine->said, sizeof mine->said, "%s", d->said.data ? d->said.data : "");
        gt_comm_gather_all(c, mine, sizeof *mine, all);
    }
    for (int r = 0; r < c->ranks && !st && c->rank == 0; r++) {
        if (!all[r].first) continue;
        if (c->hosts > 1) gt_print_to(f, "-- %s\n", all[r].name);
        fputs(all[r].said, f);
        for (int s = FINE; r && s <= BROKEN; s++) d->found[s] += all[r].found[s];
    }
    d->said.n = 0;
    if (d->said.data) d->said.data[0] = 0;
    return st;
}

static gt_status examine_all(doctor *d, FILE *f) {
    gt_comm *c = d->comm;
    gt_tell_start("checking the machine", NULL, 0);
    if (c->local_rank == 0) doctor_machine(d);
    gt_tell_end();
    gt_status st = print_hosts(d, f);
    if (st) return st;
    if (c->hosts > 1 && c->rank == 0) fputs("-- all together\n", f);
    gt_print_flush(f);
    gt_tell_start("checking ranks and files", NULL, 0);
    doctor_ranks(d);
    doctor_files(d);
    gt_tell_end();
    int broken = c->rank == 0 ? d->found[BROKEN] : 0;
    if (c->rank == 0) {
        fputs(d->said.data ? d->said.data : "", f);
        gt_print_to(f, "%d ok, %d warning%s, %d broken\n", d->found[FINE], d->found[WARNING],
                    d->found[WARNING] == 1 ? "" : "s", d->found[BROKEN]);
    }
    gt_comm_broadcast_all(c, &broken, sizeof broken, 0);
    return broken ? gt_fail(GT_FAILED, "%d broken; see above", broken) : GT_OK;
}

gt_checkup *gt_checkup_new(gt_arena *a) {
    gt_checkup *k = gt_arena_alloc(a, sizeof *k);
    if (!k) return NULL;
    gt_machine_look(&k->machine);
    gt_shell_output("mpirun --version 2>/dev/null", k->mpirun, sizeof k->mpirun);
    k->mpirun[strcspn(k->mpirun, "\n")] = 0;
    return k;
}

gt_status gt_checkup_examine_all(const gt_checkup *k, gt_comm *comm, const gt_checkup_options *o, FILE *f) {
    doctor d = {.before = k, .comm = comm, .options = *o, .pool = gt_pool_new(comm->threads)};
    gt_status st = gt_comm_agree_all(comm, d.pool ? GT_OK : GT_FAILED);
    if (!st) st = examine_all(&d, f);
    gt_pool_free(d.pool);
    gt_buffer_free(&d.said);
    return st;
}
