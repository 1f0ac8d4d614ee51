/* Effects of replays and captures: on an open tape, on generators that are seeded again, in steps that fail, in threads that end
   inside the step. */
#include <malloc.h>
#include <pthread.h>

#include "common.h"

static wg_replay *captured(wg_step *step, void *context)
{
    wg_replay *replay = wg_replay_capture(step, context);
    if (!replay)
        fail_msg("%s", wg_error_first() ? wg_error_first()->message : "no error recorded");
    return replay;
}

/* ---- on an open tape ---- */

struct training {
    wg_tensor *state, *leaf, *result, *parameter;
    wg_optim *optim;
};

static wg_status doubles(void *context)
{
    struct training *t = context;
    WG_TAPE(tape);
    wg_tensor *twice = wg_mul_scalar(t->state, 2), *kept = twice ? wg_keep(twice) : NULL;
    if (!kept)
        return wg_error_first()->code;
    wg_free(t->result);
    t->result = kept;
    wg_clear_gradient(t->leaf);
    WG_TRY(wg_assign(t->state, twice));
    return wg_backward(wg_sum(wg_mul(t->leaf, t->state)));
}

static wg_status doubles_around_an_update(void *context)
{
    struct training *t = context;
    WG_TRY(doubles(t));
    {
        WG_TAPE(tape);
        WG_TRY(wg_backward(wg_sum(wg_square(t->parameter))));
        WG_TRY(wg_optim_step(t->optim));
    }
    return doubles(t);
}

static void fail_on_the_tape(void)
{
    assert_null(wg_add(WG_NONE, WG_NONE));
    wg_error_take(NULL);
}

static struct training training_new(void)
{
    struct training t = {.state = made(wg_full(WG_F64, WG_SHAPE(40), 1)),
                         .leaf = leaf(WG_F64, WG_SHAPE(40), 1),
                         .parameter = made(wg_full(WG_F64, WG_SHAPE(1), 1))};
    assert_non_null(wg_set_requires_grad(t.parameter, true));
    t.optim = wg_optim_sgd(((wg_tensor_list){1, &t.parameter, NULL}), .lr = 0.25);
    assert_non_null(t.optim);
    return t;
}

static void training_end(struct training *t)
{
    wg_optim_destroy(t->optim);
    wg_free(t->state), wg_free(t->leaf), wg_free(t->result), wg_free(t->parameter);
}

/* Like the effects of the step itself: rule 14. */
static void a_run_is_undone_with_the_tape_around_it(void **state)
{
    (void)state;
    struct training t = training_new();
    wg_replay *replay = captured(doubles, &t);
    for (int nested = 0; nested < 2; nested++)
        for (int fails = 0; fails < 2; fails++) {
            const double before = element(t.state, 39);
            wg_tape *outer = wg_tape_open(), *inner = nested ? wg_tape_open() : outer;
            for (int i = 0; i < 3; i++)
                assert_ok(wg_replay_run(replay));
            assert_near(element(t.state, 39), 8 * before, 0);
            if (nested)
                assert_ok(wg_tape_close(inner));
            if (fails)
                fail_on_the_tape();
            assert_ok(wg_tape_close(outer));
            assert_near(element(t.state, 39), fails ? before : 8 * before, 0);
            assert_near(element(t.result, 0), fails ? before : 8 * before, 0);
            assert_near(element(wg_gradient(t.leaf), 0), fails ? before : 8 * before, 0);
        }
    wg_replay_destroy(replay);
    training_end(&t);
}

static wg_status doubles_halves(void *context)
{
    wg_tensor *state = context;
    WG_TAPE(tape);
    for (int64_t from = 20; from >= 0; from -= 20) {
        wg_tensor *half = wg_slice(state, 0, from, from + 20, 1);
        WG_TRY(wg_assign(half, wg_mul_scalar(half, 2)));
    }
    return WG_OK;
}

/* Every change that a step makes to a tensor is undone, and a tape that read the tensor before detects the change. */
static void a_run_changes_parts_of_one_tensor(void **state)
{
    (void)state;
    wg_tensor *x = made(wg_full(WG_F64, WG_SHAPE(40), 1)), *w = leaf(WG_F64, WG_SHAPE(40), 1);
    wg_replay *replay = captured(doubles_halves, x);
    wg_tape *tape = wg_tape_open();
    wg_tensor *y = made(wg_sum(wg_mul(x, w)));
    assert_ok(wg_replay_run(replay));
    assert_near(element(x, 0) + element(x, 39), 8, 0);
    assert_fails(wg_backward(y), WG_E_STALE, "");
    assert_ok(wg_tape_close(tape)); /* it has failed */
    assert_near(element(x, 0), 2, 0);
    assert_near(element(x, 39), 2, 0);
    wg_replay_destroy(replay);
    wg_free(x), wg_free(w);
}

