/* SPDX-License-Identifier: Apache-2.0
 * Are pictures what their records say? Rank 0 reads the records, which anybody may have written, and finds the
 * networks; all ranks make the pictures again, those together that differ in their seeds alone; rank 0 compares. */
#include "features/audit/internal.h"
#include "features/audit/pictures.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/numbers.h"
#include "base/door/file.h"
#include "base/door/sha256.h"
#include "files/codec/door/picture.h"
#include "files/h5/door/h5.h"
#include "dist/door/dist.h"
#include "gantry/network.h"
#include "gantry/version.h"
#include "base/door/text.h"
#include "runner/generator/door/origin.h"

enum { PATH_ROOM = 4200, WORDS = 4096, LEAST_CELL = 4 * 4 };

typedef struct item {
    const char *path;
    gt_record_found found;
    gt_record *record;
    const gt_maker *maker;
    audit_candidate *network;
    char *group; /* what is equal in all items that are made together */
    int64_t seed, most, bytes;
    bool done;
    gt_status status;
    char words[WORDS];
} item;

/* What all ranks know of the items that are made together. */
typedef struct order {
    int64_t n, json, most, bytes; /* items; bytes of the record of the first; see gt_again */
    bool seeds;
    char network[PATH_ROOM], folder[PATH_ROOM], ending[8]; /* ".mp4" */
} order;

typedef struct work {
    const gt_audit_pictures *o;
    gt_comm *comm;
    gt_arena *arena;
    audit_candidates networks;
    item *items;   /* [o->n] rank 0's */
    int *together; /* [o->n] places of the items of an order */
} work;

/* ---- what the files say: rank 0 ---- */

