/* SPDX-License-Identifier: Apache-2.0
 * The interface of all sources: finds the kind of source that a name means, chooses the labels, reads items. */
#define _GNU_SOURCE
#include "data/sift.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "files/codec/door/sample.h"
#include "data/array.h"
#include "gantry/file.h"

/* ---- what a name means ---- */

static bool is_netcdf3(const char *path) {
    return gt_file_begins(path, 0, "CDF\1", 4) || gt_file_begins(path, 0, "CDF\2", 4) ||
           gt_file_begins(path, 0, "CDF\5", 4);
}

/* What could be taken for a folder of pictures, an HDF5 file, a ZIP or whatever its name says, and is something
 * else. NULL: it may be a dataset. */
static const char *no_dataset(const char *spec) {
    gt_file_kind kind = gt_kind_of_file(spec);
    if (kind == GT_KIND_FOLDER && gt_folder_has(spec, "job.ini") && gt_folder_has(spec, "stats.jsonl"))
        return "the directory of a run, not a dataset: its pictures are grids of images";
    if (kind == GT_KIND_TORCH) return "a file of PyTorch (torch.save), not a dataset";
    if (kind == GT_KIND_PAGE) return "an HTML page, not a dataset: the download did not give the file";
    if (kind == GT_KIND_POINTER) return "a pointer of Git LFS, not a dataset: git lfs pull brings the file";
    if (is_netcdf3(spec)) return "a NetCDF-3 file, and NetCDF-4 is read: nccopy -k nc4 IN OUT converts it";
    return kind == GT_KIND_CHECKPOINT ? "a checkpoint of Gantry, not a dataset" : NULL;
}

/* Something with a name like that lies in the same folder. */
static bool is_beside(const char *spec, char near[GT_NAME_BYTES]) {
    const char *slash = strrchr(spec, '/');
    char folder[4096] = ".";
    if (slash) snprintf(folder, sizeof folder, "%.*s", slash == spec ? 1 : (int)(slash - spec), spec);
    return gt_nearest_entry(folder, slash ? slash + 1 : spec, "", near);
}

/* The first bytes of a file. */
static size_t read_head(const char *path, char *head, size_t room) {
    off_t bytes;
    int fd;
    if (gt_file_open_regular(path, &fd, &bytes)) return 0;
    size_t n = bytes < (off_t)room ? (size_t)bytes : room;
    gt_status st = gt_read_at(fd, 0, head, n);
    close(fd);
    return st ? 0 : n;
}

/* No kind of source claims the name. */
static gt_status refuse_spec(const char *spec, int error) {
    char list[512] = "";
    int i = 0;
    while (gt_source_kinds[i]) i++;
    while (i-- > 0) { /* the usual ones first */
        const gt_source_kind *kind = gt_source_kinds[i];
        size_t n = strlen(list);
        if (!kind->looks) continue;
        snprintf(list + n, sizeof list - n, "%s%s", n == 0 ? "" : i == 0 ? " or " : ", ", kind->looks);
    }
    if (error && gt_is_url(spec))
        return gt_fail(GT_FAILED, "cannot be opened: no file here, and nothing is downloaded");
    gt_file_kind kind = gt_kind_of_file(spec);
    const char *advice = error ? NULL : gt_sift_advice(spec);
    if (advice) return gt_fail(GT_FORMAT, "of no known kind (%s); a dataset is %s", advice, list);
    char head[64];
    size_t n = kind == GT_KIND_UNKNOWN ? read_head(spec, head, sizeof head) : 0;
    if (gt_picture_is_unread(head, n)) return gt_picture_recognise(head, n);
    if (n && !gt_picture_recognise(head, n)) kind = GT_KIND_PICTURE;
    bool told = kind != GT_KIND_HDF5 && kind != GT_KIND_ZIP && *gt_kind_text(kind);
    const char *reason = told ? gt_kind_text(kind) : error ? strerror(error) : "of no known kind";
    char near[GT_NAME_BYTES];
    if (error == ENOENT && is_beside(spec, near))
        return gt_fail(GT_FAILED, "cannot be opened: %s; did you mean %s, which is there?", reason, near);
    if (error == ENOENT) return gt_fail(GT_FAILED, "cannot be opened: %s", reason);
    if (error) return gt_fail(GT_FAILED, "cannot be opened: %s (a dataset is %s)", reason, list);
    return gt_fail(GT_FORMAT, "%s; a dataset is %s", reason, list);
}

