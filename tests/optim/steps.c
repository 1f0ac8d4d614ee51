/* Optimizers against their formulas in f64, their groups, their errors, and steps that happen whole or not at all. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

enum { N = 3, STEPS = 4 };

/* A gradient for the parameter, other at each step. */
static void gradient_at(int step, double *g)
{
    for (int i = 0; i < N; i++)
        g[i] = sin(1.3 * (step + 1) + i) + 0.1 * i;
}

static wg_tensor *make_parameter(wg_dtype dtype)
{
    const double start[N] = {0.5, -1, 2};
    const float start32[N] = {0.5f, -1, 2};
    wg_tensor *p = dtype == WG_F64 ? wg_from(start, WG_SHAPE(N)) : wg_from(start32, WG_SHAPE(N));
    return wg_set_requires_grad(p, true);
}

static wg_tensor_list list_of(wg_tensor *const *tensors, size_t n)
{
    return (wg_tensor_list){.n = n, .tensor = tensors, .name = NULL};
}

static void set_gradient(wg_tensor *p, const double *g)
{
    float g32[N];
    for (int i = 0; i < N; i++)
        g32[i] = (float)g[i];
    wg_tensor *t = wg_dtype_of(p) == WG_F64 ? wg_from(g, WG_SHAPE(N)) : wg_from(g32, WG_SHAPE(N));
    wg_clear_gradient(p);
    assert_int_equal(wg_add_gradient(p, t), WG_OK);
    wg_free(t);
}

/* ---- the formulas ---- */

static void reference_sgd(double *p, double *v, const double *gradient, int step, const wg_optim_sgd_options *o)
{
    for (int i = 0; i < N; i++) {
        const double g = gradient[i] + o->weight_decay * p[i];
        double d = g;
        if (o->momentum != 0) {
            v[i] = step == 0 ? g : o->momentum * v[i] + (1 - o->dampening) * g;
            d = o->nesterov ? g + o->momentum * v[i] : v[i];
        }
        p[i] -= o->lr * d;
    }
}

static void sgd_follows_its_formula(void **state)
{
    (void)state;
    const wg_optim_sgd_options settings[] = {
        {.lr = 0.1},
        {.lr = 0.1, .weight_decay = 0.3},
        {.lr = 0.1, .momentum = 0.9},
        {.lr = 0.1, .momentum = 0.9, .dampening = 0.5, .weight_decay = 0.1},
        {.lr = 0.1, .momentum = 0.8, .nesterov = true, .weight_decay = 0.2},
        {.lr = 0, .momentum = 0.9},
    };
    for (size_t k = 0; k < 2 * (sizeof settings / sizeof *settings); k++) {
        const wg_optim_sgd_options *o = &settings[k / 2];
        wg_tensor *p = make_parameter(k % 2 ? WG_F32 : WG_F64);
        wg_optim *opt = wg_optim_sgd_with(list_of(&p, 1), *o);
        double expected[N] = {0.5, -1, 2}, v[N] = {0}, g[N];
        for (int step = 0; step < STEPS; step++) {
            gradient_at(step, g);
            reference_sgd(expected, v, g, step, o);
            set_gradient(p, g);
            assert_int_equal(wg_optim_step(opt), WG_OK);
            assert_values(p, expected, k % 2 ? 1e-6 : 1e-14);
        }
        wg_optim_destroy(opt), wg_free(p);
    }
    assert_no_error();
}

static void reference_adam(double *p, double *m, double *v, const double *gradient, int t, const wg_optim_adam_options *o,
                           bool decoupled)
{
    for (int i = 0; i < N; i++) {
        const double g = gradient[i] + (decoupled ? 0 : o->weight_decay * p[i]);
        if (decoupled)
            p[i] *= 1 - o->lr * o->weight_decay;
        m[i] = o->beta1 * m[i] + (1 - o->beta1) * g;
        v[i] = o->beta2 * v[i] + (1 - o->beta2) * g * g;
        const double scale = o->lr / (1 - pow(o->beta1, t));
        p[i] -= scale * m[i] / (sqrt(v[i]) / sqrt(1 - pow(o->beta2, t)) + o->eps);
    }
}

