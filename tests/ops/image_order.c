/* Images that are contiguous in memory (C,H,W,N): the order of sums does not depend on layout, threads or instruction set, and
   results keep the memory order of the axes. */
#include "common.h"

static const wg_axes to_last = {.count = 4, .axis = {1, 2, 3, 0}}, to_first = {.count = 4, .axis = {3, 0, 1, 2}};

static wg_tensor *innermost(wg_tensor *t)
{
    return made(wg_permute(wg_copy(wg_permute(t, to_last)), to_first));
}

static bool is_innermost(const wg_tensor *t)
{
    return wg_stride(t, 0) == 1 && wg_stride(t, 3) == wg_extent(t, 0) && wg_stride(t, 2) == wg_stride(t, 3) * wg_extent(t, 3) &&
           wg_stride(t, 1) == wg_stride(t, 2) * wg_extent(t, 2);
}

/* ---- the order of sums ---- */

/* Odd extents, so that no block is full. */
enum { IN = 3, OUT = 7, HEIGHT = 6, WIDTH = 9, KERNEL = 3, ROWS = 3, COLUMNS = 11 };
static const wg_conv_options strided = {.stride = WG_PAIR(2, 1), .padding = WG_PAIR(1, 2), .dilation = WG_PAIR(1, 1), .groups = 1};

/* Portable code for x86-64 has no fma. */
static float fused(float a, float b, float sum)
{
#if defined(__x86_64__)
    if (strcmp(wg_instruction_set(), "portable") == 0)
        return a * b + sum;
#endif
    return fmaf(a, b, sum);
}

static float at(const wg_tensor *t, int64_t a, int64_t b, int64_t c, int64_t d)
{
    return ((const float *)wg_data(t))[a * wg_stride(t, 0) + b * wg_stride(t, 1) + c * wg_stride(t, 2) + d * wg_stride(t, 3)];
}

static bool inside(int64_t i, int64_t u, int64_t j, int64_t v, int64_t *row, int64_t *column)
{
    *row = 2 * i + u - 1;
    *column = j + v - 2;
    return *row >= 0 && *row < HEIGHT && *column >= 0 && *column < WIDTH;
}

static float forward(const wg_tensor *x, const wg_tensor *w, float sum, const int64_t *y)
{
    int64_t row, column;
    for (int64_t u = 0; u < KERNEL; u++)
        for (int64_t v = 0; v < KERNEL; v++)
            for (int64_t c = 0; c < IN && inside(y[2], u, y[3], v, &row, &column); c++)
                sum = fused(at(w, y[1], c, u, v), at(x, y[0], c, row, column), sum);
    return sum;
}

static float by_image(const wg_tensor *gy, const wg_tensor *w, const int64_t *x)
{
    float sum = 0;
    for (int64_t u = 0; u < KERNEL; u++)
        for (int64_t v = 0; v < KERNEL; v++)
            for (int64_t o = 0; o < OUT; o++) {
                const int64_t i = (x[2] + 1 - u) / 2, j = x[3] + 2 - v;
                if (x[2] + 1 - u == 2 * i && i >= 0 && i < ROWS && j >= 0 && j < COLUMNS)
                    sum = fused(at(w, o, x[1], u, v), at(gy, x[0], o, i, j), sum);
            }
    return sum;
}

