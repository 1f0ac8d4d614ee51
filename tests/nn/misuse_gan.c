/* Misuse of what generative adversarial training takes. */
#include "misuse.h"

static void misuse_losses(void)
{
    for (int i = 0; i < 6; i++) {
        const wg_gan_objective objective = (wg_gan_objective)i;
        REFUSED("gan_critic_loss", wg_gan_critic_loss(objective, bad, fx.y));
        REFUSED("gan_critic_loss", wg_gan_critic_loss(objective, fx.y, bad));
        assert_null_and_error(wg_gan_generator_loss(objective, NULL, fx.y), WG_E_NULL, "gan_generator_loss: ");
        REFUSED("gan_generator_loss", wg_gan_generator_loss(objective, fx.y, bad));
        assert_null_and_error(wg_gan_critic_loss(objective, fx.y, fx.wide), WG_E_DTYPE,
                              "gan_critic_loss: expected scores of one dtype, got f32 and f64");
        assert_null_and_error(wg_gan_critic_loss(objective, fx.labels, fx.y), WG_E_DTYPE,
                              "gan_critic_loss: expected scores of real samples of dtype f32 or f64, got i64");
        assert_null_and_error(wg_gan_generator_loss(objective, fx.y, fx.bytes), WG_E_DTYPE,
                              "gan_generator_loss: expected scores of generated samples of dtype f32 or f64, got u8");
    }
    REFUSED("gan_generator_loss", wg_gan_generator_loss(WG_GAN_RELATIVISTIC, bad, fx.y));
    assert_null_and_error(wg_gan_critic_loss(WG_GAN_RELATIVISTIC, fx.y, fx.vector), WG_E_SHAPE,
                          "gan_critic_loss: expected scores of one shape, got [2, 3] and [3]");
    assert_null_and_error(wg_gan_generator_loss(WG_GAN_RELATIVISTIC, fx.y, fx.vector), WG_E_SHAPE,
                          "gan_generator_loss: expected scores of one shape, got [2, 3] and [3]");
    assert_null_and_error(wg_gan_generator_loss(WG_GAN_RELATIVISTIC, WG_NONE, fx.y), WG_E_ARGUMENT,
                          "gan_generator_loss: expected scores of real samples, got WG_NONE");
    assert_null_and_error(wg_gan_critic_loss((wg_gan_objective)6, fx.y, fx.y), WG_E_ARGUMENT,
                          "gan_critic_loss: expected an objective of wg_gan_objective, got 6");
    assert_null_and_error(wg_gan_generator_loss((wg_gan_objective)-1, fx.y, fx.y), WG_E_ARGUMENT,
                          "gan_generator_loss: expected an objective of wg_gan_objective, got -1");
}

static void misuse_points(void)
{
    REFUSED("gan_point", wg_gan_point(bad));
    REFUSED("gan_mix", wg_gan_mix(bad, fx.y));
    REFUSED("gan_mix", wg_gan_mix(fx.y, bad));
    REFUSED_BUT_NONE("gan_mix", wg_gan_mix(fx.y, fx.y, .generator = bad));
    assert_null_and_error(wg_gan_mix(fx.y, fx.y, .generator = fx.vector), WG_E_DTYPE, "gan_mix: ");
    assert_null_and_error(wg_gan_point(fx.labels), WG_E_DTYPE, "gan_point: expected samples of dtype f32 or f64, got i64");
    assert_null_and_error(wg_gan_mix(fx.y, fx.odd), WG_E_SHAPE, "gan_mix: expected samples of one shape, got [2, 3] and [5, 7]");
    assert_null_and_error(wg_gan_mix(fx.y, fx.wide), WG_E_DTYPE, "gan_mix: expected samples of one dtype, got f32 and f64");
}

typedef wg_tensor *penalty(wg_tensor *scores, wg_tensor *point);

static wg_tensor *slope_penalty(wg_tensor *scores, wg_tensor *point)
{
    return wg_gan_slope_penalty(scores, point);
}

