/* SPDX-License-Identifier: Apache-2.0
 * The program ffmpeg at the other end of a pipe: see ffmpeg.h. */
#define _GNU_SOURCE
#include "runner/generator/ffmpeg.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/door/file.h"
#include "files/codec/door/notes.h"

/* What the waiting child gets first. */
typedef struct order {
    char path[PATH_MAX], rate[32];
    /* to be unpacked into `path`, bytes at most, and pixels of a frame at most; "": a film is packed */
    char film[PATH_MAX], most[32], pixels[32];
} order;

struct gt_ffmpeg {
    pid_t child;
    int pipe; /* -1: closed */
    gt_growing_file file;
};

/* Is the program on the path? */
static bool is_there(const char *program) {
    char path[PATH_MAX];
    const char *folder = getenv("PATH");
    while (folder && *folder) {
        size_t n = strcspn(folder, ":");
        if (snprintf(path, sizeof path, "%.*s/%s", (int)n, folder, program) < (int)sizeof path && !access(path, X_OK) &&
            !gt_is_directory(path))
            return true;
        folder += n + (folder[n] == ':');
    }
    return false;
}

/* Sides of MP4 films are even. Of a film that anybody has packed, the two forms of frames are read that ffmpeg packs
 * into MP4, and no other file. */
static void become_ffmpeg(const order *o) {
    if (*o->film)
        execlp("ffmpeg", "ffmpeg", "-nostdin", "-loglevel", "quiet", "-y", "-protocol_whitelist", "file",
               "-codec_whitelist", "h264,mpeg4", "-max_pixels", o->pixels, "-f", "mp4", "-i", o->film, "-map", "0:v:0",
               "-fs", o->most, "-f", "image2pipe", "-c:v", "ppm", o->path, (char *)NULL);
    execlp("ffmpeg", "ffmpeg", "-loglevel", "error", "-y", "-f", "image2pipe", "-framerate", o->rate, "-c:v", "ppm",
           "-i", "-", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f",
           "mp4", o->path, (char *)NULL);
}

/* The child: signals of the terminal are not for it, since it ends with its pipe. */
static void wait_and_become(int from) {
    order o;
    setpgid(0, 0);
    dup2(from, STDIN_FILENO);
    close_range(STDERR_FILENO + 1, ~0u, 0); /* and so the pipes of others that wait, which would never end */
    size_t n = 0;
    for (ssize_t got = 1; got > 0 && n < sizeof o; n += (size_t)got)
        if ((got = read(STDIN_FILENO, (char *)&o + n, sizeof o - n)) < 0) got = errno == EINTR ? 0 : -1;
    if (n < sizeof o) _exit(0); /* there will be no film */
    dup2(STDERR_FILENO, STDOUT_FILENO);
    become_ffmpeg(&o);
    _exit(127);
}

gt_status gt_ffmpeg_ready(gt_ffmpeg **out) {
    int ends[2];
    *out = NULL;
    if (!is_there("ffmpeg"))
        return gt_fail(GT_FAILED, "MP4 needs the program ffmpeg, which is not installed: write FILE.webp, which plays "
                                  "in every browser, or a folder with a picture for each frame");
    gt_ffmpeg *f = calloc(1, sizeof *f);
    if (!f) return gt_fail(GT_NOMEM, "out of memory for a film");
    *f = (gt_ffmpeg){.pipe = -1, .file = {.fd = -1}};
    if (pipe2(ends, O_CLOEXEC) || (f->child = fork()) < 0) {
        free(f);
        return gt_fail(GT_FAILED, "ffmpeg cannot be started: %s", strerror(errno));
    }
    if (!f->child) {
        close(ends[1]);
        wait_and_become(ends[0]);
    }
    close(ends[0]);
    f->pipe = ends[1];
    *out = f;
    return GT_OK;
}

