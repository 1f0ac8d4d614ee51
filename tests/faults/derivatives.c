/* Allocation failures in derivatives of functions, and in a checkpoint's forward and backward. */
#include "sweep.h"

enum { X = 3, RESULTS = 9 };

enum place { NO_TAPE, ON_A_TAPE, WITHOUT_GRADIENTS, N_PLACES };

struct world {
    enum place place;
    wg_tensor *x[2], *t[2], *v, *generator, *w;
    wg_tensor *result[RESULTS];
    int n;
    double gradient;
};

static enum place place; /* of the running sweep */

static void *prepare(void)
{
    struct world *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->place = place;
    o->x[0] = leaf(WG_F64, WG_SHAPE(2, X), 1);
    o->x[1] = leaf(WG_F64, WG_SHAPE(X), 2);
    o->t[0] = numbers(WG_F64, WG_SHAPE(2, X), 3);
    o->t[1] = numbers(WG_F64, WG_SHAPE(X), 4);
    o->v = numbers(WG_F64, WG_SHAPE(2, X), 5);
    o->w = leaf(WG_F64, WG_SHAPE(X, X), 6);
    o->generator = made(wg_generator(3, 0));
    return o;
}

/* Includes a draw, which is undone if the whole fails. */
static wg_tensor *layer(wg_tensor *const *x, size_t n, void *context)
{
    struct world *o = context;
    (void)n;
    return wg_mul(wg_dropout(wg_tanh(wg_matmul(x[0], o->w)), o->generator, 0.25), wg_add(x[1], x[0]));
}

static wg_tensor *loss(wg_tensor *const *x, size_t n, void *context)
{
    return wg_sum(wg_square(layer(x, n, context)));
}

static void keep_results(struct world *o, wg_tensor *const *result, int n)
{
    for (int i = 0; i < n; i++)
        o->result[i] = result[i];
    o->n = n;
}

/* With no tape open the results belong to the caller; on a tape their values are read before it closes. */
static bool act_on(struct world *o, wg_status (*derivative)(struct world *o, wg_tensor **result), int n)
{
    wg_tensor *result[RESULTS];
    wg_tape *tape = o->place == NO_TAPE ? NULL : wg_tape_open();
    const bool was_on = wg_grad_mode_set(o->place != WITHOUT_GRADIENTS);
    bool done = (tape || o->place == NO_TAPE) && derivative(o, result) == WG_OK;
    wg_grad_mode_set(was_on);
    int kept = 0;
    for (; kept < n && done && o->place != NO_TAPE; kept++)
        if (!(result[kept] = wg_own(result[kept]))) {
            done = false;
            break;
        }
    for (int i = 0; i < kept && !done; i++)
        wg_free(result[i]);
    if (o->place != NO_TAPE)
        wg_tape_close(tape);
    if (done)
        keep_results(o, result, n);
    return done;
}

static wg_status vjp(struct world *o, wg_tensor **result)
{
    return wg_vjp(layer, o, o->x, 2, o->v, &result[0], &result[1]);
}

static wg_status jvp(struct world *o, wg_tensor **result)
{
    return wg_jvp(layer, o, o->x, 2, o->t, &result[0], &result[1]);
}

static wg_status hvp(struct world *o, wg_tensor **result)
{
    return wg_hvp(loss, o, o->x, 2, o->t, &result[0], &result[1], &result[3]);
}

static wg_status jacobian_by_rows(struct world *o, wg_tensor **result)
{
    return wg_jacobian(layer, o, o->x, 2, result);
}

static wg_tensor *taller(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *y = layer(x, n, context);
    return wg_concat((wg_tensor *[]){y, wg_square(y)}, 2, 0);
}

static wg_status jacobian_by_columns(struct world *o, wg_tensor **result)
{
    return wg_jacobian(taller, o, o->x, 2, result);
}

static wg_status hessian(struct world *o, wg_tensor **result)
{
    return wg_hessian(loss, o, o->x, 2, result);
}

static wg_tensor *through_checkpoints(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *y = wg_checkpoint(layer, context, x, n);
    return wg_sum(wg_checkpoint(layer, context, (wg_tensor *[]){y, x[1]}, 2));
}

