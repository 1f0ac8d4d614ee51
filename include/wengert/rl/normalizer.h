/* Running mean and variance of observations, by which they are brought to mean 0 and variance 1.

       WG_TRY(wg_rl_normalizer_update(normalizer, n, observations));              in training, once for each row
       WG_TRY(wg_rl_normalizer_apply(normalizer, n, observations, normalised));   everywhere, evaluation included

   Only update changes the statistics, so that evaluation uses those of training. They go on changing while an agent learns; where what an
   observation may be is known, wg_rl_rescale needs no statistics. */
#ifndef WENGERT_RL_NORMALIZER_H
#define WENGERT_RL_NORMALIZER_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_rl_normalizer wg_rl_normalizer;

/* clip: normalised numbers are within ±clip. epsilon: added to the variance. */
typedef struct WG_NAMED wg_rl_normalizer_options {
    double clip, epsilon;
} wg_rl_normalizer_options;

/* For rows of so many numbers. NULL and the error: E_ARGUMENT (size below 1, clip or epsilon not above 0), E_MEMORY. */
#define wg_rl_normalizer_create(size, ...) \
    wg_rl_normalizer_create_with((size), WG_OPTIONS(wg_rl_normalizer_options, .clip = 10, .epsilon = 1e-8, __VA_ARGS__))
WG_API wg_rl_normalizer *wg_rl_normalizer_create_with(int64_t size, wg_rl_normalizer_options options);
WG_API void wg_rl_normalizer_destroy(wg_rl_normalizer *normalizer); /* NULL is allowed */

/* Counts n rows: after any number of calls the mean and variance (Σ (x - mean)² / count) are those of all rows, up to rounding, however they
   were divided among calls (Welford, 1962). On failure nothing changes: E_NULL, E_ARGUMENT (n below 0), E_NUMERIC (a
   number that is not finite). */
WG_API WG_MUST_CHECK wg_status wg_rl_normalizer_update(wg_rl_normalizer *normalizer, int64_t n, const double *rows);

/* to = (x - mean) / √(variance + epsilon), within ±clip; before any row was counted mean 0 and variance 1. to may be rows. E_NULL, E_ARGUMENT. */
WG_API WG_MUST_CHECK wg_status wg_rl_normalizer_apply(const wg_rl_normalizer *normalizer, int64_t n, const double *rows,
                                                      double *to);

/* All that a later run must restore (wg_run_add): "count", i64 scalar; "mean" and "squares", Σ (x - mean)², f64 (size). */
WG_API wg_tensor_list wg_rl_normalizer_state(const wg_rl_normalizer *normalizer);

#ifdef __cplusplus
}
#endif

#endif
