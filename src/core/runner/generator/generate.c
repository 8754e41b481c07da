/* SPDX-License-Identifier: Apache-2.0
 * Many images from a checkpoint, shared out among ranks: see gantry/generate.h. A file for each image is written by the
 * rank that made it; one file of all of them by rank 0, while the others make more. */
#include "gantry/generate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/sha256.h"
#include "files/codec/door/npy.h"
#include "files/codec/door/sample.h"
#include "data/door/dataset.h"
#include "gantry/log.h"
#include "gantry/rundir.h"
#include "runner/generator/door/pictures.h"
#include "runner/generator/door/styles.h"

typedef struct work {
    gt_pictures p;
    const gt_generate_request *request;
    int64_t n;            /* images */
    const int64_t *seeds; /* [n] of the images; NULL: they are projected */
    int32_t *classes;     /* [n]; NULL: of no class, or nobody asks */
    int class;            /* in the names of single pictures; -1: none */
    bool *again;          /* [n]: an earlier image has the same seed, and the same file; NULL: none has */
    float *projected;     /* styles [n,num_ws,w_dim] that stand in for seeds; malloc'ed */
    gt_sha256 projected_hash;
    gt_record_text common; /* of pictures in files of their own */
    gt_sample_format data; /* numbers of the data, of which arrays are */
    gt_sample_format each; /* of pictures in files of their own */
    size_t record;         /* bytes of an item in a file of all; 0: each has a file of its own */
    gt_collection_of of;
    char path[4096];  /* of OUTDIR/grid.png */
    float *one_label; /* room for a label */
    char *records;    /* of a batch: what goes into the file of all */
} work;

/* ---- before the work ---- */

static gt_status check_projected(const work *w) {
    const gt_generate_request *r = w->request;
    if (!r->projected_w || !*r->projected_w) return GT_OK;
    if (!w->p.model->num_ws)
        return gt_fail(GT_USAGE, "--projected-w: the model '%s' has no styles; seeds are for all models",
                       w->p.model->name);
    return r->space == GT_LATENTS ? gt_fail(GT_USAGE, "--projected-w: styles have no latents; give --space=w") : GT_OK;
}

/* Rank 0 reads, since it alone knows that the file is sound. */
static gt_status share_projected_all(work *w) {
    const gt_generate_request *r = w->request;
    const gt_model *m = w->p.model;
    gt_comm *c = w->p.comm;
    if (!r->per_class) w->n = r->n, w->seeds = r->seeds;
    if (!r->projected_w || !*r->projected_w) return GT_OK;
    size_t row = (size_t)m->num_ws * (size_t)m->w_dim;
    gt_status st = c->rank ? GT_OK : gt_projected_read(r->projected_w, w->p.generator, &w->n, &w->projected);
    if ((st = gt_comm_agree_all(c, st))) return st;
    gt_comm_broadcast_all(c, &w->n, sizeof w->n, 0);
    if (c->rank) w->projected = malloc((size_t)w->n * row * sizeof *w->projected);
    st = w->projected ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld rows of styles", (long long)w->n);
    if ((st = gt_comm_agree_all(c, st))) return st;
    gt_comm_broadcast_all(c, w->projected, (size_t)w->n * row * sizeof *w->projected, 0);
    return GT_OK;
}

/* Where images have one class each, it is a label of the file of all. */
static gt_status fill_classes(work *w) {
    const gt_generate_request *r = w->request;
    int dim = gt_generator_labels(w->p.generator);
    bool one = !w->projected && dim && r->condition.class && *r->condition.class;
    if (!r->per_class && !one) return GT_OK;
    w->classes = gt_arena_array(w->p.arena, (size_t)w->n, sizeof *w->classes);
    if (!w->classes) return GT_NOMEM;
    int only = 0;
    while (one && only + 1 < dim && !(w->p.labels[only] > 0)) only++;
    for (int64_t i = 0; i < w->n; i++) w->classes[i] = r->per_class ? (int32_t)(i / r->per_class) : only;
    w->of.classes = w->classes;
    w->of.class_names = gt_generator_class_names(w->p.generator, &w->of.class_name);
    if (w->of.class_names > dim) w->of.class_names = dim;
    return GT_OK;
}

