/* Four tests of the engine's design: second order through a layer, a traced step run again on new data, SGD steps that are
   themselves differentiated. (The fourth, an op defined by a user's program, is in closures.c.) */
#include "common.h"

#include "core/internal.h"

/* ---- a gradient penalty: second order through a linear layer with tanh ---- */

struct critic {
    wg_tensor *w1, *b1, *w2, *x;
};

/* The mean over rows of (‖∂ Σ w2 tanh(x W1ᵀ + b1) / ∂x‖ - 1)². */
static wg_tensor *penalty(const struct critic *c)
{
    wg_tensor *score = wg_sum(wg_linear(wg_tanh(wg_linear(c->x, c->w1, c->b1)), c->w2, WG_NONE));
    wg_tensor *g = wg_grad(score, c->x, .create_graph = true);
    wg_tensor *norm = wg_sqrt(wg_sum(wg_square(g), .axis = 1));
    return wg_mean(wg_square(wg_add_scalar(norm, -1)));
}

static double penalty_at(const struct critic *c)
{
    WG_TAPE(tape);
    return wg_item(made(penalty(c)));
}

static void probe_gradient_penalty(void **state)
{
    (void)state;
    struct critic c = {leaf(WG_F64, WG_SHAPE(5, 3), 1), leaf(WG_F64, WG_SHAPE(5), 2), leaf(WG_F64, WG_SHAPE(1, 5), 3),
                       leaf(WG_F64, WG_SHAPE(4, 3), 4)};
    {
        WG_TAPE(tape);
        assert_ok(wg_backward(made(penalty(&c))));
    }
    wg_tensor *leaves[] = {c.w1, c.b1, c.w2, c.x};
    for (size_t k = 0; k < 4; k++) {
        double *value = wg_data_mut(leaves[k]);
        double largest = 0;
        for (int64_t i = 0; i < wg_numel(leaves[k]); i++) {
            const double h = 1e-5, was = value[i];
            value[i] = was + h;
            const double up = penalty_at(&c);
            value[i] = was - h;
            const double down = penalty_at(&c);
            value[i] = was;
            const double got = element(wg_gradient(leaves[k]), i), want = (up - down) / (2 * h);
            assert_near(got, want, 1e-7 * (1 + fabs(want)));
            largest = fmax(largest, fabs(got));
        }
        assert_true(largest > 1e-3); /* not all zero, which would agree trivially */
    }
    for (size_t k = 0; k < 4; k++)
        wg_free(leaves[k]);
}

/* ---- batch norm and Adam on a traced tape, run again ---- */

struct model {
    wg_tensor *x, *y, *w, *gamma, *beta, *mean, *var, *m[3], *v[3], *count, *lr, *generator;
};

static struct model model_new(void)
{
    struct model model = {.x = numbers(WG_F32, WG_SHAPE(8, 5), 100),
                          .y = numbers(WG_F32, WG_SHAPE(8, 3), 101),
                          .w = leaf(WG_F32, WG_SHAPE(3, 5), 1),
                          .gamma = leaf(WG_F32, WG_SHAPE(3), 2),
                          .beta = leaf(WG_F32, WG_SHAPE(3), 3),
                          .mean = made(wg_zeros(WG_F32, WG_SHAPE(3))),
                          .var = made(wg_ones(WG_F32, WG_SHAPE(3))),
                          .count = made(wg_scalar(WG_F64, 0)),
                          .lr = made(wg_scalar(WG_F64, 0.05)),
                          .generator = made(wg_generator(3, 1))};
    const wg_tensor *parameter[3] = {model.w, model.gamma, model.beta};
    for (int i = 0; i < 3; i++) {
        model.m[i] = made(wg_zeros(WG_F32, wg_shape_of(parameter[i])));
        model.v[i] = made(wg_zeros(WG_F32, wg_shape_of(parameter[i])));
    }
    return model;
}

static size_t model_tensors(const struct model *model, wg_tensor **all)
{
    wg_tensor *list[] = {model->x,    model->y,     model->w,    model->gamma,    model->beta, model->mean,
                         model->var,  model->m[0],  model->m[1], model->m[2],     model->v[0], model->v[1],
                         model->v[2], model->count, model->lr,   model->generator};
    memcpy(all, list, sizeof list);
    return sizeof list / sizeof *list;
}

static void assert_same_model(const struct model *a, const struct model *b)
{
    wg_tensor *left[16], *right[16];
    const size_t n = model_tensors(a, left);
    model_tensors(b, right);
    for (size_t i = 0; i < n; i++)
        assert_same_bits(left[i], right[i]);
}

static void model_free(const struct model *model)
{
    wg_tensor *all[16];
    const size_t n = model_tensors(model, all);
    for (size_t i = 0; i < n; i++)
        wg_free(all[i]);
}

