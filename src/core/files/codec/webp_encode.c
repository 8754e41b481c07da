/* SPDX-License-Identifier: Apache-2.0
 * Still pictures as WebP, by libwebp (webp.h). */
#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>

#include "base/door/file.h"
#include "base/door/library.h"
#include "files/codec/door/webp.h"

gt_status gt_webp_check_size(int64_t height, int64_t width) {
    if (height >= 1 && width >= 1 && height <= GT_WEBP_MAX_SIDE && width <= GT_WEBP_MAX_SIDE) return GT_OK;
    return gt_fail(GT_USAGE, "%lldx%lld pixels: a WebP picture has at most %d a side", (long long)width,
                   (long long)height, GT_WEBP_MAX_SIDE);
}

/* One thread and no hints of the machine: equal pictures make equal bytes. */
static bool configure_encoder(WebPConfig *c, const gt_webp_options *o) {
    enum { EFFORT = 4 }; /* of 9: larger is slower */
    if (!WebPConfigInit(c)) return false;
    if (o->lossless && !WebPConfigLosslessPreset(c, EFFORT)) return false;
    if (!o->lossless) c->quality = (float)o->quality;
    c->exact = 1; /* colours under transparent pixels stay */
    return WebPValidateConfig(c);
}

/* WebP has no grey. */
static uint8_t *as_colours(const gt_picture *p) {
    size_t n = (size_t)p->height * (size_t)p->width;
    uint8_t *rgb = malloc(3 * n);
    for (size_t i = 0; rgb && i < n; i++) memset(rgb + 3 * i, ((const uint8_t *)p->samples)[i], 3);
    return rgb;
}

static bool import_picture(WebPPicture *to, const gt_picture *p) {
    if (p->channels == 4) return WebPPictureImportRGBA(to, p->samples, 4 * p->width);
    if (p->channels == 3) return WebPPictureImportRGB(to, p->samples, 3 * p->width);
    GT_FREED uint8_t *rgb = as_colours(p);
    return rgb && WebPPictureImportRGB(to, rgb, 3 * p->width);
}

static gt_status encode_picture(WebPPicture *to, const WebPConfig *config, const gt_picture *p) {
    if (import_picture(to, p) && WebPEncode(config, to)) return GT_OK;
    if (to->error_code == VP8_ENC_OK || to->error_code == VP8_ENC_ERROR_OUT_OF_MEMORY ||
        to->error_code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY)
        return gt_fail(GT_NOMEM, "out of memory for a WebP picture");
    return gt_fail(GT_FAILED, "a picture of %dx%d pixels cannot be packed as WebP: libwebp's error %d", p->width,
                   p->height, (int)to->error_code);
}

static void put_tag(gt_buffer *b, const char *name, size_t bytes) {
    uint32_t n = htole32((uint32_t)bytes);
    gt_buffer_add(b, name, 4);
    gt_buffer_add(b, &n, sizeof n);
}

/* The file of a still picture with XMP behind the pixels: an extended head (VP8X) says so. */
static gt_status put_xmp(const gt_picture *p, const char *xmp, void **bytes, size_t *n) {
    enum { RIFF = 12, TAG = 8, VP8X = 10, HAS_XMP = 0x04, HAS_ALPHA = 0x10 };
    const char *old = *bytes;
    bool extended = !memcmp(old + RIFF, "VP8X", 4);
    size_t skip = RIFF + (extended ? TAG + VP8X : 0), length = strlen(xmp);
    uint8_t head[VP8X] = {HAS_XMP | (p->channels == 4 ? HAS_ALPHA : 0)};
    for (int i = 0; i < 3; i++) {
        head[4 + i] = (uint8_t)((unsigned)(p->width - 1) >> 8 * i);
        head[7 + i] = (uint8_t)((unsigned)(p->height - 1) >> 8 * i);
    }
    gt_buffer b = {0};
    put_tag(&b, "RIFF", 4 + TAG + VP8X + (*n - skip) + TAG + length + length % 2);
    gt_buffer_add(&b, "WEBP", 4);
    put_tag(&b, "VP8X", VP8X);
    gt_buffer_add(&b, head, sizeof head);
    gt_buffer_add(&b, old + skip, *n - skip);
    put_tag(&b, "XMP ", length);
    gt_buffer_add(&b, xmp, length);
    gt_buffer_add(&b, "", length % 2);
    free(*bytes);
    *bytes = b.failed ? NULL : b.data;
    *n = b.failed ? 0 : b.n;
    if (!b.failed) return GT_OK;
    gt_buffer_free(&b);
    return gt_fail(GT_NOMEM, "out of memory for a WebP picture");
}

gt_status gt_webp_encode(const gt_picture *p, const gt_webp_options *o, void **bytes, size_t *n) {
    *bytes = NULL;
    *n = 0;
    gt_status st = gt_webp_check_size(p->height, p->width);
    if (st) return st;
    if (p->type != GT_U8 || (p->channels != 1 && p->channels != 3 && p->channels != 4))
        return gt_fail(GT_USAGE,
                       "a WebP picture of %d channels of %s samples: only grey, RGB and RGBA of 8 bits are possible",
                       p->channels, gt_sample_name(p->type));
    st = gt_library_open("libwebp");
    if (st) return st;
    WebPConfig config;
    WebPPicture to;
    WebPMemoryWriter out;
    if (!configure_encoder(&config, o) || !WebPPictureInit(&to))
        return gt_fail(GT_USAGE, "a WebP quality of %g: must be 0 to 100", o->quality);
    WebPMemoryWriterInit(&out);
    to.width = p->width;
    to.height = p->height;
    to.use_argb = o->lossless;
    to.writer = WebPMemoryWrite;
    to.custom_ptr = &out;
    st = encode_picture(&to, &config, p);
    WebPPictureFree(&to);
    char *copy = st ? NULL : malloc(out.size); /* libwebp's memory is libwebp's to free */
    if (copy) memcpy(copy, out.mem, *n = out.size);
    else if (!st) st = gt_fail(GT_NOMEM, "out of memory for a WebP picture");
    WebPMemoryWriterClear(&out);
    *bytes = copy;
    return !st && o->notes && o->notes->xmp ? put_xmp(p, o->notes->xmp, bytes, n) : st;
}
