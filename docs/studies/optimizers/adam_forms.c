/* Adam in five forms. m ← β₁m + (1-β₁)g and v ← β₂v + (1-β₂)g² begin at 0, so they are too small at first:

       x ← x - η m̂/(√v̂ + ε),  m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ)     corrected, ε outside
       x ← x - η m/(√v + ε)                                      the hats are lost in the update
       x ← x - η m/√(v + ε)                                      no correction, ε under the root
       x ← x - η m/√v                                            no correction, no ε
       m ← β₁m + g, v as before;  x ← x - η m/(√v + ε)           running moments: m is a sum

   Without correction the first step is (1-β₁)/√(1-β₂) times that of Adam: 3.2 for 0.9 and 0.999.

   The forms are those of V. Cevher (EPFL, 2019; the first two) and W. Gerstner (EPFL; the first and the last), J. Sun (Minnesota,
   2020), A. Risteski (CMU, 2021). F. Gogianu (Bitdefender ML) has Sun's with 1 - α, α the rate, in place of 1 - β₁. */
#include "forms.h"

#include <math.h>

static const double beta1 = 0.9, beta2 = 0.999, eps = 1e-4;

static void moments(struct form *s, double g)
{
    s->v = beta1 * s->v + (1 - beta1) * g;
    s->r = beta2 * s->r + (1 - beta2) * g * g;
}

static void corrected(struct form *s, double g, int t, double rate)
{
    moments(s, g);
    s->x -= rate * s->v / (1 - pow(beta1, t)) / (sqrt(s->r / (1 - pow(beta2, t))) + eps);
}

static void hats_lost(struct form *s, double g, int t, double rate)
{
    (void)t;
    moments(s, g);
    s->x -= rate * s->v / (sqrt(s->r) + eps);
}

static void inside(struct form *s, double g, int t, double rate)
{
    (void)t;
    moments(s, g);
    s->x -= rate * s->v / sqrt(s->r + eps);
}

static void bare(struct form *s, double g, int t, double rate)
{
    (void)t;
    moments(s, g);
    s->x -= rate * s->v / sqrt(s->r);
}

static void running(struct form *s, double g, int t, double rate)
{
    (void)t;
    s->v = g + beta1 * s->v;
    s->r = (1 - beta2) * g * g + beta2 * s->r;
    s->x -= rate * s->v / (sqrt(s->r) + eps);
}

static void rate_as_weight(struct form *s, double g, int t, double rate)
{
    (void)t;
    s->v = beta1 * s->v + (1 - rate) * g;
    s->r = beta2 * s->r + (1 - beta2) * g * g;
    s->x -= rate * s->v / sqrt(s->r + eps);
}

/* Control: 1 - α as the weight of the gradient, as misprinted. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct forms f = {.run = run, .steps = 60, .rate = 0.01};
    bool good = forms_open(&f);
#define DISTANCE(name, deck, ...) \
    forms_distance(&f, name, wg_optim_adam(forms_start(&f), .beta1 = beta1, .beta2 = beta2, __VA_ARGS__), deck)
    const double sum = DISTANCE("corrected", corrected, .eps = eps) +
                       DISTANCE("hats_lost", hats_lost, .eps = eps, .uncorrected = true) +
                       DISTANCE("inside", run->control ? rate_as_weight : inside, .eps = eps, .uncorrected = true,
                                .eps_inside = true) +
                       DISTANCE("bare", bare, .eps = 0, .uncorrected = true);
    const double lost = DISTANCE("crossed", hats_lost, .eps = eps);
    f.rate /= 10; /* a sum of gradients is 1/(1-β₁) times their mean */
    const double sums = DISTANCE("running", running, .eps = eps, .uncorrected = true, .sum = true),
                 same = DISTANCE("misprint", rate_as_weight, .eps = eps, .uncorrected = true, .eps_inside = true);
    study_claim(run, lost > 0.1, "Adam with and without the correction: %.2f apart, above 0.1", lost);
    study_claim(run, same > 0.1, "1 - α in place of 1 - β₁: %.2f apart, above 0.1", same);
    study_decide(run, sum + sums < 1e-10,
                 "five printed forms of Adam follow wg_optim_adam with .eps, .eps_inside, .uncorrected and .sum; sum of the "
                 "largest distances %.1e, below 1e-10",
                 sum + sums);
    forms_close(&f);
    return good && !isnan(sum + sums);
}

const struct study study_adam_forms = {
    .name = "adam_forms", .control = "1 - α as the weight of the gradient, as misprinted,", .run = run};
