/* SPDX-License-Identifier: Apache-2.0
 * LPIPS from files: VGG16's state dict, and the weights of channels. */
#include <stdio.h>
#include <string.h>

#include "codec/weights.h"
#include "models/classifier/lpips.h"

typedef struct files {
    gt_weights *vgg, *channels;
} files;

static gt_status read_tensor(void *arg, const char *tensor, const gt_shape *shape, float *out) {
    const files *f = arg;
    const gt_weights *w = strncmp(tensor, "lin", 3) ? f->vgg : f->channels;
    size_t i;
    char copy[64]; /* a second name in states of a running LPIPS */
    snprintf(copy, sizeof copy, "lins.%s", tensor + strlen("lin"));
    const gt_weight *found = gt_weights_find(w, tensor, &i);
    if (!found && w == f->channels) found = gt_weights_find(w, copy, &i);
    if (!found)
        return gt_fail(GT_FORMAT, "'%s' has no tensor '%s'; %s is wanted", gt_weights_path(w), tensor,
                       w == f->vgg ? "torchvision's VGG16 (vgg16-397923af.pth)" : "vgg.pth of LPIPS 0.1");
    bool same = found->n_dims == shape->n;
    for (int k = 0; k < shape->n && same; k++) same = found->dims[k] == shape->d[k];
    char text[96];
    if (!same)
        return gt_fail(GT_FORMAT, "'%s': '%s' is not of the shape %s", gt_weights_path(w), tensor,
                       gt_shape_text(shape, text));
    return gt_weights_read(w, i, out);
}

gt_lpips *gt_lpips_open(const char *vgg, const char *channels, gt_status *status) {
    files f = {.vgg = gt_weights_open(vgg, status)};
    if (f.vgg) f.channels = gt_weights_open(channels, status);
    gt_lpips *l = f.channels ? gt_lpips_new(read_tensor, &f, status) : NULL;
    gt_weights_close(f.channels);
    gt_weights_close(f.vgg);
    return l;
}
