/* Games: the rules on problems with closed forms, what a turn leaves alone, the field and its eigenvalues. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn_check.h"

static void assert_ok(wg_status status)
{
    wg_error error;
    if (status != WG_OK)
        fail_msg("%s: %s", wg_status_name(status), wg_error_take(&error) == WG_OK ? "no error recorded" : error.message);
}

/* ---- bilinear: min over x, max over y of f = xy ---- */

enum { X, Y };

/* x, y: the players' parameters, one scalar each. */
struct bilinear {
    wg_tensor *z[2];
    wg_optim *optim[2];
    wg_game *game;
};

static wg_tensor *product(wg_game *game)
{
    return wg_mul(wg_game_params(game, X).tensor[0], wg_game_params(game, Y).tensor[0]);
}

static wg_tensor *loss_x(wg_game *game, void *context)
{
    (void)context;
    return product(game);
}

static wg_tensor *loss_y(wg_game *game, void *context)
{
    (void)context;
    return wg_neg(product(game));
}

static struct bilinear bilinear_of(wg_game_rule rule, double rate, bool optimistic, int64_t unroll)
{
    struct bilinear b = {.game = wg_game_create(.rule = rule)};
    wg_game_loss *const loss[] = {loss_x, loss_y};
    for (int i = 0; i < 2; i++) {
        b.z[i] = wg_set_requires_grad(wg_scalar(WG_F64, 1), true);
        const wg_tensor_list list = {1, &b.z[i], NULL};
        b.optim[i] = optimistic ? wg_optim_optimistic_sgd(list, .lr = rate) : wg_optim_sgd(list, .lr = rate);
        assert_ok(
            wg_game_add(b.game, .name = i == X ? "x" : "y", .optim = b.optim[i], .loss = loss[i], .unroll = i == X ? unroll : 0));
    }
    return b;
}

static void bilinear_end(struct bilinear *b)
{
    wg_game_destroy(b->game);
    for (int i = 0; i < 2; i++)
        wg_optim_destroy(b->optim[i]), wg_free(b->z[i]);
}

static double norm_of(const struct bilinear *b)
{
    return hypot(wg_item(b->z[X]), wg_item(b->z[Y]));
}

/* Every rule that multiplies |z| by one factor in each step, with that factor. */
static void growth_is_that_of_the_closed_form(void **state)
{
    (void)state;
    const double rates[] = {0.1, 0.5};
    for (int r = 0; r < 2; r++) {
        const double e = rates[r], e2 = e * e;
        const struct {
            wg_game_rule rule;
            double factor;
        } rules[] = {{WG_GAME_SIMULTANEOUS, sqrt(1 + e2)},
                     {WG_GAME_EXTRAGRADIENT, sqrt(1 - e2 + e2 * e2)},
                     {WG_GAME_PROXIMAL, 1 / sqrt(1 + e2)}};
        for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
            struct bilinear b = bilinear_of(rules[k].rule, e, false, 0);
            for (int step = 0; step < 20; step++) {
                const double before = norm_of(&b);
                assert_ok(wg_game_step(b.game));
                assert_close(norm_of(&b) / before, rules[k].factor, 1e-12);
            }
            bilinear_end(&b);
        }
    }
    assert_no_error();
}

static void norms_after_100_steps(void **state)
{
    (void)state;
    const struct {
        wg_game_rule rule;
        bool optimistic;
        double norm;
    } runs[] = {
        {WG_GAME_SIMULTANEOUS, false, 2.32586}, {WG_GAME_EXTRAGRADIENT, false, .859940}, {WG_GAME_SIMULTANEOUS, true, .859985}};
    for (size_t k = 0; k < sizeof runs / sizeof *runs; k++) {
        struct bilinear b = bilinear_of(runs[k].rule, 0.1, runs[k].optimistic, 0);
        for (int step = 0; step < 100; step++)
            assert_ok(wg_game_step(b.game));
        assert_true(fabs(norm_of(&b) - runs[k].norm) < 5.1e-6); /* the table has six digits */
        assert_int_equal(wg_game_count(b.game), 100);
        bilinear_end(&b);
    }
}

/* Against a loop of plain numbers, to the last digits. */
static void optimistic_steps_are_the_recurrence(void **state)
{
    (void)state;
    for (int r = 0; r < 2; r++) {
        const double e = r ? 0.5 : 0.1;
        struct bilinear b = bilinear_of(WG_GAME_SIMULTANEOUS, e, true, 0);
        double x = 1, y = 1, old_x = 1, old_y = -1; /* the gradients of the step before, at first those of this one */
        for (int step = 0; step < 100; step++) {
            const double gx = y, gy = -x;
            x -= e * (2 * gx - old_x), y -= e * (2 * gy - old_y);
            old_x = gx, old_y = gy;
            const double before = norm_of(&b);
            assert_ok(wg_game_step(b.game));
            assert_true(fabs(wg_item(b.z[X]) - x) < 1e-13 && fabs(wg_item(b.z[Y]) - y) < 1e-13);
            if (r == 0 && step > 90)
                assert_close(norm_of(&b) / before, sqrt((1 + sqrt(1 - 4 * e * e)) / 2), 1e-7);
        }
        bilinear_end(&b);
    }
}

static void alternating_keeps_its_invariant(void **state)
{
    (void)state;
    for (int r = 0; r < 2; r++) {
        const double e = r ? 0.5 : 0.1;
        struct bilinear b = bilinear_of(WG_GAME_ALTERNATING, e, false, 0);
        double least = 2, most = 0;
        for (int step = 0; step < 1000; step++) {
            assert_ok(wg_game_step(b.game));
            const double x = wg_item(b.z[X]), y = wg_item(b.z[Y]), n = hypot(x, y);
            assert_close(x * x + y * y - e * x * y, 2 - e, 1e-11);
            least = fmin(least, n), most = fmax(most, n);
        }
        assert_true(fabs(least - (r ? 1.095 : 1.345)) < 2e-3 && fabs(most - 1.414) < 1e-2);
        bilinear_end(&b);
    }
}

