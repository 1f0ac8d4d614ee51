/* A callback that leaves a tape open is an error that names it, and the tape is closed: what follows is recorded where it belongs.
   usage: left_open WAY     0: a hook, 1: a closure's backward, 2: a closure's forward, 3: a module's forward, 4: a module's forward
   that closes the tape on which it works instead (that stays open) */
#include "case.h"

static int way;

static wg_tensor *hook(wg_tensor *g, void *context)
{
    (void)context;
    if (way == 0)
        wg_tape_open();
    return wg_mul(g, g);
}

static wg_status forward(const wg_call *c)
{
    double *y = wg_data_mut(c->out[0]);
    for (int i = 0; i < 3; i++)
        y[i] = 1;
    if (way == 2)
        wg_tape_open();
    return WG_OK;
}

static wg_status backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    if (way == 1)
        wg_tape_open();
    return WG_GIVE(gx[0], wg_mul_scalar(gy[0], 2));
}

static wg_tensor *module_forward(const wg_nn_call *call, wg_tensor *x)
{
    (void)call;
    if (way == 3)
        wg_tape_open();
    else
        wg_tape_close(wg_tape_top());
    return wg_neg(x);
}

int main(int argc, char **argv)
{
    static const struct wg_nn_kind type = {.name = "left_open", .forward = module_forward};
    static const char *const name[] = {"hook: the function on the result of twice", "twice", "twice", "left_open", "left_open"};
    way = argc > 1 ? atoi(argv[1]) : 0;
    wg_tensor *x = wg_set_requires_grad(wg_ones(WG_F64, WG_SHAPE(3)), true);
    const wg_closure twice = {.name = "twice", .forward = forward, .backward = backward, .dtype = WG_F64, .shape = WG_SHAPE(3)};
    wg_nn_module *module = wg_nn_module_create(&type, NULL, NULL);
    {
        WG_TAPE(tape);
        wg_tensor *y = way >= 3 ? wg_nn_apply(module, x) : wg_closure_apply(&twice, &x, 1);
        wg_status status = y ? WG_OK : WG_E_STATE;
        if (way == 0)
            status = wg_add_hook(y, hook, NULL);
        if (status == WG_OK)
            status = wg_backward(wg_sum(y));
        is_("an error", status == WG_E_STATE);
        is_("that names it", wg_error_first() && strstr(wg_error_first()->message, name[way]));
        is_("and says what it did",
            wg_error_first() &&
                strstr(wg_error_first()->message, way == 4 ? "a function is running on the tape" : "left a tape open"));
        is_("the tape that was open is on top", wg_tape_top() == tape);
        error_("the error");
    }
    is_("no tape is open after the block", !wg_tape_top());
    wg_free(x), wg_nn_destroy(module);
    return end_();
}
