/* AdaHessian: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

enum { M, V, OBSERVED };

static wg_shape scalar(const void *options, const wg_tensor *p)
{
    (void)options, (void)p;
    return WG_SCALAR;
}

static wg_status observe(struct step *s)
{
    const wg_optim_adahessian_options *o = s->options;
    s->state[V] = step_mixed(s->state[V], o->beta2, wg_square(s->g));
    s->state[OBSERVED] = wg_add_scalar(s->state[OBSERVED], 1);
    WG_TRY(wg_error_if_null(s->state[V]));
    return wg_error_if_null(s->state[OBSERVED]);
}

/* Before the first observation only decay moves. */
static wg_tensor *move(struct step *s)
{
    const wg_optim_adahessian_options *o = s->options;
    wg_tensor *m = s->state[M] = step_mixed(s->state[M], o->beta1, s->g);
    wg_tensor *n = wg_cast(s->state[OBSERVED], WG_F64), *some = wg_sign(n);
    wg_tensor *one = wg_full(WG_F64, WG_SCALAR, 1), *bias = wg_sub(one, wg_pow(wg_full(WG_F64, WG_SCALAR, o->beta2), n));
    wg_tensor *root = step_sqrt(s, step_scaled(s->state[V], step_quotient(one, bias)));
    if (o->hessian_power != 1) {
        wg_tensor *power = wg_pow_scalar(step_off_zero(s, root), o->hessian_power);
        root = o->hessian_power > 0 ? step_zero_kept(s, root, power) : power;
    }
    wg_tensor *u = wg_div(step_unbiased(s, m, o->beta1), wg_add_scalar(root, o->eps));
    return step_away(s, step_plus(step_scaled(u, some), o->weight_decay, s->p));
}

const struct optim_rule optim_adahessian_rule = {
    .name = "adahessian",
    .state = {[M] = {.name = "m"}, [V] = {.name = "v"}, [OBSERVED] = {.name = "observed", .shape = scalar}},
    .observe = observe,
    .move = move};
