/* Whole networks: tied and frozen parameters, modules of several tensors, parameters as a vector, copies, and the printed table. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

static wg_tensor *filled(wg_shape shape, double first, double step)
{
    wg_tensor *t = wg_zeros(WG_F64, shape);
    double *at = wg_data_mut_as(t, double);
    for (int64_t i = 0; i < wg_numel(t); i++)
        at[i] = first + step * (double)i;
    return t;
}

/* ---- sharing ---- */

/* y = x w: what a module computes whose parameter another one may have, too. */
static wg_tensor *scaled(const wg_nn_call *call, wg_tensor *x)
{
    return wg_mul(x, call->param[0]);
}
static const struct wg_nn_kind scale_kind = {.name = "scale", .forward = scaled};

static wg_nn_module *scale_by(wg_tensor *w)
{
    wg_nn_module *module = wg_nn_module_create(&scale_kind, NULL, NULL);
    assert_int_equal(wg_nn_add_parameter(module, "w", w), WG_OK);
    return module;
}

static void a_shared_parameter_lives_until_its_last_module(void **state)
{
    (void)state;
    wg_tensor *w = filled(WG_SHAPE(2), 3, 0), *x = filled(WG_SHAPE(2), 1, 0);
    wg_nn_module *a = scale_by(w), *b = scale_by(w);
    assert_int_equal(wg_owners(w), 2);
    wg_free(w); /* it is no longer the caller's */
    assert_error(WG_E_ARGUMENT, "free: the tensor belongs to a module");
    wg_nn_destroy(a);
    wg_tensor *y = wg_nn_apply(b, x);
    assert_values(y, (double[]){3, 3}, 0);
    wg_free(y), wg_nn_destroy(b), wg_free(x); /* and with b the parameter, as the bytes in use show */
    assert_no_error();
}

static void a_shared_parameter_is_one_in_a_network(void **state)
{
    (void)state;
    wg_tensor *w = filled(WG_SHAPE(2), 3, 1), *x = filled(WG_SHAPE(2), 1, 1);
    wg_nn_module *net = wg_nn_sequential(scale_by(w), wg_nn_tanh(),
                                         wg_nn_sequential(scale_by(w), scale_by(filled(WG_SHAPE(2), 1, 0))));
    const wg_tensor_list list = wg_nn_parameters(net);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.name[0], "0.w");
    assert_string_equal(list.name[1], "2.1.w");
    assert_ptr_equal(wg_nn_parameter(net, "2.0.w"), w);
    assert_string_equal(wg_name_of(w), "0.w");
    wg_optim *opt = wg_optim_sgd(list, .lr = 0.5);
    {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_sum(wg_nn_apply(net, x))), WG_OK);
        double gradient[2];
        assert_int_equal(wg_read(wg_gradient(w), gradient), WG_OK);
        for (int i = 0; i < 2; i++) { /* d/dw of w tanh(w x) */
            const double at = 3 + i, in = 1 + i, t = tanh(at * in);
            assert_close(gradient[i], t + at * in * (1 - t * t), 1e-14);
        }
        assert_int_equal(wg_optim_step(opt), WG_OK);
        for (int i = 0; i < 2; i++)
            assert_close(wg_data_as(w, double)[i], 3 + i - 0.5 * gradient[i], 1e-15);
    }
    wg_tensor *other[] = {filled(WG_SHAPE(2), 2, 0), filled(WG_SHAPE(2), 1, 0)}, *one = filled(WG_SHAPE(2), 1, 0);
    wg_tensor *y = wg_nn_apply_with(net, (wg_tensor_list){2, other, NULL}, one);
    assert_values(y, (double[]){2 * tanh(2), 2 * tanh(2)}, 1e-15);
    wg_optim_destroy(opt), wg_nn_destroy(net);
    wg_free(x), wg_free(y), wg_free(one), wg_free(other[0]), wg_free(other[1]);
    assert_no_error();
}

