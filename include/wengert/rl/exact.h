/* Exact answers of reinforcement learning, by which what was learnt is judged: finite Markov decision processes solved by linear algebra,
   and linear dynamics with a quadratic cost (LQR), whose values, optimal gain and policy gradient have closed forms.

       wg_rl_lqr_problem problem = {.a = a, .b = b, .q = q, .r = r, .gamma = 0.99};
       wg_tensor *gain, *value;
       WG_TRY(wg_rl_lqr_solve(problem, &gain, &value));                        the optimal policy is u = -gain x
       wg_tensor *gradient = wg_rl_lqr_gradient(problem, other_gain, .start = s); what a learnt gradient should be

   All is made of ops, so every result but an integer one can be differentiated, to any order, by the tables, the policy or the gain. Results
   are on the open tape, or the caller's with no tape open. Everything is f64. Tables are read to be checked, so none of these functions
   may be called inside a capture (E_STATE).

   Errors of all functions, which then return NULL or a code and leave *result NULL: E_NULL; E_DTYPE; E_SHAPE; E_ARGUMENT for a table that has a
   NaN or an infinity, and for what each function says; E_NUMERIC for a problem without a finite answer; E_MEMORY. */
#ifndef WENGERT_RL_EXACT_H
#define WENGERT_RL_EXACT_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the convention ----

   An episode is S₁, A₁, R₂, S₂, A₂, R₃, …: R_{t+1} = R(S_t, A_t) is the reward of the step that leaves S_t. The return from S₁ is

       Z = Σ_{t≥1} γ^{t-1} R_{t+1} = R₂ + γ R₃ + γ² R₄ + …

   V(s) = E[Z | S₁ = s], Q(s, a) = E[Z | S₁ = s, A₁ = a], J = Σ_s p₁(s) V(s) for first states drawn from p₁. Some texts write Z = Σ γ^{t-1} R_t
   beside R_{t+1} = R(S_t, A_t). That sum begins with R₁, the reward of a step before S₁, and is R₁ + γ Z: off by one.

   J = Σ_s ρ(s) R(s, μ(s)) with the discounted visits ρ(s) = Σ_{t≥1} γ^{t-1} P(S_t = s), which sum to 1/(1-γ); so do those of Silver and others
   (2014), for whom ∇J = Σ_s ρ(s) ∇_a Q(s, a) ∇_θ μ(s). A distribution that sums to 1 is (1-γ) ρ. */

/* The returns of an episode from each of its steps: z[i] = reward[i] + γ z[i+1], with z[n] = last, the value of where the episode was left: 0
   if it has terminated. reward[0] is R₂. z may be reward. E_ARGUMENT: n below 0, γ not in 0 … 1. */
WG_API WG_MUST_CHECK wg_status wg_rl_returns(const double *reward, int64_t n, double gamma, double last, double *z);

/* ---- Markov chains with rewards: what a process is under a fixed policy ----

   p (S,S): p[s, s'] is the probability of s' after s; r (S): the expected reward of the step that leaves s; start (S): p₁. Probabilities are at
   least 0, and each row sums to 1 to 1e-9, else E_ARGUMENT, which names the row and its sum; so it is for γ out of 0 ≤ γ < 1. */

/* V = (1 - γp)⁻¹ r (S). Cost: 2S³/3. */
WG_API wg_tensor *wg_rl_chain_values(wg_tensor *p, wg_tensor *r, double gamma);

/* ρ = (1 - γpᵀ)⁻¹ start (S), which sums to 1/(1-γ). Cost: 2S³/3. */
WG_API wg_tensor *wg_rl_chain_visits(wg_tensor *p, wg_tensor *start, double gamma);

/* ---- finite Markov decision processes ---- */

/* transitions (S,A,S): the probability P(s' | s, a); rewards (S,A): R(s, a), the expectation of the step's reward. Borrowed. Checked as chains
   are. A state in which an episode ends is one that leads to itself with reward 0. */
typedef struct wg_rl_mdp {
    wg_tensor *transitions, *rewards;
    double gamma;
} wg_rl_mdp;

/* A policy is f64 (S,A), the probability of each action in each state, or i64 (S), the action of each state. E_ARGUMENT for rows that do not sum
   to 1, and for an action that is not in 0 … A-1. */

/* The chain that a policy makes of it: *p (S,S) and *r (S). */
WG_API WG_MUST_CHECK wg_status wg_rl_mdp_chain(wg_rl_mdp mdp, wg_tensor *policy, wg_tensor **p, wg_tensor **r);

/* V (S), Q (S,A), J (a scalar) and ρ (S) of a policy. */
WG_API wg_tensor *wg_rl_mdp_values(wg_rl_mdp mdp, wg_tensor *policy);
WG_API wg_tensor *wg_rl_mdp_action_values(wg_rl_mdp mdp, wg_tensor *policy);
WG_API wg_tensor *wg_rl_mdp_return(wg_rl_mdp mdp, wg_tensor *policy, wg_tensor *start);
WG_API wg_tensor *wg_rl_mdp_visits(wg_rl_mdp mdp, wg_tensor *policy, wg_tensor *start);

/* Q(s, a) = R(s, a) + γ Σ P(s' | s, a) V(s') for any values V (S). */
WG_API wg_tensor *wg_rl_mdp_backup(wg_rl_mdp mdp, wg_tensor *values);

