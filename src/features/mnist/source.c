/* SPDX-License-Identifier: Apache-2.0
 * MNIST and its like (Fashion-MNIST, KMNIST, EMNIST): IDX files of bytes, packed by gzip or not. The images are
 * unpacked once into an unnamed file. Of a folder of such files the images of training are taken. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/door/file.h"
#include "base/door/numbers.h"
#include "data/door/source.h"

enum {
    IDX_BYTES = 0x0800, /* first word: type (bytes) and number of dimensions */
    SIDE_MOST = 4096,
    PIECE = 1 << 16,
    DEFLATE_MOST = 1032, /* no deflate stream unpacks to more than this times its size */
    MNIST_SIDE = 28,
};

typedef struct mnist {
    int border; /* zeros on each side */
    char *path; /* of the images: the source, or one of its files */
} mnist;

/* ---- the files of a folder ---- */

/* Where the last part of the name is "...images-idx3-ubyte" or "...images.idx3-ubyte", packed or not. */
static bool is_images_name(const char *name) {
    const char *part = strstr(name, "images");
    return part && (part[6] == '-' || part[6] == '.') && !strncmp(part + 7, "idx3-ubyte", 10) &&
           (!part[17] || !strcmp(part + 17, ".gz"));
}

static bool is_file_of_images(const char *path, const char *name) {
    struct stat s;
    return is_images_name(name) && !stat(path, &s) && S_ISREG(s.st_mode);
}

typedef struct listing {
    gt_arena *arena;
    char *chosen; /* path */
    int files, training;
    char names[512];
} listing;

/* The same images packed and not are one file. */
static bool is_packed_twin(const char *name, const char *other) {
    size_t n = strlen(name), k = strlen(other);
    size_t shorter = n < k ? n : k;
    return !strncmp(name, other, shorter) && !strcmp((n < k ? other : name) + shorter, ".gz");
}

static gt_status list_images(void *arg, const char *path, const char *name) {
    listing *l = arg;
    const char *slash = l->chosen ? strrchr(l->chosen, '/') : NULL;
    if (!is_file_of_images(path, name)) return GT_OK;
    bool training = strstr(name, "train") != NULL;
    if (slash && is_packed_twin(name, slash + 1)) return GT_OK;
    size_t n = strlen(l->names);
    snprintf(l->names + n, sizeof l->names - n, "%s%s", n ? ", " : "", name);
    l->files++, l->training += training;
    if (l->chosen && !(training && l->training == 1)) return GT_OK;
    l->chosen = gt_arena_printf(l->arena, "%s", path);
    return l->chosen ? GT_OK : GT_NOMEM;
}

/* Among its first entries: a folder of pictures has many. */
static bool has_images(const char *folder) {
    enum { LOOKS = 256 };
    DIR *dir = opendir(folder);
    struct dirent *e;
    struct stat s;
    bool has = false;
    for (int i = 0; dir && !has && i < LOOKS && (e = readdir(dir)); i++)
        has = is_images_name(e->d_name) && !fstatat(dirfd(dir), e->d_name, &s, 0) && S_ISREG(s.st_mode);
    if (dir) closedir(dir);
    return has;
}

/* The folder of the files: torchvision has them in MNIST/raw. False: there is none. */
static bool find_files(const char *folder, char found[PATH_MAX]) {
    for (int k = 0; k < 2; k++) {
        int n = snprintf(found, PATH_MAX, "%s%s", folder, k ? "/raw" : "");
        if (n < PATH_MAX && has_images(found)) return true;
    }
    return false;
}

/* GT_FORMAT: it is not known which are meant. */
static gt_status choose_file(gt_source *s, mnist *m) {
    listing l = {.arena = s->arena};
    char folder[PATH_MAX];
    gt_status st = find_files(s->spec, folder) ? gt_folder_each(folder, list_images, &l)
                                               : gt_fail(GT_FAILED, "its files are missing");
    if (!st && l.files > 1 && l.training != 1)
        st = gt_fail(GT_FORMAT, "a folder of several sets in MNIST's format: name one of its files: %s", l.names);
    m->path = l.chosen;
    const char *slash = !st ? strrchr(m->path, '/') : NULL;
    if (!st) st = gt_notes_say(&s->info, "of %s, '%s' is used", l.names, slash ? slash + 1 : m->path);
    if (!st) s->stamp = gt_file_stamp(m->path);
    return st;
}

static bool claims_mnist(const gt_spec *spec) {
    char folder[PATH_MAX];
    if (spec->is_folder) return find_files(spec->text, folder);
    const char *slash = strrchr(spec->text, '/'), *name = slash ? slash : spec->text;
    return spec->is_file && (strstr(name, "-images-idx3-ubyte") || strstr(name, "-images.idx3-ubyte") ||
                             gt_file_begins(spec->text, 0, "\0\0\10\3", 4));
}

