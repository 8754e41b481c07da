/* SPDX-License-Identifier: Apache-2.0
 * The one interface over all sources: which source a name means, subset, mirror, labels, fingerprint. */
#include "gantry/dataset.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/not_data.h"
#include "data/source.h"
#include "data/subset.h"

static const gt_stored_kind *const kinds[] = {&gt_stored_synth, &gt_stored_folder, &gt_stored_zip, &gt_stored_hdf5};

struct gt_dataset {
    gt_stored source;
    gt_dataset_info info;
    char *name, *spec; /* short, for runs; as it was given, for messages */
    int64_t *chosen;    /* stored images of a subset, in order; NULL: all */
    int64_t unmirrored; /* items before the mirrored ones */
};

bool gt_file_begins(const char *path, uint64_t offset, const void *bytes, size_t n) {
    char found[16];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool same =
        fd >= 0 && n <= sizeof found && pread(fd, found, n, (off_t)offset) == (ssize_t)n && !memcmp(found, bytes, n);
    if (fd >= 0) close(fd);
    return same;
}

static gt_status open_source(gt_stored *source, const char *text, const char **kind_name) {
    struct stat s;
    const char *slash = strrchr(text, '/'), *dot = strrchr(slash ? slash : text, '.');
    int error = stat(text, &s) ? errno : 0;
    gt_spec spec = {.text = text,
                    .extension = dot ? dot : "",
                    .is_folder = !error && S_ISDIR(s.st_mode),
                    .is_file = !error && S_ISREG(s.st_mode)};
    const char *other = gt_not_data(text);
    if (other) return gt_fail(GT_FORMAT, "'%s': %s", text, other);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!kinds[i]->claims(&spec)) continue;
        *kind_name = kinds[i]->name;
        return kinds[i]->open(source, text);
    }
    if (error)
        return gt_fail(GT_FAILED, "'%s' cannot be opened: %s (a ZIP, an HDF5 file, a folder of pictures or synth:NAME)",
                       text, gt_not_data_reason(text, true, strerror(error)));
    return gt_fail(GT_FORMAT, "'%s': %s; a dataset is a ZIP, an HDF5 file, a folder of pictures or synth:NAME (gantry dataset makes one)", text,
                   gt_not_data_reason(text, false, "neither ZIP nor HDF5 file nor folder"));
}

/* The last part of the path without its extension; NAME of synth:NAME. */
static char *name_of(const char *text, const char *kind) {
    if (!strcmp(kind, gt_stored_synth.name)) {
        const char *name = strchr(text, ':') + 1;
        return strndup(name, strcspn(name, ":"));
    }
    char *path =
        realpath(text, NULL); /* so that '.' has a name; a link keeps its own unless it ends in a slash or dots */
    const char *last = strrchr(text, '/');
    last = last ? last + 1 : text;
    if (path && (!*last || !strcmp(last, ".") || !strcmp(last, ".."))) last = strrchr(path, '/') + 1;
    const char *dot = strrchr(last, '.');
    char *name = strndup(last, dot && dot > last ? (size_t)(dot - last) : strlen(last));
    free(path);
    return name;
}

/* The first images of a shuffled list, sorted again: the choice of the reference tool. */
static gt_status choose_subset(gt_dataset *ds, int64_t subset, uint32_t seed) {
    int64_t n = ds->source.count;
    if (subset < 0 || subset > n)
        return gt_fail(GT_USAGE, "--subset=%" PRId64 ": '%s' holds %" PRId64 " images", subset, ds->spec, n);
    ds->unmirrored = subset ? subset : n;
    if (ds->unmirrored == n) return GT_OK;
    return gt_subset(&ds->chosen, n, 0, subset, seed);
}

static void fill_info(gt_dataset *ds, const gt_dataset_options *options, const char *kind_name) {
    const gt_stored *s = &ds->source;
    const gt_notes *n = &s->notes;
    ds->info = (gt_dataset_info){
        .name = ds->name,
        .source = kind_name,
        .count = ds->unmirrored * (options->mirror ? 2 : 1),
        .stored = s->count,
        .height = s->height,
        .width = s->width,
        .channels = s->channels,
        .type = s->type,
        .image_bytes = (size_t)s->height * (size_t)s->width * (size_t)s->channels * gt_sample_bytes(s->type),
        .label_kind = n->kind,
        .stored_label_width = n->width,
        .label_width = options->use_labels ? n->width : 0,
        .class_names = n->class_names,
        .class_name = (const char *const *)n->class_name,
        .channel_names = n->channel_names,
        .range = {n->has_range ? n->range[0] : gt_sample_low(s->type), n->has_range ? n->range[1] : gt_sample_high(s->type)},
        .main_thread_only = s->main_thread_only,
    };
}

