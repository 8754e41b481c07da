/* SPDX-License-Identifier: Apache-2.0
 * The commands that make images by a generator (generate, mix, walk): what they share. */
#ifndef GANTRY_COMMAND_DOOR_GENERATOR_OPTIONS_H
#define GANTRY_COMMAND_DOOR_GENERATOR_OPTIONS_H

#include "command/door/cli.h"
#include "gantry/generate.h"

/* Parts of the command's fields: how a model that makes pictures in steps makes them; its rows name the place.
 * --reals of gantry metrics and --projected-w of gantry generate leave nothing for them to do. */
typedef struct cli_sampler_options {
    gt_solver sampler;
    int64_t steps;
    double guidance;
} cli_sampler_options;

#define CLI_SAMPLER_OPTIONS(place)                                                                                \
    {CLI_ROW("sampler-steps", place.steps, NULL, "Diffusion models: number of steps"), .derived = "from the run", \
     .min = 1, .max = 10000, .with = "!--reals"},                                                                 \
        {CLI_ROW("sampler", place.sampler, "", "Diffusion models: how steps are computed; empty: from the run"),  \
         GT_CHOICES(GT_SOLVERS), .with = "!--reals"},                                                             \
    {                                                                                                             \
        CLI_ROW("guidance", place.guidance, NULL, "Diffusion models: how strongly labels steer pictures"),        \
            .derived = "from the run", .max = 100, .with = "!--reals"                                             \
    }

/* What is given of them, the rest as the run's job says. */
gt_steps_wanted cli_steps_wanted(const cli_session *s, const cli_sampler_options *o);

/* The place is `generating`. */
typedef struct cli_generator_options {
    const char *network;
    gt_noise_mode noise_mode;
    double trunc;
    int64_t truncation_cutoff;
    cli_sampler_options sampling;
} cli_generator_options;

#define CLI_GENERATOR_OPTIONS                                                                            \
    {CLI_SHOWN("trunc", generating.trunc, "1", "Truncation psi; below 1: less variety, better images"),  \
     .placeholder = "PSI", .with = "!--projected-w",                                                     \
     .detail = "With 0 all seeds and all classes have one picture, that of the mean of w."},             \
        {CLI_SHOWN("noise-mode", generating.noise_mode, "const", "Noise inputs of the generator"),       \
         GT_CHOICES(GT_NOISE_MODES)},                                                                    \
        {CLI_ROW("network", generating.network, "", "Checkpoint or run, instead of the first argument"), \
         .path = true},                                                                                  \
        CLI_SAMPLER_OPTIONS(generating.sampling), {                                                      \
        CLI_ROW("truncation-cutoff", generating.truncation_cutoff, NULL,                                 \
                "Number of layers of styles that --trunc acts on, counted from the first"),              \
            .derived = "all", .max = 1024, .with = "!--projected-w"                                      \
    }

/* The member `record` of the command's request. */
#define CLI_RECORD                                                                                                   \
    {                                                                                                                \
        CLI_ROW("record", request.record, "full", "What pictures say of themselves: network, seed, options"),        \
            GT_CHOICES(GT_RECORDS),                                                                                  \
            .detail = "A record beside the pixels, with which `gantry audit` makes the picture again, and XMP that " \
                      "names it the work of a trained network (docs/verify.md). short: without names of classes; "   \
                      "none: neither of them. Pixels do not change."                                                 \
    }

/* Steps along directions, in the member `editing` of the command's struct. */
typedef struct cli_edit_options {
    const char *edit, *directions;
} cli_edit_options;
#define CLI_EDIT_OPTIONS(more)                                                                                         \
    {CLI_SHOWN("edit", editing.edit, "", "Steps along directions, as in d3:+2.5 or d3:2,0-3,glasses:-1"),              \
     .placeholder = "EDITS", .check = cli_check_edits,                                                                 \
     .detail = "Each step is the name of a direction from `gantry directions`, a strength in standard deviations of "  \
               "w, and optionally the layers to move. Steps are added to the styles after truncation." more},          \
    {                                                                                                                  \
        CLI_ROW("directions", editing.directions, "", "File of the directions, .h5 of gantry directions or .npy"),     \
            .placeholder = "FILE", .path = true, .with = "--edit",                                                     \
            .detail = "Empty: directions.h5 in the run. The array in a .npy, [K,w_dim] or [K,layers,w_dim], holds "    \
                      "the directions d0, d1, ..., and strength 1 adds them unchanged; [layers,w_dim] holds d0 alone." \
    }
/* The checkpoint has been chosen (cli_read_generator_options). */
gt_status cli_read_edits(cli_session *s, const cli_edit_options *o, const char *checkpoint, gt_edit_wish *out);

#define CLI_STOPPING "stopping after these images (Ctrl-C again: at once)"

/* GT_USAGE: the command line names no network, or several. */
gt_status cli_one_network(const cli_session *s, const cli_generator_options *g);
/* Reads these options: the generator's options but for the pool, and the checkpoint, from --network or the command's
 * only word; the first rank chooses the file. To be called in `prepare`. */
gt_status cli_read_generator_options(cli_session *s, const cli_generator_options *g, gt_generator_options *options,
                                     const char **checkpoint);

/* Class and label of a command that has --class or --label, or both. */
gt_status cli_read_condition(cli_session *s, const char *class, const char *label, gt_condition *out);

/* After a stop: how far the work was, and what is there of it. */
void cli_say_stopped(gt_status status, const char *there);

/* All ranks: share the path that the first rank has chosen, and say it. */
gt_status cli_share_network_all(cli_session *s, const char **checkpoint);

#endif