static wg_status hvp_through_checkpoints(struct world *o, wg_tensor **result)
{
    return wg_hvp(through_checkpoints, o, o->x, 2, o->t, &result[0], &result[1], &result[3]);
}

static wg_status value_of_checkpoint(struct world *o, wg_tensor **result)
{
    result[0] = wg_checkpoint(layer, o, o->x, 2);
    return result[0] ? WG_OK : WG_E_MEMORY;
}

#define ACT(derivative, n)                     \
    static bool act_##derivative(void *state)  \
    {                                          \
        return act_on(state, derivative, (n)); \
    }
ACT(vjp, 3)
ACT(jvp, 2)
ACT(hvp, 5)
ACT(jacobian_by_rows, 2)
ACT(jacobian_by_columns, 2)
ACT(hessian, 4)
ACT(hvp_through_checkpoints, 5)
ACT(value_of_checkpoint, 1)

/* A step with two checkpoints, one inside another's second run, and a backward. */
static bool act_checkpoint(void *state)
{
    struct world *o = state;
    WG_TAPE(tape);
    wg_tensor *y = wg_checkpoint(through_checkpoints, o, o->x, 2);
    return y && wg_backward(y) == WG_OK;
}

static size_t put(const wg_tensor *t, char *bytes, size_t used, size_t size)
{
    const size_t n = (size_t)wg_numel(t) * wg_dtype_size(wg_dtype_of(t));
    return used + n <= size && wg_read_raw(t, bytes + used) == WG_OK ? used + n : size + 1;
}

static size_t save(void *state, char *bytes, size_t size)
{
    const struct world *o = state;
    const wg_tensor *leaves[] = {o->x[0], o->x[1], o->w};
    size_t used = put(o->generator, bytes, 0, size);
    for (int i = 0; i < o->n; i++)
        used = put(o->result[i], bytes, used, size);
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
        if (wg_gradient(leaves[i]))
            used = put(wg_gradient(leaves[i]), bytes, used, size);
    return used <= size ? used : 0;
}

static void finish(void *state)
{
    struct world *o = state;
    for (int i = 0; i < o->n; i++)
        wg_free(o->result[i]);
    for (int i = 0; i < 2; i++)
        wg_free(o->x[i]), wg_free(o->t[i]);
    wg_free(o->v), wg_free(o->w), wg_free(o->generator);
    free(o);
}

static void sweep_everywhere(const char *name, bool (*act)(void *state), int64_t at_least)
{
    const struct scenario scenario = {name, prepare, act, save, finish};
    for (place = 0; place < N_PLACES; place++)
        assert_true(sweep(&scenario) > at_least);
    place = ON_A_TAPE;
}

#define OUT_OF_MEMORY_IN(derivative, at_least)                       \
    static void out_of_memory_in_##derivative(void **state)          \
    {                                                                \
        (void)state;                                                 \
        sweep_everywhere(#derivative, act_##derivative, (at_least)); \
    }
OUT_OF_MEMORY_IN(vjp, 30)
OUT_OF_MEMORY_IN(jvp, 30)
OUT_OF_MEMORY_IN(hvp, 60)
OUT_OF_MEMORY_IN(jacobian_by_rows, 60)
OUT_OF_MEMORY_IN(jacobian_by_columns, 60)
OUT_OF_MEMORY_IN(hessian, 60)
OUT_OF_MEMORY_IN(hvp_through_checkpoints, 60)
OUT_OF_MEMORY_IN(value_of_checkpoint, 10)

static void out_of_memory_in_a_step_with_checkpoints(void **state)
{
    (void)state;
    const struct scenario scenario = {"a step with checkpoints", prepare, act_checkpoint, save, finish};
    assert_true(sweep(&scenario) > 60);
}

int main(void)
{
    if (wg_warmup(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(out_of_memory_in_vjp),
        TEST(out_of_memory_in_jvp),
        TEST(out_of_memory_in_hvp),
        TEST(out_of_memory_in_jacobian_by_rows),
        TEST(out_of_memory_in_jacobian_by_columns),
        TEST(out_of_memory_in_hessian),
        TEST(out_of_memory_in_hvp_through_checkpoints),
        TEST(out_of_memory_in_value_of_checkpoint),
        TEST(out_of_memory_in_a_step_with_checkpoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
