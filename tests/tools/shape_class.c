/* SPDX-License-Identifier: Apache-2.0
 * A template matcher for pictures of synth:shapes: which class does a picture show?
 *     shape_class CLASS PICTURE.png ...    counts the pictures that show CLASS; prints "N of M"
 *     shape_class check                    the same on fresh images of the set itself, as a check of the matcher
 *
 * A picture becomes a mask (shape against ground, the ground being the colour of the border), moved to its centre and
 * scaled to a fixed area; the templates are the masks of 400 images of each class, and the nearest one decides. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "gantry/dataset.h"
#include "gantry/picture.h"

enum { CLASSES = 8, PER_CLASS = 400, TEMPLATES = CLASSES * PER_CLASS, SIDE = 24 };

typedef struct mask {
    float v[SIDE * SIDE];
} mask;

static int fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, gt_message());
    return 1;
}

/* How far each pixel's colour is from the mean colour of the border, 0 .. 1 with 1 at the most distant. */
static void foreground(const uint8_t *rgb, int h, int w, float *out) {
    double ground[3] = {0}, n = 0, most = 1e-9;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            if (y == 0 || x == 0 || y == h - 1 || x == w - 1) {
                for (int c = 0; c < 3; c++) ground[c] += rgb[3 * (y * w + x) + c];
                n++;
            }
    for (int i = 0; i < h * w; i++) {
        double d = 0;
        for (int c = 0; c < 3; c++) d += pow(rgb[3 * i + c] - ground[c] / n, 2);
        out[i] = (float)sqrt(d);
        if (out[i] > most) most = out[i];
    }
    /* The most distant pixels may be noise: full is what a twentieth of the pixels reach. */
    int counts[256] = {0}, seen = 0, level = 255;
    for (int i = 0; i < h * w; i++) counts[(int)(255 * out[i] / most)]++;
    while (level > 1 && (seen += counts[level]) < h * w / 20) level--;
    for (int i = 0; i < h * w; i++) out[i] = fminf(1, out[i] * 255 / (float)(most * level));
}

static mask normalise(const uint8_t *rgb, int h, int w) {
    mask m;
    float *f = malloc(sizeof *f * (size_t)(h * w));
    memset(&m, 0, sizeof m);
    if (!f) return m;
    foreground(rgb, h, w, f);
    double area = 1e-9, cx = 0, cy = 0, spread = 0;
    for (int i = 0; i < h * w; i++) {
        if (f[i] < 0.5f) continue;
        area += 1;
        cx += i % w;
        cy += i / w;
    }
    cx /= area;
    cy /= area;
    for (int i = 0; i < h * w; i++)
        if (f[i] >= 0.5f) spread += pow(i % w - cx, 2) + pow(i / w - cy, 2);
    double scale = sqrt(spread / area) / (SIDE * 0.22); /* radius of gyration to a fixed one */
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double sx = cx + (x - (SIDE - 1) / 2.0) * scale, sy = cy + (y - (SIDE - 1) / 2.0) * scale;
            int x0 = (int)floor(sx), y0 = (int)floor(sy);
            double sum = 0;
            for (int k = 0; k < 4; k++) {
                int px = x0 + (k & 1), py = y0 + (k >> 1);
                double weight = (1 - fabs(sx - px)) * (1 - fabs(sy - py));
                if (px >= 0 && py >= 0 && px < w && py < h) sum += weight * f[py * w + px];
            }
            m.v[y * SIDE + x] = (float)sum;
        }
    free(f);
    return m;
}

static int classify(const mask *templates, const mask *m) {
    float best = INFINITY;
    int which = -1;
    for (int i = 0; i < TEMPLATES; i++) {
        float d = 0;
        for (int k = 0; k < SIDE * SIDE; k++) d += (templates[i].v[k] - m->v[k]) * (templates[i].v[k] - m->v[k]);
        if (d < best) {
            best = d;
            which = i % CLASSES; /* image i of the set has class i mod classes */
        }
    }
    return which;
}

static gt_status read_set(const char *spec, int n, mask *out) {
    gt_dataset *ds;
    gt_status st = gt_dataset_open(&ds, spec, NULL);
    if (st) return st;
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    uint8_t *pixels = malloc((size_t)(info->height * info->width * info->channels));
    for (int i = 0; i < n && !st; i++) {
        st = pixels ? gt_dataset_read(ds, i, pixels) : GT_NOMEM;
        if (!st) out[i] = normalise(pixels, info->height, info->width);
    }
    free(pixels);
    gt_dataset_close(ds);
    return st;
}

static gt_status read_picture(const char *path, mask *out) {
    void *bytes;
    size_t n;
    gt_picture p = {0};
    gt_status st = gt_file_read(path, 1 << 24, &bytes, &n);
    if (st) return st;
    st = gt_picture_decode(&p, bytes, n, 0);
    if (!st && (p.channels != 3 || p.type != GT_U8)) st = gt_fail(GT_FORMAT, "not an RGB picture of 8 bits");
    if (!st) *out = normalise(p.samples, p.height, p.width);
    gt_picture_free(&p);
    free(bytes);
    return st;
}

int main(int argc, char **argv) {
    static mask templates[TEMPLATES], fresh[CLASSES * 50];
    if (argc < 2) {
        fprintf(stderr, "usage: %s CLASS PICTURE.png ... | check\n", argv[0]);
        return 2;
    }
    if (read_set("synth:shapes:n=3200,size=32,seed=1", TEMPLATES, templates)) return fail("templates");
    int right = 0, n = 0;
    if (!strcmp(argv[1], "check")) {
        n = CLASSES * 50;
        if (read_set("synth:shapes:n=400,size=32,seed=2", n, fresh)) return fail("fresh images");
        for (int i = 0; i < n; i++) right += classify(templates, &fresh[i]) == i % CLASSES;
    } else {
        for (; n < argc - 2; n++) {
            mask m;
            if (read_picture(argv[2 + n], &m)) return fail(argv[2 + n]);
            right += classify(templates, &m) == atoi(argv[1]);
        }
    }
    printf("%d of %d\n", right, n);
    return 0;
}