static void adam_follows_its_formula(void **state)
{
    (void)state;
    const wg_optim_adam_options settings[] = {
        {.lr = 0.1, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8},
        {.lr = 0.1, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3, .weight_decay = 0.3},
        {.lr = 0.1, .beta1 = 0, .beta2 = 0, .eps = 1e-8},
    };
    for (size_t k = 0; k < 4 * (sizeof settings / sizeof *settings); k++) {
        const wg_optim_adam_options *o = &settings[k / 4];
        const bool decoupled = k % 4 >= 2;
        wg_tensor *p = make_parameter(k % 2 ? WG_F32 : WG_F64);
        wg_optim *opt = decoupled ? wg_optim_adamw(list_of(&p, 1), .lr = o->lr, .beta1 = o->beta1, .beta2 = o->beta2, .eps = o->eps,
                                                   .weight_decay = o->weight_decay)
                                  : wg_optim_adam_with(list_of(&p, 1), *o);
        double expected[N] = {0.5, -1, 2}, m[N] = {0}, v[N] = {0}, g[N];
        for (int step = 0; step < STEPS; step++) {
            gradient_at(step, g);
            reference_adam(expected, m, v, g, step + 1, o, decoupled);
            set_gradient(p, g);
            assert_int_equal(wg_optim_step(opt), WG_OK);
            assert_values(p, expected, k % 2 ? 2e-6 : 1e-13);
        }
        wg_optim_destroy(opt), wg_free(p);
    }
    assert_no_error();
}

/* ---- gradients ---- */

static wg_status backward_square(wg_tensor *p)
{
    WG_TAPE(tape);
    return wg_backward(wg_sum(wg_square(p)));
}

static void gradients_accumulate_and_are_consumed(void **state)
{
    (void)state;
    wg_tensor *p = make_parameter(WG_F64);
    wg_optim *opt = wg_optim_sgd(list_of(&p, 1), .lr = 0.25);
    assert_int_equal(backward_square(p), WG_OK);
    assert_int_equal(backward_square(p), WG_OK); /* 2 x 2p */
    assert_int_equal(wg_optim_step(opt), WG_OK);
    assert_values(p, (const double[]){0, 0, 0}, 1e-15);
    assert_null(wg_gradient(p));
    assert_int_equal(backward_square(p), WG_OK);
    wg_optim_clear_gradients(opt);
    assert_null(wg_gradient(p));
    wg_optim_destroy(opt), wg_free(p);
    assert_no_error();
}

static void keep_grads_keeps_them(void **state)
{
    (void)state;
    wg_tensor *p = make_parameter(WG_F64);
    wg_optim *opt = wg_optim_sgd(list_of(&p, 1), .lr = 0.125, .keep_grads = true);
    assert_int_equal(backward_square(p), WG_OK);
    assert_int_equal(wg_optim_step(opt), WG_OK);
    assert_int_equal(wg_optim_step(opt), WG_OK); /* the same gradient, 2 p0, twice */
    assert_values(p, (const double[]){0.25, -0.5, 1}, 1e-15);
    assert_values(wg_gradient(p), (const double[]){1, -2, 4}, 1e-15);
    wg_optim_destroy(opt), wg_free(p);
    assert_no_error();
}

/* The second parameter's first step comes later: its momentum begins there, as its count says. */
static void a_parameter_without_gradient_is_skipped(void **state)
{
    (void)state;
    wg_tensor *p[2] = {make_parameter(WG_F64), make_parameter(WG_F64)};
    wg_optim *opt = wg_optim_sgd(list_of(p, 2), .lr = 0.1, .momentum = 0.9, .dampening = 0.5);
    const double g[N] = {1, 2, 3};
    set_gradient(p[0], g);
    assert_int_equal(wg_optim_step(opt), WG_OK);
    assert_values(p[1], (const double[]){0.5, -1, 2}, 0);
    set_gradient(p[1], g);
    assert_int_equal(wg_optim_step(opt), WG_OK);
    assert_values(p[1], (const double[]){0.5 - 0.1, -1 - 0.2, 2 - 0.3}, 1e-15);
    assert_same_bits(p[0], p[1]);
    wg_optim_destroy(opt), wg_free(p[0]), wg_free(p[1]);
    assert_no_error();
}

