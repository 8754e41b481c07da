/* SPDX-License-Identifier: Apache-2.0
 * Arrays of images: .npy files, read where they lie, and .npz archives, whose arrays are unpacked into unnamed files.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/raw_picture.h"
#include "data/archive.h"
#include "data/source.h"

enum { CHANNELS_MOST = 16, PIECE = 1 << 16, ROLE_NAMES = 4 };

typedef enum role { IMAGES, LABELS, ROLES } role;

static const char *const role_names[ROLES][ROLE_NAMES] = {
    {"images", "x_train", "data", "arr_0"},
    {"labels", "y_train", "y", "arr_1"},
};

typedef struct numpy {
    gt_npy array;
    bool planes; /* [N,C,H,W] */
} numpy;

static bool claims_numpy(const gt_spec *spec) {
    return spec->is_file && (!strcasecmp(spec->extension, ".npy") || !strcasecmp(spec->extension, ".npz"));
}

/* ---- what the array means ---- */

static gt_status check_type(const gt_npy *a, gt_sample *type) {
    if (a->type == 'u' && a->size <= 2) *type = a->size == 1 ? GT_U8 : GT_U16;
    else if (a->type == 'f') *type = GT_F32;
    else return gt_fail(GT_FORMAT, "an array of type %c%d; images are u1, u2, f4 or f8", a->type, a->size);
    return GT_OK;
}

static gt_status check_images(gt_source *s, numpy *f) {
    const gt_npy *a = &f->array;
    gt_sample type = GT_U8;
    uint64_t bytes = s->file.size;
    gt_status st = check_type(a, &type);
    if (st) return st;
    if (a->dimensions != 3 && a->dimensions != 4)
        return gt_fail(GT_FORMAT, "an array of %d dimensions; images are [N,H,W], [N,H,W,C] or [N,C,H,W]",
                       a->dimensions);
    if (bytes < a->head || (bytes - a->head) / (size_t)a->size < a->elements)
        return gt_fail(GT_FORMAT, "truncated: the array is not whole");
    if (a->elements == 0) return gt_fail(GT_FORMAT, "an empty array");
    f->planes = a->dimensions == 4 && a->shape[3] > CHANNELS_MOST;
    if (f->planes && a->shape[1] > CHANNELS_MOST)
        return gt_fail(
            GT_FORMAT,
            "an array [%zu,%zu,%zu,%zu]: neither its second nor its last dimension can be channels (at most %d)",
            a->shape[0], a->shape[1], a->shape[2], a->shape[3], CHANNELS_MOST);
    size_t channels = a->dimensions == 3 ? 1 : a->shape[f->planes ? 1 : 3], height = a->shape[f->planes ? 2 : 1],
           width = a->shape[f->planes ? 3 : 2];
    s->count = (int64_t)a->shape[0];
    s->shape = (gt_picture){.height = (int)height, .width = (int)width, .channels = (int)channels, .type = type};
    return gt_picture_check_size(height, width, channels, type, 0);
}

gt_status gt_labels_of_npy(gt_source *s, const char *path) {
    enum { BYTES_MOST = 1 << 30 };
    gt_npy array;
    uint64_t size;
    size_t n;
    void *bytes = NULL;
    int fd;
    if (!gt_source_is_nameless(s))
        return gt_fail(GT_USAGE, "labels by row are for images without names of their own (an array, MNIST, HDF5); "
                                 "FILE.csv with lines NAME,LABEL gives labels by name");
    gt_status st = gt_source_file(path, &fd, &size);
    if (!st) st = gt_load_part(fd, 0, size, BYTES_MOST, true, &bytes, &n);
    if (fd >= 0) close(fd);
    if (!st) st = gt_labels_head(&array, bytes, n);
    if (!st && (n - array.head) / (size_t)array.size < array.elements)
        st = gt_fail(GT_FORMAT, "truncated: the array is not whole");
    if (!st) st = gt_labels_of_array(&s->info, s->count, &array, (const char *)bytes + array.head, false);
    free(bytes);
    return st;
}

/* ---- archives ---- */

/* "NAME" of "NAME.npy"; false: another file. */
static bool array_name(const char *path, char *name, size_t room) {
    size_t n = path ? strlen(path) : 0;
    if (n <= 4 || n - 4 >= room || strcmp(path + n - 4, ".npy") || strchr(path, '/')) return false;
    snprintf(name, room, "%.*s", (int)(n - 4), path);
    return true;
}

