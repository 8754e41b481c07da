/* SPDX-License-Identifier: Apache-2.0
 * Arrays of images: .npy files, read where they lie, and .npz archives, whose arrays are unpacked into unnamed files.
 * Arrays in Fortran order are turned into another unnamed file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/door/file.h"
#include "files/codec/door/raw_picture.h"
#include "data/door/archive.h"
#include "data/array.h"
#include "base/door/progress.h"

enum { CHANNELS_MOST = 16, PIECE = 1 << 16, TURNED = 1 << 24 /* bytes of pictures that are turned at a time */ };

typedef struct numpy {
    gt_npy array;
    bool planes;              /* the channels come first */
    bool plain;               /* the numbers are samples as they are */
    char name[GT_NAME_BYTES]; /* of the array in an archive, else of the file */
} numpy;

static bool claims_numpy(const gt_spec *spec) {
    return spec->is_file && (!strcasecmp(spec->extension, ".npy") || !strcasecmp(spec->extension, ".npz"));
}

/* ---- what the array means ---- */

/* Of an array in Fortran order the pictures first .. first + n - 1, into to[n, row]; strip: [n]. */
static gt_status turn_some(int fd, const gt_npy *a, size_t first, size_t n, char *strip, char *to) {
    size_t size = (size_t)a->size, row = a->elements / a->shape[0];
    gt_npy one = {.dimensions = a->dimensions - 1, .elements = row, .fortran = true};
    memcpy(one.shape, a->shape + 1, (size_t)one.dimensions * sizeof *one.shape);
    gt_status st = GT_OK;
    for (size_t i = 0; i < row && !st; i++) {
        gt_progress();
        st = gt_read_at(fd, a->head + (gt_npy_place(&one, i) * a->shape[0] + first) * size, strip, n * size);
        for (size_t k = 0; k < n && !st; k++) memcpy(to + (k * row + i) * size, strip + k * size, size);
    }
    return st;
}

/* The array into a file of its own, in the order of C. */
static gt_status turn_array(gt_source *s, gt_npy *a) {
    size_t size = (size_t)a->size, row = a->elements / a->shape[0] * size, count = a->shape[0];
    size_t most = row < TURNED ? TURNED / row : 1, block = most < count ? most : count;
    gt_temp_file turned = GT_NO_TEMP_FILE;
    char *strip = malloc(block * size), *pictures = malloc(block * row);
    gt_status st = strip && pictures ? gt_temp_file_open(&turned)
                                     : gt_fail(GT_NOMEM, "out of memory for an array in Fortran order");
    for (size_t first = 0; first < count && !st; first += block) {
        size_t n = count - first < block ? count - first : block;
        st = turn_some(s->file.fd, a, first, n, strip, pictures);
        if (!st) st = gt_temp_file_add(&turned, pictures, n * row);
    }
    free(strip);
    free(pictures);
    if (st) {
        gt_temp_file_close(&turned);
        return st;
    }
    gt_temp_file_close(&s->file);
    s->file = turned;
    a->head = 0;
    a->fortran = false;
    return GT_OK;
}

/* Numbers of picture i as they lie, of the array's type. */
static gt_status read_numbers(const gt_source *s, int64_t i, void *numbers, size_t bytes) {
    const gt_npy *a = &((const numpy *)s->state)->array;
    return gt_read_at(s->file.fd, a->head + (uint64_t)i * bytes, numbers, bytes);
}

static size_t numbers_of(const gt_source *s) {
    return (size_t)s->shape.height * (size_t)s->shape.width * (size_t)s->shape.channels;
}

/* Number k of a picture that was read. */
static double number_at(const numpy *f, const void *numbers, size_t k) {
    const gt_npy one = {.type = f->array.type, .size = f->array.size, .swapped = f->array.swapped};
    return gt_npy_number(&one, numbers, k);
}

static gt_status look_at_numbers(gt_source *s, const numpy *f, gt_number_kind *kind) {
    size_t n = numbers_of(s), bytes = n * (size_t)f->array.size;
    GT_FREED void *numbers = malloc(bytes);
    gt_status st = numbers ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %zu bytes", bytes);
    for (int64_t i = 0; i < s->count && !st; i++) {
        gt_progress();
        st = read_numbers(s, i, numbers, bytes);
        for (size_t k = 0; k < n && !st; k++) gt_numbers_look(kind, number_at(f, numbers, k));
    }
    return st;
}

static gt_status choose_samples(gt_source *s, numpy *f) {
    gt_number_kind kind = {.array = f->name, .letter = f->array.type, .bytes = f->array.size};
    gt_status st = gt_numbers_vary(&kind) ? look_at_numbers(s, f, &kind) : GT_OK;
    if (!st) st = gt_sample_of_numbers(&kind, &s->info, &s->shape.type);
    f->plain = !f->array.swapped && kind.letter == (s->shape.type == GT_F32 ? 'f' : 'u') &&
               (size_t)kind.bytes == gt_sample_bytes(s->shape.type);
    return st;
}

