/* What a second thread costs where work is small: one update of deep deterministic policy gradient (critic, actor, averaged targets; networks
   of two layers of 64 on batches of 128), two threads over one thread, with the cores as they are and beside two processes that only spin.
   Each figure is the median of rounds in which both take turns. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "case.h"

enum { STATES = 8, ACTIONS = 2, BATCH = 128, UPDATES = 100, ROUNDS = 7, SPINNERS = 2 };

struct agent {
    wg_nn_module *actor, *critic, *slow_actor, *slow_critic;
    wg_optim *actor_optim, *critic_optim;
};

static wg_tensor *value(const wg_nn_module *critic, wg_tensor *s, wg_tensor *a)
{
    return wg_nn_apply(critic, wg_concat((wg_tensor *[]){s, a}, 2, 1));
}

static wg_tensor *action(const wg_nn_module *actor, wg_tensor *s)
{
    return wg_tanh(wg_nn_apply(actor, s));
}

static wg_status follow(const wg_nn_module *slow, const wg_nn_module *fast)
{
    const wg_tensor_list to = wg_nn_parameters(slow), from = wg_nn_parameters(fast);
    for (size_t i = 0; i < to.n; i++)
        WG_TRY(wg_ema_update(to.tensor[i], from.tensor[i], 0.005));
    return WG_OK;
}

static wg_status update(struct agent *g, wg_tensor *s, wg_tensor *a, wg_tensor *r)
{
    WG_TAPE(tape);
    wg_tensor *target;
    {
        WG_NO_GRAD;
        target = wg_add(r, wg_mul_scalar(value(g->slow_critic, s, action(g->slow_actor, s)), 0.99));
    }
    WG_TRY(wg_backward(wg_mse(value(g->critic, s, a), target)));
    WG_TRY(wg_optim_step(g->critic_optim));
    WG_TRY(wg_backward(wg_neg(wg_mean(value(g->critic, s, action(g->actor, s))))));
    WG_TRY(wg_optim_step(g->actor_optim));
    wg_optim_clear_gradients(g->critic_optim);
    WG_TRY(follow(g->slow_critic, g->critic));
    return follow(g->slow_actor, g->actor);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Milliseconds of an update. */
static double time_updates(struct agent *g, wg_tensor *s, wg_tensor *a, wg_tensor *r, int threads)
{
    is_("threads", wg_set_threads(threads) == WG_OK && update(g, s, a, r) == WG_OK);
    const double start = now();
    for (int i = 0; i < UPDATES; i++)
        if (update(g, s, a, r) != WG_OK)
            is_("an update", 0);
    return 1e3 * (now() - start) / UPDATES;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void compare(struct agent *g, wg_tensor *s, wg_tensor *a, wg_tensor *r, const char *where, double goal)
{
    double one[ROUNDS], two[ROUNDS], ratio[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        one[i] = time_updates(g, s, a, r, 1);
        two[i] = time_updates(g, s, a, r, 2);
        ratio[i] = two[i] / one[i];
    }
    qsort(one, ROUNDS, sizeof *one, ascending);
    qsort(two, ROUNDS, sizeof *two, ascending);
    qsort(ratio, ROUNDS, sizeof *ratio, ascending);
    printf("figure: %s: 1 thread %.2f ms, 2 threads %.2f ms, ratio %.2f (goal %.2f)\n", where, one[ROUNDS / 2], two[ROUNDS / 2],
           ratio[ROUNDS / 2], goal);
}

static void spin_for_ever(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (volatile unsigned i = 0;; i++)
        ;
}

int main(void)
{
    struct agent g = {.actor = wg_nn_mlp(WG_SIZES(STATES, 64, 64, ACTIONS), .seed = 1),
                      .critic = wg_nn_mlp(WG_SIZES(STATES + ACTIONS, 64, 64, 1), .seed = 2),
                      .slow_actor = wg_nn_mlp(WG_SIZES(STATES, 64, 64, ACTIONS), .seed = 1),
                      .slow_critic = wg_nn_mlp(WG_SIZES(STATES + ACTIONS, 64, 64, 1), .seed = 2)};
    g.actor_optim = wg_optim_adam(wg_nn_parameters(g.actor), .lr = 1e-3);
    g.critic_optim = wg_optim_adam(wg_nn_parameters(g.critic), .lr = 1e-3);
    wg_tensor *generator = wg_generator(3, 0);
    wg_tensor *s = wg_normal(generator, WG_F32, WG_SHAPE(BATCH, STATES), 0, 1);
    wg_tensor *a = wg_uniform(generator, WG_F32, WG_SHAPE(BATCH, ACTIONS), -1, 1);
    wg_tensor *r = wg_normal(generator, WG_F32, WG_SHAPE(BATCH, 1), 0, 1);
    compare(&g, s, a, r, "cores as they are", 1.05);
    pid_t spinner[SPINNERS];
    for (int i = 0; i < SPINNERS; i++) {
        fflush(stdout);
        spinner[i] = fork();
        if (spinner[i] == 0)
            spin_for_ever();
    }
    compare(&g, s, a, r, "beside two spinners", 1.5);
    for (int i = 0; i < SPINNERS; i++) {
        kill(spinner[i], SIGKILL);
        waitpid(spinner[i], NULL, 0);
    }
    wg_optim_destroy(g.actor_optim), wg_optim_destroy(g.critic_optim);
    wg_nn_destroy(g.actor), wg_nn_destroy(g.critic), wg_nn_destroy(g.slow_actor), wg_nn_destroy(g.slow_critic);
    wg_free(generator), wg_free(s), wg_free(a), wg_free(r);
    return end_();
}
