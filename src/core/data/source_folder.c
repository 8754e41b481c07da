/* SPDX-License-Identifier: Apache-2.0
 * A folder of picture files, subfolders included, with an optional dataset.json at its root. */
#define _GNU_SOURCE
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "data/sift.h"
#include "base/door/progress.h"

enum { DEPTH_MOST = 64, PART_BYTES = 64 * 1024 };

/* ---- the files of a folder and of its subfolders ---- */

typedef struct walk {
    gt_name_list *list;
    gt_sift *sift;
    gt_source_info *notes;
    size_t root;         /* bytes of the root and its slash in `path` */
    char path[PATH_MAX]; /* of what is being looked at */
    int64_t circles;
    struct place {
        dev_t device;
        ino_t inode;
    } above[DEPTH_MOST + 1]; /* the folders on the way from the root to here */
} walk;

static gt_status list_folder(walk *w, size_t length, int depth);

typedef enum entry_kind { NOTHING, FILE_ENTRY, FOLDER_ENTRY, LINKED_FOLDER } entry_kind;

/* Links are followed. Most file systems tell with the name what it is of; asking for each file is slow on a network. */
static entry_kind kind_of(DIR *dir, const struct dirent *e) {
    struct stat s;
    if (e->d_type == DT_REG) return FILE_ENTRY;
    if (e->d_type == DT_DIR) return FOLDER_ENTRY;
    if (fstatat(dirfd(dir), e->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0) return NOTHING; /* gone in the meantime */
    if (S_ISDIR(s.st_mode)) return FOLDER_ENTRY;
    bool folder = S_ISLNK(s.st_mode) && fstatat(dirfd(dir), e->d_name, &s, 0) == 0 && S_ISDIR(s.st_mode);
    return folder ? LINKED_FOLDER : FILE_ENTRY; /* also a dead link: it is named when it is read */
}

/* Do the first bytes of the file say that it is a picture? */
static bool look_at(walk *w, const char *name) {
    int fd;
    uint64_t size;
    uint8_t head[GT_SIFT_HEAD];
    if (gt_source_file(w->path, &fd, &size)) {
        gt_sift_count(w->sift, "that cannot be opened");
        return false;
    }
    size_t n = size < sizeof head ? (size_t)size : sizeof head;
    bool read = !gt_read_at(fd, 0, head, n);
    close(fd);
    return gt_sift_look(w->sift, name, head, read ? n : 0);
}

/* w->path[0 .. length) is the folder with a slash behind it. */
static gt_status list_one(walk *w, DIR *dir, size_t length, const struct dirent *e, int depth) {
    size_t more = strlen(e->d_name);
    entry_kind kind = kind_of(dir, e);
    gt_progress();
    if (length + more + 2 > sizeof w->path)
        return gt_fail(GT_FORMAT, "'%.*s%s': the path is too long", (int)length, w->path, e->d_name);
    memcpy(w->path + length, e->d_name, more + 1);
    bool folder = kind == FOLDER_ENTRY || kind == LINKED_FOLDER;
    if (folder) memcpy(w->path + length + more, "/", 2);
    const char *name = w->path + w->root;
    if (kind == NOTHING || gt_sift_hides(w->sift, e->d_name, name)) return GT_OK;
    if (kind == LINKED_FOLDER) gt_sift_link(w->sift, name);
    if (folder) return list_folder(w, length + more + 1, depth + 1);
    gt_sifted is = gt_sift_name(w->sift, name);
    bool picture = is == GT_SIFT_PICTURE || (is == GT_SIFT_UNSURE && look_at(w, name));
    return picture ? gt_names_add(w->list, name, strlen(name)) : GT_OK;
}

/* Is the open folder one of those above it? A link leads back. */
static bool is_circle(walk *w, DIR *dir, int depth) {
    struct stat s;
    if (fstat(dirfd(dir), &s)) return false;
    w->above[depth] = (struct place){s.st_dev, s.st_ino};
    for (int i = 0; i < depth; i++)
        if (w->above[i].device == s.st_dev && w->above[i].inode == s.st_ino) return true;
    return false;
}

static gt_status list_folder(walk *w, size_t length, int depth) {
    if (depth > DEPTH_MOST)
        return gt_fail(GT_FORMAT, "'%s': folders are nested more than %d deep", w->path, DEPTH_MOST);
    DIR *dir = opendir(w->path);
    if (!dir) return gt_fail(GT_FAILED, "'%s' cannot be listed: %s", w->path, strerror(errno));
    gt_status st = GT_OK;
    bool circle = is_circle(w, dir, depth);
    if (circle && !w->circles++)
        st = gt_notes_say(w->notes, "the link '%.*s' leads to a folder that contains it: it is not followed",
                          (int)(length - w->root - 1), w->path + w->root);
    for (struct dirent *e; !circle && !st && (errno = 0, e = readdir(dir));)
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) st = list_one(w, dir, length, e, depth);
    int error = circle ? 0 : errno;
    w->path[length] = 0;
    if (!st && error) st = gt_fail(GT_FAILED, "'%s' cannot be listed: %s", w->path, strerror(error));
    closedir(dir);
    return st;
}