static gt_status plan_classes(work *w) {
    enum { MOST_IMAGES = 1 << 24 };
    const gt_generate_request *r = w->request;
    int dim = gt_generator_labels(w->p.generator);
    if (!r->per_class) return GT_OK;
    if (!dim)
        return gt_fail(GT_USAGE, "--per-class: the network has no classes; give the number of images with --seeds");
    if (r->per_class > MOST_IMAGES / dim)
        return gt_fail(GT_USAGE, "--per-class=%lld: %d classes make more than %d images", (long long)r->per_class, dim,
                       MOST_IMAGES);
    w->n = r->per_class * dim;
    int64_t *seeds = gt_arena_array(w->p.arena, (size_t)w->n, sizeof *seeds);
    for (int64_t i = 0; i < w->n && seeds; i++) seeds[i] = i;
    w->seeds = seeds;
    return seeds ? GT_OK : GT_NOMEM;
}

/* The shape of what goes into one file of all. */
static void lay_out_records(work *w) {
    const gt_generate_request *r = w->request;
    const gt_model *m = w->p.model;
    gt_collection_of *of = &w->of;
    bool pictures = gt_collection_kind_of(of->path) == GT_COLLECTION_PICTURE;
    of->n = w->n;
    of->seeds = w->projected ? NULL : w->seeds;
    of->channels = gt_generator_channels(w->p.generator);
    of->type = r->as_float || r->space != GT_IMAGES ? GT_F32 : pictures ? GT_U8 : w->data.type;
    if (r->space == GT_LATENTS) of->name = "z", of->n_dims = 1, of->dims[0] = m->z_dim;
    else if (r->space == GT_STYLES) {
        of->name = "w", of->n_dims = 2, of->dims[0] = m->num_ws, of->dims[1] = m->w_dim;
        gt_hash_hex(gt_generator_hash(w->p.generator), of->network);
    } else {
        of->name = "images", of->n_dims = 3;
        of->dims[0] = m->height, of->dims[1] = m->width, of->dims[2] = pictures ? gt_shown_channels(m) : m->channels;
        of->range = of->type == GT_U8 ? NULL : w->data.range;
    }
    w->record = gt_sample_bytes(of->type);
    for (int i = 0; i < of->n_dims; i++) w->record *= (size_t)of->dims[i];
    of->columns = r->grid.columns, of->rows = r->grid.rows;
    if (!of->columns && r->per_class) of->columns = r->per_class, of->rows = w->n / r->per_class; /* a class a row */
    if (!of->columns) {
        of->columns = (int64_t)ceil(sqrt((double)w->n));
        of->rows = (w->n + of->columns - 1) / of->columns;
    }
}

static gt_status plan_collection(work *w) {
    const gt_generate_request *r = w->request;
    bool out = r->out && *r->out;
    if (!out && !r->gathered) return GT_OK;
    if (snprintf(w->path, sizeof w->path, "%s/grid.png", out ? "" : r->outdir) >= (int)sizeof w->path)
        return gt_fail(GT_USAGE, "--outdir: the path is too long");
    w->of.path = out ? r->out : w->path;
    if (r->space == GT_STYLES && !w->p.model->num_ws)
        return gt_fail(GT_USAGE, "--space=w: the model '%s' has no styles; --space=z writes latents", w->p.model->name);
    lay_out_records(w);
    if (w->of.columns * w->of.rows < w->n)
        return gt_fail(GT_USAGE, "--grid has %lld cells for %lld images", (long long)(w->of.columns * w->of.rows),
                       (long long)w->n);
    if (r->again && gt_collection_kind_of(w->of.path) == GT_COLLECTION_ARRAY &&
        w->n > r->again->bytes / (int64_t)w->record)
        return gt_fail(GT_UNDECIDED, "its arrays would have %lld x %zu bytes, and it has %lld: Gantry packs no arrays",
                       (long long)w->n, w->record, (long long)r->again->bytes);
    gt_status st = gt_collection_check(&w->of);
    return st && !out ? gt_wrap(st, "--grid") : st;
}

static gt_status begin_files(work *w) {
    const gt_generate_request *r = w->request;
    size_t floats = gt_model_floats(w->p.model) * sizeof(float),
           pixels = gt_model_floats(w->p.model) / (size_t)w->p.model->channels,
           picture = pixels * (size_t)gt_shown_channels(w->p.model) * gt_sample_bytes(w->each.type);
    bool folder = r->single || r->gathered;
    gt_status st = GT_OK;
    if (folder) st = gt_rundir_prepare(r->outdir, (size_t)w->n * (picture + (r->npy ? floats : 0)));
    if (!st && folder) gt_halves_clear(r->outdir);
    return !st && w->record ? gt_collection_open(&w->p.all, &w->of) : st;
}

