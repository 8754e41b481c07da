/* SPDX-License-Identifier: Apache-2.0
 * golden DIR: run all golden files of a directory, with the kernels that GT_CONV and GT_ISA ask for. A line per file,
 * and one that begins with the kernel set; exit status 0 if and only if none failed. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"

const gold_kind gold_kinds[] = {
    {"upfirdn2d", gold_upfirdn, true},
    {"blocks", gold_unet_blocks, true},
    {"unet", gold_unet, true},
    {"precond_loss", gold_precond_loss, true},
    {"flow", gold_flow, true},
    {"samplers", gold_samplers, true},
    {"modconv", gold_modconv, true},
    {"mapping", gold_mapping, true},
    {"synthesis_", gold_synthesis, true},
    {"discriminator_", gold_discriminator, true},
    {"augment_", gold_augment, true},
    {"augment", gold_told, true},
    {"loss", gold_loss, true},
    {"train8", gold_train, true},
    {"training-state", gold_denoise_state, true},
    {"job_", gold_job, true},
    {"adam_ema_ada", gold_optimizer, true},
    {"alone", gold_alone, true},
    {"metrics", gold_metrics, true},
    {"fid_from_features", gold_fid, false},
    {"nn_spectrum", gold_nearest, false},
    {"swd", gold_swd, false},
    {"fwd", gold_fwd, false},
    {"ensembles", gold_ensembles, false},
    {"inception_fid", gold_inception, false},
    {"vgg16_lpips", gold_vgg16, false},
    {"containers", gold_containers, false},
    {"pkl", gold_pkl, false},
    {NULL, NULL, false},
};

typedef enum outcome { PASSED, FAILED, SKIPPED } outcome;

static outcome run_file(const char *path, const char *name) {
    gold f;
    if (gold_open(&f, path)) {
        printf("FAIL %s: %s\n", name, gt_message());
        gold_close(&f);
        return FAILED;
    }
    const gold_kind *k = gold_kinds;
    while (k->prefix && strncmp(k->prefix, f.kind, strlen(k->prefix))) k++;
    outcome result = SKIPPED;
    if (!k->prefix) {
        printf("skip %s: kind not built\n", name);
    } else {
        if (f.config || !k->has_config) k->run(&f);
        else gold_fail(&f, "attribute config is missing or not JSON");
        gold_check_complete(&f);
        if (!f.failed && !f.n_checked) gold_fail(&f, "nothing was compared");
        result = f.failed ? FAILED : PASSED;
        if (f.failed) printf("FAIL %s: %s\n", name, f.failure);
        else
            printf("ok   %s (%d datasets, worst %.3f of limit at %s%s%s)\n", name, f.n_checked, f.worst,
                   f.worst_name ? f.worst_name : "none", f.note ? "; note: " : "", f.note ? f.note : "");
    }
    fflush(stdout);
    gold_close(&f);
    return result;
}

static int is_golden(const struct dirent *e) {
    size_t n = strlen(e->d_name);
    return n > 3 && !strcmp(e->d_name + n - 3, ".h5");
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: golden DIR\n");
        return 2;
    }
    const gt_kernel_set *kernels = asked_kernels();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    struct dirent **list;
    int n = scandir(argv[1], &list, is_golden, alphasort), count[3] = {0};
    if (n < 0) {
        fprintf(stderr, "golden: cannot read directory '%s'\n", argv[1]);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], list[i]->d_name);
        count[run_file(path, list[i]->d_name)]++;
        free(list[i]);
    }
    free(list);
    printf("%s %s: %d passed, %d failed, %d skipped\n", kernels->instructions, kernels->id, count[PASSED],
           count[FAILED], count[SKIPPED]);
    return count[FAILED] > 0;
}
