/* Batch normalisation, between a layer's weights and its activation. Over the m rows of a batch, for each unit,

       μ = Σ x/m,   σ² = Σ (x - μ)²/m,   x̂ = (x - μ)/√(σ² + ε),   y = γ x̂ + β.

   μ and σ depend on every row, so the derivative goes through them. With g = ∂L/∂y,

       ∂L/∂x = γ/√(σ² + ε) (g - mean(g) - x̂ mean(g x̂)),   ∂L/∂γ = Σ g x̂,   ∂L/∂β = Σ g.

   In use there is no batch: means over the training's batches stand for μ and σ². The slides are those of A. Risteski, Advanced optimization
   (CMU 10707, 2021), and F. Gogianu, Optimization (Bitdefender). */
#include "../study.h"

#include <math.h>

enum { ROWS = 12, IN = 5, UNITS = 4, STEPS = 60, BATCH = 32 };
static const double eps = 1e-5;

/* The operands of one layer: x (ROWS,UNITS), γ, β, and c, whose product with y is summed: L = Σ c tanh(y). */
struct layer {
    wg_tensor *x, *gamma, *beta, *c;
};

static wg_tensor *normalised(wg_tensor *x)
{
    wg_tensor *centred = wg_sub(x, wg_mean(x, .axis = 0));
    return wg_div(centred, wg_sqrt(wg_add_scalar(wg_mean(wg_square(centred), .axis = 0), eps)));
}

/* L of x + h e_i. */
static double loss_at(const struct layer *l, int64_t i, double h)
{
    WG_NO_GRAD;
    WG_TAPE(tape);
    wg_tensor *x = wg_copy(l->x);
    double *element = x ? wg_data_mut_as(x, double) : NULL;
    if (!element)
        return (double)NAN;
    element[i] += h;
    return wg_item(wg_sum(wg_mul(l->c, wg_tanh(wg_batch_norm(x, .weight = l->gamma, .bias = l->beta, .eps = eps)))));
}

static double distance(wg_tensor *a, wg_tensor *b)
{
    return wg_item(wg_max(wg_abs(wg_sub(a, b))));
}

/* The op and its derivatives against the formulas; `slope` receives ∂L/∂x, and `constant` what it were if μ and σ were constants. */
static bool check_formulas(struct study_run *run, const struct layer *l, double *slope, double *constant)
{
    wg_tensor *x_hat = normalised(l->x), *rstd, *of[3] = {l->x, l->gamma, l->beta}, *got[3], *g;
    wg_tensor *y = wg_batch_norm(l->x, .weight = l->gamma, .bias = l->beta, .eps = eps, .rstd = &rstd);
    wg_tensor *loss = wg_sum(wg_mul(l->c, wg_tanh(y)));
    if (wg_grad_many(loss, of, 3, got) != WG_OK || !(g = wg_grad(loss, y)))
        return false;
    wg_tensor *scale = wg_mul(l->gamma, rstd);
    wg_tensor *through = wg_sub(wg_sub(g, wg_mean(g, .axis = 0)), wg_mul(x_hat, wg_mean(wg_mul(g, x_hat), .axis = 0)));
    study_near(run, "y against γ x̂ + β", distance(y, wg_add(wg_mul(l->gamma, x_hat), l->beta)), 0, 1e-13);
    study_near(run, "∂L/∂x against its formula", distance(got[0], wg_mul(scale, through)), 0, 1e-13);
    study_near(run, "∂L/∂γ against Σ g x̂", distance(got[1], wg_sum(wg_mul(g, x_hat), .axis = 0)), 0, 1e-13);
    study_near(run, "∂L/∂β against Σ g", distance(got[2], wg_sum(g, .axis = 0)), 0, 1e-13);
    return wg_read(wg_copy(got[0]), slope) == WG_OK && wg_read(wg_copy(wg_mul(scale, g)), constant) == WG_OK;
}

