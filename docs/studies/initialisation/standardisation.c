/* Standardised inputs. Of a linear model w·x + b with the squared loss Σ (w·x + b - t)²/(2m) the Hessian is the matrix of second moments
   of (x, 1):

       H = [ Σ + μμᵀ  μ ]
           [    μᵀ    1 ],

   Σ the covariance of the inputs and μ their mean. A scale s of an input stands in H as s², an offset μ adds an eigenvalue of about 1 + |μ|²:
   both make directions of high curvature, which limit the rate for all. With x ← (x - μ)/σ, each input on its own, H is the correlation matrix
   and a 1. The slides are those of F. Gogianu, Optimization (Bitdefender). */
#include "../study.h"

#include <math.h>

enum { ROWS = 400, STEPS = 200 };
enum kind { RAW, CENTRED, SCALED, STANDARDISED, KINDS };
static const char *const names[KINDS] = {"raw", "centred only", "scaled only", "standardised"};
static const double offset[2] = {4, -1}, scale[2] = {1, 3}, correlation = 0.4;

struct data {
    wg_tensor *x, *t; /* (ROWS,2), (ROWS) */
};

/* Two correlated inputs, and t = x1/s1 - x2/s2 + noise. */
static bool make(struct data *data, uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, 0), *z = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, 2), 0, 1);
    wg_tensor *noise = wg_normal(generator, WG_F64, WG_SHAPE(ROWS), 0, 0.1);
    wg_free(generator);
    wg_tensor *mix = wg_from(((const double[]){1, correlation, 0, sqrt(1 - correlation * correlation)}), WG_SHAPE(2, 2));
    wg_tensor *unit = wg_matmul(z, mix); /* variance 1 */
    data->x = wg_add(wg_mul(unit, wg_from(scale, WG_SHAPE(2))), wg_from(offset, WG_SHAPE(2)));
    data->t = wg_add(wg_matmul(unit, wg_from(((const double[]){1, -1}), WG_SHAPE(2))), noise);
    return data->x && data->t;
}

/* The data as this kind has them, by a scaler that learned their means and deviations. Control: the means stay. */
static wg_tensor *transformed(const struct data *data, enum kind kind, bool control)
{
    wg_dataset_scaler *scaler = wg_dataset_scaler_create(WG_SHAPE(2));
    wg_tensor *y = NULL;
    if (scaler && wg_dataset_scaler_fit(scaler, data->x, WG_NONE) == WG_OK) {
        const wg_tensor_list state = wg_dataset_scaler_state(scaler); /* mean, scale */
        const bool centre = kind == CENTRED || (kind == STANDARDISED && !control), shrink = kind == SCALED || kind == STANDARDISED;
        if ((centre || wg_init_zeros(state.tensor[0]) == WG_OK) && (shrink || wg_init_ones(state.tensor[1]) == WG_OK))
            y = wg_dataset_scaler_apply(scaler, data->x);
    }
    wg_dataset_scaler_destroy(scaler);
    return y;
}

/* Operands: w (2), b (). */
static wg_tensor *squared_loss(wg_tensor *const *p, size_t n, void *context)
{
    const struct data *data = context;
    (void)n;
    return wg_mul_scalar(wg_mse(wg_add(wg_matmul(data->x, p[0]), p[1]), data->t), 0.5);
}

/* The condition number of H, and a descent from 0 at the best rate, 2/(λ_min + λ_max). */
static bool study_kind(struct study_run *run, const struct data *data, enum kind kind, double *condition, double *loss)
{
    struct data own = {transformed(data, kind, run->control), data->t};
    wg_tensor *param[2] = {wg_keep(wg_zeros(WG_F64, WG_SHAPE(2))), wg_keep(wg_zeros(WG_F64, WG_SCALAR))};
    bool good = own.x && wg_set_requires_grad(param[0], true) && wg_set_requires_grad(param[1], true);
    const wg_study_loss of = {squared_loss, &own, {2, param, NULL}};
    double lambda[3] = {0};
    good = good && wg_read(wg_study_eigenvalues(&of), lambda) == WG_OK;
    wg_optim *sgd = good ? wg_optim_sgd(of.params, .lr = 2 / (lambda[0] + lambda[2])) : NULL;
    for (int step = 0; sgd && step <= STEPS && good; step++) {
        WG_TAPE(tape);
        wg_tensor *value = squared_loss(param, 2, &own);
        *loss = wg_item(value);
        good = study_row(run, "%s,%d,%.9g,%.6g,%.6g,%.6g", names[kind], step, *loss, lambda[0], lambda[1], lambda[2]) &&
               wg_backward(value) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    *condition = lambda[2] / lambda[0];
    wg_optim_destroy(sgd);
    wg_free(param[0]), wg_free(param[1]);
    return sgd && good;
}

/* The condition number of the 2×2 correlation matrix of the data, (1 + |r|)/(1 - |r|); the 1 of b lies between its eigenvalues. */
static double of_correlation(const struct data *data)
{
    wg_tensor *centred = wg_sub(data->x, wg_mean(data->x, .axis = 0)), *a = wg_select(centred, 1, 0), *b = wg_select(centred, 1, 1);
    const double r = fabs(wg_item(wg_cosine_similarity(a, b, .axis = 0)));
    return (1 + r) / (1 - r);
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    WG_TAPE(tape);
    struct data data;
    double condition[KINDS], loss[KINDS];
    bool good = make(&data, run->seed) && study_row(run, "kind,step,loss,low,middle,high");
    for (int kind = 0; kind < KINDS && good; kind++)
        good = study_kind(run, &data, (enum kind)kind, &condition[kind], &loss[kind]);
    if (!good)
        return false;
    study_claim(run, condition[RAW] > 100, "raw: H has the condition number %.0f, above 100", condition[RAW]);
    study_claim(run, condition[CENTRED] > 5 && condition[SCALED] > 20,
                "an offset or a scale alone is not enough: centred only %.1f, scaled only %.1f", condition[CENTRED],
                condition[SCALED]);
    study_claim(run, loss[RAW] > 1.01 * loss[STANDARDISED],
                "after 200 steps, each at its best rate, the loss is %.4g raw and %.4g standardised", loss[RAW],
                loss[STANDARDISED]);
    const double want = of_correlation(&data);
    study_decide(run, fabs(condition[STANDARDISED] / want - 1) <= 1e-6,
                 "standardising takes the Hessian's condition number from %.0f to %.6g, that of the "
                 "correlation alone, (1 + |r|)/(1 - |r|) = %.6g, relatively within 1e-6",
                 condition[RAW], condition[STANDARDISED], want);
    return true;
}

const struct study study_standardisation = {.name = "standardisation", .control = "the mean left in the inputs", .run = run};
