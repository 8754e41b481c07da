/* SPDX-License-Identifier: Apache-2.0
 * LPIPS from files: VGG16's state dict, and the weights of channels. */
#include <stdio.h>
#include <string.h>

#include "files/codec/door/weights.h"
#include "networks/nets/door/lpips.h"

typedef struct files {
    gt_weights *vgg, *channels;
    bool failed;                                                                      /* to read */
    char vgg_prefix[GT_WEIGHT_PREFIX_BYTES], channels_prefix[GT_WEIGHT_PREFIX_BYTES]; /* of names */
} files;

static gt_status read_tensor(void *arg, const char *tensor, const gt_shape *shape, float *out) {
    files *f = arg;
    bool of_channels = !strncmp(tensor, "lin", 3);
    const gt_weights *w = of_channels ? f->channels : f->vgg;
    char copy[64]; /* a second name in states of a running LPIPS */
    snprintf(copy, sizeof copy, "lins.%s", tensor + strlen("lin"));
    gt_weight_wanted wanted = {.name = tensor, .other = of_channels ? copy : NULL, .n_dims = shape->n};
    wanted.prefix = of_channels ? f->channels_prefix : f->vgg_prefix;
    memcpy(wanted.dims, shape->d, (size_t)shape->n * sizeof *wanted.dims);
    static const char *const of[] = {"torchvision's VGG16 (vgg16-397923af.pth)", "vgg.pth of LPIPS 0.1"};
    gt_status st = gt_weights_want(w, of[of_channels], 1, &wanted);
    st = st ? gt_wrap(st, "'%s'", gt_weights_path(w)) : gt_weights_read(w, wanted.place, out);
    f->failed = st != GT_OK;
    return st;
}

gt_lpips *gt_lpips_open(const char *vgg, const char *channels, gt_status *status) {
    files f = {.vgg = gt_weights_open(vgg, status)};
    if (f.vgg) f.channels = gt_weights_open(channels, status);
    if (f.channels) {
        gt_weights_prefix(f.vgg, "features.0.weight", f.vgg_prefix);
        gt_weights_prefix(f.channels, "lin0.model.1.weight", f.channels_prefix);
    }
    gt_lpips *l = f.channels ? gt_lpips_new(read_tensor, &f, status) : NULL;
    if (f.channels && !l && !f.failed) gt_wrap(*status, "'%s' or '%s'", vgg, channels);
    gt_weights_close(f.channels);
    gt_weights_close(f.vgg);
    return l;
}
