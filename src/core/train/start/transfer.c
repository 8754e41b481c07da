/* SPDX-License-Identifier: Apache-2.0
 * Transfer learning (--resume): the sizes of the networks come from the file, unless given; what fits is copied, the
 * rest keeps its initial values and is listed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/lines.h"
#include "base/door/numbers.h"
#include "gantry/job.h"
#include "gantry/log.h"
#include "job/door/job.h"
#include "job/door/network.h"
#include "networks/nets/door/layers.h"
#include "train/door/engine.h"

/* ---- sizes of the networks ---- */

static gt_checkpoint_file *open_source(const gt_job *job, gt_status *st) {
    gt_checkpoint_file *f = gt_job_open_resumed(job, st);
    if (!*st && f) *st = gt_network_held(f);
    if (*st) gt_wrap(*st, "--resume");
    return f;
}

gt_status gt_engine_inherit_all(gt_engine *e) {
    gt_job *job = e->job;
    gt_checkpoint_file *f = NULL;
    gt_status st = GT_OK;
    if (e->has_recipe || !gt_job_transfers(job)) return GT_OK;
    if (e->comm->rank == 0) f = open_source(job, &st);
    st = gt_comm_agree_all(e->comm, st);
    GT_FREED char *recipe = st ? NULL : gt_share_text_all(e->comm, f ? gt_checkpoint_info(f)->recipe : NULL, &st);
    gt_job *theirs = st ? NULL : gt_job_from_recipe_text(recipe, f ? gt_checkpoint_path(f) : job->resume);
    if (!st && !theirs) st = GT_FORMAT;
    st = gt_comm_agree_all(e->comm, st);
    if (!st) st = gt_comm_agree_all(e->comm, gt_job_inherit(job, theirs, e->info->channels));
    gt_job_free(theirs);
    gt_checkpoint_close(f);
    return st;
}

/* ---- copying ---- */

typedef struct transfer {
    const gt_checkpoint_file *f;
    gt_buffer *said;
    float *scratch, *now; /* a tensor in the order of files: of the file, and of this run */
    gt_class_match classes;
    gt_label_drop labels;
    gt_buffer said_of_classes;
    bool has_classes;               /* a tensor with values of classes was copied */
    double numbers, copied_numbers; /* of a network: its trainable ones */
    int copied, all;                /* tensors of all networks, but those of a new head, and those that are added */
    const char *base; /* the model to whose networks that of the job adds, and which the file holds; NULL: none */
} transfer;

enum { WARNS = '!' }; /* the first character of a line that is a warning */

void gt_engine_log_transfer(const gt_buffer *said) {
    for (size_t at = 0; at < said->n;) {
        const char *line = said->data + at;
        int n = (int)strcspn(line, "\n");
        gt_log(*line == WARNS ? GT_WARNING : GT_INFO, "%.*s", n - (*line == WARNS), line + (*line == WARNS));
        at += (size_t)n + 1;
    }
}

static bool fits(const gt_checkpoint_entry *e, const gt_tensor *t) {
    return e && e->type == GT_NUMBER_FLOAT && gt_shape_equal(&e->shape, &t->file_shape);
}

/* What the file has becomes the tensor, class by class where it has some; *copied: how many numbers. A tensor that fits
 * but cannot be read is an error: it must not start afresh without a word. */
static gt_status take_tensor(transfer *x, const char *name, const char *path, const gt_tensor *t, const gt_shape *more,
                             float *memory, size_t *copied) {
    bool all = !more || gt_shape_equal(more, &t->file_shape);
    gt_status st = gt_checkpoint_read(x->f, path, x->scratch, t->size);
    for (size_t i = 0; i < t->size && !st; i++)
        if (!isfinite(x->scratch[i]))
            st = gt_fail(GT_FORMAT, "%s: %s.%s holds a value that is not a finite number", gt_checkpoint_path(x->f),
                         name, t->name);
    if (st) return gt_wrap(st, "--resume");
    *copied = t->size;
    if (!all) {
        x->has_classes = true;
        gt_tensor_to_file(t, memory, x->now);
        *copied = gt_class_match_copy(&x->classes, &t->file_shape, more, x->scratch, x->now);
    }
    gt_tensor_from_file(t, all ? x->scratch : x->now, memory);
    return GT_OK;
}

