/* Clipping of gradients, against PyTorch 1.13's clip_grad_norm_ and clip_grad_value_; and what happens where it fails. */
#include <math.h>

#include "nn_check.h"

enum { A = 3, B = 4 };
static const double gradient_a[A] = {0.5, -1.25, 2}, gradient_b[B] = {3, -0.125, 0.75, -4};

/* Two parameters with gradients and, last, one without. */
struct parameters {
    wg_tensor *tensor[3];
    wg_tensor_list list;
};

static wg_tensor *tensor_of(wg_dtype dtype, const double *value, wg_shape shape)
{
    float narrow[B];
    for (int i = 0; i < (shape.rank == 2 ? B : A); i++)
        narrow[i] = (float)value[i];
    return dtype == WG_F64 ? wg_from(value, shape) : wg_from(narrow, shape);
}

static void set_gradient(wg_tensor *parameter, const double *value)
{
    wg_tensor *g = tensor_of(wg_dtype_of(parameter), value, wg_shape_of(parameter));
    wg_clear_gradient(parameter);
    assert_int_equal(wg_add_gradient(parameter, g), WG_OK);
    wg_free(g);
}

static void set_gradients(const struct parameters *p)
{
    set_gradient(p->tensor[0], gradient_a);
    set_gradient(p->tensor[1], gradient_b);
}

static void make(struct parameters *p, wg_dtype a, wg_dtype b)
{
    p->tensor[0] = wg_set_requires_grad(wg_zeros(a, WG_SHAPE(A)), true);
    p->tensor[1] = wg_set_requires_grad(wg_zeros(b, WG_SHAPE(2, 2)), true);
    p->tensor[2] = wg_set_requires_grad(wg_zeros(a, WG_SHAPE(1)), true);
    p->list = (wg_tensor_list){3, p->tensor, NULL};
    set_gradients(p);
}

static void destroy(const struct parameters *p)
{
    for (int i = 0; i < 3; i++)
        wg_free(p->tensor[i]);
    assert_no_error();
}

static void assert_gradients(const struct parameters *p, const double *a, const double *b, double tolerance)
{
    assert_values(wg_gradient(p->tensor[0]), a, tolerance);
    assert_values(wg_gradient(p->tensor[1]), b, tolerance);
    assert_null(wg_gradient(p->tensor[2]));
}

static const wg_dtype kinds[][2] = {{WG_F64, WG_F64}, {WG_F32, WG_F32}, {WG_F32, WG_F64}};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- the rules ---- */

static void norm_is_pytorchs(void **state)
{
    (void)state;
    const double a[A] = {0.1338632005834685, -0.3346580014586713, 0.535452802333874};
    const double b[B] = {0.8031792035008111, -0.03346580014586713, 0.20079480087520277, -1.070905604667748}, zeros[B] = {0};
    const double norm = 5.6027337077537425;
    for (int kind = 0; kind < KINDS; kind++) {
        const double tolerance = kind == 0 ? 1e-15 : 1e-6;
        struct parameters p;
        double found = 0;
        make(&p, kinds[kind][0], kinds[kind][1]);
        assert_int_equal(wg_optim_clip_norm(p.list, 1.5, &found), WG_OK);
        assert_close(found, norm, tolerance);
        assert_gradients(&p, a, b, tolerance);
        set_gradients(&p);
        assert_int_equal(wg_optim_clip_norm(p.list, 100, &found), WG_OK); /* below the limit: not a bit changes */
        assert_close(found, norm, tolerance);
        assert_gradients(&p, gradient_a, gradient_b, 0);
        assert_int_equal(wg_optim_clip_norm(p.list, INFINITY, NULL), WG_OK);
        assert_gradients(&p, gradient_a, gradient_b, 0);
        assert_int_equal(wg_optim_clip_norm(p.list, 0, &found), WG_OK);
        assert_gradients(&p, zeros, zeros, 0);
        destroy(&p);
    }
}

static void values_are_pytorchs(void **state)
{
    (void)state;
    const double a[A] = {0.5, -1, 1}, b[B] = {1, -0.125, 0.75, -1};
    for (int kind = 0; kind < KINDS; kind++) {
        struct parameters p;
        make(&p, kinds[kind][0], kinds[kind][1]);
        assert_int_equal(wg_optim_clip_value(p.list, 4), WG_OK);
        assert_gradients(&p, gradient_a, gradient_b, 0);
        assert_int_equal(wg_optim_clip_value(p.list, 1), WG_OK);
        assert_gradients(&p, a, b, 0);
        destroy(&p);
    }
}

/* As it is used: between backward and the step, on the step's tape. */
static void stands_between_backward_and_step(void **state)
{
    (void)state;
    const double x[2] = {3, 4}, expected[2] = {-0.6 / (1 + 2e-7), -0.8 / (1 + 2e-7)};
    wg_tensor *w = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(2)), true), *input = wg_from(x, WG_SHAPE(2));
    const wg_tensor_list list = {1, &w, NULL};
    wg_optim *opt = wg_optim_sgd(list, .lr = 1);
    double norm = 0;
    {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_sum(wg_mul(w, input))), WG_OK);
        assert_int_equal(wg_optim_clip_norm(list, 1, &norm), WG_OK);
        assert_int_equal(wg_optim_step(opt), WG_OK);
    }
    assert_close(norm, 5, 1e-15);
    assert_values(w, expected, 1e-15);
    wg_optim_destroy(opt), wg_free(w), wg_free(input);
    assert_no_error();
}

