/* SPDX-License-Identifier: Apache-2.0
 * JPEG by libjpeg-turbo, which reports errors by longjmp: everything that must survive an error lives in struct reader.
 */
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

#include "files/codec/door/raw_picture.h"

enum {
    MARKER_MOST = 65535,
    SCANS_MOST = 500, /* of a progressive file: each goes over the whole picture, and takes no more than a few bytes */
};

struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    gt_raw_picture *raw;
    gt_status status; /* of what failed outside libjpeg */
    char reason[JMSG_LENGTH_MAX];
};

static void on_error(j_common_ptr jpeg) {
    struct reader *r = jpeg->client_data;
    jpeg->err->format_message(jpeg, r->reason);
    longjmp(r->back, 1);
}

/* libjpeg goes on with made-up data where data is missing or wrong; here that is an error. */
static void on_message(j_common_ptr jpeg, int level) {
    int code = jpeg->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE)) on_error(jpeg);
}

static void on_progress(j_common_ptr jpeg) {
    struct reader *r = jpeg->client_data;
    if (r->jpeg.input_scan_number > SCANS_MOST) {
        snprintf(r->reason, sizeof r->reason, "more than %d scans", SCANS_MOST);
        longjmp(r->back, 1);
    }
}

/* Not yet inside setjmp: what can fail here is memory, which libjpeg reports through on_error. */
static void set_up(struct reader *r) {
    r->jpeg.err = jpeg_std_error(&r->errors);
    r->errors.error_exit = on_error;
    r->errors.emit_message = on_message;
    r->jpeg.client_data = r;
    r->progress.progress_monitor = on_progress;
}

static bool read_head(struct reader *r, const uint8_t *bytes, size_t n) {
    if (setjmp(r->back)) return false;
    jpeg_create_decompress(&r->jpeg);
    r->jpeg.progress = &r->progress;
    jpeg_mem_src(&r->jpeg, bytes, n);
    jpeg_save_markers(&r->jpeg, JPEG_APP0 + 1, MARKER_MOST);
    jpeg_save_markers(&r->jpeg, JPEG_APP0 + 2, MARKER_MOST);
    jpeg_read_header(&r->jpeg, TRUE);
    return true;
}

static gt_status damaged(const struct reader *r) { return gt_fail(GT_FORMAT, "damaged: %s", r->reason); }

static gt_status begin_jpeg(struct reader *r, const uint8_t *bytes, size_t n) {
    set_up(r);
    if (!read_head(r, bytes, n)) return damaged(r);
    int c = r->jpeg.num_components;
    return c == 1 || c == 3 || c == 4 ? GT_OK
                                      : gt_fail(GT_FORMAT, "a JPEG of %d components; 1, 3 and 4 can be read", c);
}

static int orientation_of(const struct reader *r) {
    int orientation = 0;
    for (jpeg_saved_marker_ptr m = r->jpeg.marker_list; m && !orientation; m = m->next)
        if (m->marker == JPEG_APP0 + 1 && m->data_length >= 6 && !memcmp(m->data, "Exif\0", 6))
            orientation = gt_exif_orientation(m->data, m->data_length);
    return orientation;
}

static gt_status head(gt_picture_info *out, const uint8_t *bytes, size_t n) {
    struct reader r = {0};
    gt_status st = begin_jpeg(&r, bytes, n);
    if (!st)
        st = gt_head_fill(out, r.jpeg.image_height, r.jpeg.image_width, (unsigned)r.jpeg.num_components, GT_U8,
                          r.jpeg.data_precision);
    if (out->channels == 4) out->channels = 3;
    if (!st) gt_turn_head(out, orientation_of(&r));
    jpeg_destroy_decompress(&r.jpeg);
    return st;
}

static void keep_metadata(struct reader *r) {
    JOCTET *profile;
    unsigned n;
    if (jpeg_read_icc_profile(&r->jpeg, &profile, &n)) {
        r->raw->profile = profile;
        r->raw->profile_bytes = n;
    }
    r->raw->orientation = orientation_of(r);
}

/* False: r->status is set, or r->reason says why. */
static bool read_samples(struct reader *r) {
    if (setjmp(r->back)) return false;
    keep_metadata(r);
    static const J_COLOR_SPACE space[] = {[1] = JCS_GRAYSCALE, [3] = JCS_RGB, [4] = JCS_CMYK};
    int channels = r->jpeg.num_components;
    r->jpeg.out_color_space = space[channels];
    r->raw->cmyk = channels == 4;
    r->status = gt_raw_new(r->raw, r->jpeg.image_height, r->jpeg.image_width, (unsigned)channels, GT_U8);
    if (r->status) return false;
    jpeg_start_decompress(&r->jpeg);
    while (r->jpeg.output_scanline < r->jpeg.output_height) {
        JSAMPROW row = (JSAMPROW)r->raw->picture.samples +
                       (size_t)r->jpeg.output_scanline * r->jpeg.image_width * (unsigned)channels;
        jpeg_read_scanlines(&r->jpeg, &row, 1);
    }
    jpeg_finish_decompress(&r->jpeg);
    return true;
}

/* Files with four components say how much light an ink leaves (Adobe's way, and everybody's since). */
static void invert_inks(gt_picture *p) {
    uint8_t *s = p->samples;
    for (size_t i = 0; i < gt_picture_bytes(p); i++) s[i] = (uint8_t)(255 - s[i]);
}

static gt_status decode_jpeg(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    struct reader r = {.raw = raw};
    gt_status st = begin_jpeg(&r, bytes, n);
    if (!st && !read_samples(&r)) st = r.status ? r.status : damaged(&r);
    jpeg_destroy_decompress(&r.jpeg);
    if (!st && raw->cmyk) invert_inks(&raw->picture);
    return st;
}

const gt_picture_kind gt_kind_jpeg = {.head = head, .decode = decode_jpeg};
