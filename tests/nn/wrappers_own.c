/* Weight norm and spectral norm: what is theirs alone, and a wrapper of a program's own. wrappers.c has PyTorch's values and what every layer
   does. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formula.h"
#include "nn_check.h"

/* ---- names, printing, networks ---- */

static void names_are_those_of_pytorch(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(wg_nn_spectral_norm(wg_nn_linear(3, 4)), wg_nn_relu(),
                                         wg_nn_weight_norm(wg_nn_linear(4, 2)));
    const char *const names[] = {"0.weight_orig", "0.bias", "2.weight_g", "2.weight_v", "2.bias", "0.weight_u", "0.weight_v"};
    const wg_tensor_list list = wg_nn_state(net);
    assert_int_equal(list.n, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(list.name[i], names[i]);
        assert_string_equal(wg_name_of(list.tensor[i]), names[i]);
    }
    char *text = NULL, line[200];
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(wg_nn_print(net, stream, WG_SHAPE(5, 3)), WG_OK);
    fclose(stream);
    assert_non_null(strstr(text, "0: spectral_norm"));
    const char *own = strstr(text, "0: spectral_norm");
    assert_true(strstr(own, " 16 ") && strstr(own, " 16 ") < strchr(own, '\n')); /* weight and bias, each once */
    assert_non_null(strstr(text, "module: linear"));
    assert_non_null(strstr(text, "28 parameters (112 bytes), 0 of them frozen; 7 elements in buffers"));
    free(text), wg_nn_destroy(net);
    net = wg_nn_spectral_norm(wg_nn_conv2d(2, 4, 3), .axis = -3, .iterations = 2);
    assert_string_equal(wg_nn_describe(net, line, sizeof line), "spectral_norm(axis=1, iterations=2)");
    assert_int_equal(wg_numel(wg_nn_buffers(net).tensor[0]), 2);
    assert_int_equal(wg_numel(wg_nn_buffers(net).tensor[1]), 36);
    wg_nn_destroy(net);
    assert_no_error();
}

/* The weight is where it was: a wrapper begins as what it wraps, and relu behind it is an op of its own with the same bits. */
static void a_wrapper_begins_as_its_module(void **state)
{
    (void)state;
    wg_nn_module *plain = wg_nn_sequential(wg_nn_linear(3, 4, .dtype = WG_F64), wg_nn_relu()), *wrapped;
    wg_nn_module *inner = wg_nn_linear(3, 4, .dtype = WG_F64);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(wg_assign(wg_nn_parameters(inner).tensor[i], wg_nn_parameters(plain).tensor[i]), WG_OK);
    wrapped = wg_nn_sequential(wg_nn_weight_norm(inner), wg_nn_relu());
    wg_tensor *x = filled(WG_F64, WG_SHAPE(6, 3), 3), *a = wg_nn_apply(plain, x), *b = wg_nn_apply(wrapped, x);
    double expected[24];
    assert_int_equal(wg_read(a, expected), WG_OK);
    assert_values(b, expected, 1e-14);
    wg_free(x), wg_free(a), wg_free(b), wg_nn_destroy(plain), wg_nn_destroy(wrapped);
    assert_no_error();
}

/* ---- CASES F11: v = 0, and no elements ---- */

struct bare {
    wg_shape shape;
};

static wg_tensor *weight_itself(const wg_nn_call *call, wg_tensor *x)
{
    return wg_add(call->param[0], wg_mul_scalar(x, 0));
}

static const struct wg_nn_kind bare_kind = {.name = "bare", .forward = weight_itself};

static wg_nn_module *bare(wg_tensor *weight)
{
    wg_nn_module *module = wg_nn_module_create(&bare_kind, NULL, NULL);
    assert_int_equal(wg_nn_add_parameter(module, "weight", weight), WG_OK);
    return module;
}