/* From (1,1) with a rate of 0.1. */
static void single_steps(void **state)
{
    (void)state;
    const struct {
        wg_game_rule rule;
        bool optimistic;
        double x, y;
    } steps[] = {{WG_GAME_SIMULTANEOUS, false, .9, 1.1},
                 {WG_GAME_ALTERNATING, false, .9, 1.09},
                 {WG_GAME_EXTRAGRADIENT, false, .89, 1.09},
                 {WG_GAME_SIMULTANEOUS, true, .9, 1.1}};
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        struct bilinear b = bilinear_of(steps[k].rule, 0.1, steps[k].optimistic, 0);
        assert_ok(wg_game_step(b.game));
        assert_true(fabs(wg_item(b.z[X]) - steps[k].x) < 1e-15 && fabs(wg_item(b.z[Y]) - steps[k].y) < 1e-15);
        assert_close(wg_game_last_loss(b.game, X), k == 2 ? .9 * 1.1 : 1, 1e-14); /* extragradient's is that of the point ahead */
        if (steps[k].optimistic) {
            assert_ok(wg_game_step(b.game));
            assert_true(fabs(wg_item(b.z[X]) - .78) < 1e-15 && fabs(wg_item(b.z[Y]) - 1.18) < 1e-15);
        }
        bilinear_end(&b);
    }
}

/* x's loss after five recorded steps of y is x (y + 5ηx): its gradient at (1,1) is 2; y stays where it is until its own turn. */
static void unrolled_gradient_flows_through_the_steps(void **state)
{
    (void)state;
    struct bilinear b = bilinear_of(WG_GAME_SIMULTANEOUS, 0.1, false, 5);
    assert_ok(wg_game_step(b.game));
    assert_close(wg_item(b.z[X]), 1 - 0.1 * 2, 1e-14);
    assert_close(wg_item(b.z[Y]), 1.1, 1e-14);
    assert_close(wg_game_last_loss(b.game, X), 1.5, 1e-14);
    assert_null(wg_gradient(b.z[Y]));
    bilinear_end(&b);
}

/* |v|²/2 = (x² + y²)/2: a step leads to ((1 - ηγ)x - ηy, (1 - ηγ)y + ηx). */
static void consensus_turns_towards_the_centre(void **state)
{
    (void)state;
    struct bilinear b = bilinear_of(WG_GAME_CONSENSUS, 0.1, false, 0);
    for (int step = 0; step < 20; step++) {
        const double before = norm_of(&b);
        assert_ok(wg_game_step(b.game));
        assert_close(norm_of(&b) / before, hypot(1 - 0.1 * 0.1, 0.1), 1e-13);
    }
    bilinear_end(&b);
}

/* ---- the field ---- */

/* J of xy at any point is [[0,-1],[1,0]]: eigenvalues ±i. */
static void derivatives_of_the_field(void **state)
{
    (void)state;
    struct bilinear b = bilinear_of(WG_GAME_SIMULTANEOUS, 0.1, false, 0);
    const double at[] = {3, -2}, u[] = {1, 5};
    double got[4];
    WG_TAPE(tape);
    wg_tensor *z = wg_from(at, WG_SHAPE(2)), *t = wg_from(u, WG_SHAPE(2)), *result = NULL;
    assert_ok(wg_read(wg_game_field(&z, 1, b.game), got));
    assert_true(got[0] == 2 && got[1] == 3); /* -y, x */
    assert_ok(wg_jvp(wg_game_field, b.game, &z, 1, &t, NULL, &result));
    assert_ok(wg_read(result, got));
    assert_true(got[0] == -5 && got[1] == 1);
    assert_ok(wg_vjp(wg_game_field, b.game, &z, 1, t, NULL, &result));
    assert_ok(wg_read(result, got));
    assert_true(got[0] == 5 && got[1] == -1);
    wg_tensor *eigenvalues = wg_game_eigenvalues(b.game, z);
    assert_ok(wg_read(eigenvalues, got));
    assert_true(fabs(got[0]) < 1e-15 && fabs(got[1] - 1) < 1e-15 && fabs(got[2]) < 1e-15 && fabs(got[3] + 1) < 1e-15);
    wg_free(eigenvalues);
    bilinear_end(&b);
}

/* Dirac-GAN: data at 0, a generator at θ, a critic D(x) = ψx, logistic losses, and R1 = γ/2 ψ², the squared slope of the critic at the data. */
struct dirac {
    double gamma;
};

static wg_tensor *dirac_critic(wg_game *game, void *context)
{
    const struct dirac *d = context;
    wg_tensor *psi = wg_game_params(game, X).tensor[0], *theta = wg_game_params(game, Y).tensor[0];
    return wg_add(wg_softplus(wg_mul(psi, theta)), wg_mul_scalar(wg_square(psi), d->gamma / 2));
}

static wg_tensor *dirac_generator(wg_game *game, void *context)
{
    (void)context;
    return wg_neg(wg_softplus(wg_mul(wg_game_params(game, X).tensor[0], wg_game_params(game, Y).tensor[0]))); /* the minimax loss */
}

static void dirac_gan_is_damped_by_r1(void **state)
{
    (void)state;
    const double gammas[] = {0, .3, 1, 2};
    for (size_t k = 0; k < sizeof gammas / sizeof *gammas; k++) {
        struct dirac d = {gammas[k]};
        wg_game *game = wg_game_create();
        wg_tensor *p[2];
        wg_optim *optim[2];
        for (int i = 0; i < 2; i++) {
            p[i] = wg_set_requires_grad(wg_scalar(WG_F64, 0), true);
            optim[i] = wg_optim_sgd(((wg_tensor_list){1, &p[i], NULL}), .lr = 0.1);
            assert_ok(wg_game_add(game, .name = i ? "generator" : "critic", .optim = optim[i],
                                  .loss = i ? dirac_generator : dirac_critic, .context = &d));
        }
        wg_tensor *z = wg_game_point(game), *eigenvalues = wg_game_eigenvalues(game, z);
        double got[4];
        assert_ok(wg_read(eigenvalues, got));
        const double g = gammas[k], inside = g * g / 4 - 0.25, root = sqrt(fabs(inside));
        assert_true(fabs(got[0] - (-g / 2 + (inside > 0 ? root : 0))) < 1e-7); /* a double root is found to half the digits */
        assert_true(fabs(got[1] - (inside > 0 ? 0 : root)) < 1e-7);
        assert_true(fabs(got[2] - (-g / 2 - (inside > 0 ? root : 0))) < 1e-7);
        assert_true(fabs(got[3] + (inside > 0 ? 0 : root)) < 1e-7);
        wg_free(z), wg_free(eigenvalues);
        wg_game_destroy(game);
        for (int i = 0; i < 2; i++)
            wg_optim_destroy(optim[i]), wg_free(p[i]);
    }
    assert_no_error();
}

