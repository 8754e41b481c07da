/* SPDX-License-Identifier: Apache-2.0
 * The trace of a stretch as a file, and the first line in which it differs from that of another machine or build. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features/audit/internal.h"

/* The first line names the stretch of the trace. */
static void print_head(char line[128], const audit_place *from, const audit_place *to) {
    snprintf(line, 128, "gantry trace 1 images %" PRId64 " to %" PRId64 " arithmetic %s", from->images, to->images,
             to->arithmetic);
}

gt_status audit_trace_open(audit_trace *t, const gt_audit_options *o) {
    int64_t from, to;
    *t = (audit_trace){.stretch = -1, .out.fd = -1};
    gt_status st = *o->trace ? gt_growing_open(&t->out, o->trace) : GT_OK;
    if (st || !*o->compare) return st;
    if (!(t->other = fopen(o->compare, "r")))
        return gt_fail(GT_FAILED, "cannot read '%s': %s", o->compare, strerror(errno));
    ssize_t n = getline(&t->theirs, &t->room, t->other);
    if (n < 0 || sscanf(t->theirs, "gantry trace 1 images %" SCNd64 " to %" SCNd64 " ", &from, &to) != 2)
        return gt_fail(GT_FORMAT, "'%s' is not a trace that gantry audit --trace has written", o->compare);
    t->from = from;
    t->to = to;
    rewind(t->other);
    return GT_OK;
}

gt_status audit_trace_choose(audit_trace *t, const audit *a) {
    for (int i = 0; i + 1 < a->n_places && t->other; i++)
        if (a->place[i].images == t->from && a->place[i + 1].images == t->to) t->stretch = i;
    return t->other && t->stretch < 0 ? gt_fail(GT_UNDECIDED,
                                                "'%s' traces the images %" PRId64 " to %" PRId64
                                                ", and the run has no kept checkpoints there any more",
                                                a->o->compare, t->from, t->to)
                                      : GT_OK;
}

void audit_trace_begin(audit_trace *t, const audit_place *from, const audit_place *to) {
    char line[128];
    print_head(line, from, to);
    audit_trace_line(t, line);
}

bool audit_trace_line(void *arg, const char *line) {
    audit_trace *t = arg;
    if (t->out.fd >= 0 && !t->status) t->status = gt_growing_add(&t->out, line, strlen(line));
    if (t->out.fd >= 0 && !t->status) t->status = gt_growing_add(&t->out, "\n", 1);
    if (t->status || !t->other) return !t->status;
    bool there = getline(&t->theirs, &t->room, t->other) >= 0;
    if (there) t->theirs[strcspn(t->theirs, "\n")] = 0;
    t->line++;
    if (!there || strcmp(t->theirs, line))
        t->status = gt_fail(GT_FAILED, "line %" PRId64 " of the traces differs first: here '%s', there '%s'", t->line,
                            line, there ? t->theirs : "the end");
    return !t->status;
}

/* What was traced up to a difference is kept. */
gt_status audit_trace_close(audit_trace *t, gt_status st) {
    char why[2048];
    snprintf(why, sizeof why, "%s", st ? gt_message() : "");
    if (t->status && !st) st = t->status;
    gt_status written = t->out.fd >= 0 && (!st || st == GT_FAILED) ? gt_growing_finish(&t->out) : GT_OK;
    gt_growing_close(&t->out);
    if (t->other) fclose(t->other);
    free(t->theirs);
    if (st && *why) return gt_fail(st, "%s", why);
    return st ? st : written;
}
