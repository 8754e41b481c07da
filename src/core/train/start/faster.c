/* SPDX-License-Identifier: Apache-2.0
 * What would be faster than the job as it is, for --dry-run (dry_run.h). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/clock.h"
#include "gantry/text.h"
#include "job/door/job.h"
#include "train/start/choice.h"
#include "train/start/dry_run.h"

static const double day = 86400; /* seconds */

static const char *advised_size(const gt_job *job) {
    for (const gt_named *a = job->family->advice; a && a->name; a++)
        if (gt_is(a->name, "slow")) return a->text;
    return NULL;
}

/* What was given of the job, and these options in place of its own; *other: it is another job then. */
static gt_status job_with(const gt_job *job, const char *options, gt_job **out, bool *other) {
    char *text = gt_job_to_text(job), *list = strdup(options), *rest = list, *word;
    *out = text && list ? gt_job_new() : NULL;
    gt_status st = *out ? gt_job_read_text(*out, text, "the job") : GT_NOMEM;
    for (int i = 0; !st && i < job->options.n; i++)
        if (!gt_job_given(job, job->options.rows[i].key)) gt_options_forget(&(*out)->options, job->options.rows[i].key);
    *other = false;
    while (!st && (word = strtok_r(rest, " ", &rest))) {
        char *value = strchr(word, '=');
        *value++ = 0;
        const char *now = gt_job_value(job, word + 2);
        *other |= !now || strcmp(now, value);
        st = gt_options_set(&(*out)->options, word + 2, value, NULL);
    }
    if (!st) (*out)->threads = job->threads, (*out)->dry_run = job->dry_run;
    free(text);
    free(list);
    return st;
}

/* A network that cannot be measured, or is hardly faster, is not proposed. */
static gt_status measure_smaller_all(const gt_engine *e, double end, double seconds_per_image, gt_faster_way *out) {
    const double faster = 1.5;
    const char *options = advised_size(e->job);
    gt_step_time t;
    gt_job *job = NULL;
    bool other = false;
    /* new runs of more than a day, as rank 0 has measured */
    int wanted = options && !e->goes_on && seconds_per_image * (double)e->job->total_images > day && gt_clock() < end;
    gt_comm_broadcast_all(e->comm, &wanted, sizeof wanted, 0);
    if (!wanted) return GT_OK;
    gt_status st = gt_comm_agree_all(e->comm, job_with(e->job, options, &job, &other));
    gt_engine small = {0};
    if (!st && other) {
        st = gt_engine_open_all(&small, e->comm, job);
        if (!st) st = gt_engine_build_all(&small);
        if (!st) st = gt_engine_start_loader_all(&small);
        double limit = fmax(0, end - gt_clock()) / 2;
        if (!st) st = gt_time_steps_all(&small, limit, limit / 8, &t);
        if (!st && gt_step_time_is_known(&t) && faster * t.per_image < seconds_per_image)
            *out = (gt_faster_way){
                .options = options, .images_per_second = 1 / t.per_image, .kimg = (double)job->total_images / 1000};
        gt_engine_close_all(&small);
    }
    gt_job_free(job);
    return st == GT_USAGE ? GT_OK : st;
}

static const gt_larger_batch *larger_batch(const gt_job *job, int cores) {
    bool has = job->family->larger_batch && cores > job->batch && !gt_job_given(job, "slices");
    return has ? job->family->larger_batch(job, cores) : NULL;
}

/* One rank looks: a starter that may start others has no others. */
static gt_status measure_larger(const gt_engine *e, const gt_larger_batch *batch, const gt_starter *starter, double end,
                                gt_faster_way *out) {
    gt_job *job = NULL;
    bool other;
    gt_engine large = {0};
    gt_status st = job_with(e->job, batch->options, &job, &other);
    if (!st) {
        st = gt_engine_open_all(&large, e->comm, job);
        gt_engine_close_all(&large);
    }
    if (!st) {
        out->split = gt_fastest_split(starter, job->slices, batch->options, end - gt_clock(), &out->images_per_second);
        out->kimg = (double)job->total_images / 1000;
        out->batch = batch;
        if (out->split.ranks) out->options = batch->options;
    }
    gt_job_free(job);
    return st == GT_USAGE ? GT_OK : st;
}

static gt_status measure_ranks(const gt_engine *e, const gt_starter *starter, double end, gt_faster *f) {
    const gt_larger_batch *batch = larger_batch(e->job, starter->cores);
    double left = end - gt_clock();
    gt_faster_way *r = &f->ranks;
    if (left < 1) return GT_OK;
    r->split = gt_fastest_split(starter, e->job->slices, "", batch ? left / 2 : left, &r->images_per_second);
    r->kimg = (double)e->job->total_images / 1000;
    if (r->split.ranks) r->options = "";
    return batch ? measure_larger(e, batch, starter, end, &f->batch) : GT_OK;
}

gt_status gt_faster_look_all(gt_engine *e, const gt_starter *starter, double seconds_per_image, double end,
                             gt_faster *out) {
    const double short_run = 300, for_ranks = e->job->dry_run_seconds / 4;
    *out = (gt_faster){0};
    bool ask = starter && !starter->instead && e->comm->ranks == 1 &&
               seconds_per_image * (double)e->job->total_images >= short_run;
    gt_status st = measure_smaller_all(e, ask ? end - for_ranks : end, seconds_per_image, &out->smaller);
    return st || !ask ? st : measure_ranks(e, starter, end, out);
}

/* ---- what is printed ---- */

/* "12.3 minutes for 400 kimg": of the same run where so many are not said */
static const char *way_text(const gt_faster_way *w, bool kimg, char text[192]) {
    char ranks[64] = "", length[64], of[64] = "";
    if (w->split.ranks) gt_split_text(w->split, true, ranks);
    if (kimg) snprintf(of, sizeof of, " for %.0f kimg", w->kimg);
    snprintf(text, 192, "%s%s%.2f images/s, %s%s", ranks, *ranks ? ": " : "", w->images_per_second,
             gt_length_text(1000 * w->kimg / w->images_per_second, length), of);
    return text;
}

static void print_larger(const gt_faster_way *w) {
    char text[192], length[64];
    if (!w->options) return;
    gt_print("larger      %s: %s\n", w->options, way_text(w, true, text));
    gt_print("            %s took %.2g times the images: %s with these ranks (docs/parallel.md#larger-batches)\n",
             w->batch->of, w->batch->images,
             gt_length_text(w->batch->images * 1000 * w->kimg / w->images_per_second, length));
}

void gt_faster_print(const gt_engine *e, double seconds_per_image, const gt_faster *f) {
    const double chance = 1.03;
    const gt_faster_way *r = &f->ranks;
    char text[192];
    if (r->options && r->images_per_second * seconds_per_image > chance)
        gt_print("faster      %s; gantry train starts them by itself\n", way_text(r, false, text));
    else if (r->options)
        gt_print("ranks       not faster: %s make %.2f images/s\n", gt_split_text(r->split, true, text),
                 r->images_per_second);
    print_larger(&f->batch);
    if (seconds_per_image * (double)e->job->total_images < day) return;
    gt_print("faster      --kimg=%.0f: takes a day\n", fmax(1, day / seconds_per_image / 1000));
    if (f->smaller.options) gt_print("            %s: %s\n", f->smaller.options, way_text(&f->smaller, true, text));
    gt_print("            N hosts: at best an Nth of the time (gantry run, gantry submit)\n");
}
