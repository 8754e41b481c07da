/* SPDX-License-Identifier: Apache-2.0
 * An audit of a run: see gantry/audit.h. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "audit/internal.h"
#include "gantry/job.h"
#include "gantry/log.h"
#include "gantry/text.h"
#include "gantry/version.h"
#include "model/door/family.h"

/* Half of 64 bits, so that the number is easily typed again. */
static gt_status choose_seed(const gt_audit_options *o, uint64_t *seed) {
    uint32_t bits = 0;
    *seed = o->seed;
    if (o->has_seed) return GT_OK;
    if (getrandom(&bits, sizeof bits, 0) != sizeof bits)
        return gt_fail(GT_FAILED, "the operating system gives no random number: use --seed");
    *seed = bits;
    return GT_OK;
}

/* The sum that MPI makes may have other bits on other ranks. */
static gt_status check_reduce(const audit *a) {
    return a->any_order
               ? gt_fail(GT_UNDECIDED,
                         "the run sums gradients with --reduce=allreduce, whose bits depend on ranks and MPI: it "
                         "cannot be computed again bit by bit")
               : GT_OK;
}

gt_status audit_first(audit *a) {
    a->arena = gt_arena_new();
    gt_status st = a->arena ? choose_seed(a->o, &a->found->seed) : GT_NOMEM;
    if (!st) st = audit_open(a);
    if (!st) st = audit_check(a);
    if (!st) st = audit_check_folder(a);
    return st ? st : check_reduce(a);
}

/* For the model card. That there is none changes nothing of what was found. */
static void leave_note(audit *a) {
    const gt_audit_found *f = a->found;
    double share = f->images ? (double)f->replayed / (double)f->images : 0;
    char line[512];
    const char **kept = gt_arena_array(a->arena, (size_t)a->n_places + 1, sizeof *kept);
    int n = 0;
    for (int i = 0; i < a->n_places && kept; i++)
        if (a->place[i].path) kept[n++] = a->place[i].path;
    snprintf(line, sizeof line,
             "Ledger, kept checkpoints%s and a chain of %" PRId64 " hashes are whole; of %" PRId64
             " images that the run was shown, %" PRId64 " (%.1f %%) were computed again and gave the same bits. A "
             "forgery of one stretch goes unseen with probability %.3f (seed %" PRIu64 ", gantry %s).",
             *f->data ? ", data" : "", f->links, f->images, f->replayed, 100 * share, 1 - share, f->seed, GT_VERSION);
    if (!kept || audit_note(a->o->run, line, kept, n))
        snprintf(a->found->note, sizeof a->found->note, "no " AUDIT_NOTE " for the model card: %s", gt_message());
}

gt_status gt_audit_run_all(gt_comm *comm, const gt_audit_options *o, gt_audit_found *found) {
    audit a = {.o = o, .found = found};
    bool first = comm->rank == 0;
    *found = (gt_audit_found){0};
    gt_status st = gt_comm_agree_all(comm, first ? audit_first(&a) : GT_OK);
    if (!st) st = audit_replay_all(comm, first ? &a : NULL, *o->trace || *o->compare);
    if (!st && first && o->note) leave_note(&a);
    gt_ledger_lines_free(a.ledger);
    gt_arena_free(a.arena);
    return st;
}

gt_status gt_audit_head(const char *run, char head[GT_AUDIT_HEAD], int64_t *images) {
    gt_ledger_lines *l = gt_ledger_read(run);
    if (!l) return gt_failure();
    const gt_ledger_line *last = gt_ledger_head(l);
    if (last) gt_sha256_text(&last->head, head);
    *images = last ? last->images : 0;
    gt_ledger_lines_free(l);
    return last ? GT_OK : gt_fail(GT_UNDECIDED, "%s has no chain of hashes in its " GT_LEDGER_NAME, run);
}

/* ---- what was found ---- */

static const char *time_text(double seconds, char text[32]) {
    const double minute = 60, hour = 3600;
    if (seconds < 2 * minute) snprintf(text, 32, "%.0f s", seconds);
    else if (seconds < 2 * hour) snprintf(text, 32, "%.0f minutes", seconds / minute);
    else snprintf(text, 32, "%.1f hours", seconds / hour);
    return text;
}

void gt_audit_print(const gt_audit_found *f) {
    char took[32], whole[32];
    double share = f->images ? (double)f->replayed / (double)f->images : 0;
    if (!f->lines) return;
    gt_print("whole: %" PRId64 " line%s of the ledger, %" PRId64 " checkpoint%s, %" PRId64 " link%s of the chain%s\n",
             f->lines, gt_plural(f->lines), f->checkpoints, gt_plural(f->checkpoints), f->links, gt_plural(f->links),
             *f->data ? ", the data" : "");
    if (f->begin)
        gt_print("the chain begins at %.6g kimg: what was before cannot be checked\n", (double)f->begin / 1000);
    if (f->stretches)
        gt_print("computed again: %" PRId64 " of %" PRId64 " images (%.1f %%) in %d of %d stretches, and %" PRId64
                 " link%s met, in %s; a forgery of one stretch went unseen with probability %.3f; all of it takes "
                 "about %s (--all); --seed=%" PRIu64 "\n",
                 f->replayed, f->images, 100 * share, f->computed, f->stretches, f->links_met, gt_plural(f->links_met),
                 time_text(f->seconds, took), 1 - share, f->replayed ? time_text(f->whole, whole) : "an unknown time",
                 f->seed);
    if (*f->replaced)
        gt_print("pictures that could not be read, and were replaced by others (--on-error=skip): %s\n", f->replaced);
    if (*f->unchecked) gt_print("not checked: %s\n", f->unchecked);
    if (*f->note) gt_print("%s\n", f->note);
    if (*f->head) gt_print("head at %.6g kimg: %s\n", (double)f->head_images / 1000, f->head);
}
