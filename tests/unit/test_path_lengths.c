/* SPDX-License-Identifier: Apache-2.0
 * Path lengths: what cannot be measured. The values: tests/e2e/detectors.sh. */
#include "expect.h"

#include "gantry/job.h"
#include "networks/model/door/family.h"
#include "features/score/path_length.h"

static void networks(void **state) {
    (void)state;
    static const struct {
        const char *model, *shape, *why; /* NULL: it works */
        bool crop;
    } rows[] = {{"stylegan2", "data-height = 16\ndata-width = 16\ndata-channels = 3\n", NULL, false},
                {"stylegan2", "data-height = 16\ndata-width = 16\ndata-channels = 3\n",
                 "LPIPS takes pictures of 16 pixels and more, but these have 8x8 after cropping: ppl2_wend", true},
                {"stylegan2", "data-height = 32\ndata-width = 32\ndata-channels = 1\n", NULL, true},
                {"stylegan2", "data-height = 32\ndata-width = 32\ndata-channels = 4\n", "have 4 channels", false},
                {"stylegan2", "data-height = 8\ndata-width = 8\ndata-channels = 3\n", "these have 8x8", false},
                {"dcgan", "data-height = 32\ndata-width = 32\ndata-channels = 3\n", "generators with styles", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char recipe[512];
        snprintf(recipe, sizeof recipe, "[recipe]\nmodel = %s\n[networks]\ncbase = 128\ncmax = 8\n[shape]\n%s",
                 rows[i].model, rows[i].shape);
        gt_job *job = gt_job_from_recipe_text(recipe, "a test");
        gt_model *m = job ? gt_model_bare(job) : NULL;
        if (!m) fail_msg("%s", gt_message());
        gt_status st = gt_path_check(&(gt_path_maker){.model = m}, &(gt_path_options){.crop = rows[i].crop});
        assert_int_equal(st, rows[i].why ? GT_USAGE : GT_OK);
        if (rows[i].why) assert_message(rows[i].why);
        gt_model_free(m);
        gt_job_free(job);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(networks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