/* Along the line from (2,0) to the centre, where F = (-y, x) stands at a right angle to it. */
static void the_path_shows_rotation(void **state)
{
    (void)state;
    struct bilinear b = bilinear_of(WG_GAME_SIMULTANEOUS, 0.1, false, 0);
    const double ends[][2] = {{2, 0}, {0, 0}};
    wg_tensor *from = wg_from(ends[0], WG_SHAPE(2)), *to = wg_from(ends[1], WG_SHAPE(2));
    wg_tensor *path = wg_game_path(b.game, from, to, 0, 0.5, 3);
    double row[9];
    assert_ok(wg_read(path, row));
    for (int i = 0; i < 3; i++)
        assert_true(row[3 * i] == i * 0.25 && fabs(row[3 * i + 1] - 2 * (1 - i * 0.25)) < 1e-15 && fabs(row[3 * i + 2]) < 1e-15);
    wg_free(from), wg_free(to), wg_free(path);
    bilinear_end(&b);
}

/* ---- networks ---- */

/* A critic and a generator, multilayer perceptrons in f64, on fixed data. seen: what the losses found on parameters. */
struct gan {
    wg_nn_module *net[2];
    wg_optim *optim[2];
    wg_game *game;
    wg_tensor *real, *noise, *drawn;
    int calls[2], poisoned; /* the call of the generator's loss that is NaN; 0: none */
    bool other_at_rest;
};

enum { CRITIC, GENERATOR };

static bool at_rest(const wg_nn_module *net)
{
    const wg_tensor_list list = wg_nn_parameters(net);
    for (size_t i = 0; i < list.n; i++)
        if (wg_requires_grad(list.tensor[i]))
            return false;
    return true;
}

static wg_tensor *critic_loss(wg_game *game, void *context)
{
    struct gan *g = context;
    g->calls[CRITIC]++;
    g->other_at_rest &= at_rest(g->net[GENERATOR]) && !at_rest(g->net[CRITIC]);
    wg_tensor *fake = wg_game_apply(game, GENERATOR, g->noise);
    return wg_sub(wg_mean(wg_softplus(wg_game_apply(game, CRITIC, fake))),
                  wg_mean(wg_log_sigmoid(wg_game_apply(game, CRITIC, g->real))));
}

static wg_tensor *generator_loss(wg_game *game, void *context)
{
    struct gan *g = context;
    g->calls[GENERATOR]++;
    g->other_at_rest &= at_rest(g->net[CRITIC]) && !at_rest(g->net[GENERATOR]);
    wg_tensor *loss = wg_neg(wg_mean(wg_log_sigmoid(wg_game_apply(game, CRITIC, wg_game_apply(game, GENERATOR, g->noise)))));
    return g->calls[GENERATOR] == g->poisoned ? wg_mul_scalar(loss, NAN) : loss;
}

static struct gan *gan_new(wg_game_options options, int64_t steps, int64_t unroll, bool sgd)
{
    struct gan *g = calloc(1, sizeof *g);
    wg_tensor *generator = wg_generator(7, 0);
    assert_ok(wg_seed(3, 0));
    g->other_at_rest = true;
    g->real = wg_normal(generator, WG_F64, WG_SHAPE(8, 2), 1, 0.5);
    g->noise = wg_normal(generator, WG_F64, WG_SHAPE(8, 3), 0, 1);
    g->drawn = generator;
    g->net[CRITIC] = wg_nn_sequential(wg_nn_linear(2, 6, .dtype = WG_F64), wg_nn_batch_norm(6, .dtype = WG_F64), wg_nn_tanh(),
                                      wg_nn_linear(6, 1, .dtype = WG_F64));
    g->net[GENERATOR] = wg_nn_sequential(wg_nn_linear(3, 5, .dtype = WG_F64), wg_nn_tanh(), wg_nn_linear(5, 2, .dtype = WG_F64));
    g->game = wg_game_create_with(options);
    for (int i = 0; i < 2; i++) {
        const wg_tensor_list params = wg_nn_parameters(g->net[i]);
        g->optim[i] = sgd ? wg_optim_sgd(params, .lr = 0.1) : wg_optim_adam(params, .lr = 0.01);
        assert_ok(wg_game_add(g->game, .name = i ? "generator" : "critic", .net = g->net[i], .optim = g->optim[i],
                              .loss = i ? generator_loss : critic_loss, .context = g, .steps = i == CRITIC ? steps : 1,
                              .unroll = i == GENERATOR ? unroll : 0));
    }
    return g;
}

static void gan_end(struct gan *g)
{
    wg_game_destroy(g->game);
    for (int i = 0; i < 2; i++)
        wg_optim_destroy(g->optim[i]), wg_nn_destroy(g->net[i]);
    wg_free(g->real), wg_free(g->noise), wg_free(g->drawn);
    free(g);
}

static const wg_game_options plain = {
    .rule = WG_GAME_ALTERNATING, .check = true, .consensus = 0.1, .iterations = 100, .tolerance = 1e-14};

static wg_game_options by(wg_game_rule rule)
{
    wg_game_options options = plain;
    options.rule = rule;
    return options;
}

