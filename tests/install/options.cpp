/* Each macro of the public headers that takes options or asks for a C type, in C++: that it compiles and does what it does in C.
   Options stand in an order that is not that of their struct. */
#include <cmath>
#include <cstdio>
extern "C" { /* also so, as programs write that know no header for C++ */
#include <wengert.h>
}

static int failed;
static int said;

static void is(bool right, const char *what)
{
    std::printf("%s %d - %s\n", right ? "ok" : "not ok", ++said, what);
    failed += !right;
}

static wg_tensor *cube(wg_tensor *const *x, size_t, void *)
{
    return wg_sum(wg_mul(x[0], wg_mul(x[0], x[0])));
}

/* A kind of the user's own, in which members are left out, with its options from one list. */
#define POWER_OPTIONS(X, T)                           \
    X(T, SIZE, power, "the exponent", WG_AT_LEAST(1)) \
    X(T, REAL, factor, 1, "in front", WG_ANY_VALUE)
WG_OPTION_STRUCT(power_options, POWER_OPTIONS);
WG_OPTION_TABLE(power_table, power_options, POWER_OPTIONS);
#define power(power_, ...) power_with(WG_OPTIONS(power_options, .power = (power_), WG_OPTION_PRESETS(POWER_OPTIONS) __VA_ARGS__))

static wg_tensor *power_forward(const wg_nn_call *call, wg_tensor *x)
{
    const power_options *o = static_cast<const power_options *>(call->options);
    return wg_mul_scalar(wg_pow_scalar(x, static_cast<double>(o->power)), o->factor);
}

static wg_nn_module *power_with(power_options options)
{
    static const struct wg_nn_kind kind = {"power", power_forward, 1, 1, &power_table};
    return wg_nn_module_create(&kind, &options, NULL);
}

static wg_tensor *counting(wg_dtype dtype, wg_shape shape)
{
    wg_tensor *t = wg_zeros(dtype, shape);
    for (int64_t i = 0; i < wg_numel(t); i++)
        if (dtype == WG_F64)
            wg_data_mut_as(t, double)[i] = static_cast<double>(i + 1);
        else
            wg_data_mut_as(t, float)[i] = static_cast<float>(i + 1);
    return t;
}