static void misuse_penalties(void)
{
    penalty *const penalties[] = {slope_penalty, wg_gan_r1_penalty};
    const char *const names[] = {"gan_slope_penalty", "gan_r1_penalty"};
    char text[200];
    wg_tensor *point = wg_gan_point(fx.y), *scores = wg_sum(point, .axis = 1);
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "%s: ", names[i]);
        FOR_EACH_BAD(IS_NULL, assert_null_and_error(penalties[i](bad, point), code, text));
        FOR_EACH_BAD(IS_NULL, assert_null_and_error(penalties[i](scores, bad), code, text));
        snprintf(text, sizeof text, "%s: expected a point that requires a gradient", names[i]);
        assert_null_and_error(penalties[i](scores, fx.y), WG_E_ARGUMENT, text);
        snprintf(text, sizeof text, "%s: expected a point (N, ...) and scores of its N samples, got [2, 3] and [3]", names[i]);
        assert_null_and_error(penalties[i](wg_sum(point, .axis = 0), point), WG_E_SHAPE, text);
        snprintf(text, sizeof text, "%s: expected a point (N, ...) and scores of its N samples, got [2, 3] and []", names[i]);
        assert_null_and_error(penalties[i](wg_sum(point), point), WG_E_SHAPE, text);
        snprintf(text, sizeof text, "%s: expected scores and point of one dtype, got f64 and f32", names[i]);
        assert_null_and_error(penalties[i](fx.wide, point), WG_E_DTYPE, text);
        snprintf(text, sizeof text, "%s: ", names[i]);
        assert_null_and_error(penalties[i](wg_sum(fx.x, .axis = 1), point), WG_E_UNUSED, text);
    }
    assert_null_and_error(wg_gan_slope_penalty(scores, point, .target = -1), WG_E_ARGUMENT,
                          "gan_slope_penalty: expected .target in [0, inf), got -1");
    assert_null_and_error(wg_gan_slope_penalty(scores, point, .target = NAN), WG_E_ARGUMENT,
                          "gan_slope_penalty: expected .target in [0, inf), got nan");
}

