/* SPDX-License-Identifier: Apache-2.0
 * Reading checkpoints: the whole file comes into memory and is verified there; HDF5 then works on that memory, so nothing can change
 * between the two. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_kind.h"
#include "run/checkpoint_block.h"
#include "run/checkpoint_internal.h"
#include "gantry/log.h"
#include "h5/h5.h"
#include "h5/h5_image.h"

enum { DEEPEST = 32, MOST_LINKS = 1 << 16, LONGEST_PATH = 1024, LONGEST_TEXT = 1 << 24 };

struct gt_checkpoint_file {
    gt_arena *arena;
    const char *path;
    char *data; /* the file */
    size_t bytes;
    h5_image image; /* the part of it that is HDF5 */
    int format;
    hid_t h5;
    gt_checkpoint_about about;
    gt_buffer found; /* of gt_checkpoint_entry */
    int n;
    int links;       /* that were followed */
    size_t held;     /* bytes of all that was found */
};

static const char signature[] = "\x89HDF\r\n\x1a\n"; /* of HDF5 */

/* ---- bytes ---- */

static gt_status read_at(int fd, const char *path, void *out, size_t bytes, off_t at) {
    for (char *p = out; bytes;) {
        ssize_t n = pread(fd, p, bytes, at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return gt_fail(GT_FAILED, "cannot read '%s': %s", path, strerror(errno));
        if (n == 0) return gt_fail(GT_FORMAT, "'%s' is truncated", path);
        p += n;
        at += n;
        bytes -= (size_t)n;
    }
    return GT_OK;
}

/* A file of another kind, and what to give instead; GT_OK: its kind says nothing. */
static gt_status check_kind(const char *path, gt_file_kind kind) {
    if (kind == GT_KIND_CHECKPOINT || kind == GT_KIND_UNKNOWN || kind == GT_KIND_EMPTY) return GT_OK;
    return gt_fail(GT_FORMAT, "'%s' is %s, not a Gantry checkpoint: give a checkpoint-*.h5 or a run's directory%s", path, gt_kind_text(kind),
                   gt_kind_is_foreign_network(kind) ? "; networks of other programs cannot be read so far, but gantry train makes such networks" : "");
}

static gt_status cannot_open(const char *path, int error) {
    bool url = gt_is_url(path);
    if (error == ENOENT && (url || gt_is_published_network(path)))
        return gt_fail(GT_FAILED, "'%s' is no file here%s; nothing is downloaded, and Gantry reads its own checkpoints only: give a checkpoint-*.h5 or a "
                                  "run's directory",
                       path, url ? "" : " (the reference implementation downloads a network of this name)");
    return gt_fail(GT_FAILED, "cannot open the checkpoint '%s': %s", path, strerror(error));
}

static gt_status load(gt_checkpoint_file *f, int fd, size_t bytes) {
    char block[CHECKPOINT_BLOCK], expected[CHECKPOINT_BLOCK];
    size_t should, head = bytes < sizeof block ? bytes : sizeof block;
    gt_status st = read_at(fd, f->path, block, head, 0);
    if (st || (st = check_kind(f->path, gt_kind_of_bytes(block, head, bytes)))) return st;
    if (bytes < sizeof block)
        return gt_fail(GT_FORMAT, "'%s' is %s: it has %zu bytes", f->path, bytes ? "truncated, or no checkpoint" : "empty", bytes);
    if ((st = checkpoint_block_parse(block, &f->format, &should))) return gt_wrap(st, "'%s'", f->path);
    if (bytes != should) return gt_fail(GT_FORMAT, "'%s' is truncated or damaged: it has %zu bytes and says %zu", f->path, bytes, should);
    f->data = gt_block_alloc(bytes, "a checkpoint");
    f->bytes = bytes;
    if (!f->data) return GT_NOMEM;
    if ((st = read_at(fd, f->path, f->data, bytes, 0))) return st;
    if ((st = checkpoint_block_make(expected, f->format, f->data + CHECKPOINT_BLOCK, bytes - CHECKPOINT_BLOCK))) return st;
    if (memcmp(expected, f->data, CHECKPOINT_BLOCK)) return gt_fail(GT_FORMAT, "'%s' is damaged: its contents do not have its checksum", f->path);
    if (f->format > GT_CHECKPOINT_FORMAT)
        return gt_fail(GT_USAGE, "'%s' has checkpoint format %d, this program reads up to %d: use a newer gantry", f->path, f->format,
                       GT_CHECKPOINT_FORMAT);
    /* libhdf5 looks for it at 0, 512, 1024, 2048, ... of what it is given: here that is what follows the block, in a check of the file all of it. */
    size_t n = sizeof signature - 1;
    if (bytes - CHECKPOINT_BLOCK < n || memcmp(f->data + CHECKPOINT_BLOCK, signature, n))
        return gt_fail(GT_FORMAT, "'%s' is damaged: its HDF5 part does not begin behind its first %d bytes", f->path, CHECKPOINT_BLOCK);
    return GT_OK;
}

/* ---- what is there ---- */

static bool entry_type(hid_t set, gt_checkpoint_entry *e) {
    hid_t type = H5Dget_type(set);
    H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    size_t size = type < 0 ? 0 : H5Tget_size(type);
    bool known = true;
    if (class == H5T_FLOAT && size == 4)
        e->type = GT_CHECKPOINT_FLOAT;
    else if (class == H5T_FLOAT && size == 8)
        e->type = GT_CHECKPOINT_DOUBLE;
    else if (class == H5T_INTEGER && size <= 8)
        e->type = GT_CHECKPOINT_INT;
    else if (class == H5T_STRING && !H5Tis_variable_str(type) && size <= LONGEST_TEXT) {
        e->type = GT_CHECKPOINT_TEXT;
        e->size = size;
    } else
        known = false;
    if (type >= 0) H5Tclose(type);
    return known;
}

static bool entry_shape(hid_t set, gt_checkpoint_entry *e) {
    hid_t space = H5Dget_space(set);
    int n = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    hsize_t extent[H5S_MAX_RANK];
    bool good =
        n >= 0 && n <= GT_MAX_DIMS && (n == 0 || H5Sget_simple_extent_dims(space, extent, NULL) == n) && H5Sget_simple_extent_type(space) != H5S_NULL;
    size_t size = 1;
    e->shape.n = good ? n : 0;
    for (int i = 0; good && i < n; i++) {
        e->shape.d[i] = (int64_t)extent[i];
        good = e->shape.d[i] >= 0 && !gt_mul_overflows(size, extent[i], &size);
    }
    if (e->type != GT_CHECKPOINT_TEXT) e->size = size;
    if (space >= 0) H5Sclose(space);
    return good && (e->type == GT_CHECKPOINT_FLOAT || e->type == GT_CHECKPOINT_DOUBLE || n == 0);
}

/* A group that is being listed. */
typedef struct listing {
    gt_checkpoint_file *file;
    const char *prefix;
    int depth;
    gt_status st;
} listing;

static gt_status list_group(gt_checkpoint_file *f, hid_t group, const char *prefix, int depth);

/* Before all of them are looked at: what shares its bytes with others would take many times the file's size. */
static gt_status count_bytes(gt_checkpoint_file *f, hid_t set, const gt_checkpoint_entry *e) {
    static const size_t size[] = {[GT_CHECKPOINT_FLOAT] = 4, [GT_CHECKPOINT_DOUBLE] = 8, [GT_CHECKPOINT_INT] = 1, [GT_CHECKPOINT_TEXT] = 1};
    size_t said, stored = H5Dget_storage_size(set);
    if (gt_mul_overflows(e->size, size[e->type], &said) || gt_add_overflows(f->held, said > stored ? said : stored, &f->held) || f->held > f->bytes)
        return gt_fail(GT_FORMAT, "'%s': its entries up to '%s' hold more than the file has bytes", f->path, e->path);
    return GT_OK;
}

/* An object of a kind that this program does not know is left alone: a later program may have put it there. */
static gt_status list_object(gt_checkpoint_file *f, hid_t object, const char *path, const char *name, int depth) {
    gt_checkpoint_entry e = {.path = path, .name = name};
    H5I_type_t kind = H5Iget_type(object);
    if (kind == H5I_GROUP) return list_group(f, object, path, depth + 1);
    if (kind != H5I_DATASET || !entry_type(object, &e) || !entry_shape(object, &e)) return GT_OK;
    gt_status st = count_bytes(f, object, &e);
    if (st) return st;
    st = gt_h5_holds(object);
    if (st) return st == GT_NOMEM ? gt_wrap(st, "'%s'", f->path) : GT_OK; /* what is not whole is as good as not there */
    gt_buffer_add(&f->found, &e, sizeof e);
    return f->found.failed ? gt_fail(GT_NOMEM, "out of memory for the entries of '%s'", f->path) : GT_OK;
}

/* Links are counted and not objects: groups that several links lead to have many more paths than there are groups. */
static gt_status list_link(const listing *l, hid_t group, const char *name, const H5L_info_t *link) {
    gt_checkpoint_file *f = l->file;
    if (++f->links > MOST_LINKS) return gt_fail(GT_FORMAT, "'%s' has too many entries: more than %d", f->path, MOST_LINKS);
    if (strlen(l->prefix) + strlen(name) >= LONGEST_PATH)
        return gt_fail(GT_FORMAT, "'%s': the path of an entry has more than %d characters: '%.64s...'", f->path, LONGEST_PATH, *l->prefix ? l->prefix : name);
    if (link->type != H5L_TYPE_HARD) return GT_OK;
    char *path = gt_arena_printf(f->arena, "%s/%s", l->prefix, name);
    if (!path) return GT_NOMEM;
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0) return gt_h5_fail(GT_FORMAT, "'%s': cannot open '%s'", f->path, path);
    gt_status st = list_object(f, object, path, path + strlen(l->prefix) + 1, l->depth);
    H5Oclose(object);
    return st;
}

