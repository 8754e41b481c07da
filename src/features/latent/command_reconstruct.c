/* SPDX-License-Identifier: Apache-2.0
 * gantry reconstruct: images beside what an autoencoder makes of them. */
#include "command/door/applied.h"

#include "gantry/text.h"
#include "features/latent/latent_view.h"

typedef struct reconstruct_fields {
    const char *out, *classes, *items;
    int64_t columns, threads;
    bool overwrite;
} reconstruct_fields;

#define FIELDS reconstruct_fields

static const gt_option table[] = {
    {CLI_OPTION(out, "reconstructions.png", "The picture to write"), .placeholder = "FILE",
     CLI_WRITES({"*.png", GT_OUTFILE_PICTURE})},
    {CLI_OPTION(items, "0-31", "Images to show, as in 0-31,77"), .placeholder = "LIST",
     .check = gt_option_check_ranges},
    {CLI_OPTION(columns, "8", "Number of pairs side by side"), .min = 1, .max = 256},
    CLI_OVERWRITE,
    CLI_CLASSES,
    CLI_THREADS,
};

static gt_status draw_items(const cli_applied *e) {
    enum { ITEMS_MAX = 1 << 16 };
    const reconstruct_fields *f = e->session->fields;
    int64_t *items, n;
    gt_status st = gt_parse_range_list(e->session->arena, "--items", f->items, ITEMS_MAX, &items, &n);
    if (st) return st;
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (items[i] < e->info->count) items[kept++] = items[i];
    if (!kept)
        return gt_fail(GT_USAGE, "--items=%s: the data have images 0 to %lld", f->items, (long long)e->info->count - 1);
    int columns = (int)(f->columns < kept ? f->columns : kept);
    st = gt_reconstructions_draw(e->network, e->data, kept, items, columns, f->out);
    if (!st) gt_print("%s: %lld image%s, each beside its reconstruction\n", f->out, (long long)kept, gt_plural(kept));
    return st;
}

static gt_status draw_items_all(cli_applied *e) {
    return gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : draw_items(e));
}

static gt_status reconstruct(cli_session *s) {
    return cli_apply_all(s, GT_ROLE_ENCODER, CLI_SIZE_OF_TRAINING, draw_items_all, NULL);
}

const cli_command cli_reconstruct = {
    .name = "reconstruct",
    .help = "Show images beside what an autoencoder makes of them",
    .files = "--out: one picture.",
    CLI_EXAMPLES(
        {"The first 32 images", "gantry reconstruct runs/vae digits.zip"},
        {"Other images, four pairs in a row", "gantry reconstruct runs/vae digits.zip --items=100-115 --columns=4"}),
    CLI_APPLIED(table),
    .run = reconstruct,
};
