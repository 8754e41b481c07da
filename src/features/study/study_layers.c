/* SPDX-License-Identifier: Apache-2.0
 * Convolution and pooling by numbers, of images so small that all numbers fit into a picture: see
 * features/study/study_view.h.
 */
#include <stdio.h>
#include <string.h>

#include "graph/door/graph.h"
#include "gantry/memory.h"
#include "graph/door/ops.h"
#include "features/study/study_view.h"
#include "gantry/text.h"
#include "features/study/study.h"

/* Runs a graph with an input "x" once; the outputs called names [n] are copied into the arena. */
static gt_status run_once(gt_arena *a, gt_graph *g, const gt_shape *shape, const float *x, int n,
                          const char *const *names, const float **out) {
    const size_t bytes = (size_t)gt_shape_size(shape) * sizeof *x;
    gt_exec *e = gt_exec_new(g, &(gt_exec_options){0});
    gt_status st = e ? GT_OK : gt_failure();
    float *to = e ? gt_exec_input(e, "x") : NULL;
    if (!st && !to) st = gt_failure();
    if (!st) memcpy(to, x, bytes);
    if (!st) st = gt_exec_prepare(e, &(gt_exec_env){0});
    if (!st) st = gt_exec_run(e, &(gt_exec_env){0});
    for (int i = 0; i < n && !st; i++) {
        size_t floats = gt_exec_output_size(e, names[i]);
        float *copy = gt_arena_array(a, floats, sizeof *copy);
        if (copy) memcpy(copy, gt_exec_output(e, names[i]), floats * sizeof *copy);
        else st = GT_NOMEM;
        out[i] = copy;
    }
    gt_exec_free(e);
    return st;
}

/* Values [height,width,channels] of a channel, as a panel of cells with numbers. */
typedef struct cells {
    const float *values;
    int height, width, channels, channel;
} cells;

static gt_status draw_cells(gt_arena *a, const cells *c, const char *title, const char *label, gt_panel *out) {
    static const double unit[2] = {0, 1};
    double *v = gt_arena_array(a, (size_t)c->height * (size_t)c->width, sizeof *v);
    if (!v || !title) return GT_NOMEM;
    for (int y = 0; y < c->height; y++)
        for (int x = 0; x < c->width; x++)
            v[(c->height - 1 - y) * c->width + x] = (double)c->values[(y * c->width + x) * c->channels + c->channel];
    *out = (gt_panel){.title = title,
                      .x_label = label,
                      .x_range = unit,
                      .y_range = unit,
                      .heat = {.columns = c->width, .rows = c->height, .values = v, .numbers = true}};
    return GT_OK;
}

/* ---- convolution ---- */

static gt_status run_convolution(gt_arena *a, gt_graph *g, gt_convolution *c) {
    static const char *const names[] = {"rows", "product", "result"};
    const gt_numbers *f = &c->filter;
    const float *out[3];
    float *each = gt_arena_array(a, (size_t)c->taps * (size_t)c->taps, sizeof *each);
    if (!each) return GT_NOMEM;
    for (int k = 0; k < c->taps; k++) each[k * c->taps + k] = 1;
    const gt_conv_attr attr = {c->stride, c->pad, c->pad, c->pad, c->pad, 1};
    const gt_shape shape = GT_SHAPE(1, c->input.height, c->input.width, c->input.channels);
    gt_node *x = gt_input(g, "x", shape),
            *w = gt_constant(g, "filter", GT_SHAPE(f->height, f->width, f->channels, 1), f->values),
            *taps = gt_constant(g, "taps", GT_SHAPE(f->height, f->width, f->channels, c->taps), each),
            *rows = gt_reshape(g, gt_conv(g, x, taps, attr), GT_SHAPE(c->height * c->width, c->taps));
    gt_output(g, names[0], rows);
    gt_output(g, names[1], gt_matmul(g, rows, gt_reshape(g, w, GT_SHAPE(c->taps, 1))));
    gt_output(g, names[2], gt_conv(g, x, w, attr));
    gt_status st = gt_graph_status(g);
    if (!st) st = run_once(a, g, &shape, c->input.values, 3, names, out);
    if (!st) c->rows = out[0], c->product = out[1], c->result = out[2];
    return st;
}

