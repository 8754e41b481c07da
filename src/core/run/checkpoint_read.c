/* SPDX-License-Identifier: Apache-2.0
 * Reading checkpoints: the whole file comes into memory and is verified there; HDF5 then works on that memory, so
 * nothing can change between the two.
 *
 * Which versions read which. The format is a number in the first bytes of a file (checkpoint_internal.h), and once more
 * the root attribute format_version:
 *
 *     format 1    written by gantry 0.1 and 0.2
 *
 * A program reads every format from 1 to its own, GT_CHECKPOINT_FORMAT; tests/e2e/old_versions.sh resumes runs of the
 * versions before. The number grows when a program that knows only the number before would misread a file. Entries and
 * attributes that are only added leave the number as it is: a program passes over those that it does not know. A file
 * of a newer format is refused with both numbers, and a run never resumes from an older checkpoint in its place. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/log.h"
#include "base/door/memory.h"
#include "run/door/rundir.h"
#include "gantry/version.h"
#include "files/h5/door/h5.h"
#include "run/door/checkpoint_internal.h"

enum { LONGEST_TEXT = 1 << 24 };

struct gt_checkpoint_file {
    gt_arena *arena;
    const char *path;
    struct stat is; /* when it was loaded */
    char *data;     /* the file */
    size_t bytes;
    gt_h5_file h5; /* the part of it that is HDF5 */
    int format;
    gt_checkpoint_about about;
    gt_buffer found; /* of gt_checkpoint_entry */
    gt_buffer sets;  /* of gt_h5_set *: of the first entries, as they were opened to be listed */
    int n;
    size_t held;                    /* bytes of all that was found */
    gt_checkpoint_source elsewhere; /* `read` is not NULL: the values are there, and `data` and `h5` are not used */
};

static const char signature[] = "\x89HDF\r\n\x1a\n"; /* of HDF5 */

/* ---- bytes ---- */

static gt_status read_at(int fd, const char *path, void *out, size_t bytes) {
    gt_status st = gt_read_at(fd, 0, out, bytes);
    return st ? gt_wrap(st, "'%s'", path) : GT_OK;
}

/* A file of another kind, and what to give instead; GT_OK: its kind says nothing. */
static gt_status check_kind(const char *path, gt_file_kind kind) {
    if (kind == GT_KIND_CHECKPOINT || kind == GT_KIND_UNKNOWN || kind == GT_KIND_EMPTY) return GT_OK;
    return gt_fail(GT_FORMAT,
                   "'%s' is %s, not a Gantry checkpoint: give a checkpoint-*.h5, a run's directory, or a network of "
                   "another program (.pkl, "
                   ".pt, .safetensors, .npz)%s",
                   path, gt_kind_text(kind),
                   gt_kind_is_foreign_network(kind) ? "; gantry convert makes one of a network of another program"
                                                    : "");
}

/* False: no run goes on in this folder. Else the message says when its first checkpoint comes. */
static bool none_yet(const char *folder) {
    char kill[64] = "";
    const gt_lock_seen lock = gt_lock_look(folder);
    gt_starts *s = gt_starts_read(folder);
    if (!s || !lock.held) {
        gt_starts_free(s);
        return false;
    }
    if (lock.pid) snprintf(kill, sizeof kill, " or `kill -USR2 %ld`", lock.pid);
    bool known = !*s->state && *s->checkpoint;
    gt_fail(GT_FAILED,
            "there is no checkpoint in '%s' yet: the run is active, %s%s; to get one now: `touch %s/checkpoint`%s",
            folder, known ? "and its first checkpoint comes " : "but has not made a step yet", s->checkpoint, folder,
            kill);
    gt_starts_free(s);
    return true;
}

