/* RMSProp in five forms, and with Nesterov's momentum. r is a running mean of the squares of the gradients:

       r ← τr + (1-τ)g²;  x ← x - η g/(δ + √r)      δ outside the root
       r ← τr + (1-τ)g²;  x ← x - η g/√r            no δ
       r ← βr + (1-β)g²;  x ← x - η g/√(r + ε)      ε under the root; with δ = 1e-6 that of two decks
       r ← γg² + (1-γ)r;  x ← x - η g/√(r + ε)      γ is the weight of the new term: γ = 1 - β

       x̃ = x + αv;  r ← ρr + (1-ρ)g(x̃)²;  v ← αv - ε g/√r;  x ← x + v

   The forms are those of V. Cevher (EPFL, 2019), A. Risteski (CMU, 2021), J. Sun (Minnesota, 2020) and W. Gerstner (EPFL), F.
   Gogianu (Bitdefender ML); the last is W. Gerstner's. */
#include "forms.h"

#include <math.h>

static const double tau = 0.9, delta = 1e-6, alpha = 0.7;

static void mean(struct form *s, double g)
{
    s->r = tau * s->r + (1 - tau) * g * g;
}

static void outside(struct form *s, double g, int t, double rate)
{
    (void)t;
    mean(s, g);
    s->x -= rate * g / (delta + sqrt(s->r));
}

static void bare(struct form *s, double g, int t, double rate)
{
    (void)t;
    mean(s, g);
    s->x -= rate * g / sqrt(s->r);
}

static void inside(struct form *s, double g, int t, double rate)
{
    (void)t;
    mean(s, g);
    s->x -= rate * g / sqrt(s->r + delta);
}

static void new_weight(struct form *s, double g, int t, double rate)
{
    (void)t;
    s->r = (1 - tau) * g * g + tau * s->r;
    s->x -= rate * g / sqrt(s->r + delta);
}

static void nesterov(struct form *s, double g, int t, double rate)
{
    (void)t;
    mean(s, g);
    s->v = alpha * s->v - rate * g / sqrt(s->r);
    s->x += s->v;
    s->lead = alpha * s->v;
}

/* Control: γ, the weight of the new term, is taken for τ, that of the old. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct forms f = {.run = run, .steps = 60, .rate = 0.025};
    const double gamma = 1 - tau;
    bool good = forms_open(&f);
#define DISTANCE(name, deck, ...) forms_distance(&f, name, wg_optim_rmsprop(forms_start(&f), __VA_ARGS__), deck)
    const double one = DISTANCE("outside", outside, .alpha = tau, .eps = delta),
                 two = DISTANCE("bare", bare, .alpha = tau, .eps = 0),
                 three = DISTANCE("inside", inside, .alpha = tau, .eps = delta, .eps_inside = true),
                 four = DISTANCE("new_weight", new_weight, .alpha = run->control ? gamma : 1 - gamma, .eps = delta,
                                 .eps_inside = true),
                 five = DISTANCE("nesterov", nesterov, .alpha = tau, .eps = 0, .momentum = alpha, .nesterov = true),
                 sum = one + two + three + four + five, large = DISTANCE("large_eps", inside, .alpha = tau, .eps = 0.1),
                 confused = DISTANCE("confused", new_weight, .alpha = gamma, .eps = delta, .eps_inside = true);
    study_claim(run, large > 1e-2, "ε = 0.1 outside the root, beside 1e-6 under it: %.1e apart, above 1e-2: it is a smaller rate",
                large);
    study_claim(run, confused > 1e-2, "the two weights confused: %.1e apart, above 1e-2", confused);
    study_decide(
        run, sum < 1e-10,
        "five printed forms of RMSProp, one with Nesterov's momentum, follow wg_optim_rmsprop with .eps, .eps_inside, .alpha "
        "and .nesterov; sum of the largest distances %.1e, below 1e-10",
        sum);
    forms_close(&f);
    return good && !isnan(sum);
}

const struct study study_rmsprop = {
    .name = "rmsprop", .control = "the weight of the new term taken for that of the old", .run = run};
