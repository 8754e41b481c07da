/* SPDX-License-Identifier: Apache-2.0
 * A program that embeds libgantry: a picture from a checkpoint and a seed, as `gantry generate CHECKPOINT --seeds=SEED
 * --class=0` makes it.
 *
 *     cc -o picture picture.c $(pkg-config --cflags --libs gantry)
 *     ./picture runs/demo/last 5 picture.png
 */
#include <stdio.h>
#include <stdlib.h>

#include "gantry/picture.h"
#include "gantry/generate.h"

static int failed(void) {
    fprintf(stderr, "%s\n", gt_message());
    return 1;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: %s CHECKPOINT SEED PICTURE.png\n", argv[0]);
        return 2;
    }
    gt_generator *g = gt_generator_open(argv[1],
                                        &(gt_generator_options){.noise_mode = GT_NOISE_CONST, .truncation = 1});
    if (!g) return failed();
    const gt_model_facts m = gt_model_look(gt_generator_model(g));
    int n = gt_generator_batch(g);
    size_t pixels = (size_t)m.height * (size_t)m.width * (size_t)m.channels;
    float *z = calloc((size_t)n * (size_t)(m.z_dim + m.label_dim), sizeof *z),
          *images = calloc((size_t)n * pixels, sizeof *images);
    unsigned char *bytes = malloc(pixels);
    if (!z || !images || !bytes) return 1;
    float *labels = m.label_dim ? z + (size_t)n * (size_t)m.z_dim : NULL;
    for (int i = 0; i < n; i++) { /* a run makes n images; the others are the same one again */
        gt_seed_latent((unsigned)strtoul(argv[2], NULL, 10), m.z_dim, z + (size_t)i * (size_t)m.z_dim);
        if (labels) labels[(size_t)i * (size_t)m.label_dim] = 1;
    }
    if (gt_generator_run(g, z, labels, 0, images)) return failed();
    gt_image_bytes(images, bytes, pixels);
    if (gt_png_write(argv[3], bytes, m.height, m.width, m.channels)) return failed();
    gt_generator_close(g);
    free(z);
    free(images);
    free(bytes);
    return 0;
}