/* "FILE.zip/train": a folder in a file. Leaves everything as it is where there is no such file. */
static gt_status look_inside(gt_source *source) {
    struct stat s;
    for (const char *slash = strrchr(source->spec, '/'); slash && slash > source->spec;
         slash = memrchr(source->spec, '/', (size_t)(slash - source->spec))) {
        char *path = gt_arena_printf(source->arena, "%.*s", (int)(slash - source->spec), source->spec);
        if (!path || stat(path, &s) || !S_ISREG(s.st_mode)) continue;
        source->path = path;
        source->inside = gt_arena_printf(source->arena, "%s/", slash + 1);
        break;
    }
    return gt_arena_failed(source->arena) ? GT_NOMEM : GT_OK;
}

/* An option that says nothing of such a source. */
static gt_status check_options(const gt_source_kind *kind, const gt_source_options *o) {
    bool shaped = o->layout != GT_ARRAY_GUESS || (o->shape && *o->shape), named = o->array && *o->array;
    if (named && !kind->named) return gt_fail(GT_USAGE, "--array is for .npz, HDF5 and LMDB, as is FILE:NAME");
    return shaped && !kind->shaped ? gt_fail(GT_USAGE, "--layout and --shape are for arrays: .npy, .npz and HDF5")
                                   : GT_OK;
}

static gt_status open_kind(gt_source *source, const gt_source_options *options) {
    struct stat s;
    gt_status st = stat(source->path, &s) && errno == ENOTDIR ? look_inside(source) : GT_OK;
    if (st) return st;
    const char *text = source->path, *slash = strrchr(text, '/'), *dot = strrchr(slash ? slash : text, '.');
    int error = stat(text, &s) ? errno : 0;
    gt_spec spec = {.text = text,
                    .extension = dot ? dot : "",
                    .is_folder = !error && S_ISDIR(s.st_mode),
                    .is_file = !error && S_ISREG(s.st_mode),
                    .lone_picture = options->lone_picture};
    const char *other = no_dataset(text);
    if (spec.is_file) source->stamp = gt_file_stamp(text);
    if (other) return gt_fail(GT_FORMAT, "%s", other);
    for (const gt_source_kind *const *k = gt_source_kinds; *k; k++) {
        const gt_source_kind *kind = *k;
        if ((source->inside && !kind->has_folders) || !kind->claims(&spec)) continue;
        source->info.source = kind->name;
        gt_status st = check_options(kind, options);
        if (st) return st;
        source->state = gt_arena_alloc(source->arena, kind->state_bytes);
        if (!source->state) return GT_NOMEM;
        source->close = kind->close;
        return kind->open(source, options);
    }
    return refuse_spec(text, error);
}

/* ---- opening ---- */

static gt_status choose_labels(gt_source *s, const gt_source_options *options) {
    if (options->labels != GT_SOURCE_LABELS_FOLDERS && gt_labels_note_parts(s)) return GT_NOMEM;
    if (gt_own_labels(options)) return GT_OK;
    gt_notes_drop_labels(&s->info);
    if (options->labels_csv) {
        const char *spec = options->labels_csv;
        bool hdf5 = gt_are_h5_labels(spec), array = hdf5 || gt_ends_with(spec, ".npy");
        gt_status st = array && !gt_source_is_nameless(s)
                           ? gt_fail(GT_USAGE, "labels by row are for images without names (an array, MNIST, HDF5); "
                                               "give labels by name in FILE.csv with lines NAME,LABEL")
                       : hdf5  ? gt_labels_of_h5(s, spec)
                       : array ? gt_labels_of_npy(s, spec)
                               : gt_labels_of_csv(s, spec, true);
        return st ? gt_wrap(st, "labels of '%s'", spec) : GT_OK;
    }
    return options->labels == GT_SOURCE_LABELS_FOLDERS ? gt_labels_of_folders(s, options->folder_level) : GT_OK;
}

