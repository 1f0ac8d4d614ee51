/* Two players, min over x and max over y of xy. The solution is (0, 0), and the gradients of the two turn around it: at (x, y) they move along
   (-y, x). Who moves when decides what happens. A step of η multiplies |z| = √(x² + y²)
     simultaneous: by √(1 + η²), so it diverges;
     alternating, x first: not by a constant; x² + y² - ηxy stays as it is, so it circles;
     extragradient: by √(1 - η² + η⁴);
     optimistic: in the limit of many steps by √((1 + √(1 - 4η²))/2);
     proximal point: by 1/√(1 + η²). The last three converge.

   Source: V. Cevher, Mathematics of Data, lecture 7 (EPFL, 2019); Daskalakis and others, Training GANs with optimism, 2018; Gidel and
   others, A variational inequality perspective on GANs, 2019; Mokhtari, Ozdaglar, Pattathil, 2020. */
#include "../study.h"

#include <math.h>

#include "duel.h"

enum { STEPS = 100 };

static wg_tensor *product(wg_game *game, void *context)
{
    (void)context;
    return wg_mul(duel_number(game, FIRST), duel_number(game, SECOND));
}

static wg_tensor *minus_product(wg_game *game, void *context)
{
    return wg_neg(product(game, context));
}

static double simultaneous(double e)
{
    return sqrt(1 + e * e);
}

static double extragradient(double e)
{
    return sqrt(1 - e * e + pow(e, 4));
}

static double proximal(double e)
{
    return 1 / sqrt(1 + e * e);
}

static double optimistic(double e)
{
    return sqrt((1 + sqrt(1 - 4 * e * e)) / 2);
}

/* factor: of |z| in a step, NULL where there is none. tolerance: of the factor of the last step at η = 0.1 and 0.5; that of optimistic steps is a limit, at
   0.5 a double root, which is reached as slowly as 1 + 1/step. */
static const struct rule {
    const char *name;
    wg_game_rule rule;
    bool optimistic;
    double (*factor)(double rate);
    double tolerance[2];
} rules[] = {
    {"simultaneous", WG_GAME_SIMULTANEOUS, false, simultaneous, {1e-12, 1e-12}},
    {"alternating", WG_GAME_ALTERNATING, false, NULL, {1e-12, 1e-12}},
    {"extragradient", WG_GAME_EXTRAGRADIENT, false, extragradient, {1e-12, 1e-12}},
    {"optimistic", WG_GAME_SIMULTANEOUS, true, optimistic, {1e-6, 0.02}},
    {"proximal", WG_GAME_PROXIMAL, false, proximal, {1e-12, 1e-12}},
};

/* What alternating steps keep. */
static double invariant(const struct duel *duel, double rate)
{
    const double x = wg_item(duel->z[FIRST]), y = wg_item(duel->z[SECOND]);
    return x * x + y * y - rate * x * y;
}

/* 100 steps from (1, 1). off: how far the last step's factor, or the invariant, is from theory. norm: |z| in the end. */
static bool play(struct study_run *run, const struct rule *rule, double rate, double *off, double *norm)
{
    wg_game_loss *const losses[] = {product, run->control ? product : minus_product};
    struct duel duel;
    bool good = duel_make(&duel, rule->rule, rule->optimistic, rate, (const double[]){1, 1}, losses, NULL);
    double before = 0;
    for (int step = 0; step <= STEPS && good; step++) {
        good = study_row(run, "%s,%g,%d,%.7g,%.7g,%.7g", rule->name, rate, step, wg_item(duel.z[FIRST]), wg_item(duel.z[SECOND]),
                         duel_distance(&duel));
        before = duel_distance(&duel);
        good = good && (step == STEPS || wg_game_step(duel.game) == WG_OK);
        if (good && step < STEPS)
            *off = rule->factor ? fabs(duel_distance(&duel) / before / rule->factor(rate) - 1)
                                : fabs(invariant(&duel, rate) - 2 + rate);
    }
    *norm = good ? duel_distance(&duel) : (double)NAN;
    duel_free(&duel);
    return good;
}

/* Control: both players minimise. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    enum { RULES = sizeof rules / sizeof *rules };
    double off[RULES][2], norm[RULES][2];
    bool good = study_row(run, "rule,rate,step,x,y,size"), all = true;
    for (int i = 0; i < RULES && good; i++)
        for (int k = 0; k < 2 && good; k++) {
            good = play(run, &rules[i], k ? 0.5 : 0.1, &off[i][k], &norm[i][k]);
            if (good && rules[i].factor)
                study_claim(run, off[i][k] <= rules[i].tolerance[k],
                            "%s, η = %g: a step multiplies |z| by %.6f, within %.0e of %.0e", rules[i].name, k ? 0.5 : 0.1,
                            rules[i].factor(k ? 0.5 : 0.1), off[i][k], rules[i].tolerance[k]);
            all = all && good && off[i][k] <= rules[i].tolerance[k];
        }
    if (good)
        study_decide(
            run,
            all && fabs(norm[0][0] - 2.32586) < 5.1e-6 && fabs(norm[2][0] - 0.85994) < 5.1e-6 &&
                fabs(norm[3][0] - 0.859985) < 5.1e-6,
            "min max xy from (1, 1), 100 steps of 0.1: |z| is %.5f simultaneous, %.5f extragradient, %.6f optimistic; published 2.32586, 0.85994, 0.859985, to the last "
            "digit; alternating keeps x² + y² - ηxy",
            norm[0][0], norm[2][0], norm[3][0]);
    return good;
}

const struct study study_games = {.name = "games", .control = "two players that both minimise xy", .run = run};
