/* SPDX-License-Identifier: Apache-2.0
 * gantry inspect and gantry dataset inspect, of a dataset: count, shape, labels, how often each class occurs, and what
 * the pixels are like; gantry dataset verify. */
#define _GNU_SOURCE
#include <ftw.h>
#include <math.h>
#include <stdlib.h>

#include "data/door/source.h"
#include "features/dataset/command.h"
#include "gantry/runner.h"
#include "gantry/dataset.h"
#include "features/dataset/dataset_view.h"
#include "gantry/family.h"
#include "gantry/file.h"
#include "gantry/source.h"
#include "gantry/job.h"
#include "gantry/log.h"
#include "gantry/text.h"

enum { COMPONENTS_MAX = 16, IMAGES_MAX = 1000, SHEET_SIDE = 64 };

static void print_moments(const char *name, int index, const gt_moments *m) {
    gt_print("  %s %-4d min %-10.4g mean %-10.4g std %-10.4g max %.4g\n", name, index, m->min, m->mean, m->std, m->max);
}

void cli_print_classes(const int64_t *count, int n, const char *const *names, int n_names) {
    enum { MOST = 64, BAR = 40 };
    int64_t most = 1;
    for (int i = 0; i < n; i++)
        if (count[i] > most) most = count[i];
    for (int i = 0; i < n && i < MOST; i++)
        gt_print("  class %-5d %8lld  %-*.*s %s\n", i, (long long)count[i], BAR, (int)(count[i] * BAR / most),
                 "########################################", names && i < n_names && names[i] ? names[i] : "");
    if (n > MOST) gt_print("  ... and %d more classes\n", n - MOST);
}

static gt_status print_classes(gt_arena *a, const gt_dataset *ds, const gt_dataset_info *info) {
    int n = info->stored_label_width;
    char some[128];
    int64_t *count = gt_arena_array(a, (size_t)n, sizeof *count);
    if (!count) return GT_NOMEM;
    gt_dataset_count_classes(ds, count);
    if (gt_classes_empty(count, n, some, sizeof some)) gt_print("             %s: number them without gaps\n", some);
    if (gt_classes_small(count, n, some, sizeof some)) gt_print("             %s\n", some);
    cli_print_classes(count, n, (const char *const *)info->class_name, info->class_names);
    return GT_OK;
}

static gt_status print_vectors(gt_arena *a, const gt_dataset *ds, const gt_dataset_info *info) {
    int n = info->stored_label_width;
    gt_moments *m = gt_arena_array(a, (size_t)n, sizeof *m);
    gt_status st = m ? gt_dataset_label_moments(ds, m) : GT_NOMEM;
    if (st) return st;
    for (int k = 0; k < n && k < COMPONENTS_MAX; k++) print_moments("label", k, &m[k]);
    if (n > COMPONENTS_MAX) gt_print("  ... and %d more components\n", n - COMPONENTS_MAX);
    return GT_OK;
}

static gt_status print_labels(gt_arena *a, const gt_dataset *ds, const gt_dataset_info *info) {
    if (info->unlabelled)
        gt_print("unlabelled   %lld image%s\n", (long long)info->unlabelled, gt_plural(info->unlabelled));
    switch (info->label_kind) {
    case GT_LABELS_NONE: gt_print("labels       none\n"); return GT_OK;
    case GT_LABELS_CLASSES:
        gt_print("labels       %d classes\n", info->stored_label_width);
        return print_classes(a, ds, info);
    case GT_LABELS_VECTORS:
        gt_print("labels       vectors of %d numbers\n", info->stored_label_width);
        return print_vectors(a, ds, info);
    }
    return GT_OK;
}

/* The pixels of each class, in evenly spaced images. */
static gt_status print_masks(gt_dataset *ds, const gt_dataset_info *info) {
    int64_t images = info->count < IMAGES_MAX ? info->count : IMAGES_MAX, count[GT_MASK_IGNORE + 1];
    size_t pixels = gt_mask_bytes(info);
    gt_status st = pixels ? gt_dataset_count_mask_pixels(ds, images, count) : GT_OK;
    if (st || !pixels) return st;
    int n = GT_MASK_IGNORE;
    while (n > info->mask_classes && !count[n - 1]) n--;
    gt_print("masks        %d class%s, %s; of the pixels of %lld image%s, %.1f %% are ignored\n", n, n == 1 ? "" : "es",
             info->mask_name ? "named" : "without names", (long long)images, gt_plural(images),
             100 * (double)count[GT_MASK_IGNORE] / ((double)images * (double)pixels));
    cli_print_classes(count, n, info->mask_name, info->mask_name ? info->mask_classes : 0);
    return GT_OK;
}

/* Both are arrays alike: the name says which is likely. */
static void print_booleans(const char *what) {
    if (gt_is(what, "pictures"))
        gt_print("booleans     pictures of 0 and 1; pictures of 0 and 255: gantry dataset SRC DEST\n");
    else
        gt_print(
            "booleans     masks, by their name: a class 0 or 1 for each pixel. Masks lie beside their pictures, in an "
            "HDF5 file:\n"
            "             python3 -c \"import h5py, numpy; h5py.File('DEST.h5', 'w').update("
            "images=numpy.load('PICTURES.npy'), masks=numpy.load('MASKS.npy'))\"\n"
            "             as pictures of 0 and 255: gantry dataset SRC DEST\n");
}

