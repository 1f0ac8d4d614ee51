/* What layers for images, containers of modules side by side, and models promise beside what every layer does (list.c). */
#include <math.h>

#include "nn_check.h"

/* ---- convolution ---- */

static void windows_need_not_be_square(void **state)
{
    (void)state;
    wg_nn_module *conv = wg_nn_conv2d(1, 2, 5, .columns = 3), *volume = wg_nn_conv3d(2, 4, 3, .rows = 2, .groups = 2);
    const wg_tensor *w = wg_nn_parameters(conv).tensor[0], *v = wg_nn_parameters(volume).tensor[0];
    char text[200];
    assert_true(wg_extent(w, 2) == 5 && wg_extent(w, 3) == 3);
    assert_true(wg_extent(v, 1) == 1 && wg_extent(v, 2) == 3 && wg_extent(v, 3) == 2 && wg_extent(v, 4) == 2);
    assert_string_equal(wg_nn_describe(conv, text, sizeof text), "conv2d(in=1, out=2, size=5, columns=3)");
    wg_nn_destroy(conv), wg_nn_destroy(volume);
    conv = wg_nn_conv3d(1, 1, 2, .stride = WG_TRIPLE(1, 2, 2), .padding_mode = WG_PADDING_CIRCULAR);
    assert_string_equal(wg_nn_describe(conv, text, sizeof text),
                        "conv3d(in=1, out=1, size=2, stride=(1, 2, 2), padding_mode=circular)");
    wg_nn_destroy(conv);
}

/* PyTorch's fan in of a transposed convolution is of the second extent: U(±1/√(out/groups k²)) for weight and bias. */
static void transposed_weights_begin_as_in_pytorch(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_conv_transpose2d(64, 32, 3, .groups = 2, .dtype = WG_F64);
    const double bound = 1 / sqrt(32.0 / 2 * 9);
    for (int k = 0; k < 2; k++) {
        const wg_tensor *t = wg_nn_parameters(layer).tensor[k];
        const double *value = wg_data_as(t, double);
        double largest = 0;
        for (int64_t i = 0; i < wg_numel(t); i++)
            largest = fmax(largest, fabs(value[i]));
        assert_true(largest <= bound && largest > (k == 0 ? 0.99 : 0.7) * bound);
    }
    assert_int_equal(wg_extent(wg_nn_parameters(layer).tensor[1], 0), 32);
    wg_nn_destroy(layer);
}

static void padding_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_conv2d(1, 1, 3, .padding = WG_PAIR(2, 0), .padding_mode = WG_PADDING_REFLECT);
    wg_tensor *x = wg_zeros(WG_F32, WG_SHAPE(1, 1, 2, 4));
    assert_null(wg_nn_apply(layer, x));
    assert_error(
        WG_E_SHAPE,
        "nn_conv2d: expected a longer axis 2 for a reflect padding of 2 and a window of 3 with dilation 1, got [1, 1, 2, 4]");
    wg_free(x), wg_nn_destroy(layer);
    assert_null(wg_nn_conv_transpose1d(3, 4, 2, .groups = 2));
    assert_error(WG_E_ARGUMENT, "nn_conv_transpose1d: expected groups that divide in and out, got 2 for 3 and 4");
    assert_null(wg_nn_conv3d(2, 2, 3, .stride = WG_TRIPLE(1, 0, 1)));
    assert_error(WG_E_ARGUMENT, "nn_conv3d: expected stride in [1, inf), got 0");
}

/* A stride that is left out is the window's size. */
static void pools_do_not_overlap_by_default(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_max_pool2d(3, .columns = 2);
    wg_tensor *x = wg_zeros(WG_F32, WG_SHAPE(1, 1, 7, 7)), *y = wg_nn_apply(layer, x);
    assert_true(wg_extent(y, 2) == 2 && wg_extent(y, 3) == 3);
    wg_free(x), wg_free(y), wg_nn_destroy(layer);
}

/* ---- shapes ---- */

static void shapes_come_back(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(wg_nn_flatten(), wg_nn_unflatten(1, .size = WG_SHAPE(3, 2, 4)));
    wg_tensor *x = wg_normal(wg_generator_default(), WG_F32, WG_SHAPE(5, 3, 2, 4), 0, 1), *y = wg_nn_apply(net, x);
    char text[200];
    assert_int_equal(wg_rank(y), 4);
    assert_memory_equal(wg_data(x), wg_data(y), (size_t)wg_numel(x) * sizeof(float));
    assert_string_equal(wg_nn_describe(wg_nn_child(net, 1), text, sizeof text), "unflatten(axis=1, size=(3, 2, 4))");
    wg_free(y), wg_free(x), wg_nn_destroy(net);
    assert_null(wg_nn_unflatten(1));
    assert_error(WG_E_ARGUMENT, "nn_unflatten: expected a size");
    assert_null(wg_nn_unflatten(1, .size = WG_SHAPE(2, 0)));
    assert_error(WG_E_ARGUMENT, "nn_unflatten: expected size in [1, inf), got 0");
    assert_null(wg_nn_upsample());
    assert_error(WG_E_ARGUMENT, "nn_upsample: expected either .size or .scale");
    assert_null(wg_nn_upsample(.size = WG_SHAPE(2), .scale = 2));
    assert_error(WG_E_ARGUMENT, "nn_upsample: expected either .size or .scale");
    assert_null(wg_nn_upsample(.scale = 2, .align_corners = true));
    assert_error(WG_E_ARGUMENT, "nn_upsample: .align_corners is for linear and cubic interpolation");
    assert_null(wg_nn_upsample(.size = WG_SHAPE(2, 2, 2, 2)));
    assert_error(WG_E_ARGUMENT, "nn_upsample: expected a size of at most 3 extents, got 4");
}