static void a_direction_of_length_0_gives_zeros(void **state)
{
    (void)state;
    const wg_shape shapes[] = {WG_SHAPE(2, 3), WG_SHAPE(1, 0), WG_SHAPE(3)};
    for (int i = 0; i < 6; i++) {
        const wg_shape shape = shapes[i / 2];
        const wg_dtype dtype = i % 2 ? WG_F64 : WG_F32;
        wg_nn_module *net = wg_nn_weight_norm(bare(wg_zeros(dtype, shape)));
        wg_tensor *g = wg_nn_parameter(net, "weight_g"), *v = wg_nn_parameter(net, "weight_v");
        assert_int_equal(wg_init_ones(g), WG_OK);
        WG_TAPE(tape);
        wg_tensor *x = wg_zeros(dtype, shape), *y = wg_nn_apply(net, x), *of[2], *second[2];
        const double zeros[6] = {0};
        assert_values(y, zeros, 0);
        assert_int_equal(wg_grad_many(wg_sum(wg_add_scalar(wg_square(wg_add_scalar(y, 1)), 0)), ((wg_tensor *[]){g, v}), 2, of,
                                      .create_graph = true),
                         WG_OK);
        assert_values(of[0], zeros, 0);
        assert_values(of[1], zeros, 0);
        assert_int_equal(wg_grad_many(wg_add(wg_sum(wg_square(of[0])), wg_sum(wg_square(of[1]))), ((wg_tensor *[]){g, v}), 2,
                                      second, .unused = WG_UNUSED_ZEROS),
                         WG_OK);
        assert_values(second[0], zeros, 0);
        assert_values(second[1], zeros, 0);
        wg_nn_destroy(net);
    }
    wg_nn_module *net = wg_nn_spectral_norm(bare(wg_zeros(WG_F64, WG_SHAPE(2, 2))));
    WG_TAPE(tape);
    wg_tensor *y = wg_nn_apply(net, wg_zeros(WG_F64, WG_SHAPE(2, 2)));
    assert_values(y, (const double[]){0, 0, 0, 0}, 0);
    assert_int_equal(wg_backward(wg_sum(y)), WG_OK);
    assert_values(wg_gradient(wg_nn_parameter(net, "weight_orig")), (const double[]){0, 0, 0, 0}, 0);
    wg_nn_destroy(net);
    assert_no_error();
}

/* ---- CASES F10: one power iteration, u and v constants, second order ---- */

static wg_nn_module *f10(void)
{
    wg_nn_module *net = wg_nn_spectral_norm(wg_nn_linear(2, 2, .bias = false, .dtype = WG_F64));
    assert_int_equal(wg_write(wg_nn_parameter(net, "weight_orig"), (const double[]){3, 1, 0, 1}), WG_OK);
    assert_int_equal(wg_write(wg_nn_buffers(net).tensor[0], (const double[]){0.6, 0.8}), WG_OK);
    return net;
}

static const double f10_u[] = {0.979457043257, 0.201652920670};

static void spectral_norm_is_that_of_the_book_of_cases(void **state)
{
    (void)state;
    wg_nn_module *net = f10();
    wg_tensor *w = wg_nn_parameter(net, "weight_orig"), *a = wg_from(((const double[]){1, 2}), WG_SHAPE(1, 2)),
              *b = wg_from(((const double[]){-1, 0.5}), WG_SHAPE(1, 2));
    WG_TAPE(tape);
    wg_tensor *eye = wg_from(((const double[]){1, 0, 0, 1}), WG_SHAPE(2, 2)), *normed = wg_transpose(wg_nn_apply(net, eye), 0, 1);
    assert_values(wg_nn_buffers(net).tensor[0], f10_u, 1e-11);
    assert_close(3 / wg_item(wg_slice(wg_slice(normed, 0, 0, 1, 1), 1, 0, 1, 1)), 3.044541142641, 1e-11); /* σ */
    wg_tensor *first = wg_linear(a, normed, WG_NONE), *other = wg_linear(b, normed, WG_NONE);
    wg_tensor *loss = wg_sub(wg_sum(first), wg_sum(wg_square(other)));
    assert_close(wg_item(loss), 1.597952232202, 1e-11);
    wg_tensor *g = wg_grad(loss, w, .create_graph = true), *gg = wg_grad(wg_sum(wg_square(g)), w);
    assert_values(wg_copy(g), (const double[]){-0.438673959873, 0.749513967952, 0.389458739544, 0.566507911667}, 1e-11);
    assert_values(wg_copy(gg), (const double[]){-0.401167021342, -1.045476241302, -0.312540389337, -0.204653404704}, 1e-11);
    wg_free(a), wg_free(b), wg_nn_destroy(net);
    assert_no_error();
}

