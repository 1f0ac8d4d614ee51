/* Modules: lists and names, ownership, other parameters than the module's own, modules defined by a program. */
#include "nn_check.h"

static int destroyed;

static void count_destroyed(void *context)
{
    (void)context;
    destroyed++;
}

/* y = s x, s a parameter of rank 0, or fails where the context says so. */
static wg_tensor *forward_scale(const wg_nn_call *call, wg_tensor *x)
{
    if (*(int *)call->context)
        return NULL;
    return wg_mul(x, call->param[0]);
}

static const struct wg_nn_kind scale_type = {.name = "scale", .forward = forward_scale, .destroy = count_destroyed};
static int works = 0, fails = 1;

static wg_nn_module *make_scale(double s, int *context)
{
    wg_nn_module *module = wg_nn_module_create(&scale_type, NULL, context);
    assert_non_null(module);
    assert_int_equal(wg_nn_add_parameter(module, "s", wg_scalar(WG_F64, s)), WG_OK);
    return module;
}

static void parameters_are_listed_in_order_with_paths(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 4, 2), .batch_norm = true, .seed = 1);
    assert_non_null(net);
    static const char *const names[] = {"0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias"};
    static const char *const buffers[] = {"1.running_mean", "1.running_var", "1.num_batches_tracked"};
    const wg_tensor_list params = wg_nn_parameters(net), stats = wg_nn_buffers(net);
    assert_int_equal(params.n, 6);
    for (size_t i = 0; i < params.n; i++) {
        assert_string_equal(params.name[i], names[i]);
        assert_string_equal(wg_name_of(params.tensor[i]), names[i]);
        assert_true(wg_requires_grad(params.tensor[i]));
    }
    assert_int_equal(wg_extent(params.tensor[0], 0), 4);
    assert_int_equal(wg_extent(params.tensor[0], 1), 3);
    assert_int_equal(stats.n, 3);
    for (size_t i = 0; i < stats.n; i++) {
        assert_string_equal(stats.name[i], buffers[i]);
        assert_false(wg_requires_grad(stats.tensor[i]));
    }
    assert_int_equal(wg_nn_children(net), 4);
    assert_string_equal(wg_nn_kind_name(wg_nn_child(net, 2)), "relu");
    assert_null(wg_nn_child(net, 4));
    assert_error(WG_E_ARGUMENT, "child 4");
    wg_nn_destroy(net);
}

static void own_parameters_stand_before_those_of_children(void **state)
{
    (void)state;
    wg_nn_module *outer = make_scale(2, &works);
    assert_int_equal(wg_nn_add_child(outer, "inner", wg_nn_sequential(make_scale(3, &works), make_scale(5, &works))), WG_OK);
    assert_int_equal(wg_nn_add_parameter(outer, "late", wg_scalar(WG_F64, 7)), WG_OK);
    static const char *const names[] = {"s", "late", "inner.0.s", "inner.1.s"};
    const wg_tensor_list params = wg_nn_parameters(outer);
    assert_int_equal(params.n, 4);
    for (size_t i = 0; i < params.n; i++)
        assert_string_equal(params.name[i], names[i]);
    assert_close(wg_item(params.tensor[3]), 5, 0);
    wg_nn_destroy(outer);
}

static void contexts_are_destroyed_once(void **state)
{
    (void)state;
    destroyed = 0;
    wg_nn_module *net = wg_nn_sequential(make_scale(1, &works), wg_nn_sequential(make_scale(2, &works), make_scale(3, &works)));
    assert_non_null(net);
    wg_nn_destroy(wg_nn_child(net, 0));
    assert_error(WG_E_STATE, "dies with its parent");
    wg_nn_destroy(net);
    assert_int_equal(destroyed, 3);
    wg_nn_destroy(NULL);
    const struct wg_nn_kind broken = {.name = "broken", .destroy = count_destroyed};
    assert_null(wg_nn_module_create(&broken, NULL, NULL));
    assert_error(WG_E_NULL, "forward");
    assert_int_equal(destroyed, 4);
}

static void a_missing_layer_fails_the_whole(void **state)
{
    (void)state;
    destroyed = 0;
    const wg_memory before = wg_memory_now();
    assert_null(wg_nn_sequential(make_scale(1, &works), NULL, make_scale(2, &works)));
    assert_error(WG_E_NULL, "nn_sequential: layer 1 is NULL");
    assert_int_equal(destroyed, 2);
    assert_int_equal(wg_memory_now().live, before.live);
}

