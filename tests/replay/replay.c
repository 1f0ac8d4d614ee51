/* Replay: a captured step run again has the step's bits, effects and results; what a failed run leaves. For what a step may not
   do see replay_refusals.c. */
#include <pthread.h>

#include "small_steps.h"

/* ---- a step with everything: draws, batch norm, two networks, an optimizer, a kept loss ---- */

enum { BATCH = 48, IN = 20, CLASSES = 5 };

struct world {
    wg_nn_module *net, *target;
    wg_optim *optim;
    wg_tensor *x, *labels, *generator, *loss;
};

static void world_new(struct world *w)
{
    *w = (struct world){
        .net = wg_nn_mlp(WG_SIZES(IN, 32, 16, CLASSES), .batch_norm = true, .activation = WG_ACTIVATION_TANH, .seed = 3),
        .target = wg_nn_mlp(WG_SIZES(IN, 32, 16, CLASSES), .batch_norm = true, .seed = 3),
        .x = numbers(WG_F32, WG_SHAPE(BATCH, IN), 7),
        .labels = made(wg_zeros(WG_I64, WG_SHAPE(BATCH))),
        .generator = made(wg_generator(5, 1))};
    assert_true(w->net && w->target);
    w->optim = wg_optim_adam(wg_nn_parameters(w->net), .lr = 1e-2, .weight_decay = 1e-3);
    assert_non_null(w->optim);
    int64_t *label = wg_data_mut(w->labels);
    for (int i = 0; i < BATCH; i++)
        label[i] = i * 3 % CLASSES;
}

static void world_end(struct world *w)
{
    wg_optim_destroy(w->optim);
    wg_nn_destroy(w->net);
    wg_nn_destroy(w->target);
    wg_free(w->x), wg_free(w->labels), wg_free(w->generator), wg_free(w->loss);
}

static wg_status follow(const struct world *w)
{
    const wg_tensor_list to = wg_nn_parameters(w->target), from = wg_nn_parameters(w->net);
    for (size_t i = 0; i < to.n; i++)
        WG_TRY(wg_ema_update(to.tensor[i], from.tensor[i], 0.1));
    return WG_OK;
}

static wg_status train(void *context)
{
    struct world *w = context;
    WG_TAPE(tape);
    wg_tensor *x = wg_dropout(w->x, w->generator, 0.25);
    wg_tensor *noise = wg_normal(w->generator, WG_F32, WG_SHAPE(BATCH, IN), 0, 0.1);
    wg_tensor *loss = wg_cross_entropy(wg_nn_apply(w->net, wg_add(x, noise)), w->labels);
    wg_tensor *kept = loss ? wg_keep(loss) : NULL;
    if (!kept)
        return wg_error_first()->code;
    wg_free(w->loss);
    w->loss = kept;
    WG_TRY(wg_backward(loss));
    WG_TRY(wg_optim_step(w->optim));
    WG_NO_GRAD;
    return follow(w);
}

static void assert_same_list(wg_tensor_list a, wg_tensor_list b)
{
    assert_int_equal(a.n, b.n);
    for (size_t i = 0; i < a.n; i++)
        assert_same_bits(a.tensor[i], b.tensor[i]);
}

static void assert_same_worlds(const struct world *a, const struct world *b)
{
    assert_same_list(wg_nn_parameters(a->net), wg_nn_parameters(b->net));
    assert_same_list(wg_nn_buffers(a->net), wg_nn_buffers(b->net));
    assert_same_list(wg_nn_parameters(a->target), wg_nn_parameters(b->target));
    assert_same_list(wg_optim_state(a->optim), wg_optim_state(b->optim));
    assert_same_bits(a->generator, b->generator);
    assert_same_bits(a->loss, b->loss);
}

