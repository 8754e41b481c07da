/* SPDX-License-Identifier: Apache-2.0
 * Colours as sRGB: ICC profiles by Little CMS, CMYK without a profile by a plain formula.
 *
 * Most profiles in the wild are some copy of sRGB itself. Converting those would change samples by rounding alone, so a
 * profile that moves no colour of a coarse grid by more than SAME steps of 255 is taken for sRGB, and samples stay. */
#include <lcms2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "files/codec/door/raw_picture.h"
#include "base/door/hash.h"
#include "base/door/library.h"
#include "files/codec/door/sample.h"

enum { GRID = 6, SAME = 2, MOST = 16 };

static const char note_damaged[] = "its colour profile is damaged: colours are not converted",
                  note_unfit[] = "its colour profile is for another kind of pixels: colours are not converted",
                  note_float[] = "its colour profile is not applied, because its samples are floats";

/* Pillow's formula: every ink takes its share of the light that black leaves, a*b/255 rounded. */
static uint8_t lit(uint8_t ink, uint8_t light) {
    unsigned t = (unsigned)ink * light + 128, absorbed = (t + (t >> 8)) >> 8;
    return (uint8_t)(light > absorbed ? light - absorbed : 0);
}

static void cmyk_plain(uint8_t *rgb, const uint8_t *cmyk, size_t pixels) {
    for (size_t i = 0; i < pixels; i++, rgb += 3, cmyk += 4) {
        uint8_t light = (uint8_t)(255 - cmyk[3]), inks[3] = {cmyk[0], cmyk[1], cmyk[2]};
        for (int c = 0; c < 3; c++) rgb[c] = lit(inks[c], light);
    }
}