static void fill_info(gt_source *s) {
    gt_source_info *info = &s->info;
    info->count = s->count;
    info->main_thread_only = s->main_thread_only;
    info->masks = s->mask != NULL;
    for (int64_t i = 0; i < s->count && info->label_kind != GT_LABELS_NONE; i++)
        info->unlabelled += !gt_notes_labelled(info, i);
}

static gt_status open_source(gt_source *s, const gt_source_options *options) {
    gt_status st = open_kind(s, options);
    if (!st) st = choose_labels(s, options);
    if (!st) st = gt_notes_check(&s->info, s->count, false);
    if (!st) st = gt_notes_say_one_hot(&s->info, s->count);
    if (!st && options->class_names && *options->class_names)
        st = gt_source_name_classes(&s->info, options->class_names);
    if (!st) st = gt_notes_say_alike(&s->info);
    if (!st && options->crops && options->windows)
        st = gt_fail(GT_USAGE, "--crops and --windows: one of them can be cut out of pictures");
    if (!st && options->crops) st = gt_source_crops(s, options->crops);
    if (!st && options->windows) st = gt_source_windows(s, options->windows);
    if (!st && options->classes && *options->classes) st = gt_source_filter_classes(s, options);
    return !st && s->count == 0 ? gt_fail(GT_FORMAT, "holds no pictures") : st;
}

static bool given(const char *text) { return text && *text; }

/* Nothing says that items, pixels or labels are other ones than those that lie there. */
static bool as_it_is(const gt_source *s, const gt_source_options *o) {
    return gt_own_labels(o) && !given(o->class_names) && !given(o->array) && !o->layout && !given(o->shape) &&
           !s->inside;
}

gt_source *gt_source_new(const char *spec) {
    gt_arena *a = gt_arena_new();
    gt_source *s = a ? gt_arena_alloc(a, sizeof *s) : NULL;
    size_t length = strlen(spec);
    while (length > 1 && spec[length - 1] == '/') length--;
    if (s) s->arena = a, s->file.fd = -1, s->spec = s->path = gt_arena_printf(a, "%.*s", (int)length, spec);
    if (s && s->spec) return s;
    gt_arena_free(a);
    return NULL;
}

gt_status gt_source_open(gt_source **out, const char *spec, const gt_source_options *given) {
    gt_source_options options = given ? *given : (gt_source_options){.mnist_border = GT_MNIST_BORDER};
    gt_named_array part;
    *out = NULL;
    if (options.crops < 0) return gt_fail(GT_USAGE, "--crops=%d: the side of a square in pixels, or 0", options.crops);
    if (gt_named_array_is(spec, &part)) {
        if (options.array && *options.array)
            return gt_fail(GT_USAGE, "--array=%s and '%s' both name an array", options.array, spec);
        spec = part.file, options.array = part.name;
    }
    gt_source *s = gt_source_new(spec);
    if (!s) return gt_fail(GT_NOMEM, "out of memory for opening '%s'", spec);
    gt_status st = open_source(s, &options);
    if (st) {
        gt_source_close(s);
        return gt_wrap(st, "'%s'", spec);
    }
    fill_info(s);
    if (!as_it_is(s, &options)) s->leaves = NULL;
    *out = s;
    return GT_OK;
}

void gt_source_close_items(gt_source *s) {
    if (s->close) s->close(s->state);
    gt_temp_file_close(&s->file);
    gt_names_free(&s->names);
}

void gt_source_close(gt_source *s) {
    if (!s) return;
    gt_source_close_items(s);
    gt_notes_free(&s->info);
    gt_arena_free(s->arena);
}

const gt_source_info *gt_source_get_info(const gt_source *s) { return &s->info; }

/* ---- items ---- */

gt_status gt_loaded_picture(const gt_source *s, int64_t i, gt_picture *out) {
    GT_FREED void *bytes = NULL;
    size_t n;
    gt_status st = s->load(s, i, GT_FILE_MAX, true, &bytes, &n);
    return st ? st : gt_picture_decode(out, bytes, n, 0);
}

