/* Least squares, which several studies minimise. */
#include "least_squares.h"

wg_tensor *least_squares_loss(wg_tensor *x, wg_tensor *y, wg_tensor *w)
{
    return wg_mul_scalar(wg_mean(wg_square(wg_sub(wg_matmul(x, w), y))), 0.5);
}

wg_tensor *least_squares_solution(wg_tensor *x, wg_tensor *y)
{
    WG_TAPE(tape);
    wg_tensor *transposed = wg_transpose(x, 0, 1);
    return wg_keep(wg_solve(wg_matmul(transposed, x), wg_matmul(transposed, y)));
}
