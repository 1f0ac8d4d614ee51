/* Games: what the rules of two players do to a bilinear game, and what a penalty on the critic's slope does to the smallest GAN.

   min over x, max over y of xy has its solution at 0. The gradients of the two turn around it, so each rule multiplies |z| by a factor in each step that
   is known in closed form (Daskalakis and others, 2018; Gidel and others, 2019; Mokhtari and others, 2020). Dirac-GAN: data at 0, a generator at θ, a
   critic D(x) = ψx (Mescheder, Geiger, Nowozin, 2018). */
#include "../study.h"

#include <math.h>

enum { FIRST, SECOND, STEPS = 100, GRID = 13 };

/* Two players with one number each. */
struct pair {
    wg_tensor *z[2];
    wg_optim *optim[2];
    wg_game *game;
};

typedef wg_optim *optimizer(wg_tensor_list params, double rate);

static wg_optim *plain(wg_tensor_list params, double rate)
{
    return wg_optim_sgd(params, .lr = rate);
}

static wg_optim *optimistic(wg_tensor_list params, double rate)
{
    return wg_optim_optimistic_sgd(params, .lr = rate);
}

static wg_tensor *number(wg_game *game, size_t player)
{
    return wg_game_params(game, player).tensor[0];
}

static wg_tensor *product(wg_game *game, void *context)
{
    (void)context;
    return wg_mul(number(game, FIRST), number(game, SECOND));
}

static wg_tensor *minus_product(wg_game *game, void *context)
{
    return wg_neg(product(game, context));
}

static bool pair_make(struct pair *p, wg_game_rule rule, optimizer *make, double rate, const double *start,
                      wg_game_loss *const *loss, void *context)
{
    *p = (struct pair){.game = wg_game_create(.rule = rule)};
    bool made = p->game != NULL;
    for (int i = 0; i < 2 && made; i++) {
        p->z[i] = wg_scalar(WG_F64, start[i]);
        made = p->z[i] && wg_set_requires_grad(p->z[i], true);
        p->optim[i] = made ? make((wg_tensor_list){1, &p->z[i], NULL}, rate) : NULL;
        made = p->optim[i] && wg_game_add(p->game, .name = i ? "second" : "first", .optim = p->optim[i], .loss = loss[i],
                                          .context = context) == WG_OK;
    }
    return made;
}

static void pair_free(struct pair *p)
{
    wg_game_destroy(p->game);
    for (int i = 0; i < 2; i++)
        wg_optim_destroy(p->optim[i]), wg_free(p->z[i]);
}

static double distance(const struct pair *p)
{
    return hypot(wg_item(p->z[FIRST]), wg_item(p->z[SECOND]));
}

/* ---- the bilinear game ---- */

static double simultaneous_factor(double e)
{
    return sqrt(1 + e * e);
}

static double extragradient_factor(double e)
{
    return sqrt(1 - e * e + pow(e, 4));
}

static double proximal_factor(double e)
{
    return 1 / sqrt(1 + e * e);
}

/* In the limit of many steps. */
static double optimistic_factor(double e)
{
    return sqrt((1 + sqrt(1 - 4 * e * e)) / 2);
}

/* factor: of one step; NULL: |z| stays between bounds. norm: after 100 steps of 0.1 from (1,1), as published; 0: not. */
static const struct rule {
    const char *name;
    wg_game_rule rule;
    optimizer *make;
    double (*factor)(double rate);
    bool in_the_limit;
    double norm;
} rules[] = {
    {"simultaneous", WG_GAME_SIMULTANEOUS, plain, simultaneous_factor, false, 2.32586},
    {"alternating", WG_GAME_ALTERNATING, plain, NULL, false, 0},
    {"extragradient", WG_GAME_EXTRAGRADIENT, plain, extragradient_factor, false, .859940},
    {"optimistic", WG_GAME_SIMULTANEOUS, optimistic, optimistic_factor, true, .859985},
    {"proximal", WG_GAME_PROXIMAL, plain, proximal_factor, false, 0},
};

/* Alternating steps, x first, keep x² + y² - ηxy. */
static double invariant(const struct pair *p, double rate)
{
    const double x = wg_item(p->z[FIRST]), y = wg_item(p->z[SECOND]);
    return x * x + y * y - rate * x * y;
}

static void claim(struct study_run *run, const struct rule *rule, double rate, const struct pair *p, double worst, double last)
{
    char what[160];
    if (!rule->factor) {
        snprintf(what, sizeof what, "%s, η = %g: x² + y² - ηxy after %d steps", rule->name, rate, STEPS);
        study_near(run, what, invariant(p, rate), 2 - rate, 1e-12);
    } else if (!rule->in_the_limit) {
        study_claim(run, worst <= 1e-12, "%s, η = %g: each step multiplies |z| by %.10g, within %.1e of 1e-12", rule->name, rate,
                    rule->factor(rate), worst);
    } else if (rate < 0.5) {
        snprintf(what, sizeof what, "%s, η = %g: what the last step multiplies |z| by", rule->name, rate);
        study_near(run, what, last, rule->factor(rate), 1e-6);
    } else { /* a double root: the factor is reached as slowly as 1 + 1/step */
        study_claim(run, fabs(last / rule->factor(rate) - 1) < 2.0 / STEPS,
                    "%s, η = %g: the last step multiplies |z| by %.4f, within 2 %% of %.4f", rule->name, rate, last,
                    rule->factor(rate));
    }
    if (rate == 0.1 && rule->norm > 0) {
        snprintf(what, sizeof what, "%s, η = 0.1: |z| after %d steps from (1,1)", rule->name, STEPS);
        study_near(run, what, distance(p), rule->norm, 5.1e-6);
    }
}