static void misuse_parts(void)
{
    wg_tensor *factor = wg_ones(WG_F32, WG_SHAPE(1));
    REFUSED("gan_pack", wg_gan_pack(bad, 1));
    assert_null_and_error(wg_gan_pack(fx.y, 0), WG_E_ARGUMENT, "gan_pack: expected a batch that groups of 0 samples divide, got 2");
    assert_null_and_error(wg_gan_pack(fx.odd, 2), WG_E_SHAPE,
                          "gan_pack: expected a batch that groups of 2 samples divide, got 5 samples");
    assert_null_and_error(wg_gan_pack(fx.scalar, 1), WG_E_SHAPE, "gan_pack: ");
    wg_tensor *empty = wg_zeros(WG_F64, WG_SHAPE(0, 2));
    assert_null_and_error(wg_gan_pack(empty, INT64_MAX), WG_E_SHAPE,
                          "gan_pack: groups of 9223372036854775807 samples are too large");
    assert_null_and_error(wg_gan_pack(fx.labels, 1), WG_E_DTYPE, "gan_pack: expected samples of dtype f32 or f64, got i64");
    REFUSED("gan_condition", wg_gan_condition(bad, fx.labels, 2));
    REFUSED("gan_condition", wg_gan_condition(fx.y, bad, 2));
    assert_null_and_error(wg_gan_condition(fx.y, fx.labels, 1), WG_E_ARGUMENT, "gan_condition: ");
    assert_null_and_error(wg_gan_condition(fx.y, fx.labels, 0), WG_E_ARGUMENT, "gan_condition: ");
    assert_null_and_error(wg_gan_condition(fx.y, fx.vector, 2), WG_E_SHAPE,
                          "gan_condition: expected x (N, C) or (N, C, ...) and labels");
    assert_null_and_error(wg_gan_condition(fx.vector, fx.labels, 2), WG_E_SHAPE, "gan_condition: expected x (N, C) or (N, C, ...)");
    REFUSED_BUT_NONE("gan_latent", wg_gan_latent(bad, 3, 2, 1));
    assert_null_and_error(wg_gan_latent(fx.generator, -1, 2, 1), WG_E_ARGUMENT,
                          "gan_latent: expected a number of samples of at least 0");
    assert_null_and_error(wg_gan_latent(fx.generator, 1, -2, 1), WG_E_ARGUMENT,
                          "gan_latent: expected a number of normal coordinates");
    assert_null_and_error(wg_gan_latent(fx.generator, 1, 2, -1), WG_E_ARGUMENT,
                          "gan_latent: expected a number of bits of at least 0, got -1");
    assert_null_and_error(wg_gan_latent(fx.generator, 1, 2, 1, .dtype = WG_U8), WG_E_DTYPE,
                          "gan_latent: expected a result of dtype f32");
    REFUSED_BUT_NONE("gan_labels", wg_gan_labels(bad, 3, 2));
    assert_null_and_error(wg_gan_labels(fx.generator, -1, 2), WG_E_ARGUMENT,
                          "gan_labels: expected a number of samples of at least 0");
    assert_null_and_error(wg_gan_labels(fx.generator, 3, 0), WG_E_ARGUMENT,
                          "gan_labels: expected a number of classes of at least 1, got 0");
    REFUSED("gan_noise", wg_gan_noise(bad, 1));
    REFUSED_BUT_NONE("gan_noise", wg_gan_noise(fx.y, 1, .generator = bad));
    REFUSED_BUT_NONE("gan_noise", wg_gan_noise(fx.y, 1, .factor = bad));
    assert_null_and_error(wg_gan_noise(fx.y, -1), WG_E_ARGUMENT, "gan_noise: expected sigma in [0, inf), got -1");
    assert_null_and_error(wg_gan_noise(fx.y, 1, .factor = fx.rate), WG_E_DTYPE,
                          "gan_noise: expected samples and .factor of one dtype");
    assert_null_and_error(wg_gan_noise(fx.y, 1, .factor = factor), WG_E_SHAPE, "gan_noise: expected .factor of rank 0, got [1]");
}