/* All that a step may change, as one array of numbers. */
static size_t snapshot(const struct gan *g, double *to)
{
    size_t n = 0;
    for (int i = 0; i < 2; i++) {
        const wg_tensor_list lists[] = {wg_nn_state(g->net[i]), wg_optim_state(g->optim[i])};
        for (int l = 0; l < 2; l++)
            for (size_t k = 0; k < lists[l].n; k++) {
                assert_ok(wg_read_raw(lists[l].tensor[k], to + n));
                n += (size_t)wg_numel(lists[l].tensor[k]);
            }
    }
    assert_true(n < 1000);
    return n * sizeof *to;
}

/* In the others' turns a player's parameters require no gradient; afterwards all are as before, and have none. */
static void a_turn_leaves_the_other_alone(void **state)
{
    (void)state;
    struct gan *g = gan_new(plain, 3, 0, false);
    assert_ok(wg_nn_freeze(g->net[CRITIC], "0.bias"));
    for (int step = 0; step < 2; step++)
        assert_ok(wg_game_step(g->game));
    assert_int_equal(g->calls[CRITIC], 6);
    assert_int_equal(g->calls[GENERATOR], 2);
    assert_true(g->other_at_rest);
    for (int i = 0; i < 2; i++) {
        const wg_tensor_list list = wg_nn_parameters(g->net[i]);
        for (size_t k = 0; k < list.n; k++) {
            assert_null(wg_gradient(list.tensor[k]));
            assert_int_equal(wg_requires_grad(list.tensor[k]), i != CRITIC || k != 1); /* the frozen one stays frozen */
        }
    }
    gan_end(g);
}

/* A step is the loop that a program would write: with detached samples, backward and step of each. */
static void alternating_is_the_loop_by_hand(void **state)
{
    (void)state;
    static double a[1000], b[1000];
    struct gan *game = gan_new(plain, 1, 0, false), *hand = gan_new(plain, 1, 0, false);
    for (int step = 0; step < 3; step++) {
        assert_ok(wg_game_step(game->game));
        {
            WG_TAPE(tape);
            wg_tensor *fake = wg_detach(wg_nn_apply(hand->net[GENERATOR], hand->noise));
            assert_ok(wg_backward(wg_sub(wg_mean(wg_softplus(wg_nn_apply(hand->net[CRITIC], fake))),
                                         wg_mean(wg_log_sigmoid(wg_nn_apply(hand->net[CRITIC], hand->real))))));
            assert_ok(wg_optim_step(hand->optim[CRITIC]));
        }
        WG_TAPE(tape);
        assert_ok(wg_backward(
            wg_neg(wg_mean(wg_log_sigmoid(wg_nn_apply(hand->net[CRITIC], wg_nn_apply(hand->net[GENERATOR], hand->noise)))))));
        assert_ok(wg_optim_step(hand->optim[GENERATOR]));
        wg_optim_clear_gradients(hand->optim[CRITIC]);
    }
    assert_int_equal(snapshot(game, a), snapshot(hand, b));
    assert_memory_equal(a, b, snapshot(hand, b));
    gan_end(game), gan_end(hand);
}

/* Whatever fails in a step, and wherever: parameters, optimizers and running statistics of all players are as they were. */
static void a_step_that_fails_changes_nothing(void **state)
{
    (void)state;
    static double before[1000], after[1000];
    for (wg_game_rule rule = WG_GAME_ALTERNATING; rule <= WG_GAME_CONSENSUS; rule++) {
        struct gan *g = gan_new(by(rule), 1, 0, true);
        const bool settles = rule != WG_GAME_PROXIMAL; /* with these rates and running statistics it need not */
        for (int step = 0; step < 2 && settles; step++)
            assert_ok(wg_game_step(g->game));
        const size_t size = snapshot(g, before);
        g->poisoned = g->calls[GENERATOR] + (rule == WG_GAME_EXTRAGRADIENT ? 2 : 1);
        assert_int_equal(wg_game_step(g->game), WG_E_NUMERIC);
        assert_error(WG_E_NUMERIC, "game_step: the loss of \"generator\" is ");
        assert_int_equal(snapshot(g, after), size);
        assert_memory_equal(before, after, size);
        assert_int_equal(wg_game_count(g->game), settles ? 2 : 0);
        const wg_tensor_list list = wg_nn_parameters(g->net[CRITIC]);
        for (size_t k = 0; k < list.n; k++)
            assert_true(!wg_gradient(list.tensor[k]) && wg_requires_grad(list.tensor[k]));
        gan_end(g);
    }
}

/* The control: without .check the critic has moved when the generator's loss is NaN. */
static void without_checks_a_nan_is_data(void **state)
{
    (void)state;
    static double before[1000], after[1000];
    wg_game_options options = plain;
    options.check = false;
    struct gan *g = gan_new(options, 1, 0, false);
    const size_t size = snapshot(g, before);
    g->poisoned = 1;
    assert_ok(wg_game_step(g->game));
    assert_int_equal(snapshot(g, after), size);
    assert_true(memcmp(before, after, size) != 0);
    assert_true(isnan(wg_game_last_loss(g->game, GENERATOR)));
    gan_end(g);
}

static wg_status game_step(void *game)
{
    return wg_game_step(game);
}

/* All rules but PROXIMAL, which reads how far it is. */
static void a_captured_step_has_the_same_bits(void **state)
{
    (void)state;
    static double a[1000], b[1000];
    const wg_game_rule rules[] = {WG_GAME_ALTERNATING, WG_GAME_SIMULTANEOUS, WG_GAME_EXTRAGRADIENT, WG_GAME_CONSENSUS};
    for (size_t r = 0; r < sizeof rules / sizeof *rules + 1; r++) {
        wg_game_options options = by(r < 4 ? rules[r] : WG_GAME_ALTERNATING);
        options.check = false;
        struct gan *eager = gan_new(options, r == 0 ? 2 : 1, r == 4 ? 2 : 0, false),
                   *captured = gan_new(options, r == 0 ? 2 : 1, r == 4 ? 2 : 0, false);
        wg_replay *replay = wg_replay_capture(game_step, captured->game);
        assert_non_null(replay);
        assert_ok(wg_game_step(eager->game));
        for (int step = 0; step < 4; step++) {
            assert_ok(wg_replay_run(replay));
            assert_ok(wg_game_step(eager->game));
        }
        assert_int_equal(snapshot(eager, a), snapshot(captured, b));
        assert_memory_equal(a, b, snapshot(captured, b));
        assert_int_equal(wg_game_count(captured->game), 5);
        assert_true(wg_game_last_loss(captured->game, CRITIC) == wg_game_last_loss(eager->game, CRITIC));
        wg_replay_destroy(replay);
        gan_end(eager), gan_end(captured);
    }
    assert_no_error();
}

