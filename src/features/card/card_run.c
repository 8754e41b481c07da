/* SPDX-License-Identifier: Apache-2.0
 * How the network of a card was trained, as the run's folder tells it: the record of starts, the log, the job; the
 * sheet that was drawn of this network, and the line of an audit. */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "files/codec/door/grid.h"
#include "runner/contents/door/contents.h"
#include "networks/model/door/family.h"
#include "run/door/checkpoint_internal.h"
#include "run/door/rundir.h"
#include "features/card/card.h"

int card_tick(const gt_stats *s, int64_t images) {
    int t = s->ticks - 1;
    while (t >= 0 && s->images[t] != images) t--;
    return t;
}

/* ---- the machines ---- */

typedef struct machines {
    int ranks, threads; /* threads of each rank; 0: not known */
    int hosts;
    bool crowded; /* more threads than cores */
} machines;

/* "4 ranks on 2 hosts (a, b), 8 threads each, bound to 8 cores each; ..." (src/core/dist/comm.c). A host may have any
 * name, so the last such words count. */
static machines read_machines(const char *text) {
    machines m = {.hosts = 1};
    int n = 0;
    if (sscanf(text, "%6d rank%*[s ]on %n", &m.ranks, &n) < 1 || !n) return (machines){0};
    if (sscanf(text + n, "%6d hosts (", &m.hosts) < 1) m.hosts = 1;
    for (const char *at = text + n; (at = strstr(at, ", ")); at++) {
        int threads, end = 0;
        if (sscanf(at, ", %6d thread%n", &threads, &end) == 1 && end) m.threads = threads;
    }
    m.crowded = strstr(text, ", more threads than cores");
    return m;
}

static int cores_of(const char *ranks) {
    machines m = read_machines(ranks);
    bool known = m.ranks > 0 && m.threads > 0 && !m.crowded && m.threads < 1 << 16;
    return known ? m.ranks * m.threads : 0;
}

static void put_machines(gt_card *c, json_t *list, const gt_start_part *p) {
    machines m = read_machines(p->ranks);
    json_t *to = card_put_object(c, list, NULL);
    card_put_int(c, to, "from_images", p->images);
    card_put_text(c, to, "processors", p->processors);
    if (m.ranks > 0) card_put_int(c, to, "ranks", m.ranks);
    if (m.threads > 0) card_put_int(c, to, "threads", m.threads);
    if (m.ranks > 0) card_put_int(c, to, "hosts", m.hosts);
}

/* Starts on other machines than the one before, up to this network. */
static void put_all_machines(gt_card *c, json_t *to, const gt_starts *s, int64_t images) {
    json_t *list = card_put_array(c, to, "machines");
    const gt_start_part *last = NULL;
    for (const gt_start_part *p = s->all; p; p = p->next) {
        if ((p->images >= images && last) || (!*p->processors && !*p->ranks)) continue;
        if (last && !strcmp(last->processors, p->processors) && !strcmp(last->ranks, p->ranks)) continue;
        put_machines(c, list, p);
        last = p;
    }
}

/* The time between two ticks belongs to the start before the second one. NaN: of some part nobody knows the cores. */
static double core_seconds(const gt_starts *s, const gt_stats *stats, const gt_stats_series *seconds, int last) {
    double sum = 0, before = 0;
    const gt_start_part *p = s->all;
    for (int t = 0; t <= last && p; t++) {
        double now = seconds->values[t].mean;
        if (!isfinite(now)) continue;
        while (p->next && p->next->time <= stats->timestamp[t]) p = p->next;
        int cores = cores_of(p->ranks);
        if (!cores && now > before) return NAN;
        if (now > before) sum += (now - before) * cores;
        before = now;
    }
    return p ? sum : NAN;
}

static void put_time(gt_card *c, json_t *to, const gt_starts *s, const gt_stats *stats, int64_t images) {
    enum { HOUR = 3600 };
    const gt_stats_series *seconds = gt_stats_find(stats, "Timing/total_sec");
    int t = seconds ? card_tick(stats, images) : -1;
    if (t < 0) return;
    card_put_real(c, to, "hours", seconds->values[t].mean / HOUR);
    card_put_real(c, to, "core_hours", core_seconds(s, stats, seconds, t) / HOUR);
}

/* "2026-11-22T20:06:43Z" */
static void put_date(gt_card *c, json_t *to, const char *key, double unix_time) {
    char text[GT_NAME_BYTES];
    time_t when = unix_time > 0 && unix_time < 1e11 ? (time_t)unix_time : 0;
    struct tm parts;
    if (when && gmtime_r(&when, &parts) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts))
        card_put_text(c, to, key, text);
}