/* The optimal values (S), and, unless policy is NULL, an optimal policy, i64 (S): of equally good actions the one with the lowest number, up
   to rounding. The derivative of the values is that of the policy's own (the envelope theorem), which is right where it is the only optimal one.
   Method: policy iteration. Cost: a few times 2S³/3 + 2S²A. Source: Howard, 1960. */
WG_API wg_tensor *wg_rl_mdp_optimum(wg_rl_mdp mdp, wg_tensor **policy);

/* ---- linear dynamics, quadratic cost ----

   x' = a x + b u + w, with noise w of mean 0 and covariance W; the cost of a step is xᵀ q x + uᵀ r u, paid in x; reward is minus cost. The policy
   is u = -K x. The discount enters as everywhere, Σ_{t≥0} γᵗ cost_t, which is the same problem with √γ a and √γ b in place of a and b, and γ = 1.
   With F = a - b K:

       P = q + Kᵀ r K + γ Fᵀ P F                               xᵀ P x is the cost from x, without that of the noise
       Σ = S + γ F Σ Fᵀ                                        Σ_t γᵗ E[x xᵀ]
       C(K) = tr(P S) = tr((q + Kᵀ r K) Σ)
       ∇C(K) = 2 ((r + γ bᵀ P b) K - γ bᵀ P a) Σ

   .start X₀ is E[x₀ x₀ᵀ] of the first states. The source S is X₀ + γ/(1-γ) W. With γ = 1 noise makes the sum infinite; then S is W
   alone, and C the mean cost of a step; X₀ beside W is E_ARGUMENT for γ = 1. Source: Fazel, Ge, Kakade, Mesbahi, 2018. */

/* a (n,n), b (n,m), q (n,n) symmetric without negative eigenvalues, r (m,m) symmetric and positive definite, 0 < γ ≤ 1; else E_ARGUMENT.
   Borrowed. */
typedef struct wg_rl_lqr_problem {
    wg_tensor *a, *b, *q, *r;
    double gamma;
} wg_rl_lqr_problem;

/* The optimal gain (m,n) and the P (n,n) of its cost, which solves P = q + γ aᵀPa - γ² aᵀPb (r + γ bᵀPb)⁻¹ bᵀPa and keeps F stable. value may be
   NULL. E_NUMERIC, which says why, unless (√γ a, √γ b) can be stabilised and q sees every state that does not die out on its own; and if the
   equation is left with a residual above 1e-9. Method: structured doubling, then one step of policy iteration (Kleinman, 1968). Cost: about
   10 solutions of n equations. Source: Chu, Fan, Lin, Wang, 2004. */
WG_API WG_MUST_CHECK wg_status wg_rl_lqr_solve(wg_rl_lqr_problem problem, wg_tensor **gain, wg_tensor **value);

/* The spectral radius of √γ (a - b gain): the gain keeps the cost finite if it is below 1. NaN and the error on failure. */
WG_API double wg_rl_lqr_radius(wg_rl_lqr_problem problem, wg_tensor *gain);

/* start, noise: X₀ and W (n,n), symmetric; WG_NONE: zeros. One at least is given, else E_ARGUMENT. */
typedef struct WG_NAMED wg_rl_lqr_options {
    wg_tensor *start, *noise;
} wg_rl_lqr_options;

/* P (n,n), Σ (n,n), C(K) and ∇C(K) (m,n) of any gain K (m,n) that keeps the cost finite; E_NUMERIC for another, with its radius. The derivative
   of wg_rl_lqr_cost by the gain is wg_rl_lqr_gradient. Method: doubling, P ← P + FᵀPF, F ← F². Cost: 6n³ for each doubling, of
   which a radius of 1 - 2⁻ᵏ takes about k + 5. */
WG_API wg_tensor *wg_rl_lqr_value(wg_rl_lqr_problem problem, wg_tensor *gain);
#define wg_rl_lqr_moment(problem, gain, ...) \
    wg_rl_lqr_moment_with((problem), (gain), WG_OPTIONS(wg_rl_lqr_options, .start = WG_NONE, .noise = WG_NONE, __VA_ARGS__))
WG_API wg_tensor *wg_rl_lqr_moment_with(wg_rl_lqr_problem problem, wg_tensor *gain, wg_rl_lqr_options options);
#define wg_rl_lqr_cost(problem, gain, ...) \
    wg_rl_lqr_cost_with((problem), (gain), WG_OPTIONS(wg_rl_lqr_options, .start = WG_NONE, .noise = WG_NONE, __VA_ARGS__))
WG_API wg_tensor *wg_rl_lqr_cost_with(wg_rl_lqr_problem problem, wg_tensor *gain, wg_rl_lqr_options options);
#define wg_rl_lqr_gradient(problem, gain, ...) \
    wg_rl_lqr_gradient_with((problem), (gain), WG_OPTIONS(wg_rl_lqr_options, .start = WG_NONE, .noise = WG_NONE, __VA_ARGS__))
WG_API wg_tensor *wg_rl_lqr_gradient_with(wg_rl_lqr_problem problem, wg_tensor *gain, wg_rl_lqr_options options);

/* The matrix H (n+m,n+m) of the Q function: the cost of u in x, and of u = -gain x from then on, is zᵀ H z for z = (x, u), and what the noise
   adds. H = [q + γ aᵀPa, γ aᵀPb; γ bᵀPa, r + γ bᵀPb]. Errors as of wg_rl_lqr_value. */
WG_API wg_tensor *wg_rl_lqr_action_value(wg_rl_lqr_problem problem, wg_tensor *gain);

#ifdef __cplusplus
}
#endif

#endif
