/* SPDX-License-Identifier: Apache-2.0
 * The live line of a work, and the signs that go on to the heartbeats (gantry/progress.h). */
#include "base/door/progress.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/door/thread.h"
#include "base/door/clock.h"
#include "base/door/log.h"
#include "gantry/text.h"

/* Seconds: between two looks of the thread; between two drawings; between two lines of a log; from when on the time of
 * a piece is told. */
static const double look = 1, least = 0.1, minute = 60, long_piece = 3;
enum { WARM = 3 /* signs before the rest of the time is told */, ROOM = 320 };

static struct {
    pthread_mutex_t lock;
    bool forbidden;
    gt_ticker ticker;
    enum { NOTHING, TIME, COUNT, LINE } kind;
    char doing[64], part[24] /* "": no name, else with a space before */, of[24], more[120], line[200];
    int64_t count, done, first; /* first: done at the first sign */
    int signs;
    double start, first_sign, sign, drawn, said;
} now = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void say_time(char *line, double time) {
    char text[32];
    int n = snprintf(line, ROOM, "%s%s", now.doing, now.part);
    if (time - now.start >= 1) snprintf(line + n, (size_t)(ROOM - n), ": %s", gt_duration_text(time - now.start, text));
}

static void say_count(char *line, double time) {
    char text[32];
    int n = snprintf(line, ROOM, "%s%s: %lld of %lld %s", now.doing, now.part, (long long)now.done,
                     (long long)now.count, now.of);
    if (now.count > 0)
        n += snprintf(line + n, (size_t)(ROOM - n), " (%.0f %%)", floor(100.0 * (double)now.done / (double)now.count));
    double seconds = now.sign - now.first_sign, rate = seconds > 0 ? (double)(now.done - now.first) / seconds : 0;
    bool rated = now.signs >= WARM && rate > 0;
    if (rated) n += snprintf(line + n, (size_t)(ROOM - n), rate < 999.5 ? ", %.3g %s/s" : ", %.0f %s/s", rate, now.of);
    double left = (double)(now.count - now.done) / rate - (time - now.sign);
    if (rated && now.done < now.count)
        n += snprintf(line + n, (size_t)(ROOM - n), ", ETA %s", gt_duration_text(fmax(0, left), text));
    else if (now.done < now.count && time - now.start >= 1)
        n += snprintf(line + n, (size_t)(ROOM - n), ", %s so far", gt_duration_text(time - now.start, text));
    if (now.more[0]) snprintf(line + n, (size_t)(ROOM - n), ", %s", now.more);
}

static void say_line(char *line, double time) {
    char text[32];
    int n = snprintf(line, ROOM, "%s", now.line);
    if (now.doing[0] && time - now.sign >= long_piece)
        snprintf(line + n, (size_t)(ROOM - n), "  (%s: %s)", now.doing, gt_duration_text(time - now.sign, text));
}

/* With the lock held. */
static void draw(double time) {
    char line[ROOM];
    static void (*const say[])(char *, double) = {[TIME] = say_time, [COUNT] = say_count, [LINE] = say_line};
    bool terminal = gt_log_is_terminal();
    if (now.forbidden || now.kind == NOTHING || (!terminal && (now.kind == LINE || time - now.said < minute))) return;
    say[now.kind](line, time);
    if (terminal) gt_log_live(line);
    else gt_info("%s", line);
    now.drawn = now.said = time;
}

static void renew(void *arg) {
    (void)arg;
    pthread_mutex_lock(&now.lock);
    double time = gt_clock();
    if (time - now.drawn >= look / 2) draw(time);
    pthread_mutex_unlock(&now.lock);
}

static bool tells(void) { return gt_log_is_first(); }

void gt_tell_allow(bool allowed) {
    pthread_mutex_lock(&now.lock);
    now.forbidden = !allowed;
    pthread_mutex_unlock(&now.lock);
    if (!allowed) gt_log_live(NULL);
}