static void runs_have_the_bits_of_steps(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        struct world eager, replayed;
        assert_ok(wg_set_threads(threads));
        world_new(&eager), world_new(&replayed);
        assert_ok(train(&eager));
        wg_replay *replay = captured(train, &replayed);
        assert_same_worlds(&eager, &replayed);
        for (int step = 0; step < 6; step++) {
            if (step == 3) {
                assert_ok(wg_optim_set_lr(eager.optim, 0, 3e-2));
                assert_ok(wg_optim_set_lr(replayed.optim, 0, 3e-2));
            }
            assert_ok(train(&eager));
            assert_ok(wg_replay_run(replay));
            assert_same_worlds(&eager, &replayed);
        }
        wg_replay_destroy(replay);
        world_end(&eager), world_end(&replayed);
    }
}

/* The replay keeps alive what it reads and writes. */
static void a_replay_outlives_what_it_reads(void **state)
{
    (void)state;
    struct world w;
    world_new(&w);
    wg_replay *replay = captured(train, &w);
    world_end(&w);
    for (int i = 0; i < 3; i++)
        assert_ok(wg_replay_run(replay));
    wg_replay_destroy(replay);
    wg_replay_destroy(NULL);
}

static void memory_is_no_more_than_the_steps(void **state)
{
    (void)state;
    struct world eager, replayed;
    world_new(&eager), world_new(&replayed);
    wg_memory_trim();
    int64_t before = wg_memory_now().live;
    assert_ok(train(&eager));
    assert_ok(train(&eager));
    const int64_t step = wg_memory_now().peak - before;
    wg_replay *replay = captured(train, &replayed);
    assert_true((int64_t)wg_replay_inspect(replay).planned <= step);
    assert_ok(wg_replay_run(replay));
    const wg_memory settled = wg_memory_now();
    for (int i = 0; i < 5; i++)
        assert_ok(wg_replay_run(replay));
    assert_int_equal(wg_memory_now().mallocs, settled.mallocs);
    assert_int_equal(wg_memory_now().live, settled.live);
    wg_replay_destroy(replay);
    world_end(&eager), world_end(&replayed);
}

/* ---- small steps: y from x ---- */

/* Compares the step replayed on new elements with the step itself on the same. */
static void check_small(wg_status (*work)(struct small *), wg_dtype dtype, wg_shape shape)
{
    struct small eager = {.x = leaf(dtype, shape, 1), .work = work}, replayed = {.x = leaf(dtype, shape, 2), .work = work};
    wg_replay *replay = captured(small_step, &replayed);
    wg_tensor *fresh = numbers(dtype, shape, 1);
    assert_ok(wg_assign(replayed.x, fresh));
    for (int i = 0; i < 2; i++) {
        assert_ok(small_step(&eager));
        assert_ok(wg_replay_run(replay));
        assert_same_bits(eager.y, replayed.y);
    }
    wg_free(fresh);
    wg_replay_destroy(replay);
    small_end(&eager), small_end(&replayed);
}

static wg_status passes(struct small *s)
{
    wg_tensor *t = wg_tanh(wg_add_scalar(wg_mul(s->x, s->x), 0.5));
    wg_tensor *loss = wg_add(wg_sum(wg_mul(t, wg_sigmoid(s->x))), wg_mean(t));
    wg_clear_gradient(s->x);
    WG_TRY(wg_backward(loss));
    return keep(s, wg_add(wg_gradient(s->x), loss));
}

static wg_status chain(struct small *s)
{
    wg_tensor *x = s->x;
    for (int i = 0; i < 200; i++)
        x = i % 7 ? wg_mul_scalar(wg_add_scalar(x, 0.01), 0.99) : wg_tanh(wg_add(x, s->x));
    return keep(s, x);
}

/* The first row as a separate tensor, columns, a transposed view, in place. */
static wg_status views(struct small *s)
{
    wg_tensor *x = wg_mul_scalar(s->x, 2), *t = wg_permute(x, WG_AXES(1, 0));
    wg_tensor *row = wg_slice(x, 0, 0, 1, 1), *sum = wg_add(wg_matmul(x, t), wg_matmul(t, x));
    wg_tensor *y = wg_add(wg_donate(wg_exp(wg_neg(x))), row);
    return keep(s, wg_add(wg_add(wg_sub(y, t), sum), wg_flip(wg_relu(x), 1)));
}

