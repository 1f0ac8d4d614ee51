/* A checkpointed function may free a tensor of its own once it has used it, as on any tape. */
#include "case.h"

static wg_tensor *times_kept_exponential(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tape *tape = wg_tape_open();
    wg_tensor *kept = wg_keep(wg_exp(x[0]));
    wg_tape_close(tape);
    wg_tensor *y = wg_mul(x[0], kept);
    wg_free(kept);
    return y;
}

int main(void)
{
    wg_tensor *x = wg_set_requires_grad(wg_ones(WG_F64, WG_SHAPE(3)), true);
    {
        WG_TAPE(tape);
        wg_tensor *y = wg_checkpoint(times_kept_exponential, NULL, &x, 1);
        is_("the function runs", y != NULL);
        is_("backward", wg_backward(wg_sum(y)) == WG_OK);
        near_("the gradient", at_(wg_gradient(x), 0), exp(1), 1e-12);
        error_("afterwards");
    }
    wg_free(x);
    return end_();
}
