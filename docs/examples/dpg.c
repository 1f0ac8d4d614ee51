/* Deterministic policy gradient: DDPG or TD3 learns a task of control, from random actions to a policy. */
#include <math.h>
#include <stdlib.h>

#include <wengert.h>

#include "bar.h"
#include "control.h"
#include "options.h"

struct learner {
    const struct task *task;
    bool td3;
    int64_t observation, action, step; /* numbers of both; steps in the environment so far */
    wg_rl_env *env, *judge;            /* of training, and with its own rewards */
    wg_rl_vector *envs;
    wg_rl_buffer *buffer;
    wg_rl_noise *noise;
    wg_nn_module *actor, *critic[2];
    wg_optim *actor_optim, *critic_optim;
    wg_rl_agent *agent;
    wg_rl_actor *explorer, *judged;
    wg_lr *rates;
    wg_run *run;
};

/* ---- making one ---- */

static wg_nn_module *actor_of(int64_t in, int64_t out)
{
    return wg_nn_sequential(wg_nn_linear(in, HIDDEN), wg_nn_relu(), wg_nn_linear(HIDDEN, HIDDEN), wg_nn_relu(),
                            wg_nn_linear(HIDDEN, out), wg_nn_tanh());
}

/* Smooth, as the policy climbs its slope. */
static wg_nn_module *critic_of(int64_t in)
{
    return wg_nn_sequential(wg_nn_linear(in, HIDDEN), wg_nn_silu(), wg_nn_linear(HIDDEN, HIDDEN), wg_nn_silu(),
                            wg_nn_linear(HIDDEN, 1));
}

static wg_status make_agent(struct learner *l)
{
    const struct task *t = l->task;
    l->actor = actor_of(l->observation, l->action);
    l->critic[0] = critic_of(l->observation + l->action);
    l->actor_optim = wg_optim_adam(wg_nn_parameters(l->actor), .lr = t->actor_rate);
    l->critic_optim = wg_optim_adam(wg_nn_parameters(l->critic[0]), .lr = critic_rate);
    if (l->td3) {
        l->critic[1] = critic_of(l->observation + l->action);
        WG_TRY(wg_optim_add_group(l->critic_optim, wg_nn_parameters(l->critic[1])));
        l->agent = wg_rl_td3(l->actor, l->critic[0], l->critic[1], l->actor_optim, l->critic_optim, .average = average);
    } else {
        l->agent = wg_rl_ddpg(l->actor, l->critic[0], l->actor_optim, l->critic_optim, .average = average);
    }
    l->explorer = wg_rl_actor_create(l->actor, l->observation, l->action);
    l->judged = wg_rl_actor_create(wg_rl_agent_average(l->agent), l->observation, l->action);
    return wg_error_if_null(l->judged);
}

/* All that a stopped run needs to go on with the same bits. */
static wg_status make_run(struct learner *l)
{
    l->run = wg_run_create();
    WG_TRY(wg_run_add(l->run, "actor", wg_nn_state(l->actor)));
    WG_TRY(wg_run_add(l->run, "critic", wg_nn_state(l->critic[0])));
    WG_TRY(l->td3 ? wg_run_add(l->run, "second_critic", wg_nn_state(l->critic[1])) : WG_OK);
    WG_TRY(wg_run_add(l->run, "actor_optim", wg_optim_state(l->actor_optim)));
    WG_TRY(wg_run_add(l->run, "critic_optim", wg_optim_state(l->critic_optim)));
    WG_TRY(wg_run_add(l->run, "agent", wg_rl_agent_state(l->agent)));
    WG_TRY(wg_run_add(l->run, "envs", wg_rl_vector_state(l->envs)));
    WG_TRY(wg_run_add(l->run, "buffer", wg_rl_buffer_state(l->buffer)));
    WG_TRY(wg_run_add(l->run, "noise", wg_rl_noise_state(l->noise)));
    return wg_run_add_count(l->run, "step", &l->step);
}

static wg_status make(struct learner *l)
{
    const struct task *t = l->task;
    const int64_t stable = t->steps * 2 / 5;
    l->env = make_env(t, t->reward), l->judge = make_env(t, 1);
    l->envs = wg_rl_vector_create(l->env, 1);
    WG_TRY(wg_error_if_null(l->envs));
    WG_TRY(wg_error_if_null(l->judge));
    l->observation = wg_rl_env_dynamics(l->env)->observation.size, l->action = wg_rl_env_dynamics(l->env)->action.size;
    l->buffer = wg_rl_buffer_create(l->observation, l->action, .capacity = t->steps, .batch = t->batch, .gamma = discount,
                                    .n_step = t->n_step);
    l->noise = t->theta > 0 ? wg_rl_ornstein_uhlenbeck(1, l->action, .theta = t->theta) : wg_rl_gaussian(1, l->action);
    l->rates = wg_lr_warmup_stable_decay(.warmup = 0, .stable = stable, .decay = t->steps - stable);
    WG_TRY(make_agent(l));
    return make_run(l);
}

static void end(struct learner *l)
{
    wg_run_destroy(l->run), wg_lr_destroy(l->rates);
    wg_rl_actor_destroy(l->explorer), wg_rl_actor_destroy(l->judged), wg_rl_agent_destroy(l->agent);
    wg_optim_destroy(l->actor_optim), wg_optim_destroy(l->critic_optim);
    wg_nn_destroy(l->actor), wg_nn_destroy(l->critic[0]), wg_nn_destroy(l->critic[1]);
    wg_rl_noise_destroy(l->noise), wg_rl_buffer_destroy(l->buffer);
    wg_rl_vector_destroy(l->envs), wg_rl_env_destroy(l->env), wg_rl_env_destroy(l->judge);
}