gt_status gt_loaded_head(const gt_source *s, int64_t i, size_t first, gt_picture_info *out) {
    const size_t lengths[] = {first, GT_PICTURE_HEAD_BYTES, GT_FILE_MAX};
    gt_status st = GT_OK;
    for (int k = 0; k < 3; k++) {
        GT_FREED void *bytes = NULL;
        size_t n;
        if (k && lengths[k] <= lengths[k - 1]) continue;
        bool loaded = !(st = s->load(s, i, lengths[k], k == 2, &bytes, &n));
        if (loaded) st = gt_picture_head(out, bytes, n);
        if (!st || !loaded || n < lengths[k]) break; /* it is known, or all of the file does not say more */
    }
    return st;
}

gt_status gt_item_read(const gt_source *s, int64_t i, gt_picture *out) {
    *out = (gt_picture){0};
    return s->read(s, i, out);
}

gt_status gt_item_head(const gt_source *s, int64_t i, size_t first, gt_picture_info *out) {
    *out = (gt_picture_info){0};
    return s->head(s, i, first, out);
}

gt_status gt_array_room(const gt_source *s, gt_picture *out) {
    if (out->samples) return GT_OK;
    gt_status st = gt_picture_new(out, s->shape.height, s->shape.width, s->shape.channels, s->shape.type);
    out->alpha = s->shape.alpha;
    return st;
}

static gt_status array_head(const gt_source *s, int64_t i, size_t first, gt_picture_info *out) {
    (void)i, (void)first;
    *out = (gt_picture_info){.format = s->format,
                             .height = s->shape.height,
                             .width = s->shape.width,
                             .channels = s->shape.channels,
                             .bits = 8 * (int)gt_sample_bytes(s->shape.type),
                             .alpha = s->shape.alpha};
    return GT_OK;
}

void gt_source_of_arrays(gt_source *s, const char *format, gt_read *read) {
    s->read = read;
    s->head = array_head;
    s->format = format;
}

void gt_source_of_pictures(gt_source *s, gt_load *load) {
    s->read = gt_loaded_picture;
    s->head = gt_loaded_head;
    s->load = load;
    s->files = true;
}

gt_status gt_item_shape(const gt_source *s, int64_t i, size_t first, gt_picture *shape, bool *cut) {
    gt_picture_info head;
    bool known = first && !gt_item_head(s, i, first, &head);
    *cut = known && head.cut;
    gt_status st = known ? GT_OK : gt_item_read(s, i, shape);
    if (known)
        *shape = (gt_picture){.height = head.height,
                              .width = head.width,
                              .channels = head.channels,
                              .alpha = head.alpha,
                              .type = gt_sample_of_bits(head.bits)};
    free(shape->samples);
    shape->samples = NULL;
    return st;
}

void gt_picture_paste(const gt_picture *from, int top, int left, int height, int width, gt_picture *to) {
    size_t pixel = gt_sample_bytes(to->type) * (size_t)to->channels;
    int y0 = (to->height - height) / 2, x0 = (to->width - width) / 2;
    for (int y = 0; y < height; y++)
        memcpy((char *)to->samples + ((size_t)(y0 + y) * (size_t)to->width + (size_t)x0) * pixel,
               (const char *)from->samples + ((size_t)(top + y) * (size_t)from->width + (size_t)left) * pixel,
               (size_t)width * pixel);
}

const char *gt_picture_shape(const gt_picture *shape, char text[GT_SHAPE_BYTES]) {
    char kind[48];
    snprintf(text, GT_SHAPE_BYTES, "%d x %d pixels, %s", shape->width, shape->height, gt_picture_describe(shape, kind));
    return text;
}

gt_status gt_check_finite(const gt_source *s, const gt_picture *p) {
    size_t n = p->type == GT_F32 ? gt_picture_bytes(p) / sizeof(float) : 0, odd = 0, first = 0;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(((const float *)p->samples)[i]) && !odd++) first = i;
    if (!odd) return GT_OK;
    return gt_fail(GT_FORMAT, "%s%ssample %zu is not finite (%zu of %zu are not)", s->array ? s->array : "",
                   s->array ? ": " : "", first, odd, n);
}

