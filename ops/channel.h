/* What batch_norm and its gradient share, for the number type at hand. They sum over all axes but axis 1 of (N,C,…). Channels are
   worked on in groups: of GROUP where they lie side by side, of FEW where they lie apart and more would fight for cache lines. A
   channel's elements are added one after another in row-major order of their indices, so that neither memory order nor threads show
   in the bits. */

#include "positions.h"

enum { T(GROUP) = 16, T(FEW) = 4 };

/* The positions in t of each channel's elements. */
static void T(positions_beside)(T(positions) * at, const wg_tensor *t, const wg_tensor *per_channel)
{
    T(positions_of)(at, t, per_channel, ((1u << t->rank) - 1) & ~2u);
}

/* Element k of a tensor of one number per channel; what it counts as if it is absent. */
static inline REAL T(of_channel)(const wg_tensor *t, int64_t k, REAL otherwise)
{
    return wg_absent(t) ? otherwise : (REAL)((const ELEM *)(const void *)t->data)[k * wg_strides(t)[0]];
}

/* How many channels are worked on together: GROUP if they lie side by side in all tensors of x's shape. */
static int64_t T(group_width)(const wg_call *c)
{
    bool side_by_side = wg_strides(c->out[0])[1] == 1;
    for (int i = 0; i < c->n_in && side_by_side; i++)
        side_by_side = c->in[i]->rank < 2 || wg_strides(c->in[i])[1] == 1;
    return side_by_side ? T(GROUP) : T(FEW);
}
