/* Misuse of convolution and pooling; included by misuse_ops.c. */

/* ---- convolution: valid operands, and options that are wrong in turn ---- */

static wg_tensor *ones_of(int64_t a, int64_t b, int64_t c, int64_t d)
{
    return made(wg_ones(WG_F32, WG_SHAPE(a, b, c, d)));
}

/* Applies call to options that are refused for all operands. */
#define REFUSED_OPTIONS(op, call)                                                                                    \
    assert_null_and_error(call(WG_CONV(.stride = WG_PAIR(0, 1))), WG_E_ARGUMENT, "got stride 0, dilation 1");        \
    assert_null_and_error(call(WG_CONV(.stride = WG_PAIR(1, -1))), WG_E_ARGUMENT, "got stride -1, dilation 1");      \
    assert_null_and_error(call(WG_CONV(.stride = WG_PAIR(2, 0))), WG_E_ARGUMENT, "got stride 0, dilation 1");        \
    assert_null_and_error(call(WG_CONV(.dilation = WG_PAIR(1, 0))), WG_E_ARGUMENT, "got stride 1, dilation 0");      \
    assert_null_and_error(call(WG_CONV(.padding = WG_PAIR(-1, 0))), WG_E_ARGUMENT, "padding -1");                    \
    assert_null_and_error(call(WG_CONV(.padding = WG_PAIR(0, INT64_MIN))), WG_E_ARGUMENT, op ": ");                  \
    assert_null_and_error(call(WG_CONV(.padding = WG_PAIR(INT64_MAX, 0))), WG_E_SHAPE, "is too large");              \
    assert_null_and_error(call(WG_CONV(.dilation = WG_PAIR(INT64_MAX, 1))), WG_E_SHAPE, op ": ");                    \
    assert_null_and_error(call(WG_CONV(.groups = 0)), WG_E_ARGUMENT, op ": expected groups of at least 1, got 0");   \
    assert_null_and_error(call(WG_CONV(.groups = -2)), WG_E_ARGUMENT, op ": expected groups of at least 1, got -2"); \
    assert_null_and_error(call(WG_CONV(.groups = INT64_MAX)), WG_E_SHAPE, op ": ");                                  \
    assert_null_and_error(call(WG_CONV(.groups = 3)), WG_E_SHAPE, op ": ")

static void misuse_conv2d(void)
{
    wg_tensor *x = ones_of(2, 4, 5, 6), *w = ones_of(6, 4, 3, 2), *b = made(wg_ones(WG_F32, WG_SHAPE(6)));
    REFUSED("conv2d", wg_conv2d(bad, w, b));
    REFUSED("conv2d", wg_conv2d(x, bad, b));
    REFUSED_BUT_NONE("conv2d", wg_conv2d(x, w, bad));
#define CALL(options) wg_conv2d_with(x, w, b, options)
    REFUSED_OPTIONS("conv2d", CALL);
#undef CALL
    assert_null_and_error(
        wg_conv2d(x, ones_of(6, 3, 3, 2), b), WG_E_SHAPE,
        "conv2d: expected a kernel for the channels of a group, got one for 3 where a group has 4: f32 [2, 4, 5, 6] x f32 [6, 3, 3, 2] x f32 [6]");
    assert_null_and_error(wg_conv2d(x, ones_of(6, 1, 3, 2), b, .groups = 4), WG_E_SHAPE, "got 4 groups of 4 channels in and 6 out");
    assert_null_and_error(wg_conv2d(x, ones_of(6, 4, 6, 2), b), WG_E_SHAPE, "a window of 6 with dilation 1 on 5 with padding 0");
    assert_null_and_error(wg_conv2d(x, w, b, .dilation = WG_PAIR(1, 6)), WG_E_SHAPE, "a window of 2 with dilation 6 on 6");
    assert_null_and_error(wg_conv2d(x, ones_of(6, 4, 0, 2), b), WG_E_SHAPE, "expected a window of at least 1, got 0");
    assert_null_and_error(wg_conv2d(ones_of(2, 4, 5, 0), w, b), WG_E_SHAPE, "on 0 with padding 0");
    assert_null_and_error(wg_conv2d(x, w, fx.vector), WG_E_SHAPE,
                          "conv2d: expected a bias with one element per channel of the result");
    assert_null_and_error(wg_conv2d(x, w, fx.y), WG_E_SHAPE, "conv2d: expected a bias with one element per channel of the result");
    assert_null_and_error(wg_conv2d(fx.y, w, b), WG_E_SHAPE, "f32 [2, 3] x f32 [6, 4, 3, 2] x f32 [6]");
    assert_null_and_error(wg_conv2d(x, fx.y, b), WG_E_SHAPE, "conv2d: expected images ");
    assert_null_and_error(wg_conv2d(x, fx.wide, b), WG_E_DTYPE, "conv2d: ");
    assert_null_and_error(wg_conv2d(fx.bytes, w, b), WG_E_DTYPE, "conv2d: ");
    assert_null_and_error(wg_conv2d(x, w, b, .padding = WG_PAIR((int64_t)1 << 30, (int64_t)1 << 30)), WG_E_SHAPE, "is too large");
}

static void misuse_conv2d_relu(void)
{
    wg_tensor *x = ones_of(2, 4, 5, 6), *w = ones_of(6, 4, 3, 2), *b = made(wg_ones(WG_F32, WG_SHAPE(6)));
    REFUSED("conv2d_relu", wg_conv2d_relu(bad, w, b));
    REFUSED("conv2d_relu", wg_conv2d_relu(x, bad, b));
    REFUSED_BUT_NONE("conv2d_relu", wg_conv2d_relu(x, w, bad));
#define CALL(options) wg_conv2d_relu_with(x, w, b, options)
    REFUSED_OPTIONS("conv2d_relu", CALL);
#undef CALL
    assert_null_and_error(wg_conv2d_relu(x, ones_of(6, 3, 3, 2), b), WG_E_SHAPE,
                          "expected a kernel for the channels of a group, got one for 3 where a group has 4");
    assert_null_and_error(wg_conv2d_relu(x, w, fx.vector), WG_E_SHAPE,
                          "conv2d_relu: expected a bias with one element per channel of the result");
    assert_null_and_error(wg_conv2d_relu(fx.y, w, b), WG_E_SHAPE, "f32 [2, 3] x f32 [6, 4, 3, 2] x f32 [6]");
    assert_null_and_error(wg_conv2d_relu(x, fx.wide, b), WG_E_DTYPE, "conv2d_relu: ");
}

