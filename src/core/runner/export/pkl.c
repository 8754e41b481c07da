/* SPDX-License-Identifier: Apache-2.0
 * Networks as a .pkl that the program which published them loads (docs/networks.md#written-modules). */
#include <errno.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/pickle_write.h"
#include "runner/export/door/export.h"

enum { PROTOCOL = 4 };

static bool fits(const gt_model *m) { return m->reference; }

static const char *readers(const gt_model *m) { return m->reference->readers; }

/* The network of this name; NULL: the source does not have it. */
static const gt_export_net *find_net(const gt_export_source *s, const char *name) {
    for (int i = 0; i < s->n_nets; i++)
        if (!strcmp(s->nets[i].name, name)) return &s->nets[i];
    return NULL;
}

/* The failure that is not one of the file is told apart by `status`. */
typedef struct writing {
    const gt_export_source *source;
    gt_weights_out texts;
    gt_status status;
} writing;

static int write_pickle(int fd, void *arg) {
    writing *w = arg;
    const gt_export_source *s = w->source;
    const gt_model *m = s->trained->model;
    gt_pickler p;
    gt_pickler_begin(&p, fd, s->request->protocol ? s->request->protocol : PROTOCOL);
    gt_put_open(&p, '}');
    for (const gt_reference_part *part = m->reference->parts; part->key && !w->status; part++) {
        const gt_export_net *n = find_net(s, part->network);
        gt_put_text(&p, part->key);
        w->status = m->reference->put(m, n->net == m->nets[0] ? 0 : 1, n->block, &p);
    }
    m->reference->put_rest(m, &p);
    for (int i = 0; i < w->texts.n_texts; i++) {
        gt_put_text(&p, w->texts.texts[i].name);
        gt_put_text(&p, w->texts.texts[i].text);
    }
    gt_put_text(&p, "gantry.model"); /* the last key: by it outfile_kind.c knows the file again */
    gt_put_text(&p, m->name);
    gt_put_close(&p, 'u');
    int error = gt_pickler_end(&p);
    return error ? error : w->status ? ENOMEM : 0;
}

static gt_status write_pkl(const gt_export_source *s) {
    size_t bytes = 0;
    for (const gt_reference_part *part = s->trained->model->reference->parts; part->key; part++) {
        const gt_export_net *n = find_net(s, part->network);
        if (!n)
            return gt_fail(GT_USAGE, "%s has no network %s, which a .pkl needs; give another form",
                           s->request->checkpoint, part->network);
        bytes += n->net->block_floats * sizeof(float);
    }
    gt_weight_text texts[GT_EXPORT_TEXTS_MOST];
    writing w = {.source = s, .texts = {.texts = texts}};
    GT_ARENA gt_arena *a = gt_arena_new();
    gt_status st = a ? gt_export_data_texts(&s->trained->data, a, &w.texts) : GT_NOMEM;
    return st ? st : gt_file_replace_by(s->request->out, write_pickle, &w, bytes);
}

const gt_export_form gt_export_form_pkl = {
    .name = "pkl",
    .help = "stylegan2-ada-pytorch and stylegan3, or EDM's program",
    .all = true,
    .fits = fits,
    .readers = readers,
    .needs = "StyleGAN2 of square pictures of 8, 16, 32, ... pixels, or edm of square pictures, except flows "
             "and networks trained with --loss=consistency",
    .write = write_pkl,
};
