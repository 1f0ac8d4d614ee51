/* Misuse of networks, data and optimizers. */
#include "misuse.h"

static wg_tensor *identity(const wg_nn_call *call, wg_tensor *x)
{
    (void)call;
    return x;
}

static int destroyed;

static void count_destroyed(void *context)
{
    (void)context;
    destroyed++;
}

static const struct wg_nn_kind plain = {.name = "plain", .forward = identity, .destroy = count_destroyed};

/* ---- modules ---- */

static void misuse_module(void)
{
    int context;
    destroyed = 0;
    assert_null_and_error(wg_nn_module_create(NULL, NULL, &context), WG_E_NULL, "module");
    wg_nn_destroy(NULL);
    assert_null(wg_error_first());
    wg_nn_module *parent = wg_nn_module_create(&plain, NULL, &context), *child = wg_nn_module_create(&plain, NULL, NULL);
    assert_true(parent && child);
    assert_null(wg_nn_child(parent, 0));
    expect_error(WG_E_ARGUMENT, "nn_child: there is no child 0");
    assert_null_and_error(wg_nn_child(NULL, 0), WG_E_NULL, "nn_child: the module is NULL");
    assert_int_equal(wg_nn_children(NULL), 0); /* no answer, and it says so */
    expect_error(WG_E_NULL, "nn_children: the module is NULL");
    assert_null_and_error(wg_nn_context(NULL), WG_E_NULL, "nn_context: the module is NULL");
    assert_string_equal(wg_nn_kind_name(NULL), "");
    expect_error(WG_E_NULL, "nn_kind_name: the module is NULL");
    assert_int_equal(wg_nn_parameters(NULL).n, 0);
    expect_error(WG_E_NULL, "nn_parameters");
    assert_int_equal(wg_nn_buffers(NULL).n, 0);
    expect_error(WG_E_NULL, "nn_buffers");
    assert_int_equal(wg_nn_add_child(parent, "a", NULL), WG_E_NULL);
    expect_error(WG_E_NULL, "nn_");
    assert_int_equal(wg_nn_add_child(parent, "a", child), WG_OK);
    wg_nn_destroy(child);
    expect_error(WG_E_STATE, "nn_");
    assert_int_equal(wg_nn_add_child(child, "b", parent), WG_E_STATE); /* a child cannot be changed, and cycles are refused */
    expect_error(WG_E_STATE, "nn_");
    destroyed = 0;
    wg_nn_module *other = wg_nn_module_create(&plain, NULL, &context);
    assert_int_equal(wg_nn_add_child(other, "x", wg_nn_relu()), WG_OK);
    wg_nn_destroy(other);
    assert_int_equal(destroyed, 1);
}

static void misuse_module_tensors(void)
{
    wg_nn_module *module = wg_nn_module_create(&plain, NULL, NULL);
    FOR_EACH_BAD(IS_NULL, {
        assert_int_equal(wg_nn_add_parameter(module, "w", bad), code);
        expect_error(code, "");
        assert_int_equal(wg_nn_add_buffer(module, "w", bad), code);
        expect_error(code, "");
    });
    assert_int_equal(wg_nn_add_parameter(module, "w", made(wg_zeros(WG_I64, WG_SHAPE(1)))), WG_E_DTYPE);
    expect_error(WG_E_DTYPE, "nn_add_parameter: expected parameter \"w\" of dtype f32 or f64, got i64");
    static const char *const names[] = {"", "a.b"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wg_nn_add_parameter(module, names[i], made(wg_zeros(WG_F32, WG_SHAPE(1)))), WG_E_ARGUMENT);
        expect_error(WG_E_ARGUMENT, "nn_");
    }
    assert_int_equal(wg_nn_add_parameter(module, NULL, made(wg_zeros(WG_F32, WG_SHAPE(1)))), WG_E_NULL);
    expect_error(WG_E_NULL, "nn_");
    assert_int_equal(wg_nn_add_parameter(NULL, "w", made(wg_zeros(WG_F32, WG_SHAPE(1)))), WG_E_NULL);
    expect_error(WG_E_NULL, "nn_");
    assert_ok(wg_nn_add_parameter(module, "w", made(wg_zeros(WG_F32, WG_SHAPE(1)))));
    assert_int_equal(wg_nn_add_buffer(module, "w", made(wg_zeros(WG_F32, WG_SHAPE(1)))), WG_E_ARGUMENT); /* names are unique */
    expect_error(WG_E_ARGUMENT, "nn_");
    assert_int_equal(wg_nn_parameters(module).n, 1);
    assert_int_equal(wg_nn_buffers(module).n, 0);
    wg_nn_destroy(module);
}

