/* SPDX-License-Identifier: Apache-2.0
 * Scorings, gantry/score.h: options, and the networks that metrics need. scoring_values.c computes the values. */
#include "base/door/numbers.h"
#include "metrics/door/metric.h"
#include "features/score/feature_net.h"
#include "features/score/scoring.h"

static bool is_given(const char *path) { return path && *path; }

/* ---- options ---- */

/* What else gives the features of this score, for messages about a published network that is not there. */
static const char *other_detectors(const gt_metric_options *o, const gt_metric_request *r) {
    if (r->row->needs & GT_METRIC_PROBABILITIES) return "or give --detector=RUN, a classifier trained with Gantry";
    if (o->keeps_features) return "or give --detector=RUN, a classifier or an autoencoder trained with Gantry";
    return "or give --detector=RUN, a classifier or an autoencoder trained with Gantry; or --detector=pixels, which "
           "needs no file: its scores compare networks for the same real pictures, but cannot be compared with "
           "published scores or those of another detector";
}

static gt_status want_published(const gt_metric_options *o, const gt_metric_request *r, const char *what,
                                const char *kind) {
    const gt_feature_net_kind *k = gt_feature_net_find(kind);
    return gt_fail(GT_USAGE, "%s needs the weights of %s, --%s=%s (curl -LO %s); %s", r->metric, what, kind, k->file,
                   k->address, other_detectors(o, r));
}

static gt_status check_weights(const gt_metric_options *o, const gt_metric_request *r) {
    if (o->statistics && r->row->network != GT_METRIC_LPIPS) return GT_OK;
    switch (r->row->network) {
    case GT_METRIC_INCEPTION:
        if (is_given(o->detector) || is_given(o->inception)) return GT_OK;
        return want_published(o, r, "Inception", "inception");
    case GT_METRIC_VGG16:
        if (is_given(o->detector) || is_given(o->vgg16)) return GT_OK;
        return want_published(o, r, "VGG16", "vgg16");
    case GT_METRIC_LPIPS:
        if (is_given(o->vgg16) && is_given(o->lpips)) return GT_OK;
        return gt_fail(GT_USAGE,
                       "%s needs LPIPS: the weights of VGG16, --vgg16=%s, and of its channels, --lpips=vgg.pth; no "
                       "other network can replace them",
                       r->metric, gt_feature_net_find("vgg16")->file);
    case GT_METRIC_CLASSIFIER:
        if (is_given(o->detector)) return GT_OK;
        return gt_fail(GT_USAGE, "%s needs a classifier of these classes: --detector=RUN", r->metric);
    case GT_METRIC_NO_NETWORK:
    case GT_METRIC_OR_PIXELS: break;
    }
    return GT_OK;
}

static gt_status read_options(const gt_metric_options *o, gt_metric_request asked[GT_METRICS_MAX], int *n) {
    gt_status st = gt_metrics_parse(o->metrics, o->count, o->all, asked, n);
    if (st) gt_wrap(st, "--metrics");
    for (int i = 0; i < *n && !st; i++) st = check_weights(o, &asked[i]);
    return st;
}

gt_status gt_metric_options_check(const gt_metric_options *o) {
    gt_metric_request asked[GT_METRICS_MAX];
    int n;
    return read_options(o, asked, &n);
}

/* ---- detectors ---- */

int gt_scoring_lane(const gt_scoring *s, int score) {
    switch (s->asked[score].row->network) {
    case GT_METRIC_INCEPTION: return is_given(s->o.detector) ? GT_LANE_OWN : GT_LANE_INCEPTION;
    case GT_METRIC_VGG16: return is_given(s->o.detector) ? GT_LANE_OWN : GT_LANE_VGG16;
    case GT_METRIC_CLASSIFIER: return GT_LANE_OWN;
    case GT_METRIC_OR_PIXELS: return is_given(s->o.detector) ? GT_LANE_OWN : GT_LANE_PIXELS;
    case GT_METRIC_LPIPS:
    case GT_METRIC_NO_NETWORK: break;
    }
    return GT_LANE_NONE;
}

/* The published network of a lane could not be opened: the message gets what else the lane's first score can take. */
static gt_status offer_others(const gt_scoring *s, int lane, gt_status st) {
    char why[1024];
    int i = 0;
    while (i < s->n && gt_scoring_lane(s, i) != lane) i++;
    if (!st || lane == GT_LANE_OWN || i == s->n) return st;
    snprintf(why, sizeof why, "%s", gt_message());
    return gt_fail(st, "%s; %s", why, other_detectors(&s->o, &s->asked[i]));
}