static void misuse_mixtures(void)
{
    wg_tensor *labels = fx.labels, *centres = fx.wide, *weights = wg_from(((const double[]){1, -1}), WG_SHAPE(2));
    assert_null_and_error(wg_gan_ring_centres(0, 1), WG_E_ARGUMENT, "gan_ring_centres: expected 1 to 1000000 modes, got 0");
    assert_null_and_error(wg_gan_ring_centres(INT64_MAX, 1), WG_E_ARGUMENT, "gan_ring_centres: expected 1 to 1000000 modes");
    assert_null_and_error(wg_gan_ring_centres(8, 0), WG_E_ARGUMENT, "gan_ring_centres: expected a radius in (0, inf), got 0");
    assert_null_and_error(wg_gan_ring_centres(8, NAN), WG_E_ARGUMENT, "gan_ring_centres: expected a radius in (0, inf), got nan");
    assert_null_and_error(wg_gan_grid_centres(-1, 1), WG_E_ARGUMENT, "gan_grid_centres: expected a side of 1 to 1000, got -1");
    assert_null_and_error(wg_gan_grid_centres(1001, 1), WG_E_ARGUMENT, "gan_grid_centres: expected a side of 1 to 1000, got 1001");
    assert_null_and_error(wg_gan_grid_centres(5, INFINITY), WG_E_ARGUMENT,
                          "gan_grid_centres: expected an extent in (0, inf), got inf");
    REFUSED_BUT_NONE("gan_mixture", wg_gan_mixture(bad, 3, centres, 1));
    REFUSED("gan_mixture", wg_gan_mixture(fx.generator, 3, bad, 1));
    REFUSED_BUT_NONE("gan_mixture", wg_gan_mixture(fx.generator, 3, centres, 1, .weights = bad));
    assert_null_and_error(wg_gan_mixture(fx.generator, -1, centres, 1, .labels = &labels), WG_E_ARGUMENT,
                          "gan_mixture: expected a number of samples in [0, inf), got -1");
    assert_null(labels);
    assert_null_and_error(wg_gan_mixture(fx.generator, 3, centres, -1), WG_E_ARGUMENT,
                          "gan_mixture: expected sigma in [0, inf), got -1");
    assert_null_and_error(wg_gan_mixture(fx.generator, 3, centres, 1, .dtype = WG_I64), WG_E_DTYPE,
                          "gan_mixture: expected samples of dtype f32 or f64, got i64");
    assert_null_and_error(wg_gan_mixture(fx.generator, 3, fx.y, 1), WG_E_DTYPE,
                          "gan_mixture: expected centres of dtype f64, got f32");
    assert_null_and_error(wg_gan_mixture(fx.generator, 3, fx.rate, 1), WG_E_SHAPE, "gan_mixture: expected centres (k, d)");
    assert_null_and_error(wg_gan_mixture(fx.generator, 3, centres, 1, .weights = fx.vector), WG_E_DTYPE,
                          "gan_mixture: expected weights and centres of one dtype, got f32 and f64");
    assert_null_and_error(wg_gan_mixture(fx.generator, 3, centres, 1, .weights = fx.rate), WG_E_SHAPE,
                          "gan_mixture: expected a weight for each of 2 centres, got []");
    assert_null_and_error(wg_gan_mixture(fx.generator, 3, centres, 1, .weights = weights), WG_E_ARGUMENT, "gan_mixture: ");
    const double no_shares[][2] = {{0, 0}, {NAN, 1}, {INFINITY, 1}, {1e308, 1e308}};
    for (int i = 0; i < 4; i++) {
        wg_tensor *shares = wg_from(no_shares[i], WG_SHAPE(2));
        assert_null_and_error(wg_gan_mixture(fx.generator, 3, centres, 1, .weights = shares), WG_E_ARGUMENT,
                              i > 0 && i < 3 ? "gan_mixture: expect: expected weights in 0"
                                             : "gan_mixture: expect: expected Σ weights");
    }
}

/* These options are refused, with a message that begins with "gan_modes: ", and the result has no modes. */
#define NO_MODES(code, text, ...)                                                                   \
    do {                                                                                            \
        wg_gan_modes_result r_ = {.modes = 7};                                                      \
        assert_fails(wg_gan_modes(fx.y, centres, 1, &r_, __VA_ARGS__), (code), "gan_modes: " text); \
        assert_true(r_.modes == 0 && isnan(r_.high_quality));                                       \
    } while (0)

