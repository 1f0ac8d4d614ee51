/* Stages: chains beside the optimizers of the same rule, each stage beside its formula, and what acts on a whole step. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

enum { ROWS = 3, COLUMNS = 4, N = ROWS * COLUMNS, M = 3, STEPS = 30 };

/* ---- a matrix and a vector, with gradients that depend on where they are ---- */

struct run {
    wg_tensor *p[2], *target[2];
    wg_optim *optim;
};

static wg_tensor *filled(wg_shape shape, double phase)
{
    wg_tensor *t = wg_zeros(WG_F64, shape);
    for (int64_t i = 0; i < wg_numel(t); i++)
        ((double *)wg_data_mut(t))[i] = cos(1.7 * (double)i + phase);
    return t;
}

static struct run begin(void)
{
    struct run run = {
        .p = {wg_set_requires_grad(filled(WG_SHAPE(ROWS, COLUMNS), 0.3), true), wg_set_requires_grad(filled(WG_SHAPE(M), 1), true)},
        .target = {filled(WG_SHAPE(ROWS, COLUMNS), 2), filled(WG_SHAPE(M), 2)}};
    assert_int_equal(wg_seed(1, 0), WG_OK);
    return run;
}

static wg_tensor_list list(const struct run *run)
{
    return (wg_tensor_list){2, run->p, NULL};
}

static void end(struct run *run)
{
    wg_optim_destroy(run->optim), wg_free(run->p[0]), wg_free(run->p[1]);
    wg_free(run->target[0]), wg_free(run->target[1]);
}

/* Σ a(p - c)² + cos p, with another c for each element. */
static wg_tensor *loss_of(wg_tensor *p, wg_tensor *target, double slope)
{
    return wg_add(wg_mul_scalar(wg_sum(wg_square(wg_sub(p, target))), slope), wg_sum(wg_cos(p)));
}

static wg_status gradients(void *context)
{
    const struct run *run = context;
    return wg_backward(wg_add(loss_of(run->p[0], run->target[0], 1.5), loss_of(run->p[1], run->target[1], 0.7)));
}

static wg_status step(void *context)
{
    const struct run *run = context;
    WG_TAPE(tape);
    WG_TRY(gradients(context));
    return wg_optim_step(run->optim);
}

static void take_steps(struct run *run, int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(step(run), WG_OK);
}

/* ---- chains and the optimizers of the same rule ---- */

typedef wg_optim *maker(wg_tensor_list params);

#define PAIR(name, one, ...)                             \
    static wg_optim *one_##name(wg_tensor_list params)   \
    {                                                    \
        return one;                                      \
    }                                                    \
    static wg_optim *chain_##name(wg_tensor_list params) \
    {                                                    \
        return wg_optim_chain(params, __VA_ARGS__);      \
    }
PAIR(sgd, wg_optim_sgd(params, .lr = 0.05), wg_stage_rate(.lr = 0.05))
PAIR(momentum, wg_optim_sgd(params, .lr = 0.05, .momentum = 0.8, .dampening = 0.3, .weight_decay = 0.1),
     wg_stage_decay(.weight_decay = 0.1), wg_stage_momentum(.momentum = 0.8, .dampening = 0.3), wg_stage_rate(.lr = 0.05))
PAIR(nesterov, wg_optim_sgd(params, .lr = 0.05, .momentum = 0.8, .nesterov = true),
     wg_stage_momentum(.momentum = 0.8, .nesterov = true), wg_stage_rate(.lr = 0.05))
PAIR(sgdw, wg_optim_sgdw(params, .lr = 0.05, .momentum = 0.8, .weight_decay = 0.1), wg_stage_momentum(.momentum = 0.8),
     wg_stage_decay(.weight_decay = 0.1), wg_stage_rate(.lr = 0.05))
PAIR(adam, wg_optim_adam(params, .lr = 0.05, .weight_decay = 0.2), wg_stage_decay(.weight_decay = 0.2), wg_stage_adam(),
     wg_stage_rate(.lr = 0.05))
PAIR(adamw, wg_optim_adamw(params, .lr = 0.05, .beta1 = 0.7, .weight_decay = 0.2), wg_stage_adam(.beta1 = 0.7),
     wg_stage_decay(.weight_decay = 0.2), wg_stage_rate(.lr = 0.05))
PAIR(rmsprop, wg_optim_rmsprop(params, .lr = 0.05), wg_stage_rms(), wg_stage_rate(.lr = 0.05))
PAIR(adagrad, wg_optim_adagrad(params, .lr = 0.05), wg_stage_adagrad(), wg_stage_rate(.lr = 0.05))
PAIR(signum, wg_optim_signum(params, .lr = 0.05, .weight_decay = 0.1), wg_stage_mean(), wg_stage_sign(),
     wg_stage_decay(.weight_decay = 0.1), wg_stage_rate(.lr = 0.05))