static void additions_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const wg_memory before = wg_memory_now();
    wg_nn_module *module = make_scale(1, &works);
    wg_tensor *t = wg_scalar(WG_F64, 1);
    assert_int_equal(wg_nn_add_parameter(module, "s", wg_scalar(WG_F64, 1)), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "already");
    assert_int_equal(wg_nn_add_parameter(module, "a.b", wg_scalar(WG_F64, 1)), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "a.b");
    assert_int_equal(wg_nn_add_parameter(module, "", wg_scalar(WG_F64, 1)), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "empty");
    assert_int_equal(wg_nn_add_parameter(module, "i", wg_zeros(WG_I64, WG_SCALAR)), WG_E_DTYPE);
    assert_error(WG_E_DTYPE, "i64");
    assert_int_equal(wg_nn_add_parameter(module, "n", NULL), WG_E_NULL);
    assert_error(WG_E_NULL, "NULL");
    assert_int_equal(wg_nn_add_buffer(NULL, "n", wg_scalar(WG_F64, 1)), WG_E_NULL);
    assert_error(WG_E_NULL, "module");
    assert_int_equal(wg_nn_add_buffer(module, "b", t), WG_OK);
    assert_int_equal(wg_nn_add_buffer(module, "c", t), WG_OK); /* shared: listed once */
    assert_int_equal(wg_nn_buffers(module).n, 1);
    assert_int_equal(wg_nn_add_child(module, "m", module), WG_E_STATE);
    assert_error(WG_E_STATE, "itself");
    wg_nn_module *net = wg_nn_sequential(module);
    assert_int_equal(wg_nn_add_parameter(module, "late", wg_scalar(WG_F64, 1)), WG_E_STATE);
    assert_error(WG_E_STATE, "no longer");
    wg_nn_destroy(net);
    assert_int_equal(wg_memory_now().live, before.live);
}

static void a_module_made_on_a_tape_outlives_it(void **state)
{
    (void)state;
    wg_nn_module *net = NULL, *same = wg_nn_mlp(WG_SIZES(3, 2), .seed = 5);
    {
        WG_TAPE(tape);
        net = wg_nn_mlp(WG_SIZES(3, 2), .seed = 5);
        assert_int_equal(wg_error_set(WG_E_STATE, "test", "the step fails"), WG_E_STATE); /* its effects are undone */
    }
    wg_error_take(NULL);
    assert_non_null(net);
    for (size_t i = 0; i < 2; i++)
        assert_same_bits(wg_nn_parameters(net).tensor[i], wg_nn_parameters(same).tensor[i]);
    wg_nn_destroy(net), wg_nn_destroy(same);
}

static void apply_without_a_tape_gives_a_value_of_the_callers(void **state)
{
    (void)state;
    wg_nn_module *net = make_scale(3, &works), *nothing = wg_nn_activation(WG_ACTIVATION_IDENTITY);
    wg_tensor *x = wg_scalar(WG_F64, 2), *y = wg_nn_apply(net, x), *same = wg_nn_apply(nothing, x);
    assert_close(wg_item(y), 6, 0);
    assert_close(wg_item(same), 2, 0);
    assert_null(wg_tape_top());
    assert_int_equal(wg_backward(y), WG_E_NO_TAPE);
    wg_error_take(NULL);
    wg_free(y), wg_free(same), wg_free(x);
    wg_nn_destroy(net), wg_nn_destroy(nothing);
    assert_no_error();
}

static void sections_are_balanced_on_error_paths(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(make_scale(1, &works), wg_nn_sequential(make_scale(1, &fails)));
    wg_tensor *x = wg_scalar(WG_F64, 2);
    WG_TAPE(tape);
    assert_null(wg_nn_apply(net, x));
    wg_error error;
    wg_error_take(&error);
    assert_int_equal(error.code, WG_E_STATE);
    assert_non_null(strstr(error.message, "scale"));
    assert_string_equal(error.section, "1/0");
    (void)wg_error_set(WG_E_STATE, "test", "outside");
    wg_error_take(&error);
    assert_string_equal(error.section, "");
    wg_nn_destroy(net), wg_free(x);
}

static wg_tensor *forward_unbalanced(const wg_nn_call *call, wg_tensor *x)
{
    if (*(int *)call->context == works)
        wg_section_pop(), wg_section_pop(), wg_section_pop();
    else
        assert_int_equal(wg_section_push("left"), WG_OK);
    return wg_tanh(x);
}

