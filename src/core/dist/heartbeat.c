/* SPDX-License-Identifier: Apache-2.0
 * Heartbeats, so that no rank waits for ever: each rank sends beats to rank 0, with what it does, and rank 0 sends
 * beats to all; a rank whose heartbeats stay away too long is named, and all ranks end.
 *
 * MPI is called by the main thread alone, so beats leave when it begins to wait and while it waits (gt_comm_wait),
 * between the nodes of a graph (gt_reducer_progress), and from loops that may be long (gt_progress): a silent rank is
 * one whose process, host or network is gone, or whose main thread is stuck. What may keep that from its next beat for
 * long, such as a file system that stands still, is announced (all of the start is), and then silence may last
 * BUSY_FACTOR times as long, until the announcement is withdrawn: for files (gantry/progress.h) when the call that
 * writes or reads one is over. The messages have a communicator of their own: they never wait for anything and nothing
 * waits for them.
 *
 * Ranks that exchange data listen to each other as well, and so do those of a host, so that a link between two of them
 * does not get lost unseen: each tells rank 0 whom it misses. Of three ranks whose two other links have been steady all
 * the while, the third link is lost; rank 0 is one of the three, and names both ends. A rank that is stopped or busy is
 * missed by all, has no steady link, and its links are not judged.
 *
 * Time is the listener's own, and only time in which it listened counts: a rank that was stopped and goes on accuses
 * nobody at once. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dist/comm.h"
#include "base/door/clock.h"
#include "dist/door/dist.h"
#include "gantry/log.h"
#include "base/door/progress.h"

enum { TAG = 1, WORD_BYTES = 48, BUSY_FACTOR = 10, BEATS = 20, BEAT_BYTES = 256 };
/* Up to so many ranks listen to all others from the beginning. More of them would have too many connections: they
 * listen to those with whom they exchange gradients, once they do. */
enum { ALL_LINKED = 64 };
static const double longest_interval = 1, warn_part = 0.25;
/* Parts of the limit. A link with pauses below pause_part is steady. A rank is missed after a silence of missed_part,
 * and a link is lost after lost_part: before the limit, so that time is left to end. A rank that has lost its link to
 * rank 0 ends after late_part. */
static const double pause_part = 0.25, missed_part = 0.5, lost_part = 0.75, late_part = 0.9;
static const double links_a_second = 200; /* beats to other ranks than rank 0 */

typedef struct beat {
    uint32_t step;
    uint32_t busy;  /* long and silent work begins */
    double waiting; /* seconds, so far, for other ranks */
    /* ranks, -1: none. missed: no beat for long. known: rank 0 misses this rank, whose beats come steadily here */
    int32_t missed, known;
    double missed_for, known_for, first_for; /* seconds; first_for: how long rank 0's beats have come steadily */
    char what[WORD_BYTES];
    char host[GT_HOST_BYTES];
} beat;

/* of one size in all versions of this program, which may meet before they have found out that they differ */
typedef union packet {
    beat beat;
    char bytes[BEAT_BYTES];
} packet;
static_assert(sizeof(packet) == BEAT_BYTES, "a beat is too large");

typedef struct peer { /* one that is listened to, of any host */
    int rank;
    beat last;
    double silent;       /* seconds of listening since its last beat */
    double heard, since; /* by gt_clock(): the last time; since when without a long pause */
    bool warned;
    MPI_Request send, receive;
    packet out, in;
} peer;

struct gt_heartbeat {
    MPI_Comm world;
    /* those that are listened to, with room for all: rank 0 listens to all, the others to rank 0 first */
    int n;
    peer *peers;
    int *place; /* [ranks] of each among them, counted from 1; 0: none */
    /* the last two by gt_clock(): when the next beat is due; when it was listened last */
    double limit, interval, next, listened;
    double links_next;    /* likewise to other ranks than rank 0 */
    int turn;             /* of those who are missed the last one that a beat named */
    double waiting_since; /* 0: not waiting */
    uint32_t step;
    const char *what;
    bool busy;
    bool beating; /* messages are being sent and received: no others meanwhile */
    /* a file is written or read: what is said of it, and what was done before; NULL: it is not announced */
    char file[WORD_BYTES];
    const char *before;
};

static void listen(const gt_comm_inside *in, peer *p) {
    MPI_Irecv(p->in.bytes, BEAT_BYTES, MPI_BYTE, p->rank, TAG, in->heartbeat->world, &p->receive);
}