static void misuse_apply(void)
{
    wg_nn_module *linear = wg_nn_linear(3, 2); /* its weight has the shape of the invalid handles */
    assert_non_null(linear);
    const wg_tensor_list own = wg_nn_parameters(linear);
    wg_tensor *params[2] = {own.tensor[0], own.tensor[1]};
    const wg_tensor_list list = {.n = 2, .tensor = params};
    FOR_EACH_BAD(IS_NULL, assert_null_and_error(wg_nn_apply(linear, bad), code, bad_ == IS_NULL ? "nn_apply: x" : "linear: "));
    assert_null_and_error(wg_nn_apply(NULL, fx.y), WG_E_NULL, "nn_apply");
    assert_null_and_error(wg_nn_apply(linear, fx.odd), WG_E_SHAPE, "nn_linear: expected x of shape (..., 3), got [5, 7]");
    assert_null_and_error(wg_nn_apply(linear, fx.wide), WG_E_DTYPE, "nn_linear: expected x of the weight's dtype, f32, got f64");
    assert_null_and_error(wg_nn_apply_with(NULL, list, fx.y), WG_E_NULL, "nn_apply");
    assert_null_and_error(wg_nn_apply_with(linear, (wg_tensor_list){.n = 2}, fx.y), WG_E_NULL, "nn_apply");
    FOR_EACH_BAD(IS_NULL, {
        params[0] = bad;
        assert_null_and_error(wg_nn_apply_with(linear, list, fx.y), code,
                              bad_ == IS_RELEASED ? "linear: " : "nn_apply_with: parameter \"weight\"");
    });
    params[0] = fx.odd;
    assert_null_and_error(wg_nn_apply_with(linear, list, fx.y), WG_E_SHAPE, "[5, 7]");
    params[0] = fx.wide;
    assert_null_and_error(wg_nn_apply_with(linear, list, fx.y), WG_E_DTYPE, "f64");
    assert_null_and_error(wg_nn_apply_child(NULL, 0, fx.y), WG_E_NULL, "nn_apply_child: the call");
    const wg_nn_call call = {.module = linear};
    assert_null_and_error(wg_nn_apply_child(&call, 5, fx.y), WG_E_ARGUMENT,
                          "nn_apply_child: there is no child 5 of linear, which has 0 children");
    size_t index = 5;
    assert_null_and_error(wg_nn_apply_next(NULL, &index, fx.y), WG_E_NULL, "nn_apply_next: ");
    assert_null_and_error(wg_nn_apply_next(&call, NULL, fx.y), WG_E_NULL, "nn_apply_next: ");
    assert_null_and_error(wg_nn_apply_next(&call, &index, fx.y), WG_E_ARGUMENT, "nn_apply_next: ");
    assert_int_equal(index, 5);
    wg_nn_destroy(linear);
}

/* Which inputs may be WG_NONE depends on the layer; messages say which layer that is. */
static void misuse_of_several_inputs(void)
{
    wg_nn_module *bilinear = wg_nn_bilinear(3, 3, 2), *attention = wg_nn_multi_head_attention(4, 2);
    FOR_EACH_BAD(IS_NONE, {
        if (bad_ != IS_RELEASED)
            assert_null_and_error(wg_nn_apply(bilinear, fx.y, bad), code,
                                  bad_ == IS_NONE ? "nn_bilinear: an input" : "nn_apply: input 1");
    });
    wg_tensor *x = made(wg_zeros(WG_F32, WG_SHAPE(1, 2, 4)));
    assert_null_and_error(wg_nn_apply(attention, x, WG_NONE, x), WG_E_ARGUMENT, "nn_multi_head_attention: an input");
    wg_nn_destroy(bilinear), wg_nn_destroy(attention);
}

static void misuse_of_conv2d(void)
{
    assert_null_and_error(wg_nn_conv2d(0, 1, 1), WG_E_ARGUMENT, "nn_conv2d: expected in (channels of x) in [1, inf), got 0");
    assert_null_and_error(wg_nn_conv2d(2, 3, 1, .groups = 2), WG_E_ARGUMENT, "nn_conv2d: expected groups that divide");
    assert_null_and_error(wg_nn_conv2d(2, 2, 3, .stride = WG_PAIR(1, 0)), WG_E_ARGUMENT, "nn_conv2d: expected stride in");
    wg_nn_module *layer = wg_nn_conv2d(2, 2, 3);
    assert_null_and_error(wg_nn_apply(layer, fx.odd), WG_E_SHAPE, "nn_conv2d: expected x of shape (N, 2, H, W), got [5, 7]");
    assert_null_and_error(wg_nn_apply(layer, fx.wide), WG_E_DTYPE, "nn_conv2d: expected x of the weight's dtype");
    wg_nn_destroy(layer);
}

static void misuse_layers(void)
{
    misuse_of_conv2d();
    misuse_of_several_inputs();
    assert_null_and_error(wg_nn_linear(-1, 3), WG_E_ARGUMENT, "nn_linear: ");
    assert_null_and_error(wg_nn_linear(3, 0), WG_E_ARGUMENT, "nn_linear: ");
    assert_null_and_error(wg_nn_linear(3, 3, .dtype = WG_I64), WG_E_DTYPE, "");
    assert_null_and_error(wg_nn_linear(3, 3, .init = (wg_init_rule)99), WG_E_ARGUMENT, "");
    FOR_EACH_BAD(IS_NULL, if (bad_ != IS_NONE) assert_null_and_error(wg_nn_linear(3, 3, .generator = bad), code, "nn_linear: "));
    assert_null_and_error(wg_nn_linear((int64_t)1 << 40, (int64_t)1 << 40), WG_E_SHAPE,
                          "nn_linear: init_linear: uniform: [1099511627776, 1099511627776] is too large");
    assert_null_and_error(wg_nn_transformer_encoder_layer((int64_t)1 << 40, 2), WG_E_SHAPE,
                          "nn_multi_head_attention: init_xavier_uniform: uniform: [");
    assert_null_and_error(wg_nn_batch_norm(0), WG_E_ARGUMENT, "nn_batch_norm: ");
    assert_null_and_error(wg_nn_batch_norm(3, .eps = -1), WG_E_ARGUMENT, "nn_batch_norm: ");
    assert_null_and_error(wg_nn_batch_norm(3, .momentum = 2), WG_E_ARGUMENT, "nn_batch_norm: ");
    assert_null_and_error(wg_nn_batch_norm(3, .dtype = WG_U8), WG_E_DTYPE, "");
    wg_nn_module *table = wg_nn_embedding(2, 3, .max_norm = 1);
    const int64_t wrong = 7;
    assert_null_and_error(wg_nn_apply(table, made(wg_from(&wrong, WG_SCALAR))), WG_E_ARGUMENT, "nn_embedding: index_add: index 7");
    assert_fails(wg_nn_print(table, stdout, WG_SHAPE(-1)), WG_E_SHAPE, "nn_print: ");
    wg_nn_destroy(table);
    wg_nn_module *norm = wg_nn_batch_norm(3);
    assert_null_and_error(wg_nn_apply(norm, fx.wide), WG_E_DTYPE, "nn_batch_norm: expected x of the weight's dtype, f32, got f64");
    wg_nn_destroy(norm);
    assert_null_and_error(wg_nn_activation((wg_activation)55), WG_E_ARGUMENT, "nn_activation: ");
    wg_nn_module *layers[] = {wg_nn_relu(), wg_nn_tanh(), wg_nn_sigmoid(), wg_nn_identity(), NULL};
    assert_true(layers[0] && layers[1] && layers[2] && layers[3]);
    assert_null(wg_nn_sequential_with(layers, 5)); /* destroys the other layers */
    expect_error(WG_E_NULL, "nn_sequential: layer 4 is NULL");
    assert_null_and_error(wg_nn_sequential_with(NULL, 2), WG_E_NULL, "nn_sequential: ");
    assert_null_and_error(wg_nn_residual(NULL, .shortcut = wg_nn_relu()), WG_E_NULL, "nn_residual: the module is NULL");
    assert_null_and_error(wg_nn_parallel(((wg_nn_module_list){2, NULL})), WG_E_ARGUMENT,
                          "nn_parallel: expected at least one module");
    assert_null_and_error(wg_nn_mlp_with((wg_sizes){0, NULL}, (wg_nn_mlp_options){.seed = 0}), WG_E_ARGUMENT, "nn_mlp: ");
    assert_null_and_error(wg_nn_mlp(WG_SIZES(3)), WG_E_ARGUMENT, "nn_mlp: ");
    assert_null_and_error(wg_nn_mlp(WG_SIZES(3, -1)), WG_E_ARGUMENT, "");
    assert_null_and_error(wg_nn_mlp(WG_SIZES(3, 2), .dtype = (wg_dtype)9), WG_E_DTYPE, "");
}

