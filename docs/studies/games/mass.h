/* What the studies of the deterministic policy gradient share: a mass on a line, x' = [1 0.1; 0 1] x + [0.005; 0.1] u, with the cost xᵀx + 0.1 u² of a step
   and γ = 0.95. A linear problem with a quadratic cost, of which the return and Q of any policy u = -k·x have closed forms. */
#ifndef WG_STUDIES_MASS_H
#define WG_STUDIES_MASS_H

#include <stdbool.h>

#include <wengert.h>

#define MASS_GAMMA 0.95

struct mass {
    wg_rl_lqr_problem problem;
    wg_tensor *gain, *h; /* k, and the matrix of its Q */
    wg_nn_module *actor; /* μ(x) = θ·x with θ = -k */
    wg_rl_env *env;
};

/* Free it also on failure. */
bool mass_make(struct mass *mass, const double gain[2]);
void mass_free(struct mass *mass);

/* J = -C, for first states whose mean square is the unit matrix. */
double mass_return(const struct mass *mass, const double gain[2]);

/* Q, as wg_rl_policy_gradient takes it; context: the mass. */
wg_tensor *mass_q(wg_tensor *s, wg_tensor *a, void *context);

#endif