/* ---- modules side by side ---- */

static const double numbers[] = {1, 2, 3, 4};

static wg_tensor *rows(void)
{
    return wg_from(numbers, WG_SHAPE(2, 2));
}

static wg_nn_module *doubling(void)
{
    wg_nn_module *layer = wg_nn_linear(2, 2, .bias = false, .dtype = WG_F64);
    assert_int_equal(wg_write(wg_nn_parameters(layer).tensor[0], ((const double[]){2, 0, 0, 2})), WG_OK);
    return layer;
}

static void residuals_add_their_input(void **state)
{
    (void)state;
    wg_nn_module *plain = wg_nn_residual(doubling()), *projected = wg_nn_residual(wg_nn_identity(), .shortcut = doubling());
    wg_nn_module *twice = wg_nn_residual(wg_nn_identity());
    wg_tensor *x = rows(), *y[] = {wg_nn_apply(plain, x), wg_nn_apply(projected, x), wg_nn_apply(twice, x)};
    for (int i = 0; i < 3; i++) {
        const double factor = i < 2 ? 3 : 2;
        assert_values(y[i], (const double[]){factor, 2 * factor, 3 * factor, 4 * factor}, 0);
        wg_free(y[i]);
    }
    assert_string_equal(wg_nn_parameters(plain).name[0], "module.weight");
    assert_string_equal(wg_nn_parameters(projected).name[0], "shortcut.weight");
    wg_nn_module *copy = wg_nn_copy(projected);
    wg_tensor *again = wg_nn_apply(copy, x);
    assert_values(again, (const double[]){3, 6, 9, 12}, 0);
    wg_free(again), wg_free(x);
    wg_nn_destroy(plain), wg_nn_destroy(projected), wg_nn_destroy(twice), wg_nn_destroy(copy);
    assert_no_error();
}

static void results_are_not_broadcast(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_residual(wg_nn_linear(2, 1, .dtype = WG_F64));
    wg_nn_module *sum = wg_nn_parallel(WG_NN_MODULES(wg_nn_identity(), wg_nn_linear(2, 1, .dtype = WG_F64)), .add = true);
    wg_tensor *x = rows();
    assert_null(wg_nn_apply(net, x));
    assert_error(WG_E_SHAPE, "nn_residual: expected results of one shape to add, got [2, 1] and [2, 2]");
    assert_null(wg_nn_apply(sum, x));
    assert_error(WG_E_SHAPE, "nn_parallel: expected results of one shape to add, got [2, 2] and [2, 1]");
    wg_free(x), wg_nn_destroy(net), wg_nn_destroy(sum);
    wg_nn_module *none = NULL;
    assert_null(wg_nn_residual(none, .shortcut = doubling()));
    assert_error(WG_E_NULL, "nn_residual: the module is NULL");
    assert_null(wg_nn_parallel(WG_NN_MODULES(doubling(), none, doubling())));
    assert_error(WG_E_NULL, "nn_parallel: module 1 is NULL");
    assert_null(wg_nn_parallel(((wg_nn_module_list){0, NULL})));
    assert_error(WG_E_ARGUMENT, "nn_parallel: expected at least one module");
    assert_null(wg_nn_parallel(WG_NN_MODULES(doubling()), .axis = 9));
    assert_error(WG_E_ARGUMENT, "nn_parallel: expected axis in [-8, 7], got 9");
}

static void branches_are_joined_or_added(void **state)
{
    (void)state;
    wg_nn_module *joined = wg_nn_parallel(WG_NN_MODULES(wg_nn_identity(), doubling()), .axis = -1);
    wg_nn_module *added = wg_nn_parallel(WG_NN_MODULES(doubling(), wg_nn_identity(), doubling()), .add = true);
    wg_nn_module *one = wg_nn_parallel(WG_NN_MODULES(wg_nn_identity()), .add = true);
    wg_tensor *x = rows(), *y = wg_nn_apply(joined, x), *z = wg_nn_apply(added, x), *same = wg_nn_apply(one, x);
    char text[100];
    assert_values(y, (const double[]){1, 2, 2, 4, 3, 4, 6, 8}, 0);
    assert_values(z, (const double[]){5, 10, 15, 20}, 0);
    assert_values(same, numbers, 0);
    assert_string_equal(wg_nn_describe(joined, text, sizeof text), "parallel(axis=-1)");
    assert_string_equal(wg_nn_parameters(added).name[1], "2.weight");
    wg_free(x), wg_free(y), wg_free(z), wg_free(same);
    wg_nn_destroy(joined), wg_nn_destroy(added), wg_nn_destroy(one);
    assert_no_error();
}