/* A regular file, unpacked or not, for gzread; *bytes is its size as it lies there. */
static gt_status open_packed(gzFile *file, const char *path, uint64_t *bytes) {
    int fd;
    gt_status st = gt_source_part_file(path, &fd, bytes);
    if (st || (*file = gzdopen(fd, "rb"))) return st;
    close(fd);
    return gt_fail(GT_NOMEM, "out of memory for unpacking");
}

static gt_status read_packed(gzFile file, void *out, size_t n) {
    int got = n <= INT_MAX ? gzread(file, out, (unsigned)n) : 0, code; /* it reads no more at once */
    if ((size_t)got == n) return GT_OK;
    const char *reason = gzerror(file, &code);
    if (code == Z_ERRNO) return gt_fail(GT_FAILED, "cannot be read: %s", strerror(errno));
    return gt_fail(GT_FORMAT, "damaged or truncated%s%s", code == Z_OK || code == Z_BUF_ERROR ? "" : ": ",
                   code == Z_OK || code == Z_BUF_ERROR ? "" : reason);
}

/* The sizes [dimensions] that the header claims, and that they can be true. */
static gt_status read_idx_head(gzFile file, int dimensions, uint64_t file_bytes, uint32_t *size) {
    uint8_t head[16];
    gt_status st = read_packed(file, head, 4 + 4 * (size_t)dimensions);
    if (st) return st;
    if (gt_be32(head) != (uint32_t)(IDX_BYTES + dimensions))
        return gt_fail(GT_FORMAT, "not an IDX file of bytes in %d dimensions", dimensions);
    uint64_t total = 1;
    for (int d = 0; d < dimensions; d++) {
        size[d] = gt_be32(head + 4 + 4 * d);
        if (size[d] == 0 || (d > 0 && size[d] > SIDE_MOST))
            return gt_fail(GT_FORMAT, "damaged: dimension %d has size %u", d, size[d]);
        total *= size[d];
    }
    if (total / DEFLATE_MOST > file_bytes)
        return gt_fail(GT_FORMAT, "damaged: %" PRIu64 " bytes cannot be packed into %" PRIu64, total, file_bytes);
    return GT_OK;
}

/* Nothing comes behind what was read, and the checksum is right. */
static gt_status read_end(gzFile file, const char *what) {
    char more;
    return gzread(file, &more, 1) == 0
               ? GT_OK
               : gt_fail(GT_FORMAT, "damaged: it continues after its last %s, or its checksum is wrong", what);
}

static gt_status close_packed(gzFile file, gt_status st) {
    return gzclose(file) == Z_BUF_ERROR && !st ? gt_fail(GT_FORMAT, "truncated: its checksum is missing") : st;
}

static gt_status unpack_images(gt_temp_file *to, gzFile file, uint64_t total) {
    GT_FREED char *piece = malloc(PIECE);
    gt_status st = piece ? GT_OK : gt_fail(GT_NOMEM, "out of memory for unpacking");
    while (!st && to->size < total) {
        size_t n = total - to->size < PIECE ? (size_t)(total - to->size) : PIECE;
        st = read_packed(file, piece, n);
        if (!st) st = gt_temp_file_add(to, piece, n);
    }
    return st ? st : read_end(file, "image");
}

static gt_status read_images(gt_source *s) {
    gzFile file;
    uint64_t bytes;
    uint32_t size[3];
    gt_status st = open_packed(&file, ((mnist *)s->state)->path, &bytes);
    if (st) return st;
    st = read_idx_head(file, 3, bytes, size);
    if (!st) st = gt_temp_file_open(&s->file);
    if (!st) st = unpack_images(&s->file, file, (uint64_t)size[0] * size[1] * size[2]);
    if ((st = close_packed(file, st))) return st;
    s->count = size[0];
    s->shape = (gt_picture){.height = (int)size[1], .width = (int)size[2], .channels = 1, .type = GT_U8};
    return GT_OK;
}

/* Of a file that is there. */
static gt_status read_labels(gt_source *s, const char *path) {
    gzFile file;
    uint64_t bytes;
    uint32_t n = 0;
    gt_status st = open_packed(&file, path, &bytes);
    if (st) return st;
    st = read_idx_head(file, 1, bytes, &n);
    if (!st && n != s->count) st = gt_fail(GT_FORMAT, "%u labels for %" PRId64 " images", n, s->count);
    uint8_t *labels = st ? NULL : gt_arena_alloc(s->arena, n);
    if (!st && !labels) st = GT_NOMEM;
    if (!st) st = read_packed(file, labels, n);
    if (!st) st = read_end(file, "label");
    st = close_packed(file, st);
    if (!st) st = gt_notes_new_classes(&s->info, s->count);
    for (uint32_t i = 0; !st && i < n; i++) s->info.classes[i] = labels[i];
    return st;
}

/* The name of the labels for that of images, of the last `parts` parts of a path: "images" becomes "labels" and "idx3"
 * "idx1". NULL: out of memory, or no name of images. */
