/* SPDX-License-Identifier: Apache-2.0
 * The directory of a run: its number, the checks before a start, and small files and the log in the directory. */
#include "run/door/rundir.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/lines.h"
#include "base/door/progress.h"
#include "run/door/checkpoint_internal.h"

enum { PROBE_BYTES = 1 << 20, LONGEST_DESCRIPTION = 200, LONGEST_TEXT = 16 << 20, TRIES = 100000 };

char *gt_rundir_numbered(const char *dir, long number, const char *before, int digits, const char *after) {
    for (int i = 0; i < TRIES; i++, number++) { /* another process may take a number at this moment */
        char name[LONGEST_DESCRIPTION + 32];
        snprintf(name, sizeof name, "%s%0*ld%s", before, digits, number, after);
        char *path = gt_path_join(dir, name);
        if (!path || mkdir(path, 0777) == 0) return path;
        int error = errno;
        gt_fail(GT_FAILED, "cannot make the directory '%s': %s", path, gt_error_text(error, path));
        free(path);
        if (error != EEXIST) break;
    }
    return NULL;
}

gt_status gt_rundir_move(const char *dir, const char *name, const char *to_dir, const char *to_name) {
    GT_FREED char *from = gt_path_join(dir, name), *to = gt_path_join(to_dir, to_name);
    int error = from && to ? gt_file_rename(from, to) : ENOMEM;
    return error ? gt_fail(GT_FAILED, "cannot set '%s/%s' aside: %s", dir, name, strerror(error)) : GT_OK;
}

/* One more than the largest leading number among the subdirectories; 0 when there is none. -1: cannot be read. */
static long next_number(const char *outdir) {
    DIR *d = opendir(outdir);
    long next = 0;
    if (!d) {
        gt_fail(GT_FAILED, "cannot read the directory '%s': %s", outdir, strerror(errno));
        return -1;
    }
    for (struct dirent *e; (e = readdir(d));) {
        struct stat s;
        if (!isdigit((unsigned char)e->d_name[0]) || fstatat(dirfd(d), e->d_name, &s, 0) || !S_ISDIR(s.st_mode))
            continue;
        errno = 0;
        long number = strtol(e->d_name, NULL, 10);
        if (!errno && number < INT_MAX && number >= next) next = number + 1;
    }
    closedir(d);
    return next;
}

char *gt_rundir_new(const char *outdir, const char *description) {
    if (!description || gt_make_directories(outdir)) return NULL; /* without memory for a description */
    char clean[LONGEST_DESCRIPTION + 2] = "-";
    size_t n = 1;
    for (const char *p = description; *p && n <= LONGEST_DESCRIPTION; p++, n++)
        clean[n] = isalnum((unsigned char)*p) || strchr("-_.+=,", *p) || (unsigned char)*p >= 0x80 ? *p : '_';
    clean[n] = 0;
    long number = next_number(outdir);
    return number < 0 ? NULL : gt_rundir_numbered(outdir, number, "", 5, clean);
}

/* Under a name that nothing has: what lies in the folder may be somebody's. */
static gt_status probe(const char *dir) {
    GT_FREED char *path = gt_path_join(dir, ".probe"), *part = NULL;
    GT_FREED void *zeros = calloc(1, PROBE_BYTES);
    if (path && zeros) gt_storage_begin("writing", path);
    int fd = path && zeros ? gt_half_open(path, &part) : -1, error = fd >= 0 ? 0 : path && zeros ? errno : ENOMEM;
    if (!error) error = gt_write_all(fd, zeros, PROBE_BYTES);
    if (!error) error = gt_file_sync(fd);
    if (fd >= 0) unlink(part), close(fd);
    if (path && zeros) gt_storage_end();
    return error ? gt_file_write_failed(path ? path : dir, error, PROBE_BYTES) : GT_OK;
}

gt_status gt_rundir_prepare(const char *dir, size_t bytes) {
    gt_status st = gt_make_directories(dir);
    if (st) return st;
    double have = gt_space_free(dir);
    if (have < (double)bytes + PROBE_BYTES)
        return gt_fail(GT_FAILED,
                       "'%s' is too full: %.1f MB free, %.1f MB needed to start: make room, or choose another folder",
                       dir, have / 1e6, ((double)bytes + PROBE_BYTES) / 1e6);
    st = probe(dir);
    return st ? gt_wrap(st, "the run's directory cannot be used") : GT_OK;
}

gt_status gt_rundir_write(const char *dir, const char *name, const char *text) {
    GT_FREED char *path = gt_path_join(dir, name);
    return path ? gt_file_write(path, text, strlen(text)) : GT_NOMEM;
}

