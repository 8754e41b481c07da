/* SPDX-License-Identifier: Apache-2.0
 * What the commands that make images share. */
#include "command/door/generator_options.h"

#include <string.h>

#include "gantry/arrays.h"
#include "runner/generator/door/directions.h"
#include "gantry/log.h"
#include "gantry/progress.h"

gt_status cli_one_network(const cli_session *s, const cli_generator_options *g) {
    const cli_arguments *a = &s->arguments;
    if (*g->network && a->n_words)
        return gt_fail(GT_USAGE, "'%s' and --network=%s: one network is needed", a->words[0], g->network);
    if (*g->network || a->n_words == 1) return GT_OK;
    bool seeds = a->n_words && *a->words[1] && !a->words[1][strspn(a->words[1], "0123456789,-")];
    if (seeds)
        return gt_fail(GT_USAGE, "'%s': one network is needed, and seeds are an option: gantry generate %s --seeds=%s",
                       a->words[1], a->words[0], a->words[1]);
    if (a->n_words) return gt_fail(GT_USAGE, "'%s' and '%s': one network is needed", a->words[0], a->words[1]);
    return gt_fail(GT_USAGE, "which network? A checkpoint, or a run's directory, is needed");
}

gt_steps_wanted cli_steps_wanted(const cli_session *s, const cli_sampler_options *o) {
    bool steps = gt_options_state(&s->options, "sampler-steps") == GT_OPTION_GIVEN;
    return (gt_steps_wanted){.sampler = o->sampler,
                             .steps = steps ? (int)o->steps : 0,
                             .guided = gt_options_state(&s->options, "guidance") == GT_OPTION_GIVEN,
                             .guidance = o->guidance};
}

gt_status cli_read_generator_options(cli_session *s, const cli_generator_options *g, gt_generator_options *options,
                                     const char **checkpoint) {
    const cli_arguments *a = &s->arguments;
    bool cut = gt_options_state(&s->options, "truncation-cutoff") == GT_OPTION_GIVEN;
    gt_status st = cli_one_network(s, g);
    if (st) return st;
    *checkpoint = *g->network ? g->network : a->words[0];
    options->noise_mode = g->noise_mode;
    options->truncation = cut && g->truncation_cutoff == 0 ? 1 : (float)g->trunc;
    options->truncated_layers = cut ? (int)g->truncation_cutoff : 0;
    options->steps = cli_steps_wanted(s, &g->sampling);
    options->reading = cli_reading(&s->options);
    return cli_choose_checkpoint(&s->options, checkpoint);
}

gt_status cli_read_edits(cli_session *s, const cli_edit_options *o, const char *checkpoint, gt_edit_wish *out) {
    bool named = *o->directions;
    *out = (gt_edit_wish){.edits = o->edit, .file = o->directions, .named = named};
    if (!*o->edit || !cli_first_rank()) return GT_OK;
    if (!named && !(out->file = gt_directions_place(s->arena, checkpoint))) return GT_NOMEM;
    return gt_h5_check(out->file);
}

gt_status cli_read_condition(cli_session *s, const char *class, const char *label, gt_condition *out) {
    if (*class && *label) return gt_fail(GT_USAGE, "--class and --label: only one of them");
    *out = (gt_condition){.class = class};
    return *label ? cli_read_numbers(s->arena, label, &out->label, &out->label_dim) : GT_OK;
}

void cli_say_stopped(gt_status status, const char *there) {
    if (status == GT_STOPPED) gt_info("%s: %s", gt_message(), there);
}

gt_status cli_share_network_all(cli_session *s, const char **checkpoint) {
    gt_status st = cli_share_path_all(s->comm, s->arena, checkpoint);
    if (!st) gt_info("Loading networks from \"%s\"...", *checkpoint);
    if (!st) gt_tell_start("loading networks", NULL, 0);
    return st;
}
