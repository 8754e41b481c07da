/* SPDX-License-Identifier: Apache-2.0
 * The dataset tool against recorded results of the reference tool:
 *     golden_dataset DIR
 * runs every case of DIR/cases.json ({"case", "source", "args", "exit"}) through `gantry dataset` (the program beside
 * build/tests, or $GANTRY) and compares with DIR/CASE.zip: names of entries, their order, pixels, and labels. A case
 * that the reference refuses must be refused too, or be one of those that are taken on purpose: other sizes, and alpha.
 * One line per case; the last one is `N passed, N failed, N skipped`. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files/codec/door/codec.h"
#include "files/codec/door/picture.h"
#include "gantry/program.h"

extern char **environ;

enum { WORDS_MOST = 64, PATH_BYTES = 2 * PATH_MAX };

typedef struct golden_case {
    const char *name, *source, *args[WORDS_MOST];
    int n_args, status;
    const char *message;
} golden_case;

static char gantry[PATH_BYTES], folder[] = "/tmp/golden-dataset-XXXXXX";

static bool find_gantry(void) {
    char here[GT_PROGRAM_PATH_BYTES];
    const char *given = getenv("GANTRY");
    gt_program_folder(here);
    if (given && *given) snprintf(gantry, sizeof gantry, "%s", given);
    else snprintf(gantry, sizeof gantry, "%s/../gantry", here);
    return access(gantry, X_OK) == 0;
}

/* The exit status; what it says goes to the file `said`. -1: it did not end by itself. */
static int run(const char *dir, const golden_case *c, const char *dest, const char *said) {
    char source[PATH_BYTES];
    const char *argv[WORDS_MOST + 6] = {gantry, "dataset", source, dest};
    snprintf(source, sizeof source, "%s/%s", dir, c->source);
    for (int i = 0; i < c->n_args; i++) argv[4 + i] = c->args[i];
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int status, error = posix_spawn(&pid, gantry, &files, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&files);
    if (error || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

/* ---- comparing two archives; the reason is gt_message() ---- */

static gt_status read_entry(gt_zip *z, size_t i, char **bytes) {
    *bytes = calloc(1, gt_zip_at(z, i)->size + 1);
    return *bytes ? gt_zip_read(z, i, *bytes) : gt_fail(GT_NOMEM, "out of memory");
}

static gt_status read_picture(gt_zip *z, size_t i, gt_picture *p) {
    char *bytes;
    gt_status st = read_entry(z, i, &bytes);
    if (!st) st = gt_picture_decode(p, bytes, gt_zip_at(z, i)->size, 0);
    free(bytes);
    return st;
}

static gt_status compare_pictures(gt_zip *a, gt_zip *b, size_t i) {
    gt_picture x = {0}, y = {0};
    gt_status st = read_picture(a, i, &x);
    if (!st) st = read_picture(b, i, &y);
    if (!st && (x.height != y.height || x.width != y.width || x.channels != y.channels || x.type != y.type))
        st = gt_fail(GT_FAILED, "%dx%dx%d instead of %dx%dx%d", x.width, x.height, x.channels, y.width, y.height,
                     y.channels);
    size_t n = st ? 0 : gt_picture_bytes(&x), differ = 0;
    for (size_t k = 0; k < n; k++) differ += ((uint8_t *)x.samples)[k] != ((uint8_t *)y.samples)[k];
    if (differ) st = gt_fail(GT_FAILED, "%zu of %zu bytes of samples differ", differ, n);
    gt_picture_free(&x);
    gt_picture_free(&y);
    return st;
}

/* 1 and 1.0 are equal. */
static bool same_json(const json_t *a, const json_t *b) {
    if (json_is_number(a) && json_is_number(b)) return json_number_value(a) == json_number_value(b);
    if (json_is_array(a) && json_is_array(b)) {
        bool same = json_array_size(a) == json_array_size(b);
        for (size_t i = 0; i < json_array_size(a) && same; i++)
            same = same_json(json_array_get(a, i), json_array_get(b, i));
        return same;
    }
    return json_equal(a, b);
}

static gt_status compare_labels(gt_zip *a, gt_zip *b, size_t i) {
    char *p = NULL, *q = NULL;
    gt_status st = read_entry(a, i, &p);
    if (!st) st = read_entry(b, i, &q);
    json_t *x = st ? NULL : json_loads(p, 0, NULL), *y = st ? NULL : json_loads(q, 0, NULL);
    if (!st && (!x || !y || !same_json(json_object_get(x, "labels"), json_object_get(y, "labels"))))
        st = gt_fail(GT_FAILED, "labels differ");
    json_decref(x);
    json_decref(y);
    free(p);
    free(q);
    return st;
}

static gt_status compare_archives(gt_zip *a, gt_zip *b) {
    /* Gantry's archive also has the hashes of its samples, behind the pictures: the last name. */
    static const char hashes[] = "samples.sha256";
    size_t n = gt_zip_count(b);
    if (gt_zip_count(a) != n + 1 || strcmp(gt_zip_at(a, n)->name, hashes))
        return gt_fail(GT_FAILED, "%zu entries instead of %zu and %s", gt_zip_count(a), n, hashes);
    for (size_t i = 0; i < n; i++) { /* both sorted by name */
        const gt_zip_entry *x = gt_zip_at(a, i), *y = gt_zip_at(b, i);
        if (strcmp(x->name, y->name)) return gt_fail(GT_FAILED, "an entry '%s' instead of '%s'", x->name, y->name);
        bool labels = !strcmp(x->name, "dataset.json"); /* behind the hashes */
        if (x->index != y->index + labels)
            return gt_fail(GT_FAILED, "'%s' is entry %d instead of %d", x->name, (int)x->index, (int)y->index + labels);
        gt_status st = labels ? compare_labels(a, b, i) : compare_pictures(a, b, i);
        if (st) return gt_wrap(st, "'%s'", x->name);
    }
    return GT_OK;
}

static gt_status compare_files(const char *made, const char *golden) {
    gt_zip *a = NULL, *b = NULL;
    gt_status st = gt_zip_open(&a, made);
    if (!st) st = gt_zip_open(&b, golden);
    if (!st) st = compare_archives(a, b);
    gt_zip_close(a);
    gt_zip_close(b);
    return st;
}

/* ---- cases ---- */

/* Why we take what the reference refuses; NULL: no reason. */
static const char *taken_on_purpose(const golden_case *c) {
    if (strstr(c->message, "power-of-two")) return "sizes need not be powers of two";
    if (strstr(c->message, "square")) return "images need not be square";
    if (strstr(c->message, "RGB or grayscale")) return "alpha is a channel";
    return NULL;
}

static const char *first_line(const char *path) {
    static char line[400];
    FILE *f = fopen(path, "r");
    line[0] = 0;
    while (f && fgets(line, sizeof line, f) && strncmp(line, "gantry", 6)) {}
    if (f) fclose(f);
    line[strcspn(line, "\n")] = 0;
    return line;
}

static bool check_case(const char *dir, const golden_case *c) {
    char dest[PATH_BYTES], said[PATH_BYTES], golden[PATH_BYTES];
    snprintf(dest, sizeof dest, "%s/%s.zip", folder, c->name);
    snprintf(said, sizeof said, "%s/said", folder);
    snprintf(golden, sizeof golden, "%s/%s.zip", dir, c->name);
    int status = run(dir, c, dest, said);
    bool good = false;
    if (c->status == 0) {
        good = status == 0 && !compare_files(dest, golden);
        printf("%s  %-20s %s\n", good ? "ok  " : "FAIL", c->name,
               good     ? "names, order, pixels and labels agree"
               : status ? first_line(said)
                        : gt_message());
    } else if (status == 0) {
        const char *reason = taken_on_purpose(c);
        good = reason != NULL;
        printf("%s  %-20s taken%s%s\n", good ? "ok  " : "FAIL", c->name,
               reason ? " on purpose: " : ", and the reference refuses it", reason ? reason : "");
    } else {
        good = status == 1 || status == 2; /* 2: wrong usage, which the reference does not tell apart */
        printf("%s  %-20s refused: %s\n", good ? "ok  " : "FAIL", c->name, first_line(said));
    }
    unlink(dest);
    unlink(said);
    return good;
}

static bool read_case(const json_t *o, golden_case *c) {
    const json_t *args = json_object_get(o, "args");
    const char *message = json_string_value(json_object_get(o, "message"));
    *c = (golden_case){.name = json_string_value(json_object_get(o, "case")),
                       .source = json_string_value(json_object_get(o, "source")),
                       .status = (int)json_integer_value(json_object_get(o, "exit")),
                       .n_args = (int)json_array_size(args),
                       .message = message ? message : ""};
    if (!c->name || !c->source || c->n_args > WORDS_MOST) return false;
    for (int i = 0; i < c->n_args; i++)
        if (!(c->args[i] = json_string_value(json_array_get(args, (size_t)i)))) return false;
    return true;
}

int main(int argc, char **argv) {
    char path[PATH_BYTES];
    int passed = 0, failed = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: %s DIR\n", argv[0]);
        return 2;
    }
    snprintf(path, sizeof path, "%s/cases.json", argv[1]);
    json_error_t error;
    json_t *cases = json_load_file(path, 0, &error), *o;
    if (!json_is_array(cases) || !find_gantry() || !mkdtemp(folder)) {
        fprintf(stderr, "%s\n",
                json_is_array(cases) ? "the program gantry is not there, or /tmp cannot be written" : error.text);
        printf("0 passed, 1 failed, 0 skipped\n");
        return 1;
    }
    size_t i;
    json_array_foreach(cases, i, o) {
        golden_case c;
        bool good = read_case(o, &c) && check_case(argv[1], &c);
        fflush(stdout);
        good ? passed++ : failed++;
    }
    json_decref(cases);
    rmdir(folder);
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed || !passed;
}
