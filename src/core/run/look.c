/* SPDX-License-Identifier: Apache-2.0
 * Do runs go on? Their locks tell (gantry/rundir.h). A holder that cannot be looked at, such as one on another host, is
 * judged by its beat, which moves every 5 s: it lives when the beat moves while it is watched, or when the file is as
 * young as that of a living one. Clocks of hosts may differ, so a file that looks old is watched before its holder
 * counts as dead. */
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/door/clock.h"
#include "gantry/progress.h"
#include "run/door/rundir.h"

/* Seconds. fresh: a living holder's file is younger, by clocks that agree; still: a living holder's beat moves within
 * this time (gt_lock_take() waits as long); ages: no clocks differ so much. */
static const double fresh = 20, still = 30, ages = 86400, pause_s = 0.25;

static double age_of_lock(const char *dir) {
    struct stat s;
    GT_FREED char *path = gt_path_join(dir, "lock");
    bool there = path && stat(path, &s) == 0;
    return there ? gt_unix_time() - ((double)s.st_mtim.tv_sec + (double)s.st_mtim.tv_nsec * 1e-9) : 0;
}

static bool has_ended(const char *dir) {
    gt_starts *s = gt_starts_read(dir);
    bool ended = s && *s->state;
    gt_starts_free(s);
    return ended;
}

static void judge_first(const char *dir, gt_run_look *l) {
    double age = age_of_lock(dir);
    l->held = fabs(age) < fresh;
    l->known = l->held || age > ages || has_ended(dir);
}

static void look_at(const char *dir, gt_run_look *l) {
    const gt_lock_seen seen = gt_lock_look(dir);
    const bool first = !(l->since > 0), same = seen.token == l->token && seen.beat == l->beat;
    const double now = gt_clock();
    if (first || !same) l->token = seen.token, l->beat = seen.beat, l->since = now;
    if (!seen.held || seen.sure) {
        l->held = seen.held;
        l->known = true;
    } else if (first) {
        judge_first(dir, l);
    } else if (!same || now - l->since >= still) {
        l->held = !same;
        l->known = true;
    }
}

void gt_runs_look(const char *const *dirs, int n, gt_run_look *look) {
    for (int i = 0; i < n; i++) look_at(dirs[i], &look[i]);
    for (bool told = false;; told = true) {
        bool open = false;
        for (int i = 0; i < n; i++) {
            if (!look[i].known) look_at(dirs[i], &look[i]);
            open |= !look[i].known;
        }
        if (open && !told) gt_tell_start("waiting for a sign of life from another host", NULL, 0);
        if (!open && told) gt_tell_end();
        if (!open) return;
        gt_sleep(pause_s);
    }
}
