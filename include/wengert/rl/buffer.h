/* Replay buffers: the transitions that agents learn from, drawn uniformly or by priority, with returns of one step or several.

       wg_rl_buffer *buffer = wg_rl_buffer_create(3, 1, .capacity = 50000, .batch = 128, .gamma = 0.98);
       …
       WG_TRY(wg_rl_buffer_add(buffer, wg_rl_vector_last(envs)));
       const wg_rl_batch *batch = wg_rl_buffer_sample(buffer);

   Every transition has its own next observation, so what followed a truncated episode is its last observation and never the first
   of another one. */
#ifndef WENGERT_RL_BUFFER_H
#define WENGERT_RL_BUFFER_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "../data/dataset.h"
#include "../tensor.h"
#include "vector.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The stream of a buffer's draws: + the number of the sample. */
#define WG_STREAM_RL_SAMPLES ((uint64_t)10 << 56)

typedef struct wg_rl_buffer wg_rl_buffer;

/* capacity: transitions; the oldest give way to new ones. batch: rows of a sample.
   copies: rows of each wg_rl_buffer_add, those of copies of an environment, each with episodes of its own. capacity is a multiple of it.
   n_step, gamma: a sample's reward is R = Σ_{k<m} γ^k r_k and its discount γ^m, or 0 if the last of its steps terminated. m is n_step, or
   less where the episode ended or the newest transition was reached before. A target is then y = R + discount · Q'(next): Sutton, 1988.
   prioritized: row i is drawn with probability p_i / Σ p, p_i = (|δ_i| + epsilon)^alpha, one draw in each of `batch` equal parts of Σ p, and has
   the weight (min p / p_i)^beta; p is the largest so far until the row's error is told (wg_rl_buffer_prioritize). Schaul and others, 2016.
   Otherwise rows are drawn uniformly, with replacement, and weigh 1.
   seed: of the draws; WG_NO_SEED: drawn from this thread's generator. dtype: of what is stored and of batches, f32 or f64. */
typedef struct WG_NAMED wg_rl_buffer_options {
    int64_t capacity, batch, copies, n_step;
    double gamma;
    bool prioritized;
    double alpha, beta, epsilon;
    uint64_t seed;
    wg_dtype dtype;
} wg_rl_buffer_options;

/* A buffer of transitions with so many numbers in an observation and in an action. NULL and the error: E_ARGUMENT (a size below 1, an
   option out of its range), E_DTYPE, E_MEMORY. Memory: capacity · (2 observation + action + 1) elements, and three batches' worth. */
#define wg_rl_buffer_create(observation, action, ...)                                                                      \
    wg_rl_buffer_create_with((observation), (action),                                                                      \
                             WG_OPTIONS(wg_rl_buffer_options, .capacity = 1000000, .batch = 256, .copies = 1, .n_step = 1, \
                                        .gamma = 0.99, .prioritized = false, .alpha = 0.6, .beta = 0.4, .epsilon = 1e-6,   \
                                        .seed = WG_NO_SEED, .dtype = WG_F32, __VA_ARGS__))
WG_API wg_rl_buffer *wg_rl_buffer_create_with(int64_t observation, int64_t action, wg_rl_buffer_options options);
WG_API void wg_rl_buffer_destroy(wg_rl_buffer *buffer); /* NULL is allowed */

/* Adds a transition of each copy. Where a copy does not go on from where its last transition led to, that one ends a window as a
   truncation does. On failure nothing is added: E_NULL; E_SHAPE (not as many rows as copies); E_NUMERIC (a number that is not finite). */
WG_API WG_MUST_CHECK wg_status wg_rl_buffer_add(wg_rl_buffer *buffer, const wg_rl_transitions *transitions);

WG_API int64_t wg_rl_buffer_count(const wg_rl_buffer *buffer); /* transitions that are there; 0 and E_NULL for NULL */

/* A sample, a row for each transition: observation (n, observation), action (n, action), reward, discount and weight (n, 1), next
   (n, observation); index: the rows in the buffer, steps times copies plus copy. */
typedef struct wg_rl_batch {
    int64_t n;
    wg_tensor *observation, *action, *reward, *next, *discount, *weight;
    const int64_t *index;
} wg_rl_batch;

/* Draws the next sample. Its tensors are the same at each call, with other elements: what is captured with them reads the new ones. They are
   the buffer's. NULL and the error: E_NULL; E_STATE (fewer transitions than a batch has rows, or inside a capture); E_NUMERIC (all
   priorities are 0). Cost: reading and writing the rows; with priorities log₂ capacity steps for each. */
WG_API const wg_rl_batch *wg_rl_buffer_sample(wg_rl_buffer *buffer);

/* Sets the priorities of the last sample's rows by their errors δ, a tensor with as many elements, f32 or f64. On failure nothing changes:
   E_NULL; E_SHAPE, E_DTYPE; E_NUMERIC (an error that is not finite); E_STATE (no sample was drawn, or the buffer draws uniformly). */
WG_API WG_MUST_CHECK wg_status wg_rl_buffer_prioritize(wg_rl_buffer *buffer, const wg_tensor *errors);

/* β of the samples to come, which training brings to 1. E_NULL; E_ARGUMENT (not in 0 … 1). */
WG_API WG_MUST_CHECK wg_status wg_rl_buffer_set_beta(wg_rl_buffer *buffer, double beta);

/* All that a later run must restore, by name (wg_run_add); β is an option and not among it. */
WG_API wg_tensor_list wg_rl_buffer_state(const wg_rl_buffer *buffer);

#ifdef __cplusplus
}
#endif

#endif
