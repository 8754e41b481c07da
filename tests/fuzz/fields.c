/* SPDX-License-Identifier: Apache-2.0
 * NetCDF files of foreign origin as fields: scales, references to them, times, fill values, packed numbers. */
#include <stdlib.h>
#include <string.h>

#include "data/door/fields_file.h"
#include "data/door/fields_look.h"
#include "files/h5/door/h5.h"
#include "fuzz.h"
#include "gantry/dataset.h"
#include "gantry/text.h"

enum { SAMPLES = 3, H = 4, W = 5 };

static void put_results(const char *path) {
    const double times[] = {0, 1, 2.5}, rows[] = {1, 2, 3, 4}, columns[] = {5, 4, 3, 2, 1}, cells[H * W] = {1, 2, 3};
    const gt_fields_place place = {.y = {"lat", "degrees_north", "latitude", "", H, rows},
                                   .x = {"lon", "degrees_east", "longitude", "", W, columns},
                                   .cells = {{"nav_lat", "degrees_north", "latitude", "", H * W, cells}},
                                   .mapping = "pole",
                                   .mapping_notes = {1, &(gt_fields_note){"towgs84", "0.5 1", true}},
                                   .time_units = "days since 2000-02-28",
                                   .calendar = "360_day"};
    const gt_channel_scale target = {.name = "pr", .units = "K"};
    gt_fields_file *f;
    float values[H * W];
    for (int i = 0; i < H * W; i++) values[i] = (float)i;
    fuzz_check(!gt_fields_file_open(&f, &(gt_fields_file_of){.path = path,
                                                             .samples = SAMPLES,
                                                             .members = 1,
                                                             .height = H,
                                                             .width = W,
                                                             .targets = 1,
                                                             .target = &target,
                                                             .place = &place,
                                                             .time = times}));
    for (int t = 0; t < SAMPLES; t++) fuzz_check(!gt_fields_file_put(f, t, values));
    fuzz_check(!gt_fields_file_finish(f));
    gt_fields_file_close(f);
}

/* Without scales, packed, with missing values. */
static void put_packed(const char *path) {
    gt_h5_file f;
    uint16_t packed[SAMPLES * H * W];
    for (int i = 0; i < SAMPLES * H * W; i++) packed[i] = (uint16_t)i;
    fuzz_check(!gt_h5_create_memory(&f));
    fuzz_check(!gt_h5_write(&f, &(gt_array){"pr", GT_NUMBER_UINT16, 3, {SAMPLES, H, W}, packed}));
    fuzz_check(!gt_h5_attribute(&f, "pr", &(gt_array){"scale_factor", GT_NUMBER_DOUBLE, 1, {1}, (double[]){0.5}}));
    fuzz_check(!gt_h5_attribute(&f, "pr", &(gt_array){"valid_range", GT_NUMBER_DOUBLE, 1, {2}, (double[]){1, 50}}));
    fuzz_check(!gt_h5_attribute(&f, "pr", &(gt_array){"_FillValue", GT_NUMBER_UINT16, 1, {1}, (uint16_t[]){7}}));
    fuzz_check(!gt_h5_write(&f, &(gt_array){"time", GT_NUMBER_DOUBLE, 1, {SAMPLES}, (double[]){1, 2, 3}}));
    fuzz_check(!gt_h5_attribute_text(&f, "time", "units", "hours since 1850-1-1 06:00:00 +01:00"));
    fuzz_check(!gt_h5_save(&f, path));
    gt_h5_close(&f);
}

static void seeds(fuzz_put *put, void *arg) {
    static void (*const kinds[])(const char *path) = {put_results, put_packed};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *path = fuzz_scratch();
        kinds[i](path);
        fuzz_check(fuzz_hdf5_passes(path));
        fuzz_put_scratch(put, arg, path);
    }
}

static gt_status see(void *arg, const gt_fields_seen *seen) {
    (void)arg;
    fuzz_check(seen->odd || (seen->height > 0 && seen->width > 0 && seen->missing <= seen->values));
    return GT_OK;
}

static void run(const uint8_t *bytes, size_t n) {
    const char *path = fuzz_file(bytes, n);
    char name[512];
    gt_dataset *ds;
    if (!fuzz_hdf5_passes(path)) return;
    if (gt_fields_here(path)) (void)!gt_fields_look(path, see, NULL);
    snprintf(name, sizeof name, "%s:pr", path);
    const gt_fields_request r = {.condition = name, .missing = GT_MISSING_MASK};
    if (gt_dataset_open(&ds, name, &(gt_dataset_options){.fields = &r})) return;
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    fuzz_check(info->count > 0 && info->conditions > 0 && info->conditions < info->channels && info->scale);
    GT_FREED void *samples = malloc(info->image_bytes);
    for (int64_t i = 0; i < info->count && i < 64 && samples; i++) (void)!gt_dataset_read(ds, i, samples);
    gt_dataset_close(ds);
}

const fuzz_target target = {.variants = 12, .seeds = seeds, .run = run};