static float by_kernel(const wg_tensor *x, const wg_tensor *gy, const int64_t *w)
{
    float part[16] = {0};
    int64_t row, column;
    for (int64_t i = 0; i < ROWS; i++)
        for (int64_t n = 0; n < wg_extent(x, 0); n++)
            for (int64_t j = 0; j < COLUMNS; j++)
                if (inside(i, w[2], j, w[3], &row, &column))
                    part[n % 16] = fused(at(x, n, w[1], row, column), at(gy, n, w[0], i, j), part[n % 16]);
    for (int half = 8; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            part[k] = part[k] + part[k + half];
    return part[0];
}

/* Checks every element of t against one of the sums above. */
enum sum { FORWARD, BY_IMAGE, BY_KERNEL };

static void assert_sums(const wg_tensor *t, enum sum sum, const wg_tensor *a, const wg_tensor *b, const wg_tensor *bias)
{
    int64_t e[4];
    for (e[0] = 0; e[0] < wg_extent(t, 0); e[0]++)
        for (e[1] = 0; e[1] < wg_extent(t, 1); e[1]++)
            for (e[2] = 0; e[2] < wg_extent(t, 2); e[2]++)
                for (e[3] = 0; e[3] < wg_extent(t, 3); e[3]++) {
                    const float want = sum == FORWARD    ? forward(a, b, ((const float *)wg_data(bias))[e[1]], e)
                                       : sum == BY_IMAGE ? by_image(a, b, e)
                                                         : by_kernel(a, b, e);
                    const float got = at(t, e[0], e[1], e[2], e[3]);
                    assert_memory_equal(&got, &want, sizeof want);
                }
}

static void sums_have_one_order(void **state)
{
    (void)state;
    const int64_t batches[] = {1, 3, 5, 16, 17, 48, 64, 70};
    for (size_t k = 0; k < sizeof batches / sizeof *batches; k++)
        for (int threads = 1; threads <= 3; threads++) {
            WG_TAPE(tape);
            assert_ok(wg_set_threads(threads));
            wg_tensor *x = numbers(WG_F32, WG_SHAPE(batches[k], IN, HEIGHT, WIDTH), 1);
            wg_tensor *w = numbers(WG_F32, WG_SHAPE(OUT, IN, KERNEL, KERNEL), 2), *b = numbers(WG_F32, WG_SHAPE(OUT), 3);
            wg_tensor *gy = numbers(WG_F32, WG_SHAPE(batches[k], OUT, ROWS, COLUMNS), 4);
            for (int order = 0; order < 2; order++) {
                wg_tensor *x_in = order ? innermost(x) : x, *gy_in = order ? innermost(gy) : gy;
                assert_sums(made(wg_conv2d_with(x_in, w, b, strided)), FORWARD, x, w, b);
                assert_sums(made(wg_conv2d_input(gy_in, w, HEIGHT, WIDTH, strided)), BY_IMAGE, gy, w, NULL);
                assert_sums(made(wg_conv2d_weight(x_in, gy_in, KERNEL, KERNEL, strided)), BY_KERNEL, x, gy, NULL);
            }
        }
    assert_ok(wg_set_threads(1));
}

/* ---- many block shapes ---- */

static void blocks_do_not_show(void **state)
{
    (void)state;
    for (int64_t outputs = 1; outputs <= 13; outputs += 2)
        for (int64_t inputs = 1; inputs <= 5; inputs++)
            for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
                WG_TAPE(tape);
                wg_tensor *x = numbers((wg_dtype)dtype, WG_SHAPE(33, inputs, 5, 6), 1), *one = made(wg_slice(x, 0, 30, 33, 1));
                wg_tensor *w = numbers((wg_dtype)dtype, WG_SHAPE(outputs, inputs, 2, 5), 2);
                wg_tensor *gy = numbers((wg_dtype)dtype, WG_SHAPE(33, outputs, 6, 6), 3);
                wg_tensor *y = made(wg_conv2d(innermost(x), w, WG_NONE, .padding = WG_PAIR(1, 2)));
                assert_same_bits(made(wg_slice(y, 0, 30, 33, 1)), made(wg_conv2d(one, w, WG_NONE, .padding = WG_PAIR(1, 2))));
                const wg_conv_options options = WG_CONV(.padding = WG_PAIR(1, 2));
                for (int64_t o = 0; o < outputs; o += 4)
                    for (int64_t i = 0; i < inputs; i++) {
                        wg_tensor *gw = made(wg_conv2d_weight(x, gy, 2, 5, options));
                        wg_tensor *alone = made(
                            wg_conv2d_weight(wg_slice(x, 1, i, i + 1, 1), wg_slice(gy, 1, o, o + 1, 1), 2, 5, options));
                        assert_same_bits(made(wg_slice(wg_slice(gw, 0, o, o + 1, 1), 1, i, i + 1, 1)), alone);
                    }
            }
}

/* ---- the memory order of the axes ---- */

