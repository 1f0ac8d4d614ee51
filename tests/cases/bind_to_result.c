/* What a run writes, a result or a tensor that the step changes, is no input of it: binding to it is refused, a copy of it is not. */
#include "case.h"

enum { N = 64, ALL = N * N };

struct context {
    wg_tensor *h, *w, *out, *state;
};

static wg_status step(void *context)
{
    struct context *c = context;
    WG_TAPE(tape);
    c->out = wg_keep(wg_matmul(c->h, c->w));
    if (!c->out)
        return WG_E_STATE;
    return wg_assign(c->state, wg_add(wg_matmul(wg_mul_scalar(c->h, 2), c->w), c->h));
}

static double largest_difference(const wg_tensor *a, const wg_tensor *b)
{
    static double x[ALL], y[ALL];
    double worst = 0;
    if (!a || !b || wg_read(a, x) != WG_OK || wg_read(b, y) != WG_OK)
        return NAN;
    for (int i = 0; i < ALL; i++)
        worst = fmax(worst, fabs(x[i] - y[i]));
    return worst;
}

int main(void)
{
    static double b[ALL];
    for (int i = 0; i < ALL; i++)
        b[i] = (i * 37 % 101 - 50) / 500.0;
    for (int state = 0; state < 2; state++) {
        struct context c = {wg_from(b, WG_SHAPE(N, N)), wg_from(b, WG_SHAPE(N, N)), NULL, wg_zeros(WG_F64, WG_SHAPE(N, N))};
        wg_replay *replay = wg_replay_capture(step, &c);
        wg_tensor *written = state ? c.state : c.out, *copy = wg_copy(written);
        is_(state ? "a tensor that the step changes is refused" : "a result is refused",
            wg_replay_bind(replay, c.h, written) == WG_E_ARGUMENT);
        error_("bind");
        is_("a copy of it is bound", wg_replay_bind(replay, c.h, copy) == WG_OK && wg_replay_run(replay) == WG_OK);
        wg_tensor *want = state ? wg_add(wg_matmul(wg_mul_scalar(copy, 2), c.w), copy) : wg_matmul(copy, c.w);
        near_("difference from the step", largest_difference(written, want), 0, 0);
        wg_replay_destroy(replay);
        wg_free(want), wg_free(copy), wg_free(c.h), wg_free(c.w), wg_free(c.out), wg_free(c.state);
    }
    return end_();
}