/* `path` may be the link `last` of a run that has made none so far. */
static gt_status cannot_open(const char *path, int error) {
    static const char last[] = "/last";
    const size_t n = strlen(path), end = sizeof last - 1;
    GT_FREED char *folder = error == ENOENT && n > end && !strcmp(path + n - end, last) ? strndup(path, n - end) : NULL;
    bool yet = folder && none_yet(folder);
    if (yet) return GT_FAILED;
    return gt_fail(GT_FAILED, "cannot open the checkpoint '%s': %s", path, strerror(error));
}

/* *newer: the file is whole, and of a format to come. */
static gt_status load_data(gt_checkpoint_file *f, int fd, size_t bytes, bool *newer) {
    char block[CHECKPOINT_BLOCK], expected[CHECKPOINT_BLOCK];
    size_t should, head = bytes < sizeof block ? bytes : sizeof block;
    gt_status st = read_at(fd, f->path, block, head);
    if (st || (st = check_kind(f->path, gt_kind_of_bytes(block, head, bytes)))) return st;
    if (bytes < sizeof block)
        return gt_fail(GT_FORMAT, "'%s' is %s: it has %zu bytes", f->path,
                       bytes ? "truncated, or not a checkpoint" : "empty", bytes);
    if ((st = checkpoint_block_parse(block, &f->format, &should))) return gt_wrap(st, "'%s'", f->path);
    if (bytes != should)
        return gt_fail(GT_FORMAT, "'%s' is truncated or damaged: it has %zu bytes instead of %zu", f->path, bytes,
                       should);
    f->data = gt_block_alloc(bytes, "a checkpoint");
    f->bytes = bytes;
    if (!f->data) return GT_NOMEM;
    if ((st = read_at(fd, f->path, f->data, bytes))) return st;
    if ((st = checkpoint_block_make(expected, f->format, f->data + CHECKPOINT_BLOCK, bytes - CHECKPOINT_BLOCK)))
        return st;
    if (memcmp(expected, f->data, CHECKPOINT_BLOCK))
        return gt_fail(GT_FORMAT, "'%s' is damaged: its checksum does not match its contents", f->path);
    if ((*newer = f->format > GT_CHECKPOINT_FORMAT))
        return gt_fail(GT_FORMAT,
                       "'%s' has checkpoint format %d, and gantry %s reads formats up to %d: use a newer gantry",
                       f->path, f->format, GT_VERSION, GT_CHECKPOINT_FORMAT);
    /* libhdf5 looks for it at 0, 512, 1024, 2048, ... of what it is given: here that is what follows the block, in a
     * check of the file all of it. */
    size_t n = sizeof signature - 1;
    if (bytes - CHECKPOINT_BLOCK < n || memcmp(f->data + CHECKPOINT_BLOCK, signature, n))
        return gt_fail(GT_FORMAT, "'%s' is damaged: its HDF5 part does not begin after its first %d bytes", f->path,
                       CHECKPOINT_BLOCK);
    return GT_OK;
}

/* ---- what is there ---- */

/* False: of a kind that this program does not know. A later program may have put it there. */
static bool describe_entry(const gt_h5_set *s, gt_checkpoint_entry *e) {
    bool is_float = s->kind == GT_H5_FLOAT && (s->bytes == 4 || s->bytes == 8), known = s->n_dims <= GT_MAX_DIMS;
    if (is_float) e->type = s->bytes == 4 ? GT_NUMBER_FLOAT : GT_NUMBER_DOUBLE;
    else if (s->kind == GT_H5_INTEGER && s->bytes <= 8) e->type = GT_NUMBER_INT64;
    else if (s->kind == GT_H5_TEXT && s->bytes <= LONGEST_TEXT) e->type = GT_NUMBER_TEXT;
    else known = false;
    e->size = e->type == GT_NUMBER_TEXT ? s->bytes : (size_t)s->elements;
    for (int i = 0; i < s->n_dims && known; i++) e->shape.d[i] = s->dims[i];
    e->shape.n = s->n_dims;
    return known && (is_float || !s->n_dims);
}

