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
    assert_null_and_error(wg_conv_transpose2d(x, w, b, .groups = 4), WG_E_SHAPE, "got 4 groups of 12 channels in and 6 out");
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

#define REFUSED_WINDOWS(op, call)                                                                                               \
    assert_null_and_error(call(WG_POOL(.stride = WG_PAIR(0, 1))), WG_E_ARGUMENT, "got stride 0, dilation 1");                   \
    assert_null_and_error(                                                                                                      \
        call(WG_POOL(.dilation = WG_PAIR(1, 0))), WG_E_ARGUMENT,                                                                \
        op ": expected stride and dilation of at least 1 and padding of at least 0, got stride 2, dilation 0, padding 0");      \
    assert_null_and_error(call(WG_POOL(.padding = WG_PAIR(-1, 0))), WG_E_ARGUMENT, "padding -1");                               \
    assert_null_and_error(call(WG_POOL(.size = WG_PAIR(0, 2))), WG_E_SHAPE, op ": expected a window of at least 1, got 0");     \
    assert_null_and_error(call(WG_POOL(.size = WG_PAIR(2, -2))), WG_E_SHAPE, op ": expected a window of at least 1, got -2");   \
    assert_null_and_error(call(WG_POOL(.size = WG_PAIR(7, 2))), WG_E_SHAPE, "a window of 7 with dilation 1 on 5 with padding"); \
    assert_null_and_error(call(WG_POOL(.size = WG_PAIR(INT64_MAX, 2), .dilation = WG_PAIR(3, 1))), WG_E_SHAPE, op ": ");        \
    assert_null_and_error(call(WG_POOL(.padding = WG_PAIR(0, INT64_MAX))), WG_E_SHAPE, op ": ")

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
    REFUSED("avg_pool2d_grad", wg_avg_pool2d_grad(bad, 5, 6, WG_POOL()));
#define CALL(options) wg_avg_pool2d_grad(gy, 5, 6, options)
    made(CALL(WG_POOL()));
    REFUSED_WINDOWS("avg_pool2d_grad", CALL);
    assert_null_and_error(CALL(WG_POOL(.stride = WG_PAIR(1, 1))), WG_E_SHAPE,
                          "expected a gradient of the result's shape [2, 3, 4, 5]");
#undef CALL
    assert_null_and_error(wg_avg_pool2d_grad(gy, 1, 6, WG_POOL()), WG_E_SHAPE, "avg_pool2d_grad: ");
    assert_null_and_error(wg_avg_pool2d_grad(gy, -1, 6, WG_POOL()), WG_E_SHAPE, "avg_pool2d_grad: ");
    assert_null_and_error(wg_avg_pool2d_grad(gy, INT64_MAX, 6, WG_POOL()), WG_E_SHAPE, "avg_pool2d_grad: ");
    assert_null_and_error(wg_avg_pool2d_grad(fx.y, 5, 6, WG_POOL()), WG_E_SHAPE, "avg_pool2d_grad: expected images ");
    assert_null_and_error(wg_avg_pool2d_grad(fx.bytes, 5, 6, WG_POOL()), WG_E_DTYPE, "avg_pool2d_grad: ");
}

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