gt_status gt_rundir_read(const char *dir, const char *name, char **text) {
    GT_FREED char *path = gt_path_join(dir, name);
    void *bytes = NULL;
    size_t n;
    gt_status st = path ? gt_file_read(path, LONGEST_TEXT, &bytes, &n) : GT_NOMEM;
    *text = st ? NULL : bytes;
    return st == GT_NOMEM ? gt_fail(GT_NOMEM, "out of memory for %s/%s", dir, name) : GT_OK;
}

static bool take(const char *dir, const char *name) {
    GT_FREED char *path = gt_path_join(dir, name);
    gt_storage_begin("looking for", path);
    bool is = path && unlink(path) == 0;
    gt_storage_end();
    return is;
}

bool gt_rundir_stop(const char *dir) { return take(dir, "stop"); }
bool gt_rundir_checkpoint(const char *dir) { return take(dir, "checkpoint"); }

/* ---- log.txt ---- */

/* What stands behind "2026-11-22 20:06:43+0100 " of a line, and this time; NULL: the line has none. Version 1.0 wrote
 * no time zone. */
static const char *behind_time(const char *line, char when[32]) {
    char day[12], hour[16];
    int n = 0;
    if (sscanf(line, "%11s %15s%n", day, hour, &n) != 2 || !n || line[n] != ' ') return NULL;
    snprintf(when, 32, "%s %s", day, hour);
    return line + n + 1;
}

static void take_warning(const char *line, gt_log_warning *warning, void *arg) {
    char when[32];
    const char *text = behind_time(line, when);
    if (!text) return;
    bool is_warning = !strncmp(text, "warning: ", 9), is_error = !strncmp(text, "error: ", 7);
    if (!is_warning && !is_error) return;
    warning(arg, when, text + (is_warning ? 9 : 0));
}

void gt_log_warnings_each(const char *dir, gt_log_warning *warning, void *arg) {
    GT_FREED char *path = gt_path_join(dir, "log.txt");
    gt_lines in;
    if (!path) return;
    gt_status st = gt_lines_open(&in, path, 0, 0);
    while (!st && gt_lines_next(&in)) take_warning(in.text, warning, arg);
    gt_lines_close(&in, st);
}

bool gt_rundir_is_submitted(const char *dir) { return gt_folder_has(dir, GT_RUN_SCRIPT); }

void gt_rundir_resume_command(const char *dir, gt_buffer *out) {
    GT_FREED char *script = gt_rundir_is_submitted(dir) ? gt_path_join(dir, GT_RUN_SCRIPT) : NULL;
    gt_buffer_printf(out, "%s", script ? "sbatch " : "gantry train --run=");
    gt_buffer_shell(out, script ? script : dir);
    gt_buffer_add(out, "", 1);
}

enum { MOST_NEXT = 16, NEXT_BYTES = 1024 };

typedef struct next_list {
    char line[MOST_NEXT][NEXT_BYTES];
    int n;
    bool open; /* the line before was one of the list */
} next_list;

static void take_next(next_list *l, const char *line) {
    char when[32];
    const char *text = behind_time(line, when);
    if (!text) return;
    bool is = !strncmp(text, "  ", 2);
    if (!strcmp(text, GT_NEXT)) l->n = 0, l->open = true;
    else if (!is) l->open = false;
    else if (l->open && l->n < MOST_NEXT && (!strncmp(text, "  gantry ", 9) || !strncmp(text, "  sbatch ", 9)))
        snprintf(l->line[l->n++], NEXT_BYTES, "%s", text + 2);
}

/* A command may have spaces, what it does has no three of them. */
static void give_next(char *line, gt_log_next *next, void *arg) {
    char *what = line + strlen(line);
    while (what > line && strncmp(what, "   ", 3)) what--;
    if (what == line) return;
    char *end = what;
    while (end > line && *end == ' ') *end-- = 0;
    next(arg, line, what + 3);
}

bool gt_log_next_each(const char *dir, gt_log_next *next, void *arg) {
    GT_FREED char *path = gt_path_join(dir, "log.txt");
    GT_FREED next_list *list = path ? calloc(1, sizeof *list) : NULL;
    gt_status st = list ? GT_OK : GT_NOMEM;
    gt_lines in;
    if (list) {
        st = gt_lines_open(&in, path, 0, 0);
        while (!st && gt_lines_next(&in)) take_next(list, in.text);
        st = gt_lines_close(&in, st);
        for (int i = 0; i < list->n; i++) give_next(list->line[i], next, arg);
    }
    return st != GT_NOMEM;
}