/* Adds the paths below `path` of all pictures, in no order. */
static gt_status list_pictures(gt_source *s, gt_sift *sift) {
    GT_FREED walk *w = calloc(1, sizeof *w);
    if (!w) return gt_fail(GT_NOMEM, "out of memory for a list of pictures");
    *w = (walk){.list = &s->names, .sift = sift, .notes = &s->info};
    int n = snprintf(w->path, sizeof w->path, "%s/", s->spec);
    gt_status st = n < 0 || (size_t)n >= sizeof w->path ? gt_fail(GT_FORMAT, "the path is too long") : GT_OK;
    w->root = (size_t)n;
    if (!st) st = list_folder(w, w->root, 0);
    if (!st && w->circles > 1)
        st = gt_notes_say(w->notes, "%" PRId64 " more such links are not followed", w->circles - 1);
    return st;
}

/* ---- the source ---- */

static bool claims_folder(const gt_spec *spec) { return spec->is_folder; }

/* Size and CRC-32 of the first and the last 64 KiB (which overlap in a small file). */
static gt_status mark_file(int fd, uint64_t size, uint8_t *buffer, gt_hasher *h) {
    size_t part = size < PART_BYTES ? (size_t)size : PART_BYTES;
    uint64_t mark[3] = {htole64(size)};
    gt_status st = GT_OK;
    for (int end = 0; end < 2 && !st; end++) {
        st = gt_read_at(fd, end ? size - part : 0, buffer, part);
        if (!st) mark[1 + end] = htole64(gt_crc32(0, buffer, part));
    }
    if (!st) gt_hasher_add(h, mark, sizeof mark);
    return st;
}

static gt_status fingerprint_one(const gt_source *s, int64_t i, uint8_t *buffer, gt_hasher *h) {
    int fd;
    uint64_t size;
    gt_status st = gt_item_file(s, i, &fd, &size);
    if (!st) st = mark_file(fd, size, buffer, h);
    if (fd >= 0) close(fd);
    if (!st && s->mask) {
        st = gt_mask_file(s, i, &fd, &size);
        if (!st) st = mark_file(fd, size, buffer, h);
        if (fd >= 0) close(fd);
    }
    return st ? gt_wrap(st, "'%s'", gt_names_at(&s->names, (size_t)i)) : GT_OK;
}

static gt_status folder_fingerprint(const gt_source *s, gt_hasher *h, int64_t most) {
    GT_FREED uint8_t *buffer = malloc(PART_BYTES);
    if (!buffer) return gt_fail(GT_NOMEM, "out of memory for a fingerprint");
    int64_t looks = most && most < s->count ? most : s->count;
    gt_status st = GT_OK;
    for (int64_t k = 0; k < looks && !st; k++) {
        gt_progress();
        st = fingerprint_one(s, k * s->count / looks, buffer, h);
    }
    return st;
}