/* A module that has its own parameters behind children's, all shared, and the order of the list. */
static void tying_replaces_one_by_the_other(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(3, 3, .dtype = WG_F64),
                                         wg_nn_sequential(wg_nn_linear(3, 3, .dtype = WG_F64)));
    wg_tensor *from = wg_nn_parameter(net, "1.0.weight");
    assert_int_equal(wg_nn_tie(net, "0.weight", "1.0.weight"), WG_OK);
    assert_int_equal(wg_nn_tie(net, "0.weight", "1.0.weight"), WG_OK); /* again */
    assert_ptr_equal(wg_nn_parameter(net, "0.weight"), from);
    assert_int_equal(wg_owners(from), 2);
    const wg_tensor_list list = wg_nn_parameters(net), inner = wg_nn_parameters(wg_nn_child(net, 1));
    assert_int_equal(list.n, 3);
    assert_string_equal(list.name[0], "0.weight");
    assert_string_equal(list.name[2], "1.0.bias");
    assert_int_equal(inner.n, 2);
    assert_ptr_equal(wg_nn_parameters(wg_nn_child(net, 0)).tensor[0], from);
    assert_int_equal(wg_nn_state(net).n, 3);
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(wg_nn_freeze(net, "0.*"), WG_OK);
    assert_int_equal(wg_nn_print(net, stream), WG_OK);
    fclose(stream);
    assert_non_null(strstr(text, "12     96  frozen, shared\n")); /* the first layer, whose weight is the other's, too */
    assert_non_null(strstr(text, "12     96  9 frozen, shared\n15 parameters"));
    free(text);
    wg_nn_module *copy = wg_nn_copy(net), *whole = wg_nn_sequential(net, wg_nn_tanh());
    assert_int_equal(wg_nn_parameters(copy).n, 3);
    assert_ptr_equal(wg_nn_parameter(copy, "0.weight"), wg_nn_parameter(copy, "1.0.weight"));
    assert_ptr_not_equal(wg_nn_parameter(copy, "0.weight"), from);
    assert_int_equal(wg_nn_parameters(whole).n, 3);
    wg_nn_destroy(copy), wg_nn_destroy(whole);
    assert_no_error();
}

static void additions_fail_whole_for_want_of_memory(void **state)
{
    (void)state;
    wg_tensor *w = filled(WG_SHAPE(2), 3, 1);
    wg_nn_module *keeper = scale_by(w);
    for (int at = 0; at < 12; at++) {
        wg_memory_fail(at, false);
        wg_nn_module *net = wg_nn_sequential(wg_nn_linear(2, 2), wg_nn_batch_norm(2));
        const wg_status status = net ? wg_nn_tie(net, "0.bias", "1.bias") : WG_E_MEMORY;
        wg_memory_fail(-1, false);
        if (net && status == WG_OK)
            at = 12;
        wg_nn_destroy(net);
        wg_error_take(NULL);
    }
    assert_int_equal(wg_owners(w), 1);
    wg_nn_destroy(keeper);
}

/* ---- freezing ---- */

static void frozen_parameters_have_no_gradient(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 4, 2), .seed = 3, .dtype = WG_F64);
    wg_optim *opt = wg_optim_adam(wg_nn_parameters(net), .lr = 0.1);
    wg_tensor *x = filled(WG_SHAPE(5, 3), -1, 0.3), *first = wg_nn_parameter(net, "0.weight"),
              *last = wg_nn_parameter(net, "2.weight");
    wg_tensor *before = wg_own(wg_copy(first));
    {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_sum(wg_nn_apply(net, x))), WG_OK);
    }
    assert_int_equal(wg_nn_freeze(net, "0.*"), WG_OK);
    assert_null(wg_gradient(first)); /* what it had would still be stepped on */
    assert_int_equal(wg_nn_trainable(net).n, 2);
    assert_string_equal(wg_nn_trainable(net).name[0], "2.weight");
    {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_sum(wg_nn_apply(net, x))), WG_OK);
        assert_null(wg_gradient(first));
        assert_non_null(wg_gradient(last));
        assert_int_equal(wg_optim_step(opt), WG_OK);
    }
    assert_same_bits(first, before);
    assert_int_equal(wg_nn_freeze(net, "*"), WG_OK);
    {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_sum(wg_nn_apply(net, x))), WG_E_NO_GRAD);
        assert_error(WG_E_NO_GRAD, "wg_nn_unfreeze if all parameters are frozen");
    }
    assert_int_equal(wg_nn_unfreeze(net, "*"), WG_OK);
    assert_int_equal(wg_nn_trainable(net).n, 4);
    const wg_tensor_list biases = wg_nn_matching(net, "*.bias"), all_but = wg_nn_matching(net, "!*.bias"); /* both at once */
    assert_int_equal(biases.n, 2);
    assert_string_equal(biases.name[0], "0.bias");
    assert_string_equal(all_but.name[0], "0.weight");
    assert_ptr_equal(wg_nn_matching(net, "*.bias").tensor, biases.tensor);
    assert_int_equal(wg_nn_matching(net, "!*.bias").n, 2);
    assert_string_equal(wg_nn_matching(net, "!*.bias").name[1], "2.weight");
    wg_optim_destroy(opt), wg_nn_destroy(net), wg_free(x), wg_free(before);
    assert_no_error();
}

