/* SPDX-License-Identifier: Apache-2.0
 * gantry project: styles of given pictures. */
#include "features/project/project.h"

#include <stdlib.h>

#include "command/door/generator_options.h"
#include "gantry/arrays.h"
#include "gantry/log.h"
#include "gantry/stop.h"
#include "gantry/text.h"

/* All layers share one style, or each has its own. */
#define STYLE_SPACES(X) X(SPACE_W, "w") X(SPACE_W_PLUS, "w+")
typedef enum style_space { STYLE_SPACES(GT_CONSTANT) } style_space;

typedef struct project_fields {
    const char *network, *target, *class, *label;
    style_space space;
    double checkpoint_minutes;
    int64_t seed, steps, threads;
    cli_assumed assumed;
    gt_project_request request;
    bool overwrite;
} project_fields;

#define FIELDS project_fields

static const gt_option table[] = {
    {CLI_OPTION(target, "", "Picture, or folder of pictures; the option may be repeated"), .required = true,
     .path = true,
     .detail = "A picture that is not a square of the network's size is cropped to its middle and Lanczos-resized; "
               "grey, RGB and RGBA are converted to the network's channels, and transparent pictures are laid over "
               "white. Files in a folder that cannot be read are left out."},
    {CLI_SHOWN("outdir", request.outdir, "projected", "Folder to write to; made if needed"),
     CLI_FILLS_FOLDERS("!(*/*)", {"projected_w.npz", GT_OUTFILE_ARRAYS}, {"projected_w.h5", GT_OUTFILE_ARRAYS},
                       {"target.png", GT_OUTFILE_PICTURE}, {"proj.png", GT_OUTFILE_PICTURE},
                       {"beside.png", GT_OUTFILE_PICTURE}, {"proj.webp", GT_OUTFILE_FILM},
                       {"curve.csv", GT_OUTFILE_TABLE}, {"curve.png", GT_OUTFILE_PICTURE},
                       {"going-on.h5", GT_OUTFILE_OWN}),
     .detail = "projected_w.npz and .h5 (w), target.png, proj.png, beside.png, proj.webp (the film), curve.csv, "
               "curve.png; for several targets, a folder each. After a stop the same command resumes; another command "
               "needs --overwrite and starts over."},
    {CLI_SHOWN("num-steps", request.steps, "1000", "Number of steps of Adam"), .min = 1, .max = 1e7},
    {CLI_OPTION(seed, "303", "Seed of the noise maps, and of the noise of w"), .max = 4294967295.0},
    {CLI_OPTION(space, "w", "Whether all layers share one style (w), or each has its own (w+)"),
     GT_CHOICES(STYLE_SPACES)},
    {CLI_OPTION(class, "", "Class of a conditional model: its number or its name"), .placeholder = "CLASS", .any = true,
     .detail = "w starts at the mean of this class."},
    {CLI_FURTHER(label, "", "Label vector instead of a class, as in 0.5,-1"), .placeholder = "LIST",
     .check = cli_check_numbers},
    {CLI_SHOWN("vgg", request.vgg, "", "Weights of VGG16 for LPIPS: torchvision's vgg16-397923af.pth"),
     .placeholder = "FILE", .path = true,
     .detail = "Without LPIPS, pictures are compared by their pixels on several scales and by the outputs of the "
               "blocks of D."},
    {CLI_SHOWN("lpips", request.lpips, "", "Weights of LPIPS 0.1: its file vgg.pth"), .placeholder = "FILE",
     .path = true, .with = "--vgg"},
    {CLI_SHOWN("save-video", request.film, "1", "Write the film")},
    {CLI_SHOWN("out", request.film_path, "", "The film of one target, FILE.webp or FILE.mp4, or FOLDER/ of its frames"),
     CLI_FILMS({"*.webp", GT_OUTFILE_FILM}, {"*.mp4", GT_OUTFILE_FILM}),
     .detail = "It replaces proj.webp in --outdir. MP4 needs the program ffmpeg."},
    {CLI_FURTHER(steps, NULL, "The same as --num-steps"), .derived = "num-steps", .min = 1, .max = 1e7},
    {CLI_FURTHER(network, "", "Checkpoint or run, instead of the first argument"), .path = true},
    {CLI_ROW("checkpoint-minutes", checkpoint_minutes, "10",
             "Longest time between two writings of the state; 0: only when stopped"),
     .max = 1e6, .unit = "minutes"},
    CLI_RECORD,
    CLI_OVERWRITE,
    CLI_THREADS,
    CLI_ASSUMED,
};