static void misuse_conv2d_input(void)
{
    wg_tensor *gy = ones_of(2, 6, 3, 5), *w = ones_of(6, 4, 3, 2);
    const wg_conv_options plain = WG_CONV(.groups = 1);
    REFUSED("conv2d_input", wg_conv2d_input(bad, w, 5, 6, plain));
    REFUSED("conv2d_input", wg_conv2d_input(gy, bad, 5, 6, plain));
#define CALL(options) wg_conv2d_input(gy, w, 5, 6, options)
    made(CALL(plain));
    assert_null_and_error(CALL(WG_CONV(.groups = 4)), WG_E_SHAPE, "got 4 groups of 16 channels in and 6 out");
    assert_null_and_error(CALL(WG_CONV(.padding = WG_PAIR(1, 0))), WG_E_SHAPE,
                          "expected a gradient of the result's shape [2, 6, 5, 5]: f32 [2, 6, 3, 5] x f32 [6, 4, 3, 2]");
#undef CALL
#define CALL(options) wg_conv2d_input(gy, ones_of(6, 2, 3, 2), 5, 6, options)
    assert_null_and_error(CALL(WG_CONV(.groups = (int64_t)1 << 62)), WG_E_SHAPE, "conv2d_input: ");
    assert_null_and_error(CALL(WG_CONV(.stride = WG_PAIR(0, 1))), WG_E_ARGUMENT, "got stride 0, dilation 1");
    assert_null_and_error(CALL(WG_CONV(.dilation = WG_PAIR(1, -1))), WG_E_ARGUMENT, "got stride 1, dilation -1");
    assert_null_and_error(CALL(WG_CONV(.padding = WG_PAIR(0, -1))), WG_E_ARGUMENT, "padding -1");
    assert_null_and_error(CALL(WG_CONV(.groups = -1)), WG_E_ARGUMENT, "expected groups of at least 1, got -1");
#undef CALL
    assert_null_and_error(wg_conv2d_input(gy, w, 2, 6, plain), WG_E_SHAPE, "a window of 3 with dilation 1 on 2");
    assert_null_and_error(wg_conv2d_input(gy, w, -5, 6, plain), WG_E_SHAPE, "conv2d_input: ");
    assert_null_and_error(wg_conv2d_input(gy, w, INT64_MAX, 6, plain), WG_E_SHAPE, "conv2d_input: ");
    assert_null_and_error(wg_conv2d_input(gy, ones_of(5, 4, 3, 2), 5, 6, plain), WG_E_SHAPE,
                          "conv2d_input: expected a gradient of the result's shape [2, 5, 3, 5]");
    assert_null_and_error(wg_conv2d_input(fx.y, w, 5, 6, plain), WG_E_SHAPE, "f32 [2, 3] x f32 [6, 4, 3, 2]");
    assert_null_and_error(wg_conv2d_input(gy, fx.wide, 5, 6, plain), WG_E_DTYPE, "conv2d_input: ");
}

static void misuse_conv2d_weight(void)
{
    wg_tensor *x = ones_of(2, 4, 5, 6), *gy = ones_of(2, 6, 3, 5);
    const wg_conv_options plain = WG_CONV(.groups = 1);
    REFUSED("conv2d_weight", wg_conv2d_weight(bad, gy, 3, 2, plain));
    REFUSED("conv2d_weight", wg_conv2d_weight(x, bad, 3, 2, plain));
#define CALL(options) wg_conv2d_weight(x, gy, 3, 2, options)
    made(CALL(plain));
    REFUSED_OPTIONS("conv2d_weight", CALL);
#undef CALL
    assert_null_and_error(wg_conv2d_weight(x, gy, 2, 2, plain), WG_E_SHAPE,
                          "expected a gradient of the result's shape [2, 6, 4, 5]: f32 [2, 4, 5, 6] x f32 [2, 6, 3, 5]");
    assert_null_and_error(wg_conv2d_weight(x, gy, 0, 2, plain), WG_E_SHAPE, "expected a window of at least 1, got 0");
    assert_null_and_error(wg_conv2d_weight(x, gy, 3, INT64_MIN, plain), WG_E_SHAPE, "conv2d_weight: ");
    assert_null_and_error(wg_conv2d_weight(x, gy, 3, INT64_MAX, plain), WG_E_SHAPE, "conv2d_weight: ");
    assert_null_and_error(wg_conv2d_weight(x, ones_of(3, 6, 3, 5), 3, 2, plain), WG_E_SHAPE, "conv2d_weight: ");
    assert_null_and_error(wg_conv2d_weight(x, fx.y, 3, 2, plain), WG_E_SHAPE, "f32 [2, 4, 5, 6] x f32 [2, 3]");
    assert_null_and_error(wg_conv2d_weight(fx.wide, gy, 3, 2, plain), WG_E_DTYPE, "conv2d_weight: ");
}

static void misuse_channel_sum(void)
{
    REFUSED("channel_sum", wg_channel_sum(bad));
    assert_null_and_error(wg_channel_sum(fx.vector), WG_E_SHAPE, "channel_sum: expected (N,C");
    assert_null_and_error(wg_channel_sum(fx.bytes), WG_E_DTYPE, "channel_sum: ");
}

static void misuse_conv1d(void)
{
    wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(2, 4, 6))), *w = made(wg_ones(WG_F32, WG_SHAPE(3, 4, 2))), *b = fx.vector;
    REFUSED("conv1d", wg_conv1d(bad, w, b));
    REFUSED("conv1d", wg_conv1d(x, bad, b));
    REFUSED_BUT_NONE("conv1d", wg_conv1d(x, w, bad));
    assert_int_equal(wg_extent(made(wg_conv1d(x, w, b, .stride = 2)), 2), 3);
    assert_null_and_error(wg_conv1d(x, w, b, .stride = 0), WG_E_ARGUMENT, "got stride 0, dilation 1");
    assert_null_and_error(wg_conv1d(x, w, b, .padding = -1), WG_E_ARGUMENT, "padding -1");
    assert_null_and_error(wg_conv1d(x, w, b, .dilation = 6), WG_E_SHAPE, "a window of 2 with dilation 6 on 6");
    assert_null_and_error(wg_conv1d(x, w, b, .groups = 2), WG_E_SHAPE,
                          "got 2 groups of 4 channels in and 3 out: f32 [2, 4, 6] x f32 [3, 4, 2] x f32 [3]");
    assert_null_and_error(wg_conv1d(x, w, made(wg_ones(WG_F32, WG_SHAPE(2)))), WG_E_SHAPE,
                          "conv1d: expected a bias with one element per channel of the result");
    assert_null_and_error(wg_conv1d(fx.y, w, b), WG_E_SHAPE, "conv1d: expected sequences ");
    assert_null_and_error(wg_conv1d(x, ones_of(3, 4, 1, 2), b), WG_E_SHAPE, "conv1d: expected sequences ");
    assert_null_and_error(wg_conv1d(x, fx.wide, b), WG_E_DTYPE, "conv1d: ");
}

