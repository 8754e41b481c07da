/* SPDX-License-Identifier: Apache-2.0
 * How D and G are trained: the adversarial loss (adversarial.h) and the tricks around it (Salimans et al., "Improved
 * Techniques for Training GANs"; Sonderby et al., "Amortised MAP Inference for Image Super-resolution", section 3.2.1,
 * for instance noise). */
#include "features/dcgan/loss.h"

#include "graph/door/ops.h"
#include "networks/model/door/family.h"
#include "networks/model/door/gan.h"
#include "networks/nets/door/layers.h"

enum { G = GT_DCGAN_G, D = GT_DCGAN_D };

/* What is drawn for `which` images, "real" or "fake", in a phase. */
typedef struct pass {
    const gt_dcgan *m;
    gt_graph *g;
    const char *phase;
    int n, net; /* the network that sees images: D or C */
} pass;

typedef gt_node *(*draw_fn)(gt_graph *g, const char *stream, gt_shape shape);

static gt_node *draw(const pass *p, draw_fn from, const char *what, const char *which, gt_shape shape) {
    return from(p->g, gt_text_of("%s%s%s/%s", what, *which ? "/" : "", which, p->phase).s, shape);
}

/* ---- G ---- */

static gt_node *labels(const pass *p, const char *name) {
    int dim = p->m->labels;
    return dim ? gt_input(p->g, name, GT_SHAPE(p->n, dim)) : NULL;
}

static gt_node *generate(const pass *p) {
    bool uniform = p->m->options->latent == GT_LATENT_IS_UNIFORM;
    gt_graph *g = p->g;
    gt_node *z = draw(p, uniform ? gt_random_uniform_op : gt_random_normal_op, "z", "",
                      GT_SHAPE(p->n, p->m->job->z_dim));
    if (uniform) z = gt_shift(g, gt_scale(g, z, 2), -1);
    gt_output(g, "Latents/drawn", z);
    gt_scope_push(g, "G");
    gt_node *images = gt_dcgan_generator((gt_bound_net){g, p->m->nets[G], G}, p->m->job, z, labels(p, "gen_c"),
                                         &(gt_dcgan_pass){.phase = p->phase, .kinds = {"fake"}});
    gt_scope_pop(g);
    return images;
}

/* ---- D ---- */

/* Images as D sees them: augmented, with noise. */
static gt_node *view(const pass *p, const char *which, gt_node *images) {
    images = gt_gan_augment(p->g, &p->m->augment, p->phase, which, images);
    if (!images || !(p->m->options->instance_noise > 0)) return images;
    gt_node *noise = draw(p, gt_random_normal_op, "noise", which, *gt_node_shape(images));
    return gt_add(p->g, images, gt_mul(p->g, noise, gt_input(p->g, GT_DCGAN_NOISE, GT_SCALAR)));
}

static gt_bound_net bound(const pass *p) { return (gt_bound_net){p->g, p->m->nets[p->net], p->net}; }

/* The maps that D's last layer sees, of images of kind `first`, or half of them, then of those of kind `second` (NULL:
 * none). Running statistics follow the real images that D learns from. */
static gt_node *features(const pass *p, gt_node *seen, gt_node *labels, const char *first, const char *second) {
    gt_dcgan_pass pass = {p->phase, {first, second}, !gt_is(p->phase, "G_main") && gt_is(first, "real")};
    gt_scope_push(p->g, "%s", p->m->nets[p->net]->name);
    gt_node *maps = gt_dcgan_features(bound(p), p->m->job, seen, labels, &pass);
    gt_scope_pop(p->g);
    return maps;
}

static gt_node *logits_of(const pass *p, gt_node *maps) {
    gt_scope_push(p->g, "%s", p->m->nets[p->net]->name);
    gt_node *logits = gt_dcgan_logits(bound(p), maps);
    gt_scope_pop(p->g);
    return logits;
}

static gt_node *discriminate(const pass *p, gt_node *seen, gt_node *labels, const char *kind) {
    return logits_of(p, features(p, seen, labels, kind, NULL));
}

/* The logit of being real. With classes D(x) = Z / (Z + 1), Z being the sum of exp over the classes' logits (Salimans
 * et al., section 5), which makes it log Z: a logit minus its log-softmax, whichever. */
static gt_node *score_of(const pass *p, gt_node *logits) {
    if (!p->m->classes) return logits;
    return gt_slice(p->g, gt_sub(p->g, logits, gt_log_softmax(p->g, logits)), 1, 0, 1);
}