static gt_status open_generator(work *w) {
    const gt_generate_request *r = w->request;
    gt_status st = gt_pictures_open(&w->p, r->space == GT_STYLES || (r->projected_w && *r->projected_w) ||
                                               (r->edit.edits && *r->edit.edits));
    if (!st) st = plan_classes(w);
    return st ? st : check_projected(w);
}

/* Bytes have the usual range, whatever that of the data is: they are to be looked at. */
static void choose_depth(work *w) {
    const gt_generate_request *r = w->request;
    bool known = gt_generator_samples(w->p.generator, &w->data);
    if (r->as_float && !known && !w->p.comm->rank)
        gt_info("the checkpoint does not contain the range of its data: -1 and 1 become %g and %g", w->data.range[0],
                w->data.range[1]);
    if (r->bytes || (w->data.type == GT_U8 && !r->as_float)) w->data = GT_SAMPLES_OF_8_BITS;
    w->each = w->data.type == GT_U16 ? w->data : GT_SAMPLES_OF_8_BITS;
}

/* Where pictures show less than arrays hold. */
static void say_depth(const work *w) {
    const gt_generate_request *r = w->request;
    bool out = r->out && *r->out;
    if (w->data.type == GT_F32 && (r->single || out))
        gt_info(
            "the data are float32: pictures (PNG, WebP) have 8 bits; --out=FILE.npy and --out=FILE.h5 hold float32");
    else if (w->data.type == GT_U16 && (r->gathered || out))
        gt_info("the data have 16 bits: %s has 8 bits, as pictures of many images have; single pictures, "
                "--out=FILE.npy and --out=FILE.h5 have 16",
                out ? r->out : "grid.png");
}

static const char *name_of(const work *w, int64_t image, char name[GT_GENERATED_NAME]) {
    return w->projected ? gt_generated_name(true, image, name) : gt_generated_of_class(w->seeds[image], w->class, name);
}

/* ---- records ---- */

/* The label of an image, in the room for one where each has its own class. */
static const float *label_of(const work *w, int64_t image) {
    if (!w->request->per_class) return w->p.labels;
    memset(w->one_label, 0, (size_t)gt_generator_labels(w->p.generator) * sizeof *w->one_label);
    w->one_label[w->classes[image]] = 1;
    return w->one_label;
}

/* Of a picture in a file of its own. */
static gt_status note_image(const work *w, int64_t image, gt_record_notes *notes) {
    gt_record_text r = {0};
    *notes = (gt_record_notes){0};
    if (w->p.origin.level == GT_RECORD_NONE) return GT_OK;
    gt_record_put_all(&r, &w->common);
    if (w->projected) {
        gt_record_put_sha256(&r, "styles_sha256", &w->projected_hash);
        gt_record_put_int(&r, "row", image);
    } else {
        gt_origin_put_label(&r, &w->p.origin, label_of(w, image));
        gt_record_put_int(&r, "seed", w->seeds[image]);
    }
    return gt_origin_end(&w->p.origin, &r, notes);
}

static gt_status note_picture(const void *arg, int64_t image, gt_record_notes *notes) {
    return note_image(arg, image, notes);
}

/* Pictures of a dataset are those of single files, where these show all channels. */
static gt_status note_each(work *w) {
    if (w->of.dims[2] != gt_shown_channels(w->p.model) || w->of.type != w->each.type) return GT_OK;
    w->of.note = note_picture;
    w->of.note_arg = w;
    return GT_OK;
}

static void put_places(const work *w, gt_record_text *r) {
    const gt_generate_request *q = w->request;
    if (w->projected) gt_record_put_sha256(r, "styles_sha256", &w->projected_hash);
    else if (q->per_class) gt_record_put_int(r, "per_class", q->per_class);
    else gt_origin_put_label(r, &w->p.origin, w->p.labels);
    if (!w->projected && !q->per_class) gt_record_put_ranges(r, "seeds", w->seeds, w->n);
}

/* Of the file of all. */
static gt_status note_all(work *w) {
    const gt_collection_of *of = &w->of;
    gt_record_text r = {0};
    if (!w->record || w->p.origin.level == GT_RECORD_NONE) return GT_OK;
    gt_collection_kind kind = gt_collection_kind_of(of->path);
    if (kind == GT_COLLECTION_DATASET) return note_each(w);
    if (gt_ends_with(of->path, ".npy")) {
        gt_info(".npy has no place for a record of what it was made of (docs/verify.md): .h5 has");
        return GT_OK;
    }
    bool sheet = kind == GT_COLLECTION_PICTURE, images = w->request->space == GT_IMAGES;
    int64_t rows = sheet ? of->rows : 1, columns = sheet ? of->columns : 1;
    gt_origin_put(&r, &w->p.origin, sheet ? "sheet" : "array", images ? rows * of->dims[0] : 0,
                  images ? columns * of->dims[1] : 0, images ? (int)of->dims[2] : 0,
                  8 * (int)gt_sample_bytes(of->type));
    if (sheet) {
        gt_record_put_int(&r, "columns", columns);
        gt_record_put_int(&r, "rows", rows);
    } else {
        gt_record_put_text(&r, "array", of->name);
        if (w->request->as_float) gt_record_put_bool(&r, "unclamped", true);
    }
    put_places(w, &r);
    gt_status st = gt_origin_end(&w->p.origin, &r, &w->p.notes);
    if (w->p.notes.json) w->of.notes = &w->p.notes.notes;
    return st;
}

