/* A replay has the bits of the step. Twenty values of 513 elements are alive at once, which are more than a tile has slots for; one of
   those without a slot is then negated in place. The sum is 1 + 2 + … + 19 - 20 = 170. */
#include "case.h"

enum { N = 513, VALUES = 20 };

struct context {
    wg_tensor *x, *y;
};

static wg_status step(void *context)
{
    struct context *c = context;
    WG_TAPE(tape);
    wg_tensor *v[VALUES], *sum;
    for (int i = 0; i < VALUES; i++)
        v[i] = wg_mul_scalar(c->x, i + 1);
    sum = wg_add(v[0], v[1]);
    v[VALUES - 1] = wg_neg(wg_donate(v[VALUES - 1]));
    for (int i = 2; i < VALUES; i++)
        sum = wg_add(sum, v[i]);
    wg_free(c->y);
    c->y = wg_keep(sum);
    return c->y ? WG_OK : WG_E_MEMORY;
}

static double first_element(const wg_tensor *t)
{
    double all[N];
    return t && wg_read(t, all) == WG_OK ? all[0] : NAN;
}

int main(void)
{
    struct context c = {wg_ones(WG_F64, WG_SHAPE(N)), NULL};
    is_("the step runs", step(&c) == WG_OK);
    near_("eager", first_element(c.y), 170, 0);
    wg_replay *replay = wg_replay_capture(step, &c);
    near_("captured", first_element(c.y), 170, 0);
    is_("the replay runs", wg_replay_run(replay) == WG_OK);
    near_("replayed", first_element(c.y), 170, 0);
    wg_replay_destroy(replay);
    wg_free(c.x), wg_free(c.y);
    return end_();
}