gt_status gt_scoring_open_extractor_all(gt_scoring *s, int lane) {
    const char *const paths[] = {s->o.detector, s->o.inception, s->o.vgg16}, *const kinds[] = {NULL, "inception",
                                                                                               "vgg16"};
    gt_comm *comm = s->team.comm;
    if (lane == GT_LANE_NONE || lane == GT_LANE_PIXELS || s->extractor[lane]) return GT_OK;
    if (s->o.statistics && !is_given(paths[lane])) return GT_OK;
    gt_extractor_options o = {.kind = kinds[lane],
                              .pool = s->team.pool,
                              .reading = {.kernels = s->team.kernels, .given = s->o.given},
                              .resize = s->o.resize};
    gt_status st = GT_OK;
    s->extractor[lane] = gt_extractor_open(paths[lane], &o, &st);
    st = gt_comm_agree_all(comm, offer_others(s, lane, st));
    if (st) return st;
    gt_hash128 hash = gt_extractor_hash(s->extractor[lane]);
    bool same = gt_comm_as_first_all(comm, &hash, sizeof hash);
    return gt_comm_agree_all(comm,
                             same ? GT_OK : gt_fail(GT_FAILED, "'%s' is another network than on rank 0", paths[lane]));
}

static gt_status check_extractor(const gt_scoring *s, int score) {
    const gt_metric_request *r = &s->asked[score];
    int lane = gt_scoring_lane(s, score), needs = r->row->needs;
    if (lane == GT_LANE_NONE || !s->extractor[lane]) return GT_OK;
    if (needs & (GT_METRIC_CLASSES | GT_METRIC_PROBABILITIES) && !gt_extractor_classes(s->extractor[lane]))
        return gt_fail(GT_USAGE, "%s needs a detector that predicts classes; '%s' does not", r->metric, s->o.detector);
    return GT_OK;
}

static gt_status open_networks_all(gt_scoring *s) {
    gt_status st = read_options(&s->o, s->asked, &s->n);
    st = gt_comm_agree_all(s->team.comm, st);
    for (int i = 0; i < s->n && !st; i++) {
        st = gt_scoring_open_extractor_all(s, gt_scoring_lane(s, i));
        if (!st) st = gt_comm_agree_all(s->team.comm, check_extractor(s, i));
        if (st || s->asked[i].row->network != GT_METRIC_LPIPS || s->lpips) continue;
        s->lpips = gt_lpips_open(s->o.vgg16, s->o.lpips, &st);
        st = gt_comm_agree_all(s->team.comm, st);
    }
    return st;
}

/* The options with texts of their own; false: out of memory. */
static bool copy_options(gt_scoring *s) {
    const char **texts[] = {&s->o.metrics, &s->o.detector, &s->o.inception, &s->o.vgg16, &s->o.lpips};
    bool whole = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i]) whole &= (*texts[i] = gt_arena_printf(s->arena, "%s", *texts[i])) != NULL;
    return whole;
}

gt_scoring *gt_scoring_open_all(const gt_team *team, const gt_metric_options *o, gt_status *status) {
    gt_arena *arena = gt_arena_new();
    gt_scoring *s = arena ? gt_arena_alloc(arena, sizeof *s) : NULL;
    if (s) *s = (gt_scoring){.arena = arena, .team = *team, .o = *o};
    if (s) s->team.stop = o->stop;
    bool whole = s && copy_options(s);
    gt_status st = gt_comm_agree_all(team->comm, whole ? GT_OK : gt_fail(GT_NOMEM, "out of memory for scores"));
    if (!st) st = open_networks_all(s);
    if (status) *status = st;
    if (!st) return s;
    if (s) gt_scoring_close(s);
    else gt_arena_free(arena);
    return NULL;
}

void gt_scoring_close(gt_scoring *s) {
    if (!s) return;
    for (int i = 0; i < GT_LANES; i++) gt_extractor_close(s->extractor[i]);
    gt_lpips_free(s->lpips);
    gt_arena_free(s->arena);
}

void gt_scoring_set_seed(gt_scoring *s, uint64_t seed) { s->o.seed = seed; }

void gt_scoring_set_held_out(gt_scoring *s, gt_picture_set *held_out) { s->held_out = held_out; }

int64_t gt_scoring_fakes(const gt_scoring *s) {
    int64_t most = 0;
    for (int i = 0; i < s->n; i++)
        if (s->asked[i].row->network != GT_METRIC_LPIPS) most = gt_largest(most, s->asked[i].count);
    return most;
}

bool gt_scoring_needs_paths(const gt_scoring *s) {
    for (int i = 0; i < s->n; i++)
        if (s->asked[i].row->network == GT_METRIC_LPIPS) return true;
    return false;
}

static bool any_needs(const gt_scoring *s, int what) {
    for (int i = 0; i < s->n; i++)
        if (s->asked[i].row->needs & what) return true;
    return false;
}

bool gt_scoring_needs_reals(const gt_scoring *s) { return any_needs(s, GT_METRIC_REALS); }

bool gt_scoring_has_base(const gt_scoring *s) { return any_needs(s, GT_METRIC_BASE); }