/* ---- groups, rates, state ---- */

static void groups_have_their_own_settings(void **state)
{
    (void)state;
    wg_tensor *p[2] = {make_parameter(WG_F64), make_parameter(WG_F64)};
    wg_optim *opt = wg_optim_sgd(list_of(p, 1), .lr = 0.1, .weight_decay = 0.5);
    assert_int_equal(wg_optim_add_group(opt, list_of(p + 1, 1), .lr = 0.2), WG_OK);
    assert_int_equal(wg_optim_groups(opt), 2);
    assert_close(wg_optim_get(opt, 1, "weight_decay"), 0.5, 0);
    const double zero[N] = {0};
    set_gradient(p[0], zero), set_gradient(p[1], zero);
    assert_int_equal(wg_optim_step(opt), WG_OK);
    assert_values(p[0], (const double[]){0.5 * 0.95, -0.95, 1.9}, 1e-15);
    assert_values(p[1], (const double[]){0.5 * 0.9, -0.9, 1.8}, 1e-15);
    assert_int_equal(wg_optim_set_lr(opt, 1, 0), WG_OK);
    assert_close(wg_optim_lr(opt, 1), 0, 0);
    assert_close(wg_optim_lr(opt, 0), 0.1, 0);
    set_gradient(p[1], zero);
    assert_int_equal(wg_optim_step(opt), WG_OK);
    assert_values(p[1], (const double[]){0.5 * 0.9, -0.9, 1.8}, 1e-15);
    wg_optim_destroy(opt), wg_free(p[0]), wg_free(p[1]);
    assert_no_error();
}

static void state_is_listed_by_name(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(2, 1), .seed = 1);
    wg_tensor *extra = make_parameter(WG_F64);
    wg_optim *opt = wg_optim_adam(wg_nn_parameters(net));
    assert_int_equal(wg_optim_add_group(opt, list_of(&extra, 1), .lr = 1), WG_OK);
    static const char *const names[] = {"group0.lr", "0.weight.count", "0.weight.m",     "0.weight.v", "0.bias.count", "0.bias.m",
                                        "0.bias.v",  "group1.lr",      "group1.0.count", "group1.0.m", "group1.0.v"};
    const wg_tensor_list list = wg_optim_state(opt);
    assert_int_equal(list.n, sizeof names / sizeof *names);
    for (size_t i = 0; i < list.n; i++) {
        assert_string_equal(list.name[i], names[i]);
        assert_string_equal(wg_name_of(list.tensor[i]), names[i]);
    }
    assert_close(wg_item(list.tensor[0]), 1e-3, 0);
    wg_optim_destroy(opt), wg_free(extra), wg_nn_destroy(net);
    assert_no_error();
}