/* `more`: its shape for one more class; NULL: classes keep their numbers. */
static gt_status transfer_tensor(transfer *x, const char *name, const gt_tensor *t, const gt_shape *more,
                                 float *block) {
    char path[512], here[96], there[96];
    snprintf(path, sizeof path, "/networks/%s/%s", name, t->name);
    const gt_checkpoint_entry *e = gt_checkpoint_find(x->f, path);
    const float *mean = gt_label_drop_find(&x->labels, t);
    bool copies = !mean && fits(e, t) && !t->anew;
    bool added = x->base && !e && !t->frozen;
    size_t copied = mean ? t->size : 0;
    gt_status st = copies ? take_tensor(x, name, path, t, more, block + t->offset, &copied) : GT_OK;
    if (st) return st;
    if (mean) gt_tensor_from_file(t, mean, block + t->offset);
    const char *theirs = copies ? "other classes" : e ? gt_shape_text(&e->shape, there) : "nothing";
    gt_shape_text(&t->file_shape, here);
    if (t->frozen && copied < t->size)
        return gt_fail(GT_USAGE, "%s: %s.%s cannot stay as it is: %s here, %s in %s", x->base ? "--resume" : "--freeze",
                       name, t->name, here, theirs, gt_checkpoint_path(x->f));
    x->all += !t->anew && !added;
    x->copied += copied > 0;
    if (t->trainable && !t->anew && !added) {
        x->numbers += (double)t->size;
        x->copied_numbers += (double)copied;
    }
    if (t->anew) gt_buffer_format(x->said, "  %s.%s starts with new values (--new-head)\n", name, t->name);
    else if (!copied && t->trainable && !added)
        gt_buffer_format(x->said, "  %s.%s starts with new values: %s here, %s there\n", name, t->name, here, theirs);
    return GT_OK;
}

static gt_status transfer_block(transfer *x, const char *name, const gt_model *m, int i, float *block) {
    const gt_net *net = m->nets[i];
    int before = x->copied;
    gt_status st = x->labels.trained.model ? gt_label_drop_compute(&x->labels, i, block == m->ema_block) : GT_OK;
    x->numbers = x->copied_numbers = 0;
    for (int k = 0; k < net->n_tensors && !st; k++)
        st = transfer_tensor(x, name, &net->tensors[k], gt_class_match_shape(&x->classes, i, k), block);
    if (!st) gt_buffer_format(x->said, "  %s: %d of %d tensors copied\n", name, x->copied - before, net->n_tensors);
    if (!st && 2 * x->copied_numbers < x->numbers)
        gt_buffer_format(x->said,
                         "%cless than half of %s is copied: %.0f of %.0f numbers, the others start with new values\n",
                         WARNS, name, x->copied_numbers, x->numbers);
    return st;
}

/* A run without averages gives what it has: the average begins as the network itself, as in any new run. */
static gt_status transfer_average(transfer *x, const gt_model *m, int net) {
    gt_text name = gt_text_of("%s_ema", m->nets[net]->name);
    if (gt_checkpoint_first(x->f, gt_text_of("/networks/%s", name.s).s) >= 0)
        return transfer_block(x, name.s, m, net, m->ema_block);
    memcpy(m->ema_block, m->blocks[net], m->nets[net]->block_floats * sizeof(float));
    gt_buffer_format(x->said, "  %s: missing, starts as %s\n", name.s, m->nets[net]->name);
    return GT_OK;
}

static gt_status transfer_networks(transfer *x, const gt_model *m) {
    gt_status st = GT_OK;
    for (int i = 0; i < m->n_nets && !st; i++) {
        st = transfer_block(x, m->nets[i]->name, m, i, m->blocks[i]);
        if (!st && m->ema_of == i) st = transfer_average(x, m, i);
    }
    if (x->has_classes) gt_buffer_add(x->said, x->said_of_classes.data, x->said_of_classes.n);
    return st;
}

/* ---- what is said ---- */

static void say_images(transfer *x, const gt_job *job, const gt_job *theirs) {
    bool same = job->height == theirs->height && job->width == theirs->width && job->channels == theirs->channels &&
                job->label_dim == theirs->label_dim;
    if (!same)
        gt_buffer_format(
            x->said,
            "  its networks are for images of %lldx%lld with %lld channels and %lld labels, this job is for %lldx%lld "
            "with %lld and %lld\n",
            (long long)theirs->width, (long long)theirs->height, (long long)theirs->channels,
            (long long)theirs->label_dim, (long long)job->width, (long long)job->height, (long long)job->channels,
            (long long)job->label_dim);
    if (job->channels != theirs->channels)
        gt_buffer_format(x->said, "  gantry dataset --channels=%lld makes a dataset that keeps all of its layers\n",
                         (long long)theirs->channels);
}

/* Groups of more images than a batch has are the whole batch. The file of another program says no batch: what stands
 * for it in theirs holds whole groups, or is one. */