/* What the run committed stays, as do earlier changes on the tape. */
static void a_committed_update_is_not_undone(void **state)
{
    (void)state;
    for (int replayed = 0; replayed < 2; replayed++) {
        struct training t = training_new();
        wg_tensor *counted = made(wg_scalar(WG_F64, 0));
        wg_replay *replay = replayed ? captured(doubles_around_an_update, &t) : NULL;
        if (!replayed)
            assert_ok(doubles_around_an_update(&t)); /* state 4, parameter 1/2 */
        wg_tape *tape = wg_tape_open();
        assert_ok(wg_increment(counted));
        assert_ok(replayed ? wg_replay_run(replay) : doubles_around_an_update(&t));
        fail_on_the_tape();
        assert_ok(wg_tape_close(tape));
        assert_near(wg_item(t.parameter), 0.25, 0);
        assert_near(element(t.state, 0), 8, 0);
        assert_near(wg_item(counted), 1, 0);
        wg_replay_destroy(replay);
        wg_free(counted);
        training_end(&t);
    }
}

static wg_replay *another;

static wg_status runs_another(void *context)
{
    (void)context;
    return wg_replay_run(another);
}

static wg_tensor *runs_in_hook(wg_tensor *g, void *context)
{
    (void)context;
    assert_int_equal(wg_replay_run(another), WG_E_STATE);
    return g;
}

/* A run inside an update, a backward pass or a capture is refused. */
static void a_run_inside_the_engines_work_is_refused(void **state)
{
    (void)state;
    struct training t = training_new();
    another = captured(doubles, &t);
    assert_null(wg_replay_capture(runs_another, NULL));
    assert_int_equal(wg_error_first()->code, WG_E_STATE);
    wg_error_take(NULL);
    assert_ok(wg_update_begin());
    assert_fails(wg_replay_run(another), WG_E_STATE, "not inside a capture, a backward or an update");
    wg_update_cancel();
    wg_tape_open();
    wg_tensor *y = made(wg_square(t.leaf));
    assert_ok(wg_add_hook(y, runs_in_hook, NULL));
    const wg_status status = wg_backward(wg_sum(y));
    assert_true(status == WG_OK || status == WG_E_STATE);
    assert_ok(wg_tape_close(wg_tape_top()));
    assert_int_equal(wg_error_first()->code, WG_E_STATE);
    wg_error_take(NULL);
    assert_near(element(t.state, 0), 2, 0);
    wg_replay_destroy(another);
    training_end(&t);
}

static wg_status says_nothing(void *context)
{
    (void)context;
    return WG_E_NUMERIC;
}

/* A step that fails without an error message gets one that says so. */
static void a_step_that_only_returns_a_code_is_named(void **state)
{
    (void)state;
    assert_null_and_error(wg_replay_capture(says_nothing, NULL), WG_E_NUMERIC, "replay_capture: the step failed: WG_E_NUMERIC");
}

/* ---- generators ---- */

static wg_status draws(void *context)
{
    WG_TAPE(tape);
    return wg_assign(context, wg_uniform(wg_generator_default(), WG_F32, WG_SHAPE(4), 0, 1));
}

/* A seed affects replays captured before it, and every handle on the generator. */
static void a_seed_reaches_replays(void **state)
{
    (void)state;
    wg_tensor *out = made(wg_zeros(WG_F32, WG_SHAPE(4))), *held = wg_generator_default();
    assert_ok(wg_seed(1, 0));
    assert_ptr_equal(wg_generator_default(), held);
    wg_replay *replay = captured(draws, out);
    for (uint64_t seed = 41; seed < 43; seed++) {
        assert_ok(wg_seed(seed, 3));
        assert_ok(draws(out));
        wg_tensor *first = made(wg_copy(out));
        assert_ok(draws(out));
        wg_tensor *second = made(wg_copy(out));
        for (int again = 0; again < 2; again++) {
            assert_ok(wg_seed(seed, 3));
            assert_ok(wg_replay_run(replay));
            assert_same_bits(out, first);
            assert_ok(wg_replay_run(replay));
            assert_same_bits(out, second);
        }
        wg_free(first), wg_free(second);
    }
    wg_replay_destroy(replay);
    assert_ok(wg_seed(0, 0));
    wg_free(out);
}