/* Two applications before one backward pass: each has its own u and v. */
static void two_applications_before_backward(void **state)
{
    (void)state;
    wg_nn_module *net = f10(), *one = f10(), *two = f10();
    wg_tensor *a = wg_from(((const double[]){1, 2}), WG_SHAPE(1, 2)), *b = wg_from(((const double[]){-1, 0.5}), WG_SHAPE(1, 2));
    wg_tensor *w[] = {wg_nn_parameter(net, "weight_orig"), wg_nn_parameter(one, "weight_orig"),
                      wg_nn_parameter(two, "weight_orig")};
    {
        WG_TAPE(tape);
        wg_tensor *real = wg_sum(wg_square(wg_nn_apply(net, a))), *fake = wg_sum(wg_square(wg_nn_apply(net, b)));
        assert_int_equal(wg_backward(wg_sub(real, fake)), WG_OK);
    }
    {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_sum(wg_square(wg_nn_apply(one, a)))), WG_OK);
    }
    assert_int_equal(wg_assign(wg_nn_buffers(two).tensor[0], wg_nn_buffers(one).tensor[0]), WG_OK); /* where the first left it */
    {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_sum(wg_square(wg_nn_apply(two, b)))), WG_OK);
    }
    double real[4], fake[4], difference[4];
    assert_int_equal(wg_read(wg_gradient(w[1]), real), WG_OK);
    assert_int_equal(wg_read(wg_gradient(w[2]), fake), WG_OK);
    for (int i = 0; i < 4; i++)
        difference[i] = real[i] - fake[i];
    assert_values(wg_gradient(w[0]), difference, 1e-14);
    assert_same_bits(wg_nn_buffers(net).tensor[0], wg_nn_buffers(two).tensor[0]);
    wg_free(a), wg_free(b), wg_nn_destroy(net), wg_nn_destroy(one), wg_nn_destroy(two);
    assert_no_error();
}

/* DESIGN, rule 15: training may go on before backward reads what use saved. */
static void rule_15_use_saves_copies_of_its_vectors(void **state)
{
    (void)state;
    wg_nn_module *net = f10(), *alone = f10();
    wg_tensor *x = wg_from(((const double[]){1, 2}), WG_SHAPE(1, 2));
    assert_int_equal(wg_assign(wg_nn_buffers(alone).tensor[1], wg_nn_buffers(net).tensor[1]), WG_OK);
    for (int i = 0; i < 2; i++) {
        WG_TAPE(tape);
        wg_tensor *y;
        {
            WG_EVAL_MODE;
            y = wg_nn_apply(i ? alone : net, x);
        }
        if (i == 0)
            assert_non_null(wg_nn_apply(net, x));
        assert_int_equal(wg_backward(wg_sum(wg_square(y))), WG_OK);
    }
    assert_same_bits(wg_gradient(wg_nn_parameter(net, "weight_orig")), wg_gradient(wg_nn_parameter(alone, "weight_orig")));
    wg_free(x), wg_nn_destroy(net), wg_nn_destroy(alone);
    assert_no_error();
}

static wg_tensor *checkpointed(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    return wg_nn_apply(context, x[0]);
}

/* In use nothing moves, a functional call moves nothing, a failed step undoes u and v, and a checkpoint runs again with those of its first
   run. */
static void vectors_move_in_training_alone(void **state)
{
    (void)state;
    wg_nn_module *net = f10(), *other = f10();
    wg_tensor *x = wg_from(((const double[]){1, 2}), WG_SHAPE(1, 2)), *y, *z;
    const wg_tensor_list u = wg_nn_buffers(net), v = wg_nn_buffers(other);
    const double at_first[] = {0.6, 0.8};
    {
        WG_EVAL_MODE;
        y = wg_nn_apply(net, x);
        wg_free(y);
    }
    assert_values(u.tensor[0], at_first, 0);
    y = wg_nn_apply_with(net, wg_nn_parameters(net), x);
    assert_values(u.tensor[0], at_first, 0);
    z = wg_nn_apply(other, x);
    assert_same_bits(y, z); /* the functional call computes what training computes */
    wg_free(y), wg_free(z);
    assert_values(v.tensor[0], f10_u, 1e-11);
    {
        WG_TAPE(tape);
        assert_non_null(wg_nn_apply(net, x));
        assert_values(u.tensor[0], f10_u, 1e-11);
        assert_null(wg_add(x, wg_ones(WG_F64, WG_SHAPE(3))));
    }
    wg_error_take(NULL);
    assert_values(u.tensor[0], at_first, 0);
    wg_nn_destroy(other);
    other = f10();
    for (int i = 0; i < 2; i++) {
        WG_TAPE(tape);
        wg_tensor *result = i ? wg_checkpoint(checkpointed, other, &x, 1) : wg_nn_apply(net, x);
        assert_int_equal(wg_backward(wg_sum(wg_square(result))), WG_OK);
    }
    assert_same_bits(wg_gradient(wg_nn_parameter(net, "weight_orig")), wg_gradient(wg_nn_parameter(other, "weight_orig")));
    assert_same_bits(wg_nn_buffers(net).tensor[0], wg_nn_buffers(other).tensor[0]);
    wg_free(x), wg_nn_destroy(net), wg_nn_destroy(other);
    assert_no_error();
}

