/* SPDX-License-Identifier: Apache-2.0
 * dataset.json: labels, class names, range, channels. */
#include "fuzz.h"

#include <math.h>
#include <string.h>

#include "data/door/source.h"

static const char *const names[] = {"00000/img0.png", "00000/img1.png", "00000/img2.png"}; /* sorted */
enum { N = sizeof names / sizeof *names };

static void seeds(fuzz_put *put, void *arg) {
    static const char *const texts[] = {
        "{\"labels\": [[\"00000/img0.png\", 0], [\"00000/img1.png\", 2], [\"00000/img2.png\", 65535]]}",
        "{\"labels\": [[\"00000/img2.png\", [0.5, -1e3]], [\"00000/img1.png\", [0, 1]], [\"00000/img0.png\", [2, 3]], "
        "[\"other.png\", 1]]}",
        "{\"labels\": null, \"range\": [-1, 1.5], \"channels\": \"R,G,B\"}",
        "{\"labels\": [[\"00000/img0.png\", 1], [\"00000/img1.png\", 0], [\"00000/img2.png\", 1]], \"class_names\": "
        "[\"cat\", \"d\\u00f6g\"]}",
        "{\"labels\": [[\"00000/img0.png\", 1]]}",
        "{}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) put(arg, texts[i], strlen(texts[i]));
}

static const char *name(const gt_source *s, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    (void)s, (void)buffer;
    return names[i];
}

/* `every`: as datasets for training are read; else as the dataset tool reads them. */
static void read_notes(const uint8_t *bytes, size_t n, bool every) {
    gt_source s = {.count = N, .name = name};
    gt_source_info *notes = &s.info;
    gt_status st = gt_labels_of_json(&s, (const char *)bytes, n, &(gt_source_options){.every_label = every});
    for (int i = 0; i < N && !st; i++) {
        if (notes->label_kind == GT_LABELS_NONE) break;
        fuzz_check(gt_notes_labelled(notes, i) || !every);
        if (!gt_notes_labelled(notes, i)) continue;
        if (notes->label_kind == GT_LABELS_CLASSES)
            fuzz_check(notes->classes[i] < notes->label_width && notes->label_width <= GT_CLASS_MAX + 1);
        else fuzz_check(notes->label_width >= 1 && notes->label_width <= GT_VECTOR_MAX);
        for (int k = 0; k < notes->label_width && notes->label_kind == GT_LABELS_VECTORS; k++)
            fuzz_check(isfinite((float)notes->vectors[i * notes->label_width + k]));
    }
    if (!st && notes->has_range) fuzz_check(notes->range[0] < notes->range[1]);
    gt_notes_free(notes);
}

static void run(const uint8_t *bytes, size_t n) {
    read_notes(bytes, n, true);
    read_notes(bytes, n, false);
}

const fuzz_target target = {.variants = 2000, .seeds = seeds, .run = run};
