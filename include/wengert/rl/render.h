/* Episodes as pictures that move: SVG, which a browser plays.

       char *states = malloc(200 * size);                             size: wg_rl_env_dynamics(env)->state_size
       for (int64_t step = 0; step < 200; step++) {
           memcpy(states + step * size, wg_rl_vector_state_of(envs, 0), size);
           …                                                          an action, and wg_rl_vector_step
       }
       WG_TRY(wg_rl_render(env, states, 200, file)); */
#ifndef WENGERT_RL_RENDER_H
#define WENGERT_RL_RENDER_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include <stdio.h>

#include "env.h"

#ifdef __cplusplus
extern "C" {
#endif

/* every: that many states are a frame's distance. seconds: for which a frame is seen. width: of the picture, in pixels. still: the state that
   programs which do not animate show; -1: the middle one. */
typedef struct WG_NAMED wg_rl_render_options {
    int64_t every;
    double seconds;
    int width;
    int64_t still;
} wg_rl_render_options;

/* Writes n states, which stand one behind the other, state_size bytes each, as frames of an animated SVG. The animation is CSS and repeats; each
   frame is what the environment's draw writes, with its number. Numbers have points whatever the locale. Errors: E_NULL; E_ARGUMENT (an
   environment without a function draw or whose view is empty, n below 1, an option out of range); E_IO, where a part may have been written;
   E_MEMORY. */
#define wg_rl_render(env, states, n, stream, ...)     \
    wg_rl_render_with((env), (states), (n), (stream), \
                      WG_OPTIONS(wg_rl_render_options, .every = 1, .seconds = 0.05, .width = 480, .still = -1, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_rl_render_with(const wg_rl_env *env, const void *states, int64_t n, FILE *stream,
                                                 wg_rl_render_options options);

#ifdef __cplusplus
}
#endif

#endif
