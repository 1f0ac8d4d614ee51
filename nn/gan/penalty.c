/* Penalties on the slope of the critic, and the points at which it is measured. */
#include "gan.h"

#include "wengert/error.h"
#include "wengert/graph.h"
#include "wengert/ops.h"
#include "wengert/random.h"
#include "wengert/tape.h"

/* ---- points ---- */

wg_tensor *wg_gan_point(wg_tensor *x)
{
    const char *op = "gan_point";
    if (gan_check_tape(op) != WG_OK || gan_check_real(x, op, "samples") != WG_OK)
        return NULL;
    const uint64_t before = nn_count_errors();
    wg_tensor *point = wg_set_requires_grad(wg_detach(x), true);
    nn_name_error(before, op);
    return point;
}

/* One α for each sample, (N,1,…). */
static wg_tensor *draw_alpha(wg_tensor *generator, const wg_tensor *like)
{
    wg_shape shape = wg_shape_of(like);
    for (int i = 1; i < shape.rank; i++)
        shape.extent[i] = 1;
    return wg_uniform(generator, wg_dtype_of(like), shape, 0, 1);
}

wg_tensor *wg_gan_mix_with(wg_tensor *real, wg_tensor *fake, wg_gan_mix_options options)
{
    const char *op = "gan_mix";
    if (gan_check_tape(op) != WG_OK || gan_check_real(real, op, "real samples") != WG_OK ||
        gan_check_real(fake, op, "generated samples") != WG_OK || gan_check_alike(real, fake, true, op, "samples") != WG_OK)
        return NULL;
    const uint64_t before = nn_count_errors();
    wg_tensor *mixed;
    {
        WG_NO_GRAD;
        mixed = wg_lerp(fake, real, draw_alpha(gan_generator(options.generator), real));
    }
    mixed = wg_set_requires_grad(mixed, true);
    nn_name_error(before, op);
    return mixed;
}

/* ---- penalties ---- */

/* By batch normalisation the score of a sample depends on the others, and ∂(Σ scores)/∂point is no slope of the critic: of the normalisation
   alone it is even 0, wherever the point is. */
static wg_status check_independence(wg_tensor *scores, wg_tensor *point, const char *op)
{
    static const char *const of_the_batch[] = {"batch_norm", "batch_norm_relu"};
    const char *found = NULL;
    WG_TRY(wg_graph_find_between(point, scores, of_the_batch, sizeof of_the_batch / sizeof *of_the_batch, &found));
    if (!found)
        return WG_OK;
    return wg_error_set(
        WG_E_ARGUMENT, op,
        "%s: expected scores that each depend on one sample, got %s between point and scores, by the statistics of the "
        "batch: use layer, group or instance normalisation",
        op, found);
}

static wg_status check(wg_tensor *scores, wg_tensor *point, const char *op)
{
    char one[100], other[100];
    WG_TRY(gan_check_tape(op));
    WG_TRY(gan_check_real(scores, op, "scores"));
    WG_TRY(gan_check_real(point, op, "a point"));
    WG_TRY(gan_check_alike(scores, point, false, op, "scores and point"));
    if (!wg_requires_grad(point))
        return wg_error_set(WG_E_ARGUMENT, op,
                            "%s: expected a point that requires a gradient, as wg_gan_point and wg_gan_mix make it: the critic is "
                            "applied to that",
                            op);
    if (wg_rank(point) > 0 && wg_rank(scores) > 0 && wg_extent(point, 0) == wg_extent(scores, 0))
        return check_independence(scores, point, op);
    return wg_error_set(WG_E_SHAPE, op, "%s: expected a point (N, ...) and scores of its N samples, got %s and %s", op,
                        wg_shape_text(wg_shape_of(point), one, sizeof one),
                        wg_shape_text(wg_shape_of(scores), other, sizeof other));
}

/* ∂(Σ scores)/∂point, recorded, of rank 2 or more. */
static wg_tensor *slope_of(wg_tensor *scores, wg_tensor *point)
{
    wg_tensor *slope = wg_grad(wg_sum(scores), point, .create_graph = true);
    return wg_rank(point) > 1 ? slope : wg_unsqueeze(slope, 1);
}

static wg_axes all_but_the_first(int rank)
{
    wg_axes axes = {.count = rank - 1};
    for (int i = 1; i < rank; i++)
        axes.axis[i - 1] = (int8_t)i;
    return axes;
}

wg_tensor *wg_gan_slope_penalty_with(wg_tensor *scores, wg_tensor *point, wg_gan_slope_penalty_options options)
{
    const char *op = "gan_slope_penalty";
    if (gan_check_number(options.target, 0, op, ".target") != WG_OK || check(scores, point, op) != WG_OK)
        return NULL;
    const uint64_t before = nn_count_errors();
    wg_tensor *slope = slope_of(scores, point), *penalty = NULL;
    if (slope) {
        wg_tensor *excess = wg_add_scalar(wg_norm2(slope, .axes = all_but_the_first(wg_rank(slope))), -options.target);
        penalty = wg_mean(wg_square(options.one_sided ? wg_relu(excess) : excess));
    }
    nn_name_error(before, op);
    return penalty;
}

wg_tensor *wg_gan_r1_penalty(wg_tensor *scores, wg_tensor *point)
{
    const char *op = "gan_r1_penalty";
    if (check(scores, point, op) != WG_OK)
        return NULL;
    const uint64_t before = nn_count_errors();
    wg_tensor *slope = slope_of(scores, point);
    wg_tensor *penalty = wg_mul_scalar(wg_sum_squares(slope), 0.5 / (double)wg_extent(point, 0));
    nn_name_error(before, op);
    return penalty;
}