/* A critic of relu units, one of which no sample reaches: what belongs to it has gradients of exactly 0. */
static void give_dead_unit(struct gan *g)
{
    wg_optim_destroy(g->optim[CRITIC]), wg_nn_destroy(g->net[CRITIC]);
    g->net[CRITIC] = wg_nn_mlp(WG_SIZES(2, 6, 1), .dtype = WG_F64, .activation = WG_ACTIVATION_RELU);
    wg_data_mut_as(wg_nn_parameter(g->net[CRITIC], "0.bias"), double)[2] = -100;
    g->optim[CRITIC] = wg_optim_adam(wg_nn_parameters(g->net[CRITIC]), .lr = 0.01);
}

/* The unrolled loss of the generator as a function of its parameters, by central differences: with networks, batch norm and Adam; or with
   a dead unit. */
static double unrolled_loss(int64_t unroll, bool dead, int64_t element, double by_how_much, double *gradient)
{
    wg_game_options options = by(WG_GAME_SIMULTANEOUS);
    struct gan *g = gan_new(options, 1, unroll, false);
    wg_tensor *w = wg_nn_parameter(g->net[GENERATOR], "0.weight");
    double *elements = wg_data_mut(w), loss;
    elements[element] += by_how_much;
    wg_optim_destroy(g->optim[GENERATOR]); /* one whose step is the gradient: a rate of 1 */
    wg_game_destroy(g->game);
    if (dead)
        give_dead_unit(g);
    g->optim[GENERATOR] = wg_optim_sgd(wg_nn_parameters(g->net[GENERATOR]), .lr = 1);
    g->game = wg_game_create_with(options);
    for (int i = 0; i < 2; i++)
        assert_ok(wg_game_add(g->game, .name = i ? "generator" : "critic", .net = g->net[i], .optim = g->optim[i],
                              .loss = i ? generator_loss : critic_loss, .context = g, .unroll = i ? unroll : 0));
    const double before = elements[element];
    assert_ok(wg_game_step(g->game));
    loss = wg_game_last_loss(g->game, GENERATOR);
    *gradient = before - ((const double *)wg_data(w))[element];
    gan_end(g);
    return loss;
}

static void unrolled_gradient_of_networks(void **state)
{
    (void)state;
    const double h = 1e-5;
    double gradient[2], unused;
    for (int pass = 0; pass < 6; pass++) {
        const int64_t element = pass / 2 * 7;
        for (int u = 0; u < 2; u++) {
            const bool dead = pass % 2;
            (void)unrolled_loss(u ? 3 : 0, dead, element, 0, &gradient[u]);
            const double numeric = (unrolled_loss(u ? 3 : 0, dead, element, h, &unused) -
                                    unrolled_loss(u ? 3 : 0, dead, element, -h, &unused)) /
                                   (2 * h);
            assert_true(fabs(gradient[u] - numeric) < 1e-7 * (1 + fabs(numeric)));
        }
        assert_true(fabs(gradient[0] - gradient[1]) > 1e-5); /* the control: unrolling makes another gradient */
    }
}

/* The field's Jacobian with networks: columns by central differences, and the same by JVP and by VJP. */
static void jacobian_of_networks(void **state)
{
    (void)state;
    struct gan *g = gan_new(by(WG_GAME_SIMULTANEOUS), 1, 0, false);
    WG_EVAL_MODE;
    wg_tensor *z = wg_game_point(g->game);
    WG_TAPE(tape);
    assert_ok(wg_gradcheck(wg_game_field, g->game, &z, 1, .full = false));
    wg_tensor *eigenvalues = wg_game_eigenvalues(g->game, z), *j = NULL;
    assert_int_equal(wg_extent(eigenvalues, 0), wg_numel(z));
    assert_ok(wg_jacobian(wg_game_field, g->game, &z, 1, &j));
    double trace = 0, sum = 0;
    const double *elements = wg_data(j), *values = wg_data(eigenvalues);
    for (int64_t i = 0; i < wg_numel(z); i++)
        trace += elements[i * (wg_numel(z) + 1)], sum += values[2 * i];
    assert_close(sum, trace, 1e-9);
    wg_free(eigenvalues), wg_free(z);
    gan_end(g);
    assert_no_error();
}

/* ---- what several players share, keep or freeze ---- */

/* A game of scalars: each player moves two of them. */
struct scalars {
    wg_tensor *z[6];
    wg_optim *optim[3];
    wg_game *game;
    size_t n;
};

static struct scalars scalars_of(wg_game_options options, size_t n, wg_game_loss *const *loss, int64_t unroll, bool keep_grads)
{
    struct scalars s = {.game = wg_game_create_with(options), .n = n};
    static const char *const name[] = {"p", "q", "r"};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 2 * i; k < 2 * i + 2; k++)
            s.z[k] = wg_set_requires_grad(wg_scalar(WG_F64, 1 + 0.3 * (double)k), true);
        s.optim[i] = wg_optim_sgd(((wg_tensor_list){2, &s.z[2 * i], NULL}), .lr = 0.1, .momentum = 0.5, .keep_grads = keep_grads);
        assert_ok(wg_game_add(s.game, .name = name[i], .optim = s.optim[i], .loss = loss[i], .unroll = i == 0 ? unroll : 0,
                              .steps = options.rule == WG_GAME_ALTERNATING ? 3 : 1));
    }
    return s;
}