static void misuse_conv_transpose2d(void)
{
    wg_tensor *x = ones_of(2, 6, 3, 5), *w = ones_of(6, 3, 3, 2), *b = fx.vector;
    REFUSED("conv_transpose2d", wg_conv_transpose2d(bad, w, b));
    REFUSED("conv_transpose2d", wg_conv_transpose2d(x, bad, b));
    REFUSED_BUT_NONE("conv_transpose2d", wg_conv_transpose2d(x, w, bad));
    assert_null_and_error(wg_conv_transpose2d(x, w, b, .output_padding = WG_PAIR(1, 0)), WG_E_ARGUMENT,
                          "conv_transpose2d: expected output_padding in [0, stride)");
    assert_null_and_error(wg_conv_transpose2d(x, w, b, .output_padding = WG_PAIR(0, -1)), WG_E_ARGUMENT,
                          "conv_transpose2d: expected output_padding in [0, stride)");
    assert_null_and_error(wg_conv_transpose2d(x, w, b, .stride = WG_PAIR(0, 1)), WG_E_ARGUMENT, "conv_transpose2d: ");
    assert_null_and_error(wg_conv_transpose2d(x, w, b, .padding = WG_PAIR(-1, 0)), WG_E_ARGUMENT, "padding -1");
    assert_null_and_error(wg_conv_transpose2d(x, w, b, .dilation = WG_PAIR(1, 0)), WG_E_ARGUMENT, "dilation 0");
    assert_null_and_error(wg_conv_transpose2d(x, w, b, .groups = 0), WG_E_ARGUMENT, "expected groups of at least 1, got 0");
    assert_null_and_error(wg_conv_transpose2d(x, w, b, .groups = 4), WG_E_SHAPE,
                          "for x's channels, which groups divide, got one for 6 of 6 and 4 groups");
    assert_null_and_error(
        wg_conv_transpose2d(x, w, b, .padding = WG_PAIR(3, 0)), WG_E_SHAPE,
        "expected a result of at least 1, got less after padding is cut off: f32 [2, 6, 3, 5] x f32 [6, 3, 3, 2] x f32 [3]");
    assert_null_and_error(wg_conv_transpose2d(x, w, b, .stride = WG_PAIR(INT64_MAX, 1)), WG_E_SHAPE, "the result is too large");
    assert_null_and_error(wg_conv_transpose2d(x, w, b, .padding = WG_PAIR(INT64_MAX, 1)), WG_E_SHAPE, "the result is too large");
    assert_null_and_error(wg_conv_transpose2d(x, w, made(wg_ones(WG_F32, WG_SHAPE(6)))), WG_E_SHAPE,
                          "conv_transpose2d: expected a bias with one element per channel of the result");
    assert_null_and_error(wg_conv_transpose2d(x, ones_of(3, 6, 3, 2), b), WG_E_SHAPE, "conv_transpose2d: ");
    assert_null_and_error(wg_conv_transpose2d(fx.y, w, b), WG_E_SHAPE, "f32 [2, 3] x f32 [6, 3, 3, 2] x f32 [3]");
    assert_null_and_error(wg_conv_transpose2d(x, fx.wide, b), WG_E_DTYPE, "conv_transpose2d: ");
}

/* ---- pooling ---- */

/* OPTIONS: the value of options of max pooling or of average pooling. */
#define REFUSED_WINDOWS(op, call)                                                                                               \
    assert_null_and_error(call(OPTIONS(.stride = WG_PAIR(-1, 1))), WG_E_ARGUMENT, "got stride -1, dilation 1");                 \
    assert_null_and_error(                                                                                                      \
        call(OPTIONS(.dilation = WG_PAIR(1, 0))), WG_E_ARGUMENT,                                                                \
        op ": expected stride and dilation of at least 1 and padding of at least 0, got stride 2, dilation 0, padding 0");      \
    assert_null_and_error(call(OPTIONS(.padding = WG_PAIR(-1, 0))), WG_E_ARGUMENT, "padding -1");                               \
    assert_null_and_error(call(OPTIONS(.size = WG_PAIR(0, 2))), WG_E_SHAPE, op ": expected a window of at least 1, got 0");     \
    assert_null_and_error(call(OPTIONS(.size = WG_PAIR(2, -2))), WG_E_SHAPE, op ": expected a window of at least 1, got -2");   \
    assert_null_and_error(call(OPTIONS(.size = WG_PAIR(7, 2))), WG_E_SHAPE, "a window of 7 with dilation 1 on 5 with padding"); \
    assert_null_and_error(call(OPTIONS(.size = WG_PAIR(INT64_MAX, 2), .dilation = WG_PAIR(3, 1))), WG_E_SHAPE, op ": ");        \
    assert_null_and_error(call(OPTIONS(.padding = WG_PAIR(0, INT64_MAX))), WG_E_SHAPE, op ": ")

#define REFUSED_EMPTY(op, call)                                                                                         \
    assert_null_and_error(                                                                                              \
        call(WG_POOL(.padding = WG_PAIR(2, 0))), WG_E_SHAPE,                                                            \
        "expected an element of the image in each window, got a window of 2 with dilation 1 on 5 with padding 2");      \
    assert_null_and_error(                                                                                              \
        call(WG_POOL(.size = WG_PAIR(1, 1), .padding = WG_PAIR(0, 1), .stride = WG_PAIR(1, 1))), WG_E_SHAPE,            \
        op ": expected an element of the image in each window, got a window of 1 with dilation 1 on 6 with padding 1"); \
    assert_null_and_error(                                                                                              \
        call(WG_POOL(.dilation = WG_PAIR(1, 8), .padding = WG_PAIR(0, 2))), WG_E_SHAPE,                                 \
        op ": expected an element of the image in each window, got a window of 2 with dilation 8 on 6 with padding 2")

#define OPTIONS WG_POOL
static void misuse_max_pool2d(void)
{
    wg_tensor *x = ones_of(2, 3, 5, 6);
    REFUSED("max_pool2d", wg_max_pool2d(bad));
#define CALL(options) wg_max_pool2d_with(x, options)
    REFUSED_WINDOWS("max_pool2d", CALL);
    REFUSED_EMPTY("max_pool2d", CALL);
#undef CALL
    assert_null_and_error(wg_max_pool2d(fx.y), WG_E_SHAPE, "max_pool2d: expected images (N,C,height,width): f32 [2, 3]");
    assert_null_and_error(wg_max_pool2d(fx.bytes), WG_E_DTYPE, "max_pool2d: ");
}