PAIR(lamb, wg_optim_lamb(params, .lr = 0.05, .weight_decay = 0.1), wg_stage_adam(.eps = 1e-6), wg_stage_decay(.weight_decay = 0.1),
     wg_stage_trust_ratio(), wg_stage_rate(.lr = 0.05))
PAIR(cautious, wg_optim_cautious_adamw(params, .lr = 0.05, .weight_decay = 0.1), wg_stage_adam(), wg_stage_cautious(),
     wg_stage_decay(.weight_decay = 0.1), wg_stage_rate(.lr = 0.05))
PAIR(noisy, wg_optim_noisy_sgd(params, .lr = 0.05), wg_stage_noise(), wg_stage_rate(.lr = 0.05))

static const struct {
    const char *name;
    maker *one, *chain;
} pairs[] = {{"sgd", one_sgd, chain_sgd},
             {"momentum", one_momentum, chain_momentum},
             {"nesterov", one_nesterov, chain_nesterov},
             {"sgdw", one_sgdw, chain_sgdw},
             {"adam", one_adam, chain_adam},
             {"adamw", one_adamw, chain_adamw},
             {"rmsprop", one_rmsprop, chain_rmsprop},
             {"adagrad", one_adagrad, chain_adagrad},
             {"signum", one_signum, chain_signum},
             {"lamb", one_lamb, chain_lamb},
             {"cautious", one_cautious, chain_cautious},
             {"noisy", one_noisy, chain_noisy}};
enum { PAIRS = sizeof pairs / sizeof *pairs };

/* The largest distance between two runs in all steps. */
static double distance(maker *a, maker *b)
{
    struct run x = begin(), y = begin();
    double worst = 0;
    assert_int_equal(wg_seed(1, 0), WG_OK);
    assert_non_null(x.optim = a(list(&x)));
    assert_int_equal(wg_seed(1, 0), WG_OK);
    assert_non_null(y.optim = b(list(&y)));
    for (int t = 0; t < STEPS; t++) {
        take_steps(&x, 1), take_steps(&y, 1);
        for (int k = 0; k < 2; k++)
            for (int i = 0; i < (k ? M : N); i++)
                worst = fmax(worst, fabs(((const double *)wg_data(x.p[k]))[i] - ((const double *)wg_data(y.p[k]))[i]));
    }
    end(&x), end(&y);
    return worst;
}

static void chains_are_the_optimizers_of_the_same_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++)
        for (size_t k = 0; k < PAIRS; k++) {
            const double far = distance(pairs[i].one, pairs[k].chain);
            if ((i == k) != (far < 1e-12))
                fail_msg("%s and the chain of %s: %g", pairs[i].name, pairs[k].name, far);
        }
    assert_no_error();
}

/* ---- each stage of gradients beside its formula: the step of a chain with the rate 1 is the stage's result ---- */

/* u of the first step, for a gradient that is given. */
static void first_step(wg_stage *stage, const double *gradient, double *u)
{
    struct run run = begin();
    wg_tensor *g[2] = {wg_from(gradient, WG_SHAPE(ROWS, COLUMNS)), wg_from(gradient + N, WG_SHAPE(M))};
    double before[N + M], after[N + M];
    run.optim = wg_optim_chain(list(&run), stage, wg_stage_rate(.lr = 1));
    assert_non_null(run.optim);
    read_all(run.p[0], before), read_all(run.p[1], before + N);
    for (int k = 0; k < 2; k++)
        assert_int_equal(wg_add_gradient(run.p[k], g[k]), WG_OK);
    assert_int_equal(wg_optim_step(run.optim), WG_OK);
    read_all(run.p[0], after), read_all(run.p[1], after + N);
    for (int i = 0; i < N + M; i++)
        u[i] = before[i] - after[i];
    end(&run), wg_free(g[0]), wg_free(g[1]);
}