static gt_status unpack_rest(gt_temp_file *to, struct archive *a, char *piece, size_t n, uint64_t most) {
    if (to->fd >= 0) return gt_fail(GT_FORMAT, "damaged: the archive holds two arrays of this name");
    gt_status st = gt_temp_file_open(to);
    while (!st && n > 0) {
        if (to->size + n > most) return gt_fail(GT_FORMAT, "damaged: it goes on behind its array");
        st = gt_temp_file_add(to, piece, n);
        if (!st) st = gt_archive_piece(a, piece, PIECE, &n);
    }
    return st;
}

/* What is known after the first pass: which entry has which role. */
typedef struct choice {
    char name[ROLES][64];
    int rank[ROLES]; /* place in role_names; ROLE_NAMES: by its shape; -1: none yet */
    int by_shape;    /* how many arrays look like images */
} choice;

static void consider_array(choice *c, const char *name, const gt_npy *a) {
    for (int r = 0; r < ROLES; r++)
        for (int k = 0; k < ROLE_NAMES; k++)
            if (!strcmp(name, role_names[r][k]) && (c->rank[r] < 0 || k < c->rank[r])) {
                c->rank[r] = k;
                snprintf(c->name[r], sizeof c->name[r], "%s", name);
            }
    for (int k = 0; k < ROLE_NAMES; k++)
        if (!strcmp(name, role_names[LABELS][k])) return; /* one array does not play both roles, whatever its shape */
    if (a->dimensions < 3) return;
    c->by_shape++;
    if (c->rank[IMAGES] < 0) {
        c->rank[IMAGES] = ROLE_NAMES;
        snprintf(c->name[IMAGES], sizeof c->name[IMAGES], "%s", name);
    }
}

typedef struct npz {
    gt_source *s;
    choice choice;
    gt_temp_file labels;
    gt_npy label_array;
    char unread[320]; /* why an array that may be labels cannot be read; "": there is none */
    char other[64];   /* an array of one or two dimensions that may be labels by another name; "": there is none */
    size_t others;    /* its rows */
    bool second;      /* pass */
    char piece[PIECE];
} npz;

static void note_other(npz *z, const char *name, const gt_npy *a) {
    if (*z->other || a->dimensions < 1 || a->dimensions > 2) return;
    snprintf(z->other, sizeof z->other, "%s", name);
    z->others = a->shape[0];
}

/* An array with a row for each image, and none that is called as labels are. */
static gt_status say_other(gt_source *s, const npz *z) {
    if (!*z->other || z->others != (size_t)s->count) return GT_OK;
    return gt_notes_say(&s->info, "no labels: looked for labels, y_train, y and arr_1; '%s' is not read", z->other);
}

/* Arrays that nobody wants may be of any kind, labels may not. */
static void note_unread(npz *z, const char *name) {
    if (*z->unread || !(strstr(name, "label") || *name == 'y')) return;
    snprintf(z->unread, sizeof z->unread, "'%s': %s", name, gt_message());
}

static gt_status take_array(npz *z, struct archive *a, const char *name) {
    char *piece = z->piece;
    size_t n;
    gt_npy head;
    bool images = z->second && !strcmp(name, z->choice.name[IMAGES]),
         labels = z->second && !strcmp(name, z->choice.name[LABELS]);
    if (z->second && !images && !labels) return GT_OK;
    gt_status st = gt_archive_piece(a, piece, PIECE, &n);
    if (!st) st = images ? gt_npy_head(&head, piece, n) : gt_labels_head(&head, piece, n);
    if (st && !z->second) note_unread(z, name);
    else if (!z->second) note_other(z, name, &head);
    if (!z->second) {
        if (!st) consider_array(&z->choice, name, &head);
        return GT_OK; /* arrays that nobody wants may be of any kind */
    }
    if (st) return st;
    uint64_t most = head.head + (uint64_t)head.elements * (unsigned)head.size;
    if (labels) {
        z->label_array = head;
        return unpack_rest(&z->labels, a, piece, n, most);
    }
    ((numpy *)z->s->state)->array = head;
    return unpack_rest(&z->s->file, a, piece, n, most);
}

static gt_status take_entry(void *arg, struct archive *a, struct archive_entry *entry) {
    char name[64];
    gt_status st = array_name(archive_entry_pathname(entry), name, sizeof name) ? take_array(arg, a, name) : GT_OK;
    return st ? gt_wrap(st, "'%s'", name) : GT_OK;
}

