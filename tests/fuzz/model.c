/* SPDX-License-Identifier: Apache-2.0
 * The recipe of a checkpoint from elsewhere, up to the networks it speaks of: they are laid out without overflow, or
 * refused. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "gantry/job.h"
#include "gantry/shape.h"
#include "networks/model/door/family.h"

#define SHAPE "[shape]\ndata-height = 16\ndata-width = 16\ndata-channels = 3\nlabel-dim = 2\n"
#define HUGE(side) "[shape]\ndata-height = " side "\ndata-width = " side "\ndata-channels = 3\nlabel-dim = 0\n"

static void seeds(fuzz_put *put, void *arg) {
    static const char *const recipes[] = {
        "[data]\ncond = 1\n[recipe]\nbatch = 4\n[networks]\ncbase = 128\ncmax = 8\nmap-layers = 1\nz-dim = 8\nw-dim = "
        "8\ng-arch = resnet\n" SHAPE,
        "[recipe]\ncfg = cifar\nbatch = 4\nmbstd = 2\n[networks]\ncbase = 64\ncmax = 4\nd-arch = "
        "orig\n[augmentation]\naug = fixed\np = 0.5\n" SHAPE,
        "[recipe]\nmodel = dcgan\nbatch = 4\n[networks]\ncbase = 128\nz-dim = 7\n" SHAPE,
        "[recipe]\nmodel = cvae\nbatch = 4\n[networks]\nz-dim = 3\n" SHAPE,
        "[recipe]\nmodel = digits\n" SHAPE,
        "[recipe]\nmodel = gumbel\n" SHAPE,
        "[recipe]\nmodel = vq\n" SHAPE,
        "[recipe]\nmodel = vq\n[autoencoder]\ncodes = 65536\n" HUGE("1024"),
        "[recipe]\nmodel = gumbel\n" HUGE("1048576"),
        "[recipe]\nmodel = ae\n" HUGE("65536"),
        "[recipe]\nmodel = dcgan\nbatch = 4\n" HUGE("1048576"),
        "[recipe]\nmodel = stylegan2\nbatch = 4\n" HUGE("1048576"),
    };
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) put(arg, recipes[i], strlen(recipes[i]));
}

/* Tensors lie in their block one behind the other. */
static void check_layout(const gt_net *net) {
    size_t used = 0;
    for (int i = 0; i < net->n_tensors; i++) {
        const gt_tensor *t = &net->tensors[i];
        fuzz_check(t->size > 0 && t->size == (size_t)gt_shape_size(&t->shape) &&
                   t->size == (size_t)gt_shape_size(&t->file_shape));
        fuzz_check(t->offset <= net->block_floats && t->size <= net->block_floats - t->offset);
        used += t->size;
    }
    fuzz_check(used <= net->block_floats && net->trainable_floats <= net->block_floats);
}

static void run(const uint8_t *bytes, size_t n) {
    char *text = strndup((const char *)bytes, n);
    fuzz_check(text);
    gt_job *job = gt_job_from_recipe_text(text, "a recipe");
    free(text);
    gt_model *m = job ? gt_model_bare(job) : NULL;
    if (m) fuzz_check(m->z_dim > 0 || m->label_dim > 0);
    for (int i = 0; m && i < m->n_nets; i++) check_layout(m->nets[i]);
    gt_model_free(m);
    gt_job_free(job);
}

const fuzz_target target = {.variants = 40, .seeds = seeds, .run = run};