/* ---- parameters ---- */

static void misuse_parameters(void)
{
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(2, 3, 1), .seed = 1);
    wg_tensor *part[4];
    assert_null_and_error(wg_nn_options(NULL), WG_E_NULL, "nn_options: the module is NULL");
    assert_null(wg_nn_copy(NULL));
    expect_error(WG_E_NULL, "nn_copy");
    assert_null_and_error(wg_nn_parameter(NULL, "w"), WG_E_NULL, "nn_parameter");
    assert_null_and_error(wg_nn_parameter(net, NULL), WG_E_NULL, "nn_parameter");
    assert_null_and_error(wg_nn_parameter(net, "w"), WG_E_ARGUMENT,
                          "nn_parameter: there is no parameter \"w\": the parameters are 0.weight, 0.bias, 2.weight, 2.bias");
    assert_null_and_error(wg_nn_buffer(NULL, "w"), WG_E_NULL, "nn_buffer");
    assert_null_and_error(wg_nn_buffer(net, NULL), WG_E_NULL, "nn_buffer");
    assert_null_and_error(wg_nn_buffer(net, "0.bias"), WG_E_ARGUMENT,
                          "nn_buffer: there is no buffer \"0.bias\": the buffers are none; it is a parameter");
    assert_int_equal(wg_nn_state(NULL).n + wg_nn_trainable(NULL).n, 0);
    expect_error(WG_E_NULL, "nn_state");
    assert_int_equal(wg_nn_state_dict(NULL).n, 0);
    expect_error(WG_E_NULL, "nn_state_dict");
    assert_int_equal(wg_nn_matching(NULL, "*").n + wg_nn_matching(net, NULL).n, 0);
    expect_error(WG_E_NULL, "nn_matching");
    assert_int_equal(wg_nn_matching(net, "3.*").n, 0);
    expect_error(WG_E_ARGUMENT, "nn_matching: no parameter matches \"3.*\": the parameters are 0.weight");
    assert_fails(wg_nn_freeze(NULL, "*"), WG_E_NULL, "nn_freeze");
    assert_fails(wg_nn_freeze(net, "3.*"), WG_E_ARGUMENT, "nn_freeze: no parameter matches");
    assert_fails(wg_nn_unfreeze(net, NULL), WG_E_NULL, "nn_unfreeze");
    assert_fails(wg_nn_tie(net, NULL, "0.weight"), WG_E_NULL, "nn_tie");
    assert_fails(wg_nn_tie(net, "0.weight", "1"), WG_E_ARGUMENT, "nn_tie: there is no parameter \"1\"");
    assert_fails(wg_nn_tie(net, "0.weight", "2.weight"), WG_E_SHAPE,
                 "nn_tie: \"0.weight\" has the shape [3, 2], \"2.weight\" [1, 3]");
    assert_fails(wg_nn_tie(wg_nn_child(net, 0), "bias", "weight"), WG_E_STATE, "nn_tie: the linear module is a child");
    const wg_tensor_list all = wg_nn_parameters(net), none = {0, NULL, NULL};
    assert_null_and_error(wg_nn_to_vector(none), WG_E_ARGUMENT, "nn_to_vector: expected at least one parameter");
    assert_fails(wg_nn_from_vector(fx.vector, all, part), WG_E_SHAPE, "nn_from_vector: expected a vector of 13 elements");
    assert_fails(wg_nn_from_vector(NULL, all, part), WG_E_NULL, "nn_from_vector");
    assert_fails(wg_nn_assign(all, fx.vector), WG_E_SHAPE, "nn_assign: expected a vector of 13 elements");
    char text[40];
    assert_string_equal(wg_nn_describe(NULL, text, sizeof text), "");
    expect_error(WG_E_NULL, "nn_describe: the module is NULL");
    assert_fails(wg_nn_print(NULL, stderr), WG_E_NULL, "nn_print");
    assert_fails(wg_nn_print(net, NULL), WG_E_NULL, "nn_print");
    assert_fails(wg_nn_print_with(net, stderr, NULL, 1), WG_E_NULL, "nn_print");
    assert_fails(wg_nn_print_on(NULL, stderr, &fx.y, 1), WG_E_NULL, "nn_print");
    assert_fails(wg_nn_print_on(net, stderr, NULL, 1), WG_E_NULL, "nn_print: the list of inputs");
    assert_fails(wg_nn_print_on(net, stderr, (wg_tensor *[]){NULL}, 1), WG_E_NULL, "nn_print: x is NULL");
    assert_fails(wg_nn_apply_many(net, NULL, NULL, 1, part, 1), WG_E_NULL, "nn_apply_many: x is NULL");
    assert_fails(wg_nn_apply_many(net, NULL, &fx.y, 1, NULL, 1), WG_E_NULL, "nn_apply_many");
    assert_fails(wg_nn_apply_child_many(NULL, 0, &fx.y, 1, part, 1), WG_E_NULL, "nn_apply_child_many");
    assert_fails(wg_nn_apply_watched(net, NULL, NULL, &fx.y, 1, part, 1), WG_E_NULL, "nn_apply_watched: the watcher is NULL");
    assert_null_and_error(wg_nn_apply(wg_nn_child(net, 0), fx.y, fx.y), WG_E_ARGUMENT, "nn_apply: linear takes 1 input, not 2");
    wg_nn_destroy(net);
}