/* ---- modules of several tensors ---- */

/* h' = tanh(h + a), and a h: two inputs, two results. */
static wg_tensor *cell_forward(const wg_nn_call *call, wg_tensor *h)
{
    wg_tensor *a = call->in[1];
    call->out[1] = wg_mul(a, h);
    return wg_tanh(wg_add(h, a));
}
static const struct wg_nn_kind cell = {.name = "cell", .forward = cell_forward, .n_in = 2, .n_out = 2};

/* The sum of all inputs, however many. */
static wg_tensor *sum_forward(const wg_nn_call *call, wg_tensor *x)
{
    for (size_t i = 1; i < call->n_in; i++)
        x = wg_add(x, call->in[i]);
    return x;
}
static const struct wg_nn_kind sum_kind = {.name = "sum", .forward = sum_forward, .n_in = WG_NN_ANY};

static wg_tensor *half_forward(const wg_nn_call *call, wg_tensor *x)
{
    (void)call;
    return wg_tanh(x); /* and no second result */
}
/* A message names what the program called, wg_nn_apply, and the path to the module. */
static wg_tensor *cell_of_one(const wg_nn_call *call, wg_tensor *x)
{
    return wg_nn_apply_child(call, 0, x);
}
static const struct wg_nn_kind wrapper = {.name = "wrapper", .forward = cell_of_one};

static wg_tensor *picked(const wg_nn_call *call, wg_tensor *indices)
{
    return wg_index_select(call->param[0], 0, indices);
}
static const struct wg_nn_kind picks = {.name = "picks", .forward = picked};

static const struct wg_nn_kind half = {.name = "half", .forward = half_forward, .n_out = 2};

static void modules_take_and_give_several_tensors(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(wg_nn_module_create(&cell, NULL, NULL), wg_nn_module_create(&cell, NULL, NULL),
                                         wg_nn_module_create(&sum_kind, NULL, NULL));
    wg_tensor *h = filled(WG_SHAPE(1), 0.5, 0), *a = filled(WG_SHAPE(1), 0.25, 0);
    const double h1 = tanh(0.75), a1 = 0.125, expected = tanh(h1 + a1) + a1 * h1;
    wg_tensor *y = wg_nn_apply(net, h, a);
    assert_values(y, &expected, 1e-15);
    wg_free(y);
    wg_tensor *out[2];
    assert_int_equal(wg_nn_apply_many(wg_nn_child(net, 0), NULL, (wg_tensor *[]){h, a}, 2, out, 2), WG_OK);
    assert_values(out[0], &h1, 1e-15);
    assert_values(out[1], &a1, 0);
    wg_free(out[0]), wg_free(out[1]);
    assert_null(wg_nn_apply(wg_nn_child(net, 0), h));
    assert_error(WG_E_ARGUMENT, "nn_apply: cell takes 2 inputs, not 1");
    assert_null(wg_nn_apply(wg_nn_child(net, 0), h, a));
    assert_error(WG_E_ARGUMENT, "nn_apply: cell has 2 results, not 1");
    wg_nn_module *left_out = wg_nn_module_create(&half, NULL, NULL);
    out[0] = out[1] = h;
    assert_int_equal(wg_nn_apply_many(left_out, NULL, &h, 1, out, 2), WG_E_STATE);
    assert_error(WG_E_STATE, "left out result 1");
    assert_true(!out[0] && !out[1]);
    wg_nn_destroy(net), wg_nn_destroy(left_out), wg_free(h), wg_free(a);
    assert_no_error();
}

/* ---- parameters as a vector ---- */