static void assert_names_differ(wg_tensor_list list)
{
    for (size_t i = 0; i < list.n; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(list.name[i], list.name[k]);
}

static wg_tensor *pass(const wg_nn_call *call, wg_tensor *x)
{
    return wg_nn_apply_child(call, 0, x);
}

static void names_of_state_tell_parameters_apart(void **state)
{
    (void)state;
    static const struct wg_nn_kind type = {.name = "body", .forward = pass};
    wg_nn_module *body = wg_nn_module_create(&type, NULL, NULL),
                 *head = wg_nn_linear(2, 1); /* a child is called like the second group */
    assert_int_equal(wg_nn_add_child(body, "group1", wg_nn_linear(2, 2)), WG_OK);
    wg_optim *opt = wg_optim_adam(wg_nn_parameters(body));
    assert_int_equal(wg_optim_add_group(opt, wg_nn_parameters(head)), WG_OK);
    const wg_tensor_list first = wg_optim_state(opt);
    assert_int_equal(first.n, 14);
    assert_string_equal(first.name[1], "group1.weight.count");
    assert_string_equal(first.name[8], "group1.weight#2.count");
    assert_names_differ(first);
    wg_optim_destroy(opt);

    wg_tensor *t[4]; /* names that a list has twice, and one like what a second one gets */
    const char *const names[4] = {"w", "w#2", "w", "w"};
    for (int i = 0; i < 4; i++)
        t[i] = make_parameter(WG_F32);
    opt = wg_optim_sgd(((wg_tensor_list){4, t, names}), .momentum = 0.9);
    const wg_tensor_list second = wg_optim_state(opt);
    static const char *const wanted[] = {"group0.lr", "w.count", "w.v",       "w#2.count", "w#2.v",
                                         "w#3.count", "w#3.v",   "w#4.count", "w#4.v"};
    assert_int_equal(second.n, 9);
    for (size_t i = 0; i < 9; i++)
        assert_string_equal(second.name[i], wanted[i]);
    wg_optim_destroy(opt);
    for (int i = 0; i < 4; i++)
        wg_free(t[i]);
    wg_nn_destroy(body), wg_nn_destroy(head);
    assert_no_error();
}

static void a_parameter_requires_a_gradient(void **state)
{
    (void)state;
    wg_tensor *t[3] = {make_parameter(WG_F32), make_parameter(WG_F32), wg_zeros(WG_F32, WG_SHAPE(2))};
    const char *const names[3] = {"a", "b", "w"};
    assert_int_equal(wg_set_name(t[2], "w"), WG_OK);
    assert_null(wg_optim_adam(((wg_tensor_list){3, t, names})));
    assert_error(WG_E_NO_GRAD, "optim_adam: parameter 2 (w) does not require a gradient: wg_set_requires_grad(w, true)");
    wg_optim *opt = wg_optim_sgd(((wg_tensor_list){2, t, names}));
    assert_int_equal(wg_optim_add_group(opt, ((wg_tensor_list){1, t + 2, NULL})), WG_E_NO_GRAD);
    assert_error(WG_E_NO_GRAD, "parameter 0 (w) does not require a gradient");
    assert_int_equal(wg_optim_groups(opt), 1);
    wg_optim_destroy(opt);
    for (int i = 0; i < 3; i++)
        wg_free(t[i]);
    assert_no_error();
}

/* Also after the memory of the parameters could have been used again. */
static void a_step_after_the_module_was_destroyed_says_so(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(2, 3, 1));
    wg_optim *opt = wg_optim_adam(wg_nn_parameters(net));
    const int64_t held = wg_memory_now().live;
    wg_nn_destroy(net);
    wg_tensor *later[40];
    for (int i = 0; i < 40; i++)
        later[i] = make_parameter(WG_F32);
    assert_int_equal(wg_optim_step(opt), WG_E_DANGLING);
    assert_error(WG_E_DANGLING, "optim_step: parameter 0 of group 0 (0.weight) was freed, or its module was destroyed");
    FILE *stream = tmpfile();
    assert_int_equal(wg_optim_print(opt, stream), WG_E_DANGLING);
    assert_error(WG_E_DANGLING, "optim_print: parameter 0 of group 0 (0.weight) was freed");
    assert_int_equal(ftell(stream), 0);
    fclose(stream);
    wg_optim_destroy(opt);
    assert_no_error();
    for (int i = 0; i < 40; i++) {
        assert_int_equal(wg_numel(later[i]), N);
        wg_free(later[i]);
    }
    assert_true(wg_memory_now().live < held);
    assert_no_error();
}

/* It is lent for reading and writing. */
static void state_cannot_be_freed(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(2, 3, 1));
    wg_optim *opt = wg_optim_adam(wg_nn_parameters(net));
    const wg_tensor_list list = wg_optim_state(opt);
    for (size_t i = 0; i < list.n; i++) {
        wg_free(list.tensor[i]);
        assert_error(WG_E_ARGUMENT, "free: the tensor belongs to a module or another object that adopted it");
    }
    wg_optim_destroy(opt), wg_nn_destroy(net);
    assert_no_error();
}