static void scalars_end(struct scalars *s)
{
    wg_game_destroy(s->game);
    for (size_t i = 0; i < s->n; i++)
        wg_optim_destroy(s->optim[i]), wg_free(s->z[2 * i]), wg_free(s->z[2 * i + 1]);
}

static wg_tensor *of(wg_game *game, size_t player, size_t k)
{
    return wg_game_params(game, player).tensor[k];
}

/* f = p0 q0 + p1² q1: two games that do not meet. */
static wg_tensor *loss_p(wg_game *game, void *context)
{
    (void)context;
    return wg_add(wg_mul(of(game, 0, 0), of(game, 1, 0)), wg_mul(wg_square(of(game, 0, 1)), of(game, 1, 1)));
}

static wg_tensor *loss_q(wg_game *game, void *context)
{
    return wg_neg(loss_p(game, context));
}

/* A loss that leaves gradients on the parameters before it is differentiated. */
static wg_tensor *careless_loss_p(wg_game *game, void *context)
{
    wg_tensor *loss = loss_p(game, context);
    return wg_backward(loss, .retain = true) == WG_OK ? loss : NULL;
}

static wg_status step_of(struct scalars *s, bool captured)
{
    if (!captured)
        return wg_game_step(s->game);
    wg_replay *replay = wg_replay_capture(game_step, s->game);
    const wg_status status = replay ? wg_replay_run(replay) : WG_E_STATE;
    wg_replay_destroy(replay);
    return status;
}

/* A step is taken by the gradients of its losses, whatever was left on the parameters: by an optimizer that keeps them, or by a loss. */
static void gradients_that_stay_count_once(void **state)
{
    (void)state;
    wg_game_loss *const loss[] = {loss_p, loss_q}, *const careless[] = {careless_loss_p, loss_q};
    for (int rule = WG_GAME_ALTERNATING; rule <= WG_GAME_CONSENSUS + 1; rule++)
        for (int captured = 0; captured < 2; captured++) {
            const bool unrolls = rule > WG_GAME_CONSENSUS;
            wg_game_options options = by(unrolls ? WG_GAME_ALTERNATING : (wg_game_rule)rule);
            options.check = !captured;
            if (captured && rule == WG_GAME_PROXIMAL)
                continue;
            struct scalars s[] = {scalars_of(options, 2, loss, unrolls ? 2 : 0, false),
                                  scalars_of(options, 2, loss, unrolls ? 2 : 0, true),
                                  scalars_of(options, 2, careless, unrolls ? 2 : 0, false)};
            for (int i = 0; i < (captured || unrolls ? 2 : 3); i++) {
                for (int step = 0; step < 2; step++)
                    assert_ok(step_of(&s[i], captured));
                for (int k = 0; k < 4; k++)
                    assert_true(wg_item(s[i].z[k]) == wg_item(s[0].z[k]));
            }
            for (int i = 0; i < 3; i++)
                scalars_end(&s[i]);
        }
    assert_no_error();
}

/* A parameter that requires no gradient stays, by every rule, and the game without it goes on. */
static void frozen_parameters_stay(void **state)
{
    (void)state;
    wg_game_loss *const loss[] = {loss_p, loss_q};
    for (int rule = WG_GAME_ALTERNATING; rule <= WG_GAME_CONSENSUS + 1; rule++)
        for (int frozen = 1; frozen < 4; frozen += 2) {
            const bool unrolls = rule > WG_GAME_CONSENSUS;
            const wg_game_options options = by(unrolls ? WG_GAME_ALTERNATING : (wg_game_rule)rule);
            struct scalars all = scalars_of(options, 2, loss, unrolls ? 2 : 0, false),
                           some = scalars_of(options, 2, loss, unrolls ? 2 : 0, false);
            const double before = wg_item(some.z[frozen]);
            (void)wg_set_requires_grad(some.z[frozen], false);
            for (int step = 0; step < 2; step++) {
                assert_ok(wg_game_step(all.game));
                assert_ok(wg_game_step(some.game));
            }
            assert_true(wg_item(some.z[frozen]) == before && wg_item(all.z[frozen]) != before);
            assert_false(wg_requires_grad(some.z[frozen]));
            for (int k = 0; k < 4; k += 2)
                assert_close(wg_item(some.z[k]), wg_item(all.z[k]), 1e-12);
            scalars_end(&all), scalars_end(&some);
        }
    assert_no_error();
}

/* Three players: pqr, -pqr and (qr)²/4. */
static wg_tensor *product_of_three(wg_game *game, void *context)
{
    (void)context;
    return wg_mul(of(game, 0, 0), wg_mul(of(game, 1, 0), of(game, 2, 0)));
}

static wg_tensor *minus_product(wg_game *game, void *context)
{
    return wg_neg(product_of_three(game, context));
}

static wg_tensor *quarter_square(wg_game *game, void *context)
{
    (void)context;
    return wg_mul_scalar(wg_square(wg_mul(of(game, 1, 0), of(game, 2, 0))), 0.25);
}

/* What the first loses after two steps of both others, each from the point at which both are. */
static double after_two_steps(double p, double q, double r)
{
    double mq = 0, mr = 0;
    for (int k = 0; k < 2; k++) {
        mq = 0.5 * mq - p * r;
        mr = 0.5 * mr + 0.5 * q * q * r;
        q -= 0.1 * mq;
        r -= 0.1 * mr;
    }
    return p * q * r;
}

static void two_others_unroll_from_one_point(void **state)
{
    (void)state;
    wg_game_loss *const loss[] = {product_of_three, minus_product, quarter_square};
    struct scalars s = scalars_of(by(WG_GAME_SIMULTANEOUS), 3, loss, 2, false);
    const double p = wg_item(s.z[0]), q = wg_item(s.z[2]), r = wg_item(s.z[4]), h = 1e-5;
    assert_ok(wg_game_step(s.game));
    const double slope = (after_two_steps(p + h, q, r) - after_two_steps(p - h, q, r)) / (2 * h);
    assert_close(wg_item(s.z[0]), p - 0.1 * slope, 1e-9);
    assert_close(wg_game_last_loss(s.game, 0), after_two_steps(p, q, r), 1e-14);
    scalars_end(&s);
    assert_no_error();
}

