/* The smallest GAN. The data are one point, 0; the generator makes one point, θ; the critic is D(x) = ψx. In the minimax loss the players turn around the
   solution (ψ, θ) = (0, 0): the Jacobian of their field has the eigenvalues ±½i, so that small steps circle and never arrive.
   The penalty R1, γ/2 times the squared slope of the critic at the data, here γ/2 ψ², makes the eigenvalues
     -γ/2 ± √(γ²/4 - ¼),
   both negative: for γ = 1 twice -½, and the game converges.

   Source: V. Cevher, Mathematics of Data, lecture 7 (EPFL, 2019), for GANs; Mescheder, Geiger, Nowozin: Which training methods for GANs
   do actually converge?, 2018. */
#include "../study.h"

#include <math.h>

#include "duel.h"

enum { STEPS = 200, GRID = 11 };

static wg_tensor *critic(wg_game *game, void *context)
{
    const double *gamma = context;
    wg_tensor *psi = duel_number(game, FIRST), *theta = duel_number(game, SECOND);
    wg_tensor *r1 = wg_mul_scalar(wg_square(psi), *gamma / 2); /* the critic's slope is ψ everywhere */
    return wg_add(wg_gan_critic_loss(WG_GAN_MINIMAX, wg_mul_scalar(psi, 0), wg_mul(psi, theta)), r1);
}

static wg_tensor *generator(wg_game *game, void *context)
{
    (void)context;
    return wg_gan_generator_loss(WG_GAN_MINIMAX, WG_NONE, wg_mul(duel_number(game, FIRST), duel_number(game, SECOND)));
}

/* How far the two eigenvalues at (0, 0), as real and imaginary parts, are from theory. A solver finds a double root to half the digits. */
static bool compare_eigenvalues(wg_game *game, double gamma, double *off)
{
    double got[4];
    wg_tensor *z = wg_zeros(WG_F64, WG_SHAPE(2)), *found = wg_game_eigenvalues(game, z);
    const bool good = found && wg_read(found, got) == WG_OK;
    wg_free(z);
    wg_free(found);
    const double inside = gamma * gamma / 4 - 0.25, real = inside > 0 ? sqrt(inside) : 0,
                 imaginary = inside > 0 ? 0 : sqrt(-inside);
    *off = 0;
    for (int i = 0; i < 2 && good; i++)
        *off = fmax(*off,
                    fmax(fabs(got[2 * i] - ((i ? -1 : 1) * real - gamma / 2)), fabs(got[2 * i + 1] - (i ? -1 : 1) * imaginary)));
    return good;
}

/* The field on a grid, as arrows. */
static bool write_field(struct study_run *run, wg_game *game, double gamma)
{
    bool good = true;
    for (int i = 0; i < GRID * GRID && good; i++) {
        const double at[2] = {-1.5 + 3.0 * (i % GRID) / (GRID - 1), -1.5 + 3.0 * (double)(i / GRID) / (GRID - 1)};
        double f[2];
        WG_TAPE(tape);
        wg_tensor *z = wg_from(at, WG_SHAPE(2)), *field = z ? wg_game_field(&z, 1, game) : NULL;
        good = field && wg_read(field, f) == WG_OK &&
               study_row(run, "%g,%g,%g,%.4g,%.4g", gamma, at[0], at[1], f[0] * 0.18, f[1] * 0.18);
    }
    return good;
}

/* Alternating steps of 0.2 from (0, 1). distance: from the solution at the end. */
static bool play(struct study_run *run, double gamma, double *off, double *distance)
{
    wg_game_loss *const losses[] = {critic, generator};
    struct duel duel;
    bool good = duel_make(&duel, WG_GAME_ALTERNATING, false, 0.2, (const double[]){0, 1}, losses, &gamma) &&
                compare_eigenvalues(duel.game, gamma, off) &&
                study_table(run, gamma > 0 ? "field_1" : "field_0", "gamma,psi,theta,dpsi,dtheta") &&
                write_field(run, duel.game, gamma) && study_table(run, gamma > 0 ? "path_1" : "path_0", "step,psi,theta");
    for (int step = 0; step < STEPS && good; step++)
        good = study_row(run, "%d,%.5g,%.5g", step, wg_item(duel.z[FIRST]), wg_item(duel.z[SECOND])) &&
               wg_game_step(duel.game) == WG_OK;
    *distance = good ? duel_distance(&duel) : (double)NAN;
    duel_free(&duel);
    return good;
}

/* Control: the penalty is left out. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double off[3], distance[3];
    const bool good = play(run, 0, &off[0], &distance[0]) && play(run, 0.5, &off[2], &distance[2]) &&
                      play(run, run->control ? 0 : 1, &off[1], &distance[1]);
    study_claim(run, good && off[0] <= 1e-7 && distance[0] > 0.5,
                "without a penalty: eigenvalues ±i/2 within %.0e of 1e-7, and |z| is %.2f after %d steps, above 0.5", off[0],
                distance[0], STEPS);
    study_claim(run, good && off[2] <= 1e-7, "with γ = 0.5: eigenvalues -γ/2 ± √(γ²/4 - 1/4) within %.0e of 1e-7", off[2]);
    study_decide(
        run, good && off[1] <= 1e-7 && distance[1] < 1e-3,
        "Dirac-GAN with the penalty R1, γ = 1: both eigenvalues are -1/2 within %.0e of 1e-7 (a double root), and %d alternating steps of 0.2 from (0, 1) end "
        "%.0e from the solution, below 1e-3",
        off[1], STEPS, distance[1]);
    return good;
}

const struct study study_dirac_gan = {.name = "dirac_gan", .control = "the penalty left out", .run = run};
