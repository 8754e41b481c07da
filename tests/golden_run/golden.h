/* SPDX-License-Identifier: Apache-2.0
 * Comparing the engine with golden files: one source file per kind (kind_*.c), and here what they share.
 *
 * A kind builds graphs whose inputs are datasets of the file and whose outputs must equal datasets of the file:
 *
 *     gold_graph *g = gold_graph_new(f);
 *     gt_node *x = gold_in(g, "case00/in/x", GOLD_IMAGE);
 *     gt_node *y = gt_neg(gold_nodes(g), x);
 *     gold_out(g, y, "case00/out/y", GOLD_IMAGE);
 *     gold_run(g);
 *
 * Everything about a file lives in its arena. What is wrong with a file (a dataset missing or off) is remembered, the
 * first such fault is printed; functions can go on with NULLs. Datasets of results that no kind looked at count as a
 * fault too. */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <hdf5.h>
#include <jansson.h>

#include "../kernels.h"
#include "graph/door/graph.h"
#include "networks/nets/door/nets.h"
#include "features/stylegan2/stylegan2.h"
#include "metrics/door/rows.h"

/* Order of dimensions in the file against memory. */
typedef enum gold_order {
    GOLD_PLAIN,
    GOLD_IMAGE,  /* [N,C,H,W] -> [N,H,W,C], and so for each of several [M,N,C,H,W] */
    GOLD_WEIGHT, /* [O,I,h,w] -> [h,w,I,O] */
    GOLD_CHW,    /* [C,H,W] -> [H,W,C] */
} gold_order;

enum { GOLD_LEFT_OUT = 64 };

typedef struct gold {
    hid_t file;
    const char *path;
    gt_arena *arena;
    json_t *config;   /* NULL: the file has none */
    char kind[64];    /* attribute `file`: "synthesis_skip"; "pkl": there is a NAME.pkl beside NAME.h5 */
    double cap;       /* limit of every dataset besides its own; 0: none */
    double limits[2]; /* of results and of gradients whose datasets do not say their own; 0: 1e-5 */
    /* Of names of tensors: what the file leaves out, and what it has in front; NULL: nothing. */
    const char *prefix, *in_front;
    int n_checked, capacity;
    const char **checked; /* datasets compared so far */
    double worst;         /* of deviation / limit */
    const char *worst_name;
    bool failed;
    char failure[512];
    int n_left_out;
    const char *left_out[GOLD_LEFT_OUT]; /* groups */
    const char *note; /* something about the file that its reader should know; printed with the result */
} gold;

typedef struct gold_kind {
    const char *prefix; /* of gold.kind */
    void (*run)(gold *f);
    bool has_config; /* files have the attribute `config`; else their results have attributes tol or rtol */
} gold_kind;
extern const gold_kind gold_kinds[]; /* ended by a NULL prefix */

void gold_optimizer(gold *f);
void gold_upfirdn(gold *f);
void gold_unet_blocks(gold *f);
void gold_unet(gold *f);
void gold_precond_loss(gold *f);
void gold_flow(gold *f);
void gold_samplers(gold *f);
void gold_told(gold *f);
void gold_modconv(gold *f);
void gold_mapping(gold *f);
void gold_synthesis(gold *f);
void gold_discriminator(gold *f);
void gold_augment(gold *f);
void gold_loss(gold *f);
void gold_train(gold *f);
void gold_denoise_train(gold *f); /* called by gold_train */
void gold_job(gold *f);
void gold_alone(gold *f);
void gold_containers(gold *f);
void gold_metrics(gold *f);
void gold_fid(gold *f);
void gold_nearest(gold *f);
void gold_swd(gold *f);
void gold_fwd(gold *f);
void gold_ensembles(gold *f);
void gold_pkl(gold *f);
void gold_denoise_pkl(gold *f); /* called by gold_pkl */
void gold_denoise_state(gold *f);
void gold_inception(gold *f);
void gold_vgg16(gold *f);