/* Gradients to second order, through all branches. */
static wg_tensor *through_branches(wg_tensor *const *x, size_t n, void *context)
{
    const wg_tensor_list params = {.n = n - 1, .tensor = x + 1};
    return wg_nn_apply_with(context, params, x[0]);
}

static void gradients_of_branches_are_right(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(
        wg_nn_residual(wg_nn_sequential(doubling(), wg_nn_tanh()), .shortcut = doubling()),
        wg_nn_parallel(WG_NN_MODULES(wg_nn_sigmoid(), wg_nn_identity(), wg_nn_linear(2, 1, .dtype = WG_F64))));
    wg_tensor *x[5] = {rows()};
    const wg_tensor_list params = wg_nn_parameters(net);
    assert_int_equal(params.n, 4);
    for (size_t i = 0; i < params.n; i++)
        x[1 + i] = params.tensor[i];
    assert_int_equal(wg_gradcheck(through_branches, net, x, 5), WG_OK);
    assert_int_equal(wg_gradgradcheck(through_branches, net, x, 5), WG_OK);
    wg_free(x[0]), wg_nn_destroy(net);
    assert_no_error();
}

/* ---- models: the numbers of parameters that are known of them ---- */

static int64_t elements(const wg_nn_module *net)
{
    const wg_tensor_list params = wg_nn_parameters(net);
    int64_t n = 0;
    for (size_t i = 0; i < params.n; i++)
        n += wg_numel(params.tensor[i]);
    return n;
}

static void models_have_their_parameters(void **state)
{
    (void)state;
    const struct {
        wg_nn_module *net;
        int64_t parameters;
    } models[] = {
        {wg_nn_lenet(), 61706},
        {wg_nn_lenet(.extent = 32, .channels = 3), 83126},
        {wg_nn_resnet(3), 269722},
        {wg_nn_resnet(5), 464154},
        {wg_nn_resnet(3, .shortcut = WG_SHORTCUT_PROJECTION), 272474},
        {wg_nn_unet(3, 2), 31037698},
    };
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        assert_int_equal(elements(models[i].net), models[i].parameters);
        wg_nn_destroy(models[i].net);
    }
    wg_nn_module *net = wg_nn_resnet(3, .shortcut = WG_SHORTCUT_PROJECTION);
    assert_non_null(wg_nn_parameter(net, "layer2.0.downsample.0.weight"));
    assert_non_null(wg_nn_parameter(net, "layer3.2.bn2.bias"));
    assert_null(wg_nn_parameter(net, "layer1.0.downsample.0.weight"));
    wg_error_take(NULL);
    wg_nn_destroy(net);
}

static void models_take_images_of_any_size(void **state)
{
    (void)state;
    WG_EVAL_MODE;
    wg_nn_module *resnet = wg_nn_resnet(1, .width = 2), *unet = wg_nn_unet(1, 3, .width = 2, .levels = 3), *lenet = wg_nn_lenet();
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(2, 3, 1, 17)), *y = wg_nn_apply(resnet, x);
    assert_true(wg_rank(y) == 2 && wg_extent(y, 1) == 10);
    wg_free(x), wg_free(y);
    x = wg_ones(WG_F32, WG_SHAPE(1, 1, 13, 8)), y = wg_nn_apply(unet, x);
    assert_true(wg_extent(y, 1) == 3 && wg_extent(y, 2) == 13 && wg_extent(y, 3) == 8);
    assert_null(wg_nn_apply(lenet, x));
    assert_error(WG_E_SHAPE, "nn_lenet: expected x of shape (N, 1, 28, 28), got [1, 1, 13, 8]");
    wg_free(x), wg_free(y);
    x = wg_ones(WG_F32, WG_SHAPE(1, 1, 13, 7));
    assert_null(wg_nn_apply(unet, x));
    assert_error(WG_E_SHAPE, "nn_unet: expected images of at least 8x8, got [1, 1, 13, 7]");
    wg_free(x), wg_nn_destroy(resnet), wg_nn_destroy(unet), wg_nn_destroy(lenet);
    assert_null(wg_nn_basic_block(4, 2));
    assert_error(WG_E_ARGUMENT, "nn_basic_block: expected at least as many channels out as in, 4, got 2");
    assert_null(wg_nn_unet_up(3, 2));
    assert_error(WG_E_ARGUMENT, "nn_unet_up: expected an even number of channels, got 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_need_not_be_square),
        cmocka_unit_test(transposed_weights_begin_as_in_pytorch),
        cmocka_unit_test(padding_that_does_not_fit_is_refused),
        cmocka_unit_test(pools_do_not_overlap_by_default),
        cmocka_unit_test(shapes_come_back),
        cmocka_unit_test(residuals_add_their_input),
        cmocka_unit_test(results_are_not_broadcast),
        cmocka_unit_test(branches_are_joined_or_added),
        cmocka_unit_test(gradients_of_branches_are_right),
        cmocka_unit_test(models_have_their_parameters),
        cmocka_unit_test(models_take_images_of_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
