/* SPDX-License-Identifier: Apache-2.0
 * Archives that can only be read from front to back, as libarchive reads them: tar, packed or not, 7-Zip, RAR. The
 * pictures are unpacked once into an unnamed file, so this is a source of datasets, and not of training. Members' names
 * are never used as paths. */
#define _GNU_SOURCE
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "data/door/archive.h"
#include "data/members.h"
#include "gantry/picture.h"
#include "base/door/memory.h"
#include "base/door/progress.h"
#include "base/door/text.h"

typedef struct packed {
    gt_members members; /* by their places in `part` */
    struct part {
        uint64_t at, bytes; /* in the source's file */
        uint32_t crc;
    } * part;
    size_t n, room;
    gt_temp_file *file; /* of the source */
    struct archive *a;  /* while it is read: the member that is looked at */
    uint8_t head[GT_SIFT_HEAD];
    size_t in_head;
    gt_name_list linked; /* hard links: a name and what it leads to, in turn */
} packed;

/* By its bytes; by its name, so that a damaged one is called that. */
static bool claims_archive(const gt_spec *spec) {
    static const char *const endings[] = {".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2", ".7z", ".rar"};
    if (!spec->is_file) return false;
    bool named = gt_archive_is(spec->text);
    for (size_t i = 0; i < sizeof endings / sizeof *endings && !named; i++)
        named = gt_ends_with(spec->text, endings[i]);
    return named && !gt_file_begins(spec->text, 0, "PK\3\4", 4);
}

/* ---- unpacking ---- */

static gt_status peek_member(void *arg, uint32_t place, void *head, size_t *n) {
    packed *p = arg;
    (void)place;
    gt_status st = gt_archive_piece(p->a, p->head, sizeof p->head, &p->in_head);
    memcpy(head, p->head, p->in_head);
    *n = p->in_head;
    return st;
}

/* A damaged member is an error of that picture alone, where the archive goes on behind it: what there is of it is kept.
 * What is too large to be a picture is cut: it may be made to be unpacked for ever. */
static gt_status unpack_member(packed *p) {
    enum { PIECE = 1 << 16 };
    static _Thread_local uint8_t piece[PIECE];
    struct part *part = &p->part[p->n];
    *part = (struct part){.at = p->file->size, .bytes = p->in_head, .crc = gt_crc32(0, p->head, p->in_head)};
    gt_status st = gt_temp_file_add(p->file, p->head, p->in_head);
    for (size_t n = PIECE; !st && n == PIECE && part->bytes <= GT_FILE_MAX; part->bytes += n) {
        gt_progress();
        if (gt_archive_piece(p->a, piece, PIECE, &n)) n = 0;
        part->crc = gt_crc32(part->crc, piece, n);
        st = gt_temp_file_add(p->file, piece, n);
    }
    p->n++;
    return st;
}

/* A hard link has no bytes of its own. */
static gt_status note_link(packed *p, const char *name, const char *to) {
    gt_status st = gt_names_add(&p->linked, name, strlen(name));
    return st ? st : gt_names_add(&p->linked, to, strlen(to));
}

static gt_status add_member(packed *p, struct archive_entry *entry, const char *name, bool converted) {
    bool taken;
    const char *link = archive_entry_hardlink(entry);
    if (link) return note_link(p, name, link);
    mode_t type = archive_entry_filetype(entry); /* 0: the archive does not say */
    if (type && type != AE_IFREG) {
        if (type != AE_IFDIR) gt_sift_count(&p->members.sift, "links");
        return GT_OK;
    }
    if (p->n >= GT_NO_MEMBER) return gt_fail(GT_FORMAT, "more than %zu pictures", p->n);
    gt_status st = gt_grow(&p->part, &p->room, p->n + 1, sizeof *p->part, "a list of pictures");
    p->in_head = 0;
    if (!st) st = gt_members_add(&p->members, name, converted, (uint32_t)p->n, &taken);
    return st || !taken ? st : unpack_member(p);
}

static gt_status take_entry(void *arg, struct archive *a, struct archive_entry *entry) {
    packed *p = arg;
    const char *raw = archive_entry_pathname(entry), *from;
    size_t n;
    GT_FREED char *name = NULL;
    p->a = a;
    gt_progress();
    if (archive_entry_is_encrypted(entry)) return gt_fail(GT_FORMAT, "encrypted");
    if (!raw) return gt_fail(GT_FORMAT, "damaged: a member without a name");
    gt_status st = gt_text_to_utf8(raw, strlen(raw), &name, &n, &from);
    return st ? st : add_member(p, entry, name, from != NULL);
}

/* ---- hard links ---- */

/* The place of what a link leads to, which stands before the link in the archive. */
static gt_status follow_link(packed *p, const uint32_t *index, const char *name, const char *to) {
    gt_source *s = p->members.source;
    size_t below = s->inside ? strlen(s->inside) : 0;
    GT_FREED char *tidy = strdup(to);
    if (!tidy) return gt_fail(GT_NOMEM, "out of memory for a link");
    bool in = gt_name_tidy(tidy, true) > below && (!below || !strncmp(tidy, s->inside, below));
    int64_t item = in ? gt_item_find(s, index, tidy + below) : -1;
    bool taken;
    if (item >= 0) return gt_members_add(&p->members, name, false, p->members.place[item], &taken);
    gt_sift_count(&p->members.sift, "links to no picture");
    return GT_OK;
}

