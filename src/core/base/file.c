/* SPDX-License-Identifier: Apache-2.0
 * Reads, writes and replaces whole files (gantry/file.h, base/door/file.h). */
#define _GNU_SOURCE
#include "base/door/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/clock.h"
#include "base/door/memory.h"
#include "base/door/progress.h"
#include "base/door/text.h"

static bool buffer_room(gt_buffer *b, size_t more) {
    size_t need;
    if (b->failed || gt_add_overflows(b->n, more, &need)) return !(b->failed = true);
    if (need <= b->capacity) return true;
    size_t capacity = b->capacity + b->capacity / 2;
    if (capacity < need) capacity = need < 256 ? 256 : need;
    char *data = realloc(b->data, capacity);
    if (!data) return !(b->failed = true);
    b->data = data;
    b->capacity = capacity;
    return true;
}

void gt_buffer_add(gt_buffer *b, const void *data, size_t bytes) {
    if (!bytes || !buffer_room(b, bytes)) return;
    memcpy(b->data + b->n, data, bytes);
    b->n += bytes;
}

void gt_buffer_printf(gt_buffer *b, const char *format, ...) {
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    if (n < 0) b->failed = true;
    else if (buffer_room(b, (size_t)n + 1)) {
        vsnprintf(b->data + b->n, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(ap);
}

void gt_buffer_format(gt_buffer *b, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    size_t n = (size_t)gt_vformat(NULL, 0, format, ap);
    if (buffer_room(b, n + 1)) {
        gt_vformat(b->data + b->n, n + 1, format, ap);
        b->n += n;
    }
    va_end(ap);
}

void gt_buffer_shell(gt_buffer *b, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,+@%";
    if (*word && !word[strspn(word, plain)]) {
        gt_buffer_add(b, word, strlen(word));
        return;
    }
    gt_buffer_quote(b, word);
}

void gt_buffer_quote(gt_buffer *b, const char *word) {
    bool plainly = gt_format(NULL, 0, "%s", word) == (int)strlen(word);
    gt_buffer_printf(b, plainly ? "'" : "$'");
    for (; *word; word++)
        if (plainly) gt_buffer_printf(b, *word == '\'' ? "'\\''" : "%c", *word);
        else if (*word >= ' ' && *word <= '~') gt_buffer_printf(b, strchr("'\\", *word) ? "\\%c" : "%c", *word);
        else gt_buffer_printf(b, "\\x%02x", (unsigned char)*word);
    gt_buffer_add(b, "'", 1);
}

static bool is_number(const char *text) {
    char *end;
    strtod(text, &end);
    return end != text && !*end && !strchr(" \t\r", *text);
}

void gt_buffer_csv(gt_buffer *b, const char *text) {
    if (!text) return;
    const char *start = text + strspn(text, "'");
    bool formula = *start && strchr(GT_CSV_FORMULA, *start) && !is_number(text);
    if (!formula && !strpbrk(text, ",;\t\"\r\n")) {
        gt_buffer_add(b, text, strlen(text));
        return;
    }
    gt_buffer_printf(b, formula ? "\"'" : "\"");
    for (; *text; text++) gt_buffer_printf(b, *text == '"' ? "\"\"" : "%c", *text);
    gt_buffer_printf(b, "\"");
}

void gt_buffer_base64(gt_buffer *b, const void *data, size_t n) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = data;
    for (size_t i = 0; i < n; i += 3) {
        unsigned bits = (unsigned)p[i] << 16 | (i + 1 < n ? (unsigned)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
        char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63], i + 1 < n ? digits[bits >> 6 & 63] : '=',
                        i + 2 < n ? digits[bits & 63] : '='};
        gt_buffer_add(b, four, 4);
    }
}

void gt_buffer_free(gt_buffer *b) {
    free(b->data);
    *b = (gt_buffer){0};
}

char *gt_path_join(const char *dir, const char *name) {
    char *path;
    size_t n = strlen(dir);
    if (asprintf(&path, "%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/", name) >= 0) return path;
    gt_fail(GT_NOMEM, "out of memory for a file name");
    return NULL;
}

