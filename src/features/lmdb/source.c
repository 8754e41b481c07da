/* SPDX-License-Identifier: Apache-2.0
 * LMDB folders and files of pictures, as LSUN is published. The file is read, not mapped, and by bounds-checked code of
 * our own: liblmdb trusts every offset in the file and reads beyond the end of a file that was cut short, which ends
 * the process.
 *
 * The format (data version 1, 64-bit): pages of one size, numbered from 0; two meta pages, of which the one of the
 * later transaction counts; a B+ tree of branch and leaf pages. A page begins with its number (8 bytes), 2 unused,
 * flags (2), then the offset of the end of its table of node offsets (2) and 2 unused; the table begins at byte 16. A
 * node has a size (4; for branches, with the flags, the child's page in 48 bits), flags (2), a key's length (2), the
 * key, and the value or, with flag BIG, the page where it begins behind a header of 16 bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/numbers.h"
#include "data/door/source.h"
#include "base/door/memory.h"

enum {
    META_BYTES = 152,
    MAGIC_AT = 16,
    VERSION_AT = 20,
    PAGE_SIZE_AT = 40,
    FLAGS_AT = 92,
    ROOT_AT = 128,
    TRANSACTION_AT = 144,
    PAGE_HEADER = 16,
    NODE_HEADER = 8,
    PAGE_FLAGS_AT = 10,
    TABLE_END_AT = 12,
    BRANCH = 1,
    LEAF = 2, /* of a page */
    BIG = 1,
    SUB_DATABASE = 2,
    SORTED = 4, /* of a node */
    DEPTH_MOST = 32,
    PAGE_MOST = 65536,
    KEY_NAME_MOST = 511,
};
static const uint32_t magic = 0xbeefc0de;
static const uint64_t no_page = UINT64_MAX;

typedef struct value {
    uint64_t at;
    uint32_t n;
} __attribute__((packed, aligned(4))) value;

typedef struct lmdb {
    int fd;
    uint64_t bytes;
    size_t page;
    uint64_t pages_left; /* how many may still be visited: a tree visits each page once */
    gt_name_list *names; /* of the source */
    value *values;
    size_t room;
} lmdb;

static bool claims_lmdb(const gt_spec *spec) {
    size_t n = strlen(spec->text);
    GT_FREED char *path = spec->is_folder ? gt_path_join(spec->text, "data.mdb") : NULL;
    bool mine = path && ((n >= 5 && !strcmp(spec->text + n - 5, "_lmdb")) || access(path, F_OK) == 0);
    return mine || (spec->is_file && gt_file_begins(spec->text, MAGIC_AT, "\xde\xc0\xef\xbe", 4));
}

static gt_status damaged(const char *what) { return gt_fail(GT_FORMAT, "damaged or truncated: %s", what); }

/* Of the two meta pages the later one that is whole. The second lies one page behind the first. */
static gt_status read_meta(lmdb *l, uint64_t *root) {
    uint8_t meta[META_BYTES];
    uint64_t latest = 0;
    bool found = false;
    *root = no_page;
    for (size_t at = 0, k = 0; k < 2; k++, at = l->page) {
        if (gt_read_at(l->fd, at, meta, sizeof meta)) return damaged("the meta page is missing");
        if (gt_le32(meta + MAGIC_AT) != magic || gt_le32(meta + VERSION_AT) != 1) {
            if (k == 0) return gt_fail(GT_FORMAT, "not an LMDB file of a 64-bit little-endian machine");
            continue;
        }
        uint32_t page = gt_le32(meta + PAGE_SIZE_AT);
        if (page < 512 || page > PAGE_MOST || (page & (page - 1)) || (k && page != l->page))
            return damaged("an impossible page size");
        l->page = page;
        if (gt_le16(meta + FLAGS_AT) & SORTED)
            return gt_fail(GT_FORMAT, "several values per key, which Gantry does not read");
        uint64_t transaction = gt_le64(meta + TRANSACTION_AT);
        if (!found || transaction > latest) {
            found = true;
            latest = transaction;
            *root = gt_le64(meta + ROOT_AT);
        }
    }
    return GT_OK;
}

