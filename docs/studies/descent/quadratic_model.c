/* The quadratic model of a loss, L(θ + d) ≈ L + gᵀd + ½ dᵀHd, with the gradient g and the Hessian H at θ. The linear model, L + gᵀd,
   errs by a multiple of |d|², the quadratic one by a multiple of |d|³: at half the distance the errors are a quarter and an eighth.
   Along -g the model is lowest after a step at the rate gᵀg/gᵀHg.

   The model is that of F. Gogianu, Optimization (Bitdefender ML); the loss is that of a small network. */
#include "../study.h"

#include <math.h>

enum { DIRECTIONS = 10, DISTANCES = 9, EXAMPLES = 64 };

struct data {
    wg_nn_module *net;
    wg_tensor *x, *y;
};

static wg_tensor *squared_error(wg_tensor *const *p, size_t n, void *context)
{
    const struct data *data = context;
    (void)p, (void)n;
    return wg_mse(wg_nn_apply(data->net, data->x), data->y);
}

/* The errors of both models at a distance along a direction, a vector. The sum gᵀd + factor dᵀHd; the factor is ½. */
static bool errors(const wg_study_loss *loss, wg_tensor *direction, double t, double factor, double error[2])
{
    wg_tensor *line = wg_study_taylor(loss, direction, 2); /* L, gᵀd and ½ dᵀHd */
    wg_tensor *exact = wg_study_line(loss, direction, .from = 0, .to = t, .points = 2);
    const bool good = line && exact;
    if (good) {
        const double *c = wg_data_as(line, double), at = wg_data_as(exact, double)[3];
        error[0] = fabs(c[0] + t * c[1] - at);
        error[1] = fabs(c[0] + t * c[1] + t * t * 2 * factor * c[2] - at);
    }
    wg_free(line), wg_free(exact);
    return good;
}

/* Along -g: rows of the loss and of both models, and whether the model's best rate lowers the loss. */
static bool along_gradient(struct study_run *run, const wg_study_loss *loss, double factor)
{
    wg_study_descent at;
    if (wg_study_curvature(loss, &at) != WG_OK)
        return false;
    wg_tensor *g = NULL;
    {
        WG_TAPE(tape);
        wg_tensor *all[4];
        bool good = wg_grad_many(loss->f(loss->params.tensor, 4, loss->context), loss->params.tensor, 4, all) == WG_OK;
        for (int i = 0; i < 4 && good; i++)
            all[i] = wg_reshape(all[i], WG_SHAPE(-1));
        g = good ? wg_keep(wg_neg(wg_concat(all, 4, 0))) : NULL;
    }
    wg_tensor *line = g ? wg_study_line(loss, g, .from = 0, .to = 3 * at.step, .points = 61) : NULL;
    bool good = line && study_table(run, "gradient", "rate,best,loss,linear,quadratic");
    const double *p = line ? wg_data_as(line, double) : NULL, slope = at.gradient_norm * at.gradient_norm;
    for (int i = 0; i < 61 && good; i++)
        good = study_row(run, "%.9g,%.9g,%.9g,%.9g,%.9g", p[2 * i], at.step, p[2 * i + 1], at.loss - p[2 * i] * slope,
                         at.loss - p[2 * i] * slope + factor * p[2 * i] * p[2 * i] * at.curvature);
    if (good && isfinite(at.step))
        study_claim(
            run, p[41] < at.loss,
            "a step along -g at the model's best rate, gᵀg/gᵀHg = %.3f: the loss falls from %.4f to %.4f, the model to %.4f",
            at.step, at.loss, p[41], at.loss - 0.5 * at.step * slope);
    wg_free(g), wg_free(line);
    return good;
}

static bool measure(struct study_run *run, const wg_study_loss *loss)
{
    const double factor = run->control ? 1 : 0.5;
    double t[DISTANCES], sum[2][DISTANCES] = {{0}};
    bool good = study_row(run, "distance,linear,quadratic");
    for (int i = 0; i < DISTANCES && good; i++) {
        t[i] = 0.1 / (1 << i);
        for (uint64_t k = 0; k < DIRECTIONS && good; k++) {
            double error[2];
            wg_tensor *d = wg_study_direction(loss, .scale = WG_STUDY_SCALE_TENSOR, .seed = 10 * run->seed + k);
            good = d && errors(loss, d, t[i], factor, error);
            for (int j = 0; j < 2 && good; j++)
                sum[j][i] += error[j] / DIRECTIONS;
            wg_free(d);
        }
        good = good && study_row(run, "%.9g,%.9g,%.9g", t[i], sum[0][i], sum[1][i]);
    }
    good = good && along_gradient(run, loss, factor);
    if (good) {
        study_near(run, "the linear model's error: its exponent in the distance", study_exponent(t, sum[0], DISTANCES), 2, 0.05);
        study_decide_near(
            run,
            "the exponent of the distance in the error of the quadratic model L + gᵀd + ½dᵀHd, a network's loss, 10 directions",
            study_exponent(t, sum[1], DISTANCES), 3, 0.05);
    }
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data data = {.net = wg_nn_mlp(WG_SIZES(2, 8, 1), .activation = WG_ACTIVATION_TANH, .dtype = WG_F64, .seed = run->seed)};
    bool good = data.net && wg_dataset_make_teacher(&data.x, &data.y, .rows = EXAMPLES, .features = 2, .seed = run->seed,
                                                    .dtype = WG_F64) == WG_OK;
    const wg_study_loss loss = {
        .f = squared_error, .context = &data, .params = good ? wg_nn_parameters(data.net) : (wg_tensor_list){0}};
    good = good && measure(run, &loss);
    wg_free(data.x), wg_free(data.y);
    wg_nn_destroy(data.net);
    return good;
}

const struct study study_quadratic_model = {
    .name = "quadratic_model", .control = "the factor 1 instead of ½ before dᵀHd", .run = run};