static void say_mbstd(transfer *x, const gt_job *job, const gt_job *theirs) {
    int other = gt_model_mbstd(theirs);
    bool whole = other > theirs->batch;
    int64_t own = gt_smallest(gt_model_mbstd(job), job->batch);
    if (own == (whole ? job->batch : other) || gt_checkpoint_first(x->f, "/networks/D") < 0) return;
    gt_text groups = whole ? gt_text_of("its whole batches") : gt_text_of("groups of %d images", other);
    gt_buffer_format(x->said, "  its D saw standard deviations of %s, but here of groups of %lld (%s)\n", groups.s,
                     (long long)own, own < job->batch ? "--mbstd" : "--batch, --mbstd");
}

/* What the networks expect of their input. For other channels the first layer begins afresh: then all is possible. */
static gt_status compare_input(transfer *x, const gt_job *job, const gt_job *theirs) {
    GT_FREED char *said = NULL;
    size_t bytes;
    if (!gt_is(job->model, theirs->model) || job->channels != theirs->channels) return GT_OK;
    FILE *f = open_memstream(&said, &bytes);
    if (!f) return gt_fail(GT_NOMEM, "out of memory for a line of the log");
    gt_status st = gt_job_check_input(job, theirs, gt_checkpoint_path(x->f), f);
    fclose(f);
    for (const char *line = said; line && *line && !st; line += strcspn(line, "\n") + 1)
        gt_buffer_format(x->said, "  %.*s\n", (int)strcspn(line, "\n"), line);
    return st ? gt_wrap(st, "--resume") : GT_OK;
}

static void say_p(transfer *x, const gt_engine *e) {
    double p;
    if (!e->job->family->adversarial || !gt_checkpoint_find(x->f, "/state/ada_p") ||
        gt_checkpoint_get_double(x->f, "/state/ada_p", &p))
        return;
    gt_buffer_format(x->said, "  its augmentation was at p = %.3g; here p begins at %.3g\n", p, e->job->gan.p_initial);
}

static gt_status check_half(transfer *x, const gt_job *job) {
    if (2 * x->copied >= x->all || job->resume_partial) return GT_OK;
    return gt_fail(GT_USAGE,
                   "--resume: only %d of %d tensors fit, less than half of them (the list is above): give data and "
                   "options that fit, or --resume-partial to use only these",
                   x->copied, x->all);
}

static gt_status check_model(const gt_checkpoint_file *f, const gt_job *job, const gt_model *m) {
    const char *theirs = gt_checkpoint_info(f)->model;
    const gt_family_model *row;
    bool known = gt_family_of(theirs, &row) != NULL;
    if (gt_is(theirs, m->name)) return GT_OK;
    return gt_fail(GT_USAGE, "--resume: %s holds model '%s', not '%s'%s%s", gt_checkpoint_path(f), theirs, job->model,
                   known ? ": --model=" : "", known ? theirs : "");
}

/* A network that is there and cannot be used must not begin anew without a word. */
static gt_status check_faults(transfer *x, const gt_job *job) {
    gt_status st = gt_network_check(x->f, NULL);
    if (!st) return GT_OK;
    if (!job->resume_partial)
        return gt_fail(st, "--resume: %s (--resume-partial begins without this network)", gt_message());
    gt_buffer_format(x->said, "%c%s; it starts with new values\n", WARNS, gt_message());
    return GT_OK;
}

/* Of a model that adds to the networks of another. */
static gt_status check_base(transfer *x, const gt_job *job, const char *theirs) {
    const char *base = gt_job_adds_to(job);
    if (!base || gt_is(theirs, job->model)) return GT_OK;
    if (!gt_is(theirs, base))
        return gt_fail(GT_USAGE, "--resume: %s holds model '%s'; --model=%s learns the codes of a '%s'",
                       gt_checkpoint_path(x->f), theirs, job->model, base);
    x->base = base;
    return GT_OK;
}

static gt_status transfer_all(gt_engine *e, transfer *x) {
    gt_status st = check_faults(x, e->job);
    if (!st) st = check_model(x->f, e->job, e->model);
    gt_job *theirs = st ? NULL : gt_job_from_recipe_text(gt_checkpoint_info(x->f)->recipe, gt_checkpoint_path(x->f));
    if (st || !theirs) return st ? st : GT_FORMAT;
    gt_buffer_format(x->said, "starting from the networks of %s\n", gt_checkpoint_path(x->f));
    say_images(x, e->job, theirs);
    say_mbstd(x, e->job, theirs);
    st = check_base(x, e->job, theirs->model);
    if (!st) st = compare_input(x, e->job, theirs);
    if (!st) st = gt_match_classes(e, x->f, theirs, &x->classes, &x->said_of_classes);
    if (!st && gt_label_drop_is_due(e->job, theirs) && !gt_network_check(x->f, NULL)) {
        st = gt_label_drop_open(&x->labels, e->job, x->f);
        gt_buffer_format(x->said, "  without labels, they begin with the mean of their %lld classes\n",
                         (long long)theirs->label_dim);
    }
    gt_job_free(theirs);
    if (!st) st = transfer_networks(x, e->model);
    say_p(x, e);
    return st ? st : check_half(x, e->job);
}

