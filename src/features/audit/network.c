/* SPDX-License-Identifier: Apache-2.0
 * Is a network, or are pictures, what a run gives at one of its steps? What the run gives is made again, in a folder
 * that goes away, and compared. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "features/audit/internal.h"
#include "features/audit/pictures.h"
#include "base/door/file.h"
#include "runner/contents/door/contents.h"
#include "gantry/export.h"
#include "gantry/file.h"
#include "gantry/generate.h"
#include "gantry/log.h"
#include "gantry/text.h"
#include "runner/generator/door/generator.h"

enum { PATH_ROOM = 4200, FOLDER_ROOM = 4096 };

typedef struct picture {
    int64_t seed;
    int class;        /* that its name has; -1: none */
    const char *path; /* rank 0's */
} picture;

typedef struct search {
    audit *a; /* of rank 0; else NULL */
    gt_comm *comm;
    const gt_audit_network *o;
    gt_audit_made *made;
    gt_file_kind kind;
    int64_t images;           /* that the network claims; -1: none */
    char folder[FOLDER_ROOM]; /* for what is made again; rank 0's, but all write pictures into it */
    picture *pictures;        /* [n] on all ranks; those of a class stand together */
    int64_t *seeds;           /* [n] of the pictures */
    int64_t n;
    int room;
    gt_arena *arena;
    char why[GT_CONTENTS_NAME_BYTES + 512]; /* how it differs from the likeliest one */
    audit_list unchecked;                   /* what lies beside the pictures */
} search;

/* ---- what it claims ---- */

static gt_status add_picture(void *arg, const char *path, const char *name) {
    search *s = arg;
    long long seed;
    picture found = {.class = -1};
    char stem[GT_GENERATED_NAME];
    int parts = sscanf(name, "seed%18lld-class%9d.png", &seed, &found.class);
    size_t n = parts < 1 ? 0 : strlen(gt_generated_of_class(found.seed = seed, found.class, stem));
    if (!n || strncmp(name, stem, n) || strcmp(name + n, ".png")) {
        if (strcmp(name, ".") && strcmp(name, "..")) audit_list_add(&s->unchecked, "%s", name);
        return GT_OK;
    }
    if (!gt_arena_grow(s->arena, &s->pictures, (int)s->n, &s->room, sizeof *s->pictures) ||
        !(found.path = gt_arena_printf(s->arena, "%s", path)))
        return GT_NOMEM;
    s->pictures[s->n++] = found;
    return GT_OK;
}

static int by_class(const void *a, const void *b) {
    const picture *x = a, *y = b;
    int order = (x->class > y->class) - (x->class < y->class);
    return order ? order : (x->seed > y->seed) - (x->seed < y->seed);
}

static gt_status find_pictures(search *s) {
    char name[GT_NAME_BYTES];
    gt_status st = GT_OK;
    if (s->kind == GT_KIND_FOLDER) st = gt_folder_each(s->o->network, add_picture, s);
    else {
        gt_path_name(s->o->network, name);
        st = add_picture(s, s->o->network, name);
    }
    if (s->n) qsort(s->pictures, (size_t)s->n, sizeof *s->pictures, by_class);
    if (st || s->n) return st;
    return gt_fail(GT_USAGE,
                   "'%s' has no picture whose name has its seed, as gantry generate names them (seed0000.png)",
                   s->o->network);
}

static gt_status read_claim(search *s) {
    char name[GT_NAME_BYTES];
    long long images;
    s->images = -1;
    s->kind = gt_kind_of_file(s->o->network);
    if (s->kind == GT_KIND_MISSING) return gt_fail(GT_FAILED, "cannot read '%s'", s->o->network);
    if (s->kind == GT_KIND_FOLDER || s->kind == GT_KIND_PICTURE) return find_pictures(s);
    gt_path_name(s->o->network, name);
    if (sscanf(name, "network-snapshot-%18lld.", &images) == 1) s->images = images;
    if (s->kind != GT_KIND_CHECKPOINT) return GT_OK;
    gt_status st;
    gt_checkpoint_file *f = gt_checkpoint_open(s->o->network, &st);
    if (f && !gt_checkpoint_find(f, "/state/images")) s->kind = GT_KIND_HDF5; /* for use alone: an export */
    else if (f) st = gt_checkpoint_get_int(f, "/state/images", &s->images);
    gt_checkpoint_close(f);
    return st;
}

