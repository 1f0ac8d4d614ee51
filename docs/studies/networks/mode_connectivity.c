/* Minima of a network are joined by curves of low loss. Two networks of one architecture, a and b as vectors of weights, are trained from
   different seeds. On the straight line between them the loss is high. A Bézier curve with one free point θ,

       φ(t) = (1-t)² a + 2t(1-t) θ + t² b,   or the chain   φ(t) = (1-2t) a + 2tθ, t ≤ 1/2;  (2-2t) θ + (2t-1) b, t > 1/2,

   begins as that line, with θ = (a + b)/2. Each step of training draws t uniformly and lowers the loss at φ(t) by θ. Then it is low on
   the whole curve: what looked like two valleys is one.

   Source: T. Garipov, P. Izmailov, D. Podoprikhin, D. Vetrov and A. G. Wilson, Loss surfaces, mode connectivity, and fast ensembling of
   DNNs (2018); the lecture is A. Risteski, Deep Learning (CMU 10707, 2021), lecture 6. */
#include "training.h"

#include <math.h>

enum { BATCH = 64, POINTS = 61, HIDDEN = 32, PAIRS = 3, END_STEPS = 1000, CURVE_STEPS = 4000 };
enum shape { LINE, BEZIER, CHAIN, SHAPES };
static const char *const shape_names[] = {"line", "bezier", "chain"};

/* t: where the network stands on the curve; NaN: at a point that each step draws. */
struct curve {
    enum shape shape;
    wg_nn_module *net;
    wg_tensor *a, *theta, *b, *generator;
    double t;
};

static wg_tensor *point(const struct curve *c)
{
    wg_tensor *t = isnan(c->t) ? wg_uniform(c->generator, WG_F32, WG_SHAPE(1), 0, 1) : wg_full(WG_F32, WG_SHAPE(1), c->t);
    wg_tensor *rest = wg_add_scalar(wg_neg(t), 1), *of_a, *of_b;
    if (c->shape == BEZIER) {
        of_a = wg_square(rest);
        of_b = wg_square(t);
    } else if (c->shape == CHAIN) {
        of_a = wg_relu(wg_sub(rest, t));
        of_b = wg_relu(wg_sub(t, rest));
    } else {
        of_a = rest;
        of_b = t;
    }
    wg_tensor *of_theta = wg_add_scalar(wg_neg(wg_add(of_a, of_b)), 1);
    return wg_add(wg_add(wg_mul(of_a, c->a), wg_mul(of_b, c->b)), wg_mul(of_theta, c->theta));
}

/* The network at φ(t). */
static wg_tensor *apply_point(wg_tensor *x, void *context)
{
    const struct curve *c = context;
    const wg_tensor_list own = wg_nn_parameters(c->net);
    wg_tensor *params[8];
    if (own.n > 8 || wg_nn_from_vector(point(c), own, params) != WG_OK)
        return NULL;
    return wg_nn_apply_with(c->net, (wg_tensor_list){own.n, params, NULL}, x);
}

/* The weights of a trained network, as a vector. */
static wg_tensor *train_end(const struct images *images, wg_sizes sizes, uint64_t seed)
{
    wg_nn_module *net = wg_nn_mlp(sizes, .seed = seed);
    wg_optim *adam = wg_optim_adam(wg_nn_parameters(net), .lr = rate_for(images, 3e-3));
    struct trainer trainer = {apply_module, net, &images->train, adam, .batch = BATCH, .seed = seed};
    wg_tensor *end = trainer_run(&trainer, END_STEPS) ? wg_nn_to_vector(wg_nn_parameters(net)) : NULL;
    trainer_end(&trainer);
    wg_optim_destroy(adam);
    wg_nn_destroy(net);
    return end;
}

/* Trains θ, and measures the curve; *highest is its highest training loss. Control: θ stays where it began. */
static bool connect(struct study_run *run, const struct images *images, struct curve *curve, int pair, double *highest)
{
    {
        WG_TAPE(tape);
        curve->theta = wg_keep(wg_mul_scalar(wg_add(curve->a, curve->b), 0.5));
    }
    curve->t = NAN;
    bool good = curve->theta && wg_set_requires_grad(curve->theta, true);
    wg_optim *adam = wg_optim_adam(((wg_tensor_list){1, &curve->theta, NULL}), .lr = rate_for(images, 3e-3));
    wg_lr *cosine = wg_lr_cosine(.steps = CURVE_STEPS);
    struct trainer trainer = {apply_point, curve, &images->train, adam, cosine, BATCH, .seed = run->seed};
    good = good && cosine && (run->control || curve->shape == LINE || trainer_run(&trainer, CURVE_STEPS));
    *highest = 0;
    for (int i = 0; i < POINTS && good; i++) {
        curve->t = i / (POINTS - 1.0);
        const struct score train = score_of(apply_point, curve, &images->train), test = score_of(apply_point, curve, &images->test);
        *highest = fmax(*highest, train.loss);
        good = !isnan(train.loss) && study_row(run, "%d,%s,%.4f,%.6g,%.6g,%.6g", pair, shape_names[curve->shape], curve->t,
                                               train.loss, 1 - train.accuracy, 1 - test.accuracy);
    }
    trainer_end(&trainer);
    wg_lr_destroy(cosine);
    wg_optim_destroy(adam);
    wg_free(curve->theta);
    return good;
}

/* Joins two networks of one pair of seeds by all three. */
static bool join(struct study_run *run, const struct images *images, int pair, double highest[SHAPES])
{
    const int64_t extents[] = {images->pixels, HIDDEN, HIDDEN, images->classes};
    const wg_sizes sizes = {4, extents};
    const uint64_t seed = 2 * (run->seed * PAIRS + (uint64_t)pair);
    struct curve curve = {.net = wg_nn_mlp(sizes, .seed = 0),
                          .a = train_end(images, sizes, seed),
                          .b = train_end(images, sizes, seed + 1),
                          .generator = wg_generator(run->seed, (uint64_t)pair)};
    bool good = curve.net && curve.a && curve.b && curve.generator;
    for (curve.shape = LINE; curve.shape < SHAPES && good; curve.shape++)
        good = connect(run, images, &curve, pair, &highest[curve.shape]);
    wg_nn_destroy(curve.net);
    wg_free(curve.a), wg_free(curve.b), wg_free(curve.generator);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    double highest[SHAPES], line = INFINITY, worst = 0;
    if (!images_read(&images, run, 10000))
        return false;
    bool good = study_row(run, "pair,curve,t,loss,error,test_error");
    for (int pair = 0; pair < PAIRS && good; pair++) {
        good = join(run, &images, pair, highest);
        line = fmin(line, highest[LINE]);
        worst = fmax(worst, fmax(highest[BEZIER], highest[CHAIN]));
    }
    if (good)
        study_decide(
            run, worst < line / 10,
            "on %s: of %d pairs of networks, joined by a Bézier curve and a chain, the highest training loss on a curve is %.2g, below a "
            "tenth of the lowest barrier on a straight line, %.3g",
            images.name, PAIRS, worst, line);
    images_free(&images);
    return good;
}

const struct study study_mode_connectivity = {
    .name = "mode_connectivity", .images = true, .control = "a middle point that is not trained", .run = run};
