/* SPDX-License-Identifier: Apache-2.0
 * gantry generate: images of seeds from a checkpoint. */
#include "gantry/generate.h"

#include <stdlib.h>

#include "cli/cli.h"
#include "cli/gmm.h"
#include "gantry/log.h"

typedef struct generate_fields {
    const char *seeds, *grid, *label, *mixture;
    double trunc;
    int64_t threads;
    gt_generate_request request; /* what all of them ask for; some options are fields of the request itself */
} generate_fields;

#define FIELDS generate_fields

static const gt_option table[] = {
    {CLI_OPTION(seeds, "", "Required: seeds and ranges, as in 0-63,77")},
    {CLI_SHOWN("outdir", request.outdir, "", "Required: where to; made if needed"), .path = true},
    {CLI_OPTION(trunc, "1", "Truncation psi; less than 1: less variety, better images")},
    {CLI_SHOWN("class", request.class, NULL, "Class, of a conditional model"), .derived = "none", .max = 65535},
    {CLI_OPTION(label, "", "Label vector instead of a class, as in 0.5,-1")},
    {CLI_OPTION(mixture, "", "Latents from this mixture, not from N(0,1)"), .path = true,
     .detail = "What `gantry gmm fit` made of the latents of the same autoencoder. Seed n is sample n of `gantry gmm "
               "sample`."},
    {CLI_SHOWN("noise-mode", request.options.noise_mode, "const", "Noise inputs"), .choices = "const|random|none"},
    {CLI_OPTION(grid, "", "All in one grid.png, COLUMNSxROWS or about square"), .bare = "auto",
     .detail = "Without it each seed is a file of its own, seed0000.png."},
    {CLI_SHOWN("npy", request.npy, "0", "All channels of each seed as float32 in seed0000.npy too"),
     .detail = "-1 and 1 stand for the ends of the dataset's range. Pictures show the first three channels, or the "
               "first, of images that are not grey, RGB or RGBA."},
    CLI_THREADS,
};

static gt_status read_grid(const generate_fields *fields, gt_generate_request *r) {
    r->single = !*fields->grid;
    if (r->single || gt_is(fields->grid, "auto")) return GT_OK;
    gt_status st = gt_grid_parse(fields->grid, &r->grid);
    if (st) return st;
    if (r->grid.reference) return gt_fail(GT_USAGE, "--grid must be COLUMNSxROWS, such as 8x4");
    int64_t cells = (int64_t)r->grid.columns * r->grid.rows;
    if (r->n > cells)
        return gt_fail(GT_USAGE, "--grid=%s has %lld cells for %lld seeds", fields->grid, (long long)cells,
                       (long long)r->n);
    return GT_OK;
}

static gt_status read_request(cli_session *s) {
    enum { MOST_SEEDS = 1 << 24 };
    generate_fields *fields = s->fields;
    gt_generate_request *r = &fields->request;
    if (s->arguments.n_words != 1) return gt_fail(GT_USAGE, "one checkpoint, or one run's directory, is needed");
    if (!*fields->seeds) return gt_fail(GT_USAGE, "--seeds option is required, for example --seeds=0-63");
    if (!*r->outdir) return gt_fail(GT_USAGE, "--outdir option is required");
    bool class_given = gt_options_state(&s->options, "class") == GT_OPTION_GIVEN;
    if (class_given && *fields->label) return gt_fail(GT_USAGE, "--class and --label: only one of them");
    if (!class_given) r->class = -1;
    r->checkpoint = s->arguments.words[0];
    r->options.truncation = (float)fields->trunc;
    r->options.kernels = cli_kernels();
    int64_t *seeds;
    gt_status st = gt_parse_range_list(s->arena, "--seeds", fields->seeds, MOST_SEEDS, &seeds, &r->n);
    if (st) return st;
    r->seeds = seeds;
    if (*fields->label) st = cli_read_numbers(s->arena, "--label", fields->label, &r->label, &r->label_dim);
    if (!st) st = read_grid(fields, r);
    if (!st) st = cli_choose_checkpoint(s->arena, &r->checkpoint);
    return !st && *fields->mixture ? cli_choose_checkpoint(s->arena, &fields->mixture) : st;
}

/* Sample n of the mixture is that of seed n, as in `gantry gmm sample --seed=0`. */
static gt_status latents_of_mixture(void *arg, int64_t n, const int64_t *seeds, int z_dim, float *z) {
    const gt_mixture *m = arg;
    if (m->d != z_dim)
        return gt_fail(GT_USAGE, "--mixture is of %d numbers, latents of the checkpoint are of %d", m->d, z_dim);
    double *points = malloc((size_t)n * (size_t)z_dim * sizeof *points);
    int32_t *components = malloc((size_t)n * sizeof *components);
    gt_status st = points && components ? gt_mixture_sample(m, 0, n, seeds, points, components)
                                        : gt_fail(GT_NOMEM, "out of memory for %lld latents", (long long)n);
    for (int64_t i = 0; i < n * z_dim && !st; i++) z[i] = (float)points[i];
    free(points);
    free(components);
    return st;
}

/* All ranks: the images, from seeds or from samples of a mixture. */
static gt_status make_images(gt_comm *comm, gt_generate_request *r, const char *mixture) {
    if (!*mixture) return gt_generate_all(comm, r);
    gt_fit fit;
    gt_status st = gmm_read_mixture_all(comm, mixture, &fit);
    r->latents = latents_of_mixture;
    r->latents_arg = &fit.best;
    if (!st) st = gt_generate_all(comm, r);
    gt_fit_free(&fit);
    return st;
}

static gt_status generate(cli_session *s) {
    generate_fields *fields = s->fields;
    gt_generate_request *r = &fields->request;
    r->options.pool = s->pool;
    gt_status st = cli_share_path_all(s->comm, s->arena, &r->checkpoint);
    if (!st) st = cli_share_path_all(s->comm, s->arena, &fields->mixture);
    if (!st) gt_info("Loading networks from \"%s\"...", r->checkpoint);
    if (!st) st = make_images(s->comm, r, fields->mixture);
    if (st || s->comm->rank) return st;
    if (r->single) printf("%lld images in %s\n", (long long)r->n, r->outdir);
    else printf("%s/grid.png\n", r->outdir);
    return GT_OK;
}

const cli_command cli_generate = {
    .name = "generate",
    .arguments = "CHECKPOINT | RUN [--key=value ...]",
    .help = "Make images from a checkpoint; under mpirun the ranks share the work",
    .detail = "Uses the moving average of the generator. A seed gives the latent that it gives in the reference "
              "tool.",
    CLI_ROWS(table),
    .ranks = true,
    .pool = true,
    .prepare = read_request,
    .run = generate,
};
