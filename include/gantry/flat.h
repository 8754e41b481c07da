/* SPDX-License-Identifier: Apache-2.0
 * The library for other languages. These calls take and give handles, numbers, texts and arrays, and no struct of
 * Gantry: whoever declares them by hand depends on no layout. The Python package (src/python) is made of them. What
 * they do is told in generate.h, encode.h, classify.h and runlog.h.
 *
 *     int status;
 *     gt_flat_network *n = gt_flat_open("clipart64", 1, &status); // NULL: gt_message() says why
 *     status = gt_flat_prepare(n, 0.7, "const", 0, NAN);
 *     for (int i = 0; i < 2; i++) gt_seed_latent(seeds[i], (int)gt_flat_fact(n, "z_dim"), z + i * 512);
 *     status = gt_flat_generate(n, 2, z, NULL, seeds, images);    // float32 [2,H,W,C], nominally in [-1,1]
 *     gt_flat_close(n);
 *
 * A status is a gt_status as an int, 0 where all is well; gt_message() has the sentence, which belongs to the calling
 * thread. A handle is for one thread at a time; several handles may be used at once. What opens a handle or makes it
 * ready (gt_flat_open, gt_flat_prepare, gt_flat_ready, gt_flat_log_open, gt_flat_array_read) may read files, and so
 * do gt_flat_run_state, gt_flat_curve and gt_flat_train: one thread of the process at a time. After fork() no handle
 * may be used in the child.
 *
 * Of other headers these are flat, too: gt_message() (status.h), gt_seed_latent() and gt_image_bytes() (generate.h).
 *
 * Stable from version 1 of these calls on: what stands here keeps its meaning; calls may be added. */
#ifndef GANTRY_FLAT_H
#define GANTRY_FLAT_H

#include <stddef.h>
#include <stdint.h>

/* Of these calls. It grows where one of them changes its meaning. */
enum { GT_FLAT_VERSION = 1 };
int gt_flat_version(void);
const char *gt_flat_release(void); /* of the library: "1.0.0" */
/* "usage", "failed", "format", "memory", "nonfinite", "stopped", "undecided"; "": of no status. */
const char *gt_flat_kind(int status);

/* ---- a trained network ---- */

typedef struct gt_flat_network gt_flat_network;

/* A checkpoint, a run's folder, a file of another program, or the name of a network that comes with Gantry. threads 0:
 * as many as the process may use. The environment chooses kernels as it does for the program. NULL: *status. */
gt_flat_network *gt_flat_open(const char *path, int threads, int *status);
void gt_flat_close(gt_flat_network *n); /* NULL is fine */

/* "height", "width", "channels", "z_dim", "label_dim" (of what the network was trained with), "generator_labels" (of
 * what its generator takes), "vectors" (labels are vectors, not classes), "latent_size", "num_ws", "w_dim",
 * "class_names" (how many classes have names), "batch" (images that gt_flat_generate makes at once; 0 before
 * gt_flat_prepare), "log_variance" (latents are distributions; 0 before gt_flat_ready(n, "encoder")). -1: there is no
 * such fact. */
int64_t gt_flat_fact(const gt_flat_network *n, const char *name);
/* "model", "file", "hash" (of the parameters in use), "channels" ("R,G,B"). "": not known. Valid as long as n. */
const char *gt_flat_text(const gt_flat_network *n, const char *name);
const char *gt_flat_class_name(const gt_flat_network *n, int64_t number); /* "": it has none */
int gt_flat_has_role(const gt_flat_network *n, const char *role);         /* of model.h: "generator"; 1: yes */

/* Makes the generator ready. `noise`: "const", "random" or "none". Of models that make pictures in steps, steps 0 and
 * guidance NaN: as the job says; else 1 to 10000, and 0 to 100; of others they must be that. Does nothing where it is
 * so already. */
