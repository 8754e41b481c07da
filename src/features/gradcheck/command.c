/* SPDX-License-Identifier: Apache-2.0
 * gantry gradcheck: are the gradients of a job's model the derivatives of its losses? */
#include <stdlib.h>

#include "command/door/cli.h"
#include "gantry/dataset.h"
#include "features/gradcheck/gradcheck.h"
#include "gantry/text.h"
#include "gantry/progress.h"

typedef struct gradcheck_fields {
    int64_t elements, images;
    const char *tensors, *phase;
    double limit;
} gradcheck_fields;

#define FIELDS gradcheck_fields

static const gt_option table[] = {
    {CLI_OPTION(elements, "4", "Number of elements of each tensor, half of them with large gradients"), .min = 1,
     .max = 4096},
    {CLI_OPTION(images, "8", "Number of images, at most as many as a slice of the job"), .min = 1, .max = 4096},
    {CLI_OPTION(tensors, "", "Only tensors whose names contain this"), .placeholder = "WORD", .any = true},
    {CLI_OPTION(phase, "", "Only this phase, such as D_main"), .placeholder = "PHASE", .any = true},
    {CLI_OPTION(limit, "0.01", "Largest relative error that still passes, in the table's unit"), .max = 1,
     .detail =
         "The error is the part of the difference between gradient and derivative that the noise of the loss does "
         "not explain."},
};

typedef struct work {
    const gradcheck_fields *fields;
    gt_job *job;
    gt_model *model;
    gt_dataset *data;
    gt_gradcheck_samples samples;
    int phases, tensors, checked, kinks, lost, without; /* without: tensors of which no element was checked */
    const char *worst_phase;
    gt_gradcheck_tensor worst_tensor;
} work;

/* ---- the table ---- */

static void print_tensor(void *arg, const gt_gradcheck_tensor *t) {
    work *w = arg;
    gt_tell_end();
    gt_print("%-40s %8d %8d %6d %6d %10.1e %10.1e ", t->name, t->elements, t->checked, t->kinks, t->lost, t->step,
             t->noise);
    gt_print(t->checked ? "%10.1e%s\n" : "         -\n", t->error, t->error > w->fields->limit ? "  WRONG" : "");
    gt_print_flush(stdout);
    gt_tell_start("checking the next tensor", NULL, 0);
    w->tensors++;
    w->checked += t->checked;
    w->kinks += t->kinks;
    w->lost += t->lost;
    w->without += !t->checked;
}

static void keep_worst(work *w, const char *phase, const gt_gradcheck *found) {
    for (int i = 0; i < found->n; i++) {
        const gt_gradcheck_tensor *t = &found->tensors[i];
        bool worse = gt_gradcheck_is_worse(t->error, t->apart, &w->worst_tensor);
        if (!t->checked || (w->worst_phase && !worse)) continue;
        w->worst_phase = phase;
        w->worst_tensor = *t;
    }
}

static gt_status check_phase(work *w, gt_phase *p, gt_pool *pool) {
    const gt_phase_facts phase = gt_phase_look(p);
    gt_gradcheck_options o = {(int)w->fields->elements, w->fields->tensors, pool};
    gt_gradcheck found;
    gt_print("phase %s: gradients of %s, %d image%s\n%-40s %8s %8s %6s %6s %10s %10s %10s\n", phase.name, phase.network,
             w->samples.n, gt_plural(w->samples.n), "tensor", "elements", "checked", "kinks", "lost", "step", "noise",
             "error");
    gt_print_flush(stdout);
    gt_tell_start("preparing the graphs", NULL, 0);
    gt_status st = gt_gradcheck_phase(p, &w->samples, &o, gt_job_arena(w->job), print_tensor, w, &found);
    gt_tell_end();
    if (st) return gt_wrap(st, "phase %s", phase.name);
    gt_print("the loss is %.9g with a noise of %.1e\n\n", found.loss, found.noise);
    keep_worst(w, phase.name, &found);
    w->phases++;
    return GT_OK;
}

