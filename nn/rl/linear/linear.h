/* What the files of nn/rl/linear share: the Jacobian of an actor, applied and never formed. */
#ifndef NN_RL_LINEAR_H
#define NN_RL_LINEAR_H

#include "../exact/exact.h"
#include "wengert/rl/linear.h"

/* That t is a live matrix of f32 or f64. */
wg_status linear_check(const wg_tensor *t, int rank, const char *op, const char *what);
/* That net is one, with parameters, and s states. */
wg_status linear_check_actor(const wg_nn_module *actor, const wg_tensor *s, const char *op);

/* On the open tape; NULL and the error. mean (N,m): what the actor does. vjp: Σ_i ∇μ(s_i) v_i (d) for v (N,m). jvp: ∇μ(s_i)ᵀ w (N,m) for w (d). */
wg_tensor *linear_mean(const wg_nn_module *actor, wg_tensor *s);
wg_tensor *linear_vjp(const wg_nn_module *actor, wg_tensor *s, wg_tensor *v);
wg_tensor *linear_jvp(const wg_nn_module *actor, wg_tensor *s, wg_tensor *w, wg_tensor **mean);

/* γ and a rate of options. */
wg_status linear_check_gamma(double gamma, const char *op);
wg_status linear_check_rate(double rate, const char *op, const char *what);

#endif
