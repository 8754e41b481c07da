/* SPDX-License-Identifier: Apache-2.0
 * How an autoencoder's run reduces its losses: job.ini and the record of the starts say that. */
#include "run/door/reductions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/door/rundir.h"

/* The value behind "key = " in the text of a job; NULL: there is no such line. */
static const char *value_in(const char *job, const char *key) {
    size_t n = strlen(key);
    for (const char *line = job; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, key, n) && !strncmp(line + n, " = ", 3)) return line + n + 3;
    }
    return NULL;
}

static bool is_value(const char *job, const char *key, const char *value) {
    const char *found = value_in(job, key);
    size_t n = strlen(value);
    return found && !strncmp(found, value, n) && (!found[n] || found[n] == '\n');
}

static double number_in(const char *job, const char *key, double otherwise) {
    const char *found = value_in(job, key);
    return found ? strtod(found, NULL) : otherwise;
}

/* Of "PATH: 100 images 12x12x1, ...", where the path may hold anything: the last such words. */
static bool read_size(const char *fact, int size[3]) {
    bool found = false;
    for (const char *at = fact; (at = strstr(at, ": ")); at++) {
        long long count;
        found |= sscanf(at, ": %18lld image%*[s ]%6dx%6dx%6d", &count, &size[0], &size[1], &size[2]) == 4;
    }
    return found;
}

static bool find_size(const char *dir, int size[3]) {
    gt_starts *s = gt_starts_read(dir);
    bool found = false;
    for (const gt_start_fact *f = s ? s->facts : NULL; f && f->name && !found; f++)
        found = !strcmp(f->name, "data") && read_size(f->text, size);
    gt_starts_free(s);
    return found;
}

static gt_recon recon_in(const char *job) {
    static const char *const names[] = {GT_RECONS(GT_NAME)};
    int i = sizeof names / sizeof *names - 1;
    while (i > 0 && !is_value(job, "recon", names[i])) i--;
    return (gt_recon)i;
}

gt_status gt_reductions_read(const char *dir, gt_reductions *out) {
    enum { POOLED = 4 };
    char *job;
    int size[3] = {0};
    *out = (gt_reductions){0};
    gt_status st = gt_rundir_read(dir, "job.ini", &job);
    if (st || !job) return st;
    if (value_in(job, "recon-pixels")) {
        bool known = find_size(dir, size), codes = is_value(job, "model", "gumbel");
        *out = (gt_reductions){.any = true,
                               .recon = recon_in(job),
                               .mean_pixels = is_value(job, "recon-pixels", "mean"),
                               .mean_batch = is_value(job, "recon-batch", "mean"),
                               .mean_latent = is_value(job, "kl-latent", "mean"),
                               .mean_kl_batch = is_value(job, "kl-batch", "mean"),
                               .pixels = known ? (double)size[0] * size[1] * size[2] : 0,
                               .latent = !codes  ? number_in(job, "z-dim", 0)
                                         : known ? (double)(size[0] / POOLED) * (size[1] / POOLED)
                                                 : 0,
                               .factor = number_in(job, "factor", 1),
                               .beta = number_in(job, "beta", 1),
                               .commitment = number_in(job, "commitment", 0)};
    }
    free(job);
    return GT_OK;
}