static double norm(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

static void assert_u(wg_stage *stage, const double *gradient, const double *expected)
{
    double u[N + M];
    first_step(stage, gradient, u);
    for (int i = 0; i < N + M; i++)
        assert_close(u[i], expected[i], 1e-12);
}

static void clipping_follows_its_formulas(void **state)
{
    (void)state;
    double g[N + M], u[N + M], p[N + M];
    for (int i = 0; i < N + M; i++)
        g[i] = 3 * sin(2.1 * i + 0.4);
    struct run run = begin();
    read_all(run.p[0], p), read_all(run.p[1], p + N);
    end(&run);
    const double all = norm(g, N + M);
    for (int i = 0; i < N + M; i++)
        u[i] = g[i] * 2 / (all + 1e-6);
    assert_u(wg_stage_clip_norm(.limit = 2), g, u);
    assert_u(wg_stage_clip_norm(.limit = 100), g, g);
    assert_true(norm(g, N) > 2 && norm(g + N, M) < 5);
    for (int i = 0; i < N + M; i++)
        u[i] = i < N ? g[i] * 5 / (norm(g, N) + 1e-6) : g[i];
    assert_u(wg_stage_clip_block_norm(.limit = 5), g, u);
    for (int i = 0; i < N + M; i++)
        u[i] = fmin(fmax(g[i], -1.5), 1.5);
    assert_u(wg_stage_clip_value(.limit = 1.5), g, u);
    for (int i = 0; i < N + M; i++) { /* units: the matrix's rows, the vector's elements */
        const int first = i < N ? i / COLUMNS * COLUMNS : i, n = i < N ? COLUMNS : 1;
        u[i] = g[i] * fmin(1, 0.5 * fmax(norm(p + first, n), 0.9) / norm(g + first, n));
    }
    assert_u(wg_stage_clip_adaptive(.ratio = 0.5, .eps = 0.9), g, u);
    for (int i = 0; i < N + M; i++)
        u[i] = -g[i];
    assert_u(wg_stage_negate(), g, u);
    for (int i = 0; i < N + M; i++)
        u[i] = g[i] + (i < N ? 0.25 * p[i] : 0); /* the vector does not decay */
    assert_u(wg_stage_decay(.weight_decay = 0.25, .min_axes = 2), g, u);
    assert_no_error();
}

/* A gradient whose norm is above 1, whatever limits there are, eager and in a captured step. */
static void a_clipped_step_is_captured(void **state)
{
    (void)state;
    struct run called = begin(), eager = begin(), replayed = begin();
    called.optim = wg_optim_sgd(list(&called), .lr = 0.05);
    eager.optim = wg_optim_sgd(list(&eager), .lr = 0.05);
    replayed.optim = wg_optim_sgd(list(&replayed), .lr = 0.05);
    assert_int_equal(wg_optim_add_stage(eager.optim, wg_stage_clip_norm(.limit = 1)), WG_OK);
    assert_int_equal(wg_optim_add_stage(replayed.optim, wg_stage_clip_norm(.limit = 1)), WG_OK);
    wg_replay *replay = wg_replay_capture(step, &replayed);
    assert_non_null(replay);
    for (int t = 0; t < STEPS; t++) {
        WG_TAPE(tape);
        double length;
        assert_int_equal(gradients(&called), WG_OK);
        assert_int_equal(wg_optim_clip_norm(list(&called), 1, &length), WG_OK);
        assert_true(t > 2 || length > 1);
        assert_int_equal(wg_optim_step(called.optim), WG_OK);
        take_steps(&eager, 1);
        assert_int_equal(t > 0 ? wg_replay_run(replay) : WG_OK, WG_OK);
        assert_same_bits(eager.p[0], replayed.p[0]), assert_same_bits(eager.p[1], replayed.p[1]);
        assert_values(eager.p[0], wg_data(called.p[0]), 1e-13);
    }
    wg_replay_destroy(replay);
    end(&called), end(&eager), end(&replayed);
    assert_no_error();
}

/* ---- caution compares with the gradient that the step has, not with what backward left ---- */

static void caution_follows_stages_that_make_gradients(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        struct run run = begin(), mean = begin();
        run.optim = way == 0   ? wg_optim_cautious_adamw(list(&run), .lr = 0.1)
                    : way == 1 ? wg_optim_chain(list(&run), wg_stage_negate(), wg_stage_sign(), wg_stage_cautious(),
                                                wg_stage_rate(.lr = 0.1))
                               : wg_optim_chain(list(&run), wg_stage_accumulate(.steps = 2), wg_stage_cautious(),
                                                wg_stage_rate(.lr = 0.1));
        if (way == 0)
            assert_int_equal(wg_optim_add_stage(run.optim, wg_stage_negate()), WG_OK);
        const double given[2][M] = {{10, 10, 10}, {-1, -1, -1}};
        double before[M], after[M];
        read_all(run.p[1], before);
        for (int part = 0; part < (way == 2 ? 2 : 1); part++) {
            wg_tensor *g = wg_from(given[part], WG_SHAPE(M));
            assert_int_equal(wg_add_gradient(run.p[1], g), WG_OK);
            assert_int_equal(wg_optim_step(run.optim), WG_OK);
            wg_free(g);
        }
        read_all(run.p[1], after);
        for (int i = 0; i < M; i++)
            assert_true(way == 2 ? fabs(before[i] - 0.45 - after[i]) < 1e-12 : after[i] > before[i] + 0.05);
        end(&run), end(&mean);
    }
    assert_no_error();
}

