/* SPDX-License-Identifier: Apache-2.0
 * Pickles that are files: networks of the reference implementation, those of its TensorFlow predecessor, and legacy
 * streams of torch.save, which begin with a pickle. */
#include "files/codec/weights_internal.h"

static gt_status storage_in_pickle(gt_weights_walk *k, gt_weight_storage *out, const gt_pickle *v) {
    if (v->kind != GT_PICKLE_CALL || !gt_pickle_is(v->item[0], GT_PICKLE_NAME, "torch.storage._load_from_bytes") ||
        v->item[1]->kind != GT_PICKLE_LIST || v->item[1]->items != 1)
        return gt_fail(GT_FORMAT, "damaged: a storage is missing");
    return gt_torch_embedded(k->w, out, v->item[1]->item[0]);
}

static bool is_network(const gt_pickle *v) {
    return v->kind == GT_PICKLE_CALL && gt_pickle_is(v->item[0], GT_PICKLE_NAME, "dnnlib.tflib.network.Network");
}

static gt_status take_networks(gt_weights *w, const gt_pickle *root) {
    static const char *const names[] = {"G", "D", "Gs"};
    gt_weights_walk k = {.w = w, .storage = storage_in_pickle};
    if (root->kind == GT_PICKLE_DICT && (gt_pickle_get(root, "G_ema") || gt_pickle_get(root, "ema"))) {
        w->kind = GT_WEIGHTS_REFERENCE;
        return gt_weights_take(&k, "", root);
    }
    if (root->kind != GT_PICKLE_LIST || root->items != 3 || !is_network(root->item[2]))
        return gt_fail(GT_FORMAT, "a pickle without a network: pickles of the reference implementation hold a table "
                                  "with G, D and G_ema; pickles of its predecessor hold the networks G, D, Gs");
    w->kind = GT_WEIGHTS_TENSORFLOW;
    gt_status st = GT_OK;
    for (size_t i = 0; i < 3 && !st; i++)
        st = is_network(root->item[i]) ? gt_weights_take(&k, names[i], root->item[i])
                                       : gt_fail(GT_FORMAT, "damaged: '%s' is not a network", names[i]);
    return st;
}

gt_status gt_weights_find_pickle(gt_weights *w) {
    GT_ARENA gt_arena *arena = gt_arena_new();
    gt_pickle *root;
    gt_pickle_input in = {.fd = w->fd, .end = w->bytes};
    gt_status st = arena ? gt_pickle_read_from(&root, arena, &in, gt_weights_network_names)
                         : gt_fail(GT_NOMEM, "out of memory for a pickle");
    return st ? st : gt_torch_is_magic(root) ? gt_weights_find_torch_legacy(w, &in) : take_networks(w, root);
}