/* The targets: all of --target, and the words behind the network. */
static gt_status list_targets(cli_session *s, int first) {
    const cli_arguments *a = &s->arguments;
    gt_project_request *r = &((project_fields *)s->fields)->request;
    const char **list = gt_arena_array(s->arena, (size_t)(a->n_pairs + a->n_words) + 1, sizeof *list);
    if (!list) return GT_NOMEM;
    for (int i = 0; i < a->n_pairs; i++)
        if (gt_is(a->keys[i], "target") && a->values[i] && *a->values[i]) list[r->n_targets++] = a->values[i];
    for (int i = first; i < a->n_words; i++) list[r->n_targets++] = a->words[i];
    r->targets = list;
    if (!r->n_targets) return gt_fail(GT_USAGE, "--target is needed, as in --target=photo.png");
    gt_status st = GT_OK;
    for (int i = 0; i < r->n_targets && !st && cli_first_rank(); i++) st = gt_h5_check(list[i]);
    return st;
}

static gt_status read_request(cli_session *s) {
    project_fields *fields = s->fields;
    gt_project_request *r = &fields->request;
    bool named = *fields->network;
    if (!named && !s->arguments.n_words) return gt_fail(GT_USAGE, "one checkpoint, or one run's directory, is needed");
    r->checkpoint = named ? fields->network : s->arguments.words[0];
    if (gt_options_state(&s->options, "steps") == GT_OPTION_GIVEN) r->steps = fields->steps;
    r->plus = fields->space == SPACE_W_PLUS;
    r->overwrite = fields->overwrite;
    r->seed = (uint64_t)fields->seed;
    r->state_minutes = fields->checkpoint_minutes;
    r->reading = cli_reading(&s->options);
    gt_status st = list_targets(s, named ? 0 : 1);
    if (!st) st = cli_read_condition(s, fields->class, fields->label, &r->condition);
    if (!st) st = cli_choose_checkpoint(&s->options, &r->checkpoint);
    r->film |= *r->film_path != 0;
    bool mp4 = !st && gt_film_kind_of(r->film_path) == GT_FILM_MP4;
    return mp4 && cli_first_rank() ? gt_ffmpeg_ready(&r->ffmpeg) : st;
}

static gt_status project(cli_session *s) {
    gt_project_request *r = &((project_fields *)s->fields)->request;
    r->pool = s->pool;
    r->stop = gt_stop_requested;
    r->save = gt_stop_take_checkpoint;
    gt_stop_install(s->comm, "this step, then the state is written");
    gt_status st = cli_share_network_all(s, &r->checkpoint);
    if (!st) st = gt_project_all(s->comm, r);
    gt_stop_restore();
    gt_ffmpeg_close(r->ffmpeg);
    if (st == GT_STOPPED) gt_info("%s", gt_message());
    if (!st && !s->comm->rank) gt_print("%s\n", r->outdir);
    return st;
}

const cli_command cli_project = {
    .name = "project",
    .stopping = "stopping after this step of each target, then the states are written (Ctrl-C again: at once)",
    .arguments = "CHECKPOINT | RUN --target=FILE... [--key=value ...]",
    .help = "Find the styles that make a picture; the ranks share the work",
    .detail = "Karras et al., \"Analyzing and Improving the Image Quality of StyleGAN\", section 5. gantry generate "
              "--projected-w=OUTDIR/projected_w.npz reproduces the result.",
    .files = "In --outdir: projected_w.npz and .h5, target.png, proj.png, beside.png, proj.webp (the film), curve.csv, "
             "curve.png; for several targets, a folder each. With --out: the film, at another place.",
    .stopped = CLI_RESUMES,
    CLI_EXAMPLES(
        {"A picture", "gantry project runs/faces --target=me.png --outdir=me"},
        {"All pictures of a folder, a style for each layer",
         "gantry project runs/faces --target=photos --outdir=styles --space=w+"},
        {"The film as MP4", "gantry project runs/faces --target=me.png --outdir=me --out=me.mp4"},
        {"The image that was found", "gantry generate runs/faces --projected-w=me/projected_w.npz --outdir=me"}),
    CLI_ROWS(table),
    .ranks = true,
    .pool = true,
    .prepare = read_request,
    .run = project,
};
