/* SPDX-License-Identifier: Apache-2.0
 * The numbers of an array, and what a picture is: see features/inspect/file_view.h. The array is read twice, in pieces:
 * the histogram needs the ends.
 */
#include "features/inspect/file_view.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/door/file.h"
#include "files/codec/door/npy.h"
#include "files/codec/door/picture.h"
#include "gantry/text.h"

enum { PIECE = 1 << 16 /* numbers */, BARS = 16, BAR = 40 /* characters */ };

typedef struct numbers {
    FILE *out;
    const char *path;
    int fd;
    gt_npy array;
    void *piece;
    size_t finite;
    double low, high, mean, square; /* of the finite ones; `square`: sum of squared distances from the mean */
    int n_bars;                     /* whole numbers of a short range have a bar each */
    size_t bars[BARS];
} numbers;

static void look(numbers *n, double x) {
    if (!n->finite || x < n->low) n->low = x;
    if (!n->finite || x > n->high) n->high = x;
    double off = x - n->mean;
    n->mean += off / (double)++n->finite;
    n->square += off * (x - n->mean);
}

/* Where the bar i begins. The distance of the ends may be beyond all numbers. */
static double edge(const numbers *n, int i) {
    double part = (double)i / n->n_bars;
    return n->n_bars < BARS ? n->low + i : n->low * (1 - part) + n->high * part;
}

static void count(numbers *n, double x) {
    double part = (x / BARS - n->low / BARS) / (n->high / BARS - n->low / BARS);
    int bar = n->n_bars < BARS ? (int)(x - n->low) : (int)(part * BARS);
    n->bars[bar < n->n_bars ? bar : n->n_bars - 1]++;
}

/* In whatever order they lie. */
static gt_status each_number(numbers *n, void (*see)(numbers *n, double x)) {
    const gt_npy *a = &n->array;
    for (size_t first = 0; first < a->elements; first += PIECE) {
        size_t some = a->elements - first < PIECE ? a->elements - first : PIECE;
        gt_npy row = {.type = a->type, .size = a->size, .dimensions = 1, .shape = {some}, .elements = some};
        row.swapped = a->swapped;
        gt_status st = gt_read_at(n->fd, a->head + first * (size_t)a->size, n->piece, some * (size_t)a->size);
        if (st) return gt_wrap(st, "'%s'", n->path);
        for (size_t i = 0; i < some; i++) {
            double x = gt_npy_number(&row, n->piece, i);
            if (isfinite(x)) see(n, x);
        }
    }
    return GT_OK;
}

static bool is_text(const gt_npy *a) { return a->type == 'U' || a->type == 'S'; }

static void print_head(const numbers *n) {
    const gt_npy *a = &n->array;
    const char *kind = a->type == 'f' ? "float" : a->type == 'u' ? "uint" : a->type == 'i' ? "int" : "bool";
    gt_print_to(n->out, "array        %s\nshape        [", n->path);
    for (int i = 0; i < a->dimensions; i++) gt_print_to(n->out, "%s%zu", i ? "," : "", a->shape[i]);
    if (is_text(a))
        gt_print_to(n->out, "]\ntype         texts of up to %d %s\n", a->type == 'U' ? a->size / 4 : a->size,
                    a->type == 'U' ? "characters" : "bytes");
    else if (a->type == 'b') gt_print_to(n->out, "]\ntype         %s\n", kind);
    else gt_print_to(n->out, "]\ntype         %s%d%s\n", kind, 8 * a->size, a->swapped ? ", big-endian" : "");
}

static void print_histogram(const numbers *n) {
    size_t most = 1;
    for (int i = 0; i < n->n_bars; i++)
        if (n->bars[i] > most) most = n->bars[i];
    gt_print_to(n->out, "histogram\n");
    for (int i = 0; i < n->n_bars; i++) {
        int length = (int)(n->bars[i] * BAR / most);
        gt_print_to(n->out, "  from %-11.4g %10zu%s%.*s\n", edge(n, i), n->bars[i], length ? "  " : "", length,
                    "########################################");
    }
}

static gt_status print_numbers(numbers *n) {
    const gt_npy *a = &n->array;
    gt_status st = each_number(n, look);
    if (st) return st;
    if (n->finite < a->elements)
        gt_print_to(n->out, "not finite   %zu of %zu numbers\n", a->elements - n->finite, a->elements);
    if (!n->finite) return GT_OK;
    double deviation = sqrt(n->square / (double)n->finite);
    gt_print_to(n->out, "range        %.6g .. %.6g\n", n->low, n->high);
    if (isfinite(deviation)) gt_print_to(n->out, "mean         %.6g\ndeviation    %.6g\n", n->mean, deviation);
    if (!(n->high > n->low)) return GT_OK;
    n->n_bars = a->type != 'f' && n->high - n->low < BARS - 1 ? (int)(n->high - n->low) + 1 : BARS;
    st = each_number(n, count);
    if (!st) print_histogram(n);
    return st;
}

static gt_status read_head(numbers *n, off_t bytes) {
    gt_npy *a = &n->array;
    size_t some = bytes < GT_NPY_HEAD_MAX ? (size_t)bytes : GT_NPY_HEAD_MAX;
    gt_status st = gt_read_at(n->fd, 0, n->piece, some);
    if (!st && gt_npy_any_head(a, n->piece, some)) st = gt_npy_head(a, n->piece, some);
    if (!st && ((size_t)bytes < a->head || ((size_t)bytes - a->head) / (size_t)(a->size ? a->size : 1) < a->elements))
        st = gt_fail(GT_FORMAT, "truncated: the array is not whole");
    return st ? gt_wrap(st, "'%s'", n->path) : GT_OK;
}

/* Rows of whole numbers from 0 to 255 may be pictures; latents and labels are not. */
static bool may_be_pictures(const gt_npy *a) {
    return a->dimensions == 3 || a->dimensions == 4 || (a->dimensions == 2 && a->type == 'u');
}

gt_status gt_array_view_print(FILE *f, const char *path, bool *pictures) {
    enum { LARGEST = 8 /* bytes of a number */ };
    numbers n = {.out = f, .path = path, .fd = -1, .piece = malloc((size_t)PIECE * LARGEST)};
    off_t bytes;
    gt_status st = n.piece ? gt_file_open_regular(path, &n.fd, &bytes)
                           : gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    if (!st) st = read_head(&n, bytes);
    if (!st) print_head(&n);
    if (!st && n.array.elements && !is_text(&n.array)) st = print_numbers(&n);
    *pictures = !st && may_be_pictures(&n.array);
    if (n.fd >= 0) close(n.fd);
    free(n.piece);
    return st;
}

/* ---- a picture file ---- */

gt_status gt_picture_view_print(FILE *f, const char *path) {
    enum { LARGEST = 1 << 30 };
    GT_FREED void *bytes = NULL;
    size_t n = 0;
    gt_picture_info i;
    gt_picture whole = {0};
    gt_status st = gt_file_read(path, LARGEST, &bytes, &n);
    if (st) return st;
    st = gt_picture_head(&i, bytes, n);
    if (!st) {
        gt_print_to(f, "picture      %s (%s)\n", path, i.format);
        gt_print_to(f, "size         %dx%d, %d bits, %d channel%s%s\n", i.width, i.height, i.bits, i.channels,
                    gt_plural(i.channels), i.alpha ? " (the last one is alpha)" : "");
        st = gt_picture_decode(&whole, bytes, n, 0); /* a damaged picture can have a sound head */
    }
    gt_picture_free(&whole);
    return st ? gt_wrap(st, "'%s'", path) : GT_OK;
}