/* ---- learning ---- */

/* A step in the environment, and, once there are enough of them, an update. The first actions are nothing but noise. */
static wg_status step(struct learner *l)
{
    const struct task *t = l->task;
    double action[MAX_ACTION] = {0};
    const bool warm = l->step >= t->warm_up;
    const double done = (double)l->step / (double)t->steps;
    if (warm)
        WG_TRY(wg_rl_act(l->explorer, 1, wg_rl_vector_observations(l->envs), action));
    WG_TRY(wg_rl_noise_set_sigma(l->noise, warm ? t->sigma + (t->last_sigma - t->sigma) * done : 1));
    WG_TRY(wg_rl_noise_add(l->noise, action));
    WG_TRY(wg_rl_vector_step(l->envs, action));
    WG_TRY(wg_rl_noise_follow(l->noise, wg_rl_vector_last(l->envs)));
    WG_TRY(wg_rl_buffer_add(l->buffer, wg_rl_vector_last(l->envs)));
    if (++l->step < t->warm_up)
        return WG_OK;
    WG_TRY(wg_lr_set(l->rates, l->actor_optim, l->step));
    WG_TRY(wg_lr_set(l->rates, l->critic_optim, l->step));
    const wg_rl_batch *batch = wg_rl_buffer_sample(l->buffer);
    return batch ? wg_rl_agent_learn(l->agent, batch) : wg_error_first()->code;
}

/* The return of the averaged actor on fixed starts, without noise. */
static wg_status report(struct learner *l, wg_train_log *const *log)
{
    wg_rl_score score;
    void *starts = fixed_starts(l->task, l->judge);
    const wg_status judged = wg_rl_evaluate(l->judge, wg_rl_act, l->judged, &score, .episodes = l->task->episodes,
                                            .starts = starts);
    free(starts);
    WG_TRY(judged);
    bar_clear(stderr);
    printf("step %6lld  return %8.2f ± %.2f  least %8.2f  length %6.1f\n", (long long)l->step, score.mean, score.error, score.least,
           score.length);
    const wg_train_value row[] = {{"return", score.mean},
                                  {"least", score.least},
                                  {"length", score.length},
                                  {"critic_loss", wg_rl_agent_critic_loss(l->agent)},
                                  {"actor_loss", wg_rl_agent_actor_loss(l->agent)}};
    for (int i = 0; i < 2; i++)
        WG_TRY(log[i] ? wg_train_log_write(log[i], l->step, row, sizeof row / sizeof *row) : WG_OK);
    return WG_OK;
}

static wg_status train(struct learner *l, const char *csv, const char *tensorboard, const char *resume)
{
    wg_status status = resume ? wg_run_load(l->run, resume, .optional = true) : WG_OK;
    wg_train_log *log[2] = {csv && status == WG_OK ? wg_train_log_csv(csv, .resume = resume != NULL) : NULL,
                            tensorboard && status == WG_OK ? wg_train_log_tensorboard(tensorboard) : NULL};
    if (status == WG_OK && ((csv && !log[0]) || (tensorboard && !log[1])))
        status = wg_error_first()->code;
    while (status == WG_OK && l->step < l->task->steps && !wg_interrupt_pending()) {
        status = step(l);
        bar_show(stderr, (long long)l->step, (long long)l->task->steps);
        if (status == WG_OK && (l->step % l->task->every == 0 || l->step == l->task->steps))
            status = report(l, log);
    }
    bar_clear(stderr);
    if (status == WG_OK && resume)
        status = wg_run_save(l->run, resume);
    wg_train_log_destroy(log[0]), wg_train_log_destroy(log[1]);
    return status;
}

int main(int argc, char **argv)
{
    const char *name = "pendulum", *agent = "ddpg", *save = NULL, *film = NULL, *csv = NULL, *tensorboard = NULL, *resume = NULL;
    long seed = 0, steps = 0;
    (void)argc;
    read_options(argv,
                 (const struct option[]){{"--task", "pendulum, mountain_car, cart_pole or lander", NULL, &name},
                                         {"--agent", "ddpg or td3", NULL, &agent},
                                         {"--steps", "in the environment; 0: the task's", &steps, NULL},
                                         {"--seed", "of everything that is drawn", &seed, NULL},
                                         {"--save", "model file for the policy, 0.weight, 0.bias, ...", NULL, &save},
                                         {"--film", "SVG file for an episode", NULL, &film},
                                         {"--csv", "where the returns go", NULL, &csv},
                                         {"--tensorboard", "folder for the same, as TensorBoard reads them", NULL, &tensorboard},
                                         {"--resume", "where the run is kept, and goes on from", NULL, &resume},
                                         {NULL, NULL, NULL, NULL}});
    struct task task;
    if (!find_task(name, steps, &task) || (strcmp(agent, "ddpg") != 0 && strcmp(agent, "td3") != 0)) {
        fprintf(stderr, "dpg: there is no task %s with agent %s\n", name, agent);
        return 2;
    }
    struct learner l = {.task = &task, .td3 = strcmp(agent, "td3") == 0};
    wg_status status = wg_seed((uint64_t)seed, 0);
    status = status == WG_OK ? wg_interrupt_catch() : status;
    status = status == WG_OK ? make(&l) : status;
    status = status == WG_OK ? train(&l, csv, tensorboard, resume) : status;
    if (status == WG_OK && save && !wg_interrupt_pending())
        status = save_policy(save, wg_rl_agent_average(l.agent), &task);
    if (status == WG_OK && film && !wg_interrupt_pending())
        status = write_film(film, l.env, l.judged);
    end(&l);
    return status == WG_OK ? (wg_interrupt_pending() ? 130 : 0) : wg_error_report(stderr);
}