/* Room for two tensors in file order. */
static gt_status make_scratch(transfer *x, const gt_model *m) {
    size_t largest = 1;
    for (int i = 0; i < m->n_nets; i++)
        if (gt_net_largest(m->nets[i]) > largest) largest = gt_net_largest(m->nets[i]);
    x->scratch = calloc(2 * largest, sizeof *x->scratch);
    if (!x->scratch) return gt_fail(GT_NOMEM, "out of memory for tensors of %zu floats", largest);
    x->now = x->scratch + largest;
    return GT_OK;
}

gt_status gt_engine_transfer_all(gt_engine *e, const gt_checkpoint_file *f, gt_buffer *said) {
    gt_status st = GT_OK;
    if (e->comm->rank == 0) {
        transfer x = {.f = f, .said = said};
        st = make_scratch(&x, e->model);
        if (!st) st = transfer_all(e, &x);
        free(x.scratch);
        gt_class_match_free(&x.classes);
        gt_label_drop_close(&x.labels);
        gt_buffer_free(&x.said_of_classes);
        if (st) gt_engine_log_transfer(said);
    }
    if ((st = gt_comm_agree_all(e->comm, st))) return st;
    return gt_engine_hand_out_all(e);
}

/* ---- a network to begin with ---- */

enum { COLOURS = 3, TRANSPARENT = 4 }; /* channels */

/* A network that comes with Gantry, as networks/networks.list says: to open all of them would take longer than a small
 * run does. `subject`: all that it draws, where that is one thing. */
typedef struct shipped {
    char name[64], model[64], subject[64];
    int height, width, channels, label_dim;
} shipped;

/* Only networks of many subjects: what the pictures of a run show is not known. */
static bool parse_shipped(const char *line, shipped *s) {
    return *line != '#' && sscanf(line, "%63s %63s %d %d %d %d %63s", s->name, s->model, &s->height, &s->width,
                                  &s->channels, &s->label_dim, s->subject) == 6;
}

/* Networks of the job's size are better than those of half the size, of which all but the last layers can be taken
 * (both were measured: docs/few-pictures.md); then those that have labels as the job has. 0: not near. */
static int rank_of(const shipped *theirs, const gt_job *job) {
    int64_t h = theirs->height, w = theirs->width;
    bool same = job->height == h, twice = job->height == 2 * h;
    int64_t channels = job->channels == TRANSPARENT ? COLOURS : job->channels; /* of a set that is made anew */
    if (!gt_is(theirs->model, job->model) || theirs->channels != channels || (!same && !twice) ||
        job->height * w != job->width * h)
        return 0;
    return 1 + 4 * same + 2 * (!theirs->label_dim == !job->label_dim) + (theirs->label_dim == job->label_dim);
}

/* False: there is none, or no list. */
static bool find_fitting(const gt_job *job, char name[64]) {
    char path[GT_PROGRAM_PATH_BYTES];
    gt_lines list;
    shipped s;
    int best = 0;
    if (!gt_shipped_find("networks", ".list", "networks", path)) return false;
    gt_status st = gt_lines_open(&list, path, 0, 0);
    while (!st && gt_lines_next(&list)) {
        int rank = parse_shipped(list.text, &s) ? rank_of(&s, job) : 0;
        char file[GT_PROGRAM_PATH_BYTES];
        if (rank <= best || !gt_shipped_find(GT_SHIPPED_NETWORKS, s.name, file)) continue;
        best = rank;
        memcpy(name, s.name, sizeof s.name);
    }
    gt_lines_close(&list, st);
    return best;
}

void gt_engine_advise_network(const gt_engine *e, int64_t images) {
    enum { FEW = 2000 };
    const gt_job *job = e->job;
    bool transparent = job->channels == TRANSPARENT;
    char name[64];
    if (images >= FEW || e->shown || gt_job_given(job, "resume") || (job->channels != COLOURS && !transparent) ||
        job->colours < 0 || !find_fitting(job, name))
        return;
    if (transparent)
        gt_info("few pictures in colour: %s, a network that comes with Gantry, has no transparency; gantry dataset "
                "--background=white --channels=3 makes pictures that can begin with it; see docs/few-pictures.md",
                name);
    else
        gt_info(
            "few pictures in colour: --resume=%s begins with a network that comes with Gantry, in place of a new one; "
            "see docs/few-pictures.md",
            name);
}