/* Its promise: with enough iterations the largest singular value is 1. */
static void the_largest_singular_value_is_1(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_spectral_norm(wg_nn_linear(6, 6, .bias = false, .dtype = WG_F64), .iterations = 200);
    WG_TAPE(tape);
    wg_tensor *eye = wg_zeros(WG_F64, WG_SHAPE(6, 6)), *values, *vectors;
    assert_int_equal(wg_init_eye(eye), WG_OK);
    wg_tensor *w = wg_nn_apply(net, eye);
    assert_int_equal(wg_eigh(wg_matmul(wg_transpose(w, 0, 1), w), &values, &vectors), WG_OK);
    assert_close(wg_item(wg_max(values)), 1, 1e-6);
    wg_nn_destroy(net);
    assert_no_error();
}

/* ---- a wrapper of a program's own, and errors ---- */

/* The child with one of its parameters replaced by a function of the wrapper's own first, which it shares. */
static const char *replaced_name;
static wg_tensor *(*replacement)(wg_tensor *w);

static wg_tensor *doubled(wg_tensor *w)
{
    return wg_mul_scalar(w, 2);
}

static wg_tensor *cut(wg_tensor *w)
{
    return wg_slice(w, 0, 0, 1, 1);
}

static wg_tensor *narrowed(wg_tensor *w)
{
    return wg_cast(w, WG_F32);
}

static wg_tensor *replacing_forward(const wg_nn_call *call, wg_tensor *x)
{
    wg_tensor *w = replacement(call->param[0]), *y = NULL;
    const wg_tensor_list with = {1, &w, &replaced_name};
    return wg_nn_apply_child_with(call, 0, with, &x, 1, &y, 1) == WG_OK ? y : NULL;
}

static wg_nn_module *replacing(wg_nn_module *child, const char *name)
{
    static const struct wg_nn_kind kind = {.name = "replacing", .forward = replacing_forward};
    wg_nn_module *net = wg_nn_module_create(&kind, NULL, NULL);
    assert_int_equal(wg_nn_add_parameter(net, "weight", wg_nn_parameter(child, name)), WG_OK);
    assert_int_equal(wg_nn_add_child(net, "child", child), WG_OK);
    return net;
}

static wg_nn_module *square(void)
{
    return wg_nn_linear(3, 3, .bias = false, .dtype = WG_F64);
}

static void a_program_replaces_parameters(void **state)
{
    (void)state;
    wg_nn_module *net = replacing(wg_nn_sequential(wg_nn_linear(3, 3, .dtype = WG_F64)), "0.weight");
    wg_tensor *w = wg_nn_parameter(net, "weight"), *bias = wg_nn_parameter(net, "child.0.bias");
    wg_tensor *x = filled(WG_F64, WG_SHAPE(2, 3), 4);
    replaced_name = "0.weight";
    replacement = doubled;
    WG_TAPE(tape);
    wg_tensor *y = wg_nn_apply(net, x), *expected = wg_linear(x, wg_mul_scalar(w, 2), bias);
    assert_same_bits(wg_copy(y), wg_copy(expected));
    wg_tensor *g = wg_grad(wg_sum(y), w), *of_expected = wg_grad(wg_sum(expected), w);
    assert_same_bits(wg_copy(g), wg_copy(of_expected)); /* the gradient flows through what was computed */
    wg_tensor *others[] = {wg_ones(WG_F64, WG_SHAPE(3, 3)), bias};
    y = wg_nn_apply_with(net, (wg_tensor_list){2, others, NULL}, x); /* and through other parameters than its own */
    assert_same_bits(wg_copy(y), wg_copy(wg_linear(x, wg_mul_scalar(others[0], 2), bias)));
    replaced_name = "0.wait";
    assert_null(wg_nn_apply(net, x));
    assert_error(WG_E_ARGUMENT, "nn_apply_child_with: there is no parameter \"0.wait\": the parameters are 0.weight, 0.bias");
    replaced_name = "0.weight";
    replacement = cut;
    assert_null(wg_nn_apply(net, x));
    assert_error(WG_E_SHAPE, "nn_apply_child_with: expected parameter \"0.weight\" of shape [3, 3], got [1, 3]");
    replacement = narrowed;
    assert_null(wg_nn_apply(net, x));
    assert_error(WG_E_DTYPE, "nn_apply_child_with: expected parameter \"0.weight\" of dtype f64, got f32");
    wg_free(x), wg_nn_destroy(net);
}