/* A network of which either player moves a part: applied for one of them, it has the parameters of both at the point that is asked. */
static wg_tensor *part_loss(wg_game *game, size_t player, const struct gan *g)
{
    return wg_mean(wg_square(wg_game_apply(game, player, g->real)));
}

static wg_tensor *first_part_loss(wg_game *game, void *context)
{
    return part_loss(game, 0, context);
}

static wg_tensor *second_part_loss(wg_game *game, void *context)
{
    return wg_neg(part_loss(game, 1, context));
}

static void players_of_one_network(void **state)
{
    (void)state;
    struct gan *g = gan_new(plain, 1, 0, true);
    wg_nn_module *net = g->net[CRITIC];
    const wg_tensor_list all = wg_nn_parameters(net);
    wg_optim *optim[] = {wg_optim_sgd(((wg_tensor_list){2, all.tensor, NULL}), .lr = 0.1),
                         wg_optim_sgd(((wg_tensor_list){all.n - 2, all.tensor + 2, NULL}), .lr = 0.1)};
    wg_game *game = wg_game_create();
    assert_ok(wg_game_add(game, .name = "first", .net = net, .optim = optim[0], .loss = first_part_loss, .context = g));
    assert_ok(wg_game_add(game, .name = "second", .net = net, .optim = optim[1], .loss = second_part_loss, .context = g));
    wg_tensor *here = wg_game_point(game), *z = wg_mul_scalar(here, 1.5), *asked = wg_game_field(&z, 1, game);
    assert_ok(wg_nn_assign(all, z));
    wg_tensor *there = wg_game_field(&z, 1, game);
    const double *a = wg_data(asked), *b = wg_data(there);
    for (int64_t i = 0; i < wg_numel(z); i++)
        assert_true(a[i] == b[i]);
    wg_game_destroy(game);
    wg_free(here), wg_free(z), wg_free(asked), wg_free(there);
    wg_optim_destroy(optim[0]), wg_optim_destroy(optim[1]);
    gan_end(g);
    assert_no_error();
}

static void networks_that_grow_are_refused(void **state)
{
    (void)state;
    struct gan *g = gan_new(plain, 1, 0, true);
    wg_tensor *z = wg_game_point(g->game);
    assert_ok(wg_nn_add_child(g->net[CRITIC], "more", wg_nn_linear(40, 50, .dtype = WG_F64)));
    assert_int_equal(wg_game_step(g->game), WG_E_STATE);
    assert_error(WG_E_STATE, "game_step: the network of \"critic\" was given parameters after wg_game_add");
    assert_null(wg_game_field(&z, 1, g->game));
    assert_error(WG_E_STATE, "game_apply: the network of \"critic\" was given parameters after wg_game_add");
    wg_free(z);
    gan_end(g);
    assert_no_error();
}

/* A loss that adds a player to its game, and losses that depend on others' parameters, or on nobody's, alone. */
static wg_tensor *adding_loss(wg_game *game, void *context)
{
    const struct scalars *s = context;
    return wg_game_add(game, .name = "late", .optim = s->optim[0], .loss = loss_p) == WG_OK ? loss_p(game, NULL) : NULL;
}

static wg_tensor *independent_loss(wg_game *game, void *context)
{
    (void)context;
    return wg_square(of(game, 0, 0));
}

static wg_tensor *outside;

static wg_tensor *loss_of_another_tensor(wg_game *game, void *context)
{
    (void)context;
    return wg_square(wg_mul(outside, of(game, 0, 0)));
}

static void losses_that_cannot_be(void **state)
{
    (void)state;
    wg_game_loss *const loss[] = {loss_p, loss_of_another_tensor}, *const independent[] = {loss_p, independent_loss};
    outside = wg_set_requires_grad(wg_scalar(WG_F64, 2), true);
    struct scalars s = scalars_of(by(WG_GAME_SIMULTANEOUS), 2, loss, 0, false);
    assert_int_equal(wg_game_step(s.game), WG_E_NO_GRAD);
    assert_error(WG_E_NO_GRAD, "game_step: the loss of \"q\" depends on none of its parameters");
    scalars_end(&s);
    wg_free(outside);
    for (int rule = WG_GAME_SIMULTANEOUS; rule <= WG_GAME_PROXIMAL; rule++) {
        s = scalars_of(by((wg_game_rule)rule), 2, independent, 0, false);
        assert_int_equal(wg_game_step(s.game), WG_E_NO_GRAD);
        assert_error(WG_E_NO_GRAD, "game_step: the loss of \"q\": backward: the root depends on no tensor");
        scalars_end(&s);
    }
    s = scalars_of(by(WG_GAME_SIMULTANEOUS), 2, loss, 0, false);
    wg_game *game = wg_game_create();
    wg_tensor *z = wg_set_requires_grad(wg_scalar(WG_F64, 1), true);
    wg_optim *optim = wg_optim_sgd(((wg_tensor_list){1, &z, NULL}), .lr = 0.1);
    assert_ok(wg_game_add(game, .name = "adds", .optim = optim, .loss = adding_loss, .context = &s));
    {
        WG_NO_GRAD;
        assert_int_equal(wg_game_step(game), WG_E_NO_GRAD);
        assert_error(WG_E_NO_GRAD, "game_step: gradients are off: called under WG_NO_GRAD");
    }
    assert_int_equal(wg_game_step(game), WG_E_STATE);
    assert_error(WG_E_STATE, "game_add: called by a loss of this game");
    wg_game_destroy(game);
    wg_optim_destroy(optim), wg_free(z);
    scalars_end(&s);
    assert_no_error();
}

/* Its value is finite, and its derivative at 0 times 0. */
static wg_tensor *loss_without_gradient(wg_game *game, void *context)
{
    (void)context;
    return wg_add(wg_square(of(game, 1, 0)), wg_sqrt(wg_mul_scalar(of(game, 1, 1), 0)));
}

