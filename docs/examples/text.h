/* What the examples that write texts share. */
#ifndef EXAMPLE_TEXT_H
#define EXAMPLE_TEXT_H

#include <wengert.h>

/* Letters that a network reads at once, and between the beginnings of two windows that it learns from. */
enum { WINDOW = 64, STRIDE = 7 };

/* A text as windows (WINDOW) with the letters that follow each of theirs: the first nine tenths to learn from, the rest held out. */
struct windows {
    wg_dataset *seen;
    wg_tensor *held, *next; /* (windows, WINDOW) */
};

static inline wg_status make_windows(struct windows *windows, wg_tensor *tokens)
{
    WG_TAPE(tape);
    const int64_t n = wg_numel(tokens), split = n * 9 / 10;
    wg_dataset *held = wg_dataset_windows(wg_slice(tokens, 0, split, n, 1), WINDOW, .stride = WINDOW);
    windows->seen = wg_dataset_windows(wg_slice(tokens, 0, 0, split, 1), WINDOW, .stride = STRIDE);
    WG_TRY(wg_error_if_null(held && windows->seen ? held : NULL));
    WG_TRY(wg_dataset_items(held, WG_NONE, &windows->held, &windows->next));
    windows->held = wg_keep(windows->held), windows->next = wg_keep(windows->next);
    wg_dataset_destroy(held);
    return wg_error_if_null(windows->next);
}

static inline void free_windows(struct windows *windows)
{
    wg_dataset_destroy(windows->seen), wg_free(windows->held), wg_free(windows->next);
}

/* A letter (1,1), drawn with the probabilities of the logits (1,letters): the largest after noise of Gumbel's distribution is added. */
static inline wg_tensor *draw(wg_tensor *logits)
{
    wg_tensor *u = wg_uniform(wg_generator_default(), WG_F32, wg_shape_of(logits), 1e-9, 1);
    return wg_argmax(wg_sub(logits, wg_log(wg_neg(wg_log(u)))), .axis = 1, .keepdims = true);
}

#endif