static void misuse_max_pool2d_grad(void)
{
    wg_tensor *x = ones_of(2, 3, 5, 6), *gy = ones_of(2, 3, 2, 3);
    REFUSED("max_pool2d_grad", wg_max_pool2d_grad(bad, gy, WG_POOL()));
    REFUSED("max_pool2d_grad", wg_max_pool2d_grad(x, bad, WG_POOL()));
#define CALL(options) wg_max_pool2d_grad(x, gy, options)
    made(CALL(WG_POOL()));
    REFUSED_WINDOWS("max_pool2d_grad", CALL);
    REFUSED_EMPTY("max_pool2d_grad", CALL);
    assert_null_and_error(CALL(WG_POOL(.stride = WG_PAIR(1, 1))), WG_E_SHAPE,
                          "expected a gradient of the result's shape [2, 3, 4, 5]");
#undef CALL
    assert_null_and_error(wg_max_pool2d_grad(x, fx.y, WG_POOL()), WG_E_SHAPE, "f32 [2, 3, 5, 6] x f32 [2, 3]");
    assert_null_and_error(wg_max_pool2d_grad(fx.y, gy, WG_POOL()), WG_E_SHAPE, "max_pool2d_grad: ");
    assert_null_and_error(wg_max_pool2d_grad(x, fx.wide, WG_POOL()), WG_E_DTYPE, "max_pool2d_grad: ");
}

static void misuse_max_pool2d_pick(void)
{
    wg_tensor *x = ones_of(2, 3, 5, 6);
    REFUSED("max_pool2d_pick", wg_max_pool2d_pick(bad, x, WG_POOL()));
    REFUSED("max_pool2d_pick", wg_max_pool2d_pick(x, bad, WG_POOL()));
#define CALL(options) wg_max_pool2d_pick(x, x, options)
    REFUSED_WINDOWS("max_pool2d_pick", CALL);
    REFUSED_EMPTY("max_pool2d_pick", CALL);
#undef CALL
    assert_null_and_error(wg_max_pool2d_pick(x, ones_of(2, 3, 2, 3), WG_POOL()), WG_E_SHAPE,
                          "max_pool2d_pick: expected operands of one shape: f32 [2, 3, 5, 6] x f32 [2, 3, 2, 3]");
    assert_null_and_error(wg_max_pool2d_pick(fx.y, fx.y, WG_POOL()), WG_E_SHAPE, "max_pool2d_pick: ");
    assert_null_and_error(wg_max_pool2d_pick(x, fx.wide, WG_POOL()), WG_E_DTYPE, "max_pool2d_pick: ");
}

#undef OPTIONS
#define OPTIONS WG_AVG_POOL
static void misuse_avg_pool2d(void)
{
    wg_tensor *x = ones_of(2, 3, 5, 6);
    REFUSED("avg_pool2d", wg_avg_pool2d(bad));
#define CALL(options) wg_avg_pool2d_with(x, options)
    REFUSED_WINDOWS("avg_pool2d", CALL);
#undef CALL
    assert_null_and_error(wg_avg_pool2d(fx.y), WG_E_SHAPE, "avg_pool2d: expected images (N,C,height,width): f32 [2, 3]");
    assert_null_and_error(wg_avg_pool2d(fx.bytes), WG_E_DTYPE, "avg_pool2d: ");
}

static void misuse_avg_pool2d_grad(void)
{
    wg_tensor *gy = ones_of(2, 3, 2, 3);
    REFUSED("avg_pool2d_grad", wg_avg_pool2d_grad(bad, 5, 6, WG_AVG_POOL()));
#define CALL(options) wg_avg_pool2d_grad(gy, 5, 6, options)
    made(CALL(WG_AVG_POOL()));
    REFUSED_WINDOWS("avg_pool2d_grad", CALL);
    assert_null_and_error(CALL(WG_AVG_POOL(.stride = WG_PAIR(1, 1))), WG_E_SHAPE,
                          "expected a gradient of the result's shape [2, 3, 4, 5]");
#undef CALL
    assert_null_and_error(wg_avg_pool2d_grad(gy, 1, 6, WG_AVG_POOL()), WG_E_SHAPE, "avg_pool2d_grad: ");
    assert_null_and_error(wg_avg_pool2d_grad(gy, -1, 6, WG_AVG_POOL()), WG_E_SHAPE, "avg_pool2d_grad: ");
    assert_null_and_error(wg_avg_pool2d_grad(gy, INT64_MAX, 6, WG_AVG_POOL()), WG_E_SHAPE, "avg_pool2d_grad: ");
    assert_null_and_error(wg_avg_pool2d_grad(fx.y, 5, 6, WG_AVG_POOL()), WG_E_SHAPE, "avg_pool2d_grad: expected images ");
    assert_null_and_error(wg_avg_pool2d_grad(fx.bytes, 5, 6, WG_AVG_POOL()), WG_E_DTYPE, "avg_pool2d_grad: ");
}

#undef OPTIONS

