/* SPDX-License-Identifier: Apache-2.0
 * Networks with the parameters of a golden file, and their configurations. */
#include <string.h>

#include "golden.h"
#include "base/door/memory.h"

gold_order gold_order_of(const gt_tensor *t) {
    static const gold_order orders[] = {
        [GT_LAYOUT_PLAIN] = GOLD_PLAIN, [GT_LAYOUT_OIHW] = GOLD_WEIGHT, [GT_LAYOUT_CHW] = GOLD_CHW};
    return orders[t->layout];
}

/* A tensor's name as the file has it. */
static const char *name_in(gold *f, const gt_tensor *t) {
    return gold_path(f, "%s%s", f->in_front ? f->in_front : "", t->name + (f->prefix ? strlen(f->prefix) : 0));
}

static void must_be_known(gold *f, const char *name, void *arg) {
    const gt_net *n = arg;
    size_t front = f->in_front ? strlen(f->in_front) : 0;
    bool has_front = !strncmp(name, f->in_front ? f->in_front : "", front);
    if (!has_front || !gt_net_find(n, gold_path(f, "%s%s", f->prefix ? f->prefix : "", name + front)))
        gold_fail(f, "network %s has no tensor %s", n->name, name);
}

void gold_load_into(gold *f, const gt_net *n, const char *group, float *block) {
    gold_each(f, group, must_be_known, (void *)n);
    for (int i = 0; i < n->n_tensors; i++) {
        const gt_tensor *t = &n->tensors[i];
        gt_shape shape;
        const float *values = gold_read(f, gold_path(f, "%s/%s", group, name_in(f, t)), GOLD_PLAIN, &shape);
        if (!values) continue;
        char ours[96], theirs[96];
        if (!gt_shape_equal(&shape, &t->file_shape))
            gold_fail(f, "%s/%s: shape %s, ours is %s", group, t->name, gt_shape_text(&shape, theirs),
                      gt_shape_text(&t->file_shape, ours));
        else gt_tensor_from_file(t, values, block + t->offset);
    }
}

float *gold_load(gold *f, const gt_net *n, const char *group) {
    float *block = n ? gt_block_alloc(n->block_floats * sizeof(float), "a network") : NULL;
    if (block) gold_load_into(f, n, group, block);
    else gold_fail(f, "network of %s: %s", group, gt_message());
    return block;
}

void gold_param_grads(gold *f, gold_graph *g, gt_node *y, gt_node *dy, gt_bound_net b, const char *group) {
    int n = 0;
    gt_node *leaves[b.net->n_tensors + 1], *gradients[b.net->n_tensors + 1];
    const gt_tensor *of[b.net->n_tensors + 1];
    for (int i = 0; i < b.net->n_tensors; i++) {
        const gt_tensor *t = &b.net->tensors[i];
        if (!t->trainable) continue;
        leaves[n] = gt_net_leaf(b.graph, b.net, b.slot, t->name);
        gradients[n] = NULL;
        of[n++] = t;
    }
    if (y && n) gt_grad(b.graph, 1, &y, dy ? &dy : NULL, n, leaves, gradients);
    for (int i = 0; i < n; i++)
        gold_out(g, gradients[i], gold_path(f, "%s/%s", group, name_in(f, of[i])), gold_order_of(of[i]));
}

gt_resample_filter gold_filter_config(json_t *j, gt_resample_filter f) {
    json_t *taps = gold_get(j, "resample_filter");
    if (!taps) return f;
    f.taps = (int)json_array_size(taps);
    for (int i = 0; i < f.taps && i < GT_MAX_FILTER_TAPS; i++)
        f.value[i] = (float)json_number_value(json_array_get(taps, (size_t)i));
    return f;
}

static gt_arch architecture_of(json_t *j, gt_arch usual) {
    const char *name = gold_text(j, "architecture", gt_arch_names[usual]);
    for (int i = 0; i <= GT_ARCH_ORIG; i++)
        if (!strcmp(name, gt_arch_names[i])) return (gt_arch)i;
    return usual;
}

bool gold_noise_mode(const char *name, gt_noise_mode *mode) {
    static const char *const names[] = {GT_NOISE_MODES(GT_NAME) "given"};
    for (int i = 0; i <= GT_NOISE_GIVEN; i++) {
        *mode = (gt_noise_mode)i;
        if (!strcmp(name, names[i])) return true;
    }
    return false;
}