static gt_status share_claim_all(search *s) {
    gt_comm *c = s->comm;
    gt_comm_broadcast_all(c, &s->kind, sizeof s->kind, 0);
    gt_comm_broadcast_all(c, &s->images, sizeof s->images, 0);
    gt_comm_broadcast_all(c, &s->n, sizeof s->n, 0);
    gt_comm_broadcast_all(c, s->folder, sizeof s->folder, 0);
    if (c->rank) s->pictures = gt_arena_array(s->arena, (size_t)s->n + 1, sizeof *s->pictures);
    s->seeds = gt_arena_array(s->arena, (size_t)s->n + 1, sizeof *s->seeds);
    gt_status st = gt_comm_agree_all(c, gt_arena_failed(s->arena) ? GT_NOMEM : GT_OK);
    if (st || !s->n) return st;
    gt_comm_broadcast_all(c, s->pictures, (size_t)s->n * sizeof *s->pictures, 0); /* paths are rank 0's */
    for (int64_t i = 0; i < s->n; i++) s->seeds[i] = s->pictures[i].seed;
    return GT_OK;
}

/* ---- made again ---- */

/* Of equal bytes *same is true. */
static gt_status same_bytes(const char *a, const char *b, bool *same) {
    gt_sha256 x, y;
    gt_status st = gt_sha256_of_file(a, &x);
    if (!st) st = gt_sha256_of_file(b, &y);
    *same = !st && gt_sha256_equal(&x, &y);
    return st;
}

/* If the bytes differ: are all tensors equal? Of files whose contents cannot be read only the bytes count. */
static bool same_contents(search *s, const char *made) {
    gt_contents *a = NULL, *b = NULL;
    GT_FREED gt_contents_difference *d = calloc(1, sizeof *d);
    gt_status st = d ? gt_contents_open(&a, s->o->network, NULL) : GT_NOMEM;
    if (!st) st = gt_contents_open(&b, made, NULL);
    if (!st) st = gt_contents_read(a, NULL, GT_CONTENTS_SHA256);
    if (!st) st = gt_contents_read(b, NULL, GT_CONTENTS_SHA256);
    if (!st) st = gt_contents_compare(a, b, d);
    bool same = !st && !d->parts;
    if (!same && !*s->why) snprintf(s->why, sizeof s->why, "%s", st ? "the bytes differ" : d->first);
    gt_contents_close(a);
    gt_contents_close(b);
    return same;
}

/* A kept checkpoint, for facts about the data where the run was computed again. */
static const char *kept_checkpoint(const audit *a) {
    for (int i = a->n_places - 1; i >= 0; i--)
        if (a->place[i].path) return a->place[i].path;
    return NULL;
}

static gt_status compare_beside(search *s, const char *made) {
    audit_list others = {0};
    const char *kept = s->made->computed ? kept_checkpoint(s->a) : NULL;
    gt_status st = audit_compare_beside(s->a, s->o->network, made, kept, &others);
    snprintf(s->made->others, sizeof s->made->others, "%s", audit_list_end(&others));
    if (!st || st == GT_NOMEM) return st;
    if (st == GT_UNDECIDED)
        return gt_wrap(st, "'%s' has all tensors and the recipe that '%s' gives at %" PRId64 " images, but",
                       s->o->network, s->o->run, s->made->images);
    return gt_wrap(GT_FAILED,
                   "'%s' is not what '%s' gives at %" PRId64 " images: all tensors are equal, but not what "
                   "it says beside them",
                   s->o->network, s->o->run, s->made->images);
}

static gt_status compare_file(search *s, const char *made, bool *found) {
    gt_status st = same_bytes(s->o->network, made, found);
    s->made->bytes = *found;
    s->made->pickle = gt_kind_is_foreign_network(s->kind) && s->kind != GT_KIND_SAFETENSORS;
    if (st || *found || !(*found = same_contents(s, made))) return st;
    return compare_beside(s, made);
}

/* As `gantry export` writes the network in use, and then with all networks. */
static gt_status compare_export(search *s, const char *checkpoint, bool *found) {
    const char *ending = strrchr(s->o->network, '.');
    char out[PATH_ROOM];
    gt_status st = GT_OK;
    snprintf(out, sizeof out, "%s/network%s", s->folder, ending ? ending : "");
    for (int all = 0; all < 2 && !st && !*found; all++) {
        st = gt_export(&(gt_export_request){.checkpoint = checkpoint, .out = out, .all = all}, NULL);
        if (st == GT_USAGE && all) return GT_OK; /* a form of one network */
        if (!st) st = compare_file(s, out, found);
        unlink(out);
    }
    return st;
}