static gt_status check_images(gt_source *s, numpy *f, const gt_source_options *options) {
    gt_npy *a = &f->array;
    uint64_t bytes = s->file.size;
    int64_t dims[GT_NPY_DIMENSIONS_ANY];
    gt_axes axes;
    if (bytes < a->head || (bytes - a->head) / (size_t)a->size < a->elements)
        return gt_fail(GT_FORMAT, "truncated: the array is incomplete");
    if (a->elements == 0) return gt_fail(GT_FORMAT, "an empty array");
    for (int i = 0; i < a->dimensions; i++) dims[i] = (int64_t)a->shape[i];
    gt_status st = gt_axes_of_array(&axes, &s->info, options, a->dimensions, dims, CHANNELS_MOST);
    if (!st) st = gt_picture_check_size((size_t)axes.height, (size_t)axes.width, (size_t)axes.channels, GT_U8, 0);
    if (st) return st;
    f->planes = axes.planes;
    s->count = axes.count;
    s->shape = (gt_picture){.height = (int)axes.height, .width = (int)axes.width, .channels = (int)axes.channels};
    if (a->fortran) st = turn_array(s, a);
    if (!st) st = choose_samples(s, f);
    const gt_picture *p = &s->shape;
    return st ? st : gt_picture_check_size((size_t)p->height, (size_t)p->width, (size_t)p->channels, p->type, 0);
}

gt_status gt_labels_of_npy(gt_source *s, const char *path) {
    enum { BYTES_MOST = 1 << 30 };
    gt_npy array;
    uint64_t size;
    size_t n;
    GT_FREED void *bytes = NULL;
    int fd;
    gt_status st = gt_source_part_file(path, &fd, &size);
    if (!st) st = gt_load_part(fd, 0, size, BYTES_MOST, true, &bytes, &n);
    if (fd >= 0) close(fd);
    if (!st) st = gt_labels_head(&array, bytes, n);
    if (!st && (n - array.head) / (size_t)array.size < array.elements)
        st = gt_fail(GT_FORMAT, "truncated: the array is incomplete");
    return st ? st : gt_labels_of_array(&s->info, s->count, &array, (const char *)bytes + array.head, false);
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
        if (to->size + n > most) return gt_fail(GT_FORMAT, "damaged: it continues after its array");
        st = gt_temp_file_add(to, piece, n);
        if (!st) st = gt_archive_piece(a, piece, PIECE, &n);
    }
    return st;
}

typedef struct npz {
    gt_source *s;
    gt_array_choice choice;
    gt_temp_file labels;
    gt_npy label_array;
    char unread[320]; /* why an array that may be labels cannot be read; "": there is none */
    char other[64];   /* an array of one or two dimensions that may be labels by another name; "": there is none */
    size_t others;    /* its rows */
    char masks[64];   /* an array of booleans that may be masks; "": there is none */
    bool second;      /* pass */
    char piece[PIECE];
} npz;

static void note_other(npz *z, const char *name, const gt_npy *a) {
    if (a->type == 'b' && a->dimensions > 2 && strstr(name, "mask")) snprintf(z->masks, sizeof z->masks, "%s", name);
    if (*z->other || a->dimensions < 1 || a->dimensions > 2) return;
    snprintf(z->other, sizeof z->other, "%s", name);
    z->others = a->shape[0];
}

/* An array with a row for each image, and none that is called as labels are. */
static gt_status say_other(gt_source *s, const npz *z) {
    if (!*z->other || z->others != (size_t)s->count) return GT_OK;
    return gt_notes_say(&s->info, "no labels: there is no labels, y_train, y or arr_1, and '%s' is not read", z->other);
}

static gt_status say_masks(gt_source *s, const npz *z) {
    return gt_notes_say(
        &s->info,
        "'%s' are masks, which are not read from a .npz but from HDF5: python3 -c \"import h5py, numpy; "
        "z = numpy.load('FILE.npz'); h5py.File('DEST.h5', 'w').update(images=z['%s'], masks=z['%s'])\"",
        z->masks, z->choice.images, z->masks);
}

static bool is_called_labels(const char *name) { return strstr(name, "label") || *name == 'y'; }

/* Of a damaged array: another one must not be taken in its place. */
static bool may_be_images(const npz *z, const char *name) {
    return !is_called_labels(name) && (!*z->choice.wanted || !strcmp(z->choice.wanted, name));
}

/* Arrays that nobody wants may be of any kind, labels may not. */
static void note_unread(npz *z, const char *name) {
    if (*z->unread || !is_called_labels(name)) return;
    snprintf(z->unread, sizeof z->unread, "'%s': %s", name, gt_message());
}