/* From now on. */
static void listen_to(gt_comm_inside *in, int rank) {
    gt_heartbeat *u = in->heartbeat;
    if (rank == in->seen.rank || u->place[rank]) return;
    peer *p = &u->peers[u->n++];
    *p = (peer){.rank = rank,
                .last = {.busy = 1, .missed = -1, .known = -1, .what = "starting", .host = "?"},
                .send = MPI_REQUEST_NULL};
    u->place[rank] = u->n;
    listen(in, p);
}

static void listen_to_all(gt_comm_inside *in) {
    for (int rank = 0; rank < in->seen.ranks; rank++) listen_to(in, rank);
}

static void beat_if_due(void *comm) { gt_heartbeat_poll(comm, 0); }
static void announce_file(void *comm, const char *doing, const char *name);

gt_status gt_heartbeat_start_all(gt_comm_inside *in) {
    gt_comm *c = &in->seen;
    if (c->ranks == 1) return GT_OK;
    MPI_Comm world;
    MPI_Comm_dup(in->world, &world); /* first: it is collective */
    gt_heartbeat *u = calloc(1, sizeof *u);
    if (u) u->peers = calloc((size_t)c->ranks, sizeof *u->peers); /* what is not used is never touched */
    if (u) u->place = calloc((size_t)c->ranks, sizeof *u->place);
    if (!u || !u->peers || !u->place) {
        if (u) free(u->peers);
        free(u);
        return gt_fail(GT_NOMEM, "out of memory for the heartbeats of %d ranks", c->ranks);
    }
    u->world = world;
    u->what = "starting";
    u->busy = true;
    u->listened = gt_clock();
    in->heartbeat = u;
    if (c->rank == 0 || c->ranks <= ALL_LINKED) listen_to_all(in);
    else listen_to(in, 0);
    gt_comm_heartbeat(c, 60);
    gt_on_progress((gt_progress_hooks){beat_if_due, announce_file, c});
    return GT_OK;
}

void gt_heartbeat_link(gt_comm *c, int rank) {
    if (gt_inside(c)->heartbeat) listen_to(gt_inside(c), rank);
}

void gt_comm_heartbeat(gt_comm *c, double limit) {
    gt_heartbeat *u = gt_inside(c)->heartbeat;
    if (!u) return;
    u->limit = limit > 0 ? limit : INFINITY;
    u->interval = fmin(longest_interval, limit > 0 ? limit / BEATS : longest_interval);
    u->next = u->links_next = 0;
}

/* For how long a peer's beats have come without a long pause. By the clock: also a pause in listening makes it less
 * sure that all is well. */
static double steady(const gt_heartbeat *u, const peer *p) {
    double now = gt_clock();
    return now - p->heard > pause_part * u->limit ? 0 : now - p->since;
}

/* Peers without a beat for long take turns. */
static const peer *find_missed(gt_heartbeat *u) {
    for (int k = 0; k < u->n; k++) {
        int i = (u->turn + 1 + k) % u->n;
        if (u->peers[i].silent < missed_part * u->limit) continue;
        u->turn = i;
        return &u->peers[i];
    }
    return NULL;
}

static const peer *peer_of(const gt_comm_inside *in, int rank) {
    const gt_heartbeat *u = in->heartbeat;
    return rank >= 0 && rank < in->seen.ranks && u->place[rank] ? &u->peers[u->place[rank] - 1] : NULL;
}

static beat make_beat(const gt_comm_inside *in) {
    gt_heartbeat *u = in->heartbeat;
    beat b = {.step = u->step,
              .busy = u->busy,
              .waiting = u->waiting_since > 0 ? gt_clock() - u->waiting_since : 0,
              .missed = -1,
              .known = -1};
    snprintf(b.what, sizeof b.what, "%s", u->what);
    memcpy(b.host, in->seen.host, sizeof b.host);
    const peer *missed = find_missed(u), *known = in->seen.rank ? peer_of(in, u->peers[0].last.missed) : NULL;
    if (in->seen.rank) b.first_for = steady(u, &u->peers[0]);
    if (missed) b.missed = missed->rank, b.missed_for = missed->silent;
    if (known) b.known = known->rank, b.known_for = steady(u, known);
    return b;
}

