/* SPDX-License-Identifier: Apache-2.0
 * Networks that pictures may come from, found by the hash of their contents: see pictures.h. A record names nothing
 * that is opened: its name of the network only says which file is looked at first. Hashes are computed here, never
 * taken from a cache. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "features/audit/pictures.h"
#include "base/door/file.h"
#include "base/door/sha256.h"
#include "runner/contents/door/contents.h"
#include "dist/door/dist.h"
#include "gantry/log.h"
#include "gantry/network.h"
#include "gantry/program.h"
#include "gantry/text.h"
#include "run/door/checkpoint_internal.h"

/* ---- names ---- */

/* Bytes of such a character that the text begins with; 0: none. */
static int hidden(const unsigned char *p) {
    if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0xa0) return 2;
    if (p[0] != 0xe2 || !p[1]) return 0;
    bool general = p[1] == 0x80 && ((p[2] >= 0x80 && p[2] <= 0x8f) || (p[2] >= 0xa8 && p[2] <= 0xaf));
    return general || (p[1] == 0x81 && p[2] >= 0x9f && p[2] <= 0xaf) ? 3 : 0;
}

void audit_hide(char *text) {
    char *to = text;
    for (int n; *text; text += n ? n : 1) *to++ = (n = hidden((unsigned char *)text)) ? '?' : *text;
    *to = 0;
}

const char *audit_quoted(const char *name, char text[AUDIT_NAME_BYTES]) {
    snprintf(text, AUDIT_NAME_BYTES - 1, "'%s", name);
    for (unsigned char *p = (unsigned char *)text + 1; *p; p++)
        if (*p < ' ' || *p == 0x7f || *p == '\'') *p = '?';
    audit_hide(text);
    return strcat(text, "'");
}

const char *audit_name(const char *name, char text[AUDIT_NAME_BYTES]) {
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        bool plain = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') ||
                     strchr("/._-+=@%~", *p); /* Unicode has many letters that look like a space */
        if (!plain) return audit_quoted(name, text);
    }
    snprintf(text, AUDIT_NAME_BYTES, "%s", name);
    return text;
}

/* ---- networks ---- */

static gt_status add(audit_candidates *c, const char *path, const char *name, bool shipped) {
    if (!gt_arena_grow(c->arena, &c->list, c->n, &c->room, sizeof *c->list)) return GT_NOMEM;
    audit_candidate *one = &c->list[c->n++];
    *one = (audit_candidate){.path = path, .name = name, .shipped = shipped};
    return path && name ? GT_OK : GT_NOMEM;
}

static gt_status add_shipped(audit_candidates *c) {
    char names[4096], path[GT_PROGRAM_PATH_BYTES], *rest = names, *name;
    gt_status st = GT_OK;
    gt_shipped_names(GT_SHIPPED_NETWORKS, sizeof names, names);
    while (!st && (name = strsep(&rest, ", ")))
        if (*name && gt_shipped_find(GT_SHIPPED_NETWORKS, name, path))
            st = add(c, gt_arena_printf(c->arena, "%s", path), gt_arena_printf(c->arena, "%s", name), true);
    return st;
}

gt_status audit_candidates_open(audit_candidates *c, gt_arena *a, const gt_audit_pictures *o) {
    *c = (audit_candidates){.arena = a, .copies = o->copies};
    gt_status st = o->n_networks ? GT_OK : add_shipped(c);
    for (int i = 0; i < o->n_networks && !st; i++) {
        st = add(c, o->network[i], o->network_name[i], false);
        if (!st) c->list[i].copied = o->network[i] != o->network_name[i];
    }
    return st;
}

static void pass_over(const audit_candidates *c, audit_candidate *one) {
    gt_warn("no picture is looked for in it: %s", audit_own_names(c->copies, gt_message()));
    one->hashed = false;
    one->unreadable = true;
}

