#include "mass.h"

#include <math.h>

static wg_tensor *identity(int64_t n, double scale)
{
    wg_tensor *diagonal = wg_full(WG_F64, WG_SHAPE(n), scale), *matrix = wg_diag(diagonal);
    wg_free(diagonal);
    return matrix;
}

bool mass_make(struct mass *mass, const double gain[2])
{
    const double a[] = {1, 0.1, 0, 1}, b[] = {0.005, 0.1};
    *mass = (struct mass){
        .problem = {wg_from(a, WG_SHAPE(2, 2)), wg_from(b, WG_SHAPE(2, 1)), identity(2, 1), identity(1, 0.1), MASS_GAMMA},
        .gain = wg_from(gain, WG_SHAPE(1, 2)),
        .actor = wg_nn_linear(2, 1, .bias = false, .dtype = WG_F64)};
    mass->h = wg_rl_lqr_action_value(mass->problem, mass->gain);
    mass->env = wg_rl_lqr(.problem = &mass->problem, .noise = 0.1, .limit = 20);
    return mass->h && mass->env && mass->actor &&
           wg_write(wg_nn_parameter(mass->actor, "weight"), (const double[]){-gain[0], -gain[1]}) == WG_OK;
}

void mass_free(struct mass *mass)
{
    wg_tensor *const all[] = {mass->problem.a, mass->problem.b, mass->problem.q, mass->problem.r, mass->gain, mass->h};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wg_free(all[i]);
    wg_nn_destroy(mass->actor);
    wg_rl_env_destroy(mass->env);
}

double mass_return(const struct mass *mass, const double gain[2])
{
    wg_tensor *k = wg_from(gain, WG_SHAPE(1, 2)), *one = identity(2, 1), *cost = wg_rl_lqr_cost(mass->problem, k, .start = one);
    const double j = cost ? -wg_item(cost) : (double)NAN;
    wg_free(k);
    wg_free(one);
    wg_free(cost);
    return j;
}

/* -zᵀ H z for z = (s, a) */
wg_tensor *mass_q(wg_tensor *s, wg_tensor *a, void *context)
{
    const struct mass *mass = context;
    wg_tensor *z = wg_concat((wg_tensor *[]){s, a}, 2, 1);
    return wg_neg(wg_sum(wg_mul(wg_matmul(z, mass->h), z), .axis = 1));
}