/* A beat that could not leave yet is not followed by another: a lame network is not filled with them. */
static void send_beat(gt_comm_inside *in, peer *p, const beat *b) {
    int left = 1;
    if (p->send != MPI_REQUEST_NULL) MPI_Test(&p->send, &left, MPI_STATUS_IGNORE);
    if (!left) return;
    p->out.beat = *b;
    MPI_Isend(p->out.bytes, BEAT_BYTES, MPI_BYTE, p->rank, TAG, in->heartbeat->world, &p->send);
}

static void hear(gt_comm_inside *in, peer *p, double listened) {
    int arrived = 1;
    p->silent += listened;
    for (;;) {
        MPI_Test(&p->receive, &arrived, MPI_STATUS_IGNORE);
        if (!arrived) return;
        p->last = p->in.beat;
        p->last.what[WORD_BYTES - 1] = p->last.host[GT_HOST_BYTES - 1] = 0;
        if (p->warned)
            gt_warn("heartbeats from rank %d (%s) arrive again after %.0f s", p->rank, p->last.host, p->silent);
        double now = gt_clock();
        if (now - p->heard > pause_part * in->heartbeat->limit) p->since = now;
        p->heard = now;
        p->warned = false;
        p->silent = 0;
        listen(in, p);
    }
}

static void accuse(gt_comm *c, const peer *p) {
    gt_fail(GT_FAILED,
            "no heartbeat from rank %d (%s) for %.0f s (--heartbeat-limit); its last action: step %u, %s. Its process, "
            "its host or the network is stuck or gone",
            p->rank, p->last.host, p->silent, p->last.step, p->last.what);
    if (strcmp(p->last.host, c->host)) gt_comm_abandon(c);
    gt_comm_abort(c, GT_FAILED); /* on this host the launcher can end it, even if it is stopped */
}

/* All ranks have waited for each other for long: nobody will ever move. Only rank 0 sees that. */
static void check_standstill(gt_comm *c, double waited) {
    gt_heartbeat *u = gt_inside(c)->heartbeat;
    double least = waited;
    for (int i = 0; i < u->n; i++) least = fmin(least, u->peers[i].last.waiting);
    if (c->rank || least < BUSY_FACTOR * u->limit) return;
    gt_fail(GT_FAILED, "all ranks have been waiting for each other for %.0f s; rank 0 is at step %u, %s", least,
            u->step, u->what);
    gt_comm_abort(c, GT_FAILED);
}

/* Ranks a and b have missed each other for so long, though the beats of both have reached `third` all the while; this
 * rank is one of the three. */
static void lose_link(gt_comm_inside *in, int a, int b, int third, double silent) {
    gt_comm *c = &in->seen;
    gt_heartbeat *u = in->heartbeat;
    beat own = {.step = u->step};
    snprintf(own.what, sizeof own.what, "%s", u->what);
    memcpy(own.host, c->host, sizeof own.host);
    const peer *peers[] = {peer_of(in, a), peer_of(in, b), peer_of(in, third)};
    const beat *is[3];
    for (int i = 0; i < 3; i++) is[i] = peers[i] ? &peers[i]->last : &own;
    bool hosts = strcmp(is[0]->host, is[1]->host);
    gt_fail(GT_FAILED,
            "rank %d (%s) and rank %d (%s) have had no heartbeat from each other for %.0f s (--heartbeat-limit), "
            "though rank %d (%s) receives the heartbeats of both: the %s between %s%s%s is broken. Their last actions: "
            "step %u, %s; step %u, %s",
            a, is[0]->host, b, is[1]->host, silent, third, is[2]->host, hosts ? "network" : "connection",
            hosts ? is[0]->host : "these processes of ", hosts ? " and " : "", is[1]->host, is[0]->step, is[0]->what,
            is[1]->step, is[1]->what);
    if (hosts) gt_comm_abandon(c);
    gt_comm_abort(c, GT_FAILED);
}

/* What this peer says of others, and they of this rank. Rank 0 speaks for all; one that has lost its link to rank 0
 * ends itself a little later. */
static void check_links(gt_comm_inside *in, const peer *p) {
    const gt_heartbeat *u = in->heartbeat;
    if (in->seen.rank) {
        const peer *first = &u->peers[0];
        double late = late_part * u->limit;
        if (first->silent >= late && steady(u, p) >= late && p->last.first_for >= late)
            lose_link(in, 0, in->seen.rank, p->rank, first->silent);
        return;
    }
    double enough = lost_part * u->limit;
    if (steady(u, p) < enough) return;
    const peer *missed = peer_of(in, p->last.missed), *known = peer_of(in, p->last.known);
    if (missed && p->last.missed_for >= enough && steady(u, missed) >= enough)
        lose_link(in, p->rank, missed->rank, 0, p->last.missed_for);
    if (known && p->last.known_for >= enough && known->silent >= enough)
        lose_link(in, 0, known->rank, p->rank, known->silent);
}

