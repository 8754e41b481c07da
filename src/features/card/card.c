/* SPDX-License-Identifier: Apache-2.0
 * What a card says of the network itself, and the parts of the card together: see features/card/card.h. */
#include "features/card/card.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/text.h"
#include "runner/contents/door/contents.h"
#include "networks/model/door/family.h"
#include "networks/model/door/model.h"

/* ---- members ---- */

void card_put(gt_card *c, json_t *to, const char *key, json_t *value) {
    bool put = json_is_array(to) ? !json_array_append_new(to, value) : !json_object_set_new(to, key, value);
    c->failed |= !put;
}

static json_t *shown(const char *text) {
    int n = gt_format(NULL, 0, "%s", text);
    GT_FREED char *clean = n >= 0 ? malloc((size_t)n + 1) : NULL;
    if (clean) gt_format(clean, (size_t)n + 1, "%s", text);
    json_t *j = clean ? json_string(clean) : NULL;
    return j;
}

void card_put_text(gt_card *c, json_t *to, const char *key, const char *text) {
    if (text && *text) card_put(c, to, key, shown(text));
}

void card_put_int(gt_card *c, json_t *to, const char *key, int64_t value) { card_put(c, to, key, json_integer(value)); }

void card_put_real(gt_card *c, json_t *to, const char *key, double value) {
    if (isfinite(value)) card_put(c, to, key, json_real(value));
}

void card_put_name(gt_card *c, json_t *to, const char *key, const char *path) {
    char name[GT_NAME_BYTES];
    if (gt_synth_of_path(path)) card_put_text(c, to, key, path);
    else gt_path_name(path, name), card_put_text(c, to, key, name);
}

/* What could not be put is gone. */
static json_t *put_new(gt_card *c, json_t *to, const char *key, json_t *value) {
    card_put(c, to, key, value);
    return c->failed ? NULL : value;
}

json_t *card_put_object(gt_card *c, json_t *to, const char *key) { return put_new(c, to, key, json_object()); }
json_t *card_put_array(gt_card *c, json_t *to, const char *key) { return put_new(c, to, key, json_array()); }

const json_t *card_get(const gt_card *c, const char *part, const char *key) {
    return json_object_get(json_object_get(c->all, part), key);
}

const char *card_text(const json_t *text) { return json_is_string(text) ? json_string_value(text) : ""; }

/* ---- the network ---- */

/* As model hubs name tasks. What has an encoder and no density is an autoencoder that draws no pictures by itself. */
static const char *task_of(const gt_model *m) {
    bool encodes = gt_model_role(m, GT_ROLE_ENCODER), dense = gt_model_role(m, GT_ROLE_DENSITY);
    bool draws = gt_model_role(m, GT_ROLE_GENERATOR) || gt_model_role(m, GT_ROLE_DENOISER);
    if (gt_model_role(m, GT_ROLE_SEGMENTER)) return "image-segmentation";
    if (draws && (!encodes || dense)) return "unconditional-image-generation";
    if (encodes) return "image-feature-extraction";
    return gt_model_role(m, GT_ROLE_CLASSIFIER) ? "image-classification" : "";
}

static void put_model(gt_card *c, const gt_job *job, const gt_model *m) {
    json_t *to = card_put_object(c, c->all, "model");
    card_put_text(c, to, "name", job->model);
    card_put_text(c, to, "kind", job->kind->text);
    card_put_text(c, to, "recipe", job->cfg);
    card_put_text(c, to, "task", task_of(m));
    json_t *size = card_put_array(c, to, "image");
    card_put_int(c, size, NULL, m->height);
    card_put_int(c, size, NULL, m->width);
    card_put_int(c, size, NULL, m->channels);
    card_put_int(c, to, "labels", job->label_dim);
    json_t *parameters = card_put_object(c, to, "parameters");
    for (int i = 0; i < m->n_nets; i++) {
        int64_t n = 0;
        for (int t = 0; t < m->nets[i]->n_tensors; t++)
            if (m->nets[i]->tensors[t].trainable) n += (int64_t)m->nets[i]->tensors[t].size;
        card_put_int(c, parameters, m->nets[i]->name, n);
    }
}

/* Nothing where the file has no such number. Memory that is short is the only error. */
static gt_status put_state(gt_card *c, json_t *to, const gt_checkpoint_file *f, const char *key, const char *path) {
    int64_t value;
    if (!gt_checkpoint_find(f, path)) return GT_OK;
    gt_status st = gt_checkpoint_get_int(f, path, &value);
    if (!st) card_put_int(c, to, key, value);
    return st == GT_NOMEM ? st : GT_OK;
}