/* A layer that forgets to pop a section does not rename those after it. */
static void sections_of_a_layer_end_with_it(void **state)
{
    (void)state;
    static const struct wg_nn_kind unbalanced = {.name = "unbalanced", .forward = forward_unbalanced};
    wg_nn_module *net = wg_nn_sequential(wg_nn_module_create(&unbalanced, NULL, &works), wg_nn_relu(),
                                         wg_nn_module_create(&unbalanced, NULL, &fails), make_scale(1, &fails));
    wg_tensor *x = wg_scalar(WG_F64, 2);
    WG_TAPE(tape);
    assert_int_equal(wg_section_push("outer"), WG_OK);
    assert_null(wg_nn_apply(net, x));
    wg_error error;
    wg_error_take(&error);
    assert_string_equal(error.section, "outer/3");
    (void)wg_error_set(WG_E_STATE, "test", "outside");
    wg_error_take(&error);
    assert_string_equal(error.section, "outer");
    wg_section_pop();
    wg_nn_destroy(net), wg_free(x);
}

static void failures_further_up_are_kept(void **state)
{
    (void)state;
    wg_nn_module *net = make_scale(1, &works);
    assert_null(wg_nn_apply(net, NULL));
    assert_error(WG_E_NULL, "x is NULL");
    wg_tensor *x = wg_scalar(WG_F64, 2), *one = wg_ones(WG_F64, WG_SHAPE(2)), *two = wg_ones(WG_F64, WG_SHAPE(3));
    assert_null(wg_nn_apply(NULL, x));
    assert_error(WG_E_NULL, "module is NULL");
    assert_null(wg_nn_apply(net, wg_add(one, two)));
    assert_error(WG_E_SHAPE, "add");
    assert_int_equal(wg_nn_parameters(NULL).n, 0);
    assert_error(WG_E_NULL, "nn_parameters");
    wg_free(x), wg_free(one), wg_free(two), wg_nn_destroy(net);
}

static void apply_with_checks_the_parameters(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 2), .seed = 1);
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(4, 3)), *w = wg_ones(WG_F32, WG_SHAPE(2, 4)), *b = wg_ones(WG_F32, WG_SHAPE(2));
    wg_tensor *d = wg_ones(WG_F64, WG_SHAPE(2));
    assert_null(wg_nn_apply_with(net, (wg_tensor_list){2, (wg_tensor *[]){w, b}, NULL}, x));
    assert_error(WG_E_SHAPE, "\"0.weight\" of shape [2, 3], got [2, 4]");
    assert_null(wg_nn_apply_with(net, (wg_tensor_list){2, (wg_tensor *[]){wg_nn_parameters(net).tensor[0], d}, NULL}, x));
    assert_error(WG_E_DTYPE, "\"0.bias\" of dtype f32, got f64");
    assert_null(wg_nn_apply_with(net, (wg_tensor_list){2, (wg_tensor *[]){wg_nn_parameters(net).tensor[0], NULL}, NULL}, x));
    assert_error(WG_E_NULL, "0.bias");
    assert_null(wg_nn_apply_with(net, (wg_tensor_list){.n = 1, .tensor = wg_nn_parameters(net).tensor}, x));
    assert_error(WG_E_ARGUMENT, "nn_apply_with: expected 2 parameters, those of wg_nn_parameters in their order, got 1");
    assert_int_equal(wg_nn_freeze(net, "0.weight"), WG_OK);
    assert_null(wg_nn_apply_with(net, wg_nn_trainable(net), x));
    assert_error(WG_E_ARGUMENT, "expected 2 parameters");
    assert_null(wg_nn_apply_with(net, (wg_tensor_list){.n = 2}, x));
    assert_error(WG_E_NULL, "list");
    wg_free(x), wg_free(w), wg_free(b), wg_free(d), wg_nn_destroy(net);
}

/* DESIGN, rule 16. Two steps of SGD on the tape, the loss after them differentiated with respect to the first weights, against
   central differences of the same. */
enum { N_W = 8 };

