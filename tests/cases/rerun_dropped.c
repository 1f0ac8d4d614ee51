/* A rerun of a traced tape runs closures whose operand or result was dropped. */
#include "case.h"

static wg_status forward(const wg_call *c)
{
    double *y = wg_data_mut(c->out[0]);
    const double *x = wg_data(c->in[0]);
    if (!y || !x)
        return WG_E_STATE;
    for (int64_t i = 0; i < wg_numel(c->out[0]); i++)
        y[i] = 2 * x[i];
    return WG_OK;
}

int main(void)
{
    const wg_closure twice = {.name = "twice", .forward = forward, .dtype = WG_F64, .shape = WG_SHAPE(4)};
    wg_tensor *x = wg_ones(WG_F64, WG_SHAPE(4));
    {
        WG_TAPE(tape, .trace = true);
        wg_tensor *y = wg_closure_apply(&twice, &x, 1), *z = wg_neg(y), *of_dropped = wg_closure_apply(&twice, &y, 1);
        wg_drop(y);
        is_("new values", wg_write(x, D(5, 5, 5, 5)) == WG_OK);
        is_("rerun", wg_tape_rerun(tape) == WG_OK);
        error_("rerun");
        near_("an op on the result", at_(z, 0), -10, 0);
        near_("a closure on it", at_(of_dropped, 3), 20, 0);
    }
    wg_free(x);
    return end_();
}