static bool study_rule(struct study_run *run, const struct rule *rule, double rate)
{
    static wg_game_loss *const losses[] = {product, minus_product};
    struct pair p;
    bool good = pair_make(&p, rule->rule, rule->make, rate, (const double[]){1, 1}, losses, NULL);
    double worst = 0, before = sqrt(2), last = 0;
    for (int step = 0; step <= STEPS && good; step++) {
        good = study_row(run, "%s %g,%d,%.9g,%.9g,%.9g,", rule->name, rate, step, wg_item(p.z[FIRST]), wg_item(p.z[SECOND]),
                         distance(&p));
        if (step == STEPS)
            break;
        good = good && wg_game_step(p.game) == WG_OK;
        last = distance(&p) / before;
        before = distance(&p);
        worst = rule->factor ? fmax(worst, fabs(last / rule->factor(rate) - 1)) : 0;
    }
    if (good)
        claim(run, rule, rate, &p, worst, last);
    pair_free(&p);
    return good;
}

/* ---- Dirac-GAN ---- */

static wg_tensor *dirac_critic(wg_game *game, void *context)
{
    const double *gamma = context;
    wg_tensor *psi = number(game, FIRST), *theta = number(game, SECOND);
    wg_tensor *r1 = wg_mul_scalar(wg_square(psi), *gamma / 2); /* the critic's slope is ψ everywhere */
    return wg_add(wg_gan_critic_loss(WG_GAN_MINIMAX, wg_mul_scalar(psi, 0), wg_mul(psi, theta)), r1);
}

static wg_tensor *dirac_generator(wg_game *game, void *context)
{
    (void)context;
    return wg_gan_generator_loss(WG_GAN_MINIMAX, WG_NONE, wg_mul(number(game, FIRST), number(game, SECOND)));
}

/* -γ/2 ± √(γ²/4 - 1/4) at (0,0). */
static bool claim_eigenvalues(struct study_run *run, wg_game *game, double gamma)
{
    double got[4];
    char what[120];
    wg_tensor *z = wg_zeros(WG_F64, WG_SHAPE(2)), *found = wg_game_eigenvalues(game, z);
    const bool good = found && wg_read(found, got) == WG_OK;
    wg_free(z), wg_free(found);
    const double inside = gamma * gamma / 4 - 0.25, real = inside > 0 ? sqrt(inside) : 0,
                 imaginary = inside > 0 ? 0 : sqrt(-inside);
    for (int i = 0; i < 2 && good; i++) {
        const int sign = i ? -1 : 1;
        snprintf(what, sizeof what, "Dirac-GAN, γ = %g: real part of eigenvalue %d", gamma, i + 1);
        study_near(run, what, got[2 * i], sign * real - gamma / 2, 1e-7);
        snprintf(what, sizeof what, "Dirac-GAN, γ = %g: imaginary part of eigenvalue %d", gamma, i + 1);
        study_near(run, what, got[2 * i + 1], sign * imaginary + 0.0, 1e-7);
    }
    return good;
}

/* The field on a grid, as arrows. */
static bool draw_field(struct study_run *run, wg_game *game, double gamma)
{
    bool good = true;
    for (int i = 0; i < GRID * GRID && good; i++) {
        const double at[2] = {-1.5 + 3.0 * (i % GRID) / (GRID - 1), -1.5 + 3.0 * (double)(i / GRID) / (GRID - 1)};
        double f[2];
        WG_TAPE(tape);
        wg_tensor *z = wg_from(at, WG_SHAPE(2)), *field = z ? wg_game_field(&z, 1, game) : NULL;
        good = field && wg_read(field, f) == WG_OK &&
               study_row(run, "field %g,,%g,%g,%.9g,%.9g", gamma, at[0], at[1], f[0] * 0.16, f[1] * 0.16);
    }
    return good;
}

static bool study_dirac(struct study_run *run, double gamma)
{
    static wg_game_loss *const losses[] = {dirac_critic, dirac_generator};
    struct pair p;
    bool good = pair_make(&p, WG_GAME_ALTERNATING, plain, 0.2, (const double[]){0, 1}, losses, &gamma) &&
                claim_eigenvalues(run, p.game, gamma) && draw_field(run, p.game, gamma);
    for (int step = 0; step < 2 * STEPS && good; step++)
        good = study_row(run, "dirac %g,%d,%.9g,%.9g,%.9g,", gamma, step, wg_item(p.z[FIRST]), wg_item(p.z[SECOND]),
                         distance(&p)) &&
               wg_game_step(p.game) == WG_OK;
    if (good && gamma > 0)
        study_claim(run, distance(&p) < 1e-3, "Dirac-GAN, γ = %g: |z| is %.1e after %d steps, below 1e-3", gamma, distance(&p),
                    2 * STEPS);
    else if (good)
        study_claim(run, distance(&p) > 0.5, "Dirac-GAN without a penalty: |z| is %.2f after %d steps, and does not converge",
                    distance(&p), 2 * STEPS);
    pair_free(&p);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    bool good = study_row(run, "what,step,x,y,size,dy");
    for (size_t i = 0; i < sizeof rules / sizeof *rules && good; i++)
        good = study_rule(run, &rules[i], 0.1) && study_rule(run, &rules[i], 0.5);
    return good && study_dirac(run, 0) && study_dirac(run, 1);
}

const struct study study_games = {
    .name = "games",
    .details =
        "Claims: on the bilinear game each rule changes the distance from the solution by the factor of its closed form, simultaneous steps\n"
        "diverge, alternating ones keep an invariant, the others converge; Dirac-GAN turns around its solution, and a penalty on the\n"
        "critic's slope makes it converge, with the eigenvalues of theory.",
    .run = run,
};
