/* SPDX-License-Identifier: Apache-2.0
 * Networks of other programs as checkpoints: see network.h. */
#include "job/door/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/memory.h"
#include "files/codec/door/weights.h"
#include "job/door/job.h"
#include "base/door/log.h"
#include "job/internal.h"
#include "networks/model/door/family.h"
#include "run/door/checkpoint.h"

/* ---- the tensors ---- */

typedef struct entry {
    gt_import_place place;
    size_t tensor; /* in the file, unless `place.otherwise` is used */
    bool otherwise;
    gt_shape shape; /* of Gantry's tensor */
} entry;

/* A file of another program while it is open. */
typedef struct foreign {
    gt_weights *weights;
    gt_imported import;
    gt_job *job;
    gt_model *model;
    gt_buffer entries, listed; /* of entry, of gt_checkpoint_entry */
    char *recipe, *said;
    size_t recipe_bytes, said_bytes;
    float *fresh; /* a new network, while tensors are listed; NULL: none was needed */
    size_t fresh_bytes;
} foreign;

static void close_foreign(void *arg) {
    GT_FREED foreign *x = arg;
    if (x->import.recipe) fclose(x->import.recipe);
    if (x->import.said) fclose(x->import.said);
    gt_block_free(x->fresh, x->fresh_bytes);
    gt_model_free(x->model);
    gt_job_free(x->job);
    gt_weights_close(x->weights);
    gt_buffer_free(&x->entries);
    gt_buffer_free(&x->listed);
    gt_arena_free(x->import.arena);
    free(x->recipe);
    free(x->said);
}

/* The dimension of Gantry's tensor that dimension i of the file's is, with n dimensions each. */
static int dimension(gt_import_order order, int n, int i) {
    static const int of_hwio[] = {2, 3, 1, 0};
    if (order == GT_IMPORT_TRANSPOSED && n == 2) return 1 - i;
    return order == GT_IMPORT_HWIO && n == 4 ? of_hwio[i] : i;
}

/* What the tensor has in a new network, in the file's order and in the arena. */
static const float *first_values(foreign *x, const gt_net *net, const gt_tensor *t) {
    float *values = gt_arena_array(x->import.arena, t->size, sizeof *values);
    if (!x->fresh && !(x->fresh = gt_block_alloc(net->block_floats * sizeof(float), "a network"))) return NULL;
    if (!x->fresh_bytes) gt_net_init(net, x->fresh, 0);
    x->fresh_bytes = net->block_floats * sizeof(float);
    if (values) gt_tensor_to_file(t, x->fresh + t->offset, values);
    return values;
}

/* The tensor as the file has it: `place`, shape and name. */
static gt_weight_wanted wanted_of(const gt_import_place *place, const gt_tensor *t) {
    gt_weight_wanted w = {.name = place->unread ? "" : place->tensor,
                          .n_dims = t->file_shape.n,
                          .optional = place->optional || place->otherwise};
    for (int i = 0; i < w.n_dims; i++) w.dims[i] = t->file_shape.d[dimension(place->order, w.n_dims, i)];
    return w;
}

static gt_status add_tensor(foreign *x, const char *network, const gt_net *net, const gt_tensor *t, entry e) {
    e.shape = t->file_shape;
    e.otherwise = e.tensor == GT_WEIGHT_NOWHERE;
    if (e.otherwise && e.place.optional && !(e.place.otherwise = first_values(x, net, t))) return GT_NOMEM;
    gt_checkpoint_entry listed = {.type = GT_NUMBER_FLOAT, .shape = t->file_shape, .size = t->size};
    listed.path = gt_arena_printf(x->import.arena, "/networks/%s/%s", network, t->name);
    gt_buffer_add(&x->entries, &e, sizeof e);
    gt_buffer_add(&x->listed, &listed, sizeof listed);
    return listed.path && !x->entries.failed && !x->listed.failed ? GT_OK
                                                                  : gt_fail(GT_NOMEM, "out of memory for tensors");
}