static void init_by_bad_handles(wg_init_rule rule, wg_init_options options)
{
    for (size_t bad = IS_NULL; bad < IS_DANGLING; bad++)
        for (int as_target = 0; as_target < 2; as_target++) {
            WG_TAPE(tape);
            wg_tensor *t = as_target ? fx.bad[bad] : fx.y, *generator = as_target ? fx.generator : fx.bad[bad];
            assert_int_equal(wg_init_by_with(t, generator, rule, options), bad_code[bad]);
            expect_error(bad_code[bad], "init_");
        }
}

/* Last in the table: each call has its own tape, which undoes its draws and takes the slot of the dangling handle. */
static void misuse_init(void)
{
    static const wg_init_rule draws[] = {WG_INIT_LINEAR,          WG_INIT_KAIMING_UNIFORM, WG_INIT_XAVIER_NORMAL,
                                         WG_INIT_LECUN_UNIFORM,   WG_INIT_DEFAZIO_BOTTOU,  WG_INIT_ORTHOGONAL,
                                         WG_INIT_TRUNCATED_NORMAL};
    for (size_t i = 0; i < sizeof draws / sizeof *draws; i++)
        init_by_bad_handles(draws[i], WG_INIT_OPTIONS_());
    init_by_bad_handles(WG_INIT_UNIFORM, WG_INIT_OPTIONS_(.low = 0, .high = 1));
    init_by_bad_handles(WG_INIT_NORMAL, WG_INIT_OPTIONS_(.mean = 0, .deviation = 1));
    init_by_bad_handles(WG_INIT_SPARSE, WG_INIT_OPTIONS_(.sparsity = 0.5));
    WG_TAPE(tape);
    assert_fails(wg_init_zeros(NULL), WG_E_NULL, "init_zeros");
    assert_fails(wg_init_ones(fx.labels), WG_E_DTYPE, "init_ones: expected f32 or f64, got i64");
    assert_fails(wg_init_constant(fx.y, (double)NAN), WG_E_ARGUMENT, "init_constant: expected value (of each element)");
    assert_fails(wg_init_eye(fx.vector), WG_E_SHAPE, "init_eye: expected a matrix, got [3]");
    assert_fails(wg_init_dirac(fx.y), WG_E_SHAPE, "init_dirac: expected a kernel");
    assert_fails(wg_init_sparse(fx.y, fx.generator, 1.5), WG_E_ARGUMENT, "init_sparse: expected sparsity");
    assert_fails(wg_init_linear(fx.vector, fx.generator), WG_E_SHAPE, "init_linear: expected a weight");
    assert_fails(wg_init_orthogonal(fx.vector, fx.generator), WG_E_SHAPE, "init_orthogonal: expected a weight");
    assert_fails(wg_init_defazio_bottou(fx.scalar, fx.generator), WG_E_SHAPE, "init_defazio_bottou: expected a weight");
    assert_fails(wg_init_lecun_normal(fx.y, fx.generator, .fan = (wg_fan)2), WG_E_ARGUMENT, "init_lecun_normal: expected fan");
    assert_fails(wg_init_truncated_normal(fx.y, fx.generator, .low = 3), WG_E_ARGUMENT, "truncated_normal: expected high");
    assert_null_and_error(wg_init_tensor(WG_F32, WG_SHAPE(2, 2), NULL, WG_INIT_KAIMING_NORMAL), WG_E_NULL,
                          "init_kaiming_normal: the generator is NULL");
    assert_null_and_error(wg_init_tensor(WG_I64, WG_SHAPE(2, 2), fx.generator, WG_INIT_ZEROS), WG_E_DTYPE, "init_zeros");
    assert_fails(wg_init_uniform(fx.y, fx.generator, 1, 0), WG_E_ARGUMENT, "init_uniform: uniform: [1, 0)");
    assert_fails(wg_init_normal(fx.y, fx.generator, 0, -1), WG_E_ARGUMENT, "");
    assert_fails(wg_init_uniform(fx.labels, fx.generator, 0, 1), WG_E_DTYPE, "");
    assert_fails(wg_init_kaiming_uniform(fx.vector, fx.generator), WG_E_SHAPE, "");
    assert_fails(wg_init_by(fx.y, fx.generator, (wg_init_rule)44), WG_E_ARGUMENT, "init_by: there is no rule 44");
    assert_true(isnan(wg_nn_gain((wg_activation)99)));
    expect_error(WG_E_ARGUMENT, "nn_gain: there is no activation 99");
    assert_true(isnan(wg_nn_gain(WG_ACTIVATION_TANH, .slope = 0.1)));
    expect_error(WG_E_ARGUMENT, "nn_gain: expected no slope for tanh");
}