/* Before all of them are looked at: what shares its bytes with others would take many times the file's size. */
static gt_status count_bytes(gt_checkpoint_file *f, const gt_h5_set *s, const char *path) {
    size_t said;
    if (gt_mul_overflows((size_t)s->elements, s->bytes, &said) ||
        gt_add_overflows(f->held, said > s->stored ? said : (size_t)s->stored, &f->held) || f->held > f->bytes)
        return gt_fail(GT_FORMAT, "its entries up to '%s' hold more bytes than the file has", path);
    return GT_OK;
}

/* To open a set takes longer than to read a small one, and a set that is open takes some KB. */
static void keep_set(gt_checkpoint_file *f, gt_h5_set *set) {
    enum { KEPT = 1024 };
    gt_h5_set *kept = set->chunks ? NULL : set; /* with chunks it would keep some of them in memory */
    bool room = f->sets.n < KEPT * sizeof kept;
    if (room) gt_buffer_add(&f->sets, &kept, sizeof kept);
    if (!room || !kept || f->sets.failed) gt_h5_set_close(set);
}

/* What is not whole is as good as not there. */
static gt_status list_entry(void *arg, const char *path) {
    gt_checkpoint_file *f = arg;
    gt_checkpoint_entry e = {0};
    gt_h5_set *set;
    gt_status st = gt_h5_set_open(&set, &f->h5, path);
    if (st) return st == GT_NOMEM ? st : GT_OK;
    bool known = describe_entry(set, &e);
    if (known) st = count_bytes(f, set, path);
    if (!st && known && !(e.path = gt_arena_printf(f->arena, "%s", path))) st = GT_NOMEM;
    if (st || !known) {
        gt_h5_set_close(set);
        return st;
    }
    e.name = strrchr(e.path, '/') + 1;
    gt_buffer_add(&f->found, &e, sizeof e);
    keep_set(f, set);
    return f->found.failed || f->sets.failed ? gt_fail(GT_NOMEM, "out of memory for its entries") : GT_OK;
}

/* ---- attributes ---- */

static gt_status read_attribute(gt_checkpoint_file *f, const char *name, const char **value) {
    char *text;
    gt_status st = gt_h5_text(f->arena, &f->h5, "/", name, &text);
    *value = text;
    if (st) return gt_wrap(st, "'%s'", f->path);
    return text ? GT_OK : gt_fail(GT_FORMAT, "'%s' has no attribute '%s'", f->path, name);
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

const char *gt_checkpoint_note(gt_checkpoint_file *f, const char *path, const char *name) {
    char *text = NULL;
    if (f->elsewhere.read) return "";
    if (gt_h5_text(f->arena, &f->h5, path, name, &text)) return gt_failure() == GT_NOMEM ? NULL : "";
    for (char *c = text; c && *c; c++)
        if (iscntrl((unsigned char)*c)) *c = '?'; /* for people, on a terminal */
    return text ? text : "";
}

/* ---- open and close ---- */

static gt_status open_verified(gt_checkpoint_file *f) {
    gt_status st = gt_h5_open_memory(&f->h5, f->data + CHECKPOINT_BLOCK, f->bytes - CHECKPOINT_BLOCK);
    if (!st) st = gt_h5_each(&f->h5, false, list_entry, f);
    f->n = (int)(f->found.n / sizeof(gt_checkpoint_entry));
    return st ? gt_wrap(st, "'%s'", f->path) : read_about(f);
}

/* Loaded and verified; HDF5 has not seen it yet. */
static gt_status load_file(const char *path, bool hold, gt_checkpoint_file **out, bool *newer) {
    *out = NULL;
    *newer = false;
    int fd = checkpoint_open_file(path);
    if (fd < 0) return cannot_open(path, errno);
    gt_checkpoint_file *f = calloc(1, sizeof *f);
    gt_status st = GT_OK;
    if (f) {
        f->arena = gt_arena_new();
        f->path = f->arena ? gt_arena_printf(f->arena, "%s", path) : NULL;
    }
    if (!f || !f->path) st = gt_fail(GT_NOMEM, "out of memory for the checkpoint '%s'", path);
    else if (fstat(fd, &f->is) || !S_ISREG(f->is.st_mode)) st = gt_fail(GT_FORMAT, "'%s' is not a file", path);
    else st = load_data(f, fd, (size_t)f->is.st_size, newer);
    if (!st && hold) checkpoint_hold(path, fd);
    close(fd);
    if (st) gt_checkpoint_close(f);
    else *out = f;
    return st;
}

static gt_status open_file(const char *path, gt_checkpoint_file **out, bool *newer) {
    gt_status st = load_file(path, false, out, newer);
    if (st || !(st = open_verified(*out))) return st;
    gt_checkpoint_close(*out);
    *out = NULL;
    return st;
}

static gt_status open_link(const char *path, gt_checkpoint_file **out) {
    GT_FREED char *file = NULL;
    bool newer;
    gt_status st = gt_checkpoint_settle(path, &file);
    return st ? st : open_file(file, out, &newer);
}

/* Is the entry of a folder one that runs may be? */
static int is_shown(const struct dirent *e) { return e->d_name[0] != '.'; }

gt_status gt_checkpoint_none_in(const char *folder) {
    if (none_yet(folder)) return GT_FAILED;
    GT_FREED struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_shown, alphasort), found = 0;
    char runs[256] = "", last[PATH_MAX];
    for (int i = 0; i < n; i++) {
        snprintf(last, sizeof last, "%s/%s/last", folder, entries[i]->d_name);
        size_t used = strlen(runs);
        if (!access(last, F_OK) && used + strlen(entries[i]->d_name) + 4 < sizeof runs)
            snprintf(runs + used, sizeof runs - used, "%s%.240s", found++ ? ", " : "", entries[i]->d_name);
        free(entries[i]);
    }
    return gt_fail(GT_FAILED, "there is no checkpoint in '%s'%s%s", folder,
                   found ? "; runs in this folder that have one: " : "", runs);
}