static gt_status add_tensors(foreign *x, const char *network, const gt_net *net) {
    size_t n = (size_t)net->n_tensors;
    entry *entries = gt_arena_array(x->import.arena, n, sizeof *entries);
    gt_weight_wanted *wanted = gt_arena_array(x->import.arena, n, sizeof *wanted);
    bool *known = gt_arena_array(x->import.arena, gt_weights_count(x->weights) + 1, sizeof *known);
    if (!entries || !wanted || !known) return GT_NOMEM;
    for (size_t i = 0; i < n; i++) {
        size_t at;
        entries[i].place = x->import.place(&x->import, network, &net->tensors[i]);
        if (gt_arena_failed(x->import.arena)) return GT_NOMEM;
        wanted[i] = wanted_of(&entries[i].place, &net->tensors[i]);
        if (gt_weights_find(x->weights, entries[i].place.tensor, &at)) known[at] = true;
    }
    gt_status st = gt_weights_want(x->weights, network, n, wanted);
    if (!st) st = gt_import_check_network(&x->import, network, known);
    for (size_t i = 0; i < n && !st; i++) {
        entries[i].tensor = wanted[i].place;
        st = add_tensor(x, network, net, &net->tensors[i], entries[i]);
    }
    return st;
}

static gt_status add_network(foreign *x, const char *network) {
    size_t n = strlen(network), cut = n > 4 && gt_is(network + n - 4, "_ema") ? 4 : 0;
    for (int i = 0; i < x->model->n_nets; i++) {
        const gt_net *net = x->model->nets[i];
        if (strlen(net->name) == n - cut && !strncmp(net->name, network, n - cut)) return add_tensors(x, network, net);
    }
    return gt_fail(GT_FORMAT, "model '%s' has no network '%s'", x->model->name, network);
}

/* From the file's order of elements to Gantry's. */
static void reorder_values(const entry *e, const float *from, float *to) {
    const gt_shape *s = &e->shape;
    int64_t stride[GT_MAX_DIMS + 1] = {0}, at[GT_MAX_DIMS] = {0};
    int of_file[GT_MAX_DIMS];
    for (int i = 0; i < s->n; i++) of_file[dimension(e->place.order, s->n, i)] = i;
    /* strides of the file's dimensions */
    int64_t file_dims[GT_MAX_DIMS], step = 1, strides[GT_MAX_DIMS];
    for (int i = 0; i < s->n; i++) file_dims[of_file[i]] = s->d[i];
    for (int i = s->n - 1; i >= 0; i--) strides[i] = step, step *= file_dims[i];
    for (int i = 0; i < s->n; i++) stride[i] = strides[of_file[i]];
    for (int64_t k = 0; k < step; k++) {
        int64_t place = 0;
        for (int i = 0; i < s->n; i++) {
            bool turned = e->place.flip && i >= s->n - 2;
            place += (turned ? s->d[i] - 1 - at[i] : at[i]) * stride[i];
        }
        to[k] = from[place] + e->place.add;
        for (int i = s->n - 1; i >= 0 && ++at[i] == s->d[i]; i--) at[i] = 0;
    }
}

/* A value is not a finite number. */
static gt_status take_nonfinite(const foreign *x, const entry *e) {
    const char *path = gt_weights_path(x->weights), *name = gt_weights_at(x->weights, e->tensor)->name;
    if (!e->place.needed_for)
        return gt_fail(GT_FORMAT, "'%s': '%s' holds a value that is not a finite number", path, name);
    if (gt_log_is_first())
        gt_log_once(GT_WARNING, "'%s': '%s' holds a value that is not a finite number: no %s with it", path, name,
                    e->place.needed_for);
    return GT_OK;
}

