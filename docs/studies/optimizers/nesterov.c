/* Nesterov's momentum in three forms, and its quiz: does the gradient at a point ahead cost a second evaluation? No: the gradient
   is needed only there. An optimizer that is given the gradient at its parameter p lets p be the point ahead.

       x⁺ = x + β(x - x_old) - α∇f(x + β(x - x_old))                     ahead: x + β(x - x_old)
       v ← -∇f(x + ηβv) + βv;  x ← x + ηv                                ahead: x + ηβv, for v is in units of the gradient
       Δw ← -γ∇f(w + βΔw) + βΔw;  w ← w + Δw                             ahead: w + βΔw

   The forms are those of J. Sun (Minnesota, 2020), A. Risteski (CMU, 2021), where the point ahead is printed as x + βv, and W.
   Gerstner (EPFL), whose quiz it is. */
#include "forms.h"

#include <math.h>

static const double beta = 0.8;

static void points(struct form *s, double g, int t, double rate)
{
    (void)t;
    const double next = s->x + s->lead - rate * g;
    s->last = s->x;
    s->x = next;
    s->lead = beta * (s->x - s->last);
}

static void velocity(struct form *s, double g, int t, double rate)
{
    (void)t;
    s->v = -g + beta * s->v;
    s->x += rate * s->v;
    s->lead = rate * beta * s->v;
}

static void change(struct form *s, double g, int t, double rate)
{
    (void)t;
    s->v = -rate * g + beta * s->v;
    s->x += s->v;
    s->lead = beta * s->v;
}

static void as_printed(struct form *s, double g, int t, double rate)
{
    velocity(s, g, t, rate);
    s->lead = beta * s->v;
}

static void heavy_ball(struct form *s, double g, int t, double rate)
{
    change(s, g, t, rate);
    s->lead = 0;
}

/* Control: the point ahead as printed, x + βv, in which a step and a velocity of another unit are added. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct forms f = {.run = run, .steps = 60, .rate = 0.02};
    bool good = forms_open(&f);
    const double ball = forms_distance(&f, "heavy_ball", wg_optim_sgd(forms_start(&f), .momentum = beta), heavy_ball);
    const int of_ball = f.evaluations;
#define NESTEROV(optimizer) wg_optim_##optimizer(forms_start(&f), .momentum = beta, .nesterov = true)
    const double one = forms_distance(&f, "points", NESTEROV(sgd), points);
    const int of_nesterov = f.evaluations - of_ball;
    const double two = forms_distance(&f, "velocity", NESTEROV(sgd), run->control ? as_printed : velocity),
                 three = forms_distance(&f, "change", NESTEROV(heavy_ball), change),
                 printed = forms_distance(&f, "printed", NESTEROV(sgd), as_printed), sum = one + two + three + ball;
    study_claim(run, of_nesterov == of_ball, "quiz: %d steps take %d evaluations of f and its gradient; the heavy ball takes %d",
                f.steps + 1, of_nesterov, of_ball);
    study_claim(run, !(printed < 0.1),
                "with x + βv as the point ahead the deck's path is elsewhere: by %.2g, above 0.1, or it diverges", printed);
    study_decide(
        run, sum < 1e-11,
        "three forms of Nesterov's momentum follow wg_optim_sgd and wg_optim_heavy_ball with .nesterov = true, one evaluation "
        "a step; sum of the largest distances %.1e, below 1e-11",
        sum);
    forms_close(&f);
    return good && !isnan(sum);
}

const struct study study_nesterov = {.name = "nesterov", .control = "x + βv as the point ahead, as printed", .run = run};
