/* SPDX-License-Identifier: Apache-2.0
 * Heartbeats, so that no rank waits for ever: each rank tells rank 0 now and then that it lives and what it does, and rank 0 tells all; who has
 * not been heard of for too long is named, and all ranks end.
 *
 * MPI is called by the main thread alone, so beats leave when it begins to wait and while it waits (gt_comm_wait), between the nodes of a graph
 * (gt_reducer_progress), and from loops that may be long (gt_alive): a silent rank is one whose process, host or network is gone, or whose main
 * thread is stuck. What may keep that from its next beat for long, such as a file system that stands still, is announced (all of the start is), and
 * then silence may last BUSY_FACTOR times as long. The messages have a communicator of their own: they never wait for anything and nothing waits for
 * them.
 *
 * Time is the listener's own, and only time in which it listened counts: a rank that was stopped and goes on accuses nobody at once. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alive.h"
#include "base/clock.h"
#include "dist/comm.h"
#include "gantry/log.h"

enum { TAG = 1, WORD_BYTES = 48, BUSY_FACTOR = 10, BEATS = 20 };
static const double longest_interval = 1, warn_part = 0.25;

typedef struct beat {
    uint32_t step;
    uint32_t busy;              /* long and silent work begins */
    double waiting;             /* seconds, so far, for other ranks */
    char what[WORD_BYTES];
    char host[GT_HOST_BYTES];
} beat;

typedef struct peer { /* one that is listened to: all others for rank 0, rank 0 for the others */
    int rank;
    beat last;
    double silent;              /* seconds of listening since its last beat */
    bool warned;
    MPI_Request send, receive;
    beat out, in;
} peer;

struct gt_pulse {
    MPI_Comm world;
    int n;
    peer *peers;
    double limit, interval, next, listened; /* the last two by gt_clock(): when the next beat is due; when it was listened last */
    double waiting_since;       /* 0: not waiting */
    uint32_t step;
    const char *what;
    bool busy;
};

static void listen(const gt_comm_inside *in, peer *p) {
    MPI_Irecv(&p->in, sizeof p->in, MPI_BYTE, p->rank, TAG, in->pulse->world, &p->receive);
}

static void beat_if_due(void *comm) { gt_pulse_turn(comm, 0); }

gt_status gt_pulse_start(gt_comm_inside *in) {
    gt_comm *c = &in->seen;
    if (c->ranks == 1) return GT_OK;
    MPI_Comm world;
    MPI_Comm_dup(in->world, &world); /* first: it is collective */
    gt_pulse *u = calloc(1, sizeof *u);
    int n = c->rank == 0 ? c->ranks - 1 : 1;
    if (u) u->peers = calloc((size_t)n, sizeof *u->peers);
    if (!u || !u->peers) {
        free(u);
        return gt_fail(GT_NOMEM, "out of memory for the heartbeats of %d ranks", c->ranks);
    }
    u->world = world;
    u->n = n;
    u->what = "starting";
    u->busy = true;
    u->listened = gt_clock();
    in->pulse = u;
    for (int i = 0; i < n; i++) {
        u->peers[i] = (peer){.rank = c->rank == 0 ? i + 1 : 0, .last = {.busy = 1, .what = "starting", .host = "?"}, .send = MPI_REQUEST_NULL};
        listen(in, &u->peers[i]);
    }
    gt_comm_heartbeat(c, 60);
    gt_alive_calls(beat_if_due, c);
    return GT_OK;
}

void gt_comm_heartbeat(gt_comm *c, double limit) {
    gt_pulse *u = gt_inside(c)->pulse;
    if (!u) return;
    u->limit = limit > 0 ? limit : INFINITY;
    u->interval = fmin(longest_interval, limit > 0 ? limit / BEATS : longest_interval);
    u->next = 0;
}

/* A beat that could not leave yet is not followed by another: a lame network is not filled with them. */
static void send_beat(gt_comm_inside *in, peer *p) {
    gt_pulse *u = in->pulse;
    int left = 1;
    if (p->send != MPI_REQUEST_NULL) MPI_Test(&p->send, &left, MPI_STATUS_IGNORE);
    if (!left) return;
    p->out = (beat){.step = u->step, .busy = u->busy, .waiting = u->waiting_since > 0 ? gt_clock() - u->waiting_since : 0};
    snprintf(p->out.what, sizeof p->out.what, "%s", u->what);
    memcpy(p->out.host, in->seen.host, sizeof p->out.host);
    MPI_Isend(&p->out, sizeof p->out, MPI_BYTE, p->rank, TAG, u->world, &p->send);
}