/* Where there can be no thread the lines come when work gives a sign. */
static void begin(int kind) {
    now.kind = kind;
    if (!now.ticker.running && !now.forbidden) gt_ticker_start(&now.ticker, look, renew, NULL);
}

static void count_anew(const char *of, int64_t count) {
    snprintf(now.of, sizeof now.of, "%s", of ? of : "");
    now.more[0] = 0;
    now.count = count;
    now.done = now.first = now.signs = 0;
    now.sign = gt_clock();
}

void gt_tell_start(const char *doing, const char *of, int64_t count) {
    if (!tells()) return;
    pthread_mutex_lock(&now.lock);
    snprintf(now.doing, sizeof now.doing, "%s", doing);
    now.part[0] = 0;
    count_anew(of, count);
    now.start = now.said = now.sign;
    begin(of ? COUNT : TIME);
    draw(now.start);
    pthread_mutex_unlock(&now.lock);
}

void gt_tell_part(const char *part, const char *of, int64_t count) {
    if (!tells()) return;
    pthread_mutex_lock(&now.lock);
    if (now.kind == TIME || now.kind == COUNT) {
        snprintf(now.part, sizeof now.part, "%s%s", *part ? " " : "", part);
        count_anew(of, count);
        now.kind = COUNT;
        if (now.sign - now.drawn >= least) draw(now.sign);
    }
    pthread_mutex_unlock(&now.lock);
}

void gt_tell_with(int64_t done, const char *more) {
    if (!tells()) return;
    pthread_mutex_lock(&now.lock);
    double time = gt_clock();
    if (!now.signs++) {
        now.first = done;
        now.first_sign = time;
    }
    now.done = done;
    now.sign = time;
    snprintf(now.more, sizeof now.more, "%s", more);
    if (time - now.drawn >= least) draw(time);
    pthread_mutex_unlock(&now.lock);
}

void gt_tell(int64_t done) { gt_tell_with(done, ""); }

void gt_tell_more(const char *more) {
    if (!tells()) return;
    pthread_mutex_lock(&now.lock);
    double time = gt_clock();
    snprintf(now.more, sizeof now.more, "%s", more);
    if (time - now.drawn >= least) draw(time);
    pthread_mutex_unlock(&now.lock);
}

bool gt_tell_due(void) {
    if (!tells()) return false;
    pthread_mutex_lock(&now.lock);
    bool due = now.kind != LINE || (gt_log_is_terminal() && gt_clock() - now.drawn >= least);
    due &= !now.forbidden;
    pthread_mutex_unlock(&now.lock);
    return due;
}

void gt_tell_line(const char *line, const char *piece) {
    if (!tells()) return;
    pthread_mutex_lock(&now.lock);
    snprintf(now.line, sizeof now.line, "%s", line);
    snprintf(now.doing, sizeof now.doing, "%s", piece);
    now.sign = gt_clock();
    begin(LINE);
    draw(now.sign);
    pthread_mutex_unlock(&now.lock);
}

void gt_tell_end(void) {
    pthread_mutex_lock(&now.lock);
    now.kind = NOTHING;
    pthread_mutex_unlock(&now.lock);
    gt_ticker_stop(&now.ticker);
    gt_log_live(NULL);
}

/* ---- signs for other ranks ---- */

/* MPI belongs to one thread, so what is called does too. */
static _Thread_local gt_progress_hooks hooks;
static _Thread_local int open_files; /* pairs of gt_storage_begin() and gt_storage_end() around here */

void gt_progress(void) {
    if (hooks.beat) hooks.beat(hooks.arg);
}

static void tell_of_storage(const char *doing, const char *name) {
    int error = errno;
    if (hooks.storage) hooks.storage(hooks.arg, doing, name);
    errno = error;
}

void gt_storage_begin(const char *doing, const char *path) {
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (open_files++ == 0) tell_of_storage(doing, slash ? slash + 1 : path ? path : "");
}

void gt_storage_end(void) {
    if (--open_files == 0) tell_of_storage(NULL, "");
}

void gt_on_progress(gt_progress_hooks now) { hooks = now; }