gt_checkpoint_file *gt_checkpoint_open(const char *path, gt_status *status) {
    gt_checkpoint_file *f = NULL;
    gt_status st;
    if (gt_is_directory(path)) {
        st = gt_checkpoint_newest(path, &f);
        if (!st && !f) st = gt_checkpoint_none_in(path);
    } else st = open_link(path, &f);
    if (status) *status = st;
    return f;
}

void gt_checkpoint_close(gt_checkpoint_file *f) {
    if (!f) return;
    if (f->elsewhere.close) f->elsewhere.close(f->elsewhere.arg);
    gt_h5_set **sets = (gt_h5_set **)f->sets.data;
    for (size_t i = 0; i < f->sets.n / sizeof *sets; i++) gt_h5_set_close(sets[i]);
    gt_buffer_free(&f->sets);
    gt_h5_close(&f->h5);
    gt_block_free(f->data, f->bytes);
    gt_buffer_free(&f->found);
    gt_arena_free(f->arena);
    free(f);
}

static bool copy_texts(gt_checkpoint_file *f, const char *path, const gt_checkpoint_about *about) {
    f->path = gt_arena_printf(f->arena, "%s", path);
    f->about = (gt_checkpoint_about){.model = gt_arena_printf(f->arena, "%s", about->model),
                                     .kernel_set = gt_arena_printf(f->arena, "%s", about->kernel_set),
                                     .dataset = gt_arena_printf(f->arena, "%s", about->dataset),
                                     .recipe = gt_arena_printf(f->arena, "%s", about->recipe)};
    return !gt_arena_failed(f->arena);
}

static bool add_entry(gt_checkpoint_file *f, const gt_checkpoint_entry *entry) {
    gt_checkpoint_entry e = *entry;
    e.path = gt_arena_printf(f->arena, "%s", entry->path);
    if (!e.path) return false;
    e.name = strrchr(e.path, '/') + 1;
    gt_buffer_add(&f->found, &e, sizeof e);
    f->n++;
    return !f->found.failed;
}

