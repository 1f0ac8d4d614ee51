/* Parameters in unusual company: names with characters that patterns may know, parameters that share memory with a vector, gradients that
   reach frozen ones, arrays that overlap. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

static wg_tensor *forward_scaled(const wg_nn_call *call, wg_tensor *x)
{
    return wg_mul(x, call->param[0]);
}
static const struct wg_nn_kind scale = {.name = "scale", .forward = forward_scaled};

static wg_tensor *row(int64_t n, double first)
{
    wg_tensor *t = wg_zeros(WG_F64, WG_SHAPE(n));
    for (int64_t i = 0; i < n; i++)
        wg_data_mut_as(t, double)[i] = first + (double)i;
    return t;
}

/* ---- patterns ---- */

static void assert_matches(wg_nn_module *module, const char *pattern, const char *names)
{
    const wg_tensor_list list = wg_nn_matching(module, pattern);
    char text[200] = "";
    for (size_t i = 0; i < list.n; i++)
        strcat(strcat(text, i ? " " : ""), list.name[i]);
    assert_string_equal(text, names);
    wg_error_take(NULL);
}

/* Only * and ? stand for other characters. */
static void characters_of_names_stand_for_themselves(void **state)
{
    (void)state;
    static const char *const names[] = {"w[0]", "w0", "a\\b", "ab", "\xc3\xa9", "!", "%s"};
    wg_nn_module *module = wg_nn_module_create(&scale, NULL, NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(wg_nn_add_parameter(module, names[i], row(1, 0)), WG_OK);
    assert_matches(module, "w[0]", "w[0]");
    assert_matches(module, "a\\b", "a\\b");
    assert_matches(module, "w[0-9]", "");
    assert_matches(module, "w*", "w[0] w0");
    assert_matches(module, "*0*", "w[0] w0");
    assert_matches(module, "?", "\xc3\xa9 !"); /* a character, not a byte */
    assert_matches(module, "??", "w0 ab %s");
    assert_matches(module, "a*b", "a\\b ab");
    assert_matches(module, "!*[0]", "w0 a\\b ab \xc3\xa9 ! %s");
    assert_matches(module, "%s", "%s");
    assert_matches(module, "", "");
    assert_matches(module, "**?*]", "w[0]");
    wg_nn_destroy(module);
    assert_no_error();
}

/* A tied parameter fits by any of its names, and "!PATTERN" leaves it out then: the lists of a pattern and of its opposite share none. */
static void a_tied_parameter_matches_by_each_of_its_names(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(2, 2, .dtype = WG_F64), wg_nn_linear(2, 2, .dtype = WG_F64));
    wg_tensor *shared = wg_nn_parameter(net, "0.weight");
    assert_int_equal(wg_nn_tie(net, "1.weight", "0.weight"), WG_OK);
    assert_matches(net, "0.*", "0.weight 0.bias");
    assert_matches(net, "!0.*", "1.bias");
    assert_matches(net, "1.*", "0.weight 1.bias");
    assert_matches(net, "!1.*", "0.bias");
    assert_matches(net, "*", "0.weight 0.bias 1.bias");
    assert_int_equal(wg_nn_freeze(net, "!1.*"), WG_OK);
    assert_true(wg_requires_grad(shared));
    assert_int_equal(wg_nn_freeze(net, "1.weight"), WG_OK);
    assert_false(wg_requires_grad(shared));
    assert_int_equal(wg_nn_unfreeze(net, "1.weight"), WG_OK);
    assert_true(wg_requires_grad(shared));
    assert_matches(wg_nn_child(net, 1), "weight", "weight");
    wg_nn_destroy(net);
    assert_no_error();
}

/* What a wrong name may be: the name of a buffer, or of a module. Of a long list as many whole names as fit are said, and how many more. */
static void wrong_names_are_explained(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_resnet(3), *norm = wg_nn_sequential(wg_nn_linear(2, 2), wg_nn_batch_norm(2));
    assert_null(wg_nn_parameter(norm, "1.running_mean"));
    assert_error(WG_E_ARGUMENT, "0.weight, 0.bias, 1.weight, 1.bias; it is a buffer, which wg_nn_buffer finds");
    assert_true(wg_numel(wg_nn_buffer(norm, "1.running_mean")) == 2);
    assert_null(wg_nn_buffer(norm, "1.mean"));
    assert_error(WG_E_ARGUMENT, "nn_buffer: there is no buffer \"1.mean\": the buffers are 1.running_mean, 1.running_var, 1.num");
    assert_int_equal(wg_nn_freeze(net, "layer1"), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, " more; \"layer1.*\" stands for all of that module's");
    assert_null(wg_nn_parameter(net, "layer"));
    assert_error(WG_E_ARGUMENT, " more");
    wg_nn_destroy(net), wg_nn_destroy(norm);
}

/* ---- freezing ---- */