static wg_tensor *apply_with_names(const wg_nn_call *call, wg_tensor *x)
{
    wg_tensor *y = NULL, *w = call->param[0];
    const char *names[] = {"weight", "weight"};
    assert_fails(wg_nn_apply_child_with(call, 7, (wg_tensor_list){1, &w, names}, &x, 1, &y, 1), WG_E_ARGUMENT,
                 "there is no child 7");
    assert_fails(wg_nn_apply_child_with(call, 0, (wg_tensor_list){1, &w, NULL}, &x, 1, &y, 1), WG_E_NULL,
                 "nn_apply_child_with: the list of parameters or that of their names is NULL");
    assert_fails(wg_nn_apply_child_with(call, 0, (wg_tensor_list){1, NULL, names}, &x, 1, &y, 1), WG_E_NULL, "nn_apply_child_with");
    assert_fails(wg_nn_apply_child_with(call, 0, (wg_tensor_list){2, (wg_tensor *[]){w, w}, names}, &x, 1, &y, 1), WG_E_ARGUMENT,
                 "parameter \"weight\" is given twice");
    names[0] = NULL;
    assert_fails(wg_nn_apply_child_with(call, 0, (wg_tensor_list){1, &w, names}, &x, 1, &y, 1), WG_E_NULL,
                 "the name of a parameter");
    names[0] = "weight", w = NULL;
    assert_fails(wg_nn_apply_child_with(call, 0, (wg_tensor_list){1, &w, names}, &x, 1, &y, 1), WG_E_NULL, "\"weight\" is NULL");
    return x;
}

static void misuse_wrappers(void)
{
    static const struct wg_nn_kind kind = {.name = "names", .forward = apply_with_names};
    wg_nn_module *net = wg_nn_module_create(&kind, NULL, NULL);
    assert_int_equal(wg_nn_add_child(net, "linear", wg_nn_linear(3, 3)), WG_OK);
    wg_tensor *y = wg_nn_apply(net, fx.y);
    assert_ptr_equal(y, fx.y);
    wg_nn_destroy(net);
    assert_fails(wg_nn_apply_child_with(NULL, 0, (wg_tensor_list){0, NULL, NULL}, &fx.y, 1, &y, 1), WG_E_NULL, "the call is NULL");
    assert_null_and_error(wg_nn_weight_norm(NULL), WG_E_NULL, "nn_weight_norm: the module is NULL");
    assert_fails(wg_nn_spectral_norm_iterate(NULL, 1), WG_E_NULL, "nn_spectral_norm_iterate: the module is NULL");
    assert_null_and_error(wg_nn_spectral_norm(NULL), WG_E_NULL, "nn_spectral_norm: the module is NULL");
    assert_null_and_error(wg_nn_weight_norm(wg_nn_relu()), WG_E_ARGUMENT,
                          "there is no parameter \"weight\": the parameters are none");
    assert_null_and_error(wg_nn_spectral_norm(wg_nn_linear(2, 2), .generator = fx.y), WG_E_DTYPE,
                          "nn_spectral_norm: normal: expected a generator");
    assert_null_and_error(
        wg_nn_weight_norm(wg_nn_sequential(wg_nn_linear(2, 2))), WG_E_ARGUMENT,
        "nn_weight_norm: the sequential module has no parameter \"weight\" of its own: wrap the layer that has it");
}

static void misuse_penalties(void)
{
    FOR_EACH_BAD(IS_NULL, {
        const wg_tensor_list list = {.n = 1, .tensor = &bad};
        const bool released = bad_ == IS_RELEASED;
        assert_null_and_error(wg_nn_penalty_l1(list, 1), code, released ? "sum_abs: " : "nn_penalty_l1: ");
        assert_null_and_error(wg_nn_penalty_l2(list, 1), code, released ? "sum_squares: " : "nn_penalty_l2: ");
        assert_null_and_error(wg_nn_penalty_orthogonality(list, 1), code, released ? "" : "nn_penalty_orthogonality: ");
        assert_fails(wg_nn_max_norm(list, 1), code, released ? "" : "nn_max_norm: ");
        assert_null_and_error(wg_nn_to_vector(list), code, released ? "" : "nn_to_vector: ");
    });
    const wg_tensor_list integers = {.n = 1, .tensor = &fx.labels};
    assert_null_and_error(wg_nn_penalty_l2(integers, 1), WG_E_DTYPE,
                          "nn_penalty_l2: expected parameters of dtype f32 or f64, got i64");
    assert_fails(wg_nn_max_norm(integers, 1), WG_E_DTYPE, "nn_max_norm: expected parameters of dtype f32 or f64, got i64");
    assert_fails(wg_nn_max_norm(((wg_tensor_list){.n = 1, .tensor = &fx.y}), (double)NAN), WG_E_ARGUMENT,
                 "nn_max_norm: expected limit");
}

/* ---- data ---- */

