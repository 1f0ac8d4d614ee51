/* The heavy ball in four forms. With the rate α = η = γ and the momentum β = μ they are one rule, if the velocity is measured in
   the right unit:

       x ← x - α∇f + β (x - x_old)             v' = x - x_old
       v ← -∇f + βv;  x ← x + ηv               v' = ηv
       v ← μv + g;    θ ← θ - αv               v' = -αv
       Δw ← -γg + βΔw;  w ← w + Δw             v' = Δw

   A change of the rate tells them apart: with the rate inside (the first and the last) the speed stays; with the rate outside it
   is divided together with the rate.

   The forms are those of J. Sun (Minnesota, 2020), A. Risteski (CMU, 2021), F. Gogianu (Bitdefender ML) and W. Gerstner (EPFL),
   in this order. */
#include "forms.h"

#include <math.h>

static const double beta = 0.8;

static void points(struct form *s, double g, int t, double rate)
{
    (void)t;
    const double next = s->x - rate * g + beta * (s->x - s->last);
    s->last = s->x;
    s->x = next;
}

static void minus_velocity(struct form *s, double g, int t, double rate)
{
    (void)t;
    s->v = -g + beta * s->v;
    s->x += rate * s->v;
}

static void velocity(struct form *s, double g, int t, double rate)
{
    (void)t;
    s->v = beta * s->v + g;
    s->x -= rate * s->v;
}

static void change(struct form *s, double g, int t, double rate)
{
    (void)t;
    s->v = -rate * g + beta * s->v;
    s->x += s->v;
}

/* Control: a mean of gradients, v ← βv + (1 - β)g, is taken for their sum. */
static void mean(struct form *s, double g, int t, double rate)
{
    (void)t;
    s->v = beta * s->v + (1 - beta) * g;
    s->x -= rate * s->v;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct forms f = {.run = run, .steps = 60, .rate = 0.02};
    form_step *const deck[] = {points, minus_velocity, run->control ? mean : velocity, change};
    static const char *const name[] = {"points", "minus_velocity", "velocity", "change"};
    double constant = 0, matched = 0, crossed = INFINITY;
    bool good = forms_open(&f);
    for (int i = 0; i < 4; i++) /* NaN, of a run that failed, stays */
        constant += forms_distance(&f, name[i], wg_optim_sgd(forms_start(&f), .lr = f.rate, .momentum = beta), deck[i]);
    f.cut = 12;
    for (int i = 0; i < 4; i++) {
        const bool inside = i == 0 || i == 3;
        for (int with_inside = 0; with_inside < 2; with_inside++) {
            wg_optim *optim = with_inside ? wg_optim_heavy_ball(forms_start(&f), .lr = f.rate, .momentum = beta)
                                          : wg_optim_sgd(forms_start(&f), .lr = f.rate, .momentum = beta);
            char row[40];
            snprintf(row, sizeof row, "cut_%s_%s", name[i], with_inside ? "inside" : "outside");
            const double distance = forms_distance(&f, row, optim, deck[i]);
            if (inside == with_inside)
                matched += distance;
            else
                crossed = fmin(crossed, distance);
        }
    }
    study_claim(run, crossed > 0.1,
                "a rate divided by 10 at step %d parts the rate inside from the rate outside by %.2f, above 0.1", f.cut, crossed);
    study_decide(
        run, constant + matched < 1e-11,
        "four printed forms of momentum are two optimizers: each follows its own, sgd or heavy_ball, also through a change of "
        "the rate; sum of the largest distances %.1e, below 1e-11",
        constant + matched);
    forms_close(&f);
    return good && !isnan(constant + matched + crossed);
}

const struct study study_heavy_ball = {.name = "heavy_ball", .control = "a mean of gradients in place of their sum", .run = run};