gt_synthesis_config gold_synthesis_config(json_t *j) {
    gt_synthesis_config c = gt_synthesis_defaults();
    c.w_dim = gold_int(j, "w_dim", c.w_dim);
    c.height = c.width = gold_int(j, "img_resolution", 0);
    c.channels = gold_int(j, "img_channels", c.channels);
    c.channel_base = gold_int(j, "channel_base", c.channel_base);
    c.channel_max = gold_int(j, "channel_max", c.channel_max);
    c.architecture = architecture_of(j, c.architecture);
    c.activation = gold_text(j, "activation", c.activation);
    c.conv_clamp = (float)gold_number(j, "conv_clamp", c.conv_clamp);
    json_t *noise = gold_get(j, "use_noise");
    if (noise) c.use_noise = json_is_true(noise);
    c.resample_filter = gold_filter_config(j, (gt_resample_filter){4, {1, 3, 3, 1}});
    return c;
}

gt_mapping_config gold_mapping_config(json_t *j) {
    gt_mapping_config c = gt_mapping_defaults();
    c.z_dim = gold_int(j, "z_dim", c.z_dim);
    c.c_dim = gold_int(j, "c_dim", c.c_dim);
    c.w_dim = gold_int(j, "w_dim", c.w_dim);
    c.num_ws = gold_int(j, "num_ws", c.num_ws);
    c.num_layers = gold_int(j, "num_layers", c.num_layers);
    c.embed_features = gold_int(j, "embed_features", c.embed_features);
    c.layer_features = gold_int(j, "layer_features", c.layer_features);
    c.activation = gold_text(j, "activation", c.activation);
    c.lr_multiplier = (float)gold_number(j, "lr_multiplier", c.lr_multiplier);
    c.w_avg_beta = (float)gold_number(j, "w_avg_beta", c.w_avg_beta);
    return c;
}

gt_generator_config gold_generator_config(json_t *j) {
    gt_generator_config c = {gold_mapping_config(gold_get(j, "mapping_kwargs")),
                             gold_synthesis_config(gold_get(j, "synthesis_kwargs"))};
    c.mapping.z_dim = gold_int(j, "z_dim", c.mapping.z_dim);
    c.mapping.c_dim = gold_int(j, "c_dim", c.mapping.c_dim);
    c.synthesis.w_dim = gold_int(j, "w_dim", c.synthesis.w_dim);
    c.synthesis.height = c.synthesis.width = gold_int(j, "img_resolution", 0);
    c.synthesis.channels = gold_int(j, "img_channels", c.synthesis.channels);
    return c;
}

gt_discriminator_config gold_discriminator_config(json_t *j) {
    gt_discriminator_config c = gt_discriminator_defaults();
    json_t *epilogue = gold_get(j, "epilogue_kwargs");
    c.c_dim = gold_int(j, "c_dim", c.c_dim);
    c.height = c.width = gold_int(j, "img_resolution", 0);
    c.channels = gold_int(j, "img_channels", c.channels);
    c.channel_base = gold_int(j, "channel_base", c.channel_base);
    c.channel_max = gold_int(j, "channel_max", c.channel_max);
    c.architecture = architecture_of(j, c.architecture);
    c.activation = gold_text(j, "activation", c.activation);
    c.conv_clamp = (float)gold_number(j, "conv_clamp", c.conv_clamp);
    c.cmap_dim = gold_int(j, "cmap_dim", c.cmap_dim);
    c.freeze_layers = gold_int(gold_get(j, "block_kwargs"), "freeze_layers", 0);
    /* A group size of null is the whole batch; an absent one is the default. */
    if (epilogue && json_object_get(epilogue, "mbstd_group_size"))
        c.mbstd_group_size = gold_int(epilogue, "mbstd_group_size", 0);
    c.mbstd_channels = gold_int(epilogue, "mbstd_num_channels", c.mbstd_channels);
    c.mapping = gold_mapping_config(gold_get(j, "mapping_kwargs"));
    c.resample_filter = gold_filter_config(j, (gt_resample_filter){4, {1, 3, 3, 1}});
    return c;
}
