/* SPDX-License-Identifier: Apache-2.0
 * Networks in use as ONNX models: generators, decoders, encoders, classifiers. */
#include "networks/nets/door/layers.h"
#include "networks/model/door/family.h"
#include "features/onnx/onnx.h"
#include "runner/export/door/export.h"

/* What an ONNX model may be of: a role of the first network. */
typedef struct part {
    const char *name, *role;
    const char *outputs[4];
    const char *beside, *without; /* roles that the model must have, and must not have, as well; NULL: any */
} part;

/* The first part that a model has is the usual one. */
static const part parts[] = {
    {"denoiser", GT_ROLE_DENOISER, {"denoised"}, NULL, NULL},
    {"generator", GT_ROLE_GENERATOR, {"image"}, NULL, GT_ROLE_ENCODER}, /* not of models whose graph is a loop */
    {"mapping", GT_ROLE_MAPPING, {"ws"}, NULL, NULL},
    {"decoder", GT_ROLE_GENERATOR, {"image", "log_variance"}, GT_ROLE_ENCODER, NULL},
    {"encoder", GT_ROLE_ENCODER, {"latent", "log_variance"}, NULL, NULL},
    {"classifier", GT_ROLE_CLASSIFIER, {"logits"}, NULL, NULL},
    {"classifier", GT_ROLE_SEGMENTER, {"logits"}, NULL, NULL},
};
enum { PARTS = sizeof parts / sizeof *parts };

static bool has_part(const gt_model *m, const part *p) {
    const gt_role *r = gt_model_role(m, p->role);
    if (m->in_steps && gt_is(p->role, GT_ROLE_GENERATOR)) return false;
    return r && r->network == 0 && (!p->beside || gt_model_role(m, p->beside)) &&
           (!p->without || !gt_model_role(m, p->without));
}

static bool fits(const gt_model *m) {
    for (int i = 0; i < PARTS; i++)
        if (has_part(m, &parts[i])) return true;
    return false;
}

static const part *part_of(const gt_export_source *s) {
    const gt_model *m = s->trained->model;
    const char *wanted = s->request->part && *s->request->part ? s->request->part : NULL;
    gt_text names = {""};
    for (int i = 0; i < PARTS; i++) {
        if (!has_part(m, &parts[i])) continue;
        if (!wanted || gt_is(parts[i].name, wanted)) return &parts[i];
        names = gt_text_of("%s%s%s", names.s, *names.s ? ", " : "", parts[i].name);
    }
    gt_fail(GT_USAGE, "--part=%.40s: networks of '%s' have %s", wanted ? wanted : "", s->trained->job->model, names.s);
    return NULL;
}

/* The graph itself makes of them what the tensors take. */
static gt_text inputs(const gt_export_source *s) {
    const part *p = part_of(s);
    bool reads = p && gt_is(gt_model_role(s->trained->model, p->role)->inputs[0], "images");
    return reads ? gt_text_of("pixels of -1 to 1") : (gt_text){""};
}

static gt_status check_request(const gt_export_source *s, const part *p) {
    const gt_export_request *r = s->request;
    const gt_model *m = s->trained->model;
    bool generates = gt_is(p->role, GT_ROLE_GENERATOR);
    if (r->from_styles && !(generates && gt_model_role(m, GT_ROLE_MAPPING)))
        return gt_fail(GT_USAGE, "--from=w: the %s of '%s' has no styles", p->name, s->trained->job->model);
    bool truncates = (generates && !r->from_styles) || gt_is(p->role, GT_ROLE_MAPPING);
    gt_status st = truncates && m->check_truncation ? m->check_truncation(m, s->trained->params) : GT_OK;
    return st && generates ? gt_wrap(st, "--from=w is needed") : st;
}

typedef struct built { /* what is built: the argument of build_part */
    const gt_export_source *source;
    const part *part;
} built;

static gt_graph *build_part(void *arg, int n) {
    const built *b = arg;
    const gt_export_request *r = b->source->request;
    gt_model *m = b->source->trained->model;
    return gt_model_build(m, b->part->role,
                          &(gt_request){.n = n,
                                        .noise_mode = r->no_noise ? GT_NOISE_NONE : GT_NOISE_CONST,
                                        .truncation = 1,
                                        .truncation_cutoff = r->truncation_cutoff > 0 ? r->truncation_cutoff : -1,
                                        .truncation_input = gt_model_role(m, GT_ROLE_MAPPING) != NULL,
                                        .from_styles = r->from_styles});
}

static gt_status write_onnx(const gt_export_source *s) {
    const part *p = part_of(s);
    gt_status st = p ? check_request(s, p) : GT_USAGE;
    if (st) return st;
    gt_weights_out about = {0};
    GT_ARENA gt_arena *a = gt_arena_new();
    st = a ? gt_export_texts(s, a, &about) : gt_fail(GT_NOMEM, "out of memory for '%s'", s->request->out);
    built b = {s, p};
    const gt_onnx_source source = {build_part, &b, s->trained->params, p->outputs, about.texts, about.n_texts};
    return st ? st : gt_onnx_export(&source, s->request->out);
}

const gt_export_form gt_export_form_onnx = {
    .name = "onnx",
    .help = "ONNX Runtime and others",
    .one = true,
    .fits = fits,
    .inputs = inputs,
    .write = write_onnx,
};