static gt_status follow_links(packed *p) {
    gt_source *s = p->members.source;
    if (!p->linked.count) return GT_OK;
    s->count = (int64_t)s->names.count; /* those that links may lead to */
    GT_FREED uint32_t *index = gt_item_index(s);
    gt_status st = index ? GT_OK : gt_fail(GT_NOMEM, "out of memory for links");
    for (size_t i = 0; i + 1 < p->linked.count && !st; i += 2)
        st = follow_link(p, index, gt_names_at(&p->linked, i), gt_names_at(&p->linked, i + 1));
    return st;
}

/* ---- items ---- */

static gt_status load_part(const gt_source *s, uint32_t place, size_t most, bool whole, void **bytes, size_t *n) {
    const packed *p = s->state;
    return gt_load_part(s->file.fd, p->part[place].at, p->part[place].bytes, most, whole, bytes, n);
}

static gt_status load_item(const gt_source *s, int64_t i, size_t most, bool whole, void **bytes, size_t *n) {
    return load_part(s, ((const packed *)s->state)->members.place[i], most, whole, bytes, n);
}

static gt_status read_mask(const gt_source *s, int64_t i, gt_picture *out) {
    const packed *p = s->state;
    size_t n = 0;
    GT_FREED void *bytes = NULL;
    if (p->members.mask[i] == GT_NO_MEMBER) return gt_fail(GT_FORMAT, "is missing");
    gt_status st = load_part(s, p->members.mask[i], GT_FILE_MAX, true, &bytes, &n);
    return st ? st : gt_mask_decode(bytes, n, out);
}

static gt_hash128 stamp_item(const gt_source *s, int64_t i) {
    const packed *p = s->state;
    const struct part *part = &p->part[p->members.place[i]];
    uint32_t mask = p->members.mask ? p->members.mask[i] : GT_NO_MEMBER;
    uint64_t known[4] = {part->bytes, part->crc};
    if (mask != GT_NO_MEMBER) known[2] = p->part[mask].bytes, known[3] = p->part[mask].crc;
    return gt_hash(known, sizeof known);
}

static void close_archive(void *state) {
    packed *p = state;
    gt_members_free(&p->members);
    gt_names_free(&p->linked);
    free(p->part);
}

static gt_status read_json(gt_source *s, const gt_source_options *options) {
    const packed *p = s->state;
    size_t n = 0;
    GT_FREED void *text = NULL;
    if (p->members.notes == GT_NO_MEMBER)
        return gt_own_labels(options) ? gt_sift_say_table(&p->members.sift, s, true) : GT_OK;
    gt_status st = load_part(s, p->members.notes, GT_NOTES_MAX, true, &text, &n);
    if (!st) st = gt_labels_of_json(s, text, n, options);
    return st ? gt_wrap(st, "'%s'", GT_NOTES_FILE) : GT_OK;
}

/* The command that makes a dataset of it. */
static gt_status refuse_training(const gt_source *s) {
    const char *slash = strrchr(s->path, '/'), *name = slash ? slash + 1 : s->path;
    size_t n = strcspn(name, ".");
    GT_BUFFER gt_buffer b = {0};
    char dest[GT_NAME_BYTES];
    snprintf(dest, sizeof dest, "%.*s.zip", (int)(n ? n : strlen(name)), name);
    gt_buffer_printf(&b, "gantry dataset ");
    gt_buffer_shell(&b, s->spec);
    gt_buffer_printf(&b, " ");
    gt_buffer_shell(&b, dest);
    gt_status st = gt_fail(GT_FORMAT,
                           "an archive that must be unpacked completely each time; make a dataset of it: %.*s",
                           (int)b.n, b.data ? b.data : "");
    return st;
}

static gt_status open_archive(gt_source *s, const gt_source_options *options) {
    packed *p = s->state;
    if (gt_kind_of_file(s->path) == GT_KIND_TEXT) return gt_fail(GT_FORMAT, "not an archive, but a text file");
    if (options->again_and_again) return refuse_training(s);
    gt_source_of_pictures(s, load_item);
    s->item_stamp = stamp_item;
    p->file = &s->file;
    p->members = (gt_members){
        .source = s, .encoding = "Latin-1", .streamed = true, .peek = peek_member, .arg = p, .notes = GT_NO_MEMBER};
    gt_status st = gt_temp_file_open(p->file);
    if (!st) st = gt_archive_each(s->path, GT_ARCHIVE_ANY, take_entry, p);
    if (!st) st = follow_links(p);
    st = gt_members_end(&p->members, st);
    if (p->members.mask) s->mask = read_mask;
    return st ? st : read_json(s, options);
}

const gt_source_kind gt_source_archive = {.name = "archive",
                                          .looks = "FILE.tar, .7z, .rar (only for gantry dataset)",
                                          .has_folders = true,
                                          .claims = claims_archive,
                                          .state_bytes = sizeof(packed),
                                          .close = close_archive,
                                          .open = open_archive};