static void misuse_modes(void)
{
    wg_gan_modes_result r;
    wg_tensor *centres = wg_from(((const float[]){0, 0, 0, 5, 5, 5}), WG_SHAPE(2, 3));
    wg_tensor *infinite = wg_full(WG_F64, WG_SHAPE(1, 3), INFINITY), *negative = wg_full(WG_F64, WG_SHAPE(2), -1);
    assert_fails(wg_gan_modes(fx.y, centres, 1, NULL), WG_E_NULL, "gan_modes: the result is NULL");
    REFUSED_STATUS("gan_modes", wg_gan_modes(bad, centres, 1, &r));
    REFUSED_STATUS("gan_modes", wg_gan_modes(fx.y, bad, 1, &r));
    REFUSED_STATUS_BUT_NONE("gan_modes", wg_gan_modes(fx.y, centres, 1, &r, .weights = bad));
    assert_fails(wg_gan_modes(fx.y, fx.odd, 1, &r), WG_E_SHAPE,
                 "gan_modes: expected samples (n, d) and centres (k, d), at least one of each, got [2, 3] and [5, 7]");
    assert_fails(wg_gan_modes(fx.vector, fx.vector, 1, &r), WG_E_SHAPE, "gan_modes: expected samples (n, d) and centres (k, d)");
    assert_fails(wg_gan_modes(wg_zeros(WG_F32, WG_SHAPE(0, 3)), centres, 1, &r), WG_E_SHAPE, "gan_modes: expected samples (n, d)");
    assert_fails(wg_gan_modes(fx.labels, centres, 1, &r), WG_E_DTYPE, "gan_modes: expected samples of dtype f32 or f64, got i64");
    assert_fails(wg_gan_modes(fx.y, centres, 0, &r), WG_E_ARGUMENT, "gan_modes: expected sigma in (0, inf), got 0");
    assert_fails(wg_gan_modes(fx.y, infinite, 1, &r), WG_E_ARGUMENT, "gan_modes: expected finite centres, got inf in number 0");
    assert_fails(wg_gan_modes(fx.y, centres, 9, &r), WG_E_ARGUMENT,
                 "gan_modes: expected centres at least sigma = 9 apart, got 0 and 1 at a distance of 8.66");
    NO_MODES(WG_E_ARGUMENT, "expected .radius in (0, inf), got nan", .radius = NAN);
    NO_MODES(WG_E_ARGUMENT, "expected .count_from of at least 1, got 0", .count_from = 0);
    NO_MODES(WG_E_SHAPE, "expected .weights of shape [2], one for each centre, got [3]", .weights = fx.vector);
    NO_MODES(WG_E_DTYPE, "expected .weights of dtype f32 or f64, got i64", .weights = fx.labels);
    NO_MODES(WG_E_ARGUMENT, "expected .weights in [0, inf), got -1 at element 0", .weights = negative);
    NO_MODES(WG_E_ARGUMENT, "expected .weights with a sum in (0, inf), got 0", .weights = wg_zeros(WG_F32, WG_SHAPE(2)));
}

static void misuse_nearest(void)
{
    wg_tensor *distances = fx.x, *index = fx.x;
    REFUSED_STATUS("gan_nearest", wg_gan_nearest(bad, fx.y, &distances, &index));
    assert_true(!distances && !index);
    REFUSED_STATUS("gan_nearest", wg_gan_nearest(fx.y, bad, &distances, &index));
    assert_fails(wg_gan_nearest(fx.y, fx.odd, &distances, NULL), WG_E_SHAPE,
                 "gan_nearest: expected samples (n, ...) and data (m, ...)");
    assert_fails(wg_gan_nearest(fx.scalar, fx.scalar, &distances, NULL), WG_E_SHAPE, "gan_nearest: expected samples (n, ...)");
    assert_fails(wg_gan_nearest(fx.y, wg_zeros(WG_F32, WG_SHAPE(0, 3)), NULL, &index), WG_E_SHAPE, "gan_nearest: expected samples");
    assert_fails(wg_gan_nearest(fx.bytes, fx.y, &distances, NULL), WG_E_DTYPE,
                 "gan_nearest: expected samples of dtype f32 or f64, got u8");
}

static const struct misuse table[] = {
    {"wg_gan_critic_loss", misuse_losses},
    {"wg_gan_generator_loss", misuse_losses},
    {"wg_gan_point", misuse_points},
    {"wg_gan_mix_with", misuse_points},
    {"wg_gan_slope_penalty_with", misuse_penalties},
    {"wg_gan_r1_penalty", misuse_penalties},
    {"wg_gan_pack", misuse_parts},
    {"wg_gan_condition", misuse_parts},
    {"wg_gan_latent_with", misuse_parts},
    {"wg_gan_labels", misuse_parts},
    {"wg_gan_noise_with", misuse_parts},
    {"wg_gan_ring_centres", misuse_mixtures},
    {"wg_gan_grid_centres", misuse_mixtures},
    {"wg_gan_mixture_with", misuse_mixtures},
    {"wg_gan_modes_with", misuse_modes},
    {"wg_gan_nearest", misuse_nearest},
};

MISUSE_MAIN(table)
