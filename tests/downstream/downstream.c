/* d(x^2)/dx at 3. */
#include <stdio.h>

#include <wengert.h>

int main(void)
{
    wg_tensor *x = wg_set_requires_grad(wg_scalar(WG_F64, 3), true);
    WG_TAPE(tape);
    if (wg_backward(wg_square(x)) != WG_OK)
        return wg_error_report(stderr);
    printf("%g\n", wg_item(wg_gradient(x)));
    return 0;
}
