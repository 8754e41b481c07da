/* SPDX-License-Identifier: Apache-2.0
 * Layers of a graph: see graph/door/graph.h. */
#include "graph/door/graph.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "graph/door/elementwise.h"
#include "graph/door/internal.h"
#include "graph/door/nodes.h"

enum { NAME = 256, NONE = -1 };

/* Ops that are layers of their own, though they have no tensors: by how their names begin, which names the layers. */
static const char *const kept[] = {"max_pool", "average_pool", "concat", "upfirdn"};
enum { KEPT = sizeof kept / sizeof *kept, SUM = KEPT, MEAN, KINDS };

typedef struct finding {
    gt_graph *g;
    gt_layer_list *list;
    int room;
    int *row;            /* of each node: its layer, or NONE */
    const char **module; /* of each node that depends on parameters alone: the layer of the first of them */
    int *users;          /* of each node: live nodes that read it; < 0: nothing needs the node */
    bool *plain_users;   /* all of these are element-wise, or views */
    bool *reached;       /* of each node, while a sum is named: one of its terms comes from the other */
    int count[KINDS];    /* layers without tensors that have numbers */
} finding;

void gt_layer_name(const char *leaf, bool of_net, char *name, size_t bytes) {
    const char *begin = of_net ? strchr(leaf, '.') : NULL;
    begin = begin ? begin + 1 : leaf;
    const char *end = strrchr(begin, '.');
    snprintf(name, bytes, "%.*s", (int)(end ? end - begin : (long)strlen(begin)), begin);
}

static int kept_kind(const gt_node *n) {
    for (int i = 0; i < KEPT; i++)
        if (!strncmp(n->op->name, kept[i], strlen(kept[i]))) return i;
    return NONE;
}

static bool is_kept(const gt_node *n) { return kept_kind(n) != NONE; }

static bool is_plain(const gt_node *n) { return n->op->elementwise || n->op->view; }

/* A result `error` compares another result with the input: no layer. */
static void mark_live(finding *f) {
    for (int i = 0; i < f->g->n_nodes; i++) f->users[i] = -1, f->plain_users[i] = true;
    for (int i = 0; i < f->g->n_results; i++)
        if (strcmp(f->g->results[i].name, "error") != 0) f->users[f->g->results[i].node->id] = 0;
    for (int i = f->g->n_nodes - 1; i >= 0; i--) {
        const gt_node *n = f->g->nodes[i];
        for (int k = 0; k < n->n_in && f->users[i] >= 0; k++) {
            int *users = &f->users[n->in[k]->id];
            *users = *users < 0 ? 1 : *users + 1;
            f->plain_users[n->in[k]->id] &= is_plain(n);
        }
    }
}

static int add_layer(finding *f, const char *name) {
    gt_layer_list *l = f->list;
    if (!name || !gt_arena_grow(f->g->arena, &l->layers, l->n, &f->room, sizeof *l->layers)) return NONE;
    l->layers[l->n] = (gt_graph_layer){.name = name};
    return l->n++;
}

static int layer_called(finding *f, const char *name) {
    for (int i = f->list->n - 1; i >= 0; i--)
        if (!strcmp(f->list->layers[i].name, name)) return i;
    return add_layer(f, name);
}

static bool in_run(const gt_node *n) { return n->rate == GT_RATE_SLICE && !gt_is_leaf(n); }

/* The newest input that each run computes; NULL: there is none. */
static const gt_node *newest(const gt_node *n) {
    const gt_node *found = NULL;
    for (int i = 0; i < n->n_in; i++)
        if (in_run(n->in[i]) && (!found || n->in[i]->id > found->id)) found = n->in[i];
    return found;
}

static const char *module_of(finding *f, const gt_node *n) {
    for (int i = 0; i < n->n_in; i++)
        if (f->module[n->in[i]->id]) return f->module[n->in[i]->id];
    return NULL;
}