static gt_status prepare(work *w) {
    const gt_generate_request *r = w->request;
    const gt_model *m = w->p.model;
    size_t batch = (size_t)w->p.batch, floats = gt_model_floats(m);
    bool first = w->p.comm->rank == 0;
    choose_depth(w);
    if (first && r->space == GT_IMAGES && gt_collection_kind_of(r->out ? r->out : "") < GT_COLLECTION_ARRAY) {
        gt_shown_say(m, gt_generator_channels(w->p.generator), r->npy ? "" : "; --npy writes all of them");
        say_depth(w);
    }
    gt_status st = plan_collection(w);
    if (st) return st;
    w->one_label = gt_arena_array(w->p.arena, (size_t)m->label_dim + 1, sizeof *w->one_label);
    w->records = gt_arena_array(w->p.arena, batch, floats * gt_sample_bytes(w->of.type));
    if (gt_arena_failed(w->p.arena)) return GT_NOMEM;
    if (!w->projected && !r->per_class) st = gt_generator_asked_labels(w->p.generator, &r->condition, w->p.labels);
    if (!st && r->class_in_name && !w->projected) w->class = gt_generator_class_of(w->p.generator, w->p.labels);
    if (!st && !w->projected) st = gt_seeds_repeated(w->p.arena, "--seeds", w->n, w->seeds, &w->again);
    if (!st && r->told && r->single) name_of(w, 0, r->told->first);
    if (!st) st = fill_classes(w);
    if (!st && w->projected)
        st = gt_sha256_of(w->projected, (size_t)w->n * (size_t)m->num_ws * (size_t)m->w_dim * sizeof *w->projected,
                          &w->projected_hash);
    if (!st && w->p.origin.level != GT_RECORD_NONE)
        gt_origin_put(&w->common, &w->p.origin, "picture", m->height, m->width, gt_shown_channels(m),
                      8 * (int)gt_sample_bytes(w->each.type));
    if (!st && first) st = note_all(w);
    return !st && first ? begin_files(w) : st;
}

/* ---- a batch ---- */

/* Image i of the batch, as a picture and with all its channels, as far as they are wanted. */
static gt_status write_image(const work *w, int64_t image, int64_t i) {
    const gt_model *m = w->p.model;
    char path[4096], name[GT_GENERATED_NAME];
    int length = snprintf(path, sizeof path - 4, "%s/%s", w->request->outdir, name_of(w, image, name));
    if (length >= (int)sizeof path - 4) return gt_fail(GT_USAGE, "--outdir: the path is too long");
    strcpy(path + length, ".png");
    gt_record_notes notes = {0};
    gt_status st = w->request->single ? note_image(w, image, &notes) : GT_OK;
    if (!st && w->request->single) st = gt_pictures_write(&w->p, path, w->each.type, i, &notes);
    strcpy(path + length, ".npy");
    if (!st && w->request->npy)
        st = gt_npy_write(path, w->p.images + (size_t)i * gt_model_floats(m), m->height, m->width, m->channels);
    return st;
}

static gt_status latents_of(const gt_generate_request *r, int64_t n, const int64_t *seeds, int z_dim, float *z) {
    if (r->latents) return r->latents(r->latents_arg, n, seeds, z_dim, z);
    for (int64_t i = 0; i < n; i++) gt_seed_latent((uint32_t)seeds[i], z_dim, z + i * z_dim);
    return GT_OK;
}

/* One-hot, of each image of a batch its own. */
static void put_labels(work *w, int64_t first, int n) {
    size_t dim = (size_t)gt_generator_labels(w->p.generator);
    memset(w->p.labels, 0, (size_t)n * dim * sizeof *w->p.labels);
    for (int i = 0; i < n; i++) w->p.labels[(size_t)i * dim + (size_t)w->classes[first + i]] = 1;
}