/* Where dataset.json lies: in the folder itself, or in one below that holds all pictures. NULL with GT_OK: nowhere. */
static gt_status find_json(gt_source *s, char **path) {
    char name[PATH_MAX + sizeof GT_NOTES_FILE];
    const char *first = s->names.count ? gt_names_at(&s->names, 0) : "", *slash = first;
    *path = NULL;
    for (size_t n = 0; slash; n = slash ? (size_t)(slash - first) + 1 : 0) { /* of the folders of the first picture */
        snprintf(name, sizeof name, "%.*s%s", (int)n, first, GT_NOTES_FILE);
        slash = strchr(first + n, '/');
        char *there = gt_arena_printf(s->arena, "%s/%s", s->spec, name);
        if (!there) return GT_NOMEM;
        if (access(there, F_OK)) continue;
        if (gt_names_begin_with(&s->names, first, n)) return *path = there, GT_OK;
        return gt_notes_say_unread(&s->info, name);
    }
    return GT_OK;
}

static gt_status read_json(gt_source *s, const gt_sift *sift, const gt_source_options *options) {
    char *path;
    gt_status found = find_json(s, &path);
    if (!path) return found || !gt_own_labels(options) ? found : gt_sift_say_table(sift, s, false);
    void *text = NULL;
    size_t n;
    gt_status st = gt_file_read(path, GT_NOTES_MAX, &text, &n);
    if (!st) {
        st = gt_labels_of_json(s, text, n, options);
        free(text);
        if (st) gt_wrap(st, "'%s'", GT_NOTES_FILE);
    }
    return st;
}

static const char *listed_name(const gt_source *s, int64_t i, void *arg) {
    (void)s;
    return gt_names_at(arg, (size_t)i);
}

/* In a list by code points. */
static bool find_name(const gt_source *s, const char *name, void *arg) {
    (void)s;
    gt_name_list *l = arg;
    for (size_t low = 0, high = l->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, gt_names_at(l, middle));
        if (!order) return true;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return false;
}

/* Masks are not pictures. The list is in the order of code points. */
static gt_status take_masks(gt_source *s) {
    bool masks;
    size_t kept = 0;
    gt_name_list *l = &s->names;
    gt_status st = gt_masks_sort_out(s, (int64_t)l->count, listed_name, find_name, l, &masks);
    if (st || !masks) return st;
    for (size_t i = 0; i < l->count; i++)
        if (!gt_mask_is_name(gt_names_at(l, i))) l->at[kept++] = l->at[i];
    l->count = kept;
    s->mask = gt_mask_of_file;
    return GT_OK;
}

static gt_status read_leaves(const gt_source *s, size_t most, void **bytes, size_t *n) {
    char path[PATH_MAX + sizeof GT_LEAVES_FILE + 1];
    snprintf(path, sizeof path, "%s/" GT_LEAVES_FILE, s->spec);
    return access(path, F_OK) ? GT_OK : gt_file_read(path, most, bytes, n);
}

static gt_status open_folder(gt_source *s, const gt_source_options *options) {
    gt_status st = gt_source_of_files(s, s->spec, strlen(s->spec));
    s->fingerprint = folder_fingerprint;
    s->leaves = read_leaves;
    gt_sift sift = {0};
    if (!st) st = list_pictures(s, &sift);
    s->count = (int64_t)s->names.count;
    if ((st = gt_sift_end(&sift, s, st))) return st;
    gt_names_sort(&s->names, gt_by_code_points);
    if ((st = take_masks(s))) return st;
    if (!options->by_code_points) gt_names_sort(&s->names, gt_by_components);
    s->count = (int64_t)s->names.count;
    return read_json(s, &sift, options);
}

const gt_source_kind gt_source_folder = {
    .name = "folder", .looks = "a folder of pictures", .claims = claims_folder, .open = open_folder};
