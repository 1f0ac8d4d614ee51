/* The Jacobian of a function that casts is of its result's dtype, and its elements are right, from f32 to f64 and the other way. */
#include "case.h"

static wg_tensor *cast_and_sum(wg_tensor *const *x, size_t n, void *to)
{
    (void)n;
    return wg_sum(wg_cast(x[0], *(const wg_dtype *)to));
}

static void check(wg_dtype from, wg_dtype to, int64_t n)
{
    wg_tensor *x = wg_ones(from, WG_SHAPE(n)), *j = NULL;
    is_("the Jacobian is computed", wg_jacobian(cast_and_sum, &to, &x, 1, &j) == WG_OK);
    is_("it is of the result's dtype", wg_dtype_of(j) == to);
    for (int64_t i = 0; i < n; i += n / 4)
        near_("an element", at_(j, i), 1, 0);
    wg_free(x), wg_free(j);
}

int main(void)
{
    check(WG_F32, WG_F64, 4);
    check(WG_F64, WG_F32, 4);
    check(WG_F64, WG_F32, 250);
    return end_();
}