gt_status gt_dataset_open(gt_dataset **out, const char *spec, const gt_dataset_options *options) {
    static const gt_dataset_options everything = {.use_labels = true};
    if (!options) options = &everything;
    *out = NULL;
    gt_dataset *ds = calloc(1, sizeof *ds);
    if (!ds) return gt_fail(GT_NOMEM, "out of memory for opening '%s'", spec);
    const char *kind_name = NULL;
    gt_status st = open_source(&ds->source, spec, &kind_name);
    if (!st && (!(ds->name = name_of(spec, kind_name)) || !(ds->spec = strdup(spec)))) st = gt_fail(GT_NOMEM, "out of memory for opening '%s'", spec);
    if (!st) st = choose_subset(ds, options->subset, options->subset_seed);
    if (st) {
        gt_dataset_close(ds);
        return st;
    }
    fill_info(ds, options, kind_name);
    *out = ds;
    return GT_OK;
}

void gt_dataset_close(gt_dataset *ds) {
    if (!ds) return;
    if (ds->source.close) ds->source.close(ds->source.state);
    gt_notes_free(&ds->source.notes);
    free(ds->chosen);
    free(ds->name);
    free(ds->spec);
    free(ds);
}

const gt_dataset_info *gt_dataset_get_info(const gt_dataset *ds) {
    return &ds->info;
}

int64_t gt_dataset_stored(const gt_dataset *ds, int64_t item, bool *mirrored) {
    *mirrored = item >= ds->unmirrored;
    if (*mirrored) item -= ds->unmirrored;
    return ds->chosen ? ds->chosen[item] : item;
}

gt_status gt_dataset_read_stored(gt_dataset *ds, int64_t stored, void *samples) {
    gt_status st = ds->source.read(ds->source.state, stored, samples);
    size_t n = ds->source.type == GT_F32 ? ds->info.image_bytes / sizeof(float) : 0;
    for (size_t i = 0; i < n && !st; i++)
        if (!isfinite(((const float *)samples)[i])) st = gt_fail(GT_FORMAT, "'%s': image %" PRId64 ": sample %zu is not finite", ds->spec, stored, i);
    return st;
}

void gt_mirror(void *samples, int height, int width, size_t pixel_bytes) {
    for (int y = 0; y < height; y++) {
        uint8_t *left = (uint8_t *)samples + (size_t)y * (size_t)width * pixel_bytes, *right = left + (size_t)(width - 1) * pixel_bytes;
        for (; left < right; left += pixel_bytes, right -= pixel_bytes) {
            for (size_t b = 0; b < pixel_bytes; b++) {
                uint8_t swap = left[b];
                left[b] = right[b];
                right[b] = swap;
            }
        }
    }
}

gt_status gt_dataset_read(gt_dataset *ds, int64_t item, void *samples) {
    bool mirrored;
    if (item < 0 || item >= ds->info.count)
        return gt_fail(GT_USAGE, "item %" PRId64 " of '%s': there are %" PRId64, item, ds->spec, ds->info.count);
    gt_status st = gt_dataset_read_stored(ds, gt_dataset_stored(ds, item, &mirrored), samples);
    if (!st && mirrored) gt_mirror(samples, ds->info.height, ds->info.width, (size_t)ds->info.channels * gt_sample_bytes(ds->info.type));
    return st;
}

static inline float meaning(double x, double low, float half) { return (float)(x - low) / half - 1; }

void gt_dataset_floats(const gt_dataset_info *info, const void *samples, size_t n, float *out) {
    enum { LEVELS = 256 };
    double low = info->range[0];
    float half = (float)((info->range[1] - low) / 2), level[LEVELS];
    switch (info->type) {
    case GT_U8:
        for (int v = 0; v < LEVELS; v++) level[v] = meaning(v, low, half);
        for (size_t i = 0; i < n; i++) out[i] = level[((const uint8_t *)samples)[i]];
        break;
    case GT_U16:
        for (size_t i = 0; i < n; i++) out[i] = meaning(((const uint16_t *)samples)[i], low, half);
        break;
    case GT_F32:
        for (size_t i = 0; i < n; i++) out[i] = meaning((double)((const float *)samples)[i], low, half);
        break;
    }
}

/* Does the list of names begin with these? Case and spaces do not count. */
static bool names_begin(const char *names, const char *with) {
    for (; *with; names++) {
        if (*names == ' ') continue;
        if (tolower((unsigned char)*names) != *with) return false;
        with++;
    }
    names += strspn(names, " ");
    return !*names || *names == ',';
}