/* A tied parameter of the child is replaced wherever it is. */
static void a_tied_parameter_is_replaced_everywhere(void **state)
{
    (void)state;
    wg_nn_module *chain = wg_nn_sequential(square(), square());
    assert_int_equal(wg_nn_tie(chain, "1.weight", "0.weight"), WG_OK);
    wg_nn_module *net = replacing(chain, "0.weight");
    replaced_name = "1.weight";
    replacement = doubled;
    WG_TAPE(tape);
    wg_tensor *x = filled(WG_F64, WG_SHAPE(2, 3), 4), *w = wg_mul_scalar(wg_nn_parameter(net, "weight"), 2);
    assert_same_bits(wg_copy(wg_nn_apply(net, x)), wg_copy(wg_linear(wg_linear(x, w, WG_NONE), w, WG_NONE)));
    wg_nn_destroy(net);
    assert_no_error();
}

/* A module with a parameter of that name. */
static wg_nn_module *named(const char *name)
{
    wg_nn_module *module = wg_nn_module_create(&bare_kind, NULL, NULL);
    assert_int_equal(wg_nn_add_parameter(module, name, wg_ones(WG_F32, WG_SHAPE(2, 2))), WG_OK);
    return module;
}

static void a_refused_wrapper_leaves_nothing(void **state)
{
    (void)state;
    char name[400] = "";
    memset(name, 'w', sizeof name - 1);
    wg_nn_destroy(wg_nn_weight_norm(named("w"), .parameter = "w"));
    const wg_memory before = wg_memory_now();
    assert_null(wg_nn_weight_norm(named(name), .parameter = name));
    assert_error(WG_E_ARGUMENT, "nn_weight_norm: expected a parameter with a shorter name");
    assert_null(wg_nn_spectral_norm(named(name), .parameter = name));
    assert_error(WG_E_ARGUMENT, "nn_spectral_norm: expected a parameter with a shorter name");
    assert_int_equal(wg_memory_now().live, before.live);
    assert_no_error();
}

static void wrong_wrappers_are_refused(void **state)
{
    (void)state;
    assert_null(wg_nn_weight_norm(NULL));
    assert_error(WG_E_NULL, "nn_weight_norm: the module is NULL");
    assert_null(wg_nn_weight_norm(wg_nn_linear(0, 3)));
    assert_error(WG_E_ARGUMENT, "nn_linear"); /* the cause */
    assert_null(wg_nn_spectral_norm(wg_nn_linear(2, 3), .parameter = NULL));
    assert_error(WG_E_NULL, "nn_spectral_norm: the name of the parameter is NULL");
    assert_null(wg_nn_spectral_norm(wg_nn_linear(2, 3), .parameter = "kernel"));
    assert_error(WG_E_ARGUMENT, "nn_spectral_norm: there is no parameter \"kernel\": the parameters are weight, bias");
    assert_null(wg_nn_weight_norm(wg_nn_mlp(WG_SIZES(2, 3, 1)), .parameter = "0.weight"));
    assert_error(WG_E_ARGUMENT, "nn_weight_norm: expected a parameter of the mlp module's own, got \"0.weight\"");
    assert_null(wg_nn_weight_norm(wg_nn_linear(2, 3), .axis = 2));
    assert_error(WG_E_ARGUMENT, "nn_weight_norm: there is no axis 2 in weight [3, 2]");
    assert_null(wg_nn_spectral_norm(wg_nn_linear(2, 3), .iterations = -1));
    assert_error(WG_E_ARGUMENT, "nn_spectral_norm: expected iterations in [0, inf), got -1");
    assert_null(wg_nn_spectral_norm(wg_nn_linear(2, 3), .eps = 0));
    assert_error(WG_E_ARGUMENT, "nn_spectral_norm: expected eps");
    assert_null(wg_nn_spectral_norm(wg_nn_linear(2, 3), .axis = WG_ALL));
    assert_error(WG_E_ARGUMENT, "nn_spectral_norm: expected axis");
    assert_null(wg_nn_spectral_norm(wg_nn_linear(2, 3), .generator = NULL));
    assert_error(WG_E_NULL, "normal");
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(2, 3));
    assert_null(wg_nn_weight_norm(wg_nn_child(net, 0)));
    assert_error(WG_E_STATE, "is a child already");
    assert_int_equal(wg_nn_parameters(net).n, 2);
    wg_nn_destroy(net);
    net = wg_nn_weight_norm(wg_nn_linear(2, 3));
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(1, 5));
    assert_null(wg_nn_apply(net, x));
    assert_error(WG_E_SHAPE, "nn_linear: expected x of shape (..., 2), got [1, 5]");
    wg_free(x), wg_nn_destroy(net);
    assert_no_error();
}