static gt_status read_tensor(const foreign *x, const entry *e, float *out) {
    size_t n = (size_t)gt_shape_size(&e->shape);
    bool plain = e->place.order == GT_IMPORT_AS_IS && !e->place.flip;
    float *scratch = plain ? out : malloc((n + 1) * sizeof *scratch);
    if (!scratch) return gt_fail(GT_NOMEM, "out of memory for a tensor of %zu floats", n);
    gt_status st = gt_weights_read(x->weights, e->tensor, scratch);
    if (!st && !plain) reorder_values(e, scratch, out);
    else if (!st && e->place.add != 0)
        for (size_t i = 0; i < n; i++) out[i] += e->place.add;
    if (!plain) free(scratch);
    for (size_t i = 0; i < n && !st; i++)
        if (!isfinite(out[i])) return take_nonfinite(x, e);
    return st;
}

static gt_status read_entry(void *arg, int i, void *out) {
    const foreign *x = arg;
    int tensors = (int)(x->entries.n / sizeof(entry));
    if (i >= tensors) {
        const gt_import_kept *k = &x->import.kept[i - tensors];
        memcpy(out, k->value, k->type == GT_NUMBER_DOUBLE ? k->size * sizeof(double) : k->size);
        return GT_OK;
    }
    const entry *e = (const entry *)x->entries.data + i;
    if (!e->otherwise) return read_tensor(x, e, out);
    memcpy(out, e->place.otherwise, (size_t)gt_shape_size(&e->shape) * sizeof(float));
    return GT_OK;
}

/* ---- a file ---- */

/* What gantry inspect shows. The batch of the recipe is not of the file. */
static gt_status keep_facts(foreign *x) {
    static const char *const kinds[] = {[GT_WEIGHTS_SAFETENSORS] = "safetensors",
                                        [GT_WEIGHTS_NPZ] = "arrays of NumPy (.npz)",
                                        [GT_WEIGHTS_TORCH] = "a state dict of PyTorch",
                                        [GT_WEIGHTS_REFERENCE] = "a pickle of the reference implementation",
                                        [GT_WEIGHTS_TENSORFLOW] = "a pickle of StyleGAN2 for TensorFlow"};
    gt_status st = gt_import_keep_text(&x->import, GT_FILE_KIND, kinds[gt_weights_kind_of(x->weights)]);
    if (!st) st = gt_import_keep_text(&x->import, GT_FILE_OPTIONS, x->recipe);
    if (x->import.batch) gt_import_set(&x->import, "batch", "%d", x->import.batch);
    fflush(x->import.recipe);
    return st;
}

/* What is there, for a message: "conv1.weight, conv1.bias, ..." */
static gt_status is_unknown(const gt_weights *w) {
    enum { SHOWN = 3 };
    char names[300] = "";
    size_t n = gt_weights_count(w);
    for (size_t i = 0; i < n && i < SHOWN; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%.80s", i ? ", " : "",
                 gt_weights_at(w, i)->name);
    return gt_fail(GT_FORMAT,
                   "it has %zu tensors (%s%s) with unknown names: Gantry reads networks of StyleGAN2 with the names of "
                   "the reference implementation, and classifiers with torchvision's names",
                   n, names, n > SHOWN ? ", ..." : "");
}

static gt_status ask_families(foreign *x) {
    gt_status st = gt_exported_import(&x->import);
    if (!st && !x->import.model) st = gt_exported_keep_data(&x->import);
    for (const gt_family *const *f = gt_families(); *f && !x->import.model && !st; f++)
        if ((*f)->import) st = (*f)->import(&x->import);
    if (!st && !x->import.model) st = is_unknown(x->weights);
    fflush(x->import.recipe);
    fflush(x->import.said);
    return st ? st : keep_facts(x);
}