static void misuse_csv(void)
{
    wg_tensor *features = fx.x, *labels = fx.x;
    assert_fails(wg_dataset_read_csv(NULL, &features, &labels), WG_E_NULL, "csv");
    assert_fails(wg_dataset_read_csv("/nonexistent/file", &features, &labels), WG_E_IO, "/nonexistent/file");
    assert_fails(wg_dataset_parse_csv(NULL, 3, "text", &features, &labels), WG_E_NULL, "csv");
    assert_fails(wg_dataset_parse_csv("1,2\n", 4, NULL, &features, &labels), WG_E_NULL, "csv");
    assert_fails(wg_dataset_parse_csv("1,2\n", 4, "text", NULL, &labels), WG_E_NULL, "csv");
    assert_fails(wg_dataset_parse_csv("1,2\n3\n", 6, "text", &features, &labels), WG_E_IO, "text");
    assert_fails(wg_dataset_parse_csv("1,2\n", 4, "text", &features, &labels, .dtype = WG_I64), WG_E_DTYPE, "");
    assert_fails(wg_dataset_parse_csv("1,2\n", 4, "text", &features, &labels, .label_column = 2), WG_E_ARGUMENT, "");
}

static void misuse_gather(void)
{
    wg_tensor *target = made(wg_zeros(WG_F32, WG_SHAPE(2, 3)));
    const int64_t rows[] = {1, 0}, far[] = {0, 2}, below[] = {-1, 0};
    FOR_EACH_BAD(IS_NULL, {
        assert_fails(wg_dataset_gather_rows(bad, fx.x, rows, 2), code, ": ");
        assert_fails(wg_dataset_gather_rows(target, bad, rows, 2), code, ": ");
    });
    assert_fails(wg_dataset_gather_rows(target, fx.x, NULL, 2), WG_E_NULL, "dataset_gather_rows: ");
    assert_fails(wg_dataset_gather_rows(target, fx.x, far, 2), WG_E_ARGUMENT, "dataset_gather_rows: ");
    assert_fails(wg_dataset_gather_rows(target, fx.x, below, 2), WG_E_ARGUMENT, "dataset_gather_rows: ");
    assert_fails(wg_dataset_gather_rows(target, fx.odd, rows, 2), WG_E_SHAPE, "dataset_gather_rows: ");
    assert_fails(wg_dataset_gather_rows(target, fx.x, rows, 1), WG_E_SHAPE, "dataset_gather_rows: ");
    assert_fails(wg_dataset_gather_rows(target, fx.wide, rows, 2), WG_E_DTYPE, "dataset_gather_rows: ");
    assert_near(element(target, 0), 0, 0);
}

static void misuse_batches(void)
{
    FOR_EACH_BAD(IS_NULL, {
        assert_null_and_error(wg_batches_create(bad, fx.labels), code, ": ");
        if (bad_ != IS_NONE)
            assert_null_and_error(wg_batches_create(fx.x, bad), code, ": ");
    });
    assert_null_and_error(wg_batches_create(fx.x, fx.labels, .size = 0), WG_E_ARGUMENT, "batches");
    assert_null_and_error(wg_batches_create(fx.odd, fx.labels), WG_E_SHAPE, "[5, 7]");
    assert_null_and_error(wg_batches_create(fx.scalar, WG_NONE), WG_E_SHAPE, "batches");
    wg_batches_destroy(NULL);
    assert_null(wg_error_first());
    wg_tensor *x = fx.x, *y = fx.x;
    assert_fails(wg_batches_next(NULL, &x, &y), WG_E_NULL, "batches_next: ");
    assert_true(!x && !y);
    assert_int_equal(wg_batches_per_epoch(NULL), 0); /* no answer, and it says so */
    expect_error(WG_E_NULL, "batches_per_epoch: the iterator is NULL");
    assert_int_equal(wg_batches_state_of(NULL).position, 0);
    expect_error(WG_E_NULL, "batches_state_of: the iterator is NULL");
    assert_fails(wg_batches_restore(NULL, (wg_batches_state){0}), WG_E_NULL, "batches");
    wg_batches *batches = wg_batches_create(fx.x, fx.labels, .size = 1);
    assert_non_null(batches);
    assert_fails(wg_batches_restore(batches, (wg_batches_state){.position = 3}), WG_E_ARGUMENT, "batches");
    assert_fails(wg_batches_restore(batches, (wg_batches_state){.epoch = -1}), WG_E_ARGUMENT, "batches");
    assert_fails(wg_batches_next(batches, NULL, &y), WG_E_NULL, "batches_next: ");
    wg_batches_destroy(batches);
}

/* ---- optimizers ---- */

