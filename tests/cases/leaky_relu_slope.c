/* leaky_relu is x for x > 0, whatever the slope: infinite, or, in f32, beyond what a float holds. So is its gradient. NaN is no slope. What
   a mask leaves out is 0, whatever the factor. */
#include "case.h"

int main(void)
{
    const double slopes[] = {(double)INFINITY, -(double)INFINITY, 1e39, (double)NAN}; /* the last is a factor only */
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
        for (int i = 0; i < 4; i++) {
            wg_tensor *x = wg_full((wg_dtype)dtype, WG_SHAPE(3), 2), *gy = wg_full((wg_dtype)dtype, WG_SHAPE(3), 5);
            const uint8_t none[3] = {0, 0, 0};
            char line[80];
            snprintf(line, sizeof line, "%s, leaky_relu of 2, slope %g", wg_dtype_name((wg_dtype)dtype), slopes[i]);
            if (i < 3)
                near_(line, at_(wg_leaky_relu(x, .slope = slopes[i]), 1), 2, 0);
            else
                is_(line, !wg_leaky_relu(x, .slope = slopes[i]) && wg_error_take(NULL) == WG_E_ARGUMENT);
            snprintf(line, sizeof line, "%s, its gradient, slope %g", wg_dtype_name((wg_dtype)dtype), slopes[i]);
            if (i < 3)
                near_(line, at_(wg_leaky_relu_grad(x, gy, slopes[i]), 1), 5, 0);
            snprintf(line, sizeof line, "%s, masked, times %g", wg_dtype_name((wg_dtype)dtype), slopes[i]);
            near_(line, at_(wg_mask_scale(x, wg_from(none, WG_SHAPE(3)), slopes[i]), 1), 0, 0);
        }
    wg_tensor *left = wg_full(WG_F64, WG_SHAPE(1), -2);
    near_("leaky_relu of -2, slope inf", at_(wg_leaky_relu(left, .slope = (double)INFINITY), 0), -(double)INFINITY, 0);
    return end_();
}