static void settle(item *x, gt_status st, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void settle(item *x, gt_status st, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    gt_vformat(x->words, sizeof x->words, format, ap);
    va_end(ap);
    x->status = st;
    x->done = true;
}

static bool is_mp4(const item *x) { return !x->found.array && x->found.kind == GT_PICTURE_SAID_MP4; }

/* Sides of MP4 films are even: a line is added to those that are not. */
static gt_status compare_size(item *x, int has_height, int has_width) {
    int64_t height = 0, width = 0, even = is_mp4(x);
    gt_status st = gt_record_get_int(x->record, "height", 1, GT_PICTURE_MAX_SIDE, &height);
    if (!st) st = gt_record_get_int(x->record, "width", 1, GT_PICTURE_MAX_SIDE, &width);
    if (!st && (height + (height & even) != has_height || width + (width & even) != has_width))
        st = gt_fail(GT_FAILED, "its record is of a picture of %lld x %lld pixels, and it has %d x %d",
                     (long long)width, (long long)height, has_width, has_height);
    x->most = gt_largest(height * width / LEAST_CELL, 1);
    return st;
}

static gt_status check_size(item *x) {
    void *bytes;
    size_t n;
    gt_picture_info info;
    gt_status st = gt_file_read(x->path, GT_PICTURE_MAX_BYTES, &bytes, &n);
    if (st) return st;
    st = gt_picture_head(&info, bytes, n);
    free(bytes);
    x->bytes = (int64_t)n;
    return st ? st : compare_size(x, info.height, info.width);
}

/* As many images as its array has rows: a small file may name millions of seeds. */
static gt_status count_rows(const item *x, int64_t *rows) {
    gt_h5_file h5 = {0};
    gt_h5_set *set = NULL;
    char path[64];
    const char *array = "images";
    gt_status st = gt_record_get_text(x->record, "array", &array);
    gt_format(path, sizeof path, "/%.40s", array);
    if (!st) st = gt_h5_open(&h5, x->path);
    if (!st) st = gt_h5_set_open(&set, &h5, path);
    if (!st) *rows = gt_largest(set->rows, 1);
    gt_h5_set_close(set);
    gt_h5_close(&h5);
    return st;
}

/* A small file that orders much work is packed from pictures that are alike, as no network makes them. */
static gt_status check_images(item *x) {
    enum { ALWAYS = 4096, BYTES_OF_IMAGE = 64 };
    int64_t columns = 1, rows = 1, frames = 1, most = gt_largest(x->bytes / BYTES_OF_IMAGE, ALWAYS);
    gt_status st = gt_record_get_int(x->record, "columns", 1, UINT32_MAX, &columns);
    if (!st) st = gt_record_get_int(x->record, "rows", 1, UINT32_MAX, &rows);
    bool film = gt_record_has(x->record, "frames") && !gt_record_has(x->record, "frame");
    if (!st && film) st = gt_record_get_int(x->record, "frames", 1, UINT32_MAX, &frames);
    if (!st && film && !x->found.frames)
        return gt_fail(GT_UNDECIDED, "its record is of a film of %lld frames, and how many it has is not known",
                       (long long)frames);
    if (!st && film && frames != x->found.frames)
        return gt_fail(GT_FAILED, "its record is of %lld frames, and it has %lld", (long long)frames,
                       (long long)x->found.frames);
    x->most = gt_smallest(x->most, most);
    return st || columns <= most / rows / frames
               ? st
               : gt_fail(GT_UNDECIDED,
                         "its record orders %lld x %lld images in %lld frames, and a file of %lld bytes "
                         "may order %lld: nothing was made",
                         (long long)columns, (long long)rows, (long long)frames, (long long)x->bytes, (long long)most);
}

static gt_status check_bytes(item *x) {
    int fd;
    off_t bytes;
    gt_status st = gt_file_open_regular(x->path, &fd, &bytes);
    if (st) return st;
    close(fd);
    x->most = x->bytes = bytes;
    bool fields = gt_record_has(x->record, "variables"); /* their maker counts */
    if (gt_kind_of_file(x->path) == GT_KIND_HDF5 && !fields) st = count_rows(x, &x->most);
    return st;
}

/* The search for its record has read the size of its frames. */
static gt_status check_mp4(item *x) {
    gt_status st = check_bytes(x);
    if (!st && (!x->found.height || !x->found.width)) st = gt_fail(GT_UNDECIDED, "the size of its frames is not known");
    return st ? st : compare_size(x, x->found.height, x->found.width);
}

static bool is_npz(const item *x) { return x->found.array && gt_ends_with(x->path, ".npz"); }

static gt_status read_facts(item *x, const char **network, const char **command, gt_sha256 *contents) {
    const char *hash = NULL;
    *network = *command = "";
    gt_status st = gt_record_parse(&x->record, x->found.json, strlen(x->found.json));
    if (!st) st = gt_record_get_text(x->record, "network", network);
    if (!st) st = gt_record_get_text(x->record, "command", command);
    if (!st) st = gt_record_get_text(x->record, "network_sha256", &hash);
    if (!st && (!hash || !gt_sha256_parse(hash, contents))) st = gt_fail(GT_FORMAT, "its record names no network");
    x->seed = -1;
    if (!st) st = gt_record_get_int(x->record, "seed", 0, UINT32_MAX, &x->seed);
    if (!st) st = x->found.array ? check_bytes(x) : is_mp4(x) ? check_mp4(x) : check_size(x);
    return st || x->found.array ? st : check_images(x);
}

bool audit_is_plain(const gt_record_found *found) {
    return found->kind == GT_PICTURE_SAID_PNG || found->kind == GT_PICTURE_SAID_TIFF;
}

bool audit_named_as_it_is(const char *path, const gt_record_found *found) {
    static const char *const endings[][2] = {
        {".png", ".png"}, {".webp", ".webp"}, {".jpg", ".jpeg"}, {".mp4", ".mp4"}, {".tif", ".tiff"}};
    if (found->array) return gt_ends_with(path, ".h5") || gt_ends_with(path, ".npz") || gt_ends_with(path, ".nc");
    return gt_ends_with(path, endings[found->kind][0]) || gt_ends_with(path, endings[found->kind][1]);
}

static gt_status read_item(work *w, item *x) {
    const char *network, *command;
    gt_sha256 contents;
    const char *refused = w->o->refused[x - w->items];
    if (refused) return settle(x, GT_UNDECIDED, "%s", refused), GT_OK;
    gt_status st = gt_record_find(x->path, &x->found);
    if (st == GT_NOMEM) return st;
    if (st) return settle(x, GT_UNDECIDED, "%s", gt_message()), GT_OK;
    if (!x->found.json) return settle(x, GT_UNDECIDED, "it has no record"), GT_OK;
    if (*x->found.beyond) return settle(x, GT_UNDECIDED, "%s", x->found.beyond), GT_OK;
    if (!audit_named_as_it_is(x->path, &x->found)) return settle(x, GT_UNDECIDED, AUDIT_MISNAMED), GT_OK;
    if ((st = read_facts(x, &network, &command, &contents)) == GT_NOMEM) return st;
    if (st) return settle(x, st == GT_FAILED ? st : GT_UNDECIDED, "%s", gt_message()), GT_OK;
    if (!(x->maker = audit_maker(command)))
        return settle(x, GT_UNDECIDED, "its record is of '%.40s', whose pictures are not made again", command), GT_OK;
    if (!(x->network = audit_candidate_find(&w->networks, &contents, network))) {
        char hex[GT_SHA256_TEXT];
        gt_sha256_text(&contents, hex);
        if (w->o->n_networks)
            settle(x, GT_UNDECIDED, "none of the networks given has the SHA-256 of its record (%s)", hex);
        else
            settle(x, GT_UNDECIDED, "the network of its record is not here (sha256:%s): --network=FILE is needed", hex);
        return GT_OK;
    }
    const char *makes = "";
    if ((st = gt_record_get_text(x->record, "makes", &makes)) || (x->found.animated && strcmp(makes, "film")))
        return settle(x, GT_UNDECIDED, "%s", st ? gt_message() : "it has several pictures, and its record one"), GT_OK;
    x->group = gt_record_others(x->record, x->seed >= 0 ? "seed" : NULL);
    return x->group ? GT_OK : gt_fail(GT_NOMEM, "out of memory for records");
}

static gt_status read_items(work *w) {
    gt_status st = audit_candidates_open(&w->networks, w->arena, w->o);
    w->items = gt_arena_array(w->arena, (size_t)w->o->n + 1, sizeof *w->items);
    w->together = gt_arena_array(w->arena, (size_t)w->o->n + 1, sizeof *w->together);
    if (!st && gt_arena_failed(w->arena)) st = GT_NOMEM;
    for (int i = 0; i < w->o->n && !st; i++) {
        w->items[i].path = w->o->path[i];
        st = read_item(w, &w->items[i]);
    }
    return st;
}

/* ---- orders ---- */

static bool has_seed(const work *w, int n, int64_t seed) {
    for (int i = 0; i < n; i++)
        if (w->items[w->together[i]].seed == seed) return true;
    return false;
}

/* The next items that are made together; none: o->n is 0. */
static void next_order(work *w, order *o) {
    *o = (order){0};
    for (int i = 0; i < w->o->n; i++) {
        item *x = &w->items[i], *first = o->n ? &w->items[w->together[0]] : x;
        if (x->done) continue;
        bool fits = !o->n || (first->seed >= 0 && x->seed >= 0 && x->network == first->network &&
                              !strcmp(x->group, first->group) && !has_seed(w, (int)o->n, x->seed));
        if (fits) w->together[o->n++] = i;
    }
    if (!o->n) return;
    const item *x = &w->items[w->together[0]];
    o->seeds = x->seed >= 0;
    o->json = (int64_t)strlen(x->found.json);
    o->most = x->most;
    o->bytes = x->bytes;
    snprintf(o->network, sizeof o->network, "%s", x->network->path);
    snprintf(o->ending, sizeof o->ending, "%s",
             is_npz(x)                        ? ".npz"
             : gt_ends_with(x->path, ".nc")   ? ".nc"
             : x->found.array                 ? ".h5"
             : is_mp4(x)                      ? ".mp4"
             : gt_ends_with(x->path, ".webp") ? ".webp"
                                              : ".png");
}

/* [GT_AUDIT_FFMPEGS] */
static struct gt_ffmpeg *const *ffmpegs_of(const work *w, int64_t item) {
    static struct gt_ffmpeg *const none[GT_AUDIT_FFMPEGS] = {NULL};
    return w->o->ffmpeg ? w->o->ffmpeg + item * GT_AUDIT_FFMPEGS : none;
}

static gt_status make_order_all(work *w, const order *o, const gt_maker *maker, gt_again *a) {
    gt_comm *c = w->comm;
    int64_t *seeds = gt_arena_array(w->arena, (size_t)o->n + 1, sizeof *seeds);
    char *json = gt_arena_alloc(w->arena, (size_t)o->json + 1);
    gt_status st = gt_comm_agree_all(c, seeds && json ? GT_OK : GT_NOMEM);
    if (st) return st;
    for (int i = 0; i < o->n && w->items; i++) seeds[i] = w->items[w->together[i]].seed;
    if (w->items) memcpy(json, w->items[w->together[0]].found.json, (size_t)o->json);
    gt_comm_broadcast_all(c, seeds, (size_t)o->n * sizeof *seeds, 0);
    gt_comm_broadcast_all(c, json, (size_t)o->json, 0);
    gt_record *record = NULL;
    const char *command = "";
    st = gt_record_parse(&record, json, (size_t)o->json);
    if (!st) st = gt_record_get_text(record, "command", &command);
    if (!maker) maker = audit_maker(command);
    if (!st && (access(o->network, R_OK) || access(o->folder, R_OK)))
        st = gt_fail(GT_UNDECIDED,
                     "copies in '%s' are not there on this host: TMPDIR must be a folder that all hosts share",
                     gt_temp_folder());
    *a = (gt_again){.record = record,
                    .n = o->n,
                    .seeds = o->seeds ? seeds : NULL,
                    .network = o->network,
                    .contents = w->items ? w->items[w->together[0]].network->contents : (gt_sha256){{0}},
                    .given = w->o->given,
                    .folder = o->folder,
                    .ending = o->ending,
                    .ffmpeg = w->items ? *ffmpegs_of(w, w->together[0]) : NULL,
                    .most = o->most,
                    .bytes = o->bytes,
                    .pool = w->o->pool,
                    .stop = w->o->stop};
    st = gt_comm_agree_all(c, st);
    return st ? st : maker->make_all(c, a);
}

/* ---- comparison: rank 0 ---- */

gt_status audit_record_compare(const gt_record *claimed, const char *made, gt_record **record,
                               gt_record_difference *d) {
    gt_record_found found;
    *record = NULL;
    gt_status st = gt_record_find(made, &found);
    if (!st && !found.json) st = gt_fail(GT_FAILED, "'%s' has no record", made);
    if (!st) st = gt_record_parse(record, found.json, strlen(found.json));
    if (!st) gt_record_compare(claimed, *record, d);
    free(found.json);
    return st;
}

/* Is the record that of what was made? */
static gt_status compare_records(item *x, const char *made, char *says, size_t room, char recipe[GT_SHA256_TEXT],
                                 gt_record_difference *d) {
    gt_record *record;
    gt_status st = audit_record_compare(x->record, made, &record, d);
    if (!st) x->maker->say(record, says, room);
    if (!st) gt_origin_say(record, says, room);
    const char *hash = "";
    if (!st) st = gt_record_get_text(record, "recipe_sha256", &hash);
    if (!st) snprintf(recipe, GT_SHA256_TEXT, "%s", hash);
    gt_record_close(record);
    return st;
}

static void tell_difference(item *x, const audit_pixels *p, const char *network, const char *says, int64_t columns) {
    char cell[96] = "";
    if (p->frame >= 0) snprintf(cell, sizeof cell, "; the first frame that differs is %lld", (long long)p->frame);
    else if (p->cell >= 0)
        snprintf(cell, sizeof cell, "; the first cell that differs is in row %lld, column %lld",
                 (long long)(p->cell / columns), (long long)(p->cell % columns));
    if (*p->words) settle(x, GT_FAILED, "it is not what %s makes of %s: %.2000s", network, says, p->words);
    else if (x->found.lossy)
        settle(x, GT_UNDECIDED,
               "it is of a form that loses something, and differs by at most %lld of %lld from what %s makes of %s",
               (long long)p->most, (long long)p->range, network, says);
    else
        settle(x, GT_FAILED, "it is not what %s makes of %s: %lld of %lld values differ, by at most %lld of %lld%s",
               network, says, (long long)p->differ, (long long)p->all, (long long)p->most, (long long)p->range, cell);
}

static void tell_mp4(item *x, const audit_pixels *p, const char *network, const char *says) {
    if (*p->words)
        settle(x, GT_UNDECIDED, "its bytes are not those of the film that %s makes of %s and ffmpeg packs here: %.500s",
               network, says, p->words);
    else
        settle(x, GT_UNDECIDED,
               "it is of a form that loses something, and its frames differ by at most %lld of %lld from those of the "
               "film that %s makes of %s and ffmpeg packs here",
               (long long)p->most, (long long)p->range, network, says);
}

/* What another version means by a key or a value is not known here. */
static const char *program_of(const gt_record *r) {
    const char *program = "?";
    gt_record_get_text(r, "program", &program);
    return program;
}

static bool is_of_this_version(const gt_record *r) { return !strcmp(program_of(r), "gantry " GT_VERSION); }

enum { VERSIONS_BYTES = 128 };
static const char *versions(const gt_record *r, char text[VERSIONS_BYTES]) {
    snprintf(text, VERSIONS_BYTES, "its record is of '%.60s', and this is 'gantry " GT_VERSION "'", program_of(r));
    return text;
}

static void tell(item *x, const audit_pixels *p, const gt_record_difference *d, const char *network, const char *says,
                 int64_t columns) {
    char both[VERSIONS_BYTES];
    bool same = !p->differ && !*p->words, whole = x->found.array || audit_is_plain(&x->found) || p->bytes;
    if (!strcmp(d->key, "arithmetic"))
        settle(x, GT_UNDECIDED, "it was made with another arithmetic than this processor has: %s", d->values);
    else if (!strcmp(d->key, "recipe_sha256"))
        settle(x, GT_UNDECIDED, "%s has another recipe than the network of its record", network);
    else if (!strcmp(d->key, "styles_sha256"))
        settle(x, GT_UNDECIDED, "the file of %s gives other styles than those of its record",
               gt_record_has(x->record, "steps") ? "--target" : "--latents");
    else if (*d->unknown)
        settle(x, GT_UNDECIDED, "%s: only one of the two knows %s", versions(x->record, both), d->unknown);
    else if (is_mp4(x) && !whole) tell_mp4(x, p, network, says);
    else if (!same) tell_difference(x, p, network, says, columns);
    else if (!whole)
        settle(
            x, GT_UNDECIDED,
            "its pixels are those that %s makes of %s, but it is not packed as here: programs may show something else",
            network, says);
    else if (*d->key) settle(x, GT_FAILED, "its record is not true: %s is %s", d->key, d->values);
    else settle(x, GT_OK, "it is what %s makes of %s", network, says);
}

static audit_form form_of(const item *x) {
    return x->found.array ? AUDIT_ARRAY : x->found.animated ? AUDIT_FILM : AUDIT_PICTURE;
}

static gt_status compare_item(work *w, item *x, const gt_again *a, int64_t i) {
    char made[PATH_ROOM], says[2048] = "";
    int64_t columns = 1, rows = 1;
    audit_pixels p;
    gt_record_difference d = {0};
    char recipe[GT_SHA256_TEXT] = "";
    gt_status st = x->maker->path(a, i, made, sizeof made);
    if (!st) st = gt_record_get_int(x->record, "columns", 1, x->most, &columns);
    if (!st) st = gt_record_get_int(x->record, "rows", 1, x->most, &rows);
    if (!st) st = compare_records(x, made, says, sizeof says, recipe, &d);
    if (!st && is_mp4(x))
        st = audit_mp4_compare(x->path, &x->found, made, ffmpegs_of(w, x - w->items) + 1, a->folder, &p);
    else if (!st) st = audit_pixels_compare(x->path, made, form_of(x), columns, rows, &p);
    if (st == GT_NOMEM) return st;
    if (st) settle(x, GT_UNDECIDED, "%s", gt_message());
    else tell(x, &p, &d, audit_candidate_text(&w->networks, x->network), says, columns);
    if (!x->status) snprintf(x->network->recipe, sizeof x->network->recipe, "%s", recipe);
    if (!x->status && w->o->came) w->o->came[x->network - w->networks.list]++;
    unlink(made);
    return GT_OK;
}

/* What has the hash of a record need not be a network. */
static bool is_network(const char *path) {
    gt_checkpoint_file *f = gt_network_open(path, NULL, NULL);
    bool is = f && !gt_network_held(f);
    gt_checkpoint_close(f);
    return is;
}

/* A record cannot be true when no picture can have such a record. All else that fails, such as a full disk, says
 * nothing of it. */
static gt_status compare_order(work *w, const order *o, const gt_again *a, gt_status made) {
    gt_status st = GT_OK;
    char why[WORDS], both[VERSIONS_BYTES];
    snprintf(why, sizeof why, "%s", made ? gt_message() : "");
    bool untrue = (made == GT_FORMAT || made == GT_USAGE) && is_network(o->network);
    for (int i = 0; i < o->n && !st; i++) {
        item *x = &w->items[w->together[i]];
        if (untrue && is_of_this_version(x->record)) settle(x, GT_FAILED, "its record cannot be true: %s", why);
        else if (untrue) settle(x, GT_UNDECIDED, "%s (%s)", why, versions(x->record, both));
        else if (made) settle(x, GT_UNDECIDED, "%s", why);
        else st = compare_item(w, x, a, i);
    }
    return st;
}

static bool ends_all(gt_status st) { return st == GT_NOMEM || st == GT_STOPPED; }

static gt_status check_all(work *w) {
    order o = {0};
    gt_status st = GT_OK;
    while (!st) {
        if (w->items) next_order(w, &o);
        if (w->items && o.n) st = gt_temp_folder_make("audit", o.folder, sizeof o.folder);
        if (st && !ends_all(st)) st = gt_wrap(GT_UNDECIDED, "no picture can be made again");
        if ((st = gt_comm_agree_all(w->comm, st))) break;
        gt_comm_broadcast_all(w->comm, &o, sizeof o, 0);
        if (!o.n) break;
        gt_again a = {0};
        st = make_order_all(w, &o, w->items ? w->items[w->together[0]].maker : NULL, &a);
        if (!ends_all(st)) st = gt_comm_agree_all(w->comm, w->items ? compare_order(w, &o, &a, st) : GT_OK);
        gt_record_close((gt_record *)(uintptr_t)a.record);
        if (w->items) gt_temp_folder_remove(o.folder);
    }
    return st;
}

/* ---- frames of a folder ---- */

/* Each under its own name, so none twice; all of one film. Returns how many there are less than the film has. */
static int64_t check_frames(work *w) {
    GT_FREED char *film = NULL;
    int64_t n = 0, frames = 0;
    for (int i = 0; i < w->o->n; i++) {
        item *x = &w->items[i];
        int64_t frame = -1, all = 0;
        char name[32];
        if (x->status || gt_record_get_int(x->record, "frame", 0, UINT32_MAX, &frame) || frame < 0) continue;
        GT_FREED char *others = gt_record_others(x->record, "frame");
        if (others && !film && !gt_record_get_int(x->record, "frames", 1, UINT32_MAX, &all)) {
            film = others;
            frames = all;
            others = strdup(film);
        }
        const char *slash = strrchr(x->path, '/');
        snprintf(name, sizeof name, "frame%05lld.png", (long long)frame);
        if (!others || !film || strcmp(others, film)) settle(x, GT_UNDECIDED, "it is of another film than others here");
        else if (strcmp(slash ? slash + 1 : x->path, name))
            settle(x, GT_FAILED, "it is not what its name says, but frame %lld", (long long)frame);
        else n++;
    }
    return frames - n;
}

/* ---- all of it ---- */

typedef struct counts {
    int all, other, unchecked;
    bool beside;    /* a folder has further files */
    int64_t frames; /* of a film in a folder: missing */
} counts;

static counts print_items(work *w) {
    bool folder = w->o->others != NULL;
    counts c = {.frames = folder ? check_frames(w) : 0, .all = w->o->n, .beside = w->o->others && *w->o->others};
    for (int i = 0; i < w->o->n; i++) {
        const item *x = &w->items[i];
        const char *before = x->status == GT_UNDECIDED ? "not checked: " : "";
        char name[AUDIT_NAME_BYTES], words[WORDS];
        snprintf(words, sizeof words, "%s", audit_own_names(w->o->copies, x->words));
        audit_hide(words);
        bool it = !strncmp(words, "it is ", 6) && !*before;
        gt_print("%s%s %s%s\n", audit_name(w->o->name[i], name), it ? "" : ":", before, it ? words + 3 : words);
        c.other += x->status == GT_FAILED;
        c.unchecked += x->status == GT_UNDECIDED;
    }
    audit_candidates_print(&w->networks);
    if (c.frames) gt_print("not checked: %lld frames, which are missing or not as recorded\n", (long long)c.frames);
    if (c.beside) gt_print("not checked: %s\n", w->o->others);
    return c;
}

static gt_status sum_up(const counts *c) {
    if (c->other)
        return gt_fail(GT_FAILED, "of %d picture%s not what the record says: %d", c->all, gt_plural(c->all), c->other);
    if (c->unchecked)
        return gt_fail(GT_UNDECIDED, "of %d picture%s not checked: %d", c->all, gt_plural(c->all), c->unchecked);
    if (c->frames) return gt_fail(GT_UNDECIDED, "frames of the film are missing: %lld", (long long)c->frames);
    return c->beside ? gt_fail(GT_UNDECIDED, "the folder has files that are not checked") : GT_OK;
}

gt_status gt_audit_pictures_all(gt_comm *comm, const gt_audit_pictures *o) {
    work w = {.o = o, .comm = comm, .arena = gt_arena_new()};
    gt_status st = w.arena ? GT_OK : GT_NOMEM;
    if (!st && !comm->rank) st = read_items(&w);
    st = gt_comm_agree_all(comm, st);
    if (!st) st = check_all(&w);
    counts c = {0};
    if (!st && w.items) c = print_items(&w);
    if (!st) gt_comm_broadcast_all(comm, &c, sizeof c, 0);
    if (!st) st = sum_up(&c);
    for (int i = 0; i < o->n && w.items; i++) {
        gt_record_close(w.items[i].record);
        free(w.items[i].found.json);
        free(w.items[i].group);
    }
    for (int i = 0; i < w.networks.n && i < o->n_networks; i++)
        if (w.networks.list[i].copied) o->network[i] = w.networks.list[i].path;
    gt_arena_free(w.arena);
    return st;
}

/* ---- files ---- */

bool gt_audit_is_picture(const char *path) {
    gt_file_kind kind = gt_kind_of_file(path);
    char head[64];
    int fd;
    off_t bytes;
    if (kind == GT_KIND_PICTURE || kind == GT_KIND_FILM || kind == GT_KIND_HDF5) return true;
    if (kind != GT_KIND_UNKNOWN || gt_file_open_regular(path, &fd, &bytes)) return false;
    bool known = bytes >= (off_t)sizeof head && !gt_read_at(fd, 0, head, sizeof head) &&
                 !gt_picture_recognise(head, sizeof head); /* TIFF */
    close(fd);
    return known;
}

typedef struct listing {
    gt_arena *arena;
    const char **path;
    int n, room;
    gt_audit_wanted wanted;
    audit_list others;
} listing;

static bool is_wanted(const listing *l, const char *path, gt_file_kind kind) {
    if (l->wanted == GT_AUDIT_PICTURES) return gt_audit_is_picture(path);
    return kind == GT_KIND_CHECKPOINT || kind == GT_KIND_HDF5 || gt_kind_is_foreign_network(kind) ||
           (l->wanted == GT_AUDIT_ALL_NETWORKS && kind == GT_KIND_ZIP && gt_ends_with(path, ".npz"));
}

static gt_status list_entry(void *arg, const char *path, const char *name) {
    char target[1];
    listing *l = arg;
    gt_file_kind kind = gt_kind_of_file(path);
    bool dots = !strcmp(name, ".") || !strcmp(name, "..");
    bool inside = kind == GT_KIND_FOLDER && !dots && readlink(path, target, sizeof target) < 0; /* links lead back */
    if (inside && l->wanted == GT_AUDIT_ALL_NETWORKS) return gt_folder_each(path, list_entry, l);
    if (!is_wanted(l, path, kind)) {
        char shown[AUDIT_NAME_BYTES];
        if (!dots) audit_list_add(&l->others, "%s", audit_name(name, shown));
        return GT_OK;
    }
    if (!gt_arena_grow(l->arena, &l->path, l->n, &l->room, sizeof *l->path)) return GT_NOMEM;
    return (l->path[l->n++] = gt_arena_printf(l->arena, "%s", path)) ? GT_OK : GT_NOMEM;
}

gt_status gt_audit_folder(gt_arena *a, const char *folder, gt_audit_wanted wanted, const char ***path, int *n,
                          const char **others) {
    listing l = {.arena = a, .wanted = wanted};
    gt_status st = gt_folder_each(folder, list_entry, &l);
    *path = l.path;
    *n = l.n;
    const char *text = audit_list_end(&l.others);
    if (others && !(*others = gt_arena_printf(a, "%s", text))) return GT_NOMEM;
    return st;
}