static void assert_at_start(const struct scalars *s)
{
    for (size_t k = 0; k < 2 * s->n; k++)
        assert_true(wg_item(s->z[k]) == 1 + 0.3 * (double)k);
}

static void a_gradient_that_is_not_finite_moves_nobody(void **state)
{
    (void)state;
    wg_game_loss *const loss[] = {loss_p, loss_without_gradient};
    const wg_game_rule rules[] = {WG_GAME_ALTERNATING, WG_GAME_SIMULTANEOUS, WG_GAME_EXTRAGRADIENT, WG_GAME_CONSENSUS};
    for (int i = 0; i < 4; i++) {
        wg_game_options options = by(rules[i]);
        struct scalars s = scalars_of(options, 2, loss, 0, false);
        assert_int_equal(wg_game_step(s.game), WG_E_NUMERIC);
        assert_error(WG_E_NUMERIC,
                     "game_step: the gradient of parameter \"1\" of \"q\" has an element that is not finite in step 0");
        assert_at_start(&s);
        assert_null(wg_gradient(s.z[3]));
        scalars_end(&s);
        options.check = false; /* then it is data */
        s = scalars_of(options, 2, loss, 0, false);
        assert_ok(wg_game_step(s.game));
        assert_true(isnan(wg_item(s.z[3])));
        scalars_end(&s);
    }
    assert_no_error();
}

/* Σ √w, whose derivative is infinite where w is 0. */
static wg_tensor *sum_of_roots(wg_game *game, void *context)
{
    (void)context;
    return wg_sum(wg_sqrt(wg_game_params(game, 0).tensor[0]));
}

static void every_element_of_a_gradient_is_checked(void **state)
{
    (void)state;
    for (int k = -1; k < 2 * 35; k++) {
        const wg_dtype dtype = k % 2 ? WG_F32 : WG_F64;
        wg_tensor *w = wg_set_requires_grad(wg_ones(dtype, WG_SHAPE(5, 7)), true);
        if (k >= 0 && dtype == WG_F32)
            wg_data_mut_as(w, float)[k / 2] = 0;
        else if (k >= 0)
            wg_data_mut_as(w, double)[k / 2] = 0;
        wg_optim *optim = wg_optim_sgd(((wg_tensor_list){1, &w, NULL}), .lr = 0.1);
        wg_game *game = wg_game_create();
        assert_ok(wg_game_add(game, .name = "one", .optim = optim, .loss = sum_of_roots));
        assert_int_equal(wg_game_step(game), k >= 0 ? WG_E_NUMERIC : WG_OK);
        if (k >= 0)
            assert_error(WG_E_NUMERIC, "the gradient of parameter \"0\" of \"one\"");
        wg_game_destroy(game), wg_optim_destroy(optim), wg_free(w);
    }
    assert_no_error();
}

/* A parameter that is freed while the game lives, and a loss that steps on its own. */
static struct scalars *stepping;

static wg_tensor *stepping_loss(wg_game *game, void *context)
{
    {
        WG_TAPE(tape);
        if (wg_backward(loss_p(game, context)) != WG_OK || wg_optim_step(stepping->optim[0]) != WG_OK)
            return NULL;
    }
    return loss_p(game, context);
}

static void errors_name_the_player(void **state)
{
    (void)state;
    wg_game_loss *const sound[] = {loss_p, loss_q}, *const steps[] = {stepping_loss, loss_q};
    struct scalars s = scalars_of(by(WG_GAME_ALTERNATING), 2, sound, 0, false);
    wg_tensor *z = wg_game_point(s.game);
    wg_free(s.z[3]);
    assert_int_equal(wg_game_step(s.game), WG_E_DANGLING);
    assert_error(WG_E_DANGLING, "game_step: parameter \"1\" of \"q\" was freed");
    assert_null(wg_game_field(&z, 1, s.game));
    assert_error(WG_E_DANGLING, "game_field: parameter \"1\" of \"q\" was freed");
    s.z[3] = wg_scalar(WG_F64, 0);
    scalars_end(&s);
    wg_free(z);
    s = scalars_of(by(WG_GAME_ALTERNATING), 2, steps, 0, false);
    stepping = &s;
    assert_int_equal(wg_game_step(s.game), WG_E_STATE);
    assert_error(WG_E_STATE, "game_step: the loss of \"p\" took a step with the optimizer of \"p\", which is the game's to take");
    assert_at_start(&s);
    scalars_end(&s);
    assert_no_error();
}

static void wgan_schedule(void **state)
{
    (void)state;
    int64_t hundred = 0;
    for (int64_t step = 0; step < 1001; step++) {
        assert_true(wg_game_wgan_steps(step) == 5 || wg_game_wgan_steps(step) == 100);
        hundred += wg_game_wgan_steps(step) == 100;
    }
    assert_int_equal(hundred, 25 + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(growth_is_that_of_the_closed_form),
        TEST(norms_after_100_steps),
        TEST(optimistic_steps_are_the_recurrence),
        TEST(alternating_keeps_its_invariant),
        TEST(single_steps),
        TEST(unrolled_gradient_flows_through_the_steps),
        TEST(consensus_turns_towards_the_centre),
        TEST(derivatives_of_the_field),
        TEST(dirac_gan_is_damped_by_r1),
        TEST(the_path_shows_rotation),
        TEST(a_turn_leaves_the_other_alone),
        TEST(alternating_is_the_loop_by_hand),
        TEST(a_step_that_fails_changes_nothing),
        TEST(without_checks_a_nan_is_data),
        TEST(a_captured_step_has_the_same_bits),
        TEST(unrolled_gradient_of_networks),
        TEST(jacobian_of_networks),
        TEST(gradients_that_stay_count_once),
        TEST(frozen_parameters_stay),
        TEST(two_others_unroll_from_one_point),
        TEST(players_of_one_network),
        TEST(networks_that_grow_are_refused),
        TEST(losses_that_cannot_be),
        TEST(a_gradient_that_is_not_finite_moves_nobody),
        TEST(every_element_of_a_gradient_is_checked),
        TEST(errors_name_the_player),
        TEST(wgan_schedule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
