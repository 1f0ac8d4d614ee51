/* gain Q of a standard normal matrix: wg_qr makes the diagonal of R positive, without which Q would not be uniformly distributed (Mezzadri,
   2007). A wide matrix is the transpose of a tall one. */
#include "init.h"

#include "wengert/ops.h"

static wg_tensor *make(const struct nn_init *init)
{
    const wg_init_orthogonal_options *o = init->options;
    const int64_t rows = init->shape.extent[0], columns = (int64_t)nn_init_fan(init, WG_FAN_IN);
    const bool wide = rows < columns;
    if (!nn_init_are_numbers(init, o->gain, "a gain"))
        return NULL;
    const wg_shape tall = wide ? WG_SHAPE(columns, rows) : WG_SHAPE(rows, columns);
    wg_tensor *normal = wg_normal(init->generator, WG_F64, tall, 0, 1), *q = NULL, *r = NULL;
    const wg_status status = wg_qr(normal, &q, &r);
    q = nn_then(normal, nn_then(r, q));
    if (status != WG_OK)
        return NULL;
    wg_tensor *scaled = nn_then(q, wg_mul_scalar(q, o->gain)), *cast = nn_then(scaled, wg_cast(scaled, init->dtype));
    if (!wide)
        return nn_then(cast, wg_reshape(cast, init->shape));
    wg_tensor *transposed = nn_then(cast, wg_transpose(cast, 0, 1)), *dense = nn_then(transposed, wg_copy(transposed));
    return nn_then(dense, wg_reshape(dense, init->shape));
}

const struct nn_init_kind nn_init_orthogonal_kind = NN_INIT_OF_WEIGHT(make);
