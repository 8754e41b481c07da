/* SPDX-License-Identifier: Apache-2.0
 * How the ranks of a host come by memory that they share (shared.h). They exchange the names of their sockets by MPI,
 * the first makes the memory and sends it round, each maps all and reserves its own part. After each of these stages
 * they vote, and go on only where it went well for all: nobody waits for one that failed. A tag that only these ranks
 * know stands in each message and at the head of each part: a stranger's message is not taken for the leader's. */
#define _GNU_SOURCE
#include "dist/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/door/machine.h"
#include "base/door/numbers.h"
#include "base/door/program.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U /* Linux 6.3 */
#endif
enum { PAGE = 4096 };

typedef struct introduction { /* of a rank to the others of its host */
    struct sockaddr_un name;
    socklen_t length;
    uint64_t bytes, tag;
} introduction;

typedef struct meeting {
    gt_comm *comm;
    introduction *all; /* [local_ranks] */
    int socket, memory;
    gt_shared *result;
} meeting;

static const char no_memory[] = "the ranks of this host cannot share memory";

static gt_status failed(const char *why) { return gt_fail(GT_FAILED, "%s: %s: %s", no_memory, why, strerror(errno)); }

static bool all_well_all(gt_comm *c, gt_status st) {
    int well = !st;
    MPI_Request request;
    MPI_Iallreduce(MPI_IN_PLACE, &well, 1, MPI_INT, MPI_MIN, gt_inside(c)->node, &request);
    gt_comm_wait(c, 1, &request);
    return well;
}

/* A socket with a name that the kernel chooses. */
static gt_status arrive(meeting *m, size_t bytes) {
    introduction *own = &m->all[m->comm->local_rank];
    *own = (introduction){
        .name.sun_family = AF_UNIX, .length = sizeof own->name, .bytes = bytes, .tag = gt_random_tag()};
    m->result->starts = calloc((size_t)m->comm->local_ranks, sizeof *m->result->starts);
    if (!m->result->starts) return failed("where it begins");
    m->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (m->socket < 0 || bind(m->socket, (struct sockaddr *)&own->name, sizeof own->name.sun_family) ||
        getsockname(m->socket, (struct sockaddr *)&own->name, &own->length))
        return failed("no socket");
    return GT_OK;
}

static void introduce_all(meeting *m) {
    MPI_Request request;
    MPI_Iallgather(MPI_IN_PLACE, 0, MPI_BYTE, m->all, sizeof *m->all, MPI_BYTE, gt_inside(m->comm)->node, &request);
    gt_comm_wait(m->comm, 1, &request);
    gt_shared *s = m->result;
    s->bytes = 0;
    for (int i = 0; i < m->comm->local_ranks; i++) {
        if (s->starts) s->starts[i] = s->bytes;
        s->bytes += (size_t)gt_round_up((int64_t)m->all[i].bytes, PAGE);
    }
}