static void errors_name_what_is_wrong(void **state)
{
    (void)state;
    wg_tensor *p = make_parameter(WG_F64), *twice[2] = {p, p}, *missing[1] = {NULL}, *labels = wg_zeros(WG_I64, WG_SHAPE(2));
    const wg_tensor_list one = list_of(&p, 1);
    assert_null(wg_optim_sgd(list_of(&p, 0)));
    assert_error(WG_E_ARGUMENT, "optim_sgd: there are no parameters");
    assert_null(wg_optim_sgd(list_of(twice, 2)));
    assert_error(WG_E_ARGUMENT, "given twice");
    assert_null(wg_optim_adam(list_of(missing, 1)));
    assert_error(WG_E_NULL, "optim_adam: parameter 0 is NULL");
    assert_null(wg_optim_adam(list_of(&labels, 1)));
    assert_error(WG_E_DTYPE, "i64");
    assert_null(wg_optim_sgd(one, .lr = -1));
    assert_error(WG_E_ARGUMENT, "expected lr in [0, inf), got -1");
    assert_null(wg_optim_sgd(one, .lr = NAN));
    assert_error(WG_E_ARGUMENT, "expected lr in [0, inf), got nan");
    assert_null(wg_optim_sgd(one, .nesterov = true));
    assert_error(WG_E_ARGUMENT, "nesterov");
    assert_null(wg_optim_sgd(one, .dampening = 0.5));
    assert_error(WG_E_ARGUMENT, ".dampening = 0.5 without .momentum");
    assert_null(wg_optim_sgd(one, .momentum = -0.1));
    assert_error(WG_E_ARGUMENT, "momentum");
    assert_null(wg_optim_adam(one, .beta2 = 1));
    assert_error(WG_E_ARGUMENT, "expected beta2 in [0, 1), got 1");
    assert_null(wg_optim_adam(one, .weight_decay = INFINITY));
    assert_error(WG_E_ARGUMENT, "weight_decay");
    wg_optim *opt = wg_optim_adam(one);
    assert_int_equal(wg_optim_add_group(opt, one, .lr = 1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "in group 0 already");
    wg_tensor *q = make_parameter(WG_F32);
    assert_int_equal(wg_optim_add_group(opt, list_of(&q, 1), .momentum = 0.9), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "there is no option \"momentum\": the options are lr, beta1, beta2, eps, weight_decay");
    assert_int_equal(wg_optim_groups(opt), 1);
    assert_int_equal(wg_optim_set_lr(opt, 0, -1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "expected lr in [0, inf), got -1");
    assert_int_equal(wg_optim_set_lr(opt, 1, 1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "group 1");
    assert_true(isnan(wg_optim_lr(opt, 1)));
    assert_error(WG_E_ARGUMENT, "group 1");
    assert_int_equal(wg_optim_step(opt), WG_E_NO_GRAD);
    assert_error(WG_E_NO_GRAD, "no parameter has a gradient");
    assert_close(wg_item(wg_optim_state(opt).tensor[1]), 0, 0);
    assert_int_equal(wg_optim_step(NULL), WG_E_NULL);
    assert_error(WG_E_NULL, "optimizer is NULL");
    wg_optim_destroy(opt), wg_optim_destroy(NULL), wg_optim_clear_gradients(NULL);
    wg_free(p), wg_free(q), wg_free(labels);
    assert_no_error();
}

/* ---- whole or not at all ---- */

struct world {
    wg_nn_module *net;
    wg_optim *opt;
    wg_tensor *x, *y;
};

static struct world make_world(void)
{
    struct world w = {.net = wg_nn_mlp(WG_SIZES(3, 5, 4), .batch_norm = true, .seed = 2)};
    wg_tensor *generator = wg_generator(9, 0);
    const int64_t labels[] = {0, 3, 1, 2, 3, 0};
    w.opt = wg_optim_adam(wg_nn_parameters(w.net), .lr = 0.05);
    w.x = wg_normal(generator, WG_F32, WG_SHAPE(6, 3), 0, 1);
    w.y = wg_from(labels, WG_SHAPE(6));
    wg_free(generator);
    return w;
}

static void destroy_world(struct world *w)
{
    wg_optim_destroy(w->opt), wg_nn_destroy(w->net), wg_free(w->x), wg_free(w->y);
}

static wg_status step_world(struct world *w)
{
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_cross_entropy(wg_nn_apply(w->net, w->x), w->y)));
    return wg_optim_step(w->opt);
}

static void assert_worlds_alike(const struct world *a, const struct world *b)
{
    const wg_tensor_list lists[2][3] = {{wg_nn_parameters(a->net), wg_nn_buffers(a->net), wg_optim_state(a->opt)},
                                        {wg_nn_parameters(b->net), wg_nn_buffers(b->net), wg_optim_state(b->opt)}};
    for (int k = 0; k < 3; k++)
        for (size_t i = 0; i < lists[0][k].n; i++)
            assert_same_bits(lists[0][k].tensor[i], lists[1][k].tensor[i]);
}

/* The k-th allocation fails, once or from there on, for every k: nothing has changed, and the retry gives the bits of a run
   without. */
static void a_step_that_runs_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    for (int persistent = 0; persistent < 2; persistent++) {
        struct world broken = make_world(), whole = make_world();
        assert_int_equal(step_world(&broken), WG_OK);
        assert_int_equal(step_world(&whole), WG_OK);
        int64_t k = 0;
        for (;; k++) {
            wg_memory_fail(k, persistent);
            const wg_status status = step_world(&broken);
            wg_memory_fail(-1, false);
            if (status == WG_OK)
                break;
            assert_int_equal(wg_error_take(NULL), WG_E_MEMORY);
            assert_worlds_alike(&broken, &whole);
            assert_null(wg_gradient(wg_nn_parameters(broken.net).tensor[0]));
            if (k % 16 == 0) { /* the retry */
                assert_int_equal(step_world(&broken), WG_OK);
                assert_int_equal(step_world(&whole), WG_OK);
                assert_worlds_alike(&broken, &whole);
            }
        }
        assert_true(k > 20);
        assert_int_equal(step_world(&whole), WG_OK);
        assert_worlds_alike(&broken, &whole);
        destroy_world(&broken), destroy_world(&whole);
    }
    assert_no_error();
}