/* Of every optimizer: lists of parameters and rates that no optimizer takes. */
#define WG_OPTIMIZER(name, options)                                                                                        \
    static void misuse_optim_##name(void)                                                                                  \
    {                                                                                                                      \
        const wg_tensor_list good = {1, &fx.x, &(const char *){"x"}}, none = {0, NULL, NULL};                              \
        wg_tensor *twice[2] = {fx.x, fx.x};                                                                                \
        FOR_EACH_BAD(IS_NULL, {                                                                                            \
            const wg_tensor_list list = {1, &bad, &(const char *){"x"}};                                                   \
            assert_null_and_error(wg_optim_##name(list), code, ": ");                                                      \
        });                                                                                                                \
        assert_null_and_error(wg_optim_##name(none), WG_E_ARGUMENT, "optim_" #name ": ");                                  \
        assert_null_and_error(wg_optim_##name(((wg_tensor_list){2, twice, NULL})), WG_E_ARGUMENT, "optim_" #name ": ");    \
        assert_null_and_error(wg_optim_##name(((wg_tensor_list){1, &fx.labels, NULL})), WG_E_DTYPE, "optim_" #name ": ");  \
        assert_null_and_error(wg_optim_##name(good, .lr = -1), WG_E_ARGUMENT, "optim_" #name ": expected lr in");          \
        assert_null_and_error(wg_optim_##name(good, .lr = (double)NAN), WG_E_ARGUMENT, "optim_" #name ": expected lr in"); \
    }
#include "wengert/optimizers.def"
#undef WG_OPTIMIZER

static void misuse_optim(void)
{
    const wg_tensor_list good = {1, &fx.x, &(const char *){"x"}};
    assert_null_and_error(wg_optim_sgd(good, .nesterov = true), WG_E_ARGUMENT, "optim_sgd: ");
    assert_null_and_error(wg_optim_adam(good, .beta1 = 1), WG_E_ARGUMENT, "optim_adam: ");
    assert_null_and_error(wg_optim_adam(good, .beta2 = -0.1), WG_E_ARGUMENT, "optim_adam: ");
    assert_null_and_error(wg_optim_adam(good, .eps = (double)NAN), WG_E_ARGUMENT, "optim_adam: ");
    assert_null_and_error(wg_optim_adamw(good, .eps = -1), WG_E_ARGUMENT, "optim_adamw: expected eps in [0, inf), got -1");
    assert_null_and_error(wg_optim_rprop(good, .min_step = 2, .max_step = 1), WG_E_ARGUMENT, "optim_rprop: expected min_step");
    wg_optim_destroy(NULL);
    assert_null(wg_error_first());
    wg_optim *optim = wg_optim_adam(good);
    assert_non_null(optim);
    assert_fails(wg_optim_step(optim), WG_E_NO_GRAD, "optim_step: ");
    assert_fails(wg_optim_set_lr(optim, 1, 0.1), WG_E_ARGUMENT, "optim_set_lr: ");
    assert_fails(wg_optim_set_lr(optim, 0, (double)INFINITY), WG_E_ARGUMENT, "optim_set_lr: ");
    assert_true(isnan(wg_optim_lr(optim, 9)));
    expect_error(WG_E_ARGUMENT, "optim_lr: ");
    assert_int_equal(wg_optim_add_group(optim, good), WG_E_ARGUMENT); /* a parameter belongs to one group */
    expect_error(WG_E_ARGUMENT, "");
    assert_int_equal(wg_optim_groups(optim), 1);
    assert_true(isnan(wg_optim_get(optim, 4, "lr")));
    expect_error(WG_E_ARGUMENT, "optim_get: there is no group 4");
    assert_true(isnan(wg_optim_get(optim, 0, NULL)));
    expect_error(WG_E_NULL, "optim_get: ");
    assert_fails(wg_optim_set(optim, 0, "momentum", 0.9), WG_E_ARGUMENT, "optim_set: there is no option \"momentum\"");
    assert_fails(wg_optim_print(optim, NULL), WG_E_NULL, "optim_print: ");
    assert_ok(wg_update_begin());
    assert_int_equal(wg_optim_step(optim), WG_E_STATE);
    wg_update_cancel();
    expect_error(WG_E_STATE, "do not nest");
    wg_optim_destroy(optim);
}

static void misuse_optim_null(void)
{
    const wg_tensor_list good = {1, &fx.x, &(const char *){"x"}};
    assert_fails(wg_optim_step(NULL), WG_E_NULL, "optim_step: ");
    assert_fails(wg_optim_set_lr(NULL, 0, 0.1), WG_E_NULL, "optim_set_lr: ");
    assert_true(isnan(wg_optim_lr(NULL, 0)));
    expect_error(WG_E_NULL, "optim_lr: ");
    assert_int_equal(wg_optim_groups(NULL), 0);
    expect_error(WG_E_NULL, "optim_groups: the optimizer is NULL");
    assert_true(isnan(wg_optim_get(NULL, 0, "lr")));
    expect_error(WG_E_NULL, "optim_get: ");
    assert_fails(wg_optim_set(NULL, 0, "lr", 1), WG_E_NULL, "optim_set: ");
    assert_fails(wg_optim_print(NULL, stderr), WG_E_NULL, "optim_print: ");
    assert_int_equal(wg_optim_calls(NULL), 0);
    expect_error(WG_E_NULL, "optim_calls: the optimizer is NULL");
    assert_int_equal(wg_optim_parameters(NULL).n, 0);
    expect_error(WG_E_NULL, "optim_parameters: the optimizer is NULL");
    assert_int_equal(wg_optim_state(NULL).n, 0);
    expect_error(WG_E_NULL, "optim_state: ");
    assert_fails(wg_optim_add_group_with(NULL, good, (wg_optim_group_options){.lr = 1}), WG_E_NULL, "optim");
    wg_optim_clear_gradients(NULL);
    if (wg_error_first())
        expect_error(WG_E_NULL, "optim_clear_gradients: ");
}

static void misuse_clip(void)
{
    const wg_tensor_list good = {1, &fx.x, &(const char *){"x"}}, none = {0, NULL, NULL}, lost = {1, NULL, NULL};
    wg_tensor *twice[2] = {fx.x, fx.x};
    double norm = 5;
    FOR_EACH_BAD(IS_NULL, {
        const wg_tensor_list list = {1, &bad, &(const char *){"x"}};
        assert_fails(wg_optim_clip_value(list, 1), code, ": ");
        assert_fails(wg_optim_clip_norm(list, 1, &norm), code, ": ");
    });
    assert_fails(wg_optim_clip_value(none, 1), WG_E_ARGUMENT, "optim_clip_value: ");
    assert_fails(wg_optim_clip_norm(none, 1, NULL), WG_E_ARGUMENT, "optim_clip_norm: ");
    assert_fails(wg_optim_clip_value(lost, 1), WG_E_NULL, "optim_clip_value: ");
    assert_fails(wg_optim_clip_norm(lost, 1, NULL), WG_E_NULL, "optim_clip_norm: ");
    assert_fails(wg_optim_clip_value(((wg_tensor_list){2, twice, NULL}), 1), WG_E_ARGUMENT, "optim_clip_value: ");
    assert_fails(wg_optim_clip_norm(((wg_tensor_list){2, twice, NULL}), 1, NULL), WG_E_ARGUMENT, "optim_clip_norm: ");
    assert_fails(wg_optim_clip_value(good, -1), WG_E_ARGUMENT, "optim_clip_value: ");
    assert_fails(wg_optim_clip_norm(good, (double)NAN, NULL), WG_E_ARGUMENT, "optim_clip_norm: ");
    assert_fails(wg_optim_clip_value(good, 1), WG_E_NO_GRAD, "optim_clip_value: ");
    assert_fails(wg_optim_clip_norm(good, 1, &norm), WG_E_NO_GRAD, "optim_clip_norm: ");
    assert_true(norm == 5);
}

static const struct misuse table[] = {
    {"wg_nn_module_create", misuse_module},
    {"wg_nn_destroy", misuse_module},
    {"wg_nn_add_child", misuse_module},
    {"wg_nn_children", misuse_module},
    {"wg_nn_child", misuse_module},
    {"wg_nn_kind_name", misuse_module},
    {"wg_nn_context", misuse_module},
    {"wg_nn_parameters", misuse_module},
    {"wg_nn_buffers", misuse_module},
    {"wg_nn_add_parameter", misuse_module_tensors},
    {"wg_nn_add_buffer", misuse_module_tensors},
    {"wg_nn_apply_to", misuse_apply},
    {"wg_nn_apply_with", misuse_apply},
    {"wg_nn_apply_child_to", misuse_apply},
    {"wg_nn_apply_next", misuse_apply},
/* list.c checks the options and inputs of each layer of the list. */
#define WG_LAYER(name, options) {"wg_nn_" #name "_with", misuse_layers},
#define WG_ACTIVATION(name, NAME, gain) {"wg_nn_" #name, misuse_layers},
#include "wengert/layers.def"
    {"wg_nn_identity", misuse_layers},
    {"wg_nn_options", misuse_parameters},
    {"wg_nn_copy", misuse_parameters},
    {"wg_nn_parameter", misuse_parameters},
    {"wg_nn_buffer", misuse_parameters},
    {"wg_nn_state", misuse_parameters},
    {"wg_nn_state_dict", misuse_parameters},
    {"wg_nn_matching", misuse_parameters},
    {"wg_nn_trainable", misuse_parameters},
    {"wg_nn_freeze", misuse_parameters},
    {"wg_nn_unfreeze", misuse_parameters},
    {"wg_nn_tie", misuse_parameters},
    {"wg_nn_to_vector", misuse_parameters},
    {"wg_nn_from_vector", misuse_parameters},
    {"wg_nn_assign", misuse_parameters},
    {"wg_nn_apply_many", misuse_parameters},
    {"wg_nn_apply_child_many", misuse_parameters},
    {"wg_nn_apply_watched", misuse_parameters},
    {"wg_nn_describe", misuse_parameters},
    {"wg_nn_print_on", misuse_parameters},
    {"wg_nn_print_with", misuse_parameters},
    {"wg_nn_activation", misuse_layers},
    {"wg_nn_residual_with", misuse_layers},
    {"wg_nn_parallel_with", misuse_layers},
    {"wg_nn_sequential_with", misuse_layers},
    {"wg_nn_mlp_with", misuse_layers},
    {"wg_dataset_read_csv_with", misuse_csv},
    {"wg_dataset_parse_csv_with", misuse_csv},
    {"wg_dataset_gather_rows", misuse_gather},
    {"wg_batches_create_with", misuse_batches},
    {"wg_batches_destroy", misuse_batches},
    {"wg_batches_next", misuse_batches},
    {"wg_batches_per_epoch", misuse_batches},
    {"wg_batches_state_of", misuse_batches},
    {"wg_batches_restore", misuse_batches},
#define WG_OPTIMIZER(name, options) {"wg_optim_" #name "_with", misuse_optim_##name},
#include "wengert/optimizers.def"
#undef WG_OPTIMIZER
    {"wg_optim_destroy", misuse_optim},
    {"wg_optim_step", misuse_optim_null},
    {"wg_optim_set_lr", misuse_optim_null},
    {"wg_optim_lr", misuse_optim_null},
    {"wg_optim_groups", misuse_optim_null},
    {"wg_optim_get", misuse_optim_null},
    {"wg_optim_set", misuse_optim_null},
    {"wg_optim_print", misuse_optim_null},
    {"wg_optim_calls", misuse_optim_null},
    {"wg_optim_parameters", misuse_optim_null},
    {"wg_optim_state", misuse_optim_null},
    {"wg_optim_add_group_with", misuse_optim_null},
    {"wg_optim_clear_gradients", misuse_optim_null},
    {"wg_optim_clip_value", misuse_clip},
    {"wg_optim_clip_norm", misuse_clip},
    {"wg_nn_apply_child_with", misuse_wrappers},
    {"wg_nn_weight_norm_with", misuse_wrappers},
    {"wg_nn_spectral_norm_with", misuse_wrappers},
    {"wg_nn_spectral_norm_iterate", misuse_wrappers},
    {"wg_nn_penalty_l1", misuse_penalties},
    {"wg_nn_penalty_l2", misuse_penalties},
    {"wg_nn_penalty_orthogonality", misuse_penalties},
    {"wg_nn_max_norm_with", misuse_penalties},
    {"wg_nn_gain_with", misuse_init},
    {"wg_init_by_with", misuse_init},
    {"wg_init_tensor_with", misuse_init},
#define WG_INIT(rule, NAME, options) {"wg_init_" #rule "_with", misuse_init},
#define WG_INIT_FIXED(rule, NAME, options) {"wg_init_" #rule "_with", misuse_init},
#define WG_INIT_PLAIN(rule, NAME) {"wg_init_" #rule, misuse_init},
#define WG_INIT_FIXED_PLAIN(rule, NAME) {"wg_init_" #rule, misuse_init},
#include "wengert/init.def"
};

MISUSE_MAIN(table)