/* The ends of all channels, where somebody declares what they should be. */
static void print_ends(const gt_dataset_info *info, const gt_moments *m) {
    double min = m[0].min, max = m[0].max;
    for (int c = 1; c < info->channels; c++) {
        min = fmin(min, m[c].min);
        max = fmax(max, m[c].max);
    }
    gt_print("samples      %g .. %g, range %g .. %g%s\n", min, max, info->range[0], info->range[1],
             gt_dataset_usual_range(info) ? " (usual)" : " (declared)");
    if (info->booleans) print_booleans(info->booleans);
    double range[2];
    if (gt_dataset_suggests(info, min, max, range))
        gt_print("             if %g is white, declare it: gantry dataset SRC DEST --range=%g,%g\n", range[1], range[0],
                 range[1]);
    if (gt_dataset_leaves_range(info, min, max))
        gt_print("             outside the range, which becomes -1 .. 1: declare another with gantry dataset SRC DEST "
                 "--range=LO,HI, such as --range=%.9g,%.9g\n",
                 min, max);
}

/* Of evenly spaced images. */
static gt_status print_pixels(gt_arena *a, gt_dataset *ds, const gt_dataset_info *info) {
    int64_t images = info->count < IMAGES_MAX ? info->count : IMAGES_MAX;
    gt_moments *m = gt_arena_array(a, (size_t)info->channels, sizeof *m);
    gt_unread unread;
    gt_status st = m ? gt_dataset_pixel_moments(ds, images, m, &unread) : GT_NOMEM;
    if (st) return st;
    gt_print("pixels       of %lld image%s\n", (long long)images, gt_plural(images));
    for (int c = 0; c < info->channels; c++) print_moments("channel", c, &m[c]);
    print_ends(info, m);
    if (unread.n) gt_print("             %lld of them cannot be read: %s\n", (long long)unread.n, unread.why);
    int64_t uniform, equal;
    st = gt_dataset_count_alike(ds, images, &uniform, &equal);
    if (!st && uniform) gt_print("             %lld of them have only one colour\n", (long long)uniform);
    if (!st && equal) gt_print("             %lld of them equal another one\n", (long long)equal);
    return st;
}

static double bytes_on_disk;

static int add_bytes(const char *path, const struct stat *s, int kind, struct FTW *where) {
    (void)path, (void)where;
    if (kind == FTW_F) bytes_on_disk += (double)s->st_size;
    return 0;
}

/* Of a file, or of all files of a folder. */
static void print_bytes(const char *spec) {
    enum { OPEN_FOLDERS = 8 };
    bytes_on_disk = 0;
    if (!nftw(spec, add_bytes, OPEN_FOLDERS, FTW_PHYS)) gt_print("on disk      %.1f MB\n", bytes_on_disk / 1e6);
}

/* Of pictures that have no label while others have one. */
static void print_unlabelled(const gt_source *s) {
    const gt_source_info *info = gt_source_get_info(s);
    char name[GT_ITEM_NAME_BYTES];
    int64_t first = 0;
    if (!info->unlabelled) return;
    while (gt_source_class(s, first) >= 0 || gt_source_vector(s, first)) first++;
    gt_print("labels       missing for %lld picture%s, such as '%s': --on-error=skip leaves %s out, --labels=none "
             "drops all labels\n",
             (long long)info->unlabelled, gt_plural(info->unlabelled), gt_source_name(s, first, name),
             info->unlabelled == 1 ? "it" : "them");
}

static void print_survey(const gt_source *s, const gt_survey *o, const gt_buffer *why) {
    gt_print("pictures     %lld, not yet a dataset\n", (long long)o->count);
    if (o->looked < o->count) gt_print("checked      %lld, evenly spaced\n", (long long)o->looked);
    if (o->decoded + o->unread < o->count)
        gt_print("decoded      %lld, evenly spaced; gantry dataset SOURCE --scan decodes all\n", (long long)o->decoded);
    if (o->unread) gt_print("unreadable   %lld, such as %.*s\n", (long long)o->unread, (int)why->n, why->data);
    gt_print("sizes        width %d to %d, height %d to %d; the smallest %dx%d, the largest %dx%d\n", o->least[0],
             o->most[0], o->least[1], o->most[1], o->smallest[0], o->smallest[1], o->largest[0], o->largest[1]);
    const char *passed = gt_source_get_info(s)->passed;
    if (passed) gt_print("skipped      %s\n", passed);
    gt_print("grey         %lld\ntransparent  %lld\noblong       %lld\n", (long long)o->grey, (long long)o->transparent,
             (long long)o->oblong);
}