static gt_status take_array(npz *z, struct archive *a, const char *name) {
    char *piece = z->piece;
    size_t n;
    gt_npy head;
    bool images = z->second && !strcmp(name, z->choice.images), labels = z->second && !strcmp(name, z->choice.labels);
    if (z->second && !images && !labels) return GT_OK;
    gt_status read = gt_archive_piece(a, piece, PIECE, &n), st = n && !z->second ? GT_OK : read;
    if (!st) st = images ? gt_npy_head(&head, piece, n) : gt_labels_head(&head, piece, n);
    if (st && read && !z->second && may_be_images(z, name)) return st;
    if (st && !z->second) note_unread(z, name);
    else if (!z->second) note_other(z, name, &head);
    if (!z->second) {
        int64_t dims[GT_NPY_DIMENSIONS_ANY];
        for (int i = 0; i < head.dimensions && !st; i++) dims[i] = (int64_t)head.shape[i];
        return st ? GT_OK /* arrays that nobody wants may be of any kind */
                  : gt_array_consider(&z->choice, name, head.dimensions, dims);
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
        return gt_fail(GT_FORMAT, "truncated: the array is incomplete");
    const char *map = gt_temp_file_map(&z->labels, 0, (size_t)z->labels.size);
    if (!map) return GT_FAILED;
    gt_status st = gt_labels_of_array(&s->info, s->count, a, map + a->head, false);
    gt_temp_file_unmap(map, (size_t)z->labels.size);
    return st;
}

static gt_status open_npz(gt_source *s, numpy *f, const gt_source_options *options) {
    npz z = {.s = s, .choice.wanted = options->array ? options->array : "", .labels = GT_NO_TEMP_FILE};
    bool own = gt_own_labels(options);
    gt_status st = gt_archive_each(s->spec, GT_ARCHIVE_ZIP, take_entry, &z);
    if (!st) st = gt_array_choose(&z.choice, &s->info);
    if (!own) *z.choice.labels = 0;
    z.second = true;
    if (!st) st = gt_archive_each(s->spec, GT_ARCHIVE_ZIP, take_entry, &z);
    snprintf(f->name, sizeof f->name, "%s", z.choice.images);
    if (!st && (st = check_images(s, f, options))) gt_wrap(st, "'%s'", z.choice.images);
    if (!st && *z.masks && !gt_is(z.masks, z.choice.images)) st = say_masks(s, &z);
    if (!st && z.labels.fd >= 0 && (st = use_labels(s, &z))) gt_wrap(st, "'%s'", z.choice.labels);
    if (!st && z.labels.fd < 0 && *z.unread && own)
        st = gt_fail(GT_FORMAT, "%s; --labels=none of gantry dataset leaves labels out", z.unread);
    if (!st && z.labels.fd < 0 && own) st = say_other(s, &z);
    gt_temp_file_close(&z.labels);
    gt_array_choice_free(&z.choice);
    return st;
}

static gt_status open_npy(gt_source *s, numpy *f, const gt_source_options *options) {
    GT_FREED void *head = NULL;
    size_t n;
    gt_status st = gt_source_file(s->spec, &s->file.fd, &s->file.size);
    gt_path_name(s->spec, f->name);
    if (!st) st = gt_load_part(s->file.fd, 0, s->file.size, GT_NPY_HEAD_MAX, false, &head, &n);
    if (!st) st = gt_npy_head(&f->array, head, n);
    return st ? st : check_images(s, f, options);
}

/* ---- items ---- */

/* Number by number into its place. */
static void arrange_samples(const gt_source *s, const void *numbers, void *samples) {
    const numpy *f = s->state;
    size_t n = numbers_of(s), channels = (size_t)s->shape.channels, pixels = n / channels;
    for (size_t k = 0; k < n; k++)
        gt_sample_put(s->shape.type, samples, f->planes ? k % pixels * channels + k / pixels : k,
                      number_at(f, numbers, k));
}

static gt_status read_image(const gt_source *s, int64_t i, gt_picture *out) {
    const numpy *f = s->state;
    size_t bytes = numbers_of(s) * (size_t)f->array.size;
    bool straight = f->plain && !f->planes;
    gt_status st = gt_array_room(s, out);
    if (st) return st;
    void *samples = out->samples, *numbers = straight ? samples : malloc(bytes);
    if (!numbers) return gt_fail(GT_NOMEM, "out of memory for %zu bytes", bytes);
    st = read_numbers(s, i, numbers, bytes);
    if (!st && !straight && f->plain) gt_pixels_of_planes(&s->shape, numbers, samples);
    else if (!st && !straight) arrange_samples(s, numbers, samples);
    if (!straight) free(numbers);
    return st;
}

static gt_status open_numpy(gt_source *s, const gt_source_options *options) {
    numpy *f = s->state;
    gt_source_of_arrays(s, "numpy", read_image);
    s->name_digits = 5;
    bool one = !strcasecmp(s->spec + strlen(s->spec) - 4, ".npy");
    if (one && options->array && *options->array) return gt_fail(GT_USAGE, "--array: a .npy file holds only one array");
    return one ? open_npy(s, f, options) : open_npz(s, f, options);
}

const gt_source_kind gt_source_numpy = {.name = "numpy",
                                        .looks = "an array .npy or .npz",
                                        .claims = claims_numpy,
                                        .named = true,
                                        .shaped = true,
                                        .state_bytes = sizeof(numpy),
                                        .open = open_numpy};