/* A module and an optimizer are made completely or not at all, without a tape and on an open one. */
static void making_them_without_memory_leaves_nothing(void **state)
{
    (void)state;
    for (int on_tape = 0; on_tape < 2; on_tape++) {
        wg_memory_trim(); /* gives back the memory that closed tapes keep ready */
        const int64_t before = wg_memory_now().live;
        bool made = false;
        for (int64_t k = 0; !made; k++) {
            wg_tape *tape = on_tape ? wg_tape_open() : NULL;
            wg_memory_fail(k, false);
            wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 5, 4), .batch_norm = true, .seed = 2);
            wg_optim *opt = net ? wg_optim_adam(wg_nn_parameters(net), .lr = 0.05) : NULL;
            wg_memory_fail(-1, false);
            made = opt != NULL;
            assert_int_equal(wg_error_take(NULL), made ? WG_OK : WG_E_MEMORY);
            wg_optim_destroy(opt), wg_nn_destroy(net);
            if (on_tape)
                assert_int_equal(wg_tape_close(tape), WG_OK);
            assert_true(k < 1000);
        }
        wg_memory_trim();
        assert_int_equal(wg_memory_now().live, before);
    }
    assert_no_error();
}

static void a_step_allocates_nothing_after_the_first(void **state)
{
    (void)state;
    struct world w = make_world();
    for (int step = 0; step < 2; step++)
        assert_int_equal(step_world(&w), WG_OK);
    const int64_t mallocs = wg_memory_now().mallocs;
    for (int step = 0; step < 10; step++)
        assert_int_equal(step_world(&w), WG_OK);
    assert_int_equal(wg_memory_now().mallocs, mallocs);
    destroy_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sgd_follows_its_formula),
        TEST(adam_follows_its_formula),
        TEST(gradients_accumulate_and_are_consumed),
        TEST(keep_grads_keeps_them),
        TEST(a_parameter_without_gradient_is_skipped),
        TEST(groups_have_their_own_settings),
        TEST(state_is_listed_by_name),
        TEST(names_of_state_tell_parameters_apart),
        TEST(a_parameter_requires_a_gradient),
        TEST(a_step_after_the_module_was_destroyed_says_so),
        TEST(state_cannot_be_freed),
        TEST(errors_name_what_is_wrong),
        TEST(a_step_that_runs_out_of_memory_changes_nothing),
        TEST(making_them_without_memory_leaves_nothing),
        TEST(a_step_allocates_nothing_after_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