static void check_peers(gt_comm_inside *in, double now) {
    gt_heartbeat *u = in->heartbeat;
    bool first = in->seen.rank == 0;
    for (int i = 0; i < u->n; i++) check_links(in, &u->peers[i]);
    for (int i = 0; i < (first ? u->n : 1); i++) {
        peer *p = &u->peers[i];
        double limit = p->last.busy ? BUSY_FACTOR * u->limit : u->limit;
        if (p->silent > limit) accuse(&in->seen, p);
        if (p->warned || p->silent < warn_part * limit) continue;
        p->warned = true;
        gt_warn("no heartbeat from rank %d (%s) for %.0f s; its last action: step %u, %s", p->rank, p->last.host,
                p->silent, p->last.step, p->last.what);
    }
    if (u->waiting_since > 0) check_standstill(&in->seen, now - u->waiting_since);
}

static void beat_now(gt_comm_inside *in, double now) {
    gt_heartbeat *u = in->heartbeat;
    double listened = fmin(now - u->listened, 2 * u->interval);
    bool links = in->seen.rank == 0 || now >= u->links_next;
    u->beating = true;
    u->listened = now;
    u->next = now + u->interval;
    if (links) u->links_next = now + fmin(fmax(u->interval, u->n / links_a_second), u->limit / 10);
    for (int i = 0; i < u->n; i++) hear(in, &u->peers[i], listened);
    beat b = make_beat(in);
    for (int i = 0; i < (links ? u->n : 1); i++) send_beat(in, &u->peers[i], &b);
    u->beating = false;
}

void gt_heartbeat_poll(gt_comm *c, double waiting_since) {
    gt_comm_inside *in = gt_inside(c);
    gt_heartbeat *u = in->heartbeat;
    if (!u) return;
    double now = gt_clock();
    if (now < u->next) return;
    u->waiting_since = waiting_since;
    beat_now(in, now);
    check_peers(in, now);
}

void gt_comm_doing(gt_comm *c, uint32_t step, const char *what) {
    gt_heartbeat *u = gt_inside(c)->heartbeat;
    if (!u) return;
    u->step = step;
    u->what = what;
    if (u->busy) u->next = 0; /* or the others would wait long for one that dies now */
    u->busy = false;
    gt_heartbeat_poll(c, 0);
}

void gt_comm_busy(gt_comm *c, const char *what) {
    gt_heartbeat *u = gt_inside(c)->heartbeat;
    if (!u) return;
    u->what = what;
    u->waiting_since = 0;
    u->busy = true;
    beat_now(gt_inside(c), gt_clock());
}

/* Within longer work that is announced already, a file needs no announcement of its own. Nor does the log file to which
 * a warning goes while beats are received. */
static void announce_file(void *comm, const char *doing, const char *name) {
    gt_heartbeat *u = gt_inside(comm)->heartbeat;
    if (doing && !u->busy && !u->beating) {
        u->before = u->what;
        snprintf(u->file, sizeof u->file, "%s %s", doing, name);
        gt_comm_busy(comm, u->file);
    } else if (!doing && u->before) {
        u->what = u->before;
        u->before = NULL;
        u->busy = false;
        beat_now(gt_inside(comm), gt_clock());
    }
}

/* All ranks are here: nothing more is sent, and what is under way is small enough to have left already. */
void gt_heartbeat_stop(gt_comm_inside *in) {
    gt_heartbeat *u = in->heartbeat;
    if (!u) return;
    gt_on_progress((gt_progress_hooks){0});
    for (int i = 0; i < u->n; i++) {
        MPI_Cancel(&u->peers[i].receive);
        MPI_Wait(&u->peers[i].receive, MPI_STATUS_IGNORE);
        if (u->peers[i].send != MPI_REQUEST_NULL) MPI_Request_free(&u->peers[i].send);
    }
    MPI_Comm_free(&u->world);
    free(u->peers);
    free(u->place);
    free(u);
    in->heartbeat = NULL;
}