int gt_flat_prepare(gt_flat_network *n, double truncation, const char *noise, int steps, double guidance);
/* The label [generator_labels] of a class, by number or name; "": of no class, for networks that need none. After
 * gt_flat_prepare(). */
int gt_flat_label(const gt_flat_network *n, const char *class_text, float *label);

/* After gt_flat_prepare(). z [count,z_dim], labels [count,generator_labels] (NULL: none are taken), numbers [count]:
 * whose fresh noise each image has, such as its seed -> images [count,H,W,C]. No image depends on the others. */
int gt_flat_generate(gt_flat_network *n, int64_t count, const float *z, const float *labels, const uint32_t *numbers,
                     float *images);
/* Of networks with styles (num_ws > 0): styles [count,num_ws,w_dim], truncated, and the images of styles. */
int gt_flat_styles(gt_flat_network *n, int64_t count, const float *z, const float *labels, float *ws);
int gt_flat_synthesize(gt_flat_network *n, int64_t count, const float *ws, const uint32_t *numbers, float *images);

/* Makes the network ready as "encoder" or "classifier". */
int gt_flat_ready(gt_flat_network *n, const char *role);
/* After gt_flat_ready(). images [count,H,W,C] in [-1,1], labels [count,label_dim] (NULL: none). `first`: the number of
 * the first image, for random numbers. Each of the results may be NULL: latent and log_variance [count,latent_size],
 * image [count,H,W,C], error [count]. */
int gt_flat_encode(gt_flat_network *n, int64_t count, int64_t first, const float *images, const float *labels,
                   float *latent, float *log_variance, float *image, float *error);
/* logits and probabilities [count,label_dim], each of which may be NULL. */
int gt_flat_classify(gt_flat_network *n, int64_t count, const float *images, float *logits, float *probabilities);

/* ---- inside a network ---- */

/* Parameter i of all networks that the file has, "G.synthesis.b4.const"; 0: there are no more. Else the length of the
 * name, which is cut where there is no room for it. */
int gt_flat_parameter_name(gt_flat_network *n, int i, char *name, size_t room);
/* A parameter's dimensions, at most 6, as in files of PyTorch ([O,I,h,w] of convolutions); returns how many; -1: there
 * is no such parameter. */
int gt_flat_parameter_shape(gt_flat_network *n, const char *name, int64_t shape[6]);
int gt_flat_parameter_get(gt_flat_network *n, const char *name, float *values);
/* Where its first value is in the memory of the network, as long as n is open, and how many floats lie between two
 * neighbours along each dimension. NULL: there is no such parameter. */
const float *gt_flat_parameter_view(gt_flat_network *n, const char *name, int64_t steps[6]);
/* In memory alone, no file changes. Afterwards gt_flat_prepare() and gt_flat_ready() are needed again. */
int gt_flat_parameter_set(gt_flat_network *n, const char *name, const float *values);

/* A network in a role (model.h), run for `count` items at once, with values that it has in the middle. */
typedef struct gt_flat_trace gt_flat_trace;
/* `layers`: names of layers, blocks (shape.h) or other nodes of the graph, one in a line; each is an output
 * "value/NAME". `of` (a layer, or an output of the role, such as "score") and `by` (an input, such as "images"): the
 * output "gradient" is the derivative by that input of the sum of of * "toward", an input of the shape of `of`; of "":
 * none. NULL: *status. Is closed before the network. */
gt_flat_trace *gt_flat_trace_open(gt_flat_network *n, const char *role, int count, const char *layers, const char *of,
                                  const char *by, int *status);
void gt_flat_trace_close(gt_flat_trace *t);                      /* NULL is fine */
const char *gt_flat_trace_input(const gt_flat_trace *t, int i);  /* the name of input i; NULL: there are no more */
const char *gt_flat_trace_output(const gt_flat_trace *t, int i); /* of output i, likewise */
int gt_flat_trace_shape(const gt_flat_trace *t, const char *name, int64_t shape[6]); /* of either; -1: neither */
int gt_flat_trace_put(gt_flat_trace *t, const char *name, const float *values);      /* writes an input */
int gt_flat_trace_run(gt_flat_trace *t);
int gt_flat_trace_get(const gt_flat_trace *t, const char *name, float *values); /* of an output of the last run */