void gt_path_name(const char *path, char name[GT_NAME_BYTES]) {
    size_t end = strlen(path), begin;
    while (end > 1 && path[end - 1] == '/') end--;
    for (begin = end; begin > 0 && path[begin - 1] != '/';) begin--;
    snprintf(name, GT_NAME_BYTES, "%.*s", (int)(end - begin), path + begin);
}

/* NULL: no such user, or one without a home. */
static const char *home_of(const char *user) {
    const char *home = *user ? NULL : getenv("HOME");
    if (home && *home) return home;
    const struct passwd *entry = *user ? getpwnam(user) : getpwuid(getuid());
    return entry && entry->pw_dir && *entry->pw_dir ? entry->pw_dir : NULL;
}

const char *gt_path_expand(gt_arena *a, const char *path) {
    if (path[0] != '~') return path;
    size_t n = strcspn(path, "/");
    const char *user = gt_arena_printf(a, "%.*s", (int)(n - 1), path + 1);
    if (!user) return NULL;
    const char *home = home_of(user);
    if (!home) return path;
    size_t length = strlen(home);
    while (length > 1 && home[length - 1] == '/') length--; /* "/" + "/x" would be another name for some systems */
    return gt_arena_printf(a, "%.*s%s", (int)(length == 1 && path[n] ? 0 : length), home, path + n);
}

bool gt_ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

bool gt_folder_has(const char *dir, const char *name) {
    char path[PATH_MAX];
    return snprintf(path, sizeof path, "%s/%s", dir, name) < (int)sizeof path && !access(path, F_OK);
}

/* A write beyond RLIMIT_FSIZE raises SIGXFSZ, one into a pipe that nobody reads SIGPIPE, which would end the process:
 * hold them back and take them away. */
