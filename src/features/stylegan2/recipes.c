/* SPDX-License-Identifier: Apache-2.0
 * The recipes of StyleGAN2: published ones (docs/mathematics/stylegan2-ada.md#recipes), auto, which is computed from
 * the size of the pictures, and cpu, which a few cores train in hours. */
#include "features/stylegan2/common.h"
#include "networks/model/door/family.h"
#include "base/door/mathfn.h"
#include "base/door/numbers.h"
#include "gantry/option.h"

#include <math.h>

#define WITHOUT_PENALTIES "map-layers=2 pl-weight=0 style-mixing=0 d-arch=orig"

enum { AUTO, CPU }; /* the first ones */

static const gt_named recipes[] = {
    [AUTO] = {"auto", ""},
    [CPU] = {"cpu", "batch=8 mbstd=8 cbase=2048 cmax=64 z-dim=64 w-dim=64 lrate=0.0025 ema-kimg=2.5 ema-ramp=0.05 "
                    "ada-kimg=100 " WITHOUT_PENALTIES},
    {"stylegan2", "kimg=25000 batch=32 mbstd=4 cbase=32768 lrate=0.002 gamma=10 ema-kimg=10 ema-ramp=0 map-layers=8 "
                  "pl-weight=2 style-mixing=0.9 d-arch=resnet"},
    {"paper256", "kimg=25000 batch=64 mbstd=8 cbase=16384 lrate=0.0025 gamma=1 ema-kimg=20 ema-ramp=0 map-layers=8 "
                 "pl-weight=2 style-mixing=0.9 d-arch=resnet"},
    {"paper512", "kimg=25000 batch=64 mbstd=8 cbase=32768 lrate=0.0025 gamma=0.5 ema-kimg=20 ema-ramp=0 map-layers=8 "
                 "pl-weight=2 style-mixing=0.9 d-arch=resnet"},
    {"paper1024", "kimg=25000 batch=32 mbstd=4 cbase=32768 lrate=0.002 gamma=2 ema-kimg=10 ema-ramp=0 map-layers=8 "
                  "pl-weight=2 style-mixing=0.9 d-arch=resnet"},
    {"cifar",
     "kimg=100000 batch=64 mbstd=32 cbase=32768 lrate=0.0025 gamma=0.01 ema-kimg=500 ema-ramp=0.05 " WITHOUT_PENALTIES},
    {0},
};

/* `size` is the longer side; its square, in gamma, the number of pixels. */
static void resolve_auto(gt_job *job, int64_t gpus) {
    int64_t size = job->height > job->width ? job->height : job->width, per_gpu = 4096 / size < 32 ? 4096 / size : 32;
    int64_t batch = gpus * per_gpu < 64 ? gpus * per_gpu : 64;
    if (batch < gpus) batch = gpus;
    int64_t mbstd = batch / gpus < 4 ? batch / gpus : 4;
    batch -= batch % mbstd; /* sizes that are not powers of two: 25 images of 160 pixels */
    gt_job_derive(job, "batch", "%lld", (long long)batch);
    gt_job_derive(job, "mbstd", "%lld", (long long)mbstd);
    gt_job_derive(job, "cbase", size >= 512 ? "32768" : "16384");
    gt_job_derive(job, "lrate", size >= 1024 ? "0.002" : "0.0025");
    gt_job_derive(job, "gamma", "%.17g", 0.0002 * (double)(job->height * job->width) / (double)batch);
    gt_job_derive(job, "ema-kimg", "%.17g", (double)batch * 10 / 32);
    gt_job_derive_all(job, "kimg=25000 ema-ramp=0.05 map-layers=2 pl-weight=2 style-mixing=0.9 d-arch=resnet");
}

/* At 32x32 the values of jobs/fashion.ini, which were chosen by measurement (docs/quality.md); in colour a fifth of its
 * gamma. R1 grows with the number of pixels, as in auto, and the length with their root: a layer twice as large has
 * half the maps, so an image of twice the side costs little more than one layer. */
static void resolve_cpu(gt_job *job) {
    const double side = 32, kimg = 400;
    double larger = (double)(job->height * job->width) / (side * side);
    gt_job_derive(job, "gamma", "%.6g", job->channels < 3 ? larger : larger / 5);
    gt_job_derive(job, "kimg", "%.0f", kimg * fmax(1, sqrt(larger)));
}

/* The recipe cpu with a larger batch: rate and decay by the square-root rule of Adam (Malladi et al. 2022, arXiv
 * 2205.10287), an average over as many steps, p adjusted after as many images as far as a step has no more. It was
 * measured up to LARGEST (docs/parallel.md#larger-batches), whose values still larger batches have. The decay belongs
 * to the rate: a rate that is given, or that a run has recorded, which versions without this rule did, leaves it as it
 * is. */
static void scale_with_batch(gt_job *job) {
    enum { OWN = 8, LARGEST = 64, IMAGES_OF_P = 32 };
    if (job->batch <= OWN) return;
    double images = (double)gt_smallest(job->batch, LARGEST), times = images / OWN;
    if (!gt_job_given(job, "lrate")) gt_job_derive(job, "beta2", "%.6g", gt_pow(0.99, times));
    gt_job_derive(job, "lrate", "%.6g", 0.0025 * sqrt(times));
    gt_job_derive(job, "ema-kimg", "%.6g", 10 * images / 32);
    gt_job_derive(job, "ada-interval", "%d", (int)fmax(1, IMAGES_OF_P / images));
}

/* Measured by bench/quality/batches (docs/parallel.md#larger-batches). */
const gt_larger_batch *gt_stylegan2_larger_batch(const gt_job *job, int cores) {
    static const char of[] = "the same FID on photographs of 32x32";
    static const gt_larger_batch rows[] = {
        {"--batch=64", 64, 2.7, of}, {"--batch=32", 32, 1.3, of}, {"--batch=16", 0, 1, of}};
    const gt_larger_batch *row = rows;
    if (gt_recipe_of(job, recipes) != CPU || gt_job_given(job, "batch")) return NULL;
    while (cores < row->cores) row++;
    return row;
}

void gt_stylegan2_resolve_recipe(gt_job *job, int64_t items) {
    (void)items;
    if (gt_recipe_of(job, recipes) == CPU) scale_with_batch(job);
    if (job->resumes) gt_job_derive(job, "ema-ramp", "0");
    gt_derive_recipe(job, recipes);
    int recipe = gt_recipe_of(job, recipes);
    if (recipe == AUTO) resolve_auto(job, ((const gt_stylegan2_options *)job->own)->gpus);
    if (recipe == CPU) resolve_cpu(job);
    gt_job_derive_all(job, "z-dim=512 w-dim=512 cmax=512");
}

gt_status gt_stylegan2_check_recipe(const gt_job *job) { return gt_check_recipe(job, recipes); }

bool gt_stylegan2_is_auto(const gt_job *job) { return gt_recipe_of(job, recipes) == AUTO; }
bool gt_stylegan2_is_cpu(const gt_job *job) { return gt_recipe_of(job, recipes) == CPU; }