/* ---- file.c: datasets and configuration ---- */
gt_status gold_open(gold *f, const char *path);
void gold_close(gold *f);
void gold_fail(gold *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *gold_path(gold *f, const char *format, ...) __attribute__((format(printf, 2, 3))); /* in the arena */
bool gold_has(gold *f, const char *path);
/* A text attribute, fixed-length or variable, in the arena; NULL: none. */
char *gold_text_attribute(gold *f, hid_t object, const char *name);
/* in memory order, with the memory shape; shape may be NULL */
float *gold_read(gold *f, const char *path, gold_order order, gt_shape *shape);
double *gold_read_doubles(gold *f, const char *path, gold_order order, gt_shape *shape);
/* An attribute of a dataset or group ("" is the root); a fault where there is none. */
double gold_attribute(gold *f, const char *path, const char *name);
/* Call for each link of a group ("" is the root), in order of names. */
void gold_each(gold *f, const char *group, void (*visit)(gold *f, const char *name, void *arg), void *arg);

json_t *gold_get(json_t *object, const char *key); /* NULL when absent or null */
int gold_int(json_t *object, const char *key, int otherwise);
double gold_number(json_t *object, const char *key, double otherwise);
const char *gold_text(json_t *object, const char *key, const char *otherwise);

/* ---- compare.c ---- */
/* The dataset was compared, and is off by this much. */
void gold_judge(gold *f, const char *path, double deviation, double limit);
/* Ours against a dataset, normwise; limit max(20 sens, 1e-5) unless given as > 0. Ours is in memory order. */
void gold_check(gold *f, const char *path, gold_order order, const float *ours, size_t n, double limit);
/* Ours against a dataset, within its attribute `tol` (of each value), or `rtol` (relative, of each value); a dataset
 * that has neither holds whole numbers, which must be the same. */
void gold_check_doubles(gold *f, const char *path, gold_order order, const double *ours, size_t n);
/* The same with a limit that the file does not say. */
void gold_check_near(gold *f, const char *path, const double *ours, size_t n, double tol);
/* The same for a part of the dataset, `count` values from number `first` on, in the file's order. */
void gold_check_rows(gold *f, const char *path, const float *ours, size_t first, size_t count);
/* RMS of the difference of changes from `start`, over the RMS of the file's change; the limit as above. */
void gold_check_change(gold *f, const char *path, gold_order order, const float *ours, const float *start, size_t n,
                       double limit);
/* The results in the group are of a case that is left out, which the note names. The name is kept. */
void gold_leave_out(gold *f, const char *group);
void gold_check_complete(gold *f); /* every dataset below an `out` or `grad*` group was compared */

/* ---- run.c: graphs on datasets ---- */
typedef struct gold_graph gold_graph;
gold_graph *gold_graph_new(gold *f);
gt_graph *gold_nodes(gold_graph *g);
gt_node *gold_in(gold_graph *g, const char *path, gold_order order); /* the same path twice: the same node */
void gold_out(gold_graph *g, gt_node *n, const char *path, gold_order order);
/* Like gold_out for d<y, dy>/d wrt. dy NULL: ones. */
void gold_grad(gold_graph *g, gt_node *y, gt_node *dy, gt_node *wrt, const char *path, gold_order order);
/* Called when the graph is ready and its inputs are written: for inputs that are not datasets. */
void gold_before(gold_graph *g, void (*write)(gold *f, gt_exec *e, void *arg), void *arg);
void gold_run(gold_graph *g);
const float *gold_value(gold_graph *g, const char *path); /* after gold_run: what came out for this path */
void gold_graph_free(gold_graph *g);

/* ---- team.c: what metrics are computed of, and by whom ---- */
const gt_team *gold_team(void); /* this process alone, one thread */
/* The dataset path as a set of rows. */
gt_rows gold_rows(gold *f, const char *path);
/* The dataset path as bytes. */
uint8_t *gold_pictures(gold *f, const char *path, gold_order order, gt_shape *shape);

/* ---- nets.c: networks with parameters of the file ---- */
gold_order gold_order_of(const gt_tensor *t);
/* the datasets group/NAME; both must have the same names */
void gold_load_into(gold *f, const gt_net *n, const char *group, float *block);
/* the same into a new block; NULL (and a fault) without a network */
float *gold_load(gold *f, const gt_net *n, const char *group);
void gold_bind(gold_graph *g, int slot, float *block);
/* Gradients of all trainable tensors against group/NAME. */
void gold_param_grads(gold *f, gold_graph *g, gt_node *y, gt_node *dy, gt_bound_net b, const char *group);
gt_generator_config gold_generator_config(json_t *j);
gt_synthesis_config gold_synthesis_config(json_t *j);
bool gold_noise_mode(const char *name, gt_noise_mode *mode); /* "const" "random" "none" "given"; false: unknown */
gt_mapping_config gold_mapping_config(json_t *j);
gt_discriminator_config gold_discriminator_config(json_t *j);
/* The taps of `resample_filter`; `otherwise` where the configuration has none. */
gt_resample_filter gold_filter_config(json_t *j, gt_resample_filter otherwise);

#endif