static gt_status make_entries(foreign *x) {
    gt_status st = GT_OK;
    x->job = gt_job_from_recipe_text(x->recipe, gt_weights_path(x->weights));
    if (x->job) x->model = gt_model_bare(x->job);
    if (!x->model) return GT_FORMAT;
    for (const char *const *n = x->import.networks; *n && !st; n++) {
        st = add_network(x, *n);
        if (st == GT_FORMAT && n != x->import.networks) st = gt_import_fault(&x->import, *n);
    }
    gt_block_free(x->fresh, x->fresh_bytes);
    x->fresh = NULL;
    if (!st) st = gt_import_check_beside(&x->import);
    fflush(x->import.said);
    if (!st && x->import.faults) st = gt_import_keep_text(&x->import, GT_FILE_FAULTS, x->import.faults);
    for (int i = 0; i < x->import.n_kept && !st; i++) {
        const gt_import_kept *k = &x->import.kept[i];
        gt_checkpoint_entry e = {.path = k->path, .type = k->type, .size = k->size};
        if (k->type == GT_NUMBER_DOUBLE && k->size > 1) e.shape = GT_SHAPE((int64_t)k->size);
        gt_buffer_add(&x->listed, &e, sizeof e);
        if (x->listed.failed) st = gt_fail(GT_NOMEM, "out of memory for tensors");
    }
    return st;
}

static foreign *new_foreign(gt_weights *w, const gt_network_options *o) {
    foreign *x = calloc(1, sizeof *x);
    gt_arena *a = gt_arena_new();
    if (!x || !a) {
        free(x);
        gt_arena_free(a);
        gt_weights_close(w);
        gt_fail(GT_NOMEM, "out of memory for a network");
        return NULL;
    }
    x->weights = w;
    x->import = (gt_imported){.from = w, .arena = a, .kernel_set = "", .given = o ? o->given : NULL};
    x->import.recipe = open_memstream(&x->recipe, &x->recipe_bytes);
    x->import.said = open_memstream(&x->said, &x->said_bytes);
    if (x->import.recipe && x->import.said) return x;
    close_foreign(x);
    gt_fail(GT_NOMEM, "out of memory for a network");
    return NULL;
}

/* A command may open a file twice. */
static void log_said(const foreign *x) {
    if (x->import.warning && gt_log_is_first())
        gt_log_once(GT_WARNING, "'%s': %s (--strict refuses such a file)", gt_weights_path(x->weights),
                    x->import.warning);
    for (const char *line = x->said; line && *line; line += strcspn(line, "\n") + 1)
        gt_log_once(GT_INFO, "%s: %.*s", gt_weights_path(x->weights), (int)strcspn(line, "\n"), line);
}

static gt_checkpoint_file *open_weights(gt_weights *w, const gt_network_options *o, bool quiet, gt_status *status) {
    char path[4096];
    snprintf(path, sizeof path, "%s", gt_weights_path(w));
    foreign *x = new_foreign(w, o);
    *status = x ? ask_families(x) : GT_NOMEM;
    if (!*status && o && o->given && gt_arena_failed(o->given->arena)) *status = GT_NOMEM;
    if (!*status) *status = make_entries(x);
    GT_FREED char *recipe = *status ? NULL : gt_job_to_recipe_text(x->job);
    if (!*status && !recipe) *status = GT_NOMEM;
    if (*status) {
        gt_wrap(*status, "'%s'", path);
        if (x) close_foreign(x);
        return NULL;
    }
    if (!quiet) log_said(x);
    gt_checkpoint_source source = {
        .about = {.model = x->model->name, .kernel_set = x->import.kernel_set, .dataset = "", .recipe = recipe},
        .n = (int)(x->listed.n / sizeof(gt_checkpoint_entry)),
        .entries = (const gt_checkpoint_entry *)x->listed.data,
        .read = read_entry,
        .close = close_foreign,
        .arg = x};
    gt_checkpoint_file *f = gt_checkpoint_from(path, &source);
    if (!f) *status = GT_NOMEM;
    return f;
}

/* `quiet`: nothing is logged, and a checkpoint of Gantry is not opened. A ZIP may also be a dataset. */
static gt_checkpoint_file *open_file(const char *path, const gt_network_options *o, bool quiet, bool *is_foreign,
                                     gt_status *status) {
    gt_file_kind kind = gt_kind_of_file(path);
    bool certain = gt_kind_is_foreign_network(kind);
    gt_weights *w = certain || kind == GT_KIND_ZIP ? gt_weights_open(path, status) : NULL;
    *is_foreign = certain || w;
    if (w) return open_weights(w, o, quiet, status);
    if (certain) {
        gt_wrap(*status, "%s", gt_kind_text(kind));
        return NULL;
    }
    *status = GT_OK;
    return quiet ? NULL : gt_checkpoint_open(path, status);
}

