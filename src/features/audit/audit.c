/* SPDX-License-Identifier: Apache-2.0
 * An audit of a run: see features/audit/audit.h. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "features/audit/internal.h"
#include "base/door/file.h"
#include "gantry/job.h"
#include "gantry/log.h"
#include "gantry/text.h"
#include "gantry/version.h"
#include "networks/model/door/family.h"

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

/* What the hashes of the ledger leave open, as sentences; "": nothing. */
static void say_open(const gt_audit_found *f, gt_buffer *text) {
    if (f->late)
        gt_buffer_printf(text, " The chain begins at %.6g kimg: what was before, and so the network, is not proven.",
                         (double)f->begin / 1000);
    else if (!f->begins_right) gt_buffer_printf(text, " The state with which the run begins was not made again.");
    if (f->transfers)
        gt_buffer_printf(text,
                         " The run began with other networks (SHA-256 %s): the chain is as good as the source's own.",
                         *f->source ? f->source : "unknown");
    if (f->rollbacks > 0 && f->rollbacks_met < f->rollbacks)
        gt_buffer_printf(text, " It was not computed again whether the run had to go back (%s).", f->rolled_back);
    if (f->other_words)
        gt_buffer_printf(text, " The recipe is in other words than this version writes: the head covers the words.");
    if (f->arithmetic_changed)
        gt_buffer_printf(
            text,
            " The arithmetic has changed (%s): the same recipe, data and seed give another network where it "
            "changes elsewhere.",
            f->arithmetics);
    if (!*f->data) gt_buffer_printf(text, " The run has no link yet: no hash covers its data.");
    if (f->form < 2)
        gt_buffer_printf(text, " The chain has the form of 1.0.0: rollbacks, the length of the run and the source of a "
                               "transfer are in the lines of the ledger, not in the head.");
}

/* A probability with three digits: what is promised is not rounded down. */
static double promised(double p) { return fabs(ceil(1000 * p - 1e-6)) / 1000; }

/* All checkpoints of the folder, also those from before a chain that begins late. */
static const char *const *list_kept(const audit *a, int *n) {
    const char **kept = gt_arena_array(a->arena, (size_t)a->n_kept + 1, sizeof *kept);
    *n = a->n_kept;
    for (int i = 0; i < a->n_kept && kept; i++) kept[i] = a->kept[i].path;
    return kept;
}

/* For the model card. That there is none changes nothing of what was found. */
static void leave_note(audit *a) {
    const gt_audit_found *f = a->found;
    double share = f->images ? (double)f->replayed / (double)f->images : 0;
    char line[1600], pictures[96] = "";
    GT_BUFFER gt_buffer open = {0};
    say_open(f, &open);
    if (a->o->pictures)
        snprintf(pictures, sizeof pictures,
                 "%" PRId64 " picture%s what the record says, made by a network of the run. ", a->o->pictures,
                 a->o->pictures == 1 ? " is" : "s are");
    int n = 0;
    const char *const *kept = list_kept(a, &n);
    snprintf(line, sizeof line,
             "%s%s%sLedger, kept checkpoints%s and a chain of %" PRId64 " hashes are whole; of %" PRId64
             " images that the run was shown, %" PRId64 " (%.1f %%) were computed again and gave the same bits. One "
             "forged interval between links goes unseen with probability %.3f, at the worst place %.3f (seed %" PRIu64
             ", gantry %s).",
             open.data ? open.data + 1 : "", open.data ? " " : "", pictures, f->data_met ? ", data" : "", f->links,
             f->images, f->replayed, 100 * share, promised(f->unseen), promised(f->worst), f->seed, GT_VERSION);
    if (!kept || audit_note(a->o->run, line, kept, n))
        snprintf(a->found->note, sizeof a->found->note, "no " AUDIT_NOTE " for the model card: %s", gt_message());
}

/* A run that goes on removes checkpoints: what fails by that is not known. */
static gt_status judge(const audit *a, gt_status st) {
    if (st != GT_FAILED && st != GT_FORMAT) return st;
    for (int i = 0; i < a->n_kept && a->kept; i++)
        if (access(a->kept[i].path, F_OK))
            return gt_wrap(GT_UNDECIDED, "the run goes on, and has removed a checkpoint meanwhile");
    return st;
}