/* Pictures that are not alike. GT_FORMAT: there are none. */
static gt_status inspect_pictures(const char *spec) {
    gt_source *s = NULL;
    gt_survey found;
    GT_BUFFER gt_buffer command = {0}, quoted = {0}, why = {0};
    gt_status st = gt_source_open(&s, spec, &(gt_source_options){0});
    if (!st) st = gt_survey_pictures(s, &found);
    if (!st) st = gt_survey_decode(s, &found);
    if (!st && found.unread) gt_survey_why(s, &found, &why);
    if (!st && found.unread == found.looked)
        st = gt_fail(GT_FORMAT, "'%s': no picture can be read; the first: %.*s", spec, (int)why.n, why.data);
    if (!st) {
        gt_survey_command(&found, spec, &command);
        gt_buffer_shell(&quoted, spec);
        gt_source_tell(gt_source_get_info(s), spec);
        print_survey(s, &found, &why);
        print_unlabelled(s);
        gt_print("a dataset    %.*s\n", (int)command.n, command.data ? command.data : "");
        if (found.oblong)
            gt_print(
                "             photographs: --transform=center-crop in place of --pad --background=white, which adds "
                "white borders\n");
        gt_print("all in one   gantry start %.*s   (dataset, training, sheet and report; -n: only the plan)\n",
                 (int)quoted.n, quoted.data ? quoted.data : "");
    }
    gt_source_close(s);
    return st;
}

static gt_status print_dataset(const char *spec) {
    gt_dataset *ds;
    gt_status st = gt_dataset_open(&ds, spec, NULL);
    char said[2048]; /* what inspect_pictures() may replace */
    snprintf(said, sizeof said, "%s", gt_message());
    if (st == GT_FORMAT && gt_is_directory(spec) && !inspect_pictures(spec)) return GT_OK;
    if (st) return gt_fail(st, "%s", said);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    gt_hash128 hash;
    char hex[33];
    gt_dataset_tell_classes(ds, spec);
    gt_print("dataset      %s (%s)\n", spec, info->source);
    gt_print("images       %lld\n", (long long)info->count);
    gt_print("size         %dx%d, %s, %d channel%s%s%s%s, range %g .. %g\n", info->width, info->height,
             gt_sample_name(info->type), info->channels, info->channels > 1 ? "s" : "", info->channel_names ? " (" : "",
             info->channel_names ? info->channel_names : "", info->channel_names ? ")" : "", info->range[0],
             info->range[1]);
    for (const gt_family *const *f = gt_families(); *f; f++)
        if (gt_family_check_size(*f, info->height, info->width, info->channels))
            gt_print("             does not fit --model=%s: %s\n", gt_family_models(*f)->name, gt_message());
    gt_arena *a = gt_arena_new();
    st = a ? print_labels(a, ds, info) : GT_NOMEM;
    if (!st) st = print_masks(ds, info);
    if (!st) st = print_pixels(a, ds, info);
    gt_arena_free(a);
    if (!st) print_bytes(spec);
    if (!st) st = gt_dataset_fingerprint(ds, &hash);
    if (!st) {
        gt_hash_hex(hash, hex);
        gt_print("fingerprint  %s\n", hex);
    }
    gt_dataset_close(ds);
    return st;
}

gt_status cli_dataset_inspect(const char *spec, const char *grid, gt_preview preview) {
    gt_dataset *ds;
    gt_status st = print_dataset(spec);
    if (st || (!*grid && preview == GT_PREVIEW_NONE)) return st;
    const gt_transform fit = {
        .width = SHEET_SIDE, .height = SHEET_SIDE, .channels = 3, .pad = true, .background = {1, 1, 1}};
    st = gt_dataset_open(&ds, spec, NULL);
    bool raw = st == GT_FORMAT;
    if (raw) st = gt_dataset_open(&ds, spec, &(gt_dataset_options){.fit = &fit, .some = true}); /* not alike */
    if (st && raw) gt_warn("no sheet: %s", gt_message());
    if (st) return raw ? GT_OK : st;
    gt_unread unread;
    gt_grid_png picture;
    st = gt_dataset_draw(ds, *grid ? grid : NULL, &picture, &unread);
    if (!st) st = gt_preview_bytes(preview, picture.png, picture.bytes, NULL);
    free(picture.png);
    if (!st && unread.n)
        gt_warn("%s: %lld picture%s left out%s: %s", *grid ? grid : spec, (long long)unread.n,
                unread.n == 1 ? " is" : "s are", unread.n == 1 ? "" : ", the first", unread.why);
    gt_dataset_close(ds);
    return st;
}

static void print_bad(void *arg, int64_t item) {
    (void)arg, (void)item;
    gt_print("bad: %s\n", gt_message());
}

gt_status cli_dataset_verify_all(gt_comm *comm, const char *spec) {
    gt_dataset *ds;
    gt_status st = gt_comm_agree_all(comm, gt_dataset_open(&ds, spec, NULL));
    if (st) return st;
    st = gt_same_data_all(comm, ds, spec);
    if (!st) st = gt_dataset_verify_all(comm, ds, spec, print_bad, NULL);
    int64_t n = gt_dataset_get_info(ds)->count;
    if (!st && !comm->rank && n == 1) gt_print("%s: the one image is good\n", spec);
    else if (!st && !comm->rank) gt_print("%s: all %lld images are good\n", spec, (long long)n);
    gt_dataset_close(ds);
    return st;
}