static gt_status add_frame(gt_ffmpeg *f, const void *bytes, size_t n) {
    int error = gt_write_all(f->pipe, bytes, n);
    return error == EPIPE ? gt_fail(GT_FAILED, "'%s': ffmpeg ended before the film was complete; see its message above",
                                    f->file.path)
           : error        ? gt_fail(GT_FAILED, "'%s': ffmpeg takes no more frames: %s", f->file.path, strerror(error))
                          : GT_OK;
}

gt_status gt_ffmpeg_begin(gt_ffmpeg *f, const char *path, double fps) {
    gt_status st = gt_growing_open(&f->file, path);
    if (st) return st;
    order o = {0};
    snprintf(o.rate, sizeof o.rate, "%.6g", fps);
    /* a path that begins with a letter and a colon, or with a dash, would be something else to ffmpeg */
    if (snprintf(o.path, sizeof o.path, "file:%s", f->file.part) >= (int)sizeof o.path)
        return gt_fail(GT_USAGE, "'%s': the path is too long", path);
    return add_frame(f, &o, sizeof o);
}

gt_status gt_ffmpeg_add(gt_ffmpeg *f, const void *frame, size_t bytes) { return add_frame(f, frame, bytes); }

/* The status of ffmpeg, which ends when its pipe does. */
static int end_program(gt_ffmpeg *f) {
    int status = 0;
    if (f->pipe < 0) return 0;
    close(f->pipe);
    f->pipe = -1;
    while (waitpid(f->child, &status, 0) < 0 && errno == EINTR) continue;
    return status;
}

gt_status gt_ffmpeg_unpack(gt_ffmpeg *f, const char *film, int height, int width, const char *frames, int64_t most) {
    enum { BLOCK = 128 }; /* of 16 pixels as they are packed, and more as lines lie in memory */
    order o = {0};
    int64_t rows = (height + BLOCK - 1) / BLOCK * BLOCK, columns = (width + BLOCK - 1) / BLOCK * BLOCK;
    snprintf(o.most, sizeof o.most, "%" PRId64, most);
    snprintf(o.pixels, sizeof o.pixels, "%" PRId64, rows * columns < INT_MAX ? rows * columns : INT_MAX);
    if (snprintf(o.film, sizeof o.film, "file:%s", film) >= (int)sizeof o.film ||
        snprintf(o.path, sizeof o.path, "file:%s", frames) >= (int)sizeof o.path)
        return gt_fail(GT_USAGE, "'%s': the path is too long", film);
    int error = gt_write_all(f->pipe, &o, sizeof o), status = end_program(f);
    return error || status ? gt_fail(GT_FAILED, "ffmpeg cannot unpack it (status %d)",
                                     WIFEXITED(status) ? WEXITSTATUS(status) : status)
                           : GT_OK;
}

/* Behind all that ffmpeg has written. */
static gt_status append(gt_ffmpeg *f, const char *xmp) {
    gt_buffer box = {0};
    gt_mp4_put_xmp(&box, xmp);
    off_t end = lseek(f->file.fd, 0, SEEK_END);
    int error = box.failed ? ENOMEM : end < 0 ? errno : gt_write_all(f->file.fd, box.data, box.n);
    gt_status st = error ? gt_file_write_failed(f->file.path, error, box.n) : GT_OK;
    gt_buffer_free(&box);
    return st;
}

gt_status gt_ffmpeg_finish(gt_ffmpeg *f, const char *xmp) {
    int status = end_program(f);
    if (status)
        return gt_fail(GT_FAILED, "'%s': ffmpeg failed (status %d); see its message above", f->file.path,
                       WIFEXITED(status) ? WEXITSTATUS(status) : status);
    gt_status st = xmp ? append(f, xmp) : GT_OK;
    return st ? st : gt_growing_finish(&f->file);
}

void gt_ffmpeg_close(gt_ffmpeg *f) {
    if (!f) return;
    if (f->pipe >= 0 && f->file.fd >= 0) kill(f->child, SIGKILL); /* in the middle of a film */
    end_program(f);
    gt_growing_close(&f->file);
    free(f);
}