/* A record need not be there; one of an export, or of another version, is listed as not checked. */
static gt_status check_record(search *s, const char *path, const char *json, const char *made, bool *same) {
    gt_record_found again;
    gt_record *claimed = NULL, *is = NULL;
    gt_record_difference d = {0};
    gt_status st = gt_record_find(made, &again);
    if (!st && again.json) st = gt_record_parse(&is, again.json, strlen(again.json));
    if (!st && (st = gt_record_parse(&claimed, json, strlen(json))) == GT_FORMAT) st = GT_OK;
    if (is && claimed) gt_record_compare(claimed, is, &d);
    bool other = !is || !claimed || *d.unknown || !strcmp(d.key, "network_sha256") || !strcmp(d.key, "recipe_sha256") ||
                 !strcmp(d.key, "arithmetic");
    if (other) audit_list_add(&s->unchecked, "the record of %s", path);
    *same = other || !*d.key;
    if (!*same && !*s->why)
        snprintf(s->why, sizeof s->why, "the record of %s is not true: %s is %s", path, d.key, d.values);
    gt_record_close(claimed);
    gt_record_close(is);
    free(again.json);
    return st;
}

/* The same pixels, and nothing beside them that could show others. */
static gt_status same_pixels(search *s, const char *path, const char *made, bool *same) {
    gt_record_found found;
    audit_pixels p;
    gt_status st = gt_record_find(path, &found);
    *same = !st && !*found.beyond && !found.animated;
    if (!*same && !*s->why)
        snprintf(s->why, sizeof s->why, "%s: %s", path,
                 st              ? gt_message()
                 : *found.beyond ? found.beyond
                                 : "several pictures");
    GT_FREED char *json = found.json;
    if (!*same) return st == GT_NOMEM ? st : GT_OK;
    if ((st = audit_pixels_compare(path, made, AUDIT_PICTURE, 1, 1, &p))) return st;
    *same = !p.differ && !*p.words;
    s->made->bytes &= p.bytes;
    if (!*same && !*s->why) snprintf(s->why, sizeof s->why, "%s is another picture", path);
    return *same && json ? check_record(s, path, json, made, same) : GT_OK;
}

static gt_status compare_pictures(search *s, int64_t first, int64_t end, bool *found) {
    gt_status st = GT_OK;
    *found = true;
    for (int64_t i = first; i < end; i++) {
        char out[PATH_ROOM], name[GT_GENERATED_NAME];
        snprintf(out, sizeof out, "%s/%s.png", s->folder, gt_generated_name(false, s->seeds[i], name));
        bool differed = st || !*found;
        const char *path = s->pictures[i].path;
        if (!differed) st = same_pixels(s, path, out, found);
        unlink(out);
    }
    return st;
}

/* Behind the last picture that one request makes together with picture i. One picture first: that tells most of the
 * wrong checkpoints. */
static int64_t end_of(const search *s, int64_t i) {
    int64_t end = i + 1;
    while (i && end < s->n && s->pictures[end].class == s->pictures[i].class) end++;
    return end;
}

static gt_status compare_pictures_all(search *s, const char *checkpoint, int *found) {
    gt_status st = GT_OK;
    *found = 1;
    s->made->bytes = true;
    for (int64_t i = 0, end; i < s->n && *found && !st; i = end) {
        char class[16] = "";
        bool same = false;
        if (s->pictures[i].class >= 0) snprintf(class, sizeof class, "#%d", s->pictures[i].class);
        end = end_of(s, i);
        gt_generate_request r = {
            .checkpoint = checkpoint,
            .options = {.noise_mode = GT_NOISE_CONST, .truncation = (float)s->o->truncation, .pool = s->o->pool},
            .n = end - i,
            .seeds = s->seeds + i,
            .condition = {.class = s->o->class && *s->o->class ? s->o->class : class},
            .outdir = s->folder,
            .single = true};
        st = gt_generate_all(s->comm, &r, NULL);
        if (!st) st = gt_comm_agree_all(s->comm, s->a ? compare_pictures(s, i, end, &same) : GT_OK);
        *found = same;
        gt_comm_broadcast_all(s->comm, found, sizeof *found, 0);
    }
    return st;
}

/* ---- from which checkpoint ---- */

