/* Muon: the formula stands in optimizers.def. */
#include <math.h>

#include "orthogonal.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

static bool is_matrix(const wg_tensor *p)
{
    return wg_rank(p) >= 2;
}

/* Adam's second moment: matrices have none. */
static wg_shape squares(const void *options, const wg_tensor *p)
{
    (void)options;
    return is_matrix(p) ? WG_SHAPE(0) : wg_shape_of(p);
}

/* Of a parameter of more axes all behind the first count as columns. */
static wg_tensor *direction(const struct step *s, wg_tensor *u)
{
    const wg_optim_muon_options *o = s->options;
    const int64_t rows = wg_extent(s->p, 0), columns = rows > 0 ? wg_numel(s->p) / rows : 0;
    const double rms = 0.2 * sqrt((double)(rows > columns ? rows : columns));
    return wg_mul_scalar(orthogonal_factor(s, u, 1e-7), o->match_rms ? rms : orthogonal_scale(s->p));
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_muon_options *o = s->options;
    if (!is_matrix(s->p)) {
        wg_tensor *u = step_adam(s, s->g, o->beta1, o->beta2, o->eps);
        return step_away(s, wg_mul_scalar(step_plus(u, o->weight_decay, s->p), o->adam_rate));
    }
    wg_tensor *m = s->state[0] = step_mixed(s->state[0], o->beta, s->g);
    wg_tensor *u = direction(s, o->nesterov ? step_mixed(m, o->beta, s->g) : m);
    return step_away(s, step_plus(u, o->weight_decay, s->p));
}

const struct optim_rule optim_muon_rule = {.name = "muon", .state = {{.name = "m"}, {.name = "v", .shape = squares}}, .move = move};
