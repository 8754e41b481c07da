/* SPDX-License-Identifier: Apache-2.0
 * The files of an archive: see members.h. */
#define _GNU_SOURCE
#include "data/members.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/memory.h"

/* Takes the last name of the list away. */
static void drop_name(gt_name_list *l, uint64_t at) {
    l->bytes = at;
    l->count--;
}

static bool is_picture(gt_members *m, const char *name, uint32_t place) {
    uint8_t head[GT_SIFT_HEAD];
    size_t n = 0;
    if (gt_sift_hides_path(&m->sift, name)) return false;
    gt_sifted is = gt_sift_name(&m->sift, name);
    if (is != GT_SIFT_UNSURE) return is == GT_SIFT_PICTURE;
    if (!m->peek(m->arg, place, head, &n)) return gt_sift_look(&m->sift, name, head, n);
    gt_sift_count(&m->sift, "that cannot be read");
    return false;
}

static gt_status add_notes(gt_members *m, const char *path, uint32_t place) {
    if (!strcmp(path, GT_NOTES_FILE)) return m->notes = place, GT_OK;
    m->place_below[m->below.count] = place;
    return gt_names_add(&m->below, path, strlen(path));
}

/* A file dataset.json in a folder that holds all pictures is that of the archive. */
static gt_status find_notes(gt_members *m) {
    gt_status st = GT_OK;
    for (size_t i = 0; i < m->below.count && m->notes == GT_NO_MEMBER && !st; i++) {
        const char *path = gt_names_at(&m->below, i);
        if (gt_names_begin_with(&m->source->names, path, strlen(path) - strlen(GT_NOTES_FILE)))
            m->notes = m->place_below[i];
        else if (i + 1 == m->below.count) st = gt_notes_say_unread(&m->source->info, path);
    }
    return st;
}

gt_status gt_members_add(gt_members *m, const char *name, bool converted, uint32_t place, bool *taken) {
    gt_name_list *l = &m->source->names;
    const char *inside = m->source->inside ? m->source->inside : "";
    size_t length = strlen(name), below = strlen(inside);
    *taken = false;
    if (!length || strchr("/\\", name[length - 1])) return GT_OK; /* a folder */
    gt_status st = gt_names_add(l, name, length);
    if (st) return st;
    uint64_t at = l->at[l->count - 1];
    /* in Shift-JIS, GBK and Big5 half a character may look like a backslash */
    bool backslashes = !converted || !strchr(name, '/');
    size_t tidy = gt_name_tidy(l->text + at, backslashes);
    bool notes = false, picture = !strncmp(l->text + at, inside, below) && tidy > below;
    if (picture) {
        l->at[l->count - 1] += below;
        const char *path = gt_names_at(l, l->count - 1);
        notes = gt_is_notes_name(path) && m->below.count < GT_NOTES_BELOW;
        if (!strcmp(path, GT_LEAVES_FILE)) m->leaves = place;
        picture = !notes && is_picture(m, path, place);
        if (notes && (st = add_notes(m, path, place))) return st;
    }
    *taken = picture || notes;
    if (!picture) {
        drop_name(l, at);
        return GT_OK;
    }
    m->converted += converted;
    m->tidied |= converted || tidy != length || strchr(name, '\\');
    l->bytes = at + tidy + 1;
    st = gt_grow(&m->place, &m->room, l->count, sizeof *m->place, "a list of pictures");
    if (!st) m->place[l->count - 1] = place;
    return st;
}

/* ---- when all are there ---- */

