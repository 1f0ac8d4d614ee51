/* The bandit of Silver and others (2014, section 5.1): one step, m actions, the cost (a - a*)ᵀ C (a - a*) with the eigenvalues 0.1 and 1 in turn and a* = (4, …, 4). A
   policy learns from batches of 2m steps; to each batch a critic is fitted by linear regression to compatible features. */
#ifndef WG_STUDIES_BANDIT_H
#define WG_STUDIES_BANDIT_H

#include <stdbool.h>

#include <wengert.h>

enum { MAX_ACTIONS = 50 };

/* DETERMINISTIC: a policy θ, explored with a fixed deviation; the direction is ∇_a Q_w. STOCHASTIC: normal with mean θ and variance e^y, both learnt; the
   direction is the mean of ∇ ln π Q_w. BASELINE: the same without the critic's constant in Q_w. */
enum method { DETERMINISTIC, STOCHASTIC, BASELINE, METHODS };

/* The rate of θ, that of y as a share of it, the first deviation. */
struct setting {
    double rate, share, sigma;
};

/* Adds the cost of the mean after each batch to curve[batches]; false if it diverges or a batch cannot be fitted. */
bool bandit_learn(const wg_rl_env *env, int actions, int batches, enum method method, const struct setting *setting, uint64_t seed,
                  double *curve);

#endif