/* ---- whole steps ---- */

static double state_of(const wg_optim *optim, const char *name)
{
    const wg_tensor_list all = wg_optim_state(optim);
    for (size_t i = 0; i < all.n; i++)
        if (strcmp(all.name[i], name) == 0)
            return wg_item(all.tensor[i]);
    fail_msg("no state is called %s", name);
    return NAN;
}

/* One step of n gradients is a step with their mean, moments and all. */
static void accumulated_steps_are_steps_with_the_mean(void **state)
{
    (void)state;
    struct run many = begin(), few = begin();
    many.optim = wg_optim_adam(list(&many), .lr = 0.1), few.optim = wg_optim_adam(list(&few), .lr = 0.1);
    assert_int_equal(wg_optim_add_stage(many.optim, wg_stage_accumulate(.steps = 3)), WG_OK);
    wg_tensor *g = wg_zeros(WG_F64, WG_SHAPE(M)), *mean = wg_zeros(WG_F64, WG_SHAPE(M));
    for (int t = 0; t < 5; t++) {
        for (int part = 0; part < 3; part++) {
            assert_close(state_of(many.optim, "accumulate.taken"), part, 0);
            for (int i = 0; i < M; i++) {
                ((double *)wg_data_mut(g))[i] = sin(t + 2 * part + 3 * i);
                ((double *)wg_data_mut(mean))[i] = (part ? ((const double *)wg_data(mean))[i] : 0) + sin(t + 2 * part + 3 * i) / 3;
            }
            assert_int_equal(wg_add_gradient(many.p[1], g), WG_OK);
            assert_int_equal(wg_optim_step(many.optim), WG_OK);
            if (part < 2)
                assert_values(many.p[1], wg_data(few.p[1]), 1e-14);
        }
        assert_int_equal(wg_add_gradient(few.p[1], mean), WG_OK);
        assert_int_equal(wg_optim_step(few.optim), WG_OK);
        assert_values(many.p[1], wg_data(few.p[1]), 1e-14);
        assert_close(state_of(many.optim, "1.count"), t + 1, 0);
    }
    wg_free(g), wg_free(mean);
    end(&many), end(&few);
    assert_no_error();
}

/* A step with a NaN or an infinity leaves everything as it was, and is counted. */
static void steps_that_are_not_finite_are_left_out(void **state)
{
    (void)state;
    struct run run = begin(), sound = begin();
    run.optim = wg_optim_adam(list(&run), .lr = 0.1), sound.optim = wg_optim_adam(list(&sound), .lr = 0.1);
    assert_int_equal(wg_optim_add_stage(run.optim, wg_stage_skip_nonfinite()), WG_OK);
    const double bad[] = {NAN, INFINITY, -INFINITY};
    for (int t = 0; t < 3; t++) {
        double g[M] = {1, bad[t], 2};
        wg_tensor *wrong = wg_from(g, WG_SHAPE(M)), *right = wg_ones(WG_F64, WG_SHAPE(ROWS, COLUMNS));
        assert_int_equal(wg_add_gradient(run.p[1], wrong), WG_OK);
        assert_int_equal(wg_add_gradient(run.p[0], right), WG_OK);
        assert_int_equal(wg_optim_step(run.optim), WG_OK);
        assert_null(wg_gradient(run.p[1]));
        wg_free(wrong), wg_free(right);
        assert_close(state_of(run.optim, "skip_nonfinite.skipped"), t + 1, 0);
        take_steps(&run, 1), take_steps(&sound, 1);
        for (int k = 0; k < 2; k++)
            assert_values(run.p[k], wg_data(sound.p[k]), 1e-14);
    }
    assert_close(state_of(run.optim, "1.count"), 3, 0);
    end(&run), end(&sound);
    assert_no_error();
}

/* ---- stages of parameters ---- */

static void lookahead_goes_back_a_part_of_the_way(void **state)
{
    (void)state;
    struct run run = begin(), plain = begin();
    run.optim = wg_optim_sgd(list(&run), .lr = 0.05), plain.optim = wg_optim_sgd(list(&plain), .lr = 0.05);
    assert_int_equal(wg_optim_add_stage(run.optim, wg_stage_lookahead(.steps = 3, .alpha = 0.25)), WG_OK);
    double slow[M], now[M];
    read_all(run.p[1], slow);
    for (int t = 1; t <= 9; t++) {
        take_steps(&run, 1), take_steps(&plain, 1);
        if (t % 3 == 0) {
            read_all(plain.p[1], now);
            for (int i = 0; i < M; i++)
                now[i] = slow[i] += 0.25 * (now[i] - slow[i]);
            assert_int_equal(wg_write(plain.p[1], now), WG_OK);
            read_all(run.p[0], (double[N]){0});
            assert_int_equal(wg_write_raw(plain.p[0], wg_data(run.p[0])), WG_OK); /* the vector is enough */
        }
        assert_values(run.p[1], wg_data(plain.p[1]), 1e-13);
    }
    end(&run), end(&plain);
    assert_no_error();
}

