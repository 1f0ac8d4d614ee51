/* The whole loop of an agent: after the first updates a step allocates nothing and records nothing, and an evaluation beside it changes that
   no more than the end of an episode does. */
#include <stdlib.h>

#include "common.h"

/* ---- what is counted: calls of the library's and the program's allocators, and forward passes that are not replayed ---- */

static long allocations, forwards;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
int __real_posix_memalign(void **block, size_t alignment, size_t n);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);
int __wrap_posix_memalign(void **block, size_t alignment, size_t n);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t n)
{
    allocations++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    allocations++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *block, size_t n)
{
    allocations++;
    return __real_realloc(block, n);
}

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
    allocations++;
    return __real_aligned_alloc(alignment, n);
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t n)
{
    allocations++;
    return __real_posix_memalign(block, alignment, n);
}

char *__wrap_strdup(const char *text)
{
    allocations++;
    return __real_strdup(text);
}

/* A layer of every network. Its forward function is run where a pass is recorded or captured, and not where it is replayed. */
static wg_tensor *forward_counted(const wg_nn_call *call, wg_tensor *x)
{
    (void)call;
    forwards++;
    return wg_tanh(x);
}

static const struct wg_nn_kind counted = {.name = "counted", .forward = forward_counted};

/* ---- a loop ---- */

enum { OBSERVATION = 3, ACTION = 1, HIDDEN = 16, BATCH = 32, WARM_UP = 64, MEASURED = 450 };

struct loop {
    wg_nn_module *actor, *critic[2];
    wg_optim *actor_optim, *critic_optim;
    wg_rl_agent *agent;
    wg_rl_env *env;
    wg_rl_vector *envs;
    wg_rl_actor *policy;
    wg_rl_noise *noise;
    wg_rl_buffer *buffer;
    int64_t copies, episodes;
    bool prioritized;
};

static wg_nn_module *network(int64_t in, int64_t out)
{
    return wg_nn_sequential(wg_nn_linear(in, HIDDEN), wg_nn_relu(), wg_nn_linear(HIDDEN, out),
                            wg_nn_module_create(&counted, NULL, NULL));
}

static void make_agent(struct loop *l, bool td3, bool captured)
{
    l->actor = network(OBSERVATION, ACTION), l->critic[0] = network(OBSERVATION + ACTION, 1);
    l->critic[1] = td3 ? network(OBSERVATION + ACTION, 1) : NULL;
    l->actor_optim = wg_optim_adam(wg_nn_parameters(l->actor), .lr = 1e-3);
    l->critic_optim = wg_optim_adam(wg_nn_parameters(l->critic[0]), .lr = 1e-3);
    if (td3)
        assert_int_equal(wg_optim_add_group(l->critic_optim, wg_nn_parameters(l->critic[1])), WG_OK);
    l->agent = td3 ? wg_rl_td3(l->actor, l->critic[0], l->critic[1], l->actor_optim, l->critic_optim, .captured = captured)
                   : wg_rl_ddpg(l->actor, l->critic[0], l->actor_optim, l->critic_optim, .captured = captured, .average = 0.01);
    l->policy = wg_rl_actor_create(l->actor, OBSERVATION, ACTION);
    assert_non_null(l->agent), assert_non_null(l->policy);
}

static struct loop make_loop(bool td3, bool captured, bool prioritized, int64_t copies)
{
    struct loop l = {.env = wg_rl_pendulum(), .copies = copies, .prioritized = prioritized};
    make_agent(&l, td3, captured);
    l.envs = wg_rl_vector_create(l.env, copies, .seed = 1);
    l.noise = td3 ? wg_rl_gaussian(copies, ACTION, .seed = 2) : wg_rl_ornstein_uhlenbeck(copies, ACTION, .seed = 2);
    l.buffer = wg_rl_buffer_create(OBSERVATION, ACTION, .capacity = 256 * copies, .batch = BATCH, .copies = copies, .n_step = 3,
                                   .prioritized = prioritized, .seed = 3);
    assert_non_null(l.envs), assert_non_null(l.noise), assert_non_null(l.buffer);
    return l;
}

