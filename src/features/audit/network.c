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
#include "runner/generator/door/origin.h"

enum { PATH_ROOM = 4200, FOLDER_ROOM = 4096 };

typedef struct picture {
    int64_t seed;
    int class; /* that its name has; -1: none */
    /* rank 0's, in the arena */
    const char *path;  /* of its copy */
    const char *wrong; /* why it cannot be what a network makes; NULL */
    const char *json;  /* its record; "": it has none that can be read */
    const char *group; /* what is equal in the records of pictures that are made together; "" */
    bool unread;       /* it has a record that cannot be read */
} picture;

typedef struct search {
    audit *a; /* of rank 0; else NULL */
    gt_comm *comm;
    const gt_audit_network *o;
    gt_audit_made *made;
    gt_file_kind kind;
    int64_t images;           /* that the network claims; -1: none */
    char folder[FOLDER_ROOM]; /* for what is made again; rank 0's, but all write pictures into it */
    picture *pictures;        /* [n] on all ranks; those that are made together stand together */
    int64_t *seeds;           /* [n] of the pictures */
    int64_t n;
    int room;
    gt_arena *arena;
    char why[GT_CONTENTS_NAME_BYTES + 512]; /* how it differs from the likeliest one */
    audit_list unchecked;                   /* what lies beside the pictures */
    bool recorded;                          /* the request is that of a record */
    audit_list options;                     /* of records, in words: the sentence about the pictures has none */
} search;

/* ---- what it claims ---- */

/* Records that name a further file are those of pictures that are not made of a seed alone. */
static gt_status read_record(search *s, picture *p, const char *json) {
    static const char *const further[] = {"edit", "start_sha256", "latents_sha256", "styles_sha256"};
    gt_record *record;
    gt_status st = gt_record_parse(&record, json, strlen(json));
    p->unread = st == GT_FORMAT;
    if (st) return p->unread ? GT_OK : st;
    GT_FREED char *group = gt_record_others(record, "seed");
    p->json = gt_arena_printf(s->arena, "%s", json);
    p->group = group ? gt_arena_printf(s->arena, "%s", group) : NULL;
    if (!p->json || !p->group) st = GT_NOMEM;
    for (size_t i = 0; i < sizeof further / sizeof *further && !st; i++)
        if (gt_record_has(record, further[i]))
            st = gt_fail(GT_UNDECIDED,
                         "'%s' was made with a further file: gantry audit PICTURE --network=RUN checks it", p->path);
    gt_record_close(record);
    return st;
}

/* What may stand beside the pixels. HDF5 files were not checked (gt_h5_check()). */
static gt_status read_picture(search *s, picture *p) {
    gt_record_found found = {0};
    gt_status st = gt_kind_of_file(p->path) == GT_KIND_HDF5 ? gt_fail(GT_FORMAT, "it holds arrays")
                                                            : gt_record_find(p->path, &found);
    GT_FREED char *json = st ? NULL : found.json;
    bool wrong = st || *found.beyond || found.animated || found.array;
    p->json = p->group = "";
    if (st == GT_NOMEM) return st;
    if (!wrong) return json ? read_record(s, p, json) : GT_OK;
    p->wrong = gt_arena_printf(s->arena, "%s", st ? gt_message() : *found.beyond ? found.beyond : "several pictures");
    return p->wrong ? GT_OK : GT_NOMEM;
}

static gt_status add_picture(void *arg, const char *path, const char *name) {
    search *s = arg;
    long long seed;
    picture found = {.class = -1, .path = path};
    char stem[GT_GENERATED_NAME];
    int parts = sscanf(name, "seed%18lld-class%9d.png", &seed, &found.class);
    gt_status st;
    size_t n = parts < 1 ? 0 : strlen(gt_generated_of_class(found.seed = seed, found.class, stem));
    if (!n || strncmp(name, stem, n) || strcmp(name + n, ".png")) {
        if (strcmp(name, ".") && strcmp(name, "..")) audit_list_add(&s->unchecked, "%s", name);
        return GT_OK;
    }
    if (s->kind == GT_KIND_FOLDER && (st = audit_copy(s->o->copies, path, &found.path))) {
        found.json = found.group = "";
        if (st == GT_NOMEM || !(found.wrong = gt_arena_printf(s->arena, "%s", gt_message()))) return GT_NOMEM;
    } else if ((st = read_picture(s, &found))) return st;
    if (!gt_arena_grow(s->arena, &s->pictures, (int)s->n, &s->room, sizeof *s->pictures)) return GT_NOMEM;
    s->pictures[s->n++] = found;
    return GT_OK;
}

