/* SPDX-License-Identifier: Apache-2.0
 * Log lines to stderr and the run's log file, and a live line at the bottom of a terminal. Each line leaves in one
 * write(), so that the lines of several ranks on one terminal do not mix. */
#include "base/door/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/hash.h"
#include "base/door/progress.h"
#include "base/door/terminal.h"
#include "base/door/text.h"

enum { LINE_BYTES = 4096, DEFAULT_COLUMNS = 80, ONCE_MAX = 64 };

static struct {
    pthread_mutex_t lock;
    int rank, ranks;
    gt_level least;
    int file;                  /* -1: none */
    bool failing;              /* the latest line could not be written to it */
    char live[LINE_BYTES / 4]; /* what stands on the terminal's last line; "" for nothing */
    gt_hash128 once[ONCE_MAX]; /* texts of gt_log_once(); what comes when it is full is logged each time */
    int n_once;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .ranks = 1, .least = GT_INFO, .file = -1};

static const struct {
    const char *word, *colour;
} levels[] = {
    [GT_DEBUG] = {"", "\033[2m"},
    [GT_INFO] = {"", ""},
    [GT_WARNING] = {"warning: ", "\033[33m"},
    [GT_ERROR] = {"error: ", "\033[31m"},
};

void gt_log_setup(int rank, int ranks, gt_level least) {
    pthread_mutex_lock(&state.lock);
    state.rank = rank;
    state.ranks = ranks;
    state.least = least;
    pthread_mutex_unlock(&state.lock);
}