gt_checkpoint_file *gt_checkpoint_from(const char *path, const gt_checkpoint_source *source) {
    gt_checkpoint_file *f = calloc(1, sizeof *f);
    if (f) f->arena = gt_arena_new();
    bool whole = f && f->arena && copy_texts(f, path, &source->about);
    for (int i = 0; i < source->n && whole; i++) whole = add_entry(f, &source->entries[i]);
    if (whole) {
        f->elsewhere = *source;
        return f;
    }
    gt_checkpoint_close(f);
    if (source->close) source->close(source->arg);
    gt_fail(GT_NOMEM, "out of memory for the tensors of '%s'", path);
    return NULL;
}

typedef gt_status take_file(const char *path, gt_checkpoint_file **out, bool *newer);

/* True where the training has removed the file since it was listed. A link that leads nowhere is still there. */
static bool is_gone(const char *path) {
    struct stat s;
    return lstat(path, &s) != 0 && errno == ENOENT;
}

/* The newest checkpoint that `take` takes, of those that are listed. *gone: how many of them are no longer there. */
static gt_status newest_listed(const char *dir, take_file *take, gt_checkpoint_file **file, int *gone) {
    GT_FREED checkpoint_place *list = NULL;
    int n;
    bool newer = false;
    *file = NULL;
    *gone = 0;
    gt_status st = checkpoint_list(dir, &list, &n);
    bool again = !st && n > 0;
    for (int i = 0; i < n && again; i++) {
        GT_FREED char *path = checkpoint_path(dir, list[i].images);
        st = path ? take(path, file, &newer) : GT_NOMEM;
        bool passed = path && st && is_gone(path);
        /* damaged or unreadable; a newer format or no memory ends the search */
        again = !newer && (st == GT_FORMAT || st == GT_FAILED);
        if (again && !passed) gt_log_once(GT_WARNING, "skipped: %s", gt_message());
        *gone += passed;
    }
    if (again)
        return gt_fail(st, "none of the %d checkpoints in '%s' can be used; the last one tried: %s", n, dir,
                       gt_message());
    return st;
}

static gt_status open_newest(const char *dir, take_file *take, gt_checkpoint_file **file) {
    enum { TRIES = 100 }; /* a training would have to replace all of its checkpoints as many times */
    gt_status st = GT_OK;
    for (int i = 0, gone = 1; i < TRIES && gone && !*file; i++)
        if (!(st = newest_listed(dir, take, file, &gone))) break;
    return st;
}

gt_status gt_checkpoint_newest(const char *dir, gt_checkpoint_file **file) {
    *file = NULL;
    return open_newest(dir, open_file, file);
}