/* H5Literate */
static herr_t next_link(hid_t group, const char *name, const H5L_info_t *link, void *arg) {
    listing *l = arg;
    l->st = list_link(l, group, name, link);
    return l->st != GT_OK;
}

/* One by one, H5Lget_name_by_idx() would sort all names anew for each. */
static gt_status list_group(gt_checkpoint_file *f, hid_t group, const char *prefix, int depth) {
    listing l = {f, prefix, depth, GT_OK};
    unsigned order = 0;
    if (depth > DEEPEST) return gt_fail(GT_FORMAT, "'%s': groups are nested too deep at '%s'", f->path, prefix);
    hid_t list = H5Gget_create_plist(group);
    herr_t bad = list < 0 ? -1 : H5Pget_link_creation_order(list, &order);
    if (list >= 0) H5Pclose(list);
    if (bad >= 0) bad = H5Literate(group, order & H5P_CRT_ORDER_TRACKED ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME, H5_ITER_INC, NULL, next_link, &l);
    return l.st || bad >= 0 ? l.st : gt_h5_fail(GT_FORMAT, "'%s': cannot list '%s'", f->path, prefix);
}

/* ---- attributes ---- */

static gt_status read_attribute(gt_checkpoint_file *f, const char *name, const char **value) {
    *value = gt_h5_text(f->arena, f->h5, name, LONGEST_TEXT);
    if (gt_arena_failed(f->arena)) return gt_fail(GT_NOMEM, "out of memory for the checkpoint '%s'", f->path);
    return *value ? GT_OK : gt_h5_fail(GT_FORMAT, "'%s' has no attribute '%s'", f->path, name);
}