/* A node without tensors goes on with what it continues: the same shape, and nothing but such nodes reads its input. */
static int continued(const finding *f, const gt_node *n) {
    const gt_node *of = newest(n);
    if (!of) return NONE;
    if (n->op->view || (n->op == &gt_op_permute && f->plain_users[n->id])) return f->row[of->id];
    if (!n->op->elementwise || !f->plain_users[of->id]) return NONE;
    for (int i = 0; i < n->n_in; i++)
        if (in_run(n->in[i]) && !gt_shape_equal(&n->in[i]->shape, &n->shape)) return NONE;
    return f->row[of->id];
}

/* ---- layers without tensors ---- */

static const char *name_of(const finding *f, const gt_node *n) {
    return in_run(n) && f->row[n->id] != NONE ? f->list->layers[f->row[n->id]].name : NULL;
}

/* "inception3a" of "inception3a.branch1.bn" and "inception3a.branch2.1.bn"; "": nothing in common */
static void common_prefix(const finding *f, const gt_node *n, char *text) {
    *text = 0;
    for (int i = 0; i < n->n_in; i++) {
        const char *name = name_of(f, n->in[i]);
        size_t same = 0, whole = 0;
        if (!name) continue;
        if (!i) snprintf(text, NAME, "%s", name);
        for (; i && text[same] && text[same] == name[same]; same++)
            if (text[same] == '.') whole = same;
        if (i && !(text[same] == 0 && name[same] == '.')) text[whole] = 0;
    }
}

/* A shortcut: one term of the sum n comes from the other, which is older. */
static bool is_shortcut(finding *f, const gt_node *n) {
    const gt_node *to = newest(n), *from = n->in[n->in[0] == to];
    memset(f->reached, 0, (size_t)f->g->n_nodes * sizeof *f->reached);
    f->reached[from->id] = true;
    for (int i = from->id + 1; i <= to->id; i++)
        for (int k = 0; k < f->g->nodes[i]->n_in; k++) f->reached[i] |= f->reached[f->g->nodes[i]->in[k]->id];
    return f->reached[to->id];
}

/* The block of the layer of n: "layer1.0" of "layer1.0.bn2"; false: it has none, like "max_pool.1". */
static bool block_of(const finding *f, const gt_node *n, char *text) {
    const char *name = name_of(f, n), *dot = name ? strrchr(name, '.') : NULL;
    if (!dot || strchr(name, '#') || (isinf(f->list->layers[f->row[n->id]].most) && isdigit((unsigned char)dot[1])))
        return false;
    snprintf(text, NAME, "%.*s", (int)(dot - name), name);
    return true;
}

/* The block whose layers a sum joins: what both names begin with; of a shortcut, the block of what it passes by. */
static void block_of_sum(finding *f, const gt_node *n, char *text) {
    const gt_node *last = newest(n);
    if (is_shortcut(f, n)) {
        block_of(f, last, text);
        return;
    }
    common_prefix(f, n, text);
    if (!*text && !block_of(f, last, text)) block_of(f, n->in[n->in[0] == last], text);
}

/* Two layers' values of one shape: a residual or another join of branches. */
static bool is_sum(const finding *f, const gt_node *n) {
    if (n->op != &gt_op_elementwise[GT_MAP_add] || n->n_in != 2) return false;
    for (int i = 0; i < 2; i++)
        if (!in_run(n->in[i]) || !gt_shape_equal(&n->in[i]->shape, &n->shape)) return false;
    int a = f->row[n->in[0]->id], b = f->row[n->in[1]->id];
    return a != b && f->row[newest(n)->id] != NONE;
}

/* A normalisation's mean is not: what it is the mean of is read by others, too. */
static bool is_global_mean(const finding *f, const gt_node *n) {
    return n->op == &gt_op_sum && n->in[0]->shape.n == 4 && f->users[n->in[0]->id] == 1 &&
           f->row[n->in[0]->id] != NONE && ((const gt_sum_attr *)n->attr)->axes == (GT_AXIS(1) | GT_AXIS(2));
}

static bool is_taken(const finding *f, const char *name) {
    for (int i = 0; i < f->list->n; i++)
        if (!strcmp(f->list->layers[i].name, name)) return true;
    return false;
}

