/* What the files of nn/rl/exact share: checks of tables, and results that are the open tape's or the caller's. */
#ifndef NN_RL_EXACT_H
#define NN_RL_EXACT_H

#include "../../module/module.h"
#include "wengert/rl/exact.h"

/* That t is a live tensor, f64, of that shape; an extent of -1 may be any that is at least 1. what: its name in messages. */
wg_status exact_check(const wg_tensor *t, wg_shape shape, const char *op, const char *what);
/* All elements in row-major order, to be freed; NULL and the error, also if one is not finite. */
double *exact_read(const wg_tensor *t, const char *op, const char *what);
/* That all elements are finite. */
wg_status exact_check_finite(const wg_tensor *t, const char *op, const char *what);
/* That rows of n elements are probabilities. */
wg_status exact_check_rows(const wg_tensor *t, int64_t n, const char *op, const char *what);

/* Runs make, which fills out[0 … n), on the open tape; with no tape open the results are the caller's, and what they were made of is gone.
   All results are set, or none. Errors of ops get the name op. */
typedef wg_status exact_maker(const void *arguments, wg_tensor **out);
wg_status exact_run(exact_maker *make, const void *arguments, wg_tensor **out, size_t n, const char *op);

wg_tensor *exact_eye(int64_t n);
wg_tensor *exact_column(wg_tensor *vector); /* (n) as (n,1) */

/* ---- lyapunov.c ---- */

/* The spectral radius of a matrix of n rows, which is overwritten; work has n² elements. */
double exact_radius(double *matrix, double *work, int64_t n);
/* The solution of X = s + fᵀ X f, by ops, for a spectral radius of f below 1. */
wg_tensor *exact_lyapunov(wg_tensor *f, wg_tensor *s);

/* ---- lqr.c ---- */

wg_status exact_check_problem(const wg_rl_lqr_problem *p, const char *op);
/* √γ (a - b gain) */
wg_tensor *exact_closed_loop(const wg_rl_lqr_problem *p, wg_tensor *gain);
wg_tensor *exact_value(const wg_rl_lqr_problem *p, wg_tensor *gain);                 /* P of a gain that was checked */
wg_tensor *exact_greedy(const wg_rl_lqr_problem *p, wg_tensor *value);               /* (r + γ bᵀPb)⁻¹ γ bᵀPa */
double exact_radius_of(const wg_rl_lqr_problem *p, wg_tensor *gain, const char *op); /* NaN and the error */

#endif