/* Reports scores and, where they say what D takes for real, their signs; returns what these are the signs of. */
static gt_node *report(const pass *p, const char *which, gt_node *score) {
    const gt_dcgan_loss *loss = p->m->loss;
    gt_output(p->g, gt_text_of("Loss/scores/%s", which).s, score);
    if (!loss->judges) return NULL;
    gt_node *sure = loss->boundary > 0 ? gt_shift(p->g, score, -loss->boundary) : score;
    gt_output(p->g, gt_text_of("Loss/signs/%s", which).s, gt_sign(p->g, sure));
    return sure;
}

/* The loss per image. */
static gt_node *loss_of(const pass *p, int of, gt_node *score) {
    const gt_dcgan_target *t = p->m->targets;
    bool vary = of == GT_DCGAN_MADE ? gt_dcgan_g_targets_vary(t) : gt_dcgan_d_targets_vary(t);
    return p->m->loss->of(p->g, of, score, vary ? gt_dcgan_target_node(p->g, t, of, p->phase, p->n) : NULL);
}

/* D's loss per image and what it reports. */
static gt_node *d_loss(const pass *p, bool real, gt_node *score) {
    const char *which = real ? "real" : "fake";
    gt_graph *g = p->g;
    gt_node *loss = loss_of(p, real ? GT_DCGAN_REAL : GT_DCGAN_FAKE, score), *sure = report(p, which, score);
    if (sure) gt_output(g, gt_text_of("Accuracy/D/%s", which).s, gt_greater(g, real ? sure : gt_neg(g, sure), 0));
    gt_output(g, gt_text_of("Loss/D/%s", which).s, loss);
    return loss;
}

/* The penalty [n,1] on D's gradient in images between real and fake ones as D sees them, weighted; NULL: none. */
static gt_node *penalty(const pass *p, gt_node *real, gt_node *fake) {
    const gt_dcgan_options *o = p->m->options;
    gt_graph *g = p->g;
    if (!p->m->loss->penalised || !real || !fake) return NULL;
    gt_node *u = draw(p, gt_random_uniform_op, "between", "", GT_SHAPE(p->n, 1, 1, 1));
    gt_node *between = gt_add(g, fake, gt_mul(g, u, gt_sub(g, real, fake))), *slopes = NULL;
    gt_node *score = discriminate(p, between, labels(p, "real_c"), "between");
    if (gt_grad(g, 1, &score, NULL, 1, &between, &slopes)) return NULL;
    float weight = gt_job_given(p->m->job, "gp-weight") ? (float)o->gp_weight : GT_DCGAN_GP_WEIGHT;
    gt_node *loss = gt_reshape(g, gt_scale(g, gt_dcgan_gradient_penalty(g, slopes), weight), GT_SHAPE(p->n, 1));
    gt_output(g, "Loss/D/penalty", loss);
    return loss;
}

/* Cross-entropy over the classes of labelled real images, on average as if all were; NULL: D tells no classes. */
static gt_node *class_loss(const pass *p, gt_node *logits) {
    double labelled = p->m->options->labelled;
    gt_graph *g = p->g;
    if (!p->m->classes) return NULL;
    gt_node *truth = gt_input(g, "real_c", GT_SHAPE(p->n, p->m->classes));
    gt_node *targets = gt_smoothed_labels(g, truth, p->m->options->smooth_classes);
    bool baseline = p->net == GT_DCGAN_C;
    gt_output(g, baseline ? "Accuracy/baseline" : "Accuracy/real",
              gt_sum(g, gt_mul(g, gt_one_hot_max(g, logits), truth), GT_AXIS(1)));
    gt_node *loss = gt_neg(g, gt_sum(g, gt_mul(g, gt_log_softmax(g, logits), targets), GT_AXIS(1)));
    gt_output(g, baseline ? "Loss/baseline" : "Loss/D/class", loss);
    if (labelled == 1) return loss;
    return gt_mul(g, loss, gt_scale(g, gt_input(g, GT_DCGAN_LABELLED, GT_SHAPE(p->n, 1)), (float)(1 / labelled)));
}

static gt_node *sum_if_both(gt_graph *g, gt_node *a, gt_node *b) { return b ? gt_add(g, a, b) : a; }

static gt_node **gradients(const pass *p, gt_node *loss) {
    return gt_gradients(p->g, p->m->nets[p->net], p->net, gt_mean_loss(p->g, loss));
}

/* ---- the phases ---- */

static gt_node *real_images(const pass *p) {
    const gt_job *c = p->m->job;
    return view(p, "real", gt_input(p->g, "images", GT_SHAPE(p->n, c->height, c->width, c->channels)));
}

