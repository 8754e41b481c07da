/* SPDX-License-Identifier: Apache-2.0
 * CIFAR-10 and CIFAR-100 as their authors publish them: a packed tar archive of Python pickles, or of the binary
 * version for other languages; or the folder that was in it. The files are copied once into an unnamed file; the
 * images, bytes of 3 x 32 x 32, are then read where they lie in it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/numbers.h"
#include "files/codec/door/pickle.h"
#include "data/door/archive.h"
#include "features/cifar/cifar.h"
#include "data/door/source.h"

enum { SIDE = 32, PLANE = SIDE * SIDE, IMAGE = GT_CIFAR_IMAGE, MEMBERS = 6, MEMBER_MOST = 512 << 20, PIECE = 1 << 16 };

typedef struct member {
    const gt_cifar_kind *kind;
    uint64_t at; /* in the file */
    size_t bytes;
} member;

typedef struct batch {
    uint64_t at; /* of its first image, in the file */
    size_t step; /* from there to the next */
    int64_t first, count;
} batch;

typedef struct cifar {
    gt_temp_file *file; /* of the source */
    member members[MEMBERS];
    int n_members;
    batch batches[5];
    int n_batches;
    bool coarse;
} cifar;

/* ---- unpacking ---- */

/* Two members of one place, or of both sets, contradict each other: neither is guessed to be the one that is meant. */
static gt_status check_place(const cifar *c, const gt_cifar_kind *kind) {
    for (int i = 0; i < c->n_members; i++) {
        const gt_cifar_kind *other = c->members[i].kind;
        if (other == kind) return gt_fail(GT_FORMAT, "holds more than one file '%s'", kind->name);
        if (other->batch == kind->batch || other->batches != kind->batches || other->labels != kind->labels)
            return gt_fail(GT_FORMAT, "holds both '%s' and '%s'; only one of them is read", other->name, kind->name);
    }
    return GT_OK;
}

/* Where the bytes of a member come from. */
typedef struct input {
    struct archive *a; /* NULL: a file of its own */
    int fd;
    uint64_t at, size;
} input;

static gt_status next_piece(input *in, void *piece, size_t most, size_t *n) {
    if (in->a) return gt_archive_piece(in->a, piece, most, n);
    *n = (size_t)gt_smallest((int64_t)most, (int64_t)(in->size - in->at));
    in->at += *n;
    return gt_read_at(in->fd, in->at - *n, piece, *n);
}

static gt_status unpack_member(cifar *c, input *in, const gt_cifar_kind *kind) {
    static _Thread_local char piece[PIECE];
    size_t n = 1;
    gt_status st = check_place(c, kind);
    if (!st) st = gt_temp_file_align(c->file);
    if (st) return st;
    member *m = &c->members[c->n_members];
    *m = (member){.kind = kind, .at = c->file->size};
    while (n && !st) {
        if ((st = next_piece(in, piece, sizeof piece, &n))) return gt_wrap(st, "'%s'", kind->name);
        m->bytes += n;
        st = m->bytes > MEMBER_MOST ? gt_fail(GT_FORMAT, "'%s' is larger than %d MB", kind->name, MEMBER_MOST >> 20)
                                    : gt_temp_file_add(c->file, piece, n);
    }
    c->n_members++;
    return st;
}

/* The names of the other kind of classes are not wanted. */
static bool is_wanted(const cifar *c, const gt_cifar_kind *kind) {
    const char *other = c->coarse ? "fine_label_names.txt" : "coarse_label_names.txt";
    return strcmp(kind->name, other) != 0;
}

static const gt_cifar_kind *kind_of(const cifar *c, const char *path) {
    const char *slash = path ? strrchr(path, '/') : NULL, *name = slash ? slash + 1 : path;
    for (size_t i = 0; name && i < GT_CIFAR_KINDS; i++)
        if (!strcmp(name, gt_cifar_kinds[i].name) && is_wanted(c, &gt_cifar_kinds[i])) return &gt_cifar_kinds[i];
    return NULL;
}

typedef struct opening { /* of an archive: is it one of these? */
    int files;
    bool found;
} opening;