static gt_status read_about(gt_checkpoint_file *f) {
    gt_status st = read_attribute(f, "model", &f->about.model);
    if (!st) st = read_attribute(f, "kernel_set", &f->about.kernel_set);
    if (!st) st = read_attribute(f, "dataset", &f->about.dataset);
    const gt_checkpoint_entry *recipe = gt_checkpoint_find(f, "/recipe");
    char *text = gt_arena_alloc(f->arena, recipe ? recipe->size + 1 : 1);
    if (!text) return GT_NOMEM;
    f->about.recipe = text;
    return st ? st : gt_checkpoint_get_text(f, "/recipe", text, recipe ? recipe->size + 1 : 1);
}

/* ---- open and close ---- */

static gt_status open_verified(gt_checkpoint_file *f) {
    gt_h5_quiet();
    f->image = (h5_image){.data = f->data + CHECKPOINT_BLOCK, .capacity = f->bytes - CHECKPOINT_BLOCK};
    f->h5 = gt_h5_image_open(&f->image);
    if (f->h5 < 0) return gt_h5_fail(GT_FORMAT, "'%s' cannot be opened", f->path);
    hid_t root = H5Gopen2(f->h5, "/", H5P_DEFAULT);
    gt_status st = root < 0 ? gt_h5_fail(GT_FORMAT, "'%s' has no root group", f->path) : list_group(f, root, "", 0);
    if (root >= 0) H5Gclose(root);
    f->n = (int)(f->found.n / sizeof(gt_checkpoint_entry));
    return st ? st : read_about(f);
}