int gt_dataset_colours(const gt_dataset_info *info) {
    static const struct {
        const char *names;
        int channels;
    } colours[] = {{"r,g,b", 3}, {"red,green,blue", 3}, {"grey", 1}, {"gray", 1}, {"l", 1}};
    if (!info->channel_names || info->channels == 1) return 0; /* one channel is grey, whatever it is of */
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (info->channels >= colours[i].channels && names_begin(info->channel_names, colours[i].names))
            return info->channels == colours[i].channels ? 0 : colours[i].channels;
    return -1;
}

bool gt_dataset_alpha(const gt_dataset_info *info) {
    const char *last = info->channel_names && info->channels > 1 ? strrchr(info->channel_names, ',') : NULL;
    return last && (names_begin(last + 1, "a") || names_begin(last + 1, "alpha"));
}

void gt_dataset_label(const gt_dataset *ds, int64_t item, float *label) {
    bool mirrored;
    size_t width = (size_t)ds->info.label_width;
    if (width == 0) return;
    int64_t stored = gt_dataset_stored(ds, item, &mirrored);
    const gt_notes *n = &ds->source.notes;
    if (n->kind == GT_LABELS_VECTORS) {
        memcpy(label, n->vectors + (size_t)stored * width, width * sizeof *label);
    } else {
        memset(label, 0, width * sizeof *label);
        label[n->classes[stored]] = 1;
    }
}

int gt_dataset_class(const gt_dataset *ds, int64_t item) {
    bool mirrored;
    return ds->info.label_kind == GT_LABELS_CLASSES ? ds->source.notes.classes[gt_dataset_stored(ds, item, &mirrored)]
                                                    : -1;
}

/* Labels as 32-bit little-endian words, whatever the machine. */
static void hash_labels(const gt_dataset *ds, gt_hasher *h) {
    const gt_notes *n = &ds->source.notes;
    int64_t words = n->kind == GT_LABELS_VECTORS   ? ds->source.count * n->width
                    : n->kind == GT_LABELS_CLASSES ? ds->source.count
                                                   : 0;
    const void *label = n->kind == GT_LABELS_VECTORS ? (const void *)n->vectors : n->classes;
    for (int64_t i = 0; i < words; i++) {
        uint32_t word;
        memcpy(&word, (const char *)label + 4 * i, 4);
        word = htole32(word);
        gt_hasher_add(h, &word, sizeof word);
    }
}

bool gt_dataset_usual_range(const gt_dataset_info *i) {
    return i->range[0] == gt_sample_low(i->type) && i->range[1] == gt_sample_high(i->type);
}

/* Pictures with alpha have names of channels whether somebody gave them or not. */
static bool usual_colours(const gt_dataset_info *i) {
    int colours = gt_dataset_colours(i);
    return colours == 0 || (colours == i->channels - 1 && gt_dataset_alpha(i));
}

/* What the networks are given of samples and channels. The usual adds nothing: checkpoints hold the number of what they were trained on. */
static void hash_meaning(const gt_dataset_info *info, gt_hasher *h) {
    for (int k = 0; k < 2 && !gt_dataset_usual_range(info); k++) {
        uint64_t word;
        memcpy(&word, &info->range[k], sizeof word);
        word = htole64(word);
        gt_hasher_add(h, &word, sizeof word);
    }
    uint32_t colours = htole32((uint32_t)gt_dataset_colours(info));
    if (!usual_colours(info)) gt_hasher_add(h, &colours, sizeof colours);
}

void gt_dataset_hash_shape(const gt_dataset *ds, gt_hasher *h) {
    const gt_stored *s = &ds->source;
    uint64_t shape[7] = {htole64((uint64_t)s->count),      htole64((uint64_t)s->height), htole64((uint64_t)s->width),
                         htole64((uint64_t)s->channels),   htole64(8 * gt_sample_bytes(s->type)), htole64(s->notes.kind),
                         htole64((uint64_t)s->notes.width)};
    gt_hasher_add(h, shape, sizeof shape);
    hash_labels(ds, h);
    hash_meaning(&ds->info, h);
}

static gt_status hash_source(gt_dataset *ds, int64_t most, gt_hash128 *out) {
    const gt_stored *s = &ds->source;
    gt_hasher *h = gt_hasher_new();
    if (!h) return gt_fail(GT_NOMEM, "out of memory for a fingerprint");
    gt_dataset_hash_shape(ds, h);
    gt_status st = s->fingerprint(s->state, h, most);
    *out = gt_hasher_end(h);
    return st;
}

gt_status gt_dataset_fingerprint(gt_dataset *ds, gt_hash128 *out) { return hash_source(ds, 0, out); }

gt_status gt_dataset_glance(gt_dataset *ds, gt_hash128 *out) {
    enum { LOOKS = 16 };
    return hash_source(ds, LOOKS, out);
}