/* ---- iterations between applications ---- */

/* F10 with no iteration in forward: one behind gives the vectors, the value and both derivatives of one in forward, and the derivatives
   take σ's vectors for constants. */
static void one_iteration_between_is_one_in_forward(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_spectral_norm(wg_nn_linear(2, 2, .bias = false, .dtype = WG_F64), .iterations = 0);
    wg_tensor *w = wg_nn_parameter(net, "weight_orig");
    const wg_tensor_list vectors = wg_nn_buffers(net);
    assert_int_equal(wg_write(w, (const double[]){3, 1, 0, 1}), WG_OK);
    assert_int_equal(wg_write(vectors.tensor[0], (const double[]){0.6, 0.8}), WG_OK);
    assert_int_equal(wg_nn_spectral_norm_iterate(net, 1), WG_OK);
    assert_values(vectors.tensor[0], f10_u, 1e-11);
    {
        WG_TAPE(tape);
        wg_tensor *a = wg_from(((const double[]){1, 2}), WG_SHAPE(1, 2)), *b = wg_from(((const double[]){-1, 0.5}), WG_SHAPE(1, 2));
        wg_tensor *loss = wg_sub(wg_sum(wg_nn_apply(net, a)), wg_sum(wg_square(wg_nn_apply(net, b)))); /* two applications */
        assert_close(wg_item(loss), 1.597952232202, 1e-11);
        wg_tensor *g = wg_grad(loss, w, .create_graph = true), *gg = wg_grad(wg_sum(wg_square(g)), w);
        assert_values(wg_copy(g), (const double[]){-0.438673959873, 0.749513967952, 0.389458739544, 0.566507911667}, 1e-11);
        assert_values(wg_copy(gg), (const double[]){-0.401167021342, -1.045476241302, -0.312540389337, -0.204653404704}, 1e-11);
        assert_values(vectors.tensor[0], f10_u, 1e-11); /* where they were */
        /* moved before backward reads them: the applications keep theirs */
        assert_int_equal(wg_nn_spectral_norm_iterate(net, 3), WG_OK);
        assert_int_equal(wg_backward(loss), WG_OK);
        assert_values(wg_gradient(w), (const double[]){-0.438673959873, 0.749513967952, 0.389458739544, 0.566507911667}, 1e-11);
    }
    wg_nn_module *in_forward = f10();
    wg_tensor *x = wg_zeros(WG_F64, WG_SHAPE(1, 2));
    for (int i = 0; i < 4; i++)
        wg_free(wg_nn_apply(in_forward, x));
    assert_same_bits(vectors.tensor[0], wg_nn_buffers(in_forward).tensor[0]);
    assert_same_bits(vectors.tensor[1], wg_nn_buffers(in_forward).tensor[1]);
    wg_free(x), wg_nn_destroy(net), wg_nn_destroy(in_forward);
    assert_no_error();
}

