/* SPDX-License-Identifier: Apache-2.0
 * What records say of how pictures came about: see door/origin.h. */
#include "runner/generator/door/origin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/sha256.h"
#include "dist/door/dist.h"
#include "base/door/log.h"
#include "gantry/log.h"
#include "gantry/text.h"
#include "job/door/network.h"
#include "kernels/door/kernels.h"
#include "networks/model/door/model.h"
#include "runner/generator/door/generator.h"
#include "runner/generator/door/edits.h"

static const gt_model *model_of(const gt_origin *o) {
    return o->of.generator ? gt_generator_model(o->of.generator) : o->of.model;
}

/* The name of the network that comes with Gantry, else that of the file without folders and ending. */
static void name_network(const char *path, char name[GT_NAME_BYTES]) {
    gt_path_name(path, name);
    char *dot = strrchr(name, '.');
    if (dot && dot > name) *dot = 0;
}

/* An audit has hashed the network; with the name that its record has, equal pictures are equal files. */
static gt_status hash_again(gt_origin *o, const char *recipe) {
    const gt_again *again = o->of.again;
    const char *name = "";
    gt_status st = gt_record_get_text(again->record, "network", &name);
    snprintf(o->network, sizeof o->network, "%s", name);
    o->hashes.contents = again->contents;
    return st ? st : gt_sha256_of(recipe, strlen(recipe), &o->hashes.recipe);
}

static gt_status hash_network(gt_origin *o) {
    GT_FREED char *file = NULL;
    const char *recipe = o->of.generator ? gt_generator_recipe(o->of.generator) : o->of.recipe;
    if (o->of.again) return hash_again(o, recipe);
    gt_status st = gt_network_find(o->of.checkpoint, &file);
    if (st) return st;
    if (gt_is_directory(file)) {
        GT_FREED char *run = file;
        bool foreign;
        st = gt_network_choose(run, &o->of.options->reading, &file, &foreign);
        if (!st && !file) st = gt_fail(GT_FAILED, "'%s' has no checkpoint", o->of.checkpoint);
    }
    if (!st) name_network(file, o->network);
    return st ? st : gt_record_network_hash(file, recipe, &o->hashes);
}

static gt_status hash_files(gt_origin *o) {
    const gt_edit_wish *e = o->of.edit;
    gt_status st = hash_network(o);
    if (!st && e && e->edits && *e->edits) st = gt_sha256_of_file(e->file, &o->directions);
    if (!st && o->of.options->start) st = gt_sha256_of_file(o->of.options->start, &o->start);
    if (!st && o->of.latents) st = gt_sha256_of_file(o->of.latents, &o->latents);
    return st;
}

gt_status gt_origin_find_all(gt_comm *comm, gt_origin *o, const gt_origin_of *of, gt_record_level level) {
    *o = (gt_origin){.of = *of, .level = level};
    if (level == GT_RECORD_NONE) return GT_OK;
    if (!comm->rank && hash_files(o)) {
        gt_warn("pictures get no record: %s", gt_message());
        o->level = GT_RECORD_NONE;
    }
    gt_comm_broadcast_all(comm, &o->level, sizeof o->level, 0);
    gt_comm_broadcast_all(comm, o->network, sizeof o->network, 0);
    gt_sha256 *const all[] = {&o->hashes.contents, &o->hashes.recipe, &o->directions, &o->start, &o->latents};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) gt_comm_broadcast_all(comm, all[i], sizeof **all, 0);
    return GT_OK;
}

/* ---- writing ---- */

static void put_steps(gt_record_text *r, const gt_origin *o) {
    static const char *const names[] = {GT_SOLVERS(GT_NAME)};
    const gt_steps_wanted *asked = &o->of.options->steps, *usual = &model_of(o)->usual_steps;
    bool starts = o->of.options->start && asked->strength > 0;
    gt_record_put_text(r, "sampler", names[asked->sampler ? asked->sampler : usual->sampler]);
    gt_record_put_int(r, "sampler_steps", asked->steps ? asked->steps : usual->steps);
    gt_record_put_double(r, "guidance", asked->guided ? asked->guidance : usual->guidance);
    if (starts) gt_record_put_sha256(r, "start_sha256", &o->start);
    if (starts) gt_record_put_double(r, "strength", asked->strength);
}

