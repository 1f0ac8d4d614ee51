/* What the examples that write texts share. */
#ifndef EXAMPLE_TEXT_H
#define EXAMPLE_TEXT_H

#include <wengert.h>

enum { WINDOW = 64 }; /* letters that a network reads at once */

/* Windows of the tokens first … last - 1, whose beginnings are `stride` tokens from each other: (windows, WINDOW + 1). */
static inline wg_tensor *make_windows(wg_tensor *tokens, int64_t first, int64_t last, int64_t stride)
{
    wg_tensor *column[WINDOW + 1];
    WG_TAPE(tape);
    for (int k = 0; k <= WINDOW; k++)
        column[k] = wg_slice(tokens, 0, first + k, last - WINDOW + k, stride);
    return wg_keep(wg_stack(column, WINDOW + 1, 1));
}

/* A letter (1,1), drawn with the probabilities of the logits (1,letters): the largest after noise of Gumbel's distribution is added. */
static inline wg_tensor *draw(wg_tensor *logits)
{
    wg_tensor *u = wg_uniform(wg_generator_default(), WG_F32, wg_shape_of(logits), 1e-9, 1);
    return wg_argmax(wg_sub(logits, wg_log(wg_neg(wg_log(u)))), .axis = 1, .keepdims = true);
}

#endif