static bool has_hash(const audit_candidates *c, audit_candidate *one, const gt_sha256 *contents) {
    if (!one->hashed && !one->unreadable) {
        one->unreadable = gt_contents_root_of_file(one->path, &one->contents);
        one->hashed = !one->unreadable;
        if (one->unreadable && !one->shipped) pass_over(c, one);
    }
    return one->hashed && gt_sha256_equal(&one->contents, contents);
}

gt_status audit_candidate_copy(audit_candidates *c, audit_candidate *one) {
    const char *copy;
    gt_sha256 contents;
    if (one->copied || one->shipped) return GT_OK;
    gt_status st = audit_copy(c->copies, one->path, &copy);
    if (!st && one->hashed) st = gt_contents_root_of_file(copy, &contents);
    if (!st && one->hashed && !gt_sha256_equal(&contents, &one->contents))
        st = gt_fail(GT_FAILED, "'%s' changes while it is read", one->name);
    if (st) return st;
    one->path = copy;
    one->copied = true;
    return GT_OK;
}

audit_candidate *audit_candidate_find(audit_candidates *c, const gt_sha256 *contents, const char *near) {
    for (int turn = 0; turn < 2; turn++)
        for (int i = 0; i < c->n; i++) {
            audit_candidate *one = &c->list[i];
            if ((strcmp(one->name, near) != 0) != turn || !has_hash(c, one, contents)) continue;
            if (!audit_candidate_copy(c, one)) return one;
            pass_over(c, one);
        }
    return NULL;
}

const char *audit_candidate_text(audit_candidates *c, audit_candidate *one) {
    if (!*one->g1 && gt_contents_hash_file(one->path, NULL, one->g1)) snprintf(one->g1, sizeof one->g1, "g1:?");
    char name[AUDIT_NAME_BYTES];
    const char *text = gt_arena_printf(c->arena, "%s (%s)", one->shipped ? one->name : audit_quoted(one->name, name),
                                       one->g1);
    return text ? text : one->name;
}

void audit_candidates_print(const audit_candidates *c) {
    char hex[GT_SHA256_TEXT], name[AUDIT_NAME_BYTES];
    for (int i = 0; i < c->n; i++)
        if (*c->list[i].recipe && !c->list[i].shipped)
            gt_print("%s: sha256:%s, recipe %s\n", audit_quoted(c->list[i].name, name),
                     gt_sha256_text(&c->list[i].contents, hex), c->list[i].recipe);
}

/* ---- those of a run ---- */

/* In the folder of the run, by the name that the run gives: only such files are looked at when the run is audited. */
static bool is_kept(const char *path, const char *run) {
    char name[GT_NAME_BYTES], right[40] = "";
    GT_FREED char *file = gt_file_follow(path); /* of `last` */
    gt_path_name(file ? file : path, name);
    int64_t images = checkpoint_number(name);
    if (images >= 0) gt_checkpoint_name(images, right);
    GT_FREED char *own = gt_path_join(run, right);
    return images >= 0 && file && own && !strcmp(file, own);
}

gt_status gt_audit_pictures_run_all(gt_comm *comm, const gt_audit_pictures *o, const char *run, const char *data) {
    int n = o->n_networks;
    gt_status st = GT_OK;
    gt_comm_broadcast_all(comm, &n, sizeof n, 0);
    for (int i = 0; i < n && !st; i++) {
        char path[GT_CONTENTS_NAME_BYTES] = "";
        gt_audit_made made;
        bool wanted = !comm->rank && o->came[i] && !is_kept(o->network_name[i], run);
        if (wanted) snprintf(path, sizeof path, "%s", o->network[i]);
        gt_comm_broadcast_all(comm, path, sizeof path, 0);
        if (!*path) continue;
        const gt_audit_network one = {
            .network = path, .run = run, .data = data, .class = "", .pool = o->pool, .copies = o->copies};
        st = gt_audit_network_all(comm, &one, &made);
        if (!st && !comm->rank) gt_audit_print_made(&one, &made);
    }
    return st;
}
