/* The kernel of a convolution that passes on its channels: in each group an identity matrix between channels, in the middle of the
   window. */
#include "init.h"

#include "wengert/error.h"
#include "wengert/ops.h"

static wg_tensor *make(const struct nn_init *init)
{
    const int64_t groups = ((const wg_init_dirac_options *)init->options)->groups, out = init->shape.extent[0];
    const wg_shape shape = init->shape;
    int64_t before[WG_MAX_RANK] = {0}, after[WG_MAX_RANK] = {0};
    wg_shape point = {.rank = shape.rank, .extent = {out, shape.extent[1], 1, 1, 1, 1, 1, 1}};
    if (out % groups != 0) {
        (void)wg_error_set(WG_E_SHAPE, init->op, "%s: expected groups that divide the %lld output channels, got %lld", init->op,
                           (long long)out, (long long)groups);
        return NULL;
    }
    for (int i = 2; i < shape.rank; i++) {
        before[i] = shape.extent[i] / 2;
        after[i] = shape.extent[i] - 1 - before[i];
    }
    wg_tensor *group = nn_init_identity(init->dtype, out / groups, shape.extent[1]);
    wg_tensor *channels = nn_then(group, wg_repeat(group, WG_SIZES(groups, 1)));
    wg_tensor *middle = nn_then(channels, wg_reshape(channels, point));
    return nn_then(middle, wg_pad(middle, (wg_sizes){shape.rank, before}, (wg_sizes){shape.rank, after}, 0));
}

const struct nn_init_kind nn_init_dirac_kind = {.make = make,
                                                .min_rank = 3,
                                                .max_rank = 5,
                                                .of_weight = true,
                                                .expected = "a kernel (out, in/groups, extent, ...) of rank 3 to 5 with elements"};
