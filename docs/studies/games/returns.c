/* A Markov decision process, and four names. In state S_t the policy acts, A_t = μ(S_t); then comes the reward R_{t+1} = R(S_t, A_t) and the state S_{t+1}. From S₁:
     return Z = Σ_{t ≥ 1} γ^{t-1} R_{t+1};   value V(s) = E[Z | S₁ = s];   action value Q(s, a) = E[Z | S₁ = s, A₁ = a];   J = Σ_s p₁(s) V(s).
   V(s) = Q(s, μ(s)), and Q(s, a) = R(s, a) + γ Σ_s' P(s'|s, a) V(s'). Linear algebra gives all of them; the study compares with
   means over episodes. The process: a walk of six places. The action, left or right, does what it says with probability 0.8, the
   opposite otherwise. A step costs 0.1; to step from place 4 into 5, where the walk ends, pays 1.

   Source: V. Cevher, Mathematics of Data, lecture 7 (EPFL, 2019), which prints Z = Σ γ^{t-1} R_t beside the same R_{t+1}: off by one. */
#include "../study.h"

#include <math.h>
#include <string.h>

enum { PLACES = 6, EPISODES = 4000, LONGEST = 400 };
static const double gamma_ = 0.9;

struct walk {
    double p[PLACES][2][PLACES], r[PLACES][2];
    int64_t policy[PLACES];
};

static void make(struct walk *walk)
{
    memset(walk, 0, sizeof *walk);
    for (int s = 0; s < PLACES; s++) {
        const int left = s > 0 ? s - 1 : 0, right = s + 1;
        walk->policy[s] = 1;
        if (s == PLACES - 1) {
            walk->p[s][0][s] = walk->p[s][1][s] = 1;
            continue;
        }
        for (int a = 0; a < 2; a++) {
            const double to_right = a ? 0.8 : 0.2;
            walk->p[s][a][right] += to_right;
            walk->p[s][a][left] += 1 - to_right;
            walk->r[s][a] = -0.1 + (s == PLACES - 2 ? to_right : 0);
        }
    }
}

/* One episode from s, whose first action is a; then the policy. Control: the printed sum, which begins with the reward of the step before S₁, here 0. */
static double play(const struct study_run *run, const struct walk *walk, int s, int64_t a, wg_rl_random *random)
{
    double reward[LONGEST + 1] = {0}, z[LONGEST + 1] = {0};
    int n = run->control ? 1 : 0;
    while (s < PLACES - 1 && n < LONGEST) {
        const double u = wg_rl_uniform(random, 0, 1);
        const int left = s > 0 ? s - 1 : 0, next = u < walk->p[s][a][s + 1] ? s + 1 : left;
        reward[n++] = -0.1 + (next == PLACES - 1); /* its mean over `next` is R(s, a) */
        s = next;
        a = walk->policy[s];
    }
    return wg_rl_returns(reward, n, gamma_, 0, z) == WG_OK ? z[0] : (double)NAN;
}

/* The mean of Z and its standard error, from s and a. */
static double mean_return(const struct study_run *run, const struct walk *walk, int s, int64_t a, double *error)
{
    static double z[EPISODES];
    wg_rl_random random = {.seed = run->seed, .stream = (uint64_t)(10 * s + a)};
    for (int i = 0; i < EPISODES; i++)
        z[i] = play(run, walk, s, a, &random);
    *error = study_deviation(z, EPISODES) / sqrt(EPISODES);
    return study_mean(z, EPISODES);
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct walk walk;
    make(&walk);
    WG_TAPE(tape);
    const wg_rl_mdp mdp = {wg_from(**walk.p, WG_SHAPE(PLACES, 2, PLACES)), wg_from(*walk.r, WG_SHAPE(PLACES, 2)), gamma_};
    wg_tensor *policy = wg_from(walk.policy, WG_SHAPE(PLACES)), *start = wg_full(WG_F64, WG_SHAPE(PLACES), 1.0 / PLACES);
    wg_tensor *values = wg_rl_mdp_values(mdp, policy), *action_values = wg_rl_mdp_action_values(mdp, policy);
    wg_tensor *visits = wg_rl_mdp_visits(mdp, policy, start), *j = wg_rl_mdp_return(mdp, policy, start);
    const double *v = wg_data(values), *q = wg_data(action_values), *rho = wg_data(visits);
    if (!v || !q || !rho || !j)
        return false;
    double worst = 0, bellman = 0, by_visits = 0, mean_value = 0, sampled = 0;
    bool good = study_row(run, "place,action,q,v,mean,error");
    for (int s = 0; s < PLACES; s++) {
        for (int a = 0; a < 2 && good; a++) {
            double error, backup = walk.r[s][a];
            const double mean = mean_return(run, &walk, s, a, &error);
            for (int next = 0; next < PLACES; next++)
                backup += gamma_ * walk.p[s][a][next] * v[next];
            bellman = fmax(bellman, fabs(backup - q[2 * s + a]));
            worst = fmax(worst, fabs(mean - q[2 * s + a]) / fmax(error, 1e-12));
            sampled += a == walk.policy[s] ? mean / PLACES : 0;
            good = study_row(run, "%d,%d,%.6g,%.6g,%.6g,%.6g", s, a, q[2 * s + a], v[s], mean, error);
        }
        bellman = fmax(bellman, fabs(v[s] - q[2 * s + walk.policy[s]]));
        by_visits += rho[s] * walk.r[s][walk.policy[s]];
        mean_value += v[s] / PLACES;
    }
    study_claim(run, bellman <= 1e-12, "V(s) = Q(s, μ(s)) and Q(s, a) = R(s, a) + γ Σ P V within %.0e, at most 1e-12", bellman);
    study_claim(run, fabs(by_visits - wg_item(j)) <= 1e-12 && fabs(mean_value - wg_item(j)) <= 1e-12,
                "J = %.6f = Σ p₁ V = Σ ρ R, with the discounted visits ρ, within 1e-12", wg_item(j));
    study_decide(
        run, good && worst <= 4.5,
        "a walk of six places: the mean of Z over %d episodes is Q(s, a) for all 12 pairs within %.1f standard errors, at most 4.5 (one chance in 10,000 for 12 "
        "pairs); J is %.4f, by episodes %.4f",
        EPISODES, worst, wg_item(j), sampled);
    return good;
}

const struct study study_returns = {
    .name = "returns", .control = "the printed sum, which begins with the reward before S₁", .run = run};