/* Averages beside those of the weights of all steps; exchanged for the weights and taken back. */
static void averages_are_those_of_the_weights(void **state)
{
    (void)state;
    struct run run = begin();
    run.optim = wg_optim_sgd(list(&run), .lr = 0.02);
    assert_int_equal(wg_optim_add_stage(run.optim, wg_stage_ema(.decay = 0.9, .warmup = true)), WG_OK);
    assert_int_equal(wg_optim_add_stage(run.optim, wg_stage_swa(.start = 4, .period = 3)), WG_OK);
    double ema[M] = {0}, swa[M] = {0}, w[M], n = 0;
    for (int t = 1; t <= 20; t++) {
        take_steps(&run, 1);
        read_all(run.p[1], w);
        const double d = t == 1 ? 0 : fmin(0.9, (1.0 + t) / (10 + t));
        const bool taken = t >= 4 && (t - 4) % 3 == 0;
        for (int i = 0; i < M; i++) {
            ema[i] = d * ema[i] + (1 - d) * w[i];
            swa[i] = t < 4 ? w[i] : taken ? swa[i] + (w[i] - swa[i]) / (n + 1) : swa[i];
        }
        n += taken;
        assert_int_equal(wg_optim_exchange(run.optim, "average"), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, "several stages have a state average");
        assert_int_equal(wg_optim_exchange(run.optim, "avrage"), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, "has no state \"avrage\" of each parameter; it has v, ema.average, swa.average");
        const char *const names[] = {"ema.average", "swa.average"};
        for (int k = 0; k < 2; k++) {
            assert_int_equal(wg_optim_exchange(run.optim, names[k]), WG_OK);
            assert_values(run.p[1], k ? swa : ema, 1e-13);
            assert_int_equal(step(&run), WG_E_STATE);
            assert_error(WG_E_STATE, "optim_step: the parameters are exchanged with the state average");
            wg_optim_clear_gradients(run.optim);
            assert_int_equal(wg_optim_exchange(run.optim, names[k]), WG_OK);
            assert_values(run.p[1], w, 0);
        }
    }
    end(&run);
    assert_no_error();
}

static void projections_lead_into_their_sets(void **state)
{
    (void)state;
    struct run run = begin();
    run.optim = wg_optim_sgd(list(&run), .lr = 0.1);
    assert_int_equal(wg_optim_add_stage(run.optim, wg_stage_project_ball(.radius = 0.5)), WG_OK);
    take_steps(&run, STEPS);
    double w[M];
    read_all(run.p[1], w);
    assert_close(norm(w, M), 0.5, 1e-12);
    assert_int_equal(wg_optim_add_stage(run.optim, wg_stage_project_box(.low = -0.2, .high = 0.1)), WG_OK);
    take_steps(&run, 2);
    read_all(run.p[1], w);
    for (int i = 0; i < M; i++)
        assert_true(w[i] >= -0.2 && w[i] <= 0.1);
    assert_true(w[0] == -0.2 || w[0] == 0.1);
    end(&run);
    assert_no_error();
}

/* Onto the simplex, row by row, beside the definition: no point of the simplex is nearer than the one that is found, by its
   conditions: q - y is one number where y > 0, and at most that number elsewhere. */
static void rows_are_projected_onto_the_simplex(void **state)
{
    (void)state;
    struct run run = begin(), plain = begin();
    run.optim = wg_optim_sgd(list(&run), .lr = 0.1), plain.optim = wg_optim_sgd(list(&plain), .lr = 0.1);
    assert_int_equal(wg_optim_add_stage(run.optim, wg_stage_project_simplex()), WG_OK);
    take_steps(&run, 1), take_steps(&plain, 1);
    double y[N], q[N];
    int zeros = 0;
    read_all(run.p[0], y), read_all(plain.p[0], q);
    for (int row = 0; row < ROWS; row++) {
        double sum = 0, away = NAN;
        for (int i = row * COLUMNS; i < (row + 1) * COLUMNS; i++) {
            sum += y[i];
            away = y[i] > 0 ? q[i] - y[i] : away;
        }
        assert_close(sum, 1, 1e-14);
        for (int i = row * COLUMNS; i < (row + 1) * COLUMNS; i++) {
            assert_true(y[i] >= 0);
            assert_true(y[i] > 0 ? fabs(q[i] - y[i] - away) < 1e-14 : q[i] <= away);
            zeros += y[i] == 0;
        }
    }
    assert_true(zeros > 0);
    end(&run), end(&plain);
    assert_no_error();
}

