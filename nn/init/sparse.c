/* N(deviation²) with zeros at rows chosen anew for each column: the first rows in the order of keys drawn for each element. An element
   becomes 0 exactly, as x + (-x). */
#include "init.h"

#include <math.h>

#include "wengert/ops.h"

static wg_tensor *order_of_rows(const struct nn_init *init)
{
    wg_tensor *keys = wg_uniform(init->generator, WG_F64, init->shape, 0, 1), *order = NULL;
    wg_tensor *sorted = wg_sort(keys, .axis = 0, .indices = &order);
    return nn_then(keys, nn_then(sorted, order));
}

static wg_tensor *make(const struct nn_init *init)
{
    const wg_init_sparse_options *o = init->options;
    if (!nn_init_are_numbers(init, nn_init_largest_draw(0, o->deviation), "a deviation"))
        return NULL;
    const int64_t zeros = (int64_t)ceil(o->sparsity * (double)init->shape.extent[0]);
    wg_tensor *values = wg_normal(init->generator, init->dtype, init->shape, 0, o->deviation), *order = order_of_rows(init);
    wg_tensor *rows = nn_then(order, wg_slice(order, 0, 0, zeros, 1));
    wg_tensor *at_rows = wg_gather(values, 0, rows), *negative = nn_then(at_rows, wg_neg(at_rows));
    wg_tensor *sparse = nn_then(values, wg_scatter_add(values, 0, rows, negative));
    return nn_then(rows, nn_then(negative, sparse));
}

const struct nn_init_kind nn_init_sparse_kind = {
    .make = make, .min_rank = 2, .max_rank = 2, .of_weight = true, .expected = "a matrix with elements"};