gt_status gt_convolution_compute(gt_arena *a, const gt_kernel_set *kernels, gt_convolution *c) {
    const gt_numbers *x = &c->input, *f = &c->filter;
    if (x->channels != f->channels)
        return gt_fail(GT_USAGE, "the input has %d channel%s, the filter %d: both need the same number", x->channels,
                       gt_plural(x->channels), f->channels);
    if (x->height + 2 * c->pad < f->height || x->width + 2 * c->pad < f->width)
        return gt_fail(GT_USAGE, "a filter of %dx%d does not fit into an input of %dx%d with a padding of %d",
                       f->height, f->width, x->height, x->width, c->pad);
    c->height = (x->height + 2 * c->pad - f->height) / c->stride + 1;
    c->width = (x->width + 2 * c->pad - f->width) / c->stride + 1;
    c->taps = f->height * f->width * f->channels;
    gt_graph *g = gt_graph_new("convolution", kernels);
    gt_status st = g ? run_convolution(a, g, c) : gt_failure();
    gt_graph_free(g);
    return st;
}

static void write_table(const gt_convolution *c, gt_buffer *b) {
    const gt_numbers *f = &c->filter;
    gt_buffer_printf(b, "y,x");
    for (int k = 0; k < c->taps; k++)
        gt_buffer_printf(b, ",tap_y%d_x%d_c%d", k / f->channels / f->width, k / f->channels % f->width,
                         k % f->channels);
    gt_buffer_printf(b, ",product,convolution\n");
    for (int i = 0; i < c->height * c->width; i++) {
        gt_buffer_printf(b, "%d,%d", i / c->width, i % c->width);
        for (int k = 0; k < c->taps; k++) gt_buffer_printf(b, ",%.9g", (double)c->rows[i * c->taps + k]);
        gt_buffer_printf(b, ",%.9g,%.9g\n", (double)c->product[i], (double)c->result[i]);
    }
}

static const char *channel_title(gt_arena *a, const char *what, const gt_numbers *of, int channel) {
    return of->channels == 1 ? gt_arena_printf(a, "%s, %dx%d", what, of->height, of->width)
                             : gt_arena_printf(a, "%s, %dx%d, channel %d", what, of->height, of->width, channel);
}

/* Input and filter of each channel beside each other; then the product: rows and filter, and the result. */
gt_status gt_convolution_write(gt_arena *a, const gt_convolution *c, const char *outdir) {
    gt_buffer csv = {0};
    const gt_numbers *x = &c->input, *f = &c->filter;
    int places = c->height * c->width, n = 0;
    gt_panel *panels = gt_arena_array(a, 2 * (size_t)x->channels + 2, sizeof *panels);
    gt_status st = panels ? GT_OK : GT_NOMEM;
    const char *how = gt_arena_printf(a, "stride %d, padding %d", c->stride, c->pad);
    for (int k = 0; k < x->channels && !st; k++) {
        st = draw_cells(a, &(cells){x->values, x->height, x->width, x->channels, k}, channel_title(a, "input", x, k),
                        how, &panels[n++]);
        if (!st)
            st = draw_cells(a, &(cells){f->values, f->height, f->width, f->channels, k},
                            channel_title(a, "filter", f, k), NULL, &panels[n++]);
    }
    if (!st)
        st = draw_cells(a, &(cells){c->rows, places, c->taps, 1, 0},
                        gt_arena_printf(a, "%d rows of %d numbers", places, c->taps),
                        "a row for each place of the filter: the values under the filter", &panels[n++]);
    if (!st)
        st = draw_cells(a, &(cells){c->result, c->height, c->width, 1, 0},
                        gt_arena_printf(a, "result, %dx%d", c->height, c->width),
                        "each row times the filter, place by place", &panels[n++]);
    if (gt_arena_failed(a)) st = GT_NOMEM; /* a caption is missing */
    if (st) return st;
    write_table(c, &csv);
    return study_write(outdir, "conv", &csv, panels, n, 2);
}

/* ---- pooling ---- */

static gt_status run_pooling(gt_arena *a, gt_graph *g, gt_pooling *p) {
    static const char *const names[] = {"pooled"};
    const gt_shape shape = GT_SHAPE(p->n, p->input.height, p->input.width, 1);
    gt_output(g, names[0], gt_max_pool(g, gt_input(g, "x", shape), .size = p->window, .stride = p->stride));
    gt_status st = gt_graph_status(g);
    return st ? st : run_once(a, g, &shape, p->images, 1, names, &p->pooled);
}