/* ‖ppᵀ - I‖, the largest element, of a matrix with fewer rows than columns. */
static double away_from_orthonormal(const double *p)
{
    double worst = 0;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < ROWS; j++) {
            double dot = 0;
            for (int k = 0; k < COLUMNS; k++)
                dot += p[i * COLUMNS + k] * p[j * COLUMNS + k];
            worst = fmax(worst, fabs(dot - (i == j)));
        }
    return worst;
}

/* Orthonormal rows stay orthonormal, and the loss falls. */
static void steps_along_the_stiefel_manifold(void **state)
{
    (void)state;
    struct run run = begin(), free = begin();
    double p[N] = {0};
    for (int i = 0; i < ROWS; i++)
        p[i * COLUMNS + i] = 1;
    assert_int_equal(wg_write(run.p[0], p), WG_OK), assert_int_equal(wg_write(free.p[0], p), WG_OK);
    run.optim = wg_optim_adam(list(&run), .lr = 0.05), free.optim = wg_optim_adam(list(&free), .lr = 0.05);
    assert_int_equal(wg_optim_add_stage(run.optim, wg_stage_cayley()), WG_OK);
    double first = 0, last = 0;
    for (int t = 0; t < STEPS; t++) {
        WG_TAPE(tape);
        last = wg_item(loss_of(run.p[0], run.target[0], 1.5));
        first = t == 0 ? last : first;
        take_steps(&run, 1), take_steps(&free, 1);
        read_all(run.p[0], p);
        assert_true(away_from_orthonormal(p) < 1e-13);
    }
    assert_true(last < first - 0.5);
    assert_values(run.p[1], wg_data(free.p[1]), 1e-15); /* of one axis: as without the stage */
    read_all(free.p[0], p);
    assert_true(away_from_orthonormal(p) > 0.1);
    end(&run), end(&free);
    assert_no_error();
}

/* ---- steps ahead ---- */

/* Sharpness-aware steps beside their formula, by hand. */
static void sam_takes_the_gradient_at_the_sharp_point(void **state)
{
    (void)state;
    for (int adaptive = 0; adaptive < 2; adaptive++) {
        struct run run = begin(), hand = begin();
        run.optim = wg_optim_sgd(list(&run), .lr = 0.05, .momentum = 0.9),
        hand.optim = wg_optim_sgd(list(&hand), .lr = 0.05, .momentum = 0.9);
        assert_int_equal(wg_optim_add_stage(run.optim, wg_stage_sam(.rho = 0.3, .adaptive = adaptive)), WG_OK);
        for (int t = 0; t < 5; t++) {
            WG_TAPE(tape);
            double w[N + M], g[N + M], scaled[N + M], far[N + M];
            assert_int_equal(gradients(&run), WG_OK);
            assert_int_equal(wg_optim_step_ahead(run.optim), WG_OK);
            assert_null(wg_gradient(run.p[0]));
            assert_int_equal(gradients(&run), WG_OK);
            assert_int_equal(wg_optim_step(run.optim), WG_OK);

            assert_int_equal(gradients(&hand), WG_OK);
            read_all(hand.p[0], w), read_all(hand.p[1], w + N);
            read_all(wg_gradient(hand.p[0]), g), read_all(wg_gradient(hand.p[1]), g + N);
            for (int i = 0; i < N + M; i++)
                scaled[i] = g[i] * (adaptive ? fabs(w[i]) : 1);
            for (int i = 0; i < N + M; i++)
                far[i] = w[i] + 0.3 * scaled[i] * (adaptive ? fabs(w[i]) : 1) / (norm(scaled, N + M) + 1e-12);
            wg_optim_clear_gradients(hand.optim);
            assert_int_equal(wg_write(hand.p[0], far), WG_OK), assert_int_equal(wg_write(hand.p[1], far + N), WG_OK);
            assert_int_equal(gradients(&hand), WG_OK);
            assert_int_equal(wg_write(hand.p[0], w), WG_OK), assert_int_equal(wg_write(hand.p[1], w + N), WG_OK);
            assert_int_equal(wg_optim_step(hand.optim), WG_OK);
            for (int k = 0; k < 2; k++)
                assert_values(run.p[k], wg_data(hand.p[k]), 1e-13);
        }
        end(&run), end(&hand);
    }
    assert_no_error();
}