/* The layer after weights W removes their norm: L(aW) = L(W), so that <W, ∂L/∂W> = 0, but for ε. */
static bool check_weights(struct study_run *run, const struct layer *l, wg_tensor *generator)
{
    wg_tensor *x = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, IN), 0, 1),
              *w = wg_normal(generator, WG_F64, WG_SHAPE(UNITS, IN), 0, 1);
    if (!wg_set_requires_grad(w, true))
        return false;
    wg_tensor *y = wg_batch_norm(wg_linear(x, w, WG_NONE), .weight = l->gamma, .bias = l->beta, .eps = 0);
    wg_tensor *longer = wg_batch_norm(wg_linear(x, wg_mul_scalar(w, 10), WG_NONE), .weight = l->gamma, .bias = l->beta, .eps = 0);
    wg_tensor *slope = wg_grad(wg_sum(wg_mul(l->c, wg_tanh(y))), w);
    study_near(run, "y with 10 W in place of W, ε = 0", distance(y, longer), 0, 1e-13);
    study_near(run, "<W, ∂L/∂W>, ε = 0", wg_item(wg_sum(wg_mul(w, slope))), 0, 1e-13);
    return slope != NULL;
}

/* A layer is trained on batches of N(3, 2²): its running statistics go to 3 and 4, and in use a row's result is that of no other row. */
static bool check_use(struct study_run *run, wg_tensor *generator)
{
    wg_nn_module *net = wg_nn_batch_norm(1, .dtype = WG_F64);
    wg_tensor *mean = wg_nn_buffer(net, "running_mean"), *variance = wg_nn_buffer(net, "running_var");
    bool good = mean && variance && study_table(run, "running", "step,mean,variance,batch_mean,batch_variance");
    for (int t = 1; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *x = wg_normal(generator, WG_F64, WG_SHAPE(BATCH, 1), 3, 2);
        good = wg_nn_apply(net, x) && study_row(run, "%d,%.6g,%.6g,%.6g,%.6g", t, wg_item(mean), wg_item(variance),
                                                wg_item(wg_mean(x)), wg_item(wg_var(x)));
    }
    WG_EVAL_MODE;
    WG_TAPE(tape);
    wg_tensor *x = wg_normal(generator, WG_F64, WG_SHAPE(BATCH, 1), 3, 2);
    wg_tensor *all = wg_nn_apply(net, x), *one = wg_nn_apply(net, wg_slice(x, 0, 0, 1, 1));
    study_near(run, "the running mean after 60 batches of N(3, 4)", good ? wg_item(mean) : (double)NAN, 3, 0.4);
    study_near(run, "the running variance", good ? wg_item(variance) : (double)NAN, 4, 1.2);
    study_near(run, "in use: a row alone against the same row in a batch", distance(wg_slice(all, 0, 0, 1, 1), one), 0, 1e-12);
    good = good && all && one;
    wg_nn_destroy(net);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(run->seed, 0);
    struct layer l = {wg_normal(generator, WG_F64, WG_SHAPE(ROWS, UNITS), 2, 3),
                      wg_uniform(generator, WG_F64, WG_SHAPE(UNITS), 0.5, 2), wg_normal(generator, WG_F64, WG_SHAPE(UNITS), 0, 1),
                      wg_normal(generator, WG_F64, WG_SHAPE(ROWS, UNITS), 0, 1)};
    double slope[ROWS * UNITS], constant[ROWS * UNITS], worst = 0, without = 0;
    bool good = wg_set_requires_grad(l.x, true) && wg_set_requires_grad(l.gamma, true) && wg_set_requires_grad(l.beta, true) &&
                check_formulas(run, &l, slope, constant) && study_row(run, "difference,derivative,constant");
    for (int i = 0; i < ROWS * UNITS && good; i++) {
        const double h = 1e-5, difference = (loss_at(&l, i, h) - loss_at(&l, i, -h)) / (2 * h);
        worst = fmax(worst, fabs((run->control ? constant[i] : slope[i]) - difference));
        without = fmax(without, fabs(constant[i] - difference));
        good = study_row(run, "%.9g,%.9g,%.9g", difference, slope[i], constant[i]);
    }
    good = good && check_weights(run, &l, generator) && check_use(run, generator);
    wg_free(generator);
    if (!good)
        return false;
    study_decide(run, worst <= 1e-8,
                 "∂L/∂x through batch norm's statistics is the central difference within %.1e of 1e-8 (its error, h = 1e-5); "
                 "with μ and σ as constants it is off by %.2g",
                 worst, without);
    return true;
}

const struct study study_batch_norm = {.name = "batch_norm", .control = "μ and σ taken for constants", .run = run};