static gt_status look_at_entry(void *arg, struct archive *a, struct archive_entry *entry) {
    enum { FIRST_FILES = 16 };
    opening *o = arg;
    const cifar any = {0};
    (void)a;
    if (archive_entry_filetype(entry) != AE_IFREG) return GT_OK;
    o->found = kind_of(&any, archive_entry_pathname(entry)) != NULL;
    return o->found || ++o->files == FIRST_FILES ? GT_STOPPED : GT_OK;
}

static bool claims_folder(const char *folder) {
    char *path[GT_CIFAR_KINDS];
    bool found = gt_cifar_find(folder, path) == GT_FORMAT; /* two of them: open_cifar() says so */
    for (int i = 0; i < GT_CIFAR_KINDS; i++) found |= path[i] != NULL;
    gt_cifar_forget(path);
    return found;
}

/* A folder with the members, or a tar with one among its first files: other archives are of pictures. */
static bool claims_cifar(const gt_spec *spec) {
    static const char *const endings[] = {".tar.gz", ".tgz", ".tar"};
    bool named = false;
    if (spec->is_folder) return claims_folder(spec->text);
    for (int i = 0; i < 3; i++) named |= gt_ends_with(spec->text, endings[i]);
    opening o = {0};
    if (!spec->is_file || !named) return false;
    (void)gt_archive_each(spec->text, GT_ARCHIVE_TAR, look_at_entry, &o);
    return o.found;
}

static gt_status take_entry(void *arg, struct archive *a, struct archive_entry *entry) {
    const gt_cifar_kind *kind = archive_entry_filetype(entry) == AE_IFREG ? kind_of(arg, archive_entry_pathname(entry))
                                                                          : NULL;
    return kind ? unpack_member(arg, &(input){.a = a}, kind) : GT_OK;
}

/* The files of a folder; *stamp is that of all of them. */
static gt_status take_files(cifar *c, const char *folder, gt_hash128 *stamp) {
    char *path[GT_CIFAR_KINDS];
    gt_status st = gt_cifar_find(folder, path);
    for (size_t i = 0; i < GT_CIFAR_KINDS && !st; i++) {
        const gt_cifar_kind *kind = &gt_cifar_kinds[i];
        if (!is_wanted(c, kind) || !path[i]) continue;
        input in = {.fd = -1};
        const gt_hash128 both[2] = {*stamp, gt_file_stamp(path[i])};
        *stamp = gt_hash(both, sizeof both);
        st = gt_source_part_file(path[i], &in.fd, &in.size);
        st = st ? gt_wrap(st, "'%s'", kind->name) : unpack_member(c, &in, kind);
        if (in.fd >= 0) close(in.fd);
    }
    gt_cifar_forget(path);
    return st;
}

/* ---- the binary version ---- */

static gt_status find_binary(const member *m, batch *b) {
    int labels = m->kind->labels;
    b->step = (size_t)labels + IMAGE;
    b->count = (int64_t)(m->bytes / b->step);
    b->at = m->at + (uint64_t)labels;
    return m->bytes % b->step || !b->count
               ? gt_fail(GT_FORMAT, "damaged or truncated: %zu bytes are not a whole number of images of %zu bytes",
                         m->bytes, b->step)
               : GT_OK;
}

static void read_binary_labels(gt_source *s, const cifar *c, const member *m, const char *map, const batch *b) {
    int place = m->kind->labels - 1 - (m->kind->labels > 1 && c->coarse);
    for (int64_t i = 0; i < b->count; i++)
        s->info.classes[b->first + i] = (uint8_t)map[(size_t)i * b->step + (size_t)place];
}

/* A line each. */
static gt_status read_lines(gt_source *s, const char *text, size_t n) {
    gt_status st = GT_OK;
    for (size_t at = 0, end; at < n && !st; at = end + 1) {
        const char *newline = memchr(text + at, '\n', n - at);
        end = newline ? (size_t)(newline - text) : n;
        size_t length = end - at - (end > at && text[end - 1] == '\r');
        if (length) st = gt_notes_add_class_name(&s->info, text + at, length);
    }
    return st;
}

/* ---- the pickles ---- */

static const char *label_key(const cifar *c, const gt_pickle *root) {
    return gt_pickle_get(root, "labels") ? "labels" : c->coarse ? "coarse_labels" : "fine_labels";
}