static double loss_after(const wg_nn_module *net, const double *w, wg_tensor *x, wg_tensor *y, double *gradient)
{
    WG_TAPE(tape);
    wg_tensor *p[2] = {wg_from(w, WG_SHAPE(2, 3)), wg_from(w + 6, WG_SHAPE(2))};
    wg_tensor *first[2] = {wg_set_requires_grad(p[0], true), wg_set_requires_grad(p[1], true)};
    for (int step = 0; step < 2; step++) {
        wg_tensor *loss = wg_mean(wg_square(wg_sub(wg_tanh(wg_nn_apply_with(net, (wg_tensor_list){2, p, NULL}, x)), y))), *g[2];
        assert_int_equal(wg_grad_many(loss, p, 2, g, .create_graph = true), WG_OK);
        for (int i = 0; i < 2; i++)
            p[i] = wg_sub(p[i], wg_mul_scalar(g[i], 0.5));
    }
    wg_tensor *loss = wg_mean(wg_square(wg_sub(wg_tanh(wg_nn_apply_with(net, (wg_tensor_list){2, p, NULL}, x)), y)));
    const double value = wg_item(loss);
    wg_tensor *g[2];
    if (gradient) {
        assert_int_equal(wg_grad_many(loss, first, 2, g), WG_OK);
        assert_int_equal(wg_read(g[0], gradient), WG_OK);
        assert_int_equal(wg_read(g[1], gradient + 6), WG_OK);
    }
    return value;
}

static void rule_16_gradients_flow_through_unrolled_steps(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 2), .seed = 3, .dtype = WG_F64);
    wg_tensor *before = wg_copy(wg_nn_parameters(net).tensor[0]);
    const double x_data[] = {0.1, -0.4, 0.7, 0.9, 0.3, -0.2, -0.5, 0.8, 0.6}, y_data[] = {0.3, -0.2, 0.5, 0.1, -0.7, 0.4};
    double w[N_W] = {0.2, -0.1, 0.4, 0.3, 0.5, -0.3, 0.05, -0.05}, gradient[N_W];
    wg_tensor *x = wg_from(x_data, WG_SHAPE(3, 3)), *y = wg_from(y_data, WG_SHAPE(3, 2));
    loss_after(net, w, x, y, gradient);
    for (int i = 0; i < N_W; i++) {
        const double h = 1e-5, centre = w[i];
        w[i] = centre + h;
        const double above = loss_after(net, w, x, y, NULL);
        w[i] = centre - h;
        const double below = loss_after(net, w, x, y, NULL);
        w[i] = centre;
        assert_true(gradient[i] > 1e-6 || gradient[i] < -1e-6);
        assert_close(gradient[i], (above - below) / (2 * h), 1e-8);
    }
    assert_same_bits(before, wg_nn_parameters(net).tensor[0]);
    assert_null(wg_gradient(wg_nn_parameters(net).tensor[0]));
    wg_free(before), wg_free(x), wg_free(y), wg_nn_destroy(net);
    assert_no_error();
}

static void rule_16_a_functional_call_leaves_running_statistics(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 4, 2), .batch_norm = true, .seed = 3);
    wg_tensor *x = wg_normal(wg_generator_default(), WG_F32, WG_SHAPE(5, 3), 1, 2);
    wg_tensor *own = wg_copy(wg_nn_buffers(net).tensor[0]), *a = wg_nn_apply_with(net, wg_nn_parameters(net), x);
    assert_same_bits(own, wg_nn_buffers(net).tensor[0]);
    wg_tensor *b = wg_nn_apply(net, x);
    assert_same_bits(a, b);
    assert_memory_not_equal(wg_data(own), wg_data(wg_nn_buffers(net).tensor[0]), 4 * sizeof(float));
    wg_free(x), wg_free(own), wg_free(a), wg_free(b), wg_nn_destroy(net);
    assert_no_error();
}

/* A parameter that the module has already is not given back by an addition that fails. */
static void a_second_adding_leaves_the_first(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(2, 2));
    wg_tensor *weight = wg_nn_parameters(net).tensor[0];
    static const char *const names[] = {"0", "a.b", ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(wg_nn_add_parameter(net, names[i], weight), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, i == 0 ? "already" : "expected a name");
        assert_int_equal(wg_nn_add_buffer(net, "b", weight), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, "without requires_grad");
        assert_int_equal(wg_owners(weight), 1);
    }
    assert_true(wg_is_live(weight));
    wg_nn_destroy(net);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_second_adding_leaves_the_first),
        TEST(parameters_are_listed_in_order_with_paths),
        TEST(own_parameters_stand_before_those_of_children),
        TEST(contexts_are_destroyed_once),
        TEST(a_missing_layer_fails_the_whole),
        TEST(additions_that_cannot_be_are_refused),
        TEST(a_module_made_on_a_tape_outlives_it),
        TEST(apply_without_a_tape_gives_a_value_of_the_callers),
        TEST(sections_are_balanced_on_error_paths),
        TEST(sections_of_a_layer_end_with_it),
        TEST(failures_further_up_are_kept),
        TEST(apply_with_checks_the_parameters),
        TEST(rule_16_gradients_flow_through_unrolled_steps),
        TEST(rule_16_a_functional_call_leaves_running_statistics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