static void end_loop(struct loop *l)
{
    wg_rl_buffer_destroy(l->buffer), wg_rl_noise_destroy(l->noise), wg_rl_vector_destroy(l->envs), wg_rl_env_destroy(l->env);
    wg_rl_actor_destroy(l->policy), wg_rl_agent_destroy(l->agent);
    wg_optim_destroy(l->actor_optim), wg_optim_destroy(l->critic_optim);
    wg_nn_destroy(l->actor), wg_nn_destroy(l->critic[0]), wg_nn_destroy(l->critic[1]);
}

static wg_status step(struct loop *l, bool learns)
{
    double actions[64];
    WG_TRY(wg_rl_act(l->policy, l->copies, wg_rl_vector_observations(l->envs), actions));
    WG_TRY(wg_rl_noise_add(l->noise, actions));
    WG_TRY(wg_rl_vector_step(l->envs, actions));
    const wg_rl_transitions *last = wg_rl_vector_last(l->envs);
    for (int64_t i = 0; i < last->n; i++)
        l->episodes += last->truncated[i] || last->terminated[i];
    WG_TRY(wg_rl_noise_follow(l->noise, last));
    WG_TRY(wg_rl_buffer_add(l->buffer, last));
    if (!learns)
        return WG_OK;
    WG_TRY(wg_rl_agent_learn(l->agent, wg_rl_buffer_sample(l->buffer)));
    return l->prioritized ? wg_rl_buffer_prioritize(l->buffer, wg_rl_agent_errors(l->agent)) : WG_OK;
}

/* The allocations and recorded forward passes of the steps after a warm-up and four updates. */
static void measure(struct loop *l, int steps)
{
    for (int i = 0; i < WARM_UP; i++)
        assert_int_equal(step(l, i >= WARM_UP - 4), WG_OK);
    const int64_t pooled = wg_memory_now().mallocs;
    allocations = forwards = 0;
    for (int i = 0; i < steps; i++)
        assert_int_equal(step(l, true), WG_OK);
    assert_int_equal(wg_memory_now().mallocs, pooled);
}

static void steps_allocate_and_record_nothing(void **state)
{
    (void)state;
    for (int td3 = 0; td3 < 2; td3++)
        for (int prioritized = 0; prioritized < 2; prioritized++)
            for (int64_t copies = 1; copies <= 2; copies++) {
                struct loop l = make_loop(td3, true, prioritized, copies);
                measure(&l, MEASURED);
                assert_int_equal(allocations, 0);
                assert_int_equal(forwards, 0);
                assert_true(l.episodes >= 2 * copies); /* episodes have ended meanwhile, and the buffer has gone round */
                end_loop(&l);
            }
}

/* Copies that threads step. */
static void threads_allocate_nothing(void **state)
{
    (void)state;
    struct loop l = make_loop(false, true, false, 64);
    wg_rl_vector_destroy(l.envs);
    l.envs = wg_rl_vector_create(l.env, 64, .seed = 1, .threads = 2);
    assert_non_null(l.envs);
    measure(&l, 250);
    assert_int_equal(allocations, 0);
    assert_int_equal(forwards, 0);
    end_loop(&l);
}

/* Otherwise the counts above would prove nothing: an agent that is not captured records its five passes in each step, and a replay's capture is
   seen by both counts. */
static void counts_see_what_they_count(void **state)
{
    (void)state;
    struct loop eager = make_loop(false, false, false, 1);
    measure(&eager, 10);
    assert_int_equal(forwards, 10 * 5);
    end_loop(&eager);
    allocations = forwards = 0;
    struct loop captured = make_loop(false, true, false, 1);
    for (int i = 0; i < BATCH; i++)
        assert_int_equal(step(&captured, false), WG_OK);
    assert_true(allocations > 0 && forwards == 1); /* the policy's */
    allocations = forwards = 0;
    assert_int_equal(step(&captured, true), WG_OK);
    assert_true(allocations > 0 && forwards >= 5);
    end_loop(&captured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_allocate_and_record_nothing),
        TEST(threads_allocate_nothing),
        TEST(counts_see_what_they_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