static gt_status compare_all(search *s, const char *path, int *found) {
    char checkpoint[PATH_ROOM] = "";
    if (path) snprintf(checkpoint, sizeof checkpoint, "%s", path);
    gt_comm_broadcast_all(s->comm, checkpoint, sizeof checkpoint, 0);
    if (s->n) return compare_pictures_all(s, checkpoint, found);
    bool same = false;
    gt_status st = GT_OK;
    if (s->a && s->kind == GT_KIND_CHECKPOINT) st = compare_file(s, checkpoint, &same);
    else if (s->a) st = compare_export(s, checkpoint, &same);
    *found = same;
    gt_comm_broadcast_all(s->comm, found, sizeof *found, 0);
    return gt_comm_agree_all(s->comm, st);
}

/* The place of the claim; where nothing is claimed each checkpoint in its turn, the newest first. -1: no more. */
static int next_place(const search *s, int before) {
    for (int i = before - 1; i >= 0; i--)
        if (s->a->place[i].path && (s->images < 0 || s->a->place[i].images == s->images)) return i;
    return -1;
}

/* The claimed checkpoint is gone: the run is computed again from the one before. */
static gt_status make_again_all(search *s, char path[PATH_ROOM]) {
    gt_status st = audit_make_all(s->comm, s->a, s->images, s->folder, path);
    s->made->computed = !st;
    return st;
}

static gt_status search_all(search *s) {
    int at = s->a ? s->a->n_places : 0, found = 0, tried = 0;
    gt_status st = GT_OK;
    while (!st && !found) {
        at = s->a ? next_place(s, at) : 0;
        gt_comm_broadcast_all(s->comm, &at, sizeof at, 0);
        if (at < 0) break;
        tried++;
        if (s->a) s->made->images = s->a->place[at].images;
        st = compare_all(s, s->a ? s->a->place[at].path : NULL, &found);
    }
    if (!st && !tried && s->images >= 0) {
        char path[PATH_ROOM] = "";
        s->made->images = s->images;
        st = make_again_all(s, path);
        if (!st) st = compare_all(s, path, &found);
        if (s->a && *path) unlink(path);
    }
    if (st || found) return st;
    if (s->images >= 0)
        return gt_fail(GT_FAILED, "'%s' is not what '%s' gives at %" PRId64 " images: %s", s->o->network, s->o->run,
                       s->images, s->why);
    return gt_fail(GT_FAILED, "'%s' is not what any of the %d kept checkpoints of '%s' gives: of the newest, %s",
                   s->o->network, tried, s->o->run, s->why);
}

gt_status gt_audit_network_all(gt_comm *comm, const gt_audit_network *o, gt_audit_made *made) {
    gt_audit_found found = {0};
    audit a = {.o = &(gt_audit_options){.run = o->run, .data = o->data, .trace = "", .compare = ""}, .found = &found};
    bool first = comm->rank == 0;
    search s = {.a = first ? &a : NULL, .comm = comm, .o = o, .made = made, .arena = gt_arena_new()};
    *made = (gt_audit_made){0};
    gt_status st = s.arena ? GT_OK : GT_NOMEM;
    if (!st && first) st = audit_first(&a);
    if (!st && first) st = read_claim(&s);
    if (!st && first) st = gt_temp_folder_make("audit", s.folder, sizeof s.folder);
    st = gt_comm_agree_all(comm, st);
    if (!st) st = share_claim_all(&s);
    if (!st) st = search_all(&s);
    made->pictures = s.n;
    snprintf(made->unchecked, sizeof made->unchecked, "%s", audit_list_end(&s.unchecked));
    if (first && *s.folder) rmdir(s.folder);
    gt_ledger_lines_free(a.ledger);
    gt_arena_free(a.arena);
    gt_arena_free(s.arena);
    return st;
}

void gt_audit_print_made(const gt_audit_network *o, const gt_audit_made *m) {
    char pictures[64] = "";
    if (m->pictures) snprintf(pictures, sizeof pictures, " (%" PRId64 " pictures)", m->pictures);
    gt_print("'%s'%s is what '%s' gives at %.6g kimg: made again %s, %s\n", o->network, pictures, o->run,
             (double)m->images / 1000, m->computed ? "by computing the run again" : "from the checkpoint of the run",
             m->bytes ? "it has the same bytes"
             : m->pictures
                 ? "it has the same pixels"
                 : "all tensors are equal, and what this program reads beside them (the bytes of the file are "
                   "not)");
    if (*m->others) gt_print("what differs, and is not read: %s\n", m->others);
    if (!m->bytes && !m->pictures)
        gt_print("not compared: descriptions and further attributes, how the file stores its numbers%s\n",
                 m->pickle ? ", and what other programs run when they open a pickle" : "");
    if (*m->unchecked) gt_print("not checked: %s\n", m->unchecked);
}