/* Loaded and verified; HDF5 has not seen it yet. */
static gt_status load_file(const char *path, gt_checkpoint_file **out) {
    *out = NULL;
    struct stat s;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* non-blocking: a FIFO is refused, not waited for */
    if (fd < 0) return cannot_open(path, errno);
    gt_checkpoint_file *f = calloc(1, sizeof *f);
    gt_status st = GT_OK;
    if (f) {
        f->h5 = -1;
        f->arena = gt_arena_new();
        f->path = f->arena ? gt_arena_printf(f->arena, "%s", path) : NULL;
    }
    if (!f || !f->path)
        st = gt_fail(GT_NOMEM, "out of memory for the checkpoint '%s'", path);
    else if (fstat(fd, &s) || !S_ISREG(s.st_mode))
        st = gt_fail(GT_FORMAT, "'%s' is not a file", path);
    else
        st = load(f, fd, (size_t)s.st_size);
    close(fd);
    if (st)
        gt_checkpoint_close(f);
    else
        *out = f;
    return st;
}

static gt_status open_file(const char *path, gt_checkpoint_file **out) {
    gt_status st = load_file(path, out);
    if (st || !(st = open_verified(*out))) return st;
    gt_checkpoint_close(*out);
    *out = NULL;
    return st;
}

static bool is_directory(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

gt_checkpoint_file *gt_checkpoint_open(const char *path, gt_status *status) {
    gt_checkpoint_file *f = NULL;
    gt_status st;
    if (is_directory(path)) {
        st = gt_checkpoint_newest(path, &f);
        if (!st && !f) st = gt_fail(GT_FAILED, "there is no checkpoint in '%s'", path);
    } else
        st = open_file(path, &f);
    if (status) *status = st;
    return f;
}

void gt_checkpoint_close(gt_checkpoint_file *f) {
    if (!f) return;
    if (f->h5 >= 0) H5Fclose(f->h5);
    gt_block_free(f->data, f->bytes);
    gt_buffer_free(&f->found);
    gt_arena_free(f->arena);
    free(f);
}

/* The newest checkpoint that `get` takes. */
static gt_status newest(const char *dir, gt_status (*get)(const char *path, gt_checkpoint_file **out), gt_checkpoint_file **file) {
    int64_t *images;
    int n;
    *file = NULL;
    gt_status st = checkpoint_scan(dir, &images, &n);
    bool again = !st && n > 0;
    for (int i = 0; i < n && again; i++) {
        char name[40], *path;
        gt_checkpoint_name(images[i], name);
        path = gt_path_join(dir, name);
        st = path ? get(path, file) : GT_NOMEM;
        again = st == GT_FORMAT || st == GT_FAILED; /* damaged or unreadable; a newer format or no memory ends the search */
        if (again) gt_warn("passed over: %s", gt_message());
        free(path);
    }
    free(images);
    if (again) return gt_fail(st, "none of the %d checkpoints in '%s' can be used; the last one tried: %s", n, dir, gt_message());
    return st;
}

gt_status gt_checkpoint_newest(const char *dir, gt_checkpoint_file **file) { return newest(dir, open_file, file); }

gt_status gt_checkpoint_choose(const char *path, char **file) {
    gt_checkpoint_file *f = NULL;
    gt_status st = is_directory(path) ? newest(path, load_file, &f) : load_file(path, &f);
    *file = f ? strdup(f->path) : NULL;
    if (f && !*file) st = gt_fail(GT_NOMEM, "out of memory for a file name");
    gt_checkpoint_close(f);
    return st;
}

/* ---- access ---- */

const char *gt_checkpoint_path(const gt_checkpoint_file *f) { return f->path; }
int gt_checkpoint_format(const gt_checkpoint_file *f) { return f->format; }
const gt_checkpoint_about *gt_checkpoint_info(const gt_checkpoint_file *f) { return &f->about; }
const gt_checkpoint_entry *gt_checkpoint_at(const gt_checkpoint_file *f, int i) { return (const gt_checkpoint_entry *)f->found.data + i; }

int gt_checkpoint_next(const gt_checkpoint_file *f, const char *under, int after) {
    size_t n = strlen(under);
    for (int i = after + 1; i < f->n; i++) {
        const char *path = gt_checkpoint_at(f, i)->path;
        if (strncmp(path, under, n) == 0 && (n == 0 || path[n] == '/' || under[n - 1] == '/')) return i;
    }
    return -1;
}

const gt_checkpoint_entry *gt_checkpoint_find(const gt_checkpoint_file *f, const char *path) {
    for (int i = 0; i < f->n; i++)
        if (strcmp(gt_checkpoint_at(f, i)->path, path) == 0) return gt_checkpoint_at(f, i);
    return NULL;
}

static gt_status read_entry(const gt_checkpoint_file *f, const char *path, gt_checkpoint_type type, hid_t memory_type, void *out, size_t size) {
    static const char *const words[] = {[GT_CHECKPOINT_FLOAT] = "a float32 tensor",
                                        [GT_CHECKPOINT_DOUBLE] = "a float64",
                                        [GT_CHECKPOINT_INT] = "an integer",
                                        [GT_CHECKPOINT_TEXT] = "a text"};
    const gt_checkpoint_entry *e = gt_checkpoint_find(f, path);
    if (!e) return gt_fail(GT_FORMAT, "'%s' has no '%s'", f->path, path);
    if (e->type != type) return gt_fail(GT_FORMAT, "'%s': '%s' is %s, not %s", f->path, path, words[e->type], words[type]);
    if (type == GT_CHECKPOINT_TEXT ? e->size > size : e->size != size)
        return gt_fail(GT_FORMAT, "'%s': '%s' has %zu elements where %zu are needed", f->path, path, e->size, size);
    hid_t set = H5Dopen2(f->h5, path, H5P_DEFAULT), own = memory_type;
    if (set >= 0 && memory_type < 0) own = H5Dget_type(set);
    gt_status st = set < 0 || own < 0 || H5Dread(set, own, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0
                       ? gt_h5_fail(GT_FORMAT, "'%s': cannot read '%s'", f->path, path)
                       : GT_OK;
    if (memory_type < 0 && own >= 0) H5Tclose(own);
    if (set >= 0) H5Dclose(set);
    return st;
}

gt_status gt_checkpoint_read(const gt_checkpoint_file *f, const char *path, float *out, size_t floats) {
    return read_entry(f, path, GT_CHECKPOINT_FLOAT, H5T_NATIVE_FLOAT, out, floats);
}
gt_status gt_checkpoint_read_doubles(const gt_checkpoint_file *f, const char *path, double *out, size_t doubles) {
    return read_entry(f, path, GT_CHECKPOINT_DOUBLE, H5T_NATIVE_DOUBLE, out, doubles);
}
gt_status gt_checkpoint_get_int(const gt_checkpoint_file *f, const char *path, int64_t *value) {
    return read_entry(f, path, GT_CHECKPOINT_INT, H5T_NATIVE_INT64, value, 1);
}
gt_status gt_checkpoint_get_double(const gt_checkpoint_file *f, const char *path, double *value) {
    return read_entry(f, path, GT_CHECKPOINT_DOUBLE, H5T_NATIVE_DOUBLE, value, 1);
}
gt_status gt_checkpoint_get_text(const gt_checkpoint_file *f, const char *path, char *out, size_t bytes) {
    memset(out, 0, bytes);
    gt_status st = bytes ? read_entry(f, path, GT_CHECKPOINT_TEXT, -1, out, bytes) : gt_fail(GT_FAILED, "no room for '%s'", path);
    if (bytes) out[bytes - 1] = 0;
    return st;
}