/* A point ahead that is no number: the step is left out, and the parameters are where they were. */
static void a_step_left_out_goes_back_from_ahead(void **state)
{
    (void)state;
    struct run run = begin();
    double before[M];
    run.optim = wg_optim_sgd(list(&run), .lr = 0.1);
    assert_int_equal(wg_optim_add_stage(run.optim, wg_stage_sam()), WG_OK);
    assert_int_equal(wg_optim_add_stage(run.optim, wg_stage_skip_nonfinite()), WG_OK);
    read_all(run.p[1], before);
    for (int round = 0; round < 2; round++) {
        const double wrong[M] = {1, round ? 0 : NAN, INFINITY}, right[M] = {1, 2, 3};
        wg_tensor *ahead = wg_from(right, WG_SHAPE(M)), *there = wg_from(wrong, WG_SHAPE(M));
        assert_int_equal(wg_add_gradient(run.p[1], round ? there : ahead), WG_OK);
        assert_int_equal(wg_optim_step_ahead(run.optim), WG_OK);
        assert_int_equal(wg_add_gradient(run.p[1], there), WG_OK);
        assert_int_equal(wg_optim_step(run.optim), WG_OK);
        assert_values(run.p[1], before, 0);
        wg_free(ahead), wg_free(there);
    }
    end(&run);
    assert_no_error();
}

/* min over x, max over y of xy: extragradient comes to the saddle, gradient descent circles away. */
static double saddle(bool extra)
{
    wg_tensor *x = wg_set_requires_grad(wg_ones(WG_F64, WG_SCALAR), true),
              *y = wg_set_requires_grad(wg_ones(WG_F64, WG_SCALAR), true);
    wg_optim *low = wg_optim_sgd(((wg_tensor_list){1, &x, NULL}), .lr = 0.2),
             *high = wg_optim_sgd(((wg_tensor_list){1, &y, NULL}), .lr = 0.2);
    assert_int_equal(wg_optim_add_stage(high, wg_stage_negate()), WG_OK);
    if (extra) {
        assert_int_equal(wg_optim_add_stage(low, wg_stage_extragradient()), WG_OK);
        assert_int_equal(wg_optim_add_stage(high, wg_stage_extragradient()), WG_OK);
    }
    for (int t = 0; t < 200; t++) {
        WG_TAPE(tape);
        for (int ahead = extra; ahead >= 0; ahead--) {
            assert_int_equal(wg_backward(wg_mul(x, y)), WG_OK);
            assert_int_equal(ahead ? wg_optim_step_ahead(low) : wg_optim_step(low), WG_OK);
            assert_int_equal(ahead ? wg_optim_step_ahead(high) : wg_optim_step(high), WG_OK);
        }
    }
    const double far = hypot(wg_item(x), wg_item(y));
    wg_optim_destroy(low), wg_optim_destroy(high), wg_free(x), wg_free(y);
    return far;
}

static void extragradient_comes_to_a_saddle(void **state)
{
    (void)state;
    assert_close(saddle(true), sqrt(2) * pow(1 - 0.2 * 0.2 + pow(0.2, 4), 100), 1e-12); /* |1 - η² + iη| a step */
    assert_close(saddle(false), sqrt(2) * pow(1 + 0.2 * 0.2, 100), 1e-8);
    assert_no_error();
}

static wg_status ahead_and_step(void *context)
{
    const struct run *run = context;
    WG_TAPE(tape);
    WG_TRY(gradients(context));
    WG_TRY(wg_optim_step_ahead(run->optim));
    WG_TRY(gradients(context));
    return wg_optim_step(run->optim);
}

static void steps_ahead_are_captured(void **state)
{
    (void)state;
    for (int which = 0; which < 2; which++) {
        struct run eager = begin(), replayed = begin();
        struct run *both[] = {&eager, &replayed};
        for (int i = 0; i < 2; i++) {
            both[i]->optim = wg_optim_adam(list(both[i]), .lr = 0.05);
            assert_int_equal(wg_optim_add_stage(both[i]->optim, which ? wg_stage_extragradient() : wg_stage_sam()), WG_OK);
        }
        wg_replay *replay = wg_replay_capture(ahead_and_step, &replayed);
        assert_non_null(replay);
        for (int t = 0; t < 4; t++) {
            assert_int_equal(ahead_and_step(&eager), WG_OK);
            assert_int_equal(t > 0 ? wg_replay_run(replay) : WG_OK, WG_OK);
            assert_same_bits(eager.p[0], replayed.p[0]), assert_same_bits(eager.p[1], replayed.p[1]);
        }
        wg_replay_destroy(replay);
        end(&eager), end(&replayed);
    }
    assert_no_error();
}

/* ---- options and printing ---- */