static gt_status use_labels(gt_source *s, const npz *z) {
    const gt_npy *a = &z->label_array;
    if (z->labels.size != a->head + a->elements * (uint64_t)a->size)
        return gt_fail(GT_FORMAT, "truncated: the array is not whole");
    const char *map = gt_temp_file_map(&z->labels, 0, (size_t)z->labels.size);
    if (!map) return GT_FAILED;
    gt_status st = gt_labels_of_array(&s->info, s->count, a, map + a->head, false);
    gt_temp_file_unmap(map, (size_t)z->labels.size);
    return st;
}

static gt_status open_npz(gt_source *s, numpy *f, bool with_labels) {
    npz z = {.s = s, .choice = {.rank = {-1, -1}}, .labels = {.fd = -1}};
    gt_status st = gt_archive_each(s->spec, GT_ARCHIVE_ZIP, take_entry, &z);
    if (!st && z.choice.rank[IMAGES] < 0)
        st = gt_fail(GT_FORMAT, "holds no array of images (images, x_train, data, arr_0, or 3 or 4 dimensions)");
    if (!st && z.choice.rank[IMAGES] == ROLE_NAMES && z.choice.by_shape > 1)
        st = gt_fail(GT_FORMAT, "holds %d arrays of images, and none is called images, x_train, data or arr_0",
                     z.choice.by_shape);
    if (!with_labels) z.choice.name[LABELS][0] = 0;
    z.second = true;
    if (!st) st = gt_archive_each(s->spec, GT_ARCHIVE_ZIP, take_entry, &z);
    if (!st && (st = check_images(s, f))) gt_wrap(st, "'%s'", z.choice.name[IMAGES]);
    if (!st && z.labels.fd >= 0 && (st = use_labels(s, &z))) gt_wrap(st, "'%s'", z.choice.name[LABELS]);
    if (!st && z.labels.fd < 0 && *z.unread && with_labels)
        st = gt_fail(GT_FORMAT, "%s; --labels=none of gantry dataset leaves labels out", z.unread);
    if (!st && z.labels.fd < 0 && with_labels) st = say_other(s, &z);
    gt_temp_file_close(&z.labels);
    return st;
}

static gt_status open_npy(gt_source *s, numpy *f) {
    void *head = NULL;
    size_t n;
    gt_status st = gt_source_file(s->spec, &s->file.fd, &s->file.size);
    if (!st) st = gt_load_part(s->file.fd, 0, s->file.size, GT_NPY_HEAD_MAX, false, &head, &n);
    if (!st) st = gt_npy_head(&f->array, head, n);
    free(head);
    return st ? st : check_images(s, f);
}

/* ---- items ---- */

/* Sample by sample into its place: planes become channels, f64 becomes f32. */
static void arrange_samples(const gt_source *s, const uint8_t *from, void *samples) {
    const numpy *f = s->state;
    size_t channels = (size_t)s->shape.channels, pixels = (size_t)s->shape.height * (size_t)s->shape.width;
    size_t size = (size_t)f->array.size;
    for (size_t k = 0; k < pixels; k++)
        for (size_t c = 0; c < channels; c++) {
            const uint8_t *sample = from + (f->planes ? c * pixels + k : k * channels + c) * size;
            size_t to = k * channels + c;
            if (size == 8) {
                double wide;
                memcpy(&wide, sample, 8);
                ((float *)samples)[to] = (float)wide;
            } else {
                memcpy((uint8_t *)samples + to * size, sample, size);
            }
        }
}

static gt_status read_samples(const gt_source *s, int64_t i, void *samples) {
    const numpy *f = s->state;
    size_t bytes = gt_picture_bytes(&s->shape) / gt_sample_bytes(s->shape.type) * (size_t)f->array.size;
    bool straight = !f->planes && f->array.size != 8;
    uint8_t *stored = straight ? samples : malloc(bytes);
    if (!stored) return gt_fail(GT_NOMEM, "out of memory for %zu bytes", bytes);
    gt_status st = gt_read_at(s->file.fd, f->array.head + (uint64_t)i * bytes, stored, bytes);
    if (!st && !straight) arrange_samples(s, stored, samples);
    if (!straight) free(stored);
    return st;
}

static gt_status open_numpy(gt_source *s, const gt_source_options *options) {
    numpy *f = s->state;
    s->samples = read_samples;
    s->format = "numpy";
    s->name_digits = 5;
    bool one = !strcasecmp(s->spec + strlen(s->spec) - 4, ".npy");
    return one ? open_npy(s, f) : open_npz(s, f, gt_own_labels(options));
}

const gt_source_kind gt_source_numpy = {.name = "numpy",
                                        .looks = "an array .npy or .npz",
                                        .claims = claims_numpy,
                                        .state_bytes = sizeof(numpy),
                                        .open = open_numpy};