/* A constant that is read, then changed, then read. */
static wg_status counted(struct small *s)
{
    wg_tensor *sum = wg_ones((wg_dtype)wg_dtype_of(s->x), wg_shape_of(s->x)), *before = wg_add(sum, s->x);
    WG_TRY(wg_accumulate(sum, s->x));
    WG_TRY(wg_accumulate(sum, before));
    return keep(s, wg_mul(sum, wg_full(wg_dtype_of(s->x), wg_shape_of(s->x), 3)));
}

static wg_tensor *noisy(wg_tensor *const *in, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_square(wg_dropout(wg_tanh(in[0]), wg_generator_default(), 0.5)));
}

static wg_status checkpointed(struct small *s)
{
    wg_tensor *y = wg_checkpoint(noisy, NULL, &s->x, 1);
    wg_clear_gradient(s->x);
    if (!y)
        return wg_error_first()->code;
    WG_TRY(wg_backward(y));
    return keep(s, wg_copy(wg_gradient(s->x)));
}

/* ---- NaN ---- */

static wg_status adds_up(struct small *s)
{
    wg_tensor *y = wg_mul_scalar(s->x, 2);
    return keep(s, wg_add(wg_sum(y), wg_slice(y, 0, 0, 40, 1)));
}

/* Which sign and payload a NaN has when several meet is unspecified; that the result is NaN is specified. */
static void a_nan_is_a_nan(void **state)
{
    enum { N = 1023 };
    (void)state;
    for (int every = 2; every < 3 * N; every *= 3) {
        struct small eager = {.x = numbers(WG_F32, WG_SHAPE(N), 1), .work = adds_up}, replayed = {.work = adds_up};
        float *x = wg_data_mut(eager.x);
        for (int i = every; i < N; i += every)
            x[i] = copysignf(NAN, i % 4 < 2 ? 1 : -1);
        replayed.x = made(wg_copy(eager.x));
        wg_replay *replay = captured(small_step, &replayed);
        assert_ok(wg_replay_run(replay));
        assert_ok(small_step(&eager));
        for (int i = 0; i < 40; i++) {
            assert_true(isnan(element(eager.y, i)) == (every < N));
            assert_true(isnan(element(replayed.y, i)) || element(replayed.y, i) == element(eager.y, i));
            assert_true(isnan(element(replayed.y, i)) == isnan(element(eager.y, i)));
        }
        wg_replay_destroy(replay);
        small_end(&eager), small_end(&replayed);
    }
}

static void steps_of_all_kinds(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        assert_ok(wg_set_threads(threads));
        for (int64_t n = 1; n <= 300001; n = n * 7 + 4) {
            check_small(passes, WG_F32, WG_SHAPE(n));
            check_small(passes, WG_F64, WG_SHAPE(n));
            check_small(chain, WG_F32, WG_SHAPE(n));
        }
        check_small(chain, WG_F64, WG_SCALAR);
        check_small(views, WG_F32, WG_SHAPE(5, 5));
        check_small(views, WG_F64, WG_SHAPE(40, 40));
        check_small(counted, WG_F32, WG_SHAPE(3, 4));
    }
}

/* The log includes the second run of a checkpointed function and the restored draws. */
static void checkpoints_are_replayed(void **state)
{
    (void)state;
    struct small eager = {.x = leaf(WG_F64, WG_SHAPE(30), 1), .work = checkpointed}, replayed = eager;
    replayed.x = leaf(WG_F64, WG_SHAPE(30), 1);
    assert_ok(wg_seed(9, 0));
    wg_tensor *first[4];
    for (int i = 0; i < 4; i++) {
        assert_ok(small_step(&eager));
        first[i] = made(wg_copy(eager.y));
    }
    const int64_t drawn = ((const int64_t *)wg_data(wg_generator_default()))[2];
    assert_ok(wg_write(wg_generator_default(), (const int64_t[]){9, 0, 0, 0}));
    wg_replay *replay = captured(small_step, &replayed);
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            assert_ok(wg_replay_run(replay));
        assert_same_bits(first[i], replayed.y);
        wg_free(first[i]);
    }
    assert_int_equal(((const int64_t *)wg_data(wg_generator_default()))[2], drawn);
    wg_replay_destroy(replay);
    small_end(&eager), small_end(&replayed);
}

