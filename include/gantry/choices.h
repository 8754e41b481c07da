/* SPDX-License-Identifier: Apache-2.0
 * Options with a fixed list of values are enums. One list has the constants and their names, of which parsing, help,
 * completion, job files, recipes in checkpoints and messages follow:
 *
 *     #define DEMO_MODES(X) X(DEMO_FAST, "fast") X(DEMO_EXACT, "exact")
 *     typedef enum demo_mode { DEMO_MODES(GT_CONSTANT) } demo_mode;
 *     typedef struct demo { demo_mode mode; } demo;
 *     static const char *const names[] = {DEMO_MODES(GT_NAME)}; // only where names are needed without the option
 *     static const gt_option rows[] = {{GT_ROW(demo, "mode", mode, "fast", "How"), GT_CHOICES(DEMO_MODES)}};
 *
 * A field without default is 0, the first constant, as long as nobody gives a value. Lists of which rooms below add
 * rows (models, recipes of --cfg, optimisers, losses, activations) stay texts, which their table looks up.
 *
 * Here are the choices that several rooms know; the others stand beside what they choose.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_CHOICES_H
#define GANTRY_CHOICES_H

#define GT_CONSTANT(constant, name) constant,
#define GT_NAME(constant, name) name,
#define GT_JOINED(constant, name) "|" name
/* In the row of an option (gantry/option.h). GT_CHOICES_GIVEN: of a list whose first constant, with the name "", is
 * what the field holds as long as nobody gives a value. */
#define GT_CHOICES(list) .choices = &(list(GT_JOINED))[1]
#define GT_CHOICES_GIVEN(list) .choices = &(list(GT_JOINED))[2], .min = 1

/* What happens where a picture is damaged. */
#define GT_ON_ERRORS(X) X(GT_ON_ERROR_STOP, "stop") X(GT_ON_ERROR_SKIP, "skip")
typedef enum gt_on_error { GT_ON_ERRORS(GT_CONSTANT) } gt_on_error;

/* Where adam adds eps: to the root of the corrected moment, or of the other. */
#define GT_EPS_FORMS(X) X(GT_EPS_INSIDE, "inside") X(GT_EPS_OUTSIDE, "outside")
typedef enum gt_eps_form { GT_EPS_FORMS(GT_CONSTANT) } gt_eps_form;

/* What happens to the update where a gradient is not finite. */
#define GT_NAN_RULES(X) X(GT_NAN_STOP, "stop") X(GT_NAN_SKIP, "skip") X(GT_NAN_CLEAN, "clean")
typedef enum gt_nan_rule { GT_NAN_RULES(GT_CONSTANT) } gt_nan_rule;

/* How gradients are summed over ranks. */
#define GT_REDUCTIONS(X) X(GT_REDUCE_TREE, "tree") X(GT_REDUCE_ALLREDUCE, "allreduce")
typedef enum gt_reduction { GT_REDUCTIONS(GT_CONSTANT) } gt_reduction;

/* Batch normalisation in training takes means of the batch, or of a slice; or there is none. */
#define GT_BN_KINDS(X) X(GT_BN_BATCH, "batch") X(GT_BN_SLICE, "slice") X(GT_BN_NONE, "none")
typedef enum gt_bn_kind { GT_BN_KINDS(GT_CONSTANT) } gt_bn_kind;

/* The reconstruction loss of an autoencoder: squared error; cross-entropy, computed from logits; -log of a normal
 * density of each pixel, whose mean and log variance the decoder gives. */
#define GT_RECONS(X) X(GT_RECON_MSE, "mse") X(GT_RECON_BCE, "bce") X(GT_RECON_NORMAL, "normal")
typedef enum gt_recon { GT_RECONS(GT_CONSTANT) } gt_recon;

#define GT_MEMORY_USES(X) X(GT_MEMORY_NORMAL, "normal") X(GT_MEMORY_LOW, "low")
typedef enum gt_memory_use { GT_MEMORY_USES(GT_CONSTANT) } gt_memory_use;

/* What happens when training itself goes wrong. */
#define GT_ON_TROUBLES(X) \
    X(GT_ON_TROUBLE_WARN, "warn") X(GT_ON_TROUBLE_STOP, "stop") X(GT_ON_TROUBLE_ROLLBACK, "rollback")
typedef enum gt_on_trouble { GT_ON_TROUBLES(GT_CONSTANT) } gt_on_trouble;

#define GT_DRY_RUNS(X)    \
    X(GT_DRY_RUN_NO, "0") \
    X(GT_DRY_RUN_FULL, "1") X(GT_DRY_RUN_QUICK, "quick") X(GT_DRY_RUN_JOB, "job") X(GT_DRY_RUN_SPEED, "speed")
typedef enum gt_dry_run { GT_DRY_RUNS(GT_CONSTANT) } gt_dry_run;

/* Does metrics.h5 grow in place? GT_SWMR_AUTO: by the kind of the file system. */
#define GT_SWMR_RULES(X) X(GT_SWMR_AUTO, "auto") X(GT_SWMR_ON, "on") X(GT_SWMR_OFF, "off")
typedef enum gt_swmr_rule { GT_SWMR_RULES(GT_CONSTANT) } gt_swmr_rule;

/* The unit of the step of TensorBoard's events. */
#define GT_EVENT_STEPS(X) X(GT_EVENTS_BY_KIMG, "kimg") X(GT_EVENTS_BY_IMAGES, "images")
typedef enum gt_event_step { GT_EVENT_STEPS(GT_CONSTANT) } gt_event_step;

/* Where the pixels of pictures lie that are resized for published networks: pixel i at i in / out (the first FID
 * program, torch-fidelity, StyleGAN2-ADA's tables), or at (i + 1/2) in / out - 1/2, not below 0 (pytorch-fid). */
#define GT_RESIZE_RULES(X) X(GT_RESIZE_TF1, "tf1") X(GT_RESIZE_HALF, "half")
typedef enum gt_resize_rule { GT_RESIZE_RULES(GT_CONSTANT) } gt_resize_rule;

#endif
