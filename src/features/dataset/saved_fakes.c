/* SPDX-License-Identifier: Apache-2.0
 * The pictures that scores look at, as a dataset: see metrics/door/saved_fakes.h. A source of the kept samples goes
 * through the destinations of the dataset tool, so that the file is one of theirs. */
#include "metrics/door/saved_fakes.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/numbers.h"
#include "files/codec/door/sample.h"
#include "data/door/dataset.h"
#include "data/door/source.h"
#include "features/dataset/tool.h"
#include "gantry/log.h"

struct gt_saved_fakes {
    gt_team team;
    const char *path;
    gt_picture_set *set;
    gt_picture shape;
    size_t samples, labels; /* bytes of a picture, and of its label behind */
    void *sample;           /* room for a picture */
    gt_temp_file kept;      /* of this rank */
    int64_t own;
    /* rank 0's */
    gt_progress_file *progress; /* the lock, and the mark of FILE.part */
    gt_source source, *sources[1];
    int64_t first[2];
    gt_items items;
    gt_transform as_it_is;
    gt_dest dest;
    gt_status status;
};

/* ---- while pictures are scored ---- */

static gt_status check_finite(const gt_picture_set *set, int64_t item, const float *image, size_t floats) {
    for (size_t i = 0; i < floats; i++)
        if (!isfinite(image[i]))
            return gt_fail(GT_NONFINITE, "--save-fakes: number %zu of picture %" PRId64 " of the %s is not finite", i,
                           item, set->name);
    return GT_OK;
}

static gt_status keep_pictures(void *arg, int64_t first, int n, const float *images, const float *labels) {
    gt_saved_fakes *s = arg;
    size_t floats = s->samples / gt_sample_bytes(s->shape.type);
    gt_status st = GT_OK;
    for (size_t i = 0; i < (size_t)n && !st; i++) {
        st = check_finite(s->set, first + (int64_t)i, images + i * floats, floats);
        if (st) break;
        gt_samples_of_floats(&s->set->format, images + i * floats, floats, s->sample);
        st = gt_temp_file_add(&s->kept, s->sample, s->samples);
        if (!st && s->labels) st = gt_temp_file_add(&s->kept, (const char *)labels + i * s->labels, s->labels);
        s->own += !st;
    }
    return st;
}

/* ---- rank 0: the dataset ---- */

static gt_status open_dataset(gt_saved_fakes *s) {
    static const char what[] = "pictures that were scored";
    int64_t done;
    const gt_dest_kind *kind = gt_dest_kind_of(&(gt_convert_request){.dest = s->path});
    gt_status st = kind->check ? kind->check(&s->shape) : GT_OK;
    if (!st) st = gt_progress_file_open(&s->progress, s->path, gt_hash(what, sizeof what), GT_DROP_NOTHING, &done);
    if (st) return st;
    s->dest = (gt_dest){.kind = kind,
                        .path = s->path,
                        .items = &s->items,
                        .shape = s->shape,
                        .transform = &s->as_it_is,
                        .progress = s->progress,
                        .replaces = !access(s->path, F_OK), /* what lies there was looked at by the caller */
                        .fd = -1};
    return gt_dest_open(&s->dest);
}

/* Room for the labels, and what else the dataset says of itself. */
static gt_status describe_dataset(gt_saved_fakes *s, int64_t count) {
    const gt_picture_set *set = s->set;
    gt_source_info *info = &s->source.info;
    bool classes = set->label_kind == GT_LABELS_CLASSES;
    gt_status st = GT_OK;
    if (s->labels)
        st = classes ? gt_notes_new_classes(info, count) : gt_notes_new_vectors(info, count, (size_t)set->label_dim);
    for (int i = 0; i < set->class_names && !st && classes && s->labels; i++)
        st = gt_notes_add_class_name(info, set->class_name[i], strlen(set->class_name[i]));
    const double *range = set->format.range;
    bool usual = range[0] == gt_sample_low(set->format.type) && range[1] == gt_sample_high(set->format.type);
    if (!st && !usual) st = gt_notes_set_range(info, range[0], range[1]);
    s->source.count = info->count = s->first[1] = count;
    s->sources[0] = &s->source;
    s->items = (gt_items){.n = 1, .sources = s->sources, .first = s->first, .count = count};
    return st;
}

/* `label`: [dim] floats, at any address. */
static void take_label(gt_source_info *info, int64_t item, const char *label, int dim) {
    float value, most = 0;
    if (info->label_kind == GT_LABELS_CLASSES) info->classes[item] = -1;
    for (int k = 0; k < dim; k++) {
        memcpy(&value, label + (size_t)k * sizeof value, sizeof value);
        if (info->label_kind == GT_LABELS_VECTORS) info->vectors[item * dim + k] = (double)value;
        else if (value > most) most = value, info->classes[item] = k;
    }
}