/* Beyond the limit of file sizes (ulimit -f) a signal comes as well, which would end the process: gt_write_all(). */
static int without_signal(int (*resize)(int, off_t, off_t), int fd, size_t at, size_t bytes) {
    sigset_t raised, before;
    sigemptyset(&raised);
    sigaddset(&raised, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &raised, &before);
    int error;
    do error = resize(fd, (off_t)at, (off_t)bytes);
    while (error == EINTR);
    if (error == EFBIG) sigtimedwait(&raised, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static int set_size(int fd, off_t at, off_t bytes) { return ftruncate(fd, at + bytes) ? errno : 0; }

static gt_status make_memory(meeting *m) {
    gt_machine machine;
    gt_machine_look(&machine);
    if (machine.available && m->result->bytes > machine.available)
        return gt_fail(GT_FAILED, "%s: %.0f MB are needed, %.0f MB available", no_memory,
                       (double)m->result->bytes / 1e6, (double)machine.available / 1e6);
    m->memory = memfd_create("gantry", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (m->memory < 0 && errno == EINVAL) m->memory = memfd_create("gantry", MFD_CLOEXEC);
    if (m->memory < 0) return failed("it cannot be made");
    return (errno = without_signal(set_size, m->memory, 0, m->result->bytes)) ? failed("its size cannot be set")
                                                                              : GT_OK;
}

/* One message: the leader's tag, and a descriptor beside it. */
typedef struct parcel {
    uint64_t tag;
    struct iovec data;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct msghdr message;
} parcel;

static void pack(parcel *p) {
    p->data = (struct iovec){&p->tag, sizeof p->tag};
    memset(p->control, 0, sizeof p->control);
    p->message = (struct msghdr){
        .msg_iov = &p->data, .msg_iovlen = 1, .msg_control = p->control, .msg_controllen = sizeof p->control};
}

static gt_status send_round(meeting *m) {
    parcel p = {.tag = m->all[0].tag};
    pack(&p);
    struct cmsghdr *head = CMSG_FIRSTHDR(&p.message);
    *head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(head), &m->memory, sizeof m->memory);
    for (int i = 1; i < m->comm->local_ranks; i++) {
        p.message.msg_name = &m->all[i].name;
        p.message.msg_namelen = m->all[i].length;
        if (sendmsg(m->socket, &p.message, MSG_DONTWAIT) < 0) return failed("it cannot be sent");
    }
    return GT_OK;
}

/* The leader's message is here already. */
static gt_status receive(meeting *m) {
    for (;;) {
        parcel p = {0};
        int fd = -1;
        pack(&p);
        ssize_t n = recvmsg(m->socket, &p.message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed("it does not come");
        struct cmsghdr *head = CMSG_FIRSTHDR(&p.message);
        if (head && head->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(head), sizeof fd);
        if (fd >= 0 && n == sizeof p.tag && p.tag == m->all[0].tag) {
            m->memory = fd;
            return GT_OK;
        }
        if (fd >= 0) close(fd);
    }
}

static uint64_t *tag_in(const meeting *m, int local_rank) { return gt_shared_part(m->result, local_rank); }

static gt_status map_and_reserve(meeting *m) {
    gt_shared *s = m->result;
    int self = m->comm->local_rank;
    struct stat is;
    if (fstat(m->memory, &is)) return failed("the received file is not memory");
    if ((size_t)is.st_size < s->bytes) return gt_fail(GT_FAILED, "%s: it is shorter than agreed", no_memory);
    errno = without_signal(posix_fallocate, m->memory, s->starts[self], m->all[self].bytes);
    if (errno) return failed("it cannot be reserved");
    void *p = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, m->memory, 0);
    if (p == MAP_FAILED) return failed("it cannot be mapped");
    madvise(p, s->bytes, MADV_HUGEPAGE);
    s->base = p;
    *tag_in(m, self) = m->all[self].tag;
    return GT_OK;
}

/* Everybody has written its tag: is it the same memory for all? */
static gt_status check_tags(const meeting *m) {
    for (int i = 0; i < m->comm->local_ranks; i++)
        if (*tag_in(m, i) != m->all[i].tag)
            return gt_fail(GT_FAILED, "%s: it is not the same for all ranks", no_memory);
    return GT_OK;
}

static gt_status share_all(meeting *m, size_t bytes, bool *well) {
    gt_comm *c = m->comm;
    gt_status st = arrive(m, bytes);
    introduce_all(m);
    if (!(*well = all_well_all(c, st))) return st;
    if (c->local_rank == 0 && !(st = make_memory(m))) st = send_round(m);
    if (!(*well = all_well_all(c, st))) return st;
    if (c->local_rank > 0) st = receive(m);
    if (!st) st = map_and_reserve(m);
    if (!(*well = all_well_all(c, st))) return st;
    st = check_tags(m);
    *well = all_well_all(c, st); /* before the tags are written over */
    return st;
}

gt_status gt_shared_open_all(gt_comm *c, size_t bytes, gt_shared *s) {
    *s = (gt_shared){0};
    if (c->local_ranks == 1) return GT_OK;
    introduction all[c->local_ranks];
    meeting m = {.comm = c, .all = all, .socket = -1, .memory = -1, .result = s};
    bool well;
    gt_status st = share_all(&m, bytes, &well);
    if (m.socket >= 0) close(m.socket);
    if (m.memory >= 0) close(m.memory);
    if (well) *tag_in(&m, c->local_rank) = 0;
    else gt_shared_close(s);
    return st;
}

void gt_shared_close(gt_shared *s) {
    if (s->base) munmap(s->base, s->bytes);
    free(s->starts);
    *s = (gt_shared){0};
}