static void options_of_stages_are_options_of_groups(void **state)
{
    (void)state;
    struct run run = begin();
    run.optim = wg_optim_chain(((wg_tensor_list){1, &run.p[0], NULL}), wg_stage_clip_value(.limit = 3), wg_stage_adam(),
                               wg_stage_decay(.weight_decay = 0.5), wg_stage_clip_value(.limit = 2), wg_stage_rate(.lr = 0.25));
    assert_non_null(run.optim);
    assert_int_equal(wg_optim_add_group(run.optim, ((wg_tensor_list){1, &run.p[1], NULL}), .weight_decay = 0, .beta1 = 0.5), WG_OK);
    assert_close(wg_optim_get(run.optim, 1, "weight_decay"), 0, 0);
    assert_close(wg_optim_get(run.optim, 1, "adam.beta1"), 0.5, 0);
    assert_close(wg_optim_get(run.optim, 0, "decay.weight_decay"), 0.5, 0);
    assert_close(wg_optim_get(run.optim, 1, "clip_value#2.limit"), 2, 0);
    assert_true(isnan(wg_optim_get(run.optim, 0, "limit")));
    assert_error(WG_E_ARGUMENT, "optim_get: the option limit is that of several stages: clip_value.limit, clip_value#2.limit");
    assert_int_equal(wg_optim_set(run.optim, 1, "clip_value.limit", -1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "optim_set: expected clip_value.limit in [0, inf), got -1");
    assert_int_equal(wg_optim_set_lr(run.optim, 1, 0.125), WG_OK);
    assert_close(wg_optim_lr(run.optim, 1), 0.125, 0);
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(wg_optim_print(run.optim, stream), WG_OK);
    fclose(stream);
    assert_string_equal(text,
                        "chain: clip_value, adam, decay, clip_value#2, rate\n"
                        "group 0: 1 parameter, 12 elements, clip_value.limit=3, adam.beta1=0.9, adam.beta2=0.999, adam.eps=1e-08, "
                        "decay.weight_decay=0.5, decay.min_axes=0, clip_value#2.limit=2, rate.lr=0.25\n"
                        "group 1: 1 parameter, 3 elements, clip_value.limit=3, adam.beta1=0.5, adam.beta2=0.999, adam.eps=1e-08, "
                        "decay.weight_decay=0, decay.min_axes=0, clip_value#2.limit=2, rate.lr=0.125 (base 0.25)\n");
    free(text);
    take_steps(&run, 2);
    assert_int_equal(wg_optim_add_stage(run.optim, wg_stage_lookahead()), WG_OK); /* in mid-run */
    assert_close(wg_optim_get(run.optim, 1, "lookahead.alpha"), 0.5, 0);
    assert_close(wg_optim_lr(run.optim, 1), 0.125, 0);
    take_steps(&run, 6);
    end(&run);
    assert_no_error();
}

/* Whichever allocation fails, the optimizer has the stage or is as it was. */
static void a_stage_without_memory_is_not_added(void **state)
{
    (void)state;
    struct run run = begin();
    run.optim = wg_optim_adam(list(&run));
    const size_t before = wg_optim_state(run.optim).n;
    for (int64_t at = 0;; at++) {
        wg_stage *stage = wg_stage_accumulate(.steps = 2);
        wg_memory_fail(at, false);
        const wg_status status = wg_optim_add_stage(run.optim, stage);
        wg_memory_fail(-1, false);
        if (status == WG_OK)
            break;
        assert_error(WG_E_MEMORY, "");
        assert_int_equal(wg_optim_state(run.optim).n, before);
        assert_true(isnan(wg_optim_get(run.optim, 0, "steps")));
        assert_error(WG_E_ARGUMENT, "steps");
        assert_true(at < 1000);
    }
    assert_int_equal(wg_optim_state(run.optim).n, before + 3);
    take_steps(&run, 3);
    end(&run);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(chains_are_the_optimizers_of_the_same_rule),
        TEST(clipping_follows_its_formulas),
        TEST(a_clipped_step_is_captured),
        TEST(caution_follows_stages_that_make_gradients),
        TEST(accumulated_steps_are_steps_with_the_mean),
        TEST(steps_that_are_not_finite_are_left_out),
        TEST(lookahead_goes_back_a_part_of_the_way),
        TEST(averages_are_those_of_the_weights),
        TEST(projections_lead_into_their_sets),
        TEST(rows_are_projected_onto_the_simplex),
        TEST(steps_along_the_stiefel_manifold),
        TEST(sam_takes_the_gradient_at_the_sharp_point),
        TEST(a_step_left_out_goes_back_from_ahead),
        TEST(extragradient_comes_to_a_saddle),
        TEST(steps_ahead_are_captured),
        TEST(options_of_stages_are_options_of_groups),
        TEST(a_stage_without_memory_is_not_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