/* A gradient that a tape from before passes on to a frozen parameter stays unused. */
static void no_optimizer_steps_on_a_frozen_parameter(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 4, 2), .seed = 3, .dtype = WG_F64);
    wg_optim *opt = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.1, .momentum = 0.9);
    wg_tensor *x = row(6, -1), *first = wg_nn_parameter(net, "0.weight"), *last = wg_nn_parameter(net, "2.weight"),
              *before = wg_own(wg_copy(first)), *moves = wg_own(wg_copy(last));
    {
        WG_TAPE(tape);
        wg_tensor *loss = wg_sum(wg_nn_apply(net, wg_reshape(x, WG_SHAPE(2, 3))));
        assert_int_equal(wg_nn_freeze(net, "0.*"), WG_OK);
        assert_int_equal(wg_backward(loss), WG_OK);
        assert_non_null(wg_gradient(first));
        assert_int_equal(wg_optim_step(opt), WG_OK);
    }
    assert_same_bits(first, before);
    assert_memory_not_equal(wg_data(last), wg_data(moves), 8 * sizeof(double));
    const wg_tensor_list list = wg_optim_state(opt);
    for (size_t i = 0; i < list.n; i++)
        if (strcmp(list.name[i], "0.weight.count") == 0)
            assert_true(wg_item(list.tensor[i]) == 0);
    assert_int_equal(wg_nn_freeze(net, "*"), WG_OK);
    assert_int_equal(wg_optim_step(opt), WG_E_NO_GRAD);
    assert_error(WG_E_NO_GRAD, "optim_step: no parameter has a gradient");
    wg_optim_destroy(opt), wg_nn_destroy(net), wg_free(x), wg_free(before), wg_free(moves);
    assert_no_error();
}

static wg_tensor *freeze_and_apply(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    return wg_nn_freeze(context, "*") == WG_OK ? wg_nn_apply((wg_nn_module *)context, x[0]) : NULL;
}

/* What may not clear gradients freezes nothing. */
static void freezing_is_whole(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_linear(2, 2, .dtype = WG_F64);
    wg_tensor *x = row(2, 0);
    {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_sum(wg_nn_apply(net, x))), WG_OK);
    }
    {
        WG_TAPE(tape);
        assert_null(wg_checkpoint(freeze_and_apply, net, &x, 1));
        assert_error(WG_E_STATE, "clear_gradient: not inside a function that is checkpointed");
    }
    assert_int_equal(wg_nn_trainable(net).n, 2);
    assert_non_null(wg_gradient(wg_nn_parameter(net, "bias")));
    {
        WG_TAPE(tape);
        wg_memory_fail(0, true);
        const wg_status status = wg_nn_freeze(net, "*");
        wg_memory_fail(-1, false);
        assert_int_equal(status, WG_E_MEMORY);
        assert_int_equal(wg_nn_trainable(net).n, 2);
        wg_error_take(NULL);
        assert_int_equal(wg_error_set(WG_E_IO, "test", "an earlier error"), WG_E_IO);
        assert_int_equal(wg_nn_freeze(net, "*"), WG_OK);
        wg_error_take(NULL);
    }
    assert_int_equal(wg_nn_trainable(net).n, 0);
    wg_free(x), wg_nn_destroy(net);
    assert_no_error();
}

/* ---- vectors ---- */

static void assert_elements(const wg_tensor *t, const double *expected)
{
    for (int64_t i = 0; i < wg_numel(t); i++)
        assert_true(wg_data_as(t, double)[i] == expected[i]);
}

/* The halves of a vector change places: what is read is what was there before. */
static void a_vector_may_share_memory_with_the_parameters(void **state)
{
    (void)state;
    wg_tensor *vector = row(6, 0), *half[2] = {wg_slice(vector, 0, 3, 6, 1), wg_slice(vector, 0, 0, 3, 1)};
    assert_int_equal(wg_nn_assign((wg_tensor_list){2, half, NULL}, vector), WG_OK);
    assert_elements(vector, (const double[]){3, 4, 5, 0, 1, 2});
    {
        WG_TAPE(tape);
        assert_int_equal(wg_nn_assign((wg_tensor_list){2, half, NULL}, vector), WG_OK);
    }
    assert_elements(vector, (const double[]){0, 1, 2, 3, 4, 5});
    assert_int_equal(wg_nn_assign((wg_tensor_list){1, &vector, NULL}, vector), WG_OK);
    assert_elements(vector, (const double[]){0, 1, 2, 3, 4, 5});
    wg_free(half[0]), wg_free(half[1]), wg_free(vector);
    assert_no_error();
}

/* The list of parameters may be where the parts go, and after a failure it is as it was. */
static void parts_go_to_their_place_together(void **state)
{
    (void)state;
    wg_tensor *vector = row(5, 0), *own[2] = {row(2, 0), row(3, 0)}, *place[2] = {own[0], own[1]};
    for (int64_t k = 0; k < 40; k++) {
        wg_memory_fail(k, true);
        const wg_status status = wg_nn_from_vector(vector, (wg_tensor_list){2, place, NULL}, place);
        wg_memory_fail(-1, false);
        if (status == WG_OK)
            break;
        assert_true(place[0] == own[0] && place[1] == own[1]);
        wg_error_take(NULL);
    }
    assert_elements(place[1], (const double[]){2, 3, 4});
    for (int i = 0; i < 2; i++)
        wg_free(place[i]), wg_free(own[i]);
    wg_free(vector);
    assert_no_error();
}

