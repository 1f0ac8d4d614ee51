/* The identity matrix, cut or padded with zeros to the matrix's extents. */
#include "init.h"

static wg_tensor *make(const struct nn_init *init)
{
    return nn_init_identity(init->dtype, init->shape.extent[0], init->shape.extent[1]);
}

const struct nn_init_kind nn_init_eye_kind = {.make = make, .min_rank = 2, .max_rank = 2, .expected = "a matrix"};