gt_checkpoint_file *gt_network_open(const char *path, const gt_network_options *o, gt_status *status) {
    GT_FREED char *file = NULL;
    bool foreign_file;
    gt_status st = gt_network_find(path, &file);
    gt_checkpoint_file *f = st ? NULL : open_file(file, o, false, &foreign_file, &st);
    if (status) *status = st;
    return f;
}

/* The lines of GT_FILE_FAULTS one after the other, to be freed; NULL: there are none. */
static char *faults_of(const gt_checkpoint_file *f) {
    const gt_checkpoint_entry *e = gt_checkpoint_find(f, GT_FILE_FAULTS);
    char *text = e ? calloc(e->size + 1, 1) : NULL;
    if (text && gt_checkpoint_get_text(f, GT_FILE_FAULTS, text, e->size + 1)) *text = 0;
    return text;
}

gt_status gt_network_check(const gt_checkpoint_file *f, const char *network) {
    GT_FREED char *faults = faults_of(f);
    size_t n = network ? strlen(network) : 0;
    gt_status st = GT_OK;
    for (const char *line = faults; line && *line && !st; line += strcspn(line, "\n") + 1)
        if (!network || (!strncmp(line, network, n) && line[n] == ':'))
            st = gt_fail(GT_FORMAT, "'%s': %.*s", gt_checkpoint_path(f), (int)strcspn(line, "\n"), line);
    return st;
}

void gt_network_warn(const gt_checkpoint_file *f) {
    GT_FREED char *faults = faults_of(f);
    for (const char *line = faults; line && *line; line += strcspn(line, "\n") + 1)
        if (gt_log_is_first())
            gt_warn("'%s': %.*s; it is left out", gt_checkpoint_path(f), (int)strcspn(line, "\n"), line);
}

gt_status gt_network_held(const gt_checkpoint_file *f) {
    const char *model = gt_checkpoint_info(f)->model, *path = gt_checkpoint_path(f);
    if (gt_checkpoint_first(f, "/networks") >= 0) return GT_OK;
    if (gt_is(model, "gmm"))
        return gt_fail(GT_FORMAT,
                       "%s holds no network but a mixture: use it with gantry gmm predict, score or sample, or gantry "
                       "generate NETWORK --mixture=FILE",
                       path);
    return gt_fail(GT_FORMAT, "%s holds no network: it is of the model '%s'", path, model);
}

gt_status gt_network_choose(const char *path, const gt_network_options *o, char **file, bool *is_foreign) {
    GT_FREED char *found = NULL;
    *file = NULL;
    *is_foreign = false;
    gt_status st = gt_network_find(path, &found);
    if (st) return st;
    gt_checkpoint_close(open_file(found, o, true, is_foreign, &st));
    if (!st && !*is_foreign) st = gt_checkpoint_choose(found, file);
    else if (!st && !(*file = strdup(found))) st = gt_fail(GT_NOMEM, "out of memory for a file name");
    return st;
}

bool gt_network_is_foreign(const char *path, const gt_network_options *o) {
    gt_status st = GT_OK;
    bool is_foreign = false;
    gt_checkpoint_file *f = open_file(path, o, true, &is_foreign, &st);
    gt_checkpoint_close(f);
    gt_file_kind kind = gt_kind_of_file(path);
    return f || (kind != GT_KIND_PICKLE && gt_kind_is_foreign_network(kind)); /* CIFAR's pictures are pickles, too */
}

gt_checkpoint_file *gt_job_open_resumed(const gt_job *job, gt_status *status) {
    const gt_network_options reading = {.given = &job->options};
    return gt_network_open(job->resume_file ? job->resume_file : job->resume, &reading, status);
}