static wg_tensor *record_step(struct model *model)
{
    wg_tensor *mean = NULL, *variance = NULL, *parameter[3] = {model->w, model->gamma, model->beta};
    wg_tensor *mask = wg_bernoulli(model->generator, WG_F32, WG_SHAPE(8, 5), 0.8);
    wg_tensor *h = wg_linear(wg_mul(model->x, mask), model->w, WG_NONE);
    wg_tensor *y = wg_batch_norm(h, .weight = model->gamma, .bias = model->beta, .mean = &mean, .variance = &variance);
    wg_tensor *loss = wg_mean(wg_square(wg_sub(wg_tanh(y), model->y)));
    assert_ok(wg_ema_update(model->mean, mean, 0.1));
    assert_ok(wg_running_variance_update(model->var, variance, 0.1, 8));
    assert_ok(wg_backward(loss));
    assert_ok(wg_update_begin());
    assert_ok(wg_increment(model->count));
    for (int i = 0; i < 3; i++)
        assert_ok(wg_adam_update(parameter[i], model->m[i], model->v[i], wg_gradient(parameter[i]), model->lr, model->count, 0.9,
                                 0.999, 1e-8, 0.01, false));
    assert_ok(wg_update_commit());
    for (int i = 0; i < 3; i++)
        wg_clear_gradient(parameter[i]);
    return loss;
}

static void probe_recorded_step_run_again(void **state)
{
    (void)state;
    enum { STEPS = 6 };
    struct model eager = model_new(), again = model_new();
    float data[STEPS][40], losses[STEPS], loss_now;
    for (int i = 0; i < STEPS; i++) {
        wg_tensor *x = numbers(WG_F32, WG_SHAPE(8, 5), 200 + (uint64_t)i);
        assert_ok(wg_read(x, data[i]));
        wg_free(x);
    }
    for (int i = 0; i < STEPS; i++) {
        assert_ok(wg_write(eager.x, data[i]));
        WG_TAPE(tape);
        assert_ok(wg_read(record_step(&eager), &losses[i]));
    }
    WG_TAPE(tape, .trace = true);
    assert_ok(wg_write(again.x, data[0]));
    wg_tensor *loss = record_step(&again);
    const size_t nodes = wg_tape_nodes(tape);
    for (int i = 0; i < STEPS; i++) {
        if (i > 0) {
            assert_ok(wg_write(again.x, data[i]));
            assert_ok(wg_tape_rerun(tape));
        }
        assert_ok(wg_read(loss, &loss_now));
        assert_memory_equal(&loss_now, &losses[i], sizeof loss_now);
    }
    assert_int_equal(wg_tape_nodes(tape), nodes);
    assert_same_model(&eager, &again);
    assert_near(wg_item(again.count), STEPS, 0);
    assert_true(element(again.mean, 0) != 0);
    model_free(&eager);
    model_free(&again);
}

/* ---- SGD steps as ordinary ops, differentiated with respect to the learning rate and the initial weights ---- */

/* The loss after k steps from w on a small regression; lr and w may require gradients. */
static wg_tensor *loss_after_steps(wg_tensor *w, wg_tensor *lr, const wg_tensor *x, const wg_tensor *y, int k)
{
    wg_tensor *in = (wg_tensor *)(uintptr_t)x, *want = (wg_tensor *)(uintptr_t)y;
    for (int i = 0; i <= k; i++) {
        wg_tensor *loss = wg_mean(wg_square(wg_sub(wg_tanh(wg_linear(in, w, WG_NONE)), want)));
        if (i == k)
            return loss;
        w = wg_sub(w, wg_mul(lr, wg_grad(loss, w, .create_graph = true)));
    }
    return NULL;
}

static double final_loss(wg_tensor *w, wg_tensor *lr, const wg_tensor *x, const wg_tensor *y, int k)
{
    WG_TAPE(tape);
    return wg_item(made(loss_after_steps(w, lr, x, y, k)));
}

static void probe_sgd_steps_differentiated(void **state)
{
    (void)state;
    enum { STEPS = 5 };
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(6, 4), 1), *y = numbers(WG_F64, WG_SHAPE(6, 2), 2);
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(2, 4), 3), *lr = scalar_leaf(0.3);
    wg_tensor *leaves[] = {lr, w};
    {
        WG_TAPE(tape);
        assert_ok(wg_backward(made(loss_after_steps(w, lr, x, y, STEPS))));
    }
    for (size_t k = 0; k < 2; k++) {
        double *value = wg_data_mut(leaves[k]);
        for (int64_t i = 0; i < wg_numel(leaves[k]); i++) {
            const double h = 1e-5, was = value[i];
            value[i] = was + h;
            const double up = final_loss(w, lr, x, y, STEPS);
            value[i] = was - h;
            const double down = final_loss(w, lr, x, y, STEPS);
            value[i] = was;
            const double want = (up - down) / (2 * h);
            assert_near(element(wg_gradient(leaves[k]), i), want, 1e-8 + 1e-7 * fabs(want));
            assert_true(fabs(want) > 1e-6);
        }
    }
    wg_free(x);
    wg_free(y);
    wg_free(w);
    wg_free(lr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(probe_gradient_penalty),
        TEST(probe_recorded_step_run_again),
        TEST(probe_sgd_steps_differentiated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