/* W = diag(3, 1), x = (1, 1), L = Σ (W/σ) x, applied twice before backward: 1/3 everywhere, less 4/9 where u vᵀ is 1, for each. */
static void two_applications_share_one_snapshot(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_spectral_norm(wg_nn_linear(2, 2, .bias = false, .dtype = WG_F64), .iterations = 0);
    assert_int_equal(wg_write(wg_nn_parameter(net, "weight_orig"), (const double[]){3, 0, 0, 1}), WG_OK);
    assert_int_equal(wg_write(wg_nn_buffers(net).tensor[0], (const double[]){0.6, 0.8}), WG_OK);
    assert_int_equal(wg_nn_spectral_norm_iterate(net, 20), WG_OK);
    for (int times = 1; times <= 2; times++) {
        wg_clear_gradient(wg_nn_parameter(net, "weight_orig"));
        WG_TAPE(tape);
        wg_tensor *x = wg_ones(WG_F64, WG_SHAPE(1, 2)), *sum = wg_sum(wg_nn_apply(net, x));
        sum = times == 2 ? wg_add(sum, wg_sum(wg_nn_apply(net, x))) : sum;
        assert_int_equal(wg_backward(sum), WG_OK);
        assert_values(wg_gradient(wg_nn_parameter(net, "weight_orig")),
                      (const double[]){-times / 9.0, times / 3.0, times / 3.0, times / 3.0}, 1e-14);
    }
    wg_nn_destroy(net);
    assert_no_error();
}

/* With other parameters, as in unrolled steps, the vectors are those of the buffers, too: σ of 2 W is 2 σ, and nothing moves. */
static void other_parameters_share_the_vectors(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_spectral_norm(wg_nn_linear(3, 4, .bias = false, .dtype = WG_F64), .iterations = 0);
    wg_tensor *w = wg_nn_parameter(net, "weight_orig"), *x = filled(WG_F64, WG_SHAPE(2, 3), 1), *u = wg_nn_buffers(net).tensor[0];
    double before[4], expected[8];
    read_all(u, before);
    {
        WG_TAPE(tape);
        wg_tensor *doubled = wg_mul_scalar(w, 2), *moved = wg_add(w, filled(WG_F64, WG_SHAPE(4, 3), 5));
        read_all(wg_nn_apply(net, x), expected);
        assert_values(wg_nn_apply_with(net, (wg_tensor_list){1, &doubled, NULL}, x), expected, 1e-14);
        wg_tensor *v = wg_nn_buffers(net).tensor[1], *sigma = wg_dot(u, wg_matmul(moved, v));
        read_all(wg_linear(x, wg_div(moved, sigma), WG_NONE), expected);
        assert_values(wg_nn_apply_with(net, (wg_tensor_list){1, &moved, NULL}, x), expected, 1e-13);
    }
    assert_values(u, before, 0);
    wg_free(x), wg_nn_destroy(net);
    assert_no_error();
}

static wg_nn_module *critic(void)
{
    return wg_nn_sequential(wg_nn_spectral_norm(wg_nn_linear(3, 8), .iterations = 0), wg_nn_leaky_relu(),
                            wg_nn_residual(wg_nn_sequential(wg_nn_spectral_norm(wg_nn_linear(8, 8), .iterations = 0))),
                            wg_nn_linear(8, 1));
}

struct updates {
    wg_nn_module *net;
    wg_optim *optim;
    wg_tensor *x;
};

static wg_status update(void *context)
{
    struct updates *u = context;
    WG_TAPE(tape);
    WG_TRY(wg_nn_spectral_norm_iterate(u->net, 1));
    wg_tensor *real = wg_set_requires_grad(wg_detach(u->x), true), *scores = wg_nn_apply(u->net, real);
    wg_tensor *slope = wg_grad(wg_sum(scores), real, .create_graph = true);
    WG_TRY(wg_backward(wg_sub(wg_sum_squares(slope), wg_mean(scores))));
    return wg_optim_step(u->optim);
}

static struct updates begin_updates(void)
{
    struct updates u = {.net = critic(), .x = filled(WG_F32, WG_SHAPE(5, 3), 2)};
    const wg_tensor_list all = wg_nn_state(u.net);
    for (size_t i = 0; i < all.n; i++)
        assert_int_equal(fill(all.tensor[i], 10 * ((double)i + 1)), WG_OK);
    u.optim = wg_optim_sgd(wg_nn_parameters(u.net), .lr = 0.01);
    return u;
}

static void end_updates(struct updates *u)
{
    wg_optim_destroy(u->optim), wg_nn_destroy(u->net), wg_free(u->x);
}