int gt_write_all_at(int fd, const void *data, size_t bytes, off_t at) {
    sigset_t raised, before;
    const char *p = data;
    sigemptyset(&raised);
    sigaddset(&raised, SIGXFSZ);
    sigaddset(&raised, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &raised, &before);
    int error = 0;
    while (bytes && !error) {
        size_t piece = bytes < (size_t)64 << 20 ? bytes : (size_t)64 << 20;
        ssize_t n = at < 0 ? write(fd, p, piece) : pwrite(fd, p, piece, at);
        if (n > 0) {
            p += n;
            bytes -= (size_t)n;
            at += at < 0 ? 0 : (off_t)n;
        } else if (n == 0) error = ENOSPC;
        else if (errno != EINTR) error = errno;
    }
    if (error == EFBIG || error == EPIPE) sigtimedwait(&raised, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

int gt_write_all(int fd, const void *data, size_t bytes) { return gt_write_all_at(fd, data, bytes, -1); }

int gt_file_open(const char *path, int flags) {
    int fd;
    do fd = open(path, flags | O_CLOEXEC, 0666);
    while (fd < 0 && errno == EINTR);
    return fd;
}

int gt_file_sync(int fd) {
    while (fsync(fd))
        if (errno != EINTR) return errno;
    return 0;
}

int gt_file_truncate(int fd, off_t bytes) {
    while (ftruncate(fd, bytes))
        if (errno != EINTR) return errno;
    return 0;
}

int gt_file_rename(const char *from, const char *to) {
    while (rename(from, to))
        if (errno != EINTR) return errno;
    return 0;
}

int gt_file_remove(const char *path) {
    while (unlink(path))
        if (errno != EINTR) return errno;
    return 0;
}

/* 0 or errno */
static int sync_directory(const char *dir) {
    int fd = gt_file_open(dir, O_RDONLY | O_DIRECTORY);
    if (fd < 0) return errno;
    int error = gt_file_sync(fd);
    close(fd);
    return error == EINVAL || error == ENOTSUP ? 0 : error; /* some file systems cannot, and need not */
}

gt_status gt_sync_parent(const char *path) {
    GT_FREED char *copy = strdup(path);
    if (!copy) return gt_fail(GT_NOMEM, "out of memory for a file name");
    int error = sync_directory(dirname(copy));
    return error ? gt_fail(GT_FAILED, "the directory of '%s' cannot be synced: %s", path, strerror(error)) : GT_OK;
}

bool gt_file_is_older(const char *path, const char *than) {
    struct stat a, b;
    if (stat(path, &a) || stat(than, &b)) return false;
    return a.st_mtim.tv_sec < b.st_mtim.tv_sec ||
           (a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec < b.st_mtim.tv_nsec);
}

bool gt_is_directory(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

gt_status gt_make_directories(const char *dir) {
    char *path = strdup(dir);
    if (!path || !*dir) {
        free(path);
        return *dir ? gt_fail(GT_NOMEM, "out of memory for a directory name")
                    : gt_fail(GT_USAGE, "a directory name is empty");
    }
    gt_status st = GT_OK;
    for (char *slash = path; slash && !st;) {
        slash = strchr(slash + 1, '/');
        if (slash) *slash = 0;
        if (!gt_is_directory(path) && mkdir(path, 0777) && (errno != EEXIST || !gt_is_directory(path)))
            st = gt_fail(GT_FAILED, "cannot make the directory '%s': %s", path, gt_error_text(errno, path));
        if (slash) *slash = '/';
    }
    free(path);
    return st;
}

gt_status gt_folder_each(const char *dir, gt_folder_visit *fn, void *arg) {
    GT_FREED struct dirent **entries = NULL;
    int n = scandir(dir, &entries, NULL, alphasort);
    if (n < 0) return gt_fail(GT_FAILED, "cannot read the directory '%s': %s", dir, strerror(errno));
    gt_status st = GT_OK;
    for (int i = 0; i < n; i++) {
        GT_FREED char *path = st ? NULL : gt_path_join(dir, entries[i]->d_name);
        if (!st) st = path ? fn(arg, path, entries[i]->d_name) : gt_fail(GT_NOMEM, "out of memory for a file name");
        free(entries[i]);
    }
    return st;
}

gt_status gt_file_write_failed(const char *path, int error, size_t bytes) {
    if (error == ENXIO)
        return gt_fail(GT_FAILED, "cannot write '%s': no process reads this pipe, or the device does not exist", path);
    if (error == ENOSPC && gt_file_system_has_inodes(path))
        return gt_fail(GT_FAILED, "cannot write '%s': %s (%.1f MB needed, %.1f MB free): make room", path,
                       strerror(error), (double)bytes / 1e6, gt_space_free(path) / 1e6);
    return gt_fail(error == ENOMEM ? GT_NOMEM : GT_FAILED, "cannot write '%s': %s", path, gt_error_text(error, path));
}

/* ---- replacing ---- */

enum { MOST_LINKS = 40, REWRITES = 3 };

typedef struct iovecs {
    const struct iovec *parts;
    int n;
} iovecs;

static int write_parts(int fd, void *arg) {
    const iovecs *all = arg;
    int error = 0;
    for (int i = 0; i < all->n && !error; i++) error = gt_write_all(fd, all->parts[i].iov_base, all->parts[i].iov_len);
    return error;
}

static gt_file_guard *guard;

void gt_file_guard_by(gt_file_guard *by) { guard = by; }

/* Under a name that nobody has: link() replaces nothing. */
static void keep_aside(const char *part, const char *path, gt_status st) {
    GT_FREED char *aside = NULL;
    if (asprintf(&aside, "%s.new", path) < 0) return;
    if (!link(part, aside)) gt_wrap(st, "the result is kept as '%s'", aside);
}

static _Atomic int64_t replaced;

int64_t gt_files_replaced(void) { return atomic_load(&replaced); }

int gt_file_take_place(const char *part, const char *file, const char *path, gt_status *refused) {
    *refused = guard ? guard(path) : GT_OK;
    if (!*refused) {
        bool there = !access(file, F_OK);
        int error = gt_file_rename(part, file);
        atomic_fetch_add(&replaced, there && !error);
        return error;
    }
    keep_aside(part, file, *refused);
    return EEXIST;
}

/* 0 or errno. A half that is gone before it got its name was taken for the remains of a killed process: it is written
 * again. Its lock is held until it has its name. */
static int replace(const char *file, const char *path, gt_file_fill *fill, void *arg, gt_status *refused) {
    int error = ENOENT;
    for (int i = 0; i < REWRITES && error == ENOENT; i++) {
        GT_FREED char *part = NULL;
        int fd = gt_half_open(file, &part);
        bool whole = false;
        error = fd < 0 ? errno : fill(fd, arg);
        if (!error) error = gt_file_sync(fd);
        if (!error) {
            whole = true;
            error = gt_file_take_place(part, file, path, refused);
        }
        if (error && fd >= 0) unlink(part); /* before anything is said: it makes room for whoever reads the message */
        if (fd >= 0) close(fd);             /* nothing is left to be written that could fail */
        if (!whole) break;
    }
    return error;
}

char *gt_file_follow(const char *path) {
    char *at = strdup(path);
    for (int i = 0; at && i < MOST_LINKS; i++) {
        char target[PATH_MAX], *next;
        ssize_t n = readlink(at, target, sizeof target - 1);
        if (n < 0) return at;
        target[n] = 0;
        const char *slash = *target == '/' ? NULL : strrchr(at, '/');
        if (asprintf(&next, "%.*s%s", slash ? (int)(slash - at + 1) : 0, at, target) < 0) next = NULL;
        free(at);
        at = next;
    }
    errno = at ? ELOOP : ENOMEM;
    free(at);
    return NULL;
}

/* A pipe that nobody reads is waited for two seconds, not for ever: whoever is to read it may be about to start. */
static int open_through(const char *path) {
    enum { PATIENCE = 20 };
    int fd;
    for (int i = 0; (fd = gt_file_open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK)) < 0 && errno == ENXIO && i < PATIENCE;
         i++)
        gt_sleep(0.1);
    if (fd >= 0) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

/* 0 or errno. Devices and pipes are written to, not replaced; and so is what stdout writes to, a file too:
 * `--out=/dev/stdout >>file`. */
static int write_through(const char *path, bool is_stdout, gt_file_fill *fill, void *arg) {
    if (is_stdout) gt_print_flush(stdout);
    int fd = is_stdout ? STDOUT_FILENO : open_through(path);
    int error = fd < 0 ? errno : fill(fd, arg);
    if (fd >= 0 && !is_stdout && close(fd) && !error && errno != EINTR) error = errno;
    return error;
}

bool gt_file_is_stdout(const char *path) {
    struct stat s, out;
    return !stat(path, &s) && !fstat(STDOUT_FILENO, &out) && s.st_dev == out.st_dev && s.st_ino == out.st_ino;
}

static gt_status replace_any(const char *path, gt_file_fill *fill, void *arg, size_t bytes) {
    struct stat target;
    bool there = stat(path, &target) == 0, is_stdout = there && gt_file_is_stdout(path);
    gt_status st = GT_OK, refused = GT_OK;
    GT_FREED char *file = NULL;
    int error = 0;
    if (there && S_ISDIR(target.st_mode)) error = EISDIR;
    else if (there && (is_stdout || !S_ISREG(target.st_mode))) error = write_through(path, is_stdout, fill, arg);
    else if (!(file = gt_file_follow(path))) error = errno;
    else error = replace(file, path, fill, arg, &refused);
    if (refused) st = refused;
    else if (error) st = gt_file_write_failed(path, error, bytes);
    else if (file && (error = sync_directory(dirname(file))))
        st = gt_fail(GT_FAILED, "'%s' was written, but its directory cannot be synced: %s", path, strerror(error));
    errno = error;
    return st;
}

gt_status gt_file_replace_by(const char *path, gt_file_fill *fill, void *arg, size_t bytes) {
    if (!path) return gt_fail(GT_NOMEM, "out of memory for the name of a file");
    gt_storage_begin("writing", path);
    gt_status st = replace_any(path, fill, arg, bytes);
    gt_storage_end();
    return st;
}

gt_status gt_file_replace(const char *path, const struct iovec *parts, int n) {
    size_t bytes = 0;
    for (int i = 0; i < n; i++) bytes += parts[i].iov_len;
    return gt_file_replace_by(path, write_parts, &(iovecs){parts, n}, bytes);
}

gt_status gt_file_write(const char *path, const void *bytes, size_t n) {
    return gt_file_replace(path, &(struct iovec){(void *)bytes, n}, 1);
}

gt_status gt_buffer_write(gt_buffer *b, const char *path) {
    gt_status st = b->failed || !path ? gt_fail(GT_NOMEM, "out of memory for '%s'", path ? path : "a file")
                                      : gt_file_write(path, b->data, b->n);
    gt_buffer_free(b);
    return st;
}

gt_status gt_file_open_regular(const char *path, int *fd, off_t *bytes) {
    *fd = gt_file_open(path, O_RDONLY | O_NONBLOCK); /* a pipe must not block before it is refused */
    struct stat s;
    gt_status st = GT_OK;
    if (*fd < 0 || fstat(*fd, &s) != 0) st = gt_fail(GT_FAILED, "cannot read '%s': %s", path, strerror(errno));
    else if (!S_ISREG(s.st_mode)) st = gt_fail(GT_FORMAT, "'%s' is not a regular file", path);
    else *bytes = s.st_size;
    if (st && *fd >= 0) close(*fd);
    if (st) *fd = -1;
    return st;
}

gt_status gt_file_check_regular(const char *path) {
    int fd;
    off_t bytes;
    gt_status st = gt_file_open_regular(path, &fd, &bytes);
    if (!st) close(fd);
    return st;
}

/* How many of the n bytes there are; -1 and errno. */
static ssize_t read_up_to(int fd, uint64_t offset, void *out, size_t n) {
    size_t all = 0;
    while (all < n) {
        ssize_t got = pread(fd, (char *)out + all, n - all, (off_t)(offset + all));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        all += (size_t)got;
    }
    return (ssize_t)all;
}

gt_status gt_read_at(int fd, uint64_t offset, void *out, size_t n) {
    ssize_t got = read_up_to(fd, offset, out, n);
    if (got < 0) return gt_fail(GT_FAILED, "cannot be read: %s", strerror(errno));
    if ((size_t)got == n) return GT_OK;
    return gt_fail(GT_FORMAT, "truncated: it ends before byte %llu", (unsigned long long)(offset + n));
}

bool gt_file_begins(const char *path, uint64_t offset, const void *bytes, size_t n) {
    char found[16];
    int fd = gt_file_open(path, O_RDONLY | O_NONBLOCK);
    bool same = fd >= 0 && n <= sizeof found && pread(fd, found, n, (off_t)offset) == (ssize_t)n &&
                !memcmp(found, bytes, n);
    if (fd >= 0) close(fd);
    return same;
}

gt_status gt_file_read(const char *path, size_t most, void **bytes, size_t *n) {
    *bytes = NULL;
    *n = 0;
    int fd;
    off_t size;
    gt_status st = gt_file_open_regular(path, &fd, &size);
    if (st) return st;
    char *buffer = NULL;
    if ((uintmax_t)size > most)
        st = gt_fail(GT_FORMAT, "'%s' has %jd bytes; at most %zu are read", path, (intmax_t)size, most);
    else if (!(buffer = malloc((size_t)size + 1)))
        st = gt_fail(GT_NOMEM, "out of memory: '%s' has %jd bytes", path, (intmax_t)size);
    /* the file may be shorter than a moment ago: what is there is what it holds */
    ssize_t got = st ? 0 : read_up_to(fd, 0, buffer, (size_t)size);
    if (got < 0) st = gt_fail(GT_FAILED, "cannot read '%s': %s", path, strerror(errno));
    close(fd);
    if (st) {
        free(buffer);
        return st;
    }
    buffer[got] = 0;
    *bytes = buffer;
    *n = (size_t)got;
    return GT_OK;
}

size_t gt_text_mark(const char *text, size_t n) { return n >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3) ? 3 : 0; }