/* What has no effect is not put: the same picture has the same record. */
static void put_way(gt_record_text *r, const gt_origin *o, const gt_model *m) {
    static const char *const noises[] = {GT_NOISE_MODES(GT_NAME)};
    const gt_generator_options *g = o->of.options;
    const gt_edit_wish *e = o->of.edit;
    gt_buffer edits = {0};
    if (m->num_ws && !o->of.space) gt_record_put_text(r, "noise_mode", noises[g->noise_mode]);
    if (!o->of.styles && !m->draws_codes) gt_record_put_float(r, "truncation", g->truncation);
    bool some = g->truncated_layers > 0 && g->truncated_layers < m->num_ws && g->truncation != 1;
    if (some && !o->of.styles) gt_record_put_int(r, "truncated_layers", g->truncated_layers);
    if (e && e->edits && *e->edits) gt_edits_put_moving(e->edits, &edits);
    if (edits.n > 1) {
        gt_record_put_text(r, "edit", edits.data);
        gt_record_put_sha256(r, "directions_sha256", &o->directions);
    }
    r->json.failed |= edits.failed;
    gt_buffer_free(&edits);
}

void gt_origin_put(gt_record_text *r, const gt_origin *o, const char *makes, int64_t height, int64_t width,
                   int channels, int bits) {
    const gt_model *m = model_of(o);
    gt_record_put_text(r, "arithmetic", gt_kernel_set_arithmetic(m->kernels));
    gt_record_put_text(r, "network", o->network);
    gt_record_put_sha256(r, "network_sha256", &o->hashes.contents);
    gt_record_put_sha256(r, "recipe_sha256", &o->hashes.recipe);
    gt_record_put_text(r, "command", o->of.command);
    gt_record_put_text(r, "makes", makes);
    gt_record_put_int(r, "height", height);
    gt_record_put_int(r, "width", width);
    gt_record_put_int(r, "channels", channels);
    gt_record_put_int(r, "bits", bits);
    if (o->of.space != GT_LATENTS && m->in_steps) put_steps(r, o);
    else if (o->of.space != GT_LATENTS) put_way(r, o, m);
    if (m->draws_codes)
        gt_record_put_float(r, "temperature", o->of.options->temperature > 0 ? o->of.options->temperature : 1);
    if (o->of.latents) gt_record_put_sha256(r, "latents_sha256", &o->latents);
}

void gt_origin_put_label(gt_record_text *r, const gt_origin *o, const float *label) {
    const gt_generator *g = o->of.generator;
    int dim = gt_generator_labels(g), class = gt_generator_class_of(g, label);
    const char *const *names;
    int named = gt_generator_class_names(g, &names);
    if (dim && class < 0) gt_record_put_floats(r, "label", label, dim);
    if (class >= 0) gt_record_put_int(r, "class", class);
    bool full = o->of.again ? gt_record_has(o->of.again->record, "class_name") : o->level != GT_RECORD_SHORT;
    if (class >= 0 && class < named && full) gt_record_put_text(r, "class_name", names[class]);
}