static void put_starts(gt_card *c, json_t *to, const card_of *of, const gt_starts *s) {
    const char *dir = of->options->run;
    card_put_text(c, to, "state", gt_starts_state(dir, s));
    if (!s->count) return;
    if (s->shown >= 0) card_put_int(c, to, "run_images", s->shown);
    if (s->total > 0) card_put_int(c, to, "run_length", s->total);
    card_put_int(c, to, "starts", s->count);
    put_date(c, to, "begun", s->first);
    if (*s->state) put_date(c, to, "ended", s->ended);
    for (const gt_start_fact *f = s->facts; f->name; f++)
        if (!strcmp(f->name, "program")) card_put_text(c, to, "program", f->text);
    put_all_machines(c, to, s, of->images);
}

/* ---- the hash ---- */

/* That of the run's last checkpoint stands in its record. */
static void compare_hash(gt_card *c, const card_of *of, const gt_starts *s) {
    const char *now = card_text(card_get(c, "file", "hash"));
    if (!*s->hash || s->shown != of->images) return;
    card_put(c, json_object_get(c->all, "file"), "hash_as_recorded", json_boolean(!strcmp(now, s->hash)));
    if (strcmp(now, s->hash))
        gt_warn("'%s' was changed after the run: the run recorded the hash %s, the file has %s", of->options->file,
                s->hash, now);
}

/* ---- the sheet ---- */

static gt_status put_sheet(gt_card *c, const card_of *of) {
    char names[2][40];
    gt_grid_fakes_name(of->images, names[0]);
    snprintf(names[1], sizeof names[1], "reconstructions%09lld.png", (long long)of->images);
    for (int i = 0; i < 2 && !c->sheet; i++) {
        if (!gt_folder_has(of->options->run, names[i])) continue;
        c->sheet = gt_path_join(of->options->run, names[i]);
        if (!c->sheet) return gt_fail(GT_NOMEM, "out of memory for the name of a picture");
    }
    return GT_OK;
}

/* ---- the audit ---- */

static bool has_hash(const json_t *hashes, const char *hash) {
    for (size_t i = 0; i < json_array_size(hashes); i++)
        if (!strcmp(card_text(json_array_get(hashes, i)), hash)) return true;
    return false;
}

/* *audited: each checkpoint that lies in the folder now is one of those. A file that cannot be read is not. */
static gt_status are_audited(const char *dir, const json_t *hashes, bool *audited) {
    GT_FREED checkpoint_place *list = NULL;
    int n;
    gt_status st = checkpoint_list(dir, &list, &n);
    for (int i = 0; i < n && !st && *audited; i++) {
        char hash[GT_CONTENTS_HASH_BYTES], *path = checkpoint_path(dir, list[i].images);
        st = path ? gt_contents_hash_file(path, NULL, hash) : GT_NOMEM;
        *audited = !st && has_hash(hashes, hash);
        if (st != GT_NOMEM) st = GT_OK;
        free(path);
    }
    return st;
}

/* One line of a bounded length, whatever the file holds. */
static void put_line(gt_card *c, const char *line) {
    char cut[1000];
    snprintf(cut, sizeof cut, "%s", line);
    card_put_text(c, c->all, "audit", cut);
}

static gt_status put_audit(gt_card *c, const card_of *of) {
    GT_FREED char *text = NULL;
    gt_status st = gt_rundir_read(of->options->run, "audit.json", &text);
    json_t *audit = text ? json_loads(text, 0, NULL) : NULL;
    const json_t *hashes = json_object_get(audit, "hashes");
    bool fits = has_hash(hashes, card_text(card_get(c, "file", "hash")));
    if (!st && fits) st = are_audited(of->options->run, hashes, &fits);
    if (!st && fits) put_line(c, card_text(json_object_get(audit, "line")));
    else if (!st && text)
        card_put_text(c, c->all, "no_audit", "audit.json is of other checkpoints than those that the run has now");
    json_decref(audit);
    return st;
}

/* ---- all of it ---- */

/* What the job of the run says beside the recipe. */
static gt_status put_job(gt_card *c, json_t *to, const card_of *of) {
    gt_job *job = of->options->job && *of->options->job ? gt_job_new() : NULL;
    if (!job) return GT_OK;
    gt_status st = gt_job_read_text(job, of->options->job, "job.ini");
    if (!st && *job->resume && !gt_is(job->resume, "noresume")) card_put_name(c, to, "begun_from", job->resume);
    gt_job_free(job);
    return st == GT_NOMEM ? st : GT_OK; /* a job that cannot be read says nothing */
}

gt_status card_put_run(gt_card *c, const card_of *of) {
    json_t *to = card_put_object(c, c->all, "training");
    GT_FREED char *path = gt_path_join(of->options->run, "stats.jsonl");
    gt_stats *stats = path ? gt_stats_read(path) : NULL;
    gt_starts *starts = stats ? gt_starts_read(of->options->run) : NULL;
    gt_status st = starts ? GT_OK : gt_failure();
    if (!st) put_starts(c, to, of, starts);
    if (!st) put_time(c, to, starts, stats, of->images);
    if (!st) compare_hash(c, of, starts);
    gt_starts_free(starts);
    gt_stats_free(stats);
    if (!st) st = put_job(c, to, of);
    if (!st) st = put_sheet(c, of);
    return st ? st : put_audit(c, of);
}