/* A new layer whose main node is n: "BLOCK.WORD", of a block's second one "BLOCK.WORD2"; without a block "WORD.1". */
static int own_layer(finding *f, gt_node *n, int kind, const char *block) {
    const char *word = kind == SUM ? "sum" : kind == MEAN ? "mean" : kept[kind];
    gt_arena *a = f->g->arena;
    char *name = *block ? gt_arena_printf(a, "%s.%s", block, word)
                        : gt_arena_printf(a, "%s.%d", word, ++f->count[kind]);
    for (int i = 2; name && is_taken(f, name); i++) name = gt_arena_printf(a, "%s.%s%d", block, word, i);
    int row = add_layer(f, name);
    if (row != NONE) f->list->layers[row].main = n, f->list->layers[row].most = INFINITY;
    return row;
}

static int without_tensors(finding *f, gt_node *n) {
    char block[NAME] = "";
    int kind = kept_kind(n);
    if (is_sum(f, n)) {
        block_of_sum(f, n, block);
        return own_layer(f, n, SUM, block);
    }
    if (is_global_mean(f, n)) return own_layer(f, n, MEAN, block);
    if (kind == NONE) return continued(f, n);
    if (!strcmp(n->op->name, "concat")) common_prefix(f, n, block);
    return own_layer(f, n, kind, block);
}

static const gt_node *same_shape_input(const gt_node *n) {
    for (int i = 0; i < n->n_in; i++)
        if (in_run(n->in[i]) && gt_shape_equal(&n->in[i]->shape, &n->shape)) return n->in[i];
    return NULL;
}

/* The layer of a node that reads tensors of `module`: what follows a pooling or a filter (a bias, an activation) is
 * told there, where its values are. */
static int with_tensors(finding *f, const gt_node *n, const char *module) {
    int row = layer_called(f, module);
    const gt_node *of = newest(n);
    while (of && f->row[of->id] == NONE && of->op->elementwise) of = same_shape_input(of); /* times the styles */
    int before = of ? f->row[of->id] : NONE;
    if (row == NONE || before == NONE || before == row || !n->op->elementwise) return row;
    const gt_node *main = f->list->layers[before].main;
    if (!main || !is_kept(main) || f->row[main->in[0]->id] != row) return row;
    f->list->layers[row].through = f->list->layers[before].name;
    f->list->layers[row].output = main->in[0];
    return before;
}

static void by_tensors(finding *f) {
    for (int i = 0; i < f->g->n_nodes; i++) {
        const gt_node *n = f->g->nodes[i];
        f->row[i] = NONE;
        if (f->users[i] < 0) continue;
        if (n->op == &gt_op_param) {
            char name[NAME];
            gt_layer_name(n->name, true, name, sizeof name);
            f->module[i] = gt_arena_printf(f->g->arena, "%s", name);
        } else if (n->rate == GT_RATE_UPDATE) {
            f->module[i] = module_of(f, n);
        } else if (in_run(n)) {
            const char *module = module_of(f, n);
            f->row[i] = module ? with_tensors(f, n, module) : without_tensors(f, f->g->nodes[i]);
        }
    }
}

/* What only one layer reads prepares that layer's input. */
static void by_users(finding *f) {
    int *of_users = gt_arena_array(f->g->arena, (size_t)f->g->n_nodes + 1,
                                   sizeof *of_users); /* 1 + layer; -1: several */
    for (int i = f->g->n_nodes - 1; i >= 0 && of_users; i--) {
        const gt_node *n = f->g->nodes[i];
        if (f->users[i] < 0 || !in_run(n)) continue;
        if (f->row[i] == NONE && of_users[i] > 0) f->row[i] = of_users[i] - 1;
        for (int k = 0; k < n->n_in; k++) {
            int *u = &of_users[n->in[k]->id], own = f->row[i] == NONE ? -1 : f->row[i] + 1;
            *u = !*u || *u == own ? own : -1;
        }
    }
}

static void remaining(finding *f) {
    for (int i = 0; i < f->g->n_nodes; i++) {
        const gt_node *n = f->g->nodes[i], *of = newest(n);
        if (f->users[i] < 0 || !in_run(n) || f->row[i] != NONE) continue;
        const char *name = of ? name_of(f, of) : NULL;
        f->row[i] = name && strchr(name, '#') ? f->row[of->id]
                                              : add_layer(f, gt_arena_printf(f->g->arena, "%s#%d", n->op->name, n->id));
    }
}

