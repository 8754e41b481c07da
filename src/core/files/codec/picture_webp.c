/* SPDX-License-Identifier: Apache-2.0
 * WebP by libwebp. */
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "base/door/library.h"
#include "base/door/numbers.h"
#include "files/codec/door/raw_picture.h"

enum { FIRST_CHUNK = 12, FLAGS_AT = 20 };

static gt_status stored_head(gt_picture_info *out, const uint8_t *bytes, size_t n) {
    WebPBitstreamFeatures f;
    gt_status st = gt_library_open("libwebp"); /* and libwebpdemux */
    if (st) return st;
    VP8StatusCode code = WebPGetFeatures(bytes, n, &f);
    if (code == VP8_STATUS_NOT_ENOUGH_DATA) return gt_fail(GT_FORMAT, "truncated: %zu bytes", n);
    if (code != VP8_STATUS_OK) return gt_fail(GT_FORMAT, "damaged: it has no WebP header");
    bool alpha = f.has_alpha != 0;
    st = gt_head_fill(out, (unsigned)f.height, (unsigned)f.width, 3u + alpha, GT_U8, 8);
    out->alpha = alpha;
    return st;
}

static int orientation_of(const WebPDemuxer *demuxer) {
    WebPChunkIterator chunk;
    if (!demuxer || !WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) return 0;
    int orientation = gt_exif_orientation(chunk.chunk.bytes, chunk.chunk.size);
    WebPDemuxReleaseChunkIterator(&chunk);
    return orientation;
}

/* Does the extended header announce this? EXIF data stand behind the pixels. */
static bool has_flag(const uint8_t *bytes, size_t n, unsigned flag) {
    return n > FLAGS_AT && !memcmp(bytes + FIRST_CHUNK, "VP8X", 4) && bytes[FLAGS_AT] & flag;
}

static gt_status head(gt_picture_info *out, const uint8_t *bytes, size_t n) {
    gt_status st = stored_head(out, bytes, n);
    if (st || !has_flag(bytes, n, EXIF_FLAG) || out->height == out->width) return st;
    if (gt_le32(bytes + 4) > n - 8) return gt_fail(GT_FORMAT, "truncated: %zu bytes", n);
    WebPDemuxer *demuxer = WebPDemux(&(WebPData){.bytes = bytes, .size = n});
    gt_turn_head(out, orientation_of(demuxer));
    WebPDemuxDelete(demuxer);
    return GT_OK;
}

static void keep_metadata(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    WebPDemuxer *demuxer = WebPDemux(&(WebPData){.bytes = bytes, .size = n});
    WebPChunkIterator chunk;
    if (demuxer && WebPDemuxGetChunk(demuxer, "ICCP", 1, &chunk)) {
        gt_raw_keep_profile(raw, chunk.chunk.bytes, chunk.chunk.size);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    raw->orientation = orientation_of(demuxer);
    WebPDemuxDelete(demuxer);
}

/* Of an animation the first picture, on its canvas. */
static bool decode_first(gt_picture *p, const uint8_t *bytes, size_t n) {
    WebPAnimDecoderOptions options;
    int time;
    uint8_t *canvas, *to = p->samples;
    WebPAnimDecoder *d = WebPAnimDecoderOptionsInit(&options)
                             ? WebPAnimDecoderNew(&(WebPData){.bytes = bytes, .size = n}, &options)
                             : NULL;
    bool done = d && WebPAnimDecoderGetNext(d, &canvas, &time);
    size_t pixels = (size_t)p->width * (size_t)p->height, channels = (size_t)p->channels;
    for (size_t i = 0; i < pixels && done; i++) memcpy(to + i * channels, canvas + 4 * i, channels);
    WebPAnimDecoderDelete(d);
    p->note = GT_FIRST_OF_ANIMATION;
    return done;
}

static bool decode_still(gt_picture *p, const uint8_t *bytes, size_t n) {
    int stride = p->width * p->channels;
    return p->alpha ? WebPDecodeRGBAInto(bytes, n, p->samples, gt_picture_bytes(p), stride)
                    : WebPDecodeRGBInto(bytes, n, p->samples, gt_picture_bytes(p), stride);
}

static gt_status decode_webp(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    gt_picture_info info = {0};
    gt_status st = stored_head(&info, bytes, n);
    if (!st) st = gt_raw_new(raw, (unsigned)info.height, (unsigned)info.width, (unsigned)info.channels, GT_U8);
    if (st) return st;
    gt_picture *p = &raw->picture;
    p->alpha = info.alpha;
    bool done = has_flag(bytes, n, ANIMATION_FLAG) ? decode_first(p, bytes, n) : decode_still(p, bytes, n);
    if (!done) return gt_fail(GT_FORMAT, "damaged or truncated: its pixels cannot be decoded");
    keep_metadata(raw, bytes, n);
    return GT_OK;
}

const gt_picture_kind gt_kind_webp = {.head = head, .decode = decode_webp};