/* The key as a name: as it is where it can be printed, else in hexadecimal digits. */
static gt_status add_name(lmdb *l, const uint8_t *key, size_t n) {
    char text[2 * KEY_NAME_MOST + 1];
    bool plain = n > 0;
    if (n > KEY_NAME_MOST) n = KEY_NAME_MOST;
    for (size_t i = 0; i < n; i++) plain = plain && key[i] > ' ' && key[i] < 0x7f;
    if (plain) return gt_names_add(l->names, (const char *)key, n);
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = "0123456789abcdef"[key[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[key[i] & 15];
    }
    return gt_names_add(l->names, text, 2 * n);
}

static gt_status add_value(lmdb *l, uint64_t at, uint32_t n) {
    if (at > l->bytes || n > l->bytes - at) return damaged("a value beyond the end of the file");
    gt_status st = gt_grow(&l->values, &l->room, l->names->count, sizeof *l->values, "a list of pictures");
    if (!st) l->values[l->names->count - 1] = (value){at, n};
    return st;
}

static gt_status visit_page(lmdb *l, uint64_t number, int depth);

/* The node at `offset` of the page. `*left`: bytes behind the page's table that no node has taken yet. Nodes do not
 * share bytes, and offsets that repeat would make many names and values of few. */
static gt_status visit_node(lmdb *l, const uint8_t *page, uint64_t number, size_t offset, bool leaf, int depth,
                            size_t *left) {
    if (offset < gt_le16(page + TABLE_END_AT) || offset > l->page - NODE_HEADER)
        return damaged("a node beyond its page");
    const uint8_t *node = page + offset, *key = node + NODE_HEADER;
    size_t key_bytes = gt_le16(node + 6), room = l->page - offset - NODE_HEADER;
    unsigned flags = gt_le16(node + 4);
    uint32_t n = gt_le32(node);
    size_t taken = NODE_HEADER + key_bytes + (!leaf ? 0 : flags & BIG ? 8 : (size_t)n);
    if (taken > *left) return damaged("nodes larger than their page");
    *left -= taken;
    if (!leaf) return visit_page(l, n | (uint64_t)flags << 32, depth + 1);
    if (flags & (SUB_DATABASE | SORTED))
        return gt_fail(GT_FORMAT, "holds several databases, which Gantry does not read");
    if (key_bytes > room || (flags & BIG ? room - key_bytes < 8 : room - key_bytes < n))
        return damaged("a node beyond its page");
    uint64_t at = number * l->page + offset + NODE_HEADER + key_bytes;
    if (flags & BIG) {
        uint64_t first = gt_le64(key + key_bytes);
        if (first > l->bytes / l->page) return damaged("a value beyond the end of the file");
        at = first * l->page + PAGE_HEADER;
    }
    gt_status st = add_name(l, key, key_bytes);
    return st ? st : add_value(l, at, n);
}

static gt_status visit_page(lmdb *l, uint64_t number, int depth) {
    if (depth > DEPTH_MOST || l->pages_left == 0) return damaged("its tree has a loop");
    if (number >= l->bytes / l->page) return damaged("a page beyond the end of the file");
    l->pages_left--;
    GT_FREED uint8_t *page = malloc(l->page);
    if (!page) return gt_fail(GT_NOMEM, "out of memory for a page");
    gt_status st = gt_read_at(l->fd, number * l->page, page, l->page);
    unsigned flags = gt_le16(page + PAGE_FLAGS_AT);
    size_t end = gt_le16(page + TABLE_END_AT);
    if (!st && (gt_le64(page) != number || !(flags & (BRANCH | LEAF)) || end < PAGE_HEADER || end > l->page))
        st = damaged("a page without a valid header");
    size_t left = l->page - end;
    for (size_t at = PAGE_HEADER; !st && at + 2 <= end; at += 2)
        st = visit_node(l, page, number, gt_le16(page + at), flags & LEAF, depth, &left);
    return st;
}

/* As the reference reads them: three channels of 8 bits, whatever the picture has. */
static gt_status to_rgb(gt_picture *p) {
    if (p->type == GT_F32 || p->channels > 4)
        return gt_fail(GT_FORMAT, "a picture that is neither grey nor RGB of 8 or 16 bits");
    if (p->type == GT_U8 && p->channels == 3) return GT_OK;
    gt_picture rgb;
    gt_status st = gt_picture_new(&rgb, p->height, p->width, 3, GT_U8);
    if (st) return st;
    size_t channels = (size_t)p->channels;
    for (size_t i = 0; i < (size_t)p->height * (size_t)p->width; i++)
        for (size_t c = 0; c < 3; c++) {
            size_t from = i * channels + (channels < 3 ? 0 : c);
            ((uint8_t *)rgb.samples)[3 * i + c] = p->type == GT_U8 ? ((uint8_t *)p->samples)[from]
                                                                   : (uint8_t)(((uint16_t *)p->samples)[from] >> 8);
        }
    rgb.note = p->note;
    gt_picture_free(p);
    *p = rgb;
    return GT_OK;
}

/* The first bytes of a value, at most `most`. */
static gt_status load_item(const gt_source *s, int64_t i, size_t most, bool whole, void **bytes, size_t *n) {
    const lmdb *l = s->state;
    return gt_load_part(s->file.fd, l->values[i].at, l->values[i].n, most, whole, bytes, n);
}

static gt_status read_item(const gt_source *s, int64_t i, gt_picture *out) {
    gt_status st = gt_loaded_picture(s, i, out);
    return st ? st : to_rgb(out);
}

static gt_status head_item(const gt_source *s, int64_t i, size_t first, gt_picture_info *out) {
    gt_status st = gt_loaded_head(s, i, first, out);
    out->channels = 3;
    out->bits = 8;
    out->alpha = out->cut = false;
    return st;
}

/* ---- several sizes of each picture: keys SIZE-NUMBER, and `length` ---- */

enum { SIZES_MOST = 16 };

/* The size of such a key; 0: another one. */
static int size_of(const char *name) {
    int size = 0, end = 0;
    return sscanf(name, "%9d-%*9[0-9]%n", &size, &end) == 1 && end && !name[end] && size > 0 ? size : 0;
}

typedef struct sizes {
    int n, size[SIZES_MOST];
    int64_t count[SIZES_MOST], first[SIZES_MOST]; /* the first item of each */
} sizes;

static bool add_size(sizes *z, int size, int64_t item) {
    int k = 0;
    while (k < z->n && z->size[k] != size) k++;
    if (k == SIZES_MOST) return false;
    if (k == z->n) z->size[z->n] = size, z->first[z->n++] = item;
    z->count[k]++;
    return true;
}

/* Has each picture all sizes, and does each size say what it is? Keys that only look like these are those of pictures.
 */
static bool are_sizes(const gt_source *s, sizes *z) {
    *z = (sizes){0};
    for (int64_t i = 0; i < s->count; i++) {
        const char *name = gt_names_at(&s->names, (size_t)i);
        if (strcmp(name, "length") && (!size_of(name) || !add_size(z, size_of(name), i))) return false;
    }
    for (int k = 0; k < z->n; k++) {
        gt_picture_info head;
        if (z->count[k] != z->count[0] || gt_loaded_head(s, z->first[k], GT_PICTURE_HEAD_BYTES, &head) ||
            (head.width != z->size[k] && head.height != z->size[k]))
            return false;
    }
    return z->n > 0;
}

static gt_status tell_sizes(gt_source *s, const sizes *z, int wanted, bool other) {
    char list[SIZES_MOST * 12] = "";
    gt_status st = other ? gt_notes_say(&s->info, "the key 'length' is not a picture") : GT_OK;
    for (int k = 0; k < z->n; k++) {
        size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, "%s%d", k ? ", " : "", z->size[k]);
    }
    return st || z->n < 2
               ? st
               : gt_notes_say(
                     &s->info,
                     "each picture occurs in the sizes %s: size %d is used (another one: gantry dataset --array=SIZE)",
                     list, wanted);
}