/* Pixels of 0 to 255 as networks take them, -1 to 1. */
void gt_flat_floats(const uint8_t *pixels, size_t n, float *out);

/* ---- the log of a run ---- */

typedef struct gt_flat_log gt_flat_log;

gt_flat_log *gt_flat_log_open(const char *run, int *status); /* of the run's folder. NULL: *status */
void gt_flat_log_close(gt_flat_log *l);                      /* NULL is fine */
int gt_flat_log_ticks(const gt_flat_log *l);
const char *gt_flat_log_name(const gt_flat_log *l, int i); /* of series i, from 0; NULL: there are no more */
const char *gt_flat_log_unit(const char *series);          /* "kimg"; "": a pure number, or unknown */
/* Each array [ticks], or NULL; NaN where a tick has no value. GT_USAGE: there is no such series. */
int gt_flat_log_read(const gt_flat_log *l, const char *series, double *mean, double *std, double *num);
void gt_flat_log_images(const gt_flat_log *l, int64_t *images); /* [ticks] */
/* "running", "finished", "stopped", "failed" or "interrupted" (killed), as `gantry status` says; "": unknown. */
int gt_flat_run_state(const char *run, char state[16]);

/* Draws n points, of which those without finite place are gaps, as a curve into a file, FILE.svg or FILE.png. The texts
 * may be "". May read files, as what opens a handle does. */
int gt_flat_curve(const char *file, const char *title, const char *x_label, const char *y_label, int n, const double *x,
                  const double *y);

/* ---- arrays that commands write (HDF5) ---- */

/* The dimensions, at most 6, of an array of numbers. GT_FORMAT: there is none of this name. */
int gt_flat_array_shape(const char *file, const char *name, int64_t shape[6], int *dimensions);
int gt_flat_array_read(const char *file, const char *name, size_t numbers, double *values); /* all of its numbers */

/* ---- training ---- */

typedef struct gt_flat_job gt_flat_job;

gt_flat_job *gt_flat_job_new(int *status); /* NULL: *status */
void gt_flat_job_free(gt_flat_job *j);     /* NULL is fine */
/* A job file, or the name of a job that comes with Gantry ("dcgan"). */
int gt_flat_job_read(gt_flat_job *j, const char *file);
int gt_flat_job_set(gt_flat_job *j, const char *key, const char *value); /* as --key=value of gantry train */
void gt_flat_job_forget(gt_flat_job *j, const char *key);                /* as if nobody had set it */
const char *gt_flat_job_option(int i);             /* the key of option i, from 0; NULL: there are no more */
const char *gt_flat_job_run(const gt_flat_job *j); /* the folder of the run that has begun; "": none has */

/* The values of a line of the run's log, in the thread that trains; the names last until it returns. */
typedef void gt_flat_tick(void *of, int64_t images, int n, const char *const *names, const double *means);
/* Trains the job, or goes on with its run, in this thread and those that it starts, without MPI: the bits of gantry
 * train. Once for each job, and one training at a time in a process. `tick` may be NULL. "stopped":
 * gt_flat_job_stop(), --max-time or a file `stop` has ended it, and a checkpoint is written. */
int gt_flat_train(gt_flat_job *j, gt_flat_tick *tick, void *of);
/* From any thread, also before gt_flat_train(): the training of this job stops as by Ctrl-C, after its step and a
 * checkpoint. Does nothing where it is over, and nothing to other jobs. */
void gt_flat_job_stop(gt_flat_job *j);
/* The file of the program gantry that came with the library, until the next call by this thread; where it ought to be
 * if it is not there. */
const char *gt_flat_program(void);

#endif
