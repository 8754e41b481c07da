/* SPDX-License-Identifier: Apache-2.0
 * Networks in use as ONNX models: generators, decoders, encoders, classifiers. */
#include "nets/layers.h"
#include "onnx/onnx.h"
#include "use/export/export.h"

typedef struct part { /* what an ONNX model may be of */
    const char *name;
    const char *outputs[4];
    gt_graph *(*build)(void *arg, int n);
    bool (*is_in)(const gt_model *m);
} part;

static int cutoff_of(const gt_export_request *r) { return r->truncation_cutoff > 0 ? r->truncation_cutoff : -1; }

static gt_graph *build_generator(void *arg, int n) {
    const gt_export_source *s = arg;
    const gt_export_request *r = s->request;
    gt_model *m = s->trained->model;
    return m->build_generator(m, &(gt_generate_options){.n = n,
                                                        .noise_mode = r->noise_mode ? r->noise_mode : "const",
                                                        .truncation = 1,
                                                        .truncation_cutoff = cutoff_of(r),
                                                        .truncation_input = m->build_mapping != NULL,
                                                        .from_styles = r->from_styles});
}

static gt_graph *build_mapping(void *arg, int n) {
    const gt_export_source *s = arg;
    gt_model *m = s->trained->model;
    return m->build_mapping(
        m, &(gt_generate_options){
               .n = n, .truncation = 1, .truncation_cutoff = cutoff_of(s->request), .truncation_input = true});
}

static gt_graph *build_encoder(void *arg, int n) {
    gt_model *m = ((const gt_export_source *)arg)->trained->model;
    return m->build_encoder(m, n);
}

static gt_graph *build_logits(void *arg, int n) {
    gt_model *m = ((const gt_export_source *)arg)->trained->model;
    return m->build_classifier ? m->build_classifier(m, n) : m->build_segmenter(m, n);
}

static bool generates(const gt_model *m) { return m->build_generator && !m->build_encoder; }
static bool maps(const gt_model *m) { return m->build_mapping; }
static bool encodes(const gt_model *m) { return m->build_encoder; }
static bool classifies(const gt_model *m) { return m->build_classifier || m->build_segmenter; }

/* The first part that a model has is the usual one. */
static const part parts[] = {
    {"generator", {"image"}, build_generator, generates},
    {"mapping", {"ws"}, build_mapping, maps},
    {"decoder", {"image"}, build_generator, encodes},
    {"encoder", {"latent", "log_variance"}, build_encoder, encodes},
    {"classifier", {"logits"}, build_logits, classifies},
};
enum { PARTS = sizeof parts / sizeof *parts };

static bool fits(const gt_model *m) {
    for (int i = 0; i < PARTS; i++)
        if (parts[i].is_in(m)) return true;
    return false;
}

static const part *part_of(const gt_export_source *s) {
    const gt_model *m = s->trained->model;
    const char *wanted = s->request->part && *s->request->part ? s->request->part : NULL;
    gt_text names = {""};
    for (int i = 0; i < PARTS; i++) {
        if (!parts[i].is_in(m)) continue;
        if (!wanted || gt_is(parts[i].name, wanted)) return &parts[i];
        names = gt_text_of("%s%s%s", names.s, *names.s ? ", " : "", parts[i].name);
    }
    gt_fail(GT_USAGE, "--part=%.40s: networks of '%s' have %s", wanted ? wanted : "", s->trained->job->model, names.s);
    return NULL;
}

/* The graph itself makes of them what the tensors take. */
static gt_text inputs(const gt_export_source *s) {
    const part *p = part_of(s);
    bool reads = p && (p->build == build_encoder || p->build == build_logits);
    return reads ? gt_text_of("pixels of -1 to 1") : (gt_text){""};
}

static gt_status check(const gt_export_source *s, const part *p) {
    const gt_export_request *r = s->request;
    const gt_model *m = s->trained->model;
    if (r->from_styles && (p->build != build_generator || !m->build_mapping))
        return gt_fail(GT_USAGE, "--from=w: the %s of '%s' has no styles", p->name, s->trained->job->model);
    if (r->noise_mode && gt_is(r->noise_mode, "random"))
        return gt_fail(GT_USAGE, "--noise-mode=random: an ONNX model has no random numbers of its own: const or none");
    bool truncates = (p->build == build_generator && !r->from_styles) || p->build == build_mapping;
    gt_status st = truncates && m->check_truncation ? m->check_truncation(m, s->trained->params) : GT_OK;
    return st && p->build == build_generator ? gt_wrap(st, "--from=w is needed") : st;
}

static gt_status write_onnx(const gt_export_source *s) {
    const part *p = part_of(s);
    gt_status st = p ? check(s, p) : GT_USAGE;
    if (st) return st;
    gt_weights_out about = {0};
    gt_arena *a = gt_arena_new();
    st = a ? gt_export_texts(s, a, &about) : gt_fail(GT_NOMEM, "out of memory for '%s'", s->request->out);
    const gt_onnx_source source = {p->build, (void *)s, s->trained->params, p->outputs, about.texts, about.n_texts};
    if (!st) st = gt_onnx_export(&source, s->request->out);
    gt_arena_free(a);
    return st;
}

const gt_export_form gt_export_form_onnx = {
    .name = "onnx",
    .help = "ONNX Runtime and others",
    .fits = fits,
    .inputs = inputs,
    .write = write_onnx,
};
