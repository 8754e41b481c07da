/* SPDX-License-Identifier: Apache-2.0
 * The pictures of an animated WebP, one after the other (webp.h). */
#include <stdlib.h>
#include <string.h>
#include <webp/demux.h>

#include "base/door/library.h"
#include "files/codec/door/picture.h"
#include "files/codec/door/webp.h"

struct gt_webp_frames {
    WebPAnimDecoder *decoder;
    WebPAnimInfo about;
};

gt_status gt_webp_frames_open(gt_webp_frames **out, const void *bytes, size_t n) {
    WebPAnimDecoderOptions options;
    gt_webp_frames *f = *out = NULL;
    gt_picture_info head;
    gt_status st = gt_picture_head(&head, bytes, n);
    if (!st) st = gt_library_open("libwebp"); /* and libwebpdemux */
    if (st) return st;
    f = calloc(1, sizeof *f);
    if (!f) return gt_fail(GT_NOMEM, "out of memory for a film");
    if (WebPAnimDecoderOptionsInit(&options))
        f->decoder = WebPAnimDecoderNew(&(WebPData){.bytes = bytes, .size = n}, &options);
    if (f->decoder && WebPAnimDecoderGetInfo(f->decoder, &f->about)) *out = f;
    else gt_webp_frames_close(f);
    return *out ? GT_OK : gt_fail(GT_FORMAT, "damaged or truncated: its pictures cannot be decoded");
}

void gt_webp_frames_size(const gt_webp_frames *f, int *height, int *width, int64_t *frames) {
    *height = (int)f->about.canvas_height;
    *width = (int)f->about.canvas_width;
    *frames = f->about.frame_count;
}

gt_status gt_webp_frames_next(gt_webp_frames *f, const uint8_t **rgba, int *milliseconds) {
    uint8_t *canvas = NULL;
    if (!WebPAnimDecoderGetNext(f->decoder, &canvas, milliseconds))
        return gt_fail(GT_FORMAT, "damaged or truncated: one of its pictures cannot be decoded");
    *rgba = canvas;
    return GT_OK;
}

void gt_webp_frames_close(gt_webp_frames *f) {
    if (f) WebPAnimDecoderDelete(f->decoder);
    free(f);
}