/* What reads tensors comes before what does not: a layer of attention has products of pictures, too. */
static bool is_larger(finding *f, const gt_node *n, double flops, const gt_graph_layer *l) {
    if (isinf(l->most)) return false; /* a layer without tensors is what it began with */
    bool reads = module_of(f, n), main_reads = l->main && module_of(f, l->main);
    return !l->main || (reads == main_reads ? flops > l->most : reads);
}

static void add_node(finding *f, gt_graph_layer *l, gt_node *n) {
    if (!l->nodes) l->nodes = gt_arena_array(f->g->arena, (size_t)l->n_nodes, sizeof *l->nodes), l->n_nodes = 0;
    if (l->nodes) l->nodes[l->n_nodes++] = n;
}

static void sum_up(finding *f) {
    for (int i = 0; i < f->g->n_nodes; i++)
        if (f->users[i] >= 0 && f->row[i] != NONE) f->list->layers[f->row[i]].n_nodes++;
    for (int i = 0; i < f->g->n_nodes; i++) {
        gt_node *n = f->g->nodes[i];
        double flops, bytes;
        if (f->users[i] < 0 || f->row[i] == NONE) continue;
        gt_graph_layer *l = &f->list->layers[f->row[i]];
        gt_node_cost(n, &flops, &bytes);
        l->flops += flops;
        if (is_larger(f, n, flops, l)) l->most = flops, l->main = n;
        add_node(f, l, n);
        bool moved = n->op->view || n->op == &gt_op_permute; /* the same values */
        if (!l->through && (!moved || !l->output)) l->output = n;
        if (is_sum(f, n) && l->main == n) l->with = name_of(f, n->in[n->in[0] == newest(n)]);
    }
}

static int earlier(const void *a, const void *b) {
    const gt_graph_layer *x = a, *y = b;
    return x->main->id - y->main->id;
}

gt_status gt_layer_list_make(gt_graph *g, gt_layer_list *out) {
    size_t n = (size_t)g->n_nodes + 1;
    *out = (gt_layer_list){0};
    finding f = {.g = g,
                 .list = out,
                 .row = gt_arena_array(g->arena, n, sizeof *f.row),
                 .module = gt_arena_array(g->arena, n, sizeof *f.module),
                 .users = gt_arena_array(g->arena, n, sizeof *f.users),
                 .plain_users = gt_arena_array(g->arena, n, sizeof *f.plain_users),
                 .reached = gt_arena_array(g->arena, n, sizeof *f.reached)};
    if (!f.row || !f.module || !f.users || !f.plain_users || !f.reached) return gt_graph_out_of_memory(g);
    mark_live(&f);
    by_tensors(&f);
    by_users(&f);
    remaining(&f);
    if (gt_arena_failed(g->arena)) return gt_graph_out_of_memory(g);
    sum_up(&f);
    if (gt_arena_failed(g->arena)) return gt_graph_out_of_memory(g);
    if (out->n) qsort(out->layers, (size_t)out->n, sizeof *out->layers, earlier);
    return GT_OK;
}

gt_node *gt_layer_list_find(const gt_layer_list *list, const char *name) {
    size_t length = strlen(name);
    gt_node *of_block = NULL;
    gt_buffer names = {0};
    for (int i = 0; i < list->n; i++) {
        const gt_graph_layer *l = &list->layers[i];
        if (!strcmp(l->name, name)) {
            gt_buffer_free(&names);
            return l->through ? gt_layer_list_find(list, l->through) : l->output;
        }
        if (!strncmp(l->name, name, length) && l->name[length] == '.') of_block = l->output; /* the last one stays */
        gt_buffer_printf(&names, "%s%s", i ? " " : "", l->name);
    }
    if (!of_block)
        gt_fail(GT_USAGE, "the network has no layer '%s'; its layers are: %.*s", name, (int)names.n,
                names.failed || !names.data ? "" : names.data);
    gt_buffer_free(&names);
    return of_block;
}
