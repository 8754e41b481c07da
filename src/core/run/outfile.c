/* SPDX-License-Identifier: Apache-2.0
 * Whether a command may write where the user says: see outfile.h. */
#define _GNU_SOURCE
#include "run/door/outfile.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/door/file.h"

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const gt_outfile_name *find_name(const gt_outfile_name *list, const char *name) {
    for (; list && list->pattern; list++)
        if (!fnmatch(list->pattern, name, FNM_EXTMATCH)) return list;
    return NULL;
}

/* ---- names ---- */

/* "*.png", "*.webp" -> ".png or .webp" */
static void list_endings(const gt_outfile_name *list, char *text, size_t bytes) {
    size_t n = 0;
    *text = 0;
    for (int i = 0; list[i].pattern && *list[i].pattern == '*' && n < bytes; i++) {
        bool last = !list[i + 1].pattern || *list[i + 1].pattern != '*';
        n += (size_t)snprintf(text + n, bytes - n, "%s%s", !i ? "" : last ? " or " : ", ", list[i].pattern + 1);
    }
}

/* Is a folder meant, of an output that may be one? */
static bool means_folder(const gt_outfile *o, const char *path) {
    return o->inside && (!o->files || !strchr(last_part(path), '.') || gt_is_directory(path));
}

gt_status gt_outfile_check_name(const gt_outfile *o, const char *path) {
    char endings[256];
    bool special = gt_kind_of_file(path) == GT_KIND_SPECIAL || gt_file_is_stdout(path);
    if (means_folder(o, path) || special || find_name(o->files, last_part(path))) return GT_OK;
    list_endings(o->files, endings, sizeof endings);
    return gt_fail(GT_USAGE, "a name that ends in %s is needed%s", endings, o->inside ? ", or a folder (FOLDER/)" : "");
}

/* ---- checkpoints of runs ---- */

static bool is_run(const char *dir) {
    return gt_folder_has(dir, "job.ini") || gt_folder_has(dir, "stats.jsonl") || gt_folder_has(dir, "last");
}

/* A file that is not there yet would be the newest checkpoint of the run. */
gt_status gt_outfile_check_run(const char *path) {
    struct stat s;
    bool there = !stat(path, &s);
    if (there && !S_ISREG(s.st_mode)) return GT_OK;
    GT_FREED char *file = gt_file_follow(path), *copy = file ? strdup(file) : NULL;
    if (!copy && errno != ENOMEM) return GT_OK; /* links in a circle: that shows when the file is made */
    bool stays = copy && !fnmatch("?(bad-)checkpoint-*.h5", last_part(file), FNM_EXTMATCH) && is_run(dirname(copy));
    gt_status st = copy ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the name of a file");
    if (stays && there)
        st = gt_fail(GT_USAGE,
                     "'%s' is a checkpoint in the folder of a run, which no command replaces: choose another name",
                     path);
    else if (stays)
        st = gt_fail(
            GT_USAGE,
            "'%s' would be a checkpoint in the folder of a run, which only gantry train may write: choose another name",
            path);
    return st;
}

gt_status gt_outfile_fail_taken(const char *dir, const char *what, const char *path) {
    return gt_fail(
        GT_USAGE,
        "'%s' holds no %s, and '%s' already exists, a name that every %s needs: rename it, or choose another --run",
        dir, what, path, what);
}

/* ---- what lies there ---- */

static const char *const *inputs;
static int n_inputs;

void gt_outfile_read_from(const char *const *paths, int n) { inputs = paths, n_inputs = n; }

static bool is_input(const char *path) {
    struct stat s, in;
    bool is = false;
    if (stat(path, &s) || !S_ISREG(s.st_mode)) return false;
    for (int i = 0; i < n_inputs && !is; i++)
        is = !stat(inputs[i], &in) && in.st_dev == s.st_dev && in.st_ino == s.st_ino;
    return is;
}

/* A picture below a folder that is a dataset, as 00000/ or masks/00000/ in it; also where that is unknown. */
static bool is_of_dataset(const char *path, gt_outfile_kind lies) {
    enum { LEVELS = 3 };
    if (lies != GT_OUTFILE_PICTURE) return false;
    char *file = realpath(path, NULL), *dir = file;
    bool of = !file;
    for (int i = 0; i < LEVELS && !of; i++) of = gt_folder_has(dir = dirname(dir), "dataset.json");
    free(file);
    return of;
}

