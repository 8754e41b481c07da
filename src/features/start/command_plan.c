/* SPDX-License-Identifier: Apache-2.0
 * gantry start: what is there, and what is to be done with it. */
#include "features/start/command.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/door/source.h"
#include "gantry/picture.h"
#include "gantry/program.h"
#include "gantry/progress.h"
#include "gantry/text.h"

enum {
    LEAST = 10,          /* fewer pictures are learnt by heart within minutes */
    FEW = 2000,          /* so many do better from another network (docs/few-pictures.md) */
    SHIPPED_SIDE = 64,   /* of the networks that come with Gantry, which are in colour */
    LEAST_ENLARGED = 32, /* smaller pictures are blurred at that size: they keep theirs */
    LEAST_OF_CLASS = 100 /* pictures of a class, for --cond (docs/choosing-a-model.md) */
};

void cli_line_add(gt_arena *a, cli_line *l, const char *format, ...) {
    char text[2 * GT_PROGRAM_PATH_BYTES];
    va_list rest;
    va_start(rest, format);
    vsnprintf(text, sizeof text, format, rest);
    va_end(rest);
    if (l->n < CLI_LINE_WORDS) l->words[l->n++] = gt_arena_printf(a, "%s", text);
}

/* ---- what is there ---- */

/* Drawings with even areas and sharp edges are hardly ever kept as JPEG, photographs nearly always are. */
static bool are_photographs(const gt_source *s, const gt_survey *found) {
    static const char *const endings[] = {".jpg", ".jpeg", ".jfif", ".jpe"};
    char text[GT_ITEM_NAME_BYTES];
    int64_t n = 0;
    for (int64_t i = 0; i < found->count; i++) {
        const char *dot = strrchr(gt_source_name(s, i, text), '.');
        for (size_t k = 0; k < sizeof endings / sizeof *endings && dot; k++) n += !strcasecmp(dot, endings[k]);
    }
    return !found->transparent && 2 * n > found->count;
}

/* Of the source as it is opened now: by its own labels, or by its folders. */
static void take_classes(const gt_source *s, cli_start_plan *p) {
    const gt_source_info *info = gt_source_get_info(s);
    p->classes = info->label_kind == GT_LABELS_CLASSES && info->label_width > 1 ? info->label_width : 0;
    /* With a handful of pictures for each class the classes cost more than they bring: then all are learnt as one set,
     * and the dataset keeps the classes for later. */
    p->cond = p->classes && info->count / p->classes >= LEAST_OF_CLASS;
}

static gt_status look_at_folders(cli_start_plan *p) {
    gt_source *s;
    gt_status st = gt_source_open(&s, p->source, &(gt_source_options){.labels = GT_SOURCE_LABELS_FOLDERS});
    if (st) return st;
    p->folders = true;
    take_classes(s, p);
    gt_source_close(s);
    return GT_OK;
}

/* Adds up how bright the pixels are that can be seen, 0 to 1, and counts them. */
static void add_brightness(const gt_picture *p, double *sum, double *n) {
    const uint8_t *at = p->samples;
    if (p->type != GT_U8 || !p->alpha) return;
    int colours = p->channels - 1;
    for (size_t i = 0; i < (size_t)p->height * (size_t)p->width; i++, at += p->channels) {
        for (int c = 0; c < colours; c++) *sum += at[colours] / 255.0 * at[c] / 255.0 / colours;
        *n += at[colours] / 255.0;
    }
}

/* White drawings on nothing, as symbols for dark screens are, would vanish on white. */
static gt_status look_at_brightness(gt_source *s, cli_start_plan *p) {
    enum { LOOKS = 50 };
    static const double nearly_white = 0.9;
    double sum = 0, n = 0;
    int64_t step = 1 + p->found.count / LOOKS;
    for (int64_t i = 0; i < p->found.count && p->found.transparent; i += step) {
        gt_picture picture = {0};
        gt_status st = gt_source_read(s, i, &picture);
        if (st == GT_NOMEM) return st;
        if (!st) add_brightness(&picture, &sum, &n);
        gt_picture_free(&picture);
    }
    p->black = n > 0 && sum / n > nearly_white;
    return GT_OK;
}

static gt_status look(gt_arena *a, gt_source *s, cli_start_plan *p) {
    gt_survey *found = &p->found;
    GT_BUFFER gt_buffer why = {0};
    gt_status st = gt_survey_pictures(s, found);
    if (!st) st = gt_survey_decode(s, found);
    if (!st) st = look_at_brightness(s, p);
    if (st) return st;
    if (found->unread) gt_survey_why(s, found, &why);
    if (found->unread) p->unread = gt_arena_printf(a, "%.*s", (int)why.n, why.data);
    const char *passed = gt_source_get_info(s)->passed;
    p->passed = passed ? gt_arena_printf(a, "%s", passed) : NULL;
    p->photographs = are_photographs(s, found);
    take_classes(s, p);
    return GT_OK;
}