/* Whoever knows the record of a sheet or a film before the work knows that the work is in vain. */
static gt_status check_size(const gt_again *again, const char *json) {
    static const char *const keys[] = {"height", "width"};
    gt_record *made = NULL;
    const char *makes = "", *wanted = "";
    gt_status st = gt_record_parse(&made, json, strlen(json));
    if (!st) st = gt_record_get_text(made, "makes", &makes);
    if (!st) st = gt_record_get_text(again->record, "makes", &wanted);
    bool same = !st && !strcmp(makes, wanted); /* a mixture has a sheet beside its picture */
    for (int i = 0; i < 2 && same && !st; i++) {
        int64_t is = 0, said = 0;
        st = gt_record_get_int(made, keys[i], 0, INT64_MAX, &is);
        if (!st) st = gt_record_get_int(again->record, keys[i], 0, INT64_MAX, &said);
        if (!st && is != said)
            st = gt_fail(GT_FORMAT, "its %s would be %lld, and not %lld", keys[i], (long long)is, (long long)said);
    }
    gt_record_close(made);
    return st;
}

gt_status gt_origin_end(const gt_origin *o, gt_record_text *r, gt_record_notes *notes) {
    *notes = (gt_record_notes){0};
    if (o->level == GT_RECORD_NONE) {
        gt_record_free(r);
        return GT_OK;
    }
    gt_status st = gt_record_end(r, notes);
    if (!st && o->of.again && (st = check_size(o->of.again, notes->json))) gt_record_notes_free(notes);
    if (st != GT_USAGE) return st;
    if (gt_log_is_first()) gt_log_once(GT_WARNING, "%s: it is left out", gt_message());
    return GT_OK;
}

/* ---- reading ---- */

gt_status gt_origin_options(const gt_record *r, gt_generator_options *o) {
    static const char *const noises[] = {GT_NOISE_MODES(GT_NAME)}, *const solvers[] = {GT_SOLVERS(GT_NAME)};
    enum {
        MOST_LAYERS = 1024,
        MOST_STEPS = 1 << 20,
        STEPS_AGAIN = 1000, /* a small picture could order hours */
        NOISES = sizeof noises / sizeof *noises,
        SOLVERS = sizeof solvers / sizeof *solvers
    };
    int noise = GT_NOISE_CONST, solver = GT_SOLVER_OF_JOB;
    int64_t layers = 0, steps = 0;
    double truncation = 1, temperature = 0, guidance = 0;
    gt_status st = gt_record_get_choice(r, "noise_mode", noises, NOISES, &noise);
    if (!st) st = gt_record_get_choice(r, "sampler", solvers, SOLVERS, &solver);
    if (!st) st = gt_record_get_int(r, "truncated_layers", 1, MOST_LAYERS, &layers);
    if (!st) st = gt_record_get_int(r, "sampler_steps", 1, MOST_STEPS, &steps);
    if (!st && steps > STEPS_AGAIN)
        st = gt_fail(GT_UNDECIDED, "its record orders %lld steps, and at most %d are made again: nothing was made",
                     (long long)steps, STEPS_AGAIN);
    if (!st) st = gt_record_get_double(r, "truncation", -1e3, 1e3, &truncation);
    if (!st) st = gt_record_get_double(r, "temperature", 1e-3, 1e3, &temperature);
    if (!st) st = gt_record_get_double(r, "guidance", 0, 100, &guidance);
    o->noise_mode = (gt_noise_mode)noise;
    o->truncation = (float)truncation;
    o->truncated_layers = (int)layers;
    o->temperature = (float)temperature;
    o->steps = (gt_steps_wanted){.sampler = (gt_solver)solver,
                                 .steps = (int)steps,
                                 .guided = gt_record_has(r, "guidance"),
                                 .guidance = guidance};
    return st;
}

gt_status gt_origin_condition(const gt_record *r, gt_arena *a, gt_condition *c) {
    enum { MOST_CLASSES = 1 << 20, MOST_NUMBERS = 4096 };
    int64_t class = -1;
    *c = (gt_condition){0};
    gt_status st = gt_record_get_int(r, "class", 0, MOST_CLASSES, &class);
    if (!st) st = gt_record_get_floats(r, "label", MOST_NUMBERS, a, &c->label, &c->label_dim);
    if (st || class < 0) return st;
    if (c->label) return gt_fail(GT_FORMAT, "its record has a class and a label");
    c->class = gt_arena_printf(a, "#%lld", (long long)class); /* never a name */
    return c->class ? GT_OK : GT_NOMEM;
}