static gt_status put_file(gt_card *c, const card_of *of, gt_checkpoint_file *f) {
    char hash[GT_CONTENTS_HASH_BYTES];
    json_t *to = card_put_object(c, c->all, "file");
    gt_status st = gt_contents_hash_file(of->options->file, NULL, hash);
    const char *version = gt_checkpoint_note(f, "/", "gantry_version");
    if (!st && !version) st = gt_fail(GT_NOMEM, "out of memory for the version in '%s'", of->options->file);
    if (st) return st;
    card_put_text(c, to, "name", of->file_name);
    card_put_text(c, to, "hash", hash);
    if (of->images >= 0) card_put_int(c, to, "images", of->images);
    st = put_state(c, to, f, "step", "/state/step");
    if (!st) st = put_state(c, to, f, "seed", "/state/seed");
    card_put_text(c, to, "arithmetic", gt_checkpoint_info(f)->kernel_set);
    card_put_text(c, to, "program", version);
    return st;
}

/* Line by line: what is shown has no ends of lines. */
static void put_recipe(gt_card *c, const char *recipe) {
    json_t *lines = card_put_array(c, c->all, "recipe");
    for (int n; *recipe; recipe += n + (recipe[n] == '\n')) {
        GT_FREED char *line = strndup(recipe, (size_t)(n = (int)strcspn(recipe, "\n")));
        if (line) card_put_text(c, lines, NULL, line);
        c->failed |= !line;
    }
}

/* ---- all of it ---- */

static bool is_said(const char *text) { return text && *text; }

static void put_names(gt_card *c, const card_of *of) {
    const gt_card_options *o = of->options;
    GT_FREED char *run = is_said(o->run) ? realpath(o->run, NULL) : NULL;
    if (is_said(o->name)) card_put_text(c, c->all, "name", o->name);
    else card_put_name(c, c->all, "name", run ? run : of->file_name);
    card_put_text(c, c->all, "license", o->license);
}

/* What whoever has the folder of the run may have written there. */
static void put_own_words(gt_card *c) {
    static const char *const parts[] = {"training", "scores", "log", "near_copies", "audit"};
    json_t *list = card_put_array(c, c->all, "own_words");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const json_t *part = json_object_get(c->all, parts[i]);
        if (json_is_string(part) || json_object_size(part) || json_array_size(part))
            card_put_text(c, list, NULL, parts[i]);
    }
}

static gt_status put_all(gt_card *c, card_of *of, gt_checkpoint_file *f, const gt_model *m) {
    card_put_int(c, c->all, "card", 1);
    put_names(c, of);
    put_model(c, of->job, m);
    gt_status st = put_file(c, of, f);
    if (!st) st = card_put_data(c, of);
    if (!st && is_said(of->options->run)) st = card_put_run(c, of);
    if (!st && is_said(of->options->run)) st = card_put_scores(c, of);
    if (!st) put_own_words(c);
    if (!st) put_recipe(c, gt_checkpoint_info(f)->recipe);
    return st;
}

static gt_status read_file(gt_card *c, const gt_card_options *o, gt_checkpoint_file *f) {
    char name[GT_NAME_BYTES];
    gt_path_name(gt_checkpoint_path(f), name);
    card_of of = {.options = o, .file = f, .file_name = name, .images = -1};
    gt_status st = gt_network_held(f);
    if (st) return st;
    if (gt_checkpoint_find(f, "/state/images")) st = gt_checkpoint_get_int(f, "/state/images", &of.images);
    /* Nothing says that a file without it is of the run in whose folder it lies. */
    gt_card_options alone = *o;
    if (of.images < 0) alone.run = alone.job = "", of.options = &alone;
    gt_job *job = st ? NULL : gt_job_from_recipe_text(gt_checkpoint_info(f)->recipe, gt_checkpoint_path(f));
    gt_model *m = job ? gt_model_bare(job) : NULL;
    of.job = job;
    if (!st) st = m ? put_all(c, &of, f, m) : gt_failure();
    gt_model_free(m);
    gt_job_free(job);
    return st;
}

gt_status gt_card_make(const gt_card_options *o, gt_card **out) {
    gt_status st;
    gt_checkpoint_file *f = gt_network_open(o->file, o->reading, &st);
    *out = NULL;
    if (!f) return st;
    gt_card *c = calloc(1, sizeof *c);
    if (c) c->all = json_object();
    if (c && c->all) st = read_file(c, o, f);
    if (!st && (!c || !c->all || c->failed)) st = gt_fail(GT_NOMEM, "out of memory for a card of '%s'", o->file);
    gt_checkpoint_close(f);
    if (st) gt_card_free(c);
    else *out = c;
    return st;
}

void gt_card_free(gt_card *c) {
    if (!c) return;
    json_decref(c->all);
    free(c->sheet);
    free(c);
}

bool gt_card_has_sheet(const gt_card *c) { return c->sheet; }

gt_status gt_card_write_sheet(const gt_card *c, const char *path) {
    enum { LARGEST = 1 << 30 };
    GT_FREED void *bytes = NULL;
    size_t n;
    gt_status st = gt_file_read(c->sheet, LARGEST, &bytes, &n);
    return st ? st : gt_file_write(path, bytes, n);
}
