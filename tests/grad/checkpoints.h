/* What the tests of checkpoints share: functions that draw, update statistics and share parameters. */
#ifndef TEST_CHECKPOINTS_H
#define TEST_CHECKPOINTS_H

#include "common.h"

/* The tensors that the functions read and change. Tests make two equal worlds, one for the plain and one for the checkpointed
   call. */
struct world {
    wg_tensor *x, *w, *b, *generator, *mean;
    bool checkpointed;
    int levels; /* depth of nested checkpoints */
    int runs, hooks;
    wg_tensor *other; /* for the test's own use */
};

static inline struct world world_new(bool checkpointed)
{
    return (struct world){.x = leaf(WG_F64, WG_SHAPE(5, 4), 1),
                          .w = leaf(WG_F64, WG_SHAPE(4, 4), 2),
                          .b = leaf(WG_F64, WG_SHAPE(4), 3),
                          .generator = made(wg_generator(7, 0)),
                          .mean = made(wg_zeros(WG_F64, WG_SHAPE(4))),
                          .checkpointed = checkpointed,
                          .levels = 1};
}

static inline void world_free(struct world *o)
{
    wg_free(o->x), wg_free(o->w), wg_free(o->b), wg_free(o->generator), wg_free(o->mean);
}

static inline wg_tensor *called(struct world *o, wg_function *f, wg_tensor *const *x, size_t n)
{
    return o->checkpointed ? wg_checkpoint(f, o, x, n) : f(x, n, o);
}

/* Reads its operand twice and the parameters once, draws, and changes a statistic. */
static inline wg_tensor *block(wg_tensor *const *x, size_t n, void *context)
{
    struct world *o = context;
    (void)n;
    o->runs++;
    wg_tensor *h = wg_tanh(wg_linear(x[0], o->w, o->b));
    if (wg_ema_update(o->mean, wg_mean(h, .axis = 0), 0.25) != WG_OK)
        return NULL;
    h = wg_dropout(wg_mul(h, wg_sin(h)), o->generator, 0.25);
    return wg_add(h, x[0]);
}

/* Two blocks inside nested checkpoints. */
static inline wg_tensor *two_blocks(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *y = called(context, block, x, n);
    return called(context, block, &y, n);
}

static inline wg_tensor *four_blocks(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *y = called(context, two_blocks, x, n);
    return called(context, two_blocks, &y, n);
}

/* The parameters are used before and after the checkpoints too. */
static inline wg_tensor *loss_of(struct world *o)
{
    wg_function *const function[] = {block, two_blocks, four_blocks};
    wg_tensor *h = wg_matmul(o->x, o->w);
    for (int i = 0; i < 3; i++)
        h = called(o, function[o->levels - 1], &h, 1);
    return wg_mean(wg_square(wg_linear(h, o->w, o->b)));
}

static inline wg_tensor *first_operand(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return x[0];
}

#endif
