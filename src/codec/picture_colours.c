/* SPDX-License-Identifier: Apache-2.0
 * Colours as sRGB: ICC profiles by Little CMS, CMYK without a profile by a plain formula.
 *
 * Most profiles in the wild are some copy of sRGB itself. Converting those would change samples by rounding alone, so a
 * profile that moves no colour of a coarse grid by more than SAME steps of 255 is taken for sRGB, and samples stay. */
#include <lcms2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "codec/raw_picture.h"
#include "gantry/hash.h"

enum { GRID = 6, SAME = 2 };

static const char note_damaged[] = "its colour profile is damaged: colours are left as they are",
                  note_unfit[] = "its colour profile is of another kind than its pixels: colours are left as they are",
                  note_memory[] = "out of memory for its colour profile: colours are left as they are",
                  note_float[] = "its colour profile is not applied to float samples";

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

/* What the last profile of a thread comes to: a photo set has the same one in every file, and working it out takes longer
 * than decoding a small picture. */
typedef struct memory {
    gt_hash128 profile;
    cmsUInt32Number format;  /* of the samples; 0: nothing remembered */
    cmsHTRANSFORM transform; /* NULL: samples stay as they are */
} memory;

static pthread_key_t memory_key;
static pthread_once_t memory_once = PTHREAD_ONCE_INIT;

static void forget(void *p) {
    memory *m = p;
    if (m->transform) cmsDeleteTransform(m->transform);
    free(m);
}

static void make_key(void) {
    pthread_key_create(&memory_key, forget);
}

static memory *recall(void) {
    pthread_once(&memory_once, make_key);
    memory *m = pthread_getspecific(memory_key);
    if (!m && (m = calloc(1, sizeof *m))) pthread_setspecific(memory_key, m);
    return m;
}

static cmsHPROFILE open_profile(const gt_raw_picture *raw) {
    return raw->profile_bytes > UINT32_MAX ? NULL : cmsOpenProfileFromMem(raw->profile, (cmsUInt32Number)raw->profile_bytes);
}

/* Returns a note where the profile cannot be used, NULL: m->transform is what it takes. */
static const char *learn(memory *m, const gt_raw_picture *raw, gt_hash128 hash, cmsUInt32Number format, bool grey) {
    if (m->transform) cmsDeleteTransform(m->transform);
    *m = (memory){.profile = hash};
    cmsHPROFILE profile = open_profile(raw);
    if (!profile) return note_damaged;
    const char *note = NULL;
    if (cmsGetColorSpace(profile) != (grey ? cmsSigGrayData : cmsSigRgbData)) note = note_unfit;
    else if (moves_colours(profile, grey) && !(m->transform = open_transform(profile, format, format, grey))) note = note_damaged;
    cmsCloseProfile(profile);
    if (!note) m->format = format;
    return note;
}

/* RGB and grey: in place. Returns a note, NULL: done. */
static const char *apply(gt_raw_picture *raw) {
    gt_picture *p = &raw->picture;
    int colours = p->channels - p->alpha;
    bool grey = colours == 1;
    memory *m = recall();
    if (colours != 1 && colours != 3) return note_unfit;
    if (p->type == GT_F32) return note_float;
    if (!m) return note_memory;
    cmsUInt32Number format = COLORSPACE_SH(grey ? PT_GRAY : PT_RGB) | CHANNELS_SH((unsigned)colours) |
                             EXTRA_SH((unsigned)p->alpha) | BYTES_SH((unsigned)gt_sample_bytes(p->type));
    gt_hash128 hash = gt_hash(raw->profile, raw->profile_bytes);
    bool known = m->format == format && m->profile.high == hash.high && m->profile.low == hash.low;
    const char *note = known ? NULL : learn(m, raw, hash, format, grey);
    for (int y = 0; y < p->height && !note && m->transform; y++) {
        uint8_t *row = (uint8_t *)p->samples + (size_t)y * (gt_picture_bytes(p) / (size_t)p->height);
        cmsDoTransform(m->transform, row, row, (cmsUInt32Number)p->width);
    }
    return note;
}

/* By the profile where there is one that can be used, else by the formula. */
static gt_status cmyk_to_rgb(gt_raw_picture *raw, cmsHPROFILE profile) {
    gt_picture cmyk = raw->picture;
    raw->picture = (gt_picture){0};
    gt_status st = gt_raw_new(raw, (uint64_t)cmyk.height, (uint64_t)cmyk.width, 3, GT_U8);
    if (!st) {
        raw->picture.note = cmyk.note;
        size_t pixels = (size_t)cmyk.height * (size_t)cmyk.width;
        bool fits = profile && cmsGetColorSpace(profile) == cmsSigCmykData;
        cmsHTRANSFORM t = fits ? open_transform(profile, TYPE_CMYK_8, TYPE_RGB_8, false) : NULL;
        if (t) {
            for (size_t row = 0; row < (size_t)cmyk.height; row++)
                cmsDoTransform(t, (uint8_t *)cmyk.samples + 4 * row * (size_t)cmyk.width,
                               (uint8_t *)raw->picture.samples + 3 * row * (size_t)cmyk.width, (cmsUInt32Number)cmyk.width);
            cmsDeleteTransform(t);
        } else {
            cmyk_plain(raw->picture.samples, cmyk.samples, pixels);
            if (profile) raw->picture.note = fits ? note_damaged : note_unfit;
        }
    }
    gt_picture_free(&cmyk);
    return st;
}

gt_status gt_raw_colours(gt_raw_picture *raw) {
    bool wanted = raw->profile && !raw->options.keep_profile;
    if (raw->cmyk) {
        cmsHPROFILE profile = wanted ? open_profile(raw) : NULL;
        gt_status st = cmyk_to_rgb(raw, profile);
        if (profile) cmsCloseProfile(profile);
        else if (wanted) raw->picture.note = note_damaged;
        return st;
    }
    const char *note = wanted ? apply(raw) : NULL;
    if (note) raw->picture.note = note;
    return GT_OK;
}
