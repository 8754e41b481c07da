/* SPDX-License-Identifier: Apache-2.0
 * WebP by libwebp. */
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "codec/raw_picture.h"

static bool begins(const uint8_t *bytes, size_t n) {
    return n >= 12 && !memcmp(bytes, "RIFF", 4) && !memcmp(bytes + 8, "WEBP", 4);
}

static gt_status head(gt_picture_info *out, const uint8_t *bytes, size_t n) {
    WebPBitstreamFeatures f;
    VP8StatusCode code = WebPGetFeatures(bytes, n, &f);
    if (code == VP8_STATUS_NOT_ENOUGH_DATA) return gt_fail(GT_FORMAT, "truncated: %zu bytes", n);
    if (code != VP8_STATUS_OK) return gt_fail(GT_FORMAT, "damaged: no WebP header");
    if (f.has_animation) return gt_fail(GT_FORMAT, "an animation; save one picture of it");
    bool alpha = f.has_alpha != 0;
    *out = (gt_picture_info){.height = f.height, .width = f.width, .channels = 3 + alpha, .bits = 8, .alpha = alpha};
    return gt_picture_check_size((unsigned)f.height, (unsigned)f.width, 3u + alpha, GT_U8, 0);
}

static void keep_metadata(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    WebPDemuxer *demuxer = WebPDemux(&(WebPData){.bytes = bytes, .size = n});
    WebPChunkIterator chunk;
    if (demuxer && WebPDemuxGetChunk(demuxer, "ICCP", 1, &chunk)) {
        gt_raw_keep_profile(raw, chunk.chunk.bytes, chunk.chunk.size);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    if (demuxer && WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) {
        raw->orientation = gt_exif_orientation(chunk.chunk.bytes, chunk.chunk.size);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    WebPDemuxDelete(demuxer);
}

static gt_status decode(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    gt_picture_info info = {0};
    gt_status st = head(&info, bytes, n);
    if (!st) st = gt_raw_new(raw, (unsigned)info.height, (unsigned)info.width, (unsigned)info.channels, GT_U8);
    if (st) return st;
    gt_picture *p = &raw->picture;
    p->alpha = info.alpha;
    int stride = p->width * p->channels;
    const uint8_t *done = p->alpha ? WebPDecodeRGBAInto(bytes, n, p->samples, gt_picture_bytes(p), stride)
                                   : WebPDecodeRGBInto(bytes, n, p->samples, gt_picture_bytes(p), stride);
    if (!done) return gt_fail(GT_FORMAT, "damaged or truncated: its pixels cannot be decoded");
    keep_metadata(raw, bytes, n);
    return GT_OK;
}

const gt_picture_kind gt_kind_webp = {.name = "WebP", .begins = begins, .head = head, .decode = decode};