/* The number of image i in the names of files and in fresh noise: its seed, or the row of its styles. */
static int64_t number_of(const work *w, int64_t i) { return w->projected ? i : w->seeds[i]; }

/* Latents, styles or images of the batch, whichever is wanted. */
static gt_status compute_images(work *w, int64_t first, int n) {
    const gt_generate_request *r = w->request;
    size_t row = (size_t)w->p.model->num_ws * (size_t)w->p.model->w_dim;
    bool apart = r->space == GT_STYLES || w->projected || w->p.edits;
    if (w->projected) memcpy(w->p.ws, w->projected + (size_t)first * row, (size_t)n * row * sizeof *w->p.ws);
    gt_status st = w->projected ? GT_OK : latents_of(r, n, w->seeds + first, w->p.model->z_dim, w->p.z);
    if (r->per_class) put_labels(w, first, n);
    if (!st && r->space == GT_LATENTS && w->p.model->make_latents)
        w->p.model->make_latents(w->p.model, (size_t)n * (size_t)w->p.model->z_dim, w->p.z);
    if (st || r->space == GT_LATENTS) return st;
    for (int i = 0; i < n; i++)
        gt_generator_number(w->p.generator, i, GT_ALL_LAYERS, (uint32_t)number_of(w, first + i));
    if (!apart) return gt_generator_run_numbered(w->p.generator, w->p.z, w->p.labels, w->p.images);
    if (!w->projected) st = gt_generator_styles(w->p.generator, w->p.z, w->p.labels, w->p.ws);
    if (!st) gt_edits_apply(w->p.edits, 0, n, w->p.ws);
    if (st || r->space == GT_STYLES) return st;
    return gt_generator_run_styles_numbered(w->p.generator, w->p.ws, w->p.images);
}

/* -1 .. 1 becomes the range of the data. */
static void put_in_range(const work *w, float *x, size_t n) {
    const double *range = w->data.range;
    float low = (float)range[0], half = (float)((range[1] - range[0]) / 2);
    for (size_t i = 0; i < n; i++) x[i] = (x[i] + 1) * half + low;
}

static void add_records(work *w, int n, gt_buffer *out) {
    const gt_generate_request *r = w->request;
    size_t floats = (size_t)n * gt_model_floats(w->p.model);
    const void *records = w->records;
    if (r->space != GT_IMAGES) records = r->space == GT_LATENTS ? w->p.z : w->p.ws;
    else if (r->as_float) put_in_range(w, w->p.images, floats), records = w->p.images;
    else if (gt_collection_kind_of(w->of.path) >= GT_COLLECTION_ARRAY)
        gt_samples_of_floats(&w->data, w->p.images, floats, w->records);
    else gt_show_images(w->p.model, &GT_SAMPLES_OF_8_BITS, n, w->p.images, w->records);
    gt_buffer_add(out, records, (size_t)n * w->record);
}

static gt_status make_batch(void *arg, int64_t first, int n, gt_buffer *out) {
    work *w = arg;
    const gt_generate_request *r = w->request;
    gt_status st = compute_images(w, first, n);
    if (!st && r->single) gt_show_images(w->p.model, &w->each, n, w->p.images, w->p.pictures);
    for (int i = 0; i < n && !st && (r->single || r->npy); i++)
        if (!w->again || !w->again[first + i]) st = write_image(w, first + i, i);
    if (!st && w->record) add_records(w, n, out);
    return st;
}

gt_status gt_generate_all(gt_comm *comm, const gt_generate_request *request, int64_t *made) {
    work w = {.request = request,
              .class = -1,
              .p = {.comm = comm,
                    .record = request->record,
                    .stop = request->stop,
                    .of = {.command = "generate",
                           .checkpoint = request->checkpoint,
                           .options = &request->options,
                           .edit = &request->edit,
                           .latents = request->latents_file,
                           .space = request->space,
                           .again = request->again}}};
    gt_status st = gt_comm_agree_all(comm, open_generator(&w));
    if (!st) st = share_projected_all(&w);
    w.p.of.styles = w.projected != NULL;
    if (!st) st = gt_pictures_origin_all(&w.p, false);
    if (!st) st = gt_comm_agree_all(comm, prepare(&w));
    if (!st)
        st = gt_pictures_make_all(
            &w.p, &(gt_in_order){.count = w.n, .doing = "generating", .of = "images", .make = make_batch}, w.record);
    if (made) *made = w.n;
    if (!st && request->told) request->told->replaced = w.p.replaced;
    gt_record_free(&w.common);
    gt_pictures_close(&w.p);
    free(w.projected);
    return st;
}
