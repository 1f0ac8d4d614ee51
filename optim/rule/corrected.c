/* MARS's correction of a gradient. */
#include "corrected.h"

#include <math.h>

#include "wengert/ops.h"

wg_tensor *corrected_gradient(struct step *s, int state, double correction, double beta)
{
    wg_tensor *c = step_plus(s->g, correction * beta / (1 - beta), wg_sub(s->g, s->state[state]));
    s->state[state] = s->g;
    return wg_div(c, wg_clamp(step_sqrt(s, step_total(c)), 1, INFINITY));
}