static gt_status copy_text(cifar *c, const gt_pickle_array *a, size_t wanted) {
    static _Thread_local char piece[PIECE];
    gt_status st = GT_OK;
    size_t total = 0, used = 0;
    for (size_t at = 0; at < a->n && !st; at += used) {
        size_t n = gt_pickle_latin1(a->bytes + at, a->n - at, piece, sizeof piece, &used);
        if (n == 0) return gt_fail(GT_FORMAT, "a pickled array with text that is not latin1");
        total += n;
        st = gt_temp_file_add(c->file, piece, n);
    }
    if (!st && total != wanted) st = gt_fail(GT_FORMAT, "a pickled array with a size that does not fit its shape");
    return st;
}

/* Where the images of a batch lie in the file: in the pickle itself, or decoded behind everything else. */
static gt_status find_images(cifar *c, const member *m, const char *map, const gt_pickle *root, batch *b) {
    gt_pickle_array a;
    gt_pickle *data = gt_pickle_get(root, "data");
    if (!data) return gt_fail(GT_FORMAT, "its pickle has no 'data'");
    gt_status st = gt_pickle_to_array(&a, data);
    if (st) return st;
    const gt_npy *n = &a.array;
    if (n->type != 'u' || n->size != 1 || n->dimensions != 2 || n->shape[1] != IMAGE || n->shape[0] == 0 ||
        n->shape[0] > INT32_MAX)
        return gt_fail(GT_FORMAT, "'data' is not an array [n, %d] of bytes", IMAGE);
    b->count = (int64_t)n->shape[0];
    b->step = IMAGE;
    b->at = a.utf8 ? c->file->size : m->at + (uint64_t)(a.bytes - map);
    return a.utf8 ? copy_text(c, &a, n->elements) : GT_OK;
}

static gt_status read_labels(gt_source *s, const cifar *c, const gt_pickle *root, const batch *b) {
    const char *key = label_key(c, root);
    const gt_pickle *list = gt_pickle_get(root, key);
    if (!list || list->kind != GT_PICKLE_LIST || list->items != (size_t)b->count)
        return gt_fail(GT_FORMAT, "'%s' is not a list of %" PRId64 " labels", key, b->count);
    for (int64_t i = 0; i < b->count; i++) {
        int64_t v;
        if (!gt_pickle_to_integer(list->item[i], &v) || v < 0 || v > GT_CLASS_MAX)
            return gt_fail(GT_FORMAT, "'%s': element %" PRId64 " is not a class", key, i);
        s->info.classes[b->first + i] = (int32_t)v;
    }
    return GT_OK;
}

static gt_status read_names(gt_source *s, const cifar *c, const gt_pickle *root) {
    const gt_pickle *list = gt_pickle_get(root, "label_names");
    if (!list) list = gt_pickle_get(root, c->coarse ? "coarse_label_names" : "fine_label_names");
    if (!list || list->kind != GT_PICKLE_LIST || list->items == 0 || list->items > GT_CLASS_MAX) return GT_OK;
    gt_status st = GT_OK;
    for (size_t k = 0; !st && k < list->items; k++) {
        const gt_pickle *v = list->item[k];
        bool text = v->kind == GT_PICKLE_BYTES || v->kind == GT_PICKLE_TEXT;
        st = text ? gt_notes_add_class_name(&s->info, v->bytes, v->n) : gt_fail(GT_FORMAT, "a class name is not text");
    }
    return st;
}

typedef enum pass { FIND_IMAGES, READ_LABELS } pass; /* the number of labels is known when all images are found */

static gt_status read_pickle(gt_source *s, cifar *c, const member *m, const char *map, pass pass) {
    GT_ARENA gt_arena *arena = gt_arena_new();
    gt_pickle *root = NULL;
    gt_status st = !arena ? gt_fail(GT_NOMEM, "out of memory")
                          : gt_pickle_read(&root, arena, map, m->bytes, gt_pickle_numpy_names);
    if (!st && pass == FIND_IMAGES) st = find_images(c, m, map, root, &c->batches[m->kind->batch]);
    else if (!st)
        st = m->kind->batch < 0 ? read_names(s, c, root) : read_labels(s, c, root, &c->batches[m->kind->batch]);
    return st;
}

