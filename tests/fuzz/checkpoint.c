/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints: as they are, where any change is to be found; and with the checksum made right, as somebody who means
 * harm would make it. Such a file is looked at in a process of its own before it is opened, as `gantry generate` and
 * --resume do with files from elsewhere. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "run/door/checkpoint_internal.h"
#include "run/door/checkpoint.h"

enum { MOST_FLOATS = 1 << 20 };

static void read_all(const gt_checkpoint_file *f) {
    for (int i = gt_checkpoint_first(f, ""); i >= 0; i = gt_checkpoint_next(f, "", i)) {
        const gt_checkpoint_entry *e = gt_checkpoint_at(f, i);
        int64_t integer;
        double number;
        char text[256];
        gt_status st = GT_OK;
        if (e->type == GT_NUMBER_FLOAT && e->size <= MOST_FLOATS) {
            float *out = malloc((e->size + 1) * sizeof *out);
            fuzz_check(out);
            st = gt_checkpoint_read(f, e->path, out, e->size);
            free(out);
        }
        if (e->type == GT_NUMBER_INT64) st = gt_checkpoint_get_int(f, e->path, &integer);
        if (e->type == GT_NUMBER_DOUBLE) st = gt_checkpoint_get_double(f, e->path, &number);
        if (e->type == GT_NUMBER_TEXT) st = gt_checkpoint_get_text(f, e->path, text, sizeof text);
        (void)st;
    }
}

static void read_data(const gt_checkpoint_file *f) {
    gt_checkpoint_data d;
    gt_arena *a = gt_arena_new();
    fuzz_check(a);
    if (!gt_checkpoint_get_data(f, a, &d)) {
        fuzz_check(!*d.pictures || strlen(d.pictures) == sizeof d.pictures - 1);
        fuzz_check(!d.has_range || d.range[0] < d.range[1]);
        for (const char *c = d.channels; c && *c; c++) fuzz_check((unsigned char)*c >= ' ');
        for (int i = 0; i < d.class_names; i++) fuzz_check(d.class_name[i]);
    }
    gt_arena_free(a);
}

static bool opens(const char *path) {
    gt_checkpoint_file *f = gt_checkpoint_open(path, NULL);
    if (f) read_all(f);
    if (f) read_data(f);
    gt_checkpoint_close(f);
    return f;
}

static void seed(fuzz_put *put, void *arg, int networks, const char *recipe, const gt_checkpoint_data *data) {
    const char *path = fuzz_scratch();
    gt_checkpoint *c = gt_checkpoint_begin(
        &(gt_checkpoint_about){"stylegan2", "avx2", "00112233445566778899aabbccddeeff", recipe});
    fuzz_check(c);
    float w[24] = {0.5f, -1, 2};
    for (int i = 0; i < networks; i++) {
        static const char *const names[] = {"/networks/G/mapping.w_avg", "/networks/G_ema/mapping.w_avg",
                                            "/optimizers/G/m/mapping.w_avg"};
        gt_checkpoint_tensor(c, names[i], &GT_SHAPE(2, 3, 4), w);
    }
    gt_checkpoint_int(c, "/state/images", 200000);
    gt_checkpoint_double(c, "/state/ada_p", 0.25);
    gt_checkpoint_text(c, "/state/note", "text");
    if (data) gt_checkpoint_put_data(c, data);
    fuzz_check(!gt_checkpoint_write(c, path));
    gt_checkpoint_free(c);
    fuzz_check(fuzz_hdf5_passes(path) && opens(path));
    fuzz_put_scratch(put, arg, path);
}

static void seeds(fuzz_put *put, void *arg) {
    const gt_checkpoint_data data = {.pictures = "00112233445566778899aabbccddeeff",
                                     .samples = GT_U16,
                                     .has_range = true,
                                     .range = {100, 500},
                                     .channels = "R,G,B,nir",
                                     .class_names = 2,
                                     .class_name = (const char *[]){"disc", "ring"}};
    seed(put, arg, 3, "[gantry]\nbatch = 8\n", NULL);
    seed(put, arg, 1, "", NULL);
    seed(put, arg, 0, "[recipe]\ncfg = cifar\n", NULL);
    seed(put, arg, 0, "", &data);
}

/* The checksum that the file ought to have is the one it has. */
static bool intact(const uint8_t *bytes, size_t n) {
    char block[CHECKPOINT_BLOCK];
    int format;
    size_t size;
    return n > CHECKPOINT_BLOCK && !checkpoint_block_parse((const char *)bytes, &format, &size) && size == n &&
           !checkpoint_block_make(block, format, bytes + CHECKPOINT_BLOCK, n - CHECKPOINT_BLOCK) &&
           !memcmp(block, bytes, CHECKPOINT_BLOCK);
}

static void run(const uint8_t *bytes, size_t n) {
    static unsigned turn;
    if (!intact(bytes, n)) fuzz_check(!opens(fuzz_file(bytes, n)));
    /* starting a process takes a hundred times as long as all else */
    if (n <= CHECKPOINT_BLOCK || (!getenv("FUZZ_CHECKER") && turn++ % 16)) return;
    uint8_t *copy = malloc(n);
    fuzz_check(copy);
    memcpy(copy, bytes, n);
    fuzz_check(
        !checkpoint_block_make((char *)copy, GT_CHECKPOINT_FORMAT, copy + CHECKPOINT_BLOCK, n - CHECKPOINT_BLOCK));
    const char *path = fuzz_file(copy, n);
    if (fuzz_hdf5_passes(path)) opens(path);
    free(copy);
}

const fuzz_target target = {.variants = 400, .seeds = seeds, .run = run};