/* In the order of their names; of one name the last one. */
static gt_status sort_members(gt_members *m, const uint32_t *index) {
    gt_name_list *l = &m->source->names;
    size_t count = l->count, kept = 0;
    uint64_t *at = malloc((count + 1) * sizeof *at);
    uint32_t *place = malloc((count + 1) * sizeof *place);
    bool got = at && place;
    for (size_t i = 0; got && i < count; i++) {
        uint64_t a = l->at[index[i]];
        uint32_t p = m->place[index[i]];
        bool again = kept && !strcmp(l->text + at[kept - 1], l->text + a);
        if (!again) at[kept] = a, place[kept++] = p;
        else if (p > place[kept - 1]) place[kept - 1] = p;
    }
    if (got) memcpy(l->at, at, kept * sizeof *at), memcpy(m->place, place, kept * sizeof *place);
    free(at);
    free(place);
    if (!got) return gt_fail(GT_NOMEM, "out of memory for a list of pictures");
    l->count = kept;
    m->source->count = (int64_t)kept;
    return kept == count ? GT_OK
                         : gt_notes_say(&m->source->info,
                                        "%zu pictures occur more than once; the last one of each counts", count - kept);
}

static gt_status check_twice(const gt_members *m, const uint32_t *index) {
    const gt_name_list *l = &m->source->names;
    for (size_t i = 1; i < l->count; i++)
        if (!strcmp(gt_names_at(l, index[i - 1]), gt_names_at(l, index[i])))
            return gt_fail(GT_FORMAT, "holds two entries named '%s'", gt_names_at(l, index[i]));
    return GT_OK;
}

static const char *member_name(const gt_source *s, int64_t i, void *index) {
    (void)index;
    return gt_names_at(&s->names, (size_t)i);
}

static bool find_member(const gt_source *s, const char *name, void *index) { return gt_item_find(s, index, name) >= 0; }

/* Masks are not pictures. */
static gt_status take_masks(gt_members *m, uint32_t *index) {
    gt_source *s = m->source;
    gt_name_list *l = &s->names;
    char buffer[GT_ITEM_NAME_BYTES];
    bool masks;
    size_t kept = 0;
    gt_status st = gt_masks_sort_out(s, s->count, member_name, find_member, index, &masks);
    if (st || !masks) return st;
    m->mask = malloc((l->count + 1) * sizeof *m->mask);
    if (!m->mask) return gt_fail(GT_NOMEM, "out of memory for a list of masks");
    for (size_t i = 0; i < l->count; i++) {
        int64_t mask = gt_item_find(s, index, gt_mask_name(gt_names_at(l, i), buffer));
        m->mask[i] = mask < 0 ? GT_NO_MEMBER : m->place[mask];
    }
    for (size_t i = 0; i < l->count; i++) {
        if (gt_mask_is_name(gt_names_at(l, i))) continue;
        l->at[kept] = l->at[i], m->place[kept] = m->place[i], m->mask[kept] = m->mask[i];
        kept++;
    }
    l->count = kept;
    s->count = (int64_t)kept;
    return GT_OK;
}

static gt_status say_converted(const gt_members *m) {
    if (!m->converted) return GT_OK;
    return gt_notes_say(&m->source->info, "%" PRId64 " name%s not in UTF-8, and read as %s", m->converted,
                        m->converted == 1 ? " is" : "s are", m->encoding);
}

gt_status gt_members_end(gt_members *m, gt_status st) {
    gt_source *s = m->source;
    s->count = (int64_t)s->names.count;
    st = gt_sift_end(&m->sift, s, st);
    if (!st && s->count >= GT_NO_MEMBER) st = gt_fail(GT_FORMAT, "%" PRId64 " pictures are too many", s->count);
    if (st) return st;
    GT_FREED uint32_t *index = gt_item_index(s);
    if (!index) return gt_fail(GT_NOMEM, "out of memory for a list of pictures");
    if (m->streamed) {
        st = sort_members(m, index);
        for (int64_t i = 0; i < s->count; i++) index[i] = (uint32_t)i;
    } else if (m->tidied) {
        st = check_twice(m, index);
    }
    if (!st) st = take_masks(m, index);
    if (!st) st = find_notes(m);
    return st ? st : say_converted(m);
}

void gt_members_free(gt_members *m) {
    free(m->place);
    free(m->mask);
    gt_names_free(&m->below);
    m->place = m->mask = NULL;
}