static wg_status wasteful(struct small *s)
{
    wg_tensor *y = wg_tanh(s->x);
    wg_exp(wg_sin(y));
    return keep(s, y);
}

static void what_nobody_reads_is_left_out(void **state)
{
    (void)state;
    struct small s = {.x = numbers(WG_F32, WG_SHAPE(8), 1), .work = wasteful};
    wg_replay *replay = captured(small_step, &s);
    assert_int_equal(wg_replay_inspect(replay).logged, 3);
    assert_int_equal(wg_replay_inspect(replay).left, 1);
    wg_replay_destroy(replay);
    small_end(&s);
    s = (struct small){.x = leaf(WG_F32, WG_SHAPE(100000), 1), .work = chain};
    replay = captured(small_step, &s);
    assert_int_equal(wg_replay_inspect(replay).groups, 1);
    assert_int_equal(wg_replay_inspect(replay).planned, 0);
    wg_replay_destroy(replay);
    small_end(&s);
}

/* ---- gradients that the step leaves ---- */

static wg_status gradient(void *context)
{
    struct small *s = context;
    wg_clear_gradient(s->x);
    WG_TAPE(tape);
    return wg_backward(wg_sum(wg_square(s->x)));
}

static void gradients_left_are_results(void **state)
{
    (void)state;
    struct small s = {.x = leaf(WG_F64, WG_SHAPE(3), 1)};
    wg_replay *replay = captured(gradient, &s);
    assert_ok(wg_write(s.x, (const double[]){1, 2, 3}));
    for (int i = 0; i < 2; i++) {
        assert_ok(wg_replay_run(replay));
        assert_near(element(wg_gradient(s.x), 2), 6, 0);
    }
    wg_replay_destroy(replay);
    small_end(&s);
}

/* ---- a run that fails ---- */

static void a_failing_run_leaves_no_effect(void **state)
{
    (void)state;
    struct world eager, replayed;
    world_new(&eager), world_new(&replayed);
    assert_ok(train(&eager));
    wg_replay *replay = captured(train, &replayed);
    int64_t label[BATCH];
    assert_ok(wg_read(replayed.labels, label));
    const int64_t right = label[BATCH - 1];
    label[BATCH - 1] = CLASSES;
    assert_ok(wg_write(replayed.labels, label));
    assert_fails(wg_replay_run(replay), WG_E_ARGUMENT, "5");
    assert_same_list(wg_nn_parameters(eager.net), wg_nn_parameters(replayed.net));
    assert_same_list(wg_nn_buffers(eager.net), wg_nn_buffers(replayed.net));
    assert_same_list(wg_optim_state(eager.optim), wg_optim_state(replayed.optim));
    assert_same_bits(eager.generator, replayed.generator);
    label[BATCH - 1] = right;
    assert_ok(wg_write(replayed.labels, label));
    assert_ok(train(&eager));
    assert_ok(wg_replay_run(replay));
    assert_same_worlds(&eager, &replayed);
    wg_replay_destroy(replay);
    world_end(&eager), world_end(&replayed);
}

static void *run_elsewhere(void *replay)
{
    const wg_status status = wg_replay_run(replay);
    wg_error_take(NULL);
    return status == WG_E_THREAD ? replay : NULL;
}

static void a_replay_belongs_to_its_thread(void **state)
{
    (void)state;
    struct small s = {.x = numbers(WG_F32, WG_SHAPE(8), 1), .work = chain};
    wg_replay *replay = captured(small_step, &s);
    pthread_t thread;
    void *result;
    assert_int_equal(pthread_create(&thread, NULL, run_elsewhere, replay), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, replay);
    wg_replay_destroy(replay);
    small_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_have_the_bits_of_steps),      TEST(a_replay_outlives_what_it_reads),
        TEST(memory_is_no_more_than_the_steps), TEST(steps_of_all_kinds),
        TEST(checkpoints_are_replayed),         TEST(what_nobody_reads_is_left_out),
        TEST(gradients_left_are_results),       TEST(a_nan_is_a_nan),
        TEST(a_failing_run_leaves_no_effect),   TEST(a_replay_belongs_to_its_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