static gt_status choose_size(gt_source *s, lmdb *l, const char *array) {
    sizes z;
    int wanted = 0;
    int64_t kept = 0;
    bool sized = are_sizes(s, &z), known = !*array;
    for (int k = 0; k < z.n && sized; k++) {
        char name[16];
        snprintf(name, sizeof name, "%d", z.size[k]);
        if (*array ? !strcmp(name, array) : z.size[k] > wanted) wanted = z.size[k], known = true;
    }
    if (!known) return gt_fail(GT_USAGE, "--array=%s: the keys name no pictures of this size", array);
    if (!sized) return GT_OK;
    for (int64_t i = 0; i < s->count; i++) {
        if (size_of(gt_names_at(&s->names, (size_t)i)) != wanted) continue;
        s->names.at[kept] = s->names.at[i];
        l->values[kept++] = l->values[i];
    }
    bool other = s->count > kept + (z.n - 1) * z.count[0];
    s->names.count = (size_t)kept;
    s->count = kept;
    return tell_sizes(s, &z, wanted, other);
}

static void close_lmdb(void *state) {
    lmdb *l = state;
    free(l->values);
}

static gt_status open_file(gt_source *s) {
    const char *path = gt_is_directory(s->spec) ? gt_arena_printf(s->arena, "%s/data.mdb", s->spec) : s->spec;
    if (!path) return GT_NOMEM;
    s->stamp = gt_file_stamp(path);
    return gt_source_part_file(path, &s->file.fd, &s->file.size);
}

static gt_status read_tree(gt_source *s) {
    lmdb *l = s->state;
    uint64_t root;
    gt_status st = open_file(s);
    l->fd = s->file.fd, l->bytes = s->file.size, l->names = &s->names;
    if (!st) st = read_meta(l, &root);
    if (st) return st;
    l->pages_left = l->bytes / l->page;
    if (root != no_page) st = visit_page(l, root, 0);
    s->count = (int64_t)s->names.count;
    return st;
}

static gt_status open_lmdb(gt_source *s, const gt_source_options *options) {
    s->load = load_item; /* a key is not the name of a file */
    s->read = read_item;
    s->head = head_item;
    gt_status st = read_tree(s);
    if (st) return gt_is_directory(s->spec) ? gt_wrap(st, "'data.mdb'") : st;
    return choose_size(s, s->state, options->array ? options->array : "");
}

const gt_source_kind gt_source_lmdb = {.name = "lmdb",
                                       .looks = "FOLDER_lmdb",
                                       .named = true,
                                       .claims = claims_lmdb,
                                       .state_bytes = sizeof(lmdb),
                                       .close = close_lmdb,
                                       .open = open_lmdb};
