/* SPDX-License-Identifier: Apache-2.0
 * Reads texts of variable length in attributes and sets, and lists of references: see h5_room.h.
 *
 * For each text or list the attribute, or the set, holds its place (libhdf5 hands the place over through a
 * conversion to opaque bytes):
 *
 *     length (4), place of a heap (8), number in it (4)
 *
 * and a heap is "GCOL", 1, 0, 0, 0, its size (8), and in it objects: number (2), users (2), 0 (4), size (8), bytes up
 * to a multiple of 8. The object of number 0 is free space, and the last. All numbers have their low bytes first. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/numbers.h"
#include "gantry/memory.h"
#include "files/h5/h5_room.h"

enum { PLACE = H5_TEXT_PLACE, HEAD = 16, OBJECT = 16, LARGEST = 64 << 20 };

typedef struct heap {
    int fd;
    uint64_t base, at; /* of the file's addresses; of the heap that was read last, 0: none */
    uint8_t *bytes;
    size_t n;
} heap;

/* H5T_conv_t: the bytes stay as they are. */
static herr_t as_stored(hid_t from, hid_t to, H5T_cdata_t *c, size_t n, size_t stride, size_t other_stride, void *bytes,
                        void *other, hid_t transfer) {
    (void)n, (void)stride, (void)other_stride, (void)bytes, (void)other, (void)transfer;
    if (c->command != H5T_CONV_INIT) return 0;
    c->need_bkg = H5T_BKG_NO;
    return H5Tget_size(from) == PLACE && H5Tget_size(to) == PLACE ? 0 : -1;
}

/* `of`: an attribute or a set. */
static gt_status read_places(hid_t of, uint8_t *places) {
    bool set = H5Iget_type(of) == H5I_DATASET;
    hid_t from = set ? H5Dget_type(of) : H5Aget_type(of), to = H5Tcreate(H5T_OPAQUE, PLACE);
    bool fine = from >= 0 && to >= 0 && H5Tregister(H5T_PERS_SOFT, "as stored", from, to, as_stored) >= 0;
    if (fine) {
        fine = (set ? H5Dread(of, to, H5S_ALL, H5S_ALL, H5P_DEFAULT, places) : H5Aread(of, to, places)) >= 0;
        H5Tunregister(H5T_PERS_SOFT, "as stored", -1, -1, as_stored);
    }
    if (to >= 0) H5Tclose(to);
    if (from >= 0) H5Tclose(from);
    return fine ? GT_OK : gt_fail(GT_FORMAT, "its texts cannot be found");
}

static gt_status open_heaps(hid_t of, heap *h) {
    hid_t file = H5Iget_file_id(of), list = file < 0 ? -1 : H5Fget_create_plist(file);
    hsize_t before = 0;
    void *fd = NULL;
    bool fine = list >= 0 && H5Pget_userblock(list, &before) >= 0 && H5Fget_vfd_handle(file, H5P_DEFAULT, &fd) >= 0 &&
                fd;
    if (fine) *h = (heap){.fd = *(int *)fd, .base = before};
    if (list >= 0) H5Pclose(list);
    if (file >= 0) H5Fclose(file);
    return fine ? GT_OK : gt_h5_fail(GT_FORMAT, "its texts cannot be found");
}

static gt_status read_heap(heap *h, uint64_t at) {
    uint8_t head[HEAD];
    uint64_t place;
    if (h->at == at) return GT_OK;
    free(h->bytes);
    h->bytes = NULL;
    h->at = 0;
    if (__builtin_add_overflow(h->base, at, &place) || place > INT64_MAX ||
        pread(h->fd, head, HEAD, (off_t)place) != HEAD || memcmp(head, "GCOL\1", 5))
        return gt_fail(GT_FORMAT, "its texts are not at their places");
    uint64_t n = gt_le64(head + 8);
    if (n < HEAD || n > LARGEST)
        return gt_fail(GT_FORMAT, "its texts are in a heap of %llu bytes", (unsigned long long)n);
    if (!(h->bytes = malloc((size_t)n))) return gt_fail(GT_NOMEM, "out of memory for texts");
    if (pread(h->fd, h->bytes, (size_t)n, (off_t)place) != (ssize_t)n)
        return gt_fail(GT_FORMAT, "its texts are cut off");
    h->n = (size_t)n;
    h->at = at;
    return GT_OK;
}

static const uint8_t *find(const heap *h, uint64_t wanted, size_t *size) {
    for (size_t at = HEAD; h->n - at >= OBJECT;) {
        uint64_t which = gt_le16(h->bytes + at), n = gt_le64(h->bytes + at + 8);
        at += OBJECT;
        if (!which || n > h->n - at) return NULL;
        if (which == wanted) {
            *size = (size_t)n;
            return h->bytes + at;
        }
        n = (n + 7) / 8 * 8;
        if (n > h->n - at) return NULL;
        at += (size_t)n;
    }
    return NULL;
}

/* The elements of one place, of `unit` bytes each; *size: bytes of all of them. */
static gt_status follow(heap *h, const uint8_t *place, size_t unit, const uint8_t **found, size_t *size) {
    uint64_t length = (uint64_t)gt_le32(place) * unit, at = gt_le64(place + 4);
    *found = (const uint8_t *)"";
    *size = 0;
    if (!length || !at) return GT_OK;
    gt_status st = read_heap(h, at);
    if (st) return st;
    if (!(*found = find(h, gt_le32(place + 12), size)) || length > *size)
        return gt_fail(GT_FORMAT, "one of its texts is damaged");
    *size = (size_t)length;
    return GT_OK;
}

static gt_status read_one(heap *h, const uint8_t *place, size_t most, char **text) {
    const uint8_t *found;
    size_t size;
    gt_status st = follow(h, place, 1, &found, &size);
    if (st) return st;
    *text = strndup((const char *)found, size < most ? size : most);
    return *text ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a text");
}

static gt_status open_places(hid_t of, size_t n, heap *h, uint8_t **places) {
    *h = (heap){.fd = -1};
    *places = calloc(n, PLACE);
    gt_status st = *places ? read_places(of, *places) : gt_fail(GT_NOMEM, "out of memory for %zu texts", n);
    return st ? st : open_heaps(of, h);
}

gt_status h5_texts_read(hid_t of, size_t n, size_t most, char **text) {
    heap h;
    GT_FREED uint8_t *places = NULL;
    memset(text, 0, n * sizeof *text);
    gt_status st = open_places(of, n, &h, &places);
    for (size_t i = 0; i < n && !st; i++) st = read_one(&h, places + i * PLACE, most, &text[i]);
    free(h.bytes);
    return st;
}

gt_status h5_references_read(hid_t of, size_t n, uint64_t *address) {
    heap h;
    GT_FREED uint8_t *places = NULL;
    gt_status st = open_places(of, n, &h, &places);
    for (size_t i = 0; i < n && !st; i++) {
        const uint8_t *found;
        size_t size;
        address[i] = 0;
        st = follow(&h, places + i * PLACE, sizeof *address, &found, &size);
        if (!st && size) address[i] = gt_le64(found);
    }
    free(h.bytes);
    return st;
}