/* ---- for people ---- */

typedef struct said {
    char *text;
    size_t room, n;
} said;

static void add(said *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(said *s, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    if (s->n && s->n + 2 < s->room) s->n += (size_t)snprintf(s->text + s->n, s->room - s->n, ", ");
    int n = s->n < s->room ? vsnprintf(s->text + s->n, s->room - s->n, format, ap) : 0;
    s->n += n > 0 ? (size_t)n : 0;
    va_end(ap);
}

static void say_numbers(const gt_record *r, said *s) {
    static const struct {
        const char *key, *words;
        double usual;
    } numbers[] = {{"truncation", "truncation", 1}, {"temperature", "temperature", 1}, {"guidance", "guidance", 1}};
    int64_t layers = 0, steps = 0;
    gt_record_get_int(r, "truncated_layers", 0, 1 << 20, &layers);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        double x = numbers[i].usual;
        if (!gt_record_get_double(r, numbers[i].key, -1e6, 1e6, &x) && x != numbers[i].usual)
            add(s, "%s %g%s", numbers[i].words, x, i || x != 0 || layers ? "" : " (all seeds have the same styles)");
    }
    gt_record_get_int(r, "sampler_steps", 0, 1 << 20, &steps);
    if (layers) add(s, "truncated in %lld layer%s", (long long)layers, gt_plural(layers));
    const char *text = NULL;
    if (!gt_record_get_text(r, "sampler", &text) && text) add(s, "%lld steps of %s", (long long)steps, text);
    double strength = 0;
    if (!gt_record_get_double(r, "strength", 0, 1, &strength) && strength > 0)
        add(s, "begun with the picture of --start at strength %g", strength);
    if (gt_record_has(r, "latents_sha256")) add(s, "latents of the mixture of --latents");
}

static void say_label(const gt_record *r, said *s) {
    int64_t class = -1;
    const char *name = NULL;
    gt_record_get_int(r, "class", 0, INT32_MAX, &class);
    gt_record_get_text(r, "class_name", &name);
    char quoted[64] = ""; /* the words of whoever wrote the network's file end where the quotes do */
    if (name) snprintf(quoted, sizeof quoted, " '%.60s", name);
    for (char *p = quoted + 2; *quoted && *p; p++)
        if (*p == '\'' || (unsigned char)*p < ' ' || *p == 0x7f) *p = '?';
    if (class >= 0) add(s, "class %lld%s%s", (long long)class, quoted, name ? "'" : "");
    GT_ARENA gt_arena *a = gt_arena_new();
    const float *label = NULL;
    int n = 0;
    if (a) gt_record_get_floats(r, "label", 4096, a, &label, &n);
    for (int i = 0; i < n && label; i++) add(s, "%s%g", i ? "" : "label ", (double)label[i]);
}

static void mark_end(char *text, size_t room) {
    if (room > 3) memcpy(text + room - 4, "...", 4);
}

const char *gt_origin_list(const gt_record *r, const char *key, char text[GT_ORIGIN_LIST]) {
    const char *value = "";
    gt_record_get_text(r, key, &value);
    if (snprintf(text, GT_ORIGIN_LIST, "%s", value) >= GT_ORIGIN_LIST) mark_end(text, GT_ORIGIN_LIST);
    return text;
}

void gt_origin_say(const gt_record *r, char *text, size_t bytes) {
    static const char *const texts[][2] = {{"noise_mode", "noise"}, {"edit", "edited by"}};
    said s = {text, bytes, strlen(text)};
    say_label(r, &s);
    say_numbers(r, &s);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *value = NULL;
        if (!gt_record_get_text(r, texts[i][0], &value) && value && strcmp(value, "const"))
            add(&s, "%s %s", texts[i][1], value);
    }
    if (s.n >= bytes) mark_end(text, bytes);
}
