/* What a critic or a generator is given beside single samples: groups of them, and conditions. */
#include "gan.h"

#include "wengert/error.h"
#include "wengert/ops.h"

wg_tensor *wg_gan_pack(wg_tensor *x, int64_t samples)
{
    const char *op = "gan_pack";
    if (gan_check_real(x, op, "samples") != WG_OK)
        return NULL;
    wg_shape shape = wg_shape_of(x);
    if (shape.rank < 1 || samples < 1 || shape.extent[0] % samples != 0) {
        char text[100];
        (void)wg_error_set(samples < 1 ? WG_E_ARGUMENT : WG_E_SHAPE, op,
                           "%s: expected a batch that groups of %lld samples divide, got %lld samples, %s", op, (long long)samples,
                           (long long)(shape.rank < 1 ? 1 : shape.extent[0]), wg_shape_text(shape, text, sizeof text));
        return NULL;
    }
    shape.extent[0] /= samples;
    if (shape.rank == 1)
        shape = WG_SHAPE(shape.extent[0], samples);
    else if (__builtin_mul_overflow(shape.extent[1], samples, &shape.extent[1])) { /* of an empty batch */
        (void)wg_error_set(WG_E_SHAPE, op, "%s: groups of %lld samples are too large", op, (long long)samples);
        return NULL;
    }
    const uint64_t before = nn_count_errors();
    wg_tensor *packed = wg_reshape(x, shape);
    nn_name_error(before, op);
    return packed;
}

/* ---- conditions ---- */

struct condition {
    wg_tensor *x, *labels;
    int64_t classes;
};

static wg_tensor *join(const void *arguments)
{
    const struct condition *c = arguments;
    wg_shape shape = wg_shape_of(c->x), one = shape;
    shape.extent[1] = c->classes;
    one.extent[1] = c->classes;
    for (int i = 2; i < shape.rank; i++)
        one.extent[i] = 1;
    wg_tensor *one_hot = wg_reshape(wg_one_hot(c->labels, c->classes, wg_dtype_of(c->x)), one);
    wg_tensor *part[] = {c->x, wg_broadcast_to(one_hot, shape)};
    return wg_concat(part, 2, 1);
}

wg_tensor *wg_gan_condition(wg_tensor *x, wg_tensor *labels, int64_t classes)
{
    const char *op = "gan_condition";
    const struct condition condition = {x, labels, classes};
    char one[100], other[100];
    if (gan_check_real(x, op, "x") != WG_OK || gan_check_live(labels, op, "labels") != WG_OK)
        return NULL;
    if (wg_rank(x) < 2 || wg_rank(labels) != 1 || wg_extent(x, 0) != wg_extent(labels, 0)) {
        (void)wg_error_set(WG_E_SHAPE, op, "%s: expected x (N, C) or (N, C, ...) and labels (N), got %s and %s", op,
                           wg_shape_text(wg_shape_of(x), one, sizeof one), wg_shape_text(wg_shape_of(labels), other, sizeof other));
        return NULL;
    }
    return gan_make(join, &condition, op);
}