static cmsHPROFILE open_target(bool grey) {
    if (!grey) return cmsCreate_sRGBProfile();
    /* sRGB's tone curve (IEC 61966-2-1) on a grey axis */
    const cmsFloat64Number curve[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    cmsToneCurve *tone = cmsBuildParametricToneCurve(NULL, 4, curve);
    cmsHPROFILE p = tone ? cmsCreateGrayProfile(cmsD50_xyY(), tone) : NULL;
    cmsFreeToneCurve(tone);
    return p;
}

/* NULL: the profile cannot be used for that. */
static cmsHTRANSFORM open_transform(cmsHPROFILE from, cmsUInt32Number in, cmsUInt32Number out, bool grey) {
    cmsHPROFILE to = open_target(grey);
    cmsHTRANSFORM t = to ? cmsCreateTransform(from, in, to, out, INTENT_RELATIVE_COLORIMETRIC,
                                              cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_COPY_ALPHA)
                         : NULL;
    if (to) cmsCloseProfile(to);
    return t;
}

static bool moves_colours(cmsHPROFILE from, bool grey) {
    uint8_t before[GRID * GRID * GRID][3], after[GRID * GRID * GRID][3];
    int n = 0;
    for (int r = 0; r < GRID; r++)
        for (int g = 0; g < GRID; g++)
            for (int b = 0; b < GRID; b++, n++)
                before[n][0] = (uint8_t)(r * 51), before[n][1] = (uint8_t)(g * 51), before[n][2] = (uint8_t)(b * 51);
    cmsUInt32Number format = grey ? TYPE_GRAY_8 : TYPE_RGB_8;
    cmsHTRANSFORM t = open_transform(from, format, format, grey);
    if (!t) return true; /* the caller finds out */
    cmsDoTransform(t, before, after, (cmsUInt32Number)(grey ? 3 * n : n));
    cmsDeleteTransform(t);
    for (int i = 0; i < n; i++)
        for (int c = 0; c < 3; c++)
            if (abs(before[i][c] - after[i][c]) > SAME) return true;
    return false;
}

/* What a profile means for samples of one format. Working that out takes longer than decoding a small picture, and a
 * set of photos has the same few profiles in all files: the first MOST of a process are kept for good. Any thread may
 * use a transform that is kept. */
typedef struct conversion {
    gt_hash128 profile;
    cmsUInt32Number format;
    cmsHTRANSFORM transform; /* NULL: samples stay as they are */
    const char *note;        /* why they do; NULL: as they are sRGB */
} conversion;

static conversion kept[MOST];
static int n_kept;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static conversion work_out(const gt_raw_picture *raw, cmsUInt32Number in) {
    bool grey = T_COLORSPACE(in) == PT_GRAY, cmyk = raw->cmyk;
    conversion c = {.note = note_damaged};
    cmsHPROFILE profile = raw->profile_bytes > UINT32_MAX
                              ? NULL
                              : cmsOpenProfileFromMem(raw->profile, (cmsUInt32Number)raw->profile_bytes);
    if (!profile) return c;
    if (cmsGetColorSpace(profile) != (grey ? cmsSigGrayData : cmyk ? cmsSigCmykData : cmsSigRgbData))
        c.note = note_unfit;
    else if (!cmyk && !moves_colours(profile, grey)) c.note = NULL;
    else if ((c.transform = open_transform(profile, in, cmyk ? TYPE_RGB_8 : in, grey))) c.note = NULL;
    cmsCloseProfile(profile);
    return c;
}

/* *own: the caller deletes the transform. */
static conversion find_conversion(const gt_raw_picture *raw, cmsUInt32Number format, bool *own) {
    gt_hash128 hash = gt_hash(raw->profile, raw->profile_bytes);
    *own = false;
    pthread_mutex_lock(&lock);
    int i = 0;
    while (i < n_kept && (kept[i].format != format || memcmp(&kept[i].profile, &hash, sizeof hash))) i++;
    conversion c = i < n_kept ? kept[i] : (conversion){0};
    if (i == n_kept) {
        c = work_out(raw, format);
        c.profile = hash, c.format = format;
        *own = n_kept == MOST;
        if (!*own) kept[n_kept++] = c;
    }
    pthread_mutex_unlock(&lock);
    return c;
}

static const char *choose_conversion(const gt_raw_picture *raw, conversion *c, bool *own) {
    const gt_picture *p = &raw->picture;
    int colours = p->channels - p->alpha;
    if (!raw->cmyk && colours != 1 && colours != 3) return note_unfit;
    if (p->type == GT_F32) return note_float;
    cmsUInt32Number format = COLORSPACE_SH(colours == 1 ? PT_GRAY : PT_RGB) | CHANNELS_SH((unsigned)colours) |
                             EXTRA_SH((unsigned)p->alpha) | BYTES_SH((unsigned)gt_sample_bytes(p->type));
    *c = find_conversion(raw, raw->cmyk ? TYPE_CMYK_8 : format, own);
    return c->note;
}

gt_status gt_raw_colours(gt_raw_picture *raw) {
    gt_picture *p = &raw->picture, from = *p; /* the same samples, unless CMYK becomes RGB */
    conversion c = {0};
    bool own = false;
    gt_status st = raw->profile ? gt_library_open("lcms2") : GT_OK;
    if (st) return st;
    const char *note = raw->profile ? choose_conversion(raw, &c, &own) : NULL;
    if (raw->cmyk) st = gt_raw_new(raw, (size_t)p->height, (size_t)p->width, 3, GT_U8);
    p->note = note ? note : from.note;
    for (int y = 0; y < from.height && !st; y++) {
        size_t row = (size_t)y * (size_t)from.width;
        const uint8_t *in = (const uint8_t *)from.samples + row * (size_t)from.channels * gt_sample_bytes(from.type);
        uint8_t *out = (uint8_t *)p->samples + row * (size_t)p->channels * gt_sample_bytes(p->type);
        if (c.transform) cmsDoTransform(c.transform, in, out, (cmsUInt32Number)from.width);
        else if (raw->cmyk) cmyk_plain(out, in, (size_t)from.width);
    }
    if (raw->cmyk) gt_picture_free(&from);
    if (own && c.transform) cmsDeleteTransform(c.transform);
    return st;
}
