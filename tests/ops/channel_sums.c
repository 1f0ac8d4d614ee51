/* Sums over a channel have the order that ops/channel.h describes, whatever the memory order of the operand, the number of images and
   positions, the number of threads, and the instruction set. What is computed from such sums has the same bits in all memory orders. */
#include "common.h"

/* ---- memory orders ---- */

/* Axes from the outermost in memory to the innermost. The last order has a gap in each row. */
static const wg_axes orders[] = {{.count = 4, .axis = {0, 1, 2, 3}},
                                 {.count = 4, .axis = {0, 2, 3, 1}},
                                 {.count = 4, .axis = {1, 2, 3, 0}},
                                 {.count = 4, .axis = {1, 3, 2, 0}},
                                 {.count = 4, .axis = {3, 0, 1, 2}}};
enum { ORDERS = sizeof orders / sizeof *orders, WITH_GAPS = ORDERS };

/* x's elements in another memory order. */
static wg_tensor *in_order(wg_tensor *x, int order)
{
    const wg_axes gaps = {.count = 4, .axis = {1, 2, 3, 0}}, to = order == WITH_GAPS ? gaps : orders[order];
    wg_axes back = {.count = 4};
    for (int i = 0; i < 4; i++)
        back.axis[to.axis[i]] = (int8_t)i;
    wg_tensor *copy = made(wg_copy(wg_permute(x, to)));
    if (order == WITH_GAPS)
        copy = made(wg_slice(wg_pad(copy, WG_SIZES(0, 0, 0, 0), WG_SIZES(0, 0, 1, 0), 0), 2, 0, wg_extent(x, 3), 1));
    return made(wg_permute(copy, back));
}

/* ---- the order of a sum ---- */

enum { PARTS = 32, IMAGE_PARTS = 8 };

static double joined(double *part, int64_t parts, int64_t most)
{
    for (int64_t half = most / 2; half > 0; half /= 2)
        for (int64_t j = 0; j < half && j + half < parts; j++)
            part[j] += part[j + half];
    return part[0];
}

/* Of a row-major tensor. */
static double at(const wg_tensor *t, int64_t i)
{
    return wg_dtype_of(t) == WG_F32 ? ((const float *)wg_data(t))[i] : ((const double *)wg_data(t))[i];
}

/* The sum over a channel of x, which is row-major. */
static double plain_sum(const wg_tensor *x, int64_t channel)
{
    const int64_t images = wg_extent(x, 0), positions = wg_extent(x, 2) * wg_extent(x, 3);
    double image_part[IMAGE_PARTS] = {0};
    for (int64_t n = 0; n < images; n++) {
        double part[PARTS] = {0};
        for (int64_t p = 0; p < positions; p++)
            part[p % PARTS] += at(x, (n * wg_extent(x, 1) + channel) * positions + p);
        image_part[n % IMAGE_PARTS] += joined(part, positions, PARTS);
    }
    return joined(image_part, images, IMAGE_PARTS);
}

static void check_sums(wg_tensor *x)
{
    for (int order = 0; order <= WITH_GAPS; order++)
        for (int threads = 1; threads <= 2; threads++) {
            assert_ok(wg_set_threads(threads));
            const wg_tensor *sum = made(wg_channel_sum(in_order(x, order)));
            for (int64_t c = 0; c < wg_extent(x, 1); c++) {
                const double plain = plain_sum(x, c);
                assert_true(at(sum, c) == (wg_dtype_of(x) == WG_F32 ? (float)plain : plain));
            }
        }
}

static const int64_t batches[] = {1, 7, 32, 33, 70};
static const int64_t places[][2] = {{1, 1}, {2, 3}, {4, 8}, {5, 7}, {8, 8}, {9, 11}};

static void sums_have_one_order(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof batches / sizeof *batches; n++)
        for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
            WG_TAPE(tape);
            const wg_shape shape = WG_SHAPE(batches[n], 5, places[p][0], places[p][1]);
            check_sums(numbers(WG_F32, shape, n + 1));
            check_sums(numbers(WG_F64, shape, n + 1));
        }
}

/* ---- what is computed from them ---- */

enum { RESULTS = 13 };

static void normalise(wg_tensor *x, wg_tensor *gy, wg_tensor *gamma, wg_tensor *beta, wg_tensor **r)
{
    r[0] = made(wg_batch_norm(x, .weight = gamma, .bias = beta, .mean = &r[1], .rstd = &r[2], .variance = &r[3]));
    r[4] = made(wg_batch_norm_relu(x, .weight = gamma, .bias = beta));
    assert_ok(wg_batch_norm_grad(x, gamma, r[1], r[2], gy, WG_NONE, &r[5], &r[6], &r[7]));
    assert_ok(wg_batch_norm_grad(x, gamma, r[1], r[2], gy, r[4], &r[8], &r[9], &r[10]));
    assert_ok(wg_relu_bias_grad(x, gy, &r[11], &r[12]));
}

static void check_results(wg_dtype dtype, wg_shape shape)
{
    WG_TAPE(tape);
    wg_tensor *x = numbers(dtype, shape, 1), *gy = numbers(dtype, shape, 2), *expected[RESULTS], *got[RESULTS];
    wg_tensor *gamma = numbers(dtype, WG_SHAPE(shape.extent[1]), 3), *beta = numbers(dtype, WG_SHAPE(shape.extent[1]), 4);
    assert_ok(wg_set_threads(1));
    normalise(x, gy, gamma, beta, expected);
    for (int order = 0; order <= WITH_GAPS; order++)
        for (int threads = 1; threads <= 2; threads++) {
            assert_ok(wg_set_threads(threads));
            normalise(in_order(x, order), in_order(gy, order), gamma, beta, got);
            for (int i = 0; i < RESULTS; i++)
                assert_same_bits(got[i], expected[i]);
            normalise(in_order(x, order), gy, gamma, beta, got); /* operands of two orders */
            for (int i = 0; i < RESULTS; i++)
                assert_same_bits(got[i], expected[i]);
        }
}

static void results_do_not_depend_on_the_memory_order(void **state)
{
    (void)state;
    for (size_t n = 1; n < sizeof batches / sizeof *batches; n++)
        for (size_t p = 0; p < sizeof places / sizeof *places; p++)
            for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
                check_results((wg_dtype)dtype, WG_SHAPE(batches[n], 3, places[p][0], places[p][1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sums_have_one_order),
        TEST(results_do_not_depend_on_the_memory_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