static void assert_equal_nets(const struct updates *a, const struct updates *b)
{
    for (size_t i = 0; i < wg_nn_state(a->net).n; i++)
        assert_same_bits(wg_nn_state(a->net).tensor[i], wg_nn_state(b->net).tensor[i]);
}

/* All of a network, at any depth; replayed with the same bits; at an allocation that fails, as before. */
static void iterations_are_an_effect(void **state)
{
    (void)state;
    struct updates a = begin_updates(), b = begin_updates(), before = begin_updates();
    for (int64_t at = 0;; at++) {
        wg_memory_fail(at, false);
        const wg_status status = update(&a);
        wg_memory_fail(-1, false);
        if (status == WG_OK)
            break;
        assert_error(WG_E_MEMORY, "");
        assert_equal_nets(&a, &before);
    }
    wg_replay *replay = wg_replay_capture(update, &b);
    assert_non_null(replay);
    for (int i = 0; i < 2; i++)
        assert_int_equal(update(&a), WG_OK), assert_int_equal(wg_replay_run(replay), WG_OK);
    assert_equal_nets(&a, &b);
    const wg_tensor_list vectors = wg_nn_buffers(a.net), old = wg_nn_buffers(before.net);
    assert_int_equal(vectors.n, 4);
    for (size_t i = 0; i < 4; i++)
        assert_memory_not_equal(wg_data(vectors.tensor[i]), wg_data(old.tensor[i]), 3 * sizeof(float));
    for (int64_t at = 0;; at++) { /* without a tape, too */
        wg_memory_fail(at, false);
        const wg_status status = wg_nn_spectral_norm_iterate(a.net, 1);
        wg_memory_fail(-1, false);
        if (status == WG_OK)
            break;
        assert_error(WG_E_MEMORY, "");
        assert_equal_nets(&a, &b);
    }
    wg_replay_destroy(replay);
    end_updates(&a), end_updates(&b), end_updates(&before);
    assert_no_error();
}

static void iterations_need_a_spectral_norm(void **state)
{
    (void)state;
    wg_nn_module *plain = wg_nn_mlp(WG_SIZES(2, 3, 1)), *net = critic(), *computed;
    computed = wg_nn_weight_norm(wg_nn_spectral_norm(wg_nn_linear(2, 3)), .parameter = "weight_orig");
    assert_int_equal(wg_nn_spectral_norm_iterate(NULL, 1), WG_E_NULL);
    assert_error(WG_E_NULL, "nn_spectral_norm_iterate: the module is NULL");
    assert_int_equal(wg_nn_spectral_norm_iterate(net, 0), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "nn_spectral_norm_iterate: expected at least 1 iteration, got 0");
    assert_int_equal(wg_nn_spectral_norm_iterate(plain, 1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "nn_spectral_norm_iterate: there is no spectral norm in the mlp module");
    assert_int_equal(wg_nn_spectral_norm_iterate(computed, 1), WG_E_STATE);
    assert_error(WG_E_STATE,
                 "nn_spectral_norm_iterate: expected spectral norms of trained weights, got one of a weight that weight_norm");
    wg_nn_destroy(plain), wg_nn_destroy(net), wg_nn_destroy(computed);
    net = wg_nn_spectral_norm(wg_nn_weight_norm(wg_nn_linear(2, 3)),
                              .parameter = "weight_v"); /* the other way round there is one */
    assert_int_equal(wg_nn_spectral_norm_iterate(net, 1), WG_OK);
    wg_nn_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_are_those_of_pytorch),
        TEST(a_wrapper_begins_as_its_module),
        TEST(a_direction_of_length_0_gives_zeros),
        TEST(spectral_norm_is_that_of_the_book_of_cases),
        TEST(two_applications_before_backward),
        TEST(rule_15_use_saves_copies_of_its_vectors),
        TEST(vectors_move_in_training_alone),
        TEST(the_largest_singular_value_is_1),
        TEST(a_program_replaces_parameters),
        TEST(a_tied_parameter_is_replaced_everywhere),
        TEST(wrong_wrappers_are_refused),
        TEST(a_refused_wrapper_leaves_nothing),
        TEST(one_iteration_between_is_one_in_forward),
        TEST(two_applications_share_one_snapshot),
        TEST(other_parameters_share_the_vectors),
        TEST(iterations_are_an_effect),
        TEST(iterations_need_a_spectral_norm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
