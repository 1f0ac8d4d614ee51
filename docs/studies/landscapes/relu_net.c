#include "relu_net.h"

#include <math.h>

bool relu_net_make(struct relu_net *of, int64_t n, int64_t d, uint64_t seed)
{
    *of = (struct relu_net){.x = NULL};
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(seed, (uint64_t)(1000000 + n)), *z = wg_normal(generator, WG_F64, WG_SHAPE(n, d), 0, 1),
              *values, *vectors;
    wg_tensor *x = wg_div(z, wg_norm2(z, .axis = 1, .keepdims = true));
    wg_tensor *y = wg_sign(wg_normal(generator, WG_F64, WG_SHAPE(n), 0, 1));
    wg_free(generator);
    wg_tensor *cosine = wg_clamp(wg_matmul(x, wg_transpose(x, 0, 1)), -1, 1);
    wg_tensor *kernel = wg_mul(cosine, wg_add_scalar(wg_neg(wg_acos(cosine)), M_PI));
    if (wg_eigh(wg_mul_scalar(kernel, 1 / (2 * M_PI)), &values, &vectors) != WG_OK)
        return false;
    *of = (struct relu_net){.x = wg_keep(x), .y = wg_keep(y), .kappa = sqrt(2 / wg_data_as(values, double)[0])};
    return of->x && of->y;
}

void relu_net_free(struct relu_net *of)
{
    wg_free(of->x), wg_free(of->y);
}

/* f(x) - y, of the weights w (m, d) and the signs a (m). */
static wg_tensor *residual(const struct relu_net *of, wg_tensor *w, wg_tensor *a)
{
    wg_tensor *hidden = wg_relu(wg_matmul(of->x, wg_transpose(w, 0, 1)));
    return wg_sub(wg_mul_scalar(wg_matmul(hidden, a), of->kappa / sqrt((double)wg_numel(a))), of->y);
}

bool relu_net_descend(const struct relu_net *of, struct relu_net_descent by, struct study_run *rows, double *ratio, double *moved)
{
    wg_tensor *generator = wg_generator(by.seed, by.stream), *w = NULL, *start = NULL, *a = NULL;
    if (generator) {
        WG_TAPE(tape);
        w = wg_keep(wg_normal(generator, WG_F64, WG_SHAPE(by.m, wg_extent(of->x, 1)), 0, 1)), start = wg_keep(wg_copy(w));
        a = wg_keep(wg_sign(wg_normal(generator, WG_F64, WG_SHAPE(by.m), 0, 1)));
    }
    bool good = w && start && a && wg_set_requires_grad(w, true);
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){1, &w, NULL}), .lr = by.rate) : NULL;
    double first = 0;
    *ratio = 0;
    good = sgd != NULL;
    for (int t = 0; t <= by.steps && good && (rows || *ratio <= 1 + 1e-9); t++) {
        WG_TAPE(tape);
        wg_tensor *loss = wg_mul_scalar(wg_sum(wg_square(residual(of, w, a))), 0.5);
        const double r = 2 * wg_item(loss);
        first = t == 0 ? r : first;
        *ratio = fmax(*ratio, r / (pow(1 - by.rate, t) * first));
        good = (!rows || t % 10 || study_row(rows, "%d,%d,%.5g", (int)by.m, t, r / first)) && wg_backward(loss) == WG_OK &&
               wg_optim_step(sgd) == WG_OK;
    }
    if (good && moved) {
        WG_TAPE(tape);
        *moved = wg_item(wg_norm2(wg_sub(w, start))) / sqrt((double)by.m);
    }
    wg_optim_destroy(sgd);
    wg_free(generator), wg_free(w), wg_free(start), wg_free(a);
    return good;
}