/* Rule 14: a step that fails restores the generator, even if it was seeded in the step. */
static void a_seed_is_an_effect(void **state)
{
    (void)state;
    assert_ok(wg_seed(5, 1));
    for (int fails = 0; fails < 2; fails++) {
        wg_tape *tape = wg_tape_open();
        assert_ok(wg_seed(6 + (uint64_t)fails, 2));
        if (fails)
            fail_on_the_tape();
        assert_ok(wg_tape_close(tape));
        assert_near(element(wg_generator_default(), 0), 6, 0);
        assert_near(element(wg_generator_default(), 1), 2, 0);
    }
    assert_ok(wg_seed(0, 0));
}

/* ---- constructors inside a captured step ---- */

static wg_status code(void)
{
    return wg_error_first() ? wg_error_first()->code : WG_OK;
}

static wg_status seeds(void *context)
{
    (void)context;
    return wg_seed(1, 2);
}

static wg_status makes_generator(void *context)
{
    (void)context;
    wg_tensor *generator = wg_generator(1, 2);
    wg_free(generator);
    return generator ? WG_OK : code();
}

static wg_status makes_network(void *context)
{
    (void)context;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 4, 2), .batch_norm = true);
    wg_nn_destroy(net);
    return net ? WG_OK : code();
}

static wg_status makes_optimizer(void *context)
{
    wg_tensor *list[] = {context};
    wg_optim *optim = wg_optim_adam(((wg_tensor_list){1, list, NULL}));
    wg_optim_destroy(optim);
    return optim ? WG_OK : code();
}

static wg_status makes_batches(void *context)
{
    wg_batches *batches = wg_batches_create(context, WG_NONE, .size = 2);
    wg_batches_destroy(batches);
    return batches ? WG_OK : code();
}

static wg_status reads_table(void *context)
{
    (void)context;
    wg_tensor *features = NULL, *labels = NULL;
    const wg_status status = wg_dataset_parse_csv("1,2\n3,1\n", 8, "table", &features, &labels);
    if (status == WG_OK)
        wg_free(features), wg_free(labels);
    return status;
}

static wg_status makes_from_host(void *context)
{
    (void)context;
    const double one[] = {1};
    wg_tensor *t = wg_from(one, WG_SHAPE(1));
    wg_free(t);
    return t ? WG_OK : code();
}

/* They are refused with E_STATE, in message and return value, and leak nothing. */
static void constructors_in_a_step_lose_nothing(void **state)
{
    (void)state;
    wg_step *const steps[] = {seeds, makes_generator, makes_network, makes_optimizer, makes_batches, reads_table, makes_from_host};
    wg_tensor *x = leaf(WG_F32, WG_SHAPE(4, 3), 1);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int64_t live[3];
        for (int round = 0; round < 3; round++) { /* the first round may allocate what the thread keeps */
            assert_null(wg_replay_capture(steps[i], x));
            if (code() != WG_E_STATE)
                fail_msg("constructor %zu: %s", i, wg_error_first()->message);
            wg_error_take(NULL);
            live[round] = wg_memory_now().live;
        }
        if (live[2] != live[1])
            fail_msg("constructor %zu loses %lld bytes", i, (long long)(live[2] - live[1]));
    }
    wg_free(x);
}

/* ---- threads that end inside the step ---- */

static void count_down(void *context)
{
    --*(int *)context;
}

static wg_status nothing(const wg_call *c)
{
    (void)c;
    return WG_OK;
}

struct leaver {
    wg_tensor *x, *kept;
    int contexts;
    bool updating;
};

static wg_status leaves(void *context)
{
    struct leaver *leaver = context;
    wg_tape_open();
    wg_tensor *y = wg_closure_apply(&(wg_closure){.name = "nothing",
                                                  .forward = nothing,
                                                  .dtype = WG_F64,
                                                  .shape = WG_SHAPE(3),
                                                  .context = &leaver->contexts,
                                                  .destroy = count_down,
                                                  .replayable = true},
                                    &leaver->x, 1);
    leaver->contexts++;
    leaver->kept = wg_keep(wg_tanh(wg_mul(y, wg_ones(WG_F64, WG_SHAPE(3)))));
    if (leaver->updating && (wg_update_begin() != WG_OK || wg_increment(leaver->x) != WG_OK))
        return WG_E_BUG;
    pthread_exit(NULL);
}

static void *captures_and_leaves(void *context)
{
    wg_replay_capture(leaves, context);
    return NULL;
}