/* Why it stays, in words that follow those of its kind; NULL: it may be replaced. */
static const char *why_it_stays(const char *path, gt_outfile_kind lies, gt_outfile_kind written) {
    if (lies == GT_OUTFILE_NOTHING || written == GT_OUTFILE_OWN) return NULL;
    if (is_input(path)) return ", which this command reads";
    if (is_of_dataset(path, lies)) return " of the dataset in its folder";
    return lies == written && lies < GT_OUTFILE_DATASET ? NULL : "";
}

/* A file that is to become of the kind `written`. */
static gt_status check_file(const char *path, gt_outfile_kind written, bool overwrite, const char *choice) {
    gt_status st = gt_outfile_check_run(path);
    if (st || overwrite) return st;
    const char *why = why_it_stays(path, gt_outfile_kind_of(path, written), written);
    if (!why) return GT_OK;
    const char *what = gt_kind_text(gt_kind_of_file(path));
    return gt_fail(GT_USAGE, "'%s' already exists and is %s%s: replace it with --overwrite, or choose another %s", path,
                   *what ? what : "of an unknown kind", why, choice);
}

typedef struct look { /* at a folder that is written into */
    const gt_outfile *o;
    const char *place;
    bool overwrite;
    int n; /* files */
} look;

static bool is_written_into(const look *l, const char *folder) {
    const char *below = folder + strlen(l->place);
    return l->o->folders && !fnmatch(l->o->folders, below + strspn(below, "/"), FNM_EXTMATCH);
}

static gt_status check_folder(look *l, const char *path) {
    enum { LOOKED_AT = 4096 }; /* of a larger folder the rest is looked at when it is written */
    DIR *dir = opendir(path);
    gt_status st = GT_OK;
    if (!dir) return GT_OK; /* the folder is made later; whether it can be made shows then */
    for (struct dirent *e; !st && l->n < LOOKED_AT && (e = readdir(dir));) {
        const gt_outfile_name *name = find_name(l->o->inside, e->d_name);
        if (*e->d_name == '.' || (!name && !l->o->folders)) continue;
        GT_FREED char *file = gt_path_join(path, e->d_name);
        if (!file) st = GT_NOMEM;
        else if (gt_is_directory(file)) st = is_written_into(l, file) ? check_folder(l, file) : GT_OK;
        else if (name) l->n++, st = check_file(file, name->kind, l->overwrite, "folder");
    }
    closedir(dir);
    return st;
}

gt_status gt_outfile_check(const gt_outfile *o, const char *path, bool overwrite) {
    bool folder = means_folder(o, path);
    look l = {o, path, overwrite, 0};
    if (folder && gt_is_directory(path) && o->inside->pattern) return check_folder(&l, path);
    if (folder) return gt_outfile_check_run(path); /* else the folder is made by those who write there */
    const gt_outfile_name *name = find_name(o->files, last_part(path));
    if (gt_is_directory(path)) return gt_fail(GT_USAGE, "'%s' is a folder: name a file to write", path);
    return check_file(path, name ? name->kind : GT_OUTFILE_DATASET, overwrite, "name");
}

bool gt_outfile_has(const gt_outfile *o, const char *place, const char *path) {
    size_t n = strlen(place);
    if (!strcmp(place, path)) return true;
    return o->inside && o->inside->pattern && !strncmp(place, path, n) && (path[n] == '/' || place[n - 1] == '/');
}

gt_status gt_outfile_check_again(const gt_outfile *o, const char *place, const char *path, bool overwrite) {
    bool same = !strcmp(place, path);
    const gt_outfile_name *name = find_name(same ? o->files : o->inside, last_part(path));
    gt_outfile_kind written = name ? name->kind : GT_OUTFILE_DATASET;
    gt_file_kind lies = gt_kind_of_file(path);
    bool of_h5 = written == GT_OUTFILE_NETWORK || written == GT_OUTFILE_ARRAYS;
    /* nothing forks while MPI is up: what an HDF5 file holds was looked at before */
    if (of_h5 && (lies == GT_KIND_HDF5 || lies == GT_KIND_CHECKPOINT)) return gt_outfile_check_run(path);
    return check_file(path, written, overwrite, same ? "name" : "folder");
}
