/* SPDX-License-Identifier: Apache-2.0
 * What was chosen for a machine, a network and a batch, kept from run to run (choice.h). A file of lines: a mark, the
 * key, ranks and threads, until when it holds, the text, and the hash of all that. A file that is damaged, of another
 * key, or out of date is as one that is not there, and the next choice takes its place. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/hash.h"
#include "base/door/machine.h"
#include "gantry/text.h"
#include "gantry/log.h"
#include "gantry/version.h"
#include "train/start/choice.h"

enum { MOST_BYTES = 1 << 14 };
#define MARK "gantry ranks 1"

gt_kept_split gt_kept_split_of(const gt_engine *e, int cores, gt_hash128 network) {
    gt_kept_split k = {.cores = cores, .slices = (int)e->job->slices};
    gt_machine m;
    char host[GT_HOST_BYTES] = "", mpi[256], hash[33];
    gt_machine_look(&m);
    gethostname(host, sizeof host - 1);
    gt_mpi_version(mpi, sizeof mpi);
    gt_hash_hex(network, hash);
    snprintf(k.key, sizeof k.key, "%s, %s, %d of %d cores, %d sockets, %.1f GB; gantry %s %s, %s, %s; %s", host, m.cpu,
             cores, m.cores, m.sockets, (double)m.memory / 1e9, GT_VERSION, gt_git_id(),
             gt_kernel_set_instructions(e->job->kernels), mpi, hash);
    k.key[strcspn(k.key, "\n")] = 0;
    return k;
}

/* To be freed; NULL: there is no place. */
static char *path_of(const gt_kept_split *k) {
    char name[33];
    gt_hash_hex(gt_hash(k->key, strlen(k->key)), name);
    char *dir = gt_cache_path("ranks"), *path = dir ? gt_path_join(dir, name) : NULL;
    free(dir);
    return path;
}

static void hash_of(const char *text, size_t n, char hex[33]) { gt_hash_hex(gt_hash(text, n), hex); }

/* The next line of *text, which gets an end; NULL: there is none. */
static char *next_line(char **text) {
    char *line = *text, *end = strchr(line, '\n');
    if (!end) return NULL;
    *end = 0;
    *text = end + 1;
    return line;
}

static bool parse(const gt_kept_split *k, char *text, size_t n, gt_start *out) {
    char hash[33], *last = n > 1 ? memrchr(text, '\n', n - 1) : NULL;
    if (strlen(text) != n || text[n - 1] != '\n' || !last) return false;
    hash_of(text, (size_t)(last + 1 - text), hash);
    const char *mark = next_line(&text), *key = next_line(&text), *split = key ? next_line(&text) : NULL,
               *said = split ? next_line(&text) : NULL, *seal = said ? next_line(&text) : NULL;
    double until;
    gt_split s;
    if (!seal || strcmp(seal, hash) || strcmp(mark, MARK) || strcmp(key, k->key)) return false;
    if (sscanf(split, "%d %d %lf", &s.ranks, &s.threads, &until) != 3 || !(until > gt_unix_time())) return false;
    if (s.ranks < 1 || s.threads < 1 || s.ranks > k->slices || s.ranks * s.threads != k->cores) return false;
    out->split = s;
    snprintf(out->text, sizeof out->text, "%s", said);
    return true;
}

bool gt_kept_split_read(const gt_kept_split *k, gt_start *out) {
    GT_FREED char *path = path_of(k);
    GT_FREED void *bytes = NULL;
    size_t n;
    return path && !access(path, F_OK) && !gt_file_read(path, MOST_BYTES, &bytes, &n) && parse(k, bytes, n, out);
}

void gt_kept_split_write(const gt_kept_split *k, const gt_start *s, bool busy) {
    const double day = 86400, month = 30 * day;
    double now = gt_unix_time();
    char *dir = gt_cache_path("ranks"), *path = path_of(k), hash[33], date[GT_DATE_BYTES];
    gt_buffer b = {0};
    gt_buffer_printf(&b, MARK "\n%s\n%d %d %.0f\n%s (tried on %s)\n", k->key, s->split.ranks, s->split.threads,
                     now + (busy ? day : month), s->text, gt_date_text(now, date));
    if (dir) gt_halves_clear(dir);
    if (!b.failed) {
        hash_of(b.data, b.n, hash);
        gt_buffer_printf(&b, "%s\n", hash);
    }
    gt_status st = !dir || !path ? gt_failure() : gt_make_directories(dir);
    if (!st) st = gt_buffer_write(&b, path);
    else gt_buffer_free(&b);
    if (st) gt_log(GT_DEBUG, "the choice of ranks and threads is not kept: %s", gt_message());
    free(dir);
    free(path);
}