static gt_status print_result(const work *w) {
    const gt_gradcheck_tensor *t = &w->worst_tensor;
    if (!w->phases)
        return gt_fail(GT_USAGE, "--phase=%s: the model has no such phase (its first is %s)", w->fields->phase,
                       gt_phase_look(gt_model_phase(w->model, 0)).name);
    if (!w->tensors) return gt_fail(GT_USAGE, "--tensors=%s: no tensor has such a name", w->fields->tensors);
    gt_print("%d of %d elements checked; left out: %d at kinks, %d lost in the noise", w->checked,
             w->checked + w->kinks + w->lost, w->kinks, w->lost);
    if (w->without) gt_print("; %d of %d tensors could not be checked", w->without, w->tensors);
    gt_print("\n");
    if (!w->worst_phase) return gt_fail(GT_FAILED, "no element could be checked");
    gt_print("worst: element %lld of %s in %s: gradient %.6g, difference %.6g +- %.2g, error beyond that %.3g\n",
             (long long)t->worst_element, t->name, w->worst_phase, t->gradient, t->difference, t->may_be_noise,
             t->error);
    if (t->error <= w->fields->limit) return GT_OK;
    return gt_fail(GT_FAILED, "a gradient of %s is wrong: element %lld of %s has %.6g, and the loss changes by %.6g",
                   w->worst_phase, (long long)t->worst_element, t->name, t->gradient, t->difference);
}

static gt_status check_phases(work *w, gt_pool *pool) {
    int n = 0;
    gt_status st = gt_job_open_data(w->job, &w->data);
    if (!st && !(w->model = gt_model_new(w->job))) st = gt_failure();
    if (!st)
        st = gt_gradcheck_samples_read(gt_job_arena(w->job), w->job, w->model, w->data, (int)w->fields->images,
                                       &w->samples);
    if (!st) gt_gradcheck_move(w->model);
    for (gt_phase *p; !st && (p = gt_model_phase(w->model, n++));)
        if (!*w->fields->phase || gt_is(w->fields->phase, gt_phase_look(p).name)) st = check_phase(w, p, pool);
    if (!st) st = print_result(w);
    gt_model_free(w->model);
    gt_dataset_close(w->data);
    return st;
}

static gt_status gradcheck(cli_session *s) {
    work w = {.fields = s->fields, .job = gt_job_new()};
    gt_pool *pool = NULL;
    if (!w.job) return GT_NOMEM;
    gt_job_set_kernels(w.job, cli_kernels());
    gt_status st = cli_read_job(w.job, &s->arguments);
    if (!st) st = cli_check_job(w.job);
    if (!st) st = cli_resolve_job(w.job);
    const gt_job_facts of = gt_job_look(w.job);
    gt_tell_allow(of.progress);
    if (!st && !(pool = gt_pool_new(of.threads ? (int)of.threads : 1))) st = gt_failure();
    if (!st) st = check_phases(&w, pool);
    gt_pool_free(pool);
    gt_job_free(w.job);
    return st;
}

const cli_command cli_gradcheck = {
    .name = "gradcheck",
    .arguments = "[JOB.ini] [--key=value ...]",
    .help = "Compare gradients of a job's model with differences of its losses",
    .detail = "Takes the same job and options as train. Elements of each tensor are moved up and down by a step that "
              "fits the tensor, and the loss is summed in double precision.",
    .failed = "an error is larger than --limit",
    .takes_job = true,
    CLI_EXAMPLES({"A small StyleGAN2", "gantry gradcheck --data=synth:shapes:size=16 --cbase=256 --cmax=16 --batch=4"},
                 {"One phase of a job", "gantry gradcheck jobs/dcgan.ini --data=synth:shapes --phase=D_main"}),
    CLI_ROWS(table),
    .run = gradcheck,
};