gt_status gt_audit_run_all(gt_comm *comm, const gt_audit_options *o, gt_audit_found *found) {
    audit a = {.o = o, .found = found};
    bool first = comm->rank == 0;
    *found = (gt_audit_found){.unseen = 1, .worst = 1}; /* until something is computed */
    gt_status st = gt_comm_agree_all(comm, first ? judge(&a, audit_first(&a)) : GT_OK);
    if (!st) st = audit_replay_all(comm, first ? &a : NULL, *o->trace || *o->compare);
    if (first && o->note && (!st || (st == GT_UNDECIDED && found->lines))) leave_note(&a);
    gt_ledger_lines_free(a.ledger);
    gt_arena_free(a.arena);
    return st;
}

gt_status gt_audit_head(const char *run, char head[GT_AUDIT_HEAD], int64_t *images, int64_t *begin, int64_t *links) {
    gt_ledger_lines *l = gt_ledger_read(run);
    if (!l) return gt_failure();
    const gt_ledger_line *last = gt_ledger_head(l), *chain = last && last->chain ? &l->line[last->chain - 1] : NULL;
    if (last) gt_sha256_text(&last->head, head);
    *images = !last ? 0 : last->event == GT_LEDGER_ROLLBACK ? last->to_images : last->images;
    *begin = chain ? chain->images : 0;
    *links = 0;
    for (int i = 0; i < l->n && chain; i++)
        *links += l->line[i].event == GT_LEDGER_LINK && !l->line[i].superseded && l->line[i].chain == chain->number;
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
    char took[32], whole[32], draws[40] = "";
    double share = f->images ? (double)f->replayed / (double)f->images : 0;
    if (!f->lines) return;
    gt_print("whole: %" PRId64 " line%s of the ledger, %" PRId64 " checkpoint%s, %" PRId64 " link%s of the chain%s\n",
             f->lines, gt_plural(f->lines), f->checkpoints, gt_plural(f->checkpoints), f->links, gt_plural(f->links),
             f->data_met ? ", the data" : "");
    gt_print("start%s: %" PRId64 "; length of the run: %s; rollback%s: %s; arithmetic: %s\n", gt_plural(f->starts),
             f->starts, f->lengths, gt_plural(f->rollbacks), f->rollbacks ? f->rolled_back : "none", f->arithmetics);
    if (f->open_end) gt_print("the last line of the ledger is of a program before 1.1: no hash covers it\n");
    gt_buffer open = {0};
    say_open(f, &open);
    if (open.data) gt_print("not proven:%s\n", open.data);
    gt_buffer_free(&open);
    if (f->draws) snprintf(draws, sizeof draws, "--segments=%" PRId64 " ", f->draws);
    if (f->intervals)
        gt_print("computed again: %" PRId64 " of %" PRId64 " images (%.1f %%), %d of %d intervals between links, and "
                 "%" PRId64 " link%s met, in %s; one forged interval goes unseen with probability %.3f, at the "
                 "worst place %.3f; all of it takes about %s (--all); %s--seed=%" PRIu64 "\n",
                 f->replayed, f->images, 100 * share, f->computed, f->intervals, f->links_met, gt_plural(f->links_met),
                 time_text(f->seconds, took), promised(f->unseen), promised(f->worst),
                 f->replayed ? time_text(f->whole, whole) : "an unknown time", draws, f->seed);
    if (*f->replaced)
        gt_print("pictures that could not be read, and were replaced by others (--on-error=skip): %s\n", f->replaced);
    if (*f->unchecked) gt_print("not checked: %s\n", f->unchecked);
    if (*f->note) gt_print("%s\n", f->note);
    if (*f->head)
        gt_print("head at %.6g kimg: %s%s\n", (double)f->head_images / 1000, f->head,
                 f->late           ? ", of a chain that does not begin with the run: the network is not proven"
                 : f->begins_right ? ""
                                   : ", whose beginning was not made again: the network is not proven");
}