/* Features of both kinds of images from one pass, in which they share statistics: [2n,...], those of real images first.
 */
static gt_node *features_mixed(const pass *p, gt_node *fakes) {
    gt_node *real_c = labels(p, "real_c"), *gen_c = labels(p, "gen_c");
    gt_node *seen = gt_concat(p->g, 2, (gt_node *[]){real_images(p), fakes}, 0);
    gt_node *c = real_c ? gt_concat(p->g, 2, (gt_node *[]){real_c, gen_c}, 0) : NULL;
    return features(p, seen, c, "real", "fake");
}

static gt_node *reals_of(const pass *p, gt_node *both) { return gt_slice(p->g, both, 0, 0, p->n); }
static gt_node *fakes_of(const pass *p, gt_node *both) { return gt_slice(p->g, both, 0, p->n, 2 * p->n); }

static void d_mixed(const pass *p) {
    gt_graph *g = p->g;
    gt_node *logits = logits_of(p, features_mixed(p, view(p, "fake", gt_stop_gradient(g, generate(p)))));
    gt_node *real = reals_of(p, logits), *fake = fakes_of(p, logits);
    gt_node *loss = gt_add(g, d_loss(p, true, score_of(p, real)), d_loss(p, false, score_of(p, fake)));
    gt_output(g, "Loss/D/loss", loss);
    gt_put_gradients(g, p->m->nets[D], gradients(p, sum_if_both(g, loss, class_loss(p, real))), NULL);
}

/* The backward pass of one kind comes before the forward pass of the other: their activations never live together. */
static void d_separate(const pass *p) {
    gt_graph *g = p->g;
    gt_node *reals = real_images(p), *real = discriminate(p, reals, labels(p, "real_c"), "real");
    gt_node *real_loss = d_loss(p, true, score_of(p, real));
    gt_node **of_reals = gradients(p, sum_if_both(g, real_loss, class_loss(p, real)));
    gt_node *fakes = view(p, "fake", gt_stop_gradient(g, generate(p)));
    gt_node *fake = discriminate(p, fakes, labels(p, "gen_c"), "fake");
    gt_node *fake_loss = d_loss(p, false, score_of(p, fake));
    gt_output(g, "Loss/D/loss", gt_add(g, real_loss, fake_loss));
    gt_node **of_fakes = gradients(p, sum_if_both(g, fake_loss, penalty(p, reals, fakes)));
    if (of_fakes) gt_put_gradients(g, p->m->nets[D], of_reals, of_fakes);
}

static bool is_mixed(const gt_dcgan *m) { return m->options->d_batches == GT_D_BATCHES_MIXED; }

void gt_dcgan_d_main(const gt_dcgan *m, gt_graph *g, int n) {
    pass p = {m, g, "D_main", n, D};
    (is_mixed(m) ? d_mixed : d_separate)(&p);
}

/* G's loss by the features of its images: a number of each slice. */
static gt_node *match(const pass *p, gt_node *real, gt_node *fake) {
    return gt_dcgan_match_features(p->g, real, fake, p->m->job->bn == GT_BN_BATCH);
}

void gt_dcgan_g_main(const gt_dcgan *m, gt_graph *g, int n) {
    pass p = {m, g, "G_main", n, D};
    gt_node *fakes = view(&p, "fake", generate(&p));
    /* Mixed here, too: statistics of fakes alone would give them away, or to D's eyes make others of them. */
    gt_node *seen = is_mixed(m) ? features_mixed(&p, fakes) : features(&p, fakes, labels(&p, "gen_c"), "fake", NULL);
    gt_node *own = is_mixed(m) ? fakes_of(&p, seen) : seen, *score = score_of(&p, logits_of(&p, own)), *loss;
    if (!m->options->feature_matching) loss = loss_of(&p, GT_DCGAN_MADE, score);
    else if (is_mixed(m)) loss = match(&p, reals_of(&p, seen), own);
    else loss = match(&p, features(&p, real_images(&p), labels(&p, "real_c"), "real", NULL), own);
    report(&p, "fake", score);
    gt_output(g, "Loss/G/loss", loss);
    gt_put_gradients(g, m->nets[G], gt_gradients(g, m->nets[G], G, gt_mean_loss(g, loss)), NULL);
}

void gt_dcgan_c_main(const gt_dcgan *m, gt_graph *g, int n) {
    pass p = {m, g, "C_main", n, GT_DCGAN_C};
    gt_node *logits = discriminate(&p, real_images(&p), NULL, "real");
    gt_put_gradients(g, m->nets[GT_DCGAN_C], gradients(&p, class_loss(&p, logits)), NULL);
}