/* Gradients whose squares leave their dtype, or f64, have a norm all the same; and so has one whose norm leaves f32. */
static void norms_at_the_ends(void **state)
{
    static const struct {
        wg_dtype dtype;
        double element, limit, clipped;
    } cases[] = {
        {WG_F32, 1e25, 1, 0.5},        {WG_F32, 3e38, 1, 0.5},     {WG_F64, 1e200, 1, 0.5},     {WG_F64, 8e307, 1, 0.5},
        {WG_F64, 1e200, 2e190, 1e190}, {WG_F32, 3e38, 2e30, 1e30}, {WG_F64, 1e-200, 1, 1e-200}, {WG_F32, 1e-30, 1, 1e-30},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const wg_dtype dtype = cases[i].dtype;
        const double tolerance = dtype == WG_F64 ? 1e-15 : 1e-6;
        wg_tensor *p = wg_set_requires_grad(wg_zeros(dtype, WG_SHAPE(4)), true), *g = wg_full(dtype, WG_SHAPE(4), cases[i].element);
        double norm = 0;
        assert_int_equal(wg_add_gradient(p, g), WG_OK);
        assert_int_equal(wg_optim_clip_norm((wg_tensor_list){1, &p, NULL}, cases[i].limit, &norm), WG_OK);
        assert_close(norm / cases[i].element, 2, tolerance);
        const void *data = wg_data(wg_gradient(p));
        const double first = dtype == WG_F64 ? *(const double *)data : (double)*(const float *)data;
        assert_close(first / cases[i].clipped, 1, tolerance);
        wg_free(p), wg_free(g);
    }
    assert_no_error();
}

/* ---- failure ---- */

static void infinite_norm_changes_nothing(void **state)
{
    (void)state;
    const double bad[] = {INFINITY, -INFINITY, NAN, 1.7e308};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct parameters p;
        double b[B] = {1, bad[i], 1, i == 3 ? 1.7e308 : 1}, norm = 7;
        make(&p, WG_F64, WG_F64);
        set_gradient(p.tensor[1], b);
        assert_int_equal(wg_set_name(p.tensor[1], "head"), WG_OK);
        assert_int_equal(wg_optim_clip_norm(p.list, 1, &norm), WG_E_NUMERIC);
        assert_error(WG_E_NUMERIC, "parameter 1's gradient (head)");
        assert_true(norm == 7);
        assert_values(wg_gradient(p.tensor[0]), gradient_a, 0);
        wg_tensor *as_before = wg_from(b, WG_SHAPE(2, 2));
        assert_same_bits(wg_gradient(p.tensor[1]), as_before);
        wg_free(as_before);
        destroy(&p);
    }
}

/* Every allocation fails in turn: with a tape open or not, all is as before once no tape is open. */
static void failure_changes_nothing(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        struct parameters p;
        make(&p, WG_F64, WG_F64);
        wg_status status = WG_E_MEMORY;
        for (int64_t k = 0; status != WG_OK; k++) {
            wg_tape *tape = way & 1 ? wg_tape_open() : NULL;
            wg_memory_trim();
            wg_memory_fail(k, true);
            status = way & 2 ? wg_optim_clip_value(p.list, 1) : wg_optim_clip_norm(p.list, 1, NULL);
            wg_memory_fail(-1, false);
            if (tape)
                assert_int_equal(wg_tape_close(tape), WG_OK);
            if (status == WG_OK)
                break;
            assert_int_equal(status, WG_E_MEMORY);
            assert_error(WG_E_MEMORY, "");
            assert_gradients(&p, gradient_a, gradient_b, 0);
            assert_true(k < 1000);
        }
        destroy(&p);
    }
}

/* A step that fails after clipping leaves the gradients as they were before it began. */
static void failed_step_undoes_clipping(void **state)
{
    (void)state;
    struct parameters p;
    make(&p, WG_F64, WG_F64);
    {
        WG_TAPE(tape);
        assert_int_equal(wg_optim_clip_norm(p.list, 1, NULL), WG_OK);
        assert_null(wg_add(p.tensor[0], p.tensor[1]));
    }
    assert_error(WG_E_SHAPE, "add: ");
    assert_gradients(&p, gradient_a, gradient_b, 0);
    destroy(&p);
}

static wg_status clip_in_a_step(void *context)
{
    const struct parameters *p = context;
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_sum(wg_square(p->tensor[0]))));
    return wg_optim_clip_norm(p->list, 1, NULL);
}

/* The norm is a number, which a captured step does not have; the message names what does it there. */
static void a_captured_step_is_told_of_the_stage(void **state)
{
    (void)state;
    struct parameters p;
    make(&p, WG_F64, WG_F64);
    wg_clear_gradient(p.tensor[0]), wg_clear_gradient(p.tensor[1]);
    assert_null(wg_replay_capture(clip_in_a_step, &p));
    assert_error(WG_E_STATE, "inside a captured step the stage wg_stage_clip_norm of the optimizer clips");
    destroy(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(norm_is_pytorchs),
        TEST(values_are_pytorchs),
        TEST(stands_between_backward_and_step),
        TEST(norms_at_the_ends),
        TEST(infinite_norm_changes_nothing),
        TEST(failure_changes_nothing),
        TEST(failed_step_undoes_clipping),
        TEST(a_captured_step_is_told_of_the_stage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
