/* Two preconditioners for the matrices of a network, beside SGD and Adam. K-FAC takes the Fisher information of a layer for a
   Kronecker product, of its inputs' second moments A and its outputs' gradients' G, and turns the gradient D into G⁻¹DA⁻¹.
   Shampoo sums DDᵀ and DᵀD, and turns D into L^-¼ D R^-¼. Both undo bad scales of the inputs, which a rate for all weights
   cannot.

   A network of 8-16-8 units finds 8 independent numbers in mixtures of them, x = M z, where M has the condition number 56 and
   oblique directions: rates of single weights, as Adam has, do not undo it. Full batches, the best of five rates for each method.

   K-FAC and Shampoo are listed by A. Risteski (CMU, 2021) and J. Sun (Minnesota, 2020; Anil et al.). */
#include "../study.h"

#include <math.h>

enum { ROWS = 256, FEATURES = 8, STEPS = 100, METHODS = 4, RATES = 5 };

enum method { SGD, ADAM, SHAMPOO, KFAC };
static const char *const name[METHODS] = {"sgd", "adam", "shampoo", "kfac"};

struct data {
    wg_tensor *x, *y;
};

/* M is a basis of cosines, whose vectors are scaled by 10^(-i/4). */
static bool data_make(struct data *d, uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, 0);
    double mix[FEATURES][FEATURES];
    for (int i = 0; i < FEATURES; i++)
        for (int j = 0; j < FEATURES; j++)
            mix[i][j] = pow(10, -i / 4.0) * sqrt((i ? 2.0 : 1.0) / FEATURES) * cos(acos(-1) * i * (2 * j + 1) / (2.0 * FEATURES));
    d->y = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, FEATURES), 0, 1);
    WG_TAPE(tape);
    wg_tensor *x = wg_matmul(d->y, wg_from(&mix[0][0], WG_SHAPE(FEATURES, FEATURES)));
    d->x = x ? wg_keep(x) : NULL;
    wg_free(generator);
    return d->x && d->y;
}

static wg_optim *optimizer_of(enum method m, wg_tensor_list p, double rate)
{
    switch (m) {
    case ADAM:
        return wg_optim_adam(p, .lr = rate);
    case SHAMPOO:
        return wg_optim_shampoo(p, .lr = rate, .graft_adam = true, .beta2 = 0.99, .eps = 1e-8);
    case SGD:
    case KFAC:
        break;
    }
    return wg_optim_sgd(p, .lr = rate, .momentum = 0.9);
}

/* The loss after the steps, INFINITY if it diverged; NaN on failure. write: whether the losses are rows of the table. */
static double train(struct study_run *run, const struct data *d, enum method m, double rate, bool write)
{
    wg_tensor *generator = wg_generator(run->seed, 1);
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(FEATURES, 16, FEATURES), .activation = WG_ACTIVATION_TANH, .seed = run->seed,
                                  .dtype = WG_F64);
    wg_optim *optim = net ? optimizer_of(m, wg_nn_parameters(net), rate) : NULL;
    wg_kfac *kfac = optim && m == KFAC ? wg_kfac_create(net, .damping = 1e-2, .frequency = 5, .kl_limit = 1e-2, .optim = optim)
                                       : NULL;
    double last = INFINITY;
    bool good = optim && (m != KFAC || kfac);
    for (int t = 0; t < STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *out = kfac ? wg_kfac_apply(kfac, d->x) : wg_nn_apply(net, d->x);
        if (kfac) { /* the Fisher information is that of labels drawn from the model: its prediction plus standard normal noise */
            wg_tensor *drawn = wg_add(wg_detach(out), wg_normal(generator, WG_F64, WG_SHAPE(ROWS, FEATURES), 0, 1));
            good = wg_kfac_observe(kfac, wg_mul_scalar(wg_mse(out, drawn), 0.5 * FEATURES)) == WG_OK;
        }
        wg_tensor *loss = wg_mul_scalar(wg_mse(out, d->y), 0.5 * FEATURES);
        last = wg_item(loss);
        if (!(last < 1e3))
            break;
        good = good && (!write || study_row(run, "%s,%d,%.6g", name[m], t, last)) && wg_backward(loss) == WG_OK &&
               (!kfac || wg_kfac_precondition(kfac) == WG_OK) && wg_optim_step(optim) == WG_OK;
    }
    wg_kfac_destroy(kfac), wg_optim_destroy(optim), wg_nn_destroy(net), wg_free(generator);
    return !good ? (double)NAN : last < 1e3 ? last : (double)INFINITY;
}

/* Control: Adam in place of Shampoo and K-FAC. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data d = {0};
    double best[METHODS];
    bool good = data_make(&d, run->seed) && study_row(run, "method,step,loss");
    for (int i = 0; i < METHODS && good; i++) {
        const enum method m = run->control && i > ADAM ? ADAM : (enum method)i;
        double best_rate = 0;
        best[i] = INFINITY;
        for (int k = 0; k < RATES && good; k++) {
            const double rate = (m == SGD || m == KFAC ? 0.5 : 0.4) * pow(0.4, k), loss = train(run, &d, m, rate, false);
            good = !isnan(loss);
            if (loss < best[i])
                best[i] = loss, best_rate = rate;
        }
        good = good && !isnan(train(run, &d, m, best_rate, true));
    }
    if (good)
        study_decide(
            run, fmax(best[SHAMPOO], best[KFAC]) < 0.5 * fmin(best[SGD], best[ADAM]),
            "a network that unmixes 8 numbers, %d steps, the best of %d rates: loss %.2g by SGD with momentum, %.2g by Adam, "
            "%.2g by Shampoo, %.2g by K-FAC: the last two below half of the others",
            STEPS, RATES, best[SGD], best[ADAM], best[SHAMPOO], best[KFAC]);
    wg_free(d.x), wg_free(d.y);
    return good;
}

const struct study study_kronecker = {.name = "kronecker", .control = "Adam in place of Shampoo and K-FAC", .run = run};