static bool is_same(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool is_newest(const char *dir, const gt_checkpoint_file *f) {
    GT_FREED checkpoint_place *list = NULL;
    struct stat now;
    int n = 0;
    GT_FREED char *path = checkpoint_list(dir, &list, &n) || !n ? NULL : checkpoint_path(dir, list[0].images);
    return path && !strcmp(path, f->path) && !stat(path, &now) && is_same(&now, &f->is);
}

gt_status gt_checkpoint_newest_still(const char *dir, gt_checkpoint_file **file) {
    if (*file && is_newest(dir, *file)) return GT_OK;
    gt_checkpoint_close(*file);
    return gt_checkpoint_newest(dir, file);
}

static gt_status load_held(const char *path, gt_checkpoint_file **out, bool *newer) {
    return load_file(path, true, out, newer);
}

gt_status gt_checkpoint_choose(const char *path, char **file) {
    gt_checkpoint_file *f = NULL;
    GT_FREED char *found = NULL;
    bool newer;
    gt_status st = gt_is_directory(path) ? open_newest(path, load_held, &f) : gt_checkpoint_settle(path, &found);
    if (!st && found) st = load_held(found, &f, &newer);
    *file = f ? strdup(f->path) : NULL;
    if (f && !*file) st = gt_fail(GT_NOMEM, "out of memory for a file name");
    gt_checkpoint_close(f);
    return st;
}

/* ---- access ---- */

const char *gt_checkpoint_path(const gt_checkpoint_file *f) { return f->path; }
int gt_checkpoint_format(const gt_checkpoint_file *f) { return f->format; }
const gt_h5_file *checkpoint_h5(const gt_checkpoint_file *f) { return f->elsewhere.read ? NULL : &f->h5; }
const gt_checkpoint_about *gt_checkpoint_info(const gt_checkpoint_file *f) { return &f->about; }
const gt_checkpoint_entry *gt_checkpoint_at(const gt_checkpoint_file *f, int i) {
    return (const gt_checkpoint_entry *)f->found.data + i;
}

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

static gt_status read_entry(const gt_checkpoint_file *f, const char *path, gt_number type, void *out, size_t size) {
    static const char *const words[] = {[GT_NUMBER_FLOAT] = "a float32 tensor",
                                        [GT_NUMBER_DOUBLE] = "a float64",
                                        [GT_NUMBER_INT64] = "an integer",
                                        [GT_NUMBER_TEXT] = "a text"};
    const gt_checkpoint_entry *e = gt_checkpoint_find(f, path);
    if (!e) return gt_fail(GT_FORMAT, "'%s' has no '%s'", f->path, path);
    if (e->type != type)
        return gt_fail(GT_FORMAT, "'%s': '%s' is %s, not %s", f->path, path, words[e->type], words[type]);
    if (type == GT_NUMBER_TEXT ? e->size > size : e->size != size)
        return gt_fail(GT_FORMAT, "'%s': '%s' has %zu elements, but %zu are needed", f->path, path, e->size, size);
    size_t i = (size_t)(e - gt_checkpoint_at(f, 0));
    if (f->elsewhere.read) return f->elsewhere.read(f->elsewhere.arg, (int)i, out);
    gt_h5_set *set = i < f->sets.n / sizeof set ? ((gt_h5_set **)f->sets.data)[i] : NULL;
    bool kept = set;
    gt_status st = kept ? GT_OK : gt_h5_set_open(&set, &f->h5, path);
    if (!st && (st = gt_h5_set_read(set, 0, set->rows, type, out))) st = gt_wrap(st, "%s", path);
    if (!kept) gt_h5_set_close(set);
    return st ? gt_wrap(st, "'%s'", f->path) : GT_OK;
}

gt_status gt_checkpoint_read(const gt_checkpoint_file *f, const char *path, float *out, size_t floats) {
    return read_entry(f, path, GT_NUMBER_FLOAT, out, floats);
}
gt_status gt_checkpoint_read_doubles(const gt_checkpoint_file *f, const char *path, double *out, size_t doubles) {
    return read_entry(f, path, GT_NUMBER_DOUBLE, out, doubles);
}
gt_status gt_checkpoint_get_int(const gt_checkpoint_file *f, const char *path, int64_t *value) {
    return read_entry(f, path, GT_NUMBER_INT64, value, 1);
}
gt_status gt_checkpoint_get_double(const gt_checkpoint_file *f, const char *path, double *value) {
    return read_entry(f, path, GT_NUMBER_DOUBLE, value, 1);
}
gt_status gt_checkpoint_get_text(const gt_checkpoint_file *f, const char *path, char *out, size_t bytes) {
    memset(out, 0, bytes);
    gt_status st = bytes ? read_entry(f, path, GT_NUMBER_TEXT, out, bytes)
                         : gt_fail(GT_FAILED, "no room for '%s'", path);
    if (bytes) out[bytes - 1] = 0;
    return st;
}

bool gt_checkpoint_any(const char *dir) {
    GT_FREED checkpoint_place *list = NULL;
    int n = 0;
    return *dir && !access(dir, F_OK) && !checkpoint_list(dir, &list, &n) && n > 0;
}
