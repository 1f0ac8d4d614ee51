/* The regularised objective L(w) = Σ l(w) + λ g(w), here least squares with g = |w|². Its minimum is (XᵀX + λ)⁻¹ Xᵀt: of the coefficient
   that plain least squares gives along each eigenvector of XᵀX, with the eigenvalue s, the share s/(s + λ) is left. What the data hardly
   decide, s ≪ λ, goes to 0; what they decide well stays.

   15 noisy points of a sine and a polynomial of degree 11 show the effect: without a penalty the curve goes through the noise, with too large a
   one it is flat. The slides are those of F. Gogianu, Optimization (Bitdefender), and J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { POINTS = 15, TEST = 200, DEGREE = 11, TERMS = DEGREE + 1, STRENGTHS = 25 };
static const double noise = 0.25;

struct data {
    wg_tensor *x, *features, *t; /* (n), (n,TERMS), (n,1) */
};

struct problem {
    const struct data *data;
    double strength;
};

/* Legendre polynomials P_0(x) … P_DEGREE(x), by their recurrence: (k + 1) P_{k+1} = (2k + 1) x P_k - k P_{k-1}. */
static wg_tensor *features(wg_tensor *x)
{
    wg_tensor *p[TERMS] = {wg_ones(WG_F64, wg_shape_of(x)), x};
    for (int k = 1; k < DEGREE; k++)
        p[k + 1] = wg_mul_scalar(wg_sub(wg_mul_scalar(wg_mul(x, p[k]), 2 * k + 1), wg_mul_scalar(p[k - 1], k)), 1.0 / (k + 1));
    return wg_stack(p, TERMS, 1);
}

static struct data make(wg_tensor *generator, int64_t n, double deviation)
{
    wg_tensor *x = wg_sort(wg_uniform(generator, WG_F64, WG_SHAPE(n), -1, 1));
    wg_tensor *t = wg_add(wg_sin(wg_mul_scalar(x, M_PI)), wg_normal(generator, WG_F64, WG_SHAPE(n), 0, deviation));
    return (struct data){x, features(x), wg_reshape(t, WG_SHAPE(n, 1))};
}

/* Σ (w·φ(x) - t)² + λ|w|² */
static wg_tensor *objective(wg_tensor *const *w, size_t n, void *context)
{
    const struct problem *p = context;
    wg_tensor *data = wg_sum_squares(wg_sub(wg_matmul(p->data->features, w[0]), p->data->t));
    return wg_add(data, wg_nn_penalty_l2((wg_tensor_list){n, w, NULL}, p->strength));
}

/* w = V diag(1/(s + λ)) Vᵀ Xᵀt = V diag(s/(s + λ)) Vᵀ w_0. Control: the share is 1/(1 + λ), as if every eigenvalue were 1. */
static wg_tensor *formula(const struct data *data, double strength, bool control)
{
    wg_tensor *transposed = wg_transpose(data->features, 0, 1), *s, *v;
    if (wg_eigh(wg_matmul(transposed, data->features), &s, &v) != WG_OK)
        return NULL;
    wg_tensor *least_squares = wg_div(wg_matmul(wg_transpose(v, 0, 1), wg_matmul(transposed, data->t)), wg_unsqueeze(s, 1));
    wg_tensor *share = control ? wg_full(WG_F64, WG_SHAPE(TERMS), 1 / (1 + strength)) : wg_div(s, wg_add_scalar(s, strength));
    return wg_matmul(v, wg_mul(wg_unsqueeze(share, 1), least_squares));
}

static double mean_square(const struct data *data, wg_tensor *w)
{
    return wg_item(wg_mse(wg_matmul(data->features, w), data->t));
}

/* The curve of w, at points of its own. */
static bool draw_curve(struct study_run *run, double strength, wg_tensor *w)
{
    double x[101], y[101];
    for (int i = 0; i <= 100; i++)
        x[i] = -1 + 0.02 * i;
    if (wg_read(wg_matmul(features(wg_from(x, WG_SHAPE(101))), w), y) != WG_OK)
        return false;
    for (int i = 0; i <= 100; i++)
        if (!study_row(run, "%g,%g,%.6g", strength, x[i], y[i]))
            return false;
    return true;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(run->seed, 0);
    const struct data train = make(generator, POINTS, noise), test = make(generator, TEST, 0);
    wg_free(generator);
    wg_tensor *w = wg_keep(wg_zeros(WG_F64, WG_SHAPE(TERMS, 1)));
    wg_minimizer *newton = wg_set_requires_grad(w, true) ? wg_minimize_newton(((wg_tensor_list){1, &w, NULL})) : NULL;
    double error[STRENGTHS], size[STRENGTHS], worst = 0, best = 1e9;
    bool good = newton && study_row(run, "strength,train,test,size");
    for (int i = 0; i < STRENGTHS && good; i++) { /* λ = 10⁻⁶ … 10³ */
        struct problem problem = {&train, pow(10, -6 + 9.0 * i / (STRENGTHS - 1))};
        good = wg_minimize_run(newton, objective, &problem, NULL) == WG_OK;
        wg_tensor *at = wg_copy(wg_detach(w)), *want = formula(&train, problem.strength, run->control);
        error[i] = mean_square(&test, at), size[i] = wg_item(wg_norm(at));
        worst = fmax(worst, wg_item(wg_norm(wg_sub(at, want))) / wg_item(wg_norm(want)));
        best = fmin(best, error[i]);
        good = good && study_row(run, "%.6g,%.6g,%.6g,%.6g", problem.strength, mean_square(&train, at), error[i], size[i]);
    }
    good = good && study_table(run, "curves", "strength,x,y");
    for (int i = 0; i < 3 && good; i++)
        good = draw_curve(run, (const double[]){1e-6, 0.1, 100}[i], formula(&train, (const double[]){1e-6, 0.1, 100}[i], false));
    good = good && study_table(run, "points", "x,t");
    for (int i = 0; i < POINTS && good; i++)
        good = study_row(run, "%.6g,%.6g", wg_data_as(train.x, double)[i], wg_data_as(train.t, double)[i]);
    wg_minimize_destroy(newton);
    wg_free(w);
    if (!good)
        return false;
    study_claim(run, size[0] > size[STRENGTHS / 2] && size[STRENGTHS / 2] > size[STRENGTHS - 1],
                "|w| falls with λ: %.3g, %.3g, %.3g at λ = 10⁻⁶, 0.03, 10³", size[0], size[STRENGTHS / 2], size[STRENGTHS - 1]);
    study_claim(run, best < 0.8 * error[0] && best < 0.5 * error[STRENGTHS - 1],
                "the error on the noiseless sine is least between: %.3g without a penalty, %.3g at best, "
                "%.3g at λ = 10³",
                error[0], best, error[STRENGTHS - 1]);
    study_decide(run, worst <= 1e-7,
                 "minima of Σl + λ|w|² for 25 λ: along each eigenvector of XᵀX the share s/(s + λ) of least squares is left, "
                 "relatively within %.1e of 1e-6",
                 worst);
    return true;
}

const struct study study_weight_penalty = {
    .name = "weight_penalty", .control = "one share 1/(1 + λ) for all directions", .run = run};
