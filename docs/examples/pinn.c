/* How well does a rod conduct heat? A network u(t, x) is fitted to a hundred noisy temperatures and to the heat equation at once,

       u_t = D u_xx,   0 ≤ t ≤ 1, 0 ≤ x ≤ 1,

   whose D is a parameter as the network's weights are: an inverse problem (Raissi, Perdikaris, Karniadakis, 2019).

   usage: pinn [--steps N] [--seed N]

   The second derivative by x is a gradient of a gradient, and the loss in which it stands is differentiated once more. */
#include <math.h>
#include <stdint.h>

#include <wengert.h>

#include "options.h"

enum { MEASURED = 100, POINTS = 256 };
static const double conductivity = 0.05, noise = 0.01;

struct problem {
    wg_nn_module *net;
    wg_tensor *log_d;     /* so that D is positive */
    wg_tensor *at, *u;    /* (t, x) of the measurements (MEASURED, 2), and the temperatures (MEASURED, 1) */
    wg_tensor *points[2]; /* t and x where the equation is to hold, (POINTS, 1) each */
};

/* The solution that begins as sin πx + sin(3πx)/2, between ends at 0, measured at random places. */
static void measure(struct problem *p)
{
    WG_TAPE(tape);
    wg_tensor *g = wg_generator_default(), *at = wg_uniform(g, WG_F64, WG_SHAPE(MEASURED, 2), 0, 1), *u = NULL;
    wg_tensor *t = wg_slice(at, 1, 0, 1, 1), *x = wg_slice(at, 1, 1, 2, 1);
    for (int k = 1; k <= 3; k += 2) {
        const double rate = -conductivity * k * k * M_PI * M_PI;
        wg_tensor *part = wg_mul(wg_exp(wg_mul_scalar(t, rate)), wg_sin(wg_mul_scalar(x, k * M_PI)));
        u = u ? wg_add(u, wg_mul_scalar(part, 0.5)) : part;
    }
    p->at = wg_keep(at);
    p->u = wg_keep(wg_add(u, wg_normal(g, WG_F64, WG_SHAPE(MEASURED, 1), 0, noise)));
    for (int i = 0; i < 2; i++)
        p->points[i] = wg_keep(wg_uniform(g, WG_F64, WG_SHAPE(POINTS, 1), 0, 1));
}

/* u_t - D u_xx at the points. */
static wg_tensor *residual(const struct problem *p)
{
    wg_tensor *in[2], *first[2];
    for (int i = 0; i < 2; i++)
        in[i] = wg_set_requires_grad(wg_copy(p->points[i]), true);
    wg_tensor *u = wg_nn_apply(p->net, wg_concat(in, 2, 1));
    if (wg_grad_many(wg_sum(u), in, 2, first, .create_graph = true) != WG_OK)
        return NULL;
    wg_tensor *second = wg_grad(wg_sum(first[1]), in[1], .create_graph = true);
    return wg_sub(first[0], wg_mul(wg_exp(p->log_d), second));
}

static wg_tensor *loss(wg_tensor *const *parameters, size_t n, void *context)
{
    const struct problem *p = context;
    (void)parameters, (void)n; /* the network has them */
    return wg_add(wg_mse(wg_nn_apply(p->net, p->at), p->u), wg_mean(wg_square(residual(p))));
}

static bool report(const wg_minimize_result *so_far, void *context)
{
    const struct problem *p = context;
    if (so_far->iterations % 100 == 0)
        printf("%4lld  loss %.3e  D %.5f\n", (long long)so_far->iterations, so_far->f, exp(wg_item(p->log_d)));
    return true;
}

static wg_status solve(struct problem *p, long steps)
{
    measure(p);
    p->net = wg_nn_mlp(WG_SIZES(2, 32, 32, 1), .activation = WG_ACTIVATION_TANH, .dtype = WG_F64);
    p->log_d = wg_scalar(WG_F64, log(1)); /* the first guess: 1 */
    WG_TRY(wg_nn_add_parameter(p->net, "log_d", p->log_d));
    wg_minimizer *m = wg_minimize_lbfgs(wg_nn_parameters(p->net), .max_iterations = steps,
                                        .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE);
    wg_minimize_result result;
    wg_status status = wg_minimize_watch(m, report, p);
    if (status == WG_OK)
        status = wg_minimize_run(m, loss, p, &result);
    if (status == WG_OK) {
        const double d = exp(wg_item(p->log_d));
        printf("%lld steps, loss %.9g: %s\n", (long long)result.iterations, result.f, wg_minimize_reason_text(result.reason));
        printf("D = %.9f, true %g, %+.2f %% away\n", d, conductivity, 100 * (d / conductivity - 1));
    }
    wg_minimize_destroy(m);
    return status;
}

int main(int argc, char **argv)
{
    long steps = 2000, seed = 0;
    struct problem p = {0};
    (void)argc;
    read_options(argv, (const struct option[]){{"--steps", "of L-BFGS at most", &steps, NULL},
                                               {"--seed", "of weights, measurements and points", &seed, NULL},
                                               {NULL, NULL, NULL, NULL}});
    const bool good = wg_seed((uint64_t)seed, 0) == WG_OK && solve(&p, steps) == WG_OK;
    wg_nn_destroy(p.net), wg_free(p.at), wg_free(p.u), wg_free(p.points[0]), wg_free(p.points[1]);
    return good ? 0 : wg_error_report(stderr);
}
