/* SPDX-License-Identifier: Apache-2.0
 * A file of fields: a line for each variable, its axes below where they are other ones than before. */
#include "features/inspect/file_view.h"

#include <stdio.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/text.h"
#include "data/door/fields_look.h"
#include "gantry/memory.h"
#include "gantry/text.h"

typedef struct printing {
    gt_buffer axes;                     /* as they were printed last */
    gt_buffer data, condition, statics; /* of the command */
    long cells;                         /* of a variable in `data` */
} printing;

static void put_axis(gt_buffer *to, const gt_fields_axis *a, const char *otherwise) {
    gt_buffer_printf(to, "             %s %lld", *a->name ? a->name : otherwise, (long long)a->n);
    if (a->values) gt_buffer_printf(to, ": %g .. %g %s", a->values[0], a->values[a->n - 1], a->units);
    gt_buffer_printf(to, "\n");
}

static void put_axes(gt_buffer *to, const gt_fields_seen *s) {
    if (s->time_units)
        gt_buffer_printf(to, "             time %lld: %s .. %s, calendar %s, %s\n", (long long)s->samples, s->from,
                         s->to, s->calendar, s->time_units);
    else if (s->samples) gt_buffer_printf(to, "             samples %lld\n", (long long)s->samples);
    if (s->levels > 1) gt_buffer_printf(to, "             levels %d\n", s->levels);
    put_axis(to, s->y, "rows");
    put_axis(to, s->x, "columns");
}

static void add_name(gt_buffer *to, const char *name) { gt_buffer_printf(to, "%s%s", to->n ? "," : "", name); }

/* The finest variables are what is to be made, the others conditions. */
static void add_to_command(printing *p, const gt_fields_seen *s) {
    long cells = (long)s->height * s->width;
    if (!s->samples) add_name(&p->statics, s->name);
    else if (cells > p->cells && p->data.n) {
        if (p->condition.n) gt_buffer_printf(&p->condition, ",");
        gt_buffer_add(&p->condition, p->data.data, p->data.n);
        p->data.n = 0;
        add_name(&p->data, s->name);
    } else add_name(cells < p->cells ? &p->condition : &p->data, s->name);
    if (s->samples && cells > p->cells) p->cells = cells;
}

static gt_status print_variable(void *arg, const gt_fields_seen *s) {
    printing *p = arg;
    GT_BUFFER gt_buffer axes = {0};
    if (s->odd) {
        gt_print("%-12s cannot be used: %s\n", s->name, s->odd);
        return GT_OK;
    }
    gt_print("%-12s ", s->name);
    if (s->missing < s->values) gt_print("%g .. %g", s->least, s->most);
    else gt_print("no values");
    gt_print("%s%s%s%s", *s->units ? " " : "", s->units, *s->long_name ? ", " : "", s->long_name);
    if (s->missing) gt_print(", %lld of %lld values are missing", (long long)s->missing, (long long)s->values);
    if (s->looked < s->samples) gt_print(" (of %lld samples)", (long long)s->looked);
    gt_print("\n");
    put_axes(&axes, s);
    bool same = axes.n == p->axes.n && !axes.failed && !memcmp(axes.data, p->axes.data, axes.n);
    if (!same) {
        p->axes.n = 0;
        gt_buffer_add(&p->axes, axes.data, axes.n);
        gt_buffer_add(&axes, "", 1);
        if (!axes.failed) gt_print_lines((const char *)axes.data);
    }
    add_to_command(p, s);
    return axes.failed ? gt_fail(GT_NOMEM, "out of memory for a list of variables") : GT_OK;
}

static void print_list(const char *option, const char *path, const gt_buffer *names) {
    if (names->n) gt_print(" --%s=%s:%.*s", option, path, (int)names->n, (const char *)names->data);
}

gt_status gt_fields_print(const char *path) {
    printing p = {0};
    gt_print("fields       %s (NetCDF-4 or HDF5)\n", path);
    gt_status st = gt_fields_look(path, print_variable, &p);
    if (!st && p.data.n) {
        gt_print("training     gantry train --model=edm");
        print_list("data", path, &p.data);
        if (p.condition.n) print_list("condition", path, &p.condition);
        else gt_print(" --condition=FILE:NAME");
        print_list("static", path, &p.statics);
        gt_print("\n");
    } else if (!st && p.statics.n) {
        gt_print("training     gantry train --model=edm --data=FILE:NAME --condition=FILE:NAME");
        print_list("static", path, &p.statics);
        gt_print("\n");
    }
    gt_buffer_free(&p.axes), gt_buffer_free(&p.data), gt_buffer_free(&p.condition), gt_buffer_free(&p.statics);
    return st;
}