static gt_status check_number(const cli_start_plan *p) {
    long long n = p->found.count, good = n - p->found.unread;
    if (p->found.looked == p->found.unread)
        return gt_fail(GT_FORMAT, "'%s': no picture can be read; the first: %s", p->source, p->unread);
    if (good >= LEAST) return GT_OK;
    return gt_fail(GT_USAGE, "'%s' holds %lld picture%s%s: a network needs %d at least, and a hundred do much better",
                   p->source, good, gt_plural(good), good < n ? " that can be read" : "", LEAST);
}

/* ---- what is to be done ---- */

static bool is_shipped(const char *name) {
    char path[GT_PROGRAM_PATH_BYTES];
    return gt_shipped_find("networks", ".h5", name, path);
}

static void decide(cli_start_plan *p) {
    const gt_survey *found = &p->found;
    const char *network = p->cond ? "clipart64-cond" : "clipart64";
    /* The networks that come with Gantry end at an alpha channel and at more than four channels. */
    bool few = found->count <= FEW && found->side >= LEAST_ENLARGED && found->plain && is_shipped(network);
    /* In twelve minutes a few pictures become blobs from nothing, and things with outlines from another network, which
     * has one size, and three channels: grey pictures are made RGB. */
    p->network = few ? network : NULL;
    p->side = few ? SHIPPED_SIDE : found->side;
    p->channels = few || found->coloured ? 3 : 1;
    if (!found->plain) p->channels = 0;
    /* The borders of photographs can go. Of drawings nothing may be cut: tall ones would lose head and feet. */
    p->crop = p->photographs;
}

gt_status cli_start_look(gt_arena *a, cli_start_plan *p) {
    gt_source *s;
    gt_status st = gt_source_open(&s, p->source, NULL);
    if (st) return st;
    gt_tell_start("looking at the pictures", NULL, 0);
    st = look(a, s, p);
    gt_source_close(s);
    if (!st) st = check_number(p);
    if (!st && p->found.folders) st = look_at_folders(p);
    gt_tell_end();
    if (!st) decide(p);
    return st;
}

/* ---- as words ---- */

static const char *ground(const cli_start_plan *p) { return p->black ? "black" : "white"; }

void cli_start_add_dataset(gt_arena *a, const cli_start_plan *p, cli_line *l) {
    cli_line_add(a, l, "dataset");
    cli_line_add(a, l, "%s", p->source);
    cli_line_add(a, l, "%s", p->data);
    cli_line_add(a, l, "--width=%d", p->side);
    cli_line_add(a, l, "--height=%d", p->side);
    if (p->crop) {
        cli_line_add(a, l, "--transform=center-crop");
    } else {
        cli_line_add(a, l, "--pad");
        cli_line_add(a, l, "--background=%s", ground(p)); /* also below what is transparent */
    }
    if (p->channels) cli_line_add(a, l, "--channels=%d", p->channels);
    if (p->folders) cli_line_add(a, l, "--labels=folders");
    cli_line_add(a, l, "--on-error=skip"); /* the look decodes some of the pictures alone */
}

void cli_start_add_network(gt_arena *a, const cli_start_plan *p, const char *data, cli_line *l) {
    cli_line_add(a, l, "train");
    cli_line_add(a, l, "--data=%s", data);
    if (p->network) cli_line_add(a, l, "--resume=%s", p->network);
    if (p->cond) cli_line_add(a, l, "--cond");
    /* A landscape from right to left is a landscape; a drawing may have letters. */
    if (p->photographs) cli_line_add(a, l, "--mirror");
}

static void print_sizes(const gt_survey *f) {
    if (f->least[0] == f->most[0] && f->least[1] == f->most[1])
        gt_print(", all of %dx%d pixels", f->most[0], f->most[1]);
    else gt_print(", %d to %d pixels wide and %d to %d high", f->least[0], f->most[0], f->least[1], f->most[1]);
    if (f->oblong) gt_print(", %lld oblong", (long long)f->oblong);
    if (f->transparent) gt_print(", %lld transparent", (long long)f->transparent);
    if (!f->coloured) gt_print(", grey");
}

void cli_start_print(const cli_start_plan *p) {
    const gt_survey *f = &p->found;
    gt_print("found     %lld %s", (long long)f->count, p->photographs ? "photographs" : "pictures");
    print_sizes(f);
    if (p->classes)
        gt_print(", %d %s%s", p->classes, p->folders ? "sub-folders that are classes" : "classes",
                 p->cond ? "" : " (too few pictures of each to learn them)");
    if (f->unread)
        gt_print("; %lld cannot be read and %s left out", (long long)f->unread, f->unread == 1 ? "is" : "are");
    if (p->passed) gt_print("; other files: %s", p->passed);
    if (p->unread) gt_print("\nunread    %s", p->unread);
    const char *colours = p->channels == 1 ? "grey" : p->channels == 3 ? "RGB" : "all channels";
    gt_print("\ndataset   %dx%d pixels, %s; ", p->side, p->side, colours);
    if (p->crop) gt_print("the middle of each photograph");
    else if (f->oblong) gt_print("nothing is cut, %s fills the rest", ground(p));
    else if (f->transparent) gt_print("on %s", ground(p));
    else gt_print("whole pictures");
    gt_print(": %s\n", p->data);
}