/* ---- modules ---- */

static wg_tensor *forward_both(const wg_nn_call *call, wg_tensor *x)
{
    call->out[1] = call->in[1];
    return x;
}

static void results_go_to_another_place_than_inputs(void **state)
{
    (void)state;
    static const struct wg_nn_kind both = {.name = "both", .forward = forward_both, .n_in = 2, .n_out = 2},
                                   bad = {.name = "bad", .forward = forward_both, .n_in = -2};
    wg_nn_module *module = wg_nn_module_create(&both, NULL, NULL);
    wg_tensor *x = row(2, 0), *y = row(2, 1), *place[3] = {x, y, NULL};
    assert_int_equal(wg_nn_apply_many(module, NULL, place, 2, place, 2), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "nn_apply_many: expected another place for the results");
    assert_int_equal(wg_nn_apply_many(module, NULL, place, 2, place + 1, 2), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "nn_apply_many: expected another place for the results");
    assert_true(place[0] == x && place[1] == y);
    assert_null(wg_nn_module_create(&bad, NULL, NULL));
    assert_error(WG_E_ARGUMENT, "bad: expected counts of inputs and results of at least 0, or WG_NN_ANY, got -2 and 0");
    wg_free(x), wg_free(y), wg_nn_destroy(module);
    assert_no_error();
}

/* As a shared parameter is. */
static void a_shared_buffer_is_listed_once(void **state)
{
    (void)state;
    wg_nn_module *one = wg_nn_batch_norm(2), *other = wg_nn_linear(2, 2);
    assert_int_equal(wg_nn_add_buffer(other, "mean", wg_nn_buffers(one).tensor[0]), WG_OK);
    wg_nn_module *net = wg_nn_sequential(one, other);
    assert_int_equal(wg_nn_buffers(net).n, 3);
    const wg_tensor_list all = wg_nn_state(net);
    assert_int_equal(all.n, 7);
    assert_string_equal(all.name[4], "0.running_mean");
    wg_nn_destroy(net);
    assert_no_error();
}

static void initial_weights_are_numbers(void **state)
{
    (void)state;
    assert_null(wg_nn_linear(2, 2, .gain = 1e300, .init = WG_INIT_KAIMING_NORMAL));
    assert_error(WG_E_ARGUMENT,
                 "init_kaiming_normal: expected a gain whose weights are f32 numbers, got weights of up to 7.07107e+300");
    assert_null(wg_nn_linear(2, 2, .gain = 1e300, .init = WG_INIT_ORTHOGONAL));
    assert_error(WG_E_ARGUMENT, "init_orthogonal: expected a gain whose weights are f32 numbers, got weights of up to 1e+300");
    assert_null(wg_nn_prelu(.init = -1e39));
    assert_error(WG_E_ARGUMENT, "init_constant: expected a value whose weights are f32 numbers, got weights of up to 1e+39");
    wg_nn_destroy(wg_nn_prelu(.init = -1e39, .dtype = WG_F64));
    assert_null(wg_nn_learned_positions(2, 2, .deviation = 1e38));
    assert_error(WG_E_ARGUMENT, "nn_learned_positions: init_normal: expected a mean and a deviation whose weights are f32 numbers");
    wg_tensor *w = wg_zeros(WG_F32, WG_SHAPE(3, 4)), *generator = wg_generator(1, 0);
    assert_int_equal(wg_init_normal(w, generator, -1e39, 1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "init_normal: expected a mean and a deviation");
    assert_int_equal(wg_init_normal(w, generator, 0, 1e38), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "got weights of up to 1e+39");
    assert_int_equal(wg_init_sparse(w, generator, 0.5, .deviation = 1e300), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "init_sparse: expected a deviation");
    assert_int_equal(wg_init_truncated_normal(w, generator, .mean = 1e39, .low = -1e40, .high = 1e40), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "init_truncated_normal: expected a distribution");
    assert_int_equal(wg_init_truncated_normal(w, generator, .deviation = 1e300), WG_OK); /* between -2 and 2 */
    wg_free(w), wg_free(generator);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(characters_of_names_stand_for_themselves),
        TEST(a_tied_parameter_matches_by_each_of_its_names),
        TEST(wrong_names_are_explained),
        TEST(no_optimizer_steps_on_a_frozen_parameter),
        TEST(freezing_is_whole),
        TEST(a_vector_may_share_memory_with_the_parameters),
        TEST(parts_go_to_their_place_together),
        TEST(results_go_to_another_place_than_inputs),
        TEST(initial_weights_are_numbers),
        TEST(a_shared_buffer_is_listed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
