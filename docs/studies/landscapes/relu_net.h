/* The network of Du and others' theorem: m relu units with fixed signs aᵣ = ±1, f(x) = (κ/√m) Σᵣ aᵣ relu(wᵣᵀx), on n random inputs of length 1 with
   random labels ±1. κ is such that the smallest eigenvalue λ₀ of its limit H∞ᵢⱼ = κ² xᵢᵀxⱼ (π - arccos xᵢᵀxⱼ)/(2π) is 2. Gradient descent on
   R/2, R = Σᵢ (f(xᵢ) - yᵢ)². */
#ifndef WG_STUDIES_RELU_NET_H
#define WG_STUDIES_RELU_NET_H

#include "../study.h"

struct relu_net {
    wg_tensor *x, *y;
    double kappa;
};

/* n inputs of d elements. relu_net_free in any case. */
bool relu_net_make(struct relu_net *of, int64_t n, int64_t d, uint64_t seed);
void relu_net_free(struct relu_net *of);

/* A descent of m units from random weights of a stream of the seed. */
struct relu_net_descent {
    int64_t m;
    double rate;
    int steps;
    uint64_t seed, stream;
};

/* *ratio: the largest R_t / ((1 - rate)^t R₀). *moved, unless NULL: how far a unit moved, in the mean square. rows, if not NULL, gets a row m, t,
   R_t/R₀ each ten steps; without it the descent ends where the ratio is above 1. */
bool relu_net_descend(const struct relu_net *of, struct relu_net_descent by, struct study_run *rows, double *ratio, double *moved);

#endif