static void a_thread_that_ends_inside_a_step_loses_nothing(void **state)
{
    (void)state;
    live_excuse(); /* what the threads kept is freed here */
    struct leaver leaver = {.x = leaf(WG_F64, WG_SHAPE(3), 1)};
    enum { ROUNDS = 12, LAST = ROUNDS - 1, SETTLED = LAST - 4 }; /* the C library's own tables grow at first */
    size_t used[ROUNDS];
    mallopt(M_ARENA_MAX, 1); /* so that the blocks of all threads are counted */
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t thread;
        leaver.updating = round % 2;
        assert_int_equal(pthread_create(&thread, NULL, captures_and_leaves, &leaver), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(leaver.contexts, 0);
        assert_non_null(leaver.kept);
        wg_free(leaver.kept), leaver.kept = NULL;
        wg_memory_trim();
        used[round] = mallinfo2().uordblks;
    }
    if (used[LAST] > used[SETTLED] + 1024)
        fail_msg("four threads lose %zu bytes", used[LAST] - used[SETTLED]);
    wg_free(leaver.x);
}

/* ---- temporaries of a closure's forward are freed when it returns, however the closure is run ---- */

static wg_tensor *way_x, *way_result;

/* exp(x) by ops with intermediate values that only it sees; every operation on their handles is allowed. */
static wg_status exp_on_the_way(const wg_call *c)
{
    double values[3];
    wg_tensor *y = wg_exp(wg_tanh(wg_mul_scalar(c->in[0], 2)));
    wg_hold(y), wg_donate(c->in[0]);
    WG_TRY(wg_set_name(c->in[0], "x of the closure"));
    WG_TRY(wg_read(y, values));
    return wg_write(c->out[0], values);
}

static wg_status way_step(void *context)
{
    const bool *tape_closed = context;
    wg_tape *tape = *tape_closed ? NULL : wg_tape_open();
    wg_tensor *y = wg_closure_apply(
        &(wg_closure){
            .name = "exp_on_the_way", .forward = exp_on_the_way, .dtype = WG_F64, .shape = WG_SHAPE(3), .replayable = true},
        &way_x, 1);
    wg_tensor *kept = y ? wg_own(y) : NULL;
    wg_tape_close(tape);
    if (!kept)
        return wg_error_first()->code;
    wg_free(way_result);
    way_result = kept;
    return WG_OK;
}

enum way { REPLAY, REPLAY_ON_A_TAPE, EVALUATE, EAGER, EAGER_WITHOUT_GRADIENTS, EAGER_WITHOUT_A_TAPE, N_WAYS };

static wg_status run_one_way(enum way way, wg_replay *replay)
{
    static bool with_tape = false, without_tape = true;
    if (way == REPLAY)
        return wg_replay_run(replay);
    if (way == REPLAY_ON_A_TAPE) {
        WG_TAPE(tape);
        wg_tensor *before = wg_neg(way_x);
        const size_t nodes = wg_tape_nodes(tape);
        WG_TRY(wg_replay_run(replay));
        assert_int_equal(wg_tape_nodes(tape), nodes); /* a run records nothing */
        return wg_data(before) ? WG_OK : WG_E_STATE;
    }
    if (way == EVALUATE)
        return wg_evaluate(way_step, &with_tape);
    if (way == EAGER)
        return way_step(&with_tape);
    WG_NO_GRAD;
    return way_step(way == EAGER_WITHOUT_GRADIENTS ? &with_tape : &without_tape);
}

static void a_closures_temporaries_end_with_its_forward(void **state)
{
    (void)state;
    way_x = leaf(WG_F64, WG_SHAPE(3), 3);
    for (enum way way = REPLAY; way < N_WAYS; way++) {
        bool with_tape = false;
        way_result = NULL;
        wg_replay *replay = way <= REPLAY_ON_A_TAPE ? wg_replay_capture(way_step, &with_tape) : NULL;
        assert_ok(run_one_way(way, replay));
        const int64_t live = live_bytes(), all = wg_memory_now().live;
        for (int i = 0; i < 1000; i++)
            assert_ok(run_one_way(way, replay));
        if (live_bytes() != live || wg_memory_now().live > all)
            fail_msg("way %d: %lld bytes more after 1000 runs", (int)way, (long long)(live_bytes() - live));
        for (int i = 0; i < 3; i++)
            assert_near(element(way_result, i), exp(tanh(2 * element(way_x, i))), 1e-15);
        wg_replay_destroy(replay);
        wg_free(way_result);
    }
    wg_free(way_x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_closures_temporaries_end_with_its_forward),
        TEST(a_thread_that_ends_inside_a_step_loses_nothing),
        TEST(a_run_is_undone_with_the_tape_around_it),
        TEST(a_run_changes_parts_of_one_tensor),
        TEST(a_committed_update_is_not_undone),
        TEST(a_run_inside_the_engines_work_is_refused),
        TEST(a_step_that_only_returns_a_code_is_named),
        TEST(a_seed_reaches_replays),
        TEST(a_seed_is_an_effect),
        TEST(constructors_in_a_step_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
