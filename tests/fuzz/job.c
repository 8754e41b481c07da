/* SPDX-License-Identifier: Apache-2.0
 * Job files, and the recipe text of a checkpoint: what is accepted, printed and read again is the same job. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "job/door/job.h"
#include "networks/model/door/family.h"

static void seeds(fuzz_put *put, void *arg) {
    static const char *const texts[] = {
        "[data]\ndata = \"a b.zip\" # where\nmirror = 1\nsubset=40\n\n[recipe]\ncfg = cifar\nbatch = 64\ngamma = "
        "0.01\n; all\n",
        "[recipe]\nkimg = 25000\nseed = 4294967295\nmbstd = 4\nslices = 4\nbatch = 32\n[augmentation]\naug = fixed\np "
        "= 0.25\naugpipe = bgcfnc\n",
        "data = synth:shapes:n=40,size=16\nsteps = 3\ngrid = 3x4\nkeep = 2\nnan = clean\ncond = true\n",
        "model = layers\nlayers = conv 4 3 stride 2 pad same, relu, pool 2, bn, avgpool 2, dropout .5, fc 9, tanh\n",
        "[output]\nrun = runs/x\ntick-minutes = 0.5\n[networks]\ncbase = 4096\ncmax = 64\ng-arch = resnet\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) put(arg, texts[i], strlen(texts[i]));
}

static void print_and_read_again(gt_job *job) {
    char *text = gt_job_to_text(job);
    gt_job *again = gt_job_new();
    fuzz_check(text && again);
    if (gt_job_read_text(again, text, "printed")) fuzz_check(!"what was printed cannot be read");
    fuzz_check(gt_job_resolve(again, 16, 16, 3, 4, 1000) == GT_OK);
    fuzz_check(gt_job_compare(job, "before", again, "after", NULL) == 0);
    free(text);
    gt_job_free(again);
}

static void run(const uint8_t *bytes, size_t n) {
    char *text = strndup((const char *)bytes, n);
    gt_job *job = gt_job_new();
    fuzz_check(text && job);
    if (!gt_job_read_text(job, text, "a job") && !gt_job_check(job) && !gt_job_resolve(job, 16, 16, 3, 4, 1000)) {
        print_and_read_again(job);
        fuzz_check(gt_job_description(job));
    }
    gt_job_free(job);
    gt_job_free(gt_job_from_recipe_text(text, "a recipe"));
    free(text);
}

const fuzz_target target = {.variants = 400, .seeds = seeds, .run = run};
