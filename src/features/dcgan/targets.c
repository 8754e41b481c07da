/* SPDX-License-Identifier: Apache-2.0
 * The targets of D and G: hard, smooth and flipped ones. */
#include <stdlib.h>

#include "gantry/log.h"
#include "graph/door/ops.h"
#include "networks/model/door/family.h"
#include "features/dcgan/loss.h"
#include "networks/nets/door/layers.h"

/* ---- what the options say ---- */

enum { LEAST = -1, MOST = 2 };

/* A number that is the first n characters of the text. */
static bool read_number(const char *text, size_t n, double *out) {
    char word[32], *end;
    if (n >= sizeof word) return false;
    memcpy(word, text, n);
    word[n] = 0;
    *out = strtod(word, &end);
    return end != word && !*end && *out >= LEAST && *out <= MOST;
}

/* "0.9" or "0.7..1.2" */
static bool read_range(const char *text, gt_dcgan_target *out) {
    const char *dots = strstr(text, "..");
    if (!read_number(text, dots ? (size_t)(dots - text) : strlen(text), &out->low)) return false;
    if (dots) return read_number(dots + 2, strlen(dots + 2), &out->high) && out->low <= out->high;
    out->high = out->low;
    return true;
}

gt_status gt_dcgan_check_range(const gt_option *o, const char *value) {
    gt_dcgan_target t;
    (void)o;
    if (read_range(value, &t)) return GT_OK;
    return gt_fail(GT_USAGE, "give a number from %d to %d, or a range of such numbers, as in 0.7..1.2", LEAST, MOST);
}

static void find(const gt_job *job, const char *key, const char *text, gt_dcgan_target *out) {
    if (gt_job_given(job, key)) read_range(text, out);
}

void gt_dcgan_find_targets(const gt_job *job, gt_dcgan_target targets[GT_DCGAN_TARGETS]) {
    const gt_dcgan_options *o = job->own;
    gt_dcgan_target *real = &targets[GT_DCGAN_REAL], *fake = &targets[GT_DCGAN_FAKE], *g = &targets[GT_DCGAN_MADE];
    *real = o->smoothing == GT_SMOOTHING_NONE ? (gt_dcgan_target){1, 1, 0} : (gt_dcgan_target){0.7, 1.2, 0};
    *fake = o->smoothing == GT_SMOOTHING_TWO_SIDED ? (gt_dcgan_target){0, 0.3, 0} : (gt_dcgan_target){0, 0, 0};
    *g = (gt_dcgan_target){1, 1, 0};
    find(job, "smooth-real", o->smooth_real, real);
    find(job, "smooth-fake", o->smooth_fake, fake);
    find(job, "smooth-g", o->smooth_g, g);
    real->flip = gt_job_given(job, "flip-real") ? o->flip_real : o->flip;
    fake->flip = gt_job_given(job, "flip-fake") ? o->flip_fake : o->flip;
    g->flip = gt_job_given(job, "flip-g") ? o->flip_g : 0;
}

static bool is_hard(const gt_dcgan_target *t, double value) {
    return !(t->low < value || t->high > value || t->flip > 0);
}

bool gt_dcgan_d_targets_vary(const gt_dcgan_target targets[GT_DCGAN_TARGETS]) {
    return !is_hard(&targets[GT_DCGAN_REAL], 1) || !is_hard(&targets[GT_DCGAN_FAKE], 0);
}

bool gt_dcgan_g_targets_vary(const gt_dcgan_target targets[GT_DCGAN_TARGETS]) {
    return !is_hard(&targets[GT_DCGAN_MADE], 1);
}

/* ---- in the log ---- */

static const gt_dcgan_target *other_of(const gt_dcgan_target targets[GT_DCGAN_TARGETS], int of) {
    return &targets[of == GT_DCGAN_FAKE ? GT_DCGAN_REAL : GT_DCGAN_FAKE];
}

static gt_text range_text(const gt_dcgan_target *t) {
    return t->high > t->low ? gt_text_of("%g..%g", t->low, t->high) : gt_text_of("%g", t->low);
}

/* "0.7..1.2, 5 % of them 0..0.3" */
static gt_text target_text(const gt_dcgan_target targets[GT_DCGAN_TARGETS], int of) {
    const gt_dcgan_target *t = &targets[of];
    gt_text own = range_text(t);
    if (!(t->flip > 0)) return own;
    return gt_text_of("%s, %g %% of them %s", own.s, 100 * t->flip, range_text(other_of(targets, of)).s);
}

void gt_dcgan_tell_targets(const gt_job *job) {
    gt_dcgan_target t[GT_DCGAN_TARGETS];
    gt_dcgan_find_targets(job, t);
    if (!gt_dcgan_d_targets_vary(t) && !gt_dcgan_g_targets_vary(t)) return;
    gt_info("targets of D: real images %s; generated images %s; of G: %s", target_text(t, GT_DCGAN_REAL).s,
            target_text(t, GT_DCGAN_FAKE).s, target_text(t, GT_DCGAN_MADE).s);
}

/* ---- as nodes ---- */

static gt_node *in_range(gt_graph *g, gt_node *u, const gt_dcgan_target *t) {
    return gt_shift(g, gt_scale(g, u, (float)(t->high - t->low)), (float)t->low);
}

gt_node *gt_dcgan_target_node(gt_graph *g, const gt_dcgan_target targets[GT_DCGAN_TARGETS], int of, const char *phase,
                              int n) {
    static const char *const names[] = {"real", "fake", "fake"}, *const logged[] = {"real", "fake", "G"};
    const gt_dcgan_target *t = &targets[of];
    gt_shape shape = GT_SHAPE(n, 1);
    gt_node *u = gt_random_uniform_op(g, gt_text_of("smooth/%s/%s", names[of], phase).s, shape);
    if (!(t->flip > 0)) {
        gt_node *own = in_range(g, u, t);
        gt_output(g, gt_text_of("Targets/%s", logged[of]).s, own);
        return own;
    }
    gt_node *chance = gt_random_uniform_op(g, gt_text_of("flip/%s/%s", names[of], phase).s, shape);
    const gt_dcgan_target *other = other_of(targets, of);
    gt_node *kept = gt_greater(g, chance, (float)t->flip);
    gt_node *target = gt_select(g, kept, in_range(g, u, t), in_range(g, u, other));
    gt_output(g, gt_text_of("Targets/%s", logged[of]).s, target);
    gt_output(g, gt_text_of("Targets/flipped_%s", logged[of]).s, gt_shift(g, gt_neg(g, kept), 1));
    return target;
}
