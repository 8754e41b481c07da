/* SPDX-License-Identifier: Apache-2.0
 * dataset.json: labels, class names, range, channels. */
#include "fuzz.h"

#include <math.h>
#include <string.h>

#include "data/source.h"

static const char *const names[] = {"00000/img0.png", "00000/img1.png", "00000/img2.png"}; /* sorted */
enum { N = sizeof names / sizeof *names };

static void seeds(fuzz_put *put, void *arg) {
    static const char *const texts[] = {
        "{\"labels\": [[\"00000/img0.png\", 0], [\"00000/img1.png\", 2], [\"00000/img2.png\", 65535]]}",
        "{\"labels\": [[\"00000/img2.png\", [0.5, -1e3]], [\"00000/img1.png\", [0, 1]], [\"00000/img0.png\", [2, 3]], [\"other.png\", 1]]}",
        "{\"labels\": null, \"range\": [-1, 1.5], \"channels\": \"R,G,B\"}",
        "{\"labels\": [[\"00000/img0.png\", 1], [\"00000/img1.png\", 0], [\"00000/img2.png\", 1]], \"class_names\": [\"cat\", \"d\\u00f6g\"]}",
        "{\"labels\": [[\"00000/img0.png\", 1]]}",
        "{}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) put(arg, texts[i], strlen(texts[i]));
}

static void run(const uint8_t *bytes, size_t n) {
    gt_notes notes = {0};
    gt_status st = gt_notes_parse(&notes, (const char *)bytes, n, names, N);
    if (!st && notes.kind == GT_LABELS_CLASSES)
        for (int i = 0; i < N; i++) fuzz_check(notes.classes[i] >= 0 && notes.classes[i] < notes.width && notes.width <= GT_CLASS_MOST + 1);
    if (!st && notes.kind == GT_LABELS_VECTORS) {
        fuzz_check(notes.width >= 1 && notes.width <= GT_VECTOR_MOST);
        for (int i = 0; i < N * notes.width; i++) fuzz_check(isfinite(notes.vectors[i]));
    }
    if (!st && notes.has_range) fuzz_check(notes.range[0] < notes.range[1]);
    gt_notes_free(&notes);
}

const fuzz_target target = {.variants = 2000, .seeds = seeds, .run = run};