static gt_status read_member(gt_source *s, cifar *c, const member *m, pass pass) {
    const char *map = gt_temp_file_map(c->file, m->at, m->bytes);
    gt_status st = map ? GT_OK : GT_FAILED;
    if (!st && !m->kind->labels) st = read_pickle(s, c, m, map, pass);
    else if (!st && m->kind->batch < 0) st = read_lines(s, map, m->bytes);
    else if (!st && pass == FIND_IMAGES) st = find_binary(m, &c->batches[m->kind->batch]);
    else if (!st) read_binary_labels(s, c, m, map, &c->batches[m->kind->batch]);
    gt_temp_file_unmap(map, m->bytes);
    return st ? gt_wrap(st, "'%s'", m->kind->name) : GT_OK;
}

static gt_status find_all_images(gt_source *s, cifar *c) {
    gt_status st = GT_OK;
    for (int i = 0; i < c->n_members && !st; i++) {
        const gt_cifar_kind *kind = c->members[i].kind;
        if (kind->batch < 0) continue;
        st = read_member(s, c, &c->members[i], FIND_IMAGES);
        c->n_batches = kind->batches;
    }
    if (st) return st;
    if (c->n_batches == 0)
        return gt_fail(GT_FORMAT, "holds neither data_batch_1 .. data_batch_5 (CIFAR-10) nor train (CIFAR-100)");
    for (int i = 0; i < c->n_batches; i++) {
        if (c->batches[i].count == 0) return gt_fail(GT_FORMAT, "'data_batch_%d' is missing", i + 1);
        c->batches[i].first = s->count;
        s->count += c->batches[i].count;
    }
    return GT_OK;
}

/* ---- items ---- */

static const batch *batch_of(const cifar *c, int64_t i) {
    const batch *b = c->batches;
    while (i >= b->first + b->count) b++;
    return b;
}

static gt_status read_image(const gt_source *s, int64_t i, gt_picture *out) {
    const batch *b = batch_of(s->state, i);
    uint8_t planes[IMAGE];
    gt_status st = gt_array_room(s, out);
    uint8_t *to = out->samples;
    if (!st) st = gt_read_at(s->file.fd, b->at + (uint64_t)(i - b->first) * b->step, planes, IMAGE);
    for (int k = 0; k < PLANE && !st; k++)
        for (int channel = 0; channel < 3; channel++) *to++ = planes[channel * PLANE + k];
    return st;
}

static const char *name_item(const gt_source *s, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    const cifar *c = s->state;
    const batch *b = batch_of(c, i);
    if (c->n_batches == 1) snprintf(buffer, GT_ITEM_NAME_BYTES, "train:%05" PRId64, i);
    else snprintf(buffer, GT_ITEM_NAME_BYTES, "data_batch_%d:%05" PRId64, (int)(b - c->batches) + 1, i - b->first);
    return buffer;
}

static gt_status open_cifar(gt_source *s, const gt_source_options *options) {
    cifar *c = s->state;
    gt_source_of_arrays(s, "CIFAR", read_image);
    s->shape = (gt_picture){.height = SIDE, .width = SIDE, .channels = 3, .type = GT_U8};
    s->name = name_item;
    c->coarse = options->coarse;
    c->file = &s->file;
    gt_status st = gt_temp_file_open(c->file);
    bool folder = gt_is_directory(s->spec);
    if (!st) st = folder ? take_files(c, s->spec, &s->stamp) : gt_archive_each(s->spec, GT_ARCHIVE_TAR, take_entry, c);
    if (!st) st = find_all_images(s, c);
    if (st || !gt_own_labels(options)) return st;
    st = gt_notes_new_classes(&s->info, s->count);
    for (int i = 0; i < c->n_members && !st; i++) st = read_member(s, c, &c->members[i], READ_LABELS);
    return st;
}

const gt_source_kind gt_source_cifar = {.name = "cifar",
                                        .looks = "cifar-10-python.tar.gz",
                                        .claims = claims_cifar,
                                        .state_bytes = sizeof(cifar),
                                        .open = open_cifar};