static int by_group(const void *a, const void *b) {
    const picture *x = a, *y = b;
    int order = strcmp(x->group, y->group);
    if (!order) order = (x->class > y->class) - (x->class < y->class);
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
    if (s->n) qsort(s->pictures, (size_t)s->n, sizeof *s->pictures, by_group);
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
static gt_status check_record(search *s, const picture *p, const char *made, bool *same) {
    gt_record *claimed, *is = NULL;
    gt_record_difference d = {0};
    int64_t class = p->class;
    gt_status st = gt_record_parse(&claimed, p->json, strlen(p->json));
    if (!st) st = audit_record_compare(claimed, made, &is, &d);
    if (!st) st = gt_record_get_int(claimed, "class", 0, INT32_MAX, &class);
    bool other = !is || *d.unknown || !strcmp(d.key, "network_sha256") || !strcmp(d.key, "recipe_sha256") ||
                 !strcmp(d.key, "arithmetic"),
         misnamed = p->class >= 0 && class != p->class;
    if (other) audit_list_add(&s->unchecked, "the record of %s", audit_own_names(s->o->copies, p->path));
    *same = !misnamed && (other || !*d.key);
    if (!*same && !*s->why)
        snprintf(s->why, sizeof s->why, "the record of %s is not true: %s is %s", p->path,
                 misnamed ? "the class" : d.key, misnamed ? "not that of its name" : d.values);
    gt_record_close(claimed);
    gt_record_close(is);
    return st == GT_FAILED ? GT_OK : st;
}

/* The same pixels, and nothing beside them that could show others. */
static gt_status same_pixels(search *s, const picture *p, const char *made, bool *same) {
    audit_pixels pixels;
    *same = !p->wrong;
    if (!*same && !*s->why) snprintf(s->why, sizeof s->why, "%s: %s", p->path, p->wrong);
    gt_status st = *same ? audit_pixels_compare(p->path, made, AUDIT_PICTURE, 1, 1, &pixels) : GT_OK;
    if (st || !*same) return st;
    *same = !pixels.differ && !*pixels.words;
    s->made->bytes &= pixels.bytes;
    if (!*same && !*s->why) snprintf(s->why, sizeof s->why, "%s is another picture", p->path);
    if (*same && p->unread) audit_list_add(&s->unchecked, "the record of %s", audit_own_names(s->o->copies, p->path));
    return *same && *p->json ? check_record(s, p, made, same) : GT_OK;
}

static gt_status compare_pictures(search *s, int64_t first, int64_t end, bool *found) {
    gt_status st = GT_OK;
    *found = true;
    for (int64_t i = first; i < end; i++) {
        char out[PATH_ROOM], name[GT_GENERATED_NAME];
        snprintf(out, sizeof out, "%s/%s.png", s->folder, gt_generated_name(false, s->seeds[i], name));
        if (!st && *found) st = same_pixels(s, &s->pictures[i], out, found);
        unlink(out);
    }
    return st;
}

/* Behind the last picture that one request makes together with picture i. One picture first: that tells most of the
 * wrong checkpoints. Two of a seed have one name. */
static int64_t end_of(const search *s, int64_t i) {
    const picture *p = s->pictures;
    int64_t end = i + 1;
    while (i && end < s->n && p[end].class == p[i].class && p[end].seed != p[end - 1].seed &&
           !strcmp(p[end].group, p[i].group))
        end++;
    return end;
}

/* Of a record come all options; without one there are those of the command, and the class of the name. */
static gt_status read_request(search *s, int64_t i, const char *json, gt_generate_request *r) {
    const char *class = s->o->class;
    gt_record *record = NULL;
    gt_status st = GT_OK;
    if (!*json) {
        bool named = !*class && s->pictures[i].class >= 0;
        r->condition.class = named ? gt_arena_printf(s->arena, "#%d", s->pictures[i].class) : class;
        r->options.truncation = (float)s->o->truncation;
        return r->condition.class ? GT_OK : GT_NOMEM;
    }
    st = gt_record_parse(&record, json, strlen(json));
    if (!st) st = gt_origin_options(record, &r->options);
    if (!st) st = gt_origin_condition(record, s->arena, &r->condition);
    gt_record_close(record);
    return st && st != GT_NOMEM ? gt_wrap(GT_UNDECIDED, "picture of seed %" PRId64, s->seeds[i]) : st;
}

/* Once for all pictures that differ in their seeds alone. */
static void tell_options(search *s, int64_t i, const char *json) {
    gt_record *record = NULL;
    char words[1024] = "";
    bool told = i && !strcmp(s->pictures[i].group, s->pictures[i - 1].group);
    if (told || !*json || gt_record_parse(&record, json, strlen(json))) return;
    gt_origin_say(record, words, sizeof words);
    audit_hide(words);
    if (*words) audit_list_add(&s->options, "%s", words);
    gt_record_close(record);
}

/* Rank 0 knows the records. */
static gt_status share_request_all(search *s, int64_t i, int64_t *end, gt_generate_request *r) {
    int64_t part[2] = {0, 0}; /* its end; bytes of its record */
    if (s->a) part[0] = end_of(s, i), part[1] = (int64_t)strlen(s->pictures[i].json);
    gt_comm_broadcast_all(s->comm, part, sizeof part, 0);
    char *json = gt_arena_alloc(s->arena, (size_t)part[1] + 1);
    gt_status st = gt_comm_agree_all(s->comm, json ? GT_OK : GT_NOMEM);
    if (st) return st;
    if (s->a) memcpy(json, s->pictures[i].json, (size_t)part[1]);
    gt_comm_broadcast_all(s->comm, json, (size_t)part[1], 0);
    json[part[1]] = 0;
    *end = part[0];
    s->recorded = part[1] > 0;
    if (s->a) tell_options(s, i, json);
    return gt_comm_agree_all(s->comm, read_request(s, i, json, r));
}

static gt_status compare_pictures_all(search *s, const char *checkpoint, int *found) {
    gt_status st = GT_OK;
    *found = 1;
    s->made->bytes = true;
    s->options = (audit_list){0};
    for (int64_t i = 0, end = 0; i < s->n && *found && !st; i = end) {
        bool same = false;
        gt_generate_request r = {.checkpoint = checkpoint,
                                 .options = {.noise_mode = GT_NOISE_CONST},
                                 .seeds = s->seeds + i,
                                 .outdir = s->folder,
                                 .single = true};
        st = share_request_all(s, i, &end, &r);
        r.options.pool = s->o->pool;
        r.n = end - i;
        if (!st) st = gt_generate_all(s->comm, &r, NULL);
        if (s->recorded && (st == GT_USAGE || st == GT_FORMAT))
            st = gt_wrap(GT_UNDECIDED, "no picture has such a record as that of seed %" PRId64, s->seeds[i]);
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
    snprintf(made->options, sizeof made->options, "%s", audit_list_end(&s.options));
    if (first && *s.folder) gt_temp_folder_remove(s.folder);
    gt_ledger_lines_free(a.ledger);
    gt_arena_free(a.arena);
    gt_arena_free(s.arena);
    return st;
}

gt_status gt_audit_print_made(const gt_audit_network *o, const gt_audit_made *m) {
    char pictures[64] = "";
    const char *network = audit_own_names(o->copies, o->network), *unchecked = audit_own_names(o->copies, m->unchecked);
    if (m->pictures) snprintf(pictures, sizeof pictures, " (%" PRId64 " pictures)", m->pictures);
    gt_print("'%s'%s is what '%s' gives at %.6g kimg: made again %s, %s\n", network, pictures, o->run,
             (double)m->images / 1000, m->computed ? "by computing the run again" : "from the checkpoint of the run",
             m->bytes ? "it has the same bytes"
             : m->pictures
                 ? "it has the same pixels"
                 : "all tensors are equal, and what this program reads beside them (the bytes of the file are "
                   "not)");
    if (*m->options) gt_print("with the options of their records: %s\n", m->options);
    if (*m->others) gt_print("what differs, and is not read: %s\n", m->others);
    if (!m->bytes && !m->pictures)
        gt_print("not compared: descriptions and further attributes, how the file stores its numbers%s\n",
                 m->pickle ? ", and what other programs run when they open a pickle" : "");
    if (!*unchecked) return GT_OK;
    gt_print("not checked: %s\n", unchecked);
    return gt_fail(GT_UNDECIDED, "not all of '%s' was checked", network);
}
