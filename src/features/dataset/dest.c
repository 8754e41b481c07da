/* SPDX-License-Identifier: Apache-2.0
 * What all destinations share: the choice among them, the list of entries, PNG. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "data/door/source.h"
#include "files/codec/door/codec.h"
#include "base/door/memory.h"
#include "features/dataset/tool.h"

static const gt_dest_kind *const kinds[] = {&gt_dest_zip, &gt_dest_hdf5};

const gt_dest_kind *gt_dest_kind_of(const gt_convert_request *r) {
    const char *dot = r->folder || r->scan_only ? NULL : strrchr(r->dest, '.');
    for (size_t i = 0; dot && i < sizeof kinds / sizeof *kinds; i++)
        for (int k = 0; k < 2 && kinds[i]->suffix[k]; k++)
            if (!strcasecmp(dot, kinds[i]->suffix[k])) return kinds[i];
    return &gt_dest_folder;
}

gt_status gt_dest_open(gt_dest *d) {
    if (asprintf(&d->part, "%s.part", d->path) < 0) {
        d->part = NULL;
        return gt_fail(GT_NOMEM, "out of memory for a file name");
    }
    return d->kind->begin(d);
}

gt_status gt_dest_put(gt_dest *d, const gt_entry *e, const void *bytes) {
    gt_status st = gt_grow(&d->entries, &d->room, d->n + 1, sizeof *d->entries, "a list of images");
    if (st) return st;
    d->entries[d->n] = *e;
    st = bytes ? d->kind->put(d, e, bytes) : GT_OK;
    if (!st) d->n++;
    return st;
}

void gt_dest_close(gt_dest *d) {
    if (d->kind && d->fd >= 0) close(d->fd);
    if (d->other) gt_existing_hdf5_close(d);
    free(d->part);
    free(d->entries);
    gt_buffer_free(&d->waiting);
    *d = (gt_dest){0};
}

gt_status gt_picture_of_png(const gt_dest *d, const void *bytes, size_t n, bool mask, gt_picture *out) {
    (void)d;
    return mask ? gt_mask_decode(bytes, n, out) : gt_picture_decode(out, bytes, n, 0);
}

gt_status gt_png_of_picture(const gt_picture *p, bool compress, void **bytes, size_t *n) {
    return gt_png_encode(p, compress ? 6 : 0, bytes, n);
}