static void a_vector_holds_all_parameters(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(2, 3, 1), .seed = 4, .dtype = WG_F64, .activation = WG_ACTIVATION_TANH);
    const wg_tensor_list list = wg_nn_parameters(net);
    wg_tensor *v = wg_nn_to_vector(list), *x = filled(WG_SHAPE(4, 2), -1, 0.4);
    assert_int_equal(wg_numel(v), 13);
    assert_memory_equal(wg_data_as(v, double), wg_data(list.tensor[0]), 6 * sizeof(double));
    assert_memory_equal(wg_data_as(v, double) + 12, wg_data(list.tensor[3]), sizeof(double));
    {
        WG_TAPE(tape); /* the gradient of the vector is that of the parameters, flattened */
        wg_tensor *params[4], *leaf = wg_set_requires_grad(wg_copy(v), true);
        assert_int_equal(wg_nn_from_vector(leaf, list, params), WG_OK);
        wg_tensor *g = wg_grad(wg_sum(wg_square(wg_nn_apply_with(net, (wg_tensor_list){4, params, NULL}, x))), leaf);
        assert_int_equal(wg_backward(wg_sum(wg_square(wg_nn_apply(net, x)))), WG_OK);
        wg_tensor *gradients[4];
        for (int i = 0; i < 4; i++)
            gradients[i] = wg_gradient(list.tensor[i]);
        assert_same_bits(g, wg_nn_to_vector((wg_tensor_list){4, gradients, NULL}));
    }
    wg_tensor *moved = filled(WG_SHAPE(13), 0, 1), *again;
    assert_int_equal(wg_nn_assign(list, moved), WG_OK);
    again = wg_nn_to_vector(list);
    assert_same_bits(again, moved);
    {
        WG_TAPE(tape);
        assert_int_equal(wg_nn_assign(list, v), WG_OK);
        assert_int_equal(wg_error_set(WG_E_STATE, "test", "the step fails"), WG_E_STATE);
    }
    wg_error_take(NULL);
    wg_free(again), again = wg_nn_to_vector(list); /* as before the step */
    assert_same_bits(again, moved);
    wg_tensor *params[4];
    assert_int_equal(wg_nn_from_vector(moved, list, params), WG_OK); /* with no tape open they are the caller's */
    for (int i = 0; i < 4; i++)
        wg_free(params[i]);
    wg_free(v), wg_free(x), wg_free(moved), wg_free(again), wg_nn_destroy(net);
    assert_no_error();
}

/* ---- copies ---- */

static void *twice(const void *context)
{
    int *copy = malloc(sizeof *copy);
    *copy = 2 * *(const int *)context;
    return copy;
}

static void copies_share_nothing(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(3, 4, .bias = false), wg_nn_batch_norm(4, .momentum = 0.5), wg_nn_relu());
    assert_int_equal(wg_nn_freeze(net, "1.bias"), WG_OK);
    wg_nn_module *copy = wg_nn_copy(net);
    assert_non_null(copy);
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(2, 3));
    const wg_tensor_list a = wg_nn_state(net), b = wg_nn_state(copy);
    assert_int_equal(a.n, b.n);
    for (size_t i = 0; i < a.n; i++) {
        assert_string_equal(a.name[i], b.name[i]);
        assert_same_bits(a.tensor[i], b.tensor[i]);
        assert_false(wg_shares_memory(a.tensor[i], b.tensor[i]));
        assert_int_equal(wg_requires_grad(a.tensor[i]), wg_requires_grad(b.tensor[i]));
    }
    wg_tensor *y = wg_nn_apply(net, x), *z = wg_nn_apply(copy, x);
    assert_same_bits(y, z);
    wg_free(x), wg_free(y), wg_free(z), wg_nn_destroy(net), wg_nn_destroy(copy);

    static struct wg_nn_kind counted = {.name = "counted", .forward = half_forward, .destroy = free};
    int *context = malloc(sizeof *context);
    *context = 21;
    wg_nn_module *with = wg_nn_module_create(&counted, NULL, context);
    assert_null(wg_nn_copy(with));
    assert_error(WG_E_STATE, "nn_copy: the kind counted has a context and no copy function");
    counted.copy = twice;
    wg_nn_module *other = wg_nn_copy(with);
    assert_int_equal(*(int *)wg_nn_context(other), 42);
    wg_nn_destroy(with), wg_nn_destroy(other);
    assert_no_error();
}

/* ---- printing ---- */