static char *labels_name(gt_arena *a, const char *path, int parts) {
    char *name = gt_arena_printf(a, "%s", path), *from = name ? name + strlen(name) : NULL;
    bool images = false;
    for (int k = 0; k < parts && from; k++) from = memrchr(name, '/', (size_t)(from - name));
    from = from ? from + 1 : name;
    for (char *p = from; p && (p = strstr(p, "images")); p += 6) memcpy(p, "labels", 6), images = true;
    for (char *p = from; p && (p = strstr(p, "idx3")); p += 4) memcpy(p, "idx1", 4);
    return images ? name : NULL;
}

/* Sets the byte between "labels" and "idx1" of the last part, and the ending. NULL: out of memory. */
static char *variant_of(gt_arena *a, const char *name, char between, bool packed) {
    const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name, *part = strstr(last, "labels");
    size_t n = strlen(name);
    if (gt_ends_with(name, ".gz")) n -= 3;
    char *out = gt_arena_printf(a, "%.*s%s", (int)n, name, packed ? ".gz" : "");
    if (out && part && strchr("-.", part[6]) && part[6]) out[part + 6 - name] = between;
    return out;
}

/* *there: a file of labels is there by one of its names, and was read. */
static gt_status try_labels(gt_source *s, const char *name, bool *there) {
    for (int k = 0; k < 4; k++) {
        char *path = variant_of(s->arena, name, k & 1 ? '.' : '-', k < 2);
        if (!path) return GT_NOMEM;
        gt_status st = GT_OK;
        *there = access(path, F_OK) == 0 && !gt_is_directory(path);
        if (*there && (st = read_labels(s, path))) gt_wrap(st, "labels in '%s'", path);
        if (*there || st) return st;
    }
    return GT_OK;
}

/* The file beside the images': with a dash or a dot in its name, packed or not; or in a folder of its own name, as
 * Kaggle unpacks it. */
static gt_status find_labels(gt_source *s) {
    const char *path = ((const mnist *)s->state)->path;
    bool there = false;
    const char *slash = strrchr(path, '/');
    char *first = labels_name(s->arena, path, 1);
    gt_status st = GT_OK;
    for (int parts = 1; parts <= 2 && !there && !st; parts++) {
        char *name = labels_name(s->arena, path, parts);
        if (name) st = try_labels(s, name, &there);
    }
    if (!there && !st && first) {
        const char *name = strrchr(first, '/');
        st = gt_notes_say(&s->info, "no labels beside '%.200s': no '%.200s', with a dash or a dot, packed (.gz) or not",
                          slash ? slash + 1 : path, name ? name + 1 : first);
    } else if (!there && !st) {
        st = gt_notes_say(&s->info, "no labels: to find the file of labels, its name must contain 'images', as in "
                                    "train-images-idx3-ubyte and train-labels-idx1-ubyte");
    }
    return !st && gt_arena_failed(s->arena) ? GT_NOMEM : st;
}

/* The rows are read without gaps behind the upper border, and then go to their places, the last one first. */
static gt_status read_image(const gt_source *s, int64_t i, gt_picture *out) {
    const mnist *m = s->state;
    size_t border = (size_t)m->border, wide = (size_t)s->shape.width, width = wide - 2 * border,
           height = (size_t)s->shape.height - 2 * border;
    gt_status st = gt_array_room(s, out);
    if (st) return st;
    uint8_t *samples = out->samples, *rows = samples + border * wide;
    st = gt_read_at(s->file.fd, (uint64_t)i * height * width, rows, height * width);
    if (st || !border) return st;
    for (size_t y = height; y-- > 0;) {
        uint8_t *row = rows + y * wide;
        memmove(row + border, rows + y * width, width);
        memset(row, 0, border);
        memset(row + border + width, 0, border);
    }
    memset(samples, 0, border * wide);
    memset(rows + height * wide, 0, border * wide);
    return GT_OK;
}

static gt_status open_mnist(gt_source *s, const gt_source_options *options) {
    mnist *m = s->state;
    gt_source_of_arrays(s, "IDX", read_image);
    s->name_digits = 5;
    m->path = s->spec;
    gt_status st = gt_is_directory(s->spec) ? choose_file(s, m) : GT_OK;
    if (!st && (st = read_images(s)) && gt_is_directory(s->spec)) gt_wrap(st, "'%s'", m->path);
    m->border = s->shape.height == MNIST_SIDE && s->shape.width == MNIST_SIDE ? options->mnist_border : 0;
    s->info.border = m->border;
    s->shape.height += 2 * m->border;
    s->shape.width += 2 * m->border;
    return !st && gt_own_labels(options) ? find_labels(s) : st;
}

const gt_source_kind gt_source_mnist = {.name = "mnist",
                                        .looks = "*-images-idx3-ubyte.gz",
                                        .claims = claims_mnist,
                                        .state_bytes = sizeof(mnist),
                                        .open = open_mnist};