static void hear(gt_comm_inside *in, peer *p, double listened) {
    int arrived = 1;
    p->silent += listened;
    for (;;) {
        MPI_Test(&p->receive, &arrived, MPI_STATUS_IGNORE);
        if (!arrived) return;
        p->last = p->in;
        p->last.what[WORD_BYTES - 1] = p->last.host[GT_HOST_BYTES - 1] = 0;
        if (p->warned) gt_warn("rank %d (%s) is heard of again after %.0f s", p->rank, p->last.host, p->silent);
        p->warned = false;
        p->silent = 0;
        listen(in, p);
    }
}

static void accuse(gt_comm *c, const peer *p) {
    gt_fail(GT_FAILED,
            "rank %d (%s) has not been heard of for %.0f s (--heartbeat-limit); what it did last: step %u, %s. Its process, its host or the network between is "
            "stuck or gone",
            p->rank, p->last.host, p->silent, p->last.step, p->last.what);
    if (strcmp(p->last.host, c->host)) gt_comm_abandon(c);
    gt_comm_abort(c, GT_FAILED); /* on this host the launcher can end it, even if it is stopped */
}

/* All ranks have waited for each other for long: nobody will ever move. Only rank 0 sees that. */
static void judge_all(gt_comm *c, double waited) {
    gt_pulse *u = gt_inside(c)->pulse;
    double least = waited;
    for (int i = 0; i < u->n; i++) least = fmin(least, u->peers[i].last.waiting);
    if (c->rank || least < BUSY_FACTOR * u->limit) return;
    gt_fail(GT_FAILED, "all ranks have been waiting for each other for %.0f s, rank 0 at step %u, %s", least, u->step, u->what);
    gt_comm_abort(c, GT_FAILED);
}

static void judge(gt_comm_inside *in, double now) {
    gt_pulse *u = in->pulse;
    for (int i = 0; i < u->n; i++) {
        peer *p = &u->peers[i];
        double limit = p->last.busy ? BUSY_FACTOR * u->limit : u->limit;
        if (p->silent > limit) accuse(&in->seen, p);
        if (p->warned || p->silent < warn_part * limit) continue;
        p->warned = true;
        gt_warn("rank %d (%s) has not been heard of for %.0f s; what it did last: step %u, %s", p->rank, p->last.host, p->silent, p->last.step, p->last.what);
    }
    if (u->waiting_since > 0) judge_all(&in->seen, now - u->waiting_since);
}

static void beat_now(gt_comm_inside *in, double now) {
    gt_pulse *u = in->pulse;
    double listened = fmin(now - u->listened, 2 * u->interval);
    u->listened = now;
    u->next = now + u->interval;
    for (int i = 0; i < u->n; i++) {
        hear(in, &u->peers[i], listened);
        send_beat(in, &u->peers[i]);
    }
}

void gt_pulse_turn(gt_comm *c, double waiting_since) {
    gt_comm_inside *in = gt_inside(c);
    gt_pulse *u = in->pulse;
    if (!u) return;
    double now = gt_clock();
    if (now < u->next) return;
    u->waiting_since = waiting_since;
    beat_now(in, now);
    judge(in, now);
}

void gt_comm_doing(gt_comm *c, uint32_t step, const char *what) {
    gt_pulse *u = gt_inside(c)->pulse;
    if (!u) return;
    u->step = step;
    u->what = what;
    if (u->busy) u->next = 0; /* or the others would wait long for one that dies now */
    u->busy = false;
    gt_pulse_turn(c, 0);
}

void gt_comm_busy(gt_comm *c, const char *what) {
    gt_pulse *u = gt_inside(c)->pulse;
    if (!u) return;
    u->what = what;
    u->waiting_since = 0;
    u->busy = true;
    beat_now(gt_inside(c), gt_clock());
}

/* All ranks are here: nothing more is sent, and what is under way is small enough to have left already. */
void gt_pulse_stop(gt_comm_inside *in) {
    gt_pulse *u = in->pulse;
    if (!u) return;
    gt_alive_calls(NULL, NULL);
    for (int i = 0; i < u->n; i++) {
        MPI_Cancel(&u->peers[i].receive);
        MPI_Wait(&u->peers[i].receive, MPI_STATUS_IGNORE);
        if (u->peers[i].send != MPI_REQUEST_NULL) MPI_Request_free(&u->peers[i].send);
    }
    MPI_Comm_free(&u->world);
    free(u->peers);
    free(u);
    in->pulse = NULL;
}