static void a_network_is_printed_as_a_table(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(784, 100, .bias = false),
                                         wg_nn_sequential(wg_nn_batch_norm(100), wg_nn_relu()), wg_nn_linear(100, 10));
    assert_int_equal(wg_nn_freeze(net, "2.bias"), WG_OK);
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(wg_nn_print(net, stream, WG_SHAPE(32, 784)), WG_OK);
    fclose(stream);
    assert_string_equal(text,
                        "module             options                      result     parameters    bytes  operations\n"
                        "sequential                                      [32, 10]            -        -   5,095,020\n"
                        "├ 0: linear        in=784, out=100, bias=false  [32, 100]      78,400  313,600   5,017,600\n"
                        "├ 1: sequential                                 [32, 100]           -        -      13,100\n"
                        "│ ├ 0: batch_norm  channels=100                 [32, 100]         200      800       9,900\n"
                        "│ └ 1: relu                                     [32, 100]           -        -       3,200\n"
                        "└ 2: linear        in=100, out=10               [32, 10]        1,010    4,040      64,320  10 frozen\n"
                        "79,610 parameters (318,440 bytes), 10 of them frozen; 201 elements in buffers\n");
    free(text);
    char line[60];
    assert_string_equal(wg_nn_describe(wg_nn_child(net, 2), line, sizeof line), "linear(in=100, out=10)");
    stream = open_memstream(&text, &size);
    assert_int_equal(wg_nn_print(net, stream), WG_OK); /* without shapes nothing is computed */
    fclose(stream);
    assert_null(strstr(text, "result"));
    free(text);
    assert_int_equal(wg_nn_print(net, stderr, WG_SHAPE(32, 7)), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "nn_linear: expected x of shape (..., 784), got [32, 7]");
    stream = fopen("/dev/full", "w");
    if (stream) {
        assert_int_equal(wg_nn_print(net, stream), WG_E_IO);
        assert_error(WG_E_IO, "nn_print");
        fclose(stream);
    }
    wg_nn_destroy(net);
    assert_no_error();
}

static void counts_of_inputs_are_checked(void **state)
{
    (void)state;
    assert_null(wg_nn_sequential(wg_nn_linear(2, 2), wg_nn_module_create(&cell, NULL, NULL)));
    assert_error(WG_E_ARGUMENT,
                 "nn_sequential: expected layer 1 (cell) to take the 1 result of layer 0 (linear), it takes 2 inputs");
    assert_null(wg_nn_sequential(wg_nn_module_create(&half, NULL, NULL), wg_nn_tanh()));
    assert_error(WG_E_ARGUMENT, "nn_sequential: expected layer 1 (tanh) to take the 2 results of layer 0 (half), it takes 1 input");
    wg_nn_module *net = wg_nn_module_create(&wrapper, NULL, NULL);
    wg_tensor *x = filled(WG_SHAPE(2), 1, 0);
    assert_int_equal(wg_nn_add_child(net, "inner", wg_nn_module_create(&cell, NULL, NULL)), WG_OK);
    assert_null(wg_nn_apply(net, x));
    assert_string_equal(wg_error_first()->section, "inner");
    assert_error(WG_E_ARGUMENT, "nn_apply: cell takes 2 inputs, not 1");
    wg_free(x), wg_nn_destroy(net);
}

static void a_network_is_printed_on_given_inputs(void **state)
{
    (void)state;
    const int64_t at[] = {2, 0, 1};
    wg_nn_module *net = wg_nn_module_create(&picks, NULL, NULL);
    wg_tensor *indices = wg_from(at, WG_SHAPE(3));
    assert_int_equal(wg_nn_add_parameter(net, "table", filled(WG_SHAPE(4, 5), 0, 1)), WG_OK);
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(wg_nn_print_on(net, stream, &indices, 1), WG_OK);
    assert_int_equal(wg_nn_print(net, stream, WG_SHAPE(3)), WG_E_DTYPE);
    assert_error(WG_E_DTYPE, "");
    fclose(stream);
    assert_non_null(strstr(text, "[3, 5]"));
    free(text), wg_free(indices), wg_nn_destroy(net);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_shared_parameter_lives_until_its_last_module),
        TEST(a_shared_parameter_is_one_in_a_network),
        TEST(tying_replaces_one_by_the_other),
        TEST(additions_fail_whole_for_want_of_memory),
        TEST(frozen_parameters_have_no_gradient),
        TEST(modules_take_and_give_several_tensors),
        TEST(a_vector_holds_all_parameters),
        TEST(copies_share_nothing),
        TEST(counts_of_inputs_are_checked),
        TEST(a_network_is_printed_on_given_inputs),
        TEST(a_network_is_printed_as_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