int main()
{
    WG_TAPE(tape, .trace = true);
    {
        WG_NO_GRAD;
        is(!wg_grad_mode(), "a mode is a declaration");
    }
    is(wg_grad_mode(), "and ends with its block");

    const double numbers[] = {1, 2, 3, 4};
    double back[4] = {};
    wg_tensor *x = wg_set_requires_grad(wg_from(numbers, WG_SHAPE(2, 2)), true);
    is(wg_dtype_of(x) == WG_F64 && wg_read(x, back) == WG_OK && back[3] == 4, "wg_from, wg_read: double");
    const int64_t labels[] = {1, 0};
    wg_tensor *label = wg_from(labels, WG_SHAPE(2));
    is(wg_write(label, labels) == WG_OK && wg_data_as(label, int64_t)[0] == 1, "wg_write, wg_data_as: int64_t");
    is(wg_data_as(label, float) == NULL && wg_error_take(NULL) == WG_E_DTYPE, "wg_data_as: another type");
    is(wg_rank(wg_full(WG_F32, WG_SCALAR, 2)) == 0, "WG_SCALAR");

    wg_tensor *sum = wg_sum(x, .keepdims = true, .axis = 1);
    is(wg_rank(sum) == 2 && wg_data_as(sum, double)[1] == 7, "wg_sum: keepdims, axis");
    is(wg_item(wg_sum(x, .axes = WG_AXES(0, 1))) == 10, "WG_AXES");
    is(wg_item(wg_norm(x, .p = 1)) == 10 && wg_item(wg_norm(x)) == std::sqrt(30.0), "wg_norm: p, and its default");
    is(wg_item(wg_cross_entropy(x, label, .reduction = WG_REDUCTION_SUM, .smoothing = 0)) > 0, "wg_cross_entropy");
    is(wg_item(wg_sum(wg_softmax(x))) == 2 && wg_item(wg_sum(wg_log_softmax(x, .axis = 0))) < 0,
       "wg_softmax: axis, and its default");
    is(wg_item(wg_mse(x, wg_zeros(WG_F64, WG_SHAPE(2, 2)), .reduction = WG_REDUCTION_SUM)) == 30, "wg_mse: reduction");
    is(wg_item(wg_huber(x, wg_zeros(WG_F64, WG_SHAPE(2, 2)), .reduction = WG_REDUCTION_SUM, .delta = 10)) == 15, "wg_huber: two");
    is(wg_item(wg_bce_with_logits(x, wg_ones(WG_F64, WG_SHAPE(2, 2)))) > 0, "wg_bce_with_logits");
    wg_tensor *mean = NULL, *normal = wg_layer_norm(x, .mean = &mean, .bias = wg_ones(WG_F64, WG_SHAPE(2)), .eps = 0);
    is(wg_item(wg_mean(normal)) == 1 && wg_data_as(mean, double)[1] == 3.5, "wg_layer_norm: bias, eps, mean");
    is(std::fabs(wg_item(wg_sum(wg_batch_norm(x)))) < 1e-12 && wg_rank(wg_group_norm(x, 1)) == 2, "wg_batch_norm, wg_group_norm");

    is(wg_numel(wg_repeat(x, WG_SIZES(2, 3))) == 24 && wg_numel(wg_pad(x, WG_SIZES(1, 0), WG_SIZES(0, 2), 0)) == 12,
       "wg_repeat, wg_pad: counted lists");

    wg_tensor *image = counting(WG_F32, WG_SHAPE(1, 1, 4, 4)), *kernel = wg_ones(WG_F32, WG_SHAPE(1, 1, 2, 2));
    wg_tensor *conv = wg_conv2d(image, kernel, WG_NONE, .padding = WG_PAIR(1, 0), .stride = WG_PAIR(1, 2));
    is(wg_extent(conv, 2) == 5 && wg_extent(conv, 3) == 2 && wg_data_as(conv, float)[0] == 3, "wg_conv2d: pairs");
    is(wg_numel(wg_interpolate(image, .size = WG_SHAPE(5, 7), .mode = WG_INTERPOLATION_LINEAR)) == 35 * wg_extent(image, 1),
       "wg_interpolate");
    is(wg_numel(wg_resample(image, 3, WG_SAMPLING(.extent = 1))) == wg_numel(image) / wg_extent(image, 3), "wg_resample");
    is(wg_numel(wg_max_pool2d(image, .stride = WG_PAIR(1, 1))) == 9, "wg_max_pool2d");

    wg_tensor *first = wg_grad(wg_sum(wg_mul(x, wg_mul(x, x))), x, .create_graph = true);
    is(wg_item(wg_sum(wg_grad(wg_sum(first), x, .unused = WG_UNUSED_ZEROS))) == 60, "wg_grad of wg_grad");
    is(wg_item(wg_sum(wg_grad(wg_sum(wg_grad(wg_sum(wg_square(x)), x, .create_graph = true)), x, .unused = WG_UNUSED_ZEROS))) == 8,
       "options within options");
    is(wg_backward(wg_sum(x), .retain = true) == WG_OK && wg_item(wg_sum(wg_gradient(x))) == 4, "wg_backward");
    is(wg_gradcheck(cube, NULL, &x, 1, .seed = 4, .full = false) == WG_OK, "wg_gradcheck");

    wg_study_loss landscape = wg_study_loss();
    wg_study_estimate trace;
    wg_study_point point;
    landscape.f = cube;
    landscape.params.n = 1;
    landscape.params.tensor = &x;
    wg_tensor *ends = wg_study_extremes(&landscape, .largest = 2, .smallest = 0);
    is(std::fabs(wg_data_as(ends, double)[1] - 24) < 1e-9, "wg_study_extremes"); /* 6x for x = 4 */
    is(wg_extent(wg_study_density(&landscape, .points = 20, .probes = 2), 0) == 20, "wg_study_density");
    is(wg_study_trace(&landscape, &trace, .seed = 3, .probes = 4) == WG_OK && std::fabs(trace.mean - 60) < 1e-9, "wg_study_trace");
    is(wg_study_classify(&landscape, &point, .zero = 1e-6, .gradient = 1e3) == WG_OK && point.kind == WG_STUDY_MINIMUM,
       "wg_study_classify");
    wg_study_strict_result strict;
    is(wg_study_strict_saddle(&landscape, &strict, .gamma = 2, .epsilon = 1) == WG_OK && strict.holds == WG_STUDY_STRICT_GRADIENT,
       "wg_study_strict_saddle");
    wg_tensor *direction = wg_study_direction(&landscape, .seed = 4, .scale = WG_STUDY_SCALE_TENSOR);
    is(wg_numel(direction) == 4, "wg_study_direction");
    is(wg_extent(wg_study_line(&landscape, direction, .points = 3, .from = 0), 0) == 3, "wg_study_line");
    is(wg_extent(wg_study_plane(&landscape, direction, direction, .points = 3, .to = 2), 0) == 9, "wg_study_plane");

    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(2, 3, .generator = WG_NONE, .dtype = WG_F64, .bias = false), wg_nn_tanh(),
                                         wg_nn_batch_norm(3, .dtype = WG_F64, .eps = 1e-3));
    is(wg_nn_children(net) == 3 && wg_nn_parameters(net).n == 3, "wg_nn_sequential");
    wg_tensor *batch = wg_ones(WG_F64, WG_SHAPE(4, 2)), *result = wg_nn_apply(net, batch);
    is(result && wg_extent(result, 1) == 3, "wg_nn_apply");
    is(wg_nn_print(net, stderr, WG_SHAPE(4, 2)) == WG_OK && wg_nn_print(net, stderr) == WG_OK, "wg_nn_print");
    wg_free(batch), wg_free(result);
    wg_nn_module *cubes = power(3, .factor = 2), *plain = power(2, .factor = 1);
    is(wg_item(wg_sum(wg_nn_apply(cubes, x))) == 200 && wg_item(wg_sum(wg_nn_apply(plain, x))) == 30, "a kind with options");
    is(!power(0, .factor = 1) && wg_error_take(NULL) == WG_E_ARGUMENT, "a kind with options: their range");
    wg_nn_destroy(cubes), wg_nn_destroy(plain);
    wg_nn_module *layer = wg_nn_conv2d(1, 2, 3, .bias = false, .padding = WG_PAIR(1, 1));
    is(wg_nn_parameters(layer).n == 1, "wg_nn_conv2d");
    wg_nn_destroy(layer);
    layer = wg_nn_conv3d(1, 2, 3, .padding = WG_TRIPLE(1, 0, 1), .padding_mode = WG_PADDING_CIRCULAR);
    is(wg_rank(wg_nn_parameters(layer).tensor[0]) == 5, "wg_nn_conv3d");
    wg_nn_destroy(layer);
    layer = wg_nn_sequential(wg_nn_flatten(), wg_nn_unflatten(1, .size = WG_SHAPE(2, 3)), wg_nn_upsample(.size = WG_SHAPE(5)));
    is(wg_nn_children(layer) == 3, "wg_nn_unflatten, wg_nn_upsample");
    wg_nn_destroy(layer);
    layer = wg_nn_parallel(WG_NN_MODULES(wg_nn_relu(), wg_nn_residual(wg_nn_tanh(), .shortcut = wg_nn_identity())), .axis = 0);
    is(wg_nn_children(layer) == 2, "wg_nn_parallel, wg_nn_residual");
    wg_nn_destroy(layer);
    wg_optim *opt = wg_optim_sgd(wg_nn_parameters(net), .nesterov = true, .momentum = 0.9, .lr = 0.5);
    is(wg_optim_lr(opt, 0) == 0.5 && wg_optim_get(opt, 0, "momentum") == 0.9 && wg_optim_get(opt, 0, "nesterov") == 1,
       "wg_optim_sgd");
    wg_nn_module *more = wg_nn_mlp(WG_SIZES(2, 4, 1), .dtype = WG_F64, .seed = 3, .activation = WG_ACTIVATION_TANH);
    is(wg_optim_add_group(opt, wg_nn_parameters(more), .lr = 0.25) == WG_OK && wg_optim_lr(opt, 1) == 0.25 &&
           wg_optim_get(opt, 1, "momentum") == 0.9,
       "wg_optim_add_group takes the rest from group 0");
    const wg_tensor_list few = {wg_nn_parameters(more).n - 1, wg_nn_parameters(more).tensor, nullptr};
    is(!wg_nn_apply_with(more, few, x) && wg_error_take(NULL) == WG_E_ARGUMENT,
       "wg_nn_apply_with refuses a list that is too short");
    wg_lr *schedule = wg_lr_warmup(wg_lr_cosine(.min = 0.5, .steps = 8), .start = 0.25, .steps = 2);
    is(wg_lr_at(schedule, 1) == 0.625 && wg_lr_at(schedule, 10) == 0.5, "wg_lr_warmup, wg_lr_cosine");
    is(wg_lr_set(schedule, opt, 0) == WG_OK && wg_optim_lr(opt, 0) == 0.125, "wg_lr_set");
    wg_lr_destroy(schedule);
    schedule = wg_lr_multi_step(.gamma = 0.5, .milestones = WG_MILESTONES(3, 8));
    is(wg_lr_at(schedule, 2) == 1 && wg_lr_at(schedule, 8) == 0.25, "WG_MILESTONES");
    wg_lr_destroy(schedule);
    is(!wg_lr_multi_step() && wg_error_take(NULL) == WG_E_ARGUMENT, "wg_lr_multi_step without milestones");
    wg_batches *batches = wg_batches_create(x, label, .seed = 2, .size = 1);
    is(wg_batches_per_epoch(batches) == 2, "wg_batches_create");
    const char csv[] = "1;2\n3;4\n";
    wg_tensor *rows = NULL;
    is(wg_dataset_parse_csv(csv, sizeof csv - 1, "rows", &rows, NULL, .separator = ';', .dtype = WG_F64) == WG_OK &&
           wg_numel(rows) == 4,
       "wg_dataset_parse_csv");
    FILE *dot = std::tmpfile();
    std::FILE *bars = std::tmpfile();
    wg_lifetime *lifetime = wg_lifetime_begin() == WG_OK ? wg_lifetime_end() : NULL;
    is(bars && wg_lifetime_write_svg(lifetime, bars, .title = "of C++", .rows = 3) == WG_OK, "wg_lifetime_write_svg");
    wg_lifetime_destroy(lifetime);
    if (bars)
        std::fclose(bars);
    std::FILE *events = std::tmpfile();
    is(events && wg_trace_begin(events, .thread = "of C++") == WG_OK && wg_trace_end() == WG_OK, "wg_trace_begin");
    if (events)
        std::fclose(events);
    is(dot && wg_dump_dot(tape, dot, .title = "of C++", .values = false) == WG_OK && std::ftell(dot) > 0, "wg_dump_dot");
    if (dot)
        std::fclose(dot);
    is(wg_init_kaiming_normal(wg_zeros(WG_F64, WG_SHAPE(2, 2)), wg_generator_default(), .fan = WG_FAN_OUT, .gain = 1) == WG_OK,
       "wg_init_kaiming_normal");
    wg_tensor *weight = wg_init_tensor(WG_F64, WG_SHAPE(2, 2), wg_generator_default(), WG_INIT_ORTHOGONAL, .gain = 2);
    is(weight && wg_init_uniform(weight, wg_generator_default(), 0, 1) == WG_OK && wg_init_zeros(weight) == WG_OK,
       "wg_init_tensor");
    is(wg_init_by(weight, wg_generator_default(), WG_INIT_LECUN_UNIFORM, .fan = WG_FAN_OUT) == WG_OK, "wg_init_by");
    wg_nn_module *wrapped = wg_nn_spectral_norm(wg_nn_weight_norm(wg_nn_linear(2, 2), .axis = WG_ALL), .parameter = "weight_v");
    is(wrapped && wg_nn_max_norm(wg_nn_matching(wrapped, "weight_v*"), 1, .axis = -1) == WG_OK, "wg_nn_spectral_norm");
    wg_nn_destroy(wrapped);
    is(wg_nn_gain(WG_ACTIVATION_LEAKY_RELU, .slope = 1) == 1, "wg_nn_gain");
    is(wg_error_first() == NULL, "no error is left");

    wg_batches_destroy(batches), wg_optim_destroy(opt), wg_nn_destroy(net), wg_nn_destroy(more);
    std::printf("1..%d\n", said);
    return failed != 0;
}
