/* SPDX-License-Identifier: Apache-2.0
 * A target without libFuzzer: its seeds, variants of them that are the same each time, and what was found before.
 *
 *     test_fuzz_NAME                 replay
 *     test_fuzz_NAME --seeds DIR     write the seeds as files
 *     test_fuzz_NAME FILE ...        run these files
 *
 * The input at hand when it crashes is left in build/test-logs/fuzz_NAME.input (or the current directory). */
#define _GNU_SOURCE
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"

enum { LONGEST = 64 << 20, CHANGES = 4 };

/* ---- the input at hand, for the handler of a crash ---- */

static const void *at_hand;
static size_t at_hand_bytes;
static char keep_as[4096];

static void keep_input(int number) {
    static const char text[] = "the input is kept as ";
    int fd = open(keep_as, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ssize_t ignored = fd < 0 ? 0 : write(fd, at_hand, at_hand_bytes);
    if (fd >= 0) {
        ignored = write(STDERR_FILENO, text, sizeof text - 1);
        ignored = write(STDERR_FILENO, keep_as, strlen(keep_as));
        ignored = write(STDERR_FILENO, "\n", 1);
    }
    (void)ignored;
    signal(number, SIG_DFL);
    raise(number);
}

static void run(const void *bytes, size_t n) {
    at_hand = bytes;
    at_hand_bytes = n;
    target.run(bytes, n);
}

/* ---- variants ---- */

static uint32_t draw(uint32_t *state) { /* xorshift: the same numbers everywhere */
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* One change: bits, a telling value in 1 to 8 bytes, a piece out, a piece twice, an end cut off. `room` is at least 2n.
 */
static size_t change(uint8_t *b, size_t n, uint32_t *state) {
    static const uint64_t telling[] = {0,      1,          0x7f,       0x80,       0xff,      0x7fff,
                                       0xffff, 0x7fffffff, 0x80000000, 0xffffffff, INT64_MAX, UINT64_MAX};
    if (n == 0) return 0;
    size_t place = draw(state) % n, length = 1 + draw(state) % (n - place < 64 ? n - place : 64);
    switch (draw(state) % 6) {
    case 0:
    case 1: b[place] ^= (uint8_t)(1u << draw(state) % 8); return n;
    case 2: {
        uint64_t value = telling[draw(state) % (sizeof telling / sizeof *telling)];
        size_t bytes = (size_t)1 << draw(state) % 4;
        memcpy(b + place, &value, bytes < n - place ? bytes : n - place);
        return n;
    }
    case 3: memmove(b + place, b + place + length, n - place - length); return n - length;
    case 4: memmove(b + place + length, b + place, n - place); return n + length;
    default: return draw(state) % 4 ? n : place;
    }
}

static void replay_seed(void *arg, const void *bytes, size_t n) {
    int *seed = arg;
    run(bytes, n);
    uint8_t *copy = malloc(n + CHANGES * 64 + 8);
    fuzz_check(copy);
    for (int i = 0; i < target.variants; i++) {
        uint32_t state = 2654435761u * (uint32_t)(1000 * *seed + i + 1);
        size_t length = n;
        memcpy(copy, bytes, n);
        for (int k = 0; k <= i % CHANGES; k++) length = change(copy, length, &state);
        uint8_t *exact = malloc(length + 1); /* so that AddressSanitizer sees one byte too far */
        fuzz_check(exact);
        exact = realloc(memcpy(exact, copy, length), length ? length : 1);
        run(exact, length);
        free(exact);
    }
    free(copy);
    ++*seed;
}

/* ---- files ---- */

static void run_file(const char *path) {
    void *bytes;
    size_t n;
    if (gt_file_read(path, LONGEST, &bytes, &n)) {
        fprintf(stderr, "%s\n", gt_message());
        exit(1);
    }
    run(bytes, n);
    free(bytes);
}

static int run_found(const char *name) {
    char dir[512];
    snprintf(dir, sizeof dir, "tests/fuzz/found/%s", name);
    DIR *d = opendir(dir);
    int n = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        char *path = gt_path_join(dir, e->d_name);
        struct stat s;
        if (path && stat(path, &s) == 0 && S_ISREG(s.st_mode)) run_file(path), n++;
        free(path);
    }
    if (d) closedir(d);
    return n;
}

typedef struct numbered {
    const char *dir;
    int n;
} numbered;

static void write_seed(void *arg, const void *bytes, size_t n) {
    numbered *to = arg;
    char name[32];
    snprintf(name, sizeof name, "seed-%03d", to->n++);
    char *path = gt_path_join(to->dir, name);
    if (!path || gt_file_write(path, bytes, n)) {
        fprintf(stderr, "%s\n", gt_message());
        exit(1);
    }
    free(path);
}

int main(int argc, char **argv) {
    fuzz_begin(argc, argv);
    if (argc == 3 && !strcmp(argv[1], "--seeds")) {
        target.seeds(write_seed, &(numbered){.dir = argv[2]});
        return 0;
    }
    const char *slash = strrchr(argv[0], '/'), *program = slash ? slash + 1 : argv[0], *logs = getenv("BUILD");
    snprintf(keep_as, sizeof keep_as, "%s%s%s.input", logs ? logs : "", logs ? "/test-logs/" : "", program);
#ifndef __SANITIZE_ADDRESS__ /* whose own handlers say where */
    for (int i = 0; i < 4; i++) signal((int[]){SIGSEGV, SIGBUS, SIGABRT, SIGFPE}[i], keep_input);
#else
    signal(SIGABRT, keep_input);
#endif
    for (int i = 1; i < argc; i++) run_file(argv[i]);
    if (argc > 1) return 0;
    int seeds = 0, found = run_found(program + (strncmp(program, "test_fuzz_", 10) ? 0 : 10));
    target.seeds(replay_seed, &seeds);
    printf("%d seeds with %d variants each, %d earlier findings\n", seeds, target.variants, found);
    return 0;
}