static double share_changed(const float *x, const float *y, int n) {
    int changed = 0;
    for (int i = 0; i < n; i++) changed += x[i] < y[i] || x[i] > y[i];
    return (double)changed / n;
}

gt_status gt_pooling_compute(gt_arena *a, const gt_kernel_set *kernels, gt_pooling *p) {
    int h = p->input.height, w = p->input.width;
    if (p->input.channels != 1)
        return gt_fail(GT_USAGE, "pooling is shown for one channel, but the input has %d", p->input.channels);
    if (h < p->window || w < p->window)
        return gt_fail(GT_USAGE, "a window of %dx%d does not fit into an input of %dx%d", p->window, p->window, h, w);
    p->n = p->window + 1;
    p->height = (h - p->window) / p->stride + 1;
    p->width = (w - p->window) / p->stride + 1;
    float *images = gt_arena_array(a, (size_t)p->n * (size_t)(h * w), sizeof *images);
    double *changed = gt_arena_array(a, 2 * (size_t)p->n, sizeof *changed);
    if (!images || !changed) return GT_NOMEM;
    for (int i = 0; i < p->n * h * w; i++) {
        int shift = i / (h * w), y = i / w % h, x = i % w;
        images[i] = p->input.values[y * w + (x + w - shift % w) % w];
    }
    p->images = images;
    p->image_changed = changed;
    p->pooled_changed = changed + p->n;
    gt_graph *g = gt_graph_new("pooling", kernels);
    gt_status st = g ? run_pooling(a, g, p) : gt_failure();
    gt_graph_free(g);
    int pooled = p->height * p->width;
    for (int i = 0; i < p->n && !st; i++) {
        changed[i] = share_changed(p->images, p->images + i * h * w, h * w);
        changed[p->n + i] = share_changed(p->pooled, p->pooled + i * pooled, pooled);
    }
    return st;
}

static void write_pooled(const gt_pooling *p, gt_buffer *b) {
    int size = p->height * p->width;
    gt_buffer_printf(b, "shift,input_changed,pooled_changed");
    for (int k = 0; k < size; k++) gt_buffer_printf(b, ",pooled_y%d_x%d", k / p->width, k % p->width);
    gt_buffer_printf(b, "\n");
    for (int i = 0; i < p->n; i++) {
        gt_buffer_printf(b, "%d,%.9g,%.9g", i, p->image_changed[i], p->pooled_changed[i]);
        for (int k = 0; k < size; k++) gt_buffer_printf(b, ",%.9g", (double)p->pooled[i * size + k]);
        gt_buffer_printf(b, "\n");
    }
}

/* A column for each shift: the image above what is pooled of it, in the same colours. */
gt_status gt_pooling_write(gt_arena *a, const gt_pooling *p, const char *outdir) {
    gt_buffer csv = {0};
    int h = p->input.height, w = p->input.width;
    double range[2] = {(double)p->images[0], (double)p->images[0]};
    gt_panel *panels = gt_arena_array(a, 2 * (size_t)p->n, sizeof *panels);
    gt_status st = panels ? GT_OK : GT_NOMEM;
    for (int i = 0; i < h * w; i++) {
        if ((double)p->images[i] < range[0]) range[0] = (double)p->images[i];
        if ((double)p->images[i] > range[1]) range[1] = (double)p->images[i];
    }
    if (!(range[1] > range[0])) range[1] = range[0] + 1;
    for (int i = 0; i < p->n && !st; i++) {
        st = draw_cells(a, &(cells){p->images + i * h * w, h, w, 1, 0}, gt_arena_printf(a, "shifted by %d", i),
                        gt_arena_printf(a, "%.0f %% changed", 100 * p->image_changed[i]), &panels[i]);
        if (!st)
            st = draw_cells(a, &(cells){p->pooled + i * p->height * p->width, p->height, p->width, 1, 0},
                            gt_arena_printf(a, "largest of %dx%d, stride %d", p->window, p->window, p->stride),
                            gt_arena_printf(a, "%.0f %% changed", 100 * p->pooled_changed[i]), &panels[p->n + i]);
    }
    for (int i = 0; i < 2 * p->n && !st; i++) panels[i].small = true, panels[i].heat.range = range;
    if (gt_arena_failed(a)) st = GT_NOMEM;
    if (st) return st;
    write_pooled(p, &csv);
    return study_write(outdir, "pooling", &csv, panels, 2 * p->n, p->n);
}
