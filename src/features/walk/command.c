/* SPDX-License-Identifier: Apache-2.0
 * gantry walk: a film that goes from seed to seed. */
#include "features/walk/walk.h"

#include "command/door/generator_options.h"
#include "gantry/stop.h"
#include "gantry/text.h"
#include "runner/generator/door/film.h"

typedef struct walk_fields {
    cli_generator_options generating;
    cli_edit_options editing;
    const char *seeds, *grid, *label;
    double seconds;
    int64_t threads;
    cli_assumed assumed;
    gt_walk_request request;
    bool overwrite;
} walk_fields;

#define FIELDS walk_fields

static const gt_option table[] = {
    {CLI_OPTION(seeds, "", "Seeds that the film passes, as in 0-7"), .required = true, .placeholder = "SEEDS",
     .check = gt_option_check_ranges},
    {CLI_SHOWN("out", request.film.path, "walk.webp", "The film, FILE.webp or FILE.mp4, or FOLDER/ of its frames"),
     CLI_FILMS({"*.webp", GT_OUTFILE_FILM}, {"*.mp4", GT_OUTFILE_FILM}),
     .detail = "Animated WebP plays in every browser. MP4 needs the program ffmpeg. A folder gets frame00000.png and "
               "so on."},
    {CLI_OPTION(seconds, "10", "Length of the film"), .unit = "seconds", .min = 0.001, .max = 86400},
    {CLI_SHOWN("fps", request.film.fps, "30", "Frames per second"), .min = 0.01, .max = 240},
    {CLI_SHOWN("loop", request.loop, "0", "End where the film began")},
    {CLI_SHOWN("space", request.space, "any",
               "Curve through styles (w) or latents (z); any: styles if the model has them"),
     GT_CHOICES(GT_WALK_SPACES),
     .detail =
         "w: a Catmull-Rom spline through the seeds' styles. z: a Catmull-Rom spline through their latents, scaled to "
         "the latents' distance from 0. Both pass the seeds at equal intervals, without a jump in speed."},
    {CLI_OPTION(grid, "", "Several walks side by side, as in 3x2"), .placeholder = "COLUMNSxROWS",
     .check = cli_check_grid, .detail = "Each walk begins at a different seed; all pass the seeds in the same order."},
    {CLI_SHOWN("class", request.condition.class, "",
               "Class of a conditional model, or several to pass through, as in A,B"),
     .placeholder = "CLASSES", .any = true,
     .detail = "Numbers or names. With --loop the label returns to the first class."},
    {CLI_SHOWN("styles", request.styles, "",
               "Layers that move, as in 8-; the others keep the styles of the first frame"),
     .placeholder = "LAYERS", .check = cli_check_styles},
    {CLI_SHOWN("quality", request.film.quality, "90", "Quality of WebP, 0 to 100"), .min = 0, .max = 100,
     .with = "--out=*.webp"},
    {CLI_SHOWN("lossless", request.film.lossless, "0", "Write lossless WebP"), .with = "--out=*.webp"},
    CLI_EDIT_OPTIONS(" A range of strengths, as in d3:-3..3, changes evenly from the first frame to the last; with "
                     "--loop, there and back."),
    CLI_GENERATOR_OPTIONS,
    {CLI_FURTHER(label, "", "Label vector of all frames instead of classes, as in 0.5,-1"), .placeholder = "LIST",
     .check = cli_check_numbers},
    CLI_RECORD,
    CLI_OVERWRITE,
    CLI_THREADS,
    CLI_ASSUMED,
};

static gt_status read_film(const walk_fields *fields, gt_walk_request *r) {
    double frames = fields->seconds * r->film.fps;
    r->frames = frames < 1 ? 1 : llrint(frames);
    return gt_film_kind_of(r->film.path) == GT_FILM_MP4 && cli_first_rank() ? gt_ffmpeg_ready(&r->film.ffmpeg) : GT_OK;
}

static gt_status read_request(cli_session *s) {
    enum { MOST_SEEDS = 1 << 20 };
    walk_fields *fields = s->fields;
    gt_walk_request *r = &fields->request;
    int64_t *seeds;
    gt_status st = cli_one_network(s, &fields->generating);
    if (st) return st;
    if (!*fields->seeds) return gt_fail(GT_USAGE, "which images? --seeds=0-7 walks from seed to seed");
    st = gt_parse_range_list(s->arena, "--seeds", fields->seeds, MOST_SEEDS, &seeds, &r->n);
    if (st) return st;
    r->seeds = seeds;
    if (*fields->grid) st = gt_grid_parse(fields->grid, &r->grid);
    if (!st) st = cli_read_condition(s, r->condition.class, fields->label, &r->condition);
    if (!st) st = cli_read_generator_options(s, &fields->generating, &r->options, &r->checkpoint);
    if (!st) st = cli_read_edits(s, &fields->editing, r->checkpoint, &r->edit);
    return st ? st : read_film(fields, r);
}

static gt_status walk(cli_session *s) {
    walk_fields *fields = s->fields;
    gt_walk_request *r = &fields->request;
    r->options.pool = s->pool;
    r->stop = gt_stop_requested;
    gt_stop_install_short(s->comm, CLI_STOPPING);
    gt_status st = cli_share_network_all(s, &r->checkpoint);
    if (!st) st = gt_walk_all(s->comm, r);
    gt_stop_restore();
    gt_ffmpeg_close(r->film.ffmpeg);
    cli_say_stopped(st, "no film is written");
    if (!st && !s->comm->rank)
        gt_print("%s: %lld frame%s, %.4g second%s\n", r->film.path, (long long)r->frames, gt_plural(r->frames),
                 (double)r->frames / r->film.fps, r->frames == r->film.fps ? "" : "s");
    return st;
}

const cli_command cli_walk = {
    .name = "walk",
    .stopping = CLI_STOPPING,
    .arguments = "CHECKPOINT | RUN --seeds=SEEDS [--key=value ...]",
    .help = "Make a film from seed to seed; the ranks share the work",
    .detail = "An unfinished film is removed when the command is stopped; pictures of single frames are kept.",
    .files = "--out: a film, or a folder of its frames.",
    .stopped = "stopped before the end; an unfinished film is removed",
    CLI_EXAMPLES({"Ten seconds through eight seeds, as animated WebP", "gantry walk runs/first --seeds=0-7 --loop"},
                 {"An MP4 of nine walks side by side",
                  "gantry walk runs/first --seeds=0-8 --grid=3x3 --seconds=30 --out=walk.mp4"}),
    CLI_ROWS(table),
    .ranks = true,
    .pool = true,
    .prepare = read_request,
    .run = walk,
};
