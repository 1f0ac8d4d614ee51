#include "linear_net.h"

enum { ROWS = 60 };

wg_tensor *linear_net_loss(wg_tensor *const *w, size_t n, void *context)
{
    const struct linear_net *of = context;
    wg_tensor *h = of->x;
    for (size_t i = 0; i < n; i++) {
        h = wg_linear(h, w[i], WG_NONE);
        h = of->relu && i + 1 < n ? wg_relu(h) : h;
    }
    return wg_mul_scalar(wg_mean(wg_square(wg_sub(h, of->y))), LINEAR_D);
}

bool linear_net_make(struct linear_net *of, uint64_t seed)
{
    const wg_shape square = WG_SHAPE(LINEAR_D, LINEAR_D), table = WG_SHAPE(ROWS, LINEAR_D);
    *of = (struct linear_net){.x = NULL};
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(seed, 0), *x = wg_normal(generator, WG_F64, table, 0, 1);
    wg_tensor *map = wg_normal(generator, WG_F64, square, 0, 1), *noise = wg_normal(generator, WG_F64, table, 0, 0.3);
    wg_free(generator);
    wg_tensor *y = wg_add(wg_matmul(x, map), noise), *xt = wg_transpose(x, 0, 1), *xy = wg_matmul(xt, y), *values, *vectors;
    wg_tensor *r = wg_transpose(wg_solve(wg_matmul(xt, x), xy), 0, 1);
    if (wg_eigh(wg_mul_scalar(wg_matmul(r, xy), 1.0 / ROWS), &values, &vectors) != WG_OK || wg_read(values, of->lambda) != WG_OK)
        return false;
    of->total = wg_item(wg_sum_squares(y)) / ROWS;
    of->x = wg_keep(x), of->y = wg_keep(y), of->u = wg_keep(vectors), of->r = wg_keep(r);
    return of->x && of->y && of->u && of->r;
}

void linear_net_free(struct linear_net *of)
{
    wg_free(of->x), wg_free(of->y), wg_free(of->u), wg_free(of->r);
}
