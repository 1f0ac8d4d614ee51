/* A linear residual network (I + A_L) … (I + A₁) that learns a map R from inputs with the covariance I has the loss

       f(A) = ‖(I + A_L) … (I + A₁) - R‖²_F.

   While each block is close to the identity, ‖Aᵢ‖ ≤ τ < 1, the gradient is at least as large as

       ‖∇f‖²_F ≥ 4 L (1 - τ)^(2L-2) f,

   so the only stationary points there are global minima. Without the identity, f(A) = ‖A_L … A₁ - R‖², 0 is a stationary point that
   is none. And with depth the solution gets nearer to the identity: ‖Aᵢ‖ falls as 1/L.

   The claim is in A. Risteski, Deep Learning (CMU, 2021), lecture 6, after Hardt, Ma: Identity matters in deep learning, 2017. */
#include "../study.h"

#include <math.h>

enum { D = 4, DEEPEST = 16, POINTS = 40, SIZES = 3 };

struct problem {
    wg_tensor *target, *identity; /* identity: I, or 0 for a plain network */
};

static wg_tensor *loss(wg_tensor *const *a, size_t layers, void *context)
{
    const struct problem *of = context;
    wg_tensor *product = wg_add(of->identity, a[0]);
    for (size_t i = 1; i < layers; i++)
        product = wg_matmul(wg_add(of->identity, a[i]), product);
    return wg_sum_squares(wg_sub(product, of->target));
}

/* The largest singular value, on the open tape. */
static double spectral_norm(wg_tensor *a)
{
    wg_tensor *values, *vectors;
    return wg_eigh(wg_matmul(wg_transpose(a, 0, 1), a), &values, &vectors) == WG_OK ? sqrt(wg_data_as(values, double)[D - 1])
                                                                                    : (double)NAN;
}

/* At random blocks with ‖Aᵢ‖ = τ: the square of the gradient and its bound, a row, and their ratio; NaN on failure. */
static double look(struct study_run *run, const char *name, struct problem *of, wg_tensor *generator, int layers, double tau)
{
    WG_TAPE(tape);
    wg_tensor *a[DEEPEST], *g[DEEPEST], *f;
    for (int i = 0; i < layers; i++) {
        wg_tensor *z = wg_normal(generator, WG_F64, WG_SHAPE(D, D), 0, 1);
        a[i] = wg_mul_scalar(z, tau / spectral_norm(z));
    }
    if (wg_vjp(loss, of, a, (size_t)layers, WG_NONE, &f, g) != WG_OK)
        return NAN;
    double square = 0;
    for (int i = 0; i < layers; i++)
        square += wg_item(wg_sum_squares(g[i]));
    const double bound = 4 * layers * pow(1 - tau, 2 * layers - 2) * wg_item(f);
    return study_row(run, "%s,%d,%.4g,%.5g,%.5g", name, layers, tau, bound, square) ? square / bound : (double)NAN;
}

/* The smallest ratio over points of 2, 4 and 8 blocks. */
static double smallest_ratio(struct study_run *run, const char *name, struct problem *of)
{
    wg_tensor *generator = wg_generator(run->seed, 1);
    double smallest = generator ? INFINITY : NAN;
    for (int i = 0; i < POINTS * SIZES && !isnan(smallest); i++) {
        const double ratio = look(run, name, of, generator, 2 << i % SIZES, 0.05 + 0.9 * (i / SIZES) / POINTS);
        smallest = isnan(ratio) ? ratio : fmin(smallest, ratio);
    }
    wg_free(generator);
    return smallest;
}

/* Gradient descent from A = 0 until f is below 1e-8: the largest ‖Aᵢ‖ then; NaN if it does not come there. */
static double descend(struct study_run *run, struct problem *of, int layers)
{
    wg_tensor *a[DEEPEST] = {NULL};
    bool good = true;
    for (int i = 0; i < layers; i++)
        good = (a[i] = wg_zeros(WG_F64, WG_SHAPE(D, D))) && wg_set_requires_grad(a[i], true) && good;
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){(size_t)layers, a, NULL}), .lr = 0.1 / layers) : NULL;
    double f = INFINITY, largest = 0;
    good = sgd != NULL;
    for (int t = 0; t < 2000 && f > 1e-8 && good; t++) {
        WG_TAPE(tape);
        wg_tensor *value = loss(a, (size_t)layers, of);
        f = wg_item(value);
        good = wg_backward(value) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    for (int i = 0; i < layers && good; i++) {
        WG_TAPE(tape);
        largest = fmax(largest, spectral_norm(a[i]));
    }
    wg_optim_destroy(sgd);
    for (int i = 0; i < layers; i++)
        wg_free(a[i]);
    return good && f <= 1e-8 && study_row(run, "%d,%.6g", layers, largest) ? largest : (double)NAN;
}

/* I and a map near it, I + Z/5 with Z standard normal. */
static bool make(struct problem *of, uint64_t seed)
{
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(seed, 0), *identity = wg_diag(wg_ones(WG_F64, WG_SHAPE(D)));
    wg_tensor *z = wg_normal(generator, WG_F64, WG_SHAPE(D, D), 0, 0.2);
    wg_free(generator);
    *of = (struct problem){.target = wg_keep(wg_add(identity, z)), .identity = wg_keep(identity)};
    return of->target && of->identity;
}

/* Control: no identity. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct problem of = {0};
    double depth[4], norm[4], ratio[2];
    bool good = make(&of, run->seed);
    wg_tensor *zero = wg_zeros(WG_F64, WG_SHAPE(D, D));
    struct problem plain = {.target = of.target, .identity = zero};
    good = good && zero && study_row(run, "network,blocks,tau,bound,square") &&
           !isnan(ratio[0] = smallest_ratio(run, "residual", run->control ? &plain : &of)) &&
           !isnan(ratio[1] = smallest_ratio(run, "plain", &plain)) && study_table(run, "depth", "blocks,norm");
    for (int i = 0; i < 4 && good; i++)
        depth[i] = 2 << i, good = !isnan(norm[i] = descend(run, &of, 2 << i));
    wg_free(of.target), wg_free(of.identity), wg_free(zero);
    if (!good)
        return false;
    study_claim(run, ratio[1] < 0.01, "without the identity the ratio falls to %.1e at some of these points, below 0.01", ratio[1]);
    study_near(run, "descent from A = 0 ends at f < 1e-8 with ‖Aᵢ‖ of this power of the depth", study_exponent(depth, norm, 4), -1,
               .1);
    study_decide(
        run, ratio[0] >= 1 - 1e-9,
        "at 120 random points of linear residual networks with 2, 4 and 8 blocks and ‖Aᵢ‖ = τ from 0.05 to 0.93, ‖∇f‖² is at least %.4g times Hardt and Ma's bound 4L(1-τ)^(2L-2) f, as expected at least 1",
        ratio[0]);
    return true;
}

const struct study study_linear_resnet = {.name = "linear_resnet", .control = "no identity in the blocks", .run = run};