#define MISUSE_ADAPTIVE(op)                                                                                           \
    static void misuse_##op(void)                                                                                     \
    {                                                                                                                 \
        wg_tensor *x = ones_of(2, 3, 5, 6);                                                                           \
        REFUSED(#op, wg_##op(bad, 2, 2));                                                                             \
        assert_null_and_error(wg_##op(x, 0, 2), WG_E_ARGUMENT, "got an extent of 5 and 0 windows: f32 [2, 3, 5, 6]"); \
        assert_null_and_error(wg_##op(x, 2, -1), WG_E_ARGUMENT, #op ": ");                                            \
        assert_null_and_error(wg_##op(x, 2, INT64_MAX), WG_E_SHAPE, #op ": ");                                        \
        assert_null_and_error(wg_##op(x, (int64_t)1 << 44, 2), WG_E_SHAPE, #op ": ");                                 \
        assert_null_and_error(wg_##op(ones_of(2, 3, 0, 6), 2, 2), WG_E_SHAPE, "got an extent of 0 and 2 windows");    \
        assert_null_and_error(wg_##op(fx.y, 2, 2), WG_E_SHAPE, #op ": ");                                             \
        assert_null_and_error(wg_##op(fx.bytes, 2, 2), WG_E_DTYPE, #op ": ");                                         \
    }
MISUSE_ADAPTIVE(adaptive_max_pool2d)
MISUSE_ADAPTIVE(adaptive_avg_pool2d)

/* ---- sequences and volumes ---- */

static void misuse_conv3d(void)
{
    wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(2, 4, 3, 5, 6))), *w = made(wg_ones(WG_F32, WG_SHAPE(3, 4, 2, 3, 2))),
              *b = fx.vector;
    REFUSED("conv3d", wg_conv3d(bad, w, b));
    REFUSED("conv3d", wg_conv3d(x, bad, b));
    REFUSED_BUT_NONE("conv3d", wg_conv3d(x, w, bad));
    made(wg_conv3d(x, w, b));
    assert_null_and_error(wg_conv3d(x, w, b, .stride = WG_TRIPLE(0, 1, 1)), WG_E_ARGUMENT, "conv3d: expected stride and dilation");
    assert_null_and_error(wg_conv3d(x, w, b, .stride = WG_TRIPLE(1, 1, 0)), WG_E_ARGUMENT, "got stride 0, dilation 1");
    assert_null_and_error(wg_conv3d(x, w, b, .padding = WG_TRIPLE(-1, 0, 0)), WG_E_ARGUMENT, "padding -1");
    assert_null_and_error(wg_conv3d(x, w, b, .padding = WG_TRIPLE(INT64_MAX, 0, 0)), WG_E_SHAPE, "is too large");
    assert_null_and_error(
        wg_conv3d(x, w, b, .dilation = WG_TRIPLE(3, 1, 1)), WG_E_SHAPE,
        "conv3d: expected a window that fits, got a window of 2 with dilation 3 on 3 with padding 0: f32 [2, 4, 3, 5, 6] x");
    assert_null_and_error(wg_conv3d(x, w, b, .dilation = WG_TRIPLE(1, 3, 1)), WG_E_SHAPE, "got a window of 3 with dilation 3 on 5");
    assert_null_and_error(wg_conv3d(x, w, b, .groups = 2), WG_E_SHAPE, "conv3d: expected groups that divide the channels");
    assert_null_and_error(wg_conv3d(x, w, b, .groups = 0), WG_E_ARGUMENT, "conv3d: expected groups of at least 1, got 0");
    assert_null_and_error(wg_conv3d(x, w, made(wg_ones(WG_F32, WG_SHAPE(2)))), WG_E_SHAPE,
                          "conv3d: expected a bias with one element per channel of the result");
    assert_null_and_error(wg_conv3d(fx.y, w, b), WG_E_SHAPE, "conv3d: expected volumes (N,C,depth,height,width) and kernels");
    assert_null_and_error(wg_conv3d(x, fx.y, b), WG_E_SHAPE, "conv3d: expected volumes ");
    assert_null_and_error(wg_conv3d(x, fx.wide, b), WG_E_DTYPE, "conv3d: ");
}

static void misuse_conv_transpose1d(void)
{
    wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(2, 6, 4))), *w = made(wg_ones(WG_F32, WG_SHAPE(6, 3, 3))), *b = fx.vector;
    REFUSED("conv_transpose1d", wg_conv_transpose1d(bad, w, b));
    REFUSED("conv_transpose1d", wg_conv_transpose1d(x, bad, b));
    REFUSED_BUT_NONE("conv_transpose1d", wg_conv_transpose1d(x, w, bad));
    assert_int_equal(wg_extent(made(wg_conv_transpose1d(x, w, b, .stride = 2)), 2), 9);
    assert_null_and_error(wg_conv_transpose1d(x, w, b, .output_padding = 1), WG_E_ARGUMENT,
                          "conv_transpose1d: expected output_padding in [0, stride)");
    assert_null_and_error(wg_conv_transpose1d(x, w, b, .padding = -1), WG_E_ARGUMENT, "padding -1");
    assert_null_and_error(wg_conv_transpose1d(x, w, b, .dilation = 0), WG_E_ARGUMENT, "dilation 0");
    assert_null_and_error(wg_conv_transpose1d(x, w, b, .padding = 3), WG_E_SHAPE, "got less after padding is cut off");
    assert_null_and_error(wg_conv_transpose1d(x, w, b, .stride = INT64_MAX), WG_E_SHAPE, "the result is too large");
    assert_null_and_error(wg_conv_transpose1d(x, w, b, .groups = 4), WG_E_SHAPE, "got one for 6 of 6 and 4 groups");
    assert_null_and_error(wg_conv_transpose1d(x, w, b, .groups = -1), WG_E_ARGUMENT, "expected groups of at least 1, got -1");
    assert_null_and_error(wg_conv_transpose1d(x, w, b, .groups = INT64_MAX), WG_E_SHAPE, "conv_transpose1d: ");
    assert_null_and_error(wg_conv_transpose1d(x, made(wg_ones(WG_F32, WG_SHAPE(3, 3, 3))), b), WG_E_SHAPE, "got one for 3 of 6");
    assert_null_and_error(wg_conv_transpose1d(x, w, made(wg_ones(WG_F32, WG_SHAPE(6)))), WG_E_SHAPE,
                          "conv_transpose1d: expected a bias with one element per channel of the result");
    assert_null_and_error(wg_conv_transpose1d(fx.y, w, b), WG_E_SHAPE, "conv_transpose1d: expected sequences (N,in,length)");
    assert_null_and_error(wg_conv_transpose1d(x, fx.wide, b), WG_E_DTYPE, "conv_transpose1d: ");
}

static void misuse_conv_transpose3d(void)
{
    wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(2, 6, 2, 3, 4))), *w = made(wg_ones(WG_F32, WG_SHAPE(6, 3, 2, 3, 2))),
              *b = fx.vector;
    REFUSED("conv_transpose3d", wg_conv_transpose3d(bad, w, b));
    REFUSED("conv_transpose3d", wg_conv_transpose3d(x, bad, b));
    REFUSED_BUT_NONE("conv_transpose3d", wg_conv_transpose3d(x, w, bad));
    made(wg_conv_transpose3d(x, w, b));
    assert_null_and_error(wg_conv_transpose3d(x, w, b, .output_padding = WG_TRIPLE(1, 0, 0)), WG_E_ARGUMENT,
                          "conv_transpose3d: expected output_padding in [0, stride)");
    assert_null_and_error(wg_conv_transpose3d(x, w, b, .padding = WG_TRIPLE(0, 0, -1)), WG_E_ARGUMENT, "padding -1");
    assert_null_and_error(wg_conv_transpose3d(x, w, b, .padding = WG_TRIPLE(2, 0, 0)), WG_E_SHAPE,
                          "got less after padding is cut off");
    assert_null_and_error(wg_conv_transpose3d(x, w, b, .groups = 4), WG_E_SHAPE, "got one for 6 of 6 and 4 groups");
    assert_null_and_error(wg_conv_transpose3d(x, w, made(wg_ones(WG_F32, WG_SHAPE(6)))), WG_E_SHAPE,
                          "conv_transpose3d: expected a bias with one element per channel of the result");
    assert_null_and_error(wg_conv_transpose3d(fx.y, w, b), WG_E_SHAPE,
                          "conv_transpose3d: expected volumes (N,in,depth,height,width)");
    assert_null_and_error(wg_conv_transpose3d(x, fx.wide, b), WG_E_DTYPE, "conv_transpose3d: ");
}

#define MISUSE_POOL1D(op)                                                                                                   \
    static void misuse_##op(void)                                                                                           \
    {                                                                                                                       \
        wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(2, 3, 5)));                                                            \
        REFUSED(#op, wg_##op(bad));                                                                                         \
        assert_int_equal(wg_extent(made(wg_##op(x)), 2), 2);                                                                \
        assert_int_equal(wg_extent(made(wg_##op(x, .ceil_mode = true)), 2), 3);                                             \
        assert_int_equal(wg_extent(made(wg_##op(x, .size = 3, .stride = 1)), 2), 3);                                        \
        assert_null_and_error(wg_##op(x, .size = 0), WG_E_SHAPE, #op ": expected a window of at least 1, got 0");           \
        assert_null_and_error(wg_##op(x, .stride = -1), WG_E_ARGUMENT, #op ": expected stride and dilation of at least 1"); \
        assert_null_and_error(wg_##op(x, .padding = -1), WG_E_ARGUMENT, "padding -1");                                      \
        assert_null_and_error(                                                                                              \
            wg_##op(x, .size = 6), WG_E_SHAPE,                                                                              \
            #op ": expected a window that fits, got a window of 6 with dilation 1 on 5 with padding 0: f32 [2, 3, 5]");     \
        assert_null_and_error(wg_##op(fx.y), WG_E_SHAPE, #op ": expected sequences (N,C,length): f32 [2, 3]");              \
        assert_null_and_error(wg_##op(fx.bytes), WG_E_DTYPE, #op ": ");                                                     \
    }
MISUSE_POOL1D(max_pool1d)
MISUSE_POOL1D(avg_pool1d)

#define MISUSE_POOL3D(op)                                                                                                          \
    static void misuse_##op(void)                                                                                                  \
    {                                                                                                                              \
        wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(2, 3, 3, 5, 6)));                                                             \
        REFUSED(#op, wg_##op(bad));                                                                                                \
        assert_int_equal(wg_extent(made(wg_##op(x)), 2), 1);                                                                       \
        assert_int_equal(wg_extent(made(wg_##op(x, .ceil_mode = true)), 2), 2);                                                    \
        assert_null_and_error(wg_##op(x, .size = WG_TRIPLE(2, 0, 2)), WG_E_SHAPE, #op ": expected a window of at least 1, got 0"); \
        assert_null_and_error(wg_##op(x, .stride = WG_TRIPLE(-1, 1, 1)), WG_E_ARGUMENT, "got stride -1, dilation 1");              \
        assert_null_and_error(wg_##op(x, .dilation = WG_TRIPLE(1, 1, 0)), WG_E_ARGUMENT, "dilation 0");                            \
        assert_null_and_error(wg_##op(x, .padding = WG_TRIPLE(0, -1, 0)), WG_E_ARGUMENT, "padding -1");                            \
        assert_null_and_error(wg_##op(x, .size = WG_TRIPLE(4, 2, 2)), WG_E_SHAPE, "got a window of 4 with dilation 1 on 3");       \
        assert_null_and_error(wg_##op(fx.y), WG_E_SHAPE, #op ": expected volumes (N,C,depth,height,width): f32 [2, 3]");           \
        assert_null_and_error(wg_##op(fx.bytes), WG_E_DTYPE, #op ": ");                                                            \
    }
MISUSE_POOL3D(max_pool3d)
MISUSE_POOL3D(avg_pool3d)

#define MISUSE_ADAPTIVE1D(op)                                                                                   \
    static void misuse_##op(void)                                                                               \
    {                                                                                                           \
        wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(2, 3, 5)));                                                \
        REFUSED(#op, wg_##op(bad, 2));                                                                          \
        assert_null_and_error(wg_##op(x, 0), WG_E_ARGUMENT, "got an extent of 5 and 0 windows: f32 [2, 3, 5]"); \
        assert_null_and_error(wg_##op(x, INT64_MAX), WG_E_SHAPE, #op ": ");                                     \
        assert_null_and_error(wg_##op(fx.y, 2), WG_E_SHAPE, #op ": expected sequences ");                       \
        assert_null_and_error(wg_##op(fx.bytes, 2), WG_E_DTYPE, #op ": ");                                      \
    }
MISUSE_ADAPTIVE1D(adaptive_max_pool1d)
MISUSE_ADAPTIVE1D(adaptive_avg_pool1d)

#define MISUSE_ADAPTIVE3D(op)                                                                                     \
    static void misuse_##op(void)                                                                                 \
    {                                                                                                             \
        wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(2, 3, 3, 5, 6)));                                            \
        REFUSED(#op, wg_##op(bad, 2, 2, 2));                                                                      \
        assert_null_and_error(wg_##op(x, 0, 2, 2), WG_E_ARGUMENT, "got an extent of 3 and 0 windows: f32 [2, 3"); \
        assert_null_and_error(wg_##op(x, 2, 2, -1), WG_E_ARGUMENT, #op ": ");                                     \
        assert_null_and_error(wg_##op(x, 2, INT64_MAX, 2), WG_E_SHAPE, #op ": ");                                 \
        assert_null_and_error(wg_##op(fx.y, 2, 2, 2), WG_E_SHAPE, #op ": expected volumes ");                     \
        assert_null_and_error(wg_##op(fx.bytes, 2, 2, 2), WG_E_DTYPE, #op ": ");                                  \
    }
MISUSE_ADAPTIVE3D(adaptive_max_pool3d)
MISUSE_ADAPTIVE3D(adaptive_avg_pool3d)

/* ---- resampling ---- */

#define REFUSED_SAMPLINGS(op, call)                                                                                                \
    assert_null_and_error(call(WG_SAMPLING(.extent = 0)), WG_E_ARGUMENT, op ": expected an extent of at least 1 and a step in");   \
    assert_null_and_error(call(WG_SAMPLING(.extent = 5, .step = NAN)), WG_E_ARGUMENT, "got 5 and nan");                            \
    assert_null_and_error(call(WG_SAMPLING(.extent = 5, .step = INFINITY)), WG_E_ARGUMENT, "got 5 and inf");                       \
    assert_null_and_error(call(WG_SAMPLING(.extent = 5, .step = -1)), WG_E_ARGUMENT, "got 5 and -1");                              \
    assert_null_and_error(call(WG_SAMPLING(.extent = 5, .rule = (wg_sampling_rule)8)), WG_E_ARGUMENT, op ": there is no rule 8");  \
    assert_null_and_error(call(WG_SAMPLING(.extent = 5, .rule = (wg_sampling_rule)-1)), WG_E_ARGUMENT,                             \
                          op ": there is no rule -1");                                                                             \
    assert_null_and_error(call(WG_SAMPLING(.extent = 2, .rule = WG_SAMPLING_REPLICATE)), WG_E_ARGUMENT,                            \
                          "0 before and 2 in all on 3");                                                                           \
    assert_null_and_error(call(WG_SAMPLING(.extent = 5, .rule = WG_SAMPLING_REFLECT, .before = -1)), WG_E_ARGUMENT, "-1 before");  \
    assert_null_and_error(call(WG_SAMPLING(.extent = 6, .rule = WG_SAMPLING_REFLECT, .before = 3)), WG_E_SHAPE,                    \
                          op ": expected mirrored padding that is shorter than the axis, got padding of 3 and 0 on 3");            \
    assert_null_and_error(call(WG_SAMPLING(.extent = 7, .rule = WG_SAMPLING_CIRCULAR)), WG_E_SHAPE,                                \
                          op ": expected circular padding of at most the axis' extent, got padding of 0 and 4 on 3");              \
    assert_null_and_error(call(WG_SAMPLING(.extent = 5, .rule = WG_SAMPLING_WINDOWS, .size = 2)), WG_E_ARGUMENT,                   \
                          "and 5 elements");                                                                                       \
    assert_null_and_error(call(WG_SAMPLING(.extent = 4, .rule = WG_SAMPLING_WINDOWS, .size = 0)), WG_E_ARGUMENT,                   \
                          "got 0, 1, 1, 0");                                                                                       \
    assert_null_and_error(call(WG_SAMPLING(.extent = 4, .rule = WG_SAMPLING_WINDOWS, .stride = 0)), WG_E_ARGUMENT, "got 1, 0, 1"); \
    assert_null_and_error(call(WG_SAMPLING(.extent = 4, .rule = WG_SAMPLING_WINDOWS, .dilation = 0)), WG_E_ARGUMENT,               \
                          "1, 1, 0, 0");                                                                                           \
    assert_null_and_error(call(WG_SAMPLING(.extent = 4, .rule = WG_SAMPLING_WINDOWS, .before = -1)), WG_E_ARGUMENT,                \
                          "1, 1, 1, -1");                                                                                          \
    assert_null_and_error(call(WG_SAMPLING(.extent = 4, .rule = WG_SAMPLING_WINDOWS, .stride = INT64_MAX)), WG_E_SHAPE,            \
                          op ": the windows are too large")

static void misuse_resample(void)
{
    REFUSED("resample", wg_resample(bad, 0, WG_SAMPLING(.extent = 5)));
#define CALL(sampling) wg_resample(fx.y, 1, sampling)
    REFUSED_SAMPLINGS("resample", CALL);
#undef CALL
    assert_null_and_error(wg_resample(fx.y, 2, WG_SAMPLING(.extent = 5)), WG_E_ARGUMENT, "resample: ");
    assert_null_and_error(wg_resample(fx.bytes, 0, WG_SAMPLING(.extent = 5)), WG_E_DTYPE, "resample: ");
    assert_null_and_error(wg_resample(made(wg_ones(WG_F32, WG_SHAPE(2, 0))), 1, WG_SAMPLING(.extent = 5)), WG_E_SHAPE,
                          "resample: expected at least one element to interpolate, got none");
    assert_null_and_error(
        wg_resample(made(wg_ones(WG_F32, WG_SHAPE(2, 0))), 1, WG_SAMPLING(.rule = WG_SAMPLING_REPLICATE, .extent = 5)), WG_E_SHAPE,
        "resample: expected an element to repeat");
}

static void misuse_resample_grad(void)
{
    wg_tensor *gy = made(wg_ones(WG_F32, WG_SHAPE(2, 5)));
    REFUSED("resample_grad", wg_resample_grad(bad, 0, 3, WG_SAMPLING(.extent = 5)));
#define CALL(sampling) wg_resample_grad(gy, 1, 3, sampling)
    REFUSED_SAMPLINGS("resample_grad", CALL);
    assert_null_and_error(CALL(WG_SAMPLING(.extent = 6)), WG_E_SHAPE, "resample_grad: expected a gradient of extent 6, got 5");
#undef CALL
    assert_null_and_error(wg_resample_grad(gy, 1, -1, WG_SAMPLING(.extent = 5)), WG_E_ARGUMENT, "resample_grad: ");
    assert_null_and_error(wg_resample_grad(gy, -3, 3, WG_SAMPLING(.extent = 5)), WG_E_ARGUMENT, "resample_grad: ");
    assert_null_and_error(wg_resample_grad(fx.bytes, 0, 3, WG_SAMPLING(.extent = 5)), WG_E_DTYPE, "resample_grad: ");
}

static void misuse_interpolate(void)
{
    wg_tensor *x = ones_of(2, 3, 5, 6);
    REFUSED("interpolate", wg_interpolate(bad, .scale = 2));
    assert_null_and_error(wg_interpolate(x), WG_E_ARGUMENT, "interpolate: expected a size or a scale: f32 [2, 3, 5, 6]");
    assert_null_and_error(wg_interpolate(x, .size = WG_SHAPE(2, 2), .scale = 2), WG_E_ARGUMENT,
                          "size and scale exclude each other");
    assert_null_and_error(wg_interpolate(x, .size = WG_SHAPE(2)), WG_E_ARGUMENT,
                          "expected a size of 2 extents, those behind (N,C), got 1");
    assert_null_and_error(wg_interpolate(x, .size = ((wg_shape){.rank = -1})), WG_E_ARGUMENT, "interpolate: ");
    assert_null_and_error(wg_interpolate(x, .size = WG_SHAPE(2, 0)), WG_E_ARGUMENT, "got 6 and 0 along axis 3");
    assert_null_and_error(wg_interpolate(x, .scale = 0.1), WG_E_SHAPE, "got 6 and 0 along axis 3");
    assert_null_and_error(wg_interpolate(x, .scale = -1), WG_E_ARGUMENT, "interpolate: expected scale ");
    assert_null_and_error(wg_interpolate(x, .scale = NAN), WG_E_ARGUMENT, "interpolate: expected scale ");
    assert_null_and_error(wg_interpolate(x, .scale = 1e300), WG_E_SHAPE, "the result is too large");
    assert_null_and_error(wg_interpolate(x, .scale = 2, .align_corners = true), WG_E_ARGUMENT,
                          "align_corners is for linear and cubic");
    assert_null_and_error(wg_interpolate(x, .scale = 2, .mode = (wg_interpolation)9), WG_E_ARGUMENT, "there is no mode 9");
    assert_null_and_error(wg_interpolate(ones_of(2, 3, 0, 6), .scale = 2), WG_E_SHAPE, "got 0 and 0 along axis 2");
    assert_null_and_error(wg_interpolate(fx.y, .scale = 2), WG_E_SHAPE, "interpolate: expected (N,C,length), ");
    assert_null_and_error(wg_interpolate(fx.bytes, .scale = 2), WG_E_DTYPE, "interpolate: ");
}

static void misuse_pad_mode(void)
{
#define CALL(before, after, mode) wg_pad_mode(fx.y, WG_SIZES(0, before), WG_SIZES(0, after), WG_PADDING_##mode)
    REFUSED("pad_mode", wg_pad_mode(bad, WG_SIZES(0, 1), WG_SIZES(0, 0), WG_PADDING_REFLECT));
    made(CALL(2, 2, REFLECT));
    assert_null_and_error(CALL(3, 0, REFLECT), WG_E_SHAPE, "pad_mode: expected mirrored padding that is shorter than the axis");
    assert_null_and_error(CALL(0, 4, CIRCULAR), WG_E_SHAPE, "pad_mode: expected circular padding of at most the axis' extent");
    assert_null_and_error(CALL(-1, 0, REPLICATE), WG_E_ARGUMENT, "pad_mode: expected padding of at least 0");
    assert_null_and_error(CALL(0, -1, ZEROS), WG_E_ARGUMENT, "pad_mode: expected padding of at least 0");
    assert_null_and_error(CALL(INT64_MAX, 1, REPLICATE), WG_E_SHAPE, "pad_mode: the result is too large");
#undef CALL
    assert_null_and_error(wg_pad_mode(fx.y, WG_SIZES(0, 1), WG_SIZES(0, 1), (wg_padding)4), WG_E_ARGUMENT, "there is no mode 4");
    assert_null_and_error(wg_pad_mode(fx.y, WG_SIZES(1), WG_SIZES(0, 1), WG_PADDING_REFLECT), WG_E_ARGUMENT,
                          "pad_mode: expected before of 2");
    assert_null_and_error(wg_pad_mode(fx.bytes, WG_SIZES(0, 1), WG_SIZES(0, 0), WG_PADDING_REFLECT), WG_E_DTYPE, "pad_mode: ");
}

static void misuse_unfold(void)
{
    wg_tensor *x = ones_of(2, 3, 5, 6);
    REFUSED("unfold", wg_unfold(bad));
    assert_null_and_error(wg_unfold(x, .size = WG_PAIR(6, 2)), WG_E_SHAPE,
                          "unfold: expected a window that fits, got a window of 6");
    assert_null_and_error(wg_unfold(x, .size = WG_PAIR(0, 2)), WG_E_SHAPE, "unfold: expected a window of at least 1, got 0");
    assert_null_and_error(wg_unfold(x, .stride = WG_PAIR(0, 1)), WG_E_ARGUMENT, "got stride 0, dilation 1");
    assert_null_and_error(wg_unfold(x, .padding = WG_PAIR(0, INT64_MAX)), WG_E_SHAPE, "unfold: ");
    assert_null_and_error(wg_unfold(fx.y), WG_E_SHAPE, "unfold: expected images (N,C,height,width): f32 [2, 3]");
    assert_null_and_error(wg_unfold(fx.bytes), WG_E_DTYPE, "unfold: ");
}

static void misuse_fold(void)
{
    wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(2, 8, 6)));
    REFUSED("fold", wg_fold(bad, 3, 4));
    made(wg_fold(x, 3, 4));
    assert_null_and_error(wg_fold(x, 4, 4), WG_E_SHAPE,
                          "fold: expected columns of a multiple of 4 taps of 9 windows, got 8 of 6: f32 [2, 8, 6]");
    assert_null_and_error(wg_fold(x, 3, 4, .size = WG_PAIR(3, 2)), WG_E_SHAPE, "fold: expected columns of a multiple of 6 taps");
    assert_null_and_error(wg_fold(x, 1, 4), WG_E_SHAPE, "got a window of 2 with dilation 1 on 1");
    assert_null_and_error(wg_fold(x, -1, 4), WG_E_SHAPE, "fold: ");
    assert_null_and_error(wg_fold(x, INT64_MAX, 4), WG_E_SHAPE, "fold: ");
    assert_null_and_error(wg_fold(x, 3, 4, .stride = WG_PAIR(1, 0)), WG_E_ARGUMENT, "got stride 0, dilation 1");
    assert_null_and_error(wg_fold(fx.y, 3, 4), WG_E_SHAPE, "fold: expected columns (N, C·height·width, L): f32 [2, 3]");
    assert_null_and_error(wg_fold(fx.bytes, 3, 4), WG_E_DTYPE, "fold: ");
}

static void misuse_pixel_shuffle(void)
{
    wg_tensor *x = ones_of(2, 8, 3, 2);
    REFUSED("pixel_shuffle", wg_pixel_shuffle(bad, 2));
    assert_null_and_error(wg_pixel_shuffle(x, 0), WG_E_ARGUMENT, "pixel_shuffle: expected a factor of at least 1, got 0");
    assert_null_and_error(wg_pixel_shuffle(x, 3), WG_E_SHAPE, "pixel_shuffle: expected channels in a multiple of 3², got 8");
    assert_null_and_error(wg_pixel_shuffle(x, INT64_MAX), WG_E_SHAPE, "pixel_shuffle: ");
    assert_null_and_error(wg_pixel_shuffle(fx.y, 2), WG_E_SHAPE, "pixel_shuffle: expected images ");
    assert_null_and_error(wg_pixel_shuffle(fx.bytes, 2), WG_E_DTYPE, "pixel_shuffle: ");
}

static void misuse_pixel_unshuffle(void)
{
    wg_tensor *x = ones_of(2, 8, 3, 2);
    REFUSED("pixel_unshuffle", wg_pixel_unshuffle(bad, 2));
    assert_null_and_error(wg_pixel_unshuffle(x, -1), WG_E_ARGUMENT, "pixel_unshuffle: expected a factor of at least 1, got -1");
    assert_null_and_error(wg_pixel_unshuffle(x, 2), WG_E_SHAPE,
                          "pixel_unshuffle: expected rows and columns in multiples of 2, got 3 and 2");
    assert_null_and_error(wg_pixel_unshuffle(x, INT64_MAX), WG_E_SHAPE, "pixel_unshuffle: ");
    assert_null_and_error(wg_pixel_unshuffle(fx.y, 2), WG_E_SHAPE, "pixel_unshuffle: expected images ");
    assert_null_and_error(wg_pixel_unshuffle(fx.bytes, 2), WG_E_DTYPE, "pixel_unshuffle: ");
}