gt_status gt_item_wrap(const gt_source *s, int64_t i, gt_status st) {
    char buffer[GT_ITEM_NAME_BYTES];
    if (!st) return GT_OK;
    return s->name || s->names.count ? gt_wrap(st, "'%s': '%s'", s->spec, gt_source_name(s, i, buffer))
                                     : gt_wrap(st, "'%s': image %" PRId64, s->spec, i);
}

static gt_status check_item(const gt_source *s, int64_t i) {
    if (i >= 0 && i < s->count) return GT_OK;
    return gt_fail(GT_USAGE, "item %" PRId64 " of '%s': there are %" PRId64, i, s->spec, s->count);
}

gt_status gt_source_read(gt_source *s, int64_t i, gt_picture *out) {
    *out = (gt_picture){0};
    gt_status st = check_item(s, i);
    if (st) return st;
    st = gt_item_read(s, i, out);
    if (st) gt_picture_free(out);
    return gt_item_wrap(s, i, st);
}

gt_status gt_source_mask(gt_source *s, int64_t i, const gt_picture *shape, gt_picture *out) {
    *out = (gt_picture){0};
    gt_status st = check_item(s, i);
    if (!st && !s->mask) st = gt_fail(GT_USAGE, "'%s' has no masks", s->spec);
    return st ? st : gt_mask_wrap(s, i, gt_mask_read(s, i, shape, out));
}

gt_status gt_source_head(gt_source *s, int64_t i, gt_picture_info *out) {
    *out = (gt_picture_info){0};
    gt_status st = check_item(s, i);
    return st ? st : gt_item_wrap(s, i, gt_item_head(s, i, GT_PICTURE_HEAD_BYTES, out));
}

const char *gt_source_name(const gt_source *s, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    if (s->names.count) return gt_names_at(&s->names, (size_t)i);
    if (s->name) return s->name(s, i, buffer);
    snprintf(buffer, GT_ITEM_NAME_BYTES, "%0*" PRId64, s->name_digits, i);
    return buffer;
}

gt_hash128 gt_source_stamp(const gt_source *s) { return s->item_stamp ? (gt_hash128){0} : s->stamp; }

gt_hash128 gt_source_item_stamp(const gt_source *s, int64_t i) {
    return s->item_stamp ? s->item_stamp(s, i) : (gt_hash128){0};
}

int gt_source_class(const gt_source *s, int64_t i) {
    return s->info.label_kind == GT_LABELS_CLASSES ? s->info.classes[i] : -1;
}

const double *gt_source_vector(const gt_source *s, int64_t i) {
    if (s->info.label_kind != GT_LABELS_VECTORS || !gt_notes_labelled(&s->info, i)) return NULL;
    return s->info.vectors + i * s->info.label_width;
}

/* ---- items by their names ---- */

static int compare_names(const void *a, const void *b, void *source) {
    char buffer[2][GT_ITEM_NAME_BYTES];
    return strcmp(gt_source_name(source, *(const uint32_t *)a, buffer[0]),
                  gt_source_name(source, *(const uint32_t *)b, buffer[1]));
}

uint32_t *gt_item_index(const gt_source *s) {
    uint32_t *index = s->count > UINT32_MAX ? NULL : malloc(((size_t)s->count + 1) * sizeof *index);
    bool sorted = true; /* most are */
    for (int64_t i = 0; index && i < s->count; i++) {
        index[i] = (uint32_t)i;
        sorted = sorted && (i == 0 || compare_names(&index[i - 1], &index[i], (void *)s) < 0);
    }
    if (index && !sorted) qsort_r(index, (size_t)s->count, sizeof *index, compare_names, (void *)s);
    return index;
}

int64_t gt_item_find(const gt_source *s, const uint32_t *index, const char *name) {
    char buffer[GT_ITEM_NAME_BYTES];
    for (int64_t low = 0, high = s->count; low < high;) {
        int64_t middle = low + (high - low) / 2;
        int order = strcmp(name, gt_source_name(s, index[middle], buffer));
        if (order == 0) return index[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return -1;
}