static void results_keep_the_order_of_axes(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *w = numbers(WG_F32, WG_SHAPE(6, 3, 3, 3), 1), *b = numbers(WG_F32, WG_SHAPE(6), 2);
    wg_tensor *x = wg_set_requires_grad(innermost(numbers(WG_F32, WG_SHAPE(20, 3, 8, 8), 3)), true);
    wg_tensor *y = made(wg_conv2d(x, w, b, .padding = WG_PAIR(1, 1))), *r = made(wg_relu(y));
    wg_tensor *p = made(wg_max_pool2d(r, .size = WG_PAIR(2, 2), .stride = WG_PAIR(2, 2)));
    wg_tensor *mean = made(wg_adaptive_avg_pool2d(p, 2, 2));
    assert_true(is_innermost(y) && is_innermost(r) && is_innermost(p) && is_innermost(mean));
    assert_true(is_innermost(made(wg_sum(y, .axis = 2, .keepdims = true))));
    assert_true(is_innermost(made(wg_conv2d_input(y, w, 8, 8, WG_CONV(.padding = WG_PAIR(1, 1))))));
    assert_true(is_innermost(made(wg_max_pool2d_grad(r, p, WG_POOL(.size = WG_PAIR(2, 2), .stride = WG_PAIR(2, 2))))));
    wg_tensor *rows = made(wg_slice(y, 2, 0, 8, 2)), *every = made(wg_slice(rows, 3, 7, -9, -2)); /* with gaps, and backwards */
    assert_true(is_innermost(made(wg_exp(every))) && is_innermost(made(wg_slice_grad(every, 8, 3, 7, -2))));
    assert_true(is_innermost(made(wg_pad(every, WG_SIZES(0, 2, 0, 0), WG_SIZES(0, 1, 0, 0), 0))));
    wg_tensor *flat = made(wg_reshape(p, WG_SHAPE(20, 6 * 4 * 4)));
    assert_ptr_equal(wg_data(flat), wg_data(p)); /* a view: a matrix stored column by column */
    assert_int_equal(wg_stride(flat, 0), 1);
    assert_int_equal(wg_stride(flat, 1), 20);
    const wg_tensor *gw = made(wg_conv2d_weight(x, y, 3, 3, WG_CONV(.padding = WG_PAIR(1, 1))));
    assert_int_equal(wg_stride(gw, 3), 1); /* weights are not images */
    assert_int_equal(wg_stride(gw, 0), 27);
}

/* Of the means over places, of the linear layer behind them and of its gradient no axis has the places' extents; yet the gradient of
   the images has their order. */
static void gradients_keep_it_behind_global_means(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *leaf = wg_set_requires_grad(innermost(numbers(WG_F32, WG_SHAPE(20, 6, 4, 5), 1)), true);
    wg_tensor *w = numbers(WG_F32, WG_SHAPE(10, 6), 2), *x = made(wg_exp(leaf));
    wg_tensor *means = made(wg_adaptive_avg_pool2d(x, 1, 1)), *flat = made(wg_reshape(means, WG_SHAPE(20, 6)));
    assert_ptr_equal(wg_data(flat), wg_data(means));
    wg_tensor *restored = made(wg_reshape(flat, WG_SHAPE(20, 6, 1, 1)));
    for (int axis = 0; axis < 4; axis++)
        assert_int_equal(wg_stride(restored, axis), wg_stride(means, axis));
    wg_tensor *loss = made(wg_sum(wg_tanh(wg_linear(flat, w, WG_NONE))));
    assert_true(is_innermost(made(wg_grad(loss, x))));
}

/* Pooling gives the same bits in either memory order. */
static void pooling_is_the_same_in_either_order(void **state)
{
    (void)state;
    const int64_t batches[] = {1, 5, 16, 64, 70};
    const wg_pool_options options = WG_POOL(.size = WG_PAIR(3, 2), .stride = WG_PAIR(2, 2), .padding = WG_PAIR(1, 1));
    const wg_avg_pool_options average = WG_AVG_POOL(.size = options.size, .stride = options.stride, .padding = options.padding);
    for (size_t k = 0; k < sizeof batches / sizeof *batches; k++)
        for (int threads = 1; threads <= 3; threads++) {
            WG_TAPE(tape);
            assert_ok(wg_set_threads(threads));
            wg_tensor *x = numbers(WG_F32, WG_SHAPE(batches[k], 5, 12, 13), 1), *v = numbers(WG_F32, wg_shape_of(x), 2);
            wg_tensor *y = made(wg_max_pool2d_with(x, options)), *gy = numbers(WG_F32, wg_shape_of(y), 3);
            assert_same_bits(made(wg_max_pool2d_with(innermost(x), options)), y);
            assert_same_bits(made(wg_max_pool2d_grad(innermost(x), gy, options)), made(wg_max_pool2d_grad(x, gy, options)));
            assert_same_bits(made(wg_max_pool2d_pick(x, innermost(v), options)), made(wg_max_pool2d_pick(x, v, options)));
            assert_same_bits(made(wg_avg_pool2d_with(innermost(x), average)), made(wg_avg_pool2d_with(x, average)));
            assert_same_bits(made(wg_avg_pool2d_grad(innermost(gy), 12, 13, average)),
                             made(wg_avg_pool2d_grad(gy, 12, 13, average)));
        }
    assert_ok(wg_set_threads(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sums_have_one_order),
        TEST(blocks_do_not_show),
        TEST(results_keep_the_order_of_axes),
        TEST(gradients_keep_it_behind_global_means),
        TEST(pooling_is_the_same_in_either_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
