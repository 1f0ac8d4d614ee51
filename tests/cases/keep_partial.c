/* wg_keep detaches: a leaf that is reached by another path has the gradient of that path; one that lies behind kept values only is an
   error. w = 3, k = kept w²: d(k w)/dw = k = 9; of k² there is none. */
#include "case.h"

static void check(int64_t n, bool another_path, bool backward)
{
    wg_tensor *w = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(n), 3), true);
    {
        WG_TAPE(tape);
        wg_tensor *kept = wg_keep(wg_square(w)), *loss = another_path ? wg_sum(wg_mul(kept, w)) : wg_sum(wg_square(kept));
        wg_tensor *g = NULL;
        if (!backward)
            g = wg_grad(loss, w);
        else if (wg_backward(loss) == WG_OK)
            g = wg_gradient(w);
        if (another_path)
            near_("the gradient of the path that is left", at_(g, n - 1), 9, 0);
        else
            is_("an error where no path is left", !g && wg_error_first() && wg_error_first()->code == WG_E_NO_GRAD);
        error_(backward ? "backward" : "grad");
        wg_free(kept);
    }
    wg_free(w);
}

int main(void)
{
    for (int i = 0; i < 4; i++) {
        check(2, i & 1, i >> 1);
        check(16, i & 1, i >> 1);
    }
    return end_();
}
