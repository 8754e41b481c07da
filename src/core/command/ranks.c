/* SPDX-License-Identifier: Apache-2.0
 * How the ranks of a command meet: a rank that cannot begin tells the others, and the work begins only where all ranks
 * have been given the same command. */
#include <stdlib.h>
#include <string.h>

#include "command/door/cli.h"
#include "gantry/dist.h"
#include "command/launch/door/launch.h"
#include "gantry/progress.h"

enum { MOST_OWN = 32 }; /* bits of own_words */

gt_status cli_note_settings(cli_settings *out, const cli_command *c, const gt_options *o,
                            const cli_arguments *arguments) {
    gt_setting *options = NULL;
    int n_options = 0;
    gt_status st = o ? gt_options_settings(o, &options, &n_options) : GT_OK;
    gt_arena *a = out->arena;
    int n_words = arguments->help ? 0 : arguments->n_words;
    out->n = 0;
    out->list = st ? NULL : gt_arena_array(a, (size_t)(2 + n_words + n_options), sizeof *out->list);
    if (!out->list) return st ? st : GT_NOMEM;
    out->list[out->n++] = (gt_setting){"the command",
                                       gt_arena_printf(a, "gantry %s%s", c->name, arguments->help ? " --help" : "")};
    out->list[out->n++] = (gt_setting){"the number of arguments", gt_arena_printf(a, "%d", n_words)};
    for (int i = 0; i < n_words; i++) {
        if (i < MOST_OWN && c->own_words >> i & 1) continue;
        out->list[out->n++] = (gt_setting){gt_arena_printf(a, "argument %d", i + 1),
                                           gt_arena_printf(a, "%s", arguments->words[i])};
    }
    if (gt_arena_failed(a)) return GT_NOMEM;
    if (n_options) memcpy(out->list + out->n, options, (size_t)n_options * sizeof *options);
    out->n += n_options;
    return GT_OK;
}

gt_comm *cli_meet_all(const cli_settings *mine, int threads, gt_status *st) {
    gt_status found = *st;
    if (found && gt_mpi_launched_ranks() == 1) return NULL; /* nobody waits */
    GT_FREED char *message = found ? strdup(gt_message()) : NULL;
    bool first = cli_first_rank();
    if (first) gt_tell_start("starting", NULL, 0);
    gt_comm *c = gt_comm_start_all(threads, st);
    if (c) {
        gt_launch_succeeded();
        if (found) gt_fail(found, "%s", message ? message : "out of memory");
        *st = gt_comm_agree_all(c, found);
        if (!*st) *st = gt_comm_same_settings_all(c, mine->list, mine->n);
    }
    if (first) gt_tell_end();
    return c;
}

int cli_end_early(const cli_command *c, const cli_arguments *arguments, cli_settings *mine, gt_status st) {
    gt_comm *comm = NULL;
    if (c->ranks && gt_mpi_launched_ranks() > 1) {
        if (!st) st = cli_note_settings(mine, c, NULL, arguments);
        comm = cli_meet_all(mine, 1, &st);
    }
    if (!st && (comm ? comm->rank == 0 : cli_first_rank())) cli_print_help(c, cli_value_of(arguments, "model"), stdout);
    return cli_leave(c->name, st, comm);
}

/* ---- signals ---- */

/* NULL is always there. Options may stand before an action. */
static bool has_word(char *const *command, const char *word) {
    bool has = !word;
    for (char *const *w = command + 1; !has && *w; w++) has = !strcmp(*w, word);
    return has;
}

gt_launch_stop cli_launch_stop(char *const *command) {
    const cli_command *c = cli_find(command[0]);
    const bool gentle = c->stopping && has_word(command, c->stopping_action);
    return (gt_launch_stop){.words = gentle ? c->stopping : "stopping", .gentle = gentle, .meets = c->ranks};
}