static gt_status put_picture(gt_saved_fakes *s, int64_t item, const char *record) {
    gt_picture p = s->shape;
    GT_FREED void *bytes = NULL;
    size_t n = 0;
    p.samples = (void *)record;
    if (s->labels) take_label(&s->source.info, item, record + s->samples, s->set->label_dim);
    gt_status st = s->dest.kind->encode(&p, false, &bytes, &n);
    const gt_entry e = {.item = (uint32_t)item, .size = (uint32_t)n, .crc = st ? 0 : gt_crc32(0, bytes, n)};
    return st ? st : gt_dest_put(&s->dest, &e, bytes);
}

static void put_pictures(void *arg, int64_t first, int64_t n, const void *records) {
    gt_saved_fakes *s = arg;
    size_t record = s->samples + s->labels;
    for (int64_t i = 0; i < n && !s->team.comm->rank && !s->status; i++)
        s->status = put_picture(s, first + i, (const char *)records + (size_t)i * record);
}

static gt_status finish_dataset(gt_saved_fakes *s) {
    gt_status st = s->status ? s->status : gt_notes_check(&s->source.info, s->source.count, false);
    s->items.info = s->source.info;
    if (!st && !s->dest.replaces && !access(s->path, F_OK))
        st = gt_fail(GT_FAILED, "'%s' was created by another process meanwhile", s->path);
    if (!st) st = s->dest.kind->sync(&s->dest); /* what waits goes into the part */
    return st ? st : s->dest.kind->finish(&s->dest);
}

static gt_status write_all(gt_saved_fakes *s) {
    enum { AT_ONCE_BYTES = 1 << 24 };
    gt_comm *comm = s->team.comm;
    size_t record = s->samples + s->labels;
    int64_t count = gt_comm_sum_all(comm, s->own), at_once = gt_largest(1, AT_ONCE_BYTES / (int64_t)record);
    const void *mine = s->own ? gt_temp_file_map(&s->kept, 0, (size_t)s->kept.size) : NULL;
    gt_status st = s->own && !mine ? GT_FAILED : GT_OK;
    if (!st && !comm->rank) st = describe_dataset(s, count);
    st = gt_comm_agree_all(comm, st);
    if (!st) st = gt_bytes_each_all(&s->team, count, record, at_once, mine, put_pictures, s);
    if (!st) st = gt_comm_agree_all(comm, comm->rank ? GT_OK : finish_dataset(s));
    if (mine) gt_temp_file_unmap(mine, (size_t)s->kept.size);
    if (!st) gt_info("'%s': the %" PRId64 " pictures that were scored", s->path, count);
    return st;
}

/* ---- both ---- */

static void close_saved(gt_saved_fakes *s, bool finished) {
    gt_temp_file_close(&s->kept);
    gt_dest_close(&s->dest);
    if (s->progress && !finished) gt_part_remove(s->path);
    gt_progress_file_close(s->progress, true);
    gt_notes_free(&s->source.info);
    s->set->watch = NULL;
    free(s->sample);
    free(s);
}

static gt_status begin_all(gt_saved_fakes **out, const gt_team *team, const char *path, gt_picture_set *fakes) {
    gt_saved_fakes *s = *out = calloc(1, sizeof *s);
    gt_status st = gt_comm_agree_all(team->comm, s ? GT_OK : gt_fail(GT_NOMEM, "out of memory for '%s'", path));
    if (st) return free(s), *out = NULL, st;
    *s = (gt_saved_fakes){.team = *team, .path = path, .set = fakes, .kept = GT_NO_TEMP_FILE, .dest.fd = -1};
    s->shape = (gt_picture){
        .height = fakes->height, .width = fakes->width, .channels = fakes->channels, .type = fakes->format.type};
    s->samples = gt_picture_bytes(&s->shape);
    s->labels = (size_t)fakes->label_dim * sizeof(float);
    s->sample = malloc(s->samples + 1);
    st = s->sample ? gt_temp_file_open(&s->kept) : gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    if (!st && !team->comm->rank) st = open_dataset(s);
    st = gt_comm_agree_all(team->comm, st);
    fakes->watch = keep_pictures;
    fakes->watch_arg = s;
    if (!st) return GT_OK;
    close_saved(s, false);
    *out = NULL;
    return st;
}

static gt_status end_all(gt_saved_fakes *s, gt_status st) {
    s->set->watch = NULL;
    gt_status written = st ? GT_OK : write_all(s);
    if (written) gt_wrap(written, "--save-fakes");
    st = st ? st : written;
    close_saved(s, !st);
    return st;
}

const gt_fakes_writer gt_fakes_writer_dataset = {begin_all, end_all};