bool gt_log_is_terminal(void) {
    if (getenv(GT_TERMINAL)) return true;
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

bool gt_log_is_first(void) {
    pthread_mutex_lock(&state.lock);
    bool first = state.rank == 0;
    pthread_mutex_unlock(&state.lock);
    return first;
}

static bool colour_wanted(void) { return gt_terminal_look().coloured; }

static int columns(void) {
    int wide = gt_terminal_look().columns;
    return wide > 1 ? wide : DEFAULT_COLUMNS;
}

/* What was printed before comes before, where both go to one file. */
static void put(const char *text, size_t bytes) {
    gt_print_flush(stdout);
    while (bytes > 0) {
        ssize_t n = write(STDERR_FILENO, text, bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return; /* nobody listens: no reason to stop training */
        text += n;
        bytes -= (size_t)n;
    }
}

static void to_terminal(gt_level level, const char *text) {
    char out[2 * LINE_BYTES], who[32] = "";
    bool colour = colour_wanted() && levels[level].colour[0],
         live = (state.live[0] || state.rank > 0) &&
                gt_log_is_terminal(); /* another rank's live line may stand there */
    if (state.rank != 0) snprintf(who, sizeof who, "rank %d: ", state.rank);
    int n = snprintf(out, sizeof out, "%s%s%s%s%s%s\n%s", live ? "\r\033[K" : "", colour ? levels[level].colour : "",
                     levels[level].word, who, text, colour ? "\033[0m" : "", live ? state.live : "");
    put(out, (size_t)n < sizeof out ? (size_t)n : sizeof out - 1);
}

void gt_log_print_error(const char *text) {
    bool colour = colour_wanted();
    gt_log_live(NULL);
    gt_print_flush(stdout);
    fprintf(stderr, "%s%s%s%s\n", colour ? levels[GT_ERROR].colour : "", levels[GT_ERROR].word, text,
            colour ? "\033[0m" : "");
}

static void close_file(void) {
    if (state.file >= 0) close(state.file);
    state.file = -1;
    state.failing = false;
}

/* A line that cannot be written is left out, whole; the next one is tried again. */
static void to_file(gt_level level, const char *text) {
    if (state.file < 0) return;
    char when[32], line[LINE_BYTES + 64];
    time_t now = time(NULL);
    struct tm local;
    strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S%z", localtime_r(&now, &local));
    int n = snprintf(line, sizeof line, "%s %s%s\n", when, levels[level].word, text), error = 0;
    off_t end = lseek(state.file, 0, SEEK_END);
    ssize_t written = write(state.file, line, (size_t)n);
    if (written != n) error = written < 0 ? errno : ENOSPC;
    if (error && written > 0 && ftruncate(state.file, end)) error = errno;
    if (error && !state.failing) {
        char complaint[128];
        snprintf(complaint, sizeof complaint, "log file: %s; lines will be missing until the file can be written again",
                 strerror(error));
        to_terminal(GT_WARNING, complaint);
    }
    state.failing = error != 0;
}

/* Has the text been here before? Takes note of it. */
static bool is_known(const char *text) {
    gt_hash128 h = gt_hash(text, strlen(text));
    int i = 0;
    pthread_mutex_lock(&state.lock);
    while (i < state.n_once && memcmp(&state.once[i], &h, sizeof h)) i++;
    bool known = i < state.n_once;
    if (!known && i < ONCE_MAX) state.once[state.n_once++] = h;
    pthread_mutex_unlock(&state.lock);
    return known;
}

/* `as`: printed as lines of this level are. */
__attribute__((format(printf, 4, 0))) static void log_line(gt_level level, gt_level as, bool once, const char *format,
                                                           va_list ap) {
    char text[LINE_BYTES];
    gt_vformat(text, sizeof text, format, ap);
    if (once && is_known(text)) return;
    if (state.rank != 0 && level < GT_WARNING) return;
    gt_storage_begin("writing", "log.txt"); /* before the lock: what is told there may log something itself */
    pthread_mutex_lock(&state.lock);
    if (as >= state.least) to_terminal(level, text);
    to_file(level, text);
    pthread_mutex_unlock(&state.lock);
    gt_storage_end();
}

void gt_log(gt_level level, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    log_line(level, level, false, format, ap);
    va_end(ap);
}

void gt_log_also_quiet(const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    log_line(GT_INFO, GT_WARNING, false, format, ap);
    va_end(ap);
}

void gt_log_once(gt_level level, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    log_line(level, level, true, format, ap);
    va_end(ap);
}

void gt_log_outcome(bool *failing, bool failed, const char *what) {
    if (failed && !*failing) gt_warn("%s: %s; training goes on and tries again", what, gt_message());
    if (!failed && *failing) gt_info("%s can be written again", what);
    *failing = failed;
}

bool gt_log_open(const char *path) {
    int file = gt_file_open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK); /* a pipe must not block */
    if (file < 0) {
        gt_fail(GT_FAILED, "log file '%s': %s", path, strerror(errno));
        return false;
    }
    pthread_mutex_lock(&state.lock);
    close_file();
    state.file = file;
    pthread_mutex_unlock(&state.lock);
    return true;
}

void gt_log_close(void) {
    pthread_mutex_lock(&state.lock);
    close_file();
    pthread_mutex_unlock(&state.lock);
}

/* The length of at most `columns` characters of UTF-8 text: a line that wraps could not be redrawn in place. */
static int fitting(const char *text, int columns) {
    int bytes = 0;
    for (int shown = 0; text[bytes] && bytes < (int)sizeof state.live - 8; bytes++) {
        bool starts = ((unsigned char)text[bytes] & 0xc0) != 0x80;
        if (starts && shown++ == columns) break;
    }
    return bytes;
}

void gt_log_live(const char *line) {
    char shown[LINE_BYTES];
    gt_format(shown, sizeof shown, "%s", line ? line : "");
    pthread_mutex_lock(&state.lock);
    if (state.rank == 0 && gt_log_is_terminal() && (line || state.live[0])) {
        char out[LINE_BYTES];
        snprintf(state.live, sizeof state.live, "%.*s", fitting(shown, columns() - 1), shown);
        int n = snprintf(out, sizeof out, "\r\033[K%s", state.live);
        put(out, (size_t)n);
    }
    pthread_mutex_unlock(&state.lock);
}

void gt_log_draw(const char *bytes, size_t n) {
    static const char clear[] = "\r\033[K";
    pthread_mutex_lock(&state.lock);
    if (state.live[0]) put(clear, sizeof clear - 1);
    put(bytes, n);
    if (state.live[0]) put(state.live, strlen(state.live));
    pthread_mutex_unlock(&state.lock);
}

void gt_log_to_copy(const char *command, const char *what) {
    enum { COMMAND = 70 };
    gt_info("  %-*s   %s", COMMAND, command, what);
}

void gt_log_command(const char *word, const char *path, const char *more, const char *what) {
    GT_BUFFER gt_buffer line = {0};
    gt_buffer_printf(&line, "gantry %s%s", word, gt_ends_with(word, "=") ? "" : " ");
    gt_buffer_shell(&line, path);
    gt_buffer_printf(&line, "%s", more);
    gt_buffer_add(&line, "", 1);
    if (!line.failed) gt_log_to_copy(line.data, what);
}
